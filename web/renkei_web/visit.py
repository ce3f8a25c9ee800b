"""One request of somebody who is logged in, and what a page needs to answer it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from attrs import frozen
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from renkei.companies import Companies
from renkei.config import Company, Config, ConnectionConfig, load_main
from renkei.errors import RenkeiError
from renkei.model import Selection
from renkei.runs import Runs, Ticket
from renkei.schedule.errand import Errand
from renkei.schedule.job import Claim
from renkei_web.drafts import Drafts
from renkei_web.health import Health
from renkei_web.office import Office
from renkei_web.sessions import Session
from renkei_web.templates import render
from renkei_web.users import Role, User

EMPTY_FORM = FormData()


@frozen
class Visit:
    """
    A request with its session, its form and the language of the person.

    *company* is what the page is about: empty if there is one without a name, or if the page is
    about none of several. *role* is what the person may do there.
    """

    request: Request
    office: Office
    session: Session
    language: str
    form: FormData = EMPTY_FORM
    company: str = ""
    role: Role = Role.NONE

    @property
    def user(self) -> User:
        """Who is asking."""
        return self.session.user

    @property
    def base(self) -> str:
        """What the addresses of this company's pages begin with."""
        return base_of(self.company)

    @property
    def reads(self) -> bool:
        """Whether the person may read of employees, and not only count them."""
        return self.role.includes(Role.VIEWER)

    @property
    def operates(self) -> bool:
        """Whether the person may fetch, choose and sync."""
        return self.role.includes(Role.OPERATOR)

    @property
    def administers(self) -> bool:
        """Whether the person may change settings."""
        return self.role.includes(Role.ADMIN)

    @property
    def config(self) -> Config:
        """The configuration of the company at this moment."""
        return self.office.config(self.company)

    @property
    def health(self) -> Health:
        """Whether the connections of the company work."""
        return self.office.work.health_of(self.company)

    @property
    def drafts(self) -> Drafts:
        """What people have ticked in the runs of the company."""
        return self.office.drafts_of(self.company)

    def named(self) -> Company | None:
        """Return which of several companies the page is about, be its file as it may."""
        if not self.company:
            return None
        try:
            return self.config.company
        except RenkeiError:
            return Company(name=self.company)

    def label(self, connection: str) -> str:
        """Return what people call a connection, also one that is configured no longer."""
        settings = self._connections.get(connection)
        return settings.label if settings else connection

    @cached_property
    def _connections(self) -> Mapping[str, ConnectionConfig]:
        """The connections as they were when the page first named one: a list names many."""
        return self.config.connections

    @contextmanager
    def runs(self) -> Iterator[Runs]:
        """Open the engine in the name of this person."""
        with Runs(self.config, who=self.user.name) as runs:
            yield runs

    @contextmanager
    def companies(self) -> Iterator[Companies]:
        """Open what is about all companies in the name of this person."""
        main = load_main(self.office.config_path)
        with Companies(main, who=self.user.name, heads=self.office.heads) as companies:
            yield companies

    @contextmanager
    def one_or_all(self) -> Iterator[Runs | Companies]:
        """Open the engine for the company of the page; of none of several, what is about all."""
        about_all = self.office.several and not self.company
        with self.companies() if about_all else self.runs() as door:
            yield door

    def ask(self, runs: Runs, errand: Errand, selection: Selection | None = None) -> Claim:
        """Have *errand* done by a worker, in the name of this person; return its job."""
        ticket = runs.ask(errand, selection)
        self.put(ticket)
        return ticket.claim

    def put(self, ticket: Ticket) -> None:
        """Put what was asked for in line at once; a worker finds it anyway."""
        if self.office.queue is not None:
            self.office.queue(ticket.claim, ticket.account)

    def note(self, act: str, run: str | None = None, /, **facts: object) -> None:
        """Write what this person is about to do into the audit log."""
        self.office.note(self.user.name, act, run, of=self.company, **facts)

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

    def page_of(self, count: int, rows: int) -> tuple[int, int]:
        """Return which page of *count* things is asked for, *rows* each, and which is the last."""
        last = max(1, -(-count // rows))
        page = number_in(self.query("page"), 9) or 1
        return min(last, page), last

    @property
    def partial(self) -> bool:
        """Whether the page asks for a part of itself."""
        return self.request.headers.get("hx-request") == "true"

    def show(self, template: str, *, status: int = 200, **context: Any) -> Response:  # noqa: ANN401
        """Answer with a page."""
        context |= {"visit": self, "user": self.user, "csrf": self.session.csrf}
        context |= {"base": self.base, "company": self.named()}
        return render(template, language=self.language, status=status, **context)

    def go(self, path: str) -> Response:
        """
        Send the browser to another page of this company, or of none if this one is of none.

        A page that asked for a part of itself goes there as a whole.
        """
        return self.go_out(f"{self.base}{path}")

    def go_out(self, path: str) -> Response:
        """Send the browser to a page, of whatever company."""
        if self.partial:
            return Response(headers={"HX-Redirect": path})
        return RedirectResponse(path, status_code=303)


def number_in(text: str, digits: int) -> int | None:
    """Return the number that an address names; None if it is none, or has more *digits*."""
    if text.isascii() and text.isdigit() and len(text) <= digits:
        return int(text)
    return None


def base_of(company: str) -> str:
    """Return what the addresses of a company's pages begin with."""
    return f"/c/{company}" if company else ""
