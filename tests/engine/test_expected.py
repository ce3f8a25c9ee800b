"""An announced intake lets a schedule pass: so many people, on these days; the report says so."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from renkei.config import parse_config
from renkei.errors import MappingError, UnusualError
from renkei.model import Remark, Run, Selection, Status
from renkei.report.csv import report_rows
from renkei.report.html import report_page
from renkei.safety import Expected
from renkei.words.i18n import speaking

if TYPE_CHECKING:
    from tests.engine.world import World

FIRST, LAST = "2027-04-01", "2027-04-10"
INTAKE = Remark("expected_intake", ("creates", "8", FIRST, LAST, "新卒入社"))
SPRING = "creates: 8, from: 2027-04-01, to: 2027-04-10, why: 新卒入社"


@pytest.fixture
def spring(careful: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The first day of an intake of eight that is announced for the rosta; five pass anyway."""
    monkeypatch.setenv("RENKEI_NOW", f"{FIRST}T12:00:00+09:00")
    announce(careful, SPRING)
    for n in range(4):
        careful.in_clinic(f"9{n:02}")
        careful.in_rosta(f"9{n:02}", capacity=9)
    return careful


def announce(world: World, text: str) -> None:
    """Announce something for the rosta, in place of what was announced."""
    file = world.folder / "renkei.yaml"
    lines = [line for line in file.read_text().splitlines() if "expected" not in line]
    lines.insert(lines.index("    connector: rosta"), f"    expected: {{{text}}}")
    file.write_text("\n".join(lines) + "\n")


def hired(world: World, count: int) -> Run:
    """Let *count* people join the clinic, and choose them."""
    already = sum(1 for person in world.clinic.people.values() if person.values["beds"] == 7)
    numbers = tuple(f"{n:03}" for n in range(already, already + count))
    for number in numbers:
        world.in_clinic(number, beds=7)
    run = world.fetch()
    world.choose(run, numbers=numbers, differences=frozenset())
    return run


def stopped(world: World, run: Run) -> list[Remark]:
    """Try to sync; return why nothing was sent."""
    before = len(world.rosta.writes)
    with world.runs() as runs:
        with pytest.raises(UnusualError):
            runs.sync(run.id)
        assert runs.run(run.id).status is Status.READY
        assert len(world.rosta.writes) == before
        return runs.unusual(run.id)


def test_an_intake_passes_and_the_run_says_why(spring: World) -> None:
    """As many as were announced; nobody had to allow it."""
    run = spring.resume(hired(spring, 8))
    assert run.status is Status.DONE
    assert run.allowed_by is None
    assert INTAKE in run.notices


def test_one_more_than_announced_is_stopped(spring: World) -> None:
    """The message says both: the usual number, and what was announced."""
    assert stopped(spring, hired(spring, 9)) == [
        Remark("unusual_creates", ("9", "5", "")),
        Remark("over_expected", (*INTAKE.about, "9")),
    ]


@pytest.mark.parametrize(
    ("now", "passes"),
    [
        ("2027-03-31T23:59:00+09:00", False),
        ("2027-04-01T00:00:00+09:00", True),
        ("2027-04-10T23:59:00+09:00", True),
        ("2027-04-11T00:00:00+09:00", False),
    ],
)
def test_it_holds_from_the_first_to_the_last_day(
    spring: World, monkeypatch: pytest.MonkeyPatch, now: str, passes: bool
) -> None:
    """Days in Japan, both included."""
    monkeypatch.setenv("RENKEI_NOW", now)
    run = hired(spring, 8)
    if passes:
        assert spring.resume(run).status is Status.DONE
    else:
        assert stopped(spring, run) == [Remark("unusual_creates", ("8", "5", ""))]


