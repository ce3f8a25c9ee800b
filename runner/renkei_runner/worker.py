"""renkei worker: keeps all schedules, until it is stopped."""

from __future__ import annotations

import datetime as dt
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType
from typing import TYPE_CHECKING

import click

from renkei.errors import UsageError
from renkei.words.i18n import N_, _, ngettext
from renkei_runner.app import LOG, OIDC_SECRET, App
from renkei_runner.cli import command, option
from renkei_runner.output import say, say_at_once
from renkei_runner.signals import ended_by

if TYPE_CHECKING:
    from pathlib import Path

    from renkei.cluster.dispatcher import Cluster
    from renkei.schedule.dispatcher import Dispatcher, Processes
    from renkei.schedule.job import Claim
    from renkei.worker import Worker

AT_ONCE = 4

CONCURRENCY = option(
    "--concurrency", type=click.IntRange(1, 64), default=AT_ONCE, show_default=True, metavar="N",
    help=N_("So many jobs at a time, in processes beside this one."),
)  # fmt: skip


CLUSTER = option(
    "--cluster", is_flag=True,
    help=N_("Share the jobs with workers on other computers, through the store on PostgreSQL."),
)  # fmt: skip


@command("worker", help=N_("Keep the schedules of all companies, until it is stopped."))
@CONCURRENCY
@CLUSTER
@option("--metrics", metavar="HOST:PORT",
        help=N_("Also give figures to a monitor on this computer, at /metrics."))  # fmt: skip
@click.pass_obj
def worker(app: App, concurrency: int, cluster: bool, metrics: str | None) -> int:
    from renkei.database.server import keep_connections
    from renkei.logs import configure_logging

    if app.given_company is not None:
        raise UsageError(_("A worker keeps the schedules of all companies."), code="company")
    configure_logging(json=app.json, level="debug" if app.debug else "info")
    keep_connections()
    if cluster:
        with make_cluster(app, concurrency) as jobs:
            return _keep(app, make_worker(app, jobs), concurrency, metrics, jobs)
    made = make_worker(app, make_processes(app, concurrency))
    return _keep(app, made, concurrency, metrics)


def _keep(
    app: App, made: Worker, concurrency: int, metrics: str | None, cluster: Cluster | None = None
) -> int:
    def stop(_number: int, _frame: FrameType | None) -> None:
        made.stop()
        if not app.json:
            say_at_once(_("Stopping: each job ends after the employee in hand."))

    # They need each other: the worker starts jobs through the cluster, and the cluster stops the
    # worker once another version has taken the queue (F102).
    if cluster is not None:
        cluster.give_up = made.stop
    with ended_by(stop), made, _scraped(made.path, metrics):
        text = ngettext(
            "Keeping the schedules of {path}, {count} job at a time.",
            "Keeping the schedules of {path}, {count} jobs at a time.",
            concurrency,
        )
        if not app.json:
            say(text.format(path=made.path, count=concurrency))
            sys.stdout.flush()
        made.run()
    if cluster is not None and cluster.refused is not None:
        raise cluster.refused
    return 0


def _scraped(path: Path, address: str | None) -> AbstractContextManager[object]:
    """Answer monitors at *address* if there is one."""
    if address is None:
        return nullcontext()
    from renkei_runner.scrapes import scraped

    return scraped(path, address)


@contextmanager
def kept_beside(app: App) -> Iterator[None]:
    """Keep the schedules in a thread while the block does something else; then let jobs end."""
    with make_worker(app, make_processes(app, AT_ONCE)) as made:
        thread = threading.Thread(target=made.run, name="worker", daemon=True)
        thread.start()
        try:
            yield
        finally:
            made.stop()
            thread.join()


def make_worker(app: App, dispatcher: Dispatcher) -> Worker:
    """Return what keeps the schedules of the configuration in use; its mistakes are told now."""
    from renkei.config import load_main
    from renkei.worker import Worker
    from renkei_runner import dashboard
    from renkei_runner.progress import Logged, Progress

    path = app.config_file.absolute()
    load_main(path)
    observer = (Logged if app.json else Progress)(live=False)
    return Worker(path, dispatcher, who=app.who, observer=observer, lets_go=dashboard.lets_go)


def make_processes(app: App, concurrency: int) -> Processes:
    """Return what does jobs on this machine, up to *concurrency* at a time."""
    from renkei.schedule.dispatcher import Processes

    path = app.config_file.absolute()

    def words(claim: Claim) -> Sequence[str]:
        return job_command(path, claim)

    return Processes(command=words, most=concurrency, environment=_environment(json=app.json))


def make_cluster(app: App, concurrency: int) -> Cluster:
    """Return what shares jobs with other workers of the store, *concurrency* at a time here."""
    from renkei.cluster.dispatcher import Cluster
    from renkei_runner.forks import Command, Forks

    path = app.config_file.absolute()
    address = cluster_address(path)
    forks = Forks(path, _environment(json=app.json))

    def launch(claim: Claim) -> Command:
        return forks.launch(job_words(path, claim))

    return Cluster(address, launch, concurrency, rest=forks.rest)


def cluster_address(path: Path) -> str:
    """Return where the store of a cluster is; UsageError if not all of its computers reach it."""
    from renkei.cluster.place import require_library
    from renkei.config import load_main
    from renkei.config.store import store_at
    from renkei.place import is_server

    address = store_at(load_main(path).store, path.parent)
    if not is_server(address):
        message = _(
            "A cluster needs a store that all its computers reach: a PostgreSQL database. Move the"
            " store there with `renkei store copy`, or leave --cluster out."
        )
        raise UsageError(message, code="cluster")
    require_library()
    return address


def job_command(path: Path, claim: Claim) -> list[str]:
    """Return the command that does a job, as a process that begins from nothing."""
    # -P: nothing is imported from the folder that this process happens to be in
    return [sys.executable, "-P", "-m", "renkei_runner", *job_words(path, claim)]


def job_words(path: Path, claim: Claim) -> list[str]:
    """Return the words that do a job: what `renkei schedule run` does for a person, too."""
    command = ["--config", str(path)]
    if claim.company:
        command += ["--company", claim.company]
    name = f"schedule {claim.schedule}"
    command += ["--output", "json", "--as", name, "schedule", "run", claim.schedule]
    return [*command, "--job", str(claim)]


def _environment(*, json: bool) -> Callable[[], Mapping[str, str]]:
    """
    Return what a job finds: the company, the name and the secrets of the worker are not its own.

    Where RENKEI_NOW sets the time, it is by then what the worker's clock has got to.
    """
    left_out = ("RENKEI_COMPANY", "RENKEI_WHO", OIDC_SECRET)
    mine = {name: text for name, text in os.environ.items() if name not in left_out}
    if json:
        mine[LOG] = "json"
    begun, start = time.monotonic(), mine.get("RENKEI_NOW")

    def environment() -> Mapping[str, str]:
        if not start:
            return mine
        passed = dt.timedelta(seconds=time.monotonic() - begun)
        return {**mine, "RENKEI_NOW": (dt.datetime.fromisoformat(start) + passed).isoformat()}

    return environment
