"""Files of our own: whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from renkei.words.acts import Note, unnoted

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)
"""How a disk refuses hard links that has none, such as a memory stick or a shared folder."""

_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EBADF)
"""
How a disk refuses locks that has none: then nobody waits there.

EBADF: a folder of another computer, for a file that we may only read.
"""

PRIVATE = 0o600
"""What only its owner can read and write."""


def replace(
    path: Path,
    chunks: Iterable[str],
    mode: int = PRIVATE,
    group: int | None = None,
    *,
    note: Note = unnoted,
) -> None:
    """
    Write *chunks* to *path* as UTF-8, complete or not at all; by default for its owner alone.

    With *group*, that one may do what *mode* says of a group. *note* is called when all is written
    and only has to take its place: what cannot be written is not noted, and what cannot be noted
    is not done.

    The file grows beside its place under a name nobody can guess and is moved there at the end, so
    that neither a reader nor a planted link ever meets half of it. Raises OSError.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(draft, flags, PRIVATE), "wb") as file:
            for chunk in chunks:
                file.write(chunk.encode())
            if group is not None and os.fstat(file.fileno()).st_gid != group:
                os.fchown(file.fileno(), -1, group)
            if mode != PRIVATE:  # a disk without modes, such as a memory stick, refuses to set one
                os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        note()
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """
    Let the block be the only one of ours that changes the file at *path*, which is there.

    Others wait for its end, in whichever thread or process they are. Raises OSError if the file is
    not there, also if it has gone while we waited.
    """
    while True:
        with _opened(path) as file:
            _lock(file.fileno())
            # Whoever was before us may have put another file there: that one is nobody's yet.
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                yield
                return


def place(draft: Path, path: Path) -> bool:
    """
    Put *draft*, which is beside *path*, there; False if somebody else was faster.

    A hard link never replaces anything. Where a disk has none, a process that places a file in this
    folder waits for the others, looks, and moves it. Raises OSError if neither can be done.
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


def _opened(path: Path) -> BinaryIO:
    """Open a file to lock it: for writing where we may, which NFS asks for."""
    try:
        return path.open("r+b")
    except OSError:
        return path.open("rb")


def _lock(file: int) -> None:
    """Wait until nobody else has locked an open file; the lock ends with it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
