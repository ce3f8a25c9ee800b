from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from tests.sampling import one_way

from renkei_sandbox import faults

if TYPE_CHECKING:
    from tests.e2e.office import Office

Direction = tuple[str, str]


def wait_for_writes(office: Office, target: str, count: int) -> None:
    """Wait until *target* has carried out *count* writes."""
    until = time.monotonic() + 20
    while len(office.box.writes(target)) < count and time.monotonic() < until:
        time.sleep(0.005)


def killed(office: Office, direction: Direction, seed: int) -> None:
    """Kill one sync at a random moment, go on, and compare with what was chosen."""
    chance = random.Random(seed)
    _, target = direction
    run = office.fetched(*direction)
    system = office.system(target)
    system.faults.add("latency", seconds=0.01, times=None)
    for at in chance.sample(range(1, 12), 2):
        system.faults.add("disconnect", path="crews|employees", nth=at, when="after")
    process = office.start("sync", run, *office.everybody(target))
    wait_for_writes(office, target, chance.randint(0, 9))
    time.sleep(chance.random() * 0.05)
    process.kill()
    process.communicate()
    system.faults.clear()
    status = office.ask("report", run).json["status"]
    assert status in ("ready", "paused", "done"), status
    words = ["resume", run] if office.ask("report", run).json.get("outcomes") else [
        "sync", run, *office.everybody(target)
    ]  # fmt: skip
    result = office.ask(*words)
    assert (result.code, result.json["status"]) == (0, "done"), result.out
    counts, outcomes = result.json["counts"], result.json["outcomes"]
    assert (outcomes["created"], outcomes["updated"]) == (counts["new"], counts["changed"])
    assert set(office.creates(target).values()) == {1}
    assert len(office.creates(target)) == counts["new"]
    second = office.ask("fetch", *direction).json["counts"]
    assert second["new"] == second["changed"] == 0


@pytest.mark.parametrize(
    ("seed", "direction"),
    [
        pytest.param(seed, *way.values, id=f"{way.id}-{seed}", marks=way.marks)
        for seed in range(3)
        for way in one_way(seed)
    ],
)
def test_kill_9_loses_and_repeats_nothing(office: Office, direction: Direction, seed: int) -> None:
    """Killed anywhere, with lost answers besides: `resume` ends with everybody as chosen, once."""
    killed(office, direction, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 125))
def test_kill_9_a_hundred_times(office: Office, direction: Direction, seed: int) -> None:
    """The same at many more moments."""
    killed(office, direction, seed)


@pytest.mark.parametrize(
    ("number", "source", "target"),
    [
        (signal.SIGINT, "smarthr", "touchontime"),
        (signal.SIGTERM, "touchontime", "smarthr"),
        (signal.SIGHUP, "smarthr", "touchontime"),
    ],
    ids=["INT", "TERM", "HUP"],
)
def test_one_signal_finishes_the_employee_in_hand(
    office: Office, number: int, source: str, target: str
) -> None:
    """Exit 130 with the resume line; every write has its outcome, and resume does the rest."""
    office.allow(2)  # with eight at a time all could be on their way when the signal comes
    run = office.fetched(source, target)
    office.system(target).faults.add("latency", seconds=0.1, times=None)
    process = office.start("sync", run, *office.everybody(target), "--output", "json")
    wait_for_writes(office, target, 2)
    process.send_signal(number)
    result = office.finished(process)
    assert result.code == 130, result.out + result.err
    assert (result.json["status"], result.error["code"]) == ("paused", "interrupted")
    assert f"renkei resume {run}" in result.error["hint"]
    assert "Stopping after the employee in hand" in result.err
    outcomes = result.json["outcomes"]
    assert outcomes["unknown"] == outcomes["failed"] == 0
    assert outcomes["created"] + outcomes["updated"] == len(office.box.writes(target)) >= 2
    assert outcomes["deferred"] > 0
    office.system(target).faults.clear()
    assert office.ask("resume", run).code == 0
    assert set(office.creates(target).values()) == {1}


@pytest.mark.fault("F54")
def test_two_signals_leave_at_once(office: Office) -> None:
    """The second Ctrl-C does not wait for an answer; what was sent is settled by resume."""
    run = office.fetched("smarthr", "touchontime")
    touchontime = office.box.touchontime
    arrived = threading.Event()
    touchontime.faults.add(faults.hook(lambda _: arrived.set()), kind="create")
    touchontime.faults.add("slow", seconds=2, kind="create")
    process = office.start("sync", run, *office.everybody("touchontime"))
    assert arrived.wait(20)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    result = office.finished(process)
    assert result.code == 130
    assert time.monotonic() - began < 1.5
    assert f"renkei resume {run}" in result.err
    time.sleep(2)  # the create that was on its way arrives
    done = office.ask("resume", run)
    assert (done.code, done.json["status"]) == (0, "done")
    assert set(office.creates("touchontime").values()) == {1}


