"""Under an error stands the link to the page where it can be helped, for all who may open that."""

from __future__ import annotations

import re
from string import Formatter

import pytest
from attrs import evolve
from tests.web.desk import Desk, person
from tests.web.test_new_company import own

from renkei_web.app import OF_ALL, OF_COMPANY
from renkei_web.hints import PLACES
from renkei_web.users import Role

HELD = 'id="held"'


@pytest.mark.parametrize("code", PLACES)
def test_a_hint_leads_to_a_page_that_there_is(code: str) -> None:
    """It asks for no more than the page does, and knows nothing but a run."""
    place = PLACES[code]  # type: ignore[index]
    asked = {name for _text, name, _how, _as in Formatter().parse(place.address) if name}
    assert asked <= {"run"}
    pages = OF_ALL if place.of_all else OF_COMPANY
    (page,) = (each for each in pages if (each.path, each.method) == (place.address, "GET"))
    assert place.role.includes(page.role)


def test_a_company_on_hold_offers_nothing_and_says_so(several: Desk) -> None:
    """No button of its runs would do anything."""
    admin = several.browser("admin")
    assert HELD not in admin.get("/c/acme/runs/1").text
    path = own(several, "acme")
    path.write_text(f"paused: true\n{path.read_text('utf-8')}", encoding="utf-8")
    page = admin.get("/c/acme/runs/1").text
    assert HELD in page
    assert re.findall(r'href="[^"]*/choose"|id="(?:again|resume|retry|settle)"', page) == []


def test_under_an_error_stands_the_link(several: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """For all who may open that page, and in the company of the page that it is on."""
    link, admin = '<p><a href="/c/acme/reports">連携レポート</a></p>', several.browser("admin")
    assert link in admin.get("/c/acme/runs/999").text
    only = evolve(PLACES["reports"], role=Role.ADMIN)
    monkeypatch.setitem(PLACES, "reports", only)
    assert link in admin.get("/c/acme/runs/999").text
    refused = person(several, Role.OPERATOR, "acme").get("/c/acme/runs/999")
    assert refused.status_code == 404
    assert link not in refused.text
