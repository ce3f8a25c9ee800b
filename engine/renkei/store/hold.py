"""A lease in the hands of the process that writes: looked at right before each request leaves."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from typing import Self

from attrs import frozen

from renkei.errors import BusyError, StoreError
from renkei.store.lease import Lease
from renkei.store.owner import LIFETIME_S, RENEW_S
from renkei.store.store import Store

LATE_S = LIFETIME_S / 2
"""A lease that was renewed longer ago is renewed before anything is sent."""

SENT_S = 1.0
"""The stamp of a write may be so much older than the moment at which it leaves."""


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


class Pulse:
    """Calls *renew* every few seconds while the block lasts, whatever the block waits for."""

    def __init__(self, renew: Callable[[], None]) -> None:
        self._renew = renew
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._ended.wait(RENEW_S):
            try:
                self._renew()
            except BusyError:
                return  # whoever holds it finds out before the next request
            except StoreError:
                continue  # in a moment, perhaps; who watches is patient


class Hold:
    """Keeps *lease* alive while the block lasts and tells when it is not ours any more."""

    def __init__(self, store: Store, lease: Lease, since: Moment) -> None:
        self._store = store
        self.lease = lease
        self._renewed = since
        self._pulse = Pulse(self._renew)
        self._write: int | None = None
        self._stamped = since

    def __enter__(self) -> Self:
        self._pulse.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._pulse.__exit__(*exc)

    def check(self) -> None:
        """
        Make sure that a request may leave now; BusyError if another process has taken over.

        The stamp of the write in hand says when its request left at the latest: one that has waited
        in between, for room or for a second try, gets a new one.
        """
        if self._write is not None and self._stamped.age_s() >= SENT_S:
            now = Moment.now()
            self._store.stamp(self.lease, self._write)
            self._renewed = self._stamped = now
        elif self._renewed.age_s() >= LATE_S:
            self._renew()

    def intend(self, position: int, kind: str, at: dt.datetime) -> int | None:
        """Commit an intent under this lease; see :meth:`renkei.store.Store.intend`."""
        now = Moment.now()
        self._write = self._store.intend(self.lease, position, kind, at)
        self._renewed = self._stamped = now
        return self._write

    def settled(self) -> None:
        """The write in hand has come back: what is sent from now on is no part of it."""
        self._write = None

    def _renew(self) -> None:
        now = Moment.now()
        self._store.renew(self.lease)
        self._renewed = now
