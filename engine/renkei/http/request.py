"""What is sent: addresses from quoted segments, bodies byte for byte."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from attrs import field, frozen

from renkei.errors import ConnectorError, RecordError
from renkei.http.decode import JSON
from renkei.http.failure import writes
from renkei.words.i18n import _


@frozen(kw_only=True)
class Timeouts:
    """Seconds to wait: for a connection, for the next bytes, for a whole call, for a whole list."""

    connect_s: float = 5.0
    read_s: float = 30.0
    call_s: float = 60.0
    list_s: float = 600.0


@frozen(kw_only=True)
class Request:
    """One request as it will be sent; *url* is complete and quoted."""

    method: str
    url: str = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    idempotent: bool = True

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return writes(self.method)


def url_of(name: str, base_url: str, path: Sequence[str], query: Mapping[str, str] | None) -> str:
    """
    Return the address of *path* below *base_url*, of which nothing can lead out.

    Raises ConnectorError for a segment that is empty or means a folder.
    """
    try:
        quoted = [quote(segment, safe="") for segment in path]
        asked = urlencode(query, quote_via=quote) if query else ""
    except UnicodeEncodeError:  # quotes the text
        quoted, asked = [""], ""
    if any(segment in ("", ".", "..") for segment in quoted):
        message = _(
            "{name}: the connector built an address that cannot be. Report this to its author."
        )
        raise ConnectorError(message.format(name=name), where=name)
    return "/".join([base_url, *quoted]) + (f"?{asked}" if asked else "")


def body_bytes(name: str, body: Mapping[str, JSON]) -> bytes:
    """Return *body* as JSON in UTF-8; raises RecordError naming fields that are no real text."""
    try:
        return _encoded(body)
    except (ValueError, TypeError):  # quote the text
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
