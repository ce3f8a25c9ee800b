"""Records of the engine to rows of the store and back; dates survive as dates."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import cattrs
from attrs import field, frozen
from sqlalchemy.engine import RowMapping

from renkei.mapping.scope import Said
from renkei.model import (
    Alike,
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
    The fields that a fetch has read of both sides, in order, and which of them are *copies*.

    Somebody without a difference, as most people, is stored as the values of these alone; where a
    field of the target is as the one that it is a copy of, the value is stored once. *said* is whom
    of the source, and of the target, the plan is for.
    """

    read: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    copies: Mapping[str, str] = field(factory=dict)
    said: tuple[Said, Said] = ({}, {})
    _known: tuple[frozenset[str], frozenset[str]] = field(init=False, repr=False)
    copies_in: tuple[int, ...] = field(init=False, repr=False)
    """The places of the copies in *before*."""
    copied: tuple[int, ...] = field(init=False, repr=False)
    """The places of their originals in *read*."""
    own: tuple[int, ...] = field(init=False, repr=False)
    """The places of all other fields of *before*."""

    @_known.default
    def _names(self) -> tuple[frozenset[str], frozenset[str]]:
        return frozenset(self.read), frozenset(self.before)

    @copies_in.default
    def _places(self) -> tuple[int, ...]:
        return tuple(p for p, name in enumerate(self.before) if name in self.copies)

    @copied.default
    def _originals(self) -> tuple[int, ...]:
        places = []
        for place in self.copies_in:
            original = self.copies[self.before[place]]
            places.append(self.read.index(original))
        return tuple(places)

    @own.default
    def _others(self) -> tuple[int, ...]:
        return tuple(p for p, name in enumerate(self.before) if name not in self.copies)

    def are_of(self, read: Values, before: Values) -> bool:
        """Tell whether all of them, and no others, are known of somebody."""
        return read.keys() == self._known[0] and before.keys() == self._known[1]


def fields_in(plain: Plain) -> Fields:
    """Return the fields of a run; a plan of 0.1.0 names them with each value."""
    if not plain:
        return Fields()
    said = said_in(plain)
    return Fields(tuple(plain["read"]), tuple(plain["before"]), plain.get("copies", {}), said)


def said_in(plain: Plain) -> tuple[Said, Said]:
    """Return whom the plan of a run with these fields is for, of both sides."""
    ours, theirs = (plain or {}).get("said", ({}, {}))
    return ours, theirs


def fields_out(fields: Fields) -> Plain:
    """Return what :func:`fields_in` reads."""
    plain: dict[str, Plain] = {
        "read": fields.read,
        "before": fields.before,
        "copies": dict(fields.copies),
    }
    if any(fields.said):
        plain["said"] = [*map(dict, fields.said)]
    return plain


Path = str | tuple[str, ...] | None
"""Where a field stands in a record; see FieldSpec."""


def _path_in(plain: Plain, _cls: type) -> Path:
    return tuple(plain) if isinstance(plain, list) else plain


_SPECS = cattrs.Converter()
_SPECS.register_structure_hook(Path, _path_in)


def specs_out(specs: Sequence[FieldSpec]) -> str:
    """Return descriptions of fields as text, to be kept."""
    plain = [_SPECS.unstructure(spec) for spec in specs]
    return json.dumps(plain, ensure_ascii=False)


def specs_of(source: Sequence[FieldSpec], target: Sequence[FieldSpec]) -> str:
    """Return the fields of both sides of a run as its column has them."""
    return json.dumps([specs_out(source), specs_out(target)], ensure_ascii=False)


@lru_cache(maxsize=32)
def specs_in(text: str) -> tuple[FieldSpec, ...]:
    """Return what :func:`specs_out` wrote; what a later renkei has added is left out."""
    return tuple(_SPECS.structure(plain, FieldSpec) for plain in json.loads(text))


def remark_out(remark: Remark | None) -> Plain:
    """Return a remark as a list: its code, then what it is about."""
    return None if remark is None else [remark.code, *remark.about]


def remark_in(plain: Plain) -> Remark | None:
    """Return the remark that :func:`remark_out` wrote."""
    return None if plain is None else Remark(plain[0], tuple(plain[1:]))


