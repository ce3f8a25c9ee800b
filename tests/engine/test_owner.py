"""Who is at work, and who is dead: told by proof on this machine, by silence everywhere else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from attrs import evolve

from renkei.errors import BusyError
from renkei.http.connection import Connection
from renkei.http.secret import Secret
from renkei.model import Remark, Status
from renkei.people import Values
from renkei.store import owner as owners
from renkei.store.owner import Owner
from renkei.store.store import Store
from renkei.store.tables import leases, runs

if TYPE_CHECKING:
    from tests.engine.world import World

OTHERS: dict[str, Callable[[Owner], Owner]] = {
    "another machine": lambda me: evolve(me, boot="of another one", host="elsewhere"),
    "before a restart": lambda me: evolve(me, boot="of yesterday"),
    "renkei 0.1.0": lambda me: Owner(me.host, me.pid, 12.0),
    "a system that tells no boot": lambda me: evolve(me, boot=""),
    "another clock": lambda me: evolve(me, boot="same", clock="time:[1]"),
}
"""Owners whose signs of life are of a clock that is not ours."""


@pytest.fixture(autouse=True)
def nobody_watched() -> Iterator[None]:
    """Each test begins without having seen anybody."""
    owners._watched.clear()
    yield
    owners._watched.clear()


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let our own clocks go on by some seconds."""
    began, passed = time.monotonic(), [0.0]
    beat = owners.beat()
    monkeypatch.setattr(time, "monotonic", lambda: began + passed[0])
    monkeypatch.setattr(owners, "beat", lambda: beat + passed[0])

    def go_on(seconds: float) -> None:
        passed[0] += seconds

    return go_on


def syncing(world: World, owner: Owner, beat: float = 1.0) -> str:
    """Return a run that *owner* syncs, which is not this process."""
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)
    with world.runs() as opened:
        store = opened._store
        store.begin_sync(run.id, opened.clock.now(), "sato", account=world.account())
        with store._writing() as connection:
            connection.execute(sa.update(leases).values(owner=str(owner), beat=beat))
    return run.id


def begin(world: World, run: str) -> None:
    """Try to take the lease."""
    with world.runs() as opened:
        opened._store.begin_sync(run, opened.clock.now(), "t", account=world.account())


def sign(world: World, beat: float) -> None:
    """Let the other one give a sign of life."""
    with world.runs() as opened, opened._store._writing() as connection:
        connection.execute(sa.update(leases).values(beat=beat))


@pytest.mark.fault("F89")
@pytest.mark.parametrize("kind", OTHERS)
def test_who_cannot_be_seen_is_dead_after_twenty_silent_seconds(
    world: World, kind: str, steady: Callable[[float], None]
) -> None:
    """Counted on our own clock from when we first looked; the stamps themselves say nothing."""
    run = syncing(world, OTHERS[kind](Owner.me()), beat=-1e9)
    with pytest.raises(BusyError) as caught:
        begin(world, run)
    assert caught.value.known_in_s == 20.0
    steady(19.0)
    with pytest.raises(BusyError):
        begin(world, run)
    steady(1.5)
    begin(world, run)


def test_a_sign_of_life_starts_the_count_anew(
    world: World, steady: Callable[[float], None]
) -> None:
    """Whatever it says: also one of a clock that was set back."""
    run = syncing(world, OTHERS["another machine"](Owner.me()), beat=100.0)
    for beat in (105.0, 90.0):
        with pytest.raises(BusyError):
            begin(world, run)
        steady(19.0)
        sign(world, beat)
    with pytest.raises(BusyError):
        begin(world, run)


@pytest.mark.fault("F74")
def test_a_server_of_many_months_forgets_whom_it_has_watched_first(
    steady: Callable[[float], None],
) -> None:
    """Each sync has a lease of its own; somebody who is forgotten is watched from the start."""
    other = OTHERS["another machine"](Owner.me())
    for token in range(1_000):
        owners.silent_s(other, 100.0, f"lease {token}")
        owners.silent_s(other, float(token), "another one that lives")
        steady(owners.FORGET_S / 100)
    assert len(owners._watched) == 102
    assert owners._watched["another one that lives"].lives
    assert "lease 0" not in owners._watched


@pytest.mark.fault("F89")
def test_however_many_are_watched_in_turn_each_is_found_dead(
    steady: Callable[[float], None],
) -> None:
    """The jobs that a worker on another machine left, of all companies of a large office."""
    other = OTHERS["another machine"](Owner.me())
    places = [f"job {number}" for number in range(5_000)]
    assert all(owners.is_alive(other, 100.0, place) for place in places)
    steady(owners.LIFETIME_S + 1)
    assert not any(owners.is_alive(other, 100.0, place) for place in places)


