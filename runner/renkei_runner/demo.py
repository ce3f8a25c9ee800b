"""renkei demo: the whole job in both directions, with the commands that a person types.

It uses a free port and a temporary folder, asks nothing, and proves its result from what the
sandbox received. Its calendar stands at noon, so that it works in the closed hours too.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click
from attrs import frozen

from renkei.errors import RenkeiError
from renkei.words.i18n import N_, _, language
from renkei_runner.cli import command, option
from renkei_runner.deeds import launch
from renkei_runner.output import head, say
from renkei_runner.signals import ended_by

if TYPE_CHECKING:
    from renkei_sandbox import Sandbox

CONFIG = """\
connections:
  smarthr:
    connector: smarthr
    label: SmartHR
    base_url: {smarthr}
    token: env:SMARTHR_TOKEN
  touchontime:
    connector: touchontime
    label: Touch On Time
    base_url: {touchontime}
    token: env:TOUCHONTIME_TOKEN
mappings:
  - use: smarthr-touchontime
"""

MARRIED = 3
SHOWN = 2


@command("demo", help=N_("Sync invented people in both directions, and prove the result."))
@option("--people", type=click.IntRange(40, 2000), default=120, show_default=True,
        help=N_("How many invented employees; with --cluster, in each company."))  # fmt: skip
@option("--web", is_flag=True,
        help=N_("Open the dashboard on the same people instead;"
                " with --cluster, afterwards."))  # fmt: skip
@option("--cluster", is_flag=True,
        help=N_("Show two workers of twenty companies instead, and kill one of them."))  # fmt: skip
def demo(people: int, *, web: bool, cluster: bool) -> int:
    from renkei_sandbox import Sandbox

    if cluster:
        from renkei_runner.demo_cluster import show

        show(people, stays=web)
        return 0

    noon = dt.datetime.now(dt.timezone(dt.timedelta(hours=9))).replace(hour=12, minute=0, second=0)
    with (
        TemporaryDirectory(prefix="renkei-demo-") as folder,
        Sandbox(people=people, now=noon) as sandbox,
    ):
        stage = Stage(Path(folder), sandbox, noon)
        stage.set_up(people)
        if web:
            stage.serve()
            return 0
        stage.direction("touchontime", "smarthr", ["biz_establishment_id=大阪支社"], numbered=1)
        stage.marry()
        stage.direction("smarthr", "touchontime", ["divisionCode=200", "typeCode=1"], numbered=2)
        stage.prove()
    say(_("The same in a browser: renkei demo --web (or make demo-web)"))
    return 0


@frozen
class Stage:
    """A temporary folder, a sandbox, and the day of the demo."""

    folder: Path
    sandbox: Sandbox
    noon: dt.datetime

    def set_up(self, people: int) -> None:
        """Write the configuration and tell what there is."""
        systems = self.sandbox.systems.values()
        urls = {system.name: system.base_url for system in systems}
        (self.folder / "renkei.yaml").write_text(CONFIG.format(**urls), encoding="utf-8")
        head(
            _(
                "SmartHR and Touch On Time run on this computer, with {count} invented people."
            ).format(count=people)
        )
        self.renkei("check")

    def serve(self) -> None:
        """Open the dashboard on both systems until somebody stops it."""
        from renkei_web.server import Server

        os.environ.update(self.environment)  # the syncs that it starts find the same systems
        server = Server(config=self.folder / "renkei.yaml", launch=launch, signals=ended_by)
        with server as address:
            head(_("The dashboard: {address}").format(address=address))
            say(_("Open this link once, to log in: {link}").format(link=server.first_link(address)))
            say(_("Ctrl-C stops it, and everything is gone: it is a demo."))
            sys.stdout.flush()
            server.serve()

    def direction(self, source: str, target: str, new: list[str], *, numbered: int) -> None:
        """Fetch, look, sync and report one direction, then show that nothing is left."""
        head(f"{numbered}. {source} → {target}")
        say(_("Fetch and compare. Nothing is written yet."))
        self.renkei("fetch", source, target)
        plan = self.json("plan", self.latest())
        run = plan["run"]
        say(_("Some of those who are new, have changed or are blocked:"))
        self.renkei("plan", run, *self.some(plan))
        say(
            _(
                "Sync all new and changed employees, with the values that new ones need."
                " --look-first includes those at whom a person would have to look first."
            )
        )
        values: list[str] = []
        for value in new:
            values += ["--new", value]
        self.renkei("sync", run, "--difference", "new,changed", "--look-first", *values)
        self.renkei("report", run)
        say(_("Fetch again: nobody of them is left to do."))
        self.renkei("fetch", source, target)
        counts = self.json("plan", self.latest())["counts"]
        if counts["new"] or counts["changed"]:
            raise DemoError(_("The second fetch still found something to do."))

    def some(self, plan: dict[str, Any]) -> list[str]:
        """Return options that name a few employees of each kind."""
        shown: Counter[str] = Counter()
        words = []
        for item in plan["items"]:
            kind = item["difference"]
            can_be_named = kind != "same" and item["number"]
            if can_be_named and shown[kind] < SHOWN:
                shown[kind] += 1
                words += ["--number", item["number"]]
        return words

    def marry(self) -> None:
        """Change some people in SmartHR, so that the other direction has something to do."""
        plain = [
            person
            for person, crew in list(self.sandbox.smarthr.people.items())
            if self._is_plain(crew)
        ]
        for person in plain[:MARRIED]:
            self.sandbox.smarthr.edit(person, last_name="小鳥遊", last_name_yomi="タカナシ")
        say()
        say(
            _("Meanwhile {count} employees marry, and HR enters it in SmartHR.").format(
                count=MARRIED
            )
        )

    def _is_plain(self, crew: dict[str, Any]) -> bool:
        """Tell whether somebody is in each system exactly once, and has no day of leaving."""
        number = crew.get("emp_code") or ""
        if len(self.sandbox.touchontime.find(number)) != 1:
            return False
        return len(self.sandbox.smarthr.find(number)) == 1 and not crew.get("resigned_at")

    def prove(self) -> None:
        """Tell what both systems received, from their own journals; nobody may have come twice."""
        head(_("What the two systems received"))
        for name in self.sandbox.systems:
            writes = list(self.sandbox.writes(name))
            kinds = Counter(each.kind for each in writes)
            bodies = [each.body or {} for each in writes if each.kind == "create"]
            numbers = Counter(str(body.get("emp_code") or body.get("code")) for body in bodies)
            twice = [number for number, times in numbers.items() if times > 1]
            text = _("{system}: {created} created, {updated} updated, {twice} twice.")
            say(text.format(system=name, created=kinds["create"], updated=kinds["update"],
                            twice=len(twice)))  # fmt: skip
            if twice or not kinds["create"]:
                raise DemoError(_("The sandbox did not receive what it should have."))
        say()
        say(_("Done: both directions are synced, and a second fetch found nothing to do."))

    def latest(self) -> str:
        """Return the id of the newest run."""
        run: str = self.json("reports", "--limit", "1")["reports"][0]["run"]
        return run

    def renkei(self, *words: str) -> None:
        """Show a command as a person types it, and run it."""
        say()
        say(f"$ renkei {shlex.join(words)}")
        sys.stdout.flush()
        done = self._run(words, capture=False)
        if done.returncode:
            raise DemoError(
                _("The command ended with exit code {code}.").format(code=done.returncode)
            )
        say()

    def json(self, *words: str) -> dict[str, Any]:
        """Run a command quietly and return its document."""
        document: dict[str, Any] = json.loads(
            self._run((*words, "--output", "json"), capture=True).stdout
        )
        return document

    @property
    def environment(self) -> dict[str, str]:
        """What a command of the demo finds in its environment."""
        return {
            "RENKEI_CONFIG": str(self.folder / "renkei.yaml"),
            "RENKEI_LANG": language(),
            "RENKEI_NOW": self.noon.isoformat(),
            "SMARTHR_TOKEN": self.sandbox.smarthr.token,
            "TOUCHONTIME_TOKEN": self.sandbox.touchontime.token,
        }

    def _run(self, words: tuple[str, ...], *, capture: bool) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "renkei_runner", *words],
            env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL,
            check=False, text=True,
            stdout=subprocess.PIPE if capture else None,
            stderr=subprocess.DEVNULL if capture else None,
        )  # fmt: skip


class DemoError(RenkeiError):
    """The demo did not come out as it should."""

    default_code = "demo"
