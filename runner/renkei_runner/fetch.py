"""renkei fetch: compare two connections as of one day."""

from __future__ import annotations

import datetime as dt

import click

from renkei.config import MOST_DAYS
from renkei.words.i18n import N_, _
from renkei_runner.app import App
from renkei_runner.cli import F, argument, command, option
from renkei_runner.parameters import BASE_DATE
from renkei_runner.screens import show_found

DATE = option(
    "--date", "base_date", type=BASE_DATE, metavar="YYYY-MM-DD",
    help=N_("List the employees of this day; default: today in Japan."),
)  # fmt: skip
WAIT = option("--wait", is_flag=True, help=N_("Wait while a system is closed or out of reach."))


LEAVERS = option(
    "--leavers", type=click.IntRange(0, MOST_DAYS), metavar="DAYS",
    help=N_("Also list who left so many days before, for the date of leaving alone."),
)  # fmt: skip
JOINERS = option(
    "--joiners", type=click.IntRange(0, MOST_DAYS), metavar="DAYS",
    help=N_("Also list who joins so many days after, if they are new."),
)  # fmt: skip


def fetch_options(function: F) -> F:
    """Add what `run` shares with `fetch`."""
    return argument("source")(argument("target")(DATE(LEAVERS(JOINERS(WAIT(function))))))


@command("fetch", help=N_("Compare SOURCE's employees with TARGET's. Writes to neither."))
@argument("source", required=False)
@argument("target", required=False)
@DATE
@LEAVERS
@JOINERS
@option(
    "--right-pair", is_flag=True,
    help=N_("The two lists are of one company, whatever their numbers say; needs --why."),
)  # fmt: skip
@option("--why", metavar="REASON", help=N_("Why that is so; it is kept."))
@option(
    "--again", "again", metavar="RUN",
    help=N_("In place of SOURCE TARGET: fetch the pair of RUN anew, with its choice."),
)  # fmt: skip
@WAIT
@click.pass_obj
def fetch(
    app: App,
    *,
    source: str | None,
    target: str | None,
    base_date: dt.date | None,
    leavers: int | None,
    joiners: int | None,
    right_pair: bool,
    why: str | None,
    again: str | None,
    wait: bool,
) -> None:
    if right_pair and not (why or "").strip():
        raise click.UsageError(_("--right-pair needs a reason: --why."))
    if again is not None and (source or base_date):
        raise click.UsageError(_("--again takes the place of SOURCE TARGET and --date."))
    with app.runs() as runs:
        if again is not None:
            carried = runs.fetch_again(again, wait=wait)
            # Only the screen names people who are no longer chosen, so only that is noted.
            if carried.left and not app.json:
                runs.note("details_opened", carried.run.id, what="fetch")
            show_found(app, carried.run, runs.labels(carried.run.id, technical=True), carried)
        elif source is None or target is None:
            raise click.UsageError(_("Name SOURCE and TARGET, or a run with --again."))
        else:
            run = runs.fetch(
                source,
                target,
                base_date,
                wait=wait,
                right_pair=why if right_pair else None,
                leavers=leavers,
                joiners=joiners,
            )
            show_found(app, run, runs.labels(run.id, technical=True))
