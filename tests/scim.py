"""A real SCIM server as a process of its own, one for all tests of a worker; a tenant for each."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import define, field
from tests.loopback import PLAIN

TOKEN = "scim-t0ken"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SAYS = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
    "patch": {"supported": True},
    "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
    "filter": {"supported": True, "maxResults": 1000},
    "changePassword": {"supported": False},
    "sort": {"supported": True},
    "etag": {"supported": True},
    "authenticationSchemes": [],
}
MAIN = "import sys; from scim2_server.testserver.cli import main; sys.exit(main())"
_tenants = count(1)


@define
class Directory:
    """One tenant of the server: what it holds, and how somebody else changes it there."""

    server: str
    tenant: str
    http: httpx.Client = field(repr=False)

    @property
    def port(self) -> int:
        return httpx.URL(self.server).port or 0

    @property
    def url(self) -> str:
        """The address that a connection needs."""
        return f"{self.server}/{self.tenant}/v2"

    def users(self) -> list[dict[str, Any]]:
        """Return every user, as the server has them."""
        found: list[dict[str, Any]] = []
        while True:
            query = {"startIndex": len(found) + 1, "count": 200}
            page = self._said(self.http.get(f"{self.url}/Users", params=query))
            found += page.get("Resources", [])
            if len(found) >= page["totalResults"]:
                return found

    def by_number(self) -> dict[str, dict[str, Any]]:
        """Return every user by the employee number."""
        return {str(user[ENTERPRISE]["employeeNumber"]): user for user in self.users()}

    def add(self, number: str | None = None, **more: Any) -> str:
        """Put in a user; return the id."""
        body = {"schemas": [USER], "userName": f"user-{number or more.get('externalId')}", **more}
        if number is not None:
            body |= {"schemas": [USER, ENTERPRISE], ENTERPRISE: {"employeeNumber": number}}
        return str(self._said(self.http.post(f"{self.url}/Users", json=body))["id"])

    def edit(self, identity: str, **values: Any) -> None:
        """Change a user, as somebody else does."""
        operations = [{"op": "replace", "path": n, "value": v} for n, v in values.items()]
        body = {"schemas": [PATCH], "Operations": operations}
        self.http.patch(f"{self.url}/Users/{identity}", json=body).raise_for_status()

    def remove(self, identity: str) -> None:
        self.http.delete(f"{self.url}/Users/{identity}").raise_for_status()

    @staticmethod
    def _said(answer: httpx.Response) -> dict[str, Any]:
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
        return said


@contextmanager
def served(folder: Path, **says: Any) -> Iterator[str]:
    """Serve SCIM; *says* is what the server says of itself beside the usual."""
    config = folder / "config.json"
    config.write_text(json.dumps({**SAYS, **says}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", MAIN, "--port", str(port), "--bearer-token", TOKEN]
    command += ["--dynamic-tenants", "--service-provider-config", str(config)]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
    )
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _each in range(600):
        assert process.poll() is None, "the SCIM server has ended"
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    pytest.fail("the SCIM server does not start")


@contextmanager
def tenant(server: str) -> Iterator[Directory]:
    """Return a new tenant of a server, which is empty."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"}
    with httpx.Client(headers=headers, verify=PLAIN, trust_env=False, timeout=20) as http:
        yield Directory(server, f"t{next(_tenants)}", http)


@pytest.fixture(scope="session")
def scim_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve SCIM with pages by index, of seven users at most."""
    by_index = {"cursor": False, "index": True, "maxPageSize": 7}
    with served(tmp_path_factory.mktemp("scim"), pagination=by_index) as server:
        yield server


@pytest.fixture
def directory(scim_server: str) -> Iterator[Directory]:
    """Return an empty directory."""
    with tenant(scim_server) as made:
        yield made
