"""What a new employee needs, and nothing could ever fill."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve

from renkei.errors import SystemFault
from renkei.mapping.check import offered_offline, unoffered
from renkei.model import Difference, Item
from renkei.people import FieldSpec
from renkei.plan.pairing import Pairing
from renkei.plugins.facade import Reader
from renkei.words.codes import remark


def never_filled(
    fields: Sequence[FieldSpec], pairing: Pairing, read: Callable[[], Reader]
) -> tuple[str, ...]:
    """
    Return those of the target's *fields* that a new employee needs and nothing can ever fill.

    No pair does, and nobody can choose a value. *read* opens a target that has to be asked.
    """
    if not pairing.new_fields:
        return ()
    offered = offered_offline(fields)
    if not offered:
        try:
            offered = frozenset(new.name for new in read().new_employee_fields())
        except SystemFault:
            return ()  # the choice of new values asks again, and tells
    return tuple(spec.name for spec in unoffered(pairing.new_fields, offered))


def blocked_if_unfilled(item: Item, fields: Callable[[], tuple[str, ...]]) -> Item:
    """Return *item*, blocked if it is new and there are *fields* that can never be filled."""
    if item.difference is not Difference.NEW or not fields():
        return item
    reasons = (*item.reasons, remark("nothing_fills", fields=fields()))
    return evolve(item, difference=Difference.BLOCKED, changes=(), reasons=reasons)
