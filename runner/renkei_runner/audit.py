"""renkei audit: who has done what, as a file, and whether the log is whole."""

from __future__ import annotations

import datetime as dt

import click

from renkei.companies import Companies
from renkei.model import Audited, AuditFault
from renkei.report.log import log_rows
from renkei.words.i18n import N_, _, ngettext
from renkei.words.printable import printable
from renkei_runner.app import App
from renkei_runner.cli import group, option
from renkei_runner.companies import one_or_all
from renkei_runner.documents import document, error_parts, noted_parts
from renkei_runner.output import emit, raw, say
from renkei_runner.parameters import BASE_DATE, HEAD

BROKEN = 5
"""The exit code of a store that cannot be trusted."""


@group("audit", help=N_("Export or verify the log of who has done what."))
def audit() -> None:
    pass


@audit.command("export", help=N_("Print the log as CSV, or with --output json as JSON."))
@option("--from", "first", type=BASE_DATE, metavar="DATE", help=N_("From this day on, in Japan."))
@option("--to", "last", type=BASE_DATE, metavar="DATE", help=N_("Until this day, inclusive."))
@option(
    "--removed", metavar="NAME",
    help=N_("The lines of a company that was called so and is removed; without --company."),
)  # fmt: skip
@click.pass_obj
def export(app: App, first: dt.date | None, last: dt.date | None, removed: str | None) -> None:
    from renkei.report.csv import csv_lines

    facts = {
        "what": "audit.json" if app.json else "audit.csv",
        "since": first and first.isoformat(),
        "until": last and last.isoformat(),
    }
    with one_or_all(app) as door:
        # Before the lines are read: what cannot be noted is not done (F98).
        if isinstance(door, Companies):
            door.note_own("exported", **facts)
            lines = door.log_lines((first, last), removed=removed)
        elif removed is not None:
            raise click.UsageError(_("--removed is for all companies: leave --company out."))
        else:
            door.note("exported", **facts)
            lines = door.log_lines((first, last))
        if app.json:
            emit(
                document(
                    company=removed or app.company, lines=[noted_parts(each) for each in lines]
                )
            )
        else:
            raw(csv_lines(log_rows(lines)))


@audit.command("verify", help=N_("Find lines that were changed, removed or put elsewhere."))
@option(
    "--head", type=HEAD, metavar="LINE:HASH",
    help=N_("A line that this command printed before: a log that was rewritten as a whole shows."),
)  # fmt: skip
@click.pass_obj
def verify(app: App, head: tuple[int, str] | None) -> int:
    with one_or_all(app) as door:
        found = door.check_log(head)
    messages = list(map(_fault_text, found.faults))
    if app.json:
        faults = [{"line": each.line, "kind": each.kind} for each in found.faults]
        more = {"error": error_parts("audit", messages[0], None)} if faults else {}
        emit(document(ok=not faults, lines=found.lines, head=_head(found), faults=faults, **more))
    else:
        for message in messages:
            say(message)
        if not messages:
            text = ngettext(
                "The log is whole: {count} line.", "The log is whole: {count} lines.", found.lines
            )
            say(text.format(count=found.lines))
        say(_("Its last line, to be noted elsewhere: {head}").format(head=_head(found)))
    return BROKEN if found.faults else 0


def _head(found: Audited) -> str:
    return f"{found.lines}:{found.head}"


def _fault_text(fault: AuditFault) -> str:
    texts = {
        "missing": _("Line {line} is missing."),
        "changed": _("Line {line}, or the one before it, is not as it was written."),
        "end": _(
            "The log does not end with the line that was written last, or was added to: {line}."
        ),
        "noted": _("Line {line} is not the one that was noted elsewhere."),
    }
    return printable(texts[fault.kind].format(line=fault.line))
