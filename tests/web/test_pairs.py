"""A dashboard for many companies, and one without a store."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from renkei.plugins import finding

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.desk import Desk

COUNT = 200


def companies(folder: Path, count: int) -> None:
    """Write a configuration of *count* companies."""
    lines, uses = ["connections:"], ["mappings:"]
    for n in range(count):
        lines += [
            f"  {kind}{n}: {{connector: {kind}, base_url: 'http://127.0.0.1:{n + 1}',"
            f" token: 'env:{kind.upper()}_TOKEN', label: Company {n} {kind}}}"
            for kind in ("smarthr", "touchontime")
        ]
        sides = f"{{smarthr: smarthr{n}, touchontime: touchontime{n}}}"
        uses.append(f"  - {{use: smarthr-touchontime, sides: {sides}}}")
    (folder / "renkei.yaml").write_text("\n".join([*lines, *uses, ""]), encoding="utf-8")


@pytest.mark.long
def test_two_hundred_pairs_are_a_page_like_any_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only declared pairs have a card; connectors are asked a few times, not for every card."""
    companies(desk.folder, COUNT)
    browser = desk.browser("admin")
    asked: list[str] = []
    real = finding.plug

    def counted(connection: object) -> object:
        asked.append(str(connection))
        return real(connection)  # type: ignore[arg-type]

    monkeypatch.setattr(finding, "plug", counted)
    began = time.process_time()
    text = browser.get("/").text
    took = time.process_time() - began
    assert len(re.findall(r'href="/fetch/', text)) == 2 * COUNT
    assert "/fetch/smarthr1/touchontime2" not in text
    assert len(asked) <= 10
    assert took < 2.0, "0.3 s where nothing else is going on"
    filters = browser.get("/reports").text
    assert len(re.findall(r'<option value="\w+:\w+"', filters)) == 2 * COUNT


def test_a_pair_that_is_not_declared_is_refused_with_its_lines(desk: Desk) -> None:
    """The page of its base date has what to write, and nothing is started."""
    companies(desk.folder, 2)
    browser = desk.browser("admin")
    for answer in (
        browser.get("/fetch/smarthr0/touchontime1"),
        browser.post("/fetch/smarthr0/touchontime1", date="2026-11-20"),
    ):
        if "/runs/" not in answer.headers.get("location", ""):
            assert answer.status_code == 400
            assert "sides: {smarthr: smarthr0, touchontime: touchontime1}" in answer.text


def test_settings_name_the_pair_of_each_mapping(desk: Desk) -> None:
    """Two uses of one mapping can be told apart, and each has its own switch."""
    companies(desk.folder, 2)
    text = desk.browser("admin").get("/settings").text
    assert "Company 0 smarthr ⇄ Company 0 touchontime" in text
    assert "Company 1 smarthr ⇄ Company 1 touchontime" in text


def test_a_dashboard_without_a_store_opens(desk: Desk) -> None:
    """Its lists are empty; the log-in is the first line of the new store's audit log."""
    desk.store.unlink()
    browser = desk.browser("admin")
    for path in ("/", "/reports", "/settings", "/fetch/smarthr/touchontime"):
        assert browser.get(path).status_code == 200, path
    assert browser.get("/runs/1").status_code == 404
    assert [act for _who, act, _facts in desk.noted] == ["logged_in", "details_opened"]
