"""The report store: what was planned, chosen, sent and what became of it."""

from renkei.store.codec import Fields
from renkei.store.hold import Hold, Moment, Pulse
from renkei.store.journal import Told, Write
from renkei.store.lease import Lease
from renkei.store.store import Store
from renkei.store.tables import ACCEPTED, ANSWERED, NOT_STORED, OTHERWISE, REFUSED
from renkei.store.vault import Vault

__all__ = [
    "ACCEPTED",
    "ANSWERED",
    "NOT_STORED",
    "OTHERWISE",
    "REFUSED",
    "Fields",
    "Hold",
    "Lease",
    "Moment",
    "Pulse",
    "Store",
    "Told",
    "Vault",
    "Write",
]
