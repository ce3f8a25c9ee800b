"""What is installed, and what each connector says of itself without a network."""

from __future__ import annotations

from attrs import frozen

from renkei.errors import RenkeiError
from renkei.http.connection import Connection
from renkei.mapping.check import Beyond
from renkei.mapping.transforms import Transforms
from renkei.people import NEEDS, FieldSpec, Need
from renkei.plugins import finding
from renkei.plugins.facade import Reader


@frozen
class Installed:
    """One connector as found; *problem* tells why it cannot be used."""

    name: str
    version: str
    problem: str | None = None


def installed() -> list[Installed]:
    """Return every connector that is installed, usable or not."""
    all_of_them = []
    for entry in finding.found(finding.CONNECTORS):
        try:
            offline_fields(entry.name)
            problem = None
        except RenkeiError as error:
            problem = error.message
        version = entry.dist.version if entry.dist else ""
        all_of_them.append(Installed(entry.name, version, problem))
    return all_of_them


def offline_fields(connector: str) -> tuple[FieldSpec, ...]:
    """Return the fields of *connector*, without a network and without a configured connection."""
    return described(connector).fields


def described(connector: str) -> Reader:
    """Return what *connector* tells by itself, without a network."""
    return Reader(Connection.offline(connector, by_itself=True))


def beyond(connector: str) -> Beyond:
    """Return what *connector* cannot tell by itself."""
    return beyond_of(described(connector), connector)


def beyond_of(reader: Reader, name: str) -> Beyond:
    """Return what is known of the fields of connection *name* that *reader* does not tell."""
    own = reader.connection.own_fields
    asks = reader.can_discover and own.at is None and not reader.connection.by_itself
    return Beyond(gone=own.gone, more=reader.has_more_fields, ask=name if asks else None)


def needs_of(connector: str) -> frozenset[Need]:
    """Return what a connection of *connector* has to say; everything if it cannot be used."""
    try:
        return described(connector).needs
    except RenkeiError:
        return frozenset(NEEDS)


def transforms() -> Transforms:
    """Return the built-in transforms and those of the extensions that are installed."""
    made = Transforms()
    finding.load_extensions(made.register)
    return made
