"""Whether those who are told of a company can be reached: by a message for that, or without one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.util import find_spec

from renkei.alerts import words
from renkei.alerts.audience import (
    Audience,
    Post,
    audiences,
    letter_if_any,
    letter_to,
    posted,
    shown,
)
from renkei.alerts.sending import Became, Letter, send
from renkei.alerts.words import Names
from renkei.config.notify import Receiver
from renkei.config.records import Config
from renkei.errors import RenkeiError
from renkei.people import Finding
from renkei.words.i18n import _, speaking
from renkei.words.printable import printable


def try_out(those: Sequence[Audience], company: str = "", post: Post = send) -> list[Became]:
    """Send a test message to every receiver; return what became of each."""
    letters: list[Letter | Became] = []
    for audience in those:
        names = Names(
            company="" if audience.coded else printable(company),
            dashboard=audience.notify.dashboard,
            coded=audience.coded,
        )
        with speaking(audience.language):
            message = words.test_message(names)
        letters += [letter_if_any(audience, each, [message]) for each in audience.to]
    return posted(letters, post)


def findings(config: Config) -> tuple[Finding, ...]:
    """Return of each receiver whether a message could leave; nothing is sent."""
    return findings_of(audiences(config))


def findings_of(those: Iterable[Audience]) -> tuple[Finding, ...]:
    """Return the same of the receivers of *those*."""
    from renkei.alerts.child import installed

    found: list[Finding] = []
    extensions = list(installed())
    for audience in those:
        found += [_finding(audience, receiver, extensions) for receiver in audience.to]
    return tuple(found)


def _finding(audience: Audience, receiver: Receiver, extensions: Sequence[object]) -> Finding:
    """Return whether a message to one receiver could leave."""
    from renkei.alerts.child import notifier_for
    from renkei.alerts.senders import by_apprise

    try:
        letter = letter_to(audience, receiver, ())
    except RenkeiError as error:
        return Finding("warning", f"{shown(receiver)}: {error.message}")
    needs_apprise = notifier_for(letter.address, letter.secret, extensions) is by_apprise
    if needs_apprise and find_spec("apprise") is None:
        text = _("{receiver} needs a part that is missing: pip install 'renkei[notify]'")
        return Finding("warning", text.format(receiver=letter.receiver))
    text = _("{receiver} is told.")
    return Finding("ok", text.format(receiver=letter.receiver))
