from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import pytest
from tests.pair import DIRECTIONS
from tests.reliability.harness import cases
from tests.reliability.harness.killer import KILLED, Child, Zygote
from tests.reliability.harness.points import Armed, kind
from tests.reliability.harness.site import a_site
from tests.reliability.harness.workloads import CHAIN, Stage
from tests.sampling import sample, sampled

pytestmark = pytest.mark.timeout(240)  # many cases in one test: seconds, but not on a busy machine

PARTS = 8
"""How many tests the pairs are spread over, so that processes can share them."""

FEW = (3, 8)
"""The parts of `make test`: one of each direction."""

UNCHOSEN = ("choose.begin", "choose.commit")
"""Killed there nobody is chosen yet, and nothing can be resumed."""


def pairs(stage: Stage, firsts: Iterable[str]) -> Iterator[cases.Case]:
    """Yield a case for every pair of a point of the sync and a point of the resume after it."""

    def case(armed: Armed) -> Callable[[], None]:
        def play() -> None:
            stage.site.back_to(dead)
            stage.heal()
            child = stage.site.run(words, armed=[armed], **stage.workload.how)
            assert child.code == KILLED, f"it did not get there: {child.trace}"
            stage.judge()

        return play

    for first in firsts:
        stage.kill(first)
        dead = stage.site.keep()
        words = stage.words if kind(first) in UNCHOSEN else stage.again
        stage.heal()
        for second in once_each(stage.site.run(words, **stage.workload.how)):
            yield f"{first}, {second}", case(Armed(second))


def once_each(child: Child) -> Iterable[str]:
    """Return the first moment of each point."""
    found: dict[str, str] = {}
    for moment in passed(child):
        found.setdefault(kind(moment), moment)
    return found.values()


def passed(child: Child) -> list[str]:
    """Return the moments that a process has passed, and passes again however slow it is."""
    return [name for names in child.steady for name in names if not name.startswith("beat.")]


@pytest.mark.fault("F53")
@sampled
@pytest.mark.parametrize(
    "part", [pytest.param(n, marks=[] if n in FEW else pytest.mark.long) for n in range(2 * PARTS)]
)
def test_killed_and_killed_again_at_every_pair_of_points(
    zygote: Zygote, store_bytes: bytes, part: int
) -> None:
    """The resume is killed too, wherever it gets to from whatever it finds; the next one ends."""
    with a_site(zygote, *DIRECTIONS[part % 2], store_bytes) as site:
        stage = Stage(site, CHAIN)
        firsts = sample(stage.once_each()[part // 2 :: PARTS], 3)
        cases.play(sample(pairs(stage, firsts), 8))


@pytest.mark.fault("F53")
@pytest.mark.long
@pytest.mark.parametrize("seed", range(200, 240))
def test_chains_of_up_to_five_kills(zygote: Zygote, store_bytes: bytes, seed: int) -> None:
    """Killed again and again, at random points of whatever each attempt passes."""
    with a_site(zygote, *DIRECTIONS[seed % 2], store_bytes) as site:
        stage = Stage(site, CHAIN)

        def chain(number: int) -> None:
            chance = random.Random(seed * 1000 + number)
            stage.kill(chance.choice(stage.moments()))
            for _again in range(chance.randint(1, 4)):
                stage.heal()
                dead = site.keep()
                moments = passed(site.run(stage.again))
                site.back_to(dead)
                stage.heal()
                if moments:
                    child = site.run(stage.again, armed=[Armed(chance.choice(moments))])
                    assert child.code == KILLED, f"it did not get there: {child.trace}"
            stage.judge()

        cases.play((f"chain {number}", partial(chain, number)) for number in range(20))
