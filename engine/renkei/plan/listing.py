"""Whom a comparison lists: the roll of the source, and on request leavers and joiners beside it."""

from __future__ import annotations

import datetime as dt
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise, product

from attrs import define, evolve, field

from renkei.identity.crowd import Crowd, Crowds
from renkei.identity.roll import has_left, on_roll
from renkei.identity.roster import Roster, roles_of
from renkei.model import NAMED, Alike, Change, Difference, Item, Remark
from renkei.people import Employee, Role, Value
from renkei.plan.compare import Comparison, roles_of_source
from renkei.plan.draft import Draft, Unshown
from renkei.plan.glance import Glance
from renkei.safety import LEAVING
from renkei.text import near_key
from renkei.words.codes import parts_of, remark

# docs/decisions/2026-11-30-hidden-or-empty.md
FEW = 3
"""From so many people on it says something that none of them has a value in a field."""

Roles = dict[str, Value]
"""Values of one employee by role."""

Lookalikes = Mapping[str, set[str]]
"""By each number that looks like another one: all that look like it, itself included."""


@define
class Listing:
    """
    Both lists as of the base date of a *comparison*, item by item.

    *created* are the source's ids of those whom the target has been sent already, though it may not
    show them, with the base date of that, or None if they were updated since. What the whole lists
    say beside the items is known once :meth:`rows` has ended.
    """

    comparison: Comparison
    source: Roster
    target: Roster
    created: Mapping[str, dt.date | None] = field(factory=dict)
    employed: int = field(init=False, default=0)
    """How many are on the roll: those who left lately or join soon are listed beside it."""
    misfits: list[tuple[str, str]] = field(init=False, factory=list)
    """New employees, by number, who have both names of one of the target with a stray number."""
    shadowed: list[str] = field(init=False, factory=list)
    """The numbers of leavers and joiners whose number somebody else carries."""
    unseen: Counter[tuple[str, str]] = field(init=False, factory=Counter)
    """Of how many employees a system does not show a field that somebody else there has."""
    unshown: Unshown = field(init=False)
    """The fields that no employee of the source shows, and none of the target."""
    written: set[str] = field(init=False, factory=set)
    """The fields of the target that change for anybody who is there."""
    unsure: list[str] = field(init=False, factory=list)
    """The numbers of leavers whose date waits: a person has to look first who they are there."""
    _gone_by: set[str] = field(init=False, factory=set)
    """The numbers of those who left by the base date and are not listed for it."""
    _passed_on: set[str] = field(init=False, factory=set)
    """The numbers of leavers who are told of already: by an item, or by :attr:`unsure`."""
    _crowds: Crowds = field(init=False)
    _glance: Glance = field(init=False)

    @unshown.default
    def _shown_by_nobody(self) -> Unshown:
        compared = self.comparison.translation
        ours = self.source.unknown_to_all(compared.source_fields)
        return ours, self.target.unknown_to_all(compared.target_fields)

    @cached_property
    def empty_for_all(self) -> frozenset[str]:
        """
        The fields of the source in which nobody has a value.

        The day of joining only if somebody of the target has one: it may be kept nowhere.
        """
        found, there = _empty_for_all(self.source), _empty_for_all(self.target)
        for spec in self.comparison.target_specs:
            if spec.role == "hired" and spec.name not in there:
                return found
        return found - {spec.name for spec in self.comparison.source_specs if spec.role == "hired"}

    @property
    def overwritten(self) -> frozenset[str]:
        """The fields of the target that are written, and in which nobody there has a value."""
        return _empty_for_all(self.target) & self.written

    @_crowds.default
    def _make_crowds(self) -> Crowds:
        ours, theirs = self.comparison.evidence
        return Crowds(
            Crowd(self.source, ours),
            Crowd(self.target, theirs),
            self.comparison.base,
            self.comparison.all_called,
        )

    @_glance.default
    def _make_glance(self) -> Glance:
        return Glance(self.comparison, self.source, self.target)

    def rows(self) -> Iterator[Item | Alike]:
        """Yield each employee of the source who is listed, in order of number."""
        lookalikes = _lookalikes(self.source, self.target)
        for number in (*sorted(self.source.numbers()), None):
            if alike := self._at_a_glance(number, lookalikes):
                self.employed += 1
                yield alike
                continue
            for person in self.source.get(number):
                if item := self._looked_at(person, number, lookalikes):
                    if item.target_id is not None:
                        self.written.update(change.field for change in item.changes)
                    yield item

    def _at_a_glance(self, number: str | None, lookalikes: Lookalikes) -> Alike | None:
        """Return two people of whom nothing has to be told, as of most people."""
        if number is None or number in lookalikes:
            return None  # one that looks like another blocks, or is noted
        ours, theirs = self.source.alone(number), self.target.alone(number)
        return self._glance.same(number, ours, theirs) if ours and theirs else None

    def _looked_at(
        self, person: Employee, number: str | None, lookalikes: Lookalikes
    ) -> Item | None:
        """Return the item of somebody; None: they are not listed."""
        roles = roles_of_source(self.comparison, person)
        gone = has_left(roles.get("left"), self.comparison.base)
        # whom the pair may not be for is not told as left
        if number is not None and gone and person.id not in self.source.unsure:
            self._gone_by.add(number)
        if self._left_lately(roles):
            return self._leaver(person, number, roles)
        if self._is_on_roll(roles):
            self.employed += 1
            return self._listed(person, number, roles, lookalikes)
        if self._joins_soon(roles) and self._may_join(person, number):
            return self._listed(person, number, roles, lookalikes)
        return None

    def _listed(
        self, person: Employee, number: str | None, roles: Roles, lookalikes: Lookalikes
    ) -> Item | None:
        """Return the item of somebody on the roll, or who joins soon and is not there yet."""
        ahead = not self._is_on_roll(roles)
        others = sorted(lookalikes.get(number, set()) - {number}) if number else []
        near = tuple(other for other in others if self.target.count(other))
        among = self._joins_soon if ahead else self._is_on_roll
        # most numbers are of one person, of whom nothing has to be read again to be counted
        alone = self.source.count(number) < 2 or self._count(number, among) < 2
        draft = Draft(
            self.comparison,
            person,
            number,
            roles,
            self.unshown,
            empty_for_all=self.empty_for_all,
            was_ahead=self._was_ahead(person, roles),
        )
        draft.find_partner(self._crowds, near, alone=alone)
        self._block_unsure(draft, person)
        if ahead and draft.is_linked:
            return None  # a record that is there already waits for the day of joining
        if draft.number is None:
            # one that makes no sense is told as what it is, and need not be entered
            if self.comparison.translation.number_fields[0] not in person.unreadable:
                draft.block("no_number")
        elif number is not None:
            draft.note_numbers(alone=alone)
            listed = (other for other in others if self._count(other, self._is_on_roll))
            draft.note_near(near, tuple(listed))
            if draft.namesake is not None:
                self.misfits.append((number, self.comparison.called(draft.namesake)))
        item = draft.item()
        for note in item.notes:
            if note.code == "not_compared":
                told = parts_of(note)
                self.unseen.update(product(told["system"], told["fields"]))
        return item

    def _block_unsure(self, draft: Draft, person: Employee) -> bool:
        """Block whom the pair may not be for, or who may be such a one; tell whether it did."""
        sides = ((self.source, (person,)), (self.target, draft.meant))
        for system, (roster, people) in zip(self.comparison.names, sides, strict=True):
            fields: list[str] = []
            for each in people:
                fields += roster.unsure.get(each.id, ())
            if fields:
                draft.block("scope_unknown", system=system, fields=dict.fromkeys(fields))
                return True
        return False

    def _is_on_roll(self, roles: Roles) -> bool:
        employed = on_roll(roles.get("hired"), roles.get("left"), self.comparison.base)
        # unknown is not false: it takes nobody off the roll
        return employed and roles.get("employed") is not False

    def _count(self, number: str | None, told: Callable[[Roles], bool]) -> int:
        """Return of how many with *number* in the source it is *told*; nobody without a number."""
        count = 0
        for person in self.source.get(number) if number else ():
            roles = roles_of_source(self.comparison, person)
            if told(roles):
                count += 1
        return count

    # --- who left lately, who joins soon -----------------------------------------------------

    def _left_lately(self, roles: Roles) -> bool:
        """Tell whether somebody left in the days that are asked for, the base date included."""
        base, days = self.comparison.base, self.comparison.leavers
        left = roles.get("left")
        if days == 0 or not isinstance(left, dt.date):
            return False
        return 0 <= (base - left).days <= days

    def _joins_soon(self, roles: Roles) -> bool:
        """Tell whether somebody joins in the days that are asked for, and is not gone by then."""
        base, days = self.comparison.base, self.comparison.joiners
        hired = roles.get("hired")
        is_soon = isinstance(hired, dt.date) and 0 < (hired - base).days <= days
        return is_soon and not has_left(roles.get("left"), base)

    def _was_ahead(self, person: Employee, roles: Roles) -> bool:
        """Tell whether somebody was registered as one who joins soon, and has joined by now."""
        sent, hired = self.created.get(person.id), roles.get("hired")
        base, days = self.comparison.base, self.comparison.joiners
        if sent is None or not isinstance(hired, dt.date):
            return False
        return sent < hired <= base and (base - sent).days <= 2 * days

    def _may_join(self, person: Employee, number: str | None) -> bool:
        """Tell whether somebody who joins soon is listed: as new, and as nobody else."""
        # once registered they are not touched before that day: who does not come after all is
        # taken out of the target by hand (docs/rules.md, "The roll")
        if number is None or person.id in self.created:
            return False
        if self._count(number, self._is_on_roll) or self._count(number, self._left_lately):
            self.shadowed.append(number)
            return False
        return not self.target.get(number)

    def _leaver(self, person: Employee, number: str | None, roles: Roles) -> Item | None:
        """Return the item that passes on a date of leaving alone, if that is certain."""
        if number is None:
            return None
        if self._count(number, self._is_on_roll):
            self.shadowed.append(number)
            return None
        draft = Draft(self.comparison, person, number, roles, self.unshown)
        partner, certain = draft.find_leaver(self._crowds)
        if partner is None:
            return None
        changes = self._leaving(person, partner)
        if not changes or self._was_hired_after(partner, roles["left"]):
            return None
        self._passed_on.add(number)
        if self._block_unsure(draft, person):
            return draft.item()
        if not certain or self._count(number, self._left_lately) > 1:
            self.unsure.append(number)
            return None
        # whatever else keeps somebody from being synced does not keep them from having left
        return evolve(
            draft.item(),
            difference=Difference.CHANGED,
            reasons=(),
            changes=changes,
            notes=(),
            look_first=False,
        )

    def _leaving(self, person: Employee, partner: Employee) -> tuple[Change, ...]:
        """Return those changes of somebody who has left that say so, and no others."""
        comparison = self.comparison
        leaves = {spec.name for spec in comparison.target_specs if spec.role in LEAVING}
        after = comparison.translation.translate(person.values).values
        written = comparison.changes(after, person, partner)
        return tuple(change for change in written if change.field in leaves)

    def _was_hired_after(self, partner: Employee, left: Value) -> bool:
        """Tell whether a partner was hired after the day somebody *left*."""
        hired = roles_of(partner.values, self.comparison.target_specs).get("hired")
        if not (isinstance(left, dt.date) and isinstance(hired, dt.date)):
            return False
        return hired > left

    # --- who left before ----------------------------------------------------------------------

    def left_behind(self, earliest: dt.date) -> list[Remark]:
        """
        Return notices about those who left on or before the base date but look active there.

        About: how many, the latest base date that lists all of them, then some numbers. Those whom
        no base date from *earliest* on lists have a notice of their own, without a date. Nobody is
        named whose partner was hired later, nor where no pair passes a date of leaving on. Where
        only whether they are employed is passed on, no base date helps, but days for leavers do.
        """
        if not self._writes("left"):
            return self._left_active() if self._writes("employed") else []
        within: list[str] = []
        days: list[dt.date] = []
        beyond: list[str] = []
        for number, day in self._left_by_base().items():
            if day > earliest:
                within.append(number)
                days.append(day)
            else:
                beyond.append(number)
        found = []
        if within:
            # the day of leaving itself is gone, so the day before the first lists all of them
            before = min(days) - dt.timedelta(days=1)
            found.append(
                remark(
                    "left_before_base",
                    count=str(len(within)),
                    day=before.isoformat(),
                    numbers=within[:NAMED],
                )
            )
        if beyond:
            count, numbers = str(len(beyond)), beyond[:NAMED]
            found.append(remark("left_long_ago", count=count, numbers=numbers))
        return found

    def _left_active(self) -> list[Remark]:
        """Return a notice about those who left and are still active in the target."""
        left = self._left_by_base()
        if not left:
            return []
        days = (self.comparison.base - min(left.values())).days
        numbers = list(left)[:NAMED]
        return [remark("left_but_active", count=f"{len(left)}", days=f"{days}", numbers=numbers)]

    def _left_by_base(self) -> dict[str, dt.date]:
        """Return when those left, by number, who did by the base date and look active there."""
        left: dict[str, dt.date] = {}
        for number in sorted(self._gone_by - self._passed_on):
            days = self._gone(self.source.get(number))
            if not days:
                continue
            last = max(days)
            partners = self.target.get(number)
            if any(self._stayed(each, last) for each in partners):
                left[number] = last
        return left

    def _writes(self, role: Role) -> bool:
        """Return whether a pair of the mapping could write a field with this role."""
        return any(row.spec.role == role for row in self.comparison.translation.rows)

    def _gone(self, people: Sequence[Employee]) -> list[dt.date]:
        """Return the leaving dates of *people* if all are gone on the base date, else nothing."""
        days: list[dt.date] = []
        for person in people:
            left = roles_of_source(self.comparison, person).get("left")
            if not isinstance(left, dt.date) or left > self.comparison.base:
                return []
            days.append(left)
        return days

    def _stayed(self, partner: Employee, left: dt.date) -> bool:
        """Tell whether a partner looks active of somebody who *left*, and was not hired after."""
        roles = roles_of(partner.values, self.comparison.target_specs)
        if has_left(roles.get("left"), self.comparison.base) or roles.get("retired") is True:
            return False
        if roles.get("employed") is False:
            return False
        return not self._was_hired_after(partner, left)


def _empty_for_all(roster: Roster) -> frozenset[str]:
    """Return the fields in which nobody of a side has a value, if there are enough people."""
    return roster.empty_for_all if len(roster) >= FEW else frozenset()


def _lookalikes(source: Roster, target: Roster) -> Lookalikes:
    """Return those of all numbers that look alike."""
    numbers = source.numbers()
    numbers += [number for number in target.numbers() if not source.count(number)]
    # by hashes first: a dictionary of all keys would be the most that a large fetch needs
    keys = array("q", [hash(near_key(number)) for number in numbers])
    several = {a for a, b in pairwise(sorted(keys)) if a == b}
    near: dict[str, set[str]] = {}
    for number, key in zip(numbers, keys, strict=True):
        if key in several:
            near.setdefault(near_key(number), set()).add(number)
    return {number: alike for alike in near.values() if len(alike) > 1 for number in alike}
