"""renkei choices: what a new employee needs, and what can be chosen at this moment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from renkei.errors import UsageError
from renkei.people import NewField
from renkei.words.i18n import N_, _, label
from renkei_runner.app import App
from renkei_runner.cli import argument, command, option
from renkei_runner.documents import choices_document
from renkei_runner.output import emit, next_steps, say, table


@command(
    "choices", help=N_("Show the fields CONNECTION needs for a new employee, with their choices.")
)
@argument("connection")
@option(
    "--template", type=click.Path(path_type=Path), metavar="CSV",
    help=N_("Write a file to fill in, for `sync --new-file`."),
)  # fmt: skip
@option("--field", metavar="FIELD", help=N_("Show the codes of this field alone, whichever it is."))
@click.pass_obj
def choices(app: App, connection: str, template: Path | None, field: str | None) -> None:
    if template is not None:
        _refuse_to_replace(template)
    with app.runs() as runs:
        fields = runs.choices(connection, field)
    app.clear()
    if template is not None:
        _write(template, fields)
    if app.json:
        emit(choices_document(connection, fields))
    else:
        _show(app, fields, template, field)


def _refuse_to_replace(path: Path) -> None:
    """A template may have been filled in since: what somebody typed is not thrown away."""
    if path.exists() and path.stat().st_size:
        message = _("{path} exists already. Choose another name or remove it.").format(path=path)
        raise UsageError(message, code="exists", where=str(path))


def _write(path: Path, fields: Sequence[NewField]) -> None:
    from renkei.report.csv import csv_lines, write_private
    from renkei.report.new_values import template

    write_private(path, csv_lines(template(fields)))


def _show(app: App, fields: Sequence[NewField], template: Path | None, field: str | None) -> None:
    for each in fields:
        say(f"{label(each.label)} ({each.name})")
        table((_("code"), _("label")), [(one.code, one.shown) for one in each.choices])
    if not fields:
        say(_("A new employee needs no further fields there."))
        return
    if field is not None:
        return
    example = [f"--new {each.name}={each.choices[0].code}" for each in fields if each.choices]
    command = " ".join([app.command("sync", "RUN"), *example])
    if template is not None:
        say(_("{path} is written. Fill in a row for each new employee.").format(path=template))
        command = app.command("sync", "RUN", "--new-file", str(template))
    next_steps((command, _("use them for the new employees")))
