"""What the store of an installation tells the doctor: of itself, and of the work that is done."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version

from attrs import frozen

from renkei import retention
from renkei.clock import Clock
from renkei.companies import Companies
from renkei.config.main import Main
from renkei.config.records import Config
from renkei.errors import RenkeiError
from renkei.operation.signs import Level, Sign, megabytes
from renkei.place import shown
from renkei.schedule.job import Job
from renkei.store.companies import Companies as Store
from renkei.store.schema import HEAD, ROOM, room
from renkei.store.workers import WorkerSign
from renkei.words.i18n import _, ngettext

CLOCK_OFF_S = 5.0
"""This many seconds off a database server, leases of two computers are judged wrongly."""

SPARE = 500_000_000
"""Bytes of room that a disk should have beside those that a copy of the store needs."""

LONG_IN_LINE = dt.timedelta(minutes=30)
"""After this long a job that is in line tells that the workers have no room."""


@frozen(kw_only=True)
class Stored:
    """
    Looks at an open store of the companies with these *configs*.

    *asks*: the systems are asked as well, so each of them tells how far its clock is off.
    """

    main: Main
    configs: Mapping[str, Config]
    clock: Clock
    asks: bool

    def look(self, store: Store, place: str) -> Iterator[Sign]:
        """Yield how *store* is, which is at *place*, and what it tells of everything else."""
        if store.is_older:
            text = _("It is older than what this computer has seen of it: a copy was put back.")
            yield Sign("store", "warning", "store_restored", text)
        if not store.is_whole():
            text = _("{place} is damaged or is not a file of renkei. Restore it from a backup.")
            yield Sign("store", "problem", "damaged", text.format(place=shown(place)))
            return
        store.try_writing()
        size, totals = store.size(), store.totals()
        text = ngettext(
            "{place} can be read and written: {size} MB, {runs} run; its migration is {head}.",
            "{place} can be read and written: {size} MB, {runs} runs; its migration is {head}.",
            totals.rows["runs"],
        )
        yield Sign(
            "store",
            "ok",
            "whole",
            text.format(
                place=shown(place), size=megabytes(size), runs=totals.rows["runs"], head=HEAD
            ),
            figures={"bytes": size, **totals.rows},
        )
        yield from _disk(place, size)
        yield from self._clock(store)
        yield from self._schedules(store, totals.paused)
        yield from self._retention(store)
        yield from self._companies()

    def _clock(self, store: Store) -> Iterator[Sign]:
        times = store.server_time()
        if os.environ.get("RENKEI_NOW"):
            text = _("RENKEI_NOW is set: for systems on this computer it is another time.")
            yield Sign("clock", "note", "now", text)
        if times is None and self.asks:
            return  # the check of each connection compares it
        if times is None:
            text = _("Nothing was asked for the time: neither a database server nor the systems.")
            yield Sign("clock", "note", "not_compared", text)
            return
        off = (times[1] - times[0]).total_seconds()
        bad = abs(off) > CLOCK_OFF_S
        text = _("It is {seconds} seconds off that of the database server.")
        yield Sign(
            "clock",
            "warning" if bad else "ok",
            "clock_off" if bad else "clock",
            text.format(seconds=f"{off:+.1f}"),
            figures={"seconds": round(off, 1)},
        )

    def _schedules(self, store: Store, paused: int) -> Iterator[Sign]:
        workers = store.workers()
        yield from self.workers(paused, workers)
        jobs = store.open_jobs()
        has_worker = any(each.alive for each in workers)
        yield self._line(jobs, has_worker=has_worker)
        yield from self._hanging(jobs)
        for missed in store.missed(self.clock.now()):
            text = _("The last run of {schedule} did not take place, or sent nothing.")
            yield Sign(
                "schedules",
                "warning",
                "missed",
                text.format(schedule=missed.schedule),
                company=missed.company,
            )

    def workers(self, paused: int, workers: Sequence[WorkerSign]) -> Iterator[Sign]:
        """Yield whether any of the *workers* keeps the schedules that are not *paused*."""
        count = sum(len(config.schedules) for config in self.configs.values())
        alive = [each for each in workers if each.alive]
        figures = {"schedules": count, "paused": paused, "workers": len(alive)}
        if count > paused and not alive:  # those that are paused need none
            text = _("There are schedules ({count}), and no worker keeps them.").format(count=count)
            if workers:
                last = min(each.silent_s for each in workers)
                minutes = round(last / 60)
                more = ngettext(
                    "The last one was heard of {minutes} minute ago.",
                    "The last one was heard of {minutes} minutes ago.",
                    minutes,
                )
                text += " " + more.format(minutes=minutes)
                figures["silent_s"] = round(last)
            yield Sign("schedules", "warning", "no_worker", text, figures=figures)
        else:
            text = _("Schedules: {count}, {paused} of them paused; workers: {workers}.")
            yield Sign(
                "schedules",
                "ok" if count else "note",
                "kept",
                text.format(count=count, paused=paused, workers=len(alive)),
                figures=figures,
            )
        mine = version("renkei")
        others = {each.version for each in alive} - {mine}
        if others:
            text = _("A worker is of another version ({version}) than this command ({mine}).")
            shown_ = _(", ").join(sorted(others))
            yield Sign(
                "schedules", "warning", "worker_version", text.format(version=shown_, mine=mine)
            )

    def _line(self, jobs: Sequence[Job], *, has_worker: bool) -> Sign:
        """Return how many jobs are in line, and whether anybody does them."""
        states: Counter[str] = Counter()
        asked = 0
        now = since = self.clock.now()
        for job in jobs:
            states[job.state] += 1
            if job.state == "queued":
                since = min(since, job.started_at)
            if job.errand is not None:
                asked += 1
        figures = {state: states[state] for state in ("queued", "running", "waiting")}
        figures["oldest_s"] = max(0, round((now - since).total_seconds()))
        if asked and not has_worker:
            text = _("People have asked for something ({count}), and no worker is there to do it.")
            return Sign("queue", "warning", "no_worker", text.format(count=asked), figures=figures)
        if has_worker and now - since > LONG_IN_LINE:
            text = _(
                "A job has been in line for {minutes} minutes: the workers have no room. Start more"
                " of them, or let each do more at a time."
            )
            told = text.format(minutes=round(figures["oldest_s"] / 60))
            return Sign("queue", "warning", "queue_long", told, figures=figures)
        text = _("Jobs in line: {queued}, at work: {running}, waiting for a time: {waiting}.")
        return Sign("queue", "ok", "queue", text.format(**figures), figures=figures)

    def _hanging(self, jobs: Sequence[Job]) -> Iterator[Sign]:
        now = self.clock.now()
        for job in jobs:
            if job.hangs(now):
                hours = round((now - job.started_at).total_seconds() / 3600)
                text = _(
                    "{schedule} has been at work for {hours} hours, and keeps later runs of it"
                    " from beginning. Its process hangs, most likely: end it."
                )
                told = text.format(schedule=job.claim.schedule, hours=hours)
                figures = {"hours": hours}
                company = job.claim.company
                yield Sign("queue", "warning", "job_hangs", told, company, figures)

    def _retention(self, store: Store) -> Iterator[Sign]:
        last = store.retained_by(list(self.configs))
        today = self.clock.today()
        ruled = late = 0
        for name, config in self.configs.items():
            if config.retention.values is None and config.retention.records is None:
                continue
            ruled += 1
            day = last[name]
            if day is not None and today - day > dt.timedelta(days=retention.LATE_DAYS):
                late += 1
                text = _("Nothing was looked through for older runs since {day}.")
                yield Sign(
                    "retention",
                    "warning",
                    "retention_late",
                    text.format(day=day),
                    company=name,
                    figures={"days": (today - day).days},
                )
        text = _("Companies whose old runs go by themselves: {count} of {all}.")
        yield Sign(
            "retention",
            "note",
            "retention",
            text.format(count=ruled, all=len(self.configs)),
            figures={"ruled": ruled, "late": late, "all": len(self.configs)},
        )

    def _companies(self) -> Iterator[Sign]:
        with suppress(RenkeiError), Companies(self.main) as companies:
            listed = companies.listed()
            for each in listed:
                if each.gone and each.mistake:
                    name = each.company.name
                    yield Sign("companies", "problem", "file_gone", each.mistake, company=name)
            needing = [each for each in listed if each.needs]
            text = _("Companies that need a person: {count} of {all}.")
            yield Sign(
                "companies",
                "note",
                "needs",
                text.format(count=len(needing), all=len(listed)),
                figures={"needs": len(needing), "all": len(listed)},
            )


def _disk(place: str, size: int) -> Iterator[Sign]:
    free = room(place)
    if free is None:
        text = _("The store is on a server: its disk is looked at there.")
        yield Sign("disk", "note", "on_server", text)
        return
    level: Level = "ok"
    text = _("Free beside the store: {free} MB.")
    if free < size + SPARE:
        level = "warning"
        text = _("Free beside the store: {free} MB. A copy of it, or a purge, may not have room.")
    if free < ROOM:
        level = "problem"
    yield Sign(
        "disk",
        level,
        "room" if level == "ok" else "no_room",
        text.format(free=megabytes(free)),
        figures={"free_bytes": free},
    )
