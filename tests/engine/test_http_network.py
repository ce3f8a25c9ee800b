"""A company's network: its proxy, its authority, and what is said when the way is closed."""

from __future__ import annotations

import base64
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from attrs import define, field

from renkei.config import load_config, network_of
from renkei.errors import ConfigurationError, InDoubtError, MappingError, UnavailableError
from renkei.http import deadline
from renkei.http.connection import Connection
from renkei.http.network import Network
from renkei.http.request import Timeouts
from renkei.http.retry import RetryBudget
from renkei.http.secret import Secret
from renkei.http.session import Session
from renkei.words.i18n import set_language
from renkei_runner.main import run

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="makes the certificates")

TOKEN = "t0ken-of-this-connection"
HOST = "kot.example.jp"
PASSWORD = "s3cret%21word"
QUICK = Timeouts(connect_s=1, read_s=0.5, call_s=0.8, list_s=1)


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands speak the language of the process; the next test starts in English again."""
    monkeypatch.setenv("LANGUAGE", "")
    yield
    set_language("en")


@define
class Peer:
    """Answers each connection on loopback as *talk* does; remembers what it was sent."""

    talk: Callable[[socket.socket, Peer], None]
    heard: list[bytes] = field(factory=list)
    plug: socket.socket = field(factory=lambda: socket.create_server(("127.0.0.1", 0)))
    port: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.port = self.plug.getsockname()[1]

    def serve(self) -> None:
        """Take connections until the socket is closed."""
        while True:
            try:
                line, _address = self.plug.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        with suppress(OSError), line:
            line.settimeout(5)
            self.talk(line, self)

    def asked(self, line: socket.socket) -> bytes:
        """Return the head of one request."""
        head = b""
        while b"\r\n\r\n" not in head:
            piece = line.recv(65536)
            if not piece:
                raise OSError
            head += piece
        self.heard.append(head)
        return head


@contextmanager
def serving(talk: Callable[[socket.socket, Peer], None]) -> Iterator[Peer]:
    peer = Peer(talk)
    thread = threading.Thread(target=peer.serve, daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        peer.plug.shutdown(socket.SHUT_RDWR)
        peer.plug.close()
        thread.join()


def speaking(context: ssl.SSLContext, body: bytes = b"7", gap_s: float = 0) -> Callable[..., None]:
    """Return a system behind TLS that answers every request with *body*."""

    def talk(line: socket.socket, peer: Peer) -> None:
        with context.wrap_socket(line, server_side=True) as safe:
            while True:
                peer.asked(safe)
                head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                answer = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
                for piece in (
                    (answer[at : at + 1] for at in range(len(answer))) if gap_s else [answer]
                ):
                    safe.sendall(piece)
                    time.sleep(gap_s)

    return talk


def leading(port: int, *, host: str = HOST, login: str | None = None) -> Callable[..., None]:
    """Return a proxy that alone knows where *host* is: on this computer, at *port*."""

    def talk(line: socket.socket, peer: Peer) -> None:
        head = peer.asked(line)
        expected = base64.b64encode((login or "").encode())
        if login and b"Proxy-Authorization: Basic " + expected not in head:
            line.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        assert head.startswith(f"CONNECT {host}:443 ".encode())
        with socket.create_connection(("127.0.0.1", port)) as onward:
            line.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(onward, line), daemon=True)
            back.start()
            _pump(line, onward)
            back.join()

    return talk


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)


def answering(data: bytes, *, gap_s: float = 0, rest_s: float = 0) -> Callable[..., None]:
    """Return a proxy that says *data* to whatever it is asked, and then rests."""

    def talk(line: socket.socket, peer: Peer) -> None:
        peer.asked(line)
        for piece in (data[at : at + 1] for at in range(len(data))) if gap_s else [data]:
            line.sendall(piece)
            time.sleep(gap_s)
        time.sleep(rest_s)

    return talk


@contextmanager
def session(
    base_url: str, network: Network | None = None, timeouts: Timeouts = QUICK
) -> Iterator[Session]:
    with Connection(
        name="kot",
        connector="x",
        base_url=base_url,
        token=Secret(TOKEN),
        read_only=False,
        timeouts=timeouts,
        network=network or Network(),
        budget=RetryBudget(0),
    ) as connection:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        yield connection.session(headers=headers, classify=lambda _failure: None)


def refused(base_url: str, network: Network | None = None) -> UnavailableError:
    """Return what a create ends with that never left."""
    with session(base_url, network) as kot, pytest.raises(UnavailableError) as caught:
        kot.send("POST", "employees", body={}, idempotent=False)
    assert caught.value.nothing_done
    assert caught.value.where == "kot"
    return caught.value


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a company's authority and the certificates that it gave to some hosts."""
    folder = tmp_path_factory.mktemp("company")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=ca.example.com")  # fmt: skip
    for name, host, days in (("good", f"DNS:{HOST},IP:127.0.0.1", "2"),
                             ("expired", f"DNS:{HOST},IP:127.0.0.1", "-1"),
                             ("other", "DNS:hr.example.com,IP:127.0.0.2", "2")):  # fmt: skip
        openssl(folder, "req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr",
                "-subj", "/CN=x")  # fmt: skip
        (folder / "names").write_text(f"subjectAltName={host}\n")
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-days", days, "-extfile", "names",
                "-out", f"{name}.pem")  # fmt: skip
    return folder


