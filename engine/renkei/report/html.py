"""A report as one page of HTML that needs nothing else: for printing, filing and handing on."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from html import escape

from renkei.model import Change, Difference, Item, Outcome, Run
from renkei.people import Value
from renkei.words.facts import run_facts
from renkei.words.i18n import _, language
from renkei.words.labels import Labels, date_text
from renkei.words.printable import printable
from renkei.words.sentences import (
    difference_text,
    number_text,
    outcome_text,
    reason_text,
    released_text,
    try_text,
    words_text,
)
from renkei.words.side_by_side import both

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.6 "Hiragino Sans", "Noto Sans CJK JP", "Yu Gothic", Meiryo, sans-serif;
  color: #1c2024; background: #fff; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.5rem; margin: 0; }
dt { color: #5b6570; } dd { margin: 0; }
ul.counts { display: flex; flex-wrap: wrap; gap: .5rem; list-style: none; padding: 0;
  margin: .5rem 0; }
ul.counts li { border: 1px solid #c9d1d9; border-radius: .4rem; padding: .3rem .8rem; }
ul.counts b { font-size: 1.2rem; margin-left: .5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem;
  border-bottom: 1px solid #dde2e7; overflow-wrap: anywhere; }
thead th { background: #f3f5f7; border-bottom: 2px solid #aab4be; white-space: nowrap; }
td table td { border: 0; padding: 0 .6rem 0 0; }
td.field { color: #5b6570; width: 30%; } td.before { width: 35%; }
del { color: #a4262c; } ins { color: #116329; text-decoration: none; font-weight: 600; }
.failed, .unknown, .blocked { color: #a4262c; font-weight: 600; } .deferred { color: #8a5300; }
.remark { color: #5b6570; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; }
  thead { display: table-header-group; } tr { break-inside: avoid; } }
"""

STYLE_SOURCE = f"'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
"""What a Content-Security-Policy calls the style of the page, and no other."""


def report_page(run: Run, items: Iterable[Item], labels: Labels) -> Iterator[str]:
    """Yield the page piece by piece: the run's facts, its counts, a row for each employee."""
    title = _("Sync report {run}: {source} → {target}").format(
        run=run.id, source=labels.source, target=labels.target
    )
    yield _head(title)
    yield f"<h1>{_safe(title)}</h1>\n<dl>\n"
    for name, text in run_facts(run, labels):
        yield f"<dt>{_safe(name)}</dt><dd>{_safe(text)}</dd>\n"
    yield "</dl>\n"
    yield from _summary(run, labels)
    yield from _table(items, labels)
    yield "</body>\n</html>\n"


def _head(title: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="{language()}">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy"'
        f" content=\"default-src 'none'; style-src {STYLE_SOURCE}\">\n"
        '<meta name="viewport" content="width=device-width">\n'
        '<meta name="robots" content="noindex">\n'
        f"<title>{_safe(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
    )


def _summary(run: Run, labels: Labels) -> Iterator[str]:
    yield f"<h2>{_safe(_('Differences'))}</h2>\n"
    yield _counts((difference_text(each), run.counts.get(each, 0)) for each in Difference)
    if run.outcomes is not None:
        outcomes = run.outcomes
        yield f"<h2>{_safe(_('Outcomes'))}</h2>\n"
        yield _counts((outcome_text(each), outcomes.get(each, 0)) for each in Outcome)
    if run.reason is not None:
        yield f"<p>{_safe(reason_text(run.reason, labels))}</p>\n"
    for notice in run.notices:
        yield f'<p class="remark">{_safe(reason_text(notice, labels))}</p>\n'


def _counts(pairs: Iterable[tuple[str, int]]) -> str:
    parts = (f"<li>{_safe(name)}<b>{count:,}</b></li>" for name, count in pairs)
    return f'<ul class="counts">{"".join(parts)}</ul>\n'


def _table(items: Iterable[Item], labels: Labels) -> Iterator[str]:
    titles = (_("Number"), _("Name"), _("Difference"), _("Before → after"), _("Outcome"))
    cells = "".join(f'<th scope="col">{_safe(title)}</th>' for title in titles)
    yield f"<h2>{_safe(_('Employees'))}</h2>\n<table>\n<thead><tr>{cells}</tr></thead>\n<tbody>\n"
    for item in items:
        yield _row(item, labels)
    yield "</tbody>\n</table>\n"


def _row(item: Item, labels: Labels) -> str:
    new = item.difference is Difference.NEW
    changes = _both(item, labels) + "".join(
        _change(change, labels, new=new) for change in item.written
    )
    return (
        f"<tr><td>{_safe(number_text(item.number))}</td><td>{_safe(item.name)}</td>"
        f'<td class="{item.difference}">{_safe(difference_text(item.difference))}</td>'
        f"<td>{f'<table>{changes}</table>' if changes else ''}</td>"
        f"<td>{_outcome(item, labels)}</td></tr>\n"
    )


def _both(item: Item, labels: Labels) -> str:
    """Return both people of somebody who is blocked, under the names of the two systems."""
    people = both(item, labels)
    if not people:
        return ""
    target = labels.target if people[0].target is not None else ""
    lines = [("", labels.source, target)]
    lines += [(each.field, each.source, each.target or "") for each in people]
    return "".join(
        f'<tr><td class="field">{_safe(field)}</td><td class="before">{_safe(source)}</td>'
        f"<td>{_safe(target)}</td></tr>"
        for field, source, target in lines
    )


def _change(change: Change, labels: Labels, *, new: bool) -> str:
    before = "" if new else f"<del>{_safe(_value(change.field, change.before, labels))}</del>"
    return (
        f'<tr><td class="field">{_safe(labels.field(change.field))}</td>'
        f'<td class="before">{before}</td>'
        f"<td><ins>{_safe(_value(change.field, change.after, labels))}</ins></td></tr>"
    )


def _value(name: str, value: Value, labels: Labels) -> str:
    if isinstance(value, dt.date):
        return date_text(value)
    return labels.value(name, value) or _("(empty)")


def _outcome(item: Item, labels: Labels) -> str:
    remarks = (item.outcome_reason,) if item.outcome_reason else (*item.reasons, *item.notes)
    texts = [reason_text(remark, labels) for remark in remarks]
    texts += [words_text(item.detail)] if item.detail else []
    texts += [f"{_('Released')}: {released_text(item.released)}"] if item.released else []
    texts += [try_text(before, labels) for before in item.earlier]
    lines = [f'<div class="remark">{_safe(text)}</div>' for text in texts]
    if item.outcome:
        lines.insert(0, f'<div class="{item.outcome}">{_safe(outcome_text(item.outcome))}</div>')
    return "".join(lines)


def _safe(text: str) -> str:
    return escape(printable(text), quote=True)
