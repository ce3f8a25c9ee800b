"""Putting a finished file in its place, unless there is one already; no half is ever seen."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)
"""How a disk refuses hard links that has none, such as a memory stick or a shared folder."""


def place(draft: Path, path: Path) -> bool:
    """
    Put *draft*, which is beside *path*, there; False if somebody else was faster.

    A hard link never replaces anything. Where a disk has none, whoever places a file in this folder
    waits for the others, looks, and moves it. Raises OSError if neither can be done.
    """
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _moved(draft, path)
    return True


def _moved(draft: Path, path: Path) -> bool:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # ends with the process, however that ends
        if os.path.lexists(path):
            return False
        draft.rename(path)
    finally:
        os.close(folder)
    return True
