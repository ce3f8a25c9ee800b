"""A store that is not there, that vanishes or changes under a command, or whose disk is full."""

from __future__ import annotations

import datetime as dt
import errno
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import threading
from contextlib import closing, contextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING

import pytest
from tests.engine.test_store import NOW, begin, old_store, planned

from renkei.errors import Hint, NoRoomError, NoStoreError, StoreError, UsageError
from renkei.model import Outcome, Remark, Status
from renkei.observer import Observer
from renkei.store.database import Database
from renkei.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.engine.world import World

TOMORROW = NOW + dt.timedelta(days=1)
VALUE = "たいへん長い値" * 40


class Listener(Observer):
    """Remembers what a person is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def news(self, remark: Remark) -> None:
        """Remember the code."""
        self.told.append(remark.code)

    def warning(self, remark: Remark) -> None:
        """Remember the code."""
        self.told.append(remark.code)


@pytest.fixture
def store(world: World) -> Path:
    """The place of the world's store, where there is none yet."""
    return world.folder / "reports.db"


# --- not there ----------------------------------------------------------------------------------


@pytest.mark.sqlite
@pytest.mark.fault("F83")
def test_only_a_fetch_makes_a_store_and_says_so(world: World, store: Path) -> None:
    """Lists are empty, a command naming a run hears that there is no store, and none appears."""
    for look in (
        lambda runs: runs.run("1"), lambda runs: runs.sync("1"), lambda runs: runs.cancel("1"),
        lambda runs: runs.labels("1"), lambda runs: list(runs.items("1")),
        lambda runs: runs.explain("1", "0417"), lambda runs: runs.selection("1"),
    ):  # fmt: skip
        with world.runs() as runs, pytest.raises(NoStoreError) as caught:
            look(runs)
        assert f"no store at {store}" in caught.value.message
        assert caught.value.exit_code == 5
    ear = Listener()
    with world.runs(ear) as runs:
        assert runs.reports() == []
        assert runs.last_cost("clinic", "rosta") is None
        assert runs.purge(dt.timedelta()) == 0
    assert set(ear.told) == {"no_store"}
    assert not store.exists()
    ear = Listener()
    with world.runs(ear) as runs:
        runs.fetch("clinic", "rosta")
    assert ear.told == ["store_made"]
    with world.runs(ear) as runs:
        runs.fetch("clinic", "rosta")
    assert ear.told == ["store_made"], "the second time it is there"


@pytest.mark.sqlite
def test_the_check_looks_at_the_store(world: World, store: Path) -> None:
    """Not there yet is good to know; what cannot be used, or cannot be made, is a problem."""

    def found() -> tuple[str, int]:
        with world.runs() as runs:
            (checked,) = (each for each in runs.check() if each.subject == "report store")
        (finding,) = checked.findings
        return finding.level, checked.error.exit_code if checked.error else 0

    assert found() == ("note", 0)
    assert not store.exists()
    world.fetch()
    assert found() == ("ok", 0)
    store.unlink()
    store.mkdir()
    assert found() == ("problem", 5)
    text = (world.folder / "renkei.yaml").read_text()
    (world.folder / "renkei.yaml").write_text(text.replace("reports.db", "nowhere/reports.db"))
    assert found() == ("problem", 5)


# --- gone, or another one, while it is in use ---------------------------------------------------


def deleted(store: Path, _older: bytes) -> None:
    store.unlink()


def overwritten(store: Path, older: bytes) -> None:
    store.write_bytes(older)


def exchanged(store: Path, older: bytes) -> None:
    copy = store.with_name("copy.db")
    copy.write_bytes(older)
    copy.rename(store)


@pytest.mark.sqlite
@pytest.mark.fault("F83")
@pytest.mark.parametrize("harm", [deleted, overwritten, exchanged])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_nothing_is_sent_whose_intent_nobody_would_find(
    world: World, store: Path, harm: Callable[[Path, bytes], None], moment: str
) -> None:
    """With the first request the store goes: that was the last request, and it is said why."""
    for number in ("001", "002", "003"):
        world.in_clinic(number)
    run = world.fetch()
    older = store.read_bytes()
    world.choose(run)

    def strike(hook: str, _values: object) -> None:
        if hook == "create_employee":
            harm(store, older)

    setattr(world.rosta, "trouble" if moment == "before" else "aftermath", strike)
    with pytest.raises(StoreError) as caught:
        world.resume(run)
    assert "deleted or replaced" in caught.value.message
    assert len(world.rosta.writes) == 1
    world.rosta.trouble = world.rosta.aftermath = lambda _hook, _values: None
    if harm is deleted:
        assert not store.exists(), "nothing made an empty one"
        with pytest.raises(NoStoreError):
            world.resume(run)
        run = world.fetch()
    else:
        assert world.item(run, "001").outcome is None, "an older copy learns nothing from it"
        run = world.fetch()
    world.sync(run)
    assert len(world.rosta.people) == 3, "nobody twice"


