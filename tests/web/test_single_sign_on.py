"""Single sign-on: real requests to a provider on this computer, strict or false."""

from __future__ import annotations

import asyncio
import builtins
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from attrs import define
from joserfc.jwk import RSAKey
from tests.loopback import PLAIN
from tests.web.desk import Browser, Desk
from tests.web.provider import CLIENT, SECRET, Claims, Provider, listening

from renkei.config import load_main
from renkei.errors import UsageError
from renkei.http.network import Network
from renkei_runner.app import OIDC_SECRET
from renkei_runner.main import run
from renkei_runner.web import sign_on_of
from renkei_web import sso
from renkei_web.sso import AWAY_S, SignOn
from renkei_web.sso import Provider as Issuer
from renkei_web.users import Role

REFUSED = (403, 502)


@define
class Way:
    """A browser on its way to the provider and back."""

    browser: Browser

    def leave(self, path: str = "/sso", **headers: str) -> httpx.Response:
        """Ask for the way to the provider."""
        return self.browser.get(path, **headers)

    def back(self, left: httpx.Response) -> str:
        """Follow to the provider; return the page it sends the browser back to."""
        assert left.status_code == 302, left.text
        answer = httpx.get(left.headers["location"], verify=PLAIN)
        url = urlsplit(answer.headers["location"])
        assert url.netloc == urlsplit(self.browser.base).netloc
        return f"{url.path}?{url.query}"

    def all(self, path: str = "/sso") -> httpx.Response:
        """Go there and back; return what the dashboard answers."""
        return self.browser.get(self.back(self.leave(path)))


@pytest.fixture
def provider() -> Iterator[Provider]:
    with listening(Provider()) as provider:
        yield provider


def signing(provider: Provider, address: str | None = None) -> SignOn:
    """Return the single sign-on of a dashboard with this provider."""
    issuer = Issuer(issuer=address or provider.address, client_id=CLIENT, client_secret=SECRET)
    return SignOn(issuer)


@pytest.fixture
def desk(desk: Desk, provider: Provider) -> Desk:
    """The dashboard of the other tests, with single sign-on."""
    made = Desk(desk.folder, database=desk.database, sign_on=signing(provider))
    made.office.entrance.accept_subject(
        made.office.people.invite("jiro", Role.VIEWER), subject(provider)
    )
    return made


def subject(provider: Provider) -> str:
    return f"{provider.address} {provider.person}"


# --- who gets in ----------------------------------------------------------------------------------


@pytest.mark.security(31)
def test_a_one_time_link_ties_somebody_to_the_provider(desk: Desk, provider: Provider) -> None:
    """From then on that person of that provider is that user, and no other."""
    provider.person = "another person"
    secret = desk.office.people.invite("hanako", Role.VIEWER)
    way = Way(desk.guest())
    page = way.browser.get(f"/welcome/{secret}").text
    assert f"/sso?welcome={secret}" in page
    assert way.all(f"/sso?welcome={secret}").headers["location"] == "/"
    assert "hanako" in way.browser.get("/").text
    assert way.browser.get("/settings").status_code == 403  # the groups it tells of do not count
    assert way.browser.get(f"/welcome/{secret}").status_code == 404

    later = Way(desk.guest())
    assert later.all("/sso?next=/reports").headers["location"] == "/reports"
    assert "hanako" in later.browser.get("/").text
    provider.person = "248289761001"
    later.all()
    assert "jiro" in later.browser.get("/").text


def test_the_log_in_page_offers_it(desk: Desk, folder: Path) -> None:
    """With the page that was wanted; where there is none there is neither button nor address."""
    assert "/sso?next=%2Freports" in desk.guest().get("/login?next=/reports").text
    without = Desk(folder)
    assert "/sso" not in without.guest().get("/login").text
    assert without.guest().get("/sso").status_code == 404


@pytest.mark.security(31)
def test_a_stranger_is_told_what_to_do(desk: Desk, provider: Provider) -> None:
    """Somebody known to the provider and to nobody here gets a sentence and no account."""
    before = desk.office.people.users()
    provider.person = "nobody we know"
    way = Way(desk.guest())
    path = way.back(way.leave())
    answer = way.browser.get(path, **{"accept-language": "en"})
    assert answer.status_code == 403
    assert "Ask an administrator for a one-time link" in answer.text
    assert not way.browser.is_in
    assert desk.office.people.users() == before


