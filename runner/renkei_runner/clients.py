"""New companies: a file for each, by name or from a list of clients. All rows are right, or none.

A list has a header in either language; what it may have stands in COLUMNS.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import frozen

from renkei.companies import not_a_name
from renkei.config import Config, Main, load_main, resolve_secret
from renkei.config.load import parse_config
from renkei.config.main import is_name, not_several
from renkei.errors import ConfigurationError, MappingError, Problem, UsageError
from renkei.http.address import one_spelling
from renkei.report.csv import write_private
from renkei.words.i18n import _
from renkei_runner.example import address_of, company_example, main_example

COLUMNS = {
    "number": ("number", "自社番号"),
    "label": ("label", "会社名"),
    "environment": ("environment", "環境"),
    "smarthr_address": ("smarthr_address", "SmartHRのアドレス"),
    "smarthr_token_file": ("smarthr_token_file", "SmartHRのトークンファイル"),
    "touchontime_address": ("touchontime_address", "Touch On Timeのアドレス"),
    "touchontime_token_file": ("touchontime_token_file", "Touch On Timeのトークンファイル"),
}
"""The columns of a list, each by its names; the number is the office's own, and the name."""

NEEDED = ("number", "label", "smarthr_address", "smarthr_token_file", "touchontime_token_file")
ENVIRONMENTS = {"": "production", "本番": "production", "テスト": "sandbox"}
MOST_BYTES = 4_000_000


@frozen(kw_only=True)
class Client:
    """One company to be added; *values* are what stands in its file, by column."""

    name: str
    label: str = ""
    environment: str = "production"
    values: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """Return the text of its file."""
        return company_example(self.label or self.name, self.environment, dict(self.values))


def prepared(config: Path) -> Main:
    """Return the main file at *config*; one that is not there is written, with a folder."""
    if not config.exists():
        write_private(config, [main_example()])
    main = load_main(config)
    if main.folder is None:
        raise not_several(main.path)
    return main


def read_clients(path: Path, main: Main) -> list[Client]:
    """
    Return the companies that the list at *path* adds; one that is there as it would be is left out.

    MappingError tells all mistakes, each with its row and column.
    """
    rows = _rows(path)
    header = next(rows, [])
    columns = _columns(path, header)
    problems: list[Problem] = []
    clients: list[Client] = []
    seen: dict[object, int] = {}
    for number, row in enumerate(rows, start=2):
        if not "".join(row).strip():
            continue
        # Spreadsheets leave out empty cells at the end of a row.
        whole = [*row, *[""] * (len(header) - len(row))]
        cells = {name: whole[at].strip() for name, at in columns.items()}
        place = _Row(path=path, main=main, number=number, columns=columns, cells=cells, seen=seen)
        found = list(place.problems())
        problems += found
        if not found:
            clients += place.client()
    if problems:
        raise MappingError(problems)
    if not clients:
        message = _("{path} has no company that is not there already.").format(path=path)
        raise UsageError(message, code="nothing_to_add", where=str(path))
    return clients


