"""What is said about a mapping and its values: fields as people call them, and never a riddle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.office import Office

NUMBER = "0001"
NARROW = """\
sides: [smarthr, touchontime]
fields:
  - {pair: [emp_code, code]}
  - {pair: [last_name, lastName]}
  - {pair: [first_name, firstName]}
  - {pair: [last_name_yomi, lastNamePhonetics], equal: kana}
  - {pair: [gender, gender], values: {GENDER: GENDER}}
  - {pair: [email, emailAddresses], to: {touchontime: {empty: clear}}}
"""


def person(office: Office, name: str) -> dict[str, object]:
    """Return what a system holds of one employee."""
    system = office.system(name)
    (found,) = [p for p in system.people.values() if p[system.number_field] == NUMBER]
    return found


def narrowed(office: Office, gender: str) -> str:
    """Fetch with a mapping whose table knows one gender only; return the run."""
    (office.folder / "narrow.yaml").write_text(NARROW.replace("GENDER", gender))
    office.configure(extra="mappings: [{use: ./narrow.yaml}]\nsettings: {settle_wait_seconds: 0}")
    return office.fetched("smarthr", "touchontime")


@pytest.mark.parametrize(
    ("language", "field", "label", "word"),
    [("ja", "戸籍上の性別", "性別", "男性"), ("en", "Gender", "Gender", "male")],
)
def test_a_value_without_counterpart_is_named(
    office: Office, language: str, field: str, label: str, word: str
) -> None:
    """Field and value as the source has them, in the plan, its files and the explanation."""
    person(office, "smarthr")["gender"] = "male"
    person(office, "touchontime")["gender"] = "female"
    run = narrowed(office, "female")
    for words in (
        ["plan", run, "--number", NUMBER],
        ["plan", run, "--number", NUMBER, "--csv"],
        ["mapping", "explain", run, NUMBER],
    ):
        told = office.renkei("--lang", language, *words).out
        assert field in told, told
        assert word in told, told
        assert label in told, told
        assert "?" not in told.replace("\n", ""), told
    assert office.plan(run)[NUMBER]["reasons"] == ["not_in_table"]


def test_an_explanation_shows_labels_and_no_riddle(office: Office) -> None:
    """People's words with the names behind them, for values as well."""
    run = narrowed(office, "male")
    told = office.renkei("--lang", "ja", "mapping", "explain", run, NUMBER).out
    assert "姓 (last_name)" in told
    assert "姓（フリガナ） (lastNamePhonetics)" in told
    assert "?" not in told
    steps = office.ask("mapping", "explain", run, NUMBER).json["steps"]
    assert [step["source_field"] for step in steps][:2] == ["emp_code", "last_name"]


@pytest.mark.parametrize(
    ("addresses", "left"), [(["a@x.jp"], []), (["a@x.jp", "b@x.jp"], ["a@x.jp", "b@x.jp"])]
)
def test_clear_empties_one_address_and_no_list(
    office: Office, addresses: list[str], left: list[str]
) -> None:
    """Nobody can tell which of several was meant: they stay, and a note says so."""
    person(office, "smarthr").update(email=None, gender="male")
    person(office, "touchontime").update(emailAddresses=addresses, gender="male")
    run = narrowed(office, "male")
    assert ("not_emptied" in office.plan(run)[NUMBER]["notes"]) == bool(left)
    office.ask("sync", run, "--number", NUMBER)
    assert (person(office, "touchontime")["emailAddresses"] or []) == left
    assert office.plan(office.fetched("smarthr", "touchontime"))[NUMBER]["difference"] == "same"


def test_who_could_not_be_read_is_named_with_the_system(office: Office) -> None:
    """“Correct it in …” says where, for either side."""
    person(office, "smarthr")["birth_at"] = "1990/04/01"
    run = office.fetched("smarthr", "touchontime")
    told = office.renkei("plan", run, "--number", NUMBER).out
    assert "Correct it in smarthr" in told
    run = office.fetched("touchontime", "smarthr")
    assert "Correct it in smarthr" in office.renkei("plan", run, "--number", NUMBER).out


def test_nobody_new_without_a_gender_to_send(office: Office) -> None:
    """A mapping without it: `check` warns, the plan blocks who is new and says why."""
    thin = NARROW.replace("  - {pair: [gender, gender], values: {GENDER: GENDER}}\n", "")
    (office.folder / "thin.yaml").write_text(thin)
    office.configure(extra="mappings: [{use: ./thin.yaml}]\nsettings: {settle_wait_seconds: 0}")
    checked = office.renkei("check")
    assert checked.code == 0
    assert "gender" in checked.out + checked.err
    run = office.fetched("smarthr", "touchontime")
    rows = office.plan(run).values()
    assert not [row for row in rows if row["difference"] == "new"]
    assert [row for row in rows if "nothing_fills" in row["reasons"]]
    assert "Gender (gender)" in office.renkei("plan", run, "--difference", "blocked").out
    done = office.ask("sync", run, "--difference", "changed", "--look-first")
    assert done.code == 0, done