@pytest.mark.security(34)
def test_whoever_is_locked_out_stays_out(desk: Desk) -> None:
    """The provider still knows them; this dashboard has the last word."""
    way = Way(desk.guest())
    way.all()
    assert way.browser.is_in
    jiro = next(user for user in desk.office.people.users() if user.name == "jiro")
    desk.office.people.change(jiro.id, disabled=True)
    assert not way.browser.is_in
    assert Way(desk.guest()).all().status_code == 403


def test_a_new_link_unties(desk: Desk) -> None:
    """Sessions and single sign-on end; the link decides anew."""
    jiro = next(user for user in desk.office.people.users() if user.name == "jiro")
    secret = desk.office.people.reset(jiro.id)
    way = Way(desk.guest())
    assert way.all().status_code == 403
    assert way.all(f"/sso?welcome={secret}").status_code == 303
    assert way.browser.is_in


@pytest.mark.security(31)
def test_one_person_is_one_user(desk: Desk) -> None:
    """A second link does not make somebody two; the link still works for whom it is for."""
    secret = desk.office.people.invite("hanako", Role.ADMIN)
    way = Way(desk.guest())
    assert way.all(f"/sso?welcome={secret}").status_code == 403
    assert not way.browser.is_in
    assert way.browser.get(f"/welcome/{secret}").status_code == 200


def test_a_link_that_is_used_up_lets_nobody_in(desk: Desk, provider: Provider) -> None:
    """Used up, unknown, or too old by the time the provider answers."""
    secret = desk.office.people.invite("hanako", Role.ADMIN)
    provider.person = "late"
    way = Way(desk.guest())
    path = way.back(way.leave(f"/sso?welcome={secret}"))
    desk.moment += 25 * 3600
    assert way.browser.get(path).status_code == 403
    assert not way.browser.is_in


def test_only_single_sign_on_has_no_password(desk: Desk) -> None:
    """Nobody gets in with a name and an empty password, and none can be set."""
    browser = desk.guest()
    assert browser.log_in("jiro", "").status_code == 401
    way = Way(browser)
    way.all()
    assert 'type="password"' not in browser.get("/password").text
    assert browser.post("/password", old="", password="four other invented words",
                        again="four other invented words").status_code == 400  # fmt: skip
    assert desk.guest().log_in("jiro", "four other invented words").status_code == 401


def test_the_last_administrator_may_log_in_either_way(desk: Desk, provider: Provider) -> None:
    """One without a password counts."""
    users = {user.name: user for user in desk.office.people.users()}
    provider.person = "boss"
    secret = desk.office.people.invite("boss", Role.ADMIN)
    Way(desk.guest()).all(f"/sso?welcome={secret}")
    desk.office.people.change(users["admin"].id, disabled=True)
    assert desk.office.people.has_admin()


# --- what a false provider, or somebody in between, can do ----------------------------------------


def later(**changes: Any) -> Callable[[Claims], Claims]:
    """Return what changes these claims."""
    return lambda claims: {**claims, **changes}


def without(name: str) -> Callable[[Claims], Claims]:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


FALSE: dict[str, dict[str, Any]] = {
    "for another visit": {"bent": later(nonce="another")},
    "for no visit": {"bent": without("nonce")},
    "for another client": {"bent": later(aud="another")},
    "for two clients": {"bent": later(aud=[CLIENT, "another"], azp="another")},
    "of another issuer": {"bent": later(iss="https://login.example.com")},
    "of nobody": {"bent": without("sub")},
    "of an empty name": {"bent": later(sub="")},
    "of a number": {"bent": later(sub=248289761001)},
    "too old": {"bent": later(exp=int(time.time()) - 3600)},
    "for ever": {"bent": without("exp")},
    "not there": {"bent": lambda _claims: None},
    "not there, but told beside it": {"bent": lambda _claims: None, "beside": True},
    "not signed": {"algorithm": "none"},
    "signed with the secret": {"algorithm": "HS256"},
    "signed with another key": {"signing": RSAKey.generate_key(2048, {"kid": "one"})},
}


