"""An OpenID Connect provider on this computer: strict, or as false as a test wants it."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from attrs import define, field
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from joserfc.jws import JWSRegistry

CLIENT = "renkei-of-a-test"
SECRET = "the provider's word, eight-and-thirty"  # long enough to sign with, which nobody must

Claims = dict[str, Any]


@cache
def own_key() -> RSAKey:
    """Return the key of every provider; to make one takes a tenth of a second."""
    return RSAKey.generate_key(2048, {"kid": "one"})


@define
class Provider:
    """The one in *person* logs in; *bent* changes an identity before it is signed."""

    address: str = ""
    person: str = "248289761001"
    bent: Callable[[Claims], Claims | None] = lambda claims: claims
    metadata: Callable[[Claims], Claims] = lambda said: said
    algorithm: str = "RS256"
    key: RSAKey = field(factory=own_key)
    signing: RSAKey | None = None
    refuses: str | None = None
    beside: bool = False
    slowly: bool = False
    asked: list[dict[str, str]] = field(factory=list)
    _codes: dict[str, dict[str, str]] = field(factory=dict)

    def about(self) -> Claims:
        """Return what the provider says of itself."""
        return self.metadata(
            {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/keys",
                "response_types_supported": ["code"],
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    def authorize(self, asked: dict[str, str]) -> str:
        """Return where the browser is sent, as after a log-in here."""
        self.asked.append(asked)
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["scope"].split() == ["openid"]
        assert asked["code_challenge_method"] == "S256"
        if self.refuses:
            answer = {"error": self.refuses, "state": asked["state"]}
        else:
            code = secrets.token_urlsafe(16)
            self._codes[code] = asked
            answer = {"code": code, "state": asked["state"]}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, Claims]:
        """Return tokens for a code: once, to our client, and only against its verifier."""
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or authorization != f"Basic {basic}":
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = self.bent(
            {
                "iss": self.address,
                "sub": self.person,
                "aud": CLIENT,
                "iat": now,
                "exp": now + 300,
                "nonce": asked["nonce"],
                "email": "admin@example.com",
                "preferred_username": "admin",
                "groups": ["admin"],
            }
        )
        answer: Claims = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer"}
        if self.beside:
            answer["userinfo"] = {"sub": self.person}
        if claims is not None:
            answer["id_token"] = self.signed(claims)
        return 200, answer

    def signed(self, claims: Claims) -> str:
        """Return an identity as text."""
        header = {"alg": self.algorithm, "kid": "one"}
        registry = JWSRegistry(algorithms=[self.algorithm])
        key = OctKey.import_key(SECRET) if self.algorithm == "HS256" else self.signing or self.key
        return jwt.encode(header, claims, key, registry=registry)


@contextmanager
def listening(provider: Provider, tls: ssl.SSLContext | None = None) -> Iterator[Provider]:
    """Let *provider* answer on a port of its own, through TLS if it has a certificate."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path == "/authorize":
                self.send_response(302)
                self.send_header("location", provider.authorize(dict(parse_qsl(url.query))))
                self.end_headers()
            elif url.path == "/keys":
                self._say(200, {"keys": [provider.key.as_dict(private=False)]})
            else:
                self._say(200, provider.about())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = dict(parse_qsl(body))
            self._say(*provider.token(form, self.headers.get("authorization", "")))

        def _say(self, status: int, document: Claims) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # the client has gone
                for byte in body if provider.slowly else b"":
                    self.wfile.write(bytes([byte]))
                    time.sleep(0.2)
                self.wfile.write(b"" if provider.slowly else body)

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    provider.address = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
