"""The queue that workers of several machines share: what it delivers, keeps apart and gives up."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from attrs import define, field
from tests.told import told

from renkei.cluster import dispatcher, place
from renkei.cluster.dispatcher import Cluster
from renkei.cluster.putting import put
from renkei.errors import ConfigurationError, StoreError
from renkei.schedule.job import Claim
from renkei.store.store import Store

if TYPE_CHECKING:
    from tests.postgres import Database

DUE = dt.datetime(2026, 11, 20, 4, tzinfo=dt.UTC)
DELIVERIES = "select 1 from renkei_queue.procrastinate_jobs"
WORKERS = "select 1 from renkei_queue.procrastinate_workers"


def claim(schedule: str, attempt: int = 1) -> Claim:
    return Claim("", schedule, DUE, attempt)


@define(eq=False)
class Fake:
    """A job that ends when it is told to."""

    claim: Claim
    over: threading.Event = field(factory=threading.Event)

    def wait(self) -> int:
        assert self.over.wait(20)
        return 0

    def stop(self) -> None:
        self.over.set()


@define
class Jobs:
    """What was begun, in this order."""

    begun: list[Fake] = field(factory=list)

    def launch(self, claim: Claim) -> Fake:
        self.begun.append(Fake(claim))
        return self.begun[-1]

    @property
    def names(self) -> list[tuple[str, int]]:
        return [(each.claim.schedule, each.claim.attempt) for each in self.begun]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "POLL_S", 0.05)
    monkeypatch.setattr(dispatcher, "RENEW_S", 0.1)
    monkeypatch.setattr(dispatcher, "LET_GO_S", 0.1)


def until(wanted: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not wanted() and time.monotonic() < end:
        time.sleep(0.01)
    assert wanted()


def test_one_job_at_a_time_for_an_account_each_once(postgres: Database) -> None:
    """Those of other accounts go on beside it; what is put there twice is done once."""
    jobs = Jobs()
    with (
        Cluster(postgres.address, jobs.launch, 3) as one,
        Cluster(postgres.address, jobs.launch, 3) as two,
    ):
        one.start(claim("a"), "clinic")
        until(lambda: jobs.names == [("a", 1)])
        two.start(claim("b"), "clinic")
        two.start(claim("b"), "clinic")
        one.start(claim("c"), "wards")
        until(lambda: len(jobs.begun) == 2)
        assert jobs.names[1] == ("c", 1)
        assert one.has(claim("a"))
        assert one.has(claim("b"))
        assert not two.has(claim("d"))
        jobs.begun[0].over.set()
        until(lambda: len(jobs.begun) == 3)
        assert jobs.names[2] == ("b", 1)
        for each in jobs.begun:
            each.over.set()
        until(lambda: not postgres.do(DELIVERIES))
    assert len(jobs.begun) == 3
    assert sorted(each.schedule for each in one.ended() + two.ended()) == ["a", "b", "c"]
    assert postgres.do(WORKERS) == []


@pytest.mark.fault("F102")
def test_whoever_takes_over_does_not_wait_for_the_dead(postgres: Database) -> None:
    """The delivery that a frozen worker holds is taken out, and it may end it or not."""
    jobs = Jobs()
    with (
        Cluster(postgres.address, jobs.launch, 1) as frozen,
        Cluster(postgres.address, jobs.launch, 1) as other,
    ):
        frozen.start(claim("a"), "clinic")
        until(lambda: len(jobs.begun) == 1)
        other.start(claim("a", attempt=2), "clinic")
        until(lambda: len(jobs.begun) == 2)
        assert jobs.names[1] == ("a", 2)
        jobs.begun[0].over.set()  # the queue does not know it any more
        other.start(claim("b"), "wards")
        until(lambda: len(jobs.begun) == 3)


@pytest.mark.fault("F102")
def test_what_a_dead_worker_was_given_is_taken_out(postgres: Database) -> None:
    """So that the next look finds the job with nobody, and begins it again."""
    jobs = Jobs()
    with Cluster(postgres.address, jobs.launch, 1) as living:
        living.start(claim("a"), "clinic")
        until(lambda: len(jobs.begun) == 1)
        postgres.do(
            "insert into renkei_queue.procrastinate_jobs"
            " (queue_name, task_name, status, queueing_lock, args) values"
            " ('default', 'deliver', 'doing', 'x',"
            """ '{"company": "", "schedule": "z", "claim": "2026-11-20T04:00:00+00:00/1"}')"""
        )
        until(lambda: len(postgres.do(DELIVERIES)) == 1)
        assert living.has(claim("a"))


@pytest.mark.fault("F102")
def test_a_worker_goes_on_that_was_taken_for_dead_or_lost_its_server(postgres: Database) -> None:
    """It joins again by itself, and does what is due then."""
    jobs = Jobs()
    with Cluster(postgres.address, jobs.launch, 2) as one:
        postgres.do("delete from renkei_queue.procrastinate_workers")
        one.start(claim("a"), "clinic")
        until(lambda: len(jobs.begun) == 1)
        postgres.lose_connections()

        def looks_again() -> bool:  # what a lost connection has swallowed is put in once more
            if not one.has(claim("b")):
                one.start(claim("b"), "wards")
            return len(jobs.begun) == 2

        until(looks_again)


@pytest.mark.fault("F102")
def test_a_worker_that_lost_the_queue_waits_for_no_job_at_work(postgres: Database) -> None:
    """It takes up others beside a long one, or one that hangs, and no more than it may."""
    jobs = Jobs()
    with Cluster(postgres.address, jobs.launch, 2) as one, told() as lines:
        one.start(claim("a"), "clinic")
        until(lambda: len(jobs.begun) == 1)
        postgres.do("alter schema renkei_queue rename to away")
        until(lambda: any(each["event"] == "queue_lost" for each in lines))
        postgres.do("alter schema away rename to renkei_queue")
        for name in ("b", "c"):
            one.start(claim(name), name)
        until(lambda: len(jobs.begun) == 2)
        time.sleep(0.3)
        assert len(jobs.begun) == 2
        jobs.begun[1].over.set()
        until(lambda: len(jobs.begun) == 3)
        assert sorted(jobs.names) == [("a", 1), ("b", 1), ("c", 1)]
        assert not jobs.begun[0].over.is_set()


@pytest.mark.fault("F102")
def test_workers_of_another_version_are_refused(postgres: Database) -> None:
    """While one lives; else the queue is made anew, and the one that comes back late ends."""
    place.prepare(postgres.address)
    place.prepare(postgres.address)
    postgres.do("update renkei_queue.about set version = 'renkei 0.0.1, procrastinate 3.9.0'")
    postgres.do("insert into renkei_queue.procrastinate_workers default values")
    with pytest.raises(ConfigurationError, match=r"renkei 0\.0\.1.*Stop all of them"):
        place.prepare(postgres.address)
    postgres.do(
        "update renkei_queue.procrastinate_workers set last_heartbeat = now() - interval '1 minute'"
    )
    gone = threading.Event()
    with Cluster(postgres.address, Jobs().launch, 1, gone.set) as late:
        assert postgres.do("select version from renkei_queue.about") == [(place.ours(),)]
        postgres.do("update renkei_queue.about set version = 'renkei 9, procrastinate 9'")
        assert gone.wait(10)
        assert late.refused is not None
        assert "renkei 9" in str(late.refused)


def test_what_a_dashboard_puts_there_is_begun_at_once(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a queue, or with one of another version, it is left to a worker that looks."""
    jobs, errand = Jobs(), claim("run 7")
    put(postgres.address, errand, "clinic")
    assert postgres.do("select to_regclass('renkei_queue.about')") == [(None,)]
    monkeypatch.setattr(dispatcher, "POLL_S", 60.0)
    with Cluster(postgres.address, jobs.launch, 2) as one:
        put(postgres.address, errand, "clinic")
        until(lambda: jobs.names == [("run 7", 1)])
        assert one.has(errand)
        postgres.do("update renkei_queue.about set version = 'renkei 9, procrastinate 9'")
        put(postgres.address, claim("run 8"), "wards")
        assert len(postgres.do(DELIVERIES)) == 1
        jobs.begun[0].over.set()
    put("postgresql://127.0.0.1:1/nowhere", errand, "clinic")


def test_the_store_does_not_see_the_queue(postgres: Database) -> None:
    """It is in a schema of its own; of a server that is away it is told in one sentence."""
    place.prepare(postgres.address)
    Store(postgres.address).close()
    with pytest.raises(StoreError, match="does not answer"):
        place.prepare(postgres.address.replace(postgres.name, "nowhere"))
