"""What SQL a statement becomes is worked out once in a process, not once for each database.

So is how a new file begins.

Every command opens a store, and every fork of a warm process opens its first one: an eighth of
their time was spent on the same statements. SQLAlchemy keeps them by database; they differ by the
kind of database only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import wraps
from typing import Any, TypeVar

from sqlalchemy.engine import Engine

from renkei.database import opening, server

T = TypeVar("T")


class Compiled(dict[Any, Any]):
    """What SQLAlchemy has compiled, by kind of database and statement."""

    def get(self, key: Any, default: Any = None) -> Any:
        """Return what was kept, if anything."""
        return super().get(_same_for_all(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_same_for_all(key), value)


def _same_for_all(key: Any) -> Any:
    dialect, *statement = key
    return type(dialect), *statement


def share() -> None:
    """Let all databases that this process opens from now on share what is compiled."""
    shared = Compiled()

    def sharing(open_one: Callable[[T], Engine]) -> Callable[[T], Engine]:
        @wraps(open_one)
        def opened(place: T) -> Engine:
            engine = open_one(place)
            engine.update_execution_options(compiled_cache=shared)
            return engine

        return opened

    setattr(opening, "_sqlite", sharing(opening._sqlite))  # noqa: B010 - mypy wants their names
    setattr(opening, "_build", _building(opening._build))  # noqa: B010
    setattr(server, "_engine", sharing(server._engine))  # noqa: B010


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
