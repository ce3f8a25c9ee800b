"""Opens the report store: creates, migrates or refuses it, and never half of that."""

from __future__ import annotations

import glob
import os
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa
from attrs import frozen
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from renkei import files as placing
from renkei.errors import Hint, NoRoomError, NoStoreError, StoreError
from renkei.store.tables import metadata
from renkei.words.i18n import _

HEAD = "0006"
"""The newest migration; Alembic is imported only when a store is behind it."""

OURS = {"alembic_version", "runs", "items"}
"""Tables of every store of renkei, whatever its schema; others number their migrations too."""

BUSY_TIMEOUT_S = 10.0

ROOM = 1_000_000
"""Bytes that the disk has to have for a sync: journals of a few transactions, some pages more."""

SQLITE = re.compile(r"^sqlite(\+pysqlite)?:///")
"""How a URL of a SQLite file begins; its path follows."""


@frozen(kw_only=True)
class Opened:
    """
    A store that is open: *file* tells it from every other file, also from one in its place.

    *backup* is the copy of a store of an older renkei, or None. *made*: it was not there before.
    """

    engine: Engine
    path: Path
    file: tuple[int, int]
    backup: Path | None
    made: bool


def open_store(place: str, *, create: bool) -> Opened:
    """
    Open the store at *place*, a file or a URL of SQLite's, at the newest schema.

    A file that does not exist is made with *create*, else it is a NoStoreError. A file of an older
    schema is copied before it is brought up to date. Raises StoreError if it cannot be used.
    """
    path = Path(SQLITE.sub("", place)).absolute()  # opened with care, however it is named
    backup, made = None, False
    with translated(path):
        if not os.path.lexists(path):
            if not create:
                raise no_store(path)
            made = _create(path)
        _refuse_oddities(path)
        engine = _sqlite(path)
        if _is_behind(engine, str(path)):
            backup = _back_up(path)
            _upgrade(engine)
            with suppress(sqlite3.Error):  # for want of room, or others are at work: another time
                _let_shrink(path)
        found = path.stat()
        if found.st_mode & 0o077:
            path.chmod(0o600)
    file = (found.st_dev, found.st_ino)
    return Opened(engine=engine, path=path, file=file, backup=backup, made=made)


def refuse_another(path: Path, file: tuple[int, int]) -> None:
    """Raise StoreError unless the file at *path* is still *file*: what is written would be lost."""
    try:
        found = path.stat()
    except OSError:
        raise replaced(path) from None
    if (found.st_dev, found.st_ino) != file:
        raise replaced(path)


def refuse_no_place(place: str) -> None:
    """Raise StoreError if no store could be made at *place*, where there is none."""
    path = Path(SQLITE.sub("", place)).absolute()
    if not os.access(path.parent, os.W_OK | os.X_OK):
        message = _("The store {place} cannot be opened for writing. Check its permissions.")
        raise StoreError(message.format(place=path), where=str(path))


def refuse_no_room(place: str) -> None:
    """Raise NoRoomError if the disk of the store at *place* has no room for a few transactions."""
    disk = os.statvfs(Path(SQLITE.sub("", place)).absolute().parent)
    if disk.f_bavail * disk.f_frsize < ROOM:
        raise no_room(place)


def no_room(place: object) -> NoRoomError:
    """Return the error of a disk that is full; old reports can give room back, if there are any."""
    message = _("There is no room left to write the store {place}. Make room, then try again.")
    there = Path(SQLITE.sub("", str(place))).exists()
    hint = Hint("purge") if there else None
    return NoRoomError(message.format(place=place), where=str(place), hint=hint)


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
        yield
    except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise _error(error, place) from None
    except UnicodeDecodeError:  # of SQLite's own message, which quotes the bytes that are wrong
        raise damaged(place) from None


def damaged(place: object) -> StoreError:
    """Return the error of a file that is not, or not any more, a store of ours."""
    message = _("{place} is damaged or is no store of renkei. Restore it from a backup.")
    return StoreError(message.format(place=place), where=str(place))


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
    return StoreError(_why(text).format(place=place), where=str(place))


def _why(text: str) -> str:
    if "locked" in text or "busy" in text:
        return _("The store {place} is being written by another process. Try again in a moment.")
    if "malformed" in text or "not a database" in text:
        return _("{place} is damaged or is no store of renkei. Restore it from a backup.")
    if "readonly" in text or "permission" in text or "unable to open" in text:
        return _("The store {place} cannot be opened for writing. Check its permissions.")
    return _("The store {place} cannot be used. Check the file and its disk.")


