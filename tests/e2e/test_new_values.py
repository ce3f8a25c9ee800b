from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.office import Office

Direction = tuple[str, str]

FIELDS = {"touchontime": ("divisionCode", "typeCode"), "smarthr": ("biz_establishment_id",)}


def created(office: Office) -> dict[str, tuple[str, str]]:
    """Return division and working type of everybody created in Touch On Time."""
    return {
        e.body["code"]: (e.body["divisionCode"], e.body["typeCode"])
        for e in office.box.writes("touchontime")
        if e.kind == "create"
    }


def test_choices_are_the_contract(office: Office, direction: Direction) -> None:
    """`choices` prints the connection and each field with labels and live choices."""
    _, target = direction
    result = office.ask("choices", target)
    assert result.code == 0
    assert list(result.json) == ["schema_version", "connection", "fields"]
    assert result.json["connection"] == target
    assert tuple(each["name"] for each in result.json["fields"]) == FIELDS[target]
    for each in result.json["fields"]:
        assert list(each) == ["name", "label", "choices"]
        assert set(each["label"]) == {"ja", "en"}
        assert all(list(choice) == ["code", "label"] for choice in each["choices"])


def test_a_unique_label_will_do(office: Office) -> None:
    """VALUE may be the label that people know; the code is what is sent."""
    run = office.fetched("smarthr", "touchontime")
    words = ("--new", "divisionCode=大阪支社", "--new", "typeCode=正社員")
    result = office.ask("sync", run, "--yes", "--look-first", *words)
    assert result.code == 0, result.out
    codes = {row["name"]: row["code"] for row in office.box.touchontime.masters["divisions"]}
    kinds = {row["name"]: row["code"] for row in office.box.touchontime.masters["working-types"]}
    assert set(created(office).values()) == {(codes["大阪支社"], kinds["正社員"])}


def test_an_ambiguous_label_is_refused_with_its_codes(office: Office) -> None:
    """Two divisions of one name: the message gives both codes, the run stays ready."""
    run = office.fetched("smarthr", "touchontime")
    result = office.ask("sync", run, "--yes", "--new", "divisionCode=営業部", "--new", "typeCode=1")
    assert (result.code, result.json["status"]) == (2, "ready")
    assert "divisionCode" in result.error["hint"]
    assert "210, 211" in result.error["message"]
    assert office.sent() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], ["divisionCode", "typeCode", "--new-file"]),
        (["--new", "divisionCode=200"], ["typeCode"]),
        (["--new", "divisionCode=999999", "--new", "typeCode=1"], ["divisionCode", "999999"]),
        (["--new", "division=200", "--new", "typeCode=1"], ["division", "divisionCode"]),
        (["--new", "typeCode=1", "--new", "typeCode=2"], ["typeCode"]),
    ],
    ids=["missing", "one-missing", "unknown-value", "unknown-field", "twice"],
)
def test_a_wrong_value_stores_and_sends_nothing(
    office: Office, words: list[str], said: list[str]
) -> None:
    """It is a usage error that names the vendor's field; the run stays ready and unchosen."""
    run = office.fetched("smarthr", "touchontime")
    result = office.ask("sync", run, "--difference", "new,changed", "--look-first", *words)
    assert (result.code, result.json["status"]) == (2, "ready")
    told = f"{result.error['message']} {result.error['hint']}"
    assert all(word in told for word in said), result.error
    assert "outcomes" not in result.json
    assert office.sent() == []
    assert office.ask("resume", run).code == 2


def test_each_hint_stands_behind_its_own_mistake(office: Office) -> None:
    """Two wrong fields and a row of a file: what helps follows each, and the row says whose."""
    run = office.fetched("smarthr", "touchontime")
    new = office.numbers(run, "new")[0]
    (office.folder / "new.csv").write_text(f"number,typeCode\n{new},77\n", encoding="utf-8")
    words = ("--new", "divisionCode=999999", "--new", "typeCode=88", "--new-file", "new.csv")
    told = office.renkei("sync", run, "--yes", "--look-first", *words).err.splitlines()
    division, working_type, row = (line for line in told if "not offered" in line)
    assert "999999" in division
    assert division.endswith("`renkei choices` lists what is offered for divisionCode.")
    assert "88" in working_type
    assert working_type.endswith("`renkei choices` lists what is offered for typeCode.")
    assert row.startswith(f"new.csv:2:1: {new}: ")


def test_the_establishment_is_asked_for_by_its_name(office: Office) -> None:
    """The hint about a missing SmartHR value contains `biz_establishment_id`."""
    run = office.fetched("touchontime", "smarthr")
    result = office.ask("sync", run, "--yes")
    assert (result.code, result.json["status"]) == (2, "ready")
    assert "biz_establishment_id" in result.error["hint"]


