"""
A thousand companies at one o'clock: workers of one store, hurt or not, and what comes of it.

``python -m bench.scale`` measures the rows of docs/scale.md and prints them. The end state is what
the systems say in their own journals; the store only tells how far it is.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import psycopg
from attrs import define, field, frozen

from bench.replay import replayed_s
from renkei.clock import Clock
from renkei.schedule.dispatcher import Processes
from renkei.worker import Worker
from renkei_runner.site import JST, AtWork, Office, Received, Site, received
from renkei_sandbox.people import CHANGED, NEW
from renkei_sandbox.postgres import Server

KILL_EVERY_S = 2.0
FROZEN_S = 30.0
"""Longer than a lease is believed in: others go on with what the frozen one had."""

ENDED = (
    "select count(*) filter (where ended_at is not null), count(*),"
    " count(*) filter (where state <> 'queued') from jobs"
)
STATES = "select state, count(*) from jobs group by 1 order by 1"
RUNS = (
    "select count(*) filter (where status = 'done'),"
    " count(distinct company) filter (where status = 'done'),"
    " count(*) filter (where status in ('failed', 'fetching')), count(*) from runs"
)
"""How many were synced, of how many companies; of how many the fetch was killed; and all."""

CONNECTIONS = "select count(*) from pg_stat_activity where datname = current_database()"
BYTES = (
    "select sum(pg_total_relation_size(oid)) from pg_class"
    " where relnamespace = 'public'::regnamespace and relkind = 'r'"
)

NO_LIMITS = "    limits: []"


@frozen(kw_only=True)
class Work:
    """A number of *companies* of *people* each, for some *workers*; how they are hurt."""

    companies: int = 1_000
    people: int = 50
    workers: int = 2
    concurrency: int = 2
    latency_s: float = 0.0
    hurt: bool = False

    @property
    def name(self) -> str:
        """What it is called in a table."""
        what = f"{self.companies:,} × {self.people}, {self.workers} workers of {self.concurrency}"
        slow = f", {self.latency_s * 1000:.0f} ms a request" if self.latency_s else ""
        return what + slow + (", killed and frozen" if self.hurt else "")


@frozen(kw_only=True)
class Measured:
    """
    What came of it.

    *seconds* are those from the first run's begin to the last one's end. The others are seconds of
    a processor for each company: of the *job*, its *requests* alone, the *worker*, the *database*
    and the *sandbox*.
    """

    seconds: float
    job_s: float
    requests_s: float
    worker_s: float
    database_s: float
    sandbox_s: float
    connections: int
    """The most connections to the database at a time."""
    store_bytes: float
    """Of each company: what the first run of all has left in the store."""
    look_s: float
    """What one look of a worker takes when nothing is due."""
    killed: int
    states: dict[str, int]
    done: int
    """Runs that were synced to their end; -1 if a company has several, or any other run."""
    broken: int
    """Runs whose fetch was killed: another one was made, and nothing had been written."""
    twice: int
    lost: int


class Box:
    """The sandbox in a process of its own."""

    def __init__(self, work: Work, day: dt.date) -> None:
        words = ["--companies", str(work.companies), "--people", str(work.people), "--port", "0"]
        words += ["--now", f"{day}T01:00:00+09:00"]
        for name in ("smarthr", "touchontime"):
            words += ["--set", f"{name}.rate_limit=false"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "renkei_sandbox", *words], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None  # noqa: S101 - it was asked for
        self.url = self.process.stdout.readline().split()[-1]
        if work.latency_s:
            for name in ("smarthr", "touchontime"):
                fault = {"fault": "latency", "seconds": work.latency_s, "times": None}
                self.ask(f"{name}/faults", fault)

    def ask(self, what: str, body: object = None, method: str | None = None) -> Any:
        """Return what a control endpoint says."""
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.url}/_sandbox/{what}"
        request = urllib.request.Request(url, data, method=method)  # noqa: S310 - ours
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own
            return json.load(answer)

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.communicate()


@define
class Town:
    """A site with its workers and what they stand on, for as long as it is measured."""

    work: Work
    site: Site
    box: Box
    server: Server
    workers: list[AtWork] = field(factory=list)
    spent: list[float] = field(factory=lambda: [0.0, 0.0])
    """Seconds of workers, and of jobs, whose processes are gone."""
    killed: int = 0
    connections: int = 0
    _numbers: Iterator[int] = field(factory=lambda: count(1))

    def start(self) -> AtWork:
        """Start one more worker."""
        log = self.site.folder / f"worker{next(self._numbers)}.log"
        self.workers.append(self.site.start_worker(self.work.concurrency, log))
        return self.workers[-1]

    def kill(self, worker: AtWork) -> None:
        """Kill a worker, and start another one, as a service manager does."""
        self.note_spent(worker)
        worker.kill()
        self.workers.remove(worker)
        self.killed += 1
        self.start()

    def note_spent(self, worker: AtWork) -> None:
        """Count what a worker has spent until now."""
        own, jobs = spent(worker)
        self.spent = [self.spent[0] + own, self.spent[1] + jobs]

    def ask(self, query: str) -> list[Any]:
        """Return rows of the store."""
        with closing(psycopg.connect(self.site.store, autocommit=True)) as connection:
            return connection.execute(query.encode()).fetchall()

    @property
    def database_s(self) -> float:
        """Seconds of a processor that the server has spent."""
        pid = int((self.server.data / "postmaster.pid").read_text().split()[0])
        return whole(psutil.Process(pid))


def whole(process: psutil.Process) -> float:
    """Return the seconds of a process with all of its children, those that are gone included."""
    try:
        times, children = process.cpu_times(), process.children()
    except psutil.NoSuchProcess:  # it has ended just now: its parent has its times
        return 0.0
    own = times.user + times.system + times.children_user + times.children_system
    return float(own) + sum(map(whole, children))


def spent(worker: AtWork) -> tuple[float, float]:
    """Return seconds of a worker and its warm process, and of the jobs that were forked."""
    try:
        top = psutil.Process(worker.process.pid)
        warm = top.children()
    except psutil.NoSuchProcess:
        return 0.0, 0.0
    jobs = sum(whole(each) - own(each) for each in warm)
    return own(top) + sum(map(own, warm)), jobs


def own(process: psutil.Process) -> float:
    """Return the seconds of a process alone."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


