"""What people of HR do in the dashboard, in a real browser; the sandbox's journal has the word.

In `make test` is what only a browser shows: ticks, focus, tabs, what moves on a page. The long run
has the rest of the journeys, whose rules are tested without a browser as well.
"""

from __future__ import annotations

import csv
import io
import os
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.e2e import conftest as e2e
from tests.pair import DIRECTIONS
from tests.web.browser import PASSWORD
from tests.web.provider import Provider, listening
from tests.web.test_single_sign_on import signing

from renkei.config import load_config
from renkei_runner.deeds import launch
from renkei_web.database import Database
from renkei_web.office import Office as WebOffice
from renkei_web.processes import Work
from renkei_web.users import Role

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from tests.web.browser import Dashboard, Person, Watched

collect = e2e._collect
pytestmark = [
    pytest.mark.timeout(240),  # a browser on a busy machine
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    ),
]
LABELS = {"smarthr": "SmartHR", "touchontime": "Touch On Time"}


def updates(hr: Person, system: str = "touchontime") -> int:
    """Return how many updates a system has carried out."""
    return sum(entry.kind == "update" for entry in hr.office.box.writes(system))


# --- the whole job ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "target"), [DIRECTIONS[0], pytest.param(*DIRECTIONS[1], marks=pytest.mark.long)]
)
def test_the_whole_job_is_done_in_the_pages(hr: Person, source: str, target: str) -> None:
    """From the first page to the report: new ones are created once each, changes get there."""
    title = re.compile(f"^{LABELS[source]}.*{LABELS[target]}$", re.DOTALL)
    hr.open("/")
    hr.page.get_by_role("region", name=title).get_by_role("link").click()
    hr.sees("次の操作では取得と比較だけを行います")
    hr.press("次へ")
    hr.sees("同じ会社ですか？")
    hr.press("はい、同じ会社です")
    hr.status("ready")
    assert hr.path == "/runs/1"
    hr.press("同期を開始 →")
    assert hr.page.locator(".people :checked").count() == 0
    hr.tick_all("new", "changed")
    hr.press("次へ")
    hr.fill_in_new(target)
    hr.press("次へ")
    hr.button("同期").wait_for()
    assert hr.office.sent() == []
    new, changed = hr.numbers("1", "new"), hr.numbers("1", "changed")
    hr.press("同期")
    hr.status("done")
    assert hr.office.creates(target) == Counter(new)
    expected = {**dict.fromkeys(new, "created"), **dict.fromkeys(changed, "updated")}
    assert hr.outcomes("1") == expected
    assert hr.office.box.writes(source) == []
    assert hr.numbers(hr.fetched(source, target), "new", "changed") == []


@pytest.mark.long
def test_one_person_and_a_group_get_other_values(hr: Person) -> None:
    """One value for all new ones, another one for a person, a third for those of a search."""
    for number in ("G901", "G902"):
        hr.office.box.smarthr.add(emp_code=number, last_name="団体", first_name="甲", gender="male")
    run = hr.fetched()
    new = hr.numbers(run, "new")
    other = new[0]
    hr.choose_from(run)
    hr.tick_all("new")
    hr.press("次へ")
    hr.fill_in_new("touchontime")
    hr.page.fill("[name=q]", "団体")
    hr.press("絞り込み")
    hr.page.select_option("[name='group:divisionCode']", "210")
    hr.page.select_option("[name='group:typeCode']", "3")
    with hr.page.expect_navigation():  # to the address that it has already
        hr.press("この人たちに設定")
    assert hr.page.input_value("[name='one:G901:divisionCode']") == "210"
    hr.page.fill("[name=q]", "")
    hr.press("絞り込み")
    hr.page.select_option(f"[name='one:{other}:typeCode']", "2")
    hr.press("次へ")
    hr.press("同期")
    hr.status("done")
    sent = {
        entry.body["code"]: (entry.body["divisionCode"], entry.body["typeCode"])
        for entry in hr.office.box.writes("touchontime")
    }
    special = {"G901": ("210", "3"), "G902": ("210", "3"), other: ("200", "2")}
    assert sent == {number: special.get(number, ("200", "1")) for number in new}


def test_nothing_goes_on_until_everybody_new_has_values(hr: Person) -> None:
    """A pull-down that is left open is told on the page, and the other one keeps its value."""
    run = hr.fetched()
    hr.choose_from(run, "?difference=new")
    hr.tick_all_shown()
    hr.press("次へ")
    hr.expected = {400}
    hr.page.select_option("[name='all:typeCode']", "1")
    hr.press("次へ")
    hr.sees("値が選ばれていない従業員がいます: ")
    assert hr.page.input_value("[name='all:typeCode']") == "1"


@pytest.mark.long
def test_a_choice_that_has_vanished_is_caught_before_anything_is_sent(hr: Person) -> None:
    """Somebody removes the office in the system: the page asks again, and [同期] does not start."""
    run = hr.fetched()
    new = hr.numbers(run, "new")
    hr.ready_to_sync(run, new[0])
    divisions = hr.office.box.touchontime.masters["divisions"]
    divisions[:] = [row for row in divisions if row["code"] != "200"]
    hr.expected = {400}
    hr.press("同期")
    hr.sees("200")
    assert hr.office.sent() == []
    hr.open(f"/runs/{run}/values")
    hr.sees("大阪支社 (200)」は、選べなくなりました。選び直してください。")
    hr.press("次へ")  # not by accident either
    hr.sees("大阪支社 (200)」は、選べなくなりました。選び直してください。")
    hr.page.select_option("[name='all:divisionCode']", "100")
    hr.press("次へ")
    hr.press("同期")
    hr.status("done")
    assert hr.office.creates("touchontime") == Counter([new[0]])


