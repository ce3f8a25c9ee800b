"""One request of somebody who is logged in, and what a page needs to answer it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import Factory, field, frozen
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from renkei.config import Config, load_config
from renkei.runs import Runs
from renkei_web.database import Database
from renkei_web.drafts import Drafts
from renkei_web.entrance import Entrance
from renkei_web.people import People
from renkei_web.processes import Work, ask_to_pause, started
from renkei_web.rules import Rules
from renkei_web.second_factor import SecondFactors
from renkei_web.sessions import Session, Sessions
from renkei_web.sso import SignOn
from renkei_web.templates import render
from renkei_web.tries import Tries
from renkei_web.users import User
from renkei_web.workers import Workers

EMPTY_FORM = FormData()


@frozen
class Office:
    """What all requests share."""

    config_path: Path
    database: Database
    work: Work
    secure: bool
    sign_on: SignOn | None = None
    company: str | None = None
    """Whose dashboard it is, where there are several companies."""
    rules: Rules = field(
        default=Factory(lambda self: Rules(self.config_path, self.company), takes_self=True)
    )

    def config(self) -> Config:
        """Read the configuration, as every command does: it may have changed."""
        return load_config(self.config_path, self.company)

    def note(self, who: str | None, act: str, run: str | None = None, /, **facts: object) -> None:
        """
        Write a line of the audit log, of what *who* is about to do; StoreError if it cannot be.

        It is in the report store, with all others: what happens in the database of the dashboard
        is noted before it happens.
        """
        with Runs(self.config(), who=who) as runs:
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
    def entrance(self) -> Entrance:
        """How they log in."""
        return Entrance(self.database, self.people, self.sessions, Tries(self.database))

    @property
    def second_factors(self) -> SecondFactors:
        """What they need beside a password."""
        return SecondFactors(self.database)

    @property
    def drafts(self) -> Drafts:
        """What they have ticked."""
        return Drafts(self.database)

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
        now = started(worker[0]) if worker else None
        return worker if worker and now is not None and abs(now - worker[1]) < 1.0 else None

    @property
    def cookie(self) -> str:
        """The name of the session's cookie; not every browser takes ``__Host-`` over plain http."""
        return "__Host-renkei" if self.secure else "renkei"

    @property
    def known_cookie(self) -> str:
        """The name of the cookie by which a browser is known, long after the session."""
        return f"{self.cookie}-known"


@frozen
class Visit:
    """A request with its session, its form and the language of the person."""

    request: Request
    office: Office
    session: Session
    language: str
    form: FormData = EMPTY_FORM

    @property
    def user(self) -> User:
        """Who is asking."""
        return self.session.user

    @property
    def config(self) -> Config:
        """The configuration at this moment."""
        return self.office.config()

    def label(self, connection: str) -> str:
        """Return what people call a connection, also one that is configured no longer."""
        settings = self.config.connections.get(connection)
        return settings.label if settings else connection

    @contextmanager
    def runs(self) -> Iterator[Runs]:
        """Open the engine in the name of this person."""
        with Runs(self.config, who=self.user.name) as runs:
            yield runs

    def note(self, act: str, run: str | None = None, /, **facts: object) -> None:
        """Write what this person is about to do into the audit log."""
        self.office.note(self.user.name, act, run, **facts)

    def path(self, name: str) -> str:
        """Return a part of the address, such as the run."""
        return str(self.request.path_params[name])

    def field(self, name: str) -> str:
        """Return one text of the form; what is missing is empty."""
        value = self.form.get(name, "")
        return value if isinstance(value, str) else ""

    def fields(self, name: str) -> list[str]:
        """Return all texts of this name."""
        return [value for value in self.form.getlist(name) if isinstance(value, str)]

    def query(self, name: str) -> str:
        """Return one text of the address; what is missing is empty."""
        return self.request.query_params.get(name, "")

    @property
    def partial(self) -> bool:
        """Whether the page asks for a part of itself."""
        return self.request.headers.get("hx-request") == "true"

    def show(self, template: str, *, status: int = 200, **context: Any) -> Response:  # noqa: ANN401
        """Answer with a page."""
        context |= {"visit": self, "user": self.user, "csrf": self.session.csrf}
        return render(template, language=self.language, status=status, **context)

    def go(self, path: str) -> Response:
        """Send the browser to another page; a page that asked for a part goes there as a whole."""
        if self.partial:
            return Response(headers={"HX-Redirect": path})
        return RedirectResponse(path, status_code=303)
