"""Plans and reports as files for people: CSV that is safe in a spreadsheet, written privately.

To read the data with a program, use the JSON documents: what is escaped here cannot be told from
what was there before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from renkei import files
from renkei.errors import UsageError
from renkei.model import Difference, Item, Remark
from renkei.words.i18n import _
from renkei.words.labels import Labels
from renkei.words.printable import one_line, printable
from renkei.words.sentences import (
    difference_text,
    outcome_text,
    reason_text,
    released_text,
    try_text,
)
from renkei.words.side_by_side import Beside, both

BYTE_ORDER_MARK = "\ufeff"

# A spreadsheet runs a cell that starts like this, also one it cuts out at a delimiter. All blanks
# are taken at once and something always matches: a cell of blanks only must not take for ever.
_START = re.compile(r"(^|[,;|\t\r\n])(\s*+)(?=([=+\-@|\0＝＋－＠]?))")


def csv_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the text of a CSV file: marked, all quoted, nothing that runs as a formula."""
    mark = BYTE_ORDER_MARK
    for row in rows:
        cells = [_cell(text) for text in row]
        yield mark + ",".join(cells) + "\r\n"
        mark = ""


def plan_rows(items: Iterable[Item], labels: Labels) -> Iterator[Sequence[str]]:
    """Yield a header, then a row for each field that would change; one row if nothing would."""
    yield (
        *(_("number"), _("name"), _("difference")),
        *(_("field"), _("before"), _("after"), _("remarks")),
    )
    for item in items:
        head = (item.number or "", item.name, difference_text(item.difference))
        remarks = _remarks((*item.reasons, *item.notes), labels)
        people = both(item, labels)
        for each in people:
            yield (*head, each.field, each.target or "", each.source, remarks)
        for change in item.written:
            name = change.field
            before, after = labels.value(name, change.before), labels.value(name, change.after)
            yield (*head, labels.field(name), before, after, remarks)
        if not (people or item.written):
            yield (*head, "", "", "", remarks)


def report_rows(items: Iterable[Item], labels: Labels) -> Iterator[Sequence[str]]:
    """
    Yield a header, then one row for each employee with what became of them.

    What let an unusual run pass stands in a row without an employee at the end.
    """
    yield (
        *(_("number"), _("name"), _("difference")),
        *(_("outcome"), _("reason"), _("answer"), _("changes"), _("earlier tries")),
    )
    for item in items:
        earlier = [try_text(before, labels) for before in item.earlier]
        yield (
            item.number or "",
            item.name,
            difference_text(item.difference),
            outcome_text(item.outcome) if item.outcome else "",
            _why(item, labels),
            one_line(item.detail or ""),
            changes_text(item, labels),
            " / ".join(earlier),
        )
    for notice in labels.run.notices if labels.run else ():
        if notice.code in ("expected_intake", "outside_scope"):
            yield *("",) * 4, reason_text(notice, labels), *("",) * 3


def _why(item: Item, labels: Labels) -> str:
    """Return the reasons for what became of somebody, and what a person has said of them."""
    remarks = (item.outcome_reason,) if item.outcome_reason else item.reasons
    parts = [reason_text(remark, labels) for remark in remarks]
    if item.released:
        parts.append(f"{_('Released')}: {released_text(item.released)}")
    return " / ".join(parts)


def changes_text(item: Item, labels: Labels) -> str:
    """Return all that a sync writes of an employee on one line; of a blocked one both people."""
    parts = [_beside(each, labels) for each in both(item, labels)]
    for change in item.written:
        name = change.field
        before = labels.value(name, change.before) or _("(empty)")
        after = labels.value(name, change.after) or _("(empty)")
        told = after if item.difference is Difference.NEW else f"{before} → {after}"
        parts.append(f"{labels.field(name)}: {told}")
    return " / ".join(parts)


def _beside(each: Beside, labels: Labels) -> str:
    text = _("{value} ({system})")
    sides = [text.format(system=labels.source, value=each.source)]
    if each.target is not None:
        sides.append(text.format(system=labels.target, value=each.target))
    return f"{each.field}: {_(', ').join(sides)}"


def write_private(path: Path, chunks: Iterable[str]) -> None:
    """Write a file that only its owner can read, complete or not at all; UsageError if it fails."""
    try:
        files.replace(path, chunks)
    except OSError as problem:
        message = _("{path} cannot be written: {why}.").format(path=path, why=problem.strerror)
        raise UsageError(message, where=str(path)) from None


def _remarks(remarks: Iterable[Remark], labels: Labels) -> str:
    return " / ".join(reason_text(remark, labels) for remark in remarks)


def _cell(text: str) -> str:
    # Guarded first, as long as a tab is one: printable spells it out.
    safe = printable(_START.sub(_guarded, text))
    return '"' + safe.replace('"', '""') + '"'


def _guarded(start: re.Match[str]) -> str:
    delimiter, blanks, sign = start.groups()
    runs = sign or "\t" in blanks or "\r" in blanks
    return f"{delimiter}'{blanks}" if runs else start[0]
