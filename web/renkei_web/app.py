"""The dashboard as an ASGI application: every page, who may see it, and what guards them all."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Collection
from http import HTTPStatus
from urllib.parse import urlencode

from anyio import CapacityLimiter, to_thread
from attrs import frozen
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
from renkei_web.security import SAFE, Gate, same
from renkei_web.templates import render
from renkei_web.users import AccountError, Role
from renkei_web.views import (
    audit,
    choosing,
    entrance,
    home,
    reports,
    running,
    second_factor,
    settings,
    setup,
    single_sign_on,
)
from renkei_web.visit import Office, Visit

Handler = Callable[[Visit], Response]
Endpoint = Callable[[Request], Awaitable[Response]]

FIELDS = 3000
"""Fields of one form: a page of employees with several values each is far below."""


@frozen
class Page:
    """
    One page: its address, its method, who may use it, and what answers.

    Who changes something is noted in the log, and who takes a file with everybody's values away.
    The audit log tells who *exports* and who *opens* details of employees, before they see them.
    What a page asks for by itself (*polled*) keeps nobody logged in.
    """

    path: str
    handler: Handler
    role: Role = Role.ADMIN
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
        return "exported" if self.exports else "details_opened" if self.opens else None

    @property
    def name(self) -> str:
        """The last part of its address; that of a run itself is ``run``."""
        return self.path.rpartition("/")[2].strip("{}")


BEFORE_CODE = ("/second-factor", "/logout", "/language", "/password")
"""Pages of whoever has to set up a second factor first."""


class Count(IntegerConvertor):
    """A number in an address, small enough for whatever it is looked up in."""

    regex = "[0-9]{1,9}"


register_url_convertor("count", Count())

PAGES = (
    Page("/", home.dashboard, Role.VIEWER),
    Page("/logout", entrance.log_out, Role.VIEWER, "POST"),
    Page("/language", entrance.speak, Role.VIEWER, "POST"),
    Page("/password", entrance.change_password, Role.VIEWER),
    Page("/password", entrance.set_password, Role.VIEWER, "POST"),
    Page("/second-factor", second_factor.show, Role.VIEWER),
    Page("/second-factor", second_factor.change, Role.VIEWER, "POST"),
    Page("/connections", home.connections, Role.VIEWER),
    Page("/fetch/{source}/{target}", home.base_date),
    Page("/fetch/{source}/{target}", home.start_fetch, method="POST"),
    Page("/fetch/{source}/{target}/company", home.same_company, method="POST"),
    Page("/runs/{run}", running.show, Role.VIEWER, opens=True),
    Page("/runs/{run}/status", running.status, Role.VIEWER, polled=True),
    Page("/runs/{run}/start", running.confirm, opens=True),
    Page("/runs/{run}/start", running.start, method="POST"),
    Page("/runs/{run}/resume", running.resume, method="POST"),
    Page("/runs/{run}/retry", running.retry, method="POST"),
    Page("/runs/{run}/pause", running.pause, method="POST"),
    Page("/runs/{run}/stop", running.stop, method="POST"),
    Page("/runs/{run}/again", home.fetch_again, method="POST"),
    Page("/runs/{run}/choose", choosing.show, opens=True),
    Page("/runs/{run}/ticks", choosing.tick, method="POST"),
    Page("/runs/{run}/release", choosing.release, method="POST"),
    Page("/runs/{run}/values", choosing.values, opens=True),
    Page("/runs/{run}/values", choosing.keep_values, method="POST"),
    Page("/runs/{run}/people", reports.people, Role.VIEWER, opens=True),
    Page("/runs/{run}/report.csv", reports.as_csv, Role.VIEWER, exports=True),
    Page("/runs/{run}/report.html", reports.as_page, Role.VIEWER, exports=True),
    Page("/reports", reports.listed, Role.VIEWER),
    Page("/settings", settings.show),
    Page("/settings/check", settings.check, method="POST"),
    Page("/settings/accounts/{connection}", settings.accept_account, method="POST"),
    Page("/settings/mappings/{index:count}", settings.mapping),
    Page("/settings/mappings/{index:count}", settings.change_setting, method="POST"),
    Page("/settings/setup", setup.show),
    Page("/settings/setup/connections", setup.add_connection, method="POST"),
    Page("/settings/setup/connections/{connection}", setup.replace_token, method="POST"),
    Page("/settings/setup/pairs", setup.add_pair, method="POST"),
    Page("/settings/setup/undo", setup.undo, method="POST"),
    Page("/audit", audit.listed),
    Page("/audit.csv", audit.as_csv),
    Page("/settings/users", settings.users),
    Page("/settings/users", settings.invite, method="POST"),
    Page("/settings/users/{user:count}", settings.change, method="POST"),
)


def make_app(office: Office, *, hosts: Collection[str] = ()) -> Starlette:
    """Return the application; *hosts* are names it answers to beside this computer's own."""
    guests: tuple[Route, ...] = (
        Route("/login", _guest(office, entrance.ask), methods=["GET"]),
        Route("/login", _guest(office, entrance.log_in), methods=["POST"]),
        Route("/login/code", _guest(office, entrance.give_code), methods=["POST"]),
        Route(
            "/welcome/{secret}", _guest(office, entrance.welcome), methods=["GET"], name="welcome"
        ),
        Route("/welcome/{secret}", _guest(office, entrance.accept), methods=["POST"]),
    )
    pages = [Route(p.path, _endpoint(office, p), methods=[p.method]) for p in PAGES]
    if office.sign_on is not None:
        carried = office.sign_on.middleware(secure=office.secure)
        guests += tuple(
            Route(
                path,
                _guest(office, handler, office.sign_on.room),
                methods=["GET"],
                middleware=carried,
            )
            for path, handler in (
                ("/sso", single_sign_on.leave),
                ("/sso/back", single_sign_on.arrive),
            )
        )
    static = Mount("/static", StaticFiles(packages=[("renkei_web", "static")]))
    return Starlette(
        routes=[*guests, *pages, static],
        middleware=[Middleware(Gate, hosts=hosts, tls=office.secure, broken=_broken)],
        exception_handlers={HTTPException: _http_error, StoreError: _database_error},
    )


