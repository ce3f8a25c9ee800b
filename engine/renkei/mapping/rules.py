"""What can be wrong with a mapping on its own, without the fields of its connectors.

* The first pair is the employee number: compared as it is, in both directions.
* ``only: SIDE`` uses a pair only where SIDE is the target; ``to: {SIDE: …}`` says what is special
  there.
* In one direction a field is written by one pair at most.
* ``values`` is a table of coded values: a value of the first side, and what the second calls it.
  Towards the first side it is read backwards, so it must be one-to-one where that way is used. A
  value that is not in it makes the field unreadable for that person.
* ``optional: true`` skips the pair where one of the connectors does not have its field.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from attrs import frozen

from renkei.mapping.model import Pair, Setting, Sides, Substitute
from renkei.words.i18n import _
from renkei.yamlfile.converter import suggestion
from renkei.yamlfile.source import Where
from renkei.yamlfile.structure import Mistake


@frozen(kw_only=True)
class Parts:
    """
    What could be read of a file; *sides* is None, and entries are left out, where it could not.

    *names* are those of all settings, readable or not.
    """

    sides: Sides | None
    names: Collection[str]
    settings: dict[Where, Setting]
    pairs: dict[Where, Pair]
    substitutes: dict[Where, Substitute]
    transforms: Collection[str]


def broken_rules(parts: Parts) -> Iterator[Mistake]:
    """Yield every mistake."""
    for where, substitute in parts.substitutes.items():
        if substitute.when is not None and substitute.when not in parts.names:
            message = _('unknown setting "{word}"').format(word=substitute.when)
            told = message + suggestion(substitute.when, parts.names)
            yield Mistake((*where, "when"), told)
    for where, pair in parts.pairs.items():
        yield from _transforms(where, pair, parts.transforms)
    if ("fields", 0) in parts.pairs:
        yield from _first(parts.pairs["fields", 0])
    if parts.sides is not None:
        yield from _side_names(parts, parts.sides)
        for where, pair in parts.pairs.items():
            yield from _table(where, pair, parts.sides)
        yield from written_twice(parts.pairs, list(parts.sides))


def _first(pair: Pair) -> Iterator[Mistake]:
    """The number is compared as it is, in both directions."""
    given = {
        "equal": pair.equal,
        "only": pair.only,
        "values": pair.values,
        "optional": pair.optional,
        "to": pair.to,
    }
    message = _('the first pair is the employee number and takes no "{name}"')
    for name, value in given.items():
        if value:
            yield Mistake(("fields", 0, name), message.format(name=name), key=True)


def _transforms(where: Where, pair: Pair, known: Collection[str]) -> Iterator[Mistake]:
    for side, towards in pair.to.items():
        here = (*where, "to", side, "transform")
        if towards.transform is not None and towards.transform not in known:
            message = _('unknown transform "{word}"').format(word=towards.transform)
            yield Mistake(here, message + suggestion(towards.transform, known))
        if towards.transform is not None and pair.values is not None:
            message = _('a pair has "values" or a "transform", not both')
            yield Mistake(here, message, key=True)


def _side_names(parts: Parts, sides: Sides) -> Iterator[Mistake]:
    """Every name of a side is one of the two, and ``to`` is for a direction the pair is used in."""
    for where in parts.substitutes:
        if where[1] not in sides:
            yield _unknown_side(where[:2], str(where[1]), sides, key=True)
    for where, pair in parts.pairs.items():
        if pair.only is not None and pair.only not in sides:
            yield _unknown_side((*where, "only"), pair.only, sides)
        for side in pair.to:
            here = (*where, "to", side)
            if side not in sides:
                yield _unknown_side(here, side, sides, key=True)
            elif pair.only in sides and pair.only != side:
                message = _('this pair is never written to "{side}": it is only for "{only}"')
                yield Mistake(here, message.format(side=side, only=pair.only), key=True)


def _table(where: Where, pair: Pair, sides: Sides) -> Iterator[Mistake]:
    """A table has entries; where it is read backwards, each value of the second side is unique."""
    first, second = sides
    if pair.values is not None and not pair.values:
        yield Mistake((*where, "values"), _("the table is empty"))
    if not pair.values or pair.only == second:
        return
    seen: dict[str, str] = {}
    for ours, theirs in pair.values.items():
        if theirs in seen:
            message = _(
                '"{value}" is there for "{one}" and for "{two}", so there is no way back to {side};'
                " use this table only towards {other}, and another one only towards {side}"
            )
            words = {"value": theirs, "one": seen[theirs], "two": ours}
            told = message.format(**words, side=first, other=second)
            yield Mistake((*where, "values", ours), told)
        seen.setdefault(theirs, ours)


def written_twice(pairs: dict[Where, Pair], sides: list[str]) -> Iterator[Mistake]:
    """In one direction a field is the target of one pair at most."""
    written: set[tuple[str, str]] = set()
    for where, pair in pairs.items():
        for index, (side, name) in enumerate(zip(sides, pair.pair, strict=True)):
            if pair.only not in (None, side):
                continue
            if (side, name) in written:
                message = _('"{field}" of {side} is already written by a pair above')
                told = message.format(field=name, side=side)
                yield Mistake((*where, "pair", index), told)
            written.add((side, name))


def _unknown_side(where: Where, word: str, sides: Sides, *, key: bool = False) -> Mistake:
    listed = _("; the sides are {sides}").format(sides=", ".join(sides))
    message = _('unknown side "{word}"').format(word=word)
    return Mistake(where, message + (suggestion(word, sides) or listed), key)
