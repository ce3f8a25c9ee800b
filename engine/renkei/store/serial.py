"""Which store it is, and how often it was written: an older copy in its place is recognized.

Each commit leaves a higher serial. SQLite keeps it in the head of the file. On a server it is a row
that each transaction raises last of all: until then nobody waits for anybody, and from then on only
for a commit.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import define, field, frozen
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.sql.dml import ReturningInsert

from renkei.database import server
from renkei.database.opening import driver_of
from renkei.database.server import SILENT
from renkei.store.tables import accounts, facts

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

ID = "store_id"
"""The fact that tells a store from every other one; a copy of it has the same."""

SERIAL = "serial"
"""The fact with the serial, where the store is on a server."""

MOVED = "moved_to"
"""The fact that this store lives elsewhere now, and where."""

RESTORED = "restored_at"
"""The fact that the store was an older copy, and when that was noticed: real seconds since 1970."""


def removals(company: str) -> str:
    """Return the name of the fact that counts how often a company of that name was removed."""
    return f"removals:{hashlib.sha256(company.encode()).hexdigest()[:24]}"


@frozen
class Mark:
    """What one moment shows of a store: its *id*, empty if it has none yet, and its *serial*."""

    id: str
    serial: int


def insert_unless_there(
    connection: Connection, table: sa.Table, values: Mapping[str, object]
) -> bool:
    """Insert a row unless there is one with its key, be it of this very moment; return whether."""
    inserted = connection.execute(_unless_there(connection.dialect.name, table), values)
    return inserted.first() is not None  # a server tells no rowcount


def locked_row(connection: Connection, table: sa.Table, values: Mapping[str, object]) -> RowMapping:
    """Insert a row unless there is one with its key; return what is there, which is locked now."""
    found = connection.execute(_locked_row(connection.dialect.name, table), values)
    return found.mappings().one()


def put(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows, each in place of the one with its key."""
    key = [column.name for column in table.primary_key]
    # In one order: two who put the same rows at once would lock each other.
    in_order = sorted(rows, key=lambda row: [str(row[name]) for name in key])
    others = tuple(name for name in in_order[0] if name not in key)
    connection.execute(_put(connection.dialect.name, table, others), in_order)


def put_accounts(connection: Connection, company: str, used: Mapping[str, str]) -> None:
    """Keep which account each connection of a company in *used* was used with last."""
    if used:
        each = {"company": company}
        rows = [{**each, "connection": name, "account": used[name]} for name in used]
        put(connection, accounts, rows)


def keep(connection: Connection, name: str, value: str) -> None:
    """Keep a fact, in place of what is known."""
    put(connection, facts, [{"name": name, "value": value}])


def change(connection: Connection, name: str, value: str) -> bool:
    """Keep a fact; return whether another one was kept: of many who ask one is told so."""
    new = _insert(connection.dialect.name, facts)
    other = new.on_conflict_do_update(
        index_elements=["name"], set_={"value": value}, where=facts.c.value != value
    )
    kept = connection.execute(other.returning(facts.c.name), {"name": name, "value": value})
    return kept.first() is not None


@cache
def _unless_there(dialect: str, table: sa.Table) -> ReturningInsert[Any]:
    new = _insert(dialect, table).on_conflict_do_nothing()
    return new.returning(*table.primary_key)


@cache
def _locked_row(dialect: str, table: sa.Table) -> ReturningInsert[Any]:
    key = list(table.primary_key)
    new = _insert(dialect, table)
    there = new.on_conflict_do_update(index_elements=key, set_={key[0].name: key[0]})
    return there.returning(table)


@cache
def _put(dialect: str, table: sa.Table, others: tuple[str, ...]) -> sa.Insert:
    new = _insert(dialect, table)
    values = {name: new.excluded[name] for name in others}
    return new.on_conflict_do_update(index_elements=list(table.primary_key), set_=values)


