"""Connections that keep the dashboard waiting, on real sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from tests.web.test_guard import said, served

from renkei_web import line
from renkei_web.people import People

PATIENCE_S = 0.6
ASK = b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
LAST = ASK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


@pytest.fixture
def port(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A dashboard that waits for less than a second."""
    monkeypatch.setattr(line, "ARRIVES_S", PATIENCE_S)
    with served(folder) as (_server, number):
        yield number


def closed_after(connection: socket.socket, *pieces: bytes) -> float:
    """Send *pieces* one after another; return the seconds until the server closes."""
    began = time.monotonic()
    connection.settimeout(0.1)
    waiting = iter(pieces)
    while time.monotonic() - began < 10 * PATIENCE_S:
        try:
            connection.sendall(next(waiting, b""))
            if not connection.recv(65536):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - began


def opened(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


@pytest.mark.security(30)
@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"GET /log",),
        tuple(ASK[at : at + 1] for at in range(30)),
        (b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 40\r\n\r\nname=",),
        (ASK, *(ASK[at : at + 1] for at in range(30))),
    ],
    ids=["silent", "half", "byte by byte", "half a form", "the second request"],
)
def test_whoever_keeps_the_server_waiting_is_cut_off(port: int, pieces: tuple[bytes, ...]) -> None:
    """A request has to be whole after a while, however alive its sender looks."""
    with opened(port) as connection:
        took = closed_after(connection, *pieces)
    assert PATIENCE_S * 0.8 <= took < 5 * PATIENCE_S
    assert said(port, LAST).startswith(b"HTTP/1.1 200")


def test_an_open_connection_may_rest_between_requests(port: int) -> None:
    """A browser that keeps its connection is not cut off for having nothing to ask."""
    with opened(port) as connection:
        for _ in range(2):
            connection.sendall(ASK)
            answer = b""
            while not answer.rstrip().endswith(b"</html>"):
                answer += connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200")
            time.sleep(2 * PATIENCE_S)
        connection.sendall(LAST)
        assert connection.recv(65536)


HALVES = {
    "silent": b"",
    "half": b"GET /log",
    "half a form": b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 40\r\n\r\nname=",
    "resting": ASK,
}


@pytest.mark.security(30)
@pytest.mark.parametrize("half", HALVES)
def test_many_half_requests_shut_out_nobody(
    folder: Path, monkeypatch: pytest.MonkeyPatch, half: str
) -> None:
    """One client opens far too many connections: others that ask meanwhile are answered at once."""
    monkeypatch.setattr(line, "MOST", 40)
    with served(folder) as (_server, port), ExitStack() as stack:
        for _ in range(150):
            connection = stack.enter_context(opened(port))
            with suppress(OSError):
                connection.sendall(HALVES[half])
        began = time.monotonic()
        for _ in range(5):
            assert said(port, LAST).startswith(b"HTTP/1.1 200")
        assert time.monotonic() - began < 5  # the clock of a half request has 30 seconds


@pytest.mark.security(30)
def test_work_goes_on_while_others_keep_silent(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that is being answered is not given up for connections that say nothing."""
    monkeypatch.setattr(line, "MOST", 20)
    real = People.has_admin

    def slowly(people: People) -> bool:
        time.sleep(1)
        return real(people)

    monkeypatch.setattr(People, "has_admin", slowly)
    with served(folder) as (_server, port), ExitStack() as stack:
        asking = stack.enter_context(opened(port))
        asking.sendall(LAST)
        time.sleep(0.2)
        for _ in range(60):
            stack.enter_context(opened(port))
        assert asking.recv(65536).startswith(b"HTTP/1.1 200")


@pytest.mark.security(30)
def test_connections_are_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are opened, no more than the limit stay open: the newest ones."""
    monkeypatch.setattr(line, "MOST", 20)
    with served(folder) as (_server, port), ExitStack() as stack:
        silent = [stack.enter_context(opened(port)) for _ in range(60)]
        said(port, LAST)
        closed = []
        for index, each in enumerate(silent):
            each.settimeout(0.05)
            with suppress(TimeoutError):
                try:
                    gone = each.recv(1) == b""
                except ConnectionResetError:
                    gone = True
                closed += [index] if gone else []
        assert closed in (list(range(40)), list(range(41)), list(range(42)))


def test_there_is_room_below_the_limit_of_the_system() -> None:
    """Files of the store and lines to the systems have to be opened too."""
    assert 50 < line.most() <= line.MOST
