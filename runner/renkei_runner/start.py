"""
Where the process `renkei` starts: before anything else is imported, signals end it in silence.

Nothing has been opened yet, so nothing has to be put away; Python would print a traceback.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal

INTERRUPTED = 130
RARELY = 200_000
"""After so many new objects memory is walked through; all modules together are 150,000."""

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a command from outside: Ctrl-C, a service manager, a terminal that is closed."""


def main() -> None:
    """Run the command line of this process."""
    end_in_silence()
    collect_rarely()
    from renkei_runner.main import main as command

    command()


def end_in_silence() -> None:
    """Leave at once when a signal comes, unless it is ignored (``nohup``, ``&`` in a script)."""
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)


def collect_rarely() -> None:
    """
    Let the collector of circular garbage walk through memory less often, and not at the end.

    Of each command it took 0.2 s: a walk for every 700 new objects, most of them modules, and one
    more through all of them before the process is gone.
    """
    gc.set_threshold(RARELY, 20, 100)
    atexit.register(gc.freeze)


def collect_what_comes() -> None:
    """
    Let the collector walk often through what comes from now on, and never through what is there.

    By now that is modules, which stay. Each request leaves some objects in circles: without this a
    fetch of 100,000 employees would keep 6 MiB of them. It is done once, and where
    :func:`collect_rarely` was: what a process leaves behind that does job after job would stay.
    """
    if gc.get_threshold()[0] == RARELY:
        gc.freeze()
        gc.set_threshold(10_000, 20, 100)


def _leave(*_signal: object) -> None:
    os._exit(INTERRUPTED)
