"""How many people are on the roll of the source, without those who are listed beside it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; an older fetch counts whom it has listed."""
    op.add_column("runs", sa.Column("source_count", sa.Integer, nullable=True))
    runs = sa.table(
        "runs", sa.column("id"), sa.column("counts", sa.JSON), sa.column("source_count")
    )
    for key, counts in op.get_bind().execute(sa.select(runs.c.id, runs.c.counts)).all():
        found = runs.update().where(runs.c.id == key).values(source_count=sum(counts.values()))
        op.execute(found)
