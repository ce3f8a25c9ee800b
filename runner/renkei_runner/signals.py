"""What happens when somebody ends a command: Ctrl-C, SIGTERM, or a terminal that is closed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from renkei_runner.start import ENDING

Handler = Callable[[int, FrameType | None], object]

SAME_S = 1.0
"""Seconds within which a second SIGHUP is the same one: the system sends it, and then the shell."""


@contextmanager
def ended_by(handler: Handler) -> Iterator[None]:
    """
    Let *handler* take the signals that end a command, inside the block.

    What is ignored from the start stays ignored: that is what ``nohup`` and ``&`` are for.
    """
    taken = [each for each in ENDING if signal.getsignal(each) is not signal.SIG_IGN]
    handle = _without_repeats(handler)
    before = {each: signal.signal(each, handle) for each in taken}
    try:
        yield
    finally:
        for each, handler_before in before.items():
            signal.signal(each, handler_before)


def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """Stop whatever is going on, as Ctrl-C does."""
    raise KeyboardInterrupt


def _without_repeats(handler: Handler) -> Handler:
    """Return *handler* for terminals that close: they do so once, and nobody can be told."""
    terminals = [each for each in (1, 2) if os.isatty(each)]
    hung_up = -SAME_S

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal hung_up
        if number == signal.SIGHUP:
            again = time.monotonic() - hung_up < SAME_S
            hung_up = time.monotonic()
            _silence(terminals)
            if again:
                return
        handler(number, frame)

    return handle


def _silence(terminals: list[int]) -> None:
    """Let what is printed go nowhere once a terminal is gone: it must not become an error."""
    for each in terminals:
        if not os.isatty(each):
            with suppress(OSError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device
                os.dup2(nowhere.fileno(), each)
