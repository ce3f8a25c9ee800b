"""The people of the dashboard go where the store goes, and are not left behind silently."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from renkei.config import Main
from renkei.database.copying import compare_rows, copy_rows, let_numbers_go_on, same_rows
from renkei.errors import StoreError, UsageError
from renkei.logs import log
from renkei.place import is_server
from renkei.words.i18n import _
from renkei_web.database import Database, existing
from renkei_web.location import DASHBOARD, MOVED, dashboard_at
from renkei_web.tables import half_log_ins, metadata, sessions, users, workers

STAY = (sessions, half_log_ins, workers)
"""What stays: everybody logs in anew, and no process is at work."""

GO = [table for table in metadata.sorted_tables if table not in STAY]


def opened(main: Main) -> Database:
    """
    Open the database of the dashboard of this configuration; make it if it is not there.

    Raises StoreError if it cannot be used, also where nobody is in it and people are still in the
    file that a store which has moved had beside it.
    """
    place = dashboard_at(main)
    database = Database.existing(place)
    if database is None or not has_people(database):
        refuse_left_behind(main)
    elif (left := _left_behind(main)) is not None:
        log.warning("database_left", reason=f"not used: {left}")
    return database or Database(place)


def has_people(database: Database) -> bool:
    """Tell whether anybody is in it."""
    with database.reading() as db:
        return _count(db) > 0


def refuse_left_behind(main: Main) -> None:
    """Raise StoreError if people are in the file, and the store is on a server."""
    left = _left_behind(main)
    if left is None:
        return
    message = _(
        "The store is on a server, and the people of the dashboard are still in {file}. Take them"
        " along: renkei store users {file}. To begin anew, put the file away."
    )
    raise StoreError(message.format(file=left), code="users_left", where=str(left))


def _left_behind(main: Main) -> Path | None:
    """Return the file with people that is not used, as the store is on a server."""
    if not is_server(dashboard_at(main)):
        return None
    path = main.path.with_name(DASHBOARD)
    with existing(str(path)) as database:
        return path if database is not None and has_people(database) else None


def copy_people(origin: str, goal: str, note: Callable[[int], None] | None = None) -> int:
    """
    Copy the people of the database at *origin* into that at *goal*, with all that is theirs.

    Return how many; 0, and nothing is made at *goal*, where there is nobody or both are the same.
    All rows but those of log-ins are compared. *note* is called with the number, before anything is
    committed. Raises UsageError if others are at *goal*.
    """
    if _is_one(origin, goal):
        return 0
    with existing(origin) as old:
        return 0 if old is None else _copied(old, goal, note)


def _is_one(origin: str, goal: str) -> bool:
    """Tell whether both are the same place, however a file is called."""
    if is_server(origin) or is_server(goal):
        return origin == goal
    files = Path(origin), Path(goal)
    return all(each.exists() for each in files) and files[0].samefile(files[1])


def _copied(old: Database, goal: str, note: Callable[[int], None] | None) -> int:
    with old.writing() as source:  # nothing changes there while it is copied
        count = _count(source)
        if not count:
            return 0
        with closing(Database(goal)) as new, new.writing() as target:
            # An earlier try may have stopped between this commit and that of the store.
            if _count(target):
                _refuse_others(source, target, new.place)
                return count
            for table in GO:
                copy_rows(table, source, target)
            for table in GO:
                compare_rows(table, source, target, new.place)
            let_numbers_go_on(target, GO)
            if note is not None:
                note(count)
    return count


def put_away(place: str) -> Path | None:
    """Give the file at *place*, whose people are elsewhere now, another name; return that."""
    path = Path(place)
    if is_server(place) or not path.exists():
        return None
    return path.replace(path.with_name(path.name + MOVED))


def _count(db: Connection) -> int:
    return db.execute(sa.select(sa.func.count()).select_from(users)).scalar_one()


def _refuse_others(source: Connection, target: Connection, place: str) -> None:
    """Raise UsageError unless everybody is there already, as they are after a try that failed."""
    if not all(same_rows(table, source, target) for table in GO):
        message = _(
            "There are people of a dashboard at {place} already, and not the same ones. Nothing was"
            " copied."
        )
        raise UsageError(message.format(place=place), code="users_there")
