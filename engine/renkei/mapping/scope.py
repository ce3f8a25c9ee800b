"""Whom a pair is for: who is inside of its scope, by values of fields and patterns of numbers.

What the use of a mapping says under ``who:`` of one side, with codes in place of names, is all that
a scope is made of; a run keeps just that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from attrs import evolve, frozen

from renkei.mapping.values import parse
from renkei.people import Employee, FieldSpec, NewField, Value
from renkei.text import comparable

Said = Mapping[str, Sequence[str]]
"""The values that each field may have, as a file has them; patterns for the employee number."""

_WILD = {"*": ".*", "?": "."}
"""What stands for any characters, or for one, in a pattern of numbers."""


@frozen
class Rule:
    """What one field of somebody inside may say: one of the *values*, or what *pattern* matches."""

    spec: FieldSpec
    values: frozenset[Value]
    pattern: re.Pattern[str] | None

    def admits(self, value: Value) -> bool:
        """Tell whether *value* is that of somebody inside; numbers are compared as they are."""
        if self.pattern is not None:
            return self.pattern.fullmatch(str(value or "")) is not None
        return _plain(value, self.spec) in self.values


@frozen
class Scope:
    """Who is inside: who passes every one of the *rules*, by field; without any it is everybody."""

    rules: Mapping[str, Rule]

    @classmethod
    def of(cls, specs: Iterable[FieldSpec], said: Said) -> Scope:
        """Return the scope that *said* makes of the fields of a side."""
        known = {spec.name: spec for spec in specs}
        rules = {name: _rule(known[name], texts) for name, texts in said.items()}
        return cls(rules)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that have to be read to tell who is inside."""
        return tuple(self.rules)

    def holds(self, person: Employee) -> bool | None:
        """Tell whether *person* is inside; None: a field that decides it cannot be read."""
        inside: bool | None = True
        for name, rule in self.rules.items():
            if name not in person.values:
                inside = None  # another field may still say that they are outside
                continue
            said = (person.values[name], *person.others.get(name, ()))
            if not any(map(rule.admits, said)):
                return False
        return inside

    def unknown(self, person: Employee) -> tuple[str, ...]:
        """Return the fields that cannot be read of *person*."""
        return tuple(name for name in self.rules if name not in person.values)

    def admits(self, name: str, value: Value) -> bool:
        """Tell whether somebody whose field *name* says *value* may be inside."""
        return name not in self.rules or self.rules[name].admits(value)

    def narrowed(self, new: NewField) -> NewField:
        """Return *new* with those of its choices with which somebody is inside."""
        kept = (choice for choice in new.choices if self.admits(new.name, choice.code))
        return evolve(new, choices=tuple(kept))


EVERYBODY = Scope({})


def _rule(spec: FieldSpec, texts: Sequence[str]) -> Rule:
    if spec.role == "number":
        pattern = "|".join(map(_pattern, texts))
        return Rule(spec, frozenset(), re.compile(pattern, re.DOTALL))
    values: set[Value] = set()
    for text in texts:
        value = parse(text, spec.type)
        values.add(_plain(value, spec))
    return Rule(spec, frozenset(values), None)


def _pattern(text: str) -> str:
    return "".join(_WILD.get(char) or re.escape(char) for char in text)


def _plain(value: Value, spec: FieldSpec) -> Value:
    """Return *value* as it is compared: a text of spaces only is empty, addresses have no case."""
    if not isinstance(value, str):
        return value
    return comparable(value, case=spec.role != "email") or None