def test_the_people_of_all_its_days_are_counted(
    spring: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six on the first day leave two for the others: no eight on each."""
    assert INTAKE in spring.resume(hired(spring, 6)).notices
    monkeypatch.setenv("RENKEI_NOW", f"{LAST}T12:00:00+09:00")
    assert stopped(spring, hired(spring, 6)) == [
        Remark("unusual_creates", ("6", "5", "")),
        Remark("over_expected", (*INTAKE.about, "12")),
    ]


def test_the_usual_room_of_a_day_stays(spring: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An announcement takes nothing away: after the intake five a day pass as ever, unspoken of."""
    spring.resume(hired(spring, 8))
    monkeypatch.setenv("RENKEI_NOW", "2027-04-02T12:00:00+09:00")
    run = spring.resume(hired(spring, 5))
    assert run.status is Status.DONE
    assert run.notices == ()


def test_of_one_day_nobody_is_counted_apart(spring: World) -> None:
    """The intake has filled the day: one more is one too many."""
    spring.resume(hired(spring, 8))
    assert stopped(spring, hired(spring, 1)) == [
        Remark("unusual_creates", ("9", "5", "8")),
        Remark("over_expected", (*INTAKE.about, "9")),
    ]


def test_other_kinds_are_limited_as_ever(spring: World) -> None:
    """Eight new employees are no excuse for four updates."""
    announce(spring, SPRING)
    hired(spring, 8)
    run = spring.fetch()
    spring.choose(run)
    assert stopped(spring, run) == [Remark("unusual_updates", ("4", "3", ""))]


@pytest.mark.parametrize("kind", ["updates", "leaving", "returning"])
def test_other_kinds_can_be_announced(spring: World, kind: str) -> None:
    """A department that is closed, or is taken over, on a day that everybody knows."""
    gone = dt.date(2027, 4, 30)
    for n in range(3):
        spring.in_clinic(f"5{n:02}", until=gone if kind == "leaving" else None)
        more = {"end": gone} if kind == "returning" else {"capacity": 9}
        spring.in_rosta(f"5{n:02}", **(more if kind != "leaving" else {}))
    numbers = tuple(f"5{n:02}" for n in range(3)) + ("900",) * (kind == "updates")
    run = spring.fetch()
    spring.choose(run, numbers=numbers, differences=frozenset())
    assert [remark.code for remark in stopped(spring, run)] == [f"unusual_{kind}"]
    announce(spring, f"{kind}: {len(numbers)}, from: {FIRST}, to: {FIRST}, why: 組織変更")
    done = spring.resume(run)
    assert done.status is Status.DONE
    about = (kind, f"{len(numbers)}", FIRST, FIRST, "組織変更")
    assert Remark("expected_intake", about) in done.notices


def test_it_is_for_the_system_that_is_written_to(spring: World) -> None:
    """What is announced for the rosta lets nobody into the clinic."""
    for n in range(8):
        spring.in_rosta(f"7{n:02}")
    run = spring.fetch("rosta", "clinic")
    numbers = tuple(f"7{n:02}" for n in range(8))
    spring.choose(run, numbers=numbers, differences=frozenset())
    with spring.runs() as runs, pytest.raises(UnusualError):
        runs.sync(run.id)
    assert not spring.clinic.writes


def test_it_is_said_only_of_a_choice_that_needs_it(spring: World) -> None:
    """A choice made anew before anything was sent is judged anew."""
    run = hired(spring, 8)
    with spring.runs() as runs:
        runs.interrupt()
        assert INTAKE in runs.sync(run.id).notices
    spring.choose(run, numbers=("000",), differences=frozenset())
    with spring.runs() as runs:
        assert INTAKE not in runs.run(run.id).notices
    assert INTAKE not in spring.resume(run).notices


def test_it_stays_in_the_report_of_a_run_that_goes_on(spring: World) -> None:
    """A resume after the last day neither asks nor forgets."""
    run = hired(spring, 8)
    spring.rosta.trouble = lambda hook, _values: (
        spring_interrupt(spring) if hook == "create_employee" else None
    )
    with pytest.raises(KeyboardInterrupt):
        spring.resume(run)
    spring.rosta.trouble = lambda _hook, _values: None
    announce(spring, f"creates: 1, from: {LAST}, to: {LAST}, why: x")
    done = spring.resume(run)
    assert done.status is Status.DONE
    assert INTAKE in done.notices


def spring_interrupt(world: World) -> None:
    """Interrupt the sync after two people."""
    if len(world.rosta.writes) == 2:
        raise KeyboardInterrupt


def test_every_form_of_the_report_says_it(spring: World) -> None:
    """The page and the file for a spreadsheet, in the words of the reader."""
    run = spring.resume(hired(spring, 8))
    with spring.runs() as runs, speaking("ja"):
        labels = runs.labels(run.id)
        page = "".join(report_page(run, runs.items(run.id), labels))
        rows = list(report_rows(runs.items(run.id), labels))
    assert "新規登録、8 人まで（新卒入社）" in page
    assert len({len(row) for row in rows}) == 1
    assert [row[0] for row in rows[-2:]] == ["903", ""]
    assert "新規登録、8 人まで（新卒入社）" in rows[-1][4]


def test_a_page_of_the_choice_asks_for_nothing(spring: World) -> None:
    """The dashboard has nothing to be ticked for what is announced."""
    run = hired(spring, 8)
    numbers = tuple(f"{n:03}" for n in range(8))
    with spring.runs() as runs:
        assert runs.preview(run.id, Selection(numbers=numbers, new={"ward": "W1"})) == []


# --- as it is written -----------------------------------------------------------------------------

CONNECTION = """\
connections:
  x:
    connector: touchontime
    base_url: https://api.kingtime.jp/v1.0
    token: env:T
    expected:
"""
GOOD = {"creates": "60", "from": FIRST, "to": LAST, "why": "新卒入社"}


def read(tmp_path: Path, **keys: str | None) -> Expected | None:
    """Read a configuration with an announcement of these keys; None leaves one out."""
    lines = [f"      {key}: {value}" for key, value in keys.items() if value is not None]
    text = CONNECTION + "\n".join(lines) + "\n"
    return parse_config(text, tmp_path / "renkei.yaml").connections["x"].expected


def test_an_announcement_is_read(tmp_path: Path) -> None:
    """Days are days, numbers are numbers; other kinds may stand beside or instead."""
    spring = Expected(
        from_=dt.date(2027, 4, 1), to=dt.date(2027, 4, 10), why="新卒入社", creates=60
    )
    assert read(tmp_path, **GOOD) == spring
    assert read(tmp_path, **GOOD, leaving="3") == evolve(spring, leaving=3)
    assert read(tmp_path, **{**GOOD, "to": FIRST}) == evolve(spring, to=dt.date(2027, 4, 1))


@pytest.mark.parametrize(
    ("wrong", "line", "column", "said"),
    [
        ({"to": "2027-03-31"}, 9, 11, "before the first one, 2027-04-01"),
        ({"to": None}, 7, 7, 'the key "to" is missing'),
        ({"from": None}, 7, 7, 'the key "from" is missing'),
        ({"why": None}, 7, 7, 'the key "why" is missing'),
        ({"why": ""}, 10, 11, "why: a value is missing"),
        ({"why": "'  '"}, 10, 12, "Say why"),
        ({"creates": None}, 7, 7, "of one of these: creates, updates, leaving, returning"),
        ({"creates": "0"}, 7, 16, "1 or more"),
        ({"creates": "many"}, 7, 16, 'creates: expected a whole number, not "many"'),
        ({"from": "2027-4-1"}, 8, 13, 'from: expected a date like 2027-04-01, not "2027-4-1"'),
        ({"from": "20270401"}, 8, 13, "from: expected a date"),
        ({"from": "2027-02-29"}, 8, 13, "from: expected a date"),
        ({"emptied": "3"}, 11, 7, 'unknown key "emptied"'),
        ({"form": FIRST}, 11, 7, 'did you mean "from"?'),
    ],
)
def test_a_mistake_is_told_with_its_place(
    tmp_path: Path, wrong: dict[str, str | None], line: int, column: int, said: str
) -> None:
    """Line and column, and what to write instead."""
    with pytest.raises(MappingError) as caught:
        read(tmp_path, **{**GOOD, **wrong})
    [problem] = caught.value.problems
    assert said in problem.message
    assert (problem.line, problem.column) == (line, column)
