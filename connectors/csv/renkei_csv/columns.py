"""What the options of a connection say of the columns, and how their values are written."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any, Literal

from attrs import field, frozen

from renkei.connector import (
    ROLE_TYPES,
    FieldSpec,
    Label,
    OptionMistake,
    OptionsError,
    Role,
    Type,
    Value,
    _,
    read_options,
)
from renkei_csv.table import Cell

PARTS = {"YYYY": r"(?P<y>\d{4})", "MM": r"(?P<m>\d{2})", "DD": r"(?P<d>\d{2})",
         "M": r"(?P<m>\d{1,2})", "D": r"(?P<d>\d{1,2})"}  # fmt: skip
_PART = re.compile("YYYY|MM|DD|M|D")
_ANY_DATE = re.compile(
    r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d\d)(\d\d))", re.ASCII
)
A_YEAR = dt.date(2024, 1, 1)
"""The first day of a leap year, in which formats are tried."""

_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
TRUTHS = {"true": True, "false": False, "1": True, "0": False}


@frozen(kw_only=True)
class Column:
    """One column as the file of the configuration has it."""

    role: Role | None = None
    type: Type | None = None
    required: bool = False
    write: Literal["always", "create", "never"] = "always"
    format: str | None = None

    @property
    def kind(self) -> Type:
        """The type of its values: as it says, or as its role wants."""
        if self.type is not None:
            return self.type
        return ROLE_TYPES[self.role] if self.role else "text"


@frozen(kw_only=True)
class Options:
    """What a connection has to say: where the file is, and which columns renkei may touch."""

    path: str
    sheet: str | None = None
    columns: dict[str, Column] = field(factory=dict)

    @property
    def is_workbook(self) -> bool:
        """Whether the file is a workbook, which is only read."""
        return self.path.lower().endswith(".xlsx")


def options_of(options: Mapping[str, Any]) -> Options:
    """Return the options as a record; OptionsError with everything that is wrong."""
    read = read_options(options, Options)
    if mistakes := list(_mistakes(read)):
        raise OptionsError(mistakes)
    return read


def _mistakes(options: Options) -> Iterator[OptionMistake]:
    roles = Counter(each.role for each in options.columns.values())
    if roles["number"] != 1:
        text = _("one column, and no other, needs “role: number”: the employee number")
        yield OptionMistake(("columns",), text)
    if options.path.lower().endswith((".xls", ".xlsm", ".xlsb", ".ods")):
        text = _("such a workbook cannot be read; save it as .xlsx, or the sheet as a CSV file")
        yield OptionMistake(("path",), text)
    if options.sheet is not None and not options.is_workbook:
        yield OptionMistake(("sheet",), _("only a workbook (.xlsx) has sheets"), key=True)
    for name, column in options.columns.items():
        place = ("columns", name)
        if column.role not in (None, "number") and roles[column.role] > 1:
            text = _('the role "{role}" is given to several columns').format(role=column.role)
            yield OptionMistake((*place, "role"), text)
        if column.role and column.kind != ROLE_TYPES[column.role]:
            text = _('a column with the role "{role}" is of the type {type}')
            told = text.format(role=column.role, type=ROLE_TYPES[column.role])
            yield OptionMistake((*place, "type"), told)
        if column.format is not None and column.kind != "date":
            yield OptionMistake((*place, "format"), _("only a date has a format"))
        elif column.format is not None and not _is_format(column.format):
            text = _(
                "write a format like YYYY/MM/DD, with one year, one month and one day; without"
                " anything between them YYYYMMDD"
            )
            yield OptionMistake((*place, "format"), text)


@cache
def _is_format(text: str) -> bool:
    """Tell whether every day that is written so is read as the same day."""
    parts = sorted(part[0] for part in _PART.findall(text))
    if parts != ["D", "M", "Y"] or "Y" in _PART.sub("", text):
        return False
    return all(_comes_back(A_YEAR + dt.timedelta(days), text) for days in range(366))


def _comes_back(day: dt.date, written_as: str) -> bool:
    try:
        return read(Column(type="date", format=written_as), _formatted(day, written_as)) == day
    except ValueError:
        return False


def specs_of(options: Options, encoding: str | None) -> tuple[FieldSpec, ...]:
    """Return the columns as fields of a file in *encoding*."""
    return tuple(
        FieldSpec(
            name=name,
            label=Label(name, name),
            type=column.kind,
            role=column.role,
            required=column.required or column.role == "number",
            write="create" if column.role == "number" else column.write,
            clearable=not column.required and column.role != "number",
            encoding=encoding if column.kind == "text" else None,
        )
        for name, column in options.columns.items()
    )


def read(column: Column, text: Cell) -> Value:
    """Return the value in a cell, None if it is empty; ValueError if it makes no sense."""
    if text == "":
        return None
    if not isinstance(text, str):
        if text is None or column.kind != "date":
            raise ValueError("no sense, or a date where none is meant")
        return text
    if column.kind == "date":
        return _date(column.format, text.strip())
    if column.kind == "integer" and _INTEGER.fullmatch(text.strip()):
        return int(text)
    if column.kind == "boolean" and text.strip().lower() in TRUTHS:
        return TRUTHS[text.strip().lower()]
    if column.kind == "text":
        return text
    raise ValueError("no such value")


def style_of(column: Column, others: Sequence[str]) -> str:
    """Return how dates, or true and false, are written where the column holds *others*."""
    if column.kind == "date":
        return column.format or _format_like(others)
    truths = (text.strip() for text in others if text.strip().lower() in TRUTHS)
    return next(truths, "true") if column.kind == "boolean" else ""


def written(value: Value, style: str) -> str:
    """Return how a value is written in the *style* of its column."""
    if value is None:
        return ""
    if isinstance(value, dt.date):
        return _formatted(value, style)
    if isinstance(value, bool):
        return _truth(value, style)
    return str(value)


def _date(written_as: str | None, text: str) -> dt.date:
    if written_as is not None:
        pattern = "".join(
            PARTS[part] if _PART.fullmatch(part) else re.escape(part)
            for part in re.split("(YYYY|MM|DD|M|D)", written_as)
        )
        found = re.fullmatch(pattern, text, re.ASCII)
        if found is None:
            raise ValueError("another format")
        return dt.date(int(found["y"]), int(found["m"]), int(found["d"]))
    any_date = _ANY_DATE.fullmatch(text)
    if any_date is None:
        raise ValueError("no date")
    year, month, day = (int(part) for part in any_date.groups() if part and part.isdecimal())
    return dt.date(year, month, day)


def _format_like(others: Sequence[str]) -> str:
    """
    Return the format of the first date that a column holds, else that of ISO 8601.

    Whether months and days have zeros before them is told by all that have its signs between.
    """
    found = [each for text in others if (each := _ANY_DATE.fullmatch(text.strip()))]
    if not found:
        return "YYYY-MM-DD"
    signs = _signs(found[0])
    alike = [each for each in found if _signs(each) == signs]
    short = any(len(part) == 1 for each in alike for part in each.groups()[2:] if part)
    month, day = ("M", "D") if short else ("MM", "DD")
    return "".join(chain(*zip(("YYYY", month, day), signs, strict=True)))


def _signs(date: re.Match[str]) -> tuple[str, ...]:
    """Return what stands after the year, the month and the day."""
    if date[5]:
        return "年", "月", "日"
    return date[2] or "", date[2] or "", ""


def _formatted(day: dt.date, written_as: str) -> str:
    parts = {"YYYY": f"{day.year:04}", "MM": f"{day.month:02}", "DD": f"{day.day:02}",
             "M": str(day.month), "D": str(day.day)}  # fmt: skip
    return _PART.sub(lambda found: parts[found[0]], written_as)


def _truth(value: bool, style: str) -> str:  # noqa: FBT001 - a value
    """Return true or false as another one is written."""
    if style in ("1", "0"):
        return "1" if value else "0"
    text = "true" if value else "false"
    return text.upper() if style.isupper() else text
