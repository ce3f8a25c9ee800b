"""What every request passes: host, origin, token, size; and what every answer carries."""

from __future__ import annotations

import asyncio
import html
import json
import re
import socket
import threading
import time
import unicodedata
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager, suppress
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
from attrs import define
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send
from tests.pair import NEW
from tests.sampling import sample, sampled
from tests.web.desk import OURS, PASSWORD, Browser, Desk, filled

from renkei.config import load_config
from renkei.logs import configure_logging
from renkei.model import Difference, Filter
from renkei.report.html import STYLE_SOURCE
from renkei.runs import Runs
from renkei.schedule.errand import Errand
from renkei.words.printable import printable
from renkei_runner.app import OIDC_SECRET
from renkei_runner.deeds import launch
from renkei_web.app import _broken
from renkei_web.processes import Work
from renkei_web.security import HEADERS, LONGEST, Gate
from renkei_web.server import Server
from renkei_web.sessions import Sessions
from renkei_web.users import Role
from renkei_web.views.entrance import local

if TYPE_CHECKING:
    import httpx
    from tests.e2e.office import Office

EVIL = "evil.example"

# -- hosts ---------------------------------------------------------------------------------------

FORGED = [
    EVIL,
    f"{EVIL}:8780",
    f"127.0.0.1.{EVIL}",
    f"localhost.{EVIL}",
    f"{EVIL}.localhost",
    "localhost.",
    "127.0.0.1.",
    "127.0.0.2",
    "2130706433",
    "0x7f000001",
    "127.1",
    "0.0.0.0",  # noqa: S104
    "[::ffff:127.0.0.1]",
    "[::1%25lo]",
    "[::1",
    f"localhost@{EVIL}",
    f"{EVIL}@localhost",
    f"localhost:8780@{EVIL}",
    f"localhost/{EVIL}",
    f"localhost?{EVIL}",
    f"localhost#{EVIL}",
    f"localhost\\{EVIL}",
    f"localhost, {EVIL}",
    "localhost:",
    "localhost:http",
    "localhost:999999",
    "local\thost",
    "localhost localhost",
    "ｌｏｃａｌｈｏｓｔ",
    "",
    " ",
]


@define
class Raw:
    """One request as it goes over the line, and what comes back."""

    desk: Desk
    headers: Sequence[tuple[str, str]] = (("host", "127.0.0.1"),)
    body: Sequence[bytes] = (b"",)
    status: int = 0
    answer: bytes = b""
    taken: int = 0
    ended: bool = False
    """Whether the answer is whole."""

    def ask(self, method: str, path: str) -> Raw:
        """Send it; an exception that comes through fails the test."""
        headers = [(name.encode(), value.encode()) for name, value in self.headers]
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(),
            "query_string": b"", "scheme": "http", "root_path": "", "headers": headers,
            "client": ("127.0.0.1", 50000),
        }  # fmt: skip

        async def asked() -> None:
            await self.desk.app(scope, self._receive, self._send)

        asyncio.run(asked())
        return self

    async def _receive(self) -> MutableMapping[str, Any]:
        self.taken += 1
        more = self.taken < len(self.body)
        return {"type": "http.request", "body": self.body[self.taken - 1], "more_body": more}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.answer += message["body"]
            self.ended = not message.get("more_body", False)


@pytest.mark.security(30)
@pytest.mark.parametrize("host", FORGED, ids=ascii)
def test_a_foreign_host_is_refused(desk: Desk, host: str) -> None:
    """A page of another name that leads to this computer (DNS rebinding) gets nothing of ours."""
    session = desk.office.entrance.log_in("admin", PASSWORD, "127.0.0.1")
    for path in ("/", "/login", "/static/renkei.js", "/nowhere"):
        headers = [("host", host), ("cookie", f"{desk.cookie}={session}")]
        found = Raw(desk, headers).ask("GET", path)
        assert (found.status, found.answer) == (403, b"403 Forbidden\n")


@pytest.mark.security(30)
@pytest.mark.parametrize("hosts", [[], ["localhost", EVIL], [EVIL, "localhost"], ["localhost"] * 2])
def test_one_request_has_one_host(desk: Desk, hosts: list[str]) -> None:
    """Without a host, or with two, nobody can tell whom it is for."""
    assert Raw(desk, [("host", host) for host in hosts]).ask("GET", "/login").status == 403


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8780", "localhost", "LocalHost:9", "[::1]:8780", "renkei.example.com"],
)
def test_its_own_names_are_answered(secure_desk: Desk, host: str) -> None:
    """This computer's names, and those that the operator gave."""
    assert Raw(secure_desk, [("host", host)]).ask("GET", "/login").status == 200


