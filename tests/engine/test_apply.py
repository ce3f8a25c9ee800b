"""A sync may be cut off anywhere: every write happens once, and its outcome tells what happened."""

from __future__ import annotations

import datetime as dt
import os
import pickle
import random
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from attrs import define, evolve, field
from tests.sampling import some

from renkei.connector import hookimpl
from renkei.errors import (
    AccessError,
    AnswerError,
    BusyError,
    ClosedError,
    ContractFullError,
    InDoubtError,
    ListChangedError,
    RecordError,
    UnavailableError,
    UsageError,
)
from renkei.model import Difference, Outcome, OwnValues, Remark, Run, Selection, Status
from renkei.observer import Observer
from renkei.people import Choice, Employee, NewField, Ref, Values
from renkei.plugins.facade import BATCH
from renkei.plugins.writer import Writer
from renkei.store.store import Store
from renkei.sync import apply, look
from renkei.testing import MemoryConnector, installed

if TYPE_CHECKING:
    from tests.engine.world import World

OPENS = dt.datetime(2026, 11, 20, 1, tzinfo=dt.UTC)
LOST = InDoubtError(UnavailableError("lost"))


def numbers(start: int, stop: int) -> list[str]:
    """Return some employee numbers."""
    return [f"{index:03}" for index in range(start, stop)]


def hires(world: World, *names: str) -> Run:
    """Put new employees into the clinic, fetch and choose all of them."""
    for number in names:
        world.in_clinic(number)
    run = world.fetch()
    world.choose(run)
    return run


def mailed(world: World, *names: str) -> list[str]:
    """Put employees into both systems whose mail address has changed; return their ids there."""
    ids = []
    for number in names:
        world.in_clinic(number, mail="new@example.jp")
        ids.append(world.in_rosta(number))
    return ids


def chosen(world: World) -> Run:
    """Fetch, and choose everybody who is new or changed."""
    run = world.fetch()
    world.choose(run)
    return run


@define
class Fault:
    """Raises *error* in a hook, at some of its calls (None: at all), counted from 1."""

    hook: str
    error: BaseException
    at: tuple[int, ...] | None = (1,)
    calls: int = 0

    def __call__(self, hook: str, _values: Values) -> None:
        """Count, and raise when it is time."""
        if hook == self.hook:
            self.calls += 1
            if self.at is None or self.calls in self.at:
                raise self.error


def healthy(_hook: str, _values: Values) -> None:
    """Nothing goes wrong."""


def sent(world: World) -> list[str]:
    """Return the kinds and numbers of what the rosta has accepted."""
    people = world.rosta.people
    return [f"{kind} {people[person].values['id_no']}" for kind, person, _v in world.rosta.writes]


def outcomes(world: World, run: Run) -> dict[str | None, Outcome | None]:
    """Return everybody's outcome."""
    return {item.number: item.outcome for item in world.items(run)}


@define
class Watcher(Observer):
    """Remembers what it was told."""

    waits: list[str] = field(factory=list)
    progress: list[tuple[int, int]] = field(factory=list)
    lost: list[Sequence[str]] = field(factory=list)

    def in_doubt(self, connection: str, numbers: Sequence[str], seconds: float) -> None:
        """Remember who."""
        self.lost.append(numbers)

    def waiting(self, connection: str, reason: str, seconds: float) -> None:
        """Remember why."""
        self.waits.append(reason)

    def writing(self, done: int, total: int) -> None:
        """Remember how far."""
        self.progress.append((done, total))


# --- a create whose answer never came -----------------------------------------------------------


@pytest.mark.parametrize(
    "lost",
    [LOST, UnavailableError("cut off"), AnswerError("garbage"), ValueError("bug"), SystemExit()],
    ids=lambda error: type(error).__name__,
)
def test_a_create_whose_answer_was_lost_is_looked_up(world: World, lost: BaseException) -> None:
    """It was accepted: created, and never sent twice."""
    run = hires(world, "001", "002")
    world.rosta.aftermath = Fault("create_employee", lost)
    assert world.resume(run).status is Status.DONE
    assert sent(world) == ["create 001", "create 002"]
    assert outcomes(world, run) == dict.fromkeys(("001", "002"), Outcome.CREATED)


def test_a_create_that_had_no_effect_is_sent_again_once(world: World) -> None:
    """When it is too late for the first one, absent at two looks, for all in doubt together."""
    run = hires(world, "001", "002", "003")
    fault = Fault("create_employee", LOST, at=(1, 3))
    world.rosta.trouble = fault
    watcher = Watcher()
    with world.runs(watcher) as runs:
        assert runs.sync(run.id).status is Status.DONE
    assert sorted(sent(world)) == ["create 001", "create 002", "create 003"]
    assert fault.calls == 5
    assert list(dict.fromkeys(watcher.waits)) == ["in_doubt", "settle"]
    assert watcher.lost == [["001", "003"]]


def test_a_create_that_had_no_effect_is_sent_again_beside_somebody_alike(world: World) -> None:
    """Who is another employee of the plan has not come of it, be all but the number the same."""
    world.in_clinic("009", first="花")
    theirs = world.in_rosta("009", given="花")
    run = hires(world, "001")
    sent_of_hers = {change.field: change.after for change in world.item(run, "001").changes}
    world.rosta.edit(theirs, **{**sent_of_hers, "id_no": "009"})
    world.rosta.trouble = Fault("create_employee", LOST, at=(1,))
    with world.runs() as runs:
        done = runs.sync(run.id)
    assert world.outcome(done, "001") == (Outcome.CREATED, None)


