"""A lease in the hands of the process that writes: looked at right before each request leaves."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Self

from attrs import frozen

from renkei.errors import BusyError, StoreError
from renkei.store.journal import Told
from renkei.store.lease import Lease
from renkei.store.owner import LIFETIME_S, RENEW_S
from renkei.store.store import Store
from renkei.words.i18n import _

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
                return  # the holder finds out before the next request
            except StoreError:
                continue  # in a moment, perhaps; who watches is patient


class Hold:
    """Keeps *lease* alive while the block lasts and tells when it is not ours any more."""

    def __init__(self, store: Store, lease: Lease, since: Moment) -> None:
        self._store = store
        self.lease = lease
        self._renewed = since
        self._pulse = Pulse(self._renew)
        self._mine = threading.local()
        self._stamped: dict[int, Moment] = {}
        self._is_over = False

    def __enter__(self) -> Self:
        self._pulse.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._is_over = True
        self._pulse.__exit__(*exc)

    def check(self) -> None:
        """
        Make sure that a request may leave now; BusyError if another process has taken over.

        A request that leaves at once looks at two clocks, and at nothing else. The stamp of a write
        says when its request left at the latest: one that has waited since, for room or for a
        second try, gets a new one.
        """
        if self._is_over:
            raise self._gone()
        writes = getattr(self._mine, "writes", ())
        # One stands for all of a batch: they get their stamps together.
        if writes and self._stamped[writes[0]].age_s() >= SENT_S:
            now = Moment.now()
            self._store.stamp(self.lease, writes)
            self._renewed = now  # a stamp renews the lease, too
            self._stamped |= dict.fromkeys(writes, now)
        elif self._renewed.age_s() >= LATE_S:
            self._renew()

    def intend(
        self, told: Sequence[Told], wanted: Sequence[tuple[int, str]], at: dt.datetime
    ) -> list[int] | None:
        """Commit outcomes and intents under this lease; see `Store.intend`."""
        now = Moment.now()
        try:
            ids = self._store.intend(self.lease, told, wanted, at)
        except BusyError:
            self._is_over = True
            raise
        self._renewed = now
        self._stamped |= dict.fromkeys(ids or (), now)
        return ids

    @contextmanager
    def sending(self, *writes: int) -> Iterator[None]:
        """Let what leaves inside the block, in this thread, be the request of *writes*."""
        self._mine.writes = writes
        try:
            yield
        finally:
            self._mine.writes = ()
            for write in writes:
                del self._stamped[write]

    def _gone(self) -> BusyError:
        """Return the error for a thread that would still send when nobody waits for it."""
        message = _("Run {run} has ended; this write of it was not sent.")
        return BusyError(message.format(run=self.lease.run_id), where=self.lease.connection)

    def _renew(self) -> None:
        now = Moment.now()
        self._store.renew(self.lease)
        self._renewed = now
