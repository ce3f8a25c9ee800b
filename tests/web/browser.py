"""Somebody of HR at a real browser: Chromium, the dashboard, and both systems on loopback."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from attrs import define, field

from renkei.config import load_config
from renkei.model import Filter
from renkei.runs import Runs

if TYPE_CHECKING:
    from playwright.sync_api import (
        Browser,
        BrowserContext,
        Dialog,
        Locator,
        Page,
        Response,
        ViewportSize,
    )
    from tests.e2e.office import Office

    from renkei.schedule.job import Claim
    from renkei_sandbox.messages import Kind, Request
    from renkei_web.office import Office as WebOffice
    from renkei_web.server import Server
    from renkei_web.sso import SignOn

NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
PASSWORD = "correct horse battery staple"
SIZE: ViewportSize = {"width": 1200, "height": 850}
PATIENCE_MS = 15_000
"""How long a page may take on a busy computer."""

NEW = {
    "touchontime": {"divisionCode": "大阪支社", "typeCode": "正社員"},
    "smarthr": {"biz_establishment_id": "大阪支社"},
}
"""What new employees need, and a choice that will do."""

"""Requests that are held until somebody has looked at a page are not cut off."""

VALUES_OR_START = re.compile("/(values|start)$")

OPEN = {"deferred", "unknown"}

PLAIN = ["--disable-gpu", "--in-process-gpu", "--disable-lcd-text", "--renderer-process-limit=1"]
"""Nobody looks: what draws is not a process of its own, and draws no more than it has to."""

HURRY = 8
"""How much faster than for people a page looks again."""

WATCHING = """
const every = setInterval;
setInterval = (look, ms, ...more) => every(look, ms / HURRY, ...more);
addEventListener("securitypolicyviolation", (event) =>
  console.error(`blocked by the policy: ${event.violatedDirective} ${event.blockedURI}`));
window.ran = () => console.error("a script of a value ran");
""".replace("HURRY", str(HURRY))


@define
class Gate:
    """Holds a request of the sandbox until it is opened."""

    reached: threading.Event = field(factory=threading.Event)
    _open: threading.Event = field(factory=threading.Event)

    def __call__(self, _request: Request) -> None:
        self.reached.set()
        self._open.wait(50)

    def open(self) -> None:
        """Let the request go on."""
        self._open.set()


@define
class Dashboard:
    """One server of the dashboard, in a thread; a test may end it and start another one."""

    config: Path
    port: int = 0
    address: str = ""
    link: str | None = None
    sign_on: SignOn | None = None
    queue: Callable[[Claim, str], object] | None = None
    _server: Server | None = None
    _thread: threading.Thread | None = None

    @property
    def office(self) -> WebOffice:
        """What all requests share."""
        assert self._server is not None
        return self._server.office

    def start(self) -> None:
        """Listen and serve; a second start keeps the address."""
        from renkei_runner.deeds import launch
        from renkei_web.server import Server

        self._server = Server(
            config=self.config,
            launch=launch,
            port=self.port,
            sign_on=self.sign_on,
            queue=self.queue,
        )
        self.address = self._server.__enter__()
        self.port = int(self.address.rpartition(":")[2])
        self.link = self._server.first_link(self.address)
        self._thread = threading.Thread(target=self._server.serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the server; what it has started goes on."""
        if self._server is None or self._thread is None:
            return
        self._server.stop()
        self._thread.join(20)
        self._server.__exit__(None, None, None)
        self._server = None

    def finish(self) -> None:
        """Wait until the syncs that were started have ended, whatever their pages say already."""
        if self._server is not None:
            for process in self._server.office.work.syncs.values():
                process.wait(20)

    def reap(self) -> None:
        """End what was started and is still at work."""
        if self._server is not None:
            for process in self._server.office.work.syncs.values():
                process.kill()


