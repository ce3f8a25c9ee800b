"""Where Alembic begins: the migrations of the report store."""

from renkei.database.migrating import migrate

migrate()
