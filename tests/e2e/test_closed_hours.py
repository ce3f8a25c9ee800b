from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from renkei_sandbox import faults

if TYPE_CHECKING:
    from tests.e2e.office import Office

    from renkei_sandbox.messages import Kind

Direction = tuple[str, str]
ONE_WAY = [
    ("smarthr", "touchontime"),
    pytest.param(("touchontime", "smarthr"), marks=pytest.mark.long),
]

JST = dt.timezone(dt.timedelta(hours=9))


def at(office: Office, time: str) -> None:
    """Hold the clocks of both sides at one time of the day."""
    office.box.clock.freeze(f"2026-11-20T{time}+09:00")


@pytest.mark.fault("F35")
@pytest.mark.parametrize(
    ("time", "opens"),
    [
        ("08:29:50", None),
        ("08:30:00", "10:00"),
        ("09:59:50", "10:00"),
        ("10:00:00", None),
        ("17:29:50", None),
        ("17:30:00", "18:30"),
        ("18:29:50", "18:30"),
        ("18:30:00", None),
    ],
)
@pytest.mark.parametrize("direction", ONE_WAY)
def test_the_edges_of_the_closed_hours(
    office: Office, direction: Direction, time: str, opens: str | None
) -> None:
    """The first second is closed, the last is not; refused before either system is asked."""
    at(office, time)
    result = office.ask("fetch", *direction)
    if opens is None:
        assert result.code == 0
        return
    assert (result.code, result.error["code"]) == (4, "closed")
    assert opens in result.error["message"]
    assert result.error["where"] == "touchontime"
    assert office.box.journal == []


def test_check_and_choices_name_the_closed_hours(office: Office) -> None:
    """In closed hours `check` still tries SmartHR; both tell when Touch On Time opens."""
    at(office, "17:45:00")
    check = office.ask("check")
    assert "18:30" in check.out
    assert {entry.system for entry in office.box.journal} == {"smarthr"}
    choices = office.ask("choices", "touchontime")
    assert choices.code == 4
    assert "18:30" in choices.error["message"]


def test_a_sync_in_closed_hours_pauses_before_anything_is_sent(office: Office) -> None:
    """The choice is stored, the run paused with the hour; after the hours `resume` does it all."""
    run = office.fetched("smarthr", "touchontime")
    at(office, "17:30:00")
    result = office.ask("sync", run, "--difference", "changed", "--look-first")
    assert (result.code, result.json["status"]) == (4, "paused")
    assert "18:30" in result.error["message"]
    assert f"renkei resume {run}" in result.error["hint"]
    assert office.sent() == []
    at(office, "18:30:00")
    done = office.ask("resume", run)
    assert (done.code, done.json["status"]) == (0, "done")
    assert done.json["outcomes"]["updated"] == done.json["counts"]["changed"]


def test_new_values_cannot_be_checked_in_closed_hours(office: Office) -> None:
    """A sync that has to look at choices is refused as closed and stays ready, with the hour."""
    run = office.fetched("smarthr", "touchontime")
    at(office, "08:45:00")
    result = office.ask("sync", run, *office.everybody("touchontime"))
    assert result.code == 4
    assert "10:00" in result.error["message"]
    assert office.sent() == []


def test_the_other_direction_reads_nothing_in_closed_hours_but_writes(office: Office) -> None:
    """Touch On Time → SmartHR: the sync needs only SmartHR, which never closes."""
    run = office.fetched("touchontime", "smarthr")
    at(office, "17:30:00")
    result = office.ask("sync", run, *office.everybody("smarthr"))
    assert (result.code, result.json["status"]) == (0, "done")


@pytest.mark.parametrize("kind", ["read", "create", "update"])
def test_the_system_says_closed_while_our_clock_does_not(office: Office, kind: Kind) -> None:
    """Code 104 settles it: paused or refused with the hour, nobody failed, later all done once."""
    office.box.clock.freeze("2026-11-20T17:29:40+09:00")
    run = office.fetched("smarthr", "touchontime")
    office.box.touchontime.faults.add("status", status=403, code=104, kind=kind, times=None)
    result = office.ask("sync", run, *office.everybody("touchontime"))
    assert result.code == 4
    assert "18:30" in result.error["message"]
    office.box.touchontime.faults.clear()
    at(office, "18:30:05")
    finished = office.ask("sync", run, *office.everybody("touchontime"))
    assert (finished.code, finished.json["outcomes"]["failed"]) == (0, 0)
    assert set(office.creates("touchontime").values()) == {1}


