"""HTTP/1.1 over asyncio and h11, the transport in our own hands so that faults can break it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Final, TypeAlias

import h11

from renkei_sandbox.journal import Entry
from renkei_sandbox.messages import Answer, Request

App: TypeAlias = Callable[[Request], Awaitable[tuple[Answer, Entry | None]]]

_READ: Final = 65536
_LARGEST_BODY: Final = 64 * 1024 * 1024
_NO_LINGER: Final = struct.pack("ii", 1, 0)


class _BrokenOffError(Exception):
    """The connection is over, on purpose or by the client."""


class Connection:
    """One client's connection, for as many requests as it lives."""

    def __init__(
        self, app: App, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve *app* on an accepted connection."""
        self._app, self._reader, self._writer = app, reader, writer
        self._h11 = h11.Connection(h11.SERVER)

    async def run(self) -> None:
        """Serve until either side has had enough."""
        with contextlib.suppress(_BrokenOffError, ConnectionError, TimeoutError):
            while await self._exchange():
                self._h11.start_next_cycle()
        self._writer.close()

    async def _exchange(self) -> bool:
        """Serve one request; return whether another may follow."""
        try:
            request = await self._request()
        except h11.RemoteProtocolError as error:
            status = error.error_status_hint
            self._writer.write(f"HTTP/1.1 {status} Bad\r\ncontent-length: 0\r\n\r\n".encode())
            return False
        if request is None:
            return False
        answer, entry = await self._app(request)
        if self._reader.at_eof() or self._reader.exception() is not None:
            return False
        await self._deliver(answer, entry)
        return self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE

    async def _request(self) -> Request | None:
        """Read one request; None at the end of the connection."""
        head: h11.Request | None = None
        body = bytearray()
        async for event in self._events():
            if isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > _LARGEST_BODY:
                    raise _BrokenOffError
            elif isinstance(event, h11.EndOfMessage):
                break
        return None if head is None else _parsed(head, bytes(body))

    async def _events(self) -> AsyncIterator[h11.Event]:
        while True:
            event = self._h11.next_event()
            if event is h11.NEED_DATA:
                if self._h11.they_are_waiting_for_100_continue:
                    self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                self._h11.receive_data(await self._reader.read(_READ))
            elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
                return
            else:
                yield event  # type: ignore[misc]

    async def _deliver(self, answer: Answer, entry: Entry | None) -> None:
        delivery = answer.delivery
        plain = isinstance(answer.body, bytes) and delivery.limit is None
        chunks: Iterable[bytes] = _wire(self._h11, answer)
        if plain and not delivery.per_byte_s:
            chunks = (b"".join(chunks),)
        if delivery.limit is not None:
            chunks = _limited(chunks, delivery.limit, whole=delivery.part == "answer")
        for chunk in chunks:
            if chunk and entry is not None:
                entry.status = answer.status
            await self._send(chunk, delivery.per_byte_s)
        if delivery.reset:
            self._reset()
        if delivery.limit is not None or delivery.raw is not None or delivery.framing == "close":
            raise _BrokenOffError

    async def _send(self, data: bytes, per_byte_s: float) -> None:
        if not per_byte_s:
            self._writer.write(data)
            await self._writer.drain()
            return
        for byte in data:
            await asyncio.sleep(per_byte_s)
            if self._writer.transport.is_closing() or self._reader.at_eof():
                raise _BrokenOffError
            self._writer.write(bytes((byte,)))
            await self._writer.drain()

    def _reset(self) -> None:
        """End the connection with RST instead of FIN."""
        plug: socket.socket = self._writer.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._writer.transport.abort()
        raise _BrokenOffError


def _parsed(head: h11.Request, body: bytes) -> Request:
    return Request(
        method=head.method.decode("ascii"),
        target=head.target.decode("latin-1"),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers},
        body=body,
    )


def _wire(conn: h11.Connection, answer: Answer) -> Iterator[bytes]:
    """Yield the bytes of *answer*: first its head, then its body in pieces."""
    if answer.delivery.raw is not None:
        yield answer.delivery.raw
        return
    body = answer.body
    headers = [(name.encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
    reason = _reason(answer.status)
    if answer.delivery.framing == "close":
        lines = [f"HTTP/1.1 {answer.status} {reason}".encode(), b"connection: close"]
        lines += [name + b": " + value for name, value in headers]
        yield b"\r\n".join(lines) + b"\r\n\r\n"
        yield from (body,) if isinstance(body, bytes) else body
        return
    if isinstance(body, bytes):
        if answer.status != HTTPStatus.NO_CONTENT:
            headers.append((b"content-length", str(len(body)).encode()))
        body = (body,) if body else ()
    yield (
        conn.send(h11.Response(status_code=answer.status, headers=headers, reason=reason.encode()))
        or b""
    )
    for chunk in body:
        yield conn.send(h11.Data(data=chunk)) or b""
    yield conn.send(h11.EndOfMessage()) or b""


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _limited(chunks: Iterable[bytes], limit: int, *, whole: bool) -> Iterator[bytes]:
    """Yield no more than *limit* bytes; the head counts only if *whole*."""
    left = limit
    for index, chunk in enumerate(chunks):
        if index == 0 and not whole:
            yield chunk
            continue
        if left <= 0:
            return
        yield chunk[:left]
        left -= len(chunk)


async def serve(app: App, host: str, port: int, ready: Callable[[int], None]) -> None:
    """Serve *app* until cancelled; tell *ready* the port."""
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine always runs in a task
        tasks.add(task)
        try:
            await Connection(app, reader, writer).run()
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(accept, host, port, backlog=1024)
    ready(server.sockets[0].getsockname()[1])
    try:
        await asyncio.Event().wait()
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
