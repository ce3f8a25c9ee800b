"""What planted bugs got away with: two that write to the store, at once or one after the other."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import psutil

from renkei.model import Status

if TYPE_CHECKING:
    from tests.engine.world import World


def test_a_writer_waits_for_the_one_before(world: World) -> None:
    """It does not begin as a reader, who could not turn writer while somebody else writes."""
    world.in_clinic("001")
    run = world.fetch()
    place = world.folder / "reports.db"
    with closing(sqlite3.connect(place, check_same_thread=False)) as other, world.runs() as runs:
        other.execute("begin immediate")
        done = threading.Timer(0.2, other.rollback)
        done.start()
        try:
            assert runs.cancel(run.id).status is Status.CANCELLED
        finally:
            done.join()


def test_a_process_that_ended_unnoticed_keeps_no_lease(world: World) -> None:
    """Its parent has not asked how it ended; the next process goes on at once."""
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)
    child = os.fork()
    if not child:
        world.rosta.trouble = lambda _hook, _values: os._exit(9)
        world.resume(run)
        os._exit(70)
    try:
        while psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert world.resume(run).status is Status.DONE
    finally:
        os.waitpid(child, 0)
