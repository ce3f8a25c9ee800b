"""What a system may do to a text before it stores it. All are off until a switch names them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from typing import Final

from renkei_sandbox.messages import Fields

_WIDE: Final = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
_NARROW: Final = {wide: code for code, wide in _WIDE.items()}
_LENGTH: Final = 10


def _cp932(text: str) -> str:
    """Replace every character that Windows Japanese cannot hold by a question mark."""
    return text.encode("cp932", errors="replace").decode("cp932")


NORMALISERS: Final[dict[str, Callable[[str], str]]] = {
    "trim": str.strip,
    "squeeze": lambda text: " ".join(text.split()),
    "widen": lambda text: text.translate(_WIDE),
    "narrow": lambda text: text.translate(_NARROW),
    "upper": str.upper,
    "nfc": lambda text: unicodedata.normalize("NFC", text),
    "cp932": _cp932,
    "shorten": lambda text: text[:_LENGTH],
}
"""Every normaliser by name, for the switch `normalise`."""

_LEFT_ALONE: Final = frozenset(
    {"gender", "emp_status", "emp_type", "divisionCode", "typeCode", "biz_establishment_id"}
    | {"employment_type_id", "code", "emp_code", "email", "emailAddresses"}
)


def normalise(fields: Fields, names: Iterable[str]) -> Fields:
    """Return *fields* as the system stores them: free texts changed by each normaliser named."""
    changed = dict(fields)
    for name in names:
        change = NORMALISERS[name]
        for key, value in changed.items():
            if isinstance(value, str) and key not in _LEFT_ALONE and not value[:4].isdigit():
                changed[key] = change(value)
    return changed
