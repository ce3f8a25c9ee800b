"""Where tests keep what they make: in memory, as each store waits for its disk at every step."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - nothing is there that has a known name
ROOM = 2 << 30
"""Twice what a whole run and its server have there at once; a container may have 64 MiB."""


def prefer() -> None:
    """Let all that is temporary be there from now on, also what child processes make."""
    if "TMPDIR" not in os.environ and _is_fit():
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def is_used() -> bool:
    """Tell whether what is temporary is there."""
    return tempfile.gettempdir() == str(MEMORY)


def _is_fit() -> bool:
    # A container may refuse to run anything from there, and some tests install what they run.
    return (
        MEMORY.is_dir()
        and shutil.disk_usage(MEMORY).free > ROOM
        and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
    )
