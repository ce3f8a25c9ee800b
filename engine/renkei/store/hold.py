"""A lease in the hands of the process that writes: looked at right before each request leaves."""

from __future__ import annotations

import datetime as dt
import time

from attrs import frozen

from renkei.store.lease import Lease
from renkei.store.store import Store

RENEW_S = 20.0


@frozen
class Moment:
    """
    One moment by two clocks: one can be set, the other stops while the machine sleeps.

    It is taken before a transaction, so that the lease is never younger in our eyes than it is.
    """

    wall: float
    steady: float

    @classmethod
    def now(cls) -> Moment:
        """Return this moment."""
        return cls(time.time(), time.monotonic())

    def age_s(self) -> float:
        """Return how long ago it was, in seconds, by the clock that shows more."""
        return max(abs(time.time() - self.wall), time.monotonic() - self.steady)


class Hold:
    """Keeps *lease* alive and tells when it is not ours any more; taken at *since*."""

    def __init__(self, store: Store, lease: Lease, since: Moment) -> None:
        self._store = store
        self.lease = lease
        self._renewed = since

    def check(self) -> None:
        """Renew the lease unless done lately; BusyError if another process has taken over."""
        if self._renewed.age_s() >= RENEW_S:
            now = Moment.now()
            self._store.renew(self.lease)
            self._renewed = now

    def intend(self, position: int, kind: str, at: dt.datetime) -> int | None:
        """Commit an intent under this lease; see :meth:`renkei.store.Store.intend`."""
        now = Moment.now()
        write = self._store.intend(self.lease, position, kind, at)
        self._renewed = now
        return write
