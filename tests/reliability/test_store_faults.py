"""A store that is damaged, of another time, without power, or purged by a process that dies."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.e2e import conftest as e2e
from tests.sampling import ALL, sample, sampled

if TYPE_CHECKING:
    from tests.e2e.office import Office

office, empty_store = e2e.office, e2e.empty_store

WAY = ("smarthr", "touchontime")
LOOKS = (("reports",), ("report", "1"), ("plan", "1"))


def contents(path: Path) -> str:
    """Return a fingerprint of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


# --- damage ------------------------------------------------------------------------------------


def cut(data: bytes, at: int) -> bytes:
    """Lose everything from there on."""
    return data[:at]


def flip(data: bytes, at: int) -> bytes:
    """Turn the bits of one byte round."""
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def wipe(data: bytes, at: int) -> bytes:
    """Lose a block of the disk."""
    start = at // 512 * 512
    return data[:start] + bytes(len(data[start : start + 512])) + data[start + 512 :]


@pytest.mark.sqlite
@pytest.mark.fault("F59")
@sampled
@pytest.mark.parametrize(
    "seed",
    [pytest.param(n, marks=() if n in (0, 7, 19) else pytest.mark.long) for n in range(25)],
)
def test_a_damaged_store_opens_or_is_refused(office: Office, seed: int) -> None:
    """Cut, flipped or wiped at many places: exit 0 or 5, never a mistake of our own, never new."""
    office.synced(*WAY)
    whole = office.store.read_bytes()
    chance = random.Random(seed)
    places = [*range(0, 120, 10), *(chance.randrange(len(whole)) for _ in range(28))]
    refused = 0
    for turn, damage in enumerate((cut, flip, wipe)):
        for at in sample(places, 6, seed + turn):
            office.store.write_bytes(damage(whole, at))
            before = contents(office.store)
            for words in LOOKS:
                result = office.ask(*words)
                assert result.code in (0, 5), (damage.__name__, at, words, result.out)
                if result.code == 5:
                    refused += 1
                    assert result.error["code"] == "store"
                    assert "renkei.db" in result.error["message"]
                    if words == LOOKS[0]:  # the others note at first that somebody looks
                        assert contents(office.store) == before, (damage.__name__, at, words)
    assert refused > len(places) / (1 if ALL else 3)


@pytest.mark.sqlite
@pytest.mark.fault("F59")
@pytest.mark.parametrize("column", ["difference", "outcome", "reasons", "payload"])
def test_a_word_that_makes_no_sense_is_damage(office: Office, column: str) -> None:
    """SQLite finds nothing wrong with the file: what reads the rows of employees does."""
    office.synced(*WAY)
    with closing(sqlite3.connect(office.store)) as store, store:
        store.execute(f"update items set {column} = 'nonsense'")  # noqa: S608
    codes = {office.ask(*words).code for words in LOOKS}
    assert 5 in codes
    assert codes <= {0, 5}


@pytest.mark.sqlite
@pytest.mark.fault("F59", "F61")
@pytest.mark.parametrize("kind", ["newer", "directory", "link", "nothing in it", "another's"])
def test_no_command_touches_a_store_that_is_not_ours(office: Office, kind: str) -> None:
    """Every command refuses it with exit 5 and says so; not a byte changes, nothing is sent."""
    run = office.fetched(*WAY)
    office.box.clear_journal()
    store = office.store
    if kind == "newer":
        with closing(sqlite3.connect(store)) as newer, newer:
            newer.execute("update alembic_version set version_num = '9999'")
            newer.execute("alter table runs add column from_the_future text")
    elif kind == "directory":
        store.unlink()
        store.mkdir()
    elif kind == "link":
        store.rename(store.with_name("elsewhere.db"))
        store.symlink_to("elsewhere.db")
    elif kind == "nothing in it":
        store.write_bytes(b"")
    else:
        store.unlink()
        with closing(sqlite3.connect(store)) as other, other:
            other.execute("create table customers (name)")
    before = sorted(
        (path.name, contents(path)) for path in office.folder.iterdir() if path.is_file()
    )
    for words in (
        ("fetch", *WAY), ("plan", run), ("sync", run, *office.everybody(WAY[1])), ("resume", run),
        ("cancel", run), ("report", run), ("reports",), ("reports", "purge", "--older-than", "0d"),
        ("run", *WAY, *office.everybody(WAY[1])), ("mapping", "explain", run, "0001"),
    ):  # fmt: skip
        result = office.ask(*words)
        assert (result.code, result.error["code"]) == (5, "store"), (words, result.out)
        assert "renkei.db" in result.error["message"]
        assert kind != "newer" or "Upgrade renkei" in result.error["message"]
    assert office.box.journal == []
    after = sorted(
        (path.name, contents(path)) for path in office.folder.iterdir() if path.is_file()
    )
    assert after == before


