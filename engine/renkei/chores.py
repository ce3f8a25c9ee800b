"""
What is done beside a worker, once for all workers of a store: telling, signs of life, letting go.

Whoever does a thing has taken it up in the store before, so no other worker does it again. It is
done in threads of the worker's own: no receiver that hangs keeps a run from beginning, and no job
waits for one.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from attrs import define, field

from renkei.alerts.sending import tell_of
from renkei.alerts.telling import beat, tell_of_all
from renkei.config import load_config, load_main
from renkei.config.clock import clock_for_all
from renkei.config.retention import Retention
from renkei.config.store import store_at
from renkei.errors import NoStoreError, RenkeiError
from renkei.logs import about, log
from renkei.runs import Gone, Runs
from renkei.schedule.job import Job, State
from renkei.store.alerts import GATHERED
from renkei.store.companies import Companies, is_in_use
from renkei.words.i18n import language, speaking
from renkei.yamlfile import read_file

LOOK_S = 60.0
"""How often it is looked whether there is anything to do, in seconds."""

STOPS_S = 20.0
"""So long whoever stops it waits for the messages in hand."""

TELLERS = 3
"""So many companies are told of at a time: some receivers answer slowly, or never."""


NOT_RUN: tuple[State, ...] = ("missed", "skipped")
"""How a due time ends of which a monitor outside is to hear nothing."""


@define
class Chores:
    """
    Does what is to be done for the companies of the configuration at *path*.

    *lets_go* is called with the runs of a company of which something old has gone.
    """

    path: Path
    lets_go: Callable[[Runs], object] = lambda _runs: None
    _language: str = field(factory=language)
    _wake: threading.Event = field(factory=threading.Event, init=False)
    _stopped: bool = field(default=False, init=False)
    _threads: list[threading.Thread] = field(factory=list, init=False)
    _gathered: float = field(factory=time.monotonic, init=False)
    _looked: dict[str, dt.date] = field(factory=dict, init=False)
    """The day for which nothing old is left of a company, as far as this worker knows."""

    def start(self) -> None:
        """Begin."""
        for work in (self._keep, *[self._tell] * TELLERS):
            thread = threading.Thread(target=self._again, args=(work,), name="chores", daemon=True)
            self._threads.append(thread)
            thread.start()

    def wake(self) -> None:
        """Look now: a job has ended."""
        self._wake.set()

    def stop(self) -> None:
        """Tell of what has ended by now, and end; that is waited for, for a while."""
        self._stopped = True
        self._wake.set()
        until = time.monotonic() + STOPS_S
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    # --- inside -----------------------------------------------------------------------------

    def _again(self, work: Callable[[], None]) -> None:
        last = False
        with speaking(self._language):
            while not last:
                self._wake.wait(LOOK_S)
                last = self._stopped
                if not last:
                    self._wake.clear()
                with _whatever_happens():
                    work()

    def _tell(self) -> None:
        """Tell of all jobs that have ended, company by company."""
        main = load_main(self.path)
        clock = clock_for_all(main)
        with closing(Companies(store_at(main.store, main.path.parent), create=False)) as store:
            while ended := store.take_up_telling(clock.now()):
                self._tell_of(ended)

    def _tell_of(self, ended: Sequence[Job]) -> None:
        """Tell what needs a person in a company of which these jobs have ended."""
        company = ended[0].claim.company
        with about(company=company), _whatever_happens():
            if not self._mentions(company, "notify"):
                return
            with Runs(load_config(self.path, company or None)) as runs:
                if any(job.errand is None and job.state not in NOT_RUN for job in ended):
                    beat(runs.config)
                seen = all(job.errand is not None and job.errand.fetches for job in ended)
                runs.tell(attended=seen, anyway=True)

    def _keep(self) -> None:
        """Tell each hour what is gathered over all companies; let go of what is old, once a day."""
        if self._stopped:
            return
        if time.monotonic() - self._gathered >= GATHERED.total_seconds():
            self._gathered = time.monotonic()
            self._gather()
        self._let_go()

    def _gather(self) -> None:
        main = load_main(self.path)
        if main.folder is not None and main.notify.to:
            place = store_at(main.store, main.path.parent)
            tell_of(tell_of_all(main, place, clock_for_all(main)))

    def _let_go(self) -> None:
        main = load_main(self.path)
        names = main.names() if main.folder else [""]
        today = clock_for_all(main).today()
        left = [name for name in names if self._looked.get(name) != today]
        if not left:
            return
        with closing(Companies(store_at(main.store, main.path.parent), create=False)) as store:
            if is_in_use(store):
                return  # in a minute, perhaps
            kept = store.retained_by(left)
        for name in left:
            if kept[name] == today or not self._mentions(name, "retention"):
                self._looked[name] = today
            else:
                with about(company=name), _whatever_happens():
                    self._let_go_of(name, today)

    def _let_go_of(self, company: str, today: dt.date) -> None:
        config = load_config(self.path, company or None)
        if config.retention == Retention():
            self._looked[company] = today
            return
        with Runs(config) as runs:
            gone = runs.retain(anyway=True)
            if gone != Gone():
                self.lets_go(runs)

    def _mentions(self, company: str, word: str) -> bool:
        """Tell whether the files of a company may say anything of this: most need not be read."""
        main = load_main(self.path)
        files = {main.path, main.new_file(company) if company else main.path}
        return any(word in read_file(each) for each in files)


@contextmanager
def _whatever_happens() -> Iterator[None]:
    """Let a line of the log be all that comes of what goes wrong: it is tried again, or told."""
    try:
        yield
    except NoStoreError:
        pass  # so there is nothing to do
    except RenkeiError as error:
        log.warning("chore_failed", code=error.code)
    except Exception as error:  # noqa: BLE001 - a worker goes on
        log.warning("chore_failed", kind=type(error).__name__)
