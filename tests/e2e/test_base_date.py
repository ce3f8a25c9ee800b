from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.office import Office

Direction = tuple[str, str]
ONE_WAY = [
    ("smarthr", "touchontime"),
    pytest.param(("touchontime", "smarthr"), marks=pytest.mark.long),
]


@pytest.mark.parametrize("day", ["2023-11-20", "2027-11-20", "2026-11-20"])
@pytest.mark.parametrize("direction", ONE_WAY)
def test_three_years_back_and_one_ahead_are_accepted(
    office: Office, direction: Direction, day: str
) -> None:
    """Both ends are included, and the run keeps its date."""
    assert office.ask("fetch", *direction, "--date", day).json["base_date"] == day


@pytest.mark.parametrize("day", ["2023-11-19", "2027-11-21", "1999-01-01", "9999-12-31"])
@pytest.mark.parametrize("direction", ONE_WAY)
def test_a_day_beyond_is_refused_before_anything_is_sent(
    office: Office, direction: Direction, day: str
) -> None:
    """The message names the two ends; nothing was sent and no run was made."""
    result = office.ask("fetch", *direction, "--date", day)
    assert (result.code, result.error["code"]) == (2, "base_date")
    assert "2023-11-20" in result.error["message"]
    assert "2027-11-20" in result.error["message"]
    assert office.box.journal == []
    assert office.ask("reports").json["reports"] == []


@pytest.mark.fault("F38")
@pytest.mark.parametrize(
    ("today", "first", "last"),
    [("2028-02-29", "2025-02-28", "2029-02-28"), ("2027-02-28", "2024-02-28", "2028-02-28")],
)
def test_the_ends_on_a_leap_day(office: Office, today: str, first: str, last: str) -> None:
    """From 29 February the ends are the 28th; a leap day beyond an end is refused."""
    office.box.clock.set(f"{today}T12:00:00+09:00")
    for day in (first, last):
        assert office.ask("fetch", "smarthr", "touchontime", "--date", day).code == 0
    after = (dt.date.fromisoformat(last) + dt.timedelta(days=1)).isoformat()
    assert office.ask("fetch", "smarthr", "touchontime", "--date", after).code == 2


@pytest.mark.fault("F39")
@pytest.mark.parametrize(
    "text",
    ["2026/4/1", "20260401", "2026-02-29", "令和8年4月1日", "today", "２０２６-０４-０１", ""],
)
def test_other_ways_to_write_a_date_are_refused_clearly(office: Office, text: str) -> None:
    """The message repeats what was written and shows how to write it."""
    result = office.ask("fetch", "smarthr", "touchontime", "--date", text)
    assert result.code == 2
    assert text in result.error["message"]
    assert "2026-11-22" in result.error["message"]
    assert office.box.journal == []


def test_today_is_the_day_in_japan(office: Office) -> None:
    """At 00:30 in Tokyo the base date is the new day, while it is still the old one in London."""
    office.box.clock.set("2026-04-01T00:30:00+09:00")
    office.env["TZ"] = "Europe/London"
    assert office.ask("fetch", "smarthr", "touchontime").json["base_date"] == "2026-04-01"


@pytest.mark.parametrize(
    ("hired", "left", "listed"),
    [
        ("2026-11-20", None, True),
        ("2026-11-21", None, False),
        (None, None, True),
        ("2020-01-01", "2026-11-19", False),
        ("2020-01-01", "2026-11-20", False),
        ("2020-01-01", "2026-11-21", True),
    ],
)
def test_who_is_listed(
    office: Office, direction: Direction, hired: str | None, left: str | None, *, listed: bool
) -> None:
    """Hired on the day counts, leaving on the day is gone, and so it is in both directions."""
    if direction[0] == "smarthr":
        office.box.smarthr.add(
            emp_code="B1", last_name="基準", first_name="日", gender="male",
            entered_at=hired, resigned_at=left,
        )  # fmt: skip
    else:
        dates = {"hiredDate": hired, "resignationDate": left}
        office.box.touchontime.add(
            code="B1", lastName="基準", firstName="日", gender="male",
            **{k: v for k, v in dates.items() if v},
        )  # fmt: skip
    assert ("B1" in office.plan(office.fetched(*direction))) == listed


def test_leavers_are_counted_with_the_date_that_shows_them(office: Office) -> None:
    """The notice names how many, who, and a date; with that date they are listed and synced."""
    cases = office.box.cases
    leavers = {*cases["resigned_yesterday"], *cases["resigned_today"]}
    first = office.renkei("fetch", "smarthr", "touchontime")
    assert "but still active in touchontime: 2 (" in first.out
    assert all(number in first.out for number in leavers)
    assert "base date 2026-11-18" in first.out
    warned = office.ask("fetch", "smarthr", "touchontime")
    assert "base date 2026-11-18" in warned.err
    run = office.fetched("smarthr", "touchontime", "--date", "2026-11-18")
    assert leavers <= set(office.numbers(run, "changed"))
    result = office.ask("sync", run, *(word for each in leavers for word in ("--number", each)))
    assert result.code == 0
    for number in leavers:
        assert office.box.touchontime.find(number)[0]["resignationDate"]
    assert "left on or before" not in office.renkei("fetch", "smarthr", "touchontime").out


def test_a_future_base_date_lists_future_hires(office: Office) -> None:
    """With a later base date somebody who starts in three weeks is new, and is created once."""
    [number] = office.box.cases["future_hire"]
    assert number not in office.plan(office.fetched("smarthr", "touchontime"))
    office.synced("smarthr", "touchontime", "--date", "2026-12-31")
    assert office.creates("touchontime")[number] == 1
    assert number not in office.numbers(office.fetched("smarthr", "touchontime"), "new")
