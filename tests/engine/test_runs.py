"""A run from fetch to report, between two invented systems."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from renkei.errors import AccessError, BusyError, Hint, InDoubtError, UnavailableError, UsageError
from renkei.model import Difference, Filter, Outcome, Selection, Status
from renkei.people import Values
from renkei.store.store import Store

if TYPE_CHECKING:
    from tests.engine.world import World


def test_a_new_employee_is_created_with_the_chosen_values(world: World) -> None:
    """What is sent is the source's own text with the chosen ward; a second fetch finds nothing."""
    world.in_clinic(surname="﨑山")
    run = world.fetch()
    assert run.counts[Difference.NEW] == 1
    assert world.rosta.writes == []
    done = world.sync(run, ward="South")
    assert done.status is Status.DONE
    assert done.outcomes is not None
    assert done.outcomes[Outcome.CREATED] == 1
    ((kind, _id, values),) = world.rosta.writes
    assert kind == "create"
    assert values["family"] == "﨑山"
    assert values["ward"] == "W2"
    assert values["rank"] == "2"
    assert "end" not in values
    assert world.fetch().counts[Difference.SAME] == 1


def test_a_changed_employee_gets_only_what_differs(world: World) -> None:
    """An update holds the differing fields and nothing else."""
    world.in_clinic(mail="new@example.jp")
    world.in_rosta()
    world.sync(world.fetch())
    assert [(kind, values) for kind, _id, values in world.rosta.writes] == [
        ("update", {"email": "new@example.jp"})
    ]


def test_a_second_sync_sends_nothing(world: World) -> None:
    """On a run that is done a sync is a no-op."""
    world.in_clinic()
    run = world.fetch()
    world.sync(run)
    before = list(world.rosta.writes)
    assert world.resume(run).status is Status.DONE
    assert world.rosta.writes == before


def test_a_missing_value_is_a_usage_error_and_nothing_is_stored(world: World) -> None:
    """Without a ward nobody can be created, and the run stays ready."""
    world.in_clinic()
    run = world.fetch()
    with world.runs() as runs, pytest.raises(UsageError, match="Ward"):
        runs.choose(run.id, Selection(differences=frozenset({Difference.NEW})))
    with world.runs() as runs:
        assert runs.run(run.id).status is Status.READY
        assert runs.selection(run.id) is None


def test_somebody_changed_since_the_fetch_is_not_overwritten(world: World) -> None:
    """The target was edited after the plan was made."""
    world.in_clinic(mail="new@example.jp")
    there = world.in_rosta()
    run = world.fetch()
    world.rosta.edit(there, family="橘")
    assert world.sync(run).status is Status.DONE_WITH_ERRORS
    assert world.rosta.writes == []
    assert world.outcome(run) == (Outcome.FAILED, "changed_since_fetch")


def test_a_plan_whose_source_was_written_meanwhile_does_not_swap_values(world: World) -> None:
    """Of two opposite plans the second sync leaves alone whom the first has updated."""
    world.in_clinic(mail="clinic@example.jp")
    world.in_rosta(email="rosta@example.jp")
    back = world.fetch("rosta", "clinic")
    world.sync(world.fetch("clinic", "rosta"))
    assert world.sync(back).status is Status.DONE_WITH_ERRORS
    assert world.clinic.writes == []
    assert world.outcome(back) == (Outcome.FAILED, "source_changed")


@pytest.mark.fault("F104")
@pytest.mark.postgres
def test_two_opposite_plans_are_not_written_at_once(world: World) -> None:
    """Each would overwrite what the other one has just copied: the values would change places."""
    for number in ("001", "002"):
        world.in_clinic(number, mail=f"{number}@clinic.example.jp")
        world.in_rosta(number, email=f"{number}@rosta.example.jp")
    back, there = world.fetch("rosta", "clinic"), world.fetch("clinic", "rosta")
    world.choose(back)
    world.choose(there)
    told: list[str | None] = []

    def beside(hook: str, _values: Values) -> None:
        if hook == "update_employee" and not told:
            told.append(None)
            try:
                world.resume(there)
            except BusyError as error:
                told[0] = error.where

    world.clinic.trouble = beside
    assert world.resume(back).status is Status.DONE
    assert (told, world.rosta.writes) == (["clinic"], [])
    assert world.resume(there).status is Status.DONE_WITH_ERRORS
    assert world.outcome(there, "002") == (Outcome.FAILED, "source_changed")


