"""renkei.testing.opened: a connector class in a test, as the engine would have it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from tests.testing.staff import Fake, Staff

from renkei.clock import Clock
from renkei.connector import ClosedHours, Ref
from renkei.errors import (
    ClosedError,
    ConfigurationError,
    ConnectorError,
    UnavailableError,
)
from renkei.plugins import finding
from renkei.testing import MemoryConnector, MemorySystem, opened
from renkei.testing.proxy import Proxy, refusal

TODAY = dt.date(2026, 11, 20)
OPTIONS = {"tenant": "0042"}
NEW = {"no": "7", "family": "佐倉", "given": "みなと", "site": "S1"}


@pytest.fixture
def fake() -> Iterator[Fake]:
    with Fake() as fake:
        yield fake


def test_it_reads_and_writes_over_real_http(fake: Fake) -> None:
    """What was created is found by number, with the token sent and the options seen."""
    with opened(Staff, fake.url, token="t-1", options=OPTIONS, closed_hours=()) as staff:
        made = staff.create_employee(NEW)
        [found] = staff.read_employees([Ref(number="7")], TODAY, ["no", "family"])
        assert staff.connection.options["tenant"] == "0042"
    assert (found.id, found.values) == (made.id, {"no": "7", "family": "佐倉"})
    assert set(fake.tokens) == {"Bearer t-1"}


def test_nothing_can_write_while_it_only_reads(fake: Fake) -> None:
    """As in a fetch: the connector is refused, and nothing leaves."""
    with opened(Staff, fake.url, read_only=True) as staff, pytest.raises(ConnectorError):
        staff.create_employee(NEW)
    assert not fake.people


def test_the_budget_ends_the_tries(fake: Fake) -> None:
    """Without a second to spend a refusal is told at once."""
    with Proxy(fake.url, lambda _request: refusal(503)) as proxy:
        with (
            opened(Staff, proxy.url, retry_s=0, closed_hours=()) as staff,
            pytest.raises(UnavailableError),
        ):
            list(staff.list_employees(TODAY, ["no"]))
        assert len(proxy.requests) == 1


def test_closed_hours_of_the_test_stand_in(fake: Fake) -> None:
    """A clock and hours of the test's own decide whether a request may leave."""
    noon = Clock(dt.datetime(2026, 11, 20, 3, tzinfo=dt.UTC))
    hours = [ClosedHours(dt.time(11), dt.time(13))]
    with (
        opened(Staff, fake.url, clock=noon, closed_hours=hours) as staff,
        pytest.raises(ClosedError),
    ):
        list(staff.list_employees(TODAY, ["no"]))
    assert not fake.tokens


def test_a_system_without_a_network_needs_no_address(fake: Fake) -> None:
    """The hooks are enough; and nothing stays installed behind the test."""
    before = finding.found
    system = MemorySystem(Staff.FIELDS)
    with opened(lambda _connection: MemoryConnector(system)) as staff:
        staff.create_employee({"no": "7"})
        assert finding.found is before
    assert [kind for kind, _id, _values in system.writes] == ["create"]


@pytest.mark.parametrize("broken", [lambda _connection: object(), lambda _connection: 1 / 0])
def test_what_cannot_be_used_says_so(broken: Any) -> None:
    """A required hook that is missing is found when it is opened."""
    with pytest.raises(ConfigurationError, match="tested"), opened(broken):
        pass
