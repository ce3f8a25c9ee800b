"""The log of a job: events in place of sentences, and nobody in them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from renkei.logs import configure_logging
from renkei.model import Estimate
from renkei.words.codes import remark
from renkei_runner.app import LOG
from renkei_runner.progress import Logged
from renkei_runner.worker import _environment


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Return where the log goes."""
    handlers, level = logging.root.handlers[:], logging.root.level
    stream = io.StringIO()
    configure_logging(json=True, level="info", stream=stream)
    yield stream
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def test_what_a_job_tells_is_json(stream: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    """Estimates, waits, doubts and warnings, with counts; a wait is told once."""
    told = Logged(live=False)
    told.estimate(Estimate(calls={"a": 3, "b": None}, seconds=4.0))
    for _ in range(3):
        told.waiting("b", "closed", 600.0)
    told.in_doubt("b", ["0417", "0418"], 20.0)
    told.news(remark("store_made", place="/x"))
    told.warning(remark("store_restored", place="/x"))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == [
        "work_estimated", "run_waits", "writes_in_doubt", "run_news", "run_warning",
    ]  # fmt: skip
    assert (lines[0]["calls"], lines[2]["count"], lines[4]["code"]) == (3, 2, "store_restored")
    assert "0417" not in stream.getvalue()
    assert capsys.readouterr() == ("", "")


def test_a_job_logs_as_its_worker_does() -> None:
    """What starts it tells it so."""
    assert _environment(json=True)()[LOG] == "json"
    assert LOG not in _environment(json=False)()
