from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from tests.sampling import one_way

from renkei_sandbox import faults

if TYPE_CHECKING:
    from tests.e2e.office import Office

    from renkei_sandbox.faults import Fault
    from renkei_sandbox.messages import Kind

Direction = tuple[str, str]

LOST: dict[str, Callable[[], Fault]] = {
    "disconnect": faults.disconnect,
    "reset": faults.reset,
    "cut in the head": lambda: faults.cut(12),
    "cut in the body": lambda: faults.cut(30, "body"),
    "cut and reset": lambda: faults.cut(30, "body", reset=True),
    "bad gateway": lambda: faults.html(502),
    "500": lambda: faults.status(500, body=b"{}"),
    "wrong person": faults.wrong_person,
    "garbage": faults.garbage,
    "redirect": lambda: faults.redirect("/elsewhere"),
}
UPDATES = ("disconnect", "cut in the body", "wrong person")
CASES = [
    pytest.param(
        *(kind, name, *way.values),
        id=f"{way.id}-{kind}-{name}",
        marks=way.marks if kind == "create" or name in UPDATES else [pytest.mark.long],
    )
    for row, kind in enumerate(("create", "update"))
    for column, name in enumerate(sorted(LOST))
    for way in one_way(row + column)
]


@pytest.mark.parametrize(("kind", "name", "direction"), CASES)
def test_an_answer_lost_after_the_write_is_settled_by_looking(
    office: Office, direction: Direction, kind: Kind, name: str
) -> None:
    """One sync settles it without a person: created or updated, and nobody created twice."""
    _, target = direction
    run = office.fetched(*direction)
    office.system(target).faults.add(LOST[name](), kind=kind, when="after", nth=2)
    result = office.ask("sync", run, *office.everybody(target))
    assert (result.code, result.json["status"]) == (0, "done"), result.out
    counts, outcomes = result.json["counts"], result.json["outcomes"]
    assert (outcomes["created"], outcomes["updated"]) == (counts["new"], counts["changed"])
    assert len(office.creates(target)) == counts["new"]
    assert set(office.creates(target).values()) == {1}


def test_every_answer_is_lost(office: Office, direction: Direction) -> None:
    """All creates are accepted and all answers lost: every one is found, none is sent again."""
    _, target = direction
    run = office.fetched(*direction)
    office.system(target).faults.add("disconnect", kind="create", when="after", times=None)
    result = office.ask("sync", run, *office.everybody(target))
    assert (result.code, result.json["status"]) == (0, "done")
    assert set(office.creates(target).values()) == {1}
    attempts = [entry for entry in office.sent(target) if entry.kind == "create"]
    assert len(attempts) == result.json["counts"]["new"]


def test_a_create_that_never_arrived_is_sent_again(office: Office, direction: Direction) -> None:
    """Absent at two look-ups: the same sync sends it once more, under a new intent."""
    _, target = direction
    run = office.fetched(*direction)
    office.system(target).faults.add("disconnect", kind="create")
    result = office.ask("sync", run, *office.everybody(target))
    assert (result.code, result.json["status"]) == (0, "done")
    assert set(office.creates(target).values()) == {1}


@pytest.mark.fault("F20")
def test_a_create_that_shows_late_is_not_repeated(office: Office, direction: Direction) -> None:
    """Between the two look-ups somebody shows who was accepted before; the wait is a setting."""
    _, target = direction
    office.configure(
        extra="mappings: [{use: smarthr-touchontime}]\nsettings: {settle_wait_seconds: 2}"
    )
    run = office.fetched(*direction)
    system = office.system(target)
    system.switches.create_delay_s = 1.5
    system.faults.add("disconnect", kind="create", when="after")
    number = office.numbers(run, "new")[0]
    words = ("--number", number, *office.everybody(target)[2:])
    assert office.ask("sync", run, *words).code == 0
    assert office.creates(target) == {number: 1}


@pytest.mark.fault("F21")
def test_a_lost_create_of_somebody_else_is_not_taken_for_ours(
    office: Office, direction: Direction
) -> None:
    """The number exists by now with other values: failed with the reason, nothing overwritten."""
    _, target = direction
    run = office.fetched(*direction)
    number = office.numbers(run, "new")[0]
    system = office.system(target)
    names = {
        "touchontime": {"code": number, "lastName": "別", "firstName": "人", "gender": "male"},
        "smarthr": {"emp_code": number, "last_name": "別", "first_name": "人", "gender": "male"},
    }[target]
    system.faults.add(faults.hook(lambda _: system.add(**names)), kind="create")
    system.faults.add("disconnect", kind="create")
    words = ("--number", number, *office.everybody(target)[2:])
    result = office.ask("sync", run, *words)
    assert (result.code, result.json["outcomes"]["failed"]) == (1, 1)
    assert office.outcomes(run)[number] == ("failed", "exists_with_other_values")
    assert len(system.find(number)) == 1
    assert office.creates(target) == {}


