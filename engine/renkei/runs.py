"""The one door for every face: fetch, choose, sync, resume, report.

Nothing of a face is in here, and no rule of syncing is outside of this module and those below it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from functools import cache, partial
from pathlib import Path
from typing import Self

from attrs import evolve

from renkei import retention
from renkei.alerts.inbox import Entry, entries
from renkei.alerts.sending import Became, nobody_is_told
from renkei.alerts.states import State, states
from renkei.check import Checked, check_all
from renkei.clock import ALWAYS, Days, bounds
from renkei.config import Config, clock_for
from renkei.config.checks import store_mistake
from renkei.config.edit import change_setting
from renkei.config.load import store_at
from renkei.config.pairs import Pair
from renkei.errors import (
    AccessError,
    ClosedError,
    ConfigurationError,
    NoStoreError,
    RenkeiError,
    StoreError,
    SystemFault,
    UsageError,
)
from renkei.http.pace import Meet, Share, Window
from renkei.identity.roll import not_listed
from renkei.identity.roster import roles_of
from renkei.logs import about, log
from renkei.mapping import Beyond, FieldMapping, Transforms
from renkei.model import (
    Audited,
    Difference,
    Filter,
    Item,
    KnownAccount,
    Noted,
    Outcome,
    Release,
    Released,
    Remark,
    Run,
    Selection,
    Status,
    Wish,
)
from renkei.observer import Observer
from renkei.people import ClosedHours, FieldSpec, Finding, Label, NewField, OwnFields, Ref
from renkei.place import holds_secret, is_server, shown
from renkei.plan import choose
from renkei.plan.again import Carried, base_was_chosen, carry_over
from renkei.plan.choose import NewValues
from renkei.plan.explain import Step, explain
from renkei.plan.fetch import JOINERS, LEAVERS, Fetch
from renkei.plan.pairing import Pairing, Pairings
from renkei.plan.refusals import (
    account_changed,
    choice_lost,
    no_own_fields,
    of_another_account,
    refuse_date,
    refuse_field,
    refuse_numbers,
    refuse_over,
    refuse_paused,
    refuse_purged,
    refuse_same,
    still_at_work,
    taken_by_another,
    unexplained,
    write_in_doubt,
)
from renkei.plan.release import Releasing
from renkei.plan.shared import refuse_shared, refuse_told
from renkei.plan.standing import Standing
from renkei.plan.unusual import Judging
from renkei.plan.whole import Whole
from renkei.plan.whose import Whose, look, told
from renkei.plugins.facade import Reader
from renkei.plugins.offline import beyond_of
from renkei.retention import Gone
from renkei.safety import LEAVING, leaves
from renkei.schedule.job import Claim, Job, Kept
from renkei.schedule.rule import Schedule
from renkei.schedule.times import Ahead, next_start
from renkei.scheduled import Scheduled, at_work, carry_on, takes
from renkei.store import Pulse, Store
from renkei.store.codec import selection_out, specs_of
from renkei.store.copying import Copied
from renkei.store.copying import copy_store as move
from renkei.store.paces import user_of_pace
from renkei.store.plans import already_begun
from renkei.store.releases import Place
from renkei.store.schema import refuse_no_place, refuse_no_room, seen_beside
from renkei.sync.apply import reason_of
from renkei.sync.course import Course, Wanted
from renkei.sync.run import offered
from renkei.systems import Systems
from renkei.who import recorded
from renkei.words.codes import part_of, remark
from renkei.words.facts import moment_text
from renkei.words.i18n import _
from renkei.words.labels import Labels, Possible
from renkei.words.sentences import customer_text

BESIDE = (LEAVERS, JOINERS)


class Runs:
    """
    Everything a face can ask for. *who* is recorded with each run, beside the login and the host.

    One instance serves one command, or one request of a dashboard: its retry budget is spent once.
    """

    def __init__(
        self, config: Config, *, who: str | None = None, observer: Observer | None = None
    ) -> None:
        self.config = config
        self.who = recorded(who)
        self.observer = observer or Observer()
        self.clock, warning = clock_for(config)
        if warning:
            self.observer.warning(warning)
        self._systems = Systems(
            config, self.clock, self.observer, self._own_fields, self._met, self._used
        )
        self._pairings = Pairings(config, self._own_fields)
        self._opened: Store | None = None
        self._known_fields: dict[str, OwnFields] = {}
        self._noted: set[tuple[str, str]] = set()
        self._missed = False
        self._interrupted = False
        self._ran: set[str] = set()
        self._claim: Claim | None = None
        self._entered = ExitStack()

    @property
    def _store(self) -> Store:
        return self._open_store(create=False)

    def _open_store(self, *, create: bool) -> Store:
        """Return the store; NoStoreError if it is not there, unless it may be made."""
        if self._opened is None:
            store = self._opened = self._new_store(create=create)
            store.tell(self.observer)
        return self._opened

    def _met(self, identity: str) -> Meet:
        """Return how those who use the account of *identity* hear of each other: by the store."""
        me = user_of_pace()

        @cache
        def account(store: Store) -> str:
            return store.account(identity)

        def meet(windows: Sequence[Window], *, leaving: bool = False) -> Share:
            if (store := self._opened) is None:
                return Share()
            return store.meet(account(store), me, windows, leaving=leaving)

        return meet

    def _used(self, connection: str, identity: str) -> None:
        """Let the log tell that another token or address is in use than before."""
        if self._opened is not None and (connection, identity) not in self._noted:
            self._opened.note_account(connection, self._opened.account(identity))
            self._noted.add((connection, identity))

    def _new_store(self, *, create: bool) -> Store:
        place = self.config.store
        seen = seen_beside(place, self.config.main.path)
        try:
            company = self.config.company.name
            return Store(place, company=company, create=create, seen=seen, who=self.who)
        except NoStoreError:
            raise
        except (ConfigurationError, StoreError) as error:
            if is_server(place):  # it may be the address that is wrong
                found = self.config.main.document.problem(("store",), error.message)
                error.message = str(found)
                error.where = f"{found.path}:{found.line}:{found.column}"
            raise

    def _has_store(self) -> bool:
        """Return whether there is a store; if not, say so once."""
        try:
            self._open_store(create=False)
        except NoStoreError:
            if not self._missed:
                self.observer.news(remark("no_store", place=shown(self.config.store)))
            self._missed = True
            return False
        return True

    def close(self) -> None:
        """Close connections and store."""
        self._systems.close()
        if self._opened is not None:
            self._opened.close()

    def __enter__(self) -> Self:
        if name := self.config.company.name:
            self._entered.enter_context(about(company=name))
        return self

    def __exit__(self, *exc: object) -> None:
        self._entered.close()
        self.close()

    def interrupt(self) -> None:
        """Stop a running sync after the employee in hand; safe in a signal handler."""
        self._interrupted = True  # no lock: a signal handler may come at any moment

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
        refuse_paused(self.config)
        self._ran.add("fetch")
        refuse_same(source, target, name=source)
        today = self.clock.today()
        base = base_date or today
        refuse_date(base, today)
        pairing = self._pairings.between(source, target)
        pairing = evolve(
            pairing,
            leavers=pairing.leavers if leavers is None else leavers,
            joiners=pairing.joiners if joiners is None else joiners,
        )
        readers = self._systems.reader(source), self._systems.reader(target)
        self._open_store(create=True)
        places = self._places(readers)
        self._open(readers, wait=wait)
        whose = self._whose(readers, places)
        pairing = self._pairings.resolved(pairing, readers)
        safety = self.config.connection(target).safety
        fetch = Fetch(
            self._store, pairing, safety, readers, places, whose, self.observer, self.clock
        )
        run_id = self._begin_fetch(
            pairing, places, base_date=base, base_chosen=base_date is not None, again_of=again_of
        )
        if self._claim is not None:
            self._store.note_job_run(self._claim, run_id)
        self.observer.began(str(run_id))
        with about(run=str(run_id)), self._fetching(run_id):
            if right_pair is not None:
                said = Released(kind="right_pair", others=(), who=self.who, why=right_pair)
                self._store.keep_release(said, places, self.clock.now(), run_id=run_id)
            fetch.make(run_id, base, today)
        log.info("fetched", run=str(run_id))
        return self.run(str(run_id))

    def _place(self, reader: Reader) -> Place:
        account = self._store.account(reader.connection.identity)
        return Place(connection=reader.name, account=account)

    def _places(self, readers: tuple[Reader, Reader]) -> tuple[Place, Place]:
        """Return where each list is kept; refuse two of one account, and an account that moved."""
        source, target = map(self._place, readers)
        refuse_same(source.account, target.account, name=source.connection)
        with self._store.one_moment():
            for place in (source, target):
                refuse_shared(self._store, self._pairings, place.connection, place.account)
            for reader, place in zip(readers, (source, target), strict=True):
                own = reader.connection.own_fields
                if own.at and self._store.own_fields(reader.name, place.account).at is None:
                    raise of_another_account(reader.name)
        return source, target

    def _whose(self, readers: tuple[Reader, Reader], places: tuple[Place, Place]) -> Whose:
        """Return whose accounts are to be fetched; a person has confirmed it where one is there."""
        store, now = self._store, self.clock.now()
        source, target = (reader.name for reader in readers)
        with store.one_moment():
            first = not (store.usage(source, target) or store.usage(target, source))
            known = store.known_accounts()
        try:
            accounts = look(readers, places, known, now)
        except AccessError as refused:  # for the run to tell
            return Whose(accounts=(), first=first, refused=refused)
        new = [each for each in accounts if each != known.get(each.connection)]
        with store.one_moment() if new else nullcontext():
            for each in new:
                refuse_told(store, self._pairings, each)
        return Whose(accounts=accounts, first=first).confirmed(self.observer, self.who, now)

    def _begin_fetch(self, pairing: Pairing, places: tuple[Place, Place], **asked: object) -> int:
        """Record the run, as it was *asked* for and with all that its plan will go by."""
        source, target = places
        return self._store.begin_fetch(
            connections=tuple(self.config.connections),
            source=source.connection,
            target=target.connection,
            source_account=source.account,
            target_account=target.account,
            who=self.who,
            created_at=self.clock.now(),
            mapping_name=pairing.mapping.path,
            mapping_text=pairing.mapping.text,
            mapping_hash=pairing.mapping.hash,
            source_side=pairing.source_side,
            settings=dict(pairing.settings),
            specs=specs_of(
                pairing.fields[pairing.source_side], pairing.fields[pairing.target_side]
            ),
            **asked,
        )

    @contextmanager
    def _fetching(self, run_id: int) -> Iterator[None]:
        """Give signs of life while the block fetches; whatever ends it before its end is kept."""
        try:
            with Pulse(lambda: self._store.still_fetching(run_id)):
                yield
        except BaseException as error:
            reason = reason_of(error) if isinstance(error, RenkeiError) else remark("interrupted")
            self._store.fail_fetch(run_id, self.clock.now(), reason)
            log.info("fetch_failed", run=str(run_id), code=reason.code)
            raise

    def fetch_again(self, run_id: str, *, wait: bool = False) -> Carried:
        """
        Fetch the pair of a run anew and carry its choice over to all for whom nothing has changed.

        The base date stays if a person chose it, else it is today. The choice is stored with the
        new run, to be carried out or replaced. Raises as :meth:`fetch`; UsageError if the values of
        the run are gone, BusyError while it is being synced.
        """
        run = self.run(run_id)
        refuse_purged(run)
        if run.status.is_at_work:
            raise still_at_work(run)
        base = run.base_date if base_was_chosen(run) else None
        days = {
            notice.code: int(part_of(notice, "days"))
            for notice in run.notices
            if notice.code in BESIDE
        }
        new = self.fetch(
            run.source,
            run.target,
            base,
            wait=wait,
            again_of=run.id,
            leavers=days.get(LEAVERS, 0),
            joiners=days.get(JOINERS, 0),
        )
        carried = carry_over(
            new,
            self._store.items(new.id),
            list(self._store.items(run.id, selected=True)),
            lambda: self.new_fields(new.id, wait=wait),
        )
        if carried.selection.numbers:
            self.choose(new.id, carried.selection, wait=wait)
        return carried

    def _open(self, readers: Sequence[Reader], *, wait: bool) -> None:
        """Raise ClosedError if a system is closed now; with *wait*, wait until all are open."""
        while True:
            try:
                for reader in readers:
                    reader.connection.check_open()
            except ClosedError as error:
                if not wait:
                    raise
                self._sleep(self._until(error.opens), "closed", error.where)
                if self._interrupted:
                    raise
            else:
                return

    # --- look -------------------------------------------------------------------------------

    def run(self, run_id: str) -> Run:
        """Return the run as it stands now; UsageError if there is none of that id."""
        return self._standing.aged(self._store.run(run_id))

    def watch(self) -> None:
        """Wait until it is known of every run whether somebody is at work on it; 20 s at most."""
        if not self._has_store():
            return
        while (left := self._store.undecided_s()) is not None and not self._interrupted:
            self._sleep(min(1.0, left), "owner", None)

    def reports(self, limit: int = 10, before: str | None = None) -> list[Run]:
        """Return the newest runs, newest first; with *before*, those older than that one."""
        if not self._has_store():
            return []
        return [self._standing.aged(run) for run in self._store.latest(limit, before)]

    def newest_plans(self) -> dict[tuple[str, str], Run]:
        """Return the newest run with a plan of each direction, by source and target."""
        found = self._store.newest_plans() if self._has_store() else []
        return {(run.source, run.target): self._standing.aged(run) for run in found}

    def mapping(self, name: str) -> tuple[FieldMapping, dict[str, tuple[FieldSpec, ...]]]:
        """Return a mapping of the configuration, and the fields of both its sides."""
        mapping = self._pairings.load(name)
        return self._pairings.check(mapping, self._pairings.names_of(name))

    def switches(self, source: str, target: str) -> dict[str, tuple[Label, bool]]:
        """Return the settings of the mapping between two connections, and whether each is on."""
        pairing = self._pairings.between(source, target)
        written = pairing.mapping.settings
        return {name: (written[name].label, on) for name, on in pairing.settings.items()}

    def is_current(self, run: Run) -> bool:
        """Return whether the mapping and its settings are still those of the plan."""
        return self._standing.is_current(run)

    def change_setting(self, index: int, name: str, *, on: bool) -> None:
        """Turn a setting of the mapping at *index* on or off, in the configuration file."""
        mapping = self._pairings.load(self.config.mappings[index].use)
        mapping.switches({name: on})  # it has such a setting
        use = self.config.mappings[index]
        facts = {"setting": name, "before": mapping.switches(use.settings)[name], "after": on}
        self.note("setting_changed", mapping=use.use, **facts)
        change_setting(self.config, index, name, on=on)

    @property
    def transforms(self) -> Transforms:
        """The transforms that mappings may name."""
        return self._pairings.transforms

    def pairs(self) -> list[Pair]:
        """Return every pair of connections that can be fetched, each direction on its own."""
        return self._pairings.declared()

    def last_cost(self, source: str, target: str) -> tuple[int, float] | None:
        """Return requests and seconds of the last fetch of this pair, or None before the first."""
        usage = self._store.usage(source, target) if self._has_store() else None
        if usage is None:
            return None
        return sum(usage["calls"].values()), float(usage["seconds"])

    def closed_hours(self, connection: str) -> tuple[ClosedHours, ...]:
        """Return the hours in which a connection refuses calls, without asking it."""
        return self._systems.closed_hours(connection)

    def items(
        self, run_id: str, *, differences: Sequence[Difference] = (), numbers: Sequence[str] = ()
    ) -> Iterator[Item]:
        """
        Iterate over the plan in order of number; UsageError for a number that is not in it.

        Once a sync has begun everybody has an outcome, as the run's own counts have it.
        """
        run = self._store.run(run_id)
        if numbers:
            known = {entry.number or "" for entry in self._store.entries(run_id)}
            refuse_numbers(set(numbers), known)
        found = self._store.items(run_id, differences=differences, numbers=numbers)
        return self._as_of_now(run, found)

    def _as_of_now(self, run: Run, found: Iterable[Item]) -> Iterator[Item]:
        """Return the items with the outcomes that the counts of their run have."""
        if run.outcomes is None:
            return iter(found)
        in_doubt = {doubt.item.position for doubt in self._store.open_writes(int(run.id))}
        return (evolve(item, outcome=_outcome_now(item, in_doubt)) for item in found)

    def page(
        self, run_id: str, wanted: Filter, *, after: int = 0, before: int | None = None, limit: int
    ) -> list[Item]:
        """Return the first items of *wanted* after a position, or the last ones before one."""
        page = self._store.page(run_id, wanted, after=after, before=before, limit=limit)
        return list(self._as_of_now(self._store.run(run_id), page))

    def tally(self, run_id: str, wanted: Filter) -> dict[Difference, int]:
        """Return how many employees *wanted* matches, by difference."""
        return self._store.tally(run_id, wanted)

    def numbers(self, run_id: str, wanted: Filter) -> list[str]:
        """Return the numbers of those of *wanted* who can be chosen."""
        return self._store.numbers(run_id, wanted)

    def labels(self, run_id: str, *, technical: bool = False) -> Labels:
        """Return what people call the things of a run; what is gone by now keeps its name."""
        return self._standing.labels(self.run(run_id), technical=technical)

    def dates_of(self, run_id: str, items: Iterable[Item]) -> tuple[list[Item], list[Item]]:
        """Return who of *items* gets a date of leaving, and who comes back: what asks for care."""
        target = self._pairings.at(self._store.run(run_id).target)
        roles = {spec.name: spec.role for spec in target.fields if spec.role in LEAVING}
        leaving: list[Item] = []
        back: list[Item] = []
        for item in items:
            dates = [change for change in item.changes if change.field in roles]
            if dates and item.difference is Difference.CHANGED:
                gone = any(leaves(change, roles[change.field]) for change in dates)
                (leaving if gone else back).append(item)
        return leaving, back

    def left_for_you(self, run_id: str) -> list[str]:
        """Return the numbers of those of the chosen differences who must be looked at first."""
        with self._store.one_moment():
            chosen = self._store.selection(run_id)
            if chosen is None or not chosen.differences:
                return []
            left = choose.left_for_you(chosen, self._store.entries(run_id))
        return [entry.number or "" for entry in left]

    def selection(self, run_id: str) -> Selection | None:
        """Return the stored choice, or None if nobody has chosen yet."""
        return self._store.selection(run_id)

    def explain(self, run_id: str, number: str) -> tuple[Item, list[Step]]:
        """Return how each field of one employee came to its difference; UsageError if unknown."""
        run = self._store.run(run_id)
        if run.purged:
            raise unexplained(run)
        (item, *_others) = self.items(run_id, numbers=[number])
        self.note("details_opened", run_id, what="explain", row=item.position)
        return item, explain(self._pairings.recorded(run), item)

    def why_not_listed(self, run_id: str, number: str) -> Remark | None:
        """
        Return why nobody with *number* is in a plan: which rule, and which day. Asks the source.

        None if somebody is in it, or nobody of the source has the number.
        """
        run = self.run(run_id)
        if run.purged or any(each.number == number for each in self._store.entries(run_id)):
            return None
        self.note("details_opened", run_id, what="explain")
        pairing = self._pairings.recorded(run)
        reader = self._systems.reader(run.source)
        scope = pairing.scopes[0]
        fields = tuple(dict.fromkeys([*pairing.translation.source_fields, *scope.fields]))
        try:
            people = list(reader.read_employees([Ref(number=number)], run.base_date, fields))
        except SystemFault:
            return None
        inside = [person for person in people if scope.holds(person) is not False]
        if people and not inside:
            return remark("outside_by_then", fields=scope.fields)
        people = inside
        roles = [roles_of(person.values, reader.fields) for person in people]
        return not_listed([(each.get("hired"), each.get("left")) for each in roles], run.base_date)

    def possible(self, run_id: str) -> frozenset[Possible]:
        """Return what is not refused now with a run: whoever advises something asks here first."""
        return self._standing.possible(self.run(run_id))

    # --- choose -----------------------------------------------------------------------------

    def new_fields(self, run_id: str, *, wait: bool = False) -> tuple[NewField, ...]:
        """
        Return the required new-record fields of the run's target, choices read live.

        Those with which somebody would be outside of what the pair is for are left out.
        """
        run = self._store.run(run_id)
        scope = self._standing.current(run).scopes[1]
        return tuple(map(scope.narrowed, self._all_new_fields(run, wait=wait)))

    def _all_new_fields(self, run: Run, *, wait: bool) -> tuple[NewField, ...]:
        pairing = self._standing.current(run)
        if not pairing.new_fields:
            return ()
        reader = self._systems.reader(run.target)
        self._open([reader], wait=wait)
        return offered(reader, pairing)

    def refresh(self, connection: str) -> OwnFields:
        """
        Read the fields that the account of a connection has beside those of every account.

        They are kept in the store, with those that are gone. Raises UsageError if its connector
        cannot read them, or what kept them from being read.
        """
        reader = self._systems.reader(connection)
        if not reader.can_discover:
            raise no_own_fields(connection)
        self._open([reader], wait=False)
        store = self._open_store(create=True)
        account = store.account(reader.connection.identity)
        found = store.keep_fields(connection, account, reader.discover(), self.clock.now())
        self._known_fields[connection] = found
        return found

    def fields(self, connection: str) -> tuple[str, tuple[FieldSpec, ...], Beyond]:
        """Return the connector of a connection, its fields, and what is known beside them."""
        reader = self._pairings.at(connection)
        return reader.connection.connector, reader.fields, beyond_of(reader, connection)

    def _own_fields(self, connection: str) -> OwnFields:
        """Return the fields that are kept of an account; none if there is no store yet."""
        if connection not in self._known_fields:
            try:
                self._known_fields[connection] = self._store.own_fields(connection)
            except NoStoreError:
                return OwnFields()
        return self._known_fields[connection]

    def choices(self, connection: str, field: str | None = None) -> tuple[NewField, ...]:
        """
        Return every new-record field of a connection with the choices of this moment.

        With *field*, that one alone, whether a new employee needs it or not; UsageError if there is
        no such field.
        """
        reader = self._systems.reader(connection)
        specs = {spec.name: spec for spec in reader.fields}
        if field is not None:
            refuse_field(connection, field, specs)
        self._open([reader], wait=False)
        if field is None:
            return reader.new_employee_fields()
        return (NewField(field, specs[field].label, reader.choices(field)),)

    def choose(self, run_id: str, selection: Selection, *, wait: bool = False) -> Run:
        """
        Check a choice with its new values and store both.

        Raises UsageError with every mistake, and then nothing is stored. Once a sync has begun only
        the same choice is accepted.
        """
        with self._store.one_moment():
            run = self.run(run_id)
            begun = self._store.has_begun(run_id)
        if begun:
            return self._same_choice(run, selection)
        try:
            values = self._picked(run, selection, wait=wait)
        except UsageError as error:
            if error.code == "new_values":  # whoever chose may be a schedule: a person has to know
                self._store.note_lacking(run_id)
            raise
        self._store.choose(run_id, selection, values, who=self.who)
        log.info("chosen", run=run_id, count=len(values))
        return self.run(run_id)

    def preview(self, run_id: str, selection: Selection) -> list[Remark]:
        """
        Return what of a choice would be over the safety limits; nothing is stored.

        Raises UsageError with every mistake of the choice.
        """
        run = self.run(run_id)
        picked = self._picked(run, selection, wait=False)
        written = (Difference.NEW, Difference.CHANGED)
        items = self._store.items(run_id, differences=written)
        verdict = self._judging.of(run, (item for item in items if item.position in picked))
        return list(verdict.unusual)

    def _picked(self, run: Run, selection: Selection, *, wait: bool) -> dict[int, NewValues]:
        """Return the positions that are chosen, each with its new values."""
        refuse_over(
            run, self._standing.hours, but=Status.DONE
        )  # nothing was sent: it may be chosen anew
        self._standing.refuse_old(run)
        pairing = self._standing.current(run)
        entries = self._store.entries(run.id)
        chosen = choose.pick(selection, entries)
        new = [entry for entry in chosen if entry.difference is Difference.NEW]
        values: dict[int, NewValues] = {entry.position: {} for entry in chosen}
        if new or selection.new or selection.own_values:
            known = {entry.number: entry.difference for entry in entries if entry.number}
            fields = self._all_new_fields(run, wait=wait)
            values |= choose.new_values(selection, new, fields, known, pairing.scopes[1])
        return values

    def _same_choice(self, run: Run, selection: Selection) -> Run:
        stored = self._store.selection(run.id)
        if stored is None:
            raise choice_lost(run)
        if selection_out(stored) == selection_out(selection):
            return run
        refuse_over(run, self._standing.hours)
        if run.status is Status.SYNCING:
            raise still_at_work(run)
        self._standing.refuse_old(run)
        self._standing.current(run)
        raise already_begun(run.id)

    def refuse_choosing(self, run_id: str) -> None:
        """Raise what keeps anybody from being chosen in a run, before a person is asked whom."""
        run = self.run(run_id)
        if self._store.is_unsettled(run_id):
            return  # the same choice once more looks up what is in doubt
        if self._store.has_begun(run_id):
            refuse_over(run, self._standing.hours, but=Status.DONE_WITH_ERRORS)
            return
        refuse_over(
            run, self._standing.hours, but=Status.DONE
        )  # nothing was sent: it may be chosen anew
        self._standing.refuse_old(run)
        self._standing.current(run)

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
        refuse_paused(self.config)
        self._ran.add("sync")
        course = Course(
            standing=self._standing,
            systems=self._systems,
            observer=self.observer,
            who=self.who,
            interrupted=lambda: self._interrupted,
            sleep=self._sleep,
            releasing=self._releasing,
        )
        wanted = Wanted(
            selection=selection,
            wait=wait,
            retry_failed=retry_failed,
            allow_unusual=allow_unusual,
            take_over=take_over,
        )
        with about(run=run_id):
            course.follow(run_id, wanted)
        return self.run(run_id)

    def unusual(self, run_id: str) -> list[Remark]:
        """Return what of the stored choice is over the safety limits of the run's target."""
        run = self._store.run(run_id)
        return list(self._judging.of_stored(run).unusual)

    def _until(self, moment: dt.datetime) -> float:
        return (moment - self.clock.now()).total_seconds()

    # --- releases ---------------------------------------------------------------------------

    def meant(self, run_id: str, wish: Wish) -> Item:
        """
        Return an employee with those of the target of whom a wish speaks as the candidates.

        So a person sees both side by side before :meth:`release`. Raises as that does.
        """
        return self._may_release(run_id).meant(wish)

    def release(self, run_id: str, wish: Wish) -> None:
        """
        Carry out what a person says of an employee of a plan of which nothing was sent; keep it.

        They can be chosen then; nobody is chosen by it. Raises UsageError if the plan has begun, is
        too old or of another mapping, or if they cannot be released.
        """
        self._may_release(run_id).carry_out(wish)
        self._count_moved(self._store.run(run_id))
        log.info("released", run=run_id)

    def _count_moved(self, run: Run) -> None:
        """Tell anew whether numbers seem to have moved: who is released stops nothing."""
        if not any(notice.code == "numbers_moved" for notice in run.notices):
            return
        whole = Whole()
        for item in self._store.items(run.id):
            whole.see(item)
        moved = whole.numbers_moved(self._store.moved(run.source, run.target))
        self._store.renew_notice(run.id, "numbers_moved", moved)

    def _may_release(self, run_id: str) -> Releasing:
        run = self.run(run_id)
        refuse_purged(run)
        refuse_over(run, self._standing.hours, but=Status.DONE)
        self._standing.refuse_old(run)
        if self._store.has_begun(run_id):
            raise already_begun(run.id)
        return self._releasing(run, self._standing.current(run))

    def _releasing(self, run: Run, pairing: Pairing) -> Releasing:
        specs = pairing.fields
        return Releasing(
            store=self._store,
            run=run,
            pairing=pairing,
            specs=(specs[pairing.source_side], specs[pairing.target_side]),
            who=self.who,
            at=self.clock.now(),
            read=lambda: self._systems.reader(run.target),
        )

    def releases(self) -> list[Release]:
        """Return what people have said of records and pairs, oldest first."""
        return [kept.release for kept in self._store.releases()] if self._has_store() else []

    def remove_release(self, release_id: str) -> None:
        """Take a release back; UsageError if there is none of that id."""
        self._store.remove_release(release_id)
        log.info("release_removed")

    # --- schedules --------------------------------------------------------------------------

    def schedules(self) -> list[Scheduled]:
        """Return every schedule of the company with what is known of it, as the file has them."""
        if not self._has_store():
            return self._planned({}, {}, alone=True)
        alone = not any(worker.alive for worker in self._store.workers())
        return self._planned(self._store.kept_schedules(), self._store.last_jobs(), alone=alone)

    def _planned(
        self, kept: Mapping[str, Kept], last: Mapping[str, Job], *, alone: bool
    ) -> list[Scheduled]:
        shown = (
            Scheduled(schedule=each, kept=kept.get(each.name), last=last.get(each.name))
            for each in self.config.schedules
        )
        return [self._scheduled(index, each, alone=alone) for index, each in enumerate(shown)]

    def _scheduled(self, index: int, shown: Scheduled, *, alone: bool) -> Scheduled:
        each = shown.schedule
        try:
            self._pairings.between(each.from_, each.to)
        except RenkeiError as error:
            problem = self.config.document.problem(("schedules", index), error.message)
            return evolve(shown, mistake=str(problem))
        if shown.paused_by or self.config.company.paused:
            return shown
        name, now, ahead = self.config.company.name, self.clock.now(), self.ahead(each)
        return evolve(shown, next_at=next_start(each, name, now, ahead), alone=alone)

    def ahead(self, schedule: Schedule) -> Ahead:
        """Return what a run of *schedule* meets: closed hours, and how long the last one took."""
        way = schedule.from_, schedule.to
        closed = tuple(hours for name in way for hours in self._systems.closed_hours(name))
        if not self._has_store():
            return Ahead(closed=closed)
        synced = self._store.sync_usage(*way) if schedule.sync else None
        return Ahead(closed=closed, takes=takes(self._store.usage(*way), synced))

    def jobs(self, limit: int, schedule: str | None = None) -> list[Job]:
        """Return what was begun of the schedules, or of one of them, newest first."""
        return self._store.jobs(limit, schedule) if self._has_store() else []

    def pause_schedule(self, name: str) -> None:
        """Let no run of a schedule begin any more; UsageError if there is none of that name."""
        schedule = self.config.schedule(name)
        store = self._open_store(create=True)
        store.pause_schedule(name, schedule.timing, self.clock.now())
        log.info("schedule_paused", kind=name)

    def resume_schedule(self, name: str) -> None:
        """Let the runs of a schedule begin again that are due from now on."""
        schedule = self.config.schedule(name)
        if self._has_store():
            self._store.resume_schedule(name, schedule.timing, self.clock.now())
            log.info("schedule_resumed", kind=name)

    def keep_schedule(self, name: str, claim: Claim | None = None) -> Run:
        """
        Do now what a schedule does when it is due, or go on with it; return its run.

        With *claim*, a worker has taken it up: BusyError if another process has by now. How it ends
        is kept, and :mod:`renkei.scheduled` tells what is gone on with. Raises as :meth:`fetch`,
        :meth:`choose` and :meth:`sync` do.
        """
        schedule = self.config.schedule(name)
        store = self._open_store(create=True)
        if claim is None:
            refuse_paused(self.config)
            claim = store.ask(name, self.clock.now())
        job = store.take(claim)
        if job is None:
            raise taken_by_another(name)
        self._ran.add("schedule")
        with self._beaten(), at_work(store, claim, job, self.clock) as work, self._job(claim):
            refuse_paused(self.config)
            run = carry_on(
                schedule,
                None if job.run is None else self.run(job.run),
                fetch=lambda: self.fetch(
                    schedule.from_,
                    schedule.to,
                    leavers=schedule.leavers,
                    joiners=schedule.joiners,
                ),
                choose=self.choose,
                sync=self.sync,
            )
            work.finished(run, left=bool(self.left_for_you(run.id)))
        return run

    @contextmanager
    def _beaten(self) -> Iterator[None]:
        """Give a sign of life to a monitor outside when the block ends, however it does."""
        try:
            yield
        finally:
            if self.config.notify.heartbeat or self.config.main.notify.heartbeat:
                from renkei.alerts.telling import beat

                beat(self.config)

    @contextmanager
    def _job(self, claim: Claim) -> Iterator[None]:
        """Let the fetches of the block be those of a job: whoever goes on finds its run."""
        self._claim = claim
        try:
            yield
        finally:
            self._claim = None

    # --- manage -----------------------------------------------------------------------------

    def cancel(self, run_id: str) -> Run:
        """Cancel a run that waits, or tell a running sync to stop after the employee in hand."""
        run = self.run(run_id)
        refuse_over(run, self._standing.hours, but=Status.EXPIRED)
        settles = self._store.selection(run_id) is not None  # else nothing can be resumed
        if run.status is Status.PAUSED and _in_doubt(run) and settles:
            raise write_in_doubt(run)
        self._store.cancel(run_id, self.clock.now())
        log.info("cancelled", run=run_id)
        return self.run(run_id)

    def purge(self, older_than: dt.timedelta) -> int:
        """Remove employees' values of older runs, not their outcomes; return of how many."""
        if not self._has_store():
            return 0
        count = self._store.purge(self.clock.now() - older_than)
        log.info("purged", count=count)
        if not self._store.compact():
            self.observer.warning(remark("not_compacted", place=self._store.place))
        return count

    def let_go(self, otherwise: dt.timedelta) -> Gone:
        """
        Let go of what is older than the configuration says; return of how many runs.

        Values go after *otherwise* where it says nothing of them.
        """
        if not self._has_store():
            return Gone()
        gone = retention.let_go(self.config, self._store, self.clock)
        if self.config.retention.values is None:
            gone = evolve(gone, values=self._store.purge(self.clock.now() - otherwise))
        if not self._store.compact():
            self.observer.warning(remark("not_compacted", place=self._store.place))
        return gone

    def retain(self) -> Gone:
        """
        Do the same after the work of a command, if it is due today and in nobody's way.

        Whatever hinders it is a warning: the command has done what it was meant to do.
        """
        gone = Gone()
        if self._opened is None:
            return gone
        store = self._opened
        try:
            if retention.is_due(self.config, store, self.clock):
                gone = retention.let_go(self.config, store, self.clock)
                if gone != Gone():
                    store.compact()
        except RenkeiError as error:
            log.warning("not_retained", code=error.code)
            self.observer.warning(remark("not_retained", place=store.place))
        return gone

    def with_values(self, run_ids: Iterable[str]) -> set[str]:
        """Return those of *run_ids* whose values are there: what is kept of others has to go."""
        return self._store.with_values(run_ids)

    def tell(self, *, attended: bool = False, anyway: bool = False) -> None:
        """
        Tell whoever is configured what needs a person by now; after a fetch or a sync, else nobody.

        *attended*: somebody sees what was fetched. *anyway*: another process has fetched or synced,
        and may have had no time to tell. It raises nothing: the run has ended, and is as it is.
        """
        if not (self._ran or anyway) or not (self.config.notify.to or self.config.main.notify.to):
            return
        try:
            store = self._open_store(create=False)
        except RenkeiError:
            return  # whoever fetched knows by now
        from renkei.alerts.telling import Telling

        seen = attended and "sync" not in self._ran
        Telling(config=self.config, store=store, clock=self.clock).tell(attended=seen)

    def inbox(self) -> list[Entry]:
        """Return what needs a person now, the most urgent first; nothing if there is no store."""
        if not self._has_store():
            return []
        now = self.clock.now()
        found = states(self._store.directions(now), self._store.missed(now))
        return entries([(self.config.company, each) for each in found], self._store.alerts())

    def try_receivers(self) -> list[Became]:
        """
        Send a test message to everybody who is told of this company; return what became of each.

        Raises UsageError if nobody is.
        """
        from renkei.alerts.telling import audiences, try_out

        if not (those := audiences(self.config)):
            raise nobody_is_told(self.config.path)
        return try_out(those, self.config.company.title)

    def check(self) -> list[Checked]:
        """Try every connection and mapping, and the clock; finds problems, never raises them."""
        found = check_all(
            self._systems,
            self._pairings,
            self._try_store,
            self._try_account,
            self._known_account,
        )
        found += [self._check_schedules()] if self.config.schedules else []
        if self.config.notify.to or self.config.main.notify.to:
            from renkei.alerts.telling import findings

            found.append(Checked(subject=_("messages"), findings=findings(self.config)))
        return found

    def _check_schedules(self) -> Checked:
        """Return when each schedule is next, and why one cannot run."""
        findings: list[Finding] = []
        error: ConfigurationError | None = None
        found = self._planned({}, {}, alone=True)
        if self._opened is not None:  # whatever is wrong with it has been told
            with suppress(StoreError):
                found = self.schedules()
        for each in found:
            name = each.schedule.name
            if each.mistake is not None:
                findings.append(Finding("problem", f"{name}: {each.mistake}"))
                error = ConfigurationError(each.mistake, code="schedule", where=name)
            else:
                next_at = moment_text(each.next_at)
                findings.append(
                    Finding("note", _("{name}: next {at}.").format(name=name, at=next_at))
                )
        if any(each.alone for each in found):
            findings.append(Finding("warning", _("No worker keeps them: one has to be running.")))
        return Checked(subject=_("schedules"), findings=tuple(findings), error=error)

    def known_accounts(self) -> dict[str, KnownAccount]:
        """Return by connection whose account it opens, as kept; no system is asked."""
        try:
            return self._store.known_accounts()
        except NoStoreError:
            return {}

    def _known_account(self, reader: Reader) -> KnownAccount | None:
        """Return whose account it is, if that was ever told; UsageError if it is another now."""
        try:
            known = self.known_accounts()
        except StoreError:
            return None  # the check tells of the store
        if reader.name not in known:
            return None
        (found,) = look([reader], [self._place(reader)], known, self.clock.now())
        return found

    def accept_account(self, connection: str, *, seen: str | None = None) -> None:
        """
        Keep that a person has confirmed the account that a connection opens now, be it another one.

        *seen* is what they were shown of it: UsageError if it is not that one. Nothing is kept
        where the system does not tell.
        """
        reader = self._systems.reader(connection)
        self._open([reader], wait=False)
        store, now = self._open_store(create=True), self.clock.now()
        account = self._place(reader).account
        refuse_shared(store, self._pairings, connection, account)
        found = told(reader, account, now)
        if seen is not None and seen != customer_text(found.customer):
            before = store.known_accounts().get(connection, KnownAccount(connection=connection))
            raise account_changed(before, found)
        refuse_told(store, self._pairings, found)
        if found.customer.is_told:
            store.keep_accounts([evolve(found, confirmed_by=self.who, confirmed_at=now)])
            log.info("account_accepted")

    def _try_account(self, reader: Reader) -> None:
        """Raise if the account of *reader* is another company's, as far as there is a store."""
        try:
            account = self._store.account(reader.connection.identity)
        except StoreError:
            return  # the check tells of the store
        refuse_shared(self._store, self._pairings, reader.name, account)

    def _try_store(self) -> tuple[Finding, ...]:
        """Return whether the report store can be used, its size, and what goes by itself."""
        found, store = self._tried_store(), self._opened
        told = retention.told(self.config, store, self.clock)
        return (found, *((told,) if told else ()))

    def _tried_store(self) -> Finding:
        """Return whether the report store can be used; StoreError if it cannot."""
        try:
            self._store.try_writing()
        except NoStoreError:
            refuse_no_place(self.config.store)
            refuse_no_room(self.config.store)
            message = _("There is no store at {place} yet; the first fetch makes it.")
            return Finding("note", message.format(place=shown(self.config.store)))
        refuse_no_room(self.config.store)
        message = _("{place} can be opened and written. Its size: {size} MB.")
        size = f"{self._store.size() / 1_000_000:,.1f}"
        return Finding("ok", message.format(place=self._store.place, size=size))

    # --- audit log --------------------------------------------------------------------------

    def note(self, act: str, run: str | None = None, /, **facts: object) -> None:
        """
        Write a line of the audit log, of what a face is about to do; see :mod:`words.acts`.

        Raises StoreError if it cannot be written: then it is not to be done.
        """
        known = (
            run if run is not None and run.isascii() and run.isdigit() and len(run) < 20 else None
        )
        self._open_store(create=True).note(act, known, **facts)

    def log_lines(self, days: Days = ALWAYS) -> Iterator[Noted]:
        """Iterate over the audit log of some days, oldest first."""
        return self._store.lines(*bounds(days)) if self._has_store() else iter(())

    def newest_lines(
        self, limit: int, days: Days = ALWAYS, *, before: int | None = None
    ) -> list[Noted]:
        """Return the newest lines of some days, newest first; those *before* a line."""
        since, until = bounds(days)
        if not self._has_store():
            return []
        return self._store.newest_lines(limit, since=since, until=until, before=before)

    def check_log(self, known: tuple[int, str] | None = None) -> Audited:
        """Return what is wrong with the audit log; *known* is a line as somebody has noted it."""
        return self._store.check_lines(known)

    # --- inside -----------------------------------------------------------------------------

    @property
    def _standing(self) -> Standing:
        return Standing(self._store, self._pairings, self.clock)

    @property
    def _judging(self) -> Judging:
        return Judging(self._standing)

    def _sleep(self, seconds: float, reason: str, where: str | None) -> None:
        """Wait, in slices short enough to be interrupted."""
        self.observer.waiting(where or "", reason, seconds)
        until = self.clock.monotonic() + seconds
        while (left := until - self.clock.monotonic()) > 0 and not self._interrupted:
            self.clock.sleep(min(left, 0.5))