@pytest.mark.security(34)
@pytest.mark.filterwarnings("ignore:JWS algorithm")  # as on a server, where nothing ends in it
@pytest.mark.parametrize("false", FALSE.values(), ids=FALSE)
def test_a_false_identity_lets_nobody_in(
    desk: Desk, provider: Provider, false: dict[str, Any]
) -> None:
    """Each mistake alone is one sentence and no session; with a true one the browser gets in."""
    for name, value in false.items():
        setattr(provider, name, value)
    way = Way(desk.guest())
    answer = way.all()
    assert answer.status_code in REFUSED
    assert desk.cookie not in way.browser.jar
    assert not way.browser.is_in
    for name in false:
        setattr(provider, name, getattr(Provider(), name))
    assert way.all().status_code == 303
    assert way.browser.is_in


def test_a_provider_that_is_another_one_is_not_visited(desk: Desk, provider: Provider) -> None:
    """What stands at the issuer's address must say that it is the issuer."""
    provider.metadata = later(issuer="https://login.example.com")
    assert Way(desk.guest()).leave().status_code == 502
    assert provider.asked == []
    provider.metadata = later()
    assert Way(desk.guest()).all().status_code == 303


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("address", ["http://login.example.com/x", "", 7, None])
def test_no_address_of_the_provider_is_plain(
    desk: Desk, provider: Provider, name: str, address: object
) -> None:
    """Neither browsers nor secrets go where everybody on the way can listen."""
    provider.metadata = later(**{name: address})
    assert Way(desk.guest()).leave().status_code == 502
    provider.metadata = later()
    assert Way(desk.guest()).all().status_code == 303


def test_what_a_provider_says_of_itself_sets_nothing_here(desk: Desk, provider: Provider) -> None:
    """No word of it turns off the check of certificates, or the patience."""
    provider.metadata = later(verify=False, timeout=None, trust_env=True, proxy="http://x.invalid")
    way = Way(desk.guest())
    assert way.all().status_code == 303
    assert desk.sign_on is not None
    known = set(desk.sign_on._client.server_metadata)
    assert not known & {"verify", "timeout", "trust_env", "proxy"}


