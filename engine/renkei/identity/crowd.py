"""Both lists as evidence of who is who: the pair of a number, and who somebody new may be."""

from __future__ import annotations

import datetime as dt
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any, Self

from attrs import define, field, frozen

from renkei.identity.names import Name, are_both_same, is_written, keys, part
from renkei.identity.roll import has_left
from renkei.identity.roster import UNKNOWN, Cells, Place, Roster
from renkei.identity.rules import (
    PLACEHOLDERS,
    Birth,
    Evidence,
    Likeness,
    Person,
    Ruling,
    Twin,
    births,
    likeness,
    mails_of,
    placeholders,
    twin,
)
from renkei.model import Remark
from renkei.people import Employee
from renkei.words.codes import remark


class Crowd:
    """
    Everybody of one side, found by date of birth, by name or by address.

    What they are found by is put together when it is first asked for: most fetches never do.
    """

    def __init__(self, roster: Roster, evidence: Evidence) -> None:
        self.roster = roster
        self.evidence = evidence
        self._placeholders = placeholders(roster.births, len(roster))
        self._birth = roster.cell(evidence.birth)
        self._family, self._given = map(self._cells_of, (evidence.family, evidence.given))
        self._written = (*self._family[:1], *self._given[:1])

    def person(self, employee: Employee) -> Person:
        """Return who somebody of this side is."""
        return self.evidence.person(employee, self._placeholders)

    def born(self, day: dt.date | None) -> Sequence[Place]:
        """Return where those are who were born on a *day*; nobody if it is unknown."""
        return self._by_both[0].at(day.toordinal()) if day else ()

    def with_mail(self, mail: str) -> Sequence[Place]:
        """Return where those are who have an address."""
        return self._by_both[1].at(hash(mail))

    def name(self, place: Place) -> Name:
        """Return the name of who is at *place*."""
        cells = self.roster.cells(place)
        return Name(
            part([cells[each] for each in self._family]),
            part([cells[each] for each in self._given]),
        )

    def birth(self, place: Place) -> dt.date | None:
        """Return when who is at *place* was born; None if that is unknown."""
        born = self.birth_in(self.roster.cells(place))
        return dt.date.fromordinal(born) if born else None

    def as_written(self, cells: Cells) -> tuple[Any, ...]:
        """Return the parts of a name in *cells* as the list has them."""
        return tuple([cells[each] for each in self._written])

    def birth_in(self, cells: Cells) -> int:
        """Return the date of birth in *cells* as they have it; 0 if it is unknown."""
        day = None if self._birth is None else cells[self._birth]
        return day if isinstance(day, int) and day not in self._nobody else 0

    def _cells_of(self, fields: Sequence[str]) -> list[int]:
        """Return where *fields* are among the cells of a row; one that is not kept is left out."""
        names = self.roster.names
        return [names.index(name) for name in fields if name in names]

    @cached_property
    def _nobody(self) -> frozenset[int]:
        """The days of birth that stand for none, as the cells have them."""
        return frozenset(day.toordinal() for day in self._placeholders | PLACEHOLDERS)

    @cached_property
    def _by_both(self) -> tuple[_Found, _Found]:
        """
        Where those are who were born on a day, and who have an address: one walk finds both.

        An address is found by its hash: the addresses need much memory.
        """
        born, mailed = _Found(), _Found()
        email = self.roster.cell(self.evidence.email)
        for place, (_id, _unreadable, _withheld, others, cells) in self.roster.rows():
            if day := self.birth_in(cells):
                born.add(day, place)
            first = None if email is None else cells[email]
            if first is UNKNOWN or (first is None and not others):
                continue
            if others:  # the first may be empty
                further = (more for cell, *more in others if cell == email)
                for mail in mails_of(chain((first,), *further)):
                    mailed.add(hash(mail), place)
            elif isinstance(first, str):
                # as mails_of would, but without its sets: this runs for everybody of a side
                mail = first.strip().casefold()
                if mail:
                    mailed.add(hash(mail), place)
        return born.in_order(), mailed.in_order()


