"""Runs at set times over a store: each due time is taken up once, and goes on whoever dies."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define, evolve, field
from tests.engine.test_apply import Fault, healthy
from tests.engine.world import World
from tests.told import told

from renkei.clock import Clock
from renkei.config import load_config
from renkei.errors import BusyError, ClosedError, UnavailableError, UnusualError, UsageError
from renkei.model import Selection, Status
from renkei.people import JST
from renkei.runs import Runs
from renkei.runs.ground import Ground
from renkei.schedule.job import ABSENT, Claim, Job
from renkei.store import hold, owner, workers
from renkei.store.companies import Companies as AllCompanies
from renkei.store.companies import Removed
from renkei.store.store import Store
from renkei.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from renkei.people import Value

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=JST)
MINUTE = dt.timedelta(minutes=1)
HOUR = 60 * MINUTE
YEAR = 365 * 24 * HOUR
NIGHTLY = (
    'name: nightly, at: "0 13 * * *", from: clinic, to: rosta,'
    " sync: {difference: [new, changed]}, new: {ward: W1}"
)
LOOK = 'name: look, at: "30 13 * * *", from: clinic, to: rosta'


def scheduled(world: World, *lines: str, more: str = "") -> None:
    """Give the world these schedules."""
    written = "".join(f"  - {{{line}}}\n" for line in lines)
    text = f"{world.files['renkei.yaml']}{more}\nschedules:\n{written}"
    (world.folder / "renkei.yaml").write_text(text, encoding="utf-8")


class Wall(Clock):
    """A calendar that a test sets."""

    def __init__(self, moment: dt.datetime) -> None:
        super().__init__()
        self.moment = moment

    def now(self) -> dt.datetime:
        """Return what it was set to."""
        return self.moment


@define
class Here:
    """Does jobs in this process, at once; *die* is called in their place."""

    world: World
    wall: Wall
    done: list[Claim] = field(factory=list)
    running: list[Runs] = field(factory=list)
    errors: list[BaseException] = field(factory=list)
    room: bool = True
    die: Callable[[Claim], None] | None = None

    def has_room(self, account: str) -> bool:
        return self.room

    def has(self, claim: Claim) -> bool:
        return False

    def start(self, claim: Claim, account: str) -> None:
        self.done.append(claim)
        if self.die is not None:
            self.die(claim)
            return
        with opened(self.world, self.wall) as runs:
            self.running.append(runs)
            try:
                runs.keep_schedule(claim.schedule, claim)
            except Exception as error:  # noqa: BLE001 - as a process of its own would end
                self.errors.append(error)

    def ended(self) -> list[Claim]:
        return []

    def stop(self) -> None:
        """There is nobody to wait for."""


@contextmanager
def opened(world: World, wall: Wall, name: str = "tester") -> Iterator[Runs]:
    with Runs(load_config(world.folder / "renkei.yaml"), who=name) as runs:
        runs._ground.clock = wall
        runs._ground.systems.clock = wall
        yield runs


@pytest.fixture
def wall() -> Wall:
    """It is noon in Japan."""
    return Wall(NOON)


@pytest.fixture
def here(world: World, wall: Wall) -> Here:
    """What does the jobs of a worker."""
    return Here(world, wall)


@contextmanager
def working(here: Here) -> Iterator[Worker]:
    """Let a worker look once, so that the times count from now on."""
    path = here.world.folder / "renkei.yaml"
    with Worker(path, here, clocks=lambda _config: here.wall) as worker:
        worker.look()
        yield worker


def jobs(world: World, wall: Wall) -> list[Job]:
    with opened(world, wall) as runs:
        return runs.jobs(20)


def at(here: Here, worker: Worker, *moments: dt.datetime) -> None:
    """Let a worker look at these moments."""
    for moment in moments:
        here.wall.moment = moment
        worker.look()


@pytest.mark.postgres
def test_a_schedule_does_what_it_says(world: World, here: Here) -> None:
    """It fetches, chooses and syncs at its time, once, and what came of it is kept."""
    world.in_clinic()
    scheduled(world, NIGHTLY, LOOK)
    with working(here) as worker:
        at(here, worker, NOON + 59 * MINUTE)
        assert here.done == []
        at(here, worker, NOON + HOUR, NOON + HOUR + MINUTE, NOON + 2 * HOUR)
    assert [each.schedule for each in here.done] == ["nightly", "look"]
    assert len(world.rosta.people) == 1
    looked, synced = jobs(world, here.wall)
    assert (synced.state, synced.claim.due, synced.run) == ("done", NOON + HOUR, "1")
    assert (looked.state, looked.code, looked.run) == ("done", None, "2")
    with opened(world, here.wall) as runs:
        assert runs.run("1").status is Status.DONE
        assert runs.run("2").status is Status.READY
        assert [each.last and each.last.state for each in runs.schedules()] == ["done"] * 2
        assert runs.schedules()[0].next_at == NOON + 25 * HOUR


@pytest.mark.fault("F92")
@pytest.mark.postgres
def test_two_workers_never_take_up_the_same(world: World, here: Here) -> None:
    """The second finds that it is taken, also after a restart and a clock set back."""
    scheduled(world, LOOK)
    other = Here(world, here.wall)
    with working(here) as one, working(other) as two:
        at(here, one, NOON + 2 * HOUR)
        at(here, two, NOON + 2 * HOUR, NOON + HOUR, NOON + 2 * HOUR)
    with working(here) as again:
        at(here, again, NOON + HOUR, NOON + 2 * HOUR)
    assert [each.due for each in here.done + other.done] == [NOON + 1.5 * HOUR]


@pytest.mark.fault("F91")
def test_what_is_late_is_made_up_for_once_or_told(world: World, here: Here) -> None:
    """One run for all due times of less than twelve hours; what is older is told."""
    scheduled(world, 'name: often, at: "0 */2 * * *", from: clinic, to: rosta', LOOK)
    with working(here):
        pass
    with working(here) as worker:
        at(here, worker, NOON + 20.5 * HOUR)
    often, look = sorted(jobs(world, here.wall), key=lambda job: job.claim.schedule, reverse=True)
    assert (often.state, often.passed, often.claim.due) == ("done", 9, NOON + 20 * HOUR)
    assert (look.state, look.passed) == ("missed", 0)
    assert [each.schedule for each in here.done] == ["often"]


def test_a_paused_schedule_is_not_begun(world: World, here: Here) -> None:
    """What was due meanwhile is not made up for; both have a line in the audit log."""
    scheduled(world, LOOK)
    with working(here) as worker:
        with opened(world, here.wall, "keiko") as runs:
            runs.pause_schedule("look")
            runs.pause_schedule("look")
            (shown,) = runs.schedules()
            assert shown.paused_by is not None
            assert shown.paused_by.startswith("keiko")
            assert shown.next_at is None
        at(here, worker, NOON + 2 * HOUR)
        with opened(world, here.wall, "keiko") as runs:
            runs.resume_schedule("look")
            acts = [line.act for line in runs.log_lines()]
            with pytest.raises(UsageError):
                runs.pause_schedule("lok")
        at(here, worker, NOON + 3 * HOUR)
        assert here.done == []
        at(here, worker, NOON + 26 * HOUR)
        assert len(here.done) == 1
    assert acts == ["schedule_paused", "schedule_resumed"]


def closed(*_args: object, **_more: object) -> None:
    """Be in closed hours until two."""
    raise ClosedError("closed", opens=NOON + 2 * HOUR, where="rosta")


@pytest.mark.parametrize("paused", ["schedule", "company"])
@pytest.mark.parametrize("state", ["waiting", "running", "queued"])
@pytest.mark.fault("F93")
def test_what_waits_is_left_out_when_somebody_pauses(
    world: World, here: Here, monkeypatch: pytest.MonkeyPatch, paused: str, state: str
) -> None:
    """Be it in line, or at work until its process dies; it is not told as missed."""
    scheduled(world, LOOK)
    monkeypatch.setattr(Ground, "wait_open", closed)
    if state == "running":
        monkeypatch.setattr(owner.Owner, "is_dead", lambda _self: True)
        here.die = lambda claim: taken(world, here.wall, claim)
    elif state == "queued":
        here.die = lambda _claim: None
    with working(here) as worker:
        at(here, worker, NOON + 1.5 * HOUR)
        (job,) = jobs(world, here.wall)
        assert job.state == state
        with opened(world, here.wall, "keiko") as runs:
            if paused == "company":
                scheduled(world, LOOK, more="paused: true")
            else:
                runs.pause_schedule("look")
        if state == "queued":  # it is delivered now
            with opened(world, here.wall) as runs, pytest.raises((BusyError, UsageError)):
                runs.keep_schedule("look", job.claim)
        at(here, worker, NOON + 3 * HOUR, NOON + 13.5 * HOUR)
        assert len(here.done) == 1
        with opened(world, here.wall) as runs:
            assert [job.state for job in runs.jobs(9)] == ["skipped"]
            assert runs._store.missed(here.wall.moment) == []


def taken(world: World, wall: Wall, claim: Claim) -> None:
    """Have a process at a job, and no more."""
    with opened(world, wall) as runs:
        assert runs._ground.open_store(create=True).take(claim)


def test_what_a_person_has_begun_goes_on_though_its_schedule_is_paused(
    world: World, here: Here
) -> None:
    """A person who runs a paused one now wants just that."""
    scheduled(world, LOOK)
    with working(here) as worker, opened(world, here.wall, "keiko") as runs:
        runs.pause_schedule("look")
        runs.ask_schedule("look")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Ground, "wait_open", closed)
            at(here, worker, NOON + MINUTE)
        at(here, worker, NOON + 2 * HOUR)
        assert [job.state for job in runs.jobs(9)] == ["done"]


def test_a_day_without_runs_has_none_that_has_waited(world: World, here: Here) -> None:
    """Neither what waits for a system over midnight nor what is in line then; a person may."""
    scheduled(world, 'name: look, at: "0 20 * * *", not_on: [25-31], from: clinic, to: rosta')
    evening = NOON + (4 * 24 + 8) * HOUR
    here.wall.moment = evening - HOUR
    with working(here) as worker:
        here.die = lambda _claim: None
        at(here, worker, evening)
        here.wall.moment = evening + 5 * HOUR
        with opened(world, here.wall) as runs, pytest.raises(BusyError, match="this day"):
            runs.keep_schedule("look", here.done[0])
        here.die = None
        at(here, worker, evening + 6 * HOUR, evening + 11 * HOUR)
        (job,) = jobs(world, here.wall)
        assert (job.state, job.code, len(here.done)) == ("waiting", "rest_day", 1)
        at(here, worker, evening + 12 * HOUR)
        (job,) = jobs(world, here.wall)
        assert (job.state, len(here.done)) == ("failed", 1)
        with opened(world, here.wall) as runs:
            assert runs.keep_schedule("look").status is Status.READY


@pytest.mark.fault("F91")
@pytest.mark.parametrize("restarts", [False, True])
def test_what_a_clock_that_was_ahead_has_missed_begins_all_the_same(
    world: World, here: Here, *, restarts: bool
) -> None:
    """It is told as missed too early, and begun when its time comes; only once."""
    scheduled(world, LOOK)
    with working(here) as worker:
        at(here, worker, NOON + 14 * HOUR)
        (job,) = jobs(world, here.wall)
        assert (job.state, job.claim.due) == ("missed", NOON + 1.5 * HOUR)
        if not restarts:
            at(here, worker, NOON, NOON + 1.5 * HOUR, NOON + 1.6 * HOUR)
    here.wall.moment = NOON
    with working(here) as worker:
        at(here, worker, NOON + 1.5 * HOUR, NOON + 1.6 * HOUR)
    assert [each.due for each in here.done] == [NOON + 1.5 * HOUR]
    (job,) = jobs(world, here.wall)
    assert (job.state, job.started_at) == ("done", NOON + 1.5 * HOUR)


@pytest.mark.postgres
@pytest.mark.fault("F91")
def test_what_a_clock_that_was_ahead_lets_wait_goes_on(world: World, here: Here) -> None:
    """At once, and given up as any other; else nothing of its schedule would run for a year."""
    world.in_clinic()
    scheduled(world, NIGHTLY)
    with working(here) as worker, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ground, "wait_open", closed)
        at(here, worker, NOON + YEAR + HOUR)
        (job,) = jobs(world, here.wall)
        assert (job.state, job.next_at) == ("waiting", NOON + YEAR + HOUR)
        at(here, worker, NOON + MINUTE)
        (job,) = jobs(world, here.wall)
        assert (job.claim.attempt, job.started_at) == (2, NOON + MINUTE)
        at(here, worker, NOON + 13 * HOUR)
        patch.undo()
        at(here, worker, NOON + 13.5 * HOUR, NOON + 25.5 * HOUR)
    told = [(job.state, job.claim.due) for job in jobs(world, here.wall)]
    late = "missed", NOON + HOUR
    assert told == [("done", NOON + 25 * HOUR), late, ("failed", NOON + YEAR + HOUR)]


@pytest.mark.postgres
@pytest.mark.fault("F91")
def test_what_a_clock_that_jumped_ahead_lets_wait_goes_on(world: World, here: Here) -> None:
    """At once, though it was begun in its time: nothing but closed hours keeps it for so long."""
    scheduled(world, LOOK)

    def jump(*_args: object, **_more: object) -> None:
        here.wall.moment = NOON + 9.5 * HOUR
        raise BusyError("busy", where="clinic")

    with working(here) as worker:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Ground, "wait_open", jump)
            at(here, worker, NOON + 1.5 * HOUR)
        (job,) = jobs(world, here.wall)
        assert (job.state, job.next_at) == ("waiting", NOON + 9.5 * HOUR)
        at(here, worker, NOON + 1.6 * HOUR)
    (job,) = jobs(world, here.wall)
    assert (job.state, job.claim.attempt) == ("done", 2)


@pytest.mark.fault("F91")
def test_what_a_clock_that_was_ahead_has_told_is_forgotten(world: World, here: Here) -> None:
    """A year later it is not what was begun last, and no more told than runs that took place."""
    scheduled(world, LOOK)

    def shown() -> tuple[Job | None, list[str]]:
        with opened(world, here.wall) as runs:
            (each,) = runs.schedules()
            return each.last, [late.schedule for late in runs._store.missed(here.wall.moment)]

    with working(here) as worker:
        at(here, worker, NOON + YEAR + 14 * HOUR)
        assert shown()[1] == ["look"]
        at(here, worker, NOON + MINUTE)
        assert shown() == (None, [])
        at(here, worker, NOON + 1.5 * HOUR)
        last, missed = shown()
        assert last is not None
        assert (last.state, missed) == ("done", [])
        at(here, worker, NOON + 40 * HOUR)  # and a run of next year hides none that was missed
        assert shown()[1] == ["look"]


def test_nothing_in_line_is_passed_by_for_ever(world: World, here: Here) -> None:
    """Where more is due than is done, each has its turn, whatever it is called."""
    often = 'name: {}, at: "*/30 * * * *", from: clinic, to: rosta'
    scheduled(world, *map(often.format, "abc"))
    here.die = lambda claim: let_go(world, here, claim)
    with working(here) as worker:
        for number in range(1, 10):
            here.room = True
            at(here, worker, NOON + number * 30 * MINUTE)
            at(here, worker, here.wall.moment + MINUTE)
    assert "".join(each.schedule for each in here.done) == "abcabcabc"


def let_go(world: World, here: Here, claim: Claim) -> None:
    """Do a job at once, and have no room for another one."""
    here.room = False
    with opened(world, here.wall) as runs:
        runs._ground.open_store(create=True).take(claim)
        runs._store.end_job(claim, "done", here.wall.moment)


def test_a_job_that_hangs_keeps_no_due_time_quiet(world: World, here: Here) -> None:
    """Its process gives signs of life for a day: each later due time is told as missed."""
    scheduled(world, LOOK)
    here.die = lambda claim: taken(world, here.wall, claim)
    with working(here) as worker:
        at(here, worker, NOON + 2 * HOUR, NOON + 25 * HOUR)
        assert len(jobs(world, here.wall)) == 1
        at(here, worker, NOON + 26 * HOUR, NOON + 26 * HOUR + MINUTE)
    told, hangs = jobs(world, here.wall)
    assert (told.state, told.claim.due) == ("missed", NOON + 25.5 * HOUR)
    assert (hangs.state, len(here.done)) == ("running", 1)


def test_two_workers_with_different_times_are_told_of(world: World, here: Here) -> None:
    """Nothing begins while each counts anew; a file that is changed there and back is no such."""
    scheduled(world, LOOK)
    with working(here) as worker, told() as lines:
        store = worker._store
        assert store is not None
        for _round in range(4):
            store.count_from(("", "look"), "0 9 * * *", here.wall.moment)
            at(here, worker, here.wall.moment + MINUTE)
        assert times_differ(lines) == 1
        for line in (LOOK.replace("30 13", "0 9"), LOOK, LOOK.replace("30 13", "0 8")):
            scheduled(world, line)
            at(here, worker, here.wall.moment + MINUTE)
    assert times_differ(lines) == 1


def times_differ(told: Iterable[Mapping[str, Any]]) -> int:
    """Return how often the log has told it; the chores beside a worker have lines of their own."""
    return [each["event"] for each in told].count("schedule_times_differ")


def test_a_company_on_hold_is_left_out(world: World, here: Here) -> None:
    """It is told in the history, and nothing is made up for later."""
    scheduled(world, LOOK, more="paused: true")
    with working(here) as worker:
        at(here, worker, NOON + 2 * HOUR)
        scheduled(world, LOOK)
        at(here, worker, NOON + 3 * HOUR)
    assert here.done == []
    (job,) = jobs(world, here.wall)
    assert job.state == "skipped"


def test_what_was_due_before_it_is_on_again_is_not_announced(world: World, here: Here) -> None:
    """Closed hours held it up, and it was paused meanwhile: the next one is that of tomorrow."""
    text = world.files["renkei.yaml"]
    world.files["renkei.yaml"] = text.replace(
        "    connector: rosta\n", '    connector: rosta\n    closed_hours: ["12:55-14:00"]\n'
    )
    scheduled(world, NIGHTLY)
    with working(here) as worker:
        with opened(world, here.wall) as runs:
            runs.pause_schedule("nightly")
            here.wall.moment = NOON + 1.5 * HOUR
            runs.resume_schedule("nightly")
            (shown,) = runs.schedules()
        at(here, worker, NOON + 2 * HOUR, NOON + 3 * HOUR)
    assert here.done == []
    assert shown.next_at == NOON + 26 * HOUR


@pytest.mark.fault("F91")
def test_a_worker_whose_clock_is_behind_makes_up_for_nothing(world: World, here: Here) -> None:
    """What was due before a person let the runs begin again begins on no other worker either."""
    scheduled(world, LOOK)
    behind = Here(world, Wall(NOON))
    with working(here) as one, working(behind) as two:
        with opened(world, here.wall) as runs:
            runs.pause_schedule("look")
            here.wall.moment = NOON + 93 * MINUTE
            runs.resume_schedule("look")
        for minute in range(10):
            at(behind, two, NOON + (87 + minute) * MINUTE)
            at(here, one, NOON + (93 + minute) * MINUTE)
    assert here.done + behind.done == []


def test_a_clock_that_was_wrong_at_first_is_forgotten(world: World, here: Here) -> None:
    """A schedule that was first seen in a year to come begins at its next due time all the same."""
    scheduled(world, LOOK)
    here.wall.moment = NOON + 24 * 365 * HOUR
    with working(here) as worker:
        at(here, worker, NOON, NOON + 2 * HOUR)
    assert [each.due for each in here.done] == [NOON + 1.5 * HOUR]


@pytest.mark.fault("F91")
def test_a_clock_set_back_and_right_again_makes_up_for_nothing(world: World, here: Here) -> None:
    """What was due before a schedule counted begins neither at once nor the day after."""
    scheduled(world, LOOK)
    here.wall.moment = NOON + 3 * HOUR
    with working(here) as worker:
        at(here, worker, NOON - 24 * HOUR, NOON - 23.9 * HOUR, NOON + 3.1 * HOUR, NOON + 4 * HOUR)
        assert here.done == []
        at(here, worker, NOON + 25.5 * HOUR)
    assert [each.due for each in here.done] == [NOON + 25.5 * HOUR]


@pytest.mark.fault("F91")
def test_a_clock_that_was_ahead_takes_nothing_out_of_line(world: World, here: Here) -> None:
    """Ours gets by itself to where that let a schedule count from; what was due before begins."""
    scheduled(world, LOOK)
    here.wall.moment = NOON + 2 * HOUR
    with working(here) as worker:
        here.room = False
        at(here, worker, *(NOON + minute * MINUTE for minute in range(70, 130, 5)))
        assert here.done == []
        here.room = True
        at(here, worker, NOON + 2.2 * HOUR)
    assert [each.due for each in here.done] == [NOON + 1.5 * HOUR]


@pytest.mark.sqlite  # a server has a clock of its own
def test_it_is_told_that_no_worker_is_running(
    world: World, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before one has looked, after the last has gone or fallen silent, and not while one lives."""
    scheduled(world, LOOK)

    def alone() -> bool:
        with opened(world, here.wall) as runs:
            (shown,) = runs.schedules()
            return shown.alone

    assert alone()
    with working(here) as worker:
        here.room = False
        at(here, worker, NOON + 4 * HOUR)
        assert not alone()  # it only has no room
        with monkeypatch.context() as patch:
            later = time.time() + workers.SILENT_S + 1
            patch.setattr(time, "time", lambda: later)
            assert alone()
            with opened(world, here.wall) as runs:
                runs.pause_schedule("look")
            assert not alone()  # nothing of it is to begin
        with opened(world, here.wall) as runs:
            runs.resume_schedule("look")
        assert not alone()
        worker.stop()
        worker.run()
        assert not alone()
    assert alone()


