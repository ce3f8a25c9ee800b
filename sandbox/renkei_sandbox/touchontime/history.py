"""Division and working type by date: what held before a transfer, what is booked for later."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from attrs import define

DATED: Final = ("divisionCode", "typeCode")


@define(kw_only=True)
class Transfer:
    """One change of one field on one day."""

    on: dt.date
    field: str
    before: str
    after: str
    applied: bool


class Transfers:
    """The transfers of everybody, made and booked."""

    def __init__(self) -> None:
        """Start without any."""
        self._of: dict[str, list[Transfer]] = defaultdict(list)

    def __contains__(self, key: str) -> bool:
        """Return whether the employee *key* has ever been transferred."""
        return key in self._of

    def add(self, key: str, transfer: Transfer) -> None:
        """Take note of a transfer; one of the same field and day replaces it."""
        kept: list[Transfer] = []
        for old in self._of[key]:
            if (old.on, old.field) == (transfer.on, transfer.field):
                transfer.before = old.before
            else:
                kept.append(old)
        self._of[key] = sorted([*kept, transfer], key=lambda item: item.on)

    def settle(self, people: Mapping[str, dict[str, Any]], today: dt.date) -> None:
        """Carry out what was booked for days that have come."""
        for key, transfers in self._of.items():
            for transfer in transfers:
                if not transfer.applied and transfer.on <= today:
                    transfer.applied = True
                    if key in people:
                        people[key][transfer.field] = transfer.after

    def as_of(self, key: str, record: Mapping[str, Any], at: dt.date) -> dict[str, str]:
        """Return the dated fields of an employee as they were, or will be, on *at*."""
        values = {field: record[field] for field in DATED}
        transfers = self._of.get(key, ())
        for transfer in reversed(transfers):
            if transfer.applied and at < transfer.on:
                values[transfer.field] = transfer.before
        for transfer in transfers:
            if not transfer.applied and at >= transfer.on:
                values[transfer.field] = transfer.after
        return values
