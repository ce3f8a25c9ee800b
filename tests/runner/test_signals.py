"""Signals to real processes: what ends a command, what is ignored, and what nobody sees."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.e2e.conftest import empty_store, office
from tests.e2e.office import Office
from tests.e2e.test_killed import wait_for_writes
from tests.sampling import some

from renkei_runner.start import ENDING

__all__ = ["empty_store", "office"]

CONFIG = """\
connections:
  smarthr: {connector: smarthr, base_url: "http://127.0.0.1:9", token: "env:T"}
"""
SERVERS = {"web": ("web", "--port", "0"), "sandbox": ("sandbox", "--port", "0", "--people", "40")}


@contextmanager
def started(
    *words: str, folder: Path, ignoring: tuple[int, ...] = (), path: Path | None = None
) -> Iterator[subprocess.Popen[str]]:
    """
    Start a command that ignores some signals from the start; it is gone after the block.

    The others it does not ignore, whatever these tests were started with: nohup, or & in a script.
    """

    def ignore() -> None:
        for each in ENDING:
            signal.signal(each, signal.SIG_IGN if each in ignoring else signal.SIG_DFL)

    (folder / "renkei.yaml").write_text(CONFIG)
    process = subprocess.Popen(
        [sys.executable, "-m", "renkei_runner", *words],
        cwd=folder,
        env={**os.environ, "RENKEI_LANG": "en", "PYTHONPATH": str(path or "")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=ignore,  # noqa: PLW1509 - what nohup does
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for_line(process: subprocess.Popen[str]) -> None:
    """Wait until a command has printed its first line."""
    assert process.stdout is not None
    assert process.stdout.readline()


@pytest.mark.parametrize("number", some(ENDING, 3))
@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_is_ended_has_done_its_work(tmp_path: Path, name: str, number: int) -> None:
    """Dashboard and sandbox exit 0 on Ctrl-C, SIGTERM and SIGHUP, from the first line on."""
    with started(*SERVERS[name], folder=tmp_path) as process:
        wait_for_line(process)
        process.send_signal(number)
        _out, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (0, "")


@pytest.mark.parametrize("number", some(ENDING, 3))
def test_a_server_that_is_ended_before_its_loop_begins_says_nothing(
    tmp_path: Path, number: int
) -> None:
    """The signal comes when what is to be run is made, and does not run yet."""
    early = tmp_path / "early" / "sitecustomize.py"
    early.parent.mkdir()
    early.write_text(f"""
import os, uvicorn
real = uvicorn.Config.get_loop_factory
def get_loop_factory(config):
    os.kill(os.getpid(), {int(number)})
    return real(config)
uvicorn.Config.get_loop_factory = get_loop_factory
""")
    with started(*SERVERS["web"], folder=tmp_path, path=early.parent) as process:
        _out, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (0, "")


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.long
def test_what_is_ignored_from_the_start_stays_ignored(tmp_path: Path, name: str) -> None:
    """A server under nohup, or with & in a script, goes on; SIGTERM still ends it."""
    ignoring = (signal.SIGHUP, signal.SIGINT)
    with started(*SERVERS[name], folder=tmp_path, ignoring=ignoring) as process:
        wait_for_line(process)
        time.sleep(0.5)  # it has taken its signals by now
        for each in ignoring:
            process.send_signal(each)
        time.sleep(0.3)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert process.returncode == 0


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_while_it_starts_prints_nothing(tmp_path: Path, number: int) -> None:
    """However long the imports take: exit code 130 and no traceback."""
    slow = tmp_path / "slow" / "click.py"
    slow.parent.mkdir()
    # In short steps: a signal that comes right before a sleep is heard after it.
    slow.write_text("import time\nprint('importing', flush=True)\nwhile True:\n time.sleep(0.05)\n")
    with started("--help", folder=tmp_path, path=slow.parent) as process:
        wait_for_line(process)
        process.send_signal(number)
        _out, err = process.communicate(timeout=10)
        assert (process.returncode, err) == (130, "")


@pytest.mark.fault("F54")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_sync_that_ignores_a_signal_goes_on(
    office: Office, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """`nohup renkei sync` writes everybody, whatever becomes of the terminal."""
    run = office.fetched("smarthr", "touchontime")
    office.box.touchontime.faults.add("latency", seconds=0.05, times=None)
    before = signal.signal(number, signal.SIG_IGN)  # a child takes over what is ignored
    try:
        process = office.start("sync", run, *office.everybody("touchontime"), "--output", "json")
    finally:
        signal.signal(number, before)
    wait_for_writes(office, "touchontime", 2)
    process.send_signal(number)
    assert office.finished(process).json["status"] == "done"


def at_a_terminal(office: Office, *words: str) -> tuple[int, int]:
    """Start a command at a terminal of its own; return its pid and our end of the terminal."""
    pid, ours = pty.fork()
    if pid == 0:
        with suppress(BaseException):
            os.chdir(office.folder)
            environment = {**os.environ, **office.environment(), "TERM": "xterm"}
            command = [sys.executable, "-m", "renkei_runner", *words]
            os.execve(sys.executable, command, environment)  # noqa: S606 - our own command
        os._exit(99)
    return pid, ours


def once(_pid: int) -> None:
    """Leave it to the system, which sends SIGHUP when a terminal is closed."""


def twice(pid: int) -> None:
    """Send it again, as the shell does."""
    os.kill(pid, signal.SIGHUP)


@pytest.mark.fault("F54")
@pytest.mark.parametrize("again", [once, twice])
def test_closing_the_terminal_pauses_a_sync(office: Office, again: Callable[[int], None]) -> None:
    """The employee in hand is finished, nothing is in doubt; printing into nowhere is no error."""
    run = office.fetched("smarthr", "touchontime")
    office.box.touchontime.faults.add("latency", seconds=0.1, times=None)
    pid, ours = at_a_terminal(office, "sync", run, *office.everybody("touchontime"))
    wait_for_writes(office, "touchontime", 3)
    os.close(ours)
    again(pid)
    _pid, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    report = office.ask("report", run).json
    assert report["status"] == "paused"
    assert report["outcomes"]["unknown"] == report["outcomes"]["failed"] == 0
    written = report["outcomes"]["created"] + report["outcomes"]["updated"]
    assert written == len(office.box.writes("touchontime")) >= 3
