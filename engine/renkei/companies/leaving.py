"""Companies leave: all that renkei has of one goes, and papers say so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from renkei import files
from renkei.companies.ground import Also, Ground, unwritten
from renkei.config.edit import befores
from renkei.config.heads import head_of
from renkei.config.load import load_config
from renkei.config.main import Company, is_name
from renkei.config.secrets import files_in
from renkei.errors import MappingError, NoStoreError, RenkeiError, UsageError
from renkei.logs import log
from renkei.store.companies import Companies as Store
from renkei.store.companies import Removed
from renkei.words.codes import remark
from renkei.words.i18n import _
from renkei.yamlfile.files import read_file
from renkei.yamlfile.source import read_yaml


@frozen(kw_only=True)
class Certificate:
    """What was removed of a company, and the *papers* that say so; *left* is what was not."""

    company: Company
    removed: Removed
    papers: tuple[Path, ...]
    left: tuple[str, ...]


@frozen
class Leaving:
    """Removes companies."""

    ground: Ground

    def take_back(self, name: str, also: Also) -> None:
        """Remove a company of which there is nothing but the file that a browser has added."""
        from renkei.config.setup import was_added  # it brings all that a connection consists of

        config = load_config(self.ground.main.path, name)
        if not was_added(config) or self.ground.count(name):
            message = _(
                "There is more of {company} by now than the file that it was added with. It is"
                " removed on the command line."
            )
            told = message.format(company=config.company.title)
            raise UsageError(told, code="not_removed")
        self.remove(name, also)

    def removable(self, name: str) -> tuple[Company, int]:
        """Return a company that can be removed, and how many runs it has; UsageError if none is."""
        main = self.ground.main
        own = main.new_file(name) if is_name(name) else main.file_of(name)
        count = self.ground.count(name)
        cut_off = self.ground.main.aside(name).exists() or self._was_removed(name)
        if not own.exists() and (cut_off or count or self._is_kept(name)):
            return Company(name=name), count
        return self._head(name, main.file_of(name)), count

    def remove(self, name: str, also: Also) -> Certificate:
        """Remove a company, or what a kill has left of it: each step can be done once more."""
        from renkei.config import tokens  # as above

        company, _count = self.removable(name)
        own, aside = self.ground.main.new_file(name), self.ground.main.aside(name)
        if own.exists():
            # Who is just changing the file ends first: it would be there again.
            with suppress(FileNotFoundError), files.alone(own):
                own.rename(aside)  # from here on no command finds it, no schedule fetches for it
        left = _left(aside)
        company = self._head(name, aside) if aside.exists() else company
        removed = self._take_runs(name, own, aside)
        papers = _certify(own.parent / "removed", company, removed, left)
        also(name)
        aside.unlink(missing_ok=True)
        for before in befores(own):
            before.unlink(missing_ok=True)
        tokens.forget_before(own.parent, name)
        store = self.ground.opened
        if store is not None:
            store.forget(name)  # last: as long as it is remembered, the next call goes on
            self._compact(store)
        log.info("company_removed", company=name, count=removed.rows.get("runs", 0))
        return Certificate(company=company, removed=removed, papers=papers, left=left)

    def _take_runs(self, name: str, own: Path, aside: Path) -> Removed:
        """Remove all of a company from the store; its file comes back if that is refused."""
        removed = Removed(at=self.ground.clock.now(), who=self.ground.who)
        try:
            return self.ground.store.remove(name, removed)
        except NoStoreError:
            return removed
        except RenkeiError:
            if aside.exists():
                aside.rename(own)  # somebody is at work in it: it stays
            raise

    def _compact(self, store: Store) -> None:
        """Write the store anew; what hinders that is a warning, as all else has been done."""
        try:
            done = store.compact()
        except RenkeiError as error:
            log.warning("not_compacted", code=error.code)
            done = False
        if not done:
            self.ground.observer.warning(remark("not_compacted", place=store.place))

    def _is_kept(self, name: str) -> bool:
        """Return whether the store has anything of a company, be it no run."""
        try:
            return bool(self.ground.store.kept_of([name]))
        except NoStoreError:
            return False

    def _was_removed(self, name: str) -> bool:
        """Return whether a removal of that name has not come to its end."""
        try:
            return self.ground.store.remembered(name) is not None
        except NoStoreError:
            return False

    def _head(self, name: str, path: Path) -> Company:
        try:
            return head_of(self.ground.main, name, path)
        except MappingError:
            return Company(name=name)


def _left(path: Path) -> tuple[str, ...]:
    """Return the files that the company's own names: others may use them, too."""
    try:
        data = read_yaml(read_file(path), str(path)).data
    except MappingError:
        return ()
    return tuple(sorted(set(files_in(data))))


def _certify(
    folder: Path, company: Company, removed: Removed, left: Sequence[str]
) -> tuple[Path, ...]:
    """Write what was removed, for programs and for people; only their owner can read it."""
    stem = f"{company.name}-{removed.at:%Y%m%dT%H%M%SZ}"
    for_programs, for_people = folder / f"{stem}.json", folder / f"{stem}.txt"
    document = json.dumps(_document(company, removed, left), ensure_ascii=False, indent=1)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        files.replace(for_programs, [document, "\n"])
        files.replace(for_people, ["\n".join(_lines(company, removed, left))])
    except OSError as problem:
        raise unwritten(folder, problem) from None
    return for_programs, for_people


def _document(company: Company, removed: Removed, left: Sequence[str]) -> dict[str, object]:
    return {
        "schema_version": 1,
        "company": company.name,
        "label": company.label,
        "environment": company.environment,
        "removed_at": removed.at.isoformat(timespec="seconds"),
        "removed_by": removed.who,
        "rows": dict(removed.rows),
        "left": list(left),
    }


def _lines(company: Company, removed: Removed, left: Sequence[str]) -> list[str]:
    return [
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