def _insert(dialect: str, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    if dialect == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # a fifth of the import of SQLAlchemy

    return postgresql.insert(table)


_FACT = sa.select(facts.c.value).where(facts.c.name == sa.bindparam("fact"))
_FACTS = sa.select(facts).where(facts.c.name.in_(sa.bindparam("facts", expanding=True)))


def fact(connection: Connection, name: str) -> str | None:
    """Return what is kept of a fact, or None."""
    found: str | None = connection.execute(_FACT, {"fact": name}).scalar()
    return found


def facts_of(connection: Connection, names: Sequence[str]) -> dict[str, str]:
    """Return what is kept of several facts, by name."""
    return dict(connection.execute(_FACTS, {"facts": names}).all())


def drop(connection: Connection, name: str) -> None:
    """Keep a fact no more."""
    connection.execute(sa.delete(facts).where(facts.c.name == name))


def raise_floor(connection: Connection, table: sa.Table, number: int) -> None:
    """Let no new row of *table* have *number*, or one below it, though its rows are removed."""
    last = int(fact(connection, f"last:{table.name}") or 0)
    keep(connection, f"last:{table.name}", str(max(last, number)))


def free_number(connection: Connection, table: sa.Table) -> dict[str, int]:
    """
    Return the id that a new row of *table* has to be given, if the database would reuse one.

    SQLite counts on from the highest that there is; a server never goes back.
    """
    if connection.dialect.name != "sqlite":
        return {}
    kept = fact(connection, f"last:{table.name}")
    if not kept:
        return {}
    newest = connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
    if newest >= int(kept):
        return {}
    return {"id": int(kept) + 1}


# Each transaction asks these: as text, since SQLAlchemy would work as long on them as the server.
_SERIAL = f"select value from facts where name = '{SERIAL}'"  # noqa: S608 - ours
_STANDING = f"select name, value from facts where name in ('{SERIAL}', '{ID}', '{MOVED}')"  # noqa: S608 - ours
_ADVANCE = (
    f"insert into facts (name, value) values ('{SERIAL}', '1')"  # noqa: S608 - ours
    " on conflict (name) do update set value = cast(cast(facts.value as bigint) + 1 as varchar)"
    " returning value"
)


def read(connection: Connection) -> int:
    """Return the serial of the last commit that this transaction sees."""
    if connection.dialect.name == "sqlite":
        mark: int = driver_of(connection).execute("pragma user_version").fetchone()[0]
        return mark
    return int(connection.exec_driver_sql(_SERIAL).scalar() or 0)


def standing(connection: Connection) -> tuple[int, dict[str, str]]:
    """
    Return the same, and as what the store is known: its id, and where it has moved.

    What is asked first of a transaction that writes: a server is told along how long its process
    may be silent in it, which costs no way there and back.
    """
    is_file = connection.dialect.name == "sqlite"
    query = _STANDING if is_file else f"{_STANDING} union all {_silent()}"
    kept = {str(name): str(value) for name, value in connection.exec_driver_sql(query)}
    return read(connection) if is_file else int(kept.get(SERIAL) or 0), kept


def _silent() -> str:
    return f"select 'silent', set_config('{SILENT}', '{server.FROZEN_S * 1000:.0f}ms', true)"


def advance(connection: Connection, last: int) -> int:
    """Return the serial of this transaction, whose first look has shown *last*, and leave it."""
    if connection.dialect.name == "sqlite":
        put_serial(connection, last + 1)
        return last + 1
    return int(connection.exec_driver_sql(_ADVANCE).scalar_one())


def put_serial(connection: Connection, serial: int) -> None:
    """Let the store have this serial, whatever it has."""
    if connection.dialect.name == "sqlite":
        driver_of(connection).execute(f"pragma user_version = {serial:d}")
    else:
        keep(connection, SERIAL, str(serial))


@define
class Seen:
    """
    What this computer has last seen of a store, in a small file at *path*; None: nowhere.

    It is written after each commit, and nothing waits for it: a process that loses it, or cannot
    write it, does not notice an older copy by itself.
    """

    path: Path | None
    _file: int | None = field(init=False, default=None)
    _lock: threading.Lock = field(init=False, factory=threading.Lock)
    _kept: int = field(init=False, default=-1)

    def last(self) -> Mark | None:
        """Return what was seen, or None if that is not known."""
        if self.path is None:
            return None
        try:
            store, serial = json.loads(self.path.read_text(encoding="utf-8"))
            return Mark(str(store), int(serial))
        except (OSError, ValueError, TypeError):
            return None

    def keep(self, mark: Mark) -> None:
        """Remember *mark*."""
        if self.path is None or not mark.id:
            return
        with self._lock, suppress(OSError):
            if mark.serial <= self._kept:
                return  # another thread has committed later, and was faster here
            if self._file is None:
                flags = os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
                self._file = os.open(self.path, flags, 0o600)
            text = json.dumps([mark.id, mark.serial])
            os.pwrite(self._file, f"{text:<80}".encode(), 0)  # in one piece: nobody reads half
            os.ftruncate(self._file, 80)
            self._kept = mark.serial

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
