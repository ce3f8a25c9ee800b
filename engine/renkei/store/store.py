"""The report store as the engine uses it."""

from __future__ import annotations

from renkei.store.journal import Journal
from renkei.store.plans import Plans


class Store(Plans, Journal):
    """Plans and journal in one database; each method is one transaction."""
