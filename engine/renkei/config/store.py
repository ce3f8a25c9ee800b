"""Where the store is, and what the dashboard keeps of its own."""

from __future__ import annotations

import os
from pathlib import Path

from renkei.config.checks import is_reference, store_mistake
from renkei.config.main import Main
from renkei.config.secrets import resolve_secret
from renkei.errors import ConfigurationError
from renkei.place import is_server
from renkei.words.i18n import _

DASHBOARD = "renkei-web.db"
"""The file of the dashboard, where the store is a file."""


def store_at(written: str, base: Path) -> str:
    """
    Return where the store is that is *written* so: an absolute path, or an address.

    A reference (``env:``, ``file:``) may lead to an address with its password; ConfigurationError
    if it leads to nothing that can be a store.
    """
    store = written
    if is_reference(written):
        store = _from_environment(written) or resolve_secret(written, base)
        if mistake := store_mistake(store):
            raise ConfigurationError(f"{written}: {mistake}", code="store", where=written)
    return store if "://" in store else str(base / store)


def dashboard_at(main: Main) -> str:
    """Return where the dashboard keeps who may use it: where the store is, or beside its file."""
    return dashboard_of(store_at(main.store, main.path.parent), main.path)


def dashboard_of(store: str, configuration: Path) -> str:
    """Return the same of a *store*; one that only a URL leads to has it beside *configuration*."""
    if is_server(store):
        return store
    beside = configuration if "://" in store else Path(store)
    return str(beside.with_name(DASHBOARD))


def _from_environment(reference: str) -> str | None:
    """Return the store that a variable names, or None for another kind of reference."""
    scheme, _colon, name = reference.partition(":")
    if scheme != "env":
        return None
    if store := os.environ.get(name):
        return store
    message = _(
        "The environment variable {name} is not set. Set it to the file, or the address, of the"
        " store."
    )
    raise ConfigurationError(message.format(name=name), code="store", where=reference)