def _create(path: Path) -> bool:
    """Build the whole store beside its place; False if another process was faster."""
    draft = _draft(path, "new")
    try:
        _let_shrink(draft)
        engine = _sqlite(draft)
        _build(engine)
        engine.dispose()
        return placing.place(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _let_shrink(path: Path) -> None:
    """Write the file so that it can give room back bit by bit, which a full disk needs."""
    with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)) as connection:
        connection.execute("pragma temp_store = memory")
        connection.execute("pragma auto_vacuum = incremental")
        connection.execute("vacuum")


def _draft(path: Path, kind: str) -> Path:
    """Make a new empty file beside *path*; those of dead processes are removed."""
    for other in path.parent.glob(f".{glob.escape(path.name)}.*.{kind}"):
        pid = other.name.split(".")[-2]
        if not pid.isdigit() or not psutil.pid_exists(int(pid)):
            other.unlink(missing_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.{os.getpid()}.{kind}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW, 0o600))
    return draft


def _build(engine: Engine) -> None:
    """Make the newest schema in one go; a test compares it with what the migrations make."""
    with engine.connect().execution_options(renkei_writes=True) as connection, connection.begin():
        metadata.create_all(connection)
        connection.exec_driver_sql(
            "create table alembic_version (version_num varchar(32) not null,"
            " constraint alembic_version_pkc primary key (version_num))"
        )
        connection.exec_driver_sql("insert into alembic_version values (?)", (HEAD,))


def _refuse_oddities(path: Path) -> None:
    if path.is_symlink():
        message = _("{place} is a link. Name the store itself in the configuration.")
        raise StoreError(message.format(place=path), where=str(path))
    if not path.is_file() or path.stat().st_size == 0:
        raise damaged(path)


def _sqlite(path: Path) -> Engine:
    # mode=rw: a file that is gone is not made anew by whoever opens one more connection
    query = {"uri": "true", "mode": "rw"}
    url = sa.URL.create("sqlite", database=path.as_uri(), query=query)
    arguments = {"timeout": BUSY_TIMEOUT_S}
    engine = sa.create_engine(url, hide_parameters=True, connect_args=arguments)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, see below
        # fullfsync: on macOS a plain fsync does not reach the disk
        for pragma in ("foreign_keys=on", "synchronous=full", "fullfsync=on", "secure_delete=on"):
            connection.execute(f"pragma {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A reader that turns writer half-way fails at once, whatever the timeout says; so writers
        # announce themselves from the start.
        options = connection.get_execution_options()
        if options.get("renkei_in_place"):
            connection.exec_driver_sql("pragma journal_mode = memory")
        writes = options.get("renkei_writes", False)
        connection.exec_driver_sql("begin immediate" if writes else "begin")

    return engine


def _back_up(path: Path) -> Path | None:
    """Copy the store beside its place; None if another process has just brought it up to date."""
    draft = _draft(path, "backup")
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)) as connection:
            connection.execute("vacuum into ?", (str(draft),))
        with closing(sqlite3.connect(draft)) as connection:
            (revision,) = connection.execute("select version_num from alembic_version").fetchone()
        if revision == HEAD:
            return None
        return draft.replace(path.with_name(f"{path.name}.{revision}.backup"))
    finally:
        draft.unlink(missing_ok=True)


def _is_behind(engine: Engine, place: str) -> bool:
    """Tell whether the schema is older than ours; StoreError if it is newer or not ours at all."""
    with engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        alone = engine.dialect.name == "sqlite"
        if "alembic_version" not in tables and not (tables and alone):
            revision = None
        elif tables >= OURS:
            version = "select version_num from alembic_version"
            revision = connection.exec_driver_sql(version).scalar()
        else:
            raise damaged(place)
    if revision is not None and revision > HEAD:
        message = _("The store {place} was made by a newer renkei. Upgrade renkei to use it.")
        raise StoreError(message.format(place=place), where=place)
    return bool(revision != HEAD)


def _upgrade(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config

    with as_file(files("renkei.store") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        with engine.connect().execution_options(renkei_writes=True) as connection:
            attributes: dict[str, Any] = config.attributes
            attributes["connection"] = connection
            with connection.begin():
                command.upgrade(config, "head")
