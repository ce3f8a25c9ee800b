"""Records of the engine to rows of the store and back; dates survive as dates."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.engine import RowMapping

from renkei.model import (
    Candidate,
    Change,
    Difference,
    Item,
    Outcome,
    OwnValues,
    Released,
    Remark,
    Run,
    Selection,
    Status,
    Try,
)
from renkei.people import Choice, Others, Value
from renkei.text import folded

Plain = Any
"""What JSON can hold."""

SEARCH = "search"
"""The part of an item's payload that a search looks through: number, name and kana, folded."""


def remark_out(remark: Remark | None) -> Plain:
    """Return a remark as a list: its code, then what it is about."""
    return None if remark is None else [remark.code, *remark.about]


def remark_in(plain: Plain) -> Remark | None:
    """Return the remark that :func:`remark_out` wrote."""
    return None if plain is None else Remark(plain[0], tuple(plain[1:]))


def remarks_in(plain: Plain) -> tuple[Remark, ...]:
    """Return several remarks."""
    return tuple(Remark(code, tuple(about)) for code, *about in plain)


def try_out(outcome: str, reason: Plain, detail: str | None) -> Plain:
    """Return what the columns of an item say of its last try, to be kept beside the next one."""
    return [outcome, reason, detail]


def try_in(plain: Plain) -> Try:
    """Return the try that :func:`try_out` wrote."""
    outcome, reason, detail = plain
    return Try(Outcome(outcome), remark_in(reason), detail)


def without_details(tries: Plain) -> Plain:
    """Return what is kept of earlier tries for good: no text of the other system."""
    return [try_out(outcome, reason, None) for outcome, reason, _detail in tries or ()]


def item_row(run_id: int, position: int, item: Item) -> dict[str, Plain]:
    """Return the row of a new plan item."""
    return {
        "run_id": run_id,
        "position": position,
        "number": item.number,
        "name": item.name,
        "difference": item.difference.value,
        "source_id": item.source_id,
        "target_id": item.target_id,
        "reasons": [remark_out(remark) for remark in item.reasons],
        "notes": [remark_out(remark) for remark in item.notes],
        "payload": _payload_out(item),
        "look_first": item.look_first,
        "selected": False,
    }


def item_in(row: RowMapping) -> Item:
    """Return the plan item in *row*."""
    payload = _payload_in(row["payload"])
    return Item(
        number=row["number"],
        name=row["name"],
        difference=Difference(row["difference"]),
        source_id=row["source_id"],
        target_id=row["target_id"],
        reasons=remarks_in(row["reasons"]),
        notes=remarks_in(row["notes"]),
        look_first=row["look_first"],
        position=row["position"],
        selected=row["selected"],
        new_values={f: Choice(*pair) for f, pair in (row["new_values"] or {}).items()},
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        outcome_reason=remark_in(row["outcome_reason"]),
        detail=row["detail"],
        earlier=tuple(try_in(plain) for plain in row["earlier"] or ()),
        **payload,
    )


def run_in(
    row: RowMapping, status: Status, outcomes: Mapping[Outcome, int] | None, reason: Remark | None
) -> Run:
    """Return the run in *row*, with what depends on the present: status, outcomes, reason."""
    return Run(
        id=str(row["id"]),
        source=row["source"],
        target=row["target"],
        base_date=row["base_date"],
        base_chosen=row["base_chosen"],
        again_of=None if row["again_of"] is None else str(row["again_of"]),
        status=status,
        who=row["who"],
        chosen_by=row["chosen_by"],
        synced_by=row["synced_by"],
        taken_over_by=row["taken_over_by"],
        pauses=tuple(row["pauses"] or ()),
        created_at=row["created_at"],
        sync_started_at=row["sync_started_at"],
        finished_at=row["finished_at"],
        mapping_name=row["mapping_name"],
        mapping_text=row["mapping_text"],
        mapping_hash=row["mapping_hash"],
        source_side=row["source_side"],
        settings=row["settings"],
        counts={Difference(key): count for key, count in row["counts"].items()},
        outcomes=outcomes,
        notices=remarks_in([*row["notices"], *(row["expected"] or ())]),
        reason=reason,
        resume_at=row["resume_at"],
        allowed_by=row["allowed_by"],
        source_count=row["source_count"],
        target_count=row["target_count"],
        purged=row["purged"],
    )


