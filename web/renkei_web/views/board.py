"""The board: all companies that somebody has a right on, one line each, and who needs a person."""

from __future__ import annotations

from urllib.parse import urlencode

from attrs import evolve
from starlette.responses import Response

from renkei.companies import Listed, Stands
from renkei_web.visit import Visit

ROWS = 100


def show(visit: Visit) -> Response:
    """Show how each company stands; what `renkei companies` tells, of those that one may see."""
    held = visit.office.rights.held(visit.user)
    with visit.companies() as door:
        mine = door.listed(lambda name: held.of(name).sees)
        there = [each.company.name for each in mine if not each.gone]  # the rest has no pages
        shut = visit.office.shut_to(visit.user, door.main, there)
    # Before any search or count: those would tell what the shut pages show.
    mine = [_nameless(each) if each.company.name in shut else each for each in mine]
    text, needed = visit.query("q").strip()[:100], visit.query("needs") == "person"
    found = [each for each in mine if each.matches(text)]
    need = [each for each in found if each.needs]
    shown = need if needed else found
    page, last = visit.page_of(len(shown), ROWS)

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


def _nameless(each: Listed) -> Listed:
    """Return a company as if it had no runs: of one that is shut nothing but its name is told."""
    return evolve(each, stands=Stands(), states=())
