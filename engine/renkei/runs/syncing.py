"""Sync: carry out what is chosen, or stop it."""

from __future__ import annotations

from attrs import frozen

from renkei.logs import about, log
from renkei.model import Outcome, Run, Status
from renkei.plan.refusals import refuse_over, refuse_paused, write_in_doubt
from renkei.runs.ground import Ground
from renkei.runs.releases import Releases
from renkei.sync.course import Course, Wanted


@frozen
class Syncing:
    """Follows the course of a sync; see the door for what each method raises."""

    ground: Ground
    releases: Releases

    def sync(self, run_id: str, wanted: Wanted) -> Run:
        """Carry out what is stored, as it is *wanted*; return the run."""
        self.follow(run_id, wanted)
        return self.ground.run(run_id)

    def follow(self, run_id: str, wanted: Wanted) -> None:
        """Carry out what is stored, as it is *wanted*."""
        ground = self.ground
        refuse_paused(ground.config)
        ground.ran.add("sync")
        course = Course(
            standing=ground.standing,
            systems=ground.systems,
            observer=ground.observer,
            who=ground.who,
            interrupted=lambda: ground.interrupted,
            sleep=ground.sleep,
            releasing=self.releases.of,
        )
        with about(run=run_id):
            course.follow(run_id, wanted)

    def cancel(self, run_id: str) -> Run:
        """Cancel a run that waits, or tell a running sync to stop after the employee in hand."""
        run, store = self.ground.run(run_id), self.ground.store
        refuse_over(run, self.ground.standing.hours, but=Status.EXPIRED)
        settles = store.selection(run_id) is not None  # else nothing can be resumed
        if run.status is Status.PAUSED and _in_doubt(run) and settles:
            raise write_in_doubt(run)
        if not store.cancel(run_id, self.ground.clock.now()):
            refuse_over(self.ground.run(run_id), self.ground.standing.hours)  # by now
        log.info("cancelled", run=run_id)
        return self.ground.run(run_id)


def _in_doubt(run: Run) -> bool:
    """Return whether a write of *run* waits for a look-up, whatever the run's status."""
    return run.outcomes is not None and run.outcomes.get(Outcome.UNKNOWN, 0) > 0
