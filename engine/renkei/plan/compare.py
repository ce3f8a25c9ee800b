"""How a source is compared with a target: fields, numbers, changes; no I/O, no clock, no system.

Who of the source is listed is told by :mod:`renkei.plan.listing`; the target is looked at whole, so
that a resigned or future employee there is never taken for a new one. Everything is compared in the
target's terms, after translation. Source of the rules: docs/rules.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from attrs import field, frozen

from renkei.identity.roster import roles_of, shows
from renkei.identity.rules import Evidence
from renkei.mapping.scope import EVERYBODY, Scope
from renkei.mapping.translate import Translation
from renkei.model import NUMBERLESS, Change, Rehire, Released
from renkei.people import Employee, FieldSpec, Value, Values

NUMBERLESS_NAMED = 3
"""How many of those without a number are named by their ids; more are only counted."""


@frozen(kw_only=True)
class Links:
    """
    What people have said of two records, by the source's id.

    *same*: the target's record that is the same person. *others*: those that are other people.
    *said* tells who has said so, and why.
    """

    same: Mapping[str, str] = field(factory=dict)
    others: Mapping[str, frozenset[str]] = field(factory=dict)
    said: Mapping[str, Released] = field(factory=dict)
    taken: frozenset[str] = field(init=False)
    """The target's records that are somebody's, whatever their number."""
    _by_record: Mapping[str, frozenset[str]] = field(init=False)

    @taken.default
    def _taken(self) -> frozenset[str]:
        return frozenset(self.same.values())

    @_by_record.default
    def _turned(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for ours, theirs in self.same.items():
            found.setdefault(theirs, set()).add(ours)
        return {theirs: frozenset(all_of_it) for theirs, all_of_it in found.items()}

    def rivals(self, identity: str) -> frozenset[str]:
        """Return who else of the source is said to be the record that *identity* is."""
        return self._by_record.get(self.same.get(identity, ""), frozenset()) - {identity}


@frozen(kw_only=True)
class Comparison:
    """
    Everything that decides how one source is compared with one target as of one day.

    *names* are those of the two connections, *evidence* what tells on each side who somebody is.
    People who left up to *leavers* days before *base*, or join up to *joiners* days after, are
    listed too, each for one thing alone; *links* is what people have said of single records.
    *scope* is who of the target the pair is for.
    """

    translation: Translation
    source_specs: tuple[FieldSpec, ...]
    target_specs: tuple[FieldSpec, ...]
    base: dt.date
    names: tuple[str, str]
    evidence: tuple[Evidence, Evidence]
    links: Links = field(factory=Links)
    rehire: Rehire = "ask"
    leavers: int = 0
    joiners: int = 0
    scope: Scope = EVERYBODY
    _target_by_name: dict[str, FieldSpec] = field(init=False)
    _kana: tuple[str, ...] = field(init=False)

    @_target_by_name.default
    def _index(self) -> dict[str, FieldSpec]:
        return {spec.name: spec for spec in self.target_specs}

    @_kana.default
    def _read_as(self) -> tuple[str, ...]:
        return tuple(row.target for row in self.translation.rows if row.equal == "kana")

    def called(self, person: Employee) -> str:
        """Return the number of somebody of the target, or the id of who has none."""
        return self.number_of(person) or person.id

    def all_called(self, people: Sequence[Employee]) -> tuple[str, ...]:
        """Return what several are called; many without a number are folded into their count."""
        numbers: list[str] = []
        ids: list[str] = []
        for person in people:
            number = self.number_of(person)
            if number is None:
                ids.append(person.id)
            else:
                numbers.append(number)
        if len(ids) > NUMBERLESS_NAMED:
            ids = [f"{NUMBERLESS}{len(ids)}"]
        return (*numbers, *ids)

    def number_of(self, person: Employee) -> str | None:
        """Return the number of somebody of the target, if there is one to be seen."""
        number = person.values.get(self.translation.number_fields[1])
        return number if isinstance(number, str) and shows(number) else None

    def changes(
        self, after: Values, source: Employee, target: Employee | None
    ) -> tuple[Change, ...]:
        """
        Return what a sync writes: for a new employee (no *target*) every value that is not empty.

        For an existing one what differs, of the fields that can be changed and are known to both.
        """
        if target is None:
            return tuple(_filled(after))
        before = target.values
        number_field = self.translation.number_fields[1]
        changes: list[Change] = []
        for name, value in after.items():
            if name not in before or before[name] == value:
                continue  # nearly all values are the very same: they cost no call
            if name == number_field:
                continue  # who is linked keeps both numbers
            may_be_written = self._target_by_name[name].write == "always"
            if may_be_written and self.translation.differs(name, value, source, target):
                changes.append(Change(name, before[name], value))
        return tuple(changes)

    @property
    def fields(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The fields of the source that an item has, and those of the target, in their order."""
        compared = self.translation.compared
        ours = tuple(spec.name for spec in self.source_specs)
        return ours, tuple(spec.name for spec in self.target_specs if spec.name in compared)

    @property
    def copies(self) -> dict[str, str]:
        """The source's field by each field of the target that takes its values as they are."""
        return {row.target: row.source for row in self.translation.rows if row.copies}

    def mapped(self, values: Values) -> dict[str, Value]:
        """Return those of the target's *values* on which it depends what is written."""
        compared = self.translation.compared
        return {name: value for name, value in values.items() if name in compared}

    def kana(self, after: Values) -> str:
        """Return how the name of somebody is read: the fields that the mapping compares as kana."""
        texts: list[str] = []
        for name in self._kana:
            text = after.get(name)
            if isinstance(text, str):
                texts.append(text)
        return " ".join(texts)

    def missing(self, after: Values) -> tuple[str, ...]:
        """Return the mapped fields that a new employee needs and *after* lacks."""
        required = [row.target for row in self.translation.rows if row.spec.required]
        return _empty_of(required, after)

    def outside(self, after: Values, changes: Sequence[Change], *, new: bool) -> tuple[str, ...]:
        """
        Return the fields by which somebody would be outside of the target's scope after a sync.

        *after* is what the mapping makes of them, *changes* what is written. Values that are chosen
        for a *new* employee are looked at when they are chosen.
        """
        if not self.scope.rules:
            return ()
        outside: list[str] = []
        if not new:
            for change in changes:
                is_inside = self.scope.admits(change.field, change.after)
                if not is_inside:
                    outside.append(change.field)
            return tuple(outside)
        for name, rule in self.scope.rules.items():
            is_chosen = rule.spec.required and not self.translation.writes(name)
            if not is_chosen and not rule.admits(after.get(name)):
                outside.append(name)
        return tuple(outside)

    def wanted(self, after: Values) -> tuple[str, ...]:
        """Return the target's fields that it often needs for a new employee and *after* lacks."""
        wanted = [row.target for row in self.translation.rows if row.spec.wanted]
        return _empty_of(wanted, after)


def _empty_of(names: Sequence[str], after: Values) -> tuple[str, ...]:
    return tuple([name for name in names if after.get(name) is None])


def _filled(after: Values) -> Iterator[Change]:
    """Yield what a new employee is sent: every value that is not empty."""
    for name, value in after.items():
        if value is not None:
            yield Change(name, None, value)


def name_of(roles: Mapping[str, Value]) -> str:
    """Return what people call somebody."""
    names: list[str] = []
    for role in ("family_name", "given_name"):
        name = roles.get(role)
        if name:
            names.append(str(name))
    return " ".join(names)


def roles_of_source(comparison: Comparison, person: Employee) -> dict[str, Value]:
    """Return the source's own values of *person* by role."""
    return roles_of(person.values, comparison.source_specs)
