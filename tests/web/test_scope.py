"""Whom a pair is for (``who:``): what the dashboard shows of it, and what it offers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.e2e.people import HANAKO, person
from tests.e2e.test_scope import GROUP, add, say
from tests.web.desk import Desk

from renkei.words.i18n import set_language

if TYPE_CHECKING:
    import pytest
    from tests.e2e.office import Office


def test_a_page_tells_how_many_are_outside_and_offers_what_is_inside(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line on the page of the run; the values for somebody new are those of the scope."""
    for system in office.box.systems.values():
        system.people.clear()
    say(office, GROUP)
    add(office, "smarthr", "0001", HANAKO)
    add(office, "smarthr", "0002", person(2), inside=False)
    add(office, "touchontime", "0003", person(3), inside=False)
    run = office.fetched("smarthr", "touchontime")
    for name, value in office.environment().items():
        monkeypatch.setenv(name, value)
    desk = Desk(office.folder)
    desk.add("admin")
    browser = desk.browser("admin")
    text = browser.get(f"/runs/{run}").text
    assert (
        len(
            re.findall(
                "対象範囲（who:）の外で連携しない人は、smarthr 1人、touchontime 1人です。", text
            )
        )
        == 1
    )
    assert "0002" not in text
    browser.post(f"/runs/{run}/ticks", what="all")
    shown = browser.get(f"/runs/{run}/values").text
    offered = re.findall(r'<select name="[^"]*divisionCode"[\s\S]*?</select>', shown)
    assert offered
    assert {tuple(re.findall(r'value="(\d+)"', each)) for each in offered} == {("100", "200")}
    set_language("en")
