"""The tables of renkei 0.1.0, whose files carry no number yet."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
create table users (
  id integer primary key, name text not null unique collate nocase, role text not null,
  password text, subject text unique, disabled integer not null default 0, language text,
  created_at real not null,
  waiting integer not null as (password is null and subject is null)
);
create table invitations (
  secret text primary key, user_id integer not null references users, expires_at real not null
);
create table sessions (
  secret text primary key, user_id integer not null references users, csrf text not null,
  created_at real not null, seen_at real not null
);
create table tries (name text not null, address text not null, at real not null);
create table places (
  user_id integer not null references users, address text not null, primary key (user_id, address)
);
create table workers (run text primary key, pid integer not null, started real not null);
create table drafts (
  user_id integer not null references users, run text not null, document text not null,
  primary key (user_id, run)
)
"""

ON_A_SERVER = {
    "id integer primary key": "id serial primary key",
    "collate nocase": 'collate "C"',
    " real": " double precision",
    """,
  waiting integer not null as (password is null and subject is null)""": "",
}
"""What is said otherwise on a server, where 0.1.0 has never been."""


def upgrade() -> None:
    """Make them."""
    tables = TABLES
    if op.get_bind().dialect.name == "postgresql":
        for ours, theirs in ON_A_SERVER.items():
            tables = tables.replace(ours, theirs)
    for table in tables.split(";"):
        op.execute(sa.text(table))
