"""What a whole list says: the pair is a wrong one, numbers have moved, or are of two schemes."""

from __future__ import annotations

from collections.abc import Collection

from attrs import define, field

from renkei.identity.roll import on_roll
from renkei.identity.roster import roles_of
from renkei.model import Alike, Item, Remark
from renkei.plan.listing import Listing
from renkei.words.codes import parts_of, remark

# The numbers in here are those of docs/rules.md, "The whole list".
NAMED = 5
EXAMPLES = 3


@define
class Whole:
    """Counts, while a plan goes by, whose number is somebody else's in the target."""

    matched: int = field(init=False, default=0)
    moved: dict[str, str] = field(init=False, factory=dict)
    """The numbers of those who are blocked as another person, by the source's id."""
    elsewhere: set[str] = field(init=False, factory=set)

    def see(self, item: Item | Alike) -> Item | Alike:
        """Count *item*, and return it."""
        if isinstance(item, Alike):
            self.matched += 1
            return item
        # somebody linked is paired with a record of another number: none was matched
        if item.target_id is not None and not item.is_linked:
            self.matched += 1
        for reason in item.reasons:
            if reason.code == "other_person":
                self.moved[item.source_id] = item.number or ""
                if parts_of(reason)["numbers"]:
                    self.elsewhere.add(item.source_id)
        return item

    def wrong_pair(self) -> tuple[str, ...]:
        """Return some numbers if the two lists do not seem to be of one company."""
        numbers = sorted(self.moved.values())
        wrong = len(numbers) >= 3 and len(numbers) * 2 > self.matched
        return tuple(numbers[:NAMED]) if wrong else ()

    def numbers_moved(self, standing: Collection[str]) -> Remark | None:
        """Return a notice if many numbers are somebody else's who were not so among *standing*."""
        new = self.moved.keys() - set(standing)
        few = len(new) < 3 or len(new) * 100 < self.matched
        if few and len(new & self.elsewhere) < 2:
            return None
        numbers = sorted(self.moved[each] for each in new)
        return remark("numbers_moved", count=str(len(numbers)), numbers=numbers[:NAMED])


def misfit(listing: Listing) -> Remark | None:
    """Return a notice if new employees are people of the target under numbers of another kind."""
    pairs = listing.misfits
    if len(pairs) < 5 or len(pairs) * 10 < _on_roll(listing):
        return None
    examples = (f"{ours} / {theirs}" for ours, theirs in pairs[:EXAMPLES])
    return remark("numbers_do_not_fit", count=str(len(pairs)), examples=examples)


def _on_roll(listing: Listing) -> int:
    comparison = listing.comparison
    count = 0
    for person in listing.target:
        roles = roles_of(person.values, comparison.target_specs)
        if on_roll(roles.get("hired"), roles.get("left"), comparison.base):
            count += 1
    return count
