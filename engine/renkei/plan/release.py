"""Releases: what a person has said of two records, as long as both are what they were then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

from attrs import define, evolve, field

from renkei.errors import Hint, UsageError
from renkei.identity.roster import Roster
from renkei.identity.rules import Evidence
from renkei.model import RELEASABLE, Candidate, Difference, Item, Released, Run, Wish
from renkei.people import Employee, FieldSpec, Ref, Value
from renkei.plan.compare import Links
from renkei.plan.draft import anew
from renkei.plan.pairing import Pairing
from renkei.plan.refusals import refuse_numbers
from renkei.plan.unfilled import blocked_if_unfilled, never_filled
from renkei.plugins.facade import Reader
from renkei.store.releases import Kept, Place, Record
from renkei.store.store import Store
from renkei.text import comparable
from renkei.words.i18n import _
from renkei.words.sentences import reason_text


# docs/decisions/2026-11-28-who-is-who.md
@define
class Shown:
    """Makes digests of what is shown of a record: its names, date of birth and gender."""

    store: Store
    evidence: Evidence

    def facts(self, person: Employee) -> dict[str, str]:
        """Return a digest of each field that is known."""
        facts: dict[str, str] = {}
        for name in self.evidence.who:
            if name in person.values:
                facts[name] = self.digest(person.values[name])
        return facts

    def digest(self, value: Value) -> str:
        """Return a digest of one value."""
        return self.store.digest(f"{type(value).__name__}:{value}")[:32]


@define(kw_only=True)
class Serving:
    """Finds which of all releases (*said*) serve two lists: both are there, and as shown then."""

    store: Store
    said: Sequence[Kept]
    places: tuple[Place, Place]
    rosters: tuple[Roster, Roster]
    evidence: tuple[Evidence, Evidence]
    lapsed: list[str] = field(init=False, factory=list)
    """The numbers of those whose release does not hold any more."""

    def links(self) -> Links:
        """Return what people have said of these two lists."""
        same: dict[str, str] = {}
        others: dict[str, frozenset[str]] = {}
        said: dict[str, Released] = {}
        for kept in self.said:
            sides = sides_of(kept, self.places)
            if sides is None or not kept.records:
                continue  # that a pair is right is said of two accounts, not of records
            back = sides == (1, 0)
            is_same = kept.release.said.kind == "same_person"
            if self._is_outside(kept, sides):
                if is_same:  # what was said waits: the other record stays nobody else's
                    same.update(_paired(kept.records, back=back))
                continue
            known = self._as_shown(kept, sides)
            if known is None:
                self.lapsed.append(kept.release.number or "")
                continue
            words = kept.release.said
            if back:  # seen from the other side, the other record is the employee it was said of
                words = evolve(words, others=(kept.release.number or known[0].id,))
            for ours, theirs in _paired(known, back=back):
                said[ours] = words
                if is_same:
                    same[ours] = theirs
                else:
                    others[ours] = others.get(ours, frozenset()) | {theirs}
        return Links(same=same, others=others, said=said)

    def _as_shown(self, kept: Kept, sides: tuple[int, int]) -> list[Record] | None:
        """
        Return the records of a release as they are now; None if it does not hold any more.

        What renkei itself has changed of them is kept as what was shown.
        """
        known: list[Record] = []
        is_as_kept = True
        for record in kept.records:
            now = self._now(kept, record, sides[record.side])
            if now is None:
                return None
            is_as_kept = is_as_kept and now.facts == record.facts
            known.append(now)
        if not is_as_kept:
            self.store.renew_release(kept, known)
        return known

    def _is_outside(self, kept: Kept, sides: tuple[int, int]) -> bool:
        """Tell whether the pair is not for one of two records: then it is not judged."""
        for record in kept.records:
            roster = self.rosters[sides[record.side]]
            if record.id in roster.outside:
                return True
        return False

    def _now(self, kept: Kept, record: Record, side: int) -> Record | None:
        """Return a record as it is now; None if it is gone, or somebody else has changed it."""
        person = self.rosters[side].find(record.id)
        if person is None:
            return None
        shown = Shown(self.store, self.evidence[side])
        # what cannot be read now is taken to be as it was shown: unknown is no change
        facts = {**record.facts, **shown.facts(person)}
        changed = [name for name in facts if facts[name] != record.facts.get(name)]
        if changed:
            written = self.store.written_into(kept.places[record.side], record.id)
            for name in changed:
                now, sent = person.values[name], written.get(name, ())
                if not any(_is_as_sent(now, value) for value in sent):
                    return None
        return evolve(record, facts=facts)


def _paired(records: Sequence[Record], *, back: bool) -> Iterator[tuple[str, str]]:
    """
    Yield the ids of source and target of each pair: the first of *records* with each other one.

    *back*: the lists are compared the other way round than when it was said.
    """
    first, *others = (record.id for record in records)
    for other in others:
        yield (other, first) if back else (first, other)


def _is_as_sent(now: Value, sent: Value) -> bool:
    """Tell whether a value is what was sent: a system may store it in another width."""
    if isinstance(now, str) and isinstance(sent, str):
        return comparable(now) == comparable(sent)
    return now == sent


def sides_of(kept: Kept, places: tuple[Place, Place]) -> tuple[int, int] | None:
    """Return which of *places* source and target of a release are; None: it is about others."""
    source, target = kept.places
    if source.is_same(places[0]) and target.is_same(places[1]):
        return (0, 1)
    if source.is_same(places[1]) and target.is_same(places[0]):
        return (1, 0)
    return None


@define(kw_only=True)
class Releasing:
    """
    Carries out what *who* says of employees of one plan, and keeps it for later ones.

    *read* opens the target, which is asked only about whom the plan does not have, and for what a
    new employee needs where the connector does not say so offline.
    """

    store: Store
    run: Run
    pairing: Pairing
    specs: tuple[Sequence[FieldSpec], Sequence[FieldSpec]]
    who: str
    at: dt.datetime
    read: Callable[[], Reader]

    def meant(self, wish: Wish) -> Item:
        """Return the item with those of the target alone of whom a wish speaks, to be looked at."""
        item = self._item(wish.number)
        _refuse_others(item, wish)
        comparison = self.pairing.comparison(*self.specs, self.run.base_date)
        meant: list[Candidate] = []
        for person in self._partners(item, wish):
            number = comparison.number_of(person)
            meant.append(
                Candidate(id=person.id, number=number, values=person.values, others=person.others)
            )
        return evolve(item, target_id=None, candidates=tuple(meant))

    def carry_out(self, wish: Wish) -> None:
        """
        Carry out one wish: the item is made anew, with its changes, limits and notes.

        Raises UsageError if nothing can be released, another reason would still block them, or the
        plan has begun.
        """
        item = self._item(wish.number)
        _refuse_others(item, wish)
        partners = self._partners(item, wish)
        comparison = self.pairing.comparison(*self.specs, self.run.base_date)
        said = Released(
            kind="as_new" if wish.as_new else "same_person",
            others=tuple(map(comparison.called, partners)),
            who=self.who,
            why=wish.why,
        )
        person = Employee(id=item.source_id, values=item.read, others=item.read_others)
        partner = None if wish.as_new else partners[0]
        made = anew(comparison, item, person, partner)
        made = blocked_if_unfilled(
            made, lambda: never_filled(self.specs[1], self.pairing, self.read)
        )
        if made.difference is Difference.BLOCKED:
            reasons = " ".join(map(reason_text, made.reasons))
            message = _("{number} is blocked for another reason, too: {reasons}")
            raise UsageError(message.format(number=wish.number, reasons=reasons), code="blocked")
        self._refuse_taken(item, made)
        self._keep(evolve(made, position=item.position, released=said), said, partners)

    def keep_reused(self) -> None:
        """Keep whose old record goes on under a new number, before it is written to."""
        for item in self.store.items(self.run.id, selected=True):
            if item.released is not None or not item.is_linked:
                continue
            (partner,) = [each for each in item.candidates if each.id == item.target_id]
            other = partner.number or partner.id
            said = Released(kind="same_person", others=(other,), who=self.who, why="rehire: reuse")
            self._keep(evolve(item, released=said), said, [_employee(partner)])

    def _item(self, number: str) -> Item:
        known = {entry.number or "" for entry in self.store.entries(self.run.id)}
        refuse_numbers({number}, known)
        found = list(self.store.items(self.run.id, numbers=[number]))
        if len(found) > 1:
            message = _("{number} is in the plan more than once. Correct the numbers first.")
            raise UsageError(message.format(number=number), code="unknown_number")
        return found[0]

    def _find(self, called: str) -> Employee | None:
        """Read somebody of the target, by number or id; None unless it is exactly one."""
        reader = self.read()
        reader.connection.check_open()
        # a record without a number is called by its id
        refs = [Ref(number=called), Ref(id=called)]
        scope = self.pairing.scopes[1]
        fields = tuple(dict.fromkeys([*self.pairing.asked(*self.specs)[1], *scope.fields]))
        people = reader.read_employees(refs, self.run.base_date, fields)
        hits = {each.id: each for each in people if scope.holds(each)}
        if len(hits) != 1:
            return None
        (found,) = hits.values()
        return found

    def _refuse_taken(self, item: Item, made: Item) -> None:
        """Raise if the record that *item* is to be paired with is another employee's already."""
        if made.target_id is None:
            return
        for theirs in self.store.partners_of(self.run.id, made.target_id):
            # somebody blocked as another person gives the record up: it may be this employee's
            codes = {reason.code for reason in theirs.reasons}
            gives_up = codes == {"other_person"}
            if theirs.source_id != item.source_id and not gives_up:
                message = _("That record is the partner of {number} in this plan.")
                raise UsageError(message.format(number=theirs.number), code="partner_taken")

    def _partners(self, item: Item, wish: Wish) -> list[Employee]:
        """Return the records of the target that a wish is about."""
        if wish.as_new:
            return list(map(_employee, item.candidates))
        called = wish.other or item.target_id or ""
        hits = [each for each in item.candidates if called in (each.number, each.id)]
        partner = _employee(hits[0]) if hits else self._find(called)
        if partner is None or len(hits) > 1:
            message = _("{target} has not exactly one record that is called {other}.")
            told = message.format(target=self.run.target, other=wish.other or wish.number)
            raise UsageError(told, code="unknown_number")
        return [partner]

    def _keep(self, item: Item, said: Released, partners: Sequence[Employee]) -> None:
        """Keep what is said of *partners* in the target, and *item* in its place in the plan."""
        evidence, evidence_there = self.pairing.evidence(*self.specs)
        shown, shown_there = Shown(self.store, evidence), Shown(self.store, evidence_there)
        account, account_there = self.store.accounts(self.run.id)
        ours = Place(connection=self.run.source, account=account)
        theirs = Place(connection=self.run.target, account=account_there)
        person = Employee(id=item.source_id, values=item.read)
        records = [Record(side=0, id=person.id, facts=shown.facts(person))]
        for partner in partners:
            facts = shown_there.facts(partner)
            records.append(Record(side=1, id=partner.id, facts=facts))
        self.store.keep_release(
            said, (ours, theirs), self.at, run_id=int(self.run.id), item=item, records=records
        )