def remarks_out(remarks: Iterable[Remark]) -> Plain:
    """Return several remarks as a list of such lists."""
    return list(map(remark_out, remarks))


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
    alike = _as_alike(item, fields)
    payload = _payload_out(item) if alike is None else _alike_out(alike, fields)
    return {
        "run_id": run_id,
        "position": position,
        "number": item.number,
        "name": item.name,
        "difference": item.difference.value,
        "source_id": item.source_id,
        "target_id": item.target_id,
        "reasons": remarks_out(item.reasons),
        "notes": remarks_out(item.notes),
        "payload": payload,
        "look_first": item.look_first,
        "selected": False,
    }


def alike_row(run_id: int, position: int, alike: Alike, fields: Fields) -> dict[str, Plain]:
    """Return the row of two people of whom nothing has to be told, without what says nothing."""
    return {
        "run_id": run_id,
        "position": position,
        "number": alike.number,
        "name": alike.name,
        "difference": Difference.SAME.value,
        "source_id": alike.source_id,
        "target_id": alike.target_id,
        "payload": _alike_out(alike, fields),
    }


def item_in(row: RowMapping, fields: Fields) -> Item:
    """Return the plan item in *row*, of a run with these *fields*."""
    payload = _payload_in(row["payload"], fields)
    chosen = row["new_values"] or {}
    new_values = {name: Choice(*parts) for name, parts in chosen.items()}
    earlier = tuple(map(try_in, row["earlier"] or ()))
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
        new_values=new_values,
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        outcome_reason=remark_in(row["outcome_reason"]),
        detail=row["detail"],
        earlier=earlier,
        **payload,
    )


def counts_in(plain: Plain) -> dict[Difference, int]:
    """Return how many people of a plan there are of each difference."""
    return {Difference(name): count for name, count in plain.items()}


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
        planned_at=row["fetched_at"],
        sync_started_at=row["sync_started_at"],
        finished_at=row["finished_at"],
        mapping_name=row["mapping_name"],
        mapping_text=row["mapping_text"],
        specs=tuple(json.loads(row["specs"])) if row["specs"] else None,
        said=said_in(row["fields"]),
        mapping_hash=row["mapping_hash"],
        source_side=row["source_side"],
        settings=row["settings"],
        counts=counts_in(row["counts"]),
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
    rows = []
    for each in selection.own_values:
        values = dict(sorted(each.values.items()))
        rows.append([each.number, values])
    plain = {
        "differences": sorted(selection.differences),
        "numbers": sorted(set(selection.numbers)),
        "excluded": sorted(set(selection.excluded)),
        "new": dict(sorted(selection.new.items())),
        "new_rows": sorted(rows),
    }
    if selection.look_first:
        plain["look_first"] = True
    return plain


def selection_in(plain: Plain) -> Selection | None:
    """Return the selection that :func:`selection_out` wrote, without its rows' places."""
    if plain is None:
        return None
    own_values = []
    for number, values in plain["new_rows"]:
        own = OwnValues(number=number, values=values, where="")
        own_values.append(own)
    return Selection(
        differences=frozenset(map(Difference, plain["differences"])),
        numbers=tuple(plain["numbers"]),
        excluded=tuple(plain["excluded"]),
        new=plain["new"],
        own_values=tuple(own_values),
        look_first=plain.get("look_first", False),
    )


def _payload_out(item: Item) -> str:
    """Return what has no column of its own; what says nothing is left out."""
    changes = [[each.field, each.before, each.after] for each in item.changes]
    candidates = [_candidate_out(each) for each in item.candidates]
    plain = {
        SEARCH: _search(item.number, item.name, item.kana),
        "kana": item.kana,
        "read": item.read,
        "read_others": item.read_others,
        "before": item.before,
        "before_others": item.before_others,
        "after": item.after,
        "changes": changes,
        "candidates": candidates,
        "released": released_out(item.released),
    }
    # nothing known of a partner is not the same as no partner
    told = {name: part for name, part in plain.items() if part or name == "before"}
    return _ENCODER.encode(told)


def _payload_in(text: str | None, fields: Fields) -> dict[str, Any]:
    if text is None:
        return {}
    # A faster decoder would let duplicate keys pass: docs/decisions/2026-11-29-same-at-a-glance.md
    plain = json.loads(text)
    if "same" in plain or "once" in plain:
        return _alike_in(plain, fields)
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


def _search(number: str | None, name: str, kana: str) -> str:
    # in one call, by a sign that is no space: those are taken out
    return folded(f"{number or ''}\0{name}\0{kana}").replace("\0", "\n")


