"""Logging, set up once at the edge: codes and names of connections to standard error, never values.

An event is a name with fields. Only the fields listed here get through, so that a value of an
employee cannot slip into a log by a new call somewhere.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

from renkei.words.printable import printable

ALLOWED = frozenset(
    {
        "attempt", "bytes", "calls", "code", "company", "connection", "connector", "count",
        "event", "field", "fields", "hook", "kind", "level", "limit", "logger", "method",
        "outcome", "pid", "reason", "remaining", "run", "seconds", "status", "timestamp",
        "total", "user",
    }
)  # fmt: skip
LIBRARIES = ("alembic", "httpcore", "httpx", "sqlalchemy")

Event = MutableMapping[str, Any]


def configure_logging(*, json: bool, level: str = "warning", stream: TextIO | None = None) -> None:
    """Log events from *level* on to standard error (or *stream*), as JSON lines or for people."""
    out = _Lines(stream or sys.stderr)
    number = logging.getLevelNamesMapping()[level.upper()]
    renderer = _renderer(json=json, out=out)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            escape,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", out)),
        cache_logger_on_first_use=False,
    )
    _quieten_libraries(renderer, out)


class _Lines(io.TextIOBase):
    """Where lines go; whoever reads them may be gone, and the work goes on without."""

    def __init__(self, out: TextIO | None) -> None:
        self._out = out

    def isatty(self) -> bool:
        return self._out is not None and self._out.isatty()

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            if self._out is not None:
                self._out.write(text)
                self._out.flush()
        return len(text)


def only_allowed(_logger: object, _method: str, event: Event) -> Event:
    """Drop every field that is not on the list."""
    return {key: value for key, value in event.items() if key in ALLOWED}


def escape(_logger: object, _method: str, event: Event) -> Event:
    """Spell out control characters, so that one event stays one line."""
    return {key: _plain(value) for key, value in event.items()}


def _plain(value: object) -> object:
    if isinstance(value, int | float | None):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    return printable(str(value))


def _renderer(*, json: bool, out: _Lines) -> structlog.typing.Processor:
    if json:
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=out.isatty())


def _quieten_libraries(renderer: structlog.typing.Processor, out: _Lines) -> None:
    """Let libraries speak from WARNING on, and show only who spoke: texts may quote values."""
    handler = _LibraryHandler(renderer, out)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)


class _LibraryHandler(logging.Handler):
    def __init__(self, renderer: structlog.typing.Processor, out: _Lines) -> None:
        super().__init__()
        self._renderer = renderer
        self._out = out

    def emit(self, record: logging.LogRecord) -> None:
        event: Event = {"event": "library_message", "logger": record.name}
        event["level"] = record.levelname.lower()
        stamped = structlog.processors.TimeStamper(fmt="iso", utc=True)(None, "", event)
        line = self._renderer(None, "", escape(None, "", only_allowed(None, "", stamped)))
        self._out.write(str(line) + "\n")
