"""What a person costs, in things that no machine makes faster or slower."""

from __future__ import annotations

import datetime as dt
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from tests.engine.world import World

from renkei.model import Status

FEW, MANY = 20, 120
"""A few people and many: what comes with each of them is what grows."""


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count calls of Python functions, in every thread; statements and commits of a database."""
    found = Counter[str]()

    def called(_frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            found["calls"] += 1

    def asked(*_arguments: Any) -> None:
        found["statements"] += 1

    def committed(_connection: object) -> None:
        found["transactions"] += 1

    before = sys.getprofile()
    sa.event.listen(Engine, "before_cursor_execute", asked)
    sa.event.listen(Engine, "commit", committed)
    threading.setprofile(called)
    sys.setprofile(called)
    try:
        yield found
    finally:
        sys.setprofile(before)
        threading.setprofile(before)
        sa.event.remove(Engine, "before_cursor_execute", asked)
        sa.event.remove(Engine, "commit", committed)


def grows(world: World, add: Callable[[World, str], None], do: Callable[[], None]) -> Counter[str]:
    """Return what one more person costs: from few people to many."""
    costs = []
    for first, last in ((0, FEW), (FEW, MANY)):
        for each in range(first, last):
            add(world, f"{each:04}")
        do()  # what is worked out once is worked out
        with counted() as found:
            do()
        costs.append(found)
    few, many = costs
    return Counter({name: round((many[name] - few[name]) / (MANY - FEW)) for name in many})


def alike(world: World, number: str) -> None:
    """Add somebody in whom nothing differs."""
    world.in_clinic(number)
    world.in_rosta(number)


def differing(world: World, number: str) -> None:
    """Add somebody with another address."""
    world.in_clinic(number, mail=f"{number}@example.jp")
    world.in_rosta(number)


def new(world: World, number: str) -> None:
    """Add somebody whom the target does not have."""
    world.in_clinic(number)


def fetched(world: World) -> None:
    """Fetch."""
    world.fetch()


@pytest.mark.sqlite
@pytest.mark.parametrize(("add", "most"), [(alike, 101), (differing, 280)])
def test_a_fetch_costs_so_many_calls_for_each_person(
    world: World, add: Callable[[World, str], None], most: int
) -> None:
    """
    Each of them is read twice, compared and stored; statements grow by the thousand.

    They were 99 and 271 when this was written, a quarter of them of the systems in memory.
    """
    cost = grows(world, add, lambda: fetched(world))
    assert cost["calls"] <= most
    assert cost["statements"] == 0


@pytest.mark.sqlite
def test_somebody_new_costs_so_many_calls(world: World) -> None:
    """Who they may be is looked for among all others; they were 290 when this was written."""
    cost = grows(world, new, lambda: fetched(world))
    assert cost["calls"] <= 330
    assert cost["statements"] == 0


@pytest.mark.sqlite
def test_somebody_new_costs_no_more_where_many_have_their_name(world: World) -> None:
    """
    Those who have it, with a number that is somebody else's by now, are looked for once for all.

    They were 880 when this was written, for two of the source, and 2,760 before.
    """

    def namesakes(world: World, number: str) -> None:
        """Add somebody new, and one of their name whose number the source gave to another."""
        day = dt.timedelta(days=int(number))
        world.in_clinic(f"n{number}", first="太郎", born=dt.date(1990, 1, 1) + day)
        world.in_clinic(f"m{number}", first="花子", born=dt.date(1970, 1, 1) + day)
        world.in_rosta(f"m{number}", given="太郎", dob=dt.date(1950, 1, 1) + day)

    cost = grows(world, namesakes, lambda: fetched(world))
    assert cost["calls"] <= 950


@pytest.mark.sqlite
def test_a_sync_costs_so_many_statements_for_each_person(world: World) -> None:
    """
    An intent, an outcome, a look: none of them asks the store for anything else.

    They are 7, and 1,904 calls: an outcome is committed with the next intent, as is that a look
    has confirmed it, and what is said to the store again and again is made once.
    """
    beds = iter(range(1000))

    def synced() -> None:
        more = next(beds)
        for person in world.clinic.people:
            world.clinic.edit(person, beds=more)
        run = world.fetch()
        world.choose(run)
        with world.runs() as runs:
            runs.sync(run.id, allow_unusual=True)

    cost = grows(world, alike, synced)
    assert cost["statements"] <= 8
    assert cost["calls"] <= 2100


@pytest.mark.postgres
def test_a_job_costs_so_many_transactions(world: World) -> None:
    """
    A schedule that fetches, chooses and syncs one person: what is asked at one moment is one.

    They were 26 transactions and 132 statements of a server when this was written, 46 and 196
    before what a job has read was handed on. A file says less: its serial is no statement.
    """
    way = 'name: nightly, at: "0 13 * * *", from: clinic, to: rosta'
    line = f"{way}, sync: {{difference: [changed]}}"
    text = f"{world.files['renkei.yaml']}\nschedules:\n  - {{{line}}}\n"
    (world.folder / "renkei.yaml").write_text(text, encoding="utf-8")
    person = world.in_clinic()
    world.in_rosta()

    def done(mail: str) -> Counter[str]:
        world.clinic.edit(person, mail=mail)
        with counted() as found, world.runs() as runs:
            assert runs.keep_schedule("nightly").status is Status.DONE
        return found

    done("first@example.jp")  # what is made once is made
    found = done("second@example.jp")
    assert found["transactions"] <= 27
    assert found["statements"] <= (138 if world.database else 109)
