"""The one place that talks to the HTTP library: sends a request, hands over the answer as it comes.

Redirects are not followed, proxies, authorities and credentials of the environment are not used,
certificates are always checked, and only ``gzip`` is unpacked, all members of it, a little at a
time: a small answer that unpacks into a huge one is stopped at the cap, not in memory.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from renkei.clock import Clock
from renkei.errors import AnswerError, UnavailableError
from renkei.http.deadline import Deadline, Transport
from renkei.http.decode import CutOff, NotJSON, TooLarge
from renkei.http.departure import Departure
from renkei.http.failure import unreadable
from renkei.http.library import httpx
from renkei.http.network import Network
from renkei.http.request import Request, Timeouts
from renkei.words.i18n import _

_CHUNK = 64 * 1024
_JSON = {"Content-Type": "application/json; charset=utf-8"}
_GZIP = 16 + zlib.MAX_WBITS  # so zlib is told that a gzip header comes first

# These log addresses and, on DEBUG, headers with the token.
for _library in ("httpx", "httpcore"):
    logging.getLogger(_library).setLevel(logging.WARNING)


class Wire:
    """The sockets of one session."""

    def __init__(
        self,
        name: str,
        *,
        clock: Clock,
        timeouts: Timeouts,
        network: Network,
    ) -> None:
        self._name = name
        self._clock = clock
        self._proxied = network.proxy is not None
        self._client = httpx.Client(
            transport=Transport(network),
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                "User-Agent": "renkei",
            },
            timeout=httpx.Timeout(timeouts.read_s, connect=timeouts.connect_s),
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        self._client.close()

    def open(self, request: Request, *, within_s: float) -> Reply:
        """Send *request* and return the answer, its body still to come; close it after use."""
        deadline = Deadline(self._clock, within_s)
        headers = httpx.Headers(_JSON if request.body else {})
        headers.update(request.headers)
        departure = Departure(urlsplit(request.url).hostname or "", proxied=self._proxied)
        with _translated(self._name, departure), deadline.kept():
            built = self._client.build_request(
                request.method,
                request.url,
                content=request.body,
                headers=headers,
                extensions={"trace": departure},
            )
            return Reply(self._name, self._client.send(built, stream=True), deadline)


class Reply:
    """One answer whose body is still on the wire."""

    def __init__(self, name: str, response: httpx.Response, deadline: Deadline) -> None:
        self._name = name
        self._response = response
        self.deadline = deadline
        self.status = response.status_code
        self.headers = {key.lower(): value for key, value in response.headers.items()}

    def close(self) -> None:
        self._response.close()

    def read(self, *, max_bytes: int) -> bytes:
        """Return the whole decoded body."""
        return b"".join(self.chunks(max_bytes=max_bytes))

    def chunks(self, *, max_bytes: int) -> Iterator[bytes]:
        """Yield the decoded body in pieces; raises UnavailableError if it is cut or too slow."""
        received = 0
        for chunk in self._decoded():
            received += len(chunk)
            # Packed bytes count too: a million empty gzip members unpack to nothing at all.
            if max(received, self._response.num_bytes_downloaded) > max_bytes:
                raise unreadable(TooLarge(max_bytes), self._name)
            yield chunk

    def _decoded(self) -> Iterator[bytes]:
        match self.headers.get("content-encoding", "identity").strip().lower():
            case "identity" | "":
                return self._raw()
            case "gzip" | "x-gzip":
                return self._unpacked()
        message = _(
            "{name}: the answer is packed in a way that was not asked for. Is a proxy between?"
        )
        raise AnswerError(message.format(name=self._name), where=self._name)

    def _raw(self) -> Iterator[bytes]:
        pieces = self._response.iter_raw()
        while True:
            with _translated(self._name), self.deadline.kept():
                piece = next(pieces, None)
            if piece is None:
                return
            if self.deadline.left_s() <= 0:
                raise _too_slow(self._name)
            yield piece

    def _unpacked(self) -> Iterator[bytes]:
        """Yield what is packed, one gzip member after the other: together they are the body."""
        unpack = zlib.decompressobj(_GZIP)
        for piece in self._raw():
            packed = piece
            while packed:
                if unpack.eof:
                    unpack = zlib.decompressobj(_GZIP)
                yield self._inflate(unpack, packed)
                # What one chunk had no room for, or else the next member.
                packed = unpack.unconsumed_tail or unpack.unused_data
        if not unpack.eof:
            raise unreadable(CutOff(self._response.num_bytes_downloaded), self._name)

    def _inflate(self, unpack: zlib._Decompress, packed: bytes) -> bytes:
        """Unpack a little, never more than one chunk; what follows a member must be another one."""
        try:
            return unpack.decompress(packed, _CHUNK)
        except zlib.error:
            raise unreadable(NotJSON(self._response.num_bytes_downloaded), self._name) from None


@contextmanager
def _translated(name: str, departure: Departure | None = None) -> Iterator[None]:
    """Turn errors of the library into ours; theirs hold the request, token included."""
    way = departure or Departure()
    try:
        yield
    except httpx.TransportError as error:
        if way.never_left(error):
            raise way.not_reached(name, error) from None
        if isinstance(error, httpx.TimeoutException):
            raise _too_slow(name) from None
        raise _broken_off(name) from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
        raise _broken_off(name) from None


def _broken_off(name: str) -> UnavailableError:
    message = _("{name}: the connection broke off. Check the network, then try again.")
    return UnavailableError(message.format(name=name), code="connection", where=name)


def _too_slow(name: str) -> UnavailableError:
    message = _("{name} did not answer in time. Check the network, then try again later.")
    return UnavailableError(message.format(name=name), code="timeout", where=name)
