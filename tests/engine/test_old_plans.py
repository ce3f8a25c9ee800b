"""A plan grows old: when nothing of it may be sent any more, and how its choice is carried over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from renkei.errors import AccessError, ClosedError, InDoubtError, UnavailableError, UsageError
from renkei.model import Difference, Outcome, OwnValues, Remark, Run, Selection, Status
from renkei.people import Values

if TYPE_CHECKING:
    from tests.engine.world import World

OPENS = dt.datetime(2026, 11, 20, 1, tzinfo=dt.UTC)
CLOSED = ClosedError("closed", opens=OPENS)
LIMIT = UnavailableError("pause", code="rate_limit", nothing_done=True)
LOST = InDoubtError(UnavailableError("lost"))
SAME = frozenset({Difference.SAME})


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Set the calendar."""
    return lambda moment: monkeypatch.setenv("RENKEI_NOW", f"2026-{moment}:00+09:00")


def closed(hook: str, _values: Values) -> None:
    """Take no new employees at this time of day."""
    if hook == "create_employee":
        raise CLOSED


def paused(world: World, error: Exception, *more: str) -> Run:
    """Return a run that paused after its first create."""
    for number in ("001", "002", "003", *more):
        world.in_clinic(number)
    run = world.fetch()
    world.choose(run)

    def refuse(hook: str, _values: Values) -> None:
        if hook != "read_employees" and world.rosta.writes:
            raise error

    def broken(hook: str, values: Values) -> None:
        if world.rosta.writes and not isinstance(error, ClosedError) and hook == "read_employees":
            raise error
        refuse(hook, values)

    world.rosta.trouble = refuse if isinstance(error, ClosedError | InDoubtError) else broken
    assert world.resume(run).status is Status.PAUSED
    world.rosta.trouble = lambda _hook, _values: None
    return run


def created(world: World) -> list[object]:
    """Return the numbers that were created, in order."""
    return [values["id_no"] for kind, _id, values in world.rosta.writes if kind == "create"]


@pytest.mark.fault("F90")
@pytest.mark.parametrize("begun", [False, True])
def test_an_outcome_without_a_request_is_no_beginning(
    world: World, at: Callable[[str], None], begun: bool
) -> None:
    """People who needed nothing have outcomes; whether a plan is too old does not hang on them."""
    world.in_clinic("001")
    world.in_rosta("001")
    world.in_clinic("002")
    run = world.fetch()
    everybody = frozenset({Difference.NEW, *(SAME if begun else ())})
    world.choose(run, differences=everybody)

    def refuse(hook: str, _values: Values) -> None:
        if hook == "create_employee":
            raise CLOSED

    if begun:
        world.rosta.trouble = refuse
        world.resume(run)
        world.rosta.trouble = lambda _hook, _values: None
        with world.runs() as runs:
            runs._store._set(int(run.id), status="paused")
    with world.runs() as runs:
        writes = runs._store.has_begun(run.id)
    at("12-01T12:00")
    with pytest.raises(UsageError, match="older than") as caught:
        world.resume(run)
    assert caught.value.code == "expired"
    assert writes is begun  # an intent was committed for the one that met the closed hours
    assert world.rosta.writes == []


def test_who_needed_nothing_can_be_chosen_away(world: World) -> None:
    """A sync that sent nothing leaves the choice open, and their outcomes go with it."""
    world.in_clinic("001")
    world.in_rosta("001")
    world.in_clinic("002")
    run = world.fetch()
    world.choose(run, differences=frozenset({Difference.NEW, Difference.SAME}))
    world.rosta.trouble = lambda hook, _values: (_ for _ in ()).throw(AccessError("no")) if (
        hook == "read_employees"
    ) else None  # fmt: skip
    assert world.resume(run).status is Status.PAUSED
    world.rosta.trouble = lambda _hook, _values: None
    world.choose(run)
    done = world.resume(run)
    assert done.outcomes is not None
    assert done.outcomes[Outcome.UNCHANGED] == 0
    assert done.outcomes[Outcome.CREATED] == 1


