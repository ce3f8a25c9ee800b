"""renkei doctor: one screen over all companies, an exit code, and a bundle that names nobody."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import stat
import zipfile
from collections.abc import Sequence
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.security.canaries import BIRTH, KANA, NAME, NUMBER, TOKENS, WORD, found

from renkei.check import Checked, _off
from renkei.config import load_config, load_main
from renkei.operation.doctor import Doctor
from renkei.people import Finding
from renkei.runs import Runs
from renkei.schedule.errand import Errand
from renkei.store.companies import Companies as Store
from renkei_runner.main import run

if TYPE_CHECKING:
    from tests.web.desk import Desk

SECRETS = (
    "hostname-of-acme", "acme", "beta", "sekai-kk", "proxy-user", "proxy-secret", "hr-dept-7",
    "nightly-of-acme", "secret-column", "C:/files/acme",
)  # fmt: skip
"""Words that a configuration or a log may hold, and that are nobody else's business."""

Signs = dict[tuple[str, str], list[dict[str, Any]]]


def examined(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Signs]:
    """Return the exit code, and what was found by subject and code."""
    config = str(folder / "renkei.yaml")
    capsys.readouterr()  # log lines from before any command has said where they go
    code = run(["--config", config, "--output", "json", "doctor", *words])
    told = json.loads(capsys.readouterr().out)
    assert told.get("ok") is (code == 0), told
    signs: Signs = {}
    for each in told["signs"]:
        signs.setdefault((each["subject"], each["code"]), []).append(each)
    return code, signs


def nobody_else_may_write(folder: Path) -> None:
    """Make the files as they are under a careful umask."""
    for path in folder.rglob("*.yaml"):
        path.chmod(0o600)


