"""Who must be looked at first, whose number is somebody else's, what people said of records."""

import sqlalchemy as sa
from alembic import op

from renkei.store.tables import Instant, Serial

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; who was noted as already resigned there, or as alike, is to be looked at first."""
    op.add_column(
        "items", sa.Column("look_first", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.execute(
        "update items set look_first = true where difference <> 'blocked' and"
        " (cast(notes as text) like '%\"resigned_in_target\"%'"
        " or (difference = 'new' and cast(notes as text) like '%\"near_number_in_source\"%'))"
    )
    op.add_column("runs", sa.Column("moved", sa.JSON, nullable=True))
    op.create_table(
        "releases",
        sa.Column("id", Serial, nullable=False, autoincrement=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("source_account", sa.String(64), nullable=False),
        sa.Column("target_account", sa.String(64), nullable=False),
        sa.Column("number", sa.Text, nullable=True),
        sa.Column("others", sa.JSON, nullable=False),
        sa.Column("records", sa.JSON, nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("run_id", Serial, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_releases"),
    )
