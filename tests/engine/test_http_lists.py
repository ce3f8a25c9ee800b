"""Lists in all the ways that systems cut them up, over the same people: a law for each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import respx
from hypothesis import given, settings
from hypothesis import strategies as st

from renkei.errors import AccessError, AnswerError, ListChangedError
from renkei.http.connection import Conditions, Connection
from renkei.http.decode import JSON
from renkei.http.retry import RetryBudget
from renkei.http.secret import Secret
from renkei.http.session import Session
from renkei.http.whole import next_link

BASE = "https://hr.test/api"
Page = Callable[[Mapping[str, str]], tuple[Any, Mapping[str, str]]]


def session(*parallel: str) -> Session:
    connection = Connection(
        name="hr",
        connector="x",
        base_url=BASE,
        token=Secret("t0ken"),
        budget=RetryBudget(0),
        conditions=Conditions(in_parallel=frozenset(parallel)),  # type: ignore[arg-type]
    )
    return connection.session(headers={}, classify=lambda failure: None)


def people(count: int) -> list[dict[str, JSON]]:
    return [{"id": f"p{n}"} for n in range(count)]


class Served:
    """A list that is served by *page*, which gets the query and returns body and headers."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))
        self.asked.append(query)
        body, headers = self.page(query)
        return httpx.Response(200, text=json.dumps(body), headers=headers)


def read(page: Page, ask: Callable[[Session], Iterator[JSON]], *parallel: str) -> list[Any]:
    with respx.mock() as mock:
        mock.get(url__startswith=f"{BASE}/staff").mock(side_effect=Served(page))
        return list(ask(session(*parallel)))


def by_offset(s: Session) -> Iterator[JSON]:
    return s.by_offset(
        "staff", rows="Resources", total="totalResults", offset="at", first=1, limit="n"
    )


def by_cursor(s: Session) -> Iterator[JSON]:
    return s.by_cursor("staff", query={"n": "2"}, rows="data.people", total="data.all")


def by_link(s: Session) -> Iterator[JSON]:
    return s.by_link("staff", query={"sort": "no"})


def offsets(everybody: list[dict[str, JSON]], most: int, total: int | None = None) -> Page:
    """Serve *everybody* from an offset on, up to *most* at a time."""

    def page(query: Mapping[str, str]) -> tuple[Any, Mapping[str, str]]:
        at = int(query["at"]) - 1
        rows = everybody[at : at + min(most, int(query["n"]))]
        count = len(everybody) if total is None else total
        return {"Resources": rows, "totalResults": count}, {}

    return page


def cursors(everybody: list[dict[str, JSON]], most: int, total: int | None = None) -> Page:
    def page(query: Mapping[str, str]) -> tuple[Any, Mapping[str, str]]:
        at = int(query.get("cursor", "0"))
        body: dict[str, Any] = {"data": {"people": everybody[at : at + most], "all": total}}
        return (body | {"next": at + most} if at + most < len(everybody) else body), {}

    return page


def links(everybody: list[dict[str, JSON]], most: int) -> Page:
    def page(query: Mapping[str, str]) -> tuple[Any, Mapping[str, str]]:
        assert query["sort"] == "no"
        at = int(query.get("at", "0"))
        more = f'<https://evil.test/x?sort=no&at={at + most}>; rel="next"'
        return everybody[at : at + most], {"Link": more} if at + most < len(everybody) else {}

    return page


WAYS = {"offset": (by_offset, offsets), "cursor": (by_cursor, cursors), "link": (by_link, links)}


@pytest.mark.parametrize("parallel", [(), ("pages",)])
@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=10, deadline=None)
@given(st.integers(0, 12), st.integers(1, 13))
def test_everybody_comes_once_and_in_order(
    way: str, parallel: tuple[str, ...], count: int, most: int
) -> None:
    """However many there are, however few come at a time, one after the other or ahead."""
    ask, serve = WAYS[way]
    assert read(serve(people(count), most), ask, *parallel) == people(count)


@pytest.mark.parametrize("parallel", [(), ("pages",)])
@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=12))
def test_pages_may_be_shorter_than_was_asked_for(
    parallel: tuple[str, ...], sizes: list[int]
) -> None:
    """A system that sends as many as it likes, another number each time, loses nobody."""
    everybody, left = people(sum(sizes)), [0, *sizes]

    def page(query: Mapping[str, str]) -> tuple[Any, Mapping[str, str]]:
        at = int(query["at"]) - 1
        starts = [sum(left[: n + 1]) for n in range(len(left))]
        size = next((s for start, s in zip(starts, sizes, strict=False) if start == at), 1)
        return {"Resources": everybody[at : at + size], "totalResults": len(everybody)}, {}

    assert read(page, by_offset, *parallel) == everybody


def test_pages_ahead_are_asked_for_by_their_offsets() -> None:
    """Once the total is known, the offsets of all other pages are, too."""
    served = Served(offsets(people(10), 3))
    with respx.mock() as mock:
        mock.get(url__startswith=BASE).mock(side_effect=served)
        assert list(by_offset(session("pages"))) == people(10)
    assert sorted(int(query["at"]) for query in served.asked) == [1, 4, 7, 10]


