"""
Companies of the sandbox as an installation of renkei keeps them, all due at one o'clock at night.

What `renkei demo --cluster` shows, and what is measured.
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import psutil
from attrs import field, frozen

from renkei.clock import Clock
from renkei.schedule.dispatcher import Processes
from renkei.worker import Worker

JST: Final = dt.timezone(dt.timedelta(hours=9))

SCHEDULE: Final = "nightly"

MAIN = """\
companies: companies/
store: "{store}"
"""
COMPANY = """\
label: {label}
connections:
  smarthr:
    connector: smarthr
    label: SmartHR
    base_url: {smarthr}
    token: file:../tokens/{name}.smarthr
{more}
  touchontime:
    connector: touchontime
    label: Touch On Time
    base_url: {touchontime}
    token: file:../tokens/{name}.touchontime
{more}
mappings:
  - use: smarthr-touchontime
schedules:
  - name: nightly
    at: "0 1 * * *"
    from: smarthr
    to: touchontime
    sync: {{difference: [new, changed]}}
    new: {{divisionCode: "100", typeCode: "1"}}
"""
"""A file of one company; *more* stands in both of its connections."""


@frozen(kw_only=True)
class Office:
    """One company of the sandbox: what it is called, and its token for each system."""

    name: str
    label: str
    tokens: Mapping[str, str]


@frozen(kw_only=True)
class Site:
    """
    An installation in *folder*, with its store at the address *store*, of those *offices*.

    *systems* are the addresses of both systems, *day* the calendar day. *more* is added to each
    connection.
    """

    folder: Path
    store: str
    systems: Mapping[str, str]
    offices: Sequence[Office]
    day: dt.date
    more: str = ""
    language: str = "en"
    begun: float = field(init=False, factory=time.monotonic)

    @property
    def config(self) -> Path:
        """The file that commands are given."""
        return self.folder / "renkei.yaml"

    @property
    def one_o_clock(self) -> dt.datetime:
        """When the runs of all companies are due."""
        return dt.datetime.combine(self.day, dt.time(1), JST)

    def set_up(self) -> None:
        """Write the files, and let due times count from a minute before they are due."""
        self.config.write_text(MAIN.format(store=self.store), encoding="utf-8")
        for kind in ("companies", "tokens"):
            (self.folder / kind).mkdir(mode=0o700)
        for office in self.offices:
            text = COMPANY.format(
                name=office.name, label=office.label, more=self.more, **self.systems
            )
            path = self.folder / "companies" / f"{office.name}.yaml"
            path.write_text(text, encoding="utf-8")
            for system, token in office.tokens.items():
                secret = self.folder / "tokens" / f"{office.name}.{system}"
                secret.touch(mode=0o600)
                secret.write_text(token, encoding="utf-8")
        before = Clock(self.one_o_clock - dt.timedelta(minutes=1))
        nobody = Processes(command=lambda _claim: [], most=0)
        with Worker(self.config, nobody, clocks=lambda _config: before) as worker:
            worker.look()

    def environment(self) -> dict[str, str]:
        """Return what a command finds around it; it was one o'clock when the site was made."""
        passed = dt.timedelta(seconds=time.monotonic() - self.begun)
        return {
            **os.environ,
            "RENKEI_CONFIG": str(self.config),
            "RENKEI_LANG": self.language,
            "RENKEI_NOW": (self.one_o_clock + passed).isoformat(),
        }

    def start_worker(self, concurrency: int, log: Path, **environment: str) -> AtWork:
        """
        Start a worker of the cluster; what it says is appended to *log*.

        What it makes for itself is in the folder: one that is killed does not clean up.
        """
        words = ["worker", "--cluster", "--concurrency", str(concurrency), "--output", "json"]
        with log.open("ab") as out:
            process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-P", "-m", "renkei_runner", *words],
                cwd=self.folder,
                env={**self.environment(), "TMPDIR": str(self.folder), **environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        return AtWork(process, log)


@frozen
class AtWork:
    """A worker with all of its processes, as if it had a machine of its own; *log* is its alone."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def tree(self) -> list[psutil.Process]:
        """Its processes, itself first."""
        with suppress(psutil.Error):
            top = psutil.Process(self.process.pid)
            return [top, *top.children(recursive=True)]
        return []

    @property
    def jobs(self) -> int:
        """How many jobs it is in the middle of, by what it says itself: a process may have none."""
        said = self.log.read_text(encoding="utf-8")
        return said.count('"job_started"') - said.count('"job_ended"')

    def kill(self) -> None:
        """End all of it at once, as a machine that loses its power."""
        self._signal("kill")
        self.process.wait()

    def freeze(self) -> None:
        """Let none of it go on until it is woken."""
        self._signal("suspend")

    def wake(self) -> None:
        """Let all of it go on."""
        self._signal("resume")

    def end(self) -> int:
        """Let it end in order; return its exit code."""
        self.process.terminate()
        return self.process.wait()

    def _signal(self, how: str) -> None:
        for each in self.tree:
            with suppress(psutil.NoSuchProcess):
                getattr(each, how)()


@frozen(kw_only=True)
class Received:
    """What the systems of one company have carried out: people, those written *twice* too."""

    created: int = 0
    updated: int = 0
    twice: int = 0


def received(journal: Iterable[Mapping[str, Any]]) -> dict[str, Received]:
    """Return by company what the *journal* of the sandbox says was written."""
    times: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for entry in journal:
        if entry["accepted"] and entry["kind"] in {"create", "update"}:
            who = entry["body"]["code"] if entry["kind"] == "create" else entry["person"]
            times[entry["tenant"]][entry["kind"], who] += 1
    return {company: _counted(people) for company, people in times.items()}


def _counted(people: Mapping[tuple[str, str], int]) -> Received:
    """Return how many were written; *people* tells how often each was, by kind of write."""
    kinds = Counter(kind for kind, _who in people)
    return Received(
        created=kinds["create"],
        updated=kinds["update"],
        twice=sum(count > 1 for count in people.values()),
    )
