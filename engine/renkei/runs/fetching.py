"""Fetch: read both sides, compare, and keep the plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from attrs import evolve, frozen

from renkei.errors import (
    AccessError,
    ListChangedError,
    RenkeiError,
    UnavailableError,
)
from renkei.logs import about, log
from renkei.model import Released, Run
from renkei.observer import Observer
from renkei.plan.again import Carried, base_was_chosen, carry_over
from renkei.plan.fetch import JOINERS, LEAVERS, Fetch
from renkei.plan.pairing import Pairing
from renkei.plan.refusals import (
    of_another_account,
    refuse_date,
    refuse_paused,
    refuse_purged,
    refuse_same,
    still_at_work,
)
from renkei.plan.shared import refuse_shared, refuse_told
from renkei.plan.whose import Whose, look
from renkei.plugins.facade import Reader
from renkei.runs.choosing import Choosing
from renkei.runs.ground import Ground
from renkei.schedule.job import Claim
from renkei.store.codec import specs_of
from renkei.store.hold import Pulse
from renkei.store.releases import Place
from renkei.sync.course import waiting_times
from renkei.sync.record import reason_of
from renkei.words.codes import part_of, remark

BESIDE = (LEAVERS, JOINERS)
"""Notices of a run that say for how many days people beside the base date are listed."""


@frozen
class Fetching:
    """Makes plans; see the door for what each method raises."""

    ground: Ground
    choosing: Choosing

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
        claim: Claim | None = None,
        confirming: Observer | None = None,
    ) -> Run:
        """
        Make a plan; with *claim* it is that of a job, and found again when the job goes on.

        *confirming* is asked, in place of the observer, whether both are of one company. With
        *wait*, a system out of reach is waited for, and each try is a run of its own.
        """
        waits = waiting_times()
        while True:
            try:
                return self._once(
                    source,
                    target,
                    base_date,
                    wait=wait,
                    again_of=again_of,
                    right_pair=right_pair,
                    leavers=leavers,
                    joiners=joiners,
                    claim=claim,
                    confirming=confirming,
                )
            except (UnavailableError, ListChangedError) as error:
                if not wait or self.ground.interrupted:
                    raise
                self.ground.systems.start_over()
                self.ground.sleep_over(error, waits)
                if self.ground.interrupted:
                    raise

    def _once(
        self,
        source: str,
        target: str,
        base_date: dt.date | None,
        *,
        wait: bool,
        again_of: str | None,
        right_pair: str | None,
        leavers: int | None,
        joiners: int | None,
        claim: Claim | None,
        confirming: Observer | None,
    ) -> Run:
        ground = self.ground
        refuse_paused(ground.config)
        ground.ran.add("fetch")
        pairing = self.may_fetch(source, target, base_date)
        today = ground.clock.today()
        base = base_date or today
        if leavers is not None:
            pairing = evolve(pairing, leavers=leavers)
        if joiners is not None:
            pairing = evolve(pairing, joiners=joiners)
        readers = ground.systems.reader(source), ground.systems.reader(target)
        store = ground.open_store(create=True)
        # First, so that an account of another company is refused before anything is sent: F94
        places = self._places(readers)
        ground.wait_open(readers, wait=wait)
        whose = self._whose(readers, places, confirming or ground.observer)
        pairing = ground.pairings.resolved(pairing, readers)
        safety = ground.config.connection(target).safety
        fetch = Fetch(
            store,
            pairing,
            safety,
            readers,
            places,
            whose,
            ground.observer,
            ground.clock,
            interrupted=lambda: ground.interrupted,
        )
        run_id = self._begin(
            pairing,
            places,
            claim,
            base_date=base,
            base_chosen=base_date is not None,
            again_of=again_of,
        )
        ground.observer.began(str(run_id))
        with about(run=str(run_id)), self._fetching(run_id):
            if right_pair is not None:
                said = Released(kind="right_pair", others=(), who=ground.who, why=right_pair)
                store.keep_release(said, places, ground.clock.now(), run_id=run_id)
            fetch.make(run_id, base, today)
        log.info("fetched", run=str(run_id))
        return ground.run(str(run_id))

    def may_fetch(self, source: str, target: str, base_date: dt.date | None) -> Pairing:
        """Return what a fetch goes by, or raise what keeps it from being tried."""
        refuse_same(source, target, name=source)
        today = self.ground.clock.today()
        refuse_date(base_date or today, today)
        return self.ground.pairings.between(source, target)

    def _places(self, readers: tuple[Reader, Reader]) -> tuple[Place, Place]:
        """Return where each list is kept; refuse two of one account, and an account that moved."""
        store, pairings = self.ground.store, self.ground.pairings
        source, target = map(self.ground.place, readers)
        refuse_same(source.account, target.account, name=source.connection)
        with store.one_moment():
            for place in (source, target):
                refuse_shared(store, pairings, place.connection, place.account)
            for reader, place in zip(readers, (source, target), strict=True):
                if not reader.connection.own_fields.at:
                    continue
                if store.own_fields(reader.name, place.account).at is None:
                    raise of_another_account(reader.name)
        return source, target

    def _whose(
        self, readers: tuple[Reader, Reader], places: tuple[Place, Place], asked: Observer
    ) -> Whose:
        """Return whose accounts are to be fetched; a person has confirmed it where one is there."""
        ground, store, now = self.ground, self.ground.store, self.ground.clock.now()
        source, target = (reader.name for reader in readers)
        with store.one_moment():
            last = store.usage(source, target)
            first = not (last or store.usage(target, source))
            known = store.known_accounts()
        whose = Whose(accounts=(), known=known, last=last, first=first)
        try:
            whose = evolve(whose, accounts=look(readers, places, known, now))
        except AccessError as refused:  # for the run to tell
            return evolve(whose, refused=refused)
        if whose.news:
            with store.one_moment():
                for each in whose.news:
                    refuse_told(store, ground.pairings, each)
        return whose.confirmed(asked, ground.who, now)

    def _begin(
        self,
        pairing: Pairing,
        places: tuple[Place, Place],
        claim: Claim | None,
        **asked: object,
    ) -> int:
        """Record the run, as it was *asked* for and with all that its plan will go by."""
        source, target = places
        return self.ground.store.begin_fetch(
            connections=tuple(self.ground.config.connections),
            claim=claim,
            source=source.connection,
            target=target.connection,
            source_account=source.account,
            target_account=target.account,
            who=self.ground.who,
            created_at=self.ground.clock.now(),
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
        store = self.ground.store
        try:
            with Pulse(lambda: store.still_fetching(run_id)):
                yield
        except BaseException as error:
            reason = reason_of(error) if isinstance(error, RenkeiError) else remark("interrupted")
            store.fail_fetch(run_id, self.ground.clock.now(), reason)
            log.info("fetch_failed", run=str(run_id), code=reason.code)
            raise

    def may_again(self, run: Run) -> None:
        """Raise what keeps the pair of *run* from being fetched anew, with its choice."""
        refuse_purged(run)
        if run.status.is_at_work:
            raise still_at_work(run)

    def again(
        self,
        run: Run,
        *,
        wait: bool = False,
        claim: Claim | None = None,
        confirming: Observer | None = None,
    ) -> Run:
        """Fetch the pair of *run* anew, as it was fetched then."""
        self.may_again(run)
        base = run.base_date if base_was_chosen(run) else None
        days: dict[str, int] = {}
        for notice in run.notices:
            if notice.code in BESIDE:
                days[notice.code] = int(part_of(notice, "days"))
        return self.fetch(
            run.source,
            run.target,
            base,
            wait=wait,
            again_of=run.id,
            # Without a notice none were listed then, whatever the configuration says by now.
            leavers=days.get(LEAVERS, 0),
            joiners=days.get(JOINERS, 0),
            claim=claim,
            confirming=confirming,
        )

    def carried(self, run: Run, new: Run, *, wait: bool = False) -> Carried:
        """Carry the choice of *run* over to the *new* one, as far as nothing has changed."""
        carried = carry_over(
            new,
            self.ground.store.items(new.id),
            list(self.ground.store.items(run.id, selected=True)),
            lambda: self.choosing.new_fields(new.id, wait=wait),
        )
        if carried.selection.numbers:
            self.choosing.choose(new.id, carried.selection, wait=wait)
        return carried
