"""renkei store: a store moves to a server and back, and is said to be restored, by command."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest
from tests.docs.test_docs import examples

from renkei_web.database import Database as OfDashboard
from renkei_web.drafts import Drafts
from renkei_web.people import People
from renkei_web.sessions import Sessions
from renkei_web.users import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.office import Office
    from tests.postgres import Database, Server

WAY = ("smarthr", "touchontime")


@pytest.fixture
def bare(server: Server, office: Office) -> Iterator[Database]:
    """A database without a table, which commands know by a variable."""
    with server.database("template0") as made:
        office.env["RENKEI_STORE"] = made.address
        yield made


def kept_in(office: Office, store: str) -> None:
    """Write renkei.yaml with another store."""
    office.configure(extra=f"{office.rest}\nstore: {store}")


@pytest.mark.fault("F63")
@pytest.mark.sqlite
def test_a_store_moves_there_and_back_and_the_work_goes_on(office: Office, bare: Database) -> None:
    """Reports read the same, the next fetch has the next number, and nobody is sent twice."""
    run = office.synced(*WAY)
    before = office.ask("report", run).json
    page = examples("docs/backup.md")
    moved = office.ask(*shlex.split(page["move"])[1:])
    assert (moved.code, moved.json["runs"]) == (0, 1)
    assert moved.json["place"].startswith("postgresql://renkei@/")
    refused = office.ask("fetch", *WAY)
    assert (refused.code, refused.error["code"]) == (5, "moved")
    assert "was moved to postgresql://renkei@/" in refused.error["message"]
    office.configure(extra=f"{office.rest}\n{page['moved']}")
    assert office.ask("report", run).json == before
    sent = len(office.sent())
    assert office.numbers(office.fetched(*WAY), "new") == []
    assert office.ask("reports").json["reports"][0]["run"] == str(int(run) + 1)
    shown = office.renkei("store", "copy", "env:RENKEI_STORE", "back.db")
    assert shown.code == 0
    assert "store: back.db" in shown.out
    kept_in(office, "back.db")
    assert office.ask("report", run).json == before
    assert len(office.sent()) == sent


def test_a_move_that_cannot_be_is_refused_in_one_sentence(office: Office, bare: Database) -> None:
    """A place that is taken, a password in an argument, a store that is not there."""
    office.fetched(*WAY)
    for words, code, told in (
        (("nothing.db", "env:RENKEI_STORE"), 5, "no store at"),
        (("renkei.db", "renkei.db"), 2, "There is a store at"),
        (("renkei.db", "postgresql://u:hunter2@db.example.jp/r"), 2, "env:VARIABLE"),
        (("renkei.db", "mysql://db/x"), 2, "no other one is supported"),
        (("renkei.db", "env:NOT_SET_ANYWHERE"), 3, "is not set"),
    ):
        result = office.ask("store", "copy", *words)
        assert result.code == code, result
        assert told in result.error["message"], result
        assert "hunter2" not in result.out + result.err
    assert office.fetched(*WAY)


@pytest.mark.sqlite
def test_a_restored_store_is_said_by_command(office: Office) -> None:
    """It is noted and said; nobody is ticked in a run that gets a number once more."""
    office.fetched(*WAY)
    database = OfDashboard(office.folder / "renkei-web.db")
    People(database, Sessions(database)).invite("hanako", Role.OPERATOR)
    with Drafts(database, "").changing(1, "2") as draft:
        draft.numbers = {"0001"}
    assert office.ask("store", "restored").json["place"] == str(office.store)
    assert Drafts(database, "").of(1, "2").numbers == set()
    assert "looked up" in office.renkei("store", "restored").out
