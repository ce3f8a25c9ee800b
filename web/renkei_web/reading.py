"""
What somebody who has logged in may read of a run: one rule, for every page and every file.

As soon as there is a plan that is everybody in it, chosen or not, before the sync and after it: the
values before and after, of somebody blocked the values of both systems, outcome and reason. Once
the values are purged it is number and outcome of those who were chosen. Operators and above read
all of it, with the system's own words and what colleagues have written as a reason, which may say
anything of anybody. Viewers do not see when somebody was born, the gender, and who is going to
leave: a planned leaving is a secret in most companies. Those allowed counts only
see no person at all, colleagues who fetched and synced included. Only administrators are told what
is wrong with a connection.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import TypeVar

from attrs import evolve, frozen

from renkei.model import Candidate, Difference, Filter, Item, Outcome, Remark, Run, Status, Try
from renkei.people import FieldSpec, Value
from renkei.runs import Runs
from renkei.words.codes import TABLE
from renkei.words.codes.code import Code, PartKind
from renkei.words.i18n import _
from renkei.words.labels import Labels
from renkei_web.users import Role

WITHOUT_PLAN = (Status.FETCHING, Status.FAILED)

PRIVATE = ("birth", "gender")
"""Roles of fields that viewers do not see."""

LEAVING = ("left", "retired", "employed")
"""Roles of fields that viewers do not see of somebody who is going to leave."""

SOMEBODY = "…"
"""Stands for numbers that are not told."""

Hides = Callable[[str], bool]
"""Tells of the name of a field whether it is hidden."""

T = TypeVar("T")


class Group(StrEnum):
    """Some of a plan that a person may ask for, beside those of one outcome."""

    BLOCKED = "blocked"
    CHOSEN = "chosen"


def is_readable(run: Run) -> bool:
    """Tell whether there is anybody to read about in *run*."""
    return run.status not in WITHOUT_PLAN


def everybody(runs: Runs, run_id: str, role: Role) -> tuple[Run, Iterator[Item], Labels]:
    """Return a run with everybody in it, and what people call its things, for a file."""
    run, labels = runs.run(run_id), runs.labels(run_id)
    found = runs.items(run_id) if is_readable(run) else iter(())
    may_read = told(runs, run, role)
    return may_read, seen(runs, run, found, role), evolve(labels, run=may_read)


def some(
    runs: Runs, run: Run, role: Role, *, which: str, text: str, after: int, limit: int
) -> list[Item]:
    """Return the first people after a position, of one group or outcome (else: any), for a page."""
    if not is_readable(run):
        return []
    outcomes = [each for each in Outcome if each.value == which]
    wanted = Filter(
        differences=(Difference.BLOCKED,) if which == Group.BLOCKED else (),
        outcomes=tuple(outcomes),
        selected=which == Group.CHOSEN,
        text=text,
    )
    found: list[Item] = []
    while len(found) < limit:  # this reader may not see all of a part
        part = runs.page(run.id, wanted, after=after, limit=limit)
        found += seen(runs, run, part, role)
        if len(part) < limit:
            break
        after = part[-1].position
    return found[:limit]


def seen(runs: Runs, run: Run, people: Iterable[Item], role: Role) -> Iterator[Item]:
    """Yield those of *people* whom somebody with this role may see, as they may see them."""
    if role.includes(Role.OPERATOR):
        yield from people
    elif role.includes(Role.VIEWER):
        sight = Sight.of(run, runs.labels(run.id), runs.clock.today())
        yield from filter(None, map(sight.item, people))


def told(runs: Runs, run: Run, role: Role) -> Run:
    """Return *run* with what somebody with this role may read of its reason and its notices."""
    if role.includes(Role.OPERATOR):
        return run
    leavers = run.base_date > runs.clock.today()  # people leaving by then are still there
    names = role.includes(Role.VIEWER) and not leavers
    tells = _untyped if names else _nobody
    notices = tuple(map(tells, run.notices))
    return evolve(run, notices=notices, reason=run.reason and tells(run.reason))


@frozen
class Sight:
    """
    What a viewer sees of the people of a run.

    *private* and *leaving* are names of fields; where a pair of the mapping has one, it has both.
    Those who change in nothing else are not there. A field of which nothing is known is hidden.
    """

    private: frozenset[str]
    leaving: frozenset[str]
    days: frozenset[str]
    known: frozenset[str]
    today: dt.date
    all_leave: bool

    @classmethod
    def of(cls, run: Run, labels: Labels, today: dt.date) -> Sight:
        """Return what is seen of *run*, by the fields that it had and those of today."""
        sources = labels.fields.get(run.source, {}).values()
        targets = labels.fields.get(run.target, {}).values()

        def paired(*roles: str) -> frozenset[str]:
            of_source = _with_role(sources, roles)
            of_target = _with_role(targets, roles)
            found = of_source | of_target
            for source, target in labels.pairs:
                # Both fields of a pair hold the same value, whatever their roles.
                if source in of_source or target in of_target:
                    found |= {source, target}
            return frozenset(found)

        known = frozenset(each.name for each in (*sources, *targets))
        base = run.base_date > today
        return cls(paired(*PRIVATE), paired(*LEAVING), paired("left"), known, today, base)

    def item(self, item: Item) -> Item | None:
        """Return one employee without what is hidden; None if nothing is left of the change."""
        values: list[Mapping[str, Value]] = [item.read, item.before or {}, item.after]
        for change in item.changes:
            values += [{change.field: change.before}, {change.field: change.after}]
        hides = self._hides(*values)
        changes = [each for each in item.changes if not hides(each.field)]
        has_hidden_alone = bool(item.changes) and not changes
        # Even "a hidden change" beside a name would say who leaves:
        # docs/decisions/2026-11-29-rights-on-companies.md
        if has_hidden_alone and item.difference is Difference.CHANGED:
            return None
        return evolve(
            item,
            read=_without(item.read, hides),
            read_others=_without(item.read_others, hides),
            before=None if item.before is None else _without(item.before, hides),
            before_others=_without(item.before_others, hides),
            after=_without(item.after, hides),
            changes=tuple(changes),
            new_values=_without(item.new_values, hides),
            reasons=self._remarks(item.reasons, hides),
            notes=self._remarks(item.notes, hides),
            released=item.released and evolve(item.released, why=_("(not shown)")),
            candidates=tuple(map(self._candidate, item.candidates)),
            outcome_reason=item.outcome_reason and self._remark(item.outcome_reason, hides),
            detail=None,  # a system's own words may quote any value
            earlier=tuple(self._try(each, hides) for each in item.earlier),
        )

    def _try(self, before: Try, hides: Hides) -> Try:
        reason = before.reason and self._remark(before.reason, hides)
        return evolve(before, reason=reason, detail=None)

    def _hides(self, *values: Mapping[str, Value]) -> Hides:
        hidden = self.private
        if self.all_leave or any(map(self._will_leave, values)):
            hidden |= self.leaving

        def hides(name: str) -> bool:
            return name in hidden or name not in self.known

        return hides

    def _will_leave(self, values: Mapping[str, Value]) -> bool:
        for name in self.days:
            day = values.get(name)
            if day is None:
                continue
            has_passed = isinstance(day, dt.date) and day <= self.today
            if not has_passed:  # what cannot be read may be a day to come
                return True
        return False

    def _candidate(self, other: Candidate) -> Candidate:
        hides = self._hides(other.values)
        values, others = _without(other.values, hides), _without(other.others, hides)
        return evolve(other, values=values, others=others)

    def _remarks(self, remarks: Iterable[Remark], hides: Hides) -> tuple[Remark, ...]:
        shown = [self._remark(each, hides) for each in remarks]
        return tuple(filter(None, shown))

    def _remark(self, remark: Remark, hides: Hides) -> Remark | None:
        """Return a remark without the names of hidden fields, their values, and days to come."""
        code = TABLE.get(remark.code)
        if code is None:
            return Remark(remark.code)
        parts = code.read(remark)
        today = self.today.isoformat()
        for name in _parts_of(code, PartKind.DAY):
            if any(day > today for day in parts[name]):
                return None
        shown = dict(parts)
        not_shown = _("(not shown)")
        for name in _parts_of(code, PartKind.FIELD, PartKind.SOURCE_FIELD):
            shown[name] = tuple(not_shown if hides(each) else each for each in parts[name])
        # A value does not say which field it is of: with any field hidden, all values are.
        if shown != parts:
            for name in _parts_of(code, PartKind.VALUE):
                shown[name] = (not_shown,) if parts[name] else ()
        return _made(code, shown)


def _parts_of(code: Code, *kinds: PartKind) -> list[str]:
    """Return the names of the parts of these kinds."""
    return [part.name for part in code.parts if part.kind in kinds]


def _with_role(specs: Iterable[FieldSpec], roles: Collection[str]) -> set[str]:
    """Return the names of the fields that have one of these roles."""
    return {each.name for each in specs if each.role in roles}


def _without(values: Mapping[str, T], hides: Hides) -> dict[str, T]:
    return {name: value for name, value in values.items() if not hides(name)}


def _untyped(remark: Remark) -> Remark:
    """Return a remark about a run without what a person has written."""
    code = TABLE.get(remark.code)
    if code is None:
        return remark
    typed = _parts_of(code, PartKind.TYPED)
    if not typed:
        return remark
    not_shown = (_("(not shown)"),)
    return _made(code, code.read(remark) | dict.fromkeys(typed, not_shown))


def _nobody(remark: Remark) -> Remark:
    """Return a remark about a run without anybody's number, and what a person has written."""
    code = TABLE.get(remark.code)
    if code is None:
        return Remark(remark.code)
    parts = code.read(_untyped(remark))
    # In a remark about a run, a list of texts holds examples of people.
    examples = [part.name for part in code.parts if part.many and part.kind is PartKind.TEXT]
    for name in (*_parts_of(code, PartKind.NUMBER), *examples):
        if parts[name]:
            parts[name] = (SOMEBODY,)
    return _made(code, parts)


def _made(code: Code, parts: Mapping[str, tuple[str, ...]]) -> Remark:
    """Return a remark of these parts; those at the end that are empty take no place."""
    given: dict[str, str | tuple[str, ...]] = {}
    for part in code.parts:
        those = parts[part.name]
        if those:
            given[part.name] = those if part.many else "".join(those)
    return code.remark(given)
