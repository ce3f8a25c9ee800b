"""
A worker, and the warm process of its jobs, that take a silent process for dead in seconds.

They are on a computer of their own if BOOT names one. DEPARTURES names a file in which jobs note
what they send, one line each: see :func:`note`.
"""

from __future__ import annotations

import datetime as dt
import importlib
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SHORT: dict[str, object] = {
    "renkei.store.owner.LIFETIME_S": 2.2,
    "renkei.store.owner.RENEW_S": 0.4,
    "renkei.store.hold.LATE_S": 0.8,
    "renkei.store.hold.RENEW_S": 0.4,
    "renkei.sync.doubt.SENT_S": 1.0,
    "renkei.sync.doubt.LOOK_EVERY_S": 0.3,
}
if "BOOT" in os.environ:
    SHORT["renkei.store.owner._boot"] = lambda: os.environ["BOOT"]
WORKER: dict[str, object] = {
    "renkei.worker.LOOK_S": 0.5,
    "renkei.scheduled.FIRST_WAIT": dt.timedelta(seconds=1),
    "renkei.cluster.dispatcher.POLL_S": 0.3,
}


def hurry(settings: Mapping[str, object]) -> None:
    """Let this process be so."""
    for name, value in settings.items():
        module, _, attribute = name.rpartition(".")
        found = importlib.import_module(module)
        getattr(found, attribute)  # one that is gone must not be set in vain
        setattr(found, attribute, value)


def note(path: str) -> None:
    """
    Note of each request when its process last heard of the others, when it left and was answered.

    It is noted by a clock that all processes of this machine share.
    """
    from renkei.http.pace import Pacer

    slot = Pacer.slot

    @contextmanager
    def noted(pacer: Pacer, limits: Sequence[Any], *rest: Any, **options: Any) -> Iterator[None]:
        with slot(pacer, limits, *rest, **options):
            met, left = pacer._met_at, time.monotonic()
            try:
                yield
            finally:
                with Path(path).open("a", encoding="ascii") as file:
                    file.write(f"{limits[0].count} {met} {left} {time.monotonic()}\n")

    Pacer.slot = noted  # type: ignore[assignment, method-assign]


if __name__ == "__main__":
    from renkei_runner import forks
    from renkei_runner.main import main

    hurry(WORKER | SHORT)  # the queue is imported first, and keeps its own patience
    forks.WARM = "tests.e2e.hasty"
    sys.argv[0] = "renkei"
    main()
elif "forkserver" in " ".join(sys.orig_argv):
    os.environ.pop("RENKEI_REHEARSE", None)  # a test has enough of one job
    importlib.import_module("renkei_runner.warm")
    hurry(SHORT)
    if "DEPARTURES" in os.environ:
        note(os.environ.pop("DEPARTURES"))  # once, though this is imported twice
