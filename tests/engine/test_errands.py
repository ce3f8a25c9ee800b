"""What people have done by workers: asked for once, done once, in their name, and stopped."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from attrs import define, evolve, field
from tests.engine import test_schedules as schedules
from tests.engine.test_schedules import (
    HOUR,
    LOOK,
    MINUTE,
    NIGHTLY,
    NOON,
    Here,
    Wall,
    at,
    opened,
    scheduled,
    working,
)

from renkei.errors import BusyError, ClosedError, ConnectorError, UnavailableError, UsageError
from renkei.model import Selection, Status
from renkei.people import Customer
from renkei.schedule.errand import Errand
from renkei.schedule.job import Claim, Job
from renkei.store import hold, owner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.engine.world import World

    from renkei.people import Value
    from renkei.plan.again import Carried
    from renkei.worker import Worker

wall = schedules.wall
EVERYBODY = Selection(numbers=("0417", "0418"), new={"ward": "W1"})
FETCH = Errand(deed="fetch", source="clinic", target="rosta", language="en")


@define
class Hands(Here):
    """Does errands in this process, at once, as the process of a job does."""

    kept: list[Carried] = field(factory=list)

    def start(self, claim: Claim, account: str) -> None:
        if not claim.is_errand:
            super().start(claim, account)
            return
        self.done.append(claim)
        if self.die is not None:
            self.die(claim)
            return
        with opened(self.world, self.wall, "worker") as runs, suppress(UsageError, ClosedError):
            self.running.append(runs)
            try:
                runs.carry_out(claim, lambda _errand, carried: self.kept.append(carried))
            except (BusyError, UnavailableError) as error:
                self.errors.append(error)


@pytest.fixture
def hands(world: World, wall: Wall) -> Hands:
    """Two employees are new; a worker keeps a schedule, too."""
    scheduled(world, LOOK)
    world.in_clinic()
    world.in_clinic("0418")
    return Hands(world, wall)


def ask(hands: Hands, errand: Errand, selection: Selection | None = None) -> Claim:
    with opened(hands.world, hands.wall, "keiko") as runs:
        return runs.ask(errand, selection).claim


def writes(deed: str, run: str, **more: object) -> Errand:
    return Errand(deed=deed, run=run, target="rosta", language="en", **more)  # type: ignore[arg-type]


def fetched(hands: Hands, worker: Worker) -> str:
    """Have a fetch done; return its run."""
    claim = ask(hands, FETCH)
    later(hands, worker)
    run = asked(hands, claim).run
    assert run is not None
    return run


def asked(hands: Hands, claim: Claim) -> Job:
    with opened(hands.world, hands.wall) as runs:
        job = runs._store.asked_for(claim.schedule, claim.due)
        assert job is not None
        return job


def later(hands: Hands, worker: Worker) -> None:
    """Let a worker look a moment later: the job may only just be on its way into the queue."""
    at(hands, worker, hands.wall.moment + MINUTE)


def who_did(hands: Hands) -> list[tuple[str, str]]:
    with opened(hands.world, hands.wall) as runs:
        return [(line.act, line.who.split(" (")[0]) for line in runs.log_lines()]


@pytest.mark.fault("F103")
@pytest.mark.postgres
def test_what_a_person_asks_for_is_done_once_in_their_name(hands: Hands) -> None:
    """By whichever worker looks first: a fetch, then a sync of exactly what was chosen."""
    other = Hands(hands.world, hands.wall)
    with working(hands) as one, working(other) as two:
        claim = ask(hands, FETCH)
        one.look()
        assert hands.done == []  # it may only just be on its way into the queue
        later(hands, one)
        two.look()
        run = asked(hands, claim).run
        assert (asked(hands, claim).state, run) == ("done", "1")
        ask(hands, writes("sync", "1"), EVERYBODY)
        with pytest.raises(BusyError, match="worker has run 1"):
            ask(hands, writes("sync", "1"), EVERYBODY)
        later(hands, two)
        one.look()
    assert [each.schedule for each in hands.done] == ["a fetch"]
    assert [each.schedule for each in other.done] == ["run 1"]
    assert len(hands.world.rosta.people) == 2
    with opened(hands.world, hands.wall) as runs:
        found = runs.run("1")
        assert (found.status, runs.jobs(9), runs.reports()[1:]) == (Status.DONE, [], [])
        assert {found.who, found.chosen_by, found.synced_by} == {found.who}
    assert found.who.startswith("keiko (")
    assert {who for _act, who in who_did(hands)} == {"keiko"}


@pytest.mark.fault("F103")
def test_a_delivery_that_comes_twice_does_nothing(hands: Hands) -> None:
    """Nor does one of a process that another one has taken the job over from."""
    with working(hands) as worker:
        fetched(hands, worker)
        ask(hands, writes("sync", "1"), EVERYBODY)
        later(hands, worker)
        first = hands.done[-1]
        hands.start(first, "")
        hands.start(evolve(first, attempt=9), "")
    assert [type(each) for each in hands.errors] == [BusyError, BusyError]
    assert len(hands.world.rosta.people) == 2
    assert [act for act, _who in who_did(hands)].count("synced") == 1


@pytest.mark.fault("F103")
@pytest.mark.postgres
def test_a_killed_fetch_is_made_anew_and_a_killed_sync_goes_on(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dashboard that dies after asking changes nothing; a plan that is whole is made once."""
    monkeypatch.setattr(owner.Owner, "is_dead", lambda _self: True)
    with working(hands) as worker:
        claim = ask(hands, FETCH)
        hands.die = lambda each: _die(hands, each, early=True)
        later(hands, worker)
        hands.die = lambda each: _die(hands, each)
        later(hands, worker)
        hands.die = None
        later(hands, worker)
        job = asked(hands, claim)
        assert (job.state, job.run, job.claim.attempt) == ("done", "2", 4)
        ask(hands, writes("sync", "2"), EVERYBODY)
        for died in (_begin, _die):
            hands.die = lambda each, died=died: died(hands, each)
            later(hands, worker)
        hands.die = None
        later(hands, worker)
    assert [act for act, _who in who_did(hands)].count("synced") == 1
    with opened(hands.world, hands.wall) as runs:
        assert [each.status for each in runs.reports()] == [Status.DONE, Status.FAILED]
        assert len(hands.world.rosta.people) == 2


