"""Writes on their way to a system: sent by threads that only send, taken back by one that decides.

Where one write at a time is sent, it is sent by the thread that asks: a connector that says nothing
of several threads meets one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import copy_context
from queue import Empty, SimpleQueue

from attrs import define, field, frozen

from renkei.errors import RenkeiError
from renkei.http.connection import Connection
from renkei.model import Item
from renkei.people import BatchWrite, FieldSpec, Value
from renkei.plugins.writer import Written

UNIQUE = ("number", "email")
"""Roles of the fields of which no two employees have the same value."""


@define(kw_only=True)
class Claims:
    """
    What a write does to values that a system may allow to one employee only.

    *alone* is what nobody else may touch at the same time, such as the employee; *gives* are values
    that somebody gives up, *takes* those that somebody takes, each with its field.
    """

    alone: set[object] = field(factory=set)
    gives: set[object] = field(factory=set)
    takes: set[object] = field(factory=set)

    def collide(self, other: Claims) -> bool:
        """Tell whether two writes may be about one thing: then they never fly together."""
        # A system may refuse a value to two: who takes it never flies beside who gives it up.
        handed_on = self.gives & other.takes or self.takes & other.gives
        return bool(self.alone & other.alone or handed_on)

    def add(self, other: Claims) -> None:
        """Claim what *other* claims, too."""
        self.alone |= other.alone
        self.gives |= other.gives
        self.takes |= other.takes


@frozen
class Disputes:
    """
    The fields of a target over whose values two employees may be at odds.

    *unique* are those that no two employees have alike; of *own* ones a value may be handed on.
    """

    unique: frozenset[str]
    own: frozenset[str]

    @classmethod
    def about(cls, specs: Sequence[FieldSpec]) -> Disputes:
        """Return those of the target's *specs*: names, dates and what is chosen are nobody's."""
        texts = [spec for spec in specs if spec.type == "text" and spec.allowed is None]
        return cls(
            unique=frozenset(spec.name for spec in texts if spec.role in UNIQUE),
            own=frozenset(spec.name for spec in texts if spec.role in (*UNIQUE, None)),
        )

    def claims(self, item: Item) -> Claims:
        """Return what a write of *item* may dispute with that of another one."""
        before = {(change.field, change.before) for change in item.changes}
        after = {(change.field, change.after) for change in item.changes}
        person: set[object] = {item.target_id} if item.target_id else set()
        return Claims(
            alone=person | _said(after, self.unique),
            gives=_said(before, self.own),
            takes=_said(after, self.own),
        )


def _said(values: Iterable[tuple[str, Value]], fields: frozenset[str]) -> set[object]:
    """Return the texts in *fields*, each with its field; case and spaces around do not count."""
    said: set[object] = set()
    for name, value in values:
        if name in fields and isinstance(value, str):
            said.add((name, value.strip().casefold()))
    return said


@define(eq=False, kw_only=True)
class Sending:
    """
    One *write* of *item*; :attr:`sent` keeps how many of its requests have left.

    *claims* tells what it may dispute with another one.
    """

    item: Item
    kind: str
    claims: Claims
    order: BatchWrite
    write: int = 0
    """The id of its intent, once that is committed."""
    reserved: bool = False
    """Whether the pacer has a slot for it, so that it need not wait for room once it flies."""
    sent: int = 0
    answer: Written | None = None
    error: RenkeiError | None = None
    batch: Sequence[Sending] = ()
    """Those that :attr:`error` is about, where it is about a batch of several."""
    crash: BaseException | None = field(default=None, repr=False)

    def reserve(self, connection: Connection) -> bool:
        """Take a slot for it; tell whether there was one."""
        self.reserved = connection.reserve()
        return self.reserved

    def put_back(self, connection: Connection) -> None:
        """Give the slot back: it does not leave."""
        if self.reserved:
            self.reserved = False
            connection.put_back()

    @property
    def was_taken(self) -> bool:
        """Whether it was taken: what came back says nothing against the system or somebody."""
        return self.error is None and self.crash is None


Carry = Callable[[Sequence[Sending]], Sequence[Written | RenkeiError]]
"""Sends some writes together; returns what came of each, or raises what is about all of them."""


class Flight:
    """Those writes that have left and have not been taken back."""

    def __init__(self) -> None:
        self._out: list[Sending] = []
        self._back: SimpleQueue[Sending] = SimpleQueue()

    def __len__(self) -> int:
        return len(self._out)

    def __iter__(self) -> Iterator[Sending]:
        return iter(self._out)

    def send(self, together: Sequence[Sending], carry: Carry, *, alone: bool) -> None:
        """Let *carry* send some *together*; *alone*: in this thread, which waits meanwhile."""
        self._out += together

        def work() -> None:
            _go(together, carry)
            for sending in together:
                self._back.put(sending)

        if alone:
            work()
            return
        in_context = copy_context().run  # its lines in the log name the run, too
        try:
            threading.Thread(target=in_context, args=(work,), daemon=True).start()
        except RuntimeError:  # there is no room for another thread
            work()

    def take(self) -> list[Sending]:
        """Return those that are back; wait for one at least."""
        if not self._out:
            return []
        return self.landed([self._back.get()])

    def landed(self, first: Sequence[Sending] = ()) -> list[Sending]:
        """Return those that are back, behind the *first* ones."""
        back = list(first)
        while True:
            try:
                back.append(self._back.get_nowait())
            except Empty:
                break
        landed = set(map(id, back))
        self._out = [each for each in self._out if id(each) not in landed]
        return back


def _go(together: Sequence[Sending], carry: Carry) -> None:
    """Send, and keep with each what comes of it."""
    try:
        for sending, came in zip(together, carry(together), strict=True):
            if isinstance(came, RenkeiError):
                sending.error = came
            else:
                sending.answer = came
    except RenkeiError as error:
        batch = together if len(together) > 1 else ()
        for sending in together:
            sending.error, sending.batch = error, batch
    except BaseException as crash:  # noqa: BLE001 - raised by the thread that takes it back
        for sending in together:
            sending.crash = crash
