"""The SCIM calls we make (RFC 7644, RFC 9865), and what refusals mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from renkei.connector import (
    JSON,
    AccessError,
    AnswerError,
    Connection,
    Employee,
    Failure,
    InDoubtError,
    RecordError,
    RenkeiError,
    Values,
    _,
)
from renkei_scim.records import NAMES, USER_NAME, Users, equals, patch, version_of

PER_PAGE = 200
PER_FILTER = 25
"""How many are asked for with one filter: its address has to fit everywhere."""

_TYPE = {"Content-Type": "application/scim+json"}
_WORD = re.compile(r"[A-Za-z]+")


class Client:
    """The users of a SCIM service at one connection."""

    def __init__(self, connection: Connection, users: Users) -> None:
        self._name = connection.name
        self._users = users
        self._session = connection.session(
            headers={
                "Authorization": f"Bearer {connection.token.reveal()}",
                "Accept": "application/scim+json, application/json",
            },
            classify=classify,
        )
        self._by_cursor: bool | None = None

    def everybody(self) -> Iterator[JSON]:
        """Yield every user."""
        return self._list({})

    def with_id(self, identity: str) -> JSON:
        """Return the user with this id, or None."""
        answer = self._session.find("Users", identity)
        if answer is None:
            return None
        if not isinstance(answer.body, dict) or answer.body.get("id") != identity:
            raise self._no_answer()
        return answer.body

    def where(self, name: str, values: Sequence[str]) -> Iterator[JSON]:
        """
        Yield who has one of *values* in the field *name*, some at a time.

        Raises AnswerError with the code ``bad_request`` if the service knows no such filter.
        """
        for start in range(0, len(values), PER_FILTER):
            batch = values[start : start + PER_FILTER]
            yield from self._list({"filter": " or ".join(equals(name, each) for each in batch)})

    def some(self) -> JSON:
        """Return one user, or None if there is none."""
        body = self._session.get("Users", query={"count": "1"}).body
        rows = body.get("Resources", []) if isinstance(body, dict) else None
        if not isinstance(rows, list):
            raise self._no_answer()
        return rows[0] if rows else None

    def abilities(self) -> dict[str, JSON]:
        """Return what the service says of itself; nothing if it says nothing."""
        try:
            body = self._session.get("ServiceProviderConfig").body
        except (AccessError, AnswerError):
            return {}
        return body if isinstance(body, dict) else {}

    def schemas(self) -> JSON:
        """Return the schemas of the service, or None if it tells none."""
        answer = self._session.find("Schemas")
        return answer.body if answer else None

    def create(self, values: Values) -> JSON:
        """Create a user; return the user as the answer shows it."""
        body = self._users.body(values)
        answer = self._session.send("POST", "Users", body=body, idempotent=False, headers=_TYPE)
        user = answer.body
        identity = user.get("id") if isinstance(user, dict) else None
        if not isinstance(identity, str) or not identity:
            raise self._other_answer()
        return user

    def update(self, current: Employee, changes: Values) -> JSON:
        """
        Change a user, if it is still of the version that was read; return it, or None.

        A repetition would be refused although the first one came through, so with a version there
        is none.
        """
        version = version_of(current)
        headers = dict(_TYPE)
        if version:
            headers["If-Match"] = version
        answer = self._session.send(
            "PATCH",
            "Users",
            current.id,
            body=patch(current, changes),
            idempotent=version is None,
            headers=headers,
        )
        if answer.body is None:  # RFC 7644 lets a service answer with 204 and nothing
            return None
        if not isinstance(answer.body, dict) or answer.body.get("id") != current.id:
            raise self._other_answer()
        return answer.body

    def _list(self, query: Mapping[str, str]) -> Iterator[JSON]:
        if self._by_cursor is None:
            self._by_cursor = pages_by_cursor(self.abilities())
        if self._by_cursor:
            return self._session.by_cursor(
                "Users",
                query={**query, "count": str(PER_PAGE)},
                rows="Resources",
                total="totalResults",
                next="nextCursor",
                start="",
            )
        return self._session.by_offset(
            "Users",
            query=query,
            rows="Resources",
            total="totalResults",
            offset="startIndex",
            first=1,
            limit="count",
            per_page=PER_PAGE,
        )

    def _no_answer(self) -> AnswerError:
        message = _("{name}: the answer is not what SCIM says. Check base_url.")
        return AnswerError(message.format(name=self._name), where=self._name)

    def _other_answer(self) -> InDoubtError:
        message = _("{name}: the answer does not belong to this employee. Look them up.")
        return InDoubtError(AnswerError(message.format(name=self._name), where=self._name))


def pages_by_cursor(abilities: Mapping[str, JSON]) -> bool:
    """Tell whether lists are paged by cursor: where a service says that it can."""
    pagination = abilities.get("pagination")
    return isinstance(pagination, dict) and pagination.get("cursor") is True


def supports(abilities: Mapping[str, JSON], what: str) -> bool:
    """Tell whether a service says that it supports *what*, or does not speak of it."""
    said = abilities.get(what)
    return not isinstance(said, dict) or said.get("supported") is not False


def classify(failure: Failure) -> RenkeiError | None:
    """Return what a SCIM error means; None: what its HTTP status says."""
    name = failure.connection
    if failure.status == 412 and failure.write:
        message = _("{name}: somebody has changed this employee in the meantime. Fetch again.")
        return RecordError(message.format(name=name), code="changed_since_fetch")
    if failure.status == 501 and failure.write:
        message = _("{name} does not support changes of users by SCIM. Ask its support.")
        return AccessError(message.format(name=name))
    if failure.status == 501:
        # The same code as for an unknown filter, so that the whole list is read instead.
        message = _("{name} does not support this kind of request. Ask its support.")
        return AnswerError(message.format(name=name), code="bad_request")
    if failure.write and failure.status in (400, 409, 413, 422):
        return _refused(failure)
    return None


def _refused(failure: Failure) -> RecordError:
    """Return the refusal of one user: the fields it names, the system's own words as detail."""
    said = failure.body if isinstance(failure.body, dict) else {}
    detail = said.get("detail")
    text = detail if isinstance(detail, str) else ""
    # SCIM errors do not name the attribute; only their text may.
    words = set(_WORD.findall(text))
    fields = [name for name in NAMES if name.rpartition(".")[2] in words]
    # Of the usual attributes, userName is the one that has to be unique (RFC 7643, section 4.1).
    if not fields and said.get("scimType") == "uniqueness":
        fields = [USER_NAME]
    message = _("{name} refused this employee ({fields}). Correct the data, then try again.")
    return RecordError(
        message.format(name=failure.connection, fields=", ".join(fields) or "-"),
        fields=tuple(fields),
        detail=text[:2000] or None,
    )
