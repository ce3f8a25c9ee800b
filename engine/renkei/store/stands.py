"""How runs stand at this moment: those of a company, and those of each direction between two."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection, RowMapping

from renkei.model import WRITTEN, Difference, Outcome, Remark, Status
from renkei.schedule.job import ABSENT
from renkei.store import codec, lease
from renkei.store.earlier import earlier_in, left_open
from renkei.store.newest import RUNS, Pair, newest_of, of_company
from renkei.store.tables import alerts, items, jobs, leases, runs, schedules, writes
from renkei.store.views import is_abandoned, reason_now, status_now
from renkei.store.waiting import Waiting, waiting_in

COLUMNS = (
    *(runs.c.id, runs.c.company, runs.c.status, runs.c.reason, runs.c.counts, runs.c.owner),
    *(runs.c.beat, runs.c.created_at, runs.c.sync_started_at, runs.c.finished_at),
    *(runs.c.chosen_by, runs.c.source, runs.c.target, runs.c.notices, runs.c.lacking),
    runs.c.selection,
)

MISSED_FOR = dt.timedelta(days=7)
"""What was missed longer ago is of a schedule that there is no more, or one that is seldom due."""

LATEST = 200
"""How many runs are looked through for what is news: no company has as many in a day."""

MAY_ALLOW = ("unusual", "wrong_pair", "new_values")
"""Codes of jobs whose runs tell by themselves that they wait for a person."""

AHEAD = dt.timedelta(days=1)
"""What was noted so long after now is of a clock that was wrong: no two at work differ so much."""


@frozen(kw_only=True)
class Stood:
    """
    One run of a company as it stands now; *outcomes* only once its sync has begun.

    *goes_on*: a worker goes on with it by itself. *left*: its job has ended for another reason than
    that a person has to allow something, and nothing of it was sent.
    """

    run: str
    status: Status
    reason: Remark | None
    counts: Mapping[Difference, int]
    outcomes: Mapping[Outcome, int] | None
    fetched_at: dt.datetime
    sync_started_at: dt.datetime | None
    finished_at: dt.datetime | None
    chosen: bool
    lacking: bool = False
    goes_on: bool = False
    left: bool = False

    @property
    def open(self) -> int:
        """How many people differ whom nobody has written since."""
        found = self.counts.get(Difference.NEW, 0) + self.counts.get(Difference.CHANGED, 0)
        outcomes = self.outcomes or {}
        done = sum(outcomes.get(each, 0) for each in WRITTEN)
        return max(0, found - done)


@frozen(kw_only=True)
class Missed:
    """
    A *schedule* of a company whose last run did not take place, and why, by its code.

    *run* is what was fetched for it, if anything was.
    """

    company: str
    schedule: str
    due: dt.datetime
    code: str | None = None
    run: str | None = None


@frozen(kw_only=True)
class Direction:
    """
    How one direction of a company stands: its newest run, the one synced last, its newest plan.

    *before* is the run before the newest one, while a process is at work on that: how it ends is
    not known yet. *earlier* are further runs that have left somebody open, as of other schedules.
    *in_doubt* are writes, and *doubtful* is the run of the newest of them.
    """

    company: str
    source: str
    target: str
    newest: Stood
    before: Stood | None = None
    synced: Stood | None = None
    earlier: Sequence[Stood] = ()
    waiting: Waiting | None = None
    in_doubt: int = 0
    doubtful: str | None = None


@frozen(kw_only=True)
class Done:
    """A sync that came to its end, and what became of whom."""

    run: str
    source: str
    target: str
    outcomes: Mapping[Outcome, int]


def at_work(connection: Connection, company: str | None = None) -> set[int]:
    """Return the runs at which a process may be at work; with None, those of all companies."""
    taken = of_company(sa.select(leases).where(leases.c.run_id.is_not(None)), leases, company)
    held: set[int] = set()
    for row in connection.execute(taken).mappings():
        if lease.is_held(row):
            held.add(row["run_id"])
    return held


def tallied(connection: Connection, wanted: Sequence[int]) -> dict[int, Counter[Outcome]]:
    """Count the outcomes of the *wanted* runs, whose syncs have begun."""
    query = (
        sa.select(items.c.run_id, items.c.outcome, sa.func.count())
        .where(items.c.run_id.in_(wanted), items.c.selected)
        .group_by(items.c.run_id, items.c.outcome)
    )
    found: dict[int, Counter[Outcome]] = {}
    for run_id, name, count in connection.execute(query):
        outcome = Outcome(name) if name else Outcome.DEFERRED
        found.setdefault(run_id, Counter())[outcome] += count
    return found


def stood_in(
    row: RowMapping,
    held: Collection[int],
    tally: Mapping[Outcome, int] | None,
    waiting: Collection[int] = (),
    left: Collection[int] = (),
) -> Stood:
    """
    Return the run in *row* as it stands.

    *held* are those at which a process is at work, *waiting* those with which a worker goes on,
    *left* those of which it does not any more.
    """
    status = status_now(row, lambda: row["id"] in held)
    begun = row["sync_started_at"] is not None
    return Stood(
        run=str(row["id"]),
        status=status,
        reason=reason_now(row, status),
        counts=codec.counts_in(row["counts"]),
        outcomes=(tally or {}) if begun else None,
        fetched_at=row["created_at"],
        sync_started_at=row["sync_started_at"],
        finished_at=row["finished_at"],
        chosen=row["chosen_by"] is not None and not begun,
        lacking=bool(row["lacking"]),
        goes_on=row["id"] in waiting,
        left=row["id"] in left,
    )


# --- directions -----------------------------------------------------------------------------------


def directions(
    connection: Connection, now: dt.datetime, *, company: str | None, given: set[int]
) -> list[Direction]:
    """
    Return how each direction of *company* stands, of all companies with None.

    A handful of queries for all of them. The keys of runs that were found are *given* out.
    """
    held = at_work(connection, company)
    patient = _patient(connection, company)
    left = set(connection.execute(_left(company)).scalars())
    is_synced = RUNS.c.sync_started_at.is_not(None)
    is_planned = RUNS.c.fetched_at.is_not(None)
    newest, synced, planned = newest_of(connection, company, is_synced, is_planned)
    last = {*newest.values(), *synced.values()}
    further = earlier_in(connection, company, now + AHEAD) - last
    found = _rows(connection, {*last, *planned.values(), *further}, given)
    busy: dict[Pair, int] = {}
    for pair, key in newest.items():
        row = found[key]
        if _is_busy(row, held):
            busy[pair] = key
    before = _before(connection, busy)
    found |= _rows(connection, before.values(), given)
    plans = {pair: found[key] for pair, key in planned.items()}
    earlier = left_open(connection, further, found, plans)
    begun = {*synced.values(), *before.values(), *chain.from_iterable(earlier.values())}
    tallies = tallied(connection, sorted(begun))
    doubts = _doubts(connection, held, company)
    waiting = waiting_in(connection, plans, tallies, now, company=company, given=given)

    def stood(key: int | None) -> Stood | None:
        return None if key is None else of(key)

    @cache  # the newest run of most directions is the one that was synced last
    def of(key: int) -> Stood:
        return stood_in(found[key], held, tallies.get(key), patient, left)

    result: list[Direction] = []
    for pair, key in sorted(newest.items()):
        own, source, target = pair
        in_doubt, doubtful = doubts.get(pair, (0, None))
        direction = Direction(
            company=own,
            source=source,
            target=target,
            newest=of(key),
            before=stood(before.get(pair)),
            synced=stood(synced.get(pair)),
            earlier=[of(each) for each in earlier.get(pair, ())],
            waiting=waiting.get(pair),
            in_doubt=in_doubt,
            doubtful=None if doubtful is None else str(doubtful),
        )
        result.append(direction)
    return result


def done_since(connection: Connection, company: str, moment: dt.datetime) -> list[Done]:
    """Return the syncs of *company* that came to their end since a moment, and are not told yet."""
    newest = sa.select(runs.c.id).where(runs.c.company == company)
    told = sa.select(alerts.c.run_id).where(
        alerts.c.company == company, alerts.c.kind == "done", alerts.c.told_at.is_not(None)
    )
    query = (
        sa.select(runs.c.id, runs.c.source, runs.c.target)
        .where(
            runs.c.company == company,
            runs.c.id.in_(newest.order_by(runs.c.id.desc()).limit(LATEST)),
            runs.c.sync_started_at.is_not(None),
            runs.c.status == Status.DONE.value,
            runs.c.finished_at >= moment,
            runs.c.id.not_in(told.where(alerts.c.run_id.is_not(None))),
        )
        .order_by(runs.c.finished_at, runs.c.id)
    )
    rows = connection.execute(query).all()
    tallies = tallied(connection, [key for key, _source, _target in rows])
    found: list[Done] = []
    for key, source, target in rows:
        outcomes = tallies.get(key, Counter())
        found.append(Done(run=str(key), source=source, target=target, outcomes=outcomes))
    return found


def missed(
    connection: Connection, now: dt.datetime, *, company: str | None, ever: bool = False
) -> list[Missed]:
    """
    Return the schedules of which the last due time passed without a run, of late or *ever*.

    It was missed, or something kept the run from beginning, or from sending anything; what became
    of a run that has begun to, the run tells. A schedule that is paused, or in the file no more, is
    only among those of *ever*.
    """
    later = jobs.alias("later")
    newer = sa.select(later.c.due).where(
        later.c.company == jobs.c.company,
        later.c.schedule == jobs.c.schedule,
        later.c.due > jobs.c.due,
        # Else nobody knows what comes of it; but who has asked for it waits, and sees that.
        sa.or_(later.c.ended_at.is_not(None), later.c.asked_by.is_not(None)),
        later.c.state != "skipped",
        later.c.started_at <= now + AHEAD,
    )
    query = sa.select(
        jobs.c.company, jobs.c.schedule, jobs.c.due, jobs.c.code, jobs.c.run_id
    ).where(
        jobs.c.state.in_(("missed", "failed", "halted")),
        sa.or_(jobs.c.run_id.is_(None), jobs.c.run_id.in_(_left(company))),
        jobs.c.errand.is_(None),  # the person who wanted it sees what has come of it
        jobs.c.stopped_by.is_(None),
        jobs.c.started_at <= now + AHEAD,
        sa.not_(newer.exists()),
    )
    if not ever:
        query = query.where(jobs.c.due > now - MISSED_FOR, sa.not_(_set_aside(company).exists()))
    rows = connection.execute(
        of_company(query, jobs, company).order_by(jobs.c.company, jobs.c.schedule)
    )
    found: list[Missed] = []
    for own, schedule, due, code, run_id in rows:
        run = str(run_id) if run_id else None
        found.append(Missed(company=own, schedule=schedule, due=due, code=code, run=run))
    return found


def _set_aside(company: str | None) -> sa.Select[Any]:
    """Return what selects the schedule of a job if somebody has paused or removed it."""
    query = sa.select(schedules.c.name).where(
        schedules.c.company == jobs.c.company,
        schedules.c.name == jobs.c.schedule,
        sa.or_(schedules.c.paused_by.is_not(None), schedules.c.timing == ABSENT),
    )
    return of_company(query, schedules, company)


def _patient(connection: Connection, company: str | None) -> set[int]:
    """
    Return the runs with which a worker goes on by itself, after closed hours for example.

    One that it has just chosen, and does not sync yet, is one of them; so is one that it is just
    about to sync, or to fetch anew.
    """
    query = sa.select(jobs.c.run_id).where(jobs.c.ended_at.is_(None), jobs.c.run_id.is_not(None))
    return set(connection.execute(of_company(query, jobs, company)).scalars())


def _left(company: str | None) -> sa.Select[Any]:
    """
    Return what selects the runs that were fetched, and of which a job has sent nothing.

    A run that waits for a person to allow something is none of them, nor is one that was asked for
    once more.
    """
    last, later = jobs.alias("last"), jobs.alias("again")
    again = sa.select(later.c.due).where(
        later.c.company == last.c.company,
        later.c.run_id == last.c.run_id,
        later.c.started_at > last.c.started_at,
    )
    query = (
        sa.select(last.c.run_id)
        .join(runs, runs.c.id == last.c.run_id)
        .where(
            runs.c.status == Status.READY.value,
            last.c.state.in_(("failed", "halted")),
            sa.or_(last.c.code.is_(None), last.c.code.not_in(MAY_ALLOW)),
            sa.not_(again.exists()),
        )
    )
    if company is None:
        return query
    # Every table of a query needs the condition: docs/decisions/2026-11-29-companies.md
    return query.where(runs.c.company == company, last.c.company == company)


def _before(connection: Connection, newest: Mapping[Pair, int]) -> dict[Pair, int]:
    """Return, of directions that have one, the last run before the *newest* that is at rest."""
    at_work_in = (Status.FETCHING.value, Status.SYNCING.value)
    found: dict[Pair, int] = {}
    for (company, source, target), key in newest.items():
        query = sa.select(sa.func.max(runs.c.id)).where(
            runs.c.company == company,
            runs.c.source == source,
            runs.c.target == target,
            runs.c.id < key,
            runs.c.status.not_in(at_work_in),
        )
        earlier = connection.execute(query).scalar()
        if earlier is not None:
            found[company, source, target] = earlier
    return found


def _rows(connection: Connection, keys: Collection[int], given: set[int]) -> dict[int, RowMapping]:
    given.update(keys)
    if not keys:
        return {}
    query = sa.select(*COLUMNS).where(runs.c.id.in_(sorted(keys)))
    return {row["id"]: row for row in connection.execute(query).mappings().all()}


def _is_busy(row: RowMapping, held: Collection[int]) -> bool:
    """Tell whether a process fetches or syncs the run in *row*."""
    if row["status"] == Status.FETCHING.value:
        return not is_abandoned(row)
    return row["id"] in held


def _doubts(
    connection: Connection, held: Collection[int], company: str | None
) -> dict[Pair, tuple[int, int]]:
    """Return how many writes are in doubt, and the newest run of them; of a sync at work, none."""
    query = (
        sa.select(runs.c.company, runs.c.source, runs.c.target, writes.c.run_id, sa.func.count())
        .join(runs, runs.c.id == writes.c.run_id)
        .where(writes.c.result.is_(None))
        .group_by(runs.c.company, runs.c.source, runs.c.target, writes.c.run_id)
    )
    doubts: dict[Pair, tuple[int, int]] = {}
    rows = connection.execute(of_company(query, runs, company))
    for own, source, target, run_id, count in rows:
        if run_id not in held:
            before, newest = doubts.get((own, source, target), (0, 0))
            doubts[own, source, target] = before + count, max(newest, run_id)
    return doubts
