"""The journal: intent and outcome of every write, under the lease of the run that writes."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from renkei.errors import UsageError
from renkei.i18n import _
from renkei.model import Item, Outcome, Remark, Selection, Status
from renkei.store import codec, lease
from renkei.store.database import Database, begun, key_of, same_item
from renkei.store.lease import Lease
from renkei.store.tables import UNFINISHED, items, leases, runs, writes

ACCEPTED = "accepted"
"""The result of a write that failed though the system carried it out: never to be sent again."""


@frozen(kw_only=True)
class OpenWrite:
    """A write whose fate is unknown."""

    id: int
    item: Item
    kind: str


class Journal(Database):
    """The part of the store that makes a sync safe to interrupt anywhere."""

    def has_begun(self, run_id: str) -> bool:
        """Return whether the first intent, or any outcome, has been committed."""
        key = self._id(run_id)
        with self._reading() as connection:
            return begun(connection, key)

    def begin_sync(
        self,
        run_id: str,
        at: dt.datetime,
        who: str,
        *,
        selection: Selection | None = None,
        allow: bool = False,
        retry_failed: bool = False,
    ) -> Lease:
        """
        Take the lease on the target and mark the run as syncing, or raise BusyError.

        A cancelled run stays cancelled: what is in doubt may be looked up, nothing is sent.
        With *selection*, UsageError unless that is still the choice; with *allow*, *who* allows
        what is unusual in it.
        With *retry_failed* every ``failed`` outcome is forgotten, so that the sync tries again.
        """
        key = self._id(run_id)
        with self._writing() as connection:
            row = self._row(connection, run_id)
            if selection and row["selection"] != codec.selection_out(selection):
                raise another_choice(run_id)
            held = lease.acquire(connection, row["target"], key, who, at)
            if row["status"] == Status.CANCELLED:
                return held
            if retry_failed:
                _forget_failed(connection, key)
            if allow:
                listed = sum(row["counts"].values())
                self._update(connection, key, allowed_by=who, usual=listed)
            self._update(
                connection,
                key,
                status=Status.SYNCING.value,
                sync_started_at=row["sync_started_at"] or at,
                finished_at=None,
                reason=None,
                resume_at=None,
            )
            return held

    def end_sync(
        self,
        held: Lease,
        status: Status,
        at: dt.datetime,
        reason: Remark | None = None,
        resume_at: dt.datetime | None = None,
    ) -> None:
        """Record how the sync ended or why it paused, unless cancelled; give the lease back."""
        paused = status is Status.PAUSED
        with self._writing() as connection:
            lease.renew(connection, held)
            if self._status(connection, held.run_id) is not Status.CANCELLED:
                self._update(
                    connection,
                    held.run_id,
                    status=status.value,
                    finished_at=None if paused else at,
                    reason=codec.remark_out(reason),
                    resume_at=resume_at,
                )
            lease.release(connection, held)

    def renew(self, held: Lease) -> None:
        """Renew the lease; BusyError if it was taken over."""
        with self._writing() as connection:
            lease.renew(connection, held)

    def intend(self, held: Lease, position: int, kind: str, at: dt.datetime) -> int | None:
        """
        Commit the intent of one write, only while the lease holds, and renew it; return its id.

        None means that somebody asked to stop. BusyError if the lease was taken over.
        """
        with self._writing() as connection:
            lease.renew(connection, held)
            if self._status(connection, held.run_id) is Status.CANCELLED:
                return None
            result = connection.execute(
                sa.insert(writes).values(
                    run_id=held.run_id, position=position, kind=kind, token=held.token, intent_at=at
                )
            )
            return key_of(result)

    def record(
        self,
        held: Lease,
        position: int,
        outcome: Outcome,
        at: dt.datetime,
        *,
        write_id: int | None = None,
        reason: Remark | None = None,
        detail: str | None = None,
        accepted: bool = False,
    ) -> None:
        """
        Commit the outcome of one employee, and with *write_id* the result of that write.

        *accepted* tells of a failure after which the system has the employee all the same.
        ``unknown`` leaves the write open. A result that arrives after the lease was lost is still
        recorded, being a fact about the other system, unless the successor has found out more.
        """
        holds = (
            sa.select(leases.c.connection)
            .where(leases.c.connection == held.connection, leases.c.token == held.token)
            .exists()
        )
        open_still = sa.or_(items.c.outcome.is_(None), items.c.outcome.in_(UNFINISHED))
        with self._writing() as connection:
            if write_id is not None and outcome is not Outcome.UNKNOWN:
                connection.execute(
                    sa.update(writes)
                    .where(writes.c.id == write_id)
                    .values(result=ACCEPTED if accepted else outcome.value, result_at=at)
                )
            connection.execute(
                sa.update(items)
                .where(items.c.run_id == held.run_id, items.c.position == position)
                .where(sa.or_(holds, open_still))
                .values(
                    outcome=outcome.value, outcome_reason=codec.remark_out(reason), detail=detail
                )
            )

    def close_write(self, write_id: int, result: str, at: dt.datetime) -> None:
        """Record that a write had no effect, so that it may be sent again under a new intent."""
        with self._writing() as connection:
            connection.execute(
                sa.update(writes).where(writes.c.id == write_id).values(result=result, result_at=at)
            )

    def open_writes(self, run_id: int) -> list[OpenWrite]:
        """Return the writes of a run whose fate is unknown, oldest first."""
        query = (
            sa.select(items, writes.c.id.label("write_id"), writes.c.kind)
            .join(
                writes,
                same_item(),
            )
            .where(writes.c.run_id == run_id, writes.c.result.is_(None))
            .order_by(writes.c.id)
        )
        with self._reading() as connection:
            return [
                OpenWrite(id=row["write_id"], item=codec.item_in(row), kind=row["kind"])
                for row in connection.execute(query).mappings()
            ]

    def accepted(self, target: str, run_id: int | None = None) -> frozenset[str]:
        """Return the numbers that *target* was sent and left out of the employees it created."""
        query = (
            sa.select(items.c.number)
            .join(writes, same_item())
            .join(runs, runs.c.id == items.c.run_id)
            .where(runs.c.target == target, writes.c.result == ACCEPTED)
        )
        if run_id is not None:
            query = query.where(runs.c.id == run_id)
        with self._reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def cancel(self, run_id: str, at: dt.datetime) -> None:
        """Cancel a run; a process that syncs it finds out with its next intent."""
        with self._writing() as connection:
            self._update(
                connection,
                self._row(connection, run_id)["id"],
                status=Status.CANCELLED.value,
                finished_at=at,
                reason=codec.remark_out(Remark("stopped")),
                resume_at=None,
            )

    @staticmethod
    def _status(connection: Connection, run_id: int) -> Status:
        query = sa.select(runs.c.status).where(runs.c.id == run_id)
        return Status(connection.execute(query).scalar_one())


def _forget_failed(connection: Connection, run_id: int) -> None:
    accepted = sa.select(writes.c.position).where(
        writes.c.run_id == run_id, writes.c.result == ACCEPTED
    )
    connection.execute(
        sa.update(items)
        .where(items.c.run_id == run_id, items.c.outcome == Outcome.FAILED.value)
        .where(items.c.position.not_in(accepted))
        .values(outcome=None, outcome_reason=None, detail=None)
    )


def another_choice(run_id: str) -> UsageError:
    """Return the error of a choice that was replaced before its sync began."""
    message = _(
        "Somebody else has chosen for run {run} in the meantime."
        " Look at the differences and choose again."
    )
    hint = _("`renkei plan {run}` shows them.").format(run=run_id)
    return UsageError(message.format(run=run_id), code="choice_changed", hint=hint)
