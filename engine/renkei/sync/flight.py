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
from renkei.http import Connection
from renkei.model import Item
from renkei.people import FieldSpec, Value
from renkei.plugins.facade import Written

UNIQUE = ("number", "email")
"""Roles of the fields of which no two employees have the same value."""


@frozen(kw_only=True)
class Claims:
    """
    What a write does to values that a system may allow to one employee only.

    *alone* is what nobody else may touch at the same time, such as the employee; *gives* are values
    that somebody gives up, *takes* those that somebody takes, each with its field.
    """

    alone: frozenset[object]
    gives: frozenset[object]
    takes: frozenset[object]

    def collide(self, other: Claims) -> bool:
        """Tell whether two writes may be about one thing: then they never fly together."""
        return bool(
            self.alone & other.alone or self.gives & other.takes or self.takes & other.gives
        )


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
        person = frozenset([item.target_id] if item.target_id else [])
        return Claims(
            alone=person | _said(after, self.unique),
            gives=_said(before, self.own),
            takes=_said(after, self.own),
        )


def _said(values: Iterable[tuple[str, Value]], fields: frozenset[str]) -> frozenset[object]:
    """Return the texts in *fields*, each with its field; case and spaces around do not count."""
    return frozenset(
        (name, value.strip().casefold())
        for name, value in values
        if name in fields and isinstance(value, str)
    )


@define(eq=False, kw_only=True)
class Sending:
    """
    One write. *send* sends it, and keeps in :attr:`sent` how many of its requests have left.

    *claims* tells what it may dispute with another one.
    """

    item: Item
    kind: str
    claims: Claims
    send: Callable[[Sending], Written]
    write: int = 0
    """The id of its intent, once that is committed."""
    reserved: bool = False
    """Whether the pacer has a slot for it, so that it need not wait for room once it flies."""
    sent: int = 0
    answer: Written | None = None
    error: RenkeiError | None = None
    crash: BaseException | None = field(default=None, repr=False)

    def reserve(self, connection: Connection) -> bool:
        """Take a slot for it; tell whether there was one."""
        self.reserved = connection.pacer.reserve(connection.limits_in_force)
        return self.reserved

    def put_back(self, connection: Connection) -> None:
        """Give the slot back: it does not leave."""
        if self.reserved:
            self.reserved = False
            connection.pacer.put_back()

    def go(self) -> None:
        """Send, and keep what comes of it."""
        try:
            self.answer = self.send(self)
        except RenkeiError as error:
            self.error = error
        except BaseException as crash:  # noqa: BLE001 - raised by the thread that takes it back
            self.crash = crash

    @property
    def was_taken(self) -> bool:
        """Whether it was taken: what came back says nothing against the system or somebody."""
        return self.error is None and self.crash is None


class Flight:
    """Those writes that have left and have not been taken back."""

    def __init__(self) -> None:
        self._out: list[Sending] = []
        self._back: SimpleQueue[Sending] = SimpleQueue()

    def __len__(self) -> int:
        return len(self._out)

    def __iter__(self) -> Iterator[Sending]:
        return iter(self._out)

    def send(self, sending: Sending, *, alone: bool) -> None:
        """Let *sending* leave; *alone*: in this thread, which waits for what comes back."""
        self._out.append(sending)
        if alone:
            sending.go()
            self._back.put(sending)
            return

        def work() -> None:
            sending.go()
            self._back.put(sending)

        try:
            threading.Thread(target=copy_context().run, args=(work,), daemon=True).start()
        except RuntimeError:  # there is no room for another thread
            work()

    def take(self) -> list[Sending]:
        """Return those that are back; wait for one at least."""
        return self.landed([self._back.get()]) if self._out else []

    def landed(self, first: Sequence[Sending] = ()) -> list[Sending]:
        """Return those that are back by now, behind the *first* ones."""
        back = list(first)
        while True:
            try:
                back.append(self._back.get_nowait())
            except Empty:
                break
        self._out = [each for each in self._out if each not in back]
        return back
