"""What one value is: of which type, empty or not, and whether a field takes it."""

from __future__ import annotations

import re

from renkei.clock import day_of
from renkei.people import CLASSES, FieldSpec, Type, Value
from renkei.text import SPACES, lacking

_INTEGER = re.compile(r"-?[0-9]{1,18}")


def is_empty(value: Value) -> bool:
    """Tell whether *value* says nothing: None, or a text of spaces only."""
    return value is None or (isinstance(value, str) and not value.strip(SPACES))


def is_of(value: Value, kind: Type) -> bool:
    """Tell whether *value* is exactly of type *kind*: a moment is no date, true is no integer."""
    return type(value) is CLASSES[kind]


def fault(value: Value, spec: FieldSpec) -> str | None:
    """
    Return why *spec* does not take *value*, which is not empty, as a code; None if it does.

    ``wrong_type``, ``not_allowed``, ``too_long`` or ``not_in_encoding``; lengths count code points.
    """
    if not is_of(value, spec.type):
        return "wrong_type"
    if spec.allowed is not None and str(value) not in spec.allowed:
        return "not_allowed"
    if spec.max_length is not None and isinstance(value, str) and len(value) > spec.max_length:
        return "too_long"
    if spec.encoding is not None and isinstance(value, str):
        return None if lacking(value, spec.encoding) is None else "not_in_encoding"
    return None


def parse(text: str, kind: Type) -> Value:
    """Return the value of type *kind* that a table writes as *text*. Raises ValueError."""
    if kind == "date" and (day := day_of(text)) is not None:
        return day
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind == "text":
        return text
    raise ValueError(text)
