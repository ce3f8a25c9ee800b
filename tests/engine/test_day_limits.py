"""The limits are those of a day in Japan: each sync of a pair and direction counts, people once."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from renkei.clock import span
from renkei.errors import (
    AccessError,
    BusyError,
    InDoubtError,
    RecordError,
    RenkeiError,
    UnavailableError,
    UnusualError,
)
from renkei.model import Change, Difference, Item, Outcome, Remark, Run, Selection, Status
from renkei.people import FieldSpec, Label, Value, Values
from renkei.runs import Runs
from renkei.safety import Headcount, Safety, judge, shrinking
from renkei.store.lease import Lease

if TYPE_CHECKING:
    from tests.engine.world import World

DAY = dt.date(2026, 11, 20)
GONE = dt.date(2026, 11, 30)
SPECS = (
    FieldSpec(name="mail", label=Label("mail", "mail"), role="email"),
    FieldSpec(name="end", label=Label("end", "end"), role="left", type="date"),
)
CHANGES: dict[str, tuple[Change, ...]] = {
    "creates": (),
    "updates": (Change("mail", "a", "b"),),
    "leaving": (Change("end", None, GONE),),
    "returning": (Change("end", GONE, None),),
    "emptied": (Change("mail", "a", None),),
}
LIMITS = {
    # what passes with 10, 45 and 1000 people on the source
    "creates": (5, 13, 300),
    "updates": (3, 13, 300),
    "leaving": (2, 2, 50),
    "returning": (2, 2, 50),
    "emptied": (1, 1, 20),
}
CELLS = [
    (kind, listed, limit)
    for kind, limits in LIMITS.items()
    for listed, limit in zip((10, 45, 1000), limits, strict=True)
]


def some(kind: str, count: int, start: int = 0) -> list[Item]:
    """Return *count* employees of a plan who change in this way."""
    difference = Difference.NEW if kind == "creates" else Difference.CHANGED
    return [
        Item(number=f"{n}", name="x", difference=difference, source_id=f"s{n}",
             changes=CHANGES[kind])
        for n in range(start, start + count)
    ]  # fmt: skip


def told(
    chosen: Iterable[Item], listed: int, today: Iterable[Item] = (), there: int | None = None
) -> dict[str, tuple[str, ...]]:
    """Return what is unusual by renkei's own limits: codes, with what they speak of."""
    heads = Headcount(listed=listed, there=there)
    verdict = judge(Safety(), chosen, SPECS, heads, today=today)
    return {remark.code: remark.about for remark in verdict.unusual}


@pytest.mark.parametrize(("kind", "listed", "limit"), CELLS)
def test_each_kind_passes_up_to_its_limit(kind: str, listed: int, limit: int) -> None:
    """With 10, 45 and 1000 people: exactly the limit, and not one more."""
    assert f"unusual_{kind}" not in told(some(kind, limit), listed)
    over = told(some(kind, limit + 1), listed)
    assert over[f"unusual_{kind}"][:3] == (f"{limit + 1}", f"{limit}", "")


@pytest.mark.parametrize(("kind", "listed", "limit"), CELLS)
def test_each_kind_is_counted_over_the_day(kind: str, listed: int, limit: int) -> None:
    """People written by earlier syncs count, and the message says how many they were."""
    today = some(kind, limit - 1)
    assert f"unusual_{kind}" not in told(some(kind, 1, limit), listed, today)
    over = told(some(kind, 2, limit), listed, today)
    earlier = f"{limit - 1}" if limit > 1 else ""
    assert over[f"unusual_{kind}"][:3] == (f"{limit + 1}", f"{limit}", earlier)


@pytest.mark.parametrize("kind", LIMITS)
def test_nobody_counts_twice_for_one_kind(kind: str) -> None:
    """Somebody written earlier in the day and chosen again is one employee."""
    limit = LIMITS[kind][1]
    assert f"unusual_{kind}" not in told(some(kind, limit), 45, some(kind, limit))
    more = [*some(kind, limit), *some(kind, limit)]
    assert f"unusual_{kind}" not in told(some(kind, 1), 45, more)


