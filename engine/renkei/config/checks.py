"""What the shape of a configuration file cannot say: addresses, references, hours, names.

The checks look at the plain data, whatever its shape, so that their mistakes are told together with
those of the shape. No message repeats what might be a secret.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult

from renkei.clock import day_of
from renkei.config.notify import dashboard_mistake, receiver_mistakes
from renkei.config.notify import is_reference as names_place
from renkei.config.retention import retention_mistakes
from renkei.config.schedules import schedule_mistakes
from renkei.errors import ConfigurationError, Problem
from renkei.http.address import is_loopback, split_url
from renkei.http.network import check_authorities, holds_password, proxy_mistake
from renkei.http.pace import MOST_IN_FLIGHT
from renkei.people import NEEDS
from renkei.place import holds_secret, is_server, parsed
from renkei.safety import ANNOUNCED
from renkei.words.i18n import _
from renkei.yamlfile.source import Document
from renkei.yamlfile.structure import missing_key

Place = tuple[str | int, ...]
Mistake = tuple[Place, str]

DIRECT = "none"
"""What stands in the place of a proxy where there is to be none."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def problems_in(document: Document) -> list[Problem]:
    """Return every mistake with its place."""
    base = Path(document.path).absolute().parent
    return [document.problem(place, message) for place, message in _mistakes(document.data, base)]


def name_mistake(name: str) -> str | None:
    """Return why a connection cannot be called so, or None."""
    if _NAME.fullmatch(name):
        return None
    return _("A connection's name has only letters, digits, “-”, “_” and “.”.")


def path_of(name: str, base: Path) -> Path:
    """Return the file that is called *name* in a configuration in the folder *base*."""
    return base / os.path.expanduser(name)  # noqa: PTH111 - that of pathlib raises


def is_here(url: str) -> bool:
    """Return whether the host of *url* is this computer, without asking a name server."""
    parts = _split(url)
    return parts is not None and is_loopback(parts.hostname or "")


def _mapping(data: object) -> dict[str, Any]:
    """Return *data* if it is a mapping, else an empty one: `structure` reports any other kind."""
    return data if isinstance(data, dict) else {}


def _list(data: object) -> list[Any]:
    """Return *data* if it is a list, else an empty one."""
    return data if isinstance(data, list) else []


def _at(place: Place, messages: Iterable[str]) -> Iterator[Mistake]:
    """Yield all *messages* as mistakes at one place."""
    for message in messages:
        yield place, message


def _mistakes(data: Any, base: Path) -> Iterator[Mistake]:  # noqa: ANN401 - plain data of any shape
    if not isinstance(data, dict):
        return
    connections = _mapping(data.get("connections"))
    names = list(connections)
    for name, each in connections.items():
        place = ("connections", name)
        if mistake := name_mistake(name):
            yield place, mistake
        if isinstance(each, dict):
            yield from _connection(place, each)
            yield from _way_out(place, each, base)
    if data.get("connections") == {} and not _grows(data.get("settings")):
        yield ("connections",), _("There is no connection. Add at least one.")
    yield from _sides(data.get("mappings"), names)
    yield from _store(data.get("store"))
    yield from _settings(data.get("settings"), base)
    yield from retention_mistakes(data.get("retention"))
    yield from _notify(data.get("notify"), base)
    yield from schedule_mistakes(data.get("schedules"), names)


def _grows(settings: object) -> bool:
    """Return whether the connections are still to come: they are entered in a browser."""
    return isinstance(settings, dict) and settings.get("setup") == "web"


def _connection(place: Place, data: dict[str, object]) -> Iterator[Mistake]:
    url, token = data.get("base_url"), data.get("token")
    yield from _needed(place, data)
    yield from _missing((*place, "options"), data.get("options", {}))
    if isinstance(url, str):
        yield from _at((*place, "base_url"), _address(url))
    if isinstance(token, str):
        yield from _at((*place, "token"), _reference(token))
    grant = _mapping(token).get("oauth2")
    if isinstance(grant, dict):
        yield from _grant((*place, "token", "oauth2"), grant)
    here = "base_url" not in data or (isinstance(url, str) and is_here(url))
    yield from _overrides(place, data, loopback=here)
    for kind, limit in _mapping(data.get("safety")).items():
        yield from _positive((*place, "safety", kind), limit, ("people", "percent"), least=0)
    expected = data.get("expected")
    if isinstance(expected, dict):
        yield from _expected((*place, "expected"), expected)


