"""renkei schedule and renkei worker, with real processes: killed, stopped, and gone on with."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.e2e.office import SCHEDULES, Ahead, Office
from tests.e2e.test_killed import wait_for_writes

from renkei.schedule.dispatcher import Processes
from renkei.worker import Worker
from renkei_runner.app import App
from renkei_runner.worker import job_command, kept_beside

WAY = ("smarthr", "touchontime")


@contextmanager
def working(office: Office, schedules: str = SCHEDULES) -> Iterator[tuple[Worker, Processes]]:
    """Let a worker keep the schedules of the office, its jobs being real processes."""
    office.configure(extra=office.rest + schedules)
    path = office.folder / "renkei.yaml"
    processes = Processes(
        command=lambda claim: job_command(path, claim),
        most=2,
        environment=lambda: {**os.environ, **office.environment()},
    )
    clock = Ahead(office)
    with Worker(path, processes, clocks=lambda _config: clock) as worker:
        worker.look()
        try:
            yield worker, processes
        finally:
            processes.stop()


def pids(processes: Processes) -> list[subprocess.Popen[bytes]]:
    return [process for process, _account in processes._running.values()]


def last(office: Office) -> dict[str, Any]:
    """Return what is told of the last run of the nightly schedule."""
    found: dict[str, Any] = office.ask("schedule", "list").json["schedules"][0]["last"]
    return found


def ended(office: Office, worker: Worker, processes: Processes) -> None:
    """Wait until the job in hand has ended, and let the worker see it."""
    until = time.monotonic() + 30
    while any(each.poll() is None for each in pids(processes)) and time.monotonic() < until:
        time.sleep(0.02)
    worker.look()


@pytest.mark.fault("F92")
def test_a_killed_job_and_a_stopped_one_go_on(office: Office) -> None:
    """By resume, under the same due time: everybody is created once, however each job was ended."""
    system = office.box.touchontime
    with working(office) as (worker, processes):
        system.faults.add("latency", seconds=0.05, times=None)
        office.box.clock.advance(60)
        worker.look()
        (process,) = pids(processes)
        wait_for_writes(office, "touchontime", 2)
        process.kill()
        process.wait()
        worker.look()  # it sees that, and starts another one at once
        (process,) = pids(processes)
        wait_for_writes(office, "touchontime", 4)
        processes.stop()  # as SIGTERM does: the employee in hand comes to an end
        worker._mind_ended()
        stopped = last(office)
        system.faults.clear()
        if stopped["state"] != "done":
            assert (stopped["state"], stopped["reason"]) == ("waiting", "interrupted")
            office.box.clock.advance(60)
            worker.look()
            ended(office, worker, processes)
    told = last(office)
    assert told["state"] == "done"
    assert told["run"] == "1"
    assert set(office.creates("touchontime").values()) == {1}
    report = office.ask("report", "1").json
    assert report["status"] == "done"
    assert office.ask("reports").json["reports"][0]["run"] == "1"  # no other was begun


CHANGED = """
schedules:
  - {name: nightly, at: "1 12 * * *", from: smarthr, to: touchontime, sync: {difference: [changed]}}
