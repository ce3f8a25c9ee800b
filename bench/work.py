"""What is measured, and what no program can beat."""

from __future__ import annotations

from math import ceil

from attrs import frozen

LATENCY_S = 0.05
IN_FLIGHT = 8
PER_PAGE = 100


@frozen
class Work:
    """
    Something to do for a company: *people*, whether to *write*, and at most *rate* a second.

    *again*: not for the first time, which also asks whose accounts these are.
    """

    people: int
    write: bool = False
    rate: int | None = None
    kind: str = "none"
    again: bool = False

    @property
    def name(self) -> str:
        """What a table calls it."""
        what = "fetch and sync" if self.write else "fetch and plan"
        what += " again" if self.again else ""
        limit = f", {self.rate} a second ({self.kind} window)" if self.rate else ""
        return f"{what} {self.people:,}{limit}"

    @property
    def requests(self) -> int:
        """How many requests a script needs that reads each side once and writes what differs."""
        pages = ceil(self.people / PER_PAGE)
        writes = self.people // 20 + self.people // 10 if self.write else 0
        return pages + 1 + writes

    @property
    def bound_s(self) -> float:
        """
        In how many seconds it could be done, by the latency of requests and by the rate.

        By the rate as if all requests were counted by one limit, though only the source has one:
        a bound by its pages alone is a window less where the others begin one.
        """
        by_latency = ceil(self.requests / IN_FLIGHT) * LATENCY_S
        if self.rate is None:
            return by_latency
        paced = ceil(self.requests / self.rate) - 1
        return max(by_latency, paced + LATENCY_S)


@frozen
class Measured:
    """What one process took: seconds of the wall, seconds of a processor, most memory in MiB."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    refused: int
    requests: int