@pytest.mark.fault("F89")
def test_who_gives_a_sign_while_it_is_watched_is_not_waited_for(world: World) -> None:
    """It is at work: a command that would write says so at once."""
    run = syncing(world, OTHERS["another machine"](Owner.me()), beat=100.0)
    with pytest.raises(BusyError) as caught:
        begin(world, run)
    assert caught.value.known_in_s is not None
    sign(world, 105.0)
    with pytest.raises(BusyError) as caught:
        begin(world, run)
    assert caught.value.known_in_s is None


@pytest.mark.fault("F89")
def test_a_sync_waits_until_it_is_known_that_the_other_is_dead(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a person; and a report says how it stands."""
    monkeypatch.setattr(owners, "LIFETIME_S", 0.5)
    run = syncing(world, OTHERS["before a restart"](Owner.me()))
    with world.runs() as opened:
        assert opened.run(run).status is Status.SYNCING
        opened.watch()
        assert opened.run(run).status is Status.PAUSED
    owners._watched.clear()
    with world.runs() as opened:
        assert opened.sync(run).status is Status.DONE


@pytest.mark.fault("F89")
def test_another_namespace_of_this_boot_is_told_by_the_clock_they_share(
    world: World, steady: Callable[[float], None]
) -> None:
    """A container and its host: nobody is proved dead, and its last sign is not seen anew."""
    there = evolve(Owner.me(), pids="pid:[1]", pid=4_000_000)
    run = syncing(world, there, beat=owners.beat())
    steady(5.0)
    with pytest.raises(BusyError) as caught:
        begin(world, run)
    assert caught.value.known_in_s == pytest.approx(15.0)
    steady(14.0)
    with pytest.raises(BusyError):
        begin(world, run)
    steady(2.0)
    begin(world, run)


@pytest.mark.fault("F89")
def test_a_frozen_process_of_this_machine_is_replaced_by_time(
    world: World, steady: Callable[[float], None]
) -> None:
    """It lives, and gives no sign: it finds out by its token."""
    run = syncing(world, Owner.me(), beat=owners.beat())
    for silent, known in ((0.0, None), (12.0, pytest.approx(8.0))):
        steady(silent)
        with pytest.raises(BusyError) as caught:
            begin(world, run)
        assert caught.value.known_in_s == known
    steady(8.5)
    begin(world, run)


@pytest.mark.fault("F36")
def test_the_clock_of_the_machine_kills_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set by a day, forward or back, while a run is synced."""
    run = syncing(world, Owner.me(), beat=owners.beat())
    for days in (-1, 1):
        now = time.time() + days * 86400.0
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda now=now: now)
            with pytest.raises(BusyError):
                begin(world, run)


@pytest.mark.fault("F89")
def test_whoever_knows_better_takes_over_and_it_stands_in_the_report(world: World) -> None:
    """At once, from a process that may live."""
    run = syncing(world, OTHERS["another machine"](Owner.me()))
    with world.runs() as opened:
        done = opened.sync(run, take_over=True)
    assert done.status is Status.DONE
    assert str(done.taken_over_by).startswith("tester")


def test_nothing_was_taken_over_from_nobody(world: World) -> None:
    """The option alone stands in no report."""
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)
    with world.runs() as opened:
        assert opened.sync(run.id, take_over=True).taken_over_by is None


@pytest.mark.fault("F89")
@pytest.mark.parametrize("kind", ["another machine", "renkei 0.1.0"])
def test_a_dead_fetch_elsewhere_is_seen_as_dead(
    world: World, kind: str, steady: Callable[[float], None]
) -> None:
    """It shows as fetching while it may live, and as failed once it has been silent for long."""
    world.in_clinic("001")
    run = world.fetch()
    with world.runs() as opened, opened._store._writing() as connection:
        theirs = {"owner": str(OTHERS[kind](Owner.me())), "beat": 5.0, "status": "fetching"}
        connection.execute(sa.update(runs).values(theirs))
    with world.runs() as opened:
        assert opened.run(run.id).status is Status.FETCHING
        steady(21.0)
        after = opened.run(run.id)
        assert (after.status, after.reason) == (Status.FAILED, Remark("interrupted"))
        assert opened.reports()[0].status is Status.FAILED


def test_a_fetch_gives_signs_of_life(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while a request runs."""
    monkeypatch.setattr("renkei.store.hold.RENEW_S", 0.02)
    beats: set[float] = set()

    def slow(hook: str, _values: Values) -> None:
        if hook != "list_employees":
            return
        until = time.monotonic() + 5
        while len(beats) < 3 and time.monotonic() < until:
            with world.runs() as opened, opened._store._reading() as connection:
                beats.add(connection.execute(sa.select(runs.c.beat)).scalar_one())

    world.clinic.trouble = slow
    world.in_clinic("001")
    world.fetch()
    assert len(beats) >= 3


@pytest.mark.fault("F89")
def test_a_sync_gives_signs_of_life_while_a_request_runs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody takes over from a process that waits for an answer."""
    monkeypatch.setattr("renkei.store.hold.RENEW_S", 0.02)
    beats: set[float] = set()

    def slow(hook: str, _values: Values) -> None:
        until = time.monotonic() + 5
        while hook == "create_employee" and len(beats) < 3 and time.monotonic() < until:
            with world.runs() as opened, opened._store._reading() as connection:
                beats.add(connection.execute(sa.select(leases.c.beat)).scalar_one())

    world.rosta.trouble = slow
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)
    assert world.resume(run).status is Status.DONE
    assert len(beats) >= 3


