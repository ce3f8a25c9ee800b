"""Who has to be looked at first, and who is released: what the dashboard offers and keeps."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

from renkei.config import load_config
from renkei.model import Difference, Filter
from renkei.runs import Runs

if TYPE_CHECKING:
    from tests.web.desk import Desk


def look_first(desk: Desk, number: str) -> None:
    """Let one employee of the plan be one to be looked at first."""
    with sqlite3.connect(desk.store) as store:
        store.execute("update items set look_first = 1 where number = ?", (number,))


def twin(desk: Desk, number: str) -> None:
    """Let a new employee of the plan seem to be the target's record 1417."""
    with sqlite3.connect(desk.store) as store:
        query = "select payload from items where number = ?"
        payload = json.loads(store.execute(query, (number,)).fetchone()[0])
        there = {**payload["after"], "lastName": "手本", "code": "1417"}
        payload["candidates"] = [["key-1417", "1417", there, {}]]
        store.execute(
            "update items set difference = 'blocked', reasons = ?, payload = ? where number = ?",
            (json.dumps([["same_person", "1417"]]), json.dumps(payload), number),
        )


def engine(desk: Desk) -> Runs:
    """Return the engine on the desk's store."""
    return Runs(load_config(desk.folder / "renkei.yaml"))


def new_numbers(desk: Desk) -> list[str]:
    """Return the numbers of the new employees of the plan."""
    with engine(desk) as runs:
        return runs.numbers("1", Filter(differences=(Difference.NEW,)))


def ticked(desk: Desk) -> set[str]:
    """Return who is ticked."""
    user = next(each for each in desk.office.people.users() if each.name == "admin")
    return desk.office.drafts_of("").of(user.id, "1").numbers


@pytest.mark.parametrize("what", ["all", "page"])
def test_a_tick_for_many_leaves_out_who_must_be_looked_at_first(desk: Desk, what: str) -> None:
    """They are ticked one by one, or together where they are shown alone."""
    number, *others = new_numbers(desk)
    look_first(desk, number)
    browser = desk.browser("admin")
    page = browser.get("/runs/1/choose?difference=new").text
    assert 'id="look-first"' in page
    assert "要注意" in page
    browser.post("/runs/1/ticks?difference=new", what=what)
    assert set(others) <= ticked(desk)
    assert number not in ticked(desk)
    browser.post("/runs/1/ticks?look=first", what=what)
    assert number in ticked(desk)


def test_one_who_must_be_looked_at_first_is_ticked_by_hand(desk: Desk) -> None:
    """One by one, without a filter."""
    number, *_others = new_numbers(desk)
    look_first(desk, number)
    desk.browser("admin").post("/runs/1/ticks", what="one", number=number, on="yes")
    assert ticked(desk) == {number}


@pytest.mark.parametrize("what", ["same", "new"])
def test_a_blocked_employee_is_released_with_a_reason(desk: Desk, what: str) -> None:
    """Both people stand side by side; who released, and why, is shown and kept."""
    number, *_others = new_numbers(desk)
    twin(desk, number)
    browser = desk.browser("admin")
    page = browser.get(f"/runs/1/choose?q={number}").text
    assert "1417と同じ人として扱う" in page
    assert "別の人として登録する" in page
    assert "手本" in page, "the other person is shown, too"
    without = browser.post("/runs/1/release", number=number, what=what, other="", why=" ")
    assert without.status_code >= 400
    other = "key-1417" if what == "same" else ""
    done = browser.post("/runs/1/release", number=number, what=what, other=other, why="確認済み")
    assert done.status_code == 303
    with engine(desk) as runs:
        (item,) = runs.items("1", numbers=[number])
        (kept,) = runs.releases()
    expected = (Difference.CHANGED, "key-1417") if what == "same" else (Difference.NEW, None)
    assert (item.difference, item.target_id) == expected
    assert kept.said.why == "確認済み"
    assert kept.said.who.startswith("admin")
    assert ticked(desk) == {number}
    assert "確認済み" in browser.get(f"/runs/1/choose?q={number}").text


def test_nothing_else_is_released(desk: Desk) -> None:
    """Somebody blocked for another reason has no button, and a forged request is refused."""
    with engine(desk) as runs:
        blocked = [i for i in runs.items("1", differences=[Difference.BLOCKED]) if i.number]
    browser = desk.browser("admin")
    assert "同じ人として扱う" not in browser.get("/runs/1/choose?difference=blocked").text
    for item in blocked:
        refused = browser.post(
            "/runs/1/release", number=str(item.number), what="same", other="x", why="y"
        )
        assert refused.status_code >= 400
    with engine(desk) as runs:
        assert runs.releases() == []
