"""The report store: made whole or not at all, one writer at a time, and empty after a purge."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import signal
import sqlite3
import stat
import subprocess
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from attrs import evolve
from tests.postgres import Database as OnServer
from tests.sampling import sample, sampled

from renkei.database import opening
from renkei.database.opening import Schema
from renkei.errors import (
    AccessError,
    BusyError,
    ClosedError,
    InDoubtError,
    RecordError,
    RenkeiError,
    StoreError,
    UsageError,
)
from renkei.model import (
    Difference,
    Filter,
    Item,
    KnownAccount,
    Outcome,
    Remark,
    Run,
    Selection,
    Status,
)
from renkei.people import Values
from renkei.store import owner as owners
from renkei.store import schema, serial
from renkei.store.companies import Companies, Removed
from renkei.store.database import KEY, Database
from renkei.store.due import Due
from renkei.store.hold import Hold, Moment
from renkei.store.journal import Told
from renkei.store.lease import Lease
from renkei.store.owner import Owner
from renkei.store.store import Store
from renkei.store.tables import metadata, runs, writes

if TYPE_CHECKING:
    from tests.engine.world import World

CLOSED = ClosedError("closed", opens=dt.datetime(2026, 11, 20, 1, tzinfo=dt.UTC))
NOW = dt.datetime(2026, 11, 20, 3, tzinfo=dt.UTC)
CANARY = "佐倉カナリア"
STORES = Path(__file__).parent / "stores"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return where a store can be made."""
    return tmp_path / "renkei.db"


@pytest.fixture
def at(place: Path, database: OnServer | None) -> str:
    """Return where a store can be opened, of either kind."""
    return str(place) if database is None else database.address


def begin(store: Store, target: str = "rosta", source: str = "clinic", **more: Any) -> int:
    """Record a run that is being fetched; return its id."""
    return store.begin_fetch(
        source=source,
        target=target,
        base_date=NOW.date(),
        who="tester",
        created_at=NOW,
        mapping_name="pair",
        mapping_text="",
        mapping_hash="",
        settings={},
        **more,
    )


def planned(store: Store, people: int = 1, target: str = "rosta") -> str:
    """Store a plan of *people* new employees; return its run."""
    run_id = begin(store, target)
    plan = (
        Item(number=f"{n:05}", name=CANARY, difference=Difference.NEW, source_id=str(n))
        for n in range(people)
    )
    ended(store, run_id, store.add_items(run_id, plan))
    return str(run_id)


def ended(store: Store, run_id: int, counts: Mapping[Difference, int], **more: Any) -> None:
    """Make a plan ready."""
    store.end_fetch(
        run_id,
        at=NOW,
        counts=counts,
        notices=(),
        usage={"calls": {}, "seconds": 1.0},
        journal=store.journal_now(),
        usual=sum(counts.values()),
        **more,
    )


def test_a_fetch_that_was_declared_failed_does_not_become_a_plan(at: str) -> None:
    """Its process was taken for dead, and comes back: no value is left, and it is told so."""
    with closing(Store(at)) as store:
        run_id = begin(store)
        counts = store.add_items(run_id, ())
        with store._writing() as connection:
            Due._end_at_run(connection, run_id, str(Owner.me()))
        plan = (Item(number="1", name=CANARY, difference=Difference.NEW, source_id="1"),)
        store.add_items(run_id, plan)
        with pytest.raises(BusyError, match="given up"):
            ended(store, run_id, counts)
        assert store.entries(str(run_id)) == []
        store.fail_fetch(run_id, NOW, Remark("busy"))
        run = store.run(str(run_id))
        assert (run.status, run.reason) == (Status.FAILED, Remark("interrupted"))


def test_a_fetch_whose_company_was_removed_leaves_nothing(at: str) -> None:
    """Its process was taken for dead, and comes back: it is told so, and not of a damaged store."""
    with closing(Store(at, company="beta")) as store, closing(Companies(at)) as everybody:
        run_id = begin(store)
        with store._writing() as connection:
            Due._end_at_run(connection, run_id, str(Owner.me()))
        everybody.remove("beta", Removed(at=NOW, who="tester"))
        account = KnownAccount(connection="rosta", account="a", at=NOW)
        with pytest.raises(BusyError, match="given up"):
            ended(store, run_id, {}, accounts=[account])
        store.fail_fetch(run_id, NOW, Remark("busy"))
        assert store.known_accounts() == {}


def test_a_key_that_cannot_be_read_is_damage(at: str) -> None:
    """Whoever opens the store for a company is told so, and meets no error of Python."""
    with closing(Store(at)) as store, store._writing() as connection:
        serial.keep(connection, KEY, "no key")
    with pytest.raises(StoreError, match="damaged"):
        Store(at, company="beta")


