"""Passwords: Argon2id, and the few rules that help (length, and not easily guessed)."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from renkei.words.i18n import _

LEAST = 8
ADVISED = 15
MOST = 200

LOOKED_AT = 72
"""Characters that are looked at for what is easily guessed; zxcvbn takes no more."""

_hasher = PasswordHasher()  # Argon2id with the parameters of RFC 9106 for little memory
_room = threading.BoundedSemaphore(4)  # each needs 64 MiB: the fifth waits

_one_at_a_time = threading.Lock()  # an odd text takes two seconds to judge


def hashed(password: str) -> str:
    """Return what is kept of *password*."""
    with _room:
        return _hasher.hash(password)


_NOBODY = hashed("nobody has this password")


def is_right(kept: str | None, password: str) -> bool:
    """Return whether *password* is the one that was kept; without one it takes as long."""
    try:
        with _room:
            _hasher.verify(kept or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def weakness(password: str, name: str) -> str | None:
    """Return why *password* cannot be used, or None."""
    if len(password) < LEAST:
        return _("Use at least {count} characters; {advised} or more are better.").format(
            count=LEAST, advised=ADVISED
        )
    if len(password) > MOST:
        return _("Use at most {count} characters.").format(count=MOST)
    from zxcvbn import zxcvbn  # brings a list of 30,000 passwords that everybody tries

    with _one_at_a_time:
        score = zxcvbn(password[:LOOKED_AT], user_inputs=[name, "renkei"])["score"]
    if score < 2:
        return _("This password is easily guessed. Use another one, such as four words.")
    return None
