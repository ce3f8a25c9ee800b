"""
The doctor: whether an installation is in order, over all of its companies; no system is asked.

What a run or a connection finds out belongs to ``renkei check``, of which the doctor makes use when
it is to ask the systems, too. Nothing is migrated, made or corrected.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import sqlite3
import stat
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from attrs import define, field, frozen

from renkei import retention
from renkei.alerts import telling
from renkei.clock import Clock
from renkei.companies import Companies
from renkei.config.checks import path_of
from renkei.config.clock import clock_for_all
from renkei.config.load import load_config
from renkei.config.main import Main
from renkei.config.records import Config
from renkei.config.secrets import files_in
from renkei.config.store import store_at
from renkei.errors import NoStoreError, RenkeiError
from renkei.place import shown
from renkei.runs import Checked, Runs
from renkei.schedule.job import Job
from renkei.store.companies import Companies as Store
from renkei.store.schema import HEAD, ROOM, room, seen_beside, standing
from renkei.store.workers import WorkerSign
from renkei.words.i18n import _, ngettext

Subject = Literal[
    "versions",
    "configuration",
    "store",
    "dashboard",
    "disk",
    "clock",
    "schedules",
    "queue",
    "tokens",
    "retention",
    "messages",
    "companies",
    "systems",
]

Level = Literal["ok", "note", "warning", "problem"]
"""As those of a check: *warning* and *problem* need a look."""

CLOCK_OFF_S = 5.0
"""This many seconds off a database server, leases of two computers are judged wrongly."""

SPARE = 500_000_000
"""Bytes of room that a disk should have beside those that a copy of the store needs."""


LONG_IN_LINE = dt.timedelta(minutes=30)
"""After this long a job that is in line tells that the workers have no room."""


@frozen
class Sign:
    """
    One thing that the doctor has looked at; *code* is stable, *message* is for people.

    *figures* are numbers about it, which tell of nobody: they alone leave the house with the code.
    """

    subject: Subject
    level: Level
    code: str
    message: str
    company: str = ""
    figures: Mapping[str, int | float] = field(factory=dict)

    @property
    def needs_a_look(self) -> bool:
        """Whether somebody should do something about it."""
        return self.level in ("warning", "problem")


def subject_text(subject: Subject) -> str:
    """Return what people call a subject."""
    texts: dict[Subject, str] = {
        "versions": _("versions"),
        "configuration": _("configuration"),
        "store": _("report store"),
        "dashboard": _("dashboard"),
        "disk": _("disk"),
        "clock": _("clock"),
        "schedules": _("schedules"),
        "queue": _("jobs in line"),
        "tokens": _("files with secrets"),
        "retention": _("retention"),
        "messages": _("messages"),
        "companies": _("companies"),
        "systems": _("systems"),
    }
    return texts[subject]


@define
class Doctor:
    """Looks at the installation of one main file."""

    main: Main
    asks: bool = False
    """Whether the systems are asked, too."""
    clock: Clock = field(init=False)
    configs: dict[str, Config] = field(init=False, factory=dict)
    """Those that can be read, by company."""
    _behind: bool = field(init=False, default=False)
    """Whether the store is of an older renkei."""

    def __attrs_post_init__(self) -> None:
        self.clock = clock_for_all(self.main)

    def look(self) -> Iterator[Sign]:
        """Yield what can be told without asking anybody, and what the systems have to say."""
        yield _versions()
        yield from self._configuration()
        yield from self._store()
        yield from self._tokens()
        yield from self._messages()
        if self.asks and not self._behind:  # a check would bring the store up to date
            yield from self._systems()

    # --- inside -----------------------------------------------------------------------------

    def _systems(self) -> Iterator[Sign]:
        """Yield what ``renkei check`` finds wrong with each company."""
        for name, config in self.configs.items():
            with Runs(config) as runs:
                found = runs.check()
            wrong: list[Sign] = []
            for each in found:
                wrong += _wrong_with(each, name)
            yield from wrong
            if not wrong:
                text = _("Everything was tried; nothing is wrong.")
                yield Sign("systems", "ok", "checked", text, company=name)

    def _configuration(self) -> Iterator[Sign]:
        names = self.main.names() if self.main.folder else [""]
        for name in names:
            try:
                self.configs[name] = load_config(self.main.path, name or None)
            except RenkeiError as error:
                yield Sign("configuration", "problem", error.code, error.message, company=name)
        files = {self.main.path, *(config.path for config in self.configs.values())}
        for path in sorted(files):
            if _mode(path) & 0o022:
                text = _("{path} can be changed by others. Run: chmod go-w {path}")
                yield Sign("configuration", "warning", "writable", text.format(path=path))
        for path in self.main.strangers():
            text = _("{path} is of no company: a name has small letters, digits, “-” and “_” only.")
            yield Sign("configuration", "warning", "stranger", text.format(path=path))
        count = len(self.configs)
        text = _("Companies whose files can be read: {count}.").format(count=count)
        if self.main.folder is None:
            text = _("{path} can be read.").format(path=self.main.path)
        if count:
            yield Sign(
                "configuration", "ok", "read", text, figures={"read": count, "names": len(names)}
            )

    def _store(self) -> Iterator[Sign]:
        """Yield how the store is, and what it tells of everything else."""
        try:
            place = store_at(self.main.store, self.main.path.parent)
            seen = seen_beside(place, self.main.path)
            try:
                found = standing(place)
            except NoStoreError as error:
                if seen.exists():  # this computer has worked with it before
                    yield _problem("store", "store_gone", error)
                else:
                    text = _("There is none yet; the first fetch makes it.")
                    yield Sign("store", "note", "no_store", text)
                    yield from self._workers(0, [])
                return
            # Opening it would bring it up to date, which a doctor leaves to a person.
            if found != HEAD:
                self._behind = True
                yield _older(found)
                return
            store = Store(place, create=False, seen=seen)
        except RenkeiError as error:
            yield _problem("store", error.code, error)
            return
        try:
            yield from self._kept(store, place)
        except RenkeiError as error:
            yield _problem("store", error.code, error)
        finally:
            store.close()

    def _kept(self, store: Store, place: str) -> Iterator[Sign]:
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
            text.format(place=shown(place), size=_mb(size), runs=totals.rows["runs"], head=HEAD),
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
        yield from self._workers(paused, workers)
        jobs = store.open_jobs()
        yield self._line(jobs, has_worker=any(each.alive for each in workers))
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

    def _workers(self, paused: int, workers: Sequence[WorkerSign]) -> Iterator[Sign]:
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
        others = sorted({each.version for each in alive if each.version != mine})
        if others:
            text = _("A worker is of another version ({version}) than this command ({mine}).")
            shown_ = _(", ").join(others)
            yield Sign(
                "schedules", "warning", "worker_version", text.format(version=shown_, mine=mine)
            )

    def _line(self, jobs: Sequence[Job], *, has_worker: bool) -> Sign:
        """Return how many jobs are in line, and whether anybody does them."""
        states = Counter[str](job.state for job in jobs)
        now = self.clock.now()
        in_line_since = [job.started_at for job in jobs if job.state == "queued"]
        since = min(in_line_since, default=now)
        figures = {state: states[state] for state in ("queued", "running", "waiting")}
        figures["oldest_s"] = max(0, round((now - since).total_seconds()))
        asked = sum(job.errand is not None for job in jobs)
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

    def _messages(self) -> Iterator[Sign]:
        count, problems = 0, False
        for company, audience in self._audiences():
            for finding in telling.findings_of([audience]):
                if finding.level == "ok":
                    count += 1
                elif finding.level in ("warning", "problem"):
                    problems = True
                    yield Sign(
                        "messages", finding.level, "not_told", finding.message, company=company
                    )
        text = _("Receivers of messages, over all companies: {count}.").format(count=count)
        if not count and not problems:
            text = _("Nobody is told when something needs a person; see `notify:`.")
        yield Sign("messages", "note", "told", text, figures={"receivers": count})

    def _audiences(self) -> Iterator[tuple[str, telling.Audience]]:
        """Yield who is told of a company, and once who is told of all."""
        if self.main.folder is not None and self.main.notify.to:
            yield "", telling.audience_of_all(self.main)
        for name, config in self.configs.items():
            for each in telling.audiences(config):
                if not each.of_all:
                    yield name, each

    def _tokens(self) -> Iterator[Sign]:
        """Yield how the files are that hold secrets: their modes and ages, not what is in them."""
        oldest, count = 0.0, 0
        for path, company in self._secret_files():
            count += 1
            try:
                found = path.stat()
            except OSError as problem:
                text = _("{path} cannot be read: {why}.")
                yield Sign(
                    "tokens",
                    "problem",
                    "no_file",
                    text.format(path=path, why=problem.strerror),
                    company=company,
                )
                continue
            oldest = max(oldest, time.time() - found.st_mtime)
            if found.st_mode & 0o077:
                text = _("{path} can be read by others. Run: chmod 600 {path}")
                yield Sign(
                    "tokens",
                    "problem",
                    "readable",
                    text.format(path=path),
                    company=company,
                    figures={"mode": stat.S_IMODE(found.st_mode)},
                )
        days = round(oldest / 86_400)
        text = ngettext(
            "Files with secrets: {count}; the oldest was written {days} day ago.",
            "Files with secrets: {count}; the oldest was written {days} days ago.",
            days,
        )
        if not count:
            text = _("No secret is kept in a file.")
        yield Sign(
            "tokens",
            "note",
            "files",
            text.format(count=count, days=days),
            figures={"files": count, "oldest_days": days},
        )

    def _secret_files(self) -> Iterator[tuple[Path, str]]:
        """Yield each file with a secret once, and the first company that names it."""
        trees = [(self.main.document.data, self.main.path.parent, "")]
        if self.main.folder is not None:
            trees += [(each.document.data, each.base, name) for name, each in self.configs.items()]
        known: set[Path] = set()
        for data, base, company in trees:
            for name in files_in(data):
                path = path_of(name, base)
                if path not in known:
                    known.add(path)
                    yield path, company


def _wrong_with(checked: Checked, company: str) -> Iterator[Sign]:
    """Yield what ``renkei check`` has found wrong with one of its subjects."""
    code = checked.error.code if checked.error else "checked"
    for finding in checked.findings:
        if finding.level in ("warning", "problem"):
            text = f"{checked.subject}: {finding.message}"
            yield Sign("systems", finding.level, code, text, company=company)


def _older(found: str) -> Sign:
    """Return that the store is of an older renkei: its migration is *found*."""
    text = _(
        "It is of an older renkei: it is at {found}, this renkei at {head}. The next"
        " command copies it and brings it up to date."
    )
    return Sign("store", "warning", "migrations", text.format(found=found, head=HEAD))


def _versions() -> Sign:
    told = versions()
    text = _("renkei {renkei} on Python {python}, {system}.").format(**told)
    return Sign("versions", "note", "versions", text)


def versions() -> dict[str, str]:
    """Return what runs here: nothing of where."""
    return {
        "renkei": version("renkei"),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.machine()}",
        "migration": HEAD,
    }


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
        text.format(free=_mb(free)),
        figures={"free_bytes": free},
    )


def _problem(subject: Subject, code: str, error: RenkeiError) -> Sign:
    return Sign(subject, "problem", code, error.message)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _mb(count: int) -> str:
    return f"{count / 1_000_000:,.0f}" if count >= 10_000_000 else f"{count / 1_000_000:.1f}"


def needing(signs: Sequence[Sign]) -> list[Sign]:
    """Return those that somebody should look at."""
    return [each for each in signs if each.needs_a_look]
