"""The table of the kit's checks: what each promises, and which mistakes turn it red.

It follows a line ``<!-- promises -->`` and ends with the page.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.testing.hostile import MISTAKES

from renkei.testing.kit import ConnectorTests

MARK = "<!-- promises -->\n"


def written(text: str) -> str:
    """Return the page with its table as it has to be."""
    before, mark, _table = text.partition(MARK)
    return before + mark + "\n".join(_rows()) + "\n"


def _rows() -> Iterator[str]:
    yield "| Check | What it promises | A connector that fails it |"
    yield "| --- | --- | --- |"
    for name in _checks():
        stories = [mistake.story for mistake in MISTAKES if mistake.check == name]
        says = getattr(ConnectorTests, name).promise
        yield f"| `{name}` | {says} | {' '.join(stories)} |"


def _checks() -> Iterator[str]:
    """Yield the checks as their modules have them, one theme after the other."""
    for theme in ConnectorTests.__bases__:
        yield from (name for name in vars(theme) if name.startswith("test_"))
