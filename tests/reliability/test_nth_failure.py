"""The n-th operation fails, for n = 1, 2, 3 … until a command passes without a fault.

Whatever it was: a documented exit code, a sentence, and nothing lost. Going on in the plain
way ends where an unhurt run ends, with each employee created once.
"""

from __future__ import annotations

import errno
import os
import re
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import define, field
from tests.e2e.office import Office
from tests.pair import DIRECTIONS
from tests.postgres import Database
from tests.reliability.harness import oracle
from tests.reliability.harness.killer import Zygote
from tests.reliability.harness.patience import patient
from tests.reliability.harness.site import CHANGED, NEW_PEOPLE, SAME, Site, State, a_site
from tests.result import Result
from tests.sampling import sample, sampled

from renkei.http.retry import RetryBudget
from renkei.store import database, schema
from renkei_sandbox import faults

pytestmark = pytest.mark.filterwarnings(  # the other side's thread of a failed fetch is a daemon
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)

REFUSED = CHANGED[1]
GOOD = (*NEW_PEOPLE, SAME, CHANGED[0])
OWN = {"id", "key", "created_at", "updated_at"}
PAGE = 4096


@define
class Nth:
    """Counts operations and lets the *nth* fail, or all from then on."""

    nth: int
    onwards: bool = False
    count: int = 0
    _lock: threading.Lock = field(factory=threading.Lock)

    def fails(self) -> bool:
        """Count one more; return whether it is to fail."""
        with self._lock:  # a fetch reads both sides at once
            self.count += 1
            return self.count == self.nth or (self.onwards and self.count > self.nth)

    @property
    def came(self) -> bool:
        """Whether there were so many at all."""
        return self.count >= self.nth


Install = Callable[[pytest.MonkeyPatch, Nth], None]


def _send(patch: pytest.MonkeyPatch, nth: Nth) -> None:
    """Let a connection fail before anything has left."""
    send = httpx.Client.send

    def sent(client: httpx.Client, *arguments: Any, **named: Any) -> httpx.Response:
        if nth.fails():
            raise httpx.ConnectError("refused")
        return send(client, *arguments, **named)

    patch.setattr(httpx.Client, "send", sent)


def _receive(patch: pytest.MonkeyPatch, nth: Nth) -> None:
    """Let an answer never come to those who wait for it; the server has done its work."""
    send = httpx.Client.send

    def sent(client: httpx.Client, *arguments: Any, **named: Any) -> httpx.Response:
        response = send(client, *arguments, **named)
        if nth.fails():
            response.close()
            raise httpx.ReadTimeout("too late")
        return response

    patch.setattr(httpx.Client, "send", sent)


def _transactions(patch: pytest.MonkeyPatch, nth: Nth, moment: str, why: str) -> None:
    write = database.Database._writing

    def fail(at: str) -> None:
        if at == moment and nth.fails():
            raise sqlite3.OperationalError(why)

    @contextmanager
    def writing(store: database.Database) -> Iterator[Any]:
        with schema.translated(store._place):
            fail("begin")
            with write(store) as connection:
                yield connection
                fail("commit")
            fail("committed")

    patch.setattr(database.Database, "_writing", writing)


def _full(patch: pytest.MonkeyPatch, nth: Nth) -> None:
    """Let the disk be full at a commit, and stay so."""
    nth.onwards = True
    _transactions(patch, nth, "commit", "database or disk is full")


def _lost(patch: pytest.MonkeyPatch, nth: Nth) -> None:
    """Let a commit be durable and report a failure."""
    _transactions(patch, nth, "committed", "disk I/O error")


def _locked(patch: pytest.MonkeyPatch, nth: Nth) -> None:
    """Let another process hold the store for longer than anybody waits."""
    _transactions(patch, nth, "begin", "database is locked")


OPERATIONS: dict[str, Install] = {
    "send": _send,
    "receive": _receive,
    "commit, disk full": _full,
    "commit, answer lost": _lost,
    "begin, locked": _locked,
}


# -- workloads -----------------------------------------------------------------------------------


