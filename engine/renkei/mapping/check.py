"""A mapping against the fields of its connectors, offline: what cannot work is told early."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import get_args

from attrs import frozen

from renkei.errors import Hint, MappingError
from renkei.mapping import model
from renkei.mapping.model import Pair, Substitute, Way, usable
from renkei.mapping.rules import written_twice
from renkei.mapping.transforms import Transforms
from renkei.mapping.values import fault, parse
from renkei.people import FieldSpec, Role, Type
from renkei.private import is_never_read
from renkei.words.i18n import N_, _, label
from renkei.yamlfile.converter import suggestion
from renkei.yamlfile.source import Where
from renkei.yamlfile.structure import Mistake

Specs = Mapping[str, FieldSpec]


@frozen(kw_only=True)
class Beyond:
    """
    What is known of a side beside its fields.

    *gone* are names of fields that its account had. *more*: it has fields that are not known here.
    *ask* is the connection whose account was never asked, though it may have fields of its own.
    """

    gone: frozenset[str] = frozenset()
    more: bool = False
    ask: str | None = None


NOTHING = Beyond()

_TYPES: dict[Type, str] = {
    "text": N_("text"),
    "date": N_("a date"),
    "integer": N_("a whole number"),
    "boolean": N_("true or false"),
}


def check_mapping(
    mapping: model.FieldMapping,
    fields: Mapping[str, Sequence[FieldSpec]],
    transforms: Transforms | None = None,
    beyond: Mapping[str, Beyond] | None = None,
) -> None:
    """
    Check *mapping* against the *fields* of each of its sides, and what is *beyond* them.

    Raises MappingError with every mistake. A required field that no pair fills is none: see
    :func:`unfilled`.
    """
    found = field_mistakes(mapping, fields, transforms or Transforms(), beyond=beyond)
    problems = [mapping.document.problem(*mistake) for mistake in found]
    if problems:
        raise MappingError(list(dict.fromkeys(problems)))  # both directions may tell the same


def field_mistakes(
    mapping: model.FieldMapping,
    fields: Mapping[str, Sequence[FieldSpec]],
    transforms: Transforms,
    halves: Mapping[Where, object] | None = None,
    beyond: Mapping[str, Beyond] | None = None,
) -> Iterator[Mistake]:
    """
    Yield what is wrong with *mapping* beside the *fields* of its sides, some of it twice.

    Of *halves*, pairs and substitutes that have other mistakes, only the names are looked at.
    """
    specs = {side: _by_name(fields[side]) for side in mapping.sides}
    mapping = mapping.at(fields)
    check = _Check(mapping, specs, transforms, beyond or {})
    yield from check.mistakes()
    for where, half in (halves or {}).items():
        yield from check.names(where, half)


def unchecked(
    mapping: model.FieldMapping,
    fields: Mapping[str, Sequence[FieldSpec]],
    beyond: Mapping[str, Beyond],
) -> dict[str, tuple[str, ...]]:
    """Return, by side, what a *mapping* names and nobody knows without the account."""
    found: dict[str, tuple[str, ...]] = {}
    here = mapping.at(fields)
    for index, side in enumerate(mapping.sides):
        if side not in beyond or not beyond[side].more:
            continue
        named = [pair.pair[index] for pair in here.pairs]
        for substitute in here.substitutes_of(side):
            named += substitute.names
        known = _by_name(fields[side])
        left = [name for name in dict.fromkeys(named) if name not in known]
        if left:
            found[side] = tuple(left)
    return found


def unfilled(
    mapping: model.FieldMapping, target: str, fields: Mapping[str, Sequence[FieldSpec]]
) -> tuple[FieldSpec, ...]:
    """Return the fields a new employee of the side *target* needs and no pair fills."""
    source = mapping.other(target)
    ways = usable(mapping.ways(target), _by_name(fields[source]), _by_name(fields[target]))
    filled = {way.target for way in ways}
    return tuple(spec for spec in fields[target] if spec.required and spec.name not in filled)


def unoffered(unfilled: Iterable[FieldSpec], offered: Container[str]) -> tuple[FieldSpec, ...]:
    """Return those of the *unfilled* fields for which nothing can be chosen, of what is offered."""
    return tuple(spec for spec in unfilled if spec.name not in offered)


def offered_offline(fields: Iterable[FieldSpec]) -> frozenset[str]:
    """Return the *fields* that are known to be offered; none: this connector does not tell."""
    return frozenset(spec.name for spec in fields if spec.offered)


def _by_name(specs: Iterable[FieldSpec]) -> Specs:
    return {spec.name: spec for spec in specs}


@frozen
class _Check:
    """One mapping beside the fields of its sides, by name."""

    mapping: model.FieldMapping
    specs: Mapping[str, Specs]
    transforms: Transforms
    beyond: Mapping[str, Beyond]

    def mistakes(self) -> Iterator[Mistake]:
        """Yield every mistake, some of them twice."""
        for where, pair in self.mapping.placed.items():
            yield from self._pair(where, pair)
        for side in self.mapping.sides:
            source = self.specs[self.mapping.other(side)]
            target = self.specs[side]
            for way in usable(self.mapping.ways(side), source, target):
                yield from self._way(way, side, source[way.source], target[way.target])
        for where, substitute in self.mapping.substitutes.items():
            if where[1] in self.specs:
                yield from self._substitute(where, str(where[1]), substitute)
        yield from written_twice(self.mapping.placed, list(self.mapping.sides))

    def names(self, where: Where, half: object) -> Iterator[Mistake]:
        """Yield the fields in a pair or a substitute that do not exist."""
        if isinstance(half, Pair):
            yield from self._pair_names(where, half)
        elif isinstance(half, Substitute) and where[1] in self.specs:
            yield from self._substitute_names(where, str(where[1]), half)

    def _pair(self, where: Where, pair: Pair) -> Iterator[Mistake]:
        """Check what does not depend on the direction."""
        one, other = self.mapping.sides
        first = self.specs[one].get(pair.pair[0])
        second = self.specs[other].get(pair.pair[1])
        for index, spec in enumerate((first, second)):
            yield from never_read((*where, "pair", index), spec)
        if first is not None and second is not None:
            yield from _numbers(where, first, second)
            yield from _kana(where, pair, first)
            yield from _table(where, pair, first, second)
        else:
            yield from self._pair_names(where, pair)

    def _pair_names(self, where: Where, pair: Pair) -> Iterator[Mistake]:
        for index, (side, name) in enumerate(zip(self.mapping.sides, pair.pair, strict=True)):
            misspelt = name.startswith("@") and name[1:] not in get_args(Role)
            # In an optional pair, too: leaving it out is how data would stop silently.
            if not pair.optional or misspelt or name in self._beyond(side).gone:
                yield from self._unknown((*where, "pair", index), side, name)

    def _unknown(self, where: Where, side: str, name: str, key: bool = False) -> Iterator[Mistake]:  # noqa: FBT001, FBT002
        known, beyond = self.specs[side], self._beyond(side)
        role = name.removeprefix("@") if name.startswith("@") else None
        if name in known or (role and role in self._roles(side)):
            return  # the roles that halves name are still there
        guess = suggestion(name, known)
        if role is not None and role not in get_args(Role):
            message = _('there is no role "{name}"').format(name=role)
            yield Mistake(where, message + suggestion(role, get_args(Role)), key)
        elif beyond.more and (role is not None or not guess):
            return  # it may be a field of the account, unless it looks like a slip of a known one
        elif name in beyond.gone:
            message = _('{side} had the field "{name}", but it is gone')
            yield Mistake(where, message.format(side=side, name=name), key)
        elif role is not None:
            message = _('{side} has no field with the role "{name}"')
            yield self._unasked(side, where, message.format(side=side, name=role), key)
        else:
            message = _('{side} has no field "{name}"').format(side=side, name=name)
            if guess:
                yield Mistake(where, message + guess, key)
            else:
                yield self._unasked(side, where, message, key)

    def _roles(self, side: str) -> set[str | None]:
        return {spec.role for spec in self.specs[side].values()}

    def _beyond(self, side: str) -> Beyond:
        return self.beyond.get(side, NOTHING)

    def _unasked(self, side: str, where: Where, message: str, key: bool) -> Mistake:  # noqa: FBT001
        """Return a mistake that may be none once the account was asked for its own fields."""
        name = self._beyond(side).ask
        if name is None:
            return Mistake(where, message, key)
        message += _("; the account's own fields have never been read")
        return Mistake(where, message, key, Hint("refresh", {"connection": name}))

    def _way(self, way: Way, side: str, source: FieldSpec, target: FieldSpec) -> Iterator[Mistake]:
        """Check one direction: into *side*."""
        if target.write == "never":
            if not way.optional:
                yield Mistake(way.at, self._read_only(way, side))
            return
        reason = _not_clearable(target) if way.towards.empty == "clear" else None
        if reason is not None:
            yield Mistake((*way.where, "to", side, "empty"), reason)
        name = way.towards.transform
        if name is not None and name in self.transforms:  # the rules tell of one that is not
            yield from self._transform((*way.where, "to", side, "transform"), name, source, target)
        elif name is None and way.table is None and source.type != target.type:
            yield _clash(way, source, target)

    def _read_only(self, way: Way, side: str) -> str:
        if way.where == ("fields", 0):
            message = _('"{field}" of {side} cannot be written, so nobody can be created there')
        else:
            message = _('"{field}" of {side} cannot be written; add "only: {other}" to the pair')
        return message.format(field=way.target, side=side, other=self.mapping.other(side))

    def _transform(
        self, where: Where, name: str, source: FieldSpec, target: FieldSpec
    ) -> Iterator[Mistake]:
        transform = self.transforms[name]
        takes, gives = _(_TYPES[transform.takes]), _(_TYPES[transform.gives])
        if transform.takes != source.type:
            message = _('"{name}" takes {takes}, but {field}')
            yield Mistake(where, message.format(name=name, takes=takes, field=_typed(source)))
        if transform.gives != target.type:
            message = _('"{name}" gives {gives}, but {field}')
            yield Mistake(where, message.format(name=name, gives=gives, field=_typed(target)))

    def _substitute(self, where: Where, side: str, substitute: Substitute) -> Iterator[Mistake]:
        specs = self.specs[side]
        yield from self._substitute_names(where, side, substitute)
        for name, other in substitute.fields.items():
            first, second = specs.get(name), specs.get(other)
            if first is None or second is None:
                continue  # told by its name, where that is a mistake at all
            if first.type != second.type:
                message = _("{first}, but {second}")
                told = message.format(first=_typed(first), second=_typed(second))
                yield Mistake((*where, name), told)

    def _substitute_names(
        self, where: Where, side: str, substitute: Substitute
    ) -> Iterator[Mistake]:
        yield from self._unknown((*where, "if_filled"), side, substitute.if_filled)
        for name, other in substitute.fields.items():
            yield from never_read((*where, name), self.specs[side].get(other))
            yield from self._unknown((*where, name), side, name, key=True)
            yield from self._unknown((*where, name), side, other)


def never_read(where: Where, spec: FieldSpec | None) -> Iterator[Mistake]:
    """My Numbers, bank accounts, health, disability and religion are nobody's business here."""
    if spec is not None and is_never_read(spec.name, spec.label.ja, spec.label.en):
        message = _('"{field}" ({label}) is never read: it may hold a My Number or the like')
        yield Mistake(where, message.format(field=spec.name, label=label(spec.label)))


