"""
Days of scheduled runs in one process, on a clock that jumps: nothing grows, nothing is lost.

`--log-cli-level=info` shows the figures.
"""

from __future__ import annotations

import datetime as dt
import gc
import logging
import os
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
from attrs import define, field, frozen
from tests.pair import DIRECTIONS, NEW
from tests.reliability.harness.patience import patient

from renkei.config import load_config
from renkei.errors import ClosedError, SystemFault
from renkei.http import retry
from renkei.model import Difference, Outcome, Run, Selection, Status
from renkei.runs import Runs
from renkei_sandbox import Sandbox

log = logging.getLogger(__name__)

PEOPLE = 20
START = dt.datetime.fromisoformat("2026-11-20T00:00:00+09:00")
QUARTER = dt.timedelta(minutes=15)
A_DAY = 96
"""Runs, by the quarter of an hour, in both directions in turn."""

KEEP = dt.timedelta(hours=2)
PURGE_EVERY = 16
KIB = 1024
KEPT = 6 * KIB
"""Bytes that the store may keep of a purged run: counts, log lines, and who was written how."""

KINDS = ("creates", "updates", "leaving", "returning", "emptied", "shrink")
SAFETY = ", ".join(f"{kind}: {{people: 1000, percent: 100}}" for kind in KINDS)
"""Nobody is there to allow what is too much for one day."""

BOTH = frozenset({Difference.NEW, Difference.CHANGED})


@frozen
class Size:
    """What this process and its store take."""

    memory: int
    objects: int
    handles: int
    threads: int
    file: int
    used: int
    """Bytes of the store's file that are not free to be used again."""
    purged: int
    """How many runs have been purged by now."""


