"""For one employee: what was read, which line translated it, what it was compared with."""

from __future__ import annotations

from attrs import frozen

from renkei.mapping.translate import Explained
from renkei.model import Difference, Item
from renkei.people import Employee, Value
from renkei.plan.pairing import Pairing
from renkei.words.i18n import _


@frozen(kw_only=True)
class Step:
    """
    How one field of one employee came to its difference.

    *line* is the place in the mapping file. A value is its text: empty if it is empty, None if it
    is unknown; *compared_with* is empty for a new employee. *verdict* is a code: ``same``,
    ``differs``, ``new``, ``blocked``, ``kept`` (empty in the source and left alone),
    ``unknown_in_source``, ``unknown_in_target``, ``create_only``, ``not_sent`` (of somebody of whom
    the date of leaving goes alone), or the reason why the value cannot be used.
    """

    line: int
    source_field: str
    target_field: str
    read: str | None
    transform: str | None
    translated: str
    compared_with: str | None
    verdict: str


def explain(pairing: Pairing, item: Item) -> list[Step]:
    """Return one step for each pair of the mapping, in its order."""
    return [_step(pairing, item, traced) for traced in pairing.translation.explain(item.read)]


def _step(pairing: Pairing, item: Item, traced: Explained) -> Step:
    is_known = traced.state != "unknown"
    return Step(
        line=traced.line,
        source_field=traced.substituted or traced.source,
        target_field=traced.target,
        read=_shown(traced.read) if is_known else None,
        transform=traced.transform,
        translated=_shown(traced.translated),
        compared_with=_before(item, traced.target),
        verdict=_verdict(pairing, item, traced),
    )


def _verdict(pairing: Pairing, item: Item, traced: Explained) -> str:
    name = traced.target
    if item.before is not None and name in {change.field for change in item.changes}:
        return "differs"  # also an old date of leaving that goes although the pair says keep
    silent = {"unknown": "unknown_in_source", "empty": "kept"}
    if name not in item.after and traced.state in silent:
        return silent[traced.state]
    if _agrees(pairing, item, name):
        return "same"
    if name not in item.after:
        return traced.state
    if item.before is None:
        return "new" if item.difference is Difference.NEW else "blocked"
    if name not in item.before:
        return "unknown_in_target"
    if pairing.is_create_only(name):
        return "create_only"
    return "not_sent" if item.difference is Difference.CHANGED else "differs"


def _agrees(pairing: Pairing, item: Item, name: str) -> bool:
    """Tell what the comparison told at the fetch, of what the plan has kept of both sides."""
    if item.before is None:
        return False
    source = Employee(id=item.source_id, values=item.read, others=item.read_others)
    target = Employee(id=item.target_id or "", values=item.before, others=item.before_others)
    return pairing.translation.agrees(name, source, target)


def _before(item: Item, name: str) -> str | None:
    """Return what was compared with, further values included."""
    if item.before is None:
        return ""
    if name not in item.before:
        return None
    there = (item.before[name], *item.before_others.get(name, ()))
    return _(", ").join(map(_shown, there))


def _shown(value: Value) -> str:
    return "" if value is None else str(value)
