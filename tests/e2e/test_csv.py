"""SmartHR and a CSV file through the real command line, judged by the bytes of the file."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.connectors.xlsx.workbooks import PADDED, made, numeral

if TYPE_CHECKING:
    from tests.e2e.office import Office

STAFF = """\
  staff:
    connector: csv
    options:
      path: staff.csv
      columns:
        社員番号: {role: number}
        姓: {role: family_name, required: true}
        名: {role: given_name}
        入社日: {role: hired}
        退職日: {role: left}
        メール: {role: email}
    safety: {creates: {people: 1000, percent: 100}, updates: {people: 1000, percent: 100}}
mappings: [{use: smarthr-csv}]
settings: {settle_wait_seconds: 0}"""

HEADER = "席,社員番号,姓,名,入社日,退職日,メール,備考"


@pytest.fixture
def staff(office: Office) -> Path:
    """A file of two people in CP932, with a column that nobody names; eight people in SmartHR."""
    office.configure(extra=STAFF)
    people = office.box.smarthr.people
    for person in list(people)[8:]:
        del people[person]
    for number, each in enumerate(people.values(), start=1):
        each.update(
            emp_code=f"{number:04}", last_name="佐倉", first_name=f"みなと{number}",
            entered_at="2020-04-01", resigned_at=None, emp_status="employed",
            email=f"s{number}@example.jp", birth_at=f"1990-01-{number:02}",
        )  # fmt: skip
    path = office.folder / "staff.csv"
    write(path, [
        HEADER,
        '3F,"0002",佐倉,"みなと2",2020/4/1,,古い@example.jp,"座席, 窓側"',
        ",,,,,,,",
        '2F,"0001",佐倉,"みなと1",2020/4/1,,s1@example.jp,',
    ])  # fmt: skip
    return path


def write(path: Path, lines: Sequence[str], encoding: str = "cp932") -> None:
    """Write a file as somebody's spreadsheet does."""
    path.write_bytes("".join(f"{line}\r\n" for line in lines).encode(encoding))


def synced(office: Office, run: str, *more: str) -> None:
    """Sync all new and changed of a run."""
    result = office.ask("sync", run, "--difference", "new,changed", "--look-first", *more)
    assert result.code == 0, result.out


def into_file(office: Office) -> None:
    """Fetch from SmartHR and sync into the file."""
    synced(office, office.fetched("smarthr", "staff"))


def test_smarthr_goes_into_a_file_and_nothing_else_in_it_changes(
    office: Office, staff: Path
) -> None:
    """Order, quotes, ends of lines, empty rows and unnamed columns stay; the encoding, too."""
    run = office.fetched("smarthr", "staff")
    plan = office.plan(run)
    assert [c["field"] for c in plan["0002"]["changes"]] == ["メール"]
    assert plan["0001"]["difference"] == "same"
    synced(office, run)
    lines = staff.read_bytes().decode("cp932").split("\r\n")
    assert lines == [
        HEADER,
        '3F,"0002",佐倉,"みなと2",2020/4/1,,s2@example.jp,"座席, 窓側"',
        ",,,,,,,",
        '2F,"0001",佐倉,"みなと1",2020/4/1,,s1@example.jp,',
        *(
            f',"{n:04}",佐倉,"みなと{n}",2020/4/1,,s{n}@example.jp,'
            for n in range(3, 9)
        ),
        "",
    ]  # fmt: skip
    again = office.ask("fetch", "smarthr", "staff").json["counts"]
    assert (again["new"], again["changed"], again["same"]) == (0, 0, 8)
    assert sorted(each.name for each in office.folder.iterdir() if "staff" in each.name) == [
        "staff.csv"
    ]