def test_a_worker_that_breaks_off_is_gone_at_once(world: World, here: Here) -> None:
    """Nobody takes it for alive, and what it was to tell has been told, whatever has ended it."""
    scheduled(world, LOOK)

    threads: list[threading.Thread] = []

    def broken_off() -> None:
        with working(here) as worker:
            worker.chores.start()
            threads.extend(worker.chores._threads)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    with opened(world, here.wall) as runs:
        assert [each.alone for each in runs.schedules()] == [True]
    assert threads
    assert not any(each.is_alive() for each in threads)


def test_a_worker_whose_store_moves_is_known_there_at_once(world: World, here: Here) -> None:
    """Not only when the next minute is over."""
    scheduled(world, LOOK)
    with working(here) as worker:
        path = world.folder / "renkei.yaml"
        text = path.read_text(encoding="utf-8").replace("reports.db", "moved.db")
        path.write_text(text, encoding="utf-8")
        worker.look()
        with opened(world, here.wall) as runs:
            assert [each.alone for each in runs.schedules()] == [False]


def test_other_times_count_from_now_on(world: World, here: Here) -> None:
    """Changing the time to one that is over does not begin a run."""
    scheduled(world, LOOK)
    with working(here) as worker:
        at(here, worker, NOON + MINUTE)
        scheduled(world, LOOK.replace("30 13", "0 9"))
        at(here, worker, NOON + 2 * MINUTE, NOON + 3 * MINUTE)
        assert here.done == []
        at(here, worker, NOON + 21 * HOUR)
    assert [each.due for each in here.done] == [NOON + 21 * HOUR]


