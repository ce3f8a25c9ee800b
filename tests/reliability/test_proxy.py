from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from tests.pair import NOON

from renkei.testing.proxy import Cut, Drip, Drop, Fault, Hold, Instead, Late, Proxy
from renkei_sandbox import Sandbox


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """Both systems, with nobody in them."""
    with Sandbox(people=0, now=NOON) as box:
        yield box


@pytest.fixture
def proxy(box: Sandbox) -> Iterator[Proxy]:
    """A proxy before the sandbox."""
    with Proxy(box.url) as proxy:
        yield proxy


def _port(url: str) -> int:
    return urlsplit(url).port or 0


def _head(box: Sandbox, path: str = "divisions", method: str = "GET", length: int = 0) -> bytes:
    lines = [
        f"{method} {box.touchontime.prefix}/{path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {box.touchontime.token}",
        f"Content-Length: {length}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _connected(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", _port(proxy.url)), timeout=10)


def _heard(plug: socket.socket) -> bytes:
    """Return what comes until the end of the connection; an end by RST is raised."""
    heard = b""
    while piece := plug.recv(65536):
        heard += piece
    return heard


def _whole(plug: socket.socket) -> bytes:
    answer = http.client.HTTPResponse(plug)
    answer.begin()
    return answer.read()


def test_without_a_script_every_answer_passes_on_one_connection(box: Sandbox, proxy: Proxy) -> None:
    """Answers with a length and streamed ones come whole, and the connection is kept."""
    with _connected(proxy) as plug:
        for path in ("divisions", "employees", "divisions"):
            plug.sendall(_head(box, path))
            assert _whole(plug).startswith(b"[")
    assert [request.nth for request in proxy.requests] == [0, 1, 2]
    assert [entry.status for entry in box.journal] == [200] * 3


@pytest.mark.parametrize("k", [0, 1, 40, 100_000])
def test_an_answer_is_cut_after_byte_k(box: Sandbox, proxy: Proxy, k: int) -> None:
    """Exactly the first k bytes come, then the end; the server has done its work."""
    proxy.script = lambda request: Cut(k) if request.nth == 1 else None
    with _connected(proxy) as plug:
        plug.sendall(_head(box))
        _whole(plug)
        plug.sendall(_head(box))
        heard = _heard(plug)
    assert heard == proxy.answers[1][1][:k]
    assert len(box.journal) == 2


def test_a_reset_is_a_reset(box: Sandbox, proxy: Proxy) -> None:
    """RST instead of FIN."""
    proxy.script = lambda _request: Cut(5, reset=True)
    with _connected(proxy) as plug:
        plug.sendall(_head(box))
        with pytest.raises(ConnectionResetError):
            _heard(plug)
    assert len(box.journal) == 1


def test_a_request_is_dropped_before_the_server_sees_it(box: Sandbox, proxy: Proxy) -> None:
    """After its head, without waiting for the body; or after its body."""
    proxy.script = lambda request: Drop("head") if request.nth == 0 else Drop("body")
    with _connected(proxy) as plug:
        plug.sendall(_head(box, "employees", "POST", length=2))
        assert _heard(plug) == b""
    with _connected(proxy) as plug:
        plug.sendall(_head(box, "employees", "POST", length=2))
        plug.settimeout(0.1)
        with pytest.raises(TimeoutError):
            plug.recv(1)  # it waits for the body
        plug.settimeout(10)
        plug.sendall(b"{}")
        assert _heard(plug) == b""
    assert box.journal == []


def test_a_late_request_reaches_the_server_when_it_is_delivered(box: Sandbox, proxy: Proxy) -> None:
    """The client's connection is long over by then."""
    proxy.script = lambda _request: Late(b"HTTP/1.1 504")
    with _connected(proxy) as plug:
        plug.sendall(_head(box, "employees", "POST", length=2) + b"{}")
        assert _heard(plug) == b"HTTP/1.1 504"
    assert box.journal == []
    assert (proxy.deliver(), proxy.deliver()) == (1, 0)
    assert [(entry.method, entry.body) for entry in box.journal] == [("POST", {})]


def test_an_answer_comes_late_in_drops_or_is_another_one(box: Sandbox, proxy: Proxy) -> None:
    """Held back until it is released; byte by byte; replaced."""
    released = threading.Event()
    script: list[Fault] = [Hold(released), Drip(0.001), Instead(bytes.upper)]
    proxy.script = lambda request: script[request.nth]
    with _connected(proxy) as plug:
        plug.sendall(_head(box))
        plug.settimeout(0.1)
        with pytest.raises(TimeoutError):
            plug.recv(1)
        assert len(box.journal) == 1
        plug.settimeout(10)
        released.set()
        whole = _whole(plug)
        began = time.monotonic()
        plug.sendall(_head(box))
        assert _whole(plug) == whole
        assert time.monotonic() - began >= 0.001 * len(whole)
        plug.sendall(_head(box))
        assert _heard(plug) == proxy.answers[2][1].upper()


def test_an_idle_connection_is_closed(box: Sandbox, proxy: Proxy) -> None:
    """After an answer, not before the first request."""
    proxy.idle_s = 0.05
    with _connected(proxy) as plug:
        time.sleep(0.2)
        plug.sendall(_head(box))
        assert _heard(plug).endswith(b"]")