def test_a_kind_of_which_nobody_is_chosen_is_not_told() -> None:
    """What the day has brought already is past: this sync adds nothing to it."""
    assert told(some("creates", 1), 45, some("updates", 40, 100)) == {}


@pytest.mark.parametrize(
    ("there", "first"), [(0, True), (4, True), (5, False), (50, False), (None, False)]
)
def test_a_target_with_less_than_a_tenth_is_only_being_filled(
    there: int | None, first: bool
) -> None:
    """Of 50 people on the source: 4 there are less than a tenth, 5 are not."""
    [code] = told(some("creates", 16), 50, there=there)
    assert code == ("first_registration" if first else "unusual_creates")
    assert told(some("creates", 15), 50, there=there) == {}


@pytest.mark.parametrize(("usual", "fewest"), [(10, 8), (45, 41), (1000, 900)])
def test_either_side_may_shrink_a_little(usual: int, fewest: int) -> None:
    """Ten in a hundred of those who were there, and two people at least."""
    for code, side in (("unusual_shrink", "listed"), ("unusual_shrink_target", "there")):
        heads = Headcount(listed=usual, usual=usual, there=usual, usual_there=usual)
        assert not list(shrinking(Safety(), evolve(heads, **{side: fewest})))
        [remark] = shrinking(Safety(), evolve(heads, **{side: fewest - 1}))
        assert remark == Remark(code, (f"{fewest - 1}", f"{usual}"))


# --- the day in Japan ---------------------------------------------------------------------------


def in_both(world: World, *numbers: str, **rosta: Value) -> None:
    """Put people into both systems, in the rosta with other values."""
    for number in numbers:
        world.in_clinic(number)
        world.in_rosta(number, **rosta)


def edit(world: World, *numbers: str, **values: Value) -> None:
    """Change people in the clinic."""
    for number in numbers:
        [person] = world.clinic.find(number)
        world.clinic.edit(person.id, **values)


def chosen(world: World, *numbers: str, target: str = "rosta") -> Run:
    """Fetch anew and choose these people."""
    source = {"rosta": "clinic", "clinic": "rosta"}[target]
    run = world.fetch(source, target)
    world.choose(run, numbers=numbers, differences=frozenset())
    return run


def passes(world: World, *numbers: str, target: str = "rosta") -> Run:
    """Sync these people, and see that nothing was in the way."""
    run = world.resume(chosen(world, *numbers, target=target))
    assert run.status is Status.DONE
    assert run.allowed_by is None
    return run


def refused(world: World, *numbers: str, target: str = "rosta") -> list[Remark]:
    """Try to sync these people; return why nothing was sent."""
    run = chosen(world, *numbers, target=target)
    system = {"rosta": world.rosta, "clinic": world.clinic}[target]
    before = len(system.writes)
    with world.runs() as runs:
        with pytest.raises(UnusualError) as caught:
            runs.sync(run.id)
        found = runs.unusual(run.id)
        selection = Selection(numbers=numbers, new={"ward": "W1"} if target == "rosta" else {})
        assert runs.preview(run.id, selection) == found
        assert runs.run(run.id).status is Status.READY
    assert len(system.writes) == before
    assert all(f"{remark.about[0]} " in caught.value.message for remark in found)
    return found


LOST = InDoubtError(UnavailableError("lost"))
NEVER_LEFT = UnavailableError("out of reach", nothing_done=True, for_all=True)
SIX = ("001", "002", "003", "004", "005", "006")


def test_the_second_sync_of_a_day_is_stopped(careful: World) -> None:
    """Three updates and one more: the message says how many were earlier; tomorrow it passes."""
    in_both(careful, *SIX, capacity=9)
    passes(careful, "001", "002", "003")
    assert refused(careful, "004") == [Remark("unusual_updates", ("4", "3", "3"))]


def test_what_is_refused_uses_up_nothing(careful: World) -> None:
    """After a stop with four, as many may go on as there is room for."""
    in_both(careful, *SIX, capacity=9)
    assert refused(careful, *SIX[:4]) == [Remark("unusual_updates", ("4", "3", ""))]
    passes(careful, "001", "002")
    assert refused(careful, "003", "004") == [Remark("unusual_updates", ("4", "3", "2"))]
    passes(careful, "003")


