"""Being told of schedules: what did not run, what goes on by itself, and a sign of life."""

from __future__ import annotations

import datetime as dt
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from tests.engine import test_schedules as schedules
from tests.engine.test_alerts import Post, receiver
from tests.engine.test_schedules import HOUR, LOOK, NIGHTLY, NOON, Here, opened, scheduled, working
from tests.engine.world import World

from renkei import teller
from renkei.alerts.telling import Telling
from renkei.errors import ConfigurationError, UnavailableError
from renkei.teller import Teller

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renkei.people import Value

wall, here = schedules.wall, schedules.here
NOTIFY = "notify: {to: [{url: 'env:HOOK'}], heartbeat: env:BEAT}\n"


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    """Return what takes the letters; no address of a monitor is set."""
    monkeypatch.setenv("HOOK", "json://127.0.0.1:1/")
    monkeypatch.setenv("BEAT", "http://127.0.0.1:1/")
    return Post()


def tell(here: Here, post: Post) -> tuple[list[str], list[str]]:
    with opened(here.world, here.wall) as runs:
        Telling(config=runs.config, store=runs._store, clock=runs.clock, post=post).tell()
    return post.told()


def test_what_did_not_run_is_told_until_it_runs_again(
    world: World, here: Here, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the name of the schedule, by the worker itself: there is no run to look at."""
    told: list[str] = []
    monkeypatch.setattr(Teller, "tell", lambda _self, company: told.append(company))
    world.in_clinic()
    scheduled(world, NIGHTLY, more=NOTIFY)
    with working(here) as worker:
        here.wall.moment = NOON + 14 * HOUR
        worker.look()
        assert here.done == []
        assert told == [""]
        assert tell(here, post) == (["missed"], [])
        with opened(world, here.wall) as runs:
            (entry,) = runs.inbox()
            assert entry.text() == "The schedule nightly did not run when it was due."
            assert (entry.state.run, entry.state.schedule) == ("", "nightly")
        here.wall.moment = NOON + 26 * HOUR
        worker.look()
    assert tell(here, post) == ([], ["missed"])


def test_what_could_not_begin_is_told_too(world: World, here: Here, post: Post) -> None:
    """A run that nothing came of because of a setting; the monitor outside hears of the end."""
    scheduled(world, LOOK, more=NOTIFY)
    with working(here) as worker:
        mapping = (world.folder / "pair.yaml").read_text()
        (world.folder / "pair.yaml").write_text("sides: [a, b]\n")
        here.wall.moment = NOON + 2 * HOUR
        worker.look()
        assert isinstance(here.errors.pop(), ConfigurationError)
        assert tell(here, post) == (["missed"], [])
        (world.folder / "pair.yaml").write_text(mapping)


def test_what_a_worker_goes_on_with_needs_nobody(world: World, here: Here, post: Post) -> None:
    """A run that waits for a system is told only once nobody goes on with it any more."""

    def down(hook: str, _values: Mapping[str, Value]) -> None:
        if hook in ("create_employee", "read_employees"):
            raise UnavailableError("down", code="timeout", where="rosta")

    world.in_clinic()
    scheduled(world, NIGHTLY, more=NOTIFY)
    with working(here) as worker:
        here.wall.moment = NOON + 90 * schedules.MINUTE
        world.rosta.trouble = down
        worker.look()
        (job,) = schedules.jobs(world, here.wall)
        assert job.state == "waiting"
        assert "halted" not in tell(here, post)[0]
        here.wall.moment += 13 * HOUR
        worker.look()
        (job,) = schedules.jobs(world, here.wall)
        assert job.state == "failed"
    assert "halted" in tell(here, post)[0]


def test_each_scheduled_run_gives_a_sign_of_life(
    world: World, here: Here, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it ended; what cannot be reached changes nothing."""
    world.in_clinic()
    scheduled(world, LOOK, more=NOTIFY)
    with receiver(lambda _path: 200) as (host, asked), working(here) as worker:
        monkeypatch.setenv("BEAT", f"http://{host}/beat")
        here.wall.moment = NOON + 2 * HOUR
        worker.look()
        assert asked == ["/beat"]
        monkeypatch.setenv("BEAT", "http://127.0.0.1:1/")
        here.wall.moment += 24 * HOUR
        worker.look()
    assert [job.state for job in schedules.jobs(world, here.wall)] == ["done", "done"]


def test_a_teller_keeps_nobody_waiting(
    world: World, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tells in a thread of its own, goes on after whatever fails, and stops in time."""
    seen: list[bool] = []

    def slow(_self: object, *, attended: bool = False, anyway: bool = False) -> None:
        seen.append(anyway)
        time.sleep(0.2)
        raise RuntimeError("秘密")

    monkeypatch.setattr("renkei.runs.Runs.tell", slow)
    teller = Teller(world.folder / "renkei.yaml")
    began = time.monotonic()
    teller.tell("")
    teller.tell("nobody")
    assert time.monotonic() - began < 0.15
    teller.stop()
    assert seen == [True]
    teller.tell("")
    with suppress(AttributeError):
        assert not teller._thread.is_alive()  # type: ignore[union-attr]


def test_a_worker_tells_what_is_gathered_though_nothing_was_missed(
    world: World, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each hour, as what a job found within the hour after a message would wait for the next."""
    gathered = threading.Event()
    monkeypatch.setattr(teller, "LOOK_S", 0.01)
    monkeypatch.setattr(teller, "GATHERED", dt.timedelta(0))
    monkeypatch.setattr(Teller, "_gather", lambda _self: gathered.set())
    scheduled(world, LOOK)
    with working(here) as worker:
        thread = threading.Thread(target=worker.run)
        thread.start()
        in_time = gathered.wait(10)
        worker.stop()
        thread.join()
    assert in_time
