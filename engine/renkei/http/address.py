"""Addresses of the web: what can be told of one without asking a name server."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit


def split_url(url: str) -> SplitResult | None:
    """Return the parts of *url*, whose port is a number if it has one; None if it has no parts."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - a port that is no number is noticed only when it is asked for
    except ValueError:
        return None
    return parts


def one_spelling(url: str) -> str:
    """
    Return *url* as it counts where two are compared: one address may be written in several ways.

    They differ in the case of the host, a dot or slash at an end, the port that the scheme has
    anyway, and the name of this computer. What is no address is returned as it is.
    """
    parts = split_url(url.strip())
    if parts is None or not parts.hostname:
        return url
    host = parts.hostname.removesuffix(".")
    host = "localhost" if is_loopback(host) else host
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.scheme}://{host}:{port}{parts.path.rstrip('/')}"


def is_loopback(host: str) -> bool:
    """Return whether *host* is a plain name or address of this computer: a rare spelling is not."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    # Whether ::ffff:127.0.0.1 is a loopback depends on the version of Python.
    return address.is_loopback and not getattr(address, "ipv4_mapped", None)


def is_safe(url: str) -> bool:
    """Return whether *url* is reached through TLS, or is on this computer."""
    parts = split_url(url)
    if parts is None or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))


def leads_back(host: str) -> bool:
    """Return whether *host* is this computer, however it is written."""
    host = host.removesuffix(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified
