"""What is unusual does not go out before a person has allowed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Office

Direction = tuple[str, str]


def hire(office: Office, system: str, count: int) -> None:
    """Let so many invented people join."""
    for n in range(count):
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


def test_many_new_employees_wait_for_a_person(office: Office, direction: Direction) -> None:
    """Exit code 6, what is unusual, and how to allow it; --yes is no permission."""
    source, target = direction
    hire(office, source, 60)
    run = office.fetched(*direction)
    for words in ((), ("--yes",)):
        result = office.renkei("sync", run, *office.everybody(target), *words)
        assert result.code == 6
        assert "(usually at most 50)" in result.err
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
