"""The ways in: a password, single sign-on, a one-time link. Each ends in a new session."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from renkei.words.acts import Note, unnoted
from renkei.words.i18n import _
from renkei_web import second_factor
from renkei_web.database import Database
from renkei_web.passwords import hashed, is_right
from renkei_web.people import People
from renkei_web.sessions import Sessions, whose
from renkei_web.tables import half_log_ins, users
from renkei_web.tries import Place, Tries
from renkei_web.users import ENABLED, AccountError, User, called, change_user, find_user


@frozen
class Half:
    """A log-in of which the password was right; its *secret* comes back with a code."""

    secret: str


@frozen
class Entrance:
    """
    Lets people in. Where it returns no session it has let nobody in, and tells nobody why.

    *note* is as in :class:`renkei_web.people.People`.
    """

    _database: Database
    _people: People
    _sessions: Sessions
    _tries: Tries

    def log_in(
        self, name: str, password: str, address: str, browser: str | None = None
    ) -> str | Half | None:
        """
        Return a new session, or half of one for somebody with a second factor.

        *browser* is the secret that :meth:`know` has given it.
        """
        with self._database.reading() as db:
            place = self._tries.place(db, name, address, browser)
        return self._log_in(name, password, place, address)

    def finish(self, half: str, code: str, address: str) -> str | None:
        """Return a new session for the other half of a log-in; None: the code is wrong, or late."""
        now = self._database.now()
        with self._database.writing() as db:
            user = self._waiting(db, half)
            if user is None or self._tries.refuses(db, user.name, Place.of_code(user.id)):
                return None
            self._tries.count(db, user.name, Place.of_code(user.id))
            if not second_factor.take(db, user, code, now):
                return None
            self._tries.forgive(db, user.name, Place.of_code(user.id))
            db.execute(sa.delete(half_log_ins).where(half_log_ins.c.user_id == user.id))
            self._tries.know_address(db, user.id, address)
            return self._sessions.start(db, user.id)

    def waiting(self, half: str) -> User | None:
        """Return who is still waited for with a code; None: nobody, or it is too late."""
        with self._database.reading() as db:
            return self._waiting(db, half)

    def must_wait_for_code(self, half: str) -> bool:
        """Return whether further codes are refused for a while."""
        with self._database.reading() as db:
            user = self._waiting(db, half)
            return user is not None and self._tries.refuses(db, user.name, Place.of_code(user.id))

    def confirms(self, user: User, code: str) -> bool:
        """Return whether somebody who is logged in has given a right code, which is used up."""
        now, place = self._database.now(), Place.of_code(user.id)
        with self._database.writing() as db:
            if self._tries.refuses(db, user.name, place):
                return False
            self._tries.count(db, user.name, place)
            right = second_factor.take(db, user, code, now)
            if right:
                self._tries.forgive(db, user.name, place)
            return right

    def _waiting(self, db: Connection, half: str) -> User | None:
        whose_ = second_factor.half_of(db, half, self._database.now())
        return None if whose_ is None else find_user(db, users.c.id == whose_, ENABLED)

    def log_in_subject(self, subject: str) -> str | None:
        """Return a new session for somebody of the provider; None for a stranger."""
        with self._database.writing() as db:
            user = find_user(db, users.c.subject == subject, ENABLED)
            return self._sessions.start(db, user.id) if user else None

    def accept(self, secret: str, password: str, note: Note = unnoted) -> str | None:
        """Set the password of a one-time link; return a new session, or None."""
        kept = hashed(password)  # takes long: not while the file is held
        with self._database.writing() as db:
            return self._accepted(db, self._people.holder(db, secret), note, password=kept)

    def accept_subject(self, secret: str, subject: str, note: Note = unnoted) -> str | None:
        """Tie a one-time link to somebody of the provider; return a new session, or None."""
        with self._database.writing() as db:
            user = self._people.holder(db, secret)
            if user and find_user(db, users.c.subject == subject):
                raise AccountError(_("Somebody here logs in with this single sign-on already."))
            return self._accepted(db, user, note, subject=subject)

    def set_password(self, user: User, old: str, new: str, note: Note = unnoted) -> str | None:
        """
        Change a password; return the only session that is left, a new one; None as `log_in`.

        Tries of somebody who is logged in count for themselves, whatever their address.
        """
        session = self._log_in(user.name, old, Place.of_session(user.id))
        if not isinstance(session, str):
            return None
        kept = hashed(new)
        with self._database.writing() as db:
            if whose(db, session) is None:
                return None  # locked out, or given a new link, in the meantime
            change_user(db, user.id, password=kept)
            self._sessions.end_all(db, user.id, but=session)
            note()
        return session

    def knows(self, user: User, password: str) -> bool:
        """Return whether somebody who is logged in has told their password; tries count alike."""
        place = Place.of_session(user.id)
        known = self._checked(user.name, password, place)
        with self._database.writing() as db:
            return known is not None and self._still(db, known, user.name, place)

    def must_wait(self, name: str, address: str, browser: str | None = None) -> bool:
        """Return whether further tries are refused for a while, whatever the password."""
        with self._database.reading() as db:
            return self._tries.refuses(db, name, self._tries.place(db, name, address, browser))

    def must_wait_inside(self, user: User) -> bool:
        """Return the same for somebody who is logged in and tells the old password."""
        with self._database.reading() as db:
            return self._tries.refuses(db, user.name, Place.of_session(user.id))

    def know(self, session: str, browser: str | None) -> str:
        """Return the new secret of a browser in which somebody has just logged in."""
        with self._database.writing() as db:
            return self._tries.know_browser(db, whose(db, session), browser)

    def _log_in(
        self, name: str, password: str, place: Place, address: str | None = None
    ) -> str | Half | None:
        known = self._checked(name, password, place)
        if known is None:
            return None
        with self._database.writing() as db:
            if not self._still(db, known, name, place):
                return None
            if address is not None and second_factor.is_on(db, known.id):
                return Half(second_factor.half(db, known.id, self._database.now()))
            if address is not None:
                self._tries.know_address(db, known.id, address)
            return self._sessions.start(db, known.id)

    def _checked(self, name: str, password: str, place: Place) -> sa.Row[Any, Any] | None:
        """Return id and hash of the person with this name and password; count the try."""
        # Committed before the slow look at the password: of a hundred tries at once each counts,
        # and none holds the database.
        with self._database.writing() as db:
            if self._tries.refuses(db, name, place):
                return None
            self._tries.count(db, name, place)
            query = sa.select(users.c.id, users.c.password)
            known = db.execute(query.where(called(name), ENABLED)).first()
        # Unknown names are checked, too: the time it takes must not tell who exists.
        kept = known.password if known else None
        return known if is_right(kept, password) else None

    def _still(self, db: Connection, known: sa.Row[Any, Any], name: str, place: Place) -> bool:
        """Return whether they still are somebody who may log in; then no try counts any more."""
        mine = users.c.id == known.id, users.c.password == known.password
        if find_user(db, *mine, ENABLED) is None:
            return False  # locked out, or given a new link, in the meantime
        self._tries.forgive(db, name, place)
        return True

    def _accepted(self, db: Connection, user: User | None, note: Note, **how: str) -> str | None:
        if user is None:
            return None
        self._people.use_up(db, user.id, **how)
        session = self._sessions.start(db, user.id)
        note()
        return session
