"""Who is told to do a job: the one port between a worker and what carries its jobs out.

A job is the same call wherever it is done: :meth:`renkei.runs.Runs.keep_schedule` with the claim.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from attrs import define, field

from renkei.logs import log
from renkei.schedule.job import Claim


class Dispatcher(Protocol):
    """Has jobs done; a worker calls it from one thread."""

    def has_room(self, account: str) -> bool:
        """Return whether a job that writes to *account* may begin now: one at a time."""

    def has(self, claim: Claim) -> bool:
        """Return whether the job, which nobody has begun, is still going to be done."""

    def start(self, claim: Claim, account: str) -> None:
        """Have the job done that was claimed; OSError if that cannot begin."""

    def ended(self) -> list[Claim]:
        """Return the jobs that have ended since the last call, however they have."""

    def stop(self) -> None:
        """Let each job stop after the employee in hand, and wait until all have ended."""


@define
class Processes:
    """
    Does each job in a process of its own on this machine, *most* at a time.

    *command* is what does it, *environment* what it finds around it. A process goes on when this
    one dies, and keeps in the store how it ends.
    """

    command: Callable[[Claim], Sequence[str]]
    most: int
    environment: Callable[[], Mapping[str, str]] = lambda: dict(os.environ)
    _running: dict[Claim, tuple[subprocess.Popen[bytes], str]] = field(factory=dict)

    def has_room(self, account: str) -> bool:
        """Return whether a job may begin: there is room, and nobody of ours writes there."""
        busy = {theirs for _process, theirs in self._running.values()}
        return len(self._running) < self.most and account not in busy

    def has(self, claim: Claim) -> bool:
        """Return whether its process lives."""
        return claim in self._running

    def start(self, claim: Claim, account: str) -> None:
        """Start its process, in a session of its own: no signal of a terminal reaches it."""
        process = subprocess.Popen(  # noqa: S603 - our own command, without a shell
            self.command(claim),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            env=dict(self.environment()),
        )
        log.info("job_started", company=claim.company, kind=claim.schedule, pid=process.pid)
        self._running[claim] = process, account

    def ended(self) -> list[Claim]:
        """Return the jobs whose processes have ended."""
        over: list[Claim] = []
        for claim, (process, _account) in self._running.items():
            if process.poll() is not None:
                over.append(claim)
        for claim in over:
            process, _account = self._running.pop(claim)
            code = process.returncode
            log.info("job_ended", company=claim.company, kind=claim.schedule, status=code)
        return over

    def stop(self) -> None:
        """Ask each to stop, once: a second time would cut the employee in hand short."""
        for process, _account in self._running.values():
            process.terminate()
        for process, _account in self._running.values():
            process.wait()
