"""renkei audit: the log of all commands as files, and whether it is whole."""

from __future__ import annotations

import csv
import io
import sqlite3
from contextlib import closing

import pytest
from tests.e2e.office import Office

from renkei_runner.cli import COMMANDS

NOTED = {
    "check": "account_accepted",
    "fetch": "fetched",
    "plan": "details_opened",
    "sync": "synced",
    "resume": "synced",
    "cancel": "cancelled",
    "run": "synced",
    "schedule": "schedule_asked",
    "worker": "fetched",
    "reports": "purged",
    "report": "exported",
    "company": "company_added",
    "store": "store_moved",
    "audit": "exported",
    "releases": "release_removed",
    "refresh": "fields_read",
    "mapping": "setting_changed",
    "web": "link_made",
}
"""What of each command the log has, for one example."""

QUIET = {
    *("init", "connector"),  # they write files before there is a store
    *("companies", "choices", "connectors", "completion"),  # they show nobody and change nothing
    "users",  # it shows who may log in
    "doctor",  # it shows nobody, and changes nothing
    "notify",  # counts of what needs somebody, and a message that says nothing
    *("sandbox", "demo"),  # invented people
}


@pytest.mark.security(46)
def test_every_command_has_a_line_or_a_reason() -> None:
    """A new command is decided on here."""
    assert set(COMMANDS) == set(NOTED) | QUIET
    assert not set(NOTED) & QUIET


@pytest.mark.security(46)
@pytest.mark.sqlite
def test_commands_are_noted_and_the_log_can_be_verified(office: Office) -> None:
    """By the login, with the name of --as beside it; as CSV and JSON; a changed line is found."""
    run = office.ask("--as", "keiko", "fetch", "smarthr", "touchontime").json["run"]
    office.ask("plan", run)
    office.renkei("plan", run)
    office.ask("report", run)
    office.renkei("report", run, "--csv")
    number = next(iter(office.plan(run)))
    office.renkei("mapping", "explain", run, number)
    office.ask("mapping", "set", "smarthr-touchontime", next_setting(office), "on")
    lines = office.ask("audit", "export").json["lines"]
    assert [line["line"] for line in lines] == [*range(1, len(lines) + 1)]
    assert lines[0]["act"] == "fetched"
    assert lines[0]["who"].startswith("keiko (")
    assert not lines[1]["who"].startswith("keiko")
    found = [(line["act"], line["facts"].get("what")) for line in lines]
    assert found[1:5] == [
        ("exported", "plan.json"), ("details_opened", "plan"), ("exported", "report.json"),
        ("exported", "report.csv"),
    ]  # fmt: skip
    assert ("details_opened", "explain") in found
    assert found[-2][0] == "setting_changed"
    assert found[-1] == ("exported", "audit.json")
    text = office.renkei("audit", "export", "--from", "2020-01-01", "--to", "2099-12-31").out
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row[-1] for row in rows[1:-1]] == [line["hash"] for line in lines]
    whole = office.ask("audit", "verify")
    assert (whole.code, whole.json["ok"], whole.json["lines"]) == (0, True, len(lines) + 1)
    assert office.renkei("audit", "verify", "--head", whole.json["head"]).code == 0
    wrong = office.ask("audit", "verify", "--head", f"1:{'0' * 64}")
    assert (wrong.code, wrong.json["faults"]) == (5, [{"line": 1, "kind": "noted"}])
    with closing(sqlite3.connect(office.store)) as db, db:
        db.execute("update audit set who = 'nobody' where line = 1")
    broken = office.ask("audit", "verify")
    assert (broken.code, broken.error["code"]) == (5, "audit")
    assert broken.json["faults"] == [{"line": 1, "kind": "changed"}]
    assert "Line 1" in office.renkei("audit", "verify").out


def next_setting(office: Office) -> str:
    """Return a setting of the mapping."""
    from renkei.config import load_config
    from renkei.runs import Runs

    with Runs(load_config(office.folder / "renkei.yaml")) as runs:
        return next(iter(runs.mapping("smarthr-touchontime")[0].settings))
