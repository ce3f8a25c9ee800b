"""Log in, log out, and the one-time link of somebody new."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from renkei.errors import RenkeiError
from renkei.logs import log
from renkei.words.i18n import LANGUAGES, _
from renkei_web.entrance import Half
from renkei_web.office import Office
from renkei_web.passwords import weakness
from renkei_web.security import address_of
from renkei_web.templates import render
from renkei_web.tries import KNOWN_S
from renkei_web.visit import Visit, base_of

DOORS = ("/login", "/logout", "/sso", "/welcome")
"""Where nobody is sent after a log-in: the pages before it, which a stranger may have picked."""


def ask(request: Request, office: Office, _form: FormData, language: str) -> Response:
    """Show the log-in page; somebody whose session is over hears why they are here."""
    cookie = request.cookies.get(office.cookie)
    over = bool(cookie) and office.sessions.find(cookie, touch=False) is None
    return login_page(
        office,
        language,
        back=request.query_params.get("next", "/"),
        over=over,
        undone="undone" in request.query_params,
    )


def login_page(
    office: Office,
    language: str,
    *,
    status: int = 200,
    back: str = "/",
    name: str = "",
    problem: str | None = None,
    over: bool = False,
    undone: bool = False,
) -> Response:
    """Return the log-in page, after a try with what was wrong, or after a session with its end."""
    return render(
        "login.html",
        language=language,
        status=status,
        back=back,
        name=name,
        problem=problem,
        over=over,
        undone=undone,
        known=office.people.has_admin(),
        sign_on=office.sign_on is not None,
        only_sso=office.rules.only_sso(),
    )


def log_in(request: Request, office: Office, form: FormData, language: str) -> Response:
    """Log in, and go on where the person wanted to."""
    name, password = _text(form, "name"), _text(form, "password")
    back, address = _text(form, "next") or "/", address_of(request)
    browser = request.cookies.get(office.known_cookie)
    if office.rules.only_sso():
        return login_page(office, language, status=403, back=back, problem=_only_sso())
    wait = office.entrance.must_wait(name, address, browser)
    secret = office.entrance.log_in(name, password, address, browser)
    if isinstance(secret, Half):
        log.info("log_in", outcome="half")
        return code_page(language, secret.secret, back)
    if secret is not None:
        note_session(office, secret, how="password")
    elif not wait:  # what is not even looked at could fill the log
        user = office.people.known(name)
        office.note(None, "log_in_refused", user=user, how="password", address=address)
    log.info("log_in", outcome="done" if secret else "refused", reason="wait" if wait else None)
    if secret is not None:
        return with_session(RedirectResponse(local(back), status_code=303), office, secret, browser)
    problem = too_many_tries() if wait else _("The user name or the password is wrong.")
    return login_page(
        office, language, status=429 if wait else 401, back=back, name=name, problem=problem
    )


def code_page(
    language: str, half: str, back: str, *, status: int = 200, problem: str | None = None
) -> Response:
    """Ask for the code of a log-in of which the password was right."""
    return render(
        "code.html", language=language, status=status, half=half, back=back, problem=problem
    )


def give_code(request: Request, office: Office, form: FormData, language: str) -> Response:
    """Log in with the code, and go on where the person wanted to."""
    half, back = _text(form, "half"), _text(form, "next") or "/"
    if office.rules.only_sso():
        return login_page(office, language, status=403, back=back, problem=_only_sso())
    waiting, wait = office.entrance.waiting(half), office.entrance.must_wait_for_code(half)
    session = office.entrance.finish(half, _text(form, "code"), address_of(request))
    if session is not None:
        note_session(office, session, how="code")
    elif waiting is not None and not wait:  # what anybody can make up could fill the log
        # Somebody knows the password of this person: that is worth a name.
        facts = {"user": waiting.name, "how": "code", "address": address_of(request)}
        office.note(None, "log_in_refused", **facts)
    log.info("log_in", outcome="done" if session else "refused", reason="code")
    if session is not None:
        browser = request.cookies.get(office.known_cookie)
        return with_session(
            RedirectResponse(local(back), status_code=303), office, session, browser
        )
    if office.entrance.waiting(half) is None:
        problem = _("It took too long. Log in once more.")
        return login_page(office, language, status=401, back=back, problem=problem)
    problem = too_many_tries() if wait else _("The code is wrong, or was used already.")
    return code_page(language, half, back, status=429 if wait else 401, problem=problem)


def _only_sso() -> str:
    return _("Log in with single sign-on: passwords are not taken here.")


def welcome(request: Request, office: Office, _form: FormData, language: str) -> Response:
    """Show the page of a one-time link."""
    return _welcome_page(request, office, language)


def _welcome_page(
    request: Request, office: Office, language: str, problem: str | None = None
) -> Response:
    secret = request.path_params["secret"]
    user = office.people.invited(secret)
    status = 400 if problem else 200
    return render(
        "welcome.html",
        language=language,
        status=404 if user is None else status,
        invited=user,
        problem=problem,
        sign_on=secret if office.sign_on else None,
        only_sso=office.rules.only_sso(),
    )


def accept(request: Request, office: Office, form: FormData, language: str) -> Response:
    """Set the password of a one-time link and log in."""
    secret, password = request.path_params["secret"], _text(form, "password")
    user = office.people.invited(secret)
    if user is None:
        return _welcome_page(request, office, language)
    problem = _unfit(password, _text(form, "again"), user.name)
    if office.rules.only_sso():
        problem = _only_sso()
    if problem is not None:
        return _welcome_page(request, office, language, problem)
    note = partial(office.note, user.name, "password_set", how="link")
    session = office.entrance.accept(secret, password, note)
    if session is None:
        return _welcome_page(request, office, language)
    note_session(office, session, how="link")
    browser = request.cookies.get(office.known_cookie)
    return with_session(RedirectResponse("/", status_code=303), office, session, browser)


def log_out(visit: Visit) -> Response:
    """End the session, also for anyone with a copy of its cookie; be it noted or not."""
    try:
        visit.note("logged_out")
    except RenkeiError as error:  # a session that stays open is worse than a line that is lost
        log.error("log_out_not_noted", code=error.code, user=visit.user.id)
    visit.office.sessions.end(visit.request.cookies.get(visit.office.cookie, ""))
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(
        visit.office.cookie, secure=visit.office.secure, httponly=True, samesite="lax"
    )
    return answer


def change_password(visit: Visit) -> Response:
    """Ask for the old password and a new one."""
    return visit.show("password.html", problem=None)


def set_password(visit: Visit) -> Response:
    """Change the password; every other session of this person ends."""
    office = visit.office
    new = visit.field("password")
    if office.entrance.must_wait_inside(visit.user):
        return visit.show("password.html", status=429, problem=too_many_tries())
    problem = _unfit(new, visit.field("again"), visit.user.name)
    session = None
    if problem is None:
        note = partial(visit.note, "password_set", how="old password")
        session = office.entrance.set_password(visit.user, visit.field("old"), new, note)
        if session is None:
            address = address_of(visit.request)
            facts = {"user": visit.user.name, "how": "old password", "address": address}
            visit.note("log_in_refused", **facts)
        problem = _("The old password is wrong.")
    if session is None:
        return visit.show("password.html", status=400, problem=problem)
    office.sessions.end(visit.request.cookies.get(office.cookie, ""))
    browser = visit.request.cookies.get(office.known_cookie)
    return with_session(visit.go("/"), office, session, browser)


def speak(visit: Visit) -> Response:
    """Change the language of this person."""
    if visit.field("language") in LANGUAGES:
        visit.office.people.speak(visit.user.id, visit.field("language"))
    back = visit.field("next") or parent(visit.field("form"))
    return visit.go(local(back))


def too_many_tries() -> str:
    """Return what to do for somebody who must wait."""
    return _("Too many tries. Wait a quarter of an hour, then try again.")


def note_session(office: Office, secret: str, *, how: str) -> None:
    """Note that somebody has logged in; where that cannot be written, nobody has."""
    session = office.sessions.find(secret, touch=False)
    try:
        office.note(session.user.name if session else None, "logged_in", how=how)
    except BaseException:
        office.sessions.end(secret)
        raise


def with_session(answer: Response, office: Office, secret: str, browser: str | None) -> Response:
    """Give the *browser* the cookies of a new session: that of the session, and to be known by."""
    known = office.entrance.know(secret, browser)
    for name, value, max_age in (
        (office.cookie, secret, None),
        (office.known_cookie, known, KNOWN_S),
    ):
        answer.set_cookie(
            name, value, max_age, path="/", secure=office.secure, httponly=True, samesite="lax"
        )
    return answer


def local(path: str) -> str:
    """Return *path* if it is one of ours, else the first page: nobody is sent elsewhere."""
    # Browsers read // and backslashes as another host.
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path
    is_plain = path.isprintable() and path.isascii()
    if is_ours and is_plain and not path.startswith(DOORS):
        return path
    return "/"


def parent(path: str) -> str:
    """Return the page that a form at *path* belongs to."""
    match [quote(part) for part in path.strip("/").split("/")]:
        case ["c", company, *rest]:
            return f"{base_of(company)}{parent('/'.join(rest))}"
        case ["runs", run, "values" | "start" as step]:
            return f"/runs/{run}/{step}"
        case ["runs", run, "ticks"]:
            return f"/runs/{run}/choose"
        case ["runs" | "fetches" as kind, name, *_]:
            return f"/{kind}/{name}"
        case ["fetch", source, target, *_]:
            return f"/fetch/{source}/{target}"
        case ["schedules", *_]:
            return "/schedules"
        case ["settings", *rest]:
            return _settings_page(rest)
        case ["companies", "new"]:
            return "/companies/new"
        case ["password" | "second-factor" as page]:
            return f"/{page}"
        case _:
            return "/"


def _settings_page(rest: Sequence[str]) -> str:
    match rest:
        case ["setup", *_]:
            return "/settings/setup"
        case ["users", user, "rights"]:
            return f"/settings/users/{user}/rights"
        case ["users", *_]:
            return "/settings/users"
        case _:
            return "/settings"


def _unfit(password: str, again: str, name: str) -> str | None:
    if problem := weakness(password, name):
        return problem
    return None if password == again else _("The two passwords differ.")


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
