"""
Opens the connections of a configuration: here is to be seen what a request is subject to.

:meth:`Systems._connection` has what the file says of it: the way there, the token, times, the
budget of retries, and who hears of waits. :meth:`Systems._complete` adds what only the connector
can say, once it is built: its conditions, and with the identity of the account its pace. A writer
puts a guard before it as soon as the lease of the account is taken; until then nothing is written.

:class:`Described` opens connections to nowhere, for what a connector tells without a network.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from attrs import define, field

from renkei.clock import Clock
from renkei.config.network import network_of
from renkei.config.options import located
from renkei.config.records import Config, ConnectionConfig, OAuth2
from renkei.config.secrets import resolve_secret
from renkei.http.connection import Connection
from renkei.http.oauth import AccessToken, Grant
from renkei.http.pace import Meet, Pacer
from renkei.http.request import Timeouts
from renkei.http.retry import RetryBudget
from renkei.http.secret import Secret
from renkei.observer import Observer
from renkei.people import ClosedHours, OwnFields
from renkei.plugins.facade import Reader
from renkei.plugins.offline import described
from renkei.plugins.writer import Writer
from renkei.store.schema import seen_beside
from renkei.store.vault import Vault


@define
class Systems:
    """The systems of one configuration; what was opened is closed with it."""

    config: Config
    clock: Clock
    observer: Observer
    own_fields: Callable[[str], OwnFields] = lambda _name: OwnFields()
    met: Callable[[str], Meet] | None = None
    """How processes that use the account of an identity hear of each other."""
    used: Callable[[str, str], object] | None = None
    """Hears which connection is opened, with the identity of its account."""
    budget: RetryBudget = field(factory=RetryBudget)
    _opened: list[Connection] = field(factory=list)
    _pacers: dict[str, Pacer] = field(factory=dict)
    _hours: dict[str, tuple[ClosedHours, ...]] = field(factory=dict)

    def reader(self, name: str) -> Reader:
        """Open connection *name* for reading; nothing that is built on it can write."""
        with located(self.config, name):
            reader = Reader(self._connection(name))
        self._complete(reader)
        return reader

    def writer(self, name: str) -> Writer:
        """
        Open connection *name* for reading, and for writing as soon as it has a guard.

        See `Connection.allow_writes`: the guard stands for the lease of the account, whose identity
        is known only now.
        """
        with located(self.config, name):
            writer = Writer(self._connection(name))
        self._complete(writer)
        return writer

    def closed_hours(self, name: str) -> tuple[ClosedHours, ...]:
        """Return the hours in which connection *name* refuses calls, without asking it."""
        settings = self.config.connection(name)
        if settings.closed_hours is not None:
            return settings.closed_hours
        if settings.connector not in self._hours:
            offline = described(settings.connector)
            self._hours[settings.connector] = offline.closed_hours
        return self._hours[settings.connector]

    def start_over(self) -> None:
        """Close what was opened and begin with a whole retry budget: a wait has passed."""
        self.close()
        self.budget = RetryBudget()

    def close(self) -> None:
        """Close what was opened."""
        for connection in self._opened:
            connection.leave()
            connection.close()
        self._opened.clear()

    def _connection(self, name: str) -> Connection:
        """Return connection *name* as the file has it; it only reads."""
        settings = self.config.connection(name)
        token = settings.token or None
        longest_s = float(self.config.settings.longest_request_seconds)
        connection = Connection(
            name=name,
            connector=settings.connector,
            base_url=settings.base_url,
            token=self._token(token),
            clock=self.clock,
            options=settings.options,
            folder=self.config.base,
            own_fields=self.own_fields(name),
            without=frozenset(settings.without),
            network=network_of(settings, self.config.base),
            timeouts=Timeouts(read_s=longest_s, call_s=longest_s),
            budget=self.budget,
            closed_hours=settings.closed_hours,
            limits=settings.limits,
            in_flight=settings.in_flight,
            on_wait=lambda reason, seconds: self.observer.waiting(name, reason, seconds),
        )
        self._opened.append(connection)
        return connection

    def _pacer(self, identity: str) -> Pacer:
        """Return the pace of the account of *identity*."""
        if identity not in self._pacers:
            meet = self.met(identity) if self.met else None
            self._pacers[identity] = Pacer(self.clock, meet)
        return self._pacers[identity]

    def _token(self, written: str | OAuth2 | None) -> Secret:
        """Return what opens a system, its references looked up; None: nothing does."""
        if written is None:
            return Secret(None)
        if isinstance(written, str):
            return Secret(self._secret(written))
        store = self.config.store
        refresh = written.refresh and self._secret(written.refresh)
        key = written.key and self._secret(written.key)
        kept = (store, key, seen_beside(store, self.config.main.path)) if key else None
        return _access_token(
            url=written.url,
            client=self._secret(written.client),
            secret=self._secret(written.secret),
            scope=written.scope,
            refresh=refresh,
            kept=kept,
            company=self.config.company.name,
        )

    def _secret(self, reference: str) -> str:
        return resolve_secret(reference, self.config.base)

    def _complete(self, reader: Reader) -> None:
        """
        Let the connection keep to what its connector declares, where the file says nothing else.

        A system counts what was read to choose and what is written as one.
        """
        connection = reader.connection
        connection.complete(reader.conditions, self._pacer)
        if self.used is not None:
            self.used(connection.name, connection.identity)


@define
class Described:
    """What the connectors of one configuration tell without a network; each is asked once."""

    config: Config
    own_fields: Callable[[str], OwnFields]
    _by_name: dict[str, Reader] = field(factory=dict)
    _shared: dict[tuple[str, bool], Reader] = field(factory=dict)

    def at(self, name: str) -> Reader:
        """
        Return what the connector of connection *name* tells without a network; asked once.

        Connections that say nothing of their own share an answer.
        """
        if name not in self._by_name:
            settings = self.config.connection(name)
            with located(self.config, name):
                self._by_name[name] = self._told(name, settings)
        return self._by_name[name]

    def _told(self, name: str, settings: ConnectionConfig) -> Reader:
        if not (settings.options or settings.without):
            shared = self.alike(settings.connector)
            has_own = shared.can_discover and self.own_fields(name).at is not None
            if not has_own:
                return shared
        return Reader(
            Connection.offline(
                settings.connector,
                name=name,
                options=settings.options,
                folder=self.config.base,
                own_fields=self.own_fields(name),
                without=frozenset(settings.without),
            )
        )

    def alike(self, connector: str, *, by_itself: bool = False) -> Reader:
        """Return what *connector* tells all connections, or one that asks it alone."""
        key = connector, by_itself
        if key not in self._shared:
            self._shared[key] = Reader(Connection.offline(connector, by_itself=by_itself))
        return self._shared[key]


# Shared by all connections of a process: a refresh token may be of use only once.
@lru_cache(maxsize=256)
def _access_token(
    *,
    url: str,
    client: str,
    secret: str,
    scope: str,
    refresh: str | None,
    kept: tuple[str, str, Path] | None,
    company: str,
) -> AccessToken:
    """
    Return the token of a grant, one for all that this process does with it.

    *kept* is the place of the store, the key with which its tokens are encrypted there, and the
    file with what this computer has last seen of it; *company* uses them.
    """
    first = Secret(refresh) if refresh else None
    grant = Grant(url=url, client=client, secret=Secret(secret), scope=scope, refresh=first)
    vault = None
    if kept is not None:
        store, key, seen = kept
        vault = Vault(store, f"{url}\n{client}\n{refresh}", key, seen, company=company)
    return AccessToken(grant, vault)
