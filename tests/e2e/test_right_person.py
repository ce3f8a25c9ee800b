"""The right person, from what both systems have received: releases, halts, leavers and joiners."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.office import TODAY
from tests.e2e.people import FIELDS, GAKU, HANAKO, person, put, read
from tests.pair import NEW

from renkei_sandbox import faults

if TYPE_CHECKING:
    from tests.e2e.office import Office


def sync(office: Office, run: str, target: str, *words: str) -> dict[str, Any]:
    """Sync and return the document; everybody in it was allowed."""
    return office.ask("sync", run, *words, *NEW[target], "--allow-unusual").json


# --- a number used again ------------------------------------------------------------------------


def test_a_number_used_again_is_released_by_a_person_alone(
    empty: Office, direction: tuple[str, str]
) -> None:
    """Nothing else releases it; who and why stand in the report, and it serves later runs."""
    source, target = direction
    put(empty, source, "0042", GAKU)
    theirs = put(empty, target, "0042", HANAKO)
    for index in range(5):
        for system in direction:
            put(empty, system, f"1{index:03}", person(index))
    run = empty.fetched(*direction)
    item = empty.plan(run)["0042"]
    assert (item["difference"], item["reasons"], item["changes"]) == (
        "blocked", ["other_person"], [],
    )  # fmt: skip
    for words in (
        ("--yes",),
        ("--difference", "new,changed", "--look-first"),
        ("--number", "0042"),
    ):
        empty.ask("sync", run, *words, "--allow-unusual")
    assert empty.sent(target) == []
    run = empty.fetched(*direction)
    refused = empty.ask("sync", run, "--same-person", "0042")
    assert refused.code == 2
    assert "--why" in refused.error["message"]
    done = empty.ask("sync", run, "--same-person", "0042", "--why", "corrected by HR",
                     "--as", "見本 総務")  # fmt: skip
    assert done.json["outcomes"]["updated"] == 1
    assert read(empty, target, theirs)["given"] == "岳"
    report = {i["number"]: i for i in empty.ask("report", run).json["items"]}["0042"]
    assert report["released"]["why"] == "corrected by HR"
    assert "見本 総務" in report["released"]["who"]
    assert empty.plan(empty.fetched(*direction))["0042"]["difference"] == "same"


def test_a_release_ends_with_what_was_shown(empty: Office, direction: tuple[str, str]) -> None:
    """Another birth date in the source, and the pair is judged anew; taken back, too."""
    source, target = direction
    ours = put(empty, source, "0500", HANAKO)
    theirs = put(empty, target, "1417", HANAKO)
    release = ("--same-person", "0500=1417", "--why", "moved")
    empty.ask("sync", empty.fetched(*direction), *release)
    assert empty.plan(empty.fetched(*direction))["0500"]["difference"] == "same"
    back = empty.plan(empty.fetched(target, source))["1417"]
    assert (back["difference"], back["notes"]) == ("same", ["linked"])
    assert back["released"]["others"] == ["0500"]
    (kept,) = empty.ask("releases").json["releases"]
    assert (kept["number"], kept["others"], kept["why"]) == ("0500", ["1417"], "moved")
    empty.system(source).edit(ours, **{FIELDS[source]["birth"]: "1975-02-15"})
    lapsed = empty.ask("fetch", *direction)
    assert "releases_lapsed" in [notice["code"] for notice in lapsed.json["notices"]]
    assert empty.plan(lapsed.run)["0500"]["difference"] == "new"
    empty.system(source).edit(ours, **{FIELDS[source]["birth"]: "1975-02-14"})
    assert empty.plan(empty.fetched(*direction))["0500"]["difference"] == "same"
    assert empty.ask("releases", "remove", kept["id"]).code == 0
    assert empty.plan(empty.fetched(*direction))["0500"]["reasons"] == ["same_person"]
    assert read(empty, target, theirs)["number"] == "1417"


def test_what_renkei_wrote_itself_ends_no_release(
    empty: Office, direction: tuple[str, str]
) -> None:
    """The names are corrected through the released pair; the next nights find them the same."""
    source, target = direction
    put(empty, source, "0500", {**HANAKO, "family": "手本", "family_kana": "テホン"})
    theirs = put(empty, target, "1417", HANAKO)
    run = empty.fetched(*direction)
    item = empty.plan(run)["0500"]
    (other,) = item["candidates"]
    assert (item["reasons"], other["number"], other["id"]) == (["same_person"], "1417", theirs)
    assert other["values"][FIELDS[target]["family"]] == "見本"
    unsaid = empty.ask("sync", run, "--same-person", "0500", "--why", "married")
    assert (unsaid.code, unsaid.error["hint"]) == (2, "0500=1417")
    empty.ask("sync", run, "--same-person", "0500=1417", "--why", "married")
    assert read(empty, target, theirs)["family"] == "手本"
    for _night in range(2):
        assert empty.plan(empty.fetched(*direction))["0500"]["difference"] == "same"
    assert empty.creates(target) == {}


def test_a_record_without_a_number_is_a_pair_both_ways(
    empty: Office, direction: tuple[str, str]
) -> None:
    """On the way back the plan calls them by the number of whom they are; nothing is numbered."""
    source, target = direction
    mail = FIELDS[target]["mail"]
    ours = put(empty, source, "0500", HANAKO, mail="a@example.jp")
    theirs = put(empty, target, None, HANAKO, mail="a@example.jp")
    run = empty.fetched(*direction)
    empty.ask("sync", run, "--same-person", f"0500={theirs}", "--why", "no number yet")
    run = empty.fetched(target, source)
    assert empty.plan(run)["0500"]["difference"] == "same"
    address = "b@example.jp"
    empty.system(target).edit(theirs, **{mail: [address] if target == "touchontime" else address})
    run = empty.fetched(target, source)
    sync(empty, run, source, "--number", "0500")
    now = read(empty, source, ours)["mail"]
    assert now in (address, [address])
    assert read(empty, target, theirs)["number"] is None
    assert empty.creates(source) == empty.creates(target) == {}


def test_both_people_are_shown_and_asked_for(empty: Office, direction: tuple[str, str]) -> None:
    """Side by side, in the plan and before the release; a no releases nobody and sends nothing."""
    source, target = direction
    put(empty, source, "0042", GAKU)
    put(empty, target, "0042", HANAKO)
    put(empty, target, "0077", person(3))
    for index in range(5):
        for system in direction:
            put(empty, system, f"1{index:03}", person(index + 10))
    run = empty.fetched(*direction)
    shown = empty.renkei("plan", run).out
    assert "岳 ≠ 花子" in shown
    assert "見本 = 見本" in shown
    assert f"renkei sync {run} --same-person 0042 --why REASON" in shown
    words = ("sync", run, "--same-person", "0042=0077", "--why", "a mistake")
    refused = empty.renkei(*words, answers="n\n")
    assert f"岳 ≠ {person(3)['given']}" in refused.out
    assert "Is this one person?" in refused.err
    assert empty.ask("releases").json["releases"] == []
    assert empty.sent(target) == []
    assert empty.renkei(*words, answers="y\n").code == 0
    assert len(empty.ask("releases").json["releases"]) == 1


def test_who_is_released_stops_nobody(empty: Office, direction: tuple[str, str]) -> None:
    """Two people with each other's numbers: after the first release it is one, and no halt."""
    source, target = direction
    for index in range(8):
        number = f"1{index:03}"
        put(empty, source, number, person(index))
        put(empty, target, f"1{(index ^ 1) if index < 2 else index:03}", person(index))
    found = empty.ask("fetch", *direction)
    assert [n["about"][0] for n in found.json["notices"] if n["code"] == "numbers_moved"] == ["2"]
    release = ("--same-person", "1000=1001", "--why", "numbers were exchanged")
    done = empty.ask("sync", found.run, *release)
    assert done.code == 0, done.out
    assert not [n for n in done.json["notices"] if n["code"] == "numbers_moved"]


