"""The tables. Employees' values live in ``items``, in the columns that docs/security.md names.

Every change here needs a migration in ``migrations/versions``; a test compares the two.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.engine import Connection, Dialect

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING)

Serial = sa.BigInteger().with_variant(Integer(), "sqlite")
"""SQLite counts up only a plain INTEGER primary key."""


class Instant(sa.types.TypeDecorator[dt.datetime]):
    """An aware instant, kept in UTC; SQLite would drop the zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, _dialect: Dialect) -> Any:  # noqa: ANN401
        """Refuse an instant without a zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value if value is None else value.astimezone(dt.UTC)

    def process_result_value(
        self, value: dt.datetime | None, _dialect: Dialect
    ) -> dt.datetime | None:
        """Return the instant in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def _company() -> Column[str]:
    """Return the column that tells whose a row is; empty where the only company has no name."""
    return Column("company", String(63), nullable=False, server_default="")


@sa.event.listens_for(metadata, "before_create")
def _partial_on_a_server_too(
    _target: MetaData, connection: Connection, tables: Sequence[Table], **_options: object
) -> None:
    """Let both databases have the same indexes; to say so at once would import the server's."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        for index in table.indexes:
            where = index.dialect_options["sqlite"]["where"]
            index.dialect_kwargs["postgresql_where"] = where


UNFINISHED = ("unknown", "deferred")
"""Outcomes that are not the last word."""

ACCEPTED = "accepted"
"""The result of a create that failed though the system has somebody: never to be sent again."""

ANSWERED = "answered"
"""The result of a write that the system has taken and nobody has looked at since."""

NOT_STORED = "not_stored"
"""The result of a write that was answered, and of which a look shows something else."""

REFUSED = "refused"
"""The result of a write that was refused as if it were about the whole system."""

OTHERWISE = "otherwise"
"""The result of a write in doubt of which a look shows something else: it may have come through."""

WITHOUT_EFFECT = ("failed", "deferred", "not_sent", REFUSED)
"""Results of writes that have certainly changed nobody."""

runs = Table(
    "runs",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("source", String(200), nullable=False),
    Column("target", String(200), nullable=False),
    Column("source_account", String(64), nullable=True),
    Column("target_account", String(64), nullable=True),
    Column("base_date", sa.Date, nullable=False),
    Column("base_chosen", sa.Boolean, nullable=True, comment="by a person, or simply today"),
    Column("again_of", Serial, nullable=True, comment="the run whose choice was carried over"),
    Column("status", String(20), nullable=False),
    Column("who", String(200), nullable=False, comment="who fetched"),
    Column("chosen_by", String(200), nullable=True),
    Column("synced_by", String(200), nullable=True),
    Column("owner", Text, nullable=True, comment="the fetching process; see store.owner"),
    Column("beat", sa.Float, nullable=True, comment="its last sign of life, on its own clock"),
    Column("created_at", Instant, nullable=False),
    Column("fetched_at", Instant, nullable=True),
    Column("sync_started_at", Instant, nullable=True),
    Column("finished_at", Instant, nullable=True),
    Column("mapping_name", Text, nullable=False),
    Column("mapping_text", Text, nullable=False),
    Column("mapping_hash", String(64), nullable=False),
    Column("source_side", Text, nullable=True, comment="which side of the mapping is the source"),
    Column("settings", sa.JSON, nullable=False),
    Column("counts", sa.JSON, nullable=False),
    Column("notices", sa.JSON, nullable=False),
    Column(
        "usage",
        sa.JSON,
        nullable=False,
        comment="requests by connection, and seconds, of the fetch",
    ),
    Column(
        "journal",
        sa.JSON,
        nullable=True,
        comment="where the journal stood as the fetch began: last write, writes in doubt",
    ),
    Column(
        "usual",
        Integer,
        nullable=True,
        comment="people on the source; null: unusually few, and nobody has allowed it",
    ),
    Column(
        "moved",
        sa.JSON,
        nullable=True,
        comment="the source's ids of those whose number is somebody else's in the target",
    ),
    Column("source_count", Integer, nullable=True, comment="people on the source's roll"),
    Column("target_count", Integer, nullable=True, comment="people in the target at the fetch"),
    Column("usual_target", Integer, nullable=True, comment="the same; null: as with usual"),
    Column("expected", sa.JSON, nullable=True, comment="announcements that let its choice pass"),
    Column("selection", sa.JSON, nullable=True),
    Column("reason", sa.JSON, nullable=True),
    Column("resume_at", Instant, nullable=True),
    Column("allowed_by", String(200), nullable=True),
    Column("taken_over_by", String(200), nullable=True, comment="from a process of unknown fate"),
    Column("pauses", sa.JSON, nullable=True, comment="the codes of all reasons it has paused for"),
    Column("fields", sa.JSON, nullable=True, comment="what was read of both sides, in order"),
    Column("specs", Text, nullable=True, comment="the fields of both sides as they were then"),
    Column("lacking", sa.Boolean, nullable=True, comment="a choice failed for want of new values"),
    Column("purged", sa.Boolean, nullable=False),
    _company(),
    Index("ix_runs_company", "company", "id"),
    Index("ix_runs_pair", "company", "source", "target", "id"),
    Index(
        "ix_runs_planned",
        *("company", "source", "target", "id"),
        sqlite_where=sa.text("fetched_at is not null"),
    ),
    Index(
        "ix_runs_synced",
        *("company", "source", "target", "id"),
        sqlite_where=sa.text("sync_started_at is not null"),
    ),
)

# Without a company, as writes are: they are reached by the key of a run, which only its company
# is given. docs/decisions/2026-11-29-companies.md
items = Table(
    "items",
    metadata,
    Column("run_id", Serial, ForeignKey("runs.id"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("number", Text, nullable=True),
    Column("name", Text, nullable=False),
    Column("difference", String(10), nullable=False),
    Column("source_id", Text, nullable=False),
    Column("target_id", Text, nullable=True),
    Column("reasons", sa.JSON, nullable=False),
    Column("notes", sa.JSON, nullable=False),
    Column("payload", Text, nullable=True, comment="read, before, after, changes, candidates"),
    Column(
        "look_first",
        sa.Boolean,
        nullable=False,
        server_default=sa.false(),
        comment="left out where many are chosen",
    ),
    Column("selected", sa.Boolean, nullable=False),
    Column("new_values", sa.JSON, nullable=True),
    Column("outcome", String(20), nullable=True),
    Column("outcome_reason", sa.JSON, nullable=True),
    Column("detail", Text, nullable=True),
    Column("earlier", sa.JSON, nullable=True, comment="what became of tries before the last one"),
    Index("ix_items_run_number", "run_id", "number"),
    Index("ix_items_run_outcome", "run_id", "selected", "outcome"),
    Index("ix_items_differing", "run_id", sqlite_where=sa.text("difference <> 'same'")),
)

writes = Table(
    "writes",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("run_id", Serial, ForeignKey("runs.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("token", sa.BigInteger, nullable=False),
    Column("intent_at", Instant, nullable=False),
    Column("sent_at", sa.Float, nullable=True, comment="real time, seconds since 1970: last sent"),
    Column("answer_id", Text, nullable=True, comment="the id that the system gave somebody new"),
    Column("result", String(20), nullable=True, comment="null: in doubt"),
    Column("result_at", Instant, nullable=True),
    Index("ix_writes_run_position", "run_id", "position"),
    Index(
        "ix_writes_open",
        "run_id",
        sqlite_where=sa.text("result is null"),
    ),
)

leases = Table(
    "leases",
    metadata,
    Column("account", String(64), primary_key=True, comment="see store.accounts"),
    Column("connection", String(200), nullable=False, comment="what the holder calls it"),
    Column("token", sa.BigInteger, nullable=False),
    Column("run_id", Serial, nullable=True),
    Column("owner", Text, nullable=True, comment="the writing process; see store.owner"),
    Column("who", String(200), nullable=True),
    Column("since", Instant, nullable=True),
    Column("beat", sa.Float, nullable=False, comment="its last sign of life, on its own clock"),
    _company(),
)

paces = Table(
    "paces",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("owner", Text, primary_key=True, comment="a process and one of its users"),
    Column("at", sa.Float, nullable=False, comment="real time, seconds since 1970"),
    Column(
        "used",
        sa.JSON,
        nullable=False,
        comment="by window in seconds: its requests, and how many more it claims",
    ),
    Column("leaving", sa.Boolean, nullable=False, comment="it goes on no more"),
    _company(),
)

releases = Table(
    "releases",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("kind", String(20), nullable=False, comment="see renkei.plan.release"),
    Column("source", String(200), nullable=False),
    Column("target", String(200), nullable=False),
    Column("source_account", String(64), nullable=False),
    Column("target_account", String(64), nullable=False),
    Column("number", Text, nullable=True, comment="whom it is about, as the plan had them"),
    Column("others", sa.JSON, nullable=False, comment="numbers or ids of whom it is about, too"),
    Column("records", sa.JSON, nullable=False, comment="side, id, digests of what was shown"),
    Column("who", String(200), nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("run_id", Serial, nullable=False),
    _company(),
)

accounts = Table(
    "accounts",
    metadata,
    Column("company", String(63), primary_key=True, server_default=""),
    Column("connection", String(200), primary_key=True),
    Column("account", String(64), nullable=False, comment="which it was used with last"),
    Index("ix_accounts_account", "account"),
)

own_fields = Table(
    "own_fields",
    metadata,
    Column("company", String(63), primary_key=True, server_default=""),
    Column("connection", String(200), primary_key=True),
    Column("account", String(64), nullable=False, comment="whose they are; see store.accounts"),
    Column("specs", Text, nullable=False, comment="the fields that only this account has"),
    Column("gone", sa.JSON, nullable=False, comment="names of those that it had before"),
    Column("at", Instant, nullable=False),
)

known_accounts = Table(
    "known_accounts",
    metadata,
    Column("company", String(63), primary_key=True, server_default=""),
    Column("connection", String(200), primary_key=True),
    Column("account", String(64), nullable=False, comment="see store.accounts"),
    Column("name", Text, nullable=False, comment="whose it is, as the system has told"),
    Column("ids", sa.JSON, nullable=False),
    Column("corporate_numbers", sa.JSON, nullable=False),
    Column("at", Instant, nullable=False),
    Column("confirmed_by", String(200), nullable=True),
    Column("confirmed_at", Instant, nullable=True),
)

audit = Table(
    "audit",
    metadata,
    Column("company", String(63), primary_key=True, server_default=""),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False, comment="real time in UTC, as it is hashed"),
    Column("who", String(200), nullable=False),
    Column("act", String(40), nullable=False, comment="see words.acts"),
    Column("run", String(20), nullable=True),
    Column("facts", Text, nullable=False, comment="a JSON object, as it is hashed"),
    Column("hash", String(64), nullable=False, comment="of this line and the hash before it"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("company", String(63), primary_key=True, server_default=""),
    Column("name", String(63), primary_key=True),
    Column("timing", Text, nullable=False, comment="what its times go by; see renkei.schedule"),
    Column("since", Instant, nullable=False, comment="due times after this one count"),
    Column("paused_by", String(200), nullable=True),
    Column("paused_at", Instant, nullable=True),
)

UNTOLD = "ended_at is not null and told_at is null"
"""The jobs that have ended without anybody having taken up to tell of it."""

jobs = Table(
    "jobs",
    metadata,
    Column("company", String(63), primary_key=True, server_default=""),
    Column("schedule", String(63), primary_key=True, comment="or what an errand is called"),
    Column(
        "due", Instant, primary_key=True, comment="as the schedule has it, or when it was asked"
    ),
    Column("state", String(20), nullable=False, comment="see store.schedules"),
    Column("asked_by", String(200), nullable=True, comment="null: it was due"),
    Column("passed", Integer, nullable=False, comment="due times before it that were missed"),
    Column("run_id", Serial, nullable=True),
    Column("code", String(60), nullable=True, comment="why it has not simply come to its end"),
    Column("attempt", Integer, nullable=False, comment="grows with each process that takes it"),
    Column("owner", Text, nullable=True, comment="the process at work; see store.owner"),
    Column("beat", sa.Float, nullable=True, comment="its last sign of life, on its own clock"),
    Column("next_at", Instant, nullable=True, comment="when it is gone on with"),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=True, comment="null: it is open"),
    # none_as_null: else None would be kept as the JSON null, which no "is null" finds
    Column(
        "errand",
        sa.JSON(none_as_null=True),
        nullable=True,
        comment="what a person wants; null: a schedule",
    ),
    Column(
        "answer",
        sa.JSON(none_as_null=True),
        nullable=True,
        comment="what there is to say to that person",
    ),
    Column("stopped_by", String(200), nullable=True, comment="who wants it to stop"),
    Column("told_at", Instant, nullable=True, comment="when a worker took up to tell of its end"),
    Index("ix_jobs_open", "company", "schedule", sqlite_where=sa.text("ended_at is null")),
    Index("ix_jobs_untold", "company", sqlite_where=sa.text(UNTOLD)),
)

alerts = Table(
    "alerts",
    metadata,
    Column("company", String(63), primary_key=True, server_default=""),
    Column("key", String(450), primary_key=True, comment="which state, of what; see renkei.alerts"),
    Column("kind", String(20), nullable=False),
    Column("about", String(200), nullable=True, comment="the connectors that it is about"),
    Column("run_id", Serial, nullable=True, comment="where a person looks; it may be gone"),
    Column("count", Integer, nullable=False),
    Column("first_seen", Instant, nullable=False),
    Column("told", sa.Boolean, nullable=False, comment="since it was first seen"),
    Column("told_on", sa.Date, nullable=True, comment="the day in Japan; at most once on each"),
    Column("told_at", Instant, nullable=True),
    Column("gathered_on", sa.Date, nullable=True, comment="the same, with other companies"),
    Column(
        "gathered",
        sa.Boolean,
        nullable=False,
        server_default=sa.false(),
        comment="told with other companies, and not yet that it is over",
    ),
    Column("ended_at", Instant, nullable=True),
)

facts = Table(
    "facts",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
"""What there is once in a store, such as the key with which accounts are told apart."""
