"""What a system answered when it refused, and the errors that follow from the HTTP status alone."""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal
from urllib.parse import urlsplit

from attrs import field, frozen

from renkei.errors import (
    AccessError,
    AnswerError,
    ListChangedError,
    RecordError,
    RenkeiError,
    UnavailableError,
)
from renkei.http.decode import JSON, CutOff, NotJSON, TooLarge, WebPage
from renkei.http.pace import Room, sane_wait_s
from renkei.words.i18n import _

Kind = Literal["json", "web_page", "other"]

Classify = Callable[["Failure"], RenkeiError | None]
"""A connector's reading of a refusal; None: by its status alone."""

ReadRooms = Callable[[Mapping[str, str]], Sequence[Room]]
"""A connector's reading of the rate-limit headers of an answer, names in lower case."""

_READ_CODES = {400: "bad_request", 404: "not_found"}
_NOT_HERE = (404, 405, 410)
_SAYING = ("code", "type", "field", "message")
_LONGEST_WORDS = 2000  # characters
_UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def writes(method: str) -> bool:
    """Tell whether a request of *method* may change something."""
    return method in _UNSAFE


@frozen(kw_only=True)
class Answer:
    """One answer that is not a refusal; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: JSON = field(repr=False)


@frozen(kw_only=True)
class Failure:
    """
    One answer that is a refusal, before anybody has read a meaning into it.

    That is a status of 400 and above, or an object where a list is due: a connector should look
    at *body* before *status*. *body* is the JSON that came with it, or None; *kind* tells what else
    it was. Neither *body* nor *headers* hold our token. *at* is the calendar's instant.
    *announced_s* is the wait, in seconds, that the headers ask for. *search*: it was a read, though
    its method is POST.
    """

    connection: str
    method: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: JSON = field(repr=False)
    kind: Kind
    at: dt.datetime
    announced_s: float | None = None
    search: bool = False

    @property
    def write(self) -> bool:
        """Whether the request may have changed something."""
        return writes(self.method) and not self.search

    def words(self) -> str:
        """Return what the system said: the status, and every code and text of the body."""
        return "\n".join([f"HTTP {self.status}", *_texts(self.body)])[:_LONGEST_WORDS]

    @property
    def is_of_another(self) -> bool:
        """Whether something in between has answered a write: no system tells of people in pages."""
        return self.write and self.kind == "web_page" and self.status in _NOT_HERE

    def default(self) -> RenkeiError:
        """Return the error that the status alone stands for."""
        if self.is_of_another:
            return UnavailableError(self._in_trouble(), retry_after_s=self.announced_s)
        match self.status:
            case 401 | 403:
                return AccessError(self._refused())
            case 429:
                return self._too_many()
            # 408 and 425 say of themselves that the request may come again (RFC 9110, RFC 8470).
            case status if status >= 500 or status in (408, 425):
                return UnavailableError(self._in_trouble(), retry_after_s=self.announced_s)
            case 404 if self.write:
                return RecordError(self._gone(), code="not_found")
        if self.write:
            return RecordError(self._not_taken())
        return AnswerError(self._not_understood(), code=_READ_CODES.get(self.status))

    def _refused(self) -> str:
        # F34: not every system tells token, right and address apart, so all three are named.
        return self._say(
            _(
                "{name}: the system refused access (HTTP {status}). Check the token, its rights"
                " and the address it is used from; then try again."
            )
        )

    def _too_many(self) -> UnavailableError:
        message = _(
            "{name}: too many requests (HTTP {status}). Wait a few minutes, then try again."
        )
        return UnavailableError(
            self._say(message),
            code="rate_limit",
            retry_after_s=self.announced_s,
            nothing_done=True,
        )

    def _in_trouble(self) -> str:
        return self._say(
            _("{name}: the system is in trouble (HTTP {status}). Try again in a few minutes.")
        )

    def _gone(self) -> str:
        return self._say(
            _("{name}: the system no longer has this employee (HTTP {status}). Fetch again.")
        )

    def _not_taken(self) -> str:
        return self._say(
            _(
                "{name}: the system refused this employee (HTTP {status}). Correct the employee's"
                " data, then try again."
            )
        )

    def _not_understood(self) -> str:
        return self._say(
            _(
                "{name}: the system did not accept a request to read (HTTP {status})."
                " Check base_url, or ask the system's support."
            )
        )

    def _say(self, sentence: str) -> str:
        said = sentence.format(name=self.connection, status=self.status)
        if self.kind != "web_page":
            return said
        hint = _(
            "It sent a web page instead of data: is a proxy, a login page or a block in between?"
        )
        return f"{said} {hint}"


def _texts(body: JSON) -> Iterator[str]:
    """Yield what explains a refusal, wherever it is in the *body*."""
    match body:
        case list():
            for each in body:
                yield from _texts(each)
        case dict():
            words: list[str] = []
            for name in _SAYING:
                said = body.get(name)
                if isinstance(said, str | int):
                    words.append(str(said))
            if words:
                yield " ".join(words)
            for each in body.values():
                if isinstance(each, list | dict):
                    yield from _texts(each)


def announced_s(
    headers: Mapping[str, str], rooms: Sequence[Room], now: dt.datetime
) -> float | None:
    """
    Return the wait in seconds that a refusal asks for, or None if it names none that can be meant.

    Rate-limit headers count only where they say that nothing is left. *now* is the real instant.
    """
    waits = [retry_after_s(headers.get("retry-after", ""), now)]
    waits += [sane_wait_s(room.reset_s) for room in rooms if room.remaining <= 0]
    return max((seconds for seconds in waits if seconds), default=None)


def retry_after_s(text: str, now: dt.datetime) -> float | None:
    """
    Return the wait that a Retry-After header asks for: a number of seconds or an HTTP date.

    The header of a system and that of a proxy before it come as one, with a comma: the longer wait.
    """
    try:
        waits = [sane_wait_s(float(each)) for each in text.split(",")]
        named = [seconds for seconds in waits if seconds is not None]
        return max(named, default=None)
    except ValueError:
        pass
    try:
        then = email.utils.parsedate_to_datetime(text)
        return sane_wait_s((then - now).total_seconds())
    except (ValueError, TypeError, OverflowError):  # TypeError: a date without an offset
        return None


def unreadable(error: NotJSON, name: str) -> AnswerError | UnavailableError:
    """Return our error for an answer that is not proper JSON; it names places, never text."""
    match error:
        case CutOff():
            message = _(
                "{name}: the answer was cut off after {at} bytes. Try again; check the network."
            )
            return UnavailableError(
                message.format(name=name, at=error.at), code="cut_off", where=name
            )
        case WebPage():
            message = _(
                "{name}: got a web page instead of data: is a proxy, a login page or a block"
                " in between? Check base_url and the network."
            )
            return AnswerError(message.format(name=name), code="web_page", where=name)
        case TooLarge():
            message = _(
                "{name}: the answer is larger than allowed (at byte {at})."
                " Ask the system's support what it sends."
            )
            return AnswerError(message.format(name=name, at=error.at), code="too_large", where=name)
    message = _(
        "{name}: the answer is not valid JSON (byte {at}). Check base_url,"
        " or ask the system's support what it sends."
    )
    return AnswerError(message.format(name=name, at=error.at), where=name)


def not_a_list(name: str) -> AnswerError:
    """Return our error for proper JSON that is something else than the list that is due."""
    message = _(
        "{name}: got something else where a list belongs. Check base_url, or ask the system's"
        " support what it sends."
    )
    return AnswerError(message.format(name=name), where=name)


def without(secret: Callable[[str], str], body: JSON) -> JSON:
    """Return *body* with every text as *secret* leaves it."""
    match body:
        case str():
            return secret(body)
        case list():
            return [without(secret, item) for item in body]
        case dict():
            return {secret(name): without(secret, value) for name, value in body.items()}
    return body


def redirected(headers: Mapping[str, str], name: str) -> AnswerError:
    """Return the error for an answer that sends requests elsewhere; it names only the host."""
    message = _(
        "{name}: the system sends requests on to {host}, and renkei does not follow."
        " Check base_url."
    )
    said = message.format(name=name, host=_host(headers.get("location", "")) or "?")
    return AnswerError(said, code="redirect", where=name)


def cut_off(name: str) -> ListChangedError:
    """Return the error for a list that ends in the middle: it has to be read again."""
    message = _("{name}: a list was cut off before its end. Check the network; fetch again.")
    return ListChangedError(message.format(name=name), code="cut_off", where=name)


def _host(location: str) -> str:
    """Return the host of an address, or nothing if it has none that could be one."""
    try:
        host = urlsplit(location).hostname or ""
    except ValueError:
        return ""
    return host if re.fullmatch(r"[a-z0-9.:-]{1,253}", host) else ""
