"""SmartHR as renkei sees it: lists page by page, one request per write, values as of now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from renkei.connector import (
    JSON,
    AccessError,
    Account,
    AnswerError,
    Connection,
    Customer,
    Employee,
    FieldSpec,
    Finding,
    NewField,
    Parallel,
    Ref,
    RequestLimit,
    Values,
    _,
    hookimpl,
)
from renkei_smarthr import records
from renkei_smarthr.client import Client

# Source: SmartHR developer page and release note of 2024-12-03.
LIMITS = (RequestLimit(10, 1), RequestLimit(5000, 3600))


class SmartHR:
    """The hooks of the SmartHR connector."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client = Client(connection)
        own = connection.own_fields.specs
        self._names = (*records.NAMES, *(spec.name for spec in own))
        self._read = records.with_custom(own)

    @hookimpl
    def fields(self) -> Sequence[FieldSpec]:
        """Describe the fields."""
        return records.FIELDS

    @hookimpl
    def discover(self) -> Sequence[FieldSpec]:
        """Read which custom fields (カスタム項目) the company has made."""
        found: list[FieldSpec] = []
        for position, row in enumerate(self._client.custom_fields(), start=1):
            try:
                spec = records.custom_field(_object(row))
            except ValueError:
                raise self._odd("crew_custom_field_templates", position) from None
            if spec is not None:
                found.append(spec)
        return found

    @hookimpl
    def request_limits(self) -> Sequence[RequestLimit]:
        """Return SmartHR's limits per token."""
        return LIMITS

    @hookimpl
    def in_parallel(self) -> Collection[Parallel]:
        """Tell that nothing in here is shared between two calls."""
        return ("pages", "writes")

    @hookimpl
    def list_employees(
        self,
        at: dt.date,  # noqa: ARG002 - SmartHR knows no base date
        fields: Sequence[str],
    ) -> Iterator[Employee]:
        """Iterate over everybody, retired ones included; SmartHR knows no base date."""
        return self._employees(self._client.crews(records.attributes(fields)), fields)

    @hookimpl
    def read_employees(
        self,
        refs: Sequence[Ref],
        at: dt.date,  # noqa: ARG002 - as above
        fields: Sequence[str],
    ) -> Iterator[Employee]:
        """Read some again: ids many at a time, numbers one by one. Nobody comes twice."""
        attributes = records.attributes(fields)
        ids = list(dict.fromkeys(ref.id for ref in refs if ref.id is not None))
        numbers = dict.fromkeys(ref.number for ref in refs if ref.number is not None)
        found = list(self._client.crews_by_id(ids, attributes))
        for number in numbers:  # the filter takes one number at a time
            found += self._client.crews_by_number(number, attributes)
        people = self._employees(found, fields)
        yield from {person.id: person for person in people}.values()

    @hookimpl
    def create_employee(self, values: Values) -> Employee:
        """Create one employee; return them as SmartHR has them now."""
        return records.employee(self._client.create(values), self._names, self._read)

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee:
        """
        Change only the given attributes; null empties one. Return the employee as they are now.

        SmartHR may ignore, without a word, an attribute that the token may not write: it shows.
        """
        body = records.changed(current, changes, self._connection.clock.today())
        return records.employee(self._client.update(current.id, body), self._names, self._read)

    @hookimpl
    def new_employee_fields(self) -> Sequence[NewField]:
        """Return the business establishment with its live choices."""
        choices = []
        for position, row in enumerate(self._client.establishments(), start=1):
            try:
                choices.append(records.choice(_object(row)))
            except ValueError:
                raise self._odd("biz_establishments", position) from None
        label = records.label(records.ESTABLISHMENT)
        return [NewField(records.ESTABLISHMENT, label, tuple(choices))]

    @hookimpl
    def account_name(self) -> Customer | None:
        """Return the companies of the account; a token may lack the right to read them."""
        return records.customer(self._client.companies())

    @hookimpl
    def check(self) -> Account:
        """Prove the token by reading; what it may write cannot be proved without writing."""
        findings = [*self._check_employees(), *self._check_establishments()]
        customer, company = self._company()
        writing = _("Rights to write cannot be tried without writing; the first sync will show.")
        host = urlsplit(self._connection.base_url).hostname or ""
        name = customer.name if customer else ""
        return Account(name or host, (*findings, company, Finding("note", writing)))

    def _employees(self, crews: Iterable[JSON], fields: Sequence[str]) -> Iterator[Employee]:
        for crew in crews:
            yield records.employee(crew, fields, self._read)

    def _check_employees(self) -> Iterator[Finding]:
        try:
            crews = self._client.some_crews(records.attributes(records.NAMES))
        except AccessError as error:
            yield self._refused(error, _("employees (/crews)"))
            return
        yield Finding("ok", _("Employees can be read."))
        if not crews:
            nobody = _("There is no employee yet, so single items were not looked at.")
            yield Finding("note", nobody)
        else:
            yield from self._check_items([_object(crew) for crew in crews])

    def _check_items(self, crews: Sequence[dict[str, JSON]]) -> Iterator[Finding]:
        """
        Yield a warning for each item that the token may not read: its key is missing.

        No document says so: SmartHR may show such an item as empty, too, so one that nobody has
        and that everybody should have is named.
        """
        for spec in records.FIELDS:
            key = spec.keys[0]
            field = f"{spec.label.ja} ({key})"
            if key not in crews[0]:
                message = _(
                    "The token may not read {field}. If it is to be synced, allow it in the"
                    " token's settings under employee items."
                )
                yield Finding("warning", message.format(field=field))
            elif count := records.nobody_has(spec, crews):
                message = _(
                    "{field} is empty for all {count} employees that were looked at. If it is"
                    " filled in in SmartHR, the token may not read it: allow it in the token's"
                    " settings under employee items."
                )
                yield Finding("warning", message.format(field=field, count=count))

    def _check_establishments(self) -> Iterator[Finding]:
        try:
            self._client.some_establishment()
        except AccessError as error:
            yield self._refused(error, _("business establishments (/biz_establishments)"))
        else:
            yield Finding("ok", _("Business establishments can be read."))

    def _refused(self, error: AccessError, what: str) -> Finding:
        """Return a missing right as a finding; raise what is wrong with the token as a whole."""
        if error.code != "right":
            raise error
        message = _("The token may not read {what}. Allow reading in the token's settings.")
        return Finding("problem", message.format(what=what))

    def _company(self) -> tuple[Customer | None, Finding]:
        """Return the companies of the account, if the token may read them, and whether it may."""
        subject = _("the company (/companies)")
        try:
            companies = self._client.companies()
        # A sync never reads companies, so the token need not be allowed to.
        except (AccessError, AnswerError):
            message = _("The token cannot read {subject}: only its name is missing here.")
            return None, Finding("warning", message.format(subject=subject))
        message = _("The token can read {subject}.")
        found = Finding("ok", message.format(subject=subject))
        return records.customer(companies), found

    def _odd(self, table: str, position: int) -> AnswerError:
        message = _("{name}: record {position} of {table} makes no sense. Ask SmartHR's support.")
        name = self._connection.name
        said = message.format(name=name, position=position, table=table)
        return AnswerError(said, where=name)


def _object(record: JSON) -> dict[str, JSON]:
    # The session lets only objects with an id through a list.
    return record if isinstance(record, dict) else {}
