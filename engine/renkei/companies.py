"""The other door for faces: what is about all companies of one main file, and who joins or leaves.

What is about one of them goes through :mod:`renkei.runs`, with the configuration of that company.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Self

from attrs import evolve, field, frozen

from renkei import files
from renkei.alerts.inbox import Entry, entries
from renkei.alerts.sending import Became, nobody_is_told
from renkei.alerts.states import State, of_file, states
from renkei.alerts.words import short_text
from renkei.clock import ALWAYS, Clock, Days, bounds
from renkei.config.clock import clock_for_all
from renkei.config.edit import befores, change_key, keep_before
from renkei.config.heads import Heads, head_of
from renkei.config.load import load_config, parse_config
from renkei.config.main import Company, Main, is_name
from renkei.config.notify import Kind
from renkei.config.secrets import files_in
from renkei.config.store import store_at
from renkei.errors import (
    ConfigurationError,
    MappingError,
    NoStoreError,
    RenkeiError,
    UsageError,
)
from renkei.logs import log
from renkei.model import Audited, Noted
from renkei.observer import Observer
from renkei.store.companies import Companies as Store
from renkei.store.companies import Removed, Stands
from renkei.store.schema import seen_beside
from renkei.store.stands import Direction, Missed, Stood
from renkei.text import folded
from renkei.who import recorded
from renkei.words.codes import remark
from renkei.words.i18n import _, ngettext
from renkei.yamlfile.files import read_file
from renkei.yamlfile.source import read_yaml

Also = Callable[[str], object]
"""What else is done for a company, by name, before the command has come to its end."""


def nothing(_name: str) -> None:
    """Do nothing else."""


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


@frozen(kw_only=True)
class Certificate:
    """What was removed of a company, and the *papers* that say so; *left* is what was not."""

    company: Company
    removed: Removed
    papers: tuple[Path, ...]
    left: tuple[str, ...]


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
        self._heads = heads or Heads()
        self.who = recorded(who)
        self.observer = observer or Observer()
        self.clock = Clock()
        self._opened: Store | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._opened is not None:
            self._opened.close()

    @property
    def _store(self) -> Store:
        """The store; NoStoreError if there is none yet."""
        return self._open_store(create=False)

    def _open_store(self, *, create: bool) -> Store:
        if self._opened is None:
            place = store_at(self.main.store, self.main.path.parent)
            seen = seen_beside(place, self.main.path)
            self._opened = Store(place, create=create, seen=seen, who=self.who)
            self._opened.tell(self.observer)
        return self._opened

    # --- look -------------------------------------------------------------------------------

    def listed(self, wanted: Callable[[str], bool] = bool) -> list[Listed]:
        """Return every company of a *wanted* name with how it stands, in order of name."""
        found, missed, wrong = self._known()
        if self.main.folder is None:
            own = found.get("", ())
            company = load_config(self.main.path).company
            needs = states(own, missed.get("", ()))
            return [Listed(company=company, stands=Stands.of(own), states=needs)]
        gone = set(self.gone())
        names = filter(wanted, sorted([*self.main.names(), *gone]))
        return [
            self._deleted(name)
            if name in gone
            else self._listed(name, found.get(name, ()), missed.get(name, ()), noted=name in wrong)
            for name in names
        ]

    def gone(self) -> list[str]:
        """Return the companies of the store whose file somebody has deleted by hand."""
        if self.main.folder is None:
            return []
        try:
            known = self._store.known()
        except NoStoreError:
            return []
        missing = known - {"", *self.main.names()}
        return sorted(name for name in missing if not self._aside(name).exists())

    def inbox(self, those: Iterable[Listed] | None = None) -> list[Entry]:
        """Return what needs a person now in *those* companies, or all, the most urgent first."""
        listed = self.listed() if those is None else those
        found = [(each.company, state) for each in listed for state in each.states]
        try:
            return entries(found, self._store.alerts())
        except NoStoreError:
            return entries(found, ())

    def try_receivers(self) -> list[Became]:
        """
        Send a test message to everybody who is told of all companies; return what became of each.

        Raises UsageError if nobody is.
        """
        from renkei.alerts.telling import audience_of_all, try_out

        if not self.main.notify.to:
            raise nobody_is_told(self.main.path)
        return try_out([audience_of_all(self.main)])

    def without(self) -> int:
        """Return how many runs are of no company, though there are several."""
        try:
            return self._store.count_runs([""]).get("", 0) if self.main.folder else 0
        except NoStoreError:
            return 0

    def _known(
        self,
    ) -> tuple[Mapping[str, Sequence[Direction]], Mapping[str, Sequence[Missed]], set[str]]:
        """
        Return how the directions of each company stand, and which schedules did not run.

        And of which companies a worker has found mistakes in the file.
        """
        now = clock_for_all(self.main).now()
        try:
            found, late = self._store.directions(now), self._store.missed(now)
            wrong = self._store.wrong_files()
        except NoStoreError:
            return {}, {}, set()
        missed: dict[str, list[Missed]] = {}
        for each in late:
            missed.setdefault(each.company, []).append(each)
        return found, missed, wrong

    def _listed(
        self, name: str, found: Sequence[Direction], missed: Sequence[Missed], *, noted: bool
    ) -> Listed:
        """Return how a company stands; *noted*: a worker has found mistakes in its file."""
        company, mistake = Company(name=name), None
        try:
            company = self._heads.of(self.main, name)
            if noted:
                load_config(self.main.path, name)  # it may have been mended
        except RenkeiError as error:
            mistake = error.message
        needs = [of_file(name)] if mistake else []
        needs += states(found, missed)
        return Listed(company=company, stands=Stands.of(found), states=needs, mistake=mistake)

    def _deleted(self, name: str) -> Listed:
        """Return a company without a file: nothing of it runs, and nobody can look into it."""
        message = _(
            "{path} is gone, so nothing of the company runs. Put the file back, or let go of what"
            " is kept of it: renkei company remove {company}"
        )
        told = message.format(path=self.main.new_file(name), company=name)
        return Listed(company=Company(name=name), states=[of_file(name)], mistake=told, gone=True)

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
        if not texts:
            return []  # a store is not made for nothing
        try:
            with files.alone(self.main.path):  # of two who take one name the second one is told
                paths = self._added(texts, also)
        except OSError as problem:
            raise _unwritten(self.main.path, problem) from None
        for name in texts:
            log.info("company_added", company=name)
        return paths

    def _added(self, texts: Mapping[str, str], also: Also) -> list[Path]:
        """Do that, now that nobody else adds a company."""
        undoable, known = {}, self._counts(texts)
        for name, text in texts.items():
            path = self._free_place(name, known.get(name, 0))
            undoable[name] = parse_config(text, path, main=self.main).settings.setup == "web"
        self._let_go_of_older(texts)
        return self._place_all(texts, undoable, also)

    def _let_go_of_older(self, names: Iterable[str]) -> None:
        """
        Remove what is left of companies that were called so and never had a run.

        Somebody has deleted their files: a schedule that was paused, or an account that was
        confirmed, is not the new one's.
        """
        try:
            for name in self._store.kept_of(names):
                self._store.remove(name, Removed(at=self.clock.now(), who=self.who))
                self._store.forget(name)
        except NoStoreError:
            return

    def _place_all(
        self, texts: Mapping[str, str], undoable: Mapping[str, bool], also: Also
    ) -> list[Path]:
        """Write all files beside their places, note it, and let them take these; or do nothing."""
        drafts = {self.main.new_file(name): self._beside(name, "adding") for name in texts}
        kept: list[Path] = []
        try:
            for (path, draft), text in zip(drafts.items(), texts.values(), strict=True):
                path.parent.mkdir(mode=0o700, exist_ok=True)
                files.replace(draft, [text])
                if undoable[path.stem]:
                    kept.append(keep_before(path, text))
            for name in texts:
                also(name)
            self.note("company_added", texts)  # what cannot be noted is not done: F98
            for path, draft in drafts.items():  # all are written: nothing more takes room
                draft.rename(path)
        except (OSError, RenkeiError) as problem:
            for each in (*drafts.values(), *kept):
                each.unlink(missing_ok=True)
            if isinstance(problem, OSError):
                raise _unwritten(min(drafts).parent, problem) from None
            raise
        return list(drafts)

    def _free_place(self, name: str, count: int) -> Path:
        """
        Return where the file of a new company will be; UsageError if it cannot be called so.

        *count* is how many runs the store has of that name.
        """
        if not is_name(name):
            raise UsageError(not_a_name(name), code="name")
        path = self.main.new_file(name)
        if os.path.lexists(path):
            message = _("{path} exists already; it is left as it is.").format(path=path)
            raise UsageError(message, code="exists", where=str(path))
        if count:  # the next one must not find the runs of another
            message = ngettext(
                "The store has {count} run of a company {name}, whose file {path} is gone. Put"
                " that back, or remove the company if its run is to go; or take another name.",
                "The store has {count} runs of a company {name}, whose file {path} is gone. Put"
                " that back, or remove the company if its runs are to go; or take another name.",
                count,
            )
            told = message.format(count=count, name=name, path=path)
            raise UsageError(told, code="exists", where=str(path))
        return path

    def take_back(self, name: str, *, also: Also = nothing) -> None:
        """
        Remove a company that a browser has added, as long as there is nothing of it but its file.

        Raises UsageError if there is more; *also* as in :meth:`remove`.
        """
        from renkei.config.setup import was_added  # it brings all that a connection consists of

        config = load_config(self.main.path, name)
        if not was_added(config) or self._count(name):
            message = _(
                "There is more of {company} by now than the file that it was added with. It is"
                " removed on the command line."
            )
            told = message.format(company=config.company.title)
            raise UsageError(told, code="not_removed")
        self.remove(name, also=also)

    def adopt(self, name: str, *, also: Also = nothing) -> int:
        """
        Let the runs of before there were companies be those of *name*; return how many.

        Whatever else knows of them does *also* what it is told; after a kill before that is
        done, the next call goes on with it.
        """
        self.main.file_of(name)
        count = self._store.adopt(name)
        also(name)
        self._store.forget(name)
        log.info("company_adopted", company=name, count=count)
        return count

    def removable(self, name: str) -> tuple[Company, int]:
        """Return a company that can be removed, and how many runs it has; UsageError if none is."""
        own = self.main.new_file(name) if is_name(name) else self.main.file_of(name)
        count = self._count(name)
        cut_off = self._aside(name).exists() or self._was_removed(name)
        if not own.exists() and (cut_off or count or self._is_kept(name)):
            return Company(name=name), count
        return self._head(name, self.main.file_of(name)), count

    def remove(self, name: str, *, also: Also = nothing) -> Certificate:
        """
        Remove a company: its runs with all that is in them, its file, and what is *also* to go.

        A kill in between leaves all or nothing of the runs, and the next call goes on to the end.
        Raises BusyError while it is at work, and then it stays.
        """
        from renkei.config import setup  # as above

        company, _count = self.removable(name)
        own, aside = self.main.new_file(name), self._aside(name)
        if own.exists():
            # Who is just changing the file ends first: it would be there again.
            with suppress(FileNotFoundError), files.alone(own):
                own.rename(aside)  # from here on no command finds it, no schedule fetches for it
        left = self._left(aside)
        company = self._head(name, aside) if aside.exists() else company
        removed = Removed(at=self.clock.now(), who=self.who)
        try:
            removed = self._store.remove(name, removed)
        except NoStoreError:
            pass
        except RenkeiError:
            if aside.exists():
                aside.rename(own)  # somebody is at work in it: it stays
            raise
        papers = self._certify(company, removed, left)
        also(name)
        aside.unlink(missing_ok=True)
        for before in befores(own):
            before.unlink(missing_ok=True)
        setup.forget_tokens_before(own.parent, name)
        if self._opened is not None:
            self._opened.forget(name)  # last: as long as it is remembered, the next call goes on
            self._compact(self._opened)
        log.info("company_removed", company=name, count=removed.rows.get("runs", 0))
        return Certificate(company=company, removed=removed, papers=papers, left=left)

    def _compact(self, store: Store) -> None:
        """Write the store anew; what hinders that is a warning, as all else has been done."""
        try:
            done = store.compact()
        except RenkeiError as error:
            log.warning("not_compacted", code=error.code)
            done = False
        if not done:
            self.observer.warning(remark("not_compacted", place=store.place))

    def note_restored(self) -> str:
        """Take the store for an older copy, for all companies; return where it is."""
        self._store.note_restored()
        log.info("store_restored")
        return self._store.place

    # --- audit log --------------------------------------------------------------------------

    def note(self, act: str, companies: Iterable[str]) -> None:
        """Write what is about to happen to *companies*; StoreError if that cannot be written."""
        self._open_store(create=True).note_companies(act, companies)

    def note_own(self, act: str, **facts: object) -> None:
        """Write what is about to happen to the whole installation, as in :meth:`Runs.note`."""
        self._open_store(create=True).note(act, **facts)

    def note_rights(self, user: str, role: str, named: Sequence[str], *, every: bool) -> None:
        """Write that *user* is given a *role* on those *named*, and on *every* company."""
        names = self.main.names() if every else filter(self.main.has, named)
        self._open_store(create=True).note_rights(names, user, role, named)

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

    # --- inside -----------------------------------------------------------------------------

    def _count(self, name: str) -> int:
        return self._counts([name]).get(name, 0)

    def _counts(self, names: Iterable[str]) -> Mapping[str, int]:
        """Return how many runs the store has of companies of these names; of most it has none."""
        try:
            return self._store.count_runs(names)
        except NoStoreError:
            return {}

    def _is_kept(self, name: str) -> bool:
        """Return whether the store has anything of a company, be it no run."""
        try:
            return bool(self._store.kept_of([name]))
        except NoStoreError:
            return False

    def _was_removed(self, name: str) -> bool:
        """Return whether a removal of that name has not come to its end."""
        try:
            return self._store.remembered(name) is not None
        except NoStoreError:
            return False

    def _aside(self, name: str) -> Path:
        """Return where the file of a company is while it is being removed."""
        return self.main.aside(name)

    def _beside(self, name: str, what: str) -> Path:
        """Return a place in the folder of the companies that no command takes for a file of one."""
        return self.main.new_file(name).with_name(f".{name}.{what}")

    def _head(self, name: str, path: Path) -> Company:
        try:
            return head_of(self.main, name, path)
        except MappingError:
            return Company(name=name)

    def _left(self, path: Path) -> tuple[str, ...]:
        """Return the files that the company's own names: others may use them, too."""
        try:
            data = read_yaml(read_file(path), str(path)).data
        except MappingError:
            return ()
        return tuple(sorted(set(files_in(data))))

    def _certify(self, company: Company, removed: Removed, left: Sequence[str]) -> tuple[Path, ...]:
        """Write what was removed, for programs and for people; only their owner can read it."""
        folder = self.main.new_file(company.name).parent / "removed"
        stem = f"{company.name}-{removed.at:%Y%m%dT%H%M%SZ}"
        document = {
            "schema_version": 1,
            "company": company.name,
            "label": company.label,
            "environment": company.environment,
            "removed_at": removed.at.isoformat(timespec="seconds"),
            "removed_by": removed.who,
            "rows": dict(removed.rows),
            "left": list(left),
        }
        text = [
            _("Certificate of removal"),
            "",
            _("Company: {company}").format(company=company.title),
            _("Removed at: {at}").format(at=f"{removed.at:%Y-%m-%d %H:%M} UTC"),
            _("Removed by: {who}").format(who=removed.who),
            *(f"{name}: {count}" for name, count in removed.rows.items()),
            "",
            _("Copies and backups of the store are not touched, nor these files:"),
            *(left or ["-"]),
            "",
        ]
        papers = (folder / f"{stem}.json", folder / f"{stem}.txt")
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            files.replace(papers[0], [json.dumps(document, ensure_ascii=False, indent=1), "\n"])
            files.replace(papers[1], ["\n".join(text)])
        except OSError as problem:
            raise _unwritten(folder, problem) from None
        return papers


def not_a_name(name: str) -> str:
    """Return why a company cannot be called so."""
    message = _(
        "“{name}” cannot be the name of a company: small letters, digits, “-” and “_”, 63 at most"
    )
    return message.format(name=name)


def _unwritten(path: Path, problem: OSError) -> ConfigurationError:
    message = _("{path} cannot be written: {why}.").format(path=path, why=problem.strerror)
    return ConfigurationError(message, where=str(path))


__all__ = [
    "Became",
    "Certificate",
    "Companies",
    "Entry",
    "Listed",
    "Removed",
    "Stands",
    "State",
    "Stood",
    "not_a_name",
    "short_text",
]