_BITS = 32
"""How much of a number that is a key and an index is the index."""

_INDEX = (1 << _BITS) - 1


class _Found:
    """
    Places by key, a whole number: two rows in order of the keys, once they have been put there.

    A tuple and a place of a dictionary for each would take 40 MiB of 100,000 people.
    """

    def __init__(self) -> None:
        self._keys, self._places = array("q"), list[str | Place | None]()

    def add(self, key: int, place: Place) -> None:
        """Keep a *place* with its *key*."""
        number, index = place
        self._keys.append(key)
        self._places.append(place if index else number)  # a number is there already

    def in_order(self) -> Self:
        """Put the keys in order, as :meth:`at` needs them."""
        # each key with its index as one number: a function for the keys needs twice the memory
        order = [key << _BITS | index for index, key in enumerate(self._keys)]
        order.sort()
        self._keys = array("q", (both >> _BITS for both in order))
        self._places = [self._places[both & _INDEX] for both in order]
        return self

    def at(self, key: int) -> list[Place]:
        """Return the places with *key*, in the order in which they came."""
        first = bisect_left(self._keys, key)
        found = self._places[first : bisect_right(self._keys, key, first)]
        return [each if isinstance(each, tuple) else (each, 0) for each in found]


REMEMBERED = 16_384
"""Of so many names at most it is remembered who has them."""


@frozen
class _Called:
    """
    Those of the target who have one name and may be nobody's partner, each with their birth.

    *strays* are those among them whose number nobody in the source has.
    """

    people: tuple[tuple[Place, dt.date | None], ...]
    strays: tuple[Place, ...]


@frozen(kw_only=True)
class Judged:
    """What two people of one number are: *reasons* to block, *notes*, and who else is *meant*."""

    reasons: tuple[Remark, ...] = ()
    notes: tuple[Remark, ...] = ()
    meant: tuple[Employee, ...] = ()


@frozen(kw_only=True)
class Twins:
    """
    Who of the target somebody new may be, by what they are.

    The *namesake* has both names, whenever born, and a number that nobody in the source has.
    """

    by_kind: Mapping[Twin, tuple[Employee, ...]]
    namesake: Employee | None = None

    @property
    def candidates(self) -> tuple[Employee, ...]:
        """Those who may be the same person, the most certain first."""
        found: list[Employee] = []
        for kind in reversed(Twin):
            if kind is not Twin.MAIL_TAKEN:
                found += self.by_kind.get(kind, ())
        return tuple(found)


