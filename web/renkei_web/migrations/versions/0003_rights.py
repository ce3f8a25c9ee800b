"""What somebody may do with which company, whose ticks are for which, who has logged in when."""

import sqlalchemy as sa
from alembic import op

from renkei_web.tables import MOMENT

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; existing people keep their role, and what they have ticked."""
    op.create_table(
        "rights",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("company", sa.Text, primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
    )
    company = sa.Column("company", sa.Text, nullable=False, server_default="")
    op.add_column("drafts", company)
    op.add_column("users", sa.Column("logged_in_at", MOMENT))