@define
class Stage:
    """A site, and commands in this process; *words* are the command that is hurt."""

    site: Site
    office: Office
    words: tuple[str, ...] = ()
    prepared: State = field(init=False)
    unhurt: list[dict[str, Any]] = field(init=False)
    """Everybody in the target after the command when nothing fails."""

    @property
    def start(self) -> tuple[str, ...]:
        """The words that fetch and sync everybody."""
        return ("run", self.site.source, self.site.target, *self.site.everybody)

    def sync(self, *, code: int) -> str:
        """Fetch and sync everybody; return the id of the run."""
        result = self.office.ask(*self.start)
        assert result.code == code, result
        return result.run

    def again(self) -> None:
        """Put everything back as it was prepared, but REFUSED is refused still."""
        self.site.back_to(self.prepared)
        self.site.refuse(REFUSED)

    def hurt(self, install: Install, nth: Nth) -> Result:
        """Run the command while an operation fails."""
        with pytest.MonkeyPatch.context() as patch:
            install(patch, nth)
            result = self.office.ask(*self.words)
        for thread in threading.enumerate():
            if thread.name.endswith("(run)"):
                thread.join(5)
        return result

    def go_on(self) -> None:
        """Go on as a person would whose process has ended: with the run, or from the start."""
        self.site.age_lease()
        runs = self.office.ask("reports", "--limit", "1").json["reports"]
        status = runs[0]["status"] if runs else None
        if status in ("syncing", "paused"):
            result = self.office.ask("resume", runs[0]["run"])
        elif status == "done_with_errors" and self.words[0] != "run":
            result = self.office.ask(*self.words)
        elif status == "done_with_errors":
            result = self.office.ask("resume", runs[0]["run"])
        elif status == "ready":
            result = self.office.ask("sync", runs[0]["run"], *self.site.everybody)
        else:
            result = self.office.ask(*self.start)
        assert result.code == 1, result  # REFUSED, and nobody else

    def judge(self) -> None:
        """Everybody is as chosen, once, and the report says so; the store is whole."""
        assert people(self.site) == self.unhurt
        creates = [e.body[self.site.system.number_field] for e in self.sent("create")]
        assert sorted(creates) == sorted(set(creates)), "somebody was created twice"
        run = self.office.ask("reports", "--limit", "1").json["reports"][0]["run"]
        outcomes = self.office.outcomes(run)
        assert outcomes.pop(REFUSED)[0] == "failed"
        assert outcomes.keys() == set(GOOD)
        assert {end for end, _why in outcomes.values()} <= {"created", "updated", "unchanged"}
        oracle.sound(self.site)
        assert self.site.ask("select count(*) from writes where result is null") == (0,)

    def sent(self, kind: str) -> list[Any]:
        """Return the writes of a kind that the target has carried out."""
        return [each for each in self.site.sent() if each.kind == kind and each.accepted]


def people(site: Site) -> list[dict[str, Any]]:
    """Return everybody in the target, but for what no two runs have in common."""
    records = [
        {name: value for name, value in record.items() if name not in OWN}
        for record in site.system.people.values()
    ]
    return sorted(records, key=str)


Prepare = Callable[[Stage], tuple[str, ...]]


def _from_the_start(stage: Stage) -> tuple[str, ...]:
    return stage.start


def _chosen(stage: Stage) -> tuple[str, ...]:
    """Only the sync of a plan that is there."""
    run = stage.office.fetched(stage.site.source, stage.site.target)
    return ("sync", run, *stage.site.everybody)


def _retry(stage: Stage) -> tuple[str, ...]:
    """Two have failed; one of them would be taken now."""
    stage.site.refuse(CHANGED[0])
    return ("sync", stage.sync(code=1), "--retry-failed")


def _paused(stage: Stage) -> tuple[str, ...]:
    """The token was refused after the first create."""
    stage.site.system.faults.add("status", kind="create", nth=2, times=None, status=401)
    stage.site.system.faults.add("status", kind="update", times=None, status=401)
    return ("resume", stage.sync(code=4))


def _in_doubt(stage: Stage) -> tuple[str, ...]:
    """One create was accepted and one was not, neither was answered, the token was refused."""
    system = stage.site.system
    system.faults.add("disconnect", kind="create", when="after")
    system.faults.add("disconnect", kind="create", nth=2)
    system.faults.add(faults.hook(lambda _request: system.revoke()), kind="create", nth=2)
    return ("resume", stage.sync(code=4))


def _cut_short(stage: Stage) -> tuple[str, ...]:
    """The disk was full after the first create was accepted: no outcome, no end was written."""
    stage.words = stage.start
    assert stage.hurt(_full, Nth(11)).code == 5
    stage.site.age_lease()
    run = stage.office.ask("reports").json["reports"][0]["run"]
    return ("resume", run)


WORKLOADS: dict[str, Prepare] = {
    "run": _from_the_start,
    "sync": _chosen,
    "retry": _retry,
    "paused": _paused,
    "in doubt": _in_doubt,
    "cut short": _cut_short,
}
ALWAYS = {("run", 0), ("run", 1), ("retry", 0), ("in doubt", 1)}
CASES = [
    pytest.param(
        prepare,
        direction,
        id=f"{name}-to_{direction[1]}",
        marks=[] if (name, place) in ALWAYS else [pytest.mark.long],
    )
    for name, prepare in WORKLOADS.items()
    for place, direction in enumerate(DIRECTIONS)
]


