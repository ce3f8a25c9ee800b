from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from attrs import evolve
from tests.engine.world import World

from renkei.config import Company, load_config
from renkei.logs import configure_logging, log
from renkei.model import Selection
from renkei.observer import Observer
from renkei.runs import Runs


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


LINES = """
import os
from contextlib import suppress
from renkei.logs import configure_logging, log
configure_logging(json=True, level="info")
for _ in range(2):
    os.fork()
for _ in range(500):
    log.info("written", connection="touchontime", code="created")
with suppress(ChildProcessError):
    while True:
        os.wait()
"""


def test_lines_of_several_processes_do_not_run_into_each_other(tmp_path: Path) -> None:
    """As of a worker and its jobs, which share one log."""
    log_of_all = tmp_path / "log"
    with log_of_all.open("wb") as file:
        subprocess.run([sys.executable, "-c", LINES], stderr=file, check=True)
    lines = log_of_all.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["written"] * 2000


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


class Telling(Observer):
    """Says something, and lets a library say something, in the middle of the work."""

    def reading(self, connection: str, employees: int) -> None:
        log.info("read", connection=connection)
        logging.getLogger("httpx").warning("canary")


def test_each_line_says_of_which_run_and_company_it_is(world: World) -> None:
    """In each thread, from the first thing that is read to the last that is written."""
    world.in_clinic()
    stream = configured()
    config = load_config(world.folder / "renkei.yaml")
    config = evolve(config, company=Company(name="acme"))
    with Runs(config, observer=Telling()) as runs:
        run = runs.fetch("clinic", "rosta")
        runs.choose(run.id, Selection(new={"ward": "W1"}, look_first=True))
        runs.sync(run.id)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    told = {line["event"] for line in lines}
    assert told >= {"read", "library_message", "fetched", "sync_began", "sync_ended"}
    assert [line for line in lines if (line["run"], line["company"]) != (run.id, "acme")] == []


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
