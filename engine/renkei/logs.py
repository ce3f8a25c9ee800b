"""Logging, set up once at the edge: codes and names of connections to standard error, never values.

An event is a name with fields. Only the fields listed here get through, so that a value of an
employee cannot slip into a log by a new call somewhere.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TextIO, cast

from attrs import define

from renkei.words.printable import printable

if TYPE_CHECKING:
    from structlog.typing import Processor

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

_around: ContextVar[Mapping[str, object]] = ContextVar("around", default=MappingProxyType({}))
"""What stands on every line of this context; structlog's own would have to be imported for it."""


@define
class _Setting:
    """What is heard, and what is still to be done before the first line."""

    level: int = logging.NOTSET
    set_up: Callable[[], None] | None = None


_setting = _Setting()


class Log:
    """Takes events; one that is not heard does not even import what would write it: 0.1 s."""

    def info(self, event: str, **fields: object) -> None:
        """Tell what was done."""
        self._say(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Tell what somebody should look at."""
        self._say(logging.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        """Tell what has failed."""
        self._say(logging.ERROR, event, fields)

    @staticmethod
    def _say(level: int, event: str, fields: Mapping[str, object]) -> None:
        if level < _setting.level:
            return
        import structlog

        if _setting.set_up is not None:
            _setting.set_up()
            _setting.set_up = None
        structlog.get_logger().log(level, event, **{**_around.get(), **fields})


log = Log()


@contextmanager
def about(**fields: object) -> Iterator[None]:
    """Put *fields* on every line of the block."""
    token = _around.set({**_around.get(), **fields})
    try:
        yield
    finally:
        _around.reset(token)


def configure_logging(*, json: bool, level: str = "warning", stream: TextIO | None = None) -> None:
    """Log events from *level* on to standard error (or *stream*), as JSON lines or for people."""
    out = _Lines(stream or sys.stderr)
    _setting.level = logging.getLevelNamesMapping()[level.upper()]
    _setting.set_up = partial(_set_up, _setting.level, json=json, out=out)
    _quieten_libraries(json=json, out=out)


def _set_up(level: int, *, json: bool, out: _Lines) -> None:
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            escape,
            _renderer(json=json, out=out),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # A line in one piece: several processes write to one log.
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", out)),
        cache_logger_on_first_use=False,
    )


class _Lines(io.TextIOBase):
    """Where lines go; their reader may be gone, and the work goes on without."""

    def __init__(self, out: TextIO | None) -> None:
        self._out = out

    def isatty(self) -> bool:
        with suppress(ValueError):  # it has been closed
            return self._out is not None and self._out.isatty()
        return False

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            if self._out is not None:
                self._out.write(text)
                self._out.flush()
        return len(text)


def only_allowed(_logger: object, _method: str, event: Event) -> Event:
    """Drop every field that is not on the list, and the name of a company that has none."""
    return {k: value for k, value in event.items() if k in ALLOWED and (value or k != "company")}


def escape(_logger: object, _method: str, event: Event) -> Event:
    """Spell out control characters, so that one event stays one line."""
    return {key: _plain(value) for key, value in event.items()}


def _plain(value: object) -> object:
    if isinstance(value, int | float | None):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    return printable(str(value))


def _renderer(*, json: bool, out: _Lines) -> Processor:
    import structlog

    if json:
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=out.isatty())


def _quieten_libraries(*, json: bool, out: _Lines) -> None:
    """Let libraries speak from WARNING on, and show only who spoke: texts may quote values."""
    handler = _LibraryHandler(json=json, out=out)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)


class _LibraryHandler(logging.Handler):
    def __init__(self, *, json: bool, out: _Lines) -> None:
        super().__init__()
        self._json = json
        self._out = out

    def emit(self, record: logging.LogRecord) -> None:
        import structlog

        event: Event = {**_around.get(), "event": "library_message", "logger": record.name}
        event["level"] = record.levelname.lower()
        stamped = structlog.processors.TimeStamper(fmt="iso", utc=True)(None, "", event)
        render = _renderer(json=self._json, out=self._out)
        line = render(None, "", escape(None, "", only_allowed(None, "", stamped)))
        self._out.write(str(line) + "\n")
