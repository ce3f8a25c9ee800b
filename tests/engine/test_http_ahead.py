"""Pages that are asked for ahead: the same list, in the same order, in less time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice

import httpx
import pytest
import respx
from hypothesis import given, settings
from hypothesis import strategies as st

from renkei.clock import Clock
from renkei.errors import AccessError, ListChangedError, RenkeiError, UnavailableError
from renkei.http.ahead import ahead
from renkei.http.connection import Conditions, Connection
from renkei.http.decode import JSON
from renkei.http.failure import Answer
from renkei.http.pace import AHEAD, WRITES, Pacer
from renkei.http.paging import read_pages
from renkei.http.retry import RetryBudget
from renkei.http.secret import Secret
from renkei.http.session import Session
from renkei.people import RequestLimit

BASE = "https://hr.test/api"
PATIENCE_S = 30


class Meter:
    """Counts how many are inside at once."""

    def __init__(self) -> None:
        self.inside = self.most = self.entered = 0
        self._lock = threading.Lock()

    def enter(self) -> None:
        with self._lock:
            self.entered += 1
            self.inside += 1
            self.most = max(self.most, self.inside)

    def leave(self) -> None:
        with self._lock:
            self.inside -= 1


# -- in general ----------------------------------------------------------------------------------


@settings(deadline=None)  # threads wait for a processor
@given(st.lists(st.integers(), max_size=20), st.integers(1, 5))
def test_answers_come_in_the_order_of_the_questions(questions: list[int], width: int) -> None:
    """Whichever of them is there first, and each once."""
    meter = Meter()

    def ask(question: int) -> int:
        meter.enter()
        time.sleep(0.0001 * (question % 3))
        meter.leave()
        return -question

    assert list(ahead(ask, questions, lambda: width)) == [-each for each in questions]
    assert meter.entered == len(questions)
    assert meter.most <= width


def test_so_many_are_on_their_way_as_the_width_says() -> None:
    """All of them at once, and the next one when the first has come."""
    together = threading.Barrier(3)

    def ask(question: int) -> int:
        if question < 3:
            together.wait(PATIENCE_S)  # would break if they came one after the other
        return question

    assert list(ahead(ask, range(7), lambda: 3)) == list(range(7))


def test_where_there_is_no_room_for_a_thread_one_is_asked_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A container may allow few: the list is the same, and an error is that of its question."""

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    def ask(question: int) -> int:
        if question == 5:
            raise AccessError("no")
        return question

    monkeypatch.setattr(threading.Thread, "start", refuse)
    answers = ahead(ask, range(100), lambda: 3)
    assert list(islice(answers, 5)) == list(range(5))
    with pytest.raises(AccessError):
        next(answers)


def test_an_error_stands_in_its_place() -> None:
    """What came before it is handed on; nothing further is asked."""
    asked: list[int] = []

    def ask(question: int) -> int:
        asked.append(question)
        if question == 2:
            raise AccessError("no")
        return question

    answers = ahead(ask, range(100), lambda: 2)
    assert list(islice(answers, 2)) == [0, 1]
    with pytest.raises(AccessError):
        next(answers)
    assert set(asked) <= {0, 1, 2, 3, 4}


def test_nothing_is_asked_for_once_it_is_closed() -> None:
    """A reader that stops leaves no more than what was on its way."""
    asked: list[int] = []

    def ask(question: int) -> int:
        asked.append(question)
        return question

    with closing(ahead(ask, range(100), lambda: 4)) as answers:
        assert next(answers) == 0
    time.sleep(0.05)
    assert len(asked) <= 5


def test_nobody_waits_for_what_is_no_longer_wanted() -> None:
    """An answer that takes for ever does not hold up the error of the one before it."""
    never = threading.Event()

    def ask(question: int) -> int:
        if question:
            never.wait(PATIENCE_S)
        raise AccessError("no")

    began = time.monotonic()
    with pytest.raises(AccessError):
        list(ahead(ask, range(5), lambda: 3))
    assert time.monotonic() - began < PATIENCE_S / 2
    never.set()


# -- lists in pages ------------------------------------------------------------------------------


@st.composite
def systems(draw: st.DrawFn) -> tuple[list[str], Callable[[int], Answer]]:
    """Return the ids of a list, and a system that shows it page by page in one of its manners."""
    ids = [str(each) for each in range(draw(st.integers(0, 25)))]
    shown = draw(st.permutations(ids)) if draw(st.booleans()) else ids
    doubled = draw(st.lists(st.sampled_from(ids), max_size=2)) if ids else []
    rows = [*shown, *doubled]
    size = draw(st.integers(1, 6))
    told = draw(st.sampled_from(["every page", "first page", "never"]))
    wrong = draw(st.sampled_from([0, 0, 0, 1, -1]))

    def answer(page: int) -> Answer:
        part = rows[(page - 1) * size : page * size]
        headers = {}
        if told == "every page" or (told == "first page" and page == 1):
            headers["x-total-count"] = str(max(0, len(ids) + wrong))
        return Answer(status=200, headers=headers, body=[{"id": each} for each in part])

    return ids, answer


def outcome(answer: Callable[[int], Answer], width: Callable[[], int] | None) -> list[JSON] | str:
    """Return what reading the list comes to."""
    try:
        return list(
            read_pages(
                "hr", lambda page: answer(int(page["page"])), lambda _: AccessError("?"), 6, width
            )
        )
    except RenkeiError as error:
        return type(error).__name__


@settings(deadline=None)
@given(systems(), st.integers(1, 5))
def test_a_list_is_the_same_however_many_pages_are_ahead(
    system: tuple[list[str], Callable[[int], Answer]], width: int
) -> None:
    """With a total on every page, on the first or on none, right or wrong, with people twice."""
    _ids, answer = system
    assert outcome(answer, lambda: width) == outcome(answer, None)


