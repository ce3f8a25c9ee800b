"""Several companies in one dashboard: what is of another one is reached by no address and no id."""

from __future__ import annotations

import html
import json
import re
import shutil
import time
from contextlib import closing

import pytest
from tests.web.desk import NOBODYS, OURS, THEIRS, Browser, Desk, configured, filled, person
from tests.web.test_roles import ABOVE, MINE, OF_COMPANY, OPEN, decided

from renkei.companies import Companies
from renkei.config import load_config, load_main
from renkei.errors import RenkeiError, UsageError
from renkei.runs import Runs
from renkei.schedule.errand import Errand
from renkei.schedule.job import Claim
from renkei.store.store import Store
from renkei_runner.deeds import launch
from renkei_runner.main import run
from renkei_web.companies import adopt, forget
from renkei_web.processes import FetchProgress, Work
from renkei_web.rights import EVERY
from renkei_web.users import Role
from renkei_web.views.fetching import EPOCH, MICROSECOND

ALL = decided(
    ("GET /", Role.NONE),
    ("GET /inbox", Role.NONE),
    ("GET /settings/users/{user:count}/rights", Role.ADMIN),
    ("POST /settings/users/{user:count}/rights", Role.ADMIN),
    ("GET /audit", Role.ADMIN),
    ("GET /audit.csv", Role.ADMIN),
    ("GET /companies/new", Role.ADMIN),
    ("POST /companies/new", Role.ADMIN),
)
EACH = OF_COMPANY | decided(
    ("GET /settings/users", Role.ADMIN), ("POST /settings/pause", Role.ADMIN)
)
LATER = "2026-11-20T18:00:00+09:00"
ROLES = [Role.COUNTS, Role.VIEWER, Role.OPERATOR, Role.ADMIN]


ID = re.compile(r"{(run|fetch|schedule|connection)}|/company$")
"""What names one thing of a company in an address; an answer names a fetch in its form."""


def named(number: str) -> dict[str, str]:
    """Return the ids of a run, a fetch that was asked for, a schedule and a connection."""
    fetch = f"180000000000{number}"
    return {"run": number, "fetch": fetch, "schedule": f"s{number}", "connection": f"c{number}"}


def asked(
    browser: Browser, route: tuple[str, str], csrf: str = "", **parts: str
) -> tuple[int, str, str]:
    """Return status, redirection and what is said, with no id of a run in it."""
    method, path = route
    fields = {"csrf": csrf, "key": parts.get("fetch", ""), "answer": "yes", "token": "t" * 20}
    form = fields if method == "POST" else None
    answer = browser.ask(method, filled(path, **parts), form=form, headers=OURS)
    text = re.sub(f"{THEIRS}|{NOBODYS}", "RUN", html.unescape(answer.text))
    return answer.status_code, answer.headers.get("location", ""), text


@pytest.mark.security(56)
def test_every_route_has_a_decision(several: Desk) -> None:
    """Each page of a company stands below the company; nothing but these is about people."""
    expected = OPEN | MINE | ABOVE | ALL
    below = {(method, f"/c/{{company}}{path}") for method, path in EACH}
    assert sorted(several.routes()) == sorted({*expected, *below})


@pytest.mark.security(38, 56)
@pytest.mark.parametrize("role", ROLES)
def test_no_address_leads_to_another_company(several: Desk, role: Role) -> None:
    """Every page of another company is what a page of no company is; nothing comes of it."""
    browser = person(several, role, "acme")
    csrf, before = browser.csrf, several.kept
    for method, path in EACH:
        route = method, f"/c/{{company}}{path}"
        found = {
            asked(browser, route, csrf, company=company, run=run)
            for company, run in (
                ("beta", THEIRS),
                ("beta", "1"),
                ("nobody", "1"),
                ("acme2", NOBODYS),
            )
        }
        ((status, _location, text),) = found
        assert status == 404, route
        assert "beta" not in text.lower()
    assert several.work.started == []
    assert several.kept == before