"""


@pytest.mark.fault("F92")
def test_a_job_that_is_stopped_goes_on_later(
    office: Office, capfd: pytest.CaptureFixture[str]
) -> None:
    """The update in hand comes to an end; nobody sits before a job, so nobody is told of keys."""
    office.allow(1)
    office.box.touchontime.faults.add("latency", seconds=0.3, kind="update", times=None)
    with working(office, CHANGED) as (worker, processes):
        office.box.clock.advance(60)
        worker.look()
        wait_for_writes(office, "touchontime", 1)
        processes.stop()
        worker._mind_ended()
        assert (last(office)["state"], last(office)["reason"]) == ("waiting", "interrupted")
        assert "Ctrl-C" not in capfd.readouterr().err
        office.box.touchontime.faults.clear()
        office.box.clock.advance(60)
        worker.look()
        ended(office, worker, processes)
    assert (last(office)["state"], last(office)["run"]) == ("done", "1")
    written = [each.person for each in office.box.writes("touchontime")]
    assert len(written) == len(set(written)) > 1


@pytest.mark.fault("F92")
def test_a_stop_does_not_wait_for_the_end_of_a_fetch(office: Office) -> None:
    """SIGTERM breaks it off, however long an answer takes; nothing is sent, and the run says so."""
    office.configure(extra=office.rest + SCHEDULES)
    office.box.smarthr.faults.add("latency", seconds=8, path="/crews", times=None)
    process = office.start("schedule", "run", "nightly")
    until = time.monotonic() + 30
    while not any("/crews" in each.path for each in office.box.journal):
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert office.finished(process).code == 130
    assert office.box.writes("touchontime") == []
    assert (last(office)["state"], last(office)["reason"]) == ("halted", "interrupted")
    assert office.ask("report", "1").json["status"] == "failed"


def test_a_person_lists_runs_pauses_and_resumes(office: Office) -> None:
    """As text and as JSON, with the exit codes of `renkei run`."""
    office.configure(extra=office.rest + SCHEDULES)
    listed = office.ask("schedule", "list").json["schedules"]
    assert [(each["name"], each["last"]) for each in listed] == [("nightly", None), ("look", None)]
    assert listed[0]["next_at"] == "2026-11-20T12:01:00+09:00"
    done = office.ask("schedule", "run", "nightly")
    assert (done.code, done.json["status"]) == (0, "done")
    assert done.json["outcomes"]["created"] > 0
    looked = office.renkei("schedule", "run", "look")
    assert looked.code == 0
    assert "renkei plan 2" in looked.out
    assert office.renkei("schedule", "pause", "look").code == 0
    shown = office.renkei("schedule", "list").out
    assert "paused (" in shown
    assert "daily at 12:01" in shown
    assert office.ask("schedule", "resume", "look").json["paused_by"] is None
    history = [each["history"] for each in office.ask("schedule", "list").json["schedules"]]
    assert [[each["run"] for each in jobs] for jobs in history] == [["1"], ["2"]]
    own = office.renkei("schedule", "list", "nightly").out
    assert "What was begun of nightly:" in own
    assert re.search(r"2026-11-20 12:0\d JST +done +Somebody has to be looked at .* 1 *\n", own)
    assert "touchontime → smarthr" not in own
    nobody = office.ask("schedule", "list", "nightli")
    assert (nobody.code, nobody.error["code"]) == (2, "schedule")
    assert "There are: look, nightly." in nobody.error["message"]
    unknown = office.ask("schedule", "run", "nightli")
    assert (unknown.code, unknown.error["code"]) == (2, "schedule")
    assert 'did you mean "nightly"' in unknown.error["message"]
    assert office.ask("schedule", "run", "look", "--job", "x").error["code"] == "job"


def test_what_stops_a_schedule_has_its_exit_code(office: Office) -> None:
    """Closed hours 4, a limit 6; the run stands beside the error."""
    office.configure(touchontime="safety: {creates: {people: 1, percent: 0}}",
                     extra=office.rest + SCHEDULES)  # fmt: skip
    halted = office.ask("schedule", "run", "nightly")
    assert (halted.code, halted.error["code"], halted.json["run"]) == (6, "unusual", "1")
    assert last(office)["state"] == "halted"
    office.box.clock.advance(5.75 * 3600)
    closed = office.ask("schedule", "run", "nightly")
    assert (closed.code, closed.error["code"]) == (4, "closed")
    assert last(office)["state"] == "waiting"


def test_a_worker_that_is_ended_ends_with_0(office: Office) -> None:
    """With a sentence about what it waits for."""
    office.configure(extra=office.rest + SCHEDULES)
    process = office.start("worker")
    assert process.stdout is not None
    assert "Keeping the schedules" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    result = office.finished(process)
    assert result.code == 0
    assert "Stopping" in result.err


def test_the_dashboard_keeps_schedules_too(office: Office) -> None:
    """In a thread beside it, until it ends; `schedule list` tells whether anybody does."""
    path = office.configure(extra=office.rest + SCHEDULES)
    assert office.ask("schedule", "list").json["schedules"][0]["without_worker"] is True
    with office.monkeypatch.context() as patch:
        for name, value in office.environment().items():
            patch.setenv(name, value)
        with kept_beside(App(config_path=path)):
            until = time.monotonic() + 20
            while office.ask("schedule", "list").json["schedules"][0]["without_worker"]:
                assert time.monotonic() < until
    assert office.ask("schedule", "list").json["schedules"][0]["without_worker"] is True
    assert not any(each.name == "worker" for each in threading.enumerate())
