"""A real PostgreSQL server for tests: one for all workers of a session, a database for each test.

It is that of :mod:`renkei_sandbox.postgres`, and ends with the last process that holds the lock on
a file, however that one ends.

A test, or a fixture, that asks for `database` can be played on both kinds of store. In `make test`
those marked `postgres` are, in `make test-long` all but those marked `sqlite`.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Self

import pytest
from attrs import define, field, frozen
from tests import memory
from tests.sampling import ALL

from renkei_sandbox.postgres import SHORT, USER, binaries
from renkei_sandbox.postgres import Server as Thrown

GUARDED = "guarded"
"""A user whom the server asks for the password."""

PASSWORD = "hunter2-of-guarded"

TEMPLATE = "renkei_template"
"""The database that each test gets a copy of: a store without runs, a dashboard without people."""

_numbers = count(1)


@frozen
class Server(Thrown):
    """A server in *folder*, where its socket is."""

    @classmethod
    def make(cls, place: str = "") -> Self:
        """Make one in a new folder, that asks one of its users for a password."""
        # A copy has 300 files: on a disk that has just lost as many it takes four times as long.
        server = super().make(place or (str(memory.MEMORY) if memory.is_used() else SHORT))
        (server.data / "pg_hba.conf").write_text(
            f"local all {GUARDED} scram-sha-256\nlocal all all trust\n", encoding="ascii"
        )
        return server

    def do(self, *statements: str, database: str = "postgres") -> list[Any]:
        """Carry out *statements*; return the rows of the last one."""
        import psycopg  # not every test needs it

        with closing(
            psycopg.connect(host=str(self.folder), user=USER, dbname=database, autocommit=True)
        ) as connection:
            *others, last = (statement.encode() for statement in statements)
            for statement in others:
                connection.execute(statement)
            done = connection.execute(last)
            return done.fetchall() if done.description else []

    def make_template(self) -> None:
        """Make the database that others are copied from."""
        from renkei.store.store import Store
        from renkei_web.database import Database as Dashboard

        self.do(
            f"create user {GUARDED} superuser password '{PASSWORD}'", f"create database {TEMPLATE}"
        )
        Store(self.address(TEMPLATE)).close()
        Dashboard(self.address(TEMPLATE)).close()

    @contextmanager
    def database(self, template: str = TEMPLATE) -> Iterator[Database]:
        """Yield a database of its own, a copy of *template*."""
        made = Database(self, f"t{os.getpid()}_{next(_numbers)}")
        self.do(f"create database {made.name} template {template}")
        try:
            yield made
        finally:
            made.drop()


@define
class Database:
    """One database of *server*; what was kept of it is dropped with it."""

    server: Server
    name: str
    _kept: list[str] = field(factory=list)

    @property
    def address(self) -> str:
        """Where renkei finds it."""
        return self.server.address(self.name)

    def do(self, *statements: str) -> list[Any]:
        """Carry out *statements* in it; return the rows of the last one."""
        return self.server.do(*statements, database=self.name)

    def contents(self, schema: str = "public") -> bytes:
        """Return all rows of all tables of a *schema*, as text: that of the store, or another."""
        named = f"select tablename from pg_tables where schemaname = '{schema}' order by 1"  # noqa: S608 - ours
        rows = [self.do(f"select t::text from {schema}.{name} t") for (name,) in self.do(named)]  # noqa: S608 - ours
        return "\n".join(text for table in rows for (text,) in table).encode()

    def lose_connections(self) -> None:
        """Let the server end every connection to it, as one that goes down does."""
        connected = f"where datname = '{self.name}' and pid <> pg_backend_pid()"
        self.server.do(f"select pg_terminate_backend(pid) from pg_stat_activity {connected}")  # noqa: S608 - ours

    def keep(self) -> str:
        """Return the name of a copy of the present state; who is connected loses the connection."""
        copy = f"{self.name}_k{len(self._kept)}"
        self.lose_connections()
        self.server.do(f"create database {copy} template {self.name}")
        self._kept.append(copy)
        return copy

    def back_to(self, copy: str) -> None:
        """Be as the *copy* is."""
        self.server.do(
            f"drop database if exists {self.name} with (force)",
            f"create database {self.name} template {copy}",
        )

    def drop(self) -> None:
        """Remove it, and what was kept."""
        for name in (self.name, *self._kept):
            self.server.do(f"drop database if exists {name} with (force)")


# --- one server for all workers -----------------------------------------------------------------


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def shared(folder: Path) -> Iterator[Server]:
    """Yield the server of all who have *folder*; the first one starts it."""
    with (folder / "postgres.users").open("a") as users:
        with _locked(folder / "postgres.lock"):
            fcntl.flock(users, fcntl.LOCK_SH)
            place = folder / "postgres.json"
            if not place.exists():
                words = [sys.executable, "-m", "tests.postgres", str(folder)]
                root = Path(__file__).parents[1]
                subprocess.run(words, check=True, cwd=root, timeout=60)
            where, programs = json.loads(place.read_text(encoding="utf-8"))
        yield Server(Path(where), Path(programs))


def serve(folder: Path) -> None:
    """Start a server, leave the caller, and end it when nobody uses it any more."""
    server = Server.make()
    server.start()
    server.make_template()
    place = folder / "postgres.json"
    place.write_text(json.dumps([str(server.folder), str(server.programs)]), encoding="utf-8")
    if os.fork():
        return
    os.setsid()
    with Path(os.devnull).open("r+") as nowhere:
        for stream in (0, 1, 2):
            os.dup2(nowhere.fileno(), stream)
    while not _ended(server, folder):
        time.sleep(0.3)
    server.remove()


def _ended(server: Server, folder: Path) -> bool:
    try:
        with _locked(folder / "postgres.lock"), (folder / "postgres.users").open("a") as users:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (folder / "postgres.json").unlink()
            server.stop()
    except BlockingIOError:
        return False
    except OSError:  # the folder is gone
        server.stop()
    return True


# --- for tests ----------------------------------------------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Play a test that has a store on both kinds of database, or let it be as it was."""
    definition = metafunc.definition
    chosen = definition.get_closest_marker("postgres")
    if "database" not in metafunc.fixturenames or definition.get_closest_marker("sqlite"):
        return
    if chosen or ALL:
        marks = [] if chosen else [pytest.mark.long]
        kinds: Sequence[Any] = ("sqlite", pytest.param("postgres", marks=marks))
        metafunc.parametrize("database", kinds, indirect=True)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of this session."""
    base = tmp_path_factory.getbasetemp()
    with shared(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) as server:
        yield server


@pytest.fixture
def postgres(server: Server) -> Iterator[Database]:
    """A database of this test alone, with a store without runs."""
    with server.database() as made:
        yield made


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Database | None:
    """The database that this test has its store in, or None: a file, as for most."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return None
    made: Database = request.getfixturevalue("postgres")
    return made


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(Path(sys.argv[1]))
    else:
        print(binaries())  # noqa: T201 - for make