@pytest.mark.postgres
@pytest.mark.parametrize("left", ["another", "none"])
def test_a_schedule_that_is_put_back_counts_from_then_on(
    world: World, here: Here, left: str
) -> None:
    """What was due while it was not in the file is not made up for; one that is paused stays so."""
    file = world.folder / "renkei.yaml"

    def without() -> None:
        if left == "another":
            scheduled(world, NIGHTLY.replace("0 13 * * *", "0 9 1 1 *"))
        else:
            file.write_text(world.files["renkei.yaml"], encoding="utf-8")

    scheduled(world, LOOK)
    with working(here) as worker:
        at(here, worker, NOON + 1.5 * HOUR)
        without()
        at(here, worker, NOON + 2 * HOUR, NOON + 3 * HOUR, NOON + 26 * HOUR)
        scheduled(world, LOOK)
        at(here, worker, NOON + 27 * HOUR, NOON + 28 * HOUR)
        assert len(here.done) == 1
        at(here, worker, NOON + 49.5 * HOUR)
        assert len(here.done) == 2
        with opened(world, here.wall) as runs:
            runs.pause_schedule("look")
        without()
        at(here, worker, NOON + 50 * HOUR, NOON + 51 * HOUR)
        scheduled(world, LOOK)
        at(here, worker, NOON + 52 * HOUR, NOON + 73.5 * HOUR)
    assert len(here.done) == 2


