"""/metrics: off by itself, for whoever shows the token, and of nobody in particular."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from renkei.config import load_config, load_main
from renkei.errors import ConfigurationError, MappingError, UsageError
from renkei.operation import metrics
from renkei.operation.metrics import token_of
from renkei.store import figures
from renkei.store.companies import Companies as Store
from renkei_runner.scrapes import scraped

if TYPE_CHECKING:
    from tests.web.desk import Desk

TOKEN = "a token that nobody guesses"
SHOWN = {"authorization": f"Bearer {TOKEN}"}
Samples = dict[str, float]


@pytest.fixture(autouse=True)
def looks_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer is of this moment."""
    monkeypatch.setattr(metrics, "KEPT_S", 0.0)


@pytest.fixture
def of_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store of these tests was made long ago."""
    monkeypatch.setattr(figures, "LATELY", dt.timedelta(days=36500))


def switched_on(folder: Path) -> None:
    """Let the main file say that there are metrics, and where their token is."""
    (folder / "metrics.token").touch(0o600)
    (folder / "metrics.token").write_text(TOKEN + "\n", encoding="utf-8")
    main = folder / "renkei.yaml"
    set_to(main, "metrics: {token: file:metrics.token}")


def set_to(path: Path, said: str) -> None:
    """Add a line to the settings of a file."""
    text = path.read_text(encoding="utf-8")
    head, there, tail = text.partition("settings: {")
    tail = f", {tail}" if there else "}\n"
    path.write_text(f"{head}settings: {{{said}{tail}", encoding="utf-8")


def asked(desk: Desk) -> Samples:
    """Return each figure, by its name and the values of its labels."""
    got = desk.guest("192.0.2.7").get("/metrics", **SHOWN, host="10.0.0.7")
    assert got.status_code == 200, got.text
    return {
        " ".join([sample.name.removeprefix("renkei_"), *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(got.text)
        for sample in family.samples
    }


@pytest.mark.security(38)
def test_figures_are_off_until_the_file_says_so(desk: Desk) -> None:
    """Then a monitor has to show the token; a session of an administrator is none."""
    assert desk.guest().get("/metrics", **SHOWN).status_code == 404
    switched_on(desk.folder)
    for who in (desk.guest(), desk.browser("admin")):
        got = who.get("/metrics")
        assert (got.status_code, got.headers["www-authenticate"]) == (401, "Bearer")
        assert who.get("/metrics", authorization=f"Bearer {TOKEN} ").status_code == 401
    noted = desk.noted
    assert desk.guest().get("/metrics", **SHOWN).status_code == 200
    assert desk.noted == noted


@pytest.mark.usefixtures("of_late")
def test_what_has_happened_and_what_is_open_is_counted(desk: Desk) -> None:
    """Runs by mapping and status, writes and refusals, waits, doubts with their age, jobs."""
    switched_on(desk.folder)
    with closing(sqlite3.connect(desk.store)) as db, db:
        db.execute("update runs set pauses = '[\"closed\"]'")
        for position, (kind, result) in enumerate(
            [("create", "created"), ("update", "failed"), ("update", None)]
        ):
            row = (1, position, kind, 1, "2026-01-01 00:00:00", result)
            db.execute(
                "insert into writes (run_id, position, kind, token, intent_at, result)"
                " values (?, ?, ?, ?, ?, ?)",
                row,
            )
        db.execute(
            "insert into jobs (company, schedule, due, state, passed, attempt, started_at)"
            " values ('', 'nightly', '2026-01-01', 'waiting', 0, 1, '2026-01-01 00:00:00')"
        )
    found = asked(desk)
    assert found["runs smarthr-touchontime smarthr ready"] == 1
    assert found["writes create created"] == found["writes update in_doubt"] == 1
    assert found["refusals update"] == found["waits closed"] == found["doubts"] == 1
    assert found["jobs_open waiting"] == 1
    assert found["oldest_doubt_seconds"] > 0
    figures.LATELY = -dt.timedelta(hours=1)  # all of it is longer ago than that
    assert not [key for key in asked(desk) if key.startswith(("runs", "writes", "waits"))]
    assert found["workers"] == 0


def test_a_store_without_anything_has_figures_too(desk: Desk) -> None:
    """Nothing in doubt is a 0, so that an alarm goes off again."""
    switched_on(desk.folder)
    desk.store.unlink()
    found = asked(desk)
    assert (found["doubts"], found["oldest_doubt_seconds"], found["workers"]) == (0, 0, 0)
    assert not desk.store.exists()


def test_a_worker_is_seen_while_it_lives(desk: Desk) -> None:
    """What it says once a minute tells a monitor that schedules are kept."""
    switched_on(desk.folder)
    with closing(Store(str(desk.store))) as store:
        store.note_worker("0.2.0")
        found = asked(desk)
        assert found["workers"] == 1
        assert found["worker_silent_seconds"] < 60
        store.forget_worker()
        assert asked(desk)["workers"] == 0


@pytest.mark.security(38)
@pytest.mark.usefixtures("of_late")
def test_companies_are_named_only_if_asked(several: Desk) -> None:
    """Nor does a connection or the file of a mapping, which people name after a customer."""
    switched_on(several.folder)
    with closing(sqlite3.connect(several.store)) as db, db:  # a mapping of their own, and its sides
        theirs = "update runs set mapping_name = './beta.yaml', source_side = 'beta-hr'"
        assert db.execute(f"{theirs} where company = 'beta'").rowcount == 1
    text = " ".join(asked(several))
    assert "runs own own ready" in text
    assert not re.search("acme|beta", text)
    main = several.folder / "renkei.yaml"
    text = main.read_text(encoding="utf-8").replace("token}", "token, companies: true}")
    main.write_text(text, encoding="utf-8")
    assert asked(several)["runs acme smarthr-touchontime smarthr ready"] == 1


@pytest.mark.parametrize("said", ["a token itself", "cmd:pass metrics", "env:not a name"])
def test_a_token_is_kept_in_a_variable_or_a_file(desk: Desk, said: str) -> None:
    """It is no part of the configuration, and no command is run for each question."""
    path = desk.folder / "renkei.yaml"
    set_to(path, f"metrics: {{token: '{said}'}}")
    with pytest.raises(MappingError, match=r"renkei\.yaml"):
        load_main(path)
    assert desk.guest().get("/metrics", **SHOWN).status_code == 503


def test_a_short_token_opens_nothing(desk: Desk) -> None:
    """Nobody is to guess it."""
    switched_on(desk.folder)
    (desk.folder / "metrics.token").write_text("short", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="20"):
        token_of(load_main(desk.folder / "renkei.yaml"))
    assert desk.guest().get("/metrics", authorization="Bearer short").status_code == 503


def test_metrics_are_those_of_all_companies(several: Desk) -> None:
    """In the file of one company they are refused, with the place."""
    path = several.folder / "companies" / "acme.yaml"
    set_to(path, "metrics: {token: file:x}")
    with pytest.raises(MappingError, match=r"renkei\.yaml alone"):
        load_config(several.folder / "renkei.yaml", "acme")


def test_a_worker_gives_the_same_figures_on_its_own_computer(folder: Path) -> None:
    """At a port of loopback, to a monitor that shows the token; nowhere else, and nothing else."""
    switched_on(folder)
    path = folder / "renkei.yaml"
    with scraped(path, "127.0.0.1:0") as port:
        for given, status in ((f"Bearer {TOKEN}", 200), ("Bearer other", 401)):
            line = HTTPConnection("127.0.0.1", port, timeout=10)
            line.request("GET", "/metrics", headers={"authorization": given})
            got = line.getresponse()
            assert (got.status, b"renkei_workers 0" in got.read()) == (status, status == 200)
            line.close()
    no_ports = ("127.0.0.1", "127.0.0.1:x", "127.0.0.1:" + "9" * 5_000)
    for address in ("0.0.0.0:0", "192.0.2.7:9780", *no_ports):
        with pytest.raises(UsageError, match=address), scraped(path, address):
            pass
