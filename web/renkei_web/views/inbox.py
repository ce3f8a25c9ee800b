"""要対応: what needs a person, over all companies of the reader, each with a link to it."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.responses import Response

from renkei.companies import Companies
from renkei_web.visit import Visit

ROWS = 100


def show(visit: Visit) -> Response:
    """Show what needs a person: of one company, or of all that this person has a right on."""
    called: dict[str, str] = {}
    gone: set[str] = set()
    with visit.one_or_all() as door:
        if isinstance(door, Companies):
            held = visit.office.rights.held(visit.user)
            mine = door.listed(lambda name: held.of(name).sees)
            there = [each.company.name for each in mine if not each.gone]  # the rest has no pages
            shut = visit.office.shut_to(visit.user, door.main, there)
            found = door.inbox(each for each in mine if each.company.name not in shut)
            gone = {each.company.name for each in mine if each.gone}
        else:
            found = door.inbox()
            called = {name: each.label for name, each in door.config.connections.items()}
    page, last = visit.page_of(len(found), ROWS)
    return visit.show(
        "inbox.html",
        rows=found[(page - 1) * ROWS : page * ROWS],
        called=called,
        gone=gone,
        count=len(found),
        earlier=urlencode({"page": page - 1}) if page > 1 else None,
        later=urlencode({"page": page + 1}) if page < last else None,
    )
