"""Touch On Time as renkei sees it: one call lists everybody, closed twice a day, bases dated."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from urllib.parse import urlsplit

from renkei.connector import (
    JSON,
    AccessError,
    Account,
    AnswerError,
    ClosedHours,
    Connection,
    Employee,
    FieldSpec,
    Finding,
    NewField,
    Ref,
    RequestLimit,
    Values,
    _,
    base_dates,
    hookimpl,
)
from renkei_touchontime import records
from renkei_touchontime.client import HOURS, Client

# Source: second-hand from the vendor's developer page; per token, as far as is known.
LIMITS = (RequestLimit(500, 300),)

SINGLE_CALLS = 3  # more people than this are read faster by one list
_PLAIN_NUMBER = re.compile(r"[\w-]{1,64}")

_Found = dict[str, tuple[dict[str, JSON], dt.date]]
"""Records by key, each with the day it is of."""


class TouchOnTime:
    """The hooks of the Touch On Time connector."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client = Client(connection)
        self._numbers: dict[str, str] = {}  # by key, as last seen: single reads go by number

    @hookimpl
    def fields(self) -> Sequence[FieldSpec]:
        """Describe the fields."""
        return records.FIELDS

    @hookimpl
    def closed_hours(self) -> Sequence[ClosedHours]:
        """Return the hours in which Touch On Time refuses all calls, every day."""
        return HOURS

    @hookimpl
    def request_limits(self) -> Sequence[RequestLimit]:
        """Return Touch On Time's limit."""
        return LIMITS

    @hookimpl
    def list_employees(self, at: dt.date, fields: Sequence[str]) -> Iterator[Employee]:
        """
        Iterate over everybody as of *at*, then over those who only show later: future hires.

        Nobody comes twice, whatever the two lists say.
        """
        additional = records.additional(fields)
        seen: set[str] = set()
        for day in self._days(at):
            for row in self._rows(day, additional, tolerant=day != at):
                key = str(row[records.KEY])
                if key not in seen:
                    seen.add(key)
                    yield records.employee(row, fields, day)

    @hookimpl
    def read_employees(
        self, refs: Sequence[Ref], at: dt.date, fields: Sequence[str]
    ) -> Iterator[Employee]:
        """
        Read some again: a few one by one, more of them with one list.

        They are read as of today, so that an update never repeats a transfer that is only booked;
        only dated fields are read as of *at*.
        """
        additional = records.additional(fields)
        today = self._connection.clock.today()
        dated = [name for name in fields if name in records.DATED]
        then = self._find(refs, additional, at) if dated and at != today else None
        for key, (row, day) in self._find(refs, additional, today).items():
            person = records.employee(row, fields, day)
            if then is not None:
                person = records.redated(person, then[key][0] if key in then else None, dated)
            yield person

    @hookimpl
    def create_employee(self, values: Values) -> str:
        """Create one employee."""
        return self._client.create(values)

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> None:
        """Change only the given properties; the address list is sent whole, with its others."""
        today = self._connection.clock.today()
        extra = current.extra
        if not isinstance(extra, records.Extra):
            extra = records.Extra(today, {}, ())
        self._client.update(current.id, changes, extra, today)

    @hookimpl
    def new_employee_fields(self) -> Sequence[NewField]:
        """Return division and working type with their live choices."""
        return [
            self._new_field(records.DIVISION, "divisions"),
            self._new_field(records.TYPE, "working-types"),
        ]

    @hookimpl
    def check(self) -> Account:
        """Prove the token by reading all that is needed; nothing is written."""
        today = self._connection.clock.today()
        subjects: dict[str, Callable[[], JSON]] = {
            _("the company (/company)"): self._client.company,
            _("divisions (/divisions)"): lambda: _first(self._client.rows("divisions")),
            _("working types (/working-types)"): lambda: _first(self._client.rows("working-types")),
            _("employees (/employees)"): lambda: _first(self._client.employees(today, [])),
        }
        answers = {subject: _tried(ask) for subject, ask in subjects.items()}
        refusals = [a for a in answers.values() if isinstance(a, AccessError)]
        if len(refusals) == len(answers):
            raise refusals[0]  # nothing at all can be read: it is the token or the address
        findings = [_finding(subject, answer) for subject, answer in answers.items()]
        writing = _("Rights to write cannot be tried without writing; the first sync will show.")
        company = next(iter(answers.values()))
        return Account(self._account_name(company), (*findings, Finding("ok", writing)))

    def _new_field(self, name: str, table: str) -> NewField:
        choices = []
        for position, row in enumerate(self._client.rows(table), start=1):
            try:
                choices.append(records.choice(row))
            except ValueError:
                raise self._client.odd(table, position) from None
        return NewField(name, records.label(name), tuple(choices))

    def _account_name(self, company: object) -> str:
        """Return the company's name, or the host if the token may not read it."""
        name = company.get("name") if isinstance(company, dict) else None
        host = urlsplit(self._connection.base_url).hostname or ""
        return name if isinstance(name, str) and name else host

    def _days(self, at: dt.date) -> tuple[dt.date, ...]:
        """
        Return *at* and the last day that can be asked for, when future hires show.

        A day less than the vendor allows: its clock may not have reached our midnight yet.
        """
        last = base_dates(self._connection.clock.today())[1] - dt.timedelta(days=1)
        return (at, last) if at < last else (at,)

    def _rows(
        self, at: dt.date, additional: Sequence[str], *, tolerant: bool
    ) -> Iterator[dict[str, JSON]]:
        """Yield everybody as of *at*; *tolerant*: nobody, should the date be refused."""
        try:
            for row in self._client.employees(at, additional):
                if isinstance(number := row.get(records.NUMBER), str):
                    self._numbers[str(row[records.KEY])] = number
                yield row
        except AnswerError as error:
            if not tolerant or error.code != "bad_request":
                raise

    def _find(self, refs: Sequence[Ref], additional: Sequence[str], at: dt.date) -> _Found:
        """Return whom *refs* name, by key, as of *at*, or later if they do not show before."""
        numbers = [ref.number or self._numbers.get(ref.id or "", "") for ref in refs]
        if len(refs) <= SINGLE_CALLS and all(map(_PLAIN_NUMBER.fullmatch, numbers)):
            found = self._find_singly(numbers, additional, at)
            # A person whose number has changed since is not found by the one we remember.
            if all(ref.id is None or ref.id in found for ref in refs):
                return found
        return self._find_in_lists(refs, additional, at)

    def _find_singly(
        self, numbers: Sequence[str], additional: Sequence[str], at: dt.date
    ) -> _Found:
        found: _Found = {}
        for number in dict.fromkeys(numbers):
            for day in self._days(at):
                row = self._client.employee(number, day, additional)
                if row is not None:
                    found[str(row[records.KEY])] = (row, day)
                    break
        return found

    def _find_in_lists(self, refs: Sequence[Ref], additional: Sequence[str], at: dt.date) -> _Found:
        ids = {ref.id for ref in refs if ref.id is not None}
        numbers = {ref.number for ref in refs if ref.number is not None}
        found: _Found = {}
        for day in self._days(at):
            for row in self._rows(day, additional, tolerant=day != at):
                key = str(row[records.KEY])
                if key not in found and (key in ids or row.get(records.NUMBER) in numbers):
                    found[key] = (row, day)
            have = {row.get(records.NUMBER) for row, _day in found.values()}
            if ids <= found.keys() and numbers <= have:
                break
        return found


def _first(rows: Generator[JSON, None, None]) -> JSON:
    """Return the first of *rows*, or None, and read no further."""
    with closing(rows):
        return next(rows, None)


def _tried(ask: Callable[[], JSON]) -> JSON | AccessError:
    try:
        return ask()
    except AccessError as error:
        return error


def _finding(subject: str, answer: JSON | AccessError) -> Finding:
    if not isinstance(answer, AccessError):
        return Finding("ok", _("The token can read {subject}.").format(subject=subject))
    message = _("The token cannot read {subject}. {why}")
    return Finding("problem", message.format(subject=subject, why=answer.message))
