"""Safety limits: what is over one is not written before a person has allowed that very choice."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from renkei.errors import AccessError, Hint, UnusualError, UsageError
from renkei.model import Difference, Remark, Run, Selection, Status
from renkei.people import Value, Values
from renkei.safety import Limit, Safety

if TYPE_CHECKING:
    from tests.engine.world import World

LEFT = dt.date(2026, 11, 30)
NEW_ONES = frozenset({Difference.NEW})
NEW_AND_SAME = NEW_ONES | {Difference.SAME}


@given(st.integers(0, 200), st.integers(0, 100), st.integers(0, 20_000))
def test_a_limit_is_the_larger_of_people_and_percent(
    people: int, percent: int, listed: int
) -> None:
    """It never passes fewer than its people, nor fewer than its share of a long list."""
    passing = Limit(people=people, percent=percent).of(listed)
    assert passing == max(people, int(listed * percent / 100 + 1e-9))


@pytest.mark.parametrize(
    ("listed", "creates", "updates", "leaving", "emptied", "shrink"),
    [
        (1, 5, 3, 2, 1, 2),
        (10, 5, 3, 2, 1, 2),
        (45, 13, 13, 2, 1, 4),
        (100, 30, 30, 5, 2, 10),
        (1_000, 300, 300, 50, 20, 100),
        (10_000, 3000, 3000, 500, 200, 1000),
    ],
)
def test_the_defaults_suit_ten_and_ten_thousand(  # noqa: PLR0917 - one number for each limit
    listed: int, creates: int, updates: int, leaving: int, emptied: int, shrink: int
) -> None:
    """Creates and updates up to 30 %; leaving, coming back and emptied fields far less."""
    safety = Safety()
    assert (safety.creates.of(listed), safety.updates.of(listed)) == (creates, updates)
    assert safety.leaving.of(listed) == safety.returning.of(listed) == leaving
    assert (safety.emptied.of(listed), safety.shrink.of(listed)) == (emptied, shrink)


def people(world: World, count: int, **more: Value) -> None:
    """Put *count* people into the clinic."""
    for n in range(count):
        world.in_clinic(f"{n:04}", mail=f"{n}@example.jp", **more)


def in_both(world: World, count: int, **rosta: Value) -> None:
    """Put *count* people into both systems, in the rosta with other values."""
    people(world, count)
    for n in range(count):
        world.in_rosta(f"{n:04}", email=f"{n}@example.jp", **rosta)


def leave(world: World, count: int) -> None:
    """Let the first *count* people of the clinic leave."""
    for person_id, person in list(world.clinic.people.items())[:count]:
        values = {**person.values, "until": LEFT}
        world.clinic.people[person_id] = evolve(person, values=values)


def refused(world: World, run: Run) -> list[str]:
    """Try to sync; return what it was refused for. Nothing was sent, and the run waits."""
    with world.runs() as runs:
        with pytest.raises(UnusualError) as caught:
            runs.sync(run.id)
        assert caught.value.hint == Hint("allow_unusual", {"run": run.id})
        assert "renkei" not in caught.value.message
        assert caught.value.exit_code == 6
        assert runs.run(run.id).status is Status.READY
        assert not world.rosta.writes
        return [remark.code for remark in runs.unusual(run.id)]


def allowed(world: World, run: Run) -> Run:
    """Sync as a person who has looked at the plan and allows it."""
    with world.runs() as runs:
        return runs.sync(run.id, allow_unusual=True)


def hire(world: World, count: int, start: int = 100) -> None:
    """Let *count* new people join the clinic."""
    for n in range(start, start + count):
        world.in_clinic(f"{n:04}")


def test_five_pass_and_six_do_not(careful: World) -> None:
    """New employees: the sixth of a small company is one too many, until a person allows them."""
    in_both(careful, 2)
    hire(careful, 6)
    run = careful.fetch()
    careful.choose(run)
    assert refused(careful, run) == ["unusual_creates"]
    done = allowed(careful, run)
    assert done.status is Status.DONE
    assert str(done.allowed_by).startswith("tester (")
    assert len(careful.rosta.writes) == 6


def test_five_are_written_without_asking(careful: World) -> None:
    """Exactly the limit passes."""
    people(careful, 5)
    assert careful.sync(careful.fetch()).status is Status.DONE


def test_updates_are_counted_apart_from_creates(careful: World) -> None:
    """Five new and three changed employees pass: neither kind is over its own limit."""
    in_both(careful, 3, capacity=9)
    hire(careful, 5)
    run = careful.sync(careful.fetch())
    assert run.status is Status.DONE
    assert len(careful.rosta.writes) == 8


def test_too_many_updates(careful: World) -> None:
    """Somebody changed a value of everybody in the source: no company is overwritten whole."""
    in_both(careful, 4, capacity=9)
    run = careful.fetch()
    careful.choose(run)
    assert refused(careful, run) == ["unusual_updates"]


def test_few_may_leave_at_once(careful: World) -> None:
    """Two dates of leaving pass, three do not, though as many updates would."""
    in_both(careful, 3)
    leave(careful, 3)
    run = careful.fetch(base=dt.date(2026, 11, 20))
    careful.choose(run)
    assert refused(careful, run) == ["unusual_leaving"]
    careful.choose(run, numbers=("0000", "0001"), differences=frozenset())
    assert careful.resume(run).status is Status.DONE


def test_few_may_come_back_at_once(careful: World) -> None:
    """A date of leaving that vanishes from three people at once: the mapping clears, so it asks."""
    in_both(careful, 3, end=LEFT)
    run = careful.fetch()
    careful.choose(run)
    assert refused(careful, run) == ["unusual_returning"]
    with careful.runs() as runs:
        assert runs.unusual(run.id) == [Remark("unusual_returning", ("3", "2", ""))]
    careful.choose(run, numbers=("0000", "0001"), differences=frozenset())
    assert careful.resume(run).status is Status.DONE


def test_a_field_that_empties_for_many(careful: World) -> None:
    """Another value that vanishes from two people at once, where a mapping empties it."""
    mapping = careful.folder / "pair.yaml"
    clears = "[mail, email], to: {rosta: {empty: clear}}"
    mapping.write_text(mapping.read_text().replace("[mail, email]", clears))
    in_both(careful, 2)
    for person_id, person in list(careful.clinic.people.items()):
        careful.clinic.people[person_id] = evolve(person, values={**person.values, "mail": None})
    run = careful.fetch()
    careful.choose(run)
    assert refused(careful, run) == ["unusual_emptied"]
    with careful.runs() as runs:
        assert runs.unusual(run.id) == [Remark("unusual_emptied", ("2", "1", "", "email"))]
    careful.choose(run, numbers=("0001",), differences=frozenset())
    assert careful.resume(run).status is Status.DONE


def test_a_source_that_shrinks(careful: World) -> None:
    """Told at the fetch, refused at the sync, at every fetch again, until somebody allows it."""
    in_both(careful, 40)
    careful.fetch()
    for person_id in list(careful.clinic.people)[:20]:
        del careful.clinic.people[person_id]
    careful.in_clinic("9999")
    run = careful.fetch()
    for _scheduled in range(3):
        run = careful.fetch()
        assert Remark("unusual_shrink", ("21", "40")) in run.notices
        careful.choose(run)
        assert refused(careful, run) == ["unusual_shrink"]
    assert allowed(careful, run).status is Status.DONE
    assert not any(notice.code == "unusual_shrink" for notice in careful.fetch().notices)


def test_another_base_date_is_no_shrinking(careful: World) -> None:
    """A year ahead others are listed; it says nothing about the list of today, nor the reverse."""
    in_both(careful, 40)
    careful.fetch()
    leave(careful, 20)
    for base in (dt.date(2027, 6, 1), dt.date(2026, 11, 21)):
        codes = {notice.code for notice in careful.fetch(base=base).notices}
        assert "unusual_shrink" not in codes


def test_allowing_is_for_one_choice_only(careful: World) -> None:
    """A new choice has to be allowed anew."""
    people(careful, 60)
    run = careful.fetch()
    careful.choose(run)
    with careful.runs() as runs:
        runs.interrupt()
        assert runs.sync(run.id, allow_unusual=True).allowed_by is not None
    careful.choose(run)
    with careful.runs() as runs, pytest.raises(UnusualError):
        runs.sync(run.id)
    assert not careful.rosta.writes


def test_nobody_allows_the_choice_of_another(careful: World) -> None:
    """Allowing what is unusual allows what was looked at, and nothing chosen since."""
    in_both(careful, 1)
    hire(careful, 6)
    run = careful.fetch()
    mine = Selection(differences=NEW_ONES, new={"ward": "W1"})
    with careful.runs() as first, careful.runs() as second:
        first.choose(run.id, mine)
        second.choose(run.id, evolve(mine, differences=NEW_AND_SAME))
        with pytest.raises(UsageError, match="Somebody else has chosen"):
            first.sync(run.id, selection=mine, allow_unusual=True)
    assert refused(careful, run) == ["unusual_creates"]


def test_what_is_allowed_goes_on_after_an_interrupt(careful: World) -> None:
    """`resume` asks nothing again; who allowed it is kept."""
    people(careful, 60)
    run = careful.fetch()
    careful.choose(run)
    with careful.runs() as runs:
        runs.interrupt()
        assert runs.sync(run.id, allow_unusual=True).status is Status.PAUSED
    assert careful.resume(run).status is Status.DONE
    assert len(careful.rosta.writes) == 60


def test_limits_are_those_of_the_system_written_to(careful: World) -> None:
    """Each direction has its own: a limit of the clinic does not hold back the rosta."""
    text = (careful.folder / "renkei.yaml").read_text()
    limited = "    connector: rosta\n    safety: {creates: {people: 1, percent: 0}}\n"
    (careful.folder / "renkei.yaml").write_text(text.replace("    connector: rosta\n", limited))
    in_both(careful, 1)
    hire(careful, 2)
    run = careful.fetch()
    careful.choose(run)
    assert refused(careful, run) == ["unusual_creates"]
    for n in range(5):
        careful.in_rosta(f"8{n:03}")
    assert careful.sync(careful.fetch("rosta", "clinic")).status is Status.DONE


def test_a_choice_made_in_the_meantime_is_not_synced(careful: World) -> None:
    """Two operators: the second one's choice does not go out under the first one's hand."""
    people(careful, 2)
    run = careful.fetch()
    mine = Selection(numbers=("0000",), new={"ward": "W1"})
    with careful.runs() as first, careful.runs() as second:
        first.choose(run.id, mine)
        second.choose(run.id, evolve(mine, numbers=("0001",)))
        with pytest.raises(UsageError, match="Somebody else has chosen"):
            first.sync(run.id, selection=mine)
    assert not careful.rosta.writes


def test_limits_that_change_in_the_middle_hold_up_no_run(careful: World) -> None:
    """They are asked before the first write; a resume has nothing new to allow."""
    people(careful, 3)
    run = careful.fetch()
    careful.choose(run)

    def closed(hook: str, _values: Values) -> None:
        if hook == "read_employees" and careful.rosta.writes:
            raise AccessError("no")

    careful.rosta.trouble = closed
    assert careful.resume(run).status is Status.PAUSED
    careful.rosta.trouble = lambda _hook, _values: None
    file = careful.folder / "renkei.yaml"
    limited = "    connector: rosta\n    safety: {creates: {people: 0, percent: 0}}\n"
    file.write_text(file.read_text().replace("    connector: rosta\n", limited))
    assert careful.resume(run).status is Status.DONE
    assert len(careful.rosta.writes) == 3
