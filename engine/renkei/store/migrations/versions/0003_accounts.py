"""Leases by account, signs of life, who chose and who synced, stamps of writes, earlier tries."""

import json
import socket
import time

import psutil
import sqlalchemy as sa
from alembic import op

from renkei.errors import StoreError
from renkei.store.tables import Instant, Serial
from renkei.words.i18n import _

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """
    Add the columns, and leases that belong to accounts.

    What a process of the older renkei was fetching has failed. While one may be writing this raises
    StoreError, and the store stays as it was: the two would not see each other's leases.
    """
    for owner, renewed_at in op.get_bind().exec_driver_sql(
        "select owner, renewed_at from leases where run_id is not null and owner is not null"
    ):
        _refuse_at_work(json.loads(owner), renewed_at)
    for column in (
        sa.Column("source_account", sa.String(64), nullable=True),
        sa.Column("target_account", sa.String(64), nullable=True),
        sa.Column("base_chosen", sa.Boolean, nullable=True),
        sa.Column("again_of", Serial, nullable=True),
        sa.Column("chosen_by", sa.String(200), nullable=True),
        sa.Column("synced_by", sa.String(200), nullable=True),
        sa.Column("beat", sa.Float, nullable=True),
        sa.Column("taken_over_by", sa.String(200), nullable=True),
        sa.Column("pauses", sa.JSON, nullable=True),
        sa.Column("source_side", sa.Text, nullable=True),
    ):
        op.add_column("runs", column)
    op.add_column("items", sa.Column("earlier", sa.JSON, nullable=True))
    op.add_column("writes", sa.Column("sent_at", sa.Float, nullable=True))
    op.add_column("writes", sa.Column("answer_id", sa.Text, nullable=True))
    op.drop_table("leases")
    op.create_table(
        "leases",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("connection", sa.String(200), nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("run_id", Serial, nullable=True),
        sa.Column("owner", sa.Text, nullable=True),
        sa.Column("who", sa.String(200), nullable=True),
        sa.Column("since", Instant, nullable=True),
        sa.Column("beat", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_leases"),
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_facts"),
    )
    op.execute(
        "update runs set status = 'failed', finished_at = created_at, owner = null,"
        " reason = '[\"interrupted\"]' where status = 'fetching'"
    )


def _refuse_at_work(owner: dict[str, object], renewed_at: float) -> None:
    """Raise StoreError if a process may hold a lease, by the rule of renkei 0.1.0."""
    if abs(time.time() - renewed_at) >= 900.0 or _has_ended(owner):
        return
    message = _(
        "An older renkei is still writing with this store (process {pid} on {host})."
        " Wait until it has ended, at most 15 minutes, then try again."
    )
    raise StoreError(message.format(pid=owner["pid"], host=owner["host"]))


def _has_ended(owner: dict[str, object]) -> bool:
    if owner["host"] != socket.gethostname():
        return False
    try:
        process = psutil.Process(int(str(owner["pid"])))
        return abs(process.create_time() - float(str(owner["started"]))) > 1.0
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False
