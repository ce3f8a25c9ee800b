"""The first schema: runs, items, writes, leases."""

import sqlalchemy as sa
from alembic import op

from renkei.store.tables import Instant, Serial

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "runs",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("base_date", sa.Date, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("owner", sa.Text, nullable=True),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("fetched_at", Instant, nullable=True),
        sa.Column("sync_started_at", Instant, nullable=True),
        sa.Column("finished_at", Instant, nullable=True),
        sa.Column("mapping_name", sa.Text, nullable=False),
        sa.Column("mapping_text", sa.Text, nullable=False),
        sa.Column("mapping_hash", sa.String(64), nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.Column("notices", sa.JSON, nullable=False),
        sa.Column("usage", sa.JSON, nullable=False),
        sa.Column("selection", sa.JSON, nullable=True),
        sa.Column("reason", sa.JSON, nullable=True),
        sa.Column("resume_at", Instant, nullable=True),
        sa.Column("purged", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_table(
        "items",
        sa.Column("run_id", Serial, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("number", sa.Text, nullable=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("difference", sa.String(10), nullable=False),
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("target_id", sa.Text, nullable=True),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("notes", sa.JSON, nullable=False),
        sa.Column("payload", sa.Text, nullable=True),
        sa.Column("selected", sa.Boolean, nullable=False),
        sa.Column("new_values", sa.JSON, nullable=True),
        sa.Column("outcome", sa.String(20), nullable=True),
        sa.Column("outcome_reason", sa.JSON, nullable=True),
        sa.Column("detail", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("run_id", "position", name="pk_items"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_items_run_id_runs"),
    )
    op.create_index("ix_items_run_number", "items", ["run_id", "number"])
    op.create_index("ix_items_run_outcome", "items", ["run_id", "selected", "outcome"])
    op.create_table(
        "writes",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("run_id", Serial, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("intent_at", Instant, nullable=False),
        sa.Column("result", sa.String(20), nullable=True),
        sa.Column("result_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_writes"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_writes_run_id_runs"),
    )
    op.create_index("ix_writes_run_position", "writes", ["run_id", "position"])
    op.create_table(
        "leases",
        sa.Column("connection", sa.String(200), nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("run_id", Serial, nullable=True),
        sa.Column("owner", sa.Text, nullable=True),
        sa.Column("who", sa.String(200), nullable=True),
        sa.Column("since", Instant, nullable=True),
        sa.Column("renewed_at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("connection", name="pk_leases"),
    )
