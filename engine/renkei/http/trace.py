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
from urllib.parse import parse_qsl, quote, urlsplit

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
        os.environ.pop(VARIABLE)
        if variable is not None:
            os.environ[VARIABLE] = variable
        os.close(file)


def note(connection: Connection, request: Request, status: int | None, seconds: float) -> None:
    """Add one line; a trace that cannot be written keeps nothing from being sent."""
    if (file := _now.file) is None:
        return
    at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    shown = _shown(connection.token.hidden_in(request.url))
    told = "-" if status is None else str(status)
    line = f"{at} {connection.name} {request.method} {shown} {told} {seconds:.3f}s"
    with suppress(OSError):
        os.write(file, f"{printable(line)}\n".encode())


def _shown(url: str) -> str:
    """Return path and query of *url*, without the values of the query."""
    parts = urlsplit(url)
    names = "&".join(quote(name) for name, _value in parse_qsl(parts.query, keep_blank_values=True))
    return f"{parts.path}?{names}" if names else parts.path
