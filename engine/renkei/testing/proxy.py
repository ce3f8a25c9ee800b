"""A proxy that hurts: every answer comes as the true server gave it, or as a script wants it.

The script is asked when the head of a request has arrived, and returns what is to go wrong or None.
Real bytes of real connections are cut, held and delayed, whatever the server behind can do.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from attrs import define, field, frozen

T = TypeVar("T")

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_HOST = re.compile(rb"\r\nhost:[^\r]*", re.IGNORECASE)
_BODILESS = re.compile(rb"HTTP/1[.][01] (?:1\d\d|204|304) ")
_NO_LINGER = struct.pack("ii", 1, 0)
"""With it a close sends RST, and not FIN."""


@frozen
class Request:
    """The head of a request; *nth* counts those of its method, from 0."""

    method: str
    path: str
    nth: int

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return self.method not in ("GET", "HEAD", "OPTIONS")


@frozen
class Cut:
    """The server does its work; the connection ends *after* that many bytes of the answer."""

    after: int
    reset: bool = False


@frozen
class Drop:
    """The connection ends when the head, or all, of the request is there; the server sees none."""

    when: Literal["head", "body"]
    reset: bool = False


@frozen
class Late:
    """The client gets *shown* and the end; the server gets the request with `Proxy.deliver`."""

    shown: bytes
    reset: bool = False


@frozen
class Instead:
    """The server does its work; the client gets what *make* makes of the answer, and the end."""

    make: Callable[[bytes], bytes]


@frozen
class Reply:
    """The client gets *raw*; the server never sees the request."""

    raw: bytes


@frozen
class Drip:
    """The answer comes byte by byte."""

    per_byte_s: float


@frozen
class Hold:
    """The answer stays here until *released*."""

    released: threading.Event


Fault = Cut | Drop | Late | Instead | Reply | Drip | Hold
Script = Callable[[Request], Fault | None]


def refusal(status: int, said: object = None) -> Reply:
    """Return a refusal of *status* that says *said* as JSON, without asking the server."""
    body = json.dumps(said or {}, ensure_ascii=False).encode()
    head = (
        f"HTTP/1.1 {status} Refused\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return Reply(head.encode() + body)


class _Over(Exception):
    """The client's connection is to end, by FIN or by RST."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__()
        self.reset = reset


@define(eq=False)
class Proxy:
    """
    Stands before the *server* at an address, as a context manager; *url* is its address here.

    A connection that is silent for *idle_s* after an answer ends, whatever comes just then.
    """

    server: str
    script: Script = lambda _request: None
    idle_s: float | None = None
    url: str = field(init=False, default="")
    requests: list[Request] = field(init=False, factory=list)
    answers: list[tuple[Request, bytes]] = field(init=False, factory=list)
    """Every answer of the server, whole."""
    _counts: Counter[str] = field(init=False, factory=Counter)
    _owed: list[bytes] = field(init=False, factory=list)
    _clients: set[asyncio.Task[None]] = field(init=False, factory=set)
    _loop: asyncio.AbstractEventLoop = field(init=False)
    _thread: threading.Thread = field(init=False)
    _server: asyncio.Server = field(init=False)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._accept, "127.0.0.1", 0))
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}{urlsplit(self.server).path}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def deliver(self) -> int:
        """Let the server have the requests that are late, and wait for it; return how many."""
        return self._do(self._deliver())

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _stop(self) -> None:
        self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _deliver(self) -> int:
        owed, self._owed = self._owed, []
        for raw in owed:
            await self._ask(raw)
        return len(owed)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._clients.add(task)
        try:
            await self._serve(reader, writer)
        except _Over as end:
            if end.reset:
                plug: socket.socket = writer.get_extra_info("socket")
                plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                writer.transport.abort()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has had enough, or the test has, or nobody serves
        finally:
            if task is not None:
                self._clients.discard(task)
            await _close(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on one request after the other, until something puts an end to it."""
        idle_s = None
        while True:
            try:
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), idle_s)
            except TimeoutError:
                raise _Over from None
            request = self._counted(head)
            fault = self.script(request)
            if not (isinstance(fault, Drop) and fault.when == "head"):
                head += await _body(reader, head)
            await self._exchange(request, head, fault, writer)
            idle_s = self.idle_s

    async def _ask(self, raw: bytes) -> bytes:
        """Send one request to the server and return the whole answer."""
        there = urlsplit(self.server)
        tls = ssl.create_default_context() if there.scheme == "https" else None
        port = there.port or (80 if tls is None else 443)
        reader, writer = await asyncio.open_connection(there.hostname, port, ssl=tls)
        try:
            writer.write(_HOST.sub(b"\r\nHost: " + there.netloc.encode(), raw, count=1))
            head = await reader.readuntil(b"\r\n\r\n")
            body = await _body(reader, head) if _is_framed(head) else await reader.read()
            return head + body
        finally:
            await _close(writer)

    def _counted(self, head: bytes) -> Request:
        method, path, _version = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        request = Request(method, path, self._counts[method])
        self._counts[method] += 1
        self.requests.append(request)
        return request

    async def _exchange(
        self,
        request: Request,
        raw: bytes,
        fault: Fault | None,
        client: asyncio.StreamWriter,
    ) -> None:
        if isinstance(fault, Drop | Late | Reply):
            await self._alone(raw, fault, client)
            return
        answer = await self._ask(raw)
        self.answers.append((request, answer))
        match fault:
            case Cut():
                client.write(answer[: fault.after])
            case Instead():
                client.write(fault.make(answer))
            case Drip():
                for byte in answer:
                    await asyncio.sleep(fault.per_byte_s)
                    client.write(bytes([byte]))
                    await client.drain()
            case _:
                if isinstance(fault, Hold):
                    await asyncio.to_thread(fault.released.wait, 30)
                client.write(answer)
        await client.drain()
        if isinstance(fault, Cut | Instead):
            raise _Over(reset=isinstance(fault, Cut) and fault.reset)
        if not _is_framed(answer):
            raise _Over

    async def _alone(
        self, raw: bytes, fault: Drop | Late | Reply, client: asyncio.StreamWriter
    ) -> None:
        """Answer without the server."""
        if isinstance(fault, Drop):
            raise _Over(reset=fault.reset)
        client.write(fault.raw if isinstance(fault, Reply) else fault.shown)
        await client.drain()
        if isinstance(fault, Late):
            self._owed.append(raw)
            raise _Over(reset=fault.reset)


def _is_framed(answer: bytes) -> bool:
    """Tell whether an answer says where it ends; else the connection has to."""
    head = answer.partition(b"\r\n\r\n")[0]
    return bool(_LENGTH.search(head) or _CHUNKED.search(head) or _BODILESS.match(head))


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    """Return what belongs to a message after its *head*, as it came."""
    if length := _LENGTH.search(head):
        return await reader.readexactly(int(length[1]))
    body = b""
    if _CHUNKED.search(head):
        while not body.endswith(b"\r\n0\r\n\r\n") and body != b"0\r\n\r\n":
            size = await reader.readline()
            body += size + await reader.readexactly(int(size, 16) + 2)
    return body


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