@pytest.mark.fault("F91")
def test_a_file_that_somebody_is_writing_takes_out_no_schedule(world: World, here: Here) -> None:
    """It has none for a moment only: what was due meanwhile is made up for."""
    scheduled(world, LOOK)
    with working(here) as worker:
        (world.folder / "renkei.yaml").write_text(world.files["renkei.yaml"], encoding="utf-8")
        at(here, worker, NOON + 2 * HOUR)
        scheduled(world, LOOK)
        at(here, worker, NOON + 3 * HOUR)
    assert [each.due for each in here.done] == [NOON + 1.5 * HOUR]


def test_a_company_without_a_good_file_has_its_schedules_all_the_same(
    tmp_path: Path, world: World, here: Here
) -> None:
    """Be it that the file is gone, or empty; they are out once a good file has none."""
    main, own = tmp_path / "renkei.yaml", tmp_path / "companies" / "acme.yaml"
    main.write_text("store: all.db\ncompanies: companies/\n", encoding="utf-8")
    (own.parent / "maps").mkdir(parents=True)
    (own.parent / "maps" / "pair.yaml").write_text(world.files["pair.yaml"], encoding="utf-8")
    lines = world.files["renkei.yaml"].replace("./pair", "./maps/pair").splitlines(keepends=True)
    without = "".join(line for line in lines if not line.startswith("store:"))
    good = f"{without}schedules:\n  - {{{LOOK}}}\n"
    with Worker(main, here, clocks=lambda _config: here.wall) as worker:

        def timing(text: str | None) -> str:
            """Return what the store has after a few looks at that file."""
            own.unlink(missing_ok=True)
            if text is not None:
                own.write_text(text, encoding="utf-8")
            at(here, worker, *(NOON + minute * MINUTE for minute in range(4)))
            store = worker._store
            assert store is not None
            return store.all_kept()["acme", "look"].timing

        assert timing(good) == "30 13 * * *"
        for broken in (None, "", f"{good}oops: 1\n", f"{without}oops: 1\n"):
            assert timing(broken) == "30 13 * * *", broken
        assert timing(without) == ABSENT
        assert timing(good) == "30 13 * * *"