def test_who_appears_between_the_two_look_ups_is_not_sent_again(world: World) -> None:
    """A system may show a new employee only after a while."""
    run = hires(world, "001")
    world.rosta.aftermath = Fault("create_employee", LOST)
    looks = count(1)
    hidden: dict[str, Employee] = {}

    def hide(hook: str, _values: Values) -> None:
        if hook == "read_employees" and world.rosta.writes:
            if next(looks) == 1:
                hidden.update(world.rosta.people)
                world.rosta.people.clear()
            else:
                world.rosta.people.update(hidden)

    world.rosta.trouble = hide
    assert world.resume(run).status is Status.DONE
    assert len(world.rosta.writes) == 1
    assert world.outcome(run, "001") == (Outcome.CREATED, None)


def test_who_appears_only_when_sending_again_was_created_by_us(world: World) -> None:
    """A third look right before the second sending finds them: created, not `unchanged`."""
    run = hires(world, "001")
    looks = count(1)
    late: list[Values] = []

    def appear(hook: str, values: Values) -> None:
        if hook == "create_employee":
            late.append(values)
            raise LOST
        if late and hook == "read_employees" and next(looks) == 3:
            world.rosta.add(**late[0])

    world.rosta.trouble = appear
    assert world.resume(run).status is Status.DONE
    assert world.outcome(run, "001") == (Outcome.CREATED, None)
    assert len(world.rosta.find("001")) == 1


def hide(world: World, looks: int) -> None:
    """Let the rosta hide those who are there now for that many *looks*."""
    hidden = dict(world.rosta.people)
    passed = count(1)

    def show(hook: str, _values: Values) -> None:
        if hook == "read_employees" and next(passed) <= looks:
            for person in hidden:
                world.rosta.people.pop(person, None)
        elif hook == "read_employees":
            world.rosta.people.update(hidden)

    world.rosta.trouble = show


