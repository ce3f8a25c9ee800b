from __future__ import annotations

import csv
import datetime as dt
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.errors import UsageError
from renkei.export import csv_lines, plan_rows, report_rows, write_private
from renkei.i18n import speaking
from renkei.model import Change, Difference, Item, Outcome, Remark, Run, Status
from renkei.page import report_page

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
    text = "".join(csv_lines(plan_rows([ITEM])))
    assert text.startswith("\ufeff")
    rows = cells(text)
    assert [row[3:6] for row in rows[1:]] == [
        ["lastName", "佐藤", "髙橋"],
        ["birthDate", "", "2000-01-02"],
    ]
    assert rows[1][0] == "'=1+1"


def test_a_report_has_a_row_for_each_employee() -> None:
    """A report tells outcome, reason and the system's own words, in the language of the context."""
    with speaking("ja"):
        header, row = cells("".join(csv_lines(report_rows([ITEM]))))
    assert header[0] == "社員番号"
    assert row[2] == "差分あり"
    assert row[5] == "<b>bad</b>"


def test_the_page_escapes_everything_and_needs_nothing() -> None:
    """Names cannot become markup, and the page loads and runs nothing."""
    text = "".join(report_page(RUN, [ITEM], {}))
    assert "<script" not in text
    assert "<b>bad" not in text
    assert "http://" not in text
    assert "https://" not in text
    assert "default-src 'none'" in text


def test_the_page_tells_the_facts_and_both_values() -> None:
    """Direction, base date, who, when, mapping, duration, counts, and before beside after."""
    with speaking("ja"):
        text = "".join(report_page(RUN, [ITEM], {}))
    assert '<html lang="ja">' in text
    for part in (
        "smarthr → touchontime", "2026-11-22", "keiko@pc", "2026-11-22 13:00 JST", "business_names",
        "従業員情報取得基準日", "差分あり", "<del>佐藤</del>", "<ins>髙橋</ins>",
    ):  # fmt: skip
        assert part in text


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