# --- power -------------------------------------------------------------------------------------


@pytest.mark.sqlite
@pytest.mark.fault("F55")
def test_what_was_committed_is_on_the_disk(office: Office) -> None:
    """Each connection of a sync has SQLite wait for the disk: a commit survives a power cut."""
    seen = []

    def look(dbapi: sqlite3.Connection, *_: object) -> None:
        names = ("synchronous", "fullfsync", "journal_mode", "secure_delete")
        seen.append([dbapi.execute(f"pragma {name}").fetchone()[0] for name in names])

    sa.event.listen(sa.Engine, "checkout", look)
    try:
        office.synced(*WAY)
    finally:
        sa.event.remove(sa.Engine, "checkout", look)
    assert seen
    assert all(settings == [2, 1, "delete", 1] for settings in seen)


# --- purging -----------------------------------------------------------------------------------

DYING = """\
import json, os, random, signal, sys, time
from pathlib import Path

from renkei.store.store import Store
from renkei_runner.main import run

place, times, chance = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
whole = place.read_bytes()


def purging():
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(run(["reports", "purge", "--older-than", "0d"]))
    return child


def states():
    store = Store(str(place))
    found = [
        (each.purged, any(item.after for item in store.items(each.id)))
        for each in store.latest(10)
    ]
    store.close()
    return found


run(["reports", "--output", "json"])  # from here on everything is imported
began = time.monotonic()
os.waitpid(purging(), 0)
usual = time.monotonic() - began
found = [states()]
for _ in range(times):
    for path in place.parent.glob(place.name + "*"):
        path.unlink()
    place.write_bytes(whole)
    child = purging()
    time.sleep(chance.uniform(0.2, 1) * usual)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    found.append(states())
sys.stderr.write("FOUND" + json.dumps(found))
"""


@pytest.mark.sqlite
@pytest.mark.fault("F64")
@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_a_purge_that_dies_has_removed_all_or_nothing(office: Office, seed: int) -> None:
    """Killed at any moment: every run has its values or none has; the next purge leaves no byte."""
    names = [str(crew["last_name"]).encode() for crew in office.box.smarthr.people.values()]
    for _ in range(3):
        office.fetched(*WAY)
    office.box.clock.advance(60)
    done = subprocess.run(
        [sys.executable, "-c", DYING, str(office.store), "200", str(seed)],
        cwd=office.folder,
        env=office.environment(),
        capture_output=True,
        text=True,
        timeout=55,
        check=True,
    )
    first, *found = json.loads(done.stderr.partition("FOUND")[2])
    assert first == [[True, False]] * 3
    assert all(states in ([[True, False]] * 3, [[False, True]] * 3) for states in found), found
    assert [[False, True]] * 3 in found, "some died before the end"
    assert office.ask("reports", "purge", "--older-than", "0d").code == 0
    left = b"".join(path.read_bytes() for path in office.folder.glob("renkei.db*"))
    assert not [name for name in names if name in left]