def test_what_an_earlier_process_had_sent_was_created_by_us(world: World) -> None:
    """It shows up only right before it is sent again: created all the same."""
    run = hires(world, "001")
    world.rosta.aftermath = Fault("create_employee", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        world.resume(run)
    hide(world, looks=2)
    assert world.resume(run).status is Status.DONE
    assert world.outcome(run, "001") == (Outcome.CREATED, None)
    assert len(world.rosta.writes) == 1


@pytest.mark.parametrize(
    ("kept", "found"),
    [
        ({}, True),
        ({"email": "", "capacity": None}, True),
        ({"email": "other@example.jp", "start": dt.date(2000, 1, 1)}, True),
        ({"given": "楓"}, False),
        ({"family": "橘"}, False),
        ({"dob": dt.date(1999, 9, 9)}, False),
    ],
    ids=["all", "some left out", "some changed", "given name", "family name", "birth date"],
)
def test_a_lost_create_without_its_number_is_found_by_who_it_is(
    world: World, kept: Values, found: bool
) -> None:
    """The system left out the number, and perhaps more: name and birth date tell who it is."""
    run = hires(world, "001")

    def strip(hook: str, values: Values) -> None:
        if hook == "create_employee" and len(world.rosta.people) == 0:
            world.rosta.add(**{**values, "id_no": None, **kept})
            raise LOST

    world.rosta.trouble = strip
    world.resume(run)
    if found:
        assert world.outcome(run, "001") == (Outcome.FAILED, "created_without_number")
        assert world.rosta.writes == []
    else:
        assert sent(world) == ["create 001"]


def test_an_interrupted_wait_settles_nothing(world: World) -> None:
    """Two looks in a row prove nothing: the write stays in doubt until somebody waited."""
    run = hires(world, "001", "002")
    with world.runs() as runs:

        def lose(_hook: str, _values: Values) -> None:
            runs.interrupt()
            hide(world, looks=3)
            raise LOST

        world.rosta.aftermath = lose
        paused = runs.sync(run.id)
    assert paused.status is Status.PAUSED
    assert world.outcome(run, "001") == (Outcome.UNKNOWN, "in_doubt")
    world.rosta.aftermath = healthy
    assert world.resume(run).status is Status.DONE
    assert [values["id_no"] for _kind, _id, values in world.rosta.writes] == ["001", "002"]
    assert outcomes(world, run) == dict.fromkeys(("001", "002"), Outcome.CREATED)


def test_a_create_in_doubt_that_exists_with_other_values_is_failed(world: World) -> None:
    """Somebody else was faster, or the system has changed what it got: a person has to look."""
    run = hires(world, "001")

    def other(hook: str, _values: Values) -> None:
        if hook == "create_employee":
            world.in_rosta("001", family="橘")
            raise LOST

    world.rosta.trouble = other
    assert world.resume(run).status is Status.DONE_WITH_ERRORS
    item = world.item(run, "001")
    assert item.outcome is Outcome.FAILED
    assert item.outcome_reason == Remark("exists_with_other_values", ("family",))
    assert world.rosta.writes == []


@pytest.mark.fault("F86")
def test_a_create_never_accepted_is_given_up(world: World) -> None:
    """One sync sends three times at most and looks up each time; then it is about this employee."""
    run = hires(world, "001")
    fault = Fault("create_employee", LOST, at=None)
    world.rosta.trouble = fault
    assert world.resume(run).status is Status.DONE_WITH_ERRORS
    assert world.outcome(run, "001") == (Outcome.FAILED, "not_taken")
    assert fault.calls == apply.SENDINGS
    assert world.resume(run).status is Status.DONE_WITH_ERRORS
    assert fault.calls == apply.SENDINGS
    world.rosta.trouble = healthy
    with world.runs() as runs:
        assert runs.sync(run.id, retry_failed=True).status is Status.DONE
    assert sent(world) == ["create 001"]


@pytest.mark.parametrize("places", [(0, 1, 2), (0, 2, 4), (2, 3, 4), (5,), (0, 1)])
def test_new_people_who_are_always_lost_fail_in_the_end(
    world: World, places: tuple[int, ...]
) -> None:
    """Wherever they stand; three in a row pause once, and nobody else is held up."""
    people = numbers(0, 6)
    bad = {people[place] for place in places}
    run = hires(world, *people)

    def lose(hook: str, values: Values) -> None:
        if hook == "create_employee" and values["id_no"] in bad:
            sendings.append(str(values["id_no"]))
            raise LOST

    sendings: list[str] = []
    world.rosta.trouble = lose
    syncs = 1
    while (done := world.resume(run)).status is Status.PAUSED:
        syncs += 1
        assert syncs <= 2
    assert done.status is Status.DONE_WITH_ERRORS
    told = outcomes(world, run)
    assert {number for number in people if told[number] is Outcome.FAILED} == bad
    assert {number for number in people if told[number] is Outcome.CREATED} == set(people) - bad
    assert max(map(sendings.count, bad)) <= apply.SENDINGS * syncs
    assert world.resume(run).status is Status.DONE_WITH_ERRORS
    assert outcomes(world, run) == told


def test_the_last_sending_is_looked_up_too(world: World) -> None:
    """Its answer was lost, but the employee is there."""
    run = hires(world, "001")
    world.rosta.trouble = Fault("create_employee", LOST, at=(1, 2))
    world.rosta.aftermath = Fault("create_employee", LOST, at=None)
    assert world.resume(run).status is Status.DONE
    assert sent(world) == ["create 001"]


def test_a_look_up_that_fails_pauses_with_the_doubt_in_the_journal(world: World) -> None:
    """What is unknown stays unknown until the system can be asked; then it is settled."""
    run = hires(world, "001", "002")
    world.rosta.aftermath = Fault("create_employee", LOST, at=None)
    world.rosta.trouble = Fault("read_employees", UnavailableError("down"), at=(2,))
    paused = world.resume(run)
    assert paused.status is Status.PAUSED
    assert paused.outcomes is not None
    assert paused.outcomes[Outcome.UNKNOWN] == 2
    world.rosta.trouble = healthy
    assert world.resume(run).status is Status.DONE
    assert sent(world) == ["create 001", "create 002"]


@pytest.mark.fault("F08")
@pytest.mark.parametrize(("times", "status"), [(2, Status.DONE), (3, Status.PAUSED)])
def test_a_look_that_is_cut_off_is_taken_again(world: World, times: int, status: Status) -> None:
    """Three times, as a fetch reads its lists; whatever is read once more was not changed."""
    run = hires(world, "001", "002")
    cut = ListChangedError("cut off")
    world.rosta.trouble = Fault("read_employees", cut, at=tuple(range(1, times + 1)))
    assert world.resume(run).status is status
    assert sent(world) == (["create 001", "create 002"] if status is Status.DONE else [])


def test_nobody_new_is_gone(world: World) -> None:
    """A system that does not find whom it is to create has refused them."""
    run = hires(world, "001")
    nowhere = RecordError("no such employee", code="not_found")
    world.rosta.trouble = Fault("create_employee", nowhere)
    world.resume(run)
    assert world.outcome(run, "001") == (Outcome.FAILED, "refused")


# --- an update whose answer never came ----------------------------------------------------------


def test_an_update_found_applied_is_updated(world: World) -> None:
    """It is not sent again."""
    mailed(world, "001")
    run = chosen(world)
    world.rosta.aftermath = Fault("update_employee", LOST)
    assert world.resume(run).status is Status.DONE
    assert sent(world) == ["update 001"]
    assert world.outcome(run, "001") == (Outcome.UPDATED, None)


@pytest.mark.fault("F22")
def test_an_update_found_without_effect_is_sent_again(world: World) -> None:
    """Everything still reads as it did at the fetch."""
    mailed(world, "001")
    run = chosen(world)
    fault = Fault("update_employee", LOST)
    world.rosta.trouble = fault
    assert world.resume(run).status is Status.DONE
    assert (sent(world), fault.calls) == (["update 001"], 2)
    assert world.outcome(run, "001") == (Outcome.UPDATED, None)


def test_an_update_found_with_a_third_value_is_failed(world: World) -> None:
    """Somebody else has changed it meanwhile: it is not overwritten."""
    (there,) = mailed(world, "001")
    run = chosen(world)

    def other(hook: str, _values: Values) -> None:
        if hook == "update_employee":
            world.rosta.edit(there, email="third@example.jp")
            raise LOST

    world.rosta.trouble = other
    assert world.resume(run).status is Status.DONE_WITH_ERRORS
    reason = world.item(run, "001").outcome_reason
    assert reason == Remark("changed_since_fetch", ("email",))
    assert world.rosta.people[there].values["email"] == "third@example.jp"


def test_an_update_of_somebody_who_is_gone_by_then_is_failed(world: World) -> None:
    """There is nobody left to look at."""
    (there,) = mailed(world, "001")
    run = chosen(world)

    def vanish(hook: str, _values: Values) -> None:
        if hook == "update_employee":
            del world.rosta.people[there]
            raise LOST

    world.rosta.trouble = vanish
    assert world.resume(run).status is Status.DONE_WITH_ERRORS
    assert world.outcome(run, "001") == (Outcome.FAILED, "gone")


# --- what has changed since the fetch -----------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ([{}], (Outcome.UNCHANGED, None)),
        ([{"ward": "W3"}], (Outcome.UNCHANGED, None)),
        ([{"kana": "ｻｸﾗ"}], (Outcome.UNCHANGED, None)),
        ([{"email": "other@example.jp"}], (Outcome.FAILED, "exists_by_now")),
        ([{}, {}], (Outcome.FAILED, "exists_by_now")),
    ],
)
def test_a_person_created_by_somebody_else_meanwhile_is_not_created(
    world: World, theirs: list[dict[str, str]], expected: tuple[Outcome, str | None]
) -> None:
    """Equal in what the mapping pairs: nothing to do; otherwise, or twice, a person has to look."""
    run = hires(world, "0417")
    for values in theirs:
        world.in_rosta("0417", **values)
    world.resume(run)
    assert world.outcome(run) == expected
    assert world.rosta.writes == []


