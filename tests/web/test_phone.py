"""What a phone shows of the tables: everything, and whole words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.e2e import conftest as e2e

if TYPE_CHECKING:
    from tests.web.browser import Person

collect = e2e._collect
pytestmark = [
    pytest.mark.timeout(240),  # a browser on a busy machine
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    ),
]

BROKEN_WORDS = """() => {
  const found = [], range = document.createRange();
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode;
    if (!node.parentElement.closest("table") || !node.parentElement.checkVisibility()) continue;
    for (const word of node.data.matchAll(/(?<![/.:])\\b[A-Za-z_]{2,18}/g)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map((each) => Math.round(each.top)));
      if (lines.size > 1) found.push(word[0]);
    }
  }
  return found;
}"""
CUT_OFF = """() => [...document.querySelectorAll("html, main .scroll")]
  .filter((each) => each.scrollWidth > each.clientWidth)
  .map((each) => each.outerHTML.slice(0, 80))"""


@pytest.mark.parametrize("language", [pytest.param("日本語", marks=pytest.mark.long), "English"])
def test_tables_fit_a_phone(hr: Person, language: str) -> None:
    """At 390 pixels nothing is cut off, nothing has to be moved sideways, no word is broken."""
    hr.fetched()
    hr.fetched("touchontime", "smarthr")
    hr.open("/settings/users")
    hr.page.fill("[name=name]", "佐藤 花子")
    hr.press("一回限りのリンクを発行")
    hr.open("/settings")
    hr.press("オンにする", exact=False)
    if language == "English":
        hr.page.get_by_role("button", name=language).click()
        hr.page.get_by_role("button", name="日本語").wait_for()
    hr.page.set_viewport_size({"width": 390, "height": 850})
    for path in ("/", "/reports", "/settings", "/settings/mappings/0", "/settings/users"):
        hr.open(path)
        assert hr.page.evaluate(CUT_OFF) == [], path
        assert hr.page.evaluate(BROKEN_WORDS) == [], path
    hr.open("/reports")
    assert hr.page.locator(".runs .badge").first.is_visible()


FIRST = """() => {
  const row = document.querySelector("main tbody tr"), at = row.getBoundingClientRect();
  const bar = document.querySelector(".bar");
  const parts = [...row.children].map((each) => each.getBoundingClientRect());
  return {
    top: Math.round(at.top),
    fits: at.bottom <= (bar ? bar.getBoundingClientRect().top : innerHeight),
    inside: parts.every((each) => each.left >= 0 && each.right <= innerWidth),
  };
}"""


@pytest.mark.parametrize("language", ["日本語", pytest.param("English", marks=pytest.mark.long)])
@pytest.mark.long
def test_the_first_employee_is_seen_at_once(hr: Person, language: str) -> None:
    """On a phone each employee is a card, and the first one is on the first screen as a whole."""
    run = hr.fetched()
    changed = hr.numbers(run, "changed")[:2]
    hr.sync(run, *changed)
    hr.status("done")
    other = hr.fetched()
    if language == "English":
        hr.page.get_by_role("button", name=language).click()
        hr.page.get_by_role("button", name="日本語").wait_for()
    hr.page.set_viewport_size({"width": 390, "height": 844})
    for path in (
        f"/runs/{other}/choose",
        f"/runs/{other}/choose?difference=changed",
        f"/runs/{run}/people",
        f"/runs/{run}/people?outcome=updated",
    ):
        hr.open(path)
        first = hr.page.evaluate(FIRST)
        assert first["inside"], path
        assert first["fits"], path
        assert hr.page.evaluate(CUT_OFF) == [], path
        assert hr.page.evaluate(BROKEN_WORDS) == [], path
