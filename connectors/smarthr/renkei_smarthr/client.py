"""The SmartHR calls we make, and what its refusals mean.

SmartHR answers errors as ``{"code": 1, "type": "bad_request", "message": …, "errors": […]}``; we
branch on code or type, never on text. Source: SmartHR developer page, "API overview".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from renkei.connector import (
    JSON,
    AccessError,
    AnswerError,
    Connection,
    ContractFullError,
    Failure,
    InDoubtError,
    RecordError,
    RenkeiError,
    Room,
    UnavailableError,
    Values,
    _,
)
from renkei_smarthr.records import COMPANIES, GONE, NUMBER, STATUS, new_record

SOME = 100
"""How many employees one request shows."""

IDS_PER_CALL = 50

_TYPES = {
    "bad_request": 1,
    "unauthorized_token": 2,
    "forbidden": 3,
    "not_found": 4,
    "internal_server_error": 5,
    "too_many_requests": 6,
    "plan_limit_exceeded": 7,
    "service_maintenance": 9,
    "ip_not_permitted": 15,
}
_ROOM = re.compile(r"x-((?:[a-z]+-)*)rate-limit-(remaining|reset)((?:-[a-z]+)?)")
_FIELD = re.compile(r"[A-Za-z0-9_.]{1,60}")


class Client:
    """SmartHR's API at one connection."""

    def __init__(self, connection: Connection) -> None:
        self._name = connection.name
        self._session = connection.session(
            headers={"Authorization": f"Bearer {connection.token.reveal()}"},
            classify=classify,
            room=rooms,
        )

    def crews(self, attributes: Sequence[str]) -> Iterator[JSON]:
        """
        Yield every employee, retired ones included, in a stable order.

        That a list without a filter has them is not documented. Where it has shown none, they are
        asked for: one request more in a company that nobody has left.
        """
        # Pages are no snapshot: without a fixed order people could slip between them (F15).
        query = {"sort": NUMBER, "fields": ",".join(attributes)}
        has_retired = STATUS not in attributes
        seen: set[str | None] = set()
        for crew in self._session.pages("v1", "crews", query=query):
            if not has_retired:
                seen.add(_told(crew, "id"))
                has_retired = _told(crew, STATUS) == GONE
            yield crew
        if not has_retired:
            query[STATUS] = GONE
            for crew in self._session.pages("v1", "crews", query=query):
                if _told(crew, "id") not in seen:
                    yield crew
                elif _told(crew, STATUS) not in (GONE, None):
                    return  # the same list again: it knows no filter

    def crews_by_id(self, ids: Sequence[str], attributes: Sequence[str]) -> Iterator[JSON]:
        """Yield those of *ids* that exist; whom a list leaves out is asked for directly."""
        fields = ",".join(attributes)
        missing = dict.fromkeys(ids)
        for start in range(0, len(ids), IDS_PER_CALL):
            batch = ",".join(ids[start : start + IDS_PER_CALL])
            for crew in self._session.pages("v1", "crews", query={"id": batch, "fields": fields}):
                identity = crew.get("id") if isinstance(crew, dict) else None
                if isinstance(identity, str) and identity in missing:
                    del missing[identity]
                    yield crew
        # A short list proves nothing: only their own address shows that somebody is gone.
        for identity in missing:
            yield from self._crew(identity, fields)

    def _crew(self, identity: str, fields: str) -> Iterator[JSON]:
        """Yield the one with this id, asked for directly, or nobody."""
        answer = self._session.find("v1", "crews", identity, query={"fields": fields})
        crew = answer.body if answer else None
        if isinstance(crew, dict) and crew.get("id") == identity:
            yield crew

    def crews_by_number(self, number: str, attributes: Sequence[str]) -> Iterator[JSON]:
        """Yield who carries exactly *number*: several may."""
        query = {NUMBER: number, "fields": ",".join(sorted({*attributes, NUMBER}))}
        for crew in self._session.pages("v1", "crews", query=query):
            # A looser match could bring somebody else, who would then be written to.
            if isinstance(crew, dict) and crew.get(NUMBER) == number:
                yield crew

    def some_crews(self, attributes: Sequence[str]) -> list[JSON]:
        """Return the first employees of the list, as many as one request shows."""
        query = {"fields": ",".join(attributes)}
        return list(islice(self._session.pages("v1", "crews", query=query), SOME))

    def establishments(self) -> Iterator[JSON]:
        """Yield the business establishments."""
        return self._session.pages("v1", "biz_establishments")

    def custom_fields(self) -> Iterator[JSON]:
        """Yield the definitions of the custom fields (カスタム項目)."""
        return self._session.pages("v1", "crew_custom_field_templates")

    def some_establishment(self) -> JSON:
        """Return one business establishment, or None if there is none."""
        return self._first("biz_establishments", {})

    def companies(self) -> list[JSON]:
        """Return the companies of the account, as many as one request shows."""
        answer = self._session.get("v1", "companies", query={"per_page": str(COMPANIES)})
        if not isinstance(answer.body, list):
            raise self._session.not_a_list(answer)
        return answer.body

    def create(self, values: Values) -> dict[str, JSON]:
        """
        Create an employee and return them as SmartHR has them now.

        Raises InDoubtError if the answer is not theirs.
        """
        body = new_record(values)
        answer = self._session.send("POST", "v1", "crews", body=body, idempotent=False).body
        created = answer if isinstance(answer, dict) else {}
        identity = created.get("id")
        if not isinstance(identity, str) or not identity:
            raise self._other_answer()
        # Missing is not empty: what the token may not read is left out of the answer.
        if created.get(NUMBER, "?") in (None, ""):
            raise self._without_number()
        if created.get(NUMBER) != values.get(NUMBER):
            raise self._other_answer()
        return created

    def update(self, identity: str, body: Mapping[str, JSON]) -> dict[str, JSON]:
        """
        Change the attributes in *body* and return the employee as SmartHR has it now.

        Raises InDoubtError if the answer is not theirs.
        """
        answer = self._session.send("PATCH", "v1", "crews", identity, body=body, idempotent=True)
        if not isinstance(answer.body, dict) or answer.body.get("id") != identity:
            raise self._other_answer()
        return answer.body

    def _first(self, table: str, query: Mapping[str, str]) -> JSON:
        return next(self._session.pages("v1", table, query=query, per_page=1), None)

    def _other_answer(self) -> InDoubtError:
        message = _("{name}: the answer does not belong to this employee. Look them up.")
        return InDoubtError(AnswerError(message.format(name=self._name), where=self._name))

    def _without_number(self) -> RecordError:
        # Sending it again would create a second person, so this must not look undone.
        message = _(
            "{name} created the employee but did not store the employee number: the token may lack"
            " the right to write it. Enter the number in SmartHR, and give the token that right."
        )
        return RecordError(
            message.format(name=self._name),
            code="created_without_number",
            fields=(NUMBER,),
            accepted=True,
        )


