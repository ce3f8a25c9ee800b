from __future__ import annotations

import ast
import datetime as dt
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from renkei.model import Estimate, Remark, Run
from renkei.observer import Observer
from renkei.people import ClosedHours
from renkei_runner.cli import COMMANDS
from renkei_runner.progress import Progress

if TYPE_CHECKING:
    from tests.runner.fakes import FakeRuns, Renkei

HEAVY = ("alembic", "attr", "cattrs", "httpx", "rich", "sqlalchemy", "structlog", "yaml")
START = "from renkei_runner.start import main; main()"


def renkei_process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", START, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_help_lists_every_command(renkei: Renkei) -> None:
    """`renkei --help` names all commands of the table with a sentence each."""
    out = renkei("--help").out
    assert all(f"  {name} " in out for name in COMMANDS)


def test_help_starts_in_a_blink() -> None:
    """`renkei --help` needs less than a quarter of a second of a processor, median of five."""
    used = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert renkei_process("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    assert statistics.median(used) < 0.25


def test_help_imports_nothing_heavy() -> None:
    """The table of commands is shown without any of the libraries that are slow to import."""
    code = f"import sys; from renkei_runner.main import run; run(['--help']); print([m for m in {HEAVY!r} if m in sys.modules])"  # noqa: E501 - one line for -c
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_engine_imports_nothing_that_it_may_not_need() -> None:
    """What writes logs, and what a store on a server needs, is imported only where it is needed."""
    late = ("alembic", "httpx", "rich", "sqlalchemy.dialects.postgresql", "structlog")
    code = f"import sys, renkei.runs, renkei.logs; print([m for m in {late!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_list_of_companies_imports_nothing_that_reads_employees() -> None:
    """What only looks at the store does without connections, connectors and mappings."""
    late = ("renkei.http.connection", "renkei.mapping.model", "renkei.plan", "renkei.plugins")
    code = f"import sys, renkei.companies; print([m for m in {late!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("package", ["config", "mapping"])
def test_a_door_has_all_that_it_shows(package: str) -> None:
    """What a type checker is told of a package is what it has when it is asked, and no module."""
    door = import_module(f"renkei.{package}")
    assert door.__file__
    body = ast.parse(Path(door.__file__).read_text(encoding="utf-8")).body
    shown = next(part for part in body if isinstance(part, ast.If)).body
    imports = [part for part in shown if isinstance(part, ast.ImportFrom)]
    for each in imports:
        home = import_module(str(each.module))  # a module of that name would take its place now
        for alias in each.names:
            assert getattr(door, alias.name) is getattr(home, alias.name)
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = door.nothing_like_it


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in {"demo", "sandbox"}])
def test_every_command_explains_itself(renkei: Renkei, name: str) -> None:
    """`renkei COMMAND --help` works for all commands, in both languages."""
    assert renkei(name, "--help").code == 0
    assert renkei("--lang", "ja", name, "--help").code == 0


def test_click_speaks_japanese_too(renkei: Renkei) -> None:
    """In Japanese neither our sentences nor click's are left in English."""
    out = renkei_process("--help", "--lang", "ja").stdout  # click keeps its --help in the process
    assert "Usage" not in out
    assert "Show this message" not in out
    assert "コマンド" in out
    err = renkei("--lang", "ja", "plan").err
    assert "Missing" not in err
    assert "Try " not in err


