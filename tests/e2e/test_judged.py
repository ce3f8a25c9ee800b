"""What somebody found who played both vendors by a program of his own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from renkei.http.retry import RetryBudget
from renkei.store.store import Store
from renkei_sandbox import faults

if TYPE_CHECKING:
    from tests.e2e.office import Office

    from renkei_sandbox.journal import Entry
    from renkei_sandbox.table import Record

TO_TOUCHONTIME = ("smarthr", "touchontime")
JSON = {"content-type": "application/json; charset=utf-8"}
BASE = {"code", "lastName", "firstName", "gender", "divisionCode", "typeCode"}
YEAR_AHEAD = "2027-11-20"


def puts(office: Office) -> list[Entry]:
    """Return every update that Touch On Time got, taken or not."""
    return [entry for entry in office.sent("touchontime") if entry.kind == "update"]


def changed_in(office: Office, run: str, field: str) -> tuple[str, Record]:
    """Return the number and the record of somebody in whom only *field* would change."""
    for number, item in office.plan(run).items():
        if item["difference"] == "changed" and [c["field"] for c in item["changes"]] == [field]:
            return number, office.box.touchontime.find(number)[0]
    pytest.fail(f"nobody whose {field} alone would change")


def edit_at_the_update(office: Office, record: Record, **fields: object) -> None:
    """Let somebody edit this employee in Touch On Time while the first update is on its way."""
    touchontime = office.box.touchontime
    touchontime.faults.add(
        faults.hook(lambda _: touchontime.edit(record["key"], **fields)), kind="update"
    )


# --- updates that have to hold all base values ------------------------------------------------


def test_base_values_that_somebody_has_just_changed_are_not_put_back(office: Office) -> None:
    """A new name and division of this very moment stay, and it is said that they are not ours."""
    office.box.touchontime.switches.partial_put = False
    run = office.fetched(*TO_TOUCHONTIME)
    number, record = changed_in(office, run, "emailAddresses")
    edit_at_the_update(office, record, lastName="編集", divisionCode="210")
    assert office.ask("sync", run, "--number", number).code == 1
    refused, taken = puts(office)
    assert (refused.status, taken.status) == (400, 200)
    assert taken.body.keys() == {*BASE, "emailAddresses"}
    [after] = office.box.touchontime.find(number)
    assert (after["lastName"], after["divisionCode"]) == ("編集", "210")
    assert office.outcomes(run)[number] == ("failed", "changed_too")


def test_the_value_itself_was_changed_in_this_moment(office: Office) -> None:
    """An address that somebody entered just now stays: failed, with the field in the report."""
    office.box.touchontime.switches.partial_put = False
    run = office.fetched(*TO_TOUCHONTIME)
    number, record = changed_in(office, run, "emailAddresses")
    edit_at_the_update(office, record, emailAddresses=["theirs@example.com"])
    assert office.ask("sync", run, "--number", number).code == 1
    assert office.outcomes(run)[number] == ("failed", "changed_since_fetch")
    assert "emailAddresses" in office.renkei("report", run).out
    assert [entry.status for entry in puts(office)] == [400]
    assert office.box.touchontime.find(number)[0]["emailAddresses"] == ["theirs@example.com"]


@pytest.mark.parametrize("in_flight", [1, 8])
def test_only_the_first_update_is_refused_for_want_of_base_values(
    office: Office, in_flight: int
) -> None:
    """And those beside it; everybody else is sent with them at once: few requests, not half."""
    office.allow(in_flight)
    office.box.touchontime.switches.partial_put = False
    run = office.fetched(*TO_TOUCHONTIME)
    result = office.ask("sync", run, "--difference", "changed", "--look-first")
    updated = result.json["outcomes"]["updated"]
    assert (result.code, updated > 2) == (0, True)
    statuses = [entry.status for entry in puts(office)]
    assert statuses.count(200) == updated
    assert 1 <= statuses.count(400) <= in_flight
    assert statuses[2 * in_flight :] == [200] * (len(statuses) - 2 * in_flight)


def test_who_does_not_show_yet_fails_with_a_reason_that_is_true(office: Office) -> None:
    """Nobody is told to enter values in the source that are there; nothing is sent blindly."""
    switches = office.box.touchontime.switches
    switches.partial_put = switches.future_hires = False
    [number] = office.box.cases["future_hire_both"]
    [record] = office.box.touchontime.find(number)
    office.box.touchontime.edit(record["key"], emailAddresses=["old@example.com"])
    run = office.fetched(*TO_TOUCHONTIME, "--date", record["hiredDate"])
    assert office.ask("sync", run, "--number", number).code == 1
    assert office.outcomes(run)[number] == ("failed", "not_shown_yet")
    shown = office.renkei("report", run).out
    assert "first day of work" in shown
    assert "in the source" not in shown
    assert office.box.writes("touchontime") == []


# --- updates that are answered and not stored -------------------------------------------------


@pytest.mark.parametrize(
    ("field", "had"),
    [
        ("emailAddresses", ["old@example.com"]), ("emailAddresses", None),
        ("birthDate", "1901-01-01"), ("birthDate", None), ("lastName", "旧"),
    ],
)  # fmt: skip
def test_touch_on_time_says_yes_and_keeps_what_it_had(
    office: Office, field: str, had: object
) -> None:
    """Failed with the field, not updated; once the right is there, a further sync does it."""
    touchontime = office.box.touchontime
    number = office.numbers(office.fetched(*TO_TOUCHONTIME), "same")[0]
    [record] = touchontime.find(number)
    touchontime.edit(record["key"], **{field: had})
    touchontime.switches.readonly = {field}
    run = office.fetched(*TO_TOUCHONTIME)
    assert office.ask("sync", run, "--number", number).code == 1
    assert office.outcomes(run)[number] == ("failed", "not_stored")
    assert field in office.renkei("report", run).out
    touchontime.switches.readonly = set()
    assert office.ask("sync", run, "--retry-failed").json["outcomes"]["updated"] == 1


def test_an_answer_without_additional_fields_says_nothing_of_them(office: Office) -> None:
    """Should updates be answered with base values only, they count as what they are: done."""
    office.box.touchontime.switches.put_answer = "base"
    office.synced(*TO_TOUCHONTIME)
    counts = office.ask("fetch", *TO_TOUCHONTIME).json["counts"]
    assert counts["new"] == counts["changed"] == 0


# --- somebody who joins in a year -------------------------------------------------------------


@pytest.mark.parametrize("future_hires", [True, False])
def test_who_joins_in_exactly_a_year_is_created_once(office: Office, *, future_hires: bool) -> None:
    """The answer to the create is lost; the look-up asks for the very day and finds them."""
    touchontime = office.box.touchontime
    touchontime.switches.future_hires = future_hires
    office.box.smarthr.add(
        emp_code="Y1", last_name="来年", first_name="春", last_name_yomi="ライネン",
        first_name_yomi="ハル", gender="female", entered_at=YEAR_AHEAD,
    )  # fmt: skip
    run = office.fetched(*TO_TOUCHONTIME, "--date", YEAR_AHEAD)
    touchontime.faults.add("disconnect", kind="create", when="after")
    new = ("--new", "divisionCode=200", "--new", "typeCode=1")
    result = office.ask("sync", run, "--number", "Y1", *new)
    assert (result.code, office.outcomes(run)["Y1"]) == (0, ("created", None))
    assert [e.status for e in office.sent("touchontime") if e.kind == "create"] == [None]
    assert len(touchontime.find("Y1")) == 1


# --- answers that nobody expects --------------------------------------------------------------


@pytest.mark.sqlite
@pytest.mark.parametrize("now", ["10:00:20", "12:00:00", "18:30:05", "23:55:00"])
def test_a_closed_system_never_opens_in_the_past(office: Office, now: str) -> None:
    """Code 104 outside of the hours: paused, to be resumed some minutes from now."""
    run = office.fetched(*TO_TOUCHONTIME)
    office.box.clock.freeze(f"2026-11-20T{now}+09:00")
    moment = office.box.clock.now()
    office.box.touchontime.faults.add("status", status=403, code=104, times=None)
    result = office.ask("sync", run, "--difference", "changed", "--look-first")
    assert (result.code, result.json["status"]) == (4, "paused")
    with closing(Store(str(office.store))) as store:
        later = store.run(run).resume_at
    assert later is not None
    assert dt.timedelta(minutes=8) < later - moment <= dt.timedelta(minutes=10)
    assert f"{later.astimezone(moment.tzinfo):%H:%M}" in result.error["message"]


@pytest.mark.parametrize("system", ["smarthr", "touchontime"])
def test_check_can_do_without_the_company(office: Office, system: str) -> None:
    """Nothing of the sync needs it: a warning with its address, exit 0, and the whole host."""
    resource = {"smarthr": "companies", "touchontime": "company"}[system]
    office.system(system).switches.no_read = {resource}
    result = office.ask("check")
    assert result.code == 0
    [found] = [each["findings"] for each in result.json["checks"] if each["subject"] == system]
    assert [f["level"] for f in found if f["level"] not in ("ok", "note")] == ["warning"]
    assert any(f"/{resource}" in f["message"] for f in found if f["level"] == "warning")
    assert "belongs to 127.0.0.1." in found[0]["message"]


@pytest.mark.parametrize("target", ["smarthr", "touchontime"])
def test_a_refusal_that_quotes_our_token(office: Office, target: str) -> None:
    """The system's own words are in the report, our token is not; nor is it in the store."""
    source = "touchontime" if target == "smarthr" else "smarthr"
    run = office.fetched(source, target)
    token = office.system(target).token
    said = f"Bearer {token} は不正です"
    body = {
        "smarthr": f'{{"code": 1, "errors": [{{"message": "{said}"}}]}}',
        "touchontime": f'{{"errors": [{{"code": 9001, "message": "{said}"}}]}}',
    }[target]
    office.system(target).faults.add(
        "status", kind="update", times=2, status=400, headers=JSON, body=body
    )
    number = office.numbers(run, "changed")[0]
    assert office.ask("sync", run, "--number", number).code == 1
    written = office.renkei("report", run, "--csv").out
    assert "Bearer *** は不正です" in written
    assert token not in written
    files = [each for each in office.folder.iterdir() if each.name.startswith("renkei.db")]
    assert not [each for each in files if token.encode() in each.read_bytes()]


