"""What is about all companies of a store: how each stands, who joins one, and who leaves.

Everything else of a store looks at one company only. So whatever looks over the walls is here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from attrs import evolve, field, frozen
from sqlalchemy.engine import Connection, RowMapping

from renkei.errors import BusyError, UsageError
from renkei.model import WRITTEN, Difference, Outcome, Remark, Status
from renkei.store import codec, lease, serial
from renkei.store.accounts import used
from renkei.store.audit import Entry
from renkei.store.database import Database, is_abandoned, locking
from renkei.store.due import Due
from renkei.store.figures import FiguresOfAll, at_work
from renkei.store.log import AuditLog
from renkei.store.plans import Plans
from renkei.store.purge import Purge, retained
from renkei.store.tables import (
    accounts,
    items,
    jobs,
    known_accounts,
    leases,
    own_fields,
    paces,
    releases,
    runs,
    schedules,
    writes,
)
from renkei.store.vault import let_go_of_tokens
from renkei.words.codes import remark
from renkei.words.i18n import _

OF_RUNS = (writes, items)
"""What belongs to a company through its runs, in the order in which it can be deleted."""

OF_CONNECTIONS = (accounts, known_accounts, own_fields)
"""What a company knows of its connections; each has a row."""


@frozen(kw_only=True)
class Stood:
    """One run of a company as it stands now; *outcomes* only once its sync has begun."""

    run: str
    status: Status
    reason: Remark | None
    counts: Mapping[Difference, int]
    outcomes: Mapping[Outcome, int] | None
    fetched_at: dt.datetime
    sync_started_at: dt.datetime | None
    finished_at: dt.datetime | None
    chosen: bool

    @property
    def open(self) -> int:
        """How many people differ whom nobody has written since."""
        found = self.counts.get(Difference.NEW, 0) + self.counts.get(Difference.CHANGED, 0)
        done = sum((self.outcomes or {}).get(each, 0) for each in WRITTEN)
        return max(0, found - done)


@frozen(kw_only=True)
class Stands:
    """How a company stands: its *newest* run, the one that was synced last, writes *in_doubt*."""

    newest: Stood | None = None
    synced: Stood | None = None
    in_doubt: int = 0


@frozen(kw_only=True)
class Removed:
    """What was removed of a company, and when: rows by what they are."""

    at: dt.datetime
    who: str
    rows: Mapping[str, int] = field(factory=dict)


class Companies(Plans, Purge, AuditLog, Due, FiguresOfAll):
    """A store as those see it who keep all of its companies."""

    def stand(self) -> dict[str, Stands]:
        """Return how each company stands that has runs; a handful of queries for all of them."""
        last = sa.select(runs.c.company, sa.func.max(runs.c.id)).group_by(runs.c.company)
        begun = last.where(runs.c.sync_started_at.is_not(None))  # an index has these, and no more
        with self._reading() as connection:
            held = at_work(connection)
            doubts = _doubts(connection, held)
            newest = {row[0]: row[1] for row in connection.execute(last)}
            synced = {row[0]: row[1] for row in connection.execute(begun)}
            outcomes = _outcomes(connection, sorted(synced.values()))
            wanted = sorted({*newest.values(), *synced.values()})
            rows = connection.execute(sa.select(*_COLUMNS).where(runs.c.id.in_(wanted))).mappings()
            found = {row["id"]: _stood(row, held, outcomes.get(row["id"])) for row in rows}
        return {
            company: Stands(
                newest=found[run],
                synced=found.get(synced.get(company, 0)),
                in_doubt=doubts[company],
            )
            for company, run in newest.items()
        }

    def count_runs(self, company: str) -> int:
        """Return how many runs a company has; "" are those of before there were companies."""
        query = sa.select(sa.func.count()).select_from(runs).where(runs.c.company == company)
        with self._reading() as connection:
            return connection.execute(query).scalar_one()

    def adopt(self, company: str) -> int:
        """
        Let all that is of no company be of *company*, or nothing of it; return how many runs.

        Raises BusyError while one of these runs is at work, UsageError if there is none.
        """
        with self._writing() as connection:
            ids = self._at_rest(connection, "")
            if not ids:
                message = _("There are no runs without a company.")
                raise UsageError(message, code="nothing_to_adopt")
            for table in OF_CONNECTIONS:
                theirs = sa.select(table.c.connection).where(table.c.company == company)
                known = table.c.company == "", table.c.connection.in_(theirs)
                connection.execute(sa.delete(table).where(*known))  # it has newer ones
            theirs = sa.select(schedules.c.name).where(schedules.c.company == company)
            for table, name in ((jobs, jobs.c.schedule), (schedules, schedules.c.name)):
                known = table.c.company == "", name.in_(theirs)
                connection.execute(sa.delete(table).where(*known))
            for table in (runs, releases, leases, paces, jobs, schedules, *OF_CONNECTIONS):
                moved = sa.update(table).where(table.c.company == "")
                connection.execute(moved.values(company=company))
            let_go_of_tokens(connection, "", heir=company)
            for each in ("", company):
                serial.drop(connection, used(each))
            self._note_company("company_adopted", company, count=len(ids))
        return len(ids)

    def note_companies(self, act: str, companies: Iterable[str]) -> None:
        """Note what happens to *companies* elsewhere than in this store; before it happens."""
        with self._writing():
            for company in companies:
                self._note_company(act, company)

    def _note_company(self, act: str, company: str, **facts: object) -> None:
        """Note an act in the log of the company and in that of the whole store: one may go."""
        for of, more in ((company, facts), (None, {"company": company, **facts})):
            self._mine.noted.append(Entry(act=act, facts=more, of=of))

    def remove(self, company: str, removed: Removed) -> Removed:
        """
        Remove all that is of *company*, all of it or nothing; return what that was.

        It is remembered until :meth:`forget`: whoever was killed in between goes on with it. Raises
        BusyError while one of its runs is at work.
        """
        with self._writing() as connection:
            before = self._remembered(connection, company)
            ids = self._at_rest(connection, company)
            _keep_numbers(connection)
            theirs = sa.select(runs.c.id).where(runs.c.company == company)
            rows = Counter(before.rows if before else {})
            for table in OF_RUNS:
                gone = connection.execute(sa.delete(table).where(table.c.run_id.in_(theirs)))
                rows[table.name] += gone.rowcount
            for table in (runs, releases, paces, jobs, schedules, *OF_CONNECTIONS):
                gone = connection.execute(sa.delete(table).where(table.c.company == company))
                rows[table.name] += gone.rowcount
            _free(connection, company)
            rows["tokens"] += let_go_of_tokens(connection, company)
            serial.drop(connection, retained(company))
            serial.drop(connection, used(company))
            first = before if before is not None and not ids else removed
            kept = evolve(first, rows=dict(rows))
            serial.keep(connection, _fact(company), _written(kept))
            if before is None or ids:
                self._note_company("company_removed", company, count=rows["runs"])
        self._given.difference_update(ids)
        return kept

    def remembered(self, company: str) -> Removed | None:
        """Return what was removed of a company whose removal has not come to its end."""
        with self._reading() as connection:
            return self._remembered(connection, company)

    def forget(self, company: str) -> None:
        """Note that a removal has come to its end."""
        with self._writing() as connection:
            serial.drop(connection, _fact(company))

    def _remembered(self, connection: Connection, company: str) -> Removed | None:
        text = serial.fact(connection, _fact(company))
        if text is None:
            return None
        at, who, rows = json.loads(text)
        return Removed(at=dt.datetime.fromisoformat(at), who=who, rows=rows)

    def _at_rest(self, connection: Connection, company: str) -> list[int]:
        """Return the runs of a company, which nobody changes until we are done; none is at work."""
        theirs = sa.select(runs.c.id).where(runs.c.company == company).order_by(runs.c.id)
        ids = list(connection.execute(locking(theirs)).scalars())
        held = sa.select(leases).where(leases.c.company == company).with_for_update()
        for row in connection.execute(held).mappings():
            if lease.is_held(row):
                raise lease.busy(row)
        fetching = sa.select(runs.c.id, runs.c.owner, runs.c.beat).where(
            runs.c.company == company, runs.c.status == Status.FETCHING.value
        )
        for row in connection.execute(fetching).mappings():
            if not is_abandoned(row):
                message = _("Run {run} is still being fetched. Wait until it has ended.")
                raise BusyError(message.format(run=row["id"]))
        return ids


_COLUMNS = (
    *(runs.c.id, runs.c.company, runs.c.status, runs.c.reason, runs.c.counts, runs.c.owner),
    *(runs.c.beat, runs.c.created_at, runs.c.sync_started_at, runs.c.finished_at),
    runs.c.chosen_by,
)


def _outcomes(connection: Connection, wanted: Sequence[int]) -> dict[int, Counter[Outcome]]:
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


def _doubts(connection: Connection, held: set[int]) -> Counter[str]:
    """Count by company the writes of which nobody knows what became; of a sync at work, none."""
    query = (
        sa.select(runs.c.company, writes.c.run_id, sa.func.count())
        .join(runs, runs.c.id == writes.c.run_id)
        .where(writes.c.result.is_(None))
        .group_by(runs.c.company, writes.c.run_id)
    )
    doubts: Counter[str] = Counter()
    for company, run_id, count in connection.execute(query):
        if run_id not in held:
            doubts[company] += count
    return doubts


def _stood(row: RowMapping, held: set[int], outcomes: Mapping[Outcome, int] | None) -> Stood:
    status, reason = Status(row["status"]), codec.remark_in(row["reason"])
    if status is Status.FETCHING and is_abandoned(row):
        status, reason = Status.FAILED, remark("interrupted")
    if status is Status.SYNCING and row["id"] not in held:
        status, reason = Status.PAUSED, remark("interrupted")
    begun = row["sync_started_at"] is not None
    return Stood(
        run=str(row["id"]),
        status=status,
        reason=reason,
        counts={Difference(name): count for name, count in row["counts"].items()},
        outcomes=(outcomes or {}) if begun else None,
        fetched_at=row["created_at"],
        sync_started_at=row["sync_started_at"],
        finished_at=row["finished_at"],
        chosen=row["chosen_by"] is not None and not begun,
    )


def is_in_use(store: Database) -> bool:
    """Return whether a process fetches or syncs, for whichever company: a file is that of all."""
    fetching = sa.select(runs.c.id, runs.c.owner, runs.c.beat).where(
        runs.c.status == Status.FETCHING.value
    )
    with store._reading() as connection:  # noqa: SLF001 - of this room
        if at_work(connection):
            return True
        rows = connection.execute(fetching).mappings().all()
    return not all(map(is_abandoned, rows))


def _keep_numbers(connection: Connection) -> None:
    """Let nothing that comes later have the number of what is removed: a file would reuse them."""
    for table in (runs, writes):
        last = connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
        serial.raise_floor(connection, table, last)


def _free(connection: Connection, company: str) -> None:
    """Leave of the leases of a company only that their tokens grow: an old one never counts."""
    theirs = sa.update(leases).where(leases.c.company == company)
    nobody = {"run_id": None, "owner": None, "who": None, "since": None}
    connection.execute(theirs.values(token=leases.c.token + 1, connection="", company="", **nobody))


def _fact(company: str) -> str:
    """Return the name of the fact that remembers a removal; a fact's name is short."""
    return f"removed:{hashlib.sha256(company.encode()).hexdigest()[:32]}"


def _written(removed: Removed) -> str:
    return json.dumps([removed.at.isoformat(), removed.who, dict(removed.rows)])
