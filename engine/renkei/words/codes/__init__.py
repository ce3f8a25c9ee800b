"""
The table of codes: every reason, note and notice of the engine.

A :class:`renkei.model.Remark` is made by :func:`remark` and read by :func:`parts_of`, with parts by
name. How they stand in the remark, one after the other, is what the store and JSON documents have,
and what an error of a connector brings along: its code may be any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from renkei.model import Remark
from renkei.words.codes import ends, people, runs
from renkei.words.codes.code import FIELDS, Code, Kind, Part, PartKind, Words

__all__ = [
    "TABLE",
    "Code",
    "Given",
    "Kind",
    "Part",
    "PartKind",
    "Words",
    "code_of",
    "part_of",
    "parts_of",
    "remark",
]

Given: TypeAlias = str | Iterable[str] | None
"""What a remark is told of one of its parts."""

TABLE: Mapping[str, Code] = {each.code: each for each in (*people.CODES, *runs.CODES, *ends.CODES)}


def remark(code: str, /, **parts: Given) -> Remark:
    """
    Return the remark of a code of the table; TypeError for a part that it does not speak of.

    None: that part is not there.
    """
    entry = TABLE[code]
    given = {name: part for name, part in parts.items() if part is not None}
    unknown = given.keys() - {part.name for part in entry.parts}
    if unknown:
        raise TypeError(f"{code} does not speak of {', '.join(sorted(unknown))}")
    return entry.remark(given)


def parts_of(remark: Remark) -> dict[str, tuple[str, ...]]:
    """Return what *remark* speaks of, by name; what is missing is empty."""
    return code_of(remark.code).read(remark)


def part_of(remark: Remark, name: str) -> str:
    """Return one part of *remark*; an empty text if it is missing."""
    return next(iter(parts_of(remark)[name]), "")


def code_of(code: str) -> Code:
    """Return the entry of *code*; one that nobody knows speaks of fields, in its own words."""
    return TABLE.get(code) or Code(code, (), parts=FIELDS, says="")
