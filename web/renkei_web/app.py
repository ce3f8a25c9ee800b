"""The dashboard as an ASGI application: every page, who may see it, and what guards them all."""

from __future__ import annotations

import re
import traceback
from collections.abc import Awaitable, Callable, Collection
from http import HTTPStatus
from urllib.parse import urlencode

from anyio import CapacityLimiter, to_thread
from attrs import evolve, frozen
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from renkei.errors import BusyError, RenkeiError, StoreError, UsageError
from renkei.logs import log
from renkei.words.i18n import LANGUAGES, speaking
from renkei_web.hints import link_of
from renkei_web.office import Office
from renkei_web.probes import Probes
from renkei_web.security import SAFE, Gate, same
from renkei_web.sessions import Session
from renkei_web.templates import render
from renkei_web.users import AccountError, Role, User
from renkei_web.views import (
    audit,
    board,
    choosing,
    companies,
    entrance,
    fetching,
    home,
    inbox,
    people,
    reports,
    running,
    schedules,
    second_factor,
    settings,
    setup,
    single_sign_on,
)
from renkei_web.visit import Visit, base_of

Handler = Callable[[Visit], Response]
Endpoint = Callable[[Request], Awaitable[Response]]

OPENED = 10_000
"""How many pages of opened runs are remembered; after that each is noted anew."""

FIELDS = 3000
"""Fields of one form: a page of employees with several values each is far below."""


@frozen
class Page:
    """
    One page: its address, its method, who may use it, and what answers.

    Anyone logged in may, unless a *role* is needed: that on the company that the page is about.
    Who changes something is noted in the log, and who takes a file with everybody's values away.
    The audit log tells who *exports* and who *opens* details of employees, before they see them.
    What a page asks for by itself (*polled*) keeps nobody logged in, and is noted with the page.
    """

    path: str
    handler: Handler
    role: Role = Role.OPERATOR
    method: str = "GET"
    exports: bool = False
    opens: bool = False
    polled: bool = False

    @property
    def noted(self) -> bool:
        """Whether the log tells who used it."""
        return self.exports or self.method not in SAFE

    @property
    def act(self) -> str | None:
        """What the audit log calls a look at it, if it tells of that."""
        if self.exports:
            return "exported"
        return "details_opened" if self.opens else None

    @property
    def name(self) -> str:
        """The last part of its address; that of a run itself is ``run``."""
        return self.path.rpartition("/")[2].strip("{}")


COMPANY = re.compile(r"/c/([a-z0-9_-]+)/")
"""The beginning of the address of a company's page."""
BEFORE_CODE = ("/second-factor", "/logout", "/language", "/password")
"""Pages for those who have to set up a second factor first."""


class Count(IntegerConvertor):
    """A number in an address, small enough for whatever it is looked up in."""

    regex = "[0-9]{1,9}"


register_url_convertor("count", Count())

OWN = (
    Page("/logout", entrance.log_out, Role.NONE, "POST"),
    Page("/language", entrance.speak, Role.NONE, "POST"),
    Page("/password", entrance.change_password, Role.NONE),
    Page("/password", entrance.set_password, Role.NONE, "POST"),
    Page("/second-factor", second_factor.show, Role.NONE),
    Page("/second-factor", second_factor.change, Role.NONE, "POST"),
    Page("/settings/users", people.users, Role.ADMIN),
    Page("/settings/users", people.invite, Role.ADMIN, "POST"),
    Page("/settings/users/{user:count}", people.change, Role.ADMIN, "POST"),
)
"""Pages about one's own account, and about the people; there they need to be administrators."""

OF_ALL = (
    Page("/", board.show, Role.NONE),
    Page("/inbox", inbox.show, Role.NONE),
    Page("/companies/new", companies.new, Role.ADMIN),
    Page("/companies/new", companies.add, Role.ADMIN, "POST"),
    Page("/audit", audit.listed, Role.ADMIN),
    Page("/audit.csv", audit.as_csv, Role.ADMIN),
    Page("/settings/users/{user:count}/rights", people.rights, Role.ADMIN),
    Page("/settings/users/{user:count}/rights", people.give, Role.ADMIN, "POST"),
)
"""Pages about all companies, where there are several."""