def test_whoever_is_changed_again_counts_once(careful: World) -> None:
    """Corrected twice in a day is one employee, in whatever run."""
    in_both(careful, *SIX, capacity=9)
    passes(careful, "001", "002", "003")
    edit(careful, "001", "002", "003", beds=5)
    passes(careful, "001", "002", "003")
    edit(careful, "003", beds=6)
    assert refused(careful, "003", "004") == [Remark("unusual_updates", ("4", "3", "2"))]


@pytest.mark.parametrize(
    ("first", "second", "same_day"),
    [
        ("2026-11-20T00:00:00+09:00", "2026-11-20T23:59:00+09:00", True),
        ("2026-11-20T23:59:00+09:00", "2026-11-21T00:00:00+09:00", False),
        ("2026-11-20T08:59:00+09:00", "2026-11-20T09:01:00+09:00", True),  # midnight in Greenwich
        ("2026-11-20T14:30:00+00:00", "2026-11-20T15:30:00+00:00", False),  # midnight in Japan
        ("2026-11-19T12:00:00+09:00", "2026-11-20T12:00:00+09:00", False),
    ],
)
def test_the_day_is_that_of_japan(
    careful: World, monkeypatch: pytest.MonkeyPatch, first: str, second: str, same_day: bool
) -> None:
    """Its border is midnight there, by the clock that RENKEI_NOW moves."""
    in_both(careful, *SIX, capacity=9)
    monkeypatch.setenv("RENKEI_NOW", first)
    passes(careful, "001", "002", "003")
    monkeypatch.setenv("RENKEI_NOW", second)
    if same_day:
        assert refused(careful, "004") == [Remark("unusual_updates", ("4", "3", "3"))]
    else:
        passes(careful, "004", "005", "006")


def test_a_span_of_days_begins_and_ends_in_japan() -> None:
    """The first instant is in it, the last is the first of the next day."""
    begin, end = span(DAY, DAY)
    assert begin == dt.datetime(2026, 11, 19, 15, tzinfo=dt.UTC)
    assert end == dt.datetime(2026, 11, 20, 15, tzinfo=dt.UTC)
    assert span(DAY, DAY + dt.timedelta(days=9))[1] == end + dt.timedelta(days=9)


def test_each_direction_has_a_day_of_its_own(careful: World) -> None:
    """What was written to the rosta leaves the clinic its room, and the other way round."""
    in_both(careful, *SIX, capacity=9)
    in_both(careful, "011", "012", "013", "014", capacity=9)
    passes(careful, "001", "002", "003")
    passes(careful, "004", "005", "006", target="clinic")
    assert refused(careful, "011") == [Remark("unusual_updates", ("4", "3", "3"))]
    assert refused(careful, "012", target="clinic") == [Remark("unusual_updates", ("4", "3", "3"))]


@pytest.mark.parametrize(
    ("kind", "limit"), [("creates", 5), ("leaving", 2), ("returning", 2), ("emptied", 1)]
)
def test_what_was_written_is_of_the_kind_that_it_was(careful: World, kind: str, limit: int) -> None:
    """The plan is kept: who was new, left, came back or lost a value is known after the sync."""
    wide = "    safety: {updates: {people: 9, percent: 0}}\n"
    file = careful.folder / "renkei.yaml"
    file.write_text(file.read_text().replace("connector: rosta\n", f"connector: rosta\n{wide}"))
    mapping = careful.folder / "pair.yaml"
    clears = "[mail, email], to: {rosta: {empty: clear}}"
    mapping.write_text(mapping.read_text().replace("[mail, email]", clears))
    numbers = [f"{n:03}" for n in range(limit + 1)]
    if kind == "creates":
        in_both(careful, "900", "901")
        for number in numbers:
            careful.in_clinic(number)
    else:
        in_both(careful, *numbers, end=GONE if kind == "returning" else None)
        if kind == "leaving":
            edit(careful, *numbers, until=GONE)
        if kind == "emptied":
            edit(careful, *numbers, mail=None)
    passes(careful, *numbers[:limit])
    [remark] = refused(careful, numbers[-1])
    assert remark.code == f"unusual_{kind}"
    assert remark.about[:3] == (f"{limit + 1}", f"{limit}", f"{limit}")


