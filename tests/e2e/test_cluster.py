"""renkei worker --cluster: workers that share one store, killed, frozen and stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from attrs import define, field
from tests.e2e.office import HASTY, SCHEDULES, Ahead
from tests.e2e.test_killed import wait_for_writes

from renkei.cluster.putting import put
from renkei.config import load_config
from renkei.http.pace import CLAIM_S
from renkei.model import Difference, Selection
from renkei.runs import Runs, Ticket
from renkei.schedule.dispatcher import Processes
from renkei.schedule.errand import Deed, Errand
from renkei.store.owner import LIFETIME_S
from renkei.worker import Worker

if TYPE_CHECKING:
    from tests.e2e.office import Office
    from tests.postgres import Database

    from renkei.schedule.job import Claim, Job

LIMIT, LIMIT_S = 8, 2
AT_ONCE = """
schedules:
  - name: both
    at: "2 12 * * *"
    from: smarthr
    to: touchontime
    sync: {difference: [new, changed]}
    new: {divisionCode: "100", typeCode: "1"}
  - {name: look1, at: "2 12 * * *", from: touchontime, to: smarthr}
  - {name: look2, at: "2 12 * * *", from: touchontime, to: smarthr}
  - {name: look3, at: "2 12 * * *", from: touchontime, to: smarthr}
