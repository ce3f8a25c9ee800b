"""Pages are as `make docs` writes them; each numbered row has a proof or a reason."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
from tests.docs import connectors
from tests.docs.proofs import ROOT, ROW, WrongMark, marked, with_tests
from tests.docs.write import GENERATORS, written

RELIABILITY = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
SECURITY = (ROOT / "docs/security.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in row[0].strip("|").split(" | ")]
    for page in (RELIABILITY, SECURITY)
    for row in ROW.finditer(page)
]
SECTIONS = {
    "A": range(1, 19), "B": [*range(19, 33), 86, 87, 88, 82], "C": [*range(33, 40), 90],
    "D": range(40, 48), "E": [*range(48, 52), 104, 89, *range(52, 57)],
    "F": [*range(57, 65), *range(83, 86)], "G": range(65, 71), "H": range(71, 75),
    "I": range(75, 82), "J": [91, 92, 93, 101, 102, 103], "K": range(94, 101),
}  # fmt: skip
ITEMS = range(1, 61)

TABLE = """\
| No | Fault | What you see | Tests |
| --- | --- | --- | --- |
| F01 | One | A word \\| a sign | `tests/test_old.py::test_that_was_renamed` |
| F02 | Two | Another | |
| F03 | Three | Why not: nobody knows | `tests/test_old.py::test_that_is_gone` |
"""
FILLED = """\
| No | Fault | What you see | Tests |
| --- | --- | --- | --- |
| F01 | One | A word \\| a sign | `tests/a/test_x.py::test_z`, `tests/a/test_x.py::test_a` |
| F02 | Two | Another | `tests/a/test_x.py::test_a`, `tests/test_b.py::test_b` |
| F03 | Three | Why not: nobody knows | |
"""


@pytest.mark.parametrize("name", GENERATORS)
def test_a_page_is_as_it_is_written(name: str) -> None:
    """After a test is renamed or marked, the failure says how to bring the page up to date."""
    if (ROOT / name).read_text(encoding="utf-8") != written(name):
        pytest.fail(f"{name} is not what the code says. Run: make docs")


def test_a_new_connector_needs_its_folder_and_one_line() -> None:
    """The tools' lists get its name; the list of entry points is the author's."""
    before = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    after = connectors.listed(before, [*connectors.here(), "aoba"])
    was, now = tomllib.loads(before), tomllib.loads(after)
    assert now["project"] == was["project"]
    tool = now["tool"]
    assert "connectors/aoba/renkei_aoba" in tool["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert "$MYPY_CONFIG_FILE_DIR/connectors/aoba" in tool["mypy"]["mypy_path"]
    assert tool["importlinter"]["root_packages"] == tool["coverage"]["run"]["source_pkgs"]
    assert "renkei_aoba" in tool["importlinter"]["root_packages"]
    for each in tool["importlinter"]["contracts"]:
        for names in each.values():
            if isinstance(names, list) and "renkei_touchontime" in names:
                assert "renkei_aoba" in names
    assert connectors.listed(after, [*connectors.here(), "aoba"]) == after


@pytest.mark.parametrize("letter", SECTIONS)
def test_every_fault_stands_in_its_section_once(letter: str) -> None:
    """The numbers are for good: none is left out, none comes twice, each is where it belongs."""
    section = RELIABILITY.partition(f"\n### {letter}. ")[2].partition("\n### ")[0]
    found = re.findall(r"^\| (F\d+) \|", section, re.MULTILINE)
    assert found == [f"F{number:02d}" for number in SECTIONS[letter]]


def test_every_item_of_security_stands_there_once() -> None:
    """Each item of the checklist has its row, in order."""
    assert re.findall(r"^\| (\d+) \|", SECURITY, re.MULTILINE) == [*map(str, ITEMS)]


def test_no_row_escapes_the_tests() -> None:
    """Every number that is known has a row of the form that is read, and no row has another."""
    assert len(ROWS) == sum(map(len, SECTIONS.values())) + len(ITEMS)


def test_a_row_has_tests_or_says_why_not() -> None:
    """No fault and no item is left without proof or reason."""
    for row in ROWS:
        assert len(row) == 4, row
        number, asked, done, tests = row
        assert asked, number
        assert done, number
        assert tests or done.startswith("Why not: "), number


@pytest.mark.parametrize(
    ("mark", "files"),
    [("fault", "reliability/test_*_faults.py"), ("security", "security/test_*.py")],
)
def test_no_test_is_left_out(mark: str, files: str) -> None:
    """Readers of a page find what is tested for its sake; canaries have tests of their own."""
    proofs = {test for tests in marked(mark).values() for test in tests}
    found = {
        f"{path.relative_to(ROOT).as_posix()}::{node.name}"
        for path in (ROOT / "tests").glob(files)
        if path.name != "test_canaries.py"
        for node in ast.parse(path.read_bytes()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    assert found
    assert found - proofs == set()


SHEET = (ROOT / "docs/security-checksheet.ja.md").read_text(encoding="utf-8")
ANSWERS = {"はい", "いいえ", "対象外", "導入企業の責任"}


def test_the_check_sheet_is_answered_and_proven() -> None:
    """Each question has one of four answers with a line beside it; whatever is named exists."""
    rows = [
        [cell.strip() for cell in row.strip("|").split(" | ")]
        for row in re.findall(r"^\| [A-Z]-\d+ \| .*$", SHEET, re.MULTILINE)
    ]
    assert 50 <= len(rows) <= 80
    assert len({number for number, *_others in rows}) == len(rows)
    for number, question, answer, why in rows:
        assert question, number
        assert answer in ANSWERS, number
        assert why, number
        if answer == "はい":
            assert re.search(r"`|\]\(", why), f"{number}: no page, command or test"


def test_the_proofs_of_the_check_sheet_are_there() -> None:
    """A renamed test that customers were told of is noticed."""
    named = set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", SHEET))
    there = {
        (file, node.name)
        for file in {file for file, _name in named}
        for node in ast.parse((ROOT / file).read_bytes()).body
        if isinstance(node, ast.FunctionDef)
    }
    assert len(named) > 50
    assert {each for each in named if each[1]} - there == set()


def checkout(root: Path, **files: str) -> Path:
    """Return *root* with test files in it."""
    for name, text in files.items():
        path = root / "tests" / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_a_row_names_the_tests_that_are_marked(tmp_path: Path) -> None:
    """In the order of files and of lines; what stood there before is forgotten."""
    first = (
        '@pytest.mark.fault("F01")\ndef test_z(): ...\n'
        '@pytest.mark.fault("F02", "F01")\n@pytest.mark.parametrize("n", [1, 2])\n'
        "def test_a(n): ...\n"
        "@pytest.mark.security(1)\ndef test_of_another_page(): ...\n"
    )
    second = '@pytest.mark.long\n@pytest.mark.fault("F02")\ndef test_b(): ...\n'
    root = checkout(tmp_path, a__test_x=first, test_b=second)
    assert with_tests(TABLE, mark="fault", root=root) == FILLED
    assert with_tests(FILLED, mark="fault", root=root) == FILLED


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('@pytest.mark.fault("F99")\ndef test_x(): ...', "test_x is marked F99"),
        ("@pytest.mark.fault\ndef test_x(): ...", "test_x.py:1"),
        ("@pytest.mark.fault()\ndef test_x(): ...", "test_x.py:1"),
        ("@pytest.mark.fault(NUMBER)\ndef test_x(): ...", "test_x.py:1"),
        ('@pytest.mark.fault("F01")\ndef helper(): ...', "test_x.py:1"),
        ('@pytest.mark.fault("F01")\nclass TestX: ...', "test_x.py:1"),
        ('pytestmark = pytest.mark.fault("F01")', "test_x.py:1"),
        ('CASE = pytest.param(1, marks=pytest.mark.fault("F01"))', "test_x.py:1"),
    ],
)
def test_a_mark_that_no_row_would_show_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """A number without a row, or a mark where it is not looked for: neither is passed over."""
    with pytest.raises(WrongMark, match=words):
        with_tests(TABLE, mark="fault", root=checkout(tmp_path, test_x=text))
