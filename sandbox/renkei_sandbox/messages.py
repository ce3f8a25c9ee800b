"""What goes in and out of a system: requests, answers, and how an answer is put on the wire."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl, unquote

from attrs import Factory, define, field, frozen

Fields: TypeAlias = dict[str, Any]
Kind: TypeAlias = Literal["read", "create", "update", "delete", "other"]


def dump(value: object) -> bytes:
    """Return *value* as compact UTF-8 JSON; a lone surrogate is escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def _plain(given: str) -> str:
    return base64.b64decode(given, validate=True).decode()


@frozen(kw_only=True)
class Request:
    """One request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str] = Factory(dict)
    body: bytes = b""
    segments: tuple[str, ...] = field(init=False)
    query: dict[str, str] = field(init=False)

    @segments.default
    def _segments(self) -> tuple[str, ...]:
        path = self.target.partition("?")[0]
        return tuple(unquote(part) for part in path.strip("/").split("/"))

    @query.default
    def _query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def token(self) -> str | None:
        """The token it carries: as a bearer, or as the user of basic authentication."""
        scheme, _, given = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return given
        if scheme.lower() == "basic":
            with suppress(binascii.Error, UnicodeDecodeError):
                user, colon, password = _plain(given).partition(":")
                return user if colon and not password else None
        return None

    @property
    def path(self) -> str:
        """The whole path, percent-decoded."""
        return unquote(self.target.partition("?")[0])

    def json(self) -> object:
        """Return the parsed body.

        Raises:
            ValueError: If it is not JSON.
        """
        try:
            return json.loads(self.body)
        except RecursionError:
            message = "nested too deeply"
            raise ValueError(message) from None


@frozen(kw_only=True)
class Commit:
    """A change that a system is about to make; it happens when *apply* is called."""

    kind: Kind
    apply: Callable[[], None]


@frozen(kw_only=True)
class Delivery:
    """How an answer is put on the wire: whole and at once, unless a fault says otherwise."""

    raw: bytes | None = None
    """These bytes instead of the answer."""
    limit: int | None = None
    """The most bytes sent; then the connection is closed."""
    part: Literal["answer", "body"] = "answer"
    """Where *limit* counts from: the status line, or the first byte of the body."""
    per_byte_s: float = 0.0
    """Seconds to wait before each single byte."""
    framing: Literal["auto", "close"] = "auto"
    """"close": no length is announced; the end of the connection ends the body."""
    reset: bool = False
    """Whether the connection ends with RST instead of FIN."""


@define(kw_only=True)
class Answer:
    """What a system says to one request."""

    status: int
    body: bytes | Iterable[bytes] = b""
    headers: dict[str, str] = Factory(dict)
    person: str | None = None
    """Whom the request was about, by id."""
    commit: Commit | None = None
    delivery: Delivery = Delivery()

    def content(self) -> bytes:
        """Return the whole body, reading it to its end if it is streamed."""
        if not isinstance(self.body, bytes):
            self.body = b"".join(self.body)
        return self.body


class RefusalError(Exception):
    """A request ends here, with this answer."""

    def __init__(self, answer: Answer) -> None:
        """Carry *answer* to the one who answers."""
        super().__init__(answer.status)
        self.answer = answer
