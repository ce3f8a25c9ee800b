"""Who may log in, what they may do with which company, and when they last did."""

from __future__ import annotations

from functools import partial

from starlette.responses import Response

from renkei.words.i18n import _
from renkei_web.rights import EVERY
from renkei_web.users import AccountError, Role, User
from renkei_web.visit import Visit


def users(visit: Visit, problem: str | None = None, link: str | None = None) -> Response:
    """Show everybody who may log in, with what they may do: the list of the yearly review."""
    return visit.show(
        "users.html",
        status=400 if problem else 200,
        people=visit.office.people.users(),
        held=visit.office.rights.all(),
        roles=_roles(visit),
        problem=problem,
        link=link,
    )


def of_company(visit: Visit) -> Response:
    """Show who has a right on this company; nothing of any other one."""
    rights = visit.office.rights
    people: list[tuple[User, Role]] = []
    for user in visit.office.people.users():
        role = rights.of(user, visit.company)
        if role.sees:
            people.append((user, role))
    return visit.show("company_users.html", people=people)


def invite(visit: Visit) -> Response:
    """Add somebody, and show the one-time link to hand over."""
    roles = _roles(visit)
    asked = visit.field("role")
    role = Role(asked) if asked in roles else roles[0]
    try:
        facts = {"user": visit.field("name").strip(), "role": role.value}
        note = partial(visit.note, "user_added", **facts)
        secret = visit.office.people.invite(visit.field("name"), role, note)
    except AccountError as error:
        return users(visit, str(error))
    return users(visit, link=_link(visit, secret))


def change(visit: Visit) -> Response:
    """Change what somebody may do, or give them a new one-time link."""
    user = int(visit.path("user"))
    people, what = visit.office.people, visit.field("what")
    person = _person(visit)
    if person is None:
        return visit.show("lost.html", status=404)
    note = partial(visit.note, "user_changed", user=person.name)
    try:
        match what:
            case "disable":
                people.change(user, disabled=True, note=partial(note, change=what))
            case "enable":
                people.change(user, disabled=False, note=partial(note, change=what))
            case "role" if (role := visit.field("role")) in _roles(visit):
                people.change(user, role=Role(role), note=partial(note, change=role))
            case "link" if user != visit.user.id:
                made = partial(visit.note, "link_made", user=person.name)
                return users(visit, link=_link(visit, people.reset(user, note=made)))
            case _:
                return users(visit, _("This cannot be done."))
    except AccountError as error:
        return users(visit, str(error))
    return visit.go("/settings/users")


def rights(visit: Visit, problem: str | None = None) -> Response:
    """Show what somebody may do with which company."""
    person = _person(visit)
    if person is None:
        return visit.show("lost.html", status=404)
    return visit.show(
        "rights.html",
        status=400 if problem else 200,
        person=person,
        held=visit.office.rights.held(person),
        roles=[role for role in Role if role.sees],
        companies=visit.office.companies(),
        asked=visit.field("companies"),
        problem=problem,
    )


def give(visit: Visit) -> Response:
    """Give somebody a right on some companies, or take it away."""
    person, asked = _person(visit), visit.field("role")
    if person is None:
        return visit.show("lost.html", status=404)
    typed = visit.field("companies").replace(",", " ").split()
    named = list(dict.fromkeys(typed))  # a pasted list may have a name twice
    # Also companies that vanished without being removed: rights on them can be taken away.
    known = {EVERY, *visit.office.companies(), *visit.office.rights.held(person).by_company}
    unknown = [name for name in named if name not in known]
    if unknown:
        message = _("There is no company of this name: {names}.")
        return rights(visit, message.format(names=_(", ").join(unknown)))
    if not named or asked not in set(Role):
        return rights(visit, _("Name at least one company."))
    with visit.companies() as door:
        note = partial(door.note_rights, person.name, asked, named, every=EVERY in named)
        visit.office.rights.give(person.id, named, Role(asked), note)
    return visit.go(f"/settings/users/{person.id}/rights")


def _roles(visit: Visit) -> list[Role]:
    """Return what somebody can be made here; where there are several companies, rights say more."""
    if visit.office.several:
        return [Role.NONE, Role.ADMIN]
    return [Role.VIEWER, Role.COUNTS, Role.OPERATOR, Role.ADMIN]


def _person(visit: Visit) -> User | None:
    user = int(visit.path("user"))
    for each in visit.office.people.users():
        if each.id == user:
            return each
    return None


def _link(visit: Visit, secret: str) -> str:
    return str(visit.request.url_for("welcome", secret=secret))
