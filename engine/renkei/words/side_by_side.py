"""The two people of a blocked row, side by side: what the source says and what the target has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from attrs import frozen

from renkei.model import Candidate, Difference, Item
from renkei.people import Values
from renkei.words.i18n import _
from renkei.words.labels import Labels, date_text, value_text

UNKNOWN = "–"


@frozen
class Beside:
    """
    One field of both people, in words: what it is called, and what each side has.

    *target* is None where nobody is known there.
    """

    field: str
    source: str
    target: str | None

    @property
    def differs(self) -> bool:
        """Whether the two sides are known and read differently."""
        return self.target is not None and self.source != self.target


def both(item: Item, labels: Labels) -> list[Beside]:
    """
    Return both people of a blocked *item*, field by field, as far as the plan holds them.

    Nobody is known whom the target does not have, or has several times. Those who are not blocked
    are told by what a sync changes, so of them this is empty.
    """
    if item.difference is not Difference.BLOCKED:
        return []
    found: list[Beside] = []
    for pair in labels.pairs:
        source, target = _source(item, pair, labels), _target(item, pair, labels)
        found.append(Beside(labels.field(pair[1]), source, target))
    return _kept(found)


def candidates(item: Item, labels: Labels) -> list[tuple[Candidate, list[Beside]]]:
    """Return those of the target who may be *item*, each beside it, but for its partner."""
    found: list[tuple[Candidate, list[Beside]]] = []
    for each in item.candidates:
        if each.id != item.target_id:
            beside = [_beside(item, each, pair, labels) for pair in labels.pairs]
            found.append((each, _kept(beside)))
    return found


def _beside(item: Item, other: Candidate, pair: tuple[str, str], labels: Labels) -> Beside:
    text = _text(pair[1], other.values, labels)
    return Beside(labels.field(pair[1]), _source(item, pair, labels), text)


def _kept(found: Iterable[Beside]) -> list[Beside]:
    """Return those of which either side has anything."""
    return [each for each in found if {each.source, each.target} - {UNKNOWN, None}]


def _source(item: Item, pair: tuple[str, str], labels: Labels) -> str:
    """Return the source's value as the target would have it, or as it is without a counterpart."""
    source, target = pair
    if target in item.after:
        return _text(target, item.after, labels)
    return _text(source, item.read, labels, labels.run.source if labels.run else None)


def _target(item: Item, pair: tuple[str, str], labels: Labels) -> str | None:
    return None if item.before is None else _text(pair[1], item.before, labels)


def _text(name: str, values: Values, labels: Labels, connection: str | None = None) -> str:
    if name not in values:
        return UNKNOWN
    value = values[name]
    if isinstance(value, dt.date):
        return value.isoformat() if labels.technical else date_text(value)
    return value_text(value, labels.spec(name, connection)) or _("(empty)")