"""
"""What goes to two accounts, so that two workers are at it; all of it asks Touch On Time."""

SIGNS = "select name from facts where name like 'worker:%'"

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
"""How long to wait for what will come in a second or two: interpreters start on a busy machine."""
SLOW_S = 0.2
"""How long a request takes while workers are hurt."""


@define
class Workers:
    """Workers of one store, each as if it had a machine of its own."""

    office: Office
    database: Database
    processes: list[subprocess.Popen[str]] = field(factory=list)

    def start(
        self, concurrency: int = 2, module: str = "tests.e2e.hasty", **more: str
    ) -> subprocess.Popen[str]:
        """Start one more."""
        command = ["worker", "--cluster", "--concurrency", str(concurrency)]
        process = subprocess.Popen(
            [sys.executable, "-m", module, *command],
            cwd=self.office.folder,
            env={**os.environ, **self.office.environment(), "PYTHONPATH": str(ROOT), **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def at_work(self) -> tuple[list[psutil.Process], subprocess.Popen[str]]:
        """Return all processes of the worker whose job is at work, and that worker."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            rows = self.database.do("select owner from jobs where state = 'running'")
            pids = {json.loads(owner)["pid"] for (owner,) in rows}
            for worker in self.processes:
                tree = self.tree(worker)
                if pids & {each.pid for each in tree[1:]}:
                    return tree, worker
            time.sleep(0.02)
        raise AssertionError(self.jobs())

    @staticmethod
    def tree(worker: subprocess.Popen[str]) -> list[psutil.Process]:
        """Return the processes of a worker, itself first."""
        with suppress(psutil.Error):
            process = psutil.Process(worker.pid)
            return [process, *process.children(recursive=True)]
        return []

    def jobs(self) -> list[Any]:
        """Return schedule, state, attempt and run of all jobs."""
        return self.database.do("select schedule, state, attempt, run_id from jobs order by 1")

    def until(self, wanted: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
        """Wait for something."""
        until = time.monotonic() + seconds
        while not wanted() and time.monotonic() < until:
            time.sleep(0.05)
        assert wanted(), (self.jobs(), self.queue())

    def queue(self) -> list[Any]:
        """Return what is in the queue."""
        return self.database.do(
            "select queueing_lock, status, worker_id from renkei_queue.procrastinate_jobs"
        )

    def end(self) -> list[tuple[int, str]]:
        """End all that live, as a service manager does; return exit codes, and what they said."""
        living = [each for each in self.processes if each.poll() is None]
        for each in living:
            each.send_signal(signal.SIGTERM)
        return [(each.wait(30), each.communicate()[1]) for each in living]


def end(processes: Iterable[psutil.Process]) -> None:
    """Kill all of them; children of another one may be gone by then."""
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            each.kill()


@pytest.fixture
def workers(office: Office, postgres: Database) -> Iterator[Workers]:
    """No worker yet; the nightly schedule of the office has just become due."""
    office.database = postgres
    office.configure(extra=HASTY + SCHEDULES)
    due(office)
    made = Workers(office, postgres)
    try:
        yield made
    finally:
        for process in made.processes:
            for each in reversed(Workers.tree(process)):
                with suppress(psutil.Error):
                    each.kill()
            process.communicate()


def due(office: Office) -> None:
    """Let due times count, and a minute pass."""
    clock = Ahead(office)
    nobody = Processes(command=lambda _claim: [], most=0)
    with Worker(office.folder / "renkei.yaml", nobody, clocks=lambda _config: clock) as worker:
        worker.look()
    office.box.clock.advance(60)


@contextmanager
def slowly(office: Office, seconds: float = SLOW_S) -> Iterator[None]:
    """Let each request take a moment."""
    office.box.touchontime.faults.add("latency", seconds=seconds, times=None)
    yield
    office.box.touchontime.faults.clear()


def all_once(office: Office, run: int = 1) -> None:
    """Everybody was created once, by the journal of the system, and nothing is left open."""
    creates = office.creates("touchontime")
    outcomes = office.ask("report", str(run)).json["outcomes"]
    assert set(creates.values()) == {1}
    assert len(creates) == outcomes["created"]
    assert outcomes["updated"] > 0
    assert (outcomes["failed"], outcomes["unknown"], outcomes["deferred"]) == (0, 0, 0)


def taken_over(workers: Workers, attempt: int) -> bool:
    return bool(workers.jobs()[0][2] == attempt)


def is_done(workers: Workers) -> bool:
    return bool(workers.jobs()[0][1] == "done")


@pytest.mark.timeout(180)
@pytest.mark.fault("F92", "F102")
@pytest.mark.parametrize(
    "written", [0, pytest.param(2, marks=pytest.mark.long)], ids=["fetching", "writing"]
)
def test_a_frozen_worker_and_a_killed_one_lose_and_double_nothing(
    workers: Workers, written: int
) -> None:
    """
    The second does what the first held, the first, woken, goes on with what the second had.

    Each is on a computer of its own. What the first was in the middle of when it froze, it does not
    send; what it was fetching is not kept. SIGTERM ends it with 0.
    """
    office = workers.office
    for boot in ("one", "two"):
        workers.start(BOOT=boot)
    with slowly(office, 0.12):
        office.box.smarthr.faults.add("latency", seconds=0 if written else 0.5, times=None)
        frozen, first = workers.at_work()
        if written:
            wait_for_writes(office, "touchontime", written)
        else:
            workers.until(lambda: bool(workers.jobs()[0][3]))
        for each in frozen:
            each.suspend()
        office.box.smarthr.faults.clear()
        workers.until(lambda: taken_over(workers, 2))
        sent = len(office.sent("touchontime"))
        killed, second = workers.at_work()
        assert second is not first
        wait_for_writes(office, "touchontime", sent + 2)
        end(killed)
        second.wait()
        for each in reversed(frozen):
            each.resume()
        woken = frozen[-1]
        workers.until(lambda: taken_over(workers, 3))
    workers.until(lambda: is_done(workers))
    psutil.wait_procs([woken], timeout=20)
    assert not woken.is_running()
    ((*job, run),) = workers.jobs()
    assert job == ["nightly", "done", 3]
    assert not written or run == 1
    ((code, said),) = workers.end()
    assert code == 0
    assert "Traceback" not in said
    all_once(office, run)
    left = "(select count(*) from items where run_id = runs.id)"
    others = f"select status, {left} from runs where id <> {run}"  # noqa: S608 - ours
    given_up = workers.database.do(others)  # a fetch that waited too long for a frozen one, too
    assert bool(given_up) is not bool(written)
    assert set(given_up) <= {("failed", 0)}
    assert workers.queue() == []


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.fault("F102")
def test_a_killed_worker_is_followed_within_half_a_minute(workers: Workers) -> None:
    """
    All of its processes are gone at once, as those of a machine are, which nobody else sees.

    On a slow machine the second one needs as long to get to it as the first one did.
    """
    office = workers.office
    begun = time.monotonic()
    for boot in ("one", "two"):
        workers.start(module="tests.e2e.elsewhere", BOOT=boot)
    with slowly(office):
        tree, worker = workers.at_work()
        wait_for_writes(office, "touchontime", 2)
        first = time.monotonic() - begun
        end(tree)
        worker.wait()
        begun = time.monotonic()
        written = len(office.box.writes("touchontime"))
        workers.until(lambda: len(office.box.writes("touchontime")) > written, 100)
        took = time.monotonic() - begun
        workers.until(lambda: is_done(workers), 60)
    assert 10 < took < LIFETIME_S + max(10, first)
    assert workers.jobs() == [("nightly", "done", 2, 1)]
    all_once(office)


@pytest.mark.long
@pytest.mark.fault("F102")
def test_a_stopped_worker_ends_after_the_employee_in_hand(workers: Workers) -> None:
    """With 0, whatever is left; and another one goes on with it."""
    office = workers.office
    first = workers.start()
    with slowly(office):
        workers.at_work()
        wait_for_writes(office, "touchontime", 2)
        ((code, said),) = workers.end()
        assert code == 0
        assert "Stopping" in said
        assert workers.jobs()[0][1] == "waiting"
    assert first.poll() == 0
    office.box.clock.advance(60)
    workers.start()
    workers.until(lambda: is_done(workers))
    workers.end()
    all_once(office)


@pytest.mark.long
@pytest.mark.timeout(180)
def test_two_workers_keep_one_limit_together(workers: Workers) -> None:
    """
    Of the requests of both, no window of the account has more than it allows.

    A process that stands still for longer than the others wait for what it has announced may be
    one too many: such a request is late, and counts for itself.
    """
    office = workers.office
    limit = f"limits: [{{count: {LIMIT}, seconds: {LIMIT_S}}}]"
    office.configure(extra=HASTY + AT_ONCE, touchontime=limit)
    due(office)
    signs = set(workers.database.do(SIGNS))  # of this process, which has looked
    departures = office.folder / "departures"
    for _each in range(2):
        workers.start(concurrency=1, DEPARTURES=str(departures))
    workers.until(lambda: len(workers.jobs()) == 4)
    workers.until(lambda: {job[1] for job in workers.jobs()} == {"done"}, 150)
    assert len(set(workers.database.do(SIGNS)) - signs) == 2
    ended = workers.end()
    assert set(workers.database.do(SIGNS)) == signs
    lines = [line.split() for line in departures.read_text(encoding="ascii").splitlines()]
    sent = [tuple(map(float, times)) for count, *times in lines if int(count) == LIMIT]
    arrived = [each for each in office.box.journal if each.system == "touchontime"]
    assert len(sent) == len(arrived) > 2 * LIMIT
    at = [left for met, left, answered in sent if answered - met <= CLAIM_S]
    worst = max((sum(start <= each < start + LIMIT_S for each in at) for start in at), default=0)
    assert worst <= LIMIT
    assert all("job_ended" in said for _code, said in ended)  # both had their share


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.fault("F103")
def test_what_a_person_began_goes_on_when_its_worker_is_killed(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the name of that person, who may stop it, and go on with it; each is created once."""
    office, address = workers.office, workers.database.address
    for name, value in office.environment().items():
        monkeypatch.setenv(name, value)
    office.configure(extra=HASTY)
    workers.database.do("delete from schedules")

    def asked(ask: Callable[[Runs], Ticket]) -> None:
        with Runs(load_config(office.folder / "renkei.yaml"), who="keiko") as runs:
            ticket = ask(runs)
        put(address, ticket.claim, ticket.account)
        claims.append(ticket.claim)

    def job() -> Job:
        with Runs(load_config(office.folder / "renkei.yaml")) as runs:
            found = runs._store.asked_for(claims[-1].schedule, claims[-1].due)
        assert found is not None
        return found

    claims: list[Claim] = []
    for _each in range(2):
        workers.start()
    asked(lambda runs: runs.ask(errand("fetch", source="smarthr")))
    workers.until(lambda: job().state == "halted")
    asked(lambda runs: runs.answer(job(), one_company=True))
    workers.until(lambda: job().state == "done")
    everybody = Selection(
        differences=frozenset({Difference.NEW, Difference.CHANGED}),
        new={"divisionCode": "100", "typeCode": "1"},
    )
    with slowly(office):
        asked(lambda runs: runs.ask(errand("sync", run="1"), everybody))
        tree, worker = workers.at_work()
        wait_for_writes(office, "touchontime", 2)
        end(tree)
        worker.wait()
        workers.at_work()
        with Runs(load_config(office.folder / "renkei.yaml"), who="keiko") as runs:
            runs.stop_job(claims[-1])
        workers.until(lambda: job().state == "halted")
    asked(lambda runs: runs.ask(errand("resume", run="1")))
    workers.until(lambda: job().state == "done")
    with Runs(load_config(office.folder / "renkei.yaml")) as runs:
        assert {line.who.split(" (")[0] for line in runs.log_lines() if line.run} == {"keiko"}
    all_once(office)
    assert workers.queue() == []


def errand(deed: Deed, **more: str) -> Errand:
    return Errand(deed=deed, target="touchontime", language="en", **more)  # type: ignore[arg-type]
