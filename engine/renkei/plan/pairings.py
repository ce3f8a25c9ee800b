"""All that the uses of one configuration pair, and what runs were planned with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from attrs import define, evolve, field

from renkei.config.pairs import (
    Pair,
    could_pair,
    declared_twice,
    is_open,
    no_mapping,
    not_declared,
    pairs_of,
)
from renkei.config.records import Config, MappingUse
from renkei.config.who import resolved, said_of
from renkei.errors import RenkeiError
from renkei.mapping.check import check_mapping, unfilled
from renkei.mapping.compiling import compile_translation
from renkei.mapping.load import load_mapping, parse_mapping
from renkei.mapping.model import FieldMapping
from renkei.mapping.transforms import Transforms
from renkei.model import Run
from renkei.people import FieldSpec, OwnFields
from renkei.plan.pairing import Pairing
from renkei.plan.refusals import source_only
from renkei.plugins import offline
from renkei.plugins.facade import Reader
from renkei.store.codec import specs_in
from renkei.systems import Described

Fitted = tuple[FieldMapping, dict[str, tuple[FieldSpec, ...]]]
"""A mapping that names fields alone, and the fields of its sides."""


@define
class Pairings:
    """What the uses of one configuration pair; each mapping is read once, each connector asked."""

    config: Config
    own_fields: Callable[[str], OwnFields] = lambda _name: OwnFields()
    # one command asks much about one run: what was read or compiled serves all of its questions
    _transforms: Transforms | None = None
    _mappings: dict[str, FieldMapping] = field(factory=dict)
    _recorded: dict[str, FieldMapping] = field(factory=dict)
    _described: Described = field(init=False)
    _fitting: dict[tuple[object, ...], Fitted] = field(factory=dict)
    _made: dict[tuple[object, ...], Pairing] = field(factory=dict)

    @_described.default
    def _without_a_network(self) -> Described:
        return Described(self.config, self.own_fields)

    @property
    def transforms(self) -> Transforms:
        """The transforms that a mapping may name."""
        if self._transforms is None:
            self._transforms = offline.transforms()
        return self._transforms

    def between(self, source: str, target: str) -> Pairing:
        """
        Return the mapping between two connections that are declared as a pair.

        Raises UsageError for a pair that no use declares, ConfigurationError if several do, if no
        mapping is for such connections, or if one is wrong.
        """
        asked = source, target
        if asked not in self._made:
            self._made[asked] = self._between(asked)
        return self._made[asked]

    def _between(self, asked: tuple[str, str]) -> Pairing:
        source, target = asked
        for name in asked:
            self.config.connection(name)  # raises for a name that no connection has
        found = [each for each in self.every_pair() if (each.source, each.target) == asked]
        if len(found) > 1:
            raise declared_twice(self.config, found)
        if not found:
            raise self._undeclared(source, target)
        if self.at(target).is_source_only:
            raise source_only(source, target)
        (pair,) = found
        use = self.config.mappings[pair.index]
        made = self.compile(asked, self.load(use.use), pair.sides, use.settings)
        said = said_of(self.config, pair.index, made.fields)
        return evolve(
            made,
            rehire=use.rehire,
            leavers=use.leavers.get(made.target_side, 0),
            joiners=use.joiners.get(made.target_side, 0),
            said=(said[made.source_side], said[made.target_side]),
        )

    def resolved(self, pairing: Pairing, readers: Sequence[Reader]) -> Pairing:
        """
        Return *pairing* with the codes that both systems have for whom it is for; asks *readers*.

        Raises MappingError for a value that its system does not know.
        """
        if not any(pairing.said):
            return pairing
        (pair,) = [
            each for each in self.every_pair() if (each.source, each.target) == pairing.names
        ]
        with_codes = []
        for side, said, reader in zip(pair.sides, pairing.said, readers, strict=True):
            where = ("mappings", pair.index, "who", side)
            fields = pairing.fields[side]
            with_codes.append(resolved(self.config, where, said, fields, reader.choices))
        ours, theirs = with_codes
        return evolve(pairing, said=(ours, theirs))

    def declared(self) -> list[Pair]:
        """Return every pair that can be fetched, as the file has them; a broken use has none."""
        found: list[Pair] = []
        for index, use in enumerate(self.config.mappings):
            with suppress(RenkeiError):
                pairs = self.pairs_of(index)
                _mapping, fields = self.check(self.load(use.use), _by_side(pairs))
                said_of(self.config, index, fields)
                found += [each for each in pairs if not self.at(each.target).is_source_only]
        # one that two uses declare cannot be fetched: it is not known which of them is meant
        times = Counter((each.source, each.target) for each in found)
        return [each for each in found if times[each.source, each.target] == 1]

    def pairs_of(self, index: int) -> tuple[Pair, ...]:
        """Return what the use at *index* pairs; see :func:`renkei.config.pairs.pairs_of`."""
        return pairs_of(self.config, index, self.load(self.config.mappings[index].use))

    def names_of(self, use: str) -> dict[str, str]:
        """Return the connections of the sides of the mapping *use*, where it is used first."""
        for index, each in enumerate(self.config.mappings):
            named = _by_side(self.pairs_of(index)) if each.use == use else {}
            if named:
                return named
        return {}

    def every_pair(self) -> list[Pair]:
        """Return what all uses pair; MappingError if one is wrong."""
        found: list[Pair] = []
        for index in range(len(self.config.mappings)):
            found += self.pairs_of(index)
        return found

    def _undeclared(self, source: str, target: str) -> RenkeiError:
        """Return the error of a pair without a use: it can be declared, or no mapping is for it."""
        waiting: list[tuple[MappingUse, FieldMapping]] = []
        others: list[tuple[MappingUse, FieldMapping]] = []
        for index, use in enumerate(self.config.mappings):
            mapping = self.load(use.use)
            if not could_pair(self.config, mapping, source, target):
                continue
            if is_open(self.config, index, mapping):
                waiting.append((use, mapping))
            else:
                others.append((use, mapping))
        fitting = waiting or others  # the settings of the use that has waited for its sides
        if not fitting:
            return no_mapping(self.config, source, target)
        use, mapping = fitting[0]
        return not_declared(self.config, use, mapping, source, target)

    def load(self, name_or_path: str) -> FieldMapping:
        """Read a mapping, a built-in one by name or a file relative to the configuration; once."""
        if name_or_path not in self._mappings:
            self._mappings[name_or_path] = load_mapping(
                name_or_path,
                self.config.base,
                self.transforms,
                offline.offline_fields,
                offline.beyond,
            )
        return self._mappings[name_or_path]

    def compile(
        self,
        names: tuple[str, str],
        mapping: FieldMapping,
        sides: tuple[str, str],
        settings: Mapping[str, bool],
    ) -> Pairing:
        """Check *mapping* against its connectors and compile it from one side to the other."""
        fitted = self.check(mapping, dict(zip(sides, names, strict=True)))
        return self._compiled(names, *fitted, sides, settings)

    def _compiled(
        self,
        names: tuple[str, str],
        mapping: FieldMapping,
        fields: Mapping[str, tuple[FieldSpec, ...]],
        sides: tuple[str, str],
        settings: Mapping[str, bool],
    ) -> Pairing:
        full = mapping.switches(settings)
        source, target = sides
        return Pairing(
            names=names,
            mapping=mapping,
            settings=full,
            source_side=source,
            target_side=target,
            translation=compile_translation(
                mapping, source, target, full, fields[source], fields[target], self.transforms
            ),
            fields=fields,
            new_fields=unfilled(mapping, target, fields),
        )

    def check(self, mapping: FieldMapping, names: Mapping[str, str] | None = None) -> Fitted:
        """
        Return *mapping* with the fields of both its sides; MappingError if it does not fit them.

        *names* are the connections of the sides, if it is known which ones they are.
        """
        known = names or {}
        asked: dict[str, Reader] = {}
        for side, connector in mapping.sides.items():
            asked[side] = self._described_as(known.get(side, ""), connector)
        key = (mapping.text, *asked.values())
        if key not in self._fitting:
            fields = {side: reader.fields for side, reader in asked.items()}
            beyond = {
                side: offline.beyond_of(reader, known.get(side, ""))
                for side, reader in asked.items()
            }
            check_mapping(mapping, fields, self.transforms, beyond)
            self._fitting[key] = mapping.at(fields), fields
        return self._fitting[key]

    def _described_as(self, name: str, connector: str) -> Reader:
        """Return what connection *name* tells, or *connector* by itself if that is gone."""
        known = self.config.connections.get(name)
        if known is not None and known.connector == connector:
            return self.at(name)
        return self._described.alike(connector, by_itself=True)

    def at(self, name: str) -> Reader:
        """Return what the connector of connection *name* tells without a network."""
        return self._described.at(name)

    def mapping_of(self, run: Run) -> FieldMapping:
        """Return the mapping of *run* as it was written then; MappingError if it is purged."""
        if run.mapping_text not in self._recorded:
            self._recorded[run.mapping_text] = parse_mapping(
                run.mapping_text, run.mapping_name, self.transforms
            )
        return self._recorded[run.mapping_text]

    def recorded(self, run: Run) -> Pairing:
        """Return the pairing as it was when *run* was fetched, whether it is declared or not."""
        said = run.source, run.target, run.source_side, run.mapping_text, run.specs
        key = *said, *sorted(run.settings.items())
        if key not in self._made:
            self._made[key] = self._recorded_anew(run)
        return self._made[key]

    def _recorded_anew(self, run: Run) -> Pairing:
        mapping = self.mapping_of(run)
        names, sides = (run.source, run.target), self._recorded_sides(run, mapping)
        if run.specs is None:  # it is from before runs kept the fields of both sides
            return self.compile(names, mapping, sides, run.settings)
        fields = dict(zip(sides, map(specs_in, run.specs), strict=True))
        made = self._compiled(names, mapping.at(fields), fields, sides, run.settings)
        return evolve(made, said=run.said)

    def _recorded_sides(self, run: Run, mapping: FieldMapping) -> tuple[str, str]:
        """Return which side was the source and which the target; a run of 0.1.0 does not say."""
        if run.source_side is not None:
            return run.source_side, mapping.other(run.source_side)
        first, second = mapping.sides
        ways = ((first, second), (second, first))
        fitting = [sides for sides in ways if self._were(run, sides, mapping)]
        if len(fitting) != 1:
            raise no_mapping(self.config, run.source, run.target)
        return fitting[0]

    def _were(self, run: Run, sides: tuple[str, str], mapping: FieldMapping) -> bool:
        """Tell whether the source and the target of *run* may have been these *sides*."""
        source, target = sides
        return self._was(run.source, source, mapping) and self._was(run.target, target, mapping)

    def _was(self, name: str, side: str, mapping: FieldMapping) -> bool:
        """Return whether a connection may have been *side*, by its name or by its kind."""
        called: set[str] = set()
        for use in self.config.mappings:
            for each, connection in use.sides.items():
                if connection == name:
                    called.add(each)
        sides = (called or {name}) & mapping.sides.keys()
        if sides:
            return side in sides
        known = self.config.connections.get(name)
        return known is None or known.connector == mapping.sides[side]


def _by_side(pairs: Sequence[Pair]) -> dict[str, str]:
    """Return the connection of each side, if it is known which ones they are."""
    return {pair.sides[0]: pair.source for pair in pairs}
