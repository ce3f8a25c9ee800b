"""Where Alembic begins: the migrations of the dashboard."""

from renkei.database.migrating import migrate

migrate()
