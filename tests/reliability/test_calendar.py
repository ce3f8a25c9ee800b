"""Midnight in Japan, base dates, odd dates, the closed hours to the second, clocks that jump."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define
from tests.e2e import conftest as e2e
from tests.pair import DIRECTIONS, NEW
from tests.sampling import sample, sampled

from renkei.clock import Clock
from renkei_sandbox import faults

if TYPE_CHECKING:
    from tests.e2e.office import Office

Direction = tuple[str, str]

office, empty_store, direction = e2e.office, e2e.empty_store, e2e.direction
collect = e2e._collect


def employ(office: Office, system: str, number: str, **more: Any) -> None:
    """Put somebody into one system; *more* is in the words of Touch On Time."""
    words = {"hiredDate": "entered_at", "resignationDate": "resigned_at", "birthDate": "birth_at"}
    more = {name: value for name, value in more.items() if value is not None}
    if system == "smarthr":
        theirs = {words[name]: value for name, value in more.items()}
        office.box.smarthr.add(
            emp_code=number, last_name="暦", first_name="一", gender="male", **theirs
        )
    else:
        office.box.touchontime.add(
            code=number, lastName="暦", firstName="一", gender="male", **more
        )


# --- midnight in Japan -------------------------------------------------------------------------

MIDNIGHTS = ("2026-04-01", "2026-12-01", "2027-01-01", "2028-02-29", "2028-03-01")
ZONES = ("UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12")


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The computer believes to be in one of several zones."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


@pytest.mark.fault("F37")
@sampled
def test_the_base_date_is_the_day_in_japan_wherever_the_computer_is(
    office: Office, zone: str
) -> None:
    """A second before midnight in Japan, at midnight, a second later; printed, sent and stored."""
    moments = [(day, seconds) for day in MIDNIGHTS for seconds in (-1, 0, 1)]
    for text, seconds in sample(moments, 8, ZONES.index(zone)):
        day = dt.date.fromisoformat(text)
        midnight = dt.datetime.combine(day, dt.time(), dt.timezone(dt.timedelta(hours=9)))
        expected = day - dt.timedelta(days=1) if seconds < 0 else day
        office.box.clock.set(midnight + dt.timedelta(seconds=seconds))
        office.box.clear_journal()
        result = office.ask("fetch", "smarthr", "touchontime")
        assert result.json["base_date"] == expected.isoformat()
        asked = [e.query["date"] for e in office.box.journal if e.path.endswith("employees")]
        assert expected.isoformat() in asked
        assert f"base date {expected}" in office.renkei("plan", result.run).out


@pytest.mark.fault("F37")
def test_midnight_during_a_fetch_changes_nothing(office: Office, direction: Direction) -> None:
    """The day is taken once: leavers on the new day are still listed, and so in the sync."""
    source, target = direction
    employ(office, source, "M1", hiredDate="2020-01-01", resignationDate="2026-11-21")
    office.box.clock.set("2026-11-20T23:59:59.7+09:00")
    office.system(source).faults.add("slow", seconds=0.5)
    run = office.fetched(*direction)
    assert office.box.clock.today() == dt.date(2026, 11, 21)
    assert office.plan(run)["M1"]["difference"] == "new"
    assert office.ask("plan", run).json["base_date"] == "2026-11-20"
    result = office.ask("sync", run, "--number", "M1", *NEW[target])
    assert (result.code, result.json["base_date"]) == (0, "2026-11-20")
    assert office.creates(target)["M1"] == 1


# --- who is listed -----------------------------------------------------------------------------

EMPLOYED = {
    "D01": (None, None),
    "D02": ("2026-04-01", None),
    "D03": ("2026-03-31", None),
    "D04": ("2026-04-02", None),
    "D05": ("2020-04-01", "2026-03-31"),
    "D06": ("2020-04-01", "2026-04-01"),
    "D07": ("2020-04-01", "2026-04-02"),
    "D08": ("2024-02-29", None),
    "D09": ("2020-04-01", "2024-02-29"),
    "D10": ("2024-02-29", "2024-03-01"),
    "D11": ("2026-04-01", "2026-04-01"),
    "D12": ("2026-06-01", "2026-05-01"),
    "D13": ("0001-01-01", "9999-12-31"),
    "D14": ("9999-12-31", None),
    "D15": (None, "0001-01-01"),
}
BASES = (
    "2023-11-20", "2024-02-28", "2024-02-29", "2024-03-01", "2026-03-31", "2026-04-01",
    "2026-04-02", "2026-05-15", "2026-11-20", "2027-11-20",
)  # fmt: skip


@pytest.mark.fault("F38")
@sampled
def test_every_boundary_of_employment_on_every_base_date(
    office: Office, direction: Direction
) -> None:
    """The day of joining counts, the day of leaving does not; endless dates do no harm."""
    source, _ = direction
    for number, (hired, left) in EMPLOYED.items():
        employ(office, source, number, hiredDate=hired, resignationDate=left)
    for base in sample(BASES, 2, DIRECTIONS.index(direction)):
        listed = EMPLOYED.keys() & office.plan(office.fetched(*direction, "--date", base)).keys()
        assert listed == {
            number
            for number, (hired, left) in EMPLOYED.items()
            if (hired is None or hired <= base) and (left is None or base < left)
        }, base


@pytest.mark.fault("F38")
def test_whoever_came_back_is_one_person(office: Office, direction: Direction) -> None:
    """Two records of one number in the source, one of them gone: the other one is compared."""
    source, target = direction
    for left in ("2020-03-31", None):
        employ(office, source, "W1", hiredDate="2015-04-01", resignationDate=left)
    run = office.fetched(*direction)
    assert office.plan(run)["W1"]["difference"] == "new"
    assert office.ask("sync", run, "--number", "W1", *NEW[target]).code == 0
    assert office.creates(target)["W1"] == 1
    assert office.plan(office.fetched(*direction))["W1"]["difference"] == "same"


ODD_DATES: tuple[Any, ...] = (
    "2026/4/1", "20260401", "2026-4-1", "令和8年4月1日", "２０２６-０４-０１", " 2026-04-01",
    "2026-04-01T00:00:00", "2026-04-01T00:00:00+09:00", "2026-W14-3", "2026-091", "2026-02-30",
    "2026-13-01", "2025-02-29", "0000-00-00", "99999-01-01", "-2026-04-01", "soon", 20260401,
    46113.5, True, ["2026-04-01"], {"year": 2026},
)  # fmt: skip


@pytest.mark.fault("F39")
@pytest.mark.parametrize("side", [0, 1], ids=["source", "target"])
def test_a_date_in_another_form_is_not_guessed(
    office: Office, direction: Direction, side: int
) -> None:
    """Each blocks its own employee, naming the field and not the value; the others are compared."""
    usual = office.ask("fetch", *direction).json["counts"]
    field = {"smarthr": "birth_at", "touchontime": "birthDate"}[direction[side]]
    for index, odd in enumerate(ODD_DATES):
        for system in direction:
            birth = odd if system == direction[side] else "2000-04-01"
            employ(office, system, f"O{index:02d}", birthDate=birth)
    run = office.fetched(*direction)
    plan = office.plan(run)
    for index, odd in enumerate(ODD_DATES):
        item = plan[f"O{index:02d}"]
        assert (item["difference"], item["reasons"]) == ("blocked", ["unreadable"]), odd
    counts = office.ask("plan", run).json["counts"]
    assert counts == {**usual, "blocked": usual["blocked"] + len(ODD_DATES)}
    shown = office.renkei("plan", run, "--difference", "blocked").out
    assert shown.count(f"({field})") + shown.count(f": {field}") >= len(ODD_DATES)
    assert not [odd for odd in ODD_DATES if isinstance(odd, str) and odd in shown]


@pytest.mark.fault("F39")
@pytest.mark.parametrize("field", ["hiredDate", "resignationDate"])
def test_a_day_of_joining_or_leaving_that_cannot_be_read_hides_nobody(
    office: Office, direction: Direction, field: str
) -> None:
    """Nobody knows whether they are employed: listed and blocked, on every base date."""
    source, _ = direction
    employ(office, source, "O1", **{field: "2026/4/1"})
    for base in ("2024-01-01", "2026-11-20"):
        item = office.plan(office.fetched(*direction, "--date", base))["O1"]
        assert (item["difference"], item["reasons"]) == ("blocked", ["unreadable"])


# --- closed hours and clocks that jump ---------------------------------------------------------


EDGES = (
    [("08:29:59", False), ("17:29:59", False)],
    [("17:30:00", True), ("08:30:00", True)],
    [("08:30:01", True), ("17:30:01", True)],
    [("18:29:59", True), ("09:59:59", True)],
    [("10:00:00", False), ("18:30:00", False)],
)
"""Each edge once in the morning and once in the evening: the first of the two in every run."""


@pytest.mark.fault("F35")
@pytest.mark.parametrize(
    ("second", "closed"),
    [
        pytest.param(*edge, marks=[pytest.mark.long] if place else [])
        for edges in EDGES
        for place, edge in enumerate(edges)
    ],
)
def test_the_closed_hours_to_the_second_in_the_middle_of_a_sync(
    office: Office, second: str, *, closed: bool
) -> None:
    """The system's clock reaches the edge with the third write: paused there, or not at all."""
    office.allow(1)
    run = office.fetched("smarthr", "touchontime")
    clock, writes = office.box.clock, [0]
    clock.set(f"2026-11-20T{'08' if second < '12' else '17'}:20:00+09:00")

    def third(_: object) -> None:
        writes[0] += 1
        if writes[0] == 3:
            clock.freeze(f"2026-11-20T{second}+09:00")

    for method in ("PUT", "POST"):
        office.box.touchontime.faults.add(faults.hook(third), method=method, times=None)
    result = office.ask("sync", run, *office.everybody("touchontime"))
    if not closed:
        assert (result.code, result.json["status"]) == (0, "done")
        return
    assert (result.code, result.error["code"]) == (4, "closed")
    assert f"{'10:00' if second < '12' else '18:30'} (JST)" in result.error["message"]
    outcomes = result.json["outcomes"]
    assert (outcomes["created"] + outcomes["updated"], outcomes["failed"]) == (2, 0)
    assert len(office.sent()) == 3
    clock.set("2026-11-20T12:00:00+09:00")
    assert office.ask("resume", run).code == 0
    assert set(office.creates("touchontime").values()) == {1}


