"""What all requests share: the configuration, the database, and what is at work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

from attrs import Factory, field, frozen

from renkei.companies import Companies
from renkei.config import Config, Heads, Main, load_config, load_main
from renkei.errors import ConfigurationError, RenkeiError, UsageError
from renkei.runs import Runs
from renkei.schedule.job import Claim
from renkei.words.i18n import _
from renkei_web.database import Database
from renkei_web.drafts import Drafts
from renkei_web.entrance import Entrance
from renkei_web.people import People
from renkei_web.processes import Work, ask_to_pause, started
from renkei_web.rights import Rights
from renkei_web.rules import Rules
from renkei_web.second_factor import SecondFactors
from renkei_web.sessions import Sessions
from renkei_web.sso import SignOn
from renkei_web.tries import Tries
from renkei_web.users import User
from renkei_web.workers import Workers

Lack = Literal["code", "sso"]
"""What somebody has to have before a company is open to them: a second factor, a sign-on."""


@frozen
class Office:
    """What all requests share."""

    config_path: Path
    database: Database
    work: Work
    secure: bool
    sign_on: SignOn | None = None
    several: bool = False
    """Whether the configuration has companies, with pages for each of them."""
    queue: Callable[[Claim, str], object] | None = None
    """What puts a job, and the account it writes to, in line for the workers of a cluster; None:
    this server does by itself what people begin."""
    heads: Heads = field(factory=Heads)
    """What the files of the companies say of them, for the board."""
    opened: set[tuple[str, str, str | None]] = field(factory=set)
    """The pages of runs that were noted as opened: by which log-in, of which company and run."""
    rules: Rules = field(default=Factory(lambda self: Rules(self.config_path), takes_self=True))

    def config(self, company: str) -> Config:
        """
        Read the configuration of a company, as every command does: it may have changed.

        ConfigurationError if there are several companies now: this dashboard began with one, and
        whoever had a right on that one is told of no other.
        """
        try:
            return load_config(self.config_path, company or None)
        except UsageError:
            if company or self.several:
                raise
        message = _(
            "The configuration has several companies now. The dashboard has to be started again."
        )
        raise ConfigurationError(message, code="several", where=str(self.config_path))

    def companies(self) -> list[str]:
        """Return the names of all companies; none where there is one without a name."""
        return load_main(self.config_path).names()

    def has(self, company: str) -> bool:
        """Return whether there is a company of that name."""
        return load_main(self.config_path).has(company)

    def asks_code_of(self, user: User) -> bool:
        """Return whether a company on which somebody has a right asks them for a second factor."""
        if not self.several or not user.by_password:
            return False
        # One is enough: on the pages about all of them rights on that one could be given away.
        # docs/decisions/2026-11-29-companies-in-the-browser.md
        held, main = self.rights.held(user), load_main(self.config_path)
        for name in main.names():
            if not held.of(name).sees:
                continue
            code, _sso = self._asked_by(main, name)
            if code:
                return True
        return False

    def shut_to(self, user: User, main: Main, names: Iterable[str]) -> dict[str, Lack]:
        """
        Return which of these companies are shut to somebody, and for want of what.

        Whatever is about several companies tells no more of them than their names.
        """
        if not user.by_password:
            return {}
        has_code = self.second_factors.is_on(user.id)
        found: dict[str, Lack] = {}
        for name in names:
            code, sso = self._asked_by(main, name)
            if sso:
                found[name] = "sso"
            elif code and not has_code:
                found[name] = "code"
        return found

    def _asked_by(self, main: Main, name: str) -> tuple[bool, bool]:
        """Return whether a company asks for a second factor, and for a single sign-on."""
        try:
            company = self.heads.of(main, name)
        except RenkeiError:  # an unreadable file asks for no less than before
            said = self.rules.now(name)
            return said.needs_code, said.only_sso
        return company.second_factor, company.sso

    def note(
        self,
        who: str | None,
        act: str,
        run: str | None = None,
        /,
        *,
        of: str = "",
        **facts: object,
    ) -> None:
        """
        Write a line of the audit log, of what *who* is about to do; StoreError if it cannot be.

        It stands in the log *of* a company; where there are several and none is meant, in that of
        all of them.

        It is in the report store, with all others: what happens in the database of the dashboard
        is noted before it happens.
        """
        if self.several and not of:
            with Companies(load_main(self.config_path), who=who) as companies:
                companies.note_own(act, **facts)
        else:
            with Runs(self.config(of), who=who) as runs:
                runs.note(act, run, **facts)

    @property
    def sessions(self) -> Sessions:
        """Who is logged in."""
        return Sessions(self.database)

    @property
    def people(self) -> People:
        """Who may log in."""
        return People(self.database, self.sessions)

    @property
    def rights(self) -> Rights:
        """What they may do with each company."""
        return Rights(self.database)

    @property
    def entrance(self) -> Entrance:
        """How they log in."""
        return Entrance(self.database, self.people, self.sessions, Tries(self.database))

    @property
    def second_factors(self) -> SecondFactors:
        """What they need beside a password."""
        return SecondFactors(self.database)

    def drafts_of(self, company: str) -> Drafts:
        """Return what they have ticked in the runs of a company."""
        return Drafts(self.database, company)

    @property
    def workers(self) -> Workers:
        """The processes that they have set to work."""
        return Workers(self.database)

    def is_at_work(self, run: str) -> bool:
        """Return whether a process that a dashboard has started for this run has not ended."""
        return self._worker(run) is not None

    def is_pausing(self, run: str) -> bool:
        """Return whether that process was asked to stop after the employee in hand."""
        return self._worker(run) in self.work.pausing

    def pause(self, run: str) -> bool:
        """Ask it to, once; return whether there is such a process."""
        worker = self._worker(run)
        if worker is None:
            return False
        if worker not in self.work.pausing:
            self.work.pausing.add(worker)
            ask_to_pause(worker[0])
        return True

    def _worker(self, run: str) -> tuple[int, float] | None:
        """Return pid and start of the process that a dashboard has started for this run."""
        worker = self.workers.last(run)
        if worker is None:
            return None
        pid, began = worker
        now = started(pid)
        # Process ids are reused: another start means another process.
        if now is None or abs(now - began) >= 1.0:
            return None
        return worker

    @property
    def cookie(self) -> str:
        """The name of the session's cookie; not every browser takes ``__Host-`` over plain http."""
        return "__Host-renkei" if self.secure else "renkei"

    @property
    def known_cookie(self) -> str:
        """The name of the cookie by which a browser is known, long after the session."""
        return f"{self.cookie}-known"
