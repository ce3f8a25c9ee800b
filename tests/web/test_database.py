"""The dashboard's own database: made whole, private, brought up to date, or refused."""

from __future__ import annotations

import errno
import io
import json
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from tests.web.desk import CHEAP, PASSWORD, Browser, Desk

from renkei.database import opening
from renkei.database.opening import Schema
from renkei.errors import StoreError
from renkei.logs import configure_logging
from renkei_runner.deeds import launch
from renkei_web.database import Database
from renkei_web.moving import put_away
from renkei_web.office import Office
from renkei_web.processes import Work
from renkei_web.tables import metadata
from renkei_web.users import Role

pytestmark = pytest.mark.sqlite

OF_0_1_0 = Path(__file__).parent / "files" / "web-0.1.0.sql"


def office(path: Path) -> Office:
    """Return what stands on the database at *path*."""
    return Office(path.with_name("renkei.yaml"), Database(path), Work(launch), secure=False)


def sql(path: Path, script: str) -> None:
    """Run a script of SQL in the file, as somebody else would."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(script)


def of_0_1_0(path: Path) -> None:
    """Make the file that renkei 0.1.0 left."""
    sql(path, OF_0_1_0.read_text(encoding="utf-8"))
    with closing(sqlite3.connect(path)) as db:
        db.execute("update users set password = ? where id = 1", (CHEAP.hash(PASSWORD),))
        db.commit()


# -- made ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_file_is_private_under_any_umask(tmp_path: Path, umask: int) -> None:
    """The file is the owner's alone from the start, and nothing is left beside it."""
    before = os.umask(umask)
    try:
        office(tmp_path / "web.db").people.invite("hanako", Role.ADMIN)
    finally:
        os.umask(before)
    assert [(p.name, p.stat().st_mode & 0o777) for p in tmp_path.iterdir()] == [("web.db", 0o600)]


def test_a_file_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    """Somebody's chmod, or a copy, does not stay readable."""
    Database(tmp_path / "web.db")
    (tmp_path / "web.db").chmod(0o644)
    Database(tmp_path / "web.db")
    assert (tmp_path / "web.db").stat().st_mode & 0o777 == 0o600


def planted_link(path: Path) -> None:
    """Plant a link to a database of a dashboard that somebody else has made."""
    Database(path.with_name("theirs.db"))
    path.symlink_to(path.with_name("theirs.db"))


@pytest.mark.parametrize(
    "plant",
    [
        planted_link,
        lambda path: path.symlink_to(path.with_name("not-there")),
        lambda path: path.mkdir(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"something else" * 1000),
    ],
    ids=["link", "dangling link", "folder", "empty", "something else"],
)
def test_what_is_no_database_of_a_dashboard_is_refused(
    tmp_path: Path, plant: Callable[[Path], None]
) -> None:
    """A planted link leads nowhere, and a damaged file is told instead of made anew."""
    plant(tmp_path / "web.db")
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(StoreError, match=r"web\.db"):
        Database(tmp_path / "web.db")
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_the_file_is_never_seen_half_made(tmp_path: Path) -> None:
    """Many processes and threads may start at once; each finds a whole file, and the same one."""
    path = tmp_path / "web.db"
    with ThreadPoolExecutor(12) as pool:
        made = list(pool.map(lambda _: office(path), range(24)))
    made[0].people.invite("hanako", Role.ADMIN)
    assert all([user.name for user in each.people.users()] == ["hanako"] for each in made)
    assert [each.name for each in tmp_path.iterdir()] == ["web.db"]


