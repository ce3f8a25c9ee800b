"""When a schedule is due, and when its run begins: pure functions of the rule and the clock.

A *due time* is a whole minute, and what the store remembers. The *start* is when its run begins:
the due time itself, or as near to it as the closed hours of both systems let it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property

from attrs import frozen
from cronsim import CronSim, CronSimError

from renkei.people import JST, ClosedHours
from renkei.schedule.rule import DAY, Schedule, Window

# docs/decisions/2026-11-29-schedules.md
LATE = dt.timedelta(hours=12)
"""A run that could not begin for this long is told, and no longer begun."""

AHEAD = dt.timedelta(hours=3)
"""No run begins earlier than this long before it is due, however long it may take."""

ASSUMED = dt.timedelta(minutes=10)
"""How long a run takes of whose pair nothing is known yet."""

MINUTE = dt.timedelta(minutes=1)
NONE = dt.timedelta()

SPARE = dt.timedelta(minutes=5)
"""A run that begins before closed hours has this long to begin late, or to take longer."""

COUNTED = 1000
"""How many due times are counted that have passed by; more are as bad."""

LOOKED = 400
"""How many days, or due times, are looked at for one that is on no day without runs."""


Hours = tuple[dt.datetime, dt.datetime]
"""Closed hours of one day: when they begin, and when they end."""


@frozen(kw_only=True)
class Ahead:
    """
    What a run meets on its way: the *closed* hours of both systems.

    *takes* tells how long it takes. That is asked once, and only where it matters: it costs more
    than all the rest, and of most runs no hours are near.
    """

    closed: tuple[ClosedHours, ...] = ()
    takes: Callable[[], dt.timedelta] = lambda: ASSUMED

    @cached_property
    def need(self) -> dt.timedelta:
        """Return for how long nothing may be closed."""
        return min(max(self.takes(), MINUTE), AHEAD)

    def met(self, begin: dt.datetime, spare: dt.timedelta) -> Hours | None:
        """Return the first closed hours that a run meets that begins then, or None."""
        if _met(begin, AHEAD + spare, self.closed) is None:
            return None  # however long it takes
        return _met(begin, self.need + spare, self.closed)


@frozen(kw_only=True)
class Due:
    """A due time, and whether its run is to begin or is *missed*: then it is only told."""

    at: dt.datetime
    missed: bool = False


FIELDS = ("minute", "hour", "day-of-month", "month", "day-of-week")
"""The fields of a cron expression."""


LONGEST = 200
"""Characters of a field of a cron expression: each of 60 minutes, with commas, has fewer."""


def mistake_in(expression: str) -> str | None:
    """Return which of the FIELDS of a cron expression is wrong, or "fields" if it has others."""
    words = expression.split()
    if len(words) != len(FIELDS):
        return "fields"
    for name, word in zip(FIELDS, words, strict=True):
        if len(word) > LONGEST:  # Python reads no more than 4,300 digits as a number
            return name
    try:
        next(CronSim(expression, dt.datetime(2024, 1, 1)))  # noqa: DTZ001 - local time
    except (CronSimError, StopIteration) as error:
        for each in FIELDS:
            if str(error) == f"Bad {each}":
                return each
        return "day-of-month"  # a day that never comes, such as 30 February
    return None


def due_after(schedule: Schedule, company: str, moment: dt.datetime) -> dt.datetime | None:
    """Return the first due time after *moment*, or None if there is none in the next years."""
    local = _local(moment)
    if schedule.between is not None:
        for number in range(-1, LOOKED):  # a window over midnight may have begun yesterday
            day = local.date() + number * DAY
            own = _own_minute(schedule.between, company, schedule.name, day)
            if own > local and not schedule.rests(_aware(own)):
                return _aware(own)
        return None
    for _number in range(LOOKED):
        each = _of_cron(schedule, local)
        if each is None:
            return None
        if not schedule.rests(_aware(each)):
            return _aware(each)
        # The next one after that day: midnight itself counts, and cron tells what comes after.
        local = dt.datetime.combine(each.date() + DAY, dt.time()) - dt.timedelta(seconds=1)
    return None


def due_until(schedule: Schedule, company: str, moment: dt.datetime) -> dt.datetime | None:
    """Return the last due time that is not after *moment*, or None if there never was one."""
    local = _local(moment)
    if schedule.between is not None:
        for number in range(LOOKED):
            day = local.date() - number * DAY
            own = _own_minute(schedule.between, company, schedule.name, day)
            if own <= local and not schedule.rests(_aware(own)):
                return _aware(own)
        return None
    local = local.replace(second=0, microsecond=0) + MINUTE  # this minute counts, too
    for _number in range(LOOKED):
        each = _of_cron(schedule, local, back=True)
        if each is None:
            return None
        if not schedule.rests(_aware(each)):
            return _aware(each)
        local = dt.datetime.combine(each.date(), dt.time())
    return None


def passed(
    schedule: Schedule, company: str, since: dt.datetime, until: dt.datetime
) -> Iterator[dt.datetime]:
    """Yield the due times after *since* and before *until*, in order; not more than COUNTED."""
    each = due_after(schedule, company, since)
    for _number in range(COUNTED):
        if each is None or each >= until:
            return
        yield each
        each = due_after(schedule, company, each)


def start_of(schedule: Schedule, due: dt.datetime, ahead: Ahead) -> dt.datetime | None:
    """
    Return when the run of a *due* time begins so that it meets no closed hours.

    That is before them if it would run into them, else after them; None if it could begin only on a
    day without runs.
    """
    hit = ahead.met(due, SPARE)
    if hit is None:
        return due
    early = hit[0] - ahead.need - SPARE
    is_free = ahead.met(early, SPARE) is None
    if due < hit[0] and is_free and not schedule.rests(early):
        return early
    late = _after(hit[1], ahead)
    return None if schedule.rests(late) else late


def ripe(
    schedule: Schedule, company: str, now: dt.datetime, since: dt.datetime, ahead: Ahead
) -> Due | None:
    """
    Return the newest due time after *since* whose run is to begin now, or is to be told as missed.

    Those before it have passed by with it, be it that nobody was there: one run makes up for all.
    """
    soon = due_after(schedule, company, now)
    if soon is not None and soon > since:
        # Closed hours may let it begin before it is due.
        start = start_of(schedule, soon, ahead)
        if start is not None and start <= now:
            return Due(at=soon) if _may_begin(schedule, now, ahead) else None
    last, start = _last_that_begins(schedule, company, now, ahead)
    if last is None or start is None:
        return None
    if last <= since or start > now:
        return None
    if now - max(start, last) >= LATE:  # one that was to begin early is not late so early
        return Due(at=last, missed=True)
    return Due(at=last) if _may_begin(schedule, now, ahead) else None


def next_start(
    schedule: Schedule, company: str, now: dt.datetime, since: dt.datetime, ahead: Ahead
) -> dt.datetime | None:
    """
    Return when the next run of a schedule begins after *now*, or None if none is in sight.

    Only its due times after *since* count.
    """
    waiting = due_until(schedule, company, now)  # closed hours may keep it from beginning
    for due in (waiting, *_following(schedule, company, now)):
        counts = due is not None and due > since
        start = start_of(schedule, due, ahead) if due is not None and counts else None
        if start is not None and start > now:
            return start
    return None


def _following(schedule: Schedule, company: str, now: dt.datetime) -> Iterator[dt.datetime]:
    each = due_after(schedule, company, now)
    for _number in range(100):
        if each is None:
            return
        yield each
        each = due_after(schedule, company, each)


def _last_that_begins(
    schedule: Schedule, company: str, now: dt.datetime, ahead: Ahead
) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Return the last due time until *now* that is not left out, and when its run begins."""
    last = due_until(schedule, company, now)
    for _number in range(LOOKED):
        if last is None:
            return None, None
        start = start_of(schedule, last, ahead)
        if start is not None:
            return last, start
        last = due_until(schedule, company, last - MINUTE)
    return None, None


