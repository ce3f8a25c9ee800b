"""What became of each employee, written into the journal and told to those who watch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from attrs import define, field

from renkei.clock import Clock, opening_text
from renkei.errors import BusyError, ClosedError, RenkeiError, StoreError, WrongPairError
from renkei.logs import log
from renkei.model import Item, Outcome, Remark
from renkei.observer import Observer
from renkei.store.hold import Hold
from renkei.store.journal import Told, Write
from renkei.store.store import Store
from renkei.words.codes import remark


@define(kw_only=True)
class Recorder:
    """
    Records the outcomes of one sync under its lease; *last* has the newest by position.

    *no_creates* tells why no further employee may be created, once there is a reason.
    """

    store: Store
    hold: Hold
    clock: Clock
    observer: Observer
    no_creates: Remark | None = None
    last: dict[int, Outcome] = field(init=False, factory=dict)
    _done: int = field(init=False)
    _total: int = field(init=False)
    _held_back: list[Told] = field(init=False, factory=list)
    _together: bool = field(init=False, default=False)
    _open: set[int] | None = field(init=False, default=None)
    """The writes that may have no result in the store; None: it was not asked yet."""

    def __attrs_post_init__(self) -> None:
        self._total = self.store.count(self.run, selected=True)
        self._done = self._total - sum(self.store.open_counts(self.run).values())

    @property
    def run(self) -> str:
        """The id of the run."""
        return str(self.hold.lease.run_id)

    def in_doubt(self) -> list[Write]:
        """Return the writes whose fate is unknown, oldest first."""
        if self._open == set():  # nobody else writes in this run
            return []
        found = self.store.open_writes(self.hold.lease.run_id)
        self._open = {write.id for write in found}
        return found

    def answered(self) -> list[Write]:
        """Return the writes that were answered and not looked at since, oldest first."""
        return self.store.answered_writes(self.hold.lease.run_id)

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
        """Commit the outcomes that are held back."""
        if self._held_back:
            self.store.record(self.hold.lease, self._held_back)
            self._settle(self._held_back)
            self._held_back = []

    def intend(self, wanted: Sequence[tuple[int, str]]) -> list[int] | None:
        """
        Commit the intents of writes, by position and kind, and the outcomes that are held back.

        Returns the ids of the intents; None: somebody asked to stop. Raises BusyError if the lease
        was taken over: what has come back is a fact all the same, and is committed by itself.
        """
        told, self._held_back = self._held_back, []
        try:
            ids = self.hold.intend(told, wanted, self.clock.now())
        except BusyError:
            self._held_back = told
            self.flush()
            raise
        except StoreError:
            self._held_back = told  # tried once more when the sync ends
            raise
        self._settle(told, ids or ())
        return ids

    def _settle(self, told: Sequence[Told], intended: Sequence[int] = ()) -> None:
        """Keep which writes may be open after a commit."""
        if self._open is not None:
            self._open.update(intended)
            self._open -= {each.write_id for each in told if each.outcome is not Outcome.UNKNOWN}

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
