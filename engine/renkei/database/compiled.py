"""
What SQL a statement becomes, worked out once in a process and not once for each database.

Every command opens a store, and so does every page of the dashboard and every fork of a warm
process: without this, an eighth of their time would be spent on the same statements. SQLAlchemy
keeps them by database; they differ by the kind of database only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.sql.compiler import SQLCompiler

MOST = 2_000
"""How many are kept at most; there are some hundreds."""


class Compiled(dict[Any, Any]):
    """What SQLAlchemy has compiled, by kind of database and statement."""

    def get(self, key: Any, default: Any = None) -> Any:  # noqa: ANN401 - SQLAlchemy's own
        """Return what was kept, if anything."""
        return super().get(_same_for_all(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        if len(self) >= MOST:
            self.clear()
        super().__setitem__(_same_for_all(key), value)


def _same_for_all(key: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's own
    dialect, *statement = key
    return type(dialect), *statement


_kept = Compiled()


def share(engine: Engine) -> None:
    """Let *engine* use what any other one of its kind has compiled, and keep what it compiles."""
    engine.update_execution_options(compiled_cache=_kept)


def insert_plain(
    connection: Connection, statement: sa.Insert, rows: Sequence[Mapping[str, str | int | None]]
) -> None:
    """
    Insert many *rows* of plain texts and numbers, all with the same columns.

    SQLAlchemy would look at each value of each row, which takes as long as the database does. To
    whoever listens for statements, `renkei_made` tells what the text was made of.
    """
    kind = type(connection.dialect)
    made = _made(kind, statement, tuple(rows[0]))  # type: ignore[arg-type]  # it has a hash
    order = made.positiontup  # None where values are called by their names
    told: Any = rows if order is None else [*map(itemgetter(*order), rows)]
    connection.exec_driver_sql(made.string, told, execution_options={"renkei_made": made})


@cache
def _made(kind: type[Dialect], statement: sa.Insert, columns: tuple[str, ...]) -> SQLCompiler:
    return statement.compile(dialect=kind(), column_keys=columns)
