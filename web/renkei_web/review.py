"""The yearly review: who may use the dashboard, what they may do, and when they last logged in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal

from attrs import field, frozen

from renkei.config import Main
from renkei.words.i18n import _
from renkei_web.database import Database, existing
from renkei_web.location import dashboard_at
from renkei_web.moving import has_people, refuse_left_behind
from renkei_web.people import People
from renkei_web.rights import EVERY, Rights
from renkei_web.sessions import Sessions
from renkei_web.users import Role, User

State = Literal["active", "locked_out", "waiting"]


@frozen(kw_only=True)
class Reviewed:
    """
    One person; *rights* are roles by company: ``*`` is every one, "" the only one, without a name.

    An administrator may do everything, and needs none.
    """

    name: str
    administrator: bool
    state: State
    created_at: dt.datetime
    logged_in_at: dt.datetime | None
    rights: Mapping[str, Role] = field(factory=dict)


def reviewed(main: Main) -> list[Reviewed]:
    """
    Return everybody who may use the dashboard, by name; nobody if it has no database yet.

    Raises StoreError where people have been left behind by a store that has moved.
    """
    with existing(dashboard_at(main)) as database:
        if database is None or not has_people(database):
            refuse_left_behind(main)
        return [] if database is None else _everybody(database, several=main.folder is not None)


def _everybody(database: Database, *, several: bool) -> list[Reviewed]:
    held = Rights(database).all() if several else {}
    found = []
    for user in People(database, Sessions(database)).users():
        if not several:
            rights = {"": user.role}
        elif user.id in held:
            theirs = held[user.id]
            rights = {EVERY: theirs.at_least, **theirs.by_company}
        else:  # a role from before there were several companies counts for nothing
            rights = {}
        kept = {company: role for company, role in rights.items() if role.sees}
        found.append(
            Reviewed(
                name=user.name,
                administrator=user.is_admin,
                state=state_of(user),
                created_at=_moment(user.created_at),
                logged_in_at=None if user.logged_in_at is None else _moment(user.logged_in_at),
                rights={} if user.is_admin else kept,
            )
        )
    return found


def state_of(user: User) -> State:
    """Return whether somebody can log in."""
    if user.disabled:
        return "locked_out"
    return "waiting" if user.waiting else "active"


def state_text(state: State) -> str:
    """Return the same in words."""
    texts: dict[State, str] = {
        "active": _("active"),
        "locked_out": _("locked out"),
        "waiting": _("has not used the link yet"),
    }
    return texts[state]


def role_text(role: Role) -> str:
    """Return what people call a role."""
    texts = {
        Role.NONE: _("none"),
        Role.COUNTS: _("counts only"),
        Role.VIEWER: _("viewer (reports)"),
        Role.OPERATOR: _("operator (chooses and syncs)"),
        Role.ADMIN: _("administrator (everything)"),
    }
    return texts[role]


def right_texts(person: Reviewed) -> list[str]:
    """Return what somebody may do, a text for each company."""
    if person.administrator:
        return [_("administrator of everything")]
    return [_right_text(company, role) for company, role in person.rights.items()]


def _right_text(company: str, role: Role) -> str:
    if not company:  # the only one, which has no name
        return role_text(role)
    called = _("every company") if company == EVERY else company
    return f"{called}: {role_text(role)}"


def _moment(at: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(at, dt.UTC)
