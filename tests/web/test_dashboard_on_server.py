"""The dashboard's own database on a PostgreSQL server, beside the store: made once, one writer."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from tests.engine.test_store_server import at_once, engine_of, struck
from tests.postgres import Database, Server
from tests.sampling import sample, sampled
from tests.web.desk import PASSWORD, START, Desk, staffed

import renkei_web
from renkei.config import load_main
from renkei.database import server as servers
from renkei.database.opening import columns_of
from renkei.errors import StoreError, UsageError
from renkei.runs import copy_store
from renkei.store.store import Store
from renkei.store.tables import metadata as of_store
from renkei_runner.main import run
from renkei_web import second_factor
from renkei_web.database import SCHEMA
from renkei_web.database import Database as Dashboard
from renkei_web.drafts import Drafts
from renkei_web.entrance import Half
from renkei_web.moving import copy_people, opened, put_away
from renkei_web.second_factor import STEP_S, code_at
from renkei_web.tables import metadata, users
from renkei_web.tries import TRIES_PAIR, Place
from renkei_web.users import Role, find_user

if TYPE_CHECKING:
    from pathlib import Path

VIEWER = Role.VIEWER
OURS = "renkei_web_of_public"
MINE = f"set search_path = {OURS}"
"""Lets the next statements see the dashboard's tables."""


@pytest.fixture
def bare(server: Server) -> Iterator[Database]:
    """A database without a table."""
    with server.database("template0") as made:
        yield made


@pytest.fixture
def desk(folder: Path, postgres: Database) -> Iterator[Desk]:
    """A dashboard whose people are on a server."""
    desk = staffed(Desk(folder, database=postgres))
    yield desk
    desk.office.database.close()


# --- made and brought up to date ----------------------------------------------------------------


@pytest.mark.fault("F63")
def test_processes_that_start_at_once_make_one_database(bare: Database) -> None:
    """One of them makes it, nobody fails, and each adds somebody, with an id of their own."""

    def add(number: int) -> None:
        with closing(Dashboard(bare.address)) as database, database.writing() as db:
            row = {"name": f"person {number}", "role": "viewer", "created_at": 1.0}
            db.execute(sa.insert(users).values(row))

    assert at_once(4, add) == [0] * 4
    assert bare.do(MINE, "select count(*), count(distinct id) from users") == [(4, 4)]


def seen(engine: sa.Engine, tables: sa.MetaData) -> tuple[set[str], list[Any]]:
    """Return which tables are seen, and what differs from those in the source."""
    with engine.connect() as connection:
        found = {table for table, _column in columns_of(connection)}
        return found, compare_metadata(MigrationContext.configure(connection), tables)


def test_store_and_dashboard_stand_side_by_side(bare: Database) -> None:
    """Neither sees, compares or refuses the tables of the other, whichever came first."""
    with closing(Dashboard(bare.address)) as ours, closing(Store(bare.address)) as store:
        assert store.made
        for engine, tables in ((ours._opened.engine, metadata), (store._engine, of_store)):
            assert seen(engine, tables) == ({*tables.tables, "alembic_version"}, [])


def shape(database: Database) -> list[Any]:
    """Return every column and index of the dashboard's tables."""
    return [
        database.do(
            MINE,
            "select table_name, column_name, data_type, is_nullable, collation_name from"
            " information_schema.columns where table_schema = current_schema() order by 1, 2",
        ),
        database.do(
            MINE,
            "select indexdef from pg_indexes where schemaname = current_schema() order by 1",
        ),
    ]


@pytest.mark.fault("F60", "F63")
def test_its_migrations_run_on_a_server_once(bare: Database, postgres: Database) -> None:
    """From the very first one, however many come at once; they lead to what a new one is."""
    engine = engine_of(bare.address)
    servers._stay_beside(engine, SCHEMA.beside or "")
    with engine.begin() as connection:
        connection.exec_driver_sql(f"create schema {OURS}")
        config = Config()
        config.set_main_option("script_location", f"{renkei_web.__path__[0]}/migrations")
        config.attributes.update(connection=connection, metadata=metadata)
        command.upgrade(config, "0001")
    engine.dispose()
    assert shape(bare) != shape(postgres)
    assert at_once(3, lambda _: Dashboard(bare.address).close()) == [0] * 3
    assert shape(bare) == shape(postgres)


