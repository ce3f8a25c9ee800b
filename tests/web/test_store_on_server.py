"""The dashboard with its report store, and its own database, on a PostgreSQL server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.web.desk import Desk, staffed

from renkei.database import server as waiting
from renkei.store.copying import copy_store
from renkei_web.moving import copy_people

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres import Server

PAGES = ("/", "/reports", "/runs/1", "/runs/1/people", "/runs/1/report.csv", "/runs/1/report.html")


def read(desk: Desk) -> list[tuple[int, int]]:
    """Return status and length of each page, as an administrator sees it."""
    browser = desk.browser("admin")
    answers = [browser.get(path) for path in PAGES]
    return [(answer.status_code, answer.text.count("\n")) for answer in answers]


@pytest.mark.fault("F63")
def test_the_pages_are_the_same_wherever_the_store_is(
    folder: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People, log-ins and pages go on after a move; a server that is gone is said on the page."""
    before = read(staffed(Desk(folder)))
    assert {status for status, _lines in before} == {200}
    with server.database("template0") as bare:
        copy_store(str(folder / "renkei.db"), bare.address)
        assert copy_people(str(folder / "renkei-web.db"), bare.address) == 2
        with (folder / "renkei.yaml").open("a", encoding="utf-8") as file:
            file.write(f'store: "{bare.address}"\n')
        desk = Desk(folder, database=bare)
        assert read(desk) == before
        browser = desk.browser("admin")
        bare.drop()
        monkeypatch.setattr(waiting, "PATIENCE_S", 1.0)  # a server may just be starting anew
        answers = browser.get("/reports"), desk.guest().log_in("admin")
        assert [each.status_code for each in answers] == [503, 503]
        assert not any("Traceback" in each.text for each in answers)
