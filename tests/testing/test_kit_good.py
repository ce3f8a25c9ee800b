"""The kit on a good connector: everything is green."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import pytest
from tests.testing.staff import Fake, Staff, other, sample

from renkei.connector import (
    Choice,
    Employee,
    Label,
    NewField,
    RecordError,
    Value,
    Values,
    hookimpl,
)
from renkei.testing import MemoryConnector, MemorySystem
from renkei.testing.kit import ConnectorTests

SITE = NewField("site", Label("拠点", "site"), (Choice("S1", "North"),))


class TestStaff(ConnectorTests):
    factory = Staff
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


class Careful(MemoryConnector):
    """Refuses whom a real system would refuse."""

    @hookimpl
    def create_employee(self, values: Values) -> str:
        lacking = [spec.name for spec in Staff.FIELDS if spec.required and spec.name not in values]
        if lacking:
            raise RecordError("Something is missing.", fields=tuple(lacking))
        return super().create_employee(values)

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> None:
        if current.id not in self._system.people:
            raise RecordError("Nobody is there.", code="not_found")
        super().update_employee(current, changes)


class TestMemory(ConnectorTests):
    """A connector without HTTP gets the checks that apply."""

    past_a_page = 12

    @pytest.fixture
    def url(self) -> None:
        self.system = MemorySystem(Staff.FIELDS, choices=(SITE,))
        self.factory = lambda _connection: Careful(self.system)

    def sample(self, i: int) -> Values:
        return sample(i)

    def other(self, name: str, i: int) -> Value:
        return other(name, i)

    def raw(self, url: str | None) -> Mapping[str, object]:
        return {person.id: dict(person.values) for person in self.system.people.values()}
