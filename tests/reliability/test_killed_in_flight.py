"""Killed while eight writes are on their way: as many doubts, at most, and each is looked up."""

from __future__ import annotations

from contextlib import closing
from functools import partial

import pytest
from tests.reliability.harness import cases
from tests.reliability.harness.killer import Zygote
from tests.reliability.harness.site import NEW_PEOPLE, SAME, Site, a_site
from tests.reliability.harness.workloads import Stage, Workload
from tests.sampling import one_way, sample, sampled

from renkei.model import Outcome
from renkei.store.store import Store

pytestmark = pytest.mark.timeout(240)  # many cases in one test: seconds, but not on a busy machine

MOVED = tuple(f"1{place:03}" for place in range(12))
"""Those who have another address in the source."""

EMAIL = {"smarthr": "email", "touchontime": "emailAddresses"}


def moved(site: Site) -> str:
    """Fetch when a dozen people have another address, and nobody else has changed."""
    for name, system in site.box.systems.items():
        [pattern] = system.find(SAME)
        for place, number in enumerate(MOVED):
            address = f"{place}@{'new' if name == site.source else 'old'}.example.jp"
            one = {EMAIL[name]: address if name == "smarthr" else [address]}
            own = {system.number_field: number, system.id_field: f"{system.id_field}{number}"}
            system.add(**{**pattern, **one, **own})
    return site.fetched()


def allowed(site: Site, run: str) -> tuple[str, ...]:
    """Return the words that sync everybody, many though they are."""
    return ("sync", run, *site.everybody, "--allow-unusual")


EIGHT = Workload(
    name="eight",
    prepare=moved,
    words=allowed,
    again=allowed,
    expected={
        **dict.fromkeys(NEW_PEOPLE, Outcome.CREATED),
        SAME: Outcome.UNCHANGED,
        **dict.fromkeys(("0008", "0010", *MOVED), Outcome.UPDATED),
    },
)


@pytest.mark.fault("F52")
@sampled
@pytest.mark.parametrize("direction", one_way(0))
def test_killed_with_eight_on_their_way(
    zygote: Zygote, store_bytes: bytes, direction: tuple[str, str]
) -> None:
    """At most eight writes are in doubt, never more, and the next one finds out what became."""
    doubts: list[int] = []
    with a_site(zygote, *direction, store_bytes) as site:
        site.allow(8)
        stage = Stage(site, EIGHT)

        def play(moment: str) -> None:
            stage.kill(moment)
            with closing(Store(str(site.store))) as store:
                doubts.append(len(store.open_writes(int(stage.run))))
            stage.judge()

        # how often the store is asked depends on who comes back together
        moments = [each for each in stage.moments() if each.startswith(("create.", "update."))]
        cases.play((moment, partial(play, moment)) for moment in sample(moments, 24))
    assert max(doubts) in range(2, 9), doubts
