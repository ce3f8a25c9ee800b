"""The field ``@employed``: whether somebody is on the roll of a day, from their dates.

Systems that know no dates, such as those for log-ins, know whether somebody is active. That is told
by the dates of the other system and by the day that it is asked for, so no connector has to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from attrs import evolve, field, frozen

from renkei.identity.roll import on_roll
from renkei.people import EMPLOYED, Employee, FieldSpec, Label

SPEC = FieldSpec(
    name=EMPLOYED,
    label=Label("在籍（基準日時点）", "Employed (on the base date)"),
    type="boolean",
    role="employed",
    write="never",
    dated=True,
)


@frozen
class Employed:
    """Works the field out from those of the *roles* of a system; *days* are their names."""

    specs: Sequence[FieldSpec]
    days: dict[str, str] = field(init=False)

    @days.default
    def _days(self) -> dict[str, str]:
        return {spec.role: spec.name for spec in self.specs if spec.role in ("hired", "left")}

    @property
    def own(self) -> tuple[FieldSpec, ...]:
        """The field, where dates of leaving tell it and the system has none of its own."""
        told = any(spec.role == "employed" for spec in self.specs)
        return () if told or "left" not in self.days else (SPEC,)

    def asked(self, fields: Iterable[str]) -> tuple[str, ...]:
        """Return what a connector has to be asked for, so that *fields* can be told."""
        names = tuple(fields)
        if EMPLOYED not in names:
            return names
        needed = dict.fromkeys((*names, *self.days.values()))
        del needed[EMPLOYED]
        return tuple(needed)

    def told(self, person: Employee, at: date) -> Employee:
        """Return *person* with the field as of *at*; unknown unless all their dates are known."""
        if not all(name in person.values for name in self.days.values()):
            return person
        hired = person.values.get(self.days.get("hired", ""))
        left = person.values.get(self.days.get("left", ""))
        return evolve(person, values={**person.values, EMPLOYED: on_roll(hired, left, at)})
