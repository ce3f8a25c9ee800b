"""
What somebody who has logged in may read of a run: one rule, for every page and every file.

Viewers read what administrators read. As soon as there is a plan that is everybody in it, chosen or
not, before the sync and after it: the values before and after, of somebody blocked the values of
both systems, outcome, reason and the system's own words. Once the values are purged it is number
and outcome of those who were chosen. Only administrators are told what is wrong with a connection,
and offered what changes anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from renkei.model import Difference, Filter, Item, Outcome, Run, Status
from renkei.runs import Runs
from renkei.words.labels import Labels

WITHOUT_PLAN = (Status.FETCHING, Status.FAILED)


class Group(StrEnum):
    """Some of a plan that a person may ask for, beside those of one outcome."""

    BLOCKED = "blocked"
    CHOSEN = "chosen"


def is_readable(run: Run) -> bool:
    """Tell whether there is anybody to read about in *run*."""
    return run.status not in WITHOUT_PLAN


def everybody(runs: Runs, run_id: str) -> tuple[Run, Iterator[Item], Labels]:
    """Return a run with everybody in it, and what people call its things, for a file."""
    run = runs.run(run_id)
    found = runs.items(run_id) if is_readable(run) else iter(())
    return run, found, runs.labels(run_id)


def some(runs: Runs, run: Run, *, which: str, text: str, after: int, limit: int) -> list[Item]:
    """Return the first people after a position, of one group or outcome (else: any), for a page."""
    if not is_readable(run):
        return []
    wanted = Filter(
        differences=(Difference.BLOCKED,) if which == Group.BLOCKED else (),
        outcomes=tuple(each for each in Outcome if each.value == which),
        selected=which == Group.CHOSEN,
        text=text,
    )
    return runs.page(run.id, wanted, after=after, limit=limit)