# --- tries, sittings, permissions -----------------------------------------------------------------


def test_a_run_is_never_stopped_in_the_middle(careful: World) -> None:
    """It has passed the limits once; what its sittings have written counts for those after it."""
    in_both(careful, *SIX, capacity=9)
    run = chosen(careful, "001", "002", "003")

    def out_of_reach(hook: str, _values: Values) -> None:
        if hook == "update_employee" and len(careful.rosta.writes) == 1:
            raise NEVER_LEFT

    careful.rosta.trouble = out_of_reach
    assert careful.resume(run).status is Status.PAUSED
    assert len(careful.rosta.writes) == 1
    careful.rosta.trouble = lambda _hook, _values: None
    passes(careful, "004", "005")
    assert careful.resume(run).status is Status.DONE
    assert len(careful.rosta.writes) == 5
    assert refused(careful, "006") == [Remark("unusual_updates", ("6", "3", "5"))]


@pytest.mark.parametrize(
    ("error", "arrives", "counts"),
    [
        (None, True, True),
        (RecordError("no", code="refused"), False, False),
        (AccessError("no"), False, False),
        (NEVER_LEFT, False, False),
        (LOST, False, False),  # two looks: it has had no effect
        (LOST, True, True),
    ],
    ids=["written", "refused", "no access", "never left", "lost on the way", "answer lost"],
)
def test_a_write_counts_unless_it_had_no_effect(
    careful: World, error: RenkeiError | None, arrives: bool, counts: bool
) -> None:
    """A refusal takes nobody's place; what has arrived does, whether an answer came or not."""
    in_both(careful, *SIX, capacity=9)
    run = chosen(careful, "001")

    def fails(hook: str, _values: Values) -> None:
        if hook == "update_employee" and error:
            raise error

    if arrives:
        careful.rosta.aftermath = fails
    else:
        careful.rosta.trouble = fails
    careful.resume(run)
    careful.rosta.trouble = careful.rosta.aftermath = lambda _hook, _values: None
    if counts:
        found = [Remark("unusual_updates", ("4", "3", "1"))]
        assert refused(careful, "002", "003", "004") == found
    else:
        passes(careful, "002", "003", "004")


@pytest.mark.parametrize(
    ("result", "counts"),
    [
        (None, True),
        ("answered", True),
        ("updated", True),
        ("created", True),
        ("accepted", True),
        ("not_stored", True),
        ("otherwise", True),
        ("failed", False),
        ("deferred", False),
        ("refused", False),
        ("not_sent", False),
    ],
)
def test_each_result_of_a_write_counts_or_not(
    world: World, result: str | None, counts: bool
) -> None:
    """In doubt and answered do; what certainly changed nobody does not. Tried twice is once."""
    in_both(world, "001", "002", capacity=9)
    run = chosen(world, "001")
    with world.runs() as runs:
        store, now = runs._store, runs.clock.now()
        held = store.begin_sync(run.id, now, "me", account=world.account())
        for _try in range(2):
            (write,) = store.intend(held, [], [(1, "update")], now) or [0]
            if result is not None:
                store.close_write(write, result, now)
        found = store.written("clinic", "rosta", *span(DAY, DAY))
        assert [item.number for item in found] == (["001"] if counts else [])
        assert store.written("rosta", "clinic", *span(DAY, DAY)) == []
        assert store.written("clinic", "rosta", *span(DAY, DAY)[::-1]) == []
        assert store.written("clinic", "rosta", now, now + dt.timedelta(seconds=1)) == found
        assert store.written("clinic", "rosta", now - dt.timedelta(seconds=1), now) == []


