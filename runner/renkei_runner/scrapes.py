"""The figures of `renkei worker --metrics`: a small server for this computer alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from renkei.config import load_main
from renkei.errors import UsageError
from renkei.http.address import is_loopback
from renkei.operation.metrics import Answer, Scrapes, token_of
from renkei.words.i18n import _


@contextmanager
def scraped(path: Path, address: str) -> Iterator[int]:
    """
    Answer monitors at *address*, HOST:PORT of this computer, while the block runs; give the port.

    Raises UsageError if nobody can listen there, ConfigurationError unless *path* has metrics.
    """
    token_of(load_main(path))
    place = _place_in(address)
    try:
        server = ThreadingHTTPServer(place, _handler_of(Scrapes(path)))
    except OSError as error:
        message = _("{address} cannot be used: {why}. Name another port.")
        text = message.format(address=address, why=error.strerror)
        raise UsageError(text, code="metrics") from None
    with server:
        threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def _place_in(address: str) -> tuple[str, int]:
    """Return host and port of an *address*; UsageError unless it is one of this computer."""
    host, _colon, port = address.rpartition(":")
    # docs/decisions/2026-11-29-being-operated.md
    is_port = port.isdecimal() and len(port) <= 5 and int(port) <= 65535
    if not is_loopback(host) or not is_port:
        message = _("{address} is no port of this computer, such as 127.0.0.1:9780.")
        raise UsageError(message.format(address=address), code="metrics")
    return host, int(port)


def _handler_of(scrapes: Scrapes) -> type[BaseHTTPRequestHandler]:
    """Return what answers one request."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            answer = Answer(404, b"none\n")
            if self.path == "/metrics":
                answer = scrapes.answer(self.headers.get("authorization"))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.text)))
            self.end_headers()
            self.wfile.write(answer.text)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is there
            """Say nothing: the log is about schedules."""

    return Handler
