"""Who is in a plan, page by page, and whom of them somebody has chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from renkei.errors import BusyError, Hint, UsageError
from renkei.model import Difference, Entry, Filter, Item, Outcome, Selection, Status
from renkei.people import Choice
from renkei.store import codec, lease
from renkei.store.tables import UNFINISHED, items
from renkei.store.views import Views, begun, outcome_now
from renkei.text import folded
from renkei.words.i18n import _

PAGE = 500
"""Items read at a time: a reader must not hold the database while somebody looks at a page."""

_ENTRIES = (
    sa.select(items.c.position, items.c.number, items.c.difference, items.c.look_first)
    .where(items.c.run_id == sa.bindparam("run"))
    .order_by(items.c.position)
)


class Selections(Views):
    """The part of the store that shows who is in a plan, and keeps whom of them to write."""

    def partners_of(self, run_id: str, identity: str) -> list[Item]:
        """Return the items of a plan whose partner is the target's record *identity*."""
        query = sa.select(items).where(
            items.c.run_id == self._key(run_id), items.c.target_id == identity
        )
        with self._reading() as connection:
            rows = connection.execute(query.order_by(items.c.position)).mappings().all()
            return [self._item(connection, row) for row in rows]

    def items(
        self,
        run_id: str,
        *,
        differences: Sequence[Difference] = (),
        numbers: Sequence[str] = (),
        selected: bool = False,
        open_only: bool = False,
    ) -> Iterator[Item]:
        """
        Iterate over the plan in order of number.

        *selected*: only the chosen ones. *open_only*: only those without a final outcome.
        """
        query = sa.select(items).order_by(items.c.position).limit(PAGE)
        query = query.where(items.c.run_id == self._key(run_id))
        if differences:
            query = query.where(items.c.difference.in_(_values(differences)))
        if numbers:
            query = query.where(items.c.number.in_(list(numbers)))
        if selected:
            query = query.where(items.c.selected)
        if open_only:
            query = query.where(sa.or_(items.c.outcome.is_(None), items.c.outcome.in_(UNFINISHED)))
        position = 0
        while True:
            with self._reading() as connection:
                rows = connection.execute(query.where(items.c.position > position)).mappings()
                page = [self._item(connection, row) for row in rows]
            yield from page
            if len(page) < PAGE:
                return
            position = page[-1].position

    def page(
        self, run_id: str, wanted: Filter, *, after: int = 0, before: int | None = None, limit: int
    ) -> list[Item]:
        """Return the first items of *wanted* after a position, or the last ones before one."""
        query = sa.select(items).where(self._wanted(run_id, wanted)).limit(limit)
        if before is None:
            query = query.where(items.c.position > after).order_by(items.c.position)
        else:
            query = query.where(items.c.position < before).order_by(items.c.position.desc())
        with self._reading() as connection:
            rows = connection.execute(query).mappings()
            page = [self._item(connection, row) for row in rows]
        return page if before is None else page[::-1]

    def tally(self, run_id: str, wanted: Filter) -> dict[Difference, int]:
        """Return how many items *wanted* matches, by difference."""
        query = (
            sa.select(items.c.difference, sa.func.count())
            .where(self._wanted(run_id, wanted))
            .group_by(items.c.difference)
        )
        with self._reading() as connection:
            return {Difference(name): count for name, count in connection.execute(query)}

    def numbers(self, run_id: str, wanted: Filter) -> list[str]:
        """Return the numbers of those of *wanted* who can be chosen."""
        query = sa.select(items.c.number).where(
            self._wanted(run_id, wanted), items.c.difference != Difference.BLOCKED.value
        )
        with self._reading() as connection:
            return list(connection.execute(query.order_by(items.c.position)).scalars())

    def _wanted(self, run_id: str, wanted: Filter) -> sa.ColumnElement[bool]:
        conditions = [items.c.run_id == self._key(run_id)]
        if wanted.differences:
            conditions.append(items.c.difference.in_(_values(wanted.differences)))
        if wanted.outcomes:
            conditions.append(outcome_now().in_(_values(wanted.outcomes)))
        if wanted.selected:
            conditions.append(items.c.selected)
        if wanted.look_first is not None:
            conditions.append(items.c.look_first == wanted.look_first)
        if wanted.text:
            conditions.append(self._searched.contains(folded(wanted.text), autoescape=True))
        return sa.and_(*conditions)

    @property
    def _searched(self) -> sa.ColumnElement[str]:
        """What a text is looked for in; plans without it (old, or purged) have number and name."""
        # SQLite knows no type JSON: it would cast the text to a number.
        as_json: Callable[..., sa.ColumnElement[Any]] = (
            sa.type_coerce if self._engine.dialect.name == "sqlite" else sa.cast
        )
        kept = as_json(items.c.payload, sa.JSON)[codec.SEARCH].as_string()
        plain = sa.func.coalesce(items.c.number, "") + "\n" + items.c.name
        return sa.func.coalesce(kept, sa.func.lower(plain))

    def entries(self, run_id: str) -> list[Entry]:
        """Return the whole plan as far as choosing needs it."""
        with self._reading() as connection:
            found = connection.execute(_ENTRIES, {"run": self._key(run_id)})
            return [Entry(place, no, Difference(name), look) for place, no, name, look in found]

    def selection(self, run_id: str) -> Selection | None:
        """Return the stored choice, or None."""
        with self._reading() as connection:
            return codec.selection_in(self._row(connection, run_id)["selection"])

    def choose(
        self,
        run_id: str,
        selection: Selection,
        chosen: Mapping[int, Mapping[str, Choice]],
        *,
        who: str | None = None,
    ) -> None:
        """Replace the choice by *who*'s: the positions of *chosen*, each with its new values."""
        key = self._key(run_id)
        rows = []
        fields: set[str] = set()
        for position, new in chosen.items():
            rows.append({"p": position, "v": _choices_out(new)})
            fields.update(new)
        document = codec.selection_out(selection)
        with self._writing() as connection:
            self._refuse_begun(connection, key)
            connection.execute(
                sa.update(items)
                .where(items.c.run_id == key, items.c.selected)
                .values(
                    selected=False,
                    new_values=None,
                    outcome=None,  # nothing was sent: these say only that nothing was needed
                    outcome_reason=None,
                    detail=None,
                )
            )
            if rows:
                connection.execute(
                    sa.update(items)
                    .where(items.c.run_id == key, items.c.position == sa.bindparam("p"))
                    .values(selected=True, new_values=sa.bindparam("v", type_=sa.JSON)),
                    rows,
                )
            # Nobody's number: values go, the log stays. docs/decisions/2026-11-29-audit-log.md
            self._note("chosen", key, count=len(chosen), fields=sorted(fields))
            self._update(
                connection,
                key,
                selection=document,
                chosen_by=who,
                # A permission is for one choice: docs/decisions/2026-11-22-safety-limits.md
                allowed_by=None,
                expected=None,
                status=Status.READY.value,
                sync_started_at=None,
                finished_at=None,
                lacking=False,
            )

    def note_lacking(self, run_id: str) -> None:
        """Keep that a choice failed, as values for new employees were missing."""
        self._set(self._key(run_id), lacking=True)

    def _refuse_begun(self, connection: Connection, run_id: int) -> None:
        # Locked: of a choice and a sync that race one is first, and the other one sees it.
        status = Status(self._row(connection, str(run_id), lock=True)["status"])
        if lease.holder(connection, run_id) is not None:
            message = _("Run {run} is being synced by another process. Wait until it has ended.")
            raise BusyError(message.format(run=run_id))
        over = status.is_over and status is not Status.DONE  # done and nothing sent: choose anew
        if over or begun(connection, run_id):
            raise already_begun(str(run_id))


def _values(wanted: Iterable[Difference | Outcome]) -> list[str]:
    """Return what columns have for these."""
    return [each.value for each in wanted]


def _choices_out(new: Mapping[str, Choice]) -> dict[str, list[str]] | None:
    return {name: _choice_out(choice) for name, choice in new.items()} or None


def _choice_out(choice: Choice) -> list[str]:
    told = [choice.code, choice.label]
    if choice.detail:
        told.append(choice.detail)
    return told


def already_begun(run_id: str) -> UsageError:
    """Return the error of choosing others once a sync has begun."""
    message = _(
        "Run {run} has already begun with another choice. Resume it as it is, or fetch again."
    )
    hint = Hint("resume", {"run": run_id})
    return UsageError(message.format(run=run_id), code="already_begun", hint=hint)
