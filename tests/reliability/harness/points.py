"""Fail points: named moments of a process, from outside of the product.

Everything that renkei sends leaves through `Wire.open`, and everything it commits goes through
`Database._writing`, but for what makes the file of a store or writes it anew. These places are
wrapped in the process that is to be hurt; the names follow from what is being done.

| name | the moment |
| --- | --- |
| `read.send`, `create.send`, `update.send` | nothing speaks against it any more, nothing has left |
| `read.answered`, … | the system has answered, and our code does not know it yet |
| `intend.begin`, `record.begin`, … | a method of the store is about to begin its transaction |
| `intend.commit`, … | everything is written and nothing is committed |
| `intend.committed`, … | it is durable, and our code does not know it yet |
| `build.begin`, `compact.committed`, … | before and after the whole file is written |

A moment is a point with what tells it from others of its kind, and how long anything takes does
not: not how many outcomes come back together and share a transaction, how often a lease is renewed,
or how often somebody is looked up. See :class:`Course`.

| name | the moment |
| --- | --- |
| `intend.commit 3#2` | the second intent for the employee at position 3, whoever else is in it |
| `record.commit 3#1` | their first outcome, also where it goes along with the intents of others |
| `confirm.commit 3#1` | a look has shown that the system stored what it had answered of them |
| `end_sync.begin#1` | the first one of the command |
| `read.send smarthr after record.committed 3#1, …` | the first read of SmartHR after all that |
"""

from __future__ import annotations

import builtins
import importlib
import os
import signal
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from attrs import define, field, frozen

from renkei.database import opening
from renkei.http import wire
from renkei.http.request import Request
from renkei.store import database, hold, journal, purge, schema
from renkei.store.tables import ANSWERED

Action = Literal["kill", "hold", "raise"]

WHOLE_FILE: tuple[tuple[Any, str], ...] = (
    *((opening, "_build"), (opening, "_back_up"), (opening, "_upgrade")),
    (purge.Purge, "_vacuum"),
)
"""What makes the file of a store, or writes it anew, in a transaction of its own."""

KINDS = {"GET": "read", "POST": "create", "PUT": "update", "PATCH": "update"}

IDLE = ("read.", "renew.", "stamp.", "meet.", "leave.", "beat.")
"""Points at which neither the systems nor the outcomes change: how many there are may vary."""

BY_THE_CLOCK = ("meet.", "leave.", "beat.")
"""Whether these are passed, or when, depends on how long all else takes."""


def kind(moment: str) -> str:
    """Return the point of a moment."""
    return moment.partition("#")[0].partition(" ")[0]


def is_steady(moment: str) -> bool:
    """Tell whether a moment is called so however often idle points were passed before it."""
    return " after " in moment or not moment.startswith(IDLE)


@frozen
class Armed:
    """
    What happens at a moment, or when a point is reached for the *nth* time.

    Once, unless *always* (from then on).

    `kill` is SIGKILL. `hold` tells the parent and waits for its word. `raise` raises *error*: the
    dotted name of a class, then its arguments.
    """

    point: str
    action: Action = "kill"
    nth: int = 1
    error: tuple[Any, ...] = ()
    always: bool = False

    def due(self, counts: Mapping[str, int]) -> bool:
        """Return whether this is the moment, of which *counts* has all the names."""
        count = counts.get(self.point, 0)
        return count == self.nth or (self.always and count > self.nth)


@define
class Course:
    """
    What a process has gone through, from which its moments get their names.

    A moment is named by how often the same has happened to the same employee, or system. How often
    an idle one comes is a matter of time: it is named by what has happened last to that employee,
    or by the last that the thread has done which decides, to each of them: in any order. Nobody can
    tell what that is while others are on their way, nor with whom somebody is confirmed then.
    """

    _counts: Counter[str] = field(init=False, factory=Counter)
    _last: dict[object, str] = field(init=False, factory=dict)
    _decided: dict[object, str] = field(init=False, factory=dict)
    _on_their_way: set[object] = field(init=False, factory=set)
    _side_by_side: bool = field(init=False, default=False)
    """Whether other threads have sent something."""

    def names(self, point: str, about: object) -> tuple[str, ...]:
        """Return what this moment is called."""
        thing = point if about is None else f"{point} {about}"
        self._counts[thing] += 1
        counted = f"{thing}#{self._counts[thing]}"
        if not point.startswith(IDLE):
            self._note(point, about, counted)
            return (counted,)
        if about not in self._last and self._on_their_way:
            return (counted,)
        every = ", ".join(sorted(self._decided.values())) or "the start"
        return f"{thing} after {self._last.get(about, every)}", counted

    def _note(self, point: str, about: object, moment: str) -> None:
        decides = threading.current_thread() is threading.main_thread()
        self._side_by_side |= not decides
        if about is not None:
            self._last[about] = moment
        if decides and not (self._side_by_side and point.startswith("confirm.")):
            self._decided[about] = moment
        if decides and not point.startswith("intend."):
            self._on_their_way.discard(about)
        else:
            self._on_their_way.add(about)


