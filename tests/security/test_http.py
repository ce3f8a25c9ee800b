"""The token goes to the one configured host, over a line that was checked, and nowhere else."""

from __future__ import annotations

import itertools
import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import define, field

from renkei.config import load_config
from renkei.config.checks import problems_in
from renkei.errors import (
    ConfigurationError,
    ConnectorError,
    MappingError,
    RenkeiError,
    UnavailableError,
)
from renkei.http import deadline
from renkei.http.connection import Connection
from renkei.http.request import Timeouts
from renkei.http.retry import RetryBudget
from renkei.http.secret import Secret
from renkei.http.session import Session
from renkei.yamlfile.source import read_yaml

if TYPE_CHECKING:
    from tests.e2e.office import Office

TOKEN = "t0ken-of-this-connection"
PAGE = b'[{"id": "%d"}]'


@define
class Listener:
    """A server on loopback that remembers what arrives; *answer* makes the answer to a request."""

    answer: Callable[[bytes], bytes]
    tls: ssl.SSLContext | None = None
    received: list[bytes] = field(factory=list)
    plug: socket.socket = field(factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self.plug.getsockname()[1]
        return port

    def serve(self) -> None:
        """Take connections until the socket is closed."""
        while True:
            try:
                peer, _address = self.plug.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(peer,), daemon=True).start()

    def _talk(self, peer: socket.socket) -> None:
        try:
            with self.tls.wrap_socket(peer, server_side=True) if self.tls else peer as line:
                line.settimeout(5)
                while request := line.recv(65536):
                    self.received.append(request)
                    line.sendall(self.answer(request))
        except OSError:
            return