def test_one_is_released_at_a_time(empty: Office, direction: tuple[str, str]) -> None:
    """Each with a reason of their own; nothing is sent of a command that names two."""
    source, target = direction
    for index, number in enumerate(("0041", "0042")):
        put(empty, source, number, person(index))
        put(empty, target, number, person(index + 7))
    run = empty.fetched(*direction)
    words = ("--same-person", "0041", "--same-person", "0042", "--why", "both")
    assert empty.ask("sync", run, *words).code == 2
    assert empty.ask("releases").json["releases"] == []
    assert empty.sent(target) == []


@pytest.mark.parametrize("number", [None, "1417"])
def test_somebody_there_already_is_not_created_twice(
    empty: Office, direction: tuple[str, str], number: str | None
) -> None:
    """Blocked by name of the other; as another person they are created once, and asked no more."""
    source, target = direction
    put(empty, source, "0500", HANAKO)
    twin = put(empty, target, number, HANAKO)
    run = empty.fetched(*direction)
    assert empty.plan(run)["0500"]["reasons"] == ["same_person"]
    assert (number or twin) in empty.renkei("plan", run).out
    empty.ask("sync", run, *empty.everybody(target), "--allow-unusual")
    assert empty.creates(target) == {}
    run = empty.fetched(*direction)
    done = empty.ask("sync", run, "--as-new", "0500", "--why", "a namesake", *NEW[target])
    assert done.json["outcomes"]["created"] == 1
    assert empty.creates(target) == {"0500": 1}
    assert empty.plan(empty.fetched(*direction))["0500"]["difference"] == "same"


