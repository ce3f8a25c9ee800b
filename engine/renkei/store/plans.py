"""Plans: what a fetch found."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy import Column
from sqlalchemy.engine import Connection

from renkei.database.compiled import insert_plain
from renkei.errors import BusyError
from renkei.model import (
    Alike,
    Difference,
    Item,
    KnownAccount,
    Outcome,
    Remark,
    Status,
)
from renkei.schedule.job import Claim
from renkei.store import codec
from renkei.store.accounts import Accounts
from renkei.store.codec import Fields
from renkei.store.database import key_of
from renkei.store.owner import Owner, beat
from renkei.store.schedules import keep_at_job
from renkei.store.selections import Selections
from renkei.store.serial import free_number, put_accounts
from renkei.store.tables import ANSWERED, accounts, items, runs, writes
from renkei.store.views import same_item
from renkei.words.i18n import _

NEAR = dt.timedelta(days=31)

NO_FIELDS = Fields()
"""For a plan that names the field with each value."""

WRITTEN = (Outcome.UPDATED.value, ANSWERED)
"""Results of updates that have changed somebody, or may have."""

LAST = 2**62
"""No run has such a number."""

_NEW = sa.insert(runs)

_SAY_NOTHING: Mapping[str, sa.ColumnElement[Any]] = {
    "reasons": sa.literal_column("'[]'"),
    "notes": sa.literal_column("'[]'"),
    "look_first": sa.false(),
    "selected": sa.false(),
}
"""What most items say in these columns: written into the statement, not beside each of them."""

_TOLD = sa.insert(items)
_QUIET = _TOLD.values(dict(_SAY_NOTHING))


def _newest(column: Column[Any], *more: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    """Return the newest value of *column* among the usual fetches of a pair."""
    pair = (runs.c[name] == sa.bindparam(name) for name in ("company", "source", "target"))
    query = sa.select(column).where(*pair, *more, runs.c.id <= sa.bindparam("upto"))
    return query.order_by(runs.c.id.desc()).limit(1).scalar_subquery()


_NEAR = runs.c.base_date.between(sa.bindparam("first"), sa.bindparam("last"))
# Held against the last usual one: else the second night would compare a wrong list with a wrong
# list, and pass. docs/decisions/2026-11-22-safety-limits.md
_USUAL = sa.select(
    _newest(runs.c.usual, runs.c.usual.is_not(None), _NEAR),
    _newest(runs.c.usual_target, runs.c.usual_target.is_not(None)),
    _newest(runs.c.moved, runs.c.usual.is_not(None)),
)


@frozen(kw_only=True)
class Usual:
    """
    What was usual at the last fetch of a pair that was not unusual, None or nobody before it.

    *listed* people were on the source and *there* in the target; of those who are *moved*, the
    number was another person's, or somebody had allowed that.
    """

    listed: int | None
    there: int | None
    moved: Sequence[str]


class Plans(Selections, Accounts):
    """The part of the store that a fetch fills."""

    def begin_fetch(
        self, *, connections: Collection[str] = (), claim: Claim | None = None, **columns: object
    ) -> int:
        """
        Record a run that is being fetched by this process; return its id.

        *connections* are all that the company has: the accounts of others are forgotten. With
        *claim* it is the run of that job; BusyError if another process has that.
        """
        mine = {"owner": str(Owner.me()), "beat": beat()}
        values = {"status": Status.FETCHING.value, **mine, **columns}
        defaults = {"counts": {}, "notices": [], "usage": {}, "purged": False}
        with self._writing() as connection:
            self._refuse_removed(connection)
            values |= free_number(connection, runs)
            new = connection.execute(_NEW, {"company": self.company, **defaults, **values})
            key = key_of(new)
            if claim is not None:
                keep_at_job(connection, claim, run_id=key)
            self._note_fetch(connection, key, columns)
            # A connection that is gone must not keep its account from other companies.
            # docs/decisions/2026-11-29-companies-that-share-an-account.md
            gone = accounts.c.connection.not_in(connections)
            connection.execute(sa.delete(accounts).where(self._of(accounts), gone))
            put_accounts(connection, self.company, _accounts_of(columns))
        self._given.add(key)
        return key

    def _note_fetch(self, connection: Connection, key: int, columns: Mapping[str, object]) -> None:
        """Note that a fetch begins, and a mapping that is not as at the last one of the pair."""
        source, target = str(columns["source"]), str(columns["target"])
        self._note_mapping(connection, key, columns)
        self._note(
            "fetched",
            key,
            source=source,
            target=target,
            base_date=str(columns["base_date"]),
            mapping=columns["mapping_name"],
            hash=columns["mapping_hash"],
        )

    def _note_mapping(
        self, connection: Connection, key: int, columns: Mapping[str, object]
    ) -> None:
        """Note how the mapping of a pair has changed; its text is kept with each run."""
        source, target = str(columns["source"]), str(columns["target"])
        last = sa.select(runs.c.mapping_hash, runs.c.settings)
        last = last.where(self._between(source, target), runs.c.id < key)
        found = connection.execute(last.order_by(runs.c.id.desc()).limit(1)).first()
        if found is None:
            return
        hash_before, settings_before = found
        hash_now = columns["mapping_hash"]
        settings = columns.get("settings") or {}
        assert isinstance(settings, Mapping)  # noqa: S101 - by name, whether it is on
        before = settings_before or {}
        turned = set(before.items()) ^ set(settings.items())
        names = {name for name, _on in turned}
        if turned or hash_before != hash_now:
            self._note(
                "mapping_changed",
                key,
                source=source,
                target=target,
                mapping=columns["mapping_name"],
                before=hash_before,
                after=hash_now,
                settings=sorted(names),
            )

    def still_fetching(self, run_id: int) -> None:
        """Give a sign of life of the process that fetches a run."""
        self._set(run_id, beat=beat())

    def add_items(
        self,
        run_id: int,
        plan: Iterable[Item | Alike],
        fields: Fields = NO_FIELDS,
        batch: int = 2000,
    ) -> dict[Difference, int]:
        """
        Store the plan, some items at a time; return the count of each difference.

        *fields* are those that were read of both sides; they are kept at the end.
        """
        counts = Counter[str]()
        rows = (_row(run_id, place, each, fields) for place, each in enumerate(plan, start=1))
        # A transaction for each part lets others write in between; end_fetch makes the plan seen.
        while part := list(islice(rows, batch)):
            counts.update(row["difference"] for row in part)
            told = [row for row in part if "notes" in row]
            quiet = [row for row in part if "notes" not in row]
            with self._writing() as connection:
                if told:
                    connection.execute(_TOLD, told)
                if quiet:
                    insert_plain(connection, _QUIET, quiet)
            del part, told, quiet  # not beside the next ones
        return {difference: counts[difference] for difference in Difference}

    def end_fetch(
        self,
        run_id: int,
        *,
        at: dt.datetime,
        counts: Mapping[Difference, int],
        notices: Sequence[Remark],
        usage: Mapping[str, Any],
        journal: Mapping[str, Any],
        usual: int | None,
        fields: Fields = NO_FIELDS,
        source_count: int | None = None,
        moved: Sequence[str] = (),
        target_count: int | None = None,
        usual_target: int | None = None,
        accounts: Sequence[KnownAccount] = (),
    ) -> None:
        """
        Make the plan ready; until now nobody could see or sync it.

        Raises BusyError if this process was taken for dead, and its fetch declared failed; the
        values are gone then. *at* is when they began to be read, *journal* where the journal stood.
        *source_count* people are on the roll of the source; *usual* is the same, None if they are
        unusually few. *usual_target* is that of the *target_count* people in the target. *moved*
        are those whose number is another person's. *fields* are those of :meth:`add_items`, and
        *accounts* what was not known of them before.
        """
        by_name = {difference.value: count for difference, count in counts.items()}
        ended = self._end_fetch(
            run_id,
            accounts,
            fields=codec.fields_out(fields),
            status=Status.READY.value,
            fetched_at=at,
            counts=by_name,
            notices=codec.remarks_out(notices),
            usage=dict(usage),
            journal=dict(journal),
            usual=usual,
            source_count=source_count,
            moved=list(moved),
            target_count=target_count,
            usual_target=usual_target,
        )
        if not ended:
            message = _(
                "The fetch of run {run} was given up: its process gave no sign of life for too"
                " long. Nothing of it was kept. Fetch again."
            )
            raise BusyError(message.format(run=run_id))

    def fail_fetch(self, run_id: int, at: dt.datetime, reason: Remark) -> None:
        """Record that the fetch ended without a plan."""
        failed = codec.remark_out(reason)
        self._end_fetch(run_id, status=Status.FAILED.value, finished_at=at, reason=failed)

    def _end_fetch(
        self, run_id: int, accounts: Sequence[KnownAccount] = (), **columns: object
    ) -> bool:
        """
        Let this process have a run no more; return whether it had it still.

        No values are left of a fetch that has failed, whoever says so.
        """
        one = self._of(runs), runs.c.id == run_id
        mine = runs.c.status == Status.FETCHING.value, runs.c.owner == str(Owner.me())
        with self._writing() as connection:
            ended = sa.update(runs).where(*one, *mine).values(owner=None, **columns)
            had = connection.execute(ended).rowcount == 1
            status = columns["status"]
            if not had:  # None if it was removed meanwhile
                status = connection.execute(sa.select(runs.c.status).where(*one)).scalar()
            if status == Status.FAILED.value:
                connection.execute(sa.delete(items).where(items.c.run_id == run_id))
            if had and accounts:
                self._keep_whose(connection, accounts)
        return had

    def usage(self, source: str, target: str) -> dict[str, Any] | None:
        """Return what the last successful fetch of this pair cost, or None if there was none."""
        with self._reading() as connection:
            return last_usage(connection, self._between(source, target))

    def sync_usage(self, source: str, target: str) -> dict[str, Any] | None:
        """Return what the last run of this pair cost that was synced in one go, if there is one."""
        with self._reading() as connection:
            return last_sync_usage(connection, self._between(source, target))

    def usual(self, source: str, target: str, base: dt.date, *, upto: str | None = None) -> Usual:
        """
        Return what was usual at the last usual fetch of this pair, or at an allowed one.

        Fetches for a base date that is further away than a month list other people, and those after
        the run *upto* know of others than it does. The target is read whole, whatever the date.
        """
        asked: dict[str, object] = {"company": self.company, "source": source, "target": target}
        asked |= {"first": base - NEAR, "last": base + NEAR}
        asked |= {"upto": LAST if upto is None else self._key(upto)}
        with self._reading() as connection:
            listed, there, moved = connection.execute(_USUAL, asked).one()
        return Usual(listed=listed, there=there, moved=moved or [])

    def renew_notice(self, run_id: str, code: str, notice: Remark | None) -> None:
        """Put *notice* in the place of the plan's notice with *code*; None: it says so no more."""
        with self._writing() as connection:
            row = self._row(connection, run_id, lock=True)
            kept: list[codec.Plain] = []
            for each in codec.remarks_in(row["notices"]):
                told = notice if each.code == code else each
                if told is not None:
                    kept.append(codec.remark_out(told))
            self._update(connection, row["id"], notices=kept)

    def journal_now(self) -> dict[str, Any]:
        """
        Return where the journal stands: its newest entry, and those whose fate is unknown.

        The newest is that of all companies, of which nothing but its number is told.

        A server hands out the ids of entries before they are committed. So nobody is in the middle
        of it: whatever is committed later has a higher id, or is open.
        """
        with self._reading(settled=writes) as connection:
            last = connection.execute(sa.select(sa.func.max(writes.c.id))).scalar() or 0
            in_doubt = (
                sa.select(writes.c.id)
                .join(runs, runs.c.id == writes.c.run_id)
                .where(self._of(runs), writes.c.result.is_(None))
            )
            return {"last": last, "open": list(connection.execute(in_doubt).scalars())}

    def rewritten(self, run_id: str) -> frozenset[str]:
        """Return the ids in the run's source that other runs have updated since it was fetched."""
        with self._reading() as connection:
            row = self._row(connection, run_id)
            # docs/decisions/2026-11-22-source-changed.md
            journal = row["journal"]
            since = sa.or_(writes.c.id > journal["last"], writes.c.id.in_(journal["open"]))
            query = (
                sa.select(items.c.target_id)
                .join(writes, same_item())
                .join(runs, runs.c.id == items.c.run_id)
                .where(
                    self._of(runs),
                    sa.or_(
                        runs.c.target == row["source"],
                        runs.c.target_account == row["source_account"],
                    ),
                )
                .where(items.c.target_id.is_not(None))
                .where(since)
                .where(sa.or_(writes.c.result.is_(None), writes.c.result.in_(WRITTEN)))
            )
            return frozenset(connection.execute(query).scalars())

    def accounts(self, run_id: str) -> tuple[str, str]:
        """Return the accounts of source and target that a plan was made of; empty: not known."""
        with self._reading() as connection:
            row = self._row(connection, run_id)
            return row["source_account"] or "", row["target_account"] or ""


