"""What runs have written so far, as far as a later one has to know it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from renkei.model import Difference, Item, Outcome
from renkei.store.database import keeper_ahead_s, keepers_now
from renkei.store.serial import RESTORED, fact
from renkei.store.tables import (
    ACCEPTED,
    ANSWERED,
    NOT_STORED,
    REFUSED,
    UNFINISHED,
    WITHOUT_EFFECT,
    items,
    runs,
    writes,
)
from renkei.store.views import Views, same_item

CREATED = (Outcome.CREATED.value, ANSWERED)
"""Results of creates after which somebody is there, though no list may show them yet."""

FORGOTTEN_S = 86_400.0
"""No system works on one request for so long."""


class History(Views):
    """The part of the store that tells a run what others have written; it writes nothing."""

    def refused_before(self, run_id: str) -> frozenset[str]:
        """
        Return the source's ids of those whose last write in this pair was refused.

        Only refusals that sounded as if they were about the whole system count.
        """
        with self._reading() as connection:
            row = self._row(connection, run_id)
            query = (
                sa.select(items.c.source_id, writes.c.result)
                .join(writes, same_item())
                .join(runs, runs.c.id == items.c.run_id)
                .where(self._between(row["source"], row["target"]))
                .order_by(writes.c.id)
            )
            refused = query.where(writes.c.result == REFUSED)
            ids = {source_id for source_id, _result in connection.execute(refused)}
            theirs = connection.execute(query.where(items.c.source_id.in_(ids)))
            last = dict(theirs.all())  # in order of writes, so the last one of each stays
        return frozenset(source_id for source_id, result in last.items() if result == REFUSED)

    def written(
        self, source: str, target: str, since: dt.datetime, until: dt.datetime
    ) -> list[Item]:
        """
        Return those whom syncs of this pair have sent from *since* on and before *until*.

        Left out is whose write has certainly had no effect, and what a person has allowed.
        """
        # What counts, and why: docs/decisions/2026-11-28-limits-of-a-day.md
        effect = sa.or_(writes.c.result.is_(None), writes.c.result.not_in(WITHOUT_EFFECT))
        sent = (
            sa.select(writes.c.run_id, writes.c.position)
            .join(runs, runs.c.id == writes.c.run_id)
            .where(self._between(source, target), runs.c.allowed_by.is_(None))
            .where(writes.c.intent_at >= since, writes.c.intent_at < until, effect)
            .distinct()
            .subquery()
        )
        theirs = sa.and_(items.c.run_id == sent.c.run_id, items.c.position == sent.c.position)
        with self._reading() as connection:
            found = connection.execute(sa.select(items).join(sent, theirs)).mappings()
            return [self._item(connection, row) for row in found]

    def accepted(self, target: str) -> frozenset[str]:
        """Return the numbers that *target* was sent and left out of the employees it created."""
        query = (
            sa.select(items.c.number)
            .join(writes, same_item())
            .join(runs, runs.c.id == items.c.run_id)
            .where(self._of(runs), runs.c.target == target, writes.c.result == ACCEPTED)
        )
        with self._reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def created_elsewhere(self, run_id: str) -> dict[str, float | None]:
        """
        Return the numbers of those whom other runs have created, or may have, in the same target.

        With each the time its last request left, as in :class:`Write`: a list may be late. Where
        the store is an older copy, these are all whom this run would create.
        """
        taken = (Outcome.CREATED.value, ANSWERED, NOT_STORED)
        lately = sa.and_(writes.c.result.in_(taken), writes.c.sent_at.is_not(None))
        with self._reading() as connection:
            row = self._row(connection, run_id)
            same = sa.or_(
                runs.c.target == row["target"], runs.c.target_account == row["target_account"]
            )
            query = (
                sa.select(items.c.number, writes.c.sent_at)
                .join(writes, same_item())
                .join(runs, runs.c.id == items.c.run_id)
                .where(self._of(runs), same, writes.c.kind == "create", runs.c.id != row["id"])
                .where(sa.or_(writes.c.result.is_(None), lately))
                .order_by(writes.c.id)
            )
            forgotten, since = self._restored(connection, row["id"])
            found: dict[str, float | None] = dict.fromkeys(forgotten, since)
            found |= dict(connection.execute(query).all())
            return dict(zip(found, here(connection, found.values()), strict=True))

    @staticmethod
    def _restored(connection: Connection, run_id: int) -> tuple[Sequence[str], float | None]:
        """
        Return who of a run may have been created by what an older copy of the store has forgotten.

        With it the moment after which nothing forgotten was sent.
        """
        kept = fact(connection, RESTORED)
        if kept is None or keepers_now(connection) - float(kept) > FORGOTTEN_S:
            return (), None
        restored = float(kept)
        undecided = sa.or_(items.c.outcome.is_(None), items.c.outcome.in_(UNFINISHED))
        new = items.c.difference == Difference.NEW.value
        query = sa.select(items.c.number).where(
            items.c.run_id == run_id, items.c.selected, new, undecided
        )
        return connection.execute(query).scalars().all(), restored

    def created_in(self, account: str) -> dict[str, dt.date | None]:
        """
        Return those whom a target's *account* was sent as new, by any run, with the base date.

        They are called by the source's ids; None: they were sent an update as well.
        """
        gone = sa.and_(writes.c.result.is_not(None), writes.c.result.not_in(CREATED))
        query = (
            sa.select(items.c.source_id, writes.c.kind, sa.func.max(runs.c.base_date))
            .join(writes, same_item())
            .join(runs, runs.c.id == items.c.run_id)
            .where(self._of(runs), runs.c.target_account == account)
            .where(sa.or_(writes.c.kind != "create", sa.not_(gone)))
            .group_by(items.c.source_id, writes.c.kind)
        )
        found: dict[str, dict[str, dt.date]] = {}
        with self._reading() as connection:
            for identity, kind, base in connection.execute(query):
                found.setdefault(identity, {})[kind] = base
        created: dict[str, dt.date | None] = {}
        for identity, sent in found.items():
            if "create" in sent:
                base_date = None if "update" in sent else sent["create"]
                created[identity] = base_date
        return created


def here(connection: Connection, stamps: Collection[float | None]) -> list[float | None]:
    """
    Return what the keeper of the store has stamped, on the clock of this computer.

    The process that has sent and the one that looks up may be on two, whose clocks differ: what is
    left of the longest request must not be shorter by that.
    """
    ahead_s = keeper_ahead_s(connection) if stamps else 0.0
    return [None if stamp is None else stamp - ahead_s for stamp in stamps]
