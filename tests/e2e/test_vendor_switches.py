from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.pair import NEW

if TYPE_CHECKING:
    from tests.e2e.office import Office

Direction = tuple[str, str]
ONE_WAY = [
    ("smarthr", "touchontime"),
    pytest.param(("touchontime", "smarthr"), marks=pytest.mark.long),
]

BUSINESS = "mappings: [{use: smarthr-touchontime, settings: {business_names: true}}]"


@pytest.mark.parametrize(
    "switches",
    [
        {"partial_put": False}, {"strict_code": False, "unknown_code_status": 404},
        {"future_hires": False}, {"resignation_day": "still"}, {"limit_status": 403},
        {"default_minutes": None}, {"unknown_key_status": 400},
    ],
)  # fmt: skip
@pytest.mark.parametrize("direction", ONE_WAY)
def test_every_touch_on_time_works(
    office: Office, direction: Direction, switches: dict[str, Any]
) -> None:
    """Whatever nobody knows about Touch On Time for sure: synced, and nothing is left to do."""
    for name, value in switches.items():
        setattr(office.box.touchontime.switches, name, value)
    office.synced(*direction)
    counts = office.ask("fetch", *direction).json["counts"]
    assert counts["new"] == counts["changed"] == 0


@pytest.mark.parametrize(
    "switches",
    [
        {"strict_create": True}, {"timestamps": "Z", "location": "api"}, {"id_always": True},
        {"status_follows_date": True}, {"intensive": "minute", "second_headers": True},
        {"retry_after": True, "touch_on_noop": True}, {"retired_listed": False},
    ],
)  # fmt: skip
@pytest.mark.parametrize("direction", ONE_WAY)
def test_every_smarthr_works(
    office: Office, direction: Direction, switches: dict[str, Any]
) -> None:
    """Whatever nobody knows about SmartHR for sure: synced, and nothing is left to do."""
    for name, value in switches.items():
        setattr(office.box.smarthr.switches, name, value)
    office.synced(*direction)
    counts = office.ask("fetch", *direction).json["counts"]
    assert counts["new"] == counts["changed"] == 0


def test_nobody_retired_is_new_where_lists_leave_them_out(office: Office) -> None:
    """Whoever left SmartHR and works on in Touch On Time is found there, and not registered."""
    smarthr = office.box.smarthr
    smarthr.switches.unique_emp_code = smarthr.switches.retired_listed = False
    at_work = office.plan(office.fetched("touchontime", "smarthr"))
    number = next(n for n, row in at_work.items() if row["difference"] == "same")
    [person] = smarthr.find(number)
    person.update(emp_status="retired", resigned_at="2026-10-31")
    run = office.fetched("touchontime", "smarthr")
    row = office.plan(run)[number]
    assert row["difference"] != "new"
    assert row["notes"] == ["resigned_in_target"]


def test_partial_updates_may_be_refused(office: Office) -> None:
    """Touch On Time wants the base values as well: they are sent as they are; nothing moves."""
    touchontime = office.box.touchontime
    touchontime.switches.partial_put = False
    before = {
        key: (row["divisionCode"], row["typeCode"]) for key, row in touchontime.people.items()
    }
    office.synced("smarthr", "touchontime")
    after = {key: (row["divisionCode"], row["typeCode"]) for key, row in touchontime.people.items()}
    assert {key: after[key] for key in before} == before


@pytest.mark.fault("F41")
def test_smarthr_may_have_a_number_several_times(office: Office) -> None:
    """Without unique numbers the look-up finds two: blocked at the fetch, failed after it."""
    smarthr = office.box.smarthr
    smarthr.switches.unique_emp_code = False
    run = office.fetched("touchontime", "smarthr")
    number = office.numbers(run, "new")[0]
    for _ in range(2):
        smarthr.add(emp_code=number, last_name="双", first_name="子", gender="male")
    assert office.ask("sync", run, *office.everybody("smarthr")).code == 1
    assert office.outcomes(run)[number] == ("failed", "exists_by_now")
    assert len(smarthr.find(number)) == 2
    again = office.plan(office.fetched("touchontime", "smarthr"))
    assert again[number]["reasons"] == ["duplicate_in_target"]


