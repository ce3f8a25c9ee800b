"""
Commands in forks of a warm process: processes of their own that cost milliseconds to begin.

The warm process is the standard library's fork server. It has imported what a job needs, has
rehearsed one, and has nothing open; a job that crashes takes nobody along.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import connection, forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from attrs import define, field

WARM = "renkei_runner.warm"

REHEARSE = "RENKEI_REHEARSE"
"""Tells the warm process the configuration of whose store a job is rehearsed."""

_guard = threading.Lock()
"""The standard library counts its processes without one."""


@define(eq=False)
class Fork:
    """One command at work."""

    _process: ForkServerProcess

    def wait(self) -> int:
        """Wait for its end; return its exit code."""
        # Not under the guard: nobody could begin or stop another one meanwhile.
        connection.wait([self._process.sentinel])
        with _guard:
            self._process.join()
            return self._process.exitcode or 0

    def stop(self) -> None:
        """Let it end after the employee in hand."""
        with _guard:
            self._process.terminate()


@define
class Forks:
    """
    Begins commands; *environment* is what each finds around it.

    The warm process begins at once, and rehearses for the store of *config*.
    """

    config: Path
    environment: Callable[[], Mapping[str, str]]
    _context: multiprocessing.context.ForkServerContext = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([WARM])
        # The warm process begins with this environment; no other process is to rehearse.
        os.environ[REHEARSE] = str(self.config)
        forkserver.ensure_running()
        del os.environ[REHEARSE]

    def launch(self, words: Sequence[str]) -> Fork:
        """Begin ``renkei`` *words*; OSError if no process can be had."""
        given = list(words), dict(self.environment())
        process = self._context.Process(target=be_the_command, args=given)
        with _guard:
            process.start()
        return Fork(process)


def be_the_command(words: list[str], environment: dict[str, str]) -> None:
    """Be a process of ``renkei`` *words*, in a session of its own, that prints nothing."""
    os.setsid()  # no signal of a terminal reaches it
    os.environ.clear()
    os.environ.update(environment)
    with open(os.devnull, "r+b", buffering=0) as nowhere:  # noqa: PTH123 - a device
        for stream in (0, 1):  # 2 stays the worker's: jobs write to its log
            os.dup2(nowhere.fileno(), stream)
    from renkei_runner.main import run
    from renkei_runner.start import end_in_silence

    end_in_silence()
    sys.exit(run(words))
