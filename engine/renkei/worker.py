"""The third door: keeps the schedules of all companies of a store, with nobody at the keyboard.

It only looks what is due, or what a person has asked for, and has it done: a job is a process of
its own, or whatever the dispatcher makes of it, and all that is remembered is in the store. Any
number of workers may look at one store, and each may be killed at any moment.
"""

from __future__ import annotations

import datetime as dt
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Self

from attrs import define, field

from renkei.chores import Chores
from renkei.clock import Clock
from renkei.config.clock import clock_for
from renkei.config.load import load_config, load_main
from renkei.config.main import Main
from renkei.config.records import Config
from renkei.config.store import store_at
from renkei.config.watched import Watched
from renkei.errors import RenkeiError
from renkei.logs import about, log
from renkei.observer import Observer
from renkei.people import ClosedHours
from renkei.runs import Runs
from renkei.schedule.dispatcher import Dispatcher
from renkei.schedule.foresight import Foresight, Named
from renkei.schedule.job import ABSENT, Claim, Job, Kept, State, account_of
from renkei.schedule.rule import Schedule
from renkei.schedule.times import LATE, Ahead, Due, passed
from renkei.scheduled import Costs, ahead_of, is_of_clock_ahead, wait_before
from renkei.store.companies import Companies as Store
from renkei.store.due import Name
from renkei.store.schema import seen_beside
from renkei.store.workers import SIGN_S
from renkei.systems import Systems

LOOK_S = 4.0
"""How often it is looked whether something is due or somebody has died, in seconds."""


PUT = dt.timedelta(seconds=2)
"""How long it may take until what a person has asked for is in the queue."""


Used = Callable[[], Mapping[Name, str]]
"""Returns which account each connection has used last."""