def test_a_release_adds_to_a_choice_and_replaces_none(
    empty: Office, direction: tuple[str, str]
) -> None:
    """Those chosen before stay chosen, with their values; the values may be given now."""
    source, target = direction
    put(empty, source, "0500", HANAKO)
    put(empty, target, None, HANAKO)
    put(empty, source, "0043", person(1))
    put(empty, source, "0044", person(2, mail="one@example.jp"))
    put(empty, target, "0044", person(2, mail="two@example.jp"))
    run = empty.fetched(*direction)
    chosen = ("sync", run, "--number", "0044", "--number", "0043", *NEW[target])
    with empty.monkeypatch.context() as patch:
        patch.setattr("renkei_runner.sync.carry_out", lambda *_args, **_options: 0)
        assert empty.renkei(*chosen).code == 0, "stored, and not begun"
    done = empty.ask("sync", run, "--as-new", "0500", "--why", "a namesake", *NEW[target])
    assert done.json["outcomes"]["created"] == 2
    assert done.json["outcomes"]["updated"] == 1
    assert empty.creates(target) == {"0500": 1, "0043": 1}


def test_a_release_outlives_a_new_token(empty: Office, direction: tuple[str, str]) -> None:
    """The same records of the same connection: nobody has to be asked again."""
    source, target = direction
    put(empty, source, "0500", HANAKO)
    put(empty, target, "1417", HANAKO)
    empty.ask("sync", empty.fetched(*direction), "--same-person", "0500=1417", "--why", "moved")
    empty.system(target).token = "another-token-of-the-same-company"
    assert empty.plan(empty.fetched(*direction))["0500"]["difference"] == "same"
    assert empty.plan(empty.fetched(target, source))["1417"]["difference"] == "same"