def server_of(company: Path, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(company / f"{name}.pem", company / f"{name}.key")
    return context


def through(proxy: Peer, company: Path | None = None, login: str = "") -> Network:
    ca_file = company / "ca.pem" if company else None
    return Network(proxy=f"http://{login}127.0.0.1:{proxy.port}", ca_file=ca_file)


# --- the way ------------------------------------------------------------------------------------


@pytest.mark.security(11)
def test_a_system_is_reached_through_the_proxy(company: Path) -> None:
    """The proxy alone knows the host; it gets the password, the system gets the token."""
    with serving(speaking(server_of(company, "good"))) as system:  # noqa: SIM117 - as it is read
        with serving(leading(system.port, login="renkei:s3cret!word")) as proxy:
            with session(
                f"https://{HOST}/v1.0", through(proxy, company, f"renkei:{PASSWORD}@")
            ) as kot:
                assert kot.get("companies").body == 7
                kot.send("POST", "employees", body={"code": "0417"}, idempotent=False)
    assert len(proxy.heard) == 1
    assert TOKEN.encode() not in proxy.heard[0]
    assert system.heard[0].startswith(b"GET /v1.0/companies ")
    assert all(TOKEN.encode() in head and b"Proxy-" not in head for head in system.heard)


@pytest.mark.security(11)
@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_this_computer_is_never_reached_through_the_proxy(company: Path, name: str) -> None:
    """Whatever the settings say, the proxy hears nothing of a system on this computer."""

    def plain(line: socket.socket, peer: Peer) -> None:
        peer.asked(line)
        line.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n7"
        )

    with (
        serving(plain) as system,
        serving(answering(b"")) as proxy,
        session(f"http://{name}:{system.port}", through(proxy)) as kot,
    ):
        assert kot.get("companies").body == 7
    assert proxy.heard == []


@pytest.mark.parametrize(
    "url",
    ["https://localhost.", "https://kot.localhost/v1", "https://[::1]:8443", "https://127.8.9.1",
     "https://[::ffff:127.0.0.1]", "https://0.0.0.0", "https://LOCALHOST"],
)  # fmt: skip
def test_every_spelling_of_this_computer_is_known(url: str) -> None:
    """No way of writing loopback leads to the proxy; a name that only looks like it does."""
    network = Network(proxy="http://proxy.example.jp:8080")
    assert network.towards(url).proxy is None
    assert network.towards("https://localhost.example.jp").proxy is not None


