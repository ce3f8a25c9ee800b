"""One due time that was taken up: which it is, who is at it, and what has come of it."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from attrs import evolve, frozen

State = Literal[
    "queued", "running", "waiting", "done", "errors", "halted", "failed", "missed", "skipped"
]  # fmt: skip
"""
*queued*: taken up, and not begun. *waiting*: gone on with by itself, after closed hours say.
*errors*: done, but for somebody. *halted*: a person has to look. *missed*: it was too late;
*skipped*: the company was on hold.
"""

OPEN: tuple[State, ...] = ("queued", "running", "waiting")

NEEDS: tuple[State, ...] = ("errors", "halted", "failed", "missed")
"""Those that a person should hear of."""


@frozen(kw_only=True)
class Kept:
    """
    What the store knows of a schedule: its due times count from *since* on.

    *timing* is what they go by. *paused_by* is who has paused it, None: nobody has.
    """

    timing: str
    since: dt.datetime
    paused_by: str | None = None
    paused_at: dt.datetime | None = None


@frozen
class Claim:
    """
    The right to do the job of a due time, as long as *attempt* is the newest one.

    It is the same for whatever carries it out, in this process or another one.
    """

    company: str
    schedule: str
    due: dt.datetime
    attempt: int = 1

    def __str__(self) -> str:
        return f"{self.due.astimezone(dt.UTC).isoformat()}/{self.attempt}"

    def is_before(self, other: Claim) -> bool:
        """Return whether *other* has taken the same job over from this one."""
        return evolve(self, attempt=other.attempt) == other and self.attempt < other.attempt

    @classmethod
    def read(cls, company: str, schedule: str, text: str) -> Claim:
        """Return the claim that :meth:`__str__` wrote; ValueError if it is none."""
        due, _slash, attempt = text.partition("/")
        moment = dt.datetime.fromisoformat(due)
        if moment.tzinfo is None:
            raise ValueError(text)
        return cls(company, schedule, moment, int(attempt))


@frozen(kw_only=True)
class Job:
    """
    A due time that was taken up, as the store has it.

    *asked_by* is who wanted it, None: it was due. *passed* due times before it were missed. *code*
    is why it has not simply come to its end, *next_at* when it is gone on with. *free*: nobody is
    at it any more.
    """

    claim: Claim
    state: State
    started_at: dt.datetime
    asked_by: str | None = None
    passed: int = 0
    run: str | None = None
    code: str | None = None
    next_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    free: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it has not come to its end."""
        return self.ended_at is None
