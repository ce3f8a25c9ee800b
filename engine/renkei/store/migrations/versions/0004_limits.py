"""How many people the target has, and the announcements that let a choice pass."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; how many people were in the target at older fetches nobody knows."""
    op.add_column("runs", sa.Column("target_count", sa.Integer, nullable=True))
    op.add_column("runs", sa.Column("usual_target", sa.Integer, nullable=True))
    op.add_column("runs", sa.Column("expected", sa.JSON, nullable=True))
