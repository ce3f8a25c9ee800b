"""
Somebody who may use the dashboard, as a record and as a row.

Nothing in here opens anything by itself: passwords are kept as Argon2id. Somebody who logs in with
single sign-on has a subject instead of a password: who they are to the provider, issuer and all.
"""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection, RowMapping

from renkei_web.tables import users

ENABLED = users.c.disabled == 0


class Role(StrEnum):
    """
    What somebody may do with a company; each includes those before it.

    ``counts``: see counts and nobody. ``viewer``: read reports. ``operator``: fetch, choose and
    sync. ``admin``: change settings.
    """

    NONE = "none"
    COUNTS = "counts"
    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    @property
    def sees(self) -> bool:
        """Return whether somebody with this role sees anything."""
        return self is not Role.NONE

    def includes(self, other: Role) -> bool:
        """Return whether somebody with this role may do what *other* allows."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@frozen(kw_only=True)
class User:
    """
    Somebody who may log in, *by_password* or otherwise; *waiting* until the link is used.

    *role* is what they may do where there is one company without a name; an administrator of that
    one is an administrator of everything. *created_at* and *logged_in_at* are seconds since 1970.
    """

    id: int
    name: str
    role: Role
    disabled: bool
    waiting: bool
    by_password: bool
    language: str | None
    created_at: float
    logged_in_at: float | None

    @property
    def is_admin(self) -> bool:
        """Whether this person may do everything, with every company."""
        return self.role is Role.ADMIN


class AccountError(Exception):
    """What cannot be done, in one sentence for the person who asked."""


def find_user(db: Connection, *conditions: sa.ColumnElement[bool]) -> User | None:
    """Return the one person of whom all *conditions* are true, or None."""
    row = db.execute(sa.select(users).where(*conditions)).mappings().first()
    return user_in(row) if row else None


def called(name: str) -> sa.ColumnElement[bool]:
    """Return the condition that somebody has this name, whatever the case of its A to Z."""
    if "\0" in name:  # nobody has, and a server takes no such text
        return sa.false()
    # A to Z only, as both databases compare: docs/decisions/2026-11-29-dashboard-on-postgresql.md
    letters = [each.lower() if each.isascii() else each for each in name.strip()]
    plain = "".join(letters)
    return sa.func.lower(users.c.name) == plain


def change_user(db: Connection, user_id: int, **columns: str | float | None) -> None:
    """Change some columns of somebody."""
    db.execute(sa.update(users).where(users.c.id == user_id).values(columns))


def user_in(row: RowMapping) -> User:
    """Return the person in a row of the table of users."""
    return User(
        id=row["id"],
        name=row["name"],
        role=Role(row["role"]),
        disabled=bool(row["disabled"]),
        waiting=row["password"] is None and row["subject"] is None,
        by_password=row["password"] is not None,
        language=row["language"],
        created_at=row["created_at"],
        logged_in_at=row["logged_in_at"],
    )
