"""A SCIM 2.0 service as renkei sees it: users, found by their number, changed by PATCH."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from renkei.connector import (
    JSON,
    Account,
    AnswerError,
    Connection,
    Employee,
    FieldSpec,
    Finding,
    OptionMistake,
    OptionsError,
    Parallel,
    Ref,
    Value,
    Values,
    _,
    hookimpl,
)
from renkei_scim import records
from renkei_scim.client import Client, supports


class SCIM:
    """The hooks of the SCIM connector; the option ``key`` says which field is the number."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._key = str(connection.options.get("key", records.EMPLOYEE_NUMBER))
        self._users = records.Users(self._key, connection.own_fields.specs)
        self._client = Client(connection, self._users)

    @hookimpl
    def check_options(self, options: Mapping[str, Any]) -> None:
        """Require that ``key`` is a field that can be the employee number."""
        key = options.get("key", records.EMPLOYEE_NUMBER)
        if key not in records.KEYS:
            message = _("the option key is {keys}, not “{key}”")
            said = message.format(keys=_(" or ").join(records.KEYS), key=key)
            raise OptionsError([OptionMistake(("key",), said)])

    @hookimpl
    def fields(self, options: Mapping[str, Any]) -> Sequence[FieldSpec]:
        """Describe the fields, of which the option ``key`` is the employee number."""
        return records.fields(str(options.get("key", records.EMPLOYEE_NUMBER)))

    @hookimpl
    def in_parallel(self) -> Collection[Parallel]:
        """Tell that two calls share only what is set at once: how lists are paged."""
        return ("pages", "writes")

    @hookimpl
    def list_employees(
        self,
        at: dt.date,  # noqa: ARG002 - SCIM knows no base date
        fields: Sequence[str],
    ) -> Iterator[Employee]:
        """Iterate over every user, inactive ones included; SCIM knows no base date."""
        for user in self._client.everybody():
            yield self._users.employee(user, fields)

    @hookimpl
    def read_employees(
        self,
        refs: Sequence[Ref],
        at: dt.date,  # noqa: ARG002 - as above
        fields: Sequence[str],
    ) -> Iterator[Employee]:
        """
        Read some again by filter; where that cannot be, one by one, or from the whole list.

        Nobody comes twice, and nobody else, whatever a filter lets through.
        """
        ids = tuple(dict.fromkeys(ref.id for ref in refs if ref.id is not None))
        numbers = tuple(dict.fromkeys(ref.number for ref in refs if ref.number is not None))
        found = [*self._with_ids(ids), *self._with_numbers(numbers)]
        people = (self._users.employee(user, fields) for user in found)
        yield from {person.id: person for person in people}.values()

    @hookimpl
    def create_employee(self, values: Values) -> Employee:
        """Create one user; return them as SCIM has them now."""
        return self._users.employee(self._client.create(values), self._users.names)

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        """Change only the given fields of a user who is still as they were read."""
        user = self._client.update(current, changes)
        return None if user is None else self._users.employee(user, self._users.names)

    @hookimpl
    def check(self) -> Account:
        """Prove the token by reading; what it may write cannot be proved without writing."""
        user = self._client.some()
        abilities = self._client.abilities()
        findings = [Finding("ok", _("Users can be read.")), *self._check_number(user)]
        if not supports(abilities, "patch"):
            message = _("The system says that it takes no PATCH: nobody can be changed there.")
            findings.append(Finding("problem", message))
        if not supports(abilities, "etag"):
            message = _(
                "The system knows no versions (ETag): what somebody else changes within the same"
                " seconds may be overwritten."
            )
            findings.append(Finding("note", message))
        writing = _("Rights to write cannot be tried without writing; the first sync will show.")
        host = urlsplit(self._connection.base_url).hostname or ""
        return Account(host, (*findings, Finding("note", writing)))

    @hookimpl
    def discover(self) -> Sequence[FieldSpec]:
        """Return the fields that this account has beside those of :meth:`fields`."""
        return records.discovered(self._client.schemas())

    def _check_number(self, user: JSON) -> Iterator[Finding]:
        """Yield whether somebody is found by the number: a create in doubt is looked up by it."""
        if user is None:
            yield Finding("note", _("There is no user yet, so no search was tried."))
            return
        number = self._number(user)
        if not isinstance(number, str):
            message = _("The user that was looked at has no {field}, so no search was tried.")
            yield Finding("note", message.format(field=self._key))
            return
        found = [self._number(each) for each in self._with_numbers([number])]
        if number in found:
            yield Finding("ok", _("Users are found by {field}.").format(field=self._key))
        else:
            message = _("A search by {field} does not find the user who has it.")
            yield Finding("problem", message.format(field=self._key))

    def _with_ids(self, ids: Sequence[str]) -> Iterator[JSON]:
        """Yield those of *ids* that exist; whom a filter leaves out is asked for directly."""
        missing = dict.fromkeys(ids)
        filtered = self._filtered("id", ids) if len(ids) > 1 else ()
        for user in filtered:
            identity = user.get("id") if isinstance(user, dict) else None
            if isinstance(identity, str) and identity in missing:
                del missing[identity]
                yield user
        for identity in missing:
            user = self._client.with_id(identity)
            if user is not None:
                yield user

    def _with_numbers(self, numbers: Sequence[str]) -> Iterator[JSON]:
        """Yield who carries one of *numbers*; from the whole list if there is no such filter."""
        try:
            found = list(self._client.where(self._key, numbers))
        except AnswerError as error:
            if error.code != "bad_request":
                raise
            # A missing filter must not make anybody look gone: they would be created again.
            found = list(self._client.everybody())
        asked = set(numbers)
        for user in found:
            # A filter may match more than was asked for, such as numbers in other capitals.
            if self._number(user) in asked:
                yield user

    def _number(self, user: JSON) -> Value:
        return self._users.employee(user, [self._key]).values.get(self._key)

    def _filtered(self, name: str, values: Sequence[str]) -> Iterator[JSON]:
        """Yield whom a filter finds; nobody if there is no such filter."""
        try:
            yield from self._client.where(name, values)
        except AnswerError as error:
            if error.code != "bad_request":
                raise
