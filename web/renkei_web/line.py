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
    """
    A connection that waits for nobody who opens it and then says little, or nothing.

    When there are too many, the one goes that is missed least: so a client that opens many and says
    nothing shuts out nobody, also from the address of everybody, and a request that arrives at
    once gets its answer.
    """

    _late: asyncio.TimerHandle | None = None
    _since: float = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock; for one connection too many another one is closed at once."""
        super().connection_made(transport)
        self._start()
        if len(self.connections) > most():
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Stop the clock when the request is whole."""
        self._start()
        super().data_received(data)
        if self.conn.their_state in ARRIVED:
            self._stop()

    def on_response_complete(self) -> None:
        """Rest, unless the next request has come already."""
        self._since = self.loop.time()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the clock."""
        self._stop()
        super().connection_lost(exc)

    def _make_room(self) -> None:
        others = [each for each in self.connections if isinstance(each, Line) and each is not self]
        missed_least = min(others, key=Line._worth)
        self.connections.discard(missed_least)  # it is not counted until the loop comes to it
        missed_least.transport.abort()

    def _worth(self) -> tuple[int, float]:
        """Return how much a connection is missed: half a request least, then rest, then work."""
        if self._late is not None:
            return 0, self._since
        resting = getattr(self.cycle, "response_complete", True)  # None before the first request
        return 1 if resting else 2, self._since

    def _start(self) -> None:
        if self._late is None:
            self._since = self.loop.time()
            self._late = self.loop.call_later(ARRIVES_S, self.transport.abort)

    def _stop(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def most() -> int:
    """Return how many connections are taken: fewer where the system allows fewer open files."""
    files, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(MOST, files // 2)
