"""Who keeps the schedules: the signs of life of the workers, of all companies of a store.

They are facts of the store, not of a company: a worker keeps the schedules of all of them. Their
moments are those of the server, or of this computer: two computers need not agree on the time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from renkei.store import serial
from renkei.store.database import Database, keepers_now
from renkei.store.owner import Owner
from renkei.store.tables import facts

SIGN_S = 60.0
"""How often a worker says that it lives, in seconds."""

SILENT_S = 3 * SIGN_S
"""After this many seconds without a word a worker is taken for dead."""

FORGOTTEN_S = 86_400.0
"""A worker that has said nothing for a day is not told of any more."""

_WORKER = "worker:"


@frozen(kw_only=True)
class WorkerSign:
    """The last word of a worker: where it runs, of which *version*, how many seconds ago."""

    host: str
    version: str
    silent_s: float
    alive: bool


class Workers(Database):
    """The part of the store that knows which workers live."""

    def note_worker(self, version: str) -> None:
        """Keep that this process, a worker, lives; those long silent are forgotten."""
        me = str(Owner.me())
        with self._writing() as connection:
            now = keepers_now(connection)
            for name, (owner, at, _version) in _signs(connection):
                is_old = abs(now - at) > FORGOTTEN_S  # abs: a clock may have been set back
                if is_old or Owner.parse(owner).is_dead():
                    serial.drop(connection, name)
            serial.keep(connection, _sign_of(me), json.dumps([me, now, version]))

    def forget_worker(self) -> None:
        """Keep that this process keeps no schedules any more."""
        with self._writing() as connection:
            serial.drop(connection, _sign_of(str(Owner.me())))

    def workers(self) -> list[WorkerSign]:
        """Return the workers that were heard of within a day."""
        with self._reading() as connection:
            return list(workers_in(connection))


def _sign_of(owner: str) -> str:
    return _WORKER + hashlib.sha256(owner.encode()).hexdigest()[:24]


def _signs(connection: Connection) -> list[tuple[str, tuple[str, float, str]]]:
    query = sa.select(facts).where(facts.c.name.like(f"{_WORKER}%"))
    rows = connection.execute(query).mappings()
    return [(row["name"], tuple(json.loads(row["value"]))) for row in rows]


def workers_in(connection: Connection) -> Iterator[WorkerSign]:
    """Yield the workers that were heard of within a day."""
    now = keepers_now(connection)
    for _name, (owner, at, version) in _signs(connection):
        who, silent = Owner.parse(owner), abs(now - at)  # a clock may have been set back
        if silent <= FORGOTTEN_S:
            alive = silent < SILENT_S and not who.is_dead()
            yield WorkerSign(host=who.host, version=version, silent_s=silent, alive=alive)
