"""Starts the real command line in forks of a warm process, and kills or holds them at fail points.

A job is one or several command lines that one child runs one after another, with the points that
are armed in it. A child costs some milliseconds; a process of its own costs most of a second.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self, TextIO

from attrs import asdict, define, field
from tests.reliability.harness.points import Armed, is_steady
from tests.result import Result

ROOT = Path(__file__).parents[3]
PATIENCE_S = 30.0
"""How long one message of a child may take."""

KILLED = -signal.SIGKILL

END = "end"


@define
class Child:
    """
    One process at work; *results* are what it has ended.

    *trace* has the points it has reached, and *moments* what each of them is called.
    """

    pid: int
    _zygote: Zygote
    _control: socket.socket
    trace: list[str] = field(factory=list)
    moments: list[list[str]] = field(factory=list)
    results: list[Result] = field(factory=list)
    code: int | None = None
    """How the process ended; None while it lives."""
    _lines: TextIO = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._lines = self._control.makefile("r", encoding="utf-8")

    @property
    def steady(self) -> list[list[str]]:
        """What each point is called on a machine of any speed."""
        return [[name for name in names if is_steady(name)] for names in self.moments]

    @property
    def result(self) -> Result:
        """What the last command left."""
        return self.results[-1]

    def until_held(self) -> str | None:
        """Wait until it is held, at a point or at the END of a command; None if it is no more."""
        with suppress(ConnectionResetError):  # it was killed from outside, in the middle of a line
            for line in self._lines:
                word, name, *names = line.rstrip("\n").split("\t")
                if word == END:
                    self.results.append(Result(*json.loads(name)))
                    return END
                if word == "held":
                    return name
                self.trace.append(name)
                self.moments.append(names)
        self._lines.close()
        self._control.close()
        self.code = self._zygote.wait(self.pid)
        return None

    def go_on(self) -> None:
        """Let a held process go on."""
        with suppress(BrokenPipeError):  # it was killed meanwhile
            self._control.sendall(b"g")

    def kill(self) -> None:
        """Kill it now; it may have ended already."""
        os.kill(self.pid, signal.SIGKILL)  # not yet waited for, so the number is still its own

    def bury(self) -> None:
        """Kill it unless it has ended, whatever it is about to say."""
        if self.code is None:
            self._lines.close()
            self._control.close()
            if self._zygote.in_step:
                self.kill()
                self.code = self._zygote.wait(self.pid)

    def end(self) -> Self:
        """Let it go on to its end."""
        while self.until_held() is not None:
            self.go_on()
        return self


@define
class Zygote:
    """The warm process; a context manager."""

    _process: subprocess.Popen[bytes]
    _plug: socket.socket
    in_step: bool = True
    """Whether every question has had its answer; a test that ran out of time may leave it so."""

    @classmethod
    def start(cls) -> Self:
        """Start it and wait until it is warm."""
        ours, its = socket.socketpair()
        with its:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.reliability.harness.zygote", str(its.fileno())],
                cwd=ROOT,
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
            )
        zygote = cls(process, ours)
        assert zygote._answer() == "ready"  # a test has its own limit, and some machines are slow
        ours.settimeout(PATIENCE_S)
        return zygote

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._plug.close()
        self._process.wait(PATIENCE_S)

    def start_child(
        self,
        *commands: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        armed: Sequence[Armed] = (),
        settings: Mapping[str, object] | None = None,
        retry_s: float = 0.05,
        timeless: bool = False,
    ) -> Child:
        """
        Run *commands* in a fork.

        *settings* are module attributes by dotted name. Requests are tried again for *retry_s*.
        *timeless*: it takes no time but where the command waits, and there none passes outside.
        """
        job = {
            "commands": commands,
            "folder": str(folder),
            "environment": dict(environment),
            "armed": [asdict(each) for each in armed],
            "settings": settings or {},
            "retry_s": retry_s,
            "timeless": timeless,
        }
        ours, its = socket.socketpair()
        ours.settimeout(PATIENCE_S)
        with its:
            return Child(self._ask(job, its.fileno()), self, ours)

    def wait(self, pid: int) -> int:
        """Wait for the end of a child and return its exit code, or the signal as a negative."""
        return self._ask({"wait": pid})

    def _ask(self, question: Mapping[str, object], *descriptors: int) -> int:
        self.in_step = False
        text = json.dumps(question).encode()
        if descriptors:
            socket.send_fds(self._plug, [text], descriptors)
        else:
            self._plug.sendall(text)
        answer = int(self._answer())
        self.in_step = True
        return answer

    def _answer(self) -> str:
        answer = self._plug.recv(64).decode().strip()
        assert answer, "the warm process has ended"
        return answer
