"""docs/security.md tells the truth: every item once, every test real, every gap with a reason."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.partition("## The checklist")[2].splitlines()
    if re.match(r"\| \d", line)
]
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")


@cache
def names_in(path: str) -> set[str]:
    """Return the names of the tests in a file."""
    tree = ast.parse((ROOT / path).read_bytes())
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_item_stands_there_once() -> None:
    """Items 1 to 55 have a row each, in order."""
    assert [row[0] for row in ROWS] == [*map(str, range(1, 56))]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_names_real_tests_or_says_why_not(row: list[str]) -> None:
    """A test that was renamed is missed here, and no item is left without proof or reason."""
    assert len(row) == 4
    _number, asked, done, proof = row
    assert asked
    assert done
    named = TEST.findall(proof)
    assert proof == ", ".join(f"`{path}::{name}`" for path, name in named)
    assert [name for path, name in named if name not in names_in(path)] == []
    assert named or done.startswith("Why not: ")


def test_no_test_of_security_is_left_out() -> None:
    """Whoever reads the page finds what is tested for its sake."""
    named = {name for path, name in TEST.findall(PAGE) if path.startswith("tests/security/")}
    folder = ROOT / "tests/security"
    written = {
        name
        for path in folder.glob("test_*.py")
        if path.name not in {"test_page.py", "test_canaries.py"}
        for name in names_in(f"tests/security/{path.name}")
    }
    assert written <= named
