"""How many calls are ahead, how long they take and which closed hours lie on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from renkei.model import Difference, Estimate
from renkei.people import JST, ClosedHours, RequestLimit
from renkei.plugins.facade import BATCH, MANY, Reader

CALL_S = 0.3
"""One call where nothing has been measured yet, in seconds; an assumption."""

Usage = Mapping[str, Any]
"""What the last fetch of the pair cost: ``calls`` by connection, and ``seconds``."""


def of_fetch(readers: Sequence[Reader], last: Usage | None, now: dt.datetime) -> Estimate:
    """Return what a fetch costs, going by the last one of the pair; unknown before the first."""
    names = [reader.name for reader in readers]
    if last is None:
        return Estimate(calls=dict.fromkeys(names), seconds=None)
    seconds = float(last["seconds"])
    closed = {reader.name: crossed(reader, now, seconds) for reader in readers}
    return Estimate(
        calls={name: last["calls"].get(name) for name in names},
        seconds=seconds,
        closed={name: hours for name, hours in closed.items() if hours},
    )


def of_sync(
    target: Reader, people: Mapping[Difference, int], last: Usage | None, now: dt.datetime
) -> Estimate:
    """
    Return what a sync costs at most: a write each, a look at every new one and at each batch.

    Where many are written together, that is a write and a look for all of them.

    The pace is that of the last fetch, and the target's limits.
    """
    creates, updates = people.get(Difference.NEW, 0), people.get(Difference.CHANGED, 0)
    calls = 2 * creates + updates + ceil(updates / BATCH)
    if target.in_batches:
        calls = 2 * ceil((creates + updates) / MANY)
    seconds = max([calls * _call_s(target.name, last), *_paced(calls, target)])
    closed = crossed(target, now, seconds)
    return Estimate(
        calls={target.name: calls}, seconds=seconds, closed={target.name: closed} if closed else {}
    )


def _call_s(name: str, last: Usage | None) -> float:
    calls = last["calls"].get(name, 0) if last else 0
    return min(float(last["seconds"]) / calls, 5.0) if last and calls else CALL_S


def _paced(calls: int, target: Reader) -> list[float]:
    """Return the least time each limit allows for *calls*."""
    limits: Sequence[RequestLimit] = target.connection.limits_in_force
    return [max(0, ceil(calls / limit.count) - 1) * limit.window_s for limit in limits]


def crossed(reader: Reader, now: dt.datetime, seconds: float) -> tuple[ClosedHours, ...]:
    """Return the closed hours that begin within *seconds* from *now*."""
    local = now.astimezone(JST)
    end = local + dt.timedelta(seconds=seconds)
    days = [
        local.date() + dt.timedelta(days=day) for day in range((end.date() - local.date()).days + 1)
    ]
    return tuple(
        hours
        for hours in reader.connection.hours_in_force
        if any(local < dt.datetime.combine(day, hours.start, JST) <= end for day in days)
    )
