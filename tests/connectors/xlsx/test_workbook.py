"""A sheet of a workbook is read as what it shows, and nothing that a stranger makes harms."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.connectors.xlsx.workbooks import (
    BUILT_IN,
    DAY,
    ERA,
    MAIN,
    MONEY,
    PADDED,
    TIME,
    made,
    numeral,
)

from renkei.connector import AnswerError, ConfigurationError, Connection, OptionsError
from renkei.http.secret import Secret
from renkei_csv.columns import options_of
from renkei_csv.connector import CSV, Sheet, opened
from renkei_csv.table import Cell, Unreadable
from renkei_csv.workbook import MAX_BYTES, MAX_WORK, Workbook

OPTIONS = {
    "path": "staff.xlsx",
    "columns": {
        "no": {"role": "number"},
        "family": {"role": "family_name"},
        "joined": {"role": "hired", "format": "YYYY/MM/DD"},
        "flag": {"type": "boolean"},
        "points": {"type": "integer"},
    },
}
HEADER = ("no", "family", "joined", "flag", "points", "memo")
FIELDS = HEADER[:-1]
READING = '<rPh sb="0" eb="2"><t>タカサキ</t></rPh><phoneticPr fontId="1"/>'
STRICT = (
    '<workbook xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"'
    ' xmlns:r="http://purl.oclc.org/ooxml/officeDocument/relationships">'
    '<sheets><sheet name="staff" sheetId="2" r:id="b"/></sheets></workbook>'
)
FIRST = dt.date(2026, 4, 1)
Opened = Callable[..., Sheet]


@pytest.fixture
def staff(tmp_path: Path) -> Opened:
    """Return a function that opens the connector on a workbook of these bytes."""

    def make(data: bytes, **options: object) -> Sheet:
        (tmp_path / "staff.xlsx").write_bytes(data)
        connector = opened(
            Connection(
                name="staff", connector="csv", base_url="", token=Secret(None),
                options={**OPTIONS, **options}, folder=tmp_path,
            )
        )  # fmt: skip
        assert isinstance(connector, Sheet)
        return connector

    return make


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("佐倉", "佐倉"),
        (' a"<&, ', ' a"<&, '),
        (None, ""),
        (417, "417"),
        ("<c><v>417.0</v></c>", "417"),
        ("<c><v>1.5E3</v></c>", "1500"),
        ("<c><v>0.30000000000000004</v></c>", "0.3"),
        ("<c><v>123456789012345678</v></c>", "123456789012345678"),
        ("<c><v>1E999</v></c>", None),
        (True, "TRUE"),
        (False, "FALSE"),
        (numeral(417, PADDED), "0417"),
        (numeral(-1234, MONEY), "-1234"),
        (numeral(0.375, TIME), "0.375"),
        (numeral(46113, TIME), "46113"),
        (FIRST, FIRST),
        (numeral(46113, ERA), FIRST),
        (numeral(46113, BUILT_IN), FIRST),
        (numeral("46113.5", DAY), None),
        (numeral(1, DAY), dt.date(1900, 1, 1)),
        (numeral(59, DAY), dt.date(1900, 2, 28)),
        (numeral(60, DAY), None),
        (numeral(61, DAY), dt.date(1900, 3, 1)),
        (numeral(-1, DAY), None),
        (numeral(10**15, DAY), None),
        ('<c t="d"><v>2026-04-01T00:00:00</v></c>', FIRST),
        ('<c t="d"><v>2026-04-01T09:30:00</v></c>', None),
        ('<c t="e"><v>#N/A</v></c>', None),
        ('<c t="?"><v>1</v></c>', None),
        ('<c t="s"><v>0</v></c>', "髙﨑"),
        ('<c t="s"><v>1</v></c>', "a\nb\r_x"),
        ("<c><f>1+1</f><v>2</v></c>", None),
    ],
)
def test_a_cell_is_read_as_what_it_shows(cell: object, read: Cell) -> None:
    """Texts without their readings, days by their format, numbers without what computers add."""
    strings = [
        f"<r><t>髙</t></r><r><t>﨑</t></r>{READING}",
        "<t>a\nb_x000D__x005F_x</t>",
    ]
    book = Workbook(made(["a", "b"], ["1", cell], strings=strings))
    assert book.rows[1][1] == read
    assert type(book.rows[1][1]) is type(read)


def test_days_may_be_counted_from_1904() -> None:
    """As workbooks do that were begun on old Macs."""
    book = Workbook(made(["a"], [numeral(44651, DAY)], [numeral(0, DAY)], from_1904=True))
    assert [row[0] for row in book.rows[1:]] == [FIRST, dt.date(1904, 1, 1)]


def test_people_are_read_as_from_any_file(staff: Opened) -> None:
    """Types are those of the columns; what is not meant is unreadable, and named by a check."""
    connector = staff(
        made(
            HEADER,
            ["1", "佐倉", FIRST, True, 3, FIRST],
            [],
            [numeral(2, PADDED), "楓", "2026/04/01", "0", 1.5, None],
            ["3", FIRST, numeral(46113, 0), None, "4", None],
        )
    )
    one, two, three = connector.list_employees(FIELDS)
    assert one.values == {"no": "1", "family": "佐倉", "joined": FIRST, "flag": True, "points": 3}
    assert (two.id, two.unreadable, two.values["joined"]) == ("0002", ("points",), FIRST)
    assert three.unreadable == ("family", "joined")
    people, wrong = (each.message for each in connector.check().findings)
    assert people == "People in the sheet “staff”: 3."
    cells = "row 5, column family, row 5, column joined, row 4, column points"
    assert wrong == f"Cells that make no sense: 3, such as {cells}."
    assert not hasattr(connector, "write_many")


def test_a_sheet_is_the_first_that_is_shown_or_the_one_that_is_named(staff: Opened) -> None:
    """One that is hidden is read only if it is meant."""
    data = made(HEADER, ["1", "佐倉"])
    assert len(list(staff(data).list_employees(FIELDS))) == 1
    assert len(list(staff(data, sheet="staff").list_employees(FIELDS))) == 1
    assert Workbook(data, "old").header == ["no"]
    with pytest.raises(AnswerError, match="no sheet of that name"):
        staff(data, sheet="Staff").check()


def test_rows_and_cells_may_be_left_out() -> None:
    """Programs leave out what is empty; places tell where the others are."""
    sheet = (
        f"<x:worksheet {MAIN.replace('xmlns', 'xmlns:x')}><x:sheetData>"
        '<x:row r="1"><x:c r="A1"><x:v>7</x:v></x:c><x:c r="C1"><x:v>8</x:v></x:c></x:row>'
        '<x:row r="4"><x:c r="C4"><x:v>9</x:v></x:c></x:row><x:row r="5"><x:c r="Z5"/></x:row>'
        "</x:sheetData></x:worksheet>"
    )
    book = Workbook(made(parts={"xl/worksheets/sheet2.xml": sheet}))
    assert [list(row) for row in book.rows] == [["7", "", "8"], [], [], ["", "", "9"]]


@pytest.mark.parametrize(
    ("data", "why", "row"),
    [
        (b"", "workbook", None),
        (b"no,family\n1,a\n", "workbook", None),
        (b"PK\x03\x04", "workbook", None),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "locked", None),
        (made(), "empty", None),
        (made([], ["a"]), "empty", None),
        (made(["a"], ["1", "2"]), "ragged", 2),
        (made(["a"], parts={"xl/workbook.xml": None}), "workbook", None),
        (made(["a"], parts={"xl/worksheets/sheet2.xml": None}), "workbook", None),
        (made(["a"], parts={"xl/worksheets/sheet2.xml": "<worksheet>"}), "workbook", None),
        (made(["a"], ['<c t="s"><v>7</v></c>']), "workbook", None),
        (made(["a"], ['<c s="99"><v>7</v></c>']), "workbook", None),
        (made(["a"], ['<c r="AAAA1"><v>7</v></c>']), "workbook", None),
        (made(["a"], ["<c><v>x</v></c>"]), "workbook", None),
        (made(["a"], ["<c><v>nan</v></c>"]), "workbook", None),
        (made(["a"], parts={"xl/workbook.xml": STRICT}), "workbook", None),
    ],
)
def test_what_is_no_sheet_is_told(data: bytes, why: str, row: int | None) -> None:
    """Nothing is guessed, and nothing but one error comes out."""
    with pytest.raises(Unreadable) as caught:
        Workbook(data)
    assert (caught.value.why, caught.value.row) == (why, row)


def rows_at(*places: str) -> bytes:
    """Return a workbook with rows that say where they are."""
    rows = "".join(f'<row r="{at}"><c><v>1</v></c></row>' for at in places)
    sheet = f"<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>"
    return made(parts={"xl/worksheets/sheet2.xml": sheet})


def bomb() -> bytes:
    """Return a workbook of some hundred kilobytes, of which a part becomes far too large."""
    part = "xl/worksheets/sheet2.xml"
    buffer = BytesIO(made(["a"], parts={part: None}))
    with ZipFile(buffer, "a", ZIP_DEFLATED) as archive, archive.open(part, "w") as file:
        for _ in range(MAX_BYTES // 2**20 + 1):
            file.write(b" " * 2**20)
    return buffer.getvalue()


def styles_of(count: int) -> bytes:
    """Return a workbook with a part that openpyxl takes hours to build."""
    part = f"<styleSheet {MAIN}><cellXfs>{'<xf/>' * count}</cellXfs></styleSheet>"
    return made(["a"], parts={"xl/styles.xml": part})


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    f'<worksheet {MAIN}><sheetData><row><c t="str"><v>&b;</v></c></row></sheetData></worksheet>'
)


@pytest.mark.security(13)
@pytest.mark.parametrize(
    ("make", "why"),
    [
        (bomb, "large"),
        (lambda: made(["a"], parts={"xl/worksheets/sheet2.xml": LAUGHS}), "workbook"),
        (lambda: made(["a"], parts={"xl/sharedStrings.xml": LAUGHS}), "workbook"),
        (lambda: made(["a"], parts={"xl/styles.xml": LAUGHS.encode("utf-16")}), "workbook"),
        (lambda: made(["a"], parts={"[Content_Types].xml": LAUGHS}), "workbook"),
        (lambda: styles_of(MAX_WORK // 5 + 1), "large"),
        (lambda: rows_at("1", "99999999999"), "workbook"),
        (lambda: rows_at("0"), "workbook"),
        pytest.param(
            lambda: made(['<c r="XFD1"><v>1</v></c>'], *[["<c><v>1</v></c>"]] * 1300),
            "large",
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_small_file_does_not_become_huge(make: Callable[[], bytes], why: str) -> None:
    """Neither unpacked, nor by what it defines, nor by how far its rows and columns reach."""
    data = make()
    began = time.process_time()
    with pytest.raises(Unreadable, match=why):
        Workbook(data)
    assert time.process_time() - began < 5


@pytest.mark.security(13)
def test_what_covers_the_whole_sheet_costs_nothing() -> None:
    """Cells are never made only because an area is merged, is linked, or is said to be filled."""
    whole = "A1:XFD1048576"
    more = (
        f'<mergeCells><mergeCell ref="{whole}"/></mergeCells>'
        f'<hyperlinks><hyperlink ref="{whole}" location="A1"/></hyperlinks>'
        f'<dimension ref="{whole}"/>'
    )
    began = time.process_time()
    book = Workbook(made(["a"], ["1"], more=more))
    with pytest.raises(Unreadable, match="merged"):
        book.require(["a"])
    assert time.process_time() - began < 5


def test_rows_that_are_not_in_order_are_no_sheet() -> None:
    """A row that comes twice would take the place of another person."""
    for at in ("1", "2"):
        with pytest.raises(Unreadable, match="workbook"):
            Workbook(rows_at("1", "2", at))


@given(st.integers(0, 3000), st.binary(min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_any_damage_is_one_error(at: int, damage: bytes) -> None:
    """Whatever is damaged: a table, or Unreadable."""
    data = made(HEADER, ["1", "佐倉", FIRST, True, 3])
    at %= len(data)
    try:
        Workbook(data[:at] + damage + data[at + len(damage) :])
    except Unreadable:
        return


@pytest.mark.parametrize(("column", "told"), [(1, "a formula in row 3, column 2"), (5, None)])
def test_formulas_are_refused_where_they_are_read(
    staff: Opened, column: int, told: str | None
) -> None:
    """What was calculated when it was saved may be old; other columns are nobody's business."""
    row: list[object] = ["2", "楓", FIRST, True, 3, "x"]
    row[column] = '<c t="str"><f>A1</f><v>x</v></c>'
    connector = staff(made(HEADER, ["1", "佐倉", FIRST, True, 3, "x"], row))
    if told is None:
        assert len(list(connector.list_employees(FIELDS))) == 2
        return
    with pytest.raises(AnswerError, match=told):
        list(connector.list_employees(FIELDS))


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("B2:B3", "merged in row 2, column 2"),
        ("B1:C1", "merged in row 1, column 2"),
        ("A3:F3", "merged in row 3, column 1"),
        ("F2:F3", None),
        ("B9:B10", None),
    ],
)
def test_merged_cells_are_refused_where_they_are_read(
    staff: Opened, place: str, told: str | None
) -> None:
    """All but the first of them would be empty, whatever they are meant to say."""
    more = f'<mergeCells count="1"><mergeCell ref="{place}"/></mergeCells>'
    connector = staff(made(HEADER, ["1", "佐倉"], ["2", "楓"], more=more))
    if told is None:
        assert len(list(connector.list_employees(FIELDS))) == 2
        return
    with pytest.raises(AnswerError, match=told):
        list(connector.list_employees(FIELDS))


