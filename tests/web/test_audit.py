"""操作ログ: each door of the dashboard has its line, before what it lets happen."""

from __future__ import annotations

import pytest
from tests.web.desk import OURS, PASSWORD, Browser, Desk
from tests.web.test_second_factor import code, give, half, set_up

from renkei.companies import Companies
from renkei.config import load_main
from renkei.errors import StoreError
from renkei.logs import configure_logging
from renkei.runs import Runs
from renkei_web.app import OF_ALL, OF_ONE_OF_SEVERAL, OWN
from renkei_web.rights import EVERY
from renkei_web.security import SAFE
from renkei_web.users import Role

NOTED = """
POST /login
POST /login/code
POST /second-factor
POST /settings/setup/connections
POST /settings/setup/connections/{connection}
POST /settings/setup/pairs
POST /settings/setup/undo
POST /settings/pause
POST /companies/new
POST /welcome/{secret}
POST /logout
POST /password
POST /fetch/{source}/{target}
POST /fetch/{source}/{target}/company
POST /fetches/{fetch}/stop
POST /runs/{run}/start
POST /runs/{run}/resume
POST /runs/{run}/retry
POST /runs/{run}/pause
POST /runs/{run}/stop
POST /runs/{run}/again
POST /runs/{run}/release
POST /schedules/{schedule}/pause
POST /schedules/{schedule}/resume
POST /schedules/{schedule}/run
POST /settings/accounts/{connection}
POST /settings/mappings/{index:count}
POST /settings/users
POST /settings/users/{user:count}
POST /settings/users/{user:count}/rights
POST /runs/{run}/ticks
POST /runs/{run}/values
GET /runs/{run}
GET /runs/{run}/status
GET /runs/{run}/start
GET /runs/{run}/choose
GET /runs/{run}/values
GET /runs/{run}/people
GET /runs/{run}/report.csv
GET /runs/{run}/report.html
GET /audit.csv
"""
"""Whatever changes something, opens details of employees or takes them away."""

QUIET = """
POST /language
POST /settings/check
"""
"""A choice of words; a look at the connections."""


def routes(table: str) -> set[tuple[str, ...]]:
    return {tuple(line.split()) for line in table.strip().splitlines()}


@pytest.mark.security(46)
def test_every_door_has_a_line_or_a_reason(desk: Desk) -> None:
    """A new route that changes something, or shows or exports people, is decided on here."""
    pages = (*OWN, *OF_ALL, *OF_ONE_OF_SEVERAL)
    doors = {(method, path) for method, path in desk.routes() if method not in SAFE}
    doors |= {(page.method, page.path) for page in pages if page.method not in SAFE}
    doors |= {(page.method, page.path) for page in pages if page.act is not None}
    doors |= {(page.method, page.path) for page in pages if page.path.endswith((".csv", ".html"))}
    assert doors == routes(NOTED) | routes(QUIET)


@pytest.mark.security(46)
def test_log_ins_are_noted_and_what_was_typed_is_not(desk: Desk) -> None:
    """Who came in and how, who did not and from where; a name only if somebody is called so."""
    desk.guest().log_in("admin", "a wrong password")
    desk.guest("192.0.2.7").log_in("my secret passphrase", "in the wrong field")
    browser = desk.browser("admin")
    browser.post("/logout")
    service = desk.noted[0][0]
    assert desk.noted == [
        (service, "log_in_refused", {"user": "admin", "how": "password", "address": "127.0.0.1"}),
        (service, "log_in_refused", {"user": None, "how": "password", "address": "192.0.2.7"}),
        ("admin", "logged_in", {"how": "password"}),
        ("admin", "logged_out", {}),
    ]
    assert "@" in service


@pytest.mark.fault("F98")
def test_a_flood_of_tries_does_not_fill_the_log(desk: Desk) -> None:
    """Tries that are not even looked at have no line."""
    for _ in range(9):
        desk.guest().log_in("admin", "a wrong password")
    assert len(desk.noted) == 5


@pytest.mark.fault("F98")
@pytest.mark.security(46)
def test_codes_are_noted_of_those_only_who_have_given_a_password(desk: Desk) -> None:
    """With the name, as somebody knows that password; what a stranger makes up is no line."""
    set_up(desk)
    browser, waiting = half(desk)
    before = len(desk.noted)
    for made_up in ("", "nobody", waiting[:-1]):
        assert give(desk.guest("192.0.2.9"), made_up, "000000").status_code == 401
    assert desk.noted[before:] == []
    give(browser, waiting, "000000")
    facts = {"user": "admin", "how": "code", "address": "127.0.0.1"}
    assert [each[1:] for each in desk.noted[before:]] == [("log_in_refused", facts)]


