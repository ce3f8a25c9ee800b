import base64
import datetime as dt
import gzip
import json
import random
import traceback
from collections.abc import Callable, Iterator, Mapping
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
import respx

from renkei.clock import Clock
from renkei.errors import (
    AccessError,
    AnswerError,
    BusyError,
    ClosedError,
    ConnectorError,
    InDoubtError,
    ListChangedError,
    RecordError,
    RenkeiError,
    UnavailableError,
)
from renkei.http.connection import Conditions, Connection
from renkei.http.failure import Failure
from renkei.http.pace import MOST_IN_FLIGHT, Room
from renkei.http.paging import WALKS
from renkei.http.retry import RetryBudget
from renkei.http.secret import Secret
from renkei.http.session import Session
from renkei.people import JST, ClosedHours, RequestLimit

BASE = "https://hr.test/api"
TOKEN = "tok_canary_0001"
NAME = "三雲汐里"


class FakeClock(Clock):
    """Real time passes only in sleeps."""

    def __init__(self, start: dt.datetime | None = None) -> None:
        self.now_s = 1000.0
        self.slept: list[float] = []
        super().__init__(start)

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


class IteratorStream(httpx.SyncByteStream):
    """A body that comes in the pieces given."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def mock() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture
def connection(clock: FakeClock) -> Iterator[Connection]:
    with Connection(
        name="hr",
        connector="smarthr",
        base_url=BASE,
        token=Secret(TOKEN),
        clock=clock,
        read_only=False,
        budget=RetryBudget(20, clock=clock),
    ) as connection:
        yield connection


def classify(failure: Failure) -> RenkeiError | None:
    match failure.body:
        case {"code": "maintenance"}:
            return UnavailableError("maintenance", again=False)
        case {"code": "limit"}:
            return UnavailableError(
                "limit", nothing_done=True, retry_after_s=failure.announced_s, code="rate_limit"
            )
    return None


def rooms(headers: Mapping[str, str]) -> list[Room]:
    if "x-remaining" not in headers:
        return []
    return [Room(int(headers["x-remaining"]), float(headers["x-reset"]))]


@pytest.fixture
def session(connection: Connection) -> Session:
    token = connection.token.reveal()
    return connection.session(
        headers={"Authorization": f"Bearer {token}"}, classify=classify, room=rooms
    )


def post(session: Session) -> Any:
    return session.send("POST", "crews", body={"name": NAME}, idempotent=False)


def put(session: Session) -> Any:
    return session.send("PUT", "crews", "1", body={"name": NAME}, idempotent=True)


def test_get_returns_the_document(session: Session, mock: respx.MockRouter) -> None:
    """The answer is parsed, its header names are in lower case, the token goes along."""
    route = mock.get(f"{BASE}/v1/crews").respond(json={"a": [1]}, headers={"X-Page": "1"})
    answer = session.get("v1", "crews")
    assert (answer.status, answer.body, answer.headers["x-page"]) == (200, {"a": [1]}, "1")
    sent = route.calls.last.request.headers
    assert sent["authorization"] == f"Bearer {TOKEN}"
    assert sent["accept-encoding"] == "gzip"


@pytest.mark.security(15)
def test_paths_are_quoted(session: Session, mock: respx.MockRouter) -> None:
    """A segment stays one segment and a query value one value, whatever they hold."""
    route = mock.get(url__startswith=BASE).respond(json=1)
    session.get("a", "../company?x=1#y", query={"q": "a&b=c"})
    assert route.calls.last.request.url.raw_path == b"/api/a/..%2Fcompany%3Fx%3D1%23y?q=a%26b%3Dc"


@pytest.mark.security(15)
@pytest.mark.parametrize("segment", ["", ".", "..", "\ud800"])
def test_segments_that_lead_elsewhere_are_refused(session: Session, segment: str) -> None:
    """A folder, nothing, or half a character is no segment."""
    with pytest.raises(ConnectorError):
        session.get("a", segment)


def test_text_is_sent_byte_for_byte(session: Session, mock: respx.MockRouter) -> None:
    """Rare kanji, half-width kana and decomposed letters leave as they came."""
    text = "髙﨑𠮷葛󠄀ﾐｸﾓか\u3099 神\u3000"
    route = mock.post(f"{BASE}/crews").respond(201, json={})
    session.send("POST", "crews", body={"name": text}, idempotent=False)
    assert route.calls.last.request.content == b'{"name": "' + text.encode() + b'"}'
    assert route.calls.last.request.headers["content-type"] == "application/json; charset=utf-8"


def test_text_that_is_none_is_refused_by_field(session: Session, mock: respx.MockRouter) -> None:
    """Half a surrogate pair cannot be sent; the field is named, the text is not."""
    with pytest.raises(RecordError) as caught:
        session.send("POST", "crews", body={"ok": "a", "name": f"{NAME}\ud800"}, idempotent=False)
    assert caught.value.fields == ("name",)
    assert NAME not in "".join(traceback.format_exception(caught.value))
    assert not mock.calls


def test_reading_connections_refuse_writes(
    connection: Connection, session: Session, mock: respx.MockRouter
) -> None:
    """A preview cannot write, whatever the connector does."""
    connection.read_only = True
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        with pytest.raises(ConnectorError):
            session.send(method, "crews", body={}, idempotent=True)
    assert not mock.calls


def test_closed_hours_stop_every_request(mock: respx.MockRouter) -> None:
    """In closed hours nothing is sent, reads included, and the error says until when."""
    noon = dt.datetime(2026, 11, 20, 9, 0, tzinfo=JST)
    connection = Connection(
        name="tot", connector="x", base_url=BASE, token=Secret("t"), clock=FakeClock(noon)
    )
    connection.complete(Conditions(closed_hours=(ClosedHours(dt.time(8, 30), dt.time(10)),)))
    session = connection.session(headers={}, classify=classify)
    for ask in (lambda: session.get("x"), lambda: list(session.stream("x")), session.wait_for_room):
        with pytest.raises(ClosedError, match=r"10:00"):
            ask()
    assert not mock.calls


def test_a_wait_that_leads_into_closed_hours_sends_nothing(mock: respx.MockRouter) -> None:
    """What may be sent before a wait may not be after it: the hours are looked at again."""

    class Moving(FakeClock):
        def now(self) -> dt.datetime:
            return dt.datetime(2026, 11, 20, 8, 29, 50, tzinfo=JST) + dt.timedelta(
                seconds=self.now_s - 1000
            )

    connection = Connection(
        name="tot", connector="x", base_url=BASE, token=Secret("t"), clock=Moving()
    )
    connection.complete(Conditions(closed_hours=(ClosedHours(dt.time(8, 30), dt.time(10)),)))
    connection.pacer.hold(20)
    with pytest.raises(ClosedError):
        connection.session(headers={}, classify=classify).get("x")
    assert not mock.calls


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 304])
def test_redirects_are_not_followed(session: Session, mock: respx.MockRouter, status: int) -> None:
    """A redirect is an error that names the other host and nothing else of the address."""
    other = mock.route(host="evil.test").respond(json=[])
    mock.get(f"{BASE}/x").respond(
        status, headers={"Location": "https://evil.test/login?token=secret"}
    )
    with pytest.raises(AnswerError, match=r"evil\.test") as caught:
        session.get("x")
    assert "secret" not in caught.value.message
    assert not other.called


@pytest.mark.fault("F24")
@pytest.mark.security(7)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirected_write_is_in_doubt(
    session: Session, mock: respx.MockRouter, status: int
) -> None:
    """Nobody knows what the host that redirected did with a write; its body goes nowhere else."""
    other = mock.route(host="evil.test").respond(json={})
    mock.post(f"{BASE}/crews").respond(status, headers={"Location": "https://evil.test/"})
    with pytest.raises(InDoubtError):
        post(session)
    assert not other.called


@pytest.mark.fault("F07")
def test_a_web_page_is_called_one(session: Session, mock: respx.MockRouter) -> None:
    """Markup instead of data gets its own words, and is not shown."""
    mock.get(f"{BASE}/x").respond(html=f"<html>{NAME}</html>")
    with pytest.raises(AnswerError, match="web page") as caught:
        session.get("x")
    assert NAME not in caught.value.message


@pytest.mark.fault("F07")
@pytest.mark.parametrize("status", [404, 405, 410])
def test_a_page_that_stands_in_the_place_of_the_system_refuses_nobody(
    connection: Connection, mock: respx.MockRouter, status: int
) -> None:
    """A proxy that knows no such address has not looked at an employee, whatever was sent."""
    mock.post(f"{BASE}/crews").respond(status, html="<html>nginx</html>")
    session = connection.session(
        headers={}, classify=lambda _failure: RecordError("no longer there", code="not_found")
    )
    with pytest.raises(InDoubtError, match="web page"):
        post(session)


@pytest.mark.security(18)
def test_errors_hold_neither_token_nor_body(session: Session, mock: respx.MockRouter) -> None:
    """The whole trace of a failed call shows no secret and no personal value."""
    mock.get(f"{BASE}/x").respond(content=f'{{"name": "{NAME}", oops'.encode())
    mock.get(f"{BASE}/y").mock(side_effect=httpx.ConnectError(TOKEN))
    for path in ("x", "y"):
        with pytest.raises(RenkeiError) as caught:
            session.get(path)
        trace = "".join(traceback.format_exception(caught.value))
        assert NAME not in trace
        assert TOKEN not in trace
        assert caught.value.where == "hr"


def test_a_system_without_tokens_is_sent_the_headers_as_they_are(mock: respx.MockRouter) -> None:
    """A connector that has asked for no token speaks to its system all the same."""
    route = mock.get(f"{BASE}/x").respond(json={})
    with Connection(name="hr", connector="x", base_url=BASE, token=Secret(None)) as connection:
        connection.session(headers={"Accept": "a/b"}, classify=classify).get(
            "x", headers={"If-Match": "1"}
        )
    sent = route.calls.last.request.headers
    assert (sent["accept"], sent["if-match"]) == ("a/b", "1")
    assert "authorization" not in sent


@pytest.mark.security(18)
@pytest.mark.parametrize("user", ["", "a", "ab", "abc"])
def test_a_token_is_hidden_as_a_part_of_basic_authentication(user: str) -> None:
    """Wherever it begins in Base64, and however long what follows; ordinary words are not hit."""
    for after in ("", ":", ":xy"):
        basic = base64.b64encode(f"{user}:{TOKEN}{after}".encode()).decode()
        shown = Secret(TOKEN).hidden_in(f"Basic {basic} was refused")
        before, _mask, rest = shown.partition("***")
        assert shown.endswith(" was refused")
        assert len(before) <= len("Basic ") + (len(user) + 1) * 8 // 6 + 1
        assert len(rest) <= len(" was refused") + len(after) * 8 // 6 + 3
    assert Secret("no").hidden_in("G5 and bv are words") == "G5 and bv are words"


# -- headers of one request, and reading by POST -------------------------------------------------


def test_a_request_may_have_headers_of_its_own(session: Session, mock: respx.MockRouter) -> None:
    """They go with this request alone, in the place of others of the same name, in any spelling."""
    route = mock.route(url__startswith=BASE).respond(json={})
    own = {"If-Match": 'W/"3"', "content-TYPE": "application/scim+json"}
    session.send("PATCH", "crews", "1", body={"a": 1}, idempotent=True, headers=own)
    session.get("crews", headers={"Accept": "application/scim+json"})
    session.get("crews")
    patched, asked, plain = (call.request.headers for call in route.calls)
    assert (patched["if-match"], patched["authorization"]) == ('W/"3"', f"Bearer {TOKEN}")
    assert patched.get_list("content-type") == ["application/scim+json"]
    assert asked.get_list("accept") == ["application/scim+json"]
    assert plain.get_list("accept") == ["application/json"]


@pytest.mark.parametrize("name", ["Host", "content-length", "Connection", "X-HTTP-Method-Override"])
def test_no_header_says_where_a_request_goes_or_what_it_is(
    session: Session, mock: respx.MockRouter, name: str
) -> None:
    """Neither the host, nor the end, nor the method of a request is in the hands of a connector."""
    with pytest.raises(ConnectorError):
        session.get("crews", headers={name: "1"})
    assert not mock.calls


@pytest.mark.parametrize("header", [{"If-Match": "1\r\nX: 2"}, {"If Match": "1"}, {"X": "髙"}])
def test_headers_that_cannot_be_are_refused(session: Session, header: Mapping[str, str]) -> None:
    """A value from a system may hold anything: what would end a line is not sent."""
    with pytest.raises(ConnectorError):
        session.get("crews", headers=header)


def test_no_session_disguises_its_requests(connection: Connection) -> None:
    """A session whose GET another system would take for a DELETE cannot be made."""
    with pytest.raises(ConnectorError):
        connection.session(headers={"x-http-method-override": "DELETE"}, classify=classify)


@pytest.fixture
def searching(connection: Connection) -> Session:
    """Return a session that may search, on a connection that may not write."""
    connection.read_only = True
    return connection.session(headers={}, classify=classify, reads=("/users/search",))


def test_a_search_by_post_is_a_read(searching: Session, mock: respx.MockRouter) -> None:
    """It passes where nothing may be written, and is repeated and refused as any read is."""
    route = mock.post(f"{BASE}/users/search")
    route.side_effect = [httpx.Response(500), httpx.Response(200, json=[1])]
    assert searching.search("users", "search", body={"no": "7"}).body == [1]
    assert [call.request.content for call in route.calls] == [b'{"no": "7"}'] * 2
    route.side_effect = [httpx.Response(404, json={})]
    with pytest.raises(AnswerError) as caught:
        searching.search("users", "search", body={})
    assert caught.value.code == "not_found"


@pytest.mark.parametrize(
    "path",
    [
        ("users",),
        ("users", "Search"),
        ("users/search",),
        ("users", "search", ""),
        ("users", "search", "1"),
        ("users", "x", "..", "search"),
        ("", "users", "search"),
        ("users", "search?"),
        ("users", "%73earch"),
        ("users", "ｓearch"),
        ("users;a", "search"),
    ],
)
def test_no_other_path_is_searched(
    searching: Session, mock: respx.MockRouter, path: tuple[str, ...]
) -> None:
    """What is not spelt just as it was named is not sent: it may be the way to write."""
    with pytest.raises(ConnectorError):
        searching.search(*path, body={})
    assert not mock.calls


def test_a_write_to_a_path_that_is_searched_stays_a_write(
    searching: Session, mock: respx.MockRouter
) -> None:
    """Only the search makes a read of a POST; whatever is sent may change something."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        with pytest.raises(ConnectorError):
            searching.send(method, "users", "search", body={}, idempotent=True)
    assert not mock.calls


