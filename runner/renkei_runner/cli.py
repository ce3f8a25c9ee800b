"""The table of commands, and how a command is declared; its module is imported when called."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from renkei.words.i18n import LANGUAGES, N_, _
from renkei_runner import language
from renkei_runner.app import App
from renkei_runner.encoding import fitting

COMMANDS = {
    "init": ("renkei_runner.init:init", N_("Write a commented configuration file.")),
    "check": ("renkei_runner.check:check", N_("Try connections, mappings and the clock.")),
    "doctor": ("renkei_runner.doctor:doctor", N_("Tell whether the installation is in order.")),
    "fetch": ("renkei_runner.fetch:fetch", N_("Fetch and compare; writes to no system.")),
    "plan": ("renkei_runner.plan:plan", N_("Show what a run would change.")),
    "sync": ("renkei_runner.sync:sync", N_("Write the chosen employees to the target.")),
    "resume": ("renkei_runner.sync:resume", N_("Continue a run that is paused or in doubt.")),
    "cancel": ("renkei_runner.sync:cancel", N_("Give up a run, or stop one that is syncing.")),
    "run": ("renkei_runner.run:run", N_("Fetch and sync in one, for schedules.")),
    "schedule": ("renkei_runner.schedule:schedule", N_("List schedules; run or pause one.")),
    "worker": ("renkei_runner.worker:worker", N_("Keep all schedules, until it is stopped.")),
    "reports": ("renkei_runner.reports:reports", N_("List the latest runs; purge old values.")),
    "report": ("renkei_runner.reports:report", N_("Show what became of each employee.")),
    "companies": ("renkei_runner.companies:companies", N_("List all companies.")),
    "company": ("renkei_runner.companies:company", N_("Add, pause or remove a company.")),
    "store": ("renkei_runner.store:store", N_("Move the report store, or say it was restored.")),
    "audit": ("renkei_runner.audit:audit", N_("Export or verify the audit log.")),
    "notify": ("renkei_runner.notify:notify", N_("Try who is told; list what needs a person.")),
    "releases": ("renkei_runner.releases:releases", N_("List what people have released.")),
    "choices": ("renkei_runner.choices:choices", N_("Show the fields a new employee needs.")),
    "refresh": ("renkei_runner.refresh:refresh", N_("Read the fields of an account.")),
    "mapping": ("renkei_runner.mapping:mapping", N_("Check or explain mappings.")),
    "connectors": ("renkei_runner.connectors:connectors", N_("List the installed connectors.")),
    "connector": ("renkei_runner.connector:connector", N_("Make or prove a connector.")),
    "web": ("renkei_runner.web:web", N_("Open the dashboard for a browser.")),
    "users": ("renkei_runner.web:users", N_("List who may use the dashboard, with rights.")),
    "sandbox": ("renkei_sandbox.command:sandbox", N_("Run both systems on this computer.")),
    "demo": ("renkei_runner.demo:demo", N_("See renkei at work, with invented people.")),
    "completion": ("renkei_runner.completion:completion", N_("Complete commands in a shell.")),
}

F = TypeVar("F", bound=Callable[..., Any])


class _Translated:
    """Has a help text that is kept as the msgid and read in the language of the context."""

    _msgid: str | None = None

    def _text(self) -> str | None:
        return _(self._msgid) if self._msgid else None

    def _remember(self, text: str | None) -> None:
        self._msgid = text

    help = property(_text, _remember)


class _Explained(_Translated, click.Command):
    """Has a page of help in characters that the output has."""

    def get_help(self, ctx: click.Context) -> str:
        return fitting(super().get_help(ctx), sys.stdout)


class Option(_Translated, click.Option):
    """An option whose help is translated when it is shown."""


class Command(_Explained):
    """A command that also takes the options that work everywhere."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as click takes them
        super().__init__(*args, **kwargs)
        self.params += everywhere(hidden=True)