def test_a_fetch_that_meets_code_104_names_the_hour(office: Office, direction: Direction) -> None:
    """The fetch ends with 4 and the hour, not with a wrong token; the run is failed."""
    office.box.clock.freeze("2026-11-20T08:29:50+09:00")
    office.box.touchontime.faults.add("status", status=403, code=104, kind="read", times=None)
    result = office.ask("fetch", *direction)
    assert (result.code, result.error["code"]) == (4, "closed")
    assert "10:00" in result.error["message"]
    assert office.sent() == []


@pytest.mark.parametrize("nth", [1, 4, 9])
def test_the_hours_begin_in_the_middle_of_a_sync(office: Office, nth: int) -> None:
    """Paused at the write that is refused; after the hours every write is done, each once."""
    run = office.fetched("smarthr", "touchontime")
    office.box.clock.freeze("2026-11-20T17:29:59+09:00")
    clock = office.box.clock
    touchontime = office.box.touchontime
    touchontime.faults.add(
        faults.hook(lambda _: clock.freeze("2026-11-20T17:30:00+09:00")), path="employees", nth=nth
    )
    result = office.ask("sync", run, *office.everybody("touchontime"))
    assert (result.code, result.json["status"]) == (4, "paused")
    assert "18:30" in result.error["message"]
    early = len(office.box.writes("touchontime"))
    outcomes = result.json["outcomes"]
    assert outcomes["created"] + outcomes["updated"] == early
    assert outcomes["failed"] == 0
    assert office.ask("report", run).json["status"] == "paused"
    at(office, "18:30:00")
    done = office.ask("resume", run)
    assert (done.code, done.json["status"]) == (0, "done")
    counts = done.json["counts"]
    assert done.json["outcomes"]["created"] == counts["new"]
    assert done.json["outcomes"]["updated"] == counts["changed"]
    persons = [entry.person for entry in office.box.writes("touchontime")]
    assert len(persons) == len(set(persons)) == counts["new"] + counts["changed"]


def test_resume_asks_the_clock_anew(office: Office) -> None:
    """`resume` in the closed hours is refused as paused again, and costs nobody anything."""
    run = office.fetched("smarthr", "touchontime")
    at(office, "17:30:00")
    office.ask("sync", run, "--difference", "changed", "--look-first")
    at(office, "18:29:00")
    again = office.ask("resume", run)
    assert (again.code, again.json["status"]) == (4, "paused")
    assert office.sent() == []
    at(office, "17:00:00")
    assert office.ask("resume", run).code == 0


def short_hours(office: Office, seconds: int) -> None:
    """Close Touch On Time until some seconds from now, on both sides."""
    now = office.box.clock.now()
    end = now.replace(microsecond=0) + dt.timedelta(seconds=seconds)
    start = end.replace(hour=0, minute=0, second=0)
    band = (f"{start:%H:%M}", f"{end:%H:%M}")
    office.box.touchontime.switches.bands = [band]
    office.configure(touchontime=f'closed_hours: ["{band[0]}-{band[1]}"]')


@pytest.mark.fault("F35")
@pytest.mark.parametrize("words", [["fetch"], ["run", "--difference", "changed"]])
def test_wait_waits_until_the_hours_are_over(office: Office, words: list[str]) -> None:
    """With --wait a command goes on by itself, a moment after the hours have ended."""
    office.box.clock.set("2026-11-20T12:59:58.5+09:00")
    short_hours(office, 2)
    before = dt.datetime.now(JST)
    result = office.ask(words[0], "smarthr", "touchontime", "--wait", *words[1:])
    assert result.code == 0
    assert dt.datetime.now(JST) - before < dt.timedelta(seconds=10)
    assert all(entry.at.hour >= 13 for entry in office.box.journal)


def test_a_paused_sync_waits_too(office: Office) -> None:
    """`resume --wait` sleeps through the hours and finishes the run."""
    run = office.fetched("smarthr", "touchontime")
    office.box.clock.set("2026-11-20T17:45:00+09:00")
    assert office.ask("sync", run, "--difference", "changed", "--look-first").code == 4
    office.box.clock.set("2026-11-20T18:29:58.5+09:00")
    result = office.ask("resume", run, "--wait")
    assert (result.code, result.json["status"]) == (0, "done")


def test_hours_can_be_overridden_on_this_computer_only(office: Office) -> None:
    """`closed_hours:` for a connection elsewhere is a mistake in the configuration."""
    path = office.configure(touchontime='closed_hours: ["08:30-10:00"]')
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace(office.box.touchontime.base_url, "https://api.example.invalid/v1.0")
    )
    result = office.ask("check")
    assert result.code == 3
    assert "closed_hours" in result.error["message"]
