"""What the commands of one process share: the configuration and the door to the engine."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from renkei.config import Config
    from renkei.model import KnownAccount, Run
    from renkei.observer import Observer
    from renkei.runs import Runs
    from renkei.words.labels import Labels
    from renkei_runner.progress import Progress

DEFAULT_CONFIG = "renkei.yaml"

LOG = "RENKEI_JOB_LOG"
"""Tells a job that standard error is a log of JSON lines."""

OIDC_SECRET = "RENKEI_OIDC_SECRET"  # noqa: S105 - the name of a variable
"""What the dashboard tells a provider of log-ins; nothing that it starts is to know it."""


def _open_runs(config: Config, observer: Observer, who: str | None) -> Runs:
    from renkei.runs import Runs
    from renkei_runner.start import collect_what_comes

    collect_what_comes()  # all that a command imports is there
    return Runs(config, who=who, observer=observer)


@contextmanager
def _told_before() -> Iterator[None]:
    """Let an error of ours in the block be nothing: what went wrong first is told."""
    from renkei.errors import RenkeiError

    with suppress(RenkeiError):
        yield


class App:
    """
    One command at work. *run* is the run it is about, with *labels*: they go beside an error.

    *given_name* is who it is for, where ``--as`` says so, and *given_company* whose connections it
    is about, where ``--company`` does. *company* is the name of the one that the command is about,
    once its configuration is read.
    """

    # No record of attrs: its import is a third of what --help and TAB take.
    def __init__(
        self,
        *,
        config_path: Path | None = None,
        open_runs: Callable[[Config, Observer, str | None], Runs] = _open_runs,
        asks: bool | None = None,
    ) -> None:
        self.json = False
        self.debug = False
        self.config_path = config_path
        self.given_name: str | None = None
        self.given_company: str | None = None
        self.company = ""
        self.open_runs = open_runs
        # Questions go to standard error: what is printed may be on its way into a file.
        self.asks = sys.stdin.isatty() and sys.stderr.isatty() if asks is None else asks
        self.run: Run | None = None
        self.labels: Labels | None = None
        self.writing = False
        self._progress: Progress | None = None

    @property
    def interactive(self) -> bool:
        """Whether somebody is there who can be asked."""
        return self.asks and not self.json

    @property
    def config_file(self) -> Path:
        """The configuration file to use, whether it exists or not."""
        return self.config_path or Path(os.environ.get("RENKEI_CONFIG") or DEFAULT_CONFIG)

    @property
    def who(self) -> str | None:
        """The name that stands in the reports beside the login, if one is given."""
        return self.given_name or os.environ.get("RENKEI_WHO")

    def config(self) -> Config:
        """Read the configuration, that of the company which is named."""
        from renkei.config import load_config

        config = load_config(self.config_file, self.named_company)
        self.company = config.company.name
        return config

    @property
    def named_company(self) -> str | None:
        """The company that is named for this command, or in its environment."""
        return self.given_company or os.environ.get("RENKEI_COMPANY") or None

    @contextmanager
    def runs(self, *, alone: bool = True) -> Iterator[Runs]:
        """
        Open the engine; progress is shown while something in the block takes long.

        Not *alone*, it is a worker's: that tells of the end, and lets go of what is old.
        """
        from renkei.logs import configure_logging
        from renkei_runner.output import ours_alone, tell_company
        from renkei_runner.progress import Logged, Progress

        told = os.environ.get(LOG) == "json"  # a worker's log has nothing else, and all of a job
        usual = "info" if told else "warning"
        configure_logging(json=self.json, level="debug" if self.debug else usual)
        config = self.config()
        if config.company.name and not self.json:
            tell_company(config.company)
        live = sys.stderr.isatty() and not self.json
        called = {name: each.label for name, each in config.connections.items()}
        shown = Logged if told else Progress
        self._progress = shown(live=live, asks=self.interactive, called=called)
        with (
            ours_alone(),  # before any plug-in is loaded, which may print (F78)
            self._progress as progress,
            self.open_runs(config, progress, self.who) as runs,
        ):
            try:
                yield runs
            except BaseException as error:
                if self.run is None and progress.run is not None:
                    self._look_again(runs, progress.run)
                if alone and not isinstance(error, KeyboardInterrupt):  # nobody waits then
                    with _told_before():
                        self._finish(runs)
                raise
            if alone:
                self._finish(runs)

    def _finish(self, runs: Runs) -> None:
        """Let go of what is old and tell who has to know, however the command has ended."""
        gone = runs.retain()
        if gone.values or gone.records:
            from renkei_runner import dashboard

            dashboard.lets_go(runs)
        runs.tell(attended=self.interactive)

    @property
    def accounts(self) -> tuple[KnownAccount, ...]:
        """Whose accounts the first fetch of a pair has compared; nothing after any other one."""
        return self._progress.accounts if self._progress else ()

    def clear(self) -> None:
        """Take what moves from the screen, so that a question or a result can be read."""
        if self._progress is not None:
            self._progress.clear()

    @contextmanager
    def about(self, runs: Runs, run_id: str, *, writing: bool = False) -> Iterator[Run]:
        """Remember the run the block is about, as it is when something goes wrong."""
        self.run = runs.run(run_id)
        self.writing = writing
        try:
            yield self.run
        except BaseException:
            self._look_again(runs, run_id)
            raise

    def _look_again(self, runs: Runs, run_id: str) -> None:
        """Remember the run as it is now; a store that is gone must not hide what went wrong."""
        with _told_before():
            self.run = runs.run(run_id)
            self.labels = runs.labels(run_id, technical=True)

    def command(self, *words: str) -> str:
        """Return the exact command that a person types next, with configuration and name in use."""
        config = ["--config", str(self.config_path)] if self.config_path else []
        company = ["--company", self.given_company] if self.given_company else []
        name = ["--as", self.given_name] if self.given_name else []
        return shlex.join(["renkei", *config, *company, *name, *words])