def test_the_option_wins_over_the_environment(
    renkei: Renkei, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--lang is stronger than RENKEI_LANG, which is stronger than the locale."""
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setenv("RENKEI_LANG", "ja")
    assert "コマンド" in renkei("--help").out
    assert "Commands" in renkei("--help", "--lang", "en").out


def test_options_work_before_and_after_the_command(renkei: Renkei) -> None:
    """--output and --lang are accepted in both places."""
    assert renkei("--output", "json", "plan", "7").json == renkei("plan", "7", "--output=json").json


@pytest.mark.parametrize(
    "arguments",
    [
        (), ("nosuch",), ("plan",), ("plan", "7", "--nosuch"), ("reports", "--limit", "x"),
        ("mapping",), ("fetch", "a"), ("completion", "tcsh"), ("plan", "7", "--lang", "fr"),
    ],
)  # fmt: skip
def test_a_usage_error_is_one_document(renkei: Renkei, arguments: tuple[str, ...]) -> None:
    """Even what click refuses is one JSON document with a code, a message and a place."""
    result = renkei("--output", "json", *arguments)
    assert result.code == 2
    assert set(result.json["error"]) == {"code", "message", "where", "hint"}
    assert result.json["error"]["message"]


def test_a_broken_configuration_is_one_document(renkei: Renkei, tmp_path: Path) -> None:
    """A configuration with mistakes ends with 3, all of them in the message, no text beside it."""
    (tmp_path / "renkei.yaml").write_text("connections:\n  a: {conector: x}\nmapings: []\n")
    result = renkei("reports", "--output", "json")
    assert result.code == 3
    assert result.json["error"]["where"] == "renkei.yaml:2:6"
    assert "renkei.yaml:3:1: " in result.json["error"]["message"]


def test_without_a_configuration_init_is_named(renkei: Renkei, tmp_path: Path) -> None:
    """Without a configuration, people are told how to get one."""
    (tmp_path / "renkei.yaml").unlink()
    result = renkei("reports")
    assert result.code == 3
    assert "renkei init" in result.err


def test_who_does_it_may_be_said(
    renkei: Renkei, runs: FakeRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before or after the command, or in the environment; the option wins, next steps say so."""
    for arguments in (("--as", "佐藤", "plan", "7"), ("plan", "7", "--as=佐藤")):
        out = renkei(*arguments).out
        assert runs.who == "佐藤"
        assert "renkei --as '佐藤' sync 7" in out
    monkeypatch.setenv("RENKEI_WHO", "鈴木")
    assert "--as" not in renkei("plan", "7").out
    assert runs.who == "鈴木"
    renkei("--as", "佐藤", "plan", "7")
    assert runs.who == "佐藤"


def test_the_configuration_may_come_from_the_environment(
    renkei: Renkei, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RENKEI_CONFIG names the configuration; --config is stronger."""
    monkeypatch.setenv("RENKEI_CONFIG", "other.yaml")
    assert "other.yaml" in renkei("reports").err
    assert renkei("reports", "--config", "renkei.yaml").code == 0


def test_init_writes_a_file_that_can_be_read(renkei: Renkei, tmp_path: Path) -> None:
    """The file of `init` is a valid configuration, and a second `init` leaves it alone."""
    assert "renkei --config there/renkei.yaml check" in renkei("init", "there").out
    assert renkei("reports", "--config", "there/renkei.yaml").code == 0
    assert renkei("init", "there").code == 2


@pytest.mark.security(4)
def test_a_mistake_of_our_own_is_one_sentence(
    renkei: Renkei, runs: FakeRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any other exception gives a code and no traceback; --debug adds places, never values."""

    def broken(*_args: object) -> None:
        raise LookupError("山田太郎")

    monkeypatch.setattr(type(runs), "run", broken)
    result = renkei("plan", "7", "--debug")
    assert result.code == 4
    assert "LookupError" in result.err
    assert "test_main.py" in result.err
    assert "山田" not in result.err
    assert renkei("plan", "7", "--output", "json").json["error"]["code"] == "internal"


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`renkei … | head -1` ends quietly."""
    command = f"{sys.executable} -c '{START}' mapping schema | head -c 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(renkei: Renkei, shell: str) -> None:
    """`completion` prints what a shell can source."""
    assert "_RENKEI_COMPLETE" in renkei("completion", shell).out


def test_commands_complete() -> None:
    """The shell completes the name of a command."""
    environment = {
        **os.environ, "_RENKEI_COMPLETE": "bash_complete", "COMP_WORDS": "renkei pl",
        "COMP_CWORD": "1",
    }  # fmt: skip
    assert renkei_process(env=environment).stdout == "plain,plan\n"


def test_the_version_is_told(renkei: Renkei, monkeypatch: pytest.MonkeyPatch) -> None:
    """`renkei --version` prints the name and the version."""
    monkeypatch.setattr("importlib.metadata.version", lambda _name: "1.2.3")
    assert renkei("--version").out == "renkei 1.2.3\n"


def test_what_is_not_installed_is_told(renkei: Renkei, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command whose package is missing is refused by name."""
    monkeypatch.setitem(COMMANDS, "demo", ("renkei_nowhere.demo:demo", ""))
    result = renkei("demo")
    assert result.code == 2
    assert "demo" in result.err


def test_signals_are_given_back(renkei: Renkei) -> None:
    """After a command the handlers of the process are what they were."""
    before = signal.getsignal(signal.SIGTERM)
    renkei("reports")
    assert signal.getsignal(signal.SIGTERM) is before


def test_estimates_and_warnings_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """The log of a schedule has what was ahead; standard output stays clean."""
    observer: Observer = Progress(live=False)
    hours = ClosedHours(dt.time(8, 30), dt.time(10))
    observer.estimate(
        Estimate(calls={"touchontime": 300, "smarthr": None}, seconds=95.0, closed={"t": (hours,)})
    )
    observer.warning(Remark("now_ignored"))
    observer.reading("smarthr", 100)
    observer.writing(1, 2)
    observer.waiting("smarthr", "limit", 3.0)
    out, err = capsys.readouterr()
    assert out == ""
    assert "300 calls to touchontime" in err
    assert "1 min 35 s" in err
    assert "08:30–10:00" in err
    assert "RENKEI_NOW" in err


@pytest.mark.parametrize("reason", ["limit", "retry", "closed", "settle", "moon"])
def test_a_long_wait_is_one_line_of_a_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    """For what, for how long, once: not again with every slice, but again for the next wait."""
    now = [5000.0]
    monkeypatch.setattr("renkei_runner.progress.time.monotonic", lambda: now[0])
    observer: Observer = Progress(live=False)

    def wait(seconds: float) -> list[str]:
        until = now[0] + seconds
        while (left := until - now[0]) > 0:
            observer.waiting("tot_company_a", reason, left)
            now[0] += min(left, 5.0)
        out, err = capsys.readouterr()
        assert out == ""
        return [line for line in err.splitlines() if line]

    assert wait(9.9) == []
    [line] = wait(10.0)
    assert line.startswith("tot_company_a: ")
    assert "10 s" in line
    [line] = wait(95.0)
    assert "1 min 35 s" in line
    assert len(wait(12.0)) == 1
    now[0] += 1000
    assert len(wait(12.0)) == 1


def test_a_wait_that_grows_is_said_again(capsys: pytest.CaptureFixture[str]) -> None:
    """Another answer may ask for a longer pause; another connection waits for itself."""
    observer: Observer = Progress(live=False)
    for connection, seconds in (("a", 30.0), ("a", 31.0), ("b", 30.0), ("a", 3600.0)):
        observer.waiting(connection, "limit", seconds)
    lines = capsys.readouterr().err.splitlines()
    assert [line[:1] for line in lines] == ["a", "b", "a"]
    assert "60 min 0 s" in lines[-1]


def test_a_terminal_sees_progress(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal whatever takes more than a second is shown, and gone at the end."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("renkei_runner.progress.SHOW_AFTER_S", 0.0)
    with Progress(live=True) as observer:
        observer.reading("smarthr", 100)
        observer.writing(1, 2)
        observer.waiting("smarthr", "retry", 2.0)
    assert capsys.readouterr().out == ""


def test_connectors_are_listed(renkei: Renkei) -> None:
    """`connectors` is a document even if nothing is installed."""
    assert isinstance(renkei("connectors", "--output", "json").json["connectors"], list)


def test_what_a_plugin_prints_is_no_part_of_the_document(
    renkei: Renkei, runs: FakeRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes to standard error; standard output holds the one document and nothing else."""
    real = runs.fetch

    def fetch(_runs: FakeRuns, *arguments: Any, **options: Any) -> Run:
        print("hello from a plug-in")  # noqa: T201 - what a careless author does
        return real(*arguments, **options)

    monkeypatch.setattr(type(runs), "fetch", fetch)
    for words in (("--output", "json"), ()):
        result = renkei("fetch", "smarthr", "touchontime", *words)
        assert "hello" in result.err
        assert "hello" not in result.out
    assert json.loads(renkei("fetch", "smarthr", "touchontime", "--output", "json").out)


def test_the_collector_walks_often_through_what_comes_after_the_imports() -> None:
    """Once in a process that had it walk rarely; of others nobody knows what they leave behind."""
    told = "print(gc.get_threshold()[0], gc.get_freeze_count() > 1000)"
    later = f"collect_what_comes(); {told}; gc.unfreeze(); collect_what_comes(); {told}"
    start = "import gc; from renkei_runner.start import collect_rarely, collect_what_comes"

    def said(lines: str) -> str:
        words = [sys.executable, "-c", f"{start}; {lines}"]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout

    assert said(f"collect_rarely(); {later}").split() == ["10000", "True", "10000", "False"]
    assert said(f"gc.set_threshold(700); {later}").split() == ["700", "False", "700", "False"]
