"""
A sheet of a workbook (.xlsx) as a table: read whole, and never written.

Only what is read of the format is known here (ECMA-376, parts 1 and 2); nothing is calculated. A
workbook may come from anybody, so what is unpacked, and what it makes, has limits.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import zlib
from collections.abc import Collection, Sequence
from functools import cached_property
from io import BytesIO
from typing import Protocol
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from renkei_csv.table import Cell, Unreadable, mark_of

MAX_BYTES = 256 * 2**20
"""How large one part of the workbook may be, unpacked: a sheet of 500,000 people."""

LAST_DAY = 2_957_003
"""The number of 31 December 9999, counted from 1904; few will join on the four years after it."""

MAX_ROWS = 2**20
MAX_CELLS = 20_000_000
"""How many cells a sheet may have, empty ones between others included."""

LOCKED = b"\xd0\xcf\x11\xe0"
"""How a file begins that a password closes, and one of the format before this one (.xls)."""

DATES = {*range(14, 18), 22, *range(27, 32), *range(34, 37), *range(50, 59)}
"""The formats of dates that no workbook spells out; those from 27 on are of Japanese."""

BROKEN = (
    BadZipFile, EOFError, KeyError, IndexError, NotImplementedError, OverflowError, RuntimeError,
    ValueError, expat.ExpatError, zlib.error,
)  # fmt: skip
"""What reading a file raises that is no workbook, or a damaged one."""

_NO_SIGN = re.compile(r'"[^"]*"|\[[^\]]*\]|[\\_*].')
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_WHOLE = re.compile("-?[0-9]{1,18}", re.ASCII)
_PLACE = re.compile("([A-Z]{1,3})([0-9]{1,7})", re.ASCII)
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:T00:00:00(?:\.0+)?)?Z?", re.ASCII)


class Workbook:
    """
    The rows of the sheet called *name*, or of the first that is not hidden; raises Unreadable.

    A cell is a text or a date; None: it makes no sense, as an error of a formula does not.
    """

    def __init__(self, data: bytes, name: str | None = None) -> None:
        self.data, self.title = data, ""
        if data.startswith(LOCKED):
            raise Unreadable("locked")
        try:
            with ZipFile(BytesIO(data)) as archive:
                self.title, sheet = _sheet(archive, name)
        except BROKEN:
            raise Unreadable("workbook") from None
        header = sheet.rows[0] if sheet.rows else {}
        width = max((at + 1 for at, cell in header.items() if cell != ""), default=0)
        if not width:
            raise Unreadable("empty")
        if width * len(sheet.rows) > MAX_CELLS:
            raise Unreadable("large")
        self.header = [_text(header.get(at, "")) for at in range(width)]
        self._sheet = sheet
        self.rows: list[Sequence[Cell]] = [self.header]
        self.rows += [_row(cells, width, at) for at, cells in enumerate(sheet.rows[1:], 2)]

    @property
    def people(self) -> range:
        """The places of all rows below the headers, those that are empty included."""
        return range(1, len(self.rows))

    @cached_property
    def mark(self) -> str:
        """What tells this state of the file from any other."""
        return mark_of(self.data)

    def column(self, name: str) -> list[str]:
        """Return the values of a column, top to bottom, without those of empty rows."""
        place = self.header.index(name)
        return [_text(row[place]) for row in self.rows[1:] if row]

    def require(self, names: Collection[str]) -> None:
        """Raise Unreadable if one of the columns *names* has cells that are formulas, or merged."""
        places = {at for at, name in enumerate(self.header) if name in names}
        for at, row in self._sheet.formulas.items():
            if at in places:
                raise Unreadable("formula", row, at + 1)
        for (left, top), (right, bottom) in self._sheet.merged:
            touched = [at for at in places if left <= at <= right]
            if touched and top <= len(self.rows) and bottom >= 1:
                raise Unreadable("merged", top, min(touched) + 1)


def _row(cells: dict[int, Cell], width: int, row: int) -> Sequence[Cell]:
    """Return the cells of a row; one of nothing but empty cells has none."""
    filled = [at for at, cell in cells.items() if cell != ""]
    if not filled:
        return ()
    if max(filled) >= width:
        raise Unreadable("ragged", row)
    return [cells.get(at, "") for at in range(width)]


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell)


# --- parts ------------------------------------------------------------------------------------


class _Part(Protocol):
    """What is told of each element of a part, without the names of their spaces."""

    def start(self, name: str, of: dict[str, str]) -> None: ...

    def text(self, text: str) -> None: ...

    def end(self, name: str) -> None: ...


def _sheet(archive: ZipFile, name: str | None) -> tuple[str, _Rows]:
    """Return the title of the sheet that is meant by *name*, and its rows."""
    book, links = _Book(), _Links()
    _parse(archive, "xl/workbook.xml", book)
    _parse(archive, "xl/_rels/workbook.xml.rels", links)
    meant = [each for each in book.sheets if each[0] == name or (name is None and not each[2])]
    if not meant:
        raise Unreadable("sheet")
    title, link, _hidden = meant[0]
    strings, styles = _Strings(), _Styles()
    there = set(archive.namelist())
    for kind, part in (("sharedStrings", strings), ("styles", styles)):
        if (path := links.of_kind.get(kind)) in there:
            _parse(archive, str(path), part)
    rows = _Rows(strings.found, styles.found, book.from_1904)
    _parse(archive, links.paths[link], rows)
    return title, rows


def _parse(archive: ZipFile, path: str, part: _Part) -> None:
    if archive.getinfo(path).file_size > MAX_BYTES:  # no more than that is unpacked
        raise Unreadable("large")
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def start(name: str, of: dict[str, str]) -> None:
        part.start(name.rpartition(" ")[2], of)

    def end(name: str) -> None:
        part.end(name.rpartition(" ")[2])

    def refuse(*_args: object) -> None:
        raise ValueError("a document type, which may define anything")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = part.text, refuse
    with archive.open(path) as file:
        parser.ParseFile(file)


class _Silent:
    """A part of which attributes tell all."""

    def text(self, text: str) -> None:
        """Take no notice."""

    def end(self, name: str) -> None:
        """Take no notice."""


class _Book(_Silent):
    """The sheets in order: title, id of the link, and whether it is hidden."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str, bool]] = []
        self.from_1904 = False

    def start(self, name: str, of: dict[str, str]) -> None:
        if name == "sheet":
            link = next(value for key, value in of.items() if key.endswith(" id"))
            self.sheets.append((of["name"], link, of.get("state", "visible") != "visible"))
        elif name == "workbookPr":
            self.from_1904 = of.get("date1904") in ("1", "true")