def test_who_is_told_twice_is_one_person(world: World) -> None:
    """As the later answer has them: somebody edited while a list was read has no double."""
    run = hires(world, "0417")
    world.in_rosta("0417")

    class Twice(MemoryConnector):
        @hookimpl
        def read_employees(
            self, refs: Sequence[Ref], at: dt.date, fields: Sequence[str]
        ) -> Iterator[Employee]:
            for each in super().read_employees(refs, at, fields):
                yield evolve(each, values={**each.values, "email": "old@example.jp"})
                yield each

    with installed(rosta=lambda _connection: Twice(world.rosta)):
        world.resume(run)
    assert world.outcome(run) == (Outcome.UNCHANGED, None)


def test_a_person_gone_since_the_fetch_is_failed(world: World) -> None:
    """They are not created anew."""
    (there,) = mailed(world, "001")
    run = chosen(world)
    del world.rosta.people[there]
    assert world.resume(run).status is Status.DONE_WITH_ERRORS
    assert world.outcome(run, "001") == (Outcome.FAILED, "gone")
    assert world.rosta.writes == []


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({"email": "new@example.jp"}, (Outcome.UNCHANGED, None)),
        ({"email": "ｎｅｗ@example.jp"}, (Outcome.UNCHANGED, None)),
        ({"email": "third@example.jp"}, (Outcome.FAILED, "changed_since_fetch")),
        ({"kana": "タチバナ"}, (Outcome.FAILED, "changed_since_fetch")),
        ({"dob": None}, (Outcome.FAILED, "changed_since_fetch")),
        ({"ward": "W3"}, (Outcome.UPDATED, None)),
    ],
)
def test_only_what_the_mapping_pairs_counts_as_changed(
    world: World, edit: dict[str, str | None], expected: tuple[Outcome, str | None]
) -> None:
    """A mapped field edited since: not overwritten, unless it already is as it should be."""
    (there,) = mailed(world, "0417")
    run = chosen(world)
    world.rosta.edit(there, **edit)
    world.resume(run)
    assert world.outcome(run) == expected
    assert len(world.rosta.writes) == (expected[0] is Outcome.UPDATED)


def test_a_field_that_cannot_be_read_any_more_counts_as_changed(world: World) -> None:
    """Nobody knows what would be overwritten."""
    (there,) = mailed(world, "0417")
    run = chosen(world)
    held = world.rosta.people[there]
    rest = {name: value for name, value in held.values.items() if name != "kana"}
    world.rosta.people[there] = evolve(held, values=rest)
    world.resume(run)
    assert world.outcome(run) == (Outcome.FAILED, "changed_since_fetch")


# --- one employee refused, a whole system refusing ----------------------------------------------


def test_one_refused_employee_does_not_stop_the_others(world: World) -> None:
    """The outcome keeps code, fields and the system's own words."""
    run = hires(world, "001", "002", "003")
    refusal = RecordError("no", code="duplicate_mail", fields=("email",), detail="already used")
    world.rosta.trouble = Fault("create_employee", refusal, at=(2,))
    done = world.resume(run)
    assert done.status is Status.DONE_WITH_ERRORS
    assert sent(world) == ["create 001", "create 003"]
    item = world.item(run, "002")
    assert item.outcome is Outcome.FAILED
    assert item.outcome_reason == Remark("duplicate_mail", ("email",))
    assert item.detail == "already used"


def test_failed_employees_are_tried_again_on_request_only(world: World) -> None:
    """A plain resume sends nothing; with `retry_failed` only they are sent."""
    run = hires(world, "001", "002")
    world.rosta.trouble = Fault("create_employee", RecordError("no"))
    world.resume(run)
    assert world.resume(run).status is Status.DONE_WITH_ERRORS
    assert sent(world) == ["create 002"]
    with world.runs() as runs:
        assert runs.sync(run.id, retry_failed=True).status is Status.DONE
    assert sent(world) == ["create 002", "create 001"]