def test_nothing_is_released_once_a_sync_has_begun(
    empty: Office, direction: tuple[str, str]
) -> None:
    """Before the first write only, and only whom the rules have stopped for who they are."""
    source, target = direction
    put(empty, source, "0500", HANAKO)
    put(empty, target, None, HANAKO)
    put(empty, source, "0043", person(1))
    put(empty, source, None, person(3))
    run = empty.fetched(*direction)
    for words in (["--as-new", "0043"], ["--same-person", "0043"], ["--as-new", "9999"],
                  ["--same-person", "0500=nobody"]):  # fmt: skip
        assert empty.ask("sync", run, *words, "--why", "x").code == 2, words
    assert empty.ask("sync", run, "--number", "0043", *NEW[target]).code == 0
    late = empty.ask("sync", run, "--as-new", "0500", "--why", "x", *NEW[target])
    assert late.code == 2
    assert empty.creates(target) == {"0043": 1}
    assert empty.ask("releases").json["releases"] == []


def test_many_candidates_without_a_number_are_counted(
    empty: Office, direction: tuple[str, str]
) -> None:
    """Up to three are named by their ids; with a number each is named."""
    source, target = direction
    put(empty, source, "0500", HANAKO, birth="")
    for _index in range(4):
        put(empty, target, None, HANAKO, birth="")
    put(empty, target, "1417", HANAKO, birth="")
    out = empty.renkei("plan", empty.fetched(*direction)).out
    assert "1417, 4 without a number" in out


def test_many_without_a_number_are_one_line(empty: Office, direction: tuple[str, str]) -> None:
    """A list in which many wait for their number stays readable; the JSON has everybody."""
    source, target = direction
    for index in range(4):
        put(empty, source, None, person(index))
    put(empty, source, "0043", person(9))
    del target
    run = empty.fetched(*direction)
    out = empty.renkei("plan", run).out
    assert "4 employees without a number" in out
    assert out.count("No employee number") == 0
    assert len(empty.ask("plan", run).json["items"]) == 5
    shown = empty.renkei("plan", run, "--difference", "blocked").out
    assert shown.count("No employee number") == 4


# --- the whole list -----------------------------------------------------------------------------


def test_renumbered_people_halt_the_plan(empty: Office, direction: tuple[str, str]) -> None:
    """Five people one number further: nothing is sent, also not for those who are right."""
    source, target = direction
    for index in range(20):
        put(empty, source, f"{index + (index > 4 and index < 10):03}", person(index))
        put(empty, target, f"{index:03}", person(index))
    empty.system(source).edit(put(empty, source, "900", person(30)))
    run = empty.fetched(*direction)
    codes = [notice["code"] for notice in empty.ask("plan", run).json["notices"]]
    assert "numbers_moved" in codes
    halted = empty.ask("sync", run, "--number", "900", *NEW[target])
    assert (halted.code, empty.sent(target)) == (6, [])
    halted = empty.ask("run", *direction, "--yes", *NEW[target])
    assert (halted.code, empty.sent(target)) == (6, [])
    assert empty.ask("sync", run, "--number", "900", *NEW[target], "--allow-unusual").code == 0
    again = empty.ask("fetch", *direction).json["notices"]
    assert "numbers_moved" not in [notice["code"] for notice in again], "standing cases stop nobody"


def test_two_numbering_schemes_halt_the_plan(empty: Office, direction: tuple[str, str]) -> None:
    """E0123 here, 0123 there: three examples, and nothing is created."""
    source, target = direction
    for index in range(12):
        put(empty, source, f"E{index:04}", person(index))
        put(empty, target, f"{index:04}", person(index, birth=""))
    run = empty.ask("fetch", *direction)
    (notice,) = [n for n in run.json["notices"] if n["code"] == "numbers_do_not_fit"]
    assert notice["about"][1:] == ["E0000 / 0000", "E0001 / 0001", "E0002 / 0002"]
    halted = empty.ask("sync", run.run, *empty.everybody(target))
    assert (halted.code, empty.sent(target)) == (6, [])


