from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from renkei.logs import configure_logging, log


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def configured(*, json: bool = True, level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    configure_logging(json=json, level=level, stream=stream)
    return stream


def test_an_event_is_one_json_line() -> None:
    """An event has its name, level, time in UTC and the fields that are allowed."""
    stream = configured()
    log.info("written", connection="touchontime", code="created", count=3)
    event = json.loads(stream.getvalue())
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "written", "level": "info", "connection": "touchontime", "code": "created",
        "count": 3,
    }  # fmt: skip


@pytest.mark.security(44)
def test_what_is_not_on_the_list_is_dropped() -> None:
    """A value of an employee does not reach the log, whatever it is called."""
    stream = configured()
    log.info("written", name="山田太郎", email="a@example.com", value="x-canary")
    assert not any(word in stream.getvalue() for word in ("山田", "example.com", "x-canary"))


@pytest.mark.security(44)
def test_one_event_is_one_line() -> None:
    """Line ends and escapes in a field are spelt out, in both formats."""
    for as_json in (True, False):
        stream = configured(json=as_json)
        log.warning("refused", reason="a\r\nFAKE\x1b[31m\u202e")
        assert stream.getvalue().count("\n") == 1
        assert "\x1b[31m" not in stream.getvalue()
        assert "\u202e" not in stream.getvalue()


@pytest.mark.security(45)
def test_libraries_are_quiet() -> None:
    """A client tells every URL at INFO; only warnings pass, and without the library's own text."""
    stream = configured(level="debug")
    logging.getLogger("httpx").info("GET https://example.jp/?name=canary")
    logging.getLogger("sqlalchemy.engine").debug("INSERT canary")
    assert stream.getvalue() == ""
    logging.getLogger("httpx").warning("canary")
    event = json.loads(stream.getvalue())
    assert (event["event"], event["logger"]) == ("library_message", "httpx")
    assert "canary" not in stream.getvalue()


def test_levels_are_kept() -> None:
    """Below the level nothing is written."""
    stream = configured(level="warning")
    log.info("written", code="created")
    assert stream.getvalue() == ""
