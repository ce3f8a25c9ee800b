"""What is unusual does not go out before a person has allowed it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.office import Office
    from tests.result import Result

Direction = tuple[str, str]


def hire(office: Office, system: str, count: int, start: int = 0) -> list[str]:
    """Let *count* invented people join; return their numbers."""
    for n in range(start, start + count):
        if system == "smarthr":
            office.box.smarthr.add(
                emp_code=f"9{n:03}", last_name="新田", first_name=f"第{n}", gender="male",
                last_name_yomi="ニッタ", first_name_yomi="ダイ", entered_at="2026-10-01",
            )  # fmt: skip
        else:
            office.box.touchontime.add(
                code=f"9{n:03}", lastName="新田", firstName=f"第{n}", gender="male",
                lastNamePhonetics="ニッタ", firstNamePhonetics="ダイ", hiredDate="2026-10-01",
            )  # fmt: skip
    return [f"9{n:03}" for n in range(start, start + count)]


def sync(office: Office, direction: Direction, *numbers: str, words: Sequence[str] = ()) -> Result:
    """Fetch anew, and sync these people."""
    run = office.fetched(*direction)
    chosen = [word for number in numbers for word in ("--number", number)]
    return office.ask("sync", run, *chosen, *words)


def room(office: Office, direction: Direction, percent: int = 30) -> int:
    """Return how many pass in a day, by the share of those on the source."""
    return len(office.plan(office.fetched(*direction))) * percent // 100


def in_both(office: Office, count: int, **touchontime: str) -> list[str]:
    """Put people into both systems, in Touch On Time with other values; return their numbers."""
    numbers = hire(office, "smarthr", count, 500)
    hire(office, "touchontime", count, 500)
    for number in numbers:
        [found] = office.box.touchontime.find(number)
        office.box.touchontime.edit(found["key"], **touchontime)
    return numbers


@pytest.mark.fault("F17")
def test_many_new_employees_wait_for_a_person(office: Office, direction: Direction) -> None:
    """Exit code 6, what is unusual, and how to allow it; --yes is no permission."""
    source, target = direction
    hire(office, source, 60)
    run = office.fetched(*direction)
    for words in ((), ("--yes",)):
        result = office.renkei("sync", run, *office.everybody(target), *words)
        assert result.code == 6
        assert re.search(r"\(usually at most 3\d a day\)", result.err)
        assert f"renkei sync {run} --allow-unusual" in result.err
    assert not office.sent(target)
    assert office.ask("report", run).json["status"] == "ready"
    done = office.ask("sync", run, "--allow-unusual")
    assert done.code in (0, 1)
    assert set(office.creates(target).values()) == {1}
    assert len(office.creates(target)) >= 60
    shown = office.renkei("report", run).out
    assert "Unusual changes allowed by" in shown


def test_a_schedule_keeps_the_limits(office: Office) -> None:
    """`run --yes` ends with 6 each time, sends nothing, and a person can allow that very plan."""
    hire(office, "smarthr", 60)
    words = ("run", "smarthr", "touchontime", "--yes", *office.everybody("touchontime")[2:])
    nights = [office.ask(*words) for _night in range(2)]
    for result in nights:
        assert (result.code, result.error["code"]) == (6, "unusual")
        assert "--allow-unusual" in result.error["hint"]
    assert not office.sent()
    assert office.ask("sync", nights[-1].run, "--allow-unusual").code == 0
    assert office.ask(*words).code == 0


@pytest.mark.fault("F17")
def test_a_source_that_shrinks_stops_the_schedule(office: Office) -> None:
    """Half of the people are gone from the source: told by the fetch, and nothing is written."""
    office.synced("smarthr", "touchontime")
    for person_id in list(office.box.smarthr.people)[:30]:
        office.box.smarthr.remove(person_id)
    hire(office, "smarthr", 1)
    sent = len(office.sent())
    found = office.renkei("fetch", "smarthr", "touchontime")
    assert "(the last time: " in found.out
    words = ("run", "smarthr", "touchontime", "--yes", *office.everybody("touchontime")[2:])
    for _night in range(2):
        assert office.ask(*words).code == 6
    assert len(office.sent()) == sent


@pytest.mark.parametrize("count", [50, 51])
def test_the_limit_can_be_set(office: Office, count: int) -> None:
    """Another company, another limit: kept with the connection that is written to."""
    limit = "safety: {creates: {people: 62, percent: 0}}"
    office.configure(touchontime=limit)
    already = len(office.numbers(office.fetched("smarthr", "touchontime"), "new"))
    hire(office, "smarthr", 62 - already + (count - 50))
    run = office.fetched("smarthr", "touchontime")
    result = office.ask("sync", run, *office.everybody("touchontime"))
    assert result.code == (0 if count == 50 else 6)


# --- over a day, and announced --------------------------------------------------------------------


@pytest.mark.fault("F17")
@pytest.mark.long
def test_the_syncs_of_a_day_are_added_up(office: Office, direction: Direction) -> None:
    """The one too many is in the second sync: nothing of it is received before midnight."""
    source, target = direction
    numbers = hire(office, source, 40)
    limit = room(office, direction)
    first, rest = numbers[: limit - 1], numbers[limit - 1 :]
    new = office.everybody(target)[2:]
    assert sync(office, direction, *first, words=new).code == 0
    office.box.clock.set("2026-11-20T23:50:00+09:00")
    result = sync(office, direction, *rest[:2], words=new)
    assert result.code == 6
    assert f"New employees: {limit + 1} (usually at most {limit} a day)" in result.error["message"]
    assert f"{limit - 1} of them in earlier syncs of today" in result.error["message"]
    assert set(office.creates(target)) == set(first)
    assert sync(office, direction, rest[0], words=new).code == 0
    assert sync(office, direction, rest[1], words=new).code == 6
    office.box.clock.set("2026-11-21T00:00:00+09:00")
    assert sync(office, direction, *rest[1:3], words=new).code == 0
    assert office.creates(target) == dict.fromkeys([*first, *rest[:3]], 1)


def test_a_sync_that_was_killed_counts_once(office: Office) -> None:
    """Paused by a revoked token, resumed, and its people are still as many as they are."""
    direction = ("smarthr", "touchontime")
    office.configure(touchontime="safety: {updates: {people: 3, percent: 0}}")
    numbers = in_both(office, 4, firstName="他")
    run = office.fetched(*direction)
    words = [word for number in numbers[:3] for word in ("--number", number)]
    office.box.touchontime.faults.add("status", status=429, kind="update", nth=2, times=None)
    assert office.ask("sync", run, *words).code == 4
    office.box.touchontime.faults.clear()
    assert office.ask("resume", run).code == 0
    sent = len(office.sent())
    result = sync(office, direction, numbers[3])
    assert result.code == 6
    assert "3 of them in earlier syncs of today" in result.error["message"]
    assert len(office.sent()) == sent


def test_few_come_back_at_once(office: Office) -> None:
    """Leaving that was taken back for many at once is stopped, and is no emptied value."""
    direction = ("smarthr", "touchontime")
    numbers = in_both(office, 10, resignationDate="2026-12-31")
    limit = max(2, room(office, direction, percent=5))
    result = sync(office, direction, *numbers[: limit + 1])
    assert result.code == 6
    assert f"whose leaving is taken away: {limit + 1} (usually" in result.error["message"]
    assert "lose a value" not in result.error["message"]
    assert not office.sent()
    assert sync(office, direction, *numbers[:limit]).code == 0
    for number in numbers[:limit]:
        assert not office.box.touchontime.find(number)[0].get("resignationDate")


@pytest.mark.fault("F17")
def test_a_target_that_shrinks_stops_the_schedule(office: Office) -> None:
    """Somebody has cleared the other system: told, and nobody is created anew."""
    direction = ("smarthr", "touchontime")
    office.synced(*direction)
    for person in list(office.box.touchontime.people)[:12]:
        office.box.touchontime.remove(person)
    sent = len(office.sent())
    found = office.renkei("fetch", *direction)
    assert "Employees found in touchontime: " in found.out
    words = ("run", *direction, "--yes", *office.everybody("touchontime")[2:])
    for _night in range(2):
        result = office.ask(*words)
        assert result.code == 6
        assert "Employees found in touchontime" in result.error["message"]
        assert "unusual_shrink_target" in {each["code"] for each in result.json["notices"]}
    assert len(office.sent()) == sent


def test_the_first_registration_is_told_as_such(office: Office, direction: Direction) -> None:
    """The target is empty: what is asked is whether it is the right one."""
    source, target = direction
    office.system(target).people.clear()
    run = office.fetched(source, target)
    result = office.ask("sync", run, *office.everybody(target))
    assert result.code == 6
    assert "looks like the first registration" in result.error["message"]
    assert not office.sent(target)
    assert office.ask("sync", run, "--allow-unusual").code in (0, 1)
    assert office.sent(target)


def test_an_announced_intake_passes_on_a_schedule(office: Office) -> None:
    """`run --yes` creates them, every form of the report says why, and one more day is stopped."""
    office.configure(
        touchontime="safety: {creates: {people: 5, percent: 0}}\n"
        "expected: {creates: 12, from: 2027-04-01, to: 2027-04-10, why: 新卒入社}"
    )
    office.box.clock.set("2027-03-31T12:00:00+09:00")
    numbers = hire(office, "smarthr", 10)
    words = ("run", "smarthr", "touchontime", "--yes", *office.everybody("touchontime")[2:])
    already = office.numbers(office.fetched("smarthr", "touchontime"), "new")
    others = [word for number in set(already) - set(numbers) for word in ("--except", number)]
    assert office.ask(*words, *others).code == 6
    assert not office.creates("touchontime")
    office.box.clock.set("2027-04-01T12:00:00+09:00")
    done = office.ask(*words, *others)
    assert done.code == 0
    assert office.creates("touchontime") == dict.fromkeys(numbers, 1)
    [notice] = [each for each in done.json["notices"] if each["code"] == "expected_intake"]
    assert notice["about"] == ["creates", "12", "2027-04-01", "2027-04-10", "新卒入社"]
    said = "new employees, at most 12 from 2027-04-01 to 2027-04-10 (新卒入社)"
    assert said in office.renkei("report", done.run).out
    assert notice in office.ask("report", done.run).json["notices"]
    assert "新卒入社" in office.renkei("report", done.run, "--csv").out
    office.renkei("report", done.run, "--html", "report.html")
    assert "新卒入社" in (office.folder / "report.html").read_text(encoding="utf-8")
    office.box.clock.set("2027-04-02T12:00:00+09:00")
    hire(office, "smarthr", 6, 10)
    result = office.ask(*words, *others)
    assert result.code == 6
    assert "With this sync it would be 16" in result.error["message"]
    assert len(office.creates("touchontime")) == 10


def test_a_wrong_announcement_is_told_with_its_place(office: Office) -> None:
    """Before anything is read."""
    office.configure(
        touchontime="expected: {creates: 12, from: 2027-04-10, to: 2027-04-01, why: 新卒入社}"
    )
    result = office.renkei("check")
    assert result.code == 3
    assert re.search(r"renkei\.yaml:\d+:\d+: The last day is before the first one", result.err)
