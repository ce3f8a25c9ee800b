"""The pairs that a configuration declares: which two connections a use of a mapping is for.

A side of a mapping is the connection that ``sides:`` of the use names, else the one that is called
like the side, else the only one of the side's connector. A use that leaves a side open pairs
nobody. What is not declared is never fetched: it could be two companies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from attrs import frozen

from renkei.config.main import MOST_DAYS
from renkei.config.records import Config, MappingUse
from renkei.errors import ConfigurationError, MappingError, Problem, UsageError
from renkei.mapping.model import FieldMapping
from renkei.words.i18n import _
from renkei.yamlfile.converter import suggestion

_PLAIN = re.compile(r"[A-Za-z0-9./][A-Za-z0-9._/-]*")
"""What means itself in YAML, also inside of braces; everything else is quoted."""


@frozen(kw_only=True)
class Pair:
    """
    Two connections of one direction and the use that pairs them, by its *index* in the file.

    *sides* is which side of the mapping each of the two is.
    """

    source: str
    target: str
    index: int
    sides: tuple[str, str]


def pairs_of(config: Config, index: int, mapping: FieldMapping) -> tuple[Pair, ...]:
    """
    Return what the use at *index*, which is of *mapping*, pairs: both directions, or nothing.

    Raises MappingError if a side is none of the mapping, or names a connection of another kind.
    """
    if problems := list(_wrong_sides(config, index, mapping)):
        raise MappingError(problems)
    use = config.mappings[index]
    first, second = mapping.sides
    one = _connection(config, use, mapping, first)
    other = _connection(config, use, mapping, second)
    if one is None or other is None:
        return ()
    return (
        Pair(source=one, target=other, index=index, sides=(first, second)),
        Pair(source=other, target=one, index=index, sides=(second, first)),
    )


def could_pair(config: Config, mapping: FieldMapping, source: str, target: str) -> bool:
    """Return whether *mapping* is one between connections of these kinds."""
    kinds = [config.connection(name).connector for name in (source, target)]
    return sorted(mapping.sides.values()) == sorted(kinds)


def is_open(config: Config, index: int, mapping: FieldMapping) -> bool:
    """Return whether the use at *index* pairs nobody only because it does not say whom."""
    kinds = [each.connector for each in config.connections.values()]
    wanted = list(mapping.sides.values())
    for kind in wanted:
        if kinds.count(kind) < wanted.count(kind):
            return False
    return not pairs_of(config, index, mapping)


def not_declared(
    config: Config, use: MappingUse, mapping: FieldMapping, source: str, target: str
) -> UsageError:
    """Return the error of a pair that no use declares; it has the lines that declare it."""
    sides = list(mapping.sides)
    if mapping.sides[sides[0]] != config.connection(source).connector:
        sides.reverse()
    named = dict(zip(sides, (source, target), strict=True))
    in_order = {side: named[side] for side in mapping.sides}
    message = _(
        "{source} and {target} are not declared as a pair in {path}, so nothing was read or sent."
        " If they belong to the same company, declare them there; below a list of mappings that is"
        " there already, write the second line only:\n{lines}"
    )
    text = message.format(
        source=source, target=target, path=config.path, lines=_lines(use, in_order)
    )
    return UsageError(text, code="not_paired", where=str(config.path))


def no_mapping(config: Config, source: str, target: str) -> ConfigurationError:
    """Return the error of two connections of which no mapping knows the kinds."""
    message = _("No mapping fits {source} → {target}. Add one under mappings: in {path}.")
    text = message.format(source=source, target=target, path=config.path)
    return ConfigurationError(text, code="no_mapping", where=str(config.path))


def declared_twice(config: Config, pairs: list[Pair]) -> ConfigurationError:
    """Return the error of a pair that several uses declare."""
    message = _("{count} mappings fit {source} → {target}: {places}. Leave one of them.")
    places = _(", ").join([_at(config, pair) for pair in pairs])
    text = message.format(
        count=len(pairs), source=pairs[0].source, target=pairs[0].target, places=places
    )
    return ConfigurationError(text, code="no_mapping", where=str(config.path))


def _at(config: Config, pair: Pair) -> str:
    line, column = config.document.at(("mappings", pair.index))
    return f"{config.path}:{line}:{column}"


def _connection(config: Config, use: MappingUse, mapping: FieldMapping, side: str) -> str | None:
    if side in use.sides:
        return use.sides[side]
    kind = mapping.sides[side]
    same = [name for name, each in config.connections.items() if each.connector == kind]
    if side in same:
        return side
    # The only connection of a kind cannot be both sides of a mapping between two of that kind.
    alone = len(same) == 1 and list(mapping.sides.values()).count(kind) == 1
    return same[0] if alone else None


def _wrong_sides(config: Config, index: int, mapping: FieldMapping) -> Iterator[Problem]:
    use, where = config.mappings[index], ("mappings", index, "sides")
    for side, name in use.sides.items():
        kind = config.connection(name).connector
        if side in mapping.sides and kind != mapping.sides[side]:
            text = _("{name} is a connection of {kind}; this side is one of {wanted}")
            told = text.format(name=name, kind=kind, wanted=mapping.sides[side])
            yield config.document.problem((*where, side), told)
    yield from _unknown_sides(config, index, mapping)
    yield from _wrong_days(config, index, mapping)
    alike = len(set(mapping.sides.values())) == 1  # else one of them was of the wrong kind above
    is_same = len(set(use.sides.values())) < len(use.sides)
    if alike and is_same:
        yield config.document.problem(where, _("both sides are the same connection"))


def _wrong_days(config: Config, index: int, mapping: FieldMapping) -> Iterator[Problem]:
    """Yield the numbers of days, of leavers and joiners, that are none."""
    use = config.mappings[index]
    for key, days in (("leavers", use.leavers), ("joiners", use.joiners)):
        for side, count in days.items():
            if side in mapping.sides and not 0 < count <= MOST_DAYS:
                told = _("{count} is not a number of days from 1 to {most}")
                told = told.format(count=count, most=MOST_DAYS)
                yield config.document.problem(("mappings", index, key, side), told)


def _unknown_sides(config: Config, index: int, mapping: FieldMapping) -> Iterator[Problem]:
    """Yield each side that the use at *index* speaks of and *mapping* does not have."""
    use = config.mappings[index]
    parts: dict[str, Iterable[str]] = {
        "sides": use.sides,
        "leavers": use.leavers,
        "joiners": use.joiners,
        "who": use.who,
    }
    for key, by_side in parts.items():
        for side in by_side:
            if side in mapping.sides:
                continue
            text = _('the mapping {mapping} has no side "{name}"')
            told = text.format(mapping=mapping.name, name=side) + suggestion(side, mapping.sides)
            yield config.document.problem(("mappings", index, key, side), told, key=True)


def _lines(use: MappingUse, sides: dict[str, str]) -> str:
    """Return YAML that declares a pair, with the settings of the use that is there."""
    settings = ""
    if use.settings:
        switches = {name: str(on).lower() for name, on in use.settings.items()}
        settings = f", settings: {_flow(switches)}"
    return f"mappings:\n  - {{use: {_scalar(use.use)}{settings}, sides: {_flow(sides)}}}"


def _flow(entries: dict[str, str]) -> str:
    parts = [f"{_scalar(key)}: {_scalar(value)}" for key, value in entries.items()]
    inside = ", ".join(parts)
    return f"{{{inside}}}"


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    return json.dumps(text, ensure_ascii=False)  # a text of JSON is one of YAML, too
