"""A backup is put back, and a store moves, by the lines of docs/backup.md; nobody is sent twice."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.docs.test_docs import examples

from renkei_web.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.office import Office

WAY = ("smarthr", "touchontime")
DAY = "2026-11-29"
"""The day of the backup that the page puts back."""

SENT = ("created", "updated", "unchanged")
FOUND = examples("docs/backup.md")


@pytest.fixture
def shell(office: Office) -> Iterator[Callable[[str], None]]:
    """Return what carries out lines of the page in the office; its server has a name of its own."""
    environment = dict(os.environ)
    names = {"$(date +%F)": DAY}
    if database := office.database:
        environment |= {"PGHOST": str(database.server.folder), "PGUSER": "renkei"}
        environment["PATH"] = f"{database.server.programs}:{environment['PATH']}"
        names |= {'.dump" renkei\n': f'.dump" {database.name}\n', "renkei_new": "restored"}
        office.env["RENKEI_STORE"] = database.address
        office.configure(extra=f"{office.rest}\nstore: env:RENKEI_STORE")

    def run(lines: str) -> None:
        for old, new in names.items():
            lines = lines.replace(old, new)
        script = office.folder / "backup.sh"
        script.write_text(lines, encoding="utf-8")
        subprocess.run(["sh", "-e", script], cwd=office.folder, env=environment, check=True)

    yield run
    if database:
        database.server.do("drop database if exists restored with (force)")


def renkei(office: Office, lines: str) -> None:
    """Give the commands of an example."""
    for line in lines.splitlines():
        program, *words = shlex.split(line)
        done = office.renkei(*words)
        assert (program, done.code) == ("renkei", 0), done.out + done.err


@pytest.mark.fault("F63", "F83")
@pytest.mark.postgres
def test_a_backup_is_put_back_and_nobody_is_sent_twice(
    office: Office, shell: Callable[[str], None]
) -> None:
    """The copy is recognized, said to be one, and everybody sent since is looked up and found."""
    (office.folder / "companies").mkdir()
    Database(office.folder / "renkei-web.db")
    nightly, on_server = FOUND["nightly-file"], office.database is not None
    if on_server:
        lines = nightly.splitlines(keepends=True)
        (place,) = (n for n, line in enumerate(lines) if line.startswith("sqlite3 renkei.db "))
        nightly = "".join([*lines[:place], FOUND["nightly-server"], *lines[place + 1 :]])
    run = office.fetched(*WAY)
    shell(nightly)
    kept = office.folder / "backup" / DAY
    assert {path.stat().st_mode & 0o777 for path in kept.iterdir()} == {0o600}
    done = office.ask("sync", run, *office.everybody("touchontime"))
    created = office.creates("touchontime")
    assert done.json["outcomes"]["created"] == len(created) > 0
    if not on_server:
        (office.folder / "renkei.db-journal").write_bytes(b"of the store that is put aside")

    shell(FOUND["put-back-server" if on_server else "put-back-file"])
    assert not (office.folder / "renkei.db-journal").exists()
    if office.database:
        office.env["RENKEI_STORE"] = office.database.server.address("restored")
    assert "older copy" in office.renkei("reports").err
    renkei(office, FOUND["restored"])
    again = office.ask("sync", run, *office.everybody("touchontime"))
    assert again.json["outcomes"]["unchanged"] == sum(done.json["outcomes"][each] for each in SENT)
    assert again.json["outcomes"]["created"] == again.json["outcomes"]["updated"] == 0
    assert office.creates("touchontime") == created
    counts = office.ask("fetch", *WAY).json["counts"]
    assert (counts["new"], counts["changed"]) == (0, 0)