def _die(hands: Hands, claim: Claim, *, early: bool = False) -> None:
    """Be a process that is killed when its work is done, or *early*: as it reads."""

    def kill(_hook: str, _values: Mapping[str, Value]) -> None:
        raise ValueError

    with pytest.MonkeyPatch.context() as patch, suppress(ConnectorError):
        for forgets in ("end_job", "fail_fetch"):
            patch.setattr(f"renkei.store.store.Store.{forgets}", lambda *_words, **_more: None)
        if early:
            patch.setattr(hands.world.rosta, "trouble", kill)
        with opened(hands.world, hands.wall) as runs:
            runs.carry_out(claim, lambda _errand, _carried: None)


@pytest.mark.fault("F103")
def test_only_what_was_chosen_is_synced(hands: Hands) -> None:
    """A choice made in the meantime is not overruled; the person hears why nothing came."""
    with working(hands) as worker:
        fetched(hands, worker)
        claim = ask(hands, writes("sync", "1"), EVERYBODY)
        with opened(hands.world, hands.wall, "taro") as runs:
            runs.choose("1", Selection(numbers=("0417",), new={"ward": "W1"}))
        later(hands, worker)
        job = asked(hands, claim)
        assert (job.state, job.code) == ("halted", "choice_changed")
        assert job.answer is not None
        assert "Somebody else has chosen" in job.answer.message
        assert hands.world.rosta.people == {}
        ask(hands, writes("sync", "1"), EVERYBODY)
        later(hands, worker)
    assert len(hands.world.rosta.people) == 2
    assert "0417" not in str(job.errand)