def in_child(work: Callable[[], object]) -> int:
    """Run *work* in a process of its own; return its exit code, that of a RenkeiError included."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        work()
        os._exit(0)
    except RenkeiError as error:
        os._exit(error.exit_code)
    except BaseException:  # noqa: BLE001 - nothing of the child may run on in the parent's tests
        traceback.print_exc()
    os._exit(70)


# --- made whole or not at all -------------------------------------------------------------------


def test_a_new_store_is_readable_by_its_owner_only(place: Path) -> None:
    """Whatever the umask says; and nothing else is left beside it."""
    before = os.umask(0)
    try:
        Store(str(place)).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.security(2)
def test_a_store_open_to_others_is_closed_to_them(place: Path) -> None:
    """A copy made by hand has lost its mode."""
    Store(str(place)).close()
    place.chmod(0o644)
    Store(str(place)).close()
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


@pytest.mark.security(3)
def test_a_store_is_never_seen_half_made(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies while it makes one leaves nothing in its place, and the next one can."""
    real = opening._build

    def dies(engine: sa.Engine, tables: Schema) -> None:
        real(engine, tables)
        assert not place.exists()
        assert {stat.S_IMODE(file.stat().st_mode) for file in place.parent.iterdir()} == {0o600}
        os._exit(9)

    def make() -> None:
        os.umask(0)
        monkeypatch.setattr(opening, "_build", dies)
        Store(str(place))

    assert in_child(make) == 9
    assert not place.exists()
    with pytest.raises(UsageError):
        Store(str(place)).run("1")


def test_what_a_dead_process_left_is_removed(place: Path) -> None:
    """A killed process leaves an unfinished copy, with values in it; the next one clears up."""
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    for kind in ("new", "backup"):
        place.with_name(f".renkei.db.{child}.{kind}").write_text("half a store")
    old_store(place)
    Store(str(place)).close()
    place.unlink()
    Store(str(place)).close()
    left = sorted(path.name for path in place.parent.iterdir())
    assert left == ["renkei.db", "renkei.db.0001.backup"]


