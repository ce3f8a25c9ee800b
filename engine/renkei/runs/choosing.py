"""Choose: who is to be written, with the values that somebody new needs."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from renkei.errors import UsageError
from renkei.logs import log
from renkei.model import Difference, Entry, Remark, Run, Selection, Status
from renkei.people import NewField
from renkei.plan import choose
from renkei.plan.choose import NewValues
from renkei.plan.pairing import Pairing
from renkei.plan.refusals import choice_lost, refuse_field, refuse_over, still_at_work
from renkei.runs.ground import Ground
from renkei.store.codec import selection_out
from renkei.store.selections import already_begun
from renkei.sync.run import offered


@frozen
class Choosing:
    """Checks choices and keeps them; see the door for what each method raises."""

    ground: Ground

    def new_fields(self, run_id: str, *, wait: bool) -> tuple[NewField, ...]:
        """Return what somebody new needs, without what would put them outside of the pair."""
        run = self.ground.store.run(run_id)
        scope = self.ground.standing.current(run).scopes[1]
        return tuple(map(scope.narrowed, self._all_new_fields(run, wait=wait)))

    def _all_new_fields(self, run: Run, *, wait: bool) -> tuple[NewField, ...]:
        pairing = self.ground.standing.current(run)
        if not pairing.new_fields:
            return ()
        reader = self.ground.systems.reader(run.target)
        self.ground.wait_open([reader], wait=wait)
        return offered(reader, pairing)

    def choices(self, connection: str, field: str | None) -> tuple[NewField, ...]:
        """Return the new-record fields of a connection, or one field, with their choices."""
        reader = self.ground.systems.reader(connection)
        specs = {spec.name: spec for spec in reader.fields}
        if field is not None:
            refuse_field(connection, field, specs)
        self.ground.wait_open([reader], wait=False)
        if field is None:
            return reader.new_employee_fields()
        return (NewField(field, specs[field].label, reader.choices(field)),)

    def choose(self, run_id: str, selection: Selection, *, wait: bool = False) -> None:
        """Check a choice with its new values and keep both."""
        store = self.ground.store
        with store.one_moment():
            run, begun = self.ground.run(run_id), store.has_begun(run_id)
            entries = [] if begun else store.entries(run_id)
        if begun:
            self._refuse_another(run, selection)
            return
        try:
            values = self._picked(run, selection, entries, wait=wait)
        except UsageError as error:
            if error.code == "new_values":  # a schedule may have chosen: a person has to know
                store.note_lacking(run_id)
            raise
        store.choose(run_id, selection, values, who=self.ground.who)
        log.info("chosen", run=run_id, count=len(values))

    def preview(self, run_id: str, selection: Selection) -> list[Remark]:
        """Return what of a choice would be over the safety limits."""
        run = self.ground.run(run_id)
        picked = self._picked(run, selection, self.ground.store.entries(run_id), wait=False)
        written = (Difference.NEW, Difference.CHANGED)
        items = self.ground.store.items(run_id, differences=written)
        chosen = (item for item in items if item.position in picked)
        return list(self.ground.judging.of(run, chosen).unusual)

    def _picked(
        self, run: Run, selection: Selection, entries: Sequence[Entry], *, wait: bool
    ) -> dict[int, NewValues]:
        """Return the positions of *entries* that are chosen, each with its new values."""
        pairing = self._may_choose_anew(run)
        chosen = choose.pick(selection, entries)
        new = [entry for entry in chosen if entry.difference is Difference.NEW]
        values: dict[int, NewValues] = {entry.position: {} for entry in chosen}
        has_values = bool(selection.new or selection.own_values)
        if new or has_values:  # else the system need not be asked for its choices
            known = {entry.number: entry.difference for entry in entries if entry.number}
            fields = self._all_new_fields(run, wait=wait)
            values |= choose.new_values(selection, new, fields, known, pairing.scopes[1])
        return values

    def _may_choose_anew(self, run: Run) -> Pairing:
        """Return the pairing of a plan of which nothing was sent; UsageError if it is too old."""
        standing = self.ground.standing
        refuse_over(run, standing.hours, but=Status.DONE)  # done with nothing to send
        standing.refuse_old(run)
        return standing.current(run)

    def _refuse_another(self, run: Run, selection: Selection) -> None:
        """Raise UsageError unless that is the choice with which the sync of *run* has begun."""
        stored, standing = self.ground.store.selection(run.id), self.ground.standing
        if stored is None:
            raise choice_lost(run)
        if selection_out(stored) == selection_out(selection):
            return
        # Refused in any case, but the last message advises to resume: where that would not help,
        # one of these comes first.
        refuse_over(run, standing.hours)
        if run.status is Status.SYNCING:
            raise still_at_work(run)
        standing.refuse_old(run)
        standing.current(run)
        raise already_begun(run.id)

    def refuse(self, run_id: str) -> None:
        """Raise what keeps anybody from being chosen in a run, before a person is asked whom."""
        run = self.ground.run(run_id)
        if self.ground.store.is_unsettled(run_id):
            return  # the same choice once more looks up what is in doubt
        if self.ground.store.has_begun(run_id):
            refuse_over(run, self.ground.standing.hours, but=Status.DONE_WITH_ERRORS)
            return
        self._may_choose_anew(run)