@pytest.mark.security(12)
def test_an_authority_is_trusted_beside_the_public_ones(company: Path) -> None:
    """The file adds; it takes nothing away and switches nothing off."""
    context = deadline._trusting(Network(ca_file=company / "ca.pem"))
    public = deadline._certificates()
    assert len(context.get_ca_certs()) == len(public.get_ca_certs()) + 1
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_deadline_holds_through_a_tunnel(company: Path) -> None:
    """One byte now and then from the system ends with the call, also behind a proxy."""
    slow = speaking(server_of(company, "good"), body=b"7" * 400, gap_s=0.03)
    with (
        serving(slow) as system,
        serving(leading(system.port)) as proxy,
        session(f"https://{HOST}", through(proxy, company)) as kot,
    ):
        began = time.monotonic()
        with pytest.raises(InDoubtError):
            kot.send("POST", "employees", body={}, idempotent=False)
        assert time.monotonic() - began < 1.5


# --- what is said -------------------------------------------------------------------------------


def certificate(company: Path, name: str, *, known: bool = True) -> UnavailableError:
    """Return what is said of a system with this certificate, which hears nothing."""
    network = Network(ca_file=company / "ca.pem") if known else None
    with serving(speaking(server_of(company, name))) as system:
        error = refused(f"https://127.0.0.1:{system.port}", network)
        assert system.heard == []
        return error


