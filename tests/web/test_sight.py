"""What of a person is seen with which right: one rule, on every page and in every file."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from tests.pair import NOON

from renkei.config import load_config
from renkei.model import Candidate, Remark
from renkei.people import Choice, Others, Value
from renkei.runs import Runs
from renkei_web import reading
from renkei_web.users import Role

if TYPE_CHECKING:
    from tests.web.desk import Browser, Desk

TODAY = dt.date.fromisoformat(NOON[:10])
LEAVES = {"date": "2026-12-31"}
BORN = ("1919-03-11", "1919年3月11日", "1921-01-02", "1921年1月2日")
GENDER = ("男性", "女性", ">male", ">female")
LEAVING = ("2026-12-31", "2026年12月31日", "0010", "伊藤 愛")
FILES = ("/runs/1/report.csv", "/runs/1/report.html")
PLACES = ("/runs/1", "/runs/1/status", "/runs/1/people", *FILES)
COUNTED = ("/", "/connections", "/reports", "/runs/1", "/runs/1/status")


def put(desk: Desk, number: str, paths: dict[str, Any], **columns: str) -> None:
    """Put values into the payload of one employee, and texts into columns beside it."""
    with sqlite3.connect(desk.store) as store:
        for path, value in paths.items():
            store.execute(
                "update items set payload = json_set(payload, ?, json(?)) where number = ?",
                (f"$.{path}", json.dumps(value), number),
            )
        for name, text in columns.items():
            store.execute(f"update items set {name} = ? where number = ?", (text, number))  # noqa: S608


def about(desk: Desk, **columns: str) -> None:
    """Put texts into columns of the run."""
    with sqlite3.connect(desk.store) as store:
        for name, text in columns.items():
            store.execute(f"update runs set {name} = ?", (text,))  # noqa: S608


@pytest.fixture
def secrets(desk: Desk) -> Desk:
    """0008 has another birth and gender and failed, 0010 is going to leave, 0004 is blocked."""
    born = {"date": "1919-03-11"}, {"date": "1921-01-02"}
    changes = [["lastName", "旧姓", "鵺鸚院"], ["birthDate", *born], ["gender", "male", "female"]]
    put(
        desk, "0008", {"changes": changes},
        outcome="failed",
        outcome_reason='["refused", "birthDate", "lastName"]',
        detail="1919-03-11 is not accepted",
        earlier='[["failed", ["refused", "gender"], "1921-01-02?"]]',
        selected="1",
    )  # fmt: skip
    put(
        desk, "0010",
        {
            "changes": [["resignationDate", None, LEAVES]],
            "after.resignationDate": LEAVES,
            "read.resigned_at": LEAVES,
        },
        outcome="updated",
        selected="1",
    )  # fmt: skip
    put(
        desk, "0004", {"read.resigned_at": LEAVES, "after.resignationDate": LEAVES, "changes": []},
        difference="blocked",
        reasons='[["not_in_table", "gender", "女性"], ["missing_required", "email"]]',
        notes='[["resigned_in_target", "2026-12-31"]]',
    )  # fmt: skip
    about(desk, status="done_with_errors", sync_started_at="2026-11-20 03:00:00.000000")
    return desk


def looked_at(browser: Browser, *paths: str) -> dict[str, str]:
    """Return what each of these says, as people read it."""
    found = {}
    for path in paths:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        found[path] = html.unescape(answer.text)
    return found


def somebody(desk: Desk, role: Role) -> Browser:
    desk.add("colleague", role)
    return desk.browser("colleague")


@pytest.mark.security(38)
@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_operators_see_all_of_a_person(secrets: Desk, role: Role) -> None:
    """Births, genders, who is going to leave, and a system's own words."""
    found = looked_at(somebody(secrets, role), *PLACES)
    for path in PLACES[2:]:
        for text in ("1921", "女性", "0010", "伊藤 愛", "is not accepted"):
            assert text in found[path], (path, text)
        assert LEAVING[0] in found[path] or LEAVING[1] in found[path]


