"""Who may open what: one decision for every page, and a page without one fails here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.web.desk import OURS, Browser, filled

from renkei_web.users import Role
from renkei_web.views.entrance import parent

if TYPE_CHECKING:
    from tests.web.desk import Desk

ANYBODY = """
GET /healthz
GET /readyz
GET /metrics
GET /login
POST /login
POST /login/code
GET /welcome/{secret}
POST /welcome/{secret}
"""
WHOEVER_IS_LOGGED_IN = """
GET /password
POST /password
GET /second-factor
POST /second-factor
POST /language
POST /logout
"""
COUNTS = """
GET /
GET /connections
GET /inbox
GET /reports
GET /schedules
GET /runs/{run}
GET /runs/{run}/status
"""
VIEWERS = """
GET /runs/{run}/people
GET /runs/{run}/report.csv
GET /runs/{run}/report.html
"""
OPERATORS = """
GET /fetch/{source}/{target}
POST /fetch/{source}/{target}
POST /fetch/{source}/{target}/company
GET /fetches/{fetch}
POST /fetches/{fetch}/stop
GET /runs/{run}/choose
POST /runs/{run}/ticks
GET /runs/{run}/values
POST /runs/{run}/values
POST /runs/{run}/release
GET /runs/{run}/start
POST /runs/{run}/start
POST /runs/{run}/resume
POST /runs/{run}/retry
POST /runs/{run}/pause
POST /runs/{run}/stop
POST /runs/{run}/again
POST /schedules/{schedule}/pause
POST /schedules/{schedule}/resume
POST /schedules/{schedule}/run
"""
ADMINISTRATORS = """
GET /settings
POST /settings/check
POST /settings/accounts/{connection}
GET /settings/mappings/{index:count}
POST /settings/mappings/{index:count}
GET /settings/setup
POST /settings/setup/connections
POST /settings/setup/connections/{connection}
POST /settings/setup/pairs
POST /settings/setup/undo
GET /audit
GET /audit.csv
"""
OF_EVERYTHING = """
GET /settings/users
POST /settings/users
POST /settings/users/{user:count}
"""


def decided(*tables: tuple[str, Role | None]) -> dict[tuple[str, str], Role | None]:
    """Return what each route needs; None: not even a log-in."""
    return {
        (method, path): role
        for table, role in tables
        for method, path in (line.split() for line in table.strip().splitlines())
    }


OPEN = decided((ANYBODY, None))
MINE = decided((WHOEVER_IS_LOGGED_IN, Role.NONE))
OF_COMPANY = decided(
    (COUNTS, Role.COUNTS),
    (VIEWERS, Role.VIEWER),
    (OPERATORS, Role.OPERATOR),
    (ADMINISTRATORS, Role.ADMIN),
)
ABOVE = decided((OF_EVERYTHING, Role.ADMIN))
DECIDED = OPEN | MINE | OF_COMPANY | ABOVE
OFFERED = (
    "/settings",
    "/fetch/",
    "/choose",
    "/start",
    "/resume",
    "/retry",
    "/stop",
    "/pause",
    "/again",
)
"""What of these stands on the pages of administrators."""

FOR_PEOPLE = [route for route, needed in DECIDED.items() if needed is not None]


def asked(browser: Browser, method: str, path: str, **more: str) -> tuple[int, str]:
    """Return status and redirection of a route, asked with all that a page of ours sends."""
    form = {"csrf": browser.csrf} if method == "POST" else None
    answer = browser.ask(method, filled(path), form=form, headers=OURS | more)
    return answer.status_code, answer.headers.get("location", "")


@pytest.mark.security(38)
def test_every_route_has_a_decision(desk: Desk) -> None:
    """A new page is not open, nor closed, because nobody thought of it."""
    assert sorted(desk.routes()) == sorted(DECIDED)


@pytest.mark.security(38)
def test_without_a_log_in_every_page_leads_to_it(desk: Desk) -> None:
    """Nobody sees or does anything, and comes back where they wanted to go."""
    browser = desk.guest()
    for method, path in FOR_PEOPLE:
        status, location = asked(browser, method, path)
        assert (status, location.partition("?")[0]) == (303, "/login"), path
        answer = browser.ask(method, filled(path), headers=OURS | {"hx-request": "true"})
        assert (answer.headers.get("hx-refresh"), answer.text) == ("true", ""), path
    assert desk.work.started == []


def test_a_form_leads_back_to_the_page_that_it_is_on() -> None:
    """After a log-in, or when it was out of date: to a page, and not just to the first one."""
    pages = {filled(path) for method, path in DECIDED if method == "GET"} - {"/"}
    everywhere = {"/language", "/logout"}
    forms = {path for method, path in FOR_PEOPLE if method == "POST"} - everywhere
    assert {path: parent(filled(path)) for path in forms if parent(filled(path)) not in pages} == {}


@pytest.mark.security(38)
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_each_role_does_what_it_may_and_nothing_else(desk: Desk, role: Role) -> None:
    """Each page that needs more says 403, whether asked as a whole or in part; each other none."""
    desk.add("somebody", role)
    browser = desk.browser("somebody")
    before = desk.kept, desk.office.people.users()
    for (method, path), needed in DECIDED.items():
        if needed is None or path == "/logout":
            continue
        for more in ({}, {"hx-request": "true"}):
            status, location = asked(browser, method, path, **more)
            assert (status == 403) is not role.includes(needed), (method, path, status)
            assert not location.startswith("/login"), (method, path)
    if not role.includes(Role.OPERATOR):
        assert desk.work.started == []
        assert desk.kept == before[0]
    assert desk.office.people.users() == before[1]
    assert asked(browser, "POST", "/logout") == (303, "/login")


def test_a_viewer_is_offered_nothing_that_is_refused(desk: Desk) -> None:
    """No page that a viewer may read has a button or a link that ends in 403."""
    browser = desk.browser("viewer")
    for path in ("/", "/connections", "/inbox", "/reports", "/runs/1", "/runs/1/people"):
        text = browser.get(path).text
        for word in OFFERED:
            assert word not in text, (path, word)


@pytest.mark.security(38)
@pytest.mark.parametrize(
    "route",
    [pytest.param(route, id=" ".join(route)) for route in FOR_PEOPLE],
)
def test_an_administrator_may_do_everything(desk: Desk, route: tuple[str, str]) -> None:
    """No page says 403 to an administrator, or sends one to the log-in page."""
    method, path = route
    status, location = asked(desk.browser("admin"), method, path)
    assert status != 403
    assert status < 500 or status == 503
    assert location.startswith("/login") == (path == "/logout")


@pytest.mark.fault("F100")
@pytest.mark.security(38)
def test_a_change_of_role_holds_at_once(desk: Desk) -> None:
    """A person made a viewer cannot finish what they began as an administrator."""
    user = desk.add("hanako")
    browser = desk.browser("hanako")
    assert browser.get("/settings").status_code == 200
    desk.office.people.change(user, role=Role.VIEWER)
    assert browser.get("/settings").status_code == 403
    desk.office.people.change(user, role=Role.ADMIN)
    assert browser.get("/settings").status_code == 200
