"""``schedules:`` in the file: what may be written, and every mistake with its place."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from renkei.config import Config, load_config, load_main
from renkei.errors import MappingError, UsageError
from renkei.model import Difference
from renkei.schedule.rule import Chosen, Days, Schedule, Window

HEAD = """\
connections:
  smarthr: {connector: smarthr, base_url: "http://127.0.0.1:1/api", token: env:S}
  touchontime: {connector: touchontime, base_url: "http://127.0.0.1:1", token: env:T}
mappings: [{use: smarthr-touchontime}]
schedules:
"""
WAY = "from: smarthr, to: touchontime"


def read(folder: Path, *lines: str) -> Config:
    path = folder / "renkei.yaml"
    path.write_text(HEAD + "".join(f"  - {line}\n" for line in lines), encoding="utf-8")
    return load_config(path)


def test_the_schedules_of_the_issue_are_read(tmp_path: Path) -> None:
    """A window or a cron expression, with or without a sync, in either direction."""
    config = read(
        tmp_path,
        f'{{name: nightly, between: "01:00-06:30", {WAY}, leavers: 62,'
        " sync: {difference: [changed]}, not_on: [25-31, 1]}",
        f'{{name: hires, at: "0 13 * * 1-5", {WAY}, joiners: 14, sync: {{difference: [new]}},'
        ' new: {divisionCode: "100", typeCode: "1"}}',
        '{name: look, at: "30 13 * * *", from: touchontime, to: smarthr}',
    )
    nightly, hires, look = config.schedules
    assert nightly == Schedule(
        name="nightly",
        from_="smarthr",
        to="touchontime",
        between=Window(dt.time(1), dt.time(6, 30)),
        leavers=62,
        sync=Chosen(difference=(Difference.CHANGED,)),
        not_on=(Days(25, 31), Days(1, 1)),
    )
    assert (hires.at, hires.joiners) == ("0 13 * * 1-5", 14)
    assert hires.new == {"divisionCode": "100", "typeCode": "1"}
    assert (look.sync, look.from_) == (None, "touchontime")
    assert nightly.timing == "01:00-06:30 25-31,1"
    assert config.schedule("hires") is hires
    with pytest.raises(UsageError, match='did you mean "nightly"') as caught:
        config.schedule("nightl")
    assert caught.value.code == "schedule"


@pytest.mark.parametrize(
    ("line", "at", "told"),
    [
        (f"{{name: a, {WAY}}}", "{", "Say when"),
        (f'{{name: a, at: "0 1 * * *", between: "01:00-02:00", {WAY}}}', "{", "Say when"),
        (f'{{name: a, at: "0 1 * *", {WAY}}}', '"0 1', "Write five fields"),
        (f'{{name: a, at: "0 0 30 2 *", {WAY}}}', '"0 0', "Write five fields"),
        (f'{{name: a, between: "1-2", {WAY}}}', '"1-2', "Write a window"),
        (f'{{name: a, between: "02:00-02:00", {WAY}}}', '"02', "Write a window"),
        (f'{{name: A, at: "0 1 * * *", {WAY}}}', "A", "small letters"),
        (f'{{name: a, at: "0 1 * * *", {WAY}, every: day}}', "every", 'unknown key "every"'),
        (f'{{name: a, at: "0 1 * * *", {WAY}, not_on: [0-3]}}', "0-3", "a day of the month"),
        (f'{{name: a, at: "0 1 * * *", {WAY}, not_on: [1-31]}}', "[1", "No day is left"),
        (f'{{name: a, at: "0 1 * * *", {WAY}, leavers: 367}}', "367", "from 0 to 366"),
        (f'{{name: a, at: "0 {"9" * 5_000} * * *", {WAY}}}', '"0 999', "hour"),
        (f'{{name: a, at: "0 1 * * *", {WAY}, leavers: {"9" * 5_000}}}', "999", "whole number"),
        ('{name: a, at: "0 1 * * *", from: smarthr, to:  smarthr}', " smarthr}", "same connection"),
        (f'{{name: a, at: "0 1 * * *", {WAY}x}}', "touchontimex", "There is no connection"),
        (f'{{name: a, at: "0 1 * * *", {WAY}, sync: {{difference: []}}}}', "[]", "list is empty"),
        (
            f'{{name: a, at: "0 1 * * *", {WAY}, sync: {{difference: [blocked]}}}}',
            "blocked",
            "expected new or changed or same",
        ),
        (f'{{name: a, at: "0 1 * * *", {WAY}, new: {{typeCode: "1"}}}}', "{typ", "does not sync"),
    ],
)
def test_every_mistake_has_its_place(tmp_path: Path, line: str, at: str, told: str) -> None:
    """The line, the column and what is wrong there."""
    with pytest.raises(MappingError) as caught:
        read(tmp_path, line)
    (found,) = {(each.line, each.column, told in each.message) for each in caught.value.problems}
    blank = len(at) - len(at.lstrip())
    assert found == (6, len("  - ") + line.index(at) + blank + 1, True), caught.value.message


def test_a_name_is_given_once(tmp_path: Path) -> None:
    """The second one is the mistake."""
    one = f'{{name: a, at: "0 1 * * *", {WAY}}}'
    with pytest.raises(MappingError, match=r"yaml:7:12: There is a schedule a already"):
        read(tmp_path, one, one)


def test_schedules_are_those_of_a_company(tmp_path: Path) -> None:
    """Where there are several they stand in the file of each."""
    path = tmp_path / "renkei.yaml"
    path.write_text("companies: c/\nschedules: []\n", encoding="utf-8")
    with pytest.raises(MappingError, match=r"yaml:2:1: It has companies:"):
        load_main(path)
