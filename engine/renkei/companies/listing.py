"""How each company stands, and what of it needs a person."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from attrs import field, frozen

from renkei.alerts.inbox import Entry, entries
from renkei.alerts.states import State, of_file, states
from renkei.companies.ground import Ground
from renkei.config.clock import clock_for_all
from renkei.config.heads import Heads
from renkei.config.load import load_config
from renkei.config.main import Company
from renkei.config.notify import Kind
from renkei.errors import NoStoreError, RenkeiError
from renkei.store.companies import Stands
from renkei.store.stands import Direction, Missed
from renkei.text import folded
from renkei.words.i18n import _


@frozen(kw_only=True)
class Listed:
    """
    One company as the list has it; *mistake* is what is wrong with its file.

    With *gone* somebody has deleted that, and the store still has what is of the company.
    *states* are what needs a person, each with the run to look at.
    """

    company: Company
    stands: Stands = field(factory=Stands)
    states: Sequence[State] = ()
    mistake: str | None = None
    gone: bool = False

    @property
    def open(self) -> int:
        """How many differ by its newest run and were not written since."""
        return self.stands.newest.open if self.stands.newest else 0

    @property
    def needs(self) -> tuple[Kind, ...]:
        """Why it needs a person; empty if it does not."""
        found: list[Kind] = ["file"] if self.mistake else []
        for each in self.states:
            found.append(each.kind)
            if each.kind == "token":
                found.append("halted")  # a run has stopped for it
        return tuple(dict.fromkeys(found))

    def matches(self, text: str) -> bool:
        """Return whether name or label hold *text*, however it is written."""
        return folded(text) in folded(f"{self.company.name}\n{self.company.label}")


@frozen
class Listing:
    """Looks at all companies; *heads* are what was read of their files before."""

    ground: Ground
    heads: Heads

    def listed(self, wanted: Callable[[str], bool]) -> list[Listed]:
        """Return every company of a *wanted* name with how it stands, in order of name."""
        known, main = self._known(), self.ground.main
        if main.folder is None:
            company = load_config(main.path).company
            return [Listed(company=company, stands=known.stands(""), states=known.states(""))]
        gone = self._gone(known)
        names = filter(wanted, sorted([*main.names(), *gone]))
        return [
            self._deleted(name) if name in gone else self._listed(name, known) for name in names
        ]

    def _gone(self, known: _Known) -> set[str]:
        """Return the companies of the store whose file somebody has deleted by hand."""
        main = self.ground.main
        missing = {*known.directions, *known.scheduled} - {"", *main.names()}
        return {name for name in missing if not main.aside(name).exists()}

    def inbox(self, those: Iterable[Listed] | None) -> list[Entry]:
        """Return what needs a person now in *those* companies, or all, the most urgent first."""
        listed = self.listed(bool) if those is None else those
        found = [(each.company, state) for each in listed for state in each.states]
        try:
            return entries(found, self.ground.store.alerts())
        except NoStoreError:
            return entries(found, ())

    def without(self) -> int:
        """Return how many runs are of no company, though there are several."""
        try:
            return self.ground.store.count_runs([""]).get("", 0) if self.ground.main.folder else 0
        except NoStoreError:
            return 0

    def _known(self) -> _Known:
        now = clock_for_all(self.ground.main).now()
        try:
            store = self.ground.store
            found, late = store.directions(now), store.missed(now)
            scheduled, wrong = store.scheduled(), store.wrong_files()
        except NoStoreError:
            return _Known()
        missed: dict[str, list[Missed]] = {}
        for each in late:
            missed.setdefault(each.company, []).append(each)
        return _Known(directions=found, missed=missed, scheduled=scheduled, wrong=wrong)

    def _listed(self, name: str, known: _Known) -> Listed:
        """Return how a company stands, and what is wrong with its file."""
        company, mistake = Company(name=name), None
        try:
            company = self.heads.of(self.ground.main, name)
            if name in known.wrong:
                load_config(self.ground.main.path, name)  # it may have been mended
        except RenkeiError as error:
            mistake = error.message
        needs = [of_file(name)] if mistake else []
        needs += known.states(name)
        return Listed(company=company, stands=known.stands(name), states=needs, mistake=mistake)

    def _deleted(self, name: str) -> Listed:
        """Return a company without a file: nothing of it runs, and nobody can look into it."""
        message = _(
            "{path} is gone, so nothing of the company runs. Put the file back, or remove the"
            " company with all that is kept of it."
        )
        told = message.format(path=self.ground.main.new_file(name))
        return Listed(company=Company(name=name), states=[of_file(name)], mistake=told, gone=True)


@frozen(kw_only=True)
class _Known:
    """
    What the store tells of the companies, by name: directions, and schedules that did not run.

    *scheduled* are those with schedules, *wrong* those in whose files a worker has found mistakes.
    """

    directions: Mapping[str, Sequence[Direction]] = field(factory=dict)
    missed: Mapping[str, Sequence[Missed]] = field(factory=dict)
    scheduled: Collection[str] = ()
    wrong: Collection[str] = ()

    def stands(self, name: str) -> Stands:
        return Stands.of(self.directions.get(name, ()))

    def states(self, name: str) -> list[State]:
        return states(self.directions.get(name, ()), self.missed.get(name, ()))
