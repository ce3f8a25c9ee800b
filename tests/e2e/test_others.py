from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from renkei_sandbox import faults

if TYPE_CHECKING:
    from tests.e2e.office import Office

Direction = tuple[str, str]

FAMILY = {"touchontime": "lastName", "smarthr": "last_name"}


def stranger(target: str, number: str) -> dict[str, Any]:
    """Return somebody else with this number, as an administrator of *target* would enter them."""
    return {
        "touchontime": {"code": number, "lastName": "先", "firstName": "客", "gender": "male"},
        "smarthr": {"emp_code": number, "last_name": "先", "first_name": "客", "gender": "male"},
    }[target]


@pytest.mark.fault("F30")
def test_what_was_edited_since_the_fetch_is_not_overwritten(
    office: Office, direction: Direction
) -> None:
    """An edit in the target stays; the employee fails with the field, the others go on."""
    _, target = direction
    run = office.fetched(*direction)
    number, *others = office.numbers(run, "changed")
    system = office.system(target)
    [record] = system.find(number)
    system.edit(record[system.id_field], **{FAMILY[target]: "編集"})
    result = office.ask("sync", run, "--difference", "changed", "--look-first")
    assert result.code == 1
    assert office.outcomes(run)[number] == ("failed", "changed_since_fetch")
    assert result.json["outcomes"]["updated"] == len(others)
    assert system.find(number)[0][FAMILY[target]] == "編集"
    assert FAMILY[target] in office.renkei("report", run).out


def test_what_is_equal_by_now_needs_no_write(office: Office, direction: Direction) -> None:
    """Somebody entered the same by hand: unchanged, without a request to write."""
    _, target = direction
    run = office.fetched(*direction)
    [*_, number] = office.numbers(run, "changed")
    changes = {c["field"]: c["after"] for c in office.plan(run)[number]["changes"]}
    system = office.system(target)
    [record] = system.find(number)
    if "emailAddresses" in changes:
        changes["emailAddresses"] = [changes["emailAddresses"]]
    system.edit(record[system.id_field], **changes)
    result = office.ask("sync", run, "--number", number)
    assert (result.code, result.json["outcomes"]["unchanged"]) == (0, 1)
    assert office.sent(target) == []


@pytest.mark.parametrize("same", [True, False], ids=["same", "other"])
def test_who_was_created_since_the_fetch_is_not_created(
    office: Office, direction: Direction, *, same: bool
) -> None:
    """The number is taken: failed, or unchanged if it is the same person; never a second one."""
    _, target = direction
    run = office.fetched(*direction)
    number = office.numbers(run, "new")[0]
    system = office.system(target)
    values = stranger(target, number)
    if same:
        sent = {c["field"]: c["after"] for c in office.plan(run)[number]["changes"]}
        if "emailAddresses" in sent:
            sent["emailAddresses"] = [sent["emailAddresses"]]
        values = sent
    system.add(**values)
    office.ask("sync", run, *office.everybody(target))
    expected = ("unchanged", None) if same else ("failed", "exists_by_now")
    assert office.outcomes(run)[number] == expected
    assert len(system.find(number)) == 1
    assert number not in office.creates(target)


def test_who_is_gone_by_now_fails_alone(office: Office, direction: Direction) -> None:
    """Somebody removed an employee of the target: failed, not created, the others go on."""
    _, target = direction
    run = office.fetched(*direction)
    number, *others = office.numbers(run, "changed")
    system = office.system(target)
    system.remove(system.find(number)[0][system.id_field])
    result = office.ask("sync", run, "--difference", "changed", "--look-first")
    assert (result.code, result.json["outcomes"]["updated"]) == (1, len(others))
    assert office.outcomes(run)[number] == ("failed", "gone")


def test_one_refusal_does_not_stop_the_others(office: Office, direction: Direction) -> None:
    """A 400 for one create and one update: two fail, the report has the system's own words."""
    office.allow(1)
    _, target = direction
    run = office.fetched(*direction)
    code = {"touchontime": 9001, "smarthr": 1}[target]
    tries = {"touchontime": 2, "smarthr": 1}[target]  # once more with the base values
    add = office.system(target).faults.add
    add("status", status=400, code=code, kind="create")
    add("status", status=400, code=code, kind="update", times=tries)
    result = office.ask("sync", run, *office.everybody(target))
    assert (result.code, result.json["outcomes"]["failed"]) == (1, 2)
    counts, outcomes = result.json["counts"], result.json["outcomes"]
    assert outcomes["created"] + outcomes["updated"] == counts["new"] + counts["changed"] - 2
    assert {r for o, r in office.outcomes(run).values() if o == "failed"} == {"refused"}
    assert "Correct the value" in office.renkei("report", run).out


