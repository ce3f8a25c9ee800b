"""Touch On Time as renkei sees it: one call lists everybody, closed twice a day, bases dated."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from urllib.parse import urlsplit

from renkei.connector import (
    JSON,
    AccessError,
    Account,
    AnswerError,
    ClosedHours,
    Connection,
    Customer,
    Employee,
    FieldSpec,
    Finding,
    NewField,
    Parallel,
    RecordError,
    Ref,
    RequestLimit,
    Values,
    _,
    base_dates,
    hookimpl,
)
from renkei_touchontime import records
from renkei_touchontime.client import HOURS, Client, UnclearError, telling, wants_base

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
        self._wants_base = False  # an update without the base values has been refused

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
    def in_parallel(self) -> Collection[Parallel]:
        """Tell that two calls share only what is set at once: numbers seen, what updates want."""
        return ("pages", "writes")

    @hookimpl
    def list_employees(self, at: dt.date, fields: Sequence[str]) -> Iterator[Employee]:
        """
        Iterate over everybody as of *at*, then over those who only show later: future hires.

        Nobody comes twice, whatever the two lists say.
        """
        additional = records.additional(fields)
        seen: set[str] = set()
        # Whether the first list has future hires is not documented:
        # docs/decisions/2026-11-22-two-list-calls-to-touch-on-time.md
        for day in self._days(at):
            for row in self._rows(day, additional, tolerant=day != at):
                key = str(row[records.KEY])
                if key not in seen:
                    seen.add(key)
                    yield records.employee(row, fields)

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
        then: _Found | None = None
        if dated and at != today:
            then = self._find(refs, additional, self._days(at))
        now = self._find(refs, additional, self._days_from_today(at))
        for key, (row, _day) in now.items():
            person = records.employee(row, fields)
            if then is not None:
                earlier = then[key][0] if key in then else None
                person = records.redated(person, earlier, dated)
            yield person

    @hookimpl
    def create_employee(self, values: Values) -> Employee:
        """Create one employee; return what Touch On Time says of them, which may be little."""
        created = records.answered(self._client.create(values), records.NAMES)
        self._numbers[created.id] = str(values[records.NUMBER])
        return created

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee:
        """
        Change only the given properties; the address list is sent whole, with its others.

        Should Touch On Time want the base values as well, or refuse in words that may mean it, it
        gets them as they are at this moment. Returns what it then says of the employee.
        """
        return records.answered(self._updated(current, changes), records.NAMES)

    def _updated(self, current: Employee, changes: Values) -> dict[str, JSON]:
        if self._wants_base:
            return self._update_with_base(current, changes)
        extra = current.extra
        spares = extra.spares if isinstance(extra, records.Extra) else ()
        body = records.to_json(changes, spares)
        try:
            return self._client.update(current.id, body)
        except RecordError as refusal:
            if not wants_base(refusal, body):
                raise
            answer = self._again_with_base(current, changes, refusal, body)
            # Only once it has helped: after a second refusal, base values were not the problem.
            self._wants_base = True
            return answer

    @hookimpl
    def new_employee_fields(self) -> Sequence[NewField]:
        """Return division and working type with their live choices."""
        return [
            self._new_field(records.DIVISION, "divisions"),
            self._new_field(records.TYPE, "working-types"),
        ]

    @hookimpl
    def account_name(self) -> Customer | None:
        """Return the company that the token opens; it may lack the right to read it."""
        return records.customer(self._client.company())

    @hookimpl
    def check(self) -> Account:
        """Prove the token by reading all that is needed; nothing is written."""
        today = self._connection.clock.today()
        # As a fetch asks: what a system makes of an empty list of properties is not documented.
        additional = records.additional(records.NAMES)
        customer, company = self._company()
        subjects: dict[str, Callable[[], JSON]] = {
            _("divisions (/divisions)"): lambda: _first(self._client.rows("divisions")),
            _("working types (/working-types)"): lambda: _first(self._client.rows("working-types")),
            _("employees (/employees)"): lambda: _first(self._client.employees(today, additional)),
        }
        findings: list[Finding] = []
        refusals: list[AccessError] = []
        for subject, ask in subjects.items():
            answer = _tried(ask)
            findings.append(_finding(subject, answer))
            if isinstance(answer, AccessError):
                refusals.append(answer)
        if len(refusals) == len(subjects) and customer is None:
            raise refusals[0]  # nothing at all can be read: it is the token or the address
        writing = _("Rights to write cannot be tried without writing; the first sync will show.")
        by_hand = _(
            "The system's own screen also wants the contracted days of a week"
            " (週の契約労働日数), which its API does not reach: enter them there for each new"
            " employee."
        )
        notes = (Finding("note", writing), Finding("note", by_hand))
        host = urlsplit(self._connection.base_url).hostname or ""
        name = customer.name if customer else ""
        return Account(name or host, (company, *findings, *notes))

    def _company(self) -> tuple[Customer | None, Finding]:
        """Return the company that the token opens, if it may read it, and whether it may."""
        subject = _("the company (/company)")
        try:
            company = self._client.company()
        # A sync never asks for the company, so a token need not be able to read it.
        except (AccessError, AnswerError):
            message = _("The token cannot read {subject}: only its name is missing here.")
            return None, Finding("warning", message.format(subject=subject))
        return records.customer(company), _finding(subject, company)

    def _again_with_base(
        self, current: Employee, changes: Values, refusal: RecordError, sent: Mapping[str, JSON]
    ) -> dict[str, JSON]:
        """Try once more with the base values; raises the refusal that tells what is wrong."""
        try:
            return self._update_with_base(current, changes)
        except RecordError as second:
            raise telling(refusal, second, sent) from None

    def _update_with_base(self, current: Employee, changes: Values) -> dict[str, JSON]:
        """Read the employee again right now, so that nothing of somebody else's is put back."""
        now = self._as_of_today(current, changes)
        seen = records.employee(now, tuple(changes)).values
        changed = []
        for name, value in changes.items():
            # Somebody may have entered the very same value: then nothing of theirs is lost.
            if seen.get(name) not in (value, current.values.get(name)):
                changed.append(name)
        if changed:
            message = _("{name}: somebody has changed {fields} in the meantime. Fetch again.")
            said = message.format(name=self._connection.name, fields=", ".join(changed))
            raise RecordError(said, code="changed_since_fetch", fields=tuple(changed))
        body = {**records.base(now), **records.to_json(changes, records.spares(now))}
        return self._client.update(current.id, body)

    def _as_of_today(self, current: Employee, changes: Values) -> dict[str, JSON]:
        """Return the record of *current* as of today: a transfer only booked must not be sent."""
        today, name = self._connection.clock.today(), self._connection.name
        extra = current.extra
        number = extra.number if isinstance(extra, records.Extra) else None
        ref = Ref(id=current.id, number=number)
        found = self._find([ref], records.additional(tuple(changes)), self._days(today))
        if current.id not in found:
            message = _("{name} no longer has this employee. Fetch again.")
            raise RecordError(message.format(name=name), code="not_found")
        record, day = found[current.id]
        if day != today:
            message = _(
                "{name} wants all base values of this employee, and does not show them yet."
                " Fetch again on the first day of work, or make the change there."
            )
            raise RecordError(message.format(name=name), code="not_shown_yet")
        return record

    def _new_field(self, name: str, table: str) -> NewField:
        choices = []
        for position, row in enumerate(self._client.rows(table), start=1):
            try:
                choices.append(records.choice(row))
            except ValueError:
                raise self._client.odd(table, position) from None
        return NewField(name, records.label(name), tuple(choices))

    def _days(self, at: dt.date) -> tuple[dt.date, ...]:
        """
        Return *at* and the last day that can be asked for, when future hires show.

        A day less than the vendor allows: its clock may not have reached our midnight yet.
        """
        last = base_dates(self._connection.clock.today())[1] - dt.timedelta(days=1)
        return (at, last) if at < last else (at,)

    def _days_from_today(self, base_date: dt.date) -> tuple[dt.date, ...]:
        """Return the days to look for people on; who is hired on *base_date* shows then at last."""
        days = self._days(self._connection.clock.today())
        return (*days, base_date) if base_date > days[-1] else days

    def _rows(
        self, at: dt.date, additional: Sequence[str], *, tolerant: bool
    ) -> Iterator[dict[str, JSON]]:
        """Yield everybody as of *at*; *tolerant*: nobody, should the date be refused."""
        try:
            yield from self._client.employees(at, additional)
        except AnswerError as error:
            if not tolerant or error.code != "bad_request":
                raise

    def _find(
        self, refs: Sequence[Ref], additional: Sequence[str], days: Sequence[dt.date]
    ) -> _Found:
        """Return whom *refs* name, by key, as of the first of *days* on which they show."""
        # One employee can be read by number only; for a bare key that is the one last seen.
        numbers = [ref.number or self._numbers.get(ref.id or "", "") for ref in refs]
        are_plain = all(map(_PLAIN_NUMBER.fullmatch, numbers))  # nothing odd goes into an address
        if len(refs) <= SINGLE_CALLS and are_plain:
            found = self._find_singly(numbers, additional, days)
            asked = {ref.id for ref in refs if ref.id is not None}
            # A person whose number has changed since is not found by the one we remember.
            if found is not None and asked <= found.keys():
                return found
        return self._find_in_lists(refs, additional, days)

    def _find_singly(
        self, numbers: Sequence[str], additional: Sequence[str], days: Sequence[dt.date]
    ) -> _Found | None:
        """Return who carries *numbers*, or None if an answer leaves open whether there is one."""
        found: _Found = {}
        try:
            for number in dict.fromkeys(numbers):
                for day in days:
                    row = self._client.employee(number, day, additional)
                    if row is not None:
                        found[str(row[records.KEY])] = (row, day)
                        break
        except (UnclearError, AnswerError):
            # How an unknown number is answered is not documented. What is wrong with more than
            # that, such as a dead token, is wrong with the list as well.
            return None
        return found

    def _find_in_lists(
        self, refs: Sequence[Ref], additional: Sequence[str], days: Sequence[dt.date]
    ) -> _Found:
        ids = {ref.id for ref in refs} - {None}
        numbers = {ref.number for ref in refs} - {None}
        found: _Found = {}
        for day in days:
            for row in self._rows(day, additional, tolerant=day != days[0]):
                key, number = str(row[records.KEY]), row.get(records.NUMBER)
                if isinstance(number, str):
                    self._numbers[key] = number
                is_meant = key in ids or number in numbers
                if is_meant and key not in found:
                    found[key] = (row, day)
            have = {row.get(records.NUMBER) for row, _day in found.values()}
            # The later list costs a request; only people who do not show yet need it.
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
