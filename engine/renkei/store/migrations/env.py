"""Runs the migrations on the connection that :func:`renkei.store.schema.upgrade` passes in."""

from alembic import context

from renkei.store.tables import metadata

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    connection.exec_driver_sql("select pg_advisory_xact_lock(7236534)")  # one machine at a time
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
