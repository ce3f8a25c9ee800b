"""Whose accounts are compared, asked on a page; another account is accepted by a button."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from html import unescape

import httpx
import pytest
from attrs import define, frozen
from tests.e2e.office import Office
from tests.pair import DIRECTIONS
from tests.web.desk import Browser, Desk, Idle, staffed

from renkei.runs import Runs
from renkei_web import processes
from renkei_web.processes import Work

FETCH = "/fetch/smarthr/touchontime"
DAY = "2026-11-20"
NAME = "株式会社あけぼの商事"


@frozen
class Fetching(Idle):
    """Does fetch, in a thread."""

    fetch = Work.fetch


@define
class Page:
    """An administrator before a dashboard whose systems nobody has fetched yet."""

    desk: Desk
    office: Office
    browser: Browser

    def press(self, path: str, **fields: str) -> httpx.Response:
        return self.browser.post(path, **fields)

    def ask(self) -> httpx.Response:
        """Press [次へ] on the page of the base date."""
        return self.press(FETCH, date=DAY)

    def answer(self, asked: httpx.Response, answer: str) -> httpx.Response:
        """Press a button of the page that asks."""
        key = hidden(asked, "key")
        return self.press(f"{FETCH}/company", key=key, date=DAY, answer=answer)

    def finish(self, answer: httpx.Response) -> str:
        """Wait until a fetch that was started has ended; return its run."""
        assert answer.status_code == 303, answer.text
        run = answer.headers["location"].rpartition("/")[2]
        until(lambda: self.desk.work.fetches[run].over)
        return run

    def runs(self) -> Runs:
        return Runs(self.desk.office.config(""))


def hidden(page: httpx.Response, name: str) -> str:
    """Return what a page sends along without showing it."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, page.text
    return unescape(found[1])


def until(true: Callable[[], bool]) -> None:
    """Wait for a thread, ten seconds at most."""
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def page(office: Office, monkeypatch: pytest.MonkeyPatch) -> Page:
    for name, value in office.environment().items():
        monkeypatch.setenv(name, value)
    desk = staffed(Desk(office.folder, work=Fetching()))
    return Page(desk, office, desk.browser("admin"))


@pytest.mark.security(59)
def test_the_first_fetch_asks_before_anything_is_read(page: Page) -> None:
    """Both accounts stand on the page; [はい] goes on, and the answer is kept with the name."""
    asked = page.ask()
    assert asked.status_code == 200
    assert "同じ会社ですか" in asked.text
    company = page.office.box.touchontime.masters["company"][0]["key"]
    assert f"「{NAME}」（ID {company}）" in asked.text
    paths = {entry.path.rpartition("/")[2] for entry in page.office.box.journal}
    assert paths == {"companies", "company"}
    run = page.finish(page.answer(asked, "yes"))
    assert [entry.path for entry in page.office.box.journal if "compan" in entry.path] == [
        entry.path for entry in page.office.box.journal[:2]
    ]
    with page.runs() as runs:
        assert {each.confirmed_by for each in runs.known_accounts().values()} == {runs.run(run).who}
    assert "admin" in page.browser.get("/settings").text
    again = page.press(f"/runs/{run}/again")
    assert page.finish(again) == "2"


@pytest.mark.parametrize("answer", ["no", ""])
def test_whoever_says_no_ends_it(page: Page, answer: str) -> None:
    """The page of the base date says so; nothing was read, nothing is kept, and it asks again."""
    refused = page.answer(page.ask(), answer)
    assert refused.status_code == 400
    assert "同じ会社ではないとの回答のため、取得を中止しました。" in refused.text
    with page.runs() as runs:
        assert (runs.reports(), runs.known_accounts()) == ([], {})
    assert "同じ会社ですか" in page.ask().text
    asking = [*page.desk.work.asking.values()]
    for progress in asking:
        progress.answer(one_company=False)
    until(lambda: all(progress.over for progress in asking))


@pytest.mark.security(59)
def test_a_question_is_answered_once_and_in_time(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second press, an old page and an invented key start nothing."""
    asked = page.ask()
    assert page.answer(asked, "no").status_code == 400
    late = page.answer(asked, "yes")
    assert late.status_code == 400
    assert "この取得の回答待ちは終了しました。" in late.text
    monkeypatch.setattr(processes, "ANSWER_S", 0.05)
    asked = page.ask()
    (progress,) = page.desk.work.asking.values()
    until(lambda: progress.over)
    assert "この取得の回答待ちは終了しました。" in page.answer(asked, "yes").text
    with page.runs() as runs:
        assert runs.reports() == []


@pytest.mark.security(59)
def test_another_account_is_accepted_by_a_button(page: Page) -> None:
    """The page that refuses has it; it accepts the account that it shows, and no other one."""
    page.finish(page.answer(page.ask(), "yes"))
    system = page.office.box.touchontime
    system.masters["company"][0].update({"key": "another", "name": "株式会社たそがれ"})
    with pytest.MonkeyPatch.context() as patch:
        system.token = "token-of-another-company"
        patch.setenv("TOUCHONTIME_TOKEN", system.token)
        refused = page.ask()
        assert refused.status_code == 400
        assert "以前と別のアカウントになっている" in refused.text
        assert 'action="/settings/accounts/touchontime"' in refused.text
        assert "accept-touchontime" in page.press("/settings/check").text
        shown = hidden(refused, "account")
        assert shown == "「株式会社たそがれ」（ID another）"
        other = page.press("/settings/accounts/touchontime", account="「株式会社あさひ」")
        assert other.status_code == 400
        assert page.ask().status_code == 400
        assert page.press("/settings/accounts/touchontime", account=shown).status_code == 303
        assert page.finish(page.ask()) == "2"


def test_the_settings_show_who_has_confirmed_each_account(page: Page) -> None:
    """After a fetch by a schedule nobody has; the button keeps who does."""
    page.office.fetched(*DIRECTIONS[0])
    shown = page.browser.get("/settings")
    assert shown.text.count("未確認") == 2
    accepted = page.press("/settings/accounts/smarthr", account=hidden(shown, "account"))
    assert accepted.status_code == 303
    now = page.browser.get("/settings").text
    assert now.count("未確認") == 1
    assert re.search(r"admin \(\S+\) が 2026年11月20日 .* に確認", now)
