"""
Where the queue is: a schema of its own beside the store, made by the first to come.

The queue only carries: what is to be done, and who does it, is in the store. So a queue of another
version is not brought up to date; it is made anew, and the workers fill it from the store.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from renkei.database.server import driver_arguments
from renkei.errors import ConfigurationError, StoreError
from renkei.place import shown
from renkei.store.owner import LIFETIME_S
from renkei.words.i18n import _

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow

SCHEMA = "renkei_queue"
"""The name of the schema; nothing else stands in it."""

LOCK = 7236536
"""Of the locks of a server that renkei takes: that of who makes a queue."""

_MADE = "select to_regclass('renkei_queue.about') is not null"
_THERE = "select count(*) > 0 from pg_namespace where nspname = 'renkei_queue'"
_LIVING = (
    "select count(*) from renkei_queue.procrastinate_workers"
    " where last_heartbeat > now() - make_interval(secs => %s)"
)


class VersionError(ConfigurationError):
    """Workers of another version are at work."""

    code = "cluster_version"


def ours() -> str:
    """Return what all workers of one store must have in common."""
    require_library()
    return f"renkei {version('renkei')}, procrastinate {version('procrastinate')}"


def require_library() -> None:
    """Raise ConfigurationError if the extra is not installed."""
    try:
        import procrastinate  # noqa: F401 - an extra, which brings its driver along
    except ImportError:
        message = _(
            "A cluster needs a part that is not installed. Install it on each of its computers:"
            " pip install 'renkei[cluster]'"
        )
        raise ConfigurationError(message, code="cluster") from None


def prepare(address: str) -> None:
    """
    Make the queue in the database at *address* unless it is there; one process at a time.

    Raises VersionError while workers of another version are at work, StoreError if the database
    cannot be used.
    """
    mine = ours()
    from procrastinate.schema import SchemaManager

    with _connected(address) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
        theirs = found(connection)
        if theirs == mine:
            return
        if theirs is not None:
            if _one(connection, _LIVING, LIFETIME_S):
                raise other_version(theirs, mine)
            connection.execute("drop schema renkei_queue cascade")
        if not _one(connection, _THERE):  # its owner may have made it for a user who may not
            connection.execute("create schema renkei_queue")
        connection.execute("set local search_path to renkei_queue")
        connection.execute(SchemaManager.get_schema())
        connection.execute("create table about (version text not null)")
        connection.execute("insert into about values (%s)", (mine,))


def found(connection: Connection[TupleRow]) -> str | None:
    """Return of which version the queue is, None if there is none."""
    if not _one(connection, _MADE):
        return None
    text: str = _one(connection, "select version from renkei_queue.about")
    return text


def version_in(address: str) -> str | None:
    """Return of which version the queue in the database at *address* is, None if there is none."""
    with _connected(address) as connection:
        return found(connection)


def other_version(theirs: str, mine: str) -> VersionError:
    """Return the error of meeting workers of another version."""
    message = _(
        "Workers of {theirs} are at work on this store; this one is {mine}. Stop all of them,"
        " install the same version everywhere, and start them again."
    )
    return VersionError(message.format(theirs=theirs, mine=mine))


def unreachable(address: str) -> StoreError:
    """Return the error of a queue that does not answer."""
    message = _("The queue of the workers in {place} does not answer. Try again in a moment.")
    return StoreError(message.format(place=shown(address)), where=shown(address))


@contextmanager
def _connected(address: str) -> Iterator[Connection[TupleRow]]:
    import psycopg

    try:
        with psycopg.connect(**driver_arguments(address)) as connection:
            yield connection
    except psycopg.errors.InsufficientPrivilege:
        message = _(
            "The user of {place} may not make the schema {schema} that the workers need. Let its"
            " owner do it once: create schema {schema} authorization …"
        )
        text = message.format(place=shown(address), schema=SCHEMA)
        raise StoreError(text, where=shown(address)) from None
    except psycopg.Error:
        raise unreachable(address) from None


def _one(connection: Connection[TupleRow], query: Any, *values: object) -> Any:  # noqa: ANN401 - a value
    row = connection.execute(query, values).fetchone()
    return row[0] if row else None
