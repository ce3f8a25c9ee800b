"""A CSV file as it is: what is not changed keeps every byte.

Rows are kept as they were read and taken apart only where one is changed. Quotes, commas and ends
of lines are never part of another character, in UTF-8 as in CP932.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cached_property

from renkei.connector import lacking

BOM = b"\xef\xbb\xbf"
Cell = str | dt.date | None
"""What a cell holds: in a file of text, a text; in a workbook also a date, or no sense (None)."""

ENCODINGS = ("utf-8", "cp932")
"""Tried in this order: Japanese text in CP932 is hardly ever UTF-8 by accident."""

_CELL = re.compile(rb'"(?:[^"]|"")*"[^,]*|[^,]*')
_SPECIAL = re.compile(rb'[",\r\n]')


class Unreadable(Exception):
    """The file is no table; *row* and *column* count from 1, the row of the headers included."""

    def __init__(self, why: str, row: int | None = None, column: int | None = None) -> None:
        super().__init__(why)
        self.why, self.row, self.column = why, row, column


class Rows:
    """A list of people as a file has it; the row of the headers is the first of its rows."""

    data: bytes
    header: list[str]
    rows: Sequence[Sequence[Cell]]

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
        return [text_of(row[place]) for row in self.rows[1:] if row]


class Table(Rows):
    """The rows of one file; raises Unreadable. *changed* and *grown* make another one."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.bom = data.startswith(BOM)
        self.encoding = encoding_of(data)
        self._records = _records(data.removeprefix(BOM))
        rows = _rows(self._records, self.encoding)
        if not rows or not any(rows[0]):
            raise Unreadable("empty")
        self.header, self.rows = rows[0], rows
        for index, row in enumerate(rows):
            if row and len(row) != len(self.header):
                raise Unreadable("ragged", index + 1)

    def written(
        self, changes: Mapping[int, Mapping[str, str]], new: Sequence[Mapping[str, str]]
    ) -> bytes:
        """
        Return the file with *changes*, by the places of rows, and *new* rows at its end.

        A new row is quoted as the last one is.
        """
        records = list(self._records)
        for place, values in changes.items():
            records[place] = self._changed(records[place], values)
        if new and not records[-1].endswith((b"\n", b"\r")):
            records[-1] += self._end
        quoted = self._quoted_last() if new else []
        records += [self._new(values, quoted) for values in new]
        return (BOM if self.bom else b"") + b"".join(records)

    @property
    def _end(self) -> bytes:
        return _end_of(self._records[0]) or b"\r\n"

    def _changed(self, record: bytes, values: Mapping[str, str]) -> bytes:
        end = _end_of(record)
        cells = _cells(record.removesuffix(end))
        for name, text in values.items():
            place = self.header.index(name)
            cells[place] = self._cell(text, quoted=cells[place].startswith(b'"'))
        return b",".join(cells) + end

    def _quoted_last(self) -> list[bool]:
        """Return which cells of the last row that is not empty are quoted."""
        last = max(place for place, row in enumerate(self.rows) if row)
        record = self._records[last]
        cells = _cells(record.removesuffix(_end_of(record)))
        return [cell.startswith(b'"') for cell in cells]

    def _new(self, values: Mapping[str, str], quoted: Sequence[bool]) -> bytes:
        cells: list[bytes] = []
        for name, like in zip(self.header, quoted, strict=True):
            cells.append(self._cell(values.get(name, ""), quoted=like))
        return b",".join(cells) + self._end

    def _cell(self, text: str, *, quoted: bool) -> bytes:
        raw = text.encode(self.encoding)
        if not quoted and not _SPECIAL.search(raw):
            return raw
        return b'"' + raw.replace(b'"', b'""') + b'"'


def text_of(cell: Cell) -> str:
    """Return a cell as a text; what makes no sense is empty."""
    return "" if cell is None else str(cell)


def mark_of(data: bytes) -> str:
    """Return what tells these bytes from any others."""
    return hashlib.sha256(data).hexdigest()


def encoding_of(data: bytes) -> str:
    """
    Return how the text of a file is written, without a mark at its beginning.

    Unreadable names the place up to which the likelier encoding has come.
    """
    at = 0
    for name in ENCODINGS[:1] if data.startswith(BOM) else ENCODINGS:
        try:
            text = data.decode(name)
        except UnicodeDecodeError as error:
            at = max(at, error.start)
        else:
            if (odd := lacking(text, name)) is None:
                return name
            at = max(at, len(text[:odd].encode(name)))
    raise Unreadable("encoding", *_place(data, at))


def _place(data: bytes, at: int) -> tuple[int, int]:
    """Return row and column of one byte, as far as lines and commas tell."""
    before = data[:at]
    lines = before.splitlines()
    if not lines or before.endswith((b"\n", b"\r")):
        return len(lines) + 1, 1
    return len(lines), len(_cells(lines[-1]))


def _records(data: bytes) -> list[bytes]:
    """Return the rows as they are, with their ends; a quoted cell may hold ends of lines."""
    records: list[bytes] = []
    held: list[bytes] = []
    for line in data.splitlines(keepends=True):
        # Quotes inside a cell are doubled: an odd count opens or closes a cell of several lines.
        is_odd = line.count(b'"') % 2 == 1
        if not held and not is_odd:
            records.append(line)
            continue
        held.append(line)
        if is_odd and len(held) > 1:
            records.append(b"".join(held))
            held = []
    if held:
        raise Unreadable("quotes", len(records) + 1)
    return records


def _rows(records: Sequence[bytes], encoding: str) -> list[list[str]]:
    """Return the values of all rows; one of nothing but empty cells has none."""
    lines = (record.decode(encoding) for record in records)
    reader = csv.reader(lines, strict=True)
    rows: list[list[str]] = []
    try:
        for row in reader:
            is_empty = not any(row)
            rows.append([] if is_empty else row)
    except csv.Error:
        raise Unreadable("quotes", len(rows) + 1) from None
    # Changes go by the place of a record, so both readers have to see the same rows.
    if len(rows) != len(records):
        raise Unreadable("quotes", len(rows))
    return rows


def _end_of(record: bytes) -> bytes:
    """Return the end of a row: nothing, or that of a line."""
    return record[len(record.rstrip(b"\r\n")) :]


def _cells(record: bytes) -> list[bytes]:
    """Return the cells of a row as they are written."""
    cells, place = [], 0
    while True:
        found = _CELL.match(record, place)
        cell = found[0] if found else b""
        cells.append(cell)
        place += len(cell) + 1
        if place > len(record):
            return cells
