"""Turns whatever goes wrong with a database into a StoreError that says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from renkei.errors import NoRoomError, StoreError
from renkei.words.i18n import _


@contextmanager
def translated(place: object) -> Iterator[None]:
    """Turn every error of the database or the file system into a StoreError about *place*."""
    try:
        yield
    except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise _error(error, place) from None
    except UnicodeDecodeError:  # of SQLite's own message, which quotes the bytes that are wrong
        raise damaged(place) from None


def damaged(place: object) -> StoreError:
    """Return the error of a file that is not, or not any more, a database of ours."""
    message = _("{place} is damaged or is not a file of renkei. Restore it from a backup.")
    return StoreError(message.format(place=place), where=str(place))


def newer(place: object) -> StoreError:
    """Return the error of a file whose schema is not known yet."""
    message = _("{place} was made by a newer renkei. Upgrade renkei to use it.")
    return StoreError(message.format(place=place), where=str(place))


def unwritable(place: object) -> StoreError:
    """Return the error of a file, or a folder, that may not be written."""
    message = _("{place} cannot be opened for writing. Check its permissions.")
    return StoreError(message.format(place=place), where=str(place))


def no_room(place: object) -> NoRoomError:
    """Return the error of a disk that is full."""
    message = _("There is no room left to write {place}. Make room, then try again.")
    return NoRoomError(message.format(place=place), where=str(place))


def refuse_damage(connection: Connection, place: object) -> None:
    """Raise StoreError if the file is damaged; reads all of it, so only where something is odd."""
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("pragma quick_check(1)").scalar()
        if found != "ok":
            raise damaged(place)


def _error(error: Exception, place: object) -> StoreError:
    cause = getattr(error, "orig", None) or error
    text = str(cause).lower()
    refused = getattr(cause, "sqlite_errorname", "") == "SQLITE_IOERR_WRITE"  # a quota, too
    if refused or any(word in text for word in ("full", "no space", "quota", "too large")):
        return no_room(place)
    if "malformed" in text or "not a database" in text:
        return damaged(place)
    if "readonly" in text or "permission" in text or "unable to open" in text:
        return unwritable(place)
    if "locked" in text or "busy" in text:
        message = _("{place} is being written by another process. Try again in a moment.")
    else:
        message = _("{place} cannot be used. Check the file and its disk.")
    return StoreError(message.format(place=place), where=str(place))
