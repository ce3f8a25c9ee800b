"""renkei store: where the reports are kept moves, or was put back from a backup."""

from __future__ import annotations

from pathlib import Path

import click

from renkei.words.i18n import N_, _, ngettext
from renkei_runner.app import App
from renkei_runner.cli import argument, group
from renkei_runner.companies import all_companies
from renkei_runner.documents import document
from renkei_runner.output import emit, next_steps, say


@group("store", help=N_("Move the report store, or say that it was restored."))
def store() -> None:
    pass


@store.command("copy", help=N_("Move the store at FROM to TO: a file, an address, env: or file:."))
@argument("origin", metavar="FROM")
@argument("goal", metavar="TO")
@click.pass_obj
def copy(app: App, origin: str, goal: str) -> None:
    from renkei.logs import configure_logging
    from renkei.runs import copy_store
    from renkei_runner import dashboard

    def along(store: str, new: str) -> str | None:
        return dashboard.moves(store, new, Path.cwd())

    configure_logging(json=app.json, level="debug" if app.debug else "warning")
    copied = copy_store(origin, goal, Path.cwd(), app.who, along)
    # Only now that the store has moved: until then this file was the one in use.
    put_away = None if copied.left is None else dashboard.puts_away(copied.left)
    if app.json:
        beside = {"users_file": None if put_away is None else str(put_away)}
        emit(document(place=copied.place, runs=copied.runs, rows=copied.rows, **beside))
        return
    text = ngettext(
        "{runs} run is at {place} now: {rows} rows, each compared.",
        "{runs} runs are at {place} now: {rows} rows, each compared.",
        copied.runs,
    )
    say(text.format(runs=copied.runs, place=copied.place, rows=copied.rows))
    if copied.left is not None:
        say(_("The users of the dashboard came along; everybody logs in anew."))
    if put_away is not None:
        say(_("Their old file is {path} now, for you to delete.").format(path=put_away))
    say(
        _(
            "Nothing is written into the old store any more. Write into renkei.yaml: store: {place}"
        ).format(place=goal)
    )


@store.command("users", help=N_("Take the users of the dashboard in FILE along to the store."))
@argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.pass_obj
def users(app: App, file: Path) -> None:
    from renkei_runner import dashboard

    path = file.absolute()
    with all_companies(app) as companies:
        count = dashboard.takes(
            companies.main, path, lambda count: companies.note_own("users_moved", count=count)
        )
    put_away = dashboard.puts_away(str(path)) if count else None
    if app.json:
        emit(document(users=count, users_file=None if put_away is None else str(put_away)))
        return
    say(_("Users taken along, each compared: {count}. They log in anew.").format(count=count))
    if put_away is not None:
        say(_("Their old file is {path} now, for you to delete.").format(path=put_away))


@store.command("restored", help=N_("Say that the store is an older copy, put back from a backup."))
@click.pass_obj
def restored(app: App) -> None:
    from renkei_runner import dashboard

    with all_companies(app) as companies:
        place = companies.note_restored()
        dashboard.forgets_ticks(companies.main)
    if app.json:
        emit(document(place=place))
        return
    say(
        _(
            "Noted of {place}: who may have been sent is looked up, and nobody new is sent before"
            " the time of the longest request has passed."
        ).format(place=place)
    )
    next_steps((app.command("reports"), _("list the latest runs")))
