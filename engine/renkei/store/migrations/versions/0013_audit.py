"""The audit log of each company: lines that are chained, and never changed."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; the next act is its first line."""
    op.create_table(
        "audit",
        sa.Column("company", sa.String(63), nullable=False, server_default=""),
        sa.Column("line", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("run", sa.String(20), nullable=True),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("company", "line", name=op.f("pk_audit")),
    )
