"""Opens a database of ours: creates, migrates or refuses its file, and never half of that."""

from __future__ import annotations

import glob
import os
import secrets
import sqlite3
from contextlib import closing, suppress
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from renkei import files as placing
from renkei.database.compiled import share
from renkei.database.refusals import damaged, newer, translated
from renkei.errors import StoreError
from renkei.words.i18n import _

BUSY_TIMEOUT_S = 10.0


@frozen(kw_only=True)
class Schema:
    """
    What the file of a database looks like: its tables, and how older ones become it.

    *head* is the newest migration of those in *package*, in its folder ``migrations``. A file that
    has the tables *ours* is one of ours, whatever its version; others number their migrations, too.
    *unnumbered*, unless None, is the migration at which files stand that have no number yet.
    With *beside*, its tables on a server stand in a schema of their own beside those of the store,
    called so and as that of the store is.
    """

    metadata: sa.MetaData
    head: str
    package: str
    ours: frozenset[str]
    unnumbered: str | None = None
    beside: str | None = None

    def columns(self) -> set[tuple[str, str]]:
        """Return table and column of everything that the newest version has."""
        found: set[tuple[str, str]] = set()
        for table in self.metadata.tables.values():
            found.update((table.name, column.name) for column in table.columns)
        return found


@frozen(kw_only=True)
class Opened:
    """
    A database that is open; *place* is what people are shown of where it is.

    *backup* is the copy of a file of an older renkei, or None. *made*: it was not there before.
    Of a file, *file* tells it from every other one, also from one in its place; None: on a server.
    """

    engine: Engine
    place: str
    file: tuple[int, int] | None = None
    backup: Path | None = None
    made: bool = False

    @property
    def path(self) -> Path | None:
        """The file, or None if the database is on a server."""
        return None if self.file is None else Path(self.place)

    def is_there(self) -> bool:
        """Tell whether the file is still in its place: what is written elsewhere would be lost."""
        # Who loses a server is told so by the next statement.
        return self.path is None or self.is_at(self.path)

    def is_at(self, path: Path) -> bool:
        """Tell whether the file is at *path* now."""
        try:
            return _identity(path) == self.file
        except OSError:
            return False


def open_database(path: Path, schema: Schema) -> Opened:
    """
    Open the database in the file at *path*, at the newest schema; make it if it is not there.

    A file of an older schema is copied before it is brought up to date. Raises StoreError if it
    cannot be used.
    """
    backup, made = None, False
    with translated(path):
        if not os.path.lexists(path):
            made = _create(path, schema)
        _refuse_oddities(path)
        engine = _sqlite(path)
        revision = _revision(engine, schema, path)
        if revision != schema.head:
            backup = _back_up(path, schema)
            _upgrade(engine, schema, path)
            with suppress(sqlite3.Error):  # for want of room, or others are at work: another time
                _let_shrink(path)
        # A copy made by hand may be open to others. Last, as a refused file is left as it is.
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        return Opened(
            engine=engine, place=str(path), file=_identity(path), backup=backup, made=made
        )


def standing_of(path: Path, schema: Schema) -> str:
    """
    Return at which migration the database in the file at *path* is; nothing is made or migrated.

    Raises StoreError if it cannot be used.
    """
    with translated(path):
        _refuse_oddities(path)
        engine = _sqlite(path)
        try:
            return _revision(engine, schema, path)
        finally:
            engine.dispose()


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _create(path: Path, schema: Schema) -> bool:
    """Build the whole file beside its place; False if another process was faster."""
    draft = _draft(path, "new")
    try:
        _let_shrink(draft)
        engine = _sqlite(draft)
        _build(engine, schema)
        engine.dispose()
        return placing.place(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _let_shrink(path: Path) -> None:
    """Write the file so that it can give room back bit by bit, which a full disk needs."""
    with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)) as connection:
        connection.execute("pragma temp_store = memory")  # no values in temporary files
        connection.execute("pragma auto_vacuum = incremental")
        connection.execute("vacuum")  # without it a file that has tables keeps the old mode


def _draft(path: Path, kind: str) -> Path:
    """Make a new empty file beside *path*; those of dead processes are removed."""
    import psutil  # only a store that is made or brought up to date needs it

    for other in path.parent.glob(f".{glob.escape(path.name)}.*.{kind}"):
        pid = other.name.split(".")[-2]
        if not pid.isdigit() or not psutil.pid_exists(int(pid)):
            other.unlink(missing_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.{os.getpid()}.{kind}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW, 0o600))
    return draft


def _build(engine: Engine, schema: Schema) -> None:
    with engine.connect().execution_options(renkei_writes=True) as connection, connection.begin():
        build(connection, schema)


def build(connection: Connection, schema: Schema) -> None:
    """Make the newest schema in one go; a test compares it with what the migrations make."""
    schema.metadata.create_all(connection, checkfirst=False)
    connection.exec_driver_sql(
        "create table alembic_version (version_num varchar(32) not null,"
        " constraint alembic_version_pkc primary key (version_num))"
    )
    version = sa.text("insert into alembic_version values (:head)")
    connection.execute(version, {"head": schema.head})


