"""The sandbox's own clock: it can be set, held and moved, and otherwise ticks as real time does."""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import Final

JST: Final = dt.timezone(dt.timedelta(hours=9), "JST")


def instant(moment: str | dt.datetime) -> dt.datetime:
    """Return *moment* (ISO 8601 with an offset, or aware) in Japanese time.

    Raises:
        ValueError: If the text is no instant, or has no offset.
    """
    parsed = moment if isinstance(moment, dt.datetime) else dt.datetime.fromisoformat(moment)
    if parsed.tzinfo is None:
        message = f"an instant needs an offset such as +09:00: {moment}"
        raise ValueError(message)
    return parsed.astimezone(JST)


class Clock:
    """What time it is for both systems. Rate limits do not use it: they run on real time."""

    def __init__(self, start: str | dt.datetime | None = None) -> None:
        """Start at *start* and tick on; without it, show the real time."""
        self._lock = threading.Lock()
        self._base = dt.datetime.now(JST) if start is None else instant(start)
        self._since = time.monotonic()
        self._frozen = False

    @property
    def frozen(self) -> bool:
        """Whether the clock is being held."""
        return self._frozen

    def now(self) -> dt.datetime:
        """Return the present instant, in Japanese time."""
        with self._lock:
            return self._now()

    def today(self) -> dt.date:
        """Return the present calendar day in Japan."""
        return self.now().date()

    def set(self, moment: str | dt.datetime) -> None:
        """Show *moment* and tick on from there."""
        self._restart(instant(moment), frozen=False)

    def freeze(self, moment: str | dt.datetime | None = None) -> None:
        """Hold *moment*, or the present instant, until the clock is set again."""
        self._restart(self.now() if moment is None else instant(moment), frozen=True)

    def advance(self, seconds: float) -> None:
        """Move the clock by *seconds*; a held clock stays held."""
        self._restart(self.now() + dt.timedelta(seconds=seconds), frozen=self._frozen)

    def _now(self) -> dt.datetime:
        if self._frozen:
            return self._base
        return self._base + dt.timedelta(seconds=time.monotonic() - self._since)

    def _restart(self, moment: dt.datetime, *, frozen: bool) -> None:
        with self._lock:
            self._base, self._since, self._frozen = moment, time.monotonic(), frozen
