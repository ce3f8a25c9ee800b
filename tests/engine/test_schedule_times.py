"""When a schedule is due: cron and windows, days without runs, closed hours; and what is late."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from attrs import define, evolve, field
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sampling import examples

from renkei.people import JST, ClosedHours
from renkei.schedule.rule import Days, Schedule, Window
from renkei.schedule.times import (
    LATE,
    MINUTE,
    Ahead,
    Due,
    _own_minute,
    due_after,
    due_until,
    mistake_in,
    next_start,
    passed,
    ripe,
    start_of,
)
from renkei.schedule.words import timing_text
from renkei.words.i18n import speaking

HOUR = 60 * MINUTE
DAY = 24 * HOUR
TOUCH_ON_TIME = (
    ClosedHours(dt.time(8, 30), dt.time(10)),
    ClosedHours(dt.time(17, 30), dt.time(18, 30)),
)


def at(text: str) -> dt.datetime:
    """Return a moment in Japan."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=JST)


def by(expression: str, *not_on: Days) -> Schedule:
    return Schedule(name="nightly", from_="a", to="b", at=expression, not_on=not_on)


def within(window: str, *not_on: Days) -> Schedule:
    start, end = map(dt.time.fromisoformat, window.split("-"))
    return Schedule(name="nightly", from_="a", to="b", between=Window(start, end), not_on=not_on)


def takes(minutes: int, *closed: ClosedHours) -> Ahead:
    return Ahead(closed=closed, takes=lambda: minutes * MINUTE)


OPEN = takes(10)


# --- due times ----------------------------------------------------------------------------------


def test_a_cron_expression_is_of_japan() -> None:
    """13:00 on weekdays is 13:00 in Japan, whatever the zone of the moment."""
    friday = at("2026-11-27T13:00:00").astimezone(dt.UTC)
    assert due_after(by("0 13 * * 1-5"), "acme", friday) == at("2026-11-30T13:00:00")
    assert due_until(by("0 13 * * 1-5"), "acme", friday) == friday
    assert due_until(by("0 13 * * 1-5"), "acme", friday - MINUTE) == at("2026-11-26T13:00:00")


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        ("", "fields"),
        ("* * * *", "fields"),
        ("0 0 0 0 0 0", "fields"),
        ("61 * * * *", "minute"),
        ("0 24 * * *", "hour"),
        ("0 0 30 2 *", "day-of-month"),
        ("0 0 1 13 *", "month"),
        ("0 0 * * x", "day-of-week"),
    ],
)
def test_what_is_no_cron_expression_is_told(wrong: str, part: str) -> None:
    """Five fields, each in its range, and a day that there is."""
    assert mistake_in(wrong) == part
    assert mistake_in("0 9 L * *") is None


def test_each_company_has_a_minute_of_its_own() -> None:
    """Always the same one, inside of the window, and not that of all the others."""
    night = within("01:00-06:30")
    found = {due_after(night, f"c{n}", at("2026-11-01T00:00:00")) for n in range(300)}
    times = {each.time() for each in found if each}
    assert all(dt.time(1) <= each < dt.time(6, 30) for each in times)
    assert len(times) > 150
    first = due_after(night, "acme", at("2026-11-01T00:00:00"))
    assert first is not None
    assert due_after(night, "acme", first) == first + DAY


def test_a_window_may_be_over_midnight() -> None:
    """There is one due time for each night, before or after midnight."""
    night = within("23:00-02:00")
    for company in map(str, range(40)):
        found = list(passed(night, company, at("2026-11-01T12:00:00"), at("2026-11-08T12:00:00")))
        assert len(found) == 7
        assert all(each.hour in (23, 0, 1) for each in found)


@given(
    window=st.sampled_from(["01:00-06:30", "23:00-02:00", "00:00-00:01", "12:00-11:59"]),
    first=st.integers(1, 31),
    more=st.integers(0, 20),
    minute=st.integers(0, 60 * 24 * 60),
)
def test_the_last_and_the_next_due_time_fit(
    window: str, first: int, more: int, minute: int
) -> None:
    """Nothing lies between both, and neither is on a day without runs."""
    rule = within(window, Days(first, first + more))
    for schedule in (rule, evolve(rule, between=None, at="*/7 3 * * *")):
        moment = at("2026-01-01T00:00:00") + minute * MINUTE
        last, soon = due_until(schedule, "x", moment), due_after(schedule, "x", moment)
        if last is not None and soon is not None:
            assert last <= moment < soon
            assert due_after(schedule, "x", last) == soon
            assert due_until(schedule, "x", soon - MINUTE) == last
            assert not schedule.rests(last)
            assert not schedule.rests(soon)


