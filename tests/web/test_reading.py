"""What somebody logged in may read of a run: one rule, on pages and in files, for both roles."""

from __future__ import annotations

import csv
import html
import io
import re
import sqlite3
from typing import TYPE_CHECKING

import pytest

from renkei.config import load_config
from renkei.model import Difference, Filter, Item
from renkei.runs import Runs
from renkei.store.owner import Owner, beat

if TYPE_CHECKING:
    from tests.web.desk import Browser, Desk

ROLES = ("admin", "viewer")


def items(desk: Desk) -> list[Item]:
    """Return everybody in the plan."""
    with Runs(load_config(desk.folder / "renkei.yaml")) as runs:
        return list(runs.items("1"))


def begun(desk: Desk, **columns: str) -> None:
    """Let the sync of the one who is chosen have ended with these columns of the item."""
    with sqlite3.connect(desk.store) as store:
        store.execute("update runs set status = 'done_with_errors', sync_started_at = created_at")
        for name, value in columns.items():
            store.execute(f"update items set {name} = ? where selected", (value,))  # noqa: S608


def block(desk: Desk) -> Item:
    """Let one who is on both sides be another person there; return who it is."""
    item = next(item for item in items(desk) if item.difference is Difference.CHANGED)
    with sqlite3.connect(desk.store) as store:
        store.execute(
            "update items set difference = 'blocked', reasons = '[[\"other_person\"]]',"
            " payload = json_set(payload, '$.before.lastName', '別府', '$.changes', json('[]'))"
            " where position = ?",
            (item.position,),
        )
        counts = "json_set(counts, '$.blocked', 1, '$.changed', counts ->> 'changed' - 1)"
        store.execute(f"update runs set counts = {counts}")  # noqa: S608
    return next(item for item in items(desk) if item.difference is Difference.BLOCKED)


def on_pages(browser: Browser, query: str = "") -> str:
    """Return what all pages of the people of a run say, one after the other."""
    text, more = "", query
    while True:
        page = browser.get(f"/runs/1/people?{more}").text
        text += page
        found = re.search(r'href="\?([^"]+)">', page)
        if found is None:
            return html.unescape(text)
        more = html.unescape(found[1])


def in_csv(browser: Browser) -> list[list[str]]:
    """Return the rows of the file for a spreadsheet."""
    text = browser.get("/runs/1/report.csv").text.removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(text, newline="")))[1:]


@pytest.mark.security(38)
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("after_the_sync", [False, True])
def test_everybody_in_the_plan_can_be_read(desk: Desk, role: str, *, after_the_sync: bool) -> None:
    """Chosen or not, before and after the sync: pages, spreadsheet and printed page have them."""
    if after_the_sync:
        begun(desk, outcome="updated")
    browser, people = desk.browser(role), items(desk)
    page, printed = on_pages(browser), browser.get("/runs/1/report.html").text
    assert page.count('<th scope="row" class="number">') == len(people) == len(in_csv(browser))
    for item in people:
        assert item.name in page
        assert item.name in printed


@pytest.mark.security(38)
@pytest.mark.parametrize("role", ROLES)
def test_blocked_people_are_seen_after_the_sync_with_both_sides(desk: Desk, role: str) -> None:
    """The values of the source and of the target, and the reason, wherever the run is read."""
    blocked, theirs = block(desk), "別府"
    ours = str(blocked.read["last_name"])
    begun(desk, outcome="updated")
    browser = desk.browser(role)
    assert "/people?outcome=blocked" in browser.get("/runs/1").text
    page = browser.get("/runs/1/people?outcome=blocked").text
    assert page.count('class="badge d-blocked"') == page.count("<tr>") - 1
    assert f'<span class="tag">smarthr</span>{ours}</dd>' in page
    assert f'<span class="tag">touchontime</span>{theirs}</dd>' in page
    assert "要確認" in page
    row = next(row for row in in_csv(browser) if row[:2] == [blocked.number, blocked.name])
    assert f"姓: {ours}（smarthr）、{theirs}（touchontime）" in row[6]
    printed = browser.get("/runs/1/report.html").text
    assert f'<td class="before">{ours}</td><td>{theirs}</td>' in printed


def test_both_people_stand_side_by_side_while_choosing(desk: Desk) -> None:
    """Somebody blocked can be judged without opening both systems."""
    block(desk)
    page = desk.browser("admin").get("/runs/1/choose?difference=blocked").text
    assert '<dl class="changes both">' in page
    assert '<span class="tag">touchontime</span>' in page


