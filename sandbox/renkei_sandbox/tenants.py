"""Several companies behind one port: callers are told apart by the token, as at the vendors.

Each has people, ids and tables of its own. The switches and faults are those of the vendors: of
all companies. A company is made when it is first asked for.
"""

from __future__ import annotations

import threading

from attrs import frozen

from renkei_sandbox import names
from renkei_sandbox.messages import Request
from renkei_sandbox.people import CHANGED, NEW, populate_evenly
from renkei_sandbox.smarthr import SmartHR
from renkei_sandbox.system import System
from renkei_sandbox.touchontime import TouchOnTime


@frozen
class Tenant:
    """One company in both systems; *label* is what it is called there."""

    name: str
    label: str
    smarthr: SmartHR
    touchontime: TouchOnTime

    @property
    def systems(self) -> dict[str, System]:
        """Both systems by name."""
        return {self.smarthr.name: self.smarthr, self.touchontime.name: self.touchontime}


class Tenants:
    """A number of companies of equal size, beside the systems whose vendors they share."""

    def __init__(
        self, smarthr: SmartHR, touchontime: TouchOnTime, companies: int, people: int, seed: int
    ) -> None:
        """Prepare to make them; ValueError if they are too small to differ."""
        if companies and people <= CHANGED + NEW:
            message = f"a company needs more than {CHANGED + NEW} people, not {people}"
            raise ValueError(message)
        self._smarthr, self._touchontime = smarthr, touchontime
        self._people, self._seed = people, seed
        self._numbers: dict[str, int] = {}
        self._whose: dict[str, str] = {}
        width = max(4, len(str(companies)))
        for number in range(1, companies + 1):
            name = f"c{number:0{width}d}"
            self._numbers[name] = number
            for system in (SmartHR, TouchOnTime):
                self._whose[system.first_token(name)] = name
        self._made: dict[str, Tenant] = {}
        self._lock = threading.Lock()

    @property
    def names(self) -> list[str]:
        """The names of all, made or not."""
        return list(self._numbers)

    def label(self, name: str) -> str:
        """Return what a company is called."""
        return names.company(self._numbers[name])

    def tokens(self) -> dict[str, dict[str, str]]:
        """Return the token of each company for each system, as they were in the beginning."""
        tokens: dict[str, dict[str, str]] = {}
        for name in self._numbers:
            tokens[name] = {
                SmartHR.name: SmartHR.first_token(name),
                TouchOnTime.name: TouchOnTime.first_token(name),
            }
        return tokens

    def __getitem__(self, name: str) -> Tenant:
        """Return a company, which is made if nobody has asked for it yet; KeyError if none is."""
        with self._lock:
            if name not in self._made:
                self._made[name] = self._make(name)
            return self._made[name]

    def systems(self) -> list[System]:
        """Return the systems of all companies that have been made."""
        with self._lock:
            systems: list[System] = []
            for made in self._made.values():
                systems += made.systems.values()
            return systems

    def whose(self, request: Request) -> Tenant | None:
        """Return the company whose token *request* carries, None if it is nobody's."""
        if not self._numbers:
            return None
        given = {request.token, *request.segments}  # Touch On Time takes one in the address, too
        for token in given:
            if name := self._whose.get(token or ""):
                return self[name]
        with self._lock:  # one that was asked for as the first was used up
            for made in self._made.values():
                if made.touchontime.token in given:
                    return made
        return None

    def _make(self, name: str) -> Tenant:
        clock, seed, label = self._smarthr.clock, self._seed + self._numbers[name], self.label(name)
        made = Tenant(
            name,
            label,
            SmartHR(clock, seed, name, label),
            TouchOnTime(clock, seed, name, label),
        )
        made.smarthr.switches = self._smarthr.switches
        made.touchontime.switches = self._touchontime.switches
        for system, vendors in (
            (made.smarthr, self._smarthr),
            (made.touchontime, self._touchontime),
        ):
            system.faults, system.origin = vendors.faults, vendors.origin
        domain = f"{name}.example.com"
        populate_evenly(made.smarthr, made.touchontime, self._people, seed, domain)
        return made
