"""Turns names of the configuration into connected systems and the mapping between two."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping as MappingType
from collections.abc import Sequence

from attrs import define, field, frozen

from renkei import plugins
from renkei.clock import Clock
from renkei.compare import Comparison
from renkei.config import Config, MappingUse, network_of, resolve_secret
from renkei.errors import ConfigurationError
from renkei.http import Connection, RetryBudget, Secret, Timeouts
from renkei.http.pace import Pacer
from renkei.i18n import _
from renkei.mapping import (
    Mapping,
    Transforms,
    Translation,
    check_mapping,
    compile_translation,
    load_mapping,
    parse_mapping,
    unfilled,
)
from renkei.model import FieldSpec, Run
from renkei.observer import Observer
from renkei.plugins import Reader, Writer


@frozen(kw_only=True)
class Pairing:
    """Two systems of one direction, by the *names* of their connections, and their mapping."""

    names: tuple[str, str]
    mapping: Mapping
    settings: MappingType[str, bool]
    source_side: str
    target_side: str
    translation: Translation
    new_fields: tuple[FieldSpec, ...]

    @property
    def comes_back(self) -> bool:
        """Whether what a setting puts in the place of something comes back in that place."""
        return any(
            each.when is not None and self.settings[each.when]
            for each in self.mapping.substitutes_of(self.target_side)
        )

    def is_create_only(self, field: str) -> bool:
        """Return whether the target's *field* is sent for a new employee only."""
        return any(
            row.target == field and row.spec.write == "create" for row in self.translation.rows
        )

    def comparison(
        self, source: Sequence[FieldSpec], target: Sequence[FieldSpec], base: dt.date
    ) -> Comparison:
        """Return what compares the two sides as of *base*."""
        return Comparison(
            translation=self.translation,
            source_specs=tuple(source),
            target_specs=tuple(target),
            base=base,
            names=self.names,
        )


@define
class Systems:
    """The systems of one configuration; what was opened is closed with it."""

    config: Config
    clock: Clock
    observer: Observer
    budget: RetryBudget = field(factory=RetryBudget)
    _transforms: Transforms | None = None
    _opened: list[Connection] = field(factory=list)
    _pacers: dict[str, Pacer] = field(factory=dict)

    @property
    def transforms(self) -> Transforms:
        """The built-in transforms and those of the extensions."""
        if self._transforms is None:
            self._transforms = Transforms()
            plugins.load_extensions(self._transforms.register)
        return self._transforms

    def reader(self, name: str) -> Reader:
        """Open connection *name* for reading; nothing that is built on it can write."""
        return Reader(self._connection(name, read_only=True))

    def writer(self, name: str) -> Writer:
        """Open connection *name* for reading and writing."""
        return Writer(self._connection(name, read_only=False))

    def start_over(self) -> None:
        """Close what was opened and begin with a whole retry budget: a wait has passed."""
        self.close()
        self.budget = RetryBudget()

    def close(self) -> None:
        """Close what was opened."""
        for connection in self._opened:
            connection.close()
        self._opened.clear()

    def pairing(self, source: str, target: str) -> Pairing:
        """Return the mapping between two connections; ConfigurationError unless there is one."""
        loaded = [(use, self.load(use.use)) for use in self.config.mappings]
        fitting = [
            (use, mapping, sides)
            for use, mapping in loaded
            if (sides := self._sides(use, mapping, source, target)) is not None
        ]
        if len(fitting) != 1:
            raise self._no_mapping(source, target, len(fitting))
        ((use, mapping, sides),) = fitting
        return self.compile((source, target), mapping, sides, use.settings)

    def load(self, name_or_path: str) -> Mapping:
        """Read a mapping, a built-in one by name or a file relative to the configuration."""
        fields_of = plugins.offline_fields
        return load_mapping(name_or_path, self.config.base, self.transforms, fields_of)

    def compile(
        self,
        names: tuple[str, str],
        mapping: Mapping,
        sides: tuple[str, str],
        settings: MappingType[str, bool],
    ) -> Pairing:
        """Check *mapping* against its connectors and compile it from one side to the other."""
        fields = self.check(mapping)
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
            new_fields=unfilled(mapping, target, fields),
        )

    def check(self, mapping: Mapping) -> dict[str, tuple[FieldSpec, ...]]:
        """Return the fields of both sides; MappingError if *mapping* does not fit them."""
        fields = self.fields(mapping)
        check_mapping(mapping, fields, self.transforms)
        return fields

    def recorded(self, run: Run) -> Pairing:
        """Return the pairing as it was when *run* was fetched."""
        mapping = parse_mapping(run.mapping_text, run.mapping_name, self.transforms)
        use = MappingUse(use=run.mapping_name, settings=run.settings, sides=self._named_sides())
        sides = self._sides(use, mapping, run.source, run.target)
        if sides is None:
            raise self._no_mapping(run.source, run.target, 0)
        return self.compile((run.source, run.target), mapping, sides, run.settings)

    def _named_sides(self) -> dict[str, str]:
        """Return every side that the configuration names, over all mappings."""
        return {side: name for use in self.config.mappings for side, name in use.sides.items()}

    @staticmethod
    def fields(mapping: Mapping) -> dict[str, tuple[FieldSpec, ...]]:
        """Return the fields of both sides, asked of their connectors without a network."""
        return {side: plugins.offline_fields(name) for side, name in mapping.sides.items()}

    def _connection(self, name: str, *, read_only: bool) -> Connection:
        settings = self.config.connection(name)
        longest_s = float(self.config.settings.longest_request_seconds)
        connection = Connection(
            name=name,
            connector=settings.connector,
            base_url=settings.base_url,
            token=Secret(resolve_secret(settings.token, self.config.base)),
            clock=self.clock,
            options=settings.options,
            read_only=read_only,
            network=network_of(settings, self.config.base),
            timeouts=Timeouts(read_s=longest_s, call_s=longest_s),
            budget=self.budget,
            closed_hours=settings.closed_hours,
            limits=settings.limits,
        )
        # The system counts what was read to choose and what is written as one.
        connection.pacer = self._pacers.setdefault(connection.identity, connection.pacer)
        connection.on_wait = lambda reason, seconds: self.observer.waiting(name, reason, seconds)
        self._opened.append(connection)
        return connection

    def _sides(
        self, use: MappingUse, mapping: Mapping, source: str, target: str
    ) -> tuple[str, str] | None:
        """Return which sides of *mapping* the connections are, or None if it is not theirs."""
        names = {connection: side for side, connection in use.sides.items()}
        if len(set(mapping.sides.values())) == 1 and not {source, target} <= {
            *names,
            *mapping.sides,
        }:
            return None  # two of a kind: only names can tell which is which
        wanted = (
            self.config.connection(source).connector,
            self.config.connection(target).connector,
        )
        for sides in (tuple(mapping.sides), tuple(reversed(mapping.sides))):
            if tuple(mapping.sides[side] for side in sides) != wanted:
                continue
            named = tuple(
                names.get(connection, connection if connection in mapping.sides else side)
                for connection, side in zip((source, target), sides, strict=True)
            )
            if named == sides:
                return sides[0], sides[1]
        return None

    def _no_mapping(self, source: str, target: str, count: int) -> ConfigurationError:
        if count:
            message = _("{count} mappings fit {source} → {target}. Leave one in {path}.")
        else:
            message = _("No mapping fits {source} → {target}. Add one under mappings: in {path}.")
        return ConfigurationError(
            message.format(count=count, source=source, target=target, path=self.config.path),
            code="no_mapping",
            where=str(self.config.path),
        )
