"""The store on a PostgreSQL server: made once, or refused; one writer where one is needed."""

from __future__ import annotations

import builtins
import datetime as dt
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from tests.engine.test_store import NOW, begin, in_child, planned
from tests.postgres import GUARDED, PASSWORD, Database, Server
from tests.sampling import examples, sample, sampled

from renkei.config import load_config
from renkei.database import opening
from renkei.database import server as servers
from renkei.errors import (
    BusyError,
    ConfigurationError,
    NoStoreError,
    RenkeiError,
    StoreError,
    UsageError,
)
from renkei.model import Difference, KnownAccount, Outcome, Selection, Status
from renkei.place import parsed
from renkei.runs import Runs
from renkei.schedule.job import Claim
from renkei.store import accounts, lease, plans, schema, serial
from renkei.store.companies import Companies, Removed
from renkei.store.database import Database as Base
from renkei.store.journal import Told
from renkei.store.lease import Lease
from renkei.store.store import Store
from renkei.store.tables import leases, metadata, writes

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from tests.engine.world import World

EVERYBODY = Selection(differences=frozenset({Difference.NEW}))


@pytest.fixture
def bare(server: Server) -> Iterator[Database]:
    """A database without a table."""
    with server.database("template0") as made:
        yield made


def at_once(count: int, work: Callable[[int], object]) -> list[int | None]:
    """Let *count* processes do *work* at the same moment; return their exit codes."""
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(count)

    def begin_together(number: int) -> None:
        barrier.wait()
        sys.exit(in_child(lambda: work(number)))

    children = [context.Process(target=begin_together, args=(n,)) for n in range(count)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    return [child.exitcode for child in children]


def test_workers_live_by_the_clock_of_the_server(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two computers that disagree on the time agree on who lives."""
    with closing(Store(postgres.address)) as store:
        store.note_worker("0.2.0")
        hours = time.time() + 7200
        monkeypatch.setattr(time, "time", lambda: hours)
        (sign,) = store.workers()
    assert sign.alive
    assert sign.silent_s < 60


@pytest.mark.fault("F36", "F88")
def test_a_create_is_as_old_for_a_computer_whose_clock_is_ahead(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was sent by another one that has died: what is left of its time is not cut short."""
    with closing(Store(postgres.address)) as store:
        run, later = planned(store), planned(store)
        held = store.begin_sync(run, NOW, "tester", account="rosta")
        store.intend(held, [], [(1, "create")], NOW)
        ahead = time.time() + 600
        monkeypatch.setattr(time, "time", lambda: ahead)
        (write,) = store.open_writes(held.run_id)
        stamps = [write.sent_at, *store.created_elsewhere(later).values()]
    assert stamps == [pytest.approx(ahead, abs=60)] * 2


# --- made and brought up to date ----------------------------------------------------------------


@pytest.mark.fault("F50", "F63")
@sampled
def test_processes_that_start_at_once_make_one_store(bare: Database) -> None:
    """One of them makes it, nobody fails, and each has its run in it."""

    def make(_number: int) -> None:
        store = Store(bare.address)
        begin(store)
        store.close()

    many = examples(6, 16)
    assert at_once(many, make) == [0] * many
    store = Store(bare.address, create=False)
    assert len(store.latest(100)) == many
    assert not store.made
    store.close()


def engine_of(address: str) -> sa.Engine:
    """Return what connects to *address*."""
    url = parsed(address)
    assert url is not None
    return servers._engine(url)


def old(bare: Database, revision: str) -> None:
    """Make a store as an older renkei has left it."""
    engine = engine_of(bare.address)
    with engine.begin() as connection:
        config = Config()
        folder = os.path.dirname(schema.__file__) + "/migrations"  # noqa: PTH120
        config.set_main_option("script_location", folder)
        config.attributes.update(connection=connection, metadata=metadata)
        command.upgrade(config, revision)
    engine.dispose()


@pytest.mark.fault("F63")
def test_a_store_that_is_just_brought_up_to_date_is_not_damaged(
    bare: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look at it while another process changes it sees what was there, or what is."""
    old(bare, "0006")
    real = opening.columns_of

    def overtaken(connection: sa.Connection) -> set[tuple[str, str]]:
        found = real(connection)
        monkeypatch.setattr(servers, "columns_of", real)
        Store(bare.address, create=False).close()
        return found

    monkeypatch.setattr(servers, "columns_of", overtaken)
    Store(bare.address, create=False).close()


@pytest.mark.fault("F60", "F63")
def test_one_of_many_processes_brings_a_store_up_to_date(bare: Database) -> None:
    """All migrations, one after the other; what it has then is what tables.py says."""
    old(bare, "0006")

    def use(_number: int) -> None:
        store = Store(bare.address, create=False)
        begin(store)
        store.close()

    assert at_once(4, use) == [0] * 4
    store = Store(bare.address, create=False)
    assert len(store.latest(10)) == 4
    with store._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    store.close()


def shape(database: Database) -> list[Any]:
    """Return every column and index of a database."""
    return [
        database.do(
            "select table_name, column_name, data_type, is_nullable, character_maximum_length"
            " from information_schema.columns where table_schema = 'public' order by 1, 2"
        ),
        database.do("select indexdef from pg_indexes where schemaname = 'public' order by 1"),
    ]


def test_every_migration_runs_on_a_server_and_leads_to_a_new_store(
    bare: Database, postgres: Database
) -> None:
    """From the very first one: one chain for both kinds of database."""
    old(bare, "0001")
    Store(bare.address, create=False).close()
    assert shape(bare) == shape(postgres)
    store = Store(postgres.address)
    with store._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    store.close()


@pytest.mark.fault("F60", "F63")
def test_a_migration_that_dies_has_done_nothing(bare: Database) -> None:
    """The process is killed in the middle of it: the next one finds the old store, whole."""
    old(bare, "0001")
    before = shape(bare)

    def dies() -> None:
        def last(*_: object) -> None:
            os._exit(9)

        setattr(opening, "columns_of", last)  # noqa: B010 - the look after the last step
        Store(bare.address)

    assert in_child(dies) == 9
    assert shape(bare) == before
    Store(bare.address).close()
    assert shape(bare) != before


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (["create table songs (title text)"], "something else than a store"),
        (
            ["create table alembic_version (version_num text)", "create table runs (id int)"],
            "something else than a store",
        ),
    ],
)
def test_the_database_of_another_program_is_left_alone(
    bare: Database, statements: list[str], message: str
) -> None:
    """Not a table is made beside its own."""
    bare.do(*statements)
    before = shape(bare)
    with pytest.raises(StoreError, match=message):
        Store(bare.address)
    assert shape(bare) == before


@pytest.mark.fault("F61", "F63")
def test_a_newer_store_is_refused(postgres: Database) -> None:
    """It is left as it is, and it is said what to do."""
    postgres.do("update alembic_version set version_num = '9999'")
    with pytest.raises(StoreError, match="Upgrade renkei"):
        Store(postgres.address)


def test_an_empty_database_is_no_store(bare: Database) -> None:
    """Only a fetch makes one in it."""
    with pytest.raises(NoStoreError, match="no store at postgresql://renkei@"):
        Store(bare.address, create=False)
    assert shape(bare) == [[], []]


def test_a_database_that_cannot_hold_every_name_is_refused(server: Server) -> None:
    """A name in Japanese would be lost in it, or refused in the middle of a fetch."""
    server.do("create database latin template template0 encoding 'LATIN1'")
    with pytest.raises(StoreError, match="UTF8"):
        Store(server.address("latin"))


# --- what cannot be reached ---------------------------------------------------------------------


def without_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the extra not be installed."""
    real = builtins.__import__

    def missing(name: str, *more: Any, **named: Any) -> Any:
        if name.partition(".")[0] == "psycopg":
            raise ModuleNotFoundError(name)
        return real(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", missing)


REFUSED = {
    "nobody listens": ("postgresql://u:{secret}@127.0.0.1:1/renkei", "cannot be reached"),
    "no such host": ("postgresql://u:{secret}@nowhere.invalid/renkei", "cannot be reached"),
    "wrong password": ("postgresql://{guarded}:{secret}@/{name}?host={folder}", "password"),
    "no password": ("postgresql://{guarded}@/{name}?host={folder}", "password"),
    "no such database": ("postgresql://{right}@/nothing?host={folder}", "no database"),
    "no such user": ("postgresql://nobody:{secret}@/{name}?host={folder}", "this user"),
}


@pytest.mark.sqlite
@pytest.mark.fault("F63")
@pytest.mark.security(1)
@pytest.mark.parametrize("kind", [*REFUSED, "no driver"])
def test_a_server_that_lets_nobody_in_is_told_with_its_place(
    world: World, postgres: Database, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Line and column of `store:`, what is wrong and what to do; the password is nowhere."""
    address, message = REFUSED.get(kind, (postgres.address, "renkei\\[postgres\\]"))
    monkeypatch.setenv(
        "STORE",
        address.format(
            secret="hunter2", guarded=GUARDED, name=postgres.name, folder=postgres.server.folder,
            right=f"{GUARDED}:{PASSWORD}",
        ),
    )  # fmt: skip
    file = world.folder / "renkei.yaml"
    file.write_text(file.read_text().replace("store: reports.db", "store: env:STORE"))
    with Runs(load_config(file)) as runs, monkeypatch.context() as patch:
        if kind == "no driver":
            without_driver(patch)
        with pytest.raises(RenkeiError, match=message) as caught:
            runs.fetch("clinic", "rosta")
    error = caught.value
    assert isinstance(error, StoreError | ConfigurationError)
    assert error.message.startswith(f"{file}:14:8: ")
    assert error.where == f"{file}:14:8"
    assert "hunter2" not in f"{error.message}{error.args}"
    with Runs(load_config(file)) as runs:
        (checked,) = (each for each in runs.check() if each.subject == "report store")
    assert "hunter2" not in str(checked)


@pytest.mark.parametrize(
    ("path", "made"), [("%24user%2Coffice%2Cpublic", "office"), ("%24user", "renkei")]
)
def test_a_schema_is_made_where_the_search_path_has_none(
    bare: Database, path: str, made: str
) -> None:
    """The first one that is named, or else the user's own."""
    bare.do("drop schema public")
    Store(f"{bare.address}&options=-csearch_path%3D{path}").close()
    found = bare.do("select schemaname from pg_tables where tablename = 'runs'")
    assert found == [(made,)]


def test_a_store_is_reached_with_a_password_from_elsewhere(
    postgres: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In the address that a variable holds, or in a file of the driver's."""
    folder = postgres.server.folder
    Store(f"postgres://{GUARDED}:{PASSWORD}@/{postgres.name}?host={folder}").close()
    kept = tmp_path / "pgpass"
    kept.write_text(f"*:*:{postgres.name}:{GUARDED}:{PASSWORD}\n")
    kept.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(kept))
    Store(postgres.server.address(postgres.name, GUARDED)).close()


@pytest.mark.parametrize(
    ("address", "mode"),
    [
        ("postgresql://u@db.example.jp/r", "require"),
        ("postgresql://u@db.example.jp/r?sslmode=verify-full", None),
        ("postgresql://u@127.0.0.1/r", None),
        ("postgresql:///r?host=/run/postgresql", None),
        ("postgresql:///r?host=a.example.jp,b.example.jp", "require"),
        ("postgresql://u@/r?hostaddr=192.0.2.5", "require"),
        ("postgresql://u@localhost/r?hostaddr=192.0.2.5", "require"),
        ("postgresql:///r?hostaddr=127.0.0.1", None),
    ],
)
def test_values_do_not_travel_in_the_clear(
    monkeypatch: pytest.MonkeyPatch, address: str, mode: str | None
) -> None:
    """To another machine only with TLS, unless the address says otherwise."""
    found: dict[str, Any] = {}
    real = sa.create_engine

    def create_engine(url: sa.URL, **named: Any) -> sa.Engine:
        found.update(named["connect_args"])
        return real(url, **named)

    monkeypatch.setattr(sa, "create_engine", create_engine)
    engine_of(address)
    assert found.get("sslmode") == mode


# --- one writer where one is needed -------------------------------------------------------------


@pytest.mark.fault("F58", "F63")
def test_a_run_that_is_being_changed_is_waited_for_a_short_time(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is frozen in the middle of a change holds nobody up for long."""
    monkeypatch.setattr(opening, "BUSY_TIMEOUT_S", 0.2)
    store = Store(postgres.address)
    run = planned(store)
    with store._engine.begin() as other:
        other.execute(sa.text("select * from runs for update"))
        with pytest.raises(StoreError, match="being written by another process"):
            store.choose(run, EVERYBODY, {1: {}})
        begin(store)  # another run is nobody's business
    store.choose(run, EVERYBODY, {1: {}})
    store.close()


@pytest.mark.fault("F51", "F63")
@pytest.mark.parametrize("deed", ["sync", "fetch"])
def test_who_falls_silent_in_a_change_loses_its_locks_before_others_give_up(
    postgres: Database, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    """A machine is suspended in the middle of a commit: whoever waits for that goes on with it."""
    monkeypatch.setattr(opening, "BUSY_TIMEOUT_S", 20.0)
    monkeypatch.setattr(servers, "FROZEN_S", 2.0)
    store, frozen = Store(postgres.address), Store(postgres.address)
    run = planned(store)
    store.choose(run, EVERYBODY, {1: {}})
    held = store.begin_sync(run, NOW, "tester", account="rosta")
    what = {"sync": frozen._writing(), "fetch": frozen._reading(settled=writes)}[deed]
    asleep = ExitStack()
    connection = asleep.enter_context(what)
    if deed == "sync":
        serial.advance(connection, 0)  # from here on every other change waits
    assert store.intend(held, [], [(1, "create")], NOW)
    with pytest.raises(StoreError), asleep:
        connection.exec_driver_sql("select 1")  # it wakes up
    store.close()
    frozen.close()


@pytest.mark.fault("F104")
def test_of_two_opposite_syncs_that_begin_at_once_one_holds(postgres: Database) -> None:
    """Neither of them has committed its lease when the other one looks."""
    both = threading.Barrier(2)

    def sync(run: int, account: str) -> str:
        with closing(Store(postgres.address)) as store:
            both.wait(10)
            try:
                store.begin_sync(str(run), NOW, "tester", account=account)
            except BusyError:
                return "busy"
            return "holds"

    with closing(Store(postgres.address)) as store, ThreadPoolExecutor(2) as pool:
        for turn in range(8):
            ours, theirs = f"a{turn}", f"b{turn}"
            there = begin(store, source_account=ours, target_account=theirs)
            back = begin(store, "clinic", "rosta", source_account=theirs, target_account=ours)
            told = list(pool.map(sync, (there, back), (theirs, ours)))
            assert sorted(told) == ["busy", "holds"]
            with store._writing() as connection:
                connection.execute(sa.update(leases).values(run_id=None, owner=None))


def sooner_or_later(store: Store, run: str) -> Lease:
    """Take the lease as soon as nobody else has it."""
    until = time.monotonic() + 30
    while True:
        try:
            return store.begin_sync(run, NOW, "tester", account="rosta")
        except BusyError:
            assert time.monotonic() < until
            time.sleep(0.02)


@pytest.mark.fault("F50", "F63")
@sampled
def test_processes_that_want_one_account_get_it_one_after_the_other(postgres: Database) -> None:
    """Each lease has a token of its own, in any order; nobody holds it beside another one."""
    many = examples(5, 16)
    store = Store(postgres.address)
    wanted = [planned(store) for _each in range(many)]
    store.close()

    def work(number: int) -> None:
        mine = Store(postgres.address, create=False)
        held = sooner_or_later(mine, wanted[number])
        (write,) = mine.intend(held, [], [(1, "create")], NOW) or [0]
        told = Told(position=1, outcome=Outcome.CREATED, at=NOW, write_id=write)
        mine.record(held, [told])
        mine.end_sync(held, Status.DONE, NOW)
        mine.close()

    assert at_once(many, work) == [0] * many
    assert postgres.do("select token from leases") == [(many,)]
    tokens = [token for (token,) in postgres.do("select token from writes order by id")]
    assert tokens == list(range(1, many + 1))
    assert postgres.do("select distinct status from runs") == [("done",)]


@pytest.mark.fault("F50", "F63")
@sampled
def test_a_choice_and_a_sync_that_race_are_one_after_the_other(postgres: Database) -> None:
    """Either the sync carries out the new choice, or the choice is refused: nothing in between."""
    for _turn in range(examples(2, 30)):
        race_for_a_choice(postgres)


def race_for_a_choice(postgres: Database) -> None:
    """Let two choose and two sync at the same moment."""
    store = Store(postgres.address)
    run = planned(store, 2)
    store.choose(run, EVERYBODY, {1: {}, 2: {}})
    store.close()
    other = Selection(numbers=("00000",))

    def work(number: int) -> None:
        mine = Store(postgres.address, create=False)
        try:
            if number % 2:
                mine.choose(run, other, {1: {}})
            else:
                held = mine.begin_sync(run, NOW, "a", account=f"a{number}", selection=EVERYBODY)
                mine.intend(held, [], [(1, "create"), (2, "create")], NOW)
        except (BusyError, UsageError):
            pass
        finally:
            mine.close()

    assert at_once(4, work) == [0] * 4
    store = Store(postgres.address)
    sent = store.has_begun(run)
    assert store.selection(run) == (EVERYBODY if sent else other)
    assert len([item for item in store.items(run) if item.selected]) == (2 if sent else 1)
    store.close()


@pytest.mark.fault("F50", "F63")
def test_a_choice_waits_for_the_sync_that_is_just_beginning(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has looked at the run and not committed its lease yet: then the choice is refused."""
    store, other = Store(postgres.address), Store(postgres.address)
    run = planned(store)
    store.choose(run, EVERYBODY, {1: {}})
    began, go_on, refused = threading.Event(), threading.Event(), threading.Event()
    real = lease.acquire

    def slow(*words: Any, **named: Any) -> Any:
        began.set()
        assert go_on.wait(5)
        return real(*words, **named)

    def choose() -> None:
        with pytest.raises(BusyError):
            other.choose(run, Selection(), {})
        refused.set()

    monkeypatch.setattr(lease, "acquire", slow)
    syncing = threading.Thread(
        target=lambda: store.begin_sync(run, NOW, "tester", account="rosta", selection=EVERYBODY)
    )
    choosing = threading.Thread(target=choose)
    syncing.start()
    assert began.wait(5)
    choosing.start()
    choosing.join(0.3)
    assert choosing.is_alive(), "it waits"
    go_on.set()
    syncing.join()
    choosing.join()
    assert refused.is_set()
    assert store.selection(run) == EVERYBODY
    store.close()
    other.close()


@pytest.mark.fault("F97")
def test_a_removal_waits_for_the_fetch_that_is_just_beginning(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its run is there and not committed yet: then the company is at work, and stays."""
    removals: list[Future[Removed]] = []

    def midway(*_args: object) -> None:
        removals.append(pool.submit(all_.remove, "acme", Removed(at=NOW, who="tester")))
        with pytest.raises(TimeoutError):
            removals[0].result(0.3)

    monkeypatch.setattr(Store, "_note_fetch", midway)
    with (
        closing(Store(postgres.address, company="acme")) as store,
        closing(Companies(postgres.address)) as all_,
        ThreadPoolExecutor(1) as pool,
    ):
        run = begin(store)
        with pytest.raises(BusyError):
            removals[0].result(10)
        assert store.run(str(run)).status is Status.FETCHING


@pytest.mark.fault("F50")
@pytest.mark.parametrize("what", ["begun", "ended"])
def test_fetches_both_ways_that_are_at_the_same_point_wait_for_each_other(
    postgres: Database, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Both keep the accounts of the same two connections: none of them is told of another one."""
    both = threading.Barrier(2)

    def after_the_first(module: ModuleType, name: str) -> None:
        real = getattr(module, name)

        def kept(*arguments: Any) -> Any:
            done = real(*arguments)
            with suppress(threading.BrokenBarrierError):
                both.wait(0.5)
            return done

        monkeypatch.setattr(module, name, kept)

    def fetch(way: Sequence[str]) -> None:
        with closing(Store(postgres.address)) as store:
            if what == "begun":
                begin(store, *way, source_account="clinic#", target_account="rosta#")
            else:
                found = [KnownAccount(connection=name, account=way[0], at=NOW) for name in way]
                store.keep_accounts(found)

    with closing(Store(postgres.address)) as store:
        begin(store)  # the very first change of a store gives it a name, which others wait for
    after_the_first(plans, "put_accounts")
    after_the_first(accounts, "put")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(fetch, [("rosta", "clinic"), ("clinic", "rosta")]))


def test_a_fetch_knows_of_every_write_that_is_being_committed(postgres: Database) -> None:
    """Ids are given before commits: a later one that is seen does not hide an earlier one."""
    store = Store(postgres.address)
    run = planned(store)
    held = store.begin_sync(run, NOW, "tester", account="rosta")
    seen: list[dict[str, Any]] = []
    with store._engine.begin() as slow:
        row = {"run_id": held.run_id, "position": 1, "kind": "update", "token": 1, "intent_at": NOW}
        slow.execute(sa.insert(writes).values(**row))
        store.intend(held, [], [(1, "create")], NOW)
        fetch = threading.Thread(target=lambda: seen.append(store.journal_now()))
        fetch.start()
        fetch.join(0.3)
        assert not seen, "it waits for the commit"
    fetch.join()
    assert seen == [{"last": 2, "open": [1, 2]}]
    store.close()


def test_a_look_sees_one_moment(postgres: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sync that ends between two questions about it is shown as it was, or as it is."""
    store, other = Store(postgres.address), Store(postgres.address)
    run = planned(store)
    held = store.begin_sync(run, NOW, "tester", account="rosta")
    real = Store._view

    def late(self: Store, connection: sa.Connection, row: Any) -> Any:
        if self is store:
            other.end_sync(held, Status.DONE, NOW)
        return real(self, connection, row)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "_view", late)
        assert store.run(run).status is Status.SYNCING, "not paused, as if its process had died"
    assert store.run(run).status is Status.DONE
    store.close()
    other.close()


def test_many_companies_do_not_wait_for_each_other(postgres: Database) -> None:
    """One transaction is in the middle of its work; others write into other runs meanwhile."""
    store = Store(postgres.address)
    first, second = planned(store), planned(store, target="clinic")
    with store._writing() as connection:
        assert store._row(connection, first, lock=True)["status"] == "ready"
        held = store.begin_sync(second, NOW, "tester", account="clinic")
        assert store.intend(held, [], [(1, "create")], NOW)
    store.close()


def test_commits_reach_the_disk_whatever_is_usual_there(server: Server) -> None:
    """A database that forgets what it has just taken would forget intents; ours does not."""
    with server.database() as made:
        server.do(f"alter database {made.name} set synchronous_commit = off")
        store = Store(made.address)
        with store._reading() as connection:
            shown = connection.exec_driver_sql("show synchronous_commit").scalar()
        assert shown == "on"
        store.close()


# --- lost connections ---------------------------------------------------------------------------


def syncing(store: Store, run: str) -> None:
    """Do what a sync does with its store, from the choice to the end."""
    store.choose(run, EVERYBODY, {1: {}, 2: {}})
    held = store.begin_sync(run, NOW, "tester", account="rosta")
    first, second = store.intend(held, [], [(1, "create"), (2, "create")], NOW) or [0, 0]
    store.stamp(held, [first])
    store.record(held, [Told(position=1, outcome=Outcome.CREATED, at=NOW, write_id=first)])
    told = Told(position=2, outcome=Outcome.CREATED, at=NOW, write_id=second)
    assert store.intend(held, [told], [], NOW) == []
    store.end_sync(held, Status.DONE, NOW)
    assert store.run(run).status is Status.DONE


@pytest.mark.fault("F63")
@sampled
@pytest.mark.parametrize("kind", ["statement", "commit"])
def test_a_connection_that_is_lost_loses_nothing_else(postgres: Database, kind: str) -> None:
    """In every statement, at every commit: one sentence, and all of a transaction or nothing."""
    store = Store(postgres.address)
    for nth in sample(range(1, 200), 16, 1):
        run = planned(store, 2)
        ended = struck(postgres, store._engine, kind, nth, partial(syncing, store, run))
        if ended == "never":
            break
        if ended == "lost":
            whole(store, run)
            finish(store, run)
    store.close()


def struck(
    postgres: Database, engine: sa.Engine, kind: str, nth: int, work: Callable[[], object]
) -> Literal["lost", "asked again", "never"]:
    """
    Do *work*, and lose all connections at the nth statement or commit of *engine*; return its end.

    The first question of a transaction is asked again; *never*: there were not so many.
    """
    count = 0

    def strike(*_: object) -> None:
        nonlocal count
        count += 1
        if count == nth:
            postgres.lose_connections()

    name = "before_cursor_execute" if kind == "statement" else "commit"
    sa.event.listen(engine, name, strike)
    try:
        work()
    except StoreError as error:
        assert "connection to it was lost" in error.message  # noqa: PT017 - most pass
        return "lost"
    finally:
        sa.event.remove(engine, name, strike)
    return "asked again" if count >= nth else "never"


@pytest.mark.fault("F63")
@sampled
@pytest.mark.parametrize("kind", ["statement", "commit"])
@pytest.mark.parametrize("work", ["fetch", "purge", "remove"])
def test_a_connection_that_is_lost_beside_a_sync_leaves_all_or_nothing(
    postgres: Database, work: str, kind: str
) -> None:
    """Of a plan, of values that go, and of a company; once more, and it is done; others stay."""
    beta = Store(postgres.address, company="beta")
    everybody, removed = Companies(postgres.address), Removed(at=NOW, who="tester")
    theirs = planned(beta, 2)
    every = range(1, 200)
    turn = ("fetch", "remove", "purge").index(work)  # at the third question where there are few
    for nth in every if kind == "commit" else sample(every, 12, turn):
        acme = Store(postgres.address, company="acme")  # anew: it was removed
        works: dict[str, Callable[[], object]] = {
            "fetch": partial(planned, acme, 2),
            "purge": partial(acme.purge, NOW + dt.timedelta(days=1)),
            "remove": partial(everybody.remove, "acme", removed),
        }
        store: Base = everybody if work == "remove" else acme
        before = planned(acme, 2)
        ended = struck(postgres, store._engine, kind, nth, works[work])
        plans = named_in(postgres, "acme")
        if work == "fetch":
            assert plans.pop(before) == 2
            assert set(plans.values()) <= {2}
        else:
            assert plans in ({before: 2}, {})
        if ended == "never":
            acme.close()
            break
        works[work]()
        assert len(named_in(postgres, "acme")) == (len(plans) + 2 if work == "fetch" else 0)
        postgres.do("update runs set status = 'failed' where status = 'fetching'")  # not by us
        everybody.remove("acme", removed)
        assert named_in(postgres, "beta") == {theirs: 2}
        acme.close()
    for each in (beta, everybody):
        each.close()


@pytest.mark.fault("F63")
@sampled
@pytest.mark.parametrize("kind", ["statement", "commit"])
def test_a_connection_that_is_lost_leaves_a_company_adopted_or_not(
    postgres: Database, kind: str
) -> None:
    """All of it or nothing; once more, and it is told the same; what others have stays."""
    beta, everybody = Store(postgres.address, company="beta"), Companies(postgres.address)
    theirs = planned(beta, 2)
    every = range(1, 200)
    for nth in every if kind == "commit" else sample(every, 12, 2):
        unnamed = Store(postgres.address)
        run = planned(unnamed, 2)
        unnamed.note_account("rosta", "an account")
        ended = struck(postgres, everybody._engine, kind, nth, partial(everybody.adopt, "acme"))
        assert (named_in(postgres, ""), named_in(postgres, "acme")) in (
            ({run: 2}, {}),
            ({}, {run: 2}),
        )
        assert everybody.adopt("acme") == 1
        left = postgres.do("select count(*) from accounts where company = ''")
        assert (named_in(postgres, "acme"), left) == ({run: 2}, [(0,)])
        everybody.forget("acme")
        everybody.remove("acme", Removed(at=NOW, who="tester"))
        unnamed.close()
        if ended == "never":
            break
    assert named_in(postgres, "beta") == {theirs: 2}
    for each in (beta, everybody):
        each.close()


@pytest.mark.fault("F63")
@sampled
@pytest.mark.parametrize("kind", ["statement", "commit"])
@pytest.mark.parametrize("whose", ["worker", "job"])
def test_a_connection_that_is_lost_beside_a_job_lets_it_be_done_once(
    postgres: Database, whose: str, kind: str
) -> None:
    """The next look takes it up, or over; a due time is one job, which comes to its end."""
    acme, everybody = Store(postgres.address, company="acme"), Companies(postgres.address)
    everybody.count_from(("acme", "nightly"), "at one", NOW)
    every = range(1, 200)
    for tried, nth in enumerate(every if kind == "commit" else sample(every, 12, 1), 1):
        due = Claim("acme", "nightly", NOW + dt.timedelta(days=nth))
        store: Base = everybody if whose == "worker" else acme
        ended = struck(postgres, store._engine, kind, nth, partial(done, everybody, acme, due))
        postgres.do("update jobs set beat = beat - 1000")  # the process that was at it has ended
        open_ = everybody.open_jobs()
        if not open_ and everybody.claim(due, NOW, lambda _last: 0):
            open_ = everybody.open_jobs()
        for job in open_:
            again = everybody.take_over(job.claim, NOW)
            assert again
            assert acme.take(again)
            assert acme.take(job.claim) is None, "whoever wakes up has no say"
            acme.end_job(again, "done", NOW)
        assert postgres.do("select state, count(*) from jobs group by 1") == [("done", tried)]
        if ended == "never":
            break
    for each in (acme, everybody):
        each.close()


def done(everybody: Companies, acme: Store, due: Claim) -> None:
    """Do a job, from its due time to its end: what its worker does, and what its process does."""
    assert everybody.claim(due, NOW, lambda _last: 0)
    assert acme.take(due)
    assert not acme.still_at_job(due)
    acme.end_job(due, "done", NOW)


def named_in(postgres: Database, company: str) -> dict[str, int]:
    """Return how many people are named in each run of a company that has a plan with people."""
    rows = postgres.do(
        "select r.id, count(*) from runs r join items i on i.run_id = r.id"  # noqa: S608 - ours
        f" where r.company = '{company}' and r.status = 'ready' and i.name <> '' group by r.id"
    )
    return {str(run): count for run, count in rows}


def whole(store: Store, run: str) -> None:
    """What is known fits together, whichever transaction was the last."""
    sent = len(store.open_writes(int(run)))
    outcomes = store.run(run).outcomes
    assert sent in (0, 1, 2)
    if store.has_begun(run):
        assert outcomes is not None
        assert outcomes[Outcome.UNKNOWN] == sent
        assert outcomes[Outcome.CREATED] == 2 - sent
    else:
        assert sent == 0


def finish(store: Store, run: str) -> None:
    """Go on as the next process would that finds the lease of a dead one."""
    if store.run(run).status is Status.DONE:
        return
    if store.selection(run) is None:
        store.choose(run, EVERYBODY, {1: {}, 2: {}})
    held = store.begin_sync(run, NOW, "next", account="rosta", take_over=True)
    for write in store.open_writes(int(run)):
        told = Told(
            position=write.item.position, outcome=Outcome.CREATED, at=NOW, write_id=write.id
        )
        store.record(held, [told])
    store.end_sync(held, Status.DONE, NOW)


@pytest.mark.fault("F63")
def test_a_commit_whose_answer_is_lost_sends_nothing(world: World, postgres: Database) -> None:
    """The intent is durable and nobody knows: no request leaves, and it is looked up afterwards."""
    file = world.folder / "renkei.yaml"
    file.write_text(file.read_text().replace("store: reports.db", f'store: "{postgres.address}"'))
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)
    real = Store.intend

    def lost(self: Store, *words: Any) -> Any:
        real(self, *words)
        raise StoreError("lost")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "intend", lost)
        with pytest.raises(StoreError):
            world.resume(run)
    assert world.rosta.writes == []
    postgres.do("update leases set beat = beat - 1000")  # a process of its own would have ended
    assert world.resume(run).outcomes[Outcome.CREATED] == 1  # type: ignore[index]
    assert len(world.rosta.writes) == 1


def test_a_connection_that_was_lost_between_two_transactions_is_made_anew(
    postgres: Database,
) -> None:
    """Nothing was begun, so nothing has to be told."""
    store = Store(postgres.address)
    run = planned(store)
    postgres.lose_connections()
    assert store.run(run).status is Status.READY
    postgres.lose_connections()
    store.choose(run, EVERYBODY, {1: {}})
    store.close()


@pytest.mark.fault("F63")
@pytest.mark.long
def test_a_server_that_is_started_anew_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It crashes, and is back in a second: what was committed is there, and the work goes on."""
    monkeypatch.setattr(servers, "PATIENCE_S", 20.0)
    own = Server.make()
    own.start()
    try:
        own.make_template()
        with own.database() as made:
            store = Store(made.address)
            run = planned(store)
            own.stop("immediate")
            back = threading.Timer(0.5, own.start)
            back.start()
            store.choose(run, EVERYBODY, {1: {}})
            back.join()
            assert store.selection(run) == EVERYBODY
            monkeypatch.setattr(servers, "PATIENCE_S", 0.1)
            own.stop("immediate")
            with pytest.raises(StoreError, match="connection to it was lost"):
                store.run(run)
            own.start()
            assert store.run(run).status is Status.READY
            store.close()
    finally:
        own.stop()
        own.remove()
