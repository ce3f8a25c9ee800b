"""`resume --take-over`: for people who know that a process of unknown fate is not at work."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from renkei.store.store import Store

if TYPE_CHECKING:
    from tests.e2e.office import Office

ELSEWHERE = {"host": "elsewhere", "pid": 4242, "started": 1.0, "boot": "of another machine"}
QUESTION = "employees may be written twice. Are you certain that it is not?"


@pytest.fixture
def run(office: Office) -> str:
    """Return a run of some changed employees that a process on another machine holds."""
    run = office.fetched("smarthr", "touchontime")
    blind = office.box.touchontime.faults.add("status", kind="read", times=None, status=401)
    numbers = office.numbers(run, "changed")[:2]
    words = [word for number in numbers for word in ("--number", number)]
    assert office.ask("sync", run, *words).json["status"] == "paused"
    office.box.touchontime.faults.clear()
    assert blind.seen
    store = Store(str(office.store))
    with closing(sqlite3.connect(office.store)) as connection:
        (account,) = connection.execute("select account from leases").fetchone()
    now = office.box.clock.now()
    store.begin_sync(run, now, "sato@elsewhere", account=account)
    store.close()
    with closing(sqlite3.connect(office.store)) as connection, connection:
        connection.execute("update leases set owner = ?, beat = 5.0", (json.dumps(ELSEWHERE),))
    office.box.clear_journal()
    return run


@pytest.mark.sqlite
def test_without_a_terminal_it_needs_yes(office: Office, run: str) -> None:
    """Refused at once, with the option to add; nothing is sent and nothing is taken over."""
    result = office.ask("resume", run, "--take-over")
    assert (result.code, result.error["code"]) == (2, "take_over")
    assert "--yes" in result.error["message"]
    assert office.sent() == []
    assert office.ask("report", run).json["taken_over_by"] is None


@pytest.mark.sqlite
def test_yes_takes_over_at_once_and_the_report_says_who(office: Office, run: str) -> None:
    """No 20 seconds of watching; the text and the document name who has taken over."""
    began = time.monotonic()
    result = office.ask("resume", run, "--take-over", "--yes")
    assert (result.code, result.json["status"]) == (0, "done"), result.out + result.err
    assert time.monotonic() - began < 15
    assert len(office.sent("touchontime")) >= 2
    who = office.ask("report", run).json["taken_over_by"]
    assert who
    text = office.renkei("report", run).out
    assert "taken over" in text.lower()
    assert who in text


@pytest.mark.sqlite
@pytest.mark.parametrize(("answer", "sends"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_on_a_terminal_it_asks_first(office: Office, run: str, answer: str, sends: bool) -> None:
    """Only a yes takes over; the question says what may happen."""
    result = office.renkei("resume", run, "--take-over", answers=answer)
    assert result.code == 0, result.out + result.err
    assert QUESTION in " ".join(result.err.split())
    assert bool(office.sent()) is sends
    if not sends:
        assert "Nothing was sent." in result.out
    taken_over_by = office.ask("report", run).json["taken_over_by"]
    assert (taken_over_by is not None) is sends


@pytest.mark.sqlite
def test_yes_on_a_terminal_asks_nothing(office: Office, run: str) -> None:
    """A person who writes --yes has made up their mind."""
    result = office.renkei("resume", run, "--take-over", "--yes", answers="")
    assert result.code == 0, result.out + result.err
    assert "Are you certain" not in result.out + result.err
    assert office.sent()


@pytest.mark.sqlite
def test_nothing_is_taken_over_from_nobody(office: Office) -> None:
    """A paused run that nobody holds: resumed as ever, and the report says nothing of it."""
    run = office.fetched("smarthr", "touchontime")
    office.box.touchontime.faults.add("status", kind="read", times=None, status=401)
    number = office.numbers(run, "changed")[0]
    assert office.ask("sync", run, "--number", number).json["status"] == "paused"
    office.box.touchontime.faults.clear()
    result = office.ask("resume", run, "--take-over", "--yes")
    assert (result.code, result.json["status"]) == (0, "done")
    assert office.ask("report", run).json["taken_over_by"] is None
    assert "taken over" not in office.renkei("report", run).out.lower()


@pytest.mark.sqlite
def test_it_is_asked_in_japanese(office: Office, run: str) -> None:
    """And so are the refusal and the report."""
    office.env["RENKEI_LANG"] = "ja"
    asked = office.renkei("resume", run, "--take-over", answers="n\n")
    assert "二重" in asked.err
    refused = office.renkei("resume", run, "--take-over")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert "needs" not in refused.err