def test_a_file_goes_back_into_smarthr(office: Office, staff: Path) -> None:
    """What somebody has typed into the file arrives there, and the file keeps every byte."""
    into_file(office)
    edited = staff.read_bytes().replace(b"s5@example.jp", b"new5@example.jp")
    staff.write_bytes(edited)
    office.synced("staff", "smarthr")
    people = {each["emp_code"]: each for each in office.box.smarthr.people.values()}
    assert people["0005"]["email"] == "new5@example.jp"
    assert people["0004"]["email"] == "s4@example.jp"
    assert staff.read_bytes() == edited
    for pair in (("smarthr", "staff"), ("staff", "smarthr")):
        counts = office.ask("fetch", *pair).json["counts"]
        assert (counts["new"], counts["changed"]) == (0, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_keeps_its_encoding(office: Office, staff: Path, encoding: str) -> None:
    """UTF-8 is written back as it was read, with or without its mark at the beginning."""
    staff.write_bytes(staff.read_bytes().decode("cp932").encode(encoding))
    into_file(office)
    data = staff.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")
    rows = list(csv.reader(io.StringIO(data.decode(encoding))))
    assert [row[1] for row in rows if row[1]] == ["社員番号", "0002", "0001", *(
        f"{n:04}" for n in range(3, 9)
    )]  # fmt: skip


def test_a_character_that_the_file_cannot_hold_blocks(office: Office, staff: Path) -> None:
    """It is told before anything is written, of the one person; in UTF-8 it is no trouble."""
    office.box.smarthr.people[next(iter(office.box.smarthr.people))]["last_name"] = "𠮷田"
    run = office.fetched("smarthr", "staff")
    item = office.plan(run)["0001"]
    assert item["difference"] == "blocked"
    assert item["reasons"] == ["not_in_encoding"]
    staff.write_bytes(staff.read_bytes().decode("cp932").encode())
    run = office.fetched("smarthr", "staff")
    assert office.plan(run)["0001"]["difference"] == "changed"


def test_the_file_is_missing(office: Office, staff: Path) -> None:
    """Nothing is read of the other side for nothing: a person puts the path right."""
    staff.rename(staff.with_name("other.csv"))
    result = office.ask("fetch", "smarthr", "staff")
    assert result.code == 3
    assert "there is no file" in result.error["message"]


def test_a_check_reads_the_file_and_tells_what_makes_no_sense(office: Office, staff: Path) -> None:
    """Row and column are named, values are not."""
    text = staff.read_bytes().decode("cp932").replace("2020/4/1,,s1", "昨日,,s1")
    staff.write_bytes(text.encode("cp932"))
    result = office.renkei("check")
    assert result.code == 0, result
    assert "People in the file: 2. It is written in CP932 (Shift_JIS)." in result.out
    assert "Cells that make no sense: 1, such as row 4, column 入社日." in result.out
    assert "昨日" not in result.out


def test_mistakes_of_a_connection_have_their_places(office: Office, staff: Path) -> None:
    """The options are checked by the connector and told as lines and columns of renkei.yaml."""
    wrong = STAFF.replace("role: left}", "role: hired, format: YY}").replace("{role: email}", "5")
    office.configure(extra=wrong)
    result = office.renkei("fetch", "smarthr", "staff")
    assert result.code == 3
    assert 'renkei.yaml:22:14: メール: expected a mapping, not "5"' in result.err
    office.configure(extra=STAFF.replace("role: left}", "role: hired, format: YY}"))
    result = office.renkei("fetch", "smarthr", "staff")
    assert 'the role "hired" is given to several columns' in result.err
    assert "write a format like YYYY/MM/DD" in result.err


def test_what_the_headers_lack_is_named_and_nothing_else(office: Office, staff: Path) -> None:
    """Somebody has renamed a column; what the first row has may be a person's."""
    staff.write_bytes(staff.read_bytes().replace("入社日".encode("cp932"), b"joined"))
    result = office.renkei("fetch", "smarthr", "staff")
    assert result.code == 3
    assert "no column “入社日”. Its first row has to be the headers" in result.err
    assert "joined" not in result.err


def test_a_workbook_is_a_source(office: Office, staff: Path) -> None:
    """What stands in the sheet arrives in SmartHR; into the sheet goes nothing."""
    columns = HEADER.split(",")[1:-1]
    rows = [
        [
            numeral(n, PADDED),
            "佐倉",
            f"みなと{n}",
            dt.date(2020, 4, 1),
            None,
            f"{kind}{n}@example.jp",
        ]
        for n, kind in enumerate("xxssssss", start=1)
    ]
    book = staff.with_suffix(".xlsx")
    book.write_bytes(made(columns, *rows))
    config = office.folder / "renkei.yaml"
    config.write_text(config.read_text().replace("path: staff.csv", "path: staff.xlsx"))
    before = book.read_bytes()
    synced(office, office.fetched("staff", "smarthr"))
    told = {each["emp_code"]: each["email"] for each in office.box.smarthr.people.values()}
    assert [told[f"{n:04}"][:2] for n in range(1, 5)] == ["x1", "x2", "s3", "s4"]
    refused = office.renkei("fetch", "smarthr", "staff")
    assert refused.code == 2
    assert "is a source only" in refused.err
    assert book.read_bytes() == before
    assert "It is a source only" in office.renkei("check").out


@pytest.mark.parametrize("moment", [pytest.param("write", marks=pytest.mark.long), "replaced"])
def test_a_process_that_dies_while_it_writes_leaves_a_whole_file(
    office: Office, staff: Path, moment: str
) -> None:
    """The file is the old one or the new one; a resume finds out which, and nobody comes twice."""
    before = staff.read_bytes()
    run = office.fetched("smarthr", "staff")
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "import renkei_csv.connector as c\n"
        "real, count = Path.replace, []\n"
        "def die(self, target):\n"
        "    if not self.name.endswith('.renkei'):\n"
        "        return real(self, target)\n"
        "    count.append(1)\n"
        "    if len(count) < 2:\n"
        "        return real(self, target)\n"
        f"    if {moment!r} == 'replaced':\n"
        "        real(self, target)\n"
        "    os._exit(9)\n"
        "Path.replace = die\n"
        "from renkei_runner.main import run\n"
        f"sys.exit(run(['sync', {run!r}, '--difference', 'new,changed', '--look-first']))\n"
    )
    (office.folder / "dies.py").write_text(script)
    died = subprocess.run(
        [sys.executable, "dies.py"], cwd=office.folder, capture_output=True, check=False,
        env={**os.environ, **office.environment()}, timeout=50,
    )  # fmt: skip
    assert died.returncode == 9, died.stderr
    after = staff.read_bytes().decode("cp932").split("\r\n")
    assert len(after) == (11 if moment == "replaced" else 6)
    assert after[0] == HEADER
    assert len(before) < len(staff.read_bytes())
    resumed = office.ask("resume", run)
    assert resumed.code == 0, resumed.out
    lines = staff.read_bytes().decode("cp932").split("\r\n")
    assert sorted(row[1] for row in csv.reader(lines[1:]) if row and row[1]) == [
        f"{n:04}" for n in range(1, 9)
    ]


