"""Commands in forks of a warm process: alone with what they are given, ended by their end."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from itertools import count
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest

from renkei_runner import forks
from renkei_runner.forks import Forks
from renkei_runner.start import INTERRUPTED


@pytest.fixture(scope="module")
def warm() -> Iterator[Forks]:
    """Forks of a process in which commands only tell of themselves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forks, "WARM", "tests.runner.told")
        patch.setenv("OF_THE_WORKER", "secret")
        jobs = count(1)
        yield Forks(Path("renkei.yaml"), lambda: {"OF_THE_JOB": f"{next(jobs):03}"})
    forkserver._forkserver._stop()  # type: ignore[attr-defined]


def told(file: Path) -> dict[str, Any]:
    """Return what a command has told, as soon as it has."""
    end = time.monotonic() + 20
    while not file.exists() and time.monotonic() < end:
        time.sleep(0.01)
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("code", [0, 4])
def test_a_fork_ends_with_the_code_of_its_command(warm: Forks, tmp_path: Path, code: int) -> None:
    """It is the leader of its session, and neither reads nor prints anything."""
    assert warm.launch([str(tmp_path / "told"), str(code)]).wait() == code
    found = told(tmp_path / "told")
    assert found["leads_its_session"]
    assert found["says_it_to"] == [Path(os.devnull).stat().st_rdev] * 2


def test_a_fork_finds_what_it_is_given_and_nothing_else(warm: Forks, tmp_path: Path) -> None:
    """Nothing that the worker was started with; and what it is given is asked for each time."""
    names = ("first", "second")
    for name in names:
        assert warm.launch([str(tmp_path / name), "0"]).wait() == 0
    first, second = (told(tmp_path / name)["environment"] for name in names)
    assert "OF_THE_WORKER" not in first
    assert first["OF_THE_JOB"] < second["OF_THE_JOB"]


def test_a_fork_is_asked_to_end_and_one_that_crashes_takes_nobody_along(
    warm: Forks, tmp_path: Path
) -> None:
    """A command that has not begun yet leaves at once; others go on, and new ones begin."""
    asked = warm.launch([str(tmp_path / "asked"), "wait"])
    crashed = warm.launch([str(tmp_path / "crashed"), "wait"])
    for name in ("asked", "crashed"):
        told(tmp_path / name)
    os.kill(crashed._process.pid or 0, signal.SIGKILL)
    assert crashed.wait() != 0
    asked.stop()
    assert asked.wait() == INTERRUPTED
    assert warm.launch([str(tmp_path / "new"), "0"]).wait() == 0