def test_whoever_logs_out_is_out_though_nothing_can_be_noted(
    desk: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    """Be the store full, gone or moved, or the configuration broken: the server's log says so."""
    configure_logging(json=True)
    browser, thief = desk.browser("admin"), Browser(desk.app)
    thief.jar = browser.copy().jar
    csrf = browser.csrf
    (desk.folder / "renkei.yaml").write_text("connections: [", encoding="utf-8")
    assert browser.ask("POST", "/logout", form={"csrf": csrf}, headers=OURS).status_code == 303
    assert thief.get("/password").status_code == 303
    assert "log_out_not_noted" in "".join(capfd.readouterr())


@pytest.mark.security(46)
def test_people_and_rights_are_noted(desk: Desk) -> None:
    """Who was added with which role, changed, given a link; and what was refused is not."""
    browser = desk.browser("admin")
    browser.post("/settings/users", name="hanako", role="viewer")
    browser.post("/settings/users", name="hanako", role="viewer")
    (hanako,) = [each.id for each in desk.office.people.users() if each.name == "hanako"]
    for what in ("role", "disable", "enable", "link", "nonsense"):
        browser.post(f"/settings/users/{hanako}", what=what, role="operator")
    (me,) = [each.id for each in desk.office.people.users() if each.name == "admin"]
    browser.post(f"/settings/users/{me}", what="disable")
    assert browser.post("/settings/users/99", what="disable").status_code == 404  # nobody's
    secret = desk.office.people.reset(hanako)
    desk.guest().ask(
        "POST", f"/welcome/{secret}", form={"password": PASSWORD, "again": PASSWORD}, headers=OURS
    )
    of_hanako = {"user": "hanako"}
    assert [each for each in desk.noted if each[1] != "logged_in"] == [
        ("admin", "user_added", {**of_hanako, "role": "viewer"}),
        *(
            ("admin", "user_changed", {**of_hanako, "change": each})
            for each in ("operator", "disable", "enable")
        ),
        ("admin", "link_made", of_hanako),
        ("hanako", "password_set", {"how": "link"}),
    ]
    assert desk.noted[-1] == ("hanako", "logged_in", {"how": "link"})


@pytest.mark.security(46)
def test_details_and_exports_are_noted_before_they_are_shown(desk: Desk) -> None:
    """Which page of which run, by whom; viewers, too."""
    browser = desk.browser("viewer")
    for page in ("", "/people", "/report.csv", "/report.html"):
        browser.get(f"/runs/1{page}")
    assert desk.noted[-4:] == [
        ("viewer", "details_opened", {"what": "run"}),
        ("viewer", "details_opened", {"what": "people"}),
        ("viewer", "exported", {"what": "report.csv"}),
        ("viewer", "exported", {"what": "report.html"}),
    ]


@pytest.mark.security(46)
def test_a_part_that_looks_again_is_noted_once_with_its_page(desk: Desk) -> None:
    """It names people, too: the part asked for alone has a line, and each log-in its own."""
    line = ("viewer", "details_opened", {"what": "run"})
    for pages, lines in (
        (("/status", "/status"), 1),
        (("", "/status", "/status"), 1),
        (("/status", "", "/status"), 2),
    ):
        browser, before = desk.browser("viewer"), len(desk.noted)
        for page in pages:
            assert browser.get(f"/runs/1{page}").status_code == 200
        assert [each for each in desk.noted[before:] if each[1] != "logged_in"] == [line] * lines


def test_a_form_that_shows_people_is_noted_like_their_page(desk: Desk) -> None:
    """A tick for many shows a page of people; one for one employee shows nobody new."""
    browser = desk.browser("admin")
    before = len(desk.noted)
    browser.post("/runs/1/ticks", what="page")
    browser.post("/runs/1/ticks", what="one", number="0001")
    assert desk.noted[before:] == [("admin", "details_opened", {"what": "choose"})]


def test_a_second_factor_is_noted_by_what_was_done_and_by_no_code(desk: Desk) -> None:
    """It is on, codes were renewed, it was turned off; a log-in with a code says so."""
    _browser, secret, _recovery = set_up(desk)
    guest, told = half(desk)
    form = {"half": told, "code": code(desk, secret)}
    guest.ask("POST", "/login/code", form=form, headers=OURS)
    said = [(act, facts) for _who, act, facts in desk.noted]
    assert ("second_factor", {"change": "on"}) in said
    assert said[-1] == ("logged_in", {"how": "code"})
    assert secret not in str(desk.noted)


def test_a_setting_is_noted_with_before_and_after(desk: Desk) -> None:
    """Which mapping, which setting; one that is not there is no line."""
    browser = desk.browser("admin")
    with Runs(desk.office.config("")) as runs:
        mapping, _fields = runs.mapping(runs.config.mappings[0].use)
        name = next(iter(mapping.settings))
        on = mapping.switches(runs.config.mappings[0].settings)[name]
    browser.post("/settings/mappings/0", name="nothing", on="true")
    browser.post("/settings/mappings/0", name=name, on="false" if on else "true")
    changes = [facts for _who, act, facts in desk.noted if act == "setting_changed"]
    expected = {"mapping": "smarthr-touchontime", "setting": name, "before": on, "after": not on}
    assert changes == [expected]


@pytest.mark.fault("F98")
@pytest.mark.security(29)
def test_what_cannot_be_noted_is_not_done(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody comes in, nobody is added or changed, nothing is shown or exported."""
    browser = desk.browser("admin")
    before = desk.office.people.users()
    (viewer,) = [each.id for each in before if each.name == "viewer"]

    def refused(*_args: object) -> None:
        raise StoreError("full")

    monkeypatch.setattr("renkei.store.database.append", refused)
    assert desk.guest().log_in("admin").status_code == 503
    assert browser.get("/runs/1/people").status_code == 503
    assert browser.get("/runs/1/report.csv").status_code == 503
    csrf = browser.csrf
    for path, form in (
        ("/settings/users", {"name": "hanako", "role": "admin"}),
        (f"/settings/users/{viewer}", {"what": "role", "role": "admin"}),
        (f"/settings/users/{viewer}", {"what": "link"}),
        ("/password", {"old": PASSWORD, "password": PASSWORD + "!", "again": PASSWORD + "!"}),
    ):
        answer = browser.ask("POST", path, form={"csrf": csrf, **form}, headers=OURS)
        assert answer.status_code == 503, path
    assert desk.office.people.users() == before
    monkeypatch.undo()
    assert desk.browser("admin").is_in


def test_administrators_read_the_log_by_day(desk: Desk) -> None:
    """Newest first, in words, in parts; as CSV, oldest first, which is a line itself."""
    browser = desk.browser("admin")
    with Runs(desk.office.config(""), who="hanako") as runs:
        for number in range(101):
            runs.note("exported", "1", what=f"part {number}")
    text = browser.get("/audit").text
    assert text.index("part 100") < text.index("part 2<")
    assert "part 0<" not in text
    assert "part 0<" in browser.get("/audit?before=5").text
    assert "part" not in browser.get("/audit?until=2020-01-01").text
    csv = browser.get("/audit.csv?since=2020-01-01").text
    assert csv.index("part 0") < csv.index("part 100") < csv.index("audit.csv")
    assert desk.noted[-1][2] == {"what": "audit.csv", "since": "2020-01-01", "until": None}
    assert browser.get("/audit?since=2030-01-02&until=2030-01-01").status_code == 200


@pytest.mark.security(46, 57)
def test_a_company_reads_who_was_given_rights_on_it(several: Desk) -> None:
    """In its own log, and of no other company; a right on every one is in the log of each."""
    admin = several.browser("admin")
    viewer = several.add("hanako", Role.NONE)
    for companies, role in (("acme beta", "viewer"), ("beta", "operator"), (EVERY, "counts")):
        admin.post(f"/settings/users/{viewer}/rights", companies=companies, role=role)
    given = {}
    for name in ("acme", "beta"):
        with Runs(several.office.config(name)) as runs:
            lines = [each for each in runs.log_lines() if each.act == "rights_given"]
        given[name] = [each.facts["role"] for each in lines]
        assert all(each.facts.keys() == {"user", "role"} for each in lines)
    assert given == {"acme": ["viewer", "counts"], "beta": ["viewer", "operator", "counts"]}
    with Companies(load_main(several.folder / "renkei.yaml")) as door:
        whole = [each.facts["companies"] for each in door.log_lines() if each.act == "rights_given"]
    assert whole == [["acme", "beta"], ["beta"], [EVERY]]


@pytest.mark.fault("F98")
def test_rights_that_cannot_be_given_have_no_line(
    several: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dashboard's own database is another one than that of the log."""
    admin, viewer = several.browser("admin"), several.add("hanako", Role.NONE)
    csrf, before = admin.csrf, len(several.noted)

    def refused(*_args: object, **_more: object) -> None:
        raise StoreError("full")

    monkeypatch.setattr("renkei_web.rights.sa.delete", refused)
    form = {"csrf": csrf, "companies": "acme", "role": "viewer"}
    answer = admin.ask("POST", f"/settings/users/{viewer}/rights", form=form, headers=OURS)
    assert answer.status_code == 503
    assert several.noted[before:] == []


def test_the_log_of_the_installation_is_read_from_the_board(several: Desk) -> None:
    """Log-ins, people and companies; a company's own is on its pages, and each names its own."""
    admin = several.browser("admin")
    admin.post("/settings/users", name="hanako", role="none")
    admin.get("/c/acme/runs/1")
    assert 'href="/audit"' in admin.get("/").text
    page = admin.get("/audit").text
    assert "hanako" in page
    assert "従業員の詳細" not in page
    own = admin.get("/c/acme/audit").text
    assert "hanako" not in own
    assert 'href="/c/acme/runs/1"' in own
    assert 'href="/c/acme/audit.csv?' in own
    csv = admin.get("/audit.csv?since=2020-01-01&until=2099-01-01").text
    assert csv.index("hanako") < csv.index("audit.csv")
    assert "acme" in csv
    with Companies(load_main(several.folder / "renkei.yaml")) as door:
        *_before, last = door.log_lines()
        assert (last.act, last.facts["until"]) == ("exported", "2099-01-01")
        assert [each.line for each in door.newest_lines(1, before=last.line)] == [last.line - 1]
        assert door.check_log().faults == ()
    assert "hanako" not in admin.get("/audit?until=2020-01-01").text
