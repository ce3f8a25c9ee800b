"""
The tables of the dashboard's own database.

Every change here needs a migration in ``migrations/versions``; a test compares the two. Secrets are
hashes, names in ``tries`` too; times are seconds since 1970.

In a file, names are the same whatever their case; on a server a query has to say so, and ``called``
of :mod:`renkei_web.users` does.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, Text

metadata = MetaData()

NAME = Text(collation="NOCASE").with_variant(Text(collation="C"), "postgresql")
MOMENT: sa.types.TypeEngine[float] = sa.REAL().with_variant(sa.Double(), "postgresql")
"""A server's own REAL has not digits enough for seconds since 1970."""


def _user(*, primary_key: bool = False) -> Column[int]:
    user = ForeignKey("users.id")
    return Column("user_id", Integer, user, nullable=False, primary_key=primary_key)


users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", NAME, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("password", Text),
    Column("subject", Text, unique=True),
    Column("disabled", Integer, nullable=False, server_default="0"),
    Column("language", Text),
    Column("created_at", MOMENT, nullable=False),
    Column("logged_in_at", MOMENT),
)

rights = Table(
    "rights",
    metadata,
    _user(primary_key=True),
    Column("company", Text, primary_key=True),
    Column("role", Text, nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    Column("secret", Text, primary_key=True),
    _user(),
    Column("expires_at", MOMENT, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("secret", Text, primary_key=True),
    _user(),
    Column("csrf", Text, nullable=False),
    Column("created_at", MOMENT, nullable=False),
    Column("seen_at", MOMENT, nullable=False),
)

tries = Table(
    "tries",
    metadata,
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("at", MOMENT, nullable=False),
)

places = Table(
    "places",
    metadata,
    _user(primary_key=True),
    Column("address", Text, primary_key=True),
)

browsers = Table(
    "browsers",
    metadata,
    Column("secret", Text, primary_key=True),
    _user(primary_key=True),
    Column("at", MOMENT, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("run", Text, primary_key=True),
    Column("pid", Integer, nullable=False),
    Column("started", MOMENT, nullable=False),
    Column("host", Text, nullable=False, server_default=""),
)

drafts = Table(
    "drafts",
    metadata,
    _user(primary_key=True),
    Column("run", Text, primary_key=True),
    Column("company", Text, nullable=False, server_default=""),
    Column("document", Text, nullable=False),
)

second_factors = Table(
    "second_factors",
    metadata,
    _user(primary_key=True),
    Column("secret", Text, nullable=False),
    Column("confirmed_at", MOMENT),
    Column("last_step", Integer),
)
"""A secret makes codes, so it cannot be a hash; it counts once a code has confirmed it."""

recovery_codes = Table(
    "recovery_codes",
    metadata,
    _user(primary_key=True),
    Column("code", Text, primary_key=True),
)

half_log_ins = Table(
    "half_log_ins",
    metadata,
    Column("secret", Text, primary_key=True),
    _user(),
    Column("expires_at", MOMENT, nullable=False),
)
"""People who have given the right password and not yet a code."""