def test_other_times_count_though_a_run_is_not_over(world: World, here: Here) -> None:
    """What is due by them meanwhile begins once it is: nothing is lost without a word."""
    scheduled(world, LOOK)
    with working(here) as worker, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ground, "wait_open", closed)
        at(here, worker, NOON + 1.5 * HOUR)
        scheduled(world, LOOK.replace("30 13", "50 13"))
        at(here, worker, NOON + 1.6 * HOUR, NOON + 1.9 * HOUR)
        assert [job.state for job in jobs(world, here.wall)] == ["waiting"]
        patch.undo()
        at(here, worker, NOON + 2 * HOUR, NOON + 2.1 * HOUR)
    told = [(job.state, job.claim.due) for job in jobs(world, here.wall)]
    assert told == [("done", NOON + 110 * MINUTE), ("done", NOON + 1.5 * HOUR)]


@pytest.mark.fault("F92")
def test_a_job_whose_process_was_killed_goes_on(
    world: World, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its run, as `resume` does, and the process that comes back too late has no say."""
    world.in_clinic()
    scheduled(world, NIGHTLY)
    here.die = lambda claim: begun_and_killed(world, here.wall, claim)
    with working(here) as worker:
        at(here, worker, NOON + HOUR)
        here.die = None
        at(here, worker, NOON + HOUR + MINUTE)
        assert len(here.done) == 1  # its process may live
        monkeypatch.setattr(owner.Owner, "is_dead", lambda _self: True)
        at(here, worker, NOON + HOUR + 2 * MINUTE)
    first, second = here.done
    assert (first.due, second.attempt) == (second.due, 2)
    (job,) = jobs(world, here.wall)
    assert (job.state, job.run, job.claim.attempt) == ("done", "1", 2)
    assert len(world.rosta.people) == 1
    with opened(world, here.wall) as runs:
        assert runs.run("1").status is Status.DONE
        with pytest.raises(BusyError):
            runs.keep_schedule("nightly", first)
        runs._store.end_job(first, "failed", NOON)
    assert jobs(world, here.wall) == [job]


@pytest.mark.fault("F92")
def test_a_claim_that_is_delivered_twice_is_done_once(world: World, here: Here) -> None:
    """The second process has no job, and its end does not take the first one's away."""
    scheduled(world, LOOK)
    here.die = lambda _claim: None
    with working(here) as worker:
        at(here, worker, NOON + 2 * HOUR)
        (claim,) = here.done
        store = worker._store
        assert store is not None
        with opened(world, here.wall) as runs, pytest.MonkeyPatch.context() as patch:
            mine = runs._ground.open_store(create=False)
            another = evolve(owner.Owner.me(), pid=1, started=0.0, boot="another machine")
            patch.setattr(owner.Owner, "me", lambda: another)
            assert mine.take(claim) is not None
            assert mine.take(claim) is None
            patch.undo()
            assert not store.let_wait(claim, "interrupted", NOON)
            (job,) = mine.jobs(1)
            assert (job.state, job.free) == ("running", False)


@pytest.mark.fault("F92")
def test_a_process_that_comes_back_has_no_say(world: World, here: Here) -> None:
    """While its job is done by another one: it begins no run, and no end of its own is kept."""
    scheduled(world, LOOK)
    here.die = lambda _claim: None
    with working(here) as worker:
        at(here, worker, NOON + 2 * HOUR)
        first = here.done[0]
        store = worker._store
        assert store is not None
        second = store.take_over(first, here.wall.moment)
        assert second is not None
        assert store.take_over(first, here.wall.moment) is None  # another worker is late, too
        with opened(world, here.wall) as runs:
            mine = runs._ground.open_store(create=False)
            assert mine.take(first) is None
            with pytest.raises(BusyError):
                runs._fetching.fetch("clinic", "rosta", claim=first)
            with pytest.raises(BusyError):
                mine.still_at_job(first)
            mine.end_job(first, "failed", NOON)
            (job,) = mine.jobs(1)
            assert (job.state, job.run, job.is_open) == ("queued", None, True)
            assert mine.latest(1) == []
            assert mine.take(second)


@pytest.mark.fault("F92", "F102")
def test_a_process_frozen_in_its_fetch_does_nothing_when_it_wakes(
    world: World, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its job was done by another run meanwhile; its own is failed, without a value."""
    monkeypatch.setattr(hold, "RENEW_S", 1000.0)  # it wakes and has not given a sign yet
    world.in_clinic()
    scheduled(world, NIGHTLY)

    def freeze(hook: str, _values: Mapping[str, Value]) -> None:
        if hook != "list_employees" or frozen:
            return
        frozen.append(hook)
        with monkeypatch.context() as patch:
            patch.setattr(owner.Owner, "is_dead", lambda _self: True)
            at(here, worker, NOON + HOUR + MINUTE)
        world.rosta.people.clear()  # or it would find whom the other one has created

    frozen: list[str] = []
    world.clinic.trouble = freeze
    with working(here) as worker:
        at(here, worker, NOON + HOUR)
    assert [each.attempt for each in here.done] == [1, 2]
    assert world.rosta.people == {}
    (error,) = here.errors
    assert isinstance(error, BusyError)
    assert "given up" in error.message
    (job,) = jobs(world, here.wall)
    assert (job.state, job.run, job.claim.attempt) == ("done", "2", 2)
    with opened(world, here.wall) as runs:
        assert [runs.run(each).status for each in "12"] == [Status.FAILED, Status.DONE]
        assert runs._store.entries("1") == []


@pytest.mark.fault("F92")
def test_what_was_given_up_for_a_process_is_not_synced_when_it_wakes(
    world: World, here: Here
) -> None:
    """Nobody has taken the job over, but a person has stopped it: it ends with its fetch."""
    world.in_clinic()
    scheduled(world, NIGHTLY)

    def stopped(hook: str, _values: Mapping[str, Value]) -> None:
        if hook == "list_employees":
            store = worker._store
            assert store is not None
            store.give_up(here.done[0], NOON, "halted")

    world.clinic.trouble = stopped
    with working(here) as worker:
        at(here, worker, NOON + HOUR)
    assert [type(each) for each in here.errors] == [BusyError]
    assert world.rosta.people == {}
    (job,) = jobs(world, here.wall)
    assert (job.state, job.run) == ("halted", "1")


@pytest.mark.parametrize("lost", [False, True], ids=["asked", "lost"])
def test_a_fetch_is_interrupted_at_once(
    world: World, here: Here, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    """However long an answer takes: as its worker is to end, or as another process has the job."""
    monkeypatch.setattr(hold, "RENEW_S", 0.01)
    world.in_clinic()
    scheduled(world, NIGHTLY)

    def slow(hook: str, _values: Mapping[str, Value]) -> None:
        if hook != "list_employees" or over.is_set():
            return
        if lost:
            store = worker._store
            assert store is not None
            assert store.take_over(here.done[0], here.wall.moment)
        else:
            here.running[-1].interrupt()
        waited.append(over.wait(5))

    waited: list[bool] = []
    over = threading.Event()
    world.clinic.trouble = slow
    with working(here) as worker:
        with pytest.raises(KeyboardInterrupt) if not lost else nullcontext():
            at(here, worker, NOON + HOUR)
        assert waited == []
        over.set()
        assert [type(each) for each in here.errors] == [BusyError] * lost
        (job,) = jobs(world, here.wall)
        if lost:
            assert (job.state, job.claim.attempt, job.code) == ("queued", 2, None)
            return
        assert (job.state, job.code) == ("waiting", "interrupted")
        at(here, worker, NOON + HOUR + MINUTE)
    (job,) = jobs(world, here.wall)
    assert (job.state, job.run) == ("done", "2")
    with opened(world, here.wall) as runs:
        failed = runs.run("1")
        assert failed.reason is not None
        assert (failed.status, failed.reason.code) == (Status.FAILED, "interrupted")


@pytest.mark.fault("F93")
def test_a_schedule_changed_while_its_run_waits_goes_no_way(world: World, here: Here) -> None:
    """The run that waits is of the old direction: it is told, and the next one goes by the file."""
    world.in_clinic()
    scheduled(world, NIGHTLY)
    here.die = lambda claim: begun_and_killed(world, here.wall, claim)
    with working(here) as worker, pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner.Owner, "is_dead", lambda _self: True)
        at(here, worker, NOON + HOUR)
        here.die = None
        back = NIGHTLY.replace("from: clinic, to: rosta", "from: rosta, to: clinic")
        scheduled(world, back.replace(", new: {ward: W1}", ""))
        at(here, worker, NOON + HOUR + MINUTE, NOON + 2 * HOUR)
    assert world.rosta.people == {}
    assert [type(each) for each in here.errors] == [UsageError]
    (job,) = jobs(world, here.wall)
    assert (job.state, job.code, job.run) == ("halted", "schedule_changed", "1")


@pytest.mark.fault("F93")
@pytest.mark.parametrize(
    ("old", "new", "goes_on"),
    [
        (", sync: {difference: [new, changed]}, new: {ward: W1}", "", False),
        ("[new, changed]", "[new]", False),
        ("{ward: W1}", "{ward: W2}", False),
        ("[new, changed]", "[changed, new]", True),
        ("0 13", "5 13", True),
    ],
    ids=["no-sync", "others", "another-value", "the-same-in-another-order", "another-time"],
)
def test_a_choice_changed_while_its_run_waits_is_not_sent(
    world: World, here: Here, old: str, new: str, goes_on: bool
) -> None:
    """What the schedule no longer says is not written: a person goes on with that run, or not."""
    world.in_clinic()
    scheduled(world, NIGHTLY)
    with working(here) as worker:
        down = UnavailableError("down", nothing_done=True, for_all=True)
        world.rosta.trouble = Fault("create_employee", down, at=None)
        at(here, worker, NOON + HOUR)
        (job,) = jobs(world, here.wall)
        assert (job.state, job.run) == ("waiting", "1")
        world.rosta.trouble = healthy
        scheduled(world, NIGHTLY.replace(old, new))
        at(here, worker, NOON + 1.5 * HOUR)
    assert len(world.rosta.people) == goes_on
    (job,) = jobs(world, here.wall)
    wanted = ("done", None) if goes_on else ("halted", "schedule_changed")
    assert (job.state, job.code) == wanted
    if not goes_on:
        with opened(world, here.wall) as runs:
            assert runs.sync("1").status is Status.DONE
        assert len(world.rosta.people) == 1


def test_a_job_that_began_late_goes_on_all_the_same(world: World, here: Here) -> None:
    """The twelve hours of what waits count from when it began, not from when it was due."""
    scheduled(world, LOOK)
    here.die = lambda _claim: None
    with working(here) as worker, pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner.Owner, "is_dead", lambda _self: True)
        at(here, worker, NOON + 13 * HOUR)
        here.die = None
        at(here, worker, NOON + 13.6 * HOUR)
    (job,) = jobs(world, here.wall)
    assert (job.state, job.claim.attempt) == ("done", 2)


def begun_and_killed(world: World, wall: Wall, claim: Claim) -> None:
    """Take a job, fetch, and be killed: nothing else is ever written of it."""
    with opened(world, wall) as runs:
        store = runs._ground.open_store(create=True)
        assert store.take(claim)
        runs._fetching.fetch("clinic", "rosta", claim=claim)


@pytest.mark.fault("F93")
def test_closed_hours_are_waited_for(world: World, here: Here) -> None:
    """A run that meets them goes on by itself after them, under the same due time."""
    world.in_clinic()
    scheduled(world, NIGHTLY)
    with working(here) as worker:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Ground, "wait_open", closed)
            at(here, worker, NOON + HOUR)
        (job,) = jobs(world, here.wall)
        assert (job.state, job.code, job.next_at) == ("waiting", "closed", NOON + 2 * HOUR)
        at(here, worker, NOON + 1.5 * HOUR)
        assert len(here.done) == 1
        at(here, worker, NOON + 2 * HOUR)
    (job,) = jobs(world, here.wall)
    assert (job.state, job.claim.attempt) == ("done", 2)


def test_a_run_in_the_way_of_closed_hours_begins_after_them(world: World, here: Here) -> None:
    """The worker asks both connections for theirs."""
    text = world.files["renkei.yaml"]
    world.files["renkei.yaml"] = text.replace(
        "    connector: rosta\n", '    connector: rosta\n    closed_hours: ["12:55-14:00"]\n'
    )
    scheduled(world, NIGHTLY)
    with working(here) as worker:
        at(here, worker, NOON + HOUR, NOON + 1.9 * HOUR)
        assert here.done == []
        at(here, worker, NOON + 2 * HOUR)
    (job,) = jobs(world, here.wall)
    assert (job.claim.due, job.state) == (NOON + HOUR, "done")


@pytest.mark.sqlite
def test_a_damaged_run_keeps_no_schedule_waiting(world: World, here: Here) -> None:
    """How long it took is not known; with hours near, the others begin, and so does its own."""
    text = world.files["renkei.yaml"]
    world.files["renkei.yaml"] = text.replace(
        "    connector: rosta\n", '    connector: rosta\n    closed_hours: ["16:00-16:30"]\n'
    )
    back = 'name: back, at: "0 13 * * *", from: rosta, to: clinic'
    scheduled(world, NIGHTLY, back)
    world.in_clinic()
    world.fetch()
    with closing(sqlite3.connect(world.at)) as damaged, damaged:
        damaged.execute("update runs set usage = '{bad'")
    here.die = lambda _claim: None
    with working(here) as worker:
        at(here, worker, NOON + HOUR)
    assert [each.schedule for each in here.done] == ["nightly", "back"]


@pytest.mark.fault("F93")
def test_what_needs_a_person_stops_there(world: World, here: Here) -> None:
    """Over a limit, or without values: nothing is sent, it is told, and not tried again."""
    text = world.files["renkei.yaml"]
    world.files["renkei.yaml"] = text.replace(
        "creates: {people: 100000, percent: 100}", "creates: {people: 1, percent: 0}"
    )
    for number in range(15):
        world.in_clinic(f"{number:04}")
        if number > 9:
            world.in_rosta(f"{number:04}")
    without = NIGHTLY.replace("nightly", "without").replace(", new: {ward: W1}", "")
    scheduled(world, NIGHTLY, without)
    with working(here) as worker:
        at(here, worker, NOON + HOUR, NOON + HOUR + MINUTE, NOON + 3 * HOUR)
    assert len(here.done) == 2
    assert isinstance(here.errors[0], UnusualError)
    assert isinstance(here.errors[1], UsageError)
    told = {job.claim.schedule: (job.state, job.code) for job in jobs(world, here.wall)}
    assert told == {"nightly": ("halted", "unusual"), "without": ("halted", "new_values")}
    assert len(world.rosta.people) == 5


def test_a_schedule_sends_its_own_choice_or_nothing(
    world: World, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has others synced in its new plan, at that moment: it is told, and stops."""
    world.in_clinic("001", mail="new@example.jp")
    world.in_rosta("001")
    world.in_clinic("002")
    scheduled(world, NIGHTLY.replace("new, changed", "changed").replace(", new: {ward: W1}", ""))
    choose = Store.choose

    def faster(store: Store, run_id: str, *arguments: Any, **more: Any) -> None:
        choose(store, run_id, *arguments, **more)
        monkeypatch.setattr(Store, "choose", choose)
        with opened(world, here.wall, "somebody") as runs:
            runs.choose(run_id, Selection(numbers=("002",), new={"ward": "W1"}))

    monkeypatch.setattr(Store, "choose", faster)
    with working(here) as worker:
        at(here, worker, NOON + HOUR)
    (job,) = jobs(world, here.wall)
    assert world.rosta.writes == []
    assert (job.state, job.code) == ("halted", "choice_changed")


def test_who_has_to_be_looked_at_first_is_left(world: World, here: Here) -> None:
    """The others are synced, and the history says so."""
    world.in_clinic("0001")
    away: dict[str, Value] = {"until": dt.date(2026, 12, 31)}
    world.in_clinic("0002", **away)
    world.in_rosta("0002", end=dt.date(2026, 11, 1))
    scheduled(world, NIGHTLY)
    with working(here) as worker:
        at(here, worker, NOON + HOUR)
    (job,) = jobs(world, here.wall)
    assert (job.state, job.code) == ("done", "look_first")


def test_a_person_runs_one_now(world: World, here: Here) -> None:
    """Beside the times: it is noted who, and only one of a schedule is at work."""
    scheduled(world, NIGHTLY)
    with opened(world, here.wall, "keiko") as runs:
        assert runs.keep_schedule("nightly").status is Status.READY
    (job,) = jobs(world, here.wall)
    assert job.asked_by is not None
    assert job.asked_by.startswith("keiko")
    with opened(world, here.wall, "keiko") as runs:
        here.wall.moment += MINUTE
        runs._store.ask("nightly", here.wall.now())
        with pytest.raises(BusyError, match="nightly is at work"):
            runs.keep_schedule("nightly")
    with working(here) as worker:
        at(here, worker, NOON + HOUR)
        assert here.done == []  # it begins once the other one has ended
        with pytest.MonkeyPatch.context() as patch, opened(world, here.wall) as runs:
            patch.setattr(owner.Owner, "is_dead", lambda _self: True)
            runs.keep_schedule("nightly")
    told = [(job.state, job.is_open) for job in jobs(world, here.wall)]
    assert told == [("done", False), ("failed", False), ("done", False)]


@pytest.mark.fault("F92")
def test_nothing_that_goes_wrong_ends_a_worker(world: World, here: Here) -> None:
    """A file with mistakes, a job that cannot begin, a store that is gone, a mistake of ours."""
    scheduled(world, NIGHTLY)

    def fails(_claim: Claim) -> None:
        raise OSError(11, "no more processes")

    with working(here) as worker:
        (world.folder / "renkei.yaml").write_text("schedules: [", encoding="utf-8")
        at(here, worker, NOON + HOUR)
        scheduled(world, NIGHTLY)
        here.die = fails
        at(here, worker, NOON + HOUR + MINUTE)
        (job,) = jobs(world, here.wall)
        assert (job.state, job.is_open) == ("waiting", True)
        here.die = None
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Worker, "_take_up", lambda *_args, **_more: 1 / 0)
            at(here, worker, NOON + HOUR + 2 * MINUTE)
        at(here, worker, NOON + HOUR + 3 * MINUTE)
    (job,) = jobs(world, here.wall)
    assert job.state == "done"


def test_a_job_that_cannot_end_is_given_up(world: World, here: Here) -> None:
    """After twelve hours it has failed; the next due time is another one."""
    scheduled(world, NIGHTLY)
    here.die = lambda _claim: None
    with working(here) as worker, pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner.Owner, "is_dead", lambda _self: True)
        at(here, worker, NOON + HOUR, NOON + HOUR + MINUTE)
        assert [each.attempt for each in here.done] == [1, 2]
        at(here, worker, NOON + 13 * HOUR)
    (job,) = jobs(world, here.wall)
    assert (job.state, job.is_open) == ("failed", False)


