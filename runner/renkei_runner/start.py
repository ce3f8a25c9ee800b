"""
Where the process `renkei` starts: before anything else is imported, signals end it in silence.

Nothing has been opened yet, so nothing has to be put away; Python would print a traceback.
"""

from __future__ import annotations

import os
import signal

INTERRUPTED = 130
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a command from outside: Ctrl-C, a service manager, a terminal that is closed."""


def main() -> None:
    """Run the command line of this process."""
    end_in_silence()
    from renkei_runner.main import main as command

    command()


def end_in_silence() -> None:
    """Leave at once when a signal comes, unless it is ignored (``nohup``, ``&`` in a script)."""
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)


def _leave(*_signal: object) -> None:
    os._exit(INTERRUPTED)
