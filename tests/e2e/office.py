"""Both systems, a folder, and commands of renkei in it, as a person gives them."""

from __future__ import annotations

import datetime as dt
import io
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from tests.pair import NEW
from tests.postgres import Database
from tests.result import Result
from tests.sampling import ALL

from renkei.clock import Clock
from renkei.words.i18n import set_language
from renkei_runner.app import App
from renkei_runner.main import run as run_command
from renkei_sandbox import Sandbox
from renkei_sandbox.journal import Entry
from renkei_sandbox.system import System

TODAY = dt.date(2026, 11, 20)
REST = """\
mappings: [{use: smarthr-touchontime}]
settings: {settle_wait_seconds: 0}"""
HASTY = REST.replace("0}", "0, longest_request_seconds: 1}")
"""The same where a system is silent in real time."""
SCHEDULES = """
schedules:
  - name: nightly
    at: "1 12 * * *"
    from: smarthr
    to: touchontime
    sync: {difference: [new, changed]}
    new: {divisionCode: "100", typeCode: "1"}
  - {name: look, between: "01:00-06:30", from: touchontime, to: smarthr}
"""
"""Of what an office may do at night."""
FAST = "[{count: 100000, seconds: 1}]"


@define
class Office:
    """Both systems, a folder, and commands: in this process, or in one of their own."""

    box: Sandbox
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    printed: list[str] = field(factory=list)
    untidy: bool = False
    env: dict[str, str] = field(factory=dict)
    """What the environment of the commands has beside the tokens and the sandbox's time."""
    rest: str = REST
    """What renkei.yaml has beside the connections."""
    in_flight: int | None = None
    """How many requests may be on their way at a time; None: as for everybody."""
    database: Database | None = None
    """Where the store is, if it is no file."""

    @property
    def store(self) -> Path:
        """The file of the report store."""
        return self.folder / "renkei.db"

    @property
    def dashboard(self) -> str:
        """Where the dashboard has its own database."""
        return self.database.address if self.database else str(self.folder / "renkei-web.db")

    def configure(self, *, extra: str = "", **connections: str) -> Path:
        """Write renkei.yaml; a keyword adds to its connection, *extra* replaces the rest."""
        lines = ["connections:"]
        for name, system in self.box.systems.items():
            more = connections.get(name, "")
            lines += [
                f"  {name}:",
                f"    connector: {name}",
                f"    base_url: {system.base_url}",
                f"    token: env:{name.upper()}_TOKEN",
                *(f"    {line}" for line in more.splitlines()),
            ]
            if "limits:" not in more:
                lines.append(f"    limits: {FAST}")
            if self.in_flight is not None:
                lines.append(f"    in_flight: {self.in_flight}")
        lines += [extra or self.rest]
        if self.database is not None and "store:" not in lines[-1]:
            lines.append(f'store: "{self.database.address}"')
        path = self.folder / "renkei.yaml"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def allow(self, in_flight: int) -> None:
        """Write renkei.yaml so that *in_flight* requests may be on their way at a time."""
        self.in_flight = in_flight
        self.configure()

    def environment(self) -> dict[str, str]:
        """Return what a command finds in its environment."""
        return {
            "SMARTHR_TOKEN": self.box.smarthr.token,
            "TOUCHONTIME_TOKEN": self.box.touchontime.token,
            "RENKEI_NOW": self.box.clock.now().isoformat(),
            "RENKEI_LANG": "en",
            "RENKEI_CONFIG": "",
            "LANGUAGE": "",
            **self.env,
        }

    def renkei(self, *words: str, answers: str | None = None) -> Result:
        """Run one command in this process; *answers* are typed by somebody at a terminal."""
        with self._surroundings(answers) as printed:
            code = run_command(words, App(asks=answers is not None))
            result = Result(code, *printed())
        self.untidy |= result.code != 0
        self._watch(result)
        return result

    def ask(self, *words: str) -> Result:
        """Run one command that answers with a JSON document."""
        result = self.renkei(*words, "--output", "json")
        assert isinstance(result.json, dict)
        assert result.json["schema_version"] == 1
        assert ("error" in result.json) == (result.code not in (0, 1)), result.out
        return result

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Start one command as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "renkei_runner", *words],
            cwd=self.folder,
            env={**os.environ, **self.environment(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def finished(self, process: subprocess.Popen[str]) -> Result:
        """Wait for a process and return what it left."""
        out, err = process.communicate(timeout=500 if ALL else 50)
        result = Result(process.returncode, out or "", err)
        self._watch(result)
        return result

    def fetched(self, source: str, target: str, *words: str) -> str:
        """Fetch and return the id of the run."""
        result = self.ask("fetch", source, target, *words)
        assert result.code == 0, result.out + result.err
        return result.run

    def everybody(self, target: str) -> tuple[str, ...]:
        """Return the words that choose all new and changed, with what new ones need there."""
        return ("--difference", "new,changed", "--look-first", *NEW[target])

    def synced(self, source: str, target: str, *words: str) -> str:
        """Fetch and sync all new and changed; return the id of the run."""
        run = self.fetched(source, target, *words)
        result = self.ask("sync", run, *self.everybody(target))
        assert result.code == 0, result.out + result.err
        return run

    def plan(self, run: str) -> dict[str, dict[str, Any]]:
        """Return the plan's items by number."""
        items = self.ask("plan", run).json["items"]
        return {item["number"]: item for item in items}

    def numbers(self, run: str, difference: str) -> list[str]:
        """Return the numbers of one difference, in order."""
        return [n for n, item in self.plan(run).items() if item["difference"] == difference]

    def outcomes(self, run: str) -> dict[str, tuple[str, str | None]]:
        """Return outcome and reason of every number in the report."""
        items = self.ask("report", run).json["items"]
        return {item["number"]: (item["outcome"], item["reason"]) for item in items}

    def system(self, name: str) -> System:
        """Return one of the two systems."""
        return self.box.systems[name]

    def creates(self, name: str) -> Counter[str]:
        """Return how often each number was created, by the system's own journal."""
        key = self.system(name).number_field
        return Counter(
            str(entry.body[key]) for entry in self.box.writes(name) if entry.kind == "create"
        )

    def sent(self, name: str | None = None) -> list[Entry]:
        """Return every request that was no read, carried out or not."""
        return [
            entry
            for entry in self.box.journal
            if entry.kind != "read" and name in (None, entry.system)
        ]

    def _watch(self, result: Result) -> None:
        """No command ever shows a token or a traceback, whatever happens."""
        shown = result.out + result.err
        assert "Traceback" not in shown, shown
        for system in self.box.systems.values():
            assert system.token not in shown
        self.printed.append(shown)

    @contextmanager
    def _surroundings(self, answers: str | None) -> Iterator[Callable[[], tuple[str, str]]]:
        buffers = [io.BytesIO(), io.BytesIO()]
        streams = [io.TextIOWrapper(each, encoding="utf-8") for each in buffers]

        def printed() -> tuple[str, str]:
            for stream in streams:
                stream.flush()
            out, err = (each.getvalue().decode() for each in buffers)
            return out, err

        with self.monkeypatch.context() as patch:
            patch.chdir(self.folder)
            for name, value in self.environment().items():
                patch.setenv(name, value)
            patch.setattr("sys.stdin", io.StringIO(answers or ""))
            patch.setattr("sys.stdout", streams[0])
            patch.setattr("sys.stderr", streams[1])
            yield printed
        set_language("en")


class Ahead(Clock):
    """The clock of an office, for a worker in the process of the test."""

    def __init__(self, office: Office) -> None:
        self._office = office
        super().__init__()

    def now(self) -> Any:
        """Return what the clock of the sandbox shows."""
        return self._office.box.clock.now()


def tidy() -> None:
    """Wait for the thread of the other side that a failed fetch has left behind."""
    for thread in threading.enumerate():
        if thread.name.endswith("(run)"):
            thread.join(5)