@pytest.mark.parametrize("kind", ["create", "update"])
def test_who_reads_otherwise_after_a_lost_answer_may_have_been_written(
    careful: World, kind: str
) -> None:
    """Nobody knows who has changed them: it counts."""
    in_both(careful, "901", "902", "903", "904", capacity=9)
    if kind == "update":
        in_both(careful, "001", capacity=9)
    else:
        careful.in_clinic("001")
    run = chosen(careful, "001")

    def changed_there(hook: str, _values: Values) -> None:
        if hook == f"{kind}_employee":
            [person] = careful.rosta.find("001")
            careful.rosta.edit(person.id, capacity=4)
            raise LOST

    careful.rosta.aftermath = changed_there
    careful.resume(run)
    assert careful.item(run, "001").outcome is Outcome.FAILED
    with careful.runs() as runs:
        found = runs._store.written("clinic", "rosta", *span(DAY, DAY))
    assert [item.number for item in found] == ["001"]


def test_what_a_person_has_allowed_is_apart(careful: World) -> None:
    """An overwritten department takes nobody's place in the syncs after it."""
    in_both(careful, *SIX, "007", "008", capacity=9)
    run = chosen(careful, *SIX[:5])
    with careful.runs() as runs:
        assert runs.sync(run.id, allow_unusual=True).allowed_by is not None
    passes(careful, "006", "007", "008")


def test_a_permission_that_nobody_needed_is_none(careful: World) -> None:
    """`--allow-unusual` on a sync within the limits allows nothing, so its people count."""
    in_both(careful, *SIX, capacity=9)
    run = chosen(careful, "001", "002", "003")
    with careful.runs() as runs:
        assert runs.sync(run.id, allow_unusual=True).allowed_by is None
    assert refused(careful, "004") == [Remark("unusual_updates", ("4", "3", "3"))]


