"""Opens a database of ours on a PostgreSQL server: made or migrated once, or refused."""

from __future__ import annotations

import os
import time
import zlib
from typing import Any
from weakref import WeakSet

import sqlalchemy as sa
from attrs import define, field
from sqlalchemy import URL, event
from sqlalchemy.engine import Connection, Engine

from renkei.database import opening
from renkei.database.compiled import share
from renkei.database.opening import Opened, Schema, build, columns_of, revision_of, upgrade
from renkei.database.refusals import damaged, translated
from renkei.errors import ConfigurationError, StoreError
from renkei.http.address import is_loopback
from renkei.place import parsed, shown
from renkei.words.i18n import _

OLDEST = 14
"""The oldest PostgreSQL that this was written for."""

PATIENCE_S = 10.0
"""How long a server that was there is waited for: one that is started anew takes seconds."""

ASK_S = 0.2

FROZEN_S = 8.0
"""
How long a process may say nothing in the middle of a change before a server takes its locks.

Others wait for them for BUSY_TIMEOUT_S, which is longer: a machine that is suspended at that moment
must not end what all the others do.
"""

BUSY_S = 60.0
"""The same where a process does a lot between two statements, or changes nothing."""

LOCK = "select pg_advisory_xact_lock(7236534)"
"""One process at a time makes or migrates a database."""

