"""What people have said of records and of pairs, kept until somebody takes it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from attrs import frozen

from renkei.errors import UsageError
from renkei.i18n import _
from renkei.model import Item, Release, Released, Value
from renkei.store import codec
from renkei.store.database import Database, key_of
from renkei.store.tables import items, releases, runs

Facts = Mapping[str, str]
"""What was shown of a record: a digest by field."""


@frozen(kw_only=True)
class Record:
    """One record that a release is about: in which *account*, its *id*, and what was shown."""

    account: str
    id: str
    facts: Facts


@frozen(kw_only=True)
class Kept:
    """A release with the records it is about: that of its source, then those of its target."""

    release: Release
    records: tuple[Record, ...]


class Releases(Database):
    """The part of the store that remembers what people have said."""

    def keep_release(
        self,
        said: Released,
        *,
        pair: tuple[str, str],
        accounts: tuple[str, str],
        at: dt.datetime,
        number: str | None = None,
        records: Sequence[Record] = (),
        run_id: int | None = None,
    ) -> str:
        """Keep what a person has said of a *pair* of connections; return its id."""
        row = {
            "kind": said.kind,
            "source": pair[0],
            "target": pair[1],
            "source_account": accounts[0],
            "target_account": accounts[1],
            "number": number,
            "records": {
                "others": list(said.others),
                "of": [[each.account, each.id, dict(each.facts)] for each in records],
            },
            "who": said.who,
            "why": said.why,
            "at": at,
            "run_id": run_id,
        }
        with self._writing() as connection:
            return str(key_of(connection.execute(sa.insert(releases).values(**row))))

    def releases(self, accounts: tuple[str, str] | None = None) -> list[Kept]:
        """Return all releases, or those between two *accounts* in either direction, by age."""
        query = sa.select(releases).order_by(releases.c.id)
        if accounts is not None:
            query = query.where(
                releases.c.source_account.in_(accounts), releases.c.target_account.in_(accounts)
            )
        with self._reading() as connection:
            return [_kept(row) for row in connection.execute(query).mappings()]

    def remove_release(self, release_id: str) -> None:
        """Take a release back; UsageError if there is none of that id."""
        with self._writing() as connection:
            key = int(release_id) if release_id.isascii() and release_id.isdigit() else 0
            gone = connection.execute(sa.delete(releases).where(releases.c.id == key))
        if not gone.rowcount:
            message = _("There is no release {id}.").format(id=release_id)
            raise UsageError(
                message, code="unknown_release", hint=_("`renkei releases` lists them.")
            )

    def renew_release(self, release_id: str, records: Sequence[Record]) -> None:
        """Keep what the *records* of a release show by now: only renkei has changed them."""
        with self._writing() as connection:
            one = releases.c.id == int(release_id)
            kept = connection.execute(sa.select(releases.c.records).where(one)).scalar_one()
            kept = {**kept, "of": [[r.account, r.id, dict(r.facts)] for r in records]}
            connection.execute(sa.update(releases).where(one).values(records=kept))

    def written_into(self, account: str, identity: str) -> dict[str, list[Value]]:
        """Return by field what was written into one record, as far as the plans still have it."""
        query = (
            sa.select(items)
            .join(runs, runs.c.id == items.c.run_id)
            .where(runs.c.target_account == account, items.c.target_id == identity)
            .where(items.c.selected, items.c.payload.is_not(None))
        )
        found: dict[str, list[Value]] = {}
        with self._reading() as connection:
            for row in connection.execute(query).mappings():
                for change in codec.item_in(row).changes:
                    found.setdefault(change.field, []).append(change.after)
        return found

    def replace_item(self, run_id: str, item: Item) -> None:
        """Put *item* in its place in the plan, and count it where it belongs now."""
        key = self._id(run_id)
        with self._writing() as connection:
            one = sa.and_(items.c.run_id == key, items.c.position == item.position)
            before = connection.execute(sa.select(items.c.difference).where(one)).scalar_one()
            row = codec.item_row(key, item.position, item)
            del row["selected"]
            connection.execute(sa.update(items).where(one).values(**row))
            counts: dict[str, Any] = dict(self._row(connection, run_id)["counts"])
            counts[before] -= 1
            counts[item.difference.value] = counts.get(item.difference.value, 0) + 1
            self._update(connection, key, counts=counts)


def _kept(row: Any) -> Kept:  # noqa: ANN401 - a row of any engine
    plain = row["records"]
    said = Released(kind=row["kind"], others=tuple(plain["others"]), who=row["who"], why=row["why"])
    return Kept(
        release=Release(
            id=str(row["id"]),
            source=row["source"],
            target=row["target"],
            number=row["number"],
            said=said,
            at=row["at"],
            run=None if row["run_id"] is None else str(row["run_id"]),
        ),
        records=tuple(Record(account=a, id=i, facts=facts) for a, i, facts in plain["of"]),
    )
