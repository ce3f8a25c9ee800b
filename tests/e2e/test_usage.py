from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.office import Office

MAPPING = """\
sides: [smarthr, touchontime]
fields:
  - {pair: [emp_code, code]}
  - {pair: [last_name, lastNam]}
  - {pair: [first_name, firstName], eqal: kana}
"""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fetch"], "SOURCE"),
        (["fetch", "smarthr"], "TARGET"),
        (["fetch", "smarthr", "nowhere"], "nowhere"),
        (["fetch", "smarthr", "touchontime", "extra"], "extra"),
        (["fetch", "smarthr", "touchontime", "--dat", "2026-01-01"], "--dat"),
        (["plan"], "RUN"),
        (["plan", "99"], "99"),
        (["plan", "abc"], "abc"),
        (["report", "../../etc/passwd"], "passwd"),
        (["sync", "99", "--yes"], "99"),
        (["resume", "99"], "99"),
        (["cancel", "99"], "99"),
        (["reports", "--limit", "0"], "--limit"),
        (["reports", "--limit", "many"], "many"),
        (["reports", "purge", "--older-than", "1y"], "90d"),
        (["choices", "nowhere"], "nowhere"),
        (["mapping", "explain", "99", "0001"], "99"),
        (["mapping"], "command"),
        (["synk"], "synk"),
        (["plan", "1", "--difference", "old"], "old"),
        (["completion", "tcsh"], "tcsh"),
    ],
)
def test_bad_usage_is_one_document_with_2(office: Office, words: list[str], said: str) -> None:
    """Exit 2, the word in question in the message, one document, nothing sent."""
    result = office.ask(*words)
    assert result.code == 2, result.out
    assert said in result.error["message"]
    assert list(result.error) == ["code", "message", "where", "hint"]
    assert office.box.journal == []


def test_bad_usage_in_words_shows_how_it_goes(office: Office) -> None:
    """In text mode the message, the usage and the way to the help go to standard error."""
    result = office.renkei("fetch", "smarthr")
    assert result.code == 2
    assert result.out == ""
    assert "Usage: renkei fetch" in result.err
    assert "renkei fetch --help" in result.err


def test_the_same_system_twice_cannot_be_compared(office: Office) -> None:
    """Source and target must be paired by a mapping; the message names the file to correct."""
    result = office.ask("fetch", "smarthr", "smarthr")
    assert result.code in (2, 3)
    assert "smarthr" in result.error["message"]
    assert office.box.journal == []


def test_a_missing_configuration_says_how_to_get_one(office: Office) -> None:
    """Exit 3 with the path and `renkei init`."""
    (office.folder / "renkei.yaml").unlink()
    result = office.ask("reports")
    assert result.code == 3
    assert "renkei.yaml" in result.error["message"]
    assert "renkei init" in result.error["hint"]


def test_init_writes_a_configuration_that_can_be_used(office: Office) -> None:
    """It is private, commented, not overwritten, and only lacks the tokens."""
    folder = office.folder / "new"
    first = office.renkei("init", str(folder))
    assert first.code == 0
    path = folder / "renkei.yaml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert office.renkei("init", str(folder)).code == 2
    assert office.ask("--config", str(path), "reports").code == 0


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        ("connector: smarthr", "connector: smarthrr", None, "smarthr"),
        ("    connector: smarthr\n", "", ":3:", "connector"),
        ("base_url: http://127", "base_url: http://10", ":4:", "https"),
        ("token: env:SMARTHR_TOKEN", "token: abcdef", ":5:", "env:"),
        ("token: env:SMARTHR_TOKEN", "tokn: env:SMARTHR_TOKEN", ":5:", "token"),
        ("connections:", "conections:", ":1:", "connections"),
        ("mappings:", "mappings: &a", None, ""),
        ("use: smarthr-touchontime", "use: nothing-here", None, "nothing-here"),
        ("settle_wait_seconds: 0", "settle_wait_seconds: soon", ":", "settle_wait_seconds"),
        ("mappings: [{use", "\tmappings: [{use", ":", ""),
    ],
)
def test_a_mistake_in_the_configuration_is_located(
    office: Office, old: str, new: str, place: str | None, said: str
) -> None:
    """Exit 3; FILE:LINE:COLUMN where it stands in the file, and what is expected there."""
    path = office.folder / "renkei.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    result = office.ask("fetch", "smarthr", "touchontime")
    assert result.code == 3, result.out
    assert said in result.error["message"]
    if place is not None:
        assert f"renkei.yaml{place}" in result.error["message"]
    assert office.box.journal == []


