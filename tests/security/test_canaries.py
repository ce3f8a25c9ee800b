"""The scanner finds what it is for, and a leak anywhere fails the run."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from tests.sampling import some
from tests.security.canaries import (
    BIRTH,
    CANARIES,
    KANA,
    NAME,
    NUMBER,
    PERSONAL,
    ROOT,
    TOKENS,
    WORD,
    Watch,
    found,
)

if TYPE_CHECKING:
    from tests.e2e.office import Office

LEAKS = """
import logging, subprocess, sys
from renkei.errors import UsageError
from tests.security import canaries
from tests.security.canaries import NAME, TOKENS

def test_log():
    logging.getLogger("some.library").debug("row %s", NAME)

def test_error():
    try:
        raise UsageError(f"{NAME} is unknown")
    except UsageError:
        pass

def test_process():
    subprocess.run([sys.executable, "-c", f"import sys; sys.stderr.write({ascii(NAME)})"],
                   capture_output=True)

def test_argument():
    subprocess.run([sys.executable, "-c", "", next(iter(TOKENS.values()))])

def test_file(tmp_path):
    (tmp_path / "left.txt").write_text(NAME)

def test_command(tmp_path, monkeypatch):
    from renkei_runner.main import run
    monkeypatch.chdir(tmp_path)
    assert run(["fetch", "a", "b", NAME]) == 2

def test_address():
    import httpx
    from urllib.parse import quote
    from renkei_sandbox import Sandbox
    with Sandbox(people=3) as box:
        headers = {"User-Agent": "renkei"}
        httpx.get(f"{box.url}/smarthr/{quote(NAME)}", headers=headers, trust_env=False)
"""
CLEAN = """
def test_clean(tmp_path):
    (tmp_path / "renkei.db").write_text("x")
"""
PLACES = {
    "test_log": "a log record",
    "test_error": "the text of an error",
    "test_process": "standard error of a process",
    "test_argument": "the arguments of a command",
    "test_address": "an address",
    "test_command": "standard error [",
}


def embedded(text: str) -> list[str | bytes]:
    """Return *text* as it may appear inside something else."""
    raw = text.encode()
    escaped = json.dumps({"a": text})
    return [
        *(f"a{text}b", raw, repr(text), ascii(text)),
        *(f"?name={quote(text)}", f"?name={quote(text).lower()}"),
        *(escaped, re.sub(r"\\u....", lambda found: "\\u" + found[0][2:].upper(), escaped)),
        *(base64.b64encode(b"x" * before + raw + b"yz") for before in range(6)),
        *(base64.urlsafe_b64encode(b"~?" * before + raw) for before in range(3)),
    ]


@pytest.mark.security(44)
@pytest.mark.parametrize("name", CANARIES)
def test_a_canary_is_found_in_every_form(name: str) -> None:
    """Plain, percent-escaped, backslash-u and base64 at any place; what is similar is none."""
    text = CANARIES[name]
    assert [form for form in embedded(text) if name not in found(form)] == []
    assert not found(text[:-1])
    assert found(repr(dt.date.fromisoformat(BIRTH))) == {"birth date"}
    assert not found("山田太郎 yamada@example.jp 1990-04-01 0042")


def run_suite(folder: Path, text: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on a suite of its own, with the canaries' plug-in."""
    (folder / "test_suite.py").write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""}
    environment.pop("PYTEST_XDIST_WORKER", None)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.security.canaries"]
    return subprocess.run(
        [*command, "-p", "no:cacheprovider", *more, "test_suite.py"],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.security(17, 44)
@pytest.mark.parametrize("workers", some(["0", "1"], 2))
def test_a_leak_fails_the_run_although_every_test_passes(tmp_path: Path, workers: str) -> None:
    """Each place is watched and named, in this process and in workers."""
    done = run_suite(tmp_path, LEAKS, "-n", workers)
    assert "7 passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 1
    for test, place in PLACES.items():
        lines = [line for line in done.stdout.splitlines() if test in line]
        assert [line for line in lines if place in line], (test, lines)
    assert "left.txt" in done.stdout
    assert NAME not in done.stdout


def test_a_clean_run_passes(tmp_path: Path) -> None:
    """Without a leak the plug-in changes nothing."""
    done = run_suite(tmp_path, CLEAN, "-n", "0")
    assert done.returncode == 0, done.stdout + done.stderr


def test_canaries_belong_into_stores_and_exports(tmp_path: Path) -> None:
    """Values may be in the store and in what was asked for; tokens in neither."""
    for name in ("renkei.db", "plan.csv", "report.html", "notes.txt"):
        (tmp_path / name).write_text(f"{NAME} {KANA} {WORD} {BIRTH} {NUMBER}")
    watch = Watch(since=0)
    watch.look_into(tmp_path)
    assert [leak for leak in watch.leaks if "notes.txt" not in leak] == []
    assert len(watch.leaks) == 1
    (tmp_path / "renkei.db").write_text(next(iter(TOKENS.values())))
    watch.look_into(tmp_path)
    assert len(watch.leaks) == 2
    for path in tmp_path.iterdir():
        path.unlink()  # or the scanner of this run would find them, too


@pytest.mark.security(44)
def test_the_canaries_fly(office: Office) -> None:
    """They are read, planned, created and changed in both systems: the scanner has what to find."""
    office.synced("smarthr", "touchontime")
    office.synced("touchontime", "smarthr")
    for name in office.box.systems:
        sent = json.dumps([entry.body for entry in office.box.writes(name)], ensure_ascii=False)
        assert set(PERSONAL) <= found(sent)
    assert {*PERSONAL, "number"} <= found(office.renkei("plan", "1", "--output", "json").out)
