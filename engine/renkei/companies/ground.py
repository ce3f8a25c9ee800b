"""What the rooms behind the door share: the main file, its store, and who does something."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from renkei.clock import Clock
from renkei.config.main import Main
from renkei.config.store import store_at
from renkei.errors import ConfigurationError, NoStoreError
from renkei.observer import Observer
from renkei.store.companies import Companies as Store
from renkei.store.schema import seen_beside
from renkei.who import recorded
from renkei.words.i18n import _

Also = Callable[[str], object]
"""What else is done for a company, by name, before the command has come to its end."""


def nothing(_name: str) -> None:
    """Do nothing else."""


class Ground:
    """The file *main* for one command: *who* does it, and the store once somebody needs it."""

    def __init__(self, main: Main, who: str | None, observer: Observer | None) -> None:
        self.main = main
        self.who = recorded(who)
        self.observer = observer or Observer()
        self.clock = Clock()
        self.opened: Store | None = None

    @property
    def store(self) -> Store:
        """The store; NoStoreError if there is none yet."""
        return self.open_store(create=False)

    def open_store(self, *, create: bool) -> Store:
        """Return the store, which is opened once; made if there is none and *create* says so."""
        if self.opened is None:
            place = store_at(self.main.store, self.main.path.parent)
            seen = seen_beside(place, self.main.path)
            self.opened = Store(place, create=create, seen=seen, who=self.who)
            self.opened.tell(self.observer)
        return self.opened

    def close(self) -> None:
        """Close the store, if it was opened."""
        if self.opened is not None:
            self.opened.close()

    def note(self, act: str, companies: Iterable[str]) -> None:
        """Write what is about to happen to *companies*; StoreError if that cannot be written."""
        self.open_store(create=True).note_companies(act, companies)

    def counts(self, names: Iterable[str]) -> Mapping[str, int]:
        """Return how many runs the store has of companies of these names; of most it has none."""
        try:
            return self.store.count_runs(names)
        except NoStoreError:
            return {}

    def count(self, name: str) -> int:
        """Return how many runs the store has of a company of that name."""
        return self.counts([name]).get(name, 0)

    def beside(self, name: str, what: str) -> Path:
        """Return a place in the folder of the companies that no command takes for a file of one."""
        return self.main.new_file(name).with_name(f".{name}.{what}")


def unwritten(path: Path, problem: OSError) -> ConfigurationError:
    """Return the error of a file of ours, or a folder, that cannot be written."""
    message = _("{path} cannot be written: {why}.").format(path=path, why=problem.strerror)
    return ConfigurationError(message, where=str(path))
