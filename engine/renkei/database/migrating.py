"""Runs migrations on the connection that is passed in: all that an ``env.py`` has to do."""

from __future__ import annotations

from alembic import context


def migrate() -> None:
    """Bring a database of :mod:`renkei.database` up to date; the caller has locked it."""
    attributes = context.config.attributes
    connection = attributes["connection"]
    context.configure(
        connection=connection, target_metadata=attributes["metadata"], render_as_batch=True
    )
    with context.begin_transaction():
        context.run_migrations()
