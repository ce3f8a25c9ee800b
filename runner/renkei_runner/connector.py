"""renkei connector: prove one against the kit, write a new one, list those that are installed."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from renkei.errors import ConfigurationError, UsageError
from renkei.words.i18n import N_, _
from renkei_runner.app import App
from renkei_runner.cli import argument, group, option
from renkei_runner.connectors import connectors, promise_text, sheet_document
from renkei_runner.documents import document
from renkei_runner.output import emit, next_steps, say
from renkei_runner.scaffold import PAGES, STYLES, Pages, Style, written

if TYPE_CHECKING:
    from renkei.plugins.sheet import Sheet

FAILED = 1


@group("connector", help=N_("Make or prove a connector."))
@click.pass_context
def connector(ctx: click.Context) -> None:
    if not ctx.invoked_subcommand:
        raise click.UsageError(_("Missing command."), ctx)


connector.add_command(connectors, "list")


@connector.command(
    "prove",
    help=N_("Run the kit tests of connector NAME in PATH (default: tests); write what is proved."),
)
@argument("name")
@argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path, exists=True))
@option(
    "--sheet",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help=N_("Write the sheet to FILE; else it is kept beside the module of the connector."),
)
@click.pass_obj
def prove(app: App, *, name: str, paths: tuple[Path, ...], file: Path | None) -> int:
    from renkei.plugins import sheet

    kept = file or sheet.place(name)
    found = _proved(name, paths or (Path("tests"),))
    try:
        kept.write_text(sheet.written(found), encoding="utf-8")
    except OSError as problem:
        message = _("{path} cannot be written: {why}.").format(path=kept, why=problem.strerror)
        raise UsageError(message, where=str(kept)) from None
    code = FAILED if found.counts()["failed"] else 0
    if app.json:
        emit(document(connector=name, sheet=str(kept), proved=sheet_document(found)))
        return code
    for result in ("proved", "skipped", "failed"):
        for each in found.promises:
            if each.result == result:
                say(promise_text(each))
    say(
        _("{proved} proved, {skipped} skipped, {failed} failed; kept in {path}.").format(
            **found.counts(), path=kept
        )
    )
    if not code:
        next_steps((app.command("connector", "list"), _("see it beside the fields")))
    return code


@connector.command("new", help=N_("Write the package of a new connector NAME to DIR."))
@argument("name")
@argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@option("--style", type=click.Choice(STYLES), default=STYLES[0],
        help=N_("What kind of system it is."))  # fmt: skip
@option("--pages", type=click.Choice(PAGES), default=PAGES[0],
        help=N_("How the list of the system goes on."))  # fmt: skip
@click.pass_obj
def new(app: App, *, name: str, folder: Path | None, style: Style, pages: Pages) -> None:
    folder = folder or Path(f"renkei-{name.replace('_', '-')}")
    files = written(name, style, pages, folder)
    if app.json:
        emit(document(connector=name, folder=str(folder), files=list(map(str, files))))
        return
    say(_("{count} files are written to {path}. Its tests are green as they are.").format(
        count=len(files), path=folder))  # fmt: skip
    next_steps(
        (shlex.join(["cd", str(folder)]), _("look at README.md, and for TODO")),
        ("python -m pip install -e '.[test]'", _("install it beside renkei")),
        ("python -m pytest", _("what turns red is what it has to learn")),
        (app.command("connector", "prove", name), _("keep what is proved")),
    )


def _proved(name: str, paths: Sequence[Path]) -> Sheet:
    """Run the checks of the kit on connector *name*, in a process of their own."""
    from renkei.plugins.sheet import read

    for library in ("pytest", "hypothesis"):
        if find_spec(library) is None:
            message = _("The kit needs {library}. Install renkei with its extra: renkei[kit].")
            raise ConfigurationError(message.format(library=library), code="kit")
    if missing := [path for path in paths if not path.exists()]:
        message = _("{path} does not exist. Name the folder or file that holds the kit test.")
        raise UsageError(message.format(path=missing[0]), where=str(missing[0]))
    with tempfile.TemporaryDirectory() as folder:
        sheet = Path(folder, "sheet.json")
        words = ["-m", "pytest", "-q", "-m", "", "-p", "renkei.testing.kit"]
        words += ["--renkei-connector", name, "--renkei-sheet", str(sheet)]
        # What pytest says is for people, and no part of the document.
        done = subprocess.run(  # noqa: S603 - pytest, on the author's own tests
            [sys.executable, *words, *map(str, paths)], stdout=sys.stderr, check=False
        )
        found = read(sheet.read_text("utf-8")) if sheet.exists() else None
    if found is None or not found.promises:
        message = _(
            "No check of the kit was run on {name} (pytest: {code}). Derive a class from"
            " renkei.testing.kit.ConnectorTests, and name its file."
        )
        raise UsageError(message.format(name=name, code=done.returncode), code="kit")
    return found
