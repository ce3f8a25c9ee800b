"""Two lists of employees in, plan items out; no I/O, no clock, no system.

The base date filters the source only; the target is looked at whole, so that a resigned or future
employee there is never taken for a new one. Everything is compared in the target's terms, after
translation. Source of the rules: docs/rules.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from attrs import field, frozen

from renkei.mapping import Translated, Translation, near_key
from renkei.model import (
    Change,
    Difference,
    Employee,
    FieldSpec,
    Item,
    Remark,
    Value,
    Values,
)
from renkei.roster import Roster, roles_of

LEFT_NAMED = 20
"""How many numbers the notice about people who have left spells out."""


def on_roll(hired: Value, left: Value, base: dt.date) -> bool:
    """Return whether somebody with these days (None: empty) is employed on *base*."""
    return not (isinstance(hired, dt.date) and hired > base) and not has_left(left, base)


def has_left(left: Value, base: dt.date) -> bool:
    """Return whether somebody leaving on *left* is gone on *base*; that day itself counts."""
    return isinstance(left, dt.date) and left <= base


@frozen(kw_only=True)
class Comparison:
    """
    Everything that decides how one source is compared with one target as of one day.

    *names* are those of the two connections.
    """

    translation: Translation
    source_specs: tuple[FieldSpec, ...]
    target_specs: tuple[FieldSpec, ...]
    base: dt.date
    names: tuple[str, str]
    _target_by_name: dict[str, FieldSpec] = field(init=False)

    def __attrs_post_init__(self) -> None:
        by_name = {spec.name: spec for spec in self.target_specs}
        object.__setattr__(self, "_target_by_name", by_name)

    def items(self, source: Roster, target: Roster) -> Iterator[Item]:
        """Yield one item for each employee of *source* who is on the roll, in order of number."""
        alike = _alike(chain(source.numbers(), target.numbers()))
        for person in source:
            roles = roles_of_source(self, person)
            if not self.listed(roles):
                continue
            number = source.number(person)
            draft = _Draft(self, person, number, roles, target.get(number) if number else [])
            if number is None:
                draft.block("no_number")
            else:
                draft.note_numbers(self._listed(source, number))
                others = sorted(alike.get(near_key(number), set()) - {number})
                draft.note_near(
                    tuple(other for other in others if target.get(other)),
                    tuple(other for other in others if self._listed(source, other)),
                )
            yield draft.item()

    def _listed(self, source: Roster, number: str) -> int:
        """Return how many of those with *number* the source lists."""
        people = source.get(number)
        return sum(self.listed(roles_of_source(self, person)) for person in people)

    def listed(self, roles: dict[str, Value]) -> bool:
        """Return whether the source lists somebody with these *roles* as of the base date."""
        return on_roll(roles.get("hired"), roles.get("left"), self.base)

    def left_behind(self, source: Roster, target: Roster, earliest: dt.date) -> list[Remark]:
        """
        Return notices about those who left on or before the base date but look active in *target*.

        About: how many, the latest base date that lists all of them, then some numbers. Those whom
        no base date from *earliest* on lists have a notice of their own, without a date.
        """
        left: list[tuple[str, dt.date]] = []
        for number in sorted(source.numbers()):
            days = self._gone(source.get(number))
            if days and any(self._active(partner) for partner in target.get(number)):
                left.append((number, max(days)))
        within = [(number, day) for number, day in left if day > earliest]
        beyond = [number for number, day in left if day <= earliest]
        found = []
        if within:
            before = min(day for _, day in within) - dt.timedelta(days=1)
            numbers = [number for number, _ in within[:LEFT_NAMED]]
            about = (str(len(within)), before.isoformat(), *numbers)
            found.append(Remark("left_before_base", about))
        if beyond:
            found.append(Remark("left_long_ago", (str(len(beyond)), *beyond[:LEFT_NAMED])))
        return found

    def _gone(self, people: Sequence[Employee]) -> list[dt.date]:
        """Return the leaving dates of *people* if all are gone on the base date, else nothing."""
        days = [roles_of_source(self, person).get("left") for person in people]
        gone = [day for day in days if isinstance(day, dt.date) and day <= self.base]
        return gone if len(gone) == len(days) else []

    def _active(self, partner: Employee) -> bool:
        roles = roles_of(partner.values, self.target_specs)
        return not has_left(roles.get("left"), self.base) and roles.get("retired") is not True

    def changes(
        self, after: Values, source: Employee, target: Employee | None
    ) -> tuple[Change, ...]:
        """
        Return what a sync writes: for a new employee (no *target*) every value that is not empty.

        For an existing one what differs, of the fields that can be changed and are known to both.
        """
        if target is None:
            return tuple(Change(f, None, value) for f, value in after.items() if value is not None)
        before = target.values
        return tuple(
            Change(name, before[name], value)
            for name, value in after.items()
            if self._target_by_name[name].write == "always"
            and name in before
            and not self.translation.same(name, before[name], value)
            and not self.translation.agrees(name, source, target)
        )

    def mapped(self, values: Values) -> dict[str, Value]:
        """Return those of the target's *values* on which it depends what is written."""
        return {name: value for name, value in values.items() if name in self.translation.compared}

    def kana(self, after: Values) -> str:
        """Return how the name of somebody is read: the fields that the mapping compares as kana."""
        rows = self.translation.rows
        kana = (after.get(row.target) for row in rows if row.equal == "kana")
        return " ".join(text for text in kana if isinstance(text, str))

    def missing(self, after: Values) -> tuple[str, ...]:
        """Return the mapped fields that a new employee needs and *after* lacks."""
        return tuple(
            row.target
            for row in self.translation.rows
            if row.spec.required and after.get(row.target) is None
        )

    def wanted(self, after: Values) -> tuple[str, ...]:
        """Return the target's fields that it often needs for a new employee and *after* lacks."""
        return tuple(
            row.target
            for row in self.translation.rows
            if row.spec.wanted and after.get(row.target) is None
        )


