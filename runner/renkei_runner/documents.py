"""The JSON documents of the command line: names and order are a contract with scripts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from renkei.model import (
    Change,
    Difference,
    Item,
    KnownAccount,
    Noted,
    Outcome,
    Released,
    Remark,
    Run,
    Try,
)
from renkei.people import JST, FieldSpec, NewField, Value
from renkei.words.labels import Labels
from renkei.words.sentences import reason_text
from renkei_runner.app import App

if TYPE_CHECKING:
    from renkei.runs import Carried

SCHEMA_VERSION = 1

Document = dict[str, Any]


def document(**parts: object) -> Document:
    """Return a document with its version in front, and the company, where there are several."""
    context = click.get_current_context(silent=True)
    app = context.find_object(App) if context else None
    return {"schema_version": SCHEMA_VERSION, **_company(app.company if app else ""), **parts}


def _company(name: str) -> Document:
    return {"company": name} if name else {}


def run_document(run: Run, labels: Labels, **more: object) -> Document:
    """Return what every command about a run prints, with *more*; notices speak with *labels*."""
    notices = [_notice(notice, labels) for notice in run.notices]
    return document(**run_parts(run, notices=notices, **more))


def run_parts(run: Run, **more: object) -> Document:
    """Return the fields of a run with *more*; outcomes only once a sync has begun."""
    parts: Document = {
        "run": run.id,
        "status": run.status.value,
        "source": run.source,
        "target": run.target,
        "base_date": run.base_date.isoformat(),
        **more,
        "counts": {each.value: run.counts.get(each, 0) for each in Difference},
    }
    if run.outcomes is not None:
        parts["outcomes"] = {each.value: run.outcomes.get(each, 0) for each in Outcome}
    return parts


def field_parts(spec: FieldSpec) -> Document:
    """Return how a field is described."""
    return {
        "name": spec.name,
        "label": {"ja": spec.label.ja, "en": spec.label.en},
        "type": spec.type,
        "role": spec.role,
        "required": spec.required,
        "wanted": spec.wanted,
        "write": spec.write,
        "clearable": spec.clearable,
        "dated": spec.dated,
        "offered": spec.offered,
        "allowed": None if spec.allowed is None else list(spec.allowed),
        "max_length": spec.max_length,
    }


def account_parts(accounts: Sequence[KnownAccount]) -> Document:
    """Return whose accounts the first fetch of a pair has compared; nothing of any other one."""
    if not accounts:
        return {}
    return {"accounts": list(map(_account, accounts))}


def _account(known: KnownAccount) -> Document:
    return {
        "connection": known.connection,
        "name": known.customer.name or None,
        "ids": list(known.customer.ids),
        "corporate_numbers": list(known.customer.corporate_numbers),
        "confirmed": known.confirmed_by is not None,
    }


def noted_parts(line: Noted) -> Document:
    """Return one line of the audit log with all that its hash covers."""
    return {
        "line": line.line,
        "at": line.at.isoformat(timespec="microseconds"),
        "who": line.who,
        "act": line.act,
        "run": line.run,
        "facts": dict(line.facts),
        "hash": line.hash,
    }


def again_parts(carried: Carried) -> Document:
    """Return what became of an earlier choice: of which run, whose stayed, whose did not."""
    again: Document = {
        "run": carried.run.again_of,
        "chosen": list(carried.selection.numbers),
        "left": [item.number for item in carried.left],
    }
    return {"again": again}


def plan_document(run: Run, items: Iterable[Item], labels: Labels) -> Document:
    """Return a run with what the sync of each employee would change."""
    plan = run_document(run, labels)
    plan["items"] = [_plan_item(item, labels) for item in items]
    return plan


def report_document(
    run: Run, items: Iterable[Item], labels: Labels, left: Sequence[str]
) -> Document:
    """Return what a sync prints, with when, by whom, and what became of each employee."""
    begun = {} if run.outcomes is None else {"left_for_you": list(left)}
    report = run_document(run, labels, **begun) | history_parts(run)
    report["items"] = list(map(_report_item, items))
    return report


def reports_document(runs: Iterable[Run]) -> Document:
    """Return a list of runs, each with when and by whom."""
    reports = [run_parts(run) | history_parts(run) for run in runs]
    return document(reports=reports)


def history_parts(run: Run) -> Document:
    """Return when and by whom; null is what has not happened, or nobody knows."""
    return {
        "fetched_at": moment(run.created_at),
        "sync_started_at": moment(run.sync_started_at),
        "finished_at": moment(run.finished_at),
        "fetched_by": run.who,
        "chosen_by": run.chosen_by,
        "synced_by": run.synced_by,
        "allowed_by": run.allowed_by,
        "taken_over_by": run.taken_over_by,
        "again_of": run.again_of,
    }


def choices_document(connection: str, fields: Sequence[NewField]) -> Document:
    """Return the required new-record fields of a connection with their live choices."""
    return document(connection=connection, fields=list(map(_new_field, fields)))


def _new_field(field: NewField) -> Document:
    return {
        "name": field.name,
        "label": {"ja": field.label.ja, "en": field.label.en},
        "choices": [{"code": each.code, "label": each.label} for each in field.choices],
    }


def error_document(
    run: Run | None, labels: Labels | None, error: Document, company: str
) -> Document:
    """Return what is printed when a command of a *company* ends otherwise than it should."""
    about = {} if run is None else run_document(run, labels or Labels(run=run))
    return document(**_company(company)) | about | {"error": error}


def error_parts(
    code: str, message: str, where: str | None = None, hint: str | None = None
) -> Document:
    """Return one error; *hint* has the commands that help, *message* says all the rest."""
    return {"code": code, "message": message, "where": where, "hint": hint or None}


def _plan_item(item: Item, labels: Labels) -> Document:
    look_first = {"look_first": True} if item.look_first else {}
    return {
        "number": item.number,
        "difference": item.difference.value,
        "changes": list(map(_change, item.changes)),
        "reasons": _codes(item.reasons),
        "notes": _codes(item.notes),
        **_candidates(item, labels),
        **look_first,
        **_released(item.released),
    }


def _candidates(item: Item, labels: Labels) -> Document:
    """Return those of the target who may be the same person, as far as a sync would read them."""
    fields = [target for _source, target in labels.pairs]
    found = []
    for each in item.candidates:
        values: Document = {}
        for name in fields:
            if name in each.values:
                values[name] = _value(each.values[name])
        found.append({"number": each.number, "id": each.id, "values": values})
    return {"candidates": found} if found else {}


def _released(said: Released | None) -> Document:
    """Return what a person has said of an employee; nothing for all the others."""
    if said is None:
        return {}
    others = list(said.others)
    return {"released": {"kind": said.kind, "others": others, "who": said.who, "why": said.why}}


def _change(change: Change) -> Document:
    return {
        "field": change.field,
        "before": _value(change.before),
        "after": _value(change.after),
    }


def _report_item(item: Item) -> Document:
    reason = item.outcome_reason
    return {
        "number": item.number,
        "outcome": item.outcome.value if item.outcome else None,
        "reason": reason.code if reason else None,
        "detail": item.detail,
        "earlier": list(map(_try, item.earlier)),
        **_released(item.released),
    }


def _try(before: Try) -> Document:
    return {
        "outcome": before.outcome.value,
        "reason": before.reason.code if before.reason else None,
        "detail": before.detail,
    }


def _notice(notice: Remark, labels: Labels) -> Document:
    message = reason_text(notice, labels)
    return {"code": notice.code, "about": list(notice.about), "message": message}


def moment(moment: dt.datetime | None) -> str | None:
    """Return an instant as ISO 8601 has it, by the clock on a wall in Japan."""
    return None if moment is None else moment.astimezone(JST).isoformat(timespec="seconds")


def _codes(remarks: Iterable[Remark]) -> list[str]:
    return [remark.code for remark in remarks]


def _value(value: Value) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value