@pytest.mark.long
def test_a_vanished_choice_of_one_employee_does_not_become_that_of_all(hr: Person) -> None:
    """The value of one of them is gone by [次へ]: the page names them, and waits for another."""
    run = hr.fetched()
    first, second = hr.numbers(run, "new")[:2]
    hr.choose_from(run)
    hr.tick(first, second)
    hr.press("次へ")
    hr.fill_in_new("touchontime")
    hr.page.select_option(f"[name='one:{second}:divisionCode']", "100")
    hr.press("絞り込み")  # which keeps what is chosen
    divisions = hr.office.box.touchontime.masters["divisions"]
    divisions[:] = [row for row in divisions if row["code"] != "100"]
    hr.expected = {400}
    hr.press("次へ")
    hr.sees("選べなくなりました。選び直してください。")
    assert second in hr.page.get_by_role("alert").inner_text()
    assert first not in hr.page.get_by_role("alert").inner_text()
    assert hr.page.input_value(f"[name='one:{second}:divisionCode']") == "100"
    hr.page.select_option(f"[name='one:{second}:divisionCode']", "200")
    hr.press("次へ")
    hr.button("同期").wait_for()


# --- choosing -----------------------------------------------------------------------------------


@pytest.mark.long
def test_the_list_is_filtered_by_difference_number_and_name(hr: Person) -> None:
    """Every filter shows exactly those who are meant, with the count that its button gives."""
    run = hr.fetched()
    hr.choose_from(run)
    for code in ("new", "changed", "same", "blocked"):
        hr.filter(code)
        count = int(hr.page.locator(f".filters .d-{code} b").inner_text())
        assert hr.page.locator(".people tbody tr").count() == count > 0
        assert hr.page.locator(f".people tbody .badge.d-{code}").count() == count
    hr.choose_from(run)
    number = hr.numbers(run, "changed")[0]
    hr.search(number)
    assert hr.page.locator(".people tbody th").all_inner_texts() == [number]
    name = hr.row_of(number).locator(".name").inner_text()
    hr.search(name)
    assert name in hr.page.locator(".people tbody .name").all_inner_texts()
    hr.search("だれでもない")
    hr.sees("該当する従業員はいません。")


def test_ticks_survive_paging_leaving_and_logging_in_again(hr: Person) -> None:
    """Nothing ticked is lost by the next page, the first page, or another session."""
    run = hr.fetched()
    hr.choose_from(run)
    first = hr.page.locator(".people input[type=checkbox]").first
    with hr.sent("ticks"):
        first.check()
    hr.press("次のページ →")
    with hr.sent("ticks"):
        hr.press("このページを選択")
    boxes = hr.page.locator(".people input[type=checkbox]").count()
    hr.is_ticked(boxes + 1)
    hr.press("← 前のページ")
    assert hr.page.locator(".people input[type=checkbox]").first.is_checked()
    hr.open("/reports")
    hr.page.get_by_role("button", name="ログアウト").click()
    hr.log_in()
    hr.choose_from(run)
    hr.is_ticked(boxes + 1)
    with hr.sent("ticks"):
        hr.press("該当する全員の選択を解除")
    hr.is_ticked(0)


@pytest.mark.long
def test_ticks_in_quick_succession_all_count(hr: Person) -> None:
    """Ticking faster than the server answers, and going on at once, loses no tick."""
    run = hr.fetched()
    new = hr.numbers(run, "new")
    hr.choose_from(run, "?difference=same")
    boxes = hr.page.locator(".people input[type=checkbox]")
    count = boxes.count()
    assert count > 20
    all_at_once = "(all) => all.forEach((box) => box.click())"
    boxes.evaluate_all(all_at_once)
    hr.filter("new")
    hr.is_ticked(count)
    boxes.evaluate_all(all_at_once)
    hr.press("次へ")
    hr.page.wait_for_url("**/values")
    hr.choose_from(run)
    hr.is_ticked(count + len(new))


def test_whoever_needs_a_look_cannot_be_ticked_and_says_why(hr: Person) -> None:
    """要確認 has no tick box and a reason in words; it and 要注意 are left out of all."""
    run = hr.fetched()
    hr.choose_from(run, "?difference=blocked")
    rows = hr.page.locator(".people tbody tr")
    assert rows.count() > 3
    assert hr.page.locator(".people input[type=checkbox]").count() == 0
    assert all(row.locator(".why").first.inner_text() for row in rows.all())
    assert not hr.button("このページを選択").is_visible()
    hr.choose_from(run)
    hr.tick_many()
    everybody = set(hr.numbers(run, "new", "changed", "same"))
    assert hr.look_first(run)
    hr.is_ticked(len(everybody - hr.look_first(run)))


@pytest.mark.long
def test_somebody_without_a_difference_may_be_ticked(hr: Person) -> None:
    """差分なし ends as unchanged, and nothing is written."""
    run = hr.fetched()
    number = hr.numbers(run, "same")[0]
    hr.sync(run, number)
    hr.status("done")
    assert hr.outcomes(run) == {number: "unchanged"}
    assert hr.office.sent() == []


def test_before_and_after_stand_side_by_side(hr: Person) -> None:
    """Each field that differs has its value before and after, in words and not by colour only."""
    run = hr.fetched()
    hr.choose_from(run, "?difference=changed")
    with hr.runs() as runs:
        items = {str(each.number): each for each in runs.items(run) if each.changes}
    for row in hr.page.locator(".people tbody tr").all():
        item = items[row.locator("th").inner_text()]
        lines = row.locator(".changes > div")
        assert lines.count() == len(item.changes)
        for line in lines.all():
            assert line.locator(".before").inner_text().startswith("変更前")
            assert line.locator(".after").inner_text().startswith("変更後")


# --- syncing ------------------------------------------------------------------------------------


