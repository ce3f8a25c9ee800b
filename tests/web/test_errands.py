"""A dashboard that leaves what people begin to the workers of a cluster: what its pages show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import define, field
from tests.web.desk import Browser, Desk, staffed
from tests.web.test_schedules import SCHEDULES
from tests.web.test_whose import DAY, FETCH, hidden

from renkei.config import load_config
from renkei.errors import RenkeiError
from renkei.model import Difference, Filter, Selection, Status
from renkei.runs import Runs
from renkei.store.store import Store
from renkei_runner import dashboard
from renkei_web.users import Role

if TYPE_CHECKING:
    from pathlib import Path

    import httpx
    from tests.e2e.office import Office

    from renkei.schedule.job import Claim

ALONE = "ワーカーが動いていないため、開始できません。"
IN_LINE = "取得は順番待ちです。"


@define
class Cluster:
    """A dashboard with its queue, and a worker that does what is put there when it is told to."""

    desk: Desk
    line: list[Claim] = field(factory=list)
    browser: Browser = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.browser = self.desk.browser("admin")

    def work(self) -> None:
        """Do all that is in line, as processes of a worker do."""
        while self.line:
            with self.runs() as runs:
                claim = self.line.pop(0)
                try:
                    runs.carry_out(
                        claim, lambda errand, carried: dashboard.carries(runs, errand, carried)
                    )
                except RenkeiError:
                    continue

    def runs(self) -> Runs:
        return Runs(load_config(self.desk.folder / "renkei.yaml"), who="worker")

    def press(self, path: str, **fields: str) -> str:
        """Press a button; return where it leads to."""
        answer = self.browser.post(path, **fields)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def look(self, path: str) -> str:
        return self.browser.get(path).text

    def fetch(self) -> None:
        """Fetch for the first time."""
        waits = self.press(FETCH, date=DAY)
        self.work()
        key = hidden(self.browser.get(waits), "key")
        self.press(f"{FETCH}/company", key=key, date=DAY, answer="yes")
        self.work()

    def tick(self, run: str, *differences: Difference) -> None:
        """Tick everybody of some differences, with the values that new ones need."""
        (user,) = [each.id for each in self.desk.office.people.users() if each.name == "admin"]
        with self.runs() as runs:
            numbers = runs.numbers(run, Filter(differences=differences))
        with self.desk.office.drafts_of("").changing(user, run) as draft:
            draft.numbers = set(numbers)
            draft.new = {"divisionCode": "100", "typeCode": "1"}

    def start(self, run: str) -> httpx.Response:
        """Press [同期] on the page that shows once more what it will do."""
        page = self.browser.get(f"/runs/{run}/start")
        started = self.browser.post(f"/runs/{run}/start", shown=hidden(page, "shown"), allow="yes")
        assert started.status_code == 303, started.text
        return started

    def a_worker_is_there(self) -> None:
        with self.runs() as runs:
            store = Store(runs.config.store)
        store.note_worker("0.2")
        store.close()


def made(folder: Path) -> Cluster:
    line: list[Claim] = []
    desk = staffed(Desk(folder, queue=lambda claim, _account: line.append(claim)))
    return Cluster(desk, line)


@pytest.fixture
def cluster(office: Office, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A dashboard before two systems that nobody has fetched yet."""
    for name, value in office.environment().items():
        monkeypatch.setenv(name, value)
    return made(office.folder)


@pytest.mark.fault("F103")
def test_a_fetch_and_a_sync_are_done_by_a_worker(cluster: Cluster) -> None:
    """The page waits with the person, asks what the worker cannot, and goes on by itself."""
    waits = cluster.press(FETCH, date=DAY)
    page = cluster.look(waits)
    assert ALONE in page
    assert IN_LINE in page
    cluster.a_worker_is_there()
    assert ALONE not in cluster.look(waits)
    cluster.work()
    moved = cluster.browser.get(waits, **{"hx-request": "true"})
    assert moved.headers["hx-redirect"] == waits
    asked = cluster.browser.get(waits)
    assert "同じ会社ですか" in asked.text
    answer = {"key": hidden(asked, "key"), "date": DAY}
    refused = cluster.browser.post(f"{FETCH}/company", **answer, answer="no")
    assert refused.status_code == 400
    assert "同じ会社ではないとの回答のため" in refused.text
    waits = cluster.press(f"{FETCH}/company", **answer, answer="yes")
    cluster.work()
    assert cluster.browser.get(waits).headers["location"] == "/runs/1"
    assert 'hx-trigger="every 2s"' not in cluster.look("/runs/1")
    cluster.tick("1", Difference.NEW, Difference.CHANGED)
    assert cluster.start("1").headers["location"] == "/runs/1"
    assert cluster.start("1").headers["location"] == "/runs/1"
    assert len(cluster.line) == 1
    page = cluster.look("/runs/1")
    assert "開始しています" in page
    assert 'hx-trigger="every 2s"' in page
    cluster.work()
    with cluster.runs() as runs:
        run = runs.run("1")
        assert run.status in (Status.DONE, Status.DONE_WITH_ERRORS)
        assert {run.who.split()[0], str(run.synced_by).split()[0]} == {"admin"}
        assert {line.who.split()[0] for line in runs.log_lines()} == {"admin"}
    assert cluster.desk.work.started == []