def test_a_commit_into_a_file_that_is_gone_does_not_count(store: Path) -> None:
    """It is deleted in the very moment before the commit: SQLite is content, we are not."""
    kept = Store(str(store))

    def write() -> None:
        with kept._writing() as connection:
            connection.exec_driver_sql("insert into facts values ('a', 'b')")
            store.unlink()

    with pytest.raises(StoreError, match="deleted or replaced"):
        write()
    assert list(store.parent.glob("reports.db*")) == []


@pytest.mark.sqlite
def test_a_copy_put_in_place_between_two_commands_is_simply_the_store(
    world: World, store: Path
) -> None:
    """Anybody written again is looked at before."""
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)
    older = store.read_bytes()
    world.resume(run)
    store.write_bytes(older)
    assert world.resume(run).status in (Status.DONE, Status.DONE_WITH_ERRORS)
    assert len(world.rosta.people) == 1


@pytest.mark.sqlite
def test_a_run_that_lost_its_choice_has_a_way_out(world: World, store: Path) -> None:
    """Something was sent and nobody knows for whom: it can be cancelled, and that is said."""
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)

    def dies(hook: str, _values: object) -> None:
        if hook == "create_employee":
            os._exit(9)

    world.rosta.trouble = dies
    child = os.fork()
    if not child:
        world.resume(run)
        os._exit(70)
    os.waitpid(child, 0)
    world.rosta.trouble = lambda _hook, _values: None
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("update runs set selection = null")
        connection.execute("update items set selected = 0")
    for act in (world.resume, world.choose):
        with pytest.raises(UsageError) as caught:
            act(run)
        assert caught.value.code == "choice_lost"
        assert "Cancel this run and fetch again" in caught.value.message
    with world.runs() as runs:
        assert runs.cancel(run.id).status is Status.CANCELLED
    assert world.sync(world.fetch()).outcomes[Outcome.CREATED] == 1  # type: ignore[index]


# --- a disk without hard links ------------------------------------------------------------------


