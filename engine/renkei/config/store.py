"""Where the store is."""

from __future__ import annotations

import os
from pathlib import Path

from renkei.config.checks import is_reference, store_mistake
from renkei.config.secrets import resolve_secret
from renkei.errors import ConfigurationError
from renkei.words.i18n import _


def store_at(written: str, base: Path) -> str:
    """
    Return where the store is that is *written* so: an absolute path, or an address.

    A reference (``env:``, ``file:``) may lead to an address with its password; ConfigurationError
    if it leads to nothing that can be a store.
    """
    store = written
    if is_reference(written):
        # A variable is not read by resolve_secret, which would ask for a token.
        store = _from_environment(written) or resolve_secret(written, base)
        if mistake := store_mistake(store):
            raise ConfigurationError(f"{written}: {mistake}", code="store", where=written)
    return store if "://" in store else str(base / store)


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
