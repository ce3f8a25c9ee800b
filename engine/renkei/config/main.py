"""The file that a command is given: one company, or the folder with a file for each of several."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

from attrs import field, frozen

from renkei.config.notify import Notify
from renkei.errors import Hint, UsageError
from renkei.words.i18n import _
from renkei.yamlfile.converter import suggestion
from renkei.yamlfile.source import Document

Environment = Literal["production", "sandbox"]

SUFFIX = ".yaml"

MOST_DAYS = 366
"""How many days before or after the base date somebody may be listed, at most."""

SHOWN = 10
"""How many names of companies stand in one sentence."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def is_name(text: str) -> bool:
    """Return whether a company can be called so: its runs, its file and its lines in the log."""
    return _NAME.fullmatch(text) is not None


@frozen(kw_only=True)
class Company:
    """
    Whose connections and runs these are; *name* is empty where the only one has none.

    *label* is what people call it. Nothing is fetched or synced while it is *paused*. A person who
    looks at it in the dashboard needs a second factor, or no password but a single sign-on, if
    it says so: *second_factor*, *sso*.
    """

    name: str = ""
    label: str = ""
    environment: Environment = "production"
    paused: bool = False
    second_factor: bool = False
    sso: bool = False

    @property
    def is_sandbox(self) -> bool:
        """Whether its connections lead to trial accounts."""
        return self.environment == "sandbox"

    @property
    def title(self) -> str:
        """What people read: the label with the name, as far as there are any."""
        if self.label and self.name:
            return f"{self.label} ({self.name})"
        return self.label or self.name


@frozen(kw_only=True)
class Metrics:
    """Figures for a monitor that shows the *token*, a reference; by *companies* if asked."""

    token: str
    companies: bool = False


@frozen(kw_only=True)
class DashboardSettings:
    """
    What holds for the dashboard: of the only company, of one of several, or of all together.

    *setup*: administrators may change the file itself, or add companies. *second_factor*: who logs
    in with a password needs a code as well; *sso*: nobody logs in with a password. *proxy* and
    *ca_file* are the way out. *metrics*: a monitor gets figures, of all companies together.
    """

    proxy: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    setup: Literal["web"] | None = None
    second_factor: Literal["required"] | None = None
    sso: Literal["required"] | None = None
    metrics: Metrics | None = None

    @property
    def needs_code(self) -> bool:
        """Whether a log-in with a password needs a second factor."""
        return self.second_factor == "required"

    @property
    def only_sso(self) -> bool:
        """Whether nobody logs in with a password."""
        return self.sso == "required"


@frozen(kw_only=True)
class Main:
    """
    The file at *path*, an absolute one; *folder* has a file for each company, None: there is one.

    *store* is where the reports of all of them are, as it is written, and *notify* who is told of
    what is about any of them; where there is one without a name, its own settings say that.
    *settings* are those of the whole dashboard.
    """

    path: Path
    document: Document = field(eq=False, repr=False)
    folder: Path | None = None
    store: str = "renkei.db"
    notify: Notify = field(factory=Notify)
    settings: DashboardSettings = field(factory=DashboardSettings)

    def names(self) -> list[str]:
        """Return the names of the companies, in order; none where there is one without a name."""
        return sorted(name for name in self._stems() if is_name(name))

    def has(self, name: str) -> bool:
        """Return whether there is a company of that name."""
        if self.folder is None or not is_name(name):
            return False  # what is no name makes no path either, such as ../x
        return self.new_file(name).is_file()

    def aside(self, name: str) -> Path:
        """Return where the file of a company is while it is being removed."""
        return self.new_file(name).with_name(f".{name}.removing")

    def strangers(self) -> list[Path]:
        """Return the files of the folder that are of no company, as their names cannot be one's."""
        if self.folder is None:
            return []
        stems = [stem for stem in self._stems() if not is_name(stem)]
        others = [self.folder / f"{stem}{SUFFIX}" for stem in stems]
        others += self.folder.glob("*.yml")
        return sorted(others)

    def file_of(self, name: str) -> Path:
        """Return the file of a company, which is there; UsageError says which companies are."""
        if self.folder is None:
            message = _("{path} has no companies, so there is no {name}. Leave it out.")
            text = message.format(path=self.path, name=name)
            raise UsageError(text, code="company", where=str(self.path))
        if not self.has(name):
            raise self._unknown(name)
        return self.new_file(name)

    def new_file(self, name: str) -> Path:
        """Return where the file of the company *name* is, or would be."""
        if self.folder is None:
            raise not_several(self.path)
        return self.folder / f"{name}{SUFFIX}"

    def which(self) -> UsageError:
        """Return the error of a command that is about one company and was told none."""
        message = _("Say which company it is about. {known}")
        text = message.format(known=self._known())
        return UsageError(text, code="company", where=str(self.path), hint=Hint("company"))

    def _unknown(self, name: str) -> UsageError:
        names = self.names()
        message = _("There is no company {name}. {known}")
        text = message.format(name=name, known=self._known()) + suggestion(name, names)
        return UsageError(text, code="company", where=str(self.folder), hint=Hint("companies"))

    def _known(self) -> str:
        names = self.names()
        if not names:
            return _("There is none yet in {folder}.").format(folder=self.folder)
        shown = _(", ").join(names[:SHOWN])
        if len(names) <= SHOWN:
            return _("There are: {names}.").format(names=shown)
        return _("There are {count}, such as {names}.").format(count=len(names), names=shown)

    def _stems(self) -> list[str]:
        if self.folder is None:
            return []
        try:
            files = os.listdir(self.folder)  # noqa: PTH208 - a path of each of a thousand takes time
        except OSError:
            return []
        shown = [name for name in files if not name.startswith(".")]
        return [name.removesuffix(SUFFIX) for name in shown if name.endswith(SUFFIX)]


def not_several(path: Path) -> UsageError:
    """Return the error of a file at *path* that is of one company, where several are needed."""
    message = _(
        "{path} is of one company. For several, move what stands in it into a file in a folder of"
        " companies, and write here: companies: companies/"
    )
    return UsageError(message.format(path=path), code="one_company", where=str(path))
