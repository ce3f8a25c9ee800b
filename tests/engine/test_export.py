from __future__ import annotations

import base64
import csv
import datetime as dt
import errno
import hashlib
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from renkei.errors import UsageError
from renkei.model import Change, Difference, Item, Outcome, Remark, Run, Status, Try
from renkei.people import Choice, FieldSpec, Label
from renkei.report.csv import csv_lines, plan_rows, report_rows, write_private
from renkei.report.html import report_page
from renkei.words.i18n import speaking
from renkei.words.labels import Labels

RUN = Run(
    id="7",
    source="smarthr",
    target="touchontime",
    base_date=dt.date(2026, 11, 22),
    status=Status.DONE_WITH_ERRORS,
    who="keiko@pc",
    created_at=dt.datetime(2026, 11, 22, 3, 0, tzinfo=dt.UTC),
    sync_started_at=dt.datetime(2026, 11, 22, 4, 0, tzinfo=dt.UTC),
    finished_at=dt.datetime(2026, 11, 22, 4, 1, 35, tzinfo=dt.UTC),
    mapping_name="smarthr-touchontime",
    mapping_text="",
    mapping_hash="",
    settings={"business_names": True},
    counts={Difference.CHANGED: 1},
    outcomes={Outcome.FAILED: 1},
)
ITEM = Item(
    number="=1+1",
    name="<script>alert(1)</script>",
    difference=Difference.CHANGED,
    source_id="a",
    changes=(Change("lastName", "佐藤", "髙橋"), Change("birthDate", None, dt.date(2000, 1, 2))),
    outcome=Outcome.FAILED,
    outcome_reason=Remark("refused", ("lastName",)),
    detail="<b>bad</b>",
)

GENDER = FieldSpec(
    name="gender",
    label=Label("性別", "Gender"),
    allowed=("male", "female"),
    allowed_labels=(Label("男性", "man"), Label("女性", "woman")),
)
FIELDS = {
    "lastName": FieldSpec(name="lastName", label=Label("姓", "Last name")),
    "birthDate": FieldSpec(name="birthDate", label=Label("生年月日", "Birth"), type="date"),
    "gender": GENDER,
    "typeCode": FieldSpec(name="typeCode", label=Label("雇用区分", "Working type")),
}
LABELS = Labels(
    run=RUN,
    connections={"smarthr": "人事システム", "touchontime": "Touch On Time"},
    fields={"touchontime": FIELDS},
    settings={"business_names": Label("ビジネスネームで連携する", "Use business names")},
)
HIRED = Item(
    number="0042",
    name="新井 花子",
    difference=Difference.NEW,
    source_id="b",
    changes=(Change("gender", None, "female"),),
    selected=True,
    new_values={"typeCode": Choice("12", "=正社員"), "divisionCode": Choice("7", "")},
)


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


@pytest.mark.parametrize(
    "text",
    [
        "=1", "+81-3-1234", "-1", "@x", "|x", "\tx", "\rx", "\0x", "＝1", "＋1", "－1", "＠x",
        "  =1", "\u3000=1", "a,=1", "a;=1", "a\n=1", "a\t=1", "a\n  @x",
    ],
)  # fmt: skip
def test_no_cell_runs_as_a_formula(text: str) -> None:
    """Whatever a spreadsheet would run gets an apostrophe in front, also inside of a cell."""
    ((cell,),) = cells("".join(csv_lines([[text]])))
    assert "'" in cell
    assert not cell.lstrip().startswith(tuple("=+-@|\t\r\0＝＋－＠"))


@pytest.mark.parametrize(
    "text", ["山田 太郎", "0042", "a-b", "3+4", "taro@example.com", 'a "b", c']
)
def test_plain_text_stays_as_it_is(text: str) -> None:
    """Numbers keep their zeros, names and addresses their characters."""
    assert cells("".join(csv_lines([[text]]))) == [[text]]


@given(st.lists(st.lists(st.text(), min_size=1, max_size=4), max_size=4))
def test_every_text_stays_in_its_cell(rows: list[list[str]]) -> None:
    """Whatever the texts hold, the file has as many rows and cells as it was given."""
    read = cells("".join(csv_lines(rows)))
    assert [len(row) for row in read] == [len(row) for row in rows]
    assert not any(cell[:1] in tuple("=+-@|\t\r\0＝＋－＠") for row in read for cell in row if cell)


def test_a_plan_has_a_row_for_each_field() -> None:
    """A plan shows before and after of each changed field; a mark tells Excel the encoding."""
    text = "".join(csv_lines(plan_rows([ITEM], LABELS)))
    assert text.startswith("\ufeff")
    rows = cells(text)
    assert [row[3:6] for row in rows[1:]] == [
        ["Last name", "佐藤", "髙橋"],
        ["Birth", "", "2000-01-02"],
    ]
    assert rows[1][0] == "'=1+1"


def test_a_report_has_a_row_for_each_employee() -> None:
    """A report tells outcome, reason and the system's own words, in the language of the context."""
    with speaking("ja"):
        header, row = cells("".join(csv_lines(report_rows([ITEM], LABELS))))
    assert header[0] == "社員番号"
    assert row[2] == "差分あり"
    assert row[4] == (
        "Touch On Time がこの従業員の登録・更新を受け付けませんでした: 姓。"
        "人事システムで値を修正してから、もう一度取得してください。"
    )
    assert row[5] == "<b>bad</b>"
    assert row[6] == "姓: 佐藤 → 髙橋 / 生年月日: （空欄） → 2000-01-02"
    assert row[7] == ""


