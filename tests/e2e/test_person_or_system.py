"""A refusal that sounds general: about the one employee, or about the system? The others tell."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.e2e.office import Office

Direction = tuple[str, str]

REFUSALS: dict[str, list[dict[str, Any]]] = {
    "smarthr": [
        {"status": 403, "code": 3}, {"status": 401, "code": 2}, {"status": 500, "code": 5},
        {"status": 503, "code": 9}, {"status": 502, "body": "<html>bad gateway</html>"},
    ],
    "touchontime": [
        {"status": 401, "code": 401}, {"status": 403, "code": 111}, {"status": 500, "code": 300},
        {"status": 403, "code": 100}, {"status": 504, "body": ""},
    ],
}  # fmt: skip
PEOPLE = 6
CASES = [
    pytest.param(
        *(target, refusal, at),
        id=f"{target}-{refusal['status']}-{refusal.get('code', 'page')}-{at}",
        marks=[] if (number + column) % 3 == 0 else [pytest.mark.long],
    )
    for target, refusals in REFUSALS.items()
    for number, refusal in enumerate(refusals)
    for column, at in enumerate((0, 2, PEOPLE - 1))
]


def six(office: Office, target: str) -> tuple[Direction, str, list[str]]:
    """Let six employees have another given name in the source; return direction, run, numbers."""
    source = "touchontime" if target == "smarthr" else "smarthr"
    office.synced(source, target)
    twins = office.numbers(office.fetched(source, target), "same")[:PEOPLE]
    rename(office, source, twins, "改")
    run = office.fetched(source, target)
    assert office.numbers(run, "changed") == twins
    office.box.clear_journal()
    return (source, target), run, twins


def rename(office: Office, source: str, numbers: list[str], name: str) -> None:
    """Give some employees of the source another given name."""
    field = "first_name" if source == "smarthr" else "firstName"
    system = office.system(source)
    for number in numbers:
        [record] = system.find(number)
        system.edit(str(record[system.id_field]), **{field: name})


def refuse(office: Office, target: str, number: str, refusal: dict[str, Any]) -> None:
    """Let every update of one employee be refused."""
    system = office.system(target)
    [record] = system.find(number)
    path = str(record[system.id_field])
    system.faults.add("status", kind="update", path=path, times=None, **refusal)


def sendings(office: Office, target: str) -> Counter[str]:
    """Return how often each employee was sent, by number."""
    system = office.system(target)
    ids = {str(r[system.id_field]): str(r[system.number_field]) for r in system.people.values()}
    return Counter(
        number for entry in office.sent(target) for key, number in ids.items() if key in entry.path
    )


@pytest.mark.fault("F86")
@pytest.mark.parametrize(("target", "refusal", "at"), CASES)
def test_one_whom_the_target_always_refuses_fails_alone(
    office: Office, target: str, refusal: dict[str, Any], at: int
) -> None:
    """Wherever in the list: the others are written, the report has the system's words, exit 1."""
    _direction, run, numbers = six(office, target)
    refuse(office, target, numbers[at], refusal)
    result = office.ask("sync", run, "--difference", "changed", "--look-first")
    assert (result.code, result.json["status"]) == (1, "done_with_errors"), result.out + result.err
    outcomes = office.outcomes(run)
    assert outcomes[numbers[at]] == ("failed", "not_taken")
    others = [n for n in numbers if n != numbers[at]]
    assert {outcomes[n] for n in others} == {("updated", None)}
    sent = sendings(office, target)
    assert 1 <= sent[numbers[at]] <= 3
    assert {sent[n] for n in others} == {1}
    again = office.ask("resume", run)
    assert (again.code, again.json["status"]) == (1, "done_with_errors")
    assert sendings(office, target) == sent
    csv = office.renkei("report", run, "--csv").out
    assert f"HTTP {refusal['status']}" in csv


@pytest.mark.fault("F86")
@pytest.mark.parametrize("target", ["smarthr", "touchontime"])
def test_the_only_one_fails_too(office: Office, target: str) -> None:
    """Nobody else is there to try: the system can be read, so it is about the employee."""
    _direction, run, numbers = six(office, target)
    refuse(office, target, numbers[3], REFUSALS[target][0])
    result = office.ask("sync", run, "--number", numbers[3])
    assert (result.code, result.json["status"]) == (1, "done_with_errors")
    assert office.outcomes(run)[numbers[3]] == ("failed", "not_taken")


