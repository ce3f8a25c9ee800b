"""A mapping: which field of one system is which field of the other, in both directions.

The classes up to :class:`File` have the shape of the YAML file, key for key; what their attributes
are for stands beside them and goes into the JSON Schema. The engine uses :class:`FieldMapping`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Literal, NewType

import cattrs
from attrs import Factory, evolve, field, frozen

from renkei.errors import ConfigurationError
from renkei.people import FieldSpec, Label
from renkei.words.i18n import N_, _
from renkei.yamlfile.converter import Wrong, suggestion
from renkei.yamlfile.source import Data, Document, Where

Code = NewType("Code", str)
"""One value in a table, as written in the file; the field's type says what it stands for."""


def _about(sentence: str) -> dict[str, str]:
    return {"about": sentence}


class Sides(dict[str, str]):
    """The two sides, in order: the name a mapping gives each, and its connector."""

    @classmethod
    def from_yaml(cls, data: Data, converter: cattrs.Converter) -> Sides:
        """Accept ``[a, b]``, where the connectors' names serve, and ``{name: connector, …}``."""
        if isinstance(data, list):
            names = converter.structure(data, list[str])
            sides = cls(zip(names, names, strict=True))
            if len(names) == 2 and len(sides) == 1:
                hint = _('"{name}" twice: name the sides, such as {{old: {name}, new: {name}}}')
                raise Wrong(hint.format(name=names[0]))
        else:
            sides = cls(converter.structure(data, dict[str, str]))
        if len(sides) != 2:
            raise Wrong(_("a mapping has two sides, not {count}").format(count=len(sides)))
        return sides


@frozen(kw_only=True)
class Setting:
    """A switch that is set per installation, in ``renkei.yaml``."""

    default: bool = field(metadata=_about(N_("Whether it is on where nobody sets it.")))
    label: Label = field(metadata=_about(N_("What people read beside the switch.")))


@frozen(kw_only=True)
class Towards:
    """What is special when one side is the target."""

    transform: str | None = field(
        default=None, metadata=_about(N_("How a value is changed before it is written there."))
    )
    empty: Literal["keep", "clear"] = field(
        default="keep",
        metadata=_about(
            N_("What an empty value does there: keep leaves the field alone, clear empties it.")
        ),
    )


@frozen(kw_only=True)
class Pair:
    """One field of the first side and the field of the second side that means the same."""

    pair: tuple[str, str] = field(
        metadata=_about(
            N_("A field of the first side and one of the second, or a role such as @number.")
        )
    )
    equal: Literal["kana"] | None = field(
        default=None, metadata=_about(N_("kana: hiragana and katakana are compared as equal."))
    )
    only: str | None = field(
        default=None,
        metadata=_about(N_("The pair is used only where this side is the target.")),
    )
    values: dict[str, Code] | None = field(
        default=None,
        metadata=_about(
            N_("A table: values of the first side and what they are called on the second.")
        ),
    )
    optional: bool = field(
        default=False,
        metadata=_about(N_("The pair is skipped where a connector does not have its field.")),
    )
    to: dict[str, Towards] = field(
        default=Factory(dict),
        metadata=_about(N_("What is special when the side of this name is the target.")),
    )


