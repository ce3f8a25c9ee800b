"""The first page, and the page of the base date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from attrs import frozen
from starlette.responses import Response

from renkei.clock import base_dates
from renkei.config import ConnectionConfig
from renkei.errors import RenkeiError
from renkei.i18n import _
from renkei.model import JST, Finding
from renkei.runs import Runs
from renkei_web.visit import Visit

LATEST = 10


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


@frozen
class Direction:
    """One card: from where to where."""

    source: Place
    target: Place


@frozen
class State:
    """Whether a connection works: None, or what is wrong."""

    place: Place
    wrong: Finding | None


def dashboard(visit: Visit) -> Response:
    """Show each direction, the state of the connections, and the latest reports."""
    with visit.runs() as runs:
        places = {
            name: Place(name, settings.label, hours_of(runs, name))
            for name, settings in runs.config.connections.items()
        }
        directions = [Direction(places[p.source], places[p.target]) for p in runs.pairs()]
        latest = runs.reports(LATEST)
    return visit.show(
        "dashboard.html", directions=directions, places=list(places.values()), latest=latest
    )


def connections(visit: Visit) -> Response:
    """
    Tell in one line each whether the connections work; asks the systems now and then.

    What exactly is wrong may name addresses and rights of a token: that is for administrators.
    """
    with visit.runs() as runs:
        at, checked = visit.office.work.health.of(runs, anew=False)
        found = {each.subject: each.findings for each in reversed(checked)}  # they come first
        states = [State(place(runs, name), worst(found[name])) for name in runs.config.connections]
    return visit.show("connections.html", states=states, at=at)


def worst(findings: Sequence[Finding]) -> Finding | None:
    """Return the finding that a person should hear of first, or None if all is well."""
    for level in ("problem", "warning"):
        for each in findings:
            if each.level == level:
                return each
    return None


def base_date(visit: Visit, problem: str | None = None) -> Response:
    """Ask for the base date, and explain it with the person's own date."""
    source, target = visit.path("source"), visit.path("target")
    with visit.runs() as runs:
        today = runs.clock.today()
        first, last = base_dates(today)
        day = parsed(visit.field("date") or visit.query("date")) or today
        places = place(runs, source), place(runs, target)
        cost = runs.last_cost(source, target)
        return visit.show(
            "base_date.html",
            status=400 if problem else 200,
            source=places[0],
            target=places[1],
            closed=[each for each in places if each.hours and each.hours.now],
            first=first,
            last=last,
            day=day,
            seconds=max(1.0, cost[1]) if cost else None,
            switches=runs.switches(source, target).values(),
            problem=problem,
        )


def start_fetch(visit: Visit) -> Response:
    """Start the fetch and go to the page of its run."""
    day = parsed(visit.field("date"))
    if day is None:
        return base_date(visit, _("Enter a date."))
    try:
        run = visit.office.work.fetch(
            visit.config,
            visit.path("source"),
            visit.path("target"),
            day,
            who=visit.user.name,
            language=visit.language,
        )
    except RenkeiError as error:
        return base_date(visit, error.message)
    return visit.go(f"/runs/{run}")


def place(runs: Runs, name: str) -> Place:
    """Return one connection as a page shows it."""
    return Place(name, runs.config.connection(name).label, hours_of(runs, name))


def settings_of(runs: Runs, name: str) -> ConnectionConfig | None:
    """Return a connection that a run names, or None if it is configured no longer."""
    return runs.config.connections.get(name)


def label_of(runs: Runs, name: str) -> str:
    """Return what people call a connection."""
    settings = settings_of(runs, name)
    return settings.label if settings else name


def parsed(text: str) -> dt.date | None:
    """Return the day that a date field sends, or None."""
    try:
        return dt.date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def hours_of(runs: Runs, name: str) -> Hours | None:
    """Return the closed hours of now or the next ones of today and tomorrow."""
    now = runs.clock.now().astimezone(JST)
    try:
        hours = runs.closed_hours(name)
    except RenkeiError:
        return None  # the connector cannot be used; the settings say why
    spans = sorted(
        (dt.datetime.combine(day, each.start, JST), dt.datetime.combine(day, each.end, JST))
        for day in (now.date(), now.date() + dt.timedelta(days=1))
        for each in hours
    )
    for start, end in spans:
        if end > now:
            return Hours(start <= now, start.date() > now.date(), start, end)
    return None