def test_a_retry_keeps_every_try_before_it(world: World) -> None:
    """Oldest first, each with its reason and the system's own words; nobody else has any."""
    run = hires(world, "001", "002")
    for words in ("first", "second", None):
        refusal = RecordError("no", code=f"{words}_time", detail=words)
        if words:
            world.rosta.trouble = Fault("create_employee", refusal)
        with world.runs() as runs:
            runs.sync(run.id, retry_failed=True)
    item = world.item(run, "001")
    assert item.outcome is Outcome.CREATED
    assert [(t.outcome, t.reason and t.reason.code, t.detail) for t in item.earlier] == [
        (Outcome.FAILED, "first_time", "first"),
        (Outcome.FAILED, "second_time", "second"),
    ]
    assert world.item(run, "002").earlier == ()


STOPS = [
    (AccessError("token refused"), "access"),
    (UnavailableError("down", nothing_done=True), "unavailable"),
    (ClosedError("closed", opens=OPENS), "closed"),
]


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("hook", ["create_employee", "update_employee"])
def test_closed_hours_pause_the_run(world: World, hook: str, at: int) -> None:
    """One request finds out, the rest is deferred, and resume does every write exactly once."""
    if hook == "update_employee":
        mailed(world, "001", "002", "003")
    else:
        hires(world, "001", "002", "003")
    run = chosen(world)
    fault = Fault(hook, ClosedError("closed", opens=OPENS), at=(at,))
    world.rosta.trouble = fault
    paused = world.resume(run)
    assert paused.status is Status.PAUSED
    assert paused.reason is not None
    assert (paused.reason.code, paused.resume_at) == ("closed", OPENS)
    assert fault.calls == at
    assert paused.outcomes is not None
    assert paused.outcomes[Outcome.DEFERRED] == 4 - at
    assert paused.outcomes[Outcome.FAILED] == paused.outcomes[Outcome.UNKNOWN] == 0
    assert world.resume(run).status is Status.DONE
    kind = hook.partition("_")[0]
    assert sent(world) == [f"{kind} 001", f"{kind} 002", f"{kind} 003"]


@pytest.mark.parametrize(
    ("error", "code"),
    [*STOPS, (AnswerError("garbage"), "answer"), (ValueError("bug"), "connector")],
)
@pytest.mark.parametrize("hook", ["read_employees", "new_employee_fields"])
def test_a_system_that_cannot_be_read_pauses_before_anything_is_sent(
    world: World, monkeypatch: pytest.MonkeyPatch, hook: str, error: BaseException, code: str
) -> None:
    """The look before the write is as much a part of the sync."""
    run = hires(world, "001")
    if hook == "read_employees":
        world.rosta.trouble = Fault(hook, error)
    else:
        answers = [error, world.rosta.choices]

        def new_fields(_writer: Writer) -> object:
            answer = answers.pop(0)
            if isinstance(answer, ValueError):
                raise _writer._failed("new_employee_fields", "ValueError")
            if isinstance(answer, BaseException):
                raise answer
            return answer

        monkeypatch.setattr(Writer, "new_employee_fields", new_fields)
    paused = world.resume(run)
    assert paused.status is Status.PAUSED
    assert paused.reason is not None
    assert paused.reason.code == code
    assert world.rosta.writes == []
    assert world.resume(run).status is Status.DONE
    assert sent(world) == ["create 001"]


def test_a_full_plan_stops_creates_and_not_updates(world: World) -> None:
    """One create finds out; once there is room, resume creates the others."""
    mailed(world, "002", "005")
    run = hires(world, "001", "003", "004")
    fault = Fault("create_employee", ContractFullError("full"), at=None)
    world.rosta.trouble = fault
    paused = world.resume(run)
    assert paused.status is Status.PAUSED
    assert paused.reason == Remark("plan_full", ("rosta",))
    assert sent(world) == ["update 002", "update 005"]
    assert fault.calls == 1
    deferred = [n for n, outcome in outcomes(world, run).items() if outcome is Outcome.DEFERRED]
    assert deferred == ["001", "003", "004"]
    world.rosta.trouble = healthy
    assert world.resume(run).status is Status.DONE
    assert sent(world)[2:] == ["create 001", "create 003", "create 004"]


# --- choices that vanished ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "offered",
    [
        (Choice("W1", "North"),),
        (Choice("W1", "North"), Choice("W2", "East")),
        (Choice("W1", "North"), Choice("W9", "South")),
    ],
    ids=["gone", "used for another label", "under another code"],
)
def test_a_choice_that_vanished_blocks_only_those_who_need_it(
    world: World, offered: tuple[Choice, ...]
) -> None:
    """The others go on; nobody gets into a ward that was not chosen for them."""
    for number in ("001", "002"):
        world.in_clinic(number)
    mailed(world, "003")
    run = world.fetch()
    row = OwnValues(number="002", values={"ward": "South"}, where="line 2")
    choice = Selection(
        differences=frozenset({Difference.NEW, Difference.CHANGED}),
        new={"ward": "North"},
        own_values=(row,),
    )
    with world.runs() as runs:
        runs.choose(run.id, choice)
    (ward,) = world.rosta.choices
    world.rosta.choices = (NewField("ward", ward.label, offered),)
    assert world.resume(run).status is Status.DONE_WITH_ERRORS
    assert sent(world) == ["create 001", "update 003"]
    item = world.item(run, "002")
    assert item.outcome is Outcome.FAILED
    assert item.outcome_reason == Remark("choice_gone", ("ward",))