@pytest.mark.parametrize("path", ["", "/", "users//search", "../users", "a?b", "a b", "a/*", "%2e"])
def test_only_plain_paths_are_named_as_reads(connection: Connection, path: str) -> None:
    """A pattern, a folder or a path that would be quoted names nothing for certain."""
    with pytest.raises(ConnectorError):
        connection.session(headers={}, classify=classify, reads=(path,))


# -- trying again ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("x"),
        httpx.ReadTimeout("x"),
        httpx.RemoteProtocolError("x"),
        500,
        502,
        503,
    ],
)
def test_reads_are_tried_again(
    session: Session, mock: respx.MockRouter, trouble: Exception | int
) -> None:
    """A read survives what passes."""
    failure = httpx.Response(trouble) if isinstance(trouble, int) else trouble
    route = mock.get(f"{BASE}/x").mock(side_effect=[failure, failure, httpx.Response(200, json=7)])
    assert session.get("x").body == 7
    assert route.call_count == 3


def test_trying_again_ends_with_the_budget(
    session: Session, mock: respx.MockRouter, clock: FakeClock
) -> None:
    """After 20 seconds of retries a command gives up, and the next failure gives up at once."""
    route = mock.get(f"{BASE}/x").respond(500)
    started = clock.now_s
    with pytest.raises(UnavailableError):
        session.get("x")
    assert clock.now_s - started <= 20
    assert route.call_count > 2
    session._connection.budget.enter()
    clock.now_s += session._connection.budget.left_s()
    session._connection.budget.leave()
    calls = route.call_count
    with pytest.raises(UnavailableError):
        session.get("x")
    assert route.call_count == calls + 1


