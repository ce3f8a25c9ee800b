"""
The doctor: whether an installation is in order, over all of its companies; no system is asked.

What a run or a connection finds out belongs to ``renkei check``, of which the doctor makes use when
it is to ask the systems, too. Nothing is migrated, made or corrected.
"""

from __future__ import annotations

import platform
import sqlite3
import stat
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from attrs import define, field

from renkei.alerts.audience import Audience, audience_of_all, audiences
from renkei.alerts.trying import findings_of
from renkei.clock import Clock
from renkei.config.checks import path_of
from renkei.config.clock import clock_for_all
from renkei.config.load import load_config
from renkei.config.main import Main
from renkei.config.records import Config
from renkei.config.secrets import files_in
from renkei.config.store import store_at
from renkei.errors import NoStoreError, RenkeiError
from renkei.operation.signs import Sign, problem_of
from renkei.operation.stored import Stored
from renkei.runs import Checked, Runs
from renkei.store.companies import Companies as Store
from renkei.store.schema import HEAD, seen_beside, standing
from renkei.words.i18n import _, ngettext


@define
class Doctor:
    """Looks at the installation of one main file."""

    main: Main
    asks: bool = False
    """Whether the systems are asked, too."""
    clock: Clock = field(init=False)
    configs: dict[str, Config] = field(init=False, factory=dict)
    """Those that can be read, by company."""
    _behind: bool = field(init=False, default=False)
    """Whether the store is of an older renkei."""

    def __attrs_post_init__(self) -> None:
        self.clock = clock_for_all(self.main)

    def look(self) -> Iterator[Sign]:
        """Yield what can be told without asking anybody, and what the systems have to say."""
        yield _versions()
        yield from self._configuration()
        yield from self._store()
        yield from self._tokens()
        yield from self._messages()
        if self.asks and not self._behind:  # a check would bring the store up to date
            yield from self._systems()

    # --- inside -----------------------------------------------------------------------------

    def _systems(self) -> Iterator[Sign]:
        """Yield what ``renkei check`` finds wrong with each company."""
        for name, config in self.configs.items():
            with Runs(config) as runs:
                found = runs.check()
            wrong: list[Sign] = []
            for each in found:
                wrong += _wrong_with(each, name)
            yield from wrong
            if not wrong:
                text = _("Everything was tried; nothing is wrong.")
                yield Sign("systems", "ok", "checked", text, company=name)

    def _configuration(self) -> Iterator[Sign]:
        names = self.main.names() if self.main.folder else [""]
        for name in names:
            try:
                self.configs[name] = load_config(self.main.path, name or None)
            except RenkeiError as error:
                yield Sign("configuration", "problem", error.code, error.message, company=name)
        files = {self.main.path, *(config.path for config in self.configs.values())}
        for path in sorted(files):
            if _mode(path) & 0o022:
                text = _("{path} can be changed by others. Run: chmod go-w {path}")
                yield Sign("configuration", "warning", "writable", text.format(path=path))
        for path in self.main.strangers():
            text = _("{path} is of no company: a name has small letters, digits, “-” and “_” only.")
            yield Sign("configuration", "warning", "stranger", text.format(path=path))
        count = len(self.configs)
        text = _("Companies whose files can be read: {count}.").format(count=count)
        if self.main.folder is None:
            text = _("{path} can be read.").format(path=self.main.path)
        if count:
            yield Sign(
                "configuration", "ok", "read", text, figures={"read": count, "names": len(names)}
            )

    def _store(self) -> Iterator[Sign]:
        """Yield how the store is, and what it tells of everything else."""
        try:
            place = store_at(self.main.store, self.main.path.parent)
            seen = seen_beside(place, self.main.path)
            try:
                found = standing(place)
            except NoStoreError as error:
                if seen.exists():  # this computer has worked with it before
                    yield problem_of("store", "store_gone", error)
                else:
                    text = _("There is none yet; the first fetch makes it.")
                    yield Sign("store", "note", "no_store", text)
                    yield from self._stored.workers(0, [])
                return
            # Opening it would bring it up to date, which a doctor leaves to a person.
            if found != HEAD:
                self._behind = True
                yield _older(found)
                return
            store = Store(place, create=False, seen=seen)
        except RenkeiError as error:
            yield problem_of("store", error.code, error)
            return
        try:
            yield from self._stored.look(store, place)
        except RenkeiError as error:
            yield problem_of("store", error.code, error)
        finally:
            store.close()

    @property
    def _stored(self) -> Stored:
        return Stored(main=self.main, configs=self.configs, clock=self.clock, asks=self.asks)

    def _messages(self) -> Iterator[Sign]:
        count, problems = 0, False
        for company, audience in self._audiences():
            for finding in findings_of([audience]):
                if finding.level == "ok":
                    count += 1
                elif finding.level in ("warning", "problem"):
                    problems = True
                    yield Sign(
                        "messages", finding.level, "not_told", finding.message, company=company
                    )
        text = _("Receivers of messages, over all companies: {count}.").format(count=count)
        if not count and not problems:
            text = _("Nobody is told when something needs a person; see `notify:`.")
        yield Sign("messages", "note", "told", text, figures={"receivers": count})

    def _audiences(self) -> Iterator[tuple[str, Audience]]:
        """Yield who is told of a company, and once who is told of all."""
        if self.main.folder is not None and self.main.notify.to:
            yield "", audience_of_all(self.main)
        for name, config in self.configs.items():
            for each in audiences(config):
                if not each.of_all:
                    yield name, each

    def _tokens(self) -> Iterator[Sign]:
        """Yield how the files are that hold secrets: their modes and ages, not what is in them."""
        oldest, count = 0.0, 0
        for path, company in self._secret_files():
            count += 1
            try:
                found = path.stat()
            except OSError as problem:
                text = _("{path} cannot be read: {why}.")
                yield Sign(
                    "tokens",
                    "problem",
                    "no_file",
                    text.format(path=path, why=problem.strerror),
                    company=company,
                )
                continue
            oldest = max(oldest, time.time() - found.st_mtime)
            if found.st_mode & 0o077:
                text = _("{path} can be read by others. Run: chmod 600 {path}")
                yield Sign(
                    "tokens",
                    "problem",
                    "readable",
                    text.format(path=path),
                    company=company,
                    figures={"mode": stat.S_IMODE(found.st_mode)},
                )
        days = round(oldest / 86_400)
        text = ngettext(
            "Files with secrets: {count}; the oldest was written {days} day ago.",
            "Files with secrets: {count}; the oldest was written {days} days ago.",
            days,
        )
        if not count:
            text = _("No secret is kept in a file.")
        yield Sign(
            "tokens",
            "note",
            "files",
            text.format(count=count, days=days),
            figures={"files": count, "oldest_days": days},
        )

    def _secret_files(self) -> Iterator[tuple[Path, str]]:
        """Yield each file with a secret once, and the first company that names it."""
        trees = [(self.main.document.data, self.main.path.parent, "")]
        if self.main.folder is not None:
            trees += [(each.document.data, each.base, name) for name, each in self.configs.items()]
        known: set[Path] = set()
        for data, base, company in trees:
            for name in files_in(data):
                path = path_of(name, base)
                if path not in known:
                    known.add(path)
                    yield path, company


def _wrong_with(checked: Checked, company: str) -> Iterator[Sign]:
    """Yield what ``renkei check`` has found wrong with one of its subjects."""
    code = checked.error.code if checked.error else "checked"
    for finding in checked.findings:
        if finding.level in ("warning", "problem"):
            text = f"{checked.subject}: {finding.message}"
            yield Sign("systems", finding.level, code, text, company=company)


def _older(found: str) -> Sign:
    """Return that the store is of an older renkei: its migration is *found*."""
    text = _(
        "It is of an older renkei: it is at {found}, this renkei at {head}. The next"
        " command copies it and brings it up to date."
    )
    return Sign("store", "warning", "migrations", text.format(found=found, head=HEAD))


def _versions() -> Sign:
    told = versions()
    text = _("renkei {renkei} on Python {python}, {system}.").format(**told)
    return Sign("versions", "note", "versions", text)


def versions() -> dict[str, str]:
    """Return what runs here: nothing of where."""
    return {
        "renkei": version("renkei"),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.machine()}",
        "migration": HEAD,
    }


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0
