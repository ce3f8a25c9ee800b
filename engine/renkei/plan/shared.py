"""An account that several companies open: refused, unless each of them says whom of it it is for.

Companies of a group may share one contract. With a scope on the side of the account in every pair,
whoever is outside is never listed, a partner or written; without one, two companies would each take
the other's people for their own.
"""

from __future__ import annotations

from collections.abc import Iterable

from renkei.config import load_config
from renkei.config.load import Config
from renkei.errors import RenkeiError
from renkei.plan.pairing import Pairings
from renkei.plan.refusals import same_account
from renkei.store import Store


def refuse_shared(store: Store, pairings: Pairings, connection: str, account: str) -> None:
    """
    Raise ConfigurationError if another company uses the *account* of a connection.

    Accounts are told apart by token and id, never by the address alone. They may be shared where
    all pairs of both name a scope there.
    """
    refuse_all(pairings, connection, store.others_of(account))


def refuse_all(pairings: Pairings, connection: str, others: Iterable[tuple[str, str]]) -> None:
    """Raise the same if *others*, each a company and its connection, open the same account."""
    config = pairings.config
    for company, theirs in others:
        if not (is_scoped(pairings, connection) and _is_scoped_there(config, company, theirs)):
            raise same_account(connection, config.company.name, company)


def is_scoped(pairings: Pairings, connection: str) -> bool:
    """Tell whether every pair with a connection says whom of it the pair is for."""
    said = [
        bool(pairings.config.mappings[pair.index].who.get(side))
        for pair in pairings.every_pair()
        for name, side in zip((pair.source, pair.target), pair.sides, strict=True)
        if name == connection
    ]
    return bool(said) and all(said)


def _is_scoped_there(config: Config, company: str, connection: str) -> bool:
    if config.main.folder is None or not company:
        return False  # runs from before there were companies have no file
    try:
        return is_scoped(Pairings(load_config(config.main.path, company)), connection)
    except RenkeiError:
        return False  # its file cannot tell