def _needed(place: Place, data: dict[str, object]) -> Iterator[Mistake]:
    """An address and a token are asked for where the connector needs them."""
    connector = data.get("connector")
    missing = [key for key in NEEDS if key not in data]
    if missing and isinstance(connector, str):
        # Only if need be, as it imports the connector and all that it consists of.
        from renkei.plugins.offline import needs_of

        needs = needs_of(connector)
        needed = [key for key in missing if key in needs]
        yield from _at(place, map(missing_key, needed))


def _missing(place: Place, data: object) -> Iterator[Mistake]:
    """Nothing within the options of a connection is left empty."""
    entries: list[tuple[str | int, object]] = [*_mapping(data).items(), *enumerate(_list(data))]
    for key, each in entries:
        if each is None:
            yield (*place, key), _("a value is missing")
        yield from _missing((*place, key), each)


def _expected(place: Place, data: dict[str, object]) -> Iterator[Mistake]:
    yield from _positive(place, data, ANNOUNCED)
    if not data.keys() & set(ANNOUNCED):
        kinds = _(", ").join(ANNOUNCED)
        yield place, _("Say how many are expected, of one of these: {kinds}.").format(kinds=kinds)
    first, last = _day(data.get("from")), _day(data.get("to"))
    if first and last and last < first:
        text = _("The last day is before the first one, {first}.").format(first=first)
        yield (*place, "to"), text
    why = data.get("why")
    if isinstance(why, str) and why and not why.strip():  # `structure` reports an empty text
        yield (*place, "why"), _("Say why: it stands in the report.")


def _day(text: object) -> dt.date | None:
    return day_of(text) if isinstance(text, str) else None


def _address(url: str) -> Iterator[str]:
    parts = _split(url)
    if parts is None or not parts.hostname or parts.scheme not in {"http", "https"}:
        yield _("This is not the address of an API, such as https://example.smarthr.jp/api.")
    elif parts.username is not None or parts.password is not None:
        yield _("An address holds no user name and no password.")
    elif parts.query or parts.fragment:
        yield _("An address has nothing after its path.")
    elif parts.scheme == "http" and not is_here(url):
        yield _("Use https: plain http is accepted only for this computer.")


def _split(url: str) -> SplitResult | None:
    return None if re.search(r"[\s\\\x00-\x1f]|\][^:/]", url) else split_url(url)


def _grant(place: Place, data: dict[str, object]) -> Iterator[Mistake]:
    url, key = data.get("url"), data.get("key")
    if isinstance(url, str):
        yield from _at((*place, "url"), _address(url))
    for name in ("client", "secret", "refresh", "key"):
        reference = data.get(name)
        if isinstance(reference, str):
            yield from _at((*place, name), _reference(reference))
    if isinstance(key, str) and key.startswith("cmd:"):
        yield (*place, "key"), _("A key is kept in a variable or a file: env:VARIABLE, file:PATH.")
    if "refresh" in data and "key" not in data:
        text = _(
            "The refresh tokens that follow are kept in the store, encrypted: add key:"
            " env:VARIABLE or key: file:PATH, with 32 random bytes in Base64."
        )
        yield (*place, "refresh"), text
    if "key" in data and "refresh" not in data:
        yield (*place, "key"), _("A key is only for refresh:, and there is none. Remove it.")


def _reference(token: str) -> Iterator[str]:
    scheme, colon, rest = token.partition(":")
    if not colon or scheme not in {"env", "file", "cmd"}:
        yield _(
            "Write where to find the token, not the token itself: env:VARIABLE, file:PATH or"
            " cmd:COMMAND. If a real token stood here, replace it by a new one."
        )
    elif not rest.strip() or (scheme == "cmd" and not _words(rest)):
        yield _("Nothing that can be used follows {scheme}:").format(scheme=scheme)
    elif scheme == "env" and not _VARIABLE.fullmatch(rest):
        yield _("The name of an environment variable follows env:, not a token.")


def _way_out(place: Place, data: dict[str, object], base: Path) -> Iterator[Mistake]:
    proxy, ca_file = data.get("proxy"), data.get("ca_file")
    if isinstance(proxy, str):
        yield from _at((*place, "proxy"), _proxy(proxy))
    if isinstance(ca_file, str):
        try:
            check_authorities(path_of(ca_file, base))
        except ConfigurationError as mistake:
            yield (*place, "ca_file"), mistake.message


def _proxy(proxy: str) -> Iterator[str]:
    if proxy == DIRECT:
        return
    if proxy.startswith("env:"):
        if not _VARIABLE.fullmatch(proxy.removeprefix("env:")):
            yield _("The name of an environment variable follows env:.")
    elif holds_password(proxy):
        yield _("Keep a user name and a password out of this file: write env:VARIABLE here.")
    elif mistake := proxy_mistake(proxy):
        yield mistake


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return []