@pytest.mark.fault("F90")
@pytest.mark.parametrize(
    ("error", "moment", "status"),
    [
        (AccessError("no"), "11-21T12:01", Status.EXPIRED),
        (AccessError("no"), "11-21T11:59", Status.DONE),
        (CLOSED, "11-23T11:59", Status.DONE),
        (CLOSED, "11-23T12:01", Status.EXPIRED),
        (LIMIT, "11-23T12:01", Status.EXPIRED),
        (LIMIT, "11-23T11:59", Status.DONE),
    ],
)
def test_a_paused_run_lasts_a_day_and_one_that_was_only_held_up_three(
    world: World, at: Callable[[str], None], error: Exception, moment: str, status: Status
) -> None:
    """Beyond it nothing is sent, the rest stays deferred, and the run is over."""
    run = paused(world, error)
    at(moment)
    if status is Status.DONE:
        assert world.resume(run).status is status
        assert len(created(world)) == 3
        return
    for _time in range(2):
        with pytest.raises(UsageError) as caught:
            world.resume(run)
        assert caught.value.code == "expired"
    with world.runs() as runs:
        after = runs.run(run.id)
    assert after.status is status
    assert after.outcomes is not None
    assert after.outcomes[Outcome.DEFERRED] == 2
    assert len(created(world)) == 1


def test_a_plan_that_was_held_up_before_the_first_write_is_over_too(
    world: World, at: Callable[[str], None]
) -> None:
    """The hours were closed from the start; days later its status says that it is over."""
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)

    world.rosta.trouble = closed
    assert world.resume(run).status is Status.PAUSED
    world.rosta.trouble = lambda _hook, _values: None
    at("11-23T12:01")
    with pytest.raises(UsageError, match="72 hours"):
        world.resume(run)
    with world.runs() as runs:
        assert runs.run(run.id).status is Status.EXPIRED
    assert created(world) == []


@pytest.mark.fault("F90")
def test_another_pause_in_between_ends_the_three_days(
    world: World, at: Callable[[str], None]
) -> None:
    """It paused for something else too: then it lasts a day."""
    run = paused(world, AccessError("no"))

    world.rosta.trouble = closed
    assert world.resume(run).reason == Remark("closed", ("2026-11-20 10:00",))
    world.rosta.trouble = lambda _hook, _values: None
    at("11-21T12:01")
    with pytest.raises(UsageError, match="24 hours"):
        world.resume(run)


def test_a_sync_that_was_killed_did_not_pause_for_closed_hours(
    world: World, at: Callable[[str], None]
) -> None:
    """However often it met closed hours besides: it lasts a day."""
    run = paused(world, CLOSED)
    with world.runs() as runs:
        runs._store._set(int(run.id), status="syncing")  # and nobody holds the lease

    world.rosta.trouble = closed
    assert world.resume(run).reason == Remark("closed", ("2026-11-20 10:00",))
    world.rosta.trouble = lambda _hook, _values: None
    at("11-21T12:01")
    with pytest.raises(UsageError, match="24 hours"):
        world.resume(run)


@pytest.mark.fault("F90")
def test_what_is_in_doubt_is_settled_in_an_old_run(world: World, at: Callable[[str], None]) -> None:
    """Looked up, not sent again; then it is over."""
    for number in ("001", "002"):
        world.in_clinic(number)
    run = world.fetch()
    world.choose(run)
    with world.runs() as runs:

        def lose(_hook: str, _values: Values) -> None:
            runs.interrupt()
            world.rosta.trouble = blind
            raise LOST

        def blind(hook: str, _values: Values) -> None:
            if hook == "read_employees":
                raise AccessError("no")

        world.rosta.aftermath = lose
        assert runs.sync(run.id).status is Status.PAUSED
    world.rosta.aftermath = world.rosta.trouble = lambda _hook, _values: None
    at("11-25T12:00")
    with pytest.raises(UsageError, match="older than"):
        world.resume(run)
    assert world.outcome(run, "001") == (Outcome.CREATED, None)
    assert world.outcome(run, "002")[0] is Outcome.DEFERRED
    assert created(world) == ["001"]
    with world.runs() as runs:
        assert runs.run(run.id).status is Status.EXPIRED


@pytest.mark.fault("F31", "F90")
@pytest.mark.parametrize(("moment", "read"), [("11-20T12:59", False), ("11-20T13:01", True)])
def test_a_late_resume_reads_the_source_again(
    world: World, at: Callable[[str], None], moment: str, read: bool
) -> None:
    """Somebody corrected there since does not go out as they were."""
    run = paused(world, CLOSED)
    [second] = world.clinic.find("002")
    world.clinic.edit(second.id, surname="橘")
    [third] = world.clinic.find("003")
    at(moment)
    world.clinic.reads.clear()
    done = world.resume(run)
    assert bool(world.clinic.reads) is read
    if read:
        assert done.status is Status.DONE_WITH_ERRORS
        assert world.outcome(run, "002") == (Outcome.FAILED, "source_changed")
        assert created(world) == ["001", "003"]
    else:
        assert created(world) == ["001", "002", "003"]
    assert third.id


