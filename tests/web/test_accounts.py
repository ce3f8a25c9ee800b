"""Who can log in: one-time links, passwords, and tries."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

import pytest
from tests.web.desk import HASHER, OURS, PASSWORD, Browser, Desk

from renkei_runner.deeds import launch
from renkei_web import entrance as module
from renkei_web import passwords
from renkei_web.passwords import weakness
from renkei_web.server import Server
from renkei_web.tries import KNOWN_S
from renkei_web.users import AccountError, Role

if TYPE_CHECKING:
    from tests.e2e.office import Office

QUARTER = 15 * 60 + 1
WRONG = "five other words that differ"


OTHER = "four other invented words"


# -- nobody by default, one-time links -----------------------------------------------------------


@pytest.mark.security(31)
def test_a_fresh_dashboard_has_no_log_in(folder: Path) -> None:
    """No default account: no name and no password opens anything, and the page says why."""
    desk = Desk(folder)
    assert desk.office.people.users() == []
    for name in ("admin", "administrator", "root", "renkei", ""):
        for password in ("", "admin", "password", "renkei", "nobody has this password"):
            assert desk.guest(f"192.0.2.{len(password)}").log_in(name, password).status_code != 303
    assert "renkei web" in desk.guest().get("/login").text


@pytest.mark.security(31)
def test_the_first_link_is_for_the_first_administrator_only(folder: Path) -> None:
    """The command makes a link until somebody has used one; each new link ends the last."""
    server = Server(config=folder / "renkei.yaml", launch=launch)
    with server as address:
        first, second = server.first_link(address), server.first_link(address)
        assert first is not None
        assert second is not None
        office = server.office
        assert office.people.invited(first.rpartition("/")[2]) is None
        user = office.people.invited(second.rpartition("/")[2])
        assert user is not None
        assert user.is_admin
        assert office.entrance.accept(second.rpartition("/")[2], PASSWORD)
        assert server.first_link(address) is None


@pytest.mark.security(31)
def test_a_link_works_once(desk: Desk) -> None:
    """A used link says that it is used up, and its form sets no password."""
    path = f"/welcome/{desk.office.people.invite('hanako', Role.VIEWER)}"
    form = {"password": PASSWORD, "again": PASSWORD}
    browser = desk.guest()
    assert browser.get(path).status_code == 200
    assert browser.ask("POST", path, form=form, headers=OURS).status_code == 303
    assert browser.is_in
    other = {"password": WRONG, "again": WRONG}
    for late in (desk.guest(), browser):
        assert late.get(path).status_code == 404
        assert late.ask("POST", path, form=other, headers=OURS).status_code == 404
    assert desk.guest().log_in("hanako", WRONG).status_code == 401
    assert desk.guest().log_in("hanako").status_code == 303


@pytest.mark.security(31)
@pytest.mark.postgres
def test_a_link_used_by_two_at_once_works_for_one(desk: Desk) -> None:
    """Two people with one link: one has set the password, the other is told."""
    secret = desk.office.people.invite("hanako", Role.VIEWER)
    with ThreadPoolExecutor(8) as pool:
        sessions = list(pool.map(lambda _: desk.office.entrance.accept(secret, PASSWORD), range(8)))
    assert sum(session is not None for session in sessions) == 1


@pytest.mark.security(31)
def test_a_link_expires(desk: Desk) -> None:
    """After a day a link opens nothing."""
    secret = desk.office.people.invite("hanako", Role.VIEWER)
    desk.moment += 24 * 3600 - 1
    assert desk.office.people.invited(secret) is not None
    desk.moment += 2
    assert desk.guest().get(f"/welcome/{secret}").status_code == 404
    assert desk.office.entrance.accept(secret, PASSWORD) is None


@pytest.mark.security(31)
def test_a_new_link_ends_the_last_one(desk: Desk) -> None:
    """Of two links for somebody only the new one works, and the role is the same."""
    first = desk.office.people.invite("hanako", Role.VIEWER)
    user = desk.office.people.invited(first)
    assert user is not None
    second = desk.office.people.reset(user.id)
    assert desk.office.people.invited(first) is None
    assert desk.office.people.invited(second) == user


def test_whoever_waits_is_not_invited_again(desk: Desk) -> None:
    """Neither a role nor a link of somebody changes because their name is typed once more."""
    first = desk.office.people.invite("hanako", Role.ADMIN)
    with pytest.raises(AccountError, match="hanako"):
        desk.office.people.invite("Hanako", Role.VIEWER)
    user = desk.office.people.invited(first)
    assert user is not None
    assert user.is_admin


def test_a_link_of_somebody_who_is_locked_out_is_dead(desk: Desk) -> None:
    """Locking out comes before any link that was handed over earlier."""
    secret = desk.office.people.invite("hanako", Role.ADMIN)
    user = next(each for each in desk.office.people.users() if each.name == "hanako")
    desk.office.people.change(user.id, disabled=True)
    assert desk.office.entrance.accept(secret, PASSWORD) is None


def test_an_invitation_takes_over_nobody(desk: Desk) -> None:
    """Inviting a name that somebody has changes neither their password nor their role."""
    for name in ("admin", "ADMIN", " admin "):
        with pytest.raises(AccountError):
            desk.office.people.invite(name, Role.VIEWER)
    assert desk.browser("admin").get("/settings").status_code == 200


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\x00b", "a\nb", "a\u202eb", "a\ud800"])
def test_odd_names_are_refused(desk: Desk, name: str) -> None:
    """A name can be read on a screen and in a report."""
    with pytest.raises(AccountError):
        desk.office.people.invite(name, Role.VIEWER)


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": Role.VIEWER}])
def test_the_last_administrator_stays(desk: Desk, change: dict[str, Any]) -> None:
    """Somebody is always left who can let others in again; with only a link nobody counts."""
    desk.office.people.invite("hanako", Role.ADMIN)
    last = next(each for each in desk.office.people.users() if each.name == "admin")
    with pytest.raises(AccountError):
        desk.office.people.change(last.id, **change)
    assert desk.browser("admin").get("/settings").status_code == 200


# -- passwords -----------------------------------------------------------------------------------


@pytest.mark.security(32)
@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("", False),
        ("kQ7#wz", False),
        ("kQ7#wzT", False),
        ("kQ7#wzTp", True),  # eight characters
        ("vmxqoeirutnb", True),  # one kind of character is enough
        ("9027418365017", True),
        ("correct horse battery staple", True),
        ("青い鳥が三回だけ朝に鳴いた", True),
        ("💐🚲🌵🎺🧦🪁🍋🦉", True),
        (" leading and trailing ", True),
        ("k3!" + "m#w9xQ" * 10 + "z", True),  # 64
        ("purple kettle seventeen harbour lantern " * 5, True),  # 200
        ("purple kettle seventeen harbour lantern " * 5 + "x", False),
        ("password", False),
        ("Password1", False),
        ("P@ssw0rd", False),
        ("passwordpassword", False),
        ("1234567890", False),
        ("123456789012345", False),
        ("qwertyuiop", False),
        ("1qaz2wsx", False),
        ("aaaaaaaaaaaaaaaaaaaa", False),
        ("abcdefghijklmnop", False),
        ("        ", False),
        ("iloveyou1", False),
        ("19850412", False),
        ("hanako.sato", False),
        ("Hanako.Sato1", False),
        ("renkei2026", False),
    ],
)
def test_rules_of_passwords(password: str, *, good: bool) -> None:
    """Eight at least, long ones welcome, no rule about kinds; guessable ones are refused."""
    assert (weakness(password, "hanako.sato") is None) is good


@pytest.mark.security(32)
def test_the_advice_is_fifteen() -> None:
    """Somebody told that a password is too short hears how long is good."""
    assert "15" in (weakness("short", "hanako") or "")


@pytest.mark.security(32)
@pytest.mark.parametrize("length", [8, 15, 64, 73, 200])
def test_passwords_of_every_length_are_looked_at_whole(desk: Desk, length: int) -> None:
    """No character is cut off: one less, one more or another one is wrong."""
    password = ("kQ7#wzT violin orbit kettle meadow " * 6)[: length - 1] + "~"
    secret = desk.office.people.invite("hanako", Role.VIEWER)
    form = {"password": password, "again": password}
    answer = desk.guest().ask("POST", f"/welcome/{secret}", form=form, headers=OURS)
    assert answer.status_code == 303
    for n, wrong in enumerate((password[:-1], password + "~", password[:-1] + "-", password * 2)):
        assert desk.office.entrance.log_in("hanako", wrong, f"192.0.2.{n}") is None
    assert desk.office.entrance.log_in("hanako", password, "192.0.2.9")


def test_a_weak_password_uses_up_no_link(desk: Desk) -> None:
    """After a bad one, or a typing mistake, the same page takes another try."""
    path = f"/welcome/{desk.office.people.invite('hanako', Role.VIEWER)}"
    for password, again in (("password", "password"), (PASSWORD, WRONG), ("", "")):
        form = {"password": password, "again": again}
        assert desk.guest().ask("POST", path, form=form, headers=OURS).status_code == 400
    form = {"password": PASSWORD, "again": PASSWORD}
    assert desk.guest().ask("POST", path, form=form, headers=OURS).status_code == 303


def changed(browser: Browser, old: str, new: str, again: str | None = None) -> int:
    """Send the form of the page of one's own password; return the status."""
    return browser.post("/password", old=old, password=new, again=again or new).status_code


