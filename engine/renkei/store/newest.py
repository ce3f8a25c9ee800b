"""The newest run of each direction, in one query for a company or for all of them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from renkei.store.tables import runs

Pair = tuple[str, str, str]
"""Company, source and target."""

RUNS = runs.alias("those")
"""The runs of one direction, among which one is looked for."""


def of_company(query: sa.Select[Any], table: sa.Table, company: str | None) -> sa.Select[Any]:
    """Return *query* for one company, or as it is for all of them."""
    return query if company is None else query.where(table.c.company == company)


def newest_of(
    connection: Connection, company: str | None, *conditions: sa.ColumnElement[bool]
) -> list[dict[Pair, int]]:
    """Return the newest run of each direction, and the newest that fulfils each condition."""
    # Walks through indexes, not through the runs: a thousand companies have many of them.
    pair = runs.c.company, runs.c.source, runs.c.target
    query = sa.select(*pair, sa.func.max(runs.c.id).label("id")).group_by(*pair)
    newest = of_company(query, runs, company).cte("newest")
    same = [RUNS.c[name] == newest.c[name] for name in ("company", "source", "target")]
    columns = []
    for each in conditions:
        last = sa.select(RUNS.c.id).where(*same, each).order_by(RUNS.c.id.desc()).limit(1)
        columns.append(last.scalar_subquery())
    found: list[dict[Pair, int]] = [{} for _ in range(len(conditions) + 1)]
    for own, source, target, *keys in connection.execute(sa.select(newest, *columns)).all():
        for place, key in enumerate(keys):
            if key is not None:
                found[place][own, source, target] = key
    return found
