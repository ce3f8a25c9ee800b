"""A second factor: codes of an app, each taken once, and recovery codes for who has lost it."""

from __future__ import annotations

import base64
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.web.desk import OURS, PASSWORD, START, Browser
from tests.web.test_board import lines

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
    """Send the form of the page, which may be the only one that is open, with the password."""
    token = re.findall(r'data-csrf="([^"]+)"', browser.get("/second-factor").text)[0]
    form = {"csrf": token, "password": PASSWORD, **form}
    return browser.ask("POST", "/second-factor", form=form, headers=OURS)


def set_up(desk: Desk, name: str = "admin") -> tuple[Browser, str, list[str]]:
    """Let somebody turn it on; return the browser, the secret, the recovery codes."""
    browser = desk.browser(name)
    page = sent(browser, what="begin").text
    secret = re.findall(r"<code>([A-Z2-7]{32})</code>", page)[0]
    assert "otpauth://totp/renkei:" in page
    done = sent(browser, what="confirm", code=code(desk, secret), secret=secret).text
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


@pytest.mark.security(34)
@pytest.mark.postgres
def test_whoever_came_before_it_comes_anew(desk: Desk) -> None:
    """A session that a password has begun gets no further by the code that somebody else gives."""
    ruled(desk, "second_factor: required")
    thief = desk.browser("admin")
    assert thief.get("/runs/1/people").headers["location"] == "/second-factor"
    browser, _secret, _recovery = set_up(desk)
    assert browser.get("/runs/1/people").status_code == 200
    assert thief.get("/runs/1/people").headers["location"].startswith("/login")
    assert not thief.is_in


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
@pytest.mark.postgres
def test_a_code_is_taken_once(desk: Desk) -> None:
    """Nor is an older one after it, read over a shoulder or not; a clock may be late."""
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
@pytest.mark.postgres
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


@pytest.mark.security(33)
def test_only_whoever_has_the_password_can_use_up_codes(desk: Desk) -> None:
    """Wrong passwords of others leave the codes alone; who is in stays in while codes wait."""
    inside, secret, _recovery = set_up(desk)
    stranger = desk.guest()
    stranger.address = "192.0.2.99"
    for _ in range(6):
        stranger.log_in("admin", "not the password")
    assert give(stranger, "made-up", "000000").status_code == 401
    browser, waiting = half(desk)
    assert give(browser, waiting, code(desk, secret)).status_code == 303
    for n in range(6):
        colleague, waiting = half(desk)
        give(colleague, waiting, f"00000{n}")
    assert inside.get("/runs/1/people").status_code == 200


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


@pytest.mark.postgres
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


@pytest.mark.security(33)
def test_an_open_browser_is_not_the_person(desk: Desk) -> None:
    """What changes it asks for the password; after five wrong ones there is a wait."""
    browser = desk.browser("admin")
    for what in ("begin", "renew", "off"):
        answer = sent(browser, what=what, password="wrong")
        assert answer.status_code == 400
        assert "<code>" not in answer.text
    assert desk.office.second_factors.begun(1) is None
    assert desk.noted[-1][1:] == (
        "log_in_refused",
        {"user": "admin", "how": "second factor", "address": "127.0.0.1"},
    )
    page = sent(browser, what="begin").text
    secret = re.findall(r"<code>([A-Z2-7]{32})</code>", page)[0]
    for known in ("", SEED):  # those who have not seen it neither see it nor turn it on
        answer = sent(browser, what="confirm", code=code(desk, secret), secret=known)
        assert answer.status_code == 400
        assert secret not in answer.text
    wrong = sent(browser, what="confirm", code="000000", secret=secret)
    assert secret in wrong.text
    browser, secret, _recovery = set_up(desk)
    for _ in range(5):
        assert sent(browser, what="off", code=code(desk, secret), password="x").status_code == 400
    assert sent(browser, what="off", code=code(desk, secret)).status_code == 429
    assert desk.office.second_factors.is_on(1)
    desk.moment += 16 * 60
    assert sent(browser, what="off", code=code(desk, secret)).status_code == 303


def test_it_is_turned_off_with_a_code_only(desk: Desk) -> None:
    """Finding an open browser is not enough; the secret is on no page any more."""
    browser, secret, recovery = set_up(desk)
    page = browser.get("/second-factor").text
    assert secret not in page
    assert not [each for each in recovery if each in page]
    assert sent(browser, what="begin").status_code == 200
    assert sent(browser, what="off", code="123456").status_code == 400
    assert desk.office.second_factors.is_on(1)
    page = sent(browser, what="renew", code=code(desk, secret)).text
    assert recovery[0] not in page
    assert sent(browser, what="off", code=recovery[0]).status_code == 400
    desk.moment += STEP_S
    assert sent(browser, what="off", code=code(desk, secret)).status_code == 303
    assert desk.guest().log_in("admin").status_code == 303


