from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial

import pytest
from tests.pair import DIRECTIONS, NEW
from tests.reliability.harness import cases, oracle
from tests.reliability.harness.killer import Child, Zygote
from tests.reliability.harness.points import Armed, kind
from tests.reliability.harness.site import NEW_PEOPLE, Site, a_site
from tests.reliability.harness.workloads import CHAIN, Stage
from tests.result import Result
from tests.sampling import sample, sampled

from renkei.model import Status
from renkei.store.store import Store

pytestmark = pytest.mark.timeout(240)  # many cases in one test: seconds, but not on a busy machine

IMPATIENT = {"renkei.database.opening.BUSY_TIMEOUT_S": 0.1}
"""The rivals do not wait long for somebody who is held in the middle of a transaction."""

UNSEEN = ("choose.begin", "choose.commit", "choose.committed", "begin_sync.begin")
"""Held there, a process has not taken the lease yet."""

LATE = "end_sync.committed"
"""Held there, a process has given the lease back."""

ON_ITS_WAY = ("renew.committed", "stamp.committed", "create.send")
"""
Held there for longer than a lease lives, a process would send what its successor sends too.

It is the one moment that nothing can guard: the lease was looked at, and the bytes are about to
leave. Only a machine that stops exactly there, and wakes after its successor was done, gets into
it.
"""

RIVALS: dict[str, Callable[[Site, str, str], tuple[str, ...]]] = {
    "resume": lambda _site, run, _other: ("resume", run),
    "other_run": lambda site, _run, other: ("sync", other, *site.everybody),
    "choice": lambda site, run, _other: (
        *("sync", run, "--number", NEW_PEOPLE[0]),
        *NEW[site.target],
    ),
    "cancel": lambda _site, run, _other: ("cancel", run),
    "purge": lambda *_: ("reports", "purge", "--older-than", "0d"),
    "fetch": lambda site, *_: ("fetch", site.source, site.target),
}
WRITERS = ("resume", "other_run")


def over(child: Child) -> int:
    """Let a process come to its end, which must be an orderly one; return its exit code."""
    child.end()
    oracle.tidy(*child.results)
    assert child.code in (0, 1, 2, 4, 5), f"{child.code}: {child.results}"
    return child.code


def settled(stage: Stage, *runs: str) -> None:
    """Go on with all runs, none of which may be refused for long, and look at what was written."""
    site = stage.site
    stage.heal()
    once = [("resume", run) for run in runs]
    sent, child = oracle.watched(site, *once, *once)
    oracle.tidy(*child.results)
    assert {result.code for result in child.results} <= {0, 1, 2}, str(child.results)
    assert sent[len(runs) - 1] == sent[-1], "the second resume has sent something"
    oracle.sound(site)
    with closing(Store(site.at)) as store:
        oracle.agrees(site, store, *runs)
        for run in runs:
            assert store.run(run).status is not Status.SYNCING


def busy(stage: Stage, rival: str, holder: Child, point: str, result: Result) -> None:
    """A rival that would write is told by whom the target, or the store, is being written."""
    assert result.code == 5, f"{rival}: {result}"
    if rival == "choice" and "is still being fetched or synced" in result.err:
        return  # the first request to write has left
    if point.endswith(".commit"):
        assert "is being written by another process" in result.err, str(result)
    elif rival in WRITERS:
        assert f"process {holder.pid} " in result.err, str(result)
        assert f"Run {stage.run} is writing to {stage.site.target}" in result.err
    else:
        assert "is being synced by another process" in result.err, str(result)


def rivalry(stage: Stage, rival: str, other: str, armed: Armed) -> None:
    """Hold a sync at one point, let its rival come and go, and let it go on."""
    site, point = stage.site, kind(armed.point)
    holder = stage.begin(armed)
    assert holder.until_held() == armed.point
    result = site.renkei(*RIVALS[rival](site, stage.run, other), settings=IMPATIENT)
    oracle.tidy(result)
    leased = point not in (*UNSEEN, LATE)
    if leased and rival in (*WRITERS, "choice"):
        busy(stage, rival, holder, point, result)
    holder.go_on()
    code = over(holder)
    sent = len(site.sent())
    settled(stage, *((stage.run, other) if rival == "other_run" else (stage.run,)))
    match rival:
        case "fetch":
            expected = 5 if point.endswith(".commit") else 0
            assert (result.code, code) == (expected, 0), str(result)
        case "purge":
            assert (code, sent) in ((0, 4), (2, 0)), "half of it was synced"
        case "cancel":
            cancelled = stage.status() is Status.CANCELLED
            assert (result.code == 0) == cancelled, f"{result}, and the run is not"
            assert (code in (2, 4)) == cancelled, f"exit {code}"
    if code == 0 and rival != "choice":
        stage.everybody_is_there()


