"""Where in the dashboard that can be done which helps against an error."""

from __future__ import annotations

from attrs import frozen

from renkei.errors import Hint, HintCode
from renkei.words.i18n import N_, _
from renkei_web.users import Role
from renkei_web.visit import Visit


@frozen
class Place:
    """
    A page with its name and its address in a company, for people with the *role* there.

    The address has in it what the hint is about. *of_all*: it is about all companies.
    """

    name: str
    address: str
    role: Role
    of_all: bool = False


PLACES: dict[HintCode, Place] = {
    "accept": Place(N_("Settings"), "/settings", Role.ADMIN),
    "allow_unusual": Place(N_("Sync"), "/runs/{run}/start", Role.OPERATOR),
    "cancel": Place(N_("To the run"), "/runs/{run}", Role.OPERATOR),
    "check": Place(N_("Settings"), "/settings", Role.ADMIN),
    "choose": Place(N_("Choose employees"), "/runs/{run}/choose", Role.OPERATOR),
    "company_resume": Place(N_("All companies"), "/", Role.ADMIN, of_all=True),
    "plan": Place(N_("Everybody in this run"), "/runs/{run}/people", Role.VIEWER),
    "reports": Place(N_("Sync reports"), "/reports", Role.COUNTS),
    "resume": Place(N_("To the run"), "/runs/{run}", Role.OPERATOR),
}
"""Of the hints for which there is a page; what else helps is done on the command line alone."""


@frozen
class Link:
    """A link as it stands under an error."""

    text: str
    address: str


def link_of(hint: Hint | str | None, visit: Visit) -> Link | None:
    """Return the link to what helps, if there is a page for it which the person may open."""
    if not isinstance(hint, Hint):
        return None
    place = PLACES.get(hint.code)
    if place is None or not visit.role.includes(place.role):
        return None
    base = "" if place.of_all else visit.base
    return Link(_(place.name), base + place.address.format(**hint.about))
