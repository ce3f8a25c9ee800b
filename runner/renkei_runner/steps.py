"""What can be done next, as commands: nothing that would be refused when it is typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from attrs import define

from renkei.model import HALTS, Difference, Item, Run, Status
from renkei.words.i18n import _
from renkei_runner.output import next_steps

if TYPE_CHECKING:
    from renkei.runs import Runs
    from renkei.words.labels import Labels, Possible
    from renkei_runner.app import App


def first_pair(runs: Runs) -> tuple[str, str]:
    """Return source and target of a first fetch, or words for them if nothing can be fetched."""
    pair = next(iter(runs.pairs()), None)
    return (pair.source, pair.target) if pair else ("SOURCE", "TARGET")


@define
class Shown:
    """The part of a plan shown: how many can be chosen, and whom a person could release."""

    plain: int = 0
    look_first: int = 0
    pair: Item | None = None
    twin: Item | None = None

    def see(self, item: Item) -> None:
        """Count *item*; the first of each kind stands as an example."""
        if item.difference in (Difference.NEW, Difference.CHANGED):
            self.look_first += item.look_first
            self.plain += not item.look_first
        if item.is_releasable:
            self.pair = self.pair or item
            if item.target_id is None:
                self.twin = self.twin or item


def choosing(app: App, run: Run, shown: Shown) -> Iterator[tuple[str, str]]:
    """Yield the commands that choose among those who were *shown*."""
    can_choose = bool(shown.plain or shown.look_first)
    if can_choose and run.counts.get(Difference.NEW):
        values = _("the values for --new that new employees may need")
        yield app.command("choices", run.target), values
    is_halted = any(notice.code in HALTS for notice in run.notices)
    allow = ("--allow-unusual",) if is_halted else ()  # advise nothing that would be refused
    everybody = ("sync", run.id, "--difference", "new,changed")
    if shown.plain:
        yield app.command(*everybody, *allow), _("write all of these")
    if shown.look_first:
        text = _("also those to be looked at first")
        yield app.command(*everybody, "--look-first", *allow), text
    if can_choose:
        one = app.command("sync", run.id, "--number", "NUMBER", *allow)
        yield one, _("write only one employee")
    yield from _releasing(app, run, shown)


def _releasing(app: App, run: Run, shown: Shown) -> Iterator[tuple[str, str]]:
    """Yield the commands that release those who were *shown*."""
    why = ("--why", "REASON")
    if shown.pair is not None:
        number = shown.pair.number or ""
        called = [each.number or each.id for each in shown.pair.candidates]
        named = f"{number}={called[0]}" if shown.pair.target_id is None else number
        text = _("if both are one person")
        yield app.command("sync", run.id, "--same-person", named, *why), text
    if shown.twin is not None:
        text = _("if they are two people")
        yield app.command("sync", run.id, "--as-new", shown.twin.number or "", *why), text


def say_next(app: App, run: Run, labels: Labels) -> None:
    """Print what can be done next: nothing that would be refused when it is typed."""
    ways = ways_of(app, run, labels)
    page = app.command("report", run.id, "--html", f"report-{run.id}.html")
    keep = (page, _("keep the report as a page"))
    match run.status:
        case Status.FETCHING:
            next_steps((app.command("reports"), _("list the latest runs")))
        case Status.SYNCING:
            report = (app.command("report", run.id), _("what became of each employee"))
            next_steps(report, (app.command("cancel", run.id), _("stop after this employee")))
        case Status.READY:
            next_steps((app.command("plan", run.id), _("look at every difference")), *ways[:1])
        case Status.PAUSED:
            next_steps(*ways[:1], keep)
        case _:
            next_steps(*ways, *([] if run.outcomes is None else [keep]))


def ways_of(app: App, run: Run, labels: Labels) -> list[tuple[str, str]]:
    """Return what is possible with a run, the most useful first: the command and what it does."""
    unfinished = run.outcomes is not None and run.status is not Status.DONE and not run.purged
    pair = ("--again", run.id) if unfinished else (run.source, run.target)
    ways: dict[Possible, tuple[str, str]] = {
        "choose": (app.command("sync", run.id), _("choose and write")),
        "resume": (app.command("resume", run.id), _("continue")),
        "retry": (app.command("sync", run.id, "--retry-failed"), _("try those who failed again")),
        "fetch": (app.command("fetch", *pair), _("compare anew")),
    }
    return [step for name, step in ways.items() if name in labels.possible]