def test_an_error_half_way_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk while the file is made leaves nothing that looks like one."""

    def full(engine: sa.Engine, schema: Schema) -> None:
        build(engine, schema)
        raise OSError(errno.ENOSPC, "No space left on device")

    build = opening._build
    monkeypatch.setattr(opening, "_build", full)
    with pytest.raises(StoreError):
        Database(tmp_path / "web.db")
    assert list(tmp_path.iterdir()) == []


# -- brought up to date --------------------------------------------------------------------------


def test_a_file_of_0_1_0_goes_on(folder: Path) -> None:
    """People, drafts and known addresses are there; what it lacked is added, a copy is kept."""
    path = folder / "renkei-web.db"
    of_0_1_0(path)
    with closing(sqlite3.connect(path)) as db:
        before = list(db.iterdump())
    copy = path.with_name("renkei-web.db.0001.backup")
    lines = io.StringIO()
    configure_logging(json=True, stream=lines)
    try:
        desk = Desk(folder)
    finally:
        structlog.reset_defaults()
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [(each["event"], str(copy) in each["reason"]) for each in told] == [
        ("database_upgraded", True)
    ]
    with closing(sqlite3.connect(copy)) as db:
        assert list(db.iterdump()) == before
    assert {file.stat().st_mode & 0o777 for file in (path, copy)} == {0o600}
    people = [(user.name, user.waiting, user.language) for user in desk.office.people.users()]
    assert people == [("admin", False, "en"), ("Hanako", True, None)]
    assert desk.office.drafts_of("").of(1, "1").numbers == {"0001"}
    assert desk.office.workers.last("1") == (4711, 1790000000.0)
    assert desk.browser("admin").is_in


def test_a_file_from_after_0_1_0_keeps_who_is_logged_in(desk: Desk) -> None:
    """It knew browsers already, and had no number yet."""
    browser = desk.browser("admin")
    for later in ("second_factors", "recovery_codes", "half_log_ins", "rights", "alembic_version"):
        sql(desk.file, f"drop table {later}")
    sql(
        desk.file,
        "alter table users drop column logged_in_at; alter table drafts drop column company;"
        "alter table workers drop column host",
    )
    again = Desk(desk.folder)
    assert Browser(again.app, again.base, jar=browser.jar).is_in
    assert again.browser("admin").is_in


def test_it_is_brought_up_to_date_once(folder: Path) -> None:
    """Of many who start at once one does it, and all go on."""
    path = folder / "renkei-web.db"
    of_0_1_0(path)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: office(path), range(8)))
    assert all(len(each.people.users()) == 2 for each in made)


def test_tables_and_migrations_agree(tmp_path: Path) -> None:
    """
    A change in tables.py without a migration would be missing from every existing file.

    0.1.0 had one column more, which nobody reads, and did not say that a key is never null.
    """
    of_0_1_0(tmp_path / "web.db")
    engine = Database(tmp_path / "web.db")._opened.engine
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    keys = {
        (table, *tables.primary_key.columns.keys()) for table, tables in metadata.tables.items()
    }
    left = [each for each in found if not (isinstance(each, list) and each[0][2:4] in keys)]
    assert [(each[0], each[3].name) for each in left] == [("remove_column", "waiting")]


# -- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("update alembic_version set version_num = '9999'", "newer renkei"),
        ("alter table sessions drop column csrf", "damaged"),
        ("drop table tries", "damaged"),
        ("drop table users", "damaged"),
        ("drop table alembic_version; alter table users drop column language", "damaged"),
    ],
)
def test_a_newer_or_damaged_file_is_refused_and_left_alone(
    tmp_path: Path, script: str, said: str
) -> None:
    """One sentence when the dashboard starts, instead of a mistake on some page."""
    path = tmp_path / "web.db"
    Database(path)
    sql(path, script)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=said):
        Database(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("page", ["/", "/login"])
def test_a_file_that_goes_bad_later_is_told_without_its_place(desk: Desk, page: str) -> None:
    """Somebody who may not even have logged in learns no path; the log has the sentence."""
    browser = desk.browser("admin")
    desk.file.unlink()
    answer = browser.get(page)
    assert answer.status_code == 503
    assert "renkei web" in answer.text
    assert str(desk.folder) not in answer.text
    assert not desk.file.exists()


def test_drafts_are_of_one_person_and_one_run(desk: Desk) -> None:
    """What one person has ticked is not what another one sees."""
    drafts = desk.office.drafts_of("")
    mine, theirs = desk.add("mine"), desk.add("theirs")
    for user, numbers in ((mine, {"0001"}), (theirs, {"0002"}), (mine, {"0001", "0003"})):
        with drafts.changing(user, "7") as draft:
            draft.numbers = numbers
    found = [drafts.of(*which).numbers for which in ((mine, "7"), (theirs, "7"), (mine, "8"))]
    assert found == [{"0001", "0003"}, {"0002"}, set()]
    assert drafts.of(mine, "7").revision == 2


def test_a_file_that_moved_with_the_store_is_not_to_be_put_back(
    desk: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whoever moves a store and leaves the dashboard running is told to start it again."""
    configure_logging(json=True)
    moved, english = put_away(str(desk.file)), {"accept-language": "en"}
    assert moved is not None
    assert desk.guest().get("/login", **english).status_code == 503
    assert "have moved with the store" in "".join(capfd.readouterr())
    other = moved.with_name("other")
    other.write_bytes(moved.read_bytes())
    other.replace(moved)  # of an earlier move: this time the file was deleted
    assert desk.guest().get("/login", **english).status_code == 503
    assert "Put it back" in "".join(capfd.readouterr())
