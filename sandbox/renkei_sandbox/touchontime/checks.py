"""What Touch On Time accepts as the values of an employee."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from renkei_sandbox.messages import Fields
from renkei_sandbox.touchontime import errors
from renkei_sandbox.touchontime.switches import TouchOnTimeSwitches

REQUIRED: Final = ("divisionCode", "gender", "typeCode", "code", "lastName", "firstName")
OPTIONAL: Final = (
    "lastNamePhonetics",
    "firstNamePhonetics",
    "hiredDate",
    "birthDate",
    "resignationDate",
    "emailAddresses",
    "allDayRegardingWorkInMinute",
)
DATES: Final = frozenset({"hiredDate", "birthDate", "resignationDate"})
CHOICES: Final = {"divisionCode": "divisions", "typeCode": "working-types"}
NO_GENDER: Final = "no_selected"
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_CODE: Final = re.compile(r"[0-9A-Za-z]{1,20}")
_STRICT_CODE: Final = re.compile(r"[0-9A-Za-z]{3,20}")
_EMPTY: Final[tuple[object, ...]] = (None, "", [])

Wrong = tuple[int, str]
Masters = Mapping[str, list[Fields]]


def parse_date(text: object) -> dt.date | None:
    """Return the calendar day written as YYYY-MM-DD, or None."""
    if not isinstance(text, str) or _DATE.fullmatch(text) is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def missing(values: Fields) -> Iterator[Wrong]:
    """Yield an entry for each required field that is not sent."""
    for name in REQUIRED:
        if name not in values:
            yield errors.EMPTY, f"{name} は必須です。"


def wrong(values: Fields, masters: Masters, switches: TouchOnTimeSwitches) -> Iterator[Wrong]:
    """Yield an entry for each value that cannot be stored."""
    for name, value in values.items():
        if value in _EMPTY:
            if name in REQUIRED:
                yield errors.EMPTY, f"{name} は必須です。"
        elif name == "emailAddresses":
            yield from _emails(value, blanks=switches.email_blanks)
        elif name == "allDayRegardingWorkInMinute":
            if type(value) is not int:
                yield errors.WRONG_TYPE, f"{name} は整数で指定してください。"
        elif not isinstance(value, str):
            yield errors.WRONG_TYPE, f"{name} は文字列で指定してください。"
        else:
            yield from _text(name, value, masters, switches)


def _text(
    name: str, value: str, masters: Masters, switches: TouchOnTimeSwitches
) -> Iterator[Wrong]:
    if name in DATES:
        if parse_date(value) is None:
            yield errors.DATE_FORMAT, f"{name} の日付の形式が不正です。"
    elif name in CHOICES:
        if value not in [row["code"] for row in masters[CHOICES[name]]]:
            yield errors.UNKNOWN_CHOICE, f"{name} が存在しません。"
    elif name == "gender":
        unset = value == NO_GENDER and switches.gender_unset == NO_GENDER
        if value not in ("male", "female") and not unset:
            yield errors.GENDER, "gender は male または female を指定してください。"
    elif name == "code":
        pattern = _STRICT_CODE if switches.strict_code else _CODE
        if pattern.fullmatch(value) is None:
            yield errors.CODE_CHARACTERS, "code に使用できない文字が含まれています。"
    elif len(value) > switches.longest_name:
        yield errors.TOO_LONG, f"{name} は{switches.longest_name}文字以内で指定してください。"


def _emails(value: object, *, blanks: bool) -> Iterator[Wrong]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        yield errors.WRONG_TYPE, "emailAddresses は文字列の配列で指定してください。"
        return
    if blanks:
        value = list(filter(None, value))
    if not all(map(_EMAIL.fullmatch, value)):
        yield errors.EMAIL, "emailAddresses の形式が不正です。"
    if len(set(value)) != len(value):
        yield errors.EMAIL_TWICE, "emailAddresses が重複しています。"


def disorder(record: Mapping[str, Any]) -> Iterator[Wrong]:
    """Yield an entry if somebody would leave before being hired."""
    hired, left = record.get("hiredDate"), record.get("resignationDate")
    first, last = parse_date(hired), parse_date(left)
    if first is not None and last is not None and last < first:
        yield errors.DATE_ORDER, "resignationDate は hiredDate 以降の日付を指定してください。"
