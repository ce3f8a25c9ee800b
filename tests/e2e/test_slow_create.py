"""A create that the system still works on is not sent again, however its process ended."""

from __future__ import annotations

import signal
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.office import Office
    from tests.waiting import Waiting

LONGEST_S = 5
SETTINGS = f"""\
mappings: [{{use: smarthr-touchontime}}]
settings: {{settle_wait_seconds: 0, longest_request_seconds: {LONGEST_S}}}"""


def begun(
    office: Office, direction: tuple[str, str], seconds: float, *, arrives: bool = True
) -> str:
    """Kill a sync while the system works on its first create; return the run."""
    source, target = direction
    office.configure(extra=SETTINGS)
    office.box.smarthr.switches.unique_emp_code = False
    run = office.fetched(source, target)
    faults = office.system(target).faults
    works = faults.add("slow", seconds=seconds, kind="create", times=1)
    if not arrives:
        faults.add("disconnect", kind="create", times=1)
    process = office.start("sync", run, *office.everybody(target))
    until = time.monotonic() + 20
    while not works.seen and time.monotonic() < until:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert works.seen
    return run


def once(office: Office, target: str) -> None:
    """Nobody is there twice."""
    assert set(office.creates(target).values()) == {1}


@pytest.mark.fault("F88")
def test_kill_9_doubles_nobody(office: Office, direction: tuple[str, str]) -> None:
    """`resume` looks the new one up until it is there; the others are written meanwhile."""
    run = begun(office, direction, 3)
    result = office.ask("resume", run)
    assert (result.code, result.json["status"]) == (0, "done"), result.out + result.err
    once(office, direction[1])
    assert "nobody knows yet whether these new employees were accepted" in result.err


@pytest.mark.fault("F88")
@pytest.mark.long
def test_a_new_run_waits_as_well(office: Office, direction: tuple[str, str]) -> None:
    """The one in doubt belongs to another run; it is not created a second time by this one."""
    begun(office, direction, 3)
    result = office.ask("run", *direction, *office.everybody(direction[1]))
    assert (result.code, result.json["status"]) == (0, "done"), result.out + result.err
    once(office, direction[1])


@pytest.mark.fault("F88")
def test_a_create_that_never_arrived_is_sent_again_when_its_time_has_passed(
    office: Office, direction: tuple[str, str], waiting: Waiting
) -> None:
    """Not before; and then once, without a person."""
    source, target = direction
    office.configure(extra=SETTINGS)
    run = office.fetched(source, target)
    office.system(target).faults.add("disconnect", kind="create", times=1)
    result = office.ask("sync", run, *office.everybody(target))
    assert (result.code, result.json["status"]) == (0, "done")
    assert waiting.seconds > LONGEST_S
    once(office, target)


@pytest.mark.sqlite
@pytest.mark.fault("F88")
@pytest.mark.parametrize("stamp", ["null", "strftime('%s', 'now') + 86400.0"])
@pytest.mark.long
def test_a_stamp_that_says_nothing_counts_from_now(
    office: Office, direction: tuple[str, str], stamp: str, waiting: Waiting
) -> None:
    """That of an older renkei has none; that of a clock which was wrong lies in the future."""
    run = begun(office, direction, 0.5, arrives=False)
    with closing(sqlite3.connect(office.store)) as connection, connection:
        connection.execute(f"update writes set sent_at = {stamp} where result is null")  # noqa: S608
    result = office.ask("resume", run)
    assert (result.code, result.json["status"]) == (0, "done")
    assert waiting.seconds > LONGEST_S
    once(office, direction[1])


def test_a_list_that_is_late_doubles_nobody(office: Office) -> None:
    """Two runs one after the other, the second before the first one's people show."""
    office.configure(extra=SETTINGS)
    office.box.smarthr.switches.unique_emp_code = False
    office.box.smarthr.switches.create_delay_s = 2.0
    words = ("touchontime", "smarthr")
    first, second = (office.fetched(*words) for _time in range(2))
    for run in (first, second):
        result = office.ask("sync", run, *office.everybody("smarthr"))
        assert result.code == 0, result.out + result.err
    once(office, "smarthr")


@pytest.mark.fault("F88")
def test_the_calendar_does_not_move_the_wait(office: Office) -> None:
    """A day later by RENKEI_NOW it is still the same second for the system."""
    run = begun(office, ("smarthr", "touchontime"), 3)
    office.env["RENKEI_NOW"] = "2026-11-20T20:00:00+09:00"
    assert office.ask("resume", run).code == 0
    once(office, "touchontime")


@pytest.mark.fault("F88")
@pytest.mark.long
def test_an_interrupted_wait_leaves_the_write_in_doubt(office: Office) -> None:
    """Ctrl-C while it is waited for: paused, unknown; the next resume finds it."""
    run = begun(office, ("smarthr", "touchontime"), 4.5)
    asked = len(office.box.journal)
    process = office.start("resume", run, "--output", "json")
    deadline = time.monotonic() + 20
    while len(office.box.journal) == asked and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)  # it has looked once, and waits
    process.send_signal(signal.SIGINT)
    result = office.finished(process)
    assert result.code == 130, result.out + result.err
    assert result.json["status"] == "paused"
    assert result.json["outcomes"]["unknown"] == 1
    assert office.ask("resume", run).json["status"] == "done"
    once(office, "touchontime")
