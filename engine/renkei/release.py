"""Releases: what a person has said of two records, as long as both are what they were then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from attrs import define, evolve, field, frozen

from renkei.both import RELEASABLE
from renkei.compare import Comparison, Ties
from renkei.errors import UsageError
from renkei.i18n import _
from renkei.identity import Evidence
from renkei.model import Candidate, Difference, Employee, Item, Released, Value
from renkei.roster import Roster
from renkei.store import Store
from renkei.store.releases import Kept, Record
from renkei.texts import reason_text


@frozen(kw_only=True)
class Wish:
    """
    What a person says of the employee *number* of a plan, and *why*.

    *other* is the record of the target that is the same person, by number or id; None: the one of
    the same number. With *as_new* all records that the plan names are other people.
    """

    number: str
    why: str
    other: str | None = None
    as_new: bool = False


@define
class Shown:
    """Makes digests of what is shown of a record: its names, date of birth and gender."""

    store: Store
    evidence: Evidence

    def facts(self, person: Employee) -> dict[str, str]:
        """Return a digest of each field that is known."""
        return {
            name: self.digest(person.values[name])
            for name in self.evidence.who
            if name in person.values
        }

    def digest(self, value: Value) -> str:
        """Return a digest of one value."""
        return self.store.digest(f"{type(value).__name__}:{value}")[:32]


@define(kw_only=True)
class Holder:
    """Finds which releases hold for two lists: both records are there, and as they were shown."""

    store: Store
    accounts: tuple[str, str]
    rosters: tuple[Roster, Roster]
    evidence: tuple[Evidence, Evidence]
    lapsed: list[str] = field(init=False, factory=list)
    """The numbers of those whose release does not hold any more."""

    def ties(self) -> Ties:
        """Return what people have said of these two lists."""
        same: dict[str, str] = {}
        others: dict[str, frozenset[str]] = {}
        said: dict[str, Released] = {}
        for kept in self.store.releases(self.accounts):
            if kept.release.said.kind == "right_pair":
                continue
            if not self._holds(kept):
                self.lapsed.append(kept.release.number or "")
                continue
            for ours, theirs in self._pairs(kept):
                said[ours] = kept.release.said
                if kept.release.said.kind == "same_person":
                    same[ours] = theirs
                else:
                    others[ours] = others.get(ours, frozenset()) | {theirs}
        return Ties(same=same, others=others, said=said)

    def _pairs(self, kept: Kept) -> Iterator[tuple[str, str]]:
        """Yield the ids of our source and target that a release is about, whichever way it was."""
        first, *rest = kept.records
        for record in rest:
            ours = first.account == self.accounts[0]
            yield (first.id, record.id) if ours else (record.id, first.id)

    def _holds(self, kept: Kept) -> bool:
        now = [self._now(record) for record in kept.records]
        if any(each is None for each in now):
            return False
        renewed = [each for each in now if each is not None]
        if [r.facts for r in renewed] != [r.facts for r in kept.records]:
            self.store.renew_release(kept.release.id, renewed)
        return True

    def _now(self, record: Record) -> Record | None:
        """Return a record as it is now; None if it is gone, or somebody else has changed it."""
        side = self.accounts.index(record.account)
        person = self.rosters[side].find(record.id)
        if person is None:
            return None
        shown = Shown(self.store, self.evidence[side])
        facts = {**record.facts, **shown.facts(person)}
        changed = [name for name in facts if facts[name] != record.facts.get(name)]
        if changed:
            written = self.store.written_into(record.account, record.id)
            for name in changed:
                if facts[name] not in map(shown.digest, written.get(name, ())):
                    return None
        return evolve(record, facts=facts)


def released(
    item: Item,
    wish: Wish,
    comparison: Comparison,
    find: Callable[[str], Employee | None],
    who: str,
) -> tuple[Item, Released, list[Employee]]:
    """
    Return *item* made anew as *wish* says, what was said, and the records of the target.

    *find* reads somebody of the target by number or id. Raises UsageError if nothing can be
    released, or another reason would still block them.
    """
    _refuse_others(item, wish)
    person = Employee(id=item.source_id, values=item.read, others=item.read_others)
    partners = _partners(item, wish, comparison, find)
    if wish.as_new:
        made = comparison.apart(item, person)
    else:
        made = comparison.tied(item, person, partners[0])
    said = Released(
        kind="as_new" if wish.as_new else "same_person",
        others=tuple(map(comparison.called, partners)),
        who=who,
        why=wish.why,
    )
    if made.difference is Difference.BLOCKED:
        reasons = " ".join(map(reason_text, made.reasons))
        message = _("{number} is blocked for another reason, too: {reasons}")
        raise UsageError(message.format(number=wish.number, reasons=reasons), code="blocked")
    return evolve(made, position=item.position, released=said), said, partners


def _refuse_others(item: Item, wish: Wish) -> None:
    codes = {reason.code for reason in item.reasons}
    if not wish.why.strip():
        raise UsageError(_("A release needs a reason: --why."), code="why")
    if codes - RELEASABLE:
        message = _("{number} is blocked for a reason that nobody can release.")
        raise UsageError(message.format(number=wish.number), code="blocked")
    if wish.as_new and (item.target_id is not None or not item.candidates):
        message = _("{number} is not taken for anybody else, so there is nothing to release.")
        raise UsageError(message.format(number=wish.number), code="nothing_to_release")
    if wish.other is None and not wish.as_new and "other_person" not in codes:
        message = _(
            "{number} is not blocked as another person. Choose them with --number, or name the"
            " record that is the same person: {number}=OTHER."
        )
        raise UsageError(message.format(number=wish.number), code="nothing_to_release")


def _partners(
    item: Item, wish: Wish, comparison: Comparison, find: Callable[[str], Employee | None]
) -> list[Employee]:
    if wish.as_new:
        return list(map(_employee, item.candidates))
    wanted = wish.other
    hits = [
        each
        for each in item.candidates
        if (each.id == item.target_id if wanted is None else wanted in (each.number, each.id))
    ]
    partner = find(wanted or item.target_id or "") if not hits else _employee(hits[0])
    if partner is None or len(hits) > 1:
        message = _("{target} has not exactly one record that is called {other}.")
        raise UsageError(
            message.format(target=comparison.names[1], other=wanted or wish.number),
            code="unknown_number",
        )
    return [partner]


def _employee(candidate: Candidate) -> Employee:
    return Employee(id=candidate.id, values=candidate.values, others=candidate.others)


def records(
    item: Item, partners: Iterable[Employee], accounts: tuple[str, str],
    shown: tuple[Shown, Shown],
) -> list[Record]:  # fmt: skip
    """Return the records that a release is about, as they were shown."""
    person = Employee(id=item.source_id, values=item.read)
    ours = Record(account=accounts[0], id=person.id, facts=shown[0].facts(person))
    theirs = [
        Record(account=accounts[1], id=each.id, facts=shown[1].facts(each)) for each in partners
    ]
    return [ours, *theirs]
