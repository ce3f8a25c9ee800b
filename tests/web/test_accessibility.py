"""Everybody can use the dashboard: with a keyboard, a screen reader, a phone, without colours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from tests.e2e import conftest as e2e
from tests.sampling import sample, sampled
from tests.web.tour import first_half, second_half, skip_first_half

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from tests.web.browser import Person, Watched

collect = e2e._collect
pytestmark = [
    pytest.mark.timeout(240),  # a browser on a busy machine
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    ),
]


@pytest.fixture(scope="module")
def complaints() -> Callable[[Page], list[str]]:
    """Return a function that asks axe about a page: what is serious or critical."""
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    axe = Axe()

    def asked(page: Page) -> list[str]:
        found = axe.run(page).response["violations"]
        return [
            f"{each['id']}: {node['html'][:120]}"
            for each in found
            if each["impact"] in {"serious", "critical"}
            for node in each["nodes"]
        ]

    return asked


SCREENS = 40
"""More than there are in either half."""


@sampled
@pytest.mark.parametrize("language", ["ja", pytest.param("en", marks=pytest.mark.long)])
def test_every_screen_of_the_main_job_is_for_everybody(
    at_browser: Watched, complaints: Callable[[Page], list[str]], language: str
) -> None:
    """No serious issue by axe, contrast included; on a phone no page is wider than the screen."""
    person = at_browser(language)
    look_at_all(person, first_half(person), complaints, language)


@sampled
@pytest.mark.sqlite  # a company's file has the main file's lines, but for the store
@pytest.mark.parametrize("language", ["ja", pytest.param("en", marks=pytest.mark.long)])
def test_every_other_screen_is_for_everybody(
    at_browser: Watched, complaints: Callable[[Page], list[str]], language: str
) -> None:
    """The same of settings, users, companies, schedules, logs and what has gone wrong."""
    person = at_browser(language)
    skip_first_half(person)
    look_at_all(person, second_half(person), complaints, language)


def look_at_all(
    person: Person,
    walk: Iterator[str],
    complaints: Callable[[Page], list[str]],
    language: str,
) -> None:
    """Look at each screen of a *walk*; a sample of them is shown to axe."""
    page = person.page
    wide, found = {}, {}
    names = []
    looked_at = set(sample(range(SCREENS), 12))  # axe takes half a second for each
    for place, name in enumerate(walk):
        names.append(name)
        assert page.locator("html").get_attribute("lang") == language
        assert page.locator("h1").count() == 1, name
        if place in looked_at:
            found[name] = complaints(page)
        page.set_viewport_size({"width": 390, "height": 850})
        wide[name] = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        page.set_viewport_size({"width": 1200, "height": 850})
    assert SCREENS > len(names) == len(set(names)) > 12
    assert {name: each for name, each in found.items() if each} == {}
    assert {name: each for name, each in wide.items() if each > 0} == {}


def test_the_keyboard_alone_does_the_whole_job(hr: Person) -> None:
    """Tab, Space and Enter lead from the first page to the end, and the focus is always seen."""
    page = hr.page
    hr.open("/")
    go_to(page, "a[href='/fetch/smarthr/touchontime']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/fetch/**")
    go_to(page, "main form button.primary")
    page.keyboard.press("Enter")
    page.locator("#same-company").wait_for()
    go_to(page, "#same-company")
    page.keyboard.press("Enter")
    hr.status("ready")
    go_to(page, "#run a.primary")
    page.keyboard.press("Enter")
    page.wait_for_url("**/choose")
    go_to(page, ".filters .d-changed")
    page.keyboard.press("Enter")
    page.wait_for_url("**difference=changed*")
    go_to(page, ".people input[type=checkbox]")
    with hr.sent("ticks"):
        page.keyboard.press("Space")
    hr.is_ticked(1)
    go_to(page, "#ticked a.primary")
    page.keyboard.press("Enter")
    page.wait_for_url("**/start")
    go_to(page, "main form button.primary")
    page.keyboard.press("Enter")
    hr.status("done")
    assert [entry.kind for entry in hr.office.box.writes("touchontime")] == ["update"]


def go_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there; it must be visible wherever it comes by."""
    for _ in range(200):
        page.keyboard.press("Tab")
        seen, there = page.evaluate(
            """(selector) => {
              const at = document.activeElement, style = getComputedStyle(at);
              const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
              return [seen || !at.matches(":focus"), at.matches(selector)];
            }""",
            selector,
        )
        assert seen, f"the focus cannot be seen on the way to {selector}"
        if there:
            return
    pytest.fail(f"no way to {selector}")
