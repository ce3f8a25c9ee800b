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
    """
    The part of the store that tells who has done what; see :mod:`renkei.store.audit`.

    A log is one chain for each name. A company is shown only what was written since it was added,
    and since one of its name was removed: what stands before is that one's.
    """

    def note(self, act: str, run: str | None = None, /, **facts: object) -> None:
        """Write one line, of what happens elsewhere than in this store; before it happens."""
        with self._writing():
            self._note(act, run, **facts)

    def lines(
        self, since: dt.datetime | None = None, until: dt.datetime | None = None
    ) -> Iterator[Noted]:
        """Yield the lines of a span of time, oldest first: from *since* on, before *until*."""
        query = sa.select(audit).where(self._of(audit))
        yield from self._told(query, self._begin(self.company), since, until)

    def _told(
        self,
        query: sa.Select[tuple[object, ...]],
        last: int,
        since: dt.datetime | None,
        until: dt.datetime | None,
    ) -> Iterator[Noted]:
        """Yield the lines of a *query* that come after the *last* one, in a span of time."""
        query = _in_span(query, since, until)
        # In parts: a reader must not hold the database meanwhile.
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
        ours = self._of(audit), audit.c.line > self._begin(self.company)
        query = _in_span(sa.select(audit).where(*ours), since, until)
        query = query.order_by(audit.c.line.desc())
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

    def _begin(self, company: str) -> int:
        """
        Return the line after which the log is that of the company which has the name now.

        The log of the whole installation, and that of the only company, has no such line: nobody
        else was ever called so.
        """
        if not company:
            return 0
        # The line of an addition is the new company's, the line of a removal that of the old one.
        added = audit.c.act == "company_added"
        last = sa.func.max(sa.case((added, audit.c.line - 1), else_=audit.c.line))
        mine = audit.c.company == company, audit.c.act.in_(["company_added", "company_removed"])
        with self._reading() as connection:
            return connection.execute(sa.select(last).where(*mine)).scalar() or 0

    def _some(self, query: sa.Select[tuple[object, ...]], limit: int = PART) -> list[Noted]:
        with self._reading() as connection:
            rows = connection.execute(query.limit(limit)).mappings()
            return [noted_in(row) for row in rows]


def _in_span(
    query: sa.Select[tuple[object, ...]], since: dt.datetime | None, until: dt.datetime | None
) -> sa.Select[tuple[object, ...]]:
    """Return *query* for the lines from *since* on, and before *until*."""
    if since is not None:
        query = query.where(audit.c.at >= _text(since))
    if until is not None:
        query = query.where(audit.c.at < _text(until))
    return query


def _text(moment: dt.datetime) -> str:
    # As a line has it, to the microsecond: moments are compared as text.
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")
