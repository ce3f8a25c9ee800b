"""Systems that take many writes at a time: one batch, and each of its people by themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.world import ROSTA, World
from tests.waiting import Waiting

from renkei.connector import BatchWrite, Employee, hookimpl
from renkei.errors import (
    AccessError,
    ContractFullError,
    InDoubtError,
    RecordError,
    RenkeiError,
    UnavailableError,
)
from renkei.hookspecs import REQUIRED
from renkei.http.connection import Connection
from renkei.http.secret import Secret
from renkei.model import Outcome, Status
from renkei.plugins.writer import Writer
from renkei.sync.flight import Claims
from renkei.testing import MemoryConnector, MemorySystem, installed

Fail = Callable[[Sequence[BatchWrite]], None]
NUMBERS = tuple(f"{n:04}" for n in range(1, 9))


@define
class Desk:
    """A system that takes batches: *batches* has the numbers or ids of each that arrived."""

    system: MemorySystem
    batches: list[list[str]] = field(factory=list)
    before: Fail = lambda _writes: None
    after: Fail = lambda _writes: None
    refused: dict[str, RenkeiError] = field(factory=dict)

    def connector(self, _connection: Connection) -> object:
        """Return the hooks: those that read, and the one that writes."""
        desk = self

        @hookimpl
        def write_many(
            self: MemoryConnector, writes: Sequence[BatchWrite]
        ) -> Sequence[str | RenkeiError | None]:
            desk.batches.append([called(each) for each in writes])
            desk.before(writes)
            answers = [desk.write(self, each) for each in writes]
            desk.after(writes)
            return answers

        hooks = (*REQUIRED, "read_employees", "new_employee_fields", "__init__", "_shown")
        body = {name: vars(MemoryConnector)[name] for name in hooks}
        return type("Desk", (), {**body, "write_many": write_many})(self.system)

    def write(self, connector: MemoryConnector, write: BatchWrite) -> str | RenkeiError | None:
        """Carry out one write of a batch."""
        if (error := self.refused.get(called(write))) is not None:
            return error
        if write.current is None:
            return MemoryConnector.create_employee(connector, write.values)
        MemoryConnector.update_employee(connector, write.current, write.values)
        return None


def called(write: BatchWrite) -> str:
    """Return the number of whom a write is about."""
    values = write.current.values if write.current else write.values
    return str(values["id_no"])


@pytest.fixture
def desk(world: World) -> Desk:
    """Return the rosta as such a system, with eight people to be written: four of them new."""
    for number in NUMBERS:
        world.in_clinic(number, mail=f"{number}@example.jp")
    for number in NUMBERS[:4]:
        world.in_rosta(number, email="old@example.jp")
    return Desk(world.rosta)


def synced(world: World, desk: Desk) -> dict[str, tuple[Outcome | None, str | None]]:
    """Sync everybody and return what became of each."""
    with installed(rosta=desk.connector):
        run = world.sync(world.fetch())
        return {number: world.outcome(run, number) for number in NUMBERS}


def done(desk: Desk) -> list[str]:
    """Return the numbers of those who were written, each as often as they were."""
    people = desk.system.people
    return sorted(str(people[person].values["id_no"]) for _kind, person, _ in desk.system.writes)


def test_many_are_written_together(world: World, desk: Desk) -> None:
    """One batch has all, but for the first new employee, who shows that the system stores."""
    outcomes = synced(world, desk)
    assert set(outcomes.values()) == {(Outcome.CREATED, None), (Outcome.UPDATED, None)}
    assert desk.batches == [[*NUMBERS[:5]], [*NUMBERS[5:]]]
    assert done(desk) == list(NUMBERS)


@pytest.mark.fault("F32")
def test_one_who_is_refused_in_a_batch_fails_alone(world: World, desk: Desk) -> None:
    """The connector says which one; the others of the batch are done, and nothing goes again."""
    desk.refused["0002"] = RecordError("No.", code="not_allowed", fields=("email",))
    outcomes = synced(world, desk)
    assert outcomes.pop("0002") == (Outcome.FAILED, "not_allowed")
    assert {outcome for outcome, _reason in outcomes.values()} == {
        Outcome.CREATED,
        Outcome.UPDATED,
    }
    assert len(desk.batches) == 2


@pytest.mark.parametrize(
    "refusal",
    [
        RecordError("One of them is wrong."),
        AccessError("Not these."),
        UnavailableError("Not now.", nothing_done=True),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_batch_that_is_refused_goes_one_by_one(
    world: World, desk: Desk, refusal: RenkeiError
) -> None:
    """Nobody knows whom the refusal is about, until each is sent alone: one fails, seven do not."""

    def refuse(writes: Sequence[BatchWrite]) -> None:
        if "0003" in map(called, writes):
            raise refusal

    desk.before = refuse
    outcomes = synced(world, desk)
    assert outcomes.pop("0003")[0] is Outcome.FAILED
    assert {outcome for outcome, _reason in outcomes.values()} == {
        Outcome.CREATED,
        Outcome.UPDATED,
    }
    assert done(desk) == [number for number in NUMBERS if number != "0003"]


def test_a_full_contract_holds_up_new_employees_only(world: World, desk: Desk) -> None:
    """Those of its batch who are there already are updated."""

    def full(writes: Sequence[BatchWrite]) -> None:
        if any(write.current is None for write in writes):
            raise ContractFullError("No room.")

    desk.before = full
    outcomes = synced(world, desk)
    assert [outcomes[number][0] for number in NUMBERS] == [
        *[Outcome.UPDATED] * 4,
        *[Outcome.DEFERRED] * 4,
    ]


def test_what_is_for_all_pauses_the_run_and_nobody_is_in_doubt(world: World, desk: Desk) -> None:
    """A disk that is full has done nothing: later everybody is written, once."""

    def full(_writes: Sequence[BatchWrite]) -> None:
        raise UnavailableError("Full.", nothing_done=True, for_all=True)

    desk.before = full
    with installed(rosta=desk.connector):
        run = world.sync(world.fetch())
        assert run.status is Status.PAUSED
        assert run.outcomes is not None
        assert run.outcomes[Outcome.UNKNOWN] == 0
        desk.before = lambda _writes: None
        assert world.resume(run).status is Status.DONE
    assert done(desk) == list(NUMBERS)


@pytest.mark.fault("F33")
@pytest.mark.parametrize("had_effect", [True, False])
def test_a_batch_whose_answer_is_lost_is_settled_one_by_one(
    world: World, desk: Desk, had_effect: bool, waiting: Waiting
) -> None:
    """All of it are in doubt together; a look finds out about each, and nobody is written twice."""
    lost = [True]

    def lose(writes: Sequence[BatchWrite]) -> None:
        if len(writes) > 1 and lost:
            lost.pop()
            raise InDoubtError(UnavailableError("Lost."))

    if had_effect:
        desk.after = lose
    else:
        desk.before = lose
    outcomes = synced(world, desk)
    assert {outcome for outcome, _reason in outcomes.values()} == {
        Outcome.CREATED,
        Outcome.UPDATED,
    }
    assert done(desk) == list(NUMBERS)


def test_a_batch_that_is_lost_again_and_again_goes_one_by_one_at_last(
    world: World, desk: Desk, waiting: Waiting
) -> None:
    """Somebody on whom a system chokes costs the others two tries, and fails alone."""

    def choke(writes: Sequence[BatchWrite]) -> None:
        if "0002" in map(called, writes):
            raise InDoubtError(UnavailableError("Lost."))

    desk.before = choke
    outcomes = synced(world, desk)
    assert outcomes.pop("0002") == (Outcome.FAILED, "not_taken")
    assert {outcome for outcome, _reason in outcomes.values()} == {
        Outcome.CREATED,
        Outcome.UPDATED,
    }
    assert done(desk) == [number for number in NUMBERS if number != "0002"]
    assert [len(batch) for batch in desk.batches if "0002" in batch] == [5, 4, 1]


@pytest.mark.fault("F32")
def test_a_batch_of_which_a_part_arrived_is_told_apart(world: World, desk: Desk) -> None:
    """Those who are there count; those who are not are sent again by themselves."""
    cut = [True]

    def stop(writes: Sequence[BatchWrite]) -> None:
        if len(writes) == 5 and cut:
            cut.pop()
            for write in writes[:2]:
                assert write.current is not None
                desk.system.edit(write.current.id, **write.values)
                desk.system.writes.append(("update", write.current.id, dict(write.values)))
            raise ValueError("half a batch")

    desk.before = stop
    outcomes = synced(world, desk)
    assert {outcome for outcome, _reason in outcomes.values()} == {
        Outcome.CREATED,
        Outcome.UPDATED,
    }
    assert done(desk) == list(NUMBERS)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_process_that_dies_in_a_batch_leaves_all_of_it_in_doubt(
    world: World, desk: Desk, moment: str, waiting: Waiting
) -> None:
    """Their intents are durable before it leaves; the process that goes on finds out about each."""
    with installed(rosta=desk.connector):
        run = world.fetch()
        world.choose(run)
        read, write = os.pipe()
        if (child := os.fork()) == 0:

            def die(writes: Sequence[BatchWrite]) -> None:
                if len(writes) > 1:
                    os.write(write, repr([dict(w.values) for w in writes]).encode()[:1])
                    os._exit(9)

            setattr(desk, moment, die)
            world.resume(run)
            os._exit(0)
        assert os.waitpid(child, 0)[1] >> 8 == 9
        os.close(write)
        assert os.read(read, 1) == b"["
        os.close(read)
        with world.runs() as runs:
            doubts = runs._store.open_writes(int(run.id))
        assert [doubt.item.number for doubt in doubts] == list(NUMBERS[:5])
        if moment == "after":  # what the child did to its copy of the system
            again = MemoryConnector(desk.system)
            for item in world.items(run)[:5]:
                values = {change.field: change.after for change in item.changes}
                chosen = {name: choice.code for name, choice in item.new_values.items()}
                if item.target_id is None:
                    again.create_employee({**values, **chosen})
                else:
                    again.update_employee(desk.system.people[item.target_id], values)
        assert world.resume(run).status is Status.DONE
    assert done(desk) == list(NUMBERS)


@pytest.mark.parametrize(
    "answers",
    [
        None,
        (),
        ["a"],
        ["a", "b", "c"],
        ["", None],
        ["a", Employee(id="other", values={})],
        [5, None],
    ],
)
def test_an_answer_that_makes_no_sense_leaves_a_batch_in_doubt(
    world: World, answers: object
) -> None:
    """Too few, too many, no id, somebody else: nobody knows what has happened."""

    class Odd(MemoryConnector):
        @hookimpl
        def write_many(self, writes: Sequence[BatchWrite]) -> object:
            return answers

    with installed(rosta=lambda _connection: Odd(world.rosta)):
        writer = Writer(
            Connection(
                name="rosta", connector="rosta", base_url="http://127.0.0.1:1",
                token=Secret("t0ken"), read_only=False,
            )
        )  # fmt: skip
        somebody = Employee(id="id-1", values={"id_no": "1"})
        batch = [BatchWrite(values={"id_no": "2"}), BatchWrite(values={}, current=somebody)]
        with pytest.raises(InDoubtError, match="write_many broke its contract"):
            writer.write(batch)


@given(st.lists(st.tuples(st.sets(st.integers(0, 4)), st.sets(st.integers(0, 4)))))
@settings(max_examples=60, deadline=None)
def test_a_wave_claims_what_each_of_it_claims(
    several: list[tuple[set[int], set[int]]],
) -> None:
    """A write collides with a wave exactly if it collides with one of its writes."""
    each = [Claims(alone=set(gives & takes), gives=set(gives), takes=set(takes))
            for gives, takes in several]  # fmt: skip
    wave = Claims()
    for claims in each[1:]:
        wave.add(claims)
    for one in each[:1]:
        assert wave.collide(one) == any(claims.collide(one) for claims in each[1:])


def test_the_number_is_in_the_fields_of_the_rosta() -> None:
    """What names people in these tests is what the system goes by."""
    assert [spec.name for spec in ROSTA if spec.role == "number"] == ["id_no"]
