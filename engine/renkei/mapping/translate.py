"""One direction of a mapping, compiled: values of a source in, values for the target out.

Unknown (absent) stays unknown, and is never replaced by anything. What is written is the source's
text, byte for byte, unless the mapping names a transform or a table. Where one of these makes one
value of several, the other direction must not undo it: so two employees agree in a field if either
of them, translated, says what the other says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from attrs import field, frozen

from renkei.mapping.model import Substitute
from renkei.mapping.transforms import Transform
from renkei.mapping.values import fault, is_empty, is_of
from renkei.people import Employee, FieldSpec, Type, Value, Values
from renkei.text import comparable

AMPLIFICATION = 10
"""How many times longer a transform may make a text; any text may grow to 1000 characters."""


class Unreadable(Exception):
    """A value that cannot be translated, with the code that tells why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@frozen(kw_only=True)
class Row:
    """
    One pair in one direction. *spec* describes the target's field, *takes* is the source's type.

    *case*: capitals and small letters differ, as they do in all but e-mail addresses. *values* is a
    table from source to target. *line* is where the pair stands in the file.
    """

    source: str
    target: str
    spec: FieldSpec
    takes: Type
    equal: Literal["kana"] | None
    case: bool
    empty: Literal["keep", "clear"]
    transform: Transform | None
    values: Mapping[Value, Value] | None
    line: int
    copies: bool = field(init=False)
    """Whether values stay what they are: no table, no transform, no other type."""
    choosy: bool = field(init=False)
    """Whether the target's field takes some values of its type only."""

    @copies.default
    def _copies(self) -> bool:
        return self.transform is None and self.values is None and self.takes == self.spec.type

    @choosy.default
    def _choosy(self) -> bool:
        spec = self.spec
        takes_all = spec.allowed is None and spec.max_length is None and spec.encoding is None
        return not takes_all

    def translate(self, value: Value) -> Value:
        """Return what the target calls *value*; None if it is empty. Raises Unreadable."""
        if is_empty(value):
            return None
        if not is_of(value, self.takes):
            raise Unreadable("wrong_type")
        if self.copies and not self.choosy:
            return value  # nothing makes another one of it, and the field takes every one
        value = self._converted(value)
        if is_empty(value):  # a transform may leave nothing of it
            return None
        if code := fault(value, self.spec):
            raise Unreadable(code)
        return value

    def same(self, a: Value, b: Value) -> bool:
        """Tell whether two values of the target's field count as the same; blanks are empty."""
        if type(a) is type(b) and a == b:
            return True  # as they are, nearly always
        if is_empty(a) or is_empty(b):
            return is_empty(a) and is_empty(b)
        if isinstance(a, str) and isinstance(b, str):
            return self._comparable(a) == self._comparable(b)
        return False

    def meets(self, ours: Value, theirs: Value) -> bool:
        """Tell whether the source's value *ours*, translated, is the target's value *theirs*."""
        try:
            return self.same(self.translate(ours), theirs)
        except Unreadable:
            return False

    def empties(self, ours: Value) -> bool:
        """Tell whether the source's value *ours* is empty in the target's terms."""
        return self.meets(ours, None)

    def _comparable(self, text: str) -> str:
        return comparable(text, kana=self.equal == "kana", case=self.case)

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
    ``wrong_type``, ``not_in_table``, ``transform_failed`` or what a fault of a value is called.
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
    in for it, and the fields that say who somebody is. *number_fields* are the two that pair
    employees. *back* is the other direction, which has no way back itself.
    """

    rows: tuple[Row, ...]
    number_fields: tuple[str, str]
    source_fields: tuple[str, ...]
    target_fields: tuple[str, ...]
    substitutes: tuple[Substitute, ...]
    back: Translation | None = None
    compared: frozenset[str] = field(init=False, repr=False)
    """The target's fields on which it depends what is written."""
    _by_target: Mapping[str, Row] = field(init=False, repr=False)
    _mirrored: frozenset[str] = field(init=False, repr=False)
    """The target's fields whose values stay what they are, there and back."""

    @_by_target.default
    def _index(self) -> Mapping[str, Row]:
        return {row.target: row for row in self.rows}

    @compared.default
    def _compared(self) -> frozenset[str]:
        # what stands in on the way back decides whether two agree (_comes_back)
        stand_ins = self.back.standing_in if self.back else ()
        written = [row.target for row in self.rows]
        return frozenset([*written, *stand_ins])

    @_mirrored.default
    def _mirrors(self) -> frozenset[str]:
        mirrored: set[str] = set()
        for row in self.rows:
            if row.copies and self._is_mirrored(row):
                mirrored.add(row.target)
        return frozenset(mirrored)

    def translate(self, values: Values) -> Translated:
        """Return one employee's source *values* in the target's terms."""
        read = self._substituted(values)
        written: dict[str, Value] = {}
        unreadable: list[tuple[str, str]] = []
        for row in self.rows:
            if row.source not in read:
                continue
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
        return self._by_target[name].same(a, b)

    def differs(self, name: str, value: Value, source: Employee, target: Employee) -> bool:
        """
        Tell whether a sync writes *value*, which *source* says, into the field *name* of *target*.

        What *target* says there is known.
        """
        if self.same(name, target.values[name], value):
            return False
        if name in self._mirrored and not (source.others or target.others):
            return True  # neither way makes another value of it
        return not self.agrees(name, source, target)

    def writes(self, name: str) -> bool:
        """Return whether a pair writes the target's field *name*."""
        return name in self._by_target

    def agrees(self, name: str, source: Employee, target: Employee) -> bool:
        """
        Tell whether two employees agree in the target's field *name*, so that nothing is written.

        They do if what one says is, translated, what the other says. A value of one may also be one
        of the further values of the other. An empty value empties nothing that holds several: it
        does not say which.
        """
        row = self._by_target[name]
        ours, theirs = self.said(source, row.source), _all_of(target, row.target)
        if not (ours and theirs):
            return False
        for one, other in _crossed(ours, theirs):
            if row.meets(one, other):
                return True
        if len(theirs) > 1 and row.empties(ours[0]):
            return True
        # a table or a transform may lose something: then what is there comes back as it is here
        return self._comes_back(row, ours, target)

    def _is_mirrored(self, row: Row) -> bool:
        """Tell whether a pair that copies values copies them back, compared as they are here."""
        back = self.back
        if back is None:
            return True
        mirror = back.row(target=row.source, source=row.target)
        if mirror is None:
            return True
        stands_in = any(row.target in each.fields for each in back.substitutes)
        alike = (mirror.equal, mirror.case) == (row.equal, row.case)
        return mirror.copies and alike and not stands_in

    def _comes_back(self, row: Row, ours: Sequence[Value], target: Employee) -> bool:
        """Tell whether what *target* says is, on its way back, what the source says."""
        if self.back is None:
            return False
        mirror = self.back.row(target=row.source, source=row.target)
        if mirror is None:
            return False
        returned = self.back.said(target, row.target)
        return any(mirror.meets(*each) for each in _crossed(returned, ours))

    def origin(self, name: str, values: Values) -> str:
        """Return the field of the source that fills the target's field *name* for somebody."""
        source = self._by_target[name].source
        return self._stand_ins(values).get(source, source)

    @property
    def standing_in(self) -> tuple[str, ...]:
        """The source's fields that decide whether others stand in, and those that do."""
        names: list[str] = []
        for each in self.substitutes:
            names += (each.if_filled, *each.fields.values())
        return tuple(names)

    def row(self, *, target: str, source: str) -> Row | None:
        """Return what fills the field *target* from the field *source*, if anything does."""
        row = self._by_target.get(target)
        return row if row and row.source == source else None

    def said(self, person: Employee, name: str) -> tuple[Value, ...]:
        """Return what the source says in the field *name*, or in the one that stands in for it."""
        return _all_of(person, self._stand_ins(person.values).get(name, name))

    def explain(self, values: Values) -> list[Explained]:
        """Return, pair by pair, how :meth:`translate` comes to its result."""
        read, stand_ins = self._substituted(values), self._stand_ins(values)
        return [_explained(row, read, stand_ins.get(row.source)) for row in self.rows]

    def _substituted(self, values: Values) -> Values:
        """Return *values* with those of others in the fields for which they stand in."""
        if not self.substitutes:
            return values
        read = dict(values)
        for name, other in self._stand_ins(values).items():
            if other in values:
                read[name] = values[other]
            else:
                read.pop(name, None)  # unknown, as what stands in for it is
        return read

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


def _all_of(person: Employee, name: str) -> tuple[Value, ...]:
    """Return the value of a field and its further values; nothing if it is unknown."""
    if name not in person.values:
        return ()
    return (person.values[name], *person.others.get(name, ()))


def _crossed(a: Sequence[Value], b: Sequence[Value]) -> Iterator[tuple[Value, Value]]:
    """Yield the first of each beside all of the other."""
    if a:
        for each in b:
            yield a[0], each
    for each in a[1:]:
        yield each, b[0]


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
