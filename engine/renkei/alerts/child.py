"""
The process that sends: it reads one letter as JSON, and answers what became of each message.

Nothing that a notifier does in here harms a run: its starter goes on without it in time.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pluggy

from renkei.alerts.notifier import (
    PROJECT,
    InDoubtError,
    Message,
    Notifier,
    NotifierSpec,
    NotSentError,
    Way,
)
from renkei.alerts.senders import LINE_WORKS_HOST, Ours, by_apprise, signed
from renkei.http.address import split_url
from renkei.http.network import Network
from renkei.plugins import finding
from renkei.words.i18n import set_language

Answer = tuple[str, str]
"""``sent``, ``refused`` (it has certainly not arrived) or ``unknown``, and why."""


def notifier_for(address: str, secret: str | None, extensions: Sequence[object] = ()) -> Notifier:
    """Return what sends to an *address*: renkei itself, an extension, or the library."""
    if secret is not None:
        return signed(secret)
    parts = split_url(address)
    if parts is None:
        raise NotSentError("address")
    if parts.hostname == LINE_WORKS_HOST:
        return Ours().notifiers()["lineworks"]
    found: dict[str, Notifier] = {}
    for each in (*extensions, Ours()):  # the last one has its way
        found |= _of(each)
    return found.get(parts.scheme, by_apprise)


def _of(extension: object) -> Mapping[str, Notifier]:
    """Return what an extension sends to; nothing of one that fails."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(NotifierSpec)
    found: dict[str, Notifier] = {}
    try:
        manager.register(extension)
        for some in manager.hook.notifiers():
            found |= some
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - code of somebody else, which may even exit
        return {}
    return found


def installed() -> Iterator[object]:
    """Yield the extensions; one that cannot be loaded is as if it were not there."""
    for entry in finding.found(PROJECT):
        try:
            yield entry.load()
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001, S112 - code of somebody else, which may even exit
            continue


def sent(letter: Mapping[str, Any], extensions: Sequence[object] = ()) -> list[Answer]:
    """Send the messages of a *letter* one after the other; return what became of each."""
    ca_file = letter["ca_file"]
    network = Network(proxy=letter["proxy"], ca_file=Path(ca_file) if ca_file else None)
    answers: list[Answer] = []
    for each in letter["messages"]:
        try:
            notifier = notifier_for(letter["address"], letter["secret"], extensions)
            notifier(Message(**each), letter["address"], Way(network=network))
        except NotSentError as error:
            answers.append(("refused", error.code))
        except InDoubtError as error:
            answers.append(("unknown", error.code))
        except Exception as error:  # noqa: BLE001 - code of somebody else; its text may quote secrets
            answers.append(("unknown", type(error).__name__))
        else:
            answers.append(("sent", ""))
    return answers


def main() -> None:
    """Read a letter from standard input, and write the answers to standard output."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever is printed by others is no answer
    letter = json.load(sys.stdin)
    set_language(letter["language"])
    json.dump(sent(letter, list(installed())), out)
    out.close()


if __name__ == "__main__":
    main()
