"""Plans: what a fetch found, and who of it was chosen."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy import Column
from sqlalchemy.engine import Connection

from renkei.errors import BusyError, Hint, UsageError
from renkei.model import (
    Alike,
    Difference,
    Entry,
    Filter,
    Item,
    KnownAccount,
    Outcome,
    Remark,
    Selection,
    Status,
)
from renkei.people import Choice
from renkei.schedule.job import Claim
from renkei.store import codec, lease
from renkei.store.accounts import Accounts
from renkei.store.codec import Fields
from renkei.store.database import key_of
from renkei.store.owner import Owner, beat
from renkei.store.schedules import keep_at_job
from renkei.store.serial import free_number, put_accounts
from renkei.store.tables import ANSWERED, UNFINISHED, accounts, items, runs, writes
from renkei.store.views import Views, begun, outcome_now, same_item
from renkei.text import folded
from renkei.words.i18n import _

NEAR = dt.timedelta(days=31)

NO_FIELDS = Fields()
"""For a plan that names the field with each value."""

WRITTEN = (Outcome.UPDATED.value, ANSWERED)
"""Results of updates that have changed somebody, or may have."""

LAST = 2**62
"""No run has such a number."""

PAGE = 500
"""Items read at a time: a reader must not hold the database while somebody looks at a page."""


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


_ENTRIES = (
    sa.select(items.c.position, items.c.number, items.c.difference, items.c.look_first)
    .where(items.c.run_id == sa.bindparam("run"))
    .order_by(items.c.position)
)
_NEAR = runs.c.base_date.between(sa.bindparam("first"), sa.bindparam("last"))
# Held against the last usual one: else the second night would compare a wrong list with a wrong
# list, and pass. docs/decisions/2026-11-22-safety-limits.md
_USUAL = sa.select(
    _newest(runs.c.usual, runs.c.usual.is_not(None), _NEAR),
    _newest(runs.c.usual_target, runs.c.usual_target.is_not(None)),
    _newest(runs.c.moved, runs.c.usual.is_not(None)),
)


def _in_two(rows: list[dict[str, Any]]) -> Iterator[tuple[sa.Insert, list[dict[str, Any]]]]:
    """Yield the statements that insert new items: those with nothing to tell by themselves."""
    told: list[dict[str, Any]] = []
    quiet: list[dict[str, Any]] = []
    for row in rows:
        if "notes" in row:
            told.append(row)
        else:
            quiet.append(row)
    if told:
        yield _TOLD, told
    if quiet:
        yield _QUIET, quiet


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


class Plans(Views, Accounts):
    """The part of the store that a fetch fills and a choice marks."""

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
        batch: int = 1000,
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
            with self._writing() as connection:
                for statement, told in _in_two(part):
                    connection.execute(statement, told)
            del part  # not beside the next one
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

    def partners_of(self, run_id: str, identity: str) -> list[Item]:
        """Return the items of a plan whose partner is the target's record *identity*."""
        query = sa.select(items).where(
            items.c.run_id == self._key(run_id), items.c.target_id == identity
        )
        with self._reading() as connection:
            rows = connection.execute(query.order_by(items.c.position)).mappings().all()
            return [self._item(connection, row) for row in rows]

    def items(
        self,
        run_id: str,
        *,
        differences: Sequence[Difference] = (),
        numbers: Sequence[str] = (),
        selected: bool = False,
        open_only: bool = False,
    ) -> Iterator[Item]:
        """
        Iterate over the plan in order of number.

        *selected*: only the chosen ones. *open_only*: only those without a final outcome.
        """
        query = sa.select(items).order_by(items.c.position).limit(PAGE)
        query = query.where(items.c.run_id == self._key(run_id))
        if differences:
            query = query.where(items.c.difference.in_(_values(differences)))
        if numbers:
            query = query.where(items.c.number.in_(list(numbers)))
        if selected:
            query = query.where(items.c.selected)
        if open_only:
            query = query.where(sa.or_(items.c.outcome.is_(None), items.c.outcome.in_(UNFINISHED)))
        position = 0
        while True:
            with self._reading() as connection:
                rows = connection.execute(query.where(items.c.position > position)).mappings()
                page = [self._item(connection, row) for row in rows]
            yield from page
            if len(page) < PAGE:
                return
            position = page[-1].position

    def page(
        self, run_id: str, wanted: Filter, *, after: int = 0, before: int | None = None, limit: int
    ) -> list[Item]:
        """Return the first items of *wanted* after a position, or the last ones before one."""
        query = sa.select(items).where(self._wanted(run_id, wanted)).limit(limit)
        if before is None:
            query = query.where(items.c.position > after).order_by(items.c.position)
        else:
            query = query.where(items.c.position < before).order_by(items.c.position.desc())
        with self._reading() as connection:
            rows = connection.execute(query).mappings()
            page = [self._item(connection, row) for row in rows]
        return page if before is None else page[::-1]

    def tally(self, run_id: str, wanted: Filter) -> dict[Difference, int]:
        """Return how many items *wanted* matches, by difference."""
        query = (
            sa.select(items.c.difference, sa.func.count())
            .where(self._wanted(run_id, wanted))
            .group_by(items.c.difference)
        )
        with self._reading() as connection:
            return {Difference(name): count for name, count in connection.execute(query)}

    def numbers(self, run_id: str, wanted: Filter) -> list[str]:
        """Return the numbers of those of *wanted* who can be chosen."""
        query = sa.select(items.c.number).where(
            self._wanted(run_id, wanted), items.c.difference != Difference.BLOCKED.value
        )
        with self._reading() as connection:
            return list(connection.execute(query.order_by(items.c.position)).scalars())

    def _wanted(self, run_id: str, wanted: Filter) -> sa.ColumnElement[bool]:
        conditions = [items.c.run_id == self._key(run_id)]
        if wanted.differences:
            conditions.append(items.c.difference.in_(_values(wanted.differences)))
        if wanted.outcomes:
            conditions.append(outcome_now().in_(_values(wanted.outcomes)))
        if wanted.selected:
            conditions.append(items.c.selected)
        if wanted.look_first is not None:
            conditions.append(items.c.look_first == wanted.look_first)
        if wanted.text:
            conditions.append(self._searched.contains(folded(wanted.text), autoescape=True))
        return sa.and_(*conditions)

    @property
    def _searched(self) -> sa.ColumnElement[str]:
        """What a text is looked for in; plans without it (old, or purged) have number and name."""
        # SQLite knows no type JSON: it would cast the text to a number.
        as_json: Callable[..., sa.ColumnElement[Any]] = (
            sa.type_coerce if self._engine.dialect.name == "sqlite" else sa.cast
        )
        kept = as_json(items.c.payload, sa.JSON)[codec.SEARCH].as_string()
        plain = sa.func.coalesce(items.c.number, "") + "\n" + items.c.name
        return sa.func.coalesce(kept, sa.func.lower(plain))

    def entries(self, run_id: str) -> list[Entry]:
        """Return the whole plan as far as choosing needs it."""
        with self._reading() as connection:
            found = connection.execute(_ENTRIES, {"run": self._key(run_id)})
            return [Entry(place, no, Difference(name), look) for place, no, name, look in found]

    def selection(self, run_id: str) -> Selection | None:
        """Return the stored choice, or None."""
        with self._reading() as connection:
            return codec.selection_in(self._row(connection, run_id)["selection"])

    def choose(
        self,
        run_id: str,
        selection: Selection,
        chosen: Mapping[int, Mapping[str, Choice]],
        *,
        who: str | None = None,
    ) -> None:
        """Replace the choice by *who*'s: the positions of *chosen*, each with its new values."""
        key = self._key(run_id)
        rows = []
        fields: set[str] = set()
        for position, new in chosen.items():
            rows.append({"p": position, "v": _choices_out(new)})
            fields.update(new)
        document = codec.selection_out(selection)
        with self._writing() as connection:
            self._refuse_begun(connection, key)
            connection.execute(
                sa.update(items)
                .where(items.c.run_id == key, items.c.selected)
                .values(
                    selected=False,
                    new_values=None,
                    outcome=None,  # nothing was sent: these say only that nothing was needed
                    outcome_reason=None,
                    detail=None,
                )
            )
            if rows:
                connection.execute(
                    sa.update(items)
                    .where(items.c.run_id == key, items.c.position == sa.bindparam("p"))
                    .values(selected=True, new_values=sa.bindparam("v", type_=sa.JSON)),
                    rows,
                )
            # Nobody's number: values go, the log stays. docs/decisions/2026-11-29-audit-log.md
            self._note("chosen", key, count=len(chosen), fields=sorted(fields))
            self._update(
                connection,
                key,
                selection=document,
                chosen_by=who,
                # A permission is for one choice: docs/decisions/2026-11-22-safety-limits.md
                allowed_by=None,
                expected=None,
                status=Status.READY.value,
                sync_started_at=None,
                finished_at=None,
                lacking=False,
            )

    def note_lacking(self, run_id: str) -> None:
        """Keep that a choice failed, as values for new employees were missing."""
        self._set(self._key(run_id), lacking=True)

    def _refuse_begun(self, connection: Connection, run_id: int) -> None:
        # Locked: of a choice and a sync that race one is first, and the other one sees it.
        status = Status(self._row(connection, str(run_id), lock=True)["status"])
        if lease.holder(connection, run_id) is not None:
            message = _("Run {run} is being synced by another process. Wait until it has ended.")
            raise BusyError(message.format(run=run_id))
        over = status.is_over and status is not Status.DONE  # done and nothing sent: choose anew
        if over or begun(connection, run_id):
            raise already_begun(str(run_id))


