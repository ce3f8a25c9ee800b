"""The report store as the engine uses it."""

from __future__ import annotations

from renkei.store.accounts import Accounts
from renkei.store.journal import Journal
from renkei.store.paces import Paces
from renkei.store.purge import Purge
from renkei.store.releases import Releases


class Store(Releases, Journal, Accounts, Paces, Purge):
    """Plans, journal, releases, accounts, paces and what goes; each method is one transaction."""
