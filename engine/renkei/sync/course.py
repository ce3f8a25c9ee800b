"""The course of a sync: begun or gone on with, paused, waited for, until nothing is left to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from itertools import count

from attrs import define, evolve, frozen

from renkei.errors import (
    ClosedError,
    ConfigurationError,
    RenkeiError,
    SystemFault,
    UnavailableError,
    UsageError,
)
from renkei.model import Run, Selection, Status
from renkei.observer import Observer
from renkei.plan.pairing import Pairing
from renkei.plan.refusals import choice_lost, expired, nothing_chosen, refuse_over, refuse_purged
from renkei.plan.release import Releasing
from renkei.plan.shared import refuse_shared
from renkei.plan.standing import Standing
from renkei.plan.unusual import Judging, Permission
from renkei.store.before import Start
from renkei.sync.run import Order, Sleep, Sync
from renkei.systems import Systems

UNFINISHED = (Status.READY, Status.EXPIRED, Status.SYNCING, Status.PAUSED)
"""A run in one of these may have something to be sent; EXPIRED is also what READY ends as."""


@frozen(kw_only=True)
class Wanted:
    """
    How somebody asks for a sync.

    *selection*: that choice or nothing, as somebody else may have chosen in the meantime; *wait*:
    go on once the system is there again. For the rest see :class:`renkei.sync.run.Order`.
    """

    selection: Selection | None = None
    wait: bool = False
    retry_failed: bool = False
    allow_unusual: bool = False
    take_over: bool = False


@define(kw_only=True)
class Course:
    """What the course of a sync works with."""

    standing: Standing
    systems: Systems
    observer: Observer
    who: str
    interrupted: Callable[[], bool]
    sleep: Sleep
    releasing: Callable[[Run, Pairing], Releasing]

    def follow(self, run_id: str, wanted: Wanted) -> None:
        """Sync until the run is over or paused; see :meth:`renkei.runs.Runs.sync` for errors."""
        waits = waiting_times()
        start = self._start(run_id)
        # Asked once: a night of closed hours must not end a sync that waits for them.
        halt = self._halt(start, retry_failed=wanted.retry_failed)
        while True:
            fault = self._once(start, wanted, halt)
            passing = wanted.wait and not self.interrupted()
            if not passing or not isinstance(fault, UnavailableError):
                return
            opens_in_s = self._until(fault.opens) if isinstance(fault, ClosedError) else 0.0
            if opens_in_s > 0:
                self.sleep(opens_in_s, "closed", fault.where)
                waits = waiting_times()
            else:
                self.sleep(next(waits), "retry", fault.where)
            # Asked for once: else each round would try those again who failed in the one before.
            wanted = evolve(wanted, retry_failed=False, take_over=False)
            self.systems.start_over()
            start = self._start(run_id)

    def _start(self, run_id: str) -> Start:
        start = self.standing.store.start(run_id)
        return evolve(start, run=self.standing.aged(start.run))

    def _until(self, moment: dt.datetime) -> float:
        return (moment - self.standing.clock.now()).total_seconds()

    def _halt(self, start: Start, *, retry_failed: bool) -> RenkeiError | None:
        """
        Return why nothing of a run may be sent any more, or None.

        Asked when a sync starts, not while it waits. A plan of which nothing was sent, and who is
        to be tried again, are refused here and now.
        """
        run = start.run
        if run.status not in UNFINISHED and not retry_failed:
            return None
        if self.standing.is_too_old(run):
            halt = expired(run, self.standing.hours_of(run))
            if retry_failed or not start.has_begun:
                self._expire(run, halt)
                raise halt
            return halt
        try:
            self.standing.current(run)
        except (UsageError, ConfigurationError) as error:
            return error
        return None

    def _once(self, start: Start, wanted: Wanted, halt: RenkeiError | None) -> SystemFault | None:
        """
        Sync until there is nothing left or a fault pauses it; return that fault.

        With *halt* only what is in doubt is settled, and then that is raised.
        """
        run = start.run
        again = wanted.retry_failed and run.status in (Status.DONE_WITH_ERRORS, Status.PAUSED)
        if not again and not start.is_unsettled:
            if run.status in (Status.DONE, Status.DONE_WITH_ERRORS):
                return None
            if halt is not None:
                self._expire(run, halt)
                raise halt
            refuse_over(run, self.standing.hours)
        order = self._order(start, wanted, halt, again=again)
        fault = self._sync(start, order).carry_out(run, order)
        if halt is not None and fault is None:
            raise halt
        return fault

    def _order(
        self, start: Start, wanted: Wanted, halt: RenkeiError | None, *, again: bool
    ) -> Order:
        """Return what one sync of a run is to do; UsageError if nobody is chosen."""
        run, chosen = start.run, start.selection
        refuse_purged(run)
        if chosen is None:
            raise choice_lost(run) if start.has_begun else nothing_chosen(run)
        over = run.status in (Status.CANCELLED, Status.EXPIRED)
        stale = not again and self._is_stale(run)
        return Order(
            who=self.who,
            selection=wanted.selection or chosen,
            retry_failed=again,
            take_over=wanted.take_over,
            send=halt is None and not over and not stale,
            expires=halt is not None and halt.code == "expired",
            allow=Permission(Judging(self.standing), run.id, wanted.allow_unusual),
        )

    def _sync(self, start: Start, order: Order) -> Sync:
        run, store, pairings = start.run, self.standing.store, self.standing.pairings
        pairing = self.standing.current(run) if order.send else pairings.recorded(run)
        if order.send and pairing.rehire == "reuse" and not start.has_begun:
            self.releasing(run, pairing).keep_reused()
        return Sync(
            store=store,
            systems=self.systems,
            pairing=pairing,
            clock=self.standing.clock,
            observer=self.observer,
            interrupted=self.interrupted,
            sleep=self.sleep,
            refuse_shared=lambda account: refuse_shared(store, pairings, run.target, account),
        )

    def _is_stale(self, run: Run) -> bool:
        """Return whether a run that is finished may not send again what had no effect."""
        finished = run.status is Status.DONE_WITH_ERRORS
        return finished and (self.standing.is_too_old(run) or not self.standing.is_current(run))

    def _expire(self, run: Run, halt: RenkeiError) -> None:
        """Let a run be over whose plan is too old and of which nothing is in doubt."""
        if halt.code == "expired":
            self.standing.store.expire(run.id, self.standing.clock.now())


def waiting_times() -> Iterator[float]:
    """Yield how long to wait for a system out of reach, in seconds: 30, doubling, at most 600."""
    return (min(30.0 * 2**attempt, 600.0) for attempt in count())
