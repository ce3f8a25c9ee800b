"""The audit log of a company, as those see it who read and check it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import sqlalchemy as sa

from renkei.model import Audited, Noted
from renkei.store.audit import checked, head, noted_in
from renkei.store.database import Database
from renkei.store.tables import audit

PART = 1000


class AuditLog(Database):
    """The part of the store that tells who has done what; see :mod:`renkei.store.audit`."""

    def note(self, act: str, run: str | None = None, /, **facts: object) -> None:
        """Write one line, of what happens elsewhere than in this store; before it happens."""
        with self._writing():
            self._note(act, run, **facts)

    def lines(
        self, since: dt.datetime | None = None, until: dt.datetime | None = None
    ) -> Iterator[Noted]:
        """Yield the lines of a span of time, oldest first: from *since* on, before *until*."""
        query = sa.select(audit).where(self._of(audit))
        if since is not None:
            query = query.where(audit.c.at >= _text(since))
        if until is not None:
            query = query.where(audit.c.at < _text(until))
        last = 0
        while part := self._some(query.where(audit.c.line > last).order_by(audit.c.line)):
            yield from part
            last = part[-1].line

    def newest_lines(
        self,
        limit: int,
        *,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        before: int | None = None,
    ) -> list[Noted]:
        """Return the newest lines of a span of time, newest first; those *before* a line."""
        query = sa.select(audit).where(self._of(audit)).order_by(audit.c.line.desc())
        if since is not None:
            query = query.where(audit.c.at >= _text(since))
        if until is not None:
            query = query.where(audit.c.at < _text(until))
        if before is not None:
            query = query.where(audit.c.line < before)
        return self._some(query, limit)

    def check_lines(self, known: tuple[int, str] | None = None) -> Audited:
        """Return what is wrong with the log; *known* is a line as somebody has noted it."""
        query = sa.select(audit).where(self._of(audit)).order_by(audit.c.line)
        with self._reading() as connection:
            end = head(connection, self.company)
            rows = connection.execute(query.execution_options(yield_per=PART)).mappings()
            return checked(iter(rows), end, known)

    def _some(self, query: sa.Select[tuple[object, ...]], limit: int = PART) -> list[Noted]:
        with self._reading() as connection:
            rows = connection.execute(query.limit(limit)).mappings()
            return [noted_in(row) for row in rows]


def _text(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")
