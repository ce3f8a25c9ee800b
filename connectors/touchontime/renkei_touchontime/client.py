"""The Touch On Time calls we make, and what its refusals mean.

Its statuses mean little: 403 is a wrong token, an address that is not permitted, a missing right or
the closed hours. The code in the body tells them apart. It comes as a number in a list of errors,
or as text in a flat object. Source: KING OF TIME developer page and help article on API errors.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Generator, Iterator, Mapping, Sequence

from renkei.connector import (
    JSON,
    JST,
    AccessError,
    AnswerError,
    ClosedError,
    ClosedHours,
    Connection,
    Failure,
    InDoubtError,
    RecordError,
    RenkeiError,
    UnavailableError,
    Values,
    _,
    closed_error,
)
from renkei_touchontime.records import BASE, KEY, NAMES, NUMBER, new_record

HOURS = (ClosedHours(dt.time(8, 30), dt.time(10)), ClosedHours(dt.time(17, 30), dt.time(18, 30)))

_CLOSED = 104
# The vendor's help tells of 100 only; its own example has 111, and a public client plans for 401.
_ACCESS = {100, 111, 401}
_LIMIT = {105, 303, 308, 429}
_MAINTENANCE = 300
_UNKNOWN_KEY = 526
_EMPTY = 222
_MISSING = re.compile(r"必須|required|missing", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]+")
_LATER = dt.timedelta(minutes=10)


class UnclearError(AccessError):
    """A refusal that means a dead token, or only that nobody carries the number asked for."""


class Client:
    """Touch On Time's API at one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._name = connection.name
        self._session = connection.session(
            headers={"Authorization": f"Bearer {connection.token.reveal()}"},
            classify=self._classify,
        )

    def employees(
        self, at: dt.date, additional: Sequence[str]
    ) -> Generator[dict[str, JSON], None, None]:
        """Yield everybody as of *at*, resigned ones included; the list is not paged."""
        rows = self._session.stream("employees", query=_query(at, additional))
        for position, row in enumerate(rows, start=1):
            if not isinstance(row, dict) or not _has_key(row):
                raise self.odd("employees", position)
            yield row

    def employee(
        self, number: str, at: dt.date, additional: Sequence[str]
    ) -> dict[str, JSON] | None:
        """
        Return who carries exactly *number* as of *at*, or None.

        Raises UnclearError if only the list can tell whether there is nobody.
        """
        nobody = ("bad_request", "not_found")  # either means it
        query = _query(at, additional)
        answer = self._session.find("employees", number, query=query, nobody=nobody)
        if answer is None:
            return None
        body = answer.body
        if not isinstance(body, dict) or not _has_key(body):
            raise self.odd("employees", 1)
        # Exact matches only, even if the system is more generous: 0012 and 12 may be two people.
        return body if body.get(NUMBER) == number else None

    def rows(self, table: str) -> Generator[JSON, None, None]:
        """Yield the rows of ``divisions`` or ``working-types``."""
        return self._session.stream(table)

    def company(self) -> JSON:
        """Return the company that the token opens."""
        return self._session.get("company").body

    def create(self, values: Values) -> dict[str, JSON]:
        """
        Create an employee and return what Touch On Time says of them, which may be little.

        Raises InDoubtError if the answer has no key, or is not theirs.
        """
        body = new_record(values)
        answer = self._session.send("POST", "employees", body=body, idempotent=False).body
        created = answer if isinstance(answer, dict) else {}
        sent = values.get(NUMBER)
        is_ours = created.get(NUMBER, sent) == sent  # the answer may leave the number out
        if not _has_key(created) or not is_ours:
            raise self._other_answer()
        return created

    def update(self, key: str, body: Mapping[str, JSON]) -> dict[str, JSON]:
        """
        Change only what is in *body*; return the employee as Touch On Time has it now.

        Raises InDoubtError if the answer is not theirs.
        """
        answer = self._session.send("PUT", "employees", key, body=body, idempotent=True).body
        if not isinstance(answer, dict) or answer.get(KEY) != key:
            raise self._other_answer()
        return answer

    def odd(self, table: str, position: int) -> AnswerError:
        """Return the error for a record that makes no sense; it names the place, not the record."""
        message = _("{name}: record {position} of {table} makes no sense. Ask its support.")
        said = message.format(name=self._name, position=position, table=table)
        return AnswerError(said, where=self._name)

    def _other_answer(self) -> InDoubtError:
        message = _("{name}: the answer does not belong to this employee. Look them up.")
        return InDoubtError(AnswerError(message.format(name=self._name), where=self._name))

    def _classify(self, failure: Failure) -> RenkeiError | None:
        """Return what Touch On Time means by a refusal; None: what its HTTP status says."""
        codes = set(_codes(failure.body))
        # Code before status: closed hours are a 403, just like a wrong token (F35).
        if _CLOSED in codes:
            return self._closed(failure.at)
        if codes & _LIMIT:
            return _too_many(failure)
        if _MAINTENANCE in codes:
            message = _("{name} is under maintenance or out of order. Try again later.")
            said = message.format(name=failure.connection)
            # Not nothing_done: this code may also mean an outage in the middle of a write (F05).
            return UnavailableError(said, code="maintenance", again=False)
        if codes & _ACCESS or failure.status in (401, 403):
            return _no_access(failure)
        if failure.write and 400 <= failure.status < 500 and failure.status != 429:
            return _refused(failure, codes)
        return None

    def _closed(self, at: dt.datetime) -> ClosedError:
        opens = opening(self._connection.hours_in_force or HOURS, at)
        if opens > at:
            return closed_error(self._name, opens, at)
        # Its clock is behind ours, or its hours have changed.
        opens = (at + _LATER).replace(second=0, microsecond=0)
        message = _(
            "{name} says that it is closed, though its closed hours are over. Try again at {time}"
            " (JST)."
        )
        said = message.format(name=self._name, time=f"{opens.astimezone(JST):%H:%M}")
        return ClosedError(said, opens=opens, at=at, where=self._name)