def copy_store(
    origin: str,
    goal: str,
    base: Path,
    who: str | None = None,
    along: Callable[[str, str], None] | None = None,
) -> Copied:
    """
    Move a store; both are written as in a configuration in the folder *base*, without a password.

    *along*, called with where both are, takes with it what stands beside them, or nothing moves.

    Raises as :func:`renkei.store.copying.copy_store`.
    """
    for written in (origin, goal):
        if is_server(written) and holds_secret(written):
            message = _(
                "Keep the password out of the command, which others can see: write env:VARIABLE or"
                " file:PATH, which leads to the whole address."
            )
            raise UsageError(message, code="secret")
        if mistake := store_mistake(written):
            raise UsageError(mistake, code="store")
    place, new = store_at(origin, base), store_at(goal, base)
    seen = seen_beside(place, base / "renkei.yaml")
    also = None if along is None else partial(along, place, new)
    copied = move(place, new, seen, who=recorded(who), along=also)
    log.info("store_copied", count=copied.runs)
    return copied


def _outcome_now(item: Item, in_doubt: Collection[int]) -> Outcome:
    """Return the outcome of *item*; those *in_doubt* are sent already, whatever they waited for."""
    if not item.selected:
        return Outcome.NOT_SELECTED
    undecided = item.outcome in (None, Outcome.DEFERRED)
    if undecided and item.position in in_doubt:
        return Outcome.UNKNOWN
    return item.outcome or Outcome.DEFERRED


def _in_doubt(run: Run) -> bool:
    """Return whether a write of *run* waits for a look-up, whatever the run's status."""
    return run.outcomes is not None and run.outcomes.get(Outcome.UNKNOWN, 0) > 0


__all__ = [
    "Became",
    "Carried",
    "Checked",
    "Copied",
    "Entry",
    "Gone",
    "Pair",
    "Runs",
    "Scheduled",
    "State",
    "Step",
    "base_was_chosen",
    "copy_store",
]
