"""The schedules of one company: who has paused one, and what was begun at which due time."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from renkei.errors import BusyError
from renkei.schedule.errand import Answer, Errand
from renkei.schedule.job import OPEN, Claim, Job, Kept, State
from renkei.store.database import Database, locking
from renkei.store.owner import Owner, beat, is_alive
from renkei.store.serial import insert_unless_there
from renkei.store.stands import AHEAD
from renkei.store.tables import jobs, runs, schedules
from renkei.words.i18n import _

LEFT_OUT = {"owner": None, "beat": None}
"""What a job has when nobody is at it."""


class Schedules(Database):
    """The part of the store that remembers when what was begun."""

    def kept_schedules(self) -> dict[str, Kept]:
        """Return by name what is known of the schedules."""
        with self._reading() as connection:
            rows = connection.execute(sa.select(schedules).where(self._of(schedules))).mappings()
            return {row["name"]: kept_in(row) for row in rows}

    def pause_schedule(self, name: str, timing: str, at: dt.datetime) -> None:
        """
        Let no run of a schedule begin any more, be it one that waits; one at work goes on.

        What waited is left out.
        """
        # Not in the file: a browser may not write that, and nobody would know who did it.
        # docs/decisions/2026-11-29-schedules.md
        ours = self._of(schedules), schedules.c.name == name
        new = {"company": self.company, "name": name, "timing": timing, "since": at}
        with self._writing() as connection:
            insert_unless_there(connection, schedules, new)
            row = connection.execute(locking(sa.select(schedules).where(*ours))).mappings().one()
            if row["paused_by"] is None:
                self._note("schedule_paused", schedule=name)
                paused = {"paused_by": self._who[:200], "paused_at": at}
                connection.execute(sa.update(schedules).where(*ours).values(**paused))
                theirs = self._of(jobs), jobs.c.schedule == name, jobs.c.ended_at.is_(None)
                idle = sa.update(jobs).where(*theirs, jobs.c.state != "running")
                connection.execute(idle.values(**given_up(at, "skipped")))

    def resume_schedule(self, name: str, timing: str, at: dt.datetime) -> None:
        """Let its runs begin again: those that are due from *at* on."""
        ours = self._of(schedules), schedules.c.name == name
        counts = {"timing": timing, "since": at, "paused_by": None, "paused_at": None}
        with self._writing() as connection:
            row = connection.execute(locking(sa.select(schedules).where(*ours))).mappings().first()
            if row is not None and row["paused_by"] is not None:
                self._note("schedule_resumed", schedule=name)
                connection.execute(sa.update(schedules).where(*ours).values(**counts))

    def jobs(self, limit: int, schedule: str | None = None) -> list[Job]:
        """Return what was begun last of schedules, newest first."""
        mine = self._of(jobs), jobs.c.errand.is_(None)
        query = sa.select(jobs).where(*mine).order_by(jobs.c.started_at.desc())
        if schedule is not None:
            query = query.where(jobs.c.schedule == schedule)
        with self._reading() as connection:
            return [job_in(row) for row in connection.execute(query.limit(limit)).mappings()]

    def last_jobs(self, now: dt.datetime) -> dict[str, Job]:
        """Return by schedule what was begun last; what a clock far ahead has begun is no such."""
        newest = (
            sa.select(jobs.c.schedule, sa.func.max(jobs.c.started_at).label("last"))
            .where(self._of(jobs), jobs.c.started_at <= now + AHEAD)
            .group_by(jobs.c.schedule)
            .subquery()
        )
        query = sa.select(jobs).where(
            self._of(jobs),
            jobs.c.schedule == newest.c.schedule,
            jobs.c.started_at == newest.c.last,
        )
        with self._reading() as connection:
            rows = connection.execute(query).mappings()
            return {row["schedule"]: job_in(row) for row in rows}

    def ask(self, name: str, at: dt.datetime, *, free: bool = False) -> Claim:
        """
        Take up a run that a person wants now; BusyError while one of the schedule is open.

        With *free* nobody is at it yet: a worker does it.
        """
        with self._writing() as connection:
            self._refuse_removed(connection)
            theirs = sa.select(jobs).where(
                self._of(jobs), jobs.c.schedule == name, jobs.c.ended_at.is_(None)
            )
            for row in connection.execute(theirs).mappings().all():
                job = job_in(row)
                if not job.free:
                    message = _(
                        "The schedule {name} is at work (run {run}). Wait until it is done."
                    )
                    raise BusyError(message.format(name=name, run=job.run or "–"))
                over = sa.update(jobs).where(self._mine_of(job.claim))
                connection.execute(over.values(**given_up(at)))
            self._note("schedule_asked", schedule=name)
            new = new_job(Claim(self.company, name, at), "queued", at)
            new["asked_by"] = self._who[:200]
            if free:
                new |= LEFT_OUT
            insert_unless_there(connection, jobs, new)
        return Claim(self.company, name, at)

    def take(self, claim: Claim) -> Job | None:
        """Be the process that does the job of *claim*; None if another one has it."""
        with self._writing() as connection:
            # What the queue delivers twice, or late, finds another state or attempt.
            # docs/decisions/2026-11-29-cluster.md
            mine = self._mine_of(claim), jobs.c.ended_at.is_(None), jobs.c.state == "queued"
            begins = sa.update(jobs).where(*mine).values(**at_it("running")).returning(jobs)
            row = connection.execute(begins).mappings().first()
            return None if row is None else job_in(row)

    def still_at_job(self, claim: Claim) -> bool:
        """
        Give a sign of life; return whether somebody wants the job to stop.

        Raises BusyError if it is not ours any more: taken over, ended, or removed.
        """
        with self._writing() as connection:
            return keep_at_job(connection, claim) is not None

    def end_job(
        self,
        claim: Claim,
        state: State,
        at: dt.datetime,
        *,
        code: str | None = None,
        next_at: dt.datetime | None = None,
        answer: Answer | None = None,
        told: bool = False,
    ) -> None:
        """
        Keep what has come of a job; with *next_at* it is gone on with then.

        *answer* is what there is to say to the person who asked; *told*: its own process tells of
        its end.
        """
        ended = {"ended_at": None if next_at else at, "next_at": next_at, **LEFT_OUT}
        said = {"answer": answer and answer.plain(), "told_at": at if told else None}
        with self._writing() as connection:
            ours = sa.update(jobs).where(self._mine_of(claim), jobs.c.ended_at.is_(None))
            connection.execute(ours.values(state=state, code=code and code[:60], **ended, **said))

    def remove_jobs(self, before: dt.datetime, now: dt.datetime) -> None:
        """
        Remove what was begun, and has ended, before that.

        Of each schedule the newest stays that was due by *now*, or a worker would take it up anew,
        and the newest that a person has asked for: it may be what was begun last. Their runs may be
        gone.
        """
        old = self._of(jobs), jobs.c.ended_at < before
        key, asked = (jobs.c.company, jobs.c.schedule), jobs.c.asked_by.is_not(None)
        newest = sa.select(*key, sa.func.max(jobs.c.due)).group_by(*key, asked)
        newest = newest.where(self._of(jobs), jobs.c.errand.is_(None), jobs.c.due <= now)
        with self._writing() as connection:
            gone = sa.tuple_(*key, jobs.c.due).not_in(newest)
            connection.execute(sa.delete(jobs).where(*old, gone))
            no_run = jobs.c.run_id.not_in(sa.select(runs.c.id).where(self._of(runs)))
            connection.execute(sa.update(jobs).where(*old, no_run).values(run_id=None))

    def _mine_of(self, claim: Claim) -> sa.ColumnElement[bool]:
        """Return the condition that *claim* is the newest one of its job."""
        # The attempt grows: a process that comes back has an older one, and no say any more.
        return sa.and_(self._of(jobs), of_job(claim), jobs.c.attempt == claim.attempt)


def keep_at_job(connection: Connection, claim: Claim, **columns: object) -> str | None:
    """
    Give a sign of life of the process that has a job, and keep *columns* of it.

    Returns who wants it to stop. Raises BusyError if it is not that of *claim* any more: one that
    was taken for dead has no say.
    """
    kept = still(claim).values(beat=beat(), **columns).returning(jobs.c.stopped_by)
    row = connection.execute(kept).first()
    if row is None:
        raise taken_by_another(claim.schedule)
    stopped_by: str | None = row.stopped_by
    return stopped_by


def still(claim: Claim) -> sa.Update:
    """Return the change of a job as long as it is open and nobody has taken it over."""
    newest = jobs.c.company == claim.company, jobs.c.attempt == claim.attempt
    return sa.update(jobs).where(of_job(claim), *newest, jobs.c.ended_at.is_(None))


def taken_by_another(schedule: str) -> BusyError:
    """Return the error of a job that another process has taken up meanwhile."""
    message = _("Another process does what the schedule {name} wants by now.")
    return BusyError(message.format(name=schedule), where=schedule)


def of_job(claim: Claim) -> sa.ColumnElement[bool]:
    """Return the condition that a row is the job of *claim*, in its company."""
    return sa.and_(jobs.c.schedule == claim.schedule, jobs.c.due == claim.due)


def at_it(state: State) -> dict[str, Any]:
    """Return what the row of a job has while this process is at it, or has it begun."""
    me: dict[str, Any] = {"state": state, "owner": str(Owner.me()), "beat": beat()}
    return {**me, "code": None, "next_at": None}


def given_up(at: dt.datetime, state: State = "failed") -> dict[str, Any]:
    """Return what the row of a job has that nobody goes on with any more."""
    return {"state": state, "ended_at": at, "next_at": None, **LEFT_OUT}


def new_job(claim: Claim, state: State, now: dt.datetime, passed: int = 0) -> dict[str, Any]:
    """Return the row of a job that is taken up now; one that is only told has ended already."""
    row: dict[str, Any] = {
        "company": claim.company,
        "schedule": claim.schedule,
        "due": claim.due,
        "passed": passed,
        "attempt": claim.attempt,
        "started_at": now,
    }
    row |= at_it(state)
    if state not in OPEN:
        row |= {"ended_at": now, **LEFT_OUT}
    return row


def job_in(row: RowMapping) -> Job:
    """Return the job in *row*."""
    claim = Claim(row["company"], row["schedule"], row["due"], row["attempt"])
    return Job(
        claim=claim,
        state=row["state"],
        started_at=row["started_at"],
        asked_by=row["asked_by"],
        passed=row["passed"],
        run=None if row["run_id"] is None else str(row["run_id"]),
        code=row["code"],
        next_at=row["next_at"],
        ended_at=row["ended_at"],
        errand=None if row["errand"] is None else Errand.read(row["errand"]),
        answer=None if row["answer"] is None else Answer.read(row["answer"]),
        stopped_by=row["stopped_by"],
        free=row["ended_at"] is None and not _is_at_it(row),
    )


def kept_in(row: RowMapping) -> Kept:
    """Return what *row* tells of a schedule."""
    return Kept(
        timing=row["timing"],
        since=row["since"],
        paused_by=row["paused_by"],
        paused_at=row["paused_at"],
    )


def _is_at_it(row: RowMapping) -> bool:
    """Tell whether a process may be at the job in *row*."""
    if row["owner"] is None:
        return False
    place = f"job {row['company']} {row['schedule']} {row['due']} {row['attempt']}"
    return is_alive(Owner.parse(row["owner"]), row["beat"] or 0.0, place)


def last_due(connection: Connection, claim: Claim) -> dt.datetime | None:
    """Return the last due time before that of *claim* that was taken up, or told."""
    theirs = jobs.c.company == claim.company, jobs.c.schedule == claim.schedule
    earlier = jobs.c.due < claim.due, jobs.c.asked_by.is_(None)
    query = sa.select(sa.func.max(jobs.c.due)).where(*theirs, *earlier)
    found: dt.datetime | None = connection.execute(query).scalar()
    return found
