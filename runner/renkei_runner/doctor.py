"""renkei doctor: whether the installation is in order, on one screen; a bundle for support."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from renkei.errors import RenkeiError, UsageError
from renkei.words.i18n import N_, _
from renkei_runner import dashboard
from renkei_runner.app import App
from renkei_runner.cli import command, option
from renkei_runner.documents import Document, document
from renkei_runner.output import emit, say

if TYPE_CHECKING:
    from renkei.operation.doctor import Doctor
    from renkei.operation.signs import Sign

SHOWN = 10
"""How many lines of one kind stand on the screen; JSON has all."""


@command("doctor", help=N_("Tell whether the installation is in order: all companies, one screen."))
@option("--systems", is_flag=True,
        help=N_("Also try every connection, as `renkei check` does."))  # fmt: skip
@option("--bundle", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help=N_("Also write a ZIP for support; nobody and no company is named in it."))  # fmt: skip
@option("--log", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help=N_("The log (JSON lines) of which the bundle gets the last 200 lines."))  # fmt: skip
@click.pass_obj
def doctor(app: App, *, systems: bool, bundle: Path | None, log: Path | None) -> int:
    from renkei.config import load_main
    from renkei.logs import configure_logging
    from renkei.operation.doctor import Doctor
    from renkei.operation.signs import needing

    if app.given_company is not None:
        raise UsageError(_("The doctor looks at all companies."), code="company")
    if log is not None and bundle is None:
        raise UsageError(_("--log goes with --bundle."), code="log")
    configure_logging(json=app.json, level="debug" if app.debug else "warning")
    made = Doctor(load_main(app.config_file), asks=systems)
    signs = [*made.look(), *_dashboard(made)]
    bad = needing(signs)
    written = [] if bundle is None else _written(bundle, made, signs, log)
    if app.json:
        emit(_document(signs, bundle, written))
    else:
        _show(app, signs, bundle, written)
    return 1 if bad else 0


def _dashboard(made: Doctor) -> Iterator[Sign]:
    """Yield how the database of the dashboard is."""
    from renkei.config.store import store_at
    from renkei.operation.signs import Sign

    try:
        store_at(made.main.store, made.main.path.parent)
    except RenkeiError:
        return  # where the store is cannot be told: that is said already
    try:
        path, found, newest = dashboard.stands(made.main)
    except RenkeiError as error:
        yield Sign("dashboard", "problem", error.code, error.message)
        return
    if found is None:
        yield Sign("dashboard", "note", "no_dashboard", _("It has no users yet."))
    elif found != newest:
        text = _("{path} is of an older renkei; it is brought up to date when it is started.")
        yield Sign("dashboard", "warning", "migrations", text.format(path=path))
    else:
        text = _("{path} can be read.").format(path=path)
        yield Sign("dashboard", "ok", "whole", text)


def _written(goal: Path, made: Doctor, signs: Sequence[Sign], log: Path | None) -> list[str]:
    from renkei.operation.bundle import write

    try:
        return write(goal, made.main, signs, log)
    except OSError as problem:
        message = _("{path} cannot be used: {why}.")
        where = problem.filename or goal
        text = message.format(path=where, why=problem.strerror)
        raise UsageError(text, code="bundle", where=str(goal)) from None


def _document(signs: Sequence[Sign], bundle: Path | None, written: Sequence[str]) -> Document:
    from renkei.operation.signs import needing

    found = [_sign_parts(each) for each in signs]
    more = {} if bundle is None else {"bundle": str(bundle), "files": list(written)}
    return document(ok=not needing(signs), signs=found, **more)


def _sign_parts(sign: Sign) -> Document:
    return {
        "subject": sign.subject,
        "level": sign.level,
        "code": sign.code,
        "company": sign.company or None,
        "message": sign.message,
        "figures": dict(sign.figures),
    }


def _show(app: App, signs: Sequence[Sign], bundle: Path | None, written: Sequence[str]) -> None:
    from renkei.operation.signs import needing, subject_text

    marks = {"ok": _("ok"), "note": _("note"), "warning": _("warning"), "problem": _("PROBLEM")}
    helps = {
        "no_worker": ("worker",),
        "store_restored": ("store", "restored"),
        "not_compared": ("doctor", "--systems"),
    }
    for subject, those in groupby(signs, lambda each: each.subject):
        say(subject_text(subject))
        for (code, level), alike in groupby(those, lambda each: (each.code, each.level)):
            found = list(alike)
            for each in found[:SHOWN]:
                company = f"{each.company}: " if each.company else ""
                message = each.message.replace("\n", "\n    ")
                say(f"  {marks[level]}: {company}{message}")
            if len(found) > SHOWN:
                text = _("… and {count} more; --output json has all.")
                say(f"    {text.format(count=len(found) - SHOWN)}")
            if code in helps:
                say(f"    {app.command(*helps[code])}")
    say()
    bad = len(needing(signs))
    if bad:
        say(_("Needs a look: {count}.").format(count=bad))
    else:
        say(_("Everything is in order."))
    if bundle is not None:
        text = _("{path} is written: {files}. Look at it before you send it.")
        say(text.format(path=bundle, files=_(", ").join(written)))
