"""The lists of pyproject.toml that name every connector of the repository, from its folders."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import groupby
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "connectors"


def here() -> list[str]:
    """Return the names of the connectors in this repository, as their folders have them."""
    return sorted(each.parent.parent.name for each in FOLDER.glob("*/renkei_*/connector.py"))


def listed(text: str, connectors: Collection[str]) -> str:
    """
    Return *text* with a line for each of *connectors* wherever it lists connectors.

    A list of them is two lines or more that differ by the name of a connector only.
    """
    name = re.compile(rf"(?<![a-z0-9])({'|'.join(connectors)})(?![a-z0-9])")
    made = []
    for shape, group in groupby(text.splitlines(keepends=True), lambda line: name.sub("{}", line)):
        lines = list(group)
        if len(lines) > 1 and "{}" in shape:
            lines = [shape.replace("{}", each) for each in sorted(connectors)]
        made += lines
    return "".join(made)