def opening(hours: Sequence[ClosedHours], at: dt.datetime) -> dt.datetime:
    """Return when the hours that hold *at* end, or else, as clocks differ, the nearest ones did."""
    for band in hours:
        if opens := band.reopening(at):
            return opens
    today = at.astimezone(JST).date()
    near: list[tuple[dt.datetime, dt.datetime]] = []
    for band in hours:
        for days in (-1, 0, 1):  # around midnight the nearest hours may be on another day
            date = today + dt.timedelta(days=days)
            start = dt.datetime.combine(date, band.start, JST)
            end = dt.datetime.combine(date, band.end, JST)
            near.append((start, end))
    _start, end = min(near, key=lambda span: min(abs(at - span[0]), abs(at - span[1])))
    return end


def _has_key(row: Mapping[str, JSON]) -> bool:
    """Tell whether a record has the key by which it is updated."""
    key = row.get(KEY)
    return isinstance(key, str) and key != ""


def _query(at: dt.date, additional: Sequence[str]) -> dict[str, str]:
    return {
        "date": at.isoformat(),
        # Otherwise people who have resigned would look new.
        "includeResigner": "true",
        "additionalFields": ",".join(additional),
    }


def _entries(body: JSON) -> list[dict[str, JSON]]:
    """Return the errors in a body of either shape."""
    if not isinstance(body, dict):
        return []
    listed = body.get("errors")
    if not isinstance(listed, list):
        return [body]  # the flat shape, used for too many requests
    return [each for each in listed if isinstance(each, dict)]


def _codes(body: JSON) -> Iterator[int]:
    for entry in _entries(body):
        match entry.get("code"):
            case bool():  # bool is a kind of int: true would count as code 1
                continue
            case int() as code:
                yield code
            case str() as text if re.fullmatch(r"[0-9]{1,9}", text):
                yield int(text)


def _too_many(failure: Failure) -> UnavailableError:
    message = _("{name} has had too many requests. Wait five minutes, then try again.")
    return UnavailableError(
        message.format(name=failure.connection),
        code="rate_limit",
        retry_after_s=failure.announced_s,
        nothing_done=True,
    )


def _no_access(failure: Failure) -> AccessError:
    message = _(
        "{name} refused access. Either the token is wrong or expired, or this computer's address is"
        " not among the permitted ones, or the token lacks the right for this data. Look at all"
        " three in the system's settings for external services, then try again."
    )
    # A read refused with another status may only mean that nobody has this number (F34).
    is_clear = failure.write or failure.status in (401, 403)
    kind = AccessError if is_clear else UnclearError
    return kind(message.format(name=failure.connection))


def _refused(failure: Failure, codes: set[int]) -> RecordError:
    name = failure.connection
    if _UNKNOWN_KEY in codes or failure.status == 404:
        message = _("{name} no longer has this employee. Fetch again.")
        return RecordError(message.format(name=name), code="not_found")
    messages = [entry.get("message") for entry in _entries(failure.body)]
    texts = [text for text in messages if isinstance(text, str)]
    # Errors name no field; only their text may.
    words = set(_WORD.findall("\n".join(texts)))
    fields = tuple(field for field in NAMES if field in words)
    is_lacking = failure.status == 400 and (_EMPTY in codes or any(map(_MISSING.search, texts)))
    message = _("{name} refused this employee ({fields}). Correct the data, then try again.")
    return RecordError(
        message.format(name=name, fields=", ".join(fields) or "-"),
        code="missing" if is_lacking else None,
        fields=fields,
        detail="\n".join(texts)[:2000] or None,
    )


def wants_base(error: RecordError, body: Mapping[str, JSON]) -> bool:
    """
    Tell whether a refusal may be for want of base values that were not sent.

    So it may unless it is about nobody, or names nothing but what was sent.
    """
    unsent = set(BASE) - body.keys()
    if error.code == "not_found" or not unsent:
        return False
    return not error.fields or not unsent.isdisjoint(error.fields)


def telling(first: RecordError, second: RecordError, sent: Mapping[str, JSON]) -> RecordError:
    """
    Return which of two refusals tells what is wrong: of what was *sent*, and with base values.

    That is the second one, except where the first may have been about something else and the second
    is about nothing but the base values.
    """
    base_wanted = bool(first.fields) or first.code == "missing"
    if base_wanted:
        return second
    added = set(BASE) - sent.keys()
    about_base = bool(second.fields) and added.issuperset(second.fields)
    # Base values are not what was to be changed: a complaint about them hides the real one.
    return first if about_base or second.code == "not_shown_yet" else second
