"""The report store as the engine uses it."""

from __future__ import annotations

from renkei.store.journal import Journal
from renkei.store.paces import Paces
from renkei.store.releases import Releases


class Store(Releases, Journal, Paces):
    """Plans, journal, releases and paces in one database; each method is one transaction."""