def test_who_is_gone_from_the_source_is_not_written_late(
    world: World, at: Callable[[str], None]
) -> None:
    """They were deleted there after the fetch."""
    run = paused(world, CLOSED)
    [second] = world.clinic.find("002")
    del world.clinic.people[second.id]
    at("11-20T18:00")
    world.resume(run)
    assert world.outcome(run, "002") == (Outcome.FAILED, "source_changed")


@pytest.mark.fault("F90")
def test_a_source_that_cannot_be_read_pauses_a_late_resume(
    world: World, at: Callable[[str], None]
) -> None:
    """Nothing is sent on the word of an old plan."""
    run = paused(world, CLOSED)
    at("11-20T18:00")

    def refuse(hook: str, _values: Values) -> None:
        if hook == "read_employees":
            raise AccessError("no", where="clinic")

    world.clinic.trouble = refuse
    again = world.resume(run)
    assert (again.status, again.reason) == (Status.PAUSED, Remark("access", ("clinic",)))
    assert len(created(world)) == 1


# --- fetch --again ------------------------------------------------------------------------------


def again(world: World, run: Run) -> tuple[Run, list[str | None], list[str | None]]:
    """Fetch a run again; return the new run, who is chosen in it, and who was left."""
    with world.runs() as runs:
        carried = runs.fetch_again(run.id)
        chosen = [item.number for item in runs.items(carried.run.id) if item.selected]
    return carried.run, chosen, [item.number for item in carried.left]


@pytest.mark.fault("F90")
def test_a_choice_is_carried_over_where_nothing_has_changed(world: World) -> None:
    """With its values; who has changed, has gone or is done is not chosen."""
    for number in ("001", "002", "003", "004"):
        world.in_clinic(number)
    run = world.fetch()
    rows = (OwnValues(number="002", values={"ward": "W2"}, where="x"),)
    with world.runs() as runs:
        numbers = ("001", "002", "003", "004")
        runs.choose(run.id, Selection(numbers=numbers, new={"ward": "W1"}, own_values=rows))
    world.in_rosta("001")
    [third] = world.clinic.find("003")
    world.clinic.edit(third.id, mail="other@example.jp")
    [fourth] = world.clinic.find("004")
    del world.clinic.people[fourth.id]
    new, chosen, left = again(world, run)
    assert chosen == ["002"]
    assert left == ["001", "003", "004"]
    assert new.again_of == run.id
    assert world.resume(new).status is Status.DONE
    assert [(v["id_no"], v["ward"]) for _k, _i, v in world.rosta.writes] == [("002", "W2")]


def test_who_is_done_is_neither_chosen_nor_left(world: World) -> None:
    """A run that paused in the middle is fetched again: only the rest is carried over."""
    run = paused(world, CLOSED)
    _new, chosen, left = again(world, run)
    assert (chosen, left) == (["002", "003"], [])


def test_a_value_that_is_not_offered_any_more_chooses_nobody(world: World) -> None:
    """They are listed as left, and the others stay chosen."""
    world.in_clinic("001")
    world.in_clinic("002", mail="new@example.jp")
    world.in_rosta("002")
    run = world.fetch()
    world.choose(run)
    [wards] = world.rosta.choices
    world.rosta.choices = (type(wards)(wards.name, wards.label, wards.choices[1:]),)
    _new, chosen, left = again(world, run)
    assert (chosen, left) == (["002"], ["001"])


@pytest.mark.fault("F90")
@pytest.mark.parametrize(("base", "expected"), [(None, "2026-11-24"), ("2026-11-02", "2026-11-02")])
def test_a_base_date_stays_if_a_person_chose_it(
    world: World, at: Callable[[str], None], base: str | None, expected: str
) -> None:
    """Else it is today, as before."""
    world.in_clinic("001")
    run = world.fetch(base=dt.date.fromisoformat(base) if base else None)
    world.choose(run)
    at("11-24T12:00")
    new, chosen, _left = again(world, run)
    assert new.base_date.isoformat() == expected
    assert chosen == ["001"]


