"""renkei check: tell whether the work can be done."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from renkei.errors import RenkeiError
from renkei.words.i18n import N_, _
from renkei_runner.app import App
from renkei_runner.cli import command, option
from renkei_runner.documents import Document, document, error_parts
from renkei_runner.hints import told
from renkei_runner.output import emit, next_steps, say
from renkei_runner.steps import first_pair

if TYPE_CHECKING:
    from renkei.runs import Checked, Runs

SYSTEM = 4


@command(
    "check",
    help=N_("Try the credentials and permissions of every connection, the mappings and the clock."),
)
@option(
    "--accept", is_flag=True,
    help=N_("Confirm that the accounts which the connections open now are the right ones."),
)  # fmt: skip
@click.pass_obj
def check(app: App, *, accept: bool) -> int:
    with app.runs() as runs:
        if accept:
            _accept(runs)
        found = runs.check()
        pair = first_pair(runs)
    app.clear()
    failed = [each for each in found if _is_bad(each)]
    code = _exit_code(failed)
    if app.json:
        emit(_document(found, failed))
    else:
        _show(app, found, code, pair)
    return code


def _accept(runs: Runs) -> None:
    """Confirm whose accounts there are; the check itself tells what is in the way of asking."""
    for name in runs.config.connections:
        with suppress(RenkeiError):
            runs.accept_account(name)


def _is_bad(checked: Checked) -> bool:
    return any(finding.level == "problem" for finding in checked.findings)


def _exit_code(failed: Sequence[Checked]) -> int:
    """A system that refuses weighs more than a setting or a mapping that has to be corrected."""
    if not failed:
        return 0
    codes = [_code_of(each) for each in failed]
    return SYSTEM if SYSTEM in codes else codes[0]


def _code_of(failed: Checked) -> int:
    # Without an error the system did answer, and what it told is the problem.
    return failed.error.exit_code if failed.error else SYSTEM


def _document(found: Sequence[Checked], failed: Sequence[Checked]) -> Document:
    result = document(ok=not failed, checks=list(map(_parts, found)))
    if failed:
        first = failed[0]
        problems = [each.message for each in first.findings if each.level == "problem"]
        result["error"] = error_parts("check", problems[0], first.subject)
    return result


def _parts(each: Checked) -> Document:
    findings = [{"level": one.level, "message": one.message} for one in each.findings]
    return {"subject": each.subject, "findings": findings}


def _show(app: App, found: Sequence[Checked], code: int, pair: tuple[str, str]) -> None:
    marks = {"ok": _("ok"), "note": _("note"), "warning": _("warning"), "problem": _("PROBLEM")}
    for each in found:
        say(each.subject)
        for finding in each.findings:
            say(f"  {marks[finding.level]}: {finding.message}")
        if each.error and each.error.hint:
            say(f"    {told(each.error.hint)}")
    say()
    if code:
        text = _("Correct the problems, then try again: {command}")
        say(text.format(command=app.command("check")))
        return
    say(_("The work can be done."))
    next_steps((app.command("fetch", *pair), _("compare; writes to no system")))
