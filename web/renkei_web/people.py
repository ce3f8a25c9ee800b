"""Who may use the dashboard, and the one-time links that let them choose how to log in."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from renkei.words.acts import Note, unnoted
from renkei.words.i18n import _
from renkei_web.database import Database, digest
from renkei_web.second_factor import forget
from renkei_web.sessions import Sessions
from renkei_web.tables import invitations, users
from renkei_web.users import (
    ENABLED,
    AccountError,
    Role,
    User,
    called,
    change_user,
    find_user,
    user_in,
)

INVITATION_S = 24 * 3600


@frozen
class People:
    """
    The people of one dashboard, and their one-time links.

    *note* is called last, before a change is committed here: it is in another database.
    """

    _database: Database
    _sessions: Sessions

    def users(self) -> list[User]:
        """Return everybody, by name."""
        with self._database.reading() as db:
            rows = db.execute(sa.select(users).order_by(sa.func.lower(users.c.name))).mappings()
            return [user_in(row) for row in rows]

    def has_admin(self) -> bool:
        """Return whether somebody who can log in may do everything."""
        with self._database.reading() as db:
            return _has_admin(db)

    def invite(self, name: str, role: Role, note: Note = unnoted) -> str:
        """
        Add somebody; return the secret of the one-time link.

        Somebody already there keeps role and link: another link is made by `reset` only.
        """
        name = name.strip()
        has_length = 0 < len(name) <= 80
        if not has_length or not name.isprintable():
            raise AccountError(_("Enter a name of at most 80 characters."))
        with self._database.writing() as db:
            known = find_user(db, called(name))
            if known is not None and known.waiting:
                message = _("A link for {name} has been made already. Use [New link].")
                raise AccountError(message.format(name=known.name))
            if known is not None:
                raise AccountError(_("There is somebody of that name already."))
            person = {"name": name, "role": role.value, "created_at": self._database.now()}
            added = db.execute(sa.insert(users).values(person)).inserted_primary_key
            assert added is not None  # noqa: S101 - an insert of one row always has one
            secret = self._new_link(db, added[0])
            note()
            return secret

    def invite_first(self, name: str, note: Note = unnoted) -> str | None:
        """
        Return the secret of a link for an administrator while none can log in, else None.

        It is for the first who is to be one and waits for a link, or, where nobody is, for *name*.
        """
        with self._database.writing() as db:
            if _has_admin(db):
                return None
            admins = sa.select(users.c.id).where(users.c.role == Role.ADMIN.value, ENABLED)
            first = db.execute(admins.order_by(users.c.id)).scalar()
            if first is not None:
                secret = self._new_link(db, first)
                note()
                return secret
        return self.invite(name, Role.ADMIN, note)

    def known(self, name: str) -> str | None:
        """Return the name of somebody as it is kept, or None: nobody is called so."""
        with self._database.reading() as db:
            user = find_user(db, called(name))
            return user.name if user else None

    def invited(self, secret: str) -> User | None:
        """Return whose one-time link this is, or None if it is used up or too old."""
        with self._database.reading() as db:
            return self.holder(db, secret)

    def holder(self, db: Connection, secret: str) -> User | None:
        """Return the same within a transaction."""
        link = invitations.c.secret == digest(secret)
        fresh = invitations.c.expires_at > self._database.now()
        whose = sa.select(invitations.c.user_id).where(link, fresh)
        return find_user(db, users.c.id.in_(whose), ENABLED)

    def use_up(self, db: Connection, user_id: int, **how: str) -> None:
        """Keep *how* somebody logs in from now on; the link works no longer."""
        change_user(db, user_id, **how)
        db.execute(sa.delete(invitations).where(invitations.c.user_id == user_id))

    def change(
        self,
        user_id: int,
        *,
        role: Role | None = None,
        disabled: bool | None = None,
        note: Note = unnoted,
    ) -> None:
        """Change what somebody may do; people who are disabled are logged out everywhere."""
        with self._database.writing() as db:
            if role is not None:
                change_user(db, user_id, role=role.value)
            if disabled is not None:
                change_user(db, user_id, disabled=int(disabled))
            if disabled:
                self._sessions.end_all(db, user_id)
            _keep_an_admin(db)
            note()

    def reset(self, user_id: int, *, last: bool = False, note: Note = unnoted) -> str:
        """
        Log somebody out everywhere, forget how they logged in; return a new one-time link.

        Their second factor is forgotten, too: who has lost the phone comes in with the link.

        Nobody does so to the last administrator, unless *last*: then the link is in good hands.
        """
        with self._database.writing() as db:
            if find_user(db, users.c.id == user_id) is None:
                raise AccountError(_("There is nobody of that name."))
            self._sessions.end_all(db, user_id)
            change_user(db, user_id, password=None, subject=None)
            forget(db, user_id)
            if not last:
                _keep_an_admin(db)
            secret = self._new_link(db, user_id)
            note()
            return secret

    def speak(self, user_id: int, language: str) -> None:
        """Remember the language that somebody reads."""
        with self._database.writing() as db:
            change_user(db, user_id, language=language)

    def _new_link(self, db: Connection, user_id: int) -> str:
        """Return the secret of the only link that works for somebody from now on."""
        secret = secrets.token_urlsafe(32)
        db.execute(sa.delete(invitations).where(invitations.c.user_id == user_id))
        until = self._database.now() + INVITATION_S
        link = {"secret": digest(secret), "user_id": user_id, "expires_at": until}
        db.execute(sa.insert(invitations).values(link))
        return secret


def _has_admin(db: Connection) -> bool:
    """Tell whether somebody can log in and do everything."""
    logs_in = sa.or_(users.c.password.is_not(None), users.c.subject.is_not(None))
    return find_user(db, users.c.role == Role.ADMIN.value, ENABLED, logs_in) is not None


def _keep_an_admin(db: Connection) -> None:
    if not _has_admin(db):
        raise AccountError(_("The last administrator cannot be taken away."))
