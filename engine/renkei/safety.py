"""Safety limits: what one sync may change without being allowed by a person.

A limit passes up to so many people, or so many in a hundred of those listed on the source,
whichever is more: ten employees and ten thousand need no setting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from attrs import frozen

from renkei.model import Difference, FieldSpec, Item, Remark

LEAVING = ("left", "retired")
"""Roles of the fields that tell whether, and when, somebody leaves."""


@frozen(kw_only=True)
class Limit:
    """Up to so many *people*, or *percent* of those listed on the source if that is more."""

    people: int
    percent: int

    def of(self, listed: int) -> int:
        """Return how many people pass where *listed* are on the source."""
        return max(self.people, listed * self.percent // 100)


@frozen(kw_only=True)
class Safety:
    """
    The limits of one direction, kept with the connection that is written to.

    *leaving* counts those who get a date of leaving or become retired, *emptied* those who lose a
    value, *shrink* those missing on the source since the last usual fetch.
    """

    creates: Limit = Limit(people=50, percent=30)
    updates: Limit = Limit(people=50, percent=30)
    leaving: Limit = Limit(people=5, percent=5)
    emptied: Limit = Limit(people=3, percent=2)
    shrink: Limit = Limit(people=5, percent=10)


def unusual(
    safety: Safety,
    chosen: Iterable[Item],
    specs: Sequence[FieldSpec],
    *,
    listed: int,
    usual: int | None,
) -> list[Remark]:
    """
    Return what is over a limit if the *chosen* items are written.

    *specs* are the target's fields. *listed* are on the source now, *usual* were there at the last
    usual fetch of this pair, if there was one.
    """
    leaving = {spec.name for spec in specs if spec.role in LEAVING}
    counts = Counter[str]()
    emptied = Counter[str]()
    for item in chosen:
        if item.difference is Difference.NEW:
            counts["creates"] += 1
        elif item.difference is Difference.CHANGED:
            lost = [c.field for c in item.changes if c.after is None and c.before is not None]
            counts["updates"] += 1
            counts["leaving"] += any(c.after and c.field in leaving for c in item.changes)
            counts["emptied"] += bool(lost)
            emptied.update(lost)
    found = [
        Remark(f"unusual_{kind}", (f"{counts[kind]}", f"{limit.of(listed)}"))
        for kind in ("creates", "updates", "leaving")
        if counts[kind] > (limit := getattr(safety, kind)).of(listed)
    ]
    if counts["emptied"] > (passing := safety.emptied.of(listed)):
        names = (name for name, _count in emptied.most_common())
        found.append(Remark("unusual_emptied", (f"{counts['emptied']}", f"{passing}", *names)))
    if shrunk := shrinking(safety, listed=listed, usual=usual):
        found.append(shrunk)
    return found


def shrinking(safety: Safety, *, listed: int, usual: int | None) -> Remark | None:
    """Return a remark if unusually many fewer people are *listed* than were *usual*."""
    if usual is None or usual - listed <= safety.shrink.of(usual):
        return None
    return Remark("unusual_shrink", (f"{listed}", f"{usual}"))