def test_headers_that_are_lacking_show_nobody(staff: Opened) -> None:
    """As in any file."""
    with pytest.raises(ConfigurationError, match="no column “no”") as caught:
        staff(made(["1", "佐倉"])).check()
    assert "佐倉" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"path": "a.xls"}, "save it as .xlsx"),
        ({"path": "a.XLSM"}, "save it as .xlsx"),
        ({"path": "a.csv", "sheet": "x"}, "only a workbook"),
    ],
)
def test_options_that_do_not_fit_are_told(options: dict[str, object], told: str) -> None:
    """Other kinds of workbooks, and a sheet where there is none."""
    with pytest.raises(OptionsError, match=told):
        options_of({**OPTIONS, **options})


def test_another_file_is_no_workbook(tmp_path: Path) -> None:
    """The name of the file decides; wrong options open what tells of them."""
    for options in ({**OPTIONS, "path": "a.csv"}, {**OPTIONS, "columns": {}}, {}):
        connection = Connection(
            name="staff", connector="csv", base_url="", token=Secret(None),
            options=options, folder=tmp_path,
        )  # fmt: skip
        assert type(opened(connection)) is CSV


def test_a_workbook_of_openpyxl_is_read(recwarn: pytest.WarningsRecorder) -> None:
    """One as programs save it, with texts in a part of their own, and another sheet before it."""
    book = openpyxl.Workbook()
    book.create_sheet("staff").append(HEADER)
    book["staff"].append(["0417", "髙﨑_x000D_", FIRST, True, 3, "=1+1"])
    buffer = BytesIO()
    book.save(buffer)
    read = Workbook(buffer.getvalue(), "staff")
    assert list(read.rows[1]) == ["0417", "髙﨑\r", FIRST, "TRUE", "3", None]
    assert not recwarn.list