def test_some_of_the_people_can_be_asked_for(desk: Desk) -> None:
    """By outcome, the chosen ones, the blocked ones: each count is that of the run's page."""
    block(desk)
    begun(desk, outcome="failed", outcome_reason='["refused"]')
    browser = desk.browser("viewer")
    with Runs(load_config(desk.folder / "renkei.yaml")) as runs:
        outcomes = runs.run("1").outcomes or {}
        blocked = len(runs.page("1", Filter(differences=(Difference.BLOCKED,)), limit=1000))
    expected = {each.value: count for each, count in outcomes.items()}
    expected |= {"blocked": blocked, "chosen": 1, "": sum(outcomes.values())}
    for name, count in expected.items():
        assert on_pages(browser, f"outcome={name}").count('scope="row"') == count, name


def test_an_earlier_try_is_not_forgotten(desk: Desk) -> None:
    """Somebody failed, was tried again and went through: the page tells both."""
    begun(desk, outcome="updated", earlier='[["failed", ["refused"], "姓が長すぎます"]]')
    page = on_pages(desk.browser("admin"), "outcome=updated")
    assert "以前の結果: エラー。" in page
    assert "姓が長すぎます" in page


@pytest.mark.security(38)
@pytest.mark.parametrize("role", ROLES)
def test_purged_people_keep_number_and_outcome(desk: Desk, role: str) -> None:
    """Of those who were chosen, in all three; no value of anybody is left."""
    begun(desk, outcome="updated")
    chosen = next(item for item in items(desk) if item.selected)
    with Runs(load_config(desk.folder / "renkei.yaml")) as runs:
        runs._store.purge(runs.clock.now().replace(year=2100))
    browser = desk.browser(role)
    page, printed = on_pages(browser), browser.get("/runs/1/report.html").text
    assert [row[0] for row in in_csv(browser)] == [chosen.number]
    for text in (page, printed):
        assert str(chosen.number) in text
        assert chosen.name not in text
    assert "report.csv" in browser.get("/runs/1").text


@pytest.mark.parametrize("status", ["fetching", "failed"])
def test_before_there_is_a_plan_nobody_is_read(desk: Desk, status: str) -> None:
    """Half a list is nobody's: neither page nor file shows it, and none is offered."""
    with sqlite3.connect(desk.store) as store:
        mine = (status, str(Owner.me()), beat())
        store.execute("update runs set status = ?, owner = ?, beat = ?", mine)
    browser = desk.browser("viewer")
    assert in_csv(browser) == []
    assert 'scope="row"' not in browser.get("/runs/1/people").text
    for word in ("report.csv", "report.html", "/people"):
        assert word not in browser.get("/runs/1").text


def test_a_page_that_is_just_full_has_no_further_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more person, and there is one."""
    people, browser = len(items(desk)), desk.browser("admin")
    for rows, further in ((people, False), (people - 1, True), (people + 1, False)):
        monkeypatch.setattr("renkei_web.views.reports.ROWS", rows)
        page = browser.get("/runs/1/people").text
        assert bool(re.search(r'href="\?[^"]*after=\d', page)) is further


@pytest.mark.parametrize(
    ("direction", "shown"),
    [
        ("smarthr:touchontime", True),
        ("smarthr:other", False),
        ("other:touchontime", False),
        ("touchontime:smarthr", False),
    ],
)
def test_reports_are_filtered_by_both_sides_of_a_direction(
    desk: Desk, direction: str, shown: bool
) -> None:
    """Two pairs may share a side: they are told apart."""
    text = desk.browser("admin").get(f"/reports?direction={direction}").text
    assert ("レポート 1" in text) is shown


def test_what_is_older_than_what_a_filter_looks_at_can_be_reached(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of thousands of runs a page looks at the newest: it says so, and leads on."""
    monkeypatch.setattr("renkei_web.views.reports.LOOKED_AT", 1)
    monkeypatch.setattr("renkei_web.views.reports.AT_ONCE", 1)
    browser = desk.browser("admin")
    page = browser.get("/reports?direction=touchontime:smarthr").text
    assert "この1件の中に、条件に合うレポートはありません" in page
    (older,) = re.findall(r'href="(\?[^"]*before=1)"', page)
    last = browser.get("/reports" + html.unescape(older)).text
    assert not re.search(r'href="\?[^"]*before=', last)
    assert ">条件に合うレポートはありません" in last
