"""What people have said of records and of pairs, kept until somebody takes it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from attrs import field, frozen
from sqlalchemy.engine import Connection, RowMapping

from renkei.errors import Hint, UsageError
from renkei.model import Item, Release, Released
from renkei.people import Value
from renkei.store import codec
from renkei.store.database import number_in
from renkei.store.plans import Plans
from renkei.store.serial import free_number, raise_floor
from renkei.store.tables import items, releases, runs
from renkei.words.i18n import _

Facts = Mapping[str, str]
"""What was shown of a record: a digest by field."""


@frozen(kw_only=True)
class Place:
    """One side of a pair: the name of a *connection*, and the *account* that it opens."""

    connection: str
    account: str

    def is_same(self, other: Place) -> bool:
        """Tell whether both are one system: a token may have been renewed, a name changed."""
        return self.connection == other.connection or self.account == other.account


@frozen(kw_only=True)
class Record:
    """One record that a release is about: of its source (0) or target (1), and what was shown."""

    side: int
    id: str
    facts: Facts


@frozen(kw_only=True)
class Kept:
    """A release as it is kept: between which *places*, and about which records of both."""

    release: Release
    places: tuple[Place, Place]
    records: tuple[Record, ...] = field(default=())


class Releases(Plans):
    """The part of the store that remembers what people have said."""

    def keep_release(
        self,
        said: Released,
        places: tuple[Place, Place],
        at: dt.datetime,
        *,
        run_id: int,
        item: Item | None = None,
        records: Sequence[Record] = (),
    ) -> None:
        """
        Keep what a person has *said* of two *places*, or of the *records* of an employee in them.

        With *item*, which is the employee as the plan has them from now on, the plan is changed in
        the same transaction. Raises UsageError or BusyError if its sync has begun.
        """
        with self._writing() as connection:
            if item is not None:
                self._refuse_begun(connection, run_id)
                self._replace(connection, run_id, item)
            self._note("released", run_id, kind=said.kind, row=item and item.position)
            connection.execute(
                sa.insert(releases).values(
                    **free_number(connection, releases),
                    kind=said.kind,
                    source=places[0].connection,
                    target=places[1].connection,
                    source_account=places[0].account,
                    target_account=places[1].account,
                    number=item and item.number,
                    others=list(said.others),
                    records=_records_out(records),
                    who=said.who,
                    why=said.why,
                    at=at,
                    run_id=run_id,
                    company=self.company,
                )
            )

    def releases(self) -> list[Kept]:
        """Return all releases, oldest first."""
        query = sa.select(releases).where(self._of(releases)).order_by(releases.c.id)
        with self._reading() as connection:
            return [_kept(row) for row in connection.execute(query).mappings()]

    def remove_release(self, release_id: str) -> None:
        """Take a release back; UsageError if there is none of that id."""
        key = number_in(release_id) or 0  # of which there is none
        with self._writing() as connection:
            one = sa.delete(releases).where(self._of(releases), releases.c.id == key)
            gone = connection.execute(one)
            if gone.rowcount:
                # A page that still shows it must not take back another one of the same number.
                raise_floor(connection, releases, key)
                self._note("release_removed", release=key)
        if not gone.rowcount:
            message = _("There is no release {id}.").format(id=release_id)
            raise UsageError(message, code="unknown_release", hint=Hint("releases"))

    def renew_release(self, kept: Kept, records: Sequence[Record]) -> None:
        """Keep what the *records* of a release show by now: only renkei has changed them."""
        with self._writing() as connection:
            one = sa.update(releases).where(
                self._of(releases), releases.c.id == int(kept.release.id)
            )
            connection.execute(one.values(records=_records_out(records)))

    def written_into(self, place: Place, identity: str) -> dict[str, list[Value]]:
        """Return by field what was written into one record, as far as the plans still have it."""
        theirs = sa.or_(runs.c.target == place.connection, runs.c.target_account == place.account)
        query = (
            sa.select(items)
            .join(runs, runs.c.id == items.c.run_id)
            .where(self._of(runs), theirs, items.c.target_id == identity)
            .where(items.c.selected, items.c.payload.is_not(None))
        )
        found: dict[str, list[Value]] = {}
        with self._reading() as connection:
            for row in connection.execute(query).mappings():
                for change in self._item(connection, row).changes:
                    found.setdefault(change.field, []).append(change.after)
        return found

    def _replace(self, connection: Connection, run_id: int, item: Item) -> None:
        """Put *item* in its place in the plan, and count it where it belongs now."""
        one = sa.and_(items.c.run_id == run_id, items.c.position == item.position)
        before = connection.execute(sa.select(items.c.difference).where(one)).scalar_one()
        row = codec.item_row(run_id, item.position, item, self._fields(connection, run_id))
        del row["selected"]  # whether somebody is chosen stays as it was
        connection.execute(sa.update(items).where(one).values(**row))
        query = sa.select(runs.c.counts).where(self._of(runs), runs.c.id == run_id)
        counts: dict[str, int] = dict(connection.execute(query).scalar_one())
        counts[before] -= 1
        counts[item.difference.value] = counts.get(item.difference.value, 0) + 1
        self._update(connection, run_id, counts=counts)


def _records_out(records: Sequence[Record]) -> list[list[Any]]:
    return [[each.side, each.id, dict(each.facts)] for each in records]


def _records_in(plain: Sequence[Any]) -> tuple[Record, ...]:
    return tuple(Record(side=side, id=id_, facts=facts) for side, id_, facts in plain)


def _kept(row: RowMapping) -> Kept:
    places = (
        Place(connection=row["source"], account=row["source_account"]),
        Place(connection=row["target"], account=row["target_account"]),
    )
    said = Released(kind=row["kind"], others=tuple(row["others"]), who=row["who"], why=row["why"])
    return Kept(
        release=Release(
            id=str(row["id"]),
            source=row["source"],
            target=row["target"],
            number=row["number"],
            said=said,
            at=row["at"],
            run=str(row["run_id"]),
        ),
        places=places,
        records=_records_in(row["records"]),
    )
