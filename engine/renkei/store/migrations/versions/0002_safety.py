"""Safety limits, where the journal stood at a fetch, and creates that only seem to have failed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what older fetches knew of the journal and their lists is carried over."""
    op.add_column("runs", sa.Column("journal", sa.JSON, nullable=True))
    op.add_column("runs", sa.Column("usual", sa.Integer, nullable=True))
    op.add_column("runs", sa.Column("allowed_by", sa.String(200), nullable=True))
    runs = sa.table(
        "runs",
        sa.column("id", sa.Integer),
        sa.column("fetched_at", sa.Text),
        sa.column("counts", sa.JSON),
        sa.column("usage", sa.JSON),
        sa.column("journal", sa.JSON),
        sa.column("usual", sa.Integer),
    )
    connection = op.get_bind()
    op.execute(
        "update writes set result = 'accepted' where result = 'failed' and exists (select 1"
        " from items where items.run_id = writes.run_id and items.position = writes.position"
        " and cast(items.outcome_reason as text) like '%created_without_number%')"
    )
    in_doubt = connection.exec_driver_sql("select id from writes where result is null")
    open_writes = list(in_doubt.scalars())
    query = sa.select(runs.c.id, runs.c.counts, runs.c.usage)
    fetched = connection.execute(query.where(runs.c.fetched_at.is_not(None))).all()
    for run_id, counts, usage in fetched:
        connection.execute(
            sa.update(runs)
            .where(runs.c.id == run_id)
            .values(
                journal={"last": usage.pop("last_write", 0), "open": open_writes},
                usual=sum(counts.values()),
                usage=usage,
            )
        )
