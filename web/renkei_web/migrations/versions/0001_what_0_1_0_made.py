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


def upgrade() -> None:
    """Make them."""
    for table in TABLES.split(";"):
        op.execute(sa.text(table))
