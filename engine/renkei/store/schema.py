"""Opens the report store: creates, migrates or refuses it, and never half of that."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, make_url

from renkei.errors import StoreError
from renkei.i18n import _

HEAD = "0001"
"""The newest migration; Alembic is imported only when a store is behind it."""

OURS = {"alembic_version", "runs", "items"}
"""Tables of every store of renkei, whatever its schema; others number their migrations too."""

BUSY_TIMEOUT_S = 10.0


def open_engine(place: str) -> Engine:
    """
    Return an engine on the store at *place*, a file or a database URL, at the newest schema.

    A file that does not exist is created. Raises StoreError if the store cannot be used.
    """
    if place.startswith("sqlite:///"):
        place = place.removeprefix("sqlite:///")  # a file is opened with care, however it is named
    if "://" in place:
        with translated(make_url(place).render_as_string(hide_password=True)):
            engine = sa.create_engine(place)
            _bring_to_head(engine, engine.url.render_as_string(hide_password=True))
        return engine
    path = Path(place)
    with translated(path):
        if not path.exists():
            _create(path)
        _refuse_oddities(path)
        engine = _sqlite(path)
        _bring_to_head(engine, str(path))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    return engine


@contextmanager
def translated(place: object) -> Iterator[None]:
    """Turn every error of the database or the file system into a StoreError about *place*."""
    try:
        yield
    except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise StoreError(_why(error).format(place=place), where=str(place)) from None


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
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW, 0o600))
    try:
        engine = _sqlite(draft)
        _upgrade(engine)
        engine.dispose()
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was faster; its store is as good
    finally:
        draft.unlink(missing_ok=True)


def _refuse_oddities(path: Path) -> None:
    if path.is_symlink() or not path.is_file() or path.stat().st_size == 0:
        message = _("{place} is damaged or is no store of renkei. Restore it from a backup.")
        raise StoreError(message.format(place=path), where=str(path))


def _sqlite(path: Path) -> Engine:
    url = sa.URL.create("sqlite", database=str(path))  # not a text: a name may hold a "?"
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})

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


def _bring_to_head(engine: Engine, place: str) -> None:
    with engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        alone = engine.dialect.name == "sqlite"
        if "alembic_version" not in tables and not (tables and alone):
            revision = None
        elif tables >= OURS:
            version = "select version_num from alembic_version"
            revision = connection.exec_driver_sql(version).scalar()
        else:
            message = _("{place} is damaged or is no store of renkei. Restore it from a backup.")
            raise StoreError(message.format(place=place), where=place)
    if revision == HEAD:
        return
    if revision is not None and revision > HEAD:
        message = _("The store {place} was made by a newer renkei. Upgrade renkei to use it.")
        raise StoreError(message.format(place=place), where=place)
    _upgrade(engine)


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
