"""An account that several companies open: refused, unless each of them says whom of it it is for.

Companies of a group may share one contract. With a scope on the side of the account in every pair,
somebody outside is never listed, a partner or written; without one, two companies would each take
the other's people for their own. What another company says is read from its file at that moment.
"""

from __future__ import annotations

from renkei.config.load import load_config
from renkei.config.records import ConnectionConfig
from renkei.errors import RenkeiError
from renkei.http.address import one_spelling
from renkei.model import KnownAccount
from renkei.plan.pairings import Pairings
from renkei.plan.refusals import same_account
from renkei.store.companies import told_to_others
from renkei.store.store import Store


def refuse_shared(store: Store, pairings: Pairings, connection: str, account: str) -> None:
    """
    Raise ConfigurationError if another company uses the *account* of a connection.

    Accounts are told apart by token and id, never by the address alone. They may be shared where
    all pairs of both name a scope there.
    """
    for company, theirs in store.others_of(account):
        _refuse_without_scope(pairings, connection, company, theirs)


def refuse_told(store: Store, pairings: Pairings, account: KnownAccount) -> None:
    """
    Raise the same if another company opens an *account* with a token of its own.

    An id tells that within one system: the same connector at the same address.
    """
    ours = pairings.config.connection(account.connection)
    for company, name in told_to_others(store, account.customer.ids):
        other = _of_another(pairings, company)
        theirs = other.config.connections.get(name) if other else ours  # a lost file cannot tell
        if theirs and _system(theirs) == _system(ours):
            _refuse_without_scope(pairings, account.connection, company, name)


def _system(connection: ConnectionConfig) -> tuple[str, str]:
    """Return what gives ids of its own to accounts, however its address is written."""
    return connection.connector, one_spelling(connection.base_url)


def _refuse_without_scope(pairings: Pairings, connection: str, company: str, theirs: str) -> None:
    """Raise unless all pairs with *connection*, and all with *theirs* of a *company*, have one."""
    # the two scopes are not compared: patterns and values of different fields cannot be told apart
    other = _of_another(pairings, company)
    if not (other and is_scoped(pairings, connection) and is_scoped(other, theirs)):
        raise same_account(connection, pairings.config.company.name, company)


def is_scoped(pairings: Pairings, connection: str) -> bool:
    """Tell whether every pair with a connection says whom of it it is for; no, if one is wrong."""
    try:
        pairs = pairings.every_pair()
    except RenkeiError:
        return False
    said: list[bool] = []
    for pair in pairs:
        who = pairings.config.mappings[pair.index].who
        ends = zip((pair.source, pair.target), pair.sides, strict=True)
        said += [bool(who.get(side)) for name, side in ends if name == connection]
    return bool(said) and all(said)


def _of_another(pairings: Pairings, company: str) -> Pairings | None:
    """Return what another company pairs; None: it has no file, or one that cannot be read."""
    main = pairings.config.main
    if main.folder is None or not company:
        return None  # runs from before there were companies
    try:
        return Pairings(load_config(main.path, company))
    except RenkeiError:
        return None
