"""One item of a plan in the making: who it is in the target, and what speaks for or against it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from renkei.identity.crowd import Crowds, Judged
from renkei.identity.roll import has_left, on_roll
from renkei.identity.roster import roles_of
from renkei.identity.rules import Twin, is_gap
from renkei.mapping.translate import Translated
from renkei.model import (
    Candidate,
    Change,
    Difference,
    Item,
    Remark,
)
from renkei.people import Employee, FieldSpec, Value, Values
from renkei.plan.compare import Comparison, name_of, roles_of_source
from renkei.safety import leaves
from renkei.words.codes import Given, code_of, parts_of, remark

Unshown = tuple[Collection[str], Collection[str]]
"""Fields of the source and of the target."""

# docs/rules.md, "Notes of two kinds"
NEVER_ALONE = frozenset({"rehire", "resigned_in_target", "identity_changed"})
"""Notes with which not even a date of leaving goes by itself."""


def needs_a_look(note: Remark, *, new: bool) -> bool:
    """Tell whether a person must look at somebody with this *note*, who may be *new*, first."""
    if note.code == "name_order":
        return not parts_of(note)["same"]  # the date of birth, that is
    if new and note.code == "near_number_in_source":
        return True
    return code_of(note.code).look_first


def anew(comparison: Comparison, item: Item, person: Employee, partner: Employee | None) -> Item:
    """Return *item* made anew: *person* is *partner*, or nobody of the target (None)."""
    draft = Draft(comparison, person, item.number, roles_of_source(comparison, person))
    if partner is not None:
        draft.link(partner)
    kept: list[Remark] = []
    for note in item.notes:
        is_near = note.code.startswith("near_number")
        # what the whole list says of these fields, and it is not at hand any more
        is_of_list = partner is not None and note.code == "empty_for_all"
        if is_near or is_of_list:
            kept.append(note)
    return draft.item(tuple(kept))


class Draft:
    """
    One item in the making: reasons and notes are gathered, then the difference follows.

    *unshown* are fields that nobody shows: the plan tells of them as a whole. In those of
    *empty_for_all* nobody of the source has a value. *was_ahead*: they were registered before they
    joined, and so as not employed.
    """

    def __init__(
        self,
        comparison: Comparison,
        person: Employee,
        number: str | None,
        roles: dict[str, Value],
        unshown: Unshown = ((), ()),
        *,
        empty_for_all: Collection[str] = (),
        was_ahead: bool = False,
    ) -> None:
        self._comparison = comparison
        self._unshown = unshown
        self._empty_for_all = empty_for_all
        self._was_ahead = was_ahead
        self._person = person
        self.number = number
        """What the plan calls them."""
        self._roles = roles
        self._partner: Employee | None = None
        self._partners = 0
        self.is_linked = False
        """Whether a person, or a record that goes on, says who this is, whatever the numbers."""
        self._candidates: tuple[Employee, ...] = ()
        self.namesake: Employee | None = None
        """Who of the target, nobody's partner, has both names of somebody new."""
        self._reasons: list[Remark] = []
        self._notes: list[Remark] = []

    def find_partner(self, crowds: Crowds, near: tuple[str, ...], *, alone: bool) -> None:
        """
        Find who this is in the target: whom somebody has linked, else whom the number pairs.

        Those with a *near* number are told of by themselves. A number that is not this one's
        *alone* says nothing of who is who.
        """
        is_new = not self._find_known(crowds, alone=alone)
        if is_new and self.number is not None:
            self._look_for_twins(crowds, near)

    def _find_known(self, crowds: Crowds, *, alone: bool) -> bool:
        """Find who is linked or has the number; tell whether anybody is, or stands in the way."""
        comparison, target = self._comparison, crowds.target.roster
        # what a person has said goes before the number: docs/rules.md, "Releases"
        linked = comparison.links.same.get(self._person.id)
        if linked is not None:
            partner = target.find(linked)
            if partner is not None:
                self.link(partner)
                self._block_rivals(crowds)
                return True
            if linked in target.outside:
                number = target.outside[linked]
                self.block("number_taken", numbers=(number or linked,))
                return True
        hits = target.get(self.number) if self.number else []
        self._partners = len(hits)  # of several none is taken: note_numbers blocks
        if len(hits) == 1 and not alone:
            self._partner = hits[0]
        elif len(hits) == 1:
            self._meet(hits[0], crowds)
        elif not hits and self.number in target.taken:
            self.block("number_taken")  # nobody new gets the number of somebody outside
            return True
        return bool(hits)

    def _block_rivals(self, crowds: Crowds) -> None:
        """Block whose record is somebody else's as well: two would write over each other."""
        source, base = crowds.source, self._comparison.base
        for identity in sorted(self._comparison.links.rivals(self._person.id)):
            rival = source.roster.find(identity)
            if rival is None:
                continue
            who = source.person(rival)
            # of two who are never there together, such as before and after a break, either may be
            if on_roll(who.hired, who.left, base):
                number = source.roster.number(rival) or rival.id
                self.block("linked_twice", numbers=(number,))
                return

    @property
    def meant(self) -> tuple[Employee, ...]:
        """Those of the target whom this is, or may be."""
        if self._partner is None:
            return self._candidates
        return (self._partner, *self._candidates)

    def find_leaver(self, crowds: Crowds) -> tuple[Employee | None, bool]:
        """
        Return whose date of leaving this is, and whether that is beyond a doubt.

        Nobody goes on with an old record only to leave: that is for who is new.
        """
        self._find_known(crowds, alone=True)
        if self._reasons or self._is_back():
            return self._partner, False
        is_certain = all(note.code == "linked" for note in self._notes)
        return self._partner, is_certain

    def _is_back(self) -> bool:
        """Tell whether the partner's date of leaving is of a time before this employment."""
        there = self._partner.values if self._partner else {}
        left = roles_of(there, self._comparison.target_specs).get("left")
        return is_gap(_day(left), _day(self._roles.get("hired")))

    def link(self, partner: Employee) -> None:
        """
        Pair with *partner*, whatever the numbers: a person has said that they are one.

        An employee without a number is called by the partner's in the plan, and so can be chosen.
        """
        self._partner, self._partners, self.is_linked = partner, 1, True
        theirs = self._comparison.number_of(partner)
        if theirs != self.number:
            self._notes.append(remark("linked", numbers=(self._comparison.called(partner),)))
        self.number = self.number or theirs

    def _meet(self, partner: Employee, crowds: Crowds) -> None:
        """Pair with whom the number pairs, unless that is now somebody else."""
        self._partner = partner
        if partner.id in self._comparison.links.taken:
            # a person has said that this record is somebody else's, whatever its number
            judged = Judged(reasons=(remark("other_person"),))
        else:
            judged = crowds.judge(self._person, partner)
        self._reasons += judged.reasons
        self._notes += judged.notes
        if judged.reasons:
            self._candidates = (partner, *judged.meant)

    def _look_for_twins(self, crowds: Crowds, near: tuple[str, ...]) -> None:
        """Look for somebody new among those of the target who are nobody's partner."""
        comparison = self._comparison
        links = comparison.links
        others = links.others.get(self._person.id, frozenset()) | links.taken
        twins = crowds.twins(self._person, others, frozenset(near))
        self.namesake = twins.namesake
        back = twins.by_kind.get(Twin.REHIRE, ())
        # docs/rules.md, "Rehires"
        is_clear = len(back) == 1 and Twin.SAME not in twins.by_kind
        if comparison.rehire == "reuse" and is_clear and crowds.goes_on(self._person, back[0]):
            self.link(back[0])
            self._candidates = back  # Releasing.keep_reused looks for the record here
            return
        self._candidates = twins.candidates
        for kind, people in twins.by_kind.items():
            found = remark(kind.value, numbers=comparison.all_called(people))
            is_rehire = kind in (Twin.REHIRE, Twin.MAYBE_REHIRE)
            if kind is Twin.SAME:
                self._reasons.append(found)
            elif not (is_rehire and comparison.rehire == "new"):
                self._notes.append(found)

    def block(self, code: str, **parts: Given) -> None:
        """Give a reason why this employee cannot be synced."""
        self._reasons.append(remark(code, **parts))

    def note_numbers(self, *, alone: bool) -> None:
        """Block a number that does not say who is meant, be it that more than one is listed."""
        if not alone:
            self.block("duplicate_in_source")
        if self._partners > 1:
            self.block("duplicate_in_target")

    def note_near(self, in_target: tuple[str, ...], in_source: tuple[str, ...]) -> None:
        """Block or note what other numbers look like this one."""
        if self._partner is not None:
            # who is linked may have another number there, which looks like this one
            mine = self._comparison.number_of(self._partner)
            in_target = tuple(number for number in in_target if number != mine)
        # never paired by itself, as 0012 and 12 may be two people:
        # docs/decisions/2026-11-22-near-numbers.md
        if in_target and not self._partners:
            self.block("near_number", numbers=in_target)
        elif in_target:
            self._notes.append(remark("near_number_too", numbers=in_target))
        if in_source:
            self._notes.append(remark("near_number_in_source", numbers=in_source))

    def item(self, kept: tuple[Remark, ...] = ()) -> Item:
        """Return the finished item, with notes that are *kept* from an earlier one."""
        comparison = self._comparison
        self._notes += kept
        translated = comparison.translation.translate(self._person.values)
        self._note_values(translated)
        self._note_partner()
        if not self._partners:
            self._note_new(translated)
        changes = comparison.changes(translated.values, self._person, self._partner)
        changes = self._completed(changes)
        self._note_outside(translated, changes)
        self._note_several(translated.values, changes)
        self._note_not_compared(translated.values)
        self._note_empty_for_all(changes)
        partner = self._partner
        return Item(
            number=self.number,
            name=name_of(self._roles),
            difference=self._difference(changes),
            source_id=self._person.id,
            target_id=partner.id if partner else None,
            kana=comparison.kana(translated.values),
            read=self._person.values,
            read_others=self._person.others,
            before=comparison.mapped(partner.values) if partner else None,
            before_others=partner.others if partner else {},
            after=translated.values,
            changes=() if self._reasons else changes,
            reasons=tuple(self._reasons),
            notes=tuple(self._notes),
            released=comparison.links.said.get(self._person.id),
            candidates=tuple(map(self._candidate, self._candidates)),
            look_first=self._must_be_looked_at(changes),
        )

    def _candidate(self, person: Employee) -> Candidate:
        number = self._comparison.number_of(person)
        return Candidate(
            id=person.id,
            number=number,
            values=person.values,
            others=person.others,
            unreadable=person.unreadable,
            withheld=person.withheld,
        )

    def _must_be_looked_at(self, changes: tuple[Change, ...]) -> bool:
        """Tell whether a person must look before anything is sent; a mere date of leaving goes."""
        is_unchanged = self._partner is not None and not changes
        if self._reasons or is_unchanged:
            return False  # nothing is sent at all
        is_new = not self._partners
        codes: set[str] = set()
        for note in self._notes:
            if needs_a_look(note, new=is_new):
                codes.add(note.code)
        if self._only_leaves(changes):
            return not codes.isdisjoint(NEVER_ALONE)
        return bool(codes)

    def _only_leaves(self, changes: tuple[Change, ...]) -> bool:
        """Tell whether *changes* say that somebody has left, and nothing else."""
        roles = {spec.name: spec.role for spec in self._comparison.target_specs}
        return bool(changes) and all(leaves(each, roles[each.field]) for each in changes)

    def _completed(self, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        """
        Return *changes* so that nobody joins after a date of leaving that stays.

        Somebody who comes back loses the old date of leaving, whatever the pair says of empty
        values, also where the date of joining is there already; one who cannot lose it is blocked.
        """
        specs = {spec.role: spec for spec in self._comparison.target_specs}
        hired, left = specs.get("hired"), specs.get("left")
        if self._partner is None or hired is None or left is None:
            return changes
        written = {change.field: change.after for change in changes}
        last_day = {**self._partner.values, **written}.get(left.name)
        if not isinstance(last_day, dt.date):
            return changes
        if self._loses_date(left):
            if not is_gap(last_day, _day(self._roles.get("hired"))):
                return changes
            others = [change for change in changes if change.field != left.name]
            return (*others, Change(left.name, self._partner.values[left.name], None))
        joins = written.get(hired.name)
        if isinstance(joins, dt.date) and last_day < joins:
            self.block("rehire_incomplete", fields=(left.name,))
        return changes

    def _loses_date(self, left: FieldSpec) -> bool:
        """Tell whether the target's date of leaving can go: the source has none, a pair says so."""
        if "left" not in self._roles or self._roles["left"] is not None:
            return False
        may_be_emptied = left.write == "always" and left.clearable
        return may_be_emptied and self._comparison.translation.writes(left.name)

    def _difference(self, changes: tuple[Change, ...]) -> Difference:
        if self._reasons:
            return Difference.BLOCKED
        if self._partner is None:
            return Difference.NEW
        return Difference.CHANGED if changes else Difference.SAME

    def _note_values(self, translated: Translated) -> None:
        if self._roles.get("retired") is True and self._roles.get("left") is None:
            self.block("retired_without_date")
        wanted = set(self._comparison.translation.source_fields)
        self._block_unread(self._person, self._comparison.names[0], wanted)
        self._note_untranslated(translated)

    def _block_unread(self, person: Employee, system: str, mapped: Collection[str]) -> None:
        """Block what makes no sense, and what nobody may read."""
        private = [name for name in person.withheld if name in mapped]
        unreadable: list[str] = []
        for name in person.unreadable:
            is_told = name in private  # what is withheld is unreadable as well
            if name in mapped and not is_told:
                unreadable.append(name)
        for code, names in (("unreadable", unreadable), ("looks_like_my_number", private)):
            if names:
                self.block(code, system=system, fields=names)

    def _note_untranslated(self, translated: Translated) -> None:
        """Block what cannot be translated, by code; each value that no table has by itself."""
        found: dict[tuple[str, str], list[str]] = {}
        for code, name in translated.unreadable:
            if self._agrees(name):
                continue  # nothing has to be written, so nothing has to be translated
            origin = self._comparison.translation.origin(name, self._person.values)
            value_of = origin if code == "not_in_table" else ""
            found.setdefault((code, value_of), []).append(name)
        for (code, origin), names in found.items():
            if origin:
                self.block(code, field=origin, value=str(self._person.values[origin]))
            else:
                self.block(code, fields=names)

    def _agrees(self, name: str) -> bool:
        """Tell whether nothing has to be written into the target's field *name*."""
        agrees = self._comparison.translation.agrees
        return self._partner is not None and agrees(name, self._person, self._partner)

    def _note_several(self, after: Values, changes: tuple[Change, ...]) -> None:
        """Note the fields that hold several values, of which only one is compared or replaced."""
        origin, person = self._comparison.translation.origin, self._person
        theirs = self._partner.others if self._partner else {}
        written: set[str] = set()
        first_of_several: list[str] = []
        others_stay: list[str] = []
        not_emptied: list[str] = []
        for change in changes:
            written.add(change.field)
            source_field = origin(change.field, person.values)
            if source_field in person.others:
                first_of_several.append(source_field)
            if change.field in theirs:
                others_stay.append(change.field)
        for name in theirs:
            is_empty = name in after and after[name] is None
            if is_empty and name not in written:
                not_emptied.append(name)
        self._note_fields("first_of_several", first_of_several)
        self._note_fields("others_stay", others_stay)
        self._note_fields("not_emptied", not_emptied)

    def _note_fields(self, code: str, names: Collection[str]) -> None:
        if names:
            self._notes.append(remark(code, fields=names))

    def _note_empty_for_all(self, changes: tuple[Change, ...]) -> None:
        """
        Note what follows from a value that the source shows of nobody: its token may not read it.

        A value of the target is emptied, or somebody new counts as one who has joined.
        """
        origin = self._comparison.translation.origin
        asked: list[str] = []
        for change in changes:
            is_emptied = change.after is None and change.before is not None
            if is_emptied:
                asked.append(origin(change.field, self._person.values))
        if not self._partners:
            asked += [spec.name for spec in self._comparison.source_specs if spec.role == "hired"]
        # one employee cannot tell, the list can: docs/decisions/2026-11-30-hidden-or-empty.md
        fields = [name for name in asked if name in self._empty_for_all]
        if fields:
            self._notes.append(remark("empty_for_all", fields=fields))

    def _note_not_compared(self, after: Values) -> None:
        """Note in which fields the two may differ unseen: one has a value, the other shows none."""
        partner, translation = self._partner, self._comparison.translation
        if partner is None:
            return
        all_ours = self._person.values.keys() >= set(translation.source_fields)
        if all_ours and partner.values.keys() >= set(translation.target_fields):
            return  # as of nearly everybody: both show all that is compared
        ours: list[str] = []
        theirs: list[str] = []
        for row in translation.rows:
            if row.spec.write != "always":
                continue
            origin = translation.origin(row.target, self._person.values)
            if partner.values.get(row.target) is not None and not _shows(self._person, origin):
                ours.append(origin)
            if after.get(row.target) is not None and not _shows(partner, row.target):
                theirs.append(row.target)
        hidden = zip(self._comparison.names, (ours, theirs), self._unshown, strict=True)
        for system, names, told in hidden:
            untold = [name for name in dict.fromkeys(names) if name not in told]
            if untold:
                self._notes.append(remark("not_compared", system=system, fields=untold))

    def _note_partner(self) -> None:
        if self._partner is None:
            return
        mapped = {row.target: row.spec.role for row in self._comparison.translation.rows}
        self._block_unread(self._partner, self._comparison.names[1], mapped)
        roles = roles_of(self._partner.values, self._comparison.target_specs)
        left = roles.get("left")
        # to go on with an old record is no reason to look first: docs/rules.md, "Rehires"
        back = self.is_linked and self._is_back()
        if has_left(left, self._comparison.base) and not back:
            self._notes.append(remark("resigned_in_target", day=str(left)))
        elif roles.get("employed") is False and "employed" in mapped.values():
            # a sync would open an account that somebody has closed, unless it was never open
            code = "registered_ahead" if self._was_ahead else "resigned_in_target"
            self._notes.append(remark(code))

    def _note_outside(self, translated: Translated, changes: tuple[Change, ...]) -> None:
        """Block a sync after which the pair would not be for this employee any more."""
        new = not self._partners
        fields = self._comparison.outside(translated.values, changes, new=new)
        told = _untranslated(translated)
        left = [name for name in fields if name not in told]
        is_there = any(reason.code == "number_taken" for reason in self._reasons)
        if not is_there and left:
            self.block("not_in_scope", fields=left)

    def _note_new(self, translated: Translated) -> None:
        told = _untranslated(translated)
        if self.number is None:
            told.add(self._comparison.translation.number_fields[1])  # told already
        required = self._comparison.missing(translated.values)
        missing = [name for name in required if name not in told]
        if missing:
            self.block("missing_required", fields=missing)
        if wanted := self._comparison.wanted(translated.values):
            self._notes.append(remark("wanted_missing", fields=wanted))


def _untranslated(translated: Translated) -> set[str]:
    """Return the target's fields of which it is told already that a value has no translation."""
    return {name for _code, name in translated.unreadable}


def _shows(person: Employee, name: str) -> bool:
    """Tell whether there is something in a field of *person*, be it empty or nonsense."""
    return name in person.values or name in person.unreadable


def _day(value: Value) -> dt.date | None:
    return value if isinstance(value, dt.date) else None