def test_the_limits_are_asked_again_after_a_wait_for_the_lease(
    careful: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the process before has written meanwhile counts, too."""
    in_both(careful, *SIX, capacity=9)
    mine = chosen(careful, "004", "005", "006")
    others = chosen(careful, "001", "002", "003")
    with careful.runs() as runs:
        begin: Callable[..., Lease] = runs._store.begin_sync

        def busy(*args: object, **more: object) -> Lease:
            monkeypatch.setattr(runs._store, "begin_sync", begin)
            assert careful.resume(others).status is Status.DONE
            raise BusyError("at work", known_in_s=0.1)

        monkeypatch.setattr(runs._store, "begin_sync", busy)
        with pytest.raises(UnusualError):
            runs.sync(mine.id)
    assert len(careful.rosta.writes) == 3


def test_the_limits_are_judged_under_the_lease(
    careful: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another process has written right before the lease is taken counts, too."""
    in_both(careful, *SIX, capacity=9)
    mine = chosen(careful, "004", "005", "006")
    others = chosen(careful, "001", "002", "003")
    with careful.runs() as runs:
        at_the_last_moment(runs, lambda: careful.resume(others), monkeypatch)
        with pytest.raises(UnusualError):
            runs.sync(mine.id)
        assert runs.run(mine.id).status is Status.READY
    assert len(careful.rosta.writes) == 3


def test_a_permission_is_read_under_the_lease(
    careful: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever chooses again takes it back: a sync that was about to begin has it no more."""
    in_both(careful, *SIX, capacity=9)
    mine = chosen(careful, *SIX)
    with careful.runs() as runs:
        # as after a sync that a person has allowed, and that met closed hours first
        runs._store._set(int(mine.id), allowed_by="manager")

        def again() -> None:
            careful.choose(mine, numbers=SIX, differences=frozenset())

        at_the_last_moment(runs, again, monkeypatch)
        with pytest.raises(UnusualError):
            runs.sync(mine.id)
    assert not careful.rosta.writes


@pytest.mark.postgres
def test_nobody_chooses_while_a_choice_is_judged(world: World) -> None:
    """Whoever tries waits for the judgement, and then meets the sync that has begun."""
    in_both(world, "001", "002", capacity=9)
    run = chosen(world, "001")
    refused: list[RenkeiError] = []

    def choose() -> None:
        try:
            world.choose(run, numbers=("001", "002"), differences=frozenset())
        except BusyError as busy:
            refused.append(busy)

    other = threading.Thread(target=choose)

    def judged() -> tuple[bool, None]:
        other.start()
        other.join(0.5)
        assert other.is_alive(), "it has chosen while the limits were judged"
        return False, None

    with world.runs() as runs:
        runs._store.begin_sync(
            run.id, runs.clock.now(), "tester", account=world.account(), allow=judged
        )
        other.join(20)
        assert not other.is_alive()
    assert len(refused) == 1


def at_the_last_moment(
    runs: Runs, done: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let something be *done* elsewhere right before a sync takes its lease."""
    begin: Callable[..., Lease] = runs._store.begin_sync

    def late(*args: object, **more: object) -> Lease:
        monkeypatch.setattr(runs._store, "begin_sync", begin)
        done()
        return begin(*args, **more)

    monkeypatch.setattr(runs._store, "begin_sync", late)


# --- the target -----------------------------------------------------------------------------------


def test_a_target_that_shrinks(careful: World) -> None:
    """Told at each fetch, of whatever base date, and refused, until somebody allows it."""
    numbers = [f"{n:03}" for n in range(30)]
    in_both(careful, *numbers)
    careful.fetch()
    for person in list(careful.rosta.people)[:3]:
        del careful.rosta.people[person]
    assert careful.fetch().notices == ()
    for person in list(careful.rosta.people)[:3]:
        del careful.rosta.people[person]
    shrunk = Remark("unusual_shrink_target", ("24", "27"))
    for base in (None, DAY + dt.timedelta(days=200)):
        assert shrunk in careful.fetch(base=base).notices
    assert refused(careful, "029") == [shrunk]
    run = chosen(careful, "029")
    with careful.runs() as runs:
        assert runs.sync(run.id, allow_unusual=True).status is Status.DONE
    assert careful.fetch().notices == ()


def test_who_joined_since_the_fetch_is_not_missing_in_it(careful: World) -> None:
    """Both sides have grown and were fetched again: the older plan, still good, is no smaller."""
    in_both(careful, "001", capacity=9)
    in_both(careful, *[f"{n:03}" for n in range(2, 12)])
    older = chosen(careful, "001")
    in_both(careful, *[f"{n:03}" for n in range(20, 40)])
    careful.fetch()
    assert careful.resume(older).status is Status.DONE


def test_a_target_that_is_empty_all_at_once(careful: World) -> None:
    """Another system behind the same address: both things are told, and nobody is created."""
    numbers = [f"{n:03}" for n in range(30)]
    in_both(careful, *numbers)
    careful.fetch()
    careful.rosta.people.clear()
    found = refused(careful, *numbers)
    assert [remark.code for remark in found] == ["first_registration", "unusual_shrink_target"]


def test_the_first_registration_is_called_so(careful: World) -> None:
    """A system that is only being filled: the sentence says it, and a person allows it."""
    numbers = [f"{n:03}" for n in range(30)]
    for number in numbers:
        careful.in_clinic(number)
    run = chosen(careful, *numbers)
    with careful.runs() as runs:
        with pytest.raises(UnusualError, match="looks like the first registration"):
            runs.sync(run.id)
        assert runs.sync(run.id, allow_unusual=True).status is Status.DONE


def test_a_store_of_before_does_not_know_the_target(careful: World) -> None:
    """A run that was fetched by an older renkei has no count of it: the plain sentence stands."""
    numbers = [f"{n:03}" for n in range(6)]
    for number in numbers:
        careful.in_clinic(number)
    run = chosen(careful, *numbers)
    with careful.runs() as runs:
        runs._store._set(int(run.id), target_count=None, usual_target=None)
        assert [remark.code for remark in runs.unusual(run.id)] == ["unusual_creates"]


def test_two_runs_at_once_are_one_day(careful: World) -> None:
    """Both plans were fetched before either sync: the second one counts the first."""
    in_both(careful, *SIX, capacity=9)
    first, second = chosen(careful, "001", "002", "003"), chosen(careful, "004")
    both: list[Runs] = [careful.runs(), careful.runs()]
    with both[0] as one, both[1] as other:
        assert one.sync(first.id).status is Status.DONE
        with pytest.raises(UnusualError, match="3 of them in earlier syncs of today"):
            other.sync(second.id)
