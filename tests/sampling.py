"""A sample of what is multiplied, in `make test`; all of it in `make test-long`.

A test that takes a sample is marked with :data:`sampled`: `make test-long` runs it once more, with
``RENKEI_TESTS=all`` in the environment, and it takes everything.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

import pytest

ALL = os.environ.get("RENKEI_TESTS") == "all"

T = TypeVar("T")

sampled = pytest.mark.sampled


def sample(cases: Iterable[T], share: int) -> Iterator[T]:
    """Yield one of *share* cases, evenly spread; all of them if everything is wanted."""
    return iter(cases) if ALL else islice(cases, share // 2, None, share)


def examples(few: int, many: int) -> int:
    """Return how many examples of a law are tried."""
    return many if ALL else few
