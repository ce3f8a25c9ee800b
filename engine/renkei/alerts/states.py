"""
What needs a person, by how the directions of a company stand: the one rule of who is told what.

Messages, the inbox of the dashboard and the list of companies all go by it. It is pure: what it
looks at comes out of the store, and who is told how often is kept there (:mod:`renkei.store`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import get_args

from attrs import frozen

from renkei.config.notify import Kind
from renkei.model import Outcome, Status
from renkei.store.stands import Direction, Missed, Stood
from renkei.store.waiting import Waiting
from renkei.words.codes import TABLE, part_of

KINDS: tuple[Kind, ...] = get_args(Kind)

REVIEWED: tuple[Kind, ...] = ("limit", "values", "look_first", "joins", "left", "blocked")
"""What a person who has just fetched sees on the screen."""

OUT_OF_USE = dt.timedelta(days=14)
"""A direction not fetched for this long, while others were, is no longer one."""


@frozen(kw_only=True)
class State:
    """
    Something that needs a person: how many employees it is about, and the *run* to look at.

    A count of 0 means that it is about the run. A token is refused by the *connection*, and a
    *schedule* did not run. What is about the file of a company has none of them.
    """

    company: str
    kind: Kind
    source: str
    target: str
    run: str
    count: int = 0
    connection: str = ""
    schedule: str = ""

    @property
    def key(self) -> str:
        """What tells it from every other state of its company."""
        # Not the direction: one refused token stops all directions of its connection.
        about = self.connection or self.schedule
        if about or not self.source:
            return f"{self.kind}:{about}"
        return f"{self.kind}:{self.source}>{self.target}"


def in_use(directions: Sequence[Direction]) -> list[Direction]:
    """Return those of the *directions* of one company that are still used."""
    if not directions:
        return []
    # Held against the newest fetch, not the clock: a company that nobody fetches keeps its states.
    newest = max(each.newest.fetched_at for each in directions)
    return [each for each in directions if newest - each.newest.fetched_at <= OUT_OF_USE]


def states(directions: Sequence[Direction], missed: Sequence[Missed] = ()) -> list[State]:
    """
    Return what needs a person in one company, by its directions and schedules.

    A refused token is one state, however many runs it has stopped.
    """
    found: list[State] = []
    for direction in in_use(directions):
        found += _of(direction)
    found += map(_of_schedule, missed)
    # Of several with one key the first stays, as it is the last one that is put there.
    by_key = {state.key: state for state in reversed(found)}
    return sorted(by_key.values(), key=lambda state: KINDS.index(state.kind))


def _of(direction: Direction) -> Iterator[State]:
    """Yield what of a direction needs a person; how a run at work ends is not known yet."""
    make = partial(
        State, company=direction.company, source=direction.source, target=direction.target
    )
    newest = direction.before if direction.newest.status.is_at_work else direction.newest
    ended: dict[str, Stood] = {}  # by run: the newest one may be the one synced last
    earlier = [each for each in direction.earlier if not is_old(each, direction)]
    for stood in (newest, direction.synced, *earlier):
        if stood is not None and not stood.status.is_at_work:
            ended[stood.run] = stood
    for stood in ended.values():
        yield from _of_run(stood, make)
    for plan in (newest, *earlier):
        if plan is not None:
            yield from _of_plan(plan, make)
    if direction.in_doubt:
        yield make(kind="in_doubt", run=direction.doubtful or "", count=direction.in_doubt)
    if direction.waiting is not None:
        yield from _of_people(direction.waiting, make)


def is_old(stood: Stood, direction: Direction) -> bool:
    """Tell whether nobody is told any more what a run of a *direction* has left open."""
    return direction.newest.fetched_at - stood.fetched_at > OUT_OF_USE


def _of_plan(plan: Stood, make: Callable[..., State]) -> Iterator[State]:
    """Yield what keeps a plan, of which nothing was sent, from its sync."""
    # A run in line is ready and chosen, too: a worker is about to sync it, nobody has to allow it.
    if plan.status is not Status.READY or plan.goes_on:
        return
    if plan.chosen and not plan.left:
        yield make(kind="limit", run=plan.run)
    elif plan.lacking:
        yield make(kind="values", run=plan.run)


def _of_people(waiting: Waiting, make: Callable[..., State]) -> Iterator[State]:
    """Yield what of the people of the newest plan needs a person."""
    counts: dict[Kind, int] = {
        "look_first": waiting.look_first,
        "joins": waiting.joining,
        "left": waiting.left,
        "blocked": waiting.blocked,
    }
    for kind, count in counts.items():
        if count:
            yield make(kind=kind, run=waiting.plan, count=count)


def of_file(company: str) -> State:
    """Return that the file of a company has mistakes, so that nothing of it runs."""
    return State(company=company, kind="file", source="", target="", run="")


def _of_schedule(missed: Missed) -> State:
    return State(
        company=missed.company,
        kind="missed",
        source="",
        target="",
        run=missed.run or "",
        schedule=missed.schedule,
    )


def _of_run(stood: Stood, make: Callable[..., State]) -> Iterator[State]:
    if stood.status in (Status.PAUSED, Status.FAILED) and not stood.goes_on:
        refused = refused_by(stood)
        kind: Kind = "token" if refused else "halted"
        yield make(kind=kind, run=stood.run, connection=refused or "")
    if stood.status is Status.DONE_WITH_ERRORS:
        count = (stood.outcomes or {}).get(Outcome.FAILED, 0)
        yield make(kind="failed", run=stood.run, count=count)


def refused_by(stood: Stood) -> str | None:
    """Return the connection whose system refused the token, or what it may do; else None."""
    if stood.reason is None:
        return None
    code = TABLE.get(stood.reason.code)
    if code is None or code.error != "AccessError":
        return None
    return part_of(stood.reason, "system") or "?"
