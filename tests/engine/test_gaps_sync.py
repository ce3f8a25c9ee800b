"""What planted bugs got away with: a sync and the day it compares as of, a create half done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

from renkei.connector import hookimpl
from renkei.errors import RecordError
from renkei.model import Difference, Outcome, Status
from renkei.people import Employee, Ref, Values
from renkei.testing import MemoryConnector, MemorySystem, installed

if TYPE_CHECKING:
    from tests.engine.world import World


class Dated(MemoryConnector):
    """Remembers as of which days it was read."""

    def __init__(self, system: MemorySystem, days: list[dt.date]) -> None:
        super().__init__(system)
        self._days = days

    @hookimpl
    def list_employees(self, at: dt.date, fields: Sequence[str]) -> Iterator[Employee]:
        """Remember the day."""
        self._days.append(at)
        return super().list_employees(at, fields)

    @hookimpl
    def read_employees(
        self, refs: Sequence[Ref], at: dt.date, fields: Sequence[str]
    ) -> Iterator[Employee]:
        """Remember the day."""
        self._days.append(at)
        return super().read_employees(refs, at, fields)


@pytest.mark.parametrize("base", [dt.date(2026, 11, 20), dt.date(2026, 11, 2)])
def test_the_base_date_of_the_plan_holds_to_its_end(
    world: World, monkeypatch: pytest.MonkeyPatch, base: dt.date
) -> None:
    """Midnight between fetch and sync changes nothing: both systems are read as of one day."""
    days: list[dt.date] = []
    world.in_clinic("001")
    world.in_clinic("002", mail="new@example.jp")
    world.in_rosta("002")
    with installed(
        clinic=lambda _connection: Dated(world.clinic, days),
        rosta=lambda _connection: Dated(world.rosta, days),
    ):
        run = world.fetch(base=base)
        monkeypatch.setenv("RENKEI_NOW", "2026-11-21T00:30:00+09:00")
        assert world.sync(run).status is Status.DONE
    assert len(days) > 2
    assert set(days) == {base}


def test_who_was_accepted_without_a_number_is_not_created_again(world: World) -> None:
    """No look-up finds such a person by number; trying again would create a second one."""

    def drop_the_number(hook: str, _values: Values) -> None:
        if hook == "create_employee":
            world.rosta.edit(next(reversed(world.rosta.people)), id_no=None)
            raise RecordError("kept without a number", code="no_number", accepted=True)

    for number in ("001", "002"):
        world.in_clinic(number)
    run = world.fetch()
    world.choose(run)
    world.rosta.aftermath = drop_the_number
    assert world.resume(run).status is Status.PAUSED
    with world.runs() as runs:
        runs.sync(run.id, retry_failed=True)
    assert [values["id_no"] for _kind, _person, values in world.rosta.writes] == ["001"]
    assert world.outcome(run, "001") == (Outcome.FAILED, "no_number")


def test_a_number_left_out_by_one_system_says_nothing_of_the_other(world: World) -> None:
    """The same number is new in the other direction, and can be created there."""

    def drop_the_number(hook: str, _values: Values) -> None:
        if hook == "create_employee":
            world.rosta.edit(next(reversed(world.rosta.people)), id_no=None)
            raise RecordError("kept without a number", code="no_number", accepted=True)

    person = world.in_clinic("001")
    run = world.fetch()
    world.choose(run)
    world.rosta.aftermath = drop_the_number
    world.resume(run)
    world.rosta.aftermath = lambda _hook, _values: None
    again = world.fetch()
    assert again.counts[Difference.BLOCKED] == 1
    del world.clinic.people[person]
    world.in_rosta("001")
    back = world.fetch("rosta", "clinic")
    assert world.item(back, "001").difference is Difference.NEW
    assert world.sync(back).status is Status.DONE
