"""
Which tests prove which row of docs/reliability.md and docs/security.md.

A test says so itself: ``@pytest.mark.fault("F19", "F88")`` names rows of the one page,
``@pytest.mark.security(30)`` a row of the other. The marks are read without importing anything.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

ROW = re.compile(r"^(\| (F?\d+) \|.* \|)[^|\n]*\|$", re.MULTILINE)
"""A numbered row: all but its last column, and its number."""


class WrongMark(Exception):
    """A mark that no row of the page would show."""


def with_tests(page: str, *, mark: str, root: Path = ROOT) -> str:
    """Return a page with the tests of each numbered row in its last column."""
    tests = marked(mark, root)
    for number in tests.keys() - {row[2] for row in ROW.finditer(page)}:
        raise WrongMark(f"{tests[number][0]} is marked {number}, and there is no such row")

    def filled(row: re.Match[str]) -> str:
        names = ", ".join(f"`{test}`" for test in tests.get(row[2], ()))
        return f"{row[1]} {names} |" if names else f"{row[1]} |"

    return ROW.sub(filled, page)


def marked(mark: str, root: Path = ROOT) -> dict[str, list[str]]:
    """Return the tests by the numbers in their mark, in the order of files and lines."""
    found: dict[str, list[str]] = {}
    for path in sorted((root / "tests").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if mark in text:  # parsing is slow, and most files have no mark
            file = path.relative_to(root).as_posix()
            for name, number in _marks(ast.parse(text), mark, file):
                found.setdefault(number, []).append(f"{file}::{name}")
    return found


def _marks(tree: ast.Module, mark: str, file: str) -> Iterator[tuple[str, str]]:
    """Yield the name of each marked test with each number in its mark."""
    calls = {
        decorator.func: (node.name, decorator.args)
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is_mark(node, mark):
            name, numbers = calls.get(node, ("", []))
            if not numbers or not all(isinstance(number, ast.Constant) for number in numbers):
                where = f"{file}:{node.lineno}"
                raise WrongMark(f"{where}: {mark} stands above a test function, with its numbers")
            for number in numbers:
                yield name, str(ast.literal_eval(number))


def _is_mark(node: ast.Attribute, mark: str) -> bool:
    # What is named otherwise is not written out: that is slow.
    return node.attr == mark and ast.unparse(node) == f"pytest.mark.{mark}"
