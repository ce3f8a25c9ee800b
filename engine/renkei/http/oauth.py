"""Access tokens by OAuth 2.0 (RFC 6749): asked for when they are needed, and again when they end.

A connector gets a word that stands in for the token, and each request carries what is valid at that
moment in its place: so every connector that puts its token into a header works with either kind.
"""

from __future__ import annotations

import base64
import re
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, urlencode, urlsplit

from attrs import field, frozen

from renkei.errors import AccessError, AnswerError, SystemFault, UnavailableError
from renkei.http import trace
from renkei.http.decode import JSON, NotJSON, parse
from renkei.http.failure import announced_s
from renkei.http.request import Request, Timeouts
from renkei.http.secret import Secret, forms_of, is_sendable
from renkei.text import is_storable
from renkei.words.i18n import N_, _

if TYPE_CHECKING:
    from renkei.http.connection import Connection
    from renkei.http.wire import Reply

TIMEOUTS = Timeouts(read_s=20.0, call_s=20.0)
"""A token comes at once or not at all."""

EARLY_S = 60.0
"""An access token is replaced this long before it ends, or at half of its life if that is later."""

_FOR_EVER_S = 1e9  # more than 30 years
_MAX_BYTES = 64 * 1024
_CODE = re.compile(r"[a-z_]{1,40}")
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_MEANT = {
    "invalid_client": N_("the client or its secret is wrong"),
    "unauthorized_client": N_("this client may not use this kind of grant"),
    "invalid_grant": N_("the refresh token is no longer valid; log in again and enter the new one"),
    "invalid_scope": N_("the scope is wrong, or not allowed for this client"),
}


@frozen(kw_only=True)
class Grant:
    """
    How access tokens are had: *url* is the token endpoint, *client* the name of this program there.

    With *refresh*, a refresh token of somebody who has logged in; else as the client itself.
    """

    url: str
    client: str = field(repr=False)
    secret: Secret
    scope: str = ""
    refresh: Secret | None = None


@frozen(kw_only=True)
class Tokens:
    """
    What the last answer of a token endpoint gave: the *access* token and the next *refresh* token.

    *ends_at* is the real time at which *access* ends, in seconds since 1970.
    """

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    ends_at: float


class Slot(Protocol):
    """Where the tokens of one grant are kept, while nobody else may look."""

    def read(self) -> Tokens | None:
        """Return what was written last; None: nothing yet."""

    def write(self, tokens: Tokens) -> None:
        """Keep *tokens*; they are durable when this returns."""


Turns = AbstractContextManager[Slot]
"""Waits until nobody else is inside, in whichever process."""


