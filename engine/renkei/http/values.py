"""From what a system's JSON says of one field to a value, or the word that it makes no sense."""

from __future__ import annotations

import datetime as dt

from renkei.clock import day_of
from renkei.http.decode import JSON
from renkei.people import FieldSpec, Value

_NOTHING_CHOSEN = ("no_selected", "not_selected", "unselected")


def read_value(spec: FieldSpec, raw: JSON) -> Value:
    """
    Return *raw* as a value of the field: null and empty text are known to be empty.

    So is the word that a system shows where nobody has chosen among the allowed ones. Text stays as
    it is, byte for byte. Raises ValueError, which never quotes the value, for another type, an odd
    date, a word that is not allowed, or text that cannot be stored anywhere.
    """
    if raw is None or raw == "":
        return None
    match spec.type, raw:
        case "text", str():
            return _text(spec, raw)
        case "date", str():
            return _date(raw)
        case "boolean", bool():
            return raw
        case "integer", int() if not isinstance(raw, bool):
            return raw
    raise ValueError(spec.name)


def _text(spec: FieldSpec, raw: str) -> str | None:
    if "\0" in raw or any("\ud800" <= character <= "\udfff" for character in raw):
        raise ValueError(spec.name)
    if spec.allowed is not None and raw not in spec.allowed:
        if raw in _NOTHING_CHOSEN:
            return None
        raise ValueError(spec.name)
    return raw


def _date(raw: str) -> dt.date:
    if (day := day_of(raw)) is None:
        raise ValueError("date")
    return day
