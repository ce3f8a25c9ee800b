"""One schedule as the configuration has it: when, from where to where, and who is then synced."""

from __future__ import annotations

import datetime as dt

from attrs import field, frozen

from renkei.model import Difference
from renkei.people import JST

DAY = dt.timedelta(days=1)


@frozen
class Window:
    """Hours of every day in Japan, *start* inside and *end* outside; they may be over midnight."""

    start: dt.time
    end: dt.time

    @property
    def minutes(self) -> int:
        """How many minutes they have."""
        return (_minutes(self.end) - _minutes(self.start)) % (24 * 60)

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


@frozen
class Days:
    """Days of every month, the *first* and the *last* among them."""

    first: int
    last: int

    def __contains__(self, day: int) -> bool:
        return self.first <= day <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


@frozen(kw_only=True)
class Chosen:
    """Who of the plan is synced: all with one of these differences."""

    difference: tuple[Difference, ...]


@frozen(kw_only=True)
class Schedule:
    """
    Runs from one connection to another, at the times *at* or at one minute in the window *between*.

    Without *sync* they only fetch and compare. *leavers* and *joiners* are days, None as the pair
    has them; *new* are values for all new employees, by field. There is none on a day *not_on*.
    """

    name: str
    from_: str
    to: str
    at: str | None = None
    between: Window | None = None
    not_on: tuple[Days, ...] = ()
    leavers: int | None = None
    joiners: int | None = None
    sync: Chosen | None = None
    new: dict[str, str] = field(factory=dict)

    @property
    def timing(self) -> str:
        """What its times go by; with another one they count anew."""
        days = ",".join(map(str, self.not_on))
        return f"{self.at or self.between} {days}".strip()

    def rests(self, moment: dt.datetime) -> bool:
        """Return whether nothing is begun on the day of *moment*."""
        day = moment.astimezone(JST).day
        return any(day in days for days in self.not_on)


def _minutes(time: dt.time) -> int:
    return time.hour * 60 + time.minute