DEFAULTS = {
    "application_name": "renkei",
    "connect_timeout": "10",
    # never a copy that only follows: it may not know yet what has been sent
    "target_session_attrs": "read-write",
    # a line that is dead without a word is found out within seconds, not hours
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""What the driver is told unless the address says otherwise."""

SILENT = "idle_in_transaction_session_timeout"
"""What a server calls the time after which it ends a transaction whose process says nothing."""

SESSION = (
    "select set_config('TimeZone', 'UTC', false), set_config('lock_timeout', %s, false),"
    # who only reads holds up nobody, but must not do so for ever; who changes something: FROZEN_S
    f" set_config('{SILENT}', '{BUSY_S * 1000:.0f}ms', false),"
    # an intent is durable before its request leaves, whatever is usual on this server
    " set_config('synchronous_commit', coalesce("
    "nullif(current_setting('synchronous_commit'), 'off'), 'on'), false)"
)


BESIDE = "select set_config('search_path', quote_ident(%s || current_schema()), false)"
"""Lets a session see a schema of its own, beside that of the store, and nothing else."""


@define
class _Kept:
    """Engines by address and schema beside, once they are kept."""

    keeps: bool = False
    engines: dict[tuple[str, str | None], Engine] = field(factory=dict)


_kept = _Kept()

_whole: WeakSet[Engine] = WeakSet()
"""Engines whose database was found to have all tables and columns of the newest schema."""


def keep_connections() -> None:
    """
    Keep what this process opens on servers from now on: it opens the same databases many times.

    A connection that is given back has no transaction, and no lock: what is left of it are the
    settings that each one begins with, and statements that the server has prepared.
    """
    _kept.keeps = True


def may_be_silent(connection: Connection, seconds: float) -> None:
    """Let the process of this transaction say nothing for so long before it is ended."""
    if connection.dialect.name == "postgresql":
        # no select: that would already look at the rows, before what is locked next
        connection.exec_driver_sql(_silent(seconds))


def freeze(connection: Connection, table: str) -> None:
    """Let nobody be in the middle of a change of *table* until this transaction ends."""
    connection.exec_driver_sql(f"lock table {table} in share mode; {_silent(FROZEN_S)}")


def _silent(seconds: float) -> str:
    return f"set local {SILENT} = '{seconds * 1000:.0f}ms'"


def lock_number(text: str) -> int:
    """Return the second number of an advisory lock on *text*; two of one number share a lock."""
    return zlib.crc32(text.encode()) >> 1  # a lock has 32 bits, one of them the sign


def open_server(address: str, schema: Schema, *, create: bool) -> Opened | None:
    """
    Open the database at *address*, at the newest schema; None if it is empty and not to be made.

    However many processes come at once, one of them makes or migrates it. Raises StoreError if it
    cannot be used, ConfigurationError without a driver.
    """
    place, engine = shown(address), _engine_of(address, schema)
    with translated(place):
        found = _looked(engine, schema, place)
        if found is None and not create:
            let_go(engine)
            return None
        made = False
        if found != schema.head:
            made = _bring_up_to_date(engine, schema, place)
    return Opened(engine=engine, place=place, made=made)


def standing_on_server(address: str, schema: Schema) -> str | None:
    """
    Return at which migration the database at *address* is, None if there is nothing in it.

    Nothing is made or migrated. Raises as :func:`open_server`.
    """
    place, engine = shown(address), _engine_of(address, schema)
    try:
        with translated(place):
            return _looked(engine, schema, place)
    finally:
        let_go(engine)


def let_go(engine: Engine) -> None:
    """Close what *engine* has open, unless it is kept."""
    if engine not in _kept.engines.values():
        engine.dispose()


def _engine_of(address: str, schema: Schema) -> Engine:
    key = address, schema.beside
    found = _kept.engines.get(key)
    if found is None:
        found = _made(address, schema)
        if _kept.keeps:
            _kept.engines[key] = found
    return found


def _made(address: str, schema: Schema) -> Engine:
    url = parsed(address)
    if url is None:
        raise damaged(shown(address))
    _require_driver()
    engine = _engine(url, asked=schema.beside is not None)
    if schema.beside is not None:
        _stay_beside(engine, schema.beside)
    return engine


def _looked(engine: Engine, schema: Schema, place: str) -> str | None:
    """
    Return at which migration the database is, None if there is nothing in it.

    It is told as of one moment: another process may be bringing it up to date. A connection that
    was kept may be of no use by now, or all tables gone: it is asked once more.
    """
    for once_more in (True, False):
        try:
            with engine.connect().execution_options(
                isolation_level="REPEATABLE READ"
            ) as connection:
                _refuse_server(connection, place)
                return _found(connection, schema, place)
        except sa.exc.DBAPIError as error:
            if not once_more or not (error.connection_invalidated or engine in _whole):
                raise
            _whole.discard(engine)
    raise AssertionError  # the second time it is returned or raised


def _require_driver() -> None:
    try:
        import psycopg  # noqa: F401 - an extra; SQLAlchemy would only say that it is missing
    except ImportError:
        message = _(
            "PostgreSQL needs a part that is not installed. Install it:"
            " pip install 'renkei[postgres]'"
        )
        raise ConfigurationError(message, code="store") from None


def _engine(url: URL, *, asked: bool = False) -> Engine:
    """Return an engine whose connections are *asked* before use; the store does so by itself."""
    engine = sa.create_engine(
        url, hide_parameters=True, pool_pre_ping=asked, connect_args=_arguments(url)
    )
    share(engine)
    engine.dialect.supports_comments = False  # those on our columns are for readers of the source
    _wait_for_it(engine)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:  # noqa: ANN401 - of the driver
        with connection.cursor() as cursor:
            cursor.execute(SESSION, (f"{opening.BUSY_TIMEOUT_S * 1000:.0f}ms",))
        connection.commit()  # a rollback would undo the settings of the session

    return engine


def _stay_beside(engine: Engine, beside: str) -> None:
    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:  # noqa: ANN401 - of the driver
        with connection.cursor() as cursor:
            cursor.execute(BESIDE, (beside,))
        connection.commit()


def driver_arguments(address: str) -> dict[str, Any]:
    """Return what the driver itself is told to connect to *address*, as renkei does."""
    url = parsed(address)
    if url is None:
        raise damaged(shown(address))
    _require_driver()
    _words, named = url.get_dialect()().create_connect_args(url)
    return {**named, **_arguments(url)}


def _arguments(url: URL) -> dict[str, Any]:
    """Return what the driver is told beside what stands in the address."""
    arguments: dict[str, Any] = {k: v for k, v in DEFAULTS.items() if k not in url.query}
    is_chosen = "sslmode" in url.query or "PGSSLMODE" in os.environ
    if not is_chosen and not _is_here(url):
        arguments["sslmode"] = "require"  # people's values do not travel in the clear by themselves
    return arguments


def _is_here(url: URL) -> bool:
    """Tell whether every host that the driver may connect to is this computer."""
    hosts = [url.host or "", *_listed(url.query.get("host"))]
    # Where the address says nothing, the driver goes by the environment.
    named = [host for host in hosts if host] or _listed(os.environ.get("PGHOST"))
    named += _listed(url.query.get("hostaddr") or os.environ.get("PGHOSTADDR"))
    on_network = [host for host in named if host and not host.startswith("/")]  # "/": a socket
    return all(is_loopback(host) for host in on_network)


def _listed(value: str | tuple[str, ...] | None) -> list[str]:
    values = value if isinstance(value, tuple) else (value or "",)
    found: list[str] = []
    for text in values:
        found += text.split(",")  # the driver takes several hosts in one text
    return found


def _wait_for_it(engine: Engine) -> None:
    """Once it was there, wait a while for a server that does not answer: nothing is begun yet."""
    was_there = False

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, _record: object, words: Any, named: Any) -> Any:  # noqa: ANN401
        nonlocal was_there
        until = time.monotonic() + (PATIENCE_S if was_there else 0.0)
        while True:
            try:
                connected = dialect.connect(*words, **named)
            except dialect.loaded_dbapi.OperationalError:
                if time.monotonic() >= until:
                    raise
                time.sleep(ASK_S)
            else:
                was_there = True
                return connected


def _refuse_server(connection: Connection, place: str) -> None:
    info = connection.connection.dbapi_connection.info  # type: ignore[union-attr]
    if info.server_version < OLDEST * 10_000:
        message = _("{place} is older than PostgreSQL {version}. Use a newer server.")
        raise StoreError(message.format(place=place, version=OLDEST), where=place)
    if info.parameter_status("server_encoding") != "UTF8":
        message = _(
            "{place} cannot hold every name: its encoding is not UTF8. Create the database with"
            " ENCODING 'UTF8'."
        )
        raise StoreError(message.format(place=place), where=place)


def _found(connection: Connection, schema: Schema, place: str) -> str | None:
    """Return at which migration the database is, None if there is nothing in it."""
    engine = connection.engine
    if engine in _whole:  # it was whole when this process opened it last
        version = connection.exec_driver_sql("select version_num from alembic_version").scalar()
        if version == schema.head:
            return schema.head
    columns = columns_of(connection)
    found = revision_of(connection, schema, place, columns) if columns else None
    if found == schema.head:
        _whole.add(engine)
    return found


def _bring_up_to_date(engine: Engine, schema: Schema, place: str) -> bool:
    """Make or migrate it, all or nothing, one process at a time; tell whether it was made."""
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("set local lock_timeout = 0")  # others may have much to do
        connection.exec_driver_sql(LOCK)
        found = _found(connection, schema, place)  # again: another process may have made it
        if found is None:
            # The search path may name a schema that nobody has made yet: that of BESIDE.
            if connection.exec_driver_sql("select current_schema()").scalar() is None:
                path = str(connection.exec_driver_sql("show search_path").scalar_one())
                names = [name.strip() for name in path.split(",")]  # quoted where they have to be
                named = [name for name in names if name.strip('"') != "$user"]
                schema_of = named[0] if named else "authorization current_user"
                connection.exec_driver_sql(f"create schema {schema_of}")
            build(connection, schema)
            return True
        if found != schema.head:
            upgrade(connection, schema, place)
        return False