def test_two_companies_are_not_compared(empty: Office, direction: tuple[str, str]) -> None:
    """The fetch fails and names some; a person can say that the pair is right, once."""
    source, target = direction
    for index in range(8):
        put(empty, source, f"{index:03}", person(index))
        put(empty, target, f"{index:03}", person(index + 40, gender="female"))
    refused = empty.ask("fetch", *direction)
    assert (refused.code, refused.error["code"]) == (6, "wrong_pair")
    assert "000" in refused.error["message"]
    (failed,) = empty.ask("reports").json["reports"]
    assert failed["status"] == "failed"
    assert empty.ask("fetch", *direction, "--right-pair").code == 2
    assert empty.ask("fetch", *direction, "--right-pair", "--why", "moved house").code == 0
    assert empty.ask("fetch", *direction).code == 0
    assert empty.ask("releases").json["releases"][0]["kind"] == "right_pair"


# --- look first ---------------------------------------------------------------------------------


def test_who_must_be_looked_at_first_is_left_for_a_person(
    empty: Office, direction: tuple[str, str]
) -> None:
    """Not by a difference, not by --yes: by number, or with --look-first."""
    source, target = direction
    put(empty, source, "0042", {**HANAKO, "given": "花世", "given_kana": "ハナヨ"})
    theirs = put(empty, target, "0042", HANAKO)
    put(empty, source, "0043", person(1, mail="one@example.jp"))
    put(empty, target, "0043", person(1, mail="two@example.jp"))
    run = empty.fetched(*direction)
    assert empty.plan(run)["0042"]["notes"] == ["identity_changed"]
    done = empty.ask("sync", run, "--yes")
    assert (done.code, done.json["left_for_you"]) == (0, ["0042"])
    assert read(empty, target, theirs)["given"] == "花子"
    assert "0042" in empty.renkei("run", *direction, "--yes").out
    alone = empty.ask("sync", empty.fetched(*direction), "--look-first")
    assert alone.code == 2
    sync(empty, empty.fetched(*direction), target, "--difference", "changed", "--look-first")
    assert read(empty, target, theirs)["given"] == "花世"


# --- whose accounts -----------------------------------------------------------------------------


def test_the_first_fetch_names_both_accounts(office: Office, direction: tuple[str, str]) -> None:
    """One cheap request to each system; where the name may not be read it is asked again."""
    office.box.smarthr.faults.add(faults.status(403), path="companies", times=None)
    found = [office.ask("fetch", *direction).json["notices"] for _ in range(2)]
    named = [[n["about"] for n in notices if n["code"] == "account_named"] for notices in found]
    assert named == [[["touchontime", "株式会社あけぼの商事"]], []]
    asked = Counter(entry.path.rpartition("/")[2] for entry in office.box.journal)
    assert (asked["companies"], asked["company"]) == (2, 1)
    assert asked["divisions"] == asked["biz_establishments"] == 0
    back = office.ask("fetch", *direction[::-1]).json["notices"]
    assert "account_named" not in {notice["code"] for notice in back}


# --- rehires ------------------------------------------------------------------------------------


def test_who_comes_back_under_the_same_number_loses_the_old_date(
    empty: Office, direction: tuple[str, str]
) -> None:
    """A date of joining never stands beside an earlier date of leaving."""
    source, target = direction
    put(empty, source, "0042", HANAKO, hired="2026-10-01")
    theirs = put(empty, target, "0042", HANAKO, left="2024-03-31")
    if target == "smarthr":
        empty.box.smarthr.edit(theirs, emp_status="retired")
    run = empty.fetched(*direction)
    item = empty.plan(run)["0042"]
    assert "rehire" in item["notes"]
    assert empty.ask("sync", run, "--yes", *NEW[target]).json["left_for_you"] == ["0042"]
    sync(empty, empty.fetched(*direction), target, "--number", "0042")
    now = read(empty, target, theirs)
    assert (now["hired"], now["left"] or None) == ("2026-10-01", None)
    for pair in (direction, direction[::-1]):
        assert empty.plan(empty.fetched(*pair))["0042"]["difference"] == "same"