@pytest.mark.security(30)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-forwarded-host", EVIL),
        ("x-forwarded-server", EVIL),
        ("x-host", EVIL),
        ("x-original-host", EVIL),
        ("x-forwarded-port", "4444"),
        ("x-forwarded-prefix", f"//{EVIL}"),
        ("x-forwarded-proto", "javascript"),
        ("x-original-url", "/settings/users"),
        ("x-rewrite-url", "/settings/users"),
        ("x-http-method-override", "POST"),
        ("forwarded", f"for=192.0.2.1;host={EVIL};proto=https"),
    ],
)
def test_forwarded_names_are_not_believed(desk: Desk, name: str, value: str) -> None:
    """Links, redirections and rights are the same with and without such a header."""
    guest, boss = desk.guest(), desk.browser("admin")
    assert guest.get("/reports", **{name: value}).headers["location"] == "/login?next=%2Freports"
    assert boss.get("/reports", **{name: value}).text == boss.get("/reports").text
    form = {"csrf": boss.csrf, "name": "hanako", "role": "viewer"}
    page = boss.ask("POST", "/settings/users", form=form, headers=OURS | {name: value}).text
    assert f"{desk.base}/welcome/" in page
    assert EVIL not in page
    assert "4444" not in page


# -- other sites ---------------------------------------------------------------------------------

ELSEWHERE: list[dict[str, str]] = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8780"},
    {"sec-fetch-site": "same-origin", "origin": f"http://{EVIL}"},
    {"origin": f"http://{EVIL}"},
    {"origin": "http://127.0.0.1:9999"},
    {"origin": f"http://127.0.0.1:8780.{EVIL}"},
    {"origin": f"http://127.0.0.1:8780@{EVIL}"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "http://["},
    {"origin": "http://[", "sec-fetch-site": "same-origin"},
    {},
]


@pytest.mark.security(36)
@pytest.mark.parametrize("headers", ELSEWHERE, ids=str)
def test_what_another_site_sends_is_refused(desk: Desk, headers: dict[str, str]) -> None:
    """Every route that is not only read refuses it, the right token in hand; log-in included."""
    browser = desk.browser("admin")
    form = {"csrf": browser.csrf, "name": "mallory", "password": PASSWORD, "role": "admin"}
    before = desk.contents
    for method, path in desk.routes():
        if method != "GET":
            answer = browser.ask(method, filled(path), form=form, headers=headers)
            assert answer.status_code == 403, path
            assert "set-cookie" not in answer.headers
    assert desk.contents == before
    assert desk.work.started == []


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin", "origin": "null"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "same-origin", "origin": "http://127.0.0.1:8780"},
        {"origin": "http://127.0.0.1:8780"},
    ],
    ids=str,
)
def test_what_our_own_pages_send_is_taken(desk: Desk, headers: dict[str, str]) -> None:
    """As browsers of today say it, and older ones."""
    browser = desk.browser("admin")
    form = {"csrf": browser.csrf, "language": "en", "next": "/"}
    assert browser.ask("POST", "/language", form=form, headers=headers).status_code == 303


@pytest.mark.security(36)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"])
def test_other_methods_do_nothing(desk: Desk, method: str) -> None:
    """Nothing answers to a method that no page uses."""
    browser = desk.browser("admin")
    before = desk.contents
    for _method, path in desk.routes():
        answer = browser.ask(method, filled(path), headers=OURS)
        assert answer.status_code in (403, 405), path
    assert desk.contents == before


# -- tokens --------------------------------------------------------------------------------------


@pytest.mark.security(36)
def test_no_form_is_taken_without_its_token(desk: Desk) -> None:
    """Each unsafe route × no token, a wrong, another's, an ended session's: 403 and no change."""
    browser, other, ended = (desk.browser("admin") for _ in range(3))
    viewer = desk.browser("viewer")
    right, late = browser.csrf, ended.csrf
    ended.post("/logout")
    wrong = {
        "none": None,
        "empty": "",
        "wrong": "x" * 43,
        "shorter": right[:-1],
        "longer": right + "x",
        "not ASCII": "あ" * 43,
        "another session of the same person": other.csrf,
        "another person": viewer.csrf,
        "an ended session": late,
        "the cookie": browser.jar[desk.cookie],
    }
    assert right not in wrong.values()
    before = desk.kept, desk.contents
    routes = [path for method, path in desk.routes() if method != "GET"]
    guests = {
        "/login",
        "/login/code",
        "/welcome/{secret}",
    }  # nobody is logged in: the origin protects them
    assert len(routes) > len(guests)
    for path in (path for path in routes if path not in guests):
        for why, token in wrong.items():
            form = {"name": "mallory", "role": "admin", "what": "all", "date": "2026-11-20"}
            sent = form if token is None else form | {"csrf": token}
            answer = browser.ask("POST", filled(path), form=sent, headers=OURS)
            assert answer.status_code == 403, (path, why)
            if token is not None and token.isascii():
                headers = OURS | {"x-csrf-token": token, "hx-request": "true"}
                answer = browser.ask("POST", filled(path), form=form, headers=headers)
                assert answer.status_code == 403, (path, why)
    assert (desk.kept, desk.contents) == before
    assert desk.work.started == []
    assert browser.is_in


