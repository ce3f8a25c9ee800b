"""Schedules: when each is next, what became of the last, and what one does when it is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial

from attrs import evolve, frozen

from renkei.errors import BusyError, RenkeiError
from renkei.logs import log
from renkei.model import Run
from renkei.plan.refusals import refuse_paused
from renkei.runs.choosing import Choosing
from renkei.runs.fetching import Fetching
from renkei.runs.ground import Ground
from renkei.runs.looking import Looking
from renkei.runs.syncing import Syncing
from renkei.schedule.job import Claim, Job, Kept
from renkei.schedule.rule import Schedule
from renkei.schedule.times import Ahead, next_start
from renkei.scheduled import Costs, Scheduled, ahead_of, at_work, carry_on
from renkei.store.schedules import taken_by_another
from renkei.sync.course import Wanted
from renkei.words.i18n import _


@frozen(kw_only=True)
class Schedules:
    """Keeps schedules, and does what they want; see the door for what each method raises."""

    ground: Ground
    fetching: Fetching
    choosing: Choosing
    syncing: Syncing
    looking: Looking

    def all(self) -> list[Scheduled]:
        """Return every schedule of the company with what is known of it."""
        kept: Mapping[str, Kept] = {}
        last: Mapping[str, Job] = {}
        alone = True
        if self.ground.has_store():
            store = self.ground.store
            alone = not any(worker.alive for worker in store.workers())
            kept, last = store.kept_schedules(), store.last_jobs(self.ground.clock.now())
        found: list[Scheduled] = []
        for each in self.written():
            name = each.schedule.name
            known = evolve(each, kept=kept.get(name), last=last.get(name))
            found.append(self._with_next(known, alone=alone))
        return found

    def written(self) -> list[Scheduled]:
        """Return every schedule with what the file alone tells of it: whether it can run."""
        found: list[Scheduled] = []
        for index, each in enumerate(self.ground.config.schedules):
            mistake = self._mistake(index, each)
            found.append(Scheduled(schedule=each, mistake=mistake))
        return found

    def _mistake(self, index: int, schedule: Schedule) -> str | None:
        try:
            self.ground.pairings.between(schedule.from_, schedule.to)
        except RenkeiError as error:
            return str(self.ground.config.document.problem(("schedules", index), error.message))
        return None

    def _with_next(self, shown: Scheduled, *, alone: bool) -> Scheduled:
        company = self.ground.config.company
        if shown.mistake is not None or shown.paused_by or company.paused:
            return shown
        each, now = shown.schedule, self.ground.clock.now()
        kept = shown.kept
        since = kept.since if kept is not None and kept.holds(each.timing, now) else now
        next_at = next_start(each, company.name, now, since, self.ahead(each))
        return evolve(shown, next_at=next_at, alone=alone)

    def ahead(self, schedule: Schedule) -> Ahead:
        """Return what a run of *schedule* meets: closed hours, and how long the last one took."""
        systems, way = self.ground.systems, (schedule.from_, schedule.to)

        def costs() -> Costs:
            if not self.ground.has_store():
                return None, None
            return self.ground.store.usage(*way), self.ground.store.sync_usage(*way)

        return ahead_of(schedule, systems, costs)

    def jobs(self, limit: int, schedule: str | None) -> list[Job]:
        """Return what was begun of the schedules, or of one of them, newest first."""
        return self.ground.store.jobs(limit, schedule) if self.ground.has_store() else []

    def pause(self, name: str) -> None:
        """Let no run of a schedule begin any more."""
        schedule = self.ground.config.schedule(name)
        store = self.ground.open_store(create=True)
        # Not in the file: a browser may not write it, and nobody would know who it was.
        store.pause_schedule(name, schedule.timing, self.ground.clock.now())
        log.info("schedule_paused", kind=name)

    def resume(self, name: str) -> None:
        """Let the runs of a schedule begin again that are due from now on."""
        schedule = self.ground.config.schedule(name)
        if self.ground.has_store():
            self.ground.store.resume_schedule(name, schedule.timing, self.ground.clock.now())
            log.info("schedule_resumed", kind=name)

    def keep(self, name: str, claim: Claim | None) -> Run:
        """Do now what a schedule does when it is due, or go on with it; return its run."""
        config, clock = self.ground.config, self.ground.clock
        schedule = config.schedule(name)
        store = self.ground.open_store(create=True)
        by_hand = claim is None
        if claim is None:
            refuse_paused(config)  # first: else a job would be left that did nothing
            claim = store.ask(name, clock.now())
        job = store.take(claim)
        if job is None:
            raise taken_by_another(name)
        self.ground.ran.add("schedule")
        self.ground.act_for(None if by_hand else job.asked_by)
        beaten = self._beaten() if by_hand else nullcontext()  # else its worker gives the sign
        interrupt = self.ground.interrupt
        with beaten, at_work(store, job, clock, by_hand=by_hand, interrupt=interrupt) as work:
            # Inside the block, since that keeps how the job has ended.
            refuse_paused(config)
            if job.asked_by is None:
                _refuse_day(schedule, clock.now())
            run_id = carry_on(
                schedule,
                None if job.run is None else self.ground.run(job.run),
                fetch=partial(
                    self.fetching.fetch,
                    schedule.from_,
                    schedule.to,
                    leavers=schedule.leavers,
                    joiners=schedule.joiners,
                    claim=claim,
                ),
                choose=self.choosing.choose,
                sync=lambda key, choice: self.syncing.follow(key, Wanted(selection=choice)),
                chosen=store.selection,
                mine=lambda: store.still_at_job(job.claim),
            )
            with store.one_moment():
                run, left = self.ground.run(run_id), self.looking.left_for_you(run_id)
            work.finished(run, left=bool(left))
        return run

    @contextmanager
    def _beaten(self) -> Iterator[None]:
        """Give a sign of life to a monitor outside when the block ends, however it does."""
        config = self.ground.config
        try:
            yield
        finally:
            if config.notify.heartbeat or config.main.notify.heartbeat:
                from renkei.alerts.telling import beat

                beat(config)


def _refuse_day(schedule: Schedule, now: dt.datetime) -> None:
    """Raise on a day without runs: the job was in line over midnight."""
    if schedule.rests(now):
        message = _("The schedule {name} has no runs on this day of the month.")
        raise BusyError(message.format(name=schedule.name), code="rest_day")
