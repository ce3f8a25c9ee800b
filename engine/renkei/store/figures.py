"""Figures over all companies of a store, for a monitor and a doctor: counts and ages, no values.

What is asked every few seconds looks at the newest runs only: each statement has an end, however
old the store is.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from attrs import field, frozen
from sqlalchemy.engine import Connection, RowMapping

from renkei.store.database import Database
from renkei.store.purge import retained
from renkei.store.stands import at_work
from renkei.store.tables import facts, jobs, runs, schedules, writes
from renkei.store.views import status_now
from renkei.store.workers import WorkerSign, workers_in

LATELY = dt.timedelta(days=1)
"""Runs that were fetched before are no news."""

MOST_RUNS = 20_000
"""The newest runs that are looked at, at most."""

Counts = Mapping[tuple[str, ...], int]


@frozen(kw_only=True)
class Figures:
    """
    What has happened of late, and what is open, as of *at*; each key begins with a company.

    *runs* by mapping, its side that is the source, and status; *writes* by kind and result; *waits*
    of runs by reason; open *jobs* by state. *doubts* are writes of which nobody knows what became,
    and *oldest* when the first of them was meant.
    """

    at: dt.datetime
    runs: Counts = field(factory=dict)
    writes: Counts = field(factory=dict)
    waits: Counts = field(factory=dict)
    doubts: Mapping[str, int] = field(factory=dict)
    oldest: Mapping[str, dt.datetime] = field(factory=dict)
    jobs: Counts = field(factory=dict)
    workers: Sequence[WorkerSign] = ()


@frozen(kw_only=True)
class Totals:
    """How much there is in a store: *rows* by table, and schedules that somebody has *paused*."""

    rows: Mapping[str, int]
    paused: int


class FiguresOfAll(Database):
    """A store as a monitor sees it."""

    def figures(self, now: dt.datetime) -> Figures:
        """Return what has happened in the last day, and what is open."""
        columns = (runs.c.id, runs.c.company, runs.c.mapping_name, runs.c.source_side)
        more = (runs.c.status, runs.c.owner, runs.c.beat, runs.c.pauses, runs.c.created_at)
        # By id, which has an index: a scrape has an end, however old the store is.
        newest = sa.select(*columns, *more).order_by(runs.c.id.desc()).limit(MOST_RUNS)
        with self._reading() as connection:
            held = at_work(connection)
            rows = connection.execute(newest).mappings()
            lately = {row["id"]: row for row in rows if row["created_at"] >= now - LATELY}
            described = Counter(_described(row, held) for row in lately.values())
            doubts, oldest = _doubts(connection, held)
            return Figures(
                at=now,
                runs=described,
                writes=_writes(connection, lately),
                waits=_waits(lately.values()),
                doubts=doubts,
                oldest=oldest,
                jobs=_open_jobs(connection),
                workers=tuple(workers_in(connection)),
            )

    def totals(self) -> Totals:
        """Count all there is; it takes its time."""
        tables = (runs, writes, jobs, schedules)
        paused = sa.select(sa.func.count()).where(schedules.c.paused_by.is_not(None))
        with self._reading() as connection:
            rows: dict[str, int] = {}
            for table in tables:
                count = sa.select(sa.func.count()).select_from(table)
                rows[table.name] = connection.execute(count).scalar_one()
            return Totals(rows=rows, paused=connection.execute(paused).scalar_one())

    def retained_by(self, companies: Sequence[str]) -> dict[str, dt.date | None]:
        """Return by company when what is old was let go of last."""
        with self._reading() as connection:
            query = sa.select(facts).where(facts.c.name.like("retained:%"))
            kept = {row["name"]: row["value"] for row in connection.execute(query).mappings()}
        days: dict[str, dt.date | None] = {}
        for name in companies:
            day = kept.get(retained(name))
            days[name] = None if day is None else dt.date.fromisoformat(day)
        return days

    def server_time(self) -> tuple[dt.datetime, dt.datetime] | None:
        """Return what time it is for a server and here, at one moment; None of a file."""
        if not self._on_server:
            return None
        with self._reading() as connection:
            theirs: dt.datetime = connection.execute(
                sa.select(sa.func.clock_timestamp())
            ).scalar_one()
            return theirs, dt.datetime.now(dt.UTC)

    def is_whole(self) -> bool:
        """Return whether a file is undamaged; reads all of it. A server looks after its own."""
        if self._on_server:
            return True
        with self._reading() as connection:
            return connection.exec_driver_sql("pragma quick_check(1)").scalar() == "ok"


def _described(row: RowMapping, held: set[int]) -> tuple[str, ...]:
    """
    Return company, mapping, source and status.

    A file of somebody's own has no name here, nor have its sides.
    """
    status = status_now(row, lambda: row["id"] in held)
    # Not the connections: they may be called after a customer, and mapping and side say the same.
    # docs/decisions/2026-11-29-being-operated.md
    name = row["mapping_name"]
    if "/" in name or "\\" in name:
        return row["company"], "own", "own", status.value
    return row["company"], name.removesuffix(".yaml"), row["source_side"] or "", status.value


def _waits(lately: Iterable[RowMapping]) -> Counts:
    """Count the reasons for which runs have paused, by company."""
    found: Counter[tuple[str, ...]] = Counter()
    for row in lately:
        for code in row["pauses"] or ():
            found[row["company"], code] += 1
    return found


def _writes(connection: Connection, lately: Mapping[int, RowMapping]) -> Counts:
    if not lately:
        return {}
    query = (
        sa.select(writes.c.run_id, writes.c.kind, writes.c.result, sa.func.count())
        .where(writes.c.run_id >= min(lately))  # a range, not a list of MOST_RUNS keys
        .group_by(writes.c.run_id, writes.c.kind, writes.c.result)
    )
    found: Counter[tuple[str, ...]] = Counter()
    for run, kind, result, count in connection.execute(query):
        if run in lately:
            found[lately[run]["company"], kind, result or "in_doubt"] += count
    return found


def _doubts(
    connection: Connection, held: set[int]
) -> tuple[dict[str, int], dict[str, dt.datetime]]:
    query = (
        sa.select(runs.c.company, writes.c.run_id, sa.func.count(), sa.func.min(writes.c.intent_at))
        .join(runs, runs.c.id == writes.c.run_id)
        .where(writes.c.result.is_(None))
        .group_by(runs.c.company, writes.c.run_id)
    )
    counts: Counter[str] = Counter()
    oldest: dict[str, dt.datetime] = {}
    for company, run, count, first in connection.execute(query):
        if run not in held:  # those of a sync at work are merely on their way
            counts[company] += count
            oldest[company] = min(first, oldest.get(company, first))
    return counts, oldest


def _open_jobs(connection: Connection) -> Counts:
    query = (
        sa.select(jobs.c.company, jobs.c.state, sa.func.count())
        .where(jobs.c.ended_at.is_(None))
        .group_by(jobs.c.company, jobs.c.state)
    )
    return {(company, state): count for company, state, count in connection.execute(query)}