class Group(_Explained, click.Group):
    """A group of commands that also takes the options that work everywhere."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as click takes them
        super().__init__(*args, **kwargs)
        self.params += everywhere(hidden=True)


class Table(_Explained, click.Group):
    """The commands of the table, none of them imported before it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name][0].split(":")
        try:
            found = getattr(import_module(module), name)
        except ModuleNotFoundError as error:
            # A library that the command itself lacks is another error.
            if error.name is None or not module.startswith(error.name):
                raise
            message = _("{command} is not part of this installation.").format(command=cmd_name)
            raise click.UsageError(message) from None
        return _everywhere(found)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, _(text)) for name, (_where, text) in COMMANDS.items()])


def everywhere(*, hidden: bool = False) -> list[click.Parameter]:
    """Return the options that are accepted before and after the name of a command."""
    shared: dict[str, Any] = {"hidden": hidden, "expose_value": False, "callback": _remember}
    return [
        Option(
            ["--config"], type=click.Path(path_type=Path), metavar="FILE", **shared,
            help=N_("The configuration; else RENKEI_CONFIG, else ./renkei.yaml."),
        ),
        Option(
            ["--company", "given_company"], metavar="NAME", **shared,
            help=N_("Which of several companies it is about; else RENKEI_COMPANY."),
        ),
        Option(
            ["--lang"], type=click.Choice(LANGUAGES), **shared,
            help=N_("The language to speak."),
        ),
        Option(
            ["--output"], type=click.Choice(["text", "json"]), **shared,
            help=N_("For people, or one JSON document for programs."),
        ),
        Option(
            ["--as", "given_name"], metavar="NAME", **shared,
            help=N_("Who does it, for the report; else RENKEI_WHO. The login is recorded anyway."),
        ),
        Option(
            ["--debug"], is_flag=True, default=None, **shared,
            help=N_("Tell more on standard error, but no values."),
        ),
        Option(
            ["--trace"], type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", **shared,
            envvar="RENKEI_TRACE",
            help=N_("Add a line to FILE for each request; it holds no body and no token."),
        ),
    ]  # fmt: skip


def command(name: str, *, help: str) -> Callable[[Callable[..., Any]], Command]:  # noqa: A002
    """Declare a command; its function returns its exit code, or None for 0."""
    return click.command(name, cls=Command, help=help)


def group(name: str, *, help: str) -> Callable[[Callable[..., Any]], Group]:  # noqa: A002
    """Declare a group of commands that can also be called by its own name."""
    return click.group(name, cls=Group, help=help, invoke_without_command=True)


def option(*names: str, **settings: Any) -> Callable[[F], F]:  # noqa: ANN401 - as click takes them
    """Declare an option; its help is a msgid."""
    return click.option(*names, cls=Option, **settings)


def argument(name: str, **settings: Any) -> Callable[[F], F]:  # noqa: ANN401 - as click takes them
    """Declare an argument."""
    return click.argument(name, **settings)


def _everywhere(found: click.Command) -> click.Command:
    """Give a command that is declared elsewhere (sandbox) the options that work everywhere."""
    names = {param.name for param in found.params}
    found.params += [param for param in everywhere(hidden=True) if param.name not in names]
    return found


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:  # noqa: ANN401
    app = ctx.find_object(App)
    # An option given before the command is not undone by its absence after it.
    if value is None or app is None:
        return
    match param.name:
        case "config":
            app.config_path = value
        case "given_company":
            app.given_company = value
        case "output":
            app.json = value == "json"
        case "given_name":
            app.given_name = value
        case "debug":
            app.debug = value
        case "lang":
            language.speak(value)
        case "trace":
            _trace(ctx, value)


def _trace(ctx: click.Context, path: Path) -> None:
    """Add a line for each request to *path* until the command is over."""
    from renkei.errors import UsageError
    from renkei.http.trace import traced

    try:
        ctx.with_resource(traced(path))
    except OSError as problem:
        message = _("{path} cannot be written: {why}.").format(path=path, why=problem.strerror)
        raise UsageError(message, where=str(path)) from None


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        from importlib.metadata import version

        click.echo(f"renkei {version('renkei')}")
        ctx.exit()


def _table(names: Sequence[click.Parameter]) -> Table:
    version = Option(
        ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version,
        help=N_("Show the version and exit."),
    )  # fmt: skip
    return Table(
        "renkei",
        params=[*names, version],
        help=N_("Keep the employees of two systems in step: fetch, look, choose, sync."),
    )


cli = _table(everywhere())
