"""The newest run of each direction, in one query for a company or for all of them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from renkei.store.tables import runs

Pair = tuple[str, str, str]
"""Company, source and target."""

PAIR = ("company", "source", "target")

RUNS = runs.alias("those")
"""The runs of one direction, among which one is looked for."""


def of_company(query: sa.Select[Any], table: sa.Table, company: str | None) -> sa.Select[Any]:
    """Return *query* for one company, or as it is for all of them."""
    return query if company is None else query.where(table.c.company == company)


def newest_of(
    connection: Connection, company: str | None, *conditions: sa.ColumnElement[bool]
) -> list[dict[Pair, int]]:
    """Return the newest run of each direction, and the newest that fulfils each condition."""
    newest = _newest(company)
    same = [RUNS.c[name] == runs.c[name] for name in PAIR]
    columns = [_last(*same, each) for each in conditions]
    query = sa.select(*(runs.c[name] for name in PAIR), runs.c.id, *columns)
    found: list[dict[Pair, int]] = [{} for _ in range(len(conditions) + 1)]
    query = query.join(newest, newest.c.id == runs.c.id)
    for own, source, target, *keys in connection.execute(of_company(query, runs, company)):
        for place, key in enumerate(keys):
            if key is not None:
                found[place][own, source, target] = key
    return found


def _newest(company: str | None) -> sa.CTE:
    """
    Return the newest run of each direction, walking from one direction to the one before it.

    Each step looks into an index. Nothing counts through the runs: a thousand companies that sync
    each night have a million of them in three years.
    """
    mine = [] if company is None else [RUNS.c.company == company]
    found = sa.select(_last(*mine).label("id")).cte("newest", recursive=True)
    steps = []
    for place in reversed(range(len(PAIR))):
        if place or company is None:
            same = [RUNS.c[name] == runs.c[name] for name in PAIR[:place]]
            steps.append(_last(*same, RUNS.c[PAIR[place]] < runs.c[PAIR[place]]))
    before = sa.select(sa.func.coalesce(*steps)).select_from(runs)
    return found.union_all(before.join(found, found.c.id == runs.c.id))


def _last(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """Return the last run that fulfils the *conditions*: the newest one of the last direction."""
    order = [RUNS.c[name].desc() for name in (*PAIR, "id")]
    return sa.select(RUNS.c.id).where(*conditions).order_by(*order).limit(1).scalar_subquery()