def test_a_purged_run_has_nothing_to_carry_over(world: World) -> None:
    """Nobody knows any more what was chosen."""
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)
    with world.runs() as runs:
        runs.purge(dt.timedelta(days=-1))
        with pytest.raises(UsageError, match="purged"):
            runs.fetch_again(run.id)


def test_a_new_note_leaves_the_choice_to_a_person(world: World) -> None:
    """The same values are to be written, but by now somebody has nearly the same number."""
    world.in_clinic("001")
    world.in_clinic("002")
    run = world.fetch()
    world.choose(run)
    world.in_clinic("01")
    _new, chosen, left = again(world, run)
    assert (chosen, left) == (["002"], ["001"])


# --- the days of Japan, and what a resume leaves as it is -----------------------------------------


@pytest.mark.parametrize(
    ("fetched", "expected"),
    [("2026-11-20T00:30", "2026-11-24"), ("2026-11-20T23:30", "2026-11-24")],
)
def test_a_run_of_0_1_0_of_today_in_japan_had_no_chosen_date(
    world: World, monkeypatch: pytest.MonkeyPatch, fetched: str, expected: str
) -> None:
    """It did not keep who chose: its date tells, beside the day in Japan on which it was made."""
    monkeypatch.setenv("RENKEI_NOW", f"{fetched}:00+09:00")
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)
    with world.runs() as runs:
        runs._store._set(int(run.id), base_chosen=None)
    monkeypatch.setenv("RENKEI_NOW", "2026-11-24T12:00:00+09:00")
    new, _chosen, _left = again(world, run)
    assert new.base_date.isoformat() == expected


def test_a_mapping_that_has_changed_does_not_end_a_run(world: World) -> None:
    """Once it is put back the run goes on: only age lets a run be over."""
    run = paused(world, CLOSED)
    file = world.folder / "pair.yaml"
    before = file.read_text()
    file.write_text(before.replace("  - {pair: [beds, capacity]}\n", ""))
    with pytest.raises(UsageError) as caught:
        world.resume(run)
    assert caught.value.code != "expired"
    with world.runs() as runs:
        assert runs.run(run.id).status is Status.PAUSED
    file.write_text(before)
    assert world.resume(run).status is Status.DONE
    assert len(created(world)) == 3


def test_a_sync_began_when_it_began_first(world: World, at: object) -> None:
    """However often it was resumed: the report tells the whole span."""
    run = paused(world, CLOSED)
    with world.runs() as runs:
        began = runs.run(run.id).sync_started_at
    at("11-20T12:30")  # type: ignore[operator]
    done = world.resume(run)
    assert done.sync_started_at == began
    assert done.finished_at is not None
    assert began is not None
    assert done.finished_at - began > dt.timedelta(minutes=29)


def test_a_finished_run_in_which_something_is_in_doubt_stays_finished(world: World) -> None:
    """As renkei 0.1.0 could leave one: a system out of reach does not open it again."""
    world.in_clinic("001")
    run = world.fetch()
    world.choose(run)

    def lose(hook: str, _values: Values) -> None:
        if hook == "create_employee":
            blind.append(hook)
            raise LOST
        if blind:
            raise AccessError("no")

    blind: list[str] = []
    world.rosta.trouble = lose
    assert world.resume(run).status is Status.PAUSED
    with world.runs() as runs:
        runs._store._set(int(run.id), status="done_with_errors", reason=None)
    assert world.resume(run).status is Status.DONE_WITH_ERRORS
    assert world.outcome(run, "001") == (Outcome.UNKNOWN, "in_doubt")


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.EXPIRED])
def test_a_run_that_is_over_sends_nothing_while_it_settles(world: World, status: Status) -> None:
    """Neither whose write had no effect, nor those who had not been tried."""
    for number in ("001", "002"):
        world.in_clinic(number)
    run = world.fetch()
    world.choose(run)
    tried: list[str] = []

    def lose(hook: str, _values: Values) -> None:
        if hook == "create_employee":
            tried.append(hook)
            raise LOST
        if tried:
            raise AccessError("no")

    world.rosta.trouble = lose
    world.resume(run)
    with world.runs() as runs:
        runs._store._set(int(run.id), status=status.value)
    world.rosta.trouble = lambda _hook, _values: None
    assert world.resume(run).status is status
    assert world.rosta.writes == []
    with world.runs() as runs:
        assert not runs._store.is_unsettled(run.id)
