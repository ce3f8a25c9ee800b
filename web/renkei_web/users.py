"""
Somebody who may use the dashboard, as a record and as a row.

Nothing in here opens anything by itself: passwords are kept as Argon2id. Whoever logs in with
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
    """What somebody may do: everything, or read reports."""

    ADMIN = "admin"
    VIEWER = "viewer"


@frozen(kw_only=True)
class User:
    """Somebody who may log in, *by_password* or otherwise; *waiting* until the link is used."""

    id: int
    name: str
    role: Role
    disabled: bool
    waiting: bool
    by_password: bool
    language: str | None

    @property
    def is_admin(self) -> bool:
        """Whether this person may do everything."""
        return self.role is Role.ADMIN


class AccountError(Exception):
    """What cannot be done, in one sentence for the person who asked."""


def find_user(db: Connection, *conditions: sa.ColumnElement[bool]) -> User | None:
    """Return the one person of whom all *conditions* are true, or None."""
    row = db.execute(sa.select(users).where(*conditions)).mappings().first()
    return user_in(row) if row else None


def change_user(db: Connection, user_id: int, **columns: str | int | None) -> None:
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
    )
