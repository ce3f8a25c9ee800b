"""A CSV file as renkei sees it: read whole, written whole and at once, or not at all."""

from __future__ import annotations

import glob
import os
import secrets
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from renkei.connector import (
    BatchWrite,
    ConfigurationError,
    Connection,
    Finding,
    InDoubtError,
    OptionsError,
    RecordError,
    RenkeiError,
    UnavailableError,
    _,
    hookimpl,
    lacking,
)
from renkei_csv import columns
from renkei_csv.reading import Source
from renkei_csv.table import Table, Unreadable, encoding_of, mark_of

if TYPE_CHECKING:
    from renkei_csv.workbook import Workbook

ABANDONED_S = 3600.0
"""How old a new file beside the old one is that nobody writes any more."""


def opened(connection: Connection) -> CSV | Sheet:
    """Return the connector for a file; a mistake in its options is told by either."""
    with suppress(OptionsError):
        if columns.options_of(connection.options).is_workbook:
            return Sheet(connection)
    return CSV(connection)


class Sheet(Source["Workbook"]):
    """A sheet of a workbook: a source only, since writing it anew would lose what is not read."""

    def _opened(self, data: bytes) -> Workbook:
        try:
            from renkei_csv.workbook import Workbook
        except ImportError:
            text = _("{name}: a workbook needs one more package: pip install 'renkei[xlsx]'.")
            raise ConfigurationError(text.format(name=self._name), where=self._name) from None
        table = Workbook(data, self._options.sheet)
        table.require(self._columns)
        return table

    def _about(self, table: Workbook, people: int) -> list[Finding]:
        text = _("People in the sheet “{sheet}”: {count}.")
        return [Finding("ok", text.format(sheet=table.title, count=people))]


