"""To the provider of the single sign-on and back."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from renkei.logs import log
from renkei.words.i18n import _
from renkei_web.office import Office
from renkei_web.security import address_of, same_site
from renkei_web.sso import SignOn, SignOnError
from renkei_web.users import AccountError
from renkei_web.views import entrance


def leave(request: Request, office: Office, _form: FormData, language: str) -> Response:
    """Go to the provider; the page wanted and a one-time link are remembered meanwhile."""
    secret = request.query_params.get("welcome")
    if secret and not same_site(request):  # a link from elsewhere: whose it is comes first
        return RedirectResponse(f"/welcome/{quote(secret, safe='')}")
    request.session.clear()
    request.session["next"] = request.query_params.get("next", "/")
    if secret:
        request.session["welcome"] = secret
    scheme = "https" if office.secure else "http"
    # The gate has let this host through, so it is one of ours.
    try:
        return _of(office).leave(request, f"{scheme}://{request.headers['host']}/sso/back")
    except SignOnError:
        return _failed(request, office, language)


def arrive(request: Request, office: Office, _form: FormData, language: str) -> Response:
    """Log in the person who comes back, or tie them to the one-time link they have opened."""
    try:
        subject = _of(office).arrive(request)
    except SignOnError:
        return _failed(request, office, language)
    back, secret = request.session.get("next", "/"), request.session.get("welcome")
    request.session.clear()
    try:
        if secret:
            user = office.people.invited(secret)
            note = partial(office.note, user.name if user else None, "sign_on_tied")
            session = office.entrance.accept_subject(secret, subject, note)
        else:
            session = office.entrance.log_in_subject(subject)
    except AccountError as error:
        return entrance.login_page(office, language, status=403, problem=str(error))
    log.info("log_in", outcome="done" if session else "refused", reason="single sign-on")
    if session is None:
        address = address_of(request)
        office.note(None, "log_in_refused", user=None, how="single sign-on", address=address)
        problem = _(
            "Nobody here has this single sign-on. Ask an administrator for a one-time link, open"
            " it, and choose single sign-on there."
        )
        return entrance.login_page(office, language, status=403, problem=problem)
    entrance.note_session(office, session, how="single sign-on")
    answer = RedirectResponse(entrance.local(back), status_code=303)
    browser = request.cookies.get(office.known_cookie)
    return entrance.with_session(answer, office, session, browser)


def _of(office: Office) -> SignOn:
    if office.sign_on is None:
        raise SignOnError
    return office.sign_on


def _failed(request: Request, office: Office, language: str) -> Response:
    request.session.clear()
    problem = _(
        "The single sign-on did not work. Try again; if it fails again, an administrator finds the"
        " reason in the log of “renkei web”."
    )
    return entrance.login_page(office, language, status=502, problem=problem)