@pytest.mark.security(38)
def test_viewers_see_no_birth_no_gender_and_no_leaver(secrets: Desk) -> None:
    """Pages, spreadsheet and printed page leave out the same; everything else of them is there."""
    found = looked_at(somebody(secrets, Role.VIEWER), *PLACES)
    for path, text in found.items():
        for secret in (*BORN, *GENDER, *LEAVING, "is not accepted"):
            assert secret not in text, (path, secret)
    for path in PLACES[2:]:
        assert "旧姓" in found[path], path
        assert "0004" in found[path], path
        assert "メールアドレス" in found[path], path
    assert "担当者以上に表示します" in found["/runs/1/people"]
    page = somebody_else(secrets, Role.VIEWER).get("/runs/1/people?q=0010").text
    assert 'scope="row"' not in page


def somebody_else(desk: Desk, role: Role) -> Browser:
    desk.add("other", role)
    return desk.browser("other")


def test_a_day_that_is_past_is_no_secret(secrets: Desk) -> None:
    """People who have left by today are read with the date, like every other change."""
    gone = {"date": "2026-11-20"}
    paths = {"after.resignationDate": gone, "read.resigned_at": gone}
    put(secrets, "0010", {"changes": [["resignationDate", None, gone]]} | paths)
    found = looked_at(somebody(secrets, Role.VIEWER), *PLACES[2:])
    for path, text in found.items():
        assert "0010" in text, path
        assert "退職日" in text, path


@pytest.mark.security(38)
def test_a_base_date_to_come_lists_leavers(secrets: Desk) -> None:
    """Whatever it says of leaving is of days to come: no value without a date, and no number."""
    about(
        secrets,
        base_date="2026-12-31",
        notices='[["left_but_active", "1", "30", "0010"],'
        ' ["left_before_base", "1", "2026-12-30", "0010"]]',
    )
    viewer = looked_at(somebody(secrets, Role.VIEWER), "/runs/1", "/runs/1/report.html")
    operator = looked_at(somebody_else(secrets, Role.OPERATOR), *viewer)
    for path, text in viewer.items():
        assert "0010" not in text, path
        assert "（…）" in text or "(…)" in text, path
        assert "0010" in operator[path], path


@pytest.mark.security(38)
def test_whoever_leaves_by_a_base_date_to_come_is_not_listed(secrets: Desk) -> None:
    """A day that is past is a secret, too, as long as the list is of a day that is not."""
    gone = {"date": "2026-11-20"}
    paths = {"after.resignationDate": gone, "read.resigned_at": gone}
    put(secrets, "0010", {"changes": [["resignationDate", None, gone]]} | paths)
    about(secrets, base_date="2026-12-31")
    for text in looked_at(somebody(secrets, Role.VIEWER), *PLACES[2:]).values():
        assert "0010" not in text


@pytest.mark.security(38)
def test_nothing_that_hangs_on_somebody_tells_more(secrets: Desk) -> None:
    """Who may be the same person, further values, and values given for somebody new."""
    values: dict[str, Value] = {
        "lastName": "手本", "birthDate": dt.date(1919, 3, 11), "gender": "female",
        "resignationDate": dt.date(2026, 12, 31),
    }  # fmt: skip
    others: Others = {"birthDate": (dt.date(1919, 3, 11),), "gender": ("female",)}
    other = Candidate(id="k", number="1417", values=values, others=others)
    with Runs(load_config(secrets.folder / "renkei.yaml")) as runs:
        run = runs.run("1")
        item = next(each for each in runs.items("1") if each.number == "0008")
        more = evolve(
            item, candidates=(other,), before_others=others,
            read_others={"birth_at": ("1919-03-11",), "gender": ("female",)},
            new_values={"gender": Choice(code="female", label="女性")},
        )  # fmt: skip
        (seen,) = reading.seen(runs, run, [more], Role.VIEWER)
        (whole,) = reading.seen(runs, run, [more], Role.OPERATOR)
    assert [(each.values, each.others) for each in seen.candidates] == [({"lastName": "手本"}, {})]
    assert (seen.new_values, seen.before_others, seen.read_others) == ({}, {}, {})
    assert whole == more


