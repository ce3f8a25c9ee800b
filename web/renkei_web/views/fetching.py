"""The page of the base date, and all that begins a fetch, here or by a worker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

from starlette.responses import Response

from renkei.clock import base_dates, day_of
from renkei.errors import Hint, RenkeiError, UsageError
from renkei.model import Status
from renkei.runs import Runs, base_was_chosen
from renkei.schedule.errand import Errand
from renkei.schedule.job import Claim, Job
from renkei.schedule.words import why_text
from renkei.words.i18n import _
from renkei.words.sentences import customer_text
from renkei_web.hints import link_of
from renkei_web.places import Place, place
from renkei_web.processes import Asked
from renkei_web.visit import Visit, number_in

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
DIGITS = 17
"""Of a moment in microseconds, until the year 5138."""


def base_date(visit: Visit) -> Response:
    """Ask for the base date, and explain it with the person's own date."""
    day = day_of(visit.query("date"))
    return _base_date_page(visit, visit.path("source"), visit.path("target"), day)


def _base_date_page(
    visit: Visit,
    source: str,
    target: str,
    day: dt.date | None,
    error: RenkeiError | None = None,
) -> Response:
    with visit.runs() as runs:
        today = runs.clock.today()
        first, last = base_dates(today)
        places = place(runs, source), place(runs, target)
        cost = runs.last_cost(source, target)
        return visit.show(
            "base_date.html",
            status=400 if error else 200,
            source=places[0],
            target=places[1],
            closed=[each for each in places if each.hours and each.hours.now],
            first=first,
            last=last,
            day=day or today,
            seconds=max(1.0, cost[1]) if cost else None,
            switches=runs.switches(source, target).values(),
            problem=error and error.message,
            helps=link_of(error.hint if error else None, visit),
            changed=changed_account(error),
        )


def start_fetch(visit: Visit) -> Response:
    """Start the fetch and go to the page of its run."""
    source, target, day = visit.path("source"), visit.path("target"), day_of(visit.field("date"))
    if day is None:
        return _base_date_page(visit, source, target, None, UsageError(_("Enter a date.")))
    with visit.runs() as runs:
        chosen = None if day == runs.clock.today() else day  # nobody chooses what is offered
    if visit.office.queue is not None:
        fetch = Errand(
            deed="fetch",
            source=source,
            target=target,
            base_date=chosen,
            language=visit.language,
        )
        return _asked(visit, fetch)
    return _fetched(visit, source, target, day, lambda runs: runs.fetch(source, target, chosen))


def fetch_again(visit: Visit) -> Response:
    """
    Fetch once more what a run has compared, and tick those chosen who have not changed.

    As of the day that one of its notices names nobody is ticked: other people are listed then.
    """
    with visit.runs() as runs:
        run = runs.run(visit.path("run"))
    named = day_of(visit.field("date"))
    day = named or (run.base_date if base_was_chosen(run) else None)
    drafts, user = visit.drafts, visit.user.id
    if visit.office.queue is not None:
        again = Errand(
            deed="fetch" if named or run.purged else "again",
            source=run.source,
            target=run.target,
            base_date=day,
            run=run.id,
            language=visit.language,
            user=user,
        )
        return _asked(visit, again)

    def carried_over(runs: Runs) -> None:
        carried = runs.fetch_again(run.id)
        with drafts.changing(user, carried.run.id) as draft:
            draft.carry(carried, drafts.of(user, run.id))

    def anew(runs: Runs) -> None:
        runs.fetch(run.source, run.target, day)

    fetch = anew if named or run.purged else carried_over
    return _fetched(visit, run.source, run.target, day, fetch)


def _asked(visit: Visit, errand: Errand) -> Response:
    """Have a worker fetch, and go to where that is shown until there is a run."""
    try:
        with visit.runs() as runs:
            claim = visit.ask(runs, errand)
    except RenkeiError as error:
        return _base_date_page(visit, errand.source, errand.target, errand.base_date, error)
    return visit.go(f"/fetches/{number_of(claim)}")


def number_of(claim: Claim) -> int:
    """Return what an address calls a fetch that was asked for: its moment, in microseconds."""
    return (claim.due - EPOCH) // MICROSECOND