@pytest.mark.long
def test_somebody_who_fails_stops_nobody_and_can_be_tried_again(hr: Person) -> None:
    """The others go through, the reason is shown, and [再実行] sends this one employee only."""
    run = hr.fetched()
    changed = hr.numbers(run, "changed")
    hr.office.box.touchontime.faults.add(
        "status", status=400, code=9003, kind="update", nth=2, times=2
    )
    hr.sync(run, *changed[:3])
    hr.status("done_with_errors")
    failed = [number for number, outcome in hr.outcomes(run).items() if outcome == "failed"]
    assert updates(hr) == 2
    assert len(failed) == 1
    attention = hr.page.get_by_role("region", name="確認が必要な従業員")
    assert failed[0] in attention.inner_text()
    assert "システムの応答" in attention.inner_text()
    hr.press("エラーの従業員だけ再実行")
    hr.status("done")
    assert updates(hr) == 3
    assert set(hr.outcomes(run).values()) == {"updated"}


@pytest.mark.long
def test_a_refused_token_pauses_the_sync_until_it_is_resumed(hr: Person) -> None:
    """The page says why it has paused; [同期を再開] goes on where it stopped, nobody twice."""
    run = hr.fetched()
    new, system = hr.numbers(run, "new"), hr.office.box.touchontime
    system.faults.add("hook", kind="create", nth=2, call=lambda _request: system.revoke())
    hr.sync(run, *new)
    hr.status("paused")
    assert len(hr.office.creates("touchontime")) < len(new)
    hr.sees("トークン")
    system.restore()
    hr.press("同期を再開")
    hr.status("done")
    assert hr.office.creates("touchontime") == Counter(new)


@pytest.mark.long
def test_closed_hours_pause_the_sync_and_it_goes_on_by_itself(hr: Person) -> None:
    """The page says until when the system is closed; nobody has to press anything."""
    run = hr.fetched()
    number = hr.numbers(run, "changed")[0]
    hr.office.configure(touchontime='closed_hours: ["12:00-12:01"]', smarthr="label: SmartHR")
    hr.move_to("2026-11-20T12:00:30+09:00")
    hr.ready_to_sync(run, number)
    hr.sees("12:01")
    hr.move_to("2026-11-20T12:00:57+09:00")
    hr.press("同期")
    hr.status("paused")
    hr.sees("12:01")
    assert hr.office.sent() == []
    hr.status("done")
    assert updates(hr) == 1


@pytest.mark.long
def test_a_paused_sync_can_be_given_up(hr: Person) -> None:
    """[取り消す] while it waits for the end of closed hours: nothing is written when they end."""
    run = hr.fetched()
    number = hr.numbers(run, "changed")[0]
    hr.office.configure(touchontime='closed_hours: ["12:00-12:01"]', smarthr="label: SmartHR")
    hr.move_to("2026-11-20T12:00:30+09:00")
    hr.ready_to_sync(run, number)
    hr.move_to("2026-11-20T12:00:56+09:00")
    hr.press("同期")
    hr.status("paused")
    hr.page.locator("#stop summary").click()
    hr.press("中止する")
    hr.status("cancelled")
    hr.page.locator("#run:not([hx-trigger])").wait_for()
    assert hr.page.get_by_role("alert").count() == 0
    assert hr.office.sent() == []


@pytest.mark.long
def test_the_stop_button_finishes_the_employee_in_hand(hr: Person) -> None:
    """The one being written is written; all others stay as they are, and the page says so."""
    run = hr.fetched()
    changed = hr.numbers(run, "changed")
    gate = hr.hold("touchontime", nth=2)
    hr.sync(run, *changed[:4])
    hr.status("syncing")
    assert gate.reached.wait(20)
    hr.page.locator("#stop summary").click()
    hr.sees("残りの従業員には書き込みません。")
    hr.press("中止する")
    gate.open()
    hr.status("cancelled")
    hr.dashboard.finish()
    assert updates(hr) == 2
    hr.sees("更新済み")


def test_progress_is_live_without_a_reload(hr: Person) -> None:
    """The count moves on the page that was opened once, up to the end."""
    run = hr.fetched()
    changed = hr.numbers(run, "changed")
    gates = [hr.hold("touchontime", nth=nth) for nth in (2, 4)]
    hr.sync(run, *changed[:4])
    hr.page.evaluate("window.mark = 1")
    for done, gate in zip((1, 3), gates, strict=True):
        hr.sees(f"4 人中 {done} 人")
        gate.open()
    hr.status("done")
    assert hr.page.evaluate("window.mark") == 1


@pytest.mark.fault("F80")
def test_a_double_click_syncs_once(hr: Person) -> None:
    """Two clicks on [同期], and a third one in a second tab: each employee is created once."""
    run = hr.fetched()
    new = hr.numbers(run, "new")
    hr.ready_to_sync(run, *new[:2])
    tab = hr.context.new_page()
    tab.goto(hr.page.url)
    hr.button("同期").dblclick()
    tab.locator("main form button").click()
    tab.wait_for_url(f"**/runs/{run}")
    hr.status("done")
    assert hr.office.creates("touchontime") == Counter(new[:2])
    with hr.runs() as runs:
        assert len(runs.reports()) == 1


@pytest.mark.fault("F80")
def test_the_back_button_sends_nothing_twice(hr: Person) -> None:
    """Back to the page of [同期] after the start, and pressed again: nothing more is written."""
    run = hr.fetched()
    new = hr.numbers(run, "new")
    hr.sync(run, new[0])
    hr.status("done")
    hr.page.go_back()
    if hr.button("同期").count():
        hr.press("同期")
    hr.page.wait_for_url(f"**/runs/{run}")
    hr.status("done")
    hr.open(f"/runs/{run}/choose")
    assert hr.path == f"/runs/{run}"
    assert hr.office.creates("touchontime") == Counter([new[0]])


@pytest.mark.fault("F80")
def test_two_tabs_share_what_is_ticked(hr: Person) -> None:
    """What is ticked in one tab is ticked in the other one, and neither takes it back."""
    run = hr.fetched()
    first, second = hr.numbers(run, "changed")[:2]
    hr.choose_from(run, "?difference=changed")
    tab = hr.context.new_page()
    tab.goto(hr.page.url)
    with hr.sent("ticks"):
        hr.box_of(first).check()
    row = tab.locator("tbody tr").filter(has=tab.get_by_role("rowheader", name=second, exact=True))
    row.locator("input[type=checkbox]").check()
    tab.get_by_text("選択した従業員: 2 人").wait_for()
    hr.page.reload()
    hr.is_ticked(2)


