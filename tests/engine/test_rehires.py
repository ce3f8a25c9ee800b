"""Who comes back: an old record goes on for one person, and only where that is certain."""

from __future__ import annotations

import datetime as dt

import pytest
from attrs import evolve
from tests.engine.world import World

from renkei.errors import UsageError
from renkei.model import Difference, Item, Outcome, Remark, Run, Wish
from renkei.people import Value

BORN = dt.date(1980, 5, 5)
HERS: dict[str, Value] = {"first": "花", "born": BORN, "since": dt.date(2026, 11, 1)}
OLD: dict[str, Value] = {
    "given": "花", "dob": BORN, "start": dt.date(2010, 4, 1), "end": dt.date(2015, 3, 31),
}  # fmt: skip


@pytest.fixture
def reusing(world: World) -> World:
    """Return the world where old records go on, and leavers of 30 days are listed."""
    file = world.folder / "renkei.yaml"
    more = "./pair.yaml, rehire: reuse, leavers: {rosta: 30}"
    file.write_text(file.read_text().replace("./pair.yaml", more))
    world.in_clinic("known")
    world.in_rosta("known")
    return world


def told(item: Item) -> list[str]:
    """Return the codes of what speaks against somebody, and of what is noted."""
    return [remark.code for remark in (*item.reasons, *item.notes)]


def say(world: World, run: Run, number: str) -> None:
    """Say that somebody is who the old record is of."""
    with world.runs() as runs:
        runs.release(run.id, Wish(number=number, other="0100", why="hers"))


def notices(run: Run) -> dict[str, tuple[str, ...]]:
    """Return what is told beside the items, by code."""
    return {each.code: each.about for each in run.notices if each.code != "leavers_listed"}


def test_two_who_come_back_to_one_record_are_asked_for(reusing: World) -> None:
    """The source has somebody twice: neither takes the old record, and nobody is lost."""
    for number in ("0900", "0901"):
        reusing.in_clinic(number, **HERS)
    theirs = reusing.in_rosta("0100", **OLD)
    run = reusing.fetch()
    for number in ("0900", "0901"):
        item = reusing.item(run, number)
        assert (item.difference, item.target_id) == (Difference.NEW, None)
        assert (told(item), item.look_first) == (["rehire"], True)
    with reusing.runs() as runs:
        runs.release(run.id, Wish(number="0900", other="0100", why="hers"))
        with pytest.raises(UsageError) as caught:
            runs.release(run.id, Wish(number="0901", other="0100", why="hers"))
    assert caught.value.code == "partner_taken"
    assert reusing.item(run, "0900").target_id == theirs


def test_who_comes_back_under_another_name_is_asked_for(reusing: World) -> None:
    """Somebody of the same given name and day of birth may be a stranger."""
    reusing.in_clinic("0900", **HERS)
    reusing.in_rosta("0100", **{**OLD, "family": "別姓", "kana": "ベッセイ"})
    item = reusing.item(reusing.fetch(), "0900")
    assert (item.target_id, told(item), item.look_first) == (None, ["rehire"], True)


def test_a_leaver_who_was_never_there_leaves_the_old_record_alone(reusing: World) -> None:
    """Its date of leaving is that of another employment, which it had ended."""
    reusing.in_clinic("0900", **{**HERS, "until": dt.date(2026, 11, 10)})
    reusing.in_rosta("0100", **OLD)
    run = reusing.fetch()
    assert [item.number for item in reusing.items(run)] == ["known"]


def test_a_leaver_who_came_back_in_between_is_looked_at(reusing: World) -> None:
    """A record that goes on got no new date of joining: the date of leaving does not go alone."""
    ours = reusing.in_clinic("0900", **HERS)
    theirs = reusing.in_rosta("0100", **OLD)
    run = reusing.fetch()
    say(reusing, run, "0900")
    reusing.clinic.edit(ours, until=dt.date(2026, 11, 10))
    run = reusing.fetch()
    assert notices(run) == {"leavers_unsure": ("0900",)}
    assert reusing.rosta.people[theirs].values["end"] == OLD["end"]


def test_an_old_date_that_goes_is_explained(world: World) -> None:
    """The pair says keep, but nobody joins after a date of leaving that stays."""
    world.in_clinic("0417", until=dt.date(2015, 1, 1), since=dt.date(2010, 4, 1))
    world.in_rosta("0417", start=dt.date(2026, 4, 1))
    run = world.fetch("rosta", "clinic")
    written = {change.field for change in world.item(run).changes}
    assert written == {"since", "until"}
    with world.runs() as runs:
        _item, steps = runs.explain(run.id, "0417")
    assert {step.target_field for step in steps if step.verdict == "differs"} == written


