"""Who is plainly the same, as most people are: two rows are compared as they are.

Both are employed, of one number that nobody else has, and say the very same wherever a pair or a
rule of who is who looks: nothing can speak against them, nothing is written, nothing has to be
noted. Somebody not told here is looked at well, by the rules; a law of the tests holds both ways
against each other.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from attrs import frozen

from renkei.identity.names import is_written
from renkei.identity.roster import UNKNOWN, Cells, Packed, Roster
from renkei.mapping.translate import Row, Unreadable
from renkei.model import Alike
from renkei.people import FieldSpec, Role
from renkei.plan.compare import Comparison, name_of
from renkei.text import SPACES

Places = Mapping[str, int]
"""Where the value of a field stands in the rows of one side."""

_MAYBE_BLANK = re.compile(f"\0[{re.escape(SPACES)}]")
"""In texts that have a NUL before each, which none of them holds."""

_REMEMBERED = 4096
"""How many translated values of each pair are kept."""

Picked = Callable[[Sequence[Any]], tuple[Any, ...]]
"""Some cells of a row."""

_Turned = tuple[int, int, int | None, Callable[[Any], Any]]
"""A pair that is translated: its places on either side, one of what is kept, and how."""

_NOTHING = object()
"""No value: it could not be translated."""


# Most of the time of a fetch went into people of whom nothing is to be told, so what runs for each
# of them makes few calls: see docs/decisions/2026-11-29-same-at-a-glance.md
class Glance:
    """How two rosters are compared at a glance."""

    def __init__(self, comparison: Comparison, source: Roster, target: Roster) -> None:
        self._comparison = comparison
        self._source, self._target = source, target
        self._ours, self._theirs = _places(source), _places(target)
        # somebody whose scope is unknown is blocked, and so is their partner: only the rules know
        unsure = source.unsure or target.unsure
        self._who = None if unsure else _Who.of(comparison, self._ours, self._theirs)
        # which cells have to be equal depends on which stand-ins are filled
        self._ways: dict[tuple[bool, ...], _Way] = {}
        substitutes = comparison.translation.substitutes
        self._stand_ins = [self._ours[each.if_filled] for each in substitutes]
        self._stand_in_texts: list[int] = []
        self._names: list[tuple[str, int]] = []
        for spec in comparison.source_specs:
            place = self._ours[spec.name]
            if spec.type == "text" and place in self._stand_ins:
                self._stand_in_texts.append(place)
            if spec.role in ("family_name", "given_name"):
                self._names.append((spec.role, place))
        self._before = comparison.fields[1]
        self._compared = _picked(self._theirs[name] for name in self._before)
        rows = {row.target: row for row in comparison.translation.rows}
        # what only the way back looks at: no pair says anything there
        self._silent = [place for place, name in enumerate(self._before) if name not in rows]
        self._kana: list[tuple[int, int]] = []
        for name, row in rows.items():
            if row.equal == "kana":
                place = self._before.index(name)
                self._kana.append((self._theirs[name], place))

    def same(self, number: str, ours: Packed, theirs: Packed) -> Alike | None:
        """Return two people of one *number* if they are plainly the same; None: look well."""
        source_id, unreadable, _withheld, others, read = ours
        target_id, unreadable_there, _withheld, others_there, there = theirs
        if unreadable or others or unreadable_there or others_there:
            return None
        if UNKNOWN in read or UNKNOWN in there:
            return None
        # what a person has said of one of them is for the rules
        links = self._comparison.links
        if source_id in links.same or source_id in links.said or target_id in links.taken:
            return None
        if self._who is None or not self._who.are_employed(read, there):
            return None
        unsaid = self._unsaid(read, there)
        if unsaid is None:
            return None
        roles = {role: read[place] for role, place in self._names}
        kana = [there[q] for q, place in self._kana if place not in unsaid]
        return Alike(
            number=number,
            name=name_of(roles),
            source_id=source_id,
            target_id=target_id,
            kana=" ".join(filter(None, kana)),
            read=self._source.dated(read),
            before=self._compared(self._target.dated(there)),
            unsaid=unsaid,
        )

    def _unsaid(self, read: Cells, there: Cells) -> list[int] | None:
        """Return the places of what is not said of two people who say the same; None: look well."""
        filled = tuple([read[place] is not None for place in self._stand_ins])
        if filled not in self._ways:
            self._ways[filled] = self._way(filled)
        way = self._ways[filled]
        ours, theirs = way.ours(read), way.theirs(there)
        # two tuples are compared without a call; cell by cell only where something differs
        if ours != theirs and _differ(ours, theirs, way.keeps):
            return None
        # a text that begins with a space may be blank, which is empty; one search for all texts
        if _MAYBE_BLANK.search("\0" + "\0".join(filter(None, way.texts(read)))):
            return None
        unsaid = [
            keeps
            for said, keeps in zip(ours, way.keeps, strict=True)
            if said is None and keeps is not None
        ]
        for p, q, keeps, said in way.translated:
            value = said(read[p])
            if value is None and keeps is not None:
                unsaid.append(keeps)
            elif value != there[q]:
                return None
        return self._silent + unsaid

    def _way(self, filled: Sequence[bool]) -> _Way:
        """Return how rows are compared where those stand-ins are *filled*."""
        translation = self._comparison.translation
        stand_ins: dict[str, str] = {}
        for each, is_filled in zip(translation.substitutes, filled, strict=True):
            if is_filled:
                stand_ins.update(each.fields)
        ours: list[int] = []
        theirs: list[int] = []
        keeps: list[int | None] = []
        translated: list[_Turned] = []
        texts = [*self._stand_in_texts]
        for row in translation.rows:
            p = self._ours[stand_ins.get(row.source, row.source)]
            q = self._theirs[row.target]
            kept = self._before.index(row.target) if row.empty == "keep" else None
            if row.takes == "text":
                texts.append(p)
            if row.copies and not row.choosy:
                ours.append(p)
                theirs.append(q)
                keeps.append(kept)
            else:
                translated.append((p, q, kept, _translated(row)))
        if self._who is not None:
            for p, q in self._who.equal:
                ours.append(p)
                theirs.append(q)
                keeps.append(None)
        return _Way(
            ours=_picked(ours),
            theirs=_picked(theirs),
            keeps=tuple(keeps),
            texts=_picked(texts),
            translated=tuple(translated),
        )


@frozen
class _Way:
    """
    Which cells have to be equal, of the source and of the target.

    *keeps* has for each of them, where an empty value is not written, its place among the fields of
    the plan. *texts* of the source may not be blank. *translated* has places on either side, one of
    *keeps*, and what the target calls a value of the source.
    """

    ours: Picked
    theirs: Picked
    keeps: tuple[int | None, ...]
    texts: Picked
    translated: tuple[_Turned, ...]


@frozen
class _Who:
    """
    What tells that two people are one, and employed; places in the rows of either side.

    *equal* has to be the same on both, *named* must be there, *empty* and *empty_there* must not;
    *hired* may not be later than *base*, *retired* may not be true, and neither *employed* nor
    *employed_there* may be false.
    """

    equal: tuple[tuple[int, int], ...]
    named: tuple[int, ...]
    empty: tuple[int, ...]
    empty_there: tuple[int, ...]
    hired: tuple[int, ...]
    retired: tuple[int, ...]
    employed: tuple[int, ...]
    employed_there: tuple[int, ...]
    base: int

    @classmethod
    def of(cls, comparison: Comparison, ours: Places, theirs: Places) -> _Who | None:
        """Return what has to be looked at; None: nobody can be told at a glance."""
        mine, other = comparison.evidence
        if not (mine.family and mine.given and other.family and other.given):
            return None
        named = (ours[mine.family[0]], ours[mine.given[0]])
        equal = [*zip(named, (theirs[other.family[0]], theirs[other.given[0]]), strict=True)]
        empty = [ours[mine.left]] if mine.left else []
        empty_there = [theirs[other.left]] if other.left else []
        for name, name_there in ((mine.birth, other.birth), (mine.gender, other.gender)):
            if name and name_there:
                equal.append((ours[name], theirs[name_there]))
            elif name:
                empty.append(ours[name])
            elif name_there:
                empty_there.append(theirs[name_there])
        for pair in equal:
            if not _are_of_one_type(comparison, pair, ours, theirs):
                return None
        specs, specs_there = comparison.source_specs, comparison.target_specs
        dated = [spec for spec in specs if spec.type == "date"]
        return cls(
            equal=tuple(equal),
            named=named,
            empty=tuple(empty),
            empty_there=tuple(empty_there),
            hired=_of_role("hired", dated, ours),
            retired=_of_role("retired", specs, ours),
            employed=_of_role("employed", specs, ours),
            employed_there=_of_role("employed", specs_there, theirs),
            base=comparison.base.toordinal(),
        )

    def are_employed(self, read: Cells, there: Cells) -> bool:
        """Tell whether two people, all of whose values are known, have a name and have not left."""
        for place in self.named:
            if not is_written(read[place]):
                return False
        for place in self.empty:
            if read[place] is not None:
                return False
        for place in self.empty_there:
            if there[place] is not None:
                return False
        for place in self.hired:
            if (day := read[place]) is not None and day > self.base:
                return False
        return not self._is_marked(read, there)

    def _is_marked(self, read: Cells, there: Cells) -> bool:
        """Tell whether one of two is marked as retired, or as not employed."""
        for place in self.retired:
            if read[place] is True:
                return True
        for place in self.employed:
            if read[place] is False:
                return True
        return any(there[place] is False for place in self.employed_there)


def _of_role(role: Role, specs: Iterable[FieldSpec], places: Places) -> tuple[int, ...]:
    """Return where the fields with a *role* stand in the rows of a side."""
    return tuple(places[spec.name] for spec in specs if spec.role == role)


def _are_of_one_type(
    comparison: Comparison, pair: tuple[int, int], ours: Places, theirs: Places
) -> bool:
    """Tell whether two cells can be compared: an ordinal is no number of anything."""
    p, q = pair
    kinds: set[str] = set()
    for spec in comparison.source_specs:
        if ours[spec.name] == p:
            kinds.add(spec.type)
    for spec in comparison.target_specs:
        if theirs[spec.name] == q:
            kinds.add(spec.type)
    return len(kinds) == 1


def _differ(ours: Sequence[Any], theirs: Sequence[Any], keeps: Sequence[int | None]) -> bool:
    """Tell whether two people differ in a cell, but for empty ones that are not written."""
    for mine, other, kept in zip(ours, theirs, keeps, strict=True):
        is_left_alone = mine is None and kept is not None
        if mine != other and not is_left_alone:
            return True
    return False


def _places(roster: Roster) -> Places:
    return {name: place for place, name in enumerate(roster.names)}


def _picked(places: Iterable[int]) -> Picked:
    """Return what picks the cells at *places*, in their order, always as a tuple."""
    several = [*places]
    if len(several) > 1:
        return itemgetter(*several)
    # of one place itemgetter makes no tuple, and none at all is refused
    return lambda cells: tuple(cells[place] for place in several)


def _translated(row: Row) -> Callable[[Any], Any]:
    """Return what translates a cell of the source into one of the target."""

    @lru_cache(_REMEMBERED)
    def translated(cell: Any) -> Any:  # noqa: ANN401 - whatever a cell holds
        value = dt.date.fromordinal(cell) if row.takes == "date" and cell is not None else cell
        try:
            made = row.translate(value)
        except Unreadable:
            return _NOTHING
        return made.toordinal() if isinstance(made, dt.date) else made  # as cells have dates

    return translated
