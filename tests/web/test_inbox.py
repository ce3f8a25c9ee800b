"""要対応: one list over all companies of the reader, by the same rule as the messages."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest
from tests.web.desk import Desk, person
from tests.web.test_board import halted, lines

from renkei_web.users import Role


def rows(text: str) -> list[str]:
    found = re.findall(r"<tr>\s*(?:<th scope=\"row\">|<td).*?</tr>", text, re.DOTALL)
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", each)).strip() for each in found]


def test_what_needs_a_person_is_one_list_with_links(several: Desk) -> None:
    """The most urgent first, whose it is, why, and a way to the run."""
    halted(several)
    text = several.browser("admin").get("/inbox").text
    found = rows(text)
    assert [each.split()[0] for each in found] == ["Beta", "Acme", "Acme", "Beta"]
    assert "トークン拒否" in found[0]
    assert "許可待ち" in found[1]
    assert "要注意あり" in found[2]
    assert 'href="/c/beta/runs/4711"' in text
    assert 'href="/c/acme/runs/1"' in text
    assert "<h1>要対応 <b>4</b></h1>" in text


@pytest.mark.security(38)
@pytest.mark.parametrize("role", [Role.COUNTS, Role.VIEWER, Role.OPERATOR, Role.ADMIN])
def test_nobody_sees_what_is_about_a_company_without_a_right(several: Desk, role: Role) -> None:
    """Neither in the list of all, nor by the address of a company's own; and no names in any."""
    halted(several)
    browser = person(several, role, "acme")
    text = browser.get("/inbox").text
    assert "beta" not in text.lower()
    assert [each.split()[0] for each in rows(text)] == ["Acme", "Acme"]
    assert len(rows(browser.get("/c/acme/inbox").text)) == 2
    assert browser.get("/c/beta/inbox").status_code == 404


def test_a_page_of_any_number_is_one_that_there_is(several: Desk) -> None:
    """An address may say anything, also a number of five thousand digits."""
    browser = several.browser("admin")
    first = browser.get("/inbox").text
    for asked in ("9" * 5_000, "0", "-1", "x"):
        answer = browser.get(f"/inbox?page={asked}")
        assert (answer.status_code, len(rows(answer.text))) == (200, len(rows(first)))


def test_whoever_has_no_right_has_an_empty_inbox(several: Desk) -> None:
    """As the board, it is there for everybody logged in."""
    halted(several)
    assert rows(person(several, Role.NONE, "beta").get("/inbox").text) == []


@pytest.mark.security(38)
@pytest.mark.parametrize("setting", ["second_factor", "sso"])
def test_a_company_whose_pages_are_shut_is_not_in_the_inbox(several: Desk, setting: str) -> None:
    """Nor do its reasons stand on the board: a person who came with a password alone sees none."""
    halted(several)
    own = several.folder / "companies" / "beta.yaml"
    text = own.read_text(encoding="utf-8")
    own.write_text(text.replace("settings: {", f"settings: {{{setting}: required, "))
    browser = several.browser("admin")
    assert {each.split()[0] for each in rows(browser.get("/inbox").text)} == {"Acme"}
    assert "トークン拒否" not in browser.get("/").text


def test_board_and_inbox_go_by_one_rule(several: Desk) -> None:
    """Whatever stands on the board as a reason stands in the inbox, and nothing else."""
    halted(several)
    with closing(sqlite3.connect(several.store)) as db, db:
        db.execute("update items set look_first = 0")
    browser = several.browser("admin")
    board, inbox = lines(browser.get("/?needs=person").text), rows(browser.get("/inbox").text)
    assert len(board) == len(inbox) == 2
    with closing(sqlite3.connect(several.store)) as db, db:
        db.execute("update runs set status = 'done', chosen_by = null, reason = null")
    assert rows(browser.get("/inbox").text) == lines(browser.get("/?needs=person").text) == []
    assert "対応が必要なものはありません" in browser.get("/inbox").text


def test_the_only_company_has_an_inbox_too(desk: Desk) -> None:
    """With what people call its connections; it is read by all who may see counts."""
    text = desk.browser("viewer").get("/inbox").text
    assert "smarthr → touchontime" in text
    assert 'href="/runs/1"' in text
