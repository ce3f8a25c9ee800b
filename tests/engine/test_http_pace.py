import datetime as dt
import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.clock import Clock
from renkei.errors import StoreError, UnavailableError
from renkei.http.failure import announced_s
from renkei.http.pace import MOST_IN_FLIGHT, Pacer, Room, Share, Window, sane_wait_s
from renkei.people import RequestLimit
from renkei.store.owner import Owner
from renkei.store.store import Store


class FakeClock(Clock):
    """Time passes only in sleeps and where a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.now_s += seconds


limits = st.lists(
    st.builds(RequestLimit, st.integers(1, 6), st.floats(0.1, 10)), min_size=1, max_size=3
)
travels = st.lists(
    st.tuples(st.floats(0, 3), st.floats(0, 3), st.floats(0, 2)), min_size=1, max_size=40
)


@given(limits, travels)
def test_no_window_of_the_system_ever_holds_too_many(
    limits: list[RequestLimit], travels: list[tuple[float, float, float]]
) -> None:
    """However long requests and answers travel: of a system that has refused, or not answered."""
    clock = FakeClock()
    pacer = Pacer(clock)
    pacer.distrust()
    arrivals = [travelled(pacer, clock, limits, each) for each in travels]
    refuse_too_many(limits, arrivals)


def travelled(
    pacer: Pacer, clock: FakeClock, limits: list[RequestLimit], travel: Sequence[float]
) -> float:
    """Send one request; return when it arrives. *travel*: there, back, and until the next one."""
    there, back, pause = travel
    with pacer.slot(limits, None):
        clock.now_s += there
        arrives = clock.now_s
        clock.now_s += back
    clock.now_s += pause
    return arrives


def refuse_too_many(limits: list[RequestLimit], arrivals: list[float]) -> None:
    """Fail if a window, wherever it begins, sees more than the limit."""
    arrivals = sorted(arrivals)
    for limit in limits:
        for first, last in zip(arrivals, arrivals[limit.count :], strict=False):
            assert last - first >= limit.window_s - 1e-6


@given(limits, travels)
def test_no_window_holds_too_many_until_enough_answers_have_come(
    limits: list[RequestLimit], travels: list[tuple[float, float, float]]
) -> None:
    """The first ones may all have opened a connection: what they took says nothing of the way."""
    clock = FakeClock()
    pacer = Pacer(clock)
    arrivals = [travelled(pacer, clock, limits, each) for each in travels[:MOST_IN_FLIGHT]]
    refuse_too_many(limits, arrivals)


@given(
    limits,
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
    st.floats(0, 1),
    travels,
    st.integers(1, 8),
)
def test_no_window_holds_too_many_where_the_shortest_way_is_known(
    limits: list[RequestLimit],
    least: tuple[float, float],
    first: float,
    travels: list[tuple[float, float, float]],
    in_flight: int,
) -> None:
    """
    Every way is as long as the shortest or longer, and the first ones have shown it to a third.

    Up to eight are on their way, and come back in any order.
    """
    clock = FakeClock()
    pacer = Pacer(clock)
    more = sum(least) / 3
    shown = (least[0] + first * more, least[1] + (1 - first) * more, 0.0)
    arrivals = [travelled(pacer, clock, limits, shown) for _request in range(MOST_IN_FLIGHT + 1)]
    waiting = [(least[0] + there, least[1] + back) for there, back, _pause in travels]
    flying: list[tuple[float, AbstractContextManager[None]]] = []
    while waiting or flying:
        flying.sort(key=lambda each: each[0])
        while waiting and len(flying) < in_flight and pacer.reserve(limits):
            there, back = waiting.pop()
            slot: AbstractContextManager[None] = pacer.slot(limits, None, reserved=True)
            slot.__enter__()
            arrivals.append(clock.now_s + there)
            flying.append((clock.now_s + there + back, slot))
            flying.sort(key=lambda each: each[0])
        lands = flying[0][0] if flying else math.inf
        if waiting and len(flying) < in_flight and clock.now_s + pacer.wait_s(limits) < lands:
            clock.sleep(max(pacer.wait_s(limits), 1e-6))
            continue
        at, landed = flying.pop(0)
        clock.now_s = max(clock.now_s, at)
        landed.__exit__(None, None, None)
    refuse_too_many(limits, arrivals)


@given(limits, st.lists(st.tuples(st.floats(0, 3), st.floats(0, 2)), min_size=1, max_size=40))
def test_no_window_holds_too_many_where_the_way_there_is_steady(
    limits: list[RequestLimit], travels: list[tuple[float, float]]
) -> None:
    """However long a system works on each request once it has counted it."""
    clock = FakeClock()
    pacer = Pacer(clock)
    refuse_too_many(
        limits,
        [travelled(pacer, clock, limits, (0.05, works, pause)) for works, pause in travels],
    )


def test_a_window_costs_hardly_more_than_its_own_time() -> None:
    """Ten a second, each 50 ms: a twentieth was lost to them, and less than a fiftieth is."""
    clock = FakeClock()
    pacer, limits = Pacer(clock), [RequestLimit(10, 1.0)]
    for _request in range(100):
        travelled(pacer, clock, limits, (0.005, 0.045, 0))
    began = clock.now_s
    for _request in range(100):
        travelled(pacer, clock, limits, (0.005, 0.045, 0))
    assert clock.now_s - began < 10.2


def test_a_request_without_an_answer_shortens_nothing() -> None:
    """It gives its slot back as late as can be, and how long it took is not how long one takes."""
    clock = FakeClock()
    pacer, limits = Pacer(clock), [RequestLimit(1, 1.0)]
    for _request in range(MOST_IN_FLIGHT + 1):
        travelled(pacer, clock, limits, (0.1, 0.1, 0))
    assert pacer.wait_s(limits) == pytest.approx(1 - 0.75 * 0.2)
    clock.now_s += 1
    with pytest.raises(UnavailableError), pacer.slot(limits, None):
        raise UnavailableError("refused at once")
    assert pacer.latency_s == pytest.approx(0.2)
    pacer.distrust()
    assert pacer.wait_s(limits) == 1.0


def test_full_speed_while_there_is_room() -> None:
    """No gap is kept between requests as long as the window has room."""
    clock = FakeClock()
    pacer = Pacer(clock)
    for _request in range(10):
        with pacer.slot([RequestLimit(10, 1)], None):
            pass
    assert clock.slept == []
    assert pacer.wait_s([RequestLimit(10, 1)]) == 1.0


def test_threads_share_one_pace() -> None:
    """Four threads together send no more than the limit allows."""
    pacer, sent, lock = Pacer(Clock()), [], threading.Lock()
    limits = [RequestLimit(5, 0.3)]

    def work() -> None:
        for _request in range(4):
            with pacer.slot(limits, None):
                with lock:
                    sent.append(time.monotonic())
                time.sleep(0.005)

    threads = [threading.Thread(target=work) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 16
    assert all(b - a >= 0.3 for a, b in zip(sorted(sent), sorted(sent)[5:], strict=False))


def test_an_answer_that_says_nothing_is_left_holds_everything() -> None:
    """Remaining 0 holds the connection until the reset, and the wait is told."""
    clock, told = FakeClock(), []
    pacer = Pacer(clock)
    pacer.note(Room(remaining=0, reset_s=42))
    pacer.wait([], lambda reason, seconds: told.append((reason, seconds)))
    assert clock.now_s == pytest.approx(1042)
    assert told[0] == ("limit", 42)
    assert len(told) > 5  # a long wait shows its progress


def test_an_answer_with_room_left_holds_nothing() -> None:
    """Remaining 1 is room."""
    pacer = Pacer(FakeClock())
    pacer.note(Room(remaining=1, reset_s=42))
    assert pacer.wait_s([]) <= 0


@pytest.mark.fault("F03")
@pytest.mark.parametrize("reset", [-5.0, float("nan"), float("inf"), 1e22, 1.8e9])
def test_a_reset_that_cannot_be_meant_is_a_second(reset: float) -> None:
    """Negative, endless and epoch-like resets neither hang nor are ignored."""
    clock = FakeClock()
    pacer = Pacer(clock)
    pacer.note(Room(remaining=0, reset_s=reset))
    pacer.wait([], None)
    assert clock.now_s == pytest.approx(1001)


@pytest.mark.fault("F03")
@given(st.floats() | st.none())
def test_a_wait_is_sane_or_none(seconds: float | None) -> None:
    """Whatever a header says, one wait is at most an hour."""
    wait = sane_wait_s(seconds)
    assert wait is None or 0 <= wait <= 3600


def test_waiting_for_room_takes_none() -> None:
    """Looking whether there is room leaves it there."""
    pacer = Pacer(FakeClock())
    for _look in range(3):
        pacer.wait([RequestLimit(1, 60)], None)
    assert pacer.wait_s([RequestLimit(1, 60)]) <= 0


# --- two limits, two waits ----------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("window_s", [1.0, 60.0])
def test_a_limit_is_used_up_and_not_exceeded(count: int, window_s: float) -> None:
    """Exactly as many as allowed go at once; one more goes at the very edge of the window."""
    clock = FakeClock()
    pacer, limits = Pacer(clock), [RequestLimit(count, window_s)]
    for _request in range(count):
        assert pacer.wait_s(limits) <= 0
        with pacer.slot(limits, None):
            pass
    assert clock.now_s == 1000
    assert pacer.wait_s(limits) == window_s
    clock.now_s += window_s - 0.25
    assert pacer.wait_s(limits) == pytest.approx(0.25)
    clock.now_s += 0.25
    assert pacer.wait_s(limits) <= 0
    with pacer.slot(limits, None):
        pass
    assert clock.now_s == 1000 + window_s


@pytest.mark.parametrize("narrow_first", [True, False])
def test_of_two_limits_the_one_that_is_full_counts(*, narrow_first: bool) -> None:
    """Three a second and five a minute, in either order: each makes its own next request wait."""
    clock = FakeClock()
    pacer, limits = Pacer(clock), [RequestLimit(3, 1), RequestLimit(5, 60)]
    if not narrow_first:
        limits.reverse()
    sent = []
    for _request in range(7):
        with pacer.slot(limits, None):
            sent.append(clock.now_s - 1000)
    assert sent == pytest.approx([0, 0, 0, 1, 1, 60, 60], abs=0.01)


WAITS = st.lists(st.floats(1, 3600), min_size=1, max_size=6)


@given(WAITS, st.lists(st.floats(0, 5), min_size=6, max_size=6))
def test_the_longer_of_all_announced_waits_is_kept(waits: list[float], later: list[float]) -> None:
    """In whatever order answers announce them, held or noted, now or a moment later."""
    clock = FakeClock()
    pacer, until = Pacer(clock), 0.0
    for index, (seconds, pause) in enumerate(zip(waits, later, strict=False)):
        clock.now_s += pause
        if index % 2:
            pacer.hold(seconds)
        else:
            pacer.note(Room(remaining=0, reset_s=seconds))
        until = max(until, clock.now_s + seconds)
        pacer.note(Room(remaining=1, reset_s=1))
        assert clock.now_s + pacer.wait_s([]) == pytest.approx(until)
    pacer.wait([], None)
    assert clock.now_s == pytest.approx(until)


@pytest.mark.parametrize("held_s", [0.5, 30.0])
def test_a_hold_and_a_full_limit_end_with_the_later_one(held_s: float) -> None:
    """What a system announces does not shorten what it has declared, and the other way round."""
    clock = FakeClock()
    pacer, limits = Pacer(clock), [RequestLimit(1, 10)]
    with pacer.slot(limits, None):
        pass
    pacer.hold(held_s)
    assert pacer.wait_s(limits) == max(held_s, 10.0)


NOW = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)
DATE = "Fri, 20 Nov 2026 03:00:42 GMT"


@pytest.mark.parametrize(
    ("retry_after", "rooms", "wait_s"),
    [
        ("5", [(0, 60.0)], 60),
        ("60", [(0, 5.0)], 60),
        (None, [(0, 5.0), (0, 60.0)], 60),
        (None, [(0, 60.0), (0, 5.0)], 60),
        ("5", [(0, 7.0), (3, 900.0)], 7),
        ("5", [(-1, 60.0)], 60),
        (DATE, [(0, 41.0)], 42),
        (DATE, [(0, 43.0)], 43),
        ("5, 60", [], 60),
        ("60,5", [(0, 30.0)], 60),
        ("soon", [(0, 5.0)], 5),
        ("5", [(0, 1.8e9)], 5),
        ("1800000000", [(0, 5.0)], 5),
        ("-3", [(0, 5.0)], 5),
        (None, [(1, 60.0)], None),
        (None, [], None),
        ("0", [], None),
    ],
)
def test_the_longer_of_what_one_refusal_announces_counts(
    retry_after: str | None, rooms: list[tuple[int, float]], wait_s: float | None
) -> None:
    """Retry-After and every family of rate-limit headers in which nothing is left."""
    headers = {} if retry_after is None else {"retry-after": retry_after}
    said = [Room(remaining, reset_s) for remaining, reset_s in rooms]
    assert announced_s(headers, said, NOW) == wait_s


class Board:
    """A store in which processes meet, all on one clock."""

    def __init__(self, clock: FakeClock, store: Store) -> None:
        self.clock = clock
        self._store = store
        self.meetings = 0

    def pacer(self, me: int) -> Pacer:
        """Return the pace of one process."""

        def meet(windows: Sequence[Window], *, leaving: bool = False) -> Share:
            self.meetings += 1
            with patch("time.time", lambda: self.clock.now_s):
                return self._store.meet("a", f"{Owner.me()} {me}", windows, leaving=leaving)

        return Pacer(self.clock, meet)


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    """A board, and a clock that it goes by."""
    with closing(Store(str(tmp_path / "renkei.db"))) as store:
        yield Board(FakeClock(), store)


def arrivals(
    clock: FakeClock, pacers: list[Pacer], limit: RequestLimit, seconds: float
) -> list[float]:
    """Let all *pacers* send whatever they may for so long; return when."""
    found = []
    end = clock.now_s + seconds
    while clock.now_s < end:
        for pacer in pacers:
            if pacer.reserve([limit]):
                with pacer.slot([limit], None, reserved=True):
                    found.append(clock.now_s)
        clock.now_s += 0.01
    return found


def most_within(times: list[float], window_s: float) -> int:
    """Return how many of *times* fell into one window, at most."""
    return max(sum(first <= at < first + window_s - 1e-6 for at in times) for first in times)


@pytest.mark.parametrize("processes", [1, 2, 3, 5])
def test_processes_share_what_an_account_may_do_in_a_second(processes: int, board: Board) -> None:
    """Together they stay within the limit, and use nearly all of it."""
    clock = board.clock
    limit = RequestLimit(20, 1.0)
    pacers = [board.pacer(each) for each in range(processes)]
    arrivals(clock, pacers, limit, 3.0)
    board.meetings = 0
    sent = arrivals(clock, pacers, limit, 10.0)
    assert most_within(sent, 1.0) <= 20
    assert len(sent) >= 180
    assert board.meetings <= 11 * processes


def test_who_comes_later_takes_only_what_is_left_of_a_long_window(board: Board) -> None:
    """And one that goes on alone has all of it again."""
    clock = board.clock
    limit = RequestLimit(100, 30.0)
    early, late = board.pacer(1), board.pacer(2)
    sent = arrivals(clock, [early], limit, 5.0)
    assert len(sent) == 100
    sent += arrivals(clock, [late], limit, 20.0)
    assert len(sent) == 100
    sent += arrivals(clock, [early, late], limit, 60.0)
    assert most_within(sent, 30.0) <= 100
    alone = arrivals(clock, [late], limit, 90.0)
    assert len(alone) >= 200


def test_two_that_begin_together_stay_within_a_long_window(board: Board) -> None:
    """Idle until then, neither has used anything: each takes a part only of what is free."""
    clock = board.clock
    limit = RequestLimit(50, 5.0)
    both = [board.pacer(1), board.pacer(2)]
    for pacer in both:
        pacer.wait_s([limit])
    clock.now_s += 3.0
    sent = arrivals(clock, both, limit, 30.0)
    assert most_within(sent, 5.0) <= 50
    assert len(sent) >= 250


def test_who_waits_for_the_others_goes_on_when_they_have_ended(board: Board) -> None:
    """One hour used up by another process: the wait ends with that hour."""
    clock = board.clock
    limits = [RequestLimit(100, 60.0), RequestLimit(1000, 3600.0)]
    assert len(arrivals(clock, [board.pacer(1)], limits[0], 3.0)) == 100
    late = board.pacer(2)
    since = clock.now_s
    with late.slot(limits, None):
        assert 55 <= clock.now_s - since <= 62


def test_who_comes_back_is_new_to_the_others(board: Board) -> None:
    """It has left, and they have taken its part of the second."""
    clock = board.clock
    limit = RequestLimit(20, 1.0)
    stays, goes = board.pacer(1), board.pacer(2)
    arrivals(clock, [stays, goes], limit, 5.0)
    goes.leave([limit])
    arrivals(clock, [stays], limit, 5.0)
    sent = arrivals(clock, [stays, goes], limit, 5.0)
    assert most_within(sent, 1.0) <= 20


def test_a_newcomer_lets_the_others_hear_of_it_first(board: Board) -> None:
    """Its first request leaves when they have had the time to."""
    clock = board.clock
    limit = RequestLimit(10, 1.0)
    arrivals(clock, [board.pacer(1)], limit, 2.0)
    newcomer = board.pacer(2)
    assert not newcomer.reserve([limit])
    assert newcomer.wait_s([limit]) == pytest.approx(2.0)


def test_a_store_that_is_gone_stops_no_request() -> None:
    """What was heard last goes on to count."""
    clock = FakeClock()

    def meet(_windows: Sequence[Window], *, leaving: bool = False) -> Share:
        raise StoreError("gone")

    assert Pacer(clock, meet).reserve([RequestLimit(10, 1.0)])


def test_who_comes_after_somebody_who_has_left_waits_for_nobody(board: Board) -> None:
    """A fetch and then a sync: what the one has used counts, and the other has the whole pace."""
    clock = board.clock
    limit = RequestLimit(100, 60.0)
    first, then = board.pacer(1), board.pacer(2)
    arrivals(clock, [first], limit, 0.2)
    used = first.requests
    first.leave([limit])
    assert then.reserve([limit])
    then.put_back()
    assert len(arrivals(clock, [then], limit, 10.0)) == 100 - used