def test_a_newer_one_is_refused_also_while_it_is_open(desk: Desk, postgres: Database) -> None:
    """Another computer has a newer renkei: nothing is written any more into what it has made."""
    postgres.do(MINE, "update alembic_version set version_num = '9999'")
    with pytest.raises(StoreError, match="newer renkei"):
        Dashboard(postgres.address)
    assert desk.guest().log_in("admin").status_code == 503


# --- one writer ---------------------------------------------------------------------------------


def meanwhile(desk: Desk, first: Callable[[sa.Connection], object], then: Callable[[], Any]) -> Any:
    """Return what *then* gives that begins, on another connection, before *first* is committed."""
    assert desk.database is not None
    given: list[Any] = []
    other = threading.Thread(target=lambda: given.append(then()))
    waits = (
        "select count(*) from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    )
    with desk.office.database.writing() as db:
        first(db)
        other.start()
        until = time.monotonic() + 10
        while other.is_alive() and desk.database.do(waits) == [(0,)]:
            assert time.monotonic() < until
    other.join()
    return given[0]


def with_a_code(desk: Desk) -> tuple[int, str, str, list[str]]:
    """Let somebody have a second factor; return who, half a log-in, a fresh code, the others."""
    person = desk.add("hanako", Role.VIEWER)
    secret = desk.office.second_factors.new_secret(person)
    assert secret is not None
    recovery = desk.office.second_factors.confirm(person, code_at(secret, int(START // STEP_S)), "")
    desk.moment += 2 * STEP_S
    with desk.office.database.writing() as db:
        half = second_factor.half(db, person, desk.moment)
    return person, half, code_at(secret, int(desk.moment // STEP_S)), recovery or []


@pytest.mark.fault("F63")
@pytest.mark.parametrize("what", ["app", "recovery", "link", "tries"])
def test_what_is_taken_once_is_taken_once(desk: Desk, what: str) -> None:
    """Two computers are told the same at once: a code, a link, a password as the sixth try."""
    office = desk.office
    if what == "tries":
        place = Place("192.0.2.1")

        def tried(db: sa.Connection) -> None:
            for _each in range(TRIES_PAIR):
                office.entrance._tries.count(db, "viewer", place)

        given = meanwhile(
            desk, tried, lambda: office.entrance.log_in("viewer", PASSWORD, place.counted)
        )
        assert given is None
    elif what == "link":
        link = office.people.invite("taro", Role.VIEWER)

        def accept(db: sa.Connection) -> None:
            user = office.people.holder(db, link)
            assert user is not None
            office.people.use_up(db, user.id, password="of somebody else")

        assert meanwhile(desk, accept, lambda: office.entrance.accept(link, PASSWORD)) is None
    else:
        person, half, fresh, recovery = with_a_code(desk)
        code = fresh if what == "app" else recovery[0]

        def taken(db: sa.Connection) -> None:
            user = find_user(db, users.c.id == person)
            assert user is not None
            assert second_factor.take(db, user, code, desk.moment)

        again = meanwhile(desk, taken, lambda: office.entrance.finish(half, code, "192.0.2.1"))
        assert again is None
        assert office.entrance.finish(half, recovery[1], "192.0.2.1")


@pytest.mark.fault("F63")
def test_ticks_of_two_computers_are_all_kept(desk: Desk, postgres: Database) -> None:
    """Each has a process of its own; what one has ticked is there when the other one ticks."""
    there = Desk(desk.folder, database=postgres).office
    with closing(there.database):
        mine, theirs = desk.office.drafts_of(""), there.drafts_of("")
        person = desk.office.people.users()[0].id

        def tick(drafts: Drafts, first: int) -> None:
            for number in range(first, first + 10):
                with drafts.changing(person, "1") as draft:
                    draft.numbers.add(f"{number:04}")

        threads = [threading.Thread(target=tick, args=each) for each in ((mine, 0), (theirs, 10))]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert len(mine.of(person, "1").numbers) == 20


@pytest.mark.fault("F63")
@sampled
@pytest.mark.parametrize("kind", ["statement", "commit"])
def test_a_connection_that_is_lost_leaves_all_of_a_step_or_nothing(
    desk: Desk, postgres: Database, kind: str
) -> None:
    """Somebody is invited, comes in and ticks: there once, or not, and once more it is done."""
    office, engine = desk.office, desk.office.database._opened.engine
    every = range(1, 200)
    for nth in every if kind == "commit" else sample(every, 12, 1):
        name = f"person {nth}"
        ended = struck(postgres, engine, kind, nth, partial(come_in, desk, name))
        there = [user for user in office.people.users() if user.name == name]
        link = office.people.reset(there[0].id) if there else office.people.invite(name, VIEWER)
        assert office.entrance.accept(link, PASSWORD)
        session = office.sessions.find(str(office.entrance.log_in(name, PASSWORD, "192.0.2.1")))
        assert session is not None
        assert session.user.name == name
        ticked = set(office.drafts_of("").of(session.user.id, "1").numbers)
        assert ticked in (set(), {"0001"})
        if ended == "never":
            assert ticked
            break
    assert postgres.do(
        MINE, "select max(n) from (select count(*) n from users group by name) _"
    ) == [(1,)]


def come_in(desk: Desk, name: str) -> None:
    """Invite somebody, let them come in by the link and by the password, and tick somebody."""
    office = desk.office
    assert office.entrance.accept(office.people.invite(name, VIEWER), PASSWORD)
    session = office.sessions.find(str(office.entrance.log_in(name, PASSWORD, "192.0.2.1")))
    assert session is not None
    with office.drafts_of("").changing(session.user.id, "1") as draft:
        draft.numbers.add("0001")


@pytest.mark.fault("F63")
def test_a_server_that_was_started_anew_is_no_error_on_the_next_page(
    desk: Desk, postgres: Database
) -> None:
    """Nothing was begun, so nothing has to be told."""
    browser = desk.guest()
    assert browser.log_in("viewer").status_code == 303
    for _each in range(3):
        postgres.lose_connections()
        assert browser.is_in


def test_a_process_of_another_computer_is_not_signalled(desk: Desk, postgres: Database) -> None:
    """A process of the same number and age here is another one."""
    me = psutil.Process()
    desk.office.workers.remember("1", me.pid, me.create_time())
    assert desk.office.is_at_work("1")
    postgres.do(MINE, "update workers set host = 'elsewhere.example.jp'")
    assert not desk.office.is_at_work("1")
    assert not desk.office.pause("1")


def test_names_are_the_same_whatever_their_case(desk: Desk) -> None:
    """As in a file: nobody is added twice, and what no server can hold is nobody's name."""
    assert desk.guest().log_in("ADMIN").status_code == 303
    assert desk.guest().log_in("adm\0in").status_code == 401
    assert [each.name for each in desk.office.people.users()] == ["admin", "viewer"]
    assert desk.office.people.known(" Viewer") == "viewer"


# --- moved --------------------------------------------------------------------------------------


def kept(place: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows, by table."""
    with closing(Dashboard(place)) as database, database.reading() as db:
        return {
            name: sorted(map(tuple, db.execute(sa.select(table))), key=repr)
            for name, table in metadata.tables.items()
        }


def store_in(folder: Path, address: str) -> None:
    """Let renkei.yaml name a store on a server."""
    path = folder / "renkei.yaml"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "store:" not in line]
    path.write_text("\n".join([*lines, f'store: "{address}"', ""]), encoding="utf-8")


def test_people_move_with_the_store_and_back(
    folder: Path,
    bare: Database,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With rights, second factors and ticks, row by row; everybody logs in anew; ids go on."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RENKEI_STORE", bare.address)
    first = staffed(Desk(folder))
    first.office.rights.give(2, ["acme"], Role.OPERATOR)
    _person, _half, _code, recovery = with_a_code(first)
    with first.office.drafts_of("").changing(1, "1") as draft:
        draft.numbers = {"0001"}
    first.browser("admin")
    before = kept(str(first.file))
    assert run(["--lang", "en", "store", "copy", "renkei.db", "env:RENKEI_STORE"]) == 0
    shown = capsys.readouterr().out
    assert "The users of the dashboard came along" in shown
    assert f"{first.file}.moved" in shown
    assert not first.file.exists()
    stays: dict[str, list[tuple[Any, ...]]] = {"sessions": [], "half_log_ins": [], "workers": []}
    assert kept(bare.address) == before | stays
    store_in(folder, bare.address)
    there = Desk(folder, database=bare, moment=first.moment + 60)
    assert there.browser("viewer").is_in
    assert len(there.office.people.users()) == 3
    assert there.add("next") == 4, "its number is not given twice"
    half = there.office.entrance.log_in("hanako", PASSWORD, "192.0.2.1")
    assert isinstance(half, Half)
    assert there.office.entrance.finish(half.secret, recovery[2], "192.0.2.1")
    moved = kept(bare.address)
    there.office.database.close()
    assert run(["store", "copy", "env:RENKEI_STORE", "back.db"]) == 0
    assert kept(str(first.file)) == moved | stays
    assert Desk(folder, moment=there.moment).add("one more") == 5


def examined(config: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return what the doctor says of the dashboard."""
    run(["--config", config, "--output", "json", "doctor"])
    signs = json.loads(capsys.readouterr().out)["signs"]
    (sign,) = (each for each in signs if each["subject"] == "dashboard")
    found: dict[str, Any] = sign
    return found


def test_the_doctor_leaves_an_older_file_beside_a_store_on_a_server_as_it_is(
    folder: Path, postgres: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """To count who is in it would migrate it: it is told of as it stands."""
    staffed(Desk(folder)).office.database.close()
    store_in(folder, postgres.address)
    file = folder / "renkei-web.db"
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("update alembic_version set version_num = '0004'")
    before = file.read_bytes()
    sign = examined(str(folder / "renkei.yaml"), capsys)
    assert (sign["level"], sign["code"]) == ("warning", "migrations")
    assert str(file) in sign["message"]
    assert file.read_bytes() == before


def test_people_who_were_left_behind_are_told_and_taken_along(
    folder: Path, postgres: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody begins anew silently: the first start says the line, which takes all of them along."""
    staffed(Desk(folder)).office.database.close()
    store_in(folder, postgres.address)
    file, config = folder / "renkei-web.db", str(folder / "renkei.yaml")
    line = f"renkei store users {file}"
    with pytest.raises(StoreError, match=line) as refused:
        opened(load_main(folder / "renkei.yaml"))
    assert refused.value.code == "users_left"
    assert postgres.do(MINE, "select count(*) from users") == [(0,)]
    assert run(["--config", config, "--output", "json", "users"]) == 5
    capsys.readouterr()
    sign = examined(config, capsys)
    assert (sign["level"], sign["code"]) == ("problem", "users_left")
    assert line in sign["message"]
    assert run(["--config", config, "--output", "json", "store", "users", str(file)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["users"], told["users_file"]) == (2, f"{file}.moved")
    assert not file.exists()
    assert "users_moved" in postgres.do("select act from audit order by line desc limit 1")[0]
    with closing(opened(load_main(folder / "renkei.yaml"))) as database:
        assert database.path is None
    assert examined(config, capsys)["code"] == "whole"
    assert run(["--config", config, "--output", "json", "users"]) == 0
    names = [each["name"] for each in json.loads(capsys.readouterr().out)["users"]]
    assert names == ["admin", "viewer"]


def test_people_of_two_dashboards_are_not_mixed(desk: Desk, tmp_path: Path) -> None:
    """People already there stay alone, and a second try after one that broke off goes on."""
    with closing(Desk(tmp_path).office.database):
        assert copy_people(str(tmp_path / "renkei-web.db"), desk.place) == 0, "nobody is in it"
        file = str(tmp_path / "renkei-web.db")
        assert copy_people(desk.place, file) == 2
        assert copy_people(desk.place, file) == 2, "all of them are there"
        desk.add("hanako")
        before = kept(desk.place)
        with pytest.raises(UsageError, match="not the same ones"):
            copy_people(file, desk.place)
        assert kept(desk.place) == before
    assert put_away(desk.place) is None


def test_nobody_is_copied_where_they_are(tmp_path: Path) -> None:
    """A file is one file, whatever it is called: nothing waits for itself."""
    staffed(Desk(tmp_path)).office.database.close()
    (tmp_path / "inner").mkdir()
    (tmp_path / "link").symlink_to(tmp_path)
    for other in ("inner/../renkei-web.db", "link/renkei-web.db"):
        assert copy_people(str(tmp_path / other), str(tmp_path / "renkei-web.db")) == 0


def test_a_store_whose_people_cannot_come_along_does_not_move(
    folder: Path, bare: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one move: the store stays, too, and goes on."""
    monkeypatch.chdir(folder)
    (folder / "renkei-web.db").write_bytes(b"damaged" * 1000)
    monkeypatch.setenv("RENKEI_STORE", bare.address)
    assert run(["store", "copy", "renkei.db", "env:RENKEI_STORE"]) == 5
    assert bare.do("select count(*) from runs") == [(0,)]
    (folder / "renkei-web.db").unlink()
    assert copy_store("renkei.db", "env:RENKEI_STORE", folder).runs == 1
