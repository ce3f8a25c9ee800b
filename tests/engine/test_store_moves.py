"""A store that is restored, replaced, or moved: found, looked up, compared; nobody twice."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from tests.engine.test_store import NOW, begin, folk, old_store, planned
from tests.postgres import Database, Server

from renkei.database.copying import _rows, copy_rows
from renkei.errors import BusyError, NoStoreError, StoreError, UsageError
from renkei.model import Difference, Remark, Selection, Status
from renkei.observer import Observer
from renkei.runs import copy_store as copy_as_written
from renkei.store import copying
from renkei.store.copying import copy_store
from renkei.store.serial import Seen
from renkei.store.store import Store
from renkei.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engine.world import World


class Ear(Observer):
    """Remembers what a person is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def news(self, remark: Remark) -> None:
        """Remember the code."""
        self.told.append(remark.code)

    def warning(self, remark: Remark) -> None:
        """Remember the code."""
        self.told.append(remark.code)


class Backup:
    """A copy of the store of *world*, to be put back in its place."""

    def __init__(self, world: World) -> None:
        self.world = world
        file = world.folder / "reports.db"
        self.kept: Any = world.database.keep() if world.database else file.read_bytes()

    def put_back(self) -> None:
        """Let the store be as it was."""
        if self.world.database is not None:
            self.world.database.back_to(self.kept)
        else:
            (self.world.folder / "reports.db").write_bytes(self.kept)


def told(world: World) -> list[str]:
    """Return what a person is told who looks at the reports."""
    with world.runs(ear := Ear()) as runs:
        runs.reports()
    return ear.told


# --- restored -----------------------------------------------------------------------------------


@pytest.mark.fault("F63", "F83")
@pytest.mark.postgres
def test_an_older_copy_is_found_and_nobody_new_is_sent_too_early(world: World) -> None:
    """The system still works on a create that the copy has forgotten: it is waited for."""
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)
    backup = Backup(world)
    world.resume(run)
    late = world.rosta.people.popitem()  # the list does not show the new employee yet
    backup.put_back()
    assert told(world) == ["store_restored"]
    began = world.waiting.seconds

    def shown(_seconds: float) -> None:
        if world.waiting.seconds - began > 30:
            world.rosta.people.update([late])

    world.waiting.passing.append(shown)
    done = world.resume(run)
    assert len(world.rosta.people) == 1
    assert len(world.rosta.writes) == 1, "it was waited for, and found"
    assert world.waiting.seconds - began > 30
    assert done.status is Status.DONE
    assert told(world) == [], "it is settled"


@pytest.mark.fault("F63")
@pytest.mark.postgres
def test_a_copy_that_lacks_one_transaction_is_found(world: World) -> None:
    """As a server that takes over may have missed the last one: the next command says so."""
    world.in_clinic("001")
    run = world.fetch()
    backup = Backup(world)
    world.choose(run)
    assert told(world) == []
    backup.put_back()
    assert told(world) == ["store_restored"]
    with world.runs() as runs:
        assert runs.selection(run.id) is None


@pytest.mark.fault("F63")
def test_a_takeover_that_loses_a_commit_stops_a_sync_before_it_sends(
    world_on_server: World,
) -> None:
    """The process at work sees the older serial with its next transaction: nothing more is sent."""
    world = world_on_server
    for number in ("001", "002"):
        world.in_clinic(number)
    run = world.fetch()
    world.choose(run)
    backup = Backup(world)

    def strike(hook: str, _values: object) -> None:
        if hook == "create_employee":
            backup.put_back()

    world.rosta.trouble = strike
    with pytest.raises(StoreError, match="an older one than a moment ago"):
        world.resume(run)
    assert len(world.rosta.writes) == 1
    world.rosta.trouble = lambda _hook, _values: None
    assert told(world) == ["store_restored"]
    world.resume(run)
    assert len(world.rosta.people) == 2, "nobody twice"


@pytest.mark.postgres
def test_what_was_seen_last_is_no_secret_and_nobody_needs_it(world: World) -> None:
    """An id and a number; without it an older copy is not noticed, and all else is as ever."""
    run = world.fetch()
    (file,) = world.folder.glob(".*.seen")
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(file.read_text()) < 100
    for text in ("", "nonsense", "[1]", '["x", "y"]', "\x00" * 90):
        file.write_text(text)
        assert told(world) == []
        world.fetch()
        assert Seen(file).last() is not None, "it is good again"
    file.unlink()
    file.mkdir()
    world.choose(run)
    assert told(world) == []


