"""
A sheet of a workbook (.xlsx) as a table: taken apart by openpyxl, and never written.

A workbook may come from anybody. So each part is looked through before openpyxl has it, and only
what reads five parts is used of openpyxl: as a whole it would build every cell of merged areas.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Sequence
from io import BytesIO
from typing import IO, Any
from xml.parsers import expat
from zipfile import ZipFile

from openpyxl.reader.excel import ExcelReader
from openpyxl.worksheet._reader import WorkSheetParser

from renkei_csv.cells import Cells
from renkei_csv.table import Cell, Rows, Unreadable, text_of

MAX_BYTES = 256 * 2**20
"""How large one part of the workbook may be, unpacked."""

MAX_WORK = 12_000_000
"""How many elements may be parsed, two minutes' work; one that is not USUAL counts for five."""

USUAL = ("row", "c", "v", "is", "si", "t")
MAX_ROWS = 2**20
MAX_CELLS = 20_000_000
"""How many cells a sheet may have, empty ones between others included."""

LOCKED = b"\xd0\xcf\x11\xe0"
"""How a file begins that a password closes, and one of the format before this one (.xls)."""


class Workbook(Rows):
    """
    The rows of the sheet called *name*, or of the first that is not hidden; raises Unreadable.

    A cell is a text or a date; None: it makes no sense, as an error of a formula does not.
    """

    def __init__(self, data: bytes, name: str | None = None) -> None:
        self.data, self.title = data, ""
        self._formulas: dict[int, int] = {}
        self._merged: Sequence[Any] = ()
        if data.startswith(LOCKED):
            raise Unreadable("locked")
        # openpyxl tells what it leaves out. This is never taken back: threads may all do it.
        warnings.filterwarnings("ignore", module="openpyxl")
        try:
            rows = list(self._read(name))
        except Unreadable:
            raise
        except Exception:  # noqa: BLE001 - openpyxl names nothing that a damaged file may raise
            raise Unreadable("workbook") from None
        header = rows[0] if rows else {}
        width = max(_filled(header), default=0)
        if not width:
            raise Unreadable("empty")
        if width * len(rows) > MAX_CELLS:
            raise Unreadable("large")
        self.header = [text_of(header.get(at, "")) for at in range(1, width + 1)]
        people = [_row(row, width, at) for at, row in enumerate(rows[1:], start=2)]
        self.rows = [self.header, *people]

    def require(self, names: Collection[str]) -> None:
        """Raise Unreadable if one of the columns *names* has cells that are formulas, or merged."""
        places = {at for at, name in enumerate(self.header, 1) if name in names}
        for at, row in self._formulas.items():
            if at in places:
                raise Unreadable("formula", row, at)
        for area in self._merged:
            touched = [at for at in places if area.min_col <= at <= area.max_col]
            if touched and area.min_row <= len(self.rows):
                raise Unreadable("merged", area.min_row, min(touched))

    def _read(self, name: str | None) -> Iterator[dict[int, Cell]]:
        """Yield the cells of each row by column, up to the last row that is not empty."""
        reader = ExcelReader(BytesIO(self.data), read_only=True, keep_links=False)
        reader.archive = _Parts(BytesIO(self.data))
        reader.read_manifest()
        reader.read_strings()
        reader.read_workbook()
        self.title, path = _sheet(reader, name)
        cells = Cells(reader)
        parser = WorkSheetParser(reader.archive.open(path), reader.shared_strings)
        last = told = 0
        for at, row in parser.parse():
            # A row that came twice would take the place of another person.
            if not last < at <= MAX_ROWS:
                raise ValueError("rows that are not in order")
            last = at
            found: dict[int, Cell] = {}
            for cell in row:
                if cell["data_type"] == "f":
                    self._formulas.setdefault(cell["column"], at)
                found[cell["column"]] = cells.read(**cell)
            if _filled(found):
                # Programs leave out empty rows; places have to match the rows that people see.
                yield from [{}] * (at - 1 - told)
                yield found
                told = at
        self._merged = parser.merged_cells.mergeCell if parser.merged_cells else ()


def _sheet(reader: ExcelReader, name: str | None) -> tuple[str, str]:
    """Return title and part of the sheet called *name*, or of the first that is not hidden."""
    sheets = list(reader.parser.find_sheets())
    for sheet, link in sheets:
        is_meant = sheet.state == "visible" if name is None else sheet.name == name
        if is_meant:
            return sheet.name, link.target
    raise Unreadable("sheet" if name else "workbook")


def _row(cells: dict[int, Cell], width: int, row: int) -> Sequence[Cell]:
    """Return the cells of a row; one of nothing but empty cells has none."""
    filled = _filled(cells)
    if not filled:
        return ()
    if max(filled) > width:
        raise Unreadable("ragged", row)
    return [cells.get(at, "") for at in range(1, width + 1)]


def _filled(cells: dict[int, Cell]) -> list[int]:
    """Return the columns of a row that are not empty."""
    return [at for at, cell in cells.items() if cell != ""]


class _Parts(ZipFile):
    """Looks through each part before it is parsed: none is too large, and none defines anything."""

    work = 0

    def open(self, name: Any, *_args: object, **_named: object) -> IO[bytes]:  # noqa: ANN401
        if self.getinfo(name).file_size > MAX_BYTES:  # no more than that is unpacked
            raise Unreadable("large")
        # Vetted before openpyxl sees it: docs/decisions/2026-11-29-workbooks-are-read.md
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler, parser.StartDoctypeDeclHandler = self._count, self._refuse
        with super().open(name) as part:
            parser.ParseFile(part)
        return super().open(name)

    def _count(self, element: str, _of: object) -> None:
        self.work += 1 if element.rpartition(" ")[2] in USUAL else 5
        if self.work > MAX_WORK:
            raise Unreadable("large")

    def _refuse(self, *_of: object) -> None:
        raise ValueError("a document type, which may define anything")