def _accounts_of(columns: Mapping[str, object]) -> dict[str, str]:
    """Return the accounts of both sides of a run, as far as they are known, by connection."""
    known: dict[str, str] = {}
    for side in ("source", "target"):
        account = columns.get(f"{side}_account")
        if account:
            known[str(columns[side])] = str(account)
    return known


def _row(run_id: int, position: int, each: Item | Alike, fields: Fields) -> dict[str, Any]:
    if isinstance(each, Alike):
        return codec.alike_row(run_id, position, each, fields)
    return codec.item_row(run_id, position, each, fields)


def last_usage(connection: Connection, pair: sa.ColumnElement[bool]) -> dict[str, Any] | None:
    """Return what the last successful fetch of a *pair* cost, or None if there was none."""
    query = sa.select(runs.c.usage).where(pair, runs.c.fetched_at.is_not(None))
    found: dict[str, Any] | None = connection.execute(
        query.order_by(runs.c.id.desc()).limit(1)
    ).scalar()
    return found


def last_sync_usage(connection: Connection, pair: sa.ColumnElement[bool]) -> dict[str, Any] | None:
    """Return what the last run of a *pair* cost that was synced in one go, if there is one."""
    # However long ago: months may pass in which fetches fail, or find nothing to sync.
    took_s = runs.c.usage["sync_seconds"].as_float()
    is_synced = runs.c.sync_started_at.is_not(None)  # what the index leaves to be looked at
    query = sa.select(runs.c.usage).where(pair, is_synced, took_s.is_not(None))
    found: dict[str, Any] | None = connection.execute(
        query.order_by(runs.c.id.desc()).limit(1)
    ).scalar()
    return found