@pytest.mark.security(34)
def test_a_new_password_ends_every_other_session(desk: Desk) -> None:
    """The old one opens nothing any more; anyone with a copy of a cookie is out."""
    here, elsewhere = desk.browser("admin"), desk.browser("admin")
    thief = here.copy()
    assert changed(here, PASSWORD, OTHER) == 303
    assert (here.is_in, elsewhere.is_in, thief.is_in) == (True, False, False)
    assert desk.guest().log_in("admin").status_code == 401
    assert desk.guest().log_in("admin", OTHER).status_code == 303


def test_a_password_is_not_changed_by_mistake(desk: Desk) -> None:
    """A wrong old one, a weak new one, or two that differ: nothing has changed."""
    browser = desk.browser("viewer")
    for old, new, again in (
        ("wrong", OTHER, None),
        (PASSWORD, "12345678", None),
        (PASSWORD, OTHER, "x"),
    ):
        assert changed(browser, old, new, again) == 400
        assert browser.is_in
    assert desk.guest().log_in("viewer").status_code == 303


def test_the_old_password_cannot_be_guessed_from_a_session(desk: Desk) -> None:
    """A stranger at a logged-in browser has five tries, as at the log-in."""
    browser = desk.browser("admin")
    for _try in range(5):
        assert changed(browser, WRONG, OTHER) == 400
    assert changed(browser, PASSWORD, OTHER) == 429
    desk.moment += QUARTER
    assert changed(browser, PASSWORD, OTHER) == 303


