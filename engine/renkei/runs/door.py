"""The one door for every face: fetch, choose, sync, resume, report.

Nothing of a face is in here, and no rule of syncing is outside of the rooms behind it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Self

from renkei.alerts.inbox import Entry
from renkei.alerts.sending import Became
from renkei.check import Checked
from renkei.clock import ALWAYS, Clock, Days
from renkei.config.edit import change_setting
from renkei.config.pairs import Pair
from renkei.config.records import Config
from renkei.logs import about
from renkei.mapping.check import Beyond
from renkei.mapping.model import FieldMapping
from renkei.mapping.transforms import Transforms
from renkei.model import (
    Audited,
    Difference,
    Filter,
    Item,
    KnownAccount,
    Noted,
    Release,
    Remark,
    Run,
    Selection,
    Wish,
)
from renkei.observer import Observer
from renkei.people import ClosedHours, FieldSpec, Label, NewField, OwnFields
from renkei.plan.again import Carried
from renkei.plan.explain import Step
from renkei.plugins.offline import beyond_of
from renkei.retention import Gone
from renkei.runs.accounts import Accounts
from renkei.runs.audit import Audit
from renkei.runs.checking import Checking
from renkei.runs.choosing import Choosing
from renkei.runs.errands import Errands, Keep
from renkei.runs.fetching import Fetching
from renkei.runs.ground import Ground
from renkei.runs.looking import Looking
from renkei.runs.messages import Messages
from renkei.runs.releases import Releases
from renkei.runs.schedules import Schedules
from renkei.runs.syncing import Syncing
from renkei.runs.upkeep import Upkeep
from renkei.schedule.errand import Errand
from renkei.schedule.job import Claim, Job, Ticket
from renkei.schedule.rule import Schedule
from renkei.schedule.times import Ahead
from renkei.scheduled import Scheduled
from renkei.store.store import Store
from renkei.sync.course import Wanted
from renkei.words.labels import Labels, Possible


class Runs:
    """
    Everything a face can ask for. *who* is recorded with each run, beside the login and the host.

    One instance serves one command, or one request of a dashboard: its retry budget is spent once.
    What takes a single step is done here; the rest is done in the rooms, which share a ground.
    """

    def __init__(
        self, config: Config, *, who: str | None = None, observer: Observer | None = None
    ) -> None:
        self.config = config
        ground = self._ground = Ground(config, who, observer)
        self._audit = Audit(ground)
        self._looking = Looking(ground, self._audit)
        self._choosing = Choosing(ground)
        self._fetching = Fetching(ground, self._choosing)
        self._releases = Releases(ground)
        self._syncing = Syncing(ground, self._releases)
        self._schedules = Schedules(
            ground=ground,
            fetching=self._fetching,
            choosing=self._choosing,
            syncing=self._syncing,
            looking=self._looking,
        )
        self._errands = Errands(
            ground=ground,
            fetching=self._fetching,
            choosing=self._choosing,
            syncing=self._syncing,
        )
        self._upkeep = Upkeep(ground)
        self._messages = Messages(ground)
        self._accounts = Accounts(ground)
        self._checking = Checking(ground, self._accounts, self._schedules, self._messages)
        self._entered = ExitStack()

    @property
    def who(self) -> str:
        """Who is recorded with each run."""
        return self._ground.who

    @property
    def observer(self) -> Observer:
        """Who is told how the work goes on."""
        return self._ground.observer

    @property
    def clock(self) -> Clock:
        """The clock of the calendar."""
        return self._ground.clock

    @property
    def _store(self) -> Store:
        return self._ground.store

    def close(self) -> None:
        """Close connections and store."""
        self._ground.close()

    def __enter__(self) -> Self:
        if name := self.config.company.name:
            self._entered.enter_context(about(company=name))
        return self

    def __exit__(self, *exc: object) -> None:
        self._entered.close()
        self.close()

    def interrupt(self) -> None:
        """Stop a running sync after the employee in hand; safe in a signal handler."""
        self._ground.interrupt()

    # --- fetch ------------------------------------------------------------------------------

    def fetch(
        self,
        source: str,
        target: str,
        base_date: dt.date | None = None,
        *,
        wait: bool = False,
        again_of: str | None = None,
        right_pair: str | None = None,
        leavers: int | None = None,
        joiners: int | None = None,
    ) -> Run:
        """
        Read both sides, compare and store the plan; writes to no system.

        *base_date* is a day in Japan, today if None. *right_pair* tells why these two lists are of
        one company, whatever their numbers say; that is kept. *leavers* and *joiners* are days, in
        place of what the configuration says. At the first fetch of a pair the observer is asked
        whether both accounts are of one company. Raises UsageError for a date that cannot be
        chosen, for accounts of two companies and for an account that is another one than before;
        ConfigurationError, ClosedError before anything is sent, WrongPairError, or what ended the
        fetch.
        """
        return self._fetching.fetch(
            source,
            target,
            base_date,
            wait=wait,
            again_of=again_of,
            right_pair=right_pair,
            leavers=leavers,
            joiners=joiners,
        )

    def fetch_again(self, run_id: str, *, wait: bool = False) -> Carried:
        """
        Fetch the pair of a run anew and carry its choice over to all for whom nothing has changed.

        The base date stays if a person chose it, else it is today. The choice is stored with the
        new run, to be carried out or replaced. Raises as :meth:`fetch`; UsageError if the values of
        the run are gone, BusyError while it is being synced.
        """
        run = self.run(run_id)
        return self._fetching.carried(run, self._fetching.again(run, wait=wait), wait=wait)

    # --- look -------------------------------------------------------------------------------

    def run(self, run_id: str) -> Run:
        """Return the run as it stands now; UsageError if there is none of that id."""
        return self._ground.run(run_id)

    def watch(self) -> None:
        """Wait until it is known of every run whether somebody is at work on it; 20 s at most."""
        self._looking.watch()

    def reports(self, limit: int = 10, before: str | None = None) -> list[Run]:
        """Return the newest runs, newest first; with *before*, those older than that one."""
        return self._looking.reports(limit, before)

    def newest_plans(self) -> dict[tuple[str, str], Run]:
        """Return the newest run with a plan of each direction, by source and target."""
        return self._looking.newest_plans()

    def items(
        self, run_id: str, *, differences: Sequence[Difference] = (), numbers: Sequence[str] = ()
    ) -> Iterator[Item]:
        """
        Iterate over the plan in order of number; UsageError for a number that is not in it.

        Once a sync has begun everybody has an outcome, as the run's own counts have it.
        """
        return self._looking.items(run_id, differences, numbers)

    def page(
        self, run_id: str, wanted: Filter, *, after: int = 0, before: int | None = None, limit: int
    ) -> list[Item]:
        """Return the first items of *wanted* after a position, or the last ones before one."""
        return self._looking.page(run_id, wanted, after, before, limit)

    def tally(self, run_id: str, wanted: Filter) -> dict[Difference, int]:
        """Return how many employees *wanted* matches, by difference."""
        return self._store.tally(run_id, wanted)

    def numbers(self, run_id: str, wanted: Filter) -> list[str]:
        """Return the numbers of those of *wanted* who can be chosen."""
        return self._store.numbers(run_id, wanted)

    def labels(self, run_id: str, *, technical: bool = False) -> Labels:
        """Return what people call the things of a run; what is gone keeps its name."""
        return self._ground.standing.labels(self.run(run_id), technical=technical)

    def dates_of(self, run_id: str, items: Iterable[Item]) -> tuple[list[Item], list[Item]]:
        """Return who of *items* gets a date of leaving, and who comes back: what asks for care."""
        return self._looking.dates_of(run_id, items)

    def left_for_you(self, run_id: str) -> list[str]:
        """Return the numbers of those of the chosen differences who must be looked at first."""
        return self._looking.left_for_you(run_id)

    def selection(self, run_id: str) -> Selection | None:
        """Return the stored choice, or None if nobody has chosen yet."""
        return self._store.selection(run_id)

    def explain(self, run_id: str, number: str) -> tuple[Item, list[Step]]:
        """Return how each field of one employee came to its difference; UsageError if unknown."""
        return self._looking.explain(run_id, number)

    def why_not_listed(self, run_id: str, number: str) -> Remark | None:
        """
        Return why nobody with *number* is in a plan: which rule, and which day. Asks the source.

        None if somebody is in it, or nobody of the source has the number.
        """
        return self._looking.why_not_listed(run_id, number)

    def possible(self, run_id: str) -> frozenset[Possible]:
        """Return what is not refused now with a run: ask here before advising anything."""
        return self._ground.standing.possible(self.run(run_id))

    # --- mappings and connections -----------------------------------------------------------

    def mapping(self, name: str) -> tuple[FieldMapping, dict[str, tuple[FieldSpec, ...]]]:
        """Return a mapping of the configuration, and the fields of both its sides."""
        pairings = self._ground.pairings
        return pairings.check(pairings.load(name), pairings.names_of(name))

    def switches(self, source: str, target: str) -> dict[str, tuple[Label, bool]]:
        """Return the settings of the mapping between two connections, and whether each is on."""
        pairing = self._ground.pairings.between(source, target)
        written = pairing.mapping.settings
        return {name: (written[name].label, on) for name, on in pairing.settings.items()}

    def is_current(self, run: Run) -> bool:
        """Return whether the mapping and its settings are still those of the plan."""
        return self._ground.standing.is_current(run)

    def change_setting(self, index: int, name: str, *, on: bool) -> None:
        """Turn a setting of the mapping at *index* on or off, in the configuration file."""
        use = self.config.mappings[index]
        mapping = self._ground.pairings.load(use.use)
        mapping.switches({name: on})  # it has such a setting
        facts = {"setting": name, "before": mapping.switches(use.settings)[name], "after": on}
        note = partial(self.note, "setting_changed", mapping=use.use, **facts)
        change_setting(self.config, index, name, on=on, note=note)

    @property
    def transforms(self) -> Transforms:
        """The transforms that mappings may name."""
        return self._ground.pairings.transforms

    def pairs(self) -> list[Pair]:
        """Return every pair of connections that can be fetched, each direction on its own."""
        return self._ground.pairings.declared()

    def last_cost(self, source: str, target: str) -> tuple[int, float] | None:
        """Return requests and seconds of the last fetch of this pair, or None before the first."""
        usage = self._store.usage(source, target) if self._ground.has_store() else None
        if usage is None:
            return None
        return sum(usage["calls"].values()), float(usage["seconds"])

    def closed_hours(self, connection: str) -> tuple[ClosedHours, ...]:
        """Return the hours in which a connection refuses calls, without asking it."""
        return self._ground.systems.closed_hours(connection)

    def fields(self, connection: str) -> tuple[str, tuple[FieldSpec, ...], Beyond]:
        """Return the connector of a connection, its fields, and what is known beside them."""
        reader = self._ground.pairings.at(connection)
        return reader.connection.connector, reader.fields, beyond_of(reader, connection)

    def refresh(self, connection: str) -> OwnFields:
        """
        Read the fields that the account of a connection has beside those of every account.

        They are kept in the store, with those that are gone. Raises UsageError if its connector
        cannot read them, or what kept them from being read.
        """
        return self._accounts.refresh(connection)

    def known_accounts(self) -> dict[str, KnownAccount]:
        """Return by connection whose account it opens, as kept; no system is asked."""
        return self._accounts.all()

    def accept_account(self, connection: str, *, seen: str | None = None) -> None:
        """
        Keep that a person has confirmed the account that a connection opens now, be it another one.

        *seen* is what they were shown of it: UsageError if it is not that one. Nothing is kept
        where the system does not tell.
        """
        self._accounts.accept(connection, seen)

    def check(self) -> list[Checked]:
        """Try every connection and mapping, and the clock; finds problems, never raises them."""
        return self._checking.check()

    # --- choose -----------------------------------------------------------------------------

    def new_fields(self, run_id: str, *, wait: bool = False) -> tuple[NewField, ...]:
        """
        Return the required new-record fields of the run's target, choices read live.

        Those with which somebody would be outside of what the pair is for are left out.
        """
        return self._choosing.new_fields(run_id, wait=wait)

    def choices(self, connection: str, field: str | None = None) -> tuple[NewField, ...]:
        """
        Return every new-record field of a connection with the choices of this moment.

        With *field*, that one alone, whether a new employee needs it or not; UsageError if there is
        no such field.
        """
        return self._choosing.choices(connection, field)

    def choose(self, run_id: str, selection: Selection, *, wait: bool = False) -> Run:
        """
        Check a choice with its new values and store both.

        Raises UsageError with every mistake, and then nothing is stored. Once a sync has begun only
        the same choice is accepted.
        """
        self._choosing.choose(run_id, selection, wait=wait)
        return self._ground.run(run_id)

    def preview(self, run_id: str, selection: Selection) -> list[Remark]:
        """
        Return what of a choice would be over the safety limits; nothing is stored.

        Raises UsageError with every mistake of the choice.
        """
        return self._choosing.preview(run_id, selection)

    def refuse_choosing(self, run_id: str) -> None:
        """Raise what keeps anybody from being chosen in a run, before a person is asked whom."""
        self._choosing.refuse(run_id)

    # --- sync -------------------------------------------------------------------------------

    def sync(
        self,
        run_id: str,
        *,
        selection: Selection | None = None,
        wait: bool = False,
        retry_failed: bool = False,
        allow_unusual: bool = False,
        take_over: bool = False,
    ) -> Run:
        """
        Carry out what is stored: the same call for command line, dashboard, scheduler and resume.

        With *selection*, that choice or nothing: somebody else may have chosen in the meantime.

        On a run that is done nothing is sent. Returns the run, done, done with errors, cancelled or
        paused with its reason. With *wait* it goes on by itself once the system is there again.
        Raises UsageError if nothing is chosen, the plan is too old or its mapping has changed;
        UnusualError for what is over the safety limits unless *allow_unusual*, or somebody else has
        allowed it before; BusyError if another process writes, unless *take_over*.
        """
        wanted = Wanted(
            selection=selection,
            wait=wait,
            retry_failed=retry_failed,
            allow_unusual=allow_unusual,
            take_over=take_over,
        )
        return self._syncing.sync(run_id, wanted)

    def unusual(self, run_id: str) -> list[Remark]:
        """Return what of the stored choice is over the safety limits of the run's target."""
        run = self._store.run(run_id)
        return list(self._ground.judging.of_stored(run).unusual)

    def cancel(self, run_id: str) -> Run:
        """Cancel a run that waits, or tell a running sync to stop after the employee in hand."""
        return self._syncing.cancel(run_id)

    # --- releases ---------------------------------------------------------------------------

    def meant(self, run_id: str, wish: Wish) -> Item:
        """
        Return an employee with those of the target of whom a wish speaks as the candidates.

        So a person sees both side by side before :meth:`release`. Raises as that does.
        """
        return self._releases.meant(run_id, wish)

    def release(self, run_id: str, wish: Wish) -> None:
        """
        Carry out what a person says of an employee of a plan of which nothing was sent; keep it.

        They can be chosen then; nobody is chosen by it. Raises UsageError if the plan has begun, is
        too old or of another mapping, or if they cannot be released.
        """
        self._releases.release(run_id, wish)

    def releases(self) -> list[Release]:
        """Return what people have said of records and pairs, oldest first."""
        return self._releases.all()

    def remove_release(self, release_id: str) -> None:
        """Take a release back; UsageError if there is none of that id."""
        self._releases.remove(release_id)

    # --- schedules --------------------------------------------------------------------------

    def schedules(self) -> list[Scheduled]:
        """Return every schedule of the company with what is known of it, as the file has them."""
        return self._schedules.all()

    def ahead(self, schedule: Schedule) -> Ahead:
        """Return what a run of *schedule* meets: closed hours, and how long the last one took."""
        return self._schedules.ahead(schedule)

    def jobs(self, limit: int, schedule: str | None = None) -> list[Job]:
        """Return what was begun of the schedules, or of one of them, newest first."""
        return self._schedules.jobs(limit, schedule)

    def pause_schedule(self, name: str) -> None:
        """Let no run of a schedule begin any more; UsageError if there is none of that name."""
        self._schedules.pause(name)

    def resume_schedule(self, name: str) -> None:
        """Let the runs of a schedule begin again that are due from now on."""
        self._schedules.resume(name)

    def keep_schedule(self, name: str, claim: Claim | None = None) -> Run:
        """
        Do now what a schedule does when it is due, or go on with it; return its run.

        With *claim*, a worker has taken it up: BusyError if another process has. How it ends is
        kept, and :mod:`renkei.scheduled` tells what is gone on with. Raises as :meth:`fetch`,
        :meth:`choose` and :meth:`sync` do.
        """
        return self._schedules.keep(name, claim)

    # --- errands ----------------------------------------------------------------------------

    def ask(self, errand: Errand, selection: Selection | None = None) -> Ticket:
        """
        Keep that a person wants *errand* done by a worker; with *selection*, that is chosen now.

        Raises what :meth:`fetch`, :meth:`fetch_again` and :meth:`choose` refuse before anybody is
        asked anything, BusyError while a job has the run in hand.
        """
        return self._errands.ask(errand, selection)

    def ask_schedule(self, name: str) -> Ticket:
        """Keep that a person wants a run of a schedule now; BusyError while one is at work."""
        return self._errands.ask_schedule(name)

    def answer(self, job: Job, *, one_company: bool) -> Ticket:
        """
        Ask for a fetch once more that has asked whether two accounts are of one company.

        Raises UsageError if they are not.
        """
        return self._errands.answer(job, one_company=one_company)

    def fetch_asked(self, due: dt.datetime) -> Job | None:
        """Return the fetch that was asked for at that moment, as it stands; None: there is none."""
        return self._errands.fetch_asked(due)

    def job_of(self, run_id: str) -> Job | None:
        """Return the job, of a person or a schedule, that has had a run last; None: none has."""
        return self._store.job_of(run_id)

    def stop_job(self, claim: Claim) -> None:
        """Let a job end after the employee in hand, wherever it is done; nobody goes on with it."""
        self._errands.stop(claim)

    def has_worker(self) -> bool:
        """Return whether a worker is there that does what is asked for."""
        return self._errands.has_worker()

    def carry_out(self, claim: Claim, keep: Keep) -> Run:
        """
        Do what a person has asked for, in their name, or go on with it; return its run.

        BusyError if another process has. *keep* is called with what was carried over from
        an earlier run. How it ends is kept, as by :meth:`keep_schedule`.
        """
        return self._errands.carry_out(claim, keep)

    # --- what is old ------------------------------------------------------------------------

    def purge(self, older_than: dt.timedelta) -> int:
        """Remove employees' values of older runs, not their outcomes; return of how many."""
        return self._upkeep.purge(older_than)

    def let_go(self, otherwise: dt.timedelta) -> Gone:
        """
        Let go of what is older than the configuration says; return of how many runs.

        Values go after *otherwise* where it says nothing of them.
        """
        return self._upkeep.let_go(otherwise)

    def retain(self, *, anyway: bool = False) -> Gone:
        """
        Do the same after the work of a command, if it is due today and in nobody's way.

        *anyway*: also where nothing was done. Whatever hinders it is a warning: the command has
        done what it was meant to do.
        """
        return self._upkeep.retain(anyway=anyway)

    def with_values(self, run_ids: Iterable[str]) -> set[str]:
        """Return those of *run_ids* whose values are there: what is kept of others has to go."""
        return self._store.with_values(run_ids)

    # --- messages ---------------------------------------------------------------------------

    def tell(self, *, attended: bool = False, anyway: bool = False) -> None:
        """
        Tell the configured receivers what needs a person; after a fetch or a sync, else nobody.

        *attended*: somebody sees what was fetched. *anyway*: another process has fetched or synced,
        and may have had no time to tell. It raises nothing: the run has ended, and is as it is.
        """
        self._messages.tell(attended=attended, anyway=anyway)

    def inbox(self) -> list[Entry]:
        """Return what needs a person now, the most urgent first; nothing if there is no store."""
        return self._messages.inbox()

    def try_receivers(self) -> list[Became]:
        """
        Send a test message to everybody who is told of this company; return what became of each.

        Raises UsageError if nobody is.
        """
        return self._messages.try_receivers()

    # --- audit log --------------------------------------------------------------------------

    def note(self, act: str, run: str | None = None, /, **facts: object) -> None:
        """
        Write a line of the audit log, of what a face is about to do; see :mod:`words.acts`.

        Raises StoreError if it cannot be written: then it is not to be done.
        """
        self._audit.note(act, run, **facts)

    def log_lines(self, days: Days = ALWAYS) -> Iterator[Noted]:
        """Iterate over the audit log of some days, oldest first."""
        return self._audit.lines(days)

    def newest_lines(
        self, limit: int, days: Days = ALWAYS, *, before: int | None = None
    ) -> list[Noted]:
        """Return the newest lines of some days, newest first; those *before* a line."""
        return self._audit.newest(limit, days, before)

    def check_log(self, known: tuple[int, str] | None = None) -> Audited:
        """Return what is wrong with the audit log; *known* is a line as somebody has noted it."""
        return self._store.check_lines(known)
