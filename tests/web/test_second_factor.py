"""A second factor: codes of an app, each taken once, and recovery codes for who has lost it."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.web.desk import OURS, PASSWORD, START, Browser

from renkei_web.second_factor import STEP_S, code_at, link_of
from renkei_web.tables import recovery_codes
from renkei_web.users import Role

if TYPE_CHECKING:
    import httpx
    from tests.web.desk import Desk

SEED = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_the_rfc(moment: int, code: str) -> None:
    """RFC 6238, appendix B."""
    assert code_at(SEED, moment // STEP_S, 8) == code


def test_the_link_says_whose_codes_they_are() -> None:
    """Whatever the name."""
    link = link_of(SEED, "佐藤 a:b", "renkei")
    assert link.startswith("otpauth://totp/renkei:%E4%BD%90%E8%97%A4%20a%3Ab?secret=")


def code(desk: Desk, secret: str, steps: int = 0) -> str:
    return code_at(secret, int(desk.moment // STEP_S) + steps)


def sent(browser: Browser, **form: str) -> httpx.Response:
    """Send the form of the page, which may be the only one that is open."""
    token = re.findall(r'data-csrf="([^"]+)"', browser.get("/second-factor").text)[0]
    return browser.ask("POST", "/second-factor", form={"csrf": token, **form}, headers=OURS)


def set_up(desk: Desk, name: str = "admin") -> tuple[Browser, str, list[str]]:
    """Let somebody turn it on; return the browser, the secret, the recovery codes."""
    browser = desk.browser(name)
    page = sent(browser, what="begin").text
    secret = re.findall(r"<code>([A-Z2-7]{32})</code>", page)[0]
    assert "otpauth://totp/renkei:" in page
    done = sent(browser, what="confirm", code=code(desk, secret)).text
    recovery = re.findall(r"<code>([a-z2-7-]{19})</code>", done)
    assert len(recovery) == 10
    desk.moment += STEP_S
    return browser, secret, recovery


def half(desk: Desk, name: str = "admin") -> tuple[Browser, str]:
    """Give the right password; return the browser, and what the page with the code carries."""
    browser = desk.guest()
    answer = browser.log_in(name)
    assert answer.status_code == 200
    assert not browser.is_in
    return browser, re.findall(r'name="half" value="([^"]+)"', answer.text)[0]


def give(browser: Browser, secret: str, code: str) -> httpx.Response:
    form = {"half": secret, "code": code, "next": "/reports"}
    return browser.ask("POST", "/login/code", form=form, headers=OURS)


@pytest.mark.security(33)
def test_a_password_alone_lets_nobody_in(desk: Desk) -> None:
    """The code does, and leads where the person wanted to go."""
    _browser, secret, _recovery = set_up(desk)
    browser, waiting = half(desk)
    assert give(browser, waiting, "000000").status_code == 401
    assert not browser.is_in
    answer = give(browser, waiting, code(desk, secret))
    assert (answer.status_code, answer.headers["location"]) == (303, "/reports")
    assert browser.is_in


@pytest.mark.security(33)
def test_a_code_is_taken_once(desk: Desk) -> None:
    """Nor is an older one after it, whoever has looked over a shoulder; a clock may be late."""
    _browser, secret, _recovery = set_up(desk)
    browser, waiting = half(desk)
    assert give(browser, waiting, code(desk, secret)).status_code == 303
    other = desk.guest()
    for steps in (0, -1):
        other, waiting = half(desk)
        assert give(other, waiting, code(desk, secret, steps)).status_code == 401
        assert not other.is_in
    assert give(other, waiting, code(desk, secret, 1)).status_code == 303
    last, waiting = half(desk)
    desk.moment += 5 * STEP_S
    assert give(last, waiting, code(desk, secret, -2)).status_code == 401
    assert give(last, waiting, code(desk, secret, -1)).status_code == 303


@pytest.mark.security(33)
def test_codes_are_throttled(desk: Desk) -> None:
    """Five wrong ones, from wherever, and then not even the right one for a quarter of an hour."""
    _browser, secret, _recovery = set_up(desk)
    for n in range(5):
        browser, waiting = half(desk)
        browser.address = f"192.0.2.{n}"
        assert give(browser, waiting, f"00000{n}").status_code == 401
    browser, waiting = half(desk)
    assert give(browser, waiting, code(desk, secret)).status_code == 429
    assert not browser.is_in
    desk.moment += 16 * 60
    browser, waiting = half(desk)
    assert give(browser, waiting, code(desk, secret)).status_code == 303


def test_half_a_log_in_does_not_last(desk: Desk) -> None:
    """Five minutes; nor does anybody begin with a made-up one, or with somebody's who is out."""
    _browser, secret, _recovery = set_up(desk)
    browser, waiting = half(desk)
    assert give(browser, "made-up", code(desk, secret)).status_code == 401
    desk.moment += 301
    assert give(browser, waiting, code(desk, secret)).status_code == 401
    other = desk.add("other")
    browser, waiting = half(desk)
    mine = next(each for each in desk.office.people.users() if each.id == 1)
    assert desk.office.entrance.set_password(mine, PASSWORD, f"{PASSWORD} now")
    assert give(browser, waiting, code(desk, secret)).status_code == 401
    assert desk.office.entrance.set_password(mine, f"{PASSWORD} now", PASSWORD)
    browser, waiting = half(desk)
    desk.office.people.change(1, disabled=True)
    assert give(browser, waiting, code(desk, secret)).status_code == 401
    assert other


