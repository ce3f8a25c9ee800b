"""Many cases in one test: each is named, and can be played alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

Case = tuple[str, Callable[[], None]]


def play(cases: Iterable[Case]) -> None:
    """
    Play every case and fail with all that went wrong, by name.

    `RENKEI_CASE=NAME` in the environment plays that one alone.
    """
    alone = os.environ.get("RENKEI_CASE")
    failures = []
    count = 0
    for name, case in cases:
        if alone not in (None, name):
            continue
        count += 1
        try:
            case()
        except AssertionError as error:
            failures.append(f"RENKEI_CASE='{name}'\n{error}")
    assert count, "no such case"
    assert not failures, f"{len(failures)} of {count} cases:\n" + "\n\n".join(failures)
