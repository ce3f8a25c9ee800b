from __future__ import annotations

import ast
import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path

import pytest
from tests.pair import DIRECTIONS
from tests.postgres import Database
from tests.reliability.harness import cases, oracle
from tests.reliability.harness.killer import KILLED, Zygote
from tests.reliability.harness.points import Armed, kind
from tests.reliability.harness.site import Site, a_site
from tests.reliability.harness.workloads import (
    CHAIN,
    IN_DOUBT,
    LOST,
    SYNC,
    WORKLOADS,
    Stage,
    Workload,
)
from tests.sampling import ALL, examples, sample, sampled, some

from renkei.model import Status
from renkei.store.store import Store
from renkei_sandbox import faults

pytestmark = pytest.mark.timeout(240)  # many cases in one test: seconds, but not on a busy machine

Direction = tuple[str, str]

IN_FLIGHT = (8, 1, 2)
"""How many requests may be on their way at a time, in turn."""

ON_EACH = [
    (direction, workload, in_flight)
    for direction, workload in (*((each, CHAIN) for each in DIRECTIONS), *WORKLOADS)
    for in_flight in (8, 1)
]
"""All that goes on, with several and with one on their way."""


def _named(played: tuple[Direction, Workload, int]) -> str:
    (_source, target), workload, in_flight = played
    return f"to_{target}-{workload.name}-{in_flight}"


EACH_KIND = ("sync", "slow", "closed")
"""The workloads that pass every kind of point among them."""


