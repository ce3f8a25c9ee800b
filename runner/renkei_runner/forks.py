"""
Commands in forks of a warm process: processes of their own that cost milliseconds to begin.

The warm process is the standard library's fork server. It has imported what a job needs, has
rehearsed one, and has nothing open; a job that crashes takes nobody along. A fork does one command
after another as long as they end well, and keeps its connections to the database: what that saves,
and why it is safe, is in docs/decisions/2026-11-30-job-after-job.md.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing import connection, forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from attrs import define, field

from renkei_runner.start import ENDING

WARM = "renkei_runner.warm"

REHEARSE = "RENKEI_REHEARSE"
"""Tells the warm process the configuration of whose store a job is rehearsed."""

MOST = 100
"""So many commands a fork does: what it has come to remember goes with it."""

ENDS_S = 5.0
"""How long a process that has nothing to do may take to end, before it is made to."""

_guard = threading.Lock()
"""The standard library counts its processes without one."""

Given = tuple[list[str], dict[str, str]]
"""The words of a command, and what it finds around it."""

Answer = tuple[int, bool]
"""The exit code of a command, and whether its process takes another one."""


@define(eq=False)
class Fork:
    """A process that does one command after another."""

    process: ForkServerProcess
    pipe: connection.Connection
    done: int = 0

    def give(self, given: Given) -> bool:
        """Hand it a command; False: it is gone."""
        try:
            self.pipe.send(given)
        except OSError:
            return False
        self.done += 1
        return True

    def answer(self) -> Answer | None:
        """Wait for the end of its command; None: its process has ended without an answer."""
        # Both: a process that it has begun may outlive it, with a copy of the pipe.
        connection.wait([self.pipe, self.process.sentinel])
        try:
            answer: Answer | None = self.pipe.recv() if self.pipe.poll() else None
        except (EOFError, OSError):
            return None
        return answer

    def end(self) -> int:
        """Let it end, as it does by itself when nothing more comes; return its exit code."""
        self.pipe.close()
        # not under the guard, which others wait for
        if not connection.wait([self.process.sentinel], ENDS_S):
            self.process.kill()  # it has no command: nothing is lost
        with _guard:
            self.process.join()
            return self.process.exitcode or 0


@define(eq=False)
class Command:
    """One command at work in a fork."""

    _fork: Fork
    _free: Callable[[Fork], object]
    _stopped: bool = False
    _over: bool = False

    def wait(self) -> int:
        """Wait for its end; return its exit code."""
        answer = self._fork.answer()
        with _guard:
            self._over = True
        if answer is None:
            return self._fork.end()
        code, goes_on = answer
        if goes_on and not self._stopped and self._fork.done < MOST:
            self._free(self._fork)
        else:
            self._fork.end()
        return code

    def stop(self) -> None:
        """Let it end after the employee in hand."""
        with _guard:
            self._stopped = True
            if not self._over:  # its process may be at another one
                self._fork.process.terminate()


@define
class Forks:
    """
    Begins commands; *environment* is what each finds around it.

    The warm process begins at once, and rehearses for the store of *config*.
    """

    config: Path
    environment: Callable[[], Mapping[str, str]]
    _context: multiprocessing.context.ForkServerContext = field(init=False)
    _idle: list[Fork] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([WARM])
        # The warm process begins with this environment; no other process is to rehearse.
        os.environ[REHEARSE] = str(self.config)
        forkserver.ensure_running()
        del os.environ[REHEARSE]

    def launch(self, words: Sequence[str]) -> Command:
        """Begin ``renkei`` *words*; OSError if no process can be had."""
        given = list(words), dict(self.environment())
        fork = self._taken()
        while fork is not None and not fork.give(given):
            fork.end()
            fork = self._taken()
        if fork is None:
            fork = self._begun()
            if not fork.give(given):
                raise BrokenPipeError
        return Command(fork, self._idle.append)

    def rest(self) -> None:
        """Let go of the processes that have nothing to do just now."""
        while fork := self._taken():
            fork.end()

    # --- inside -----------------------------------------------------------------------------

    def _taken(self) -> Fork | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _begun(self) -> Fork:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=be_the_commands, args=(theirs,))
        with _guard:
            process.start()
        theirs.close()
        return Fork(process, ours)


def be_the_commands(pipe: connection.Connection) -> None:
    """Be a process of what comes through the *pipe*, in a session of its own; print nothing."""
    os.setsid()  # no signal of a terminal reaches it
    with open(os.devnull, "r+b", buffering=0) as nowhere:  # noqa: PTH123 - a device
        for stream in (0, 1):  # 2 stays the worker's: jobs write to its log
            os.dup2(nowhere.fileno(), stream)
    from renkei.database.server import keep_connections
    from renkei_runner.main import run
    from renkei_runner.start import end_in_silence

    end_in_silence()
    keep_connections()
    before, goes_on = _around(), True
    with suppress(EOFError, OSError):  # nobody has anything more to do, or is there any more
        while goes_on:
            words, environment = pipe.recv()
            os.environ.clear()
            os.environ.update(environment)
            code = run(words)
            # After anything else, whatever the command has left behind goes with the process.
            goes_on = code == 0 and _around() == before
            pipe.send((code, goes_on))
    sys.stderr.flush()
    os._exit(0)  # a thread that a plug-in has begun would keep it


def _around() -> tuple[object, ...]:
    """Return what a command finds in its process and no other one may have changed."""
    umask = os.umask(0o077)
    os.umask(umask)
    handlers = [signal.getsignal(each) for each in ENDING]
    folder = None
    with suppress(OSError):  # somebody has deleted it
        found = Path().stat()
        folder = found.st_dev, found.st_ino
    return folder, umask, handlers, threading.enumerate()
