"""What the options of the commands take: dates, differences, FIELD=VALUE, ages."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import click

from renkei.clock import day_of
from renkei.model import Difference
from renkei.words.i18n import _


class _Type(click.ParamType[Any]):
    """Reads a text once; what is no text has been read already."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        if not isinstance(value, str):
            return value
        try:
            return self.read(value)
        except ValueError as problem:
            self.fail(str(problem), param, ctx)

    def read(self, text: str) -> object:
        raise NotImplementedError


class _BaseDate(_Type):
    name = "date"

    def read(self, text: str) -> dt.date:
        if (day := day_of(text)) is None:
            raise ValueError(_("“{text}” is not a date like 2026-11-22.").format(text=text))
        return day


class _Differences(_Type):
    name = "differences"

    def __init__(self, *allowed: Difference) -> None:
        self.allowed = allowed or tuple(Difference)

    def read(self, text: str) -> tuple[Difference, ...]:
        return tuple(self._one(word.strip()) for word in text.split(","))

    def _one(self, word: str) -> Difference:
        for each in self.allowed:
            if word == each.value:
                return each
        if word == Difference.BLOCKED:
            raise ValueError(_("Blocked employees cannot be synced; `renkei plan` tells why."))
        names = _(", ").join(each.value for each in self.allowed)
        raise ValueError(_("“{word}” is none of {names}.").format(word=word, names=names))


class _NewValue(_Type):
    name = "field=value"

    def read(self, text: str) -> tuple[str, str]:
        name, sign, value = text.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise ValueError(_("Write FIELD=VALUE, such as divisionCode=1000."))
        return name.strip(), value.strip()


class _Named(_Type):
    name = "side=name"

    def read(self, text: str) -> tuple[str, str]:
        side, sign, name = text.partition("=")
        if not sign or not side or not name:
            raise ValueError(_("Write SIDE=NAME, such as smarthr=tokyo."))
        return side, name


class _Age(_Type):
    name = "age"

    def read(self, text: str) -> dt.timedelta:
        found = re.fullmatch(r"(\d{1,5})d", text, re.ASCII)
        if not found:
            raise ValueError(_("Write a number of days, such as 90d."))
        return dt.timedelta(days=int(found[1]))


class _Head(_Type):
    name = "line:hash"

    def read(self, text: str) -> tuple[int, str]:
        found = re.fullmatch(r"(\d{1,9}):([0-9a-f]{64})", text.strip(), re.ASCII)
        if not found:
            raise ValueError(_("Write LINE:HASH, as `renkei audit verify` has printed it."))
        return int(found[1]), found[2]


HEAD = _Head()
BASE_DATE = _BaseDate()
ANY_DIFFERENCES = _Differences()
DIFFERENCES = _Differences(Difference.NEW, Difference.CHANGED, Difference.SAME)
NEW_VALUE = _NewValue()
NAMED = _Named()
AGE = _Age()
