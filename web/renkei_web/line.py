"""What uvicorn leaves open about a connection: how long a request may take to arrive, how many."""

from __future__ import annotations

import asyncio
import resource

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

ARRIVES_S = 30.0
"""Seconds in which a whole request has to arrive, whether or not bytes keep coming."""

MOST = 400
"""Connections at one time; a browser opens six."""

ARRIVED = (h11.DONE, h11.MUST_CLOSE, h11.CLOSED, h11.ERROR)


class Line(H11Protocol):
    """A connection that waits for nobody who opens it and then says little, or nothing."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock; one connection too many is closed at once."""
        super().connection_made(transport)
        if len(self.connections) > most():
            transport.abort()
        else:
            self._start()

    def data_received(self, data: bytes) -> None:
        """Stop the clock when the request is whole."""
        self._start()
        super().data_received(data)
        if self.conn.their_state in ARRIVED:
            self._stop()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the clock."""
        self._stop()
        super().connection_lost(exc)

    def _start(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(ARRIVES_S, self.transport.abort)

    def _stop(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def most() -> int:
    """Return how many connections are taken: fewer where the system allows fewer open files."""
    files, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(MOST, files // 2)
