"""On which computer a process is at work: several may share what is on a server."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; what is known is of this computer, which alone had the file."""
    host = sa.Column("host", sa.Text, nullable=False, server_default="")
    op.add_column("workers", host)
