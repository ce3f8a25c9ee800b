"""From what a system's JSON says of one field to a value, or the word that it makes no sense."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial

from renkei.clock import day_of
from renkei.http.decode import JSON
from renkei.people import FieldSpec, Value
from renkei.text import is_storable

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
    if isinstance(raw, str):
        if spec.type == "text":
            return _text(spec, raw)
        if spec.type == "date":
            return _date(raw)
    elif isinstance(raw, bool):
        if spec.type == "boolean":
            return raw
    elif isinstance(raw, int) and spec.type == "integer":
        return raw
    raise ValueError(spec.name)


def reader_of(spec: FieldSpec) -> Callable[[JSON], Value]:
    """Return :func:`read_value` of one field, in one call for what nearly everybody has there."""
    if spec.type == "date":
        return _day_reader(spec)
    if spec.type == "text":
        return _text_reader(spec)
    return partial(read_value, spec)


def _day_reader(spec: FieldSpec) -> Callable[[JSON], Value]:
    def read(raw: JSON) -> Value:
        if raw is None:
            return None
        if type(raw) is str and (day := day_of(raw)) is not None:
            return day
        return read_value(spec, raw)

    return read


def _text_reader(spec: FieldSpec) -> Callable[[JSON], Value]:
    allowed = spec.allowed

    def read(raw: JSON) -> Value:
        if raw is None:
            return None
        if (  # isprintable is what is_storable asks first: for most texts that saves its call
            type(raw) is str
            and raw
            and (raw.isprintable() or is_storable(raw))
            and (allowed is None or raw in allowed)
        ):
            return raw
        return read_value(spec, raw)

    return read


def _text(spec: FieldSpec, raw: str) -> str | None:
    if not is_storable(raw):
        raise ValueError(spec.name)
    if spec.allowed is not None and raw not in spec.allowed:
        if raw in _NOTHING_CHOSEN:
            return None
        raise ValueError(spec.name)
    return raw


def _date(raw: str) -> dt.date:
    # F39: another form is not guessed at.
    if (day := day_of(raw)) is None:
        raise ValueError("date")
    return day
