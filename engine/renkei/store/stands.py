"""How runs stand at this moment: those of a company, and those of each direction between two."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from attrs import define, field, frozen
from sqlalchemy.engine import Connection, RowMapping

from renkei.model import WRITTEN, Difference, Outcome, Remark, Status
from renkei.people import JST
from renkei.store import codec, lease
from renkei.store.tables import items, jobs, leases, runs, writes
from renkei.store.views import is_abandoned, reason_now, status_now
from renkei.words.codes import part_of

COLUMNS = (
    *(runs.c.id, runs.c.company, runs.c.status, runs.c.reason, runs.c.counts, runs.c.owner),
    *(runs.c.beat, runs.c.created_at, runs.c.sync_started_at, runs.c.finished_at),
    *(runs.c.chosen_by, runs.c.source, runs.c.target, runs.c.notices, runs.c.lacking),
)

SOON = dt.timedelta(days=2)
"""Those who join within this time should be registered already."""

MISSED_FOR = dt.timedelta(days=7)
"""What was missed longer ago is of a schedule that there is no more, or one that is seldom due."""

MAY_ALLOW = ("unusual", "wrong_pair", "new_values")
"""Codes of jobs whose runs tell by themselves that they wait for a person."""

LATELY = dt.timedelta(days=30)
"""Those who joined longer ago are a part of a first comparison rather than forgotten."""

AHEAD = dt.timedelta(days=1)
"""What was noted so long after now is of a clock that was wrong: no two at work differ so much."""

LAPSED = 2 * LATELY
"""Those who joined that lately may have been told of, and are still not registered."""

BLOCKED_FOR = dt.timedelta(days=3)
"""How long somebody may be blocked before a person is told."""

STILL_ACTIVE = ("left_before_base", "left_long_ago", "left_but_active")
"""Notices that count who has left and still is active in the target."""

Pair = tuple[str, str, str]
"""Company, source and target."""


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
    not known yet. *in_doubt* are writes, and *doubtful* is the run of the newest of them.
    """

    company: str
    source: str
    target: str
    newest: Stood
    before: Stood | None = None
    synced: Stood | None = None
    waiting: Waiting | None = None
    in_doubt: int = 0
    doubtful: str | None = None


def at_work(connection: Connection, company: str | None = None) -> set[int]:
    """Return the runs at which a process may be at work; with None, those of all companies."""
    taken = _of(sa.select(leases).where(leases.c.run_id.is_not(None)), leases, company)
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
    newest, synced, planned = _newest(connection, company, is_synced, is_planned)
    found = _rows(connection, {*newest.values(), *synced.values(), *planned.values()}, given)
    busy: dict[Pair, int] = {}
    for pair, key in newest.items():
        row = found[key]
        if _is_busy(row, held):
            busy[pair] = key
    before = _before(connection, busy)
    found |= _rows(connection, before.values(), given)
    tallies = tallied(connection, sorted({*synced.values(), *before.values()}))
    doubts = _doubts(connection, held, company)
    plans = {pair: found[key] for pair, key in planned.items()}
    waiting = _waiting(connection, plans, now, company=company, given=given)

    def stood(key: int | None) -> Stood | None:
        return None if key is None else of(key)

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
            waiting=waiting.get(pair),
            in_doubt=in_doubt,
            doubtful=None if doubtful is None else str(doubtful),
        )
        result.append(direction)
    return result


def missed(
    connection: Connection, now: dt.datetime, *, company: str | None, ever: bool = False
) -> list[Missed]:
    """
    Return the schedules of which the last due time passed without a run, of late or *ever*.

    It was missed, or something kept the run from beginning, or from sending anything; what became
    of a run that has begun to, the run tells.
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
        query = query.where(jobs.c.due > now - MISSED_FOR)
    rows = connection.execute(_of(query, jobs, company).order_by(jobs.c.company, jobs.c.schedule))
    found: list[Missed] = []
    for own, schedule, due, code, run_id in rows:
        run = str(run_id) if run_id else None
        found.append(Missed(company=own, schedule=schedule, due=due, code=code, run=run))
    return found


def _patient(connection: Connection, company: str | None) -> set[int]:
    """
    Return the runs with which a worker goes on by itself, after closed hours for example.

    One that it has just chosen, and does not sync yet, is one of them; so is one that it is just
    about to sync, or to fetch anew.
    """
    query = sa.select(jobs.c.run_id).where(jobs.c.ended_at.is_(None), jobs.c.run_id.is_not(None))
    return set(connection.execute(_of(query, jobs, company)).scalars())


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


def _of(query: sa.Select[Any], table: sa.Table, company: str | None) -> sa.Select[Any]:
    """Return *query* for one company, or as it is for all of them."""
    return query if company is None else query.where(table.c.company == company)


RUNS = runs.alias("those")
"""The runs of one direction, among which one is looked for."""


def _newest(
    connection: Connection, company: str | None, *conditions: sa.ColumnElement[bool]
) -> list[dict[Pair, int]]:
    """Return the newest run of each direction, and the newest that fulfils each condition."""
    # Walks through indexes, not through the runs: a thousand companies have many of them.
    pair = runs.c.company, runs.c.source, runs.c.target
    query = sa.select(*pair, sa.func.max(runs.c.id).label("id")).group_by(*pair)
    newest = _of(query, runs, company).cte("newest")
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
    for own, source, target, run_id, count in connection.execute(_of(query, runs, company)):
        if run_id not in held:
            before, newest = doubts.get((own, source, target), (0, 0))
            doubts[own, source, target] = before + count, max(newest, run_id)
    return doubts


# --- whom somebody should look at -----------------------------------------------------------------

_DIFFERING = sa.text("difference <> 'same'")
"""As the index has it: most people of a plan are not read."""


def _waiting(
    connection: Connection,
    plans: Mapping[Pair, RowMapping],
    now: dt.datetime,
    *,
    company: str | None,
    given: set[int],
) -> dict[Pair, Waiting]:
    seen: dict[int, _Seen] = {}
    for row in plans.values():
        if _differs(row):
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


def _differs(row: RowMapping) -> bool:
    """Tell whether anybody in a plan is not simply the same."""
    counts = dict(row["counts"])
    counts.pop(Difference.SAME.value, None)
    return any(counts.values())


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
    _all, old = _newest(connection, company, is_old)
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
