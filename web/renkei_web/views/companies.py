"""A company that joins in the browser, and one that is put on hold; what leads there is the board.

Nobody removes one here: a removal cannot be undone, and is asked twice at a terminal.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from starlette.responses import Response

from renkei.config import load_main, setup
from renkei.errors import MappingError, UsageError
from renkei_web.companies import forget
from renkei_web.location import dashboard_at
from renkei_web.views.entrance import local
from renkei_web.visit import Visit

TYPED = ("name", "label", "environment")

OF_NAME = ("name", "exists")
"""Codes of mistakes that are about the name."""


def new(visit: Visit, wrong: Mapping[str, str] | None = None) -> Response:
    """Ask what a new company is called; *wrong* is what was wrong with a field."""
    main = load_main(visit.office.config_path)
    return visit.show(
        "new_company.html",
        status=400 if wrong else 200,
        main=main,
        allowed=main.settings.setup == "web",
        typed={name: visit.field(name) for name in TYPED},
        wrong=wrong or {},
    )


def add(visit: Visit) -> Response:
    """Write the file of a new company, and go on to its connections."""
    name, label = visit.field("name").strip(), visit.field("label").strip()
    environment = "sandbox" if visit.field("environment") == "sandbox" else "production"
    with visit.companies() as door:
        setup.refuse(door.main.settings, door.main.path)
        try:
            text = setup.company(label, environment)
            door.add({name: text}, also=partial(forget, dashboard_at(door.main)))
        except MappingError as error:
            return new(visit, {"label": "\n".join(each.message for each in error.problems)})
        except UsageError as error:
            if error.code not in OF_NAME:
                raise
            return new(visit, {"name": error.message})
    return visit.go_out(f"/c/{name}/settings/setup")


def take_back(visit: Visit) -> Response:
    """Let a company go again that was added here, and has nothing yet."""
    with visit.companies() as door:
        setup.refuse(visit.config.settings, visit.config.path)
        door.take_back(visit.company, also=partial(forget, dashboard_at(door.main)))
    return visit.go_out("/")


def pause(visit: Visit) -> Response:
    """Let nothing be fetched or synced for a company, or let it go on."""
    with visit.companies() as door:
        door.pause(visit.company, on=visit.field("on") == "true")
    return visit.go_out(local(visit.field("next") or f"{visit.base}/"))