def test_maintenance_ends_it_at_once(session: Session, mock: respx.MockRouter) -> None:
    """An answer that says "not within this command" is not tried again."""
    route = mock.get(f"{BASE}/x").respond(503, json={"code": "maintenance"})
    with pytest.raises(UnavailableError):
        session.get("x")
    assert route.call_count == 1


def test_refusals_are_not_tried_again(session: Session, mock: respx.MockRouter) -> None:
    """A refused token stays refused."""
    route = mock.get(f"{BASE}/x").respond(401)
    with pytest.raises(AccessError):
        session.get("x")
    assert route.call_count == 1


def after(seconds: float) -> str:
    return format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds))


@pytest.mark.fault("F02")
@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"Retry-After": "42"}, 42),
        ({"Retry-After": "DATE"}, 42),
        ({"x-remaining": "0", "x-reset": "42"}, 42),
        ({"x-remaining": "0", "x-reset": "7200"}, 3600),
        ({"Retry-After": "42", "x-remaining": "0", "x-reset": "3"}, 42),
        ({"Retry-After": "3", "x-remaining": "0", "x-reset": "42"}, 42),
    ],
)
def test_announced_waits_are_kept_and_do_not_count(  # noqa: PLR0917 - fixtures
    connection: Connection,
    session: Session,
    mock: respx.MockRouter,
    clock: FakeClock,
    headers: dict[str, str],
    wait_s: float,
) -> None:
    """A limit that says when it ends is waited for, told, and leaves the budget alone."""
    headers = {name: after(43) if text == "DATE" else text for name, text in headers.items()}
    told: list[tuple[str, float]] = []
    connection.on_wait = lambda reason, seconds: told.append((reason, seconds))
    mock.get(f"{BASE}/x").mock(
        side_effect=[httpx.Response(429, headers=headers), httpx.Response(200, json=7)]
    )
    assert session.get("x").body == 7
    assert clock.now_s - 1000 == pytest.approx(wait_s, abs=2)
    assert told[0][0] == "limit"
    assert connection.budget.left_s() == 20