def test_without_a_total_pages_are_read_one_by_one() -> None:
    """Nobody knows how many there are, so nobody asks for one that may not be there."""
    asked: list[int] = []

    def answer(page: int) -> Answer:
        asked.append(page)
        return Answer(status=200, headers={}, body=[{"id": f"{page}"}] if page < 5 else [])

    assert len(outcome(answer, lambda: 8)) == 4
    assert asked == [1, 2, 3, 4, 5]


def test_a_total_that_changes_between_pages_ends_the_list() -> None:
    """As it does page by page."""
    totals = {1: "9", 2: "9", 3: "10"}

    def answer(page: int) -> Answer:
        rows: list[JSON] = [{"id": f"{page}{each}"} for each in range(3)]
        return Answer(status=200, headers={"x-total-count": totals[page]}, body=rows)

    assert outcome(answer, lambda: 8) == ListChangedError.__name__


# -- over HTTP -----------------------------------------------------------------------------------


@pytest.fixture
def mock() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


def opened(*, pages: bool, in_flight: int = 8, limits: tuple[RequestLimit, ...] = ()) -> Session:
    connection = Connection(
        name="hr", connector="x", base_url=BASE, token=Secret("t"), in_flight=in_flight,
        limits=limits, budget=RetryBudget(0.0),
    )  # fmt: skip
    connection.complete(Conditions(in_parallel=frozenset(["pages"] if pages else [])))
    return connection.session(headers={}, classify=lambda failure: None)


def rows_of(page: int) -> httpx.Response:
    rows = [{"id": str(each)} for each in range((page - 1) * 10, page * 10)]
    return httpx.Response(200, json=rows, headers={"x-total-count": "90"})


@pytest.mark.parametrize(("in_flight", "wanted"), [(1, 1), (2, 2), (8, 8)])
def test_the_pages_of_a_list_are_on_their_way_together(
    mock: respx.MockRouter, in_flight: int, wanted: int
) -> None:
    """As many as the connection allows; the first one alone, since it tells how many there are."""
    meter, together = Meter(), threading.Barrier(wanted)

    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        meter.enter()
        if page == 1:
            assert meter.inside == 1
        elif page <= 1 + wanted:
            together.wait(PATIENCE_S)
        meter.leave()
        return rows_of(page)

    mock.get(f"{BASE}/crews").mock(side_effect=answer)
    found = list(opened(pages=True, in_flight=in_flight).pages("crews"))
    assert found == [{"id": str(each)} for each in range(90)]
    assert (meter.entered, meter.most) == (9, wanted)


def test_who_does_not_say_so_is_asked_for_one_page_at_a_time(mock: respx.MockRouter) -> None:
    """A connector of renkei 0.1 knows nothing of it: one thread calls whatever it has."""
    meter, threads = Meter(), set()

    def answer(request: httpx.Request) -> httpx.Response:
        threads.add(threading.get_ident())
        meter.enter()
        meter.leave()
        return rows_of(int(request.url.params["page"]))

    mock.get(f"{BASE}/crews").mock(side_effect=answer)
    assert len(list(opened(pages=False).pages("crews"))) == 90
    assert meter.most == 1
    assert threads == {threading.get_ident()}


@pytest.mark.parametrize("page", [1, 2, 5, 9])
def test_a_page_that_never_comes_ends_the_list(mock: respx.MockRouter, page: int) -> None:
    """What came before it is no list."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = int(request.url.params["page"])
        return httpx.Response(500) if asked == page else rows_of(asked)

    mock.get(f"{BASE}/crews").mock(side_effect=answer)
    with pytest.raises(UnavailableError):
        list(opened(pages=True).pages("crews"))


def test_more_are_never_on_their_way_than_the_limits_use_up(mock: respx.MockRouter) -> None:
    """Five a second, each in no time at all: one is enough."""
    meter = Meter()

    def answer(request: httpx.Request) -> httpx.Response:
        meter.enter()
        time.sleep(0.001)
        meter.leave()
        return rows_of(int(request.url.params["page"]))

    mock.get(f"{BASE}/crews").mock(side_effect=answer)
    list(opened(pages=True).pages("crews"))  # the first answer of all is a slow one
    meter.most = 0
    assert len(list(opened(pages=True, limits=(RequestLimit(5, 1),)).pages("crews"))) == 90
    assert meter.most == 1


class Jumping(Clock):
    """A clock that tests move."""

    now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.mark.parametrize(
    ("took_s", "limits", "pages", "writes"),
    [
        (0.001, [RequestLimit(10, 1)], 1, 1),
        (0.05, [RequestLimit(10, 1)], 5, 1),
        (0.1, [RequestLimit(10, 1)], 10, 2),
        (0.25, [RequestLimit(10, 1)], 10, 4),
        (0.25, [RequestLimit(10, 1), RequestLimit(5000, 3600)], 10, 4),
        (2.0, [RequestLimit(10, 1)], 10, 10),
        (0.05, [RequestLimit(500, 300)], 250, 38),
        (0.05, [RequestLimit(1, 10)], 1, 1),
    ],
)
def test_so_many_are_of_use_as_leave_in_the_time_of_one(
    took_s: float, limits: list[RequestLimit], pages: int, writes: int
) -> None:
    """By the time that an answer takes, and by the tightest limit of a second."""
    clock = Jumping()
    pacer = Pacer(clock)
    assert pacer.useful(limits, AHEAD) == 1
    with pacer.slot([], None):
        clock.now_s += took_s
    assert pacer.useful(limits, AHEAD) == pages
    assert pacer.useful(limits, WRITES) == writes
    assert pacer.useful([], AHEAD) is None
