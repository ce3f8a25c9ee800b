"""
What is done beside a worker, once for all workers of a store: telling, signs of life, letting go.

A worker takes a thing up in the store before it does it, so no other one does it again. If it dies
meanwhile, nobody has been told; what still holds is told in the morning. It is done in threads of
the worker's own: no receiver that hangs keeps a run from beginning, and no job waits for one.
"""

from __future__ import annotations

import datetime as dt
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from attrs import define, field

from renkei.alerts.gathering import tell_of_all, untold
from renkei.alerts.sending import tell_of
from renkei.alerts.telling import beat
from renkei.clock import Clock
from renkei.config.clock import clock_for_all
from renkei.config.load import load_config, load_main
from renkei.config.main import Main
from renkei.config.records import Config
from renkei.config.retention import Retention
from renkei.config.store import store_at
from renkei.errors import NoStoreError, RenkeiError
from renkei.logs import about, log
from renkei.people import JST
from renkei.runs import Gone, Runs
from renkei.schedule.job import Job, State
from renkei.store.alerts import GATHERED
from renkei.store.companies import Companies, is_in_use
from renkei.words.i18n import language, speaking
from renkei.yamlfile.files import read_file

LOOK_S = 60.0
"""How often it is looked whether there is anything to do, in seconds."""

OTHERS_S = 1.0
"""How long others are waited for when a job has ended: a thousand end one after another."""

STOPS_S = 20.0
"""How long a stop waits for the messages in hand."""

TELLERS = 3
"""How many companies are told of at a time: some receivers answer slowly, or never."""


MORNING = dt.time(8)
"""From then on, in Japan, it is told each day what lasts, or has come up without a run."""

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
    _stopped: threading.Event = field(factory=threading.Event, init=False)
    _threads: list[threading.Thread] = field(factory=list, init=False)
    _gathered: float = field(factory=time.monotonic, init=False)
    _reminded: dt.date | None = field(default=None, init=False)
    """The last day of which this worker knows that everybody was told in the morning."""
    _clock: Clock | None = field(default=None, init=False)
    _guard: threading.Lock = field(factory=threading.Lock, init=False)
    _looked: dict[str, dt.date] = field(factory=dict, init=False)
    """The day for which nothing old is left of a company, as far as this worker knows."""

    def start(self) -> None:
        """Begin."""
        tellers = [self._tell] * TELLERS
        for work in (self._keep, self._remind, *tellers):
            thread = threading.Thread(target=self._again, args=(work,), name="chores", daemon=True)
            self._threads.append(thread)
            thread.start()

    def wake(self) -> None:
        """Look now: a job has ended."""
        self._wake.set()

    def gather(self) -> None:
        """Tell now what is gathered over all companies, if an hour has passed since the last."""
        self._gathered = -math.inf
        self.wake()

    def stop(self) -> None:
        """Tell of what has ended so far, and end; that is waited for, for a while."""
        self._stopped.set()
        self._wake.set()
        until = time.monotonic() + STOPS_S
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def clock_of_all(self, main: Main) -> Clock:
        """Return the clock of this worker's life: a set one goes on, and costs all files once."""
        with self._guard:
            if self._clock is None:
                self._clock = clock_for_all(main)
            return self._clock

    # --- inside -----------------------------------------------------------------------------

    def _again(self, work: Callable[[], None]) -> None:
        last = False
        with speaking(self._language):
            while not last:
                if self._wake.wait(LOOK_S):
                    self._stopped.wait(OTHERS_S)
                last = self._stopped.is_set()
                if not last:
                    self._wake.clear()
                with _whatever_happens():
                    work()

    def _tell(self) -> None:
        """Tell of all jobs that have ended, company by company."""
        main = load_main(self.path)
        clock = self.clock_of_all(main)
        wrong: set[str] = set()
        with self._opened(main) as store:
            self._pass_over(store, clock)
            while (company := store.first_untold(but=wrong)) is not None:
                try:
                    config = self._config(company)
                except RenkeiError:  # it is told once its file can be read
                    wrong.add(company)
                    continue
                ended = store.take_up_telling([company], clock.now())  # so no other worker tells it
                if ended and config is not None:
                    with about(company=company), _whatever_happens():
                        _tell_of(config, ended)

    def _pass_over(self, store: Companies, clock: Clock) -> None:
        """Note all companies at once of which nobody is told: in many a store that is everyone."""
        silent: list[str] = []
        for company in store.untold():
            with suppress(RenkeiError):  # a file that cannot be read is looked at by itself
                if not self._mentions(company, "notify"):
                    silent.append(company)
        if silent:
            store.take_up_telling(silent, clock.now())

    def _remind(self) -> None:
        """Tell of all companies once a day what lasts, or has come up without a run."""
        main = load_main(self.path)
        now = self.clock_of_all(main).now().astimezone(JST)
        is_early = now.time() < MORNING
        if self._stopped.is_set() or is_early or self._reminded == now.date():
            return
        names = main.names() if main.folder else [""]
        with self._opened(main) as store:
            swept = store.swept_on() == now.date()  # by another worker, perhaps
            waiting = [] if swept else untold(store, now)
            for company in sorted(set(names).intersection(waiting)):
                if self._stopped.is_set():
                    return
                with about(company=company), _whatever_happens():
                    config = self._config(company)
                    if config is not None and not config.company.paused:
                        _tell_of(config)
            if waiting:
                store.note_swept(now.date())
        self._reminded = now.date()

    @staticmethod
    def _opened(main: Main) -> closing[Companies]:
        """Open the store of all companies; NoStoreError if there is none."""
        return closing(Companies(store_at(main.store, main.path.parent), create=False))

    def _config(self, company: str) -> Config | None:
        """Return the configuration of a company, None if nobody is told of it."""
        if not self._mentions(company, "notify"):
            return None
        return load_config(self.path, company or None)

    def _keep(self) -> None:
        """Tell each hour what is gathered over all companies; let go of what is old, once a day."""
        if self._stopped.is_set():
            return
        if time.monotonic() - self._gathered >= GATHERED.total_seconds():
            self._gathered = time.monotonic()
            self._gather()
        self._let_go()

    def _gather(self) -> None:
        main = load_main(self.path)
        if main.folder is not None and main.notify.to:
            place = store_at(main.store, main.path.parent)
            tell_of(tell_of_all(main, place, self.clock_of_all(main)))

    def _let_go(self) -> None:
        main = load_main(self.path)
        names = main.names() if main.folder else [""]
        today = self.clock_of_all(main).today()
        left = [name for name in names if self._looked.get(name) != today]
        if not left:
            return
        with self._opened(main) as store:
            if is_in_use(store):
                return  # in a minute, perhaps: SQLite writes its file anew when it lets go
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


def _tell_of(config: Config, ended: Sequence[Job] = ()) -> None:
    """Tell what needs a person in a company, of which these jobs have *ended*."""
    with Runs(config) as runs:
        scheduled = [job for job in ended if job.errand is None]
        for job in scheduled:
            if job.state not in NOT_RUN:
                beat(config)
        # Somebody who asked for a fetch sees what it has found, and need not be told.
        asked = [job.errand for job in ended if job.errand is not None]
        only_fetched = not scheduled and all(errand.fetches for errand in asked)
        runs.tell(attended=bool(ended) and only_fetched, anyway=True)


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
