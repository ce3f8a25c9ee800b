"""Whom a pair is for (``who:``), from what both systems have received and what people read."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.e2e.people import FIELDS, HANAKO, person, put
from tests.sampling import examples, sampled

if TYPE_CHECKING:
    from tests.e2e.office import Office

GROUP = "{smarthr: {employment_type: [正社員]}, touchontime: {divisionCode: ['100', 大阪支社]}}"
VALUES = {
    "touchontime": ("--new", "divisionCode=200", "--new", "typeCode=1"),
    "smarthr": ("--new", "biz_establishment_id=大阪支社"),
}


def say(office: Office, who: str, more: str = "") -> None:
    """Write a configuration with a scope."""
    office.configure(
        extra=f"mappings: [{{use: smarthr-touchontime, who: {who}{more}}}]\n"
        "settings: {settle_wait_seconds: 0}"
    )


def kind(office: Office, name: str | None) -> str | None:
    """Return the id of an employment type of SmartHR."""
    types = office.box.smarthr.masters["employment_types"]
    return next((str(each["id"]) for each in types if each["name"] == name), None)


def add(
    office: Office, system: str, number: str, who: dict[str, str], *, inside: bool = True
) -> str:
    """Put somebody into a system, inside of the scope or outside."""
    made = put(office, system, number, who)
    if system == "smarthr":
        where = {"employment_type_id": kind(office, "正社員" if inside else "専門嘱託")}
    else:
        where = {"divisionCode": "100" if inside else "210", "typeCode": "1"}
    office.system(system).edit(made, **where)
    return made


def told(document: dict[str, Any]) -> list[str] | None:
    """Return how many are outside, as the document says."""
    found = [each["about"] for each in document["notices"] if each["code"] == "outside_scope"]
    assert len(found) < 2
    return found[0] if found else None


@pytest.mark.security(58)
def test_only_those_inside_are_written(empty: Office, direction: tuple[str, str]) -> None:
    """In either direction: changes of the others wait for nobody, and one line has their number."""
    source, target = direction
    say(empty, GROUP)
    new = {**HANAKO, "mail": "new@example.com"}
    add(empty, source, "0001", new)
    add(empty, target, "0001", HANAKO)
    for number, index in (("0002", 2), ("0003", 3), ("0004", 4)):
        ours, theirs = number != "0002", number != "0003"
        who = person(index)
        add(empty, source, number, {**who, "mail": f"n{index}@example.com"}, inside=ours)
        if number != "0004":
            add(empty, target, number, who, inside=theirs)
    fetched = empty.ask("fetch", *direction)
    assert told(fetched.json) == ["1", "1"]
    plan = empty.plan(fetched.run)
    assert {n: item["difference"] for n, item in plan.items()} == {
        "0001": "changed",
        "0003": "blocked",
        "0004": "new" if target == "touchontime" else "blocked",
    }
    assert plan["0003"]["reasons"] == ["number_taken"]
    done = empty.ask("sync", fetched.run, "--difference", "new,changed", *VALUES[target])
    assert done.code == 0, done.out
    inside = {"0001", "0004"} if target == "touchontime" else {"0001"}
    number = FIELDS[target]["number"]
    wrote = [entry.person for entry in empty.box.writes(target)]
    assert {empty.system(target).people[str(each)][number] for each in wrote} == inside
    assert empty.box.writes(source) == []
    again = empty.plan(empty.fetched(*direction))
    assert {again[number]["difference"] for number in inside} == {"same"}


def test_people_read_how_many_are_outside(empty: Office) -> None:
    """In one line: on the screen, in JSON, in both reports."""
    say(empty, GROUP)
    for number, inside in (("0001", True), ("0002", False), ("0003", False)):
        add(empty, "smarthr", number, person(int(number)), inside=inside)
    add(empty, "touchontime", "0009", person(9), inside=False)
    line = "Outside of the scope (who:), and left alone: 2 of smarthr, 1 of touchontime."
    shown = empty.renkei("fetch", "smarthr", "touchontime")
    assert shown.out.count(line) == 1
    assert "0002" not in shown.out
    run = empty.ask("reports").json["reports"][0]["run"]
    document = empty.ask("plan", run).json
    assert told(document) == ["2", "1"]
    (message,) = [n["message"] for n in document["notices"] if n["code"] == "outside_scope"]
    assert message == line
    assert empty.renkei("plan", run).out.count(line) == 1
    rows = list(csv.reader(io.StringIO(empty.renkei("report", run, "--csv").out)))
    assert [cell for row in rows for cell in row].count(line) == 1
    page = empty.folder / "report.html"
    assert empty.renkei("report", run, "--html", str(page)).code == 0
    assert page.read_text(encoding="utf-8").count(line) == 1
    why = empty.ask("mapping", "explain", run, "0002").json["not_listed"]
    assert why["code"] == "outside_by_then"
    assert "Employment type" in why["message"]


@pytest.mark.security(58)
def test_a_value_outside_is_a_usage_error(empty: Office) -> None:
    """It names the field and what is inside; nothing is stored or sent."""
    say(empty, GROUP)
    add(empty, "smarthr", "0001", HANAKO)
    run = empty.fetched("smarthr", "touchontime")
    words = ("--difference", "new", "--new", "typeCode=1", "--new", "divisionCode=210")
    refused = empty.ask("sync", run, *words)
    assert refused.code == 2
    assert "divisionCode" in refused.error["message"]
    assert "東京本社" in refused.error["message"]
    assert refused.json["status"] == "ready"
    assert empty.sent() == []


def test_mistakes_are_told_by_the_check_and_by_the_fetch(empty: Office) -> None:
    """With the place in the file; a name that the system does not have is told by the fetch."""
    for who, place, offline in (
        ("{smarthr: {employment_typ: [正社員]}}", 'did you mean "employment_type"?', True),
        ("{touch: {divisionCode: ['100']}}", 'has no side "touch"', True),
        ("{touchontime: {divisionCode: ['199']}}", '"divisionCode" cannot be "199"', False),
        ("{touchontime: {divisionCode: [営業部]}}", "is the name of several", False),
    ):  # fmt: skip
        say(empty, who)
        result = empty.ask("fetch", "smarthr", "touchontime")
        assert result.code == 3, who
        assert place in result.error["message"]
        lines = (empty.folder / "renkei.yaml").read_text(encoding="utf-8").splitlines()
        line = next(n for n, text in enumerate(lines, start=1) if "who:" in text)
        assert f"renkei.yaml:{line}:" in result.error["message"]
        check = empty.renkei("check")
        assert check.code == (3 if offline else 0)
    assert empty.sent() == []


@pytest.mark.fault("F96")
def test_a_token_without_the_right_blocks_everybody(empty: Office) -> None:
    """A field that decides it and cannot be read says nothing of anybody."""
    say(empty, GROUP)
    add(empty, "smarthr", "0001", HANAKO)
    add(empty, "touchontime", "0001", HANAKO)
    empty.box.smarthr.switches.hidden = {"employment_type"}
    for direction in (("smarthr", "touchontime"), ("touchontime", "smarthr")):
        plan = empty.plan(empty.fetched(*direction))
        assert plan["0001"]["reasons"] == ["scope_unknown"]


@pytest.mark.fault("F96")
def test_who_moved_to_another_division_since_is_not_written(empty: Office) -> None:
    """They are looked at right before the write, and a retry does not write them either."""
    say(empty, GROUP)
    add(empty, "smarthr", "0001", {**HANAKO, "mail": "new@example.com"})
    theirs = add(empty, "touchontime", "0001", HANAKO)
    run = empty.fetched("smarthr", "touchontime")
    empty.system("touchontime").edit(theirs, divisionCode="210")
    result = empty.ask("sync", run, "--yes")
    assert result.code == 1
    assert empty.outcomes(run) == {"0001": ("failed", "moved_outside")}
    assert empty.ask("sync", run, "--retry-failed").code == 1
    assert empty.box.writes("touchontime") == []


@pytest.mark.security(58)
def test_numbers_tell_who_is_inside(empty: Office, direction: tuple[str, str]) -> None:
    """By patterns, on both sides; the numbers of the other company are nobody's here."""
    say(empty, "{smarthr: {number: ['A*']}, touchontime: {number: ['A*']}}")
    source, target = direction
    for number, index in (("A01", 1), ("B01", 2), ("C01", 3)):
        add(empty, source, number, person(index))
    add(empty, target, "B01", person(7))
    fetched = empty.ask("fetch", *direction)
    assert told(fetched.json) == ["2", "1"]
    assert list(empty.plan(fetched.run)) == ["A01"]