@contextmanager
def made(work: Work) -> Iterator[Town]:
    """Let everything stand that *work* needs."""
    day = dt.datetime.now(JST).date()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="renkei-scale-")))
        server = Server.make()
        stack.callback(server.remove)
        server.start("autovacuum=on", "shared_buffers=256MB")
        stack.callback(server.stop)
        box = Box(work, day)
        stack.callback(box.stop)
        told = box.ask("")
        site = Site(
            folder=folder,
            store=server.address("postgres"),
            systems={name: each["base_url"] for name, each in told["systems"].items()},
            offices=[
                Office(name=name, label=name, tokens=tokens)
                for name, tokens in told["tenants"].items()
            ],
            day=day,
            more=NO_LIMITS,
        )
        site.set_up()
        town = Town(work, site, box, server)
        try:
            yield town
        finally:
            for each in town.workers:
                each.kill()


def measure(work: Work, *, patience_s: float = 3_600.0) -> Measured:
    """Let all companies be done, and return what it took and what the systems have received."""
    with made(work) as town:
        before = town.database_s, whole(psutil.Process(town.box.process.pid))
        for _each in range(work.workers):
            town.start()
        seconds = _until_done(town, patience_s)
        for each in town.workers:
            town.note_spent(each)
        after = town.database_s, whole(psutil.Process(town.box.process.pid))
        journal = town.box.ask("journal")
        for name in town.site.systems:
            town.box.ask(f"{name}/faults", method="DELETE")  # or the replay would wait, too
        found = received(journal)
        done, companies, broken, runs = town.ask(RUNS)[0]
        each_s = 1 / work.companies
        return Measured(
            seconds=seconds,
            job_s=town.spent[1] * each_s,
            requests_s=replayed_s(journal, town.site),
            worker_s=town.spent[0] * each_s,
            database_s=(after[0] - before[0]) * each_s,
            sandbox_s=(after[1] - before[1]) * each_s,
            connections=town.connections,
            store_bytes=float(town.ask(BYTES)[0][0]) * each_s,
            look_s=_look_s(town.site),
            killed=town.killed,
            states=dict(town.ask(STATES)),
            done=done if done == companies == runs - broken else -1,
            broken=broken,
            twice=sum(each.twice for each in found.values()),
            lost=sum(
                CHANGED + NEW - each.created - each.updated
                for each in (found.get(office.name, Received()) for office in town.site.offices)
            ),
        )


def _look_s(site: Site) -> float:
    """Return seconds of a processor for a look at which nothing is due."""
    later = Clock(site.one_o_clock + dt.timedelta(hours=1))
    nobody = Processes(command=lambda _claim: [], most=0)
    with Worker(site.config, nobody, clocks=lambda _config: later) as worker:
        worker.look()
        begun = time.process_time()
        worker.look()
        return time.process_time() - begun


