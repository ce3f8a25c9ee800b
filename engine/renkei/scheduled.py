"""What a schedule does when it is due: fetch, choose, sync; and how its end is kept.

Nobody is there to be asked. What passes by itself (closed hours, a system out of reach, a process
that was killed) is gone on with; whatever else stops it waits for a person: the safety limits, who
has to be looked at first, values that new employees need.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import define, evolve, field, frozen

from renkei.clock import Clock
from renkei.errors import (
    BusyError,
    ClosedError,
    ListChangedError,
    RenkeiError,
    StoreError,
    UnavailableError,
    UnusualError,
    UsageError,
)
from renkei.logs import log
from renkei.model import Run, Selection, Status
from renkei.plan.estimate import Usage
from renkei.plan.refusals import another_choice, another_way, still_at_work
from renkei.schedule.errand import Answer
from renkei.schedule.job import SKEW, Job, Kept, State
from renkei.schedule.rule import Schedule
from renkei.schedule.times import ASSUMED, LATE, Ahead
from renkei.store.hold import Pulse
from renkei.store.store import Store
from renkei.systems import Systems
from renkei.words.codes import TABLE

PASSING_ERRORS = ("UnavailableError", "ClosedError", "ListChangedError")
"""Errors with which a run stops for a while only."""

LEFT = "look_first"
"""The code of a job that has left somebody for a person to look at."""

BY_ITSELF = ("interrupted", "busy")
"""Codes of the same."""

FIRST_WAIT = dt.timedelta(seconds=30)
LONGEST_WAIT = dt.timedelta(minutes=10)


@frozen
class Ended:
    """How a job has ended: with *next_at* it is gone on with then."""

    state: State
    code: str | None = None
    next_at: dt.datetime | None = None


@define
class Work:
    """
    The job in hand, as it was taken up, and how it has ended.

    *by_hand*: a person has begun it and waits for it. *stopped*: somebody wants it to stop. *lost*:
    another process has it now.
    """

    job: Job
    clock: Clock
    by_hand: bool = False
    stopped: bool = False
    lost: BusyError | None = None
    ended: Ended = field(factory=lambda: Ended("failed"))
    answer: Answer | None = None

    def finished(self, run: Run, *, left: bool) -> None:
        """Note how the run of the job stands when nothing more is done; *left*: for a person."""
        ended = of_run(run, self.job, self.clock.now())
        if left and ended.state == "done":
            ended = evolve(ended, code=LEFT)
        self._end(ended)

    def broken(self, error: BaseException) -> None:
        """Note what has ended the job early; the person who wanted it hears of it in words."""
        if self.job.errand is not None and isinstance(error, RenkeiError):
            self.answer = self.answer or Answer(message=error.message)
        self._end(of_error(error, self.job, self.clock.now()))

    def _end(self, ended: Ended) -> None:
        """Note how it has ended; what a person has begun, or stopped, waits for nobody."""
        interrupted = ended.state == "waiting" and ended.code == "interrupted"
        over = interrupted and (self.by_hand or self.stopped)
        self.ended = Ended("halted", ended.code) if over else ended


@frozen(kw_only=True)
class Scheduled:
    """
    A schedule as people are shown it: what is known of it, the *last* run begun, and the next.

    *mistake* is why no run of it can begin, with its place in the file. *alone*: it is on,
    and no worker gives signs of life.
    """

    schedule: Schedule
    kept: Kept | None = None
    last: Job | None = None
    next_at: dt.datetime | None = None
    mistake: str | None = None
    alone: bool = False

    @property
    def paused_by(self) -> str | None:
        """Who has paused it, or None."""
        return self.kept.paused_by if self.kept else None


@contextmanager
def at_work(
    store: Store,
    job: Job,
    clock: Clock,
    *,
    by_hand: bool,
    interrupt: Callable[[], None],
) -> Iterator[Work]:
    """
    Give signs of life while the block does a *job*, and keep how it has ended.

    *interrupt* is called once somebody wants it to stop; *by_hand*: they would do that here.
    """
    work, claim = Work(job, clock, by_hand), job.claim

    def heed() -> None:
        try:
            work.stopped = store.still_at_job(claim)
        except BusyError as error:  # it is another one's: nothing more is begun here
            work.lost = error
            interrupt()
            raise
        if work.stopped:
            interrupt()

    try:
        with Pulse(heed):
            yield work
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and work.lost:
            raise work.lost from None  # our own interrupt: it ends a fetch as Ctrl-C does
        work.broken(error)
        raise
    finally:
        try:
            ended = work.ended
            store.end_job(
                claim,
                ended.state,
                clock.now(),
                code=ended.code,
                next_at=ended.next_at,
                answer=work.answer,
                told=by_hand,
            )
        except StoreError as error:  # a look shows that nobody is at it any more
            log.error("job_not_kept", code=error.code)


def carry_on(
    schedule: Schedule,
    before: Run | None,
    *,
    fetch: Callable[[], Run],
    choose: Callable[[str, Selection], object],
    sync: Callable[[str, Selection | None], object],
    chosen: Callable[[str], Selection | None],
    mine: Callable[[], object],
) -> str:
    """
    Do what a schedule wants, from where the run *before* has got to; return the id of the run.

    *sync* carries out a choice or nothing, None: that of before, which *chosen* returns. *mine*
    raises BusyError if another process has the job. Raises whatever ends it early: UsageError if
    the schedule no longer wants what the run does.
    """
    way = schedule.from_, schedule.to
    if before is not None and (before.source, before.target) != way:
        raise another_way(schedule.name, before)
    if before is not None and before.status is Status.FETCHING:
        raise still_at_work(before)
    run = before
    if run is None or run.status is Status.FAILED:
        run = fetch()
    mine()  # a process may have stood still for hours
    wanted = schedule.sync.difference if schedule.sync else ()
    selection = Selection(differences=frozenset(wanted), new=schedule.new)
    if run.status in (Status.PAUSED, Status.SYNCING):
        if chosen(run.id) not in (None, selection):
            raise another_choice(schedule.name, run)
        sync(run.id, None)
        return run.id
    has_wanted = any(run.counts.get(each) for each in wanted)
    if run.status is Status.READY and has_wanted:
        choose(run.id, selection)
        sync(run.id, selection)  # somebody may choose others in this plan meanwhile
    return run.id


Costs = tuple[Usage | None, Usage | None]
"""What the last fetch of a pair has cost, and the last sync."""


def ahead_of(schedule: Schedule, systems: Systems, costs: Callable[[], Costs]) -> Ahead:
    """Return what a run of *schedule* meets; *costs* returns those of its pair, once asked."""

    def how_long() -> dt.timedelta:
        fetched, synced = costs()
        return takes(fetched, synced if schedule.sync else None)

    closed = (*systems.closed_hours(schedule.from_), *systems.closed_hours(schedule.to))
    return Ahead(closed=closed, takes=how_long)


def takes(fetched: Usage | None, synced: Usage | None) -> dt.timedelta:
    """Return how long a run takes, by what the last fetch and the last sync of its pair cost."""
    if fetched is None:
        return ASSUMED
    seconds = float(fetched["seconds"]) + float((synced or {}).get("sync_seconds", 0))
    return dt.timedelta(seconds=seconds)


def of_run(run: Run, job: Job, now: dt.datetime) -> Ended:
    """Return what a run that nobody is at any more means for the job that has it."""
    if run.status in (Status.READY, Status.DONE):
        return Ended("done")
    if run.status is Status.DONE_WITH_ERRORS:
        return Ended("errors")
    code = run.reason.code if run.reason else None
    if run.status is Status.PAUSED and _passes(code):
        return _waits(code, job, now, run.resume_at)
    return Ended("halted", code)


def of_error(error: BaseException, job: Job, now: dt.datetime) -> Ended:
    """Return what an error means for the job that it has ended."""
    if not isinstance(error, Exception):  # Ctrl-C, or a worker that is to end
        return _waits("interrupted", job, now, None)
    if not isinstance(error, RenkeiError):
        return Ended("failed", "internal")
    if isinstance(error, UnavailableError | BusyError | ListChangedError | StoreError):
        return _waits(error.code, job, now, getattr(error, "opens", None))
    if error.code == "paused" and job.errand is None:  # while it was in line
        return Ended("skipped")
    halted = isinstance(error, UnusualError | UsageError)
    return Ended("halted" if halted else "failed", error.code)


def _passes(code: str | None) -> bool:
    entry = TABLE.get(code or "")
    return code in BY_ITSELF or (entry is not None and entry.error in PASSING_ERRORS)


def _waits(code: str | None, job: Job, now: dt.datetime, until: dt.datetime | None) -> Ended:
    """Return that a job waits, unless it has waited for too long."""
    next_at = max(until or now, now + wait_before(job.claim.attempt + 1))
    if next_at - job.started_at >= LATE:
        return Ended("failed", code)
    return Ended("waiting", code, next_at)


def is_of_clock_ahead(job: Job, now: dt.datetime) -> bool:
    """
    Tell whether a clock that was ahead has begun a job, or let it wait: that is not waited for.

    Closed hours may let a job wait for long, nothing else.
    """
    again = None if job.code == ClosedError.default_code else job.next_at
    return job.is_ahead(now) or (again is not None and again - now > LONGEST_WAIT + SKEW)


def wait_before(attempt: int) -> dt.timedelta:
    """Return how long nothing is done before an attempt: nothing before the second one."""
    if attempt <= 2:
        return dt.timedelta(0)
    return min(FIRST_WAIT * (1 << min(attempt - 3, 10)), LONGEST_WAIT)
