"""The file of the report store: opened, and refused where it is not what it was."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from renkei import database
from renkei.database import Opened, Schema, open_database
from renkei.errors import Hint, NoRoomError, NoStoreError, StoreError
from renkei.store.tables import metadata
from renkei.words.i18n import _

HEAD = "0008"
"""The newest migration."""

SCHEMA = Schema(
    metadata=metadata, head=HEAD, package="renkei.store", ours=frozenset({"runs", "items"})
)

ROOM = 1_000_000
"""Bytes that the disk has to have for a sync: journals of a few transactions, some pages more."""

SQLITE = re.compile(r"^sqlite(\+pysqlite)?:///")
"""How a URL of a SQLite file begins; its path follows."""


def open_store(place: str, *, create: bool) -> Opened:
    """
    Open the store at *place*, a file or a URL of SQLite's, at the newest schema.

    A file that does not exist is made with *create*, else it is a NoStoreError. Raises StoreError
    if it cannot be used.
    """
    path = _path(place)  # opened with care, however it is named
    with translated(path):
        if not create and not os.path.lexists(path):
            raise no_store(path)
        return open_database(path, SCHEMA)


def _path(place: object) -> Path:
    return Path(SQLITE.sub("", str(place))).absolute()


def exists(place: str) -> bool:
    """Return whether there is something where the store at *place* would be."""
    return os.path.lexists(_path(place))


def refuse_no_place(place: str) -> None:
    """Raise StoreError if no store could be made at *place*, where there is none."""
    path = _path(place)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise database.unwritable(path)


def refuse_no_room(place: str) -> None:
    """Raise NoRoomError if the disk of the store at *place* has no room for a few transactions."""
    disk = os.statvfs(_path(place).parent)
    if disk.f_bavail * disk.f_frsize < ROOM:
        raise no_room(place)


def no_room(place: object) -> NoRoomError:
    """Return the error of a disk that is full; old reports can give room back, if there are any."""
    error = database.no_room(place)
    error.hint = Hint("purge") if _path(place).exists() else None
    return error


def no_store(path: Path) -> NoStoreError:
    """Return the error of a store that is not there."""
    message = _(
        "There is no store at {place}. If there was one, put it back or restore a copy of it; a"
        " fetch makes a new one."
    )
    return NoStoreError(message.format(place=path), where=str(path))


def replaced(path: Path) -> StoreError:
    """Return the error of a store that is gone, or another one, while it is in use."""
    message = _(
        "The store {place} was deleted or replaced while renkei was working with it, so nothing"
        " more is sent. Put it back, or the newest copy of it, and resume; without a copy, fetch"
        " again."
    )
    return StoreError(message.format(place=path), where=str(path))


@contextmanager
def translated(place: object) -> Iterator[None]:
    """Turn every error of the database or the file system into a StoreError about *place*."""
    try:
        with database.translated(place):
            yield
    except NoRoomError:
        raise no_room(place) from None