@define
class Hurting:
    """Kills a worker every two seconds, and freezes one for longer than its lease."""

    town: Town
    next_kill: float = 0.0
    frozen: AtWork | None = None
    frozen_at: float | None = None

    def go_on(self, passed: float, ended: int) -> None:
        """Do what is due after *passed* seconds, with *ended* jobs done."""
        if self.frozen_at is None and ended > self.town.work.companies // 4:
            self.frozen, self.frozen_at = self.town.workers.pop(), passed
            self.frozen.freeze()
            self.town.start()
        if self.frozen and self.frozen_at and passed - self.frozen_at > FROZEN_S:
            self.frozen.wake()
            self.town.workers.append(self.frozen)
            self.frozen = None
        if passed >= self.next_kill:
            at_work = [each for each in self.town.workers if each.jobs]
            if len(at_work) > 1:  # one goes on: all of them dead again and again would be no test
                self.town.kill(at_work[0])
                self.next_kill = passed + KILL_EVERY_S

    def over(self) -> None:
        """Let the frozen one have its last chance to do harm."""
        if self.frozen and self.frozen_at:
            time.sleep(FROZEN_S)
            self.frozen.wake()
            time.sleep(5)
            self.town.workers.append(self.frozen)


def _until_done(town: Town, patience_s: float) -> float:
    """
    Wait until all jobs have ended; hurt the workers meanwhile if that is wanted.

    Returns the seconds since the first one has begun.
    """
    hurting, begun, first = Hurting(town), time.monotonic(), None
    while True:
        time.sleep(0.1)
        ended, known, at_work = town.ask(ENDED)[0]
        now = time.monotonic()
        first = now if first is None and at_work else first
        town.connections = max(town.connections, town.ask(CONNECTIONS)[0][0])
        if ended == known == town.work.companies:
            if town.work.hurt:
                hurting.over()
            return now - (first or begun)
        if now - begun > patience_s:
            sys.exit(f"{ended} of {known} are done after {patience_s:.0f} s: {town.ask(STATES)}")
        if town.work.hurt:
            hurting.go_on(now - begun, ended)


def tell(work: Work, found: Measured) -> None:
    """Print a row."""
    rate = work.companies / found.seconds
    beside = found.job_s - found.requests_s
    print(f"\n{work.name}: {found.seconds:.1f} s, {rate:.1f} companies a second")
    print(
        f"  processor for each company: job {found.job_s * 1000:.0f} ms, of which its requests"
        f" {found.requests_s * 1000:.0f}, beside them {beside * 1000:.0f};"
        f" worker {found.worker_s * 1000:.0f}, database {found.database_s * 1000:.0f},"
        f" sandbox {found.sandbox_s * 1000:.0f}"
    )
    print(
        f"  at most {found.connections} connections, {found.store_bytes / 1024:.0f} KiB a company"
        f" in the store, a look at nothing {found.look_s:.2f} s"
    )
    print(
        f"  jobs {found.states}, runs synced {found.done}, killed in a fetch {found.broken},"
        f" written twice {found.twice}, lost {found.lost}, workers killed {found.killed}",
        flush=True,
    )


TABLE: Sequence[Work] = (
    Work(workers=2),
    Work(workers=4, concurrency=1),
    Work(workers=4, hurt=True),
    *(Work(companies=100, workers=workers, concurrency=1, latency_s=0.5) for workers in (1, 2, 4)),
)
"""What docs/scale.md shows."""


def main() -> None:
    """Measure what is asked for; everything if nothing is."""
    ask = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    ask.add_argument("--companies", type=int)
    ask.add_argument("--people", type=int, default=50)
    ask.add_argument("--workers", type=int, default=2)
    ask.add_argument("--concurrency", type=int, default=2)
    ask.add_argument("--latency", type=float, default=0.0, metavar="SECONDS")
    ask.add_argument("--hurt", action="store_true", help="kill one every 2 s, freeze one")
    asked = ask.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended
    table = TABLE
    if asked.companies:
        table = (
            Work(
                companies=asked.companies,
                people=asked.people,
                workers=asked.workers,
                concurrency=asked.concurrency,
                latency_s=asked.latency,
                hurt=asked.hurt,
            ),
        )
    for work in table:
        tell(work, measure(work))


if __name__ == "__main__":
    main()
