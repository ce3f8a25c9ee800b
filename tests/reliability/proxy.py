"""A TCP proxy that hurts: every answer comes as the true server gave it, or as a script wants it.

The script is asked when the head of a request has arrived, and returns what is to go wrong or None.
Real bytes of real connections are cut, held and delayed, whatever the server behind can do.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from attrs import define, field, frozen

T = TypeVar("T")

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_NO_LINGER = struct.pack("ii", 1, 0)


@frozen
class Request:
    """The head of a request; *nth* counts those of its method, from 0."""

    method: str
    path: str
    nth: int


@frozen
class Cut:
    """The server does its work; the connection ends *after* so many bytes of the answer."""

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
class Drip:
    """The answer comes byte by byte."""

    per_byte_s: float


@frozen
class Hold:
    """The answer stays here until *released*."""

    released: threading.Event


Fault = Cut | Drop | Late | Instead | Drip | Hold
Script = Callable[[Request], Fault | None]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Over(Exception):
    """The client's connection is to end, by FIN or by RST."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__()
        self.reset = reset


@define(eq=False)
class Proxy:
    """
    Stands before the server on *port* of this computer; a context manager.

    A connection that is silent for *idle_s* after an answer ends, whatever comes just then.
    """

    port: int
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
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
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
            server = await asyncio.open_connection("127.0.0.1", self.port)
            await _answer(server, raw)
            await _close(server[1])
        return len(owed)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        server = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            await self._serve((reader, writer), server)
        except _Over as end:
            if end.reset:
                plug: socket.socket = writer.get_extra_info("socket")
                plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                writer.transport.abort()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has had enough, or the test has
        finally:
            self._clients.discard(task)
            await _close(writer)
            await _close(server[1])

    async def _serve(self, client: Streams, server: Streams) -> None:
        """Pass on one request after the other, until something puts an end to it."""
        idle_s = None
        while True:
            try:
                head = await asyncio.wait_for(client[0].readuntil(b"\r\n\r\n"), idle_s)
            except TimeoutError:
                raise _Over from None
            request = self._counted(head)
            fault = self.script(request)
            if not (isinstance(fault, Drop) and fault.when == "head"):
                head += await _body(client[0], head)
            await self._exchange(request, head, fault, client[1], server)
            idle_s = self.idle_s

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
        server: Streams,
    ) -> None:
        match fault:
            case Drop():
                raise _Over(reset=fault.reset)
            case Late():
                self._owed.append(raw)
                client.write(fault.shown)
                await client.drain()
                raise _Over(reset=fault.reset)
        answer = await _answer(server, raw)
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


async def _answer(server: Streams, raw: bytes) -> bytes:
    """Send one request and return the whole answer."""
    server[1].write(raw)
    head = await server[0].readuntil(b"\r\n\r\n")
    return head + await _body(server[0], head)


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
