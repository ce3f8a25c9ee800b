"""renkei reports and report: what became of each run and of each employee."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from renkei.model import BECAME, Difference, Run
from renkei.words.facts import moment_text
from renkei.words.i18n import N_, _, ngettext
from renkei.words.sentences import difference_text, outcome_text, status_text
from renkei_runner.app import App
from renkei_runner.cli import argument, command, group, option
from renkei_runner.documents import document, report_document, reports_document
from renkei_runner.output import emit, next_steps, raw, say, table
from renkei_runner.parameters import AGE
from renkei_runner.screens import show_report
from renkei_runner.steps import first_pair

if TYPE_CHECKING:
    from renkei.runs import Runs

USUAL = dt.timedelta(days=90)
"""After which age values are purged where nobody says anything."""

FOUND = (Difference.NEW, Difference.CHANGED)


@group("reports", help=N_("List the latest runs."))
@option(
    "--limit", type=click.IntRange(1, 10_000), default=10, show_default=True, help=N_("How many.")
)
@click.pass_context
def reports(ctx: click.Context, limit: int) -> None:
    if ctx.invoked_subcommand:
        return
    app = ctx.ensure_object(App)
    with app.runs() as runs:
        runs.watch()
        found = runs.reports(limit)
        if app.json:
            emit(reports_document(found))
        elif found:
            _show_list(app, found)
        else:
            say(_("There are no runs yet."))
            fetch = app.command("fetch", *first_pair(runs))
            next_steps((fetch, _("compare; writes to no system")))


@reports.command(
    "purge", help=N_("Remove employees' values of old runs; counts and outcomes stay.")
)
@option(
    "--older-than",
    type=AGE,
    metavar="90d",
    help=N_("Of runs older than this; otherwise as retention: says, or 90d."),
)
@click.pass_obj
def purge(app: App, older_than: dt.timedelta | None) -> None:
    from renkei_runner import dashboard

    with app.runs() as runs:
        if older_than is not None:
            count, removed = runs.purge(older_than), 0
        else:
            gone = runs.let_go(USUAL)
            count, removed = gone.values, gone.records
        dashboard.lets_go(runs)
    if app.json:
        emit(document(purged=count, removed=removed))
    else:
        text = ngettext(
            "Values of {count} run are purged; counts and outcomes are kept.",
            "Values of {count} runs are purged; counts and outcomes are kept.",
            count,
        )
        say(text.format(count=count))
        if removed:
            text = ngettext(
                "{count} run is removed as a whole.",
                "{count} runs are removed as a whole.",
                removed,
            )
            say(text.format(count=removed))
        next_steps((app.command("reports"), _("list the latest runs")))


@command("report", help=N_("Show what became of each employee of RUN."))
@argument("run_id", metavar="RUN")
@option("--csv", "as_csv", is_flag=True, help=N_("Print a CSV file for a spreadsheet."))
@option(
    "--html", "page", type=click.Path(path_type=Path), metavar="FILE",
    help=N_("Write one page for printing and filing."),
)  # fmt: skip
@click.pass_obj
def report(app: App, run_id: str, as_csv: bool, page: Path | None) -> None:
    from renkei.report.csv import csv_lines, report_rows, write_private
    from renkei.report.html import report_page

    if as_csv and (app.json or page):
        raise click.UsageError(_("--csv excludes --html and --output json."))
    with app.runs() as runs, app.about(runs, run_id):
        runs.watch()
        run = runs.run(run_id)
        labels, technical = runs.labels(run_id), runs.labels(run_id, technical=True)
        # Before anything is shown or written: what cannot be noted is not done (F98).
        _note(runs, run_id, page=page is not None, as_csv=as_csv, as_json=app.json)
        if page is not None:
            write_private(page, report_page(run, runs.items(run_id), labels))
        if as_csv:
            raw(csv_lines(report_rows(runs.items(run_id), labels)))
        elif app.json:
            left = runs.left_for_you(run_id)
            emit(report_document(run, runs.items(run_id), technical, left))
        elif page is not None:
            text = _("{path} is written. It holds personal data: only you can read it.")
            say(text.format(path=page))
        else:
            show_report(app, run, lambda: runs.items(run_id), technical)


def _note(runs: Runs, run_id: str, *, page: bool, as_csv: bool, as_json: bool) -> None:
    """Write into the audit log what leaves renkei, or that somebody looks at a report."""
    if page:
        runs.note("exported", run_id, what="report.html")
    if as_csv:
        runs.note("exported", run_id, what="report.csv")
    elif as_json:
        runs.note("exported", run_id, what="report.json")
    elif not page:
        runs.note("details_opened", run_id, what="report")


def _show_list(app: App, found: list[Run]) -> None:
    titles = (
        *(_("run"), _("fetched"), _("direction"), _("base date")),
        *map(difference_text, FOUND),
        *map(outcome_text, BECAME),
        _("status"),
    )
    table(titles, map(_row, found), right=range(4, len(titles) - 1))
    next_steps((app.command("report", found[0].id), _("what became of each employee")))


def _row(run: Run) -> tuple[str, ...]:
    found = [f"{run.counts.get(each, 0):,}" for each in FOUND]
    if run.outcomes is None:
        became = ["-"] * len(BECAME)
    else:
        became = [f"{run.outcomes.get(each, 0):,}" for each in BECAME]
    return (
        run.id,
        moment_text(run.created_at),
        f"{run.source} → {run.target}",
        run.base_date.isoformat(),
        *found,
        *became,
        status_text(run.status),
    )