@pytest.mark.parametrize("answer", [{"headers": {"Retry-After": "3"}}, {}])
def test_what_is_asked_once_puts_off_what_comes_next(
    session: Session, connection: Connection, mock: respx.MockRouter, clock: FakeClock,
    answer: dict[str, Any],
) -> None:  # fmt: skip
    """A system in trouble is not asked again at once, be it for something else."""
    route = mock.get(f"{BASE}/nicety").respond(503, **answer)
    mock.get(f"{BASE}/list").respond(json=[])
    with pytest.raises(UnavailableError), connection.once():
        session.get("nicety")
    assert (route.call_count, clock.slept) == (1, [])
    session.get("list")
    assert (sum(clock.slept) == pytest.approx(3)) if answer else 0 < sum(clock.slept) <= 0.5


@pytest.mark.fault("F03")
@pytest.mark.parametrize(
    "text", ["", "soon", "-5", "nan", "inf", "1" * 23, "1800000000", "PAST", "1.5.2", "0"]
)
def test_limits_without_a_sane_announcement_count(
    session: Session, mock: respx.MockRouter, clock: FakeClock, text: str
) -> None:
    """A limit that does not say when it ends is backed off from, within the budget."""
    announced = after(-99) if text == "PAST" else text
    mock.get(f"{BASE}/x").respond(429, headers={"Retry-After": announced})
    with pytest.raises(UnavailableError) as caught:
        session.get("x")
    assert caught.value.code == "rate_limit"
    assert clock.now_s - 1000 <= 20


@pytest.mark.parametrize(
    ("trouble", "wait_s"),
    [
        (httpx.Response(429), 1.0),
        (httpx.ReadTimeout("x"), 1.0),
        (httpx.Response(500), 0.85),
        (httpx.ConnectError("x"), 0.85),
    ],
)
def test_a_system_that_counts_otherwise_is_given_its_whole_window(
    connection: Connection,
    mock: respx.MockRouter,
    clock: FakeClock,
    trouble: httpx.Response | Exception,
    wait_s: float,
) -> None:
    """One that refuses for its limit or does not answer; no other trouble slows the pace."""
    connection.limits = (RequestLimit(1, 1.0),)
    session = connection.session(headers={}, classify=classify)
    good = httpx.Response(200, json=7)
    said = iter([*[good] * (MOST_IN_FLIGHT + 1), trouble, good])

    def answer(_request: httpx.Request) -> httpx.Response:
        clock.now_s += 0.2
        if isinstance(now := next(said), Exception):
            raise now
        return now

    mock.get(f"{BASE}/x").mock(side_effect=answer)
    for _request in range(MOST_IN_FLIGHT + 1):
        session.get("x")
    with pytest.raises(UnavailableError), connection.once():
        session.get("x")
    session.get("x")
    assert connection.pacer.wait_s(connection.limits) == pytest.approx(wait_s, abs=0.001)


