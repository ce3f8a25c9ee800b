"""A connection to nowhere, a clock that stands still, and a router that plays the system."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
import respx

from renkei.clock import Clock
from renkei.connector import JST, Connection
from renkei.http.retry import RetryBudget
from renkei.http.secret import Secret
from renkei.testing.kit import ConnectorTests

TODAY = dt.date(2026, 11, 20)
NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=JST)


class StillClock(Clock):
    """The calendar stands still; real time passes only in sleeps."""

    def __init__(self, at: dt.datetime) -> None:
        self.at = at
        self.slept_s = 0.0
        super().__init__()

    def now(self) -> dt.datetime:
        return self.at.astimezone(dt.UTC)

    def monotonic(self) -> float:
        return self.slept_s

    def sleep(self, seconds: float) -> None:
        self.slept_s += seconds


@pytest.fixture
def clock() -> StillClock:
    return StillClock(NOON)


@pytest.fixture
def connect(clock: StillClock) -> Iterator[Callable[[str, str], Connection]]:
    """Return a function that makes a connection from a name and an address."""
    opened: list[Connection] = []

    def make(name: str, base_url: str) -> Connection:
        connection = Connection(
            name=name,
            connector=name,
            base_url=base_url,
            token=Secret("tok_canary_0001"),
            clock=clock,
            read_only=False,
            budget=RetryBudget(3, clock=clock),
        )
        opened.append(connection)
        return connection

    yield make
    for connection in opened:
        connection.close()


@pytest.fixture
def mock() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave two of three checks of the kit on the connectors of this repository to the long run."""
    ours = [each for each in items if each.nodeid.startswith("tests/connectors/")]
    kit = filter(_is_check, ours)
    for place, each in enumerate(sorted(kit, key=lambda each: each.nodeid)):
        if place % 3:
            each.add_marker(pytest.mark.long)


def _is_check(item: pytest.Item) -> bool:
    cls = getattr(item, "cls", None)
    return isinstance(cls, type) and issubclass(cls, ConnectorTests)
