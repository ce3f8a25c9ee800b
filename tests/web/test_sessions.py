"""A session begins, ends and is guarded: its cookie is worth nothing after any end."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from tests.web.desk import OURS, PASSWORD, Browser, Desk, filled

from renkei_web.sessions import ABSOLUTE_S, IDLE_S
from renkei_web.tries import KNOWN_S
from renkei_web.users import Role

if TYPE_CHECKING:
    import httpx

MINUTE = 60


def flags_of(cookie: SimpleCookie, name: str) -> dict[str, object]:
    """Return the flags of the one cookie, which has this name."""
    assert list(cookie) == [name]
    return {flag: value for flag, value in cookie[name].items() if value}


def cookies_of(answer: httpx.Response) -> list[SimpleCookie]:
    """Return every cookie that an answer sets."""
    return [SimpleCookie(each) for each in answer.headers.get_list("set-cookie")]


def log_out(desk: Desk, browser: Browser) -> None:
    """End it with the button on the page."""
    assert browser.post("/logout").status_code == 303


def lock_out(desk: Desk, browser: Browser) -> None:
    """An administrator locks the person out."""
    boss = desk.browser("admin")
    assert boss.post(f"/settings/users/{hanako(desk)}", what="disable").status_code == 303


def let_in_again(desk: Desk, browser: Browser) -> None:
    """They are locked out, and let in again."""
    lock_out(desk, browser)
    boss = desk.browser("admin")
    assert boss.post(f"/settings/users/{hanako(desk)}", what="enable").status_code == 303


def new_link(desk: Desk, browser: Browser) -> None:
    """An administrator gives them a new one-time link."""
    boss = desk.browser("admin")
    assert boss.post(f"/settings/users/{hanako(desk)}", what="link").status_code == 200


def new_password(desk: Desk, browser: Browser) -> None:
    """They get a new link, and use it."""
    assert desk.office.entrance.accept(desk.office.people.reset(hanako(desk)), PASSWORD)


def log_in_again(desk: Desk, browser: Browser) -> None:
    """They log in again in the same browser."""
    assert browser.log_in("hanako").status_code == 303


def log_in_as_another(desk: Desk, browser: Browser) -> None:
    """Somebody else logs in, in the same browser."""
    assert browser.log_in("admin").status_code == 303


def use_a_link(desk: Desk, browser: Browser) -> None:
    """Somebody else uses a one-time link in the same browser."""
    path = f"/welcome/{desk.office.people.invite('taro', Role.VIEWER)}"
    form = {"password": PASSWORD, "again": PASSWORD}
    assert browser.ask("POST", path, form=form, headers=OURS).status_code == 303


def idle(desk: Desk, browser: Browser) -> None:
    """Nobody does anything for half an hour."""
    desk.moment += IDLE_S + 1


def half_a_day(desk: Desk, browser: Browser) -> None:
    """They are at work for twelve hours."""
    for _ in range(ABSOLUTE_S // (20 * MINUTE)):
        assert browser.is_in
        desk.moment += 20 * MINUTE


def hanako(desk: Desk) -> int:
    """Return who hanako is."""
    return next(user.id for user in desk.office.people.users() if user.name == "hanako")


ENDS = (
    log_out, lock_out, let_in_again, new_link, new_password, log_in_again, log_in_as_another,
    use_a_link, idle, half_a_day,
)  # fmt: skip


@pytest.mark.security(34)
@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_an_ended_session_stays_ended(desk: Desk, end: Callable[[Desk, Browser], None]) -> None:
    """The old cookie opens no page and sends no form, whoever has a copy of it."""
    desk.add("hanako")
    browser = desk.browser("hanako")
    token, thief = browser.csrf, browser.copy()
    assert thief.is_in
    end(desk, browser)
    for _ in range(2):
        assert thief.get("/").headers["location"] == "/login"
        form = {"csrf": token, "name": "mallory", "role": "admin"}
        answer = thief.ask("POST", "/settings/users", form=form, headers=OURS)
        assert answer.headers["location"].startswith("/login")
    assert "mallory" not in {user.name for user in desk.office.people.users()}


@pytest.mark.security(34)
@pytest.mark.parametrize("end", [lock_out, new_link], ids=lambda end: end.__name__)
def test_locking_out_ends_the_sessions_of_every_browser(
    desk: Desk, end: Callable[[Desk, Browser], None]
) -> None:
    """All of this person's sessions end, and nobody else's."""
    desk.add("hanako")
    browsers = [desk.browser("hanako") for _ in range(3)]
    other = desk.browser("viewer")
    end(desk, browsers[0])
    assert [browser.is_in for browser in browsers] == [False] * 3
    assert other.is_in
    assert desk.guest().log_in("hanako").status_code == 401


def test_logging_out_ends_this_session_only(desk: Desk) -> None:
    """Another browser of the same person goes on."""
    first, second = desk.browser("admin"), desk.browser("admin")
    log_out(desk, first)
    assert not first.is_in
    assert second.is_in


@pytest.mark.postgres
def test_whoever_works_stays_logged_in(desk: Desk) -> None:
    """Half an hour counts from the last page, up to twelve hours."""
    browser = desk.browser("admin")
    for _ in range(20):
        desk.moment += IDLE_S - MINUTE
        assert browser.is_in


def test_a_log_in_that_fails_ends_nothing(desk: Desk) -> None:
    """A stranger's form cannot log anybody out."""
    browser = desk.browser("admin")
    assert browser.log_in("admin", "a wrong password").status_code == 401
    assert browser.is_in


