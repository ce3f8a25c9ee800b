"""
Who may use the dashboard: people, invitations, sessions, tries to log in, in a file of its own.

Nothing in here opens anything by itself: passwords are kept as Argon2id, the secrets of sessions
and invitations as hashes only. Whoever logs in with single sign-on has a subject instead of a
password: who they are to the provider, issuer and all. Times are seconds since 1970.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path

from attrs import frozen

from renkei import files as placing
from renkei.errors import StoreError
from renkei.words.i18n import _
from renkei_web.passwords import hashed, is_right

IDLE_S = 30 * 60
ABSOLUTE_S = 12 * 3600
INVITATION_S = 24 * 3600
WINDOW_S = 15 * 60

KNOWN_S = 180 * 24 * 3600
"""How long a browser in which somebody has logged in is known as theirs."""

TRIES_PAIR = 5
"""
Wrong passwords for one name from one address in a quarter of an hour; then it has to wait.

A browser that is known counts for itself: whoever guesses at its address does not hold it back.
"""

TRIES_ADDRESS = 30
TRIES_NAME = 100
"""Far more for a name from anywhere. Neither holds back where that person has logged in before."""

SCHEMA = """
create table users (
  id integer primary key, name text not null unique collate nocase, role text not null,
  password text, subject text unique, disabled integer not null default 0, language text,
  created_at real not null,
  waiting integer not null as (password is null and subject is null)
);
create table invitations (
  secret text primary key, user_id integer not null references users, expires_at real not null
);
create table sessions (
  secret text primary key, user_id integer not null references users, csrf text not null,
  created_at real not null, seen_at real not null
);
create table tries (name text not null, address text not null, at real not null);
create table places (
  user_id integer not null references users, address text not null, primary key (user_id, address)
);
create table workers (run text primary key, pid integer not null, started real not null);
create table drafts (
  user_id integer not null references users, run text not null, document text not null,
  primary key (user_id, run)
);
pragma user_version = 1;
"""

BROWSERS = """
create table if not exists browsers (
  secret text not null, user_id integer not null references users, at real not null,
  primary key (secret, user_id)
);
"""
"""What 0.1.0 did not have: the browsers that are known, by the hash of their cookie."""


KNOWN_BROWSER = (
    "select 1 from browsers join users on id = user_id"
    " where name = :name and secret = :browser and at > :since"
)
KNOWN_PLACE = (
    "select 1 from places join users on id = user_id where name = :name and address = :address"
)
PLACE = (
    "insert or ignore into places select user_id, :address from sessions where secret = :session"
)


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


@frozen
class Session:
    """One log-in: whose it is, and the token that every form of it carries."""

    user: User
    csrf: str


@frozen
class Place:
    """
    Where somebody tries to log in: what tries are *counted* by, an address or a known browser.

    *known*: the person has logged in there before, so what others do there does not count.
    """

    counted: str
    known: bool = True


class AccountError(Exception):
    """What cannot be done, in one sentence for the person who asked."""


class Accounts:
    """The people of one dashboard, in the SQLite file at *path*, readable by its owner only."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self._path = path
        self._now = now
        try:
            if not path.exists():
                _create(path)
            _keep_from_others(path)
            self.users()
            with self._open() as db:
                db.execute(BROWSERS)
        except (OSError, sqlite3.Error):
            message = _("{place} is damaged or is no store of renkei. Restore it from a backup.")
            raise StoreError(message.format(place=path), where=str(path)) from None

    # --- people -----------------------------------------------------------------------------

    def users(self) -> list[User]:
        """Return everybody, by name."""
        with self._open() as db:
            return [_user(row) for row in db.execute("select * from users order by name")]

    def has_admin(self) -> bool:
        """Return whether somebody who can log in may do everything."""
        with self._open() as db:
            return _admins(db) > 0

    def invite(self, name: str, role: Role) -> str:
        """
        Add somebody; return the secret of the one-time link.

        Whoever is there already keeps role and link: another link is made by `reset` only.
        """
        name = name.strip()
        if not 0 < len(name) <= 80 or not name.isprintable():
            raise AccountError(_("Enter a name of at most 80 characters."))
        with self._open() as db:
            known = db.execute("select name, waiting from users where name = ?", (name,)).fetchone()
            if known is not None and known["waiting"]:
                message = _("A link for {name} has been made already. Use [New link].")
                raise AccountError(message.format(name=known["name"]))
            if known is not None:
                raise AccountError(_("There is somebody of that name already."))
            added = "insert into users (name, role, created_at) values (?, ?, ?)"
            db.execute(added, (name, role, self._now()))
            row = db.execute("select id from users where name = ?", (name,)).fetchone()
            return self._new_link(db, row["id"])

    def invite_first(self, name: str) -> str | None:
        """
        Return the secret of a link for an administrator while none can log in, else None.

        It is for whoever is to be one and waits for a link, or, where nobody is, for *name*.
        """
        with self._open() as db:
            if _admins(db):
                return None
            query = "select id from users where role = 'admin' and not disabled order by id"
            row = db.execute(query).fetchone()
            if row is not None:
                return self._new_link(db, row["id"])
        return self.invite(name, Role.ADMIN)

    def invited(self, secret: str) -> User | None:
        """Return whose one-time link this is, or None if it is used up or too old."""
        with self._open() as db:
            return self._invited(db, secret)

    def accept(self, secret: str, password: str) -> str | None:
        """Set the password of a one-time link; return the secret of a new session, or None."""
        kept = hashed(password)  # takes long: not while the file is held
        with self._open() as db:
            user = self._invited(db, secret)
            if user is None:
                return None
            db.execute("update users set password = ? where id = ?", (kept, user.id))
            db.execute("delete from invitations where user_id = ?", (user.id,))
            return self._new_session(db, user.id)

    def accept_subject(self, secret: str, subject: str) -> str | None:
        """Tie a one-time link to somebody of the provider; return a new session, or None."""
        with self._open() as db:
            user = self._invited(db, secret)
            if user is None:
                return None
            if db.execute("select 1 from users where subject = ?", (subject,)).fetchone():
                raise AccountError(_("Somebody here logs in with this single sign-on already."))
            db.execute("update users set subject = ? where id = ?", (subject, user.id))
            db.execute("delete from invitations where user_id = ?", (user.id,))
            return self._new_session(db, user.id)

    def set_password(self, user: User, old: str, new: str) -> str | None:
        """
        Change a password; return the only session that is left, a new one; None as `log_in`.

        Tries of somebody who is logged in count for themselves, whatever their address.
        """
        session = self._log_in(user.name, old, _of_session(user.id))
        if session is None:
            return None
        kept = hashed(new)
        with self._open() as db:
            mine = "select 1 from sessions where secret = ?"
            if db.execute(mine, (_hash(session),)).fetchone() is None:
                return None  # locked out, or given a new link, in the meantime
            db.execute("update users set password = ? where id = ?", (kept, user.id))
            others = "delete from sessions where user_id = ? and secret != ?"
            db.execute(others, (user.id, _hash(session)))
            db.execute("delete from browsers where user_id = ?", (user.id,))
        return session

    def change(
        self, user_id: int, *, role: Role | None = None, disabled: bool | None = None
    ) -> None:
        """Change what somebody may do; whoever is disabled is logged out everywhere."""
        with self._open() as db:
            if role is not None:
                db.execute("update users set role = ? where id = ?", (role, user_id))
            if disabled is not None:
                db.execute("update users set disabled = ? where id = ?", (disabled, user_id))
            if disabled:
                _forget(db, user_id)
            _keep_an_admin(db)

    def reset(self, user_id: int, *, last: bool = False) -> str:
        """
        Log somebody out everywhere, forget how they logged in; return a new one-time link.

        Nobody does so to the last administrator, unless *last*: then the link is in good hands.
        """
        with self._open() as db:
            if db.execute("select 1 from users where id = ?", (user_id,)).fetchone() is None:
                raise AccountError(_("There is nobody of that name."))
            _forget(db, user_id)
            db.execute("update users set password = null, subject = null where id = ?", (user_id,))
            if not last:
                _keep_an_admin(db)
            return self._new_link(db, user_id)

    def speak(self, user_id: int, language: str) -> None:
        """Remember the language that somebody reads."""
        with self._open() as db:
            db.execute("update users set language = ? where id = ?", (language, user_id))

    # --- log-in -----------------------------------------------------------------------------

    def log_in(
        self, name: str, password: str, address: str, browser: str | None = None
    ) -> str | None:
        """
        Return the secret of a new session; None if anything is wrong, or after too many tries.

        *browser* is the secret that :meth:`know` gave it. A try counts before the password is
        looked at: a hundred at once are a hundred. One that is refused unseen does not count:
        whoever goes on trying locks nobody out any longer.
        """
        session = self._log_in(name, password, self._place(name, address, browser))
        if session is not None:
            with self._open() as db:
                db.execute(PLACE, {"session": _hash(session), "address": address})
        return session

    def know(self, session: str, browser: str | None) -> str:
        """
        Return the new secret of a browser in which somebody has just logged in.

        Whoever else has logged in there stays known; its old secret, which somebody may have
        planted, is worth nothing any more.
        """
        secret, now = secrets.token_urlsafe(32), self._now()
        with self._open() as db:
            db.execute("delete from browsers where at < ?", (now - KNOWN_S,))
            moved = "update browsers set secret = ? where secret = ?"
            db.execute(moved, (_hash(secret), _hash(browser or "")))
            known = "insert or replace into browsers select ?, user_id, ? from sessions"
            db.execute(f"{known} where secret = ?", (_hash(secret), now, _hash(session)))
        return secret

    def _log_in(self, name: str, password: str, place: Place) -> str | None:
        with self._open() as db:
            if self._throttled(db, name, place):
                return None
            tried = (_plain(name), place.counted, self._now())
            db.execute("insert into tries values (?, ?, ?)", tried)
            row = db.execute("select * from users where name = ?", (name.strip(),)).fetchone()
        kept = row["password"] if row and not row["disabled"] else None
        if not is_right(kept, password):
            return None
        with self._open() as db:
            same = "select 1 from users where id = ? and password = ? and not disabled"
            if db.execute(same, (row["id"], kept)).fetchone() is None:
                return None  # locked out, or given a new link, in the meantime
            mine = "delete from tries where name = ? and address = ?"
            db.execute(mine, (_plain(name), place.counted))
            return self._new_session(db, row["id"])

    def log_in_subject(self, subject: str) -> str | None:
        """Return the secret of a new session for somebody of the provider; None for a stranger."""
        with self._open() as db:
            query = "select id from users where subject = ? and not disabled"
            row = db.execute(query, (subject,)).fetchone()
            return self._new_session(db, row["id"]) if row else None

    def must_wait(self, name: str, address: str, browser: str | None = None) -> bool:
        """Return whether further tries are refused for a while, whatever the password."""
        place = self._place(name, address, browser)
        with self._open() as db:
            return self._throttled(db, name, place)

    def must_wait_inside(self, user: User) -> bool:
        """Return the same for somebody who is logged in and tells the old password."""
        with self._open() as db:
            return self._throttled(db, user.name, _of_session(user.id))

    def session(self, secret: str | None, *, touch: bool = True) -> Session | None:
        """Return the session of a cookie while it lasts; with *touch*, note that it was used."""
        if not secret:
            return None
        now = self._now()
        query = (
            "select sessions.csrf, sessions.seen_at, users.* from sessions"
            " join users on users.id = sessions.user_id where secret = ? and not disabled"
            " and sessions.created_at > ? and sessions.seen_at > ?"
        )
        with self._open() as db:
            key = _hash(secret)
            row = db.execute(query, (key, now - ABSOLUTE_S, now - IDLE_S)).fetchone()
            if row is None:
                return None
            if touch and now - row["seen_at"] > 30:
                db.execute("update sessions set seen_at = ? where secret = ?", (now, key))
            return Session(_user(row), row["csrf"])

    def log_out(self, secret: str) -> None:
        """End one session."""
        with self._open() as db:
            db.execute("delete from sessions where secret = ?", (_hash(secret),))

    # --- drafts -----------------------------------------------------------------------------

    def draft(self, user_id: int, run: str) -> str | None:
        """Return what somebody has ticked so far in a run, as it was stored."""
        with self._open() as db:
            query = "select document from drafts where user_id = ? and run = ?"
            row = db.execute(query, (user_id, run)).fetchone()
            return row["document"] if row else None

    def keep(self, user_id: int, run: str, document: str) -> None:
        """Store what somebody has ticked so far."""
        with self._open() as db:
            db.execute("insert or replace into drafts values (?, ?, ?)", (user_id, run, document))

    # --- processes --------------------------------------------------------------------------

    def at_work(self, run: str, pid: int, started: float) -> None:
        """Remember which process carries out a run, for the server after this one."""
        with self._open() as db:
            db.execute("insert or replace into workers values (?, ?, ?)", (run, pid, started))

    def worker(self, run: str) -> tuple[int, float] | None:
        """Return pid and start of the process that was last set to work on a run."""
        with self._open() as db:
            row = db.execute("select pid, started from workers where run = ?", (run,)).fetchone()
            return (row["pid"], row["started"]) if row else None

    # --- inside -----------------------------------------------------------------------------

    def _invited(self, db: sqlite3.Connection, secret: str) -> User | None:
        query = (
            "select users.* from users join invitations on users.id = invitations.user_id"
            " where secret = ? and expires_at > ? and not disabled"
        )
        row = db.execute(query, (_hash(secret), self._now())).fetchone()
        return _user(row) if row else None

    def _new_link(self, db: sqlite3.Connection, user_id: int) -> str:
        """Return the secret of the only link that works for somebody from now on."""
        secret = secrets.token_urlsafe(32)
        db.execute("delete from invitations where user_id = ?", (user_id,))
        db.execute(
            "insert into invitations values (?, ?, ?)",
            (_hash(secret), user_id, self._now() + INVITATION_S),
        )
        return secret

    def _new_session(self, db: sqlite3.Connection, user_id: int) -> str:
        now, secret = self._now(), secrets.token_urlsafe(32)
        db.execute("delete from sessions where created_at < ?", (now - ABSOLUTE_S,))
        db.execute(
            "insert into sessions values (?, ?, ?, ?, ?)",
            (_hash(secret), user_id, secrets.token_urlsafe(32), now, now),
        )
        return secret

    def _place(self, name: str, address: str, browser: str | None) -> Place:
        """Return where somebody of this *name* tries to log in, if that is who they are."""
        about = {
            "name": name.strip(),
            "address": address,
            "browser": _hash(browser or ""),
            "since": self._now() - KNOWN_S,
        }
        with self._open() as db:
            if db.execute(KNOWN_BROWSER, about).fetchone():
                return Place(f"browser {about['browser']}")
            return Place(address, known=db.execute(KNOWN_PLACE, about).fetchone() is not None)

    def _throttled(self, db: sqlite3.Connection, name: str, place: Place) -> bool:
        since = self._now() - WINDOW_S
        db.execute("delete from tries where at < ?", (since,))
        counts = db.execute(
            "select count(*) filter (where name = :name and address = :address) as pair,"
            " count(*) filter (where address = :address) as address,"
            " count(*) filter (where name = :name) as name from tries",
            {"name": _plain(name), "address": place.counted},
        ).fetchone()
        crowd = counts["address"] >= TRIES_ADDRESS or counts["name"] >= TRIES_NAME
        return bool(counts["pair"] >= TRIES_PAIR or (crowd and not place.known))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        db.row_factory = sqlite3.Row
        try:
            db.execute("pragma secure_delete = on")
            db.execute("begin immediate")
            yield db
            db.execute("commit")
        except BaseException:
            if db.in_transaction:
                db.execute("rollback")
            raise
        finally:
            db.close()