def test_a_limit_that_is_announced_for_ever_ends(
    session: Session, mock: respx.MockRouter, clock: FakeClock
) -> None:
    """Even announced waits end some time when the system never lets us in."""
    route = mock.get(f"{BASE}/x").respond(429, headers={"Retry-After": "1"})
    with pytest.raises(UnavailableError):
        session.get("x")
    assert 10 < route.call_count < 40


def test_room_headers_of_good_answers_hold_the_next_request(
    session: Session, mock: respx.MockRouter, clock: FakeClock
) -> None:
    """The last request of a window makes the next one wait, before the system complains."""
    mock.get(f"{BASE}/x").respond(json=1, headers={"x-remaining": "0", "x-reset": "9"})
    session.get("x")
    assert clock.now_s == 1000
    session.wait_for_room()
    assert clock.now_s == pytest.approx(1009)


def test_declared_limits_are_kept(
    connection: Connection, session: Session, mock: respx.MockRouter, clock: FakeClock
) -> None:
    """Three requests a second are three requests a second."""
    connection.complete(Conditions(limits=(RequestLimit(3, 1),)))
    mock.get(f"{BASE}/x").respond(json=1)
    for _request in range(7):
        session.get("x")
    assert clock.now_s == pytest.approx(1002, abs=0.01)


# -- writing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [httpx.ReadTimeout("x"), httpx.ReadError("x"), httpx.WriteError("x"), 500, 502],
)
def test_a_create_is_never_sent_twice(
    session: Session, mock: respx.MockRouter, trouble: Exception | int
) -> None:
    """If its fate is unknown it is in doubt, after one request."""
    failure = httpx.Response(trouble) if isinstance(trouble, int) else trouble
    route = mock.post(f"{BASE}/crews").mock(side_effect=[failure, httpx.Response(201, json={})])
    with pytest.raises(InDoubtError) as caught:
        post(session)
    assert route.call_count == 1
    assert caught.value.where == "hr"


@pytest.mark.parametrize("body", [b"garbage", b"<html>", b'{"id": "x"', b'{"a": NaN}'])
def test_a_create_with_a_senseless_answer_is_in_doubt(
    session: Session, mock: respx.MockRouter, body: bytes
) -> None:
    """201 with a broken body: perhaps created, certainly not to be repeated."""
    route = mock.post(f"{BASE}/crews").respond(201, content=body)
    with pytest.raises(InDoubtError):
        post(session)
    assert route.call_count == 1


@pytest.mark.parametrize("trouble", [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), 429])
def test_a_create_that_never_arrived_is_sent_again(
    session: Session, mock: respx.MockRouter, trouble: Exception | int
) -> None:
    """Where nothing was done for certain, even a create may be repeated."""
    failure = httpx.Response(trouble) if isinstance(trouble, int) else trouble
    route = mock.post(f"{BASE}/crews").mock(side_effect=[failure, httpx.Response(201, json={})])
    assert post(session).status == 201
    assert route.call_count == 2


def test_an_update_is_tried_again_and_then_done(session: Session, mock: respx.MockRouter) -> None:
    """An unknown first try followed by a success is a success."""
    route = mock.put(f"{BASE}/crews/1")
    route.side_effect = [httpx.ReadTimeout("x"), httpx.Response(200, json={})]
    assert put(session).status == 200


@pytest.mark.parametrize(
    "last", [httpx.ConnectError("x"), httpx.Response(401), httpx.Response(400)]
)
def test_an_update_stays_in_doubt_if_only_its_last_try_is_certain(
    session: Session, mock: respx.MockRouter, last: Exception | httpx.Response
) -> None:
    """That the last try did nothing does not say what the first one did."""

    def failures(_request: httpx.Request) -> httpx.Response:
        if len(mock.calls) == 0:
            raise httpx.ReadTimeout("x")
        if isinstance(last, Exception):
            raise last
        return last

    mock.put(f"{BASE}/crews/1").mock(side_effect=failures)
    with pytest.raises(InDoubtError):
        put(session)


@pytest.mark.parametrize(
    ("status", "code"), [(400, "refused"), (404, "not_found"), (409, "refused"), (422, "refused")]
)
def test_a_refused_record_is_one_employees_problem(
    session: Session, mock: respx.MockRouter, status: int, code: str
) -> None:
    """A 4xx to a write refuses this employee only."""
    mock.post(f"{BASE}/crews").respond(status, json={})
    with pytest.raises(RecordError) as caught:
        post(session)
    assert (caught.value.code, caught.value.where) == (code, "hr")


def test_the_guard_is_asked_before_each_request(
    connection: Connection, session: Session, mock: respx.MockRouter
) -> None:
    """Every request and every repetition passes the guard."""
    asked: list[int] = []
    connection.allow_writes(lambda: asked.append(len(mock.calls)))
    mock.get(f"{BASE}/x").respond(json=1)
    mock.put(f"{BASE}/crews/1").mock(side_effect=[httpx.ReadTimeout("x"), httpx.Response(200)])
    session.get("x")
    put(session)
    assert asked == [0, 1, 2]


def test_a_guard_that_says_no_stops_the_write(
    connection: Connection, session: Session, mock: respx.MockRouter
) -> None:
    """Nothing leaves after the lease is lost, and the error comes through as it is."""

    def guard() -> None:
        raise BusyError("lost")

    connection.allow_writes(guard)
    with pytest.raises(BusyError):
        post(session)
    assert not mock.calls


def test_an_empty_answer_to_a_write_is_fine(session: Session, mock: respx.MockRouter) -> None:
    """204 has no body."""
    mock.put(f"{BASE}/crews/1").respond(204)
    assert put(session).body is None


