"""
The page on which everybody sets up, renews or turns off their own second factor.

Each of these asks for the password once more: an open browser is not the person.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from renkei.logs import log
from renkei.words.i18n import _
from renkei_web.second_factor import link_of
from renkei_web.security import address_of, same
from renkei_web.views.entrance import too_many_tries
from renkei_web.visit import Visit


def show(visit: Visit) -> Response:
    """Show whether it is on; the secret is on no page that can be opened again."""
    return _page(visit)


def change(visit: Visit) -> Response:
    """Begin, confirm, renew the recovery codes, or turn it off."""
    factors, user = visit.office.second_factors, visit.user
    if not user.by_password:
        return _page(visit)
    what, code = visit.field("what"), visit.field("code")
    if what == "confirm":
        return _confirm(visit, code)
    is_forbidden = what == "off" and _required(visit)
    if what not in ("begin", "renew", "off") or is_forbidden:
        return _page(visit, problem=_("This cannot be done."))
    if visit.office.entrance.must_wait_inside(user):
        return _page(visit, problem=too_many_tries(), status=429)
    if not visit.office.entrance.knows(user, visit.field("password")):
        facts = {"user": user.name, "how": "second factor", "address": address_of(visit.request)}
        visit.note("log_in_refused", **facts)
        return _page(visit, problem=_("The password is wrong."))
    if what == "begin":
        return _page(visit, secret=factors.new_secret(user.id))
    if not visit.office.entrance.confirms(user, code):
        problem = _("The code is wrong, or was used already.")
        return _page(visit, problem=problem)
    visit.note("second_factor", change=what)
    log.info("second_factor", outcome=what, user=user.id)
    if what == "renew":
        return _page(visit, recovery=factors.renew(user.id))
    factors.turn_off(user.id)
    return visit.go("/second-factor")


def _confirm(visit: Visit, code: str) -> Response:
    """Turn it on with a first code of the secret that was shown."""
    factors, user, secret = visit.office.second_factors, visit.user, _shown(visit)
    session = visit.request.cookies.get(visit.office.cookie, "")
    recovery = factors.confirm(user.id, code, session) if secret else None
    if recovery is None:
        problem = _("The code is wrong. Compare the clock of the device with the app.")
        return _page(visit, secret=secret, problem=problem)
    try:
        visit.note("second_factor", change="on")
    except BaseException:  # what cannot be noted is not done (F98)
        factors.turn_off(user.id)
        raise
    log.info("second_factor", outcome="on", user=user.id)
    return _page(visit, recovery=recovery)


def _page(
    visit: Visit,
    *,
    secret: str | None = None,
    recovery: Sequence[str] = (),
    problem: str | None = None,
    status: int = 400,
) -> Response:
    factors, user = visit.office.second_factors, visit.user
    return visit.show(
        "second_factor.html",
        status=status if problem else 200,
        on=factors.is_on(user.id),
        left=factors.left(user.id),
        required=_required(visit),
        everywhere=visit.office.rules.needs_code(user),
        secret=secret,
        link=link_of(secret, user.name, "renkei") if secret else None,
        recovery=recovery,
        problem=problem,
    )


def _required(visit: Visit) -> bool:
    """Tell whether somebody must not turn it off: every page needs it, or those of a company."""
    office = visit.office
    return office.rules.needs_code(visit.user) or office.asks_code_of(visit.user)


def _shown(visit: Visit) -> str | None:
    """Return the secret that waits to be confirmed, if this person has been shown it."""
    begun = visit.office.second_factors.begun(visit.user.id)
    return begun if begun and same(visit.field("secret"), begun) else None