@pytest.mark.fault("F69")
def test_a_broken_mapping_is_told_with_all_its_places(office: Office) -> None:
    """Both mistakes with file, line and column, and the names that were meant; exit 3."""
    (office.folder / "own.yaml").write_text(MAPPING)
    office.configure(extra="mappings: [{use: own.yaml}]")
    for words in (["mapping", "check", "own.yaml"], ["fetch", "smarthr", "touchontime"]):
        result = office.ask(*words)
        assert result.code == 3
        assert "own.yaml:5:" in result.error["message"]
        assert "equal" in result.error["message"]
    (office.folder / "own.yaml").write_text(MAPPING.replace(", eqal: kana", ""))
    result = office.ask("mapping", "check", "own.yaml")
    assert result.code == 3
    assert "own.yaml:4:24: " in result.error["message"]
    assert "lastName" in result.error["message"]
    assert result.error["where"].endswith("own.yaml:4:24")


def test_a_missing_token_names_its_variable(office: Office) -> None:
    """An environment variable that is not set: exit 3, its name, nothing sent."""
    office.env["TOUCHONTIME_TOKEN"] = ""
    result = office.ask("fetch", "smarthr", "touchontime")
    assert result.code == 3
    assert "TOUCHONTIME_TOKEN" in result.error["message"]
    assert office.box.journal == []


def test_a_token_file_must_be_private(office: Office) -> None:
    """A file that others can read is refused with the command that corrects it."""
    path = office.folder / "token"
    path.write_text(office.box.smarthr.token + "\n")
    path.chmod(0o644)
    config = office.folder / "renkei.yaml"
    config.write_text(config.read_text().replace("env:SMARTHR_TOKEN", "file:token"))
    result = office.ask("fetch", "smarthr", "touchontime")
    assert result.code == 3
    assert "chmod 600" in result.error["message"]
    path.chmod(0o600)
    assert office.ask("fetch", "smarthr", "touchontime").code == 0


def test_renkei_now_is_ignored_for_real_systems(office: Office) -> None:
    """With a connection that elsewhere the calendar is the real one, with a warning."""
    office.env["RENKEI_NOW"] = "not a time"
    assert office.ask("reports").code == 2
    config = office.folder / "renkei.yaml"
    text = config.read_text().replace(f"    limits: {'[{count: 100000, seconds: 1}]'}\n", "")
    config.write_text(text.replace(office.box.smarthr.base_url, "https://example.invalid/api"))
    result = office.ask("reports")
    assert result.code == 0
    assert "RENKEI_NOW is ignored" in result.err


@pytest.mark.sqlite
@pytest.mark.parametrize("kind", ["directory", "damaged", "empty", "other", "truncated", "newer"])
def test_a_store_that_cannot_be_used_is_left_alone(office: Office, kind: str) -> None:
    """Exit 5, its path and what to do; never made anew silently, and nothing is sent."""
    store = office.store
    if kind == "directory":
        store.unlink()
        store.mkdir()
    elif kind == "damaged":
        store.write_bytes(b"this is no database" * 100)
    elif kind == "empty":
        store.write_bytes(b"")
    elif kind == "other":
        store.unlink()
        with sqlite3.connect(store) as other:
            other.execute("create table something (a)")
        other.close()
    elif kind == "truncated":
        store.write_bytes(store.read_bytes()[:3000])
    else:
        with sqlite3.connect(store) as newer:
            newer.execute("update alembic_version set version_num = '9999'")
        newer.close()
    before = None if kind == "directory" else store.read_bytes()
    result = office.ask("fetch", "smarthr", "touchontime")
    assert (result.code, result.error["code"]) == (5, "store")
    assert "renkei.db" in result.error["message"]
    assert kind == "directory" or store.read_bytes() == before
    assert office.sent() == []


@pytest.mark.sqlite
@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_store_without_permission(office: Office) -> None:
    """A file that cannot be written: exit 5 before anything is sent."""
    office.store.chmod(0o400)
    result = office.ask("fetch", "smarthr", "touchontime")
    assert result.code == 5


def test_a_store_in_a_folder_that_does_not_exist(office: Office) -> None:
    """The place is named; exit 5."""
    office.configure(extra="mappings: [{use: smarthr-touchontime}]\nstore: nowhere/renkei.db")
    result = office.ask("fetch", "smarthr", "touchontime")
    assert result.code == 5
    assert str(Path("nowhere") / "renkei.db") in result.error["message"]


@pytest.mark.sqlite
def test_the_store_is_private(office: Office) -> None:
    """A new store can be read by its owner only."""
    office.store.unlink()
    office.fetched("smarthr", "touchontime")
    assert office.store.stat().st_mode & 0o777 == 0o600