# -- lists -------------------------------------------------------------------------------------


def paged(
    rows: list[Any], *, size: int = 2, total: bool = True, link: bool = True
) -> Callable[..., httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        shown = rows[(page - 1) * size : page * size]
        headers = {"x-total-count": str(len(rows))} if total else {}
        if link:
            rel = "next" if page * size < len(rows) else "first"
            headers["Link"] = f'<https://evil.test/?page=9>; rel="{rel}"'
        return httpx.Response(200, json=shown, headers=headers)

    return answer


ROWS = [{"id": str(n)} for n in range(5)]


@pytest.mark.parametrize(
    ("total", "link"), [(True, True), (True, False), (False, True), (False, False)]
)
def test_pages_are_read_to_the_end(
    session: Session, mock: respx.MockRouter, total: bool, link: bool
) -> None:
    """By total, by link, by both or by neither; the page size asked for does not matter."""
    other = mock.route(host="evil.test").respond(json=[])
    mock.get(f"{BASE}/crews").mock(side_effect=paged(ROWS, total=total, link=link))
    assert list(session.pages("crews")) == ROWS
    assert not other.called


def pages(*answers: tuple[list[Any], int | None]) -> list[httpx.Response]:
    return [
        httpx.Response(
            200, json=rows, headers={} if total is None else {"x-total-count": str(total)}
        )
        for rows, total in answers
    ]


@pytest.mark.parametrize(
    "answers",
    [
        pages(([], 3)),
        pages((ROWS[:2], 5), ([], 5)),
        pages((ROWS[:2], 4), (ROWS[1:3], 4)) * WALKS,
        pages((ROWS[:2], 4), (ROWS[2:4], 5), (ROWS[4:], 5)),
        pages((ROWS[:2], 4), (ROWS[1:3], 4), (ROWS[2:4], 5)),
        pages((ROWS[:2], 4), (ROWS[1:3], 4), (ROWS[3:], 4), (ROWS[:2], 4)),
        pages((ROWS[:3], 2)),
        pages((ROWS[:2], None), (ROWS[:2], None)),
        pages((ROWS[:2], 9), (ROWS[:2], 9)) * WALKS,
    ],
    ids=[
        *("empty", "short", "repeated", "grew", "grew between walks", "more than the total"),
        *("too many", "same page", "same page for ever"),
    ],
)
def test_a_list_that_does_not_add_up_has_changed(
    session: Session, mock: respx.MockRouter, answers: list[httpx.Response]
) -> None:
    """No incomplete list is ever taken for the whole."""
    mock.get(f"{BASE}/crews").mock(side_effect=answers)
    with pytest.raises(ListChangedError):
        list(session.pages("crews"))


def shuffled(rows: list[Any], ties: int, *, size: int, seed: int) -> Callable[..., httpx.Response]:
    """Answer pages whose last *ties* rows stand in another order on every one."""
    chance = random.Random(seed)

    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        order = rows[:-ties] + chance.sample(rows[-ties:], ties)
        shown = order[(page - 1) * size : page * size]
        return httpx.Response(200, json=shown, headers={"x-total-count": str(len(rows))})

    return answer


@pytest.mark.fault("F15")
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("people", "ties", "size"), [(130, 60, 100), (130, 130, 10), (12, 12, 1)])
def test_pages_without_a_fixed_order_are_joined_until_all_are_there(  # noqa: PLR0917 - fixtures
    session: Session, mock: respx.MockRouter, people: int, ties: int, size: int, seed: int
) -> None:
    """People whose sort keys are equal or empty move between pages; each comes exactly once."""
    rows = [{"id": str(number)} for number in range(people)]
    mock.get(f"{BASE}/crews").mock(side_effect=shuffled(rows, ties, size=size, seed=seed))
    found = [row["id"] for row in session.pages("crews", per_page=100)]  # type: ignore[index,call-overload]
    assert len(found) == people
    assert set(found) == {row["id"] for row in rows}


def test_a_list_in_a_fixed_order_is_walked_once(session: Session, mock: respx.MockRouter) -> None:
    """Nobody who reads a list that is too short reads it twelve times."""
    route = mock.get(f"{BASE}/crews").mock(side_effect=pages((ROWS[:2], 5), ([], 5)))
    with pytest.raises(ListChangedError):
        list(session.pages("crews"))
    assert route.call_count == 2


def test_who_is_edited_between_two_walks_stays_as_first_read(
    session: Session, mock: respx.MockRouter
) -> None:
    """An edit in those seconds is like one right after the reading: the first look counts."""
    before, after = {"id": "0", "name": "before"}, {"id": "0", "name": "after"}
    answers = pages(([before, ROWS[1]], 3), ([after], 3), ([after, ROWS[2]], 3), ([after], 3))
    mock.get(f"{BASE}/crews").mock(side_effect=answers)
    assert list(session.pages("crews")) == [before, *ROWS[1:3]]


def linked(*answers: tuple[list[Any], bool]) -> list[httpx.Response]:
    """Return pages; the flag says whether one links on."""
    links = [{"link": '</?page=9>; rel="next"'} if on else {} for _rows, on in answers]
    return [
        httpx.Response(200, json=rows, headers=link)
        for (rows, _on), link in zip(answers, links, strict=True)
    ]