@pytest.mark.fault("F18")
@pytest.mark.parametrize("field", ["email", "last_name_yomi", "birth_at", "gender"])
def test_an_item_without_the_right_to_read_is_left_alone(
    office: Office, direction: Direction, field: str
) -> None:
    """Absent is unknown, not empty: no change is proposed for it, and a notice names it."""
    office.box.smarthr.switches.hidden = {field}
    result = office.ask("fetch", *direction)
    if field == "birth_at":
        assert result.code == 4, "a role field that nobody shows ends the fetch"
        assert field in result.error["message"]
        return
    assert result.code == 0
    assert field in result.err
    names = {"email": "emailAddresses", "last_name_yomi": "lastNamePhonetics", "gender": "gender"}
    wanted = field if direction[1] == "smarthr" else names[field]
    changed = [i for i in office.plan(result.run).values() if i["difference"] == "changed"]
    assert changed
    assert not [c for i in changed for c in i["changes"] if c["field"] == wanted]


@pytest.mark.parametrize("field", ["emp_code", "entered_at", "resigned_at", "emp_status"])
def test_a_role_that_cannot_be_read_ends_the_fetch(
    office: Office, direction: Direction, field: str
) -> None:
    """Without number, dates or status nobody can be compared: exit 4, in words, naming the item."""
    office.box.smarthr.switches.hidden = {field}
    result = office.ask("fetch", *direction)
    assert (result.code, result.error["where"]) == (4, "smarthr")
    assert (field if field != "emp_status" else "retired") in result.error["message"]
    assert "right" in result.error["message"]
    assert office.sent() == []


@pytest.mark.fault("F18")
@pytest.mark.parametrize("field", ["emp_code", "entered_at", "resigned_at", "emp_status"])
def test_an_item_that_is_hidden_as_empty_writes_nothing_unseen(office: Office, field: str) -> None:
    """Nobody knows how SmartHR hides an item: shown as null, it still moves nobody by itself."""
    before = office.plan(office.fetched("smarthr", "touchontime"))
    switches = office.box.smarthr.switches
    switches.hidden, switches.hidden_as = {field}, "null"
    result = office.ask("fetch", "smarthr", "touchontime")
    if field == "emp_status":
        assert result.code == 4, "everybody has a status, so it is hidden"
        return
    after = office.plan(result.run)
    more = {
        number
        for number, item in after.items()
        if item["difference"] in ("new", "changed") and item != before.get(number)
    }
    assert all("empty_for_all" in after[number]["notes"] for number in more)
    words = ("--difference", "new,changed", *NEW["touchontime"])
    office.ask("sync", result.run, *words)
    outcomes = office.outcomes(result.run)
    sent = {number for number in outcomes if outcomes[number][0] in ("created", "updated")}
    assert not more & sent


def test_check_tells_what_is_empty_for_everybody(office: Office) -> None:
    """It may be hidden: a warning with its name, and the work can be done."""
    switches = office.box.smarthr.switches
    switches.hidden, switches.hidden_as = {"entered_at", "email"}, "null"
    result = office.ask("check")
    assert result.code == 0
    told = str(result.json["checks"])
    assert "(entered_at) is empty for all" in told
    assert "(email)" not in told


@pytest.mark.fault("F28")
def test_a_write_that_is_ignored_is_told(office: Office) -> None:
    """Without the right to write an item SmartHR says 200 and keeps it: failed, not updated."""
    smarthr = office.box.smarthr
    smarthr.switches.readonly = {"email"}
    [number] = office.box.cases["no_email_smarthr"]
    run = office.fetched("touchontime", "smarthr")
    result = office.ask("sync", run, "--number", number)
    assert (result.code, result.json["outcomes"]["failed"]) == (1, 1)
    assert "email" in office.renkei("report", run).out


@pytest.mark.parametrize("system", ["smarthr", "touchontime"])
def test_check_of_a_wrong_token_names_the_causes(office: Office, system: str) -> None:
    """Exit 4; Touch On Time answers alike for token, address and right, so all three are named."""
    office.system(system).revoke()
    result = office.ask("check")
    assert (result.code, result.error["where"]) == (4, system)
    words = {"smarthr": ["token"], "touchontime": ["token", "address", "right"]}[system]
    assert all(word in result.error["message"] for word in words)
    shown = office.renkei("check")
    assert "PROBLEM" in shown.out
    assert "renkei check" in shown.out


