"""Runs at set times: from when on each schedule counts, who has paused it, and what was begun."""

import sqlalchemy as sa
from alembic import op

from renkei.store.tables import Instant, Serial

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables; a worker fills them."""
    op.create_table(
        "schedules",
        sa.Column("company", sa.String(63), nullable=False, server_default=""),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("timing", sa.Text, nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("paused_by", sa.String(200), nullable=True),
        sa.Column("paused_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("company", "name", name=op.f("pk_schedules")),
    )
    op.create_table(
        "jobs",
        sa.Column("company", sa.String(63), nullable=False, server_default=""),
        sa.Column("schedule", sa.String(63), nullable=False),
        sa.Column("due", Instant, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("asked_by", sa.String(200), nullable=True),
        sa.Column("passed", sa.Integer, nullable=False),
        sa.Column("run_id", Serial, nullable=True),
        sa.Column("code", sa.String(60), nullable=True),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text, nullable=True),
        sa.Column("beat", sa.Float, nullable=True),
        sa.Column("next_at", Instant, nullable=True),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("ended_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("company", "schedule", "due", name=op.f("pk_jobs")),
    )
    still_open = sa.text("ended_at is null")
    op.create_index(
        "ix_jobs_open",
        "jobs",
        ["company", "schedule"],
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