@pytest.mark.parametrize(
    ("left", "hired", "there"),
    [
        ("2026-04-01", "2026-04-01", "2010-04-01"),  # on the very day
        ("2024-03-31", "2026-10-01", "2026-10-01"),  # the date of joining is there already
    ],
)
def test_a_rehire_is_completed(
    empty: Office, direction: tuple[str, str], left: str, hired: str, there: str
) -> None:
    """The old date of leaving is emptied, also where the pair says keep."""
    source, target = direction
    put(empty, source, "0042", HANAKO, hired=hired)
    theirs = put(empty, target, "0042", HANAKO, left=left, hired=there)
    run = empty.fetched(*direction)
    assert empty.plan(run)["0042"]["difference"] == "changed"
    sync(empty, run, target, "--number", "0042")
    now = read(empty, target, theirs)
    assert (now["hired"], now["left"] or None) == (hired, None)
    assert empty.plan(empty.fetched(*direction))["0042"]["difference"] == "same"


@pytest.mark.parametrize(
    ("policy", "notes", "created"),
    [("ask", ["rehire"], 1), ("new", [], 1), ("reuse", ["linked"], 0)],
)
def test_who_comes_back_under_a_new_number_is_asked_for(
    empty: Office, direction: tuple[str, str], policy: str, notes: list[str], created: int
) -> None:
    """The policy of the use decides; the old record is never doubled by the next night."""
    source, target = direction
    rest = f"mappings: [{{use: smarthr-touchontime, rehire: {policy}}}]\n"
    empty.configure(extra=rest + "settings: {settle_wait_seconds: 0}")
    put(empty, source, "0500", HANAKO, hired="2026-10-01")
    theirs = put(empty, target, "1417", HANAKO, left="2024-03-31")
    run = empty.fetched(*direction)
    assert [n for n in empty.plan(run)["0500"]["notes"] if n != "wanted_missing"] == notes
    sync(empty, run, target, "--number", "0500")
    assert len(empty.creates(target)) == created
    if policy == "reuse":
        now = read(empty, target, theirs)
        assert (now["hired"], now["left"] or None, now["number"]) == ("2026-10-01", None, "1417")
    again = empty.plan(empty.fetched(*direction))["0500"]
    assert (again["difference"], again["reasons"]) == ("same", [])


# --- leavers and joiners ------------------------------------------------------------------------


def day(offset: int) -> str:
    """Return the day *offset* days from the office's today."""
    return (TODAY + dt.timedelta(days=offset)).isoformat()


@pytest.mark.parametrize(("offset", "passed"), [(0, True), (-62, True), (-63, False)])
def test_a_leaver_passes_on_the_date_alone(
    empty: Office, direction: tuple[str, str], offset: int, passed: bool
) -> None:
    """Up to the given days before the base date, also where the target has another date."""
    source, target = direction
    there = {"0042": {}, "0043": {"left": day(30)}, "0044": {"left": day(offset)}}
    ids = {}
    for index, (number, has) in enumerate(there.items()):
        put(empty, source, number, person(index, family="新姓"), left=day(offset))
        ids[number] = put(empty, target, number, person(index), **has)
    put(empty, source, "0045", person(7), left=day(offset))
    run = empty.fetched(*direction, "--leavers", "62")
    plan = empty.plan(run)
    assert set(plan) == ({"0042", "0043"} if passed else set())
    sync(empty, run, target, "--difference", "new,changed")
    for number, identity in ids.items():
        now = read(empty, target, identity)
        assert now["family"] != "新姓"
        expected = day(offset) if passed or number == "0044" else there[number].get("left")
        assert (now["left"] or None) == expected
    assert empty.creates(target) == {}


