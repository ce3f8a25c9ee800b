import gzip
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from renkei.errors import AnswerError, InDoubtError, ListChangedError, UnavailableError
from renkei.http.connection import Connection
from renkei.http.network import Network
from renkei.http.request import Timeouts
from renkei.http.retry import RetryBudget
from renkei.http.secret import Secret
from renkei.http.session import Session
from renkei.http.wire import Wire

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class Server:
    """Answers each connection on loopback with *script*, which writes to the socket as it likes."""

    def __init__(self, script: Callable[[socket.socket, int], None]) -> None:
        self.requests: list[bytes] = []
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        self._listener.settimeout(0.05)
        while not self._stopped.is_set():
            try:
                peer, _address = self._listener.accept()
            except TimeoutError:
                continue
            with peer:
                peer.settimeout(5)
                try:
                    self.requests.append(self._read(peer))
                    self._script(peer, len(self.requests))
                except OSError:
                    continue

    @staticmethod
    def _read(peer: socket.socket) -> bytes:
        received = b""
        while b"\r\n\r\n" not in received:
            received += peer.recv(65536)
        return received

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._listener.close()


@contextmanager
def serving(
    script: Callable[[socket.socket, int], None], timeouts: Timeouts, budget_s: float = 0
) -> Iterator[tuple[Session, Server]]:
    server = Server(script)
    connection = Connection(
        name="hr",
        connector="x",
        base_url=f"http://127.0.0.1:{server.port}",
        token=Secret("t"),
        read_only=False,
        timeouts=timeouts,
        budget=RetryBudget(budget_s),
    )
    try:
        with connection:
            yield connection.session(headers={}, classify=lambda _failure: None), server
    finally:
        server.stop()


QUICK = Timeouts(connect_s=1, read_s=0.4, call_s=0.6, list_s=0.9)


def drip(peer: socket.socket, data: bytes, gap_s: float = 0.05) -> None:
    for byte in data:
        peer.sendall(bytes([byte]))
        time.sleep(gap_s)


def slow_headers(peer: socket.socket, _count: int) -> None:
    drip(peer, OK + b"X: " + b"x" * 200)


def slow_body(peer: socket.socket, _count: int) -> None:
    peer.sendall(OK + b"Content-Length: 500\r\n\r\n")
    drip(peer, b"[" + b" " * 499)


@pytest.mark.fault("F10")
@pytest.mark.security(13)
@pytest.mark.parametrize("script", [slow_headers, slow_body])
def test_one_byte_now_and_then_meets_the_deadline(
    script: Callable[[socket.socket, int], None],
) -> None:
    """A whole call has a deadline, in the headers and in the body, whatever arrives meanwhile."""
    with serving(script, QUICK) as (session, _server):
        started = time.monotonic()
        with pytest.raises(UnavailableError) as caught:
            session.get("x")
        assert caught.value.code == "timeout"
        assert time.monotonic() - started < 0.9


@pytest.mark.fault("F10")
def test_a_list_has_a_deadline_of_its_own() -> None:
    """A list may take longer than a call, but not for ever."""
    with serving(slow_body, QUICK) as (session, _server):
        started = time.monotonic()
        with pytest.raises(UnavailableError):
            list(session.stream("x"))
        assert 0.7 < time.monotonic() - started < 1.3


@pytest.mark.fault("F76")
def test_silence_meets_the_read_timeout() -> None:
    """Nothing at all is given up before the deadline."""
    with serving(lambda _peer, _count: time.sleep(4), QUICK) as (session, _server):
        started = time.monotonic()
        with pytest.raises(UnavailableError):
            session.get("x")
        assert time.monotonic() - started < 3


def cut(peer: socket.socket, _count: int) -> None:
    peer.sendall(OK + b'Content-Length: 99\r\n\r\n[{"id": "1"}, {"id": "2"}')


def cut_chunk(peer: socket.socket, _count: int) -> None:
    body = b'[{"id": "1"}, '
    peer.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(body), body))


def cut_at_close(peer: socket.socket, _count: int) -> None:
    peer.sendall(OK + b'Connection: close\r\n\r\n[{"id": "1"}, {"id": "2"}')


