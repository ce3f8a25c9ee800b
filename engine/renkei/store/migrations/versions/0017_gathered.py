"""Whether those who hear of all companies still have to hear that a state is over."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column; what was over at the last gathering was told there."""
    op.add_column(
        "alerts", sa.Column("gathered", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.execute(
        "update alerts set gathered = true where gathered_on is not null and (ended_at is null"
        " or ended_at > (select last.told_at from alerts last where last.company = '*'"
        " and last.key = 'gathered:' || alerts.kind))"
    )
