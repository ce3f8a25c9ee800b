"""What is sent: addresses from quoted segments, bodies byte for byte."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from attrs import field, frozen

from renkei.errors import ConnectorError, RecordError
from renkei.http.decode import JSON
from renkei.http.failure import writes
from renkei.words.i18n import _

DISGUISES = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})
"""Headers that make another method of a request: a read could be a write."""

FRAMING = frozenset({"connection", "content-length", "host", "transfer-encoding"})
"""Headers that say where a request goes and where it ends."""

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_PRINTED = re.compile(r"[\t -~]*")
_PLAIN = re.compile(r"[A-Za-z0-9._~-]+")
_FOLDERS = (".", "..")


@frozen(kw_only=True)
class Timeouts:
    """Seconds to wait: for a connection, for the next bytes, for a whole call, for a whole list."""

    connect_s: float = 5.0
    read_s: float = 30.0
    call_s: float = 60.0
    list_s: float = 600.0


@frozen(kw_only=True)
class Request:
    """
    One request as it will be sent; *url* is complete and quoted.

    *headers* are its own, beside those of its session. *search*: it reads, though its method is
    POST.
    """

    method: str
    url: str = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    idempotent: bool = True
    search: bool = False

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return writes(self.method) and not self.search


def headers_of(name: str, headers: Mapping[str, str] | None) -> Mapping[str, str]:
    """Return the *headers* of one request; ConnectorError if one of them cannot be."""
    for key, value in (headers or {}).items():
        sound = _HEADER.fullmatch(key) and _PRINTED.fullmatch(value)
        if key.lower() in FRAMING or not sound:
            raise _no_header(name)
    return undisguised(name, headers or {})


def undisguised(name: str, headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return *headers*; ConnectorError if one makes another method of a request."""
    if any(key.lower() in DISGUISES for key in headers):
        raise _no_header(name)
    return dict(headers)


def paths_of(name: str, paths: Sequence[str]) -> frozenset[tuple[str, ...]]:
    """Return *paths* like ``/users/search`` in segments; ConnectorError if one needs quoting."""
    if isinstance(paths, str):  # one path alone, which types let through
        raise _no_address(name)
    made: set[tuple[str, ...]] = set()
    for path in paths:
        segments = tuple(path.removeprefix("/").split("/"))
        if not all(map(_is_plain, segments)):
            raise _no_address(name)
        made.add(segments)
    return frozenset(made)


def _is_plain(segment: str) -> bool:
    """Tell whether *segment* is sent just as it is written, and means no folder."""
    return bool(_PLAIN.fullmatch(segment)) and segment not in _FOLDERS


def url_of(name: str, base_url: str, path: Sequence[str], query: Mapping[str, str] | None) -> str:
    """
    Return the address of *path* below *base_url*, of which nothing can lead out.

    Raises ConnectorError for a segment that is empty or means a folder.
    """
    try:
        quoted = [quote(segment, safe="") for segment in path]
        asked = urlencode(query, quote_via=quote) if query else ""
    except UnicodeEncodeError:  # quotes the text: ours is raised below, outside of it
        quoted, asked = [""], ""
    if any(segment in ("", *_FOLDERS) for segment in quoted):
        raise _no_address(name)
    address = "/".join([base_url, *quoted])
    return f"{address}?{asked}" if asked else address


def _no_address(name: str) -> ConnectorError:
    message = _("{name}: the connector built an address that cannot be. Report this to its author.")
    return ConnectorError(message.format(name=name), where=name)


def _no_header(name: str) -> ConnectorError:
    message = _("{name}: the connector built a header that cannot be. Report this to its author.")
    return ConnectorError(message.format(name=name), where=name)


def body_bytes(name: str, body: Mapping[str, JSON]) -> bytes:
    """Return *body* as JSON in UTF-8; raises RecordError naming fields that are no real text."""
    try:
        return _encoded(body)
    except (ValueError, TypeError):  # quote the text: as above
        fields = tuple(key for key, value in body.items() if not _can_be_sent(value))
    message = _("{fields}: this text cannot be sent to {name}. Correct it, then try again.")
    said = message.format(fields=", ".join(fields), name=name)
    error = RecordError(said, code="unsendable", fields=fields)
    error.where = name
    raise error


def _encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def _can_be_sent(value: JSON) -> bool:
    try:
        _encoded(value)
    except (ValueError, TypeError):
        return False
    return True
