"""What works in a mapping and may still surprise: told by a check, and no mistake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from renkei.errors import Problem
from renkei.mapping import model
from renkei.mapping.check import Beyond, offered_offline, unchecked, unfilled, unoffered
from renkei.mapping.model import Way, usable
from renkei.mapping.transforms import Transforms
from renkei.people import FieldSpec
from renkei.words.i18n import _, label
from renkei.yamlfile.structure import Mistake

Fields = Mapping[str, Sequence[FieldSpec]]

SHOWN = 5
"""How many values of a table are spelt out."""


def advice(
    mapping: model.FieldMapping,
    fields: Fields,
    transforms: Transforms | None = None,
    beyond: Mapping[str, Beyond] | None = None,
) -> list[Problem]:
    """
    Return what somebody should know about a *mapping* that has been checked, by its place.

    That is a way back that may bring another value, and a field without which nobody new can be
    created and that nothing fills; the latter only if all that is named is known.
    """
    found = list(_inexact(mapping, fields, transforms or Transforms()))
    if not unchecked(mapping, fields, beyond or {}):
        found += _unfillable(mapping, fields)
    problems = [mapping.document.problem(*each) for each in found]
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


def _unfillable(mapping: model.FieldMapping, fields: Fields) -> Iterator[Mistake]:
    for side in mapping.sides:
        offered = offered_offline(fields[side])
        if not offered:
            continue  # only the system itself knows what can be chosen
        for spec in unoffered(unfilled(mapping, side, fields), offered):
            message = _(
                '{side} needs "{field}" ({label}) for a new employee, but no pair fills it and it'
                " cannot be chosen: nobody new can be created there. Add a pair for it"
            )
            told = message.format(side=side, field=spec.name, label=label(spec.label))
            yield Mistake(("fields",), told)


def _inexact(
    mapping: model.FieldMapping, fields: Fields, transforms: Transforms
) -> Iterator[Mistake]:
    """Yield the ways after which the way back may bring another value."""
    for side in mapping.sides:
        other = mapping.other(side)
        ours = {spec.name for spec in fields[other]}
        theirs = {spec.name for spec in fields[side]}
        ways_back = usable(mapping.ways(other), theirs, ours)
        back = {(way.target, way.source): way for way in ways_back}
        for way in usable(mapping.ways(side), ours, theirs):
            returning = back.get((way.source, way.target))
            if returning is not None:
                yield from _lost(way, returning, side, other, transforms)


def _lost(way: Way, back: Way, side: str, other: str, transforms: Transforms) -> Iterator[Mistake]:
    kept = _("; employees who agree already are left alone")
    if way.table is not None:
        lost = [ours for ours, theirs in way.table.items() if _returned(theirs, back) != ours]
        if lost:
            message = _("of what {other} has, these values do not come back as they were: {values}")
            values = ", ".join(lost[:SHOWN])
            if len(lost) > SHOWN:
                values += " …"
            yield Mistake((*way.where, "values"), message.format(other=other, values=values) + kept)
    elif way.towards.transform is not None:
        loses = transforms[way.towards.transform].loses
        if loses == "unknown" or (loses == "kana" and way.equal != "kana"):
            message = _('what "{name}" changes in {side} may come back changed to {other}')
            told = message.format(name=way.towards.transform, side=side, other=other)
            yield Mistake((*way.where, "to", side, "transform"), told + kept)


def _returned(value: str, back: Way) -> str | None:
    """Return what the way back makes of *value*, as far as tables tell."""
    return value if back.table is None else back.table.get(value)
