"""
A whole job of invented people, done where real ones are about to be forked from.

Python, cattrs and SQLAlchemy work much out when it is first needed, and keep it: with the first
fetch and sync behind it, a fork needs a third of the time for its own. No company has a part in it,
and no system: two files in a new folder are the systems, and a schema of its own beside the real
one is the store, since only a server's own statements are worked out for a server. All of it is
removed again. What else was tried: docs/decisions/2026-11-30-rehearsal.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from renkei.config.load import load_config
from renkei.database.server import driver_arguments
from renkei.errors import RenkeiError
from renkei.http.deadline import Transport
from renkei.http.network import Network
from renkei.mapping.load import built_in_mappings
from renkei.runs import Runs

SCHEMA = "renkei_rehearsal"
"""The schema of the store that is gone afterwards."""

LOCK = 7236538
"""Of the locks of a server that renkei takes: that of who rehearses."""

PATIENCE_S = 10
"""How long another worker's rehearsal is waited for: no job of this one begins before."""

MAIN = """\
companies: companies/
store: "{store}"
"""
COMPANY = """\
connections:
  old:
    connector: csv
    options: {path: old.csv, columns: {n: {role: number}, f: {role: family_name},
      g: {role: given_name}, h: {role: hired}, m: {role: email}}}
  new:
    connector: csv
    options: {path: new.csv, columns: {n: {role: number}, f: {role: family_name},
      g: {role: given_name}, h: {role: hired}, m: {role: email}}}
mappings:
  - {use: ./both.yaml, sides: {old: old, new: new}}
schedules:
  - name: nightly
    at: "0 1 * * *"
    from: old
    to: new
    sync: {difference: [new, changed]}
"""
MAPPING = """\
sides: {old: csv, new: csv}
fields:
  - {pair: ["@number", "@number"]}
  - {pair: ["@family_name", "@family_name"]}
  - {pair: ["@given_name", "@given_name"]}
  - {pair: ["@hired", "@hired"]}
  - {pair: ["@email", "@email"]}
"""
OLD = """\
n,f,g,h,m
001,山田,太郎,2020-04-01,p001@example.jp
002,鈴木,花子,2021-04-01,p002@example.jp
003,佐藤,健,2022-04-01,p003@example.jp
"""
NEW = """\
n,f,g,h,m
001,山田,太郎,2020-04-01,p001@example.jp
002,田中,花子,2021-04-01,p002@example.jp
"""


def rehearse(store: str) -> None:
    """Do a job as it is done for a company of the store at *store*, an address; all in vain."""
    with TemporaryDirectory(prefix="renkei-rehearsal-") as name, _beside(store) as stage:
        folder = Path(name)
        companies = folder / "companies"
        companies.mkdir()
        (folder / "renkei.yaml").write_text(MAIN.format(store=stage), encoding="utf-8")
        texts = {"nobody.yaml": COMPANY, "both.yaml": MAPPING, "old.csv": OLD, "new.csv": NEW}
        for each, text in texts.items():
            (companies / each).write_text(text, encoding="utf-8")
        config = load_config(folder / "renkei.yaml", "nobody")
        with Runs(config, who="rehearsal") as runs:
            runs.keep_schedule("nightly")
            for mapping in built_in_mappings():
                with suppress(RenkeiError):  # of a connector that is not in order
                    runs.mapping(mapping)
    Transport(Network()).close()  # reads the certificates of all authorities


@contextmanager
def _beside(store: str) -> Iterator[str]:
    """Yield the address of a schema beside the *store* at an address; it is dropped afterwards."""
    import psycopg

    more = "&" if "?" in store else "?"
    with closing(psycopg.connect(**driver_arguments(store), autocommit=True)) as connection:
        patience = f"{round(PATIENCE_S * 1000)}ms"  # a rehearsing process may be frozen
        connection.execute("select set_config('lock_timeout', %s, false)", (patience,))
        connection.execute("select pg_advisory_lock(%s)", (LOCK,))  # until it is closed
        connection.execute("drop schema if exists renkei_rehearsal cascade")
        try:
            yield f"{store}{more}options={quote(f'-csearch_path={SCHEMA}', safe='')}"
        finally:
            connection.execute("drop schema if exists renkei_rehearsal cascade")
