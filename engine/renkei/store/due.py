"""What is due over all companies of a store, and who takes it up: each due time only once.

A worker keeps the schedules of all companies, so it looks over the walls, as the list of all
companies does. What it begins is done by a process that knows one company only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from renkei.model import Status
from renkei.schedule.job import ABSENT, OPEN, Claim, Job, Kept, State
from renkei.store import codec
from renkei.store.database import Database, locking
from renkei.store.owner import Owner
from renkei.store.plans import last_sync_usage, last_usage
from renkei.store.schedules import (
    LEFT_OUT,
    at_it,
    given_up,
    job_in,
    kept_in,
    last_due,
    new_job,
    of_job,
    still,
)
from renkei.store.serial import insert_unless_there
from renkei.store.tables import UNTOLD, accounts, jobs, leases, runs, schedules
from renkei.words.codes import remark

Name = tuple[str, str]
"""A company and the name of one of its schedules, or of its connections."""

_UNTOLD = sa.text(UNTOLD)


class Due(Database):
    """A store as a worker sees it."""

    def all_kept(self) -> dict[Name, Kept]:
        """Return what is known of all schedules."""
        with self._reading() as connection:
            rows = connection.execute(sa.select(schedules)).mappings()
            return {(row["company"], row["name"]): kept_in(row) for row in rows}

    def count_from(self, name: Name, timing: str, since: dt.datetime) -> None:
        """Let the due times of a schedule count from *since* on: it is new, or has other times."""
        key = {"company": name[0], "name": name[1]}
        counts = {"timing": timing, "since": since}
        with self._writing() as connection:
            insert_unless_there(connection, schedules, {**key, **counts})
            ours = schedules.c.company == name[0], schedules.c.name == name[1]
            connection.execute(sa.update(schedules).where(*ours).values(**counts))

    def note_absent(self, name: Name) -> None:
        """Keep that a schedule is no longer in its file: put back, its due times count anew."""
        ours = schedules.c.company == name[0], schedules.c.name == name[1]
        with self._writing() as connection:
            connection.execute(sa.update(schedules).where(*ours).values(timing=ABSENT))

    def claim(
        self,
        claim: Claim,
        now: dt.datetime,
        count: Callable[[dt.datetime | None], int],
        state: State = "queued",
    ) -> bool | None:
        """
        Take up a due time; False if somebody has, None while the schedule is paused or at work.

        *count* tells how many due times have passed by since the one that it is given. In another
        *state* it is only told. What was only told by a clock that was ahead has not been: it can
        be taken up.
        """
        theirs = jobs.c.company == claim.company, jobs.c.schedule == claim.schedule
        ours = schedules.c.company == claim.company, schedules.c.name == claim.schedule
        with self._writing() as connection:
            # Locked: a pause at this moment comes either before it, or after it and finds the job.
            kept = connection.execute(locking(sa.select(schedules).where(*ours))).mappings().first()
            if kept is None or kept["paused_by"] is not None:
                return None
            at_work = sa.select(jobs.c.due).where(*theirs, jobs.c.ended_at.is_(None)).limit(1)
            if state in OPEN and connection.execute(at_work).first() is not None:
                return None
            # One run makes up for all that have passed: docs/decisions/2026-11-29-schedules.md
            new = new_job(claim, state, now, count(last_due(connection, claim)))
            if insert_unless_there(connection, jobs, new):
                return True
            # Told by a clock that was ahead, at a moment that is still to come (F91).
            too_soon = jobs.c.state.in_(("missed", "skipped")), jobs.c.started_at > now
            again = sa.update(jobs).where(*theirs, jobs.c.due == claim.due, *too_soon)
            anew = {"ended_at": None, "told_at": None} | new
            return connection.execute(again.values(**anew)).rowcount == 1

    def last_dues(self) -> dict[Name, tuple[dt.datetime, dt.datetime]]:
        """Return the last due time of each schedule that was taken up, or told, and when it was."""
        key = jobs.c.company, jobs.c.schedule
        query = sa.select(*key, sa.func.max(jobs.c.due), sa.func.max(jobs.c.started_at))
        query = query.where(jobs.c.asked_by.is_(None)).group_by(*key)
        with self._reading() as connection:
            return {(c, name): (due, at) for c, name, due, at in connection.execute(query)}

    def last_costs(
        self, company: str, source: str, target: str
    ) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """Return what the last fetch of a pair of *company* cost, and the last sync."""
        pair = sa.and_(runs.c.company == company, runs.c.source == source, runs.c.target == target)
        with self._reading() as connection:
            return last_usage(connection, pair), last_sync_usage(connection, pair)

    def open_jobs(self) -> list[Job]:
        """Return what has not come to its end, of all companies, oldest first."""
        query = sa.select(jobs).where(jobs.c.ended_at.is_(None)).order_by(jobs.c.started_at)
        with self._reading() as connection:
            return [job_in(row) for row in connection.execute(query).mappings()]

    def take_over(self, claim: Claim, now: dt.datetime) -> Claim | None:
        """
        Take up a job at which nobody is any more; None if somebody else was faster.

        The process that was at it has no say any more, in its run either: that it has ended need
        not be found out, and waited for, once more. Where a clock that was ahead has begun the job,
        it counts as begun *now*: nobody goes on with it for longer than with any other.
        """
        theirs = sa.select(jobs).where(jobs.c.company == claim.company, of_job(claim))
        with self._writing() as connection:
            row = connection.execute(locking(theirs)).mappings().first()
            if row is None:
                return None
            begun = {"started_at": min(row["started_at"], now)}
            ours = still(claim).values(attempt=claim.attempt + 1, **at_it("queued"), **begun)
            is_taken = connection.execute(ours).rowcount != 1
            if is_taken:
                return None
            if row["run_id"] is not None and row["owner"] is not None:
                self._end_at_run(connection, row["run_id"], row["owner"])
        return Claim(claim.company, claim.schedule, claim.due, claim.attempt + 1)

    @staticmethod
    def _end_at_run(connection: Connection, run_id: int, owner: str) -> None:
        """Let a process that has ended have no lease because of a run, and not fetch it."""
        nobody = {"run_id": None, "owner": None, "who": None, "since": None}
        held = leases.c.run_id == run_id, leases.c.owner == owner
        connection.execute(
            sa.update(leases).where(*held).values(token=leases.c.token + 1, **nobody)
        )
        fetching = runs.c.status == Status.FETCHING.value, runs.c.owner == owner
        failed = {"status": Status.FAILED.value, "owner": None}
        failed |= {"reason": codec.remark_out(remark("interrupted"))}
        connection.execute(sa.update(runs).where(runs.c.id == run_id, *fetching).values(**failed))

    def let_wait(self, claim: Claim, code: str, next_at: dt.datetime) -> bool:
        """
        Keep that the process of a job has ended without a word; it is gone on with then.

        Returns whether it has: most have kept by themselves how they ended, and where another
        process is at it, what we had begun had come too late.
        """
        waits = {"state": "waiting", "code": code, "next_at": next_at, **LEFT_OUT}
        theirs = sa.select(jobs).where(jobs.c.company == claim.company, of_job(claim))
        with self._writing() as connection:
            row = connection.execute(locking(theirs)).mappings().first()
            if row is None or row["owner"] is None:
                return False
            is_ours = row["owner"] == str(Owner.me())
            if not is_ours and not job_in(row).free:
                return False
            return connection.execute(still(claim).values(**waits)).rowcount == 1

    def give_up(self, claim: Claim, now: dt.datetime, state: State = "failed") -> None:
        """Keep that a job is not gone on with any more."""
        with self._writing() as connection:
            connection.execute(still(claim).values(**given_up(now, state)))

    def untold(self) -> list[str]:
        """Return all companies of which jobs have ended that nobody has told of."""
        with self._reading() as connection:
            return list(
                connection.execute(sa.select(jobs.c.company).where(_UNTOLD).distinct()).scalars()
            )

    def first_untold(self, but: Collection[str] = ()) -> str | None:
        """Return a company of which jobs have ended that nobody has told of; None: no other one."""
        others = jobs.c.company.not_in(sorted(but))
        query = sa.select(jobs.c.company).where(_UNTOLD, others).limit(1)
        with self._reading() as connection:
            found: str | None = connection.execute(query).scalar()
            return found

    def take_up_telling(self, companies: Collection[str], now: dt.datetime) -> list[Job]:
        """
        Return the jobs of some companies that have ended since anybody told of them.

        The process that gets them tells, and no other: of two that saw them one has them.
        """
        theirs = sa.update(jobs).where(_UNTOLD, jobs.c.company.in_(companies)).values(told_at=now)
        with self._writing() as connection:
            rows = connection.execute(theirs.returning(jobs)).mappings()
            return [job_in(row) for row in rows]

    def accounts_used(self) -> dict[Name, str]:
        """Return which account each connection has used last."""
        with self._reading() as connection:
            rows = connection.execute(sa.select(accounts)).mappings()
            return {(row["company"], row["connection"]): row["account"] for row in rows}