class CSV(Source[Table]):
    """A CSV file, which is also written."""

    def _opened(self, data: bytes) -> Table:
        return Table(data)

    def _about(self, table: Table, people: int) -> list[Finding]:
        text = _("People in the file: {count}. It is written in {encoding}.")
        encoding = "CP932 (Shift_JIS)" if table.encoding == "cp932" else "UTF-8"
        findings = [Finding("ok", text.format(count=people, encoding=encoding))]
        if not os.access(self._path.resolve().parent, os.W_OK):
            text = _("The folder of the file may not be written, so the file can only be read.")
            findings.append(Finding("warning", text))
        return findings

    def _encoding(self) -> str | None:
        with suppress(OSError, Unreadable):
            return encoding_of(self._path.read_bytes())
        return None

    @hookimpl
    def write_many(self, writes: Sequence[BatchWrite]) -> Sequence[str | RenkeiError | None]:
        """Change rows and add others in one new file, which takes the place of the old one."""
        table = self._unchanged(writes)
        places = {person: place for place, person in self._ids(table).items()}
        there = set(table.column(self._number))
        styles = {
            name: columns.style_of(column, table.column(name))
            for name, column in self._columns.items()
        }
        changes: dict[int, dict[str, str]] = {}
        new: list[dict[str, str]] = []
        answers: list[str | RenkeiError | None] = []
        for write in writes:
            try:
                self._refuse_halves(write, places)
                cells = self._cells(table, write, styles)
                if write.current is None:
                    answers.append(_refuse_twice(cells[self._number], there))
                    new.append(cells)
                else:
                    changes[places[write.current.id]] = cells
                    answers.append(None)
            except RecordError as refused:
                answers.append(refused)
        if changes or new:
            self._replace(table, table.written(changes, new))
        return answers

    def _refuse_halves(self, write: BatchWrite, there: Collection[str]) -> None:
        """Raise RecordError for somebody new who lacks a value, and for who is not *there*."""
        if write.current is not None:
            if write.current.id not in there:
                message = _("{name} no longer has this employee. Fetch again.")
                raise RecordError(message.format(name=self._name), code="not_found")
            return
        needed = [
            name
            for name, column in self._columns.items()
            if column.required or name == self._number
        ]
        missing = [name for name in needed if write.values.get(name) is None]
        if missing:
            message = _("{name} takes nobody new without {fields}. Fill them, then try again.")
            said = message.format(name=self._name, fields=_(", ").join(missing))
            raise RecordError(said, code="missing", fields=tuple(missing))

    def _unchanged(self, writes: Sequence[BatchWrite]) -> Table:
        """Return the table, if it is the one in which the people of *writes* were read."""
        with self._local():
            data = self._path.read_bytes()
        seen = {write.current.extra for write in writes if write.current is not None}
        is_as_we_left_it = mark_of(data) in self._ours[-1:]
        # A later look does not make an earlier one good: a person who was read before the file
        # changed may be in another row by now.
        if not is_as_we_left_it or not seen <= set(self._ours):
            raise self._changed_meanwhile()
        if self._table is None or self._table.data != data:
            self._table = Table(data)  # as it was written here
        return self._table

    def _changed_meanwhile(self) -> UnavailableError:
        text = _(
            "{name}: {file} was changed by something else while renkei was at work, so nothing was"
            " written. Close it wherever it is open, then try again."
        )
        return UnavailableError(
            text.format(name=self._name, file=self._path),
            code="file_changed", nothing_done=True, for_all=True, again=False,
        )  # fmt: skip

    def _cells(self, table: Table, write: BatchWrite, styles: Mapping[str, str]) -> dict[str, str]:
        """Return the texts of one row that are written; RecordError if one cannot be."""
        cells = {}
        for name, value in write.values.items():
            text = columns.written(value, styles[name])
            # It would come back as another character, or make the whole file unreadable.
            if lacking(text, table.encoding) is not None:
                said = _("The file has no character for a value.")
                raise RecordError(said, code="not_in_encoding", fields=(name,))
            cells[name] = text
        return cells

    def _replace(self, table: Table, data: bytes) -> None:
        """Put *data* in the place of the file, which has to be *table* to the last moment."""
        path = self._path.resolve()  # a link stays a link
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.renkei")
        try:
            with self._local():
                _forget_drafts(path)
                _write(draft, data, path.stat())
            self._connection.before_write()
            with self._local():
                # As late as possible: what somebody has saved meanwhile would be lost.
                if path.read_bytes() != table.data:
                    raise self._changed_meanwhile()
                draft.replace(path)
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        self._ours.append(mark_of(data))
        # The rename survives a power cut only once the folder is on the disk, too.
        try:
            _sync(path.parent)
        except OSError as error:
            text = _("{name}: nobody knows whether {file} is on the disk.")
            told = UnavailableError(text.format(name=self._name, file=path))
            raise InDoubtError(told) from error


def _refuse_twice(number: str, there: set[str]) -> str:
    """Return the number of somebody new; RecordError if somebody has it already."""
    if number in there:
        raise RecordError(_("The file has this number already."), code="exists_by_now")
    there.add(number)
    return number


def _forget_drafts(path: Path) -> None:
    """Remove what processes that were killed have left beside the file."""
    for draft in path.parent.glob(f".{glob.escape(path.name)}.*.renkei"):
        with suppress(OSError):
            # A younger one may belong to a process that is still writing.
            if time.time() - draft.stat().st_mtime > ABANDONED_S:
                draft.unlink()


def _write(draft: Path, data: bytes, like: os.stat_result) -> None:
    """
    Write a new file, whole and on the disk; at its end it may be read by whom the old one may.

    A group that cannot be kept takes its rights with it: they are not meant for another one.
    """
    # Nobody may put a file or a link here beforehand and then read what is written.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    mode = like.st_mode & 0o777
    with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
        file.write(data)
        with suppress(OSError):  # only root may
            os.fchown(file.fileno(), like.st_uid, -1)
        try:
            os.fchown(file.fileno(), -1, like.st_gid)
        except OSError:  # we are not in it, or the disk has none
            mode &= 0o707
        with suppress(OSError):  # a disk without modes
            os.fchmod(file.fileno(), mode)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Let the new name of a file be on the disk, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
