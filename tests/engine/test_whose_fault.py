"""A refusal that sounds general: the writes that follow tell whether it was about one employee."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import product
from typing import TYPE_CHECKING

import pytest

from renkei.errors import (
    AccessError,
    InDoubtError,
    RecordError,
    RenkeiError,
    UnavailableError,
)
from renkei.model import Outcome, Run, Status
from renkei.people import Values

if TYPE_CHECKING:
    from tests.engine.world import World

NO = AccessError("no")
NO.detail = "code 3: not allowed"
LOST = InDoubtError(UnavailableError("lost"))
PEOPLE = tuple(f"{n:03}" for n in range(6))
ALL = frozenset(PEOPLE)
FAILED = (Outcome.FAILED, "not_taken")
UPDATED = (Outcome.UPDATED, None)


def six(world: World) -> Run:
    """Return a chosen run of six changed employees."""
    for number in PEOPLE:
        world.in_clinic(number, mail=f"{number}@example.jp")
        world.in_rosta(number)
    run = world.fetch()
    world.choose(run)
    return run


def refuse(
    world: World, numbers: Collection[str], error: RenkeiError = NO, *, reads: int | None = None
) -> Counter[str]:
    """Refuse the updates of some, and every read after the first *reads*; count the sendings."""
    sent = Counter[str]()
    looks = Counter[str]()

    def trouble(hook: str, changes: Values) -> None:
        if hook == "read_employees":
            looks[hook] += 1
            if reads is not None and looks[hook] > reads:
                raise AccessError("blind")
        if hook == "update_employee":
            number = str(changes["email"]).partition("@")[0]
            sent[number] += 1
            if number in numbers:
                raise error

    world.rosta.trouble = trouble
    return sent


def outcomes(world: World, run: Run) -> dict[str, tuple[Outcome | None, str | None]]:
    """Return everybody's outcome with its reason."""
    return {number: world.outcome(run, number) for number in PEOPLE}


@pytest.mark.parametrize("at", range(6))
def test_one_who_is_refused_fails_alone_wherever_they_stand(world: World, at: int) -> None:
    """The others are written, one sending each; the report has the system's own words."""
    run = six(world)
    sent = refuse(world, {PEOPLE[at]})
    assert world.resume(run).status is Status.DONE_WITH_ERRORS
    found = outcomes(world, run)
    assert found.pop(PEOPLE[at]) == FAILED
    assert set(found.values()) == {UPDATED}
    assert set(sent.values()) == {1}
    assert world.item(run, PEOPLE[at]).detail == NO.detail


@pytest.mark.parametrize("refused", [PEOPLE[:2], PEOPLE[4:], PEOPLE[::5], (*PEOPLE[:2], "004")])
def test_two_side_by_side_fail_too(world: World, refused: tuple[str, ...]) -> None:
    """Fewer than three in a row say nothing about the system."""
    run = six(world)
    refuse(world, refused)
    assert world.resume(run).status is Status.DONE_WITH_ERRORS
    found = outcomes(world, run)
    assert {n for n in PEOPLE if found[n] == FAILED} == set(refused)
    assert {n for n in PEOPLE if found[n] == UPDATED} == ALL - set(refused)


@pytest.mark.parametrize("first", [0, 1, 3])
def test_three_in_a_row_are_the_system(world: World, first: int) -> None:
    """Whatever was written before: nobody is failed, nobody behind them is tried."""
    run = six(world)
    refused = PEOPLE[first : first + 3]
    sent = refuse(world, refused)
    assert world.resume(run).status is Status.PAUSED
    found = outcomes(world, run)
    assert {found[n][0] for n in PEOPLE[first:]} == {Outcome.DEFERRED}
    assert {found[n] for n in PEOPLE[:first]} <= {UPDATED}
    assert set(sent) == set(PEOPLE[: first + 3])


def test_a_system_that_cannot_be_read_either_is_at_fault_at_once(world: World) -> None:
    """After one refusal: nobody else is tried, and nobody is blamed."""
    run = six(world)
    sent = refuse(world, {PEOPLE[0]}, reads=1)
    assert world.resume(run).status is Status.PAUSED
    assert sent == {PEOPLE[0]: 1}
    assert {o for o, _reason in outcomes(world, run).values()} == {Outcome.DEFERRED}


@pytest.mark.parametrize("resumes", [True, False], ids=["resume", "a new run"])
def test_those_who_were_refused_come_last(world: World, resumes: bool) -> None:
    """Three at the head of the list hold up nobody the second time; then they are failed."""
    run = six(world)
    sent = refuse(world, PEOPLE[:3])
    assert world.resume(run).status is Status.PAUSED
    if not resumes:
        run = world.fetch()
        world.choose(run)
    assert world.resume(run).status is Status.DONE_WITH_ERRORS
    found = outcomes(world, run)
    assert {found[n] for n in PEOPLE[:3]} == {FAILED}
    assert {found[n] for n in PEOPLE[3:]} == {UPDATED}
    assert max(sent.values()) == 2


