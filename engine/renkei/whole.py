"""What a whole list says: the pair is a wrong one, numbers have moved, or are of two schemes."""

from __future__ import annotations

from collections.abc import Collection

from attrs import define, field

from renkei.compare import Comparison, is_tied, on_roll
from renkei.model import Item, Remark
from renkei.roster import Roster, roles_of

HALTS = frozenset({"numbers_moved", "numbers_do_not_fit"})
"""Notices with which nothing of a plan is sent unless a person allows it."""

NAMED = 5
EXAMPLES = 3


@define
class Whole:
    """Counts, while a plan goes by, whose number is somebody else's in the target."""

    matched: int = field(init=False, default=0)
    strangers: dict[str, str] = field(init=False, factory=dict)
    """The numbers of those who are blocked as another person, by the source's id."""
    elsewhere: set[str] = field(init=False, factory=set)

    def see(self, item: Item) -> Item:
        """Count *item*, and return it."""
        if item.target_id is not None and not is_tied(item):
            self.matched += 1
        for reason in item.reasons:
            if reason.code == "other_person":
                self.strangers[item.source_id] = item.number or ""
                if reason.about:
                    self.elsewhere.add(item.source_id)
        return item

    def wrong_pair(self) -> tuple[str, ...]:
        """Return some numbers if the two lists do not seem to be of one company."""
        numbers = sorted(self.strangers.values())
        wrong = len(numbers) >= 3 and len(numbers) * 2 > self.matched
        return tuple(numbers[:NAMED]) if wrong else ()

    def moved(self, standing: Collection[str]) -> Remark | None:
        """Return a notice if many numbers are somebody else's who were not so among *standing*."""
        new = self.strangers.keys() - set(standing)
        few = len(new) < 3 or len(new) * 100 < self.matched
        if few and len(new & self.elsewhere) < 2:
            return None
        numbers = sorted(self.strangers[each] for each in new)
        return Remark("numbers_moved", (str(len(numbers)), *numbers[:NAMED]))


def misfit(comparison: Comparison, target: Roster) -> Remark | None:
    """Return a notice if new employees are people of the target under numbers of another kind."""
    pairs = comparison.misfits
    if len(pairs) < 5 or len(pairs) * 10 < _on_roll(comparison, target):
        return None
    examples = (f"{ours} / {theirs}" for ours, theirs in pairs[:EXAMPLES])
    return Remark("numbers_do_not_fit", (str(len(pairs)), *examples))


def _on_roll(comparison: Comparison, target: Roster) -> int:
    roles = (roles_of(person.values, comparison.target_specs) for person in target)
    return sum(on_roll(each.get("hired"), each.get("left"), comparison.base) for each in roles)
