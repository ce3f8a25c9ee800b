"""A sandbox at noon with empty systems, and a client for each of them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.loopback import PLAIN

from renkei_sandbox import Sandbox, SmartHR, TouchOnTime

NOON = "2026-11-20T12:00:00+09:00"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """Serve two empty systems; it is noon, and SmartHR's limit per second is out of the way."""
    with Sandbox(people=0, now=NOON) as box:
        box.smarthr.switches.second_limit = 10_000
        yield box


def client(system: SmartHR | TouchOnTime) -> httpx.Client:
    """Return a client that carries the token of *system*."""
    headers = {"Authorization": f"Bearer {system.token}"}
    return httpx.Client(
        base_url=system.base_url, headers=headers, verify=PLAIN, trust_env=False, timeout=5
    )


@pytest.fixture
def smarthr(box: Sandbox) -> Iterator[httpx.Client]:
    """Return a client of SmartHR."""
    with client(box.smarthr) as http:
        yield http


@pytest.fixture
def touchontime(box: Sandbox) -> Iterator[httpx.Client]:
    """Return a client of Touch On Time."""
    with client(box.touchontime) as http:
        yield http