def test_a_recovery_code_lets_in_once(desk: Desk) -> None:
    """However it is typed; in the file there is only its hash."""
    _browser, _secret, recovery = set_up(desk)
    with desk.office.database.reading() as db:
        kept = set(db.execute(sa.select(recovery_codes.c.code)).scalars())
    assert not kept & {each.replace("-", "") for each in recovery}
    browser, waiting = half(desk)
    assert give(browser, waiting, f" {recovery[0].upper()} ").status_code == 303
    other, waiting = half(desk)
    assert give(other, waiting, recovery[0]).status_code == 401
    assert give(other, waiting, recovery[1].replace("-", "")).status_code == 303
    assert desk.office.second_factors.left(1) == 8


def test_it_is_turned_off_with_a_code_only(desk: Desk) -> None:
    """Whoever finds an open browser does not; the secret is on no page any more."""
    browser, secret, recovery = set_up(desk)
    page = browser.get("/second-factor").text
    assert secret not in page
    assert not [each for each in recovery if each in page]
    assert browser.post("/second-factor", what="begin").status_code == 200
    assert browser.post("/second-factor", what="off", code="123456").status_code == 400
    assert desk.office.second_factors.is_on(1)
    page = browser.post("/second-factor", what="renew", code=code(desk, secret)).text
    assert recovery[0] not in page
    assert browser.post("/second-factor", what="off", code=recovery[0]).status_code == 400
    desk.moment += STEP_S
    assert browser.post("/second-factor", what="off", code=code(desk, secret)).status_code == 303
    assert desk.guest().log_in("admin").status_code == 303


def test_a_new_link_forgets_it(desk: Desk) -> None:
    """Whoever has lost the phone asks an administrator."""
    set_up(desk, "viewer")
    link = desk.office.people.reset(2)
    desk.office.entrance.accept(link, PASSWORD)
    assert desk.guest().log_in("viewer").status_code == 303


def ruled(desk: Desk, rule: str) -> None:
    file = desk.folder / "renkei.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"settings: \{", f"settings: {{{rule}, ", text), encoding="utf-8")


@pytest.mark.security(33)
def test_where_it_is_required_nothing_else_is_open_before(desk: Desk) -> None:
    """Nor can it be turned off."""
    open_before = desk.browser("viewer")
    ruled(desk, "second_factor: required")
    for browser in (open_before, desk.browser("admin")):
        for path in ("/", "/reports", "/settings", "/runs/1/report.csv"):
            answer = browser.get(path)
            assert (answer.status_code, answer.headers.get("location")) in (
                (303, "/second-factor"),
                (403, None),
            )
    browser, secret, _recovery = set_up(desk)
    assert browser.get("/reports").status_code == 200
    assert browser.post("/second-factor", what="off", code=code(desk, secret)).status_code == 400
    assert desk.office.second_factors.is_on(1)


@pytest.mark.security(33)
def test_where_single_sign_on_is_required_no_password_is_taken(desk: Desk) -> None:
    """Nor is a session that began with one, or a one-time link with a password."""
    before = desk.browser("admin")
    link = desk.office.people.invite("new", Role.VIEWER)
    ruled(desk, "sso: required")
    assert not before.is_in
    guest = desk.guest()
    assert guest.log_in("admin").status_code == 403
    assert 'name="password"' not in guest.get("/login").text
    form = {"password": PASSWORD, "again": PASSWORD}
    assert guest.ask("POST", f"/welcome/{link}", form=form, headers=OURS).status_code == 400
    assert desk.office.people.invited(link) is not None


@pytest.mark.fault("F97")
def test_a_file_that_cannot_be_read_opens_nothing(desk: Desk) -> None:
    """The rules of before hold."""
    ruled(desk, "sso: required")
    assert desk.office.rules.only_sso()
    (desk.folder / "renkei.yaml").write_text("connections: [")
    assert desk.office.rules.only_sso()
    assert desk.moment == START