def _admins(db: sqlite3.Connection) -> int:
    """Count those who can log in and do everything."""
    query = "select count(*) from users where role = 'admin' and not disabled and not waiting"
    count: int = db.execute(query).fetchone()[0]
    return count


def _keep_an_admin(db: sqlite3.Connection) -> None:
    if not _admins(db):
        raise AccountError(_("The last administrator cannot be taken away."))


def _create(path: Path) -> None:
    """Make the file beside its place and link it there, so that no half is ever seen."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # ours, 0600
    os.close(descriptor)
    draft = Path(name)
    try:
        with closing(sqlite3.connect(draft)) as db:
            db.executescript(SCHEMA)
        placing.place(draft, path)  # or another process was faster; its file is as good
    finally:
        draft.unlink(missing_ok=True)


def _keep_from_others(path: Path) -> None:
    """Close the file to others if somebody opened it to them; OSError for a link."""
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_mode & 0o077:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _forget(db: sqlite3.Connection, user_id: int) -> None:
    """Log somebody out everywhere; no browser is known as theirs any more."""
    db.execute("delete from sessions where user_id = ?", (user_id,))
    db.execute("delete from browsers where user_id = ?", (user_id,))


def _of_session(user_id: int) -> Place:
    """Return where somebody tries who is logged in already, as one place of their own."""
    return Place(f"session {user_id}")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _plain(name: str) -> str:
    return _hash(name.strip().casefold())


def _user(row: sqlite3.Row) -> User:
    return User(
        id=row["id"],
        name=row["name"],
        role=Role(row["role"]),
        disabled=bool(row["disabled"]),
        waiting=bool(row["waiting"]),
        by_password=row["password"] is not None,
        language=row["language"],
    )