@frozen(kw_only=True)
class Substitute:
    """
    Fields that take the values of others before pairing, where their side is the source.

    *fields* tells for each field whose value it takes: if *if_filled* is filled, and the setting
    *when*, if any, is on.
    """

    if_filled: str = field(metadata=_about(N_("The field that must be filled.")))
    when: str | None = field(default=None, metadata=_about(N_("The setting that must be on.")))
    fields: dict[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """All fields that it names."""
        return (self.if_filled, *self.fields, *self.fields.values())

    def renamed(self, known: Mapping[str, str]) -> Substitute:
        """Return the substitute with what is *known* in the place of the names."""
        if_filled = known.get(self.if_filled, self.if_filled)
        fields: dict[str, str] = {}
        for name, other in self.fields.items():
            taker = known.get(name, name)
            fields[taker] = known.get(other, other)
        return evolve(self, if_filled=if_filled, fields=fields)

    @classmethod
    def from_yaml(cls, data: Data, converter: cattrs.Converter) -> Substitute:
        """Split the keys ``when`` and ``if_filled`` from the others, which are names of fields."""
        fields = converter.structure(data, dict[str, str])
        when = fields.pop("when", None)
        if (if_filled := fields.pop("if_filled", None)) is None:
            raise Wrong(_('the key "{name}" is missing').format(name="if_filled"))
        if not fields:
            raise Wrong(_("no field takes the value of another"))
        return cls(if_filled=if_filled, when=when, fields=fields)


@frozen(kw_only=True)
class File:
    """A mapping file of renkei."""

    sides: Sides = field(metadata=_about(N_("The two connectors this mapping is for.")))
    settings: dict[str, Setting] = field(
        default=Factory(dict), metadata=_about(N_("Switches of this mapping, by name."))
    )
    fields: list[Pair] = field(
        metadata=_about(N_("The pairs of fields; the first is the employee number."))
    )
    substitute: dict[str, list[Substitute]] = field(
        default=Factory(dict),
        metadata=_about(N_("Values that stand in for others where a side is the source.")),
    )


@frozen(kw_only=True)
class Way:
    """
    One pair as it is used in one direction: from *source* to *target*, two names of fields.

    *where* is the pair's place in the file and *at* the place of the target's name; *table* has
    values of the source and what the target calls them.
    """

    where: Where
    at: Where
    line: int
    source: str
    target: str
    equal: Literal["kana"] | None
    towards: Towards
    table: Mapping[str, str] | None
    optional: bool


@frozen(kw_only=True)
class FieldMapping:
    """
    A mapping that is sound in itself; see ``check_mapping`` for the fields of its connectors.

    *placed* has the pairs by where they stand.
    """

    name: str
    document: Document
    sides: Sides
    settings: dict[str, Setting]
    placed: dict[Where, Pair]
    substitutes: dict[Where, Substitute]

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs, in order."""
        return tuple(self.placed.values())

    @property
    def path(self) -> str:
        """What messages call the file."""
        return self.document.path

    @property
    def text(self) -> str:
        """The file as it was read."""
        return self.document.text

    @property
    def hash(self) -> str:
        """The SHA-256 of the text, in hexadecimal."""
        # F65: of all the text, so that a plan of before is refused after any change.
        return hashlib.sha256(self.text.encode()).hexdigest()

    def other(self, side: str) -> str:
        """Return the side that is not *side*."""
        (other,) = self.sides.keys() - {side}
        return other

    def ways(self, target: str) -> tuple[Way, ...]:
        """Return the pairs that are used where the side *target* is the target, in order."""
        second = list(self.sides).index(target) == 1
        ways: list[Way] = []
        for where, pair in self.placed.items():
            if pair.only not in (None, target):
                continue
            ways.append(self._way(where, pair, target, second=second))
        return tuple(ways)

    def at(self, fields: Mapping[str, Sequence[FieldSpec]]) -> FieldMapping:
        """
        Return the mapping with the *fields* of its sides in the place of the roles it names.

        A role that a side does not have stays as it is, as does a field whose name reads like one.
        """
        known = {side: _by_role_and_name(fields[side]) for side in self.sides}
        first, second = known.values()
        placed: dict[Where, Pair] = {}
        for where, pair in self.placed.items():
            one, other = pair.pair
            names = (first.get(one, one), second.get(other, other))
            placed[where] = evolve(pair, pair=names)
        substitutes: dict[Where, Substitute] = {}
        for where, each in self.substitutes.items():
            of_its_side = known.get(str(where[1]), {})
            substitutes[where] = each.renamed(of_its_side)
        return evolve(self, placed=placed, substitutes=substitutes)

    def substitutes_of(self, source: str) -> list[Substitute]:
        """Return the substitutes that are used where the side *source* is the source, in order."""
        return [each for where, each in self.substitutes.items() if where[1] == source]

    def switches(self, chosen: Mapping[str, bool]) -> dict[str, bool]:
        """Return all settings as *chosen*, or as by default. Raises ConfigurationError."""
        for name in chosen.keys() - self.settings.keys():
            message = _('the mapping {mapping} has no setting "{name}"')
            told = message.format(mapping=self.name, name=name) + suggestion(name, self.settings)
            raise ConfigurationError(told)
        by_default = {name: setting.default for name, setting in self.settings.items()}
        return by_default | dict(chosen)

    def _way(self, where: Where, pair: Pair, target: str, *, second: bool) -> Way:
        names = pair.pair if second else pair.pair[::-1]
        return Way(
            where=where,
            at=(*where, "pair", int(second)),
            line=self.document.at(where)[0],
            source=names[0],
            target=names[1],
            equal=pair.equal,
            towards=pair.to.get(target, Towards()),
            table=_oriented(pair.values, second=second),
            optional=pair.optional,
        )


def usable(ways: Iterable[Way], source: Container[str], target: Container[str]) -> list[Way]:
    """Return the *ways* whose fields exist on both sides; the others are of optional pairs."""
    return [way for way in ways if way.source in source and way.target in target]


def _by_role_and_name(specs: Sequence[FieldSpec]) -> dict[str, str]:
    """Return the name of each field by what a mapping may call it."""
    names: dict[str, str] = {}
    for spec in specs:
        if spec.role:
            names[f"@{spec.role}"] = spec.name
    for spec in specs:  # last: a name that reads like a role is still a name
        names[spec.name] = spec.name
    return names


def _oriented(values: Mapping[str, Code] | None, *, second: bool) -> dict[str, str] | None:
    """Return the table as read from its first side, or from the other."""
    if values is None:
        return None
    if second:
        return dict(values)
    return {ours: theirs for theirs, ours in values.items()}