@define
class Crowds:
    """Both sides of one comparison as of *base*; see :mod:`renkei.identity.rules` for the rules."""

    source: Crowd
    target: Crowd
    base: dt.date
    called: Callable[[Sequence[Employee]], tuple[str, ...]]
    _free: dict[str, bool] = field(init=False, factory=dict)
    _loose_called: Callable[[Name], _Called] = field(init=False)
    """Returns who of the target has a name, and may be nobody's partner."""

    @_loose_called.default
    def _remember(self) -> Callable[[Name], _Called]:
        # of a hundred thousand people many have the same name
        return lru_cache(REMEMBERED)(self._search)

    def judge(self, employee: Employee, partner: Employee) -> Judged:
        """Return what *employee* of the source and a *partner* of the same number are."""
        ours, theirs = self.source.evidence, self.target.evidence
        if ours.reads_as(employee.values, theirs, partner.values):
            return Judged()  # as most people are: every cell for who reads the same is empty
        a, b = self.source.person(employee), self.target.person(partner)
        like = likeness(a, b)
        others = self._elsewhere(a, partner) if like.is_suspicious else ()
        if others:
            reason = remark("other_person", numbers=self.called(others))
            return Judged(reasons=(reason,), meant=others)
        ruling = like.ruling
        if ruling is Ruling.UNLESS_MAIL:
            ruling = Ruling.NOTE if self._is_theirs_alone(a, b) else Ruling.BLOCK
        if ruling is Ruling.BLOCK:
            return Judged(reasons=(remark("other_person"),))
        return Judged(notes=tuple(_notes(like, ruling)))

    def twins(
        self, employee: Employee, strangers: frozenset[str], numbers: frozenset[str]
    ) -> Twins:
        """
        Return who of the target somebody new may be.

        *strangers* are known to be others by their ids, and those with *numbers* are left out.
        """
        new = self.source.person(employee)
        found: dict[Twin, list[Employee]] = {}
        for other in self._candidates(new, strangers):
            if self.target.roster.number(other) in numbers:
                continue
            person = self.target.person(other)
            alone = self._is_theirs_alone(new, person)
            kind = twin(new, person, self.base, alone=alone)
            if kind is not Twin.NOBODY:
                found.setdefault(kind, []).append(other)
        by_kind = {kind: tuple(people) for kind, people in found.items()}
        return Twins(by_kind=by_kind, namesake=self._namesake(new, strangers, numbers))

    def _namesake(
        self, new: Person, strangers: frozenset[str], numbers: frozenset[str]
    ) -> Employee | None:
        """Return the first of the target with both names of *new* whose number is a stray one."""
        strays = self._loose_called(new.name).strays
        for place in chain(filter(self._is_stray, self._loose_born(new.birth)), strays):
            if place[0] not in numbers and are_both_same(new.name, self.target.name(place)):
                other = self.target.roster.at(place)
                if other.id not in strangers:
                    return other
        return None

    def goes_on(self, employee: Employee, other: Employee) -> bool:
        """
        Tell whether the old record *other* of the target may go on for somebody new by itself.

        An address or a given name alone may be somebody else's by now, so both names have to be the
        same; and no other one of the source may come back to the same record.
        """
        new, old = self.source.person(employee), self.target.person(other)
        if not are_both_same(new.name, old.name):
            return False
        places = [*self.source.born(old.birth)]
        for mail in old.mails:
            places += self.source.with_mail(mail)
        for place in dict.fromkeys(places):
            rival = self.source.roster.at(place)
            if rival.id != employee.id and self._comes_back(rival, old):
                return False
        return True

    def _comes_back(self, employee: Employee, old: Person) -> bool:
        """Tell whether somebody of the source is new by now, or will be, and may be *old*."""
        number = self.source.roster.number(employee)
        if number is None or self.target.roster.count(number):
            return False
        person = self.source.person(employee)
        alone = self._is_theirs_alone(person, old)
        is_gone = has_left(person.left, self.base)
        return not is_gone and twin(person, old, self.base, alone=alone) is Twin.REHIRE

    def _is_in_source(self, number: str) -> bool:
        """Tell whether anybody of the source has *number*, be it outside of the scope."""
        roster = self.source.roster
        return roster.count(number) > 0 or number in roster.taken

    def _elsewhere(self, a: Person, partner: Employee) -> tuple[Employee, ...]:
        """Return others of the target who have both names and the date of birth of *a*."""
        target = self.target
        number = target.roster.number(partner)
        # the partner is left out by place, before anybody is unpacked; one of several below, by id
        mine = (number, 0) if target.roster.count(number) == 1 else None
        found: list[Employee] = []
        for place in target.born(a.birth):
            if place == mine or not are_both_same(a.name, target.name(place)):
                continue
            other = target.roster.at(place)
            if other.id != partner.id:
                found.append(other)
        return tuple(found)

    def _is_theirs_alone(self, a: Person, b: Person) -> bool:
        """Tell whether two people share an address that nobody else has on either side."""
        shared = a.mails & b.mails
        return any(self._is_of_one(mail) for mail in shared)

    def _is_of_one(self, mail: str) -> bool:
        """Tell whether an address is on neither side that of several people."""
        return len(self.source.with_mail(mail)) < 2 and len(self.target.with_mail(mail)) < 2

    def _candidates(self, new: Person, strangers: frozenset[str]) -> Iterator[Employee]:
        """Yield each of the target once who may be *new* and is nobody else's partner."""
        seen = set(strangers)
        for place in dict.fromkeys(self._alike(new)):
            if self._is_free(place):
                other = self.target.roster.at(place)
                if other.id not in seen:
                    seen.add(other.id)
                    yield other

    def _alike(self, new: Person) -> Iterator[Place]:
        yield from self._loose_born(new.birth)
        mailed = [*chain.from_iterable(map(self.target.with_mail, new.mails))]
        for place, birth in self._loose_called(new.name).people:
            # of the same name and another day of birth only an address makes anybody a twin
            if births(new.birth, birth) is not Birth.OTHER or place in mailed:
                yield place
        yield from mailed

    def _search(self, name: Name) -> _Called:
        by_name, _by_birth = self._loose
        places = chain.from_iterable(map(by_name.at, map(hash, keys(name))))
        free = filter(self._is_free, dict.fromkeys(places))
        called = [place for place in free if are_both_same(name, self.target.name(place))]
        births_of = map(self.target.birth, called)
        people = tuple(zip(called, births_of, strict=True))
        return _Called(people, tuple(filter(self._is_stray, called)))

    def _is_stray(self, place: Place) -> bool:
        """Tell whether somebody of the target has a number that nobody in the source has."""
        number = place[0]
        return number is not None and not self._is_in_source(number)

    def _loose_born(self, day: dt.date | None) -> Sequence[Place]:
        """Return where those are who may be nobody's partner and were born on a *day*."""
        _by_name, by_birth = self._loose
        return by_birth.at(day.toordinal()) if day else ()

    def _is_free(self, place: Place) -> bool:
        """
        Tell whether somebody of the target may be nobody's partner.

        Their number is missing, not in the source, or somebody else's by now.
        """
        number = place[0]
        if number is None:
            return True
        if number not in self._free:
            # a number that was given to somebody else says nothing about the old record any more
            theirs = self.source.roster.get(number)
            alone = len(theirs) == self.target.roster.count(number) == 1
            moved = alone and bool(self.judge(theirs[0], self.target.roster.at(place)).reasons)
            self._free[number] = not self._is_in_source(number) or moved
        return self._free[number]

    @cached_property
    def _loose(self) -> tuple[_Found, _Found]:
        """
        Those of the target who may be nobody's partner, by hash of a key of the name and by birth.

        Their number is missing, not in the source, or there that of somebody of another name or
        date of birth.
        """
        called, dated = _Found(), _Found()
        for place, (*_more, cells) in self.target.roster.rows():
            if self._is_plainly_a_partner(place[0], cells):
                continue
            if born := self.target.birth_in(cells):
                dated.add(born, place)
            for key in set(keys(self.target.name(place))):
                called.add(hash(key), place)
        return called.in_order(), dated.in_order()

    def _is_plainly_a_partner(self, number: str | None, cells: Cells) -> bool:
        """Tell whether the number of who has *cells* in the target is theirs, or never free."""
        if number is None:
            return False
        ours = self.source.roster.alone(number)
        if ours is None:
            return self._is_in_source(number)  # several have it, or somebody out of the scope
        # As they are written: of most people they are the same on both sides, and cost no more.
        names = self.target.as_written(cells)
        if names != self.source.as_written(ours[-1]):
            return False
        if not all(map(is_written, names)):
            return False  # what is blank says nothing: how it is read may differ
        # Somebody of the same name who was born on another day may be a child or a parent.
        day, born = self.source.birth_in(ours[-1]), self.target.birth_in(cells)
        return born == day or not (born and day)


def _notes(like: Likeness, ruling: Ruling) -> Iterator[Remark]:
    if ruling is Ruling.NOTE:
        yield remark("identity_changed")
    if like.gap:
        yield remark("rehire")
    if like.is_whole:
        same = ("birth",) if like.birth is Birth.SAME else ()
        yield remark("name_order", same=same)
