"""The server of the dashboard: uvicorn on one address, and the link of the first log-in."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from types import FrameType, TracebackType

import uvicorn
from attrs import define, field

from renkei.config import load_main
from renkei.errors import UsageError
from renkei.schedule.job import Claim
from renkei.words.i18n import _
from renkei_web.app import make_app
from renkei_web.line import Line
from renkei_web.moving import opened
from renkei_web.office import Office
from renkei_web.processes import Launch, Work
from renkei_web.sso import SignOn

ADMINISTRATOR = "admin"
"""The name of the first one, who may add others."""


Signals = Callable[[Callable[[int, FrameType | None], object]], AbstractContextManager[None]]
"""Lets a handler take the signals that end the command, inside a block."""


def no_signals(_handler: object) -> AbstractContextManager[None]:
    """Take no signals: those of a thread are not its own."""
    return nullcontext()


class Listening(uvicorn.Server):
    """A server that every signal ends in order: the command has done what it was meant to do."""

    def __init__(self, config: uvicorn.Config, signals: Signals) -> None:
        super().__init__(config)
        self._signals = signals

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let those signals end it that the command takes."""
        with self._signals(self.handle_exit):
            yield


@define(kw_only=True)
class Server:
    """
    A dashboard that listens from ``with`` on and answers in :meth:`serve`.

    What people begin is started by *launch*, or with a *queue* put in line for the workers of a
    cluster; see :class:`Office`.
    """

    config: Path
    launch: Launch
    listen: str = "127.0.0.1"
    port: int = 0
    hosts: Sequence[str] = ()
    tls: tuple[Path, Path] | None = None
    behind_proxy: bool = False
    sign_on: SignOn | None = None
    queue: Callable[[Claim, str], object] | None = None
    signals: Signals = no_signals
    _socket: socket.socket | None = field(init=False, default=None)
    _office: Office | None = field(init=False, default=None)
    _server: uvicorn.Server | None = field(init=False, default=None)

    def __enter__(self) -> str:
        """Begin to listen; return the address for a browser."""
        family = socket.AF_INET6 if ":" in self.listen else socket.AF_INET
        self._socket = socket.socket(family)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((self.listen, self.port))
            self._socket.listen()
        except OSError as error:
            self._socket.close()
            message = _("{address}, port {port} cannot be used: {why}. Name another --port.")
            text = message.format(address=self.listen, port=self.port, why=error.strerror)
            raise UsageError(text, code="port") from None
        self._office = self._new_office()
        certificate, key = self.tls or (None, None)
        self._server = Listening(
            uvicorn.Config(
                make_app(self._office, hosts=(self.listen, *self.hosts)),
                log_level="warning",
                log_config=None,  # its own would write past ours, and not in lines of JSON
                access_log=False,
                server_header=False,
                proxy_headers=self.behind_proxy,
                forwarded_allow_ips=["127.0.0.1", "::1"],
                ssl_certfile=certificate,
                ssl_keyfile=key,
                http=Line,
                backlog=64,
                timeout_keep_alive=30,
                lifespan="off",
            ),
            self.signals,
        )
        return self.address(self._socket.getsockname()[1])

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if self._socket is not None:
            self._socket.close()
        return kind is KeyboardInterrupt  # how it is meant to end

    @property
    def secure(self) -> bool:
        """Whether browsers reach it through TLS."""
        return self.tls is not None or self.behind_proxy

    def _new_office(self) -> Office:
        """Open the dashboard's own database, which is where the store is."""
        main = load_main(self.config)
        database = opened(main)
        several = main.folder is not None
        work = Work(self.launch)
        return Office(self.config, database, work, self.secure, self.sign_on, several, self.queue)

    def address(self, port: int) -> str:
        """Return what a browser is given, for a dashboard that listens at *port*."""
        scheme = "https" if self.secure else "http"
        own = f"[{self.listen}]" if ":" in self.listen else self.listen
        if self.behind_proxy and self.hosts:
            return f"{scheme}://{self.hosts[0]}"
        return f"{scheme}://{self.hosts[0] if self.hosts else own}:{port}"

    def first_link(self, address: str) -> str | None:
        """Return a one-time link for the first administrator; None once there is one."""
        note = partial(self.office.note, None, "link_made", user=ADMINISTRATOR)
        secret = self.office.people.invite_first(ADMINISTRATOR, note)
        return f"{address}/welcome/{secret}" if secret else None

    def new_link(self, name: str) -> str:
        """Return a one-time link for somebody who has forgotten the password, without listening."""
        office = self._new_office()
        people = office.people
        user = next((each for each in people.users() if each.name == name), None)
        if user is None:
            message = _("There is nobody of the name {name}.")
            raise UsageError(message.format(name=name), code="user")
        note = partial(office.note, None, "link_made", user=user.name)
        secret = people.reset(user.id, last=True, note=note)
        return f"{self.address(self.port)}/welcome/{secret}"

    @property
    def office(self) -> Office:
        """What all requests share."""
        if self._office is None:
            raise RuntimeError("the server does not listen yet")
        return self._office

    def serve(self) -> None:
        """Answer until somebody stops it."""
        if self._server is None or self._socket is None:
            raise RuntimeError("the server does not listen yet")
        with self._server.capture_signals():  # its own come too late for what it has begun to make
            self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """Let :meth:`serve` return; from another thread."""
        if self._server is not None:
            self._server.should_exit = True
