"""What forks of a warm process run in place of a command: it tells of the process it is in."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from renkei_runner import main


def tell(words: list[str]) -> int:
    """Write what this process finds into the file named first; end with the code, or wait."""
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
    return int(code)


if "forkserver" in " ".join(sys.orig_argv):
    main.run = tell  # type: ignore[assignment]