def roles_of_source(comparison: Comparison, person: Employee) -> dict[str, Value]:
    """Return the source's own values of *person* by role."""
    return roles_of(person.values, comparison.source_specs)


class _Draft:
    """One item in the making: reasons and notes are gathered, then the difference follows."""

    def __init__(
        self,
        comparison: Comparison,
        person: Employee,
        number: str | None,
        roles: dict[str, Value],
        partners: Sequence[Employee],
    ) -> None:
        self._comparison = comparison
        self._person = person
        self._number = number
        self._roles = roles
        self._partner = partners[0] if len(partners) == 1 else None
        self._partners = len(partners)
        self._reasons: list[Remark] = []
        self._notes: list[Remark] = []

    def block(self, code: str, about: tuple[str, ...] = ()) -> None:
        """Give a reason why this employee cannot be synced."""
        self._reasons.append(Remark(code, about))

    def note_numbers(self, listed: int) -> None:
        """Block a number that does not say who is meant; the source lists it *listed* times."""
        if listed > 1:
            self.block("duplicate_in_source")
        if self._partners > 1:
            self.block("duplicate_in_target")

    def note_near(self, in_target: tuple[str, ...], in_source: tuple[str, ...]) -> None:
        """Block or note what other numbers look like this one."""
        if in_target and not self._partners:
            self.block("near_number", in_target)
        elif in_target:
            self._notes.append(Remark("near_number_too", in_target))
        if in_source:
            self._notes.append(Remark("near_number_in_source", in_source))

    def item(self) -> Item:
        """Return the finished item."""
        comparison = self._comparison
        translated = comparison.translation.translate(self._person.values)
        self._note_values(translated)
        self._note_partner(translated)
        if not self._partners:
            self._note_new(translated)
        changes = comparison.changes(translated.values, self._person, self._partner)
        self._note_several(translated.values, changes)
        partner = self._partner
        return Item(
            number=self._number,
            name=_name(self._roles),
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
        )

    def _difference(self, changes: tuple[Change, ...]) -> Difference:
        if self._reasons:
            return Difference.BLOCKED
        if self._partner is None:
            return Difference.NEW
        return Difference.CHANGED if changes else Difference.SAME

    def _note_values(self, translated: Translated) -> None:
        if self._roles.get("retired") is True and self._roles.get("left") is None:
            self._reasons.append(Remark("retired_without_date"))
        wanted = set(self._comparison.translation.source_fields)
        unreadable = tuple(name for name in self._person.unreadable if name in wanted)
        if unreadable:
            self.block("unreadable", (self._comparison.names[0], *unreadable))
        self._note_untranslated(translated)

    def _note_untranslated(self, translated: Translated) -> None:
        """Block what cannot be translated, by code; one that has to be looked up by itself."""
        found: dict[tuple[str, ...], tuple[str, ...]] = {}
        for code, name in translated.unreadable:
            if self._agrees(name):
                continue  # nothing has to be written, so nothing has to be translated
            if code == "not_in_table":
                origin = self._comparison.translation.origin(name, self._person.values)
                found[code, origin] = (origin, str(self._person.values[origin]))
            else:
                found[code,] = (*found.get((code,), ()), name)
        for (code, *_origin), about in found.items():
            self.block(code, about)

    def _agrees(self, name: str) -> bool:
        """Tell whether nothing has to be written into the target's field *name*."""
        agrees = self._comparison.translation.agrees
        return self._partner is not None and agrees(name, self._person, self._partner)

    def _note_several(self, after: Values, changes: tuple[Change, ...]) -> None:
        """Note the fields that hold several values, of which only one is compared or replaced."""
        translation = self._comparison.translation
        written = [change.field for change in changes]
        origins = [translation.origin(name, self._person.values) for name in written]
        theirs = self._partner.others if self._partner else {}
        kept = [n for n in theirs if n in after and after[n] is None and n not in written]
        found = {
            "first_of_several": [name for name in origins if name in self._person.others],
            "others_stay": [name for name in written if name in theirs],
            "not_emptied": kept,
        }
        self._notes += [Remark(code, tuple(names)) for code, names in found.items() if names]

    def _note_partner(self, translated: Translated) -> None:
        if self._partner is None:
            return
        mapped = {row.target for row in self._comparison.translation.rows}
        if unreadable := tuple(name for name in self._partner.unreadable if name in mapped):
            self.block("unreadable", (self._comparison.names[1], *unreadable))
        if self._is_other_person(translated.values):
            self._reasons.append(Remark("other_person"))
        left = roles_of(self._partner.values, self._comparison.target_specs).get("left")
        if has_left(left, self._comparison.base):
            self._notes.append(Remark("resigned_in_target", (str(left),)))

    def _is_other_person(self, after: Values) -> bool:
        """Family name, given name and birth date are all known on both sides and all differ."""
        names = {
            spec.role: spec.name
            for spec in self._comparison.target_specs
            if spec.role in ("family_name", "given_name", "birth")
        }
        before = self._partner.values if self._partner else {}
        return len(names) == len(("family_name", "given_name", "birth")) and all(
            name in after and name in before and not self._agrees(name) for name in names.values()
        )

    def _note_new(self, translated: Translated) -> None:
        told = {name for _, name in translated.unreadable}
        if self._number is None:
            told.add(self._comparison.translation.number_fields[1])
        missing = [n for n in self._comparison.missing(translated.values) if n not in told]
        if missing:
            self._reasons.append(Remark("missing_required", tuple(missing)))
        if wanted := self._comparison.wanted(translated.values):
            self._notes.append(Remark("wanted_missing", wanted))


def _alike(numbers: Iterable[str]) -> dict[str, set[str]]:
    """Return the different numbers that look alike, by near key; a number alone is left out."""
    first: dict[str, str] = {}
    alike: dict[str, set[str]] = {}
    for number in numbers:
        key = near_key(number)
        other = first.setdefault(key, number)
        if other != number:
            alike.setdefault(key, {other}).add(number)
    return alike


def _name(roles: dict[str, Value]) -> str:
    return " ".join(str(roles[role]) for role in ("family_name", "given_name") if roles.get(role))