@define
class Worker:
    """
    Keeps the schedules of the configuration at *path*, of all companies or the only one.

    *who* it is, for what it notes itself; *clocks* gives each company the clock of its calendar.
    *lets_go* is called with the runs of a company of which something old has gone.
    """

    path: Path
    dispatcher: Dispatcher
    who: str | None = None
    observer: Observer = field(factory=Observer)
    clocks: Callable[[Config], Clock] = lambda config: clock_for(config)[0]
    lets_go: Callable[[Runs], object] = lambda _runs: None
    chores: Chores = field(init=False)
    _store: Store | None = field(default=None, init=False)
    _place: str = field(default="", init=False)
    _files: Watched = field(init=False)
    _foresight: Foresight = field(factory=Foresight, init=False)
    _clocks: dict[str, Clock] = field(factory=dict, init=False)
    _hours: dict[str, tuple[ClosedHours, ...]] = field(factory=dict, init=False)
    """The usual closed hours by connector: each is asked once, not for every company."""
    _in_line: list[Named] = field(factory=list, init=False)
    """The schedules that were due at the last look, and found no room, in their order."""
    _wrong: frozenset[str] | None = field(default=None, init=False)
    """The companies of which the store was told that their files have mistakes; None: not yet."""
    _missing: set[str] = field(factory=set, init=False)
    """The companies with schedules that had no file at the last look."""
    _absent: set[Name] = field(factory=set, init=False)
    """The schedules that were not in their file at the last look, as far as nobody has noted it."""
    _signed: float | None = field(default=None, init=False)
    """When the store was told last that this worker lives."""
    _stopped: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self.chores = Chores(self.path, self.lets_go)
        self._files = Watched(self.path, self._foresight.forget)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Let the jobs in hand come to a stop, and what is to be told be told."""
        try:
            self.dispatcher.stop()
            with suppress(RenkeiError):
                self._mind_ended()
                if self._store is not None:
                    self._store.forget_worker()
        finally:
            self.chores.stop()
            self._close()

    def stop(self) -> None:
        """Begin nothing more; safe in a signal handler."""
        self._stopped = True

    def run(self) -> None:
        """Look again and again, until it is stopped; the block around it ends the jobs in hand."""
        clock = Clock()
        self.chores.start()
        while not self._stopped:
            self.look()
            until = clock.monotonic() + LOOK_S
            while clock.monotonic() < until and not self._stopped:
                clock.sleep(0.2)

    def look(self) -> None:
        """Have done what is due now; whatever goes wrong is told, and looked at again later."""
        try:
            main = load_main(self.path)
            store = self._opened(main)
            self._give_sign(store)
            self._mind_ended()
            self._look(main, store)
        except RenkeiError as error:
            log.error("worker_cannot_look", code=error.code)
            self._close()
        except Exception as error:  # noqa: BLE001 - nothing but who stops it ends a worker
            # Its place, not what it says: that may hold a value.
            *_others, last = traceback.extract_tb(error.__traceback__)
            where = f"{Path(last.filename).name}:{last.lineno}"
            log.error("worker_failed", kind=type(error).__name__, method=where)
            self._close()

    # --- inside -----------------------------------------------------------------------------

    def _give_sign(self, store: Store) -> None:
        """Let the store have it, once a minute, that this worker lives."""
        now = Clock().monotonic()
        if self._signed is None or now - self._signed >= SIGN_S:
            store.note_worker(version("renkei"))
            self._signed = now

    def _look(self, main: Main, store: Store) -> None:
        names = main.names() if main.folder else [""]
        config_of = self._files.look(main, names)
        kept, at_work = store.all_kept(), store.open_jobs()
        used = cache(store.accounts_used)
        for job in at_work:
            if self._stopped:
                return
            claim = job.claim
            its_schedule = kept.get((claim.company, claim.schedule))
            self._take_up(main, store, config_of(claim.company), job, used, kept=its_schedule)
        busy = {(job.claim.company, job.claim.schedule): job for job in at_work}
        for config, schedule in self._in_turn(names, config_of):
            key = config.company.name, schedule.name
            if self._stopped:
                return
            with about(company=config.company.name):
                self._keep(store, config, schedule, kept.get(key), used, before=busy.get(key))
        self._note_absent(store, names, config_of, kept)
        if main.folder is not None:
            known = store.wrong_files() if self._wrong is None else self._wrong
            wrong = self._files.wrong.union(self._gone(main, names, kept, known))
            self._note_files(store, self.chores.clock_of_all(main).now(), wrong, known)

    def _in_turn(
        self, names: Sequence[str], config_of: Callable[[str], Config | None]
    ) -> Iterator[tuple[Config, Schedule]]:
        """Yield all schedules, those first that have found no room: the longest in line first."""
        # Else those with a name late in the alphabet never begin where more is due than is done.
        in_line, self._in_line = dict.fromkeys(self._in_line), []
        for name, called in in_line:
            for config, schedule in _schedules(config_of(name)):
                if schedule.name == called:
                    yield config, schedule
        for name in names:  # read one by one: the first run does not wait for a thousand files
            for config, schedule in _schedules(config_of(name)):
                if (name, schedule.name) not in in_line:
                    yield config, schedule

    def _gone(
        self, main: Main, names: Iterable[str], kept: Iterable[Name], known: Collection[str]
    ) -> set[str]:
        """
        Return the companies with schedules whose file somebody has deleted by hand.

        It was missing at the look before as well: who removes a company, or writes a file by
        deleting the old one, has come to the end by now. Of those that are *known* to have no good
        file that is not asked: a worker that starts has no look before.
        """
        with_schedules = {company for company, _schedule in kept}
        missing: set[str] = set()
        for name in with_schedules - {"", *names}:
            if not main.aside(name).exists():
                missing.add(name)
        gone = missing & self._missing.union(known)
        self._missing = missing
        return gone

    def _note_absent(
        self,
        store: Store,
        names: Iterable[str],
        config_of: Callable[[str], Config | None],
        kept: Mapping[Name, Kept],
    ) -> None:
        """
        Keep which schedules are no longer in their file: one that is put back counts anew.

        It was absent at the look before as well: somebody may just be writing the file.
        """
        can_tell = set(names) - self._files.wrong
        noted = {key for key, each in kept.items() if each.timing == ABSENT}
        absent = {
            (company, name)
            for company, name in kept.keys() - noted
            if company in can_tell and not _has(config_of(company), name)
        }
        for company, name in absent & self._absent:
            with suppress(RenkeiError):  # a file that is broken off may name no schedules at all
                if not _has(load_config(self.path, company or None), name):
                    store.note_absent((company, name))
        self._absent = absent

    def _note_files(
        self, store: Store, now: dt.datetime, wrong: frozenset[str], known: Collection[str]
    ) -> None:
        """Keep of which companies nothing runs for want of a file without mistakes: it is told."""
        if wrong != known:
            store.note_files(wrong, now)
            self.chores.gather()
        self._wrong = wrong

    def _keep(
        self,
        store: Store,
        config: Config,
        schedule: Schedule,
        kept: Kept | None,
        used: Used,
        *,
        before: Job | None,
    ) -> None:
        """Have a run of *schedule* begun if it is due, and the one *before* is over or hangs."""
        key, now = (config.company.name, schedule.name), self._clock(config).now()
        since = self._foresight.since(key, schedule, kept, now)
        if kept is None or (kept.timing, kept.since) != (schedule.timing, since):
            self._foresight.other_times(key, schedule, kept)
            store.count_from(key, schedule.timing, since)
            return
        hangs = before is not None and before.hangs(now)
        if before is not None and not hangs:
            return  # one run of a schedule at a time, those that wait included
        ahead = partial(self._what_is_ahead, config, schedule)
        due = self._foresight.due_now(key, schedule, kept, now, ahead)
        if due is None:
            return
        claim = Claim(*key, due.at)
        told = _only_told(due, config, hangs=hangs)
        account = account_of(key[0], schedule.to, used().get((key[0], schedule.to)))
        # Before it is claimed: another worker may have room for it.
        if told is None and not self.dispatcher.has_room(account):
            self._in_line.append(key)
            return
        count = partial(_count_passed, schedule, claim, kept.since)
        # Inserting the row is the claim: only one of all workers can.
        # docs/decisions/2026-11-29-schedules.md
        mine = store.claim(claim, now, count, told or "queued")
        if mine is None:
            return
        self._foresight.taken_up(key, due.at, now)
        if mine and told is None:
            self._start(store, claim, account, now)
        elif mine:
            log.warning("schedule_left_out", kind=schedule.name, reason=told)
            self.chores.wake()

    def _what_is_ahead(self, config: Config, schedule: Schedule) -> Ahead:
        """Return what a run meets: closed hours, and how long the last one took."""
        systems = Systems(config, self._clock(config), self.observer, hours=self._hours)
        way = schedule.from_, schedule.to

        def costs() -> Costs:
            with suppress(RenkeiError):  # a row that is damaged keeps no other schedule waiting
                return self._opened(config.main).last_costs(config.company.name, *way)
            return None, None

        with suppress(RenkeiError):  # what is wrong with a connection, the job will tell
            return ahead_of(schedule, systems, costs)
        return Ahead()

    def _take_up(
        self,
        main: Main,
        store: Store,
        config: Config | None,
        job: Job,
        used: Used,
        *,
        kept: Kept | None,
    ) -> None:
        """Have a job gone on with at which nobody is any more, if its time has come."""
        claim = job.claim
        clock = self._clock(config) if config else self.chores.clock_of_all(main)
        now = clock.now()
        wait = wait_before(claim.attempt + 1)  # one that keeps dying has to wait
        goes_on_at = job.next_at or min(job.started_at, now) + wait
        # What a clock that was ahead has let wait does not wait for ours to catch up.
        if not job.free or (goes_on_at > now and not is_of_clock_ahead(job, now)):
            return
        over = _how_over(config, kept, job, now)
        if over is not None:
            store.give_up(claim, now, over)
            self.chores.wake()
            return
        if config is not None and _rests(config, job, now):
            return
        goal = job.errand.target if job.errand else _goal(config, claim)
        if goal is None or self._is_on_its_way(job, now):
            return
        account = account_of(claim.company, goal, used().get((claim.company, goal)))
        if not self.dispatcher.has_room(account):
            return
        again = store.take_over(claim, now)
        if again is not None:
            self._start(store, again, account, now)

    def _is_on_its_way(self, job: Job, now: dt.datetime) -> bool:
        """Tell whether a job that nobody has begun is in the queue, or about to be put there."""
        return job.state == "queued" and (_is_new(job, now) or self.dispatcher.has(job.claim))

    def _start(self, store: Store, claim: Claim, account: str, now: dt.datetime) -> None:
        try:
            self.dispatcher.start(claim, account)
        except OSError as problem:
            log.error("job_not_started", kind=claim.schedule, reason=problem.strerror)
            store.let_wait(claim, "interrupted", now + wait_before(claim.attempt + 2))

    def _mind_ended(self) -> None:
        """Keep of jobs that have ended without a word that nobody is at them."""
        for claim in self.dispatcher.ended():
            self._foresight.ended((claim.company, claim.schedule))
            clock = self._clocks.get(claim.company) or Clock()
            again = clock.now() + wait_before(claim.attempt + 1)
            if self._store is not None:
                self._store.let_wait(claim, "interrupted", again)
            self.chores.wake()

    def _clock(self, config: Config) -> Clock:
        """Return the clock of a company: one for all the time, however often its file changes."""
        name = config.company.name
        if name not in self._clocks:
            self._clocks[name] = self.clocks(config)
        return self._clocks[name]

    def _opened(self, main: Main) -> Store:
        place = store_at(main.store, main.path.parent)
        if self._store is None or place != self._place:
            self._close()
            self._store = Store(place, seen=seen_beside(place, main.path), who=self.who)
            self._store.tell(self.observer)
            self._foresight.go_by(self._store.last_dues())
            self._signed = self._wrong = None  # another store may not know us, and what we read
            self._place = place
        return self._store

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


def _schedules(config: Config | None) -> Iterator[tuple[Config, Schedule]]:
    """Yield the schedules of a company, of which there are none while its file cannot be read."""
    if config is not None:
        for schedule in config.schedules:
            yield config, schedule


def _has(config: Config | None, schedule: str) -> bool:
    return any(each.name == schedule for _config, each in _schedules(config))


def _goal(config: Config | None, claim: Claim) -> str | None:
    """Return what the schedule of *claim* writes to; None while no run of it may begin."""
    if config is None or config.company.paused:
        return None
    for schedule in config.schedules:
        if schedule.name == claim.schedule:
            return schedule.to
    return None


def _only_told(due: Due, config: Config, *, hangs: bool) -> State | None:
    """Return as what a due time is told whose run does not begin; None: it does."""
    if due.missed or hangs:
        return "missed"
    return "skipped" if config.company.paused else None


def _how_over(config: Config | None, kept: Kept | None, job: Job, now: dt.datetime) -> State | None:
    """Return how a job ends at which nobody is, None: it is gone on with."""
    if job.stopped_by is not None:
        return "halted"
    is_paused = kept is not None and kept.paused_by is not None
    if is_paused and job.asked_by is None:  # what a person wants now is done all the same
        return "skipped"
    if now - job.started_at < LATE:
        return None
    on_hold = job.errand is None and config is not None and config.company.paused
    return "skipped" if on_hold else "failed"


def _rests(config: Config, job: Job, now: dt.datetime) -> bool:
    """Tell whether this is a day without runs of the schedule of a job that was due."""
    ours = [each for each in config.schedules if each.name == job.claim.schedule]
    return job.asked_by is None and any(each.rests(now) for each in ours)


def _is_new(job: Job, now: dt.datetime) -> bool:
    """Tell whether whoever has asked for a job may just be putting it into the queue."""
    return job.asked_by is not None and abs(now - job.started_at) < PUT


def _count_passed(
    schedule: Schedule, claim: Claim, since: dt.datetime, last: dt.datetime | None
) -> int:
    """Return how many due times have passed by since the *last* one that was taken up."""
    begin = since if last is None else max(since, last)
    return sum(1 for _due in passed(schedule, claim.company, begin, claim.due))
