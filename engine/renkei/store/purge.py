"""What does not stay: employees' values, and in time the records of whole runs."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import partial

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from renkei.errors import NoRoomError
from renkei.store import codec, schema, serial
from renkei.store.database import locking
from renkei.store.tables import ACCEPTED, ANSWERED, items, leases, metadata, runs, writes
from renkei.store.views import Views

BIT = 20
"""Employees, or pages of the file, that are freed at a time where the disk has no room."""


class Purge(Views):
    """The part of the store that lets go of what is old."""

    def purge(self, before: dt.datetime) -> int:
        """
        Remove the employees' values of runs created before; return how many runs had any.

        Those chosen keep number and outcome; of the others only the counts remain. Where the
        disk has no room for it, it is done bit by bit.
        """
        try:
            with self._writing() as connection:
                ids = self._with_values(connection, before)
                self._close_plans(connection, ids)
                self._empty(connection, items.c.run_id.in_(ids))
                self._note_purge(ids, before)
        except NoRoomError:
            if self._on_server:
                raise
            return self._purge_bit_by_bit(before)
        return len(ids)

    def _note_purge(self, ids: Sequence[int], before: dt.datetime) -> None:
        if ids:
            self._note("purged", count=len(ids), before=before.date().isoformat())

    def _purge_bit_by_bit(self, before: dt.datetime) -> int:
        """Do the same so that each step needs next to no room, and gives some back."""

        # All plans are closed first: nobody syncs one whose values are half gone (F64).
        def close(connection: Connection) -> list[int]:
            ids = self._with_values(connection, before)
            self._close_plans(connection, ids)
            self._note_purge(ids, before)
            return ids

        def empty_some(run_id: int, connection: Connection) -> int:
            full = items.c.run_id == run_id, self._has_values()
            query = sa.select(items.c.position).where(*full).limit(BIT)
            positions = list(connection.execute(query).scalars())
            some = sa.and_(items.c.run_id == run_id, items.c.position.in_(positions))
            self._empty(connection, some)
            self._give_back(connection)
            return len(positions)

        ids = self._in_any_room(close)
        for run_id in ids:
            while self._in_any_room(partial(empty_some, run_id)):
                pass
        return len(ids)

    def _with_values(self, connection: Connection, before: dt.datetime) -> list[int]:
        """Return the runs created before that have values."""
        left = sa.select(items.c.run_id).where(items.c.run_id == runs.c.id, self._has_values())
        full = sa.or_(sa.not_(runs.c.purged), left.exists())  # or a purge has died half-way
        return self._disposable(connection, before, full)

    def _disposable(
        self,
        connection: Connection,
        before: dt.datetime,
        *more: sa.ColumnElement[bool],
        run_id: int | None = None,
    ) -> list[int]:
        """
        Return the runs created before that nobody needs, and let nobody change them.

        With *run_id*, that one alone is looked at.

        Those at work are left out, and those with a write in doubt: only its values can settle it.
        """
        is_old = sa.and_(self._of(runs), runs.c.created_at < before)
        if run_id is not None:
            is_old = sa.and_(is_old, runs.c.id == run_id)
        # Locked first, read afterwards: a sync that has just begun is seen.
        old = sa.select(runs.c.id).where(is_old).order_by(runs.c.id)
        connection.execute(locking(old)).all()
        # Answered: still to be looked at. docs/decisions/2026-11-28-answered-writes.md
        unsettled = sa.or_(writes.c.result.is_(None), writes.c.result == ANSWERED)
        in_doubt = sa.select(writes.c.id).where(writes.c.run_id == runs.c.id, unsettled)
        query = sa.select(runs).where(is_old, *more, sa.not_(in_doubt.exists()))
        rows = connection.execute(query).mappings().all()
        found: list[int] = []
        for row in rows:
            run = self._view(connection, row)
            if not run.status.is_at_work:
                found.append(row["id"])
        return found

    @staticmethod
    def _has_values() -> sa.ColumnElement[bool]:
        return sa.or_(sa.not_(items.c.selected), items.c.payload.is_not(None))

    def _close_plans(self, connection: Connection, ids: Sequence[int]) -> None:
        """Forget what was chosen; nobody can sync these plans any more."""
        emptied = {"purged": True, "selection": None, "mapping_text": "", "specs": None}
        theirs = sa.update(runs).where(self._of(runs), runs.c.id.in_(ids))
        connection.execute(theirs.values(emptied))

    @staticmethod
    def _empty(connection: Connection, theirs: sa.ColumnElement[bool]) -> None:
        """Remove the values of *theirs*, and those who were not chosen."""
        connection.execute(sa.delete(items).where(theirs, sa.not_(items.c.selected)))
        tried = sa.select(items).where(theirs, items.c.earlier.is_not(None))
        for row in connection.execute(tried).mappings().all():
            one = sa.and_(items.c.run_id == row["run_id"], items.c.position == row["position"])
            kept = codec.without_details(row["earlier"])
            connection.execute(sa.update(items).where(one).values(earlier=kept))
        connection.execute(
            sa.update(items)
            .where(theirs)
            .values(name="", payload=None, new_values=None, detail=None, reasons=[], notes=[])
        )

    def remove_runs(self, before: dt.datetime) -> int:
        """
        Remove whole runs created before, with their employees and writes; return how many.

        What a later fetch goes by stays (:meth:`_needed`), and what people have said of records. A
        run goes as a whole; where the disk has no room for that, bit by bit.
        """
        # Releases stay, as they serve later runs.
        # docs/decisions/2026-11-29-retention-setup-codes.md
        with self._reading() as connection:
            old = sa.select(runs.c.id).where(self._of(runs), runs.c.created_at < before)
            ids = connection.execute(old.order_by(runs.c.id)).scalars().all()
            kept = self._needed(connection) if ids else set()
        # A transaction for each of them: docs/decisions/2026-11-29-retention-setup-codes.md
        gone = 0
        for run_id in ids:
            if run_id not in kept and self._remove(run_id, before):
                gone += 1
        return gone

    def _remove(self, run_id: int, before: dt.datetime) -> bool:
        """Remove a run unless somebody needs it now; return whether it is gone."""

        def is_free(connection: Connection) -> bool:
            self._given.add(run_id)  # remove_runs has found it by our company
            return bool(self._disposable(connection, before, run_id=run_id))

        def close(connection: Connection) -> bool:
            free = is_free(connection)
            if free:
                self._close_plans(connection, [run_id])
            return free

        def remove_some(connection: Connection) -> int:
            query = sa.select(items.c.position).where(items.c.run_id == run_id).limit(BIT)
            positions = list(connection.execute(query).scalars())
            some = items.c.run_id == run_id, items.c.position.in_(positions)
            connection.execute(sa.delete(items).where(*some))
            self._give_back(connection)
            return len(positions)

        try:
            with self._writing() as connection:
                if not is_free(connection):
                    return False
                self._drop(connection, run_id)
        except NoRoomError:
            if self._on_server:
                raise
            if not self._in_any_room(close):
                return False
            while self._in_any_room(remove_some):
                pass
            self._in_any_room(partial(self._drop, run_id=run_id))
        self._given.discard(run_id)
        return True

    def _drop(self, connection: Connection, run_id: int) -> None:
        """Remove a run with all that hangs on it; its number is never given again."""
        self._note("run_removed", str(run_id))
        # Before the rows go: SQLite would give the highest number once more.
        for table in (runs, writes):
            newest = connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
            serial.raise_floor(connection, table, newest)
        connection.execute(sa.delete(items).where(items.c.run_id == run_id))
        connection.execute(sa.delete(writes).where(writes.c.run_id == run_id))
        nobody = {"run_id": None, "owner": None, "who": None, "since": None}
        left = sa.update(leases).where(leases.c.run_id == run_id)  # by a process that died
        connection.execute(left.values(**nobody))
        later = sa.update(runs).where(self._of(runs), runs.c.again_of == run_id)
        connection.execute(later.values(again_of=None))
        connection.execute(sa.delete(runs).where(self._of(runs), runs.c.id == run_id))

    def _needed(self, connection: Connection) -> set[int]:
        """
        Return the runs without which a later fetch would know less of what it must know.

        The newest of each pair that tell how many people are usual, and what a fetch costs; and
        those that tell whom a target has taken in without a number: they are never sent again.
        """
        found: set[int] = set()
        for told in (runs.c.usual, runs.c.usual_target, runs.c.fetched_at):
            newest = (
                sa.select(sa.func.max(runs.c.id))
                .where(self._of(runs), told.is_not(None))
                .group_by(runs.c.source, runs.c.target)
            )
            found.update(connection.execute(newest).scalars())
        taken = (
            sa.select(writes.c.run_id)
            .join(runs, runs.c.id == writes.c.run_id)
            .where(self._of(runs), writes.c.result == ACCEPTED)
        )
        found.update(connection.execute(taken).scalars())
        return found

    def with_values(self, run_ids: Iterable[str]) -> set[str]:
        """Return those of *run_ids* that are runs of ours whose values have not gone."""
        keys = [int(each) for each in run_ids]
        there = runs.c.id.in_(keys), sa.not_(runs.c.purged)
        query = sa.select(runs.c.id).where(self._of(runs), *there)
        with self._reading() as connection:
            return set(map(str, connection.execute(query).scalars()))

    def retained_on(self) -> dt.date | None:
        """Return the day on which :meth:`note_retained` was called last for this company."""
        kept = self._fact(retained(self.company))
        return None if kept is None else dt.date.fromisoformat(kept)

    def take_up_retaining(self, day: dt.date) -> bool:
        """Keep that somebody lets go of what is old today; False if somebody else has."""
        with self._writing() as connection:
            return serial.change(connection, retained(self.company), day.isoformat())

    def give_back_retaining(self, last: dt.date | None) -> None:
        """Let somebody else let go of it today: it was not possible; *last* is when it was."""
        with self._writing() as connection:
            name = retained(self.company)
            if last is None:
                serial.drop(connection, name)
            else:
                serial.keep(connection, name, last.isoformat())

    def note_retained(self, day: dt.date) -> None:
        """Keep that what is old by the rules of this company was let go of on that day."""
        with self._writing() as connection:
            serial.keep(connection, retained(self.company), day.isoformat())

    def size(self) -> int:
        """Return how many bytes the store takes."""
        with self._reading() as connection:
            if not self._on_server:
                pages: int = connection.exec_driver_sql("pragma page_count").scalar_one()
                each: int = connection.exec_driver_sql("pragma page_size").scalar_one()
                return pages * each
            names = ", ".join(f"pg_total_relation_size('{name}')" for name in metadata.tables)
            sizes = connection.exec_driver_sql(f"select {names}").one()
            return sum(sizes)

    def compact(self) -> bool:
        """
        Write the file anew: what was moved inside it has left copies that no row holds.

        A server only gives the room of removed rows to new ones; it does the rest in its own time.
        Returns False if there is no room for that; then it only gets as small as it can.
        """
        if self._on_server:
            self._vacuum_tables()
            return True
        if self._vacuum():
            return True
        while self._in_any_room(self._give_back):
            pass
        return self._vacuum()

    def _vacuum(self) -> bool:
        try:
            with (
                schema.translated(self._place),
                closing(self._engine.raw_connection()) as connection,
            ):
                connection.cursor().execute("pragma temp_store = memory")  # no values in a folder
                connection.cursor().execute("pragma auto_vacuum = incremental")  # from now on
                connection.cursor().execute("vacuum")
        except NoRoomError:
            return False
        return True

    def _vacuum_tables(self) -> None:
        with (
            schema.translated(self._place),
            self._engine.connect() as connection,
        ):
            # VACUUM cannot run inside a transaction.
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql("vacuum runs, items, writes")

    @staticmethod
    def _give_back(connection: Connection) -> bool:
        """Let the file end some pages earlier; return whether it did."""
        free = "pragma freelist_count"
        before: int = connection.exec_driver_sql(free).scalar_one()
        connection.exec_driver_sql(f"pragma incremental_vacuum({BIT})").close()
        after: int = connection.exec_driver_sql(free).scalar_one()
        return after < before


def retained(company: str) -> str:
    """Return the name of the fact that tells when a company's old runs were last looked for."""
    return f"retained:{hashlib.sha256(company.encode()).hexdigest()[:24]}"
