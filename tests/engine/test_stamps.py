"""How long a create in doubt is waited for: by its own stamp, the real clock and nothing else."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from attrs import define, field
from tests.engine.world import ROSTA

from renkei.errors import BusyError, InDoubtError, RecordError, StoreError, UnavailableError
from renkei.model import Outcome, Selection, Status
from renkei.observer import Observer
from renkei.people import Values
from renkei.runs import Runs
from renkei.store import hold as holds
from renkei.store import owner as owners
from renkei.store.hold import Hold, Moment
from renkei.store.store import Store

if TYPE_CHECKING:
    from tests.engine.world import World

LOST = InDoubtError(UnavailableError("lost"))
LONGEST_S = 50


@define
class Impatient(Observer):
    """Interrupts as soon as it is told for whom renkei waits, and remembers for how long."""

    runs: Runs | None = None
    told: list[tuple[list[str], float]] = field(factory=list)

    def in_doubt(self, connection: str, numbers: Sequence[str], seconds: float) -> None:
        """Remember, and stop."""
        self.told.append((list(numbers), seconds))
        assert self.runs is not None
        self.runs.interrupt()


def resumed(world: World, run: str) -> list[tuple[list[str], float]]:
    """Resume until renkei waits for somebody; return for whom and for how many seconds."""
    watcher = Impatient()
    with world.runs(watcher) as runs:
        watcher.runs = runs
        runs.sync(run)
    return watcher.told


def waits_for(world: World, run: str, seconds: float) -> None:
    """The one employee is waited for, this many *seconds* longer."""
    [(numbers, left)] = resumed(world, run)
    assert numbers == ["001"]
    assert left == pytest.approx(seconds, abs=2)


@pytest.fixture
def lost(world: World) -> str:
    """Return a run with one create that was lost a moment ago; nobody is there."""
    file = world.folder / "renkei.yaml"
    text = file.read_text()
    short, long = "settings: {", f"settings: {{longest_request_seconds: {LONGEST_S}, "
    assert short in text
    file.write_text(text.replace(short, long))
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)

    def lose(hook: str, _values: Values) -> None:
        if hook == "create_employee":
            raise LOST

    world.rosta.trouble = lose
    assert resumed(world, run.id)
    world.rosta.trouble = lambda _hook, _values: None
    assert world.outcome(run, "001") == (Outcome.UNKNOWN, "in_doubt")
    return run.id


def stamp(world: World, seconds: float | None) -> None:
    """Let the request have left this many *seconds* ago; None: nobody knows when."""
    sent_at = None if seconds is None else time.time() - seconds
    with closing(sqlite3.connect(world.folder / "reports.db")) as store, store:
        store.execute("update writes set sent_at = ? where result is null", (sent_at,))


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("ago", "left"),
    [(0, LONGEST_S + 1), (20, LONGEST_S - 19), (49, 2), (-86400, LONGEST_S + 1),
     (-5, LONGEST_S + 1), (None, LONGEST_S + 1)],
)  # fmt: skip
def test_what_is_left_of_the_longest_request_is_waited_for(
    world: World, lost: str, ago: float | None, left: float
) -> None:
    """Since it left by its stamp; one of the future, or none, counts from now."""
    stamp(world, ago)
    waits_for(world, lost, left)
    assert world.rosta.writes == []


@pytest.mark.sqlite
def test_after_the_longest_request_it_is_sent_again_at_once(world: World, lost: str) -> None:
    """Nobody waits for what cannot come any more."""
    stamp(world, LONGEST_S + 2)
    assert resumed(world, lost) == []
    assert [values["id_no"] for _kind, _id, values in world.rosta.writes] == ["001"]


@pytest.mark.sqlite
def test_who_is_refused_as_an_earlier_process_has_made_them_was_created(
    world: World, lost: str
) -> None:
    """The system has the number by then, and no look has shown it before: nobody has failed."""
    stamp(world, LONGEST_S + 2)

    def taken(hook: str, values: Values) -> None:
        if hook == "create_employee":
            world.rosta.add(**{**dict.fromkeys(each.name for each in ROSTA), **values})
            raise RecordError("this number is taken")

    world.rosta.trouble = taken
    assert resumed(world, lost) == []
    with world.runs() as runs:
        run = runs.run(lost)
    assert run.status is Status.DONE
    assert world.outcome(run, "001") == (Outcome.CREATED, None)
    assert len(world.rosta.find("001")) == 1


@pytest.mark.sqlite
@pytest.mark.parametrize("hours", [-12, 12])
def test_the_calendar_does_not_move_the_wait(
    world: World, lost: str, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """RENKEI_NOW is for closed hours and base dates; the system works on in real time."""
    moment = dt.datetime.fromisoformat("2026-11-20T12:00:00+09:00") + dt.timedelta(hours=hours)
    monkeypatch.setenv("RENKEI_NOW", moment.isoformat())
    stamp(world, 10)
    waits_for(world, lost, LONGEST_S - 9)


@pytest.mark.sqlite
def test_a_new_run_waits_for_the_stamp_of_the_old_one(world: World, lost: str) -> None:
    """It is the system that may still be at work, whichever run had asked for it."""
    assert lost
    stamp(world, 20)
    again = world.fetch()
    world.choose(again)
    waits_for(world, again.id, LONGEST_S - 19)
    assert world.rosta.writes == []


def test_two_names_of_one_account_wait_for_each_other(world: World, lost: str) -> None:
    """The same system may be creating the employee under the other name of its connection."""
    assert lost
    file = world.folder / "renkei.yaml"
    text = file.read_text()
    connections, more = text.split("mappings:")
    other = connections[connections.index("  rosta:") :].replace("  rosta:", "  other:")
    uses = more.replace("pair.yaml}", "pair.yaml, sides: {clinic: clinic, rosta: other}}")
    file.write_text(f"{connections}{other}mappings:{uses}")
    with world.runs() as runs:
        again = runs.fetch("clinic", "other")
        runs.choose(again.id, Selection(numbers=("001",), new={"ward": "W1"}))
    told = resumed(world, again.id)
    assert [numbers for numbers, _seconds in told] == [["001"]]
    assert world.rosta.writes == []


# --- the stamp of the request in hand, and the lease under it -----------------------------------


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let both clocks go on by some seconds."""
    passed = [0.0]
    for name in ("time", "monotonic"):
        real = getattr(time, name)
        monkeypatch.setattr(time, name, lambda real=real: real() + passed[0])

    def go_on(seconds: float) -> None:
        passed[0] += seconds

    return go_on


