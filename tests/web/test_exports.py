"""The report as a file for a spreadsheet, and as a page that opens to be printed."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from typing import TYPE_CHECKING

import pytest
from tests.web.test_guard import CSP

from renkei.config import load_config
from renkei.model import Difference, Filter, Item
from renkei.report.html import STYLE_SOURCE
from renkei.runs import Runs

if TYPE_CHECKING:
    from tests.web.desk import Desk


@pytest.fixture
def japanese(desk: Desk) -> Desk:
    """The dashboard of somebody who reads Japanese, whose connections have labels."""
    for user in desk.office.people.users():
        desk.office.people.speak(user.id, "ja")
    config = desk.folder / "renkei.yaml"
    text = config.read_text(encoding="utf-8")
    for name, label in (("smarthr", "人事システム"), ("touchontime", "Touch On Time")):
        text = text.replace(f"  {name}:\n", f"  {name}:\n    label: {label}\n")
    config.write_text(text, encoding="utf-8")
    return desk


def first(desk: Desk, difference: Difference) -> Item:
    """Return the first employee of the plan with this difference."""
    with Runs(load_config(desk.folder / "renkei.yaml")) as runs:
        return runs.page("1", Filter(differences=(difference,)), limit=1)[0]


def put(desk: Desk, column: str, value: str, number: str | None) -> None:
    """Put what a sync would have put beside one employee."""
    with sqlite3.connect(desk.store) as store:
        store.execute(f"update items set {column} = ? where number = ?", (value, number))  # noqa: S608


def test_the_page_opens_and_the_spreadsheet_is_kept(japanese: Desk) -> None:
    """A page to print is shown, under the policy of all pages; a file goes where files go."""
    browser = japanese.browser("viewer")
    page, file = browser.get("/runs/1/report.html"), browser.get("/runs/1/report.csv")
    assert page.headers["content-disposition"] == 'inline; filename="renkei-1.html"'
    assert file.headers["content-disposition"] == 'attachment; filename="renkei-1.csv"'
    assert STYLE_SOURCE in page.headers[CSP]
    assert f"style-src {STYLE_SOURCE}" in page.text


def test_the_page_speaks_as_people_do(japanese: Desk) -> None:
    """Systems, days, settings and fields by what people call them."""
    text = japanese.browser("viewer").get("/runs/1/report.html").text
    for part in (
        "<h1>連携レポート 1: 人事システム → Touch On Time</h1>",
        "年11月20日（金）",
        "<dt>ビジネスネームで連携する</dt><dd>オフ</dd>",
        '<td class="field">姓</td>',
    ):
        assert part in text
    assert "lastName" not in text
    assert "business_names" not in text


def test_the_chosen_values_and_genders_have_their_names(japanese: Desk) -> None:
    """What was chosen for a new employee stands with the other fields in both."""
    new = first(japanese, Difference.NEW)
    put(japanese, "new_values", '{"typeCode": ["1", "正社員"]}', new.number)
    browser = japanese.browser("admin")
    rows = list(csv.reader(io.StringIO(browser.get("/runs/1/report.csv").text)))
    changes = next(row[6] for row in rows if row[0] == new.number)
    assert "雇用区分: 正社員" in changes
    assert "性別: 男性" in changes or "性別: 女性" in changes
    assert "<ins>正社員</ins>" in browser.get("/runs/1/report.html").text


def test_reasons_name_fields_and_systems_on_the_dashboard(japanese: Desk) -> None:
    """No technical name of a field and no general word for a system."""
    new = first(japanese, Difference.NEW)
    put(japanese, "notes", '[["wanted_missing", "gender", "birthDate"]]', new.number)
    text = japanese.browser("admin").get("/runs/1/choose?difference=new").text
    assert "空欄ですが、Touch On Time でよく必要とされる項目です: 性別、生年月日。" in text


def test_a_run_that_is_not_there_is_a_plain_sentence(japanese: Desk) -> None:
    """Commands make no sense on a page."""
    answer = japanese.browser("viewer").get("/runs/999")
    assert answer.status_code == 404
    assert "連携レポート 999 は見つかりません。" in answer.text
    assert "renkei reports" not in answer.text


def test_a_fetch_that_failed_is_fetched_again(japanese: Desk) -> None:
    """There is nothing to resume."""
    with sqlite3.connect(japanese.store) as store:
        store.execute("update runs set status = 'failed', reason = '[\"timeout\", \"smarthr\"]'")
    text = japanese.browser("viewer").get("/runs/1").text
    assert "人事システムから時間内に応答がありませんでした。" in text
    assert "もう一度取得してください" in text
    assert "再開してください" not in text


def test_a_retry_does_not_erase_the_failure_before_it(japanese: Desk) -> None:
    """The people's page, the run's own page and both files still tell of it."""
    changed = first(japanese, Difference.CHANGED)
    put(japanese, "selected", "1", changed.number)
    put(japanese, "outcome", "failed", changed.number)
    put(japanese, "detail", "二回目の返答", changed.number)
    put(japanese, "earlier", '[["failed", ["gone"], "一回目の返答"]]', changed.number)
    with sqlite3.connect(japanese.store) as store:
        store.execute("update runs set status = 'done_with_errors', sync_started_at = created_at")
    browser = japanese.browser("admin")
    for page in ("/runs/1/people", "/runs/1", "/runs/1/report.html", "/runs/1/report.csv"):
        text = browser.get(page).text
        assert "二回目の返答" in text, page
        assert "以前の結果: エラー。" in text, page
        assert "Touch On Time にもう存在しません。" in text, page
        assert "システムの応答: 一回目の返答" in text, page


@pytest.mark.parametrize("page", ["/", "/reports"])
def test_lists_of_runs_count_what_became_of_them(japanese: Desk, page: str) -> None:
    """Created, updated and failed; a dash as long as nothing was synced."""
    browser = japanese.browser("viewer")

    def cell() -> str:
        found = re.search(r'<td data-label="結果">(.*?)</td>', browser.get(page).text, re.DOTALL)
        assert found
        return re.sub(r"<[^>]*>", "", found[1]).strip()

    assert cell() == "–"
    put(japanese, "selected", "1", first(japanese, Difference.NEW).number)
    put(japanese, "outcome", "created", first(japanese, Difference.NEW).number)
    with sqlite3.connect(japanese.store) as store:
        store.execute("update runs set status = 'done', sync_started_at = created_at")
    assert cell() == "登録済み 1 · 更新済み 0 · エラー 0"