def test_a_schedule_may_have_no_days_left() -> None:
    """It is never due, and nobody waits for the answer for ever."""
    assert due_after(by("0 9 26 * *", Days(25, 31)), "x", at("2026-11-01T00:00:00")) is None
    assert due_until(within("01:00-02:00", Days(1, 31)), "x", at("2026-11-01T00:00:00")) is None


def test_a_schedule_that_is_never_due_says_so() -> None:
    """All of its days are without runs: nobody waits for it in vain."""
    with speaking("en"):
        never = timing_text(by("0 9 28 * *", Days(25, 31)), "acme")
        assert never == "0 9 28 * *, not on 25–31: No day is left on which it could run."
        assert timing_text(by("0 9 * * *", Days(25, 31)), "acme") == (
            "daily at 09:00, not on 25–31"
        )


# --- closed hours -------------------------------------------------------------------------------


@pytest.mark.fault("F93")
@pytest.mark.parametrize(
    ("due", "minutes", "start"),
    [
        ("07:00", 60, "07:00"),
        ("08:00", 60, "07:25"),
        ("08:20", 10, "08:15"),
        ("08:29", 1, "08:24"),
        ("08:30", 1, "10:00"),
        ("09:59", 10, "10:00"),
        ("10:00", 10, "10:00"),
        ("17:00", 170, "14:35"),
        ("18:00", 170, "18:30"),
        ("23:50", 30, "23:50"),
    ],
)
def test_a_run_begins_before_closed_hours_or_after_them(due: str, minutes: int, start: str) -> None:
    """Before, with some time to spare, if it would run into them; after, if it is due in them."""
    moment, ahead = at(f"2026-11-20T{due}:00"), takes(minutes, *TOUCH_ON_TIME)
    found = start_of(by("* * * * *"), moment, ahead)
    assert found is not None
    assert f"{found.astimezone(JST):%H:%M}" == start


def test_a_run_that_never_fits_begins_when_nothing_is_closed() -> None:
    """It pauses at closed hours then, as any other."""
    hours = tuple(ClosedHours(dt.time(hour), dt.time(hour, 30)) for hour in range(24))
    start = start_of(by("* * * * *"), at("2026-11-20T05:10:00"), takes(60, *hours))
    assert start == at("2026-11-20T05:30:00")
    assert ripe(by("0 5 * * *"), "", start, start - DAY, takes(60, *hours)) == Due(
        at=at("2026-11-20T05:00:00")
    )


def test_a_run_that_could_begin_only_on_a_day_without_runs_is_left_out() -> None:
    """Closed hours move it over midnight, and there it must not be."""
    late = ClosedHours(dt.time(22), dt.time(23, 59, 59)), ClosedHours(dt.time(0), dt.time(0, 30))
    rule, due = by("0 23 * * *", Days(25, 31)), at("2026-11-24T23:00:00")
    assert start_of(rule, due, takes(10, *late)) is None
    assert start_of(rule, due - DAY, takes(10, *late)) is not None


# --- late ---------------------------------------------------------------------------------------


def test_a_run_is_late_for_less_than_twelve_hours() -> None:
    """Then it is told, once, and what passed by with it is counted."""
    rule, due = by("0 2 * * *"), at("2026-11-20T02:00:00")
    since = due - 3 * DAY
    assert ripe(rule, "", due - MINUTE, due - MINUTE, OPEN) is None
    assert ripe(rule, "", due, since, OPEN) == Due(at=due)
    assert ripe(rule, "", due + LATE - MINUTE, since, OPEN) == Due(at=due)
    assert ripe(rule, "", due + LATE, since, OPEN) == Due(at=due, missed=True)
    assert ripe(rule, "", due + LATE, due, OPEN) is None
    assert len(list(passed(rule, "", since, due))) == 2


def test_a_run_that_was_to_begin_early_is_late_from_its_due_time_on() -> None:
    """That closed hours let it begin three hours before leaves no less time to make up for it."""
    rule, due = by("20 8 * * *"), at("2026-11-20T08:20:00")
    ahead = takes(170, *TOUCH_ON_TIME)
    assert start_of(rule, due, ahead) == at("2026-11-20T05:35:00")
    for late, missed in ((LATE - MINUTE, False), (LATE, True)):
        found = ripe(rule, "", due + late, due - DAY, ahead)
        assert found == Due(at=due, missed=missed)


