"""
What sends a message to an address, and how an extension adds more of them.

A notifier is called in a process of its own, which is ended if it takes too long. It raises
:class:`NotSentError` for what certainly has not arrived; whatever else it raises leaves that open.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

import pluggy
from attrs import field, frozen

from renkei.clock import Clock
from renkei.errors import UnavailableError
from renkei.http.network import Network

PROJECT = "renkei.notifiers"
"""The group of entry points; each names a module, or an object, with the hook."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

CALL_S = 8.0
"""How long one message may take."""


class NotSentError(Exception):
    """A message has certainly not arrived; *code* says why, without any secret."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class InDoubtError(Exception):
    """Nobody knows whether a message has arrived."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@frozen(kw_only=True)
class Message:
    """
    One message: a *title*, a *text* of a few lines, where to look (*link*), and facts for programs.

    Its *id* is the same wherever it is sent. It holds nothing of an employee.
    """

    id: str
    title: str
    text: str
    link: str | None = None
    facts: Mapping[str, object] = field(factory=dict)


@frozen(kw_only=True)
class Way:
    """The way out, and how much time there is."""

    network: Network = field(factory=Network)
    timeout_s: float = CALL_S

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """
        Send *body*; certificates are checked, redirects are not followed, the proxy is used.

        Raises NotSentError, or InDoubtError if no answer came.
        """
        self._send("POST", url, body, headers)

    def get(self, url: str) -> None:
        """Ask for *url*; raises as :meth:`post`."""
        self._send("GET", url)

    def _send(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        # Imported by who sends: who only words a message needs none of it.
        from renkei.http.request import Request, Timeouts
        from renkei.http.wire import Wire

        request = Request(method=method, url=url, body=body, headers=headers)
        timeouts = Timeouts(connect_s=5.0, read_s=self.timeout_s, call_s=self.timeout_s)
        network = self.network.towards(request.url)
        wire = Wire("notify", clock=Clock(), timeouts=timeouts, network=network)
        try:
            with closing(wire), closing(wire.open(request, within_s=self.timeout_s)) as reply:
                status = reply.status
        except UnavailableError as fault:
            failed = NotSentError if fault.nothing_done else InDoubtError
            raise failed(fault.code) from None
        if status >= 300:
            raise NotSentError(f"HTTP {status}")


Notifier = Callable[[Message, str, Way], None]
"""Sends a message to an address, whose scheme is one of its own."""


class NotifierSpec:
    """What an extension implements."""

    @hookspec
    def notifiers(self) -> Mapping[str, Notifier]:
        """
        Return what sends, by the scheme of the addresses that it takes; since renkei 0.2.

        The address is as it is kept, with its secrets. Schemes that renkei has itself stay its own.
        """
        raise NotImplementedError  # a spec is never called; this keeps the type checker honest


def as_json(parts: Mapping[str, object]) -> bytes:
    """Return a body of JSON in UTF-8."""
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()


def authorities(network: Network, folder: Path) -> Path | None:
    """Return a file in *folder* with the public authorities and our own; None: the public ones."""
    if network.ca_file is None:
        return None
    import certifi

    whole = folder / "authorities.pem"
    public = Path(certifi.where()).read_bytes()
    whole.write_bytes(public + b"\n" + network.ca_file.read_bytes())
    return whole