def test_a_cancelled_run_keeps_nothing_to_do(world: World) -> None:
    """Anyone not written by then counts as not selected, and nothing can be resumed."""
    world.in_clinic()
    run = world.fetch()
    world.choose(run)
    with world.runs() as runs:
        assert runs.cancel(run.id).status is Status.CANCELLED
    with pytest.raises(UsageError, match="over"):
        world.resume(run)
    assert world.rosta.writes == []


def test_a_run_that_ends_while_it_is_cancelled_stays_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody was written: nobody is told that somebody has given it up."""
    world.in_clinic()
    run = world.fetch()
    cancel = Store.cancel

    def too_late(store: Store, *arguments: Any) -> bool:
        assert world.sync(run).status is Status.DONE
        return cancel(store, *arguments)

    monkeypatch.setattr(Store, "cancel", too_late)
    with world.runs() as runs, pytest.raises(UsageError) as caught:
        runs.cancel(run.id)
    assert caught.value.code == "over"
    with world.runs() as runs:
        assert runs.run(run.id).status is Status.DONE
        assert "cancelled" not in [line.act for line in runs.log_lines()]


def test_a_run_that_is_cancelled_while_it_waits_for_its_turn_stays_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody wants those tried again who failed, somebody else has given the run up."""
    world.in_clinic("001", mail="new@example.jp")
    there = world.in_rosta("001")
    world.in_clinic("002")
    run = world.fetch()
    world.rosta.edit(there, family="橘")
    world.choose(run)

    def down(hook: str, _values: Values) -> None:
        if hook == "create_employee":
            raise UnavailableError("down", again=False, nothing_done=True, for_all=True)

    world.rosta.trouble = down
    assert world.resume(run).status is Status.PAUSED
    world.rosta.trouble = lambda _hook, _values: None
    begin = Store.begin_sync

    def late(store: Store, *arguments: Any, **more: Any) -> Any:
        with world.runs() as runs:
            assert runs.cancel(run.id).status is Status.CANCELLED
        return begin(store, *arguments, **more)

    monkeypatch.setattr(Store, "begin_sync", late)
    with world.runs() as runs:
        assert runs.sync(run.id, retry_failed=True).status is Status.CANCELLED
    assert world.rosta.writes == []


def test_a_purged_run_is_not_synced(world: World) -> None:
    """Without the values there is nothing that could be written."""
    world.in_clinic()
    run = world.fetch()
    world.choose(run)
    with world.runs() as runs:
        assert runs.purge(dt.timedelta(seconds=-1)) == 1
    with pytest.raises(UsageError, match="purged"):
        world.resume(run)
    assert world.rosta.writes == []


def test_people_are_found_by_the_kana_of_their_name(world: World) -> None:
    """What the mapping compares as kana is how a name is read."""
    world.in_clinic("001", reading="タカハシ")
    world.in_clinic("002", reading="サトウ")
    run = world.fetch()
    with world.runs() as runs:
        assert runs.numbers(run.id, Filter(text="たかはし")) == ["001"]


def test_an_unknown_run_is_told_without_a_command(world: World) -> None:
    """The command that lists the runs stands apart: a page has a list of its own."""
    world.fetch()
    with world.runs() as runs, pytest.raises(UsageError) as caught:
        runs.run("999")
    assert caught.value.message == "There is no run 999."
    assert caught.value.hint == Hint("reports")


