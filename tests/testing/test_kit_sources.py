"""The kit on a connector that cannot write: it is asked for all that a fetch needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import pytest
from attrs import evolve
from tests.testing.staff import EMPTY, Fake, Staff, other, sample, to_json

from renkei.connector import Value, Values
from renkei.testing.kit import ConnectorTests, Tenant


class Shown(Staff):
    """The good connector without its writes."""

    create_employee = None  # type: ignore[assignment]
    update_employee = None  # type: ignore[assignment]


class Sources(ConnectorTests):
    factory = Shown
    past_a_page = 12
    fakes: ClassVar[dict[str, Fake]] = {}

    @pytest.fixture
    def url(self) -> Iterator[str]:
        with Fake() as fake:
            self.fakes[fake.url] = fake
            yield fake.url

    def sample(self, i: int) -> Values:
        return sample(i)

    def other(self, name: str, i: int) -> Value:
        return other(name, i)

    def raw(self, url: str | None) -> Mapping[str, object]:
        return self.fakes[url or ""].snapshot()


class TestShown(Sources):
    def add(self, url: str | None, i: int) -> None:
        fake = self.fakes[url or ""]
        with fake.lock:
            identity = f"p{len(fake.people) + 1:04}"
            fake.people[identity] = {"id": identity, **EMPTY, **to_json(sample(i))}


class Told(Shown):
    """A source that says of each field that it is never written."""

    FIELDS = tuple(evolve(spec, write="never", required=False) for spec in Staff.FIELDS)


class TestTold(TestShown):
    factory = Told


def test_a_source_without_add_is_red_and_not_skipped() -> None:
    """Otherwise nobody would be in the system, and every check of reading would be left out."""
    with Fake() as fake, Tenant.opened(Sources(), fake.url) as tenant:
        for check in (Sources.test_everybody_is_listed_once, Sources.test_nobody_is_nobody):
            with pytest.raises((pytest.fail.Exception, pytest.skip.Exception)) as told:
                check(Sources(), tenant)
            assert told.type is pytest.fail.Exception
            assert "give `add`" in str(told.value)
