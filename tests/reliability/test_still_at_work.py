"""A system that still works on a create when its process is killed, frozen, replaced or forgotten.

The systems do not look at equal numbers here: nobody but renkei keeps a second one from being made.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest
from tests.pair import DIRECTIONS
from tests.postgres import Database
from tests.reliability.harness import oracle
from tests.reliability.harness.killer import KILLED, Child, Zygote
from tests.reliability.harness.points import Armed
from tests.reliability.harness.site import Site, a_site
from tests.sampling import one_way

from renkei.model import Outcome, Status
from renkei.store.store import Store
from renkei_sandbox.faults import Rule

WORKS_S = 2.5
"""How long the target works on its first create."""

LONGEST_S = 3
SHORT = {
    "renkei.sync.doubt.SENT_S": 1.0,
    "renkei.sync.doubt.LOOK_EVERY_S": 0.3,
    "renkei.store.owner.LIFETIME_S": 0.6,
    "renkei.store.hold.LATE_S": 0.3,
    "renkei.store.hold.RENEW_S": 0.15,
    "renkei.database.server.FROZEN_S": 0.5,
}
"""The real wait, and a lease that lives for a moment only; so do locks of a server."""

ELSEWHERE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")


@pytest.fixture
def site(site: Site) -> Site:
    """A site whose people are patient."""
    patience(site)
    return site


def patience(site: Site) -> None:
    """Let a create that was lost count as one that the system may still be working on."""
    site.configure(f"settings: {{settle_wait_seconds: 0, longest_request_seconds: {LONGEST_S}}}")


def works(site: Site) -> Rule:
    """Let the first create take its time; all that wait for it have an answer in the end."""
    return site.system.faults.add("slow", seconds=WORKS_S, kind="create", times=1)


def begun(site: Site) -> tuple[str, Child]:
    """Return a run, and the process that waits for the answer to its first create."""
    run = site.fetched()
    slow = works(site)
    child = site.start(("sync", run, *site.everybody), settings=SHORT)
    until = time.monotonic() + 20
    while not slow.seen and time.monotonic() < until:
        time.sleep(0.01)
    assert slow.seen
    return run, child


def freeze(site: Site, child: Child) -> None:
    """Freeze a process for longer than its lease lives."""
    os.kill(child.pid, signal.SIGSTOP)
    while not may_be_written(site):
        # In the middle of a change of a file: nobody takes its locks away, as a server does.
        os.kill(child.pid, signal.SIGCONT)
        time.sleep(0.01)
        os.kill(child.pid, signal.SIGSTOP)
    time.sleep(SHORT["renkei.store.owner.LIFETIME_S"] + 0.1)


def may_be_written(site: Site) -> bool:
    """Tell whether the store is on a server, or nobody is writing into its file."""
    if site.database is not None:
        return True
    time.sleep(0.02)  # a signal takes a moment
    try:
        site.ask("begin immediate", 0.0)
    except sqlite3.OperationalError:
        return False
    return True


def gone_on(site: Site, run: str, *words: str) -> None:
    """Go on with the run: everybody is there once, and is told so."""
    until = time.monotonic() + WORKS_S
    result = site.renkei("resume", run, *words, settings=SHORT)
    assert result.code == 0, str(result)
    time.sleep(max(0.0, until - time.monotonic()))  # by then the first create is done as well
    once(site, run)


def replaced(site: Site, run: str, child: Child, *, held: bool = False) -> None:
    """Let another one take over from a frozen process, which sends nothing more when it wakes."""
    freeze(site, child)
    gone_on(site, run)
    sent = len(site.sent())
    os.kill(child.pid, signal.SIGCONT)
    if held:
        child.go_on()
    assert child.end().code == 5, child.results
    assert len(site.sent()) == sent
    once(site, run)


def once(site: Site, run: str) -> None:
    """Everybody was created or updated once, and the report says so."""
    with closing(Store(site.at)) as store:
        oracle.agrees(site, store, run)
        assert store.run(run).status is Status.DONE
        outcomes = {item.outcome for item in store.items(run, selected=True)}
    assert outcomes == {Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED}


@pytest.mark.parametrize("site", one_way(0), indirect=True)
def test_kill_9(site: Site) -> None:
    """Its create is looked up until it is there."""
    run, child = begun(site)
    child.kill()
    assert child.end().code == KILLED
    gone_on(site, run)


@pytest.mark.fault("F88")
@pytest.mark.parametrize("site", one_way(1), indirect=True)
def test_kill_9_and_again(site: Site) -> None:
    """So is the one who waits: each of them counts from the first intent."""
    run, child = begun(site)
    for _time in range(2):
        child.kill()
        assert child.end().code == KILLED
        child = site.start(("resume", run), settings=SHORT)
        time.sleep(0.3)
    child.kill()
    child.end()
    gone_on(site, run)


@pytest.mark.fault("F88")
@pytest.mark.parametrize("site", one_way(2), indirect=True)
def test_frozen_past_its_lease(site: Site) -> None:
    """Another one takes over and ends the run; the frozen one wakes and sends nothing more."""
    run, child = begun(site)
    replaced(site, run, child)


@pytest.mark.fault("F51", "F63")
@pytest.mark.parametrize("point", ["beat.commit", "intend.commit"])
def test_frozen_in_the_middle_of_a_commit(
    zygote: Zygote, postgres: Database, store_bytes: bytes, point: str
) -> None:
    """The server takes its locks away before those who wait for them give up."""
    with a_site(zygote, *DIRECTIONS[0], store_bytes, postgres) as site:
        patience(site)
        run = site.fetched()
        works(site)
        held = Armed(point, "hold")
        child = site.start(("sync", run, *site.everybody), armed=[held], settings=SHORT)
        assert child.until_held() == point
        replaced(site, run, child, held=True)


@pytest.mark.parametrize("site", one_way(3), indirect=True)
def test_frozen_for_a_moment(site: Site) -> None:
    """Nobody has taken over: it goes on as if nothing had happened."""
    run, child = begun(site)
    os.kill(child.pid, signal.SIGSTOP)
    time.sleep(SHORT["renkei.store.owner.LIFETIME_S"] + 0.3)
    os.kill(child.pid, signal.SIGCONT)
    assert child.end().code == 0, child.results
    once(site, run)


@pytest.mark.fault("F51")
@pytest.mark.parametrize("site", one_way(4), indirect=True)
def test_frozen_before_the_bytes_leave(site: Site) -> None:
    """Between the intent and the last look at the lease: it looks, and does not send."""
    run = site.fetched()
    held = Armed("intend.committed", "hold")
    # Held in Python its pulse would go on beating: so it is frozen as well.
    child = site.start(("sync", run, *site.everybody), armed=[held], settings=SHORT)
    assert child.until_held() == "intend.committed"
    replaced(site, run, child, held=True)


@pytest.mark.fault("F88")
@pytest.mark.parametrize("site", one_way(5), indirect=True)
def test_taken_over_while_it_works(site: Site) -> None:
    """Somebody is sure that it is dead, and errs: its create is waited for all the same."""
    run, child = begun(site)
    gone_on(site, run, "--take-over", "--yes")
    assert child.end().code == 5, child.results
    once(site, run)


@pytest.mark.fault("F51")
@pytest.mark.parametrize("site", one_way(6), indirect=True)
def test_a_living_one_is_not_replaced(site: Site) -> None:
    """While it waits for an answer for longer than a lease lives, it gives signs of life."""
    run, child = begun(site)
    time.sleep(SHORT["renkei.store.owner.LIFETIME_S"] + 0.1)
    result = site.renkei("resume", run, settings=SHORT)
    assert result.code == 5, str(result)
    assert child.end().code == 0, child.results
    once(site, run)


@pytest.mark.fault("F51")
@pytest.mark.parametrize("site", one_way(7), indirect=True)
def test_a_living_one_is_seen_from_another_namespace(site: Site) -> None:
    """A container and its host, two clones: a number that is not there proves nothing."""
    if subprocess.run([*ELSEWHERE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no PID namespaces here")
    run, child = begun(site)
    process = subprocess.run(
        [*ELSEWHERE, sys.executable, "-m", "renkei_runner", "resume", run],
        cwd=site.folder,
        env={**os.environ, **site._environment()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.end().code == 0, child.results
    # By the time another interpreter has started, the first one may have ended: then it is done.
    assert process.returncode in (0, 5), process.stderr
    once(site, run)


@pytest.mark.sqlite
@pytest.mark.parametrize("site", one_way(8), indirect=True)
def test_an_older_copy_of_the_store_is_put_back(site: Site) -> None:
    """It knows nothing of the create: somebody there by then is found, and not made again."""
    run = site.fetched()
    assert site.renkei("plan", run).code == 0
    older = site.store.read_bytes()
    slow = works(site)
    child = site.start(("sync", run, *site.everybody), settings=SHORT)
    while not slow.seen:
        time.sleep(0.01)
    child.kill()
    child.end()
    site.store.write_bytes(older)
    time.sleep(WORKS_S)
    result = site.renkei("sync", run, *site.everybody, settings=SHORT)
    assert result.code == 0, str(result)
    oracle.creates_once(site)


@pytest.mark.sqlite
@pytest.mark.fault("F88")
@pytest.mark.parametrize("site", one_way(9), indirect=True)
def test_an_older_copy_from_within_the_sync_is_put_back(site: Site) -> None:
    """The copy has the intent, and the process was killed: its create is waited for."""
    run, child = begun(site)
    with closing(Store(site.at)) as store:
        assert len(store.open_writes(int(run))) == 1
    older = site.store.read_bytes()
    child.kill()
    child.end()
    (site.folder / "renkei.db-journal").unlink(missing_ok=True)
    site.store.write_bytes(older)
    gone_on(site, run)