def test_changed_employees_need_no_values(office: Office) -> None:
    """Somebody with only a difference is synced without a division."""
    run = office.fetched("smarthr", "touchontime")
    assert office.ask("sync", run, "--difference", "changed", "--look-first").code == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_rows_override_the_common_value(office: Office, encoding: str) -> None:
    """The file of any spreadsheet is read; those not in it get the common value."""
    run = office.fetched("smarthr", "touchontime")
    first, second, *others = office.numbers(run, "new")
    rows = f"社員番号,divisionCode,typeCode\r\n{first},大阪支社,\r\n{second},210,2\r\n"
    (office.folder / "new.csv").write_bytes(rows.encode(encoding))
    words = ("--new", "divisionCode=100", "--new", "typeCode=1", "--new-file", "new.csv")
    result = office.ask("sync", run, "--yes", "--look-first", *words)
    assert result.code == 0, result.out
    assert created(office) == {
        first: ("200", "1"),
        second: ("210", "2"),
        **dict.fromkeys(others, ("100", "1")),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("number,divisionCode,typeCode\n{lost},200,1\n", ["new.csv:2:1", "{new}"]),
        ("number,divisionCode,typeCode\n{new},9999,1\n", ["new.csv:2:", "divisionCode", "9999"]),
        ("number,divisionCode\n{new},200\n{new},200\n", ["new.csv:3:1", "row 2"]),
        ("number,division\n{new},200\n", ["new.csv:1:2", "divisionCode"]),
        ("number,divisionCode,typeCode\n{same},200,1\n", ["new.csv:2:1", "{same}"]),
        ("", ["new.csv:1:1"]),
    ],
    ids=["lost-zeros", "unknown-choice", "twice", "misspelt", "exists", "empty"],
)
def test_a_mistake_in_the_file_is_located(office: Office, text: str, said: list[str]) -> None:
    """FILE:ROW:COLUMN and the word in question; nothing is sent."""
    run = office.fetched("smarthr", "touchontime")
    new, same = office.numbers(run, "new")[0], office.numbers(run, "same")[1]
    parts = {"new": new, "same": same, "lost": new.lstrip("0")}
    (office.folder / "new.csv").write_text(text.format(**parts), encoding="utf-8")
    words = ("--new", "divisionCode=200", "--new", "typeCode=1", "--new-file", "new.csv")
    result = office.ask("sync", run, "--yes", "--look-first", *words)
    assert result.code == 2
    for word in said:
        assert word.format(**parts) in f"{result.error['message']} {result.error['hint']}"
    assert office.sent() == []


def test_a_missing_file_is_named(office: Office) -> None:
    """A file that is not there is a usage error with its name."""
    run = office.fetched("smarthr", "touchontime")
    result = office.ask("sync", run, "--yes", "--new-file", "nothing.csv")
    assert result.code == 2
    assert "nothing.csv" in result.error["message"]


def test_the_template_can_be_filled_and_used(office: Office) -> None:
    """`choices --template` writes a private file; with rows added it is a --new-file."""
    result = office.ask("choices", "touchontime", "--template", "new.csv")
    assert result.code == 0
    path = office.folder / "new.csv"
    assert path.stat().st_mode & 0o777 == 0o600
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    assert rows[0] == ["number", "divisionCode", "typeCode"]
    assert ["#", "divisionCode", "200", "大阪支社"] in rows
    run = office.fetched("smarthr", "touchontime")
    new = office.numbers(run, "new")
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{number},200,1\n" for number in new)
    assert office.ask("sync", run, "--yes", "--look-first", "--new-file", "new.csv").code == 0
    assert set(created(office)) == set(new)
    again = office.ask("choices", "touchontime", "--template", "new.csv")
    assert again.code == 2, "what somebody filled in is not overwritten"


def vanish(office: Office, run: str, change: str) -> None:
    """Choose, pause before the first create, and let the chosen division vanish or be renamed."""
    touchontime = office.box.touchontime
    rule = touchontime.faults.add("status", status=403, code=104, kind="create")
    chosen = office.ask("sync", run, *office.everybody("touchontime"))
    assert (chosen.code, chosen.json["status"], rule.seen) == (4, "paused", 1)
    divisions = touchontime.masters["divisions"]
    row = next(row for row in divisions if row["code"] == "200")
    if change == "gone":
        divisions.remove(row)
    else:
        row["name"] = "名古屋支社"


@pytest.mark.fault("F29")
@pytest.mark.parametrize("change", ["gone", "renamed"])
def test_a_choice_that_vanished_blocks_only_the_creates(office: Office, change: str) -> None:
    """Gone or meaning something else by now: its creates fail by name, the updates go on."""
    run = office.fetched("smarthr", "touchontime")
    new, changed = office.numbers(run, "new"), office.numbers(run, "changed")
    vanish(office, run, change)
    result = office.ask("resume", run)
    assert (result.code, result.json["status"]) == (1, "done_with_errors")
    outcomes = office.outcomes(run)
    assert {outcomes[number] for number in new} == {("failed", "choice_gone")}
    assert {outcomes[number][0] for number in changed} == {"updated"}
    assert office.creates("touchontime") == {}
    assert "divisionCode" in office.renkei("report", run).out


def test_a_choice_file_is_synced_as_it_stands(office: Office) -> None:
    """Who and which values come from one document; afterwards another one is refused."""
    run = office.fetched("smarthr", "touchontime")
    plan = office.ask("plan", run, "--difference", "new").json["items"]
    first, second = (item["number"] for item in plan[:2])
    choice = {
        "numbers": [first, second],
        "new": {"divisionCode": "200", "typeCode": "1"},
        "rows": [{"number": second, "values": {"divisionCode": "100", "typeCode": "1"}}],
    }
    file = office.folder / "choice.json"
    file.write_text(json.dumps(choice))
    result = office.ask("sync", run, "--choice", str(file))
    assert (result.code, result.json["outcomes"]["created"]) == (0, 2), result.out
    sent = {e.body["code"]: e.body["divisionCode"] for e in office.box.writes("touchontime")}
    assert sent == {first: "200", second: "100"}
    assert office.ask("sync", run, "--choice", str(file)).code == 0
    assert len(office.box.writes("touchontime")) == 2