@pytest.mark.security(34)
def test_each_log_in_has_a_new_long_id(desk: Desk) -> None:
    """256 random bits each; a cookie that somebody planted before the log-in is not taken up."""
    planted = "0" * 43
    browser = desk.guest()
    browser.jar.set(desk.cookie, planted, domain="127.0.0.1")
    assert browser.log_in("admin").status_code == 303
    ids = {desk.browser("admin").jar[desk.cookie] for _ in range(20)}
    ids |= {each.value for each in browser.jar.jar if each.value and each.name == desk.cookie}
    ids.discard(planted)
    assert len(ids) == 21
    assert all(re.fullmatch(r"[\w-]{43}", each, re.ASCII) for each in ids)
    thief = desk.guest()
    thief.jar.set(desk.cookie, planted, domain="127.0.0.1")
    assert not thief.is_in


@pytest.mark.security(34)
@pytest.mark.parametrize("value", ["", "x", "0" * 43, "'; drop table sessions; --", "x" * 8000])
def test_a_made_up_cookie_is_no_session(desk: Desk, value: str) -> None:
    """Anything that was not given out leads to the log-in page."""
    answer = desk.guest().get("/", cookie=f"{desk.cookie}={value}")
    assert answer.headers["location"] == "/login"


@pytest.mark.security(35)
def test_cookies_on_this_computer(desk: Desk) -> None:
    """Over plain http the cookie is out of reach of scripts and of other sites."""
    of_session, of_browser = cookies_of(desk.guest().log_in("admin"))
    flags = {"path": "/", "httponly": True, "samesite": "lax"}
    assert flags_of(of_session, "renkei") == flags
    assert flags_of(of_browser, "renkei-known") == flags | {"max-age": str(KNOWN_S)}


@pytest.mark.security(35)
def test_cookies_over_tls(secure_desk: Desk) -> None:
    """The name begins with ``__Host-``: no other host and no plain http can set or read it."""
    of_session, of_browser = cookies_of(secure_desk.guest().log_in("admin"))
    flags = {"path": "/", "httponly": True, "samesite": "lax", "secure": True}
    assert flags_of(of_session, "__Host-renkei") == flags
    assert flags_of(of_browser, "__Host-renkei-known") == flags | {"max-age": str(KNOWN_S)}