# --- stopping -----------------------------------------------------------------------------------


def test_a_cancel_from_elsewhere_stops_after_the_employee_in_hand(world: World) -> None:
    """The first is finished, nothing else is sent, and the run is over."""
    run = hires(world, "001", "002", "003")

    def cancel(_hook: str, _values: Values) -> None:
        with world.runs() as runs:
            assert runs.cancel(run.id).status is Status.SYNCING

    world.rosta.aftermath = cancel
    done = world.resume(run)
    assert done.status is Status.CANCELLED
    assert sent(world) == ["create 001"]
    assert done.outcomes is not None
    assert (done.outcomes[Outcome.CREATED], done.outcomes[Outcome.DEFERRED]) == (1, 2)
    with pytest.raises(UsageError, match="over"):
        world.resume(run)


def test_an_interrupt_pauses_after_the_employee_in_hand(world: World) -> None:
    """Resume goes on with the next one."""
    run = hires(world, "001", "002", "003")
    with world.runs() as runs:
        world.rosta.aftermath = lambda _hook, _values: runs.interrupt()
        paused = runs.sync(run.id)
    assert (paused.status, paused.reason) == (Status.PAUSED, Remark("interrupted"))
    assert sent(world) == ["create 001"]
    world.rosta.aftermath = healthy
    assert world.resume(run).status is Status.DONE
    assert sent(world) == ["create 001", "create 002", "create 003"]


