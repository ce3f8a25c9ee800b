"""The mapping between two connections, compiled for one direction: what a plan is made with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from attrs import frozen

from renkei.identity.rules import Evidence
from renkei.mapping.model import FieldMapping
from renkei.mapping.scope import Said, Scope
from renkei.mapping.translate import Translation
from renkei.model import Rehire
from renkei.people import FieldSpec
from renkei.plan.compare import Comparison, Links

Asked = tuple[tuple[str, ...], tuple[str, ...]]
"""Names of fields of the source, and of the target."""


@frozen(kw_only=True)
class Pairing:
    """Two systems of one direction, by the *names* of their connections, and their mapping."""

    names: tuple[str, str]
    mapping: FieldMapping
    settings: Mapping[str, bool]
    source_side: str
    target_side: str
    translation: Translation
    fields: Mapping[str, tuple[FieldSpec, ...]]
    """The fields of both sides, by the name of the side."""
    new_fields: tuple[FieldSpec, ...]
    rehire: Rehire = "ask"
    leavers: int = 0
    joiners: int = 0
    said: tuple[Said, Said] = ({}, {})
    """Whom of the source, and of the target, the pair is for."""

    @property
    def scopes(self) -> tuple[Scope, Scope]:
        """Who of the source is inside, and who of the target."""
        ours, theirs = self.said
        return (
            Scope.of(self.fields[self.source_side], ours),
            Scope.of(self.fields[self.target_side], theirs),
        )

    @property
    def shape(self) -> tuple[tuple[object, ...], ...]:
        """What a plan goes by of the fields that are paired, or have a role, or tell who is in."""
        sides = zip((self.source_side, self.target_side), self._compared, self.said, strict=True)
        shape: list[tuple[object, ...]] = []
        for side, compared, said in sides:
            names = {*compared, *said}
            specs = [spec for spec in self.fields[side] if spec.name in names]
            shape += [(side, spec.name, spec.type, spec.role, spec.write) for spec in specs]
        return tuple(shape)

    @property
    def comes_back(self) -> bool:
        """Whether what a setting puts in the place of something comes back in that place."""
        # the one exception to "there and back changes nothing": docs/rules.md, "The law"
        for each in self.mapping.substitutes_of(self.target_side):
            is_set = each.when is not None and self.settings[each.when]
            if is_set:
                return True
        return False

    def is_create_only(self, field: str) -> bool:
        """Return whether the target's *field* is sent for a new employee only."""
        for row in self.translation.rows:
            is_meant = row.target == field
            if is_meant and row.spec.write == "create":
                return True
        return False

    def asked(self, source: Sequence[FieldSpec], target: Sequence[FieldSpec]) -> Asked:
        """Return the fields to ask both sides for: what is compared, and what tells who is who."""
        found = []
        for asked, evidence in zip(self._compared, self.evidence(source, target), strict=True):
            found.append(tuple(dict.fromkeys([*asked, *evidence.fields])))
        return found[0], found[1]

    @property
    def _compared(self) -> Asked:
        return self.translation.source_fields, self.translation.target_fields

    def evidence(
        self, source: Sequence[FieldSpec], target: Sequence[FieldSpec]
    ) -> tuple[Evidence, Evidence]:
        """Return what tells who is who; a role that the mapping does not read tells nothing."""
        made = []
        sides = zip(
            (self.source_side, self.target_side), (source, target), self._compared, strict=True
        )
        for side, specs, compared in sides:
            # else a token would need more rights: docs/decisions/2026-11-28-who-is-who.md
            read = [spec for spec in specs if spec.name in compared]
            made.append(Evidence.of(read, self.mapping.substitutes_of(side)))
        return made[0], made[1]

    def comparison(
        self,
        source: Sequence[FieldSpec],
        target: Sequence[FieldSpec],
        base: dt.date,
        links: Links | None = None,
    ) -> Comparison:
        """Return what compares the two sides as of *base*."""
        return Comparison(
            evidence=self.evidence(source, target),
            links=links or Links(),
            rehire=self.rehire,
            leavers=self.leavers,
            joiners=self.joiners,
            translation=self.translation,
            source_specs=tuple(source),
            target_specs=tuple(target),
            base=base,
            names=self.names,
            scope=self.scopes[1],
        )
