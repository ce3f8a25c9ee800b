"""A report as one page of HTML that needs nothing else: for printing, filing and handing on."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from renkei.model import Difference, Item, Outcome, Run
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

_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

STYLE_SOURCE = f"'sha256-{_DIGEST}'"
"""What a Content-Security-Policy calls the style of the page, and no other."""

_PIECES = 64
"""How many pieces of the page are handed on at once."""


def report_page(run: Run, items: Iterable[Item], labels: Labels) -> Iterator[str]:
    """Yield the page piece by piece: the run's facts, its counts, a row for each employee."""
    title = _("Sync report {run}: {source} → {target}").format(
        run=run.id, source=labels.source, target=labels.target
    )
    differences = [(difference_text(each), run.counts.get(each, 0)) for each in Difference]
    found = run.outcomes or {}
    outcomes = [(outcome_text(each), found.get(each, 0)) for each in Outcome]
    page = _template().stream(
        language=language(),
        style=_STYLE,
        style_source=STYLE_SOURCE,
        title=title,
        facts=run_facts(run, labels),
        run=run,
        differences=differences,
        outcomes=outcomes,
        items=items,
        labels=labels,
    )
    page.enable_buffering(_PIECES)
    yield from page


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("renkei.report"),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(_, _, newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {
        "both": both,
        "difference": difference_text,
        "number": number_text,
        "outcome": outcome_text,
        "reason": reason_text,
        "remarks": _remarks,
        "value": _value,
    }
    return environment.get_template("report.html")


def _shown(value: object) -> object:
    """Return what is put into the page without anything that cannot be seen, but for markup."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return printable(value)
    return value


def _value(value: Value, field: str, labels: Labels) -> str:
    if isinstance(value, dt.date):
        return date_text(value)
    return labels.value(field, value) or _("(empty)")


def _remarks(item: Item, labels: Labels) -> Iterator[str]:
    """Yield what there is to say of somebody beside the outcome."""
    remarks = (item.outcome_reason,) if item.outcome_reason else (*item.reasons, *item.notes)
    for remark in remarks:
        yield reason_text(remark, labels)
    if item.detail:
        yield words_text(item.detail)
    if item.released:
        yield f"{_('Released')}: {released_text(item.released)}"
    for before in item.earlier:
        yield try_text(before, labels)
