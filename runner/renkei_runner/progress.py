"""Progress on standard error: a moving display on a terminal; a log has what takes long."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from renkei.logs import log
from renkei.model import Estimate, KnownAccount, Remark
from renkei.observer import Observer
from renkei.words.facts import span_text
from renkei.words.i18n import _, language, ngettext, set_language
from renkei.words.sentences import customer_text, number_text, reason_text
from renkei_runner.output import asked, note, warn

if TYPE_CHECKING:
    from rich.progress import TaskID

SHOW_AFTER_S = 1.0
NEVER = float("-inf")
LONG_S = 10.0
"""A wait of this many seconds stands in a log, whose readers ask why nothing happens."""

NAMED = 20
"""How many employees one line names."""


class Progress(Observer):
    """
    Shows what the engine tells from its threads; *live*: with a display once it takes long.

    Without a display each long wait is one line, however often the engine tells what is left of it.
    What the engine asks is asked at the terminal, if somebody *asks* there. Connections are
    *called* as people know them.
    """

    def __init__(
        self, *, live: bool, asks: bool = False, called: Mapping[str, str] | None = None
    ) -> None:
        self._live = live
        self._asks = asks
        self._called = called or {}
        self._language = language()
        self._lock = threading.RLock()
        self._since = time.monotonic()
        self._screen: Screen | None = None
        self._told_until: dict[tuple[str, str], float] = {}
        self.run: str | None = None
        self.accounts: tuple[KnownAccount, ...] = ()

    def began(self, run_id: str) -> None:
        self.run = run_id

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.clear()

    def clear(self) -> None:
        """Remove the display; the next thing that takes long brings it back."""
        with self._lock:
            if self._screen is not None:
                self._screen.close()
            self._screen = None
            self._since = time.monotonic()

    def same_company(self, accounts: Sequence[KnownAccount]) -> bool | None:
        self.accounts = tuple(accounts)
        if not self._asks:
            return None
        with self._lock:
            self.clear()
            for line in account_lines(accounts, self._called):
                note(line)
        # Outside of the lock: reading goes on while the person thinks.
        question = _("Are both of the same company?")
        return click.confirm(asked(question), default=False, err=True)

    def estimate(self, ahead: Estimate) -> None:
        with self._lock:
            self._speak()
            for line in estimate_lines(ahead):
                note(line)

    def reading(self, connection: str, employees: int) -> None:
        with self._lock:
            self._speak()
            text = ngettext(
                "{connection}: {count} employee read",
                "{connection}: {count} employees read",
                employees,
            )
            told = text.format(connection=connection, count=employees)
            self._show(connection, told, None, None)

    def writing(self, done: int, total: int) -> None:
        with self._lock:
            self._speak()
            text = _("{done} of {total} employees").format(done=done, total=total)
            self._show("", text, done, total)

    def waiting(self, connection: str, reason: str, seconds: float) -> None:
        with self._lock:
            self._speak()
            text = waiting_text(connection, reason, seconds)
            self._show(f"wait {connection}", text, None, None)
            self._log_wait((connection, reason), text, seconds)

    def news(self, remark: Remark) -> None:
        with self._lock:
            self._speak()
            note(reason_text(remark))

    def in_doubt(self, connection: str, numbers: Sequence[str], seconds: float) -> None:
        with self._lock:
            self._speak()
            self.clear()
            note(in_doubt_text(connection, numbers, seconds))

    def warning(self, remark: Remark) -> None:
        with self._lock:
            self._speak()
            warn(reason_text(remark))

    def _log_wait(self, what: tuple[str, str], text: str, seconds: float) -> None:
        """Write one line for a long wait, and another one if it grows by as much again."""
        if not self._live and self._is_new(what, seconds):
            note(text)

    def _is_new(self, what: tuple[str, str], seconds: float) -> bool:
        until = time.monotonic() + seconds
        if seconds < LONG_S or until < self._told_until.get(what, NEVER) + LONG_S:
            return False
        self._told_until[what] = until
        return True

    def _speak(self) -> None:
        """A thread of the engine starts without the language of the command."""
        set_language(self._language)

    def _show(self, key: str, text: str, done: int | None, total: int | None) -> None:
        if not self._live or time.monotonic() - self._since < SHOW_AFTER_S:
            return
        if self._screen is None:
            self._screen = Screen()  # not before: rich takes long to import
        self._screen.show(key, text, done, total)


class Logged(Progress):
    """Writes events of the log in place of sentences, for those who read nothing else."""

    def estimate(self, ahead: Estimate) -> None:
        calls = sum(count for count in ahead.calls.values() if count is not None)
        log.info("work_estimated", calls=calls, seconds=ahead.seconds)

    def in_doubt(self, connection: str, numbers: Sequence[str], seconds: float) -> None:
        log.warning("writes_in_doubt", connection=connection, count=len(numbers), seconds=seconds)

    def news(self, remark: Remark) -> None:
        log.info("run_news", code=remark.code)

    def warning(self, remark: Remark) -> None:
        log.warning("run_warning", code=remark.code)

    def waiting(self, connection: str, reason: str, seconds: float) -> None:
        with self._lock:
            if self._is_new((connection, reason), seconds):
                log.info("run_waits", connection=connection, reason=reason, seconds=seconds)


class Screen:
    """The moving display: one line for each thing that is going on."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn
        from rich.progress import Progress as RichProgress

        self._tasks: dict[str, TaskID] = {}
        self._display = RichProgress(
            SpinnerColumn("line"),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            console=Console(stderr=True),
            transient=True,
        )
        self._display.start()

    def show(self, key: str, text: str, done: int | None, total: int | None) -> None:
        if key not in self._tasks:
            self._tasks[key] = self._display.add_task(text, total=total)
        self._display.update(self._tasks[key], description=text, total=total, completed=done or 0)

    def close(self) -> None:
        self._display.stop()


