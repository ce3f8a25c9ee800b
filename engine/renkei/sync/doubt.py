"""Writes that are not settled: those whose answer never came, and those that were only answered.

An update may be sent again once two looks in a row have shown no effect. A create may not: while
the system still works on the request, nobody is there, however often one looks. So it is sent again
only when the longest possible request has passed since the first one left, by the real clock.

Why: docs/decisions/2026-11-28-creates-in-doubt.md, and 2026-11-28-answered-writes.md beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from attrs import define, field, frozen

from renkei.model import Item, Outcome, Remark
from renkei.people import Employee, Ref
from renkei.store.hold import SENT_S
from renkei.store.journal import Write
from renkei.store.tables import ACCEPTED, NOT_STORED, OTHERWISE
from renkei.sync.look import Look, Seen, ref_of
from renkei.sync.record import Recorder
from renkei.words.codes import remark

LOOK_EVERY_S = 5.0
"""How often somebody in doubt is looked up while their time has not come."""


@frozen
class Waits:
    """
    How long a sync waits: *settle_s* between two looks at somebody.

    *longest_s* is the longest time that a system may work on one request. *pause* waits the given
    seconds for a reason, and raises if it is interrupted: a wait that was cut short proves nothing.
    """

    settle_s: float
    longest_s: float
    pause: Callable[[float, str], None]


@define(kw_only=True)
class Doubts:
    """
    The writes of one run that have an intent and no result.

    *elsewhere* has the numbers of those whom another run has created or may be creating, each with
    the time its request left.
    """

    look: Look
    recorder: Recorder
    waits: Waits
    elsewhere: Mapping[str, float | None]
    _first_seen: dict[object, float] = field(init=False, factory=dict)
    _ours: dict[int, float] = field(init=False, factory=dict)
    _told: set[str] = field(init=False, factory=set)

    def sent(self, write: int) -> None:
        """Remember that this process sends *write* now."""
        self._ours[write] = self.recorder.clock.monotonic()

    def look_up(self) -> list[Write]:
        """Look at everybody in doubt once; return the writes that have had no effect so far."""
        return self._absent(self.recorder.in_doubt())

    def without_effect(self, *, patient: bool = False) -> list[Write]:
        """
        Return the writes that certainly had no effect, after two looks at them.

        A create is among them only if it is late enough and nobody like that is there without the
        number: no look at numbers would find them. *patient*: creates that are not late enough are
        looked at twice, too, since they may have come through by then.
        """
        absent = self.look_up()
        if not patient:
            absent = self._late(absent)
        if not absent:
            return []
        self.waits.pause(self.waits.settle_s, "settle")
        still_absent = self._absent(absent)
        return self._with_number(self._late(still_absent))

    def _late(self, writes: Sequence[Write]) -> list[Write]:
        """Return those on which the system cannot be working any more."""
        return [write for write in writes if self._left_s(write) <= 0]

    def is_created_elsewhere(self, item: Item) -> bool:
        """Return whether another run has sent this employee so lately that no list shows them."""
        number = str(item.number)
        if number not in self.elsewhere:
            return False
        return self._rest_s(number, self.elsewhere[number]) > 0

    def wait(self, later: Sequence[Item]) -> bool:
        """
        Wait a while for the creates that are in doubt; False if there are none.

        *later* are those whom another run may be creating.
        """
        left: dict[str, float] = {}
        for write in self.recorder.in_doubt():
            left[str(write.item.number)] = self._left_s(write)
        for item in later:
            number = str(item.number)
            left[number] = self._rest_s(number, self.elsewhere[number])
        if not left:
            return False
        longest_s = max(left.values())
        if left.keys() - self._told:
            self._told |= left.keys()
            self.recorder.observer.in_doubt(self.look.writer.name, sorted(left), longest_s)
        if longest_s > 0:
            self.waits.pause(min(LOOK_EVERY_S, longest_s), "in_doubt")
        return True

    def _left_s(self, write: Write) -> float:
        """Return for how many seconds the system may still be working on *write*."""
        if write.kind != "create":
            return 0.0  # to repeat an update changes nothing
        left_s = self._rest_s(write.id, write.sent_at)
        if write.id not in self._ours:
            return left_s
        # Sent by this process, so a clock that nobody can set counts as well.
        age_s = self.recorder.clock.monotonic() - self._ours[write.id]
        return max(left_s, self.waits.longest_s - age_s)

    def _rest_s(self, key: object, sent_at: float | None) -> float:
        """
        Return what is left of the longest request that left at *sent_at*, in real seconds.

        A stamp of the future, or none, as renkei 0.1.0 left it, counts from when we see it first.
        """
        now = self.recorder.clock.monotonic()
        seen_s = now - self._first_seen.setdefault(key, now)
        # Not the calendar's clock, which RENKEI_NOW moves: the other system has its own time.
        age_s = self.recorder.clock.real_now().timestamp() - (sent_at or 0.0)
        if sent_at is None or age_s < 0:
            age_s = seen_s
        return self.waits.longest_s + SENT_S - age_s

    def _absent(self, writes: Sequence[Write]) -> list[Write]:
        """Settle what one look can settle; return the other writes."""
        if not writes:
            return []
        seen = self.look.at([ref_of(write.item) for write in writes])
        return [write for write in writes if not self._settled(write, seen)]

    def _settled(self, write: Write, seen: Seen) -> bool:
        if write.kind == "create":
            number = str(write.item.number)
            hits = seen.by_number.get(number, [])
            if not hits and number in seen.taken:
                self._otherwise(write, remark("number_taken"))
                return True
            return self._settled_create(write, hits)
        return self._settled_update(write, seen.by_id.get(write.item.target_id or ""))

    def _settled_create(self, write: Write, hits: Sequence[Employee]) -> bool:
        if not hits:
            return False
        if len(hits) == 1 and self.look.equals(write.item, hits[0]):
            self.recorder.record(write.item, Outcome.CREATED, write=write.id)
        else:
            differing = self.look.differing(write.item, hits[0])
            self._otherwise(write, remark("exists_with_other_values", fields=differing))
        return True

    def _settled_update(self, write: Write, current: Employee | None) -> bool:
        if current is None:
            self._otherwise(write, remark("gone"))
        elif self.look.equals(write.item, current):
            self.recorder.record(write.item, Outcome.UPDATED, write=write.id)
        elif changed := self.look.changed(write.item, current):
            self._otherwise(write, remark("changed_since_fetch", fields=changed))
        else:
            return False
        return True

    def _otherwise(self, write: Write, reason: Remark) -> None:
        """Record that somebody reads otherwise than was sent; the write may have had an effect."""
        item = write.item
        self.recorder.record(item, Outcome.FAILED, reason, write=write.id, result=OTHERWISE)

    def _with_number(self, absent: Sequence[Write]) -> list[Write]:
        """Settle creates whose number the target has not stored as sent; return the others."""
        creates = [write.item for write in absent if write.kind == "create"]
        if not creates:
            return list(absent)
        misnumbered = self.look.misnumbered(creates)
        left = []
        for write in absent:
            found = self._may_be(write, misnumbered)
            if found is None:
                left.append(write)
            elif found.values.get(self.look.number) is None:
                self._without_number(write)
            else:
                # sent again, they would be there twice: no look at numbers finds them
                self._otherwise(write, remark("not_stored", fields=(self.look.number,)))
        return left

    def _may_be(self, write: Write, people: Sequence[Employee]) -> Employee | None:
        """Return who of *people* may have come of a create, if anybody."""
        if write.kind != "create":
            return None
        for person in people:
            if self.look.may_be(write.item, person) and not self._is_another_one(person):
                return person
        return None

    def _is_another_one(self, person: Employee) -> bool:
        """Tell whether the plan has *person* as another employee, be they ever so alike."""
        store, run = self.recorder.store, self.recorder.run
        if store.partners_of(run, person.id):
            return True
        number = person.values.get(self.look.number)
        return number is not None and any(store.items(run, numbers=(str(number),)))

    def _without_number(self, write: Write) -> None:
        """Record that a create came through and the target has left out the number."""
        item, reason = write.item, remark("created_without_number")
        self.recorder.left_out(item)
        self.recorder.record(item, Outcome.FAILED, reason, write=write.id, result=ACCEPTED)


@define(kw_only=True)
class Answers:
    """
    The writes that the system has taken: each is looked at once more before it counts.

    A system may accept a change and not store it, store it elsewhere, or change more than that.
    They are no doubts and are never sent again.
    """

    look: Look
    recorder: Recorder
    waits: Waits
    _pending: dict[int, Write] = field(init=False, factory=dict)
    _since: dict[int, float] = field(init=False, factory=dict)
    _shown: set[int] = field(init=False, factory=set)

    def load(self) -> None:
        """Take over what an earlier process has left."""
        for write in self.recorder.before.answered:
            self.add(write, shown=False)

    def add(self, write: Write, *, shown: bool) -> None:
        """
        Look at *write* with the next look of the batch.

        *shown*: its answer has shown all that was sent. That alone proves nothing, since an answer
        may only repeat it; but a list that says something else may be late.
        """
        self._pending[write.id] = write
        self._since[write.id] = self.recorder.clock.monotonic()
        if shown:
            self._shown.add(write.id)

    @property
    def refs(self) -> list[Ref]:
        """Whom the next look has to show."""
        return [_ref_of(write) for write in self._pending.values()]

    def see(self, seen: Seen) -> None:
        """Let those count who read as they were sent; the others are read again."""
        good: list[Write] = []
        for write in self._pending.values():
            person = _found(write, seen)
            if self._wrong(write, person) is None:
                good.append(write)
        if good:
            self.recorder.confirm(good)
            for write in good:
                del self._pending[write.id]

    def confirm(self) -> None:
        """
        Look at all who are left until they read as sent, or it is certain that they do not.

        Those who do not are read once more. A list that may only be late is given the time of the
        longest request: saying too early that somebody new is not there invites a second one.
        """
        if self._pending:
            self.see(self.look.at(self.refs))
        if not self._pending:
            return
        self.waits.pause(self.waits.settle_s, "settle")
        seen = self.look.at(self.refs)
        self.see(seen)
        while (left_s := self._all_late_s(seen)) > 0:
            self.waits.pause(min(LOOK_EVERY_S, left_s), "answered")
            seen = self.look.at(self.refs)
            self.see(seen)
        for write in self._pending.values():
            self._fail(write, _found(write, seen))
        self._pending.clear()

    def _all_late_s(self, seen: Seen) -> float:
        """Return for how many seconds what was *seen* of anybody may only be late; 0: of nobody."""
        left = [self._late_s(write, seen) for write in self._pending.values()]
        return max(left, default=0.0)

    def _late_s(self, write: Write, seen: Seen) -> float:
        """Return for how many seconds what was *seen* of a write may only be late; 0: it is not."""
        missing = write.kind == "create" and _found(write, seen) is None
        shown = write.id in self._shown
        if not (missing or shown):
            return 0.0
        age_s = self.recorder.clock.monotonic() - self._since[write.id]
        return max(0.0, self.waits.longest_s - age_s)

    def _wrong(self, write: Write, person: Employee | None) -> Remark | None:
        """Return what is wrong with how somebody reads after their write, or None."""
        item = write.item
        if person is None:
            return remark("not_stored") if write.kind == "create" else remark("gone")
        if write.kind == "create" and person.values.get(self.look.number, "") is None:
            return remark("created_without_number")
        if fields := self.look.not_stored(item, person):
            return remark("not_stored", fields=fields)
        if write.kind == "create":
            return None
        fields = self.look.changed_too(item, person, write.others)
        return remark("changed_too", fields=fields) if fields else None

    def _fail(self, write: Write, person: Employee | None) -> None:
        reason = self._wrong(write, person)
        result = NOT_STORED
        if reason is not None and reason.code == "created_without_number":
            self.recorder.left_out(write.item)
            result = ACCEPTED
        self.recorder.record(write.item, Outcome.FAILED, reason, write=write.id, result=result)


def _ref_of(write: Write) -> Ref:
    return Ref(id=write.answer_id) if write.answer_id else ref_of(write.item)


def _found(write: Write, seen: Seen) -> Employee | None:
    return seen.by_id.get(write.answer_id or write.item.target_id or "")