OF_COMPANY = (
    Page("/", home.dashboard, Role.COUNTS),
    Page("/connections", home.connections, Role.COUNTS),
    Page("/inbox", inbox.show, Role.COUNTS),
    Page("/fetch/{source}/{target}", fetching.base_date),
    Page("/fetch/{source}/{target}", fetching.start_fetch, method="POST"),
    Page("/fetch/{source}/{target}/company", fetching.same_company, method="POST"),
    Page("/fetches/{fetch}", fetching.asked_fetch, polled=True),
    Page("/fetches/{fetch}/stop", fetching.stop_fetch, method="POST"),
    Page("/runs/{run}", running.show, Role.COUNTS, opens=True),
    Page("/runs/{run}/status", running.status, Role.COUNTS, opens=True, polled=True),
    Page("/runs/{run}/start", running.confirm, opens=True),
    Page("/runs/{run}/start", running.start, method="POST"),
    Page("/runs/{run}/resume", running.resume, method="POST"),
    Page("/runs/{run}/retry", running.retry, method="POST"),
    Page("/runs/{run}/pause", running.pause, method="POST"),
    Page("/runs/{run}/stop", running.stop, method="POST"),
    Page("/runs/{run}/again", fetching.fetch_again, method="POST"),
    Page("/runs/{run}/choose", choosing.show, opens=True),
    Page("/runs/{run}/ticks", choosing.tick, method="POST"),
    Page("/runs/{run}/release", choosing.release, method="POST"),
    Page("/runs/{run}/values", choosing.values, opens=True),
    Page("/runs/{run}/values", choosing.keep_values, method="POST"),
    Page("/runs/{run}/people", reports.people, Role.VIEWER, opens=True),
    Page("/runs/{run}/report.csv", reports.as_csv, Role.VIEWER, exports=True),
    Page("/runs/{run}/report.html", reports.as_page, Role.VIEWER, exports=True),
    Page("/reports", reports.listed, Role.COUNTS),
    Page("/schedules", schedules.listed, Role.COUNTS),
    Page("/schedules/{schedule}/pause", schedules.pause, method="POST"),
    Page("/schedules/{schedule}/resume", schedules.resume, method="POST"),
    Page("/schedules/{schedule}/run", schedules.run, method="POST"),
    Page("/settings", settings.show, Role.ADMIN),
    Page("/settings/check", settings.check, Role.ADMIN, "POST"),
    Page("/settings/accounts/{connection}", settings.accept_account, Role.ADMIN, "POST"),
    Page("/settings/mappings/{index:count}", settings.mapping, Role.ADMIN),
    Page("/settings/mappings/{index:count}", settings.change_setting, Role.ADMIN, "POST"),
    Page("/settings/setup", setup.show, Role.ADMIN),
    Page("/settings/setup/connections", setup.add_connection, Role.ADMIN, "POST"),
    Page("/settings/setup/connections/{connection}", setup.replace_token, Role.ADMIN, "POST"),
    Page("/settings/setup/pairs", setup.add_pair, Role.ADMIN, "POST"),
    Page("/settings/setup/undo", setup.undo, Role.ADMIN, "POST"),
    Page("/audit", audit.listed, Role.ADMIN),
    Page("/audit.csv", audit.as_csv, Role.ADMIN),
)
"""The pages of one company: at these addresses where there is one without a name."""

OF_ONE_OF_SEVERAL = (
    *OF_COMPANY,
    Page("/settings/users", people.of_company, Role.ADMIN),
    Page("/settings/pause", companies.pause, Role.ADMIN, "POST"),
)


def make_app(office: Office, *, hosts: Collection[str] = ()) -> Starlette:
    """Return the application; *hosts* are names it answers to beside this computer's own."""
    probes = Probes(office.config_path, office.database)
    guests: tuple[Route, ...] = (
        Route("/healthz", probes.healthy, methods=["GET"]),
        Route("/readyz", probes.ready, methods=["GET"]),
        Route("/metrics", probes.metrics, methods=["GET"]),
        Route("/login", _guest(office, entrance.ask), methods=["GET"]),
        Route("/login", _guest(office, entrance.log_in), methods=["POST"]),
        Route("/login/code", _guest(office, entrance.give_code), methods=["POST"]),
        Route(
            "/welcome/{secret}", _guest(office, entrance.welcome), methods=["GET"], name="welcome"
        ),
        Route("/welcome/{secret}", _guest(office, entrance.accept), methods=["POST"]),
    )
    if office.several:
        of_company = [evolve(p, path=base_of("{company}") + p.path) for p in OF_ONE_OF_SEVERAL]
        offered = [*OWN, *OF_ALL, *of_company]
    else:
        offered = [*OWN, *OF_COMPANY]
    pages = [Route(p.path, _endpoint(office, p), methods=[p.method]) for p in offered]
    if office.sign_on is not None:
        carried = office.sign_on.middleware(secure=office.secure)
        # In threads of their own: a provider that hangs must not block other log-ins.
        leave = _guest(office, single_sign_on.leave, office.sign_on.room)
        arrive = _guest(office, single_sign_on.arrive, office.sign_on.room)
        guests += (
            Route("/sso", leave, methods=["GET"], middleware=carried),
            Route("/sso/back", arrive, methods=["GET"], middleware=carried),
        )
    static = Mount("/static", StaticFiles(packages=[("renkei_web", "static")]))
    return Starlette(
        routes=[*guests, *pages, static],
        middleware=[Middleware(Gate, hosts=hosts, tls=office.secure, broken=_broken)],
        exception_handlers={HTTPException: _http_error, RenkeiError: _unable},
    )


