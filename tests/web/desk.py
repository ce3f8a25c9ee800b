"""A dashboard without a network, and browsers of the people who use it."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher
from attrs import define, field, frozen
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp
from tests.e2e.office import REST
from tests.postgres import Database as Server

from renkei.schedule.job import Claim
from renkei_runner.deeds import launch
from renkei_web import passwords
from renkei_web.app import make_app
from renkei_web.database import Database
from renkei_web.office import Office as WebOffice
from renkei_web.processes import Asked, Launch, Work
from renkei_web.sso import SignOn
from renkei_web.users import Role

PASSWORD = "four invented words together"
HASHER = passwords._hasher
"""As it is made for people; the tests have a cheaper one."""

THEIRS, NOBODYS = "4711", "4712"
"""Run 1 is that of acme, this one that of beta, and the other one nobody has."""

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NOBODY = CHEAP.hash("nobody has this password")
START = 1_800_000_000.0
AUDIT = r"""INSERT INTO "(audit"|facts" VALUES\('audit:)"""

# httpx looks for a module that is not there, through every folder of the path, at each request.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

LOOP = asyncio.Runner()
"""All browsers of a process wait in one loop: a new one has to start its threads anew."""


@frozen
class Idle(Work):
    """Starts nothing; remembers what it was asked for."""

    launch: Launch = launch
    started: list[str] = field(factory=list)
    inputs: list[bytes] = field(factory=list)

    @property
    def given(self) -> bytes:
        """What the last process was given to read."""
        return self.inputs[-1]

    def fetch(self, *words: Any, **more: Any) -> str | Asked:
        self.started.append("fetch")
        return "1"

    def sync(self, *words: Any, **more: Any) -> int:
        self.started.append("sync")
        self.inputs.append(more["given"])
        return 0

    def run_now(self, *words: Any, **more: Any) -> None:
        self.started.append("begin")


@define
class Browser:
    """One browser: its cookies, its address, and where it believes the dashboard is."""

    app: ASGIApp
    base: str = "http://127.0.0.1:8780"
    address: str = "127.0.0.1"
    jar: httpx.Cookies = field(factory=httpx.Cookies)

    def ask(
        self,
        method: str,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | list[tuple[str, str]] | None = None,
        content: bytes | AsyncIterator[bytes] | None = None,
    ) -> httpx.Response:
        """Send exactly this; an exception that comes through fails the test."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(self.address, 50000))
            async with httpx.AsyncClient(
                transport=transport, base_url=self.base, cookies=self.jar
            ) as client:
                answer = await client.request(
                    method, path, data=form, headers=headers, content=content
                )
                self.jar = client.cookies
                return answer

        return LOOP.run(asked())

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Open a page."""
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, **form: str) -> httpx.Response:
        """Send a form of one of our pages, with the token that is on it."""
        return self.ask("POST", path, form={"csrf": self.csrf, **form}, headers=OURS)

    def log_in(self, name: str, password: str = PASSWORD, back: str = "/") -> httpx.Response:
        """Send the form of the log-in page."""
        form = {"name": name, "password": password, "next": back}
        return self.ask("POST", "/login", form=form, headers=OURS)

    @property
    def csrf(self) -> str:
        """The token on the pages of this session; empty when logged out."""
        found = re.search(r'data-csrf="([^"]+)"', self.get("/password").text)
        return found[1] if found else ""

    @property
    def is_in(self) -> bool:
        """Whether the first page is shown, and not the log-in page."""
        return self.get("/").status_code == 200

    def copy(self) -> Browser:
        """Return another browser with a copy of the cookies, as a thief would have."""
        return Browser(self.app, self.base, self.address, httpx.Cookies(self.jar))


OURS = {"sec-fetch-site": "same-origin", "origin": "null"}
"""What a browser says of a form on one of our pages, which name no referrer."""