def asked_fetch(visit: Visit) -> Response:
    """Show a fetch that a worker does, or will do; go to the page of its run once it has one."""
    with visit.runs() as runs:
        job, errand = _job_named(runs, visit.path("fetch"))
        accounts = job.answer.accounts if job.answer else ()
        if visit.partial and accounts:
            return visit.go(f"/fetches/{visit.path('fetch')}")  # the page asks as a whole
        if job.run is not None:
            begun = runs.run(job.run)
            # A fetch that was cut off goes on under another number while its job is open.
            if begun.status is not Status.FAILED or not job.is_open:
                return visit.go(f"/runs/{job.run}")
        places = place(runs, errand.source), place(runs, errand.target)
        if accounts:
            asked = [(each.connection, each.text) for each in accounts]
            return _same_company_page(visit, places, errand.base_date, visit.path("fetch"), asked)
        message = job.answer.message if job.answer else ""
        return visit.show(
            "fetch_part.html" if visit.partial else "fetch.html",
            fetch=visit.path("fetch"),
            job=job,
            why=message or why_text(job),
            source=places[0],
            target=places[1],
            alone=job.is_open and not runs.has_worker(),
        )


def stop_fetch(visit: Visit) -> Response:
    """Let a fetch that has not begun not begin any more."""
    with visit.runs() as runs:
        job, errand = _job_named(runs, visit.path("fetch"))
        runs.note("paused")
        runs.stop_job(job.claim)
    return visit.go(f"/fetch/{quote(errand.source, safe='')}/{quote(errand.target, safe='')}")


def _job_named(runs: Runs, number: str) -> tuple[Job, Errand]:
    """Return the job of the fetch that an address names, and what was asked for."""
    moment = number_in(number, DIGITS)
    job = None if moment is None else runs.fetch_asked(EPOCH + moment * MICROSECOND)
    if job is None or job.errand is None:
        raise UsageError(_("There is no such fetch."), code="unknown_run")
    return job, job.errand


def _fetched(
    visit: Visit,
    source: str,
    target: str,
    day: dt.date | None,
    fetch: Callable[[Runs], object],
) -> Response:
    """Start *fetch* and go to the page of its run; if it cannot begin, ask for the date again."""
    work, who = visit.office.work, visit.user.name
    try:
        begun = work.fetch(visit.config, fetch, who=who, language=visit.language)
    except RenkeiError as error:
        return _base_date_page(visit, source, target, day, error)
    if isinstance(begun, Asked):
        with visit.runs() as runs:
            places = place(runs, source), place(runs, target)
        accounts = [(each.connection, customer_text(each.customer)) for each in begun.accounts]
        return _same_company_page(visit, places, day, begun.key, accounts)
    return visit.go(f"/runs/{begun}")


def _same_company_page(
    visit: Visit,
    places: tuple[Place, Place],
    day: dt.date | None,
    key: str,
    accounts: Sequence[tuple[str, str]],
) -> Response:
    """Ask a person whether these accounts, by connection, are of one company."""
    return visit.show(
        "company.html",
        source=places[0],
        target=places[1],
        day=day,
        key=key,
        accounts=accounts,
    )


def same_company(visit: Visit) -> Response:
    """Hand the answer of a person to the fetch that waits for it, and go to the page of its run."""
    source, target, day = visit.path("source"), visit.path("target"), day_of(visit.field("date"))
    yes = visit.field("answer") == "yes"
    try:
        if visit.office.queue is not None:
            with visit.runs() as runs:
                ticket = runs.answer(_job_named(runs, visit.field("key"))[0], one_company=yes)
            visit.put(ticket)
            return visit.go(f"/fetches/{number_of(ticket.claim)}")
        run = visit.office.work.answer(visit.field("key"), company=visit.company, one_company=yes)
    except RenkeiError as error:
        return _base_date_page(visit, source, target, day, error)
    return visit.go(f"/runs/{run}")


def changed_account(error: RenkeiError | None) -> Mapping[str, str] | None:
    """Return the account that a person may accept against *error*: ``name`` and ``account``."""
    hint = error.hint if error else None
    return hint.about if isinstance(hint, Hint) and hint.code == "accept" else None
