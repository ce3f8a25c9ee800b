"""What the dashboard knows of a company that is removed or takes over, or of a store put back."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from renkei_web.database import Database
from renkei_web.tables import drafts, rights, users
from renkei_web.users import Role


def forget(path: Path, company: str) -> None:
    """Remove rights and ticks of a company in the database at *path*: another may be called so."""
    if not path.exists():
        return
    with Database(path).writing() as db:
        for table in (rights, drafts):
            db.execute(sa.delete(table).where(table.c.company == company))


def forget_ticks(path: Path) -> None:
    """Remove all ticks: a store that was put back gives the numbers of its newer runs once more."""
    if not path.exists():
        return
    with Database(path).writing() as db:
        db.execute(sa.delete(drafts))


def adopt(path: Path, company: str) -> None:
    """Let whoever had a right on the only company have it on *company*, where its runs are now."""
    if not path.exists():
        return
    has_one = sa.select(rights.c.user_id).where(rights.c.company == company)
    theirs = users.c.role.not_in([Role.NONE.value, Role.ADMIN.value]), users.c.id.not_in(has_one)
    found = sa.select(users.c.id, sa.literal(company), users.c.role).where(*theirs)
    with Database(path).writing() as db:
        db.execute(sa.insert(rights).from_select(["user_id", "company", "role"], found))
        db.execute(sa.update(drafts).where(drafts.c.company == "").values(company=company))
