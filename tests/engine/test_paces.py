"""What processes of one store know of each other's requests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from attrs import evolve

from renkei.http.pace import Others
from renkei.store import Store
from renkei.store.owner import Owner
from renkei.store.paces import user_of_pace


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new store."""
    with closing(Store(str(tmp_path / "renkei.db"))) as store:
        yield store


def test_users_of_an_account_hear_of_each_other(store: Store) -> None:
    """By window, each of the others once; who leaves goes on no more, and has still used it."""
    first, second = user_of_pace(), user_of_pace()
    assert store.meet("a", first, {1.0: 3, 300.0: 7}) == Others(used={1.0: 0, 300.0: 0})
    assert store.meet("a", second, {1.0: 1, 300.0: 1}) == Others(1, {1.0: 3, 300.0: 7})
    assert store.meet("b", second, {1.0: 1}) == Others(used={1.0: 0})
    store.meet("a", first, {1.0: 4, 300.0: 8}, leaving=True)
    assert store.meet("a", second, {1.0: 1, 300.0: 1}) == Others(0, {1.0: 4, 300.0: 8})


def test_nobody_waits_for_a_process_that_has_died(store: Store) -> None:
    """What it has used counts all the same."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    died = f"{evolve(Owner.me(), pid=ended.pid)} 1"
    store.meet("a", died, {1.0: 3})
    assert store.meet("a", user_of_pace(), {1.0: 0}) == Others(0, {1.0: 3})