@define
class Schedule:
    """A computer that is left alone: a sync each quarter of an hour, and a purge at times."""

    box: Sandbox
    folder: Path
    empty: int
    """The bytes of a store without runs."""
    sizes: list[Size] = field(factory=list)
    closed: int = 0
    failed: int = 0
    paused: int = 0
    purged: int = 0
    accepted: dict[str, set[str | None]] = field(factory=lambda: defaultdict(set))
    """By run with writes in doubt: whom the target has accepted a write of."""
    told: int = 0

    def play(self, days: float) -> None:
        """Let *days* pass; in the first night everything fails."""
        for tick in range(int(days * A_DAY)):
            source, target = DIRECTIONS[tick % 2]
            now = START + tick * QUARTER
            self.box.clock.freeze(now)
            os.environ["RENKEI_NOW"] = now.isoformat()  # a patch would remember every one
            self._hurt(target, now.hour if tick < A_DAY else 0)
            self._edit(source, tick)
            if tick % 12 == 0 and not 1 <= now.hour < 6:
                self._replace(source, tick)
            self._go_on(target)
            self._run(source, target)
            self.box.clear_journal()
            if tick % PURGE_EVERY == PURGE_EVERY - 1:
                with self.door() as door:
                    self.purged += door.purge(KEEP)
                self.sizes.append(self.size())
        self.box.clock.freeze(START + days * A_DAY * QUARTER)
        os.environ["RENKEI_NOW"] = self.box.clock.now().isoformat()

    def door(self) -> Runs:
        """Return a door of its own, as every command has one."""
        return Runs(load_config(self.folder / "renkei.yaml"), who="schedule@example")

    def _hurt(self, target: str, hour: int) -> None:
        """Hour by hour: answers are lost, cut, there is maintenance, and the token is refused."""
        for system in self.box.systems.values():
            system.faults.clear()
            system.restore()
        system = self.box.systems[target]
        for kind in ("create", "update"):
            match hour:
                case 1:
                    system.faults.add("disconnect", kind=kind, when="after", times=None)
                case 2:
                    system.faults.add("cut", k=30, kind=kind, when="after", times=None)
                case 3:
                    system.faults.add("maintenance", kind=kind, times=None)
        if hour == 4:
            system.revoke()

    def _edit(self, source: str, tick: int) -> None:
        """Somebody has moved or married; everybody is edited once in five hours."""
        system = self.box.systems[source]
        people = sorted(system.people.values(), key=lambda record: record[system.number_field])
        identity = people[tick % len(people)][system.id_field]
        address = f"m{tick}@example.com"
        family = ("髙﨑", "𠮷野", "神", "葛\U000e0100城")[tick % 4]
        if source == "smarthr":
            self.box.smarthr.edit(identity, email=address, last_name=family)
        else:
            self.box.touchontime.edit(identity, emailAddresses=[address], lastName=family)

    def _replace(self, source: str, tick: int) -> None:
        """Somebody joins, and the one with the first number is deleted on both sides."""
        for system in self.box.systems.values():
            first = min(system.people.values(), key=lambda record: record[system.number_field])
            system.remove(first[system.id_field])
        number, named = f"{5000 + tick}", ("山田", "渚")
        if source == "smarthr":
            self.box.smarthr.add(
                emp_code=number, last_name=named[0], first_name=named[1], gender="female"
            )
        else:
            self.box.touchontime.add(
                code=number, lastName=named[0], firstName=named[1], gender="female",
                divisionCode="100", typeCode="1",
            )  # fmt: skip

    def _go_on(self, target: str) -> None:
        with self.door() as door:
            for run in door.reports(20):
                if run.status is Status.PAUSED and run.target == target:
                    self._sync(door, run)

    def _run(self, source: str, target: str) -> None:
        with self.door() as door:
            try:
                self.sync_all(door, source, target)
            except ClosedError:
                self.closed += 1
            except SystemFault:
                self.failed += 1

    def sync_all(self, door: Runs, source: str, target: str) -> None:
        """Do what `renkei run` does: fetch, choose all, sync."""
        run = door.fetch(source, target)
        self._choose(door, run)
        self._sync(door, run)

    @staticmethod
    def _choose(door: Runs, run: Run) -> None:
        words = dict(word.split("=") for word in NEW[run.target][1::2])
        door.choose(run.id, Selection(differences=BOTH, new=words, look_first=True))

    def _sync(self, door: Runs, run: Run) -> None:
        """Sync, and compare what the target has accepted with what is told of the run."""
        target = self.box.systems[run.target]
        before = len(self.box.journal)
        run = door.sync(run.id)
        self.paused += run.status is Status.PAUSED
        for entry in self.box.journal[before:]:
            if entry.kind == "create" and entry.accepted:
                number = entry.body[target.number_field]
                assert len(target.find(number)) == 1, f"{number} is there twice"
                assert entry.person not in self.accepted[run.id], f"created {number} twice"
            if entry.kind != "read" and entry.accepted:
                self.accepted[run.id].add(entry.person)
        assert run.outcomes is not None
        if not run.outcomes[Outcome.UNKNOWN]:
            told = run.outcomes[Outcome.CREATED] + run.outcomes[Outcome.UPDATED]
            assert told == len(self.accepted.pop(run.id, ())), (run.id, run.outcomes)
            self.told += told

    def size(self) -> Size:
        """Return what this process and its store take now."""
        self._quiet()
        gc.collect()
        process = psutil.Process()
        with closing(sqlite3.connect(self.folder / "renkei.db")) as connection:
            (pages,), (free,), (size,) = (
                connection.execute(f"pragma {name}").fetchone()
                for name in ("page_count", "freelist_count", "page_size")
            )
        return Size(
            memory=process.memory_info().rss,
            objects=len(gc.get_objects()),
            handles=process.num_fds(),
            threads=threading.active_count(),
            file=pages * size,
            used=(pages - free) * size,
            purged=self.purged,
        )

    def _quiet(self) -> None:
        """Wait until the sandbox, which is in this process too, has closed its side of all."""
        least = psutil.Process().num_fds()
        for _ in range(20):
            time.sleep(0.01)
            now = psutil.Process().num_fds()
            if now >= least:
                return
            least = now


pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)
"""The other side's thread of a failed fetch leaves its socket to Python: it is a daemon."""


@pytest.fixture
def schedule(store_bytes: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Schedule]:
    """A schedule with some people, in a company where nobody waits long for a lost answer."""
    patch = monkeypatch
    patch.setattr(retry.RetryBudget.__init__, "__defaults__", (0.05,))
    patch.setattr("renkei.systems.Timeouts", patient)
    patch.setenv("RENKEI_NOW", START.isoformat())
    patch.setattr(retry.ceiling_s, "__kwdefaults__", {"initial_s": 0.01, "cap_s": 0.01})
    with (
        TemporaryDirectory(prefix="renkei-") as folder,
        Sandbox(people=PEOPLE, seed=1, now=START) as box,
    ):
        lines = [
            "mappings: [{use: smarthr-touchontime}]",
            "settings: {settle_wait_seconds: 0, longest_request_seconds: 1}",
        ]
        lines += ["connections:"]
        for name, system in box.systems.items():
            system.switches.rate_limit = False
            patch.setenv(f"{name.upper()}_TOKEN", system.token)
            lines.append(
                f"  {name}: {{connector: {name}, base_url: '{system.base_url}',"
                f" token: 'env:{name.upper()}_TOKEN', limits: [{{count: 100000, seconds: 1}}],"
                f" safety: {{{SAFETY}}}}}"
            )
        box.smarthr.switches.unique_emp_code = False  # nobody but us prevents a second one
        path = Path(folder)
        (path / "renkei.yaml").write_text("\n".join(lines), encoding="utf-8")
        (path / "renkei.db").write_bytes(store_bytes)
        (path / "renkei.db").chmod(0o600)
        yield Schedule(box, path, len(store_bytes))
        patch.undo()
        gc.collect()


def judge(schedule: Schedule, days: float, closed: int) -> None:
    """Nothing has grown but for what is kept of each run, and both sides are the same."""
    assert schedule.closed == closed
    assert schedule.failed >= 4
    assert schedule.paused >= 4
    assert schedule.told >= days * 60
    assert not schedule.accepted, "something is still in doubt"
    with schedule.door() as door:
        for source, target in DIRECTIONS * 2:
            schedule.sync_all(door, source, target)
        for direction in DIRECTIONS:
            counts = door.fetch(*direction).counts
            assert counts[Difference.NEW] + counts[Difference.CHANGED] == 0, counts

    _first, warm, *_, last = schedule.sizes
    of_a_run = kept(schedule)
    log.info("%s\n%s\n%.0f bytes are kept of a purged run", warm, last, of_a_run)
    runs = last.purged - warm.purged
    assert runs >= days * 50 - 20  # those before it was warm
    assert last.memory - warm.memory < (4 + days / 2) * 2**20
    assert last.objects - warm.objects < 2000
    assert last.handles <= warm.handles + 1
    assert last.threads <= warm.threads
    assert last.file - warm.file < 128 * KIB + runs * KEPT
    assert of_a_run < KEPT


def kept(schedule: Schedule) -> float:
    """Return how many bytes the store keeps of a run when all of them are purged."""
    with schedule.door() as door:
        purged = schedule.purged + door.purge(dt.timedelta(seconds=-1))
    return (schedule.size().used - schedule.empty) / purged


@pytest.mark.fault("F74")
@pytest.mark.parametrize(
    ("days", "closed"),
    [
        pytest.param(0.5, 6, id="until noon", marks=pytest.mark.long),
        pytest.param(30, 300, id="a month", marks=[pytest.mark.long, pytest.mark.timeout(3600)]),
    ],
)
def test_days_of_scheduled_runs(schedule: Schedule, days: float, closed: int) -> None:
    """Closed hours, a night in which all fails, and purges: nothing grows, nothing is lost."""
    schedule.play(days)
    judge(schedule, days, closed)
