"""Named transforms: the only way a mapping changes what it writes. There is no code in files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from attrs import frozen

from renkei import text
from renkei.errors import ConfigurationError
from renkei.people import Label, Type, Value
from renkei.words.i18n import _


# Why no expressions or templates: docs/decisions/2026-11-22-transforms-only.md
@frozen
class Transform:
    """
    One way to change a value on its way into a system.

    *apply* gets a value of type *takes*, never None, and returns one of type *gives*, or None for
    empty. What it raises makes the field of that one person unreadable. *loses* tells what cannot
    be told any more from its result: ``nothing`` that counts when values are compared, ``kana``
    what does not count where kana are equal, or it is ``unknown``.
    """

    name: str
    takes: Type
    gives: Type
    apply: Callable[[Value], Value]
    label: Label
    loses: Literal["nothing", "kana", "unknown"] = "unknown"


def of_text(
    name: str,
    apply: Callable[[str], str],
    label: Label,
    loses: Literal["nothing", "kana", "unknown"] = "unknown",
) -> Transform:
    """Return a transform from text to text."""
    return Transform(name, "text", "text", lambda value: apply(str(value)), label, loses)


BUILT_IN = (
    of_text(
        "katakana",
        text.katakana,
        Label(
            "ひらがな・半角カナを全角カタカナにする",
            "Hiragana and half-width kana to full-width katakana",
        ),
        loses="kana",
    ),
    of_text(
        "width",
        text.width,
        Label(
            "全角英数字を半角に、半角カナを全角にする",
            "Full-width letters and digits to ASCII, half-width kana to full-width",
        ),
        loses="nothing",
    ),
)


class Transforms:
    """The transforms a mapping may name: the built-in ones and those that extensions register."""

    def __init__(self) -> None:
        self._by_name = {transform.name: transform for transform in BUILT_IN}

    def register(self, transform: Transform) -> None:
        """Add *transform*. Raises ConfigurationError if its name is taken."""
        if transform.name in self._by_name:
            raise ConfigurationError(
                _('there are two transforms named "{name}"').format(name=transform.name)
            )
        self._by_name[transform.name] = transform

    def __getitem__(self, name: str) -> Transform:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __contains__(self, name: str) -> bool:
        return name in self._by_name
