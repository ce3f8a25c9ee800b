"""A store moves: all of it into an empty one, compared row by row; the old one refuses to write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy import Table
from sqlalchemy.engine import Connection

from renkei.database.copying import compare_rows, copy_rows, let_numbers_go_on
from renkei.database.server import BUSY_S, may_be_silent
from renkei.errors import BusyError, UsageError
from renkei.model import Status
from renkei.place import shown
from renkei.store import lease, schema, serial
from renkei.store.audit import Entry, append
from renkei.store.store import Store
from renkei.store.tables import facts, leases, metadata, runs
from renkei.store.vault import TURN, is_inside
from renkei.who import recorded
from renkei.words.i18n import _

OWN = (serial.MOVED, serial.SERIAL)
"""Facts about a store in its place, which its copy does not have."""

TABLES = [*(table for table in metadata.sorted_tables if table is not facts), facts]
"""In the order in which rows can be inserted, and in which everybody else locks them."""


@frozen(kw_only=True)
class Copied:
    """
    What was copied: how many *rows*, of them *runs*; *place* is the new one, as it is shown.

    *left* is what came along with it has left behind, if anything.
    """

    place: str
    runs: int
    rows: int
    left: str | None = None


def copy_store(
    origin: str,
    goal: str,
    seen: Path | None = None,
    *,
    who: str | None = None,
    along: Callable[[], str | None] | None = None,
) -> Copied:
    """
    Move the store at *origin* to *goal*, a new file or an empty database; ids stay.

    *seen* is the file with what this computer has last seen of *origin*: an older copy stays one.

    *along* takes with it what stands elsewhere, and returns what that leaves behind; it is called
    last, and if it raises nothing moves.

    Nobody can write into *origin* meanwhile, nor afterwards. Raises BusyError while a run is at
    work, UsageError if there is something at *goal*, StoreError if one of them cannot be used.
    """
    if origin == goal:
        raise _taken(shown(goal))
    with (
        closing(Store(origin, create=False, seen=seen)) as old,
        closing(Store(goal)) as new,
        old._transaction(renkei_writes=True, moving=True) as source,  # noqa: SLF001 - of this room
    ):
        may_be_silent(source, BUSY_S)
        if old._on_server:  # noqa: SLF001 - a file has one writer: us
            names = ", ".join(table.name for table in TABLES)
            source.exec_driver_sql(f"lock table {names} in exclusive mode")
        _refuse_at_work(old, source)
        moved = Entry(act="store_moved")  # the line is in both of them
        append(source, old.company, who or recorded(None), [moved])
        with _filled(new) as target:
            rows = 0
            for table in TABLES:
                rows += copy_rows(table, source, target, *_but(table))
            # What this commit leaves in the source: with a lower serial the copy would look older.
            serial.put_serial(target, serial.read(source) + 1)
            for table in TABLES:
                compare_rows(table, source, target, new.place, *_but(table))
            left = None if along is None else along()
        serial.keep(source, serial.MOVED, new.place)
        count = source.execute(sa.select(sa.func.count()).select_from(runs)).scalar_one()
    return Copied(place=new.place, runs=count, rows=rows, left=left)


def _refuse_at_work(old: Store, source: Connection) -> None:
    for row in source.execute(sa.select(leases)).mappings():
        if lease.is_held(row):
            raise lease.busy(row)
    fetching = sa.select(runs).where(runs.c.status == Status.FETCHING.value)
    for row in source.execute(fetching).mappings():
        if old._view(source, row).status is Status.FETCHING:  # noqa: SLF001 - of this room
            message = _("Run {run} is still being fetched. Wait until it has ended.")
            raise BusyError(message.format(run=row["id"]))
    turns = sa.select(facts).where(facts.c.name.startswith(TURN))
    for turn in source.execute(turns):
        if is_inside(turn.name, turn.value):
            raise BusyError(_("A token is just being fetched. Try again in a moment."))


@contextmanager
def _filled(new: Store) -> Iterator[Connection]:
    """Let the block fill an empty store, all of it or nothing."""
    engine = new._engine  # noqa: SLF001 - it has no serial to raise yet
    with (
        schema.translated(new.place),
        engine.connect().execution_options(renkei_writes=True) as target,
        target.begin(),
    ):
        for table in TABLES:
            if target.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).scalar():
                raise _taken(new.place)
        yield target
        let_numbers_go_on(target, TABLES, _given_before)


def _taken(place: str) -> UsageError:
    message = _("There is a store at {place} already. Name another place, or put that one away.")
    return UsageError(message.format(place=place), code="store_there")


def _but(table: Table) -> list[sa.ColumnElement[bool]]:
    """Return which rows of *table* a copy has: all, but for what is true of a place only."""
    return [facts.c.name.not_in(OWN)] if table is facts else []


def _given_before(table: Table) -> sa.ColumnElement[int]:
    """Return the highest number that a row of *table* has had, if that was kept."""
    kept = facts.c.name == f"last:{table.name}"
    return sa.select(sa.cast(facts.c.value, sa.BigInteger)).where(kept).scalar_subquery()
