"""What people meet on ordinary days: an empty list, closed hours, a link, the end of a session."""

from __future__ import annotations

import datetime as dt
import html
import re
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import psutil
import pytest
from attrs import frozen
from tests.web.desk import OURS, PASSWORD, Desk, Idle

from renkei.errors import RenkeiError, Said, SeveralErrors
from renkei.runs import Runs
from renkei.store import lease
from renkei_web import office
from renkei_web.drafts import Draft, Drafts
from renkei_web.people import INVITATION_S
from renkei_web.processes import FetchProgress, Work
from renkei_web.sessions import IDLE_S, Sessions
from renkei_web.users import Role

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.desk import Browser

CLOSED = "2026-11-20T17:45:00+09:00"
EVENING = "2026-11-20T19:00:00+09:00"


def button(text: str, name: str) -> str:
    """Return the tag of the button of this name."""
    found = re.search(rf"<button[^>]*>(?={name})", text)
    assert found is not None, text
    return found[0]


# --- reports ------------------------------------------------------------------------------------


def test_a_filter_that_nothing_matches_says_so(desk: Desk) -> None:
    """It is not said that there are no reports, and one link shows them all again."""
    browser = desk.browser("admin")
    assert "レポート 1" in browser.get("/reports?status=ready").text
    text = browser.get("/reports?status=paused").text
    assert "条件に合うレポートはありません。" in text
    assert "まだありません" not in text
    assert re.search('href="/reports">条件を解除<', text)


def test_days_the_wrong_way_round_are_told(desk: Desk) -> None:
    """Mixed-up days are told as such, and not only that nothing was found."""
    browser, told = desk.browser("admin"), "より後の日付になっています"
    assert told in browser.get("/reports?since=2026-11-21&until=2026-11-20").text
    for query in ("since=2026-11-20&until=2026-11-20", "since=2026-11-21", "since=x&until=y"):
        assert told not in browser.get(f"/reports?{query}").text


@pytest.mark.parametrize(
    ("fetched", "day"),
    [
        ("2026-11-19 14:59:59.999999", "2026-11-19"),
        ("2026-11-19 15:00:00.000000", "2026-11-20"),
        ("2026-11-20 14:59:59.999999", "2026-11-20"),
        ("2026-11-20 15:00:00.000000", "2026-11-21"),
        ("2026-12-31 15:00:00.000000", "2027-01-01"),
        ("2028-02-28 15:00:00.000000", "2028-02-29"),
    ],
)
def test_reports_are_filtered_by_the_day_in_japan(desk: Desk, fetched: str, day: str) -> None:
    """A run belongs to the day on which the clock on the wall stood when it was fetched."""
    with sqlite3.connect(desk.store) as store:
        store.execute("update runs set created_at = ?", (fetched,))
    browser, one = desk.browser("admin"), dt.timedelta(days=1)
    own = dt.date.fromisoformat(day)

    def shown(since: dt.date, until: dt.date) -> bool:
        return "レポート 1" in browser.get(f"/reports?since={since}&until={until}").text

    assert shown(own, own)
    assert not shown(own - one, own - one)
    assert not shown(own + one, own + one)
    text = browser.get("/reports").text
    assert f"{own.year}年{own.month}月{own.day}日 " in text


