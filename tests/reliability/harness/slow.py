"""A slow machine: everything takes a while by chance, and a lease is renewed at each step.

`RENKEI_BUG=tests.reliability.harness.slow.machine` in the environment makes every hurt process run
on one, whichever test it is.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from renkei.http import wire
from renkei.store import database, hold

STEP_S = 0.02
"""How long a step takes at most, longer than it takes by itself."""


def machine() -> None:
    """Make this one slow."""
    vars(hold).update(RENEW_S=STEP_S, LATE_S=0.0, SENT_S=0.0)
    hold.Hold.check = _late(hold.Hold.check)  # type: ignore[method-assign]
    wire.Wire.open = _late(wire.Wire.open)  # type: ignore[method-assign]
    write = database.Database._writing

    @contextmanager
    def writing(store: database.Database) -> Iterator[Any]:
        _wait()
        with write(store) as connection:
            yield connection
        _wait()

    database.Database._writing = writing  # type: ignore[assignment, method-assign]


def _late(do: Callable[..., Any]) -> Callable[..., Any]:
    def done(*arguments: Any, **options: Any) -> Any:
        _wait()
        result = do(*arguments, **options)
        _wait()
        return result

    return done


def _wait() -> None:
    time.sleep(random.choice((0.0, random.uniform(0.0, STEP_S))))
