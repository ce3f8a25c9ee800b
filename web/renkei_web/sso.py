"""
Log in with single sign-on: OpenID Connect, the code flow with PKCE, carried out by Authlib.

Who somebody is here is decided by the one-time link they were given, never by what the provider
says about them: the link is opened, the provider is visited, and from then on that person of that
provider (issuer and subject) is that user. Names, addresses and groups of the provider are not
looked at. Authlib comes with the extra ``oidc``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from anyio import CapacityLimiter, fail_after, from_thread
from attrs import define, field, frozen
from starlette.middleware import Middleware

from renkei.errors import UsageError
from renkei.http.address import is_safe
from renkei.http.network import Network, add_authorities
from renkei.logs import log
from renkei.words.i18n import _

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

T = TypeVar("T")
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""What may sign an identity: never "none", and never a secret that both sides know."""

AWAY_S = 15 * 60
"""How long somebody may take at the provider."""

TIMEOUT_S = 15.0


SIGNED_WITH = "id_token_signing_alg_values_supported"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
KEPT = ("issuer", *ENDPOINTS, "jwks", "_loaded_at")

ROOM = 4
"""People who are sent to the provider, or come back, at one time; the fifth waits."""


class SignOnError(Exception):
    """The provider refused, cannot be reached, or says what cannot be trusted."""


@frozen(kw_only=True)
class Provider:
    """Where to log in: the issuer's address, and what this dashboard is called there."""

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        if not is_safe(self.issuer):
            message = _("{address} is no issuer: it must begin with https://.")
            raise UsageError(message.format(address=self.issuer), code="oidc")


@define
class SignOn:
    """One provider, and those who are on their way to it and back."""

    provider: Provider
    network: Network = field(factory=Network, repr=False)
    _key: str = field(init=False, factory=lambda: secrets.token_urlsafe(32), repr=False)
    _client: Any = field(init=False, repr=False)
    room: CapacityLimiter = field(init=False, factory=lambda: CapacityLimiter(ROOM), repr=False)

    def __attrs_post_init__(self) -> None:
        try:
            import httpx2
            from authlib.integrations.starlette_client import OAuth
        except ImportError:
            message = _("Single sign-on needs more packages: pip install 'renkei[oidc]'.")
            raise UsageError(message, code="oidc") from None
        own = self.provider
        self._client = OAuth().register(
            "renkei",
            client_id=own.client_id,
            client_secret=own.client_secret,
            server_metadata_url=f"{own.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid",
                "code_challenge_method": "S256",
                "timeout": httpx2.Timeout(TIMEOUT_S),
                "trust_env": False,
                **_way_to(own.issuer, self.network),
            },
        )

    def middleware(self, *, secure: bool) -> Sequence[Middleware]:
        """Return what carries those on their way: a signed cookie; a restart makes it void."""
        from starlette.middleware.sessions import SessionMiddleware  # needs the extra

        name = "__Host-renkei-sso" if secure else "renkei-sso"
        return [
            Middleware(
                SessionMiddleware,
                secret_key=self._key,
                session_cookie=name,
                max_age=AWAY_S,
                same_site="lax",
                https_only=secure,
            )
        ]

    def leave(self, request: Request, back: str) -> Response:
        """Send a browser to the provider, which sends it to *back*; raises SignOnError."""

        async def redirected() -> Response:
            await self._load()
            answer: Response = await self._client.authorize_redirect(request, back)
            return answer

        return _carried_out(redirected)

    def arrive(self, request: Request) -> str:
        """Return the subject of the person who comes back, issuer and all; raises SignOnError."""

        async def checked() -> str:
            await self._load()
            token = await self._client.authorize_access_token(request)
            if "id_token" not in token:
                raise SignOnError("no identity")
            # Not an address or a name: whoever can change theirs there would be somebody else here.
            # docs/decisions/2026-11-23-single-sign-on.md
            return str(token["userinfo"]["sub"])

        return f"{self.provider.issuer} {_carried_out(checked)}"

    async def _load(self) -> None:
        """Read what the provider says of itself; it must be the one we meant, and sign."""
        said = await self._client.load_server_metadata()
        is_ours = said.get("issuer") == self.provider.issuer
        is_sound = is_ours and all(is_safe(str(said.get(name))) for name in ENDPOINTS)
        offered = said.get(SIGNED_WITH) or ["RS256"]
        kept = {name: said[name] for name in KEPT if name in said}
        said.clear()  # the library takes every word of it for a setting of its own
        if not is_sound:
            raise SignOnError("another issuer, or one that is not reached safely")
        said |= kept | {SIGNED_WITH: [name for name in ALGORITHMS if name in offered]}


def _way_to(issuer: str, network: Network) -> dict[str, Any]:
    """Return what the HTTP library has to know of the proxy and of authorities."""
    import httpx2  # needs the extra

    proxy, trusted = network.towards(issuer).proxy, httpx2.create_ssl_context(trust_env=False)
    if network.ca_file is not None:
        add_authorities(trusted, network.ca_file)
    way: dict[str, Any] = {"verify": trusted}
    if proxy is not None:
        own = trusted if proxy.startswith("https:") else None
        way["proxy"] = httpx2.Proxy(proxy, ssl_context=own)
    return way


def _carried_out(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """
    Carry out *work* of the library from the thread of a page; raises SignOnError.

    What kind of thing went wrong is noted, and nothing that the provider has said.
    """

    async def in_time() -> T:
        with fail_after(TIMEOUT_S):
            return await work()

    try:
        return from_thread.run(in_time)
    except Exception as error:  # noqa: BLE001 - a library, and a system of others
        log.warning("sign_on_failed", kind=type(error).__name__)
        raise SignOnError from None