@pytest.mark.fault("F96")
def test_a_renamed_type_is_told_by_the_safety_limit(empty: Office) -> None:
    """All of a sudden nobody is inside: nothing is sent, and nobody is taken for left."""
    say(empty, GROUP)
    for index in range(1, 13):
        add(empty, "smarthr", f"{index:04}", person(index))
        add(empty, "touchontime", f"{index:04}", person(index))
    empty.fetched("smarthr", "touchontime")
    for each in empty.box.smarthr.masters["employment_types"]:
        each["name"] = f"{each['name']}（新）"
    found = empty.ask("fetch", "smarthr", "touchontime").json
    assert sum(found["counts"].values()) == 0
    codes = {notice["code"] for notice in found["notices"]}
    assert {"outside_scope", "unusual_shrink"} <= codes
    assert not codes & {"list_empty", "left_before_base"}


# --- the law, from what the systems have received -------------------------------------------------

SIDE = st.sampled_from([None, True, False])
"""Not there, inside, outside."""


@pytest.mark.security(58)
@sampled
@settings(
    max_examples=examples(4, 60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(people=st.lists(st.tuples(SIDE, SIDE, st.booleans()), min_size=1, max_size=9))
def test_nobody_outside_is_in_what_the_systems_received(
    empty: Office, direction: tuple[str, str], people: list[tuple[bool | None, bool | None, bool]]
) -> None:
    """Somebody outside on either side is in no request that writes."""
    source, target = direction
    say(empty, GROUP)
    for system in empty.box.systems.values():
        system.people.clear()
    empty.box.clear_journal()
    for index, (ours, theirs, differs) in enumerate(people):
        number, who = f"{index:04}", person(index)
        for system_name, inside in ((source, ours), (target, theirs)):
            more = {"mail": f"{number}@example.com"} if differs and system_name == source else {}
            if inside is not None:
                add(empty, system_name, number, {**who, **more}, inside=inside)
    run = empty.fetched(*direction)
    assert empty.ask("sync", run, "--yes", "--allow-unusual", *VALUES[target]).code == 0
    key = FIELDS[target]["number"]
    written = {empty.system(target).people[str(e.person)][key] for e in empty.box.writes(target)}
    # nobody can say in SmartHR what employment type somebody new has
    there = (True, None) if target == "touchontime" else (True,)
    wanted = {
        f"{index:04}"
        for index, (ours, theirs, differs) in enumerate(people)
        if ours and theirs in there and (differs or theirs is None)
    }
    assert written == wanted
    assert empty.sent(source) == []