@pytest.mark.fault("F50")
def test_processes_that_make_a_store_at_once_share_one(place: Path) -> None:
    """Nobody's runs are lost to another one's new file."""
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(4)

    def make() -> None:
        barrier.wait()
        store = Store(str(place))
        begin(store)

    children = [context.Process(target=make) for _child in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 4
    assert len(Store(str(place)).latest(10)) == 4


def half(place: Path) -> None:
    Store(str(place)).close()
    place.write_bytes(place.read_bytes()[: place.stat().st_size // 2])


def scribbled(place: Path) -> None:
    Store(str(place)).close()
    data = bytearray(place.read_bytes())
    data[100:4000] = b"\xa5" * 3900
    place.write_bytes(data)


def of_others(place: Path) -> None:
    with sqlite3.connect(place) as connection:
        connection.execute("create table songs (title text)")
    connection.close()


def of_others_with_migrations(place: Path, revision: str = schema.HEAD) -> None:
    with sqlite3.connect(place) as connection:
        connection.execute("create table songs (title text)")
        connection.execute("create table alembic_version (version_num text)")
        connection.execute("insert into alembic_version values (?)", (revision,))
    connection.close()


def of_others_with_older_migrations(place: Path) -> None:
    of_others_with_migrations(place, "0000a1")


def newer(place: Path) -> None:
    Store(str(place)).close()
    with sqlite3.connect(place) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    connection.close()


def linked(place: Path) -> None:
    elsewhere = place.with_name("elsewhere.db")
    Store(str(elsewhere)).close()
    place.symlink_to(elsewhere)


ODD: list[Callable[[Path], object]] = [
    lambda place: place.write_bytes(b""),
    lambda place: place.write_text("employees: none\n"),
    lambda place: place.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000),
    half,
    scribbled,
    of_others,
    of_others_with_migrations,
    of_others_with_older_migrations,
    newer,
    lambda place: place.mkdir(),
    linked,
    lambda place: place.symlink_to("nowhere.db"),
    os.mkfifo,
]
NAMES = """zero-length text garbage half scribbled of-others of-others-at-our-revision
of-others-at-an-older-one newer directory symlink dangling-symlink fifo""".split()


@pytest.mark.fault("F59")
@pytest.mark.parametrize("make", ODD, ids=NAMES)
def test_what_is_no_sound_store_of_ours_is_refused_and_left_alone(
    place: Path, make: Callable[[Path], object]
) -> None:
    """StoreError names the place, and not a byte nor the mode of the file is touched."""
    make(place)
    if place.is_file() and not place.is_symlink():
        place.chmod(0o644)
    before = (place.lstat().st_mode, place.is_file() and place.read_bytes())
    with pytest.raises(StoreError) as caught:
        planned(Store(str(place)))
    assert str(place) in caught.value.message
    assert (place.lstat().st_mode, place.is_file() and place.read_bytes()) == before


def test_a_store_that_cannot_be_reached_is_a_named_error(tmp_path: Path) -> None:
    """A folder that is not there, or a file where a folder should be."""
    (tmp_path / "file").write_text("")
    for name in ("nowhere/renkei.db", "file/renkei.db"):
        with pytest.raises(StoreError, match=r"renkei\.db"):
            Store(str(tmp_path / name))


def test_odd_names_of_files_work(tmp_path: Path) -> None:
    """What a URL or a shell would read into it does not count."""
    for name in ("a b.db", "100%.db", "連携?.db", "a#b.db", "file:x.db"):
        Store(str(tmp_path / name)).close()
        assert (tmp_path / name).is_file()
        planned(Store(str(tmp_path / name)))


def old_store(place: Path, revision: str = "0001") -> None:
    """Make the store that an older renkei left, with a finished, a waiting and a failed run."""
    with sqlite3.connect(place) as connection:
        connection.executescript((STORES / f"{revision}.sql").read_text(encoding="utf-8"))
    connection.close()
    place.chmod(0o600)


def test_tables_and_migrations_agree(place: Path) -> None:
    """A change in tables.py without a migration would be missing from every existing store."""
    old_store(place)
    engine = Store(str(place))._engine
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_new_store_is_like_one_brought_up_to_date(tmp_path: Path) -> None:
    """Table by table, index by index; the columns are compared above."""
    found = []
    old_store(tmp_path / "old.db")
    for name in ("old.db", "new.db"):
        Store(str(tmp_path / name)).close()
        with sqlite3.connect(tmp_path / name) as connection:
            query = "select type, name, tbl_name from sqlite_master order by 1, 2"
            found.append(connection.execute(query).fetchall())
            version = connection.execute("select version_num from alembic_version").fetchall()
            assert version == [(schema.HEAD,)]
        connection.close()
    assert found[0] == found[1]


@pytest.mark.fault("F60")
def test_an_older_store_is_copied_and_brought_up_to_date(place: Path) -> None:
    """Its runs, outcomes and what is in doubt are all there; the copy is as the store was."""
    old_store(place)
    with sqlite3.connect(place) as connection:
        before = list(connection.iterdump())
    connection.close()
    store = Store(str(place))
    assert store.backup == place.with_name("renkei.db.0001.backup")
    with sqlite3.connect(store.backup) as connection:
        assert list(connection.iterdump()) == before
    connection.close()
    assert {stat.S_IMODE(file.stat().st_mode) for file in place.parent.iterdir()} == {0o600}
    paused = store.run("1")
    assert (paused.status, paused.reason) == (Status.PAUSED, Remark("timeout", ("rosta",)))
    assert paused.outcomes == dict.fromkeys(Outcome, 0) | {
        Outcome.CREATED: 1, Outcome.UPDATED: 1, Outcome.FAILED: 1, Outcome.UNKNOWN: 1,
    }  # fmt: skip
    assert [write.item.number for write in store.open_writes(1)] == ["0004"]
    assert store.usage("rosta", "clinic") == {"calls": {"clinic": 3, "rosta": 2}, "seconds": 1.5}
    assert store.usual("rosta", "clinic", NOW.date()).listed == 3
    assert store.rewritten("2") == frozenset({"t4"})
    assert store.run("3").status is Status.FAILED
    assert Store(str(place)).backup is None


@pytest.mark.fault("F60")
@sampled
def test_an_older_store_survives_a_death_at_every_step(place: Path, tmp_path: Path) -> None:
    """Wherever the process ends in it, the next one finds the old store or the new one, whole."""
    for statement in sample(range(1, 130), 6):
        place.unlink(missing_ok=True)
        old_store(place)

        def upgrade(dies_at: int = statement) -> None:
            seen = 0

            def count(*_: object) -> None:
                nonlocal seen
                seen += 1
                if seen == dies_at:
                    os.kill(os.getpid(), signal.SIGKILL)

            sa.event.listen(sa.Engine, "before_cursor_execute", count)
            Store(str(place)).close()

        code = in_child(upgrade)
        with sqlite3.connect(place) as connection:
            assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        connection.close()
        assert Store(str(place)).run("2").counts[Difference.NEW] == 2
        if code == 0:
            assert statement > 10
            return
        assert code == -signal.SIGKILL
    pytest.fail("the upgrade never came to its end")


@pytest.mark.fault("F58")
def test_a_locked_store_is_a_named_error_and_the_wait_is_short(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has it open in a database tool, in the middle of a change."""
    monkeypatch.setattr(opening, "BUSY_TIMEOUT_S", 0.2)
    store = Store(str(place))
    other = sqlite3.connect(place, isolation_level=None)
    other.execute("begin exclusive")
    with pytest.raises(StoreError, match="being written by another process"):
        begin(store)
    other.execute("rollback")
    other.close()
    assert begin(store) == 1


@pytest.mark.fault("F57")
def test_a_full_disk_is_a_named_error(place: Path) -> None:
    """Nothing of the plan is stored by halves."""
    store = Store(str(place))
    run = begin(store)

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("pragma max_page_count = 40")

    sa.event.listen(store._engine, "connect", limit)
    store._engine.dispose()
    many = (
        Item(number=str(n), name="x" * 300, difference=Difference.NEW, source_id=str(n))
        for n in range(1000)
    )
    with pytest.raises(StoreError, match="no room"):
        store.add_items(run, many)
    assert store.entries(str(run)) == []


def test_an_instant_without_a_zone_is_refused(at: str) -> None:
    """Nobody could tell later which hour it was."""
    store = Store(at)
    naive = NOW.replace(tzinfo=None)
    with store._engine.connect() as connection, pytest.raises(sa.exc.StatementError, match="zone"):
        connection.execute(sa.update(runs).values(created_at=naive))


def test_instants_come_back_in_utc(at: str) -> None:
    """Whatever zone they were given in."""
    store = Store(at)
    run = planned(store)
    tokyo = dt.timezone(dt.timedelta(hours=9))
    store.end_sync(
        store.begin_sync(run, NOW.astimezone(tokyo), "tester", account="rosta"), Status.DONE, NOW
    )
    started = store.run(run).sync_started_at
    assert started == NOW
    assert started is not None
    assert started.utcoffset() == dt.timedelta(0)


@pytest.mark.parametrize("name", ["", "0", "-1", "1.0", "x", "１", "9" * 30, "1; drop table runs"])
def test_an_unknown_run_is_a_usage_error(at: str, name: str) -> None:
    """Whatever is typed as a run's id, in every question about one."""
    store = Store(at)
    planned(store)
    for ask in (store.run, store.selection, store.entries, store.start, store.has_begun):
        if name == "0" and ask not in (store.run, store.selection):
            continue
        with pytest.raises(UsageError, match="no run"):
            ask(name)


@pytest.mark.postgres
def test_items_are_paged_and_each_comes_once(at: str) -> None:
    """1,201 people come in order, and the database is free while somebody looks at them."""
    store = Store(at)
    run = planned(store, 1201)
    seen = []
    for item in store.items(run):
        if item.position % 400 == 0:
            begin(store)
        seen.append(item.number)
    assert seen == [f"{n:05}" for n in range(1201)]
    found = store.items(run, numbers=["00000", "00500", "01200"])
    assert [item.position for item in found] == [1, 501, 1201]


@pytest.mark.parametrize("people", [0, 499, 500, 501, 1000])
def test_the_end_of_a_page_is_no_end_of_the_list(at: str, people: int) -> None:
    """Whole pages, and one more or less."""
    store = Store(at)
    assert sum(1 for _item in store.items(planned(store, people))) == people


def folk(store: Store) -> str:
    """Store a plan of two people whose names are known with their kana; return its run."""
    run_id = begin(store)
    people = (("AB-007", "山田 花子髙橋", "ヤマダ ハナコ"), ("0042", "佐藤 一", "サトウ ハジメ"))
    store.add_items(
        run_id,
        [
            Item(number=number, name=name, difference=Difference.NEW, source_id=number, kana=kana)
            for number, name, kana in people
        ],
    )
    return str(run_id)


@pytest.mark.parametrize(
    "text",
    [
        "山田花子", "山田 花", "山田\u3000花子", "ヤマダ", "やまだ", "ﾔﾏﾀﾞ", "ヤマダハナコ", "00７",
        "ab-007", "ＡＢ－００７", " 007 ", "髙橋", "高橋",
    ],
)  # fmt: skip
def test_people_are_found_however_they_are_typed(at: str, text: str) -> None:
    """Width, case, blanks, hiragana for katakana, and 高 for 髙 do not count."""
    store = Store(at)
    run, wanted = folk(store), Filter(text=text)
    assert [item.number for item in store.page(run, wanted, limit=9)] == ["AB-007"]
    assert store.numbers(run, wanted) == ["AB-007"]
    assert store.tally(run, wanted) == {Difference.NEW: 1}


@pytest.mark.postgres
@pytest.mark.parametrize("text", ["鈴木", "%", "_", "7佐", "007山田"])
def test_nobody_is_found_by_what_is_not_theirs(at: str, text: str) -> None:
    """No wildcard, and no text that begins in a number and ends in a name."""
    store = Store(at)
    assert store.page(folk(store), Filter(text=text), limit=9) == []


@pytest.mark.postgres
@pytest.mark.parametrize(
    "payload",
    [
        ("null", "null"),
        ("json_remove(payload, '$.search')", "cast(cast(payload as jsonb) - 'search' as text)"),
    ],
    ids=["purged", "old"],
)
def test_people_without_a_text_to_search_are_found_by_number(
    at: str, payload: tuple[str, str]
) -> None:
    """Plans of an older renkei and purged runs have none."""
    store = Store(at)
    run = folk(store)
    with store._writing() as connection:
        change = f"update items set payload = {payload[store._on_server]}"  # noqa: S608 - see above
        connection.exec_driver_sql(change)
    assert store.numbers(run, Filter(text="ab-007")) == ["AB-007"]


# --- one writer at a time -----------------------------------------------------------------------


@pytest.mark.postgres
def test_a_second_process_is_told_who_writes(at: str) -> None:
    """The run, the person, the time in Japan and the process are named."""
    store = Store(at)
    first, second = planned(store), planned(store)
    store.begin_sync(first, NOW, "sato@desk", account="rosta")

    def other() -> None:
        with pytest.raises(BusyError) as caught:
            Store(at).begin_sync(second, NOW, "tanaka", account="rosta")
        for word in (f"Run {first} ", "rosta", "12:00", "sato@desk", str(os.getppid())):
            assert word in caught.value.message

    assert in_child(other) == 0
    assert store.run(first).status is Status.SYNCING
    assert store.run(second).status is Status.READY


def test_runs_to_different_connections_do_not_wait(at: str) -> None:
    """The lease is on what is written to."""
    store = Store(at)
    store.begin_sync(planned(store), NOW, "a", account="rosta")
    store.begin_sync(planned(store, target="clinic"), NOW, "b", account="clinic")


def test_a_dead_process_is_taken_over_at_once(at: str) -> None:
    """Nobody waits for the lease to grow old; the dead one's run is paused."""
    store = Store(at)
    first, second = planned(store), planned(store)

    def work() -> None:
        Store(at).begin_sync(first, NOW, "sato", account="rosta")
        os._exit(9)

    assert in_child(work) == 9
    dead = store.run(first)
    assert (dead.status, dead.reason) == (Status.PAUSED, Remark("interrupted"))
    assert store.begin_sync(second, NOW, "tanaka", account="rosta").token == 2


def test_a_process_that_ended_unnoticed_is_dead() -> None:
    """Its parent has not asked for it, as in many containers: nobody waits for it either."""
    child = subprocess.Popen(["sleep", "60"])
    owner = evolve(Owner.me(), pid=child.pid, started=owners._started(child.pid))
    assert not owner.is_dead()
    child.kill()
    until = time.monotonic() + 10
    while not owner.is_dead() and time.monotonic() < until:
        time.sleep(0.01)
    assert owner.is_dead()
    assert child.returncode is None
    child.wait()


def test_a_process_number_used_again_is_another_process(at: str) -> None:
    """The pid lives on, but it started at another moment."""
    me = Owner.me()
    assert not me.is_dead()
    assert evolve(me, started=me.started - 100).is_dead()
    assert not evolve(me, pids="pid:[1]", started=0.0).is_dead()
    assert not evolve(me, boot="another one", started=0.0).is_dead()
    assert not Owner(me.host, me.pid, 0.0).is_dead()


@pytest.mark.fault("F36")
def test_a_clock_set_back_a_little_does_not_kill_a_lease(
    at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time service corrects by a second while a run writes."""
    store = Store(at)
    run = planned(store)
    store.begin_sync(run, NOW, "sato", account="rosta")
    earlier = time.time() - 2
    monkeypatch.setattr(time, "time", lambda: earlier)
    assert store.run(run).status is Status.SYNCING
    with pytest.raises(BusyError):
        store.begin_sync(run, NOW, "tanaka", account="rosta")


def test_the_token_grows_with_every_lease(at: str) -> None:
    """Given back or taken over, by whatever run."""
    store = Store(at)
    tokens = []
    for run in (planned(store), planned(store)):
        for _time in range(2):
            held = store.begin_sync(run, NOW, "tester", account="rosta")
            tokens.append(held.token)
            store.end_sync(held, Status.PAUSED, NOW)
    assert tokens == [1, 2, 3, 4]


def stolen(store: Store, run: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Lease, Lease]:
    """Return a lease, and the one that was taken instead of it."""
    old = store.begin_sync(run, NOW, "old", account="rosta")
    with monkeypatch.context() as patch:
        patch.setattr(owners, "LIFETIME_S", 0.0)
        return old, store.begin_sync(run, NOW, "new", account="rosta")


@pytest.mark.postgres
@pytest.mark.fault("F51")
def test_a_stolen_lease_stops_the_old_holder(at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At its next intent, its next look at the lease, and when it wants to record its end."""
    store = Store(at)
    run = planned(store)
    old, new = stolen(store, run, monkeypatch)
    acts: list[Callable[[], object]] = [
        lambda: store.intend(old, [], [(1, "create")], NOW),
        lambda: store.renew(old),
        lambda: store.end_sync(old, Status.DONE, NOW),
    ]
    for act in acts:
        with pytest.raises(BusyError, match="taken over"):
            act()
    with store._engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(writes)).scalar() == 0
    assert store.intend(new, [], [(1, "create")], NOW) is not None


@pytest.mark.fault("F51")
def test_a_holder_that_slept_looks_at_its_lease_before_a_request(
    at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fresh lease is not looked at again; one that may have been stolen is, by either clock."""
    store = Store(at)
    run = planned(store)
    hold = Hold(store, store.begin_sync(run, NOW, "old", account="rosta"), Moment.now())
    with monkeypatch.context() as patch:
        patch.setattr(owners, "LIFETIME_S", 0.0)
        store.begin_sync(run, NOW, "new", account="rosta")
    hold.check()
    for name in ("time", "monotonic"):
        late = getattr(time, name)() + owners.LIFETIME_S
        with monkeypatch.context() as patch:
            patch.setattr(time, name, lambda late=late: late)
            with pytest.raises(BusyError):
                hold.check()


@pytest.mark.postgres
def test_an_answer_that_comes_after_the_theft_is_still_recorded(
    at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a fact about the system; but it does not replace what the successor has found out."""
    store = Store(at)
    run = planned(store, 2)
    old = store.begin_sync(run, NOW, "old", account="rosta")
    sent = store.intend(old, [], [(1, "create"), (2, "create")], NOW)
    assert sent is not None
    with monkeypatch.context() as patch:
        patch.setattr(owners, "LIFETIME_S", 0.0)
        new = store.begin_sync(run, NOW, "new", account="rosta")
    gone = Remark("gone")
    store.record(
        new, [Told(position=2, outcome=Outcome.FAILED, at=NOW, write_id=sent[1], reason=gone)]
    )
    for position, write in enumerate(sent, start=1):
        told = Told(position=position, outcome=Outcome.CREATED, at=NOW, write_id=write)
        store.record(old, [told])
    assert [item.outcome for item in store.items(run)] == [Outcome.CREATED, Outcome.FAILED]
    assert store.open_writes(int(run)) == []


@pytest.mark.fault("F50")
def test_two_processes_that_race_for_a_run_write_it_once(world: World) -> None:
    """One syncs, the other is told that it is busy, or finds everything done."""
    for index in range(3):
        world.in_clinic(f"{index}")
    run = world.fetch()
    world.choose(run)
    log = world.folder / "sent"
    context = multiprocessing.get_context("fork")
    barrier, codes = context.Barrier(3), context.Queue()

    def slow(hook: str, values: Values) -> None:
        if hook == "create_employee":
            with log.open("a") as file:
                file.write(f"{values['id_no']}\n")
            time.sleep(0.1)

    def race() -> None:
        world.rosta.trouble = slow
        barrier.wait()
        try:
            codes.put(world.resume(run).status.value)
        except BusyError:
            codes.put("busy")

    children = [context.Process(target=race) for _child in range(3)]
    for child in children:
        child.start()
    told = sorted(codes.get(timeout=30) for _child in children)
    for child in children:
        child.join()
    assert log.read_text().split() == ["0", "1", "2"]
    assert "done" in told
    assert set(told) <= {"busy", "done"}


@pytest.mark.postgres
def test_a_choice_that_comes_too_late_changes_nothing(at: str) -> None:
    """Somebody looked at the choices for a minute; meanwhile the run was synced to its end."""
    store = Store(at)
    run = planned(store)
    everybody = Selection(differences=frozenset({Difference.NEW}))
    store.choose(run, everybody, {1: {}})
    held = store.begin_sync(run, NOW, "tester", account="rosta")
    with pytest.raises(BusyError):
        store.choose(run, Selection(), {})
    (write,) = store.intend(held, [], [(1, "create")], NOW) or [0]
    store.record(held, [Told(position=1, outcome=Outcome.CREATED, at=NOW, write_id=write)])
    store.end_sync(held, Status.DONE, NOW)
    with pytest.raises(RenkeiError):
        store.choose(run, Selection(), {})
    assert [item.selected for item in store.items(run)] == [True]
    assert store.selection(run) == everybody


# --- dead processes, age, purge -----------------------------------------------------------------


def test_a_dead_fetching_process_shows_failed(world: World) -> None:
    """Nobody waits for its plan; a live one is shown as fetching."""
    world.in_clinic()

    def fetch() -> None:
        def look(_hook: str, _values: Values) -> None:
            with world.runs() as runs:
                assert runs.reports()[0].status is Status.FETCHING
            os._exit(9)

        world.rosta.trouble = look
        world.fetch()

    assert in_child(fetch) == 9
    with world.runs() as runs:
        (run,) = runs.reports()
        assert (run.status, run.reason) == (Status.FAILED, Remark("interrupted"))
        with pytest.raises(UsageError, match="over"):
            runs.sync(run.id)


@pytest.mark.parametrize(("hours", "status"), [(23, Status.READY), (25, Status.EXPIRED)])
def test_a_plan_expires_after_a_day(
    world: World, monkeypatch: pytest.MonkeyPatch, hours: int, status: Status
) -> None:
    """By the calendar's clock; then it can be neither chosen from nor synced."""
    world.in_clinic()
    run = world.fetch()
    world.choose(run)
    then = dt.datetime.fromisoformat("2026-11-20T12:00:00+09:00") + dt.timedelta(hours=hours)
    monkeypatch.setenv("RENKEI_NOW", then.isoformat())
    with world.runs() as runs:
        assert runs.run(run.id).status is status
    if status is Status.READY:
        assert world.resume(run).status is Status.DONE
    else:
        for act in (world.resume, world.choose):
            with pytest.raises(UsageError, match="older than 24 hours"):
                act(run)
        assert world.rosta.writes == []


def test_a_setting_says_how_long_a_plan_lasts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hours, here."""
    file = world.folder / "renkei.yaml"
    file.write_text(file.read_text().replace("settings: {", "settings: {max_plan_age_hours: 2, "))
    run = world.fetch()
    monkeypatch.setenv("RENKEI_NOW", "2026-11-20T14:01:00+09:00")
    with world.runs() as runs:
        assert runs.run(run.id).status is Status.EXPIRED


def everything(world: World) -> bytes:
    """Return every byte of every file that belongs to the store; of a server, what queries find."""
    if world.database is not None:
        return world.database.contents()
    return b"".join(file.read_bytes() for file in world.folder.glob("*reports.db*"))


def purged(world: World, days: int = 0, now: str = "2026-11-20T20:00:00+09:00") -> int:
    """Purge what is older than *days* at that moment, by default that evening."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RENKEI_NOW", now)
        with world.runs() as runs:
            return runs.purge(dt.timedelta(days=days))


@pytest.mark.postgres
@pytest.mark.security(25)
def test_a_purge_leaves_counts_and_outcomes_and_no_value(world: World) -> None:
    """Not one byte of a name, an address or the system's own words is left in the file."""
    for number in ("1", "2"):
        world.in_clinic(number, surname=CANARY, mail="canary@example.jp")
    world.in_rosta("2")
    run = world.fetch()

    def refuse(hook: str, _values: Values) -> None:
        if hook == "update_employee":
            raise RecordError("no", code="odd", detail="detail canary")

    world.rosta.trouble = refuse
    done = world.sync(run)
    canaries = [CANARY.encode(), b"canary@example.jp", b"detail canary"]
    assert all(canary in everything(world) for canary in canaries)
    assert purged(world) == 1
    assert not any(canary in everything(world) for canary in canaries)
    with world.runs() as runs:
        after = runs.run(run.id)
    assert (after.purged, after.counts, after.outcomes) == (True, done.counts, done.outcomes)
    left = [(i.number, i.name, i.outcome, i.detail, dict(i.read)) for i in world.items(run)]
    assert left == [("1", "", Outcome.CREATED, None, {}), ("2", "", Outcome.FAILED, None, {})]
    assert not any(item.new_values for item in world.items(run))
    assert world.item(run, "2").outcome_reason == Remark("odd")
    assert purged(world) == 0


@pytest.mark.parametrize(("days", "count"), [(90, 0), (89, 1)])
def test_a_purge_goes_by_age(world: World, days: int, count: int) -> None:
    """By the calendar's clock."""
    world.in_clinic()
    world.fetch()
    assert purged(world, days, "2027-02-18T11:00:00+09:00") == count


@pytest.mark.parametrize(
    "error",
    [None, CLOSED, RecordError("no"), InDoubtError(AccessError("lost"))],
    ids=["chosen", "paused", "failed", "in doubt"],
)
def test_a_purged_run_is_never_synced(world: World, error: RenkeiError | None) -> None:
    """Without the values an employee of nothing but a ward would be created."""
    for number in ("1", "2"):
        world.in_clinic(number)
    run = world.fetch()
    world.choose(run)

    def refuse(hook: str, _values: Values) -> None:
        if error and hook == "create_employee" and world.rosta.writes:
            raise error

    world.rosta.trouble = refuse
    if error:
        world.resume(run)
    world.rosta.trouble = lambda _hook, _values: None
    sent = list(world.rosta.writes)
    purged(world)
    with world.runs() as runs, pytest.raises(UsageError, match="purged"):
        runs.sync(run.id, retry_failed=True)
    assert world.rosta.writes == sent


@pytest.mark.postgres
@pytest.mark.parametrize("phase", ["fetching", "syncing"])
def test_what_a_dead_process_left_is_purged_too(world: World, phase: str) -> None:
    """It is not shown as a plan, but the names are in the file."""
    world.in_clinic(surname=CANARY)

    def work() -> None:
        def last(*_args: object, **_more: object) -> None:
            os._exit(9)

        if phase == "fetching":
            Store.end_fetch = last  # type: ignore[method-assign]
            world.fetch()

        def look(hook: str, _values: Values) -> None:
            if hook == "read_employees":
                last()

        world.rosta.trouble = look
        world.sync(world.fetch())

    assert in_child(work) == 9
    assert CANARY.encode() in everything(world)
    assert purged(world) == 1
    assert CANARY.encode() not in everything(world)


def test_a_run_with_a_write_in_doubt_is_not_purged(world: World) -> None:
    """Only its values can settle the doubt; afterwards they go like those of other runs."""
    world.in_clinic(surname=CANARY)
    run = world.fetch()
    world.choose(run)

    def lose(_hook: str, _values: Values) -> None:
        raise KeyboardInterrupt

    world.rosta.aftermath = lose
    with pytest.raises(KeyboardInterrupt):
        world.resume(run)
    assert purged(world) == 0
    world.rosta.aftermath = lambda _hook, _values: None
    assert world.resume(run).status is Status.DONE
    assert purged(world) == 1
    assert CANARY.encode() not in everything(world)


def test_a_run_that_a_live_process_works_on_is_not_purged(world: World) -> None:
    """It would lose what it is about to write."""
    world.in_clinic("1")
    world.in_clinic("2")
    counts = []

    def purge(_hook: str, _values: Values) -> None:
        counts.append(purged(world))

    world.rosta.aftermath = purge
    done = world.sync(world.fetch())
    assert (done.status, counts) == (Status.DONE, [0, 0])
    assert [values["family"] for _k, _i, values in world.rosta.writes] == ["佐倉", "佐倉"]


def test_the_newest_runs_come_first(at: str) -> None:
    """As many as are asked for."""
    store = Store(at)
    for _time in range(5):
        planned(store)
    latest: list[Run] = store.latest(3)
    assert [run.id for run in latest] == ["5", "4", "3"]
    assert isinstance(store, Database)


@pytest.mark.postgres
def test_what_is_read_of_one_moment_is_one_transaction(at: str) -> None:
    """Somebody else's change is not seen in it, and nothing is written: it would be seen late."""
    store, other = Store(at), Store(at)
    now, begun = dt.datetime.now(dt.UTC), list[object]()
    sa.event.listen(store._engine, "begin", begun.append)
    with store.one_moment():
        assert store.kept_schedules() == {}
        if store._on_server:  # in a file writers wait for readers
            other.pause_schedule("nightly", "daily", now)
        with store.one_moment():
            assert store.kept_schedules() == {}
        with pytest.raises(RuntimeError, match="only looked at"):
            store.pause_schedule("nightly", "daily", now)
    assert len(begun) == 1
    assert bool(store.kept_schedules()) is store._on_server
    store.close()
    other.close()
