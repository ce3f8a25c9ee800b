"""
Stores that older renkei have left: they go on, and what was in doubt in them is settled.

Each of ``stores/`` is as its revision has left it, with rows: 0002 is that of renkei 0.1.0.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import sqlalchemy as sa
from attrs import evolve
from tests.engine import test_store_server as servers
from tests.engine.test_store import begin
from tests.engine.world import PERSON, TWIN
from tests.postgres import Database

from renkei.errors import StoreError
from renkei.model import Difference, Outcome, Remark, Run, Status
from renkei.store.journal import Write
from renkei.store.store import Store

if TYPE_CHECKING:
    from tests.engine.world import World

bare = servers.bare
STORES = Path(__file__).parent / "stores"
STORE = STORES / "0002.sql"
KEPT = [
    pytest.param(path, id=path.stem, marks=[pytest.mark.long] if path.stem == "0001" else [])
    for path in sorted(STORES.glob("*.sql"))
]


def left_behind(world: World) -> Path:
    """
    Put the store, and the people as they were, into a world.

    In run 1 the create of 003 and the update of 004 have arrived, and their answers have not; 006
    is new and was not tried. Its process died.
    """
    # Everybody of that store has one name and one date of birth.
    clinic = partial(world.in_clinic, first=PERSON["first"], born=PERSON["born"])
    rosta = partial(world.in_rosta, given=TWIN["given"], dob=TWIN["dob"])
    for number, mail in (("001", None), ("002", "new"), ("003", None), ("004", "new")):
        clinic(number, **({"mail": f"{mail}@example.jp"} if mail else {}))
        if mail:
            rosta(number, **({"email": "new@example.jp"} if number == "004" else {}))
    clinic("005")
    rosta("005")
    clinic("006")
    for number in ("001", "003"):
        rosta(number, ward="W1")
    place = world.folder / "reports.db"
    with closing(sqlite3.connect(place)) as connection:
        connection.executescript(STORE.read_text(encoding="utf-8"))
    place.chmod(0o600)
    return place


@pytest.mark.sqlite
@pytest.mark.fault("F60")
def test_it_is_brought_up_to_date_and_shows_what_it_did(world: World) -> None:
    """Runs, counts and outcomes are those of before; a copy is kept."""
    place = left_behind(world)
    with world.runs() as runs:
        fetching, ready, paused = runs.reports()
    assert (paused.status, paused.reason) == (Status.PAUSED, Remark("interrupted"))
    assert paused.outcomes is not None
    assert paused.source_count == sum(paused.counts.values()) > 0
    told = {outcome: count for outcome, count in paused.outcomes.items() if count}
    assert told == {
        Outcome.CREATED: 1, Outcome.FAILED: 1, Outcome.UNKNOWN: 2, Outcome.DEFERRED: 1,
        Outcome.NOT_SELECTED: 1,
    }  # fmt: skip
    assert ready.counts[Difference.NEW] == 3
    assert (fetching.status, fetching.reason) == (Status.FAILED, Remark("interrupted"))
    assert place.with_name("reports.db.0002.backup").exists()


@pytest.mark.sqlite
@pytest.mark.fault("F60")
def test_its_run_is_resumed(world: World) -> None:
    """What was in doubt is looked up, nobody is doubled, and the rest is written."""
    left_behind(world)
    done = world.resume(next(run for run in reports(world) if run.id == "1"))
    assert done.status is Status.DONE_WITH_ERRORS
    assert world.outcome(done, "003") == (Outcome.CREATED, None)
    assert world.outcome(done, "004") == (Outcome.UPDATED, None)
    assert world.outcome(done, "002")[0] is Outcome.FAILED
    assert [values["id_no"] for _kind, _id, values in world.rosta.writes] == ["006"]


def filled(place: Database, kept: Path) -> None:
    """Make the tables of then on a server, with the rows that are *kept*."""
    servers.old(place, kept.stem)
    engine, tables = servers.engine_of(place.address), sa.MetaData()
    with closing(sqlite3.connect(":memory:")) as file, engine.begin() as connection:
        file.executescript(kept.read_text(encoding="utf-8"))
        file.row_factory = sqlite3.Row
        tables.reflect(connection)
        for table in tables.sorted_tables:
            connection.execute(sa.delete(table))
            for row in file.execute(f"select * from {table.name}"):  # noqa: S608 - ours
                values = {each.name: converted(each, row[each.name]) for each in table.c}
                connection.execute(sa.insert(table).values(values))
            if "id" in table.c:
                counter = sa.func.pg_get_serial_sequence(table.name, "id")
                connection.execute(sa.select(sa.func.setval(counter, sa.func.max(table.c.id))))
    engine.dispose()


def converted(column: sa.Column[Any], value: Any) -> Any:
    """Return as a server keeps it what a file has in a column."""
    if value is None:
        return sa.null()
    kinds: tuple[tuple[type, Callable[[Any], Any]], ...] = (
        (sa.Boolean, bool),
        (sa.JSON, json.loads),
        (sa.DateTime, lambda text: dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)),
        (sa.Date, dt.date.fromisoformat),
    )
    return next((of(value) for kind, of in kinds if isinstance(column.type, kind)), value)


@pytest.mark.fault("F60", "F63")
@pytest.mark.parametrize("kept", KEPT)
def test_a_store_of_then_is_the_same_on_both_databases(
    bare: Database, tmp_path: Path, kept: Path
) -> None:
    """Its runs, people, outcomes, writes and log, once it is brought up to date with its rows."""
    file = tmp_path / "a.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(kept.read_text(encoding="utf-8"))
    file.chmod(0o600)
    filled(bare, kept)
    with closing(Store(str(file))) as first, closing(Store(bare.address, create=False)) as second:
        runs = first.latest(100)
        assert runs
        assert second.latest(100) == runs
        for run in runs:
            assert list(second.items(run.id)) == list(first.items(run.id))
            assert unstamped(second, run) == unstamped(first, run)
        assert second.check_lines(None) == first.check_lines(None)
        assert first.check_lines(None).faults == ()
        number = int(runs[0].id)
        assert begin(second) > number  # the next one is a new one


def unstamped(store: Store, run: Run) -> list[Write]:
    """Return the open writes of a run, without when they left: a server has a clock of its own."""
    return [evolve(write, sent_at=None) for write in store.open_writes(int(run.id))]


@pytest.mark.fault("F60", "F63")
@pytest.mark.long
@pytest.mark.sqlite  # from there the rows come
def test_its_run_is_resumed_on_a_server(world: World, bare: Database) -> None:
    """The rows of then in tables of then: what was in doubt is settled there, too."""
    left_behind(world).unlink()
    filled(bare, STORE)
    config = world.folder / "renkei.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("store: reports.db", f'store: "{bare.address}"'), "utf-8")
    done = world.resume(next(run for run in reports(world) if run.id == "1"))
    assert done.status is Status.DONE_WITH_ERRORS
    assert world.outcome(done, "003") == (Outcome.CREATED, None)
    assert world.outcome(done, "004") == (Outcome.UPDATED, None)
    assert [values["id_no"] for _kind, _id, values in world.rosta.writes] == ["006"]


def reports(world: World) -> list:  # type: ignore[type-arg]
    """Return all runs."""
    with world.runs() as runs:
        return runs.reports()


@pytest.mark.sqlite
@pytest.mark.fault("F60")
def test_a_create_of_then_is_not_sent_again_at_once(world: World) -> None:
    """It has no stamp: the time of the longest request counts from now."""
    left_behind(world)
    [third] = world.rosta.find("003")
    del world.rosta.people[third.id]
    done = world.resume(next(run for run in reports(world) if run.id == "1"))
    assert world.waiting.seconds > 1.0
    assert world.outcome(done, "003") == (Outcome.CREATED, None)


@pytest.mark.fault("F60")
def test_an_older_renkei_at_work_is_waited_for(world: World) -> None:
    """The two would not see each other's leases, so the store stays as it is."""
    place = left_behind(world)
    me = psutil.Process()
    owner = f'{{"host": "{os.uname().nodename}", "pid": {me.pid}, "started": {me.create_time()}}}'
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.execute("update leases set owner = ?, renewed_at = ?", (owner, time.time()))
    for _time in range(2):
        with pytest.raises(StoreError, match="older renkei is still writing"):
            Store(str(place))
    with closing(sqlite3.connect(place)) as connection, connection:
        assert connection.execute("select version_num from alembic_version").fetchone() == ("0002",)
        connection.execute("update leases set renewed_at = ?", (time.time() - 901,))
    Store(str(place)).close()


def test_whom_its_notes_were_about_is_to_be_looked_at_first(world: World) -> None:
    """A plan of 0.1.0 is chosen from by the rules of now; who is blocked needs no look."""
    place = left_behind(world)
    resigned, near = '[["resigned_in_target", "2026-11-01"]]', '[["near_number_in_source", "4"]]'
    rows = [
        ("001", "changed", resigned), ("002", "blocked", resigned),
        ("004", "changed", near), ("006", "new", near),
    ]  # fmt: skip
    with closing(sqlite3.connect(place)) as connection, connection:
        for number, difference, notes in rows:
            connection.execute(
                "update items set difference = ?, notes = ? where number = ?",
                (difference, notes, number),
            )
    with closing(Store(str(place))) as store:
        found = {entry.number for entry in store.entries("1") if entry.look_first}
    assert found == {"001", "006"}
