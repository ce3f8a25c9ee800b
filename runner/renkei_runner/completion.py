"""renkei completion: the script that completes commands in a shell."""

from __future__ import annotations

import click

from renkei.words.i18n import N_
from renkei_runner.cli import argument, cli, command

SHELLS = ("bash", "zsh", "fish")


@command(
    "completion", help=N_("Print the script that completes commands; source it in your shell.")
)
@argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is not None:
        click.echo(found(cli, {}, "renkei", "_RENKEI_COMPLETE").source())
