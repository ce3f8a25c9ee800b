"""What must be true however renkei was hurt, by the target's own journal and the store's own word.

Renkei's log is not asked, and neither is anything that the hurt process has said.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing

from tests.reliability.harness.killer import Child
from tests.reliability.harness.site import Site
from tests.result import Result

from renkei.config import load_config
from renkei.model import Difference, Filter, Item, Outcome, Status
from renkei.runs import Runs
from renkei.store.store import Store
from renkei_sandbox.journal import Entry

WRITTEN = {"create": Outcome.CREATED, "update": Outcome.UPDATED}
NOT_SELECTED = Outcome.NOT_SELECTED
JSON = ("--output", "json")

OWN = {"id", "key", "created_at", "updated_at"}
"""What a system itself puts into a record."""

Who = tuple[str, str | None]
"""A kind of write and whom it was about: the number of a new employee, else the target's id."""


def recovered(site: Site, again: Sequence[str], words: Sequence[str]) -> None:
    """
    Go on with *again*, as a person would, and once more: the second time nothing is sent.

    *words* are those of the sync itself, for a run in which nobody was chosen yet.
    """
    again = (*again, *JSON)
    sent, child = watched(site, again, again)
    if _error(child.results[0]) == "nothing_chosen":
        sent, child = watched(site, (*words, *JSON), again)
    first, second = child.results
    tidy(first, second)
    assert first.code in (0, 1), f"it cannot go on: {first}"
    assert second.code == first.code, f"another end the second time: {second}"
    assert sent[0] == sent[1], f"the second resume has sent something: {site.sent()[sent[0] :]}"


def watched(site: Site, *commands: Sequence[str]) -> tuple[list[int], Child]:
    """Run *commands*; return how many writes the target had been sent at the end of each."""
    child = site.start(*commands)
    sent = []
    while child.until_held() is not None:
        sent.append(len(site.sent()))
        child.go_on()
    assert len(child.results) == len(commands), f"it ended with {child.code}"
    return sent, child


def _error(result: Result) -> str | None:
    error: str | None = result.json.get("error", {}).get("code")
    return error


def tidy(*results: Result) -> None:
    """Nobody is shown a traceback, or a mistake of renkei's own."""
    for result in results:
        assert "Traceback" not in result.err + result.out, str(result)
        assert "mistake of its own" not in result.err + result.out, str(result)


def sound(site: Site) -> None:
    """The file of the store is whole, and nobody holds a lease any more."""
    if site.database is None:
        with closing(sqlite3.connect(site.store)) as connection:
            assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
            assert connection.execute("pragma foreign_key_check").fetchall() == []
    held = site.ask("select connection, owner from leases where run_id is not null")
    assert held == (), "a lease is still held"


def agrees(site: Site, store: Store, *runs: str) -> None:
    """What the target has carried out is what the store says of *runs*, each write once."""
    creates_once(site)
    accepted = Counter(
        _who(site, entry) for entry in site.sent() if entry.accepted and entry.kind in WRITTEN
    )
    told: Counter[Who] = Counter()
    chosen: set[Who] = set()
    for run in runs:
        assert store.open_writes(int(run)) == [], "a write is still in doubt"
        for item in store.items(run, selected=True):
            kind = "create" if item.difference is Difference.NEW else "update"
            who = _whom(kind, item)
            chosen.add(who)
            assert item.outcome is not Outcome.UNKNOWN, item.number
            if item.outcome in WRITTEN.values():
                assert item.outcome is WRITTEN[kind], (item.number, item.outcome)
                told[who] += 1
    assert accepted.keys() <= chosen, f"written, but not chosen: {accepted.keys() - chosen}"
    assert accepted.keys() == told.keys(), f"written {dict(accepted)}, told {dict(told)}"
    if len(runs) == 1:
        assert set(told.values()) <= {1}, f"told twice: {told}"


def adds_up(site: Site, run_id: str) -> None:
    """Whatever counts the people of a run counts everybody once: the run, the report, the pages."""
    with Runs(load_config(site.folder / "renkei.yaml")) as runs:
        run, items = runs.run(run_id), list(runs.items(run_id))
        assert sum(run.counts.values()) == len(items)
        if run.outcomes is None:
            assert {item.outcome for item in items} == {None}
            return
        told = Counter(item.outcome for item in items)
        assert {each: n for each, n in run.outcomes.items() if n} == told, (run.outcomes, told)
        chosen = sum(item.selected for item in items)
        assert sum(n for each, n in run.outcomes.items() if each is not NOT_SELECTED) == chosen
        for outcome, count in run.outcomes.items():
            page = runs.page(run_id, Filter(outcomes=(outcome,)), limit=1000)
            assert [item.outcome for item in page] == [outcome] * count, outcome
        doubts = [item.number for item in items if item.outcome is Outcome.UNKNOWN]
    with closing(Store(site.at)) as store:
        open_ones = {write.item.number for write in store.open_writes(int(run_id))}
        assert set(doubts) == open_ones, (doubts, open_ones)


def creates_once(site: Site) -> None:
    """Once the target has accepted a create, no further one is even sent for that number."""
    done: set[Who] = set()
    for entry in site.sent():
        if entry.kind == "create":
            who = _who(site, entry)
            assert who not in done, f"created {who[1]}, and sent again"
            if entry.accepted:
                done.add(who)
    for _kind, number in done:
        assert len(site.system.find(number)) == 1, f"{number} is there twice, or not at all"


def _who(site: Site, entry: Entry) -> Who:
    if entry.kind == "create":
        return "create", str(entry.body[site.system.number_field])
    return entry.kind, entry.person


def _whom(kind: str, item: Item) -> Who:
    return kind, item.number if kind == "create" else item.target_id


def ended(store: Store, run: str, expected: Mapping[str, Outcome], status: Status) -> None:
    """Everybody has the outcome that they have when nothing goes wrong."""
    outcomes = {item.number: item.outcome for item in store.items(run, selected=True)}
    assert outcomes == expected, f"{outcomes} instead of {expected}"
    assert store.run(run).status is status, store.run(run).status


def nothing_left(site: Site, expected: Mapping[str, Outcome]) -> None:
    """A second fetch finds nothing to do for anybody who was synced."""
    plan = site.fetched()
    good = {number for number, outcome in expected.items() if outcome is not Outcome.FAILED}
    with closing(Store(site.at)) as store:
        differences = {item.number: item.difference for item in store.items(plan)}
    assert {differences[number] for number in good} <= {Difference.SAME}, differences


def people(site: Site) -> list[dict[str, object]]:
    """Return everybody in the target, but for what no two runs have in common."""
    return sorted(
        (
            {name: value for name, value in record.items() if name not in OWN}
            for record in site.system.people.values()
        ),
        key=str,
    )
