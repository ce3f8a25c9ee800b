"""What the dashboard knows of a company, where its runs go: by age, with it, or to another one."""

from __future__ import annotations

import sqlalchemy as sa

from renkei.errors import RenkeiError
from renkei.logs import log
from renkei.runs import Carried, Runs
from renkei_web.database import Database, existing
from renkei_web.drafts import Drafts
from renkei_web.tables import drafts, rights, users
from renkei_web.users import Role


def forget(place: str, company: str) -> None:
    """Remove rights and ticks of a company in the database at *place*: another may be called so."""
    with existing(place) as database:
        if database is None:
            return
        with database.writing() as db:
            for table in (rights, drafts):
                db.execute(sa.delete(table).where(table.c.company == company))


def forget_ticks(place: str) -> None:
    """Remove all ticks: a store that was put back gives the numbers of its newer runs once more."""
    with existing(place) as database:
        if database is None:
            return
        with database.writing() as db:
            db.execute(sa.delete(drafts))


def let_go(place: str, runs: Runs) -> None:
    """
    Remove the ticks in runs whose values are there no longer: they name people, too.

    Whatever hinders it is a line in the log, and the next call does it: a purge has to work on a
    full disk.
    """
    try:
        with existing(place) as database:
            if database is not None:
                _let_go(database, runs)
    except RenkeiError as error:
        log.warning("ticks_kept", code=error.code)


def _let_go(database: Database, runs: Runs) -> None:
    ours = drafts.c.company == runs.config.company.name
    with database.reading() as db:
        kept = set(db.execute(sa.select(drafts.c.run).where(ours).distinct()).scalars())
    gone = kept - runs.with_values(kept)
    if gone:
        with database.writing() as db:
            db.execute(sa.delete(drafts).where(ours, drafts.c.run.in_(gone)))


def carry(place: str, company: str, user: int, carried: Carried) -> None:
    """Tick those of a new run who were carried over from an earlier one; a second time is none."""
    with existing(place) as database:
        if database is None:
            return
        theirs = Drafts(database, company)
        before = theirs.of(user, carried.run.again_of or "")
        if theirs.of(user, carried.run.id).revision == 0:
            with theirs.changing(user, carried.run.id) as draft:
                draft.carry(carried, before)


def adopt(place: str, company: str) -> None:
    """Carry rights on the only company over to *company*, where its runs are now."""
    has_one = sa.select(rights.c.user_id).where(rights.c.company == company)
    theirs = users.c.role.not_in([Role.NONE.value, Role.ADMIN.value]), users.c.id.not_in(has_one)
    found = sa.select(users.c.id, sa.literal(company), users.c.role).where(*theirs)
    with existing(place) as database:
        if database is None:
            return
        with database.writing() as db:
            db.execute(sa.insert(rights).from_select(["user_id", "company", "role"], found))
            db.execute(sa.update(drafts).where(drafts.c.company == "").values(company=company))