@pytest.mark.parametrize(
    ("ask", "page"),
    [
        (by_offset, offsets(people(5), 2, total=6)),
        (by_offset, offsets([*people(3), *people(1)], 2)),
        (by_cursor, cursors(people(5), 2, total=4)),
        (by_cursor, cursors([*people(3), *people(2)], 2)),
        (by_link, links([*people(3), *people(2)], 2)),
    ],
)
def test_a_list_that_does_not_add_up_is_no_list(
    ask: Callable[[Session], Iterator[JSON]], page: Page
) -> None:
    """Somebody who came twice, or fewer than the system counts: it changed while it was read."""
    with pytest.raises(ListChangedError):
        read(page, ask)


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (by_cursor, ({"data": {"people": []}, "next": "again"}, {})),
        (by_link, ([], {"Link": "<?at=1>; rel=next"})),
    ],
)
def test_pages_that_go_round_in_circles_end(
    ask: Callable[[Session], Iterator[JSON]], answer: tuple[Any, Mapping[str, str]]
) -> None:
    """A list that goes on where it has gone on before has no end: it is refused."""
    with pytest.raises(ListChangedError):
        read(lambda _query: answer, ask)


def same(rows: int, total: int | None) -> dict[str, Page]:
    """Return, by way, a system that always sends the same people, or nobody, and never an end."""
    numbers = count()

    def page(_query: Mapping[str, str]) -> tuple[Any, Mapping[str, str]]:
        on = next(numbers)
        assert on < 60, "it does not end"
        told = {} if total is None else {"totalResults": total}
        parts = {"Resources": people(rows), **told}
        return {**parts, "data": {"people": people(rows), "all": total}, "next": f"on-{on}"}, {}

    def linked(query: Mapping[str, str]) -> tuple[Any, Mapping[str, str]]:
        body, _headers = page(query)
        return body["Resources"], {"Link": f"<?sort=no&at={body['next']}>; rel=next"}

    return {"offset": page, "cursor": page, "link": linked}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("total", [None, 2, 10**9])
@pytest.mark.parametrize("rows", [0, 2])
def test_a_system_that_never_comes_to_an_end_is_left(
    way: str, total: int | None, rows: int
) -> None:
    """The same people again and again, or nobody, with ever new places to go on at: no list."""
    ask, page = WAYS[way][0], same(rows, total)[way]
    if way == "offset" and rows == (total or 0):
        assert read(page, ask) == people(rows)  # the end is where the total says
        return
    with pytest.raises(ListChangedError):
        read(page, ask)


def test_a_link_is_never_followed_elsewhere() -> None:
    """Of a link to another host only the query is taken; the token goes nowhere else."""
    with respx.mock(assert_all_called=False) as mock:
        evil = mock.route(host="evil.test").respond(json=[])
        mock.get(url__startswith=BASE).mock(side_effect=Served(links(people(5), 2)))
        assert list(by_link(session())) == people(5)
    assert not evil.called


@pytest.mark.parametrize("link", ["<https://hr.test/api/staff>", "<?a=1&a=2>", "<?a=%ff>"])
def test_a_link_whose_query_cannot_be_sent_is_no_link(link: str) -> None:
    """A link without a query, or with one that says two things, leads nowhere."""
    with pytest.raises(AnswerError):
        read(lambda _query: ([], {"Link": f"{link}; rel=next"}), by_link)


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("", None),
        ("</a?p=2>; rel=next", "/a?p=2"),
        ('</a?p=1>; rel="prev", </a?p=3>; rel="next"', "/a?p=3"),
        ('</a?p=2>; title="x, y; rel=next"; rel="last"', None),
        ('</a?p=2>; title="\\"<z>; rel=next"; REL="Last NEXT"', "/a?p=2"),
        ('</a?p=2,3>;rel=prev;rel=next, </b>;rel="nextish"', None),
        ("</a?p=2>; rel=next; anchor=/other", None),
    ],
)
def test_the_next_link_is_found_as_the_standard_has_it(header: str, target: str | None) -> None:
    """RFC 8288: several links, quoted commas, several relations, the first rel counts."""
    assert next_link(header) == target


@pytest.mark.parametrize("answer", [{"Resources": {}}, [], {"totalResults": 3}, None, "x"])
def test_what_is_no_list_is_told(answer: JSON) -> None:
    """An answer without the rows where they belong is an error, never an empty list."""
    with pytest.raises(AnswerError, match="where a list belongs"):
        read(lambda _query: (answer, {}), by_offset)


@pytest.mark.parametrize("row", [{}, {"id": ""}, {"id": None}, {"id": True}, [], None])
def test_a_row_without_an_id_is_told_by_its_place(row: JSON) -> None:
    """Nobody can be told apart without one; the second row is named, not shown."""
    with pytest.raises(AnswerError, match="record 2 "):
        read(lambda _query: ({"Resources": [{"id": 7}, row]}, {}), by_offset)


def test_one_record_or_nobody() -> None:
    """A 404 is nobody, as is what else the system says so with; everything else gets through."""
    with respx.mock() as mock:
        route = mock.get(f"{BASE}/staff/7")
        s = session()
        route.respond(text="null")
        found = s.find("staff", "7")
        assert found is not None
        assert found.body is None
        route.respond(404, json={})
        assert s.find("staff", "7") is None
        route.respond(400, json={})
        assert s.find("staff", "7", nobody=("bad_request",)) is None
        with pytest.raises(AnswerError):
            s.find("staff", "7")
        route.respond(403, json={})
        with pytest.raises(AccessError):
            s.find("staff", "7")
