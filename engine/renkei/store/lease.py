"""One run at a time writes to a connection: a lease with a growing token.

Every intent is inserted only while the token holds, and renews the lease in the same transaction.
"""

from __future__ import annotations

import time
from datetime import datetime

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection, RowMapping

from renkei.errors import BusyError
from renkei.i18n import _
from renkei.model import JST
from renkei.store.owner import Owner
from renkei.store.tables import leases

LIFETIME_S = 900.0
"""
A lease not renewed for so many seconds of real time is dead, wherever its process runs.

It is longer than any one request may take, so that nobody takes over while one is on its way. A
process of this machine that has ended is known at once and not waited for.
"""


@frozen
class Lease:
    """The right of one run to write to *connection*, as long as *token* is the newest one."""

    connection: str
    run_id: int
    token: int


def acquire(connection: Connection, name: str, run_id: int, who: str, since: datetime) -> Lease:
    """Take the lease on *name* in the caller's transaction; BusyError if a live run has it."""
    row = (
        connection.execute(sa.select(leases).where(leases.c.connection == name).with_for_update())
        .mappings()
        .first()
    )
    if row is not None and is_alive(row):
        raise _busy(row)
    token = (row["token"] if row else 0) + 1
    values = {
        "token": token,
        "run_id": run_id,
        "owner": str(Owner.me()),
        "who": who,
        "since": since,
        "renewed_at": time.time(),
    }
    if row is None:
        connection.execute(sa.insert(leases).values(connection=name, **values))
    else:
        ours = leases.c.connection == name, leases.c.token == row["token"]
        taken = connection.execute(sa.update(leases).where(*ours).values(values))
        if taken.rowcount != 1:
            raise _busy(row)
    return Lease(name, run_id, token)


def renew(connection: Connection, lease: Lease) -> None:
    """Renew *lease*; BusyError if another process has taken over in the meantime."""
    renewed = connection.execute(
        sa.update(leases)
        .where(leases.c.connection == lease.connection, leases.c.token == lease.token)
        .where(leases.c.run_id == lease.run_id)
        .values(renewed_at=time.time())
    )
    if renewed.rowcount != 1:
        message = _("Run {run} was taken over by another process; this one has stopped.")
        raise BusyError(message.format(run=lease.run_id), where=lease.connection)


def release(connection: Connection, lease: Lease) -> None:
    """Give *lease* back; nothing happens if it was taken over."""
    connection.execute(
        sa.update(leases)
        .where(leases.c.connection == lease.connection, leases.c.token == lease.token)
        .values(run_id=None, owner=None, who=None, since=None)
    )


def holder(connection: Connection, run_id: int) -> RowMapping | None:
    """Return the lease that *run_id* holds while its process lives, or None."""
    rows = connection.execute(sa.select(leases).where(leases.c.run_id == run_id)).mappings()
    return next((row for row in rows if is_alive(row)), None)


def is_alive(row: RowMapping) -> bool:
    """Return whether *row* is held by a process that has neither ended nor slept too long."""
    if row["run_id"] is None or row["owner"] is None:
        return False
    fresh = abs(time.time() - row["renewed_at"]) < LIFETIME_S  # the clock may be set back
    return fresh and not Owner.parse(row["owner"]).is_dead()


def _busy(row: RowMapping) -> BusyError:
    owner = Owner.parse(row["owner"])
    message = _(
        "Run {run} is writing to {connection} since {since} (by {who}, process {pid} on {host})."
        " Wait until it has ended."
    )
    since = row["since"].astimezone(JST).strftime("%H:%M")
    return BusyError(
        message.format(
            run=row["run_id"],
            connection=row["connection"],
            since=since,
            who=row["who"],
            pid=owner.pid,
            host=owner.host,
        ),
        where=row["connection"],
    )
