"""What the store knows of the accounts themselves: whose they are, and fields of only one."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection, RowMapping

from renkei.model import KnownAccount
from renkei.people import Customer, FieldSpec, OwnFields
from renkei.store import codec, serial
from renkei.store.database import Database, locking
from renkei.store.serial import insert_unless_there, put
from renkei.store.tables import accounts, known_accounts, own_fields

_ALL_OWN = sa.select(own_fields).where(own_fields.c.company == sa.bindparam("company"))
_OWN = _ALL_OWN.where(own_fields.c.connection == sa.bindparam("connection"))
_OWN_OF = _OWN.where(own_fields.c.account == sa.bindparam("account"))
_USED = sa.select(accounts).where(accounts.c.company == sa.bindparam("company"))
_OTHERS = (
    sa.select(accounts.c.company, accounts.c.connection)
    .where(accounts.c.account == sa.bindparam("account"))
    .where(accounts.c.company != sa.bindparam("company"))
    .order_by(accounts.c.company, accounts.c.connection)
)


def used(company: str) -> str:
    """Return the name of the fact with the accounts of a company; a fact's name is short."""
    return f"used:{hashlib.sha256(company.encode()).hexdigest()[:32]}"


@frozen(kw_only=True)
class OfConnections:
    """What is kept of all connections of a company: own fields, and the account used last."""

    fields: Mapping[str, OwnFields]
    used: Mapping[str, str]


class Accounts(Database):
    """The part of the store that remembers whose accounts there are, and their fields."""

    def known_accounts(self) -> dict[str, KnownAccount]:
        """Return by connection whose account it has opened, as far as a system has told."""
        with self._reading() as c:
            query = sa.select(known_accounts).where(self._of(known_accounts))
            rows = c.execute(query).mappings().all()
        return {row["connection"]: _known_in(row) for row in rows}

    def keep_accounts(self, accounts: Iterable[KnownAccount]) -> None:
        """Keep whose *accounts* they are in place of what is known; nothing is written twice."""
        known = self.known_accounts()
        news: list[KnownAccount] = []
        for each in accounts:
            is_known = known.get(each.connection) == each
            if each.account and not is_known:
                news.append(each)
        if news:
            with self._writing() as connection:
                self._keep_whose(connection, news)

    def _keep_whose(self, connection: Connection, news: Iterable[KnownAccount]) -> None:
        """Keep whose accounts *news* are in place of what is known."""
        rows = [_row(self.company, each) for each in news]
        for row in rows:
            if row["confirmed_by"] is not None:
                self._note("account_accepted", connection=row["connection"])
        put(connection, known_accounts, rows)

    def of_connections(self) -> OfConnections:
        """Return what is kept of the connections."""
        with self._reading() as c:
            rows = c.execute(_ALL_OWN, {"company": self.company}).mappings().all()
            fields = {row["connection"]: _fields_in(row) for row in rows}
            return OfConnections(fields=fields, used=self._used(c))

    def own_fields(self, connection: str, account: str | None = None) -> OwnFields:
        """
        Return the fields that a connection was found to have, if it was ever asked.

        With *account*, only if they are of that one.
        """
        asked = {"company": self.company, "connection": connection, "account": account}
        query = _OWN if account is None else _OWN_OF
        with self._reading() as c:
            row = c.execute(query, asked).mappings().first()
            return OwnFields() if row is None else _fields_in(row)

    def note_account(self, name: str, account: str) -> None:
        """Note that a connection is used with another token or address than before, if it is."""
        with self._writing() as c:
            known = self._used(c)
            if known.get(name, account) != account:  # nobody else was faster
                self._note("token_replaced", connection=name)
                now = json.dumps({**known, name: account}, sort_keys=True)
                serial.keep(c, used(self.company), now)

    def _used(self, c: Connection) -> dict[str, str]:
        """Return the account that each connection was used with last: by a fetch, or after it."""
        rows = c.execute(_USED, {"company": self.company}).mappings()
        fetched: dict[str, str] = {row["connection"]: row["account"] for row in rows}
        later: dict[str, str] = json.loads(serial.fact(c, used(self.company)) or "{}")
        return fetched | later

    def others_of(self, account: str) -> list[tuple[str, str]]:
        """
        Return all other companies that have used an *account* last, each with its connection.

        It looks over the walls on purpose: what two companies write into one account meets there
        (docs/decisions/2026-11-29-companies-that-share-an-account.md).
        """
        with self._reading() as c:
            rows = c.execute(_OTHERS, {"account": account, "company": self.company})
            return [(row.company, row.connection) for row in rows]

    def keep_fields(
        self, connection: str, account: str, specs: Sequence[FieldSpec], at: dt.datetime
    ) -> OwnFields:
        """Keep the fields that a connection has now; return them, with the names of who is gone."""
        ours = sa.and_(self._of(own_fields), own_fields.c.connection == connection)
        key = {"company": self.company, "connection": connection}
        nothing = {**key, "account": account, "specs": codec.specs_out(()), "gone": [], "at": at}
        with self._writing() as c:
            # First a row to lock: of two refreshes at once, the second knows what the first found.
            insert_unless_there(c, own_fields, nothing)
            self._note("fields_read", connection=connection)
            before = c.execute(locking(sa.select(own_fields).where(ours))).mappings().one()
            # The names of those that are gone are kept: a pair that merely left such a field out
            # would stop its data silently. docs/decisions/2026-11-29-batches-and-own-fields.md
            known: set[str] = set()
            if before["account"] == account:  # another account's fields are not gone
                known.update(before["gone"])
                known.update(spec.name for spec in codec.specs_in(before["specs"]))
            names = {spec.name for spec in specs}
            gone = known - names
            row = {"specs": codec.specs_out(specs), "gone": sorted(gone), "at": at}
            c.execute(sa.update(own_fields).where(ours).values(account=account, **row))
        return OwnFields(specs=tuple(specs), gone=frozenset(gone), at=at)


def _fields_in(row: RowMapping) -> OwnFields:
    specs = codec.specs_in(row["specs"])
    return OwnFields(specs=specs, gone=frozenset(row["gone"]), at=row["at"])


def _known_in(row: RowMapping) -> KnownAccount:
    customer = Customer(
        name=row["name"],
        ids=tuple(row["ids"]),
        corporate_numbers=tuple(row["corporate_numbers"]),
    )
    return KnownAccount(
        connection=row["connection"],
        account=row["account"],
        customer=customer,
        at=row["at"],
        confirmed_by=row["confirmed_by"],
        confirmed_at=row["confirmed_at"],
    )


def _row(company: str, known: KnownAccount) -> dict[str, object]:
    return {
        "company": company,
        "connection": known.connection,
        "account": known.account,
        "name": known.customer.name,
        "ids": list(known.customer.ids),
        "corporate_numbers": list(known.customer.corporate_numbers),
        "at": known.at,
        "confirmed_by": known.confirmed_by,
        "confirmed_at": known.confirmed_at,
    }
