"""What processes use of the request limits of one account."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; nobody is at work while a store is brought up to date."""
    op.create_table(
        "paces",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("used", sa.JSON, nullable=False),
        sa.Column("leaving", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("account", "owner", name=op.f("pk_paces")),
    )