class _Links(_Silent):
    """Where the other parts are, by id and by kind."""

    def __init__(self) -> None:
        self.paths: dict[str, str] = {}
        self.of_kind: dict[str, str] = {}

    def start(self, name: str, of: dict[str, str]) -> None:
        if name == "Relationship" and of.get("TargetMode") != "External":
            target = of["Target"]
            path = target[1:] if target.startswith("/") else f"xl/{target}"
            self.paths[of["Id"]] = self.of_kind[of["Type"].rpartition("/")[2]] = path


class _Texts:
    """Collects texts, without the readings that stand above them (``rPh``)."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._reading, self._takes = False, False

    def start(self, name: str, of: dict[str, str]) -> None:
        del of
        if name == "rPh":
            self._reading = True
        self._takes = not self._reading and name in ("t", "v")

    def text(self, text: str) -> None:
        if self._takes:
            self._parts.append(text)

    def end(self, name: str) -> None:
        self._takes = False
        if name == "rPh":
            self._reading = False

    def taken(self) -> str:
        """Return what was collected, and begin anew."""
        text = "".join(self._parts)
        self._parts.clear()
        return text


class _Strings(_Texts):
    """The texts to which cells refer by number."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def end(self, name: str) -> None:
        super().end(name)
        if name == "si":
            self.found.append(_unescaped(self.taken()))