def test_what_cannot_be_settled_stays_in_doubt_until_resume(
    office: Office, direction: Direction
) -> None:
    """The look-up fails as well: paused, in doubt, said so; `resume` settles it."""
    _, target = direction
    run = office.fetched(*direction)
    system = office.system(target)
    number = office.numbers(run, "new")[0]
    system.faults.add(faults.hook(lambda _: system.revoke()), kind="create", when="after")
    system.faults.add("disconnect", kind="create", when="after")
    words = ("--number", number, *office.everybody(target)[2:])
    result = office.ask("sync", run, *words)
    assert (result.code, result.json["status"]) == (4, "paused")
    assert result.json["outcomes"]["unknown"] == 1
    assert office.outcomes(run)[number][0] == "unknown"
    assert "in doubt" in office.renkei("report", run).out
    system.restore()
    done = office.ask("resume", run)
    assert (done.code, done.json["outcomes"]["created"]) == (0, 1)
    assert office.creates(target) == {number: 1}


@pytest.mark.fault("F22")
def test_an_update_in_doubt_that_somebody_changed_meanwhile_is_left_alone(
    office: Office, direction: Direction
) -> None:
    """A third value at the look-up: not overwritten, failed with its reason."""
    _, target = direction
    run = office.fetched(*direction)
    [*_, number] = office.numbers(run, "changed")
    system = office.system(target)
    [record] = system.find(number)
    field = office.plan(run)[number]["changes"][0]["field"]
    other = {"emailAddresses": ["third@example.com"]}.get(field) or {
        "email": "third@example.com"
    }.get(field, "第三")

    def edit(_: object) -> None:
        system.edit(record[system.id_field], **{field: other})

    system.faults.add(faults.hook(edit), kind="update")
    system.faults.add("disconnect", kind="update", times=1)
    result = office.ask("sync", run, "--number", number)
    assert result.code in (0, 1)
    if result.code == 1:
        assert office.outcomes(run)[number][0] == "failed"
        assert system.people[record[system.id_field]][field] == other


@pytest.mark.fault("F22")
def test_an_update_that_is_refused_when_it_is_repeated_is_looked_up(
    office: Office, direction: Direction
) -> None:
    """Accepted, the answer cut, tried again and refused: the first try has made it so."""
    source, target = direction
    run = office.fetched(source, target)
    number = next(n for n in office.numbers(run, "changed"))
    system = office.system(target)
    system.faults.add(faults.cut(12), kind="update", when="after")
    system.faults.add("status", kind="update", status=400, nth=2)
    result = office.ask("sync", run, "--number", number)
    assert (result.code, result.json["outcomes"]["updated"]) == (0, 1), result.out
    assert office.outcomes(run)[number] == ("updated", None)
    assert [e.accepted for e in office.sent(target)] == [True, False]


@pytest.mark.fault("F19")
@pytest.mark.parametrize("name", ["disconnect", "garbage", "500"])
def test_a_lost_create_without_its_number_is_not_sent_again(office: Office, name: str) -> None:
    """The answer is lost and the number ignored: found by name, though no number leads there."""
    run = office.fetched("touchontime", "smarthr")
    office.box.smarthr.switches.readonly = {"emp_code"}
    office.box.smarthr.faults.add(LOST[name](), kind="create", when="after")
    result = office.ask("sync", run, *office.everybody("smarthr"))
    assert result.json["outcomes"]["created"] == 0
    told = [reason for outcome, reason in office.outcomes(run).values() if outcome == "failed"]
    assert set(told) == {"created_without_number"}
    office.ask("resume", run)
    again = office.fetched("touchontime", "smarthr")
    office.ask("sync", again, *office.everybody("smarthr"))
    creates = [e.body for e in office.box.writes("smarthr") if e.kind == "create"]
    people = Counter((body["last_name"], body["first_name"]) for body in creates)
    assert len(people) == len(told)
    assert set(people.values()) == {1}


@pytest.mark.fault("F19")
@pytest.mark.parametrize("digit", ["0", "9"], ids=["near", "quite another"])
def test_a_create_whose_number_is_stored_in_another_way_is_not_sent_again(
    office: Office, monkeypatch: pytest.MonkeyPatch, digit: str
) -> None:
    """No look at numbers finds them: by who they are, and for another number by all else."""

    def stored(_system: object, fields: dict[str, object]) -> dict[str, object]:
        number = fields.get("emp_code")
        return {**fields, "emp_code": f"{digit}{number}"} if number else fields

    run = office.fetched("touchontime", "smarthr")
    monkeypatch.setattr(type(office.box.smarthr), "normalised", stored)
    result = office.ask("sync", run, *office.everybody("smarthr"))
    while result.json["status"] == "paused":
        result = office.ask("resume", run)
    assert result.json["outcomes"]["created"] == 0
    told = [reason for outcome, reason in office.outcomes(run).values() if outcome == "failed"]
    assert set(told) == {"not_stored"}
    creates = [e.body for e in office.box.writes("smarthr") if e.kind == "create"]
    people = Counter((body["last_name"], body["first_name"]) for body in creates)
    assert len(people) == len(told) == result.json["counts"]["new"]
    assert set(people.values()) == {1}
