"""The page of one run: where it is, what comes next, and the buttons that make it go on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from attrs import frozen
from starlette.responses import Response

from renkei.errors import RenkeiError, UsageError
from renkei.model import Difference, Filter, Item, Outcome, Remark, Run, Selection, Status
from renkei.people import Label
from renkei.runs import Runs
from renkei.schedule.errand import Deed, Errand
from renkei.schedule.job import Job
from renkei.schedule.words import why_text
from renkei.words.facts import people_of
from renkei.words.i18n import _
from renkei_web import reading
from renkei_web.drafts import Draft, as_document
from renkei_web.places import hours_of, label_of
from renkei_web.processes import FetchProgress, Pace, Refusal, started
from renkei_web.visit import Visit

SHOWN = 200
"""How many employees with trouble the page of a run names; the CSV has all."""


@frozen
class Ahead:
    """How far a run is: of *total* people *done*, and the seconds that are left, if known."""

    done: int
    total: int | None
    seconds: float | None

    @property
    def percent(self) -> int | None:
        """How far, in a hundred; None if nobody knows."""
        return min(100, 100 * self.done // self.total) if self.total else None


@frozen(kw_only=True)
class AtWork:
    """
    Whether somebody *fetches* a run, *writes* in it, or is *pausing* after the employee in hand.

    *job*: what a worker has in hand, or will have; None: this server is at it, or nobody.
    *refusal* is why a worker did nothing, or no more.
    """

    fetches: bool = False
    writes: bool = False
    pausing: bool = False
    job: Job | None = None
    refusal: Refusal | None = None


def at_work(visit: Visit, runs: Runs, run_id: str) -> AtWork:
    """Return who is at a run: a process of this server, or of a cluster a worker."""
    if visit.office.queue is None:
        progress = visit.office.work.fetches.get(run_id)
        return AtWork(
            fetches=progress is not None and not progress.over,
            writes=visit.office.is_at_work(run_id),
            pausing=visit.office.is_pausing(run_id),
        )
    job = runs.job_of(run_id)
    if job is None:
        return AtWork()
    if not job.is_open:
        said = job.answer.message if job.answer else ""
        return AtWork(refusal=Refusal(job.code or "", said) if said else None)
    fetches = job.errand is not None and job.errand.fetches
    pausing = job.stopped_by is not None
    return AtWork(fetches=fetches, writes=not fetches, pausing=pausing, job=job)


def show(visit: Visit) -> Response:
    """Show a run as it stands; while it moves, the page looks again by itself."""
    with visit.runs() as runs:
        return visit.show("run.html", **_context(visit, runs))


def status(visit: Visit) -> Response:
    """Return the part of the page that moves."""
    with visit.runs() as runs:
        return visit.show("run_part.html", **_context(visit, runs))


def _context(visit: Visit, runs: Runs) -> dict[str, Any]:
    run_id = visit.path("run")
    progress = visit.office.work.fetches.get(run_id)
    # before anything that is shown: what ends meanwhile is seen when the page looks again
    work = at_work(visit, runs, run_id)
    run = reading.told(runs, runs.run(run_id), visit.role)
    refusal = work.refusal or visit.office.work.refusals.get(run.id)
    reason = run.reason.code if run.reason else None
    is_told = refusal is not None and refusal.code == reason
    if is_told or run.status is Status.CANCELLED:
        refusal = None  # the run says it itself
    draft = visit.drafts.of(visit.user.id, run.id)
    return {
        "run": run,
        "source": label_of(runs, run.source),
        "target": label_of(runs, run.target),
        "ahead": _ahead(visit, runs, run),
        "reading": progress,
        "fetching": work.fetches,
        "refusal": (refusal or _after_the_plan(run, progress)) if visit.reads else None,
        "draft": draft,
        "left": _left(runs, run, draft),
        "trouble": list(reading.seen(runs, run, _trouble(runs, run), visit.role)),
        "in_doubt": bool(run.outcomes and run.outcomes.get(Outcome.UNKNOWN)),
        "at_work": work.writes,
        "pausing": work.pausing,
        "job": work.job,
        "why": why_text(work.job) if work.job else "",
        "alone": work.job is not None and not runs.has_worker(),
        "people": people_of(run) if visit.reads else [],
        "labels": runs.labels(run.id),
        "held": runs.config.company.paused,
        "planned": reading.is_readable(run),
        "readable": reading.is_readable(run) and visit.reads,
        "switches": _switches(runs, run),
        "until": run.created_at + dt.timedelta(hours=runs.config.settings.max_plan_age_hours),
        "stale": run.status is Status.READY and not runs.is_current(run),
        "hours": hours_of(runs, run.target) if run.target in runs.config.connections else None,
    }


def _after_the_plan(run: Run, progress: FetchProgress | None) -> RenkeiError | None:
    """Return why a choice could not be carried over once the plan was there."""
    error = progress.error if progress and run.status is Status.READY else None
    return error if isinstance(error, RenkeiError) else None


def _left(runs: Runs, run: Run, draft: Draft) -> list[Item]:
    """Return who was chosen in the run before and has to be looked at again."""
    if run.again_of is None or not draft.left:
        return []
    return list(runs.items(run.again_of, numbers=draft.left[:SHOWN]))


def _switches(runs: Runs, run: Run) -> list[tuple[Label, bool]]:
    """Return the settings of a run, by name where the mapping is configured no longer."""
    labels: dict[str, tuple[Label, bool]] = {}
    with suppress(RenkeiError):
        labels = runs.switches(run.source, run.target)
    found = []
    for name, on in run.settings.items():
        label = labels[name][0] if name in labels else Label(name, name)
        found.append((label, on))
    return found


def _trouble(runs: Runs, run: Run) -> list[Item]:
    """Return who needs attention; while a sync moves, nobody is in doubt yet."""
    if not run.outcomes or run.purged:
        return []
    if run.status is Status.SYNCING:
        return runs.page(run.id, Filter(outcomes=(Outcome.FAILED,)), limit=SHOWN)
    found = (item for item in runs.items(run.id) if item.needs_attention)
    return list(islice(found, SHOWN))


def _ahead(visit: Visit, runs: Runs, run: Run) -> Ahead | None:
    if run.status is Status.FETCHING:
        progress = visit.office.work.fetches.get(run.id)
        cost = runs.last_cost(run.source, run.target)
        if progress is None:
            return None
        left = max(1.0, cost[1] - progress.seconds) if cost else None
        return Ahead(sum(progress.read.values()), None, left)
    if run.outcomes is None:
        return None
    outcomes = run.outcomes
    total = sum(outcomes.values()) - outcomes.get(Outcome.NOT_SELECTED, 0)
    open_ = outcomes.get(Outcome.DEFERRED, 0) + outcomes.get(Outcome.UNKNOWN, 0)
    done, paces = total - open_, visit.office.work.paces
    if run.status is not Status.SYNCING:
        paces.pop(run.id, None)  # a pause is no measure of what comes after it
        return Ahead(done, total, None)
    pace = paces.setdefault(run.id, Pace(done))
    return Ahead(done, total, pace.left(done, open_))


def confirm(visit: Visit, problem: str | None = None) -> Response:
    """Show what [同期] will do, once more, and what is unusual about it."""
    with visit.runs() as runs:
        run = runs.run(visit.path("run"))
        if run.status is not Status.READY:
            return visit.go(f"/runs/{run.id}")
        draft = visit.drafts.of(visit.user.id, run.id)
        if not draft.numbers:
            return visit.go(f"/runs/{run.id}/choose")
        if problem:  # the form shows its people once more
            visit.note("details_opened", run.id, what="start")
        numbers: dict[Difference, set[str]] = {}
        for each in Difference:
            numbers[each] = set(runs.numbers(run.id, Filter(differences=(each,))))
        unusual = []
        try:
            unusual = runs.preview(run.id, draft.selection(numbers[Difference.NEW]))
        except UsageError as error:
            problem = problem or error.message
        joining = draft.numbers & numbers[Difference.NEW]
        updated = draft.numbers & numbers[Difference.CHANGED]
        written = joining | updated
        changed = runs.items(run.id, differences=(Difference.CHANGED,))
        meant = (item for item in changed if item.number in written)
        leaving, back = runs.dates_of(run.id, meant)
        return visit.show(
            "confirm.html",
            status=400 if problem else 200,
            run=run,
            source=label_of(runs, run.source),
            target=label_of(runs, run.target),
            counts={each: len(draft.numbers & some) for each, some in numbers.items()},
            written=len(written),
            people=_first(runs, run, written),
            leaving=leaving,
            joining=len(joining),
            updated=len(updated),
            back=back,
            labels=runs.labels(run.id),
            draft=draft,
            needs_values=bool(joining),
            unusual=unusual,
            shown=_shown(draft, unusual),
            problem=problem,
            hours=hours_of(runs, run.target),
        )


def _first(runs: Runs, run: Run, numbers: set[str]) -> list[Item]:
    """Return the first of those who will be written."""
    return list(runs.items(run.id, numbers=sorted(numbers)[:SHOWN])) if numbers else []


def start(visit: Visit) -> Response:
    """Start the sync of what the page has shown in a process of its own, which chooses it."""
    run_id = visit.path("run")
    with visit.runs() as runs:
        run = runs.run(run_id)
        if run.status is not Status.READY or at_work(visit, runs, run_id).writes:
            return visit.go(f"/runs/{run_id}")  # a second click, or another tab
        draft = visit.drafts.of(visit.user.id, run_id)
        new = runs.numbers(run_id, Filter(differences=(Difference.NEW,)))
        selection = draft.selection(set(new))
        try:
            unusual = runs.preview(run_id, selection)
        except UsageError as error:
            return confirm(visit, error.message)
    # The button starts what its page has shown: another tab may have ticked somebody since (F80).
    if visit.field("shown") != _shown(draft, unusual):
        return confirm(visit, _("What you have ticked has changed since. Look at it again."))
    if unusual and visit.field("allow") != "yes":
        return confirm(visit, _("Tick that this is right, or choose again."))
    return _have(visit, "sync", selection, unusual=bool(unusual))


def _shown(draft: Draft, unusual: Sequence[Remark]) -> str:
    """Return what a page was about, so that a button on it is about nothing else."""
    shown = [str(draft.revision)]
    for remark in unusual:
        parts = remark.code, *remark.about
        shown.append(":".join(parts))
    return " ".join(shown)


def resume(visit: Visit) -> Response:
    """Let a paused run go on."""
    return _have(visit, "resume")


def retry(visit: Visit) -> Response:
    """Try those who failed again."""
    return _have(visit, "retry")


def stop(visit: Visit) -> Response:
    """Stop after the employee in hand; the rest stay as they are."""
    with visit.runs() as runs:
        run = runs.run(visit.path("run"))
        try:
            runs.cancel(run.id)
        except RenkeiError:
            # If it has just ended, there is nothing left to stop.
            if runs.run(run.id).status is run.status:
                raise
        if (job := at_work(visit, runs, run.id).job) is not None:
            runs.stop_job(job.claim)  # it may be waiting for a system, or for a worker
    return visit.go(f"/runs/{run.id}")


def pause(visit: Visit) -> Response:
    """Pause after the employee in hand, where a dashboard or a worker is at work."""
    with visit.runs() as runs:
        run = runs.run(visit.path("run"))
        runs.note("paused", run.id)
        if (job := at_work(visit, runs, run.id).job) is not None:
            runs.stop_job(job.claim)
            return visit.go(f"/runs/{run.id}")
    if run.status is Status.SYNCING and not visit.office.pause(run.id):
        raise UsageError(
            _("This sync was started elsewhere. It can be paused where it was started."),
            code="elsewhere",
        )
    return visit.go(f"/runs/{run.id}")


def _have(
    visit: Visit, deed: Deed, selection: Selection | None = None, *, unusual: bool = False
) -> Response:
    """Have a worker, or a process of its own, write in the run, in the name of the person."""
    with visit.runs() as runs:
        run = runs.run(visit.path("run"))
        errand = Errand(
            deed=deed, run=run.id, target=run.target, language=visit.language, unusual=unusual
        )
        visit.health.began(run.id)
        if visit.office.queue is not None:
            visit.ask(runs, errand, selection)
            return visit.go(f"/runs/{run.id}")
    given = as_document(selection) if selection else b""
    pid = visit.office.work.sync(visit.config, errand, who=visit.user.name, given=given)
    if (began := started(pid)) is not None:
        visit.office.workers.remember(run.id, pid, began)
    return visit.go(f"/runs/{run.id}")
