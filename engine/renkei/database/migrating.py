"""Runs migrations on the connection that is passed in: all that an ``env.py`` has to do."""

from __future__ import annotations

from alembic import context

LOCK = "select pg_advisory_xact_lock(7236534)"
"""One machine at a time; SQLite has a lock already."""


def migrate() -> None:
    """Bring the database of :func:`renkei.database.open_database` up to date."""
    attributes = context.config.attributes
    connection = attributes["connection"]
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(LOCK)
    context.configure(
        connection=connection, target_metadata=attributes["metadata"], render_as_batch=True
    )
    with context.begin_transaction():
        context.run_migrations()