def selection_out(selection: Selection) -> Plain:
    """Return a selection as JSON can hold it; equal selections give equal results."""
    return {
        "differences": sorted(selection.differences),
        "numbers": sorted(set(selection.numbers)),
        "excluded": sorted(set(selection.excluded)),
        "new": dict(sorted(selection.new.items())),
        "new_rows": sorted(
            [r.number, dict(sorted(r.values.items()))] for r in selection.own_values
        ),
        **({"look_first": True} if selection.look_first else {}),
    }


def selection_in(plain: Plain) -> Selection | None:
    """Return the selection that :func:`selection_out` wrote, without its rows' places."""
    if plain is None:
        return None
    return Selection(
        differences=frozenset(Difference(name) for name in plain["differences"]),
        numbers=tuple(plain["numbers"]),
        excluded=tuple(plain["excluded"]),
        new=plain["new"],
        own_values=tuple(OwnValues(number=n, values=v, where="") for n, v in plain["new_rows"]),
        look_first=plain.get("look_first", False),
    )


def _payload_out(item: Item) -> str:
    plain = {
        SEARCH: "\n".join(map(folded, (item.number or "", item.name, item.kana))),
        "kana": item.kana,
        "read": _values_out(item.read),
        "read_others": _others_out(item.read_others),
        "before": None if item.before is None else _values_out(item.before),
        "before_others": _others_out(item.before_others),
        "after": _values_out(item.after),
        "changes": [[c.field, _value_out(c.before), _value_out(c.after)] for c in item.changes],
        "candidates": [
            [c.id, c.number, _values_out(c.values), _others_out(c.others)] for c in item.candidates
        ],
        "released": released_out(item.released),
    }
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def _payload_in(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    plain = json.loads(text)
    before = plain["before"]
    return {
        "kana": plain.get("kana", ""),
        "read": _values_in(plain["read"]),
        "read_others": _others_in(plain.get("read_others", {})),  # a plan of 0.1.0 has none
        "before": None if before is None else _values_in(before),
        "before_others": _others_in(plain.get("before_others", {})),
        "after": _values_in(plain["after"]),
        "changes": tuple(_changes_in(plain["changes"])),
        "candidates": tuple(_candidates_in(plain.get("candidates", []))),
        "released": released_in(plain.get("released")),
    }


def released_out(said: Released | None) -> Plain:
    """Return what a person has said of two records, as a list."""
    return said and [said.kind, list(said.others), said.who, said.why]


def released_in(plain: Plain) -> Released | None:
    """Return what :func:`released_out` wrote."""
    if plain is None:
        return None
    kind, others, who, why = plain
    return Released(kind=kind, others=tuple(others), who=who, why=why)


def _candidates_in(plain: Plain) -> Iterable[Candidate]:
    return (
        Candidate(id=id_, number=number, values=_values_in(values), others=_others_in(others))
        for id_, number, values, others in plain
    )


def _changes_in(plain: Plain) -> Iterable[Change]:
    return (Change(name, _value_in(before), _value_in(after)) for name, before, after in plain)


def _values_out(values: Mapping[str, Value]) -> Plain:
    return {name: _value_out(value) for name, value in values.items()}


def _values_in(plain: Plain) -> dict[str, Value]:
    return {name: _value_in(value) for name, value in plain.items()}


def _others_out(others: Others) -> Plain:
    return {name: [_value_out(value) for value in values] for name, values in others.items()}


def _others_in(plain: Plain) -> dict[str, tuple[Value, ...]]:
    return {name: tuple(_value_in(value) for value in values) for name, values in plain.items()}


def _value_out(value: Value) -> Plain:
    return {"date": value.isoformat()} if isinstance(value, dt.date) else value


def _value_in(plain: Plain) -> Value:
    return dt.date.fromisoformat(plain["date"]) if isinstance(plain, dict) else plain
