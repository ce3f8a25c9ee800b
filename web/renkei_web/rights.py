"""What somebody may do with each of several companies."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from attrs import field, frozen

from renkei.words.acts import Note, unnoted
from renkei_web.database import Database
from renkei_web.tables import rights
from renkei_web.users import Role, User

EVERY = "*"
"""In the place of a company: all of them, also those that are added later."""


@frozen
class Held:
    """What one person may do: with all companies *at_least* this, with some of them more."""

    at_least: Role = Role.NONE
    by_company: Mapping[str, Role] = field(factory=dict)

    def of(self, company: str) -> Role:
        """Return what this person may do with *company*."""
        own = self.by_company.get(company, Role.NONE)
        return own if own.includes(self.at_least) else self.at_least


@frozen
class Rights:
    """The rights of all people, by company; administrators need none."""

    _database: Database

    def of(self, user: User, company: str) -> Role:
        """Return what somebody may do with *company*; "" is the only one, which has no name."""
        if user.is_admin or not company:
            return user.role
        return self.held(user).of(company)

    def held(self, user: User) -> Held:
        """Return what somebody may do with all companies."""
        if user.is_admin:
            return Held(Role.ADMIN)
        return self._read(rights.c.user_id == user.id).get(user.id, Held())

    def all(self) -> Mapping[int, Held]:
        """Return the same of everybody who has any, by the id of the person."""
        return self._read()

    def give(
        self, user_id: int, companies: Collection[str], role: Role, note: Note = unnoted
    ) -> None:
        """
        Let somebody have *role* with these companies from now on, in place of what they had.

        *note* is as in :class:`renkei_web.people.People`.
        """
        given = companies if role.sees else ()
        with self._database.writing() as db:
            theirs = sa.and_(rights.c.user_id == user_id, rights.c.company.in_(companies))
            db.execute(sa.delete(rights).where(theirs))
            for company in given:
                row: dict[str, Any] = {"user_id": user_id, "company": company, "role": role.value}
                db.execute(sa.insert(rights).values(row))
            note()

    def _read(self, *conditions: sa.ColumnElement[bool]) -> dict[int, Held]:
        query = sa.select(rights).where(*conditions).order_by(rights.c.company)
        found: dict[int, dict[str, Role]] = {}
        with self._database.reading() as db:
            for row in db.execute(query):
                found.setdefault(row.user_id, {})[row.company] = Role(row.role)
        held: dict[int, Held] = {}
        for user, by_company in found.items():
            at_least = by_company.pop(EVERY, Role.NONE)
            held[user] = Held(at_least, by_company)
        return held
