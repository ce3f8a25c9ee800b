"""A dashboard without a network, and browsers of the people who may use it."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.e2e.conftest import empty_store, office
from tests.pair import NOON
from tests.postgres import Database
from tests.web.desk import CHEAP, NOBODY, THEIRS, Desk, configured, staffed

from renkei.companies import Companies
from renkei.config import load_config, load_main
from renkei.model import Filter, Selection
from renkei.runs import Runs
from renkei_sandbox import Sandbox
from renkei_web import passwords

__all__ = ["empty_store", "office"]


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that cost little to look at: each of people's takes a tenth of a second."""
    monkeypatch.setattr(passwords, "_hasher", CHEAP)
    monkeypatch.setattr(passwords, "_NOBODY", NOBODY)


@pytest.fixture(scope="session")
def fetched_store(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A store with a plan that waits for a choice, and two people who are ticked in it."""
    folder = tmp_path_factory.mktemp("fetched")
    with Sandbox(people=20, seed=1, now=NOON) as box, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RENKEI_NOW", NOON)
        for name, system in box.systems.items():
            patch.setenv(f"{name.upper()}_TOKEN", system.token)
        config = load_config(configured(folder, {n: s.base_url for n, s in box.systems.items()}))
        with Runs(config, who="somebody") as runs:
            runs.fetch("smarthr", "touchontime", dt.date.fromisoformat(NOON[:10]))
            number = runs.numbers("1", Filter(text=""))[0]
            runs.choose("1", Selection(numbers=(number,)))
    return (folder / "renkei.db").read_bytes()


@pytest.fixture
def folder(fetched_store: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a configuration and a store, and no token: no request is ever sent."""
    monkeypatch.setenv("RENKEI_NOW", NOON)
    for name in ("SMARTHR_TOKEN", "TOUCHONTIME_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with TemporaryDirectory(prefix="renkei-web-") as name:
        made = Path(name)
        descriptor = os.open(made / "renkei.db", os.O_CREAT | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(fetched_store)
        configured(made, dict.fromkeys(("smarthr", "touchontime"), "http://127.0.0.1:9"))
        yield made


@pytest.fixture
def desk(folder: Path, database: Database | None) -> Iterator[Desk]:
    """A dashboard with an administrator and a viewer."""
    desk = staffed(Desk(folder, database=database))
    yield desk
    desk.office.database.close()


@pytest.fixture
def secure_desk(folder: Path, database: Database | None) -> Iterator[Desk]:
    """The same over TLS, under a name of its own too."""
    desk = Desk(folder, secure=True, hosts=("renkei.example.com",), database=database)
    yield staffed(desk)
    desk.office.database.close()


@pytest.fixture
def several(folder: Path, database: Database | None) -> Iterator[Desk]:
    """The dashboard of two companies, acme with run 1 and beta with THEIRS, and its people."""
    (folder / "companies").mkdir()
    (folder / "renkei.yaml").write_text("companies: companies/\n", encoding="utf-8")
    for name in ("acme", "beta"):
        addresses = dict.fromkeys(("smarthr", "touchontime"), "http://127.0.0.1:9")
        path = configured(folder / "companies", addresses, name)
        head = f"label: {name.title()} K.K.\nenvironment: sandbox\n"
        path.write_text(head + path.read_text(encoding="utf-8"), encoding="utf-8")
    with Companies(load_main(folder / "renkei.yaml")) as companies:
        companies.adopt("acme")
    with closing(sqlite3.connect(folder / "renkei.db")) as db, db:
        for table, key in (("runs", "id"), ("items", "run_id")):
            names = [row[1] for row in db.execute(f"pragma table_info({table})")]
            theirs = {key: THEIRS, "company": "'beta'"}
            copied = ", ".join(theirs.get(name, name) for name in names)
            db.execute(
                f"insert into {table} ({', '.join(names)}) select {copied} from {table}"  # noqa: S608
            )
    desk = Desk(folder, database=database)
    desk.add("admin")
    yield desk
    desk.office.database.close()
