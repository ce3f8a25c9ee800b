"""A mapping, compiled: each of its directions for one choice of its settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import evolve, frozen

from renkei.mapping import model
from renkei.mapping.model import Substitute, Way, usable
from renkei.mapping.transforms import Transforms
from renkei.mapping.translate import Row, Translation
from renkei.mapping.values import parse
from renkei.people import EMPLOYED, OPTIONAL_ROLES, FieldSpec, Type, Value


def compile_translation(  # noqa: PLR0917 - source before target, as everywhere
    mapping: model.FieldMapping,
    source_side: str,
    target_side: str,
    settings: Mapping[str, bool],
    source_fields: Sequence[FieldSpec],
    target_fields: Sequence[FieldSpec],
    transforms: Transforms | None = None,
) -> Translation:
    """
    Return the direction from *source_side* to *target_side* of a *mapping* that has been checked.

    Raises ConfigurationError for a setting the mapping does not have.
    """
    compiler = _Compiler(mapping, mapping.switches(settings), transforms or Transforms())
    source, target = (source_side, source_fields), (target_side, target_fields)
    there = compiler.direction(source, target)
    back = compiler.direction(target, source)
    # whether two agree is asked of the way back too, so what stands in there has to be read
    asked = _asked([*there.target_fields, *back.standing_in], target_fields)
    return evolve(there, target_fields=asked, back=back)


Side = tuple[str, Sequence[FieldSpec]]
"""The name of a side, and its fields."""


@frozen
class _Compiler:
    """Makes directions of one mapping, for one choice of its settings."""

    mapping: model.FieldMapping
    switches: Mapping[str, bool]
    transforms: Transforms

    def direction(self, source: Side, target: Side) -> Translation:
        """Return one direction by itself."""
        source_side, source_specs = source
        target_side, target_specs = target
        ours = {spec.name: spec for spec in source_specs}
        theirs = {spec.name: spec for spec in target_specs}
        rows: list[Row] = []
        for way in usable(self.mapping.ways(target_side), ours, theirs):
            spec = theirs[way.target]
            if not (way.optional and spec.write == "never"):
                rows.append(_row(way, ours[way.source], spec, self.transforms))
        made = Translation(
            rows=tuple(rows),
            number_fields=(rows[0].source, rows[0].target),
            source_fields=(),
            target_fields=_asked([row.target for row in rows], target_specs),
            substitutes=tuple(filter(self._is_on, self.mapping.substitutes_of(source_side))),
        )
        read = [row.source for row in rows]
        asked = _asked([*read, *made.standing_in], source_specs)
        return evolve(made, source_fields=asked)

    def _is_on(self, substitute: Substitute) -> bool:
        return substitute.when is None or self.switches[substitute.when]


def _row(way: Way, source: FieldSpec, target: FieldSpec, transforms: Transforms) -> Row:
    name = way.towards.transform
    return Row(
        source=way.source,
        target=way.target,
        spec=target,
        takes=source.type,
        equal=way.equal,
        case="email" not in (source.role, target.role),
        empty=way.towards.empty,
        transform=None if name is None else transforms[name],
        values=None if way.table is None else _typed(way.table, source.type, target.type),
        line=way.line,
    )


def _typed(table: Mapping[str, str], source: Type, target: Type) -> dict[Value, Value]:
    return {parse(ours, source): parse(theirs, target) for ours, theirs in table.items()}


def _asked(names: Iterable[str], specs: Iterable[FieldSpec]) -> tuple[str, ...]:
    """Return *names* and those of all fields that say who somebody is, each once."""
    needed = (spec.name for spec in specs if spec.role and _is_asked(spec))
    return tuple(dict.fromkeys([*names, *needed]))


def _is_asked(spec: FieldSpec) -> bool:
    """Tell whether a field with a role is read whatever the mapping says of it."""
    # EMPLOYED is worked out from dates; the system's own field decides who is listed
    told_by_system = spec.role == "employed" and spec.name != EMPLOYED
    return told_by_system or spec.role not in OPTIONAL_ROLES
