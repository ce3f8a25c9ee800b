"""Opens a connector for a test as the engine does, without a configuration file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from renkei.clock import Clock
from renkei.connector import (
    BatchWrite,
    ClosedHours,
    Connection,
    Employee,
    RenkeiError,
    RequestLimit,
    Values,
)
from renkei.http.retry import RetryBudget
from renkei.http.secret import Secret
from renkei.plugins.writer import Writer, Written
from renkei.testing.memory import installed

NAME = "tested"
"""What the connector and its connection are called in messages."""


@contextmanager
def opened(
    factory: Callable[[Connection], object],
    url: str | None = None,
    *,
    token: str = "secret",  # noqa: S107 - of a test system
    options: Mapping[str, Any] | None = None,
    read_only: bool = False,
    retry_s: float | None = 3.0,
    closed_hours: Sequence[ClosedHours] | None = None,
    limits: Sequence[RequestLimit] | None = None,
    clock: Clock | None = None,
) -> Iterator[Writer]:
    """
    Open what *factory* builds, at *url*, and close it after the block; since renkei 0.2.

    What it gives has a method for each hook, and holds every answer to its contract: what comes out
    of a method is what the engine would get. *url* is None where no network is used. With
    *read_only* writes are refused before they leave, as while renkei fetches. *retry_s* is how many
    seconds may be spent on trying again, None: no limit. *closed_hours* and *limits*, unless None,
    stand in for what the connector declares. Raises ConfigurationError if it cannot be used.
    """
    clock = clock or Clock()
    connection = Connection(
        name=NAME,
        connector=NAME,
        base_url=url or "",
        token=Secret(token),
        clock=clock,
        options=dict(options or {}),
        read_only=read_only,
        budget=RetryBudget(retry_s, clock=clock),
        closed_hours=None if closed_hours is None else tuple(closed_hours),
        limits=None if limits is None else tuple(limits),
    )
    with connection:
        with installed(**{NAME: factory}):
            writer = _Tested(connection)
        connection.complete(writer.conditions)
        yield writer


class _Tested(Writer):
    """Counts the requests of each write by itself, as a sync does: three may leave at most."""

    def create_employee(self, values: Values) -> Written:
        with self.connection.writing(tries=3, reserved=False):
            if self.in_batches:
                return self._alone(BatchWrite(current=None, values=values))
            return super().create_employee(values)

    def update_employee(self, current: Employee, changes: Values) -> Written:
        with self.connection.writing(tries=3, reserved=False):
            if self.in_batches:
                return self._alone(BatchWrite(current=current, values=changes))
            return super().update_employee(current, changes)

    def _alone(self, write: BatchWrite) -> Written:
        """Carry out a batch of one."""
        [written] = self.write([write])
        if isinstance(written, RenkeiError):
            raise written
        return written