@contextmanager
def a_stage(
    zygote: Zygote,
    direction: tuple[str, str],
    store: bytes,
    patch: pytest.MonkeyPatch,
    database: Database | None = None,
) -> Iterator[Stage]:
    """Yield a stage on which no request is tried again, and none can still be at work."""
    patch.setattr(RetryBudget.__init__, "__defaults__", (0.0,))
    patch.setattr("renkei.sync.doubt.SENT_S", -1.0)  # the systems are done at once here
    patch.setattr("renkei.systems.Timeouts", patient)
    with a_site(zygote, *direction, store, database) as site:
        yield Stage(site, Office(box=site.box, folder=site.folder, monkeypatch=patch))


@pytest.fixture
def stage(
    request: pytest.FixtureRequest,
    zygote: Zygote,
    store_bytes: bytes,
    monkeypatch: pytest.MonkeyPatch,
    database: Database | None,
) -> Iterator[Stage]:
    """A stage of the direction asked for; of the first, if none is."""
    direction = getattr(request, "param", DIRECTIONS[0])
    with a_stage(zygote, direction, store_bytes, monkeypatch, database) as stage:
        yield stage


@pytest.mark.fault("F57")
@sampled
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(("prepare", "stage"), CASES, indirect=["stage"])
def test_the_nth_operation_fails(stage: Stage, prepare: Prepare, operation: str) -> None:
    """One sentence and a code; going on ends as if nothing had been wrong."""
    fail_each(stage, prepare, operation, sample(count(1), 40, list(OPERATIONS).index(operation)))


