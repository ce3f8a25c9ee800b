"""What people want done by a worker: asked for once, looked at, and stopped."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from renkei.errors import BusyError
from renkei.schedule.errand import Errand
from renkei.schedule.job import Claim, Job
from renkei.store.database import locking
from renkei.store.schedules import LEFT_OUT, Schedules, given_up, job_in, new_job, of_job
from renkei.store.serial import insert_unless_there
from renkei.store.tables import accounts, jobs
from renkei.store.views import Views, number_of
from renkei.words.i18n import _

MOMENT = dt.timedelta(microseconds=1)
LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Errands(Schedules, Views):
    """The part of the store that knows what people have asked for."""

    def ask_for(self, errand: Errand, at: dt.datetime) -> Claim:
        """
        Keep that a person wants this done; nobody is at it yet.

        Raises BusyError while a job of any kind has the run that it would write in.
        """
        writes_in = None if errand.fetches else int(errand.run)
        more = {
            "asked_by": self._who[:200],
            "errand": errand.plain(),
            "run_id": writes_in,
            **LEFT_OUT,
        }
        with self._writing() as connection:
            self._refuse_removed(connection)
            if writes_in is not None:
                at = max(at, self._free_since(connection, writes_in) + MOMENT)
            claim = Claim(self.company, errand.name, at)
            while not insert_unless_there(
                connection, jobs, {**new_job(claim, "queued", at), **more}
            ):
                at += MOMENT  # somebody else wants something at the same one
                claim = Claim(self.company, errand.name, at)
        return claim

    def _free_since(self, connection: Connection, run_id: int) -> dt.datetime:
        """
        Return when the last job was asked for that had a run: the next one is later by any clock.

        Raises BusyError while one has it; of two who ask at once one waits here.
        """
        # Under the lock of the run: docs/decisions/2026-11-30-errands.md
        self._row(connection, str(run_id), lock=True)
        theirs = self._of(jobs), jobs.c.run_id == run_id
        spans = sa.select(jobs.c.started_at, jobs.c.ended_at).where(*theirs)
        last = LONG_AGO
        for started, ended in connection.execute(spans).all():
            if ended is None:
                raise taken(str(run_id))
            last = max(last, started)
        return last

    def asked_for(self, name: str, due: dt.datetime) -> Job | None:
        """Return what was asked for at that moment, or None."""
        theirs = of_job(Claim(self.company, name, due)), jobs.c.errand.is_not(None)
        with self._reading() as connection:
            row = connection.execute(sa.select(jobs).where(self._of(jobs), *theirs)).mappings()
            found = row.first()
            return None if found is None else job_in(found)

    def job_of(self, run_id: str) -> Job | None:
        """Return the job, of a person or a schedule, that has a run, or had it last; None: none."""
        theirs = self._of(jobs), jobs.c.run_id == number_of(run_id)
        order = jobs.c.ended_at.is_not(None), jobs.c.started_at.desc()
        newest = sa.select(jobs).where(*theirs).order_by(*order).limit(1)
        with self._reading() as connection:
            row = connection.execute(newest).mappings().first()
            return None if row is None else job_in(row)

    def stop_job(self, claim: Claim, at: dt.datetime) -> None:
        """
        Let a job end after the employee in hand, and not be gone on with.

        The process that is at it finds out with its next sign of life; where there is none, it has
        ended by that.
        """
        open_ = self._of(jobs), of_job(claim), jobs.c.ended_at.is_(None)
        with self._writing() as connection:
            row = connection.execute(locking(sa.select(jobs).where(*open_))).mappings().first()
            if row is None:
                return
            stopped = {"stopped_by": self._who[:200]}
            if row["state"] != "running" or job_in(row).free:
                stopped |= {**given_up(at, "halted"), "code": "interrupted"}
            connection.execute(sa.update(jobs).where(*open_).values(**stopped))

    def account_used(self, connection: str) -> str | None:
        """Return which account a connection has used last."""
        theirs = self._of(accounts), accounts.c.connection == connection
        with self._reading() as known:
            return known.execute(sa.select(accounts.c.account).where(*theirs)).scalar()


def taken(run_id: str) -> BusyError:
    """Return the error of asking for more in a run that a worker has in hand."""
    message = _("A worker has run {run} in hand, or will soon. Wait until it is done.")
    return BusyError(message.format(run=run_id))
