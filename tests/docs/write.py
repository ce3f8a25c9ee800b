"""
Write what pages and lists say about the code from the code: ``make docs``.

A generator takes the text of a file, and returns it with its own part as it has to be.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tests.docs import codes, connectors, hooks, promises, proofs

ROOT = Path(__file__).resolve().parents[2]

GENERATORS: Mapping[str, Callable[[str], str]] = {
    "pyproject.toml": partial(connectors.listed, connectors=connectors.here()),
    "docs/reliability.md": partial(proofs.with_tests, mark="fault"),
    "docs/security.md": partial(proofs.with_tests, mark="security"),
    "docs/operator.md": partial(codes.written, spoken="en"),
    "docs/operator.ja.md": partial(codes.written, spoken="ja"),
    "docs/connector-reference.md": lambda text: hooks.written(codes.written(text, "en")),
    "docs/connector-kit.md": promises.written,
}


def written(name: str) -> str:
    """Return the text of a file as it has to be."""
    return GENERATORS[name]((ROOT / name).read_text(encoding="utf-8"))


def main() -> None:
    """Write every file, or none if something is wrong."""
    try:
        texts = {name: written(name) for name in GENERATORS}
    except proofs.WrongMark as error:
        sys.exit(str(error))
    for name, text in texts.items():
        (ROOT / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