@pytest.mark.parametrize(
    ("system", "body", "code"),
    [
        ("touchontime", '{"code": "303", "message": "Too Many Requests"}', "rate_limit"),
        ("touchontime", '{"errors": [{"code": 300, "message": "x"}]}', "maintenance"),
        ("touchontime", '{"data": []}', "answer"),
        ("smarthr", '{"code": 6, "type": "too_many_requests"}', "rate_limit"),
        ("smarthr", '{"data": []}', "answer"),
    ],
)
def test_an_object_where_a_list_belongs(office: Office, system: str, body: str, code: str) -> None:
    """Status 200 or not, a refusal is one; anything else is no list, and never broken JSON."""
    office.system(system).faults.add(
        "status", status=200, kind="read", headers=JSON, body=body, times=None
    )
    result = office.ask("fetch", *TO_TOUCHONTIME)
    assert (result.code, result.error["code"], result.error["where"]) == (4, code, system)
    assert "JSON" not in result.error["message"]
    if code == "answer":
        assert "list" in result.error["message"]


@pytest.mark.parametrize("words", [["fetch"], ["sync"]])
def test_a_limit_that_never_ends(
    office: Office, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """429 to everything, each with a tiny wait: ten of them are kept, then exit 4."""
    monkeypatch.setattr(RetryBudget.__init__, "__defaults__", (0.0,))
    run = office.fetched("touchontime", "smarthr")
    headers = {"x-intensive-rate-limit-remaining": "0", "x-intensive-rate-limit-reset": "0.02"}
    rule = office.box.smarthr.faults.add("status", status=429, code=6, headers=headers, times=None)
    asked: dict[str, Callable[[], tuple[str, ...]]] = {
        "fetch": lambda: ("fetch", "touchontime", "smarthr"),
        "sync": lambda: ("sync", run, "--difference", "changed", "--look-first"),
    }
    result = office.ask(*asked[words[0]]())
    assert (result.code, result.error["code"]) == (4, "rate_limit")
    assert rule.seen == 11
