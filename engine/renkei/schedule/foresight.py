"""What one worker knows of when schedules are due, so that few of a thousand are worked out."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping

from attrs import define, field

from renkei.logs import log
from renkei.schedule.job import SKEW, Kept
from renkei.schedule.rule import Schedule
from renkei.schedule.times import AHEAD, SPARE, Ahead, Due, due_after, due_until, ripe

KNOWN = dt.timedelta(hours=1)
"""For this long it counts how long a run takes, and a schedule with nothing ahead is let alone."""

Named = tuple[str, str]
"""A company and the name of one of its schedules."""


@define
class Foresight:
    """All of it may be forgotten: then it is worked out anew."""

    _ahead: dict[Named, tuple[dt.datetime, Ahead]] = field(factory=dict, init=False)
    _handled: dict[Named, tuple[dt.datetime, dt.datetime]] = field(factory=dict, init=False)
    """The last due time of each schedule that somebody has taken up, and since when we know."""
    _anew: Counter[Named] = field(factory=Counter, init=False)
    """How often a schedule had other times than those of its file, as we have read it."""
    _quiet: dict[Named, tuple[dt.datetime, dt.datetime]] = field(factory=dict, init=False)
    """Between which moments nothing of a schedule can begin."""

    _back: dict[Named, tuple[dt.datetime, dt.datetime]] = field(factory=dict, init=False)
    """From when schedules counted whose clock was set back, and when they were looked at last."""

    def go_by(self, handled: Mapping[Named, tuple[dt.datetime, dt.datetime]]) -> None:
        """Go by another store: *handled* are the last due times that it says are taken up."""
        self._handled = dict(handled)

    def since(
        self, key: Named, schedule: Schedule, kept: Kept | None, now: dt.datetime
    ) -> dt.datetime:
        """
        Return from when the due times of a schedule count, by what is *kept* and the clock.

        A clock that is set back lets that go back, and forward again with a clock that jumps there.
        """
        if kept is None or kept.timing != schedule.timing:
            self._back.pop(key, None)
            return now
        if not kept.holds(schedule.timing, now):
            self._back[key] = kept.since, now
            return now
        if key not in self._back:
            return kept.since
        before, looked = self._back.pop(key)
        if before - now > SKEW:
            self._back[key] = before, now
            return kept.since
        # One that gets there by itself was right all the time: nothing in line is to be lost.
        jumped = now - looked > SKEW
        return max(before, kept.since) if jumped else kept.since

    def due_now(
        self,
        key: Named,
        schedule: Schedule,
        kept: Kept,
        now: dt.datetime,
        ask: Callable[[], Ahead],
    ) -> Due | None:
        """
        Return what is due of a schedule and not taken up yet, as far as this worker knows.

        *ask* tells what a run meets; what it told within the last hour counts.
        """
        # Of a thousand, most have nothing ahead for hours: that is not worked out at each look.
        begin, end = self._quiet.get(key, (now, now))
        if kept.paused_by is not None or begin <= now < end:
            return None
        until = self._quiet_until(key, schedule, kept, now)
        if until > now:
            self._quiet[key] = now, until
            return None
        due = ripe(schedule, key[0], now, kept.since, self._what_is_ahead(key, now, ask))
        if due is None or self._is_handled(key, due.at, now):
            return None
        return due

    def taken_up(self, key: Named, due: dt.datetime, now: dt.datetime) -> None:
        """Remember that somebody has taken up a due time."""
        self._handled[key] = due, now

    def other_times(self, key: Named, schedule: Schedule, kept: Kept | None) -> None:
        """Let due times count anew; tell once if they differ though the file does not change."""
        if kept is not None and kept.timing != schedule.timing:
            self._anew[key] += 1
            if self._anew[key] == 2:  # nothing begins as long as two workers disagree
                log.warning("schedule_times_differ", kind=schedule.name)
        self._quiet.pop(key, None)

    def ended(self, key: Named) -> None:
        """A job of a schedule has ended: how long a run takes is looked up again."""
        self._ahead.pop(key, None)

    def forget(self, company: str) -> None:
        """With another file its schedules may have other times and connections."""
        self._quiet = {key: end for key, end in self._quiet.items() if key[0] != company}
        self._ahead = {key: each for key, each in self._ahead.items() if key[0] != company}
        for key in [key for key in self._anew if key[0] == company]:
            del self._anew[key]

    def _quiet_until(
        self, key: Named, schedule: Schedule, kept: Kept, now: dt.datetime
    ) -> dt.datetime:
        """Return until when nothing of a schedule can begin."""
        last = due_until(schedule, key[0], now)
        if last is not None and last > kept.since and not self._is_handled(key, last, now):
            return now
        latest = now + KNOWN
        soon = due_after(schedule, key[0], now)
        if soon is None:
            return latest
        # Closed hours may let a run begin before it is due: so much earlier it is looked at again.
        return min(soon - AHEAD - SPARE, latest)

    def _is_handled(self, key: Named, due: dt.datetime, now: dt.datetime) -> bool:
        """Return whether somebody has taken up a due time, by a clock that was not ahead."""
        known = self._handled.get(key)
        return known is not None and known[0] == due and known[1] <= now

    def _what_is_ahead(self, key: Named, now: dt.datetime, ask: Callable[[], Ahead]) -> Ahead:
        known = self._ahead.get(key)
        if known is None or abs(now - known[0]) >= KNOWN:
            known = self._ahead[key] = now, ask()
        return known[1]
