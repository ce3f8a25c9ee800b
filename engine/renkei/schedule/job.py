"""One due time that was taken up: which it is, who is at it, and what has come of it."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from attrs import evolve, frozen

from renkei.schedule.errand import Answer, Errand

State = Literal[
    "queued", "running", "waiting", "done", "errors", "halted", "failed", "missed", "skipped"
]  # fmt: skip
"""
*queued*: taken up, and not begun. *waiting*: gone on with by itself, after closed hours say.
*errors*: done, but for somebody. *halted*: a person has to look. *missed*: it was too late;
*skipped*: the company, or the schedule, was on hold.
"""

SKEW = dt.timedelta(minutes=10)
"""By so much the clocks of two computers hardly differ: one that is further ahead is wrong."""

OPEN: tuple[State, ...] = ("queued", "running", "waiting")

HANGS = dt.timedelta(hours=24)
"""A job at which somebody still is after this long hangs: nobody takes it up later than LATE."""

NEEDS: tuple[State, ...] = ("errors", "halted", "failed", "missed")
"""Those that a person should hear of."""


ABSENT = ""
"""The timing of a schedule that has been taken out of its file."""


@frozen(kw_only=True)
class Kept:
    """
    What the store knows of a schedule: its due times count from *since* on.

    *timing* is what they go by, or ABSENT. *paused_by* is who has paused it, None: nobody has.
    """

    timing: str
    since: dt.datetime
    paused_by: str | None = None
    paused_at: dt.datetime | None = None

    def holds(self, timing: str, now: dt.datetime) -> bool:
        """Return whether *since* is that of a schedule with this *timing*: else it counts anew."""
        # If `since` lies ahead, a clock was wrong: the schedule does not wait for ours to catch up.
        # If hardly, ours is behind: what was due until then would be made up for.
        return self.timing == timing and self.since - now <= SKEW


@frozen
class Claim:
    """
    The right to do the job of a due time, as long as *attempt* is the newest one.

    It is the same for whatever carries it out, in this process or another one. What a person wants
    done is due when they ask for it; *schedule* is what :attr:`Errand.name` says then.
    """

    company: str
    schedule: str
    due: dt.datetime
    attempt: int = 1

    def __str__(self) -> str:
        return f"{self.due.astimezone(dt.UTC).isoformat()}/{self.attempt}"

    @property
    def is_errand(self) -> bool:
        """Whether it is what a person wants done: no schedule has a blank in its name."""
        return " " in self.schedule

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


@frozen
class Ticket:
    """What was asked for: its *claim*, and what names the *account* that it writes to."""

    claim: Claim
    account: str


@frozen(kw_only=True)
class Job:
    """
    A due time that was taken up, as the store has it.

    *asked_by* is who wanted it, None: it was due. *passed* due times before it were missed. *code*
    is why it has not simply come to its end, *next_at* when it is gone on with. *free*: nobody is
    at it any more. *errand* is what a person wants done (None: what a schedule does), *answer* what
    there is to say to them, *stopped_by* who wants it to stop after the employee in hand.
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
    errand: Errand | None = None
    answer: Answer | None = None
    stopped_by: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has not come to its end."""
        return self.ended_at is None

    def is_ahead(self, now: dt.datetime) -> bool:
        """Return whether a clock has begun it that was wrong: *now* does not catch up with it."""
        return self.started_at - now > SKEW

    def hangs(self, now: dt.datetime) -> bool:
        """Return whether a process is at it that has most likely got stuck."""
        return self.is_open and not self.free and now - self.started_at >= HANGS


def account_of(company: str, connection: str, known: str | None) -> str:
    """Return what names the account of a connection, be it *known* or not."""
    return known or f"{company}\n{connection}"