def test_a_fetch_once_more_ticks_whoever_has_not_changed(cluster: Cluster) -> None:
    """For the person who asked for it, before the page says that it is ready."""
    cluster.fetch()
    cluster.tick("1", Difference.CHANGED)
    with cluster.runs() as runs:
        numbers = runs.numbers("1", Filter(differences=(Difference.CHANGED,)))
    cluster.start("1")
    cluster.press("/runs/1/pause")
    cluster.line.clear()
    waits = cluster.press("/runs/1/again")
    cluster.work()
    assert cluster.browser.get(waits).headers["location"] == "/runs/2"
    page = cluster.look("/runs/2")
    assert 'id="carried"' in page
    assert f"{len(numbers)}" in page


@pytest.mark.fault("F103")
def test_a_stop_ends_what_a_worker_has_or_will_have(cluster: Cluster) -> None:
    """Before it begins, in the middle, and for good; each is asked for on the page of the run."""
    waits = cluster.press(FETCH, date=DAY)
    assert cluster.press(f"{waits}/stop") == FETCH
    cluster.work()
    page = cluster.look(waits)
    assert "取得を取りやめました。" in page
    assert 'role="alert"' not in page
    assert "hx-trigger" not in page
    cluster.fetch()
    cluster.tick("1", Difference.CHANGED)
    cluster.start("1")
    assert "開始をやめる" in cluster.look("/runs/1")
    cluster.press("/runs/1/pause")
    cluster.work()
    with cluster.runs() as runs:
        assert runs.run("1").status is Status.READY
    cluster.start("1")
    (claim,) = cluster.line
    with cluster.runs() as runs:
        assert runs._store.take(claim)
        cluster.press("/runs/1/pause")
        assert runs._store.still_at_job(claim)
        assert "開始をやめる" not in cluster.look("/runs/1")
        cluster.press("/runs/1/stop")
        assert runs.run("1").status is Status.CANCELLED


def test_why_a_worker_did_nothing_stands_on_the_page(cluster: Cluster) -> None:
    """In the words that it would have had here."""
    cluster.fetch()
    cluster.tick("1", Difference.CHANGED)
    cluster.start("1")
    with cluster.runs() as runs:
        others = runs.numbers("1", Filter(differences=(Difference.CHANGED,)))[:1]
        runs.choose("1", Selection(numbers=tuple(others)))
    cluster.work()
    assert "ほかの人が連携 1 の従業員を選び直しました" in cluster.look("/runs/1")
    for nowhere in ("/fetches/12345", "/fetches/x", "/runs/x", "/runs/99"):
        assert cluster.browser.get(nowhere).status_code == 404


def test_a_schedule_is_run_now_by_a_worker(folder: Path) -> None:
    """It is put in line like everything else; a viewer sees no fetch of others."""
    path = folder / "renkei.yaml"
    path.write_text(path.read_text(encoding="utf-8") + SCHEDULES, encoding="utf-8")
    cluster = made(folder)
    assert cluster.press("/schedules/nightly/run") == "/schedules?asked=nightly"
    (claim,) = cluster.line
    assert claim.schedule == "nightly"
    assert cluster.desk.work.started == []
    with cluster.runs() as runs:
        (job,) = runs.jobs(5)
        assert job.asked_by is not None
        assert job.asked_by.startswith("admin (")
        assert job.free
    waits = cluster.press(FETCH, date=DAY)
    cluster.desk.add("counter", Role.COUNTS)
    assert cluster.desk.browser("counter").get(waits).status_code == 403
    cluster.desk.office.database.close()
