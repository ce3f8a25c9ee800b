"""Keeps a system's request limits before it has to complain: full speed while there is room.

For each limit a sliding window is kept of what the system may still be counting. A request takes a
slot when it is sent and gives it back *window_s* after its answer began: by then the system had it,
so no window of the system's own can ever hold more than *count*, however long the way there took.

The next request has a way there, too, and the answer had one back. What both take at the least goes
off that time (``_LEAST``), once enough answers have shown it, and until one is missing or the
system has refused a request for its limit: then the above holds as it stands.

Other processes that use the account meet once a second, one after the other: each tells what it
has used and claims its part of what is free until it comes again. In a window too short for that
each of them keeps to its share.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol

from attrs import field, frozen

from renkei.clock import Clock
from renkei.errors import RenkeiError
from renkei.people import RequestLimit

OnWait = Callable[[str, float], None]
"""Progress: why it waits (``limit`` or ``retry``) and how many seconds are left; may raise."""

IN_FLIGHT, MOST_IN_FLIGHT = 8, 20
"""How many requests are on their way to one system at a time, and how many a file may allow."""

LONGEST_WAIT_S = 3600.0
_DAY_S = 86400.0
_SLICE_S = 5.0  # a long wait tells its progress this often
_POLL_S = 0.02  # while other threads hold every slot
_SMOOTH = 0.2  # the weight of the last answer in how long one takes
_SHORTEST_S = 0.001  # so that rounding cannot make a wait stand still

_LEAST = 0.75
"""
The part of the shortest answer so far that every way there and back is taken to last.

So the next request comes *window_s* after the one whose slot it takes, where no way there is longer
than another by more than the rest, a quarter, and by what the answer took beyond the shortest.
"""

_SHOWN = MOST_IN_FLIGHT
"""After more answers than this one of them has found its connection open: that takes no time."""

AHEAD, WRITES = 10.0, 1.5
"""
How much faster than the limits what is in flight could be: reading ahead, and writing.

