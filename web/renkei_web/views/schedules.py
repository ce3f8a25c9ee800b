"""定期実行: when each schedule is next, what came of it, and what a person may do with it."""

from __future__ import annotations

from attrs import frozen
from starlette.responses import Response

from renkei.errors import BusyError
from renkei.runs import Scheduled
from renkei.schedule.job import NEEDS, Job
from renkei.schedule.words import job_text, timing_text, wants_text, why_text
from renkei.words.i18n import _
from renkei_web.visit import Visit

LATEST = 50


@frozen
class Row:
    """One schedule as the page shows it."""

    each: Scheduled
    when: str
    wants: str
    at_work: bool


def listed(visit: Visit) -> Response:
    """Show all schedules of the company, and what was begun last: of all, or of *schedule*."""
    with visit.runs() as runs:
        held = runs.config.company.paused
        found = runs.schedules()
        names = {each.schedule.name for each in found}
        wanted = visit.query("schedule")
        only = wanted if wanted in names else None
        jobs = runs.jobs(LATEST, only)
    asked = visit.query("asked")
    return visit.show(
        "schedules.html",
        rows=[_row(each, visit.company) for each in found],
        held=held,
        jobs=jobs,
        only=only,
        needs=NEEDS,
        job_text=job_text,
        why_text=why_text,
        asked=asked if asked in names else None,
    )


def pause(visit: Visit) -> Response:
    """Let no run of a schedule begin."""
    with visit.runs() as runs:
        runs.pause_schedule(visit.path("schedule"))
    return visit.go("/schedules")


def resume(visit: Visit) -> Response:
    """Let its runs begin again."""
    with visit.runs() as runs:
        runs.resume_schedule(visit.path("schedule"))
    return visit.go("/schedules")


def run(visit: Visit) -> Response:
    """Have a run of it begun now, by a process or a worker, in the name of the person."""
    name = visit.path("schedule")
    with visit.runs() as runs:
        schedule = runs.config.schedule(name)
        if any(_is_at_work(job) for job in runs.jobs(1, name)):
            raise BusyError(_("The schedule {name} is at work.").format(name=name), where=name)
        if visit.office.queue is not None:
            visit.put(runs.ask_schedule(name))
            return visit.go(f"/schedules?asked={name}")
    who, language = visit.user.name, visit.language
    visit.office.work.run_now(visit.config, schedule, who=who, language=language)
    return visit.go(f"/schedules?asked={name}")


def _row(each: Scheduled, company: str) -> Row:
    return Row(
        each=each,
        when=timing_text(each.schedule, company),
        wants=wants_text(each.schedule),
        at_work=_is_at_work(each.last),
    )


def _is_at_work(job: Job | None) -> bool:
    return job is not None and job.is_open and not job.free