def language_of(request: HTTPConnection) -> str:
    """Return the language a browser asks for; Japanese unless it prefers English."""
    asked = request.headers.get("accept-language", "").lower()
    known = [name for name in LANGUAGES if name in asked]
    return min(known, key=asked.find, default="ja")


def _endpoint(office: Office, page: Page) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        # the form first: while somebody is sending it, they may be locked out
        form = FormData() if page.method in SAFE else await _form(request)
        cookie = request.cookies.get(office.cookie)
        session = await run_in_threadpool(_session_of, office, cookie, touch=not page.polled)
        if session is None:
            return _to_login(request, was_in=cookie is not None)
        language = session.user.language or language_of(request)
        company = request.path_params.get("company", "")
        role = await run_in_threadpool(_role, office, session.user, company)
        visit = Visit(request, office, session, language, form, company, role)
        refusal = await _refusal(page, visit)
        if refusal is not None:
            return refusal
        answer = await run_in_threadpool(_answer, page, visit)
        if page.noted:
            _log_use(page, visit, answer.status_code)
        return answer

    return endpoint


async def _refusal(page: Page, visit: Visit) -> Response | None:
    """Return what answers somebody who may not have a page, or not like this; None: they may."""
    if visit.company and visit.role is Role.NONE:
        # whether there is one of that name is nobody's business
        return render("lost.html", language=visit.language, status=404)
    if not visit.role.includes(page.role):
        return visit.show("refused.html", status=403)
    lacks_sign_on = bool(visit.company) and await run_in_threadpool(_lacks_sign_on, visit)
    if lacks_sign_on:
        return visit.show("refused.html", status=403, only_sso=True)
    if page.method not in SAFE:
        given = visit.request.headers.get("x-csrf-token") or visit.field("csrf")
        if not same(given, visit.session.csrf):
            back = entrance.parent(visit.request.url.path)
            return visit.show("stale.html", status=403, back=back)
    if page.path not in BEFORE_CODE and await run_in_threadpool(_lacks_code, page, visit):
        return visit.go_out("/second-factor")
    return None


def _log_use(page: Page, visit: Visit, status: int) -> None:
    log.info(
        "page_used",
        method=f"{page.method} {page.path}",
        run=visit.request.path_params.get("run"),
        **({"company": visit.company} if visit.company else {}),
        status=status,
        user=visit.user.id,
    )


def _session_of(office: Office, cookie: str | None, *, touch: bool) -> Session | None:
    """Return the session of a cookie; one that began with a password only while those count."""
    session = office.sessions.find(cookie, touch=touch)
    if session is not None and session.user.by_password and office.rules.only_sso():
        return None
    return session


def _role(office: Office, user: User, company: str) -> Role:
    """Return what somebody may do with *company*; where there is none of that name, nothing."""
    role = office.rights.of(user, company)
    if not company or role is Role.NONE:
        return role
    # A right may outlive its company, whose file may have been deleted by hand.
    return role if office.has(company) else Role.NONE


def _lacks_sign_on(visit: Visit) -> bool:
    """Tell whether a company is for those only who have not come with a password."""
    return visit.user.by_password and visit.office.rules.only_sso(visit.company)


