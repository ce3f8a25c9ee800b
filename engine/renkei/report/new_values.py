"""The file for ``--new-file``: required new-record values, one row for each new employee.

What spreadsheets save is read: UTF-8 (with or without mark), CP932, or UTF-16 with its mark (the
"Unicode text" of Excel); commas or tabs, RFC 4180 quotes, any line end. A row whose first cell
starts with ``#`` is a comment. Every mistake is told with its row and column, the first hundred at
once. Whether a number or a choice exists is not known here.

However a file is made, it takes little memory: its size, its rows and the length of a row are
limited, and it is read row by row.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from attrs import define, field, frozen

from renkei.errors import UsageError
from renkei.model import OwnValues
from renkei.people import NewField
from renkei.words.i18n import _, language
from renkei.words.printable import printable

NUMBER = ("number", "社員番号")
MAX_BYTES = 10_000_000
MAX_ROWS = 100_000
MAX_LINE = 10_000
"""Characters; a row of all fields has fewer than 200."""
MAX_MISTAKES = 100

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_new_file(path: Path, fields: Sequence[str]) -> tuple[OwnValues, ...]:
    """
    Return the rows of the file; *fields* are the names its columns may have.

    Raises:
        UsageError: With one line ``FILE:ROW:COLUMN: message`` for each mistake.
    """
    reader = _Reader(path)
    rows = reader.records(_decoded(path))
    header = reader.header(next(rows, None), fields)
    result = tuple(reader.own_values(rows, header))
    reader.raise_mistakes()
    return result


def template(fields: Sequence[NewField]) -> Iterator[Sequence[str]]:
    """Yield the rows of an empty file to fill in: the header, then every choice as a comment."""
    number = NUMBER[1] if language() == "ja" else NUMBER[0]
    yield (number, *(each.name for each in fields))
    yield ("#", _("Write one row for each new employee: the employee number and the codes."))
    for each in fields:
        title = each.label.ja if language() == "ja" else each.label.en
        yield ("#", each.name, title)
        for choice in each.choices:
            yield ("#", each.name, choice.code, choice.shown)


@frozen
class _Row:
    place: int
    cells: tuple[str, ...]


@define
class _Reader:
    path: Path
    mistakes: list[tuple[int, int, str]] = field(factory=list)

    def where(self, row: int, column: int) -> str:
        return f"{self.path}:{row}:{column}"

    def mistake(self, row: int, column: int, message: str) -> None:
        self.mistakes.append((row, column, message))
        if len(self.mistakes) == MAX_MISTAKES:
            self.raise_mistakes()

    def raise_mistakes(self) -> None:
        if not self.mistakes:
            return
        self.mistakes.sort()
        lines = [f"{self.where(row, column)}: {text}" for row, column, text in self.mistakes]
        if len(lines) == MAX_MISTAKES:
            lines.append(_("{path}: there may be further mistakes.").format(path=self.path))
        where = self.where(*self.mistakes[0][:2])
        raise UsageError(printable_lines(lines), code="new_file", where=where)

    def records(self, text: str) -> Iterator[_Row]:
        """Yield the rows that say something, without comments and empty cells at their end."""
        lines = self._lines(text)
        records = csv.reader(lines, delimiter=_delimiter(text), strict=True)
        place = 0
        try:
            for cells in records:
                place += 1
                row = _Row(place, _trimmed(cells))
                if row.cells and not row.cells[0].startswith("#"):
                    self._refuse_nul(row)
                    yield row
        except csv.Error:
            self.mistake(
                place + 1,
                1,
                _('The quotation marks of this row do not match: write "" for one inside.'),
            )

    def _lines(self, text: str) -> Iterator[str]:
        """Yield line by line; raises at the first one that no spreadsheet of ours can have."""
        for place, line in enumerate(io.StringIO(text, newline=""), 1):
            if len(line) > MAX_LINE:
                message = _("This row is longer than {count} characters.")
                self.mistake(place, 1, message.format(count=MAX_LINE))
                self.raise_mistakes()
            if place > MAX_ROWS:
                message = _("The file has more than {count} rows. Divide it.")
                self.mistake(place, 1, message.format(count=MAX_ROWS))
                self.raise_mistakes()
            yield line

    def _refuse_nul(self, row: _Row) -> None:
        for column, cell in enumerate(row.cells, 1):
            if "\0" in cell:
                self.mistake(row.place, column, _("This cell holds a NUL character. Remove it."))

    def header(self, row: _Row | None, fields: Sequence[str]) -> tuple[str, ...]:
        """Return the name of every column; the number's is ``number``."""
        if row is None:
            self.mistake(1, 1, _("The file has no header. Its first row names the columns."))
            self.raise_mistakes()
            return ()
        names = tuple(NUMBER[0] if cell in NUMBER else cell for cell in row.cells)
        for column in range(1, len(names) + 1):
            self._check_column(row.place, column, names, fields)
        if NUMBER[0] not in names:
            self.mistake(row.place, 1, _("There is no column “number”. Add it."))
        return names

    def _check_column(
        self, row: int, column: int, names: Sequence[str], fields: Sequence[str]
    ) -> None:
        name = names[column - 1]
        if name != NUMBER[0] and name not in fields:
            self.mistake(row, column, _unknown(name, fields))
        elif name in names[: column - 1]:
            self.mistake(row, column, _("The column “{name}” is there twice.").format(name=name))

    def own_values(self, rows: Iterable[_Row], header: Sequence[str]) -> Iterator[OwnValues]:
        seen: dict[str, int] = {}
        key = header.index(NUMBER[0]) if NUMBER[0] in header else None
        for row in rows:
            if not self._fits(row, header) or key is None:
                continue
            number = row.cells[key] if key < len(row.cells) else ""
            if self._good_number(row, key + 1, number, seen):
                yield self._new_row(row, header, key)

    def _fits(self, row: _Row, header: Sequence[str]) -> bool:
        if len(row.cells) <= len(header):
            return True
        self.mistake(
            row.place,
            len(header) + 1,
            _("This row has {there} cells, the header {expected}.").format(
                there=len(row.cells), expected=len(header)
            ),
        )
        return False

    def _good_number(self, row: _Row, column: int, number: str, seen: dict[str, int]) -> bool:
        if not number:
            self.mistake(row.place, column, _("The employee number is missing."))
            return False
        if number in seen:
            message = _("The number {number} is already in row {row}.")
            self.mistake(row.place, column, message.format(number=number, row=seen[number]))
            return False
        seen[number] = row.place
        return True

    def _new_row(self, row: _Row, header: Sequence[str], key: int) -> OwnValues:
        cells = zip(header, row.cells, strict=False)  # a row has no empty cells at its end
        values = {name: cell for name, cell in cells if cell and name != NUMBER[0]}
        return OwnValues(number=row.cells[key], values=values, where=self.where(row.place, key + 1))


