"""renkei init: write a commented configuration file."""

from __future__ import annotations

from pathlib import Path

import click

from renkei.words.i18n import N_, _
from renkei_runner.app import DEFAULT_CONFIG, App
from renkei_runner.cli import argument, command
from renkei_runner.documents import document
from renkei_runner.output import emit, next_steps, say


@command("init", help=N_("Write a commented renkei.yaml to DIR (default: here)."))
@argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.pass_obj
def init(app: App, folder: Path) -> None:
    from renkei.errors import UsageError
    from renkei.report.csv import write_private
    from renkei_runner.example import example

    path = folder / DEFAULT_CONFIG
    if path.exists() or path.is_symlink():
        message = _("{path} exists already; it is left as it is.").format(path=path)
        raise UsageError(message, code="exists", where=str(path))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        message = _("{path} cannot be written: {why}.").format(path=folder, why=problem.strerror)
        raise UsageError(message, where=str(folder)) from None
    write_private(path, [example()])
    if app.json:
        emit(document(path=str(path)))
        return
    say(_("{path} is written. Enter your addresses and where your tokens are.").format(path=path))
    config = [] if folder == Path() else ["--config", str(path)]
    next_steps((app.command(*config, "check"), _("try the connections")))