class _Styles(_Silent):
    """How numbers are shown, by style: as a date (-1), or with so many digits at least."""

    def __init__(self) -> None:
        self.found: list[int] = []
        self._codes: dict[int, str] = {}
        self._counts = False

    def start(self, name: str, of: dict[str, str]) -> None:
        if name == "numFmt":
            self._codes[int(of["numFmtId"])] = of["formatCode"]
        elif name == "cellXfs":
            self._counts = True
        elif name == "xf" and self._counts:
            self.found.append(self._shown(int(of.get("numFmtId", 0))))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._counts = False

    def _shown(self, number: int) -> int:
        code = self._codes.get(number)
        if code is None:
            return -1 if number in DATES else 0
        if set(code) == {"0"}:
            return len(code)
        signs = _NO_SIGN.sub("", code.partition(";")[0]).lower().replace("general", "")
        return -1 if re.search("[ydg]", signs) else 0


class _Rows(_Texts):
    """The cells of a sheet by row and column from 0, formulas by column, and what is merged."""

    def __init__(self, strings: Sequence[str], styles: Sequence[int], from_1904: bool) -> None:  # noqa: FBT001
        super().__init__()
        self.rows: list[dict[int, Cell]] = []
        self.formulas: dict[int, int] = {}
        self.merged: list[tuple[tuple[int, int], tuple[int, int]]] = []
        self._strings, self._styles, self._from_1904 = strings, styles, from_1904
        self._cells: dict[int, Cell] = {}
        self._row, self._column = 0, -1
        self._cell: dict[str, str] = {}
        self._formula = False

    def start(self, name: str, of: dict[str, str]) -> None:
        super().start(name, of)
        if name == "row":
            row = int(of.get("r", self._row + 1))
            if not self._row < row <= MAX_ROWS:
                raise ValueError("rows that are not in order")
            self._row, self._column, self._cells = row, -1, {}
        elif name == "c":
            self._column = _place(of["r"])[0] if "r" in of else self._column + 1
            self._cell, self._formula = of, False
        elif name == "f":
            self._formula = True
        elif name == "mergeCell":
            first, _colon, last = of["ref"].partition(":")
            self.merged.append((_place(first), _place(last or first)))

    def end(self, name: str) -> None:
        super().end(name)
        if name == "c":
            told = self.taken()
            if self._formula:
                self.formulas.setdefault(self._column, self._row)
                self._cells[self._column] = None
            elif told:
                self._cells[self._column] = self._value(told)
        elif name == "row" and any(cell != "" for cell in self._cells.values()):
            empty: dict[int, Cell] = {}
            self.rows += [empty] * (self._row - 1 - len(self.rows))
            self.rows.append(self._cells)

    def _value(self, told: str) -> Cell:
        match self._cell.get("t", "n"):
            case "s":
                return self._strings[int(told)]
            case "inlineStr" | "str":
                return _unescaped(told)
            case "b":
                return "TRUE" if told == "1" else "FALSE"
            case "d":
                day = _DAY.fullmatch(told)
                return dt.date.fromisoformat(day[1]) if day else None
            case "n":
                style = int(self._cell.get("s", 0))
                return self._number(told, self._styles[style] if self._styles else 0)
        return None

    def _number(self, told: str, shown: int) -> Cell:
        """Return a number as a text, or as the day that it counts; None: it is a point of time."""
        number = float(told)
        if not math.isfinite(number):
            return None
        if shown < 0:
            return _day(int(number), self._from_1904) if number.is_integer() else None
        if _WHOLE.fullmatch(told):
            text = str(int(told))
        else:
            text = str(int(number)) if number.is_integer() else f"{number:.15g}"
        return text.zfill(shown)


def _day(count: int, from_1904: bool) -> dt.date | None:  # noqa: FBT001
    """Return the day with this number; None where there is none, as for the 60th of 1900."""
    if not 0 <= count <= LAST_DAY:
        return None
    if from_1904:
        return dt.date(1904, 1, 1) + dt.timedelta(count)
    if count in (0, 60):  # 29 February 1900, which was none
        return None
    return dt.date(1899, 12, 31 if count < 60 else 30) + dt.timedelta(count)


def _place(text: str) -> tuple[int, int]:
    """Return the column from 0 and the row from 1 that are meant by a place such as ``B3``."""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return column - 1, int(found[2])


def _unescaped(text: str) -> str:
    """Return a text with the characters that XML cannot hold, which a workbook spells out."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
