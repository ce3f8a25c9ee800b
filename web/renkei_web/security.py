"""What every request passes before a page sees it: its host, where it comes from, its token."""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Callable, Collection
from contextlib import suppress
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from renkei.http.address import split_url
from renkei.report.html import STYLE_SOURCE

SAFE = ("GET", "HEAD")
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
HOST = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+))(?::[0-9]{1,5})?", re.ASCII)

PROBES = ("/healthz", "/readyz", "/metrics")
"""Asked by what watches the process, often by its bare address: no answer tells of anybody."""

LONGEST = 1_000_000
"""Bytes of one form; the largest, a page of employees with their values, has a tenth of it."""

POLICY = (
    f"default-src 'none'; script-src 'self'; style-src 'self' {STYLE_SOURCE}; img-src 'self';"
    " font-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
TLS = {"strict-transport-security": "max-age=31536000"}
PRIVATE = {"cache-control": "no-store"}
PUBLIC = {"cache-control": "no-cache"}
"""Styles and scripts are kept and asked for anew: after an update nobody has the old ones."""


class Gate:
    """
    Refuses foreign hosts, cross-site requests and huge ones; adds the headers to every answer.

    What goes wrong below ends here, as the page that *broken* makes of it: a server that hears of
    it would print a traceback, which shows values.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Collection[str],
        tls: bool,
        broken: Callable[[HTTPConnection, Exception], Response],
    ) -> None:
        self._app = app
        self._hosts = frozenset(name.lower() for name in (*LOCAL_NAMES, *hosts))
        self._tls = tls
        self._broken = broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; everything but HTTP ends here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._handle(scope, receive, send)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["scheme"] = "https" if self._tls else "http"  # whatever a proxy says
        request = HTTPConnection(scope)
        cached = PUBLIC if scope["path"].startswith("/static/") else PRIVATE
        more = HEADERS | cached | (TLS if self._tls else {})
        started = False

        async def with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                kept = [each for each in message["headers"] if each[0].decode().lower() not in more]
                ours = [(name.encode(), value.encode()) for name, value in more.items()]
                message["headers"] = [*kept, *ours]
            await send(message)

        try:
            if status := self._refusal(request, scope["method"]):
                refusal = PlainTextResponse(f"{status.value} {status.phrase}\n", status)
                await refusal(scope, receive, with_headers)
            else:
                await self._app(scope, _limited(receive), with_headers)
        except ClientDisconnect:
            return  # the client has gone
        except Exception as error:  # noqa: BLE001 - see above
            answer = self._broken(request, error)
            if not started:
                await answer(scope, receive, with_headers)

    def _refusal(self, request: HTTPConnection, method: str) -> HTTPStatus | None:
        if host_of(request) not in self._hosts and request.url.path not in PROBES:
            return HTTPStatus.FORBIDDEN
        if method not in SAFE and not self._is_same_origin(request):
            return HTTPStatus.FORBIDDEN
        if int(request.headers.get("content-length", 0)) > LONGEST:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return None

    def _is_same_origin(self, request: HTTPConnection) -> bool:
        """
        Tell whether a page of ours sent this.

        Without a referrer a browser calls its origin ``null``, so Sec-Fetch-Site has the word;
        browsers that do not send it say their origin.
        """
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        if site is not None and site != "same-origin":
            return False
        if origin is None or origin == "null":
            return site is not None
        parts = split_url(origin)
        return parts is not None and parts.netloc == request.headers.get("host")


def _limited(receive: Receive) -> Receive:
    """Return *receive* for a request that does not say how long it is, until it is too long."""
    arrived = 0

    async def counted() -> Message:
        nonlocal arrived
        message = await receive()
        arrived += len(message.get("body", b""))
        if arrived > LONGEST:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message

    return counted


def host_of(request: HTTPConnection) -> str | None:
    """Return the host that a request names, without its port; None if it makes no sense."""
    values = request.headers.getlist("host")
    found = HOST.fullmatch(values[0]) if len(values) == 1 else None
    return (found[1] or found[2]).lower() if found else None


def same_site(request: HTTPConnection) -> bool:
    """Tell whether a link on one of our pages led here, as far as the browser says."""
    return request.headers.get("sec-fetch-site", "same-origin") == "same-origin"


def same(given: object, token: str) -> bool:
    """Compare a token in a time that does not depend on where it differs."""
    return isinstance(given, str) and hmac.compare_digest(given.encode(), token.encode())


def address_of(request: Request) -> str:
    """Return where a request comes from, as far as the server knows; for IPv6 the whole network."""
    host = request.client.host if request.client else "unknown"
    with suppress(ValueError):
        address = ipaddress.ip_address(host)
        address = getattr(address, "ipv4_mapped", None) or address
        host = str(address)
        if address.version == 6:  # one person has a network of these
            return str(ipaddress.ip_network((address.packed, 64), strict=False))
    return host
