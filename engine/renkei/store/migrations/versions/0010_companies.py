"""Whose each run, lease, pace, release and account is: so far, all are of one company."""

import sqlalchemy as sa
from alembic import op

from renkei.store.tables import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and what the list of companies is read by."""
    for table in ("runs", "leases", "paces", "releases"):
        op.add_column(table, sa.Column("company", sa.String(63), nullable=False, server_default=""))
    op.create_index("ix_runs_company", "runs", ["company", "id"])
    synced = sa.text("sync_started_at is not null")
    op.create_index(
        "ix_runs_synced", "runs", ["company", "id"], sqlite_where=synced, postgresql_where=synced
    )
    unanswered = sa.text("result is null")
    op.create_index(
        "ix_writes_open", "writes", ["run_id"], sqlite_where=unanswered, postgresql_where=unanswered
    )
    _key_fields_by_company()
    _gather_accounts()


def _key_fields_by_company() -> None:
    """Make the table anew, as its key changes: it has a row for each connection."""
    columns = (
        sa.column("connection", sa.String),
        sa.column("account", sa.String),
        sa.column("specs", sa.Text),
        sa.column("gone", sa.JSON),
        sa.column("at", Instant),
    )
    rows = op.get_bind().execute(sa.select(sa.table("own_fields", *columns))).mappings().all()
    op.drop_table("own_fields")
    op.create_table(
        "own_fields",
        sa.Column("company", sa.String(63), nullable=False, server_default=""),
        sa.Column("connection", sa.String(200), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("specs", sa.Text, nullable=False),
        sa.Column("gone", sa.JSON, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("company", "connection", name=op.f("pk_own_fields")),
    )
    if rows:
        table = sa.table("own_fields", *columns)
        op.get_bind().execute(sa.insert(table), [dict(row) for row in rows])


def _gather_accounts() -> None:
    """Make the table of accounts from the runs: each connection with the one it had last."""
    op.create_table(
        "accounts",
        sa.Column("company", sa.String(63), nullable=False, server_default=""),
        sa.Column("connection", sa.String(200), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("company", "connection", name=op.f("pk_accounts")),
    )
    op.create_index("ix_accounts_account", "accounts", ["account"])
    runs = op.get_bind().exec_driver_sql(
        "select source, source_account, target, target_account from runs order by id"
    )
    last: dict[str, str] = {}
    for source, source_account, target, target_account in runs:
        last |= {source: source_account} if source_account else {}
        last |= {target: target_account} if target_account else {}
    table = sa.table("accounts", sa.column("connection"), sa.column("account"))
    if last:
        rows = [{"connection": name, "account": account} for name, account in last.items()]
        op.get_bind().execute(sa.insert(table), rows)