def chosen(desk: Desk, *numbers: str) -> None:
    """Tick these for the administrator, as another tab would."""
    admin = next(user.id for user in desk.office.people.users() if user.name == "admin")
    with desk.office.drafts_of("").changing(admin, "1") as draft:
        draft.numbers = set(numbers)


@pytest.mark.security(36)
def test_the_button_starts_what_its_page_has_shown(desk: Desk) -> None:
    """Ticks of another tab since then: the page is shown anew, and nothing is sent or stored."""
    browser = desk.browser("admin")
    with Runs(load_config(desk.folder / "renkei.yaml")) as runs:
        changed = runs.numbers("1", Filter(differences=(Difference.CHANGED,)))
    chosen(desk, changed[0])
    page = browser.get("/runs/1/start").text
    found = re.search(r'name="shown" value="([^"]*)"', page)
    assert found is not None
    chosen(desk, *changed)
    before = desk.kept
    for shown in (found[1], "", "1 unusual_updates:9:1"):
        answer = browser.post("/runs/1/start", shown=shown, allow="yes")
        assert answer.status_code == 400
    assert desk.work.started == []
    assert desk.kept == before
    found = re.search(r'name="shown" value="([^"]*)"', browser.get("/runs/1/start").text)
    assert found is not None
    assert browser.post("/runs/1/start", shown=found[1]).status_code == 303
    assert desk.work.started == ["sync"]
    assert json.loads(desk.work.given)["numbers"] == changed
    assert desk.kept == before  # the process stores the choice that it syncs


def test_a_process_imports_nothing_from_where_the_server_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of somebody else in that folder is not run, and the provider's secret stays here."""
    (folder / "structlog.py").write_text("open('ran', 'w')")
    monkeypatch.chdir(folder)
    monkeypatch.setenv(OIDC_SECRET, "canary-of-the-provider")
    work = Work(launch)
    config = load_config(folder / "renkei.yaml")
    errand = Errand(deed="sync", run="1", target="touchontime", language="en")
    work.sync(config, errand, who="admin", given=b"{}")
    process = work.syncs["1"]
    environment = Path(f"/proc/{process.pid}/environ")
    if environment.exists():
        assert b"canary-of-the-provider" not in environment.read_bytes()
    assert process.wait(20) == 2
    for _ in range(100):
        if "1" in work.refusals:
            break
        time.sleep(0.05)
    assert work.refusals["1"].code == "choice"
    assert not (folder / "ran").exists()


@pytest.mark.security(30)
@pytest.mark.parametrize("scheme", ["http", "https", "ws", "javascript"])
def test_links_are_of_the_scheme_that_people_use(secure_desk: Desk, scheme: str) -> None:
    """Whatever a proxy says of it: a one-time link never goes out as plain http."""
    browser = secure_desk.browser("admin")
    browser.base = browser.base.replace("https", "http")

    def proxied(scope: Any, receive: Any, send: Any) -> Any:
        return secure_desk.app(scope | {"scheme": scheme}, receive, send)

    browser.app = proxied
    headers = OURS | {"cookie": f"__Host-renkei={browser.jar['__Host-renkei']}"}
    token = re.search(r'data-csrf="([^"]+)"', browser.ask("GET", "/", headers=headers).text)
    assert token is not None
    form = {"csrf": token[1], "name": "taro"}
    page = browser.ask("POST", "/settings/users", form=form, headers=headers).text
    assert "https://127.0.0.1:8780/welcome/" in page


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "-1", "1.5", "１"])
def test_a_number_that_is_none_is_an_unknown_page(desk: Desk, number: str) -> None:
    """However long it is."""
    browser = desk.browser("admin")
    for path in ("/settings/mappings/", "/runs/"):
        assert browser.get(path + quote(number)).status_code == 404
    assert browser.post(f"/settings/users/{quote(number)}", what="disable").status_code == 404


def test_a_token_in_an_address_is_none(desk: Desk) -> None:
    """Addresses are written down in many places; a token counts in a form or a header only."""
    browser = desk.browser("admin")
    path = f"/settings/users?csrf={quote(browser.csrf)}"
    answer = browser.ask("POST", path, form={"name": "mallory"}, headers=OURS)
    assert answer.status_code == 403


CONFIRM = "/runs/{run}/start"


def look_at_everything(desk: Desk, *, confirm: bool) -> None:
    """Open all pages, or the one before a sync, twice and by everybody; nothing may change."""
    browsers = [desk.browser("admin"), desk.browser("viewer"), desk.guest()]
    with Runs(load_config(desk.folder / "renkei.yaml")) as runs:
        chosen = runs.selection("1")
        same = runs.numbers("1", Filter(differences=(Difference.SAME,)))
    assert chosen is not None
    assert same[-1] not in chosen.numbers  # somebody else is ticked than was chosen before
    for user in desk.office.people.users():
        with desk.office.drafts_of("").changing(user.id, "1") as draft:
            draft.numbers.add(same[-1])
    before = desk.kept, desk.contents
    pages = [path for method, path in desk.routes() if method == "GET"]
    for turn, path in enumerate(each for each in pages * 2 if (each == CONFIRM) is confirm):
        for browser in browsers if confirm else sample(browsers, 3, turn):
            browser.get(filled(path))
            browser.get(filled(path), **{"hx-request": "true"})
            assert (desk.kept, desk.contents) == before, path