def _lacks_code(page: Page, visit: Visit) -> bool:
    """
    Tell whether somebody has to set up a second factor before this page.

    An administrator of everything could give away the right on a company that asks for one.
    """
    office, user = visit.office, visit.user
    needed = office.rules.needs_code(user, visit.company)
    is_about_all = not visit.company and page.role is Role.ADMIN
    if is_about_all:
        needed = needed or office.asks_code_of(user)
    return needed and not office.second_factors.is_on(user.id)


def _answer(page: Page, visit: Visit) -> Response:
    """Answer a request; what goes wrong is a sentence on a page."""
    with speaking(visit.language):
        try:
            _note(page, visit)
            return page.handler(visit)
        except (RenkeiError, AccountError) as error:
            message = error.message if isinstance(error, RenkeiError) else str(error)
            template = "problem_part.html" if visit.partial else "problem.html"
            status = _status(error)
            hint = error.hint if isinstance(error, RenkeiError) else None
            helps = link_of(hint, visit)
            return visit.show(template, status=status, message=message, helps=helps)


def _note(page: Page, visit: Visit) -> None:
    """
    Write a line if the page opens details or exports them.

    A part that is asked for again and again has none of its own, as long as this log-in has opened
    the whole.
    """
    if page.act is None:
        return
    run, opened = visit.request.path_params.get("run"), visit.office.opened
    whole = visit.session.csrf, visit.company, run
    if not page.polled or whole not in opened:
        visit.note(page.act, run, what="run" if page.polled else page.name)
    if page.polled or page.name == "run":
        if len(opened) >= OPENED:
            opened.clear()
        opened.add(whole)


def _status(error: Exception) -> int:
    if isinstance(error, UsageError) and error.code == "unknown_run":
        return 404
    if isinstance(error, UsageError | AccountError):
        return 400
    return 409 if isinstance(error, BusyError) else 503


def _guest(
    office: Office, handler: Callable[..., Response], room: CapacityLimiter | None = None
) -> Endpoint:
    """Return an endpoint for people who are not logged in; it keeps to the threads of *room*."""

    async def endpoint(request: Request) -> Response:
        form = FormData() if request.method in SAFE else await _form(request)
        language = language_of(request)

        def answer() -> Response:
            with speaking(language):
                reply = handler(request, office, form, language)
            if reply.status_code == 303 and (old := request.cookies.get(office.cookie)):
                office.sessions.end(old)  # a new session takes its place
            return reply

        return await to_thread.run_sync(answer, limiter=room)

    return endpoint


async def _form(request: Request) -> FormData:
    form = await request.form(max_files=0, max_fields=FIELDS)
    try:  # databases and logs cannot take half a character
        "".join(str(value) for _name, value in form.multi_items()).encode()
    except UnicodeEncodeError:  # no browser sends half a character
        raise HTTPException(HTTPStatus.BAD_REQUEST) from None
    return form


def _to_login(request: Request, *, was_in: bool) -> Response:
    """
    Ask for a log-in and come back: to the same page, or to the one a form was sent from.

    Somebody who *was_in*, and has sent a form, hears that nothing came of it.
    """
    if request.headers.get("hx-request") == "true":
        return Response(headers={"HX-Refresh": "true"})
    is_form = request.method not in SAFE
    back = entrance.parent(request.url.path) if is_form else request.url.path
    if not is_form and request.url.query:
        back = f"{back}?{request.url.query}"
    query = {} if back == "/" else {"next": back}
    if is_form and was_in:
        query["undone"] = "yes"
    return RedirectResponse(f"/login?{urlencode(query)}" if query else "/login", status_code=303)


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    template = "lost.html" if status == HTTPStatus.NOT_FOUND else "declined.html"
    return render(template, language=language_of(request), status=status)


async def _unable(request: Request, error: Exception) -> Response:
    """Tell nobody which file it is, or what stands in it: they may not even have logged in."""
    what = "database_failed" if isinstance(error, StoreError) else "configuration_failed"
    log.error(what, reason=str(error))
    return render("unable.html", language=language_of(request), status=503)


def _broken(request: HTTPConnection, error: Exception) -> Response:
    """Tell where a mistake of ours is, and nothing of what was being done with whose values."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if "/renkei" in each.filename.rpartition("site-packages")[2]]
    last = (ours or frames)[-1]  # a library of ours may stumble before any of our code is reached
    where = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
    log.error("page_failed", kind=type(error).__name__, method=where)
    found = COMPANY.match(request.scope["path"])
    base = base_of(found[1]) if found else ""
    return render("broken.html", language=language_of(request), status=500, base=base)
