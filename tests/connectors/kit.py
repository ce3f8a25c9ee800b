"""An empty tenant of the sandbox for each check of the kit."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest

from renkei.clock import Clock
from renkei_sandbox import Sandbox

NOON = "2026-11-20T12:00:00+09:00"


class Tenants:
    """The part of a kit test that is the same for both systems of the sandbox."""

    system: ClassVar[str]
    box: Sandbox

    @pytest.fixture
    def url(self) -> Iterator[str]:
        with Sandbox(people=0, now=NOON) as self.box:
            system = self.box.systems[self.system]
            system.switches.rate_limit = False
            yield system.base_url

    def settings(self, url: str | None) -> Mapping[str, Any]:
        clock = Clock(dt.datetime.fromisoformat(NOON))
        return {"token": self.box.systems[self.system].token, "clock": clock}

    def raw(self, url: str | None) -> Mapping[str, object]:
        system = self.box.systems[self.system]
        with system.lock:
            return copy.deepcopy({key: dict(row) for key, row in system.people.items()})
