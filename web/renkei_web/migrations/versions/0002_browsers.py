"""Browsers that are known, by the hash of their cookie."""

import sqlalchemy as sa
from alembic import op

from renkei_web.tables import MOMENT

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, unless a renkei between 0.1.0 and this one has."""
    if "browsers" in sa.inspect(op.get_bind()).get_table_names():
        return
    op.create_table(
        "browsers",
        sa.Column("secret", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
    )
