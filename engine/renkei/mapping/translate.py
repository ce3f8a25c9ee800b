"""One direction of a mapping, compiled: values of a source in, values for the target out.

Unknown (absent) stays unknown, and is never replaced by anything. What is written is the source's
text, byte for byte, unless the mapping names a transform or a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from attrs import field, frozen

from renkei.mapping import model
from renkei.mapping.model import Substitute, Way, usable
from renkei.mapping.text import comparable
from renkei.mapping.transforms import Transform, Transforms
from renkei.mapping.values import fault, is_empty, is_of, parse
from renkei.model import FieldSpec, Type, Value, Values

AMPLIFICATION = 10
"""A transform may make a text so many times longer, and any text up to 1000 characters long."""


class Unreadable(Exception):
    """A value that cannot be translated, with the code that tells why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@frozen(kw_only=True)
class Row:
    """
    One pair in one direction. *spec* describes the target's field, *takes* is the source's type.

    *values* is a table from source to target. *line* is where the pair stands in the file.
    """

    source: str
    target: str
    spec: FieldSpec
    takes: Type
    equal: Literal["kana"] | None
    empty: Literal["keep", "clear"]
    transform: Transform | None
    values: Mapping[Value, Value] | None
    line: int

    def translate(self, value: Value) -> Value:
        """Return what the target calls *value*; None if it is empty. Raises Unreadable."""
        if is_empty(value):
            return None
        if not is_of(value, self.takes):
            raise Unreadable("wrong_type")
        value = self._converted(value)
        if is_empty(value):
            return None
        if code := fault(value, self.spec):
            raise Unreadable(code)
        return value

    def _converted(self, value: Value) -> Value:
        if self.values is not None:
            if value not in self.values:
                raise Unreadable("not_in_table")
            return self.values[value]
        return value if self.transform is None else _transformed(value, self.transform)


@frozen
class Translated:
    """
    One employee in the target's terms.

    A field is absent from *values* if it is unknown, or empty and not to be cleared; None clears
    it. *unreadable* has a code and the target's field for each value that could not be translated:
    ``wrong_type``, ``not_in_table``, ``transform_failed``, ``not_allowed`` or ``too_long``.
    """

    values: Values
    unreadable: tuple[tuple[str, str], ...] = ()


@frozen(kw_only=True)
class Explained:
    """
    What became of one pair of one employee.

    *substituted* names the field whose value stood in. *state* is ``value``, ``empty``, ``unknown``
    or a code of :class:`Translated`; *read* and *translated* are None where there is nothing.
    """

    line: int
    source: str
    target: str
    substituted: str | None
    transform: str | None
    state: str
    read: Value
    translated: Value


@frozen(kw_only=True)
class Translation:
    """
    One direction of a mapping, for one choice of its settings.

    *source_fields* and *target_fields* are what to ask the systems for: what is mapped, what stands
    in for it, and the fields with a role. *number_fields* are the two that pair employees.
    """

    rows: tuple[Row, ...]
    number_fields: tuple[str, str]
    source_fields: tuple[str, ...]
    target_fields: tuple[str, ...]
    substitutes: tuple[Substitute, ...]
    _by_target: Mapping[str, Row] = field(init=False, repr=False)

    @_by_target.default
    def _index(self) -> Mapping[str, Row]:
        return {row.target: row for row in self.rows}

    def translate(self, values: Values) -> Translated:
        """Return one employee's source *values* in the target's terms."""
        read = self._substituted(values)
        written: dict[str, Value] = {}
        unreadable: list[tuple[str, str]] = []
        for row in self.rows:
            if row.source in read:
                try:
                    value = row.translate(read[row.source])
                except Unreadable as error:
                    unreadable.append((error.code, row.target))
                    continue
                if value is not None or row.empty == "clear":
                    written[row.target] = value
        return Translated(written, tuple(unreadable))

    def same(self, name: str, a: Value, b: Value) -> bool:
        """
        Tell whether two values of the target's field *name* count as the same.

        A text of spaces only is empty. Raises KeyError if no pair writes the field.
        """
        kana = self._by_target[name].equal == "kana"
        if is_empty(a) or is_empty(b):
            return is_empty(a) and is_empty(b)
        if isinstance(a, str) and isinstance(b, str):
            return a == b or comparable(a, kana=kana) == comparable(b, kana=kana)
        return type(a) is type(b) and a == b

    def explain(self, values: Values) -> list[Explained]:
        """Return, pair by pair, how :meth:`translate` comes to its result."""
        read, stand_ins = self._substituted(values), self._stand_ins(values)
        return [_explained(row, read, stand_ins.get(row.source)) for row in self.rows]

    def _substituted(self, values: Values) -> Values:
        """Return *values* with those of others in the fields for which they stand in."""
        if not self.substitutes:
            return values
        stand_ins = self._stand_ins(values)
        sources = {name: stand_ins.get(name, name) for name in {**values, **stand_ins}}
        return {name: values[other] for name, other in sources.items() if other in values}

    def _stand_ins(self, values: Values) -> dict[str, str]:
        """
        Return for each field whose value another's stands in for that other; the last one counts.

        Where *if_filled* is unknown the result is unknown too, never the fallback: so its own name,
        which is absent from *values*, stands in.
        """
        stand_ins: dict[str, str] = {}
        for each in self.substitutes:
            if each.if_filled not in values:
                stand_ins.update(dict.fromkeys(each.fields, each.if_filled))
            elif not is_empty(values[each.if_filled]):
                stand_ins.update(each.fields)
        return stand_ins