@pytest.mark.fault("F57", "F63")
def test_an_operation_fails_where_the_store_is_on_a_server(
    zygote: Zygote, store_bytes: bytes, postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One case of the same; all of them are played there in the long run."""
    with a_stage(zygote, DIRECTIONS[0], store_bytes, monkeypatch, postgres) as stage:
        fail_each(stage, _chosen, "commit, answer lost", [6])


def fail_each(stage: Stage, prepare: Prepare, operation: str, numbers: Iterable[int]) -> None:
    """Let the operations of these *numbers* fail, one in each run of the command."""
    stage.site.refuse(REFUSED)
    stage.words = prepare(stage)
    stage.prepared = stage.site.keep()
    stage.again()
    assert stage.office.ask(*stage.words).code == 1
    stage.unhurt = people(stage.site)
    for n in numbers:
        stage.again()
        nth = Nth(n)
        result = stage.hurt(OPERATIONS[operation], nth)
        if not nth.came:
            assert (result.code, n > 3) == (1, True), result
            return
        acceptable(result, operation)
        stage.go_on()
        stage.judge()


def acceptable(result: Result, operation: str) -> None:
    """The command has ended as the documentation says, in words for people."""
    assert result.code in ({0, 1, 4} if operation in ("send", "receive") else {0, 1, 5}), result
    if result.code > 1:
        assert result.error["code"] != "internal", result
        message = result.error["message"]
        assert re.fullmatch(r"\S+ .*\.( Continue with: renkei resume \d)?", message), result


# -- a disk that is really full -------------------------------------------------------------------


@contextmanager
def pages(limit: int) -> Iterator[None]:
    """Let SQLite itself refuse more pages than these: SQLITE_FULL, in the middle of a statement."""
    connect = sqlite3.dbapi2.connect

    def connected(*arguments: Any, **named: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **named)
        connection.execute(f"pragma max_page_count={limit}")
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3.dbapi2, "connect", connected)
        yield


@contextmanager
def file_size(limit: int) -> Iterator[None]:
    """Let the operating system refuse every file larger than *limit* bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def grow(stage: Stage) -> None:
    """Leave no free page in the store, so that the next run needs new ones."""
    for _time in range(2):
        stage.office.fetched(stage.site.source, stage.site.target)
    with closing(sqlite3.connect(stage.site.store)) as connection:
        connection.execute("vacuum")


@pytest.mark.sqlite
@pytest.mark.fault("F57")
@sampled
@pytest.mark.parametrize("kind", ["pages", "file size"])
def test_the_store_has_room_for_n_more_pages(stage: Stage, kind: str) -> None:
    """Fetch and sync with room for none, one, two … until there is enough."""
    stage.site.refuse(REFUSED)
    stage.words = stage.start
    grow(stage)
    stage.prepared = stage.site.keep()
    there = len(stage.prepared.store["renkei.db"]) // PAGE
    stage.again()
    assert stage.office.ask(*stage.words).code == 1
    stage.unhurt = people(stage.site)
    for more in sample(count(), 12, 2 if kind == "pages" else 0):
        stage.again()
        full = pages(there + more) if kind == "pages" else file_size((there + more) * PAGE)
        with full:
            result = stage.office.ask(*stage.words)
        if result.code == 1:
            break
        acceptable(result, "store")
        stage.go_on()
        stage.judge()
    assert more > 0


# -- files ---------------------------------------------------------------------------------------


def _init(stage: Stage) -> tuple[Path, tuple[str, ...]]:
    folder = stage.site.folder / "new"
    folder.mkdir()
    return folder / "renkei.yaml", ("init", str(folder))


def _page(stage: Stage) -> tuple[Path, tuple[str, ...]]:
    run = stage.office.fetched(stage.site.source, stage.site.target)
    path = stage.site.folder / "page" / "report.html"
    path.parent.mkdir()
    return path, ("report", run, "--html", str(path))


def _template(stage: Stage) -> tuple[Path, tuple[str, ...]]:
    path = stage.site.folder / "template" / "new.csv"
    path.parent.mkdir()
    return path, ("choices", stage.site.target, "--template", str(path))


FILES: dict[str, Callable[[Stage], tuple[Path, tuple[str, ...]]]] = {
    "init": _init,
    "report --html": _page,
    "choices --template": _template,
}


def _files(folder: Path, error: int) -> Install:
    """Return what lets the n-th call about a file in *folder* fail."""

    def install(patch: pytest.MonkeyPatch, nth: Nth) -> None:
        def failing(name: str) -> None:
            call = getattr(os, name)

            def called(*arguments: Any, **named: Any) -> Any:
                inside = str(arguments[0]).startswith(f"{folder}/") or name == "fsync"
                if inside and nth.fails():
                    raise OSError(error, os.strerror(error), str(folder))
                return call(*arguments, **named)

            patch.setattr(os, name, called)

        for name in ("open", "fsync", "link", "replace"):
            failing(name)

    return install


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("name", FILES)
def test_the_nth_call_about_a_file_fails(stage: Stage, name: str, error: int) -> None:
    """The file is not there, and nothing else is; the next time it is whole."""
    path, stage.words = FILES[name](stage)
    for n in count(1):
        nth = Nth(n)
        result = stage.hurt(_files(path.parent, error), nth)
        if not nth.came:
            assert (result.code, n > 2) == (0, True)
            assert [*path.parent.iterdir()] == [path]
            return
        refused(result, path)


def refused(result: Result, path: Path) -> None:
    """It was said what cannot be written, and nothing was left behind."""
    assert result.code in (2, 5), result
    places = str(path), "renkei.db"  # where a report is noted before it is written
    assert any(each in result.error["message"] for each in places)
    assert [*path.parent.iterdir()] == []


@pytest.mark.parametrize("name", FILES)
@pytest.mark.sqlite
def test_a_file_may_grow_to_n_bytes(stage: Stage, name: str) -> None:
    """The disk is full after some of it: not there, or whole."""
    path, stage.words = FILES[name](stage)
    store = stage.site.keep().store["renkei.db"]  # a report is noted there first
    for limit in (0, 1, 100, *range(PAGE, len(store) + 100 * PAGE, len(store) // 8)):
        with file_size(limit):
            result = stage.office.ask(*stage.words)
        if result.code == 0:
            break
        refused(result, path)
    assert limit
    assert 0 < path.stat().st_size <= limit
    assert [*path.parent.iterdir()] == [path]


@pytest.mark.parametrize("name", ["report --html", "init"])
@pytest.mark.sqlite
def test_a_file_that_was_there_stays_as_it_was(stage: Stage, name: str) -> None:
    """A page of last week is not lost to a full disk; a configuration is never written over."""
    path, stage.words = FILES[name](stage)
    path.write_text("of last week", encoding="utf-8")
    with file_size(0):  # a report is noted before it is written, and that fails first
        assert stage.office.ask(*stage.words).code == (5 if name.startswith("report") else 2)
    assert path.read_text(encoding="utf-8") == "of last week"
    assert [*path.parent.iterdir()] == [path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full on this system")
@pytest.mark.parametrize(
    "words", [("report", "--csv"), ("report",), ("plan", "--output", "json")], ids=" ".join
)
def test_standard_output_is_a_full_disk(stage: Stage, words: tuple[str, ...]) -> None:
    """It is said, and the exit code is not that of success."""
    run = stage.office.fetched(stage.site.source, stage.site.target)
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "renkei_runner", words[0], run, *words[1:]],
            cwd=stage.site.folder,
            env={**os.environ, **stage.office.environment()},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            check=False,
        )
    assert ended.returncode == 2
    assert ended.stderr == "<stdout> cannot be written: No space left on device.\n"
