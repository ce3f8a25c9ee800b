"""
Where a database is: the path of a file, or the address of a PostgreSQL database.

An address may hold a password. It is for the driver alone; people are shown :func:`shown`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import URL

SERVER = re.compile(r"postgres(?:ql)?(?:\+psycopg)?://")
"""How the address of a PostgreSQL database begins; many services write it without the “ql”."""

SECRETS = frozenset({"password", "sslpassword"})
"""Parts behind the “?” of an address that nobody may see."""

SHOWN = ("host", "port")
"""Parts behind the “?” that tell where it is."""


def is_server(place: str) -> bool:
    """Tell whether *place* is the address of a PostgreSQL database."""
    return SERVER.match(place) is not None


def parsed(address: str) -> URL | None:
    """Return the parts of *address*, or None if it cannot be one: it names no database."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(SERVER.sub("postgresql+psycopg://", address))
    except (ArgumentError, ValueError):
        return None
    return url if url.database else None


def holds_secret(address: str) -> bool:
    """Tell whether a password stands in *address*, or may stand in it: nobody can read it."""
    url = parsed(address)
    if url is None:
        user, _at, _host = SERVER.sub("", address).rpartition("@")
        return ":" in user
    return url.password is not None or not SECRETS.isdisjoint(url.query)


def shown(place: object) -> str:
    """Return *place* as people are shown it: a path as it is, an address without its secrets."""
    text = str(place)
    if not is_server(text):
        return text
    url = parsed(text)
    if url is None:
        return "postgresql://…"
    told = {name: value for name, value in url.query.items() if name in SHOWN}
    bare = url.set(drivername="postgresql", query=told)._replace(password=None)
    return bare.render_as_string()
