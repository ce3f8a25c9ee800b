"""What somebody has ticked so far: who is to be synced, and the values of new employees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from attrs import asdict, define, field, frozen
from sqlalchemy.engine import Connection

from renkei.model import OwnValues, Selection
from renkei.runs import Carried
from renkei_web.database import Database
from renkei_web.tables import drafts


@define
class Draft:
    """
    A choice that is not made yet; it survives paging, leaving and a new log-in.

    *new* holds one value by field for every new employee, *rows* other ones by number and field,
    *labels* what those values are called, by field and value: the system may forget it.
    *left* are the numbers of those who were chosen in the run before and cannot be taken over.
    *revision* grows with every change.
    """

    revision: int = 0
    numbers: set[str] = field(factory=set)
    new: dict[str, str] = field(factory=dict)
    rows: dict[str, dict[str, str]] = field(factory=dict)
    labels: dict[str, dict[str, str]] = field(factory=dict)
    left: list[str] = field(factory=list)

    def carry(self, carried: Carried, before: Draft) -> None:
        """Tick those who were carried over from an earlier run, of which *before* was the draft."""
        self.numbers = set(carried.selection.numbers)
        self.rows = {row.number: dict(row.values) for row in carried.selection.own_values}
        self.labels = before.labels
        self.left = [str(item.number) for item in carried.left]

    def value(self, number: str, name: str) -> str | None:
        """Return the value of a new employee for a field, or None."""
        return self.rows.get(number, {}).get(name) or self.new.get(name)

    def called(self, name: str, code: str) -> str:
        """Return a value as people know it."""
        label = self.labels.get(name, {}).get(code)
        return f"{label} ({code})" if label else code

    def selection(self, new_numbers: set[str]) -> Selection:
        """Return the choice; values are given for those of *new_numbers* who are ticked."""
        ticked = self.numbers & new_numbers
        rows = []
        for number, values in sorted(self.rows.items()):
            if number in ticked and values:
                rows.append(OwnValues(number=number, values=self.new | values, where=number))
        return Selection(
            numbers=tuple(sorted(self.numbers)),
            new=self.new if ticked else {},
            own_values=tuple(rows),
        )


@frozen
class Drafts:
    """The drafts of all people for the runs of one company, by the run they are for."""

    _database: Database
    _company: str

    def of(self, user_id: int, run: str) -> Draft:
        """Return what somebody has ticked so far in a run, or an empty draft."""
        with self._database.reading() as db:
            return self._read(db, user_id, run)

    def _read(self, db: Connection, user_id: int, run: str) -> Draft:
        query = sa.select(drafts.c.document).where(self._theirs(user_id, run))
        text: str | None = db.execute(query).scalar()
        if text is None:
            return Draft()
        plain = json.loads(text)
        return Draft(**plain | {"numbers": set(plain["numbers"])})

    @contextmanager
    def changing(self, user_id: int, run: str) -> Iterator[Draft]:
        """Read, change and store a draft; ticks that come at the same time take turns."""
        with self._database.writing() as db:
            draft = self._read(db, user_id, run)
            yield draft
            draft.revision += 1
            plain = asdict(draft) | {"numbers": sorted(draft.numbers)}
            document = json.dumps(plain, ensure_ascii=False)
            db.execute(sa.delete(drafts).where(self._theirs(user_id, run)))
            row = {"user_id": user_id, "company": self._company, "run": run}
            db.execute(sa.insert(drafts).values(row | {"document": document}))

    def _theirs(self, user_id: int, run: str) -> sa.ColumnElement[bool]:
        mine = sa.and_(drafts.c.company == self._company, drafts.c.user_id == user_id)
        return sa.and_(mine, drafts.c.run == run)


def as_document(selection: Selection) -> bytes:
    """Return a choice as the process that syncs it reads it."""
    rows = [{"number": row.number, "values": row.values} for row in selection.own_values]
    document = {"numbers": selection.numbers, "new": selection.new, "rows": rows}
    return json.dumps(document).encode()