def test_an_installation_in_order(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """One screen without a warning ends with 0, and changes nothing in the store."""
    nobody_else_may_write(desk.folder)
    kept = desk.kept
    code, signs = examined(desk.folder, capsys)
    assert code == 0, signs
    assert {subject for subject, _code in signs} == {
        "versions", "configuration", "store", "dashboard", "disk", "clock", "schedules",
        "queue", "tokens", "retention", "messages", "companies",
    }  # fmt: skip
    assert signs["store", "whole"][0]["figures"]["runs"] == 1
    assert run(["--lang", "en", "--config", str(desk.folder / "renkei.yaml"), "doctor"]) == 0
    assert capsys.readouterr().out.endswith("Everything is in order.\n")
    assert desk.kept == kept


def test_whatever_needs_a_look_is_told(several: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Of any company, with its name: mistakes, modes, files that are gone, nobody who works."""
    nobody_else_may_write(several.folder)
    acme, beta = (several.folder / "companies" / f"{name}.yaml" for name in ("acme", "beta"))
    (acme.parent / "open.token").write_text("x", encoding="utf-8")
    (acme.parent / "open.token").chmod(0o644)
    text = acme.read_text(encoding="utf-8").replace("env:SMARTHR_TOKEN", "file:open.token")
    text = text.replace("env:TOUCHONTIME_TOKEN", "file:gone.token")
    text += "schedules: [{name: nightly, at: '0 1 * * *', from: smarthr, to: touchontime}]\n"
    text += "retention: {values: 90d}\n"
    acme.write_text(text, encoding="utf-8")
    beta.write_text("conections: {}\n", encoding="utf-8")
    beta.chmod(0o666)
    with closing(Store(str(several.store), company="acme")) as store:
        store.note_retained(dt.date(2020, 1, 1))
    code, signs = examined(several.folder, capsys)
    assert code == 1
    assert [each["company"] for each in signs["configuration", "mapping"]] == ["beta"]
    assert [each["company"] for each in signs["tokens", "readable"]] == ["acme"]
    assert "gone.token" in signs["tokens", "no_file"][0]["message"]
    assert ("schedules", "no_worker") in signs
    assert [each["company"] for each in signs["retention", "retention_late"]] == ["acme"]
    with closing(Store(str(several.store))) as store:
        store.note_worker("0.1.9")
    code, signs = examined(several.folder, capsys)
    assert ("schedules", "no_worker") not in signs
    assert "0.1.9" in signs["schedules", "worker_version"][0]["message"]
    assert run(["--lang", "en", "--config", str(several.folder / "renkei.yaml"), "doctor"]) == 1
    assert "PROBLEM: acme: " in capsys.readouterr().out


def test_it_tells_how_many_jobs_are_in_line(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And that nobody does what people have asked for, that there is no room, or that one hangs."""
    nobody_else_may_write(desk.folder)
    fetch = Errand(deed="fetch", source="smarthr", target="touchontime", language="ja")
    with Runs(load_config(desk.folder / "renkei.yaml"), who="keiko") as runs:
        runs.ask(fetch)
        asked = runs.ask(fetch)
    code, signs = examined(desk.folder, capsys)
    (told,) = signs["queue", "no_worker"]
    assert (code, told["figures"]["queued"]) == (1, 2)
    with closing(Store(str(desk.store))) as store:
        store.note_worker(version("renkei"))
    assert examined(desk.folder, capsys)[0] == 0
    monkeypatch.setenv("RENKEI_NOW", "2026-11-20T13:00:00+09:00")
    code, signs = examined(desk.folder, capsys)
    (told,) = signs["queue", "queue_long"]
    assert "60 minutes" in told["message"] or "60 分" in told["message"]
    assert 3500 < told["figures"]["oldest_s"] <= 3600
    assert code == 1
    with Runs(load_config(desk.folder / "renkei.yaml")) as runs:
        assert runs._store.take(asked.claim)
    monkeypatch.setenv("RENKEI_NOW", "2026-11-21T14:00:00+09:00")
    (told,) = examined(desk.folder, capsys)[1]["queue", "job_hangs"]
    assert told["figures"] == {"hours": 26}


@pytest.mark.parametrize(
    ("content", "code"), [(b"no database", "store"), (None, "store_gone"), (b"", "store")]
)
def test_a_store_that_cannot_be_used(
    desk: Desk, capsys: pytest.CaptureFixture[str], content: bytes | None, code: str
) -> None:
    """It is a problem with a sentence; everything that can be looked at without it, is."""
    with closing(Store(str(desk.store), seen=desk.folder / ".renkei.db.seen")):
        pass
    desk.store.unlink()
    if content is not None:
        desk.store.write_bytes(content)
    ended, signs = examined(desk.folder, capsys)
    assert ended == 1
    assert signs["store", code][0]["level"] == "problem"
    assert ("tokens", "files") in signs


def test_a_file_damaged_in_the_middle_is_found(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a glance at its head does not show."""
    with desk.store.open("r+b") as file:
        file.seek(40_960)
        file.write(b"\xff" * 40_960)
    ended, signs = examined(desk.folder, capsys)
    assert ended == 1
    assert {code for subject, code in signs if subject == "store"} & {"damaged", "store"}


def test_an_older_store_is_told_of_and_left(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """The doctor migrates nothing."""
    with closing(sqlite3.connect(desk.store)) as db, db:
        db.execute("update alembic_version set version_num = '0012'")
    before = desk.store.read_bytes()
    _ended, signs = examined(desk.folder, capsys, "--systems")
    assert signs["store", "migrations"][0]["level"] == "warning"
    assert ("systems", "checked") not in signs
    assert desk.store.read_bytes() == before


def test_systems_are_asked_only_if_wanted(
    several: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then by the check of each company, whose findings stand there with its name."""
    asked: list[str] = []

    def check(self: Runs) -> Sequence[Checked]:
        asked.append(self.config.company.name)
        bad = Finding("problem", "The token is refused.")
        return [Checked(subject="smarthr", findings=(bad,))] if len(asked) == 1 else []

    monkeypatch.setattr(Runs, "check", check)
    examined(several.folder, capsys)
    assert asked == []
    code, signs = examined(several.folder, capsys, "--systems")
    assert (code, asked) == (1, ["acme", "beta"])
    (told,) = [each for each in signs["systems", "checked"] if each["level"] == "problem"]
    assert (told["company"], told["message"]) == ("acme", "smarthr: The token is refused.")


class Server:
    """A store on a server whose clock is two minutes behind."""

    def server_time(self) -> tuple[dt.datetime, dt.datetime]:
        now = dt.datetime.now(dt.UTC)
        return now - dt.timedelta(minutes=2), now


def test_a_clock_that_is_off_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """By that of the database server, and with --systems by those of the systems."""
    monkeypatch.delenv("RENKEI_NOW")
    doctor = Doctor(load_main(desk.folder / "renkei.yaml"))
    (sign,) = doctor._stored._clock(cast("Store", Server()))
    assert (sign.level, sign.code, sign.figures) == ("warning", "clock_off", {"seconds": 120.0})
    assert [each.level for each in _off(-90.0)] == ["warning"]
    assert not [*_off(None), *_off(30.0)]


def test_a_company_whose_file_is_deleted_is_a_problem(
    several: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is kept of it is still there, and nothing of it runs: with what to do."""
    (several.folder / "companies" / "acme.yaml").unlink()
    code, signs = examined(several.folder, capsys)
    (sign,) = signs["companies", "file_gone"]
    assert (code, sign["level"], sign["company"]) == (1, "problem", "acme")
    assert "acme.yaml is gone" in sign["message"]


def test_usage(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """It is about all companies; a log goes into a bundle; a bundle needs a place."""
    config = ["--config", str(desk.folder / "renkei.yaml"), "doctor"]
    assert run([*config, "--company", "acme"]) == 2
    assert run([*config, "--log", "x"]) == 2
    assert run([*config, "--bundle", str(desk.folder / "no" / "b.zip")]) == 2
    assert run([*config, "--bundle", str(desk.folder / "b.zip"), "--log", "none"]) == 2
    assert not (desk.folder / "b.zip").exists()
    assert NAME not in capsys.readouterr().err


CONFIGURATION = f"""\
label: 株式会社sekai-kk {NAME}
environment: production
connections:
  hr-dept-7: {{connector: smarthr, base_url: 'https://hostname-of-acme.example.jp/api',
    token: file:acme.token, label: {NAME}}}
  kot: {{connector: touchontime, base_url: 'https://api.example.jp/v1.0', token: env:ACME_TOKEN,
    proxy: 'http://proxy-user.example.jp:3128', safety: {{updates: {{people: 40, percent: 9}}}},
    expected: {{creates: 7, from: 2026-04-01, to: 2026-04-03, why: 'for {NAME}'}}}}
  sheet: {{connector: csv,
    options: {{file: 'C:/files/acme.csv', fields: {{secret-column: {WORD}}}}}}}
mappings:
  - {{use: smarthr-touchontime, sides: {{smarthr: hr-dept-7, touchontime: kot}}}}
schedules:
  - {{name: nightly-of-acme, at: '0 1 * * *', from: hr-dept-7, to: kot, sync: {{difference: [new]}},
     new: {{divisionCode: '{NUMBER}', typeCode: '1'}}}}
settings: {{settle_wait_seconds: 3}}
retention: {{values: 90d}}
"""

LOG: list[dict[str, object]] = [
    {"event": "written", "code": "created", "count": 3, "company": "acme", "run": "7"},
    {"event": "page_used", "method": "GET /runs/{run}", "status": 200, "user": 4711},
    {"event": "page_failed", "kind": NAME, "reason": f"{WORD} {BIRTH}", "connection": "hr-dept-7"},
    {"event": NAME, "code": NUMBER, "count": WORD, "name": KANA, "method": f"GET /{NAME}"},
]


def bundled(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Return what is in a bundle of a company with something to hide, by name."""
    (folder / "companies" / "acme.yaml").write_text(CONFIGURATION, encoding="utf-8")
    token = folder / "companies" / "acme.token"
    token.touch(0o600)
    token.write_text(TOKENS["token of smarthr"], encoding="utf-8")
    at = {"timestamp": "2026-11-29T12:00:00.000000Z", "level": "info"}
    lines = [json.dumps({**at, **each}, ensure_ascii=False) for each in LOG]
    log = folder / "token-free.log"
    log.write_text("\n".join([f"free text of {NAME}", '"x"', *lines]), encoding="utf-8")
    goal = folder / "bundle.zip"
    _code, signs = examined(folder, capsys, "--bundle", str(goal), "--log", str(log))
    assert signs["configuration", "read"][0]["figures"] == {"read": 2, "names": 2}, signs
    log.unlink()  # or the scanner of this run would find what is planted in it
    (folder / "companies" / "acme.yaml").unlink()
    assert stat.S_IMODE(goal.stat().st_mode) == 0o600
    with zipfile.ZipFile(goal) as packed:
        return {name: packed.read(name).decode() for name in packed.namelist()}


@pytest.mark.security(44)
def test_a_bundle_names_nobody(several: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """No person, number, token, host, label, path, company or connection is in any part of it."""
    parts = bundled(several.folder, capsys)
    for name, text in parts.items():
        assert found(text) == set(), name
        assert [word for word in SECRETS if word in text] == [], name
        assert str(several.folder) not in text


def test_a_bundle_tells_what_support_needs(
    several: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Versions, codes and figures of the doctor, the shape of each configuration, the log."""
    parts = bundled(several.folder, capsys)
    assert json.loads(parts["versions.json"])["migration"]
    company = json.loads(parts["configuration.json"])["company-1"]
    first, second, third = company["connections"].values()
    assert (first["connector"], first["base_url"], first["token"]) == (
        "smarthr", "https:…", "file:…",
    )  # fmt: skip
    assert (second["token"], second["safety"]) == (
        "env:…",
        {"updates": {"people": 40, "percent": 9}},
    )
    assert third["options"] == {"…2": "…"}
    assert company["settings"] == {"settle_wait_seconds": 3}
    assert company["mappings"][0]["use"] == "smarthr-touchontime"
    assert {"subject": "store", "level": "ok", "code": "whole"}.items() <= next(
        each for each in json.loads(parts["doctor.json"]) if each["code"] == "whole"
    ).items()
    lines = [json.loads(line) for line in parts["log.jsonl"].splitlines()]
    assert [line["event"] for line in lines] == ["written", "page_used", "page_failed"]
    assert (lines[0]["code"], lines[0]["count"], lines[0]["company"]) == ("created", 3, "company-1")
    assert json.loads(parts["log.json"]) == {"lines": 3, "left_out": 3}