class AccessToken(Secret):
    """
    The token of a connection that comes from a *grant*; one instance serves all threads.

    A refresh token may be of use only once, so what comes after it is kept by *vault*, which a
    grant with one needs. :meth:`access` raises AccessError or UnavailableError; nothing has been
    sent to the system then.
    """

    def __init__(self, grant: Grant, vault: Turns | None = None) -> None:
        super().__init__(f"renkei-stand-in-{secrets.token_urlsafe(24)}")
        self._grant = grant
        self._vault = vault
        self._lock = threading.Lock()
        self._now: Tokens | None = None
        self._refused = ""
        self._in_header = True
        self._hidden: frozenset[str] = frozenset()
        secret = grant.secret.reveal()
        refresh = grant.refresh.reveal() if grant.refresh else ""
        self._basic = f"{_quoted(grant.client)}:{_quoted(secret)}"
        self._hide(self.reveal(), f"{grant.client}:{secret}", self._basic, secret, refresh)

    def hidden_in(self, text: str) -> str:
        """Return *text* without any secret of the grant, or any token that came of it."""
        return self._forms.sub(repr(self), text)

    @property
    def account(self) -> str:
        """The client at its endpoint, and who has logged in there: no access token."""
        grant = self._grant
        # The first one, as the file has it: those that follow it change from day to day.
        refresh = grant.refresh.reveal() if grant.refresh else ""
        return f"{grant.url}\n{grant.client}\n{refresh}"

    def access(self, connection: Connection) -> str:
        """Return an access token that is valid as far as is known; ask for one if there is none."""
        with self._lock:
            if self._now is None or self._runs_out(self._now, connection):
                self._now = self._renewed(connection)
            return self._now.access

    def give_up(self, access: str) -> None:
        """Take note that the system did not accept *access*: the next request gets another one."""
        with self._lock:
            self._refused = access
            if self._now is not None and self._now.access == access:
                self._now = None

    def is_given_up(self, access: str) -> bool:
        """Tell whether *access* has not been accepted."""
        return bool(access) and access == self._refused

    @staticmethod
    def _runs_out(tokens: Tokens, connection: Connection) -> bool:
        return connection.clock.real_now().timestamp() >= tokens.ends_at

    def _renewed(self, connection: Connection) -> Tokens:
        if self._vault is None:
            said = self._asked(connection, {"grant_type": "client_credentials"})
            return self._usable(connection, said, self._tokens(connection, said, ""))
        with self._vault as slot:
            kept = slot.read()
            if kept is not None:
                self._hide(kept.access, kept.refresh)
                if kept.access != self._refused and not self._runs_out(kept, connection):
                    return kept  # another process was faster
            assert self._grant.refresh is not None  # noqa: S101 - see the class
            refresh = kept.refresh if kept else self._grant.refresh.reveal()
            said = self._asked(
                connection, {"grant_type": "refresh_token", "refresh_token": refresh}
            )
            tokens = self._tokens(connection, said, refresh)
            slot.write(tokens)  # whatever else is wrong: the one before may be of no use any more
            return self._usable(connection, said, tokens)

    def _asked(self, connection: Connection, form: Mapping[str, str]) -> Mapping[str, JSON]:
        """
        Ask with the client's secret in the header, or in the form where that is not taken.

        Return what a good answer says; raises AccessError, UnavailableError.
        """
        scope = {"scope": self._grant.scope} if self._grant.scope else {}
        said, status = self._post(connection, {**form, **scope})
        if status >= 400 and said.get("error") == "invalid_client":
            self._in_header = not self._in_header
            said, status = self._post(connection, {**form, **scope})
        if status >= 400:
            raise self._refusal(connection, said)
        return said

    def _post(
        self, connection: Connection, form: Mapping[str, str]
    ) -> tuple[Mapping[str, JSON], int]:
        """Send one request to the token endpoint; return the object that it answers."""
        from renkei.http.wire import Wire  # the HTTP library takes 0.1 s to import

        client, secret = self._grant.client, self._grant.secret.reveal()
        headers = dict(_FORM)
        if self._in_header:
            basic = base64.b64encode(self._basic.encode()).decode()
            headers["Authorization"] = f"Basic {basic}"
        else:
            form = {**form, "client_id": client, "client_secret": secret}
        wire = Wire(
            connection.name,
            clock=connection.clock,
            timeouts=TIMEOUTS,
            network=connection.network.towards(self._grant.url),
        )
        body = urlencode(form).encode()
        request = Request(method="POST", url=self._grant.url, body=body, headers=headers)
        with self._named(connection), closing(wire):
            with trace.noted(connection, request) as noted:
                reply = wire.open(request, within_s=TIMEOUTS.call_s)
                noted.status = reply.status
            return self._understood(connection, reply), reply.status

    def _understood(self, connection: Connection, reply: Reply) -> Mapping[str, JSON]:
        if 300 <= reply.status < 400:
            raise AnswerError("", code="redirect")
        raw = reply.read(max_bytes=_MAX_BYTES)
        if reply.status in (408, 425, 429) or reply.status >= 500:
            wait_s = announced_s(reply.headers, (), connection.clock.real_now())
            raise UnavailableError("", code=f"HTTP {reply.status}", retry_after_s=wait_s)
        try:
            said = parse(raw, max_bytes=len(raw))
        except NotJSON:
            said = None
        if isinstance(said, dict):
            return said
        if reply.status == 401:  # without the JSON of RFC 6749, as some endpoints refuse a client
            return {"error": "invalid_client"}
        raise AnswerError("")

    @staticmethod
    def _tokens(connection: Connection, said: Mapping[str, JSON], refresh: str) -> Tokens:
        """
        Return what a good answer gives; a *refresh* token that it does not replace stays.

        Without an access token that can be used, that is empty, and at its end.
        """
        following = said.get("refresh_token")
        if isinstance(following, str) and following and is_storable(following):
            refresh = following
        access = said.get("access_token")
        if not (isinstance(access, str) and is_sendable(access) and _is_bearer(said)):
            return Tokens(access="", refresh=refresh, ends_at=0.0)
        now = connection.clock.real_now().timestamp()
        life_s = _seconds(said.get("expires_in"))
        ends_at = now + life_s - min(EARLY_S, life_s / 2)
        return Tokens(access=access, refresh=refresh, ends_at=ends_at)

    def _usable(self, connection: Connection, said: Mapping[str, JSON], tokens: Tokens) -> Tokens:
        """Return *tokens*, which are hidden from now on; AccessError if they give no access."""
        self._hide(tokens.access, tokens.refresh)
        if tokens.access:
            return tokens
        if _is_bearer(said):
            raise self._no_token(connection, _("its answer holds none"))
        raise self._no_token(connection, _("it gives no bearer token"))

    def _refusal(self, connection: Connection, said: Mapping[str, JSON]) -> AccessError:
        code = said.get("error")
        if not (isinstance(code, str) and _CODE.fullmatch(code)):
            code = "?"  # no code of the standard, so it may hold anything: it is not shown
        why = _(_MEANT[code]) if code in _MEANT else code
        error = self._no_token(connection, why)
        words = said.get("error_description")
        if isinstance(words, str):
            error.detail = self.hidden_in(words)[:2000]
        return error

    def _no_token(self, connection: Connection, why: str) -> AccessError:
        message = _(
            "{name}: {host} gave no access token: {why}. Check oauth2 in the configuration, then"
            " try again."
        )
        said = message.format(name=connection.name, host=self._host, why=why)
        return AccessError(said, where=connection.name)

    @contextmanager
    def _named(self, connection: Connection) -> Iterator[None]:
        """Let every fault say that it is about the token, of a request that has not been sent."""
        try:
            yield
        except UnavailableError as fault:
            message = _(
                "{name}: no access token came from {host} ({code}). Check the network and the"
                " address under oauth2, then try again."
            )
            said = message.format(name=connection.name, host=self._host, code=fault.code)
            raise UnavailableError(
                said,
                code=fault.code,
                where=connection.name,
                retry_after_s=fault.retry_after_s,
                again=fault.again,
                nothing_done=True,
                for_all=True,
            ) from None
        except SystemFault as fault:
            why = _("its answer makes no sense ({code})").format(code=fault.code)
            raise self._no_token(connection, why) from None

    @property
    def _host(self) -> str:
        return urlsplit(self._grant.url).hostname or ""

    def _hide(self, *texts: str) -> None:
        """Let nobody see *texts*, whatever they hold."""
        if not self._hidden.issuperset(texts):
            self._hidden |= set(texts)
            self._forms = forms_of(self._hidden)


def _quoted(text: str) -> str:
    """Return *text* as a client and its secret stand in a header (RFC 6749, section 2.3.1)."""
    return quote(text, safe="", errors="replace")


def _is_bearer(said: Mapping[str, JSON]) -> bool:
    """Tell whether the token in a good answer opens what it is sent to, by itself."""
    kind = said.get("token_type", "bearer")
    return isinstance(kind, str) and kind.lower() == "bearer"


def _seconds(life: JSON) -> float:
    """Return how long a token lives; without a word of it, until it is refused."""
    try:
        seconds = float(life) if isinstance(life, int | float | str) else 0.0
    except ValueError:
        seconds = 0.0
    return seconds if 0 < seconds < _FOR_EVER_S else _FOR_EVER_S
