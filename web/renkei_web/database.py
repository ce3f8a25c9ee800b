"""The dashboard's own database: a file beside the report store, and transactions in it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import Connection

from renkei.database import Schema, open_database, translated
from renkei.errors import StoreError
from renkei.logs import log
from renkei.words.i18n import _
from renkei_web.tables import metadata

SCHEMA = Schema(
    metadata=metadata,
    head="0004",
    package="renkei_web",
    ours=frozenset({"users", "sessions", "drafts"}),
    unnumbered="0001",
)


class Database:
    """The file at *path*, readable by its owner only; *now* tells seconds since 1970."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self._path = path
        self.now = now
        self._opened = open_database(path, SCHEMA)
        if self._opened.backup:
            log.warning("database_upgraded", reason=f"kept as {self._opened.backup}")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Let the block read what is there at one moment."""
        self._refuse_another_file()
        engine = self._opened.engine
        with translated(self._path), engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Let the block write, all of it or nothing; meanwhile nobody else writes."""
        self._refuse_another_file()
        with (
            translated(self._path),
            self._opened.engine.connect().execution_options(renkei_writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def _refuse_another_file(self) -> None:
        if not self._opened.is_there():
            message = _(
                "{place} was deleted or replaced while “renkei web” was working. Put it back, then"
                " start “renkei web” again."
            )
            raise StoreError(message.format(place=self._path), where=str(self._path))


def digest(secret: str) -> str:
    """Return what is kept of a secret: nothing that opens anything."""
    return hashlib.sha256(secret.encode()).hexdigest()
