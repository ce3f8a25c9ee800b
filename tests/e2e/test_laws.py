from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.office import Office

Direction = tuple[str, str]

CREATE_ONLY = {
    "touchontime": {"code", "divisionCode", "typeCode"},
    "smarthr": {"emp_code", "biz_establishment_id", "emp_status"},
}


def test_looking_writes_nothing(office: Office, direction: Direction) -> None:
    """check, fetch, plan, choices, report and a dry run send only reads."""
    source, target = direction
    run = office.fetched(source, target)
    for words in (
        ["check"], ["plan", run], ["choices", target], ["report", run], ["reports"],
        ["mapping", "explain", run, "0001"], ["run", source, target, "--dry-run"],
    ):  # fmt: skip
        assert office.renkei(*words).code == 0
    assert {entry.method for entry in office.box.journal} == {"GET"}
    assert office.sent() == []


def test_a_second_fetch_finds_nothing_to_do(office: Office, direction: Direction) -> None:
    """After a sync of everything chosen nobody of them is new or changed."""
    source, target = direction
    office.synced(source, target)
    counts = office.ask("fetch", source, target).json["counts"]
    assert counts["new"] == counts["changed"] == 0


def test_nothing_comes_back_from_the_other_side(office: Office, direction: Direction) -> None:
    """Somebody written in one direction is the same in the other one."""
    source, target = direction
    run = office.synced(source, target)
    written = {n for n, (outcome, _) in office.outcomes(run).items() if outcome != "not_selected"}
    back = office.plan(office.fetched(target, source))
    different = {n for n in written & back.keys() if back[n]["difference"] != "same"}
    # What is empty in the source is left alone in the target, and may come back from there.
    assert different <= {
        *office.box.cases["no_kana_smarthr"],
        *office.box.cases["no_email_smarthr"],
    }


@pytest.mark.fault("F49")
def test_a_run_that_is_done_sends_nothing(office: Office, direction: Direction) -> None:
    """Sync and resume of a finished run exit 0 without one request."""
    source, target = direction
    run = office.synced(source, target)
    office.box.clear_journal()
    for words in (["sync", run], ["sync", run, *office.everybody(target)], ["resume", run]):
        result = office.ask(*words)
        assert (result.code, result.json["status"]) == (0, "done")
    assert office.box.journal == []


def test_an_update_holds_only_what_changed(office: Office, direction: Direction) -> None:
    """Number, division, working type, establishment and status are never in an update."""
    source, target = direction
    run = office.fetched(source, target)
    plan = office.plan(run)
    assert office.ask("sync", run, *office.everybody(target)).code == 0
    system = office.system(target)
    updates = [entry for entry in office.box.writes(target) if entry.kind == "update"]
    assert updates
    for entry in updates:
        assert not CREATE_ONLY[target] & entry.body.keys()
        number = system.people[str(entry.person)][system.number_field]
        assert set(entry.body) == {change["field"] for change in plan[number]["changes"]}


def test_what_new_employees_need_is_sent_with_each_create(
    office: Office, direction: Direction
) -> None:
    """Everybody who is created has the chosen division, working type or establishment."""
    source, target = direction
    office.synced(source, target)
    created = [entry.body for entry in office.box.writes(target) if entry.kind == "create"]
    assert created
    if target == "touchontime":
        assert {(body["divisionCode"], body["typeCode"]) for body in created} == {("200", "1")}
    else:
        rows = office.system("smarthr").masters["biz_establishments"]
        wanted = next(row["id"] for row in rows if row["name"] == "大阪支社")
        assert {body["biz_establishment_id"] for body in created} == {wanted}


def test_names_are_written_byte_for_byte(office: Office) -> None:
    """Rare kanji, variation selectors and kanji variants reach Touch On Time as they are."""
    smarthr, touchontime = office.box.smarthr, office.box.touchontime
    cases = office.box.cases
    names = {
        cases["rare_kanji"][0]: ("髙﨑", "𠮷乃"),
        cases["variation_selector"][0]: ("葛\U000e0100城", "渚"),
        cases["long_name"][0]: ("勅使河原武者小路" * 4, "和"),
    }
    for number in names:
        [record] = touchontime.find(number)
        touchontime.remove(record["key"])
    ghost = smarthr.add(emp_code="N1", last_name="か\u3099神", first_name="ガク", gender="male")
    assert smarthr.people[ghost]["last_name"] == "か\u3099神"
    office.synced("smarthr", "touchontime")
    for number, (family, given) in {**names, "N1": ("か\u3099神", "ガク")}.items():
        [record] = touchontime.find(number)
        assert (record["lastName"], record["firstName"]) == (family, given)
    [variant] = touchontime.find(cases["kanji_variant"][0])
    assert variant["lastName"] == "髙橋"


def test_kana_differences_in_form_are_none(office: Office, direction: Direction) -> None:
    """Hiragana, katakana and half-width kana are equal; nobody is changed because of them."""
    plan = office.plan(office.fetched(*direction))
    [hiragana] = office.box.cases["kana_hiragana"]
    assert [c["field"] for c in plan[hiragana]["changes"]] == []


