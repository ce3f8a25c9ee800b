"""renkei schedule: runs at set times: list them, run one now, pause and resume."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click
from attrs import frozen

from renkei.errors import UsageError
from renkei.model import Run, Status
from renkei.schedule.job import Claim, Job
from renkei.schedule.words import job_text, timing_text, wants_text, why_text
from renkei.words.facts import moment_text
from renkei.words.i18n import N_, _
from renkei_runner.app import App
from renkei_runner.cli import argument, group, option
from renkei_runner.companies import each_company, named
from renkei_runner.documents import Document, document, moment
from renkei_runner.output import emit, next_steps, say, table, warn
from renkei_runner.screens import outcome_code, show_found, show_outcome
from renkei_runner.sync import stoppable, trouble_of

if TYPE_CHECKING:
    from renkei.config import Company
    from renkei.runs import Carried, Runs, Scheduled
    from renkei.schedule.errand import Errand


HISTORY = 20
"""How many runs of each schedule are in the document."""


@group("schedule", help=N_("List schedules, run one now, pause or resume one."))
def schedule() -> None:
    pass


@frozen
class Known:
    """A schedule of a *company*, with what was begun of it last, the newest first."""

    company: Company
    shown: Scheduled
    jobs: Sequence[Job]


@schedule.command(
    "list", help=N_("List every schedule: on or paused, the last run, the next; of NAME all runs.")
)
@argument("name", required=False)
@click.pass_obj
def list_(app: App, name: str | None) -> None:
    known: list[Known] = []
    for runs in each_company(app):
        known += _known(app, runs, name)
    found = _named(known, name)
    for each in found:
        if each.shown.mistake:
            warn(each.shown.mistake)
    if app.json:
        emit(document(schedules=list(map(_known_parts, found))))
        return
    if not found:
        say(_("There are no schedules. They stand under schedules: in the configuration."))
        return
    _show_listed(app, found, name)


def _named(known: Sequence[Known], name: str | None) -> list[Known]:
    """Return the schedules of that *name*, None: all; UsageError where there are others only."""
    found = [each for each in known if name in (None, each.shown.schedule.name)]
    if known and not found:
        # companies may have schedules of one name
        names = sorted({each.shown.schedule.name for each in known})
        message = _("There is no schedule {name}. There are: {names}.")
        text = message.format(name=name, names=_(", ").join(names))
        raise UsageError(text, code="schedule")
    return found


def _show_listed(app: App, found: Sequence[Known], name: str | None) -> None:
    """Print schedules and what can be done; with *name*, those of one name, all runs as well."""
    company = found[0].company.name
    of_all = not app.company and bool(company)
    _show_all(found, of_all=of_all)
    for each in found if name else ():
        _show_history(each)
    if any(each.shown.alone for each in found):
        warn(_("No worker keeps them: one has to be running."))
    words = "schedule", "run", found[0].shown.schedule.name
    run_now = named(app, company, *words) if of_all else app.command(*words)
    next_steps((run_now, _("run one now")), (app.command("worker"), _("keep all schedules")))


def _known(app: App, runs: Runs, name: str | None) -> Iterator[Known]:
    """Yield the schedules of a company, *name* with its history; without any, no store is asked."""
    if not runs.config.schedules:
        return
    for each in runs.schedules():
        wanted = app.json or each.schedule.name == name
        jobs = runs.jobs(HISTORY, each.schedule.name) if wanted else ()
        yield Known(runs.config.company, each, jobs)


def _known_parts(each: Known) -> Document:
    name = each.company.name
    of = {"company": name} if name else {}
    return of | _parts(each.shown, name) | {"history": list(map(_job, each.jobs))}


def _show_all(found: Sequence[Known], *, of_all: bool) -> None:
    """Print a line for each schedule; *of_all*: the company stands in front."""
    titles: tuple[str, ...] = (
        *(_("schedule"), _("when"), _("direction"), _("what it does"), _("status")),
        *(_("last run"), _("next run")),
    )
    if of_all:
        titles = (_("company"), *titles)
    rows: list[tuple[str, ...]] = []
    for each in found:
        row = _row(each.shown, each.company.name)
        rows.append((each.company.title, *row) if of_all else row)
    table(titles, rows)


def _show_history(each: Known) -> None:
    """Print what was begun of a schedule, the newest first."""
    whose = [each.company.title] if each.company.name else []
    name = " · ".join([*whose, each.shown.schedule.name])
    say("\n" + _("What was begun of {schedule}:").format(schedule=name))
    if not each.jobs:
        say(_("Nothing was begun yet."))
        return
    titles = _("Time"), _("Outcome"), _("Details"), _("Asked by"), _("Run")
    table(titles, map(_job_row, each.jobs))


def _job_row(job: Job) -> tuple[str, ...]:
    details = [why_text(job)]
    if job.passed:
        text = _("Due times before it that were missed: {count}")
        details.append(text.format(count=job.passed))
    if job.next_at:
        details.append(_("Goes on at {at}").format(at=moment_text(job.next_at)))
    shown = " ".join(filter(None, details))
    asked = job.asked_by or "-"
    return moment_text(job.started_at), job_text(job), shown, asked, job.run or "-"


@schedule.command("run", help=N_("Do now what the schedule NAME does when it is due."))
@argument("name")
@option("--job", "claim", hidden=True, help=N_("What a worker has taken up."))
@click.pass_obj
def run(app: App, name: str, claim: str | None) -> int:
    with app.runs(alone=claim is None) as runs:
        taken = _claim(app, name, claim)
        if taken is not None and taken.is_errand:
            _carry_out(runs, taken)
            return 0  # the outcome is in the store; the dashboard shows it
        schedule = runs.config.schedule(name)
        try:
            with stoppable(runs, is_job=taken is not None):
                found = runs.keep_schedule(name, taken)
        except BaseException:
            _remember(app, runs, name)
            raise
        if taken is not None:  # nobody reads what a worker's job prints
            return 0 if found.status is Status.READY else outcome_code(found)
        return _show(app, runs, found, synced=schedule.sync is not None)


@schedule.command("pause", help=N_("Let no run of the schedule NAME begin."))
@argument("name")
@click.pass_obj
def pause(app: App, name: str) -> None:
    with app.runs() as runs:
        runs.pause_schedule(name)
        found = _scheduled(runs, name)
    _said(app, found, _("The schedule {name} is paused. A run at work goes on to its end."))


@schedule.command("resume", help=N_("Let the runs of the schedule NAME begin again."))
@argument("name")
@click.pass_obj
def resume(app: App, name: str) -> None:
    with app.runs() as runs:
        runs.resume_schedule(name)
        found = _scheduled(runs, name)
    _said(app, found, _("The schedule {name} is on. What was due meanwhile is not made up for."))


def _scheduled(runs: Runs, name: str) -> Scheduled:
    """Return how the schedule of that name stands now."""
    (found,) = (each for each in runs.schedules() if each.schedule.name == name)
    return found


def _carry_out(runs: Runs, claim: Claim) -> None:
    """Do what a person has asked for in the dashboard, where its outcome is shown."""

    def keep(errand: Errand, carried: Carried) -> None:
        from renkei_runner import dashboard

        dashboard.carries(runs, errand, carried)

    with stoppable(runs, is_job=True):
        runs.carry_out(claim, keep)


def _said(app: App, found: Scheduled, text: str) -> None:
    if app.json:
        emit(document(**_parts(found, app.company)))
        return
    say(text.format(name=found.schedule.name))
    if found.next_at:
        say(_("Next: {at}").format(at=moment_text(found.next_at)))


def _claim(app: App, name: str, text: str | None) -> Claim | None:
    if text is None:
        return None
    try:
        return Claim.read(app.company, name, text)
    except ValueError:
        message = _("{text} is no job of a worker.").format(text=text)
        raise UsageError(message, code="job") from None


def _remember(app: App, runs: Runs, name: str) -> None:
    """Let the run that the job has stand beside the error."""
    newest = runs.jobs(1, name)
    if app.run is not None or not newest:
        return
    last = newest[0]
    if last.run is not None:
        app.run = runs.run(last.run)
        app.labels = runs.labels(last.run, technical=True)


def _show(app: App, runs: Runs, found: Run, *, synced: bool) -> int:
    """Show how the run ended, as `renkei run` does."""
    labels = runs.labels(found.id, technical=True)
    if found.status is Status.READY:
        if synced:
            show_found(app, found, labels, left_for_you=[])
        else:
            show_found(app, found, labels)
        return 0
    left = runs.left_for_you(found.id)
    return show_outcome(app, found, trouble_of(runs, found, "schedule"), labels, left)


def _row(each: Scheduled, company: str) -> tuple[str, ...]:
    schedule, last = each.schedule, each.last
    return (
        schedule.name,
        timing_text(schedule, company),
        f"{schedule.from_} → {schedule.to}",
        wants_text(schedule),
        _("paused ({who})").format(who=each.paused_by) if each.paused_by else _("on"),
        _last_text(last) if last else "-",
        moment_text(each.next_at) if each.next_at else "-",
    )


def _last_text(job: Job) -> str:
    text = f"{moment_text(job.started_at)} {job_text(job)}"
    if why := why_text(job):
        text = f"{text}: {why}"
    return f"{text} [{job.run}]" if job.run else text


def _parts(each: Scheduled, company: str) -> Document:
    schedule = each.schedule
    sync = schedule.sync
    return {
        "name": schedule.name,
        "source": schedule.from_,
        "target": schedule.to,
        "when": timing_text(schedule, company),
        "at": schedule.at,
        "between": schedule.between and str(schedule.between),
        "not_on": list(map(str, schedule.not_on)),
        "sync": [kind.value for kind in sync.difference] if sync else None,
        "paused_by": each.paused_by,
        "last": _job(each.last) if each.last else None,
        "next_at": moment(each.next_at),
        "without_worker": each.alone,
        "mistake": each.mistake,
    }


def _job(job: Job) -> Document:
    return {
        "state": job.state,
        "due": moment(job.claim.due),
        "asked_by": job.asked_by,
        "run": job.run,
        "reason": job.code,
        "missed_before": job.passed,
        "started_at": moment(job.started_at),
        "ended_at": moment(job.ended_at),
        "next_at": moment(job.next_at),
    }
