"""Somebody watches a sync: what they read, opened or have under their hands stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.e2e import conftest as e2e
from tests.web.browser import HURRY

if TYPE_CHECKING:
    from tests.web.browser import Person

collect = e2e._collect
pytestmark = [
    pytest.mark.timeout(240),  # a browser on a busy machine
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    ),
]

SELECT = """(selector) => {
  getSelection().selectAllChildren(document.querySelector(selector));
  return String(getSelection());
}"""


def look_again(hr: Person, times: int = 2) -> None:
    """Wait until the page has looked at its run again."""
    for _ in range(times):
        with hr.page.expect_response(lambda response: response.url.endswith("/status")):
            pass
    hr.page.wait_for_timeout(100)  # what came is put in


def test_what_is_open_focused_and_selected_stays(hr: Person) -> None:
    """A confirmation, the focus in it and selected text outlive two looks while the counts move."""
    run = hr.fetched()
    changed = hr.numbers(run, "changed")[:5]
    gates = [hr.hold("touchontime", nth=nth) for nth in (2, 4)]
    hr.sync(run, *changed)
    hr.sees("5 人中 1 人")
    hr.page.locator("#stop summary").click()
    hr.page.focus("#stop-now")
    selected = hr.page.evaluate(SELECT, "#about .facts")
    hr.page.evaluate("scrollTo(0, 120)")
    hr.page.evaluate("window.button = document.querySelector('#stop-now')")
    gates[0].open()
    hr.sees("5 人中 3 人")
    look_again(hr)
    assert hr.page.locator("#stop").get_attribute("open") is not None
    assert hr.button("中止する").is_visible()
    assert hr.page.evaluate("document.activeElement === window.button && button.isConnected")
    assert hr.page.evaluate("String(getSelection())") == selected != ""
    assert hr.page.evaluate("scrollY") == 120
    gates[1].open()
    hr.status("done")
    assert hr.page.evaluate("document.activeElement.id") == "state"


@pytest.mark.long
def test_a_page_of_a_run_that_is_over_looks_no_more(hr: Person) -> None:
    """Nothing is asked of the dashboard once nothing can change by itself."""
    run = hr.fetched()
    hr.sync(run, hr.numbers(run, "changed")[0])
    hr.status("done")
    hr.page.locator("#run:not([hx-trigger])").wait_for()
    asked: list[str] = []
    hr.page.on("request", lambda request: asked.append(request.url))
    hr.page.wait_for_timeout(3 * 2000 / HURRY)  # it would look every two seconds
    assert asked == []


def test_a_sync_is_paused_and_goes_on(hr: Person) -> None:
    """[一時停止] finishes the employee in hand; the button to go on writes the rest, once each."""
    run = hr.fetched()
    changed = hr.numbers(run, "changed")[:4]
    gate = hr.hold("touchontime", nth=2)
    hr.sync(run, *changed)
    hr.status("syncing")
    assert gate.reached.wait(20)
    hr.press("処理中の1人が終わったら一時停止")
    hr.sees("一時停止しています。")
    assert hr.page.locator("#pause").count() == 0
    gate.open()
    hr.status("paused")
    hr.page.locator("#resume").wait_for()
    assert list(hr.outcomes(run).values()) == ["updated", "updated"]
    hr.press("同期を再開")
    hr.status("done")
    writes = [entry.kind for entry in hr.office.box.writes("touchontime")]
    assert writes == ["update"] * 4


@pytest.mark.long
def test_a_sync_that_cannot_go_on_is_fetched_again(hr: Person) -> None:
    """A day later a paused plan is too old: no button leads to a refusal."""
    run = hr.fetched()
    gate = hr.hold("touchontime", nth=2)
    hr.sync(run, *hr.numbers(run, "changed")[:4])
    hr.status("syncing")
    assert gate.reached.wait(20)
    hr.press("処理中の1人が終わったら一時停止")
    gate.open()
    hr.status("paused")
    hr.page.locator("#resume").wait_for()
    hr.move_to("2026-11-23T12:00:00+09:00")
    hr.open(f"/runs/{run}")
    hr.sees("この同期は再開できません。")
    assert hr.page.locator("#resume").count() == 0
    hr.press("もう一度取得")
    hr.status("ready")


@pytest.mark.long
def test_nothing_is_stopped_without_a_second_press(hr: Person) -> None:
    """The stop says first what happens to the rest; without a script it works as well."""
    run = hr.fetched()
    gate = hr.hold("touchontime")
    hr.sync(run, *hr.numbers(run, "changed")[:2])
    hr.status("syncing")
    assert gate.reached.wait(20)
    assert not hr.page.locator("#stop-now").is_visible()
    hr.page.locator("#stop-ask").click()
    hr.sees("残りの従業員には書き込みません。")
    hr.page.locator("#stop-ask").click()
    assert not hr.page.locator("#stop-now").is_visible()
    gate.open()
    hr.status("done")


@pytest.mark.long
def test_a_sync_of_the_command_line_is_not_paused_here(hr: Person) -> None:
    """Its process is not the dashboard's to end: the page says so, and offers the stop only."""
    run = hr.fetched()
    number = hr.numbers(run, "changed")[0]
    gate = hr.hold("touchontime")
    process = hr.office.start("sync", run, "--number", number)
    assert gate.reached.wait(30)
    hr.open(f"/runs/{run}")
    hr.sees("この画面からは一時停止できません。")
    assert hr.page.locator("#pause").count() == 0
    assert hr.page.locator("#stop").count() == 1
    gate.open()
    process.communicate(timeout=30)
    hr.status("done")
