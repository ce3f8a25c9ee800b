"""The command that serves the sandbox until it is interrupted."""

from __future__ import annotations

import json
import signal
import threading
from typing import Final

import click

from renkei_sandbox.box import Sandbox
from renkei_sandbox.control import set_switches

_STOPPED_BY: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command(name="sandbox")
@click.option("--people", default=300, show_default=True, help="How many people to invent.")
@click.option(
    "--companies",
    default=0,
    metavar="N",
    help="So many companies, each with its own tokens and so many people; 0: one, without a name.",
)
@click.option("--seed", default=1, show_default=True, help="The same seed, the same people.")
@click.option("--port", default=8700, show_default=True, help="The port; 0 takes a free one.")
@click.option("--now", metavar="INSTANT", help="What time it is, such as 2026-11-20T12:00+09:00.")
@click.option(
    "--set",
    "settings",
    metavar="SYSTEM.SWITCH=VALUE",
    multiple=True,
    help="Set a switch, such as touchontime.closed_hours=false; VALUE is JSON.",
)
def sandbox(
    *,
    people: int,
    companies: int,
    seed: int,
    port: int,
    now: str | None,
    settings: tuple[str, ...],
) -> None:
    """Serve SmartHR and Touch On Time on this machine, with invented people."""
    try:
        box = Sandbox(people=people, seed=seed, now=now, port=port, companies=companies)
        for setting in settings:
            _set(box, setting)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    stop = threading.Event()
    for number in _STOPPED_BY:
        if signal.getsignal(number) is signal.SIG_IGN:  # as whoever started it wants it
            continue
        signal.signal(number, lambda *_: stop.set())
    try:
        box.start()
    except OSError as error:
        message = f"port {port} cannot be used: {error.strerror}"
        raise click.ClickException(message) from None
    click.echo(_welcome(box))
    try:
        while not stop.wait(1.0):
            pass
    finally:
        box.stop()


def _set(box: Sandbox, setting: str) -> None:
    address, _, text = setting.partition("=")
    name, _, switch = address.partition(".")
    if name not in box.systems or not switch or not text:
        message = f"not of the form SYSTEM.SWITCH=VALUE: {setting}"
        raise ValueError(message)
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    set_switches(box.systems[name].switches, {switch: value})


def _welcome(box: Sandbox) -> str:
    names = box.tenants.names
    lines = [
        f"  {system.name:12} {system.base_url}  token: {system.first_token((names or [''])[0])}"
        for system in box.systems.values()
    ]
    if names:
        lines.append(f"  and so on, up to {names[-1]}")
    return "\n".join([f"Sandbox ready at {box.url}", *lines, "Stop with Ctrl-C."])
