"""A store moves: what a person wrote of both places is checked before anything is copied."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from renkei.config.checks import store_mistake
from renkei.config.store import store_at
from renkei.errors import UsageError
from renkei.logs import log
from renkei.place import holds_secret, is_server
from renkei.store.copying import Copied
from renkei.store.copying import copy_store as move
from renkei.store.schema import seen_beside
from renkei.who import recorded
from renkei.words.i18n import _


def copy_store(
    origin: str,
    goal: str,
    base: Path,
    who: str | None = None,
    along: Callable[[str, str], str | None] | None = None,
) -> Copied:
    """
    Move a store; both are written as in a configuration in the folder *base*, without a password.

    *along*, called with where both are, takes with it what stands beside them, or nothing moves;
    what it returns is left behind.

    Raises as :func:`renkei.store.copying.copy_store`.
    """
    for written in (origin, goal):
        if is_server(written) and holds_secret(written):
            message = _(
                "Keep the password out of the command, which others can see: write env:VARIABLE or"
                " file:PATH, which leads to the whole address."
            )
            raise UsageError(message, code="secret")
        if mistake := store_mistake(written):
            raise UsageError(mistake, code="store")
    place, new = store_at(origin, base), store_at(goal, base)
    seen = seen_beside(place, base / "renkei.yaml")
    also = None if along is None else partial(along, place, new)
    copied = move(place, new, seen, who=recorded(who), along=also)
    log.info("store_copied", count=copied.runs)
    return copied
