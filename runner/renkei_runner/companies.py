"""renkei companies and company: how each stands, and who is added, paused, adopted or removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from renkei.errors import Hint, MappingError, UsageError
from renkei.model import BECAME
from renkei.words.facts import moment_text
from renkei.words.i18n import N_, _, ngettext
from renkei.words.sentences import outcome_text, status_text
from renkei_runner.app import App
from renkei_runner.cli import argument, command, group, option
from renkei_runner.documents import Document, document, moment
from renkei_runner.hints import told
from renkei_runner.output import asked, emit, next_steps, note, say, table, warn

if TYPE_CHECKING:
    from renkei.companies import Companies, Listed, Stood
    from renkei.runs import Runs


@contextmanager
def all_companies(app: App) -> Iterator[Companies]:
    """Open what is about all companies of the configuration in use."""
    from renkei.companies import Companies
    from renkei.config import load_main
    from renkei.logs import configure_logging
    from renkei_runner.progress import Progress

    configure_logging(json=app.json, level="debug" if app.debug else "warning")
    with (
        Progress(live=False) as progress,
        Companies(load_main(app.config_file), who=app.who, observer=progress) as companies,
    ):
        yield companies


@contextmanager
def one_or_all(app: App) -> Iterator[Runs | Companies]:
    """Open the company that is named or is the only one, or, of several, all of them."""
    from renkei.config import load_main

    if app.named_company is None and load_main(app.config_file).folder is not None:
        with all_companies(app) as companies:
            yield companies
        return
    with app.runs() as runs:
        yield runs


def each_company(app: App) -> Iterator[Runs]:
    """
    Open the company that is named or is the only one, or, of several, one after the other.

    A company whose file has mistakes is told of, and left out.
    """
    from renkei.config import load_config, load_main
    from renkei.logs import configure_logging
    from renkei.runs import Runs

    main = load_main(app.config_file) if app.named_company is None else None
    if main is None or main.folder is None:
        with app.runs() as runs:
            yield runs
        return
    configure_logging(json=app.json, level="debug" if app.debug else "warning")
    for name in main.names():
        try:
            config = load_config(app.config_file, name)
        except MappingError as error:
            warn(f"{name}: {error.message}")
            continue
        with Runs(config, who=app.who) as runs:
            yield runs


@command("companies", help=N_("List all companies: the last sync, what is open, who needs you."))
@option("--needs-a-person", is_flag=True, help=N_("Only those that need a person."))
@option("--search", metavar="TEXT", default="", help=N_("Only those whose name or label has TEXT."))
@click.pass_obj
def companies(app: App, search: str, *, needs_a_person: bool) -> None:
    with all_companies(app) as door:
        everybody = door.listed()
        without, strangers = door.without(), door.main.strangers()
    found = [each for each in everybody if each.matches(search)]
    if needs_a_person:
        found = [each for each in found if each.needs]
    for path in strangers:
        text = _("{path} is of no company: a name has small letters, digits, “-” and “_” only.")
        warn(text.format(path=path))
    for each in everybody:
        if each.gone and each.mistake:
            remove = Hint("company_remove", {"company": each.company.name})
            warn(f"{each.mistake} {told(remove)}")
    if app.json:
        emit(document(companies=list(map(_parts, found)), runs_without_company=without))
        return
    if found:
        _show(found)
    elif everybody:
        text = ngettext(
            "The only company does not match.", "None of the {count} companies.", len(everybody)
        )
        say(text.format(count=len(everybody)))
    else:
        say(_("There are no companies yet."))
        next_steps((app.command("company", "add", "NAME"), _("add one")))
    if without:
        text = ngettext(
            "{count} run is of no company; `renkei company adopt NAME` gives it to one.",
            "{count} runs are of no company; `renkei company adopt NAME` gives them to one.",
            without,
        )
        note(text.format(count=without))


def _show(found: Sequence[Listed]) -> None:
    titles = (
        *(_("company"), _("name"), _("environment"), _("last sync"), _("status")),
        *map(outcome_text, BECAME),
        *(_("open"), _("needs a person")),
    )
    table(titles, map(_row, found), right=range(5, 9))


def _row(each: Listed) -> tuple[str, ...]:
    from renkei.companies import short_text

    synced, newest = each.stands.synced, each.stands.newest
    why = _(", ").join(map(short_text, each.needs))
    environment = _("sandbox") if each.company.is_sandbox else _("production")
    return (
        each.company.label or each.company.name,
        each.company.name,
        environment,
        moment_text(synced.sync_started_at) if synced and synced.sync_started_at else "-",
        _status_text(each),
        *_became(synced),
        f"{each.open:,}" if newest else "-",
        why,
    )


def _status_text(each: Listed) -> str:
    if each.company.paused:
        return _("on hold")
    newest = each.stands.newest
    return status_text(newest.status) if newest else "-"


def _became(synced: Stood | None) -> Iterator[str]:
    for each in BECAME:
        counts = synced.outcomes if synced else None
        yield "-" if counts is None else f"{counts.get(each, 0):,}"


def _parts(each: Listed) -> Document:
    stands = each.stands
    return {
        "name": each.company.name,
        "label": each.company.label,
        "environment": each.company.environment,
        "paused": each.company.paused,
        "needs_a_person": list(_needs(each)),
        "open": each.open,
        "in_doubt": stands.in_doubt,
        "newest": _stood(stands.newest),
        "last_sync": _stood(stands.synced),
        "mistake": each.mistake,
    }


def _needs(each: Listed) -> Iterator[str]:
    """Yield why a company needs a person; what messages call ``limit`` was ``chosen`` first."""
    for need in each.needs:
        yield need
        if need == "limit":
            yield "chosen"


def _stood(stood: Stood | None) -> Document | None:
    if stood is None:
        return None
    parts: Document = {
        "run": stood.run,
        "status": stood.status.value,
        "reason": stood.reason.code if stood.reason else None,
        "fetched_at": moment(stood.fetched_at),
        "sync_started_at": moment(stood.sync_started_at),
        "finished_at": moment(stood.finished_at),
        "counts": {each.value: count for each, count in stood.counts.items()},
    }
    if stood.outcomes is not None:
        parts["outcomes"] = {each.value: count for each, count in stood.outcomes.items()}
    return parts


@group("company", help=N_("Add, pause, import, adopt or remove a company."))
def company() -> None:
    pass


@company.command("add", help=N_("Write a commented file for the company NAME."))
@argument("name")
@option("--label", default="", metavar="TEXT", help=N_("What people call it."))
@click.pass_obj
def add(app: App, name: str, label: str) -> None:
    from renkei_runner import dashboard
    from renkei_runner.clients import Client, prepared

    prepared(app.config_file)
    with all_companies(app) as door:
        text = Client(name=name, label=label).text()
        (path,) = door.add({name: text}, also=partial(dashboard.forgets, door.main))
    if app.json:
        emit(document(path=str(path)))
        return
    say(_("{path} is written. Enter its addresses and where its tokens are.").format(path=path))
    next_steps((named(app, name, "check"), _("try the connections")))


@company.command("import", help=N_("Add the companies of a CSV file: all of them, or none."))
@argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def import_(app: App, path: Path) -> None:
    from renkei_runner import dashboard
    from renkei_runner.clients import prepared, read_clients

    main = prepared(app.config_file)
    clients = read_clients(path, main)
    with all_companies(app) as door:
        texts = {each.name: each.text() for each in clients}
        paths = door.add(texts, also=partial(dashboard.forgets, door.main))
    if app.json:
        names = [each.name for each in clients]
        emit(document(companies=names, paths=list(map(str, paths))))
        return
    text = ngettext(
        "{count} company is written to {path}.",
        "{count} companies are written to {path}.",
        len(paths),
    )
    say(text.format(count=len(paths), path=main.folder))
    next_steps((app.command("companies"), _("list them")))


@company.command("pause", help=N_("Let nothing be fetched or synced for the company NAME."))
@argument("name")
@click.pass_obj
def pause(app: App, name: str) -> None:
    with all_companies(app) as door:
        title = door.pause(name, on=True).title
    _said(app, _("{company} is on hold: nothing is fetched or synced.").format(company=title), name)


@company.command("resume", help=N_("Let the company NAME go on."))
@argument("name")
@click.pass_obj
def resume(app: App, name: str) -> None:
    with all_companies(app) as door:
        title = door.pause(name, on=False).title
    _said(app, _("{company} goes on.").format(company=title), name)


@company.command("adopt", help=N_("Give the runs of before there were companies to NAME."))
@argument("name")
@click.pass_obj
def adopt(app: App, name: str) -> None:
    from renkei_runner import dashboard

    with all_companies(app) as door:
        count = door.adopt(name, also=partial(dashboard.adopts, door.main))
    text = ngettext(
        "{count} run is that of {company} now.", "{count} runs are those of {company} now.", count
    )
    _said(app, text.format(count=count, company=name), name, runs=count)


@company.command("remove", help=N_("Remove the company NAME with all its data; asks twice."))
@argument("name")
@click.pass_obj
def remove(app: App, name: str) -> None:
    from renkei_runner import dashboard

    with all_companies(app) as door:
        found, count = door.removable(name)
        if not _is_meant(app, name, found.title, count):
            raise UsageError(_("Nothing was removed."), code="not_confirmed")
        done = door.remove(name, also=partial(dashboard.forgets, door.main))
    if app.json:
        papers = list(map(str, done.papers))
        emit(document(removed=name, rows=dict(done.removed.rows), certificate=papers))
        return
    say(_("{company} is removed. The certificate:").format(company=done.company.title))
    for each in done.papers:
        say(f"  {each}")
    if done.left:
        say(_("Not removed, as others may use them: {files}").format(files=_(", ").join(done.left)))


def _is_meant(app: App, name: str, title: str, count: int) -> bool:
    """Ask twice, the second time for the name itself."""
    if not app.asks:
        message = _("Removing a company is confirmed twice, at a terminal. Nothing was removed.")
        raise UsageError(message, code="not_confirmed")
    question = ngettext(
        "Remove {company} with its {count} run? This cannot be undone.",
        "Remove {company} with its {count} runs? This cannot be undone.",
        count,
    )
    text = question.format(company=title, count=count)
    if not click.confirm(asked(text), default=False, err=True):
        return False
    typed: str = click.prompt(asked(_("Type its name to confirm")), err=True)
    return typed.strip() == name


def named(app: App, name: str, *words: str) -> str:
    return app.command("--company", name, *words)


def _said(app: App, text: str, name: str, **more: object) -> None:
    if app.json:
        emit(document(name=name, **more))
    else:
        say(text)