@pytest.mark.long
def test_an_unusual_sync_needs_a_word(hr: Person) -> None:
    """Sixty new employees at once: [同期] waits until somebody has ticked that it is right."""
    for index in range(60):
        hr.office.box.smarthr.add(
            emp_code=f"N{index:03}", last_name="新人", first_name="甲", gender="male"
        )
    run = hr.fetched()
    new = hr.numbers(run, "new")
    assert len(new) >= 60
    hr.choose_from(run, "?difference=new")
    hr.tick_all_shown()
    hr.press("次へ")
    hr.fill_in_new("touchontime")
    hr.press("次へ")
    hr.sees("普段と違う点があります")
    hr.expected = {400}
    hr.press("同期")
    hr.sees("内容を確認してチェックを入れるか、選び直してください。")
    assert hr.office.sent() == []
    hr.page.get_by_label("内容を確認しました。このまま同期します。").check()
    hr.press("同期")
    hr.status("done")
    assert hr.office.creates("touchontime") == Counter(new)
    hr.sees("普段と違う変更の許可者")


# --- interruptions ------------------------------------------------------------------------------


def test_an_expired_session_loses_nothing(hr: Person) -> None:
    """A tick that meets the end of the session is there after the log-in, as are those before."""
    run = hr.fetched()
    first, second = hr.numbers(run, "changed")[:2]
    hr.choose_from(run, "?difference=changed")
    with hr.sent("ticks"):
        hr.box_of(first).check()
    hr.end_sessions()
    hr.box_of(second).click()
    hr.page.wait_for_url("**/login?*")
    hr.log_in()
    hr.page.wait_for_url("**/choose?difference=changed*")
    hr.is_ticked(2)
    assert hr.box_of(second).is_checked()
    hr.page.reload()
    hr.is_ticked(2)
    hr.press("次へ")
    hr.end_sessions()
    hr.press("同期")
    hr.page.wait_for_url("**/login?*")
    assert hr.office.sent() == []
    hr.log_in()
    hr.page.wait_for_url(f"**/runs/{run}/start")
    hr.sees("書き込む内容（2 人）")


def test_all_that_was_ticked_at_the_end_of_a_session_is_kept(hr: Person) -> None:
    """Two boxes in a moment, and then a whole page: after the log-in they are done."""
    run = hr.fetched()
    hr.choose_from(run, "?difference=changed")
    hr.end_sessions()
    hr.page.evaluate("""async () => {
      await new Promise(later => setTimeout(later));  // after htmx has begun, which waits as long
      for (const box of [...document.querySelectorAll("tbody [type=checkbox]")].slice(0, 2))
        box.click();
    }""")
    hr.page.locator("[name=password]").wait_for()  # each of the ticks leads there
    hr.log_in()
    hr.is_ticked(2)
    hr.end_sessions()
    by_hand = set(hr.numbers(run, "changed")[:2])
    hr.button("このページを選択").click()
    hr.page.locator("[name=password]").wait_for()
    hr.log_in()
    hr.is_ticked(len(set(hr.numbers(run, "changed")) - hr.look_first(run) | by_hand))


def test_a_tick_waits_for_nobody_else(hr: Person) -> None:
    """Another person logs in where a session has ended: what was ticked there is not theirs."""
    run = hr.fetched()
    number = hr.numbers(run, "changed")[0]
    database = Database(hr.office.dashboard)
    desk = WebOffice(hr.office.folder / "renkei.yaml", database, Work(launch), secure=False)
    desk.entrance.accept(desk.people.invite("hanako", Role.ADMIN), PASSWORD)
    hr.choose_from(run, "?difference=changed")
    hr.end_sessions()
    hr.box_of(number).click()
    hr.page.wait_for_url("**/login?*")
    hr.log_in("hanako")
    hr.page.wait_for_url("**/choose?difference=changed*")
    hr.is_ticked(0)
    assert not hr.box_of(number).is_checked()
    assert hr.page.evaluate("sessionStorage.length") == 0


def test_a_page_of_an_earlier_session_changes_nothing(hr: Person) -> None:
    """[同期] on a page from before the last log-in is refused, and says what to do."""
    run = hr.fetched()
    hr.ready_to_sync(run, hr.numbers(run, "changed")[0])
    tab = hr.context.new_page()
    hr.end_sessions()
    tab.goto(hr.address)
    tab.fill("[name=name]", "admin")
    tab.fill("[name=password]", "correct horse battery staple")
    tab.click("main button")
    tab.wait_for_url(f"{hr.address}/")
    hr.expected = {403}
    hr.press("同期")
    hr.sees("ページの有効期限が切れています")
    assert hr.office.sent() == []


@pytest.mark.long
def test_a_run_of_the_command_line_is_followed_in_the_page(hr: Person) -> None:
    """Fetched, synced and paused by commands: the page shows each step and resumes it."""
    run = hr.fetched()
    hr.open(f"/runs/{run}")
    hr.status("ready")
    gate = hr.hold("touchontime", nth=2)
    process = hr.office.start("sync", run, "--difference", "changed", "--look-first")
    assert gate.reached.wait(20)
    hr.open("/")
    hr.page.get_by_role("link", name=f"レポート {run}").click()
    hr.status("syncing")
    hr.page.evaluate("window.mark = 1")
    hr.office.box.touchontime.revoke()
    gate.open()
    hr.status("paused")
    assert hr.page.evaluate("window.mark") == 1
    assert hr.office.finished(process).code != 0
    hr.office.box.touchontime.restore()
    hr.press("同期を再開")
    hr.status("done")
    assert set(hr.outcomes(run).values()) == {"updated"}