@pytest.mark.fault("F86")
@pytest.mark.parametrize("in_flight", [1, 8])
@pytest.mark.parametrize("target", ["smarthr", "touchontime"])
def test_a_right_that_is_missing_pauses_after_three(
    office: Office, target: str, in_flight: int
) -> None:
    """Everybody is refused: three are tried, nobody is failed, and resume does the rest."""
    office.allow(in_flight)
    _direction, run, numbers = six(office, target)
    office.system(target).faults.add("status", kind="update", times=None, **REFUSALS[target][0])
    result = office.ask("sync", run, "--difference", "changed", "--look-first")
    assert (result.code, result.json["status"]) == (4, "paused"), result.out
    assert result.json["outcomes"]["deferred"] == PEOPLE
    assert result.json["outcomes"]["failed"] == 0
    assert sum(sendings(office, target).values()) == (3 if in_flight == 1 else PEOPLE)
    office.system(target).faults.clear()
    assert office.ask("resume", run).json["outcomes"]["updated"] == PEOPLE
    assert set(sendings(office, target)) == set(numbers)


@pytest.mark.fault("F86")
@pytest.mark.parametrize("in_flight", [1, 2, 8])
@pytest.mark.parametrize("target", ["smarthr", "touchontime"])
def test_a_token_that_is_refused_everywhere_pauses_at_once(
    office: Office, target: str, in_flight: int
) -> None:
    """The system cannot be read either: nothing leaves beside what was in flight."""
    office.allow(in_flight)
    _direction, run, _numbers = six(office, target)
    office.system(target).faults.add("hook", call=lambda _: office.system(target).revoke(),
                                     kind="update")  # fmt: skip
    result = office.ask("sync", run, "--difference", "changed", "--look-first")
    assert (result.code, result.json["status"]) == (4, "paused")
    assert sum(sendings(office, target).values()) <= in_flight + 1


@pytest.mark.fault("F86")
@pytest.mark.parametrize("target", ["smarthr", "touchontime"])
def test_three_side_by_side_hold_up_nobody(office: Office, target: str) -> None:
    """They pause the first sync; then they come last, of a resume and of a new run alike."""
    office.allow(1)
    direction, run, numbers = six(office, target)
    for number in numbers[:3]:
        refuse(office, target, number, REFUSALS[target][0])
    first = office.ask("sync", run, "--difference", "changed", "--look-first")
    assert (first.code, first.json["status"]) == (4, "paused")
    assert first.json["outcomes"]["updated"] == 0
    if target == "smarthr":
        second = office.ask("resume", run)
    else:
        run = office.fetched(*direction)
        second = office.ask("sync", run, "--difference", "changed", "--look-first")
    assert (second.code, second.json["status"]) == (1, "done_with_errors"), second.out
    outcomes = office.outcomes(run)
    assert {outcomes[n] for n in numbers[:3]} == {("failed", "not_taken")}
    assert {outcomes[n] for n in numbers[3:]} == {("updated", None)}
    assert max(sendings(office, target).values()) <= 2  # once in each sync


@pytest.mark.fault("F86")
@pytest.mark.parametrize("target", ["smarthr", "touchontime"])
def test_three_side_by_side_are_known_where_others_fly_with_them(
    office: Office, target: str
) -> None:
    """One is taken beside them, so it need not be the system; who leaves later tells."""
    office.allow(4)
    _direction, run, numbers = six(office, target)
    for number in numbers[:3]:
        refuse(office, target, number, REFUSALS[target][0])
    result = office.ask("sync", run, "--difference", "changed", "--look-first")
    assert (result.code, result.json["status"]) == (1, "done_with_errors"), result.out
    outcomes = office.outcomes(run)
    assert {outcomes[n] for n in numbers[:3]} == {("failed", "not_taken")}
    assert {outcomes[n] for n in numbers[3:]} == {("updated", None)}


@pytest.mark.fault("F86")
def test_a_finished_run_stays_finished(office: Office) -> None:
    """`resume` settles what is in doubt in it; a system out of reach does not open it again."""
    _direction, run, numbers = six(office, "smarthr")
    refuse(office, "smarthr", numbers[0], {"status": 400})
    smarthr = office.box.smarthr
    smarthr.faults.add("disconnect", kind="update", path=str(smarthr.find(numbers[1])[0]["id"]),
                       times=None, when="after")  # fmt: skip
    assert (
        office.ask("sync", run, "--difference", "changed", "--look-first").json["status"]
        == "done_with_errors"
    )
    smarthr.revoke()
    again = office.ask("resume", run)
    assert (again.code, again.json["status"]) == (1, "done_with_errors")
