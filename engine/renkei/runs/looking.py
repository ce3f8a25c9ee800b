"""Look: the runs of a store and who is in them, as of now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from attrs import evolve, frozen

from renkei.errors import SystemFault
from renkei.identity.roll import not_listed
from renkei.identity.roster import roles_of
from renkei.model import Difference, Filter, Item, Outcome, Remark, Run, Status
from renkei.people import Ref
from renkei.plan import choose
from renkei.plan.explain import Step, explain
from renkei.plan.refusals import refuse_numbers, refuse_over, unexplained
from renkei.runs.audit import Audit
from renkei.runs.ground import Ground
from renkei.safety import LEAVING, leaves
from renkei.words.codes import remark


@frozen
class Looking:
    """Reads what a fetch has kept and a sync has done; writes nothing but lines of the log."""

    ground: Ground
    audit: Audit

    def watch(self) -> None:
        """Wait until it is known of every run whether somebody is at work on it."""
        if not self.ground.has_store():
            return
        left_s = self.ground.store.undecided_s()
        while left_s is not None and not self.ground.interrupted:
            self.ground.sleep(min(1.0, left_s), "owner", None)
            left_s = self.ground.store.undecided_s()

    def reports(self, limit: int, before: str | None) -> list[Run]:
        """Return the newest runs, newest first."""
        if not self.ground.has_store():
            return []
        return [self.ground.standing.aged(run) for run in self.ground.store.latest(limit, before)]

    def newest_plans(self) -> dict[tuple[str, str], Run]:
        """Return the newest run with a plan of each direction."""
        if not self.ground.has_store():
            return {}
        found: dict[tuple[str, str], Run] = {}
        for run in self.ground.store.newest_plans():
            found[run.source, run.target] = self.ground.standing.aged(run)
        return found

    def items(
        self, run_id: str, differences: Sequence[Difference], numbers: Sequence[str]
    ) -> Iterator[Item]:
        """Iterate over the plan; UsageError for a number that is not in it."""
        store = self.ground.store
        run = store.run(run_id)
        if numbers:
            known = {entry.number or "" for entry in store.entries(run_id)}
            refuse_numbers(set(numbers), known)
        return self._as_of_now(run, store.items(run_id, differences=differences, numbers=numbers))

    def page(
        self, run_id: str, wanted: Filter, after: int, before: int | None, limit: int
    ) -> list[Item]:
        """Return some items of *wanted*."""
        store = self.ground.store
        page = store.page(run_id, wanted, after=after, before=before, limit=limit)
        return list(self._as_of_now(store.run(run_id), page))

    def _as_of_now(self, run: Run, found: Iterable[Item]) -> Iterator[Item]:
        """Return the items with the outcomes that the counts of their run have."""
        if run.outcomes is None:
            return iter(found)
        doubts = self.ground.store.open_writes(int(run.id))
        in_doubt = {doubt.item.position for doubt in doubts}
        return _with_outcomes(found, in_doubt)

    def dates_of(self, run_id: str, items: Iterable[Item]) -> tuple[list[Item], list[Item]]:
        """Return who of *items* gets a date of leaving, and who comes back."""
        target = self.ground.pairings.at(self.ground.store.run(run_id).target)
        roles = {spec.name: spec.role for spec in target.fields if spec.role in LEAVING}
        leaving: list[Item] = []
        back: list[Item] = []
        for item in items:
            dates = [change for change in item.changes if change.field in roles]
            if not dates or item.difference is not Difference.CHANGED:
                continue
            is_leaving = any(leaves(change, roles[change.field]) for change in dates)
            if is_leaving:
                leaving.append(item)
            elif not item.was_ahead:
                back.append(item)
        return leaving, back

    def left_for_you(self, run_id: str) -> list[str]:
        """Return the numbers of those of the chosen differences who must be looked at first."""
        with self.ground.store.one_moment():
            chosen = self.ground.store.selection(run_id)
            if chosen is None or not chosen.differences:
                return []
            left = choose.left_for_you(chosen, self.ground.store.entries(run_id))
        return [entry.number or "" for entry in left]

    def explain(self, run_id: str, number: str) -> tuple[Item, list[Step]]:
        """Return how each field of one employee came to its difference."""
        run = self.ground.store.run(run_id)
        if run.purged:
            raise unexplained(run)
        (item, *_others) = self.items(run_id, (), [number])
        # Before they are shown: what cannot be noted is not done (F98).
        self.audit.note("details_opened", run_id, what="explain", row=item.position)
        return item, explain(self.ground.pairings.recorded(run), item)

    def why_not_listed(self, run_id: str, number: str) -> Remark | None:
        """Return why nobody with *number* is in a plan; asks the source."""
        run = self.ground.run(run_id)
        if run.status in (Status.FAILED, Status.FETCHING):  # there is no plan to be missing from
            refuse_over(run, self.ground.standing.hours)
        if run.purged:
            return None
        for entry in self.ground.store.entries(run_id):
            if entry.number == number:
                return None
        self.audit.note("details_opened", run_id, what="explain")
        pairing = self.ground.pairings.recorded(run)
        reader = self.ground.systems.reader(run.source)
        scope = pairing.scopes[0]
        fields = tuple(dict.fromkeys([*pairing.translation.source_fields, *scope.fields]))
        try:
            people = list(reader.read_employees([Ref(number=number)], run.base_date, fields))
        except SystemFault:
            return None
        inside = [person for person in people if scope.holds(person) is not False]
        if people and not inside:
            return remark("outside_by_then", fields=scope.fields)
        roles = [roles_of(person.values, reader.fields) for person in inside]
        return not_listed(roles, run.base_date)


def _with_outcomes(found: Iterable[Item], in_doubt: Collection[int]) -> Iterator[Item]:
    for item in found:
        yield evolve(item, outcome=_outcome_now(item, in_doubt))


def _outcome_now(item: Item, in_doubt: Collection[int]) -> Outcome:
    """Return the outcome of *item*; those *in_doubt* are sent already, whatever they waited for."""
    if not item.selected:
        return Outcome.NOT_SELECTED
    undecided = item.outcome in (None, Outcome.DEFERRED)
    if undecided and item.position in in_doubt:
        return Outcome.UNKNOWN
    return item.outcome or Outcome.DEFERRED