@sampled
@pytest.mark.security(36)
def test_looking_changes_nothing(desk: Desk) -> None:
    """All pages are opened, twice, by everybody: what is kept stays as it is, but the audit log."""
    look_at_everything(desk, confirm=False)


@pytest.mark.security(36)
def test_looking_at_the_last_page_chooses_nobody(desk: Desk) -> None:
    """Who is synced changes with the button, not by opening the page that asks once more."""
    look_at_everything(desk, confirm=True)


# -- headers -------------------------------------------------------------------------------------

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": f"'self' {STYLE_SOURCE}",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def every_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, httpx.Response]]:
    """Yield the answer of each route, to everybody, and of all that goes wrong."""
    for turn, (method, path) in enumerate(desk.routes()):
        for name in sample(("admin", "viewer", None), 3, turn):
            browser = desk.browser(name) if name else desk.guest()
            form = {"csrf": browser.csrf} if method == "POST" else None
            yield path, browser.ask(method, filled(path), form=form, headers=OURS)
    guest, boss = desk.guest(), desk.browser("admin")
    yield "head", guest.ask("HEAD", "/login")
    yield "refused host", guest.get("/", host=EVIL)
    yield "refused origin", guest.ask("POST", "/login")
    yield "no such page", guest.get("/nowhere")
    yield "no such file", guest.get("/static/nowhere")
    yield "no such run", boss.get("/runs/99")
    yield "wrong method", guest.get("/logout")
    yield "one slash too many", guest.get("/reports/")
    yield "too large", guest.ask("POST", "/login", content=b"x" * (LONGEST + 1), headers=OURS)
    monkeypatch.setattr(Sessions, "find", broken)
    yield "a mistake of ours", boss.get("/")


@sampled
@pytest.mark.security(37)
def test_every_answer_carries_the_headers(
    secure_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each route, each refusal and each error: nothing is kept, framed, guessed or told on."""
    statuses = set()
    for where, answer in every_answer(secure_desk, monkeypatch):
        headers = answer.headers
        statuses.add(answer.status_code)
        policy = dict(each.strip().split(" ", 1) for each in headers[CSP].split(";"))
        assert policy == POLICY, where
        assert headers["x-content-type-options"] == "nosniff", where
        assert headers["x-frame-options"] == "DENY", where
        assert headers["referrer-policy"] == "no-referrer", where
        assert headers["strict-transport-security"] == "max-age=31536000", where
        kept = "no-cache" if where == "no such file" else "no-store"
        assert headers["cache-control"] == kept, where
        assert "server" not in headers, where
        assert all(len(headers.get_list(name)) == 1 for name in HEADERS), where
    assert statuses >= {200, 303, 307, 400, 401, 403, 404, 405, 413, 500}


@pytest.mark.security(37)
def test_plain_http_asks_for_no_tls(desk: Desk) -> None:
    """On this computer there is none; the header would lock people out of other programs."""
    assert "strict-transport-security" not in desk.guest().get("/login").headers


@pytest.mark.security(37)
def test_files_are_asked_for_anew(desk: Desk) -> None:
    """Styles and scripts may be kept, but an update is seen at once; a folder is not listed."""
    first = desk.guest().get("/static/renkei.js")
    assert first.headers["cache-control"] == "no-cache"
    again = desk.guest().get("/static/renkei.js", **{"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    for path in (
        "/static",
        "/static/",
        "/static/vendor/",
        "/static/%2e%2e/app.py",
        "/static//etc/passwd",
    ):
        assert desk.guest().get(path).status_code in (307, 404), path


class Inline(HTMLParser):
    """Collects what the policy would not run or load: a page must not need it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            elsewhere = name in ("src", "href", "action") and not re.match(r"[/?#]", value or "")
            if name.startswith("on") or name == "style" or elsewhere:
                self.found.append(f"<{tag} {name}={value!r}>")
        self.inside = tag if tag in ("script", "style") else ""

    def handle_data(self, data: str) -> None:
        if self.inside and data.strip():
            self.found.append(f"<{self.inside}> {data!r}")


@pytest.mark.security(37)
def test_no_page_needs_what_the_policy_forbids(desk: Desk) -> None:
    """No script, no style and no handler in a page, and nothing from elsewhere."""
    browser = desk.browser("admin")
    for method, path in desk.routes():
        if method == "GET" and not path.endswith("report.html"):  # a file that is taken away
            assert Inline(browser.get(filled(path)).text).found == [], path
    assert Inline("<b onclick=x style=y>").found  # it does look


CSP = "content-security-policy"

# -- sizes ---------------------------------------------------------------------------------------

FORM = ("content-type", "application/x-www-form-urlencoded")
FROM_US = (("host", "127.0.0.1"), *OURS.items(), FORM)


@pytest.mark.security(37)
def test_a_huge_form_is_refused_unread(desk: Desk) -> None:
    """50 MB that say how many they are: not one byte is taken."""
    headers = [*FROM_US, ("content-length", "50000000")]
    for path in ("/login", "/welcome/unknown", "/settings/users", "/nowhere"):
        found = Raw(desk, headers, [b"x" * 1000] * 50_000).ask("POST", path)
        assert (found.status, found.taken) == (413, 0), path


@pytest.mark.security(37)
def test_an_endless_form_is_stopped(desk: Desk) -> None:
    """50 MB that do not say how many they are: after the first million nobody listens."""
    for headers in (FROM_US, (*FROM_US, ("content-length", "10"))):
        found = Raw(desk, headers, [b"&name=" + b"x" * 99_994] * 500).ask("POST", "/login")
        assert (found.status, found.taken) == (413, 11)


@pytest.mark.security(42)
@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        (FORM[1], b"&".join(b"a%d=1" % n for n in range(3001)), 400),
        (FORM[1], b"a=" + b"%00" * 300_000, 401),
        (FORM[1], b"name=%ff%fe&password=%ed%a0%80", 401),
        (FORM[1], b"name=a&name=b&password", 401),
        ("multipart/form-data; boundary=x", b"--x\r\n" * 9000, 400),
        ("multipart/form-data", b"", 400),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\nx\r\n--x--',
            400,
        ),
        (
            "multipart/form-data; boundary=x; charset=utf-7",
            b'--x\r\nContent-Disposition: form-data; name="password"\r\n\r\n+2AA-\r\n--x--',
            400,
        ),
        ("application/json", b'{"name": "admin"}', 401),
        ("text/plain", b"name=admin", 401),
        ("", b"name=admin", 401),
    ],
    ids=["fields", "zeros", "no UTF-8", "twice", "parts", "no boundary", "file", "surrogate",
         "JSON", "text", "nothing"],
)  # fmt: skip
def test_an_odd_form_is_no_mistake_of_ours(desk: Desk, kind: str, body: bytes, status: int) -> None:
    """Too many fields, files, other kinds, broken ones: refused, or a log-in that fails."""
    headers = [*FROM_US[:-1], ("content-type", kind), ("content-length", str(len(body)))]
    assert Raw(desk, headers, [body]).ask("POST", "/login").status == status


