"""A run as it stands at this moment, whatever a process that has died could not say any more."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from renkei.database.refusals import refuse_damage
from renkei.errors import Hint, UsageError
from renkei.model import Item, Outcome, Remark, Run, Status
from renkei.store import codec, lease
from renkei.store.database import Database, locking, number_in
from renkei.store.owner import Owner, is_alive, known_in_s
from renkei.store.tables import items, leases, runs, writes
from renkei.words.codes import remark
from renkei.words.i18n import _

_RUN = sa.select(runs).where(
    runs.c.company == sa.bindparam("company"), runs.c.id == sa.bindparam("run")
)
_LOCKED = locking(_RUN)
_UPDATE = sa.update(runs).where(
    runs.c.company == sa.bindparam("of_company"), runs.c.id == sa.bindparam("of_run")
)
_STATUS = _RUN.with_only_columns(runs.c.status)
_STATUS_LOCKED = locking(_STATUS)
_SENT = sa.select(sa.exists().where(writes.c.run_id == sa.bindparam("run")))


class Views(Database):
    """The part of the store that shows runs: each is reached only by the company that it is of."""

    @cached_property
    def _known_fields(self) -> dict[int, codec.Fields]:
        """What was read for the plans of runs."""
        return {}

    @cached_property
    def _plain_fields(self) -> dict[int, Any]:
        """The same as rows have it that were read for something else."""
        return {}

    def run(self, run_id: str) -> Run:
        """Return a run as it stands now; UsageError if there is none of that id."""
        with self._reading() as connection:
            return self._view(connection, self._row(connection, run_id))

    def latest(self, limit: int, before: str | None = None) -> list[Run]:
        """Return the newest runs, newest first; with *before*, those older than that one."""
        query = sa.select(runs).where(self._of(runs)).order_by(runs.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(runs.c.id < number_of(before))
        with self._reading() as connection:
            return [self._view(connection, row) for row in connection.execute(query).mappings()]

    def newest_plans(self) -> list[Run]:
        """Return the newest run of each direction that has a plan, in no particular order."""
        planned = self._of(runs), runs.c.fetched_at.is_not(None)
        newest = sa.select(sa.func.max(runs.c.id)).where(*planned)
        newest = newest.group_by(runs.c.source, runs.c.target)
        query = sa.select(runs).where(self._of(runs), runs.c.id.in_(newest))
        with self._reading() as connection:
            return [self._view(connection, row) for row in connection.execute(query).mappings()]

    def undecided_s(self) -> float | None:
        """
        Return in how many seconds it is known of every run whether somebody is at work on it.

        None: now. Only of another machine, or of the time before a restart, it may not be.
        """
        fetching = sa.select(runs).where(self._of(runs), runs.c.status == Status.FETCHING.value)
        held = sa.select(leases).where(self._of(leases))
        with self._reading() as connection:
            fetches = connection.execute(fetching).mappings()
            waits = [_undecided_s(row, f"fetch {row['id']}") for row in fetches]
            syncs = connection.execute(held).mappings()
            waits += [_undecided_s(row, lease.place(row)) for row in syncs]
        undecided = [wait for wait in waits if wait is not None]
        return max(undecided, default=None)

    def _set(self, run_id: int, **columns: object) -> None:
        with self._writing() as connection:
            self._update(connection, run_id, **columns)

    def _update(self, connection: Connection, run_id: int, **columns: object) -> None:
        connection.execute(_UPDATE, {"of_company": self.company, "of_run": run_id, **columns})

    def _between(self, source: str, target: str) -> sa.ColumnElement[bool]:
        """Return the condition that a run is of this pair: others have connections of the name."""
        return sa.and_(self._of(runs), runs.c.source == source, runs.c.target == target)

    def _key(self, run_id: str) -> int:
        """
        Return the key of a run of our company; UsageError if it is of another, or of none.

        Employees and writes are reached by such a key alone.
        """
        key = number_of(run_id)
        if key not in self._given:
            with self._reading() as connection:
                self._row(connection, run_id)
        return key

    def _fields(self, connection: Connection, run_id: int) -> codec.Fields:
        """Return what was read for the plan of a run; it is never changed once it is there."""
        if run_id in self._known_fields:
            return self._known_fields[run_id]
        kept = self._plain_fields.get(run_id)
        if kept is None:
            query = sa.select(runs.c.fields).where(self._of(runs), runs.c.id == run_id)
            kept = connection.execute(query).scalar()
        fields = codec.fields_in(kept)
        if kept is not None:  # the fetch may not have stored them yet
            self._known_fields[run_id] = fields
        return fields

    def _item(self, connection: Connection, row: RowMapping) -> Item:
        """Return the plan item in *row*."""
        return codec.item_in(row, self._fields(connection, row["run_id"]))

    def _row(self, connection: Connection, run_id: str, *, lock: bool = False) -> RowMapping:
        """Return the row of a run; with *lock*, nobody else changes the run until we are done."""
        key = number_of(run_id)
        rows: dict[int, RowMapping] = getattr(self._mine, "rows", {})  # of one moment
        if key in rows:
            return rows[key]
        asked = {"company": self.company, "run": key}
        row = connection.execute(_LOCKED if lock else _RUN, asked).mappings().first()
        if row is None:
            refuse_damage(connection, self._place)  # before a lost run is called unknown
            raise no_run(run_id)
        self._given.add(key)
        self._plain_fields[key] = row["fields"]
        rows[key] = row
        return row

    def _status(self, connection: Connection, run_id: int, *, lock: bool = False) -> str:
        """Return the status of a run; with *lock*, nobody else changes it until we are done."""
        asked = {"company": self.company, "run": run_id}
        query = _STATUS_LOCKED if lock else _STATUS
        status: str = connection.execute(query, asked).scalar_one()
        return status

    def _view(self, connection: Connection, row: RowMapping) -> Run:
        """Return the run in *row*; after a dead process fetching is failed, syncing paused."""
        self._given.add(row["id"])
        status = status_now(row, lambda: lease.holder(connection, row["id"]) is not None)
        outcomes = None
        if row["sync_started_at"] is not None:
            outcomes = self._outcomes(connection, row)
        return codec.run_in(row, status, outcomes, reason_now(row, status))

    @staticmethod
    def _outcomes(connection: Connection, row: RowMapping) -> dict[Outcome, int]:
        """Count the outcomes as of now; of a purged run only the chosen ones have a row."""
        now = outcome_now().label("now")
        query = (
            sa.select(now, sa.func.count())
            .where(items.c.run_id == row["id"], items.c.selected)
            .group_by(now)
        )
        counts = dict.fromkeys(Outcome, 0)
        counts |= {Outcome(name): count for name, count in connection.execute(query)}
        counts[Outcome.NOT_SELECTED] = sum(row["counts"].values()) - sum(counts.values())
        return counts


def status_now(row: RowMapping, is_held: Callable[[], bool]) -> Status:
    """
    Return how the run in *row* stands: after a dead process fetching is failed, syncing paused.

    *is_held* tells whether a process that lives has its lease.
    """
    status = Status(row["status"])
    if status is Status.FETCHING and is_abandoned(row):
        return Status.FAILED
    if status is Status.SYNCING and not is_held():
        return Status.PAUSED
    return status


def reason_now(row: RowMapping, status: Status) -> Remark | None:
    """Return why the run in *row* has the *status* that :func:`status_now` tells."""
    is_as_kept = status.value == row["status"]
    return codec.remark_in(row["reason"]) if is_as_kept else remark("interrupted")


def is_abandoned(row: RowMapping) -> bool:
    """Tell whether nobody fetches the run in *row* any more."""
    return not is_alive(Owner.parse(row["owner"]), row["beat"] or 0.0, f"fetch {row['id']}")


def _undecided_s(row: RowMapping, place: str) -> float | None:
    if row["owner"] is None:
        return None
    owner, last = Owner.parse(row["owner"]), row["beat"] or 0.0
    if not is_alive(owner, last, place):
        return None
    return known_in_s(owner, last, place)


def same_item() -> sa.ColumnElement[bool]:
    """Return the condition that joins the writes of an item to it."""
    return sa.and_(writes.c.run_id == items.c.run_id, writes.c.position == items.c.position)


def outcome_now() -> sa.ColumnElement[str]:
    """
    Return what became of an employee of a run whose sync has begun, as of this moment.

    Somebody without a final outcome waits, or is in doubt if a write of theirs is open: a process
    that was killed had no time to say so.
    """
    undecided = sa.or_(items.c.outcome.is_(None), items.c.outcome == Outcome.DEFERRED.value)
    open_write = sa.select(writes.c.id).where(same_item(), writes.c.result.is_(None)).exists()
    return sa.case(
        (sa.not_(items.c.selected), Outcome.NOT_SELECTED.value),
        (sa.and_(undecided, open_write), Outcome.UNKNOWN.value),
        else_=sa.func.coalesce(items.c.outcome, Outcome.DEFERRED.value),
    )


def begun(connection: Connection, run_id: int) -> bool:
    """Return whether the first intent of a run has been committed: an outcome alone is none."""
    return bool(connection.execute(_SENT, {"run": run_id}).scalar())


def number_of(run_id: str) -> int:
    """Return the number that *run_id* is; UsageError if no run can be called so."""
    number = number_in(run_id)
    if number is None:
        raise no_run(run_id)
    return number


def no_run(run_id: str) -> UsageError:
    """Return the error of a run that does not exist, or is another company's."""
    message = _("There is no run {run}.")
    return UsageError(message.format(run=run_id), code="unknown_run", hint=Hint("reports"))