@pytest.mark.fault("F89")
def test_two_names_of_one_account_share_its_lease(world: World) -> None:
    """The token and the address tell, not what somebody calls the connection."""
    file = world.folder / "renkei.yaml"
    text = file.read_text()
    connections, more = text.split("mappings:")
    again = connections[connections.index("  rosta:") :].replace("  rosta:", "  other:")
    file.write_text(f"{connections}{again}mappings:{more}")
    world.fetch()  # makes the store
    with world.runs() as opened:
        readers = map(opened._ground.systems.reader, ("rosta", "other", "clinic"))
        names = [opened._store.account(each.connection.identity) for each in readers]
    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize("take_over", [False, True])
def test_a_run_is_synced_once_also_when_its_account_reads_otherwise(
    world: World, monkeypatch: pytest.MonkeyPatch, *, take_over: bool
) -> None:
    """The token was replaced while a sync is at work: the run itself is busy, too."""
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)
    with world.runs() as opened:
        old = opened._store.begin_sync(run.id, opened.clock.now(), "x", account=world.account())
    monkeypatch.setenv("RENKEI_TEST_TOKEN", "another-token")
    with world.runs() as opened:
        if not take_over:
            with pytest.raises(BusyError):
                opened.sync(run.id)
            return
        assert opened.sync(run.id, take_over=True).taken_over_by is not None
        with pytest.raises(BusyError):
            opened._store.intend(old, [], [(1, "create")], opened.clock.now())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://127.0.0.1:1", "http://localhost:1/", True),
        ("http://127.0.0.1:1", "http://[::1]:1", True),
        ("https://api.example.jp", "https://API.example.jp:443/", True),
        ("https://a.example.jp", "https://b.example.jp", False),
        ("https://a.example.jp/v1", "https://a.example.jp/v2", False),
        ("http://127.0.0.1:1", "http://127.0.0.1:2", False),
    ],
)
def test_an_address_is_one_however_it_is_spelt(one: str, other: str, *, same: bool) -> None:
    """Host names know no capitals, ports have defaults, and this computer has several names."""
    identities = {
        Connection(name="x", connector="x", base_url=url, token=Secret("t")).identity
        for url in (one, other)
    }
    assert (len(identities) == 1) is same


ELSEWHERE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")


@pytest.fixture
def unshare() -> None:
    """Skip where no PID namespace can be made: macOS, or without the right to it."""
    if subprocess.run([*ELSEWHERE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no PID namespaces here")


OTHER_MACHINE = "import renkei.store.owner as owners; owners._boot = lambda: 'another boot';"
"""With namespaces of its own for all that a process can see, and another boot: another machine."""


def held(place: str, script: str, *prefix: str) -> subprocess.Popen[str]:
    """Start a process that runs *script* on the store at *place*; it prints a line and waits."""
    code = script.replace("STORE", repr(place))
    return subprocess.Popen(
        [*prefix, sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    )


@pytest.mark.postgres
@pytest.mark.fault("F89")
@pytest.mark.usefixtures("unshare")
@pytest.mark.parametrize("where", ["namespace", "machine"])
def test_a_living_process_elsewhere_keeps_its_lease(world: World, where: str) -> None:
    """In its own namespace it has another number: nobody of that number here proves anything."""
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)
    script = (
        f"{OTHER_MACHINE if where == 'machine' else ''}"
        "import datetime as dt, time; from renkei.store.hold import Hold, Moment;"
        " from renkei.store.store import Store;"
        f"store = Store(STORE); lease = store.begin_sync({run.id!r}, dt.datetime.now(dt.UTC), 'x',"
        f" account={world.account()!r});"
        " hold = Hold(store, lease, Moment.now()).__enter__(); print('held', flush=True);"
        " time.sleep(60)"
    )
    more = ("--uts", "--ipc", "--net") if where == "machine" else ()
    process = held(world.at, script, *ELSEWHERE, *more)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(BusyError):
            begin(world, run.id)
        with world.runs() as opened:
            assert opened.run(run.id).status is Status.SYNCING
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert os.getpid() != process.pid
    assert isinstance(Store(world.at), Store)


def test_where_nothing_tells_a_machine_nobody_is_proved_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two systems that tell neither boot nor namespaces look alike and may be two machines."""
    monkeypatch.setattr(owners, "_boot", lambda: "")
    monkeypatch.setattr(owners, "_namespace", lambda _kind: "")
    mine = evolve(Owner.me(), boot="", pids="", clock="")
    assert not mine.is_here
    assert not mine.shares_clock
    assert not evolve(mine, pid=2**22 + 1).is_dead()
