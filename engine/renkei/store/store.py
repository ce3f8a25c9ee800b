"""The report store as the engine uses it."""

from __future__ import annotations

from renkei.store.alerts import Alerts
from renkei.store.before import Beginnings
from renkei.store.errands import Errands
from renkei.store.log import AuditLog
from renkei.store.paces import Paces
from renkei.store.purge import Purge
from renkei.store.releases import Releases
from renkei.store.workers import Workers


class Store(Releases, Beginnings, Alerts, Paces, Purge, AuditLog, Errands, Workers):
    """Plans, journal, releases, accounts, alerts, schedules, errands …: a method, a transaction."""