def test_a_second_ctrl_c_in_the_middle_of_a_write_leaves_it_in_doubt(world: World) -> None:
    """Nobody waited for the answer, so it is looked up and not sent again."""
    run = hires(world, "001", "002")
    world.rosta.aftermath = Fault("create_employee", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        world.resume(run)
    with world.runs() as runs:
        left = runs.run(run.id)
    assert (left.status, left.reason) == (Status.PAUSED, Remark("interrupted"))
    assert left.outcomes is not None
    assert left.outcomes[Outcome.UNKNOWN] == 1
    assert world.resume(run).status is Status.DONE
    assert sent(world) == ["create 001", "create 002"]


def test_a_second_ctrl_c_in_the_middle_of_an_intent_loses_no_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was to be committed along with the intent is committed with the end of the sync."""
    mailed(world, "001", "002")
    run, intend = chosen(world), Store.intend

    def cut_off(self: Store, *args: Any) -> list[int] | None:
        if world.rosta.writes:
            raise KeyboardInterrupt
        return intend(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "intend", cut_off)
        with pytest.raises(KeyboardInterrupt):
            world.resume(run)
    with world.runs() as runs:
        left = runs.run(run.id)
        assert runs._store.open_writes(int(run.id)) == []
    assert left.outcomes is not None
    assert left.outcomes[Outcome.UPDATED] == 1
    assert world.resume(run).status is Status.DONE


# --- many people, and looks that grow old -------------------------------------------------------


def test_more_people_than_one_batch_are_all_written(world: World) -> None:
    """Each batch is read at once; progress counts up to the total and not beyond."""
    ids = numbers(0, BATCH + 12)
    run = hires(world, *ids)
    watcher = Watcher()
    with world.runs(watcher) as runs:
        assert runs.sync(run.id).status is Status.DONE
    assert sent(world) == [f"create {number}" for number in ids]
    second = ["second batch", "with those of the first one"]  # never more than fifty at a time
    looks = ["first batch", "the first one, created", *second, "the rest"]
    assert world.rosta.reads.count("read_employees") == len(looks)
    assert watcher.progress == [(done, len(ids)) for done in range(1, len(ids) + 1)]


def test_progress_after_a_resume_ends_at_the_total(world: World) -> None:
    """Those in doubt are counted once, when they are settled."""
    run = hires(world, "001", "002", "003")
    world.rosta.aftermath = Fault("create_employee", KeyboardInterrupt(), at=(2,))
    with pytest.raises(KeyboardInterrupt):
        world.resume(run)
    watcher = Watcher()
    with world.runs(watcher) as runs:
        runs.sync(run.id)
    assert watcher.progress == [(2, 3), (3, 3)]


@pytest.mark.fault("F30")
def test_a_look_that_is_too_old_is_taken_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody edited while the first ones were slowly written is not overwritten."""
    first, second = mailed(world, "001", "002")
    run = chosen(world)
    monkeypatch.setattr(look, "FRESH_S", 0.2)

    def slow(_hook: str, _values: Values) -> None:
        world.rosta.edit(second, kana="タチバナ")
        time.sleep(0.25)

    world.rosta.aftermath = slow
    world.resume(run)
    assert [person for _kind, person, _values in world.rosta.writes] == [first]
    assert world.outcome(run, "002") == (Outcome.FAILED, "changed_since_fetch")


def test_a_wait_for_room_makes_a_look_too_old(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a limit was waited for, somebody edited the employee."""
    (there,) = mailed(world, "001")
    run = chosen(world)
    monkeypatch.setattr(look, "FRESH_S", 0.2)
    waits = count()

    def wait(_writer: Writer) -> None:
        if next(waits) == 0:
            world.rosta.edit(there, kana="タチバナ")
            time.sleep(0.25)

    monkeypatch.setattr(Writer, "wait_for_room", wait)
    world.resume(run)
    assert world.outcome(run, "001") == (Outcome.FAILED, "changed_since_fetch")


def test_a_limit_that_always_outlasts_a_look_does_not_stop_the_sync(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading again for ever would never write anybody."""
    run = hires(world, "001", "002")
    monkeypatch.setattr(look, "FRESH_S", 0.02)
    monkeypatch.setattr(Writer, "wait_for_room", lambda _writer: time.sleep(0.03))
    patience = Fault("read_employees", AccessError("read for ever"), at=(50,))
    world.rosta.trouble = patience
    assert world.resume(run).status is Status.DONE
    assert sent(world) == ["create 001", "create 002"]


def test_a_create_that_came_through_late_is_no_failure(world: World) -> None:
    """Not to be seen at both looks, so sent again; the refusal of the second one is explained."""
    run = hires(world, "001")
    hidden: list[Employee] = []

    def lose(hook: str, _values: Values) -> None:
        if hook == "create_employee" and not hidden:
            hidden.append(world.rosta.people.popitem()[1])
            raise InDoubtError(UnavailableError("no answer", where="rosta"))

    def refuse(hook: str, _values: Values) -> None:
        if hook == "create_employee" and hidden:
            world.rosta.people[hidden[0].id] = hidden[0]
            raise RecordError("this number is taken")

    world.rosta.aftermath, world.rosta.trouble = lose, refuse
    assert world.resume(run).status is Status.DONE
    assert world.outcome(run, "001") == (Outcome.CREATED, None)
    assert len(world.rosta.people) == 1


def test_at_a_slow_pace_fewer_are_looked_at_together(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look is at all of them; the next ones only at as many as stay fresh."""
    run = hires(world, *(f"{n:03}" for n in range(12)))
    monkeypatch.setattr(look, "FRESH_S", 0.2)
    looked: list[int] = []
    real = Writer.read_employees

    def read(writer: Writer, refs: Sequence[Ref], at: dt.date, fields: Sequence[str]) -> object:
        looked.append(len(refs))
        return real(writer, refs, at, fields)

    monkeypatch.setattr(Writer, "read_employees", read)
    world.rosta.aftermath = lambda _hook, _values: time.sleep(0.06)
    assert world.resume(run).status is Status.DONE
    assert looked[:2] == [12, 1]
    assert max(looked[2:]) <= 2 * 3  # those who are next, and those who were written last


def test_after_a_create_without_its_number_nobody_else_is_created(world: World) -> None:
    """Not in this run, however often it is resumed; a new fetch blocks the one who is there."""
    run = hires(world, "001", "002")
    refusal = RecordError("no number", code="any_code", accepted=True)
    world.rosta.aftermath = Fault("create_employee", refusal, at=(1,))
    world.resume(run)
    for retry_failed in (False, True):
        with world.runs() as runs:
            runs.sync(run.id, retry_failed=retry_failed)
    assert sent(world) == ["create 001"]
    for person, employee in list(world.rosta.people.items()):
        world.rosta.people[person] = evolve(employee, values={**employee.values, "id_no": None})
    again = world.fetch()
    item = world.item(again, "001")
    assert (item.difference, [r.code for r in item.reasons]) == (
        Difference.BLOCKED, ["created_without_number"],
    )  # fmt: skip
    assert world.item(again, "002").difference is Difference.NEW


def test_closed_hours_that_begin_during_a_sync_pause_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are looked at before every write, not only at the start."""
    run = hires(world, "001", "002")
    rooms = count(1)

    def wait(_writer: Writer) -> None:
        if next(rooms) == 2:
            raise ClosedError("closed", opens=OPENS, where="rosta")

    monkeypatch.setattr(Writer, "wait_for_room", wait)
    paused = world.resume(run)
    assert (paused.status, paused.resume_at) == (Status.PAUSED, OPENS)
    assert sent(world) == ["create 001"]


# --- a process that dies ------------------------------------------------------------------------

DEAD = 9


def in_child(work: Callable[[], object]) -> int:
    """Run *work* in a process of its own; return its exit code: 0, DEAD, or 70 after an error."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        work()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - nothing of the child may run on in the parent's tests
        traceback.print_exc()
    os._exit(70)


def die() -> NoReturn:
    """Die as a killed process does: nothing is cleaned up."""
    os._exit(DEAD)


@contextmanager
def kept(world: World) -> Iterator[None]:
    """Keep the rosta in a file while child processes write to it, as a real system is elsewhere."""
    file = world.folder / "rosta.bin"

    def save() -> None:
        file.write_bytes(pickle.dumps((world.rosta.people, world.rosta.writes)))

    def after(_hook: str, _values: Values) -> None:
        save()

    save()
    world.rosta.aftermath = after
    yield
    world.rosta.aftermath = healthy


def load(world: World) -> None:
    """Read what the children have written."""
    people, writes = pickle.loads((world.folder / "rosta.bin").read_bytes())  # noqa: S301
    world.rosta.people, world.rosta.writes = people, writes
    world.rosta._ids = count(len(people) + 1)


def dying(world: World, point: str, nth: int) -> None:
    """Arrange for this process to die at the *nth* passing of a point."""
    passings = count(1)
    real_intend, real_record = Store.intend, Store.record
    accepted = world.rosta.aftermath

    def intend(*args: object, **more: object) -> object:
        if point == "before intent" and next(passings) == nth:
            die()
        ids = real_intend(*args, **more)  # type: ignore[arg-type]
        if point == "after intent" and next(passings) == nth:
            die()
        if point == "after outcome" and args[2] and next(passings) == nth:
            die()
        return ids

    def record(*args: object, **more: object) -> None:
        real_record(*args, **more)  # type: ignore[arg-type]
        if point == "after outcome" and next(passings) == nth:
            die()

    def aftermath(hook: str, values: Values) -> None:
        accepted(hook, values)
        if point == "after send" and next(passings) == nth:
            die()

    Store.intend, Store.record = intend, record  # type: ignore[assignment,method-assign]
    world.rosta.aftermath = aftermath


def staff(world: World) -> Run:
    """Return a run of two to create and one to update, chosen."""
    mailed(world, "002")
    return hires(world, "001", "003")


POINTS = ["before intent", "after intent", "after send", "after outcome"]
EVERYTHING = ["create 001", "update 002", "create 003"]
DONE = {"001": Outcome.CREATED, "002": Outcome.UPDATED, "003": Outcome.CREATED}


@pytest.mark.fault("F55")
@pytest.mark.parametrize(
    ("point", "nth"),
    [
        pytest.param(point, nth, marks=[] if place % 3 == nth - 1 else [pytest.mark.long])
        for place, point in enumerate(POINTS)
        for nth in (1, 2, 3)
    ],
)
def test_a_process_that_dies_leaves_a_run_that_resumes(world: World, point: str, nth: int) -> None:
    """Every person is written exactly once and every outcome is right, wherever it was killed."""
    run = staff(world)

    def sync() -> None:
        dying(world, point, nth)
        world.resume(run)

    with kept(world):
        assert in_child(sync) == DEAD
        load(world)
    with world.runs() as runs:
        left = runs.run(run.id)
    assert (left.status, left.reason) == (Status.PAUSED, Remark("interrupted"))
    assert left.outcomes is not None
    # an outcome is committed with the next intent, and with it alone
    assert left.outcomes[Outcome.UNKNOWN] <= 1
    if point in ("after intent", "after send") or nth == 1:
        assert left.outcomes[Outcome.UNKNOWN] == (point in ("after intent", "after send"))
    assert world.resume(run).status is Status.DONE
    assert sorted(sent(world)) == sorted(EVERYTHING)
    assert outcomes(world, run) == DONE


@pytest.mark.parametrize("seed", some(range(3), 3))
def test_a_process_that_dies_again_and_again_gets_there(world: World, seed: int) -> None:
    """Each resume is killed at some point, the look-ups' own outcomes included."""
    chance = random.Random(seed)
    run = staff(world)
    with kept(world):
        for _attempt in range(30):
            point = chance.choice(POINTS)

            def sync(point: str = point) -> None:
                load(world)
                dying(world, point, 1)
                world.resume(run)

            code = in_child(sync)
            assert code in (0, DEAD)
            if code == 0:
                break
        load(world)
    assert world.resume(run).status is Status.DONE
    assert sorted(sent(world)) == sorted(EVERYTHING)
    assert outcomes(world, run) == DONE


def test_who_was_in_doubt_and_is_there_already_is_not_sent_by_another_run(world: World) -> None:
    """A second run takes over the connection; the first then only settles what it had sent."""
    run = hires(world, "001")

    def sync() -> None:
        dying(world, "after send", 1)
        world.resume(run)

    with kept(world):
        assert in_child(sync) == DEAD
        load(world)
    again = chosen(world)
    assert again.counts[Difference.SAME] == 1
    assert world.resume(run).status is Status.DONE
    assert sent(world) == ["create 001"]
    assert world.outcome(run, "001") == (Outcome.CREATED, None)


def test_a_lease_lost_while_writing_stops_the_process(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its next intent is refused; what it had sent is settled by a resume."""
    run = hires(world, "001", "002", "003")

    def steal(_hook: str, _values: Values) -> None:
        with world.runs() as runs, monkeypatch.context() as patch:
            patch.setattr("renkei.store.owner.LIFETIME_S", 0.0)
            runs._store.begin_sync(run.id, runs.clock.now(), "thief", account=world.account())

    world.rosta.aftermath = steal
    with pytest.raises(BusyError):
        world.resume(run)
    assert sent(world) == ["create 001"]
    assert world.outcome(run, "001")[0] is Outcome.CREATED


@pytest.mark.parametrize(
    "error",
    [
        UnavailableError("too many", code="rate_limit", nothing_done=True),
        UnavailableError("no way", code="unreachable", nothing_done=True, for_all=True),
    ],
    ids=["too many requests", "nothing left"],
)
def test_what_would_have_met_anybody_is_no_refusal_of_somebody(
    world: World, error: UnavailableError
) -> None:
    """It pauses, and the next sync writes them: nobody fails for a limit or a broken line."""
    for number in ("001", "002", "003"):
        world.in_clinic(number)
    run = world.fetch()
    world.choose(run)
    errors = [error]

    def once(hook: str, values: Values) -> None:
        if hook == "create_employee" and values["id_no"] == "002" and errors:
            raise errors.pop()

    world.rosta.trouble = once
    paused = world.resume(run)
    assert (paused.status, paused.reason) == (Status.PAUSED, Remark(error.code, ("rosta",)))
    assert world.outcome(run, "002") == (Outcome.DEFERRED, None)
    assert world.resume(run).status is Status.DONE
    assert len(world.rosta.writes) == 3