def printable_lines(lines: Sequence[str]) -> str:
    """Return the lines as one text whose only control characters are its line ends."""
    return "\n".join(map(printable, lines))


def _trimmed(cells: Sequence[str]) -> tuple[str, ...]:
    result = [cell.strip() for cell in cells]
    while result and not result[-1]:
        result.pop()
    return tuple(result)


def _unknown(name: str, fields: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, [NUMBER[0], *fields], 1)
    if near:
        message = _("Unknown column “{name}”. Did you mean “{near}”?")
        return message.format(name=name, near=near[0])
    # It is not shown: where the header is missing, it is somebody's number.
    message = _("This column is not known. Possible are: {names}.")
    return message.format(names=_(", ").join((NUMBER[0], *fields)))


def _delimiter(text: str) -> str:
    """Return what stands between the cells of the first line that is no comment."""
    for line in io.StringIO(text, newline=""):
        if line.strip() and not line.lstrip('"').startswith("#"):
            is_tabbed = "\t" in line and "," not in line
            return "\t" if is_tabbed else ","
    return ","


def _decoded(path: Path) -> str:
    data = _bytes(path)
    if data.startswith(_UTF16):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            raise _other_utf16(path) from None
    if b"\0" in data[:4]:  # without its mark: of Latin letters every other byte is NUL
        raise _other_utf16(path)
    marked = data.startswith(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        first = problem
    if b"\0" in data:
        raise _other_utf16(path)
    if not marked:
        try:
            return data.decode("cp932")
        except UnicodeDecodeError as problem:
            # The encoding that went further is the likelier one: the byte that ended it is told.
            first = max(first, problem, key=lambda p: p.start)
    raise _undecodable(path, data, first.start)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as problem:
        message = _("{path} cannot be read: {why}.").format(path=path, why=problem.strerror)
        raise UsageError(message, code="new_file", where=str(path)) from None
    if len(data) > MAX_BYTES:
        message = _(
            "{path} is larger than {size} MB. Divide it, or leave out other columns."
        ).format(path=path, size=MAX_BYTES // 1_000_000)
        raise UsageError(message, code="new_file", where=str(path))
    return data


def _other_utf16(path: Path) -> UsageError:
    message = _("{path} is in a kind of UTF-16 that cannot be read. Save it as CSV UTF-8.")
    return UsageError(message.format(path=path), code="new_file", where=str(path))


def _undecodable(path: Path, data: bytes, start: int) -> UsageError:
    row = data.count(b"\n", 0, start) + 1
    column = data[data.rfind(b"\n", 0, start) + 1 : start].count(b",") + 1
    message = _(
        "{where}: The byte 0x{byte:02x} is neither UTF-8 nor CP932. Save the file as CSV UTF-8."
    )
    where = f"{path}:{row}:{column}"
    return UsageError(message.format(where=where, byte=data[start]), code="new_file", where=where)
