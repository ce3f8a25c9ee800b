"""One configured account of a connector: where it is, how to get in, and what to keep to."""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from attrs import define, field, frozen

from renkei.clock import Clock, opening_text
from renkei.errors import ClosedError, ConfigurationError, ConnectorError
from renkei.http.address import is_safe, one_spelling, split_url
from renkei.http.failure import Classify, ReadRooms
from renkei.http.network import Network
from renkei.http.pace import AHEAD, IN_FLIGHT, WRITES, OnWait, Pacer
from renkei.http.request import Request, Timeouts
from renkei.http.retry import RetryBudget
from renkei.http.secret import Secret
from renkei.http.session import Session
from renkei.people import ClosedHours, OwnFields, Parallel, RequestLimit
from renkei.words.i18n import _

Guard = Callable[[], None]
"""Called right before the bytes of each request leave; raises if they must not."""

_MIB = 1024 * 1024
_OFFLINE = "https://offline.invalid"


@frozen(kw_only=True)
class Conditions:
    """What a connector declares of its system; *identity* is what it says of the account."""

    closed_hours: tuple[ClosedHours, ...] = ()
    limits: tuple[RequestLimit, ...] = ()
    in_parallel: frozenset[Parallel] = frozenset()
    identity: str | None = None


@define
class OneWrite:
    """One write in the hands of a thread: at most *tries* requests, *sent* of which have left."""

    tries: int = 3
    reserved: bool = False
    sent: int = 0


def _without_slash(url: str) -> str:
    return url.rstrip("/")


