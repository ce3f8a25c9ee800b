"""Connections as a page shows them: what people call them, and when they are closed."""

from __future__ import annotations

import datetime as dt

from attrs import frozen

from renkei.errors import RenkeiError
from renkei.people import JST
from renkei.runs import Runs


@frozen
class Hours:
    """Closed hours of a connection: now, with the time they end, or the next ones."""

    now: bool
    tomorrow: bool
    starts: dt.datetime
    ends: dt.datetime


@frozen
class Place:
    """A connection as a page shows it."""

    name: str
    label: str
    hours: Hours | None


def place(runs: Runs, name: str) -> Place:
    """Return one connection as a page shows it."""
    return Place(name, runs.config.connection(name).label, hours_of(runs, name))


def label_of(runs: Runs, name: str) -> str:
    """Return what people call a connection that a run names; it may be configured no longer."""
    settings = runs.config.connections.get(name)
    return settings.label if settings else name


def hours_of(runs: Runs, name: str) -> Hours | None:
    """Return the closed hours of now or the next ones of today and tomorrow."""
    now = runs.clock.now().astimezone(JST)
    try:
        hours = runs.closed_hours(name)
    except RenkeiError:
        return None  # the connector cannot be used; the settings say why
    spans: list[tuple[dt.datetime, dt.datetime]] = []
    for day in (now.date(), now.date() + dt.timedelta(days=1)):
        for each in hours:
            start = dt.datetime.combine(day, each.start, JST)
            spans.append((start, dt.datetime.combine(day, each.end, JST)))
    for start, end in sorted(spans):
        if end > now:
            return Hours(start <= now, start.date() > now.date(), start, end)
    return None