@pytest.mark.fault("F76")
@pytest.mark.parametrize(("path", "left"), [("crews", ["failed"]), ("companies", [])])
def test_a_fetch_can_be_interrupted(office: Office, path: str, left: list[str]) -> None:
    """Ctrl-C: 130, nothing was sent; the run is failed, and there is none before it reads."""
    arrived = threading.Event()
    office.box.smarthr.faults.add(faults.hook(lambda _: arrived.set()), path=path)
    office.box.smarthr.faults.add("slow", seconds=3, path=path)
    process = office.start("fetch", "smarthr", "touchontime")
    assert arrived.wait(20)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    result = office.finished(process)
    assert result.code == 130
    assert time.monotonic() - began < 3
    assert "Interrupted" in result.err
    assert [each["status"] for each in office.ask("reports").json["reports"]] == left
    office.box.smarthr.faults.clear()
    assert office.ask("fetch", "smarthr", "touchontime").code == 0


@pytest.mark.fault("F48")
def test_two_syncs_of_one_run_at_once(office: Office) -> None:
    """The second process is told who is writing and exits 5; nobody is created twice."""
    run = office.fetched("smarthr", "touchontime")
    office.box.touchontime.faults.add("latency", seconds=0.1, times=None)
    first = office.start("sync", run, *office.everybody("touchontime"))
    wait_for_writes(office, "touchontime", 1)
    second = office.ask("resume", run)
    assert (second.code, second.error["code"]) == (5, "busy")
    assert str(first.pid) in second.error["message"]
    assert office.finished(first).code == 0
    assert set(office.creates("touchontime").values()) == {1}


@pytest.mark.long
@pytest.mark.fault("F104")
def test_two_runs_of_one_pair_at_once(office: Office) -> None:
    """Meanwhile no other run writes to the same connection, nor out of it into the source."""
    run = office.fetched("smarthr", "touchontime")
    other = office.fetched("smarthr", "touchontime")
    back = office.fetched("touchontime", "smarthr")
    arrived, go_on = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        arrived.set()
        go_on.wait(30)

    office.box.touchontime.faults.add(faults.hook(hold), kind="create")
    first = office.start("sync", run, *office.everybody("touchontime"))
    assert arrived.wait(20)
    met = [
        office.ask("sync", other, *office.everybody("touchontime")),
        office.ask("sync", back, *office.everybody("smarthr")),
    ]
    go_on.set()
    assert office.finished(first).code == 0
    assert [(each.code, each.error["code"]) for each in met] == [(5, "busy"), (5, "busy")]
    assert not office.box.writes("smarthr")
    # Those whom the first sync has written in the source by now are left alone.
    assert office.ask("sync", back, *office.everybody("smarthr")).code in (0, 1)


def test_cancel_stops_a_sync_of_another_process(office: Office) -> None:
    """`cancel` from elsewhere ends it after the employee in hand; the rest stays undone."""
    run = office.fetched("smarthr", "touchontime")
    office.box.touchontime.faults.add("latency", seconds=0.1, times=None)
    process = office.start("sync", run, *office.everybody("touchontime"), "--output", "json")
    wait_for_writes(office, "touchontime", 1)
    assert office.ask("cancel", run).code == 0
    result = office.finished(process)
    assert (result.code, result.json["status"]) == (4, "cancelled")
    assert result.json["outcomes"]["unknown"] == 0


def test_a_process_speaks_the_language_of_its_user(office: Office) -> None:
    """By --lang, RENKEI_LANG, or the locale; usage errors of the command line too."""
    japanese = office.finished(office.start("plan", "--lang", "ja"))
    assert japanese.code == 2
    by_locale = office.finished(office.start("plan", RENKEI_LANG="", LC_ALL="ja_JP.UTF-8"))
    english = office.finished(office.start("plan"))
    assert japanese.err == by_locale.err
    assert "Missing" in english.err
    assert "Missing" not in japanese.err


def test_output_that_nobody_reads_any_more(office: Office) -> None:
    """A closed pipe ends the command quietly, without a traceback."""
    run = office.fetched("smarthr", "touchontime")
    read, write = os.pipe()
    os.close(read)
    process = subprocess.Popen(
        [sys.executable, "-m", "renkei_runner", "plan", run],
        cwd=office.folder,
        env={**os.environ, **office.environment()},
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(write)
    _, err = process.communicate(timeout=30)
    assert err == ""
    assert process.returncode == 141


@pytest.mark.fault("F54")
@pytest.mark.long
def test_output_that_closes_during_a_sync_changes_nothing(office: Office) -> None:
    """A sync piped into `head` still has every employee synced and recorded."""
    run = office.fetched("smarthr", "touchontime")
    process = office.start("sync", run, *office.everybody("touchontime"))
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    result = office.finished(process)
    assert "Traceback" not in result.err
    assert office.ask("report", run).json["status"] == "done"