def _refuse_others(item: Item, wish: Wish) -> None:
    """Raise UsageError for a wish without a reason, and for whom nobody can release."""
    codes = {reason.code for reason in item.reasons}
    if not wish.why.strip():
        raise UsageError(_("A release needs a reason."), code="why", hint=Hint("give_why"))
    if codes - RELEASABLE:
        message = _("{number} is blocked for a reason that nobody can release.")
        raise UsageError(message.format(number=wish.number), code="blocked")
    if wish.as_new and (item.target_id is not None or not item.candidates):
        message = _("{number} is not taken for anybody else, so there is nothing to release.")
        raise UsageError(message.format(number=wish.number), code="nothing_to_release")
    names_no_record = wish.other is None and not wish.as_new
    if names_no_record and "same_person" in codes:
        message = _("Name the record that is the same person as {number}.")
        records = tuple(each.number or each.id for each in item.candidates)
        raise UsageError(
            message.format(number=wish.number),
            code="which_record",
            hint=Hint("name_record", {"number": wish.number}, records),
        )
    if names_no_record and "other_person" not in codes:
        message = _("{number} is not blocked as another person, so there is nothing to release.")
        raise UsageError(
            message.format(number=wish.number),
            code="nothing_to_release",
            hint=Hint("name_other", {"number": wish.number}),
        )


def _employee(candidate: Candidate) -> Employee:
    return Employee(
        id=candidate.id,
        values=candidate.values,
        others=candidate.others,
        unreadable=candidate.unreadable,
        withheld=candidate.withheld,
    )
