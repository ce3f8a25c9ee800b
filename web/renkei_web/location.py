"""Where the dashboard keeps what is its own: where the report store is, or beside its file."""

from __future__ import annotations

from pathlib import Path

from renkei.config import Main
from renkei.config.store import store_at
from renkei.place import is_server

DASHBOARD = "renkei-web.db"
"""The file of the dashboard, where the store is a file."""

MOVED = ".moved"
"""What is added to the name of a file whose people are elsewhere now."""


def dashboard_at(main: Main) -> str:
    """Return where its database is: a path or an address. Raises ConfigurationError."""
    return dashboard_of(store_at(main.store, main.path.parent), main.path)


def dashboard_of(store: str, configuration: Path) -> str:
    """Return the same of a *store*; one that only a URL leads to has it beside *configuration*."""
    if is_server(store):
        return store
    beside = configuration if "://" in store else Path(store)
    return str(beside.with_name(DASHBOARD))