@define(kw_only=True, eq=False)
class Connection:
    """
    One account of a connector; its sessions share one pace, and the budget is the command's.

    What a request is subject to is said here, but for two things that cannot be known before. The
    connector is built with its connection, and declares its *conditions* afterwards:
    :meth:`complete`. A writer takes the lease of the account that it says: :meth:`allow_writes`.

    *closed_hours* and *limits*, unless None, stand in for what the connector declares. Not more
    than *in_flight* requests are on their way at a time, where the connector says that they may be
    several. *network* is the way there. *on_wait* hears of waits. Where the connector needs none,
    *base_url* or *token* is empty. Relative paths in the *options* start from *folder*.
    *by_itself*: it is asked only for what holds of every account. *max_record_bytes* and
    *max_answer_bytes* count decoded bytes. Raises ConfigurationError if *base_url* cannot be used.
    *own_fields* are those that only this account has. It is *without* fields of some roles.
    """

    name: str
    connector: str
    base_url: str = field(converter=_without_slash)
    token: Secret
    clock: Clock = field(factory=Clock)
    options: Mapping[str, Any] = field(factory=dict)
    folder: Path = field(factory=Path)
    by_itself: bool = False
    own_fields: OwnFields = field(factory=OwnFields)
    without: frozenset[str] = frozenset()
    read_only: bool = True
    timeouts: Timeouts = field(factory=Timeouts)
    network: Network = field(factory=Network)
    max_record_bytes: int = _MIB
    max_answer_bytes: int = 512 * _MIB
    budget: RetryBudget = field(factory=RetryBudget)
    closed_hours: tuple[ClosedHours, ...] | None = None
    limits: tuple[RequestLimit, ...] | None = None
    in_flight: int = IN_FLIGHT
    conditions: Conditions = field(factory=Conditions)
    on_wait: OnWait | None = None
    guard: Guard | None = field(init=False, default=None)
    pacer: Pacer = field(init=False)
    clock_off_s: float | None = field(init=False, default=None)
    """By how many seconds our clock is ahead of the system's, as its last answer has it."""
    _mine: threading.local = field(init=False, factory=threading.local)
    _sessions: list[Session] = field(init=False, factory=list)

    def __attrs_post_init__(self) -> None:
        if self.base_url:
            _check_url(self.name, self.base_url)
        self.pacer = Pacer(self.clock)

    def complete(
        self, conditions: Conditions, pacer_of: Callable[[str], Pacer] | None = None
    ) -> None:
        """
        Keep to the *conditions* that the connector has declared; called once it is built.

        *pacer_of* returns the pace that all share who use the account of an identity; without it
        this connection has one of its own.
        """
        self.conditions = conditions
        if pacer_of is not None:
            self.pacer = pacer_of(self.identity)

    def allow_writes(self, guard: Guard) -> None:
        """Let writes leave, too, from now on: those to which *guard* says nothing."""
        self.guard = guard
        self.read_only = False

    def note_date(self, text: str | None) -> None:
        """Note when the system says that it has answered: the header Date."""
        with suppress(TypeError, ValueError):
            theirs = parsedate_to_datetime(text or "")
            if theirs.tzinfo is not None:
                self.clock_off_s = (self.clock.real_now() - theirs).total_seconds()

    @classmethod
    def offline(cls, connector: str, **more: Any) -> Connection:  # noqa: ANN401 - attributes
        """Return a connection to nowhere, for asking a connector about its fields."""
        nowhere = {"name": connector, "base_url": _OFFLINE, "token": Secret("offline")}
        return cls(connector=connector, **{**nowhere, **more})

    def session(
        self,
        *,
        headers: Mapping[str, str],
        classify: Classify,
        room: ReadRooms | None = None,
        reads: Sequence[str] = (),
    ) -> Session:
        """
        Return a session that sends *headers* along and understands the system's own refusals.

        *reads*, since renkei 0.2: the whole paths below ``base_url``, such as ``/users/search``,
        where a POST only reads. Nothing but :meth:`Session.search` makes use of them.
        """
        if not self.base_url:
            message = _("{name}: the connector wants an address that it has not asked for.")
            raise ConnectorError(message.format(name=self.name), where=self.name)
        session = Session(self, headers=headers, classify=classify, room=room, reads=reads)
        self._sessions.append(session)
        return session

    def close(self) -> None:
        """Close what the sessions have opened; they open it again when they are used."""
        for session in self._sessions:
            session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @property
    def identity(self) -> str:
        """
        What tells this account from others: connector, address and token. It is a secret.

        All customers of a system may share an address, and one account may have several names. What
        the connector says comes on top; where it says nothing, and address or token are not there,
        so do the options.
        """
        own = self.conditions.identity
        if own is None and not (self.base_url and self.token):
            own = json.dumps(self.options, sort_keys=True)
        account = self.token.account if self.token else ""
        shared = f"{self.connector}\n{one_spelling(self.base_url)}\n{account}"
        return shared if own is None else f"{shared}\n{own}"

    @property
    def hours_in_force(self) -> Sequence[ClosedHours]:
        """The closed hours to keep to."""
        return self.conditions.closed_hours if self.closed_hours is None else self.closed_hours

    @property
    def limits_in_force(self) -> Sequence[RequestLimit]:
        """
        The request limits to keep to.

        Two names of one account may have other ones: they share the pacer, and each hands it its
        own, here and nowhere else.
        """
        return self.conditions.limits if self.limits is None else self.limits

    def width(self, kind: Parallel) -> int:
        """Return how many requests of a *kind* may be on their way at once, and are of use."""
        if kind not in self.conditions.in_parallel:
            return 1
        # More would only wait for the limits: docs/decisions/2026-11-29-several-in-flight.md
        times = WRITES if kind == "writes" else AHEAD
        useful = self.pacer.useful(self.limits_in_force, times)
        return self.in_flight if useful is None else min(self.in_flight, useful)

    @property
    def in_hand(self) -> OneWrite:
        """The write that this thread is sending."""
        found: OneWrite | None = getattr(self._mine, "write", None)
        if found is None:
            found = self._mine.write = OneWrite()
        return found

    @contextmanager
    def writing(self, *, tries: int, reserved: bool) -> Iterator[OneWrite]:
        """
        Let this thread send one write in the block, by *tries* requests at most; it counts them.

        *reserved*: the pacer has a slot for the first request; it is put back if there is none.
        """
        self._mine.write = write = OneWrite(tries=tries, reserved=reserved)
        try:
            yield write
        finally:
            self._mine.write = None
            if write.reserved:
                self.put_back()

    @contextmanager
    def once(self) -> Iterator[None]:
        """
        Let this thread ask once in the block: a request that fails is not tried again.

        What comes after it waits instead. An access token that has run out is renewed all the same.
        """
        self._mine.once = True
        try:
            yield
        finally:
            self._mine.once = False

    @property
    def tries_again(self) -> bool:
        """Whether a request of this thread that fails may be tried again."""
        return not getattr(self._mine, "once", False)

    def _take_reserved(self) -> bool:
        """Return whether a slot is reserved for the request that this thread sends now."""
        write: OneWrite | None = getattr(self._mine, "write", None)
        if write is None or not write.reserved:
            return False
        write.reserved = False
        return True

    def slot(self) -> AbstractContextManager[None]:
        """Return what waits for room, and holds it in the block: until the answer has begun."""
        reserved = self._take_reserved()
        return self.pacer.slot(self.limits_in_force, self.on_wait, reserved=reserved)

    def reserve(self) -> bool:
        """Take a slot for a write if there is room now; one that is not used is put back."""
        return self.pacer.reserve(self.limits_in_force)

    def put_back(self) -> None:
        """Give back a slot that was reserved: nothing has been sent."""
        self.pacer.put_back()

    def wait_s(self) -> float:
        """Return in how many seconds there may be room; 0 or less: now."""
        return self.pacer.wait_s(self.limits_in_force)

    def leave(self) -> None:
        """Tell the others who use the account that this process goes on no more."""
        self.pacer.leave(self.limits_in_force)

    def wait_for_room(self) -> None:
        """Block until a request may be sent; raises ClosedError in closed hours."""
        self.check_open()
        self.pacer.wait(self.limits_in_force, self.on_wait)
        self.check_open()  # the wait may have led into closed hours

    def wait_while_held(self) -> None:
        """Block while the system, or who gives its tokens, has asked for a pause; as above."""
        self.check_open()
        self.pacer.wait((), self.on_wait)
        self.check_open()  # as above

    def check_open(self) -> None:
        """Raise ClosedError in closed hours (start in, end out) by the calendar's clock."""
        now = self.clock.now()
        for hours in self.hours_in_force:
            if opens := hours.reopening(now):
                raise closed_error(self.name, opens, now)

    def before_write(self) -> None:
        """
        Make sure that a write may leave now; since renkei 0.2.

        A session does so before each request. A writer without one calls it right before the
        bytes leave. Raises ConnectorError while only reading is allowed, ClosedError in closed
        hours, and BusyError if another process has taken over.
        """
        self._refuse_writing()
        self.check_open()
        if self.guard is not None:
            self.guard()

    def permit(self, request: Request) -> None:
        """Raise ConnectorError for a request that this connection must not send at all."""
        if self.base_url == _OFFLINE:
            message = _("{name}: the connector tried to use the network to describe its fields.")
            raise ConnectorError(message.format(name=self.name), where=self.name)
        if request.writes:
            self._refuse_writing()

    def _refuse_writing(self) -> None:
        if self.read_only:
            message = _("{name}: the connector tried to write while only reading is allowed.")
            raise ConnectorError(message.format(name=self.name), where=self.name)


