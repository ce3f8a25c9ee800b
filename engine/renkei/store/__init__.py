"""The report store: what was planned, chosen, sent and what became of it."""

from renkei.store.hold import Hold
from renkei.store.lease import Lease
from renkei.store.store import OpenWrite, Store

__all__ = ["Hold", "Lease", "OpenWrite", "Store"]
