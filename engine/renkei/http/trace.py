"""A trace: one line for each request, so that it can be seen what a connector asks, and when.

It holds connection, method, path, status and time, and of a query the names alone: no body, no
header, no token. A path may hold an id or a number, so the file is for its owner.
"""

from __future__ import annotations

import datetime as dt
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import define

from renkei.words.printable import printable

if TYPE_CHECKING:
    from renkei.http.connection import Connection
    from renkei.http.request import Request

VARIABLE = "RENKEI_TRACE"
"""Names the file for the processes that this one starts."""

_PRIVATE = 0o600


@define
class _Open:
    file: int | None = None


_now = _Open()


@contextmanager
def traced(path: Path) -> Iterator[None]:
    """
    Add to the file at *path* what is sent in the block, and by the processes it starts.

    The file is made for its owner alone. Raises OSError if it cannot be opened.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    file = os.open(path, flags, _PRIVATE)
    before, variable = _now.file, os.environ.get(VARIABLE)
    try:
        if stat.S_ISREG(os.fstat(file).st_mode):
            os.fchmod(file, _PRIVATE)
        _now.file, os.environ[VARIABLE] = file, str(path.absolute())
        yield
    finally:
        _now.file = before
        os.environ.pop(VARIABLE, None)
        if variable is not None:
            os.environ[VARIABLE] = variable
        os.close(file)


@define
class Noted:
    """What is told of a request beside itself: the *status* of its answer; None: there was none."""

    status: int | None = None


@contextmanager
def noted(connection: Connection, request: Request) -> Iterator[Noted]:
    """
    Add one line when *request*, which is sent in the block, is answered or lost.

    A trace that cannot be written keeps nothing from being sent.
    """
    told, began = Noted(), connection.clock.monotonic()
    try:
        yield told
    finally:
        if (file := _now.file) is not None:
            seconds = connection.clock.monotonic() - began
            with suppress(OSError):
                os.write(file, f"{printable(_line(connection, request, told, seconds))}\n".encode())


def _line(connection: Connection, request: Request, told: Noted, seconds: float) -> str:
    at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    shown = _shown(connection.token.hidden_in(request.url))
    status = "-" if told.status is None else str(told.status)
    return f"{at} {connection.name} {request.method} {shown} {status} {seconds:.3f}s"


def _shown(url: str) -> str:
    """Return path and query of *url*, without the values of the query, or what has no name."""
    parts = urlsplit(url)
    # What stands alone has no name: it may be a key or a number itself.
    named = [part.partition("=")[0] for part in parts.query.split("&") if "=" in part]
    return f"{parts.path}?{'&'.join(named)}" if named else parts.path
