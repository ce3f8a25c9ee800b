"""What a new employee needs, and nothing could ever fill."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve

from renkei.errors import SystemFault
from renkei.mapping import offered_offline, unoffered
from renkei.model import Difference, Item, Remark
from renkei.plugins import Reader
from renkei.systems import Pairing


def never_filled(reader: Reader, pairing: Pairing) -> tuple[str, ...]:
    """Return the fields that a new employee needs, that no pair fills and nobody can choose."""
    if not pairing.new_fields:
        return ()
    offered = offered_offline(reader.fields)
    if not offered:
        try:
            offered = frozenset(new.name for new in reader.new_employee_fields())
        except SystemFault:
            return ()  # the choice of new values asks again, and tells
    return tuple(spec.name for spec in unoffered(pairing.new_fields, offered))


def unless_gaps(item: Item, gaps: Callable[[], tuple[str, ...]]) -> Item:
    """Return *item*, blocked if it is new and *gaps* says what can never be filled."""
    if item.difference is not Difference.NEW or not gaps():
        return item
    reasons = (*item.reasons, Remark("nothing_fills", gaps()))
    return evolve(item, difference=Difference.BLOCKED, changes=(), reasons=reasons)
