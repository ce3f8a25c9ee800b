"""
What commands have done in the dashboard's own database: its people, rights and ticks.

The one room of the command line beside ``renkei web`` that imports the dashboard, when it is asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from renkei.config import Main
from renkei.errors import UsageError
from renkei.place import is_server, shown
from renkei.words.i18n import _
from renkei_web.location import DASHBOARD, dashboard_at, dashboard_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from renkei.runs import Carried, Runs
    from renkei.schedule.errand import Errand


def stands(main: Main) -> tuple[str, str | None, str]:
    """
    Return where the database of the dashboard is, its migration, and the newest one.

    None: there is none yet. Nothing is migrated. Raises StoreError if it cannot be used, also where
    people have been left behind by a store that has moved to a server.
    """
    from renkei_web.database import SCHEMA, existing, standing
    from renkei_web.moving import has_people, refuse_left_behind

    place = dashboard_at(main)
    found = standing(place)
    if is_server(place) and found in (None, SCHEMA.head):
        with existing(place) as database:
            is_empty = database is None or not has_people(database)
        left = str(main.path.with_name(DASHBOARD))
        if is_empty:
            beside = standing(left)
            if beside not in (None, SCHEMA.head):
                return left, beside, SCHEMA.head  # counting its people would bring it up to date
            refuse_left_behind(main)
    return shown(place), found, SCHEMA.head


def forgets(main: Main, company: str) -> None:
    """Remove what the dashboard knows of a company that is removed."""
    from renkei_web.companies import forget

    forget(dashboard_at(main), company)


def forgets_ticks(main: Main) -> None:
    """Remove what people have ticked in runs that a store which was put back does not have."""
    from renkei_web.companies import forget_ticks

    forget_ticks(dashboard_at(main))


def lets_go(runs: Runs) -> None:
    """Remove what is ticked in the dashboard in runs of which the values have gone."""
    from renkei_web.companies import let_go

    let_go(dashboard_at(runs.config.main), runs)


def carries(runs: Runs, errand: Errand, carried: Carried) -> None:
    """Tick those chosen in the run before who have not changed, for the person who asked."""
    from renkei_web.companies import carry

    if errand.user is not None:
        carry(dashboard_at(runs.config.main), runs.config.company.name, errand.user, carried)


def moves(store: str, goal: str, base: Path) -> str | None:
    """
    Take the people of the dashboard along from one store to another one, both as they are opened.

    Return where those are who were taken along, if that is a file which nobody needs any more.
    """
    from renkei_web.moving import copy_people

    configuration = base / "renkei.yaml"
    origin = dashboard_of(store, configuration)
    moved = copy_people(origin, dashboard_of(goal, configuration))
    return origin if moved else None


def puts_away(place: str) -> Path | None:
    """Give the file with people who are elsewhere now another name; return that."""
    from renkei_web.moving import put_away

    return put_away(place)


def takes(main: Main, file: Path, note: Callable[[int], None]) -> int:
    """Take the people in *file* along to where the store is; return how many."""
    from renkei_web.moving import copy_people

    if not file.exists():
        message = _("There is no file {path}.")
        raise UsageError(message.format(path=file), code="users_file", where=str(file))
    return copy_people(str(file), dashboard_at(main), note)


def adopts(main: Main, company: str) -> None:
    """Let those of the dashboard follow the runs that *company* takes over."""
    from renkei_web.companies import adopt

    adopt(dashboard_at(main), company)