@pytest.mark.fault("F85")
@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK])
def test_a_disk_without_hard_links_has_stores_too(
    store: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Many that make one at the same time share it, and nothing else is left there."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    before, made = set(store.parent.iterdir()), []
    barrier = threading.Barrier(6)

    def make() -> None:
        barrier.wait()
        kept = Store(str(store))
        made.append(kept.made)
        begin(kept)
        kept.close()

    threads = [threading.Thread(target=make) for _each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert len(Store(str(store)).latest(10)) == 6
    assert set(store.parent.iterdir()) - before == {store}


@contextmanager
def nth_call_fails(nth: int, number: int) -> Iterator[None]:
    """Let the n-th call about a file inside the block fail."""
    calls = count(1)

    def failing(real: Callable[..., object]) -> Callable[..., object]:
        def called(*words: object, **more: object) -> object:
            if next(calls) == nth:
                raise OSError(number, os.strerror(number))
            return real(*words, **more)

        return called

    with pytest.MonkeyPatch.context() as patch:
        for name in ("open", "link"):
            patch.setattr(os, name, failing(getattr(os, name)))
        yield


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_store_is_made_whole_or_not_at_all(store: Path, number: int) -> None:
    """Whichever call about the file fails, it is said and nothing is left; then it is whole."""
    before = set(store.parent.iterdir())
    for nth in (1, 2):
        with pytest.raises(StoreError, match=re.escape(str(store))), nth_call_fails(nth, number):
            Store(str(store))
        assert set(store.parent.iterdir()) == before
    Store(str(store)).close()
    assert set(store.parent.iterdir()) - before == {store}


def test_a_store_that_may_not_grow_is_not_begun(store: Path) -> None:
    """The disk is full after some of it: not there, or whole."""
    before = set(store.parent.iterdir())
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    for limit in (0, 1, 100, *range(4096, 4096 * 100, 4096)):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            Store(str(store)).close()
        except StoreError as error:
            assert "no room" in error.message  # noqa: PT017 - until there is enough
            assert set(store.parent.iterdir()) == before
            continue
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        break
    assert 0 < store.stat().st_size <= limit


# --- a full disk --------------------------------------------------------------------------------


def plans(place: Path, count: int) -> Store:
    """Return a store with plans whose values take most of its room."""
    kept = Store(str(place))
    for _each in range(count):
        planned(kept, 100)
    with kept._writing() as connection:
        connection.exec_driver_sql("update items set payload = ?", (f'{{"after": "{VALUE}"}}',))
    return kept


@contextmanager
def tiny_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a file system of a size for this test alone."""
    folder.mkdir()
    mount = shutil.which("mount") or "mount"
    words = [mount, "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    if subprocess.run(words, check=False, capture_output=True).returncode:
        pytest.skip("nobody may mount a file system here")
    try:
        yield folder
    finally:
        subprocess.run([shutil.which("umount") or "umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Leave not one byte of room."""
    descriptor = os.open(folder / "filler", os.O_CREAT | os.O_WRONLY)
    with suppress(OSError):
        while True:
            os.write(descriptor, bytes(512))
    os.close(descriptor)


def room(folder: Path) -> int:
    """Return how many bytes are free."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_bsize


def integrity(place: Path) -> str:
    """Return "ok" for a sound file."""
    with closing(sqlite3.connect(place)) as connection:
        return str(connection.execute("pragma integrity_check").fetchone()[0])


@pytest.mark.fault("F84")
def test_a_purge_makes_room_on_a_disk_that_has_none(tmp_path: Path) -> None:
    """Not one byte is free before; afterwards the values are gone and the store works again."""
    with tiny_disk(tmp_path / "disk", "2m") as disk:
        kept = plans(disk / "renkei.db", 10)
        fill(disk)
        assert room(disk) == 0
        with pytest.raises(NoRoomError, match="no room") as caught:
            begin(kept)
        assert caught.value.hint == Hint("purge")
        assert kept.purge(TOMORROW) == 10
        assert kept.compact()
        assert room(disk) > 500_000
        assert integrity(disk / "renkei.db") == "ok"
        data = (disk / "renkei.db").read_bytes()
        assert VALUE.encode() not in data
        assert kept.run(planned(kept)).status is Status.READY
        kept.close()


def test_a_store_that_cannot_shrink_loses_its_values_all_the_same(tmp_path: Path) -> None:
    """As one of 0.1.0 was made: no value is found any more, and the missing room is reported."""
    with tiny_disk(tmp_path / "disk", "2m") as disk:
        plans(disk / "renkei.db", 5).close()
        with closing(sqlite3.connect(disk / "renkei.db")) as connection:
            connection.execute("pragma auto_vacuum = none")
            connection.execute("vacuum")
        fill(disk)
        kept = Store(str(disk / "renkei.db"), create=False)
        assert kept.purge(TOMORROW) == 5
        assert not kept.compact()
        kept.close()
        assert integrity(disk / "renkei.db") == "ok"
        assert VALUE.encode() not in (disk / "renkei.db").read_bytes()


@pytest.mark.fault("F84")
def test_a_purge_that_died_half_way_is_finished_by_the_next(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit by bit, each bit whole: nobody syncs what is left, and no value stays for ever."""
    kept = plans(store, 3)
    real, steps = Database._writing, iter(range(6))

    @contextmanager
    def some_room(self: Database) -> Iterator[object]:
        if next(steps, None) is None:
            raise KeyboardInterrupt
        with real(self) as connection:
            yield connection

    def at_once(*_: object) -> None:
        raise NoRoomError("full")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "_empty", staticmethod(at_once), raising=True)
        with pytest.raises(NoRoomError):
            kept.purge(TOMORROW)
    with monkeypatch.context() as patch:
        patch.setattr(Database, "_writing", some_room)
        with pytest.raises(KeyboardInterrupt):
            kept._purge_bit_by_bit(TOMORROW)
    assert all(run.purged for run in kept.latest(10))
    assert VALUE.encode() in store.read_bytes()
    assert kept.purge(TOMORROW) == 2, "the first one was done"
    assert kept.purge(TOMORROW) == 0
    assert kept.compact()
    assert VALUE.encode() not in store.read_bytes()


def test_only_a_purge_without_room_goes_without_a_journal(store: Path) -> None:
    """The transaction after it has its journal on the disk again."""
    kept = plans(store, 1)

    def full(connection: object) -> str:
        del connection
        if not tried:
            tried.append("with a journal")
            raise NoRoomError("full")
        return "without"

    tried: list[str] = []
    assert kept._in_any_room(full) == "without"
    with kept._writing() as connection:
        assert connection.exec_driver_sql("pragma journal_mode").scalar() == "delete"


def test_a_store_brought_up_to_date_can_shrink(store: Path) -> None:
    """One of 0.1.0 is written so that a full disk can be emptied bit by bit."""
    old_store(store)
    Store(str(store)).close()
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("pragma auto_vacuum").fetchone() == (2,)
