"""SmartHR's custom fields (カスタム項目), found out and synced through the real command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.office import Office

REST = """\
  staff:
    connector: csv
    options:
      path: staff.csv
      columns: {no: {role: number}, family: {role: family_name}, given: {role: given_name}, way: {}}
mappings: [{use: ./ways.yaml}]
settings: {settle_wait_seconds: 0}"""
MAPPING = """\
sides: [smarthr, csv]
fields:
  - {pair: [emp_code, no]}
  - {pair: [last_name, family]}
  - {pair: [first_name, given]}
  - {pair: [custom_fields.ID, way], values: {remote_ok: home, OTHER: office}}
"""


@pytest.fixture
def ways(office: Office) -> dict[str, object]:
    """Three people, two of whom have said where they work; returns the definition of that."""
    office.configure(extra=REST)
    system = office.box.smarthr
    people = system.people
    for person in list(people)[3:]:
        del people[person]
    (way,) = [t for t in system.masters["crew_custom_field_templates"] if t["type"] == "enum"]
    for number, each in enumerate(people.values(), start=1):
        said = [{"template_id": way["id"], "value": "remote_ok"}] if number < 3 else []
        each.update(
            emp_code=f"{number}", last_name="佐倉", first_name=f"みなと{number}",
            entered_at="2020-04-01", resigned_at=None, emp_status="employed", custom_fields=said,
        )  # fmt: skip
    office.folder.joinpath("staff.csv").write_text("no,family,given,way\n", encoding="utf-8")
    other = next(e["id"] for e in way["elements"] if e["physical_name"] is None)
    text = MAPPING.replace("ID", way["id"]).replace("OTHER", other)
    office.folder.joinpath("ways.yaml").write_text(text, encoding="utf-8")
    return dict(way)


def test_custom_fields_go_out_and_come_back(office: Office, ways: dict[str, object]) -> None:
    """They are unknown until `refresh`, and are read and written by their id then."""
    refused = office.renkei("fetch", "smarthr", "staff")
    assert refused.code == 3
    assert "renkei refresh smarthr" in refused.err
    found = office.ask("refresh", "smarthr").json
    name = f"custom_fields.{ways['id']}"
    assert ways["name"] in [each["label"]["ja"] for each in found["fields"]]
    assert name in [each["name"] for each in found["fields"]]
    run = office.fetched("smarthr", "staff")
    new = office.ask("sync", run, "--difference", "new", "--allow-unusual")
    assert new.code == 0, new.out
    file = office.folder / "staff.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    assert [line.rpartition(",")[2] for line in lines] == ["way", "home", "home", ""]
    file.write_text(file.read_text(encoding="utf-8").replace("1,home", "1,office"), "utf-8")
    back = office.fetched("staff", "smarthr")
    assert [c["field"] for c in office.plan(back)["1"]["changes"]] == [name]
    done = office.ask("sync", back, "--difference", "changed")
    assert done.code == 0, done.out
    values = {
        each["emp_code"]: [item["value"] for item in each["custom_fields"]]
        for each in office.box.smarthr.people.values()
    }
    other = next(e["id"] for e in ways["elements"] if e["physical_name"] is None)  # type: ignore[attr-defined]
    assert values == {"1": [other], "2": ["remote_ok"], "3": []}


def test_a_custom_field_that_is_not_shown_for_somebody_is_told(
    office: Office, ways: dict[str, object]
) -> None:
    """SmartHR may leave out an empty one: it is not compared, which the plan does not hide."""
    office.ask("refresh", "smarthr")
    rows = [f"{number},佐倉,みなと{number},home" for number in (1, 2, 3)]
    text = "\n".join(["no,family,given,way", *rows, ""])
    office.folder.joinpath("staff.csv").write_text(text, encoding="utf-8")
    fetched = office.ask("fetch", "staff", "smarthr")
    [notice] = [n for n in fetched.json["notices"] if n["code"] == "partly_compared"]
    assert str(ways["name"]) in notice["message"]
    assert "Not compared: 1." in notice["message"]
    plan = office.plan(fetched.run)
    assert [plan[number]["difference"] for number in "123"] == ["same"] * 3
    assert [plan[number]["notes"] for number in "123"] == [[], [], ["not_compared"]]


def test_a_custom_field_that_is_deleted_is_told(office: Office, ways: dict[str, object]) -> None:
    """After the next `refresh` its pair is a mistake, with its place in the mapping."""
    office.ask("refresh", "smarthr")
    templates = office.box.smarthr.masters["crew_custom_field_templates"]
    templates[:] = [each for each in templates if each["id"] != ways["id"]]
    gone = office.ask("refresh", "smarthr").json["gone"]
    assert gone == [f"custom_fields.{ways['id']}"]
    result = office.renkei("fetch", "smarthr", "staff")
    assert result.code == 3
    assert "ways.yaml:6:" in result.err
    assert "but it is gone" in result.err
