"""
Shows that the tests can fail: ``make test-bugs``, or ``python -m tests.bugs [NAME [TEST ...]]``.

One process imports and collects once. Each bug is planted in a fork of it, which runs the tests of
that bug up to the first that fails; the same tests have to pass in a fork without a bug. With TESTs
(ids, files or folders) these are run against the bug NAME, and all that fail are listed.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import pytest
from attrs import define, evolve, field, frozen
from tests import memory
from tests.bugs.bug import Bug, Change, Rotten, plant
from tests.bugs.planted import BUGS

AT_ONCE = 2
LINES = 25
"""How much is shown of a failure, from its end."""

OPTIONS = ("-p", "no:terminal", "-p", "no:randomly", "-p", "no:xdist", "--capture=no")


@frozen(eq=False)
class Job:
    """Some tests to be run in one fork, with a bug or without."""

    bug: Bug | None
    changes: Sequence[Change]
    items: Sequence[pytest.Item]
    stops: bool
    """Whether one failure is enough."""


@frozen(eq=False)
class Ended:
    """How a job ended: what pytest says of failed tests, and of what failed around them."""

    job: Job
    seconds: float
    red: dict[str, str]
    odd: dict[str, str]


@define(eq=False)
class Failures:
    """A pytest plug-in that remembers what failed; only a test itself can show a bug."""

    red: dict[str, str] = field(factory=dict)
    odd: dict[str, str] = field(factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember a failure."""
        if report.failed:
            kind = self.red if report.when == "call" else self.odd
            kind[report.nodeid] = "\n".join(report.longreprtext.splitlines()[-LINES:])


@define(eq=False)
class Runner:
    """A pytest plug-in that runs what was collected in forks, a job each, some at a time."""

    bugs: Sequence[Bug]
    stops: bool
    rotten: list[str] = field(factory=list)
    ended: list[Ended] = field(factory=list)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Tell what cannot be collected."""
        if report.failed:
            say(report.longreprtext)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Do all jobs, instead of running all tests."""
        if session.testsfailed:
            raise session.Interrupted(f"{session.testsfailed} errors during collection")
        jobs = self._jobs(session.items)
        waiting = list(jobs)
        running: dict[int, tuple[Job, float]] = {}
        with tempfile.TemporaryDirectory() as folder:
            while waiting or running:
                while waiting and len(running) < AT_ONCE:
                    job = waiting.pop(0)
                    running[_forked(session, job, Path(folder))] = job, time.monotonic()
                child, status = os.wait()
                job, since = running.pop(child)
                red, odd = _answer(Path(folder, str(child)), status)
                self.ended.append(Ended(job, time.monotonic() - since, red, odd))
        self.ended.sort(key=lambda ended: jobs.index(ended.job))
        return True

    def _jobs(self, items: Sequence[pytest.Item]) -> list[Job]:
        control = [Job(None, (), items[first::AT_ONCE], stops=False) for first in range(AT_ONCE)]
        planted = []
        for bug in self.bugs:
            its_own = [item for item in items if _is_of(item, bug)]
            try:
                planted.append(Job(bug, bug.changes(), its_own, self.stops))
            except Rotten as error:
                self.rotten.append(f"{bug.name} CANNOT BE PLANTED: {error}")
        return control + planted


def _is_of(item: pytest.Item, bug: Bug) -> bool:
    return any(
        item.nodeid == test or item.nodeid.startswith((f"{test}[", f"{test}::", f"{test}/"))
        for test in bug.tests
    )


def _forked(session: pytest.Session, job: Job, folder: Path) -> int:
    """Start a fork that does *job* and leaves what failed in a file named after itself."""
    if child := os.fork():
        return child
    failures = Failures()
    try:
        session.config.pluginmanager.register(failures)
        _do(session, job, failures)
    except BaseException:  # noqa: BLE001 - nothing of the child may go on in its parent's place
        failures.odd["the fork"] = traceback.format_exc()
    (folder / str(os.getpid())).write_text(json.dumps([failures.red, failures.odd]))
    os._exit(0)


def _do(session: pytest.Session, job: Job, failures: Failures) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    plant(job.changes)
    for item, following in zip_longest(job.items, job.items[1:]):
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if failures.red and job.stops:
            return


def _answer(file: Path, status: int) -> tuple[dict[str, str], dict[str, str]]:
    if not file.exists():
        return {}, {"the fork": f"It ended with {os.waitstatus_to_exitcode(status)}."}
    red, odd = json.loads(file.read_text())
    return red, odd


def say(text: str) -> None:
    """Print a line, now."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def table(ended: Sequence[Ended]) -> list[str]:
    """Print what caught each bug; return what is wrong: survivors, tests red without a bug."""
    wrong = []
    for each in ended:
        told = [f"{test}:\n{text}" for test, text in (each.red | each.odd).items()]
        if each.job.bug is None:
            wrong += ["Without a bug: " + text for text in told]
        elif not each.red:
            wrong += [f"{each.job.bug.name} SURVIVES: {each.job.bug.story}", *told]
        else:
            first, *others = each.red
            say(f"{each.job.bug.name:<36} {each.seconds:5.1f} s  {first}")
            for test in others:
                say(f"{'':<45} {test}")
    return wrong


def main(bugs: Sequence[Bug], *, stops: bool = True) -> int:
    """Return 0 if the tests of every bug turn red with it and stay green without."""
    began, runner = time.monotonic(), Runner(bugs, stops)
    os.environ.pop("PYTEST_ADDOPTS", None)
    os.environ["RENKEI_TESTS"] = "cases"
    tests = dict.fromkeys(test for bug in bugs for test in bug.tests)
    memory.prefer()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        code = pytest.main([*OPTIONS, *tests], plugins=[runner])
    wrong = [*runner.rotten, *table(runner.ended)]
    if code != pytest.ExitCode.OK:
        wrong.append(f"pytest ended with {code!r}.")
    for text in wrong:
        say(text)
    seconds = time.monotonic() - began
    say(f"{len(bugs)} bugs planted, {len(wrong)} things wrong, {seconds:.0f} s")
    return 1 if wrong else 0


def wanted(arguments: Sequence[str]) -> Sequence[Bug]:
    """Return the bug that is named, with the tests that are named; or every n-th bug."""
    if arguments[:1] == ["--every"]:
        share = int(arguments[1])
        return BUGS[share // 2 :: share]
    if not arguments:
        return BUGS
    name, *tests = arguments
    bug = {bug.name: bug for bug in BUGS}[name]
    return [evolve(bug, tests=tuple(tests) or bug.tests)]


if __name__ == "__main__":
    sys.exit(main(wanted(sys.argv[1:]), stops=len(sys.argv) < 3 or sys.argv[1] == "--every"))