def test_several_mistakes_stand_below_each_other_without_commands(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page has buttons: what is to be typed means nothing there."""
    said = [Said("所属がありません。", "`renkei choices`"), Said("雇用区分がありません。")]

    def refuse(*_choice: object) -> None:
        raise SeveralErrors(said, code="new_values")

    monkeypatch.setattr(Runs, "preview", refuse)
    browser = desk.browser("admin")
    browser.post("/runs/1/ticks", what="all")
    text = browser.get("/runs/1/start").text
    assert "<p>所属がありません。</p><p>雇用区分がありません。</p>" in text
    assert "renkei choices" not in text


# --- closed hours -------------------------------------------------------------------------------


def test_nothing_is_offered_that_closed_hours_refuse(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The button of the base date waits, and the page says for what."""
    browser = desk.browser("admin")
    assert "disabled" not in button(browser.get("/fetch/smarthr/touchontime").text, "次へ")
    monkeypatch.setenv("RENKEI_NOW", CLOSED)
    for path in ("/fetch/smarthr/touchontime", "/fetch/touchontime/smarthr"):
        text = browser.get(path).text
        assert "disabled" in button(text, "次へ")
        assert "18:30 まで利用できません" in text


def test_closed_hours_of_tomorrow_are_of_tomorrow(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the evening "08:30" would be read as half past eight of this day."""
    browser = desk.browser("viewer")
    assert "次に利用できない時間帯: 17:30～18:30" in browser.get("/").text
    monkeypatch.setenv("RENKEI_NOW", EVENING)
    assert "次に利用できない時間帯: 明日 08:30～10:00" in browser.get("/").text


@frozen
class Fetching(Idle):
    """Does fetch; whatever refuses a fetch at once needs no system."""

    fetch = Work.fetch


def test_a_fetch_that_is_refused_keeps_the_date(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hours began while the page was open: the same page, the same date, and the reason."""
    for name in ("SMARTHR_TOKEN", "TOUCHONTIME_TOKEN"):
        monkeypatch.setenv(name, "invented-token")
    monkeypatch.setenv("RENKEI_NOW", CLOSED)
    desk = Desk(folder, work=Fetching())
    desk.add("admin")
    text = desk.browser("admin").post("/fetch/smarthr/touchontime", date="2026-11-10").text
    assert 'name="date" value="2026-11-10"' in text
    assert "取得は開始していません。" in text
    assert "18:30 まで利用できません" in text
    assert "disabled" in button(text, "次へ")
    put(desk, base_date="2026-11-10", base_chosen=True)
    again = desk.browser("admin").post("/runs/1/again").text
    assert 'name="date" value="2026-11-10"' in again
    assert 'action="/fetch/smarthr/touchontime"' in again
    assert "18:30 まで利用できません" in again


def test_a_fetch_is_never_said_to_take_no_time(desk: Desk) -> None:
    """A fetch of a blink took about a second, for people."""
    text = desk.browser("admin").get("/fetch/smarthr/touchontime").text
    assert "前回の取得は約 1 秒でした。" in text
    assert "リクエスト" not in text


@pytest.mark.parametrize("work", ["fetch", "sync"])
def test_a_page_that_is_made_as_its_work_ends_looks_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, work: str
) -> None:
    """It may show what was there before the last step: ticks that were carried over, an end."""
    progress, me = FetchProgress(), psutil.Process()
    if work == "fetch":
        desk.work.fetches["1"] = progress
    else:
        desk.office.workers.remember("1", me.pid, me.create_time())
    real = Drafts.of

    def as_it_ends(drafts: Drafts, user_id: int, run: str) -> Draft:
        draft = real(drafts, user_id, run)
        progress.ended(None)
        desk.office.workers.remember("1", me.pid, 0.0)
        return draft

    monkeypatch.setattr(Drafts, "of", as_it_ends)
    browser = desk.browser("admin")
    assert 'hx-trigger="every 2s"' in browser.get("/runs/1").text
    assert 'hx-trigger="every 2s"' not in browser.get("/runs/1").text


# --- pause ------------------------------------------------------------------------------------


def test_a_pause_is_asked_for_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second press, or one in another tab, would stop the employee in hand; it does nothing."""
    put(desk, status="syncing", sync_started_at="2026-11-20 03:00:00.000000")
    me = psutil.Process()
    desk.office.workers.remember("1", me.pid, me.create_time())
    asked: list[int] = []
    monkeypatch.setattr(office, "ask_to_pause", asked.append)
    monkeypatch.setattr(lease, "holder", lambda *_words: "somebody")
    browser = desk.browser("admin")
    for _ in range(2):
        assert browser.post("/runs/1/pause").status_code == 303
    assert asked == [me.pid]


def test_a_sync_from_elsewhere_is_not_paused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pressing it on an old page tells where it can be paused."""
    put(desk, status="syncing", sync_started_at="2026-11-20 03:00:00.000000")
    monkeypatch.setattr(lease, "holder", lambda *_words: "somebody")
    answer = desk.browser("admin").post("/runs/1/pause")
    assert answer.status_code == 400
    assert "この画面からは一時停止できません。" in answer.text


# --- fetch again ----------------------------------------------------------------------------


@frozen
class Noting(Idle):
    """Does no fetch; notes which one it would be."""

    def fetch(self, *words: Any, **more: Any) -> str:
        engine = Mock()
        engine.fetch_again.side_effect = RenkeiError("noted")
        with suppress(RenkeiError):
            words[1](engine)
        ((name, asked, _more),) = engine.method_calls
        self.started.append(" ".join([name, *map(str, asked), "by", more["who"]]))
        return "1"


@pytest.fixture
def noting(folder: Path) -> Desk:
    """A dashboard that only notes what it would fetch."""
    desk = Desk(folder, work=Noting())
    desk.add("admin")
    return desk


def put(desk: Desk, **columns: object) -> None:
    """Let the run be as these columns say."""
    with sqlite3.connect(desk.store) as store:
        for name, value in columns.items():
            store.execute(f"update runs set {name} = ?", (value,))  # noqa: S608


def test_fetching_again_is_one_press(noting: Desk) -> None:
    """The engine knows what stays, base date and choice; after a purge it is the date alone."""
    put(noting, base_date="2026-11-10", base_chosen=True, status="cancelled")
    browser = noting.browser("admin")
    assert 'action="/runs/1/again"' in browser.get("/runs/1").text
    assert browser.post("/runs/1/again").headers["location"] == "/runs/1"
    put(noting, purged=True)
    browser.post("/runs/1/again")
    put(noting, base_chosen=False)
    browser.post("/runs/1/again")
    assert noting.work.started == [
        "fetch_again 1 by admin",
        "fetch smarthr touchontime 2026-11-10 by admin",
        "fetch smarthr touchontime None by admin",
    ]


def test_a_notice_that_names_a_day_has_its_button(noting: Desk) -> None:
    """Nobody types a date that the page has just said; while a sync moves there is no button."""
    put(noting, notices='[["left_before_base", "2", "2026-11-18", "0045", "0046"]]')
    browser = noting.browser("admin")
    page = browser.get("/runs/1").text
    assert "基準日を2026年11月18日（水）にしてもう一度取得" in page
    assert 'name="date" value="2026-11-18"' in page
    browser.post("/runs/1/again", date="2026-11-18")
    assert noting.work.started == ["fetch smarthr touchontime 2026-11-18 by admin"]
    put(noting, status="paused", sync_started_at="2026-11-20 03:00:00.000000")
    assert 'value="2026-11-18"' not in browser.get("/runs/1").text


def test_an_intake_that_was_announced_stands_on_the_page_of_the_run(noting: Desk) -> None:
    """The report says why so many passed without a tick."""
    put(
        noting, expected='[["expected_intake","creates","60","2027-04-01","2027-04-10","新卒入社"]]'
    )
    page = noting.browser("admin").get("/runs/1").text
    said = "2027年4月1日（木）から2027年4月10日（土）までの新規登録、60 人まで（新卒入社）"
    assert said in page


def test_a_date_that_is_only_offered_is_not_chosen(noting: Desk) -> None:
    """With today's date left as it is, it fetches as of the day of the fetch, next time too."""
    browser = noting.browser("admin")
    browser.post("/fetch/smarthr/touchontime", date="2026-11-20")
    browser.post("/fetch/smarthr/touchontime", date="2026-11-19")
    assert noting.work.started == [
        "fetch smarthr touchontime None by admin",
        "fetch smarthr touchontime 2026-11-19 by admin",
    ]


# --- links --------------------------------------------------------------------------------------


def test_an_invitation_is_not_made_twice(desk: Desk) -> None:
    """The name of somebody who waits: neither the role nor the first link has changed."""
    browser = desk.browser("admin")
    page = browser.post("/settings/users", name="hanako", role="admin").text
    link = re.search(r"/welcome/[\w-]+", page)
    assert link is not None
    for name in ("hanako", " HANAKO ", "hanako"):
        answer = browser.post("/settings/users", name=name, role="viewer")
        assert answer.status_code == 400
        assert (
            "hanako さんのリンクは発行済みです。［リンクを再発行］を使ってください。" in answer.text
        )
    form = {"password": PASSWORD, "again": PASSWORD}
    guest = desk.guest()
    assert guest.ask("POST", link[0], form=form, headers=OURS).status_code == 303
    assert guest.get("/settings").status_code == 200


def test_a_link_that_is_too_old_is_made_anew(desk: Desk) -> None:
    """[New link] is the way, also for somebody invited long ago; the role stays."""
    desk.office.people.invite("hanako", Role.ADMIN)
    desk.moment += INVITATION_S + 1
    browser = desk.browser("admin")
    assert browser.post("/settings/users", name="hanako", role="viewer").status_code == 400
    hanako = next(user.id for user in desk.office.people.users() if user.name == "hanako")
    page = browser.post(f"/settings/users/{hanako}", what="link").text
    link = re.search(r"/welcome/([\w-]+)", page)
    assert link is not None
    user = desk.office.people.invited(link[1])
    assert user is not None
    assert user.is_admin


# --- language -----------------------------------------------------------------------------------


def switched(browser: Browser, page: str) -> str:
    """Send the form of the language on *page*; return where it leads to."""
    form = re.search(r'<form method="post" action="/language">(.*?)</form>', page, re.DOTALL)
    assert form is not None
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', html.unescape(form[1])))
    return str(browser.post("/language", **fields).headers["location"])


def test_the_other_language_shows_the_same_page(desk: Desk) -> None:
    """Filter, search and place in the list stay; after a form it is the page of the form."""
    browser = desk.browser("admin")
    for path in (
        "/reports?direction=smarthr%3Atouchontime&status=ready",
        "/runs/1/choose?q=%E4%BD%90",
    ):
        assert switched(browser, browser.get(path).text) == path
    for path, page in (
        ("/settings/users", "/settings/users"),
        ("/settings/users/99", "/settings/users"),
        ("/fetch/smarthr/touchontime", "/fetch/smarthr/touchontime"),
        ("/runs/1/values", "/runs/1/values"),
        ("/password", "/password"),
    ):
        answer = browser.post(path)
        assert answer.status_code >= 400, path
        assert switched(browser, answer.text) == page


def test_a_link_that_is_shown_once_is_not_lost_by_the_other_language(desk: Desk) -> None:
    """The page with the link offers no other language; the next one does."""
    browser = desk.browser("admin")
    page = browser.post("/settings/users", name="hanako", role="viewer").text
    assert "/welcome/" in page
    assert "/language" not in page
    assert "/language" in browser.get("/settings/users").text


# --- settings -----------------------------------------------------------------------------------


def test_the_table_of_a_mapping_tells_what_a_setting_replaces(desk: Desk) -> None:
    """With business names on, the family name is not what its row alone says."""
    browser = desk.browser("admin")
    told = "「ビジネスネーム：姓」が登録されていれば、「姓」の代わりに「ビジネスネーム：姓」を使う"
    before = browser.get("/settings/mappings/0").text
    assert told not in before
    assert "そのまま" in before
    assert "–" not in before
    assert "SmartHR が空欄なら" not in before  # the connections have names of their own here
    assert "smarthr が空欄なら touchontime も空欄にする" in before
    browser.post("/settings/mappings/0", name="business_names", on="true")
    assert told in browser.get("/settings/mappings/0").text


# --- the end of a session -----------------------------------------------------------------------

OVER = "30分間操作がないと、自動的にログアウトします。"
UNDONE = "最後の操作は実行されていません。"


def test_whoever_was_logged_out_hears_why(desk: Desk) -> None:
    """A page leads to the log-in with the reason; a form also says that nothing came of it."""
    browser = desk.browser("admin")
    csrf = browser.csrf
    desk.moment += IDLE_S + 1
    text = browser.get(browser.get("/runs/1").headers["location"]).text
    assert OVER in text
    assert UNDONE not in text
    form = {"csrf": csrf}
    answer = browser.ask("POST", "/runs/1/start", form=form, headers=OURS)
    text = browser.get(answer.headers["location"]).text
    assert OVER in text
    assert UNDONE in text
    assert 'name="next" value="/runs/1/start"' in text
    assert desk.work.started == []


def test_nobody_else_is_told_of_a_log_out(desk: Desk) -> None:
    """Not a stranger, nor who has pressed [Log out], nor who is logged in."""
    guest, browser = desk.guest(), desk.browser("viewer")
    left = desk.browser("admin")
    left.post("/logout")
    for each in (guest, left):
        for answer in (each.get("/runs/1"), each.ask("POST", "/runs/1/stop", headers=OURS)):
            assert OVER not in (text := each.get(answer.headers["location"]).text)
            assert UNDONE not in text
    assert OVER not in browser.get("/login?undone=yes").text


def test_a_page_from_before_leads_back_to_itself(desk: Desk) -> None:
    """Beside Home stands the page that the form belongs to."""
    browser = desk.browser("admin")
    answer = browser.ask("POST", "/settings/users/2", form={"csrf": "old"}, headers=OURS)
    assert answer.status_code == 403
    assert re.search('href="/settings/users">ページを開き直す<', answer.text)


# --- what goes wrong ----------------------------------------------------------------------------


def test_a_mistake_of_ours_promises_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows what was done before it: the page says where that can be seen."""
    browser = desk.browser("admin")

    def broken(*_args: Any, **_more: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(Sessions, "find", broken)
    text = browser.get("/").text
    assert "送信していません" not in text
    assert 'href="/reports"' in text


def test_only_an_unknown_page_is_said_to_be_unknown(desk: Desk) -> None:
    """A page that takes forms only is there, and was asked in the wrong way."""
    browser = desk.browser("admin")
    assert "ページが見つかりません" in browser.get("/nowhere").text
    answer = browser.get("/settings/users/1")
    assert answer.status_code == 405
    assert "ページが見つかりません" not in answer.text
    assert "受け付けられませんでした" in answer.text


def test_a_wrong_password_names_what_was_asked_for(desk: Desk) -> None:
    """The page asks for a user name, and says so again."""
    answer = desk.guest().log_in("admin", "something else")
    assert "ユーザー名またはパスワードが違います。" in answer.text


# --- viewers ------------------------------------------------------------------------------------


def test_a_viewer_sees_whether_the_connections_work(desk: Desk) -> None:
    """The state of both, without what a token may do, and without a button that is refused."""
    viewer, admin = desk.browser("viewer"), desk.browser("admin")
    assert 'hx-get="/connections"' in viewer.get("/").text
    details, state = admin.get("/connections").text, viewer.get("/connections").text
    assert "SMARTHR_TOKEN" in details
    assert "TOKEN" not in state
    assert "<button" not in state
    assert state.count("c-problem") == details.count("c-problem") == 2
    assert state.count("詳しくは管理者に確認してください。") == 2


def test_a_page_may_be_made_while_the_fetch_reads_on() -> None:
    """The other system's first employees come while a page tells how many have been read."""
    progress = FetchProgress()
    progress.reading("smarthr", 10)
    told = iter(progress.read.items())
    assert next(told) == ("smarthr", 10)
    progress.reading("touchontime", 7)
    assert list(told) == []
    assert progress.read == {"smarthr": 10, "touchontime": 7}