def test_the_labels_of_a_run_are_those_of_its_systems_and_mapping(world: World) -> None:
    """A connection that is configured no longer keeps its name."""
    text = (world.folder / "renkei.yaml").read_text()
    world.in_clinic("001")
    run = world.fetch()
    (world.folder / "renkei.yaml").write_text(
        text.replace("    connector: rosta\n", "    connector: rosta\n    label: 勤務表\n")
    )
    with world.runs() as runs:
        labels = runs.labels(run.id)
    assert (labels.source, labels.target) == ("clinic", "勤務表")
    assert labels.field("ward") == "ward"
    assert labels.connection("gone") == "gone"


def test_a_run_that_is_over_says_so_to_another_choice(world: World) -> None:
    """Cancelled in the middle, it is not told to be resumed: that would be refused."""
    for number in ("001", "002"):
        world.in_clinic(number)
    run = world.fetch()
    world.choose(run)

    def cancel(_hook: str, _values: Values) -> None:
        with world.runs() as runs:
            runs.cancel(run.id)

    world.rosta.aftermath = cancel
    assert world.resume(run).status is Status.CANCELLED
    with world.runs() as runs, pytest.raises(UsageError) as caught:
        runs.choose(run.id, Selection(numbers=("002",), new={"ward": "W1"}))
    assert caught.value.code == "over"
    assert "resume" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("fetched", ["before the write", "while it is in doubt"])
def test_a_write_in_doubt_counts_as_a_change_of_its_record(world: World, fetched: str) -> None:
    """The other direction would write back what the system may have stored by then."""
    world.in_clinic("001", mail="new@example.jp")
    world.in_rosta("001", email="old@example.jp")
    there = world.fetch()
    world.choose(there)
    back = world.fetch("rosta", "clinic") if fetched == "before the write" else None
    lost: list[Values] = []

    def lose(hook: str, values: Values) -> None:
        if hook == "update_employee":
            lost.append(values)
            raise InDoubtError(UnavailableError("lost"))
        if lost:
            raise AccessError("blind")

    world.rosta.trouble = lose
    assert world.resume(there).status is Status.PAUSED
    assert world.outcome(there, "001")[0] is Outcome.UNKNOWN
    world.rosta.trouble = lambda _hook, _values: None
    back = back or world.fetch("rosta", "clinic")
    assert world.sync(back).status is Status.DONE_WITH_ERRORS
    assert world.outcome(back, "001") == (Outcome.FAILED, "source_changed")
    assert world.clinic.writes == []


def test_a_write_that_was_only_answered_counts_as_a_change_too(world: World) -> None:
    """Its look has not come yet, and the other direction would already write back what was."""
    world.in_clinic("001", mail="new@example.jp")
    world.in_rosta("001", email="old@example.jp")
    there, back = world.fetch(), world.fetch("rosta", "clinic")
    world.choose(there)

    def blind(hook: str, _values: Values) -> None:
        if hook == "read_employees" and world.rosta.writes:
            raise AccessError("blind")

    world.rosta.trouble = blind
    assert world.resume(there).status is Status.PAUSED
    world.rosta.trouble = lambda _hook, _values: None
    assert world.sync(back).status is Status.DONE_WITH_ERRORS
    assert world.outcome(back, "001") == (Outcome.FAILED, "source_changed")
    assert world.clinic.writes == []


def test_the_newest_plan_of_a_direction_is_found_behind_any_number_of_others(world: World) -> None:
    """A fetch that failed has none, and the other direction may be fetched all day."""
    assert world.runs().newest_plans() == {}
    world.in_clinic()
    there = world.fetch()
    back = [world.fetch("rosta", "clinic") for _each in range(11)][-1]
    world.clinic.trouble = lambda _hook, _values: (_ for _ in ()).throw(AccessError("no"))
    with pytest.raises(AccessError):
        world.fetch()
    with world.runs() as runs:
        plans = runs.newest_plans()
    ids = {way: run.id for way, run in plans.items()}
    assert ids == {("clinic", "rosta"): there.id, ("rosta", "clinic"): back.id}
    assert plans["clinic", "rosta"].open == 1