def test_a_new_link_forgets_it(desk: Desk) -> None:
    """A person who has lost the phone asks an administrator."""
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
    assert sent(browser, what="off", code=code(desk, secret)).status_code == 400
    assert desk.office.second_factors.is_on(1)


def asks(desk: Desk, name: str, rule: str) -> None:
    """Let a company ask of who looks at its pages."""
    file = desk.folder / "companies" / f"{name}.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"settings: \{", f"settings: {{{rule}, ", text), encoding="utf-8")


@pytest.mark.security(33, 38)
def test_a_company_that_requires_it_is_a_name_before(several: Desk) -> None:
    """Neither board nor page tells more of it; with a second factor both do, and it stays on."""
    with closing(sqlite3.connect(several.store)) as db, db:
        db.execute("update runs set status = 'failed' where company = 'beta'")
    several.add("somebody", Role.NONE)
    several.office.rights.give(2, ["acme", "beta"], Role.OPERATOR)
    browser = several.browser("somebody")
    open_board = browser.get("/").text
    asks(several, "beta", "second_factor: required")
    board = browser.get("/").text
    acme, beta = lines(board)
    assert acme == lines(open_board)[0]
    assert beta.split() == ["Beta", "K.K.", "beta", "テスト", "–", "–", "–", "2段階認証が必要"]
    assert 'href="/second-factor"' in board
    assert "要対応 <b>1</b>" in board
    assert 'href="/second-factor"' not in open_board
    assert browser.get("/c/acme/").status_code == 200
    for path in ("/c/beta/", "/c/beta/runs/4711/people"):
        assert browser.get(path).headers["location"] == "/second-factor"
    browser, secret, _recovery = set_up(several, "somebody")
    assert lines(browser.get("/").text) == lines(open_board)
    assert browser.get("/c/beta/").status_code == 200
    assert sent(browser, what="off", code=code(several, secret)).status_code == 400


@pytest.mark.security(33, 38)
def test_whoever_administers_all_needs_what_one_company_requires(several: Desk) -> None:
    """They could give away the right on it; a file that cannot be read asks for no less."""
    admin = several.browser("admin")
    of_all = ("/settings/users", "/settings/users/1/rights", "/audit", "/companies/new")
    assert [admin.get(path).status_code for path in of_all] == [200] * 4
    asks(several, "beta", "second_factor: required")
    for _ in range(2):
        for path in of_all:
            assert admin.get(path).headers.get("location") == "/second-factor", path
        assert admin.post("/settings/users", name="new", role="admin").status_code == 303
        assert [user.name for user in several.office.people.users()] == ["admin"]
        (several.folder / "companies" / "beta.yaml").write_text("settings: [", encoding="utf-8")
    assert "すべての会社" not in admin.get("/second-factor").text
    admin, _secret, _recovery = set_up(several)
    assert [admin.get(path).status_code for path in of_all] == [200] * 4


@pytest.mark.security(33, 38)
def test_a_company_of_single_sign_on_is_a_name_for_others(several: Desk) -> None:
    """People who came with a password see no count of it, second factor or not."""
    asks(several, "beta", "sso: required")
    browser, _secret, _recovery = set_up(several)
    _acme, beta = lines(browser.get("/").text)
    assert beta.split()[3:] == ["テスト", "–", "–", "–", "シングルサインオンが必要"]
    assert browser.get("/c/beta/").status_code == 403
    assert browser.get("/settings/users").status_code == 200


def test_the_installation_may_require_it_of_everybody(several: Desk) -> None:
    """Then nothing is open before, whatever the companies say."""
    user = several.add("somebody", Role.NONE)
    several.office.rights.give(user, ["acme"], Role.VIEWER)
    browser = several.browser("somebody")
    main = several.folder / "renkei.yaml"
    text = main.read_text(encoding="utf-8")
    main.write_text(f"{text}settings: {{second_factor: required}}\n", encoding="utf-8")
    for path in ("/", "/c/acme/", "/c/acme/runs/1"):
        assert browser.get(path).headers["location"] == "/second-factor"
    main.write_text(f"{text}settings: {{sso: required}}\n", encoding="utf-8")
    assert not browser.is_in
    assert several.guest().log_in("somebody").status_code == 403


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


@pytest.mark.fault("F100")
def test_a_file_that_cannot_be_read_opens_nothing(desk: Desk) -> None:
    """The rules of before hold."""
    ruled(desk, "sso: required")
    assert desk.office.rules.only_sso()
    (desk.folder / "renkei.yaml").write_text("connections: [")
    assert desk.office.rules.only_sso()
    assert desk.moment == START