@pytest.fixture
def held(world: World) -> Iterator[tuple[Store, Hold]]:
    """Return a store, and the lease of a run that is about to write."""
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)
    store = Store(str(world.folder / "reports.db"))
    since = Moment.now()
    lease = store.begin_sync(run.id, dt.datetime.now(dt.UTC), "t", account="rosta")
    yield store, Hold(store, lease, since)
    store.close()


def sent_at(store: Store, hold: Hold) -> float:
    """Return the stamp of the one write."""
    [write] = store.open_writes(hold.lease.run_id)
    assert write.sent_at is not None
    return write.sent_at


@pytest.mark.sqlite
def test_a_request_that_was_held_up_gets_a_new_stamp(
    held: tuple[Store, Hold], later: Callable[[float], None]
) -> None:
    """It waited for room, or is the second try: the system has it only from now on."""
    store, hold = held
    (write,) = hold.intend([], [(1, "create")], dt.datetime.now(dt.UTC)) or [0]
    first = sent_at(store, hold)
    with hold.sending(write):
        later(0.5)
        hold.check()
        assert sent_at(store, hold) == first  # within SENT_S, which everybody adds to the wait
        for _wait in range(2):
            before = sent_at(store, hold)
            later(7.0)
            hold.check()
            assert sent_at(store, hold) == pytest.approx(before + 7, abs=1)


@pytest.mark.sqlite
def test_what_is_sent_after_a_write_does_not_move_its_stamp(
    held: tuple[Store, Hold], later: Callable[[float], None]
) -> None:
    """Looks at others leave under the same lease, long after."""
    store, hold = held
    (write,) = hold.intend([], [(1, "create")], dt.datetime.now(dt.UTC)) or [0]
    before = sent_at(store, hold)
    with hold.sending(write):
        pass
    later(7.0)
    hold.check()
    assert sent_at(store, hold) == before


@pytest.mark.sqlite
def test_a_lease_lives_as_long_as_its_block(
    held: tuple[Store, Hold], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Renewed again and again, whatever the block waits for; and not after it."""
    monkeypatch.setattr(holds, "RENEW_S", 0.01)
    store, hold = held
    renewed, often, real = [0], threading.Event(), store.renew

    def renew(lease: object) -> None:
        real(lease)  # type: ignore[arg-type]
        renewed[0] += 1
        if renewed[0] == 3:
            often.set()

    monkeypatch.setattr(store, "renew", renew)
    with hold:
        assert often.wait(1.0)
    count = renewed[0]
    time.sleep(0.05)
    assert renewed[0] == count


@pytest.mark.parametrize("trouble", ["store", "busy"])
def test_a_pulse_outlives_a_store_that_cannot_be_written_for_a_moment(
    monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    """Another process writes longer than usual; only a lease that was taken over ends it."""
    monkeypatch.setattr(holds, "RENEW_S", 0.01)
    calls, second = [0], threading.Event()

    def renew() -> None:
        calls[0] += 1
        if calls[0] > 1:
            second.set()
        raise StoreError("locked") if trouble == "store" else BusyError("taken over")

    with holds.Pulse(renew):
        assert second.wait(1.0 if trouble == "store" else 0.1) == (trouble == "store")


def test_twenty_seconds_and_five() -> None:
    """What reliability.md promises; a lease is looked at in time for the clocks of others."""
    assert (owners.RENEW_S, owners.LIFETIME_S) == (5.0, 20.0)
    assert holds.LATE_S < owners.LIFETIME_S - owners.RENEW_S


@pytest.mark.sqlite
def test_the_wait_is_a_second_longer_than_the_longest_request(world: World, lost: str) -> None:
    """A stamp may be that much older than the moment at which its request left."""
    stamp(world, None)
    [(_numbers, left)] = resumed(world, lost)
    assert LONGEST_S + 0.5 < left <= LONGEST_S + holds.SENT_S
