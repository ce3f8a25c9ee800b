"""A CSV file is read as spreadsheets read it, and keeps every byte that nobody changes."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renkei.connector import (
    ROLE_TYPES,
    AnswerError,
    BatchWrite,
    ConfigurationError,
    Connection,
    OptionsError,
    RecordError,
    Ref,
    RenkeiError,
    Role,
    Type,
    UnavailableError,
)
from renkei.errors import ConnectorError
from renkei.http.secret import Secret
from renkei.mapping.values import fault
from renkei_csv import CSV
from renkei_csv.columns import Column, options_of, read, style_of, written
from renkei_csv.table import Table, Unreadable

TEXT = st.text(st.sampled_from('ab,"\n あ髙ソ表能①～ \t'), max_size=6)
ANY = st.text(st.sampled_from('ab,"\n\r あ髙ソ表能①～ \t'), max_size=6)
OPTIONS = {
    "path": "staff.csv",
    "columns": {
        "no": {"role": "number"},
        "family": {"role": "family_name"},
        "joined": {"role": "hired"},
        "flag": {"type": "boolean"},
    },
}
FILE = "no,family,joined,flag,memo\n1,佐倉,2026/4/1,TRUE,x\n2,楓,2026/10/12,FALSE,\n"
FIELDS = ("no", "family", "joined", "flag")
Opened = Callable[..., CSV]


@given(
    st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=6),
    st.sampled_from(["utf-8", "utf-8-sig", "cp932"]),
    st.tuples(st.sampled_from(["\n", "\r\n"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
    st.dictionaries(st.integers(1, 6), st.dictionaries(st.sampled_from("abc"), ANY)),
    st.lists(st.dictionaries(st.sampled_from("abc"), ANY, min_size=1), max_size=3),
)
@settings(max_examples=80, deadline=None)
def test_what_is_changed_reads_as_it_was_meant(
    rows: list[list[str]],
    encoding: str,
    style: tuple[str, int],
    changes: dict[int, dict[str, str]],
    new: list[dict[str, str]],
) -> None:
    """Any table in any of the encodings: changed cells, new rows, and nothing else."""
    buffer = io.StringIO()
    end, quoting = style
    writer = csv.writer(buffer, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([list("abc"), *rows])
    data = buffer.getvalue().encode(encoding)
    table = Table(data)
    filled = {at: each for at, each in changes.items() if at < len(table.rows) and table.rows[at]}
    after = Table(table.written(filled, new))
    wanted = [list("abc"), *rows]
    for at, values in filled.items():
        wanted[at] = [values.get(name, old) for name, old in zip("abc", wanted[at], strict=True)]
    wanted += [[values.get(name, "") for name in "abc"] for values in new]
    if table.encoding == "utf-8" or encoding != "cp932":
        assert after.rows == [row if any(row) else [] for row in wanted]
    assert table.written({}, []) == data


@pytest.mark.parametrize(
    ("data", "why", "row"),
    [
        (b"", "empty", None),
        (b",,\n", "empty", None),
        (b"a,b\n1\n", "ragged", 2),
        (b"a,b\n1,2,3\n", "ragged", 2),
        (b'a,b\n1,"2\n', "quotes", 2),
        (b'a,b\n1,"2"3\n', "quotes", 2),
        (b"a,b\n1,2\n3,\xff\n", "encoding", 3),
        ("a,b\n".encode("utf-16"), "encoding", 1),
        (b"\xef\xbb\xbfa,b\n\x82\xa0,1\n", "encoding", 2),
        ("a,b\n彩,1\n楓,".encode() + b"\xff\n", "encoding", 3),
        ("a,b\n彩,1\n楓,".encode("cp932") + b"\xff\n", "encoding", 3),
        (b"a,b\n\x80,1\n", "encoding", 2),
        ("a,b\n\x80,1\n".encode(), "encoding", 2),
    ],
)
def test_what_is_no_table_is_told_by_its_row(data: bytes, why: str, row: int | None) -> None:
    """Nothing is guessed: a cell too many would move everything after it."""
    with pytest.raises(Unreadable) as caught:
        Table(data)
    assert (caught.value.why, caught.value.row) == (why, row)


@pytest.mark.parametrize(
    ("others", "text"),
    [
        ([], "2026-04-01"),
        (["2020-01-31"], "2026-04-01"),
        (["2020/10/12", "2020/1/2"], "2026/4/1"),
        (["2020/10/12", "2020/01/02"], "2026/04/01"),
        (["", "平成", "2020年1月2日"], "2026年4月1日"),
        (["20200131"], "20260401"),
        (["2020.1.2"], "2026.4.1"),
        (["20200131", "2020/1/2"], "20260401"),
        (["2020/01/31", "2020-1-2", "2020年1月2日"], "2026/04/01"),
        (["2020年01月31日", "2020/1/2"], "2026年04月01日"),
    ],
)
def test_dates_are_written_as_the_column_has_them(others: list[str], text: str) -> None:
    """And what is written is read as the same day."""
    column, day = Column(type="date"), dt.date(2026, 4, 1)
    assert written(day, style_of(column, others)) == text
    assert read(column, text) == day


@given(st.dates(dt.date(1900, 1, 1)), st.sampled_from(["YYYY/MM/DD", "D.M.YYYY", "YYYYMMDD"]))
def test_a_format_is_read_as_it_is_written(day: dt.date, written_as: str) -> None:
    """Any day, in the format that the configuration says."""
    column = Column(type="date", format=written_as)
    assert read(column, written(day, style_of(column, ["2020-01-01"]))) == day


@pytest.mark.parametrize(
    "text", ["2026/2/30", "2026-4/1", "26/4/1", "R8.4.1", "2026041", "２０２６/4/1", "x"]
)
def test_what_is_no_date_makes_no_sense(text: str) -> None:
    """Nothing is taken for a day that may be another one."""
    with pytest.raises(ValueError, match=r".*"):
        read(Column(type="date"), text)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({}, "role: number"),
        ({"a": {"role": "number"}, "b": {"role": "number"}}, "role: number"),
        ({"a": {"role": "number"}, "b": {"role": "hired", "type": "text"}}, "of the type date"),
        ({"a": {"role": "number"}, "b": {"format": "YYYY"}}, "only a date"),
        *(
            ({"a": {"role": "number"}, "b": {"type": "date", "format": odd}}, "YYYY/MM/DD")
            for odd in ("YY/MM", "YYYYMD", "MYYYYD", "YYYY1M1D", "YYYYY/MM/DD", " YYYY/MM/DD")
        ),
        ({"a": {"role": "numbre"}}, "did you mean"),
        ({"a": {"rol": "number"}}, 'did you mean "role"'),
    ],
)
def test_mistakes_in_columns_are_told(columns: object, told: str) -> None:
    """All that can be said without the file."""
    with pytest.raises(OptionsError, match=told):
        options_of({"path": "a.csv", "columns": columns})


@pytest.mark.parametrize(("role", "kind"), ROLE_TYPES.items())
def test_a_column_has_the_type_of_its_role(role: Role, kind: Type) -> None:
    """Whatever role a field may have, its column is read as the engine expects it."""
    columns = (
        {"no": {"role": "number"}, "a": {"role": role}}
        if role != "number"
        else {"a": {"role": role}}
    )
    assert options_of({"path": "a.csv", "columns": columns}).columns["a"].kind == kind


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Return a function that opens a connector on a file of two people."""
    (tmp_path / "staff.csv").write_text(FILE, encoding="utf-8")

    def make(*, read_only: bool = False, **options: object) -> CSV:
        return CSV(
            Connection(
                name="staff", connector="csv", base_url="", token=Secret(None),
                options={**OPTIONS, **options}, folder=tmp_path, read_only=read_only,
            )
        )  # fmt: skip

    return make