@define
class Desk:
    """A dashboard with its files; nothing can be reached from it."""

    folder: Path
    secure: bool = False
    moment: float = START
    hosts: tuple[str, ...] = ()
    work: Idle = field(factory=Idle)
    sign_on: SignOn | None = None
    database: Server | None = None
    queue: Callable[[Claim, str], object] | None = None
    office: WebOffice = field(init=False)
    app: ASGIApp = field(init=False)
    pages: list[BaseRoute] = field(init=False)

    def __attrs_post_init__(self) -> None:
        database = Database(self.place, now=lambda: self.moment)
        config = self.folder / "renkei.yaml"
        several = (self.folder / "companies").is_dir()
        self.office = WebOffice(
            config, database, self.work, self.secure, self.sign_on, several, self.queue
        )
        made = make_app(self.office, hosts=self.hosts)
        self.app, self.pages = made, made.routes

    @property
    def file(self) -> Path:
        """Where the dashboard has its own database."""
        return self.folder / "renkei-web.db"

    @property
    def place(self) -> str:
        """Where the dashboard has its own database: the file, unless it is on a server."""
        return self.database.address if self.database else str(self.file)

    @property
    def contents(self) -> bytes:
        """All that its own database holds."""
        if self.database is None:
            return self.file.read_bytes()
        return self.database.contents("renkei_web_of_public")

    @property
    def store(self) -> Path:
        """Where the reports are."""
        return self.folder / "renkei.db"

    @property
    def kept(self) -> list[str]:
        """All that the store keeps but the audit log, which tells of looks, too."""
        with closing(sqlite3.connect(self.store)) as db:
            return [line for line in db.iterdump() if not re.match(AUDIT, line)]

    @property
    def noted(self) -> list[tuple[str, str, dict[str, Any]]]:
        """The audit log: who, act and facts of each line since the store was made for the test."""
        with closing(sqlite3.connect(self.store)) as db:
            rows = db.execute("select who, act, facts from audit order by line").fetchall()
        told = [(who.split(" (")[0], act, json.loads(facts)) for who, act, facts in rows]
        return [line for line in told if line[0] != "somebody"]

    @property
    def cookie(self) -> str:
        """The name of the session's cookie."""
        return "__Host-renkei" if self.secure else "renkei"

    @property
    def base(self) -> str:
        """The address of the first page."""
        return "https://127.0.0.1:8780" if self.secure else "http://127.0.0.1:8780"

    def guest(self, address: str = "127.0.0.1") -> Browser:
        """Return a browser of somebody who is not logged in."""
        return Browser(self.app, self.base, address)

    def add(self, name: str, role: Role = Role.ADMIN) -> int:
        """Let somebody choose a password; return who it is."""
        self.office.entrance.accept(self.office.people.invite(name, role), PASSWORD)
        return next(user.id for user in self.office.people.users() if user.name == name)

    def browser(self, name: str) -> Browser:
        """Return a browser in which this person has logged in."""
        browser = self.guest()
        assert browser.log_in(name).status_code == 303
        return browser

    def routes(self) -> list[tuple[str, str]]:
        """Return method and path of every page that the application has, but files."""
        pages = [each for each in self.pages if isinstance(each, Route)]
        return [
            (method, page.path)
            for page in pages
            for method in sorted(page.methods or ())
            if method != "HEAD"
        ]


def filled(path: str, **named: str) -> str:
    """Return an address of this route, with the parts that are *named*."""
    parts = {"run": "1", "source": "smarthr", "target": "touchontime", "secret": "unknown"} | named
    return re.sub(r"{(\w+)(?::\w+)?}", lambda found: parts.get(found[1], "0"), path)


def person(desk: Desk, role: Role, *companies: str) -> Browser:
    """Return a browser of somebody who has this right on these companies, and no other."""
    user = desk.add("somebody", Role.NONE)
    desk.office.rights.give(user, companies, role)
    return desk.browser("somebody")


def staffed(desk: Desk) -> Desk:
    desk.add("admin")
    desk.add("viewer", Role.VIEWER)
    return desk


def configured(folder: Path, addresses: Mapping[str, str], called: str = "renkei") -> Path:
    lines = ["connections:"]
    for name, address in addresses.items():
        lines += [
            f"  {name}:",
            f"    connector: {name}",
            f"    base_url: {address}",
            f"    token: env:{name.upper()}_TOKEN",
            "    limits: [{count: 100000, seconds: 1}]",
        ]
    path = folder / f"{called}.yaml"
    path.write_text("\n".join([*lines, REST, ""]), encoding="utf-8")
    return path
