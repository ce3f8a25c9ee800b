"""The page on which everybody sets up, renews or turns off their own second factor."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from renkei.logs import log
from renkei.words.i18n import _
from renkei_web.second_factor import link_of
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
    if what == "begin":
        return _page(visit, secret=factors.new_secret(user.id))
    if what == "confirm":
        recovery = factors.confirm(user.id, code)
        if recovery is None:
            secret = factors.begun(user.id)
            problem = _("The code is wrong. Compare the clock of the device with the app.")
            return _page(visit, secret=secret, problem=problem)
        try:
            visit.note("second_factor", change="on")
        except BaseException:
            factors.turn_off(user.id)
            raise
        log.info("second_factor", outcome="on", user=user.id)
        return _page(visit, recovery=recovery)
    if what not in ("renew", "off") or (what == "off" and _required(visit)):
        return _page(visit, problem=_("This cannot be done."))
    if not visit.office.entrance.confirms(user, code):
        problem = _("The code is wrong, or was used already.")
        return _page(visit, problem=problem)
    visit.note("second_factor", change=what)
    log.info("second_factor", outcome=what, user=user.id)
    if what == "renew":
        return _page(visit, recovery=factors.renew(user.id))
    factors.turn_off(user.id)
    return visit.go("/second-factor")


def _page(
    visit: Visit,
    *,
    secret: str | None = None,
    recovery: Sequence[str] = (),
    problem: str | None = None,
) -> Response:
    factors, user = visit.office.second_factors, visit.user
    return visit.show(
        "second_factor.html",
        status=400 if problem else 200,
        on=factors.is_on(user.id),
        left=factors.left(user.id),
        required=_required(visit),
        secret=secret,
        link=link_of(secret, user.name, "renkei") if secret else None,
        recovery=recovery,
        problem=problem,
    )


def _required(visit: Visit) -> bool:
    return visit.office.rules.needs_code(visit.user)
