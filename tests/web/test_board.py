"""The board: all companies that somebody may see, one line each, and who needs a person."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.engine.test_companies import company
from tests.engine.test_company_list import fill
from tests.postgres import Database as OnServer
from tests.web.desk import Desk, person

from renkei.companies import Companies
from renkei.config import load_main
from renkei_web.users import Role

if TYPE_CHECKING:
    from pathlib import Path

LINE = re.compile(r"<tr>\s*<th scope=\"row\">.*?</tr>", re.DOTALL)


def lines(text: str) -> list[str]:
    """Return what stands in each line of the board."""
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", line)) for line in LINE.findall(text)]


def halted(desk: Desk) -> None:
    """Let beta's run have been synced, and stopped as its token was refused."""
    with closing(sqlite3.connect(desk.store)) as db, db:
        db.execute(
            "update runs set status = 'paused', reason = '[\"access\", \"smarthr\"]',"
            " sync_started_at = '2026-11-20 03:00:00.000000' where company = 'beta'"
        )


def test_each_company_has_a_line(several: Desk) -> None:
    """Its name, environment, last sync with its counts, what is open, and why it needs somebody."""
    halted(several)
    acme, beta = lines(several.browser("admin").get("/").text)
    assert "Acme K.K. acme テスト – – 3" in acme
    assert "許可待ち" in acme
    assert "Beta K.K. beta テスト 2026年11月20日 12:00 登録済み 0 · 更新済み 0 · エラー 0 3" in beta
    assert re.search("一時停止 : レポート 4711 .* トークン拒否 中断", beta)


def test_only_those_that_need_a_person_are_shown(several: Desk) -> None:
    """And a search by name or label; both together, and nobody if nobody matches."""
    with closing(sqlite3.connect(several.store)) as db, db:
        db.execute("update runs set chosen_by = null where company = 'acme'")
        db.execute("update items set look_first = 0")
    halted(several)
    browser = several.browser("admin")
    for query, shown in (
        ("", 2),
        ("?needs=person", 1),
        ("?q=ＡＣＭＥ", 1),
        ("?q=acme&needs=person", 0),
        ("?q=k.k.&page=9", 2),
        ("?page=x", 2),
    ):
        text = browser.get(f"/{query}").text
        assert len(lines(text)) == shown, query
    assert "該当する会社はありません" in browser.get("/?q=gamma").text
    assert "要対応 <b>1</b>" in browser.get("/").text


@pytest.mark.security(38, 57)
@pytest.mark.parametrize("role", [Role.COUNTS, Role.VIEWER, Role.OPERATOR, Role.ADMIN])
def test_nobody_sees_a_company_without_a_right(several: Desk, role: Role) -> None:
    """Neither its line, nor that there is one; not by a search either."""
    halted(several)
    browser = person(several, role, "acme")
    for query in ("", "?needs=person", "?q=beta"):
        text = browser.get(f"/{query}").text
        assert "beta" not in text.replace('value="beta"', "").replace("q=beta", "").lower()
        assert "<b>2</b>" not in text
    assert "1919" not in browser.get("/").text


@pytest.mark.security(57)
def test_what_is_wrong_with_a_file_is_told_to_administrators(several: Desk) -> None:
    """Others see that there is something; the pages of the company say so, too."""
    own = several.folder / "companies" / "acme.yaml"
    assert several.browser("admin").get("/c/acme/").status_code == 200
    own.write_text("environment: prod\n", encoding="utf-8")
    admin, viewer = several.browser("admin"), person(several, Role.VIEWER, "acme")
    assert "acme.yaml:1:14" in admin.get("/").text
    line = viewer.get("/").text
    assert "acme.yaml" not in line
    assert "設定ファイルがない、または誤り" in line
    assert admin.get("/c/acme/").status_code == 503
    assert admin.get("/c/beta/").status_code == 200


def test_a_company_whose_file_is_deleted_stays_on_the_board(several: Desk) -> None:
    """With what an administrator does; nothing leads to its pages, which are not there."""
    (several.folder / "companies" / "acme.yaml").unlink()
    admin, viewer = several.browser("admin"), person(several, Role.VIEWER, "acme")
    for path in ("/", "/inbox"):
        text = admin.get(path).text
        assert "設定ファイルがない、または誤り" in text, path
        assert 'href="/c/acme/' not in text, path
    assert "companies/acme.yaml がないため" in admin.get("/").text
    line = viewer.get("/").text
    assert "設定ファイルがない、または誤り" in line
    assert "acme.yaml" not in line
    assert admin.get("/c/acme/").status_code == 404


def test_an_empty_folder_says_how_it_begins(several: Desk) -> None:
    """To an administrator."""
    with Companies(load_main(several.folder / "renkei.yaml")) as door:
        for name in ("acme", "beta"):
            door.remove(name)
    assert "renkei company add" in several.browser("admin").get("/").text


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.postgres
def test_a_thousand_companies_are_shown_in_half_a_second(
    tmp_path: Path, database: OnServer | None
) -> None:
    """With a hundred runs each: the board, whatever is asked of it, and the pages of a company."""
    at = str(tmp_path / "all.db") if database is None else database.address
    *_others, main = [company(tmp_path, f"c{number:04}") for number in range(1000)]
    main.write_text(f'companies: companies/\nstore: "{at}"\n', encoding="utf-8")
    fill(at, companies=1000, each=100)
    desk = Desk(tmp_path)
    desk.add("admin")
    browser = desk.browser("admin")
    pages = ("/", "/?page=10", "/?needs=person", "/?q=c0500", "/inbox", "/settings/users")
    own = ("/", "/reports", "/runs/99501", "/runs/99501/people", "/runs/99501/report.csv")
    took_s = {}
    for path in (*pages, *(f"/c/c0499{page}" for page in own)):
        times = []
        for _ in range(3):
            began = time.process_time(), time.perf_counter()
            answer = browser.get(path)
            times.append((time.process_time() - began[0], time.perf_counter() - began[1]))
            assert answer.status_code == 200, path
        took_s[path] = min(times)
    for path, (work_s, clock_s) in took_s.items():
        print(f"{work_s:.2f} {clock_s:.2f} {path}")  # noqa: T201 - for docs/scale.md
    assert len(lines(browser.get("/").text)) == 100
    assert {path: s for path, (s, _clock) in took_s.items() if s > 0.5} == {}