@pytest.mark.fault("F103")
def test_a_stop_reaches_the_worker_that_does_it(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the employee in hand; nobody goes on with it by themselves, and a person may."""
    monkeypatch.setattr(hold, "RENEW_S", 0.01)

    def stop(hook: str, _values: Mapping[str, Value]) -> None:
        if hook == "create_employee":
            with opened(hands.world, hands.wall, "keiko") as runs:
                (job,) = filter(None, [runs.job_of("1")])
                runs.stop_job(job.claim)
            stopped.append(_wait_until_heard(hands))

    stopped: list[bool] = []
    with working(hands) as worker:
        fetched(hands, worker)
        claim = ask(hands, writes("sync", "1"), EVERYBODY)
        hands.world.rosta.trouble = stop
        later(hands, worker)
        hands.world.rosta.trouble = lambda _hook, _values: None
        assert stopped == [True]
        job = asked(hands, claim)
        assert (job.state, job.code, job.stopped_by is not None) == ("halted", "interrupted", True)
        later(hands, worker)
        assert len(hands.world.rosta.people) == 1
        ask(hands, writes("resume", "1"))
        later(hands, worker)
    assert len(hands.world.rosta.people) == 2


def test_what_was_asked_for_last_is_last_by_any_clock(hands: Hands) -> None:
    """Machines differ, and a clock is put back: the page still tells of the last one."""
    with working(hands) as worker:
        run = fetched(hands, worker)
    hands.wall.moment -= HOUR
    for _ in range(2):
        claim = ask(hands, writes("sync", run), EVERYBODY)
        with opened(hands.world, hands.wall) as runs:
            runs.stop_job(claim)
            last = runs.job_of(run)
        assert last is not None
        assert (last.claim, last.is_open) == (claim, False)


def _wait_until_heard(hands: Hands) -> bool:
    """Wait until the process that does the job has looked, and been told."""
    end = time.monotonic() + 3
    while not hands.running[-1]._ground.interrupted and time.monotonic() < end:
        time.sleep(0.005)
    return hands.running[-1]._ground.interrupted


@pytest.mark.fault("F103")
def test_what_is_stopped_before_it_begins_does_not_begin(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it go on when the worker that was told so has been killed."""
    monkeypatch.setattr(owner.Owner, "is_dead", lambda _self: True)
    with working(hands) as worker:
        fetched(hands, worker)
        claim = ask(hands, writes("sync", "1"), EVERYBODY)
        with opened(hands.world, hands.wall, "keiko") as runs:
            runs.stop_job(claim)
        later(hands, worker)
        assert asked(hands, claim).state == "halted"
        claim = ask(hands, writes("sync", "1"), EVERYBODY)
        hands.die = lambda each: _begin(hands, each)
        later(hands, worker)
        with opened(hands.world, hands.wall, "keiko") as runs:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(owner.Owner, "is_dead", lambda _self: False)
                runs.stop_job(claim)
            assert asked(hands, claim).is_open
        hands.die = None
        later(hands, worker)
        assert asked(hands, claim).state == "halted"
    assert hands.world.rosta.people == {}


def _begin(hands: Hands, claim: Claim) -> None:
    with opened(hands.world, hands.wall) as runs:
        assert runs._store.take(claim)


def test_a_worker_that_ends_leaves_it_to_another_one(hands: Hands) -> None:
    """What a person has begun is gone on with at once: they have not interrupted it."""

    def end(hook: str, _values: Mapping[str, Value]) -> None:
        if hook == "create_employee":
            hands.running[-1].interrupt()

    with working(hands) as worker:
        fetched(hands, worker)
        claim = ask(hands, writes("sync", "1"), EVERYBODY)
        hands.world.rosta.trouble = end
        later(hands, worker)
        hands.world.rosta.trouble = lambda _hook, _values: None
        assert (asked(hands, claim).state, asked(hands, claim).code) == ("waiting", "interrupted")
        later(hands, worker)
    assert asked(hands, claim).state == "done"
    assert len(hands.world.rosta.people) == 2


def test_what_is_out_of_reach_is_waited_for(hands: Hands) -> None:
    """By nobody in particular; the person sees why, and a day is too long."""

    def down(_hook: str, _values: Mapping[str, Value]) -> None:
        raise UnavailableError("down", code="timeout", where="clinic")

    with working(hands) as worker:
        hands.world.clinic.trouble = down
        claim, too_long = ask(hands, FETCH), ask(hands, FETCH)
        later(hands, worker)
        job = asked(hands, claim)
        assert (job.state, job.code, job.next_at is not None) == ("waiting", "timeout", True)
        with opened(hands.world, hands.wall) as runs:
            runs.stop_job(claim)
        hands.world.clinic.trouble = lambda _hook, _values: None
        at(hands, worker, NOON + 13 * HOUR)
    assert [asked(hands, each).state for each in (claim, too_long)] == ["halted", "failed"]
    tried = [each for each in hands.done if each.is_errand]
    assert tried == [evolve(claim, attempt=2), evolve(too_long, attempt=2)]


def test_those_who_failed_are_tried_once_more(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And only those; a process that goes on with that tries them no third time."""
    monkeypatch.setattr(owner.Owner, "is_dead", lambda _self: True)

    def refused(hook: str, values: Mapping[str, Value]) -> None:
        if hook == "create_employee" and values["id_no"] == "0418":
            tried.append(hook)
            raise ValueError

    tried: list[str] = []
    with working(hands) as worker:
        hands.world.rosta.trouble = refused
        fetched(hands, worker)
        claim = ask(hands, writes("sync", "1"), EVERYBODY)
        later(hands, worker)
        assert asked(hands, claim).state == "errors"
        first = len(tried)
        claim = ask(hands, writes("retry", "1"))
        later(hands, worker)
        assert (asked(hands, claim).state, len(tried)) == ("errors", 2 * first)
        hands.world.rosta.trouble = lambda _hook, _values: None
        ask(hands, writes("retry", "1"))
        later(hands, worker)
    assert len(hands.world.rosta.people) == 2


def test_a_choice_is_carried_over_to_a_new_fetch(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the person who asked, also where the worker died between the plan and that."""
    monkeypatch.setattr(owner.Owner, "is_dead", lambda _self: True)
    with working(hands) as worker:
        fetched(hands, worker)
        with opened(hands.world, hands.wall) as runs:
            runs.choose("1", EVERYBODY)
        hands.die = lambda each: _die(hands, each)
        claim = ask(hands, Errand(deed="again", source="clinic", run="1", target="rosta",
                                  language="en", user=7))  # fmt: skip
        later(hands, worker)
        hands.die = None
        later(hands, worker)
        assert asked(hands, claim).run == "2"
        (carried,) = hands.kept
        assert (carried.run.again_of, len(carried.selection.numbers)) == ("1", 2)


@pytest.mark.fault("F103")
def test_a_question_is_answered_by_a_person(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits at the worker: the fetch is asked for once more, with what was confirmed."""
    names = {"clinic": "あけぼの商事", "rosta": "たそがれ商事"}
    _with_names(monkeypatch, names)
    with working(hands) as worker:
        claim = ask(hands, FETCH)
        later(hands, worker)
        job = asked(hands, claim)
        assert (job.state, job.code, job.run) == ("halted", "company_unconfirmed", None)
        assert job.answer is not None
        assert [each.connection for each in job.answer.accounts] == ["clinic", "rosta"]
        with opened(hands.world, hands.wall, "keiko") as runs:
            with pytest.raises(UsageError, match="not of one"):
                runs.answer(job, one_company=False)
            again = runs.answer(job, one_company=True).claim
        names["rosta"] = "あけぼの"  # it is another one than they have seen
        later(hands, worker)
        assert asked(hands, again).code == "company_unconfirmed"
        with opened(hands.world, hands.wall, "keiko") as runs:
            again = runs.answer(asked(hands, again), one_company=True).claim
        later(hands, worker)
        assert asked(hands, again).state == "done"
        with opened(hands.world, hands.wall) as runs:
            confirmed = runs.known_accounts()["clinic"].confirmed_by
    assert confirmed is not None
    assert confirmed.startswith("keiko (")


def _with_names(monkeypatch: pytest.MonkeyPatch, names: Mapping[str, str]) -> None:
    def name(self: object) -> Customer:
        return Customer(name=names[self.name])  # type: ignore[attr-defined]

    monkeypatch.setattr("renkei.plugins.facade.Reader.account_name", name)


def test_what_cannot_be_done_is_refused_at_once(hands: Hands) -> None:
    """Before anything is kept: a date, a pair, a run that is not there, a choice with mistakes."""
    with working(hands) as worker:
        fetched(hands, worker)
        for errand in (
            evolve(FETCH, target="clinic"),
            evolve(FETCH, base_date=NOON.date().replace(year=1999)),
            writes("sync", "99"),
        ):
            with pytest.raises(UsageError):
                ask(hands, errand)
        with pytest.raises(UsageError):
            ask(hands, writes("sync", "1"), Selection(numbers=("0417",)))
        assert len(hands.done) == 1
        later(hands, worker)
    assert len(hands.done) == 1


def test_a_run_of_a_schedule_is_asked_for_too(hands: Hands) -> None:
    """It is done in the name of the person, by its schedule, and stands in its history."""
    scheduled(hands.world, NIGHTLY)
    with working(hands) as worker:
        with opened(hands.world, hands.wall, "keiko") as runs:
            assert runs.ask_schedule("nightly").claim.schedule == "nightly"
        later(hands, worker)
        with opened(hands.world, hands.wall) as runs:
            (job,) = runs.jobs(5)
            assert (job.state, job.run) == ("done", "1")
            assert runs.run("1").who.startswith("keiko (")
    assert hands.done[0].attempt == 2