def test_a_leaver_whose_number_is_used_again_is_left_alone(
    empty: Office, direction: tuple[str, str]
) -> None:
    """The one on the roll is compared as ever; a notice names the number."""
    source, target = direction
    put(empty, source, "0042", HANAKO, left=day(-10))
    put(empty, source, "0042", GAKU)
    put(empty, target, "0042", GAKU)
    found = empty.ask("fetch", *direction, "--leavers", "62")
    (notice,) = [n for n in found.json["notices"] if n["code"] == "number_on_roll_too"]
    assert notice["about"] == ["0042"]
    assert found.json["counts"] == {"new": 0, "changed": 0, "same": 1, "blocked": 0}


def test_a_leaver_who_may_be_somebody_else_is_told(
    empty: Office, direction: tuple[str, str]
) -> None:
    """The date is not passed on, and the notice says so; on the earlier day it can be chosen."""
    source, target = direction
    put(empty, source, "0042", HANAKO, left=day(-10))
    theirs = put(empty, target, "0042", HANAKO, birth="1975-02-15", left=day(-30), gender="male")
    put(empty, source, "0043", person(3), left=day(-10))
    put(empty, target, "0043", person(3))
    found = empty.ask("fetch", *direction, "--leavers", "62")
    (told,) = [n["about"] for n in found.json["notices"] if n["code"] == "leavers_unsure"]
    assert (told, set(empty.plan(found.run))) == (["0042"], {"0043"})
    run = empty.fetched(*direction, "--date", day(-11))
    sync(empty, run, target, "--number", "0042")
    assert read(empty, target, theirs)["left"] == day(-10)


def test_a_leaver_hired_again_in_the_target_keeps_the_new_record(
    empty: Office, direction: tuple[str, str]
) -> None:
    """Somebody whose partner was hired later has not left there."""
    source, target = direction
    put(empty, source, "0042", HANAKO, left=day(-10))
    put(empty, target, "0042", HANAKO, hired=day(-5))
    assert empty.plan(empty.fetched(*direction, "--leavers", "62")) == {}


@pytest.mark.parametrize(("offset", "listed"), [(1, True), (14, True), (15, False)])
def test_a_joiner_is_registered_ahead_once(
    empty: Office, direction: tuple[str, str], offset: int, listed: bool
) -> None:
    """As new only, and not offered again while the target does not show them yet."""
    source, target = direction
    put(empty, source, "0042", HANAKO, hired=day(offset))
    put(empty, source, "0043", person(3), hired=day(offset))
    put(empty, target, "0043", person(3, family="別姓"))
    run = empty.fetched(*direction, "--joiners", "14")
    plan = empty.plan(run)
    assert set(plan) == ({"0042"} if listed else set())
    sync(empty, run, target, "--yes")
    assert empty.creates(target) == ({"0042": 1} if listed else {})
    if listed:
        for identity in [i for i, p in empty.system(target).people.items()
                         if p.get(FIELDS[target]["number"]) == "0042"]:  # fmt: skip
            del empty.system(target).people[identity]  # not shown before the first day
        assert empty.plan(empty.fetched(*direction, "--joiners", "14")) == {}


def test_a_record_that_goes_on_waits_for_the_day(empty: Office, direction: tuple[str, str]) -> None:
    """Somebody who joins soon is only listed as new: `reuse` does not write the old record yet."""
    source, target = direction
    rest = "mappings: [{use: smarthr-touchontime, rehire: reuse}]\n"
    empty.configure(extra=rest + "settings: {settle_wait_seconds: 0}")
    put(empty, source, "0500", HANAKO, hired=day(10))
    theirs = put(empty, target, "1417", HANAKO, left="2024-03-31")
    assert empty.plan(empty.fetched(*direction, "--joiners", "14")) == {}
    empty.box.clock.set(f"{day(10)}T12:00:00+09:00")
    sync(empty, empty.fetched(*direction, "--joiners", "14"), target, "--yes")
    assert read(empty, target, theirs)["hired"] == day(10)
    assert empty.creates(target) == {}


