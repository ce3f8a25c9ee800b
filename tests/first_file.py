"""How a new file of a schema begins is worked out once in a process, not once for each file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import wraps

from sqlalchemy.engine import Engine

from renkei.database import opening


def share() -> None:
    """Let all files that this process makes from now on begin as the first one of their kind."""
    setattr(opening, "_build", _building(opening._build))  # noqa: B010 - mypy wants its name


Build = Callable[[Engine, opening.Schema], None]


def _building(build: Build) -> Build:
    """Return what makes the first file of a schema as it is made for people, all others by it."""
    known: dict[str, str] = {}

    @wraps(build)
    def built(engine: Engine, schema: opening.Schema) -> None:
        key = repr((sorted(schema.ours), schema.head))
        if key not in known:
            build(engine, schema)
        with closing(sqlite3.connect(str(engine.url.database), uri=True)) as file:
            if key in known:
                file.executescript(known[key])
            else:
                known[key] = "\n".join(file.iterdump())

    return built
