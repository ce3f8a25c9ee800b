"""What is kept of the people that a connector hands over: what was asked for, and can be stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from attrs import field, frozen

from renkei.mapping.values import is_empty
from renkei.people import Employee, Value, Values
from renkei.private import SHORTEST, looks_like_my_number
from renkei.text import is_storable

SHAPES = 1000
"""How many combinations of fields that are filled are known of one list."""

Shape = tuple[object, ...]
"""The names of somebody's values, then their types."""


@frozen
class Wanted:
    """What was asked for: the type of each field; and which shapes of values are known as sound."""

    types: Mapping[str, type]
    _sound: dict[Shape, tuple[list[str], list[str]]] = field(init=False, factory=dict)
    """By shape: the names of the texts and of the whole numbers."""

    def are_plain(self, values: Mapping[str, Any]) -> bool:
        """Tell at a glance whether *values* can be kept as they are, as those of most people."""
        shape = (*values, *map(type, values.values()))
        known = self._sound.get(shape)
        if known is None:
            if len(self._sound) == SHAPES or not all(map(self._is_sound, values.items())):
                return False
            known = self._sound[shape] = _of_type(values, str), _of_type(values, int)
        names, numbers = known
        # A look at every value of every person: all their texts are held against the rules at once.
        texts = [*map(values.__getitem__, names)]
        if "" in texts or not is_storable("".join(texts)):
            return False  # an empty text is to be None, and the long way makes it so
        for text in texts:
            if len(text) >= SHORTEST and looks_like_my_number(text):
                return False
        return not any(looks_like_my_number(values[name]) for name in numbers)

    def _is_sound(self, item: tuple[str, Any]) -> bool:
        """Tell whether a field was asked for and its value is of its type, or None."""
        name, value = item
        return name in self.types and type(value) in (self.types[name], type(None))


@frozen
class Sieve:
    """
    What people of one connector are held against: the *types* of its fields.

    *number* is the name of the field with the number. *nonsense* raises for a hook that has broken
    its contract, and says how.
    """

    types: Mapping[str, type]
    number: str
    nonsense: Callable[[str, str], NoReturn]

    def wanted(self, fields: Iterable[str]) -> Wanted:
        """Return what is wanted of somebody of whom *fields* were asked for."""
        asked = set(fields)
        return Wanted({name: kind for name, kind in self.types.items() if name in asked})

    def kept(self, hook: str, person: Employee, asked: Wanted) -> Employee:
        """Keep the fields that were asked for; text that no system can take becomes unreadable."""
        if type(person.unreadable) is not tuple:
            self.nonsense(hook, f"Employee.unreadable: {type(person.unreadable).__name__}")
        values = dict(person.values)  # a copy: the connector may go on with its own
        if not person.unreadable and person.others == {} and asked.are_plain(values):
            return Employee(id=person.id, values=values, extra=person.extra)
        wanted = asked.types
        unreadable = [name for name in wanted if name in person.unreadable]
        for name in _odd(values, wanted):
            value = values.pop(name)
            if name not in wanted:
                self._require_known(hook, name)
            elif type(value) is not wanted[name]:
                self.nonsense(hook, f"{name}: {type(value).__name__}")
            elif value:
                unreadable.append(name)
            else:
                values[name] = None
        others = self._others(hook, person, wanted) if person.others != {} else {}
        withheld = self._withhold(values, others)
        if withheld:
            unreadable = list(dict.fromkeys([*unreadable, *withheld]))
        return Employee(
            id=person.id,
            values=values,
            unreadable=tuple(unreadable),
            withheld=withheld,
            extra=person.extra,
            others=others,
        )

    def _withhold(
        self, values: dict[str, Value], others: dict[str, tuple[Value, ...]]
    ) -> tuple[str, ...]:
        """Take out what looks like a My Number, before anybody keeps it; return of which fields."""
        found = []
        for name, value in values.items():
            long_enough = type(value) is str and len(value) >= SHORTEST
            if (long_enough or type(value) is int) and self._is_private(name, value):
                found.append(name)
        for name, further in others.items():
            private = any(self._is_private(name, value) for value in further)
            if private and name not in found:
                found.append(name)
        for name in found:
            values.pop(name, None)
            others.pop(name, None)
        return tuple(found)

    def _is_private(self, name: str, value: Value) -> bool:
        # Employee numbers are what a company makes them, in twelve digits too.
        return looks_like_my_number(value) and name != self.number

    def _others(
        self, hook: str, person: Employee, wanted: Mapping[str, type]
    ) -> dict[str, tuple[Value, ...]]:
        """Return the further values that say something and that can be stored."""
        kept = {}
        for name, further in person.others.items():
            if name not in wanted:
                self._require_known(hook, name)
                continue
            if type(further) is not tuple:
                self.nonsense(hook, f"{name}: {type(further).__name__}")
            told: list[Value] = []
            for value in further:
                if value is not None and type(value) is not wanted[name]:
                    self.nonsense(hook, f"{name}: {type(value).__name__}")
                if not is_empty(value) and _is_storable(value):
                    told.append(value)
            if told:
                kept[name] = tuple(told)
        return kept

    def _require_known(self, hook: str, name: str) -> None:
        """Require that there is a field of this name, though nobody has asked for it."""
        if name not in self.types:
            self.nonsense(hook, name)


def _of_type(values: Mapping[str, Any], kind: type) -> list[str]:
    return [name for name, value in values.items() if type(value) is kind]


def _odd(values: Values, wanted: Mapping[str, type]) -> list[str]:
    """Return the names of those *values* that are not just what was asked for."""
    odd = []
    for name, value in values.items():
        if value is None and name in wanted:
            continue
        if type(value) is not wanted.get(name) or value == "":
            odd.append(name)
    texts = {name: value for name, value in values.items() if type(value) is str}
    if is_storable("".join(texts.values())):  # one look at all of them, as nearly all are
        return odd
    for name, text in texts.items():
        if not is_storable(text) and name not in odd:
            odd.append(name)
    return odd


def _is_storable(value: Value) -> bool:
    return not isinstance(value, str) or is_storable(value)