def test_a_pair_that_is_none_is_told_with_its_place(world: World, here: Here) -> None:
    """In the list of schedules, before any run of it fails."""
    scheduled(world, LOOK.replace("from: clinic, to: rosta", "from: rosta, to: clinic"))
    text = (world.folder / "renkei.yaml").read_text(encoding="utf-8")
    broken = text.replace("use: ./pair.yaml", "use: ./pair.yaml, sides: {clinic: clinic}")
    (world.folder / "renkei.yaml").write_text(
        broken.replace("mappings:\n  - {use", "mappings: []\nlabel: x\n#  - {use"), encoding="utf-8"
    )
    with opened(world, here.wall) as runs:
        (shown,) = runs.schedules()
    assert shown.mistake is not None
    assert "renkei.yaml:" in shown.mistake


def test_schedules_are_found_in_whatever_style_a_file_is_written(world: World, here: Here) -> None:
    """Behind a # that begins no comment, all in one line as a program writes it."""
    scheduled(world, LOOK)
    path = world.folder / "renkei.yaml"
    data = load_config(path).document.data
    assert isinstance(data, dict)
    path.write_text(json.dumps({"label": "Clinic #2", **data}), encoding="utf-8")
    with working(here) as worker:
        at(here, worker, NOON + 2 * HOUR)
    assert [each.schedule for each in here.done] == ["look"]