def language_of(request: HTTPConnection) -> str:
    """Return the language a browser asks for; Japanese unless it prefers English."""
    asked = request.headers.get("accept-language", "").lower()
    positions = {name: asked.find(name) for name in LANGUAGES}
    known = {name: at for name, at in positions.items() if at >= 0}
    return min(known, key=known.__getitem__) if known else "ja"


def _endpoint(office: Office, page: Page) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        # the form first: while somebody is sending it, they may be locked out
        form = FormData() if page.method in SAFE else await _form(request)
        cookie = request.cookies.get(office.cookie)
        session = await run_in_threadpool(office.sessions.find, cookie, touch=not page.polled)
        if session is None or (
            session.user.by_password and await run_in_threadpool(office.rules.only_sso)
        ):
            return _to_login(request, was_in=cookie is not None)
        language = session.user.language or language_of(request)
        visit = Visit(request, office, session, language, form)
        if page.role is Role.ADMIN and not session.user.is_admin:
            return visit.show("refused.html", status=403)
        if page.method not in SAFE:
            given = request.headers.get("x-csrf-token") or visit.field("csrf")
            if not same(given, session.csrf):
                back = entrance.parent(request.url.path)
                return visit.show("stale.html", status=403, back=back)
        if page.path not in BEFORE_CODE and await run_in_threadpool(_lacks_code, visit):
            return visit.go("/second-factor")
        answer = await run_in_threadpool(_answer, page, visit)
        if page.noted:
            log.info(
                "page_used",
                method=f"{page.method} {page.path}",
                run=request.path_params.get("run"),
                status=answer.status_code,
                user=session.user.id,
            )
        return answer

    return endpoint


def _lacks_code(visit: Visit) -> bool:
    """Tell whether somebody has to set up a second factor before anything else."""
    office, user = visit.office, visit.user
    return office.rules.needs_code(user) and not office.second_factors.is_on(user.id)


def _answer(page: Page, visit: Visit) -> Response:
    """Answer a request; what goes wrong is a sentence on a page."""
    with speaking(visit.language):
        try:
            if page.act is not None:
                visit.note(page.act, visit.request.path_params.get("run"), what=page.name)
            return page.handler(visit)
        except (RenkeiError, AccountError) as error:
            message = error.message if isinstance(error, RenkeiError) else str(error)
            template = "problem_part.html" if visit.partial else "problem.html"
            status = _status(error)
            return visit.show(template, status=status, message=message)


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
    try:
        "".join(str(value) for _name, value in form.multi_items()).encode()
    except UnicodeEncodeError:  # no browser sends half a character
        raise HTTPException(HTTPStatus.BAD_REQUEST) from None
    return form


def _to_login(request: Request, *, was_in: bool) -> Response:
    """
    Ask for a log-in and come back: to the same page, or to the one a form was sent from.

    Whoever *was_in*, and has sent a form, hears that nothing came of it.
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


async def _database_error(request: Request, error: Exception) -> Response:
    """Tell nobody where the file is: they may not even have logged in."""
    log.error("database_failed", reason=str(error))
    return render("unable.html", language=language_of(request), status=503)


def _broken(request: HTTPConnection, error: Exception) -> Response:
    """Tell where a mistake of ours is, and nothing of what was being done with whose values."""
    frames = traceback.extract_tb(error.__traceback__)
    *_others, last = (f for f in frames if "/renkei" in f.filename.rpartition("site-packages")[2])
    where = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
    log.error("page_failed", kind=type(error).__name__, method=where)
    return render("broken.html", language=language_of(request), status=500)
