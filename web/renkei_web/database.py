"""
The dashboard's own database, and transactions in it.

It is where the report store is: a file beside it, or, on a server, a schema of its own in the same
database. Wherever it is, one transaction writes at a time, and what it reads is what the one before
has left: whatever is taken once, such as a link, a code or one of five tries, is taken once.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import Connection

from renkei.database.opening import Opened, Schema, open_database, standing_of
from renkei.database.refusals import newer, translated
from renkei.database.server import (
    FROZEN_S,
    let_go,
    may_be_silent,
    open_server,
    standing_on_server,
)
from renkei.errors import StoreError
from renkei.logs import log
from renkei.place import is_server
from renkei.words.i18n import _
from renkei_web.location import MOVED
from renkei_web.tables import metadata

SCHEMA = Schema(
    metadata=metadata,
    head="0005",
    package="renkei_web",
    ours=frozenset({"users", "sessions", "drafts"}),
    unnumbered="0001",
    beside="renkei_web_of_",
)

SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""How a server lets one moment be read; a file shows nothing else."""

ONE_WRITER = "select version_num from alembic_version for no key update"
"""Waits for others that write on a server; the row is of no use to anybody else."""


class Database:
    """
    The database at *place*, a file readable by its owner only, or the address of a server.

    *now* tells seconds since 1970. Raises StoreError if it cannot be used.
    """

    def __init__(
        self,
        place: str | Path,
        now: Callable[[], float] = time.time,
        *,
        found: Opened | None = None,
    ) -> None:
        opened = found or _opened(str(place), create=True)
        assert opened is not None  # noqa: S101 - it was made
        self.now, self._opened, self.place = now, opened, opened.place
        if opened.backup:
            log.warning("database_upgraded", reason=f"kept as {opened.backup}")

    @classmethod
    def existing(cls, place: str) -> Database | None:
        """Return the database at *place*, or None if there is none: none is made."""
        found = _opened(place, create=False)
        return None if found is None else cls(place, found=found)

    @property
    def path(self) -> Path | None:
        """The file, or None if it is on a server."""
        return self._opened.path

    def close(self) -> None:
        """Let go of it."""
        let_go(self._opened.engine)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Let the block read what is there at one moment."""
        self._refuse_another_file()
        with translated(self.place), self._opened.engine.connect() as connection:
            if self.path is None:
                connection.execution_options(**SNAPSHOT)
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Let the block write, all of it or nothing; meanwhile nobody else writes."""
        self._refuse_another_file()
        with translated(self.place), self._opened.engine.connect() as connection:
            # With the lock each statement sees what the previous writer committed; a snapshot from
            # before the wait would not: docs/decisions/2026-11-29-dashboard-on-postgresql.md
            if self.path is None:
                connection.execution_options(isolation_level="READ COMMITTED")
            else:
                connection.execution_options(renkei_writes=True)
            with connection.begin():
                if self.path is None:
                    may_be_silent(connection, FROZEN_S)
                    self._be_the_one(connection)
                yield connection

    def _be_the_one(self, connection: Connection) -> None:
        """Wait until nobody else writes; StoreError if another renkei has changed the tables."""
        if connection.exec_driver_sql(ONE_WRITER).scalar() != SCHEMA.head:
            raise newer(self.place)

    def _refuse_another_file(self) -> None:
        if self._opened.is_there():
            return
        if self._opened.is_at(Path(f"{self.place}{MOVED}")):
            message = _(
                "The users of the dashboard have moved with the store while “renkei web” was"
                " working. Name the new store in renkei.yaml, then start “renkei web” again."
            )
        else:
            message = _(
                "{place} was deleted or replaced while “renkei web” was working. Put it back, then"
                " start “renkei web” again."
            )
        raise StoreError(message.format(place=self.place), where=self.place)


@contextmanager
def existing(place: str) -> Iterator[Database | None]:
    """Let the block use the database at *place*, None if there is none, and let go of it."""
    database = Database.existing(place)
    try:
        yield database
    finally:
        if database is not None:
            database.close()


def _opened(place: str, *, create: bool) -> Opened | None:
    if is_server(place):
        return open_server(place, SCHEMA, create=create)
    if not create and not Path(place).exists():
        return None
    return open_database(Path(place), SCHEMA)


def standing(place: str) -> str | None:
    """Return at which migration the database at *place* is, None if there is none yet."""
    if is_server(place):
        return standing_on_server(place, SCHEMA)
    return standing_of(Path(place), SCHEMA) if Path(place).exists() else None


def digest(secret: str) -> str:
    """Return what is kept of a secret: nothing that opens anything."""
    return hashlib.sha256(secret.encode()).hexdigest()
