"""The tables of codes in the manuals, from :mod:`renkei.words.codes`.

A table follows a line ``<!-- codes: KIND -->`` and ends with an empty line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from renkei import errors
from renkei.words.codes import TABLE, Code, Kind
from renkei.words.i18n import _, language, speaking
from renkei.words.sentences import UNKNOWN, filled

Language = Literal["en", "ja"]

HEADS = {
    "en": "| Code | What it means | What to do |",
    "ja": "| コード | 意味 | 対処 |",
}
LOOK_FIRST = {"en": "{says} Look first.", "ja": "{says}（要注意）"}

OWN = {
    Kind.BLOCKED: "the engine's own: reasons to block",
    Kind.NOTE: "notes",
    Kind.OUTCOME: "reasons of outcomes",
    Kind.NOTICE: "notices",
    Kind.LIMIT: "safety limits",
    Kind.END: "why a run ended",
}

_TABLE = re.compile(r"(?<=<!-- codes: )(\w+)( -->\n).*?(?=\n\n)", re.DOTALL)
_OPTIONAL = re.compile(r"\[[^\[\]]*\]")


def written(text: str, spoken: Language) -> str:
    """Return a page with all its tables of codes as they have to be."""

    def table(found: re.Match[str]) -> str:
        rows = _by_error() if found[1] == "errors" else _of_kind(Kind(found[1]), spoken)
        return found[1] + found[2] + "\n".join(rows)

    return _TABLE.sub(table, text)


def _of_kind(kind: Kind, spoken: Language) -> Iterator[str]:
    """Yield the rows of the codes of a *kind*."""
    yield HEADS[spoken]
    yield "| --- | --- | --- |"
    with speaking(spoken):
        for code in TABLE.values():
            if kind in code.kinds:
                says = _plain(code.says)
                if code.look_first:
                    says = LOOK_FIRST[spoken].format(says=says)
                yield f"| `{code.code}` | {says} | {_plain(code.todo) or '-'} |"


def _plain(template: str) -> str:
    """Return a template as it reads without a run; a part within a sentence is an ellipsis."""
    if not template:
        return ""
    text = _(template)
    within = set(re.findall(r"{(\w+)}", _OPTIONAL.sub("", text)))
    names = set(re.findall(r"{(\w+)}", text)) - {"source", "target", "system", "resume", "Resume"}
    said = filled(text, {name: "…" if name in within else "" for name in names}, UNKNOWN)
    for gap in (": ….", "（…）", ": …。"):  # a list of numbers at the end is no part of the sense
        said = said.replace(gap, gap[-1] if gap[-1] in ".。" else "")
    return said if language() == "ja" else said[:1].upper() + said[1:]


def _by_error() -> Iterator[str]:
    """Yield the rows of what a connector may raise, and of what only the engine says."""
    yield "| Error | Codes with a sentence; the first is the default |"
    yield "| --- | --- |"
    for name in dict.fromkeys(code.error for code in TABLE.values() if code.error):
        codes = [code for code in TABLE.values() if code.error == name]
        default = getattr(errors, name).default_code
        yield f"| `{name}` | {_listed(sorted(codes, key=lambda code: code.code != default))} |"
    for kind, title in OWN.items():
        own = [c for c in TABLE.values() if c.error is None and c.kinds[0] is kind]
        if own:
            yield f"| {title} | {_listed(own)} |"


def _listed(codes: list[Code]) -> str:
    return ", ".join(f"`{code.code}`" for code in codes)