def test_a_batch_is_one_new_file(opened: Opened, tmp_path: Path) -> None:
    """Changes in place, new people at the end, in the forms that the columns have."""
    connector = opened()
    one, _two = connector.list_employees(FIELDS)
    assert one.values == {
        "no": "1", "family": "佐倉", "joined": dt.date(2026, 4, 1), "flag": True,
    }  # fmt: skip
    (tmp_path / "staff.csv").chmod(0o640)
    answers = connector.write_many(
        [
            BatchWrite(values={"family": '髙"橋', "joined": None}, current=one),
            BatchWrite(values={"no": "3", "joined": dt.date(2027, 1, 2), "flag": False}),
        ]
    )
    assert list(answers) == [None, "3"]
    file = tmp_path / "staff.csv"
    assert file.read_text() == (
        'no,family,joined,flag,memo\n1,"髙""橋",,TRUE,x\n2,楓,2026/10/12,FALSE,\n'
        "3,,2027/1/2,FALSE,\n"
    )
    assert file.stat().st_mode & 0o777 == 0o640
    assert [p.id for p in connector.read_employees([Ref(number="3"), Ref(id="2")], FIELDS)] == [
        "2",
        "3",
    ]


def test_a_link_stays_a_link(opened: Opened, tmp_path: Path) -> None:
    """The file it leads to is replaced."""
    (tmp_path / "link.csv").symlink_to("staff.csv")
    connector = opened(path="link.csv")
    list(connector.list_employees(FIELDS))
    connector.write_many([BatchWrite(values={"no": "3"})])
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "staff.csv").read_text().endswith("\n3,,,,\n")
    assert connector.identity() == opened().identity()


