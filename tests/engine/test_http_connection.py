import datetime as dt
import sys

import pytest

from renkei.clock import Clock
from renkei.errors import ClosedError, ConfigurationError, ConnectorError
from renkei.http.connection import Conditions, Connection, closed_error
from renkei.http.retry import RetryBudget
from renkei.http.secret import Secret
from renkei.people import JST, ClosedHours, RequestLimit
from renkei.sync.record import reason_of

EVENING = ClosedHours(dt.time(17, 30), dt.time(18, 30))
TOKEN = "tok_canary_0001"


def connect(**changes: object) -> Connection:
    arguments = {
        "name": "hr",
        "connector": "smarthr",
        "base_url": "https://hr.test/api/",
        "token": Secret(TOKEN),
        **changes,
    }
    return Connection(**arguments)  # type: ignore[arg-type]


@pytest.mark.security(9)
@pytest.mark.parametrize(
    "url",
    [
        "https://example.smarthr.jp/api",
        "http://127.0.0.1:8700/api",
        "http://127.9.9.9",
        "http://localhost:1/x",
        "http://[::1]:8700/v1.0",
    ],
)
def test_good_addresses_are_taken(url: str) -> None:
    """Https anywhere, plain http on this computer."""
    assert connect(base_url=url).base_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://example.smarthr.jp/api",
        "http://127.0.0.1.evil.test/api",
        "http://localhost.evil.test",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706433/",
        "http://0.0.0.0/",
        "https://user:secret@host/api",
        "https://127.0.0.1@evil.test/",
        "http://127.0.0.1\\@evil.test/",
        "https://host/api?x=1",
        "https://host/api#x",
        "https://host/a b",
        "https://hóst/api",
        "https://host:99999999/",
        "https://[::1",
        "ftp://host/",
        "//host/api",
        "host/api",
        "https://",
    ],
)
def test_odd_addresses_are_refused_without_repeating_them(url: str) -> None:
    """A base_url that could lead elsewhere is a mistake of configuration; it may hold a secret."""
    with pytest.raises(ConfigurationError) as caught:
        connect(base_url=url)
    assert caught.value.where == "hr"
    assert "evil" not in caught.value.message
    assert "secret" not in caught.value.message


def test_a_secret_shows_itself_to_nobody() -> None:
    """A token is stars wherever it is printed, also inside its connection."""
    for shown in (str(Secret(TOKEN)), repr(Secret(TOKEN)), f"{Secret(TOKEN)}", repr(connect())):
        assert TOKEN not in shown
        assert "***" in shown
    assert Secret(TOKEN).reveal() == TOKEN


@pytest.mark.parametrize(
    "text", ["", " ", "a b", "a\n", "a\r\nX: y", "tökén", "a\tb", "a\0", "a\x7f"]
)
def test_a_token_that_cannot_be_a_header_is_refused(text: str) -> None:
    """Line breaks, blanks and other characters are refused, and the text is not repeated."""
    with pytest.raises(ConfigurationError) as caught:
        Secret(text)
    assert len(text) < 4 or text not in caught.value.message


@pytest.mark.parametrize(
    ("time", "opens"),
    [
        ("17:29:59.999999", None),
        ("17:30:00", "18:30"),
        ("18:29:59.999999", "18:30"),
        ("18:30:00", None),
    ],
)
def test_closed_hours_are_exact(time: str, opens: str | None) -> None:
    """The start is closed, the end is open, and the error names when it opens in Japan."""
    at = dt.datetime.combine(dt.date(2026, 11, 20), dt.time.fromisoformat(time), JST)

    class Frozen(Clock):
        def now(self) -> dt.datetime:
            return at.astimezone(dt.UTC)

    connection = connect(clock=Frozen())
    connection.complete(Conditions(closed_hours=(EVENING,)))
    if opens is None:
        connection.check_open()
        return
    with pytest.raises(ClosedError, match=opens) as caught:
        connection.check_open()
    assert caught.value.where == "hr"
    assert caught.value.nothing_done
    assert caught.value.opens == at.replace(hour=18, minute=30, second=0, microsecond=0)


def test_overrides_stand_in_for_what_the_connector_declares() -> None:
    """An empty override means none; None means what the connector says."""
    connection = connect()
    connection.complete(Conditions(closed_hours=(EVENING,), limits=(RequestLimit(10, 1),)))
    assert connection.hours_in_force == (EVENING,)
    assert connection.limits_in_force == (RequestLimit(10, 1),)
    connection.closed_hours, connection.limits = (), ()
    assert not connection.hours_in_force
    assert not connection.limits_in_force


def test_an_offline_connection_reaches_nothing() -> None:
    """A connector that needs the network to describe itself is at fault."""
    session = Connection.offline("x").session(headers={}, classify=lambda _failure: None)
    with pytest.raises(ConnectorError):
        session.get("v1")


def test_the_http_library_is_imported_with_the_first_request() -> None:
    """Describing fields and building sessions does not pay for the library."""
    import subprocess

    code = (
        "import sys, renkei.connector as c\n"
        "c.Connection.offline('x').session(headers={}, classify=lambda f: None)\n"
        "sys.exit('httpx' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_budget_runs_only_while_something_is_in_trouble() -> None:
    """Time of two requests in trouble at once counts once; time without trouble does not count."""

    class Ticking(Clock):
        now_s = 0.0

        def monotonic(self) -> float:
            return self.now_s

    clock = Ticking()
    budget = RetryBudget(20, clock=clock)
    clock.now_s = 100
    budget.enter()
    clock.now_s = 103
    budget.enter()
    clock.now_s = 105
    assert budget.left_s() == 15
    budget.leave()
    budget.leave()
    clock.now_s = 500
    assert budget.left_s() == 15


def test_a_budget_without_limit_never_ends() -> None:
    """None is for those who are ready to wait."""
    budget = RetryBudget(None)
    budget.enter()
    assert budget.left_s() == float("inf")


def test_a_day_is_told_where_a_time_would_mislead() -> None:
    """Closed on Sundays, or for a week: until 00:00 is not tonight, in message and report."""
    at = dt.datetime(2026, 11, 20, 12, tzinfo=JST)
    tonight, later = at.replace(hour=18), at.replace(day=23, hour=0)
    soon, on_monday, unsaid = (
        closed_error("rosta", tonight, at),
        closed_error("rosta", later, at),
        closed_error("rosta", tonight),
    )
    assert "until 18:00 (JST)" in soon.message
    assert "until 2026-11-23 00:00 (JST)" in on_monday.message
    assert "until 2026-11-20 18:00 (JST)" in unsaid.message
    told = [reason_of(error).about for error in (soon, on_monday, unsaid)]
    assert told == [("18:00",), ("2026-11-23 00:00",), ("2026-11-20 18:00",)]
