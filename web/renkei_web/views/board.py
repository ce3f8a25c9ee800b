"""The board: all companies that somebody has a right on, one line each, and who needs a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlencode

from attrs import evolve
from starlette.responses import Response

from renkei.companies import Listed, Stands
from renkei.config import Main
from renkei_web.visit import Visit

ROWS = 100

Lack = Literal["code", "sso"]
"""What somebody has to have before a company is open to them: a second factor, a sign-on."""


def show(visit: Visit) -> Response:
    """Show how each company stands; what `renkei companies` tells, of those that one may see."""
    held = visit.office.rights.held(visit.user)
    with visit.companies() as door:
        mine = door.listed(lambda name: held.of(name).sees)
        shut = shut_to(visit, door.main, mine)
    nothing = Stands()
    mine = [
        evolve(each, stands=nothing, states=()) if each.company.name in shut else each
        for each in mine
    ]
    text, needed = visit.query("q").strip()[:100], visit.query("needs") == "person"
    found = [each for each in mine if each.matches(text)]
    need = [each for each in found if each.needs]
    shown = need if needed else found
    last = max(1, -(-len(shown) // ROWS))
    asked = visit.query("page")
    page = min(last, max(1, int(asked) if asked.isascii() and asked.isdigit() else 1))

    def query(**more: object) -> str:
        return urlencode({"q": text} | ({"needs": "person"} if needed else {}) | more)

    return visit.show(
        "board.html",
        rows=shown[(page - 1) * ROWS : page * ROWS],
        shut=shut,
        lacks_code="code" in shut.values(),
        roles={each.company.name: held.of(each.company.name) for each in shown},
        text=text,
        needed=needed,
        found=len(found),
        need=len(need),
        any=bool(mine),
        earlier=query(page=page - 1) if page > 1 else None,
        later=query(page=page + 1) if page < last else None,
        here_query=query(page=page),
    )


def shut_to(visit: Visit, main: Main, mine: Sequence[Listed]) -> dict[str, Lack]:
    """
    Return the companies of which nothing is shown here but their names, by name, and why.

    Their pages are shut to whoever asks, and what the board tells of runs stands on those pages.
    """
    office, user = visit.office, visit.user
    if not user.by_password:
        return {}
    has_code = office.second_factors.is_on(user.id)
    found: dict[str, Lack] = {}
    for each in mine:
        code, sso = office.asked_by(main, each.company.name)
        if sso:
            found[each.company.name] = "sso"
        elif code and not has_code:
            found[each.company.name] = "code"
    return found
