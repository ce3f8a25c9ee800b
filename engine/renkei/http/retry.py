"""How long and how often a request is tried again, and how much of that one command may spend."""

from __future__ import annotations

import random
import threading
from typing import Self

from renkei.clock import Clock
from renkei.errors import UnavailableError
from renkei.http.pace import OnWait, Pacer, sane_wait_s, wait

_ANNOUNCED_MAX = 10  # refusals of one request that are waited for without counting
_ENDLESS = float("inf")


class RetryBudget:
    """
    Real time one command may spend on trying again, in seconds; None: no limit.

    All its connections share one budget. It runs while at least one request is in trouble: from its
    first failure until it succeeds or is given up.
    """

    def __init__(self, seconds: float | None = 20.0, *, clock: Clock | None = None) -> None:
        self._left_s = _ENDLESS if seconds is None else seconds
        self._clock = clock or Clock()
        self._lock = threading.Lock()
        self._in_trouble = 0
        self._since = 0.0

    def left_s(self) -> float:
        """Return what is left, in seconds; 0 or less: nothing."""
        with self._lock:
            return self._left()

    def enter(self) -> None:
        """Count the time from now on: a request is in trouble."""
        with self._lock:
            self._settle()
            self._in_trouble += 1

    def leave(self) -> None:
        """Stop counting for one request."""
        with self._lock:
            self._settle()
            self._in_trouble -= 1

    def _left(self) -> float:
        running = self._clock.monotonic() - self._since if self._in_trouble else 0.0
        return self._left_s - running

    def _settle(self) -> None:
        self._left_s, self._since = self._left(), self._clock.monotonic()


class Retries:
    """The tries of one request; a context manager, so that the budget stops running at its end."""

    def __init__(
        self,
        *,
        budget: RetryBudget,
        clock: Clock,
        pacer: Pacer,
        on_wait: OnWait | None,
    ) -> None:
        self._budget = budget
        self._clock = clock
        self._pacer = pacer
        self._on_wait = on_wait
        self._counting = False
        self._announced = 0
        self._failures = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop_counting()

    def allowance_s(self, seconds: float) -> float:
        """Return how long the next try may take: *seconds*, or what is left after a failure."""
        return min(seconds, self._budget.left_s()) if self._counting else seconds

    def wait(self, error: UnavailableError) -> bool:
        """Wait until it makes sense to try again; false if it makes none."""
        announced_s = sane_wait_s(error.retry_after_s)
        # F02: what a system announces is waited for, and costs nothing of the budget.
        if announced_s and error.nothing_done and self._announced < _ANNOUNCED_MAX:
            return self._wait_as_announced(announced_s)
        return self._back_off(announced_s or 0.0)

    def put_off(self, error: UnavailableError) -> None:
        """Give up, and let the connection wait before its next request as before another try."""
        announced_s = sane_wait_s(error.retry_after_s) or 0.0
        self._pacer.hold(max(announced_s, random.uniform(0, ceiling_s(0))))  # noqa: S311

    def _wait_as_announced(self, seconds: float) -> bool:
        """Hold the whole connection; the next try waits there, and that time does not count."""
        self._announced += 1
        self._stop_counting()
        self._pacer.hold(seconds)
        return True

    def _back_off(self, at_least_s: float) -> bool:
        self._start_counting()
        seconds = max(at_least_s, random.uniform(0, ceiling_s(self._failures)))  # noqa: S311
        self._failures += 1
        if seconds >= self._budget.left_s():
            return False
        until = self._clock.monotonic() + seconds
        while (left := until - self._clock.monotonic()) > 0:
            wait(self._clock, left, "retry", self._on_wait)
        return True

    def _start_counting(self) -> None:
        if not self._counting:
            self._counting = True
            self._budget.enter()

    def _stop_counting(self) -> None:
        if self._counting:
            self._counting = False
            self._budget.leave()


def ceiling_s(failures: int, *, initial_s: float = 0.5, cap_s: float = 8.0) -> float:
    """
    Return the longest wait after this many *failures*: doubling from *initial_s*, at most *cap_s*.

    The wait itself is drawn from the whole span below ("full jitter"), so that many clients that
    failed together do not come back together.
    """
    return min(cap_s, initial_s * 2.0 ** min(failures, 32))
