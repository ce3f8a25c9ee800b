"""Errands: what people want done by a worker; asked for here, and carried out over there."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence

from attrs import define, evolve, frozen

from renkei.errors import UsageError
from renkei.logs import log
from renkei.model import KnownAccount, Run, Selection, Status
from renkei.observer import Observer
from renkei.plan.again import Carried
from renkei.plan.refusals import (
    other_company,
    refuse_paused,
    still_at_work,
)
from renkei.runs.choosing import Choosing
from renkei.runs.fetching import Fetching
from renkei.runs.ground import Ground
from renkei.runs.syncing import Syncing
from renkei.schedule.errand import FETCH, Account, Answer, Errand
from renkei.schedule.job import Claim, Job, Ticket, account_of
from renkei.scheduled import Work, at_work
from renkei.store.codec import selection_out
from renkei.store.errands import taken
from renkei.store.journal import another_choice
from renkei.store.schedules import taken_by_another
from renkei.sync.course import Wanted
from renkei.words.i18n import _, speaking
from renkei.words.sentences import customer_text

Keep = Callable[[Errand, Carried], object]
"""Keeps for a face what was carried over from an earlier run."""


@define
class Confirming(Observer):
    """Answers in place of a person, by what that one has confirmed; else lets them be asked."""

    _errand: Errand
    _work: Work

    def same_company(self, accounts: Sequence[KnownAccount]) -> bool:
        """Return True for what was confirmed; UsageError for anything else: a person looks."""
        asked: list[Account] = []
        for each in accounts:
            text = customer_text(each.customer)
            asked.append(Account(connection=each.connection, text=text))
        texts = tuple(each.text for each in asked)
        if texts == self._errand.seen:
            return True
        # The question ends the job: while it waited for a person it would hold the account.
        message = _("A person has to confirm first that both accounts are of one company.")
        self._work.answer = Answer(message=message, accounts=tuple(asked))
        raise UsageError(message, code="company_unconfirmed")


@frozen(kw_only=True)
class Errands:
    """Keeps what people ask for, and does it; see the door for what each method raises."""

    ground: Ground
    fetching: Fetching
    choosing: Choosing
    syncing: Syncing

    # --- asking -----------------------------------------------------------------------------

    def ask(self, errand: Errand, selection: Selection | None) -> Ticket:
        """Keep what a person wants done; what would be refused at once is refused now."""
        ground = self.ground
        refuse_paused(ground.config)
        store = ground.open_store(create=True)
        if errand.deed == "fetch":
            self.fetching.may_fetch(errand.source, errand.target, errand.base_date)
        elif errand.deed == "again":
            self.fetching.may_again(ground.run(errand.run))
        else:
            job = store.job_of(errand.run)
            if job is not None and job.is_open:
                raise taken(errand.run)
        if selection is not None:
            self.choosing.choose(errand.run, selection)
            # A digest: what was chosen is personal, and the job outlives a purge.
            errand = evolve(errand, choice=self._digest(selection))
        claim = store.ask_for(errand, ground.clock.now())
        log.info("asked", kind=errand.deed, run=errand.run or None)
        return Ticket(claim, self._account(errand.target))

    def ask_schedule(self, name: str) -> Ticket:
        """Keep that a person wants a run of a schedule now."""
        schedule = self.ground.config.schedule(name)
        refuse_paused(self.ground.config)
        claim = self.ground.open_store(create=True).ask(name, self.ground.clock.now(), free=True)
        return Ticket(claim, self._account(schedule.to))

    def answer(self, job: Job, *, one_company: bool) -> Ticket:
        """Ask for a fetch once more, now that a person has said whose accounts these are."""
        if job.errand is None or job.answer is None:
            raise taken_by_another(job.claim.schedule)
        accounts = job.answer.accounts
        if not one_company:
            raise other_company(*[each.connection for each in accounts])
        seen = tuple(each.text for each in accounts)
        return self.ask(evolve(job.errand, seen=seen), None)

    def _account(self, connection: str) -> str:
        company = self.ground.config.company.name
        return account_of(company, connection, self.ground.store.account_used(connection))

    # --- looking and stopping ---------------------------------------------------------------

    def fetch_asked(self, due: dt.datetime) -> Job | None:
        """Return the fetch that was asked for at a moment."""
        return self.ground.store.asked_for(FETCH, due) if self.ground.has_store() else None

    def has_worker(self) -> bool:
        """Return whether a worker is there."""
        return any(each.alive for each in self.ground.store.workers())

    def stop(self, claim: Claim) -> None:
        """Let a job end after the employee in hand, and not be gone on with."""
        self.ground.store.stop_job(claim, self.ground.clock.now())
        log.info("job_stopped", kind=claim.schedule)

    # --- carrying out -----------------------------------------------------------------------

    def carry_out(self, claim: Claim, keep: Keep) -> Run:
        """Do what was asked for, in the asker's name, or go on with it; return the run."""
        ground = self.ground
        store = ground.open_store(create=True)
        job = store.take(claim)
        if job is None or job.errand is None:
            raise taken_by_another(claim.schedule)
        errand = job.errand
        ground.act_for(job.asked_by)
        with (
            speaking(errand.language),
            at_work(store, job, ground.clock, by_hand=False, interrupt=ground.interrupt) as work,
        ):
            run = self._done(job, errand, work, keep)
            work.finished(run, left=False)
        return run

    def _done(self, job: Job, errand: Errand, work: Work, keep: Keep) -> Run:
        if errand.fetches:
            return self._fetched(job, errand, Confirming(errand, work), keep)
        run = self.ground.run(errand.run)
        if errand.deed == "sync":
            stored = self.ground.store.selection(run.id)
            # Somebody may have chosen anew since: only what the asker was shown is synced (F103).
            if stored is not None and self._digest(stored) != errand.choice:
                raise another_choice(run.id)
            return self.syncing.sync(run.id, Wanted(selection=stored, allow_unusual=errand.unusual))
        # a retry that goes on finds the run at work, or paused
        again = errand.deed == "retry" and run.status is Status.DONE_WITH_ERRORS
        return self.syncing.sync(run.id, Wanted(retry_failed=again))

    def _fetched(self, job: Job, errand: Errand, confirming: Confirming, keep: Keep) -> Run:
        """Return the run that was fetched: that of an earlier attempt, if it is whole."""
        made = None if job.run is None else self.ground.run(job.run)
        if made is not None and made.status is Status.FETCHING:
            raise still_at_work(made)
        if made is not None and made.status is Status.FAILED:
            made = None
        if errand.deed == "fetch":
            return made or self.fetching.fetch(
                errand.source,
                errand.target,
                errand.base_date,
                claim=job.claim,
                confirming=confirming,
            )
        before = self.ground.run(errand.run)
        new = made or self.fetching.again(before, claim=job.claim, confirming=confirming)
        keep(errand, self.fetching.carried(before, new))
        return new

    def _digest(self, selection: Selection) -> str:
        """Return what tells a choice from any other one, and nothing of whom it names."""
        # A job keeps this in place of the choice, which would outlive a purge of the run:
        # docs/decisions/2026-11-30-errands.md
        plain = json.dumps(selection_out(selection), sort_keys=True)
        return self.ground.store.digest(f"choice\n{plain}")
