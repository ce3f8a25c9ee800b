"""A walk past every screen of the dashboard, in any language."""

from __future__ import annotations

from collections.abc import Iterator

from tests.web.browser import Person

from renkei.companies import Companies
from renkei.config import load_main
from renkei_web.rights import EVERY
from renkei_web.users import Role

SCHEDULES = """
schedules:
  - name: nightly
    between: "01:00-06:30"
    not_on: [25-31]
    from: smarthr
    to: touchontime
    sync: {difference: [changed]}
  - {name: look, at: "30 13 * * 1-5", from: touchontime, to: smarthr}
"""
NARROW = "label: SmartHR\nsafety: {updates: {people: 1, percent: 1}}"


def tour(person: Person) -> Iterator[str]:
    """Yield the name of each screen while it is shown; nobody may have logged in before."""
    yield from first_half(person)
    yield from second_half(person)


def first_half(person: Person) -> Iterator[str]:
    """Yield those of the main job, from the first log-in to its reports."""
    yield from _entrance(person)
    yield from _first_run(person)
    yield from _reports(person)


def second_half(person: Person) -> Iterator[str]:
    """Yield all others, after the first half or after what :func:`skip_first_half` does."""
    yield from _settings(person)
    yield from _by_workers(person)
    yield from _odd_ones(person)
    yield from _several(person)


def skip_first_half(person: Person) -> None:
    """Have logged in, and two runs of which the second one is ready, without a look at a page."""
    assert person.dashboard.link is not None
    person.is_logged_in_by(person.dashboard.link)
    person.fetched("smarthr", "touchontime")
    person.choose_from(person.fetched("touchontime", "smarthr"))
    person.tick_all("changed")


def _entrance(person: Person) -> Iterator[str]:
    person.open("/")
    yield "login-first"
    link = str(person.dashboard.link)
    person.page.goto(link)
    yield "welcome"
    person.log_in_by_link(link)
    yield "home-empty"
    person.page.click("#checked button")
    person.page.locator(".checked").wait_for()
    yield "checked"


def _first_run(person: Person) -> Iterator[str]:
    page, system = person.page, person.office.box.touchontime
    person.open("/fetch/smarthr/touchontime")
    yield "base-date"
    page.click("main button.primary")
    page.locator("#same-company").wait_for()
    yield "company"
    gate = person.hold("touchontime", kind="read")
    page.click("#same-company")
    person.status("fetching")
    yield "fetching"
    gate.open()
    person.status("ready")
    yield "ready"
    page.click("#run a.primary")
    person.filter("blocked")
    yield "blocked"
    person.tick_all("new")
    yield "choose-new"
    person.tick_all("changed")
    yield "choose"
    page.click("#ticked a.primary")
    person.fill_in_new("touchontime")
    page.locator("[name^='one:'][name$=':typeCode']").nth(1).select_option("2")
    yield "values"
    page.click(".bar button.primary")
    page.locator("main form button.primary").wait_for()
    yield "confirm"
    system.faults.add("status", status=400, code=9003, kind="update", nth=2, times=2)
    gate = person.hold("touchontime", nth=5)
    page.click("main form button.primary")
    assert gate.reached.wait(20)
    page.locator(f"progress[value='{len(person.outcomes('1'))}']").wait_for()
    yield "syncing"
    system.revoke()
    gate.open()
    person.status("paused")
    page.locator("form[action$='/resume'] button").wait_for()
    yield "paused"
    system.restore()
    page.click("form[action$='/resume'] button")
    person.status("done_with_errors")
    page.locator("form[action$='/retry'] button").wait_for()
    yield "report"


def _reports(person: Person) -> Iterator[str]:
    person.open("/runs/1/people")
    yield "outcomes"
    run = person.fetched("touchontime", "smarthr")
    person.open("/")
    yield "home"
    person.office.configure(smarthr=NARROW, touchontime="label: Touch On Time")
    person.choose_from(run)
    person.tick_all("changed")
    person.open(f"/runs/{run}/start")
    yield "unusual"
    person.office.configure(smarthr="label: SmartHR", touchontime="label: Touch On Time")
    person.open("/reports")
    yield "reports"
    person.open("/inbox")
    yield "inbox"


