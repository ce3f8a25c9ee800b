"""A file of rows as renkei reads it: whole, and anew whenever a byte has changed."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Generic, NoReturn, TypeVar

from renkei.connector import (
    Account,
    AnswerError,
    ConfigurationError,
    Connection,
    Employee,
    FieldSpec,
    Finding,
    Need,
    OptionsError,
    Ref,
    UnavailableError,
    Value,
    _,
    hookimpl,
)
from renkei_csv import columns
from renkei_csv.table import Cell, Rows, Unreadable

T = TypeVar("T", bound=Rows)

SHOWN = 5
"""How many cells that make no sense a check names."""

FULL = (errno.ENOSPC, errno.EDQUOT)


Asked = tuple[str, columns.Column, int]
"""A column that is asked for: its name, what is said of it, and its place in a row."""


class Source(Generic[T]):
    """The hooks that read; what is left to each kind of file stands first."""

    def _opened(self, data: bytes) -> T:
        """Return what is in the file; raises Unreadable."""
        raise NotImplementedError

    def _about(self, table: T, people: int) -> list[Finding]:
        """Return what a check tells of a file that could be read."""
        raise NotImplementedError

    def _encoding(self) -> str | None:
        """Return the encoding that limits what the file can hold, if there is one."""
        return None

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._name = connection.name
        self._options = columns.Options(path="")
        with suppress(OptionsError):  # check_options tells of them
            self._options = columns.options_of(connection.options)
        self._columns = self._options.columns
        self._number = ""
        for name, column in self._columns.items():
            if column.role == "number":
                self._number = name
        path = os.path.expanduser(self._options.path)  # noqa: PTH111 - that of pathlib raises
        self._path = connection.folder / path
        self._table: T | None = None
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
        return columns.specs_of(self._options, self._encoding())

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
    def account_name(self) -> str:
        """Return the name of the file."""
        return self._path.name

    @hookimpl
    def check(self) -> Account:
        """Read the file; nothing is written."""
        table = self._read()
        findings = self._about(table, len(self._ids(table)))
        wrong = list(self._senseless(table))
        if wrong:
            text = _("Cells that make no sense: {count}, such as {cells}.")
            cells = _(", ").join(wrong[:SHOWN])
            findings.append(Finding("warning", text.format(count=len(wrong), cells=cells)))
        return Account(self._path.name, tuple(findings))

    # --- reading --------------------------------------------------------------------------------

    def _read(self) -> T:
        """Return the table as it is now."""
        with self._local():
            data = self._path.read_bytes()
        table = self._table
        if table is None or table.data != data:
            try:
                table = self._opened(data)
                self._refuse_headers(table)
            except Unreadable as error:
                raise self._no_table(error) from None
            self._table = table
        # Changed by somebody else: people read from an earlier state can no longer be written.
        if table.mark not in self._ours[-1:]:
            self._ours = [table.mark]
        return table

    def _refuse_headers(self, table: T) -> None:
        """Raise without a word of the row: where headers are lacking, it is a person's."""
        for name in self._columns:
            count = table.header.count(name)
            if count == 1:
                continue
            if count == 0:
                text = _(
                    "{name}: {file} has no column “{column}”. Its first row has to be the"
                    " headers, and the configuration spells each exactly so."
                )
            else:
                text = _("{name}: {file} has several columns “{column}”. Rename all but one.")
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
            "workbook": _("{name}: {file} is no workbook (.xlsx), or it is damaged."),
            "locked": _(
                "{name}: {file} is closed by a password, or of an older format. Save it as .xlsx"
                " without a password."
            ),
            "large": _("{name}: {file} is too large for a list of people."),
            "sheet": _("{name}: {file} has no sheet of that name. Correct the option “sheet”."),
            "formula": _(
                "{name}: {file} has a formula in row {row}, column {column}. renkei calculates"
                " nothing: paste the values in its place."
            ),
            "merged": _(
                "{name}: cells of {file} are merged in row {row}, column {column}. Divide them."
            ),
        }
        told = sentences[error.why].format(
            name=self._name, file=self._path, row=error.row, column=error.column
        )
        return AnswerError(told)

    def _ids(self, table: T) -> dict[int, str]:
        """Return what people are called, by place: their number, or their row if that is none."""
        numbers = table.column(self._number)
        often = Counter(numbers)
        filled = (place for place in table.people if table.rows[place])
        ids: dict[int, str] = {}
        for place, number in zip(filled, numbers, strict=True):
            # Two people of one number must not be taken for each other.
            is_id = number != "" and often[number] == 1
            ids[place] = number if is_id else f"\N{NUMBER SIGN}{place + 1}"
        return ids

    def _people(
        self, table: T, fields: Sequence[str], wanted: Callable[[str, str], bool]
    ) -> Iterator[Employee]:
        """Yield those whom *wanted* takes, by what they are called and by their number."""
        asked = [(name, self._columns[name], table.header.index(name)) for name in fields]
        numbers = iter(table.column(self._number))
        for place, person in self._ids(table).items():
            row = table.rows[place]
            if wanted(person, next(numbers)):
                yield _employee(person, row, asked, table.mark)

    def _senseless(self, table: T) -> Iterator[str]:
        """Yield row and column of each cell that makes no sense."""
        for name, column in self._columns.items():
            at = table.header.index(name)
            for place in table.people:
                row = table.rows[place]
                try:
                    columns.read(column, row[at] if row else "")
                except ValueError:
                    text = _("row {row}, column {column}")
                    yield text.format(row=place + 1, column=name)

    # --- the computer ---------------------------------------------------------------------------

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
        if error.errno in FULL:
            code = "disk_full"
            text = _("{name}: the disk of {file} has no room. Make room, then try again.")
        else:
            code = "file_refused"
            text = _("{name}: {file} cannot be read or replaced ({why}). Correct its rights.")
        raise UnavailableError(
            text.format(**about), code=code, nothing_done=True, for_all=True, again=False
        ) from None


def _employee(person: str, row: Sequence[Cell], asked: Sequence[Asked], mark: str) -> Employee:
    """Read one row: a value that makes no sense is unreadable."""
    values: dict[str, Value] = {}
    unreadable = []
    for name, column, place in asked:
        try:
            values[name] = columns.read(column, row[place])
        except ValueError:
            unreadable.append(name)
    return Employee(id=person, values=values, unreadable=tuple(unreadable), extra=mark)
