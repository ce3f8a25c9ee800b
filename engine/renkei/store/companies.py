"""What is about all companies of a store: how each stands, who joins one, and who leaves.

Everything else of a store looks at one company only. So whatever looks over the walls is here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import sqlalchemy as sa
from attrs import evolve, field, frozen
from sqlalchemy.engine import Connection

from renkei.errors import BusyError, UsageError
from renkei.model import Noted, Status
from renkei.store import lease, serial
from renkei.store.accounts import used
from renkei.store.alerts import (
    ALL,
    Alert,
    Gathering,
    Once,
    alert_in,
    gather,
    give_back,
    give_back_once,
    note_files,
    once,
    week,
)
from renkei.store.audit import Entry
from renkei.store.database import Database, locking
from renkei.store.due import Due
from renkei.store.figures import FiguresOfAll
from renkei.store.log import AuditLog
from renkei.store.plans import Plans
from renkei.store.purge import Purge, retained
from renkei.store.schedules import job_in
from renkei.store.stands import (
    Direction,
    Missed,
    Stood,
    at_work,
    directions,
    missed,
)
from renkei.store.tables import (
    accounts,
    alerts,
    audit,
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
from renkei.store.views import is_abandoned
from renkei.store.workers import Workers
from renkei.words.i18n import _

OF_RUNS = (writes, items)
"""What belongs to a company through its runs, in the order in which it can be deleted."""

SWEPT = "told_on"
"""The name of the fact that tells on which day everybody was told last without a run."""

OF_CONNECTIONS = (accounts, known_accounts, own_fields)
"""What a company knows of its connections; each has a row."""

OF_A_COMPANY = (runs, releases, paces, alerts, jobs, schedules, *OF_CONNECTIONS)
"""What goes with a company; what belongs to its runs goes before."""


@frozen(kw_only=True)
class Stands:
    """How a company stands: its *newest* run, the one that was synced last, writes *in_doubt*."""

    newest: Stood | None = None
    synced: Stood | None = None
    in_doubt: int = 0

    @classmethod
    def of(cls, found: Sequence[Direction]) -> Stands:
        """Return how a company stands by its directions."""
        newest = [each.newest for each in found]
        synced = [each.synced for each in found if each.synced is not None]
        return cls(
            newest=max(newest, key=_age, default=None),
            synced=max(synced, key=_age, default=None),
            in_doubt=sum(each.in_doubt for each in found),
        )


def _age(stood: Stood) -> int:
    return int(stood.run)


@frozen(kw_only=True)
class Removed:
    """What was removed of a company, and when: rows by what they are."""

    at: dt.datetime
    who: str
    rows: Mapping[str, int] = field(factory=dict)


class Companies(Plans, Purge, AuditLog, Due, Workers, FiguresOfAll):
    """A store as those see it who keep all of its companies."""

    def directions(self, now: dt.datetime) -> dict[str, list[Direction]]:
        """Return how the directions of each company stand; a handful of queries for all."""
        with self._reading() as connection:
            found = directions(connection, now, company=None, given=set())
        by_company: dict[str, list[Direction]] = {}
        for each in found:
            by_company.setdefault(each.company, []).append(each)
        return by_company

    def missed(self, now: dt.datetime) -> list[Missed]:
        """Return the schedules of all companies whose last run did not take place."""
        with self._reading() as connection:
            return missed(connection, now, company=None)

    def note_files(self, companies: Collection[str], now: dt.datetime) -> None:
        """Keep of which *companies* the files have mistakes now; those of all others have none."""
        with self._writing() as connection:
            note_files(connection, companies, now)

    def wrong_files(self) -> set[str]:
        """Return the companies that are kept by :meth:`note_files`."""
        query = sa.select(alerts.c.company).where(
            alerts.c.kind == "file", alerts.c.ended_at.is_(None)
        )
        with self._reading() as connection:
            return set(connection.execute(query).scalars())

    def gather(self, kind: str, now: dt.datetime) -> Gathering | None:
        """
        Claim what is open of a *kind*, over all companies, and was not gathered today.

        At most one gathering an hour is told of: until then what comes waits for the next one.
        """
        with self._writing() as connection:
            return gather(connection, kind, now)

    def give_back_gathered(self, gathering: Gathering) -> None:
        """Let what was gathered be told of by the next one: it has certainly reached nobody."""
        with self._writing() as connection:
            give_back(connection, gathering)

    def once(self, key: str, kind: str, now: dt.datetime, *, day: dt.date) -> Once | None:
        """Claim what is told of for the first time on or after *day*, to the whole installation."""
        with self._writing() as connection:
            return once(connection, ALL, key, kind, now, day=day)

    def give_back_once(self, claimed: Once) -> None:
        """Let it be told of by the next one: it has certainly reached nobody."""
        with self._writing() as connection:
            give_back_once(connection, ALL, claimed)

    def swept_on(self) -> dt.date | None:
        """Return the day of :meth:`note_swept`, or None."""
        kept = self._fact(SWEPT)
        return None if kept is None else dt.date.fromisoformat(kept)

    def note_swept(self, day: dt.date) -> None:
        """Keep that on this day everybody was told what had come up, or lasts, without a run."""
        with self._writing() as connection:
            serial.keep(connection, SWEPT, day.isoformat())

    def alerts(self) -> list[Alert]:
        """Return all that is kept of what people were told of, of every company."""
        with self._reading() as connection:
            rows = connection.execute(sa.select(alerts)).mappings()
            return [alert_in(row) for row in rows]

    def week(self, since: dt.datetime, until: dt.datetime) -> dict[str, int]:
        """Count what was done in a span of time, by all companies."""
        with self._reading() as connection:
            return week(connection, None, since, until)

    def count_runs(self, companies: Iterable[str]) -> dict[str, int]:
        """
        Return how many runs each of some companies has that has any.

        "" are those of before there were companies.
        """
        query = sa.select(runs.c.company, sa.func.count().label("runs")).group_by(runs.c.company)
        with self._reading() as connection:
            found = connection.execute(query.where(runs.c.company.in_(list(companies))))
            return {row.company: row.runs for row in found}

    def scheduled(self) -> set[str]:
        """Return the companies that have schedules whose times count."""
        with self._reading() as connection:
            return set(connection.execute(sa.select(schedules.c.company).distinct()).scalars())

    def kept_of(self, companies: Iterable[str]) -> set[str]:
        """Return of which of some companies anything is kept beside their log, be it no run."""
        names = list(companies)
        found: set[str] = set()
        with self._reading() as connection:
            for table in OF_A_COMPANY:
                query = sa.select(table.c.company).where(table.c.company.in_(names)).distinct()
                found.update(connection.execute(query).scalars())
        return found

    def adopt(self, company: str) -> int:
        """
        Let all that is of no company be of *company*, or nothing of it; return how many runs.

        It is remembered until :meth:`forget`: after a kill in between, the same is told once
        more. Raises BusyError while one of these runs or jobs is at work, UsageError if there is
        none.
        """
        from renkei.store import vault  # it speaks OAuth, which the list of companies never does

        with self._writing() as connection:
            self._hold_company(connection, "", alone=True)
            ids = self._at_rest(connection, "")
            before = int(serial.fact(connection, _fact(company, "adopted")) or 0)
            if not ids and before:
                return before
            if not ids:
                message = _("There are no runs without a company.")
                raise UsageError(message, code="nothing_to_adopt")
            _drop_older(connection, company)
            for table in (runs, releases, leases, paces, jobs, schedules, *OF_CONNECTIONS):
                moved = sa.update(table).where(table.c.company == "")
                connection.execute(moved.values(company=company))
            connection.execute(sa.delete(alerts).where(alerts.c.company == ""))  # told of anew
            vault.let_go_of_tokens(connection, "", heir=company)
            for each in ("", company):
                serial.drop(connection, used(each))
            # Added up: the next call, after a kill, may find runs that have come since.
            serial.keep(connection, _fact(company, "adopted"), str(before + len(ids)))
            self._note_company("company_adopted", company, count=len(ids))
        return before + len(ids)

    def note_companies(self, act: str, companies: Iterable[str]) -> None:
        """Note what happens to *companies* elsewhere than in this store; before it happens."""
        with self._writing():
            for company in companies:
                self._note_company(act, company)

    def note_rights(
        self, companies: Iterable[str], user: str, role: str, named: Sequence[str]
    ) -> None:
        """
        Note that *user* is given a *role*, before it happens: in the log of each of the companies.

        That of the whole store has what was *named*; a company reads of no other one.
        """
        with self._writing():
            facts = {"user": user, "role": role}
            self._note("rights_given", **facts, companies=list(named))
            for company in companies:
                entry = Entry(act="rights_given", facts=facts, of=company)
                self._mine.noted.append(entry)

    def lines_of_removed(
        self, name: str, since: dt.datetime | None = None, until: dt.datetime | None = None
    ) -> Iterator[Noted]:
        """Yield what stands in the log of those called *name* that are there no longer."""
        end = self._begin(name)
        query = sa.select(audit).where(audit.c.company == name, audit.c.line <= end)
        yield from self._told(query, 0, since, until)

    def _note_company(self, act: str, company: str, **facts: object) -> None:
        """Note an act in the log of the company and in that of the whole store: one may go."""
        for of, more in ((company, facts), (None, {"company": company, **facts})):
            self._mine.noted.append(Entry(act=act, facts=more, of=of))

    def remove(self, company: str, removed: Removed) -> Removed:
        """
        Remove all that is of *company*, all of it or nothing; return what that was.

        It is remembered until :meth:`forget`: after a kill in between, it goes on. Raises
        BusyError while one of its runs or jobs is at work; a process that has the store open for
        it, and only begins later, is refused then.
        """
        from renkei.store import vault  # as above

        with self._writing() as connection:
            self._hold_company(connection, company, alone=True)
            before = self._remembered(connection, company)
            ids = self._at_rest(connection, company)
            count = int(self._removed(connection, company) or 0) + 1
            serial.keep(connection, serial.removals(company), str(count))
            _keep_numbers(connection)
            theirs = sa.select(runs.c.id).where(runs.c.company == company)
            rows = Counter(before.rows if before else {})
            for table in OF_RUNS:
                gone = connection.execute(sa.delete(table).where(table.c.run_id.in_(theirs)))
                rows[table.name] += gone.rowcount
            # Its audit log stays: it proves the removal. docs/decisions/2026-11-29-audit-log.md
            for table in OF_A_COMPANY:
                gone = connection.execute(sa.delete(table).where(table.c.company == company))
                rows[table.name] += gone.rowcount
            _free(connection, company)
            rows["tokens"] += vault.let_go_of_tokens(connection, company)
            serial.drop(connection, retained(company))
            serial.drop(connection, used(company))
            if before is None or ids:
                first = removed
                self._note_company("company_removed", company, count=rows["runs"])
            else:  # cut off after this step: the removal keeps its time and person
                first = before
            kept = evolve(first, rows=dict(rows))
            serial.keep(connection, _fact(company), _written(kept))
        self._given.difference_update(ids)
        return kept

    def remembered(self, company: str) -> Removed | None:
        """Return what was removed of a company whose removal has not come to its end."""
        with self._reading() as connection:
            return self._remembered(connection, company)

    def forget(self, company: str) -> None:
        """Note that a removal, or an adoption, has come to its end."""
        with self._writing() as connection:
            for what in ("removed", "adopted"):
                serial.drop(connection, _fact(company, what))

    def _remembered(self, connection: Connection, company: str) -> Removed | None:
        text = serial.fact(connection, _fact(company))
        if text is None:
            return None
        at, who, rows = json.loads(text)
        return Removed(at=dt.datetime.fromisoformat(at), who=who, rows=rows)

    def _at_rest(self, connection: Connection, company: str) -> list[int]:
        """
        Return the runs of a company, which nobody changes until we are done.

        Neither one of them is at work then nor a job.
        """
        # Jobs, runs, leases: the order of locks that renkei.store.database names.
        open_ = sa.select(jobs).where(jobs.c.company == company, jobs.c.ended_at.is_(None))
        for row in connection.execute(locking(open_)).mappings():
            if not job_in(row).free:
                raise BusyError(_("A job is being done at this moment. Wait until it has ended."))
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


def is_in_use(store: Database) -> bool:
    """
    Return whether a process fetches or syncs that would have to wait while the store is cleared up.

    For whichever company: a file is that of all. On a server nobody waits for anybody.
    """
    if store._on_server:  # noqa: SLF001 - of this room
        return False
    fetching = sa.select(runs.c.id, runs.c.owner, runs.c.beat).where(
        runs.c.status == Status.FETCHING.value
    )
    with store._reading() as connection:  # noqa: SLF001 - of this room
        if at_work(connection):
            return True
        rows = connection.execute(fetching).mappings().all()
    return not all(map(is_abandoned, rows))


def told_to_others(store: Database, ids: Collection[str]) -> list[tuple[str, str]]:
    """
    Return company and connection of all others to whom one of these *ids* of an account was told.

    It looks over the walls on purpose: two tokens may open one account
    (docs/decisions/2026-11-29-two-tokens-of-one-account.md).
    """
    told = known_accounts.c
    query = sa.select(told.company, told.connection, told.ids).order_by(told.company)
    asked = set(ids)
    with store._reading() as connection:  # noqa: SLF001 - of this room
        rows = connection.execute(query.where(told.company != store.company))
        return [(row.company, row.connection) for row in rows if asked.intersection(row.ids)]


def _drop_older(connection: Connection, company: str) -> None:
    """Remove connections and schedules of no company that *company* has, too: its own are newer."""
    for table in OF_CONNECTIONS:
        theirs = sa.select(table.c.connection).where(table.c.company == company)
        known = table.c.company == "", table.c.connection.in_(theirs)
        connection.execute(sa.delete(table).where(*known))
    theirs = sa.select(schedules.c.name).where(schedules.c.company == company)
    for table, name in ((jobs, jobs.c.schedule), (schedules, schedules.c.name)):
        known = table.c.company == "", name.in_(theirs)
        connection.execute(sa.delete(table).where(*known))


def _keep_numbers(connection: Connection) -> None:
    """Let nothing that comes later have the number of what is removed: a file would reuse them."""
    for table in (runs, writes, releases):
        last = connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
        serial.raise_floor(connection, table, last)


def _free(connection: Connection, company: str) -> None:
    """Leave of the leases of a company only that their tokens grow: an old one never counts."""
    theirs = sa.update(leases).where(leases.c.company == company)
    nobody = {"run_id": None, "owner": None, "who": None, "since": None}
    connection.execute(theirs.values(token=leases.c.token + 1, connection="", company="", **nobody))


def _fact(company: str, what: str = "removed") -> str:
    """Return the name of the fact that remembers a removal, or another act; it is short."""
    return f"{what}:{hashlib.sha256(company.encode()).hexdigest()[:32]}"


def _written(removed: Removed) -> str:
    return json.dumps([removed.at.isoformat(), removed.who, dict(removed.rows)])