TYPED = "離婚協議中のため旧姓"


@pytest.mark.security(38)
def test_reasons_that_were_typed_are_for_operators(secrets: Desk) -> None:
    """A release and an announcement say why in a person's own words, which may be about anybody."""
    said = ["same_person", ["1417"], "colleague", TYPED]
    put(secrets, "0008", {"released": said})
    told = ["creates", "30", "2026-11-01", "2026-11-30", TYPED]
    about(
        secrets,
        expected=json.dumps([["expected_intake", *told]]),
        reason=json.dumps(["over_expected", *told, "40"]),
    )
    viewer = looked_at(somebody(secrets, Role.VIEWER), *PLACES)
    for path, text in viewer.items():
        assert TYPED not in text, path
    for path in PLACES[2:]:
        assert "1417" in viewer[path], path
    secrets.add("counts", Role.COUNTS)
    for path, text in looked_at(secrets.browser("counts"), *COUNTED).items():
        assert TYPED not in text, path
    operator = looked_at(somebody_else(secrets, Role.OPERATOR), *PLACES)
    for path in ("/runs/1", *PLACES[2:]):
        assert TYPED in operator[path], path


@pytest.mark.security(38)
def test_counts_have_no_person(secrets: Desk) -> None:
    """No number, no name, no colleague; the counts, and what is wrong with the run, are there."""
    about(
        secrets,
        notices='[["left_but_active", "3", "30", "0010", "0004"],'
        ' ["numbers_do_not_fit", "2", "0010"], ["leavers_unsure", "0010"]]',
        reason='["wrong_pair", "0008"]',
    )
    browser = somebody(secrets, Role.COUNTS)
    names = ("0004", "0008", "0010", "伊藤", "鵺鸚", "旧姓", "somebody", "@", "is not accepted")
    for path, text in looked_at(browser, *COUNTED).items():
        main = text.partition("<main")[2] or text
        for name in (*names, *BORN, *GENDER):
            assert name not in main, (path, name)
    page = browser.get("/runs/1").text
    assert re.search(r"エラー</span> <b>1</b>", page)
    assert "3 名" in page or "3 人" in page
    for path in PLACES[2:]:
        assert browser.get(path).status_code == 403, path


def test_a_page_is_full_though_some_are_left_out(
    secrets: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next page begins after the last one who was shown; nobody is shown twice or missed."""
    monkeypatch.setattr("renkei_web.views.reports.ROWS", 4)
    browser, seen = somebody(secrets, Role.VIEWER), []
    query: str | None = ""
    while query is not None:
        text = browser.get(f"/runs/1/people?{query}").text
        rows = re.findall(r'<th scope="row" class="number">(\w+)</th>', text)
        further = re.search(r'href="\?([^"]+)">', text)
        assert len(rows) == 4 or further is None
        seen += rows
        query = html.unescape(further[1]) if further else None
    with Runs(load_config(secrets.folder / "renkei.yaml")) as runs:
        everybody = [item.number for item in runs.items("1")]
    assert seen == [number for number in everybody if number != "0010"]


def test_a_field_of_which_nothing_is_known_is_hidden(secrets: Desk) -> None:
    """A connection that is gone, with a run of 0.1.0: nobody can tell what a field is."""
    with Runs(load_config(secrets.folder / "renkei.yaml")) as runs:
        run = runs.run("1")
        sight = reading.Sight(
            private=frozenset(), leaving=frozenset(), days=frozenset(),
            known=frozenset({"lastName"}), today=TODAY, all_leave=False,
        )  # fmt: skip
        people = {item.number: sight.item(item) for item in runs.items(run.id)}
    kept = people["0008"]
    assert kept is not None
    assert [each.field for each in kept.changes] == ["lastName"]
    assert set(kept.read) == set()
    assert people["0010"] is None
    assert sight._remark(Remark("of an extension", ("0010",)), bool) == Remark("of an extension")
