"""Records of the engine to rows of the store and back; dates survive as dates."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import cattrs
from attrs import field, frozen
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
from renkei.people import Choice, FieldSpec, Value, Values
from renkei.text import folded

Plain = Any
"""What JSON can hold."""

SEARCH = "search"
"""The part of an item's payload that a search looks through: number, name and kana, folded."""


@frozen
class Fields:
    """
    The fields that a fetch has read of both sides, in order.

    Whom nothing differs from, as most people, is stored as the values of these alone.
    """

    read: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    _known: tuple[frozenset[str], frozenset[str]] = field(init=False, repr=False)

    @_known.default
    def _names(self) -> tuple[frozenset[str], frozenset[str]]:
        return frozenset(self.read), frozenset(self.before)

    def are_of(self, read: Values, before: Values) -> bool:
        """Tell whether all of them, and no others, are known of somebody."""
        return read.keys() == self._known[0] and before.keys() == self._known[1]


def fields_in(plain: Plain) -> Fields:
    """Return the fields of a run; a plan of 0.1.0 names them with each value."""
    return Fields(tuple(plain["read"]), tuple(plain["before"])) if plain else Fields()


def fields_out(fields: Fields) -> Plain:
    """Return what :func:`fields_in` reads."""
    return {"read": list(fields.read), "before": list(fields.before)}


def specs_out(specs: Sequence[FieldSpec]) -> str:
    """Return descriptions of fields as text, to be kept."""
    return json.dumps([cattrs.unstructure(spec) for spec in specs], ensure_ascii=False)


def specs_of(source: Sequence[FieldSpec], target: Sequence[FieldSpec]) -> str:
    """Return the fields of both sides of a run as its column has them."""
    return json.dumps([specs_out(source), specs_out(target)], ensure_ascii=False)


@lru_cache(maxsize=32)
def specs_in(text: str) -> tuple[FieldSpec, ...]:
    """Return what :func:`specs_out` wrote; what a later renkei has added is left out."""
    return tuple(cattrs.structure(plain, FieldSpec) for plain in json.loads(text))


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


def item_row(run_id: int, position: int, item: Item, fields: Fields) -> dict[str, Plain]:
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
        "payload": _payload_out(item, fields),
        "look_first": item.look_first,
        "selected": False,
    }


def item_in(row: RowMapping, fields: Fields) -> Item:
    """Return the plan item in *row*, of a run with these *fields*."""
    payload = _payload_in(row["payload"], fields)
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
        specs=tuple(json.loads(row["specs"])) if row["specs"] else None,
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


def _payload_out(item: Item, fields: Fields) -> str:
    """Return what has no column of its own; what says nothing is left out."""
    if (plain := _same_out(item, fields)) is not None:
        return _ENCODER.encode(plain)
    plain = {
        SEARCH: _search(item),
        "kana": item.kana,
        "read": item.read,
        "read_others": item.read_others,
        "before": item.before,
        "before_others": item.before_others,
        "after": item.after,
        "changes": [[c.field, c.before, c.after] for c in item.changes],
        "candidates": [[c.id, c.number, c.values, c.others] for c in item.candidates],
        "released": released_out(item.released),
    }
    # nothing known of a partner is not the same as no partner
    return _ENCODER.encode({n: part for n, part in plain.items() if part or n == "before"})


def _payload_in(text: str | None, fields: Fields) -> dict[str, Any]:
    if text is None:
        return {}
    plain = json.loads(text)
    if "same" in plain:
        return _same_in(plain, fields)
    before = plain.get("before")
    return {
        "kana": plain.get("kana", ""),
        "read": _values_in(plain.get("read", {})),
        "read_others": _others_in(plain.get("read_others", {})),
        "before": None if before is None else _values_in(before),
        "before_others": _others_in(plain.get("before_others", {})),
        "after": _values_in(plain.get("after", {})),
        "changes": tuple(_changes_in(plain.get("changes", []))),
        "candidates": tuple(_candidates_in(plain.get("candidates", []))),
        "released": released_in(plain.get("released")),
    }


def _search(item: Item) -> str:
    return "\n".join(map(folded, (item.number or "", item.name, item.kana)))


def _same_out(item: Item, fields: Fields) -> Plain:
    """Return what is stored of whom nothing differs from; None: it takes more than values."""
    before = item.before
    told = item.reasons or item.notes or item.changes or item.candidates or item.released
    if told or before is None or item.read_others or item.before_others:
        return None
    if not fields.are_of(item.read, before):
        return None
    if any(before[name] != value for name, value in item.after.items()):
        return None
    return {
        SEARCH: _search(item),
        "kana": item.kana,
        "same": [
            [item.read[name] for name in fields.read],
            [before[name] for name in fields.before],
            [place for place, name in enumerate(fields.before) if name not in item.after],
        ],
    }


def _same_in(plain: Plain, fields: Fields) -> dict[str, Any]:
    read, theirs, unsaid = plain["same"]
    before = dict(zip(fields.before, map(_value_in, theirs), strict=True))
    left_out = {fields.before[place] for place in unsaid}
    return {
        "kana": plain["kana"],
        "read": dict(zip(fields.read, map(_value_in, read), strict=True)),
        "before": before,
        "after": {name: value for name, value in before.items() if name not in left_out},
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


def _values_in(plain: Plain) -> dict[str, Value]:
    return {name: _value_in(value) for name, value in plain.items()}


def _others_in(plain: Plain) -> dict[str, tuple[Value, ...]]:
    return {name: tuple(_value_in(value) for value in values) for name, values in plain.items()}


def _date_out(value: dt.date) -> Plain:
    return {"date": value.isoformat()}


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_date_out)


def _value_in(plain: Plain) -> Value:
    return dt.date.fromisoformat(plain["date"]) if isinstance(plain, dict) else plain
