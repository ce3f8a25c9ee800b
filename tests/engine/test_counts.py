"""Whatever counts the people of a run counts each of them once, whenever its process has died."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from itertools import product
from typing import TYPE_CHECKING

import pytest

from renkei.errors import UsageError
from renkei.model import Filter, Outcome, Status

if TYPE_CHECKING:
    from tests.engine.world import World

    from renkei.model import Difference, Run

LEFT = (None, *(each for each in Outcome if each is not Outcome.NOT_SELECTED))
WRITES = {"none": (), "open": (None,), "settled": ("not_sent",), "again": ("deferred", None)}
NOBODY: frozenset[Difference] = frozenset()
STATES = list(product(LEFT, WRITES))


def left_by_a_killed_process(world: World, states: Sequence[tuple[Outcome | None, str]]) -> Run:
    """Return a run whose process has died: one employee in each state, and one not chosen."""
    for index in range(len(states) + 1):
        world.in_clinic(f"{index:03}")
    run = world.fetch()
    world.choose(
        run, numbers=tuple(f"{index:03}" for index in range(len(states))), differences=NOBODY
    )
    with closing(sqlite3.connect(world.folder / "reports.db")) as store, store:
        store.execute("update runs set status = 'syncing', sync_started_at = created_at")
        for index, (outcome, writes) in enumerate(states):
            number, name = f"{index:03}", outcome and outcome.value
            store.execute("update items set outcome = ? where number = ?", (name, number))
            for result in WRITES[writes]:
                store.execute(
                    "insert into writes (run_id, position, kind, token, intent_at, result)"
                    " select run_id, position, 'create', 1, '2026-11-20 03:00:00.000000', ?"
                    " from items where number = ?",
                    (result, number),
                )
    return run


@pytest.mark.sqlite
def test_counts_add_up_whatever_was_left(world: World) -> None:
    """Outcomes, items and pages agree, and together they are the plan and the chosen ones."""
    run = left_by_a_killed_process(world, STATES)
    with world.runs() as runs:
        found = runs.run(run.id)
        items = list(runs.items(run.id))
        assert found.status is Status.PAUSED
        assert found.outcomes is not None
        assert sum(found.outcomes.values()) == sum(found.counts.values()) == len(STATES) + 1
        assert found.outcomes[Outcome.NOT_SELECTED] == 1
        assert Counter(item.outcome for item in items) == Counter(found.outcomes)
        for outcome, count in found.outcomes.items():
            page = runs.page(run.id, Filter(outcomes=(outcome,)), limit=1000)
            assert [item.outcome for item in page] == [outcome] * count
            assert sum(runs.tally(run.id, Filter(outcomes=(outcome,))).values()) == count


@pytest.mark.sqlite
@pytest.mark.parametrize("outcome", [None, Outcome.DEFERRED, Outcome.UNKNOWN])
@pytest.mark.parametrize("writes", ["open", "again"])
def test_an_open_write_is_in_doubt_whatever_was_before(
    world: World, outcome: Outcome | None, writes: str
) -> None:
    """Also the second one, of somebody who had been deferred: the run cannot be given up."""
    run = left_by_a_killed_process(world, [(outcome, writes)])
    assert world.outcome(run, "000")[0] is Outcome.UNKNOWN
    with world.runs() as runs, pytest.raises(UsageError) as caught:
        runs.cancel(run.id)
    assert caught.value.code == "in_doubt"
