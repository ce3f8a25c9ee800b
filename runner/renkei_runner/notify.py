"""renkei notify: whether messages arrive, and what there is to be told of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from renkei.runs import Became, Entry, Runs
from renkei.words.facts import moment_text
from renkei.words.i18n import N_, _
from renkei_runner.app import App
from renkei_runner.cli import group
from renkei_runner.companies import one_or_all
from renkei_runner.documents import Document, document, error_parts, moment
from renkei_runner.output import emit, say

NOT_SENT = 4
"""The exit code if a message did not arrive."""


@group("notify", help=N_("Try who is told, or list what needs a person."))
def notify() -> None:
    pass


@notify.command("test", help=N_("Send a test message to everybody who is told of something."))
@click.pass_obj
def test(app: App) -> int:
    with one_or_all(app) as door:
        became = door.try_receivers()
    failed = [each for each in became if each.fate != "sent"]
    if app.json:
        receivers = list(map(_became_parts, became))
        parts = document(ok=not failed, receivers=receivers)
        if failed:
            first = failed[0]
            parts["error"] = error_parts("not_sent", _became_text(first), first.receiver)
        emit(parts)
    else:
        for each in became:
            say(_became_text(each))
    return NOT_SENT if failed else 0


def _became_parts(each: Became) -> Document:
    return {"receiver": each.receiver, "fate": each.fate, "code": each.code}


def _became_text(each: Became) -> str:
    texts = {
        "sent": _("{receiver}: sent. Look whether it has arrived."),
        "refused": _("{receiver}: NOT SENT ({why})."),
        "unknown": _("{receiver}: no answer came, so nobody knows ({why})."),
    }
    why = {
        "apprise": _("a part is missing: pip install 'renkei[notify]'"),
        "address": _("the address cannot be used"),
    }
    told = each.message or why.get(each.code, each.code)
    return texts[each.fate].format(receiver=each.receiver, why=told)


@notify.command("list", help=N_("List what needs a person now, and who was told when."))
@click.pass_obj
def list_(app: App) -> None:
    with one_or_all(app) as door:
        found = door.inbox()
        config = door.config if isinstance(door, Runs) else None
    called = {name: each.label for name, each in config.connections.items()} if config else {}
    if app.json:
        emit(document(needs=list(map(_parts, found))))
        return
    _show(found, called)


def _show(found: Sequence[Entry], called: dict[str, str]) -> None:
    for each in found:
        company = f"{each.company.title}: " if each.company.name else ""
        say(f"{company}{each.text(called)}")
        say(f"    {_(', ').join(_facts(each))}")
    if not found:
        say(_("Nothing needs a person."))


def _facts(each: Entry) -> Iterator[str]:
    if each.state.run:
        yield _("run {run}").format(run=each.state.run)
    if each.alert is not None:
        yield _("since {at}").format(at=moment_text(each.alert.first_seen))
    if each.alert is not None and each.alert.told:
        yield _("told {at}").format(at=moment_text(each.alert.told_at))
    else:
        yield _("nobody was told")


def _parts(each: Entry) -> Document:
    state, alert = each.state, each.alert
    return {
        **({"company": each.company.name} if each.company.name else {}),
        "kind": state.kind,
        "source": state.source or None,
        "target": state.target or None,
        "connection": state.connection or None,
        "schedule": state.schedule or None,
        "run": state.run or None,
        "count": state.count,
        "since": moment(alert.first_seen) if alert else None,
        "told_at": moment(alert.told_at) if alert and alert.told else None,
    }
