"""The report store: what was planned, chosen, sent and what became of it."""

from renkei.store.hold import Hold, Moment
from renkei.store.journal import OpenWrite
from renkei.store.lease import Lease
from renkei.store.store import Store

__all__ = ["Hold", "Lease", "Moment", "OpenWrite", "Store"]
