"""What is installed, and what each connector says of itself without a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from renkei.errors import RenkeiError
from renkei.http import Connection
from renkei.mapping import Transforms
from renkei.people import FieldSpec
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


def described(connector: str, options: Mapping[str, Any] | None = None) -> Reader:
    """Return what *connector* tells without a network; *options* are those of a connection."""
    return Reader(Connection.offline(connector, options or {}))


def transforms() -> Transforms:
    """Return the built-in transforms and those of the extensions that are installed."""
    made = Transforms()
    finding.load_extensions(made.register)
    return made
