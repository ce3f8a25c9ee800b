"""A write that was answered counts when the system shows it: connectors and systems may err."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from renkei.connector import Choice, Employee, FieldSpec, Label, NewField, Values, hookimpl
from renkei.errors import AccessError, StoreError
from renkei.http.connection import Connection
from renkei.model import Difference, Outcome, Run, Selection, Status
from renkei.observer import Observer
from renkei.store.store import Store
from renkei.testing import MemoryConnector, MemorySystem, installed
from renkei.words.sentences import reason_text

if TYPE_CHECKING:
    from tests.engine.world import World


class Careful(MemoryConnector):
    """Returns the employee as the system has them now."""

    @hookimpl
    def create_employee(self, values: Values) -> Employee:  # type: ignore[override]
        """As the contract allows."""
        return self._system.people[super().create_employee(values)]

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee:  # type: ignore[override]
        """As the contract allows."""
        super().update_employee(current, changes)
        return self._system.people[current.id]


class Swallowing(MemoryConnector):
    """Reports success for what the system has refused."""

    @hookimpl
    def create_employee(self, values: Values) -> str:
        """Nobody is there afterwards."""
        self._system.writes.append(("create", "nobody", dict(values)))
        return "id-of-nobody"

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> None:
        """Nothing has changed afterwards."""
        self._system.writes.append(("update", current.id, dict(changes)))


class Lying(Swallowing):
    """Says besides that it has stored it."""

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee:  # type: ignore[override]
        """Show what was sent, which is not what is there."""
        super().update_employee(current, changes)
        return evolve(current, values={**current.values, "kana": "ウソ", **changes})


class WrongPerson(MemoryConnector):
    """Changes the first one it finds."""

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> None:
        """Somebody else gets the change."""
        first = next(iter(self._system.people.values()))
        super().update_employee(first, changes)


class TooMuch(MemoryConnector):
    """Sends a whole record, and empties what it does not know."""

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> None:
        """The reading of the name is gone afterwards."""
        super().update_employee(current, {**changes, "kana": None})


class DropsFurther(MemoryConnector):
    """Sends a list of one address, whatever else was in it."""

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> None:
        """The further addresses are gone afterwards."""
        super().update_employee(current, changes)
        held = self._system.people[current.id]
        self._system.people[current.id] = evolve(held, others={})


class Numberless(MemoryConnector):
    """Creates people without their number."""

    @hookimpl
    def create_employee(self, values: Values) -> str:
        """The number is left out."""
        return super().create_employee({**values, "id_no": None})


def synced(world: World, kind: Callable[[MemorySystem], object], people: int = 3) -> Run:
    """Create and update some people through a connector of this kind."""
    for n in range(people):
        world.in_clinic(f"1{n:02}")
        world.in_clinic(f"2{n:02}", mail="new@example.jp")
        world.in_rosta(f"2{n:02}")

    def factory(_connection: Connection) -> object:
        return kind(world.rosta)

    with installed(rosta=factory):
        run = world.fetch()
        world.choose(run)
        return world.resume(run)


def outcomes(world: World, run: Run) -> dict[str | None, tuple[Outcome | None, str | None]]:
    """Return everybody's outcome with its reason."""
    return {
        item.number: (item.outcome, item.outcome_reason.code if item.outcome_reason else None)
        for item in world.items(run)
    }


@pytest.mark.parametrize(
    ("kind", "looks"),
    [
        (Careful, ["before", "all"]),
        (MemoryConnector, ["before", "the first create", "the others"]),
    ],
)
def test_who_was_answered_is_read_back_many_at_a_time(
    world: World, kind: Callable[[MemorySystem], object], looks: list[str]
) -> None:
    """One read for all; where only an id came back, one more for the first new employee."""
    run = synced(world, kind, people=10)
    assert run.status is Status.DONE
    assert world.rosta.reads.count("read_employees") == len(looks)


class Echo(Swallowing):
    """Answers with what was sent, and stores nothing."""

    @hookimpl
    def create_employee(self, values: Values) -> Employee:  # type: ignore[override]
        """As it was sent."""
        return Employee(id=super().create_employee(values), values=values)

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee:  # type: ignore[override]
        """As it was sent."""
        super().update_employee(current, changes)
        return evolve(current, values={**current.values, **changes})