def _told(crew: JSON, key: str) -> str | None:
    """Return the text that a record has under *key*, if there is one."""
    text = crew.get(key) if isinstance(crew, dict) else None
    return text if isinstance(text, str) else None


def classify(failure: Failure) -> RenkeiError | None:
    """Return what SmartHR means by a refusal; None: what its HTTP status says."""
    name = failure.connection
    match _code(failure.body):
        # A 5xx does not say that nothing happened, whatever its body says.
        case 1 if failure.write and failure.status < 500:
            return _refused(failure)
        case 2:
            message = _("{name} refused the token. Issue a new one and enter it; then try again.")
            return AccessError(message.format(name=name))
        case 3:
            return _forbidden(failure)
        case 4 if failure.write:
            message = _("{name} no longer has this employee. Fetch again.")
            return RecordError(message.format(name=name), code="not_found")
        case 6:
            message = _("{name} has had too many requests. Wait some minutes, then try again.")
            return UnavailableError(
                message.format(name=name),
                code="rate_limit",
                retry_after_s=failure.announced_s,
                nothing_done=True,
            )
        case 7:
            message = _(
                "{name} takes no further employee: the number in the contract is reached."
                " Ask SmartHR to raise it, then resume."
            )
            return ContractFullError(message.format(name=name))
        case 9:
            message = _("{name} is under maintenance. Try again later.")
            # Nothing gets through, and maintenance outlasts our retries (F05).
            return UnavailableError(
                message.format(name=name), code="maintenance", again=False, nothing_done=True
            )
        case 15:
            message = _(
                "{name} does not accept the token from this address. Allow the address in the"
                " token's settings, then try again."
            )
            return AccessError(message.format(name=name))
    if failure.write and failure.status in (400, 422):
        return _refused(failure)
    return None


