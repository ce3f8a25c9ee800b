"""
A second factor: codes of an app (TOTP, RFC 6238), and recovery codes for who has lost it.

Thirty lines of the standard library, with the vectors of the RFC as a test; a library would add
nothing but a dependency.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from urllib.parse import quote, urlencode

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from renkei_web.database import Database, digest
from renkei_web.sessions import Sessions
from renkei_web.tables import half_log_ins, recovery_codes, second_factors
from renkei_web.users import User

# The usual ones of RFC 6238.
STEP_S = 30
DIGITS = 6

DRIFT = 1
"""Steps before and after this one whose codes are taken: clocks differ."""

SECRET_BYTES = 20
HALF_S = 5 * 60
"""How long a log-in waits for its code."""

RECOVERY = 10
RECOVERY_BYTES = 10


def code_at(secret: str, step: int, digits: int = DIGITS) -> str:
    """Return the code that *secret*, in Base32, makes of a step of time."""
    key = base64.b32decode(secret)
    mac = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    at = mac[-1] & 15
    number = struct.unpack(">I", mac[at : at + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}}"


def link_of(secret: str, name: str, issuer: str) -> str:
    """Return the link that an app reads: whose codes, and of which dashboard."""
    query = urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(name, safe='')}?{query}"


@frozen
class SecondFactors:
    """The second factors of the people of one dashboard."""

    _database: Database

    def is_on(self, user_id: int) -> bool:
        """Return whether somebody needs a code to log in."""
        with self._database.reading() as db:
            return is_on(db, user_id)

    def left(self, user_id: int) -> int:
        """Return how many recovery codes somebody has left."""
        query = sa.select(sa.func.count()).where(recovery_codes.c.user_id == user_id)
        with self._database.reading() as db:
            return db.execute(query).scalar_one()

    def new_secret(self, user_id: int) -> str | None:
        """Return a new secret, which counts once it is confirmed; None if there is one already."""
        secret = base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()
        with self._database.writing() as db:
            if is_on(db, user_id):
                return None
            forget(db, user_id)  # a secret that was begun and never confirmed
            db.execute(sa.insert(second_factors).values(user_id=user_id, secret=secret))
        return secret

    def begun(self, user_id: int) -> str | None:
        """Return the secret that waits to be confirmed."""
        open_ = second_factors.c.user_id == user_id, second_factors.c.confirmed_at.is_(None)
        with self._database.reading() as db:
            found: str | None = db.execute(
                sa.select(second_factors.c.secret).where(*open_)
            ).scalar()
        return found

    def confirm(self, user_id: int, code: str, session: str) -> list[str] | None:
        """
        Turn it on with a first code; return the recovery codes, or None if it is wrong.

        Of the sessions only this one stays: all others have begun without a code, with a password
        that somebody else may know.
        """
        with self._database.writing() as db:
            if is_on(db, user_id) or not take_code(db, user_id, code, self._database.now()):
                return None
            mine = second_factors.c.user_id == user_id
            now = self._database.now()
            db.execute(sa.update(second_factors).where(mine).values(confirmed_at=now))
            Sessions(self._database).end_all(db, user_id, but=session)
            return _new_recovery(db, user_id)

    def renew(self, user_id: int) -> list[str]:
        """Return new recovery codes; the old ones are worth nothing any more."""
        with self._database.writing() as db:
            return _new_recovery(db, user_id) if is_on(db, user_id) else []

    def turn_off(self, user_id: int) -> None:
        """Ask somebody for no code any more."""
        with self._database.writing() as db:
            forget(db, user_id)


def is_on(db: Connection, user_id: int) -> bool:
    """Return whether somebody needs a code to log in."""
    on = second_factors.c.user_id == user_id, second_factors.c.confirmed_at.is_not(None)
    return db.execute(sa.select(second_factors.c.user_id).where(*on)).scalar() is not None


def forget(db: Connection, user_id: int) -> None:
    """Remove somebody's second factor and recovery codes."""
    for table in (second_factors, recovery_codes, half_log_ins):
        db.execute(sa.delete(table).where(table.c.user_id == user_id))


def half(db: Connection, user_id: int, now: float) -> str:
    """Return the secret of a log-in of which the password was right."""
    secret = secrets.token_urlsafe(32)
    db.execute(sa.delete(half_log_ins).where(half_log_ins.c.expires_at < now))
    row = {"secret": digest(secret), "user_id": user_id, "expires_at": now + HALF_S}
    db.execute(sa.insert(half_log_ins).values(row))
    return secret


def half_of(db: Connection, secret: str, now: float) -> int | None:
    """Return whose log-in waits for a code, or None if it is too late."""
    mine = half_log_ins.c.secret == digest(secret), half_log_ins.c.expires_at > now
    found: int | None = db.execute(sa.select(half_log_ins.c.user_id).where(*mine)).scalar()
    return found


def take(db: Connection, user: User, code: str, now: float) -> bool:
    """Return whether *code* is one of the app or a recovery code; it is never taken again."""
    plain = "".join(code.split()).replace("-", "").lower()
    if plain.isdigit():
        return take_code(db, user.id, plain, now)
    mine = recovery_codes.c.user_id == user.id, recovery_codes.c.code == digest(plain)
    return db.execute(sa.delete(recovery_codes).where(*mine)).rowcount == 1


def take_code(db: Connection, user_id: int, code: str, now: float) -> bool:
    """Return whether *code* is of about now and of a step that no code was taken of."""
    mine = second_factors.c.user_id == user_id
    row = db.execute(sa.select(second_factors).where(mine)).mappings().first()
    if row is None:
        return False
    plain, last = "".join(code.split()), row["last_step"]
    step = int(now // STEP_S)
    around = range(step - DRIFT, step + DRIFT + 1)
    fits = [each for each in around if _is_code(plain, row["secret"], each)]
    # A code seen over a shoulder, or an older one, must not work again.
    fresh = [each for each in fits if last is None or each > last]
    if not fresh:
        return False
    db.execute(sa.update(second_factors).where(mine).values(last_step=fresh[0]))
    return True


def _is_code(entered: str, secret: str, step: int) -> bool:
    return hmac.compare_digest(code_at(secret, step).encode(), entered.encode())


def _new_recovery(db: Connection, user_id: int) -> list[str]:
    db.execute(sa.delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    rows: list[dict[str, object]] = []
    shown: list[str] = []
    for _each in range(RECOVERY):
        code = _recovery_code()
        rows.append({"user_id": user_id, "code": digest(code)})
        shown.append(_in_fours(code))
    db.execute(sa.insert(recovery_codes), rows)
    return shown


def _recovery_code() -> str:
    return base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower()


def _in_fours(code: str) -> str:
    """Return a code as people can copy it from paper; hyphens and spaces do not count."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))
