"""Whether what is chosen in a run is unusual, and who has let it pass."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from attrs import define, evolve, frozen

from renkei.clock import span
from renkei.logs import log
from renkei.model import HALTS, Item, Run
from renkei.plan.refusals import over_limits
from renkei.plan.standing import Standing
from renkei.safety import Headcount, Verdict, judge
from renkei.store.journal import Passed


@frozen
class Judging:
    """Judges choices by the safety limits of their target, and by what the day has brought."""

    standing: Standing

    def of(self, run: Run, chosen: Iterable[Item]) -> Verdict:
        """Judge what is *chosen* in a run, together with what the day has brought before."""
        with self.standing.store.one_moment():
            return self._judged(run, chosen)

    def _judged(self, run: Run, chosen: Iterable[Item]) -> Verdict:
        store, pairings = self.standing.store, self.standing.pairings
        target = pairings.config.connection(run.target)
        today = self.standing.clock.today()
        usual = store.usual(run.source, run.target, run.base_date, upto=run.id)
        expected = target.expected
        if expected is not None and not expected.holds(today):
            expected = None
        judged = judge(
            target.safety,
            chosen,
            pairings.at(run.target).fields,
            Headcount(
                listed=run.source_count or 0,
                usual=usual.listed,
                there=run.target_count,
                usual_there=usual.there,
            ),
            # out of the journal each time: there is no counter that could be wrong
            today=self._written(run, today, today),
            expected=expected,
            # what is announced is one number for all of its days
            period=self._written(run, expected.from_, today) if expected else (),
        )
        halts = (notice for notice in run.notices if notice.code in HALTS)
        return evolve(judged, unusual=(*halts, *judged.unusual))

    def of_stored(self, run: Run) -> Verdict:
        """Judge the stored choice of *run*."""
        return self.of(run, self.standing.store.items(run.id, selected=True))

    def must_allow(self, run_id: str, *, allow: bool) -> Passed:
        """
        Tell whether the choice is unusual, and which announcements alone let it pass.

        Raises UnusualError unless it is allowed now or before. Nobody asks after the first write.
        """
        run = self.standing.store.run(run_id)
        # asked again after its first write, a run would stop half-way because of itself:
        # see docs/decisions/2026-11-28-limits-of-a-day.md
        if self.standing.store.has_begun(run_id) or run.allowed_by is not None:
            return False, None
        verdict = self.of_stored(run)
        found = verdict.unusual
        if found:
            codes = [each.code for each in found]
            log.info("unusual_allowed" if allow else "unusual_refused", run=run.id, reason=codes)
        if found and not allow:
            raise over_limits(run, found, self.standing.labels(run))
        return bool(found), verdict.expected

    def _written(self, run: Run, first: dt.date, last: dt.date) -> list[Item]:
        """Return those whom the syncs of a run's pair have written on some days in Japan."""
        return self.standing.store.written(run.source, run.target, *span(first, last))


@define
class Permission:
    """
    Asks whether what is chosen in a run may be written.

    It takes long with many people, and a sync has to know it under its lease, where all others
    wait. So it is asked before as well: that answer stands if nothing has been committed since.
    """

    judging: Judging
    run_id: str
    allow: bool
    _said: tuple[int, Passed] | None = None

    def __call__(self) -> Passed:
        """Return what :meth:`Judging.must_allow` says, or raise what it raises."""
        store = self.judging.standing.store
        with store.one_moment():
            mark = store.serial_now()
            if self._said is None or self._said[0] != mark:
                self._said = mark, self.judging.must_allow(self.run_id, allow=self.allow)
            return self._said[1]
