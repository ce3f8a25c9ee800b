"""
How often somebody may try a password, and where others' tries do not hold them back.

A try counts before the password is looked at: a hundred at once are a hundred. One that is refused
unseen does not count: going on trying locks nobody out any longer.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from renkei_web.database import Database, digest
from renkei_web.tables import browsers, places, tries
from renkei_web.users import called, find_user

WINDOW_S = 15 * 60

KNOWN_S = 180 * 24 * 3600
"""How long a browser in which somebody has logged in is known as theirs."""

TRIES_PAIR = 5
"""
Wrong passwords for one name from one address in a quarter of an hour; then it has to wait.

A browser that is known counts for itself: guesses from its address do not hold it back.
"""

TRIES_ADDRESS = 30
TRIES_NAME = 100
"""Far more for a name from anywhere. Neither holds back where that person has logged in before."""


@frozen
class Place:
    """
    Where somebody tries to log in: what tries are *counted* by, an address or a known browser.

    *known*: the person has logged in there before, so what others do there does not count.
    """

    counted: str
    known: bool = True

    @classmethod
    def of_session(cls, user_id: int) -> Place:
        """Return where somebody tries who is logged in already: one place of their own."""
        return cls(f"session {user_id}")

    @classmethod
    def of_code(cls, user_id: int) -> Place:
        """Return where somebody tries codes: one place of theirs, wherever they come from."""
        return cls(f"code {user_id}")


@frozen
class Tries:
    """The tries of the last quarter of an hour, and who has logged in where."""

    _database: Database

    def place(self, db: Connection, name: str, address: str, browser: str | None) -> Place:
        """Return where somebody of this *name* tries to log in, if that is who they are."""
        person = find_user(db, called(name))
        if person is None:
            return Place(address, known=False)
        key = digest(browser or "")
        since = self._database.now() - KNOWN_S
        theirs = sa.and_(browsers.c.user_id == person.id, browsers.c.secret == key)
        if _is_there(db, sa.select(browsers).where(theirs, browsers.c.at > since)):
            return Place(f"browser {key}")
        here = sa.and_(places.c.user_id == person.id, places.c.address == address)
        return Place(address, known=_is_there(db, sa.select(places).where(here)))

    def refuses(self, db: Connection, name: str, place: Place) -> bool:
        """Return whether further tries are refused for a while, whatever the password."""
        same_name, same_place = tries.c.name == _plain(name), tries.c.address == place.counted
        query = sa.select(
            sa.func.count().filter(same_name, same_place).label("pair"),
            sa.func.count().filter(same_place).label("place"),
            sa.func.count().filter(same_name).label("name"),
        )
        recent = tries.c.at >= self._database.now() - WINDOW_S
        counts = db.execute(query.where(recent)).mappings().one()
        crowd = counts["place"] >= TRIES_ADDRESS or counts["name"] >= TRIES_NAME
        # An office may share one address, and a stranger may guess at any name.
        is_held_back = crowd and not place.known
        return bool(counts["pair"] >= TRIES_PAIR or is_held_back)

    def count(self, db: Connection, name: str, place: Place) -> None:
        """Count one try; those of long ago are forgotten."""
        now = self._database.now()
        db.execute(sa.delete(tries).where(tries.c.at < now - WINDOW_S))
        a_try = {"name": _plain(name), "address": place.counted, "at": now}
        db.execute(sa.insert(tries).values(a_try))

    def forgive(self, db: Connection, name: str, place: Place) -> None:
        """Forget the tries of somebody who has given the right password."""
        mine = sa.and_(tries.c.name == _plain(name), tries.c.address == place.counted)
        db.execute(sa.delete(tries).where(mine))

    def know_address(self, db: Connection, user_id: int, address: str) -> None:
        """Remember that somebody has logged in from an address."""
        here = sa.and_(places.c.user_id == user_id, places.c.address == address)
        if not _is_there(db, sa.select(places).where(here)):
            db.execute(sa.insert(places).values(user_id=user_id, address=address))

    def know_browser(self, db: Connection, user_id: int | None, browser: str | None) -> str:
        """
        Return the new secret of a browser in which somebody, unless None, has just logged in.

        Anyone else who has logged in there stays known; its old secret, which somebody may have
        planted, is worth nothing any more.
        """
        secret, now = secrets.token_urlsafe(32), self._database.now()
        old, new = browsers.c.secret == digest(browser or ""), digest(secret)
        db.execute(sa.delete(browsers).where(browsers.c.at < now - KNOWN_S))
        db.execute(sa.update(browsers).where(old).values(secret=new))
        if user_id is not None:
            mine = sa.and_(browsers.c.secret == new, browsers.c.user_id == user_id)
            db.execute(sa.delete(browsers).where(mine))
            db.execute(sa.insert(browsers).values(secret=new, user_id=user_id, at=now))
        return secret


def _is_there(db: Connection, query: sa.Select[tuple[object, ...]]) -> bool:
    return bool(db.execute(sa.select(query.exists())).scalar())


def _plain(name: str) -> str:
    """Return what is kept of a name: the same however it is written, and not the name."""
    return digest(name.strip().casefold())