@pytest.mark.long
def test_a_run_of_the_page_goes_on_in_the_command_line(hr: Person) -> None:
    """Fetched and paused in the pages: `renkei resume` ends it, and the page tells."""
    run = hr.fetched()
    changed, system = hr.numbers(run, "changed"), hr.office.box.touchontime
    system.faults.add("hook", kind="update", nth=2, call=lambda _request: system.revoke())
    hr.sync(run, *changed[:3])
    hr.status("paused")
    system.restore()
    assert hr.office.renkei("resume", run).code == 0
    hr.page.reload()
    hr.status("done")
    assert updates(hr) == 3


@pytest.mark.long
@pytest.mark.fault("F81")
def test_a_sync_outlives_the_web_server(hr: Person, dashboard: Dashboard) -> None:
    """`renkei web` dies with its terminal; the sync goes on, and the next one shows it."""
    run = hr.fetched()
    changed = hr.numbers(run, "changed")
    dashboard.stop()
    command = [sys.executable, "-m", "renkei_runner", "web", "--port", str(dashboard.port)]
    first = subprocess.Popen(
        command, cwd=hr.office.folder, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert first.stdout is not None
    assert dashboard.address in first.stdout.readline()
    gate = hr.hold("touchontime", nth=2)
    hr.sync(run, *changed[:3])
    hr.sees("3 人中 1 人")
    hr.outage = True
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    gate.open()
    dashboard.start()
    hr.status("done")
    assert updates(hr) == 3


# --- other people -------------------------------------------------------------------------------


@pytest.mark.long
def test_a_viewer_reads_reports_and_nothing_else(
    hr: Person, at_browser: Watched, dashboard: Dashboard
) -> None:
    """No button starts anything, and an address typed by hand is refused in words."""
    run = hr.fetched()
    hr.open("/settings/users")
    hr.page.fill("[name=name]", "佐藤 花子")
    hr.press("一回限りのリンクを発行")
    viewer = at_browser("ja")
    viewer.log_in_by_link(hr.page.locator(".copy").inner_text())
    assert viewer.page.locator("main button, main a.primary").count() == 0
    assert viewer.page.get_by_role("link", name="設定").count() == 0
    viewer.page.get_by_role("link", name=f"レポート {run}").click()
    viewer.status("ready")
    assert viewer.page.locator("main button, main a.primary").count() == 0
    viewer.expected = {403}
    for path in (f"/runs/{run}/choose", "/settings", "/fetch/smarthr/touchontime"):
        viewer.open(path)
        viewer.sees("このページを表示する権限がありません")
    assert dashboard.link is not None


def test_a_link_works_once(hr: Person, at_browser: Watched, dashboard: Dashboard) -> None:
    """A one-time link that has been used says so when it is opened again."""
    other = at_browser("ja")
    other.expected = {404}
    other.page.goto(str(dashboard.link))
    other.sees("このリンクはもう使えません")
    hr.open("/")


def test_the_language_is_switched_and_stays(hr: Person) -> None:
    """One click and everything is in English, after the next log-in too."""
    run = hr.fetched()
    hr.open(f"/runs/{run}/choose")
    hr.page.get_by_role("button", name="English").click()
    hr.page.wait_for_url(f"**/runs/{run}/choose")
    assert hr.page.locator("html").get_attribute("lang") == "en"
    hr.sees("Choose employees", "Ticked employees: 0")
    assert not re.search("[ぁ-ん]", hr.page.locator("h1, .steps, .toolbar").first.inner_text())
    hr.page.get_by_role("button", name="Log out").click()
    hr.log_in()
    hr.sees("Latest sync reports")


# --- reports ------------------------------------------------------------------------------------


@pytest.mark.long
def test_the_report_is_a_csv_file_and_a_page_to_print(hr: Person) -> None:
    """Both have everybody of the run with the outcome in words; the page opens as it will print."""
    run = hr.fetched()
    number = hr.numbers(run, "changed")[0]
    hr.sync(run, number)
    hr.status("done")
    with hr.page.expect_download() as download:
        hr.press("CSV ファイル")
    assert download.value.suggested_filename == f"renkei-{run}.csv"
    text = Path(download.value.path()).read_text()
    rows = {row[0]: row for row in csv.reader(io.StringIO(text.removeprefix("\ufeff")))}
    assert "更新済み" in rows[number]
    hr.press("印刷用ページ")
    hr.page.wait_for_url("**/report.html")
    shown = hr.page.inner_text("body")
    assert number in shown
    assert "更新済み" in shown
    styled = "getComputedStyle(document.querySelector('table')).borderCollapse"
    assert hr.page.evaluate(styled) == "collapse"


@pytest.mark.long
def test_reports_are_found_by_direction_status_and_day(hr: Person) -> None:
    """Each filter of the list leaves the runs that it names, and an empty list says so."""
    hr.fetched()
    hr.fetched("touchontime", "smarthr")
    hr.office.renkei("cancel", "1")
    hr.open("/reports")
    rows = hr.page.locator(".runs tbody tr")
    assert rows.count() == 2
    for name, value, run in (
        ("direction", "touchontime:smarthr", "2"),
        ("status", "cancelled", "1"),
    ):
        hr.open("/reports")
        hr.page.select_option(f"[name={name}]", value)
        hr.press("絞り込み")
        hr.page.wait_for_url(f"**{name}=*")
        assert rows.locator("th").all_inner_texts() == [f"レポート {run}"]
    hr.open("/reports")
    hr.page.fill("[name=until]", "2026-11-19")
    hr.press("絞り込み")
    hr.page.wait_for_url("**until=2026-11-19*")
    assert rows.count() == 0


@pytest.mark.long
def test_the_outcome_of_each_employee_can_be_searched(hr: Person) -> None:
    """The page behind the counts lists those of one outcome, or of one name."""
    run = hr.fetched()
    changed = hr.numbers(run, "changed")[:3]
    hr.sync(run, *changed)
    hr.status("done")
    hr.press("従業員ごとの結果")
    numbers = hr.page.locator(".outcomes tbody th")
    hr.page.select_option("[name=outcome]", "chosen")
    hr.press("絞り込み")
    hr.page.wait_for_url("**outcome=chosen*")
    assert sorted(numbers.all_inner_texts()) == sorted(changed)
    hr.page.fill("[name=q]", changed[0])
    hr.press("絞り込み")
    hr.page.wait_for_url("**q=*")
    assert numbers.all_inner_texts() == [changed[0]]


# --- states -------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_plan_that_is_too_old_says_so(hr: Person) -> None:
    """期限切れ: the page says why and leads to a new fetch; the choice cannot be opened."""
    run = hr.fetched()
    hr.choose_from(run)
    hr.move_to("2026-11-21T12:30:00+09:00")
    hr.page.reload()
    assert hr.path == f"/runs/{run}"
    hr.status("expired")
    hr.press("もう一度取得")
    hr.sees("従業員情報取得基準日")


@pytest.mark.long
def test_fetching_again_ticks_whoever_has_not_changed(hr: Person) -> None:
    """Base date, ticks and values of a stopped sync are there; who changed is named, not ticked."""
    hr.fetched()
    hr.open("/fetch/smarthr/touchontime")
    hr.page.fill("[name=date]", "2026-11-19")
    hr.press("次へ")
    hr.status("ready")
    changed = hr.numbers("2", "changed")[:3]
    new = hr.numbers("2", "new")[-1]
    gate = hr.hold("touchontime", nth=1)
    hr.sync("2", *changed, new)
    assert gate.reached.wait(20)
    hr.page.locator("#stop-ask").click()
    hr.press("中止する")
    gate.open()
    hr.page.locator("#again").wait_for()
    hr.dashboard.finish()
    done = hr.outcomes("2")
    left, *kept = [number for number in (*changed, new) if number not in done]
    assert new in kept
    hr.office.box.smarthr.find(left)[0]["last_name"] = "改姓"
    hr.press("もう一度取得")
    hr.page.wait_for_url("**/runs/3")
    hr.status("ready")
    hr.sees(f"選択済み: {len(kept)} 人")
    assert left in hr.page.locator("#carried li").inner_text()
    hr.sees("2026年11月19日")
    hr.press("同期を開始 →")
    hr.is_ticked(len(kept))
    hr.press("次へ")
    hr.press("次へ")
    hr.press("同期")
    hr.status("done")
    assert set(hr.outcomes("3")) == set(kept)


@pytest.mark.long
def test_a_fetch_that_fails_says_why(hr: Person) -> None:
    """A refused token ends the fetch: the report has the reason, and what can be done."""
    hr.office.box.smarthr.revoke()
    hr.open("/fetch/smarthr/touchontime")
    hr.press("次へ")
    hr.status("failed")
    hr.sees("取得に失敗しました。")
    assert hr.button("もう一度取得").is_visible()


@pytest.mark.long
def test_a_fetch_in_closed_hours_names_the_hour(hr: Person) -> None:
    """The page says until when it is closed, and [次へ] waits; so does one from before."""
    hr.move_to("2026-11-20T17:45:00+09:00")
    hr.office.box.clear_journal()
    hr.open("/")
    hr.sees("18:30 まで利用できません")
    hr.open("/fetch/smarthr/touchontime")
    hr.sees("18:30")
    assert hr.button("次へ").is_disabled()
    hr.page.evaluate("document.querySelector('main button[disabled]').disabled = false")
    hr.expected = {400}
    hr.press("次へ")
    hr.page.get_by_role("alert").wait_for()
    assert "18:30" in hr.shown()
    assert {entry.system for entry in hr.office.box.journal} <= {"smarthr"}  # to see if it is there


def test_a_slow_fetch_shows_that_it_is_at_work(hr: Person) -> None:
    """取得中 with a bar while the systems are read; leaving and coming back is fine."""
    hr.open("/fetch/smarthr/touchontime")
    hr.press("次へ")
    hr.sees("同じ会社ですか？")
    gate = hr.hold("smarthr", kind="read")
    hr.press("はい、同じ会社です")
    hr.status("fetching")
    assert hr.page.get_by_role("progressbar").is_visible()
    hr.open("/")
    hr.page.get_by_role("link", name="レポート 1").click()
    hr.status("fetching")
    gate.open()
    hr.status("ready")


def test_single_sign_on_lets_somebody_in(at_browser: Watched, dashboard: Dashboard) -> None:
    """The first link is tied to the provider; from then on one button is the whole log-in."""
    with listening(Provider()) as provider:
        dashboard.stop()
        dashboard.sign_on = signing(provider)
        dashboard.start()
        person = at_browser("ja")
        person.others = (f"{provider.address}/authorize?",)
        assert dashboard.link is not None
        person.page.goto(dashboard.link)
        person.press("今後はシングルサインオンでログインする")
        person.page.wait_for_url(f"{dashboard.address}/")
        person.settle()
        person.page.get_by_role("button", name="ログアウト").click()
        person.open("/settings")
        person.press("シングルサインオンでログイン")
        person.page.wait_for_url(f"{dashboard.address}/settings")
        person.sees("利用者の管理")


@pytest.mark.long
def test_business_names_are_switched_in_the_settings(hr: Person) -> None:
    """The file says so, the next fetch heeds it, and a plan from before is refused."""
    before = hr.fetched()
    hr.open("/settings")
    hr.press("オンにする", exact=False)
    hr.sees("ビジネスネームで連携する: オン")
    assert load_config(hr.dashboard.config).mappings[0].settings == {"business_names": True}
    hr.open("/fetch/smarthr/touchontime")
    hr.sees("ビジネスネームで連携する: オン")
    hr.press("次へ")
    hr.status("ready")
    assert hr.shown().count("ビジネスネームで連携する") == 1
    hr.open(f"/runs/{before}/choose")
    assert hr.path == f"/runs/{before}"
    hr.sees("取得した後で連携項目または設定が変わりました。もう一度取得してください。")
    assert hr.page.get_by_role("link", name="同期を開始 →").count() == 0
    hr.press("もう一度取得")


def test_a_tick_that_is_not_stored_is_not_shown(hr: Person) -> None:
    """The dashboard does not answer: the box is as it was, and it is said beside it."""
    run = hr.fetched()
    first, second = hr.numbers(run, "changed")[:2]
    hr.choose_from(run, "?difference=changed")
    hr.outage = True
    hr.dashboard.stop()
    hr.box_of(first).click()
    lost = hr.row_of(first).get_by_role("alert")
    lost.wait_for()
    assert "選択を保存できませんでした。" in lost.inner_text()
    assert not hr.box_of(first).is_checked()
    hr.dashboard.start()
    with hr.sent("ticks"):
        hr.box_of(second).check()
    hr.is_ticked(1)
    assert hr.row_of(second).get_by_role("alert").count() == 0
    assert lost.is_visible()
    with hr.sent("ticks"):
        hr.box_of(first).check()
    lost.wait_for(state="detached")
    with hr.sent("ticks"):
        hr.box_of(first).uncheck()
    hr.page.reload()
    assert [hr.box_of(each).is_checked() for each in (first, second)] == [False, True]


@pytest.mark.long  # test_ticks_in_quick_succession_all_count is of the same kind
def test_quick_ticks_are_all_counted(hr: Person) -> None:
    """Eight boxes in a moment: the page counts eight, and eight are stored."""
    run = hr.fetched()
    hr.choose_from(run, "?difference=changed")
    hr.page.evaluate("""async () => {
      await new Promise(later => setTimeout(later));  // after htmx has begun, which waits as long
      for (const box of [...document.querySelectorAll("tbody [type=checkbox]")].slice(0, 8))
        box.click();
    }""")
    hr.is_ticked(8)
    hr.page.reload()
    hr.is_ticked(8)


@pytest.mark.long
def test_the_page_of_the_sync_shows_who_and_what(hr: Person) -> None:
    """Before anything is written: names, values, who leaves, and for whom nothing is written."""
    run = hr.fetched()
    new, same = hr.numbers(run, "new")[0], hr.numbers(run, "same")[0]
    [leaver] = hr.office.box.cases["resigned_tomorrow"]
    hr.ready_to_sync(run, new, leaver, same)
    shown = hr.shown()
    assert "書き込む内容（2 人）" in shown
    assert "1 人（書き込みません）" in shown
    assert f"退職日が入る従業員: {leaver}" in shown
    assert "大阪支社 (200)" in hr.row_of(new).inner_text()
    hr.press("同期")
    hr.status("done")


@pytest.mark.long
@pytest.mark.fault("F81")
def test_a_restarted_dashboard_knows_who_is_at_work(hr: Person) -> None:
    """A sync waits for the end of closed hours: the next server says that it goes on by itself."""
    run = hr.fetched()
    number = hr.numbers(run, "changed")[0]
    hr.office.configure(touchontime='closed_hours: ["12:00-12:01"]', smarthr="label: SmartHR")
    hr.move_to("2026-11-20T12:00:30+09:00")
    hr.ready_to_sync(run, number)
    hr.move_to("2026-11-20T12:00:53+09:00")
    hr.press("同期")
    hr.status("paused")
    hr.outage = True
    hr.dashboard.stop()
    hr.dashboard.start()
    hr.open(f"/runs/{run}")
    hr.sees("に自動で再開します。")
    assert hr.page.locator("#resume").count() == 0
    hr.page.locator("#run .badge.s-done").first.wait_for(timeout=40_000)


def test_focus_stays_where_it_was(hr: Person) -> None:
    """Somebody who works with the keyboard is not thrown back while the page looks again."""
    run = hr.fetched()
    hr.choose_from(run, "?difference=changed")
    hr.page.focus("#tick-page")
    with hr.sent("ticks"):
        hr.page.keyboard.press("Enter")
    hr.page.wait_for_function("document.activeElement.id === 'tick-page'")
    gate = hr.hold("touchontime", nth=2)
    hr.press("次へ")
    hr.press("同期")
    hr.status("syncing")
    assert gate.reached.wait(20)
    hr.page.focus("#pause")
    for _ in range(2):
        with hr.page.expect_response(lambda response: response.url.endswith("/status")):
            pass
    hr.page.wait_for_function("document.activeElement.id === 'pause'")
    gate.open()
    hr.status("done")


@pytest.mark.long
def test_the_check_of_the_connections_tells_what_is_wrong(hr: Person) -> None:
    """[接続を確認] names both systems; a wrong token comes with every cause it may have."""
    hr.open("/")
    hr.press("接続を確認")
    hr.page.locator(".checked").wait_for()
    assert hr.page.locator(".f-problem").count() == 0
    hr.office.box.touchontime.revoke()
    hr.open("/settings")
    hr.press("接続を確認")
    hr.page.locator(".f-problem").first.wait_for()
    assert "トークン" in hr.page.locator(".f-problem").first.inner_text()


def test_nothing_is_told_of_an_unknown_page(hr: Person) -> None:
    """An address that does not exist, or a run of another folder: a page with the way back."""
    hr.expected = {404}
    for path in ("/nowhere", "/runs/77"):
        hr.open(path)
        hr.press("ホーム")
        assert hr.path == "/"


# --- hostile values -----------------------------------------------------------------------------

TAGS = ["script", "img", "svg", "iframe", "body", "details", "video", "input", "a", "math"]
FORMS = [
    "<{tag} onerror=ran() src=x>",
    "<{tag} onload=ran()>",
    "<{tag}>ran()</{tag}>",
    '"><{tag} onfocus=ran() autofocus tabindex=0>',
    "'><{tag} src=javascript:ran()>",
    "</{tag}><img src=x onerror=ran()>",
    "`-ran()-`<{tag}>",
    "{{{{ran()}}}}<{tag} hx-get=/logout hx-trigger=load>",
    "&lt;{tag} onclick=ran()&gt;",
    "</script><{tag} ontoggle=ran() open>",
]
PAYLOADS = [form.format(tag=tag) for form in FORMS for tag in TAGS]


@pytest.mark.long
def test_no_name_runs_a_script_anywhere(hr: Person) -> None:
    """A hundred hostile names through every page that shows names: all are text, none is run."""
    assert len(set(PAYLOADS)) == 100
    for index, payload in enumerate(PAYLOADS):
        hr.office.box.smarthr.add(
            emp_code=f"X{index:03}", last_name=payload, first_name="子", gender="male"
        )
    run = hr.fetched()
    shown = visited(hr.page, f"{hr.address}/runs/{run}/choose?difference=new")
    assert sum(payload in shown for payload in PAYLOADS) == 100
    numbers = [f"X{index:03}" for index in (0, 25, 50, 99)]
    hr.office.box.touchontime.faults.add("status", status=400, code=9003, kind="create", nth=2)
    hr.sync(run, *numbers)
    hr.status("done_with_errors")
    for path in ("", "/people", "/values"):
        hr.open(f"/runs/{run}{path}")
    hr.open(f"/runs/{run}/choose?q=%3Cscript%3Eran()%3C/script%3E")
    hr.open("/reports?direction=%22%3E%3Cimg%20src%3Dx%20onerror%3Dran()%3E")
    hr.open("/login?next=javascript:ran()")
    assert hr.page.locator("main img, main iframe, main script, main svg").count() == 0


def visited(page: Page, first: str) -> str:
    """Return what all pages of a list show, one after the other."""
    page.goto(first)
    texts = [page.locator("main").inner_text()]
    while (following := page.get_by_role("link", name="次のページ →")).count():
        following.click()
        page.wait_for_load_state()
        texts.append(page.locator("main").inner_text())
    return "\n".join(texts)


def test_a_hostile_user_name_is_text(hr: Person) -> None:
    """The list of users and the greeting show a name of angle brackets as it is."""
    name = "<img src=x onerror=ran()>"
    hr.open("/settings/users")
    hr.page.fill("[name=name]", name)
    hr.page.select_option("[name=role]", Role.ADMIN.value)
    hr.press("一回限りのリンクを発行")
    assert name in hr.shown()
    hr.page.goto(hr.page.locator(".copy").inner_text())
    assert name in hr.shown()


# --- very many ----------------------------------------------------------------------------------

MANY = 100_000
FLUID = {
    "first page": 6,
    "filter": 6,
    "next page": 6,
    "search": 15,
    "one tick": 8,
    "all ticks": 30,
    "page with all ticked": 6,
    "one tick of many": 10,
}
"""
How much work each may be, in pages of a plan of ten employees: two or three times what it is.

A second is a matter of the machine, and of what else it does. Such a page takes a tenth of one.
"""
MULTIPLY = """
with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
insert into items select {columns}
from n, (select * from items where run_id = ? and difference = 'changed' limit 1)
"""
OTHERWISE = {
    "position": "1000 + i",
    "number": "printf('M%06d', i)",
    "payload": "json_set(payload, '$.search', printf('m%06d', i))",
}


def multiply(store: sqlite3.Connection, run: str) -> None:
    """Put many into the plan who are like one of it, but for the number."""
    names = [name for _at, name, *_more in store.execute("pragma table_info(items)")]
    columns = ", ".join(OTHERWISE.get(name, name) for name in names)
    store.execute(MULTIPLY.format(columns=columns), (MANY, run))


@pytest.mark.long
@pytest.mark.timeout(900)  # nothing is judged by it
@pytest.mark.sqlite
def test_a_hundred_thousand_employees_are_fluid(hr: Person) -> None:
    """A page, a filter, a search and a tick are the work of a few small pages, not of a plan."""
    few, many = hr.fetched(), hr.fetched()
    with closing(sqlite3.connect(hr.office.store)) as store, store:
        multiply(store, many)
    there = hr.page
    there.context.set_default_timeout(0)  # a slow machine may take as long as it likes
    elsewhere = there.context.new_page()
    plain_s: list[float] = []
    took_s: dict[str, float] = {}

    def measured(do: Callable[[], object]) -> float:
        began = worked_s()
        do()
        return worked_s() - began

    def look_elsewhere() -> None:
        """Have the small page beside each step: what slows that one down slows this one down."""
        hr.page = elsewhere
        plain_s.append(measured(lambda: hr.choose_from(few)))
        hr.page = there

    def step(name: str, do: Callable[[], object]) -> None:
        took_s[name] = measured(do)
        look_elsewhere()

    def click(number: str) -> None:
        with hr.sent("ticks"):
            hr.box_of(number).click()

    def turn() -> None:
        hr.press("次のページ →")
        hr.page.wait_for_url("**after=*")

    hr.choose_from(many)
    look_elsewhere()
    plain_s.clear()  # of the first of each, half is what the browser and the dashboard get ready
    step("first page", lambda: hr.choose_from(many))
    step("filter", lambda: hr.filter("changed"))
    step("next page", turn)
    step("search", lambda: hr.search("M099999"))
    step("one tick", lambda: click("M099999"))
    hr.choose_from(many)
    step("all ticks", hr.tick_all_shown)
    step("page with all ticked", lambda: hr.choose_from(many))
    hr.search("M000001")
    step("one tick of many", lambda: click("M000001"))
    plain = statistics.median(plain_s)
    pages = {name: took / plain for name, took in took_s.items()}
    assert {name: n for name, n in pages.items() if n > FLUID[name]} == {}, (pages, plain_s)


def worked_s() -> float:
    """Return for how long processors have worked for the dashboard and the browser so far."""
    me = psutil.Process()
    times = []
    for process in (me, *me.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times.append(process.cpu_times())
    return sum(each.user + each.system for each in times)