def test_a_late_run_keeps_to_closed_hours_too() -> None:
    """It begins once nothing is closed for as long as it takes."""
    rule, ahead = by("0 2 * * *"), takes(30, *TOUCH_ON_TIME)
    since = at("2026-11-20T00:00:00")
    for text, begins in (("08:00", True), ("08:10", False), ("09:00", False), ("10:00", True)):
        found = ripe(rule, "", at(f"2026-11-20T{text}:00"), since, ahead)
        assert (found is not None) == begins, text


@pytest.mark.parametrize(("due", "asked"), [("02:00", 0), ("05:20", 0), ("05:30", 1), ("07:00", 1)])
def test_how_long_a_run_takes_is_asked_only_where_closed_hours_are_near(
    due: str, asked: int
) -> None:
    """Most nightly runs meet none, however long they take; a thousand of them are not asked for."""
    questions: list[str] = []

    def takes_a_minute() -> dt.timedelta:
        questions.append(due)
        return MINUTE

    ahead = Ahead(closed=TOUCH_ON_TIME, takes=takes_a_minute)
    hour, minute = due.split(":")
    now = at(f"2026-11-20T{due}:00")
    assert ripe(by(f"{int(minute)} {int(hour)} * * *"), "", now, now - DAY, ahead) == Due(at=now)
    assert len(questions) == asked


def test_the_next_start_is_told() -> None:
    """As it will be, closed hours and days without runs included."""
    ahead, long_ago = takes(10, *TOUCH_ON_TIME), at("2026-11-01T00:00:00")
    assert next_start(by("0 9 * * *"), "", at("2026-11-20T09:30:00"), long_ago, ahead) == at(
        "2026-11-20T10:00:00"
    )
    assert next_start(by("0 9 * * *"), "", at("2026-11-20T10:00:00"), long_ago, ahead) == at(
        "2026-11-21T10:00:00"
    )
    never = by("0 9 26 * *", Days(25, 31))
    assert next_start(never, "", at("2026-11-20T10:00:00"), long_ago, ahead) is None


# --- laws ---------------------------------------------------------------------------------------


@define
class Ledger:
    """What a store would remember: from when on the times count, and which were claimed."""

    since: dt.datetime
    claimed: dict[dt.datetime, tuple[Due, dt.datetime]] = field(factory=dict)
    """What was taken up or told, and when; what a clock that was ahead has told is not."""
    begun: list[tuple[dt.datetime, dt.datetime]] = field(factory=list)
    """When the run of which due time began."""

    def look(self, schedule: Schedule, now: dt.datetime, ahead: Ahead) -> None:
        """Do what a worker does once in a while."""
        self.since = min(self.since, now)
        due = ripe(schedule, "acme", now, self.since, ahead)
        if due is None:
            return
        before, told_at = self.claimed.get(due.at, (None, now))
        if before is None or (before.missed and told_at > now):
            self.claimed[due.at] = due, now
            if not due.missed:
                self.begun.append((due.at, now))


RULES = st.builds(
    lambda when, days: evolve(when, not_on=days),
    st.sampled_from(
        [
            *map(by, ("0 13 * * 1-5", "*/30 * * * *", "5 9,17 * * *")),
            *map(within, ("01:00-06:30", "23:30-00:30", "08:00-10:30")),
        ]
    ),
    st.sampled_from([(), (Days(25, 31),), (Days(1, 3), Days(9, 9))]),
)
CLOSED = st.sampled_from([(), TOUCH_ON_TIME, (ClosedHours(dt.time(0), dt.time(1, 15)),)])
BEGIN = at("2026-11-22T00:00:00")


few = settings(max_examples=examples(6, 60), deadline=None)
"""Days are played minute by minute."""


