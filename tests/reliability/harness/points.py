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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from attrs import define, field, frozen

from renkei.database import opening
from renkei.http import wire
from renkei.http.request import Request
from renkei.store import database, purge, schema

Action = Literal["kill", "hold", "raise"]

WHOLE_FILE: tuple[tuple[Any, str], ...] = (
    *((opening, "_build"), (opening, "_back_up"), (opening, "_upgrade")),
    (purge.Purge, "_vacuum"),
)
"""What makes the file of a store, or writes it anew, in a transaction of its own."""

KINDS = {"GET": "read", "POST": "create", "PUT": "update", "PATCH": "update"}


@frozen
class Armed:
    """
    What happens when a point is reached for the *nth* time; once, unless *always* (from then on).

    `kill` is SIGKILL. `hold` tells the parent and waits for its word. `raise` raises *error*: the
    dotted name of a class, then its arguments.
    """

    point: str
    action: Action = "kill"
    nth: int = 1
    error: tuple[Any, ...] = ()
    always: bool = False

    def due(self, point: str, count: int) -> bool:
        """Return whether this is the moment."""
        return point == self.point and (count == self.nth or (self.always and count > self.nth))


@define
class Points:
    """The points of this process; every one that is reached is told to the parent, in order."""

    control: socket.socket
    armed: tuple[Armed, ...]
    _counts: Counter[str] = field(init=False, factory=Counter)
    _lock: threading.Lock = field(init=False, factory=threading.Lock)

    def reach(self, point: str) -> None:
        """Tell the parent, then do what is armed."""
        with self._lock:  # a fetch reads both sides at once
            self._counts[point] += 1
            count = self._counts[point]
            due = next((armed for armed in self.armed if armed.due(point, count)), None)
            self.control.sendall(
                f"{'held' if due and due.action == 'hold' else 'at'} {point}\n".encode()
            )
            if due and due.action == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
        if due and due.action == "hold":
            self.control.recv(1)
        elif due:
            raise _error(*due.error)

    def install(self) -> None:
        """Wrap the three places of this process."""
        self._wrap_sends()
        self._wrap_commits()
        self._wrap_whole_files()

    def _wrap_sends(self) -> None:
        send = wire.Wire.open

        def sent(sockets: wire.Wire, request: Request, *, within_s: float) -> wire.Reply:
            kind = KINDS[request.method]
            with wire._translated(sockets._name):
                self.reach(f"{kind}.send")
            reply = send(sockets, request, within_s=within_s)
            with wire._translated(sockets._name):
                self.reach(f"{kind}.answered")
            return reply

        wire.Wire.open = sent  # type: ignore[assignment, method-assign]

    def _wrap_commits(self) -> None:
        write = database.Database._writing

        @contextmanager
        def writing(store: database.Database) -> Iterator[Any]:
            name = _method()
            with schema.translated(store._place):
                self.reach(f"{name}.begin")
                with write(store) as connection:
                    yield connection
                    self.reach(f"{name}.commit")
                self.reach(f"{name}.committed")

        database.Database._writing = writing  # type: ignore[assignment, method-assign]

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


def _method() -> str:
    """Return the public method of the store that is beginning a transaction."""
    frame = sys._getframe(2)
    while frame.f_code.co_name.startswith("_") or frame.f_globals["__name__"] == "contextlib":
        assert frame.f_back is not None
        frame = frame.f_back
    return frame.f_code.co_name


def _error(name: str = "builtins.OSError", *arguments: Any) -> BaseException:
    module, _, cls = name.rpartition(".")
    found = getattr(importlib.import_module(module) if module else builtins, cls)
    error: BaseException = found(*arguments)
    return error
