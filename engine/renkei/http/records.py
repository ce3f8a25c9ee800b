"""Employees out of a system's records, and bodies out of values, by where each field stands.

A field stands where the ``path`` of its FieldSpec says, or under its own name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from renkei.errors import AnswerError
from renkei.http.decode import JSON
from renkei.http.values import reader_of
from renkei.people import Employee, FieldSpec, Value, Values
from renkei.words.i18n import _

Keys = Sequence[str]
"""The keys that lead to a value, from the outside to the inside."""

ABSENT: Final = object()
"""Stands for a value that is not there, which None does not mean."""


class Records:
    """
    How one kind of record is read and written; since renkei 0.2.

    *key* is the field with the id, text or a whole number. *absent* says what a key that is left
    out means: that the value is not known, or that there is none. *special* has what makes a value
    of what stands at a field where :func:`read_value` does not: it raises ValueError, without a
    word of it, for what makes no sense.
    """

    def __init__(
        self,
        specs: Iterable[FieldSpec],
        *,
        key: str = "id",
        absent: Literal["unknown", "empty"] = "unknown",
        special: Mapping[str, Callable[[JSON], Value]] | None = None,
    ) -> None:
        own = special or {}
        self._specs = {spec.name: spec for spec in specs}
        # The first key apart: where it is the only one, as mostly, a value costs no loop.
        self._fields: dict[str, tuple[Callable[[JSON], Value], str, tuple[str, ...]]] = {}
        for name, spec in self._specs.items():
            read = own.get(name) or reader_of(spec)
            self._fields[name] = (read, spec.keys[0], spec.keys[1:])
        self._key = key
        self._absent = ABSENT if absent == "unknown" else None

    def employee(self, record: object, fields: Iterable[str], *, extra: object = None) -> Employee:
        """
        Return the employee in *record* with those *fields* that it tells about.

        A value that makes no sense puts its field, and nothing of itself, into ``unreadable``.
        Raises AnswerError for what is no record, or has no id.
        """
        values: dict[str, Value] = {}
        unreadable = []
        identity, absent = self.id_of(record), self._absent
        assert isinstance(record, dict)  # noqa: S101 - it has an id
        for name in fields:
            read, key, inner = self._fields[name]
            raw: Any = record.get(key, absent)
            try:
                if inner:
                    raw = found_at(raw, inner, absent)
                if raw is not ABSENT:
                    values[name] = read(raw)
            except ValueError:
                unreadable.append(name)
        return Employee(id=identity, values=values, unreadable=tuple(unreadable), extra=extra)

    def id_of(self, record: object) -> str:
        """Return the id of *record*; AnswerError if it has none."""
        if (identity := identity_of(record, self._key)) is not None:
            return identity
        message = _("A record has no {key}. Ask the system's support.")
        raise AnswerError(message.format(key=self._key))

    def body(self, values: Values) -> dict[str, JSON]:
        """Return *values* as JSON, each in its place: dates like 2026-11-22, null for empty."""
        made: dict[str, JSON] = {}
        for name, value in values.items():
            keys = self._specs[name].keys
            place = made
            for key in keys[:-1]:
                inner = place.setdefault(key, {})
                assert isinstance(inner, dict)  # noqa: S101 - no field stands inside another
                place = inner
            place[keys[-1]] = value.isoformat() if isinstance(value, dt.date) else value
        return made


def identity_of(record: object, key: str) -> str | None:
    """Return the id that *record* has under *key*, or None if it has none."""
    identity = record.get(key) if isinstance(record, dict) else None
    if isinstance(identity, int) and not isinstance(identity, bool):
        return str(identity)
    return identity if isinstance(identity, str) and identity else None


def found_at(record: object, keys: Keys, absent: object = ABSENT) -> object:
    """
    Return what stands in *record* where *keys* lead: null inside of null, *absent* where it ends.

    Raises ValueError where something else stands in the way.
    """
    for key in keys:
        if isinstance(record, dict):
            record = record.get(key, absent)
        elif record is not None and record is not ABSENT:
            raise ValueError(key)
    return record