def _code(body: JSON) -> int | None:
    """Return the error's code, by its number or else by its type."""
    if not isinstance(body, dict):
        return None
    code, kind = body.get("code"), body.get("type")
    if isinstance(code, int) and not isinstance(code, bool):
        return code
    return _TYPES.get(kind) if isinstance(kind, str) else None


def _refused(failure: Failure) -> RecordError:
    """Return the refusal of one employee: the fields by name, SmartHR's own text as detail."""
    entries = _entries(failure.body)
    fields = _fields(entries)
    message = _("{name} refused this employee ({fields}). Correct the data, then try again.")
    return RecordError(
        message.format(name=failure.connection, fields=", ".join(fields) or "-"),
        fields=fields,
        # SmartHR's text may quote values, so it goes into the report and not on a screen.
        detail=_detail(failure.body, entries),
    )


def _entries(body: JSON) -> list[dict[str, JSON]]:
    """Return the single errors in a body; where there are none, SmartHR has null."""
    entries = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(entries, list):
        return []
    return [each for each in entries if isinstance(each, dict)]


def _fields(entries: Sequence[Mapping[str, JSON]]) -> tuple[str, ...]:
    """Return the names of the fields that errors are about, each once."""
    names: dict[str, None] = {}
    for entry in entries:
        name = entry.get("field")
        # It becomes part of a message, so anything but a plain name stays out.
        if isinstance(name, str) and _FIELD.fullmatch(name):
            names[name] = None
    return tuple(names)


def _detail(body: JSON, entries: Sequence[Mapping[str, JSON]]) -> str | None:
    """Return SmartHR's own text: that of the single errors, else that of the whole refusal."""
    texts = _messages(entries)
    if not texts and isinstance(body, dict):
        texts = _messages([body])
    return "\n".join(texts)[:2000] or None


def _messages(rows: Sequence[Mapping[str, JSON]]) -> list[str]:
    found = [row.get("message") for row in rows]
    return [text for text in found if isinstance(text, str)]


def _forbidden(failure: Failure) -> AccessError:
    if failure.write:
        message = _("{name}: the token may not write this. Allow it in the token's settings.")
    else:
        message = _("{name}: the token may not read this. Allow it in the token's settings.")
    return AccessError(message.format(name=failure.connection), code="right")


def rooms(headers: Mapping[str, str]) -> list[Room]:
    """Return every family of rate-limit headers that is complete; which there are has changed."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for name, text in headers.items():
        match = _ROOM.fullmatch(name)
        if match is None:
            continue
        family, what, window = match.groups()
        number = _number(text)
        if number is not None:
            found.setdefault((family, window), {})[what] = number
    complete: list[Room] = []
    for said in found.values():
        if said.keys() >= {"remaining", "reset"}:
            # SmartHR tells seconds until the reset, and no moment (F02).
            room = Room(remaining=int(said["remaining"]), reset_s=said["reset"])
            complete.append(room)
    return complete


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
