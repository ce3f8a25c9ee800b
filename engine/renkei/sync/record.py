"""What became of each employee, written into the journal and told to those who watch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from attrs import define, field

from renkei.clock import Clock, opening_text
from renkei.errors import BusyError, ClosedError, RenkeiError, WrongPairError
from renkei.logs import log
from renkei.model import Item, Outcome, Remark, Status
from renkei.observer import Observer
from renkei.store.before import Before
from renkei.store.hold import Hold
from renkei.store.journal import Told, Write
from renkei.store.store import Store
from renkei.words.codes import remark


@define(kw_only=True)
class Recorder:
    """
    Records the outcomes of one sync under its lease; *last* has the newest by position.

    *before* is how it has found its run. *no_creates* tells why no further employee may be created,
    once there is a reason.
    """

    store: Store
    hold: Hold
    clock: Clock
    observer: Observer
    before: Before
    no_creates: Remark | None = field(init=False)
    last: dict[int, Outcome] = field(init=False, factory=dict)
    _done: int = field(init=False)
    _total: int = field(init=False)
    _held_back: list[Told] = field(init=False, factory=list)
    _seen: list[Told] = field(init=False, factory=list)
    _together: bool = field(init=False, default=False)
    _open: set[int] = field(init=False)
    """The writes that may have no result in the store."""

    def __attrs_post_init__(self) -> None:
        left_out = sorted(self.before.accepted)
        self.no_creates = numberless(*left_out) if left_out else None
        self._total = self.before.chosen
        self._done = self._total - sum(self.before.open_counts.values())
        self._open = {write.id for write in self.before.in_doubt}

    @property
    def run(self) -> str:
        """The id of the run."""
        return str(self.hold.lease.run_id)

    def in_doubt(self) -> list[Write]:
        """Return the writes whose fate is unknown, oldest first."""
        if not self._open:  # nobody else writes in this run
            return []
        found = self.store.open_writes(self.hold.lease.run_id)
        self._open = {write.id for write in found}
        return found

    def is_cancelled(self) -> bool:
        """Return whether somebody has asked the run to stop."""
        return self.store.is_cancelled(self.hold.lease.run_id)

    def left_out(self, item: Item) -> None:
        """Create nobody else: the target left out the number of *item*, as it would of all."""
        self.no_creates = numberless(str(item.number))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let outcomes of the block be committed with the next intents, or by :meth:`flush`."""
        self._together = True
        try:
            yield
        finally:
            self._together = False

    def flush(self) -> None:
        """Commit the outcomes that are held back; what only confirms them can wait."""
        if self._held_back:
            told = self._held_back + self._seen
            self.store.record(self.hold.lease, told)
            self._settle(told)
            self._held_back, self._seen = [], []

    def intend(self, wanted: Sequence[tuple[int, str]]) -> list[int] | None:
        """
        Commit the intents of writes, by position and kind, and the outcomes that are held back.

        Returns the ids of the intents; None: somebody asked to stop. Raises BusyError if the lease
        was taken over: what has come back is a fact all the same, and is committed by itself.
        """
        with self._handing_over() as told:
            ids = self.hold.intend(told, wanted, self.clock.now())
        self._settle(told, ids or ())
        return ids

    def end(
        self,
        status: Status | None,
        reason: Remark | None = None,
        resume_at: dt.datetime | None = None,
        usage: Mapping[str, object] | None = None,
    ) -> None:
        """Commit how the sync has ended, and the outcomes that are held back; as `intend`."""
        lease, now = self.hold.lease, self.clock.now()
        with self._handing_over() as told:
            ended = self.store.end_sync(
                lease, status, now, reason, resume_at, told=told, usage=usage
            )
        log.info("sync_ended", run=self.run, status=ended.value, code=reason and reason.code)

    @contextmanager
    def _handing_over(self) -> Iterator[list[Told]]:
        """Let the block commit what is held back; what it could not commit is held back again."""
        told = self._held_back + self._seen
        self._held_back, self._seen = [], []
        try:
            yield told
        except BusyError:
            self._held_back = told
            self.flush()
            raise
        except BaseException:  # the store, or a second Ctrl-C: whether it was committed or not
            self._held_back = told  # tried once more when the sync ends
            raise

    def _settle(self, told: Sequence[Told], intended: Sequence[int] = ()) -> None:
        """Keep which writes may be open after a commit."""
        self._open.update(intended)
        self._open -= {each.write_id for each in told if each.outcome is not Outcome.UNKNOWN}

    def confirm(self, seen: Iterable[Write]) -> None:
        """
        Let the outcomes of answered writes stand: they have been *seen* in the system.

        Committed with the next outcomes or intents, or with the end of the sync: until then a
        process that takes over looks once more.
        """
        done = {"create": Outcome.CREATED, "update": Outcome.UPDATED}
        for write in seen:
            told = Told(
                position=write.item.position,
                outcome=done[write.kind],
                at=self.clock.now(),
                write_id=write.id,
            )
            self._seen.append(told)

    def record(
        self,
        item: Item,
        outcome: Outcome,
        reason: Remark | None = None,
        *,
        write: int | None = None,
        result: str | None = None,
        answer_id: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Commit the outcome of *item*, and what became of its *write*; see :meth:`together`."""
        told = Told(
            position=item.position,
            outcome=outcome,
            at=self.clock.now(),
            write_id=write,
            result=result,
            answer_id=answer_id,
            reason=reason,
            detail=detail,
        )
        self._held_back.append(told)
        if not self._together:
            self.flush()
        self.last[item.position] = outcome
        log.info("outcome", run=str(self.run), outcome=outcome.value, code=reason and reason.code)
        if outcome not in (Outcome.UNKNOWN, Outcome.DEFERRED):
            # Never past the total: a write that was answered and then not found is recorded twice.
            self._done = min(self._done + 1, self._total)
            self.observer.writing(self._done, self._total)


def numberless(*numbers: str) -> Remark:
    """Return why a run creates nobody else: those with *numbers* were created without them."""
    return remark("created_without_number", field="number", numbers=numbers)


def reason_of(error: RenkeiError) -> Remark:
    """Return why a run paused because of *error*: the time it opens again, or who is at fault."""
    if isinstance(error, ClosedError):
        return Remark(error.code, (opening_text(error.opens, error.at),))
    if isinstance(error, WrongPairError):
        return Remark(error.code, error.numbers)
    return Remark(error.code, (error.where,) if error.where else ())
