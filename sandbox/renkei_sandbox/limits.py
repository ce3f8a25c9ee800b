"""Counters of requests. They use real time, whatever the sandbox's clock shows."""

from __future__ import annotations

import math
import time
from collections import deque


class FixedWindow:
    """A number of requests per window; a window begins with the first request after the last."""

    def __init__(self, seconds: float) -> None:
        """Count per *seconds*."""
        self._seconds = seconds
        self._begun = -math.inf
        self._used = 0

    def take(self, limit: int) -> bool:
        """Count one request and return whether it was within *limit*."""
        self._roll()
        self._used += 1
        return self._used <= limit

    def give_back(self) -> None:
        """Uncount the last request."""
        self._used -= 1

    def remaining(self, limit: int) -> int:
        """Return how many more requests the window allows."""
        self._roll(start=False)
        return max(0, limit - self._used)

    def reset_s(self) -> int:
        """Return the whole seconds until the window ends."""
        left = self._begun + self._seconds - time.monotonic()
        return math.ceil(min(max(left, 0.0), self._seconds))

    def _roll(self, *, start: bool = True) -> None:
        now = time.monotonic()
        if now >= self._begun + self._seconds:
            self._used = 0
            self._begun = now if start else -math.inf


class SlidingWindow:
    """A number of requests within the last seconds, counted at every moment anew."""

    def __init__(self) -> None:
        """Start with nothing counted."""
        self._times: deque[float] = deque()

    def take(self, limit: int, seconds: float) -> bool:
        """Count one request unless *limit* were made in the last *seconds*; tell which."""
        now = time.monotonic()
        while self._times and self._times[0] <= now - seconds:
            self._times.popleft()
        if len(self._times) >= limit:
            return False
        self._times.append(now)
        return True