def _may_begin(schedule: Schedule, now: dt.datetime, ahead: Ahead) -> bool:
    """Return whether a run that is late may begin now: nothing is closed, and nothing will be."""
    if schedule.rests(now):
        return False
    hit = ahead.met(now, NONE)
    return hit is None or _after(now, ahead) <= now


def _after(moment: dt.datetime, ahead: Ahead) -> dt.datetime:
    """Return when, from *moment* on, nothing is closed for long enough, or at all."""
    begin = first = _open_from(moment, ahead.closed)
    while (hit := ahead.met(begin, NONE)) is not None:
        begin = _open_from(hit[1], ahead.closed)
        if begin - moment > DAY:  # it never fits: it pauses then, and goes on by itself
            return first
    return begin


def _open_from(moment: dt.datetime, closed: Sequence[ClosedHours]) -> dt.datetime:
    """Return the first moment from *moment* on at which nothing is closed."""
    for _number in closed:  # where some hours end, others may be in force
        for hours in closed:
            moment = hours.reopening(moment) or moment
    return moment


def _met(begin: dt.datetime, need: dt.timedelta, closed: Sequence[ClosedHours]) -> Hours | None:
    """Return the first closed hours that something meets that begins then, or None."""
    local = begin.astimezone(JST)
    met: list[Hours] = []
    for day in (local.date(), local.date() + DAY):
        for hours in closed:
            start = dt.datetime.combine(day, hours.start, JST)
            end = dt.datetime.combine(day, hours.end, JST)
            if start < local + need and local < end:
                met.append((start, end))
    return min(met, default=None)


def _of_cron(schedule: Schedule, local: dt.datetime, *, back: bool = False) -> dt.datetime | None:
    with suppress(StopIteration):
        return next(CronSim(schedule.at or "", local, reverse=back))
    return None


def _own_minute(window: Window, company: str, name: str, day: dt.date) -> dt.datetime:
    """Return the minute of a company in a window that begins on *day*: always the same one."""
    # By its name: hundreds do not begin together, and each keeps its minute from day to day.
    digest = hashlib.sha256(f"{company}\n{name}".encode()).digest()
    own = int.from_bytes(digest[:8], "big") % window.minutes
    return dt.datetime.combine(day, window.start) + own * MINUTE


def _local(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(JST).replace(tzinfo=None)


def _aware(local: dt.datetime) -> dt.datetime:
    return local.replace(tzinfo=JST)
