"""What SQL a statement becomes is worked out once in a process, not once for each database.

Every command opens a store, and every fork of a warm process opens its first one: an eighth of
their time was spent on the same statements. SQLAlchemy keeps them by database; they differ by the
kind of database only.
"""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Engine

from renkei.database import opening


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
    opened, shared = opening._sqlite, Compiled()

    @wraps(opened)
    def sharing(path: Path) -> Engine:
        engine = opened(path)
        engine.update_execution_options(compiled_cache=shared)
        return engine

    opening._sqlite = sharing