So the room of a window is used up in a tenth of it, and the last window takes no longer; of writes,
which are in doubt if the process dies, just enough fly that our own time beside them costs none.
"""


MEET_S = 1.0
"""How often a process hears of the others that use its account, at most."""

ALIVE_S = 5.0
"""How long another process counts as one that goes on."""


CLAIM_S = 2 * MEET_S
"""How long a claim counts: its process has sent what it sends by then, or has come again."""


@frozen
class Window:
    """A limit of *count* requests in *seconds*, of which one process has *used* some."""

    seconds: float
    count: int
    used: int


@frozen
class Share:
    """What a process may use up, by window, while *others* of its account go on, too."""

    others: int = 0
    most: Mapping[float, int] = field(factory=dict)


class Meet(Protocol):
    """How the processes that use an account hear of each other."""

    def __call__(self, windows: Sequence[Window], /, *, leaving: bool = False) -> Share:
        """Tell what this process has used of each window, and hear what it may use."""
        ...


def claim(window: Window, theirs: int, others: int) -> int:
    """
    Return how many more requests a process may send until it comes again.

    *theirs* is what the *others* have used or claimed. No two of them may claim at the same time.
    """
    free = max(window.count - window.used - theirs, 0)
    # At least one while any is free: else the last ones would be for nobody.
    return max(free // (1 + others), min(free, 1))


@frozen
class Room:
    """What an answer says of a limit: *remaining* requests for the next *reset_s* seconds."""

    remaining: int
    reset_s: float


def sane_wait_s(seconds: float | None) -> float | None:
    """
    Return *seconds* as one wait can be, at most an hour, or None if it cannot be meant.

    Negative values, NaN and more than a day (an instant where a duration belongs) are not meant.
    """
    if seconds is None or not 0 <= seconds <= _DAY_S:
        return None
    return min(seconds, LONGEST_WAIT_S)


class Pacer:
    """
    The pace of one account; every session and thread of it shares this one.

    *meet* is how processes that use the account hear of each other, where they can.
    """

    def __init__(self, clock: Clock, meet: Meet | None = None) -> None:
        self._clock = clock
        self._meet = meet
        self._meeting = threading.Lock()
        self._met_at = float("-inf")
        self._share = Share()
        self._lock = threading.Lock()
        self._open = 0
        self._answered: deque[float] = deque()  # when the answers began, oldest first
        self._held_until = float("-inf")
        self._latency_s = 0.0
        self._least_s: float | None = math.inf  # how long the shortest answer took; None: no more
        self._answers = 0
        self.requests = 0
        """How many requests have been sent so far."""

    @contextmanager
    def slot(
        self, limits: Sequence[RequestLimit], on_wait: OnWait | None, *, reserved: bool = False
    ) -> Iterator[None]:
        """
        Wait for room, then hold a slot inside the block: leave it when the answer has begun.

        *reserved*: it is the one that :meth:`reserve` has taken, and nothing is waited for.
        """
        while not (reserved or self.reserve(limits)):
            self.wait(limits, on_wait)
        sent = self._clock.monotonic()
        try:
            yield
        except BaseException:
            self._give_back(limits, None)  # it counts from now on: the system may have had it
            raise
        self._give_back(limits, self._clock.monotonic() - sent)

    def distrust(self) -> None:
        """Count every request until its answer began: the system counts otherwise than we do."""
        with self._lock:
            self._least_s = None

    def useful(self, limits: Sequence[RequestLimit], times: float) -> int | None:
        """
        Return how many requests in flight make *times* the speed that *limits* allow.

        None: there is no limit. One, until an answer has shown how long it takes.
        """
        if not limits:
            return None
        a_second = min(limit.count / min(limit.window_s, 1.0) for limit in limits)
        most = min(limit.count for limit in limits)
        with self._lock:
            return max(1, min(most, math.ceil(times * a_second * self._latency_s)))

    @property
    def latency_s(self) -> float:
        """How long an answer takes, the last ones counting most; 0 before the first."""
        return self._latency_s

    def wait(self, limits: Sequence[RequestLimit], on_wait: OnWait | None) -> None:
        """Block until there is room, without taking it."""
        while (seconds := self.wait_s(limits)) > 0:
            wait(self._clock, seconds, "limit", on_wait)

    def wait_s(self, limits: Sequence[RequestLimit]) -> float:
        """Return in how many seconds there may be room; 0 or less: now."""
        self._hear_of_others(limits)
        with self._lock:
            return self._wait_s(limits)

    def hold(self, seconds: float) -> None:
        """Send nothing for *seconds*: the system has announced that it would refuse."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock.monotonic() + seconds)

    def note(self, room: Room) -> None:
        """Obey what an answer says of a limit; an odd duration counts as one second."""
        if room.remaining <= 0:
            seconds = sane_wait_s(room.reset_s)
            self.hold(1.0 if seconds is None else seconds)

    def reserve(self, limits: Sequence[RequestLimit]) -> bool:
        """Take a slot if there is room now; one that is not used is put back."""
        self._hear_of_others(limits)
        with self._lock:
            if self._wait_s(limits) > 0:
                return False
            self._open += 1
            self.requests += 1
            return True

    def leave(self, limits: Sequence[RequestLimit]) -> None:
        """Tell the others that this process goes on no more; what it has used still counts."""
        if self._meet is None or not limits or self._met_at == float("-inf"):
            return  # they have never heard of it, or know
        with suppress(RenkeiError):
            self._meet(self._windows(limits), leaving=True)
        self._met_at = float("-inf")  # if it comes back, it is new to the others

    def put_back(self) -> None:
        """Give back a slot that was reserved: nothing has been sent."""
        with self._lock:
            self._open -= 1
            self.requests -= 1

    def _give_back(self, limits: Sequence[RequestLimit], took_s: float | None) -> None:
        """Give back a slot whose answer began after *took_s*; None: there was none."""
        # Counted from here, as a slow way there would move requests that are counted from their
        # sending together: docs/decisions/2026-11-22-pacing-by-sliding-window.md
        with self._lock:
            self._open -= 1
            self._answered.append(self._clock.monotonic())
            if took_s is not None:
                self._note_answer(took_s)
            most = max((limit.count for limit in limits), default=0)
            while len(self._answered) > most:
                self._answered.popleft()

    def _note_answer(self, took_s: float) -> None:
        weight = _SMOOTH if self._latency_s else 1.0  # the first one is all that is known
        self._latency_s += (took_s - self._latency_s) * weight
        self._answers += 1
        if self._least_s is not None:
            self._least_s = min(self._least_s, took_s)

    def _wait_s(self, limits: Sequence[RequestLimit]) -> float:
        now = self._clock.monotonic()
        full_s = [self._full_s(limit, now) for limit in limits]
        return max(self._held_until - now, *full_s, 0.0)

    def _full_s(self, limit: RequestLimit, now: float) -> float:
        """Return for how long *limit* stays full; 0 or less: it has room."""
        ours = self._ours(limit)
        counted = ours - self._open  # that many answered requests fill the rest of the window
        if counted <= 0:
            return _POLL_S if ours else MEET_S
        if len(self._answered) < counted:
            return 0.0
        left_s = self._answered[-counted] + limit.window_s - self._both_ways_s - now
        return left_s if ours == limit.count else min(left_s, MEET_S)  # there may be more by then

    @property
    def _both_ways_s(self) -> float:
        """What a way there and one back take at the least; 0 where nobody knows."""
        # docs/decisions/2026-11-29-the-way-there-and-back.md
        if self._least_s is None or self._answers <= _SHOWN:
            return 0.0
        return _LEAST * self._least_s

    def _ours(self, limit: RequestLimit) -> int:
        """Return how much of *limit* the others leave to this process."""
        if limit.window_s <= MEET_S:  # what they told is old
            return max(limit.count // (1 + self._share.others), 1)
        return self._share.most.get(limit.window_s, limit.count)

    def _hear_of_others(self, limits: Sequence[RequestLimit]) -> None:
        """
        Hear of the others if it is time to; who does not get to it goes on as before.

        A process that is new among others lets them hear of it first.
        """
        meet = self._meet
        if meet is None or not limits:
            return
        if self._clock.monotonic() - self._met_at < MEET_S:
            return
        if not self._meeting.acquire(blocking=False):  # another thread hears of them just now
            return
        try:
            is_new = self._met_at == float("-inf")
            self._met_at = self._clock.monotonic()
            with suppress(RenkeiError):  # a store that is busy or gone says so where it matters
                self._share = meet(self._windows(limits))
            if is_new and self._share.others:
                self.hold(2 * MEET_S)  # until they have heard, and what they sent before is over
        finally:
            self._meeting.release()

    def _windows(self, limits: Sequence[RequestLimit]) -> list[Window]:
        """Return how many requests of this process fill the window of each limit."""
        windows = []
        with self._lock:
            now = self._clock.monotonic()
            for limit in limits:
                since = now - limit.window_s
                answered = sum(at > since for at in self._answered)
                windows.append(Window(limit.window_s, limit.count, self._open + answered))
        return windows


def wait(clock: Clock, seconds: float, reason: str, on_wait: OnWait | None) -> None:
    """Sleep for a slice of *seconds*; a wait of a second or more is told to *on_wait* first."""
    if on_wait is not None and seconds >= 1:
        on_wait(reason, seconds)
    clock.sleep(max(_SHORTEST_S, min(seconds, _SLICE_S)))