def test_openpyxl_says_nothing(
    staff: Opened, recwarn: pytest.WarningsRecorder, capfd: pytest.CaptureFixture[str]
) -> None:
    """What it leaves out is nobody's business, and what it says may name a value."""
    more = (
        '<headerFooter><oddHeader>&amp;</oddHeader></headerFooter><extLst><ext uri="x"/></extLst>'
    )
    connector = staff(made(HEADER, ["1", numeral(10**15, DAY)], more=more))
    connector.check()
    assert not recwarn.list
    assert capfd.readouterr() == ("", "")


def test_openpyxl_is_an_extra(staff: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else needs it; who has a workbook, and not that, is told what to install."""
    code = "import sys, renkei_csv.connector; sys.exit('openpyxl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    for name in [each for each in sys.modules if each.startswith("openpyxl")]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "renkei_csv.workbook")
    with pytest.raises(ConfigurationError, match=r"pip install 'renkei\[xlsx\]'"):
        staff(made(HEADER)).check()


@pytest.mark.long
def test_a_hundred_thousand_rows_take_seconds() -> None:
    """They take 10 to 20; a slower machine may take twice as long."""
    data = made(HEADER, *[["1", "佐倉", FIRST, True, 3, "x"]] * 100_000)
    began = time.process_time()
    assert len(Workbook(data).rows) == 100_001
    assert time.process_time() - began < 40
