"""All employees of one side in little memory, so that 100,000 fit anywhere."""

from __future__ import annotations

import datetime as dt
import marshal
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from renkei.people import Employee, FieldSpec, Value, Values

UNKNOWN = ...
"""What stands in a packed row for a value that is unknown."""

Cells = list[Any]
"""The values of one employee in the order of their roster's fields; dates are ordinals."""

Packed = tuple[str, tuple[str, ...], tuple[str, ...], list[Any], Cells]
"""One employee: id, unreadable and withheld fields, further values, and the values."""

Place = tuple[str | None, int]
"""Where somebody is in a roster: their number, and their place among all who carry it."""


class Roster:
    """
    Employees by number, packed; iteration is in order of number, those without one last.

    Two employees may carry one number. A number is text; text that shows nothing is no number.
    Whom the scope of a pair leaves out is nobody here, but for their number.
    """

    def __init__(self, specs: Sequence[FieldSpec], number_field: str) -> None:
        self.names = tuple(spec.name for spec in specs)
        """The fields that are kept, in the order of the cells."""
        self._unknown = (UNKNOWN,) * len(self.names)
        self._dates = tuple(p for p, spec in enumerate(specs) if spec.type == "date")
        self._number_field = number_field
        self._birth = ""
        for spec in specs:
            if spec.role == "birth":
                self._birth = spec.name
                break
        # Packed, since objects need more memory than what they hold; a list only where several have
        # one number. See docs/decisions/2026-11-22-roster-packed-in-memory.md
        self._people: dict[str | None, bytes | list[bytes]] = {}
        self._count = 0
        self._empty = list(range(len(self.names)))  # where nobody has had a value so far
        self._births = array("i")  # each day anew: 14,000 days in a Counter need 2 MiB
        self.outside: dict[str, str | None] = {}
        """The numbers of those who are left out, by id."""
        self.unsure: dict[str, tuple[str, ...]] = {}
        """Why it is not known of somebody whether they are left out: what cannot be read, by id."""

    @classmethod
    def of(
        cls, specs: Sequence[FieldSpec], number_field: str, employees: Iterable[Employee]
    ) -> Roster:
        """Return a roster that holds *employees*."""
        roster = cls(specs, number_field)
        for employee in employees:
            roster.add(employee)
        return roster

    def add(self, employee: Employee) -> None:
        """Keep *employee*, without its ``extra``."""
        number = self.number(employee)
        packed = self._pack(employee)  # without extra: before a write they are read again anyway
        held = self._people.get(number)
        if held is None:
            self._people[number] = packed
        elif isinstance(held, list):
            held.append(packed)
        else:
            self._people[number] = [held, packed]
        self._count += 1
        if isinstance(day := employee.values.get(self._birth), dt.date):
            self._births.append(day.toordinal())

    def leave_out(self, employee: Employee) -> None:
        """Keep of *employee* that they are there, outside of the scope, and their number."""
        self.outside[employee.id] = self.number(employee)

    @property
    def births(self) -> dict[dt.date, int]:
        """How many people were born on each day."""
        counts = Counter(self._births)
        return {dt.date.fromordinal(day): count for day, count in counts.items()}

    @cached_property
    def taken(self) -> frozenset[str]:
        """The numbers of those who are left out."""
        return frozenset(number for number in self.outside.values() if number is not None)

    def number(self, employee: Employee) -> str | None:
        """Return the employee's number, or None if it is unknown or empty."""
        number = employee.values.get(self._number_field)
        return number if isinstance(number, str) and shows(number) else None

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Employee]:
        for number in sorted(self.numbers()):
            yield from self.get(number)
        yield from self.get(None)

    def numbers(self) -> list[str]:
        """Return the different numbers, in no particular order."""
        return [number for number in self._people if number is not None]

    def get(self, number: str | None) -> list[Employee]:
        """Return everybody who carries *number* (None: no number)."""
        held = self._people.get(number, [])
        if isinstance(held, list):
            return list(map(self._unpack, held))
        return [self._unpack(held)]

    def alone(self, number: str) -> Packed | None:
        """Return the row of the only one who carries *number*; None if there is not just one."""
        held = self._people.get(number)
        packed: Packed | None = marshal.loads(held) if type(held) is bytes else None  # noqa: S302
        return packed

    def dated(self, cells: Cells) -> Cells:
        """Make dates of the ordinals in *cells*, none of which is unknown; return them."""
        for place in self._dates:
            if (ordinal := cells[place]) is not None:
                cells[place] = dt.date.fromordinal(ordinal)
        return cells

    def count(self, number: str | None) -> int:
        """Return how many carry *number* (None: no number)."""
        held = self._people.get(number, ())
        return len(held) if isinstance(held, (list, tuple)) else 1

    def places(
        self, numbers: Iterable[str | None] | None = None
    ) -> Iterator[tuple[Place, Employee]]:
        """Iterate over everybody, or all with *numbers*, and where they are, in no set order."""
        for number in self._people if numbers is None else numbers:
            for index, employee in enumerate(self.get(number)):
                yield (number, index), employee

    def rows(self) -> Iterator[tuple[Place, Packed]]:
        """Iterate over the row of everybody, and where they are, in no set order."""
        for number, held in self._people.items():
            for index, packed in enumerate(held if isinstance(held, list) else (held,)):
                yield (number, index), marshal.loads(packed)  # noqa: S302 - as below

    def cell(self, name: str | None) -> int | None:
        """Return where the field *name* is among the cells of a row; None if there is no name."""
        return None if name is None else self.names.index(name)

    def at(self, place: Place) -> Employee:
        """Return who is at *place*."""
        number, index = place
        held = self._people[number]
        return self._unpack(held[index] if isinstance(held, list) else held)

    def cells(self, place: Place) -> Cells:
        """Return what is in the row of who is at *place*: it costs a third of :meth:`at`."""
        number, index = place
        held = self._people[number]
        row: Packed = marshal.loads(held[index] if isinstance(held, list) else held)  # noqa: S302 - by _pack
        return row[-1]

    def find(self, identity: str) -> Employee | None:
        """Return the employee whom the system calls *identity*."""
        place = self._by_id.get(identity)
        return None if place is None else self.at(place)

    @cached_property
    def _by_id(self) -> dict[str, Place]:
        return {employee.id: place for place, employee in self.places()}

    def unknown_to_all(self, names: Iterable[str]) -> set[str]:
        """Return those of *names* that are unknown for every employee, if there is any."""
        missing = set(names) if self._count else set()
        for _place, employee in self.places():
            missing -= employee.values.keys() | set(employee.unreadable)
            if not missing:
                break
        return missing

    @property
    def empty_for_all(self) -> frozenset[str]:
        """The fields in which nobody has a value: they are empty or unknown for everybody."""
        return frozenset(self.names[place] for place in self._empty)

    def _pack(self, employee: Employee) -> bytes:
        values = employee.values
        row = [*map(values.get, self.names, self._unknown)]
        if self._empty:  # soon only what no company fills in
            nothing = [p for p in self._empty if row[p] is None or row[p] is UNKNOWN]
            self._empty = [p for p in nothing if self.names[p] not in employee.unreadable]
        for place in self._dates:
            if isinstance(day := row[place], dt.date):
                row[place] = day.toordinal()
        others: list[tuple[Any, ...]] = []
        if employee.others:
            for place, name in enumerate(self.names):
                if name in employee.others:
                    plain = map(_to_plain, employee.others[name])
                    others.append((place, *plain))
        return marshal.dumps((employee.id, employee.unreadable, employee.withheld, others, row))

    def _unpack(self, packed: bytes) -> Employee:
        person, unreadable, withheld, others, row = marshal.loads(packed)  # noqa: S302 - by _pack
        for place in self._dates:
            row[place] = _to_date(row[place])
        values = dict(zip(self.names, row, strict=True))
        if UNKNOWN in row:
            values = {name: value for name, value in values.items() if value is not UNKNOWN}
        return Employee(
            id=person,
            values=values,
            unreadable=unreadable,
            withheld=withheld,
            others={self.names[place]: self._further(place, more) for place, *more in others},
        )

    def _further(self, place: int, plain: Sequence[Any]) -> tuple[Value, ...]:
        return tuple(map(_to_date, plain) if place in self._dates else plain)


def shows(text: str) -> bool:
    """Return whether *text* holds more than spaces, with or without a width."""
    if text[:1].isalnum():
        return True  # as nearly every number: no walk through the others
    for char in text:
        is_blank = char.isspace() or unicodedata.category(char) == "Cf"
        if not is_blank:
            return True
    return False


def _to_plain(value: Any) -> Any:  # noqa: ANN401 - whatever marshal takes
    """Return a date as a number, which marshal takes; anything else as it is."""
    return value.toordinal() if isinstance(value, dt.date) else value


def _to_date(plain: Any) -> Any:  # noqa: ANN401 - as above
    """Return the date that :func:`_to_plain` made a number of."""
    return dt.date.fromordinal(plain) if isinstance(plain, int) else plain


def roles_of(values: Values, specs: Iterable[FieldSpec]) -> dict[str, Value]:
    """Return the values of *values* by role; a role whose value is unknown is absent."""
    return {spec.role: values[spec.name] for spec in specs if spec.role and spec.name in values}
