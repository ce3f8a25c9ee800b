"""The audit log: who has done and opened what."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from renkei.clock import Days, bounds
from renkei.model import Noted
from renkei.runs.ground import Ground
from renkei.store.database import number_in


@frozen
class Audit:
    """Writes lines of what a face is about to do, and reads them."""

    ground: Ground

    def note(self, act: str, run: str | None = None, /, **facts: object) -> None:
        """Write a line; StoreError if it cannot be written, and then it is not to be done."""
        # People may type anything in its place: that is not kept.
        known = run if run is not None and number_in(run) is not None else None
        self.ground.open_store(create=True).note(act, known, **facts)

    def lines(self, days: Days) -> Iterator[Noted]:
        """Iterate over the lines of some days, oldest first."""
        return self.ground.store.lines(*bounds(days)) if self.ground.has_store() else iter(())

    def newest(self, limit: int, days: Days, before: int | None) -> list[Noted]:
        """Return the newest lines of some days, newest first; those *before* a line."""
        since, until = bounds(days)
        if not self.ground.has_store():
            return []
        return self.ground.store.newest_lines(limit, since=since, until=until, before=before)
