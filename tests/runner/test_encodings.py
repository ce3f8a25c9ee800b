"""Every command prints in every encoding: something readable, and with the exit code of UTF-8."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.conftest import empty_store, office
from tests.e2e.office import Office
from tests.sampling import sample, sampled

from renkei_runner.app import App
from renkei_runner.main import run as run_command

__all__ = ["empty_store", "office"]

ENCODINGS = ("euc_jp", "cp932", "shift_jis", "iso2022_jp", "latin-1", "cp1252", "ascii", "utf-16")
NAME = "髙橋𠮷〜"
"""Characters that EUC-JP, CP932 and Latin-1 lack, each another one."""


def stage(office: Office) -> tuple[str, str]:
    """Let somebody with a rare name be refused by the target; return the run and the number."""
    run = office.fetched("smarthr", "touchontime")
    number = office.numbers(run, "changed")[0]
    office.box.smarthr.edit(office.box.smarthr.find(number)[0]["id"], last_name=NAME)
    office.box.touchontime.faults.add("status", status=400, code=9001, kind="update", times=None)
    return office.fetched("smarthr", "touchontime"), number


def printed(office: Office, encoding: str, *words: str) -> tuple[int, bytes, bytes]:
    """Run a command whose two outputs have this encoding; return its exit code and their bytes."""
    raw = io.BytesIO(), io.BytesIO()
    out, err = (io.TextIOWrapper(each, encoding=encoding) for each in raw)
    with office.monkeypatch.context() as patch:
        patch.chdir(office.folder)
        for name, value in office.environment().items():
            patch.setenv(name, value)
        patch.setattr("sys.stdin", io.StringIO())
        patch.setattr("sys.stdout", out)
        patch.setattr("sys.stderr", err)
        code = run_command(words, App(asks=False))
        out.flush()
        err.flush()
    return code, raw[0].getvalue(), raw[1].getvalue()


@pytest.mark.fault("F54")
@sampled
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_encoding_ends_as_utf8_does(office: Office, language: str) -> None:
    """Plan, sync with a failure, report, help and errors: same exit code, all in that encoding."""
    run, number = stage(office)
    commands: list[tuple[int, tuple[str, ...]]] = [
        (0, ("plan", run, "--number", number)),
        (0, ("report", run)),
        (0, ("reports",)),
        (0, ("check",)),
        (0, ("--help",)),
        (0, ("sync", "--help")),
        (0, ("choices", "touchontime")),
        (0, ("mapping", "explain", run, number)),
        (2, ("plan",)),
        (2, ("fetch", "nobody", "else")),
    ]
    for encoding in sample(ENCODINGS, 4, language == "ja"):
        again = office.fetched("smarthr", "touchontime")
        for code, words in [(1, ("sync", again, "--number", number)), *commands]:
            got, out, err = printed(office, encoding, "--lang", language, *words)
            assert got == code, (encoding, words, out, err)
            text = out.decode(encoding) + err.decode(encoding)
            assert text.strip()
            assert "mistake of its own" not in text
            if words[0] in ("plan", "sync") and number in words:
                assert "\\u9ad9" in text or "髙" in text
                assert "\\U00020bb7" in text or "𠮷" in text


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_rare_name_is_printed(
    monkeypatch: pytest.MonkeyPatch, encoding: str, tmp_path: Path
) -> None:
    """The quickest case: an error that names a file with such characters."""
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stderr", io.TextIOWrapper(raw, encoding=encoding))
    monkeypatch.setenv("LANGUAGE", "")
    path = tmp_path / f"{NAME}.yaml"
    assert run_command(["--lang", "en", "--config", str(path), "reports"], App(asks=False)) == 3
    sys.stderr.flush()
    assert "no configuration file" in raw.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_documents_and_files_are_the_same_everywhere(office: Office, encoding: str) -> None:
    """JSON says the same, in whichever encoding it is read; CSV is the documented UTF-8."""
    run, number = stage(office)
    for words in [["plan", run], ["report", run], ["plan", "none"]]:
        code, expected, _err = printed(office, "utf-8", *words, "--output", "json")
        got, out, _err = printed(office, encoding, *words, "--output", "json")
        assert got == code
        assert json.loads(out.decode("ascii")) == json.loads(expected)
    for words in [["plan", run, "--csv"], ["report", run, "--csv"]]:
        assert printed(office, encoding, *words) == printed(office, "utf-8", *words)
    assert NAME in printed(office, encoding, "plan", run, "--csv", "--number", number)[1].decode()


def process(
    office: Office, *words: str, given: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "renkei_runner", *words],
        cwd=office.folder,
        env={**os.environ, **office.environment(), **environment},
        input=given,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("encoding", ["euc_jp", "cp932", "ascii"])
def test_a_process_says_what_failed(office: Office, encoding: str) -> None:
    """A sync with a failure exits 1 and names who it was, as on a terminal of that encoding."""
    run, number = stage(office)
    words = ("--lang", "ja", "sync", run, "--number", number)
    done = process(office, *words, PYTHONIOENCODING=encoding)
    assert done.returncode == 1, done.stderr
    assert number in done.stdout.decode(encoding)
    done.stderr.decode(encoding)


def test_a_choice_comes_in_utf8(office: Office) -> None:
    """A JSON document on standard input is UTF-8, also where the terminal speaks EUC-JP."""
    run, _number = stage(office)
    choice = json.dumps({"numbers": ["髙"]}, ensure_ascii=False).encode()
    done = process(office, "sync", run, "--choice", "-", given=choice, PYTHONIOENCODING="euc_jp")
    assert done.returncode == 2
    assert b"\\u9ad9" in done.stderr
    assert b"JSON" not in done.stderr


@pytest.mark.fault("F54")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_output_is_no_mistake(office: Office, closed: str) -> None:
    """What is printed goes nowhere, and certainly not into the store."""
    run, number = stage(office)
    command = f"exec {sys.executable} -m renkei_runner sync {run} --number {number} {closed}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=office.folder,
        env={**os.environ, **office.environment()},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert office.ask("report", run).json["status"] == "done_with_errors"


def test_a_log_that_nobody_reads_stops_no_sync(office: Office) -> None:
    """Standard error that is gone (``2>&1 | head``) is no reason to stop in the middle."""
    run = office.fetched("smarthr", "touchontime")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "renkei_runner", "sync", run, *office.everybody("touchontime")],
        cwd=office.folder,
        env={**os.environ, **office.environment()},
        stdout=subprocess.DEVNULL,
        stderr=writer,
        check=False,
    )
    os.close(writer)
    assert done.returncode == 0