def test_a_retry_does_not_erase_the_failure_before_it() -> None:
    """Earlier tries stand in the file and on the page: outcome, reason and the system's words."""
    earlier = (
        Try(Outcome.FAILED, Remark("gone"), "<i>no\nbody</i>"),
        Try(Outcome.FAILED, Remark("refused", ("lastName",))),
    )
    item = evolve(ITEM, outcome=Outcome.UPDATED, outcome_reason=None, detail=None, earlier=earlier)
    [_header, row] = cells("".join(csv_lines(report_rows([item], LABELS))))
    assert row[3:6] == ["updated", "", ""]
    first, second = row[7].split(" / An earlier try: ")
    assert first.startswith("An earlier try: failed. No longer in Touch On Time.")
    assert first.endswith("The system says: <i>no / body</i>")
    assert second.startswith("failed. Touch On Time refused this employee: Last name.")
    page = "".join(report_page(RUN, [item], LABELS))
    assert "The system says: &lt;i&gt;no / body&lt;/i&gt;" in page
    assert page.count("An earlier try: failed.") == 2


def test_what_was_chosen_for_a_new_employee_is_shown_with_their_fields() -> None:
    """Division and working type by their names, else codes, in both files and on the page."""
    with speaking("ja"):
        plan = cells("".join(csv_lines(plan_rows([HIRED], LABELS))))
        report = cells("".join(csv_lines(report_rows([HIRED], LABELS))))
        page = "".join(report_page(RUN, [HIRED], LABELS))
    assert [row[3:6] for row in plan[1:]] == [
        ["性別", "", "女性"],
        ["雇用区分", "", "'=正社員"],
        ["divisionCode", "", "7"],
    ]
    assert report[1][6] == "性別: 女性 / 雇用区分: =正社員 / divisionCode: 7"
    assert "<ins>=正社員</ins>" in page
    assert "<del>" not in page


def test_the_page_escapes_everything_and_needs_nothing() -> None:
    """Names cannot become markup, and the page loads and runs nothing."""
    text = "".join(report_page(RUN, [ITEM], LABELS))
    assert "<script" not in text
    assert "<b>bad" not in text
    assert "http://" not in text
    assert "https://" not in text
    assert "default-src 'none'" in text


@pytest.mark.security(46)
def test_the_page_tells_the_facts_and_both_values() -> None:
    """Direction, base date, who, when, mapping, duration, counts, and before beside after."""
    with speaking("ja"):
        text = "".join(report_page(RUN, [ITEM], LABELS))
    assert '<html lang="ja">' in text
    for part in (
        "<h1>連携レポート 7: 人事システム → Touch On Time</h1>", "2026年11月22日（日）", "keiko@pc",
        "2026年11月22日 13:00", "<dt>ビジネスネームで連携する</dt><dd>オン</dd>",
        "従業員情報取得基準日", "差分あり", "<del>佐藤</del>", "<ins>髙橋</ins>",
        '<td class="field">姓</td>', "<del>（空欄）</del>", "<ins>2000年1月2日</ins>",
    ):  # fmt: skip
        assert part in text
    for name in ("smarthr →", "→ touchontime", "business_names", "lastName", "2026-11-22"):
        assert name not in text


def test_the_page_writes_days_as_english_does() -> None:
    """Days are written out in the other language, too."""
    text = "".join(report_page(RUN, [ITEM], LABELS))
    assert "<dd>22 November 2026</dd>" in text
    assert "<ins>2 January 2000</ins>" in text
    assert "Sync report 7: 人事システム → Touch On Time" in text


def test_the_page_shows_its_own_style_and_no_other() -> None:
    """Its policy names the one style that it brings."""
    text = "".join(report_page(RUN, [ITEM], LABELS))
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in text
    assert "unsafe-inline" not in text


def test_a_disk_without_modes_takes_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A memory stick refuses to set one; the file is opened private, and that is enough."""

    def refused(*_arguments: object) -> None:
        raise PermissionError(errno.EPERM, "no modes here")

    monkeypatch.setattr(os, "fchmod", refused)
    monkeypatch.setattr(os, "chmod", refused)
    write_private(tmp_path / "report.csv", ["a"])
    assert (tmp_path / "report.csv").read_text() == "a"


@pytest.mark.security(3, 28)
def test_files_are_private_from_the_start(tmp_path: Path) -> None:
    """Nobody else can read an export, not even while it is written."""
    modes: list[int] = []

    def chunks() -> Iterator[str]:
        modes.extend(stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir())
        yield "x"

    old = os.umask(0)
    try:
        write_private(tmp_path / "report.csv", chunks())
    finally:
        os.umask(old)
    modes.append(stat.S_IMODE((tmp_path / "report.csv").stat().st_mode))
    assert modes == [0o600, 0o600]


def test_a_planted_link_is_replaced_not_followed(tmp_path: Path) -> None:
    """An export never writes through a link."""
    target = tmp_path / "precious"
    target.write_text("keep")
    (tmp_path / "report.csv").symlink_to(target)
    write_private(tmp_path / "report.csv", ["new"])
    assert target.read_text() == "keep"
    assert not (tmp_path / "report.csv").is_symlink()


@pytest.mark.security(48)
def test_half_a_file_is_no_file(tmp_path: Path) -> None:
    """What fails in the middle leaves the old file and nothing beside it."""
    path = tmp_path / "report.csv"
    path.write_text("old")

    def chunks() -> Iterator[str]:
        yield "new"
        raise LookupError

    with pytest.raises(LookupError):
        write_private(path, chunks())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """A place that cannot be written is a usage error that names it."""
    with pytest.raises(UsageError, match="nowhere"):
        write_private(tmp_path / "nowhere" / "report.csv", ["x"])