def account_lines(accounts: Sequence[KnownAccount], called: Mapping[str, str]) -> list[str]:
    """Return whose accounts the first fetch of a pair compares; connections are *called* so."""
    lines = [
        f"  {called.get(each.connection) or each.connection}: {customer_text(each.customer)}"
        for each in accounts
    ]
    return [_("First fetch of this pair. Whose accounts these are, as the systems tell:"), *lines]


def estimate_lines(ahead: Estimate) -> list[str]:
    """Return what is ahead: calls, time, and closed hours on the way."""
    calls = [
        ngettext("{count} call to {connection}", "{count} calls to {connection}", count).format(
            count=count, connection=name
        )
        for name, count in ahead.calls.items()
        if count is not None
    ]
    lines = []
    if calls:
        lines.append(_("Estimate: {calls}").format(calls=_(", ").join(calls)))
    elif None in ahead.calls.values():
        lines.append(_("Estimate: not known before the first fetch in this direction."))
    if ahead.seconds is not None and ahead.seconds >= SHOW_AFTER_S:
        lines.append(_("Estimated time: {time}").format(time=_between(ahead)))
    for name, hours in ahead.closed.items():
        text = _("{connection} takes no calls at {hours} (JST).")
        lines.append(text.format(connection=name, hours=_(", ").join(map(str, hours))))
    return lines


def _between(ahead: Estimate) -> str:
    """Return how long it takes; from the least to the most where the like was never measured."""
    most = span_text(ahead.seconds or 0)
    least = most if ahead.least_s is None else span_text(ahead.least_s)
    return most if least == most else _("{least} to {most}").format(least=least, most=most)


def in_doubt_text(connection: str, numbers: Sequence[str], seconds: float) -> str:
    """Return who is waited for, and why nothing may be sent yet."""
    shown = _(", ").join(map(number_text, numbers[:NAMED]))
    if len(numbers) > NAMED:
        shown = _("{numbers} and {count} more").format(numbers=shown, count=len(numbers) - NAMED)
    text = _(
        "{connection}: nobody knows yet whether these new employees were accepted: {numbers}. They"
        " are looked up for up to {time}; until then they are not sent again, since {connection}"
        " may still be working on them."
    )
    return text.format(connection=connection, numbers=shown, time=span_text(seconds))


def waiting_text(connection: str, reason: str, seconds: float) -> str:
    """Return why nothing happens for a while."""
    texts = {
        "limit": _("{connection}: waiting {time}, as its request limit asks"),
        "retry": _("{connection}: no good answer, trying again in {time}"),
        "closed": _("{connection}: closed, waiting {time}"),
        "settle": _("{connection}: looking again in {time} at what is in doubt"),
        "in_doubt": _("{connection}: waiting {time} for employees whose answer never came"),
        "answered": _("{connection}: looking again in {time} at what was answered"),
        "owner": _("{connection}: watching whether another process still writes"),
    }
    text = texts.get(reason, _("{connection}: waiting {time}"))
    return text.format(connection=connection, time=span_text(seconds))