@pytest.fixture
def full(several: Desk) -> Desk:
    """The same, and beta has a fetch that waits for a worker, a schedule and a connection more."""
    folder, of_beta = several.folder / "companies", named(THEIRS)
    plan = f"{{name: {of_beta['schedule']}, at: '0 6 * * *', from: smarthr, to: touchontime}}"
    columns = "columns: {番号: {role: number}, 姓: {role: family_name}, 名: {role: given_name}}"
    file = f"{{connector: csv, options: {{path: beta.csv, {columns}}}}}"
    more = f"connections:\n  {of_beta['connection']}: {file}\n"
    changes = (
        ("beta", "connections:\n", f"schedules: [{plan}]\n{more}"),
        ("acme", "settings: {", "settings: {setup: web, "),
    )
    for company, before, after in changes:
        own = folder / f"{company}.yaml"
        own.write_text(own.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    fetch = Errand(deed="fetch", source="smarthr", target="touchontime", language="ja")
    with closing(Store(str(several.store), company="beta")) as store:
        store.ask_for(fetch, EPOCH + int(of_beta["fetch"]) * MICROSECOND)
    return several


def reaches_nothing(desk: Desk, role: Role) -> None:
    """Check each page of acme that is about one thing, with what beta has and with what nobody."""
    browser = person(desk, role, "acme")
    csrf, before = browser.csrf, desk.kept
    for (method, path), needed in EACH.items():
        route = method, f"/c/{{company}}{path}"
        if ID.search(path) is None:
            continue
        theirs, nobodys = (
            asked(browser, route, csrf, company="acme", **named(number))
            for number in (THEIRS, NOBODYS)
        )
        assert theirs == nobodys, route
        unknown = 404 if "{run}" in path or "{fetch}" in path else 400
        assert theirs[0] == (unknown if role.includes(needed or Role.NONE) else 403), route
    assert desk.work.started == []
    assert desk.kept == before


@pytest.mark.security(38, 56)
@pytest.mark.parametrize("role", ROLES)
def test_no_id_leads_to_what_is_of_another_company(full: Desk, role: Role) -> None:
    """Below the own company a run, fetch, schedule or connection of another one is nobody's."""
    reaches_nothing(full, role)


@pytest.mark.security(38, 56)
def test_no_id_leads_to_another_company_by_way_of_the_workers(full: Desk) -> None:
    """Where workers do what people ask for, nothing of another company is put in their queue."""
    line: list[Claim] = []
    desk = Desk(full.folder, database=full.database, queue=lambda claim, _: line.append(claim))
    with closing(desk.office.database):
        reaches_nothing(desk, Role.ADMIN)
        assert line == []
        assert load_config(full.folder / "renkei.yaml", "beta").schedules
        beta = desk.browser("admin").get(f"/c/beta/fetches/{named(THEIRS)['fetch']}")
        assert beta.status_code == 200  # so it is there


@pytest.mark.security(38, 57)
@pytest.mark.parametrize("role", ROLES)
def test_a_right_is_on_one_company(several: Desk, role: Role) -> None:
    """Each page below the own company, and each about everything, asks for the role it needs."""
    browser = person(several, role, "acme")
    csrf = browser.csrf
    for (method, path), needed in EACH.items():
        status, location, _text = asked(
            browser, (method, f"/c/{{company}}{path}"), csrf, company="acme"
        )
        assert (status == 403) is not role.includes(needed or Role.NONE), (method, path, status)
        assert location == "" or location.startswith("/c/acme/"), (method, path, location)
    for route in (*ABOVE, *(r for r, needed in ALL.items() if needed is Role.ADMIN)):
        assert asked(browser, route, csrf)[0] == 403, route


@pytest.mark.security(38, 57)
def test_whoever_has_no_right_sees_no_company(several: Desk) -> None:
    """An empty board; and a role of the days of one company counts for nothing."""
    several.add("viewer", Role.VIEWER)
    browser = several.browser("viewer")
    text = browser.get("/").text
    assert "acme" not in text.lower()
    assert "会社の権限がまだありません" in text
    assert browser.get("/c/acme/").status_code == 404


def test_an_administrator_reaches_every_company(several: Desk) -> None:
    """Each page names company and environment, and all of its links stay there."""
    browser = several.browser("admin")
    for name, other in (("acme", "beta"), ("beta", "acme")):
        for path in ("/", "/reports", "/settings", "/settings/users", "/fetch/smarthr/touchontime"):
            answer = browser.get(f"/c/{name}{path}")
            assert answer.status_code == 200, path
            head = answer.text.partition("<main")[0]
            assert f"{name.title()} K.K. ({name})" in head
            assert "テスト</span>" in head
            assert other not in answer.text
            links = set(re.findall(r'(?:href|action|hx-get|hx-post)="(/[^"]*)"', answer.text))
            elsewhere = {"/", "/inbox", "/password", "/language", "/logout", "/settings/users"}
            inside = {each for each in links if each.startswith(f"/c/{name}/")}
            outside = {each for each in links - inside if not each.startswith("/static/")}
            assert inside
            assert outside <= elsewhere, path
    assert browser.get("/c/acme").headers["location"].endswith("/c/acme/")
    assert browser.get("/reports").status_code == 404


@pytest.mark.fault("F100")
@pytest.mark.security(57)
def test_a_right_on_every_company_holds_for_later_ones(several: Desk) -> None:
    """With more on one of them; and what is taken away is gone at once."""
    user = several.add("hanako", Role.NONE)
    rights, browser = several.office.rights, several.browser("hanako")
    rights.give(user, [EVERY], Role.VIEWER)
    rights.give(user, ["acme"], Role.OPERATOR)
    own = several.folder / "companies" / "acme.yaml"
    shutil.copy(own, own.with_name("gamma.yaml"))
    assert browser.get("/c/gamma/").status_code == 200
    assert browser.get("/c/acme/fetch/smarthr/touchontime").status_code == 200
    assert browser.get("/c/beta/fetch/smarthr/touchontime").status_code == 403
    rights.give(user, [EVERY, "acme"], Role.NONE)
    assert browser.get("/c/acme/").status_code == 404


@pytest.mark.security(38, 56)
def test_a_question_is_answered_in_its_own_company_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of a fetch of another company lets nobody answer for it."""
    monkeypatch.setattr("renkei_web.processes.START_S", 0.1)
    work, asking = Work(launch), FetchProgress(company="acme")
    asking.run = "1"
    work.asking["key"] = asking
    asking._known.set()
    with pytest.raises(UsageError):
        work.answer("key", company="beta", one_company=True)
    assert not asking._one_company
    asking.asked = None
    asking.answer = lambda *, one_company: None  # type: ignore[method-assign]
    assert work.answer("key", company="acme", one_company=True) == "1"


@pytest.mark.security(56)
def test_no_connection_leads_to_a_file_of_another_company(several: Desk) -> None:
    """The service can open all of them: a path is said by an administrator of everything."""
    own = several.folder / "companies" / "acme.yaml"
    text = own.read_text(encoding="utf-8").replace("settings: {", "settings: {setup: web, ")
    own.write_text(text, encoding="utf-8")
    form = {"connector": "csv", "name": "file", "options": "path: ../beta.csv"}
    browser = person(several, Role.ADMIN, "acme")
    path = "/c/acme/settings/setup"
    assert "<textarea" not in browser.get(path).text
    refused = browser.post(f"{path}/connections", **form).text
    assert "システム管理者だけ" in refused
    assert "beta.csv" not in refused
    assert own.read_text(encoding="utf-8") == text
    admin = several.browser("admin")
    assert "<textarea" in admin.get(path).text
    admin.post(f"{path}/connections", **form)
    assert "../beta.csv" in own.read_text(encoding="utf-8")


@pytest.mark.fault("F100")
@pytest.mark.security(38, 57)
@pytest.mark.postgres
def test_the_rights_on_a_removed_company_are_gone(several: Desk) -> None:
    """A new company of the same name is seen by nobody who saw the old one; no tick is left."""
    browser = person(several, Role.VIEWER, "acme", "beta")
    with several.office.drafts_of("acme").changing(1, "1") as draft:
        draft.numbers = {"0001"}
    main = load_main(several.folder / "renkei.yaml")
    own = several.folder / "companies" / "acme.yaml"
    text = own.read_bytes()
    with Companies(main) as companies:
        companies.remove("acme", also=lambda name: forget(several.place, name))
    own.write_bytes(text)
    assert browser.get("/c/acme/").status_code == 404
    assert browser.get("/c/beta/").status_code == 200
    assert several.office.drafts_of("acme").of(1, "1").numbers == set()
    forget(str(several.folder / "nothing.db"), "acme")
    assert not (several.folder / "nothing.db").exists()


@pytest.mark.sqlite
@pytest.mark.security(57)
@pytest.mark.parametrize("how", ["browser", "add", "import"])
def test_a_new_company_is_nobodys_whose_name_had_another(several: Desk, how: str) -> None:
    """Also where its file was deleted by hand, and no removal has taken the rights along."""
    main = several.folder / "renkei.yaml"
    main.write_text("companies: companies/\nsettings: {setup: web}\n", encoding="utf-8")
    admin = several.browser("admin")
    assert admin.post("/companies/new", name="gamma").status_code == 303
    browser = person(several, Role.VIEWER, "acme", "gamma")
    assert browser.get("/c/gamma/").status_code == 200
    assert admin.get("/c/gamma/audit.csv").status_code == 200  # a line that names who asked
    (several.folder / "companies" / "gamma.yaml").unlink()
    if how == "browser":
        assert admin.post("/companies/new", name="gamma").status_code == 303
    elif how == "add":
        assert run(["--config", str(main), "company", "add", "gamma"]) == 0
    else:
        table = several.folder / "clients.csv"
        for name in ("a", "b"):
            file = several.folder / f"{name}.token"
            file.write_text(f"token-{name}\n", encoding="utf-8")
            file.chmod(0o600)
        token, address = "touchontime_token_file", "https://gamma.smarthr.jp/api"
        header = f"number,label,smarthr_address,smarthr_token_file,{token}"
        table.write_text(f"{header}\ngamma,Gamma,{address},a.token,b.token\n", encoding="utf-8")
        assert run(["--config", str(main), "company", "import", str(table)]) == 0
    assert browser.get("/c/gamma/").status_code == 404
    assert browser.get("/c/acme/").status_code == 200
    with Runs(several.office.config("gamma")) as runs:
        assert [each.act for each in runs.log_lines()] == ["company_added"]


def ticked(desk: Desk, company: str, run: str) -> set[str]:
    return desk.office.drafts_of(company).of(1, run).numbers


@pytest.mark.security(25)
@pytest.mark.sqlite
def test_ticks_go_with_the_values(several: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a purge, by age, and by a fetch here after either elsewhere; those of others stay."""
    runs = (("acme", "1"), ("beta", THEIRS))
    for company, run_id in runs:
        with several.office.drafts_of(company).changing(1, run_id) as draft:
            draft.numbers = {"tick-0001"}
    monkeypatch.setenv("RENKEI_NOW", LATER)
    config = several.folder / "renkei.yaml"
    words = ["--config", str(config), "--company", "acme"]
    assert run([*words, "reports", "purge", "--older-than", "1d"]) == 0
    assert [ticked(several, *each) for each in runs] == [{"tick-0001"}, {"tick-0001"}]
    assert run([*words, "reports", "purge", "--older-than", "0d"]) == 0
    assert [ticked(several, *each) for each in runs] == [set(), {"tick-0001"}]
    own = several.folder / "companies" / "beta.yaml"
    own.write_text(own.read_text(encoding="utf-8") + "retention: {values: 30d}\n", encoding="utf-8")
    words[-1] = "beta"
    assert run([*words, "reports"]) == 0
    assert ticked(several, "beta", THEIRS) == {"tick-0001"}
    monkeypatch.setenv("RENKEI_NOW", "2027-11-20T12:00:00+09:00")
    assert run([*words, "reports"]) == 0
    assert ticked(several, "beta", THEIRS) == set()
    with several.office.drafts_of("beta").changing(1, "4") as draft:
        draft.numbers = {"tick-0001"}
    monkeypatch.setattr("renkei_web.processes.START_S", 10)
    with pytest.raises(RenkeiError, match="begin"):
        Work(launch).fetch(
            several.office.config("beta"), Runs.known_accounts, who="admin", language="en"
        )
    until = time.monotonic() + 10
    while ticked(several, "beta", "4") and time.monotonic() < until:
        time.sleep(0.02)  # it goes on by itself
    assert ticked(several, "beta", "4") == set()
    assert b"tick-0001" not in several.contents


@pytest.mark.sqlite
def test_a_dashboard_that_cannot_forget_stops_no_purge(
    several: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a line in the log; the next purge forgets."""
    monkeypatch.setenv("RENKEI_NOW", LATER)
    with several.office.drafts_of("acme").changing(1, "1") as draft:
        draft.numbers = {"0001"}
    words = ["--config", str(several.folder / "renkei.yaml"), "--company", "acme"]
    kept = several.file.read_bytes()
    several.file.write_bytes(b"damaged" * 1000)
    assert run([*words, "reports", "purge", "--older-than", "0d"]) == 0
    assert "ticks_kept" in capsys.readouterr().err
    several.file.write_bytes(kept)
    assert run([*words, "reports", "purge", "--older-than", "0d"]) == 0
    assert ticked(several, "acme", "1") == set()


@pytest.mark.security(57)
@pytest.mark.postgres
def test_rights_follow_the_runs_that_a_company_takes_over(desk: Desk) -> None:
    """Readers of the only company read the one that adopts its runs, with what they ticked."""
    with desk.office.drafts_of("").changing(1, "1") as draft:
        draft.numbers = {"0001"}
    adopt(desk.place, "acme")
    users = {user.name: user for user in desk.office.people.users()}
    assert desk.office.rights.of(users["viewer"], "acme") is Role.VIEWER
    assert desk.office.rights.of(users["viewer"], "beta") is Role.NONE
    assert desk.office.rights.of(users["admin"], "beta") is Role.ADMIN
    assert desk.office.drafts_of("acme").of(1, "1").numbers == {"0001"}
    adopt(str(desk.folder / "nothing.db"), "acme")


# --- the yearly review --------------------------------------------------------------------------


def reviewed(desk: Desk, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what `renkei users` prints."""
    capsys.readouterr()
    assert run(["--config", str(desk.folder / "renkei.yaml"), "users", *words]) == 0
    return capsys.readouterr().out


def test_a_dashboard_of_one_company_tells_of_no_other_one(desk: Desk) -> None:
    """Where there are several meanwhile it has to be started again, and names none of them."""
    viewer = desk.browser("viewer")
    (desk.folder / "companies").mkdir()
    addresses = dict.fromkeys(("smarthr", "touchontime"), "http://127.0.0.1:9")
    for name in ("acme", "another-client"):
        configured(desk.folder / "companies", addresses, name)
    (desk.folder / "renkei.yaml").write_text("companies: companies/\n", encoding="utf-8")
    for path in ("/", "/runs/1", "/reports", "/inbox"):
        answer = viewer.get(path)
        assert answer.status_code == 503, path
        assert "another-client" not in answer.text
    assert desk.guest().log_in("viewer").status_code == 503
    assert viewer.post("/logout").status_code == 303


@pytest.mark.security(57)
@pytest.mark.sqlite
def test_users_and_rights_are_a_list(several: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """With the last log-in of each, on the page and on the command line, for programs too."""
    several.browser("admin")
    several.moment += 86400
    person(several, Role.OPERATOR, "acme")
    several.office.rights.give(2, [EVERY], Role.COUNTS)
    several.office.people.invite("waits", Role.NONE)
    users = json.loads(reviewed(several, capsys, "--output", "json"))["users"]
    assert [
        (each["name"], each["administrator"], each["state"], each["last_log_in"]) for each in users
    ] == [
        ("admin", True, "active", "2027-01-15T17:00:00+09:00"),
        ("somebody", False, "active", "2027-01-16T17:00:00+09:00"),
        ("waits", False, "waiting", None),
    ]
    assert [each["rights"] for each in users] == [
        [],
        [{"company": "*", "role": "counts"}, {"company": "acme", "role": "operator"}],
        [],
    ]
    text = reviewed(several, capsys, "--lang", "en")
    assert "every company: counts only, acme: operator (chooses and syncs)" in text
    assert "administrator of everything" in text
    page = several.browser("admin").get("/settings/users").text
    for part in ("2027年1月16日 17:00", "acme: 担当者（選択と同期）", "システム管理者"):
        assert part in page


@pytest.mark.security(57)
def test_an_administrator_of_a_company_sees_who_has_rights_on_it(several: Desk) -> None:
    """And nobody who has them on other companies only."""
    browser = person(several, Role.ADMIN, "acme")
    for name, company in (("of-acme", "acme"), ("of-beta", "beta")):
        several.office.rights.give(several.add(name, Role.NONE), [company], Role.VIEWER)
    text = browser.get("/c/acme/settings/users").text
    assert "of-acme" in text
    assert "of-beta" not in text
    assert "beta" not in text


@pytest.mark.security(57)
@pytest.mark.postgres
def test_rights_are_given_and_taken_away(several: Desk) -> None:
    """On several companies at once; a name that is none is told, and nothing is changed."""
    user = several.add("hanako", Role.NONE)
    browser, rights = several.browser("admin"), several.office.rights
    path = f"/settings/users/{user}/rights"
    assert "権限のある会社はまだありません" in browser.get(path).text
    assert browser.post(path, companies="acme, beta acme", role="operator").status_code == 303
    assert rights.all()[user].by_company == dict.fromkeys(("acme", "beta"), Role.OPERATOR)
    for companies, role in (("acme gamma", "viewer"), ("", "viewer"), ("acme", "owner")):
        assert browser.post(path, companies=companies, role=role).status_code == 400
    assert rights.all()[user].by_company == dict.fromkeys(("acme", "beta"), Role.OPERATOR)
    (several.folder / "companies" / "beta.yaml").unlink()
    assert "beta" in browser.get(path).text
    assert browser.post(path, companies="beta", role="none").status_code == 303
    assert rights.all()[user].by_company == {"acme": Role.OPERATOR}
    assert browser.post(path, companies="*", role="counts").status_code == 303
    assert rights.all()[user].of("gamma") is Role.COUNTS
    assert browser.get("/settings/users/99/rights").status_code == 404
    assert browser.post("/settings/users/99/rights", companies="acme").status_code == 404


@pytest.mark.security(57)
def test_an_administrator_of_everything_is_made_and_unmade(several: Desk) -> None:
    """By another one; the last one stays."""
    user = several.add("hanako", Role.NONE)
    admin = several.browser("admin")
    admin.post(f"/settings/users/{user}", what="role", role="admin")
    hanako = several.browser("hanako")
    assert hanako.get("/c/beta/settings").status_code == 200
    assert hanako.post("/settings/users/1", what="role", role="none").status_code == 303
    assert admin.get("/settings/users").status_code == 403
    answer = hanako.post(f"/settings/users/{user}", what="role", role="none")
    assert answer.status_code == 400
    assert hanako.post("/settings/users/1", what="role", role="viewer").status_code == 400


@pytest.mark.sqlite
def test_roles_of_the_only_company_are_changed_on_the_page(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each of the four, where there is one company; the list has them."""
    browser = desk.browser("admin")
    for role in ROLES:
        assert browser.post("/settings/users/2", what="role", role=role.value).status_code == 303
        assert desk.office.people.users()[1].role is role
    assert browser.post("/settings/users/2", what="role", role="counts").status_code == 303
    users = json.loads(reviewed(desk, capsys, "--output", "json"))["users"]
    assert users[1]["rights"] == [{"company": "", "role": "counts"}]
    assert "件数のみ" in browser.get("/settings/users").text
    desk.file.unlink()
    assert json.loads(reviewed(desk, capsys, "--output", "json"))["users"] == []
    assert "Nobody may use the dashboard yet" in reviewed(desk, capsys, "--lang", "en")


# --- what a company asks of log-ins -------------------------------------------------------------


@pytest.mark.security(57)
@pytest.mark.parametrize(
    ("setting", "leads_to"), [("second_factor", "/second-factor"), ("sso", None)]
)
def test_each_company_says_what_its_pages_need(
    several: Desk, setting: str, leads_to: str | None
) -> None:
    """A second factor, or no password at all: of its own pages, and of no other one's."""
    own = several.folder / "companies" / "acme.yaml"
    text = own.read_text(encoding="utf-8").replace(
        "settings: {", f"settings: {{{setting}: required, "
    )
    own.write_text(text, encoding="utf-8")
    browser = several.browser("admin")
    answer = browser.get("/c/acme/")
    assert answer.headers.get("location") == leads_to
    assert answer.status_code == (303 if leads_to else 403)
    assert browser.get("/c/beta/").status_code == browser.get("/").status_code == 200
