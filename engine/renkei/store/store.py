"""The report store as the engine uses it."""

from __future__ import annotations

from renkei.store.accounts import Accounts
from renkei.store.journal import Journal
from renkei.store.releases import Releases


class Store(Releases, Journal, Accounts):
    """Plans, journal, releases and accounts in one database; each method is one transaction."""
