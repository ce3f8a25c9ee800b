"""The tour in the documentation shows every screen, in the language of the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PICTURE = re.compile(r"!\[[^\]]+\]\(images/([\w-]+)\.(\w+)\.png\)")
MOST_BYTES = 100_000


def shown(page: str) -> list[tuple[str, str]]:
    """Return screen and language of each picture of a page, in order."""
    return PICTURE.findall((DOCS / page).read_text(encoding="utf-8"))


@pytest.mark.parametrize(("page", "language"), [("dashboard.ja.md", "ja"), ("dashboard.md", "en")])
def test_every_picture_is_shown_once_in_its_language(page: str, language: str) -> None:
    """No screen is left out, and none is shown in the other language."""
    taken = sorted(each.name for each in (DOCS / "images").glob(f"*.{language}.png"))
    assert sorted(f"{name}.{spoken}.png" for name, spoken in shown(page)) == taken
    assert len(taken) > 15


def test_both_pages_show_the_same_screens_in_the_same_order() -> None:
    """Two people, each reading one of them, are at the same picture."""
    pages = [[name for name, _ in shown(page)] for page in ("dashboard.ja.md", "dashboard.md")]
    assert pages[0] == pages[1]


def test_pictures_are_small() -> None:
    """The repository stays small: a picture is taken anew with every change of its screen."""
    large = [each.name for each in (DOCS / "images").iterdir() if each.stat().st_size > MOST_BYTES]
    assert large == []
