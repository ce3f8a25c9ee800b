"""The fields that only one account has, and those of both sides as a run has used them."""

import sqlalchemy as sa
from alembic import op

from renkei.store.tables import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table and a column; runs of before go by the fields of today."""
    op.create_table(
        "own_fields",
        sa.Column("connection", sa.String(200), primary_key=True),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("specs", sa.Text, nullable=False),
        sa.Column("gone", sa.JSON, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.add_column("runs", sa.Column("specs", sa.Text, nullable=True))
