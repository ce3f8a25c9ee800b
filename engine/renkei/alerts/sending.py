"""Letters: each goes out by a process of its own, which is ended when its time is over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

import attrs
from attrs import field, frozen

from renkei.alerts.notifier import Message
from renkei.errors import UsageError
from renkei.http.network import Network
from renkei.logs import log
from renkei.words.i18n import _

WITHIN_S = 15.0
"""However many letters there are, and whatever their receivers do, nobody waits longer."""

NOT_THEIRS = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE",
              "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")  # fmt: skip
"""What of the environment would lead around the configuration."""

Fate = Literal["sent", "refused", "unknown"]
"""``refused``: it has certainly not arrived."""


@frozen(kw_only=True)
class Letter:
    """Messages for one address; *receiver* is how people are told of it: no secret."""

    receiver: str
    address: str = field(repr=False)
    messages: Sequence[Message]
    language: str
    secret: str | None = field(default=None, repr=False)
    network: Network = field(factory=Network)


@frozen(kw_only=True)
class Became:
    """
    What became of the messages of a letter, the worst of it, and why.

    *message* is the sentence of an error, where there is one beside its *code*.
    """

    receiver: str
    fate: Fate
    code: str = ""
    message: str = ""


def send(letters: Sequence[Letter], *, within_s: float = WITHIN_S) -> list[Became]:
    """Send all letters at once; return what became of each. It raises nothing but an interrupt."""
    until = time.monotonic() + within_s  # one for all: they go out side by side
    # No threads: those cannot be ended. docs/decisions/2026-11-29-being-told.md
    processes = [_started(each) for each in letters]
    became: list[Became] = []
    try:
        for letter, process in zip(letters, processes, strict=True):
            left_s = max(0.0, until - time.monotonic())
            became.append(_became(letter, process, left_s))
    finally:
        for process in processes:
            _end(process)
    return became


def tell_of(became: Sequence[Became]) -> None:
    """Note once in the log what has not arrived."""
    failed = Counter(each.code for each in became if each.fate != "sent")
    if failed:
        log.warning("not_told", count=failed.total(), code=sorted(failed))


def nobody_is_told(path: Path) -> UsageError:
    """Return the error of a file that names nobody who is told."""
    message = _("{path} names nobody who is told of anything. Add notify: with an address.")
    return UsageError(message.format(path=path), code="nobody_is_told", where=str(path))


def _started(letter: Letter) -> subprocess.Popen[bytes] | None:
    network = letter.network
    written = {
        "address": letter.address,
        "secret": letter.secret,
        "proxy": network.proxy,
        "ca_file": None if network.ca_file is None else str(network.ca_file),
        "language": letter.language,
        "messages": [attrs.asdict(each) for each in letter.messages],
    }
    try:
        # -P: nothing is imported from the folder that the command happens to be in
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "renkei.alerts.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a group of its own, which can be ended whole
            env=_environment(),
        )
    except OSError:
        return None
    with suppress(OSError):  # it has died already: then it gives no answer, see _became
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        process.stdin.write(json.dumps(written).encode())
        process.stdin.close()
    process.stdin = None  # else waiting for the answer would write to it
    return process


def _environment() -> Mapping[str, str]:
    return {key: text for key, text in os.environ.items() if key.upper() not in NOT_THEIRS}


def _became(letter: Letter, process: subprocess.Popen[bytes] | None, left_s: float) -> Became:
    if process is None:
        return Became(receiver=letter.receiver, fate="refused", code="process")
    try:
        out, _err = process.communicate(timeout=left_s)
        answers = [(str(fate), str(code)) for fate, code in json.loads(out)]
    except subprocess.TimeoutExpired:
        return Became(receiver=letter.receiver, fate="unknown", code="timeout")
    except (ValueError, TypeError, OSError):
        # It died, or its answer is none. It may have sent something before.
        return Became(receiver=letter.receiver, fate="unknown", code="process")
    # In doubt is worse than refused: only what has certainly not arrived is told again.
    for fate in ("unknown", "refused"):
        for found, code in answers:
            if found == fate:
                return Became(receiver=letter.receiver, fate=fate, code=code)
    return Became(receiver=letter.receiver, fate="sent")


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is None:
        return
    if process.poll() is None:
        with suppress(OSError):
            os.killpg(process.pid, 9)  # with whatever it has started
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
