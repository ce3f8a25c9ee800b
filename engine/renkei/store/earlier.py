"""Runs before the newest one that have left somebody open whom nothing has put right since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from renkei.model import WRITTEN, Difference, Status
from renkei.store.newest import Pair, of_company
from renkei.store.tables import alerts, items, jobs, runs, schedules

BACK = dt.timedelta(days=28)
"""How far back the last run of a schedule is looked for: nobody is told of anything as old."""

TOLD = ("failed", "halted")
"""Kinds of states that last, though no schedule has begun the run."""

WHOM = ("differences", "numbers", "excluded")
"""What two selections have in common that choose the same people."""


def earlier_in(connection: Connection, company: str | None, until: dt.datetime) -> set[int]:
    """
    Return the runs that may have left somebody open.

    They are the last ones of each schedule, and those of which somebody was told so. What was begun
    later than *until* is of a clock that was wrong.
    """
    is_judged = sa.or_(runs.c.chosen_by.is_not(None), runs.c.lacking)
    is_synced = runs.c.sync_started_at.is_not(None)
    judged, synced = (_last_of_schedule(company, each, until) for each in (is_judged, is_synced))
    found: set[int] = set()
    lasts = sa.select(judged, synced).select_from(schedules)
    for keys in connection.execute(of_company(lasts, schedules, company)):
        found.update(key for key in keys if key is not None)
    told = sa.select(alerts.c.run_id).where(
        alerts.c.kind.in_(TOLD), alerts.c.ended_at.is_(None), alerts.c.run_id.is_not(None)
    )
    found.update(connection.execute(of_company(told, alerts, company)).scalars())
    return found


def _last_of_schedule(
    company: str | None, condition: sa.ColumnElement[bool], until: dt.datetime
) -> Any:  # noqa: ANN401 - as a table has its columns
    """Return the last run of a schedule that fulfils a *condition*, by its jobs."""
    query = (
        sa.select(jobs.c.run_id)
        .join(runs, runs.c.id == jobs.c.run_id)
        .where(
            jobs.c.company == schedules.c.company,
            jobs.c.schedule == schedules.c.name,
            jobs.c.due > until - BACK,
            jobs.c.started_at <= until,
            runs.c.company == schedules.c.company,
            condition,
        )
    )
    # Every table of a query needs the condition: docs/decisions/2026-11-29-companies.md
    mine = of_company(of_company(query, jobs, company), runs, company)
    last = mine.order_by(jobs.c.due.desc()).limit(1)
    return last.correlate(schedules).scalar_subquery()


def left_open(
    connection: Connection,
    keys: Collection[int],
    known: Mapping[int, RowMapping],
    plans: Mapping[Pair, RowMapping],
) -> dict[Pair, list[int]]:
    """
    Return those of the runs *keys* with somebody whom nothing has put right, the newest first.

    Right is who was written, or is the same, by the newest one of the *plans*, or whom a later run
    of the same choice has come to. *known* are the rows of all runs that tell of it.
    """
    by_pair: dict[Pair, list[RowMapping]] = {}
    for row in known.values():
        by_pair.setdefault(_pair(row), []).append(row)
    asked: dict[int, int] = {}  # the newest plan, by run
    for row in (known[key] for key in keys if key in known):
        plan = plans.get(_pair(row))
        if plan is None or not _may_be_open(row):
            continue
        if not _is_done_by(by_pair[_pair(row)], row):
            asked[row["id"]] = plan["id"]
    found: dict[Pair, list[int]] = {}
    for key in sorted(_with_open(connection, asked), reverse=True):
        found.setdefault(_pair(known[key]), []).append(key)
    return found


def _pair(row: RowMapping) -> Pair:
    return row["company"], row["source"], row["target"]


def _may_be_open(row: RowMapping) -> bool:
    """Tell whether a run has not come to its end, or not well."""
    status = Status(row["status"])
    if status is Status.READY:
        return row["chosen_by"] is not None or bool(row["lacking"])
    return status in (Status.SYNCING, Status.PAUSED, Status.DONE_WITH_ERRORS)


def _is_done_by(others: Iterable[RowMapping], row: RowMapping) -> bool:
    """Tell whether a later run of the same choice has come to its end."""
    mine = _whom(row)
    for other in others:
        is_later = other["id"] > row["id"] and _has_ended(other)
        if is_later and mine is not None and _whom(other) == mine:
            return True
    return False


def _has_ended(row: RowMapping) -> bool:
    return row["status"] in (Status.DONE, Status.DONE_WITH_ERRORS)


def _whom(row: RowMapping) -> Sequence[object] | None:
    selection = row["selection"]
    return None if selection is None else [selection.get(name) for name in WHOM]


def _with_open(connection: Connection, plans: Mapping[int, int]) -> set[int]:
    """Return the runs of whose people somebody is open by the plan that belongs to each."""
    if not plans:
        return set()
    mine, now = items.alias("mine"), items.alias("now")
    written = [each.value for each in WRITTEN]
    is_right = sa.or_(now.c.difference == Difference.SAME.value, now.c.outcome.in_(written))
    right = sa.select(now.c.position).where(
        now.c.run_id == sa.case(plans, value=mine.c.run_id), now.c.number == mine.c.number, is_right
    )
    # Of a choice that failed for want of values nobody is selected.
    is_lacking = sa.and_(runs.c.lacking, mine.c.difference == Difference.NEW.value)
    query = (
        sa.select(mine.c.run_id)
        .join(runs, runs.c.id == mine.c.run_id)
        .where(
            mine.c.run_id.in_(sorted(plans)),
            sa.or_(mine.c.selected, is_lacking),
            sa.or_(mine.c.outcome.is_(None), mine.c.outcome.not_in(written)),
            sa.not_(right.exists()),
        )
        .distinct()
    )
    return set(connection.execute(query).scalars())
