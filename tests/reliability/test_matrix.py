"""docs/reliability.md tells the truth: every fault once, tests that exist, gaps with a reason."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| F")
]
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
SECTIONS = {
    "A": range(1, 19), "B": [*range(19, 33), 86, 87, 88, 82], "C": [*range(33, 40), 90],
    "D": range(40, 48), "E": [*range(48, 52), 89, *range(52, 57)],
    "F": [*range(57, 65), *range(83, 86)], "G": range(65, 71), "H": range(71, 75),
    "I": range(75, 82),
}  # fmt: skip


@cache
def names_in(path: str) -> set[str]:
    """Return the names of the tests in a file."""
    tree = ast.parse((ROOT / path).read_bytes())
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


@pytest.mark.parametrize("letter", SECTIONS)
def test_every_fault_stands_in_its_section_once(letter: str) -> None:
    """The numbers are for good: none is left out, none comes twice, each is where it belongs."""
    section = PAGE.partition(f"\n### {letter}. ")[2].partition("\n### ")[0]
    found = re.findall(r"^\| (F\d+) \|", section, re.MULTILINE)
    assert found == [f"F{number:02d}" for number in SECTIONS[letter]]
    assert len(ROWS) == sum(map(len, SECTIONS.values()))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_names_real_tests_or_says_why_not(row: list[str]) -> None:
    """A test that was renamed is missed here, and no fault is left without proof or reason."""
    assert len(row) == 4
    _number, fault, seen, proof = row
    assert fault
    assert seen
    named = TEST.findall(proof)
    assert proof == ", ".join(f"`{path}::{name}`" for path, name in named)
    assert [name for path, name in named if name not in names_in(path)] == []
    assert named or "Why not: " in seen


def test_no_test_of_reliability_is_left_out() -> None:
    """Whoever reads the page finds what is tested for its sake."""
    named = {name for path, name in TEST.findall(PAGE) if path.startswith("tests/reliability/")}
    written = {
        name
        for path in (ROOT / "tests/reliability").glob("test_*_faults.py")
        for name in names_in(f"tests/reliability/{path.name}")
    }
    assert written <= named
