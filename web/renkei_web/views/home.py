"""The first page: each direction, the connections, and the latest reports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from attrs import frozen
from starlette.responses import Response

from renkei.model import Run
from renkei.people import Finding
from renkei.runs import Scheduled
from renkei.schedule.job import Job
from renkei.schedule.words import job_text
from renkei_web.health import words
from renkei_web.places import Place, hours_of, place
from renkei_web.visit import Visit

LATEST = 10


@frozen(kw_only=True)
class Direction:
    """One card: from where to where, its schedules, and the newest run with a plan."""

    source: Place
    target: Place
    next_at: dt.datetime | None = None
    last: Job | None = None
    newest: Run | None = None

    @property
    def open(self) -> int:
        """How many people differ by that run and were not written since."""
        return self.newest.open if self.newest else 0


@frozen
class State:
    """What is wrong with a connection, or None; whether that is *known* without asking it."""

    place: Place
    wrong: Finding | None
    known: bool = True


def dashboard(visit: Visit) -> Response:
    """Show each direction, the state of the connections, and the latest reports."""
    with visit.runs() as runs:
        places: dict[str, Place] = {}
        for name, settings in runs.config.connections.items():
            places[name] = Place(name, settings.label, hours_of(runs, name))
        latest = runs.reports(LATEST)
        schedules = runs.schedules() if runs.config.schedules else []
        plans = runs.newest_plans()
        directions = []
        for pair in runs.pairs():
            newest = plans.get((pair.source, pair.target))
            ends = places[pair.source], places[pair.target]
            directions.append(_direction(*ends, schedules, newest))
        # From the runs only: asking the systems takes long and is left to another request.
        said = {name: word.finding(runs) for name, word in words(runs).items()}
    states = []
    for name, each in places.items():
        wrong = said.get(name)
        states.append(State(each, wrong, known=wrong is not None))
    return visit.show(
        "dashboard.html",
        directions=directions,
        job_text=job_text,
        states=states,
        latest=latest,
        setup=visit.config.settings.setup == "web",
    )


def _direction(
    source: Place, target: Place, schedules: Sequence[Scheduled], newest: Run | None
) -> Direction:
    way = source.name, target.name
    mine = [each for each in schedules if (each.schedule.from_, each.schedule.to) == way]
    times = [each.next_at for each in mine if each.next_at]
    jobs = [each.last for each in mine if each.last]
    return Direction(
        source=source,
        target=target,
        next_at=min(times, default=None),
        last=max(jobs, key=lambda job: job.started_at, default=None),
        newest=newest,
    )


def connections(visit: Visit) -> Response:
    """
    Tell in one line each whether the connections work; asks the systems now and then.

    What exactly is wrong may name addresses and rights of a token: that is for administrators.
    """
    with visit.runs() as runs:
        at, found = visit.health.states(runs)
        states = [State(place(runs, name), wrong) for name, wrong in found.items()]
    return visit.show("connections.html", states=states, at=at)
