"""
What no program can do without that has renkei's libraries, decodes all it reads and keeps a plan.

It reads as `sockets` does and keeps both rows of everybody in a file that outlives a crash. It
compares nothing, checks nothing, asks nobody: whatever renkei does beside this is above its figure.
"""

# ruff: noqa: F401 - importing them is what is measured

from __future__ import annotations

import asyncio
import marshal
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

import attrs
import cattrs
import click
import pluggy
import sqlalchemy
import yaml

from bench.peers.sockets import connected

sys.modules["httpx._main"] = None  # type: ignore[assignment]  # as in renkei.http.library
import httpx  # noqa: E402


def keep(rows: Iterator[Any], path: Path) -> None:
    """Keep a row for each record."""
    with closing(sqlite3.connect(path)) as store:
        store.execute("pragma synchronous = full")
        store.execute("create table plan (position integer primary key, record blob not null)")
        packed = ((marshal.dumps([*row.values()]),) for row in rows)
        store.executemany("insert into plan (record) values (?)", packed)
        store.commit()


async def main(url: str) -> None:
    """Read both lists and keep them."""
    async with connected(url) as (lists, _send):
        with tempfile.TemporaryDirectory() as folder:
            keep(chain.from_iterable(lists), Path(folder, "plan.db"))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