def _overrides(place: Place, data: dict[str, object], *, loopback: bool) -> Iterator[Mistake]:
    # Nobody turns off the closed hours or limits of a real system: they are its vendor's.
    for key in ("closed_hours", "limits"):
        if data.get(key) is not None and not loopback:
            text = _("{key} can be set only for a connection on this computer. Remove it.")
            yield (*place, key), text.format(key=key)
    for index, each in enumerate(_list(data.get("limits"))):
        yield from _positive((*place, "limits", index), each, ("count", "seconds"))
    yield from _positive(place, data, ("in_flight",), most=MOST_IN_FLIGHT)


def _notify(notify: object, base: Path) -> Iterator[Mistake]:
    if not isinstance(notify, dict):
        return
    place: Place = ("notify",)
    yield from _way_out(place, notify, base)
    dashboard, heartbeat = notify.get("dashboard"), notify.get("heartbeat")
    if isinstance(dashboard, str) and (mistake := dashboard_mistake(dashboard)):
        yield (*place, "dashboard"), mistake
    if isinstance(heartbeat, str):
        yield from _at((*place, "heartbeat"), _reference(heartbeat))
    for index, each in enumerate(_list(notify.get("to"))):
        if isinstance(each, dict):
            yield from _receiver((*place, "to", index), each)


def _receiver(place: Place, data: dict[str, object]) -> Iterator[Mistake]:
    url, secret = data.get("url"), data.get("secret")
    yield from receiver_mistakes(place, data)
    if isinstance(url, str) and names_place(url):
        yield from _at((*place, "url"), _reference(url))
    if isinstance(secret, str):
        yield from _at((*place, "secret"), _reference(secret))


def _positive(
    place: Place, data: object, keys: tuple[str, ...], least: int = 1, most: int | None = None
) -> Iterator[Mistake]:
    for key in keys:
        value = _mapping(data).get(key)
        if not (isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,18}", value)):
            continue  # `structure` reports what is no number
        if int(value) < least:
            yield (*place, key), _("Write a number of {least} or more.").format(least=least)
        elif most is not None and int(value) > most:
            yield (*place, key), _("Write a number of {most} or less.").format(most=most)


def _sides(mappings: object, names: list[str]) -> Iterator[Mistake]:
    for index, use in enumerate(_list(mappings)):
        sides = _mapping(_mapping(use).get("sides"))
        for alias, connection in sides.items():
            if isinstance(connection, str) and connection not in names:
                text = _("There is no connection {name}. Configured: {names}.")
                named = text.format(name=connection, names=_(", ").join(map(str, names)))
                yield ("mappings", index, "sides", alias), named


def _store(store: object) -> Iterator[Mistake]:
    if not isinstance(store, str):
        return
    if is_reference(store):
        yield from _at(("store",), _reference(store))
    elif is_server(store) and holds_secret(store):
        yield (
            ("store",),
            _(
                "Keep the password out of this file: write env:VARIABLE or file:PATH here, which"
                " leads to the whole address, or keep the password in ~/.pgpass. If a real one"
                " stood here, replace it by a new one."
            ),
        )
    elif mistake := store_mistake(store):
        yield ("store",), mistake


def is_reference(store: str) -> bool:
    """Return whether *store* says where the place of the store is written."""
    return store.startswith(("env:", "file:"))


def store_mistake(store: str) -> str | None:
    """Return what is wrong with *store*, a file or an address, or None; no message repeats it."""
    if not store.strip():
        return _("Name a file.")
    if is_server(store):
        if parsed(store) is not None:
            return None
        return _(
            "This is not the address of a database, such as"
            " postgresql://renkei@db.example.jp/renkei."
        )
    if "://" in store and not re.match(r"sqlite(\+pysqlite)?:///.", store):
        return _(
            "Reports are kept in a SQLite file on this computer, or in a PostgreSQL database; no"
            " other one is supported. Name a file, such as renkei.db, or an address, such as"
            " postgresql://renkei@db.example.jp/renkei."
        )
    return None


def _settings(settings: object, base: Path) -> Iterator[Mistake]:
    if isinstance(settings, dict):
        yield from _way_out(("settings",), settings, base)
        token = _mapping(settings.get("metrics")).get("token")
        if isinstance(token, str):
            place = ("settings", "metrics", "token")
            yield from _at(place, _reference(token))
            if token.startswith("cmd:"):  # it is read each time that somebody asks
                yield place, _("It is kept in a variable or a file: env:VARIABLE, file:PATH.")
    keys = ("max_plan_age_hours", "longest_request_seconds")
    yield from _positive(("settings",), settings, keys)
    yield from _positive(("settings",), settings, ("settle_wait_seconds",), least=0)
