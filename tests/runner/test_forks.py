"""Commands in forks of a warm process: each finds what it is given, one after another if well."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import psutil
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
        made = Forks(Path("renkei.yaml"), lambda: {"OF_THE_JOB": f"{next(jobs):03}"})
        yield made
    made.rest()
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


def done(forks: Forks, file: Path, code: int = 0) -> int:
    """Let a command end with *code*; return its process."""
    assert forks.launch([str(file), str(code)]).wait() == code
    pid: int = told(file)["pid"]
    return pid


def is_gone(pid: int) -> bool:
    """Tell whether a process has ended, after a while at the latest."""
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(20)
    return not psutil.pid_exists(pid)


def test_a_fork_goes_on_only_after_a_command_that_has_ended_well(
    warm: Forks, tmp_path: Path
) -> None:
    """Whatever a mistake has left behind is gone with its process."""
    warm.rest()
    first = done(warm, tmp_path / "first")
    assert done(warm, tmp_path / "second") == first
    assert done(warm, tmp_path / "bad", 4) == first
    assert is_gone(first)
    assert done(warm, tmp_path / "next") != first


@pytest.mark.parametrize("left", ["a folder", "a mask", "a signal", "a thread"])
def test_a_fork_does_not_go_on_with_what_a_command_has_left(
    warm: Forks, tmp_path: Path, left: str
) -> None:
    """Though that one has ended well; and it ends at once, whatever thread there is."""
    warm.rest()
    begun = time.monotonic()
    assert warm.launch([str(tmp_path / "leaves"), left]).wait() == 0
    pid = told(tmp_path / "leaves")["pid"]
    assert done(warm, tmp_path / "next") != pid
    assert time.monotonic() - begun < forks.ENDS_S


def test_a_folder_that_is_gone_ends_no_fork(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a worker was started may be deleted, as an old version is: its jobs need no folder."""
    (tmp_path / "old").mkdir()
    monkeypatch.chdir(tmp_path / "old")
    (tmp_path / "old").rmdir()
    assert forks._around() == forks._around()


def test_a_fork_that_dies_is_missed_though_what_it_began_lives(warm: Forks, tmp_path: Path) -> None:
    """That has a copy of all it had open."""
    begun = time.monotonic()
    assert warm.launch([str(tmp_path / "told"), "a process"]).wait() != 0
    assert time.monotonic() - begun < 3


def test_a_fork_that_does_not_end_is_made_to(
    warm: Forks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is frozen, say: nobody waits for it, and it had nothing to do."""
    monkeypatch.setattr(forks, "ENDS_S", 0.5)
    pid = done(warm, tmp_path / "told")
    os.kill(pid, signal.SIGSTOP)
    warm.rest()
    assert is_gone(pid)


def test_forks_at_the_same_time_are_several(warm: Forks, tmp_path: Path) -> None:
    """One that is at work is given nothing else."""
    waits = warm.launch([str(tmp_path / "waits"), "wait"])
    busy = told(tmp_path / "waits")["pid"]
    assert done(warm, tmp_path / "other") != busy
    waits.stop()
    assert waits.wait() == INTERRUPTED


def test_a_fork_does_so_many_commands(
    warm: Forks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it has come to remember goes with it."""
    warm.rest()
    monkeypatch.setattr(forks, "MOST", 2)
    pids = [done(warm, tmp_path / f"{number}") for number in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]
    assert is_gone(pids[0])


def test_forks_that_have_nothing_to_do_are_let_go_of(warm: Forks, tmp_path: Path) -> None:
    """And one that has died meanwhile is not waited for: another one takes its place."""
    pid = done(warm, tmp_path / "first")
    warm.rest()
    assert is_gone(pid)
    pid = done(warm, tmp_path / "second")
    os.kill(pid, signal.SIGKILL)
    assert is_gone(pid)
    assert done(warm, tmp_path / "third") != pid


def test_a_stop_that_comes_too_late_ends_no_other_command(warm: Forks, tmp_path: Path) -> None:
    """Its process may be at the next one by now."""
    first = warm.launch([str(tmp_path / "first"), "0"])
    assert first.wait() == 0
    second = warm.launch([str(tmp_path / "second"), "wait"])
    pid = told(tmp_path / "second")["pid"]
    assert pid == told(tmp_path / "first")["pid"]
    first.stop()
    time.sleep(0.2)
    assert psutil.pid_exists(pid)
    second.stop()
    assert second.wait() == INTERRUPTED


def test_a_fork_is_asked_to_end_and_one_that_crashes_takes_nobody_along(
    warm: Forks, tmp_path: Path
) -> None:
    """A command that has not begun yet leaves at once; others go on, and new ones begin."""
    asked = warm.launch([str(tmp_path / "asked"), "wait"])
    crashed = warm.launch([str(tmp_path / "crashed"), "wait"])
    for name in ("asked", "crashed"):
        told(tmp_path / name)
    os.kill(told(tmp_path / "crashed")["pid"], signal.SIGKILL)
    assert crashed.wait() != 0
    asked.stop()
    assert asked.wait() == INTERRUPTED
    assert warm.launch([str(tmp_path / "new"), "0"]).wait() == 0
