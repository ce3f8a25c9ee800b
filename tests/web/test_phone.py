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


@pytest.mark.parametrize("language", ["日本語", "English"])
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
