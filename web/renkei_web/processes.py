"""Work that outlives a request: fetches in a thread, syncs in a process of their own."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

import psutil
from attrs import define, field, frozen

from renkei.config import Config
from renkei.errors import RenkeiError
from renkei.i18n import _, language, speaking
from renkei.model import Remark
from renkei.observer import Observer
from renkei.runs import Checked, Runs

HEALTH_S = 300.0
"""Seconds for which the first page shows what the last check found, before it asks again."""

PACED = 3
"""People after whom the pace of a sync is worth telling."""

OIDC_SECRET = "RENKEI_OIDC_SECRET"  # noqa: S105 - the name of a variable

START_S = 60.0
"""How long a fetch may take to begin: a token command may have to be answered first."""


@define
class Progress(Observer):
    """What a fetch has read so far, and what it waits for."""

    read: dict[str, int] = field(factory=dict)
    waits_for: str | None = None
    since: float = field(factory=time.monotonic)
    run: str | None = None
    error: BaseException | None = None
    told: list[Remark] = field(factory=list)
    _known: threading.Event = field(factory=threading.Event)

    def began(self, run_id: str) -> None:
        """The fetch has a run: the page can follow it."""
        self.run = run_id
        self._known.set()

    def reading(self, connection: str, employees: int) -> None:
        """Remember how many employees have come."""
        self.read[connection] = employees
        self.waits_for = None

    def waiting(self, connection: str, reason: str, seconds: float) -> None:  # noqa: ARG002
        """Remember what it waits for."""
        self.waits_for = connection

    def news(self, remark: Remark) -> None:
        """Remember what is worth a line."""
        self.told.append(remark)

    def ended(self, error: BaseException | None) -> None:
        """Wake up whoever waits for the beginning."""
        self.error = error
        self._known.set()

    def begun(self) -> str:
        """Wait for the beginning; return the run, or raise what kept it from beginning."""
        if not self._known.wait(START_S):
            raise RenkeiError(_("The fetch did not begin in time. Try again."), code="timeout")
        if self.run is None:
            raise self.error or RenkeiError(_("The fetch did not begin. Try again."))
        return self.run

    @property
    def seconds(self) -> float:
        """How long it has been going on."""
        return time.monotonic() - self.since


@define
class Pace:
    """Since when this server has seen a sync go on, and how many were done by then."""

    done: int
    since: float = field(factory=time.monotonic)

    def left(self, done: int, open_: int) -> float | None:
        """Return the seconds that *open_* people take, or None before it can be told."""
        if done - self.done < PACED:
            return None
        return max(1.0, (time.monotonic() - self.since) / (done - self.done) * open_)


@frozen
class Refusal:
    """Why a process did nothing, or no more: a code, and a sentence for people."""

    code: str
    message: str


@define
class Health:
    """What the last check of the connections has found; young enough, it is not asked again."""

    _found: tuple[Checked, ...] = ()
    _at: dt.datetime | None = None
    _asked: float = 0.0
    _about: tuple[Config, str] | None = None
    _lock: threading.Lock = field(factory=threading.Lock)

    def of(self, runs: Runs, *, anew: bool) -> tuple[dt.datetime, tuple[Checked, ...]]:
        """Return when was checked and what was found, by a check of now if it has to be."""
        about = (runs.config, language())  # what is found are sentences
        with self._lock:  # many pages at once are one check
            old = time.monotonic() - self._asked > HEALTH_S
            if anew or old or self._at is None or self._about != about:
                self._found, self._about = tuple(runs.check()), about
                self._at, self._asked = runs.clock.now(), time.monotonic()
            return self._at, self._found


@frozen
class Work:
    """What this server has set going; another one, or the command line, sees the same store."""

    fetches: dict[str, Progress] = field(factory=dict)
    refusals: dict[str, Refusal] = field(factory=dict)
    syncs: dict[str, subprocess.Popen[bytes]] = field(factory=dict)
    health: Health = field(factory=Health)
    paces: dict[str, Pace] = field(factory=dict)

    def fetch(
        self, config: Config, source: str, target: str, base: dt.date, *, who: str, language: str
    ) -> str:
        """Start a fetch and return its run as soon as it has one."""
        progress = Progress()

        def work() -> None:
            error: BaseException | None = None
            with speaking(language):
                try:
                    with Runs(config, who=who, observer=progress) as runs:
                        runs.fetch(source, target, base)
                except BaseException as raised:  # noqa: BLE001 - the run in the store tells it
                    error = raised
            progress.ended(error)

        threading.Thread(target=work, daemon=True, name=f"fetch {source} {target}").start()
        run = progress.begun()
        self.fetches[run] = progress
        return run

    def sync(
        self,
        config: Config,
        run: str,
        words: Sequence[str],
        *,
        who: str,
        language: str,
        given: bytes = b"",
    ) -> int:
        """
        Start ``renkei`` *words* for a run as a process of its own; return its pid.

        It goes on without this server.

        It reads *given*: on its command line every user of this computer could read it too.

        Why it ended early is remembered for the page of the run, which may not know.
        """
        self.refusals.pop(run, None)
        # -P: nothing is imported from the folder that this server happens to be in
        command = [sys.executable, "-P", "-m", "renkei_runner", "--config", str(config.path)]
        process = subprocess.Popen(  # noqa: S603 - our own command, without a shell
            [*command, "--lang", language, "--output", "json", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={k: v for k, v in os.environ.items() if k != OIDC_SECRET} | {"RENKEI_WHO": who},
        )

        self.syncs[run] = process

        def wait() -> None:
            out, _err = process.communicate(given)
            with suppress(ValueError, KeyError, TypeError):
                error = json.loads(out)["error"]
                if error["code"] != "busy":
                    self.refusals[run] = Refusal(error["code"], error["message"])

        threading.Thread(target=wait, daemon=True, name=f"sync {run}").start()
        return process.pid


def started(pid: int) -> float | None:
    """Return when a process began, in seconds since 1970; None if it has ended."""
    try:
        process = psutil.Process(pid)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return None
        return process.create_time()
    except psutil.Error:
        return None