@pytest.mark.parametrize("moment", ["before", "at the last moment"])
def test_a_file_that_has_changed_is_not_written(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Whatever somebody has saved meanwhile stays, and nobody is in doubt."""
    connector, file = opened(), tmp_path / "staff.csv"
    one, _two = connector.list_employees(FIELDS)

    def change() -> None:
        file.write_text(FILE.replace("楓", "柊"))

    if moment == "before":
        change()
    else:
        connector._connection.allow_writes(change)
    with pytest.raises(UnavailableError) as caught:
        connector.write_many([BatchWrite(values={"family": "橘"}, current=one)])
    assert (caught.value.code, caught.value.nothing_done, caught.value.for_all) == (
        "file_changed",
        True,
        True,
    )
    assert file.read_text() == FILE.replace("楓", "柊")
    assert [each.name for each in tmp_path.iterdir()] == ["staff.csv"]


def test_who_was_read_of_an_older_file_is_not_written(opened: Opened, tmp_path: Path) -> None:
    """Another look in between does not make an old one good; our own writing does no harm."""
    connector, file = opened(), tmp_path / "staff.csv"
    one, two = connector.list_employees(FIELDS)
    connector.write_many([BatchWrite(values={"family": "橘"}, current=one)])
    connector.write_many([BatchWrite(values={"family": "楢"}, current=two)])
    file.write_text(f"{FILE}9,,,,\n")
    list(connector.list_employees(FIELDS))
    with pytest.raises(UnavailableError, match="changed by something else"):
        connector.write_many([BatchWrite(values={"family": "桂"}, current=one)])


def test_those_who_cannot_be_written_are_refused_by_themselves(opened: Opened) -> None:
    """A number that is there, and a character that the file lacks; the others are written."""
    connector = opened()
    path = connector._path
    path.write_bytes(FILE.encode("cp932"))
    list(connector.list_employees(FIELDS))
    answers = connector.write_many(
        [
            BatchWrite(values={"no": "2"}),
            BatchWrite(values={"no": "4", "family": "𠮷"}),
            BatchWrite(values={"no": "5", "family": "髙"}),
        ]
    )
    codes = [each.code if isinstance(each, RecordError) else each for each in answers]
    assert codes == ["exists_by_now", "not_in_encoding", "5"]
    assert path.read_bytes() == (FILE + "5,髙,,,\n").encode("cp932")


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
@pytest.mark.parametrize("odd", ["\x80", "\uf8f0", "\uf8f3"])
def test_what_would_make_the_file_unreadable_is_not_written(
    opened: Opened, encoding: str, odd: str
) -> None:
    """Neither is it planned: with it the whole file would be refused from then on."""
    connector = opened()
    connector._path.write_bytes(FILE.encode(encoding))
    one, _two = connector.list_employees(FIELDS)
    (answer,) = connector.write_many([BatchWrite(values={"family": f"佐{odd}"}, current=one)])
    assert isinstance(answer, RecordError)
    assert answer.code == "not_in_encoding"
    (family,) = (spec for spec in connector.fields(OPTIONS) if spec.name == "family")
    assert fault(f"佐{odd}", family) == "not_in_encoding"
    assert len(list(connector.list_employees(FIELDS))) == 2


@pytest.mark.parametrize("text", ["1〜2", "3−4", "¬"])
def test_what_would_come_back_as_another_character_is_not_written(
    opened: Opened, text: str
) -> None:
    """CP932 takes it for one that looks alike: it would be a difference for ever."""
    connector = opened()
    connector._path.write_bytes(FILE.encode("cp932"))
    one, _two = connector.list_employees(FIELDS)
    (answer,) = connector.write_many([BatchWrite(values={"family": text}, current=one)])
    assert isinstance(answer, RecordError)
    assert answer.code == "not_in_encoding"
    connector._path.write_bytes(FILE.encode())
    one, _two = connector.list_employees(FIELDS)
    assert connector.write_many([BatchWrite(values={"family": text}, current=one)]) == [None]


@pytest.mark.security(18)
def test_a_file_without_headers_shows_nobody(opened: Opened) -> None:
    """Its first row is a person, of whom no message tells."""
    connector = opened()
    connector._path.write_text("1,佐倉汐里,2026/4/1,TRUE\n2,楓,,\n")
    with pytest.raises(ConfigurationError, match="no column “no”") as caught:
        connector.check()
    assert "佐倉" not in str(caught.value)
    assert "2026" not in str(caught.value)


def test_a_group_that_cannot_be_kept_takes_its_rights_with_it(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new file belongs to another group, which was never meant to read it."""
    file, asked = tmp_path / "staff.csv", []
    file.chmod(0o664)

    def refuse(_handle: int, owner: int, group: int) -> None:
        asked.append((owner, group))
        raise PermissionError(1, "not permitted")

    connector = opened()
    list(connector.list_employees(FIELDS))
    monkeypatch.setattr(os, "fchown", refuse)
    connector.write_many([BatchWrite(values={"no": "3"})])
    assert file.stat().st_mode & 0o777 == 0o604
    assert (-1, file.stat().st_gid) in asked


def test_the_group_is_kept_where_the_owner_cannot_be(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One in a shared folder may belong to somebody else, and still be of the same group."""
    file, groups = tmp_path / "staff.csv", []
    file.chmod(0o660)

    def chown(_handle: int, owner: int, group: int) -> None:
        if owner != -1:
            raise PermissionError(1, "not permitted")
        groups.append(group)

    connector = opened()
    list(connector.list_employees(FIELDS))
    group = file.stat().st_gid
    monkeypatch.setattr(os, "fchown", chown)
    connector.write_many([BatchWrite(values={"no": "3"})])
    assert file.stat().st_mode & 0o777 == 0o660
    assert groups == [group]


@pytest.mark.security(3)
def test_the_new_file_is_nobody_elses(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who has opened one in its place beforehand reads nothing in it."""
    monkeypatch.setattr("renkei_csv.connector.secrets.token_hex", lambda _size: "known")
    planted = tmp_path / ".staff.csv.known.renkei"
    planted.touch()
    connector = opened()
    list(connector.list_employees(FIELDS))
    with planted.open("rb") as held:
        with pytest.raises(UnavailableError):
            connector.write_many([BatchWrite(values={"no": "3"})])
        assert held.read() == b""
    assert (tmp_path / "staff.csv").read_text() == FILE


def test_what_a_killed_process_has_left_is_removed(opened: Opened, tmp_path: Path) -> None:
    """It holds everybody; that of a process which may still write it stays."""
    left, fresh = (tmp_path / f".staff.csv.{name}.renkei" for name in ("old", "new"))
    left.write_text(FILE)
    fresh.write_text(FILE)
    os.utime(left, (1_700_000_000, 1_700_000_000))
    connector = opened()
    list(connector.list_employees(FIELDS))
    connector.write_many([BatchWrite(values={"no": "3"})])
    assert {each.name for each in tmp_path.iterdir()} == {"staff.csv", fresh.name}


def test_a_fetch_cannot_write_a_file(opened: Opened, tmp_path: Path) -> None:
    """Whatever calls it, a connection that only reads replaces nothing."""
    connector = opened(read_only=True)
    list(connector.list_employees(FIELDS))
    with pytest.raises(ConnectorError, match="only reading is allowed"):
        connector.write_many([BatchWrite(values={"no": "3"})])
    assert (tmp_path / "staff.csv").read_text() == FILE


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (2, ConfigurationError, "configuration"),
        (13, UnavailableError, "file_refused"),
        (28, UnavailableError, "disk_full"),
    ],
)
def test_what_this_computer_refuses_is_an_error_and_no_doubt(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, number: int, kind: type, code: str
) -> None:
    """No file, no right, no room: the old file is as it was."""
    connector = opened()
    list(connector.list_employees(FIELDS))

    def refuse(*_args: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("renkei_csv.connector._write", refuse)
    with pytest.raises(kind) as caught:
        connector.write_many([BatchWrite(values={"no": "3"})])
    assert isinstance(caught.value, RenkeiError)
    assert caught.value.code == code
    assert connector._path.read_text() == FILE


def test_people_without_a_number_of_their_own_are_called_by_their_row(opened: Opened) -> None:
    """Two of one number, and one of none, are not taken for each other; empty rows are nobody."""
    connector = opened()
    connector._path.write_text("no,family,joined,flag\n1,a,,\n,,,\n1,b,,\n,c,,\n\n7,d,x,\n")
    people = list(connector.list_employees(FIELDS))
    assert [each.id for each in people] == ["#2", "#4", "#5", "7"]
    assert people[-1].unreadable == ("joined",)


def test_a_broken_file_is_told_by_its_row(opened: Opened) -> None:
    """The whole list is refused: who stands after the row is anybody's guess."""
    connector = opened()
    connector._path.write_text("no,family,joined,flag\n1,a\n")
    with pytest.raises(AnswerError, match=r"row 2 of .*staff\.csv has more or fewer cells"):
        list(connector.list_employees(FIELDS))


@pytest.mark.long
def test_a_hundred_thousand_rows_take_seconds(opened: Opened) -> None:
    """Read, look-ups and one batch of five thousand."""
    connector = opened()
    rows = "".join(f"{n:06},佐倉,2026/4/1,TRUE,memo\n" for n in range(100_000))
    connector._path.write_text("no,family,joined,flag,memo\n" + rows)
    began = time.process_time()
    people = list(connector.list_employees(FIELDS))
    assert len(people) == 100_000
    found = list(connector.read_employees([Ref(number=f"{n:06}") for n in range(5000)], FIELDS))
    writes = [BatchWrite(values={"family": "橘"}, current=each) for each in found]
    connector.write_many(writes)
    assert time.process_time() - began < 10