def test_leavers_who_are_listed_no_more_are_no_shrinking(
    empty: Office, direction: tuple[str, str]
) -> None:
    """Passed on tonight, they are not in tomorrow's plan: the roll has not become shorter."""
    source, target = direction
    for index in range(20):
        left = {"left": day(-10)} if index < 6 else {}
        put(empty, source, f"{1000 + index}", person(index), **left)
        put(empty, target, f"{1000 + index}", person(index))
    sync(empty, empty.fetched(*direction, "--leavers", "62"), target, "--yes")
    again = empty.ask("fetch", *direction, "--leavers", "62")
    assert again.json["counts"] == {"new": 0, "changed": 0, "same": 14, "blocked": 0}
    assert [n["code"] for n in again.json["notices"]] == ["leavers_listed"]


@pytest.mark.parametrize("there", [True, False])
def test_a_joiner_with_the_number_of_somebody_listed_is_told(
    empty: Office, direction: tuple[str, str], there: bool
) -> None:
    """Whether the target knows the number or not; the leaver's date goes, nobody is created."""
    source, target = direction
    put(empty, source, "0042", HANAKO, left=day(-5))
    put(empty, source, "0042", GAKU, hired=day(5))
    put(empty, source, "0043", person(3))
    put(empty, source, "0043", person(4), hired=day(5))
    for number, who in (("0042", HANAKO), ("0043", person(3))) if there else ():
        put(empty, target, number, who)
    found = empty.ask("fetch", *direction, "--leavers", "62", "--joiners", "14")
    (told,) = [n["about"] for n in found.json["notices"] if n["code"] == "number_on_roll_too"]
    assert told == ["0042", "0043"]
    sync(empty, found.run, target, "--yes")
    assert empty.creates(target) == ({} if there else {"0043": 1})
    if there:
        (record,) = empty.system(target).find("0042")
        assert record[FIELDS[target]["left"]] == day(-5)


def test_the_configuration_says_whose_leavers_and_joiners(empty: Office) -> None:
    """By the side that is written to; a wrong side or number of days is told with its place."""
    rest = "settings: {settle_wait_seconds: 0}"
    use = "mappings: [{use: smarthr-touchontime, leavers: {%s}, joiners: {touchontime: 14}}]\n"
    empty.configure(extra=use % "touchontime: 62" + rest)
    for number, system, other in (
        ("0042", "smarthr", "touchontime"),
        ("0043", "touchontime", "smarthr"),
    ):
        put(empty, system, number, person(int(number)), left=day(-10))
        put(empty, other, number, person(int(number)))
    assert empty.plan(empty.fetched("smarthr", "touchontime"))["0042"]["difference"] == "changed"
    assert "0043" not in empty.plan(empty.fetched("touchontime", "smarthr"))
    for wrong in ("touchontim: 62", "touchontime: 0", "touchontime: 400"):
        empty.configure(extra=use % wrong + rest)
        refused = empty.ask("fetch", "smarthr", "touchontime")
        assert refused.code == 3, wrong


def test_who_is_not_in_the_plan_is_explained(empty: Office, direction: tuple[str, str]) -> None:
    """Which day, and which rule; a number that nobody has stays a mistake."""
    source, target = direction
    put(empty, source, "0042", HANAKO, left=day(-10))
    put(empty, source, "0043", person(3), hired=day(10))
    for system in direction:
        put(empty, system, "0044", person(4))
    run = empty.fetched(*direction)
    for number, offset, code in (("0042", -10, "left_by_then"), ("0043", 10, "not_hired_by_then")):
        told = empty.ask("mapping", "explain", run, number)
        assert (told.code, told.json["not_listed"]["code"]) == (0, code)
        assert day(offset) in told.json["not_listed"]["message"]
    assert empty.ask("mapping", "explain", run, "0044").json["difference"] == "same"
    assert empty.ask("mapping", "explain", run, "9999").code == 2
    assert empty.sent(target) == []