def _numbers(where: Where, first: FieldSpec, second: FieldSpec) -> Iterator[Mistake]:
    """The first pair, and no other, is the employee number."""
    for index, spec in enumerate((first, second)):
        here, is_number = (*where, "pair", index), spec.role == "number"
        if where == ("fields", 0) and not is_number:
            message = _('the first pair must be the employee number; "{field}" is not')
            yield Mistake(here, message.format(field=spec.name))
        if where != ("fields", 0) and is_number:
            message = _('the employee number "{field}" is paired once, by the first pair')
            yield Mistake(here, message.format(field=spec.name))


def _kana(where: Where, pair: Pair, first: FieldSpec) -> Iterator[Mistake]:
    if pair.equal == "kana" and first.type != "text":
        message = _('"kana" is for text, but {field}').format(field=_typed(first))
        yield Mistake((*where, "equal"), message)


def _table(where: Where, pair: Pair, first: FieldSpec, second: FieldSpec) -> Iterator[Mistake]:
    """Both columns of a table hold values that their fields can have."""
    for ours, theirs in (pair.values or {}).items():
        here = (*where, "values", ours)
        yield from entry_mistakes(here, ours, first, key=True)
        yield from entry_mistakes(here, theirs, second, key=False)


def entry_mistakes(where: Where, text: str, spec: FieldSpec, *, key: bool) -> Iterator[Mistake]:
    """Yield what keeps the field of *spec* from having the value that a file has as *text*."""
    try:
        code = fault(parse(text, spec.type), spec)
    except ValueError:
        code = "wrong_type"
    if code == "wrong_type":
        message = _('"{value}" does not fit: {field}')
        yield Mistake(where, message.format(value=text, field=_typed(spec)), key)
    elif code is not None:
        message = _('"{field}" cannot be "{value}"').format(field=spec.name, value=text)
        yield Mistake(where, message + suggestion(text, spec.allowed or ()), key)


def _clash(way: Way, source: FieldSpec, target: FieldSpec) -> Mistake:
    """Name the two fields as they stand in the pair, so that both directions tell the same."""
    first, second = (source, target) if way.at[-1] == 1 else (target, source)
    message = _("{first}, but {second}").format(first=_typed(first), second=_typed(second))
    return Mistake((*way.where, "pair"), message)


def _not_clearable(target: FieldSpec) -> str | None:
    if target.required:
        return _('"{field}" is required, so it cannot be cleared').format(field=target.name)
    if not target.clearable or target.write != "always":
        return _('"{field}" cannot be cleared').format(field=target.name)
    return None


def _typed(spec: FieldSpec) -> str:
    return _('"{field}" is {type}').format(field=spec.name, type=_(_TYPES[spec.type]))
