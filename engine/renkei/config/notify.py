"""Who is told, and how, when something needs a person: addresses by reference, what they want."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import parse_qsl

from attrs import field, frozen

from renkei.http.address import is_safe, split_url
from renkei.words.i18n import _

Kind = Literal[
    "file",
    "token",
    "halted",
    "failed",
    "limit",
    "values",
    "in_doubt",
    "look_first",
    "joins",
    "left",
    "blocked",
    "missed",
]
"""
What there is to be told of.

The file of a company has mistakes, so no schedule of it runs; a system refuses the token; a run has
stopped; somebody was not written; a choice is over a safety limit; values for new employees are
missing; nobody knows what became of a write; somebody has to be looked at first; somebody joins
within two days, or has joined of late, and is not registered; somebody has left and is still
active; somebody is blocked for three days; a schedule did not run.
"""

Language = Literal["ja", "en"]

_MAIL = ("mailto", "mailtos")
_SECRET_KEYS = re.compile(r"(?i)pass|pwd|token|secret|key|sig|auth")


@frozen(kw_only=True)
class Receiver:
    """
    One address that messages go to, as it is written: a reference, or without any secret.

    With *secret*, a reference, the address is a webhook, and what is sent there is signed. *on*:
    what is told there, everything with None. *done*: also each sync that came to its end; *weekly*:
    also what a week has brought.
    """

    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)
    on: tuple[Kind, ...] | None = None
    done: bool = False
    weekly: bool = False

    def wants(self, kind: str) -> bool:
        """Return whether something of a *kind* is told there."""
        if kind == "done":
            return self.done
        if kind == "weekly":
            return self.weekly
        return self.on is None or kind in self.on


@frozen(kw_only=True)
class Notify:
    """
    Who is told *to*, in which *language*, and with which *names*: the label, or only a code.

    *dashboard* is its address for links; *heartbeat*, a reference, is asked for after each
    scheduled run. *proxy* and *ca_file* are those of the way there, else those of the settings.
    """

    to: tuple[Receiver, ...] = ()
    dashboard: str | None = None
    language: Language | None = None
    names: Literal["label", "code"] | None = None
    heartbeat: str | None = field(default=None, repr=False)
    proxy: str | None = field(default=None, repr=False)
    ca_file: str | None = None


def is_reference(text: str) -> bool:
    """Return whether *text* says where an address or a secret is kept."""
    return text.startswith(("env:", "file:", "cmd:"))


def secret_in(url: str, *, signed: bool) -> bool:
    """
    Tell whether an address may hold a secret: then nobody writes it into the configuration.

    Of mail servers and *signed* webhooks it can be told; all others have theirs in the address.
    """
    parts = split_url(url)
    if parts is None or parts.password is not None:
        return True
    query = parse_qsl(parts.query, keep_blank_values=True)
    if any(_SECRET_KEYS.search(name) for name, _value in query):
        return True
    if parts.scheme in _MAIL:
        return False
    if parts.scheme not in ("http", "https") or not signed:
        return True
    is_random = any(map(_looks_random, parts.path.split("/")))
    return is_random or bool(parts.username or query)


def _looks_random(segment: str) -> bool:
    """Tell whether a part of a path is rather a key than a word."""
    if len(segment) < 16:
        return False
    has_digit, has_letter = re.search(r"\d", segment), re.search(r"[A-Za-z]", segment)
    return bool(has_digit and has_letter)


def address_mistake(url: str, *, signed: bool) -> str | None:
    """Return what is wrong with an address that messages go to; no message repeats it."""
    parts = split_url(url)
    if parts is None or not parts.scheme or re.search(r"\s", url):
        return _("This is not an address that messages can be sent to, such as slack://…")
    if signed and not is_safe(url):
        return _("What is signed goes to an address that begins with https://.")
    if parts.scheme == "http" and not is_safe(url):
        return _("Use https: plain http is accepted only for this computer.")
    return None


def dashboard_mistake(url: str) -> str | None:
    """Return what is wrong with the address of the dashboard."""
    mistake = _("This is not the address of the dashboard, such as https://renkei.example.jp.")
    parts = split_url(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        return mistake
    # Paths of its pages are put behind it: see Names.link of renkei.alerts.words.
    has_more = parts.query or parts.fragment or "@" in parts.netloc
    return mistake if has_more else None


Mistake = tuple[tuple[str | int, ...], str]


def receiver_mistakes(place: tuple[str | int, ...], data: dict[str, object]) -> Iterator[Mistake]:
    """Yield what is wrong with a receiver whose shape is right, but for its references."""
    url = data.get("url")
    if not isinstance(url, str) or not url or is_reference(url):
        return
    if secret_in(url, signed="secret" in data):
        yield (
            (*place, "url"),
            _(
                "This address may hold a secret. Write where it is kept instead: env:VARIABLE or"
                " file:PATH. If a real one stood here, replace it by a new one."
            ),
        )
    elif mistake := address_mistake(url, signed="secret" in data):
        yield (*place, "url"), mistake
