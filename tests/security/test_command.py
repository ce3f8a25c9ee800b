"""The command line as a process: arguments, files, terminal, crashes."""

from __future__ import annotations

import getpass
import io
import json
import logging
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
import structlog

from renkei.logs import configure_logging, log
from renkei.words.printable import printable
from renkei_runner.cli import cli

if TYPE_CHECKING:
    from tests.e2e.office import Office

NEW = ("--new", "divisionCode=200", "--new", "typeCode=1")
SECRETS = re.compile("token|secret|password|passwd|api.?key|credential|bearer|auth", re.IGNORECASE)

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
HIDDEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\U000e0041\u2028\u2029\x85"
SEQUENCES = [
    "\x1b[2J", "\x1b[31m", "\x1b[1;1H", "\x1b]0;title\x07", "\x1b]8;;https://example.com\x1b\\x",
    "\x1b]52;c;ZXZpbA==\x07", "\x1bP+q544e\x1b\\", "\x1bc", "\x1b[6n", "\x1b[?1049h", "\x1b(0",
    "\x1b[8m", "\x1b#8", "\x1b]1337;File=:\x07", "\x1b[>c", "\x9b31m", "\x9d0;t\x9c", "\x90q\x9c",
    "\r", "\n", "\b\b\b", "\a", "\v", "\f", "\t", "\x7f", "\x0e", "\x0f",
    *BIDI, *HIDDEN,
]  # fmt: skip
"""What a name may hold to take over a terminal, or to look like another name."""