@pytest.mark.security(32)
def test_what_is_kept_is_argon2id(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As RFC 9106 asks for: 64 MiB, three rounds, a salt of 128 bits; no two are alike."""
    monkeypatch.setattr(passwords, "_hasher", HASHER)
    desk = Desk(folder)
    for name in ("hanako", "taro"):
        desk.add(name)
    with sqlite3.connect(desk.file) as db:
        kept = [row[0] for row in db.execute("select password from users")]
    db.close()
    assert all(each.startswith("$argon2id$v=19$m=65536,t=3,p=4$") for each in kept)
    assert len({each.split("$")[4] for each in kept}) == 2
    assert {len(each.split("$")[4]) for each in kept} == {22}


@pytest.mark.security(32)
def test_the_file_holds_no_secret(desk: Desk) -> None:
    """No password, no secret of a session or a link can be read in the file."""
    secret = desk.office.people.invite("hanako", Role.VIEWER)
    browser = desk.browser("admin")
    desk.guest().log_in("admin", WRONG)
    session = browser.jar[desk.cookie]
    content = desk.contents
    for each in (PASSWORD, WRONG, secret, session):
        assert each.encode() not in content


# -- tries ---------------------------------------------------------------------------------------


@pytest.mark.security(33)
def test_five_wrong_passwords_then_a_wait(desk: Desk) -> None:
    """After five even the right one is refused, until a quarter of an hour has gone by."""
    browser = desk.guest()
    statuses = [browser.log_in("admin", WRONG).status_code for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    assert browser.log_in("admin").status_code == 429
    desk.moment += QUARTER
    assert browser.log_in("admin").status_code == 303


@pytest.mark.security(33)
def test_whoever_goes_on_trying_makes_nobody_wait_longer(desk: Desk) -> None:
    """Tries that are refused unseen do not count: the quarter of an hour ends."""
    for _ in range(5):
        desk.office.entrance.log_in("admin", WRONG, "127.0.0.1")
    for _ in range(200):
        desk.moment += 4
        desk.office.entrance.log_in("admin", WRONG, "127.0.0.1")
    desk.moment += QUARTER - 800
    assert desk.office.entrance.log_in("admin", PASSWORD, "127.0.0.1")


@pytest.mark.security(33)
@pytest.mark.long
def test_200_tries_by_a_stranger_lock_nobody_out(desk: Desk) -> None:
    """From one address or from many: people get in where they have logged in before."""
    desk.browser("admin")
    for n in range(200):
        assert desk.office.entrance.log_in("admin", f"{WRONG} {n}", "192.0.2.1") is None
    assert desk.guest("192.0.2.1").log_in("admin", WRONG).status_code == 429
    assert desk.guest("203.0.113.5").log_in("viewer").status_code == 303
    assert desk.guest("203.0.113.5").log_in("admin").status_code == 303
    for n in range(200):
        desk.office.entrance.log_in("admin", WRONG, f"198.51.100.{n}")
    assert desk.guest("203.0.113.77").log_in("admin").status_code == 429
    assert desk.browser("admin").is_in


def guess_at_everybody(desk: Desk) -> None:
    """Guess from the one address that everybody has, until it is held back."""
    guest = desk.guest()
    for n in range(60):
        name = ("admin", "viewer", f"somebody {n}")[n % 3]
        assert desk.office.entrance.log_in(name, f"{WRONG} {n}", guest.address) is None
    assert desk.guest().log_in("admin").status_code == 429
    assert desk.guest().log_in("stranger", WRONG).status_code == 429


@pytest.mark.security(33)
def test_a_known_browser_gets_in_while_somebody_guesses_at_its_address(desk: Desk) -> None:
    """Behind one NAT or proxy: people who logged in before get in, with or without a session."""
    inside, before = desk.browser("admin"), desk.browser("viewer")
    before.post("/logout")
    guess_at_everybody(desk)
    assert inside.is_in
    assert before.log_in("viewer").status_code == 303
    before.post("/logout")
    assert inside.post("/password", old=PASSWORD, password=OTHER, again=OTHER).status_code == 303
    assert inside.is_in
    guess_at_everybody(desk)
    assert before.log_in("viewer").status_code == 303


@pytest.mark.security(33)
def test_a_person_known_at_an_address_is_not_held_back_by_its_crowd(desk: Desk) -> None:
    """A new browser gets in too, as long as nobody has guessed at that very name."""
    desk.browser("admin").post("/logout")
    for n in range(40):
        desk.guest().log_in(f"somebody {n}", WRONG)
    assert desk.guest().log_in("viewer").status_code == 429
    assert desk.guest().log_in("admin").status_code == 303


@pytest.mark.security(33)
def test_a_known_browser_is_held_back_for_its_own_tries(desk: Desk) -> None:
    """It has five tries, for the names that are known in it; for others it is a stranger."""
    thief = desk.browser("admin")
    thief.post("/logout")
    guess_at_everybody(desk)
    assert thief.log_in("viewer").status_code == 429
    assert [thief.log_in("admin", WRONG).status_code for _ in range(7)] == [401] * 5 + [429] * 2
    assert thief.log_in("admin").status_code == 429
    desk.moment += QUARTER
    assert thief.log_in("admin").status_code == 303


@pytest.mark.postgres
def test_a_browser_may_be_known_as_that_of_several_people(desk: Desk) -> None:
    """A computer that is shared knows everybody who has logged in there."""
    shared = desk.browser("admin")
    for name in ("viewer", "admin"):
        shared.post("/logout")
        assert shared.log_in(name).status_code == 303
    shared.post("/logout")
    guess_at_everybody(desk)
    assert shared.log_in("viewer").status_code == 303


@pytest.mark.security(33)
def test_a_planted_browser_is_not_known(desk: Desk) -> None:
    """Neither a made-up cookie nor one that was there before a log-in opens the way."""
    victim, stranger = desk.browser("viewer"), desk.guest()
    name = f"{desk.cookie}-known"
    planted = victim.jar[name]
    victim.post("/logout")
    assert victim.log_in("admin").status_code == 303
    guess_at_everybody(desk)
    for value in (planted, "x" * 43, ""):
        stranger.jar.set(name, value, domain="127.0.0.1")
        assert stranger.log_in("admin").status_code == 429


@pytest.mark.security(33)
@pytest.mark.parametrize("end", ["reset", "lock out", "half a year"])
def test_a_browser_is_known_until_it_is_not(desk: Desk, end: str) -> None:
    """A new link, a lock-out and half a year without a log-in make it a stranger again."""
    browser = desk.browser("viewer")
    viewer = next(user.id for user in desk.office.people.users() if user.name == "viewer")
    browser.post("/logout")
    match end:
        case "reset":
            desk.office.entrance.accept(desk.office.people.reset(viewer), PASSWORD)
        case "lock out":
            desk.office.people.change(viewer, disabled=True)
            desk.office.people.change(viewer, disabled=False)
        case _:
            desk.moment += KNOWN_S + 1
    guess_at_everybody(desk)
    assert browser.log_in("viewer").status_code == 429


def test_tries_at_many_names_from_one_address_end(desk: Desk) -> None:
    """One password tried at everybody's name is held back by the address."""
    statuses = [desk.guest("192.0.2.1").log_in(f"user{n}", WRONG).status_code for n in range(40)]
    assert statuses == [401] * 30 + [429] * 10
    assert desk.guest("192.0.2.2").log_in("admin").status_code == 303


def test_a_network_of_ipv6_counts_as_one_address(desk: Desk) -> None:
    """An attacker with 2⁶⁴ addresses has five tries."""
    statuses = [desk.guest(f"2001:db8::{n:x}").log_in("admin", WRONG).status_code for n in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    assert desk.guest("2001:db8:0:1::1").log_in("admin").status_code == 303


@pytest.mark.parametrize("name", ["admin", "ADMIN", " admin ", "Admin"])
def test_a_name_written_otherwise_is_the_same_name(desk: Desk, name: str) -> None:
    """Capitals and spaces give nobody more tries."""
    for each in ("admin", "ADMIN", " admin ", "aDMIN", "admin "):
        assert desk.guest().log_in(each, WRONG).status_code == 401
    assert desk.guest().log_in(name).status_code == 429


@pytest.mark.security(33)
@pytest.mark.postgres
def test_a_hundred_tries_at_once_are_a_hundred(desk: Desk) -> None:
    """Tries that arrive together do not slip through before the first is counted."""
    looked_at: list[str] = []
    real = passwords.is_right

    def slow(kept: str | None, password: str) -> bool:
        looked_at.append(password)
        time.sleep(0.05)
        return real(kept, password)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(16) as pool:
        patch.setattr(module, "is_right", slow)
        list(
            pool.map(
                lambda n: desk.office.entrance.log_in("admin", f"{n}", "127.0.0.1"), range(100)
            )
        )
    assert len(looked_at) == 5


@pytest.mark.postgres
def test_log_ins_at_once_all_succeed(desk: Desk) -> None:
    """Ten people log in at the same moment, each with a session of their own."""
    for n in range(10):
        desk.add(f"user{n}")

    def log_in(n: int) -> str | None:
        session = desk.office.entrance.log_in(f"user{n}", PASSWORD, "127.0.0.1")
        return session if isinstance(session, str) else None

    with ThreadPoolExecutor(10) as pool:
        sessions = [each for each in pool.map(log_in, range(10)) if each]
    assert len(set(sessions)) == 10
    found = [desk.office.sessions.find(each) for each in sessions]
    assert {each.user.name for each in found if each} == {f"user{n}" for n in range(10)}


CROWD = 24
PATIENCE_S = 50.0
"""How long a stranger waits for the last of the crowd, who may be slow."""


def test_only_so_many_passwords_are_looked_at_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes 64 MiB: a crowd of strangers waits in line instead of filling the memory."""
    now, most, come, lock = 0, 0, 0, threading.Lock()
    all_have_come = threading.Event()
    is_right = passwords.is_right

    def come_in(kept: str | None, password: str) -> bool:
        nonlocal come
        with lock:
            come += 1
            if come == CROWD:
                all_have_come.set()
        return is_right(kept, password)

    class Counting:
        def verify(self, kept: str, password: str) -> bool:
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            # However late the last one is: until then nobody leaves, and who is let in is in.
            assert all_have_come.wait(PATIENCE_S)
            with lock:
                now -= 1
            return True

    monkeypatch.setattr(passwords, "_hasher", Counting())
    monkeypatch.setattr(module, "is_right", come_in)
    log_in = desk.office.entrance.log_in
    with ThreadPoolExecutor(CROWD) as pool:
        list(pool.map(lambda n: log_in("x", "y", f"192.0.2.{n}"), range(CROWD)))
    assert most == 4


# -- the same answer for everybody ---------------------------------------------------------------


@pytest.mark.security(33)
def test_names_cannot_be_found_out(desk: Desk) -> None:
    """Unknown, locked out, not there yet, or a wrong password: byte for byte the same page."""
    locked = desk.add("locked")
    desk.office.people.change(locked, disabled=True)
    desk.office.people.invite("invited", Role.VIEWER)
    answers = set()
    for n, name in enumerate(("nobody", "locked", "invited", "admin")):
        guest = desk.guest(f"192.0.2.{n}")
        for _ in range(7):
            answer = guest.log_in(name, WRONG)
            answers.add((answer.status_code, answer.text.replace(name, "*"), len(answer.headers)))
    assert len(answers) == 2  # one that it is wrong, one that somebody has to wait


@pytest.mark.security(33)
@pytest.mark.parametrize("name", ["nobody", "locked", "invited", "admin"])
def test_every_name_costs_the_same_work(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """One password is looked at, at the same cost, whether or not somebody of that name exists."""
    desk.office.people.change(desk.add("locked"), disabled=True)
    desk.office.people.invite("invited", Role.VIEWER)
    seen: list[str] = []
    real = passwords._hasher

    class Counting:
        def verify(self, kept: str, password: str) -> bool:
            seen.append(kept)
            return real.verify(kept, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    assert desk.guest().log_in(name, WRONG).status_code == 401
    assert [each.rsplit("$", 2)[0] for each in seen] == ["$argon2id$v=19$m=8,t=1,p=1"]


@pytest.mark.security(33)
def test_what_unknown_names_are_compared_with_is_made_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The real costs stand in what is kept, and in what nobody has."""
    monkeypatch.undo()
    assert passwords._NOBODY.rsplit("$", 2)[0] == passwords.hashed(PASSWORD).rsplit("$", 2)[0]


@pytest.mark.long
@pytest.mark.security(33)
def test_what_unknown_names_are_compared_with_costs_as_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the real costs the means of both differ by less than a tenth."""
    monkeypatch.undo()
    kept = passwords.hashed(PASSWORD)

    def cost(each: str | None) -> float:
        began = time.perf_counter()
        passwords.is_right(each, WRONG)
        return time.perf_counter() - began

    known = unknown = 0.0
    for _attempt in range(5):  # the machine may have had something else to do
        pairs = [(cost(kept), cost(None)) for _ in range(5)]
        known, unknown = (mean(sorted(side)[:3]) for side in zip(*pairs, strict=True))
        if abs(known - unknown) < 0.1 * max(known, unknown):
            return
    pytest.fail(f"{known:.3f} s for a known name, {unknown:.3f} s for an unknown one")


# -- people changed in the middle of a log-in ----------------------------------------------------


@pytest.mark.security(34)
@pytest.mark.parametrize("what", ["reset", "disable"])
def test_a_log_in_that_is_under_way_is_ended_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """A password that is right when it is looked at, and void a moment later, opens nothing."""
    user = desk.add("hanako")

    def meanwhile(kept: str | None, password: str) -> bool:
        if what == "reset":
            desk.office.people.reset(user)
        else:
            desk.office.people.change(user, disabled=True)
        return True

    monkeypatch.setattr(module, "is_right", meanwhile)
    assert desk.office.entrance.log_in("hanako", PASSWORD, "127.0.0.1") is None


# -- who is let in at all ------------------------------------------------------------------------


@pytest.mark.security(30)
@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1", "", "example.com", "127.1"])  # noqa: S104
@pytest.mark.parametrize("more", [(), ("--behind-proxy",)], ids=["", "behind a proxy"])
def test_other_computers_are_let_in_over_tls_only(
    office: Office, address: str, more: tuple[str, ...]
) -> None:
    """Anything but this computer's own address needs a certificate; a proxy asks from here."""
    result = office.renkei("web", "--listen", address, *more)
    assert result.code == 2
    assert "--certificate" in result.err


@pytest.mark.security(30)
def test_this_computer_is_the_default(folder: Path) -> None:
    """Unless told otherwise, nobody else reaches it."""
    server = Server(config=folder / "renkei.yaml", launch=launch)
    with server as address:
        assert server._socket is not None
        assert server._socket.getsockname()[0] == "127.0.0.1"
        assert address.startswith("http://127.0.0.1:")


@pytest.mark.sqlite
def test_a_forgotten_password_is_mended_on_the_command_line(folder: Path, desk: Desk) -> None:
    """A new link for the only administrator, whether the dashboard runs or not."""

    def new_link(name: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "renkei_runner", "web", "--new-link", name]
        return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)

    done = new_link("admin")
    found = re.search(r"http://127\.0\.0\.1:8780(/welcome/\S+)", done.stdout)
    assert found is not None, done
    assert new_link("nobody").returncode == 2
    desk.moment = time.time()
    browser = desk.guest()
    assert browser.log_in("admin").status_code == 401
    form = {"password": OTHER, "again": OTHER}
    assert browser.ask("POST", found[1], form=form, headers=OURS).status_code == 303
    assert browser.get("/settings").status_code == 200
    assert len(desk.office.people.users()) == 2


@pytest.mark.security(34)
def test_a_new_link_wins_against_a_new_password(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person who knew the old password and is changing it at that moment keeps nothing."""
    hanako = desk.add("hanako")
    browser = desk.browser("hanako")
    real, links = passwords.hashed, []

    def meanwhile(password: str) -> str:
        links.append(desk.office.people.reset(hanako))
        return real(password)

    monkeypatch.setattr(module, "hashed", meanwhile)
    assert changed(browser, PASSWORD, OTHER) == 400
    monkeypatch.undo()
    assert desk.guest().log_in("hanako", OTHER).status_code == 401
    assert desk.office.entrance.accept(links[0], PASSWORD)


def test_ipv4_addresses_that_come_as_ipv6_are_told_apart(desk: Desk) -> None:
    """On a server that listens at :: one stranger's tries hold back nobody else."""
    for n in range(31):
        desk.guest("::ffff:192.0.2.7").log_in(f"name {n}", WRONG)
    assert desk.guest("::ffff:192.0.2.7").log_in("viewer").status_code == 429
    assert desk.guest("::ffff:198.51.100.8").log_in("admin").status_code == 303


@pytest.mark.sqlite
def test_the_dashboard_starts_whoever_waits_for_a_link(folder: Path, desk: Desk) -> None:
    """The only administrator has a new link, and "admin" is somebody else: the link is theirs."""
    hanako = desk.add("hanako")
    admin = next(user.id for user in desk.office.people.users() if user.name == "admin")
    desk.office.people.change(admin, role=Role.VIEWER)
    server = Server(config=folder / "renkei.yaml", launch=launch)
    server.new_link("hanako")
    with server as address:
        link = server.first_link(address)
    assert link is not None
    desk.moment = time.time()
    invited = desk.office.people.invited(link.rpartition("/")[2])
    assert invited is not None
    assert invited.id == hanako


@pytest.mark.postgres
def test_administrators_cannot_reset_each_other_away(desk: Desk) -> None:
    """One of them can log in, whatever happens at the same time."""
    users = {user.name: user.id for user in desk.office.people.users()}
    hanako = desk.add("hanako")
    desk.office.people.reset(hanako)
    with pytest.raises(AccountError, match="last administrator"):
        desk.office.people.reset(users["admin"])
    assert desk.browser("admin").is_in


def test_an_odd_password_is_judged_after_the_tries(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What costs seconds of work is not done for people who have to wait."""
    browser = desk.browser("viewer")
    for _ in range(5):
        changed(browser, WRONG, OTHER)
    judged: list[str] = []
    monkeypatch.setattr("renkei_web.views.entrance.weakness", lambda *words: judged.append("x"))
    assert changed(browser, WRONG, OTHER) == 429
    assert judged == []
