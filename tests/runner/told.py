"""What forks of a warm process run in place of a command: it tells of the process it is in."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from renkei_runner import main

LEAVES: dict[str, Callable[[], object]] = {
    "a folder": lambda: os.chdir("/"),
    "a mask": lambda: os.umask(0),
    "a signal": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "a thread": lambda: threading.Thread(target=time.sleep, args=(20,)).start(),
    "a process": lambda: os.system("sleep 4 & kill -9 $PPID"),  # noqa: S605 - as C code does
}
"""What a command of a plug-in may leave behind, though it ends well."""


def tell(words: list[str]) -> int:
    """Write what this process finds into the file named first; end with the code, or otherwise."""
    file, code = words
    found = {
        "environment": dict(os.environ),
        "pid": os.getpid(),
        "leads_its_session": os.getsid(0) == os.getpid(),
        "says_it_to": [os.fstat(stream).st_rdev for stream in (0, 1)],
    }
    made = Path(f"{file}.new")
    made.write_text(json.dumps(found), encoding="utf-8")
    made.rename(file)  # a reader that waits for it finds all of it
    if code == "wait":
        signal.pause()
    if code in LEAVES:
        LEAVES[code]()
        return 0
    return int(code)


if "forkserver" in " ".join(sys.orig_argv):
    main.run = tell  # type: ignore[assignment]
