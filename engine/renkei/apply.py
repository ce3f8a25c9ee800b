"""The chosen items become create and update calls, each journalled: intent, request, outcome.

The journal is what makes a write safe to interrupt anywhere. An intent is committed before the
request leaves and its outcome after the answer came. Whatever has an intent and no outcome is in
doubt, and only a look-up in the system may settle it; nothing is ever sent again blindly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

import structlog
from attrs import define, field, frozen

from renkei.choose import vanished
from renkei.clock import Clock
from renkei.compare import Comparison
from renkei.errors import (
    BusyError,
    ClosedError,
    InDoubtError,
    PlanFullError,
    RecordError,
    RenkeiError,
    StoreError,
    SystemFault,
    UnavailableError,
)
from renkei.model import JST, Difference, Employee, Item, NewField, Outcome, Ref, Remark, Values
from renkei.observer import Observer
from renkei.plugins import BATCH, Writer
from renkei.store import Hold, OpenWrite, Store

FRESH_S = 10.0
"""How old the last look at an employee may be when the write leaves; then it is read again."""

LOOKS = 2
"""How many looks in a row may grow too old before one of them has to do."""

WHO = ("family_name", "given_name", "birth")
"""Roles of the fields by which somebody without a number is told from others."""

DOUBTS = 3
"""After so many writes in doubt in a row the look-up comes first; none was done: the run pauses."""

SENDINGS = 3
"""How often a write that was found to have had no effect is sent in one sync."""


T = TypeVar("T")

log = structlog.get_logger()

_REFUSALS = {"not_found": "gone"}
"""What a refusal means for an employee, where its code says something else of a whole system."""


class Stopped(Exception):
    """Somebody asked the run to stop; the employee in hand is finished."""


@frozen
class Seen:
    """How some employees read at one moment of the monotonic clock."""

    by_id: dict[str, Employee]
    by_number: dict[str, list[Employee]]
    at: float


@define(kw_only=True)
class Application:
    """
    One sync of one run, from the chosen items of the store to their outcomes.

    *offered* has the live choices of the required new-record fields. *rewritten* has the ids of
    those in the source whom other runs have updated since the plan was made: what the plan says of
    them is out of date. *pause* waits, unless interrupted.
    """

    store: Store
    hold: Hold
    writer: Writer
    comparison: Comparison
    offered: Sequence[NewField]
    rewritten: frozenset[str]
    clock: Clock
    observer: Observer
    settle_wait_s: float
    interrupted: Callable[[], bool]
    pause: Callable[[float, str], None]
    _no_creates: Remark | None = field(init=False, default=None)
    _doubts: list[RenkeiError] = field(init=False, factory=list)
    _sendings: dict[int, int] = field(init=False, factory=dict)
    _each_s: float = field(init=False, default=0.0)
    _done: int = field(init=False, default=0)
    _total: int = field(init=False, default=0)

    def carry_out(self) -> Remark | None:
        """
        Give every chosen employee an outcome; return why creates were left undone, if they were.

        Raises Stopped, or the error that keeps the whole system from being written to.
        """
        if self.store.accepted(self.hold.lease.connection, self.hold.lease.run_id):
            self._no_creates = Remark("created_without_number")
        self._total = self.store.count(self._run, selected=True)
        self._done = self._total - sum(self.store.open_counts(self._run).values())
        try:
            self.settle()
            for batch in _batches(self._open(), BATCH):
                self._batch(batch)
            self.settle()
        except Stopped:
            self.settle(send=False)
            raise
        return self._no_creates

    def settle(self, *, send: bool = True) -> int:
        """
        Look up every write in doubt until each has an outcome or has been sent again often enough.

        A write is taken for absent only after two look-ups with a wait between them, and a create
        only if nobody like that is there without a number. Without *send* such a write is deferred.
        Returns how many had no effect at the last look.
        """
        while doubts := self.store.open_writes(self.hold.lease.run_id):
            absent = self._look_up(doubts)
            if absent:
                self.pause(self.settle_wait_s, "settle")
                if self.interrupted():
                    raise Stopped  # the wait was cut short, so a second look would prove nothing
                absent = self._without_number(self._look_up(absent))
            again = [d for d in absent if not send or self._may_send(d.item)]
            for doubt in again:
                self._sendings.setdefault(doubt.item.position, 0)  # an earlier process has sent it
                self._record(doubt.item, Outcome.DEFERRED, write=doubt.id)
                if send:
                    self._batch([doubt.item])
            if not (again and send):
                return len(absent)
        return 0

    def _may_send(self, item: Item) -> bool:
        return self._sendings.get(item.position, 0) < SENDINGS

    # --- one batch --------------------------------------------------------------------------

    def _batch(self, items: Sequence[Item]) -> None:
        """
        Write some employees; those whose last look is too old by then are read again.

        At a slow pace fewer are looked at together, so that their looks are still good. Where each
        wait for room outlasts a look, the third one has to do: nobody would be written.
        """
        remaining = [item for item in items if not self._needs_nothing(item)]
        looks = 0
        while remaining:
            part = remaining[: self._together()]
            seen = self._read(part)
            looks += 1
            written = 0
            while written < len(part) and (looks > LOOKS or self._fresh(seen)):
                self.writer.wait_for_room()
                if looks <= LOOKS and not self._fresh(seen):
                    break
                looks = 0
                self._one(part[written], seen)
                written += 1
                self._refuse_to_go_on()
            del remaining[:written]
            if written:
                self._each_s = (self.clock.monotonic() - seen.at) / written

    def _together(self) -> int:
        """Return how many employees to look at at once, going by how long the last ones took."""
        return max(1, min(BATCH, int(FRESH_S / self._each_s))) if self._each_s else BATCH

    def _refuse_to_go_on(self) -> None:
        """
        Raise what is wrong unless the last writes, all in doubt, came to effect.

        Asked after some of them in a row, or at once if the system is not to be asked again soon.
        """
        if not self._doubts:
            return
        cause = self._doubts[-1]
        hopeless = isinstance(cause, UnavailableError) and not cause.again
        if len(self._doubts) < DOUBTS and not hopeless:
            return
        self._doubts.clear()
        if self.settle(send=False) and isinstance(cause, SystemFault):
            raise cause

    def _fresh(self, seen: Seen) -> bool:
        return self.clock.monotonic() - seen.at < FRESH_S

    def _needs_nothing(self, item: Item) -> bool:
        if item.difference is not Difference.SAME:
            return False
        self._record(item, Outcome.UNCHANGED)
        return True

    def _one(self, item: Item, seen: Seen) -> None:
        if item.source_id in self.rewritten:
            self._record(item, Outcome.FAILED, Remark("source_changed"))
        elif item.difference is Difference.NEW:
            self._create(item, seen)
        else:
            self._update(item, seen)

    def _create(self, item: Item, seen: Seen) -> None:
        if self._no_creates:
            self._record(item, Outcome.DEFERRED, self._no_creates)
        elif hits := seen.by_number.get(str(item.number), []):
            self._exists(item, hits)
        elif gone := vanished(item, self.offered):
            self._record(item, Outcome.FAILED, Remark("choice_gone", (gone,)))
        else:
            self._send(item, "create", lambda: self.writer.create_employee(new_values(item)))

    def _exists(self, item: Item, hits: Sequence[Employee]) -> None:
        """Somebody has created this employee since the fetch: another one, or we ourselves."""
        if len(hits) == 1 and self._equals(item, hits[0]):
            ours = item.position in self._sendings
            self._record(item, Outcome.CREATED if ours else Outcome.UNCHANGED)
        else:
            self._record(item, Outcome.FAILED, Remark("exists_by_now"))

    def _update(self, item: Item, seen: Seen) -> None:
        current = seen.by_id.get(item.target_id or "")
        if current is None:
            self._record(item, Outcome.FAILED, Remark("gone"))
        elif changed := self._changed(item, current):
            if self._equals(item, current):
                ours = item.position in self._sendings
                self._record(item, Outcome.UPDATED if ours else Outcome.UNCHANGED)
            else:
                self._record(item, Outcome.FAILED, Remark("changed_since_fetch", changed))
        else:
            changes = {change.field: change.after for change in item.changes}
            self._send(item, "update", lambda: self.writer.update_employee(current, changes))

    def _send(self, item: Item, kind: str, send: Callable[[], object]) -> None:
        """Commit the intent, send, commit the outcome."""
        if self.interrupted():
            raise Stopped
        write = self.hold.intend(item.position, kind, self.clock.now())
        if write is None:
            raise Stopped
        sent_before = item.position in self._sendings
        self._sendings[item.position] = self._sendings.get(item.position, 0) + 1
        try:
            send()
        except InDoubtError as error:
            self._doubts.append(error.cause)
            self._record(
                item, Outcome.UNKNOWN, Remark("in_doubt", (error.cause.code,)), write=write
            )
        except RecordError as error:
            late = sent_before and kind == "create" and self._is_there(item)
            self._refused(item, error, write, late=late)
        except PlanFullError as error:
            self._no_creates = reason_of(error)
            self._record(item, Outcome.DEFERRED, self._no_creates, write=write)
        except (BusyError, StoreError):
            raise  # whoever takes over finds the write in doubt
        except RenkeiError:
            # The system certainly did nothing: whoever raises this in a write has said so.
            self.store.close_write(write, "not_sent", self.clock.now())
            raise
        else:
            self._doubts.clear()
            done = Outcome.CREATED if kind == "create" else Outcome.UPDATED
            self._record(item, done, write=write)

    def _refused(self, item: Item, error: RecordError, write: int, *, late: bool) -> None:
        """Record a refusal; *late*: an earlier try came through after all, this one is too many."""
        if late:
            self._record(item, Outcome.CREATED, write=write)
            return
        reason = Remark(_REFUSALS.get(error.code, error.code), error.fields)
        self._record(
            item,
            Outcome.FAILED,
            reason,
            write=write,
            detail=error.detail,
            accepted=error.accepted,
        )
        if error.accepted:
            self._no_creates = reason  # it would be the same for everybody

    def _is_there(self, item: Item) -> bool:
        """Tell whether the target has exactly this new employee, and nobody else of that number."""
        hits = self._read([item]).by_number.get(str(item.number), [])
        return len(hits) == 1 and self._equals(item, hits[0])

    # --- what is in doubt -------------------------------------------------------------------

    def _look_up(self, doubts: Sequence[OpenWrite]) -> list[OpenWrite]:
        """Settle what can be settled; return the writes that have had no effect so far."""
        absent = []
        for batch in _batches(doubts, BATCH):
            seen = self._read([doubt.item for doubt in batch])
            absent += [doubt for doubt in batch if not self._settled(doubt, seen)]
        return absent

    def _without_number(self, absent: Sequence[OpenWrite]) -> list[OpenWrite]:
        """
        Settle creates from which the target has left out the number; return the other writes.

        No look at numbers finds them, and sent again they would be there twice: so all who have no
        number are looked at, by name and birth.
        """
        if not any(doubt.kind == "create" for doubt in absent):
            return list(absent)
        number = self.comparison.translation.number_fields[1]
        listed = self.writer.list_employees(
            self.comparison.base, self.comparison.translation.target_fields
        )
        nameless = [person for person in listed if person.values.get(number) is None]
        left = []
        for doubt in absent:
            if doubt.kind == "create" and any(self._like(doubt.item, each) for each in nameless):
                self._no_creates = Remark("created_without_number")
                self._record(
                    doubt.item, Outcome.FAILED, self._no_creates, write=doubt.id, accepted=True
                )
            else:
                left.append(doubt)
        return left

    def _like(self, item: Item, person: Employee) -> bool:
        """Tell whether *person* may be this new employee: as who is who is told, or altogether."""
        number = self.comparison.translation.number_fields[1]
        sent = {change.field for change in item.changes} - {number}
        who = {spec.name for spec in self.comparison.target_specs if spec.role in WHO} & sent
        return not (who or sent) & set(self._differing(item, person))

    def _settled(self, doubt: OpenWrite, seen: Seen) -> bool:
        if doubt.kind == "create":
            return self._settled_create(doubt, seen.by_number.get(str(doubt.item.number), []))
        return self._settled_update(doubt, seen.by_id.get(doubt.item.target_id or ""))

    def _settled_create(self, doubt: OpenWrite, hits: Sequence[Employee]) -> bool:
        if not hits:
            return False
        if len(hits) == 1 and self._equals(doubt.item, hits[0]):
            self._record(doubt.item, Outcome.CREATED, write=doubt.id)
        else:
            differing = self._differing(doubt.item, hits[0])
            reason = Remark("exists_with_other_values", differing)
            self._record(doubt.item, Outcome.FAILED, reason, write=doubt.id)
        return True

    def _settled_update(self, doubt: OpenWrite, current: Employee | None) -> bool:
        if current is None:
            self._record(doubt.item, Outcome.FAILED, Remark("gone"), write=doubt.id)
        elif self._equals(doubt.item, current):
            self._record(doubt.item, Outcome.UPDATED, write=doubt.id)
        elif changed := self._changed(doubt.item, current):
            reason = Remark("changed_since_fetch", changed)
            self._record(doubt.item, Outcome.FAILED, reason, write=doubt.id)
        else:
            return False
        return True

    # --- small things -----------------------------------------------------------------------

    @property
    def _run(self) -> str:
        return str(self.hold.lease.run_id)

    def _open(self) -> Iterator[Item]:
        """Iterate over the chosen items without an outcome; those in doubt wait for a look-up."""
        waiting = {doubt.item.position for doubt in self.store.open_writes(self.hold.lease.run_id)}
        for item in self.store.items(self._run, selected=True, open_only=True):
            if item.position not in waiting:
                yield item

    def _read(self, items: Sequence[Item]) -> Seen:
        refs = [
            Ref(id=item.target_id) if item.target_id else Ref(number=item.number) for item in items
        ]
        people = self.writer.read_employees(
            refs, self.comparison.base, self.comparison.translation.target_fields
        )
        at = self.clock.monotonic()
        number = self.comparison.translation.number_fields[1]
        by_number: dict[str, list[Employee]] = {}
        for person in people:
            by_number.setdefault(str(person.values.get(number) or ""), []).append(person)
        return Seen({person.id: person for person in people}, by_number, at)

    def _changed(self, item: Item, current: Employee) -> tuple[str, ...]:
        """Return the mapped fields that no longer read as they did at the fetch."""
        now, before = self.comparison.mapped(current.values), item.before or {}
        names = sorted(now.keys() | before.keys())
        return tuple(n for n in names if n not in now or n not in before or now[n] != before[n])

    def _equals(self, item: Item, person: Employee) -> bool:
        return not self._differing(item, person)

    def _differing(self, item: Item, person: Employee) -> tuple[str, ...]:
        """Return the fields in which *person* is not what this item would have made of them."""
        holds = self.comparison.holds
        return tuple(
            change.field for change in item.changes if not holds(person, change.field, change.after)
        )

    def _record(
        self,
        item: Item,
        outcome: Outcome,
        reason: Remark | None = None,
        *,
        write: int | None = None,
        detail: str | None = None,
        accepted: bool = False,
    ) -> None:
        self.store.record(
            self.hold.lease,
            item.position,
            outcome,
            self.clock.now(),
            write_id=write,
            reason=reason,
            detail=detail,
            accepted=accepted,
        )
        log.info("outcome", run=self._run, outcome=outcome.value, code=reason and reason.code)
        if outcome not in (Outcome.UNKNOWN, Outcome.DEFERRED):
            self._done += 1
            self.observer.writing(self._done, self._total)


def new_values(item: Item) -> Values:
    """Return what a create sends: the translated values that are not empty, and the chosen ones."""
    mapped = {change.field: change.after for change in item.changes}
    return {**mapped, **{name: choice.code for name, choice in item.new_values.items()}}


def reason_of(error: RenkeiError) -> Remark:
    """Return why a run paused because of *error*: the time it opens again, or who is at fault."""
    if isinstance(error, ClosedError):
        return Remark(error.code, (f"{error.opens.astimezone(JST):%H:%M}",))
    return Remark(error.code, (error.where,) if error.where else ())


def _batches(things: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(things)
    while batch := list(islice(iterator, size)):
        yield batch