@contextmanager
def listening(
    answer: Callable[[bytes], bytes], tls: ssl.SSLContext | None = None
) -> Iterator[Listener]:
    """Serve inside the block."""
    listener = Listener(answer, tls)
    thread = threading.Thread(target=listener.serve, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        listener.plug.shutdown(socket.SHUT_RDWR)
        listener.plug.close()
        thread.join()


@contextmanager
def session(base_url: str) -> Iterator[Session]:
    """Open a session that sends the token, and does not try again."""
    with Connection(
        name="hr",
        connector="x",
        base_url=base_url,
        token=Secret(TOKEN),
        read_only=False,
        timeouts=Timeouts(connect_s=5, read_s=5, call_s=5),
        budget=RetryBudget(0),
    ) as connection:
        headers = {"Authorization": f"Bearer {TOKEN}", "X-API-Key": TOKEN}
        yield connection.session(headers=headers, classify=lambda _failure: None)


def reply(status: str, body: bytes = b"[]", **headers: str) -> bytes:
    """Return the bytes of an answer."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json"]
    lines += [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode("latin-1") + body


ADDRESSES = """
http://127.0.0.1:{sink}/next http://localhost:{sink}/next //127.0.0.1:{sink}/next
http://hr@127.0.0.1:{sink}/ http://127.0.0.1:{own}@127.0.0.1:{sink}/ http:/\\127.0.0.1:{sink}
\\\\127.0.0.1:{sink}\\x http://127.1:{sink}/ http://2130706433:{sink}/ http://0x7f.1:{sink}/
HTTP://LOCALHOST:{sink}/?page=2 http://127.0.0.1:{sink}#@127.0.0.1:{own}/
http://[::ffff:127.0.0.1]:{sink}/ http://127.0.0.1:{sink}/..//v1/crews?page=2
""".split()
LINKS = [
    '<{to}>; rel="next"', "<{to}>; rel=next", '<{to}>;rel="next", <{to}>;rel="last"',
    '<{to}>; rel="prev"; rel="next"', '<{to}>; REL="NEXT"', '<{to}>; rel="next prefetch"',
    '<{to}>; title="x"; rel="next"', '<http://127.0.0.1:{own}/>; rel="first", <{to}>; rel="next"',
]  # fmt: skip
REDIRECTS = ["301 M", "302 F", "303 S", "304 N", "307 T", "308 P", "300 C", "399 X"]


@pytest.mark.fault("F14")
@pytest.mark.security(8)
def test_no_link_leads_to_another_host() -> None:
    """112 poisoned Link headers: the next page is asked of our host, the other hears nothing."""
    with listening(lambda _request: reply("200 OK")) as sink, listening(lambda _r: b"") as own:
        for link, address in itertools.product(LINKS, ADDRESSES):
            to = address.format(sink=sink.port, own=own.port)
            poison = link.format(to=to, own=own.port)

            def answer(request: bytes, poison: str = poison) -> bytes:
                page = 1 if b"page=1&" in request else 2
                more = {"Link": poison, "Location": poison} if page == 1 else {}
                return reply("200 OK", PAGE % page, X_Total_Count="2", **more)

            own.answer = answer
            own.received.clear()
            with session(f"http://127.0.0.1:{own.port}/api") as hr:
                assert len(list(hr.pages("v1", "crews"))) == 2
            assert [request.split()[1] for request in own.received] == [
                b"/api/v1/crews?page=1&per_page=100",
                b"/api/v1/crews?page=2&per_page=100",
            ]
        assert sink.received == []


@pytest.mark.fault("F14", "F24")
@pytest.mark.security(7)
def test_no_redirect_leads_to_another_host() -> None:
    """112 redirects of reads and of writes: an error each, and the other host hears nothing."""
    with listening(lambda _request: reply("200 OK")) as sink, listening(lambda _r: b"") as own:
        for status, address in itertools.product(REDIRECTS, ADDRESSES):
            to = address.format(sink=sink.port, own=own.port)
            own.answer = lambda _request, status=status, to=to: reply(  # type: ignore[misc]
                status, b"", Location=to, Refresh=f"0; url={to}", Content_Location=to
            )
            with session(f"http://127.0.0.1:{own.port}") as hr:
                with pytest.raises(RenkeiError) as caught:
                    hr.get("crews")
                with pytest.raises(RenkeiError):
                    hr.send("POST", "crews", body={"a": 1}, idempotent=False)
            assert TOKEN not in caught.value.message
        assert len(own.received) >= 2 * 112
        assert sink.received == []


@pytest.mark.security(8)
@pytest.mark.parametrize("address", ADDRESSES)
def test_no_id_of_a_record_leads_to_another_host(address: str) -> None:
    """An id that is an address is one quoted segment of ours."""
    with listening(lambda _request: reply("200 OK", b"1")) as sink:  # noqa: SIM117 - as below
        with listening(lambda _request: reply("200 OK", b"1")) as own:
            to = address.format(sink=sink.port, own=own.port)
            with session(f"http://127.0.0.1:{own.port}/api") as hr:
                hr.get("crews", to)
            path = own.received[0].split()[1]
            assert path.startswith(b"/api/crews/")
            assert path.count(b"/") == 3
            assert sink.received == []


HOSTS = [
    *"""smarthr.jp example.smarthr.jp 127.0.0.1.example.com localhost.example.com
    127.0.0.1@example.com example.com#127.0.0.1 example.com?127.0.0.1 example.com\\@127.0.0.1
    127.0.0.1\\.example.com 2130706433 0x7f000001 017700000001 127.1 0 0.0.0.0 127.0.0.1. localhost.
    loopback [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [fe80::1] [::1 ::1 10.0.0.1 192.168.0.1
    169.254.169.254 ①②⑦.0.0.1 ｌｏｃａｌｈｏｓｔ lo­calhost 127。0。0。1 127.0.0.1%2eexample.com
    user:pw@127.0.0.1 @127.0.0.1 :80 127.0.0.1:80:80 127.0.0.1:-1 127.0.0.1:99999 127.0.0.1:8o
    example.com:80 [v1.x] [::1]x 127.0.0.1,example.com xn--lcalhost-wrg
    localhost%00.example.com""".split(),
    *("127.0.0.1 .example.com", "127.0.0.1\t.example.com", "127.0.0.1\n.example.com"),
]
TRICKS = [
    *(f"http://{host}" for host in HOSTS),
    *"""https://user@example.com https://user:pw@example.com https://@example.com
    https://example.com/?a https://example.com/#a https://example.com\\x https:///x
    https:example.com https//example.com https:// ftp://example.com file:///etc/passwd
    javascript:alert(1) data:,x ws://localhost gopher://localhost //example.com /api
    example.com/api https://[::1 https://例え.jp unix:/run/x.sock http+unix://x""".split(),
    *(" https://example.com", "https://exa mple.com", "https://exa\nmple.com"),
]


@pytest.mark.security(9)
@pytest.mark.parametrize("url", TRICKS, ids=ascii)
def test_tricks_with_addresses_are_refused_at_both_doors(url: str) -> None:
    """Neither the configuration nor a connection takes them; plain http stays on this computer."""
    with pytest.raises(ConfigurationError) as caught:
        Connection(name="hr", connector="x", base_url=url, token=Secret("t"))
    assert "pw" not in caught.value.message


@pytest.mark.security(9)
def test_no_address_leads_nowhere() -> None:
    """A connection may have none; then there is no session that could send a token."""
    connection = Connection(name="hr", connector="x", base_url="", token=Secret("t"))
    with pytest.raises(ConnectorError, match="an address that it has not asked for"):
        connection.session(headers={}, classify=lambda _failure: None)


@pytest.mark.security(9)
def test_the_configuration_tells_where_a_trick_stands() -> None:
    """Each is told with line and column, before a connection is opened and a token looked up."""
    for url in ("", *TRICKS):
        written = json.dumps(url, ensure_ascii=False)
        text = f'connections:\n  hr: {{connector: x, base_url: {written}, token: "env:T"}}\n'
        if url == "https://例え.jp":
            continue  # told when the connection is opened
        [problem] = problems_in(read_yaml(text, "renkei.yaml"))
        assert (problem.line, problem.column) == (2, 32)


@pytest.mark.security(11)
def test_nothing_of_the_environment_changes_a_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No netrc, no proxy and no list of authorities of the environment is used."""
    with (
        listening(lambda _request: reply("200 OK")) as proxy,
        listening(lambda _request: reply("200 OK", b"7")) as own,
    ):
        netrc = tmp_path / ".netrc"
        netrc.write_text("machine 127.0.0.1 login evil password evil\ndefault login e password e\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("HOME", str(tmp_path))
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            monkeypatch.setenv(name.upper(), f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        with session(f"http://127.0.0.1:{own.port}") as hr:
            assert hr.get("x").body == 7
        assert proxy.received == []
        [sent] = own.received
        assert sent.count(b"uthorization:") == 1
        assert f"Authorization: Bearer {TOKEN}".encode() in sent


@pytest.mark.security(13)
@pytest.mark.parametrize("kind", ["one", "many"])
def test_endless_headers_end(kind: str) -> None:
    """A header without end, or headers without end, are cut off long before they fill memory."""
    line = b"x" * 1000 if kind == "one" else b"X-A: b\r\n" * 120

    def answer(_request: bytes) -> bytes:
        return b"HTTP/1.1 200 OK\r\nX: " + line * 1000

    with listening(answer) as own, session(f"http://127.0.0.1:{own.port}") as hr:
        with pytest.raises(UnavailableError):
            hr.get("x")
        assert len(own.received) == 1


# -- certificates --------------------------------------------------------------------------------

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="makes the certificates")


def openssl(folder: Path, *words: str) -> None:
    """Run openssl in *folder*."""
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an authority, and what it says of some servers; good.pem is the one to accept."""
    folder = tmp_path_factory.mktemp("certificates")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=ca.example.com")  # fmt: skip
    for name, host, days in (("good", "IP:127.0.0.1", "2"), ("expired", "IP:127.0.0.1", "-1"),
                             ("other", "DNS:hr.example.com,IP:127.0.0.2", "2")):  # fmt: skip
        openssl(folder, "req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr",
                "-subj", "/CN=127.0.0.1")  # fmt: skip
        (folder / "names").write_text(f"subjectAltName={host}\n")
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-days", days, "-extfile", "names",
                "-out", f"{name}.pem")  # fmt: skip
    openssl(folder, "req", "-x509", *key, "-keyout", "self.key", "-out", "self.pem", "-days", "2",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")  # fmt: skip
    return folder


@pytest.mark.security(12)
@needs_openssl
@pytest.mark.parametrize("name", ["good", "self", "expired", "other"])
def test_only_a_good_certificate_is_accepted(
    authority: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A server that signs for itself, is expired or has another name gets not one byte of ours."""
    trusted = deadline._certificates.__wrapped__()
    trusted.load_verify_locations(authority / "ca.pem")
    monkeypatch.setattr(deadline, "_certificates", lambda: trusted)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority / f"{name}.pem", authority / f"{name}.key")
    with listening(lambda _request: reply("200 OK", b"7"), tls) as own:
        with session(f"https://127.0.0.1:{own.port}") as hr:
            if name == "good":
                assert hr.get("x").body == 7
                return
            with pytest.raises(UnavailableError, match="certificate"):
                hr.get("x")
        assert own.received == []


@pytest.mark.security(12)
def test_old_versions_of_tls_are_not_spoken(tmp_path: Path) -> None:
    """TLS 1.2 at least, certificates and names checked; no setting changes that."""
    context = deadline._certificates()
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    for key in ("verify", "insecure", "tls", "ssl_verify"):
        path = tmp_path / "renkei.yaml"
        path.write_text(
            "connections:\n"
            f"  hr: {{connector: x, base_url: 'https://example.com', token: 'env:T', {key}: no}}\n"
        )
        with pytest.raises(MappingError, match=key):
            load_config(path)


@pytest.mark.security(55)
def test_only_the_configured_hosts_are_reached(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole flow connects to the two systems only: no telemetry, no look for updates."""
    reached: set[tuple[str, int]] = set()
    asked: set[object] = set()
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def connected(self: socket.socket, address: tuple[str, int]) -> None:
        reached.add(address[:2])
        connect(self, address)

    def looked_up(host: str, *rest: int, **more: int) -> object:
        asked.add(host)
        return look_up(host, *rest, **more)

    monkeypatch.setattr(socket.socket, "connect", connected)
    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    for words in (["--version"], ["connectors"], ["mapping", "schema"], ["reports"]):
        assert office.renkei(*words).code == 0
    assert reached == set()
    run = office.synced("smarthr", "touchontime")
    for words in (["check"], ["report", run], ["choices", "smarthr"]):
        assert office.renkei(*words).code == 0
    port = int(office.box.url.rpartition(":")[2])
    assert reached == {("127.0.0.1", port)}
    assert asked <= {"127.0.0.1"}
