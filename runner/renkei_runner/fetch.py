"""renkei fetch: compare two connections as of one day."""

from __future__ import annotations

import datetime as dt

import click

from renkei.i18n import N_
from renkei_runner.app import App
from renkei_runner.cli import F, argument, command, option
from renkei_runner.parameters import BASE_DATE
from renkei_runner.screens import show_found


def fetch_options(function: F) -> F:
    """Add what `fetch` and `run` share."""
    date = option(
        "--date", "base_date", type=BASE_DATE, metavar="YYYY-MM-DD",
        help=N_("List the employees of this day; default: today in Japan."),
    )  # fmt: skip
    wait = option("--wait", is_flag=True, help=N_("Wait while a system is closed or out of reach."))
    return argument("source")(argument("target")(date(wait(function))))


@command("fetch", help=N_("Compare SOURCE's employees with TARGET's. Writes to neither."))
@fetch_options
@click.pass_obj
def fetch(app: App, *, source: str, target: str, base_date: dt.date | None, wait: bool) -> None:
    with app.runs() as runs:
        run = runs.fetch(source, target, base_date, wait=wait)
        show_found(app, run, runs.labels(run.id, technical=True))
