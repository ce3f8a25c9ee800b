"""A store moves: all of it into an empty one, compared row by row; the old one refuses to write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy import Table
from sqlalchemy.engine import Connection

from renkei.errors import BusyError, StoreError, UsageError
from renkei.model import Status
from renkei.place import shown
from renkei.store import lease, schema, serial
from renkei.store.audit import Entry, append
from renkei.store.store import Store
from renkei.store.tables import facts, leases, metadata, runs
from renkei.store.vault import TURN, is_inside
from renkei.who import recorded
from renkei.words.i18n import _

BATCH = 1000

OWN = (serial.MOVED, serial.SERIAL)
"""Facts about a store in its place, which its copy does not have."""

TABLES = [*(table for table in metadata.sorted_tables if table is not facts), facts]
"""In the order in which rows can be inserted, and in which everybody else locks them."""


@frozen(kw_only=True)
class Copied:
    """What was copied: how many *rows*, of them *runs*; *place* is the new one, as it is shown."""

    place: str
    runs: int
    rows: int


def copy_store(
    origin: str, goal: str, seen: Path | None = None, *, who: str | None = None
) -> Copied:
    """
    Move the store at *origin* to *goal*, a new file or an empty database; ids stay.

    *seen* is the file with what this computer has last seen of *origin*: an older copy stays one.

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
        if old._on_server:  # noqa: SLF001 - a file has one writer: us
            names = ", ".join(table.name for table in TABLES)
            source.exec_driver_sql(f"lock table {names} in exclusive mode")
        _refuse_at_work(old, source)
        moved = Entry(act="store_moved")  # the line is in both of them
        append(source, old.company, who or recorded(None), [moved])
        with _filled(new) as target:
            rows = sum(_copy(table, source, target) for table in TABLES)
            serial.put(target, serial.read(source) + 1)
            for table in TABLES:
                _compare(table, source, target, new.place)
        serial.keep(source, serial.MOVED, new.place)
        count = source.execute(sa.select(sa.func.count()).select_from(runs)).scalar_one()
    return Copied(place=new.place, runs=count, rows=rows)


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
    if any(is_inside(turn.name, turn.value) for turn in source.execute(turns)):
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
        _let_numbers_go_on(target)


def _taken(place: str) -> UsageError:
    message = _("There is a store at {place} already. Name another place, or put that one away.")
    return UsageError(message.format(place=place), code="store_there")


def _copy(table: Table, source: Connection, target: Connection) -> int:
    """Copy all rows; return how many there are."""
    count = 0
    for rows in _rows(table, source).partitions(BATCH):
        target.execute(_insert(table, target), [_named(row) for row in rows])
        count += len(rows)
    return count


def _rows(table: Table, connection: Connection) -> sa.CursorResult[Any]:
    """Return all rows in the order of their keys; JSON as the text that it is."""
    columns = [sa.cast(c, sa.Text) if _is_json(c) else c for c in table.c]
    query = sa.select(*columns).order_by(*(_order(c, connection) for c in table.primary_key))
    if table is facts:
        query = query.where(facts.c.name.not_in(OWN))
    return connection.execute(query.execution_options(yield_per=BATCH))


def _order(column: sa.Column[Any], connection: Connection) -> sa.ColumnElement[Any]:
    """Return what sorts alike everywhere: a server sorts text as its language does."""
    text = isinstance(column.type, sa.String) and connection.dialect.name == "postgresql"
    return sa.collate(column, "C") if text else column


def _insert(table: Table, target: Connection) -> sa.Insert:
    return sa.insert(table).values({c.name: _given(c, n, target) for n, c in enumerate(table.c)})


def _given(column: sa.Column[Any], place: int, target: Connection) -> sa.ColumnElement[Any]:
    """Return where a value comes in; JSON comes as its text, so that not a blank of it changes."""
    if not _is_json(column):
        return sa.bindparam(f"v{place}", type_=column.type)
    text = sa.bindparam(f"v{place}", type_=sa.Text)
    return sa.cast(text, sa.JSON) if target.dialect.name == "postgresql" else text


def _is_json(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.JSON)


def _named(row: Sequence[Any]) -> dict[str, Any]:
    return {f"v{place}": value for place, value in enumerate(row)}


def _compare(table: Table, source: Connection, target: Connection, place: str) -> None:
    """Raise StoreError unless both have the same rows."""
    for ours, theirs in zip_longest(_rows(table, source), _rows(table, target)):
        if ours != theirs:
            message = _(
                "{place} does not hold what was copied into it ({table}). Nothing was moved."
            )
            raise StoreError(message.format(place=place, table=table.name), where=place)


def _let_numbers_go_on(target: Connection) -> None:
    """Let the server give the next run the next number; a file looks at its last one anyway."""
    if target.dialect.name != "postgresql":
        return
    for table in TABLES:
        if table.autoincrement_column is not None:
            last = (
                f"select max(n) from (select max(id) as n from {table.name} union all"  # noqa: S608 - names of ours
                f" select cast(value as bigint) from facts where name = 'last:{table.name}') as x"
            )
            target.exec_driver_sql(
                f"select setval(pg_get_serial_sequence('{table.name}', 'id'),"
                f" coalesce(({last}), 1), exists ({last} having max(n) is not null))"
            )
