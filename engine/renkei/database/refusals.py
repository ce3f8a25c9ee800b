"""Turns whatever goes wrong with a database into a StoreError that says what to do."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from renkei.errors import NoRoomError, StoreError
from renkei.place import is_server
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
    if is_server(str(place)):
        message = _(
            "{place} is damaged, or holds something else than a store of renkei. Give renkei a"
            " database of its own, or restore it from a backup."
        )
    else:
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
    if is_server(str(place)):
        return _of_server(cause, str(place))
    refused = getattr(cause, "sqlite_errorname", "") == "SQLITE_IOERR_WRITE"  # a quota, too
    if refused or _says(cause, "full", "no space", "quota", "too large"):
        return no_room(place)
    if _says(cause, "malformed", "not a database"):
        return damaged(place)
    if _says(cause, "readonly", "permission", "unable to open"):
        return unwritable(place)
    if _says(cause, "locked", "busy"):
        message = _("{place} is being written by another process. Try again in a moment.")
    else:
        message = _("{place} cannot be used. Check the file and its disk.")
    return StoreError(message.format(place=place), where=str(place))


def _says(cause: BaseException, *words: str) -> bool:
    """Tell whether one of these *words* stands in what an error of SQLite or of a file says."""
    text = str(cause).lower()
    return any(word in text for word in words)


def _of_server(cause: BaseException, place: str) -> StoreError:
    state = getattr(cause, "sqlstate", None)
    if state is None and type(cause).__name__ == "OperationalError":
        return StoreError(_unreached(cause).format(place=place), where=place)
    state = state or type(cause).__name__  # the driver itself refuses a value
    if state == "53100":
        return no_room(place)
    if state.startswith("53"):
        message = _full()
    elif state in BUSY:
        message = _("{place} is being written by another process. Try again in a moment.")
    elif state in FORBIDDEN:
        message = _forbidden()
    elif state.startswith(("08", "25P", "57P")):  # lost, idle for too long, shut down
        message = _lost()
    else:
        message = _("{place} cannot be used: the database says {code}. Look into its log.")
    return StoreError(message.format(place=place, code=state), where=place)


BUSY = ("55P03", "40P01", "40001")
"""What a PostgreSQL server says when another process holds what is wanted."""

FORBIDDEN = ("25006", "42501")
"""What it says to those who may not write: in a copy, or in what belongs to somebody else."""

NO_PASSWORD = re.compile("no password|password authentication|パスワード")
NO_DATABASE = re.compile("database .* does not exist|データベース.*存在しません")
NO_USER = re.compile("role .* does not exist|pg_hba|ロール.*存在しません")
READ_ONLY = re.compile("read-only|hot standby")
FULL = re.compile("too many clients|connection slots|too many connections")


def _unreached(cause: BaseException) -> str:
    """Return what is said of a server that lets nobody in: its driver has only words for why."""
    text = str(cause)
    if NO_PASSWORD.search(text):
        return _(
            "{place} refuses the password, or none was given. Write the whole address into the"
            " variable or file that `store:` names, or the password into ~/.pgpass."
        )
    if NO_DATABASE.search(text):
        return _("There is no database {place}. Create it on the server; renkei makes its tables.")
    if NO_USER.search(text):
        return _("{place} does not let this user in. Check user and host on the server.")
    if READ_ONLY.search(text):
        return _forbidden()
    return _full() if FULL.search(text) else _lost()


def _forbidden() -> str:
    return _(
        "{place} may not be written by this user. It has to own the database, and a copy that only"
        " follows another server cannot be used."
    )


def _full() -> str:
    return _("{place} takes no more connections. Try again later, or let the server take more.")


def _lost() -> str:
    return _(
        "{place} cannot be reached, or the connection to it was lost. Check the server and the"
        " network, then try again."
    )