@pytest.mark.security(35)
def test_the_plain_name_opens_nothing_over_tls(secure_desk: Desk) -> None:
    """A cookie that another host of the domain could set is not read."""
    secret = secure_desk.browser("admin").jar["__Host-renkei"]
    assert secure_desk.guest().get("/", cookie=f"__Host-renkei={secret}").status_code == 200
    assert secure_desk.guest().get("/", cookie=f"renkei={secret}").status_code == 303


@pytest.mark.security(35)
def test_no_route_sets_another_cookie(secure_desk: Desk) -> None:
    """Whatever is asked for: the session's cookie and the browser's, with all their flags."""
    seen = []
    for method, path in secure_desk.routes():
        browser = secure_desk.browser("admin")
        form = {"name": "admin", "password": PASSWORD, "csrf": browser.csrf, "language": "en"}
        sent = form if method == "POST" else None
        seen += cookies_of(browser.ask(method, filled(path), form=sent, headers=OURS))
    names = [name for cookie in seen for name in cookie]
    # two at the log-in, and the session's is taken away at the log-out
    assert sorted(names) == ["__Host-renkei", "__Host-renkei", "__Host-renkei-known"]
    for cookie in seen:
        (morsel,) = cookie.values()
        assert (morsel["path"], morsel["domain"], morsel["samesite"]) == ("/", "", "lax")
        assert (morsel["secure"], morsel["httponly"]) == (True, True)


def test_logging_out_takes_the_cookie_away(desk: Desk) -> None:
    """The browser forgets it too."""
    browser = desk.browser("admin")
    browser.post("/logout")
    assert desk.cookie not in browser.jar


def test_an_expired_session_comes_back_to_the_same_page(desk: Desk) -> None:
    """A person logged out by the clock logs in and is where they were."""
    browser = desk.browser("admin")
    desk.moment += IDLE_S + 1
    path = "/runs/1/people?q=%E4%BD%90%E8%97%A4&after=3"
    answer = browser.get(path)
    page = browser.get(answer.headers["location"]).text
    found = re.search(r'name="next" value="([^"]+)"', page)
    assert found is not None
    back = found[1].replace("&amp;", "&")
    assert browser.log_in("admin", back=back).headers["location"] == path


def new_role(desk: Desk) -> None:
    """An administrator becomes a viewer."""
    desk.office.people.change(hanako(desk), role=Role.VIEWER)


def locked(desk: Desk) -> None:
    """They are locked out."""
    desk.office.people.change(hanako(desk), disabled=True)


@pytest.mark.security(34)
@pytest.mark.parametrize("end", [new_role, locked], ids=lambda end: end.__name__)
def test_a_form_that_is_long_on_its_way_is_judged_at_its_end(
    desk: Desk, end: Callable[[Desk], None]
) -> None:
    """Holding back the last byte until one is locked out gains nothing."""
    desk.add("hanako")
    browser = desk.browser("hanako")
    form = urlencode({"csrf": browser.csrf, "name": "backdoor", "role": "admin"}).encode()

    async def sent() -> AsyncIterator[bytes]:
        yield form[:-1]
        end(desk)
        yield form[-1:]

    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = browser.ask("POST", "/settings/users", content=sent(), headers=OURS | kind)
    assert answer.status_code in (303, 403)
    assert "backdoor" not in {user.name for user in desk.office.people.users()}


def test_a_page_that_looks_again_by_itself_keeps_nobody_logged_in(desk: Desk) -> None:
    """A browser that is left alone with a run is logged out like any other."""
    browser = desk.browser("admin")
    for _ in range(IDLE_S // MINUTE):
        desk.moment += MINUTE
        assert browser.get("/runs/1/status", **{"hx-request": "true"}).status_code == 200
    desk.moment += MINUTE
    assert "hx-refresh" in browser.get("/runs/1/status", **{"hx-request": "true"}).headers
