"""Opens the report store: creates, migrates or refuses it, and never half of that."""

from __future__ import annotations

import glob
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, make_url

from renkei.errors import StoreError
from renkei.i18n import _
from renkei.store.tables import metadata

HEAD = "0003"
"""The newest migration; Alembic is imported only when a store is behind it."""

OURS = {"alembic_version", "runs", "items"}
"""Tables of every store of renkei, whatever its schema; others number their migrations too."""

BUSY_TIMEOUT_S = 10.0


def open_engine(place: str) -> tuple[Engine, Path | None]:
    """
    Return an engine on the store at *place*, a file or a database URL, at the newest schema.

    A file that does not exist is created. A file of an older schema is copied before it is brought
    up to date; the copy is returned, too. Raises StoreError if the store cannot be used.
    """
    if place.startswith("sqlite:///"):
        place = place.removeprefix("sqlite:///")  # a file is opened with care, however it is named
    if "://" in place:
        with translated(make_url(place).render_as_string(hide_password=True)):
            engine = sa.create_engine(place, hide_parameters=True)
            if _is_behind(engine, engine.url.render_as_string(hide_password=True)):
                _upgrade(engine)
        return engine, None
    path = Path(place)
    with translated(path):
        if not path.exists():
            _create(path)
        _refuse_oddities(path)
        engine = _sqlite(path)
        backup = None
        if _is_behind(engine, str(path)):
            backup = _back_up(path)
            _upgrade(engine)
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    return engine, backup


@contextmanager
def translated(place: object) -> Iterator[None]:
    """Turn every error of the database or the file system into a StoreError about *place*."""
    try:
        yield
    except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise StoreError(_why(error).format(place=place), where=str(place)) from None
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


def _why(error: Exception) -> str:
    text = str(getattr(error, "orig", None) or error).lower()
    if "locked" in text or "busy" in text:
        return _("The store {place} is being written by another process. Try again in a moment.")
    if "full" in text or "no space" in text:
        return _("There is no room left to write the store {place}. Make room, then resume.")
    if "malformed" in text or "not a database" in text:
        return _("{place} is damaged or is no store of renkei. Restore it from a backup.")
    if "readonly" in text or "permission" in text or "unable to open" in text:
        return _("The store {place} cannot be opened for writing. Check its permissions.")
    return _("The store {place} cannot be used. Check the file or the database.")


def _create(path: Path) -> None:
    """Build the whole store beside its place and link it there: no half is ever seen."""
    draft = _draft(path, "new")
    try:
        engine = _sqlite(draft)
        _build(engine)
        engine.dispose()
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was faster; its store is as good
    finally:
        draft.unlink(missing_ok=True)


def _draft(path: Path, kind: str) -> Path:
    """Make an empty file of this process beside *path*; those of dead processes are removed."""
    for other in path.parent.glob(f".{glob.escape(path.name)}.*.{kind}"):
        pid = other.name.split(".")[-2]
        if not pid.isdigit() or not psutil.pid_exists(int(pid)):
            other.unlink(missing_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{kind}")
    draft.unlink(missing_ok=True)
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
    if path.is_symlink() or not path.is_file() or path.stat().st_size == 0:
        raise damaged(path)


def _sqlite(path: Path) -> Engine:
    url = sa.URL.create("sqlite", database=str(path))  # not a text: a name may hold a "?"
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
        writes = connection.get_execution_options().get("renkei_writes", False)
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
