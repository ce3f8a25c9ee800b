"""What a person wants done is a job, too; and who tells of the end of one takes that up."""

import sqlalchemy as sa
from alembic import op

from renkei.store.tables import Instant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the columns; whatever has ended by now was told of."""
    op.add_column("jobs", sa.Column("errand", sa.JSON, nullable=True))
    op.add_column("jobs", sa.Column("answer", sa.JSON, nullable=True))
    op.add_column("jobs", sa.Column("stopped_by", sa.String(200), nullable=True))
    op.add_column("jobs", sa.Column("told_at", Instant, nullable=True))
    op.execute("update jobs set told_at = ended_at")
    untold = sa.text("ended_at is not null and told_at is null")
    op.create_index(
        "ix_jobs_untold", "jobs", ["company"], sqlite_where=untold, postgresql_where=untold
    )
