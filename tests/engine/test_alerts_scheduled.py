"""Being told of schedules: what did not run, what goes on by itself, and a sign of life."""

from __future__ import annotations

import datetime as dt
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from tests.engine import test_schedules as schedules
from tests.engine.test_alerts import Post, companies, receiver
from tests.engine.test_apply import Fault
from tests.engine.test_schedules import HOUR, LOOK, NIGHTLY, NOON, Here, opened, scheduled, working
from tests.engine.world import World

from renkei import chores, retention
from renkei.alerts import telling
from renkei.alerts.gathering import tell_of_all
from renkei.alerts.states import states
from renkei.alerts.telling import Telling
from renkei.chores import Chores
from renkei.companies import Companies as Door
from renkei.config import Config, load_config, load_main
from renkei.errors import BusyError, ClosedError, ConfigurationError, RecordError, UnavailableError
from renkei.model import Selection
from renkei.runs.choosing import Choosing
from renkei.runs.fetching import Fetching
from renkei.runs.syncing import Syncing
from renkei.schedule.job import Claim
from renkei.store.companies import Companies
from renkei.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from renkei.model import Run
    from renkei.people import Value
    from renkei.schedule.job import Job

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
    woken: list[bool] = []
    monkeypatch.setattr(Chores, "wake", lambda _self: woken.append(True))
    world.in_clinic()
    scheduled(world, NIGHTLY, more=NOTIFY)
    with working(here) as worker:
        here.wall.moment = NOON + 14 * HOUR
        worker.look()
        assert here.done == []
        assert woken == [True]
        assert [job.state for job in ended(here)] == ["missed"]
        assert tell(here, post) == (["missed"], [])
        with opened(world, here.wall) as runs:
            (entry,) = runs.inbox()
            assert entry.text() == "The schedule nightly did not run as planned."
            assert (entry.state.run, entry.state.schedule) == ("", "nightly")
        here.wall.moment = NOON + 26 * HOUR
        worker.look()
    assert tell(here, post) == ([], ["missed"])


def test_what_did_not_run_is_not_told_to_be_over_as_time_passes(
    world: World, here: Here, post: Post
) -> None:
    """A schedule that is seldom due has not run a week later either."""
    scheduled(world, NIGHTLY, more=NOTIFY)
    with working(here) as worker:
        here.wall.moment = NOON + 14 * HOUR
        worker.look()
    assert tell(here, post) == (["missed"], [])
    here.wall.moment += 8 * 24 * HOUR
    assert tell(here, post) == ([], [])


def missed(here: Here) -> list[str]:
    """Return the schedules that did not run, as the inbox and the list of companies have them."""
    with opened(here.world, here.wall) as runs:
        shown = [each.state.schedule for each in runs.inbox()]
    with closing(Companies(here.world.at)) as store:
        assert [each.schedule for each in store.missed(here.wall.moment)] == shown
    return shown


@pytest.mark.parametrize("how", ["paused", "removed", "all removed"])
def test_what_somebody_has_set_aside_is_told_no_more(
    world: World, here: Here, post: Post, how: str
) -> None:
    """Nor that it is over: it has not run. Back in the file, it counts anew, and is told again."""
    scheduled(world, NIGHTLY, LOOK, more=NOTIFY)
    with working(here) as worker:
        here.wall.moment = NOON + 14 * HOUR
        worker.look()
        assert tell(here, post) == (["missed", "missed"], [])
        if how == "paused":
            with opened(world, here.wall) as runs:
                runs.pause_schedule("nightly")
        elif how == "removed":
            scheduled(world, LOOK, more=NOTIFY)
        else:
            (world.folder / "renkei.yaml").write_text(world.files["renkei.yaml"] + NOTIFY)
        here.wall.moment = NOON + 20 * HOUR
        worker.look()
        worker.look()  # at one look only somebody may just be writing the file
        left = [] if how == "all removed" else ["look"]
        assert tell(here, post) == ([], [])
        assert missed(here) == left
        scheduled(world, NIGHTLY, LOOK, more=NOTIFY)
        worker.look()
        assert tell(here, post)[1] == []
        if how == "paused":
            return
        here.wall.moment = NOON + 25 * HOUR
        worker.look()
        assert here.done[-1].due == NOON + 25 * HOUR


