"""Tokens that have to outlive a process: encrypted in the store, in the hands of one at a time.

A refresh token may be of use only once: of two processes that use the same one, the second is
refused, and many systems then lock both out. So a process that needs a new one waits for its turn.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import sqlalchemy as sa
from attrs import define, field
from sqlalchemy.engine import Connection

from renkei.clock import Clock
from renkei.errors import BusyError, ConfigurationError, UnavailableError
from renkei.http.oauth import Tokens
from renkei.store import serial
from renkei.store.database import Database, locking
from renkei.store.owner import Owner, beat, silent_s
from renkei.store.serial import insert_unless_there
from renkei.store.tables import facts
from renkei.words.i18n import _

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

TURN = "turn:"
"""What the names of facts begin with that tell whose turn it is."""

TOKEN = "token:"  # noqa: S105 - the beginning of a name
"""What the names of facts begin with that are the tokens of a grant, encrypted."""

USERS = "users:"
"""What the names of facts begin with that tell which companies use a grant."""

TURN_S = 90.0
"""How long a turn lasts: longer than an answer of a token endpoint is waited for, twice."""

POLL_S = 0.2


@define
class Vault:
    """
    The tokens of the grant called *identity* in the store at *place*, encrypted with *key*.

    They are of *company*, and of every other one that uses the same grant: removing the last of
    them removes the tokens. A context manager, for one thread at a time: inside nobody else is.
    *seen* as of a :class:`Database`, which is made if it is not there. Raises ConfigurationError
    if *key* is not 32 random bytes in Base64, or not the one with which the tokens were encrypted,
    UnavailableError if another process does not come out, StoreError.
    """

    place: str
    identity: str = field(repr=False)
    key: str = field(repr=False)
    seen: Path | None = None
    clock: Clock = field(factory=Clock)
    company: str = ""
    _store: _Kept | None = field(init=False, default=None)
    _cipher: Fernet = field(init=False, repr=False)
    _name: str = field(init=False, default="")
    _mark: str = field(init=False, default="")

    @_cipher.default
    def _ciphered(self) -> Fernet:
        return cipher(self.key)

    def __enter__(self) -> Self:
        self._store = store = _Kept(self.place, company=self.company, seen=self.seen)
        try:
            self._name = store.digest(self.identity)[:32]
            self._wait_for_turn(store)
        except BaseException:
            store.close()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        assert self._store is not None  # noqa: S101 - it is entered
        try:
            self._store.end_turn(self._name, self._mark)
        finally:
            self._store.close()

    def _wait_for_turn(self, store: _Kept) -> None:
        self._mark = secrets.token_hex(8)
        until = time.monotonic() + 2 * TURN_S
        while not store.take_turn(self._name, self._mark):
            if time.monotonic() > until:
                message = _(
                    "Another renkei is fetching a token and does not come to an end. Try again"
                    " later."
                )
                raise UnavailableError(message, again=False, nothing_done=True, for_all=True)
            self.clock.sleep(POLL_S)

    def read(self) -> Tokens | None:
        """Return what was written last; None: nothing yet."""
        from cryptography.fernet import InvalidToken

        assert self._store is not None  # noqa: S101 - it is entered
        kept = self._store.kept(self._name)
        if kept is None:
            return None
        try:
            access, refresh, ends_at = json.loads(self._cipher.decrypt(kept.encode()))
        except (InvalidToken, ValueError):
            message = _(
                "The key does not open the tokens in the store. Enter the key with which they were"
                " encrypted; if it is lost, log in again and enter the new refresh token."
            )
            raise ConfigurationError(message, code="token_key") from None
        return Tokens(access=access, refresh=refresh, ends_at=ends_at)

    def write(self, tokens: Tokens) -> None:
        """Keep *tokens*; they are durable when this returns."""
        assert self._store is not None  # noqa: S101 - it is entered
        plain = json.dumps([tokens.access, tokens.refresh, tokens.ends_at])
        self._store.keep(self._name, self._cipher.encrypt(plain.encode()).decode())


class _Kept(Database):
    """Facts of the store that belong to grants, and whose turn it is; a connection of its own."""

    def kept(self, name: str) -> str | None:
        """Return what is kept under *name*."""
        return self._fact(TOKEN + name)

    def keep(self, name: str, value: str) -> None:
        """Keep *value* under *name* in the place of what was there."""
        with self._writing() as connection:
            serial.keep(connection, TOKEN + name, value)

    def take_turn(self, name: str, mark: str) -> bool:
        """Return whether nobody alive is inside, and if so, go in."""
        turn = TURN + name
        value = json.dumps([mark, str(Owner.me()), beat()])
        query = locking(sa.select(facts.c.value).where(facts.c.name == turn))
        with self._writing() as connection:
            insert_unless_there(connection, facts, {"name": turn, "value": value})
            taken = connection.execute(query).scalar()  # ours, if nobody was there
            if taken is None or (taken != value and is_inside(turn, taken)):
                return False
            serial.keep(connection, turn, value)
            self._use(connection, name)
        return True

    def _use(self, connection: Connection, name: str) -> None:
        """Remember that our company uses a grant."""
        known = serial.fact(connection, USERS + name)
        companies = json.loads(known) if known else []
        if self.company not in companies:
            serial.keep(connection, USERS + name, json.dumps(sorted({*companies, self.company})))

    def end_turn(self, name: str, mark: str) -> None:
        """Go out, unless somebody else has come in."""
        with self._writing() as connection:
            ours = facts.c.name == TURN + name, facts.c.value.startswith(f'["{mark}"')
            connection.execute(sa.delete(facts).where(*ours))


def let_go_of_tokens(connection: Connection, company: str, heir: str | None = None) -> int:
    """
    Let a *company* use no grant any more, or *heir* in its place; return how many grants went.

    What no other company uses is removed. Raises BusyError while a token is being fetched.
    """
    query = sa.select(facts.c.name, facts.c.value).where(facts.c.name.startswith(USERS))
    gone = 0
    for name, value in connection.execute(query).all():
        companies, grant = set(json.loads(value)), name.removeprefix(USERS)
        if company not in companies:
            continue
        turn = serial.fact(connection, TURN + grant)
        if turn is not None and is_inside(TURN + grant, turn):
            raise BusyError(_("A token is just being fetched. Try again in a moment."))
        left = companies - {company}
        if heir is not None:
            left.add(heir)
        if left:
            serial.keep(connection, name, json.dumps(sorted(left)))
            continue
        gone += serial.fact(connection, TOKEN + grant) is not None
        for kept in (TOKEN, TURN, USERS):
            serial.drop(connection, kept + grant)
    return gone


def is_inside(turn: str, taken: str) -> bool:
    """Tell whether the turn that was *taken* may still last."""
    _mark, said, since = json.loads(taken)
    owner = Owner.parse(said)
    return not owner.is_dead() and silent_s(owner, since, turn) < TURN_S


def cipher(key: str) -> Fernet:
    """Return what encrypts with *key*; ConfigurationError if it is none."""
    try:
        from cryptography.fernet import Fernet
    except ImportError:
        message = _("Refresh tokens need one more package: pip install 'renkei[oauth]'.")
        raise ConfigurationError(message, code="token_key") from None
    # Both alphabets of Base64 are taken: openssl writes the one, Fernet the other.
    try:
        raw = base64.b64decode(key.translate({ord("-"): "+", ord("_"): "/"}), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        message = _(
            "The key for the tokens is not 32 random bytes in Base64. Make one with: openssl rand"
            " -base64 32"
        )
        raise ConfigurationError(message, code="token_key")
    return Fernet(base64.urlsafe_b64encode(raw))