@define
class Person:
    """Somebody at a browser, and everything around the browser that a test looks at."""

    office: Office
    dashboard: Dashboard
    context: BrowserContext
    page: Page
    expected: set[int] = field(factory=set)
    """Statuses of answers that this test is about; any other from 400 on is a trouble."""
    others: tuple[str, ...] = ()
    """Beginnings of addresses elsewhere that this test leads to."""
    outage: bool = False
    """Whether this test ends the server, so that requests may fail."""
    troubles: list[str] = field(factory=list)
    gates: list[Gate] = field(factory=list)
    watches: dict[str, Callable[..., object]] = field(factory=dict)
    """Who is told of which event of the browser."""

    # --- going about ------------------------------------------------------------------------

    @property
    def address(self) -> str:
        """The first page."""
        return self.dashboard.address

    @property
    def path(self) -> str:
        """Where the browser is."""
        return self.page.url.removeprefix(self.address)

    def log_in_by_link(self, link: str) -> None:
        """Use a one-time link and choose the password."""
        self.page.goto(link)
        for name in ("password", "again"):
            self.page.fill(f"[name={name}]", PASSWORD)
        self.page.click("main button")
        self.page.wait_for_url(f"{self.address}/")
        self.settle()

    def log_in(self, name: str = "admin") -> None:
        """Fill in the log-in page that is shown."""
        self.page.fill("[name=name]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("main button")

    def is_logged_in_by(self, link: str) -> None:
        """Have used a one-time link: its password is set, and the browser has the cookies."""
        office, secret = self.dashboard.office, link.rpartition("/")[2]
        session = office.entrance.accept(secret, PASSWORD)
        assert session is not None
        known = office.entrance.know(session, None)
        cookies = {office.cookie: session, office.known_cookie: known}
        self.context.add_cookies(
            [{"name": name, "value": each, "url": self.address} for name, each in cookies.items()]
        )

    def open(self, path: str) -> None:
        """Open a page by its address."""
        self.page.goto(self.address + path)
        self.settle()

    def settle(self) -> None:
        """Wait until the first page, if this is it, has found out whether the connections work."""
        if self.page.locator("[hx-get='/connections']").count():
            self.page.locator(".states").wait_for()

    def press(self, name: str, *, exact: bool = True) -> None:
        """Press the button, or follow the link, of this name in the page's main part."""
        self.button(name, exact=exact).click()

    def button(self, name: str, *, exact: bool = True) -> Locator:
        """Return the button or link of this name."""
        main = self.page.locator("main")
        found = main.get_by_role("button", name=name, exact=exact)
        return found.or_(main.get_by_role("link", name=name, exact=exact)).first

    def sees(self, *texts: str) -> None:
        """Wait until all of these are shown."""
        for text in texts:
            self.page.locator("main").get_by_text(text).first.wait_for()

    def shown(self) -> str:
        """Return the text of the page's main part."""
        return self.page.locator("main").inner_text()

    # --- choosing ---------------------------------------------------------------------------

    def choose_from(self, run: str, query: str = "") -> None:
        """Open the page of the choice."""
        self.open(f"/runs/{run}/choose{query}")

    def tick(self, *numbers: str) -> None:
        """Find each of these by its number and tick it."""
        for number in numbers:
            self.search(number)
            with self.sent("ticks"):
                self.box_of(number).check()

    def has_ticked(self, run: str, *numbers: str) -> None:
        """Have these ticked before: each search and each tick is a page for itself."""
        from renkei_runner.deeds import launch
        from renkei_web.database import Database
        from renkei_web.office import Office
        from renkei_web.processes import Work

        # its own: the server may be another process by now
        database = Database(self.office.dashboard)
        office = Office(self.dashboard.config, database, Work(launch), secure=False)
        admin = next(user.id for user in office.people.users() if user.name == "admin")
        with office.drafts_of("").changing(admin, run) as draft:
            draft.numbers = set(numbers)

    def box_of(self, number: str) -> Locator:
        """Return the tick box of an employee on this page."""
        return self.row_of(number).locator("input[type=checkbox]")

    def row_of(self, number: str) -> Locator:
        """Return the row of an employee on this page."""
        number_cell = self.page.get_by_role("rowheader", name=number, exact=True)
        return self.page.locator("tbody tr").filter(has=number_cell)

    def search(self, text: str) -> None:
        """Search by number or name."""
        self.page.fill("[name=q]", text)
        with self.page.expect_navigation():
            self.page.locator("[role=search] button").click()

    def filter(self, difference: str) -> None:
        """Show one difference only."""
        with self.page.expect_navigation():
            self.page.locator(f".filters .d-{difference}").click()

    def tick_many(self) -> None:
        """Press the button that ticks all whom the filter matches."""
        with self.sent("ticks"):
            self.page.locator(".toolbar button").nth(1).click()

    def tick_all_shown(self) -> None:
        """Tick everybody whom the filter matches, those to be looked at first one by one."""
        self.tick_many()
        for box in self.page.locator("tr:has(.c-warning) [type=checkbox]").all():
            if not box.is_checked():
                with self.sent("ticks"):
                    box.check()

    def tick_all(self, *differences: str) -> None:
        """Tick everybody of these differences."""
        for each in differences:
            self.filter(each)
            self.tick_all_shown()

    def is_ticked(self, count: int) -> None:
        """Wait until the page counts *count* ticks."""
        self.sees(f"選択した従業員: {count} 人")

    def fill_in_new(self, target: str) -> None:
        """Give all new employees the same values."""
        for name, choice in NEW[target].items():
            field = self.page.locator(f"[name='all:{name}']")
            offered = field.locator("option", has_text=choice).first
            field.select_option(offered.get_attribute("value"))

    def ready_to_sync(self, run: str, *numbers: str) -> None:
        """Have these ticked (default: tick all new and changed), fill in, and stop at [同期]."""
        if numbers:
            self.has_ticked(run, *numbers)
            is_new = not set(numbers).isdisjoint(self.numbers(run, "new"))
            self.open(f"/runs/{run}/{'values' if is_new else 'start'}")
        else:
            self.choose_from(run)
            self.tick_all("new", "changed")
            self.press("次へ")
        self.page.wait_for_url(VALUES_OR_START)
        if self.path.endswith("/values"):
            self.fill_in_new(self.target_of(run))
            self.press("次へ")
        self.button("同期").wait_for()

    def sync(self, run: str, *numbers: str) -> None:
        """Tick, fill in, and press [同期]; the sync is on its way then."""
        self.ready_to_sync(run, *numbers)
        self.press("同期")
        self.page.wait_for_url(f"**/runs/{run}")

    def status(self, code: str) -> None:
        """Wait until the page shows a status, without reloading it."""
        self.page.locator(f"#run .badge.s-{code}").first.wait_for()

    @contextmanager
    def sent(self, what: str) -> Iterator[None]:
        """Wait for the answer to a request of the page itself."""

        def fits(response: Response) -> bool:
            return response.request.method == "POST" and what in response.url

        with self.page.expect_response(fits):
            yield

    # --- what is behind the pages -------------------------------------------------------------

    @contextmanager
    def runs(self) -> Iterator[Runs]:
        """Open the engine on the same store."""
        with Runs(load_config(self.dashboard.config), who="admin") as runs:
            yield runs

    def fetched(self, source: str = "smarthr", target: str = "touchontime") -> str:
        """Fetch without the pages, where a test is about what comes after; return the run."""
        with self.runs() as runs:
            return runs.fetch(source, target).id

    def target_of(self, run: str) -> str:
        """Return the connection that a run writes to."""
        with self.runs() as runs:
            return runs.run(run).target

    def numbers(self, run: str, *differences: str) -> list[str]:
        """Return the numbers of some differences."""
        from renkei.model import Difference

        with self.runs() as runs:
            return runs.numbers(run, Filter(differences=tuple(map(Difference, differences))))

    def look_first(self, run: str) -> set[str]:
        """Return the numbers of those whom a person has to look at first."""
        with self.runs() as runs:
            return set(runs.numbers(run, Filter(look_first=True)))

    def outcomes(self, run: str) -> dict[str, str]:
        """Return the outcome of those who have one, of all who were chosen, by number."""
        with self.runs() as runs:
            items = [item for item in runs.items(run) if item.selected and item.outcome]
            outcomes = {str(item.number): str(item.outcome) for item in items}
        return {number: each for number, each in outcomes.items() if each not in OPEN}

    def hold(self, system: str, nth: int = 1, kind: Kind = "update") -> Gate:
        """Let the system hold the nth write of a kind until the gate is opened."""
        gate = Gate()
        self.gates.append(gate)
        self.office.system(system).faults.add("hook", kind=kind, nth=nth, call=gate)
        return gate

    def move_to(self, moment: str) -> None:
        """Let the calendar of renkei stand at *moment* from now on."""
        self.office.monkeypatch.setenv("RENKEI_NOW", moment)

    def end_sessions(self) -> None:
        """Let every session run out."""
        from renkei_web.database import Database
        from renkei_web.tables import sessions

        with closing(Database(self.office.dashboard)) as database, database.writing() as db:
            db.execute(sa.delete(sessions))

    # --- watching ---------------------------------------------------------------------------

    def watch(self) -> None:
        """Note whatever no page of ours may do."""

        def answered(response: Response) -> None:
            if response.status >= 400 and response.status not in self.expected:
                self.troubles.append(f"{response.status} {response.url}")

        def asked(url: str) -> None:
            if not url.startswith((f"{self.address}/", "about:", "blob:", *self.others)):
                self.troubles.append(f"another host was asked: {url}")

        def said(kind: str, text: str) -> None:
            is_status = text.startswith("Failed to load resource: the server responded")
            is_outage = self.outage and ("ERR_" in text or "Failed to fetch" in text)
            if kind in {"error", "warning"} and not is_status and not is_outage:
                self.troubles.append(f"console: {text}")

        def opened(dialog: Dialog) -> None:
            self.troubles.append(f"a dialog: {dialog.message}")
            dialog.dismiss()

        self.watches = {
            "response": answered,
            "request": lambda request: asked(request.url),
            "console": lambda message: said(message.type, message.text),
            "weberror": lambda error: self.troubles.append(f"page error: {error.error}"),
            "dialog": opened,
        }
        for event, told in self.watches.items():
            self.context.on(event, told)  # type: ignore[call-overload]

    def leave(self) -> None:
        """Leave the browser as it was found: one empty page, no cookies, nobody who watches."""
        for gate in self.gates:
            gate.open()
        self.context.cookies()  # by the answer to this, all that happened before is known
        for event, told in self.watches.items():
            self.context.remove_listener(event, told)
        for page in self.context.pages:
            if page != self.page:
                page.close()
        self.page.goto("about:blank")  # nothing looks again, and asks without its cookies
        self.page.set_viewport_size(SIZE)
        self.context.clear_cookies()


def chromium_path() -> str | None:
    """Return the browser of the system, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a file of tests: a loop of its own runs as long as it is there."""
    from playwright.sync_api import sync_playwright

    path = chromium_path()
    if path is None:
        reason = "no Chromium: install the package chromium of your system"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, chromium_sandbox=os.getuid() != 0, args=PLAIN
        )
        yield browser
        browser.close()


