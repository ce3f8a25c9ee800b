"""Whose account each connection opens, as its system has told, and who has confirmed it."""

import sqlalchemy as sa
from alembic import op

from renkei.store.tables import Instant

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; the next fetch of each connection fills it."""
    op.create_table(
        "known_accounts",
        sa.Column("company", sa.String(63), nullable=False, server_default=""),
        sa.Column("connection", sa.String(200), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("ids", sa.JSON, nullable=False),
        sa.Column("corporate_numbers", sa.JSON, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("confirmed_by", sa.String(200), nullable=True),
        sa.Column("confirmed_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("company", "connection", name=op.f("pk_known_accounts")),
    )