def _settings(person: Person) -> Iterator[str]:
    person.open("/settings")
    yield "settings"
    person.open("/settings/mappings/0")
    yield "mapping"
    person.open("/settings/users")
    person.page.fill("[name=name]", "佐藤 花子")
    person.page.click("main .primary")
    person.page.locator(".copy").wait_for()
    yield "users"
    labels = {"smarthr": "label: SmartHR", "touchontime": "label: Touch On Time"}
    person.office.configure(**labels, extra="settings: {setup: web}")
    person.open("/settings/setup")
    yield "setup"
    person.office.configure(**labels, extra=person.office.rest + SCHEDULES)
    person.office.ask("schedule", "run", "look")
    person.open("/schedules")
    yield "schedules"
    person.office.configure(**labels)
    person.open("/second-factor")
    yield "second-factor"
    person.open("/audit")
    yield "audit"


def _by_workers(person: Person) -> Iterator[str]:
    """What waits for the workers of a cluster: nobody takes it out of the line."""
    page, dashboard = person.page, person.dashboard
    dashboard.stop()
    dashboard.queue = lambda _claim, _account: None
    dashboard.start()
    person.open("/fetch/smarthr/touchontime")
    page.click("main button.primary")
    page.locator("#stop-fetch").wait_for()
    yield "fetch-in-line"
    fetch = page.url
    page.click("#stop-fetch")
    page.wait_for_url("**/fetch/**")
    page.goto(fetch)
    page.locator("#called-off").wait_for()
    yield "fetch-stopped"
    person.open("/runs/2/start")
    page.click("main form button.primary")
    page.locator("form[action$='/pause'] button").wait_for()
    yield "sync-in-line"
    page.click("form[action$='/pause'] button")
    person.status("ready")
    dashboard.stop()
    dashboard.queue = None
    dashboard.start()


def _odd_ones(person: Person) -> Iterator[str]:
    page = person.page
    person.expected = {400, 401, 404}
    person.open("/nowhere")
    yield "lost"
    person.open("/runs/2")
    person.move_to("2026-11-22T12:00:00+09:00")
    page.reload()
    person.status("expired")
    yield "expired"
    person.move_to("2026-11-20T12:00:00+09:00")
    person.open("/fetch/smarthr/touchontime")
    person.move_to("2026-11-20T17:45:00+09:00")
    page.click("main button.primary")
    page.get_by_role("alert").wait_for()
    yield "refused-fetch"
    person.open("/fetch/smarthr/touchontime")
    yield "closed"
    person.open("/")
    page.click("form[action='/logout'] button")
    page.locator("[name=password]").wait_for()
    yield "login"
    page.fill("[name=name]", "admin")
    page.fill("[name=password]", "wrong wrong wrong")
    page.click("main button")
    page.get_by_role("alert").wait_for()
    yield "login-wrong"


def _several(person: Person) -> Iterator[str]:
    page, dashboard = person.page, person.dashboard
    dashboard.stop()
    into_companies(person)
    dashboard.start()
    person.expected = set()
    person.open("/login")
    person.log_in()
    page.locator(".board").wait_for()
    yield "board"
    person.open("/inbox")
    yield "inbox-of-all"
    person.open("/")
    page.click(".board a[href='/c/acme/']")
    page.locator(".company").wait_for()
    page.locator(".states").wait_for()
    yield "company-home"
    main = person.office.folder / "renkei.yaml"
    main.write_text("companies: companies/\nsettings: {setup: web}\n", encoding="utf-8")
    person.open("/companies/new")
    page.fill("[name=name]", "1042")
    page.fill("[name=label]", "デルタ建設")
    yield "new-company"
    person.open("/audit")
    yield "audit-of-all"
    person.open("/c/acme/settings/users")
    yield "company-users"
    person.open("/settings/users")
    yield "users-of-all"
    people = dashboard.office.people.users()
    hanako = next(user.id for user in people if user.name == "佐藤 花子")
    dashboard.office.rights.give(hanako, [EVERY], Role.COUNTS)
    dashboard.office.rights.give(hanako, ["acme"], Role.OPERATOR)
    person.open(f"/settings/users/{hanako}/rights")
    yield "rights"


def into_companies(person: Person) -> None:
    """Let the only company be one of three: acme, which adopts the runs, and two without any."""
    main = person.office.folder / "renkei.yaml"
    (main.parent / "companies").mkdir()
    text = main.read_text(encoding="utf-8")
    for name, label in (("acme", "アクメ商事"), ("beta", "ベータ工業"), ("gamma", "ガンマ物流")):
        sandbox = "environment: sandbox\n" if name == "gamma" else ""
        own = main.parent / "companies" / f"{name}.yaml"
        own.write_text(f"label: {label}\n{sandbox}{text}", encoding="utf-8")
    main.write_text("companies: companies/\n", encoding="utf-8")
    with Companies(load_main(main)) as companies:
        companies.adopt("acme")
