"""Several writes in flight: who flies beside whom, and what becomes of those that land."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import ClassVar

import pytest
from attrs import evolve
from tests.engine.test_apply import hires, mailed, sent
from tests.engine.world import World

from renkei.connector import hookimpl
from renkei.errors import AccessError, BusyError, RecordError, UnavailableError
from renkei.http.pace import Pacer
from renkei.model import Outcome, Run, Status
from renkei.people import Employee, NewField, Parallel, Ref, RequestLimit, Values
from renkei.plugins.writer import Writer
from renkei.store import codec
from renkei.store.codec import Fields
from renkei.store.hold import Hold, Moment
from renkei.store.journal import Told
from renkei.store.lease import Lease
from renkei.store.store import Store
from renkei.testing import MemoryConnector, installed

PATIENCE_S = 30


class ManyAtOnce(MemoryConnector):
    """A connector that may be called from several threads."""

    @hookimpl
    def in_parallel(self) -> Collection[Parallel]:
        return ["writes"]


class Sky:
    """Sees who is in the air together; each write lasts until nobody else joins for a moment."""

    def __init__(self, lasts_s: float = 0.05) -> None:
        self.together: list[set[str]] = []
        self.threads: set[int] = set()
        self._flying: set[str] = set()
        self._lock = threading.Lock()
        self._lasts_s = lasts_s
        self.meet: Callable[[str], None] = lambda _name: None

    def __call__(self, hook: str, values: Values) -> None:
        if hook.startswith(("read", "list")):
            return
        name = str(values.get("id_no") or values.get("email") or values.get("capacity"))
        with self._lock:
            self._flying.add(name)
            self.threads.add(threading.get_ident())
            self.together.append(set(self._flying))
        try:
            time.sleep(self._lasts_s)
            self.meet(name)
        finally:
            with self._lock:
                self._flying.discard(name)

    @property
    def most(self) -> int:
        """How many were in the air at once."""
        return max(map(len, self.together), default=0)


@pytest.fixture
def sky(world: World) -> Iterator[Sky]:
    """The rosta lets several writes fly, and is watched."""
    watched = Sky()
    world.rosta.trouble = watched
    with installed(rosta=lambda _connection: ManyAtOnce(world.rosta)):
        yield watched


def allow(world: World, in_flight: int) -> None:
    """Allow *in_flight* requests to the rosta at a time."""
    file = world.folder / "renkei.yaml"
    text = file.read_text().replace(
        "    connector: rosta\n", f"    connector: rosta\n    in_flight: {in_flight}\n"
    )
    file.write_text(text)


def capacities(world: World, count: int) -> Run:
    """Return a run that changes the capacity of *count* people, chosen."""
    for each in range(count):
        number = f"{each:03}"
        world.in_clinic(number, beds=100 + each)
        world.in_rosta(number)
    run = world.fetch()
    world.choose(run)
    return run


@pytest.mark.parametrize(("in_flight", "most"), [(1, 1), (3, 3), (20, 12)])
def test_so_many_writes_fly_as_the_connection_allows(
    world: World, sky: Sky, in_flight: int, most: int
) -> None:
    """Everybody is written once; the first is not waited for by the others."""
    allow(world, in_flight)
    run = capacities(world, 12)
    assert world.resume(run).status is Status.DONE
    assert sorted(sent(world)) == [f"update {each:03}" for each in range(12)]
    assert sky.most == most


def test_who_says_nothing_of_threads_meets_one(world: World) -> None:
    """A connector of renkei 0.1 is called by the thread that runs the command."""
    watched = Sky(0.001)
    world.rosta.trouble = watched
    run = capacities(world, 5)
    assert world.resume(run).status is Status.DONE
    assert watched.most == 1
    assert watched.threads == {threading.get_ident()}


def test_an_address_that_is_handed_on_never_flies_with_itself(world: World, sky: Sky) -> None:
    """The new owner waits for the old one to give it up: the system might refuse a second."""
    world.in_clinic("001", mail="new@example.jp")
    world.in_rosta("001", email="shared@example.jp")
    world.in_clinic("002", mail="Shared@example.jp ")
    world.in_rosta("002", email="old@example.jp")
    world.in_clinic("003", mail="third@example.jp")
    world.in_rosta("003", email="else@example.jp")
    run = world.fetch()
    world.choose(run)
    assert world.resume(run).status is Status.DONE
    assert len(sent(world)) == 3
    assert not any({"new@example.jp", "Shared@example.jp "} <= each for each in sky.together)
    assert sky.most == 2


def test_the_first_new_employee_flies_alone(world: World, sky: Sky) -> None:
    """Until a look has shown that the number was stored; then the others follow together."""
    run = hires(world, *(f"{each:03}" for each in range(6)))
    assert world.resume(run).status is Status.DONE
    assert len(sky.together[0]) == len(sky.together[1]) == 1
    assert sky.most == 5


def test_one_who_is_refused_fails_alone(world: World, sky: Sky) -> None:
    """The others in flight are as good as ever."""
    run = capacities(world, 8)

    def meet(name: str) -> None:
        if name == "103":
            raise RecordError("no", code="refused", fields=("capacity",))

    sky.meet = meet
    done = world.resume(run)
    assert done.status is Status.DONE_WITH_ERRORS
    assert world.outcome(run, "003") == (Outcome.FAILED, "refused")
    assert len(sent(world)) == 7


def test_nothing_leaves_after_what_may_be_the_system(world: World, sky: Sky) -> None:
    """All who are in flight are refused: none of them failed, and nobody behind them was sent."""
    allow(world, 4)
    run = capacities(world, 12)

    def meet(name: str) -> None:
        time.sleep((int(name) - 100) / 10)  # one after the other
        raise AccessError("no right", code="right")

    sky.meet = meet
    paused = world.resume(run)
    assert (paused.status, paused.reason and paused.reason.code) == (Status.PAUSED, "right")
    assert paused.outcomes is not None
    assert paused.outcomes[Outcome.DEFERRED] == 12
    assert len(sky.together) == 4
    sky.meet = lambda _name: None
    assert world.resume(run).status is Status.DONE


def test_who_is_taken_after_a_refusal_tells_that_it_was_about_the_person(
    world: World, sky: Sky
) -> None:
    """Three side by side are refused, some are taken beside them: those who leave later tell."""
    allow(world, 6)
    run = capacities(world, 8)

    def meet(name: str) -> None:
        if name in ("100", "101", "102"):
            raise AccessError("not them", code="right")
        time.sleep(0.2)

    sky.meet = meet
    done = world.resume(run)
    assert done.status is Status.DONE_WITH_ERRORS
    assert [world.outcome(run, f"{each:03}")[1] for each in range(3)] == ["not_taken"] * 3
    assert len(sent(world)) == 5


@pytest.mark.parametrize("slow", ["the one that was taken", "those that were refused"])
def test_a_system_that_is_gone_in_the_middle_blames_nobody(
    world: World, sky: Sky, slow: str
) -> None:
    """A write from before it went proves nothing about those beside it, whichever is back first."""
    allow(world, 6)
    run = capacities(world, 6)

    def meet(name: str) -> None:
        taken = name == "100"
        if taken == (slow == "the one that was taken"):
            time.sleep(0.2)
        if not taken:
            raise AccessError("gone", code="access")

    sky.meet = meet
    paused = world.resume(run)
    assert paused.status is Status.PAUSED
    assert paused.outcomes is not None
    assert (paused.outcomes[Outcome.UPDATED], paused.outcomes[Outcome.DEFERRED]) == (1, 5)
    assert paused.outcomes[Outcome.FAILED] == 0


def test_an_interrupt_lets_those_in_flight_finish(world: World, sky: Sky) -> None:
    """What was sent is known and recorded; nobody else is sent."""
    allow(world, 4)
    run = capacities(world, 20)
    with world.runs() as runs:

        def meet(_name: str) -> None:
            runs.interrupt()

        sky.meet = meet
        paused = runs.sync(run.id)
    assert (paused.status, paused.reason and paused.reason.code) == (Status.PAUSED, "interrupted")
    assert paused.outcomes is not None
    assert paused.outcomes[Outcome.UPDATED] == len(sent(world)) == 4
    assert paused.outcomes[Outcome.UNKNOWN] == 0
    sky.meet = lambda _name: None
    assert world.resume(run).status is Status.DONE
    assert len(sent(world)) == 20


def test_whatever_ends_the_sync_those_in_flight_are_recorded(
    world: World, sky: Sky, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system says that it is closed while they fly: their outcomes stand, the run pauses."""
    allow(world, 4)
    run = capacities(world, 8)
    calls = []

    def room(_writer: object) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise UnavailableError("closed for the night", code="maintenance", for_all=True)

    def meet(name: str) -> None:
        if name != "100":
            time.sleep(0.3)

    sky.meet = meet
    monkeypatch.setattr("renkei.plugins.writer.Writer.wait_for_room", room)
    paused = world.resume(run)
    assert paused.status is Status.PAUSED
    assert paused.outcomes is not None
    assert paused.outcomes[Outcome.UPDATED] == len(sent(world)) == 5
    assert paused.outcomes[Outcome.DEFERRED] == 3


