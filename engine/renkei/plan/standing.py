"""What still holds of a plan: its age, its mapping, and so what may be done with its run."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

from attrs import evolve, frozen

from renkei.clock import Clock
from renkei.config.main import Company
from renkei.errors import ConfigurationError, RenkeiError
from renkei.model import Run, Status
from renkei.plan.pairing import Pairing
from renkei.plan.pairings import Pairings
from renkei.plan.refusals import expired, mapping_changed
from renkei.store.codec import specs_in
from renkei.store.store import Store
from renkei.words.i18n import _
from renkei.words.labels import Labels, Possible

# docs/decisions/2026-11-28-fetch-again.md
HELD_UP_BY = {"closed", "rate_limit"}
"""Reasons to pause that pass by themselves."""

HOURS_HELD_UP = 72
"""How old the plan of a run may be that has paused for nothing else."""


@frozen
class Standing:
    """What holds of the plans of a store, as of now and as things are configured now."""

    store: Store
    pairings: Pairings
    clock: Clock

    @property
    def hours(self) -> int:
        """How many hours a plan lasts."""
        return self.pairings.config.settings.max_plan_age_hours

    def hours_of(self, run: Run) -> int:
        """Return how many hours the plan of *run* lasts: longer if only closed hours held it up."""
        reason = {run.reason.code} if run.reason else set()
        held_up = run.status is Status.PAUSED and {*run.pauses, *reason} <= HELD_UP_BY
        return max(self.hours, HOURS_HELD_UP) if held_up else self.hours

    def is_too_old(self, run: Run) -> bool:
        """Tell whether the plan of *run* has outlived its hours, or was never finished."""
        age = dt.timedelta(hours=self.hours_of(run))
        return run.planned_at is None or self.clock.now() - run.planned_at > age

    def aged(self, run: Run) -> Run:
        """Show a plan that nobody began to sync within its time as expired."""
        if run.status is Status.READY and self.is_too_old(run):
            return evolve(run, status=Status.EXPIRED)
        return run

    def refuse_old(self, run: Run) -> None:
        """Raise if the plan of *run* is too old."""
        if self.is_too_old(run):
            raise expired(run, self.hours)

    def current(self, run: Run) -> Pairing:
        """
        Return the pairing as configured; UsageError unless it is that of the plan.

        Those meant by it stay as the plan has them.
        """
        pairing = evolve(self.pairings.between(run.source, run.target), said=run.said)
        # by its text: even a comment makes it another mapping (F65)
        is_same_file = pairing.mapping.hash == run.mapping_hash
        same = is_same_file and dict(pairing.settings) == dict(run.settings)
        if same and self._has_same_fields(run, pairing):
            return pairing
        raise mapping_changed(run)

    def _has_same_fields(self, run: Run, pairing: Pairing) -> bool:
        """Tell whether the fields of both sides are still those of the plan, as far as it goes."""
        return run.specs is None or self.pairings.recorded(run).shape == pairing.shape

    def is_current(self, run: Run) -> bool:
        """Tell whether the mapping and its settings are still those of the plan."""
        try:
            self.current(run)
        except RenkeiError:
            return False
        return True

    def possible(self, run: Run) -> frozenset[Possible]:
        """Return what is not refused now with *run*: nothing while its company is paused."""
        if self.pairings.config.company.paused:
            return frozenset()
        ways: set[Possible] = set()
        declared = {(pair.source, pair.target) for pair in self.pairings.declared()}
        if (run.source, run.target) in declared:
            ways.add("fetch")
        if run.purged or run.status.is_at_work:
            return frozenset(ways)
        good = not self.is_too_old(run) and self.is_current(run)
        # nothing was begun where nobody needed anything: another choice may replace this one
        untouched = run.status is Status.DONE and not self.store.has_begun(run.id)
        if good and (untouched or run.status is Status.READY):
            ways.add("choose")
        goes_on = good and run.status is Status.PAUSED
        # what is in doubt is settled however old the plan is (F90)
        if goes_on or self.store.is_unsettled(run.id):
            ways.add("resume")
        tried = run.status in (Status.PAUSED, Status.DONE_WITH_ERRORS)
        if good and tried and self.store.may_retry(run.id):
            ways.add("retry")
        return frozenset(ways)

    def labels(self, run: Run, *, technical: bool = False) -> Labels:
        """Return what people call the things of *run*; what is gone keeps its name."""
        connections = self.pairings.config.connections
        fields, settings, pairs = {}, {}, []
        for name in (run.source, run.target):
            with suppress(RenkeiError):  # the connection, or its connector, may be gone
                fields[name] = {spec.name: spec for spec in self.pairings.at(name).fields}
        for name, text in zip((run.source, run.target), run.specs or (), strict=False):
            then = {spec.name: spec for spec in specs_in(text)}
            fields[name] = then | fields.get(name, {})
        with suppress(ConfigurationError):  # purged, or of an extension that is gone
            written = self.pairings.mapping_of(run).settings
            settings = {name: setting.label for name, setting in written.items()}
            rows = self.pairings.recorded(run).translation.rows
            pairs = [(row.source, row.target) for row in rows]
        return Labels(
            run=run,
            connections={name: each.label for name, each in connections.items()},
            fields=fields,
            settings=settings,
            pairs=tuple(pairs),
            company=_company(self.pairings.config.company),
            technical=technical,
            possible=self.possible(run),
        )


def _company(company: Company) -> str:
    """Return what people call one of several companies; a trial account is told from a real one."""
    if not company.name:
        return ""
    text = _("{company}, sandbox") if company.is_sandbox else "{company}"
    return text.format(company=company.title)