@frozen(kw_only=True)
class _Row:
    """One row of a list; *seen* is what the rows above had, each with its line."""

    path: Path
    main: Main
    number: int
    columns: dict[str, int]
    cells: dict[str, str]
    seen: dict[object, int]

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with it."""
        missing = [name for name in NEEDED if not self.cells[name]]
        for column in missing:
            yield self._problem(column, _("it is empty"))
        name = self.cells["number"]
        if name and not is_name(name):
            yield self._problem("number", not_a_name(name))
        elif name:
            yield from self._once(("number", name), "number")
        if self._environment not in ENVIRONMENTS.values():
            yield self._problem("environment", _("write production or sandbox"))
        elif not missing and is_name(name):
            yield from self._written()
        yield from self._tokens()

    def _tokens(self) -> Iterator[Problem]:
        """Yield what is wrong with the files of tokens, and accounts that a row above has."""
        for system in ("smarthr", "touchontime"):
            column = f"{system}_token_file"
            if not self.cells[column]:
                continue
            try:
                secret = resolve_secret(f"file:{self._file(column)}", self.path.parent)
            except ConfigurationError as error:
                yield self._problem(column, error.message)
            else:
                # Two companies of one account would both be refused later (F94).
                address = self.cells.get(f"{system}_address") or address_of(system)
                yield from self._once((system, one_spelling(address), secret), column)

    @property
    def _environment(self) -> str:
        written = self.cells.get("environment", "")
        return ENVIRONMENTS.get(written, written)

    def client(self) -> list[Client]:
        """Return the company, unless its file is there and says the same of what a row has."""
        # An office gives its whole list again for each new client:
        # docs/decisions/2026-11-29-setup-within-a-company.md
        client = self._client()
        path = self.main.new_file(client.name)
        try:
            there = parse_config(path.read_text(encoding="utf-8"), path, main=self.main)
            meant = parse_config(client.text(), path, main=self.main)
        except (OSError, UnicodeDecodeError, MappingError):
            return [client]
        return [] if _says(there, meant) else [client]

    def _client(self) -> Client:
        values: dict[str, str] = {}
        for name in ("smarthr_address", "touchontime_address"):
            if self.cells.get(name):
                values[name] = self.cells[name]
        # Paths in the file of a company start from that file, those of the list from the list.
        folder = self.main.new_file("x").parent
        for name in ("smarthr_token_file", "touchontime_token_file"):
            values[name] = os.path.relpath(self._file(name), folder)
        return Client(
            name=self.cells["number"],
            label=self.cells["label"],
            environment=self._environment,
            values=tuple(values.items()),
        )

    def _written(self) -> Iterator[Problem]:
        """Yield what would be wrong with the file, or that there is another one."""
        client = self._client()
        path = self.main.new_file(client.name)
        if os.path.lexists(path) and self.client():
            message = _("{path} exists already, and says something else")
            yield self._problem("number", message.format(path=path))
        try:
            parse_config(client.text(), path, main=self.main)
        except MappingError as error:
            lines = client.text().splitlines()
            for each in error.problems:
                column = self._column_of(lines[each.line - 1])
                yield self._problem(column, each.message)

    def _column_of(self, line: str) -> str:
        """Return the column that a wrong line of the file comes from."""
        for name, value in self.cells.items():
            if value and value in line:
                return name
        return "number"

    def _once(self, what: object, column: str) -> Iterator[Problem]:
        if what in self.seen:
            message = _("the same as in row {row}").format(row=self.seen[what])
            yield self._problem(column, message)
        else:
            self.seen[what] = self.number

    def _file(self, column: str) -> Path:
        return (self.path.parent / self.cells[column]).absolute()

    def _problem(self, name: str, message: str = "") -> Problem:
        return Problem(str(self.path), self.number, self.columns.get(name, 0) + 1, message)


def _says(there: Config, meant: Config) -> bool:
    """Return whether a file says what a row does; it may have more, which people have set."""
    company, other = there.company, meant.company
    if (company.label, company.environment) != (other.label, other.environment):
        return False
    have = _accounts(there)
    return all(account in have for account in _accounts(meant))


def _accounts(config: Config) -> list[tuple[object, ...]]:
    """Return what each connection opens, whatever its name."""
    connections = config.connections.values()
    return [(each.connector, each.base_url, each.token) for each in connections]


def _rows(path: Path) -> Iterator[list[str]]:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as problem:
        message = _("{path} cannot be read: {why}.").format(path=path, why=problem.strerror)
        raise UsageError(message, code="file", where=str(path)) from None
    if len(raw) > MOST_BYTES:
        message = _(
            "{path} is larger than {size} MB. Divide it, and import one part after another."
        )
        told = message.format(path=path, size=MOST_BYTES // 1_000_000)
        raise UsageError(told, code="file", where=str(path))
    # Japanese spreadsheets write CP932, which is hardly ever UTF-8 by accident.
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        try:
            return iter(list(csv.reader(io.StringIO(text, newline=""))))
        except csv.Error:
            break
    message = _("{path} is no CSV file in UTF-8 or CP932.").format(path=path)
    raise UsageError(message, code="file", where=str(path))


def _columns(path: Path, header: Sequence[str]) -> dict[str, int]:
    """Return where each column stands; MappingError tells which are missing or unknown."""
    names: dict[str, str] = {}
    for column, several in COLUMNS.items():
        names |= dict.fromkeys(several, column)
    found: dict[str, int] = {}
    problems = []
    for at, title in enumerate(header):
        name = names.get(title.strip())
        if name is None or name in found:
            message = _("no column is called “{title}”, or it is there twice")
            problems.append(Problem(str(path), 1, at + 1, message.format(title=title.strip())))
        else:
            found[name] = at
    for name in NEEDED:
        if name not in found:
            message = _("the column {name} is missing")
            shown = " / ".join(COLUMNS[name])
            problems.append(Problem(str(path), 1, 1, message.format(name=shown)))
    if problems:
        raise MappingError(problems)
    return found
