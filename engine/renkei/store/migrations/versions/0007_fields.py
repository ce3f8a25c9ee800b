"""The fields that were read of both sides, so that values can be stored without their names."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; plans of before name the field with each value."""
    op.add_column("runs", sa.Column("fields", sa.JSON, nullable=True))
