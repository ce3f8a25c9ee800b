"""For one employee: what was read, which line translated it, what it was compared with."""

from __future__ import annotations

from attrs import frozen

from renkei.mapping import Explained
from renkei.model import Difference, Item, Value
from renkei.systems import Pairing

UNKNOWN = "?"
"""Shown for a value that is unknown, which is not the same as an empty one."""


@frozen(kw_only=True)
class Step:
    """
    How one field of one employee came to its difference.

    *line* is the place in the mapping file. *verdict* is a code: ``same``, ``differs``, ``new``,
    ``kept`` (empty in the source and left alone), ``unknown_in_source``, ``unknown_in_target``,
    ``create_only``, or the reason why the value cannot be used.
    """

    line: int
    source_field: str
    target_field: str
    read: str
    transform: str | None
    translated: str
    compared_with: str
    verdict: str


def explain(pairing: Pairing, item: Item) -> list[Step]:
    """Return one step for each pair of the mapping, in its order."""
    return [
        Step(
            line=traced.line,
            source_field=traced.substituted or traced.source,
            target_field=traced.target,
            read=_shown(traced.read) if traced.state != "unknown" else UNKNOWN,
            transform=traced.transform,
            translated=_shown(traced.translated),
            compared_with=_before(item, traced.target),
            verdict=_verdict(pairing, item, traced),
        )
        for traced in pairing.translation.explain(item.read)
    ]


def _verdict(pairing: Pairing, item: Item, traced: Explained) -> str:
    name = traced.target
    if name not in item.after:
        plain = {"unknown": "unknown_in_source", "empty": "kept"}
        return plain.get(traced.state, traced.state)
    if item.before is None:
        return "new" if item.difference is Difference.NEW else "blocked"
    if name not in item.before:
        return "unknown_in_target"
    if pairing.translation.same(name, item.before[name], item.after[name]):
        return "same"
    return "create_only" if pairing.is_create_only(name) else "differs"


def _before(item: Item, name: str) -> str:
    if item.before is None:
        return ""
    return _shown(item.before[name]) if name in item.before else UNKNOWN


def _shown(value: Value) -> str:
    return "" if value is None else str(value)
