"""One sync of one run: takes the lease, applies what is chosen, records how it ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Protocol

import structlog
from attrs import define

from renkei import estimate
from renkei.apply import Application, Stopped, reason_of
from renkei.clock import Clock
from renkei.errors import BusyError, ClosedError, RenkeiError, StoreError, SystemFault
from renkei.model import Difference, NewField, Outcome, Remark, Run, Selection, Status
from renkei.observer import Observer
from renkei.plugins import Reader, Writer
from renkei.store import Hold, Moment, Store
from renkei.systems import Pairing, Systems

log = structlog.get_logger()


class Sleep(Protocol):
    """Waits some seconds for a reason, unless interrupted."""

    def __call__(self, seconds: float, reason: str, where: str | None) -> None:
        """Wait."""


def offered(reader: Reader, pairing: Pairing) -> tuple[NewField, ...]:
    """Return the live choices for those required fields that the mapping does not fill."""
    names = {spec.name for spec in pairing.new_fields}
    return tuple(new for new in reader.new_employee_fields() if new.name in names)


@define(kw_only=True)
class Sync:
    """What one sync works with."""

    store: Store
    systems: Systems
    pairing: Pairing
    clock: Clock
    observer: Observer
    settle_wait_s: float
    interrupted: Callable[[], bool]
    sleep: Sleep

    def carry_out(
        self, run: Run, who: str, selection: Selection, *, allow: bool, retry_failed: bool
    ) -> SystemFault | None:
        """
        Write what *selection* has chosen in *run*; afterwards the store tells how it ended.

        With *allow*, *who* allows what is unusual in it.

        A fault of the target pauses the run and is returned. Raises BusyError or StoreError.
        """
        writer = self.systems.writer(run.target)
        now = Moment.now()
        lease = self.store.begin_sync(
            run.id,
            self.clock.now(),
            who,
            selection=selection,
            allow=allow,
            retry_failed=retry_failed,
        )
        log.info("sync_began", run=run.id)
        hold = Hold(self.store, lease, now)
        writer.connection.guard = hold.check
        told = writer.connection.on_wait

        def on_wait(reason: str, seconds: float) -> None:
            hold.check()
            if told:
                told(reason, seconds)

        writer.connection.on_wait = on_wait
        try:
            left = self._apply(run, hold, writer)
        except (BusyError, StoreError):
            raise
        except Stopped:
            self._stopped(hold)
        except SystemFault as fault:
            opens = fault.opens if isinstance(fault, ClosedError) else None
            self._end(hold, Status.PAUSED, reason_of(fault), opens)
            return fault
        except RenkeiError as error:
            self._end(hold, Status.PAUSED, reason_of(error))
            raise
        except BaseException:
            self._end(hold, Status.PAUSED, Remark("interrupted"))
            raise
        else:
            self._end(hold, Status.PAUSED if left else self._final(run.id), left)
        return None

    def _apply(self, run: Run, hold: Hold, writer: Writer) -> Remark | None:
        """Write; return why some were left undone, if they were."""
        writer.connection.check_open()
        source = self.systems.fields(self.pairing.mapping)[self.pairing.source_side]
        open_counts = self.store.open_counts(run.id)
        creates = open_counts.get(Difference.NEW, 0) > 0 and self.pairing.new_fields
        usage = self.store.usage(run.source, run.target)
        self.observer.estimate(estimate.of_sync(writer, open_counts, usage, self.clock.now()))
        application = Application(
            store=self.store,
            hold=hold,
            writer=writer,
            comparison=self.pairing.comparison(source, writer.fields, run.base_date),
            offered=offered(writer, self.pairing) if creates else (),
            rewritten=self.store.rewritten(run.id),
            clock=self.clock,
            observer=self.observer,
            settle_wait_s=self.settle_wait_s,
            interrupted=self.interrupted,
            pause=lambda seconds, reason: self.sleep(seconds, reason, run.target),
        )
        if run.status is Status.CANCELLED:
            application.settle(send=False)
            return None
        return application.carry_out()

    def _stopped(self, hold: Hold) -> None:
        """Pause after an interrupt of this process; cancel after a request from another one."""
        if self.interrupted():
            self._end(hold, Status.PAUSED, Remark("interrupted"))
        else:
            self._end(hold, Status.CANCELLED, Remark("stopped"))

    def _end(
        self,
        hold: Hold,
        status: Status,
        reason: Remark | None = None,
        resume_at: dt.datetime | None = None,
    ) -> None:
        self.store.end_sync(hold.lease, status, self.clock.now(), reason, resume_at)
        code = reason and reason.code
        log.info("sync_ended", run=hold.lease.run_id, status=status.value, code=code)

    def _final(self, run_id: str) -> Status:
        outcomes = self.store.run(run_id).outcomes or {}
        bad = outcomes.get(Outcome.FAILED, 0) + outcomes.get(Outcome.UNKNOWN, 0)
        return Status.DONE_WITH_ERRORS if bad else Status.DONE
