"""Which process carries out which run, for the server after this one."""

from __future__ import annotations

import socket

import sqlalchemy as sa
from attrs import frozen

from renkei_web.database import Database
from renkei_web.tables import workers


@frozen
class Workers:
    """The processes that were set to work, each by computer, pid and start."""

    _database: Database

    def remember(self, run: str, pid: int, started: float) -> None:
        """Remember which process carries out a run."""
        with self._database.writing() as db:
            row = {"run": run, "pid": pid, "started": started, "host": socket.gethostname()}
            db.execute(sa.delete(workers).where(workers.c.run == run))
            db.execute(sa.insert(workers).values(row))

    def last(self, run: str) -> tuple[int, float] | None:
        """Return pid and start of the process that was last set to work on a run, if it is here."""
        here = workers.c.host.in_([socket.gethostname(), ""])  # "": from before hosts were kept
        query = sa.select(workers.c.pid, workers.c.started).where(workers.c.run == run, here)
        with self._database.reading() as db:
            row = db.execute(query).first()
        return (row.pid, row.started) if row else None