def chosen(stage: Stage, direction: Direction) -> Iterator[str]:
    """
    Yield the moments of `make test`: each kind of point once, in one direction or the other.

    The other workloads, in which the same points are met in other states, have a sample.
    """
    workload, moments = stage.workload, stage.moments()
    if ALL or workload.name not in EACH_KIND:
        yield from sample(moments, 80, WORKLOADS.index((direction, workload)))
        return
    both = sum(each.name == workload.name for _direction, each in WORKLOADS)
    kinds: dict[str, list[str]] = {}
    for moment in moments:
        kinds.setdefault(kind(moment), []).append(moment)
    for place, alike in enumerate(kinds.values()):
        if place % both == DIRECTIONS.index(direction):
            yield alike[len(alike) // 2]


@pytest.mark.fault("F52")
@sampled
@pytest.mark.parametrize(
    ("direction", "workload"),
    WORKLOADS,
    ids=[f"to_{target}-{workload.name}" for (_source, target), workload in WORKLOADS],
)
def test_killed_at_every_moment_of_a_sync(
    zygote: Zygote,
    store_bytes: bytes,
    direction: Direction,
    workload: Workload,
    database: Database | None,
) -> None:
    """Going on, it ends as if nothing had happened: everybody once, and told."""
    killed(zygote, store_bytes, direction, workload, database=database)


def killed(
    zygote: Zygote,
    store_bytes: bytes,
    direction: Direction,
    workload: Workload,
    *,
    database: Database | None,
    share: int = 1,
) -> None:
    """Kill a sync at the chosen moments, or a *share* of them, and judge what is left."""
    with a_site(zygote, *direction, store_bytes, database) as site:
        site.allow(IN_FLIGHT[WORKLOADS.index((direction, workload)) % len(IN_FLIGHT)])
        stage = Stage(site, workload)
        stage.passes_no_other_way()

        def play(moment: str) -> None:
            stage.kill(moment)
            stage.judge()

        moments = islice(chosen(stage, direction), None, None, share)
        cases.play((moment, partial(play, moment)) for moment in moments)


@pytest.mark.fault("F52", "F63")
def test_killed_in_the_middle_of_a_sync_whose_store_is_on_a_server(
    zygote: Zygote, store_bytes: bytes, postgres: Database
) -> None:
    """A sample of the same: what a dead process had not committed is not there, all else is."""
    direction, workload = WORKLOADS[0]
    killed(zygote, store_bytes, direction, workload, database=postgres, share=9)


@sampled
@pytest.mark.sqlite
@pytest.mark.parametrize("played", some(ON_EACH, len(ON_EACH)), ids=_named)
def test_every_moment_comes_on_a_slow_machine_too(
    zygote: Zygote,
    slow_zygote: Zygote,
    store_bytes: bytes,
    played: tuple[Direction, Workload, int],
) -> None:
    """No moment is named by what time changes: leases renewed, answers that come one by one."""
    direction, workload, in_flight = played
    with a_site(zygote, *direction, store_bytes) as site:
        site.allow(in_flight)
        stage = Stage(site, workload)
        site.zygote = slow_zygote
        for _time in range(examples(1, 3)):
            child = stage.begin().end()
            passed = {name for names in child.steady for name in names}
            missing = [moment for moment in stage.moments() if moment not in passed]
            assert missing == [], child.trace


# --- other commands -------------------------------------------------------------------------


def killed_everywhere(
    site: Site,
    words: tuple[str, ...],
    judge: Callable[[], None],
    hurt: Callable[[], None] = lambda: None,
    keep: Callable[[str], bool] = lambda _: True,
) -> None:
    """Kill the command *words* at each of its points in turn, all from the present state."""
    before = site.keep()
    hurt()
    passed = [name for names in site.run(words).moments for name in names]
    judge()

    def play(moment: str) -> None:
        site.back_to(before)
        hurt()
        child = site.run(words, armed=[Armed(moment)])
        assert child.code == KILLED, f"it did not get there: {child.trace}"
        judge()

    # Nothing is repeated after a while here, so that how often each comes is no matter of time.
    moments = [name for name in passed if "#" in name.partition(" after ")[0] and keep(name)]
    turn = DIRECTIONS.index((site.source, site.target))
    cases.play((moment, partial(play, moment)) for moment in sample(moments, 20, turn))


def fetches(site: Site) -> None:
    """Nothing was written, the last fetch is over, and a new one finds everybody."""
    assert site.sent() == []
    site.box.systems[site.source].faults.clear()
    if site.database is not None or site.store.exists():
        oracle.sound(site)
        with closing(Store(site.at)) as store:
            for run in store.latest(1):
                assert run.status in (Status.FAILED, Status.READY), run.status
                if run.status is Status.FAILED:
                    assert site.renkei("sync", run.id, "--yes").code == 2
    result = site.renkei("fetch", site.source, site.target, "--output", "json")
    assert result.code == 0, str(result)
    assert result.json["counts"] == {"new": 2, "changed": 2, "same": 1, "blocked": 0}


@pytest.mark.fault("F52")
@sampled
def test_killed_at_every_moment_of_a_fetch(site: Site) -> None:
    """What was read is no plan, a new fetch makes one, and no system was written to."""
    words = ("fetch", site.source, site.target)
    killed_everywhere(site, words, lambda: fetches(site))


@sampled
def test_killed_at_every_moment_of_a_fetch_that_fails(site: Site) -> None:
    """The same while a fetch that met nonsense is being recorded as failed."""

    def hurt() -> None:
        site.box.systems[site.source].faults.add("garbage", kind="read", times=None)

    words = ("fetch", site.source, site.target)
    # How far the other side has come when the first one fails is a matter of luck.
    killed_everywhere(
        site, words, lambda: fetches(site), hurt, lambda point: not point.startswith("read.")
    )


@sampled
@pytest.mark.sqlite
def test_killed_while_the_store_is_made(site: Site) -> None:
    """There is a whole store or none, and the next fetch makes it."""
    site.store.unlink()
    words = ("fetch", site.source, site.target)
    killed_everywhere(
        site, words, lambda: fetches(site), keep=lambda point: point.startswith("build.")
    )


@sampled
def test_killed_while_a_run_is_cancelled(site: Site) -> None:
    """It is cancelled or it is not, and can be in either case; nothing is sent any more."""
    site.allow(1)
    run = site.fetched()
    site.system.faults.add(faults.hook(lambda _: site.system.revoke()), kind="create", when="after")
    assert site.renkei("sync", run, *site.everybody).code == 4
    site.system.restore()
    site.system.faults.add(faults.hook(lambda _: site.system.revoke()), kind="update")
    assert site.renkei("resume", run).code == 4
    site.system.faults.clear()
    site.system.restore()

    def judge() -> None:
        sent = len(site.sent())
        assert site.renkei("cancel", run).code in (0, 2)
        assert site.renkei("resume", run).code == 2
        assert len(site.sent()) == sent
        oracle.sound(site)
        with closing(Store(site.at)) as store:
            assert store.run(run).status is Status.CANCELLED
            oracle.agrees(site, store, run)

    killed_everywhere(site, ("cancel", run), judge)


@pytest.mark.fault("F64")
@sampled
def test_killed_while_values_are_purged(site: Site) -> None:
    """All values of the run are gone, or none; the outcomes stay."""
    run = site.fetched()
    assert site.renkei("sync", run, *site.everybody).code == 0

    def judge() -> None:
        oracle.sound(site)
        with closing(Store(site.at)) as store:
            purged = store.run(run).purged
            assert {item.name == "" for item in store.items(run)} == {purged}
        assert site.renkei("reports", "purge", "--older-than", "0d").code == 0
        with closing(Store(site.at)) as store:
            assert {item.name for item in store.items(run)} == {""}
            oracle.agrees(site, store, run)

    killed_everywhere(site, ("reports", "purge", "--older-than", "0d"), judge)


# --- random moments -------------------------------------------------------------------------


def at_random(zygote: Zygote, store_bytes: bytes, seed: int, count: int) -> None:
    """Kill *count* syncs after random times, drawn from *seed*."""
    chance = random.Random(seed)
    with a_site(zygote, *DIRECTIONS[seed % 2], store_bytes) as site:
        stage = Stage(site, chance.choice([SYNC, LOST, IN_DOUBT]))
        began = time.monotonic()
        stage.begin().end()
        usual_s = time.monotonic() - began

        def case(after_s: float) -> Callable[[], None]:
            def play() -> None:
                child = stage.begin()
                time.sleep(after_s)
                child.kill()
                child.end()
                stage.judge()

            return play

        moments = sorted(chance.uniform(0.0, 1.0) for _ in range(count))
        cases.play((f"{share:.6f}", case(share * usual_s)) for share in moments)


@pytest.mark.fault("F52")
@sampled
@pytest.mark.parametrize("seed", range(2))
def test_killed_at_random_moments(zygote: Zygote, store_bytes: bytes, seed: int) -> None:
    """Also between the points, where SQLite or the kernel is at work."""
    at_random(zygote, store_bytes, seed, examples(2, 15))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 120))
