"""Looks at employees in the target: how they read now, beside what was planned and sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import TypeVar

from attrs import frozen

from renkei.clock import Clock
from renkei.mapping.values import parse
from renkei.model import Item, Remark
from renkei.people import Employee, Others, Ref, Value
from renkei.plan.compare import Comparison
from renkei.plugins.facade import BATCH, read_whole
from renkei.plugins.writer import Writer
from renkei.text import near_key
from renkei.words.codes import remark

T = TypeVar("T")

# docs/decisions/2026-11-22-reading-again-in-batches.md
FRESH_S = 10.0
"""How old the last look at an employee may be when the write leaves; then it is read again."""

WHO = ("family_name", "given_name", "birth")
"""Roles of the fields by which somebody without a number is told from others."""


@frozen
class Seen:
    """
    How some employees read at one moment of the monotonic clock.

    Of those outside of the scope it is only told which numbers they have *taken*, and, by id, how
    they read.
    """

    by_id: dict[str, Employee]
    by_number: dict[str, list[Employee]]
    at: float
    taken: frozenset[str] = frozenset()


@frozen(kw_only=True)
class Look:
    """
    What looks at employees through *writer* and compares them as *comparison* says.

    *chosen* names the required new-record fields, which no pair fills.
    """

    writer: Writer
    comparison: Comparison
    clock: Clock
    chosen: tuple[str, ...] = ()

    def at(self, refs: Sequence[Ref]) -> Seen:
        """Read those whom *refs* name, with one request or as few as the system allows."""
        people = self.writer.read_employees(refs, self.comparison.base, self._fields)
        at = self.clock.monotonic()
        by_id = {person.id: person for person in people}  # told twice, the later one counts
        by_number: dict[str, list[Employee]] = {}
        taken: set[str] = set()
        for person in by_id.values():
            number = str(person.values.get(self.number) or "")
            if self._is_outside(person):
                taken.add(number)
            else:
                by_number.setdefault(number, []).append(person)
        return Seen(by_id, by_number, at, frozenset(taken))

    def _is_outside(self, person: Employee) -> bool:
        return self.comparison.scope.holds(person) is False

    def not_for(self, person: Employee) -> Remark | None:
        """Return why *person* may not be written: the pair is not, or may not be, for them."""
        scope = self.comparison.scope
        match scope.holds(person):
            case False:
                return remark("moved_outside")
            case None:
                return remark(
                    "scope_unknown", system=self.writer.name, fields=scope.unknown(person)
                )
        return None

    def is_fresh(self, seen: Seen) -> bool:
        """Return whether a write may still go by this look."""
        return self.clock.monotonic() - seen.at < FRESH_S

    def how_many(self, each_s: float, look_s: float) -> int:
        """
        Return how many employees to look at together.

        A write takes *each_s* seconds and a look *look_s* for each of them; 0: not known yet.
        """
        if not each_s:
            return BATCH
        slow = max(each_s, 2 * look_s)  # so that a look itself takes half of its time at most
        return max(1, min(self.writer.at_once, int(FRESH_S / slow)))

    def misnumbered(self, items: Sequence[Item]) -> list[Employee]:
        """
        Return who inside may be one of these new employees, without their number.

        Reads the whole list of the target.
        """

        def found() -> list[Employee]:
            people = self.writer.list_employees(self.comparison.base, self._fields)
            return [person for person in people if any(self.may_be(item, person) for item in items)]

        return [person for person in read_whole(found) if not self._is_outside(person)]

    def may_be(self, item: Item, person: Employee) -> bool:
        """
        Tell whether *person* may be this new employee, though the number is not theirs.

        The target may have left it out or stored it in its own way: without a space, in another
        width. Where it is quite another one, all else has to be as it was sent.
        """
        number = person.values.get(self.number)
        if number == item.number:
            return False  # shown only by now: the next look at their number finds them
        is_near = isinstance(number, str) and near_key(number) == near_key(str(item.number))
        if number is None or is_near:
            return self.is_like(item, person)
        # Ends at the first difference: everybody in the target is held against this.
        has_others = False
        for change in item.changes:
            if change.field == self.number:
                continue
            if not self._holds(person, change.field, change.after):
                return False
            has_others = True
        return has_others

    @property
    def number(self) -> str:
        """The target's field of the employee number."""
        return self.comparison.translation.number_fields[1]

    @property
    def _fields(self) -> tuple[str, ...]:
        asked = [*self.comparison.translation.target_fields, *self.chosen]
        return tuple(dict.fromkeys([*asked, *self.comparison.scope.fields]))

    def changed(self, item: Item, current: Employee) -> tuple[str, ...]:
        """Return the mapped fields that no longer read as they did at the fetch."""
        now = self.comparison.mapped(current.values)
        before = item.before or {}
        changed: list[str] = []
        for name in sorted(now.keys() | before.keys()):
            is_known = name in now and name in before
            # Where a value is not known, nobody can tell what would be overwritten.
            if not is_known or now[name] != before[name]:
                changed.append(name)
        return tuple(changed)

    def equals(self, item: Item, person: Employee) -> bool:
        """Return whether *person* is what this item would have made of them."""
        return not self.differing(item, person)

    def differing(self, item: Item, person: Employee) -> tuple[str, ...]:
        """Return the sent fields in which *person* is not, or not known to be, what was sent."""
        differing: list[str] = []
        for change in item.changes:
            is_as_sent = self._holds(person, change.field, change.after)
            if not is_as_sent:
                differing.append(change.field)
        return tuple(differing)

    def not_stored(self, item: Item, person: Employee) -> tuple[str, ...]:
        """Return the sent fields, chosen ones included, in which *person* is something else."""
        sent = {change.field: change.after for change in item.changes}
        for name, choice in item.new_values.items():
            sent[name] = self._read(name, choice.code)
        missing: list[str] = []
        for name, value in sent.items():
            is_told = name in person.values
            if is_told and not self._holds(person, name, value):
                missing.append(name)
        return tuple(missing)

    def changed_too(self, item: Item, person: Employee, others: Others) -> tuple[str, ...]:
        """
        Return the mapped fields in which more has changed than was sent.

        That is a field that was not sent and is not what it was before; and any that has lost one
        of the *others*, the further values that it had, which no update may touch.
        """
        sent = {change.field for change in item.changes}
        changed: list[str] = []
        for name, further in sorted(others.items()):
            if name not in person.values:
                continue
            has_all = all(self._holds(person, name, each) for each in further)
            if not has_all:
                changed.append(name)
        for name, value in sorted((item.before or {}).items()):
            if name in sent or name in changed or name not in person.values:
                continue
            if not self._holds(person, name, value):
                changed.append(name)
        return tuple(changed)

    def is_like(self, item: Item, person: Employee) -> bool:
        """Tell whether *person* may be this new employee: as who is who is told, or altogether."""
        sent = {change.field for change in item.changes} - {self.number}
        who = {spec.name for spec in self.comparison.target_specs if spec.role in WHO}
        telling = (who & sent) or sent
        return telling.isdisjoint(self.differing(item, person))

    def _read(self, name: str, code: str) -> Value:
        """Return the *code* of a choice as its field has it, which may be a number."""
        for spec in self.comparison.target_specs:
            if spec.name == name:
                with suppress(ValueError):
                    return parse(code, spec.type)
        return code

    def _holds(self, person: Employee, name: str, value: Value) -> bool:
        """Tell whether a field has *value*, be it among others; one that no pair fills exactly."""
        if name not in person.values:
            return False
        values = (person.values[name], *person.others.get(name, ()))
        translation = self.comparison.translation
        # A number is nobody else's spelling of it: people are paired by the very same text.
        if name == self.number or not translation.writes(name):
            return value in values
        return any(translation.same(name, each, value) for each in values)


def ref_of(item: Item) -> Ref:
    """Return how the target knows this employee: by id, or somebody new by number."""
    return Ref(id=item.target_id) if item.target_id else Ref(number=item.number)


def batches(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield *things*, at most *size* at a time."""
    iterator = iter(things)
    while batch := list(islice(iterator, size)):
        yield batch
