"""What processes of one store know of each other's requests."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from unittest.mock import patch

import pytest
from attrs import evolve
from tests.postgres import Database

from renkei.http.pace import CLAIM_S, Share, Window
from renkei.store.owner import Owner
from renkei.store.paces import user_of_pace
from renkei.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new store."""
    with closing(Store(str(tmp_path / "renkei.db"))) as store:
        yield store


def windows(*used: int) -> list[Window]:
    """Return a second and five minutes, of which somebody has *used* some already."""
    sizes = [(1.0, 10), (300.0, 100)]
    return [Window(s, count, mine) for (s, count), mine in zip(sizes, used, strict=True)]


def test_users_of_an_account_hear_of_each_other(store: Store) -> None:
    """What the one has used or claimed is not for the other; one that leaves claims nothing."""
    first, second = user_of_pace(), user_of_pace()
    assert store.meet("a", first, windows(0, 40)) == Share(0, {1.0: 10, 300.0: 100})
    assert store.meet("a", second, windows(0, 0)) == Share(1, {1.0: 0, 300.0: 0})
    assert store.meet("b", second, windows(0, 0)) == Share(0, {1.0: 10, 300.0: 100})
    assert store.meet("a", first, windows(4, 40)) == Share(1, {1.0: 7, 300.0: 70})
    assert store.meet("a", second, windows(1, 0)) == Share(1, {1.0: 2, 300.0: 15})
    store.meet("a", first, windows(4, 41), leaving=True)
    assert store.meet("a", second, windows(1, 1)) == Share(0, {1.0: 6, 300.0: 59})


def test_nobody_waits_for_a_process_that_has_died(store: Store) -> None:
    """What it has used counts all the same, and what it may just have sent."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    died, lives, now = f"{evolve(Owner.me(), pid=ended.pid)} 1", user_of_pace(), time.time()
    store.meet("a", died, [Window(300.0, 10, 3)])
    assert store.meet("a", lives, [Window(300.0, 10, 0)]) == Share(0, {300.0: 0})
    with patch("time.time", lambda: now + 2 * CLAIM_S):
        assert store.meet("a", lives, [Window(300.0, 10, 0)]) == Share(0, {300.0: 7})


def test_who_is_slow_to_come_again_still_counts(store: Store) -> None:
    """An answer may take longer than the longest window."""
    now, slow, fast = time.time(), user_of_pace(), user_of_pace()
    for seconds in (0.0, 1.5, 3.0):
        with patch("time.time", lambda seconds=seconds: now + seconds):
            if seconds == 0.0:
                store.meet("a", slow, [Window(1.0, 10, 3)])
            assert store.meet("a", fast, [Window(1.0, 10, 0)]).others == 1


@pytest.mark.fault("F36")
def test_a_clock_that_is_set_back_holds_up_nobody(store: Store) -> None:
    """What somebody has used who has ended meanwhile counts for one window, and not for hours."""
    now, ended, lives = time.time(), user_of_pace(), user_of_pace()
    with patch("time.time", lambda: now + 9 * 3600):  # a computer that starts by its local time
        store.meet("a", ended, [Window(300.0, 10, 10)], leaving=True)
    for seconds, free in ((0.0, 0), (299.0, 0), (300.0, 10)):
        with patch("time.time", lambda seconds=seconds: now + seconds):
            assert store.meet("a", lives, [Window(300.0, 10, 0)]) == Share(0, {300.0: free})


def test_no_two_claim_the_same(postgres: Database) -> None:
    """However many meet at the same moment on a server."""
    together = Barrier(4)
    with closing(Store(postgres.address)) as store, ThreadPoolExecutor(4) as pool:

        def may_use(me: str) -> list[int]:
            found = []
            for account in range(20):
                together.wait(10)
                found.append(store.meet(str(account), me, [Window(300.0, 100, 0)]).most[300.0])
            return found

        claimed = list(pool.map(may_use, [user_of_pace() for _ in range(4)]))
    assert [sum(each) for each in zip(*claimed, strict=True)] == [100] * 20