def test_an_answer_that_only_repeats_what_was_sent_proves_nothing(world: World) -> None:
    """The system is looked at: nobody is there, and nothing has changed."""
    run = synced(world, Echo, people=1)
    assert set(outcomes(world, run).values()) == {(Outcome.FAILED, "not_stored")}


def test_a_list_that_is_late_is_waited_for(world: World) -> None:
    """Somebody new who shows after two looks is no failure, and nothing is sent again."""
    hidden: dict[str, Employee] = {}
    looks: list[str] = []

    def late(hook: str, _values: Values) -> None:
        if hook == "create_employee":
            return
        looks.append(hook)
        new = [p for p in world.rosta.people.values() if p.values["id_no"] == "100"]
        if new and len(looks) < 6:
            hidden[new[0].id] = world.rosta.people.pop(new[0].id)
        elif len(looks) >= 6:
            world.rosta.people.update(hidden)

    world.rosta.trouble = late
    world.in_clinic("100")
    run = world.fetch()
    world.choose(run)
    file = world.folder / "renkei.yaml"
    file.write_text(
        file.read_text().replace("settings: {", "settings: {longest_request_seconds: 30, ")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("renkei.sync.doubt.LOOK_EVERY_S", 0.05)
        assert world.resume(run).status is Status.DONE
    assert len(world.rosta.writes) == 1


@pytest.mark.fault("F87")
def test_a_swallowed_refusal_is_found_out(world: World) -> None:
    """Nothing was stored: nobody is created or updated, and nothing is sent twice."""
    run = synced(world, Swallowing)
    assert run.status is Status.DONE_WITH_ERRORS
    assert set(outcomes(world, run).values()) == {(Outcome.FAILED, "not_stored")}
    assert len(world.rosta.writes) == 6
    with installed(rosta=lambda _connection: Swallowing(world.rosta)), world.runs() as runs:
        assert "retry" in runs.possible(run.id)  # for the updates
        runs.sync(run.id, retry_failed=True)
    kinds = [kind for kind, _id, _values in world.rosta.writes]
    assert kinds.count("create") == 3  # the system may have them, whatever a look shows
    assert kinds.count("update") == 6


@pytest.mark.fault("F87")
def test_an_answer_that_shows_more_than_was_sent_is_looked_at(world: World) -> None:
    """It shows another reading of the name: so the person is read, and the lie comes out."""
    run = synced(world, Lying)
    found = outcomes(world, run)
    assert {found[n] for n in ("200", "201", "202")} == {(Outcome.FAILED, "not_stored")}


@pytest.mark.fault("F87")
def test_a_change_of_the_wrong_person_is_found_out(world: World) -> None:
    """Of three, the first got all three changes."""
    run = synced(world, WrongPerson)
    found = outcomes(world, run)
    assert found["200"] == (Outcome.UPDATED, None)
    assert found["201"] == found["202"] == (Outcome.FAILED, "not_stored")


@pytest.mark.fault("F87")
def test_a_change_of_more_than_was_sent_is_found_out(world: World) -> None:
    """The mapped fields that were not sent have to stay."""
    run = synced(world, TooMuch)
    found = outcomes(world, run)
    assert {found[n] for n in ("200", "201", "202")} == {(Outcome.FAILED, "changed_too")}
    [item] = [item for item in world.items(run) if item.number == "200"]
    assert item.outcome_reason is not None
    assert item.outcome_reason.about == ("kana",)


def test_one_create_without_its_number_stops_the_others(world: World) -> None:
    """It is seen right after the first one."""
    run = synced(world, Numberless)
    assert run.status is Status.PAUSED
    creates = [values for kind, _id, values in world.rosta.writes if kind == "create"]
    assert len(creates) == 1
    found = outcomes(world, run)
    assert found["100"] == (Outcome.FAILED, "created_without_number")
    assert found["101"] == found["102"] == (Outcome.DEFERRED, "created_without_number")
    own, *others = (world.item(run, number).outcome_reason for number in ("100", "101", "102"))
    with world.runs() as runs:
        labels = runs.labels(run.id)
    assert own is not None
    assert "this employee" in reason_text(own, labels)
    for reason in (run.reason, *others):
        assert reason is not None
        assert "100" in reason_text(reason, labels)
        assert "this employee" not in reason_text(reason, labels)


@pytest.mark.fault("F87")
def test_a_person_who_only_shows_later_is_stored(world: World) -> None:
    """Before it is said that something was not stored, the person is read again."""
    stale: list[Employee] = []

    class Late(MemoryConnector):
        @hookimpl
        def update_employee(self, current: Employee, changes: Values) -> None:
            super().update_employee(current, changes)
            stale.append(self._system.people[current.id])
            self._system.people[current.id] = current

    def show(hook: str, _values: Values) -> None:
        if hook == "read_employees" and stale:
            looks.append(hook)
            if len(looks) == 2:
                world.rosta.people.update({person.id: person for person in stale})

    looks: list[str] = []
    world.rosta.trouble = show
    run = synced(world, Late, people=1)
    assert outcomes(world, run)["200"] == (Outcome.UPDATED, None)


@pytest.mark.fault("F87")
def test_an_answered_write_is_looked_at_after_a_kill_and_not_sent_again(world: World) -> None:
    """Its process ended between the answer and the look."""
    world.in_clinic("200", mail="new@example.jp")
    person = world.in_rosta("200")
    run = world.fetch()
    world.choose(run)

    def die(hook: str, _values: Values) -> None:
        if hook == "read_employees" and world.rosta.writes:
            raise KeyboardInterrupt

    world.rosta.trouble = die
    with pytest.raises(KeyboardInterrupt):
        world.resume(run)
    with world.runs() as runs:
        between = runs.run(run.id)
        assert runs._store.is_unsettled(run.id)
    assert between.outcomes is not None
    assert sum(between.outcomes.values()) == 1
    world.rosta.edit(person, email="old@example.jp")  # it was not stored after all
    world.rosta.trouble = lambda _hook, _values: None
    again = world.resume(run)
    assert again.status is Status.DONE_WITH_ERRORS
    assert outcomes(world, run)["200"] == (Outcome.FAILED, "not_stored")
    assert len(world.rosta.writes) == 1


def test_a_look_that_fails_leaves_the_answers_to_the_next_sync(world: World) -> None:
    """The run pauses; the report of it counts everybody once."""
    world.in_clinic("100")
    run = world.fetch()
    world.choose(run)

    def blind(hook: str, _values: Values) -> None:
        if hook == "read_employees" and world.rosta.writes:
            raise AccessError("no")

    world.rosta.trouble = blind
    paused = world.resume(run)
    assert paused.status is Status.PAUSED
    assert paused.outcomes is not None
    assert sum(paused.outcomes.values()) == sum(run.counts.values()) == 1
    world.rosta.trouble = lambda _hook, _values: None
    done = world.resume(run)
    assert (done.status, len(world.rosta.writes)) == (Status.DONE, 1)
    assert world.fetch().counts[Difference.SAME] == 1


@pytest.mark.parametrize("sent", [{"mail": "new@example.jp"}, {"reading": "ミナト"}])
@pytest.mark.parametrize("drops", [True, False])
def test_a_further_value_that_an_update_has_lost_is_told(
    world: World, sent: dict[str, str], drops: bool
) -> None:
    """Two addresses in the target, one in the source: the second one is nobody's to take away."""
    kind = DropsFurther if drops else MemoryConnector
    world.in_clinic("100", **sent)
    person = world.in_rosta("100")
    held = world.rosta.people[person]
    world.rosta.people[person] = evolve(held, others={"email": ("second@example.jp",)})
    with installed(rosta=lambda _connection: kind(world.rosta)):
        run = world.fetch()
        world.sync(run)
    reason = (Outcome.FAILED, "changed_too") if drops else (Outcome.UPDATED, None)
    assert outcomes(world, run)["100"] == reason
    if drops:
        told = world.item(run, "100").outcome_reason
        assert told is not None
        assert told.about == ("email",)


@pytest.mark.parametrize(("kept", "outcome"), [(1, Outcome.CREATED), (2, Outcome.FAILED)])
def test_a_chosen_number_is_compared_as_the_number_that_its_field_has(
    world: World, kept: int, outcome: Outcome
) -> None:
    """Codes of choices are texts; a field of whole numbers shows what was stored as a number."""

    class Numbers(MemoryConnector):
        @hookimpl
        def create_employee(self, values: Values) -> str:
            assert values["floor"] == "1"
            return super().create_employee({**values, "floor": kept})

    floor = FieldSpec(
        name="floor", label=Label("階", "Floor"), type="integer", required=True, write="create"
    )
    world.rosta.specs = (*world.rosta.specs, floor)
    world.rosta.choices += (NewField("floor", floor.label, (Choice("1", "1F"),)),)
    world.in_clinic("100")
    with installed(rosta=lambda _connection: Numbers(world.rosta)), world.runs() as runs:
        run = runs.fetch("clinic", "rosta")
        new = {"ward": "W1", "floor": "1F"}
        runs.choose(run.id, Selection(new=new, differences=frozenset({Difference.NEW})))
        run = runs.sync(run.id)
    assert outcomes(world, run)["100"][0] is outcome


def test_a_chosen_value_that_is_not_stored_is_found_out(world: World) -> None:
    """What a person chose for a new employee is sent like the rest, and looked at like the rest."""

    class Elsewhere(MemoryConnector):
        @hookimpl
        def create_employee(self, values: Values) -> str:
            return super().create_employee({**values, "ward": "W2"})

    run = synced(world, Elsewhere, people=1)
    assert outcomes(world, run)["100"] == (Outcome.FAILED, "not_stored")
    with world.runs() as runs:
        assert "retry" not in runs.possible(run.id)  # nobody is created twice
    reason = world.item(run, "100").outcome_reason
    assert reason is not None
    assert reason.about == ("ward",)


def _over(kind: type[MemoryConnector], system: MemorySystem, _connection: Connection) -> object:
    return kind(system)


def test_there_is_a_wait_before_it_is_said_that_nothing_was_stored(world: World) -> None:
    """Two looks at one moment would see the same old value; a stored person is not waited for."""
    waits: list[str] = []

    class Watcher(Observer):
        def waiting(self, connection: str, reason: str, seconds: float) -> None:
            waits.append(reason)

    for kind, expected in ((MemoryConnector, []), (Swallowing, ["settle"])):
        world.in_clinic(f"{kind.__name__}", mail="new@example.jp")
        world.in_rosta(f"{kind.__name__}")
        with installed(rosta=partial(_over, kind, world.rosta)):
            run = world.fetch()
            world.choose(run)
            with world.runs(Watcher()) as runs:
                runs.sync(run.id)
        assert waits == expected


def test_a_sync_that_is_told_to_stop_looks_at_what_was_answered(world: World) -> None:
    """It ends as cancelled, and nobody is told as updated whom the system does not show so."""
    cancelled: list[Run] = []

    class Stopping(Swallowing):
        @hookimpl
        def update_employee(self, current: Employee, changes: Values) -> None:
            super().update_employee(current, changes)
            with world.runs() as runs:
                cancelled.append(runs.cancel("1"))

    run = synced(world, Stopping, people=2)
    assert (run.status, len(cancelled)) == (Status.CANCELLED, 1)
    found = [outcome for outcome, _why in outcomes(world, run).values()]
    assert found.count(Outcome.UPDATED) == 0
    with world.runs() as runs:
        assert not runs._store.is_unsettled(run.id)


def test_what_was_seen_is_looked_at_once_more_if_the_end_is_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That a look has shown a write is committed with the end, and nothing is sent again."""
    world.in_clinic(mail="new@example.jp")
    person = world.in_rosta()
    run = world.fetch()
    world.choose(run)

    def lost(*_args: object, **_more: object) -> None:
        raise StoreError("the disk is gone")

    with world.runs() as runs:
        with monkeypatch.context() as patch:
            patch.setattr(Store, "end_sync", lost)
            with pytest.raises(StoreError):
                runs.sync(run.id)
        before = runs._store.before_sync(run.id)
        assert [write.item.number for write in before.answered] == ["0417"]
        assert runs.sync(run.id, take_over=True).status is Status.DONE
        assert runs._store.before_sync(run.id).answered == []
    assert [who for _kind, who, _values in world.rosta.writes] == [person]