def _refuse_oddities(path: Path) -> None:
    if path.is_symlink():
        message = _("{place} is a link, which renkei does not follow. Put the file itself there.")
        raise StoreError(message.format(place=path), where=str(path))
    if not path.is_file() or path.stat().st_size == 0:
        raise damaged(path)


def _sqlite(path: Path) -> Engine:
    # mode=rw: a file that is gone is not made anew by opening one more connection
    query = {"uri": "true", "mode": "rw"}
    url = sa.URL.create("sqlite", database=path.as_uri(), query=query)
    arguments = {"timeout": BUSY_TIMEOUT_S}
    # Parameters are personal values: no error may quote them.
    engine = sa.create_engine(url, hide_parameters=True, connect_args=arguments)
    share(engine)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, see below
        # synchronous, secure_delete: docs/decisions/2026-11-22-sqlite-rollback-journal.md
        # fullfsync: on macOS a plain fsync does not reach the disk
        for pragma in ("foreign_keys=on", "synchronous=full", "fullfsync=on", "secure_delete=on"):
            connection.execute(f"pragma {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A reader that turns writer half-way fails at once, whatever the timeout says; so writers
        # announce themselves from the start.
        options = connection.get_execution_options()
        driver = driver_of(connection)
        if options.get("renkei_in_place"):  # the disk has no room for a journal (F84)
            driver.execute("pragma journal_mode = memory")
        writes = options.get("renkei_writes", False)
        driver.execute("begin immediate" if writes else "begin")

    return engine


def driver_of(connection: Connection) -> sqlite3.Connection:
    """Return SQLite's own connection: what every transaction says is said to it at once."""
    return cast("sqlite3.Connection", connection.connection.dbapi_connection)


def _back_up(path: Path, schema: Schema) -> Path | None:
    """Copy the file beside its place; None if another process has just brought it up to date."""
    draft = _draft(path, "backup")
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)) as connection:
            connection.execute("vacuum into ?", (str(draft),))
        # Asked of the copy: another process may have upgraded the file by now.
        copy = _sqlite(draft)
        revision = _revision(copy, schema, path)
        copy.dispose()
        if revision == schema.head:
            return None
        return draft.replace(path.with_name(f"{path.name}.{revision}.backup"))
    finally:
        draft.unlink(missing_ok=True)


def _revision(engine: Engine, schema: Schema, path: Path) -> str:
    with engine.connect() as connection:
        return revision_of(connection, schema, path, columns_of(connection))


def revision_of(
    connection: Connection, schema: Schema, place: object, columns: set[tuple[str, str]]
) -> str:
    """
    Return at which migration a database with these *columns* is.

    Raises StoreError if it is at a newer one, or not ours at all.
    """
    tables = {table for table, _column in columns}
    if not tables >= schema.ours:
        raise damaged(place)
    revision = schema.unnumbered
    if "alembic_version" in tables:
        version = "select version_num from alembic_version"
        revision = connection.exec_driver_sql(version).scalar()
    lacks_columns = revision == schema.head and not columns >= schema.columns()
    if revision is None or lacks_columns:
        raise damaged(place)
    if revision > schema.head:  # four digits each, so they sort as text
        raise newer(place)
    return revision


COLUMNS = {
    "sqlite": (
        "select m.name, c.name from sqlite_master m join pragma_table_xinfo(m.name) c"
        " where m.type = 'table'"
    ),
    "postgresql": (
        "select c.relname, a.attname from pg_catalog.pg_class c"
        " join pg_catalog.pg_attribute a on a.attrelid = c.oid"
        " where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'"
        " and a.attnum > 0 and not a.attisdropped"
    ),
}


def columns_of(connection: Connection) -> set[tuple[str, str]]:
    """Return table and column of everything that is there."""
    query = COLUMNS[connection.dialect.name]
    return {(table, column) for table, column in connection.exec_driver_sql(query)}


def _upgrade(engine: Engine, schema: Schema, path: Path) -> None:
    with engine.connect().execution_options(renkei_writes=True) as connection, connection.begin():
        upgrade(connection, schema, path)


def upgrade(connection: Connection, schema: Schema, place: object) -> None:
    """Bring a database up to date in this transaction; Alembic is imported only here."""
    from alembic import command
    from alembic.config import Config

    with as_file(files(schema.package) / "migrations") as folder:
        config = Config()
        # Alembic passes it through configparser, where % begins an interpolation.
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        attributes: dict[str, Any] = config.attributes
        attributes |= {"connection": connection, "metadata": schema.metadata}
        if "alembic_version" not in {table for table, _column in columns_of(connection)}:
            command.stamp(config, schema.unnumbered or "base")
        command.upgrade(config, "head")
        if not columns_of(connection) >= schema.columns():
            raise damaged(place)