def test_only_those_who_were_refused_are_left_and_no_write_passes(world: World) -> None:
    """Nobody else is left: without a write that passes, it may still be the system."""
    run = six(world)
    refuse(world, PEOPLE)
    for _time in range(4):
        assert world.resume(run).status is Status.PAUSED
    assert {o for o, _reason in outcomes(world, run).values()} == {Outcome.DEFERRED}


def test_who_was_written_since_is_no_longer_last(world: World) -> None:
    """The newest write of somebody tells; an old refusal is forgotten."""
    run = six(world)
    refuse(world, PEOPLE[:3])
    assert world.resume(run).status is Status.PAUSED
    refuse(world, ())
    assert world.resume(run).status is Status.DONE
    with world.runs() as runs:
        assert runs._store.refused_before(run.id) == frozenset()


def test_a_refusal_of_the_person_says_nothing_of_the_system(world: World) -> None:
    """Three invalid addresses in a row: each fails, and nobody is held up by them later."""
    run = six(world)
    refuse(world, PEOPLE[:3], RecordError("bad", code="invalid"))
    assert world.resume(run).status is Status.DONE_WITH_ERRORS
    with world.runs() as runs:
        assert runs._store.refused_before(run.id) == frozenset()
    assert {o for n, (o, _r) in outcomes(world, run).items() if n in PEOPLE[3:]} == {
        Outcome.UPDATED
    }


def test_three_sendings_of_one_employee_at_most(world: World) -> None:
    """An update that is lost each time; then it is about this employee."""
    run = six(world)
    sent = refuse(world, {PEOPLE[2]}, LOST)
    assert world.resume(run).status is Status.DONE_WITH_ERRORS
    assert sent[PEOPLE[2]] == 3
    assert outcomes(world, run)[PEOPLE[2]] == FAILED
    assert {sent[n] for n in PEOPLE if n != PEOPLE[2]} == {1}


FATES = ("refused", "lost", "late")


@pytest.mark.parametrize(
    "fates",
    [
        pytest.param(
            fates,
            id="-".join(fates),
            marks=[] if sum(map(FATES.index, fates)) % 3 == 2 else [pytest.mark.long],
        )
        for fates in product(FATES, repeat=3)
    ],
)
def test_whoever_was_tried_has_an_end(world: World, fates: tuple[str, ...]) -> None:
    """
    Three troubles in a row, of any kinds and in any order, after which everybody else passes.

    A *late* answer is lost, but its write is not; a write that is *lost* has no effect the first
    time. One that came through shows that the system is well: the refusals were about people.
    """
    run = six(world)
    fate = dict(zip(PEOPLE, fates, strict=False))
    sent = Counter[str]()

    def trouble(hook: str, changes: Values) -> None:
        if hook == "update_employee":
            number = str(changes["email"]).partition("@")[0]
            sent[number] += 1
            if fate.get(number) == "refused":
                raise NO
            if fate.get(number) == "lost" and sent[number] == 1:
                raise LOST

    def aftermath(hook: str, changes: Values) -> None:
        if (
            hook == "update_employee"
            and fate.get(str(changes["email"]).partition("@")[0]) == "late"
        ):
            raise LOST

    world.rosta.trouble, world.rosta.aftermath = trouble, aftermath
    ended = world.resume(run).status
    found = outcomes(world, run)
    refused = {number for number, kind in fate.items() if kind == "refused"}
    if "late" in fates:
        assert ended is (Status.DONE_WITH_ERRORS if refused else Status.DONE)
        assert {number for number in PEOPLE if found[number] == FAILED} == refused
        assert {number for number in PEOPLE if found[number] == UPDATED} == ALL - refused
    else:
        assert ended is Status.PAUSED
        assert {outcome for outcome, _reason in found.values()} == {Outcome.DEFERRED}
    assert all(sent[number] == 1 for number in refused)


def test_a_refusal_in_the_other_direction_is_another_matter(world: World) -> None:
    """The ids of one system say nothing about those of the other, even where they are equal."""
    run = six(world)
    back = world.fetch("rosta", "clinic")
    refuse(world, PEOPLE[:3])
    assert world.resume(run).status is Status.PAUSED
    with world.runs() as runs:
        assert len(runs._store.refused_before(run.id)) == 3
        assert runs._store.refused_before(back.id) == frozenset()