@pytest.mark.fault("F92")
@pytest.mark.postgres
def test_of_many_claims_at_once_one_holds(world: World, here: Here) -> None:
    """Others that try at the same moment hear that it is taken; over-takers, too."""
    scheduled(world, LOOK)
    with working(here):
        pass
    stores = [AllCompanies(world.at) for _number in range(4)]
    claim = Claim("", "look", NOON)
    with ThreadPoolExecutor(4) as threads:
        claimed = list(threads.map(lambda s: s.claim(claim, NOON, lambda _last: 0), stores))
        taken = list(threads.map(lambda s: s.take_over(claim, NOON), stores))
    assert claimed.count(True) == 1
    assert [each for each in taken if each is not None] == [Claim("", "look", NOON, 2)]
    for store in stores:
        store.close()


@pytest.mark.postgres
def test_what_was_begun_goes_with_its_company(world: World, here: Here) -> None:
    """It is adopted with the runs, and removed with them."""
    scheduled(world, LOOK)
    with working(here) as worker:
        at(here, worker, NOON + 2 * HOUR)
        store = worker._store
        assert store is not None
        store.count_from(("acme", "look"), "0 1 * * *", NOON)
        store.count_from(("acme", "other"), "0 1 * * *", NOON)
        store.adopt("acme")
        assert set(store.all_kept()) == {("acme", "look"), ("acme", "other")}
        removed = store.remove("acme", Removed(at=NOON, who="tester"))
        assert (store.all_kept(), store.last_dues()) == ({}, {})
    assert removed.rows["schedules"] == 2


