"""One sync of one run: takes the lease, applies what is chosen, records how it ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Protocol

from attrs import define, frozen

from renkei.clock import Clock
from renkei.errors import AccessError, BusyError, ClosedError, RenkeiError, StoreError, SystemFault
from renkei.logs import log
from renkei.model import Difference, Remark, Run, Selection, Status
from renkei.observer import Observer
from renkei.people import NewField, Ref, Values
from renkei.plan import estimate
from renkei.plan.pairing import Pairing
from renkei.plan.whose import look
from renkei.plugins.facade import Reader
from renkei.plugins.writer import Writer
from renkei.store.before import Before
from renkei.store.hold import Hold, Moment
from renkei.store.journal import Allow
from renkei.store.lease import Lease
from renkei.store.releases import Place
from renkei.store.store import Store
from renkei.sync.apply import Apply, Stopped
from renkei.sync.doubt import Answers, Doubts, Waits
from renkei.sync.look import Look
from renkei.sync.record import Recorder, reason_of
from renkei.systems import Systems
from renkei.words.codes import remark

# docs/decisions/2026-11-28-fetch-again.md
SOURCE_OLD = dt.timedelta(hours=1)
"""A sync that goes on this long after the fetch reads the source again for those still open."""

WRITTEN = (Difference.NEW, Difference.CHANGED)
"""Who of a plan is sent something."""

ASK_S = 1.0
"""How often it is asked whether another process has given a sign of life."""


class Sleep(Protocol):
    """Waits some seconds for a reason, unless interrupted."""

    def __call__(self, seconds: float, reason: str, where: str | None) -> None:
        """Wait."""


@frozen(kw_only=True)
class Order:
    """
    What one sync is to do, and for whom.

    *allow* judges the choice by the safety limits. *send*: with False only what is in doubt is
    settled; with *expires* the run is over then. *retry_failed*: who failed is tried again.
    *take_over*: a process of unknown fate is not waited for.
    """

    who: str
    selection: Selection | None = None
    allow: Allow = lambda: (False, None)
    retry_failed: bool = False
    take_over: bool = False
    send: bool = True
    expires: bool = False


def offered(reader: Reader, pairing: Pairing) -> tuple[NewField, ...]:
    """Return the live choices for those required fields that the mapping does not fill."""
    names = {spec.name for spec in pairing.new_fields}
    return tuple(new for new in reader.new_employee_fields() if new.name in names)


@define(kw_only=True)
class Sync:
    """
    What one sync works with.

    *refuse_shared* raises if the account of the target is another company's as well.
    """

    store: Store
    systems: Systems
    pairing: Pairing
    clock: Clock
    observer: Observer
    interrupted: Callable[[], bool]
    sleep: Sleep
    refuse_shared: Callable[[str], None]

    def carry_out(self, run: Run, order: Order) -> SystemFault | None:
        """
        Carry out *order* in *run*; afterwards the store tells how it ended.

        A fault of a system pauses the run and is returned; a run that is over stays over. Raises
        BusyError or StoreError.
        """
        writer, hold = self._open(run, order)
        over = run.status if run.status.is_over and not order.retry_failed else None
        before = self.store.before_sync(run.id)
        began, recorder = self.clock.monotonic(), self._recorder(hold, before)
        try:
            with hold:
                left = self._apply(run, order, writer, recorder)
        except (BusyError, StoreError):
            raise  # another process has the run, or the store cannot be written: no end to record
        except Stopped:
            self._stopped(recorder, over)
        except SystemFault as fault:
            opens = fault.opens if isinstance(fault, ClosedError) else None
            recorder.end(over or Status.PAUSED, reason_of(fault), opens)
            return fault
        except RenkeiError as error:
            recorder.end(over or Status.PAUSED, reason_of(error))
            raise
        except BaseException:
            recorder.end(over or Status.PAUSED, remark("interrupted"))
            raise
        else:
            status, reason = self._ended(run, order, left, over)
            # The next estimate goes by it: a part of a sync would mislead.
            ahead = sum(before.open_counts.get(each, 0) for each in WRITTEN)
            went_through = not before.has_begun and status is not Status.PAUSED
            took_s = self.clock.monotonic() - began
            is_whole = went_through and ahead > 0
            usage = {"written": ahead, "sync_seconds": took_s} if is_whole else None
            recorder.end(status, reason, usage=usage)
        return None

    def _open(self, run: Run, order: Order) -> tuple[Writer, Hold]:
        """Open the target, take the lease of its account, and let its holder write."""
        writer = self.systems.writer(run.target)
        account = self.store.account(writer.connection.identity)
        self.refuse_shared(account)
        self._refuse_changed(writer, account)
        now = Moment.now()  # before the lease is taken: it must never seem younger than it is
        hold = Hold(self.store, self._lease(run, order, account), now)
        log.info("sync_began", run=run.id)
        # Asked right before each request: a process that slept finds out that it was replaced.
        writer.connection.allow_writes(hold.check)
        return writer, hold

    def _refuse_changed(self, writer: Writer, account: str) -> None:
        """Raise UsageError if a new token opens another account than the one that is known."""
        known = self.store.known_accounts()
        if writer.name in known:
            place = Place(connection=writer.name, account=account)
            with suppress(AccessError):  # the sync meets it itself, and pauses
                look([writer], [place], known, self.clock.now())

    def _lease(self, run: Run, order: Order, account: str) -> Lease:
        """
        Take the lease; while nobody knows whether its holder lives, wait for a sign of it.

        Whatever others have written or chosen until then counts for the limits.
        """
        while True:
            order.allow()  # at leisure: under the lease it is asked once more
            now = self.clock.now()
            try:
                return self.store.begin_sync(
                    run.id,
                    now,
                    order.who,
                    account=account,
                    selection=order.selection,
                    allow=order.allow,
                    retry_failed=order.retry_failed,
                    take_over=order.take_over,
                )
            except BusyError as busy:
                if busy.known_in_s is None or self.interrupted():
                    raise
                self.sleep(max(0.1, min(ASK_S, busy.known_in_s)), "owner", run.target)

    def _apply(self, run: Run, order: Order, writer: Writer, recorder: Recorder) -> Remark | None:
        """Write; return why some were left undone, if they were."""
        send, before, now = order.send, recorder.before, self.clock.now()
        writer.connection.check_open()
        rewritten = before.rewritten
        creates = send and before.open_counts.get(Difference.NEW, 0) > 0
        self.observer.estimate(
            estimate.of_sync(writer, before.open_counts, before.fetched, before.synced, now)
        )
        look, waits = self._look(run, writer), self._waits(run.target)
        # A choice may have vanished, or its code mean something else, since it was made: F29
        offer = offered(writer, self.pairing) if creates and self.pairing.new_fields else ()
        # A sync that begins does not read the source: the plan that was looked at is written (F31).
        if send and before.has_begun:
            rewritten |= self._changed_in_source(run)
        return Apply(
            recorder=recorder,
            look=look,
            doubts=Doubts(look=look, recorder=recorder, waits=waits, elsewhere=before.elsewhere),
            answers=Answers(look=look, recorder=recorder, waits=waits),
            offered=offer,
            rewritten=rewritten,
            interrupted=self.interrupted,
            send=send,
        ).carry_out()

    def _recorder(self, hold: Hold, before: Before) -> Recorder:
        return Recorder(
            store=self.store, hold=hold, clock=self.clock, observer=self.observer, before=before
        )

    def _look(self, run: Run, writer: Writer) -> Look:
        source = self.pairing.fields[self.pairing.source_side]
        return Look(
            writer=writer,
            comparison=self.pairing.comparison(source, writer.fields, run.base_date),
            clock=self.clock,
            chosen=tuple(spec.name for spec in self.pairing.new_fields),
        )

    def _waits(self, target: str) -> Waits:
        def pause(seconds: float, reason: str) -> None:
            self.sleep(seconds, reason, target)
            if self.interrupted():
                raise Stopped

        settings = self.systems.config.settings
        return Waits(settings.settle_wait_seconds, settings.longest_request_seconds, pause)

    # --- the source ---------------------------------------------------------------------------

    def _changed_in_source(self, run: Run) -> frozenset[str]:
        """
        Return the ids of those in the source who are not as the plan has them any more.

        Long after the fetch all who are still open are read there again.
        """
        planned = run.planned_at
        if planned is None or self.clock.now() - planned <= SOURCE_OLD:
            return frozenset()
        read: dict[str, Values] = {}
        for item in self.store.items(run.id, selected=True, open_only=True):
            if item.difference is not Difference.SAME:
                read[item.source_id] = item.read
        now = self._in_source(run, read)
        fields = self.pairing.translation.source_fields
        changed: set[str] = set()
        for identity, before in read.items():
            is_gone = identity not in now  # or has left those whom the pair is for
            if is_gone or _of(fields, now[identity]) != _of(fields, before):
                changed.add(identity)
        return frozenset(changed)

    def _in_source(self, run: Run, ids: Iterable[str]) -> dict[str, Values]:
        """Return how those with these *ids* read in the source now, if the pair is for them."""
        reader = self.systems.reader(run.source)
        reader.connection.check_open()
        fields, scope = self.pairing.translation.source_fields, self.pairing.scopes[0]
        asked = tuple(dict.fromkeys([*fields, *scope.fields]))
        refs = [Ref(id=identity) for identity in ids]
        people = reader.read_employees(refs, run.base_date, asked)
        return {person.id: person.values for person in people if scope.holds(person)}

    # --- the end ------------------------------------------------------------------------------

    def _stopped(self, recorder: Recorder, over: Status | None) -> None:
        """Pause after an interrupt of this process; cancel after a request from another one."""
        if self.interrupted():
            recorder.end(over or Status.PAUSED, remark("interrupted"))
        else:
            recorder.end(Status.CANCELLED, remark("stopped"))

    @staticmethod
    def _ended(
        run: Run, order: Order, left: Remark | None, over: Status | None
    ) -> tuple[Status | None, Remark | None]:
        """
        Return the status of a run that has come to its end, and why it goes on later.

        None: it is done, with errors or without.
        """
        if order.expires:
            return Status.EXPIRED, None
        if over in (Status.CANCELLED, Status.EXPIRED):
            return over, run.reason
        if not order.send:
            return over or Status.PAUSED, run.reason
        if left and not over:
            return Status.PAUSED, left
        return None, None


def _of(fields: tuple[str, ...], values: Values) -> Values:
    """Return those of *values* that are in *fields*."""
    return {name: values[name] for name in fields if name in values}
