"""What the cells of a workbook show, as openpyxl has read them."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import (
    BUILTIN_FORMATS,
    BUILTIN_FORMATS_MAX_SIZE,
    STRIP_RE,
    is_datetime,
)
from openpyxl.styles.stylesheet import Stylesheet
from openpyxl.utils.datetime import WINDOWS_EPOCH
from openpyxl.utils.escape import unescape
from openpyxl.xml.constants import ARC_STYLE
from openpyxl.xml.functions import fromstring

from renkei_csv.table import Cell

JAPANESE_DATES = {*range(27, 32), *range(34, 37), *range(50, 59)}
"""Formats that no workbook spells out, and of which openpyxl does not know."""


class Cells:
    """Tells what cells show."""

    def __init__(self, reader: ExcelReader) -> None:
        self._epoch = reader.wb.epoch
        self._formats = _formats(reader) or [0]

    def read(self, value: Any, data_type: str, style_id: int, **_place: object) -> Cell:  # noqa: ANN401
        match data_type, value:
            case "f", _:
                return None
            case _, None:
                return ""
            case "s", _:
                return unescape(value)
            case "b", _:
                return "TRUE" if value else "FALSE"
            case "n", _:
                return self._number(value, self._formats[style_id])
            case "d", dt.datetime() if value.time() == dt.time():
                return value.date()
            case "d", dt.date() if not isinstance(value, dt.datetime):
                return value
        return None

    def _number(self, value: float, digits: int) -> Cell:
        """Return a number as a text, or as the day that it counts; None: it is a point of time."""
        if not math.isfinite(value):
            return None
        whole = value % 1 == 0
        if digits < 0:
            return self._day(int(value)) if whole else None
        # A spreadsheet shows 15 digits; any more in the file are rounding noise.
        text = str(int(value)) if whole else f"{value:.15g}"
        return text.zfill(digits)

    def _day(self, count: int) -> dt.date | None:
        """Return the day with this number; None where there is none, as for the 60th of 1900."""
        days = count
        if self._epoch == WINDOWS_EPOCH:
            # Day 60 is 29 February 1900, which never was; the days before it are off by one.
            if count in (0, 60):
                return None
            if count < 60:
                days += 1
        if count < 0:
            return None
        try:
            return (self._epoch + dt.timedelta(days)).date()
        except OverflowError:
            return None


def _formats(reader: ExcelReader) -> list[int]:
    """Return how numbers of each style are shown: as days (-1), or by the least count of digits."""
    if ARC_STYLE not in reader.valid_files:
        return []
    part: Any = fromstring(reader.archive.read(ARC_STYLE))
    styles = Stylesheet.from_tree(part)
    codes = BUILTIN_FORMATS | dict.fromkeys(JAPANESE_DATES, "y")
    codes |= dict(enumerate(styles.number_formats, BUILTIN_FORMATS_MAX_SIZE))
    return [_digits(codes.get(each.numFmtId, "")) for each in styles.cell_styles]


def _digits(code: str) -> int:
    # the years of eras (g) are not known to openpyxl
    signs = STRIP_RE.sub("", code).lower().replace("general", "").replace("g", "y")
    if is_datetime(signs) in ("date", "datetime"):
        return -1
    return len(code) if set(code) == {"0"} else 0
