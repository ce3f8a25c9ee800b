"""Waiting that takes no time: a minute of renkei's is over at once, for it and for its systems."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from attrs import define, field

from renkei.clock import Clock
from renkei.store import owner


@define
class Waiting:
    """
    How long renkei has waited so far, in seconds; each wait is told to all of *passing*.

    The monotonic time of a thread knows its own waits alone: no other thread comes too late by it.
    """

    passing: list[Callable[[float], object]] = field(factory=list)
    seconds: float = 0.0
    _lock: threading.Lock = field(factory=threading.Lock)
    _own: threading.local = field(factory=threading.local)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Let every clock of this process jump over its waits instead of sleeping."""

        def sleep(_clock: Clock, seconds: float) -> None:
            with self._lock:
                self.seconds += max(0.0, seconds)
            self._own.seconds = self._waited() + max(0.0, seconds)
            for call in self.passing:
                call(seconds)

        def real_now(_clock: Clock) -> dt.datetime:
            return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self.seconds)

        patch.setattr(Clock, "sleep", sleep)
        patch.setattr(Clock, "monotonic", lambda _clock: self.monotonic())
        patch.setattr(Clock, "real_now", real_now)
        # how long the stamp of somebody else's lease has stood still
        patch.setattr(owner, "time", SimpleNamespace(**{**vars(time), "monotonic": self.monotonic}))

    def monotonic(self) -> float:
        """Return what the clocks of renkei show as monotonic time."""
        return time.monotonic() + self._waited()

    def _waited(self) -> float:
        own: float = getattr(self._own, "seconds", 0.0)
        return own


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Waiting:
    """Waiting that takes no time in this test; a module whose tests need real time has its own."""
    waiting = Waiting()
    waiting.install(monkeypatch)
    return waiting
