"""A token endpoint and the API behind it, on this computer; a token is good until it is revoked."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, unquote

from attrs import define, field

CLIENT, SECRET, FIRST = "renkei:1", "s3cret+canary/1", "first-refresh-token"


@define
class Provider:
    """
    What a provider of tokens holds.

    *takes* is how it wants the secret of a client. A refresh token is good once if it *rotates*; a
    second use locks everybody out, as many systems do. *answers* are given before its own: status,
    document, and headers if there are any.
    """

    url: str = ""
    takes: str = "header form"
    rotates: bool = True
    expires_in: Any = 3600
    slow_s: float = 0.0
    forms: list[dict[str, str]] = field(factory=list)
    answers: list[tuple[Any, ...]] = field(factory=list)
    good: set[str] = field(factory=set)
    refresh: str = FIRST
    locked: bool = False
    seen: list[tuple[str, str]] = field(factory=list)
    """Method and token of each request to the API."""

    @property
    def token_url(self) -> str:
        return f"{self.url}/oauth/token"

    @property
    def base_url(self) -> str:
        return f"{self.url}/api"

    def token(self, form: dict[str, str], header: str) -> tuple[Any, ...]:
        """Answer one request to the token endpoint."""
        self.forms.append({**form, "header": header})
        time.sleep(self.slow_s)
        if self.answers:
            return self.answers.pop(0)
        if (CLIENT, SECRET) not in self._who(form, header):
            return 401, {"error": "invalid_client", "error_description": f"not {form}"}
        if form["grant_type"] == "refresh_token" and not self._takes(form["refresh_token"]):
            return 400, {"error": "invalid_grant"}
        access = f"access-{len(self.forms)}"
        self.good.add(access)
        said = {"access_token": access, "token_type": "Bearer", "expires_in": self.expires_in}
        if form["grant_type"] == "refresh_token" and self.rotates:
            said["refresh_token"] = self.refresh = f"refresh-{len(self.forms)}"
        return 200, said

    def _who(self, form: dict[str, str], header: str) -> list[tuple[str, str]]:
        found = []
        if "header" in self.takes and header.startswith("Basic "):
            client, _colon, secret = base64.b64decode(header[6:]).decode().partition(":")
            found.append((unquote(client), unquote(secret)))
        if "form" in self.takes:
            found.append((form.get("client_id", ""), form.get("client_secret", "")))
        return found

    def _takes(self, refresh: str) -> bool:
        self.locked = self.locked or refresh != self.refresh
        return not self.locked


@contextmanager
def provided(**settings: Any) -> Iterator[Provider]:
    """Serve a provider; its list of employees is empty, and a write is answered with an id."""
    provider = Provider(**settings)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._api([])

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.path.partition("?")[0] == "/oauth/token":
                header = self.headers.get("Authorization", "")
                self._answer(*provider.token(dict(parse_qsl(text)), header))
            else:
                self._api({"id": "1"})

        def _api(self, good: Any) -> None:
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            provider.seen.append((self.command, token))
            said = {"message": f"{token} is not good"}
            self._answer(*((200, good) if token in provider.good else (401, said)))

        def _answer(
            self, status: int, document: Any, headers: Mapping[str, str] = MappingProxyType({})
        ) -> None:
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        provider.url = f"http://127.0.0.1:{server.server_port}"
        yield provider
        server.shutdown()