def _as_alike(item: Item, fields: Fields) -> Alike | None:
    """Return what is stored of whom nothing differs in; None: it takes more than values."""
    # Most people are such: docs/decisions/2026-11-29-same-at-a-glance.md
    before, number, partner = item.before, item.number, item.target_id
    told = item.reasons or item.notes or item.changes or item.candidates or item.released
    if told or item.look_first or item.read_others or item.before_others:
        return None
    if before is None or number is None or partner is None:
        return None
    if not fields.are_of(item.read, before):  # values are kept by the places of these fields
        return None
    # "after" is read back out of "before".
    for name, value in item.after.items():
        if before[name] != value:
            return None
    unsaid = [place for place, name in enumerate(fields.before) if name not in item.after]
    return Alike(
        number=number,
        name=item.name,
        source_id=item.source_id,
        target_id=partner,
        kana=item.kana,
        read=[item.read[name] for name in fields.read],
        before=[before[name] for name in fields.before],
        unsaid=unsaid,
    )


def _alike_out(alike: Alike, fields: Fields) -> str:
    """Return the values of two people, those that both share once."""
    read, before = alike.read, alike.before
    copies = [before[place] for place in fields.copies_in]
    originals = [read[place] for place in fields.copied]
    form = "same"
    if copies == originals:
        form, before = "once", [before[place] for place in fields.own]
    plain = {
        SEARCH: _search(alike.number, alike.name, alike.kana),
        "kana": alike.kana,
        form: [_dates_out(read), _dates_out(before), alike.unsaid],
    }
    return _ENCODER.encode(plain)


def _alike_in(plain: Plain, fields: Fields) -> dict[str, Any]:
    form = "once" if "once" in plain else "same"
    read, theirs, unsaid = plain[form]
    read, theirs = [*map(value_in, read)], [*map(value_in, theirs)]
    if form == "once":
        theirs = _with_copies(theirs, read, fields)
    before = dict(zip(fields.before, theirs, strict=True))
    after = dict(before)
    for place in unsaid:
        del after[fields.before[place]]
    return {
        "kana": plain["kana"],
        "read": dict(zip(fields.read, read, strict=True)),
        "before": before,
        "after": after,
    }


def _with_copies(own: Sequence[Value], read: Sequence[Value], fields: Fields) -> list[Value]:
    """Return all values of the target: its *own*, and those that it shares with what was *read*."""
    theirs: list[Value] = [None] * len(fields.before)
    for place, value in zip(fields.own, own, strict=True):
        theirs[place] = value
    for place, original in zip(fields.copies_in, fields.copied, strict=True):
        theirs[place] = read[original]
    return theirs


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
    return itertools.starmap(_candidate_in, plain)


def _candidate_out(each: Candidate) -> list[Plain]:
    return [each.id, each.number, each.values, each.others, each.unreadable, each.withheld]


def _candidate_in(  # noqa: PLR0917 - in the order in which they are stored
    id_: str,
    number: str | None,
    values: Plain,
    others: Plain,
    unreadable: Sequence[str] = (),  # plans of an earlier version do not tell
    withheld: Sequence[str] = (),
) -> Candidate:
    return Candidate(
        id=id_,
        number=number,
        values=_values_in(values),
        others=_others_in(others),
        unreadable=tuple(unreadable),
        withheld=tuple(withheld),
    )


def _changes_in(plain: Plain) -> Iterable[Change]:
    return (Change(name, value_in(before), value_in(after)) for name, before, after in plain)


def _values_in(plain: Plain) -> dict[str, Value]:
    return {name: value_in(value) for name, value in plain.items()}


def _others_in(plain: Plain) -> dict[str, tuple[Value, ...]]:
    return {name: tuple(map(value_in, values)) for name, values in plain.items()}


def _date_out(value: dt.date) -> Plain:
    return {"date": value.isoformat()}


def _dates_out(values: Iterable[Value]) -> list[Plain]:
    """Return *values* for JSON without a call for each of them."""
    return [{"date": value.isoformat()} if type(value) is dt.date else value for value in values]


_ENCODER = json.JSONEncoder(
    ensure_ascii=False,
    separators=(",", ":"),
    default=_date_out,
    check_circular=False,  # a third of the time, and nothing of ours is
)


def value_in(plain: Plain) -> Value:
    """Return a value as it was stored."""
    return dt.date.fromisoformat(plain["date"]) if isinstance(plain, dict) else plain
