"""A lease in the hands of the process that writes: looked at right before each request leaves."""

from __future__ import annotations

import datetime as dt
import time

from renkei.store.lease import LIFETIME_S, Lease
from renkei.store.store import Store

RENEW_S = LIFETIME_S / 3


class Hold:
    """Keeps *lease* alive and tells when it is not ours any more."""

    def __init__(self, store: Store, lease: Lease) -> None:
        self._store = store
        self.lease = lease
        self._note()

    def check(self) -> None:
        """Renew the lease unless done lately; BusyError if another process has taken over."""
        if self._age_s() >= RENEW_S:
            self._store.renew(self.lease)
            self._note()

    def intend(self, position: int, kind: str, at: dt.datetime) -> int | None:
        """Commit an intent under this lease; see :meth:`renkei.store.Store.intend`."""
        write = self._store.intend(self.lease, position, kind, at)
        self._note()
        return write

    def _note(self) -> None:
        self._renewed = (time.time(), time.monotonic())

    def _age_s(self) -> float:
        """Return the age by the clock that shows more: one stops while the machine sleeps."""
        wall, steady = self._renewed
        return max(abs(time.time() - wall), time.monotonic() - steady)