# -- mistakes of ours ----------------------------------------------------------------------------

VALUE = "a value that nobody else may see"


def broken(*args: Any, **more: Any) -> Any:
    """Fail as no code of ours should, with a value in the message."""
    raise ZeroDivisionError(VALUE)


@contextmanager
def served(folder: Path) -> Iterator[tuple[Server, int]]:
    """Serve a dashboard on a real socket; yield it and its port."""
    server = Server(config=folder / "renkei.yaml", launch=launch)
    with server as address:
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        while not (server._server and server._server.started):
            time.sleep(0.01)
        try:
            yield server, int(address.rpartition(":")[2])
        finally:
            server.stop()
            thread.join(10)


def said(port: int, request: bytes) -> bytes:
    """Return all that the server says to these bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(request)
        parts = []
        with suppress(ConnectionResetError):
            while part := line.recv(65536):
                parts.append(part)
    return b"".join(parts)


@pytest.mark.security(37)
def test_a_mistake_of_ours_is_a_page_and_a_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Wherever it happens: 500, one line with the place, no traceback and no value."""
    configure_logging(json=True)
    end = b"Host: 127.0.0.1\r\nConnection: close\r\n\r\n"
    with served(folder) as (server, port):
        office = server.office
        secret = office.entrance.accept(office.people.invite("admin", Role.ADMIN), PASSWORD)
        cookie = f"Cookie: renkei={secret}\r\n".encode()
        for place, path in (
            ("renkei_web.app.Runs", b"/"),
            ("renkei_web.people.People.has_admin", b"/login"),
            ("renkei_web.sessions.Sessions.find", b"/reports"),
        ):
            with monkeypatch.context() as patch:
                where = "renkei_web.visit.Runs" if place.endswith("Runs") else place
                patch.setattr(where, broken)
                answer = said(port, b"GET %s HTTP/1.1\r\n" % path + cookie + end)
            assert answer.startswith(b"HTTP/1.1 500 ")
            assert b"content-security-policy" in answer
            assert b"renkei" in answer
            assert VALUE.encode() not in answer
        said(port, b"POST /login HTTP/1.1\r\nContent-Length: 99\r\n" + end)
        assert said(port, b"GET /login HTTP/1.1\r\n" + end).startswith(b"HTTP/1.1 200 ")
    out, err = capfd.readouterr()
    assert VALUE not in out + err
    assert "Traceback" not in out + err
    assert (out + err).count("page_failed") == 3
    assert '"kind": "ZeroDivisionError"' in out + err


