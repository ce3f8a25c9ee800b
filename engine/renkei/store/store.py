"""Everything renkei asks of the report store; each method is one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection, RowMapping

from renkei.errors import BusyError, UsageError
from renkei.i18n import _
from renkei.model import Difference, Entry, Item, Outcome, Remark, Run, Selection, Status
from renkei.store import codec, lease, schema
from renkei.store.lease import Lease
from renkei.store.owner import Owner
from renkei.store.tables import items, leases, runs, writes

PAGE = 500
"""Items read at a time: a reader must not hold the database while somebody looks at a page."""

UNFINISHED = (Outcome.UNKNOWN.value, Outcome.DEFERRED.value)


@frozen(kw_only=True)
class OpenWrite:
    """A write whose fate is unknown."""

    id: int
    item: Item
    kind: str


class Store:
    """The report store at *place*, a file or a database URL; several processes may share one."""

    def __init__(self, place: str) -> None:
        self._engine = schema.open_engine(place)
        self._place = self._engine.url.render_as_string(hide_password=True)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    # --- fetching ---------------------------------------------------------------------------

    def begin_fetch(self, **columns: object) -> int:
        """Record a run that is being fetched by this process; return its id."""
        values = {"status": Status.FETCHING.value, "owner": str(Owner.me()), **columns}
        defaults = {"counts": {}, "notices": [], "usage": {}, "stop": False, "purged": False}
        with self._writing() as connection:
            result = connection.execute(sa.insert(runs).values(**defaults, **values))
            return _key_of(result)

    def add_items(
        self, run_id: int, plan: Iterable[Item], batch: int = 1000
    ) -> dict[Difference, int]:
        """Store the plan, some items at a time; return the count of each difference."""
        counts = dict.fromkeys(Difference, 0)
        numbered = enumerate(plan, start=1)
        while part := list(islice(numbered, batch)):
            with self._writing() as connection:
                connection.execute(
                    sa.insert(items),
                    [codec.item_row(run_id, position, item) for position, item in part],
                )
            for _position, item in part:
                counts[item.difference] += 1
        return counts

    def end_fetch(
        self,
        run_id: int,
        *,
        at: dt.datetime,
        counts: Mapping[Difference, int],
        notices: Sequence[Remark],
        usage: Mapping[str, Any],
    ) -> None:
        """Make the plan ready; until now nobody could see or sync it."""
        self._set(
            run_id,
            status=Status.READY.value,
            owner=None,
            fetched_at=at,
            counts={difference.value: count for difference, count in counts.items()},
            notices=[codec.remark_out(notice) for notice in notices],
            usage=dict(usage),
        )

    def fail_fetch(self, run_id: int, at: dt.datetime, reason: Remark) -> None:
        """Record that the fetch ended without a plan."""
        with self._writing() as connection:
            connection.execute(sa.delete(items).where(items.c.run_id == run_id))
            self._update(
                connection,
                run_id,
                status=Status.FAILED.value,
                owner=None,
                finished_at=at,
                reason=codec.remark_out(reason),
            )

    def last_write(self) -> int:
        """Return the id of the newest entry of the journal; 0 if nothing was ever sent."""
        with self._reading() as connection:
            return connection.execute(sa.select(sa.func.max(writes.c.id))).scalar() or 0

    def rewritten(self, run_id: str) -> frozenset[str]:
        """Return the ids in the run's source that other runs have updated since it was fetched."""
        with self._reading() as connection:
            row = self._row(connection, run_id)
            query = (
                sa.select(items.c.target_id)
                .join(
                    writes,
                    sa.and_(
                        writes.c.run_id == items.c.run_id, writes.c.position == items.c.position
                    ),
                )
                .join(runs, runs.c.id == items.c.run_id)
                .where(runs.c.target == row["source"], items.c.target_id.is_not(None))
                .where(writes.c.id > row["usage"].get("last_write", 0))
            )
            return frozenset(connection.execute(query).scalars())

    def usage(self, source: str, target: str) -> dict[str, Any] | None:
        """Return what the last successful fetch of this pair cost, or None if there was none."""
        query = (
            sa.select(runs.c.usage)
            .where(runs.c.source == source, runs.c.target == target, runs.c.fetched_at.is_not(None))
            .order_by(runs.c.id.desc())
            .limit(1)
        )
        with self._reading() as connection:
            return connection.execute(query).scalar()

    # --- looking ----------------------------------------------------------------------------

    def run(self, run_id: str) -> Run:
        """Return a run as it stands now; UsageError if there is none of that id."""
        with self._reading() as connection:
            return self._view(connection, self._row(connection, run_id))

    def fetched_at(self, run_id: str) -> dt.datetime | None:
        """Return when the plan was made."""
        with self._reading() as connection:
            at: dt.datetime | None = self._row(connection, run_id)["fetched_at"]
            return at

    def latest(self, limit: int) -> list[Run]:
        """Return the newest runs, newest first."""
        query = sa.select(runs).order_by(runs.c.id.desc()).limit(limit)
        with self._reading() as connection:
            return [self._view(connection, row) for row in connection.execute(query).mappings()]

    def items(
        self,
        run_id: str,
        *,
        differences: Sequence[Difference] = (),
        numbers: Sequence[str] = (),
        selected: bool = False,
        open_only: bool = False,
    ) -> Iterator[Item]:
        """
        Iterate over the plan in order of number.

        *selected*: only the chosen ones. *open_only*: only those without a final outcome.
        """
        query = sa.select(items).order_by(items.c.position).limit(PAGE)
        query = query.where(items.c.run_id == self._id(run_id))
        if differences:
            query = query.where(items.c.difference.in_([d.value for d in differences]))
        if numbers:
            query = query.where(items.c.number.in_(list(numbers)))
        if selected:
            query = query.where(items.c.selected)
        if open_only:
            query = query.where(sa.or_(items.c.outcome.is_(None), items.c.outcome.in_(UNFINISHED)))
        position = 0
        while True:
            with self._reading() as connection:
                page = connection.execute(query.where(items.c.position > position)).mappings().all()
            yield from (codec.item_in(row) for row in page)
            if len(page) < PAGE:
                return
            position = page[-1]["position"]

    def entries(self, run_id: str) -> list[Entry]:
        """Return the whole plan as far as choosing needs it."""
        columns = (items.c.position, items.c.number, items.c.difference)
        query = sa.select(*columns).where(items.c.run_id == self._id(run_id))
        with self._reading() as connection:
            rows = connection.execute(query.order_by(items.c.position)).all()
        return [Entry(position, number, Difference(name)) for position, number, name in rows]

    def has_begun(self, run_id: str) -> bool:
        """Return whether the first intent, or any outcome, has been committed."""
        key = self._id(run_id)
        with self._reading() as connection:
            sent = sa.select(writes.c.id).where(writes.c.run_id == key).exists()
            ended = sa.select(items.c.position).where(
                items.c.run_id == key, items.c.outcome.is_not(None)
            )
            return bool(connection.execute(sa.select(sa.or_(sent, ended.exists()))).scalar())

    def open_counts(self, run_id: str) -> dict[Difference, int]:
        """Return how many chosen employees have no final outcome yet, by difference."""
        query = (
            sa.select(items.c.difference, sa.func.count())
            .where(items.c.run_id == self._id(run_id), items.c.selected)
            .where(sa.or_(items.c.outcome.is_(None), items.c.outcome.in_(UNFINISHED)))
            .group_by(items.c.difference)
        )
        with self._reading() as connection:
            return {Difference(name): count for name, count in connection.execute(query)}

    def count(self, run_id: str, **filters: object) -> int:
        """Return how many items carry these column values, for example ``difference="new"``."""
        query = sa.select(sa.func.count()).where(items.c.run_id == self._id(run_id))
        for name, value in filters.items():
            query = query.where(items.c[name] == value)
        with self._reading() as connection:
            return connection.execute(query).scalar_one()

    # --- choosing ---------------------------------------------------------------------------

    def selection(self, run_id: str) -> Selection | None:
        """Return the stored choice, or None."""
        with self._reading() as connection:
            return codec.selection_in(self._row(connection, run_id)["selection"])

    def choose(
        self, run_id: str, selection: Selection, chosen: Mapping[int, Mapping[str, Any]]
    ) -> None:
        """Replace the choice: *chosen* holds the positions, each with its new values."""
        key = self._id(run_id)
        rows = [{"p": position, "v": _choices_out(new)} for position, new in chosen.items()]
        with self._writing() as connection:
            self._refuse_begun(connection, key)
            connection.execute(
                sa.update(items)
                .where(items.c.run_id == key, items.c.selected)
                .values(selected=False, new_values=None)
            )
            if rows:
                connection.execute(
                    sa.update(items)
                    .where(items.c.run_id == key, items.c.position == sa.bindparam("p"))
                    .values(selected=True, new_values=sa.bindparam("v", type_=sa.JSON)),
                    rows,
                )
            self._update(connection, key, selection=codec.selection_out(selection))

    def retry_failed(self, run_id: str) -> int:
        """Forget every ``failed`` outcome, so that a sync tries again; return how many."""
        with self._writing() as connection:
            result = connection.execute(
                sa.update(items)
                .where(items.c.run_id == self._id(run_id), items.c.outcome == Outcome.FAILED.value)
                .values(outcome=None, outcome_reason=None, detail=None)
            )
            return int(result.rowcount)

    # --- syncing ----------------------------------------------------------------------------

    def begin_sync(self, run_id: str, at: dt.datetime, who: str) -> Lease:
        """Take the lease on the target and mark the run as syncing, or raise BusyError."""
        key = self._id(run_id)
        with self._writing() as connection:
            row = self._row(connection, run_id)
            held = lease.acquire(connection, row["target"], key, who, at)
            self._update(
                connection,
                key,
                status=Status.SYNCING.value,
                sync_started_at=row["sync_started_at"] or at,
                finished_at=None,
                reason=None,
                resume_at=None,
                stop=False,
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
        """Record how the sync ended or why it paused, and give the lease back."""
        paused = status is Status.PAUSED
        with self._writing() as connection:
            lease.renew(connection, held)
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
            if connection.execute(sa.select(runs.c.stop).where(runs.c.id == held.run_id)).scalar():
                return None
            result = connection.execute(
                sa.insert(writes).values(
                    run_id=held.run_id, position=position, kind=kind, token=held.token, intent_at=at
                )
            )
            return _key_of(result)

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
    ) -> None:
        """
        Commit the outcome of one employee, and with *write_id* the result of that write.

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
                    .values(result=outcome.value, result_at=at)
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
                sa.and_(writes.c.run_id == items.c.run_id, writes.c.position == items.c.position),
            )
            .where(writes.c.run_id == run_id, writes.c.result.is_(None))
            .order_by(writes.c.id)
        )
        with self._reading() as connection:
            return [
                OpenWrite(id=row["write_id"], item=codec.item_in(row), kind=row["kind"])
                for row in connection.execute(query).mappings()
            ]

    def cancel(self, run_id: str, at: dt.datetime) -> bool:
        """Cancel a run that waits; return false if a live process writes: it was told to stop."""
        with self._writing() as connection:
            row = self._row(connection, run_id)
            if lease.holder(connection, row["id"]) is not None:
                self._update(connection, row["id"], stop=True)
                return False
            self._update(connection, row["id"], status=Status.CANCELLED.value, finished_at=at)
            return True

    def purge(self, before: dt.datetime) -> int:
        """Remove the employees' values of runs created before; return how many runs had any."""
        old = sa.select(runs.c.id).where(
            runs.c.created_at < before,
            sa.not_(runs.c.purged),
            runs.c.status.not_in([Status.FETCHING.value, Status.SYNCING.value]),
        )
        with self._writing() as connection:
            ids = list(connection.execute(old).scalars())
            connection.execute(
                sa.update(items)
                .where(items.c.run_id.in_(ids))
                .values(name="", payload=None, detail=None)
            )
            connection.execute(sa.update(runs).where(runs.c.id.in_(ids)).values(purged=True))
            return len(ids)

    # --- inside -----------------------------------------------------------------------------

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with schema.translated(self._place), self._engine.connect() as c, c.begin():
            yield c

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with (
            schema.translated(self._place),
            self._engine.connect().execution_options(renkei_writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def _set(self, run_id: int, **columns: object) -> None:
        with self._writing() as connection:
            self._update(connection, run_id, **columns)

    @staticmethod
    def _update(connection: Connection, run_id: int, **columns: object) -> None:
        connection.execute(sa.update(runs).where(runs.c.id == run_id).values(**columns))

    @staticmethod
    def _id(run_id: str) -> int:
        if not (run_id.isascii() and run_id.isdigit() and len(run_id) < 16):
            raise _no_run(run_id)
        return int(run_id)

    def _row(self, connection: Connection, run_id: str) -> RowMapping:
        query = sa.select(runs).where(runs.c.id == self._id(run_id))
        row = connection.execute(query).mappings().first()
        if row is None:
            raise _no_run(run_id)
        return row

    @staticmethod
    def _refuse_begun(connection: Connection, run_id: int) -> None:
        if lease.holder(connection, run_id) is not None:
            message = _("Run {run} is being synced by another process. Wait until it has ended.")
            raise BusyError(message.format(run=run_id))

    def _view(self, connection: Connection, row: RowMapping) -> Run:
        """Return the run in *row*; after a dead process fetching is failed, syncing paused."""
        status, reason = Status(row["status"]), codec.remark_in(row["reason"])
        if status is Status.FETCHING and (not row["owner"] or Owner.parse(row["owner"]).is_dead()):
            status, reason = Status.FAILED, Remark("interrupted")
        if status is Status.SYNCING and lease.holder(connection, row["id"]) is None:
            status, reason = Status.PAUSED, Remark("interrupted")
        begun = row["sync_started_at"] is not None
        return codec.run_in(
            row, status, self._outcomes(connection, row["id"]) if begun else None, reason
        )

    @staticmethod
    def _outcomes(connection: Connection, run_id: int) -> dict[Outcome, int]:
        """Count the outcomes; whoever was chosen and has none yet is deferred, or in doubt."""
        query = (
            sa.select(items.c.selected, items.c.outcome, sa.func.count())
            .where(items.c.run_id == run_id)
            .group_by(items.c.selected, items.c.outcome)
        )
        counts = dict.fromkeys(Outcome, 0)
        for selected, outcome, count in connection.execute(query):
            counts[_outcome(selected=selected, outcome=outcome)] += count
        in_doubt = connection.execute(
            sa.select(sa.func.count(sa.distinct(items.c.position)))
            .join(
                writes,
                sa.and_(writes.c.run_id == items.c.run_id, writes.c.position == items.c.position),
            )
            .where(items.c.run_id == run_id, writes.c.result.is_(None), items.c.outcome.is_(None))
        ).scalar_one()
        counts[Outcome.DEFERRED] -= in_doubt
        counts[Outcome.UNKNOWN] += in_doubt
        return counts


def _key_of(result: sa.CursorResult[Any]) -> int:
    """Return the primary key that the database gave to the row just inserted."""
    key = result.inserted_primary_key
    assert key is not None  # noqa: S101 - an insert of one row always has one
    return int(key[0])


def _outcome(*, selected: bool, outcome: str | None) -> Outcome:
    if not selected:
        return Outcome.NOT_SELECTED
    return Outcome(outcome) if outcome else Outcome.DEFERRED


def _choices_out(new: Mapping[str, Any]) -> dict[str, list[str]] | None:
    return {name: [choice.code, choice.label] for name, choice in new.items()} or None


def _no_run(run_id: str) -> UsageError:
    message = _("There is no run {run}. `renkei reports` lists them.")
    return UsageError(message.format(run=run_id), code="unknown_run")
