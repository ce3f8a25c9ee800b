"""What the rooms behind the door stand on: one configuration, its store and its systems."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import cache, cached_property

from renkei.config.clock import clock_for
from renkei.config.records import Config
from renkei.errors import ClosedError, ConfigurationError, NoStoreError, RenkeiError, StoreError
from renkei.http.pace import Meet, Share, Window
from renkei.model import Run
from renkei.observer import Observer
from renkei.people import OwnFields
from renkei.place import is_server, shown
from renkei.plan.pairings import Pairings
from renkei.plan.standing import Standing
from renkei.plan.unusual import Judging
from renkei.plugins.facade import Reader
from renkei.store.accounts import OfConnections
from renkei.store.paces import user_of_pace
from renkei.store.releases import Place
from renkei.store.schema import seen_beside
from renkei.store.store import Store
from renkei.systems import Systems
from renkei.who import recorded
from renkei.words.codes import remark


class Ground:
    """
    What all rooms share. Store and systems are opened when they are first needed, and only once.

    *ran* is what was done with it that may need a person: it decides whether anybody is told.
    """

    def __init__(self, config: Config, who: str | None, observer: Observer | None) -> None:
        self.config = config
        self.who = recorded(who)
        self.observer = observer or Observer()
        self.clock, warning = clock_for(config)
        if warning:
            self.observer.warning(warning)
        self.systems = Systems(
            config, self.clock, self.observer, self.own_fields, self._met, self._used
        )
        self.pairings = Pairings(config, self.own_fields)
        self.ran: set[str] = set()
        self.interrupted = False
        self.opened: Store | None = None
        self._learned: dict[str, OwnFields] = {}
        self._noted: set[tuple[str, str]] = set()
        self._missed = False

    # --- the store --------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        """The store; NoStoreError if there is none yet."""
        return self.open_store(create=False)

    def open_store(self, *, create: bool) -> Store:
        """Return the store; NoStoreError if it is not there, unless it may be made."""
        if self.opened is None:
            store = self.opened = self._new_store(create=create)
            store.tell(self.observer)
        return self.opened

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

    def has_store(self) -> bool:
        """Return whether there is a store; if not, say so once."""
        try:
            self.open_store(create=False)
        except NoStoreError:
            if not self._missed:
                self.observer.news(remark("no_store", place=shown(self.config.store)))
            self._missed = True
            return False
        return True

    @property
    def standing(self) -> Standing:
        """What still holds of the plans in the store."""
        return Standing(self.store, self.pairings, self.clock)

    @property
    def judging(self) -> Judging:
        """What judges choices by the safety limits."""
        return Judging(self.standing)

    def run(self, run_id: str) -> Run:
        """Return the run as it stands now; UsageError if there is none of that id."""
        return self.standing.aged(self.store.run(run_id))

    # --- accounts and their fields ----------------------------------------------------------

    def place(self, reader: Reader) -> Place:
        """Return where in the store the list of a connection is kept."""
        account = self.store.account(reader.connection.identity)
        return Place(connection=reader.name, account=account)

    def own_fields(self, connection: str) -> OwnFields:
        """Return the fields that are kept of an account; none if there is no store yet."""
        if connection in self._learned:
            return self._learned[connection]
        try:
            return self._of_connections.fields.get(connection, OwnFields())
        except NoStoreError:
            return OwnFields()

    def learn_fields(self, connection: str, found: OwnFields) -> None:
        """Go by these fields of an account from now on."""
        self._learned[connection] = found

    @cached_property
    def _of_connections(self) -> OfConnections:
        return self.store.of_connections()

    def _met(self, identity: str) -> Meet:
        """Return how those who use the account of *identity* hear of each other: by the store."""
        me = user_of_pace()

        @cache
        def account(store: Store) -> str:
            return store.account(identity)

        def meet(windows: Sequence[Window], *, leaving: bool = False) -> Share:
            store = self.opened
            if store is None:
                return Share()  # nobody could hear of it
            return store.meet(account(store), me, windows, leaving=leaving)

        return meet

    def _used(self, connection: str, identity: str) -> None:
        """Let the log tell that another token or address is in use than before."""
        if self.opened is not None and (connection, identity) not in self._noted:
            account = self.opened.account(identity)
            # Every command asks this, and there is rarely anything to write.
            if self._of_connections.used.get(connection, account) != account:
                self.opened.note_account(connection, account)
            self._noted.add((connection, identity))

    # --- waiting ----------------------------------------------------------------------------

    def wait_open(self, readers: Sequence[Reader], *, wait: bool) -> None:
        """Raise ClosedError if a system is closed now; with *wait*, wait until all are open."""
        while True:
            try:
                for reader in readers:
                    reader.connection.check_open()
            except ClosedError as error:
                if not wait:
                    raise
                self.sleep(self._until(error.opens), "closed", error.where)
                if self.interrupted:
                    raise
            else:
                return

    def _until(self, moment: dt.datetime) -> float:
        return (moment - self.clock.now()).total_seconds()

    def sleep_over(self, fault: RenkeiError, waits: Iterator[float]) -> None:
        """Wait until a system opens, or for the next of *waits* where nobody knows when."""
        opens_in_s = self._until(fault.opens) if isinstance(fault, ClosedError) else 0.0
        if opens_in_s > 0:
            self.sleep(opens_in_s, "closed", fault.where)
        else:
            self.sleep(next(waits), "retry", fault.where)

    def sleep(self, seconds: float, reason: str, where: str | None) -> None:
        """Wait, in slices short enough to be interrupted."""
        self.observer.waiting(where or "", reason, seconds)
        until = self.clock.monotonic() + seconds
        while (left := until - self.clock.monotonic()) > 0 and not self.interrupted:
            self.clock.sleep(min(left, 0.5))

    def interrupt(self) -> None:
        """Stop a running sync after the employee in hand; safe in a signal handler."""
        self.interrupted = True  # no lock: a signal handler may come at any moment

    def act_for(self, who: str | None) -> None:
        """Do the rest in the name of the one who has asked for it: runs and log have it."""
        if who is not None:
            self.who = who
            self.store.act_for(who)

    def close(self) -> None:
        """Close connections and store."""
        self.systems.close()
        if self.opened is not None:
            self.opened.close()
