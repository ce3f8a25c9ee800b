"""Time: the calendar, which RENKEI_NOW may move, and the real clock, which nothing moves."""

from __future__ import annotations

import datetime as dt
import time

from renkei.people import JST


class Clock:
    """
    The calendar starts at *start* (an aware instant; None: at the real time) and ticks on.

    Only what the calendar decides uses :meth:`now`: base dates, closed hours, the age of a plan and
    dates that are shown. Leases, deadlines, retries and pacing use :meth:`real_now` and
    :meth:`monotonic`, so that processes started one after another with the same start agree.
    """

    def __init__(self, start: dt.datetime | None = None) -> None:
        self._shift = dt.timedelta(0) if start is None else start - self.real_now()

    def now(self) -> dt.datetime:
        """Return the calendar's instant, aware, in UTC."""
        return self.real_now() + self._shift

    def today(self) -> dt.date:
        """Return the calendar day in Japan."""
        return self.now().astimezone(JST).date()

    def real_now(self) -> dt.datetime:
        """Return the real instant, aware, in UTC."""
        return dt.datetime.now(dt.UTC)

    def monotonic(self) -> float:
        """Return seconds of a clock that never jumps."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for *seconds* of real time."""
        time.sleep(max(0.0, seconds))


def day_of(text: str) -> dt.date | None:
    """Return the day that *text* says as YYYY-MM-DD; Python alone takes 20260401 and weeks, too."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def opening_text(opens: dt.datetime, at: dt.datetime | None) -> str:
    """Return in Japan time when something *opens*, with the day unless that is soon after *at*."""
    is_soon = at is not None and opens - at < dt.timedelta(days=1)
    return f"{opens.astimezone(JST):{'%H:%M' if is_soon else '%Y-%m-%d %H:%M'}}"


def span(first: dt.date, last: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """Return the instants at which the days from *first* to *last* in Japan begin and are over."""
    over = last + dt.timedelta(days=1)
    begin, end = (dt.datetime.combine(day, dt.time(), JST) for day in (first, over))
    return begin, end


Days = tuple[dt.date | None, dt.date | None]
"""The first and the last day of a span in Japan; None: it has no such end."""

ALWAYS: Days = (None, None)


def bounds(days: Days) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Return when *days* begin, and when they are over."""
    first, last = days
    begin = None if first is None else span(first, first)[0]
    over = None if last is None else span(last, last)[1]
    return begin, over


def years_from(day: dt.date, years: int) -> dt.date:
    """Return the same day *years* later (or earlier); 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def base_dates(today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the earliest and the latest base date that can be chosen on *today*, both included."""
    return years_from(today, -3), years_from(today, 1)
