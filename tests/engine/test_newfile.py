from __future__ import annotations

import codecs
import csv
import tracemalloc
from pathlib import Path

import pytest
from tests.sampling import some

from renkei.errors import UsageError
from renkei.model import OwnValues
from renkei.people import Choice, Label, NewField
from renkei.report.csv import csv_lines
from renkei.report.new_values import read_new_file, template
from renkei.words.i18n import speaking

FIELDS = ("divisionCode", "typeCode")


def read(tmp_path: Path, content: str | bytes) -> tuple[OwnValues, ...]:
    path = tmp_path / "new.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_new_file(path, FIELDS)


def mistakes(tmp_path: Path, content: str | bytes) -> list[str]:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, content)
    return [line.removeprefix(f"{tmp_path}/") for line in caught.value.message.splitlines()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_what_spreadsheets_save_is_read(tmp_path: Path, encoding: str, line_end: str) -> None:
    """UTF-8 with or without mark and CP932, with both line ends and quotes, give the same rows."""
    lines = ["社員番号,divisionCode,typeCode", '"0042","本社, 東京",', "0043,,1", ""]
    (first, second) = read(tmp_path, line_end.join(lines).encode(encoding))
    assert (first.number, first.values) == ("0042", {"divisionCode": "本社, 東京"})
    assert (second.number, second.values) == ("0043", {"typeCode": "1"})
    assert second.where == f"{tmp_path}/new.csv:3:1"


def test_comments_and_empty_rows_do_not_count(tmp_path: Path) -> None:
    """Rows that start with # are comments, also when a spreadsheet has put quotes around them."""
    text = '# hello\nnumber,typeCode\n"#","typeCode","1","x"\n,,\n\n0042,1\n'
    (row,) = read(tmp_path, text)
    assert row.where == f"{tmp_path}/new.csv:6:1"


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Each mistake has its row and column, in their order."""
    text = (
        "number,divisioncode,typeCode,typeCode\n0042,1,1\n,1,1\n0042,1,1\n0043,1,1,1,1\n0044,\0\n"
    )
    assert [line.split(": ")[0] for line in mistakes(tmp_path, text)] == [
        "new.csv:1:2", "new.csv:1:4", "new.csv:3:1", "new.csv:4:1", "new.csv:5:5", "new.csv:6:2",
    ]  # fmt: skip


def test_an_unknown_column_gets_a_suggestion(tmp_path: Path) -> None:
    """A misspelt column is repeated beside the one that was probably meant."""
    (line,) = mistakes(tmp_path, "number,divisonCode\n")
    assert "divisonCode" in line
    assert "“divisionCode”" in line


def test_a_row_of_a_person_in_place_of_the_header_is_not_shown(tmp_path: Path) -> None:
    """A file without a header begins with somebody: columns are named by their place."""
    told = "\n".join(mistakes(tmp_path, "0417,みほん 花子\n"))
    assert "new.csv:1:1: " in told
    assert "new.csv:1:2: " in told
    assert "0417" not in told
    assert "花子" not in told


def test_the_number_column_is_needed(tmp_path: Path) -> None:
    """A file without a number column, or without anything, is refused."""
    assert "number" in mistakes(tmp_path, "divisionCode\n1\n")[0]
    assert mistakes(tmp_path, "")[0].startswith("new.csv:1:1: ")


def test_an_unknown_encoding_names_the_byte(tmp_path: Path) -> None:
    """What is neither UTF-8 nor CP932 is refused with the byte and its place."""
    (line,) = mistakes(tmp_path, b"number,typeCode\n0042,\x81\x20\n")
    assert line.startswith("new.csv:2:2: ")
    assert "0x81" in line


def test_quotes_that_do_not_match(tmp_path: Path) -> None:
    """A quotation mark that is never closed is told, not read to the end of the file."""
    (line,) = mistakes(tmp_path, 'number,typeCode\n0042,"1\n0043,2\n')
    assert line.startswith("new.csv:2:1: ")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file is a usage error that repeats its name."""
    with pytest.raises(UsageError, match=r"nowhere\.csv"):
        read_new_file(tmp_path / "nowhere.csv", FIELDS)


def test_a_template_can_be_filled_in_and_read(tmp_path: Path) -> None:
    """The template is safe for a spreadsheet, lists every choice, and is itself a valid file."""
    fields = (
        NewField("divisionCode", Label("所属", "Division"), (Choice("1", "=本社"),)),
        NewField("typeCode", Label("雇用区分", "Type"), (Choice("9", "パート"),)),
    )
    for language, number in (("en", "number"), ("ja", "社員番号")):
        with speaking(language):
            text = "".join(csv_lines(template(fields)))
        rows = list(csv.reader(text.removeprefix("\ufeff").splitlines()))
        assert rows[0] == [number, "divisionCode", "typeCode"]
        assert ["#", "divisionCode", "1", "'=本社"] in rows
        (row,) = read(tmp_path, text + "0042,1,9\r\n")
        assert row.values == {"divisionCode": "1", "typeCode": "9"}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_the_unicode_text_of_a_spreadsheet_is_read(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    """UTF-16 is told by its mark; Excel puts tabs between the cells."""
    lines = ["# コメント, 一行", "社員番号,typeCode", "0042,契約", ""]
    text = lines[0] + "\r\n" + "\r\n".join(lines[1:]).replace(",", delimiter)
    (row,) = read(tmp_path, ("\ufeff" + text).encode(encoding))
    assert (row.number, row.values) == ("0042", {"typeCode": "契約"})


@pytest.mark.parametrize(
    "content",
    [
        "number,typeCode\n0042,1\n".encode("utf-16-le"),
        "number,typeCode\n0042,1\n".encode("utf-16-be"),
        "社員番号,typeCode\n0042,契約\n".encode("utf-16-le"),
        codecs.BOM_UTF16_LE + b"n\0u\0m",
    ],
    ids=["LE", "BE", "ja", "cut"],
)
def test_other_utf_16_says_what_to_save_it_as(tmp_path: Path, content: bytes) -> None:
    """Without its mark, or cut off, it is no bytes to puzzle over: one sentence with a way out."""
    (line,) = mistakes(tmp_path, content)
    assert "UTF-16" in line
    assert "CSV UTF-8" in line


BIG = {
    "commas": b"," * 49_000_000,
    "one long line": b"number," + b"," * 9_000_000,
    "long header": b"number" + b",typeCode" * 1_000_000,
    "short rows": b"number,typeCode\n" + b"1,\n" * 3_000_000,
    "mistakes": b"number,typeCode\n" + b",1\n" * 3_000_000,
    "line ends": b"\n" * 9_000_000,
    "quoted line ends": b"number\n" + b'"\n",' * 2_000_000,
    "zeros": bytes(9_000_000),
}


@pytest.mark.security(13)
@pytest.mark.parametrize("name", some(BIG, 2))
def test_no_file_takes_much_memory(tmp_path: Path, name: str) -> None:
    """Whatever a file of any size holds is refused in a few sentences and a few megabytes."""
    path = tmp_path / "new.csv"
    path.write_bytes(BIG[name])
    tracemalloc.start()
    try:
        with pytest.raises(UsageError) as caught:
            read_new_file(path, FIELDS)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 80_000_000
    assert len(caught.value.message) < 20_000


def test_all_rows_of_a_large_company_are_read(tmp_path: Path) -> None:
    """Fifty thousand new employees at once are no mistake."""
    rows = (f"{n:06d},200,1\n" for n in range(50_000))
    assert len(read(tmp_path, "number,divisionCode,typeCode\n" + "".join(rows))) == 50_000