def closed_error(name: str, opens: dt.datetime, at: dt.datetime | None = None) -> ClosedError:
    """
    Return the error for closed hours that end at *opens*.

    *at*, since renkei 0.2: when the system said so. Without it the day is always told.
    """
    message = _("{name} takes no requests until {time} (JST). Try again then.")
    said = message.format(name=name, time=opening_text(opens, at))
    return ClosedError(said, opens=opens, at=at, where=name)


def _check_url(name: str, url: str) -> None:
    """Require https (plain http on this computer only) and nothing but host, port and path."""
    parts = split_url(url) or urlsplit("")
    host = parts.hostname or ""
    printed = re.fullmatch(r"[!-~]*", url)
    # After a backslash, or with something behind brackets, parsers disagree about the host.
    unclear = re.search(r"\\|\][^:/]", url)
    has_more = "@" in parts.netloc or "?" in url or "#" in url
    if not printed or unclear or not host or has_more:
        message = _(
            "{name}: base_url must be like https://host/path, with no user name, query or fragment."
        )
        raise ConfigurationError(message.format(name=name), code="base_url", where=name)
    if not is_safe(url):
        message = _(
            "{name}: base_url must start with https:// (http:// is for this computer only)."
        )
        raise ConfigurationError(message.format(name=name), code="base_url", where=name)
