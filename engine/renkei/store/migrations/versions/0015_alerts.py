"""What people were told of, and what that is read by: the newest run of each pair of a company."""

import sqlalchemy as sa
from alembic import op

from renkei.store.tables import Instant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

PAIR = ["company", "source", "target", "id"]


def upgrade() -> None:
    """Make the table and the indexes; nothing was told of so far."""
    op.create_table(
        "alerts",
        sa.Column("company", sa.String(63), nullable=False, server_default=""),
        sa.Column("key", sa.String(450), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("about", sa.String(200), nullable=True),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("first_seen", Instant, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.Column("told_on", sa.Date, nullable=True),
        sa.Column("told_at", Instant, nullable=True),
        sa.Column("gathered_on", sa.Date, nullable=True),
        sa.Column("ended_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("company", "key", name=op.f("pk_alerts")),
    )
    op.add_column("runs", sa.Column("lacking", sa.Boolean, nullable=True))
    op.create_index("ix_runs_pair", "runs", PAIR)
    _index("ix_runs_planned", "runs", PAIR, "fetched_at is not null")
    op.drop_index("ix_runs_synced", "runs")
    _index("ix_runs_synced", "runs", PAIR, "sync_started_at is not null")
    _index("ix_items_differing", "items", ["run_id"], "difference <> 'same'")


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)
