"""Whether the connections work: what the newest runs say of them, and what the last check found."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Mapping, Sequence

from attrs import define, field, frozen

from renkei.config import Config
from renkei.model import Remark, Run, Status
from renkei.people import Finding
from renkei.runs import Checked, Runs
from renkei.words.codes import code_of, parts_of
from renkei.words.i18n import language
from renkei.words.sentences import reason_text

KEPT_S = 300.0
"""Seconds for which a check is not repeated by itself: the systems are asked rarely."""

LOOKED_AT = 50
"""Runs that are asked about the connections."""

NO_FAULT = ("closed", "in_doubt", "interrupted", "list_changed", "plan_full", "rate_limit")
"""Reasons to pause or to fail that say nothing against the way to a system."""


@frozen
class Word:
    """What *run* says of a connection: it worked, or *wrong* is why it did not; *at* its end."""

    run: str
    wrong: Remark | None
    at: dt.datetime | None

    def finding(self, runs: Runs) -> Finding | None:
        """Return what is wrong as a check would put it."""
        if self.wrong is None:
            return None
        return Finding("problem", reason_text(self.wrong, runs.labels(self.run)))


@define
class Health:
    """What the last check of the connections has found, and what the runs had said by then."""

    _found: tuple[Checked, ...] = ()
    _at: dt.datetime | None = None
    _asked: float = 0.0
    _about: tuple[Config, str] | None = None
    _said: Mapping[str, Word] = field(factory=dict)
    _lock: threading.Lock = field(factory=threading.Lock)

    def check(self, runs: Runs, *, anew: bool) -> tuple[dt.datetime, tuple[Checked, ...]]:
        """Return when was checked and what was found, by a check of now if it has to be."""
        about = (runs.config, language())  # what is found are sentences
        with self._lock:  # many pages at once are one check
            is_old = time.monotonic() - self._asked > KEPT_S
            is_of_now = self._about == about and not is_old
            if anew or self._at is None or not is_of_now:
                self._said = words(runs)  # before: what a run says in the meantime is later
                self._found, self._about = tuple(runs.check()), about
                self._at, self._asked = runs.clock.now(), time.monotonic()
            return self._at, self._found

    def states(self, runs: Runs) -> tuple[dt.datetime, dict[str, Finding | None]]:
        """Return when was checked, and what is wrong with each connection by its latest word."""
        at, found = self.check(runs, anew=False)
        checked = {each.subject: worst(each.findings) for each in found}
        latest = {name: checked.get(name) for name in runs.config.connections}
        for name, word in words(runs).items():
            if self._said.get(name) != word:  # a run has said it since the check
                latest[name] = word.finding(runs)
        return at, latest

    def began(self, run: str) -> None:
        """Whatever *run* says from now on is later than the last check."""
        self._said = {name: word for name, word in self._said.items() if word.run != run}


def worst(findings: Sequence[Finding]) -> Finding | None:
    """Return the finding that a person should hear of first, or None if all is well."""
    for level in ("problem", "warning"):
        for each in findings:
            if each.level == level:
                return each
    return None


def words(runs: Runs) -> dict[str, Word]:
    """Return the newest word of the runs about each connection of which they say anything."""
    found: dict[str, Word] = {}
    for run in sorted(runs.reports(LOOKED_AT), key=_moment):  # the newest word stays
        for name in {run.source, run.target} & set(runs.config.connections):
            if (word := _word(run, name)) is not None:
                found[name] = word
    return found


def _moment(run: Run) -> dt.datetime:
    """Return when the last thing happened in *run* of which the time is known."""
    return max(filter(None, (run.created_at, run.sync_started_at, run.finished_at)))


def _word(run: Run, name: str) -> Word | None:
    """Return what *run* says of a connection: a plan has been made of both; None if nothing."""
    reason = _fault(run)
    named = parts_of(reason).values() if reason is not None else ()
    if reason is not None and any(name in part for part in named):
        return Word(run.id, reason, run.finished_at)
    if run.status in (Status.FETCHING, Status.FAILED):
        return None
    ended = run.status in (Status.DONE, Status.DONE_WITH_ERRORS)
    return Word(run.id, None, run.finished_at if ended else None)


def _fault(run: Run) -> Remark | None:
    """Return the fault of a system that *run* has met last; giving the run up mends nothing."""
    if run.status is Status.CANCELLED and run.pauses:
        code = code_of(run.pauses[-1])  # whatever it speaks of first is the system
        names = [part.name for part in code.parts[:1]]
        reason: Remark | None = code.remark(dict.fromkeys(names, run.target))
    else:
        reason = run.reason
    return None if reason is None or reason.code in NO_FAULT else reason
