"""The audit log: lines that are added and never changed, each chained to the one before.

The hash of a line covers that of the line before, so that a line that was changed, removed or put
elsewhere is found; how the log ends stands once more in a fact, so that a lost end is found, too.
Somebody who can write the whole store can write the whole chain anew: only a head that is noted
elsewhere shows that.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from attrs import field, frozen
from sqlalchemy.engine import Connection, RowMapping

from renkei.model import Audited, AuditFault, Noted
from renkei.store import serial
from renkei.store.tables import audit
from renkei.words.acts import ACTS

FAULTS = 20
"""How many faults are told: rewriting half of the log breaks each line."""

FIRST = ""
"""What stands in place of the hash of a line before the first one."""


@frozen(kw_only=True)
class Entry:
    """
    An act that is to be noted with the transaction in which it happens.

    *of*: in the log of this company, else in that of the store's own.
    """

    act: str
    run: str | None = None
    facts: Mapping[str, object] = field(factory=dict)
    of: str | None = None

    def __attrs_post_init__(self) -> None:
        if strangers := unknown(self.act, self.facts):
            raise ValueError(f"{self.act}: no facts of it: {sorted(strangers)}")


def unknown(act: str, facts: Mapping[str, object]) -> set[str]:
    """Return which of *facts* may not stand beside an act."""
    return set(facts) - set(ACTS[act].facts)


_LINES = sa.insert(audit)


def append(connection: Connection, company: str, who: str, entries: Sequence[Entry]) -> None:
    """
    Add lines to the log of a company, in a transaction that no other one can write beside.

    In a file that is any; on a server, one that has raised the serial.
    """
    logs: dict[str, list[Entry]] = {}
    for each in entries:
        name = company if each.of is None else each.of
        logs.setdefault(name, []).append(each)
    for name, theirs in logs.items():
        _append(connection, name, who, theirs)


def _append(connection: Connection, company: str, who: str, entries: Sequence[Entry]) -> None:
    number, last = head(connection, company) or (0, FIRST)
    at = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
    rows = []
    for entry in entries:
        number += 1
        row: dict[str, Any] = {
            "company": company,
            "line": number,
            "at": at,
            "who": who,
            "act": entry.act,
            "run": entry.run,
            "facts": json.dumps(dict(entry.facts), ensure_ascii=False, sort_keys=True),
        }
        last = row["hash"] = hashed(last, row)
        rows.append(row)
    connection.execute(_LINES, rows)
    serial.keep(connection, _fact(company), f"{number} {last}")


def hashed(before: str, row: Mapping[str, Any] | RowMapping) -> str:
    """Return the hash of a line after the one whose hash is *before*."""
    # Without a key: it would lie in the same store, and nobody else could verify an export.
    # docs/decisions/2026-11-29-audit-log.md
    parts = [row["company"], row["line"], row["at"], row["who"], row["act"], row["run"]]
    text = json.dumps([before, *parts, row["facts"]], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def head(connection: Connection, company: str) -> tuple[int, str] | None:
    """Return number and hash of the last line that was written, as noted beside the log."""
    noted = serial.fact(connection, _fact(company))
    if noted is None:
        return None
    number, _blank, last = noted.partition(" ")
    return int(number), last


def noted_in(row: RowMapping) -> Noted:
    """Return the line in *row*."""
    return Noted(
        line=row["line"],
        at=dt.datetime.fromisoformat(row["at"]),
        who=row["who"],
        act=row["act"],
        run=row["run"],
        facts=json.loads(row["facts"]),
        hash=row["hash"],
    )


def checked(
    rows: Iterator[RowMapping], end: tuple[int, str] | None, known: tuple[int, str] | None
) -> Audited:
    """
    Look at all lines of a log, in their order, and at its *end* as noted beside it.

    *known* is number and hash of a line as somebody has noted them elsewhere.
    """
    faults: list[AuditFault] = []
    number, last, seen = 0, FIRST, known is None
    for row in rows:
        if row["line"] != number + 1:
            faults.append(AuditFault(line=number + 1, kind="missing"))
        elif row["hash"] != hashed(last, row):  # elif: after a gap no hash can fit
            faults.append(AuditFault(line=row["line"], kind="changed"))
        # Go on from the stored hash: one changed line is one fault, and not one for each after it.
        number, last = row["line"], row["hash"]
        seen = seen or (number, last) == known
    if (number, last) != (end or (0, FIRST)):
        noted = end[0] if end else 0
        faults.append(AuditFault(line=max(number, noted), kind="end"))
    if known is not None and not seen:
        faults.append(AuditFault(line=known[0], kind="noted"))
    return Audited(lines=number, head=last, faults=tuple(faults[:FAULTS]))


def _fact(company: str) -> str:
    """Return the name of the fact with the head of a log; a fact's name is short."""
    return f"audit:{hashlib.sha256(company.encode()).hexdigest()[:32]}"
