"""Rows of one database in another one: as they are, compared one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Table
from sqlalchemy.engine import Connection

from renkei.errors import StoreError
from renkei.words.i18n import _

BATCH = 1000

Floor = Callable[[Table], sa.ColumnElement[int]]


def copy_rows(
    table: Table, source: Connection, target: Connection, *of: sa.ColumnElement[bool]
) -> int:
    """Copy all rows *of* which that is true; return how many there are."""
    count = 0
    for rows in _rows(table, source, *of).partitions(BATCH):
        target.execute(_insert(table, target), [_named(row) for row in rows])
        count += len(rows)
    return count


def same_rows(
    table: Table, source: Connection, target: Connection, *of: sa.ColumnElement[bool]
) -> bool:
    """Tell whether both have the same rows."""
    both = zip_longest(_rows(table, source, *of), _rows(table, target, *of))
    return all(ours == theirs for ours, theirs in both)


def compare_rows(
    table: Table, source: Connection, target: Connection, place: str, *of: sa.ColumnElement[bool]
) -> None:
    """Raise StoreError unless both have the same rows."""
    if not same_rows(table, source, target, *of):
        message = _("{place} does not hold what was copied into it ({table}). Nothing was moved.")
        raise StoreError(message.format(place=place, table=table.name), where=place)


def let_numbers_go_on(
    target: Connection, tables: Iterable[Table], floor: Floor | None = None
) -> None:
    """
    Let the server give the next row the next number; a file looks at its last one anyway.

    *floor* returns, for a table, the highest number that a row has had that is gone, or null.
    """
    if target.dialect.name != "postgresql":
        return
    for table in tables:
        key = table.autoincrement_column
        if key is None:
            continue
        last: sa.ColumnElement[Any] = sa.select(sa.func.max(key)).scalar_subquery()
        if floor is not None:
            last = sa.func.greatest(last, floor(table))
        number = target.execute(sa.select(last)).scalar()
        if number is not None:
            sequence = sa.func.pg_get_serial_sequence(table.name, key.name)
            target.execute(sa.select(sa.func.setval(sequence, number)))


def _rows(
    table: Table, connection: Connection, *of: sa.ColumnElement[bool]
) -> sa.CursorResult[Any]:
    """Return all rows in the order of their keys; JSON as the text that it is."""
    columns = [_told(column) for column in table.c]
    key = table.primary_key.columns or table.c  # without a key, all of it is one
    query = sa.select(*columns).where(*of).order_by(*(_order(c, connection) for c in key))
    return connection.execute(query.execution_options(yield_per=BATCH))


def _told(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """Return how a value is read; JSON as its text."""
    return sa.cast(column, sa.Text) if _is_json(column) else column


def _order(column: sa.Column[Any], connection: Connection) -> sa.ColumnElement[Any]:
    """Return what sorts alike everywhere: a server sorts text as its language does."""
    text = isinstance(column.type, sa.String) and connection.dialect.name == "postgresql"
    return sa.collate(column, "C") if text else column


def _insert(table: Table, target: Connection) -> sa.Insert:
    values = {c.name: _given(c, place, target) for place, c in enumerate(table.c)}
    return sa.insert(table).values(values)


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
