"""renkei plan: what a run would change."""

from __future__ import annotations

from itertools import chain

import click

from renkei.model import Difference
from renkei.words.i18n import N_, _
from renkei_runner.app import App
from renkei_runner.cli import argument, command, option
from renkei_runner.documents import plan_document
from renkei_runner.output import emit, raw
from renkei_runner.parameters import ANY_DIFFERENCES
from renkei_runner.screens import show_items, warn_of


@command("plan", help=N_("Show each employee of RUN with every field before and after."))
@argument("run_id", metavar="RUN")
@option(
    "--difference", "differences", type=ANY_DIFFERENCES, multiple=True,
    metavar="new,changed,same,blocked", help=N_("Only these; default: all."),
)  # fmt: skip
@option("--number", "numbers", multiple=True, metavar="CODE", help=N_("Only this employee."))
@option("--look-first", is_flag=True, help=N_("Only those whom a person has to look at first."))
@option("--csv", "as_csv", is_flag=True, help=N_("Print a CSV file for a spreadsheet."))
@click.pass_obj
def plan(
    app: App,
    /,
    *,
    run_id: str,
    differences: tuple[tuple[Difference, ...], ...],
    numbers: tuple[str, ...],
    look_first: bool,
    as_csv: bool,
) -> None:
    from renkei.report.csv import csv_lines, plan_rows

    if as_csv and app.json:
        raise click.UsageError(_("--csv and --output json exclude each other."))
    with app.runs() as runs, app.about(runs, run_id) as run:
        wanted = tuple(chain.from_iterable(differences))
        # Before anything is shown: what cannot be noted is not done (F98).
        if as_csv or app.json:
            runs.note("exported", run_id, what="plan.csv" if as_csv else "plan.json")
        else:
            runs.note("details_opened", run_id, what="plan")
        items = runs.items(run_id, differences=wanted, numbers=numbers)
        if look_first:
            items = (item for item in items if item.look_first)
        labels = runs.labels(run_id, technical=not as_csv)
        if as_csv:
            raw(csv_lines(plan_rows(items, labels)))
        elif app.json:
            warn_of(run, labels)
            emit(plan_document(run, items, labels))
        else:
            is_narrowed = bool(wanted or numbers or look_first)
            show_items(app, run, items, labels, all_of_them=is_narrowed)