def test_smarthr_gets_full_width_katakana(office: Office) -> None:
    """What Touch On Time has in hiragana or half width is converted for SmartHR."""
    office.box.touchontime.add(
        code="K1", lastName="山", firstName="川", gender="male",
        lastNamePhonetics="やま", firstNamePhonetics="ｶﾞﾜ",
    )  # fmt: skip
    office.synced("touchontime", "smarthr")
    [crew] = office.box.smarthr.find("K1")
    assert (crew["last_name_yomi"], crew["first_name_yomi"]) == ("ヤマ", "ガワ")


def test_further_addresses_are_kept(office: Office) -> None:
    """Only the first e-mail address is replaced; the second stays."""
    [number] = office.box.cases["two_emails_changed"]
    [record] = office.box.touchontime.find(number)
    spare = record["emailAddresses"][1]
    office.synced("smarthr", "touchontime")
    [record] = office.box.touchontime.find(number)
    assert record["emailAddresses"] == ["moved@example.com", spare]
    [kept] = office.box.touchontime.find(office.box.cases["two_emails"][0])
    assert len(kept["emailAddresses"]) == 2


def test_what_is_empty_in_the_source_is_left_alone(office: Office) -> None:
    """An empty mail address or reading clears nothing; an emptied date of leaving does."""
    cases, touchontime = office.box.cases, office.box.touchontime
    mail = list(touchontime.find(cases["no_email_smarthr"][0])[0]["emailAddresses"])
    office.synced("smarthr", "touchontime")
    assert touchontime.find(cases["no_email_smarthr"][0])[0]["emailAddresses"] == mail
    assert touchontime.find(cases["no_kana_smarthr"][0])[0]["lastNamePhonetics"]
    assert not touchontime.find(cases["resigned_in_target"][0])[0].get("resignationDate")


@pytest.mark.parametrize("shown", [True, False], ids=["shown", "hidden"])
def test_nobody_who_exists_at_any_date_is_created(
    office: Office, direction: Direction, *, shown: bool
) -> None:
    """Resigned people and future hires of the target are found, shown in its list or not."""
    source, target = direction
    office.box.touchontime.switches.future_hires = shown
    far = (office.box.clock.today() + dt.timedelta(days=200)).isoformat()
    gone = "2020-03-31"
    common = {"gender": "male"}
    office.box.smarthr.add(emp_code="F1", last_name="未来", first_name="一", **common)
    office.box.smarthr.add(emp_code="R1", last_name="退職", first_name="二", **common)
    office.box.touchontime.add(code="F1", lastName="未来", firstName="一", **common)
    office.box.touchontime.add(code="R1", lastName="退職", firstName="二", **common)
    if target == "touchontime":
        office.system(target).find("F1")[0]["hiredDate"] = far
        office.system(target).find("R1")[0]["resignationDate"] = gone
    else:
        office.system(target).find("F1")[0]["entered_at"] = far
        office.system(target).find("R1")[0].update(resigned_at=gone, emp_status="retired")
    run = office.fetched(source, target)
    plan = office.plan(run)
    assert plan["F1"]["difference"] in ("same", "changed")
    assert plan["R1"]["difference"] in ("same", "changed")
    assert office.ask("sync", run, *office.everybody(target)).code == 0
    assert not {"F1", "R1"} & set(office.creates(target))
    for number in ("F1", "R1"):
        assert len(office.system(target).find(number)) == 1


def test_somebody_resigned_there_is_noted_before_a_sync_makes_them_active(office: Office) -> None:
    """The plan warns about an employee who is active here and already resigned there."""
    plan = office.plan(office.fetched("smarthr", "touchontime"))
    assert plan[office.box.cases["resigned_in_target"][0]]["notes"] == ["resigned_in_target"]


@pytest.mark.security(17)
def test_no_name_and_no_token_is_in_an_address(office: Office, direction: Direction) -> None:
    """URLs hold numbers, ids and dates only: they end up in the logs of proxies."""
    office.synced(*direction)
    office.renkei("check")
    people = office.box.smarthr.people.values()
    secret = {crew["last_name"] for crew in people} | {crew["email"] for crew in people}
    secret |= {system.token for system in office.box.systems.values()}
    for entry in office.box.journal:
        address = entry.path + json.dumps(entry.query, ensure_ascii=False)
        assert not [text for text in secret if text and text in address]


@pytest.mark.security(6)
def test_no_value_of_an_employee_is_logged(office: Office, direction: Direction) -> None:
    """Standard error tells progress and codes, with --debug too, when everything goes wrong."""
    run = office.fetched(*direction)
    office.system(direction[1]).faults.add("status", status=400, kind="update", times=None)
    office.box.clear_journal()
    office.printed.clear()
    result = office.renkei("--debug", "sync", run, *office.everybody(direction[1]))
    assert result.code == 1
    people = office.box.smarthr.people.values()
    values = {crew[name] for crew in people for name in ("email", "last_name", "birth_at")}
    assert not [value for value in values if value and value in result.err]
