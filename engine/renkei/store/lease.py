"""One run at a time writes to an account: a lease with a growing token.

Every intent is inserted only while the token holds, and renews the lease in the same transaction.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection, RowMapping

from renkei.database.server import lock_number
from renkei.errors import BusyError
from renkei.people import JST
from renkei.store.owner import Owner, beat, is_alive, known_in_s
from renkei.store.serial import locked_row
from renkei.store.tables import leases, runs
from renkei.words.i18n import _

BEGINNING = 7236539
"""Of the locks of a server that renkei takes: that of a company, a sync of which begins."""


@frozen
class Lease:
    """The right of one run to write to *account*, as long as *token* is the newest one."""

    account: str
    connection: str
    run_id: int
    token: int


_OURS = sa.and_(leases.c.account == sa.bindparam("owned"), leases.c.token == sa.bindparam("held"))
HOLDS = sa.select(leases.c.account).where(_OURS).exists()
"""The condition that a lease, the account *owned* and the token *held*, was not taken over."""

_TAKE = sa.update(leases).where(leases.c.account == sa.bindparam("of"))
_HELD = sa.update(leases).where(_OURS, leases.c.run_id == sa.bindparam("run"))
_RENEW = _HELD.values(beat=sa.bindparam("now"))
NOBODYS = {"run_id": None, "owner": None, "who": None, "since": None}
_RELEASE = _HELD.values(NOBODYS)
_OF_RUN = sa.select(leases).where(leases.c.run_id == sa.bindparam("run"))


def acquire(  # noqa: PLR0917 - the account before those who want it
    connection: Connection,
    account: str,
    name: str,
    run_id: int,
    who: str,
    since: datetime,
    *,
    company: str,
    take_over: bool = False,
) -> tuple[Lease, bool]:
    """
    Take the lease on *account*, which *who* calls *name*, in the caller's transaction.

    It is one lease for all companies: the account is one. Raises BusyError while another process
    may be writing, unless *take_over* and it is of the same *company*. Returns with it whether it
    was taken from such a process.
    """
    unheld = {"account": account, "connection": name, "token": 0, "beat": beat()}
    # Locked, so that of two who want a new account at once the second one waits.
    row = locked_row(connection, leases, unheld)
    alive = is_held(row)
    if alive and row["company"] != company:
        raise _busy_elsewhere(name)
    if alive and not take_over:
        raise busy(row)
    token = row["token"] + 1  # a holder that only slept wakes up with an older one (F51)
    values = {
        "connection": name,
        "token": token,
        "run_id": run_id,
        "owner": str(Owner.me()),
        "who": who,
        "since": since,
        "beat": beat(),
        "company": company,
    }
    connection.execute(_TAKE, {"of": account, **values})
    return Lease(account, name, run_id, token), alive


def end_opposite(connection: Connection, run: RowMapping, account: str, *, take_over: bool) -> bool:
    """
    See to it that no other run writes into the source of *run* what it reads in its *account*.

    Both would overwrite what the other one has just copied, and the values would change places.
    Raises BusyError while such a process may be at work, unless *take_over*; one that has died is
    ended, should it wake up. Returns whether one was ended that may have been at work.
    """
    if connection.dialect.name == "postgresql":  # a file has one writer anyway
        # Two may begin at this moment: one after the other, so that the second sees the first.
        alone = sa.func.pg_advisory_xact_lock(BEGINNING, lock_number(run["company"]))
        connection.execute(sa.select(alone))
    into = sa.or_(leases.c.account == run["source_account"], leases.c.connection == run["source"])
    out_of = sa.or_(runs.c.source_account == account, runs.c.source == run["target"])
    opposite = sa.select(leases).join(runs, runs.c.id == leases.c.run_id)
    opposite = opposite.where(
        runs.c.company == run["company"], runs.c.id != run["id"], into, out_of
    )
    may_live = False
    for row in connection.execute(opposite).mappings().all():
        if is_held(row) and not take_over:
            raise busy(row)
        may_live |= is_held(row)
        _end(connection, leases.c.account == row["account"])
    return may_live


def _end(connection: Connection, *of: sa.ColumnElement[bool]) -> None:
    """End leases: intents under their tokens are refused from now on."""
    connection.execute(sa.update(leases).where(*of).values(token=leases.c.token + 1, **NOBODYS))


def end_others(connection: Connection, account: str, run_id: int, *, take_over: bool) -> bool:
    """
    End the leases that *run_id* holds on other accounts: its token or address has been changed.

    Raises BusyError while a process may be syncing the run, unless *take_over*. Returns whether one
    was ended that may have been.
    """
    found = connection.execute(_OF_RUN, {"run": run_id}).mappings().all()
    rows = [row for row in found if row["account"] != account]
    may_live = False
    for row in rows:
        if is_held(row) and not take_over:
            raise busy(row)
        may_live |= is_held(row)
    if rows:  # nobody else gives this run a lease meanwhile: its row is locked
        _end(connection, leases.c.run_id == run_id, leases.c.account != account)
    return may_live


def renew(connection: Connection, lease: Lease) -> None:
    """Renew *lease*; BusyError if another process has taken over in the meantime."""
    _change(connection, lease, _RENEW, now=beat())


def release(connection: Connection, lease: Lease) -> None:
    """Give *lease* back; BusyError if another process has taken over in the meantime."""
    _change(connection, lease, _RELEASE)


def _change(connection: Connection, lease: Lease, change: sa.Update, **columns: object) -> None:
    held = {"owned": lease.account, "held": lease.token, "run": lease.run_id}
    if connection.execute(change, {**held, **columns}).rowcount != 1:
        message = _("Run {run} was taken over by another process; this one has stopped.")
        raise BusyError(message.format(run=lease.run_id), where=lease.connection)


def holder(connection: Connection, run_id: int) -> RowMapping | None:
    """Return the lease that *run_id* holds while its process may be at work, or None."""
    for row in connection.execute(_OF_RUN, {"run": run_id}).mappings():
        if is_held(row):
            return row
    return None


def is_held(row: RowMapping) -> bool:
    """Return whether the process that holds the lease in *row* may be at work."""
    if row["run_id"] is None or row["owner"] is None:
        return False
    return is_alive(Owner.parse(row["owner"]), row["beat"], place(row))


def place(row: RowMapping) -> str:
    """Return what names the lease in *row* among all that is watched."""
    return f"lease {row['account']} {row['token']}"


def busy(row: RowMapping) -> BusyError:
    """Return the error of meeting the process that holds the lease in *row*."""
    owner = Owner.parse(row["owner"])
    message = _(
        "Run {run} is writing to {connection} since {since} (by {who}, process {pid} on {host})."
        " Wait until it has ended."
    )
    since = row["since"].astimezone(JST).strftime("%H:%M")
    text = message.format(
        run=row["run_id"],
        connection=row["connection"],
        since=since,
        who=row["who"],
        pid=owner.pid,
        host=owner.host,
    )
    known = known_in_s(owner, row["beat"], place(row))
    return BusyError(text, where=row["connection"], known_in_s=known)


def _busy_elsewhere(name: str) -> BusyError:
    """Return the error of meeting another company's process: nothing else is told of it."""
    message = _(
        "Another company is writing to the account of {connection}. Wait until it has ended."
    )
    return BusyError(message.format(connection=name), where=name)
