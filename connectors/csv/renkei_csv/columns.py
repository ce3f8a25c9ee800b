"""What the options of a connection say of the columns, and how their values are written."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
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
        yield from _column_mistakes(column, place)


def _column_mistakes(column: Column, place: tuple[str, ...]) -> Iterator[OptionMistake]:
    """Yield what is wrong with one column alone, which stands at *place* in the options."""
    if column.role and column.kind != ROLE_TYPES[column.role]:
        text = _('a column with the role "{role}" is of the type {type}')
        told = text.format(role=column.role, type=ROLE_TYPES[column.role])
        yield OptionMistake((*place, "type"), told)
    if column.format is None:
        return
    if column.kind != "date":
        yield OptionMistake((*place, "format"), _("only a date has a format"))
    elif not _is_format(column.format):
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
    # Trying is simpler than a rule: in YYYYMD, 2026111 is 11 January and 1 November.
    days = [A_YEAR + dt.timedelta(count) for count in range(366)]
    return all(_comes_back(day, text) for day in days)


def _comes_back(day: dt.date, written_as: str) -> bool:
    try:
        return read(Column(type="date", format=written_as), _formatted(day, written_as)) == day
    except ValueError:
        return False


def specs_of(options: Options, encoding: str | None) -> tuple[FieldSpec, ...]:
    """Return the columns as fields of a file in *encoding*."""
    return tuple(_spec(name, column, encoding) for name, column in options.columns.items())


def _spec(name: str, column: Column, encoding: str | None) -> FieldSpec:
    is_number = column.role == "number"
    required = column.required or is_number
    return FieldSpec(
        name=name,
        label=Label(name, name),
        type=column.kind,
        role=column.role,
        required=required,
        # People are paired by their number, so no sync may change it.
        write="create" if is_number else column.write,
        clearable=not required,
        encoding=encoding if column.kind == "text" else None,
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
    if column.kind != "boolean":
        return ""
    for text in others:
        if text.strip().lower() in TRUTHS:
            return text.strip()
    return "true"


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
        found = re.fullmatch(_pattern(written_as), text, re.ASCII)
        if found is None:
            raise ValueError("another format")
        return dt.date(int(found["y"]), int(found["m"]), int(found["d"]))
    any_date = _ANY_DATE.fullmatch(text)
    if any_date is None:
        raise ValueError("no date")
    # Each form has its own groups: those of the others are empty, and one is a separator.
    numbers = [int(part) for part in any_date.groups() if part and part.isdecimal()]
    year, month, day = numbers
    return dt.date(year, month, day)


def _pattern(written_as: str) -> str:
    """Return the regular expression of dates in a format."""
    pattern = ""
    for part in re.split("(YYYY|MM|DD|M|D)", written_as):
        pattern += PARTS.get(part, re.escape(part))
    return pattern


def _format_like(others: Sequence[str]) -> str:
    """
    Return the format of the first date that a column holds, else that of ISO 8601.

    Whether months and days have zeros before them is told by all that have its signs between.
    """
    signs: tuple[str, ...] = ()
    short = False
    for text in others:
        date = _ANY_DATE.fullmatch(text.strip())
        if date is None:
            continue
        signs = signs or _signs(date)
        if _signs(date) == signs and _is_short(date):
            short = True
    if not signs:
        return "YYYY-MM-DD"
    month, day = ("M", "D") if short else ("MM", "DD")
    return f"YYYY{signs[0]}{month}{signs[1]}{day}{signs[2]}"


def _is_short(date: re.Match[str]) -> bool:
    """Tell whether a month or a day is written with one digit."""
    months_and_days = filter(None, date.groups()[2:])
    return 1 in map(len, months_and_days)


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
