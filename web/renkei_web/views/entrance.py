"""Log in, log out, and the one-time link of somebody new."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import structlog
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from renkei.i18n import LANGUAGES, _
from renkei_web.passwords import weakness
from renkei_web.security import address_of
from renkei_web.templates import render
from renkei_web.visit import Office, Visit

log = structlog.get_logger()


def ask(request: Request, office: Office, _form: FormData, language: str) -> Response:
    """Show the log-in page."""
    back = request.query_params.get("next", "/")
    known = office.accounts.has_admin()
    return render("login.html", language=language, back=back, problem=None, known=known, name="")


def log_in(request: Request, office: Office, form: FormData, language: str) -> Response:
    """Log in, and go on where the person wanted to."""
    name, password = _text(form, "name"), _text(form, "password")
    back, address = _text(form, "next") or "/", address_of(request)
    wait = office.accounts.must_wait(name, address)
    secret = office.accounts.log_in(name, password, address)
    log.info("log_in", outcome="done" if secret else "refused", reason="wait" if wait else None)
    if secret is not None:
        return with_session(RedirectResponse(local(back), status_code=303), office, secret)
    problem = (
        _("Too many tries. Wait a quarter of an hour, then try again.")
        if wait
        else _("The name or the password is wrong.")
    )
    return render(
        "login.html",
        language=language,
        status=429 if wait else 401,
        back=back,
        problem=problem,
        known=True,
        name=name,
    )


def welcome(request: Request, office: Office, _form: FormData, language: str) -> Response:
    """Show the page of a one-time link."""
    user = office.accounts.invited(request.path_params["secret"])
    status = 200 if user else 404
    return render("welcome.html", language=language, status=status, invited=user, problem=None)


def accept(request: Request, office: Office, form: FormData, language: str) -> Response:
    """Set the password of a one-time link and log in."""
    secret, password = request.path_params["secret"], _text(form, "password")
    user = office.accounts.invited(secret)
    if user is None:
        return welcome(request, office, form, language)
    problem = weakness(password, user.name)
    if problem is None and password != _text(form, "again"):
        problem = _("The two passwords differ.")
    if problem is not None:
        return render("welcome.html", language=language, status=400, invited=user, problem=problem)
    session = office.accounts.accept(secret, password)
    if session is None:
        return welcome(request, office, form, language)
    return with_session(RedirectResponse("/", status_code=303), office, session)


def log_out(visit: Visit) -> Response:
    """End the session, also for whoever has a copy of its cookie."""
    visit.office.accounts.log_out(visit.request.cookies.get(visit.office.cookie, ""))
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(
        visit.office.cookie, secure=visit.office.secure, httponly=True, samesite="lax"
    )
    return answer


def speak(visit: Visit) -> Response:
    """Change the language of this person."""
    if visit.field("language") in LANGUAGES:
        visit.office.accounts.speak(visit.user.id, visit.field("language"))
    return visit.go(local(visit.field("next")))


def with_session(answer: Response, office: Office, secret: str) -> Response:
    """Give the browser the cookie of a new session."""
    answer.set_cookie(
        office.cookie, secret, path="/", secure=office.secure, httponly=True, samesite="lax"
    )
    return answer


def local(path: str) -> str:
    """Return *path* if it is one of ours, else the first page: nobody is sent elsewhere."""
    ours = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if ours and path.isprintable() else "/"


def parent(path: str) -> str:
    """Return the page that a form at *path* belongs to."""
    first, _slash, rest = path.strip("/").partition("/")
    return f"/runs/{quote(rest.split('/')[0])}" if first == "runs" and rest else "/"


def back_query(path: str) -> str:
    """Return *path* as the log-in page takes it."""
    return urlencode({"next": path})


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