def test_a_slow_provider_stops_nothing_else(
    folder: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty people on their way to one that answers a byte now and then: the log-in page opens."""
    monkeypatch.setattr(sso, "TIMEOUT_S", 1.5)
    provider.slowly = True
    desk = Desk(folder, sign_on=signing(provider))

    async def many() -> float:
        transport = httpx.ASGITransport(desk.app)
        async with httpx.AsyncClient(transport=transport, base_url=desk.base) as client:
            going = [asyncio.create_task(client.get("/sso")) for _ in range(60)]
            await asyncio.sleep(0.5)
            began = time.monotonic()
            assert (await client.get("/login")).status_code == 200
            took = time.monotonic() - began
            answer = await going[0]
            assert answer.status_code == 502
            for each in going:
                each.cancel()
            await asyncio.gather(*going, return_exceptions=True)
            return took

    assert asyncio.run(many()) < 1


def test_a_provider_that_does_not_answer_is_told(desk: Desk, folder: Path) -> None:
    """Its silence is a sentence; the password still works."""
    gone = Desk(folder, database=desk.database, sign_on=signing(Provider(), "http://127.0.0.1:9"))
    answer = gone.guest().get("/sso")
    assert answer.status_code == 502
    assert gone.browser("admin").is_in


def test_a_provider_may_be_behind_the_company_s_proxy(desk: Desk, provider: Provider) -> None:
    """It is asked for at the proxy, with its password; a provider on this computer never is."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=refusing, args=(door, asked))
        thread.start()
        network = Network(proxy=f"http://renkei:word@127.0.0.1:{door.getsockname()[1]}")
        outside = Issuer(issuer="https://login.example.com", client_id=CLIENT)
        answer = (
            Desk(desk.folder, database=desk.database, sign_on=SignOn(outside, network))
            .guest()
            .get("/sso")
        )
        thread.join(10)
    assert answer.status_code == 502
    assert asked[0].startswith(b"CONNECT login.example.com:443 ")
    assert b"Proxy-Authorization: Basic cmVua2VpOndvcmQ=" in asked[0]
    inside = Issuer(issuer=provider.address, client_id=CLIENT, client_secret=SECRET)
    here = Desk(desk.folder, database=desk.database, sign_on=SignOn(inside, network))
    assert here.guest().get("/sso").headers["location"].startswith(provider.address)


def refusing(door: socket.socket, asked: list[bytes]) -> None:
    """Be a proxy that lets one request through to nowhere, and remember it."""
    line, _address = door.accept()
    with line:
        asked.append(line.recv(65536))
        line.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")


def test_with_companies_the_main_file_says_the_way_to_the_provider(
    several: Desk,
) -> None:
    """Through the proxy, and with the company's own authority, all the way there and back."""
    words = ("-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "ca.pem", "-days", "2")
    named = ("-subj", "/CN=login", "-addext", "subjectAltName=IP:127.0.0.1")
    subprocess.run(
        ["openssl", "req", "-x509", *words, *named],
        cwd=several.folder,
        check=True,
        capture_output=True,
    )
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(several.folder / "ca.pem", several.folder / "key.pem")
    main = several.folder / "renkei.yaml"

    def desk(settings: str, issuer: str) -> Desk:
        main.write_text(f"companies: companies/\nsettings: {settings}\n", encoding="utf-8")
        return Desk(
            several.folder,
            database=several.database,
            sign_on=sign_on_of(load_main(main), issuer, CLIENT, SECRET),
        )

    with listening(Provider(), own) as provider:
        assert desk("{}", provider.address).guest().get("/sso").status_code == 502
        trusting = desk("{ca_file: ca.pem}", provider.address)
        secret = trusting.office.people.invite("jiro", Role.NONE)
        trusting.office.entrance.accept_subject(secret, subject(provider))
        browser = trusting.guest()
        known = ssl.create_default_context(cafile=several.folder / "ca.pem")
        known.verify_flags &= ~ssl.VERIFY_X509_STRICT
        there = httpx.get(browser.get("/sso").headers["location"], verify=known)
        assert browser.get(there.headers["location"]).status_code == 303
        assert browser.is_in
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=refusing, args=(door, asked))
        thread.start()
        proxy = f"{{proxy: 'http://127.0.0.1:{door.getsockname()[1]}'}}"
        assert desk(proxy, "https://login.example.com").guest().get("/sso").status_code == 502
        thread.join(10)
    assert asked[0].startswith(b"CONNECT login.example.com:443 ")


def test_without_a_provider_nothing_starts_that_only_it_opens(several: Desk) -> None:
    """What the main file says of every log-in is looked at before the dashboard listens."""
    main = several.folder / "renkei.yaml"
    main.write_text("companies: companies/\nsettings: {sso: required}\n", encoding="utf-8")
    assert run(["--config", str(main), "web", "--port", "0"]) == 2


def test_who_says_no_there_is_not_in_here(desk: Desk, provider: Provider) -> None:
    """Somebody who cancels comes back to the log-in page."""
    provider.refuses = "access_denied"
    way = Way(desk.guest())
    assert way.all().status_code == 502
    assert not way.browser.is_in


@pytest.mark.security(34)
def test_nobody_comes_back_who_did_not_leave(desk: Desk) -> None:
    """Another browser's way, another visit's word, or the same way twice."""
    way = Way(desk.guest())
    path = way.back(way.leave())
    assert desk.guest().get(path).status_code == 502
    assert way.browser.get(path.replace("state=", "state=x")).status_code == 502

    way = Way(desk.guest())
    path = way.back(way.leave())
    carried = httpx.Cookies(way.browser.jar)
    assert way.browser.get(path).status_code == 303
    thief = Browser(desk.app, jar=carried)
    assert thief.get(path).status_code == 502
    assert not thief.is_in


def test_the_way_takes_a_quarter_of_an_hour(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a longer stay at the provider people begin again."""
    way = Way(desk.guest())
    path = way.back(way.leave())
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + AWAY_S + 5)
    assert way.browser.get(path).status_code == 502


def test_a_link_from_elsewhere_shows_first_whom_it_welcomes(desk: Desk, provider: Provider) -> None:
    """Nobody becomes somebody else's user by clicking on a message."""
    secret = desk.office.people.invite("hanako", Role.ADMIN)
    left = Way(desk.guest()).leave(f"/sso?welcome={secret}", **{"sec-fetch-site": "cross-site"})
    assert urlsplit(left.headers["location"]).path == f"/welcome/{secret}"
    odd = Way(desk.guest()).leave("/sso?welcome=a/b", **{"sec-fetch-site": "cross-site"})
    assert odd.headers["location"] == "/welcome/a%2Fb"
    assert provider.asked == []


def test_no_log_in_leads_to_a_link_from_elsewhere(desk: Desk) -> None:
    """A stranger who picks the page after the log-in cannot pick the way to the provider."""
    secret = desk.office.people.invite("mallory", Role.VIEWER)
    answer = desk.guest().log_in("admin", back=f"/sso?welcome={secret}")
    assert answer.headers["location"] == "/"


def test_nobody_is_sent_elsewhere_afterwards(desk: Desk) -> None:
    """The page that was wanted is one of ours, or the first."""
    for back in ("https://evil.example.com/", "//evil.example.com", "/\\evil.example.com",
                 "/sso?welcome=x", "/welcome/x", "/login?next=/sso"):  # fmt: skip
        way = Way(desk.guest())
        assert way.all(f"/sso?next={back}").headers["location"] == "/"


@pytest.mark.security(35)
def test_the_cookie_of_the_way_has_all_its_flags(folder: Path, provider: Provider) -> None:
    """Over TLS no other host of the domain can set it; a new session takes the place of the old."""
    desk = Desk(folder, secure=True, sign_on=signing(provider))
    desk.office.entrance.accept_subject(
        desk.office.people.invite("jiro", Role.VIEWER), subject(provider)
    )
    browser = desk.guest()
    browser.base = desk.base
    way = Way(browser)
    left = way.leave()
    [cookie] = left.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-renkei-sso=")
    assert all(flag in cookie.lower() for flag in ("path=/", "secure", "httponly", "samesite=lax"))
    assert "domain" not in cookie.lower()
    assert way.browser.get(way.back(left)).status_code == 303


def test_neither_secret_is_on_a_page_or_in_a_log(
    desk: Desk, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    """The client's secret goes to the provider's own address and nowhere else."""
    way = Way(desk.guest())
    left = way.leave()
    answer = way.browser.get(way.back(left))
    said = left.text + answer.text + str(left.headers) + str(answer.headers) + caplog.text
    assert SECRET not in said
    assert SECRET not in repr(desk.sign_on)


# --- setting it up ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["http://login.example.com", "login.example.com", "", "https://"]
)
def test_an_issuer_is_reached_through_tls(address: str) -> None:
    """Or is on this computer, for tests."""
    with pytest.raises(UsageError, match="https://"):
        Issuer(issuer=address, client_id=CLIENT)


def test_without_the_extra_the_rest_works(
    folder: Path, monkeypatch: pytest.MonkeyPatch, provider: Provider
) -> None:
    """Those who want single sign-on are told what to install; nobody else misses anything."""
    real = builtins.__import__

    def missing(name: str, *more: Any) -> Any:
        if name.split(".", maxsplit=1)[0] in ("authlib", "httpx2", "itsdangerous", "joserfc"):
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(UsageError, match=r"renkei\[oidc\]"):
        signing(provider)
    desk = Desk(folder)
    desk.add("admin")
    assert desk.browser("admin").is_in


@pytest.mark.security(1)
def test_nothing_that_the_dashboard_starts_finds_the_secret_of_the_provider(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the command of a token nor a process of its own: it is in the environment no more."""
    monkeypatch.setenv(OIDC_SECRET, SECRET)
    config = str(desk.folder / "renkei.yaml")
    assert run(["--config", config, "web", "--new-link", "nobody"]) == 2
    assert OIDC_SECRET not in os.environ