@define
class Points:
    """The points of this process; every one that is reached is told to the parent, in order."""

    control: socket.socket
    armed: tuple[Armed, ...]
    _course: Course = field(init=False, factory=Course)
    _counts: Counter[str] = field(init=False, factory=Counter)
    _lock: threading.Lock = field(init=False, factory=threading.Lock)
    _mine: threading.local = field(init=False, factory=threading.local)
    """Whose write this thread sends."""
    _positions: dict[int, int] = field(init=False, factory=dict)
    """Of whom each write is."""
    _answered: set[int | None] = field(init=False, factory=set)
    """The writes of which it was told that the system has taken them."""

    def reach(self, point: str, happens: Sequence[tuple[str, object]] = ()) -> None:
        """Tell the parent, then do what is armed; *happens* has more than one name of it."""
        with self._lock:  # a fetch reads both sides at once
            moments = [self._course.names(*each) for each in happens or [(point, None)]]
            names = list(dict.fromkeys([point, *(name for each in moments for name in each)]))
            self._counts.update(names)
            counts = {name: self._counts[name] for name in names}
            due = next((armed for armed in self.armed if armed.due(counts)), None)
            self._tell("at", point, *(name for each in moments for name in each))
            if due and due.action == "hold":
                self._tell("held", due.point)
            if due and due.action == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
        if due and due.action == "hold":
            self.control.recv(1)
        elif due:
            raise _error(*due.error)

    def install(self) -> None:
        """Wrap the places of this process."""
        self._wrap_writes()
        self._wrap_sends()
        self._wrap_commits()
        self._wrap_whole_files()

    def _tell(self, word: str, *names: str) -> None:
        self.control.sendall(("\t".join((word, *names)) + "\n").encode())

    def _wrap_writes(self) -> None:
        """Know whose write it is that a thread sends."""
        intend, sending = hold.Hold.intend, hold.Hold.sending

        def intended(
            held: hold.Hold, told: Any, wanted: Sequence[tuple[int, str]], at: Any
        ) -> list[int] | None:
            ids = intend(held, told, wanted, at)
            positions = (position for position, _kind in wanted)
            self._positions.update(zip(ids or (), positions, strict=False))
            return ids

        @contextmanager
        def being_sent(held: hold.Hold, *writes: int) -> Iterator[None]:
            with sending(held, *writes):
                self._mine.whose = [self._positions[write] for write in writes]
                try:
                    yield
                finally:
                    self._mine.whose = []

        hold.Hold.intend = intended  # type: ignore[assignment, method-assign]
        hold.Hold.sending = being_sent  # type: ignore[assignment, method-assign]

    def _whose(self, point: str, else_about: str | None = None) -> list[tuple[str, object]]:
        """Return of whom a point is that a thread reaches which sends somebody's write."""
        return [(point, each) for each in getattr(self._mine, "whose", ()) or [else_about]]

    def _wrap_sends(self) -> None:
        send = wire.Wire.open

        def sent(sockets: wire.Wire, request: Request, *, within_s: float) -> wire.Reply:
            kind = KINDS[request.method]
            with wire._translated(sockets._name):
                self.reach(f"{kind}.send", self._whose(f"{kind}.send", sockets._name))
            reply = send(sockets, request, within_s=within_s)
            with wire._translated(sockets._name):
                self.reach(f"{kind}.answered", self._whose(f"{kind}.answered", sockets._name))
            return reply

        wire.Wire.open = sent  # type: ignore[assignment, method-assign]

    def _wrap_commits(self) -> None:
        write = database.Database._writing

        @contextmanager
        def writing(store: database.Database) -> Iterator[Any]:
            method, given = _method()
            happens = list(self._happens(given))

            def reach(stage: str) -> None:
                point = f"{method}.{stage}"
                each = [(f"{what}.{stage}", position) for what, position in happens]
                self.reach(point, each or self._whose(point))

            with schema.translated(store._place):
                reach("begin")
                with write(store) as connection:
                    yield connection
                    reach("commit")
                reach("committed")

        database.Database._writing = writing  # type: ignore[assignment, method-assign]

    def _happens(self, given: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
        """Yield what a method of the journal does for whom, by what it was *given*."""
        for position, _kind in given.get("wanted", ()):
            yield "intend", position
        for told in given.get("told", ()):
            if told.result == ANSWERED:
                self._answered.add(told.write_id)
                yield "record", told.position
            else:
                yield "confirm" if told.write_id in self._answered else "record", told.position

    def _wrap_whole_files(self) -> None:
        for owner, name in WHOLE_FILE:
            around = self._around(name.lstrip("_"), getattr(owner, name))
            setattr(owner, name, around)

    def _around(self, step: str, do: Callable[..., Any]) -> Callable[..., Any]:
        def done(*arguments: Any) -> Any:
            self.reach(f"{step}.begin")
            result = do(*arguments)
            self.reach(f"{step}.committed")
            return result

        return done


def _method() -> tuple[str, Mapping[str, Any]]:
    """Return which method of the store begins a transaction; with the journal's own arguments."""
    frame = sys._getframe(2)
    while frame.f_code.co_name.startswith("_") or frame.f_globals["__name__"] == "contextlib":
        assert frame.f_back is not None
        frame = frame.f_back
    given = frame.f_locals
    method = frame.f_code.co_name
    if threading.current_thread().name == "pulse":
        method = "beat"
    elif given.get("leaving"):
        method = "leave"
    return method, given if frame.f_globals["__name__"] == journal.__name__ else {}


def _error(name: str = "builtins.OSError", *arguments: Any) -> BaseException:
    module, _, cls = name.rpartition(".")
    found = getattr(importlib.import_module(module) if module else builtins, cls)
    error: BaseException = found(*arguments)
    return error