def compile_translation(  # noqa: PLR0917 - source before target, as everywhere
    mapping: model.Mapping,
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
    switches = mapping.switches(settings)
    source = {spec.name: spec for spec in source_fields}
    target = {spec.name: spec for spec in target_fields}
    ways = usable(mapping.ways(target_side), source, target)
    rows = tuple(
        _row(way, source[way.source], target[way.target], transforms or Transforms())
        for way in ways
    )
    substitutes = tuple(
        each
        for each in mapping.substitutes_of(source_side)
        if each.when is None or switches[each.when]
    )
    standing_in = [n for each in substitutes for n in (each.if_filled, *each.fields.values())]
    return Translation(
        rows=rows,
        number_fields=(rows[0].source, rows[0].target),
        source_fields=_asked([row.source for row in rows] + standing_in, source_fields),
        target_fields=_asked([row.target for row in rows], target_fields),
        substitutes=substitutes,
    )


def _row(way: Way, source: FieldSpec, target: FieldSpec, transforms: Transforms) -> Row:
    name = way.towards.transform
    return Row(
        source=way.source,
        target=way.target,
        spec=target,
        takes=source.type,
        equal=way.equal,
        empty=way.towards.empty,
        transform=None if name is None else transforms[name],
        values=None if way.table is None else _typed(way.table, source.type, target.type),
        line=way.line,
    )


def _typed(table: Mapping[str, str], source: Type, target: Type) -> dict[Value, Value]:
    return {parse(ours, source): parse(theirs, target) for ours, theirs in table.items()}


def _asked(names: Iterable[str], specs: Iterable[FieldSpec]) -> tuple[str, ...]:
    """Return *names* and those of all fields with a role, each once."""
    return tuple(dict.fromkeys([*names, *(spec.name for spec in specs if spec.role is not None)]))


def _transformed(value: Value, transform: Transform) -> Value:
    """Return what *transform* makes of *value*; whatever goes wrong in it is Unreadable."""
    try:
        made = transform.apply(value)
    except Exception as error:  # an extension may raise anything
        raise Unreadable("transform_failed") from error
    if made is not None and not is_of(made, transform.gives):
        raise Unreadable("transform_failed")
    if isinstance(made, str) and len(made) > max(1000, AMPLIFICATION * len(str(value))):
        raise Unreadable("transform_failed")
    return made


def _explained(row: Row, read: Values, stand_in: str | None) -> Explained:
    value, state = None, "unknown"
    if row.source in read:
        try:
            value = row.translate(read[row.source])
            state = "empty" if value is None else "value"
        except Unreadable as error:
            state = error.code
    return Explained(
        line=row.line,
        source=row.source,
        target=row.target,
        substituted=stand_in,
        transform=row.transform.name if row.transform else None,
        state=state,
        read=read.get(row.source),
        translated=value,
    )