@pytest.mark.sqlite
def test_each_intent_is_durable_before_its_request_leaves(world: World, sky: Sky) -> None:
    """A look from outside while they fly shows a doubt for each of them, and no more."""
    allow(world, 5)
    run = capacities(world, 10)
    seen: list[int] = []

    def meet(_name: str) -> None:
        with closing(Store(str(world.folder / "reports.db"))) as store:
            seen.append(len(store.open_writes(int(run.id))))

    sky.meet = meet
    assert world.resume(run).status is Status.DONE
    assert len(seen) == 10
    assert all(1 <= count <= 5 for count in seen)


def test_a_write_costs_few_transactions(
    world: World, sky: Sky, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outcomes are committed with the intents of the next ones: less than one for each write."""
    run = capacities(world, 80)
    commits: list[str] = []
    for name in ("intend", "record", "renew", "stamp"):
        real = getattr(Store, name)

        def counted(*args: object, real: Callable[..., object] = real, name: str = name) -> object:
            commits.append(name)
            return real(*args)

        monkeypatch.setattr(Store, name, counted)
    assert world.resume(run).status is Status.DONE
    assert len(commits) < 80  # one after the other it is two for each


def test_of_those_without_an_answer_none_is_sent_twice(world: World, sky: Sky) -> None:
    """All in flight are lost at once; each is looked up, and has come through."""
    for each in range(6):
        mailed(world, f"{each:03}")
    run = world.fetch()
    world.choose(run)

    def lost(_hook: str, _values: Values) -> None:
        raise UnavailableError("no answer", code="timeout")

    world.rosta.aftermath = lost
    assert world.resume(run).status is Status.DONE
    assert sorted(sent(world)) == [f"update {each:03}" for each in range(6)]


def test_nobody_waits_for_room_with_others_in_hand(
    world: World, sky: Sky, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slots of those who are decided are taken: they leave before anybody waits for more."""
    file = world.folder / "renkei.yaml"
    limits = "    connector: rosta\n    limits: [{count: 2, seconds: 1}]\n"
    file.write_text(file.read_text().replace("    connector: rosta\n", limits))
    monkeypatch.setattr("renkei.http.pace.Pacer.useful", lambda *_: 8)
    waits: list[float] = []

    def wait(_clock: object, seconds: float, _reason: str, _on_wait: object) -> None:
        waits.append(seconds)
        time.sleep(0.001)
        assert len(waits) < 1000, "for ever"

    monkeypatch.setattr("renkei.http.pace.wait", wait)
    reserve, tries = Pacer.reserve, [0]

    def counted(pacer: Pacer, limits: Sequence[RequestLimit]) -> bool:
        tries[0] += 1
        return reserve(pacer, limits)

    monkeypatch.setattr(Pacer, "reserve", counted)
    run = capacities(world, 5)
    assert world.resume(run).status is Status.DONE
    assert len(sent(world)) == 5
    assert sky.most == 2
    assert tries[0] == 5


@pytest.mark.sqlite
def test_what_has_come_back_is_committed_before_anybody_waits_for_room(
    world: World, sky: Sky, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process killed while it waits leaves nothing in doubt; otherwise nothing is in a hurry."""
    room, commits = [2], [0]

    def reserve(_pacer: Pacer, _limits: object) -> bool:
        room[0] -= 1
        return True

    def wait(_writer: Writer) -> None:
        if room[0] <= 0:
            room[0] = 2
            with closing(sqlite3.connect(world.folder / "reports.db")) as store:
                query = "select count(*) from writes where result is null"
                assert store.execute(query).fetchone() == (0,)

    def counted(store: Store, held: Lease, told: Sequence[Told]) -> None:
        commits[0] += 1
        record(store, held, told)

    record = Store.record
    monkeypatch.setattr(Store, "record", counted)
    monkeypatch.setattr(Pacer, "reserve", reserve)
    monkeypatch.setattr(Pacer, "put_back", lambda _pacer: None)
    monkeypatch.setattr(Pacer, "wait_s", lambda _pacer, _limits: 0.0 if room[0] > 0 else 1.0)
    monkeypatch.setattr(Writer, "wait_for_room", wait)
    run = capacities(world, 12)
    assert world.resume(run).status is Status.DONE
    assert len(sent(world)) == 12
    assert commits[0] <= 12


@pytest.mark.sqlite
def test_what_has_come_back_is_committed_before_anybody_is_looked_at(world: World) -> None:
    """A look may last for as long as it likes: a process killed in it leaves nothing in doubt."""
    written = [0]
    open_at_looks: list[int] = []

    def meet(hook: str, _values: Values) -> None:
        if not hook.startswith(("read", "list")):
            written[0] += 1
        elif written[0]:
            with closing(sqlite3.connect(world.folder / "reports.db")) as store:
                query = "select count(*) from writes where result is null"
                open_at_looks.append(store.execute(query).fetchone()[0])

    run = capacities(world, 120)
    world.rosta.trouble = meet
    assert world.resume(run).status is Status.DONE
    assert written == [120]
    assert open_at_looks
    assert set(open_at_looks) == {0}


def test_where_there_is_no_room_for_a_thread_one_goes_on(
    world: World, sky: Sky, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container may allow few: then they are sent one after the other, and none is lost."""
    allow(world, 4)
    run = capacities(world, 6)
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name != "pulse":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert world.resume(run).status is Status.DONE
    assert sorted(sent(world)) == [f"update {each:03}" for each in range(6)]
    assert sky.most == 1


class Counting(MemoryConnector):
    """A connector that counts whom it is asked to read again."""

    asked: ClassVar[list[int]] = []

    @hookimpl
    def read_employees(
        self, refs: Sequence[Ref], at: dt.date, fields: Sequence[str]
    ) -> Iterator[Employee]:
        self.asked.append(len(refs))
        return super().read_employees(refs, at, fields)


class CountingMany(Counting):
    """The same, of which several writes may fly."""

    @hookimpl
    def in_parallel(self) -> Collection[Parallel]:
        return ["writes"]


@pytest.mark.parametrize(("connector", "most"), [(Counting, 50), (CountingMany, 500)])
def test_so_many_are_read_again_at_a_time_as_was_promised(
    world: World, connector: type[Counting], most: int
) -> None:
    """Fifty, as connectors of renkei 0.1 rely on: more only of those that let several fly."""
    connector.asked = []
    with installed(rosta=lambda _connection: connector(world.rosta)):
        run = capacities(world, 130)
        assert world.resume(run).status is Status.DONE
    assert len(sent(world)) == 130
    assert max(connector.asked) <= most
    assert (max(connector.asked) > 50) == (most > 50)


class Slow(MemoryConnector):
    """A connector that takes its time, and sees whether it is called twice at once."""

    inside: ClassVar[list[str]] = []
    met: ClassVar[list[list[str]]] = []

    @contextmanager
    def _busy(self, hook: str) -> Iterator[None]:
        self.inside.append(hook)
        self.met.append(list(self.inside))
        time.sleep(0.1)
        yield
        self.inside.remove(hook)

    @hookimpl
    def account_name(self) -> str | None:
        with self._busy("account_name"):
            return "Example"

    @hookimpl
    def new_employee_fields(self) -> Sequence[NewField]:
        with self._busy("new_employee_fields"):
            return super().new_employee_fields()


def test_one_connection_is_used_by_one_thread_at_a_time(world: World) -> None:
    """The first fetch asks whose account it is, and who is new asks for choices."""
    Slow.inside, Slow.met = [], []
    with installed(rosta=lambda _connection: Slow(world.rosta)):
        hires(world, "001")
    assert [hooks for hooks in Slow.met if len(hooks) > 1] == []
    assert ["account_name"] in Slow.met


def test_nothing_leaves_when_the_block_of_the_lease_is_over(world: World) -> None:
    """A thread that nobody waits for any more finds out before its request leaves."""
    run = capacities(world, 1)
    with world.runs() as runs:
        store = runs._store
        lease = store.begin_sync(run.id, runs.clock.now(), "x", account=world.account())
        with Hold(store, lease, Moment.now()) as hold:
            hold.check()
        with pytest.raises(BusyError):
            hold.check()


def test_a_partner_of_whom_nothing_is_known_is_still_one(world: World) -> None:
    """In the store, too: only somebody new has none."""
    with world.runs() as runs:
        world.in_clinic()
        world.in_rosta()
        run = runs.fetch("clinic", "rosta")
        (item,) = runs.items(run.id)
        row = codec.item_row(1, 1, evolve(item, before={}, after={}), Fields())
    assert json.loads(row["payload"])["before"] == {}
