"""Upkeep: what is old goes, by a command or by itself."""

from __future__ import annotations

import datetime as dt

from attrs import evolve, frozen

from renkei import retention
from renkei.errors import RenkeiError
from renkei.logs import log
from renkei.retention import Gone
from renkei.runs.ground import Ground
from renkei.store.store import Store
from renkei.words.codes import remark


@frozen
class Upkeep:
    """Lets values and records go, and gives their room back."""

    ground: Ground

    def purge(self, older_than: dt.timedelta) -> int:
        """Remove employees' values of older runs, not their outcomes; return of how many."""
        if not self.ground.has_store():
            return 0
        count = self.ground.store.purge(self.ground.clock.now() - older_than)
        log.info("purged", count=count)
        self._compact()
        return count

    def let_go(self, otherwise: dt.timedelta) -> Gone:
        """Let go of what is older than the configuration says, or of values after *otherwise*."""
        if not self.ground.has_store():
            return Gone()
        config, store, clock = self.ground.config, self.ground.store, self.ground.clock
        gone = retention.let_go(config, store, clock)
        if config.retention.values is None:
            gone = evolve(gone, values=store.purge(clock.now() - otherwise))
        self._compact()
        return gone

    def _compact(self) -> None:
        store = self.ground.store
        if not store.compact():
            self.ground.observer.warning(remark("not_compacted", place=store.place))

    def retain(self, *, anyway: bool) -> Gone:
        """Do the same once a day, if it is due and in nobody's way."""
        gone = Gone()
        store = self.ground.store if anyway else self.ground.opened
        if store is None:
            return gone
        try:
            if retention.is_due(self.ground.config, store, self.ground.clock):
                gone = self._gone_today(store)
            if gone != Gone():
                self._compact()
        except RenkeiError as error:  # the command has done what it was meant to do
            log.warning("not_retained", code=error.code)
            self.ground.observer.warning(remark("not_retained", place=store.place))
        return gone

    def _gone_today(self, store: Store) -> Gone:
        """Let go of what is old, unless another process does so today."""
        config, clock = self.ground.config, self.ground.clock
        last = store.retained_on()
        if not store.take_up_retaining(clock.today()):
            return Gone()
        try:
            return retention.let_go(config, store, clock)
        except RenkeiError:
            store.give_back_retaining(last)  # so that the next command tries again today: F99
            raise