def test_a_schedule_is_not_removed_by_a_mistake_in_the_file(
    world: World, here: Here, post: Post
) -> None:
    """What did not run of it goes on to be told."""
    scheduled(world, NIGHTLY, more=NOTIFY)
    with working(here) as worker:
        here.wall.moment = NOON + 14 * HOUR
        worker.look()
        assert tell(here, post) == (["missed"], [])
        (world.folder / "renkei.yaml").write_text("schedules: [")
        worker.look()
        scheduled(world, NIGHTLY, more=NOTIFY)
    assert tell(here, post) == ([], [])
    assert missed(here) == ["nightly"]


@pytest.mark.parametrize("step", ["choose", "sync"])
def test_what_was_fetched_and_never_sent_is_told(
    world: World, here: Here, post: Post, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """A system out of reach, or another writer, for half a day: no limit has stopped it."""
    trouble = UnavailableError("down", code="timeout") if step == "choose" else BusyError("busy")

    def fail(*_args: object, **_more: object) -> None:
        raise trouble

    world.in_clinic()
    scheduled(world, NIGHTLY, more=NOTIFY)
    with working(here) as worker:
        with monkeypatch.context() as patch:
            room, name = {"choose": (Choosing, "choose"), "sync": (Syncing, "follow")}[step]
            patch.setattr(room, name, fail)
            for moment in (NOON + 90 * schedules.MINUTE, NOON + 13.9 * HOUR):
                assert tell(here, post) == ([], [])
                here.wall.moment = moment
                worker.look()
        (job,) = schedules.jobs(world, here.wall)
        assert (job.state, job.run) == ("failed", "1")
        assert tell(here, post) == (["missed"], [])
        with opened(world, here.wall) as runs:
            (entry,) = runs.inbox()
            assert (entry.state.kind, entry.state.run) == ("missed", "1")
        here.wall.moment = NOON + 26 * HOUR
        worker.look()
    assert tell(here, post) == ([], ["missed"])


# --- several schedules of one direction -----------------------------------------------------------

CHANGED = 'name: nightly, at: "0 13 * * *", from: clinic, to: rosta, sync: {difference: [changed]}'
HIRES = (
    'name: hires, at: "0 14 * * *", from: clinic, to: rosta, sync: {difference: [new]},'
    " new: {ward: W1}"
)
LACKING = HIRES.replace(", new: {ward: W1}", "")


def two_differ(world: World) -> None:
    """Let one employee differ, and another one be new."""
    world.in_clinic("001", beds=4)
    world.in_rosta("001")
    world.in_clinic("002")


def look_at(here: Here, worker: Worker, hours: float) -> None:
    here.wall.moment = NOON + hours * HOUR
    worker.look()


def kinds_of_all(here: Here) -> set[str]:
    """Return what the list of companies has of ours."""
    with closing(Companies(here.world.at)) as store:
        return {state.kind for state in states(store.directions(here.wall.moment)[""])}


@pytest.mark.parametrize("second", [HIRES, HIRES.replace("14", "13"), LOOK])
def test_who_could_not_be_written_is_open_until_they_are(
    world: World, here: Here, post: Post, second: str
) -> None:
    """Whatever other schedules of the direction do meanwhile, at the same minute or later."""
    two_differ(world)
    world.rosta.trouble = Fault("update_employee", RecordError("no"), at=None)
    scheduled(world, CHANGED, second, more=NOTIFY)
    with working(here) as worker:
        look_at(here, worker, 1)
        assert tell(here, post) == (["failed"], [])
        look_at(here, worker, 2)
        assert tell(here, post) == ([], [])
        with opened(world, here.wall) as runs:
            (entry,) = runs.inbox()
            assert (entry.state.kind, entry.state.run, entry.state.count) == ("failed", "1", 1)
        assert kinds_of_all(here) == {"failed"}
        world.rosta.trouble = lambda _hook, _values: None
        look_at(here, worker, 25)
    assert tell(here, post) == ([], ["failed"])
    assert kinds_of_all(here) == set()


def test_who_was_mended_by_hand_is_over(world: World, here: Here, post: Post) -> None:
    """They do not differ any more, whichever schedule finds that."""
    two_differ(world)
    world.rosta.trouble = Fault("update_employee", RecordError("no"), at=None)
    scheduled(world, CHANGED, HIRES, more=NOTIFY)
    with working(here) as worker:
        look_at(here, worker, 1)
        assert tell(here, post) == (["failed"], [])
        (person,) = world.rosta.people
        world.rosta.edit(person, capacity=4)
        look_at(here, worker, 2)
    assert tell(here, post) == ([], ["failed"])


def test_what_a_person_has_begun_is_open_as_well(world: World, here: Here, post: Post) -> None:
    """A schedule that does not touch them has put nothing right."""
    two_differ(world)
    world.rosta.trouble = Fault("create_employee", RecordError("no"), at=None)
    scheduled(world, CHANGED, more=NOTIFY)
    with working(here) as worker:
        with opened(world, here.wall) as runs:
            run = runs.fetch("clinic", "rosta")
            runs.choose(run.id, Selection(numbers=("002",), new={"ward": "W1"}))
            runs.sync(run.id)
        assert tell(here, post) == (["failed"], [])
        look_at(here, worker, 1)
        assert tell(here, post) == ([], [])
        world.in_rosta("002")
        look_at(here, worker, 25)
    assert tell(here, post) == ([], ["failed"])


@pytest.mark.parametrize(
    ("kind", "both"),
    [
        ("limit", (CHANGED, HIRES)),
        ("limit", (CHANGED, LOOK)),
        ("values", (LACKING.replace("14", "13"), CHANGED.replace("13", "14"))),
    ],
)
def test_what_waits_for_a_person_waits_beside_another_schedule(
    world: World, here: Here, post: Post, kind: str, both: tuple[str, str]
) -> None:
    """Until that schedule runs again, and nothing keeps it from its sync."""
    two_differ(world)
    files = dict(world.files)
    limit = "updates: {people: 100000, percent: 100}"
    config = files["renkei.yaml"].replace(limit, "updates: {people: 0, percent: 0}")
    world.files["renkei.yaml"] = config
    scheduled(world, *both, more=NOTIFY)
    with working(here) as worker:
        look_at(here, worker, 1)
        assert tell(here, post) == ([kind], [])
        look_at(here, worker, 2)
        assert kind not in tell(here, post)[1]
        assert kind in kinds_of_all(here)
        world.files.update(files)
        scheduled(world, CHANGED, HIRES, more=NOTIFY)
        look_at(here, worker, 3)
        look_at(here, worker, 27)
    assert kind in tell(here, post)[1]
    assert kinds_of_all(here) == set()


def test_what_has_stopped_is_open_beside_another_schedule(
    world: World, here: Here, post: Post
) -> None:
    """Two weeks later nobody is told any more, nor that it is over."""
    two_differ(world)
    closed = ClosedError("closed", opens=NOON + 14 * HOUR)
    world.rosta.trouble = Fault("update_employee", closed, at=None)
    scheduled(world, CHANGED, HIRES.replace("14", "3"), more=NOTIFY)
    with working(here) as worker:
        look_at(here, worker, 1)
        look_at(here, worker, 14)
        assert tell(here, post) == (["halted"], [])
        scheduled(world, HIRES.replace("14", "3"), more=NOTIFY)
        look_at(here, worker, 15)
        assert tell(here, post) == ([], [])
        assert kinds_of_all(here) == {"halted"}
        look_at(here, worker, 15 * 24 + 15)
    assert kinds_of_all(here) == set()
    assert tell(here, post) == ([], [])


@pytest.fixture
def chored(here: Here, post: Post, monkeypatch: pytest.MonkeyPatch) -> Chores:
    """Return what tells beside a worker, at the time of the test and to its post."""
    monkeypatch.setattr(chores, "clock_for_all", lambda _main: here.wall)
    monkeypatch.setattr("renkei.runs.ground.clock_for", lambda _config: (here.wall, None))
    monkeypatch.setattr(telling, "Telling", partial(Telling, post=post))
    return Chores(here.world.folder / "renkei.yaml")


def test_in_the_morning_it_is_told_what_lasts_though_nothing_ran(
    world: World, here: Here, post: Post, chored: Chores
) -> None:
    """From eight o'clock in Japan, once a day by whichever worker, as long as somebody fetches."""
    world.in_clinic(since=dt.date(2026, 11, 23))  # a Monday; it was fetched on Friday
    scheduled(world, LOOK, more=NOTIFY)
    with opened(world, here.wall) as runs:
        runs.fetch("clinic", "rosta", joiners=14)
    told = {}
    for hours in (1, 12.5, 19.9, 20, 20.1, 44, 68, 24 * 15):
        here.wall.moment = NOON + hours * HOUR
        for each in (chored, Chores(chored.path)):
            each._remind()
        told[hours] = post.told()
    assert {hours: open_ for hours, (open_, _over) in told.items() if open_} == {
        20: ["joins"], 44: ["joins"], 68: ["joins"]
    }  # fmt: skip


def test_in_the_morning_nobody_is_told_of_a_company_on_hold(
    world: World, here: Here, post: Post, chored: Chores
) -> None:
    """Somebody has wanted it so."""
    world.in_clinic(since=dt.date(2026, 11, 20))
    with opened(world, here.wall) as runs:
        runs.fetch("clinic", "rosta")
    here.wall.moment = NOON + 20 * HOUR
    scheduled(world, LOOK, more=f"paused: true\n{NOTIFY}")
    chored._remind()
    assert post.letters == []


def test_what_could_not_be_told_for_a_mistake_in_the_file_is_told_later(
    tmp_path: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has taken it up: the monitor outside hears once the file can be read again."""
    monkeypatch.setattr(telling, "Telling", partial(Telling, post=post))
    main, place = companies(tmp_path)
    own = tmp_path / "companies" / "beta.yaml"
    text = own.read_text(encoding="utf-8") + "notify: {heartbeat: env:BEAT}\n"
    with (
        receiver(lambda _path: 200) as (host, asked),
        closing(Companies(place)) as store,
    ):
        monkeypatch.setenv("BEAT", f"http://{host}/beat")
        for name in ("acme", "beta"):
            store.count_from((name, "look"), "at", NOON)
            claim = Claim(name, "look", NOON + HOUR)
            store.claim(claim, NOON + HOUR, lambda _last: 0, "failed")
        own.write_text(f"{text}oops: 1\n", encoding="utf-8")
        Chores(main)._tell()
        assert (store.first_untold(), asked) == ("beta", [])
        own.write_text(text, encoding="utf-8")
        Chores(main)._tell()
        assert (store.first_untold(), asked) == (None, ["/beat"])


def test_a_company_whose_file_has_mistakes_is_told_of(
    tmp_path: Path, here: Here, post: Post
) -> None:
    """Nothing of it runs any more: in the inbox, to those who hear of all, and that it is over."""
    main, place = companies(tmp_path)
    own = tmp_path / "companies" / "beta.yaml"
    right = own.read_text(encoding="utf-8")

    def look(text: str) -> tuple[list[str], list[str]]:
        """Return who is in the inbox, and the titles of what is told."""
        own.write_text(f"{text}schedules: []\n", encoding="utf-8")
        with Worker(main, here) as worker:
            worker.chores._clock = here.wall
            worker.look()
        with Door(load_main(main)) as door:
            inbox = [each.company.name for each in door.inbox()]
            assert inbox == [each.company.name for each in door.listed() if each.mistake]
        tell_of_all(load_main(main), place, here.wall, post)
        here.wall.moment += HOUR
        told = [message.title for each in post.letters for message in each.messages]
        post.letters.clear()
        return inbox, told

    assert look(right) == ([], [])
    wrong = "[renkei] Companies without a good file, of which nothing runs: 1"
    assert look(f"{right}oops: 1\n") == (["beta"], [wrong])
    assert look(f"{right}oops: 2\n") == (["beta"], [])
    assert look(right) == ([], ["[renkei] Over by now: 1"])


def with_schedule(here: Here, folder: Path, name: str) -> Path:
    """Give a company both systems and a schedule; return its file."""
    world, maps = here.world, folder / "companies" / "maps"
    maps.mkdir()
    (maps / "pair.yaml").write_text(world.files["pair.yaml"], encoding="utf-8")
    lines = world.files["renkei.yaml"].splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("store:"))
    text = text.replace("./pair.yaml", "./maps/pair.yaml")
    own = folder / "companies" / f"{name}.yaml"
    own.write_text(f"{text}schedules:\n  - {{{NIGHTLY}}}\n", encoding="utf-8")
    return own


def test_a_company_whose_file_is_deleted_is_told_of(tmp_path: Path, here: Here, post: Post) -> None:
    """Its schedules stop: it is told once, stays on the list with what to do, and is over again."""
    main, place = companies(tmp_path)
    own = with_schedule(here, tmp_path, "beta")
    text = own.read_text(encoding="utf-8")
    with Worker(main, here) as worker:

        def look() -> list[str]:
            """Return the titles of what is told after a look."""
            worker.look()
            return titles_of_all(main, place, here, post)

        worker.chores._clock = here.wall
        assert look() == []
        own.unlink()
        assert look() == [], "it may be about to be there again"
        told = [*look(), *look(), *look()]
        assert told == ["[renkei] Companies without a good file, of which nothing runs: 1"]
        with Door(load_main(main)) as door:
            assert [each.company.name for each in door.inbox()] == ["beta"]
            (gone,) = [each for each in door.listed() if each.gone]
            assert gone.mistake is not None
            assert "companies/beta.yaml is gone" in gone.mistake
        own.write_text(text, encoding="utf-8")
        assert look() == ["[renkei] Over by now: 1"]
        with Door(load_main(main)) as door:
            assert without_files(door) == []


def test_a_deleted_file_is_not_over_because_a_worker_starts(
    tmp_path: Path, here: Here, post: Post
) -> None:
    """A second one, or the same one after an upgrade, has not seen before that it is missing."""
    main, place = companies(tmp_path)
    own = with_schedule(here, tmp_path, "beta")

    def looked(times: int) -> list[str]:
        """Return the titles of what is told after a worker has begun, and looked a few times."""
        with Worker(main, here) as worker:
            worker.chores._clock = here.wall
            for _ in range(times):
                worker.look()
        return titles_of_all(main, place, here, post)

    assert looked(1) == []
    own.unlink()
    assert looked(2) == ["[renkei] Companies without a good file, of which nothing runs: 1"]
    assert looked(1) == []
    with Door(load_main(main)) as door:
        assert [each.company.name for each in door.inbox()] == ["beta"]
    assert looked(2) == []


def titles_of_all(main: Path, place: str, here: Here, post: Post) -> list[str]:
    """Return the titles of what is told of all companies now, and let an hour pass."""
    tell_of_all(load_main(main), place, here.wall, post)
    here.wall.moment += HOUR
    told = [message.title for each in post.letters for message in each.messages]
    post.letters.clear()
    return told


def without_files(door: Door) -> list[str]:
    """Return the companies on the list whose file is gone."""
    return [each.company.name for each in door.listed() if each.gone]


def test_a_company_that_is_being_removed_is_not_gone(tmp_path: Path, here: Here) -> None:
    """Its file is out of the way while the store lets go of it: nobody has to do anything."""
    main, place = companies(tmp_path)
    own = with_schedule(here, tmp_path, "beta")
    with Worker(main, here) as worker:
        worker.chores._clock = here.wall
        worker.look()
        own.rename(load_main(main).aside("beta"))
        for _ in range(3):
            worker.look()
    with Door(load_main(main)) as door:
        assert without_files(door) == []
    with closing(Companies(place)) as store:
        assert store.wrong_files() == set()


def test_a_company_without_a_file_and_without_runs_can_be_removed(
    tmp_path: Path, here: Here
) -> None:
    """What the message advises is possible, though only its schedules are known."""
    main, _place = companies(tmp_path)
    own = with_schedule(here, tmp_path, "beta")
    with Worker(main, here) as worker:
        worker.look()
    own.unlink()
    with Door(load_main(main)) as door:
        assert without_files(door) == ["beta"]
        door.remove("beta")
        assert without_files(door) == []


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


def test_what_a_worker_has_gone_on_with_needs_nobody_yet(
    world: World, here: Here, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it fetches anew, and before that: nobody knows how it ends; it may pass by itself."""
    world.in_clinic()
    scheduled(world, NIGHTLY, more=NOTIFY)
    away, heard = True, []

    def answer(_hook: str, _values: Mapping[str, Value]) -> None:
        if away:
            raise UnavailableError("away", code="timeout", where="clinic")
        heard.append(tell(here, post))

    world.clinic.trouble = answer
    with working(here) as worker:
        here.wall.moment = NOON + HOUR
        worker.look()
        assert [job.state for job in schedules.jobs(world, here.wall)] == ["waiting"]
        away = False
        begin = Fetching.fetch

        def fetch(*args: Any, **more: Any) -> Run:
            heard.append(tell(here, post))
            return begin(*args, **more)

        monkeypatch.setattr(Fetching, "fetch", fetch)
        here.wall.moment += 10 * schedules.MINUTE
        worker.look()
    assert [job.state for job in schedules.jobs(world, here.wall)] == ["done"]
    assert len(heard) > 1
    assert set(map(str, heard)) == {"([], [])"}


def test_a_run_that_a_person_begins_in_place_of_one_that_waits_is_none_that_was_missed(
    world: World, here: Here, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They wait for it, and see what comes of it; meanwhile nobody else is told either."""
    scheduled(world, NIGHTLY, more=NOTIFY)

    def busy(*_args: object, **_more: object) -> Run:
        raise BusyError("busy")

    with working(here) as worker:
        with monkeypatch.context() as patch:
            patch.setattr(Fetching, "fetch", busy)
            here.wall.moment = NOON + HOUR
            worker.look()
        here.wall.moment += schedules.MINUTE
        with opened(world, here.wall, "keiko") as runs:
            runs._store.ask("nightly", here.wall.now())
        assert tell(here, post) == ([], [])


def test_each_scheduled_run_gives_a_sign_of_life(
    world: World, here: Here, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it ended, once, whichever worker gives it; what cannot be reached changes nothing."""
    world.in_clinic()
    scheduled(world, LOOK, more=NOTIFY)
    with receiver(lambda _path: 200) as (host, asked), working(here) as worker:
        monkeypatch.setenv("BEAT", f"http://{host}/beat")
        here.wall.moment = NOON + 2 * HOUR
        worker.look()
        assert asked == []
        tell_all(here)
        tell_all(here)
        assert asked == ["/beat"]
        monkeypatch.setenv("BEAT", "http://127.0.0.1:1/")
        here.wall.moment += 24 * HOUR
        worker.look()
        tell_all(here)
    assert [job.state for job in schedules.jobs(world, here.wall)] == ["done", "done"]


def test_each_of_two_runs_at_once_is_told_and_gives_a_sign_of_life(
    world: World, here: Here, post: Post, chored: Chores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are done before anybody tells of them; each is told once."""
    two_differ(world)
    notify = NOTIFY.replace("env:HOOK'", "env:HOOK', done: true")
    scheduled(world, CHANGED, HIRES.replace("14", "13"), more=notify)
    with receiver(lambda _path: 200) as (host, asked), working(here) as worker:
        monkeypatch.setenv("BEAT", f"http://{host}/beat")
        look_at(here, worker, 1)
        for _ in range(2):
            chored._tell()
        assert asked == ["/beat", "/beat"]
    done = [each["run"] for each in post.taken() if each["event"] == "done"]
    assert done == ["1", "2"]


def test_a_run_that_ends_after_a_later_one_is_told(world: World, here: Here, post: Post) -> None:
    """It was stopped, and somebody has gone on with it."""
    two_differ(world)
    closed = ClosedError("closed", opens=NOON + 14 * HOUR)
    world.rosta.trouble = Fault("update_employee", closed, at=None)
    notify = NOTIFY.replace("env:HOOK'", "env:HOOK', done: true, on: []")
    scheduled(world, CHANGED, HIRES, more=notify)

    def done() -> list[str]:
        with opened(world, here.wall) as runs:
            Telling(config=runs.config, store=runs._store, clock=runs.clock, post=post).tell()
        return [each["run"] for each in post.taken() if each["event"] == "done"]

    with working(here) as worker:
        look_at(here, worker, 1)
        look_at(here, worker, 2)
        assert done() == ["2"]
        world.rosta.trouble = lambda _hook, _values: None
        with opened(world, here.wall) as runs:
            runs.sync("1")
    assert done() == ["1"]
    assert done() == []


def test_what_is_done_beside_keeps_no_worker_waiting(
    world: World, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver that hangs holds one of several threads, what fails ends none, and all stop."""
    seen: list[bool] = []
    hangs = threading.Event()

    def slow(_self: object, *, attended: bool = False, anyway: bool = False) -> None:
        seen.append(anyway)
        hangs.wait(10)
        raise RuntimeError("秘密")

    monkeypatch.setattr("renkei.runs.Runs.tell", slow)
    world.in_clinic()
    scheduled(world, LOOK, more=NOTIFY)
    with working(here) as worker:
        worker.chores.start()
        for day in (0, 1):
            here.wall.moment = NOON + (24 * day + 2) * HOUR
            worker.look()
            worker.chores.wake()
            until(lambda wanted=day + 1: len(seen) == wanted)  # type: ignore[misc]
        assert seen == [True, True]
        hangs.set()
        worker.chores.stop()
    assert not any(each.is_alive() for each in worker.chores._threads)


def test_a_worker_tells_what_is_gathered_though_nothing_was_missed(
    world: World, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each hour, as what a job found within the hour after a message would wait for the next."""
    gathered = threading.Event()
    monkeypatch.setattr(chores, "LOOK_S", 0.01)
    monkeypatch.setattr(chores, "GATHERED", dt.timedelta(0))
    monkeypatch.setattr(Chores, "_gather", lambda _self: gathered.set())
    scheduled(world, LOOK)
    with working(here) as worker:
        thread = threading.Thread(target=worker.run)
        thread.start()
        in_time = gathered.wait(10)
        worker.stop()
        thread.join()
    assert in_time


def test_whoever_takes_up_telling_is_the_only_one(world: World, here: Here) -> None:
    """Of many workers that see the end of a job at the same time."""
    world.in_clinic()
    scheduled(world, LOOK)
    with working(here) as worker:
        here.wall.moment = NOON + 2 * HOUR
        worker.look()
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _each: ended(here), range(8)))
    assert sum(map(len, found)) == 1


def test_what_is_old_goes_once_a_day_whichever_worker_sees_to_it(
    world: World, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a company of which nothing runs, too; the dashboard lets go of what it knows of it."""
    world.in_clinic()
    scheduled(world, LOOK, more="retention: {values: 30d}\n")
    with opened(world, here.wall) as runs:
        runs.fetch("clinic", "rosta")
    monkeypatch.setattr(chores, "clock_for_all", lambda _main: here.wall)
    monkeypatch.setattr("renkei.runs.ground.clock_for", lambda _config: (here.wall, None))
    here.wall.moment += 31 * 24 * HOUR
    gone: list[str] = []
    path = world.folder / "renkei.yaml"
    those = [Chores(path, lambda runs: gone.append(runs.config.company.name)) for _each in range(3)]
    for each in those:
        retention._looked.clear()  # as if each were a process of its own
        each._let_go()
        each._let_go()
    assert gone == [""]
    with opened(world, here.wall) as runs:
        assert runs.run("1").purged


def test_a_clock_that_was_set_goes_on_and_no_file_is_read_again_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chores are looked at after each job: of a thousand companies each look would read all."""
    main, place = companies(tmp_path)
    Companies(place).close()
    monkeypatch.setenv("RENKEI_NOW", "2026-04-01T12:00:00+09:00")
    read: list[str | None] = []

    def counted(path: Path, name: str | None) -> Config:
        read.append(name)
        return load_config(path, name)

    monkeypatch.setattr("renkei.config.clock.load_config", counted)
    each = Chores(main)
    for _look in range(3):
        for chore in (each._tell, each._remind, each._keep):
            chore()
    assert sorted(filter(None, read)) == load_main(main).names()


def ended(here: Here) -> list[Job]:
    """Take up to tell of what has ended."""
    with closing(Companies(here.world.at)) as store:
        company = store.first_untold()
        return [] if company is None else store.take_up_telling([company], here.wall.now())


def tell_all(here: Here) -> None:
    """Tell of all that has ended, as one of several workers."""
    Chores(here.world.folder / "renkei.yaml")._tell()


def until(wanted: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not wanted() and time.monotonic() < end:
        time.sleep(0.01)
    assert wanted()
