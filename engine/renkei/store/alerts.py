"""What people were told of: each state at most once a day, and once that it is over.

To tell it, a process claims it first, by a write with the condition that no other has: of two
processes one does. A process that dies between its claim and the message has told nobody, and
nobody does before the next day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection, RowMapping

from renkei.people import JST
from renkei.store.database import Database, locking
from renkei.store.serial import insert_unless_there
from renkei.store.stands import AHEAD, Direction, Done, Missed, directions, done_since, missed
from renkei.store.tables import alerts, items, runs

ALL = "*"
"""In the place of a company: what is told of the whole installation. No company is called so."""

GATHERED = dt.timedelta(hours=1)
"""What comes within this time after a gathering waits for the next one."""

NEWS = dt.timedelta(days=2)
"""How long it is known that a sync was told to be done: only those of the last day are told."""

KEPT = dt.timedelta(days=90)
"""How long it is known what was told of, after it is over."""


@frozen(kw_only=True)
class Seen:
    """A state as somebody has found it now; *key* tells it from all others of its company."""

    key: str
    kind: str
    count: int
    run: str | None = None
    about: str | None = None


@frozen(kw_only=True)
class Alert:
    """
    A state that is kept: since when it is seen, when it was last told of, and when it was over.

    *told*: since it is there. It may be that it was told of on that day, was over, and is back.
    *gathered*: those who hear of all companies were told of it, the last time *gathered_on* that
    day, and not yet that it is over.
    """

    company: str
    key: str
    kind: str
    about: str | None
    run: str | None
    count: int
    first_seen: dt.datetime
    told: bool
    told_at: dt.datetime | None
    told_on: dt.date | None
    ended_at: dt.datetime | None
    gathered: bool = False
    gathered_on: dt.date | None = None


@frozen(kw_only=True)
class Claimed:
    """What this process alone tells of now: states as they were *before*, and those *over*."""

    at: dt.datetime
    open: Mapping[str, Alert]
    over: Mapping[str, Alert]

    def __bool__(self) -> bool:
        return bool(self.open or self.over)


@frozen(kw_only=True)
class Gathering:
    """
    What this process alone tells of now, of one kind over all companies, and the *last* time.

    *over* are those that were told of so, and have ended. All are as they were before.
    """

    kind: str
    at: dt.datetime
    last: dt.datetime | None
    open: Sequence[Alert]
    over: Sequence[Alert]


@frozen(kw_only=True)
class Once:
    """Something that this process tells of once, at a moment, and how it stood *before*."""

    key: str
    at: dt.datetime
    before: Mapping[str, object]


class Alerts(Database):
    """The part of the store that knows what people were told of."""

    def directions(self, now: dt.datetime) -> list[Direction]:
        """Return how each direction of our company stands."""
        with self._reading() as connection:
            return directions(connection, now, company=self.company, given=self._given)

    def missed(self, now: dt.datetime, *, ever: bool = False) -> list[Missed]:
        """Return our schedules whose last run did not take place, of late or *ever*."""
        with self._reading() as connection:
            return missed(connection, now, company=self.company, ever=ever)

    def done_since(self, moment: dt.datetime) -> list[Done]:
        """Return our syncs that came to their end since a moment, and are not told yet."""
        with self._reading() as connection:
            return done_since(connection, self.company, moment)

    def alerts(self) -> list[Alert]:
        """Return all that is kept, the oldest first."""
        query = sa.select(alerts).where(self._of(alerts))
        with self._reading() as connection:
            rows = connection.execute(query.order_by(alerts.c.first_seen, alerts.c.key)).mappings()
            return [alert_in(row) for row in rows]

    def claim(
        self,
        seen: Sequence[Seen],
        now: dt.datetime,
        *,
        silent: Sequence[str] = (),
        unknown: Sequence[str] = (),
        sure: Collection[str] | None = None,
        lapsed: Callable[[Alert], bool] = lambda _alert: False,
    ) -> Claimed:
        """
        Keep what is *seen* now, and return what this process is to tell of.

        Whatever is kept and not seen is over, but for keys that are *unknown* now; nobody is told
        that of what has *lapsed*. *silent* kinds are kept, and not told of: somebody is looking at
        them. What is not *sure* (None: all is) only lasts: it does not begin now.
        """
        today = now.astimezone(JST).date()
        kept = {each.key: each for each in self.alerts()}
        here = _here(seen, kept, sure)
        fresh = [each for key, each in here.items() if not _is_kept(each, kept.get(key), now)]
        over = _over(kept, here.keys() | set(unknown))
        if not (over or fresh):
            return Claimed(at=now, open={}, over={})
        quiet: set[str] = set()
        for alert in over:
            if lapsed(alert):
                quiet.add(alert.key)
        told: list[str] = []
        ended: list[str] = []
        with self._writing() as connection:
            for each in fresh:
                self._keep(connection, each, now)
            for each in fresh:
                is_due = each.kind not in silent
                if is_due and self._tell(connection, each.key, now, today):
                    told.append(each.key)
            for alert in over:
                quietly = alert.key in quiet
                if self._end(connection, alert.key, now, quietly=quietly):
                    ended.append(alert.key)
            self._forget(connection, now)
        after = {each.key: each for each in self.alerts()}
        # As they were before: giving back needs that.
        open_ = {key: kept.get(key) or after[key] for key in told if key in after}
        # No all-clear for a state that nobody was told of.
        told_over = {key: kept[key] for key in ended if kept[key].told and key not in quiet}
        return Claimed(at=now, open=open_, over=told_over)

    def give_back(self, claimed: Claimed) -> None:
        """Let what was claimed be told of by the next one: it has certainly reached nobody."""
        with self._writing() as connection:
            for key, before in claimed.open.items():
                values: dict[str, object]
                if before.told_at == claimed.at:  # there was none before
                    values = {"told": False, "told_on": None, "told_at": None}
                else:
                    # It was over and has come back: that it was told before does not count.
                    was_told = before.told and before.ended_at is None
                    values = {
                        "told": was_told,
                        "told_on": before.told_on,
                        "told_at": before.told_at,
                    }
                is_ours = self._one(key), alerts.c.told_at == claimed.at
                connection.execute(sa.update(alerts).where(*is_ours).values(**values))
            for key in claimed.over:
                is_ours = self._one(key), alerts.c.ended_at == claimed.at
                connection.execute(sa.update(alerts).where(*is_ours).values(ended_at=None))

    def once(
        self,
        key: str,
        kind: str,
        now: dt.datetime,
        *,
        day: dt.date | None = None,
        run: str | None = None,
    ) -> Once | None:
        """Claim what is told of once: for the first time on or after *day*, or of this *run*."""
        with self._writing() as connection:
            return once(connection, self.company, key, kind, now, day=day, run=run)

    def once_done(self, run: str, now: dt.datetime) -> Once | None:
        """Claim to tell that the sync of a *run* is done; what is no news any more is forgotten."""
        # By run, not by direction: an earlier one may come to its end later.
        old = self._of(alerts), alerts.c.kind == "done", alerts.c.first_seen < now - NEWS
        with self._writing() as connection:
            connection.execute(sa.delete(alerts).where(*old))
            return once(connection, self.company, f"done:{run}", "done", now, run=run)

    def give_back_once(self, claimed: Once) -> None:
        """Let it be told of by the next one: it has certainly reached nobody."""
        with self._writing() as connection:
            give_back_once(connection, self.company, claimed)

    def week(self, since: dt.datetime, until: dt.datetime) -> dict[str, int]:
        """Count what was done in a span of time."""
        with self._reading() as connection:
            return week(connection, self.company, since, until)

    def _one(self, key: str) -> sa.ColumnElement[bool]:
        return sa.and_(self._of(alerts), alerts.c.key == key)

    def _keep(self, connection: Connection, each: Seen, now: dt.datetime) -> None:
        """Keep a state as it is now; it begins anew if it was over."""
        run = int(each.run) if each.run else None
        now_so = {"kind": each.kind, "about": each.about, "run_id": run, "count": each.count}
        row = {"company": self.company, "key": each.key, "first_seen": now, "told": False, **now_so}
        insert_unless_there(connection, alerts, row)
        again = sa.update(alerts).where(self._one(each.key), alerts.c.ended_at.is_not(None))
        connection.execute(again.values(first_seen=now, told=False, ended_at=None))
        connection.execute(sa.update(alerts).where(self._one(each.key)).values(**now_so))

    def _tell(self, connection: Connection, key: str, now: dt.datetime, today: dt.date) -> bool:
        """Claim a state for this process; of two that try, one succeeds."""
        # docs/decisions/2026-11-29-being-told.md: before anything is sent, and at most once a day
        untold = sa.or_(
            alerts.c.told_on.is_(None), alerts.c.told_on < today, alerts.c.told_at > now + AHEAD
        )
        free = sa.update(alerts).where(self._one(key), alerts.c.ended_at.is_(None), untold)
        return connection.execute(free.values(told=True, told_on=today, told_at=now)).rowcount == 1

    def _end(self, connection: Connection, key: str, now: dt.datetime, *, quietly: bool) -> bool:
        """Keep that a state is over; *quietly*: those who hear of all companies do not either."""
        there = sa.update(alerts).where(self._one(key), alerts.c.ended_at.is_(None))
        ended = {"ended_at": now} | ({"gathered": False} if quietly else {})
        return connection.execute(there.values(**ended)).rowcount == 1

    def _forget(self, connection: Connection, now: dt.datetime) -> None:
        old = self._of(alerts), alerts.c.ended_at < now - KEPT
        connection.execute(sa.delete(alerts).where(*old))


NOT_OF_RUNS = ("done", "weekly", "gathered", "file")
"""
Kinds that are not over because of what a run has brought.