def test_the_history_goes_with_old_records(world: World, here: Here) -> None:
    """Where `retention:` says after which age; what is open stays."""
    scheduled(world, LOOK, more="retention: {records: 30d}")
    with working(here) as worker:
        at(here, worker, NOON + 2 * HOUR)
        here.die = lambda _claim: None
        at(here, worker, NOON + 26 * HOUR)
    with opened(world, here.wall) as runs:
        here.wall.moment = NOON + 24 * 40 * HOUR
        runs.let_go(dt.timedelta(days=30))
        assert [job.is_open for job in runs.jobs(10)] == [True]


@pytest.mark.postgres
@pytest.mark.fault("F91")
def test_old_records_leave_what_a_schedule_goes_by(world: World, here: Here) -> None:
    """The last due time stays taken up, and nothing was missed; so does what was begun last."""
    world.in_clinic()
    monthly = LOOK.replace("30 13 * * *", "0 13 21 * *")
    scheduled(world, monthly, NIGHTLY, more="retention: {records: 7d}")
    with working(here) as worker:
        at(here, worker, NOON + 25 * HOUR)  # the 21st
        with opened(world, here.wall) as runs:
            here.wall.moment += HOUR
            runs.keep_schedule("look")
        at(here, worker, NOON + 5 * 24 * HOUR + HOUR)
        here.wall.moment = NOON + 20 * 24 * HOUR
        with opened(world, here.wall) as runs:
            runs.let_go(dt.timedelta(days=7))
    with working(here) as worker, opened(world, here.wall) as runs:
        kept = [(job.state, job.asked_by is None, job.run) for job in runs.jobs(9, "look")]
        assert kept == [("done", False, None), ("done", True, None)]
        at(here, worker, NOON + (31 * 24 + 1) * HOUR)
        assert [job.passed for job in runs.jobs(9, "look")] == [0, 0, 0]


def test_a_check_tells_when_each_is_next(world: World, here: Here) -> None:
    """And why one cannot run."""
    scheduled(world, LOOK, NIGHTLY.replace("from: clinic, to: rosta", "from: rosta, to: clinic"))
    with opened(world, here.wall) as runs:
        checked = runs.check()[-1]
    assert checked.subject == "schedules"
    told = [each.message for each in checked.findings]
    assert told[0] == "look: next 2026-11-20 13:30 JST."
    assert told[-1] == "No worker keeps them: one has to be running."


@pytest.mark.sqlite
def test_a_check_without_a_store_that_can_be_read_tells_what_the_file_tells(
    world: World, here: Here
) -> None:
    """Whether a worker lives is not known then, nor what is paused; the mistakes are."""
    scheduled(world, LOOK)
    (world.folder / "reports.db").write_bytes(b"no store " * 1000)

    def told() -> list[str]:
        with opened(world, here.wall) as runs:
            found = {each.subject: each for each in runs.check()}
        assert found["report store"].error is not None
        return [f"{each.level} {each.message}" for each in found["schedules"].findings]

    assert told() == []
    (world.folder / "pair.yaml").write_text("no mapping", encoding="utf-8")
    (mistake,) = told()
    assert mistake.startswith("problem look: ")