@pytest.mark.fault("F08")
@pytest.mark.parametrize("script", [cut, cut_chunk, cut_at_close])
def test_a_cut_list_raises(script: Callable[[socket.socket, int], None]) -> None:
    """However the cut shows on the wire, a part is never taken for the whole."""
    with serving(script, QUICK) as (session, _server):
        seen: list[object] = []
        with pytest.raises(ListChangedError):
            seen.extend(session.stream("x"))  # keeps what came before the cut
        assert seen[0] == {"id": "1"}


@pytest.mark.fault("F08")
@pytest.mark.parametrize("script", [cut, cut_chunk, cut_at_close])
def test_a_cut_document_is_read_again(script: Callable[[socket.socket, int], None]) -> None:
    """A read that is cut off is repeated and succeeds."""

    def first_cut(peer: socket.socket, count: int) -> None:
        if count == 1:
            script(peer, count)
        else:
            peer.sendall(OK + b"Content-Length: 1\r\n\r\n7")

    with serving(first_cut, QUICK, budget_s=5) as (session, server):
        assert session.get("x").body == 7
        assert len(server.requests) == 2


@pytest.mark.parametrize("length", [0, 10, 40, 70])
def test_a_create_whose_answer_breaks_off_is_in_doubt(length: int) -> None:
    """Wherever the answer breaks off, one request was sent and its fate is unknown."""
    whole = b'HTTP/1.1 201 Created\r\nContent-Length: 30\r\n\r\n{"id": "1", "emp_code": "0417"}'

    def broken(peer: socket.socket, _count: int) -> None:
        peer.sendall(whole[:length])

    with serving(broken, QUICK, budget_s=5) as (session, server):
        with pytest.raises(InDoubtError):
            session.send("POST", "crews", body={}, idempotent=False)
        assert len(server.requests) == 1


@pytest.mark.fault("F11")
@pytest.mark.security(13)
def test_an_answer_that_unpacks_into_a_huge_one_takes_no_memory() -> None:
    """A list is unpacked a little at a time, however much comes out of a few bytes."""
    blanks = gzip.compress(b"[" + b" " * 60_000_000 + b"]")

    def answer(peer: socket.socket, _count: int) -> None:
        head = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(blanks)
        peer.sendall(OK + head + blanks)

    with serving(answer, Timeouts()) as (session, _server):
        list(session.stream("warm", query={}))  # the library's import is not what is measured
        tracemalloc.start()
        try:
            assert list(session.stream("x")) == []
            assert tracemalloc.get_traced_memory()[1] < 10_000_000
        finally:
            tracemalloc.stop()


def test_an_answer_packed_twice_is_refused() -> None:
    """A packing inside a packing is how a few bytes become a hundred megabytes."""

    def answer(peer: socket.socket, _count: int) -> None:
        body = gzip.compress(gzip.compress(b"[]"))
        head = b"Content-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
        peer.sendall(OK + head + body)

    with serving(answer, QUICK) as (session, _server), pytest.raises(AnswerError):
        list(session.stream("x"))


def test_retries_end_within_the_budget_of_real_time() -> None:
    """A system that answers nothing is given up when the budget is spent, not a timeout later."""
    patient = Timeouts(connect_s=1, read_s=0.3, call_s=5)
    with serving(lambda _peer, _count: time.sleep(0.35), patient, budget_s=1) as (session, _server):
        started = time.monotonic()
        with pytest.raises(UnavailableError):
            session.get("x")
        assert time.monotonic() - started < 0.3 + 1 + 0.3


def test_nobody_listening_is_unreachable() -> None:
    """A refused connection did nothing for certain."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Connection(
        name="hr",
        connector="x",
        base_url=f"http://127.0.0.1:{port}",
        token=Secret("t"),
        read_only=False,
        budget=RetryBudget(0),
    ) as connection:
        session = connection.session(headers={}, classify=lambda _failure: None)
        with pytest.raises(UnavailableError) as caught:
            session.send("POST", "crews", body={}, idempotent=False)
    assert caught.value.nothing_done


@pytest.mark.security(11)
def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the environment sends requests elsewhere."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    def answer(peer: socket.socket, _count: int) -> None:
        peer.sendall(OK + b"Content-Length: 1\r\n\r\n7")

    with serving(answer, QUICK) as (session, _server):
        assert session.get("x").body == 7


def test_certificates_are_always_checked() -> None:
    """There is no way to turn the check off."""
    from renkei.clock import Clock

    wire = Wire("hr", clock=Clock(), timeouts=Timeouts(), network=Network())
    context = wire._client._transport._pool._ssl_context  # type: ignore[attr-defined]
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    wire.close()
