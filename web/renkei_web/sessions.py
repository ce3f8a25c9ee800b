"""Log-ins that last for a while, kept by the hash of their secret."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from renkei_web.database import Database, digest
from renkei_web.tables import browsers, half_log_ins, sessions, users
from renkei_web.users import ENABLED, User, change_user, user_in

IDLE_S = 30 * 60
ABSOLUTE_S = 12 * 3600
TOUCH_S = 30.0
"""How exactly it is known when a session was last used."""


@frozen
class Session:
    """One log-in: whose it is, and the token that every form of it carries."""

    user: User
    csrf: str


@frozen
class Sessions:
    """The sessions of one dashboard."""

    _database: Database

    def find(self, secret: str | None, *, touch: bool = True) -> Session | None:
        """Return the session of a cookie while it lasts; with *touch*, note that it was used."""
        if not secret:
            return None
        now = self._database.now()
        mine = sessions.c.secret == digest(secret)
        lasts = sa.and_(sessions.c.created_at > now - ABSOLUTE_S, sessions.c.seen_at > now - IDLE_S)
        query = sa.select(users, sessions.c.csrf, sessions.c.seen_at).join(sessions)
        with self._database.reading() as db:
            row = db.execute(query.where(mine, lasts, ENABLED)).mappings().first()
        if row is None:
            return None
        # Not on every page: writers wait for each other.
        if touch and now - row["seen_at"] > TOUCH_S:
            with self._database.writing() as db:
                db.execute(sa.update(sessions).where(mine).values(seen_at=now))
        return Session(user_in(row), row["csrf"])

    def start(self, db: Connection, user_id: int) -> str:
        """Return the secret of a new session; those that are too old are forgotten."""
        now, secret = self._database.now(), secrets.token_urlsafe(32)
        db.execute(sa.delete(sessions).where(sessions.c.created_at < now - ABSOLUTE_S))
        session = {
            "secret": digest(secret),
            "user_id": user_id,
            "csrf": secrets.token_urlsafe(32),
            "created_at": now,
            "seen_at": now,
        }
        db.execute(sa.insert(sessions).values(session))
        change_user(db, user_id, logged_in_at=now)
        return secret

    def end(self, secret: str) -> None:
        """End one session."""
        with self._database.writing() as db:
            db.execute(sa.delete(sessions).where(sessions.c.secret == digest(secret)))

    def end_all(self, db: Connection, user_id: int, *, but: str | None = None) -> None:
        """Log somebody out, *but* from one session; half a log-in ends, and no browser is known."""
        kept = digest(but or "")
        others = sa.and_(sessions.c.user_id == user_id, sessions.c.secret != kept)
        db.execute(sa.delete(sessions).where(others))
        db.execute(sa.delete(half_log_ins).where(half_log_ins.c.user_id == user_id))
        db.execute(sa.delete(browsers).where(browsers.c.user_id == user_id))


def whose(db: Connection, secret: str) -> int | None:
    """Return the id of the person whose session this is."""
    mine = sessions.c.secret == digest(secret)
    found: int | None = db.execute(sa.select(sessions.c.user_id).where(mine)).scalar()
    return found
