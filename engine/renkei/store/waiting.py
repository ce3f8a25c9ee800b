"""Whom of the newest plans somebody should look at: their values are read, and none goes out."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from attrs import define, field, frozen
from sqlalchemy.engine import Connection, RowMapping

from renkei.model import WRITTEN, Difference, Outcome
from renkei.people import JST
from renkei.store import codec
from renkei.store.newest import RUNS, Pair, newest_of
from renkei.store.tables import items, runs
from renkei.words.codes import part_of

SOON = dt.timedelta(days=2)
"""Those who join within this time should be registered already."""

LATELY = dt.timedelta(days=30)
"""Those who joined longer ago are a part of a first comparison rather than forgotten."""

LAPSED = 2 * LATELY
"""Those who joined that lately may have been told of, and are still not registered."""

BLOCKED_FOR = dt.timedelta(days=3)
"""How long somebody may be blocked before a person is told."""

STILL_ACTIVE = ("left_before_base", "left_long_ago", "left_but_active")
"""Notices that count who has left and still is active in the target."""

_DIFFERING = sa.text("difference <> 'same'")
"""As the index has it: most people of a plan are not read."""


@frozen(kw_only=True)
class Waiting:
    """
    Whom of the newest *plan* of a direction somebody should look at, by number only.

    *look_first*: nobody has chosen them. *blocked*: so they were three days before. *joining*: they
    join within two days, or have joined of late, and are not registered; *joined*: they joined
    before that. *left*: they have left and are still active.
    """

    plan: str
    look_first: int = 0
    blocked: int = 0
    joining: int = 0
    joined: int = 0
    left: int = 0


def waiting_in(
    connection: Connection,
    plans: Mapping[Pair, RowMapping],
    tallies: Mapping[int, Mapping[Outcome, int]],
    now: dt.datetime,
    *,
    company: str | None,
    given: set[int],
) -> dict[Pair, Waiting]:
    """
    Return whom of each of the *plans* somebody should look at; keys of runs are *given* out.

    *tallies* are the outcomes of those that were synced.
    """
    seen: dict[int, _Seen] = {}
    for row in plans.values():
        if _is_open(row, tallies.get(row["id"], {})):
            seen[row["id"]] = _Seen()
    _look(connection, seen, now.astimezone(JST).date())
    now_blocked: set[Pair] = set()
    for pair, row in plans.items():
        theirs = seen.get(row["id"])
        if theirs is not None and theirs.blocked:
            now_blocked.add(pair)
    before = _planned_by(connection, now_blocked, now - BLOCKED_FOR, company)
    given.update(before.values())
    blocked = _blocked_in(connection, before)
    found: dict[Pair, Waiting] = {}
    for pair, row in plans.items():
        theirs = seen.get(row["id"]) or _Seen()
        found[pair] = Waiting(
            plan=str(row["id"]),
            look_first=theirs.look_first,
            blocked=len(theirs.blocked & blocked.get(pair, set())),
            joining=theirs.joining,
            joined=theirs.joined,
            left=theirs.left + _still_active(row),
        )
    return found


def _is_open(row: RowMapping, outcomes: Mapping[Outcome, int]) -> bool:
    """Tell whether anybody in a plan differs who was not written: nobody else has to be read."""
    counts: dict[str, int] = row["counts"]
    differ = sum(counts.values()) - counts.get(Difference.SAME.value, 0)
    return differ > sum(outcomes.get(each, 0) for each in WRITTEN)


@define
class _Seen:
    """What was counted of a plan; *blocked* are their ids in the source."""

    look_first: int = 0
    joining: int = 0
    joined: int = 0
    left: int = 0
    blocked: set[str] = field(factory=set)


def _look(connection: Connection, seen: Mapping[int, _Seen], today: dt.date) -> None:
    """Count those of whom something is open, one after the other: a plan may be large."""
    if not seen:
        return
    written = [each.value for each in WRITTEN]
    open_now = sa.or_(items.c.outcome.is_(None), items.c.outcome.not_in(written))
    query = sa.select(
        *(items.c.run_id, items.c.difference, items.c.source_id, items.c.look_first),
        *(items.c.selected, items.c.target_id, items.c.payload),
    ).where(items.c.run_id.in_(sorted(seen)), _DIFFERING, open_now)
    fields = _fields(connection, sorted(seen))
    soon, lately, once = today + SOON, today - LATELY, today - LAPSED
    for row in connection.execute(query.execution_options(yield_per=1000)).mappings():
        theirs, told_by = seen[row["run_id"]], fields.get(row["run_id"])
        theirs.look_first += row["look_first"] and not row["selected"]
        joins = _joins(row, told_by)
        theirs.joining += any(lately <= day <= soon for day in joins)
        theirs.joined += any(once <= day < lately for day in joins)
        theirs.left += _has_left(row, told_by, today)
        if row["difference"] == Difference.BLOCKED:
            theirs.blocked.add(row["source_id"])


def _planned_by(
    connection: Connection, pairs: Collection[Pair], then: dt.datetime, company: str | None
) -> dict[Pair, int]:
    """Return the newest plan of before *then* of each of these *pairs*."""
    if not pairs:
        return {}
    is_old = sa.and_(RUNS.c.fetched_at.is_not(None), RUNS.c.fetched_at <= then)
    _all, old = newest_of(connection, company, is_old)
    return {pair: key for pair, key in old.items() if pair in pairs}


def _blocked_in(connection: Connection, plans: Mapping[Pair, int]) -> dict[Pair, set[str]]:
    """Return whom each of the *plans* has blocked."""
    if not plans:
        return {}
    query = sa.select(items.c.run_id, items.c.source_id).where(
        items.c.run_id.in_(sorted(plans.values())),
        _DIFFERING,
        items.c.difference == Difference.BLOCKED.value,
    )
    found: dict[int, set[str]] = {}
    for run_id, source_id in connection.execute(query):
        found.setdefault(run_id, set()).add(source_id)
    return {pair: found.get(key, set()) for pair, key in plans.items()}


@frozen
class _Fields:
    """The fields of a plan that tell of joining (of the source) and of leaving (of the target)."""

    joins: frozenset[str] = field(factory=frozenset)
    leaves: Mapping[str, str] = field(factory=dict)


def _fields(connection: Connection, keys: Sequence[int]) -> dict[int, _Fields]:
    if not keys:
        return {}
    query = sa.select(runs.c.id, runs.c.specs).where(runs.c.id.in_(keys), runs.c.specs.is_not(None))
    return {run_id: _told_by(specs) for run_id, specs in connection.execute(query)}


@lru_cache(maxsize=64)
def _told_by(specs: str) -> _Fields:
    """Return them out of the text of both sides; most companies have the same."""
    source, target = map(codec.specs_in, json.loads(specs))
    joins = frozenset(spec.name for spec in source if spec.role == "hired")
    leaves: dict[str, str] = {}
    for spec in target:
        if spec.role in ("left", "retired", "employed"):
            leaves[spec.name] = spec.role
    return _Fields(joins=joins, leaves=leaves)


def _joins(row: RowMapping, fields: _Fields | None) -> list[dt.date]:
    """Return when somebody who is not registered joins, or has joined; usually one day."""
    if fields is None:
        return []
    is_registered = row["target_id"] is not None or row["difference"] == Difference.CHANGED
    if is_registered:
        return []
    read = _payload(row).get("read", {})
    days: list[dt.date] = []
    for name in fields.joins:
        day = _day(read.get(name))
        if day is not None:
            days.append(day)
    return days


def _has_left(row: RowMapping, fields: _Fields | None, today: dt.date) -> bool:
    """Tell whether somebody has left, and only has to be synced to have left in the target."""
    if fields is None or row["difference"] != Difference.CHANGED:
        return False
    text = row["payload"] or ""
    if not any(f'["{name}",' in text for name in fields.leaves):
        return False  # most people change otherwise: their values need not be read
    for name, _before, after in _payload(row).get("changes", ()):
        role = fields.leaves.get(name)
        if role is not None and _says_left(role, after, today):
            return True
    return False


def _says_left(role: str, after: object, today: dt.date) -> bool:
    if role == "left":
        day = _day(after)
        return day is not None and day <= today
    return after is (role == "retired")


def _payload(row: RowMapping) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row["payload"]) if row["payload"] else {}
    return found


def _day(value: codec.Plain) -> dt.date | None:
    day = codec.value_in(value)
    return day if isinstance(day, dt.date) else None


def _still_active(row: RowMapping) -> int:
    total = 0
    for each in codec.remarks_in(row["notices"]):
        if each.code not in STILL_ACTIVE:
            continue
        count = part_of(each, "count")
        if count.isdigit():
            total += int(count)
    return total