@define
class WallClock:
    """The clock on the wall, which somebody can set; the other one goes on."""

    jump_s: float = 0.0

    def time(self) -> float:
        """Return what the wall shows."""
        return time.time() + self.jump_s

    def monotonic(self) -> float:
        """Return what nobody can set."""
        return time.monotonic()


@pytest.mark.fault("F36")
@pytest.mark.parametrize(
    ("jump_s", "pair"),
    [
        pytest.param(jump_s, pair, marks=[pytest.mark.long] if (row + column) % 2 else [])
        for row, jump_s in enumerate((-86400, -3600, -60, -1, 86400, 3600, 60, 1))
        for column, pair in enumerate(DIRECTIONS)
    ],
)
def test_a_clock_that_jumps_in_a_sync_stops_nobody(
    office: Office, jump_s: int, pair: Direction
) -> None:
    """Set by the time service, or woken from sleep: everybody is written once, and in this sync."""
    _, target = pair
    run = office.fetched(*pair)
    wall, real = WallClock(), Clock.real_now
    for module in ("hold", "database"):
        office.monkeypatch.setattr(f"renkei.store.{module}.time", wall)
    office.monkeypatch.setattr(
        Clock, "real_now", lambda self: real(self) + dt.timedelta(seconds=wall.jump_s)
    )
    office.system(target).faults.add(
        faults.hook(lambda _: setattr(wall, "jump_s", jump_s)), path="crews|employees", nth=4
    )
    result = office.ask("sync", run, *office.everybody(target))
    assert wall.jump_s == jump_s
    assert (result.code, result.json["status"]) == (0, "done"), result.out
    assert set(office.creates(target).values()) == {1}
    shown = office.ask("report", run).json
    assert shown["outcomes"]["created"] == shown["counts"]["new"]
