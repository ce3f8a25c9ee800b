"""A renkei of which only the face is real: commands talk to `FakeRuns`."""

from __future__ import annotations

import io
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.result import Result
from tests.runner.fakes import CONFIG, FakeRuns, Renkei

from renkei.observer import Observer
from renkei.words.i18n import set_language
from renkei_runner.app import App
from renkei_runner.main import run as run_command
from renkei_runner.start import ENDING


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands speak the language of the process; the next test starts in English again."""
    for name in ("LANGUAGE", "RENKEI_LANG", "RENKEI_CONFIG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(name, "")
    handlers = {each: signal.getsignal(each) for each in ENDING}
    yield
    set_language("en")
    assert handlers == {each: signal.getsignal(each) for each in handlers}


@pytest.fixture
def runs() -> FakeRuns:
    return FakeRuns()


@pytest.fixture
def renkei(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    runs: FakeRuns,
) -> Renkei:
    """Run a command in a folder with a configuration; *answers* are typed by somebody."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "renkei.yaml").write_text(CONFIG)

    def run(*arguments: str, answers: str | None = None) -> Result:
        def open_runs(_config: object, observer: Observer, who: str | None) -> Any:
            runs.observer, runs.who = observer, who
            return runs

        monkeypatch.setattr("sys.stdin", io.StringIO(answers or ""))
        capfd.readouterr()
        code = run_command(arguments, App(asks=answers is not None, open_runs=open_runs))
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        assert "\x1b" not in out
        return Result(code, out, err)

    return run
