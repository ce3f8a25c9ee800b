"""renkei run: fetch and sync in one, for schedules."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click

from renkei.model import Difference, Run
from renkei.words.i18n import N_
from renkei_runner.app import App
from renkei_runner.choosing import Wanted, choice_options, must_choose
from renkei_runner.cli import command, option
from renkei_runner.fetch import fetch_options
from renkei_runner.screens import say_found, show_found
from renkei_runner.sync import carry_out, choose, nothing_sent


@command("run", help=N_("Fetch SOURCE and TARGET, then sync what is chosen."))
@fetch_options
@choice_options
@option("--allow-unusual", is_flag=True, help=N_("Write although it is over the safety limits."))
@option("--dry-run", is_flag=True, help=N_("Only fetch and compare."))
@click.pass_obj
def run(
    app: App,
    /,
    *,
    source: str,
    target: str,
    base_date: dt.date | None,
    leavers: int | None,
    joiners: int | None,
    dry_run: bool,
    allow_unusual: bool,
    wait: bool,
    new_file: Path | None,
    **choice: Any,  # noqa: ANN401 - the options of choice_options
) -> int:
    wanted = Wanted(new_file=new_file, wait=wait, **choice)
    if not dry_run:
        must_choose(app, wanted)  # before the fetch, which may take minutes
    with app.runs() as runs:
        found = runs.fetch(source, target, base_date, wait=wait, leavers=leavers, joiners=joiners)
        labels = runs.labels(found.id, technical=True)
        if dry_run:
            show_found(app, found, labels)
            return 0
        if not _anybody(found, wanted):
            show_found(app, found, labels, left_for_you=[])
            return 0
        say_found(app, found, labels)
        with app.about(runs, found.id):
            chosen = choose(app, runs, found, wanted)
            if chosen is None:
                return nothing_sent(app, found)
            return carry_out(
                app, runs, found.id, selection=chosen, wait=wait, allow_unusual=allow_unusual
            )


def _anybody(found: Run, wanted: Wanted) -> bool:
    """Tell whether there is somebody to be synced, or somebody was named."""
    if wanted.numbers:
        return True
    differences = {Difference.NEW, Difference.CHANGED, *wanted.who()}
    return any(found.counts.get(each) for each in differences)