@pytest.mark.fault("F91", "F92")
@few
@given(
    rule=RULES,
    closed=CLOSED,
    takes_min=st.integers(0, 90),
    nights=st.lists(st.tuples(st.integers(1, 20), st.integers(0, 60)), min_size=1, max_size=4),
)
def test_each_due_time_comes_once_whoever_restarts(
    rule: Schedule,
    closed: tuple[ClosedHours, ...],
    takes_min: int,
    nights: list[tuple[int, int]],
) -> None:
    """Over any pattern of hours on and off: begun once, passed by for a later one, or told."""
    ahead, ledger, now = takes(takes_min, *closed), Ledger(BEGIN), BEGIN
    for on, off in [*nights, (14, 0)]:
        until = now + on * HOUR
        while now < until:
            ledger.look(rule, now, ahead)
            now += 4 * MINUTE
        now += off * HOUR
    for moment, began in ledger.begun:
        assert not any(hours.reopening(began) for hours in closed)
        assert not rule.rests(began)
        assert not rule.rests(moment)
        assert began - moment < LATE + 2 * HOUR
    assert len({moment for moment, _began in ledger.begun}) == len(ledger.begun)
    for moment in passed(rule, "acme", BEGIN, now - 14 * HOUR):
        left_out = start_of(rule, moment, ahead) is None
        assert left_out or any(each >= moment for each in ledger.claimed)


@few
@given(rule=RULES, closed=CLOSED, takes_min=st.integers(0, 90))
def test_while_somebody_is_there_none_is_passed_by(
    rule: Schedule, closed: tuple[ClosedHours, ...], takes_min: int
) -> None:
    """Each due time begins its own run, but for those that closed hours move together."""
    ahead, ledger = takes(takes_min, *closed), Ledger(BEGIN)
    for step in range(2 * 24 * 20):
        ledger.look(rule, BEGIN + step * 3 * MINUTE, ahead)
    begun = {moment for moment, _began in ledger.begun}
    for moment in passed(rule, "acme", BEGIN, BEGIN + DAY):
        soon = due_after(rule, "acme", moment)
        together = soon is not None and (start_of(rule, soon, ahead) or soon) <= moment
        if start_of(rule, moment, ahead) == moment and not together:
            assert moment in begun


@pytest.mark.fault("F91")
@few
@given(rule=RULES, jumps=st.lists(st.integers(-30, 30), min_size=1, max_size=4))
def test_a_clock_that_is_set_neither_doubles_nor_loses(rule: Schedule, jumps: list[int]) -> None:
    """Forward or back by hours: no due time begins twice, and none is lost that comes again."""
    ledger, now = Ledger(BEGIN), BEGIN
    for jump in jumps:
        for _step in range(60):
            ledger.look(rule, now, OPEN)
            now += 3 * MINUTE
        now += jump * HOUR
    first = now
    for _step in range(24 * 20):
        ledger.look(rule, now, OPEN)
        now += 3 * MINUTE
    assert len({moment for moment, _began in ledger.begun}) == len(ledger.begun)
    begun = {moment for moment, _began in ledger.begun}
    assert begun.issuperset(passed(rule, "acme", first, now - 3 * MINUTE))


@pytest.mark.parametrize(("companies", "most"), [(1000, 9), (10_000, 47)])
def test_a_window_spreads_companies(companies: int, most: int) -> None:
    """In five and a half hours few begin in the same minute, as docs/scale.md says."""
    window = Window(dt.time(1), dt.time(6, 30))
    names = (f"c{number:05}" for number in range(1, companies + 1))
    minutes = Counter(_own_minute(window, name, "nightly", BEGIN.date()) for name in names)
    assert max(minutes.values()) == most
    assert len(minutes) > 300


@pytest.mark.fault("F74", "F93")
def test_a_month_of_schedules_keeps_to_closed_hours_and_days_of_payroll() -> None:
    """Each day of January has its runs, but for payroll; none meets the closed hours."""
    rules = [
        within("01:00-06:30", Days(25, 31)),
        by("30 9 * * *", Days(25, 31)),
        by("20 17 * * *", Days(25, 31)),
        by("0 13 * * 1-5"),
    ]
    begin, ahead = at("2027-01-01T00:00:00"), takes(25, *TOUCH_ON_TIME)
    found = []
    for rule in rules:
        ledger, now = Ledger(begin), begin
        while (
            start := next_start(rule, "acme", now, begin - DAY, ahead)
        ) is not None and start < begin + 31 * DAY:
            now = start
            ledger.look(rule, now, ahead)
        found.append([began.astimezone(JST) for _due, began in ledger.begun])
    assert [len(each) for each in found] == [24, 24, 24, 21]
    assert {f"{each:%H:%M}" for each in found[1]} == {"10:00"}
    assert {f"{each:%H:%M}" for each in found[2]} == {"17:00"}
    for each in (began for list_ in found for began in list_):
        spans = [hours for hours in TOUCH_ON_TIME if hours.start <= each.time() < hours.end]
        after = [h for h in TOUCH_ON_TIME if h.start < (each + 25 * MINUTE).time() <= h.end]
        assert spans + after == []