def test_what_differs_of_a_leaver_is_explained_as_not_sent(reusing: World) -> None:
    """The date of leaving goes alone, so nobody has to wonder about the name."""
    reusing.in_clinic("0417", surname="新姓", until=dt.date(2026, 11, 10))
    reusing.in_rosta("0417")
    run = reusing.fetch()
    with reusing.runs() as runs:
        _item, steps = runs.explain(run.id, "0417")
    told = {step.target_field: step.verdict for step in steps if step.verdict != "same"}
    assert told == {"family": "not_sent", "end": "differs"}


def test_a_record_is_released_to_one_employee_alone(world: World) -> None:
    """Whichever of the two is released first, the other one cannot have the same record."""
    hers, his = {"family": "見本", "given": "花"}, {"family": "手本", "given": "岳"}
    his_birth = dt.date(1971, 7, 7)
    world.in_clinic("1", surname="見本", first="花", born=BORN)
    world.in_clinic("2", surname="手本", first="岳", born=his_birth)
    world.in_rosta("1", **his, dob=his_birth)
    world.in_rosta("2", **hers, dob=BORN)
    for first, other in (("1", "2"), ("2", "1")):
        run = world.fetch()
        with world.runs() as runs:
            runs.release(run.id, Wish(number=first, other=other, why="they were exchanged"))
            with pytest.raises(UsageError) as caught:
                runs.release(run.id, Wish(number=other, why="a slip"))
            assert caught.value.code == "partner_taken"
            runs.release(run.id, Wish(number=other, other=first, why="they were exchanged"))
            for release in runs.releases():
                runs.remove_release(release.id)
        items = [item for item in world.items(run) if item.number in ("1", "2")]
        assert len({item.target_id for item in items}) == 2


def test_a_record_with_a_value_that_nobody_can_read_is_released_to_nobody(world: World) -> None:
    """Whatever is released, what would block at the next fetch blocks at once."""
    world.in_clinic("0417", born=BORN)
    theirs = world.in_rosta("0100", given="みなと", dob=BORN)
    known = world.rosta.people[theirs]
    values = {name: value for name, value in known.values.items() if name != "capacity"}
    world.rosta.people[theirs] = evolve(known, values=values, unreadable=("capacity",))
    run = world.fetch()
    assert told(world.item(run)) == ["same_person"]
    with world.runs() as runs, pytest.raises(UsageError) as caught:
        runs.release(run.id, Wish(number="0417", other="0100", why="hers"))
    assert caught.value.code == "blocked"


def test_a_release_holds_where_a_system_stores_a_name_in_another_width(world: World) -> None:
    """What renkei has written is no change of the record, however it is written there."""
    world.in_clinic("0900", **{**HERS, "first": "ﾊﾅ"})
    theirs = world.in_rosta("0100", **OLD)
    run = world.fetch()
    say(world, run, "0900")
    world.rosta.aftermath = lambda _hook, _values: world.rosta.edit(theirs, given="ハナ")
    world.sync(run)
    assert world.outcome(run, "0900") == (Outcome.UPDATED, None)
    again = world.fetch()
    item = world.item(again, "0900")
    assert (item.difference, item.target_id, told(item)) == (Difference.SAME, theirs, ["linked"])
    assert notices(again) == {}
    world.rosta.edit(theirs, given="岳")
    assert notices(world.fetch()) == {"releases_lapsed": ("0900",)}


def test_one_record_is_never_that_of_two_who_are_there(world: World) -> None:
    """Released on days of which each listed one of them alone: a person takes one back."""
    world.in_clinic("0900", **HERS)
    world.in_clinic("0901", **{**HERS, "since": dt.date(2010, 4, 1)})
    theirs = world.in_rosta("0100", **OLD)
    late, early = world.fetch(), world.fetch(base=dt.date(2026, 10, 15))
    for run, number in ((late, "0900"), (early, "0901")):
        say(world, run, number)
    run = world.fetch()
    for number, other in (("0900", "0901"), ("0901", "0900")):
        assert world.item(run, number).reasons == (Remark("linked_twice", (other,)),)
    with world.runs() as runs:
        runs.remove_release(runs.releases()[-1].id)
    assert world.item(world.fetch(), "0900").target_id == theirs


def test_a_record_goes_on_for_who_comes_back_once_more(world: World) -> None:
    """Of two who were never there together, who is there now has the record."""
    ours = world.in_clinic("0900", **HERS)
    theirs = world.in_rosta("0100", **OLD)
    first = world.fetch()
    say(world, first, "0900")
    world.clinic.edit(ours, until=dt.date(2026, 11, 10))
    world.in_clinic("0901", **{**HERS, "since": dt.date(2026, 11, 15)})
    again = world.fetch()
    say(world, again, "0901")
    item = world.item(world.fetch(), "0901")
    assert (item.target_id, item.reasons) == (theirs, ())