def test_killed_at_many_more_random_moments(zygote: Zygote, store_bytes: bytes, seed: int) -> None:
    """The same, more than a thousand times."""
    at_random(zygote, store_bytes, seed, 60)


# --- the points themselves ------------------------------------------------------------------


SOURCES = [
    path
    for room in ("engine", "connectors", "mappings", "runner", "web")
    for path in sorted((Path(__file__).parents[2] / room).rglob("*.py"))
]
"""The parts that could send or commit."""

PLACES = {
    "wire.Wire.open": {"self._client.send"},
    "wire.Wire.__init__": {"httpx.Client"},
    "deadline._Backend.connect_tcp": {"self._inner.connect_tcp"},
    "database.Database._begun": {"c.begin"},
    "database.Database.try_writing": {"connection.begin"},
    "opening._sqlite": {"sa.create_engine"},
    "opening._build": {"connection.begin"},
    "opening._upgrade": {"connection.begin"},
    "opening._back_up": {"sqlite3.connect"},
    "opening._let_shrink": {"sqlite3.connect"},
    "server._engine": {"sa.create_engine"},
    "server._engine.configure": {"connection.commit"},
    "server._stay_beside.configure": {"connection.commit"},
    "server._bring_up_to_date": {"connection.begin"},
    "copying._filled": {"target.begin"},
    "purge.Purge._vacuum": {"self._engine.raw_connection"},
    # the queue of a cluster has a schema of its own
    "dispatcher._enter": {"connection.commit"},
    "putting._enter": {"connection.commit"},
    # the dashboard's own database, and the address it listens at
    "database.Database.reading": {"connection.begin"},
    "database.Database.writing": {"connection.begin"},
    "server.Server.__enter__": {"socket.socket"},
    "security.Gate._handle": {"HTTPConnection"},  # a request that came in, of Starlette
}
"""Who may open a way out or begin a transaction: the harness stands around each of them."""

WAYS = (
    *("begin", "begin_nested", "commit", "raw_connection", "create_engine", "sqlite3.connect"),
    *("_client.send", "_client.request", "_client.stream", "_client.get", "_client.post"),
    *("httpx.Client", "httpx.get", "httpx.post", "httpx.request", "httpx.stream"),
    *("urlopen", "HTTPConnection", "HTTPSConnection", "socket.socket", "create_connection"),
    *("connect_tcp", "connect_unix_socket"),
)


def called(tree: ast.AST, where: str) -> Iterator[tuple[str, str]]:
    """Yield every call below *tree* with the name of the function that it is in."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call):
            yield where, ast.unparse(node.func)
        named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        name = f".{node.name}" if isinstance(node, named) else ""
        yield from called(node, where + name)


def test_there_are_no_other_ways() -> None:
    """A new send or commit elsewhere is noticed here, before it escapes the harness."""
    found: dict[str, set[str]] = {}
    for path in SOURCES:
        for where, call in called(ast.parse(path.read_text("utf-8")), path.stem):
            if any(call == way or call.endswith(f".{way}") for way in WAYS):
                found.setdefault(where, set()).add(call)
    assert found == PLACES


def test_nothing_is_changed_where_the_store_is_read() -> None:
    """What is read in a transaction is not written in it, since no point stands around it."""
    for path in SOURCES:
        within: dict[str, set[str]] = {}
        for where, call in called(ast.parse(path.read_text("utf-8")), path.stem):
            within.setdefault(where, set()).add(call)
        for where, calls in within.items():
            if "self._reading" in calls:
                assert not calls & {"sa.insert", "sa.update", "sa.delete", "sa.text"}, where