@pytest.mark.parametrize("name", ["csv.md", "csv.ja.md"])
def test_the_pages_are_right(office: Office, staff: Path, name: str) -> None:
    """The configuration and the mapping of both pages are taken, and sync a file."""
    page = (Path(__file__).parents[2] / "docs" / name).read_text(encoding="utf-8")
    config, mapping = (
        page.partition(f"<!-- example: {example} -->\n```yaml\n")[2].partition("```")[0]
        for example in ("columns", "more")
    )
    config = config.replace("https://example.smarthr.jp/api", office.box.smarthr.base_url)
    (office.folder / "renkei.yaml").write_text(config, encoding="utf-8")
    staff.write_text("社員番号,姓,名,入社日,退職日,メール,性別\n", encoding="utf-8")
    run = office.fetched("smarthr", "staff")
    synced(office, run, "--allow-unusual")
    assert staff.read_text(encoding="utf-8").count("2020/04/01") == 8
    (office.folder / "our-csv.yaml").write_text(mapping, encoding="utf-8")
    unchecked = office.ask("mapping", "check", "./our-csv.yaml")
    assert any("性別" in text for text in unchecked.json["warnings"])
    checked = office.ask("mapping", "check", "./our-csv.yaml", "--connection", "csv=staff")
    assert 'csv has no field "性別"' in checked.error["message"]