@pytest.mark.fault("F34")
def test_check_of_an_address_that_is_not_allowed(office: Office) -> None:
    """SmartHR says so itself; Touch On Time's refusal names the address among the causes."""
    office.box.smarthr.switches.ip_not_permitted = True
    office.box.touchontime.switches.ip_permitted = False
    result = office.ask("check")
    assert result.code == 4
    found = {each["subject"]: str(each["findings"]) for each in result.json["checks"]}
    assert "address" in found["smarthr"]
    assert "address" in found["touchontime"]


@pytest.mark.fault("F34")
@pytest.mark.parametrize(
    ("system", "resource"),
    [
        ("smarthr", "crews"), ("smarthr", "biz_establishments"), ("touchontime", "employees"),
        ("touchontime", "divisions"), ("touchontime", "working-types"),
    ],
)  # fmt: skip
def test_check_names_the_missing_right(office: Office, system: str, resource: str) -> None:
    """Each resource that the token may not read is a problem of its own, by its address."""
    office.system(system).switches.no_read = {resource}
    result = office.ask("check")
    assert (result.code, result.error["where"]) == (4, system)
    problems = [
        finding["message"]
        for each in result.json["checks"]
        for finding in each["findings"]
        if finding["level"] == "problem"
    ]
    assert len(problems) == 1
    assert f"/{resource}" in problems[0]


def test_check_warns_of_an_item_that_cannot_be_read(office: Office) -> None:
    """A missing item is a warning with its name: the work can be done, exit 0."""
    office.box.smarthr.switches.hidden = {"email"}
    result = office.ask("check")
    assert result.code == 0
    assert "email" in str(result.json["checks"])
    assert "warning" in office.renkei("check").out


@pytest.mark.fault("F34")
@pytest.mark.parametrize("resource", ["crews", "employees"])
def test_a_token_that_may_not_write(office: Office, resource: str) -> None:
    """The first refused write pauses the run with the right in words; later resume finishes."""
    target = {"crews": "smarthr", "employees": "touchontime"}[resource]
    source = {"crews": "touchontime", "employees": "smarthr"}[resource]
    run = office.fetched(source, target)
    office.system(target).switches.no_write = {resource}
    result = office.ask("sync", run, *office.everybody(target))
    assert (result.code, result.json["status"]) == (4, "paused")
    assert result.json["outcomes"]["failed"] == 0
    assert "token" in result.error["message"]
    office.system(target).switches.no_write = set()
    assert office.ask("resume", run).code == 0


def test_business_names_go_to_touch_on_time(office: Office) -> None:
    """With the setting: business name and its kana; without business kana the kana is untouched."""
    office.configure(extra=BUSINESS)
    cases, touchontime = office.box.cases, office.box.touchontime
    [whole], [no_kana] = cases["business_name"], cases["business_name_no_kana"]
    kana = touchontime.find(no_kana)[0]["lastNamePhonetics"]
    office.synced("smarthr", "touchontime")
    [record] = touchontime.find(whole)
    assert (record["lastName"], record["firstName"]) == ("星野", "明")
    assert (record["lastNamePhonetics"], record["firstNamePhonetics"]) == ("ホシノ", "アキラ")
    [record] = touchontime.find(no_kana)
    assert (record["lastName"], record["lastNamePhonetics"]) == ("月岡", kana)
    counts = office.ask("fetch", "smarthr", "touchontime").json["counts"]
    assert counts["new"] == counts["changed"] == 0


def test_legal_names_are_the_default(office: Office) -> None:
    """Without the setting a business name changes nobody."""
    plan = office.plan(office.fetched("smarthr", "touchontime"))
    assert plan[office.box.cases["business_name"][0]]["difference"] == "same"


def test_business_names_warn_on_the_way_back(office: Office) -> None:
    """Towards SmartHR the names go to the legal name; with the setting on, a notice says so."""
    office.configure(extra=BUSINESS)
    shown = office.renkei("fetch", "touchontime", "smarthr")
    assert "business names" in shown.out
    assert "business names" in office.ask("fetch", "touchontime", "smarthr").err
    assert "business names" not in office.renkei("fetch", "smarthr", "touchontime").out
