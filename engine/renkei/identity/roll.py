"""Who is on the roll of a day; the two dates of employment decide it, nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from renkei.model import Remark
from renkei.people import Value
from renkei.words.codes import remark


def on_roll(hired: Value, left: Value, base: dt.date) -> bool:
    """Return whether somebody with these days (None: empty) is employed on *base*."""
    is_to_come = isinstance(hired, dt.date) and hired > base
    return not is_to_come and not has_left(left, base)


def has_left(left: Value, base: dt.date) -> bool:
    """Return whether somebody leaving on *left* is gone on *base*; that day itself counts."""
    # as the published integration of SmartHR and Touch On Time has it: docs/rules.md, "The roll"
    return isinstance(left, dt.date) and left <= base


def not_listed(people: Sequence[Mapping[str, Value]], base: dt.date) -> Remark | None:
    """Return why none of *people*, each as values by role, was listed; None: there is nobody."""
    for roles in people:
        hired, left = roles.get("hired"), roles.get("left")
        if isinstance(left, dt.date) and has_left(left, base):
            return remark("left_by_then", left=left.isoformat(), base=base.isoformat())
        if isinstance(hired, dt.date) and hired > base:
            return remark("not_hired_by_then", hired=hired.isoformat(), base=base.isoformat())
        if roles.get("employed") is False:
            return remark("not_employed")
    return remark("listed_by_now") if people else None
