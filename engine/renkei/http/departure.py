"""How far a request has come, and what kept it from leaving: the way, the proxy, the certificate.

What has not left was certainly not carried out. The kind of error does not tell: a proxy that falls
silent before it has opened the way looks like a system that falls silent over a request.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from renkei.errors import UnavailableError
from renkei.http.library import httpx
from renkei.words.i18n import _

E = TypeVar("E", bound=BaseException)

ASKS_WHO = 407  # the status of a proxy that wants a log-in
UNKNOWN_AUTHORITY = (2, 18, 19, 20, 21)  # of OpenSSL: no issuer, or one that signs for itself
WRONG_TIME = (9, 10)  # not valid yet, expired
WRONG_NAME = (62, 64)  # of a host, of an address

NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class Departure:
    """
    Follows one request to *host*; the HTTP library calls it with every step (``trace``).

    *place* is what it is on its way to. Nothing heard counts as left: a line that is open already
    takes no step before the request.
    """

    def __init__(self, host: str = "", *, proxied: bool = False) -> None:
        self._host = host
        self._proxied = proxied
        self.place: Literal["proxy", "system", "left"] = "left"

    def __call__(self, step: str, about: Mapping[str, Any]) -> None:
        """Take note of one step."""
        match step:
            case "connection.connect_tcp.started":
                self.place = "proxy" if self._proxied else "system"
            case "proxy.start_tls.started":  # the proxy has opened the way
                self.place = "system"
            case "http11.send_request_headers.started" if about["request"].method != b"CONNECT":
                self.place = "left"

    def never_left(self, error: BaseException) -> bool:
        """Tell whether the request that ended with *error* certainly did nothing."""
        return self.place != "left" or isinstance(error, NEVER_LEFT)

    def not_reached(self, name: str, error: BaseException) -> UnavailableError:
        """Return what is told of a request that ended with *error* on its way."""
        code, sentence = _of_proxy(error) if self.place == "proxy" else _of_system(error)
        return UnavailableError(
            sentence.format(name=name, host=self._host),
            code=code,
            where=name,
            again=code in SOON_OVER,
            nothing_done=True,
            for_all=True,
        )


SOON_OVER = ("unknown_host", "port_refused", "unreachable", "proxy_unreachable", "proxy_failed")
"""What may be over soon; the others stay until a person has changed something."""


def _of_system(error: BaseException) -> tuple[str, str]:
    """Return code and sentence for what happened between here, or the proxy, and the system."""
    if (refused := _cause(error, ssl.SSLCertVerificationError)) is not None:
        return _of_certificate(refused.verify_code)
    if _cause(error, socket.gaierror, UnicodeError) is not None:
        return "unknown_host", _(
            "{name}: no address is known for the host {host}. Check how it is written in base_url,"
            " and this computer's network and name servers (DNS); then try again."
        )
    if _cause(error, ConnectionRefusedError) is not None:
        return "port_refused", _(
            "{name}: the host {host} refuses the connection. Check the port in base_url, and"
            " whether the system runs and your network lets requests through; then try again."
        )
    return "unreachable", _(
        "{name} cannot be reached. Check base_url and the network, then try again."
    )


def _of_certificate(reason: int) -> tuple[str, str]:
    if reason in UNKNOWN_AUTHORITY:
        return "certificate_authority", _(
            "{name}: the certificate of the system is of an authority that is not known here. If"
            " your company's network opens TLS connections, name the company's certificate with"
            " ca_file; if not, check base_url and ask who runs your network."
        )
    if reason in WRONG_TIME:
        return "certificate_expired", _(
            "{name}: the certificate of the system has expired, or is not valid yet. Check the"
            " clock of this computer; if it is right, tell who runs the system."
        )
    if reason in WRONG_NAME:
        return "certificate_name", _(
            "{name}: the certificate of the system is for another host than {host}. Check base_url"
            " and ask who runs your network."
        )
    return "certificate", _(
        "{name}: the certificate of the system is not accepted. Check base_url and ask who runs"
        " your network."
    )


def _of_proxy(error: BaseException) -> tuple[str, str]:
    """Return code and sentence for a way that the proxy did not open; it is not named."""
    if isinstance(error, httpx.ProxyError):  # the library has the status in its words alone
        return _of_refusal(int(str(error).split()[0]))
    if _cause(error, ssl.SSLCertVerificationError) is not None:
        return "proxy_certificate", _(
            "{name}: the certificate of the proxy is not accepted. Name the certificate of its"
            " authority with ca_file, or ask who runs your network."
        )
    if isinstance(error, httpx.RemoteProtocolError | httpx.LocalProtocolError):
        return "proxy_failed", _(
            "{name}: no proxy answers at the address of the proxy, or it is in trouble. Check proxy"
            " in the configuration, then try again."
        )
    return "proxy_unreachable", _(
        "{name}: the proxy cannot be reached. Check proxy in the configuration and the network,"
        " then try again."
    )


def _of_refusal(status: int) -> tuple[str, str]:
    if status == ASKS_WHO:
        return "proxy_password", _(
            "{name}: the proxy asks for a user name and a password, or does not take those it was"
            " given. Put them into the address of the proxy, http://USER:PASSWORD@HOST:PORT, in"
            " the environment variable that proxy names."
        )
    if status >= 500:
        return "proxy_failed", _(
            "{name}: the proxy finds no way to the host {host}. Check base_url; if it is right,"
            " try again later or ask who runs the proxy."
        )
    return "proxy_refused", _(
        "{name}: the proxy does not let requests through to the host {host}. Check base_url, then"
        " ask who runs the proxy to allow it."
    )


def _cause(error: BaseException | None, *kinds: type[E]) -> E | None:
    """Return the error of one of *kinds* that is behind *error*; None if there is none."""
    for _layer in range(10):  # a chain of causes may be a circle
        if isinstance(error, kinds):
            return error
        error = error and (error.__cause__ or error.__context__)
    return None