def sleeper(stage: Stage, rival: str, other: str, armed: Armed) -> None:
    """Hold a sync at one point until its lease has run out and its rival has finished."""
    site = stage.site
    holder = stage.begin(armed)
    assert holder.until_held() == armed.point
    site.age_lease()
    result = site.renkei(*RIVALS[rival](site, stage.run, other))
    oracle.tidy(result)
    assert result.code == 0, str(result)
    sent = len(site.sent())
    holder.go_on()
    assert over(holder) == 5, f"it has lost its lease, and does not know: {holder.result}"
    late = site.sent()[sent:]
    assert len(late) <= (kind(armed.point) == "update.send"), f"sent all the same: {late}"
    settled(stage, *((stage.run, other) if rival == "other_run" else (stage.run,)))
    stage.everybody_is_there()


def at_each(
    stage: Stage, rival: str, other: str, race: Callable[[Stage, str, str, Armed], None]
) -> Iterator[cases.Case]:
    """Yield a case for every point at which the first of two processes can be held."""
    points = [each for each in stage.once_each() if race is rivalry or not is_awake(kind(each))]
    few = (30, list(RIVALS).index(rival)) if race is rivalry else (8, WRITERS.index(rival))
    for moment in sample(points, *few):
        yield moment, partial(race, stage, rival, other, Armed(moment, "hold"))


def is_awake(point: str) -> bool:
    """Tell whether nobody can take over at a point: in a transaction the whole store is locked."""
    return point in (*UNSEEN, LATE, *ON_ITS_WAY) or point.endswith(".commit")


@pytest.mark.fault("F48")
@sampled
@pytest.mark.parametrize("rival", RIVALS)
def test_somebody_else_comes_at_every_moment(
    zygote: Zygote, store_bytes: bytes, rival: str
) -> None:
    """One writes; the other is told so, or does what does no harm."""
    direction = DIRECTIONS[list(RIVALS).index(rival) % 2]
    with a_site(zygote, *direction, store_bytes) as site:
        other = site.fetched()
        cases.play(at_each(Stage(site, CHAIN), rival, other, rivalry))


@pytest.mark.fault("F51")
@sampled
@pytest.mark.parametrize("rival", WRITERS)
def test_a_process_sleeps_through_its_lease(zygote: Zygote, store_bytes: bytes, rival: str) -> None:
    """Another one takes over and finishes; the sleeper wakes, finds out, and sends nothing more."""
    with a_site(zygote, *DIRECTIONS[rival == "resume"], store_bytes) as site:
        site.allow(1)  # of several threads only one would sleep
        other = site.fetched()
        cases.play(at_each(Stage(site, CHAIN), rival, other, sleeper))


@pytest.mark.fault("F48")
@pytest.mark.parametrize("count", [2, 8])
@pytest.mark.parametrize("same", [True, False], ids=["one_run", "a_run_each"])
def test_many_start_at_once(site: Site, count: int, same: bool) -> None:
    """Of those who take the lease at the same moment, one writes; the others are told so."""
    runs = [site.fetched()] * count if same else [site.fetched() for _ in range(count)]
    children = [
        site.start(("sync", run, *site.everybody), armed=[Armed("begin_sync.begin", "hold")])
        for run in runs
    ]
    for child in children:
        assert child.until_held() == "begin_sync.begin"
    for child in children:
        child.go_on()
    codes = [over(child) for child in children]
    assert 0 in codes
    assert set(codes) <= {0, 5}
    oracle.creates_once(site)
    assert len(site.sent()) == 4, "two creates and two updates, all of them by one process"


@pytest.mark.sqlite
@pytest.mark.fault("F50")
@pytest.mark.long
@pytest.mark.parametrize("seed", range(300, 330))
def test_random_schedules(zygote: Zygote, store_bytes: bytes, seed: int) -> None:
    """Two to eight processes on two runs, held and let go, aged and killed in any order."""
    with a_site(zygote, *DIRECTIONS[seed % 2], store_bytes) as site:
        other = site.fetched()
        stage = Stage(site, CHAIN)
        points = [each for each in map(kind, stage.once_each()) if each not in ON_ITS_WAY]

        def schedule(number: int) -> None:
            chance = random.Random(seed * 1000 + number)
            armed = Armed(chance.choice(points), "hold", chance.randint(1, 3))
            children = [stage.begin(armed, **IMPATIENT)]
            for _ in range(chance.randint(1, 7)):
                words = RIVALS[chance.choice(("resume", "other_run", "choice", "fetch"))]
                armed = Armed(chance.choice(points), "hold", chance.randint(1, 3))
                how = {"settings": {**CHAIN.how["settings"], **IMPATIENT}}
                children.append(site.start(words(site, stage.run, other), armed=[armed], **how))
            held = [child for child in children if child.until_held() is not None]
            chance.shuffle(held)
            for child in held:
                if chance.random() < 0.2:
                    child.kill()
                if chance.random() < 0.2:
                    with suppress(sqlite3.OperationalError):  # somebody is in a transaction
                        site.age_lease()
                child.go_on()
                child.end()
            settled(stage, stage.run, other)

        cases.play((f"schedule {number}", partial(schedule, number)) for number in range(20))
