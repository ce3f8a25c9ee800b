"""The way out of a company: through its proxy, trusting its own authority besides others."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from attrs import evolve, field, frozen

from renkei.errors import ConfigurationError
from renkei.http.address import leads_back, split_url
from renkei.words.i18n import _

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|[0-9a-f:.]+")


@frozen(kw_only=True)
class Network:
    """
    How connections reach a system.

    *proxy* is the address of an HTTP proxy, which may hold a password and is shown nowhere; None:
    directly. *ca_file* holds certificates (PEM) of authorities that are trusted beside the public
    ones.
    """

    proxy: str | None = field(default=None, repr=False)
    ca_file: Path | None = None

    def towards(self, url: str) -> Network:
        """Return the way to *url*: no proxy leads back to this computer."""
        return evolve(self, proxy=None) if leads_back(urlsplit(url).hostname or "") else self


def proxy_mistake(address: str) -> str | None:
    """Return what is wrong with the address of a proxy, without repeating it; None if nothing."""
    parts = _split(address)
    if parts is not None and parts.scheme.startswith("socks"):
        return _("SOCKS proxies are not supported. Name an HTTP proxy: http://HOST:PORT.")
    if parts is None or parts.scheme not in {"http", "https"} or _has_more(parts):
        return _(
            "This is not the address of a proxy, such as http://proxy.example.jp:8080. Special"
            " characters of a password are written like %23."
        )
    return None


def holds_password(address: str) -> bool:
    """Tell whether the address of a proxy says who asks."""
    parts = _split(address)
    return parts is not None and "@" in parts.netloc


def check_authorities(path: Path) -> None:
    """Raise ConfigurationError unless certificates can be read from the PEM file at *path*."""
    add_authorities(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), path)


def add_authorities(context: ssl.SSLContext, path: Path) -> None:
    """
    Let *context* trust the authorities in the PEM file at *path* too; raises ConfigurationError.

    Those of companies are often not as strict as RFC 5280 has it, which newer versions of Python
    ask for, and browsers do not.
    """
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise _no_authority(path) from None
    except OSError as problem:
        message = _("{path} cannot be read: {why}. Name a file with certificates (PEM).")
        raise ConfigurationError(
            message.format(path=path, why=problem.strerror), code="ca_file", where=str(path)
        ) from None
    if not context.cert_store_stats()["x509"]:  # nothing but lists of what is revoked
        raise _no_authority(path)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT


def _no_authority(path: Path) -> ConfigurationError:
    message = _("{path} holds no certificate of an authority (PEM). Ask who runs your network.")
    return ConfigurationError(message.format(path=path), code="ca_file", where=str(path))


def _split(address: str) -> SplitResult | None:
    return split_url(address) if re.fullmatch(r"[!-~]+", address) else None


def _has_more(parts: SplitResult) -> bool:
    """Tell whether an address has no host, or more than belongs to a proxy."""
    host = _HOST.fullmatch(parts.hostname or "")
    return not host or parts.path not in {"", "/"} or bool(parts.query or parts.fragment)
