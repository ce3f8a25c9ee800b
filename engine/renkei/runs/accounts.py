"""Accounts: whose they are, and which fields they have beside those of every account."""

from __future__ import annotations

from attrs import evolve, frozen

from renkei.errors import NoStoreError, StoreError
from renkei.logs import log
from renkei.model import KnownAccount
from renkei.people import OwnFields
from renkei.plan.refusals import account_changed, no_own_fields
from renkei.plan.shared import refuse_shared, refuse_told
from renkei.plan.whose import look, told
from renkei.plugins.facade import Reader
from renkei.runs.ground import Ground
from renkei.words.sentences import customer_text


@frozen
class Accounts:
    """Keeps what is known of accounts; see the door for what each method raises."""

    ground: Ground

    def all(self) -> dict[str, KnownAccount]:
        """Return by connection whose account it opens, as kept; no system is asked."""
        try:
            return self.ground.store.known_accounts()
        except NoStoreError:
            return {}

    def accept(self, connection: str, seen: str | None) -> None:
        """Keep that a person has confirmed the account that a connection opens now."""
        ground = self.ground
        reader = ground.systems.reader(connection)
        ground.wait_open([reader], wait=False)
        store, now = ground.open_store(create=True), ground.clock.now()
        account = ground.place(reader).account
        refuse_shared(store, ground.pairings, connection, account)
        found = told(reader, account, now)
        if seen is not None and seen != customer_text(found.customer):
            before = store.known_accounts().get(connection, KnownAccount(connection=connection))
            raise account_changed(before, found)
        refuse_told(store, ground.pairings, found)
        if found.customer.is_told:
            store.keep_accounts([evolve(found, confirmed_by=ground.who, confirmed_at=now)])
            log.info("account_accepted")

    def refresh(self, connection: str) -> OwnFields:
        """Read the fields that the account of a connection has beside those of every account."""
        reader = self.ground.systems.reader(connection)
        if not reader.can_discover:
            raise no_own_fields(connection)
        self.ground.wait_open([reader], wait=False)
        store = self.ground.open_store(create=True)
        account = store.account(reader.connection.identity)
        now = self.ground.clock.now()
        # Why no fetch reads them: docs/decisions/2026-11-29-batches-and-own-fields.md
        found = store.keep_fields(connection, account, reader.discover(), now)
        self.ground.learn_fields(connection, found)
        return found

    # --- for the check ----------------------------------------------------------------------

    def known(self, reader: Reader) -> KnownAccount | None:
        """Return whose account it is, if that was ever told; UsageError if it is another now."""
        try:
            known = self.all()
        except StoreError:
            return None  # the check tells of the store
        if reader.name not in known:
            return None
        (found,) = look([reader], [self.ground.place(reader)], known, self.ground.clock.now())
        return found

    def try_out(self, reader: Reader) -> None:
        """Raise if the account of *reader* is another company's, as far as there is a store."""
        try:
            account = self.ground.store.account(reader.connection.identity)
        except StoreError:
            return  # the check tells of the store
        refuse_shared(self.ground.store, self.ground.pairings, reader.name, account)
