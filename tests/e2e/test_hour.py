"""An hour of writing at the limits, around one closed band, by one clock for all of it."""

from __future__ import annotations

import datetime as dt
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from attrs import define, field
from tests.waiting import Waiting

import renkei_sandbox.limits
from renkei.clock import Clock
from renkei.http.wire import Wire
from renkei.store import database, hold, journal, owner, paces

if TYPE_CHECKING:
    from tests.e2e.office import Office

    from renkei.http.request import Request
    from renkei.http.wire import Reply
    from renkei_sandbox.journal import Entry

LATENCY_S = 0.05
WINDOW_S = 300.0
DAY = "2026-11-20"
BANDS = [("08:30", "10:00"), ("10:30", "23:00")]
"""When nothing is open: half an hour before the first one and half an hour after it are."""
OPEN_S = 3_600.0


@define
class Hour(Waiting):
    """
    One clock for pacer, leases and both systems: it goes on only where somebody waits.

    A request is a wait, too, and only one is on its way at a time: at ten a second more of them
    would buy nothing, so what each takes is not counted twice.
    """

    _turn: threading.Lock = field(factory=threading.Lock)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Let nothing else make the time pass."""
        began, wall, beat = time.monotonic(), time.time(), owner.beat()
        ours = {
            "monotonic": lambda: began + self.seconds,
            "time": lambda: wall + self.seconds,
            "clock_gettime": lambda _which: beat + self.seconds,
        }
        shared = SimpleNamespace(**{**vars(time), **ours})
        for module in (database, hold, owner, renkei_sandbox.limits):
            patch.setattr(module, "time", shared)
        # A server has a clock of its own, on which the hour would be over in a minute.
        for module in (database, journal, paces):
            patch.setattr(module, "keepers_now", lambda _connection: wall + self.seconds)
        patch.setattr(Clock, "sleep", lambda _clock, seconds: self.go_on(seconds))
        patch.setattr(Clock, "monotonic", lambda _clock: began + self.seconds)
        patch.setattr(
            Clock, "real_now", lambda _clock: dt.datetime.fromtimestamp(wall + self.seconds, dt.UTC)
        )
        opened = Wire.open

        def open_(wire: Wire, request: Request, *, within_s: float) -> Reply:
            self.go_on(LATENCY_S / 2)
            reply = opened(wire, request, within_s=within_s)
            self.go_on(LATENCY_S / 2)
            return reply

        patch.setattr(Wire, "open", open_)

    def go_on(self, seconds: float) -> None:
        """Let time pass for everybody."""
        with self._turn:
            self.seconds += max(0.0, seconds)
            for call in self.passing:
                call(max(0.0, seconds))


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Hour:
    """Return the one clock of this test."""
    hour = Hour()
    hour.install(monkeypatch)
    return hour


def clock_of(moment: str) -> dt.datetime:
    """Return a time of the day in Japan."""
    return dt.datetime.fromisoformat(f"{DAY}T{moment}:00+09:00")


def changed(empty: Office, people: int) -> None:
    """Let *people* employees have another name in the one system than in the other."""
    for place in range(people):
        who = f"8{place:05}"
        empty.box.smarthr.add(
            emp_code=who, last_name="山本", first_name="薫", emp_status="employed"
        )
        empty.box.touchontime.add(code=who, lastName="山元", firstName="薫")


@pytest.mark.fault("F02")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("limit", [40, pytest.param(500, marks=pytest.mark.long)])
def test_an_hour_at_the_limits_around_a_closed_band(
    empty: Office, waiting: Hour, limit: int
) -> None:
    """At least 97 of 100 requests that were allowed while it was open, and hardly one refused."""
    office = empty
    allowed = round(limit * OPEN_S / WINDOW_S)
    changed(office, allowed)
    switches = office.box.touchontime.switches
    switches.bands = BANDS
    switches.rate_limit, switches.limit, switches.limit_window_s = True, limit, WINDOW_S
    hours = ", ".join(f'"{begin}-{end}"' for begin, end in BANDS)
    office.configure(
        touchontime="limits:\n  - {count: 10, seconds: 1}\n"
        f"  - {{count: {limit}, seconds: 300}}\nclosed_hours: [{hours}]"
    )
    office.box.clock.freeze(clock_of("07:50"))
    run = office.fetched("smarthr", "touchontime")
    waiting.go_on((clock_of("08:00") - office.box.clock.now()).total_seconds())
    office.box.clear_journal()
    words = ("--difference", "changed", "--look-first", "--allow-unusual", "--wait")
    result = office.ask("sync", run, *words)
    assert (result.code, result.json["status"]) == (0, "done"), result.err
    asked = [each for each in office.box.journal if each.system == "touchontime"]
    open_ = [each for each in asked if each.at < clock_of("10:30")]
    refused = [each for each in open_ if not _taken(each)]
    assert len(open_) - len(refused) >= 0.97 * allowed
    assert len(refused) <= 0.005 * len(open_)
    assert not [each for each in open_ if clock_of("08:30") <= each.at < clock_of("10:00")]
    writes = [each for each in asked if each.kind == "update"]
    assert len({each.person for each in writes}) == len(writes) == allowed


def _taken(entry: Entry) -> bool:
    return entry.status is not None and entry.status < 300