def test_five_kinds_of_a_closed_way_are_five_sentences(
    company: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown authority, expired, another host, unknown name, refused port: each is told apart."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    look_up = socket.getaddrinfo

    def unknown(host: str, *rest: int, **more: int) -> object:
        if host == "nowhere.example.jp":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    errors = [
        certificate(company, "good", known=False),
        certificate(company, "expired"),
        certificate(company, "other"),
        refused("https://nowhere.example.jp"),
        refused(f"https://127.0.0.1:{port}"),
    ]
    assert [(error.code, error.again) for error in errors] == [
        ("certificate_authority", False),
        ("certificate_expired", False),
        ("certificate_name", False),
        ("unknown_host", True),
        ("port_refused", True),
    ]
    assert len({error.message for error in errors}) == 5
    assert "nowhere.example.jp" in errors[3].message


def test_a_name_that_cannot_be_one_is_an_unknown_name() -> None:
    """A label too long for the name system is told like any other name that is not there."""
    assert refused(f"https://{'a' * 64}.example.jp").code == "unknown_host"


END = b"\r\nContent-Length: 0\r\n\r\n"
PROXIES: dict[str, tuple[Callable[..., None], str, bool]] = {
    "password": (answering(b"HTTP/1.1 407 Who" + END), "proxy_password", False),
    "not allowed": (answering(b"HTTP/1.1 403 No" + END), "proxy_refused", False),
    "moved": (answering(b"HTTP/1.1 302 Found\r\nLocation: /" + END), "proxy_refused", False),
    "no way": (answering(b"HTTP/1.1 502 Bad" + END), "proxy_failed", True),
    "no proxy": (answering(b"SSH-2.0-OpenSSH_9.6\r\n"), "proxy_failed", True),
    "hangs up": (answering(b""), "proxy_failed", True),
    "silent": (answering(b"", rest_s=2), "proxy_unreachable", True),
    "slow": (answering(b"HTTP/1.1 200 " + b"x" * 200, gap_s=0.03), "proxy_unreachable", True),
}  # fmt: skip


@pytest.mark.parametrize("kind", PROXIES)
def test_what_a_proxy_does_not_let_out_was_never_sent(kind: str) -> None:
    """Whatever the proxy does before the way is open: no doubt about a create, no address told."""
    talk, code, again = PROXIES[kind]
    with serving(talk) as proxy:
        began = time.monotonic()
        error = refused(f"https://{HOST}", through(proxy, login=f"renkei:{PASSWORD}@"))
        assert time.monotonic() - began < 1.5
        assert (error.code, error.again) == (code, again)
        assert "proxy" in error.message
        assert str(proxy.port) not in error.message
        assert PASSWORD not in error.message
        assert "127.0.0.1" not in error.message


def test_a_proxy_that_is_not_there_is_told_as_the_proxy() -> None:
    """A closed port of the proxy is not taken for one of the system."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert refused(f"https://{HOST}", Network(proxy=address)).code == "proxy_unreachable"


@pytest.mark.parametrize(("name", "code"), [("expired", "expired"), ("other", "name")])
def test_a_certificate_behind_the_proxy_is_the_system_s(
    company: Path, name: str, code: str
) -> None:
    """Once the way is open it is the system that is spoken of."""
    with serving(speaking(server_of(company, name))) as system:  # noqa: SIM117 - as it is read
        with serving(leading(system.port)) as proxy:
            error = refused(f"https://{HOST}", through(proxy, company))
    assert error.code == f"certificate_{code}"


@pytest.mark.security(12)
def test_a_proxy_behind_tls_has_to_be_trusted_too(company: Path) -> None:
    """A proxy of https:// has a certificate of its own; the company's authority vouches for it."""
    with serving(speaking(server_of(company, "good"))) as proxy:
        address = f"https://127.0.0.1:{proxy.port}"
        assert refused(f"https://{HOST}", Network(proxy=address)).code == "proxy_certificate"
        known = Network(proxy=address, ca_file=company / "ca.pem")
        assert refused(f"https://{HOST}", known).code != "proxy_certificate"
        assert proxy.heard[0].startswith(f"CONNECT {HOST}:443".encode())


def test_a_create_that_left_through_the_proxy_is_in_doubt(company: Path) -> None:
    """A way that breaks after the request has left is no refusal of the proxy."""

    def breaking(line: socket.socket, peer: Peer) -> None:
        with server_of(company, "good").wrap_socket(line, server_side=True) as safe:
            peer.asked(safe)

    with (
        serving(breaking) as system,
        serving(leading(system.port)) as proxy,
        session(f"https://{HOST}", through(proxy, company)) as kot,
        pytest.raises(InDoubtError),
    ):
        kot.send("POST", "employees", body={}, idempotent=False)


# --- the configuration --------------------------------------------------------------------------

CONFIG = """\
connections:
  hr:
    connector: smarthr
    base_url: https://example.smarthr.jp/api
    token: env:T
  kot:
    connector: touchontime
    base_url: https://kot.example.jp/v1.0
    token: env:T
    {own}
  box:
    connector: touchontime
    base_url: http://127.0.0.1:8123
    token: env:T
settings:
  {all}
"""


def written(folder: Path, all_: str, own: str = "label: Kot") -> Path:
    path = folder / "renkei.yaml"
    path.write_text(CONFIG.format(all=all_, own=own))
    return path


def ways(path: Path) -> dict[str, Network]:
    config = load_config(path)
    return {name: network_of(each, config.base) for name, each in config.connections.items()}


def test_a_connection_may_have_a_way_of_its_own(
    company: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings are for all connections, one of them may differ, and loopback has none."""
    monkeypatch.setenv("RENKEI_PROXY", f"http://renkei:{PASSWORD}@proxy.example.jp:8080")
    shutil.copy(company / "ca.pem", tmp_path / "company.pem")
    found = ways(written(tmp_path, "proxy: env:RENKEI_PROXY\n  ca_file: company.pem"))
    assert (
        found["hr"].proxy == found["kot"].proxy == f"http://renkei:{PASSWORD}@proxy.example.jp:8080"
    )
    assert found["box"].proxy is None
    assert {each.ca_file for each in found.values()} == {tmp_path / "company.pem"}
    found = ways(written(tmp_path, "proxy: env:RENKEI_PROXY", "proxy: none"))
    assert found["kot"].proxy is None
    found = ways(written(tmp_path, "proxy: none", "proxy: https://other.example.jp"))
    assert (found["hr"].proxy, found["kot"].proxy) == (None, "https://other.example.jp")
    assert PASSWORD not in repr(found)


MISTAKES = {
    "proxy: proxy.example.jp:8080": "such as http://",
    "proxy: socks5://proxy.example.jp:1080": "SOCKS",
    f"proxy: http://renkei:{PASSWORD}@proxy.example.jp:8080": "env:VARIABLE",
    "proxy: http://renkei@proxy.example.jp:8080": "env:VARIABLE",
    "proxy: http://proxy.example.jp:8080/path": "such as http://",
    "proxy: http://proxy.example.jp:80a": "such as http://",
    "proxy: http://": "such as http://",
    "proxy: ''": "such as http://",
    "proxy: 'http://pro xy.example.jp'": "such as http://",
    "proxy: env:not a name": "environment variable",
    "ca_file: missing.pem": "missing.pem cannot be read: No such file",
    "ca_file: folder": "cannot be read",
    "ca_file: junk.pem": "no certificate",
    "ca_file: empty.pem": "no certificate",
    "ca_file: key.pem": "no certificate",
    "ca_file: ~nobody-of-this-name/x.pem": "cannot be read",
}


@pytest.mark.security(11)
@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_told_with_its_place(company: Path, tmp_path: Path, line: str) -> None:
    """For all connections or for one: PATH:LINE:COLUMN, what is wrong, and never the address."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "junk.pem").write_text("not a certificate")
    (tmp_path / "empty.pem").touch()
    shutil.copy(company / "ca.key", tmp_path / "key.pem")
    path = written(tmp_path, line)
    with pytest.raises(MappingError, match=MISTAKES[line]) as caught:
        load_config(path)
    assert caught.value.message.startswith(f"{path}:16:{len(line.split(maxsplit=1)[0]) + 4}: ")
    with pytest.raises(MappingError) as caught:
        load_config(written(tmp_path, "max_plan_age_hours: 24", line))
    assert caught.value.message.startswith(f"{path}:10:")
    assert PASSWORD not in caught.value.message
    assert "proxy.example.jp:1080" not in caught.value.message


@pytest.mark.parametrize(
    "value", [None, "", "hidden.example.jp", f"http://renkei:{PASSWORD}#@proxy"]
)
def test_a_proxy_of_the_environment_is_checked_and_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    """The variable is named, its value is not."""
    monkeypatch.delenv("RENKEI_PROXY", raising=False)
    if value is not None:
        monkeypatch.setenv("RENKEI_PROXY", value)
    with pytest.raises(ConfigurationError) as caught:
        ways(written(tmp_path, "proxy: env:RENKEI_PROXY"))
    assert "RENKEI_PROXY" in caught.value.message
    assert not value or value not in caught.value.message


@pytest.mark.security(11)
@pytest.mark.parametrize("more", [(), ("--output", "json"), ("--debug",), ("--lang", "ja")])
def test_no_command_shows_the_proxy(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    more: tuple[str, ...],
) -> None:
    """A check through a proxy that refuses tells of the proxy, and nothing of its address."""
    talk = answering(b"HTTP/1.1 407 Who are you, proxy.example.jp\r\nContent-Length: 0\r\n\r\n")
    with serving(talk) as proxy:
        monkeypatch.setenv("T", TOKEN)
        monkeypatch.setenv("RENKEI_PROXY", f"http://renkei:{PASSWORD}@127.0.0.1:{proxy.port}")
        path = written(tmp_path, "proxy: env:RENKEI_PROXY")
        text = path.read_text().split("  box:")[0] + "settings: {proxy: env:RENKEI_PROXY}\n"
        path.write_text(text.replace("touchontime", "smarthr"))  # which is never closed
        assert run(["--config", str(path), "check", *more]) == 4
    out, err = capfd.readouterr()
    assert "RENKEI" not in (told := out + err)
    assert ("プロキシ" if "ja" in more else "proxy") in told
    assert all(secret not in told for secret in (PASSWORD, str(proxy.port), "renkei:", TOKEN))
    assert len(proxy.heard) >= 2
