"""Companies join: all their files are written, or none is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import frozen

from renkei import files
from renkei.companies.ground import Also, Ground, unwritten
from renkei.config.edit import keep_before
from renkei.config.load import parse_config
from renkei.config.main import is_name
from renkei.errors import NoStoreError, RenkeiError, UsageError
from renkei.logs import log
from renkei.store.companies import Removed
from renkei.words.i18n import _, ngettext


@frozen
class Joining:
    """Adds companies, and lets runs of before be those of one."""

    ground: Ground

    def add(self, texts: Mapping[str, str], also: Also) -> list[Path]:
        """Write the files of new companies, given by name; return where they are."""
        if not texts:
            return []  # a store is not made for nothing
        path = self.ground.main.path
        try:
            with files.alone(path):  # of two who take one name the second one is told
                paths = self._added(texts, also)
        except OSError as problem:
            raise unwritten(path, problem) from None
        for name in texts:
            log.info("company_added", company=name)
        return paths

    def _added(self, texts: Mapping[str, str], also: Also) -> list[Path]:
        """Do that, now that nobody else adds a company."""
        undoable, known = {}, self.ground.counts(texts)
        for name, text in texts.items():
            path = self._free_place(name, known.get(name, 0))
            config = parse_config(text, path, main=self.ground.main)
            undoable[name] = config.settings.setup == "web"
        self._let_go_of_older(texts)
        return self._place_all(texts, undoable, also)

    def _let_go_of_older(self, names: Iterable[str]) -> None:
        """
        Remove what is left of companies that were called so and never had a run.

        Somebody has deleted their files: a schedule that was paused, or an account that was
        confirmed, is not the new one's.
        """
        ground = self.ground
        try:
            for name in ground.store.kept_of(names):
                ground.store.remove(name, Removed(at=ground.clock.now(), who=ground.who))
                ground.store.forget(name)
        except NoStoreError:
            return

    def _place_all(
        self, texts: Mapping[str, str], undoable: Mapping[str, bool], also: Also
    ) -> list[Path]:
        """Write all files beside their places, note it, and let them take these; or do nothing."""
        main = self.ground.main
        drafts = {main.new_file(name): self.ground.beside(name, "adding") for name in texts}
        kept: list[Path] = []
        try:
            for (path, draft), text in zip(drafts.items(), texts.values(), strict=True):
                path.parent.mkdir(mode=0o700, exist_ok=True)
                files.replace(draft, [text])
                if undoable[path.stem]:
                    kept.append(keep_before(path, text))
            for name in texts:
                also(name)
            self.ground.note("company_added", texts)  # what cannot be noted is not done: F98
            for path, draft in drafts.items():  # all are written: nothing more takes room
                draft.rename(path)
        except (OSError, RenkeiError) as problem:
            for each in (*drafts.values(), *kept):
                each.unlink(missing_ok=True)
            if isinstance(problem, OSError):
                raise unwritten(min(drafts).parent, problem) from None
            raise
        return list(drafts)

    def _free_place(self, name: str, count: int) -> Path:
        """
        Return where the file of a new company will be; UsageError if it cannot be called so.

        *count* is how many runs the store has of that name.
        """
        if not is_name(name):
            raise UsageError(not_a_name(name), code="name")
        path = self.ground.main.new_file(name)
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

    def adopt(self, name: str, also: Also) -> int:
        """Let the runs of before there were companies be those of *name*; return how many."""
        self.ground.main.file_of(name)
        count = self.ground.store.adopt(name)
        also(name)
        self.ground.store.forget(name)
        log.info("company_adopted", company=name, count=count)
        return count


def not_a_name(name: str) -> str:
    """Return why a company cannot be called so."""
    message = _(
        "“{name}” cannot be the name of a company: small letters, digits, “-” and “_”, 63 at most"
    )
    return message.format(name=name)
