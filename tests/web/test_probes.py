"""/healthz and /readyz: for whatever watches the process, and nothing for anybody else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from renkei_web import probes

if TYPE_CHECKING:
    from tests.web.desk import Desk


@pytest.fixture(autouse=True)
def looks_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer is of this moment."""
    monkeypatch.setattr(probes, "KEPT_S", 0.0)


def answer(desk: Desk, path: str = "/readyz") -> tuple[int, str]:
    got = desk.guest("192.0.2.7").get(path)
    return got.status_code, got.text


@pytest.mark.security(30, 38)
def test_probes_need_no_log_in_and_leave_no_trace(desk: Desk) -> None:
    """By any address and name of this computer; no cookie, no line of the log, no word of whom."""
    kept, noted = desk.kept, desk.noted
    for path in ("/healthz", "/readyz"):
        got = desk.guest("192.0.2.7").get(path, host="10.0.0.7:8780")
        assert (got.status_code, got.text, dict(got.cookies)) == (200, "ok\n", {})
    assert (desk.kept, desk.noted) == (kept, noted)
    assert desk.guest().get("/login", host="10.0.0.7:8780").status_code == 403


@pytest.mark.sqlite
def test_the_process_lives_whatever_its_store_is(desk: Desk) -> None:
    """/healthz opens nothing: restarting a process for a broken store mends nothing."""
    desk.store.unlink()
    desk.file.unlink()
    assert answer(desk, "/healthz") == (200, "ok\n")
    assert answer(desk) == (503, "dashboard\n")


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0 half of one"])
def test_a_broken_store_is_not_ready(desk: Desk, content: bytes) -> None:
    """It is said with a code: where the store is stays a secret."""
    assert answer(desk) == (200, "ok\n")
    desk.store.write_bytes(content)
    assert answer(desk) == (503, "store\n")


def test_a_store_of_an_older_renkei_is_not_ready_and_stays_as_it_is(desk: Desk) -> None:
    """A mere question migrates nothing."""
    with closing(sqlite3.connect(desk.store)) as db, db:
        db.execute("update alembic_version set version_num = '0012'")
    before = desk.store.read_bytes()
    assert answer(desk) == (503, "migrations\n")
    assert desk.store.read_bytes() == before


def test_a_store_still_to_be_made_is_no_fault_and_one_that_is_gone_is(desk: Desk) -> None:
    """The mark beside it tells that there was one."""
    desk.store.unlink()
    assert answer(desk) == (200, "ok\n")
    assert not desk.store.exists()
    (desk.folder / ".renkei.db.seen").write_text('["0", 1]', encoding="utf-8")
    assert answer(desk) == (503, "store_gone\n")


def test_a_configuration_with_mistakes_is_not_ready(desk: Desk) -> None:
    """Its words are for those who have the file."""
    (desk.folder / "renkei.yaml").write_text("conections: {}\n", encoding="utf-8")
    assert answer(desk) == (503, "configuration\n")


def test_a_flood_of_probes_looks_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer stands for a moment."""
    monkeypatch.setattr(probes, "KEPT_S", 60.0)
    assert answer(desk) == (200, "ok\n")
    desk.store.write_bytes(b"")
    assert answer(desk) == (200, "ok\n")
