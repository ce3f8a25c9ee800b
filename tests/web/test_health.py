"""The state of a connection: the newest run has the word, and the systems are asked rarely."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from tests.web.desk import Desk

from renkei.people import Finding
from renkei.runs import Checked, Runs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.web.desk import Browser

WELL = (Finding("ok", "the token belongs to somebody"),)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each check of the connections, which finds that all is well."""
    made: list[str] = []

    def check(runs: Runs) -> list[Checked]:
        made.append("check")
        return [Checked(subject=name, findings=WELL) for name in runs.config.connections]

    monkeypatch.setattr(Runs, "check", check)
    return made


def now(desk: Desk, columns: Mapping[str, str], run: int = 1) -> None:
    """Let a run be as these columns say."""
    with sqlite3.connect(desk.store) as store:
        for name, value in columns.items():
            store.execute(f"update runs set {name} = ? where id = ?", (value, run))  # noqa: S608


def another(desk: Desk, columns: Mapping[str, str]) -> None:
    """Put a second run beside the first, a minute younger, as these columns say."""
    with sqlite3.connect(desk.store) as store:
        store.execute("create temp table one as select * from runs where id = 1")
        store.execute("update one set id = 2, created_at = '2026-11-20 03:01:00.000000'")
        store.execute("insert into runs select * from one")
    now(desk, columns, 2)


def states(browser: Browser, path: str = "/connections") -> dict[str, str]:
    """Return the badge of each connection."""
    text = browser.get(path).text
    return {
        name: text.partition(f"<li><b>{name}</b>")[2].partition("</span>")[0].rpartition(">")[2]
        for name in ("smarthr", "touchontime")
    }


FINE = {"smarthr": "接続できます", "touchontime": "接続できます"}
PROBLEM = FINE | {"touchontime": "問題"}
REFUSED = {"status": "paused", "reason": '["access", "touchontime"]'}
RIGHT = REFUSED | {"reason": '["right", "touchontime"]'}
DONE = {"status": "done", "reason": "null", "finished_at": "2026-11-20 03:05:00.000000"}
FAILED = {"status": "failed", "reason": '["unreachable", "touchontime"]'}


@pytest.mark.parametrize("trouble", [REFUSED, FAILED, RIGHT])
def test_a_run_that_met_trouble_is_shown_at_once(
    desk: Desk, checks: list[str], trouble: dict[str, str]
) -> None:
    """The check of a minute ago found nothing; a run has, and nobody asks the systems again."""
    browser = desk.browser("admin")
    assert states(browser) == FINE
    now(desk, trouble)
    assert states(browser) == PROBLEM
    assert "touchontime" in browser.get("/connections").text
    assert checks == ["check"]


def test_a_run_that_succeeded_since_clears_it(desk: Desk, checks: list[str]) -> None:
    """The newest run counts, whatever those before it met."""
    browser = desk.browser("admin")
    states(browser)
    now(desk, FAILED)
    assert states(browser) == PROBLEM
    another(desk, {"status": "ready", "reason": "null"})
    assert states(browser) == FINE
    now(desk, REFUSED, 2)
    assert states(browser) == PROBLEM
    now(desk, DONE, 2)
    assert states(browser) == FINE
    assert checks == ["check"]


def test_a_check_that_is_later_counts(desk: Desk, checks: list[str]) -> None:
    """After mending it, people press the button; the same trouble met again is told again."""
    browser = desk.browser("admin")
    now(desk, REFUSED)
    browser.post("/settings/check")
    assert states(browser) == FINE
    desk.work.health_of("").began("1")  # it is resumed
    assert states(browser) == PROBLEM
    assert checks == ["check"]


@pytest.mark.parametrize(
    "harmless",
    [
        {"status": "paused", "reason": '["interrupted"]'},
        {"status": "paused", "reason": '["closed", "18:30"]'},
        {"status": "paused", "reason": '["plan_full", "touchontime"]'},
        {"status": "expired", "reason": "null"},
        {"status": "cancelled", "reason": '["stopped"]', "pauses": '["interrupted"]'},
        {"status": "failed", "reason": '["list_changed", "touchontime"]'},
    ],
)
def test_what_is_no_fault_of_a_connection_is_none(
    desk: Desk, checks: list[str], harmless: dict[str, str]
) -> None:
    """Closed hours, a full contract or Ctrl-C say nothing against the way to a system."""
    browser = desk.browser("admin")
    states(browser)
    now(desk, harmless)
    assert states(browser) == FINE


def test_giving_up_a_run_mends_nothing(desk: Desk, checks: list[str]) -> None:
    """The trouble it had met is still there."""
    browser = desk.browser("admin")
    states(browser)
    now(desk, {"status": "cancelled", "reason": '["stopped"]', "pauses": '["access"]'})
    assert states(browser) == PROBLEM


def test_the_first_page_waits_for_no_system(desk: Desk, checks: list[str]) -> None:
    """What a run has met is on it at once; everything else is being checked."""
    now(desk, REFUSED)
    browser = desk.browser("admin")
    assert states(browser, "/") == {"smarthr": "確認中", "touchontime": "問題"}
    assert checks == []


def test_a_viewer_hears_that_something_is_wrong_and_no_more(desk: Desk, checks: list[str]) -> None:
    """Addresses and rights of a token are for administrators."""
    browser = desk.browser("viewer")
    states(browser)
    now(desk, REFUSED)
    for path in ("/", "/connections"):
        text = browser.get(path).text
        assert "管理者に確認してください" in text
        assert "トークン" not in text
