"""What is told before a run of how long it takes, and what becomes of it."""

from __future__ import annotations

import time
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
from tests.engine.world import World
from tests.waiting import Waiting

from renkei.clock import Clock
from renkei.errors import AccessError
from renkei.model import Difference, Estimate
from renkei.observer import Observer
from renkei.people import Values
from renkei.plan import estimate
from renkei.store.store import Store

SLOW_S = 0.02


class Told(Observer):
    """Keeps what is told before the work begins."""

    def __init__(self) -> None:
        self.ahead: list[Estimate] = []

    def estimate(self, ahead: Estimate) -> None:
        self.ahead.append(ahead)


def changed(world: World, count: int, beds: int) -> tuple[Estimate, float]:
    """Sync a change of *count* people; return what was told before, and the seconds it took."""
    for each in range(count):
        number = f"{each:03}"
        for clinic in [p.id for p in world.clinic.find(number)] or [world.in_clinic(number)]:
            world.clinic.edit(clinic, beds=beds + each)
        if not world.rosta.find(number):
            world.in_rosta(number)
    run = world.fetch()
    world.choose(run)
    told = Told()
    began = time.monotonic()
    with world.runs(told) as runs:
        runs.sync(run.id)
    return told.ahead[-1], time.monotonic() - began


def cost(world: World) -> float:
    """Return how long the last sync took, by the store."""
    with closing(Store(world.at)) as store:
        usage = store.sync_usage("clinic", "rosta")
    assert usage is not None
    return float(usage["sync_seconds"])


@pytest.fixture
def slow(world: World) -> World:
    """The rosta takes its time for each write."""

    def wait(hook: str, _values: Values) -> None:
        if hook.startswith(("create", "update")):
            time.sleep(SLOW_S)

    world.rosta.trouble = wait
    return world


@pytest.mark.sqlite
def test_the_second_sync_is_told_as_long_as_the_first_one_took(slow: World) -> None:
    """Before the first one there is a range; after it, the time that each person took."""
    first, took_s = changed(slow, 20, 100)
    assert first.seconds is not None
    assert first.least_s is not None
    assert first.least_s < first.seconds
    measured_s = cost(slow)
    assert 20 * SLOW_S <= measured_s <= took_s
    second, _took_s = changed(slow, 20, 200)
    assert second.seconds == second.least_s == pytest.approx(measured_s)
    measured_s = cost(slow)
    half, _took_s = changed(slow, 10, 300)
    assert half.seconds == pytest.approx(measured_s / 2)


def test_a_sync_that_paused_tells_nothing_of_the_next_one(slow: World) -> None:
    """What was cut short says little of how long the whole takes."""
    usual = slow.rosta.trouble

    def refused(hook: str, values: Values) -> None:
        if slow.rosta.writes:
            raise AccessError("no")
        usual(hook, values)

    slow.rosta.trouble = refused
    changed(slow, 5, 100)
    slow.rosta.trouble = usual
    ahead, _took_s = changed(slow, 5, 200)
    assert ahead.least_s is not None
    assert ahead.seconds is not None
    assert ahead.least_s < ahead.seconds


@pytest.mark.postgres
def test_weeks_of_fetches_that_fail_let_the_last_sync_be_known(slow: World) -> None:
    """A system that is out of reach every night tells nothing of how long a sync takes."""
    changed(slow, 1, 100)
    measured_s = cost(slow)
    usual = slow.rosta.trouble

    def refused(hook: str, values: Values) -> None:
        if hook.startswith("list"):
            raise AccessError("no")
        usual(hook, values)

    slow.rosta.trouble = refused
    for _night in range(25):
        with pytest.raises(AccessError):
            slow.fetch()
    slow.rosta.trouble = usual
    assert cost(slow) == measured_s


def test_a_fetch_is_told_as_long_as_the_last_one(world: World) -> None:
    """Before the first one nothing is known."""
    told = Told()
    for _time in range(2):
        with world.runs(told) as runs:
            runs.fetch("clinic", "rosta", None)
    first, second = told.ahead
    assert (first.seconds, first.least_s) == (None, None)
    assert second.seconds is not None
    assert second.seconds == second.least_s


def test_a_fetch_is_told_with_what_it_compared_and_stored(
    world: World, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large list takes as long after the last page as before it: both are told the next time."""
    add = Store.add_items

    def slowly(*arguments: Any, **named: Any) -> Any:
        Clock().sleep(100)
        return add(*arguments, **named)

    monkeypatch.setattr(Store, "add_items", slowly)
    told = Told()
    taken_s = []
    for _time in range(2):
        began = waiting.monotonic()
        with world.runs(told) as runs:
            runs.fetch("clinic", "rosta", None)
        taken_s.append(waiting.monotonic() - began)
    assert told.ahead[1].seconds == pytest.approx(taken_s[0], rel=0.1)


@pytest.mark.parametrize(("at_once", "looks"), [(50, 13), (500, 2)])
def test_so_many_looks_are_told_as_the_target_is_asked_for(at_once: int, looks: int) -> None:
    """One list call serves as many writes as the target reads again at a time."""
    connection = SimpleNamespace(width=lambda _kind: 8, limits_in_force=(), hours_in_force=())
    target: Any = SimpleNamespace(
        name="rosta", in_batches=False, at_once=at_once, connection=connection
    )
    told = estimate.of_sync(target, {Difference.CHANGED: 601}, None, None, Clock().now())
    assert told.calls == {"rosta": 601 + looks}