def test_an_empty_page_that_links_on_is_not_the_end(
    session: Session, mock: respx.MockRouter
) -> None:
    """A page may lose all its rows to a filter, twice in a row, and others follow."""
    answers = linked((ROWS[:2], True), ([], True), ([], True), (ROWS[2:], True), ([], False))
    mock.get(f"{BASE}/crews").mock(side_effect=answers)
    assert list(session.pages("crews")) == ROWS


@pytest.mark.parametrize(
    ("rel", "goes_on"),
    [("last next", True), ("NEXT", True), ("next-archive", False), ("prev", False)],
)
def test_a_link_says_what_it_is_in_whole_words(
    session: Session, mock: respx.MockRouter, rel: str, goes_on: bool
) -> None:
    """RFC 8288: a relation is one of several words, and a word that only begins so is another."""
    link = {"link": f'</?page=2>; rel="{rel}"'}
    first = httpx.Response(200, json=ROWS[:2], headers=link)
    rest = httpx.Response(200, json=ROWS[2:], headers={"link": '</?page=1>; rel="prev"'})
    route = mock.get(f"{BASE}/crews").mock(side_effect=[first, rest])
    assert list(session.pages("crews")) == (ROWS if goes_on else ROWS[:2])
    assert route.call_count == 1 + goes_on


def test_an_empty_page_ends_a_list_that_is_complete(
    session: Session, mock: respx.MockRouter
) -> None:
    """A system that always links on is not followed past its own total, nor without end."""
    link = {"link": '</?page=9>; rel="next"'}
    counted = {**link, "x-total-count": "5"}
    whole = httpx.Response(200, json=ROWS, headers=counted)
    route = mock.get(f"{BASE}/crews").mock(
        side_effect=[whole, httpx.Response(200, json=[], headers=counted)]
    )
    assert list(session.pages("crews")) == ROWS
    assert route.call_count == 2
    mock.get(f"{BASE}/staff").mock(
        side_effect=lambda request: httpx.Response(
            200, json=ROWS if request.url.params["page"] == "1" else [], headers=link
        )
    )
    assert list(session.pages("staff")) == ROWS


def test_a_total_on_the_first_page_only_is_a_total(
    session: Session, mock: respx.MockRouter
) -> None:
    """It counts to the end: a list that falls short of it is not whole."""
    mock.get(f"{BASE}/a").mock(
        side_effect=pages((ROWS[:2], 5), (ROWS[2:4], None), (ROWS[4:], None))
    )
    assert list(session.pages("a")) == ROWS
    mock.get(f"{BASE}/b").mock(side_effect=pages((ROWS[:2], 5), (ROWS[2:4], None), ([], None)))
    with pytest.raises(ListChangedError):
        list(session.pages("b"))


def test_without_a_total_repeats_are_walked_again(session: Session, mock: respx.MockRouter) -> None:
    """Somebody who came twice may have pushed one out; it ends when a walk brings nobody new."""
    again = pages((ROWS[:2], None), (ROWS[1:3], None), ([], None))
    answers = [*again, *pages((ROWS[:2], None), (ROWS[2:], None), ([], None))]
    route = mock.get(f"{BASE}/crews").mock(side_effect=answers)
    assert list(session.pages("crews")) == ROWS
    assert route.call_count == 6


@pytest.mark.parametrize("row", [{}, {"id": None}, {"id": 5}, {"id": ""}, "x", None, []])
def test_a_record_without_an_id_is_named_by_its_place(
    session: Session, mock: respx.MockRouter, row: object
) -> None:
    """A list whose records cannot be told apart makes no sense."""
    mock.get(f"{BASE}/crews").mock(side_effect=paged([*ROWS[:3], row], size=2))
    with pytest.raises(AnswerError, match="record 4"):
        list(session.pages("crews"))


def test_a_page_that_is_no_list_makes_no_sense(session: Session, mock: respx.MockRouter) -> None:
    """An object where a list belongs is an error."""
    mock.get(f"{BASE}/crews").respond(json={"crews": []})
    with pytest.raises(AnswerError):
        list(session.pages("crews"))


def test_streams_yield_elements(session: Session, mock: respx.MockRouter) -> None:
    """An array is read element by element, packed or not."""
    body = json.dumps(ROWS).encode()
    mock.get(f"{BASE}/a").respond(content=body)
    mock.get(f"{BASE}/b").respond(content=gzip.compress(body), headers={"Content-Encoding": "gzip"})
    assert list(session.stream("a")) == list(session.stream("b")) == ROWS


@pytest.mark.parametrize("end", [0, 1, 20, -1])
def test_a_stream_that_ends_early_raises(
    session: Session, mock: respx.MockRouter, end: int
) -> None:
    """A cut list has to be read again; it is never a short list."""
    body = json.dumps(ROWS).encode()
    mock.get(f"{BASE}/a").respond(content=body[:end])
    packed = gzip.compress(body)[:end]
    mock.get(f"{BASE}/b").respond(content=packed, headers={"Content-Encoding": "gzip"})
    for path in "ab":
        with pytest.raises(ListChangedError):
            list(session.stream(path))


def test_all_members_of_a_packed_answer_are_read(session: Session, mock: respx.MockRouter) -> None:
    """An answer packed in several parts is as good as one in a single part, wherever it is cut."""
    body = json.dumps(ROWS).encode()
    for at in range(len(body) + 1):
        packed = gzip.compress(body[:at]) + gzip.compress(b"") + gzip.compress(body[at:])
        headers = {"Content-Encoding": "gzip"}
        mock.get(f"{BASE}/a").respond(content=packed, headers=headers)
        assert list(session.stream("a")) == session.get("a").body == ROWS