All but the last are no states: they are told of once. A file has mistakes until a worker can read
it, see :func:`note_files`.
"""


def once(
    connection: Connection,
    company: str,
    key: str,
    kind: str,
    now: dt.datetime,
    *,
    day: dt.date | None = None,
    run: str | None = None,
) -> Once | None:
    """Claim something that is told of once; see :meth:`Alerts.once`."""
    row = {"company": company, "key": key, "kind": kind, "count": 0, "told": True}
    row |= {"first_seen": now}
    insert_unless_there(connection, alerts, row)
    number = int(run) if run else None
    if number is None:
        too_soon = sa.and_(alerts.c.told_on > day, alerts.c.told_at > now + AHEAD)
        newer = sa.or_(alerts.c.told_on < day, too_soon)
    else:
        newer = alerts.c.run_id < number
    never = alerts.c.told_at.is_(None)
    one = alerts.c.company == company, alerts.c.key == key
    values = {"told_at": now, "told_on": day, "run_id": number}
    found = connection.execute(locking(sa.select(alerts).where(*one))).mappings().one()
    claimed = sa.update(alerts).where(*one, sa.or_(never, newer))
    if connection.execute(claimed.values(**values)).rowcount != 1:
        return None
    before = {name: found[name] for name in values}
    return Once(key=key, at=now, before=before)


def give_back_once(connection: Connection, company: str, claimed: Once) -> None:
    """Let something be told of that has reached nobody, unless somebody has claimed it since."""
    ours = alerts.c.company == company, alerts.c.key == claimed.key, alerts.c.told_at == claimed.at
    connection.execute(sa.update(alerts).where(*ours).values(**claimed.before))


def note_files(connection: Connection, companies: Collection[str], now: dt.datetime) -> None:
    """Keep of which *companies* the files have mistakes now; those of all others have none."""
    key = "file:"
    kept = alerts.c.key == key, alerts.c.ended_at.is_(None)
    open_ = set(connection.execute(sa.select(alerts.c.company).where(*kept)).scalars())
    for company in sorted(set(companies) - open_):
        row = {"company": company, "key": key, "kind": "file", "count": 0, "told": False}
        insert_unless_there(connection, alerts, {**row, "first_seen": now})
        one = alerts.c.company == company, alerts.c.key == key, alerts.c.ended_at.is_not(None)
        again = sa.update(alerts).where(*one)
        connection.execute(again.values(first_seen=now, told=False, ended_at=None))
    for company in sorted(open_ - set(companies)):
        over = sa.update(alerts).where(*kept, alerts.c.company == company)
        connection.execute(over.values(ended_at=now))


def gather(connection: Connection, kind: str, now: dt.datetime) -> Gathering | None:
    """Claim what is open of a kind and was not gathered today, and what of it is over."""
    today = now.astimezone(JST).date()
    last = _last_gathering(connection, kind, now)
    untold = sa.or_(
        alerts.c.gathered_on.is_(None),
        alerts.c.gathered_on < today,
        alerts.c.gathered_on > today + AHEAD,
    )
    of_kind = alerts.c.kind == kind, alerts.c.company != ALL
    open_ = _found(connection, *of_kind, alerts.c.ended_at.is_(None), untold)
    over = _found(connection, *of_kind, alerts.c.ended_at.is_not(None), alerts.c.gathered)
    if not (open_ or over):
        return None
    if not _may_gather(connection, kind, now):  # it claims the hour, so it is asked last
        return None
    claimed: list[Alert] = []
    for each in open_:
        is_ours = _gathered(connection, each, untold, now)
        if is_ours:
            claimed.append(each)
    for each in over:  # it may be back, and over again, before anybody is told of it again
        connection.execute(sa.update(alerts).where(*_key_of(each)).values(gathered=False))
    return Gathering(kind=kind, at=now, last=last, open=claimed, over=over)


def _found(connection: Connection, *conditions: sa.ColumnElement[bool]) -> list[Alert]:
    query = sa.select(alerts).where(*conditions).order_by(alerts.c.company, alerts.c.key)
    return [alert_in(row) for row in connection.execute(query).mappings()]


def _last_gathering(connection: Connection, kind: str, now: dt.datetime) -> dt.datetime | None:
    """Return when something of a kind was gathered last; None: never."""
    row = {"company": ALL, "key": f"gathered:{kind}", "kind": "gathered", "count": 0, "told": True}
    insert_unless_there(connection, alerts, {**row, "first_seen": now})
    query = sa.select(alerts.c.told_at).where(*_gathering(kind))
    last: dt.datetime | None = connection.execute(query).scalar_one()
    return last


def _gathering(kind: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """Return the conditions of the row that knows when something of a kind was gathered."""
    return alerts.c.company == ALL, alerts.c.key == f"gathered:{kind}"


def _may_gather(connection: Connection, kind: str, now: dt.datetime) -> bool:
    long_ago = sa.or_(
        alerts.c.told_at.is_(None),
        alerts.c.told_at <= now - GATHERED,
        alerts.c.told_at > now + AHEAD,
    )
    claimed = sa.update(alerts).where(*_gathering(kind), long_ago).values(told_at=now)
    return connection.execute(claimed).rowcount == 1


def _gathered(
    connection: Connection, each: Alert, untold: sa.ColumnElement[bool], now: dt.datetime
) -> bool:
    told = {"told": True, "told_at": now} if each.kind == "file" else {}  # nobody else tells of it
    values = {"gathered": True, "gathered_on": now.astimezone(JST).date(), **told}
    claimed = sa.update(alerts).where(*_key_of(each), untold).values(**values)
    return connection.execute(claimed).rowcount == 1


def give_back(connection: Connection, gathering: Gathering) -> None:
    """Let what was gathered be gathered again, and what is over be told of again."""
    for each in (*gathering.open, *gathering.over):
        before = {"gathered": each.gathered, "gathered_on": each.gathered_on}
        connection.execute(sa.update(alerts).where(*_key_of(each)).values(**before))
    ours = sa.update(alerts).where(*_gathering(gathering.kind), alerts.c.told_at == gathering.at)
    connection.execute(ours.values(told_at=gathering.last))


def _key_of(alert: Alert) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """Return the conditions of the row of an alert, of whichever company it is."""
    return alerts.c.company == alert.company, alerts.c.key == alert.key


def _here(
    seen: Sequence[Seen], kept: Mapping[str, Alert], sure: Collection[str] | None
) -> dict[str, Seen]:
    """Return by key those of *seen* that are *sure*, or were there before and last."""
    here: dict[str, Seen] = {}
    for each in seen:
        before = kept.get(each.key)
        lasts = before is not None and before.ended_at is None
        if lasts or sure is None or each.key in sure:
            here[each.key] = each
    return here


def _over(kept: Mapping[str, Alert], may_last: Collection[str]) -> list[Alert]:
    """Return those of *kept* that were open, and are over by what runs have brought."""
    over: list[Alert] = []
    for key, each in kept.items():
        lasts = key in may_last or each.kind in NOT_OF_RUNS
        if not lasts and each.ended_at is None:
            over.append(each)
    return over


def _is_kept(seen: Seen, kept: Alert | None, now: dt.datetime) -> bool:
    """Tell whether there is nothing to write of a state: it is known, and was told of today."""
    if kept is None or kept.ended_at is not None:
        return False
    if kept.told_on is None or kept.told_at is None or kept.told_at > now + AHEAD:
        return False
    told = kept.told_on >= now.astimezone(JST).date()
    return told and (kept.count, kept.run, kept.about) == (seen.count, seen.run, seen.about)


def alert_in(row: RowMapping) -> Alert:
    """Return what a row keeps."""
    return Alert(
        company=row["company"],
        key=row["key"],
        kind=row["kind"],
        about=row["about"],
        run=None if row["run_id"] is None else str(row["run_id"]),
        count=row["count"],
        first_seen=row["first_seen"],
        told=row["told"],
        told_at=row["told_at"],
        told_on=row["told_on"],
        ended_at=row["ended_at"],
        gathered=row["gathered"],
        gathered_on=row["gathered_on"],
    )


def week(
    connection: Connection, company: str | None, since: dt.datetime, until: dt.datetime
) -> dict[str, int]:
    """
    Count what was fetched and synced in a span of time, and what became of whom.

    ``ever`` are all runs until then: before the first one there is nothing to sum up.
    """
    of = () if company is None else (runs.c.company == company,)
    ever = sa.select(sa.func.count()).select_from(runs).where(*of, runs.c.created_at < until)
    fetched = ever.where(runs.c.created_at >= since)
    begun = runs.c.sync_started_at >= since, runs.c.sync_started_at < until
    synced = sa.select(sa.func.count()).select_from(runs).where(*of, *begun)
    became = (
        sa.select(items.c.outcome, sa.func.count())
        .join(runs, runs.c.id == items.c.run_id)
        .where(*of, *begun, items.c.selected)
        .group_by(items.c.outcome)
    )
    counts = {str(outcome): count for outcome, count in connection.execute(became)}
    told = {name: counts.get(name, 0) for name in ("created", "updated", "failed")}
    return {
        "ever": connection.execute(ever).scalar_one(),
        "fetched": connection.execute(fetched).scalar_one(),
        "synced": connection.execute(synced).scalar_one(),
        **told,
    }
