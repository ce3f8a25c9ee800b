"""What both vendors really send: pages without a fixed order, odd labels, placeholders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.sampling import one_way

if TYPE_CHECKING:
    from tests.e2e.office import Office

Direction = tuple[str, str]


def nobody_left(office: Office, direction: Direction) -> None:
    """After a sync of everybody chosen a second fetch finds nothing to do."""
    counts = office.ask("fetch", *direction).json["counts"]
    assert counts["new"] == counts["changed"] == 0, counts


def without_number(office: Office, people: int) -> None:
    """Put *people* into SmartHR who have no number yet."""
    for index in range(people):
        office.box.smarthr.add(
            last_name="番号なし", first_name=f"{index}", entered_at="2026-12-01", gender="female"
        )


SWITCHES: dict[str, dict[str, Any]] = {
    "as documented": {},
    "small pages": {"largest_page": 20},
    "an empty page": {"empty_page": 2, "total": "first page"},
    "without links": {"links": False, "total": "first page"},
}


@pytest.mark.fault("F15")
@pytest.mark.parametrize(
    ("switches", "ties", "direction"),
    [
        pytest.param(switches, ties, *way.values, id=f"{way.id}-{ties}-{name}", marks=way.marks)
        for row, (name, switches) in enumerate(SWITCHES.items())
        for column, ties in enumerate(("stable", "shuffled"))
        for way in one_way(row + column)
    ],
)
def test_pages_in_any_order_give_the_whole_list(
    office: Office, direction: Direction, ties: str, switches: dict[str, Any]
) -> None:
    """130 people, 60 without a number: each is there once, whichever side SmartHR is."""
    without_number(office, 70)
    expected = office.ask("fetch", *direction).json["counts"]
    for name, value in {"ties": ties, **switches}.items():
        setattr(office.box.smarthr.switches, name, value)
    assert office.ask("fetch", *direction).json["counts"] == expected
    office.synced(*direction)
    nobody_left(office, direction)


def test_pages_without_links_and_total_are_read_to_the_end(office: Office) -> None:
    """A system that tells nothing about its pages is asked until a page is empty."""
    expected = office.ask("fetch", "smarthr", "touchontime").json["counts"]
    office.box.smarthr.switches.links = False
    office.box.smarthr.switches.total = "none"
    office.box.smarthr.switches.largest_page = 7
    assert office.ask("fetch", "smarthr", "touchontime").json["counts"] == expected


def test_a_list_that_never_reaches_its_total_is_no_plan(office: Office) -> None:
    """However often it is walked: nobody is taken for missing."""
    without_number(office, 70)
    office.box.smarthr.switches.ties = "shuffled"
    path = "^/smarthr/api/v1/crews$"
    office.box.smarthr.faults.add("truncate", keep=3, method="GET", path=path, times=None)
    result = office.ask("fetch", "touchontime", "smarthr")
    assert result.code == 4
    assert result.error["code"] == "list_changed"


@pytest.mark.parametrize("label", ["text/html; charset=utf-8", "text/plain"])
def test_labels_and_members_mean_nothing(office: Office, direction: Direction, label: str) -> None:
    """JSON that calls itself a web page, in several gzip members: lists, reads and writes."""
    for system in office.box.systems.values():
        system.switches.label = label
        system.switches.gzip_members = 3
    office.synced(*direction)
    assert office.sent(direction[1])
    nobody_left(office, direction)


def test_a_refusal_labelled_as_a_web_page_is_told_by_its_code(office: Office) -> None:
    """A wrong token is one, whatever the answer calls itself."""
    for system in office.box.systems.values():
        system.switches.label = "text/html"
    office.box.touchontime.revoke()
    result = office.ask("fetch", "smarthr", "touchontime")
    assert (result.code, result.error["code"]) == (4, "access")


def test_a_gender_that_nobody_chose_is_filled_in(office: Office) -> None:
    """Towards Touch On Time the placeholder is empty; the next fetch finds nothing to do."""
    system = office.box.touchontime
    system.switches.gender_unset = "no_selected"
    run = office.fetched("smarthr", "touchontime")
    (number, *_others) = office.numbers(run, "same")
    system.edit(system.find(number)[0]["key"], gender=None)
    run = office.fetched("smarthr", "touchontime")
    (change,) = office.plan(run)[number]["changes"]
    assert (change["field"], change["before"]) == ("gender", None)
    office.synced("smarthr", "touchontime")
    assert system.find(number)[0]["gender"] in ("male", "female")
    nobody_left(office, ("smarthr", "touchontime"))


def test_a_gender_that_nobody_chose_empties_nothing(office: Office) -> None:
    """The other way it is left alone: empty in the source is no difference there."""
    run = office.fetched("touchontime", "smarthr")
    number = office.numbers(run, "same")[0]
    system = office.box.touchontime
    system.switches.gender_unset = "no_selected"
    system.edit(system.find(number)[0]["key"], gender=None)
    run = office.fetched("touchontime", "smarthr")
    assert office.plan(run)[number]["difference"] == "same"


@pytest.mark.parametrize("status", [400, 404])
def test_an_unknown_code_may_look_like_a_dead_token(office: Office, status: int) -> None:
    """New employees are created all the same, one or many of them."""
    office.box.touchontime.switches.unknown_code = "100"
    office.box.touchontime.switches.unknown_code_status = status  # type: ignore[assignment]
    run = office.fetched("smarthr", "touchontime")
    number = office.numbers(run, "new")[0]
    result = office.ask("sync", run, "--number", number, *office.everybody("touchontime")[2:])
    assert (result.code, result.json["outcomes"]["created"]) == (0, 1), result.out
    office.synced("smarthr", "touchontime")
    nobody_left(office, ("smarthr", "touchontime"))


@pytest.mark.fault("F34")
def test_a_token_that_died_is_told_where_unknown_codes_look_alike(office: Office) -> None:
    """The list is refused as well: the run pauses, and nobody is taken for absent."""
    office.box.touchontime.switches.unknown_code = "100"
    run = office.fetched("smarthr", "touchontime")
    number = office.numbers(run, "new")[0]
    office.box.touchontime.revoke()
    result = office.ask("sync", run, "--number", number, *office.everybody("touchontime")[2:])
    assert (result.code, result.json["status"]) == (4, "ready")
    assert not office.creates("touchontime")


def test_a_partial_update_refused_in_unknown_words(office: Office) -> None:
    """The base values go along from then on; nothing of anybody is lost."""
    office.allow(1)
    switches = office.box.touchontime.switches
    switches.partial_put, switches.partial_put_refusal = False, "unknown words"
    office.synced("smarthr", "touchontime")
    updates = [e for e in office.sent("touchontime") if e.kind == "update"]
    assert [e.status for e in updates].count(400) == 1
    assert len({e.person for e in updates if e.accepted}) == len(updates) - 1


def test_the_systems_words_are_those_about_the_person(office: Office) -> None:
    """One person is refused for a reason of their own: two tries, their words, others go on."""
    run = office.fetched("smarthr", "touchontime")
    first, *others = office.numbers(run, "changed")
    key = office.box.touchontime.find(first)[0]["key"]
    office.box.touchontime.faults.add(
        "status", status=400, body='{"errors": [{"message": "メールが長い。", "code": 9999}]}',
        path=key, method="PUT", times=None,
    )  # fmt: skip
    result = office.ask("sync", run, "--difference", "changed", "--look-first")
    assert result.code == 1
    assert office.outcomes(run)[first] == ("failed", "refused")
    assert {office.outcomes(run)[number][0] for number in others} == {"updated"}
    tries = [e for e in office.sent("touchontime") if key in e.path]
    assert len(tries) == 2
    assert "メールが長い。" in office.renkei("report", run, "--csv").out


def test_establishments_of_one_name_are_told_apart(office: Office) -> None:
    """By their address, in the list of choices and in the report of who was created."""
    shown = office.renkei("choices", "smarthr").out
    assert "東京本社 (東京都架空市本町1-1)" in shown
    assert "東京本社 (東京都見本市北町3-3)" in shown
    assert "大阪支社 (" not in shown
    run = office.fetched("touchontime", "smarthr")
    chosen = "biz_establishment_id=東京本社 (東京都見本市北町3-3)"
    assert office.ask("sync", run, "--difference", "new", "--new", chosen).code == 0
    third = office.box.smarthr.masters["biz_establishments"][2]["id"]
    creates = [e for e in office.box.writes("smarthr") if e.kind == "create"]
    assert {e.body["biz_establishment_id"] for e in creates} == {third}
    assert "東京本社 (東京都見本市北町3-3)" in office.renkei("report", run, "--csv").out


@pytest.mark.parametrize("value", ["東京本社 ", "東京本社\u3000", "大阪支社"])
def test_a_label_is_matched_as_names_are(office: Office, value: str) -> None:
    """Blanks and widths do not count; what fits one only is taken."""
    office.box.touchontime.masters["divisions"][1]["name"] = "大阪支社(ｶﾝｻｲ～ｷﾀ)"
    typed = value.replace("大阪支社", "大阪支社（カンサイ〜キタ）")
    run = office.fetched("smarthr", "touchontime")
    words = ("--new", f"divisionCode={typed}", "--new", "typeCode=１")
    refused = office.ask("sync", run, "--difference", "new", *words)
    assert refused.code == 2, "codes match exactly"
    words = (*words[:3], "typeCode=1")
    assert office.ask("sync", run, "--difference", "new", *words).code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "RUN", "--number", "NEAR"),
        ("sync", "RUN", "--number", "NEAR"),
        ("sync", "RUN", "--yes", "--except", "NEAR"),
        ("mapping", "explain", "RUN", "NEAR"),
    ],
)
def test_a_number_without_its_zeros_is_told(office: Office, words: tuple[str, ...]) -> None:
    """Every command that takes a number names the one that is there."""
    run = office.fetched("smarthr", "touchontime")
    number = office.numbers(run, "changed")[0]
    near = number.lstrip("0")
    result = office.ask(*(word.replace("RUN", run).replace("NEAR", near) for word in words))
    assert result.code == 2
    assert f"{near} (but {number} is)" in result.error["message"]
    assert not office.sent()


def test_a_file_of_unicode_text_is_read(office: Office) -> None:
    """What Excel calls Unicode text: UTF-16 with a mark, tabs between the cells."""
    run = office.fetched("smarthr", "touchontime")
    number = office.numbers(run, "new")[0]
    path = office.folder / "new.txt"
    text = f"社員番号\tdivisionCode\ttypeCode\r\n{number}\t大阪支社\t正社員\r\n"
    path.write_bytes(text.encode("utf-16"))
    result = office.ask("sync", run, "--number", number, "--new-file", str(path))
    assert (result.code, result.json["outcomes"]["created"]) == (0, 1), result.out


def test_check_tells_what_to_fill_in_by_hand(office: Office) -> None:
    """The contracted days of a week are on Touch On Time's screen only."""
    assert "週の契約労働日数" in office.renkei("check").out