def _accounts_of(columns: Mapping[str, object]) -> dict[str, str]:
    """Return the accounts of both sides of a run, as far as they are known, by connection."""
    known: dict[str, str] = {}
    for side in ("source", "target"):
        account = columns.get(f"{side}_account")
        if account:
            known[str(columns[side])] = str(account)
    return known


def _values(wanted: Iterable[Difference | Outcome]) -> list[str]:
    """Return what columns have for these."""
    return [each.value for each in wanted]


def _row(run_id: int, position: int, each: Item | Alike, fields: Fields) -> dict[str, Any]:
    if isinstance(each, Alike):
        return codec.alike_row(run_id, position, each, fields)
    return codec.item_row(run_id, position, each, fields)


def _choices_out(new: Mapping[str, Choice]) -> dict[str, list[str]] | None:
    return {name: _choice_out(choice) for name, choice in new.items()} or None


def _choice_out(choice: Choice) -> list[str]:
    told = [choice.code, choice.label]
    if choice.detail:
        told.append(choice.detail)
    return told


def already_begun(run_id: str) -> UsageError:
    """Return the error of choosing others once a sync has begun."""
    message = _(
        "Run {run} has already begun with another choice. Resume it as it is, or fetch again."
    )
    hint = Hint("resume", {"run": run_id})
    return UsageError(message.format(run=run_id), code="already_begun", hint=hint)


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
    query = sa.select(runs.c.usage).where(pair, took_s.is_not(None))
    found: dict[str, Any] | None = connection.execute(
        query.order_by(runs.c.id.desc()).limit(1)
    ).scalar()
    return found