@pytest.mark.postgres
def test_a_person_says_that_a_store_was_restored(world: World) -> None:
    """Where putting back a copy goes unnoticed: it is waited for all the same."""
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)
    with world.runs() as runs:
        runs._store.note_restored()
    began = world.waiting.seconds
    assert world.resume(run).status is Status.DONE
    assert world.waiting.seconds - began > 50


# --- moved --------------------------------------------------------------------------------------


@pytest.fixture
def bare(server: Server) -> Iterator[Database]:
    """A database without a table."""
    with server.database("template0") as made:
        yield made


def filled(place: Path) -> Store:
    """Return a store with something in every table."""
    old_store(place)
    store = Store(str(place))
    store.account("token")
    run = planned(store, 1201)
    store.fail_fetch(int(folk(store)), NOW, Remark("interrupted"))
    store.choose(run, Selection(differences=frozenset({Difference.NEW})), {1: {}, 7: {}})
    held = store.begin_sync(run, NOW, "tester", account="rosta")
    store.intend(held, [], [(1, "create")], NOW)
    store.end_sync(held, Status.PAUSED, NOW, Remark("interrupted"))
    return store


def contents(place: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of a store, without what belongs to its place, and that it has moved."""
    with closing(Store(place, create=False)) as store, store._reading() as connection:
        assert store.check_lines().faults == ()
        found = {
            table.name: [tuple(row) for row in _rows(table, connection, *copying._but(table))]
            for table in metadata.sorted_tables
        }
    found["audit"] = [row for row in found["audit"] if "store_moved" not in row]
    found["facts"] = [row for row in found["facts"] if not row[0].startswith("audit:")]
    return found


@pytest.mark.fault("F63")
def test_a_store_moves_to_a_server_and_back(tmp_path: Path, bare: Database) -> None:
    """Every row of every table, as it was; ids stay and go on; the old ones take no more."""
    first, back = tmp_path / "renkei.db", str(tmp_path / "back.db")
    store = filled(first)
    before = contents(str(first))
    assert all(before[name] for name in ("runs", "items", "writes", "leases", "facts"))
    account, newest = store.account("token"), store.latest(1)[0].id
    store.close()
    copied = copy_store(str(first), bare.address)
    assert copied.rows == sum(map(len, before.values())) + 2  # that it moves, and the log's head
    assert contents(bare.address) == before
    with pytest.raises(StoreError, match="was moved to postgresql://"):
        begin(Store(str(first)))
    assert Store(str(first)).latest(1)[0].id == newest, "what it holds can be read"
    copy_store(bare.address, back)
    assert contents(back) == before
    for place, is_open in ((bare.address, False), (back, True)):
        with closing(Store(place, create=False)) as moved:
            assert moved.account("token") == account
            assert len(moved.open_writes(int(newest) - 1)) == 1
            if is_open:
                assert begin(moved) == int(newest) + 1
            else:
                with pytest.raises(StoreError, match=r"was moved to .*back\.db"):
                    begin(moved)


def test_the_next_run_of_a_moved_store_has_the_next_number(tmp_path: Path, bare: Database) -> None:
    """On a server, too, which counts apart from its rows; and in an empty store the first one."""
    with closing(Store(str(tmp_path / "renkei.db"))) as store:
        planned(store)
    copy_store(str(tmp_path / "renkei.db"), bare.address)
    with closing(Store(bare.address)) as store:
        assert begin(store) == 2
        held = store.begin_sync("1", NOW, "tester", account="rosta")
        assert store.intend(held, [], [(1, "create")], NOW) == [1]


@pytest.mark.sqlite
def test_a_moved_store_is_no_older_copy(world: World, bare: Database) -> None:
    """It is the same store in another place; the old one, put back into use, is found."""
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)
    copy_store(str(world.folder / "reports.db"), bare.address)
    file = world.folder / "renkei.yaml"
    old = file.read_text()
    file.write_text(old.replace("store: reports.db", f'store: "{bare.address}"'))
    assert told(world) == []
    assert world.resume(run).status is Status.DONE
    file.write_text(old)
    with pytest.raises(StoreError, match="was moved to"):
        world.fetch()


@pytest.mark.fault("F63")
def test_who_wrote_while_a_store_moved_is_told(postgres: Database, tmp_path: Path) -> None:
    """A choice that waited for the copy is in neither store, and the person who made it knows."""
    goal = str(tmp_path / "goal.db")
    with closing(Store(postgres.address)) as store:
        run = planned(store)
        stack = ExitStack()
        connection = stack.enter_context(store._writing())
        copy_store(postgres.address, goal)
        store._update(connection, int(run), selection={"chosen": "too late"})
        with pytest.raises(StoreError, match="was moved to"):
            stack.close()
        assert store.selection(run) is None
    with closing(Store(goal)) as store:
        assert store.selection(run) is None


@pytest.mark.fault("F63")
@pytest.mark.sqlite
def test_an_older_copy_that_moves_is_still_one(world: World, tmp_path: Path) -> None:
    """A file is put back and moved: people sent meanwhile are looked up in the new place."""
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)
    backup = Backup(world)
    world.resume(run)
    backup.put_back()
    copy_as_written("reports.db", "goal.db", world.folder)
    file = world.folder / "renkei.yaml"
    file.write_text(file.read_text().replace("store: reports.db", "store: goal.db"))
    world.resume(run)
    assert len(world.rosta.writes) == 1, "nobody twice"


def test_a_store_at_work_stays(tmp_path: Path, bare: Database) -> None:
    """While a run syncs or is fetched nothing is copied; afterwards it is."""
    place, store = str(tmp_path / "renkei.db"), Store(str(tmp_path / "renkei.db"))
    fetching, run = begin(store), planned(store)
    with pytest.raises(BusyError, match=f"Run {fetching} is still being fetched"):
        copy_store(place, bare.address)
    store.fail_fetch(fetching, NOW, Remark("interrupted"))
    held = store.begin_sync(run, NOW, "tester", account="rosta")
    with pytest.raises(BusyError, match=f"Run {run} is writing"):
        copy_store(place, bare.address)
    store.end_sync(held, Status.DONE, NOW)
    assert copy_store(place, bare.address).runs == 2
    store.close()


def test_only_an_empty_place_takes_a_store(tmp_path: Path, postgres: Database) -> None:
    """Nothing is written over, and there has to be something to move."""
    place = str(tmp_path / "renkei.db")
    with pytest.raises(NoStoreError):
        copy_store(place, postgres.address)
    with closing(Store(place)) as store:
        planned(store)
    with closing(Store(postgres.address)) as store:
        planned(store)
    before = contents(place), contents(postgres.address)
    for origin, goal in ((place, postgres.address), (postgres.address, place)):
        with pytest.raises(UsageError, match="There is a store at"):
            copy_store(origin, goal)
    assert (contents(place), contents(postgres.address)) == before


@pytest.mark.parametrize("moment", ["copied", "compared"])
def test_a_copy_that_fails_half_way_has_moved_nothing(
    tmp_path: Path, bare: Database, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The connection is lost, or a row is not what it was: the old store goes on, then it works."""
    place = str(tmp_path / "renkei.db")
    with closing(filled(tmp_path / "renkei.db")):
        before = contents(place)
    real = copy_rows

    def hurt(table: sa.Table, source: sa.Connection, target: sa.Connection, *of: Any) -> int:
        count = real(table, source, target, *of)
        if table.name == "items":
            if moment == "copied":
                bare.lose_connections()
            else:
                target.exec_driver_sql("update items set name = 'x' where position = 700")
        return count

    with monkeypatch.context() as patch:
        patch.setattr(copying, "copy_rows", hurt)
        with pytest.raises(StoreError, match=r"was lost|does not hold what was copied"):
            copy_store(place, bare.address)
    assert contents(place) == before
    assert copy_store(place, bare.address).runs
    assert contents(bare.address) == before


@pytest.mark.security(1)
@pytest.mark.parametrize("turn", [0, 1])
def test_a_password_is_no_argument(tmp_path: Path, turn: int) -> None:
    """Others see the arguments of a command; a reference leads to the address."""
    words = [str(tmp_path / "renkei.db"), "postgresql://u:hunter2@db.example.jp/renkei"]
    with pytest.raises(UsageError, match="env:VARIABLE") as caught:
        copy_as_written(words[turn], words[1 - turn], tmp_path)
    assert "hunter2" not in caught.value.message


def test_a_store_with_what_a_server_cannot_hold_stays(tmp_path: Path, bare: Database) -> None:
    """A NUL in a name, from a time when nobody looked: it is said, and nothing is moved."""
    place = tmp_path / "renkei.db"
    with closing(Store(str(place))) as store:
        planned(store)
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.execute("update items set name = 'a' || char(0) || 'b'")
    with pytest.raises(StoreError, match="cannot be used"):
        copy_store(str(place), bare.address)
    with closing(Store(str(place))) as store:
        assert begin(store) == 2
