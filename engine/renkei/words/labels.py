"""What people call the things of one run, and how they write values and days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal, get_args

from attrs import field, frozen

from renkei.model import Run, Status
from renkei.people import FieldSpec, Label, Value
from renkei.words.i18n import _, label, language
from renkei.words.printable import printable

Possible = Literal["fetch", "choose", "resume", "retry"]
"""What may be done with a run: fetch its pair again, choose, go on, try those who failed again."""

ALL: frozenset[Possible] = frozenset(get_args(Possible))

WEEKDAYS = "月火水木金土日"


def day_text(day: dt.date | None) -> str:
    """Return a day as people write it: 2026年4月1日（水）, or 1 April 2026."""
    if day is None:
        return ""
    if language() == "ja":
        return f"{day.year}年{day.month}月{day.day}日（{WEEKDAYS[day.weekday()]}）"
    return f"{day.day} {day:%B %Y}"


def date_text(day: dt.date) -> str:
    """Return a date of somebody's life as people write it: nobody asks for its day of the week."""
    return day_text(day).partition("（")[0]


def value_text(value: Value, spec: FieldSpec | None = None) -> str:
    """Return one value as a person reads it, in the words of its field; empty is an empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    allowed = (spec.allowed or ()) if spec is not None else ()
    if spec is not None and spec.allowed_labels and str(value) in allowed:
        return label(spec.allowed_labels[allowed.index(str(value))])
    return printable(str(value))


@frozen(kw_only=True)
class Labels:
    """
    What people call the things of *run*; what is not known here keeps its own name.

    *connections* and *settings* are by name, *fields* by connection and name. *pairs* are the
    fields that the mapping pairs, the source's and the target's, in its order. *company* is whose
    run it is, where there are several. *technical*: for
    those who type commands names stand behind labels, and days are written as commands take them.
    *possible* is what may be advised to be done with the run.
    """

    run: Run | None = None
    connections: Mapping[str, str] = field(factory=dict)
    fields: Mapping[str, Mapping[str, FieldSpec]] = field(factory=dict)
    settings: Mapping[str, Label] = field(factory=dict)
    pairs: tuple[tuple[str, str], ...] = ()
    company: str = ""
    technical: bool = False
    possible: frozenset[Possible] = ALL

    @property
    def source(self) -> str:
        """The system that is read; in general words if no run is meant."""
        return self.connection(self.run.source) if self.run else _("the source")

    @property
    def target(self) -> str:
        """The system that is written to; in general words if no run is meant."""
        return self.connection(self.run.target) if self.run else _("the target")

    @property
    def fetch_failed(self) -> bool:
        """Whether it is a run that ended before its plan: it cannot be resumed, only repeated."""
        return self.run is not None and self.run.status is Status.FAILED

    def connection(self, name: str) -> str:
        """Return what people call a connection."""
        return self.connections.get(name) or name

    def field(self, name: str, connection: str | None = None) -> str:
        """Return what people call a field of *connection*, else of the target or the source."""
        spec = self.spec(name, connection)
        if spec is None:
            return name
        told = label(spec.label)
        return f"{told} ({name})" if self.technical and told != name else told

    def value(self, name: str, value: Value) -> str:
        """Return a value of a field of the target as a person reads it."""
        return value_text(value, self.spec(name))

    def day(self, day: dt.date) -> str:
        """Return a day as people write it, or as commands take it."""
        return day.isoformat() if self.technical else day_text(day)

    def setting(self, name: str) -> str:
        """Return what people call a setting of the mapping."""
        return label(self.settings[name]) if name in self.settings else name

    def spec(self, name: str, connection: str | None = None) -> FieldSpec | None:
        """Return the field of *connection*, else of the target or the source, if it is known."""
        places = [connection] if connection else []
        if self.run:
            places += (self.run.target, self.run.source)
        for place in places:
            if name in self.fields.get(place, {}):
                return self.fields[place][name]
        return None