@pytest.mark.fault("F26")
def test_a_vendor_refusal_names_the_field(office: Office) -> None:
    """A real refusal of the sandbox (a used address) ends up in the report with the field."""
    office.box.smarthr.switches.unique_email = True
    crew = next(iter(office.box.smarthr.people.values()))
    office.box.touchontime.add(
        code="M1", lastName="重複", firstName="郵", gender="male", emailAddresses=[crew["email"]],
        lastNamePhonetics="チョウフク", firstNamePhonetics="ユウ",
    )  # fmt: skip
    run = office.fetched("touchontime", "smarthr")
    result = office.ask("sync", run, "--number", "M1", *office.everybody("smarthr")[2:])
    assert (result.code, office.outcomes(run)["M1"]) == (1, ("failed", "refused"))
    assert "email" in office.renkei("report", run).out
    assert crew["email"] not in office.printed[-1]


def test_a_full_plan_stops_only_creates(office: Office) -> None:
    """403/7: updates go on, creates are deferred, paused with the reason; resume finishes."""
    smarthr = office.box.smarthr
    run = office.fetched("touchontime", "smarthr")
    new = office.numbers(run, "new")
    smarthr.switches.plan_limit = 0
    result = office.ask("sync", run, *office.everybody("smarthr"))
    assert (result.code, result.json["status"]) == (4, "paused")
    assert result.error["code"] == "plan_full"
    outcomes = result.json["outcomes"]
    assert (outcomes["deferred"], outcomes["failed"]) == (len(new), 0)
    assert outcomes["updated"] == result.json["counts"]["changed"]
    attempts = [entry for entry in office.sent("smarthr") if entry.kind == "create"]
    assert len(attempts) == 1, "one refusal is enough"
    smarthr.switches.plan_limit = None
    done = office.ask("resume", run)
    assert (done.code, done.json["outcomes"]["created"]) == (0, len(new))


@pytest.mark.fault("F33")
@pytest.mark.parametrize("nth", [1, 3, 6])
@pytest.mark.parametrize("in_flight", [1, 8])
def test_a_token_revoked_in_the_middle_stops_at_once(
    office: Office, direction: Direction, nth: int, in_flight: int
) -> None:
    """Paused, nobody failed, few requests after the refusal; with a new token resume finishes."""
    office.allow(in_flight)
    _, target = direction
    run = office.fetched(*direction)
    system = office.system(target)
    system.faults.add(faults.hook(lambda _: system.revoke()), path="crews|employees", nth=nth)
    result = office.ask("sync", run, *office.everybody(target))
    assert (result.code, result.json["status"]) == (4, "paused")
    assert "token" in result.error["message"]
    assert result.json["outcomes"]["failed"] == 0
    refused = [entry for entry in office.box.journal if entry.status in (401, 403)]
    assert len(refused) <= in_flight + 2
    system.restore()
    done = office.ask("resume", run)
    assert (done.code, done.json["status"]) == (0, "done")
    assert set(office.creates(target).values()) == {1}


@pytest.mark.fault("F31")
def test_a_sync_the_other_way_makes_a_plan_old(office: Office) -> None:
    """Somebody updated in the source by another run is left alone."""
    forth = office.fetched("smarthr", "touchontime")
    [number] = office.box.cases["no_kana_smarthr"]
    smarthr = office.box.smarthr
    smarthr.edit(smarthr.find(number)[0]["id"], email="newer@example.com")
    forth = office.fetched("smarthr", "touchontime")
    assert number in office.numbers(forth, "changed")
    back = office.fetched("touchontime", "smarthr")
    assert office.ask("sync", back, "--number", number).code == 0
    result = office.ask("sync", forth, "--number", number)
    assert (result.code, office.outcomes(forth)[number]) == (1, ("failed", "source_changed"))
