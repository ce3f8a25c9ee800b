"""What a sync has to know of its run, and of others, before it does anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from renkei.model import Difference, Run, Selection
from renkei.store import codec
from renkei.store.journal import OPEN, Journal, Write
from renkei.store.plans import Plans
from renkei.store.tables import ACCEPTED, ANSWERED, UNFINISHED, items
from renkei.store.views import begun

_OPEN_NOW = sa.or_(items.c.outcome.is_(None), items.c.outcome.in_(UNFINISHED))
_CHOSEN = (  # by difference: all, and those without a final outcome
    sa.select(items.c.difference, sa.func.count(), sa.func.sum(sa.case((_OPEN_NOW, 1), else_=0)))
    .where(items.c.run_id == sa.bindparam("run"), items.c.selected)
    .group_by(items.c.difference)
)


@frozen(kw_only=True)
class Start:
    """
    How a sync finds its *run*, and the choice in it, None if there is none.

    *has_begun*: something of it was sent before. *is_unsettled*: of that, a write is in doubt, or
    was answered and not looked at since.
    """

    run: Run
    selection: Selection | None
    has_begun: bool
    is_unsettled: bool


@frozen(kw_only=True)
class Before:
    """
    What a sync has to know before it sends anything, all of one moment.

    *chosen* people are chosen, and those of *open_counts* have no final outcome yet. *has_begun*:
    something of the run was sent before; of that, *in_doubt* has no result, *answered* was not
    looked at since, both oldest first, and the target left the numbers *accepted* out of whom it
    created. *refused*, *elsewhere* and *rewritten* are of all runs: see
    :meth:`Journal.refused_before`, :meth:`Journal.created_elsewhere` and :meth:`Plans.rewritten`.
    *fetched* is what the fetch of the run has cost, *synced* the last sync of its pair.
    """

    chosen: int
    open_counts: Mapping[Difference, int]
    has_begun: bool
    in_doubt: Sequence[Write]
    answered: Sequence[Write]
    accepted: frozenset[str]
    refused: frozenset[str]
    elsewhere: Mapping[str, float | None]
    rewritten: frozenset[str]
    fetched: Mapping[str, Any]
    synced: Mapping[str, Any] | None


class Beginnings(Plans, Journal):
    """The part of the store that a sync asks when it begins, or goes on: a moment for each."""

    def start(self, run_id: str) -> Start:
        """Return how a sync finds a run."""
        with self.one_moment(), self._reading() as connection:
            row = self._row(connection, run_id)
            return Start(
                run=self._view(connection, row),
                selection=codec.selection_in(row["selection"]),
                has_begun=begun(connection, row["id"]),
                is_unsettled=self.is_unsettled(run_id),
            )

    def before_sync(self, run_id: str) -> Before:
        """Return what a sync of a run has to know before it sends anything."""
        with self.one_moment(), self._reading() as connection:
            row = self._row(connection, run_id)
            chosen, open_counts = self._chosen(connection, row["id"])
            unsettled = self._writes(row["id"], (OPEN, ANSWERED, ACCEPTED))
            accepted = frozenset(str(write.item.number) for write in unsettled[ACCEPTED])
            return Before(
                chosen=chosen,
                open_counts=open_counts,
                has_begun=begun(connection, row["id"]),
                in_doubt=unsettled[OPEN],
                answered=unsettled[ANSWERED],
                accepted=accepted,
                refused=self.refused_before(run_id),
                elsewhere=self.created_elsewhere(run_id),
                rewritten=self.rewritten(run_id),
                fetched=row["usage"],
                synced=self.sync_usage(row["source"], row["target"]),
            )

    @staticmethod
    def _chosen(connection: Connection, run_id: int) -> tuple[int, dict[Difference, int]]:
        """Return how many are chosen, and by difference who of them has no final outcome yet."""
        chosen = 0
        open_counts: dict[Difference, int] = {}
        for name, count, open_count in connection.execute(_CHOSEN, {"run": run_id}).all():
            chosen += count
            if open_count:
                open_counts[Difference(name)] = open_count
        return chosen, open_counts
