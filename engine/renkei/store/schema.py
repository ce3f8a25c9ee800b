"""The place of the report store: opened, and refused where it is not what it was."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from renkei.database import refusals
from renkei.database.opening import Opened, Schema, open_database, standing_of
from renkei.database.server import open_server, standing_on_server
from renkei.errors import Hint, NoRoomError, NoStoreError, StoreError
from renkei.place import is_server, shown
from renkei.store.tables import metadata
from renkei.words.i18n import _

HEAD = "0017"
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
    Open the store at *place*, at the newest schema: a file, or an address of SQLite or PostgreSQL.

    One that does not exist is made with *create*, else it is a NoStoreError. Raises StoreError if
    it cannot be used.
    """
    if is_server(place):
        opened = open_server(place, SCHEMA, create=create)
        if opened is None:
            raise no_store(shown(place))
        return opened
    path = _path(place)  # opened with care, however it is named
    with translated(path):
        if not create and not os.path.lexists(path):
            raise no_store(path)
        return open_database(path, SCHEMA)


def standing(place: str) -> str:
    """
    Return at which migration the store at *place* is; nothing is made or migrated.

    Raises NoStoreError if there is none, StoreError if it cannot be used.
    """
    if is_server(place):
        found = standing_on_server(place, SCHEMA)
        if found is None:
            raise no_store(shown(place))
        return found
    path = _path(place)
    with translated(path):
        if not os.path.lexists(path):
            raise no_store(path)
        return standing_of(path, SCHEMA)


def _path(place: object) -> Path:
    return Path(SQLITE.sub("", str(place))).absolute()


def seen_beside(place: str, configuration: Path) -> Path:
    """
    Return the file in which this computer keeps what it has last seen of the store at *place*.

    It stands beside the store, or beside the *configuration* if the store is on a server.
    """
    path = configuration if is_server(place) else _path(place)
    return path.with_name(f".{path.name}.seen")


def refuse_no_place(place: str) -> None:
    """Raise StoreError if no store could be made at *place*, where there is none."""
    if is_server(place):
        return
    path = _path(place)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise refusals.unwritable(path)


def refuse_no_room(place: str) -> None:
    """
    Raise NoRoomError if the disk of the store at *place* has no room for a few transactions.

    Of the disk of a server nothing can be told.
    """
    free = room(place)
    if free is not None and free < ROOM:
        raise no_room(place)


def room(place: str) -> int | None:
    """Return how many bytes are free on the disk of the store at *place*; None: on a server."""
    if is_server(place):
        return None
    disk = os.statvfs(_path(place).parent)
    return disk.f_bavail * disk.f_frsize


def no_room(place: object) -> NoRoomError:
    """Return the error of a disk that is full; old reports can give room back, if there are any."""
    error = refusals.no_room(place)
    if not is_server(str(place)) and _path(place).exists():
        error.hint = Hint("purge")
    return error


def no_store(place: object) -> NoStoreError:
    """Return the error of a store that is not there."""
    message = _(
        "There is no store at {place}. If there was one, put it back or restore a copy of it; a"
        " fetch makes a new one."
    )
    return NoStoreError(message.format(place=place), where=str(place))


def replaced(place: str) -> StoreError:
    """Return the error of a store that is gone, or another one, while it is in use."""
    if is_server(place):
        message = _(
            "The store {place} is an older one than a moment ago: a copy was restored, or another"
            " server has taken over that has not had everything. Nothing more is sent. Resume, and"
            " who may have been sent is looked up first."
        )
    else:
        message = _(
            "The store {place} was deleted or replaced while renkei was working with it, so nothing"
            " more is sent. Put it back, or the newest copy of it, and resume; without a copy,"
            " fetch again."
        )
    return StoreError(message.format(place=place), where=place)


def moved(place: str, goal: str) -> StoreError:
    """Return the error of writing into a store that lives elsewhere now."""
    message = _(
        "The store {place} was moved to {goal}: nothing is written here any more. Name the new one"
        " as `store:` in renkei.yaml."
    )
    return StoreError(message.format(place=place, goal=goal), code="moved", where=place)


@contextmanager
def translated(place: object) -> Iterator[None]:
    """Turn every error of the database or the file system into a StoreError about *place*."""
    try:
        with refusals.translated(place):
            yield
    except NoRoomError:
        raise no_room(place) from None
