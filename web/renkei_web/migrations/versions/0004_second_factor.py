"""Second factors: the secret of each person, recovery codes by their hash, log-ins half done."""

import sqlalchemy as sa
from alembic import op

from renkei_web.tables import MOMENT

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "second_factors",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("last_step", sa.Integer),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("code", sa.Text, primary_key=True),
    )
    op.create_table(
        "half_log_ins",
        sa.Column("secret", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
