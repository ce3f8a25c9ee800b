"""The edge of every limit: what is exactly at it passes, one more or one later does not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from renkei.clock import base_dates, years_from
from renkei.errors import UnavailableError, UsageError
from renkei.model import Change, Difference, Item, Outcome, Remark, Status
from renkei.people import FieldSpec, Label, Value, Values
from renkei.safety import Headcount, Limit, Safety, judge, shrinking

if TYPE_CHECKING:
    from tests.engine.world import World

TODAY = dt.date(2026, 11, 20)
NEVER = Limit(people=0, percent=0)
ANY = Limit(people=100_000, percent=100)
ALL_ANY = Safety(creates=ANY, updates=ANY, leaving=ANY, returning=ANY, emptied=ANY, shrink=ANY)
ALL_NEVER = Safety(
    creates=NEVER, updates=NEVER, leaving=NEVER, returning=NEVER, emptied=NEVER, shrink=NEVER
)
SPECS = (
    FieldSpec(name="name", label=Label("name", "name")),
    FieldSpec(name="mail", label=Label("mail", "mail"), role="email"),
    FieldSpec(name="end", label=Label("end", "end"), role="left", type="date"),
    FieldSpec(name="gone", label=Label("gone", "gone"), role="retired", type="boolean"),
)


def item(difference: Difference, *changes: tuple[str, Value, Value]) -> Item:
    """Return one employee of a plan."""
    return Item(
        number="1",
        name="x",
        difference=difference,
        source_id="s",
        changes=tuple(Change(*each) for each in changes),
    )


NEW = item(Difference.NEW, ("name", None, "x"))
LEAVING_NEW = item(Difference.NEW, ("name", None, "x"), ("end", None, TODAY))
UPDATE = item(Difference.CHANGED, ("name", "a", "b"))
LEAVES = item(Difference.CHANGED, ("end", None, TODAY))
RETIRES = item(Difference.CHANGED, ("gone", False, True), ("end", None, TODAY))
RETURNS = item(Difference.CHANGED, ("gone", True, False))
STAYS = item(Difference.CHANGED, ("end", TODAY, None))
BACK_AND_EMPTIED = item(Difference.CHANGED, ("end", TODAY, None), ("mail", "a", None))
LEAVES_LATER = item(Difference.CHANGED, ("end", TODAY, TODAY + dt.timedelta(days=9)))
NEVER_GONE = item(Difference.CHANGED, ("gone", None, False), ("end", None, None))
EMPTIED = item(Difference.CHANGED, ("mail", "a", None), ("name", "a", None))
FILLED = item(Difference.CHANGED, ("mail", None, "a"))
STILL_EMPTY = item(Difference.CHANGED, ("mail", None, None))
KINDS = {
    "creates": (NEW, LEAVING_NEW),
    "updates": (UPDATE, LEAVES, RETIRES, STAYS, RETURNS, EMPTIED, FILLED),
    "leaving": (LEAVES, RETIRES, LEAVES_LATER),
    "returning": (STAYS, RETURNS, BACK_AND_EMPTIED),
    "emptied": (EMPTIED, BACK_AND_EMPTIED),
}
OTHERS = {
    "creates": (UPDATE, LEAVES),
    "updates": (NEW, LEAVING_NEW),
    "leaving": (NEW, LEAVING_NEW, UPDATE, STAYS, RETURNS),
    "returning": (NEW, LEAVING_NEW, LEAVES, RETIRES, EMPTIED, LEAVES_LATER, NEVER_GONE),
    "emptied": (NEW, UPDATE, FILLED, LEAVES, STILL_EMPTY, STAYS, RETURNS),
}


def apart(people: list[Item], start: int = 0) -> list[Item]:
    """Return *people* as that many different employees."""
    return [evolve(each, source_id=f"s{n}") for n, each in enumerate(people, start)]


def over(kind: str, limit: Limit, people: list[Item], listed: int) -> list[Remark]:
    """Return what is unusual where only this one limit is set."""
    safety = evolve(ALL_ANY, **{kind: limit})
    return list(judge(safety, apart(people), SPECS, Headcount(listed=listed)).unusual)


@pytest.mark.parametrize(
    ("limit", "listed", "passing"),
    [
        (Limit(people=3, percent=0), 1000, 3),
        (Limit(people=0, percent=10), 100, 10),
        (Limit(people=0, percent=10), 109, 10),  # 10.9: not an eleventh
        (Limit(people=0, percent=10), 110, 11),
        (Limit(people=3, percent=10), 39, 3),
        (Limit(people=3, percent=10), 40, 4),
        (Limit(people=0, percent=100), 4, 4),
        (Limit(people=0, percent=33), 3, 0),
        (NEVER, 1000, 0),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_passes_what_is_exactly_at_it(
    kind: str, limit: Limit, listed: int, passing: int
) -> None:
    """One employee more is named with the limit; somebody who does not count changes nothing."""
    some = (KINDS[kind] * (passing + 1))[: passing + 1]
    others = list(OTHERS[kind])
    assert over(kind, limit, [*some[:passing], *others], listed) == []
    [remark] = over(kind, limit, [*some, *others], listed)
    assert remark.code == f"unusual_{kind}"
    assert remark.about[:3] == (str(passing + 1), str(passing), "")


def test_people_are_counted_and_not_their_fields() -> None:
    """Somebody who loses two values, or leaves and retires at once, is one employee."""
    assert over("emptied", Limit(people=1, percent=0), [EMPTIED], 10) == []
    assert over("leaving", Limit(people=1, percent=0), [RETIRES], 10) == []


def test_the_fields_that_empty_are_named_the_most_frequent_first() -> None:
    """So that a person sees at once which field it is."""
    once = item(Difference.CHANGED, ("name", "a", None))
    [remark] = over("emptied", NEVER, [EMPTIED, once], 10)
    assert remark == Remark("unusual_emptied", ("2", "0", "", "name", "mail"))


def test_whoever_comes_back_is_not_emptied_but_for_another_value() -> None:
    """A date of leaving that is taken away is no loss; an address that goes with it is one."""
    assert over("emptied", NEVER, [STAYS, RETURNS], 10) == []
    [remark] = over("emptied", NEVER, [BACK_AND_EMPTIED], 10)
    assert remark == Remark("unusual_emptied", ("1", "0", "", "mail"))


def test_who_is_the_same_or_blocked_counts_for_nothing() -> None:
    """Nothing is written for them."""
    people = [item(Difference.SAME), item(Difference.BLOCKED, ("name", "a", None))]
    verdict = judge(ALL_NEVER, people, SPECS, Headcount(listed=2, usual=2))
    assert verdict.unusual == ()


@pytest.mark.parametrize(
    ("limit", "usual", "lowest"),
    [
        (Limit(people=5, percent=10), 40, 35),
        (Limit(people=5, percent=10), 50, 45),
        (Limit(people=5, percent=10), 59, 54),
        (Limit(people=5, percent=10), 60, 54),
        (Limit(people=0, percent=10), 100, 90),  # of those who were there, not of who is left
        (NEVER, 7, 7),
    ],
)
def test_a_source_may_shrink_to_its_limit(limit: Limit, usual: int, lowest: int) -> None:
    """One fewer is told; more people than before, or a first fetch, are never too few."""
    safety = evolve(ALL_ANY, shrink=limit)
    assert shrunk(safety, listed=lowest, usual=usual) == []
    too_few = Remark("unusual_shrink", (str(lowest - 1), str(usual)))
    assert shrunk(safety, listed=lowest - 1, usual=usual) == [too_few]
    assert shrunk(safety, listed=usual + 50, usual=usual) == []
    assert shrunk(safety, listed=0, usual=None) == []
    there = {"listed": 0, "there": lowest, "usual_there": usual}
    assert shrunk(safety, **there) == []
    too_few = Remark("unusual_shrink_target", (str(lowest - 1), str(usual)))
    assert shrunk(safety, **{**there, "there": lowest - 1}) == [too_few]
    assert shrunk(safety, listed=0, there=0) == []
    assert shrunk(safety, listed=0, usual_there=9) == []


def shrunk(safety: Safety, **people: int | None) -> list[Remark]:
    """Return which sides have too few people."""
    return list(shrinking(safety, Headcount(**people)))  # type: ignore[arg-type]


# --- days ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        ("2026-11-20", "2023-11-20", "2027-11-20"),
        ("2028-02-29", "2025-02-28", "2029-02-28"),
        ("2027-02-28", "2024-02-28", "2028-02-28"),
        ("2026-12-31", "2023-12-31", "2027-12-31"),
    ],
)
def test_base_dates_reach_three_years_back_and_one_ahead(today: str, first: str, last: str) -> None:
    """The same day of the year; a 29 February that is not there is the 28th."""
    found = base_dates(dt.date.fromisoformat(today))
    assert [day.isoformat() for day in found] == [first, last]
    assert years_from(dt.date(2024, 2, 29), 4) == dt.date(2028, 2, 29)


@pytest.mark.parametrize(
    ("base", "passes"),
    [
        ("2023-11-20", True),
        ("2023-11-19", False),
        ("2027-11-20", True),
        ("2027-11-21", False),
    ],
)
def test_a_fetch_takes_the_first_and_the_last_base_date(
    world: World, base: str, passes: bool
) -> None:
    """A day further is refused before anything is read."""
    if passes:
        assert world.fetch(base=dt.date.fromisoformat(base)).base_date.isoformat() == base
        return
    with pytest.raises(UsageError) as caught:
        world.fetch(base=dt.date.fromisoformat(base))
    assert caught.value.code == "base_date"
    assert world.clinic.reads == []


@pytest.mark.parametrize(("days", "compared"), [(-32, False), (-31, True), (31, True), (32, False)])
def test_a_month_apart_lists_are_compared(world: World, days: int, compared: bool) -> None:
    """Beyond it other people are listed, and fewer of them are nothing unusual."""
    file = world.folder / "renkei.yaml"
    file.write_text(
        file.read_text().replace("people: 100000, percent: 100", "people: 0, percent: 0")
    )
    for number in ("001", "002"):
        world.in_clinic(number)
    world.fetch()
    del world.clinic.people[next(iter(world.clinic.people))]
    run = world.fetch(base=TODAY + dt.timedelta(days=days))
    assert ("unusual_shrink" in {notice.code for notice in run.notices}) is compared


# --- ages ---------------------------------------------------------------------------------------


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Callable[[dt.timedelta], None]:
    """Let the calendar stand still so long after the fetch."""
    noon = dt.datetime(2026, 11, 20, 3, tzinfo=dt.UTC)
    now = [noon]
    monkeypatch.setattr("renkei.clock.Clock.now", lambda _clock: now[0])

    def later(age: dt.timedelta) -> None:
        now[0] = noon + age

    return later


SECOND = dt.timedelta(seconds=1)
DAY = dt.timedelta(hours=24)


@pytest.mark.parametrize(("age", "passes"), [(DAY, True), (DAY + SECOND, False)])
def test_a_plan_lasts_exactly_a_day(
    world: World, calendar: Callable[[dt.timedelta], None], age: dt.timedelta, passes: bool
) -> None:
    """To the second, in the calendar."""
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)
    calendar(age)
    if passes:
        assert world.resume(run).status is Status.DONE
        return
    with pytest.raises(UsageError):
        world.resume(run)
    assert world.rosta.writes == []


@pytest.mark.parametrize(("hours", "read"), [(dt.timedelta(hours=1), False),
                                             (dt.timedelta(hours=1) + SECOND, True)])  # fmt: skip
def test_the_source_is_read_again_after_exactly_an_hour(
    world: World, calendar: Callable[[dt.timedelta], None], hours: dt.timedelta, read: bool
) -> None:
    """To the second; at the hour the plan still does."""
    for number in ("001", "002"):
        world.in_clinic(number)
    run = world.fetch()
    world.choose(run)

    def blind(hook: str, _values: Values) -> None:
        if hook == "read_employees" and world.rosta.writes:
            raise UnavailableError("pause", code="rate_limit", nothing_done=True)

    world.rosta.trouble = blind
    assert world.resume(run).status is Status.PAUSED
    world.rosta.trouble = lambda _hook, _values: None
    calendar(hours)
    world.clinic.reads.clear()
    assert world.resume(run).status is Status.DONE
    assert bool(world.clinic.reads) is read


def test_the_age_is_not_asked_inside_a_sync_that_waits(
    world: World, calendar: Callable[[dt.timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--wait` was told to wait: a system that comes back a day later gets the rest."""
    for number in ("001", "002", "003"):
        world.in_clinic(number)
    run = world.fetch()
    world.choose(run)
    waits: list[str] = []

    def blind(hook: str, _values: Values) -> None:
        if hook == "read_employees" and world.rosta.writes and "retry" not in waits:
            raise UnavailableError("out of reach", nothing_done=True)

    def sleep(_seconds: float, reason: str, _where: str | None) -> None:
        waits.append(reason)
        if reason == "retry":
            calendar(dt.timedelta(hours=30))

    world.rosta.trouble = blind
    with world.runs() as runs:
        monkeypatch.setattr(runs._ground, "sleep", sleep)
        assert runs.sync(run.id, wait=True).status is Status.DONE
    assert "retry" in waits
    assert {i.outcome for i in world.items(run)} == {Outcome.CREATED}
