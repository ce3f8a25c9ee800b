"""連携レポート: all runs, and one of them as a file."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from attrs import frozen
from starlette.responses import HTMLResponse, Response

from renkei.clock import day_of
from renkei.model import Outcome, Run, Status
from renkei.people import JST
from renkei.report.csv import csv_lines, report_rows
from renkei.report.html import report_page
from renkei_web import reading
from renkei_web.visit import Visit, number_in

ROWS = 30

LOOKED_AT, AT_ONCE = 2000, 200
"""Runs that one page of the list looks at to find those that were asked for; in such parts."""


@frozen
class _Wanted:
    """Which runs somebody wants to see; of what is empty, or None, all."""

    direction: str
    status: str
    since: dt.date | None
    until: dt.date | None

    def has(self, run: Run) -> bool:
        if self.direction and self.direction != f"{run.source}:{run.target}":
            return False
        if self.status and self.status != run.status.value:
            return False
        day = run.created_at.astimezone(JST).date()
        return (self.since or dt.date.min) <= day <= (self.until or dt.date.max)


def listed(visit: Visit) -> Response:
    """Show the runs, newest first, of a direction, a status or a day."""
    with visit.runs() as runs:
        asked = {each: visit.query(each) for each in ("direction", "status", "since", "until")}
        since, until = day_of(asked["since"]), day_of(asked["until"])
        wanted = _Wanted(asked["direction"], asked["status"], since, until)
        found: list[Run] = []
        before, looked = visit.query("before") or None, 0
        more = True
        while more and len(found) <= ROWS and looked < LOOKED_AT:
            part = runs.reports(AT_ONCE, before)
            found += filter(wanted.has, part)
            more = bool(part)
            before, looked = part[-1].id if part else None, looked + len(part)
        names = {name: each.label for name, each in runs.config.connections.items()}
        # Without it, what is older than those that were looked at could not be reached.
        last = found[ROWS - 1].id if len(found) > ROWS else before
        return visit.show(
            "reports.html",
            runs=found[:ROWS],
            looked=looked,
            names=names,
            directions=[(pair.source, pair.target) for pair in runs.pairs()],
            statuses=list(Status),
            asked=asked,
            backwards=since is not None and until is not None and since > until,
            more=urlencode(asked | {"before": last}) if last else None,
        )


def people(visit: Visit) -> Response:
    """Show everybody of a run, or some: what is planned for them, and what became of them."""
    with visit.runs() as runs:
        run = runs.run(visit.path("run"))
        which, text = visit.query("outcome"), visit.query("q").strip()[:100]
        found = reading.some(
            runs,
            run,
            visit.role,
            which=which,
            text=text,
            after=number_in(visit.query("after"), 11) or 0,
            limit=ROWS + 1,
        )
        last = found[ROWS - 1].position if len(found) > ROWS else None
        query = {"outcome": which, "q": text, "after": last}
        return visit.show(
            "outcomes.html",
            run=run,
            labels=runs.labels(run.id),
            outcomes=tuple(Outcome),
            asked=which,
            text=text,
            page=found[:ROWS],
            more=urlencode(query) if last else None,
        )


def as_csv(visit: Visit) -> Response:
    """Return everybody of a run for a spreadsheet."""
    with visit.runs() as runs:
        run, found, labels = reading.everybody(runs, visit.path("run"), visit.role)
        text = "".join(csv_lines(report_rows(found, labels)))
    headers = _named("attachment", f"renkei-{run.id}.csv")
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def as_page(visit: Visit) -> Response:
    """Show the report of a run as one page that needs nothing else: for printing."""
    with visit.runs() as runs:
        run, found, labels = reading.everybody(runs, visit.path("run"), visit.role)
        text = "".join(report_page(run, found, labels))
    return HTMLResponse(text, headers=_named("inline", f"renkei-{run.id}.html"))


def _named(how: str, name: str) -> dict[str, str]:
    """Return where a browser puts an answer, and its name should it be kept."""
    return {"content-disposition": f'{how}; filename="{name}"'}
