"""How many calls are ahead, how long they take and which closed hours lie on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from renkei.model import Difference, Estimate
from renkei.people import JST, ClosedHours, RequestLimit
from renkei.plugins.facade import MANY, Reader

CALL_S = 0.3
"""One call where nothing has been measured yet, in seconds; an assumption."""

Usage = Mapping[str, Any]
"""
What a run has cost so far. Of its fetch: ``calls`` and ``latency`` (seconds of an answer) by
connection, and ``seconds``. Of its sync, if it went through at once: how many people were
``written`` in ``sync_seconds``.
"""


def of_fetch(readers: Sequence[Reader], last: Usage | None, now: dt.datetime) -> Estimate:
    """Return what a fetch costs, going by the last one of the pair; unknown before the first."""
    names = [reader.name for reader in readers]
    if last is None:
        return Estimate(calls=dict.fromkeys(names), seconds=None)
    seconds = float(last["seconds"])
    calls = {name: last["calls"].get(name) for name in names}
    closed: dict[str, tuple[ClosedHours, ...]] = {}
    for reader in readers:
        hours = crossed(reader, now, seconds)
        if hours:
            closed[reader.name] = hours
    return Estimate(calls=calls, seconds=seconds, least_s=seconds, closed=closed)


def of_sync(
    target: Reader,
    people: Mapping[Difference, int],
    fetched: Usage | None,
    synced: Usage | None,
    now: dt.datetime,
) -> Estimate:
    """
    Return what a sync costs at most: a write each, a look at every new one and at each batch.

    It takes as long for each of them as when the pair was last *synced*. Before the first sync
    there is a range: from all at once, by the answers of the last fetch, to one after the other.
    Where many are written together, that is a write and a look for all of them.
    """
    creates, updates = people.get(Difference.NEW, 0), people.get(Difference.CHANGED, 0)
    calls = 2 * creates + updates + ceil(updates / target.at_once)
    if target.in_batches:
        calls = 2 * ceil((creates + updates) / MANY)
    paced_s = _paced_s(calls, target)
    if synced is not None:
        of_each = float(synced["sync_seconds"]) / synced["written"]
        least_s = most_s = max(of_each * (creates + updates), paced_s)
    else:
        measured = (fetched or {}).get("latency", {}).get(target.name)
        call_s = measured or CALL_S  # a system that is not asked over HTTP is not measured
        most_s = max(calls * call_s, paced_s)
        least_s = max(calls / target.connection.width("writes") / 2 * call_s, paced_s)
    closed = crossed(target, now, most_s)
    return Estimate(
        calls={target.name: calls},
        seconds=most_s,
        least_s=min(least_s, most_s),
        closed={target.name: closed} if closed else {},
    )


def _paced_s(calls: int, target: Reader) -> float:
    """Return the least time that the limits allow for *calls*."""
    limits: Sequence[RequestLimit] = target.connection.limits_in_force
    least_s = 0.0
    for limit in limits:
        windows = ceil(calls / limit.count)
        waited = max(0, windows - 1)  # what fits into the first window waits for nothing
        least_s = max(least_s, waited * limit.window_s)
    return least_s


def crossed(reader: Reader, now: dt.datetime, seconds: float) -> tuple[ClosedHours, ...]:
    """Return the closed hours that begin within *seconds* from *now*."""
    local = now.astimezone(JST)
    end = local + dt.timedelta(seconds=seconds)
    count = (end.date() - local.date()).days + 1
    days = [local.date() + dt.timedelta(days=day) for day in range(count)]
    found: list[ClosedHours] = []
    for hours in reader.connection.hours_in_force:
        starts = [dt.datetime.combine(day, hours.start, JST) for day in days]
        if any(local < start <= end for start in starts):
            found.append(hours)
    return tuple(found)