def test_what_the_server_says_is_a_line_of_the_log(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Who spoke and no word of it: what is no request, or asks for what there is not."""
    end = b"Host: 127.0.0.1\r\nConnection: close, upgrade\r\nUpgrade: websocket\r\n\r\n"
    with served(folder) as (_server, port):
        configure_logging(json=True)  # as the command does, before it listens
        said(port, b"no request at all\r\n\r\n")
        said(port, b"GET /healthz HTTP/1.1\r\n" + end)
    out, err = capfd.readouterr()
    lines = [json.loads(line) for line in (out + err).splitlines()]
    assert {(each["event"], each["logger"]) for each in lines} == {
        ("library_message", "uvicorn.error")
    }


BROKEN = "connections: [  # t0ken-that-nobody-may-see\n"


@pytest.mark.parametrize("kind", ["desk", "several"])
def test_a_broken_configuration_is_no_mistake_of_ours(
    request: pytest.FixtureRequest, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whoever comes meanwhile is told so, and only the log which file it is; nobody gets in."""
    configure_logging(json=True)
    desk: Desk = request.getfixturevalue(kind)
    browser, stranger = desk.browser("admin"), desk.guest()
    (desk.folder / "renkei.yaml").write_text(BROKEN, encoding="utf-8")
    answers = [stranger.log_in("admin"), stranger.log_in("admin", "a wrong password")]
    if kind == "several":
        answers += map(browser.get, ("/c/acme/", "/settings/users", "/audit"))
    for answer in answers:
        assert answer.status_code == 503
        assert "renkei.yaml" not in answer.text
    assert not stranger.is_in
    told = "".join(capfd.readouterr())
    assert "page_failed" not in told
    assert "configuration_failed" in told
    assert "t0ken" not in told


def test_half_an_answer_is_not_a_whole_one(desk: Desk) -> None:
    """What goes wrong after the first line cannot be a page; it is left unfinished."""

    async def half(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        broken()

    desk.app = Gate(half, hosts=(), tls=False, broken=_broken)
    found = Raw(desk).ask("GET", "/")
    assert (found.status, found.answer, found.ended) == (200, b"half", False)


def test_a_library_that_breaks_alone_is_told_of_too(desk: Desk) -> None:
    """Also where none of our own code has been reached."""
    foreign = compile("1 / 0", "/lib/foreign.py", "exec")
    with pytest.raises(ZeroDivisionError) as caught:
        exec(foreign)  # noqa: S102 - ours
    error = caught.value
    assert error.__traceback__ is not None
    error.__traceback__ = error.__traceback__.tb_next  # without the frame of this test
    made: list[int] = []

    async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
        page = _broken(HTTPConnection(scope), error)
        made.append(page.status_code)
        await page(scope, receive, send)

    desk.app = Gate(breaks, hosts=(), tls=False, broken=_broken)
    assert Raw(desk).ask("GET", "/").status == 500
    assert made == [500]


@pytest.mark.security(30)
@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\n Host: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\x00\r\n\r\n",
    ],
)
def test_forgeries_on_the_line_are_refused(folder: Path, request_: bytes) -> None:
    """The server itself, before any page, takes no request without one plain host of ours."""
    with served(folder) as (_server, port):
        answer = said(port, request_.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert answer.split(b" ")[1] in (b"400", b"403")


# -- where people are sent -----------------------------------------------------------------------

LEADING_ELSEWHERE = [
    f"https://{EVIL}/",
    f"//{EVIL}",
    f"///{EVIL}",
    f"/\\{EVIL}",
    f"\\\\{EVIL}",
    f"/\t/{EVIL}",
    f"/\n/{EVIL}",
    f"/\r\n/{EVIL}",
    f"/\x00/{EVIL}",
    f"\t//{EVIL}",
    f" //{EVIL}",
    f"/ /{EVIL}",
    f"/./\\{EVIL}",
    f"/.//{EVIL}",
    f"/..//{EVIL}",
    f"http:{EVIL}",
    f"http:/{EVIL}",
    f"https:{EVIL}",
    f"{EVIL}",
    f"@{EVIL}",
    f".{EVIL}",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    f"/%09/{EVIL}",
    f"/%2f%2f{EVIL}",
    f"/%5c{EVIL}",
    f"/\u2028/{EVIL}",
    f"/\u202e//{EVIL}",
    f"／／{EVIL}",
    f"/\r\nlocation: https://{EVIL}/",
    "/\r\nset-cookie: renkei=x",
    "?next=/",
    "#",
    "",
]


def as_a_browser_goes(base: str, location: str) -> str:
    """Return the host that a browser ends at: without tabs and breaks, backslashes as slashes."""
    plain = re.sub(r"[\t\r\n]", "", location).strip("".join(map(chr, range(33))))
    return urlsplit(urljoin(base, plain.replace("\\", "/"))).netloc


@pytest.mark.security(40)
@pytest.mark.parametrize("back", LEADING_ELSEWHERE, ids=ascii)
def test_nobody_is_sent_elsewhere(desk: Desk, back: str) -> None:
    """After the log-in, and after the language, people are on a page of ours."""
    guest = desk.guest()
    page = guest.get(f"/login?next={quote(back)}").text
    answers = [guest.log_in("admin", back=back), guest.post("/language", language="en", next=back)]
    for answer in answers:
        assert answer.status_code == 303
        assert as_a_browser_goes(desk.base, answer.headers["location"]) == "127.0.0.1:8780"
        assert answer.headers["location"].startswith("/")
        assert "x" not in answer.cookies.values()
    assert as_a_browser_goes(desk.base, local(back)) == "127.0.0.1:8780"  # unquoted, for htmx
    assert "<script>alert" not in page


# -- output --------------------------------------------------------------------------------------

SCRIPTS = [
    "<script>x</script>",
    "<ScRiPt src=//e.example>",
    "</script><script>x",
    "<scr<script>ipt>",
    "<script\x0c>x</script>",
    "<img src=x onerror=x>",
    "<svg/onload=x>",
    "<svg><script>x</script>",
    "<math><a xlink:href=javascript:x>",
    "<iframe srcdoc='<script>x</script>'>",
    "<body onload=x>",
    "<details open ontoggle=x>",
    "<input autofocus onfocus=x>",
    "<a href=javascript:x>x</a>",
    "<base href=//e.example>",
    "<meta http-equiv=refresh content=0>",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//e>",
    "<form action=//e.example>",
    "<template><script>x",
    "<!--<script>x",
    "--><script>x</script>",
    "<![CDATA[<script>x",
    "</title><script>x",
    "</textarea><script>x",
    "</td></tr></table><script>",
    "<plaintext>",
    "<noscript><p title=</noscript>",
    "<button hx-get=/settings>",
    "<div hx-on:click=x>",
    "<div hx-trigger=load hx-post=/logout>",
    "<object data=//e>",
    "<embed src=//e>",
]
BREAKOUTS = [
    '"><script>x</script>',
    "'><script>x</script>",
    '" onmouseover="x',
    "' onmouseover='x",
    '" autofocus onfocus=x "',
    "' hx-trigger='load",
    '"} hx-get="/settings',
    "'}' hx-post='/logout' x='",
    '\\"><img src=x>',
    "`onmouseover=x`",
    "&quot;><script>x",
    "&#34; onload=x",
    "&lt;script&gt;x",
    "&amp;lt;script",
    "&#x3c;script&#x3e;",
    "%22%3E%3Cscript%3E",
    "\\u003cscript\\u003e",
    "\\x3cscript\\x3e",
    "+ADw-script+AD4-",
    '","what":"all',
    '"}, "what": "all"}',
    "\\",
    "\\'",
    '\\"',
    "'",
    '"',
    "&",
    "<",
    ">",
    "javascript:x",
    "x' or '1'='1",
    "'); drop table runs; --",
]
TEMPLATES = [
    "{{7*191}}",
    "{% raw %}",
    "{%print(7*191)%}",
    "{#",
    "{{config}}",
    "{{visit.office}}",
    "{{''.__class__}}",
    "{{user|attr('id')}}",
    "${7*191}",
    "#{7*191}",
    "<%= 7*191 %>",
    "%(num)s",
    "%(name)s%s%d",
    "{number}",
    "{0.__class__}",
    "{day}",
    "$(x)",
    "[[7*191]]",
]
UNSEEN = [
    "\u202egnp.exe",
    "\u2066\u202a\u202c",
    "a\u200bb",
    "a\u200d\u200cb",
    "\ufeffa",
    "a\xadb",
    "a\u2028b",
    "a\u2029<b>",
    "\u061cabc",
    "a\U000e0041b",
    "a\x1b[31m",
    "a\x07\x08b",
    "a\x9b31m",
    "a\ufff9b\ufffb",
    "\u206a\u206f",
    "\u180eabc",
    "＜script＞x＜／script＞",
    "＂ onload＝x",
]
HOSTILE = [*SCRIPTS, *BREAKOUTS, *TEMPLATES, *UNSEEN]


class Structure(HTMLParser):
    """What a page is made of, without its texts; and the texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[tuple[str, tuple[str, ...]]] = set()
        self.texts: list[str] = []
        self.vals: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add((tag, tuple(name for name, _value in attrs)))
        self.texts += [value for _name, value in attrs if value]
        self.vals += [value for name, value in attrs if name == "hx-vals" and value]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.tags.add(("!--", ()))

    def unknown_decl(self, data: str) -> None:
        self.tags.add(("![", ()))


def looked_at(browser: Browser, office: Office, run: str) -> Structure:
    """Walk through a run from choosing to the report; return what all its pages are made of."""
    ours = OURS | {"hx-request": "true", "x-csrf-token": browser.csrf}
    tick = f"/runs/{run}/ticks?difference=new"
    pages = [browser.ask("POST", tick, form={"what": "all"}, headers=ours).text]
    path: str | None = f"/runs/{run}/choose"
    while path is not None:
        pages.append(browser.get(path).text)
        later = re.findall(r'href="([^"]+after=[^"]+)"', pages[-1])
        path = html.unescape(later[0]) if later else None
    pages += [browser.get(f"/runs/{run}/{each}").text for each in ("values", "start")]
    office.box.touchontime.faults.add(
        "status", status=400, kind="create", times=1,
        body=json.dumps({"errors": [{"code": 1, "message": HOSTILE[int(run)]}]}),
    )  # fmt: skip
    chosen = [word for n in office.numbers(run, "new")[-4:] for word in ("--number", n)]
    office.ask("sync", run, *chosen, *NEW["touchontime"])
    later_pages = (f"/runs/{run}", f"/runs/{run}/people", f"/runs/{run}/report.html", "/reports")
    pages += [browser.get(each).text for each in (*later_pages, "/", "/settings/users")]
    return Structure("".join(pages))


@pytest.mark.security(40)
def test_hostile_names_are_text_on_every_page(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred names on every page: they can be read, and no page has a tag more."""
    assert len(HOSTILE) >= 100
    for name, value in office.environment().items():
        monkeypatch.setenv(name, value)
    desk = Desk(office.folder)
    desk.add("admin")
    desk.add("somebody")
    browser = desk.browser("admin")
    ordinary = looked_at(browser, office, office.fetched("smarthr", "touchontime"))
    smarthr, touchontime = office.box.smarthr, office.box.touchontime
    for n, (payload, other) in enumerate(zip(HOSTILE, reversed(HOSTILE), strict=True)):
        number = f"N{payload}" if payload.isprintable() and payload not in UNSEEN else f"N{n:03d}"
        smarthr.add(
            emp_code=number, last_name=f"a{payload}b", first_name=f"{other}c", gender="male",
            email=f"{n}{payload}@example.jp",
        )  # fmt: skip
        touchontime.masters["divisions"].append({"code": f"D{n}", "name": f"d{payload}e"})
    desk.add("""<script>x</script>"'{{7*191}}""")
    hostile = looked_at(browser, office, office.fetched("smarthr", "touchontime"))
    assert hostile.tags - ordinary.tags == set()
    texts = "\n".join(hostile.texts)
    for payload in HOSTILE:
        assert f"a{printable(payload)}b" in texts
    assert "1337" not in texts
    seen = {c for c in texts if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp", "Cs"}}
    assert seen <= {"\n"}, [each for each in hostile.texts if seen & set(each) - {"\n"}]
    values = [json.loads(each) for each in hostile.vals]
    assert {tuple(sorted(each, reverse=True)) for each in values} == {("what",), ("what", "number")}
    printing = {f"N{each}" for each in HOSTILE[: -len(UNSEEN)] if each.isprintable()}
    assert {each.get("number") for each in values} >= printing


@pytest.mark.security(40)
def test_numbers_hide_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be seen in a number is spelt out, as in a name."""
    for name, value in office.environment().items():
        monkeypatch.setenv(name, value)
    for n, payload in enumerate(UNSEEN):
        office.box.smarthr.add(emp_code=f"N{n}{payload}", last_name="a", first_name="b")
    run = office.fetched("smarthr", "touchontime")
    desk = Desk(office.folder)
    desk.add("admin")
    text = "".join(Structure(desk.browser("admin").get(f"/runs/{run}/choose?q=N").text).texts)
    assert "N10" in text
    assert {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"}} <= {"\n"}


@pytest.mark.security(40)
@pytest.mark.parametrize(
    "path",
    [
        "/login?next=",
        "/reports?direction=",
        "/reports?since=",
        "/runs/1/choose?q=",
        "/runs/1/choose?difference=",
        "/runs/1/people?outcome=&q=",
        "/fetch/smarthr/touchontime?date=",
        "/fetch/smarthr/",
        "/runs/",
        "/settings/mappings/",
        "/welcome/",
        "/",
    ],
)
def test_what_an_address_says_is_text(desk: Desk, path: str) -> None:
    """A link that somebody was sent shows what it holds, and does nothing."""
    browser = desk.browser("admin")
    ordinary = Structure(browser.get(f"{path}x").text + browser.get("/nowhere").text)
    for payload in (*SCRIPTS[:3], *BREAKOUTS[:9], *TEMPLATES[:2]):
        answer = browser.get(path + quote(payload, safe=""))
        assert answer.status_code != 500, payload
        found = Structure(answer.text)
        assert found.tags - ordinary.tags == set(), payload
        assert "1337" not in answer.text