@pytest.fixture
def dashboard(office: Office) -> Iterator[Dashboard]:
    """A dashboard on both systems, with the calendar at noon; nobody has logged in yet."""
    office.in_flight = 1  # a gate that holds the second write holds up the third
    config = office.configure(smarthr="label: SmartHR", touchontime="label: Touch On Time")
    for name, value in office.environment().items():
        office.monkeypatch.setenv(name, value)  # also for the syncs, processes of their own
    made = Dashboard(config)
    made.start()
    yield made
    made.reap()
    made.stop()


def new_context(browser: Browser, language: str) -> BrowserContext:
    """Return a browser of somebody who reads a language; nobody else has used it."""
    context = browser.new_context(locale=language, viewport=SIZE, timezone_id="Asia/Tokyo")
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(WATCHING)
    return context


@pytest.fixture(scope="module")
def places(chromium: Browser) -> dict[str, list[Page]]:
    """The places at a browser that nobody uses, by language: a new one costs most of a second."""
    return {}


Watched = Callable[[str], Person]


@pytest.fixture
def at_browser(
    chromium: Browser, places: dict[str, list[Page]], office: Office, dashboard: Dashboard
) -> Iterator[Watched]:
    """Return a function that opens a browser for somebody who reads a language."""
    people: list[tuple[str, Person]] = []

    def opened(language: str = "ja") -> Person:
        free = places.setdefault(language, [])
        page = free.pop() if free else new_context(chromium, language).new_page()
        person = Person(office, dashboard, page.context, page)
        person.watch()
        people.append((language, person))
        return person

    yield opened
    for language, person in people:
        person.leave()
        places[language].append(person.page)  # a place that cannot be left is not used again
    assert [person.troubles for _, person in people if person.troubles] == []


@pytest.fixture
def hr(at_browser: Watched, dashboard: Dashboard) -> Person:
    """An administrator who reads Japanese and has logged in; no page is open yet."""
    person = at_browser("ja")
    assert dashboard.link is not None
    person.is_logged_in_by(dashboard.link)
    return person
