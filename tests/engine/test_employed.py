"""Systems that know no dates, but whether somebody is active: the dates of the other one tell."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.world import CLINIC, MAPPING, ROSTA, World, spec

from renkei.errors import MappingError
from renkei.model import Difference, Outcome, Remark, Run, Selection
from renkei.people import EMPLOYED, Employee
from renkei.plugins.employed import Employed

TODAY = dt.date(2026, 11, 20)
DAY = dt.timedelta(days=1)
PAIR = '  - {pair: ["@employed", active], only: rosta}\n'


@pytest.fixture
def directory(world: World) -> World:
    """Return the world with a target that knows accounts, and leavers of 30 days."""
    dated = [s for s in ROSTA if s.role not in ("hired", "left", "birth") and s.name != "ward"]
    world.rosta.specs = (*dated, spec("active", type="boolean", role="employed"))
    world.rosta.choices = ()
    lines = [line for line in MAPPING.splitlines(keepends=True) if "until" not in line]
    lines = [line for line in lines if "since" not in line and "born" not in line]
    (world.folder / "pair.yaml").write_text("".join(lines) + PAIR)
    file = world.folder / "renkei.yaml"
    file.write_text(file.read_text().replace("./pair.yaml", "./pair.yaml, leavers: {rosta: 30}"))
    return world


def account(world: World, number: str, *, active: bool = True) -> str:
    id_ = world.in_rosta(number, active=active)
    for gone in ("dob", "start", "end", "ward"):
        del world.rosta.people[id_].values[gone]  # type: ignore[attr-defined]  # a dict
    return id_


def synced(world: World, *, look_first: bool = False) -> Run:
    """Sync what may be synced without a person who looks, or everything; return the run."""
    run = world.fetch()
    both = frozenset({Difference.NEW, Difference.CHANGED})
    with world.runs() as runs:
        runs.choose(run.id, Selection(differences=both, look_first=look_first))
        return runs.sync(run.id)


def active(world: World) -> dict[object, object]:
    people = world.rosta.people.values()
    return {p.values["id_no"]: p.values.get("active") for p in people}


@given(st.none() | st.dates(), st.none() | st.dates(), st.dates())
def test_somebody_is_employed_from_the_first_day_until_the_last(
    hired: dt.date | None, left: dt.date | None, at: dt.date
) -> None:
    """As of the day that is asked for; a day that is not known leaves it unknown."""
    told = Employed(CLINIC).told(Employee(id="1", values={"since": hired, "until": left}), at)
    employed = (hired is None or hired <= at) and (left is None or left > at)
    assert told.values[EMPLOYED] is employed
    for values in ({"since": hired}, {"until": left}):
        assert EMPLOYED not in Employed(CLINIC).told(Employee(id="1", values=values), at).values


def test_new_employees_are_active_and_leavers_are_not(directory: World) -> None:
    """A leaver's account is only set inactive; a second fetch finds nothing to do."""
    directory.in_clinic("1")
    directory.in_clinic("2", until=TODAY - 3 * DAY, mail="new@example.jp")
    account(directory, "2")
    run = synced(directory)
    assert active(directory) == {"1": True, "2": False}
    assert run.outcomes is not None
    assert (run.outcomes[Outcome.CREATED], run.outcomes[Outcome.UPDATED]) == (1, 1)
    assert directory.rosta.writes[-1][2] == {"active": False}
    again = directory.fetch()
    assert again.counts[Difference.NEW] == again.counts[Difference.CHANGED] == 0


def test_who_left_earlier_is_told_with_the_days_that_help(directory: World) -> None:
    """Nobody's account stays active without a word: so many days of leavers would reach them."""
    for number, days in (("1", 45), ("2", 90), ("3", 45)):
        directory.in_clinic(number, until=TODAY - days * DAY)
        account(directory, number, active=number != "3")
    told = [each for each in directory.fetch().notices if each.code == "left_but_active"]
    assert told == [Remark("left_but_active", ("2", "90", "1", "2"))]


def test_an_account_that_somebody_closed_is_not_opened_by_a_schedule(directory: World) -> None:
    """Somebody employed and inactive there is noted: a person looks first; then it is opened."""
    directory.in_clinic("1")
    account(directory, "1", active=False)
    synced(directory)
    assert active(directory) == {"1": False}
    (item,) = directory.items(directory.fetch())
    assert item.notes == (Remark("resigned_in_target", ()),)
    synced(directory, look_first=True)
    assert active(directory) == {"1": True}


def test_accounts_that_are_closed_and_opened_count_as_people_who_leave_and_return(
    directory: World,
) -> None:
    """The safety limits stop a sync that would close everybody's account."""
    file = directory.folder / "renkei.yaml"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if "safety" not in line))
    for number in "123456":
        directory.in_clinic(number, until=TODAY - DAY)
        account(directory, number)
    directory.in_clinic("7")
    account(directory, "7")
    run = directory.fetch()
    with directory.runs() as runs:
        runs.choose(run.id, Selection(differences=frozenset({Difference.CHANGED})))
        assert [each.code for each in runs.unusual(run.id)][-1:] == ["unusual_leaving"]
        leaving, back = runs.dates_of(run.id, runs.items(run.id))
    assert (len(leaving), len(back)) == (6, 0)


def test_who_was_registered_ahead_begins_on_the_day_of_joining(
    directory: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a schedule, and not as people who come back: nobody has closed their accounts."""
    file = directory.folder / "renkei.yaml"
    more = "leavers: {rosta: 30}, joiners: {rosta: 14}"
    file.write_text(
        file.read_text()
        .replace("leavers: {rosta: 30}", more)
        .replace("returning: {people: 100000, percent: 100}", "returning: {people: 0, percent: 0}")
    )
    directory.in_clinic("1")
    account(directory, "1")
    begins = TODAY + 11 * DAY
    for number in ("2", "3"):
        directory.in_clinic(number, since=begins)
    synced(directory)
    assert active(directory) == {"1": True, "2": False, "3": False}
    monkeypatch.setenv("RENKEI_NOW", f"{begins}T12:00:00+09:00")
    run = directory.fetch()
    item = directory.item(run, "2")
    assert ([note.code for note in item.notes], item.look_first) == (["registered_ahead"], False)
    with directory.runs() as runs:
        assert runs.dates_of(run.id, runs.items(run.id)) == ([], [])
    synced(directory)
    assert active(directory) == {"1": True, "2": True, "3": True}
    (person,) = directory.rosta.find("2")
    directory.rosta.edit(person.id, active=False)
    item = directory.item(directory.fetch(), "2")
    assert ([note.code for note in item.notes], item.look_first) == (["resigned_in_target"], True)


def test_only_who_is_active_is_listed_where_accounts_are_the_source(directory: World) -> None:
    """Somebody without an active account is not on the roll of such a system."""
    for number, is_active in (("1", True), ("2", False)):
        account(directory, number, active=is_active)
    run = directory.fetch("rosta", "clinic")
    assert [item.number for item in directory.items(run)] == ["1"]
    with directory.runs() as runs:
        assert runs.why_not_listed(run.id, "2") == Remark("not_employed")


def test_nobody_writes_what_is_worked_out(directory: World) -> None:
    """The pair goes one way, and the check says how."""
    file = directory.folder / "pair.yaml"
    file.write_text(file.read_text().replace(", only: rosta", ""))
    with pytest.raises(MappingError, match="only: rosta"):
        directory.fetch()
