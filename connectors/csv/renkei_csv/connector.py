"""A CSV file as renkei sees it: read whole, written whole and at once, or not at all."""

from __future__ import annotations

import errno
import glob
import os
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from renkei.connector import (
    Account,
    AnswerError,
    BatchWrite,
    ConfigurationError,
    Connection,
    Employee,
    FieldSpec,
    Finding,
    InDoubtError,
    Need,
    OptionsError,
    RecordError,
    Ref,
    RenkeiError,
    UnavailableError,
    Value,
    _,
    hookimpl,
    lacking,
)
from renkei_csv import columns
from renkei_csv.table import Table, Unreadable, encoding_of, mark_of

SHOWN = 5
"""How many cells that make no sense a check names."""

ABANDONED_S = 3600.0
"""How old a new file beside the old one is that nobody writes any more."""

FULL = (errno.ENOSPC, errno.EDQUOT)


Asked = tuple[str, columns.Column, int]
"""A column that is asked for: its name, what is said of it, and its place in a row."""


class CSV:
    """The hooks of the CSV connector."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._name = connection.name
        self._options = columns.Options(path="")
        with suppress(OptionsError):  # check_options tells of them
            self._options = columns.options_of(connection.options)
        self._columns = self._options.columns
        number = (name for name, column in self._columns.items() if column.role == "number")
        self._number = next(number, "")
        path = os.path.expanduser(self._options.path)  # noqa: PTH111 - that of pathlib raises
        self._path = connection.folder / path
        self._table: Table | None = None
        self._ours: list[str] = []
        """The states of the file since it was last read anew, each but the first made here."""

    @hookimpl
    def needs(self) -> Sequence[Need]:
        """A file has no address and no token."""
        return ()

    @hookimpl
    def check_options(self, options: Mapping[str, Any]) -> None:
        """Find every mistake in the options."""
        columns.options_of(options)

    @hookimpl
    def identity(self) -> str:
        """Two names of one file are one account."""
        return str(self._path.resolve())

    @hookimpl
    def fields(self, options: Mapping[str, Any]) -> Sequence[FieldSpec]:
        """The columns are the fields; the file tells what it can hold, if it is there."""
        if not options:
            return ()
        encoding = None
        with suppress(OSError, Unreadable):
            encoding = encoding_of(self._path.read_bytes())
        return columns.specs_of(self._options, encoding)

    @hookimpl
    def list_employees(self, fields: Sequence[str]) -> Iterator[Employee]:
        """Iterate over the rows that are not empty."""
        yield from self._people(self._read(), fields, lambda _person, _number: True)

    @hookimpl
    def read_employees(self, refs: Sequence[Ref], fields: Sequence[str]) -> Iterator[Employee]:
        """Read the file again, and find those who are meant."""
        ids, numbers = {ref.id for ref in refs}, {ref.number for ref in refs}
        yield from self._people(
            self._read(), fields, lambda person, number: person in ids or number in numbers
        )

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
        if write.current is not None and write.current.id not in there:
            message = _("{name} no longer has this employee. Fetch again.")
            raise RecordError(message.format(name=self._name), code="not_found")
        needed = [n for n, c in self._columns.items() if c.required or n == self._number]
        lacking = [name for name in needed if write.values.get(name) is None]
        if write.current is None and lacking:
            message = _("{name} takes nobody new without {fields}. Fill them, then try again.")
            said = message.format(name=self._name, fields=_(", ").join(lacking))
            raise RecordError(said, code="missing", fields=tuple(lacking))

    @hookimpl
    def account_name(self) -> str:
        """Return the name of the file."""
        return self._path.name

    @hookimpl
    def check(self) -> Account:
        """Read the file, and look whether it could be replaced; nothing is written."""
        table = self._read()
        text = _("People in the file: {count}. It is written in {encoding}.")
        encoding = "CP932 (Shift_JIS)" if table.encoding == "cp932" else "UTF-8"
        findings = [Finding("ok", text.format(count=len(self._ids(table)), encoding=encoding))]
        if not os.access(self._path.resolve().parent, os.W_OK):
            text = _("The folder of the file may not be written, so the file can only be read.")
            findings.append(Finding("warning", text))
        wrong = list(self._senseless(table))
        if wrong:
            text = _("Cells that make no sense: {count}, such as {cells}.")
            cells = _(", ").join(wrong[:SHOWN])
            findings.append(Finding("warning", text.format(count=len(wrong), cells=cells)))
        return Account(self._path.name, tuple(findings))

    # --- reading --------------------------------------------------------------------------------

    def _read(self) -> Table:
        """Return the table as it is now."""
        with self._local():
            data = self._path.read_bytes()
        if self._table is None or self._table.data != data:
            try:
                self._table = Table(data)
            except Unreadable as error:
                raise self._no_table(error) from None
            self._refuse_headers(self._table)
        if self._table.mark not in self._ours[-1:]:
            self._ours = [self._table.mark]
        return self._table

    def _refuse_headers(self, table: Table) -> None:
        """Raise without a word of the row: where headers are lacking, it is a person's."""
        for name in self._columns:
            if (count := table.header.count(name)) != 1:
                text = (
                    _(
                        "{name}: {file} has no column “{column}”. Its first row has to be the"
                        " headers, and the configuration spells each exactly so."
                    )
                    if count == 0
                    else _("{name}: {file} has several columns “{column}”. Rename all but one.")
                )
                told = text.format(name=self._name, file=self._path, column=name)
                raise ConfigurationError(told, where=self._name)

    def _no_table(self, error: Unreadable) -> AnswerError:
        sentences = {
            "empty": _("{name}: {file} has no row of headers."),
            "encoding": _(
                "{name}: {file} is neither UTF-8 nor CP932, in row {row}, column {column}. Save it"
                " as one of them."
            ),
            "ragged": _("{name}: row {row} of {file} has more or fewer cells than the headers."),
            "quotes": _("{name}: the quotes in row {row} of {file} do not fit together."),
        }
        told = sentences[error.why].format(
            name=self._name, file=self._path, row=error.row, column=error.column
        )
        return AnswerError(told)

    def _ids(self, table: Table) -> dict[int, str]:
        """Return what people are called, by place: their number, or their row if that is none."""
        numbers = table.column(self._number)
        often: dict[str, int] = {}
        for number in numbers:
            often[number] = often.get(number, 0) + 1
        filled = (place for place in table.people if table.rows[place])
        return {
            place: number if number and often[number] == 1 else f"\N{NUMBER SIGN}{place + 1}"
            for place, number in zip(filled, numbers, strict=True)
        }

    def _people(
        self, table: Table, fields: Sequence[str], wanted: Callable[[str, str], bool]
    ) -> Iterator[Employee]:
        """Yield those whom *wanted* takes, by what they are called and by their number."""
        asked = [(name, self._columns[name], table.header.index(name)) for name in fields]
        number = table.header.index(self._number)
        for place, person in self._ids(table).items():
            row = table.rows[place]
            if wanted(person, row[number]):
                yield _employee(person, row, asked, table.mark)

    def _senseless(self, table: Table) -> Iterator[str]:
        """Yield row and column of each cell that makes no sense."""
        for name, column in self._columns.items():
            at = table.header.index(name)
            for place in table.people:
                try:
                    columns.read(column, table.rows[place][at] if table.rows[place] else "")
                except ValueError:
                    text = _("row {row}, column {column}")
                    yield text.format(row=place + 1, column=name)

    # --- writing --------------------------------------------------------------------------------

    def _unchanged(self, writes: Sequence[BatchWrite]) -> Table:
        """Return the table, if it is the one in which the people of *writes* were read."""
        with self._local():
            data = self._path.read_bytes()
        seen = {write.current.extra for write in writes if write.current is not None}
        if mark_of(data) not in self._ours[-1:] or not seen <= set(self._ours):
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
                if path.read_bytes() != table.data:
                    raise self._changed_meanwhile()
                draft.replace(path)
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        self._ours.append(mark_of(data))
        try:
            _sync(path.parent)
        except OSError as error:
            text = _("{name}: nobody knows whether {file} is on the disk.")
            told = UnavailableError(text.format(name=self._name, file=path))
            raise InDoubtError(told) from error

    @contextmanager
    def _local(self) -> Iterator[None]:
        """Tell what this computer refuses in words of ours: nothing was done."""
        try:
            yield
        except OSError as error:
            self._refused(error)

    def _refused(self, error: OSError) -> NoReturn:
        about = {"name": self._name, "file": self._path, "why": error.strerror or ""}
        if isinstance(error, FileNotFoundError | IsADirectoryError | NotADirectoryError):
            text = _("{name}: there is no file {file}. Correct the path, or put the file there.")
            raise ConfigurationError(text.format(**about), where=self._name) from None
        full = error.errno in FULL
        text = (
            _("{name}: the disk of {file} has no room. Make room, then try again.")
            if full
            else _("{name}: {file} cannot be read or replaced ({why}). Correct its rights.")
        )
        raise UnavailableError(
            text.format(**about), code="disk_full" if full else "file_refused",
            nothing_done=True, for_all=True, again=False,
        ) from None  # fmt: skip


def _employee(person: str, row: Sequence[str], asked: Sequence[Asked], mark: str) -> Employee:
    """Read one row: a value that makes no sense is unreadable."""
    values: dict[str, Value] = {}
    unreadable = []
    for name, column, place in asked:
        try:
            values[name] = columns.read(column, row[place])
        except ValueError:
            unreadable.append(name)
    return Employee(id=person, values=values, unreadable=tuple(unreadable), extra=mark)


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
            if time.time() - draft.stat().st_mtime > ABANDONED_S:
                draft.unlink()


def _write(draft: Path, data: bytes, like: os.stat_result) -> None:
    """
    Write a new file, whole and on the disk; at its end it may be read by whom the old one may.

    A group that cannot be kept takes its rights with it: they are not meant for another one.
    """
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
