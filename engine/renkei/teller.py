"""Tells beside a worker, in a thread of its own: no receiver that hangs keeps a run from beginning.

A job tells by itself when it ends. What is left are schedules that did not run, jobs that were
killed, and what is gathered over all companies.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

from attrs import define, field

from renkei.alerts.sending import tell_of
from renkei.alerts.telling import tell_of_all
from renkei.config import load_config, load_main
from renkei.config.load import clock_for_all, store_at
from renkei.errors import RenkeiError
from renkei.logs import about, log
from renkei.runs import Runs
from renkei.store.alerts import GATHERED
from renkei.words.i18n import language, speaking

LOOK_S = 60.0
"""How often it is looked whether an hour is over, in seconds."""

STOPS_S = 20.0
"""So long whoever stops it waits for the messages in hand."""


@define
class Teller:
    """
    Tells of the companies of the configuration at *path* that it is given, one by one.

    Once it has begun, it also tells each hour what is gathered over all of them.
    """

    path: Path
    _language: str = field(factory=language)
    _wanted: set[str] = field(factory=set, init=False)
    _wake: threading.Event = field(factory=threading.Event, init=False)
    _stopped: bool = field(default=False, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def tell(self, company: str) -> None:
        """Have told what needs a person in *company*; returns at once."""
        self._wanted.add(company)
        self._wake.set()
        self.start()

    def start(self) -> None:
        """Begin, unless it has."""
        if self._thread is None and not self._stopped:
            self._thread = threading.Thread(target=self._run, name="teller", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Tell what it was given by now, and end; that is waited for, for a while."""
        self._stopped = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(STOPS_S)

    def _run(self) -> None:
        gathered = time.monotonic()
        with speaking(self._language):
            while not (self._stopped and not self._wanted):
                self._wake.wait(LOOK_S)
                self._wake.clear()
                while self._wanted:
                    self._tell_of(self._wanted.pop())
                if time.monotonic() - gathered >= GATHERED.total_seconds():
                    self._gather()
                    gathered = time.monotonic()

    def _tell_of(self, company: str) -> None:
        with about(company=company):
            try:
                with Runs(load_config(self.path, company or None)) as runs:
                    runs.tell(anyway=True)
            except RenkeiError as error:  # the worker has told what is wrong with the file
                log.warning("not_told", code=error.code)
            except Exception as error:  # noqa: BLE001 - it goes on with the next company
                log.warning("not_told", kind=type(error).__name__)

    def _gather(self) -> None:
        try:
            main = load_main(self.path)
            if main.folder is not None and main.notify.to:
                place = store_at(main.store, main.path.parent)
                tell_of(tell_of_all(main, place, clock_for_all(main)))
        except RenkeiError as error:
            log.warning("not_told", code=error.code)
        except Exception as error:  # noqa: BLE001 - it goes on an hour later
            log.warning("not_told", kind=type(error).__name__)