def options(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Yield every option of every command: the words before it, and how it is spelt."""
    for each in command.params:
        for name in (*each.opts, *each.secondary_opts):
            yield " ".join(words), name
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from options(below, (*words, name))


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """Let files be created with this mask inside the block."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    """Return who may do what with a file."""
    return path.stat().st_mode & 0o777


@pytest.mark.security(1)
def test_no_option_takes_a_secret() -> None:
    """What stands in an option can be read by everybody on the computer; so no option is one."""
    found = list(options(cli))
    assert ("sync", "--new") in found
    assert not [each for each in found if SECRETS.search(each[1])]


@pytest.mark.security(1)
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="only Linux shows processes so")
def test_no_running_process_shows_a_token(office: Office) -> None:
    """While a command works, its line in the list of processes holds no token."""
    office.box.smarthr.faults.add("slow", seconds=0.5, times=1)
    process = office.start("fetch", "smarthr", "touchontime")
    seen = b""
    while process.poll() is None and not office.box.journal:
        seen = Path(f"/proc/{process.pid}/cmdline").read_bytes() or seen
        time.sleep(0.01)
    assert b"fetch" in seen
    assert b"token" not in seen
    assert office.finished(process).code == 0


@pytest.mark.security(2, 28)
@pytest.mark.sqlite
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_files_are_private_under_any_umask(office: Office, mask: int) -> None:
    """Store, its journal, configuration, page and template: for their owner only, always."""
    office.store.unlink()
    with umask(mask):
        run = office.fetched("smarthr", "touchontime")
        assert office.renkei("init", "made").code == 0
        assert office.renkei("choices", "touchontime", "--template", "new.csv").code == 0
        assert office.renkei("report", run, "--html", "report.html").code == 0
        with sqlite3.connect(office.store, isolation_level=None) as store:
            store.execute("begin immediate")
            store.execute("update runs set who = 'x'")
            modes = {path.name: mode(path) for path in office.folder.rglob("*") if path.is_file()}
            store.execute("rollback")
        store.close()
    assert {"renkei.db", "renkei.db-journal", "new.csv", "report.html"} <= modes.keys()
    own = modes.pop("renkei.yaml") if not (office.folder / "made/renkei.yaml").exists() else 0o600
    assert own == 0o600
    assert set(modes.values()) == {0o600}


@pytest.mark.security(3)
@pytest.mark.sqlite
@pytest.mark.parametrize("dangling", [False, True], ids=["to_a_file", "to_nothing"])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("renkei.db", ("fetch", "smarthr", "touchontime")),
        ("new.csv", ("choices", "touchontime", "--template", "new.csv")),
        ("report.html", ("report", "1", "--html", "report.html")),
        ("made/renkei.yaml", ("init", "made")),
    ],
)
def test_a_planted_link_leads_nowhere(
    office: Office, name: str, words: tuple[str, ...], *, dangling: bool
) -> None:
    """A link in the place of a file is refused or replaced; what it points to stays as it is."""
    office.fetched("smarthr", "touchontime")
    precious, place = office.folder / "precious", office.folder / name
    if not dangling:
        precious.write_text("keep")
        precious.chmod(0o644)
    place.parent.mkdir(exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(precious)
    result = office.renkei(*words)
    assert not precious.exists() if dangling else precious.read_text() == "keep"
    if result.code == 0:
        assert not place.is_symlink()
        assert mode(place) == 0o600


@pytest.mark.security(5)
def test_no_name_takes_over_a_terminal(office: Office) -> None:
    """Sequences, controls and invisible characters of names, choices and refusals are spelt out."""
    smarthr, touchontime = office.box.smarthr, office.box.touchontime
    office.configure(touchontime="safety: {creates: {people: 100, percent: 100}}")
    half = len(SEQUENCES) // 2
    for index, (payload, other) in enumerate(zip(SEQUENCES[half:], SEQUENCES, strict=False)):
        smarthr.add(
            emp_code=f"P{index:02d}", last_name=f"a{payload}b", first_name=other + "c",
            gender="male", email=f"{payload}@example.jp",
        )  # fmt: skip
        touchontime.masters["divisions"].append({"code": f"D{index}", "name": f"d{payload}e"})
    touchontime.faults.add(
        "status", status=400, kind="update", times=1,
        body=json.dumps({"errors": [{"code": 1, "message": "no \x1b[31m\u202e"}]}),
    )  # fmt: skip
    run = office.fetched("smarthr", "touchontime")
    commands = [
        ["check"], ["choices", "touchontime"], ["plan", run], ["plan", run, "--csv"],
        ["mapping", "explain", run, "P00"], ["sync", run, "--difference", "new,changed", *NEW],
        ["report", run], ["report", run, "--csv"], ["report", run, "--html", "r.html"], ["reports"],
        ["plan", run, "--number", "\x1b[31m"], ["plan", "\x1b]0;x\x07"], ["\u202efetch"],
        ["check", "--output", "json"], ["choices", "touchontime", "--output", "json"],
        ["plan", run, "--output", "json"], ["report", run, "--output", "json"],
        ["mapping", "explain", run, "P00", "--output", "json"],
    ]  # fmt: skip
    shown = {" ".join(words): office.renkei(*words) for words in commands}
    assert len([number for number in office.creates("touchontime") if number[0] == "P"]) > half - 5
    page = (office.folder / "r.html").read_text(encoding="utf-8")
    texts = {
        words: result.out.removeprefix("\ufeff") + result.err for words, result in shown.items()
    }
    raw = {
        (words, hex(ord(character)))
        for words, text in {**texts, "page": page}.items()
        for character in set(text) - {"\n", "\r"}
        if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp", "Cs"}
    }
    assert not raw
    assert not [words for words, text in texts.items() if "\r" in text.replace("\r\n", "")]
    assert "\\x1b[2J" in texts[f"plan {run}"]


@pytest.mark.security(5)
@pytest.mark.parametrize("payload", SEQUENCES, ids=ascii)
def test_what_cannot_be_seen_is_spelt_out(payload: str) -> None:
    """Nothing that a terminal obeys is left, and nothing is lost: it can be read what was there."""
    shown = printable(f"a{payload}b")
    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"}]
    first = ord(payload[0])
    assert f"{first:02x}" in shown if first < 0x100 else f"{first:x}" in shown


@pytest.mark.security(6)
def test_a_crash_leaves_no_image_of_the_memory() -> None:
    """From the start of a command on no core file can be written, whatever was allowed before."""
    code = (
        "import resource, sys\n"
        "from renkei_runner.main import main\n"
        "sys.argv[1:] = ['--version']\n"
        "try: main()\n"
        "except SystemExit: print(resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("(0, 0)\n")


@pytest.mark.security(6)
def test_debug_shows_places_and_no_values(office: Office) -> None:
    """--debug tells where a failure came from; the words of the error may hold values."""
    office.box.touchontime.revoke()
    result = office.renkei("--debug", "fetch", "smarthr", "touchontime")
    assert result.code == 4
    assert "debug: renkei.errors.AccessError" in result.err
    assert re.search(r"debug: .*session\.py:\d+ ", result.err)
    for system in office.box.systems.values():
        assert system.token not in result.err


@pytest.mark.security(45)
def test_a_log_that_nobody_reads_stops_nothing() -> None:
    """A library or an event of ours may speak after standard error has gone."""
    gone = io.StringIO()
    handlers, level = logging.root.handlers[:], logging.root.level
    try:
        configure_logging(json=False, level="debug", stream=gone)
        gone.close()
        log.info("outcome", code="created")
        logging.getLogger("httpx").warning("x")
    finally:
        structlog.reset_defaults()
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)


@pytest.mark.security(46)
def test_each_step_has_a_name_of_its_own(office: Office) -> None:
    """One fetches, another one chooses and syncs; the login stands beside each, in every face."""
    login = f"{getpass.getuser()}@{socket.gethostname()}"
    run = office.ask("--as", "佐藤 花子", "fetch", "smarthr", "touchontime").json["run"]
    office.env["RENKEI_WHO"] = "schedule"
    office.renkei("--as", "鈴木\n一", "sync", run, "--difference", "changed")
    page = office.folder / "page.html"
    shown = office.renkei("report", run, "--html", str(page)).out + office.renkei("report", run).out
    assert f"Fetched by: 佐藤 花子 ({login})\n" in shown
    assert f"Chosen by: 鈴木 一 ({login})\n" in shown
    assert f"Synced by: 鈴木 一 ({login})\n" in shown
    assert f"佐藤 花子 ({login})" in page.read_text(encoding="utf-8")
    other = office.ask("fetch", "smarthr", "touchontime").json["run"]
    assert f"Fetched by: schedule ({login})\n" in office.renkei("report", other).out


@pytest.mark.security(46)
def test_a_run_records_who_and_when(office: Office) -> None:
    """The user and the computer, the time of the fetch and of the sync, and who was chosen."""
    run = office.synced("smarthr", "touchontime")
    shown = office.renkei("report", run).out
    login = f"{getpass.getuser()}@{socket.gethostname()}"
    for did in ("Fetched", "Chosen", "Synced"):
        assert f"{did} by: {login}\n" in shown
    assert shown.count("2026-11-20 12:") >= 2
    outcomes = office.outcomes(run)
    assert set(office.creates("touchontime")) == {
        number for number, (outcome, _reason) in outcomes.items() if outcome == "created"
    }
