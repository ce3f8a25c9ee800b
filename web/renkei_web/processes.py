"""Work that outlives a request: fetches in a thread, syncs in a process of their own.

A fetch writes nothing and can be repeated, and a sync has to survive this server:
docs/decisions/2026-11-22-dashboard-is-a-face.md.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

import psutil
from attrs import define, field, frozen

from renkei.config import Config
from renkei.errors import RenkeiError, UsageError
from renkei.model import KnownAccount, Remark
from renkei.observer import Observer
from renkei.runs import Runs
from renkei.schedule.errand import Errand
from renkei.schedule.rule import Schedule
from renkei.words.i18n import _, speaking
from renkei_web.companies import let_go
from renkei_web.health import Health
from renkei_web.location import dashboard_at

PACED = 3
"""People after whom the pace of a sync is worth telling."""

START_S = 60.0
"""How long a fetch may take to begin: a token command may have to be answered first."""


ANSWER_S = 600.0
"""How long a fetch waits for a person to say whether both accounts are of one company."""


@frozen
class Asked:
    """A fetch that waits: *key* is where the answer goes, *accounts* are what it is about."""

    key: str
    accounts: tuple[KnownAccount, ...]


@define
class FetchProgress(Observer):
    """What a fetch of *company* has read so far, and what it waits for."""

    company: str = ""
    read: dict[str, int] = field(factory=dict)
    waits_for: str | None = None
    since: float = field(factory=time.monotonic)
    run: str | None = None
    error: BaseException | None = None
    told: list[Remark] = field(factory=list)
    over: bool = False
    asked: Asked | None = None
    _one_company: bool = False
    _known: threading.Event = field(factory=threading.Event)
    _answered: threading.Event = field(factory=threading.Event)

    def began(self, run_id: str) -> None:
        """The fetch has a run: the page can follow it."""
        self.run = run_id
        self._known.set()

    def same_company(self, accounts: Sequence[KnownAccount]) -> bool:
        """Let a page ask, and wait for the answer; none in time is a "no"."""
        self.asked = Asked(secrets.token_urlsafe(16), tuple(accounts))
        self._known.set()
        self._answered.wait(ANSWER_S)
        return self._one_company

    def answer(self, *, one_company: bool) -> None:
        """Tell the fetch what a person has answered, once."""
        self.asked, self._one_company = None, one_company
        self._known.clear()
        self._answered.set()

    def reading(self, connection: str, employees: int) -> None:
        """Remember how many employees have come."""
        self.read = {**self.read, connection: employees}  # a page may be going through the old one
        self.waits_for = None

    def waiting(self, connection: str, reason: str, seconds: float) -> None:  # noqa: ARG002
        """Remember what it waits for."""
        self.waits_for = connection

    def news(self, remark: Remark) -> None:
        """Remember what is worth a line."""
        self.told.append(remark)

    def ended(self, error: BaseException | None) -> None:
        """Wake up those who wait for the beginning."""
        self.error, self.over = error, True
        self._known.set()

    def begun(self) -> str | Asked:
        """Wait for the run or for a question; return it, or raise what kept it from beginning."""
        if not self._known.wait(START_S):
            raise RenkeiError(_("The fetch did not begin in time. Try again."), code="timeout")
        if self.asked is not None:
            return self.asked
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


class Launch(Protocol):
    """
    Starts a process of its own that does an errand, or what a schedule does, in the name of *who*.

    It reads the choice of a sync from its standard input: on its command line every user of this
    computer could read it too. If it does nothing, or no more, it prints a JSON object with an
    *error*, which has a *code* and a *message*.
    """

    def __call__(
        self, config: Config, wanted: Errand | Schedule, /, *, who: str, language: str
    ) -> subprocess.Popen[bytes]:
        """Start it."""


@frozen
class Work:
    """What this server has set going; another one, or the command line, sees the same store."""

    launch: Launch
    fetches: dict[str, FetchProgress] = field(factory=dict)
    asking: dict[str, FetchProgress] = field(factory=dict)
    """Fetches that wait for an answer, by the key of their question."""
    refusals: dict[str, Refusal] = field(factory=dict)
    syncs: dict[str, subprocess.Popen[bytes]] = field(factory=dict)
    healths: dict[str, Health] = field(factory=dict)
    """Whether the connections work, by company."""
    paces: dict[str, Pace] = field(factory=dict)
    pausing: set[tuple[int, float]] = field(factory=set)
    """Pid and start of the processes that were asked to stop after the employee in hand."""

    def health_of(self, company: str) -> Health:
        """Return whether the connections of a company work."""
        return self.healths.setdefault(company, Health())

    def fetch(
        self, config: Config, fetch: Callable[[Runs], object], *, who: str, language: str
    ) -> str | Asked:
        """Start what fetches; return its run as soon as it has one, or what a person is asked."""
        progress = FetchProgress(company=config.company.name)

        def work() -> None:
            error: BaseException | None = None
            with speaking(language):
                try:
                    with Runs(config, who=who, observer=progress) as runs:
                        try:
                            fetch(runs)
                            progress.ended(None)  # nobody waits for what is old to go
                            runs.retain()
                            let_go(dashboard_at(config.main), runs)
                        except BaseException as raised:
                            progress.ended(raised)  # nor for those who are told
                            raise
                        finally:
                            runs.tell(attended=True)
                except BaseException as raised:  # noqa: BLE001 - the run in the store tells it
                    error = raised
            progress.ended(error)

        threading.Thread(target=work, daemon=True, name="fetch").start()
        return self._begun(progress)

    def answer(self, key: str, *, company: str, one_company: bool) -> str | Asked:
        """Hand over the answer to a question; return as above, or raise what ended the fetch."""
        asked = self.asking.get(key)
        # The key alone is not enough: this person's right is one on *company*.
        is_theirs = asked is not None and asked.company == company
        progress = self.asking.pop(key, None) if is_theirs else None  # of two answers one counts
        if progress is None or progress.over:
            message = _("The fetch does not wait for this answer any more. Start it again.")
            raise UsageError(message, code="too_late")
        progress.answer(one_company=one_company)
        return self._begun(progress)

    def _begun(self, progress: FetchProgress) -> str | Asked:
        begun = progress.begun()
        if isinstance(begun, Asked):
            for key in [key for key, each in self.asking.items() if each.over]:
                del self.asking[key]  # nobody has answered in time
            self.asking[begun.key] = progress
        else:
            self.fetches[begun] = progress
        return begun

    def sync(self, config: Config, errand: Errand, *, who: str, given: bytes = b"") -> int:
        """
        Have *errand* done in its run by a process of its own, which reads *given*; return its pid.

        It goes on without this server.

        Why it ended early is remembered for the page of the run, which may not know.
        """
        run = errand.run
        self.refusals.pop(run, None)  # left over from an earlier try
        process = self.launch(config, errand, who=who, language=errand.language)
        self.syncs[run] = process

        def wait() -> None:
            out, _err = process.communicate(given)
            # Most print no error, and a process that was killed prints nothing.
            with suppress(ValueError, KeyError, TypeError):
                error = json.loads(out)["error"]
                if error["code"] != "busy":
                    self.refusals[run] = Refusal(error["code"], error["message"])

        threading.Thread(target=wait, daemon=True, name=f"sync {run}").start()
        return process.pid

    def run_now(self, config: Config, schedule: Schedule, *, who: str, language: str) -> None:
        """Have done what a schedule does; what comes of it is in the store."""
        process = self.launch(config, schedule, who=who, language=language)
        name = f"schedule {schedule.name}"
        threading.Thread(target=process.communicate, daemon=True, name=name).start()


def ask_to_pause(pid: int) -> None:
    """Let a sync end after the employee in hand; a second time would cut that one short."""
    with suppress(psutil.Error):
        psutil.Process(pid).terminate()


def started(pid: int) -> float | None:
    """Return when a process began, in seconds since 1970; None if it has ended."""
    try:
        process = psutil.Process(pid)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return None
        return process.create_time()
    except psutil.Error:
        return None
