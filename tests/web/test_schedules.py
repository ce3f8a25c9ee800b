"""定期実行: the page of schedules, what may be done there, and the card of a direction."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from renkei.config import load_config
from renkei.runs import Runs
from renkei.schedule.job import Claim
from renkei.store.companies import Companies as Store
from renkei.store.schedules import keep_at_job
from renkei_web.users import Role

if TYPE_CHECKING:
    from tests.web.desk import Desk

SCHEDULES = """
schedules:
  - {name: nightly, at: "0 13 * * *", from: smarthr, to: touchontime, sync: {difference: [changed]}}
  - {name: look, between: "01:00-06:30", from: touchontime, to: smarthr, not_on: [25-31]}
"""
DUE = dt.datetime(2026, 11, 20, 4, tzinfo=dt.UTC)


def scheduled(desk: Desk, company: str = "") -> None:
    """Give the company two schedules; one has halted, after two that were missed."""
    own = desk.folder / (f"companies/{company}.yaml" if company else "renkei.yaml")
    own.write_text(own.read_text(encoding="utf-8") + SCHEDULES, encoding="utf-8")
    store = Store(str(desk.store))
    claim = Claim(company, "nightly", DUE)
    store.count_from((company, "nightly"), "0 13 * * *", DUE - dt.timedelta(days=3))
    assert store.claim(claim, DUE, lambda _last: 2)
    store.close()
    with Runs(load_config(desk.folder / "renkei.yaml", company or None), who="somebody") as runs:
        with runs._store._writing() as connection:
            keep_at_job(connection, claim, run_id=1)
        runs._store.end_job(claim, "halted", DUE, code="unusual")


def test_the_page_shows_when_each_is_next_and_what_came_of_it(desk: Desk) -> None:
    """In words, of all or of one; the card of the direction has both runs, and what is open."""
    scheduled(desk)
    browser = desk.browser("admin")
    browser.post("/language", language="en", next="/")
    text = browser.get("/schedules").text
    for words in (
        "daily at 13:00",
        "(01:00–06:30), not on 25–31",
        "needs a person",
        "It is over a safety limit.",
        "Due times before it that were missed: 2",
        'href="/runs/1"',
        "20 Nov 2026 13:00",
        "Run now",
    ):
        assert words in text, words
    begun = 'href="/runs/1"'
    assert begun in browser.get("/schedules?schedule=nightly").text
    assert begun not in browser.get("/schedules?schedule=look").text
    assert begun in browser.get("/schedules?schedule=nobody").text
    card = browser.get("/").text
    assert "Next scheduled run" in card
    assert "Open differences" in card
    assert "needs a person" in card


def test_a_schedule_is_paused_and_goes_on(desk: Desk) -> None:
    """By all who may sync, in their name; a viewer has no button, and no name of others to read."""
    scheduled(desk)
    desk.add("keiko", Role.OPERATOR)
    keiko = desk.browser("keiko")
    assert keiko.post("/schedules/nightly/pause").headers["location"] == "/schedules"
    assert "keiko" in keiko.get("/schedules").text
    assert "/schedules/" not in desk.browser("viewer").get("/schedules").text
    desk.add("counter", Role.COUNTS)
    assert "keiko (" not in desk.browser("counter").get("/schedules").text
    with Runs(load_config(desk.folder / "renkei.yaml")) as runs:
        assert [each.paused_by is None for each in runs.schedules()] == [False, True]
    keiko.post("/schedules/nightly/resume")
    assert keiko.post("/schedules/nobody/pause").status_code == 400
    acts = [line[:2] for line in desk.noted if line[1].startswith("schedule")]
    assert acts == [("keiko", "schedule_paused"), ("keiko", "schedule_resumed")]


def test_a_run_is_begun_now(desk: Desk) -> None:
    """By a process of its own, and not while one of the schedule is at work."""
    scheduled(desk)
    browser = desk.browser("admin")
    answer = browser.post("/schedules/look/run")
    assert (answer.status_code, desk.work.started) == (303, ["begin"])
    assert "look" in browser.get(answer.headers["location"]).text
    with Runs(load_config(desk.folder / "renkei.yaml"), who="somebody") as runs:
        runs._store.ask("look", runs.clock.now())
    assert browser.post("/schedules/look/run").status_code == 409
    assert desk.work.started == ["begin"]


def test_the_schedules_of_another_company_do_not_exist(several: Desk) -> None:
    """Neither its names nor what was begun."""
    scheduled(several, "acme")
    admin = several.browser("admin")
    assert "nightly" in admin.get("/c/acme/schedules").text
    theirs = admin.get("/c/beta/schedules").text
    assert "nightly" not in theirs
    assert "/runs/1" not in theirs
    assert admin.post("/c/beta/schedules/nightly/pause").status_code == 400
    assert admin.post("/c/beta/schedules/nightly/run").status_code == 400
    assert several.work.started == []
