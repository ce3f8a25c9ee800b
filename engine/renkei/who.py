"""Who does something, as a run records it: the name that is given beside the login."""

from __future__ import annotations

import getpass
import os
import socket

NAME = 80
"""Characters of a name that are kept; nobody is called longer, and scripts have to be stopped."""

LOGIN = 110
"""Characters of user and host that are kept; with a name both fit into what the store holds."""


def recorded(name: str | None) -> str:
    """
    Return ``NAME (login@host)``, or the login alone where no name is given.

    A name is what somebody says; the login is what the system knows. So the last brackets are
    always ours, whatever the name holds.
    """
    given = _clean(name or "", NAME)
    return f"{given} ({_login()})" if given else _login()


def _login() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run under an id that has no name
        user = str(os.getuid())
    return _clean(f"{user}@{socket.gethostname()}", LOGIN)


def _clean(text: str, longest: int) -> str:
    """Return *text* on one line, without what cannot be seen, and cut off if it is too long."""
    one_line = " ".join(text.split())
    seen = "".join(each for each in one_line if each.isprintable()).strip()
    return seen if len(seen) <= longest else f"{seen[: longest - 1]}…"
