"""What a face can ask for of all companies of one main file, with what it may expect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Self

from attrs import evolve

from renkei.alerts.inbox import Entry
from renkei.alerts.sending import Became, nobody_is_told
from renkei.clock import ALWAYS, Days, bounds
from renkei.companies.ground import Also, Ground, nothing
from renkei.companies.joining import Joining
from renkei.companies.leaving import Certificate, Leaving
from renkei.companies.listing import Listed, Listing
from renkei.config.edit import change_key
from renkei.config.heads import Heads
from renkei.config.load import load_config
from renkei.config.main import Company, Main
from renkei.logs import log
from renkei.model import Audited, Noted
from renkei.observer import Observer
from renkei.store.companies import Companies as Store


class Companies:
    """All companies of the file *main*, for one command; *who* does it, *heads* outlive it."""

    def __init__(
        self,
        main: Main,
        *,
        who: str | None = None,
        observer: Observer | None = None,
        heads: Heads | None = None,
    ) -> None:
        self.main = main
        ground = self._ground = Ground(main, who, observer)
        self._listing = Listing(ground, heads or Heads())
        self._joining = Joining(ground)
        self._leaving = Leaving(ground)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._ground.close()

    @property
    def _store(self) -> Store:
        return self._ground.store

    # --- look -------------------------------------------------------------------------------

    def listed(self, wanted: Callable[[str], bool] = bool) -> list[Listed]:
        """Return every company of a *wanted* name with how it stands, in order of name."""
        return self._listing.listed(wanted)

    def inbox(self, those: Iterable[Listed] | None = None) -> list[Entry]:
        """Return what needs a person now in *those* companies, or all, the most urgent first."""
        return self._listing.inbox(those)

    def try_receivers(self) -> list[Became]:
        """
        Send a test message to everybody who is told of all companies; return what became of each.

        Raises UsageError if nobody is.
        """
        from renkei.alerts.audience import audience_of_all
        from renkei.alerts.trying import try_out

        if not self.main.notify.to:
            raise nobody_is_told(self.main.path)
        return try_out([audience_of_all(self.main)])

    def without(self) -> int:
        """Return how many runs are of no company, though there are several."""
        return self._listing.without()

    # --- change -----------------------------------------------------------------------------

    def pause(self, name: str, *, on: bool) -> Company:
        """
        Let nothing be fetched or synced for a company, or let it go on; its file keeps the rest.

        Raises ConfigurationError if that has to be written by hand.
        """
        self.main.file_of(name)
        config = load_config(self.main.path, name)
        meant = evolve(config, company=evolve(config.company, paused=on))
        act = "company_paused" if on else "company_resumed"
        note = partial(self.note, act, [name])
        change_key(config, meant, "paused", "true" if on else "false", note)
        log.info(act, company=name)
        return meant.company

    def add(self, texts: Mapping[str, str], *, also: Also = nothing) -> list[Path]:
        """
        Write the files of new companies, given by name; return where they are.

        All of them can be written, or none is: UsageError for what is no name or taken,
        MappingError for a text that is not the file of a company. What browsers may change can be
        put back: see :meth:`take_back`.

        Whatever else may know one of before, whose file somebody has deleted, does *also* what it
        is told about each name, before the first file is there.
        """
        return self._joining.add(texts, also)

    def take_back(self, name: str, *, also: Also = nothing) -> None:
        """
        Remove a company that a browser has added, as long as there is nothing of it but its file.

        Raises UsageError if there is more; *also* as in :meth:`remove`.
        """
        self._leaving.take_back(name, also)

    def adopt(self, name: str, *, also: Also = nothing) -> int:
        """
        Let the runs of before there were companies be those of *name*; return how many.

        Whatever else knows of them does *also* what it is told; after a kill before that is
        done, the next call goes on with it.
        """
        return self._joining.adopt(name, also)

    def removable(self, name: str) -> tuple[Company, int]:
        """Return a company that can be removed, and how many runs it has; UsageError if none is."""
        return self._leaving.removable(name)

    def remove(self, name: str, *, also: Also = nothing) -> Certificate:
        """
        Remove a company: its runs with all that is in them, its file, and what is *also* to go.

        A kill in between leaves all or nothing of the runs, and the next call goes on to the end.
        Raises BusyError while it is at work, and then it stays.
        """
        return self._leaving.remove(name, also)

    def note_restored(self) -> str:
        """Take the store for an older copy, for all companies; return where it is."""
        self._store.note_restored()
        log.info("store_restored")
        return self._store.place

    # --- audit log --------------------------------------------------------------------------

    def note(self, act: str, companies: Iterable[str]) -> None:
        """Write what is about to happen to *companies*; StoreError if that cannot be written."""
        self._ground.note(act, companies)

    def note_own(self, act: str, **facts: object) -> None:
        """Write what is about to happen to the whole installation, as in :meth:`Runs.note`."""
        self._ground.open_store(create=True).note(act, **facts)

    def note_rights(self, user: str, role: str, named: Sequence[str], *, every: bool) -> None:
        """Write that *user* is given a *role* on those *named*, and on *every* company."""
        names = self.main.names() if every else filter(self.main.has, named)
        self._ground.open_store(create=True).note_rights(names, user, role, named)

    def log_lines(self, days: Days = ALWAYS, *, removed: str | None = None) -> Iterator[Noted]:
        """
        Iterate over the log of what is about the whole installation, oldest first.

        With *removed*, over that of companies of this name that are there no longer.
        """
        if removed is not None:
            return self._store.lines_of_removed(removed, *bounds(days))
        return self._store.lines(*bounds(days))

    def newest_lines(
        self, limit: int, days: Days = ALWAYS, *, before: int | None = None
    ) -> list[Noted]:
        """Return the newest lines of that log, newest first; those *before* a line."""
        since, until = bounds(days)
        return self._store.newest_lines(limit, since=since, until=until, before=before)

    def check_log(self, known: tuple[int, str] | None = None) -> Audited:
        """Return what is wrong with that log; *known* is a line as somebody has noted it."""
        return self._store.check_lines(known)
