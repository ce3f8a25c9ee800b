"""The table of the hooks, from :mod:`renkei.hookspecs`: arguments, answer and first sentence.

It follows a line ``<!-- hooks -->`` and ends with an empty line.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from renkei.hookspecs import REQUIRED, ConnectorSpec

FIRST = "0.1"
"""The version that brought the hooks whose contract names none."""

_TABLE = re.compile(r"(?<=<!-- hooks -->\n).*?(?=\n\n)", re.DOTALL)
_SINCE = re.compile(r"; since renkei (\d+\.\d+)")
_MARKUP = re.compile(r":\w+:`([^`]+)`|``([^`]+)``")


def written(text: str) -> str:
    """Return the page with its table as it has to be."""
    return _TABLE.sub(lambda _found: "\n".join(_rows()), text)


def _rows() -> Iterator[str]:
    yield "| Hook | | Since | Returns | What it does |"
    yield "| --- | --- | --- | --- | --- |"
    for name in hooks():
        signature = inspect.signature(getattr(ConnectorSpec, name))
        arguments = ", ".join(list(signature.parameters)[1:])
        returns = str(signature.return_annotation).replace("|", r"\|")
        need = "required" if name in REQUIRED else "optional"
        says, since = told(getattr(ConnectorSpec, name).__doc__ or "")
        yield f"| `{name}({arguments})` | {need} | {since} | `{returns}` | {says} |"


def hooks() -> list[str]:
    """Return the names of all hooks, in their order."""
    return [name for name in vars(ConnectorSpec) if not name.startswith("_")]


def told(contract: str) -> tuple[str, str]:
    """Return what the docstring of a hook says first, and since when there is such a hook."""
    first = " ".join(inspect.cleandoc(contract).partition("\n\n")[0].split())
    since = _SINCE.search(first)
    says = _MARKUP.sub(lambda found: f"`{found[1] or found[2]}`", _SINCE.sub("", first))
    return says, since[1] if since else FIRST