def test_members_that_arrive_in_tiny_pieces_are_read(
    session: Session, mock: respx.MockRouter
) -> None:
    """Where the network cuts has no meaning, in the middle of a member's header neither."""
    packed = b"".join(gzip.compress(bytes([byte])) for byte in json.dumps(ROWS).encode())
    pieces = httpx.Response(
        200,
        stream=IteratorStream(packed[at : at + 7] for at in range(0, len(packed), 7)),
        headers={"Content-Encoding": "gzip"},
    )
    mock.get(f"{BASE}/a").mock(return_value=pieces)
    assert list(session.stream("a")) == ROWS


@pytest.mark.parametrize(
    "tail", [b"x", b"\0" * 8, b"[]", gzip.compress(b" ", mtime=0)[:-3], b"\x1f\x8b"]
)
def test_what_follows_a_packed_answer_must_be_packed_too(
    session: Session, mock: respx.MockRouter, tail: bytes
) -> None:
    """Rubbish after the end, or a further member that is cut off, is never taken for the whole."""
    packed = gzip.compress(json.dumps(ROWS).encode()) + tail
    mock.get(f"{BASE}/a").respond(content=packed, headers={"Content-Encoding": "gzip"})
    with pytest.raises(AnswerError):  # a cut list is one, too
        list(session.stream("a"))


@pytest.mark.fault("F11")
@pytest.mark.security(13)
@pytest.mark.parametrize("member", [b" " * 1000, b""], ids=["small", "empty"])
def test_a_bomb_of_many_members_is_stopped(
    connection: Connection, mock: respx.MockRouter, session: Session, member: bytes
) -> None:
    """The caps count all members together, those without content by what they are packed in."""
    connection.max_answer_bytes = 100_000
    packed = gzip.compress(b"[") + gzip.compress(member) * 20_000
    mock.get(f"{BASE}/a").respond(content=packed, headers={"Content-Encoding": "gzip"})
    with pytest.raises(AnswerError) as caught:
        list(session.stream("a"))
    assert caught.value.code == "too_large"


@pytest.mark.fault("F07")
@pytest.mark.parametrize(
    "label", ["text/html; charset=utf-8", "TEXT/HTML", "application/xhtml+xml", "text/plain", ""]
)
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b" \r\n\t", b"\xef\xbb\xbf\n"])
def test_json_is_json_whatever_its_label(
    session: Session, mock: respx.MockRouter, label: str, before: bytes
) -> None:
    """The first byte that says anything decides: documents, streams and answers to writes."""
    headers = {"Content-Type": label} if label else {}
    mock.get(f"{BASE}/a").respond(content=before + json.dumps(ROWS).encode(), headers=headers)
    mock.put(f"{BASE}/crews/1").respond(content=before + b'{"id": "1"}', headers=headers)
    assert list(session.stream("a")) == session.get("a").body == ROWS
    assert put(session).body == {"id": "1"}


def test_a_refusal_labelled_as_html_is_understood(session: Session, mock: respx.MockRouter) -> None:
    """The code in its body counts, as the label does not."""
    headers = {"Content-Type": "text/html"}
    mock.get(f"{BASE}/a").respond(400, content=b'{"code": "maintenance"}', headers=headers)
    with pytest.raises(UnavailableError, match="maintenance"):
        session.get("a")


PAGES = [
    ("<!DOCTYPE html><title>ログイン</title>".encode(), "text/html"),
    ("<html>ログイン</html>".encode("cp932"), "text/html; charset=Shift_JIS"),
    ("\n <html>ログイン</html>".encode("cp932"), "application/json"),
    ("ログイン".encode("utf-16"), "text/html"),
    (b"Forbidden by policy", "text/html"),
    (b"\xef\xbb\xbf <html>", ""),
]


@pytest.mark.fault("F07")
@pytest.mark.parametrize(("body", "label"), PAGES)
def test_a_web_page_stays_one(
    session: Session, mock: respx.MockRouter, body: bytes, label: str
) -> None:
    """Pages of logins and proxies are called what they are, in lists as in documents."""
    headers = {"Content-Type": label} if label else {}
    mock.get(f"{BASE}/a").respond(content=body, headers=headers)
    for read in (session.get, lambda path: list(session.stream(path))):
        with pytest.raises(AnswerError) as caught:
            read("a")
        assert caught.value.code == "web_page"


def test_a_small_answer_that_unpacks_into_a_huge_one_is_stopped(
    connection: Connection, mock: respx.MockRouter, session: Session
) -> None:
    """The cap counts what comes out of the packing."""
    connection.max_answer_bytes = 1_000_000
    bomb = gzip.compress(b"[" + b" " * 50_000_000)
    mock.get(f"{BASE}/a").respond(content=bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(AnswerError) as caught:
        list(session.stream("a"))
    assert caught.value.code == "too_large"


@pytest.mark.security(13)
@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate"])
def test_other_packings_are_refused(
    session: Session, mock: respx.MockRouter, encoding: str
) -> None:
    """Only what was asked for is unpacked, and only once."""
    answer = httpx.Response(
        200, stream=httpx.ByteStream(b"[]"), headers={"Content-Encoding": encoding}
    )
    mock.get(f"{BASE}/a").mock(return_value=answer)
    with pytest.raises(AnswerError):
        list(session.stream("a"))
