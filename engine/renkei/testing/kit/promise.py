"""What a check of the kit says: one sentence, which the capability sheet repeats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from renkei.words.i18n import N_

F = TypeVar("F", bound=Callable[..., Any])

NO_HTTP = N_("The system is not reached by HTTP.")
NO_WRITES = N_("The connector cannot write.")
NOTHING_CHANGES = N_("No field can be changed.")
NOT_RUN = N_("It was not run.")


def promise(sentence: str) -> Callable[[F], F]:
    """Make a method a check of what *sentence*, a msgid, promises."""

    def make(check: F) -> F:
        check.__doc__ = sentence
        vars(check)["promise"] = sentence
        return check

    return make
