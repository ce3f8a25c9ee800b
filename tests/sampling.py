"""A sample of what is multiplied, in `make test`; all of it in `make test-long`.

A test that takes a sample is marked with :data:`sampled`: `make test-long` runs it once more, with
``RENKEI_TESTS=all`` in the environment, and it takes everything. With ``RENKEI_TESTS=cases`` each
test has all of its cases, as a planted bug may be caught by any of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import pytest
from tests.pair import DIRECTIONS

WANTED = os.environ.get("RENKEI_TESTS")
ALL = WANTED == "all"


WAYS = {word: way for way, (_, to) in enumerate(DIRECTIONS) for word in (f"to_{to}", to)}
"""What the directions, and the systems that are written to, are called in the names of tests."""

OF_PLAYED, OF_COSTLY = 5, 4
"""One case in this many is run: where whole systems are played, and where it is costly."""

PLAYED = ("tests/e2e/", "tests/reliability/")
"""Where a test plays whole systems, and takes as long as twenty others."""

PLAYERS = frozenset({"office", "hr", "zygote"})
"""What a test asks for that plays whole systems elsewhere."""

COSTLY = frozenset({"world", "desk", "secure_desk", "several", "provider"})
"""What a test asks for that costs a tenth of a second."""

MANY = 3
"""How many cases make a fourth of them enough, where they are merely costly."""

HANDFUL = 6
"""About how many cases of one test are run at most, where it plays whole systems or is costly."""

T = TypeVar("T")

sampled = pytest.mark.sampled


def sample(cases: Iterable[T], share: int, turn: int = 0) -> Iterator[T]:
    """
    Yield one of *share* cases, evenly spread; all of them if everything is wanted.

    Neighbours that are sampled in *turn* (0, 1, 2 …) begin at different cases: what one of them
    leaves out another one has. Of a list there is always one.
    """
    if ALL:
        return iter(cases)
    # A third of the way on for each turn: of any three neighbours, no two take the same ones.
    first = (share // 2 + turn * max(1, round(share / 3))) % share
    if isinstance(cases, Sequence):
        first = min(first, len(cases) // 2)
    return islice(cases, first, None, share)


def some(cases: Iterable[T], share: int) -> list[Any]:
    """Return *cases* as parameters; all but one of *share* are left to the long run."""
    return [
        pytest.param(case, marks=[] if place % share == 0 else [pytest.mark.long])
        for place, case in enumerate(cases)
    ]


def one_way(turn: int) -> list[Any]:
    """Return both directions as parameters; one of them, in turn, is left to the long run."""
    return [
        pytest.param(way, id=f"to_{way[1]}", marks=[] if place == turn % 2 else [pytest.mark.long])
        for place, way in enumerate(DIRECTIONS)
    ]


def left_out(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """
    Yield which tests are left to the long run, of those that are multiplied.

    Of what is multiplied by the direction and by more, each has one of the directions, in turn
    along each axis: where there are two axes or more, every value meets both directions. Of what is
    left of costly cases, a fifth or a fourth is run, again in turn along each axis, and of each
    test one case at least. Where whole systems are played, the tests of a file take turns.
    """
    played: dict[str, int] = {}
    for name, tests in _multiplied(items if WANTED != "cases" else ()).items():
        _words, item = tests[0]
        share, turn = _share(name, item), 0
        is_played = share == OF_PLAYED
        if is_played:
            file = name.partition("::")[0]
            turn = played[file] = played.get(file, -1) + 1
        other_way = list(_other_way(tests, turn, alone=is_played))
        yield from other_way
        kept = {tuple(words): item for words, item in tests if item not in other_way}
        if share > 1 and len(kept) > HANDFUL * share:
            yield from _but_one_of(len(kept) // HANDFUL, kept, turn)
        elif is_played or (len(kept) >= MANY and not other_way):
            yield from _but_one_of(share, kept, turn)


def _share(name: str, item: pytest.Item) -> int:
    """Return of how many cases of a test one is run."""
    needs = set(getattr(item, "fixturenames", ()))
    if name.startswith(PLAYED) or needs & PLAYERS:
        return OF_PLAYED
    return OF_COSTLY if needs & COSTLY else 1


def _other_way(
    tests: Sequence[tuple[Sequence[str], pytest.Item]], turn: int, *, alone: bool
) -> Iterator[pytest.Item]:
    """Yield one direction of each case that has both; if that is all there is, only *alone*."""
    cases: dict[tuple[str, ...], list[tuple[int, pytest.Item]]] = {}
    for words, item in tests:
        ways = [WAYS[word] for word in words if word in WAYS]
        rest = tuple(word for word in words if word not in WAYS)
        cases.setdefault(rest, []).append((ways[-1] if ways else 0, item))
    if len(cases) == 1 and not alone:
        return
    for place, both in _placed(cases):
        if len(both) == len(DIRECTIONS):
            yield from (item for way, item in both if way != (turn + place) % 2)


def _but_one_of(
    share: int, cases: Mapping[tuple[str, ...], pytest.Item], turn: int
) -> Iterator[pytest.Item]:
    """Yield all but one of *share* of the cases, evenly spread; all but one of very few."""
    placed = [((turn + place) % share, item) for place, item in _placed(cases)]
    first = 0 if any(place == 0 for place, _item in placed) else placed[turn % len(placed)][0]
    run = [item for place, item in placed if place == first]
    # Axes that go together, as of what was sampled already, put too many in one place.
    run = run[:: max(1, round(len(run) * share / len(placed)))]
    yield from (item for _place, item in placed if item not in run)


def _multiplied(
    items: Iterable[pytest.Item],
) -> dict[str, list[tuple[Sequence[str], pytest.Item]]]:
    """Return the cases of each test that has any, with the words of their names."""
    tests: dict[str, list[tuple[Sequence[str], pytest.Item]]] = {}
    for item in items:
        name, _, case = item.nodeid.partition("[")
        if case and not item.get_closest_marker("long"):
            tests.setdefault(name, []).append((case.removesuffix("]").split("-"), item))
    return tests


def _placed(cases: Mapping[tuple[str, ...], T]) -> Iterator[tuple[int, T]]:
    """Yield *cases*, each with the sum of its places along the axes of its words."""
    axes: list[dict[str, int]] = [{} for _word in max(cases, key=len)]
    for words, case in cases.items():
        yield sum(a.setdefault(word, len(a)) for a, word in zip(axes, words, strict=False)), case


def examples(few: int, many: int) -> int:
    """Return how many examples of a law are tried."""
    return many if ALL else few
