"""What a page begins, in the words of the command line."""

from __future__ import annotations

import click
import pytest

from renkei.schedule.errand import Deed, Errand
from renkei_runner.deeds import words_of
from renkei_runner.sync import resume, sync


@pytest.mark.parametrize(
    ("deed", "command", "given"),
    [
        ("sync", sync, {"choice_file": "-", "allow_unusual": True, "retry_failed": False}),
        ("retry", sync, {"choice_file": None, "allow_unusual": False, "retry_failed": True}),
        ("resume", resume, {"choice_file": None, "take_over": False}),
    ],
)
def test_a_deed_is_a_command_that_waits(
    deed: Deed, command: click.Command, given: dict[str, object]
) -> None:
    """The command takes the words, about the run, and nobody is asked for more."""
    errand = Errand(deed=deed, run="7", target="rosta", language="en", unusual=deed == "sync")
    name, *words = words_of(errand)
    assert name == command.name
    found = command.make_context(name, list(words)).params
    found["choice_file"] = found.get("choice_file") and str(found["choice_file"])
    assert found.items() >= {"run_id": "7", "wait": True, **given}.items()
