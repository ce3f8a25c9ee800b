"""Releases: what people say of an employee of a plan, before anything of it is sent."""

from __future__ import annotations

from attrs import frozen

from renkei.logs import log
from renkei.model import Item, Release, Run, Status, Wish
from renkei.plan.pairing import Pairing
from renkei.plan.refusals import refuse_over, refuse_purged
from renkei.plan.release import Releasing
from renkei.plan.whole import Whole
from renkei.runs.ground import Ground
from renkei.store.selections import already_begun


@frozen
class Releases:
    """Carries out and keeps what people say; see the door for what each method raises."""

    ground: Ground

    def all(self) -> list[Release]:
        """Return what people have said of records and pairs, oldest first."""
        if not self.ground.has_store():
            return []
        return [kept.release for kept in self.ground.store.releases()]

    def meant(self, run_id: str, wish: Wish) -> Item:
        """Return an employee with those of the target of whom a wish speaks as the candidates."""
        return self._may_release(run_id).meant(wish)

    def release(self, run_id: str, wish: Wish) -> None:
        """Carry out what a person says of an employee, and keep it."""
        self._may_release(run_id).carry_out(wish)
        self._count_moved(self.ground.store.run(run_id))
        log.info("released", run=run_id)

    def remove(self, release_id: str) -> None:
        """Take a release back."""
        self.ground.store.remove_release(release_id)
        log.info("release_removed")

    def of(self, run: Run, pairing: Pairing) -> Releasing:
        """Return what releases somebody of *run*."""
        specs = pairing.fields
        return Releasing(
            store=self.ground.store,
            run=run,
            pairing=pairing,
            specs=(specs[pairing.source_side], specs[pairing.target_side]),
            who=self.ground.who,
            at=self.ground.clock.now(),
            read=lambda: self.ground.systems.reader(run.target),
        )

    def _count_moved(self, run: Run) -> None:
        """Tell anew whether numbers seem to have moved: who is released stops nothing."""
        if not any(notice.code == "numbers_moved" for notice in run.notices):
            return
        store, whole = self.ground.store, Whole()
        for item in store.items(run.id):
            whole.see(item)
        usual = store.usual(run.source, run.target, run.base_date)
        moved = whole.numbers_moved(usual.moved)
        store.renew_notice(run.id, "numbers_moved", moved)

    def _may_release(self, run_id: str) -> Releasing:
        run, standing = self.ground.run(run_id), self.ground.standing
        refuse_purged(run)
        refuse_over(run, standing.hours, but=Status.DONE)
        standing.refuse_old(run)
        if self.ground.store.has_begun(run_id):
            raise already_begun(run.id)
        return self.of(run, standing.current(run))
