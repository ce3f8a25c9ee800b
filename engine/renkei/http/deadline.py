"""A deadline for a whole call, kept on every read: a timeout counts anew with every byte.

The timeouts of the HTTP library let a server that sends one byte now and then go on for ever, and
within the headers there is no place to look at the clock in between. So the network layer itself
gets less and less time: each read of the socket may take what is left of the call, at most.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

from renkei.clock import Clock
from renkei.http.library import httpcore, httpx
from renkei.http.network import Network, add_authorities
from renkei.http.pace import MOST_IN_FLIGHT

_current = threading.local()
_reading = threading.Lock()
"""Held while the list of authorities is read."""


class Deadline:
    """The instant at which a call must be over, on the clock that never jumps."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._start = clock.monotonic()
        self._seconds = seconds

    def extend(self, seconds: float) -> None:
        """Allow *seconds* in all, counted from the start."""
        self._seconds = max(self._seconds, seconds)

    def left_s(self) -> float:
        """Return what is left, in seconds; 0 or less: it has passed."""
        return self._start + self._seconds - self._clock.monotonic()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep this deadline in all that the network layer of this thread does inside the block."""
        outer = getattr(_current, "deadline", None)
        _current.deadline = self
        try:
            yield
        finally:
            _current.deadline = outer


def _cut(timeout: float | None, late: type[Exception]) -> float | None:
    """Return the timeout, cut to what is left of the call; raises *late* if nothing is."""
    deadline: Deadline | None = getattr(_current, "deadline", None)
    if deadline is None:
        return timeout
    left = deadline.left_s()
    if left <= 0:
        raise late
    return left if timeout is None else min(timeout, left)


@cache
def _certificates() -> ssl.SSLContext:
    """Return what checks certificates; reading the list of authorities takes 50 ms."""
    return _public()


def _public() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _trusting(network: Network) -> ssl.SSLContext:
    """Return what checks the certificates on the way out; the file of authorities may change."""
    if network.ca_file is None:
        with _reading:  # both sides of a fetch ask at the same time
            return _certificates()
    trusted = _public()
    add_authorities(trusted, network.ca_file)
    return trusted


class Transport(httpx.HTTPTransport):
    """The library's transport on a network layer that keeps deadlines; one attempt each."""

    def __init__(self, network: Network, *, connections: int = MOST_IN_FLIGHT) -> None:
        trusted = _trusting(network)
        super().__init__(verify=trusted, trust_env=False)
        # The library's transport takes no network layer of others: its pool is replaced.
        pool = partial(_pool, network.proxy) if network.proxy else httpcore.ConnectionPool
        self._pool = pool(
            ssl_context=trusted,
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=5.0,
            network_backend=_Backend(),
        )


def _pool(address: str, *, ssl_context: ssl.SSLContext, **options: Any) -> httpcore.HTTPProxy:  # noqa: ANN401 - the library's own
    """Return a pool of tunnels through the proxy at *address*."""
    proxy = httpx.Proxy(address)  # takes user name and password out of the address
    url = httpcore.URL(
        scheme=proxy.url.raw_scheme, host=proxy.url.raw_host, port=proxy.url.port, target=b"/"
    )
    return httpcore.HTTPProxy(
        proxy_url=url,
        proxy_auth=proxy.raw_auth,
        proxy_ssl_context=ssl_context if proxy.url.scheme == "https" else None,
        ssl_context=ssl_context,
        **options,
    )


class _Backend(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        timeout = _cut(timeout, httpcore.ConnectTimeout)
        try:
            stream = self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        except UnicodeError as error:  # too long for a name: the library does not expect it
            raise httpcore.ConnectError from error
        return _Stream(stream)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _cut(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _cut(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        timeout = _cut(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - the library's own signature
        return self._inner.get_extra_info(info)
